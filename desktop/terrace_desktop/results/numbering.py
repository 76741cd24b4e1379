"""Numbers of tables and figures through the whole document, in the order in which they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from terrace.session.document.card import table_keys

if TYPE_CHECKING:
    from terrace.session.document.items import Document, Item, Look

@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of the first table and of the first figure of an item."""

    table: int = 1
    figure: int = 1


def look_of(item: Item, document: Document) -> Look:
    """How the tables of an item are shown: its own look, and where that says nothing that of the document."""
    own, all_ = item.look, document.look
    return replace(
        own,
        decimals=all_.decimals if own.decimals is None else own.decimals,
        style=own.style or all_.style,
        metric=own.metric or all_.metric,
        labels=all_.labels if own.labels is None else own.labels,
        parts=all_.parts if own.parts is None else own.parts,
    )


def numbering(document: Document) -> Mapping[int, Numbers]:
    """The numbers of each item by its id. What is folded keeps its numbers: folding renumbers nothing."""
    out: dict[int, Numbers] = {}
    table = figure = 1
    for item in document:
        out[item.id] = Numbers(table, figure)
        table += n_tables(item, document)
        figure += n_figures(item)
    return out


def n_tables(item: Item, document: Document) -> int:
    """How many tables an item shows."""
    if item.outcome is None:
        return 0
    if item.kind != "model" or item.outcome.fit is None:
        return len(item.outcome.tables)
    return len(table_keys(item, look_of(item, document)))


def n_figures(item: Item) -> int:
    """How many figures an item shows."""
    return 0 if item.outcome is None else len(item.outcome.plots)
