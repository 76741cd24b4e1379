"""Names of variables as typed: abbreviations, wildcards and ranges, resolved against the data."""

from __future__ import annotations

import re
from collections.abc import Sequence

from terrace.errors import DidYouMean
from terrace.language.grammar.options import did_you_mean
from terrace.language.grammar.tokens import NAME, Piece, words
from terrace.language.grammar.wildcards import wildcard

_PATTERN = re.compile(r"[\w*?~]+")


class Names:
    """The variables that a name can mean.

    With ``variables`` None nothing is known of the data: a plain name stands for itself, and wildcards and
    ranges are errors.
    """

    def __init__(self, variables: Sequence[str] | None) -> None:
        self.variables = None if variables is None else tuple(variables)
        self._known = frozenset(self.variables or ())

    def one(self, piece: Piece) -> str:
        """The one variable that is meant.

        Raises `CommandError` where there is none, where an abbreviation fits several, or where the text is
        not a name.
        """
        found = self.expand(piece)
        if len(found) != 1:
            raise piece.error(
                f"{str(piece).strip()!r} matches {len(found)} variables, but one is needed here.",
                code="one-variable",
            )
        return found[0]

    def expand(self, piece: Piece) -> list[str]:
        """The variables that a name, a pattern (``hsb*``) or a range (``size-meanses``) means, in order."""
        piece = piece.strip()
        text = str(piece)
        if NAME.fullmatch(text):
            return self._plain(piece, text)
        first, dash, last = text.partition("-")
        if dash and NAME.fullmatch(first.strip()) and NAME.fullmatch(last.strip()):
            return self._range(piece, first, last)
        if _PATTERN.fullmatch(text) and any(c in text for c in "*?~"):
            return self._pattern(piece, text)
        raise piece.error(
            f"{text!r} is not the name of a variable." if text else "The name of a variable is missing here.",
            code="not-a-name",
        )

    def _plain(self, piece: Piece, text: str) -> list[str]:
        if self.variables is None or text in self._known:
            return [text]
        if text == "_all":
            return list(self.variables)
        found = [v for v in self.variables if v.startswith(text)]
        if len(found) == 1:
            return found
        if found:
            raise piece.error(
                f"{text} could mean several variables: {_some(found)}.",
                code="ambiguous-variable",
                subject=text,
                advice="Write out more of the name.",
            )
        raise piece.error(
            f"There is no variable {text!r} in the data.",
            code="no-such-variable",
            subject=text,
            advice=self._hint(text),
        )

    def _range(self, piece: Piece, first: str, last: str) -> list[str]:
        names = self._needed(piece)
        split = piece.start + len(first)
        a = names.index(self.one(piece.at(piece.start, split)))
        b = names.index(self.one(piece.at(split + 1, piece.end)))
        if a > b:
            raise piece.error(
                f"{names[a]} comes after {names[b]} in the data, so {str(piece)!r} is not a range.",
                code="range-order",
                advice=f"Write {names[b]}-{names[a]}.",
            )
        return list(names[a : b + 1])

    def _pattern(self, piece: Piece, text: str) -> list[str]:
        names = self._needed(piece)
        # ``~`` is ``*`` that must fit one variable only.
        fits = wildcard(text.replace("~", "*"))
        found = [v for v in names if fits(v)]
        if not found:
            raise piece.error(
                f"No variable matches {text!r}.", code="no-such-variable", subject=text, advice=self._hint(text)
            )
        if "~" in text and len(found) > 1:
            raise piece.error(
                f"{text} matches several variables: {_some(found)}.", code="ambiguous-variable", subject=text
            )
        return found

    def _needed(self, piece: Piece) -> tuple[str, ...]:
        if self.variables is None:
            raise piece.error(
                f"{str(piece)!r} can only be used with data open.",
                code="no-data",
                advice="Open a dataset first, or write the names in full.",
            )
        return self.variables

    def _hint(self, text: str) -> str:
        names = self.variables or ()
        same = [n for n in names if n.lower() == text.lower()]
        if same:
            return DidYouMean(same[0], "Upper and lower case differ.")
        return did_you_mean(text, names) or f"The data have: {_some(names)}."


def parse_names(piece: Piece, variables: Sequence[str] | None) -> tuple[str, ...]:
    """A plain list of variables, each once: names, abbreviations, patterns, ranges, ``_all``.

    Raises `CommandError` at the item that is not one; an empty piece gives an empty tuple.
    """
    names = Names(variables)
    out: dict[str, None] = {}
    for item in join_ranges(words(piece)):
        out.update(dict.fromkeys(names.expand(item)))
    return tuple(out)


def parse_new_names(piece: Piece) -> tuple[str, ...]:
    """Names for new variables, as they stand; ``b1-b3`` counts. Raises `CommandError` at a bad name."""
    out: list[str] = []
    for item in words(piece):
        text = str(item)
        counted = re.fullmatch(r"([^\W\d]\w*?)(\d+)-([^\W\d]\w*?)(\d+)", text)
        if counted and counted[1] == counted[3] and int(counted[2]) <= int(counted[4]):
            out += [f"{counted[1]}{k}" for k in range(int(counted[2]), int(counted[4]) + 1)]
        elif NAME.fullmatch(text):
            out.append(text)
        else:
            raise item.error(
                f"{text!r} cannot be the name of a variable.",
                code="bad-name",
                advice="Use letters, digits and _, and start with a letter.",
            )
    return tuple(out)


def join_ranges(items: Sequence[Piece]) -> list[Piece]:
    """``a - b``, ``a- b`` and ``a -b`` are the range ``a-b``, where each of `items` is a word."""
    out: list[Piece] = []
    for item in items:
        if out and (str(out[-1]).endswith("-") or str(item).startswith("-")):
            out[-1] = out[-1].at(out[-1].start, item.end)
        else:
            out.append(item)
    return out


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
