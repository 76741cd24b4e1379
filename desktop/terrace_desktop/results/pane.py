"""The right side of the window: models with their plots and outputs, the newest on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from terrace_desktop.results.model_card import ModelCard
from terrace_desktop.results.output_card import OutputCard
from terrace_desktop.ui.widgets import ElidedLabel, button, label, named
from terrace_desktop.work.history import duration

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.session.contract import Outcome, Progress
    from terrace_desktop.plots.cards import PlotRow
    from terrace_desktop.work.history import Entry

PLOTS = ("residual-fitted", "qq", "caterpillar")


class ProgressCard(QFrame):
    """What runs, how far it is, and Cancel; shown once it has taken a while."""

    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "card")
        named(self, "progress_card", self.tr("Progress"))
        self._what = ElidedLabel("", "heading")
        self._how = label("", "muted")
        named(self._how, "progress_text", self.tr("Progress"))
        self._bar = named(QProgressBar(), "progress_bar", self.tr("Progress"))
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        self._command = ElidedLabel("", "mono")
        self.cancel_button = button(self.tr("Cancel"), "progress_cancel", self.cancel_asked.emit)
        head = QHBoxLayout()
        head.addWidget(self._what, 1)
        head.addWidget(self.cancel_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 12, 18, 14)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._command)
        column.addWidget(self._bar)
        column.addWidget(self._how)

    def show_progress(self, entry: Entry | None, progress: Progress | None, seconds: float) -> None:
        """Show the last report."""
        self._what.set_text(progress.stage if progress is not None and progress.stage else self.tr("Working"))
        self._command.set_text("" if entry is None else entry.command)
        self._command.setVisible(entry is not None)
        parts = []
        share = None if progress is None else progress.fraction
        if share is not None:
            parts.append(f"{share:.0%}")
        elif progress is not None and progress.iteration is not None:
            parts.append(self.tr("iteration {0}").format(progress.iteration))
        if progress is not None and progress.ll is not None:
            shown = f"{progress.ll:,.3f}".replace("-", "−")
            parts.append(self.tr("log likelihood {0}").format(shown))
        parts.append(duration(seconds))
        if share is not None and share > 0.02 and seconds > 2:
            parts.append(self.tr("about {0} left").format(duration(seconds * (1 - share) / share)))
        self._how.setText(" · ".join(parts))
        self._how.setAccessibleName(self._how.text())
        if progress is not None and progress.fraction is not None:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(progress.fraction * 1000))
        else:
            self._bar.setRange(0, 0)

    def text(self) -> str:
        """What it says."""
        return self._how.text()


class ModelGroup(QWidget):
    """A model card, its plots, and the outputs of what was asked about it."""

    def __init__(self, card: ModelCard) -> None:
        super().__init__()
        self.card = card
        self.plots: PlotRow | None = None
        self.outputs: list[OutputCard] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(14)
        self._column.addWidget(card)
        card.folded_changed.connect(lambda folded: self.plots is not None and self.plots.setVisible(not folded))

    def add_plots(self, row: PlotRow) -> None:
        """Put the row of plots under the card."""
        self.plots = row
        row.setVisible(not self.card.folded)
        self._column.insertWidget(1, row)

    def add_output(self, card: OutputCard) -> None:
        """Put an output under what is already there."""
        self.outputs.append(card)
        card.setProperty("under", True)
        self._column.addWidget(card)


class ResultsPane(QScrollArea):
    """The scrolling list. It keeps every model of the session until the user removes it."""

    edit_asked = Signal(object)  # ModelCard
    predict_asked = Signal(object)
    after_asked = Signal(object, str)
    panel_asked = Signal(object)
    export_asked = Signal(object, str)  # ModelCard, format
    rename_asked = Signal(object)
    refit_asked = Signal(object)
    mend_asked = Signal(object, object)  # ModelCard, Advice
    command_edit_asked = Signal(str)
    command_run_asked = Signal(str)
    ml_test_asked = Signal(str)  # the command of a likelihood-ratio test
    plot_export_asked = Signal(object, str, object)  # Plot, format, ModelCard or None
    rows_selected = Signal(object)
    models_changed = Signal()
    new_model_asked = Signal()
    log_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "results_pane", self.tr("Results"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.groups: list[ModelGroup] = []
        self._loose: list[OutputCard] = []
        self._count = 0
        self._newest_output: OutputCard | None = None
        self._scroller = QTimer(self)
        self._scroller.setSingleShot(True)
        self._scroller.setInterval(0)
        self._scroller.timeout.connect(self._scroll)
        page = QWidget()
        page.setProperty("surface", "ground")
        self.setWidget(page)
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(20, 16, 20, 20)
        self._column.setSpacing(14)
        self.progress = ProgressCard()
        self.progress.hide()
        self._column.addWidget(self.progress)
        self._hint = self._make_hint()
        self._column.addWidget(self._hint)
        self._column.addStretch(1)

    # --- content ------------------------------------------------------------------------------------
    def add_model(self, entry: Entry, outcome: Outcome, dataset: Dataset | None) -> ModelGroup:
        """A card for a fitted model, on top."""
        self._count += 1
        card = ModelCard(self._count, entry, outcome, dataset)
        group = ModelGroup(card)
        card.edit_asked.connect(lambda: self.edit_asked.emit(card))
        card.predict_asked.connect(lambda: self.predict_asked.emit(card))
        card.after_asked.connect(lambda command: self.after_asked.emit(card, command))
        card.panel_asked.connect(lambda: self.panel_asked.emit(card))
        card.export_asked.connect(lambda suffix: self.export_asked.emit(card, suffix))
        card.rename_asked.connect(lambda: self.rename_asked.emit(card))
        card.refit_asked.connect(lambda: self.refit_asked.emit(card))
        card.mend_asked.connect(lambda advice: self.mend_asked.emit(card, advice))
        card.delete_asked.connect(lambda: self.remove_group(group))
        self.groups.insert(0, group)
        self._insert(group)
        self.models_changed.emit()
        return group

    def add_output(
        self, entry: Entry, outcome: Outcome, group: ModelGroup | None = None, title: str = ""
    ) -> OutputCard:
        """A card for any other command: under its model, or on top."""
        card = OutputCard(entry, outcome, title)
        card.edit_asked.connect(self.command_edit_asked)
        card.run_asked.connect(self.command_run_asked)
        card.ml_asked.connect(self.ml_test_asked)
        card.export_plot_asked.connect(lambda plot, suffix: self.plot_export_asked.emit(plot, suffix, None))
        card.log_asked.connect(self.log_asked)
        card.rows_selected.connect(self.rows_selected)
        if group is not None:
            card.delete_asked.connect(lambda: self._remove_output(card, group))
            group.add_output(card)
            self._refresh()
            self._reveal(card)
        else:
            card.delete_asked.connect(lambda: self._remove_output(card, None))
            self._loose.append(card)
            self._insert(card)
        return card

    def newest(self) -> ModelCard | None:
        """The model fitted last."""
        return self.groups[0].card if self.groups else None

    def group_of(self, card: ModelCard) -> ModelGroup | None:
        """The group a card stands in."""
        return next((g for g in self.groups if g.card is card), None)

    def cards(self) -> list[ModelCard]:
        """The models, oldest first."""
        return [g.card for g in reversed(self.groups)]

    def loose(self) -> list[OutputCard]:
        """Outputs that belong to no model, oldest first."""
        return list(self._loose)

    def has_cards(self) -> bool:
        """True where there is a model or an output."""
        return bool(self.groups or self.loose())

    def remove_group(self, group: ModelGroup) -> None:
        """Take a model and what belongs to it away."""
        if group in self.groups:
            self.groups.remove(group)
            group.hide()
            group.deleteLater()
            self._refresh()
            self.models_changed.emit()

    def clear(self) -> None:
        """Take everything away."""
        for group in list(self.groups):
            self.remove_group(group)
        for card in list(self._loose):
            self._remove_output(card, None)

    def dismiss_errors(self) -> None:
        """Take the cards of failed commands away (a next command ran)."""
        for card in [c for c in self._loose if c.outcome.error is not None]:
            self._remove_output(card, None)

    def set_folded(self, folded: bool) -> None:
        """Collapse or expand every card."""
        for group in self.groups:
            group.card.set_folded(folded)
            for output in group.outputs:
                output.set_folded(folded)
        for card in self._loose:
            if card.outcome.error is None:
                card.set_folded(folded)

    def show_progress(self, entry: Entry | None, progress: Progress | None, seconds: float) -> None:
        """Show what runs, on top."""
        self.progress.show_progress(entry, progress, seconds)
        if self.progress.isHidden():
            self.progress.show()
            self.verticalScrollBar().setValue(0)

    def hide_progress(self) -> None:
        """Nothing runs any more."""
        self.progress.hide()

    # --- helpers ------------------------------------------------------------------------------------
    def _make_hint(self) -> QWidget:
        hint = named(QWidget(), "results_hint", self.tr("No results yet"))
        column = QVBoxLayout(hint)
        column.setContentsMargins(16, 96, 16, 16)
        column.setSpacing(8)
        self._hint_title = label(self.tr("No model yet"), "title")
        self._hint_text = label(
            self.tr("Click a model together; its tables and plots appear here."), "muted", wrap=True
        )
        self._hint_command = ElidedLabel("", "mono")
        for w in (self._hint_title, self._hint_text, self._hint_command):
            w.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(w)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(
            button(self.tr("New model"), "hint_new_model", self.new_model_asked.emit, variant="primary")
        )
        row.addStretch(1)
        column.addSpacing(8)
        column.addLayout(row)
        self._hint_command.hide()
        return hint

    def _insert(self, widget: QWidget) -> None:
        self._column.insertWidget(1, widget)
        self._refresh()
        self._reveal(None)

    def _reveal(self, card: OutputCard | None) -> None:
        """Bring what came last into view, once it has its place; None is the top."""
        self._newest_output = card
        self._scroller.start()

    def _scroll(self) -> None:
        card = self._newest_output
        if card is None:
            self.verticalScrollBar().setValue(0)
        elif any(card in g.outputs for g in self.groups):
            self.ensureWidgetVisible(card, 0, 40)

    def _remove_output(self, card: OutputCard, group: ModelGroup | None) -> None:
        owner = self._loose if group is None else group.outputs
        if card in owner:
            owner.remove(card)
            card.hide()
            card.deleteLater()
            self._refresh()

    def _refresh(self) -> None:
        self._hint.setVisible(not self.groups and not self._loose)
