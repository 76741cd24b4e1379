"""What the card of a model shows besides its own tables: ICC, R², tests of terms, standardised effects.

They cost more than the fit of a small model, so they are worked out where a reader wants them, once, and kept with the
item; a project file has them with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from terrace.errors import Cancelled, TerraceError
from terrace.session.document.items import Document, Item

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.progress import CancelCheck
    from terrace.results.fit import FitResult
    from terrace.results.table import Table

PARTS = ("random", "icc", "r2", "fit", "terms")
"""What stands beside the fixed effects where nobody chose, by the keys of the tables; `standardized` on request."""


def further_tables(fit: FitResult, data: Dataset, *, cancel: CancelCheck | None = None) -> tuple[Table, ...]:
    """The tables ``icc``, ``r2``, ``terms`` and ``standardized`` of a fit, those that it has.

    Parameters
    ----------
    fit
        A fit of ``mixed``; any other has no such tables.
    data
        The data that it was fitted to.
    cancel
        Raises `Cancelled` where it says so.
    """
    if fit.macros.get("cmd") != "mixed" or not fit.converged:
        return ()
    from terrace.postestimation.paper.standardized import standardized_table
    from terrace.postestimation.tests.terms import term_table
    from terrace.postestimation.variance.icc import icc_table
    from terrace.postestimation.variance.r2 import r2_table

    small = any(e.df is not None for e in fit.fixed)
    makers: tuple[Callable[[], tuple[Table, ...]], ...] = (
        lambda: (icc_table(fit),),
        lambda: r2_table(fit, data, levels=False, cancel=cancel),
        lambda: (term_table(fit, small=small),),
        lambda: (standardized_table(fit),),
    )
    found: list[Table] = []
    for make in makers:
        if cancel is not None and cancel():
            raise Cancelled
        try:
            found += [t for t in make() if t.rows]
        except Cancelled:
            raise
        except TerraceError:
            continue  # the model has none: no groups, no terms, nothing identified
    return tuple(found)


def completed(document: Document, id_: int, tables: tuple[Table, ...]) -> Document:
    """The document with the further tables of a model in its item."""

    def done(item: Item) -> Item:
        return replace(item, more=tables) if item.id == id_ else item

    return replace(document, items=tuple(map(done, document.items)))
