"""Names of coefficients as typed: which column of the fixed part, or which covariance parameter, is meant.

``1.sector#c.ses`` may be written in any order of its parts, with the marks of base levels that listings print
(``0b.girl``, ``0bn.girl``, ``1o.drug``), with or without ``c.``, and with unambiguous short names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.columns import ColumnInfo
from terrace.language.grammar.names import join_ranges
from terrace.language.grammar.options import did_you_mean
from terrace.language.grammar.tokens import Piece, words
from terrace.language.grammar.wildcards import wildcard
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]

_PART = re.compile(
    r"(?:(?P<level>\d+)(?:b|bn|o|bno|n)?\.|(?P<any>ib?n?[^.]*)\.|(?P<drop>o)\.|c?(?P<op>(?:[LFDSlfds]\d*)*)\.)?"
    r"(?P<name>[^\W\d]\w*|_cons)"
)
_NAMED = re.compile(r"\b_(?:b|se|coef)\[\s*([\w.#]+)\s*\]")
Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One part of a typed name: ``level`` is a code, ``"*"`` for every level (``i.x``), empty for a number."""

    name: str
    level: str = ""
    plain: bool = False


def key(name: str) -> Key:
    """A coefficient's name with its parts in a fixed order: (variable, level)."""
    return tuple(sorted((p.name, p.level) for p in parts(Piece.of(name))))


def parts(piece: Piece) -> tuple[Wanted, ...]:
    """The parts of a name. Raises `CommandError` where it is none."""
    out = []
    for text in str(piece).strip().split("#"):
        found = _PART.fullmatch(text.strip())
        if not found:
            raise piece.strip().error(
                f"{str(piece).strip()!r} is not the name of a coefficient.",
                code="no-such-coefficient",
                advice="Use the names in the table, such as ses, 2.drug or 1.sector#c.ses.",
            )
        name = found["name"]
        if found["op"]:
            name = f"{found['op'].upper()}.{name}"
        level = found["level"] or ("*" if found["any"] else "")
        if level not in ("", "*"):
            level = str(int(level))
        out.append(Wanted(name, level, "." not in text))
    return tuple(out)


def columns(fit: FitResult) -> tuple[ColumnInfo, ...]:
    """All columns of the fixed part in printing order, those left out included."""
    return fit.model.design.columns


def estimated_names(fit: FitResult) -> tuple[str, ...]:
    """The names of the columns of X."""
    return tuple(c.name for c in fit.model.design.x_info)


def rows(fit: FitResult, info: ColumnInfo) -> tuple[FloatArray, FloatArray]:
    """What picks the coefficient of a column: a row (p,) over the columns of x and one (q,) over `Design.lost`.

    Both are zeros for a base level and for one that the model leaves out on purpose.
    """
    names = estimated_names(fit)
    lost = [c.name for c in fit.model.design.lost]
    own, gone = np.zeros(len(names)), np.zeros(len(lost))
    if info.kind == "estimated" and info.name in names:
        own[names.index(info.name)] = 1.0
    elif info.name in lost:
        gone[lost.index(info.name)] = 1.0
    return own, gone


def find(fit: FitResult, piece: Piece) -> ColumnInfo:
    """The one column that is meant. Raises `CommandError` where there is none, or where it is a whole factor."""
    piece = _inside(piece, fit)
    found = matches(fit, piece)
    if len(found) == 1:
        return found[0]
    text = str(piece).strip()
    if found:
        shown = ", ".join(c.name for c in found[:6])
        raise piece.strip().error(
            f"{text} matches {len(found)} coefficients: {shown}{', ...' if len(found) > 6 else ''}.",
            code="several-coefficients",
            subject=text,
            advice="Choose one of them, or test them together with testparm.",
        )
    names = [c.name for c in columns(fit)]
    raise piece.strip().error(
        f"There is no coefficient {text!r} in this model.",
        code="no-such-coefficient",
        subject=text,
        advice=did_you_mean(text, names) or "The model has: " + ", ".join(names[:15]) + ".",
    )


def matches(fit: FitResult, piece: Piece) -> list[ColumnInfo]:
    """Every column that a name stands for: one, or all levels where a part says ``i.`` or names a factor."""
    wanted = parts(piece)
    wanted = tuple(_completed(fit, w) for w in wanted)
    return [c for c in columns(fit) if _fits(wanted, parts(Piece.of(c.name)))]


