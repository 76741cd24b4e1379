"""Fits in the results document: which item a fit belongs to, and the names that commands find them by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.results.fit import FitResult
    from terrace.session.document.items import Document, Item
    from terrace.session.state import State


def same_fit(a: FitResult, b: FitResult) -> bool:
    """True where both come from one run of one command, under whatever name and with whatever degrees of freedom.

    A run is known by its command, its log likelihood and the time that it took, so that nothing has to be computed
    for a fit whose arrays have not been made yet.
    """
    return a is b or (a.command, a.ll, a.elapsed) == (b.command, b.ll, b.elapsed)


def model_of(document: Document, fit: FitResult | None) -> Item | None:
    """The newest model of the document that holds a fit; None where there is none."""
    if fit is None:
        return None
    models = (i for i in reversed(document.items) if i.kind == "model")
    return next((i for i in models if i.fit is not None and same_fit(i.fit, fit)), None)


def fits_of(document: Document) -> Iterator[tuple[str, FitResult]]:
    """The names of the models of the document with their fits, in order."""
    for item in document.models():
        if item.fit is not None:
            yield item.stored, item.fit


def fit_named(state: State, name: str) -> FitResult | None:
    """The fit that a name means: one of ``estimates store``, else a model of the document; None where there is none."""
    if name in state.stored:
        return state.stored[name]
    return next((replace(fit, name=name) for n, fit in fits_of(state.document) if n == name), None)


def name_of(state: State, fit: FitResult) -> str:
    """The name that commands find a fit by, the user's own first; empty where it has none."""
    own = (n for n in reversed(list(state.stored)) if same_fit(state.stored[n], fit))
    item = model_of(state.document, fit)
    return next(own, item.stored if item is not None else "")


def free_name(document: Document, taken: set[str]) -> str:
    """The next name for a model: ``m3`` for the third, or the first after it that is not taken."""
    number = next_number(document)
    taken = taken | {i.stored for i in document.models()}
    while f"m{number}" in taken:
        number += 1
    return f"m{number}"


def next_number(document: Document) -> int:
    """The number of the next model: one more than the highest there is."""
    return max((i.number for i in document.models()), default=0) + 1
