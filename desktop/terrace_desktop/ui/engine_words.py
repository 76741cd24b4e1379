"""What the engine says, in the user's language: its sentences are found by their fixed words.

The engine writes English sentences with values in them and knows of no language. A translation has a template for each,
such as ``There is no variable {name} in the data.``; `Catalogue` finds the one that a sentence was made of, and puts
the values into its translation. A value may be words of the engine itself and is translated in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_PLACE = re.compile(r"\{(\w+)\}")
_SENTENCE = re.compile(r"(?<=[.?]) (?=\S)")


class Catalogue:
    """Translations of the engine's texts by their templates; an empty one leaves everything as it is."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)
        fixed = {text: max(_PLACE.split(text)[::2], key=len) for text in texts if _PLACE.search(text)}
        # the more of a sentence is fixed, the surer it is: "{name} has no rows." before "{value} rows."
        self._templates = sorted(fixed.items(), key=lambda item: -len(_PLACE.sub("", item[0])))
        self.said = lru_cache(maxsize=4096)(self._said)

    def _said(self, text: str) -> str:
        """A text in the user's language: as a whole, else sentence by sentence; what is not known stays English."""
        if not self._texts or not text.strip():
            return text
        whole = self._found(text)
        if whole is not None:
            return whole
        parts = _SENTENCE.split(text)
        return text if len(parts) == 1 else " ".join(self.said(part) for part in parts)

    def _found(self, text: str) -> str | None:
        if text in self._texts:
            return self._texts[text]
        for template, fixed in self._templates:
            if fixed in text and (match := _pattern(template).fullmatch(text)) is not None:
                values = match.groupdict()
                put_in = {name: self.said(value) if value != text else value for name, value in values.items()}
                return _PLACE.sub(lambda m, known=put_in: known.get(m[1], m[0]), self._texts[template])  # type: ignore[misc]
        return None


@lru_cache(maxsize=4096)
def _pattern(template: str) -> re.Pattern[str]:
    """What a sentence of a template looks like; the values are its groups."""
    parts = _PLACE.split(template)
    seen = [re.escape(part) if k % 2 == 0 else f"(?P<{part}>.+?)" for k, part in enumerate(parts)]
    return re.compile("".join(seen), re.DOTALL)
