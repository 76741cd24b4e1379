"""Which models a part of the report shows side by side, in what order, and what of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from terrace.session.document.items import Document, Item
from terrace.session.document.report_parts import models_beside
from terrace.session.document.report_plan import BESIDE, ReportPart
from terrace_desktop.figure.rows import Row, Rows
from terrace_desktop.reporting import texts
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.widgets import button, label, named, tell
from terrace_desktop.variables.fields import heading


class ModelsForm(QFrame):
    """Each change is a command, carried by `command_asked`; `left` says that the user is done."""

    command_asked = Signal(str)
    left = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        named(self, "report_models_form", self.tr("Models side by side"))
        self.name = name
        self.ticks: dict[int, QCheckBox] = {}
        self._shown: tuple[tuple[int, str], ...] = ()
        self._models: tuple[int, ...] = ()  # all that there are
        self.rows = Rows("report_models", self.tr("Models side by side, in order"))
        self.rows.ordered.connect(lambda _keys: self._models_changed())
        self.parts = {
            "se": QCheckBox(self.tr("Standard errors")), "random": QCheckBox(self.tr("Random effects")),
            "criteria": QCheckBox(self.tr("Log likelihood, AIC and BIC")),
            "tests": QCheckBox(self.tr("Likelihood-ratio tests")),
        }  # fmt: skip
        self.problem = named(label("", "reason", wrap=True), "report_models_problem", "")
        self.problem.hide()
        self.done = button(self.tr("Done"), "report_models_done", self.left.emit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(4)
        column.addWidget(heading(self.tr("Models side by side, in order")))
        column.addWidget(self.rows)
        column.addWidget(self.problem)
        column.addWidget(heading(self.tr("Show in their table")))
        column.addWidget(self._what())
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.done)
        column.addLayout(foot)

    def _what(self) -> QWidget:
        out = QWidget()
        flow = Flow(across=12, down=2)
        out.setLayout(flow)
        for part, tick in self.parts.items():
            named(tick, f"report_models_{part}", tick.text())
            tick.clicked.connect(lambda _on=False: self._what_changed())
            flow.addWidget(tick)
        return out

    def begin(self) -> None:
        """Take the focus."""
        first = next(iter(self.ticks.values()), self.done)
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- what is shown --------------------------------------------------------------------------------
    def show_part(self, document: Document, part: ReportPart) -> None:
        """Show the part as it is now: its models in their order, the others where they would stand."""
        models = [m for m in document.models() if m.fit is not None]
        chosen = [m.id for m in models_beside(document, part)]
        self._models = tuple(m.id for m in models)
        there = tuple((m.id, m.heading) for m in models)
        if there != self._shown:
            self._shown = there
            self.ticks = {}
            self.rows.show_rows({str(m.id): self._row(m) for m in models})
        self.rows.show_order([str(i) for i in in_order(self._models, chosen)])
        for number, tick in self.ticks.items():
            with QSignalBlocker(tick):
                tick.setChecked(number in chosen)
        for what, tick in self.parts.items():
            tick.setChecked(what not in part.without)

    def _row(self, model: Item) -> Row:
        row = Row(f"report_model_{model.id}", model.heading)
        tick = named(QCheckBox(), f"report_model_{model.id}_shown", model.heading)
        words = model.heading
        tick.setText(words if len(words) <= 44 else words[:43] + "…")
        tick.setToolTip(words)
        tick.toggled.connect(partial(self._ticked, model.id))
        self.ticks[model.id] = tick
        row.line.addWidget(tick, 1)
        return row

    # --- what is changed ------------------------------------------------------------------------------
    def _ticked(self, number: int, on: bool) -> None:
        if not on and len(self._chosen()) < 2:
            with QSignalBlocker(self.ticks[number]):
                self.ticks[number].setChecked(True)
            tell(self.problem, self.tr("Models side by side need at least two models."))
            return
        self._models_changed()

    def _chosen(self) -> list[int]:
        return [int(key) for key in self.rows.order() if self.ticks[int(key)].isChecked()]

    def _models_changed(self) -> None:
        tell(self.problem, "")
        chosen = self._chosen()
        everything = tuple(chosen) == self._models
        self.command_asked.emit(texts.choose_models(self.name, None if everything else chosen))

    def _what_changed(self) -> None:
        shown = [what for what in BESIDE if self.parts[what].isChecked()]
        self.command_asked.emit(texts.show_of_models(self.name, shown))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves the form, and what was chosen stays."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


def in_order(models: Sequence[int], chosen: Sequence[int]) -> list[int]:
    """The models that were chosen in their order, and the others behind the model that they follow in the results."""
    out = list(chosen)
    for k, model in enumerate(models):
        if model not in out:
            before = next((m for m in reversed(models[:k]) if m in out), None)
            out.insert(0 if before is None else out.index(before) + 1, model)
    return out
