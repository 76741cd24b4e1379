"""What a condition could go on with: variables, the labels of the one that is compared, words. No Qt here."""

from __future__ import annotations

import re

from terrace.data.dataset import Dataset
from terrace.data.extended import extended_name

_WORD = re.compile(r"[\w.]*$")
_COMPARED = re.compile(r"(?P<name>[^\W\d]\w*)\s*(?:==|!=|=|\bis\s+not\b|\bis\b)\s*(?P<begun>\"?[^\"&|()]*)$")
_AFTER = re.compile(r"(?P<name>[^\W\d]\w*)\s+(?P<begun>\w*)$")
JOIN, COMPARE = ("and", "or"), ("is", "is not")
MOST = 200


def completions(text: str, at: int, dataset: Dataset) -> tuple[int, list[str]]:
    """Where the word before the cursor begins, and what it could become."""
    before = text[:at]
    compared = _COMPARED.search(before)
    if compared is not None and compared["name"] in dataset:
        name, begun = compared["name"], compared["begun"]
        labels = [] if dataset.is_text(name) else [
            label for v, label in dataset.variable(name).value_labels.items() if not extended_name(v)
        ]  # fmt: skip
        low = begun.lstrip('"').casefold()
        found = [f'"{label}"' for label in labels if label.casefold().startswith(low) and '"' not in label]
        if "missing".startswith(low) and not begun.startswith('"'):
            found.append("missing")
        if found:
            return at - len(begun), found[:MOST]
    word = _WORD.search(before)
    begun = word[0] if word else ""
    start = at - len(begun)
    after = _AFTER.search(before)
    if after is not None and after["name"] in dataset:
        return start, _fitting(begun, (*COMPARE, *JOIN))
    if not begun:
        return start, []
    names = [n for n in dataset.names if n.lower().startswith(begun.lower()) and n != begun]
    return start, [*names[:MOST], *_fitting(begun, ("not", "missing()"))]


def _fitting(begun: str, words: tuple[str, ...]) -> list[str]:
    return [w for w in words if w.startswith(begun.lower()) and w != begun]
