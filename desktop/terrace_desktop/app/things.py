"""What can be found beside the actions: forms, variables, results, commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from terrace_desktop.app.find import Thing
from terrace_desktop.ui.measures import measure_icon
from terrace_desktop.ui.words import tr
from terrace_desktop.work import session_port

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace_desktop.results.model_card import ModelCard
    from terrace_desktop.results.pane import ResultsPane


def things(
    dataset: Dataset, results: ResultsPane, open_form: Callable[[str], object], go_to: Callable[[str], object],
    open_after: Callable[[ModelCard, str], object], edit: Callable[[str], object],
) -> list[Thing]:  # fmt: skip
    """All of it, each with what leads there: a form by its key, a variable and a command by their names."""
    from terrace_desktop.panels.after.catalog import groups as after_catalog
    from terrace_desktop.panels.data.catalog import groups as data_catalog

    out = [
        Thing(e.title, tr("Form"), g.icon or "prepare", partial(open_form, e.key), f"{e.purpose} {e.also} {e.key}")
        for g in data_catalog()
        for e in g.entries
    ]
    card = results.newest()
    if card is not None:
        out += [
            Thing(e.title, tr("After the fit"), "after", partial(open_after, card, e.key),
                  f"{e.purpose} {e.also} {e.key}")
            for g in after_catalog()
            for e in g.entries
        ]  # fmt: skip
    out += [
        Thing(v.name, tr("Variable"), measure_icon(v.measure.value), partial(go_to, v.name), v.label)
        for v in dataset.variables
    ]
    out += [
        Thing(c.title, tr("Result"), "model", partial(_show, results, c), "model result") for c in results.cards()
    ]
    return out + [
        Thing(name, tr("Command"), "history", partial(edit, f"{name} "), about)
        for name, about in session_port.known_commands().items()
    ]


def _show(results: ResultsPane, card: ModelCard) -> None:
    if card in results.cards():
        results.go_to(card.item.id)
        card.setFocus(Qt.FocusReason.OtherFocusReason)
