"""Parts of the grid as numbers: what is selected, and cells on their way into the data. No Qt here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset
    from terrace.data.transforms.typed import Decimal

Rectangle = tuple[int, int, int, int]  # top, bottom, left, right, all inclusive


@dataclass(frozen=True, slots=True)
class Block:
    """Columns, and ranges of rows on screen (inclusive), of all of which the cells are meant."""

    columns: tuple[int, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def height(self) -> int:
        """How many rows."""
        return sum(b - a + 1 for a, b in self.spans)

    @property
    def cells(self) -> int:
        """How many cells."""
        return self.height * len(self.columns)

    def rows(self) -> np.ndarray:
        """The rows on screen, shape (height,)."""
        import numpy as np

        parts = [np.arange(a, b + 1) for a, b in self.spans]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Cells:
    """Texts for variables, some of which may be new, and rows of the data (from 0), some perhaps past the end.

    The block is repeated over its place. `exact` are values as they are stored; new variables go before `before`.
    """

    names: tuple[str, ...]
    rows: np.ndarray
    block: Sequence[Sequence[str]]
    exact: bool = False
    decimal: Decimal = "."
    before: str = ""


def block_of(rectangles: Iterable[Rectangle]) -> Block | None:
    """The block that these make; None where they are not of the same rows or the same columns."""
    columns: set[int] = set()
    spans: list[tuple[int, int]] = []
    cells = 0
    for top, bottom, left, right in rectangles:
        columns.update(range(left, right + 1))
        spans.append((top, bottom))
        cells += (bottom - top + 1) * (right - left + 1)
    out = Block(tuple(sorted(columns)), tuple(merge_spans(spans)))
    return out if out.cells == cells else None


def merge_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges of rows in order, with those that touch or overlap made one."""
    out: list[tuple[int, int]] = []
    for top, bottom in sorted(spans):
        if out and top <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], bottom))
        else:
            out.append((top, bottom))
    return out


def new_names(dataset: Dataset, count: int) -> tuple[str, ...]:
    """Names for new variables that nobody has named yet: ``var12`` stands in column 12 where that name is free."""
    taken = set(dataset.names)
    out: list[str] = []
    number = len(dataset.names)
    while len(out) < count:
        number += 1
        if f"var{number}" not in taken:
            out.append(f"var{number}")
    return tuple(out)
