"""From a model card to the panel and back: opens it, runs what it asks for, keeps it up to date."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject

from terrace_desktop.forms.facts import Facts, Model
from terrace_desktop.panels.after import catalog
from terrace_desktop.panels.after.interaction import interaction_values
from terrace_desktop.panels.after.panel import AfterPanel
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.ui.work_panel import Zones
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace.session.contract import Outcome
    from terrace.spec.model import ModelSpec
    from terrace_desktop.results.model_card import ModelCard


class Models(Protocol):
    """What the panel asks of those who run commands about models."""

    def after(self, card: ModelCard, command: str, then: Callable[[Outcome | None], object]) -> None:
        """Run a command about the model of a card; `then` gets its outcome."""

    def open_builder(self, spec: ModelSpec) -> None:
        """A model in the builder."""


class AfterFlow(QObject):
    """One panel at a time, for the model of one card."""

    def __init__(
        self, window: QObject, zones: Zones, controller: Controller, results: ResultsPane, models: Models
    ) -> None:
        super().__init__(window)
        self.zones = zones
        self.controller = controller
        self.results = results
        self.models = models
        self.panel: AfterPanel[Facts] | None = None
        self.card: ModelCard | None = None
        controller.changed.connect(self._refresh)
        results.models_changed.connect(self._refresh)

    def open(self, card: ModelCard, key: str = "") -> None:
        """The panel for a model, at an entry where one is named; a panel that is open turns to this model.

        ``margins#interaction`` is the form of margins, filled in for the plot of an interaction.
        """
        key, _, start = key.partition("#")
        if self.panel is None:
            self.panel = AfterPanel(self._facts(card), catalog.groups())
            self.panel.run_asked.connect(self._run)
            self.panel.cancel_asked.connect(self.controller.cancel)
            self.panel.edit_asked.connect(self._edit)
            self.card = card
            self.panel.follow(self.controller.previewer(), self._lead)
        elif card is not self.card:
            self.card = card
            self.panel.set_facts(self._facts(card))
        if key:
            self.panel.choose(key)
            if start == "interaction" and self.panel.form is not None:
                self.panel.form.set_values(interaction_values(self.panel.facts))
        else:
            self.panel.show_list()
        self.zones.open(self.panel)

    def close(self) -> None:
        """The forms go away, and the panel where it shows them."""
        if self.panel is not None:
            panel, self.panel = self.panel, None
            self.card = None
            if self.zones.is_open(panel):
                self.zones.close_panel()
            self.zones.panel.forget(panel)
            panel.deleteLater()

    def _facts(self, card: ModelCard) -> Facts:
        stored = tuple(_model(c, card) for c in self.results.cards() if c.stored)
        now = self.controller.snapshot
        origin = now.origins.get(card.fit.identity)
        return Facts(card.fit, now.dataset, card.stored, card.title, stored, origin, now.used)

    def _lead(self) -> tuple[str, ...]:
        """What makes the model of the panel the active one, for a preview."""
        stored = "" if self.card is None else self.card.stored
        return (f"quietly estimates restore {stored}",) if stored else ()

    def _run(self, commands: list[str]) -> None:
        if self.card is not None and self.panel is not None and commands:
            self._run_of(self.card, self.panel, commands)

    def _run_of(self, card: ModelCard, panel: AfterPanel[Facts], commands: list[str]) -> None:
        """One command after the other; one that fails ends them."""

        def told(outcome: Outcome | None) -> None:
            if outcome is not None and outcome.ok and commands[1:]:
                self._run_of(card, panel, commands[1:])
            elif self.panel is panel:
                panel.show_outcome(outcome)

        self.models.after(card, commands[0], told)

    def _edit(self) -> None:
        """The model in the builder; the panel goes, since it is about the model as it was."""
        if self.card is not None:
            spec = self.card.fit.spec
            self.close()
            self.models.open_builder(spec)

    def _refresh(self) -> None:
        if self.panel is None or self.card is None:
            return
        if self.results.card(self.card.item.id) is not self.card:
            self.close()
        else:
            self.panel.set_facts(self._facts(self.card))


def _model(card: ModelCard, about: ModelCard) -> Model:
    """A model as it is offered beside the one that the forms are about."""
    fixed = frozenset(e.term for e in card.fit.fixed if e.in_model)
    return Model(card.stored, card.title, _alike(card, about), card.fit.spec.method, fixed)


def _alike(one: ModelCard, other: ModelCard) -> bool:
    """True where two models have one outcome and come from the rows of the same data."""
    a, b = one.dataset, other.dataset
    return one.fit.outcome == other.fit.outcome and (a is None or b is None or a.lineage is b.lineage)
