"""Covariance matrices as letters: which cells are the same parameter, and which are zero.

The letters are those of the equations beside the form: τ between groups, σ and ρ within them, φ where one
covariance stands in several cells. Cells with the same letters hold the same number; a dot is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from terrace.covariance.registry import RESIDUALS, STRUCTURES
from terrace.covariance.symbols import Letters
from terrace.spec.model import Residuals


@dataclass(frozen=True, slots=True)
class Matrix:
    """A symmetric matrix: a name for each row, and cells of equal number."""

    names: tuple[str, ...]
    cells: tuple[tuple[Letters, ...], ...]

    def text(self) -> str:
        """The matrix in words of one line a row, for those who do not see it."""
        rows = (" ".join("".join(map(str, cell)) or "0" for cell in row) for row in self.cells)
        return "; ".join(f"{name}: {row}" if name else row for name, row in zip(self.names, rows))


def random_matrix(structure: str, names: Sequence[str], first: int = 0) -> Matrix:
    """The covariance matrix of the random effects `names` of a group; their numbers begin with `first`."""
    return _matrix(names, lambda i, j: STRUCTURES[structure].letters(i + first, j + first))


def residual_matrix(residuals: Residuals, names: Sequence[str]) -> Matrix:
    """The covariance matrix of the residuals of a group at the times `names`."""
    structure, order = RESIDUALS[residuals.structure], residuals.order

    def cell(i: int, j: int) -> Letters:
        return structure.letters(i + 1, j + 1, order, _distance(names[min(i, j)], names[max(i, j)]))

    return _matrix(names, cell)


def _distance(one: str, other: str) -> str:
    """How far two times are apart; ``d`` where they are not known."""
    try:
        apart = abs(float(other) - float(one))
    except ValueError:
        return "d"
    return "" if apart == 1 else f"{apart:.3g}"


def _matrix(names: Sequence[str], cell: Callable[[int, int], Letters]) -> Matrix:
    n = len(names)
    cells = tuple(tuple(cell(i, j) for j in range(n)) for i in range(n))
    return Matrix(tuple(names), cells)
