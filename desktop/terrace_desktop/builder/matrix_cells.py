"""Covariance matrices as letters: which cells are the same parameter, and which are zero.

The letters are those of the equations beside the form: τ between groups, σ and ρ within them, φ where one
covariance stands in several cells. Cells with the same letters hold the same number; a dot is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from terrace.spec.model import RandomStructure, Residuals


@dataclass(frozen=True, slots=True)
class Symbol:
    """A letter with what stands below and above it."""

    letter: str
    sub: str = ""
    sup: str = ""

    def __str__(self) -> str:
        return self.letter + (f"_{self.sub}" if self.sub else "") + (f"^{self.sup}" if self.sup else "")


Cell = tuple[Symbol, ...]
ZERO: Cell = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """A symmetric matrix: a name for each row, and cells of equal number."""

    names: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]

    def text(self) -> str:
        """The matrix in words of one line a row, for those who do not see it."""
        rows = (" ".join("".join(map(str, cell)) or "0" for cell in row) for row in self.cells)
        return "; ".join(f"{name}: {row}" if name else row for name, row in zip(self.names, rows))


def random_matrix(structure: RandomStructure, names: Sequence[str], first: int = 0) -> Matrix:
    """The covariance matrix of the random effects `names` of a group; their numbers begin with `first`."""

    def cell(i: int, j: int) -> Cell:
        if structure == "unstructured" or (structure == "independent" and i == j):
            low, high = sorted((i + first, j + first))
            return (Symbol("τ", f"{low}{high}"),)
        if i == j:
            return (Symbol("τ"),)
        return (Symbol("φ"),) if structure == "exchangeable" else ZERO

    return _matrix(names, cell)


def residual_matrix(residuals: Residuals, names: Sequence[str]) -> Matrix:
    """The covariance matrix of the residuals of a group at the times `names`."""
    structure, order = residuals.structure, residuals.order
    variance = Symbol("σ", sup="2")

    def cell(i: int, j: int) -> Cell:
        low, high = min(i, j) + 1, max(i, j) + 1
        lag = high - low
        if structure in ("unstructured", "banded"):
            if lag == 0:
                return (Symbol("σ", str(low), "2"),)
            inside = structure == "unstructured" or order is None or lag <= order
            return (Symbol("σ", f"{low}{high}"),) if inside else ZERO
        if lag == 0:
            return (variance,)
        if structure == "exchangeable":
            return (Symbol("φ"),)
        if structure == "ar" and (order or 1) == 1:
            return variance, Symbol("ρ", sup="" if lag == 1 else str(lag))
        if structure == "ar" or (structure == "ma" and lag <= (order or 1)):
            return variance, Symbol("ρ", str(lag))
        if structure == "toeplitz" and (order is None or lag <= order):
            return (Symbol("φ", str(lag)),)
        if structure == "exponential":
            return variance, Symbol("ρ", sup=_distance(names[low - 1], names[high - 1]))
        return ZERO

    return _matrix(names, cell)


def _distance(one: str, other: str) -> str:
    """How far two times are apart; ``d`` where they are not known."""
    try:
        apart = abs(float(other) - float(one))
    except ValueError:
        return "d"
    return "" if apart == 1 else f"{apart:.3g}"


def _matrix(names: Sequence[str], cell: Callable[[int, int], Cell]) -> Matrix:
    n = len(names)
    cells = tuple(tuple(cell(i, j) for j in range(n)) for i in range(n))
    return Matrix(tuple(names), cells)
