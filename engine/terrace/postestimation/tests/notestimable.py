"""How results say what the data do not determine: one word in tables, one note under them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.design.columns import ColumnInfo
from terrace.design.estimability import excess_width
from terrace.results.advice_covariance import some
from terrace.results.fit import FitResult

NOT_ESTIMABLE = "not estimable"
EMPTY_CELL = "Not estimable: the sample has no rows in a cell that is needed."
PARTIAL = "Joint tests leave out what cannot be estimated, and df counts the rest."


def marked(cells: int) -> tuple[str | None, ...]:
    """The cells of a row that cannot be estimated: the word, then nothing."""
    return (NOT_ESTIMABLE, *(None,) * (cells - 1))


def why_not(fit: FitResult, parts: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """The notes for functions with the excess `parts` (l, q or more): what is missing; none where all are estimable."""
    design = fit.model.design
    lost = design.lost
    needed = [c for c, part in zip(lost, parts.T) if np.any(part != 0.0)]
    if needed and design.unsettled is not None and not design.unsettled.shape[1]:
        return (unsettled_note(fit),)  # estimates that were posted
    cells = [c for c in needed if _is_cell(fit, c)]
    others = [c.name for c in needed if not _is_cell(fit, c)]
    notes: tuple[str, ...] = (EMPTY_CELL,) if cells else ()
    if others:
        notes += (f"Not estimable: the answer depends on which terms are left out, here {some(others)}.",)
    if np.any(parts[:, len(lost) : excess_width(design)]):
        notes += (unsettled_note(fit),)
    if not notes and parts.any():
        notes = ("Not estimable: it needs predictions that the data do not determine.",)
    return notes


def unsettled_note(fit: FitResult) -> str:
    """Why a coefficient, or what is made of it, has no estimate though nothing of the fixed part was left out."""
    unknown = [r.name for r in fit.random if not r.identified]
    return (
        f"Not estimable: the restricted likelihood is the same for other values, since {some(unknown)} "
        f"{'is' if len(unknown) == 1 else 'are'} not identified."
    )


def _is_cell(fit: FitResult, column: ColumnInfo) -> bool:
    """A cell of several factors with base levels: where its column is lost, it or a base cell has no rows."""
    factors = fit.spec.fixed[column.term].factors
    if column.kind == "empty":
        return True
    return len(factors) > 1 and all(f.kind == "factor" and f.base != "none" for f in factors)