def mentioned(fit: FitResult, expression: str) -> list[ColumnInfo]:
    """The columns whose coefficients an expression names by ``_b[]`` or ``_se[]``."""
    return [c for name in _NAMED.findall(expression) for c in matches(fit, Piece.of(name))]


def testable(fit: FitResult, piece: Piece) -> list[ColumnInfo]:
    """The columns of a list as ``testparm`` takes it: names, ``i.x``, ``i.x#c.z``, ``a##b``, ``hsb*``, and
    ``x1-x5``, the coefficients of variables from the one to the other in the order of the table.

    Those of `Design.lost` take part, since what was left out hangs on the coding. Raises `CommandError` at an item that
    stands for no coefficient.
    """
    out: dict[str, ColumnInfo] = {}
    lost = {c.name for c in fit.model.design.lost}
    for item in join_ranges(words(piece)):
        before = len(out)
        for text in expanded(str(item)):
            sub = Piece.of(text)
            found = _ranged(fit, text) or (_pattern(fit, text) if any(c in text for c in "*?") else matches(fit, sub))
            out.update({c.name: c for c in found if c.kind == "estimated" or c.name in lost})
        if len(out) == before and not any(c.name in out for t in expanded(str(item)) for c in _quiet(fit, t)):
            raise item.error(
                f"{item} matches no estimated coefficient.",
                code="no-such-coefficient",
                subject=str(item),
                advice="The model has: " + ", ".join(estimated_names(fit)[:15]) + ".",
            )
    order = {c.name: k for k, c in enumerate(columns(fit))}
    return sorted(out.values(), key=lambda c: order[c.name])


def _quiet(fit: FitResult, text: str) -> list[ColumnInfo]:
    return _pattern(fit, text) if any(c in text for c in "*?") else matches(fit, Piece.of(text))


def expanded(text: str) -> list[str]:
    """``a##b`` is ``a``, ``b`` and ``a#b``; anything else is itself."""
    if "##" not in text:
        return [text]
    out = [""]
    for p in text.split("##"):
        out += [f"{o}#{p}" if o else p for o in out]
    return out[1:]


def _ranged(fit: FitResult, text: str) -> list[ColumnInfo]:
    """The columns of ``x1-x5``; none where the text is no range of variables of the model."""
    found = re.fullmatch(r"(\w+)\s*-\s*(\w+)", text)
    names = [c.name for c in columns(fit)]
    if not found or found[1] not in names or found[2] not in names:
        return []
    a, b = names.index(found[1]), names.index(found[2])
    return [c for c in columns(fit)[a : b + 1] if "#" not in c.name and "." not in c.name and c.name != "_cons"]


def _pattern(fit: FitResult, text: str) -> list[ColumnInfo]:
    fits = wildcard(text)
    return [c for c in columns(fit) if "#" not in c.name and c.name != "_cons" and fits(c.name.rpartition(".")[2])]


def _inside(piece: Piece, fit: FitResult) -> Piece:
    """The name inside ``_b[...]`` and after ``[outcome]`` or ``outcome:``."""
    piece = piece.strip()
    text = str(piece)
    for opening in ("_b[", "_coef["):
        if text.startswith(opening) and text.endswith("]"):
            return _inside(piece.at(piece.start + len(opening), piece.end - 1), fit)
    for prefix in (f"[{fit.outcome}]", f"{fit.outcome}:"):
        if text.startswith(prefix):
            return piece.after(piece.start + len(prefix)).strip()
    return piece


def _completed(fit: FitResult, wanted: Wanted) -> Wanted:
    """A variable's name written in full, where what was typed is the beginning of one only."""
    names: dict[str, bool] = {}
    for c in columns(fit):
        for p in parts(Piece.of(c.name)):
            names[p.name] = names.get(p.name, False) or bool(p.level)
    name = wanted.name
    if name not in names:
        found = [n for n in names if n.startswith(name) and n != "_cons"]
        if len(found) != 1:
            return wanted
        name = found[0]
    level = wanted.level
    if wanted.plain and not level and names[name]:
        level = "*"  # a factor named without its level stands for all of them
    return Wanted(name, level, wanted.plain)


def _fits(wanted: Sequence[Wanted], own: Sequence[Wanted]) -> bool:
    if len(wanted) != len(own):
        return False
    if Counter(w.name for w in wanted) != Counter(o.name for o in own):
        return False
    left = list(own)
    for w in sorted(wanted, key=lambda w: w.level == "*"):
        for o in left:
            if o.name == w.name and (o.level == w.level or (w.level == "*" and o.level)):
                left.remove(o)
                break
        else:
            return False
    return True
