"""Linear expressions in coefficients: ``2*ses - 1.sector#c.ses/3 + 1`` as a row and a constant."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from terrace.design.columns import ColumnInfo
from terrace.design.estimability import excess
from terrace.language.grammar.tokens import Piece, closing, split
from terrace.postestimation.tests import coefficients
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.#])")
_NAME = re.compile(r"\w[\w.]*(?:#[\w.]+)*")


@dataclass(frozen=True)
class Linear:
    """row·β + lost·γ + constant: ``row`` (p,) over the columns of x, ``lost`` (q,) over `Design.lost`, whose γ are
    taken as 0 (and have no meaning unless the whole is estimable)."""

    row: FloatArray
    lost: FloatArray
    constant: float = 0.0

    @property
    def is_number(self) -> bool:
        """True where no coefficient takes part."""
        return not self.row.any() and not self.lost.any()

    def times(self, factor: float) -> Linear:
        """The expression times a number."""
        return Linear(factor * self.row, factor * self.lost, factor * self.constant)

    def plus(self, other: Linear, sign: float = 1.0) -> Linear:
        """The sum, or with ``sign`` -1 the difference."""
        return Linear(
            self.row + sign * other.row, self.lost + sign * other.lost, self.constant + sign * other.constant
        )


def excess_of(fit: FitResult, found: Sequence[Linear]) -> FloatArray:
    """The excess (l, q) of expressions: zero where they can be estimated (`terrace.design.estimability`)."""
    design = fit.model.design
    rows = np.array([h.row for h in found]).reshape(len(found), len(design.x_info))
    return excess(design, rows, np.array([h.lost for h in found]).reshape(len(found), len(design.lost)))


def coefficient(fit: FitResult, info: ColumnInfo) -> Linear:
    """The coefficient of one column as an expression."""
    return Linear(*coefficients.rows(fit, info))


def parse_linear(fit: FitResult, piece: Piece) -> Linear:
    """Read a linear expression. Raises `CommandError` where it is none, or names an unknown coefficient."""
    piece = piece.strip()
    if not piece:
        raise piece.error("An expression is missing here.", code="no-expression")
    zero = Linear(np.zeros(len(fit.model.beta)), np.zeros(len(fit.model.design.lost)))
    parser = _Parser(piece, lambda p: coefficient(fit, coefficients.find(fit, p)), zero)
    out = parser.sum()
    parser.finish()
    return out


def parse_equation(fit: FitResult, piece: Piece) -> list[Linear]:
    """``a = b = c`` as expressions that are zero under the hypothesis: a - b and b - c."""
    sides = [s for part in split(piece, "==") for s in split(part, "=")]
    values = [parse_linear(fit, s) for s in sides]
    if len(values) == 1:
        return values
    return [a.plus(b, -1.0) for a, b in pairwise(values)]


class _Parser:
    def __init__(self, piece: Piece, coefficient: Callable[[Piece], Linear], zero: Linear) -> None:
        self.piece, self.coefficient, self.zero = piece, coefficient, zero
        self.i = piece.start

    def _peek(self) -> str:
        source, end = self.piece.source, self.piece.end
        while self.i < end and source[self.i].isspace():
            self.i += 1
        return source[self.i] if self.i < end else ""

    def finish(self) -> None:
        if self._peek():
            raise self._here().error("This is not part of a linear expression.", code="not-linear")

    def _here(self) -> Piece:
        return self.piece.after(self.i)

    def sum(self) -> Linear:
        out = self.product()
        while (c := self._peek()) and c in "+-":
            self.i += 1
            other = self.product()
            sign = 1.0 if c == "+" else -1.0
            out = out.plus(other, sign)
        return out

    def product(self) -> Linear:
        begin = self.i
        out = self.factor()
        while (c := self._peek()) and c in "*/":
            self.i += 1
            other = self.factor()
            if c == "/":
                if not other.is_number or other.constant == 0:
                    raise self.piece.at(begin, self.i).strip().error(
                        "A linear expression can be divided only by a number other than 0.",
                        code="not-linear",
                        advice="For other expressions, use nlcom.",
                    )
                out = out.times(1.0 / other.constant)
            elif out.is_number or other.is_number:
                number, rest = (out, other) if out.is_number else (other, out)
                out = rest.times(number.constant)
            else:
                raise self.piece.at(begin, self.i).strip().error(
                    "A product of coefficients is not linear.",
                    code="not-linear",
                    advice="For other expressions, use nlcom.",
                )
        return out

    def factor(self) -> Linear:
        c = self._peek()
        if not c:
            raise self.piece.at(max(self.piece.start, self.piece.end - 1), self.piece.end).error(
                "The expression is incomplete.", code="syntax"
            )
        source, end = self.piece.source, self.piece.end
        if c in "+-":
            self.i += 1
            inner = self.factor()
            return inner if c == "+" else inner.times(-1.0)
        if c == "(":
            stop = closing(self.piece, self.i)
            inside = _Parser(self.piece.at(self.i + 1, stop), self.coefficient, self.zero)
            out = inside.sum()
            inside.finish()
            self.i = stop + 1
            return out
        if number := _NUMBER.match(source, self.i, end):
            self.i = number.end()
            return replace(self.zero, constant=float(number[0]))
        start = self.i
        if source.startswith(("_b[", "_coef["), self.i) or c == "[":
            stop = closing(self.piece, source.index("[", self.i))
            self.i = stop + 1
            if c == "[" and (name := _NAME.match(source, self.i, end)):
                self.i = name.end()
            return self.coefficient(self.piece.at(start, self.i))
        name = _NAME.match(source, self.i, end)
        if not name:
            raise self.piece.at(self.i, self.i + 1).error(
                f"{c!r} is not part of a linear expression.", code="not-linear"
            )
        self.i = name.end()
        return self.coefficient(self.piece.at(start, self.i))


def show(fit: FitResult, value: Linear) -> str:
    """The expression written out: ``followup - base_gcf``, ``2*ses + 1``."""
    out = ""
    names = (*coefficients.estimated_names(fit), *(c.name for c in fit.model.design.lost))
    for name, weight in zip(names, (*value.row, *value.lost)):
        if weight:
            size = "" if abs(weight) == 1 else f"{abs(weight):.7g}*"
            sign = ("-" if weight < 0 else "") if not out else (" - " if weight < 0 else " + ")
            out += f"{sign}{size}{name}"
    if value.constant or not out:
        sign = ("-" if value.constant < 0 else "") if not out else (" - " if value.constant < 0 else " + ")
        out += f"{sign}{abs(value.constant):.7g}"
    return out


def show_hypothesis(fit: FitResult, value: Linear) -> str:
    """``expression = number``."""
    return f"{show(fit, replace(value, constant=0.0))} = {0.0 - value.constant:.7g}"
