"""The operators before a variable: ``i. ib2. i(2/4). o3. c. L(1/3). D.`` and their combinations.

A prefix is everything up to its last dot: ``ib2L.x`` and ``i.L.x`` are prefixes ``ib2L.`` and ``i.L.``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.tokens import Piece, closing
from terrace.spec.model import Factor

_ORDER = re.compile(r"##?\s*(\d+)")
_STRING = re.compile(r'\s*"((?:[^"]|"")*)"')


@dataclass(frozen=True, slots=True)
class Prefix:
    """What stands before a variable, read.

    ``kind`` is None where only time-series operators stand there. ``operators`` lists one alternative a lag
    of ``L(1/3)``, each outermost first.
    """

    kind: Literal["continuous", "factor"] | None = None
    base: str | float | tuple[str, int] | None = None
    levels: tuple[float | str, ...] = ()
    omitted: tuple[float | str, ...] = ()
    drop: bool = False
    operators: tuple[tuple[tuple[str, int], ...], ...] = ((),)

    def over(self, inner: Prefix) -> Prefix:
        """This prefix outside another: the inner one decides on what both say; time operators chain."""
        return Prefix(
            kind=inner.kind or self.kind,
            base=inner.base if inner.base is not None else self.base,
            levels=inner.levels or self.levels,
            omitted=inner.omitted or self.omitted,
            drop=inner.drop or self.drop,
            operators=tuple(_merge((*a, *b)) for a in self.operators for b in inner.operators),
        )

    def factors(self, name: str, default: Literal["continuous", "factor"]) -> list[Factor]:
        """The factors this makes of one variable; `default` is its kind where nothing says so."""
        kind = self.kind or default
        return [
            Factor(
                name,
                kind,
                base="first" if self.base is None else self.base,
                levels=self.levels,
                omitted=self.omitted,
                operators=operators,
                drop=self.drop,
            )
            for operators in self.operators
        ]


def prefix_end(piece: Piece, position: int) -> int:
    """The position after the dot of the prefix chunk at `position`, or `position` where none stands there."""
    source = piece.source
    i = position
    while i < piece.end:
        c = source[i]
        if c == ".":
            return i + 1 if i > position else position
        if c == "(" and i > position:
            i = closing(piece, i) + 1
        elif c.isalnum() or c == "_":
            i += 1
        else:
            return position
    return position


def parse_prefix(piece: Piece) -> Prefix:
    """Read one chunk without its dot, such as ``ib2L``. Raises `CommandError` where it makes no sense."""
    out = Prefix()
    source, i = piece.source, piece.start
    continuous = False
    while i < piece.end:
        letter = source[i].lower()
        if letter.isdigit():
            levels, i = _levels(piece, i)
            out = replace(out, kind="factor", levels=(*out.levels, *levels))
        elif letter == "i":
            i += 1
            out = replace(out, kind="factor")
            if i < piece.end and source[i] == "(":
                levels, i = _levels(piece, i)
                out = replace(out, levels=(*out.levels, *levels))
        elif letter == "c":
            i += 1
            continuous = True
        elif letter == "b":
            base, i = _base(piece, i + 1)
            if base is None:  # ``2b.x``, as printed in coefficient names: this level is the base
                base = out.levels[-1] if out.levels else "first"
            out = replace(out, kind="factor", base=base)
        elif letter == "o":
            i += 1
            if i < piece.end and (source[i] == "(" or source[i].isdigit()):
                levels, i = _levels(piece, i)
                out = replace(out, kind="factor", omitted=(*out.omitted, *levels))
            else:
                out = replace(out, drop=True)
        elif letter in "lfds":
            alternatives, i = _lags(piece, i, letter.upper())
            out = replace(out, operators=tuple(_merge((*a, b)) for a in out.operators for b in alternatives))
        else:
            raise _unknown(piece)
    if continuous and out.kind == "factor":
        raise piece.error(
            f"{piece}. asks for both continuous and factor.", code="operator", advice="Use c. or i., not both."
        )
    return replace(out, kind="continuous") if continuous else out


def _unknown(piece: Piece) -> Exception:
    advice = "Operators are i. ib#. i(2/4). o. c. for factors, L. F. D. S. for time series."
    if str(piece) == "R":
        advice = "R. must be alone in a random-effects equation: || level: R.variable."
    return piece.error(f"{piece}. is not an operator.", code="operator", advice=advice)


def _levels(piece: Piece, i: int) -> tuple[tuple[float | str, ...], int]:
    source = piece.source
    if source[i] != "(":
        end = i
        while end < piece.end and source[end].isdigit():
            end += 1
        return (float(source[i:end]),), end
    stop = closing(piece, i)
    inside = piece.at(i + 1, stop)
    if _STRING.match(source, i + 1, stop):
        return _strings(inside), stop + 1
    return parse_numlist(inside, what="a list of levels"), stop + 1


def _strings(piece: Piece) -> tuple[str, ...]:
    out: list[str] = []
    i = piece.start
    while i < piece.end and str(piece.after(i)).strip():
        found = _STRING.match(piece.source, i, piece.end)
        if not found:
            raise piece.after(i).strip().error("A level in quotation marks is missing here.", code="operator")
        out.append(found[1].replace('""', '"'))
        i = found.end()
    return tuple(out)


def _base(piece: Piece, i: int) -> tuple[str | float | tuple[str, int] | None, int]:
    source = piece.source
    rest = source[i : piece.end].lower()
    if rest.startswith("none"):
        return "none", i + 4
    if rest.startswith("n"):
        return "none", i + 1
    if rest[:1].isdigit():
        (level,), end = _levels(piece, i)
        return level, end
    if not rest.startswith("("):
        return None, i
    stop = closing(piece, i)
    inside = piece.at(i + 1, stop).strip()
    text = str(inside)
    if text.lower() in ("first", "last", "freq", "none"):
        return text.lower(), stop + 1
    if order := _ORDER.fullmatch(text):
        return ("order", int(order[1])), stop + 1
    levels, _ = _levels(piece, i)
    if len(levels) != 1:
        raise inside.error("A factor can have only one base level.", code="operator")
    return levels[0], stop + 1


def _lags(piece: Piece, i: int, letter: str) -> tuple[list[tuple[str, int]], int]:
    source = piece.source
    i += 1
    if i < piece.end and source[i] == "(":
        stop = closing(piece, i)
        numbers = parse_numlist(piece.at(i + 1, stop), integer=True, what="a list of lags")
        return [_lag(piece, letter, int(n)) for n in numbers], stop + 1
    end = i
    while end < piece.end and source[end].isdigit():
        end += 1
    return [_lag(piece, letter, int(source[i:end] or 1))], end


def _lag(piece: Piece, letter: str, count: int) -> tuple[str, int]:
    if count < 0 and letter in "LF":
        return ("F" if letter == "L" else "L"), -count
    if count < 0:
        raise piece.error(f"{letter}. does not take a negative number.", code="operator")
    return letter, count


def _merge(operators: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """``LL`` is ``L2``, ``DD`` is ``D2``; ``L0`` is nothing. Seasonal differences stay as they are."""
    out: list[tuple[str, int]] = []
    for letter, count in operators:
        if count == 0:
            continue
        if out and out[-1][0] == letter and letter != "S":
            out[-1] = (letter, out[-1][1] + count)
        else:
            out.append((letter, count))
    return tuple(out)
