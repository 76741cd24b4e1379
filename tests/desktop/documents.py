"""Documents made by hand, for tests of what shows them."""

from __future__ import annotations

from typing import Any

import fakes

from terrace.results.table import Column, Row, Table
from terrace.session.contract import Outcome
from terrace.session.document.items import Document, Item

COMMAND = "mixed score hours || school:, reml"
WHEN = "2026-01-05T09:00:00+00:00"


def model(id_: int, number: int = 1, *, origin: int = 0, **options: Any) -> Item:
    """A model; `options` replace fields of its fit."""
    fit = fakes.fit(**options)
    outcome = Outcome(COMMAND, "mixed", "ok", 0.01, text=str(fit), fit=fit, tables=fit.tables())
    title = f"Model {number}: Random intercept of school"
    return Item(
        id_, "model", outcome, number, automatic=title, origin=origin, data=fakes.small_data(), stored=f"m{number}",
        when=WHEN,
    )  # fmt: skip


def output(id_: int, outcome: Outcome, title: str, under: int = 0) -> Item:
    """Any other result."""
    return Item(id_, "output", outcome, automatic=title, under=under, when=WHEN)


def icc(id_: int, under: int = 0) -> Item:
    """A small table."""
    table = Table("ICC", (Column("icc", "ICC", "fixed", 3),), (Row("school", (0.1159,)),), stub="Level")
    return output(id_, Outcome("estat icc", "estat icc", "ok", 0.0, text="ICC .1159", tables=(table,)), "ICC", under)


def figure(id_: int, under: int = 0) -> Item:
    """A plot."""
    return output(id_, Outcome("scatter y x", "scatter", "ok", 0.0, plots=(fakes.plot("scatter"),)), "A plot", under)


def note(id_: int, text: str, under: int = 0) -> Item:
    """A note of the user."""
    return Item(id_, "note", text=text, under=under, when=WHEN)


def heading(id_: int, title: str) -> Item:
    """A heading of the user."""
    return Item(id_, "heading", title=title, when=WHEN)


def document(models: int, *, outputs: int = 0) -> Document:
    """Models that follow from each other, each with tables under it."""
    items: list[Item] = []
    before = 0
    for number in range(1, models + 1):
        id_ = len(items) + 1
        items.append(model(id_, number, origin=before))
        items += [icc(id_ + k, id_) for k in range(1, outputs + 1)]
        before = id_
    return Document(items=tuple(items), next_id=len(items) + 1)
