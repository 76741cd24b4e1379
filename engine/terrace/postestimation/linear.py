"""Linear expressions in coefficients: ``2*ses - 1.sector#c.ses/3 + 1`` as a row and a constant."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from terrace.language.tokens import Piece, closing, split
from terrace.postestimation import coefficients
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.#])")
_NAME = re.compile(r"\w[\w.]*(?:#[\w.]+)*")


@dataclass(frozen=True)
class Linear:
    """row·β + constant; ``row`` has shape (p,)."""

    row: FloatArray
    constant: float

    @property
    def is_number(self) -> bool:
        """True where no coefficient takes part."""
        return not self.row.any()


def parse_linear(fit: FitResult, piece: Piece) -> Linear:
    """Read a linear expression. Raises `CommandError` where it is none, or names an unknown coefficient."""
    piece = piece.strip()
    if not piece:
        raise piece.error("An expression is missing here.", code="no-expression")
    zero = np.zeros(len(fit.model.beta))
    parser = _Parser(piece, lambda p: Linear(coefficients.row(fit, p), 0.0), zero)
    out = parser.sum()
    parser.finish()
    return out


def parse_equation(fit: FitResult, piece: Piece) -> list[Linear]:
    """``a = b = c`` as expressions that are zero under the hypothesis: a - b and b - c."""
    sides = [s for part in split(piece, "==") for s in split(part, "=")]
    values = [parse_linear(fit, s) for s in sides]
    if len(values) == 1:
        return values
    return [Linear(a.row - b.row, a.constant - b.constant) for a, b in pairwise(values)]


class _Parser:
    def __init__(self, piece: Piece, coefficient: Callable[[Piece], Linear], zero: FloatArray) -> None:
        self.piece, self.coefficient, self.zero = piece, coefficient, zero
        self.i = piece.start

    def _peek(self) -> str:
        source, end = self.piece.source, self.piece.end
        while self.i < end and source[self.i].isspace():
            self.i += 1
        return source[self.i] if self.i < end else ""

    def finish(self) -> None:
        if self._peek():
            raise self._here().error("This does not belong to a linear expression.", code="not-linear")

    def _here(self) -> Piece:
        return self.piece.after(self.i)

    def sum(self) -> Linear:
        out = self.product()
        while (c := self._peek()) and c in "+-":
            self.i += 1
            other = self.product()
            sign = 1.0 if c == "+" else -1.0
            out = Linear(out.row + sign * other.row, out.constant + sign * other.constant)
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
                        "A linear expression divides by numbers other than 0 only.",
                        code="not-linear",
                        advice="nlcom takes any expression in _b[].",
                    )
                out = Linear(out.row / other.constant, out.constant / other.constant)
            elif out.is_number or other.is_number:
                number, rest = (out, other) if out.is_number else (other, out)
                out = Linear(number.constant * rest.row, number.constant * rest.constant)
            else:
                raise self.piece.at(begin, self.i).strip().error(
                    "A product of coefficients is not linear.",
                    code="not-linear",
                    advice="nlcom takes any expression in _b[].",
                )
        return out

    def factor(self) -> Linear:
        c = self._peek()
        if not c:
            raise self.piece.at(max(self.piece.start, self.piece.end - 1), self.piece.end).error(
                "The expression breaks off here.", code="syntax"
            )
        source, end = self.piece.source, self.piece.end
        if c in "+-":
            self.i += 1
            inner = self.factor()
            return inner if c == "+" else Linear(-inner.row, -inner.constant)
        if c == "(":
            stop = closing(self.piece, self.i)
            inside = _Parser(self.piece.at(self.i + 1, stop), self.coefficient, self.zero)
            out = inside.sum()
            inside.finish()
            self.i = stop + 1
            return out
        if number := _NUMBER.match(source, self.i, end):
            self.i = number.end()
            return Linear(self.zero, float(number[0]))
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
                f"{c!r} does not belong to a linear expression.", code="not-linear"
            )
        self.i = name.end()
        return self.coefficient(self.piece.at(start, self.i))


def show(fit: FitResult, value: Linear) -> str:
    """The expression written out: ``followup - base_gcf``, ``2*ses + 1``."""
    out = ""
    for name, weight in zip(coefficients.estimated_names(fit), value.row):
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
    return f"{show(fit, Linear(value.row, 0.0))} = {0.0 - value.constant:.7g}"
