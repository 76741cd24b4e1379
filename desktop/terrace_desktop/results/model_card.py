"""The card of a fitted model: its tables, what to know about it, and what can be done next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QT_TRANSLATE_NOOP, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from terrace.report import formats
from terrace.spec.model import Metric
from terrace.spec.title import model_title
from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.results.card import Card
from terrace_desktop.results.clipboard import tables_mime, values_mime
from terrace_desktop.results.naming import state_pill
from terrace_desktop.results.output_card import joined_html
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import Notice, named
from terrace_desktop.ui.words import marked

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import Advice, FitResult
    from terrace.results.table import Table
    from terrace.session.contract import Outcome
    from terrace_desktop.work.history import Entry

AFTER = (  # what follows a fit: command, and the words of the menu
    ("estat icc", QT_TRANSLATE_NOOP("ModelCard", "Intraclass correlation")),
    ("estat sd", QT_TRANSLATE_NOOP("ModelCard", "SDs and correlations")),
    ("estat recovariance", QT_TRANSLATE_NOOP("ModelCard", "Covariance of the random effects")),
    ("estat group", QT_TRANSLATE_NOOP("ModelCard", "Group sizes")),
    ("estat ic", QT_TRANSLATE_NOOP("ModelCard", "Information criteria")),
)


class ModelCard(Card):
    """A model. It emits what the user asks for; the window runs the commands."""

    edit_asked = Signal()
    predict_asked = Signal()
    after_asked = Signal(str)
    panel_asked = Signal()  # everything that follows a fit
    export_asked = Signal(str)
    rename_asked = Signal()
    refit_asked = Signal()
    mend_asked = Signal(object)  # Advice

    def __init__(self, number: int, entry: Entry, outcome: Outcome, dataset: Dataset | None) -> None:
        assert outcome.fit is not None
        self.fit: FitResult = outcome.fit
        self.number = number
        self.entry = entry
        self.outcome = outcome
        self.dataset = dataset
        self.stale = False
        self.stored = ""  # its name in the session, once it has one
        name = self.tr("Model {0}").format(number)
        super().__init__(f"model_{number}", f"{name} · {model_title(self.fit.spec)}", self.fit.command)
        self.set_pill(*state_pill(self.fit))
        self._build_actions()
        self._metric = Segments(
            "model_metric",
            self.tr("Random effects as"),
            [("variance", self.tr("Variances")), ("sd", self.tr("SDs"))],
        )
        if self.fit.spec.display.metric == "sd":
            self._metric.choose("sd")
        self._metric.chosen.connect(lambda _k: self._render())
        self.add_beside_command(self._metric)
        self._view = Segments(
            "model_view", self.tr("View"), [("tables", self.tr("Tables")), ("text", self.tr("Text"))]
        )
        self._view.chosen.connect(self._view_changed)
        self.add_beside_command(self._view)
        for advice in self.fit.warnings:
            self.strips.addWidget(self._strip(advice))
        self._stale_strip: Notice | None = None
        self.browser = named(GrowingBrowser(), "model_tables", self.tr("Tables of {0}").format(name))
        self.browser.setAccessibleDescription(outcome.text)
        self.browser.copy_asked.connect(self.copy_tables)
        self.body.addWidget(self.browser)
        self._render()
        theme.manager().changed.connect(self._render)

    # --- content ------------------------------------------------------------------------------------
    def tables(self) -> tuple[Table, ...]:
        """The journal tables in the metric chosen."""
        metric: Metric = "sd" if self._metric.value() == "sd" else "variance"
        return self.fit.tables(metric=metric, labels=self.labels(), warnings=False)

    def labels(self) -> dict[str, str]:
        """Labels of the group variables, for the headings of the levels."""
        if self.dataset is None:
            return {}
        levels = [e.level for e in self.fit.spec.random if e.level in self.dataset]
        found = {name: self.dataset.variable(name).label for name in levels}
        return {name: text for name, text in found.items() if text}

    def set_metric(self, metric: str) -> None:
        """Variances or SDs; nothing is fitted again."""
        self._metric.choose(metric)

    def set_view(self, view: str) -> None:
        """Tables or text."""
        self._view.choose(view)

    def set_stale(self, stale: bool, reason: str = "") -> None:
        """Dim the result when the data that it rests on have changed."""
        if stale == self.stale:
            return
        self.stale = stale
        self.set_dimmed(stale)
        if self._stale_strip is not None:
            self._stale_strip.hide()
            self._stale_strip.deleteLater()
            self._stale_strip = None
        if stale:
            self._stale_strip = Notice(
                reason or self.tr("The data have changed since this model was fitted.")
            )
            self._stale_strip.add_button(self.tr("Fit again"), "model_refit", self.refit_asked.emit)
            self.strips.insertWidget(0, self._stale_strip)

    def _view_changed(self, view: str) -> None:
        self._metric.setVisible(view == "tables")
        self._render()

    def _render(self) -> None:
        if self._view.value() == "text":
            self.browser.show_plain(self.outcome.text.strip("\n"))
        else:
            self.browser.show_html(joined_html(list(self.tables()), theme.manager().theme.name, True))

    def _strip(self, advice: Advice) -> Notice:
        strip = Notice(advice.message, advice=advice.advice)
        if advice.code in ("boundary", "not-identified", "not-converged", "no-maximum", "collinear"):
            strip.add_button(
                self.tr("Change the model"), "warning_mend", lambda: self.mend_asked.emit(advice)
            )
        return strip

    # --- actions ------------------------------------------------------------------------------------
    def _build_actions(self) -> None:
        self.add_action(self.tr("Edit"), "model_edit", self.edit_asked.emit)
        self.add_action(self.tr("Predict"), "model_predict", self.predict_asked.emit)
        after = QMenu(self)
        for command, words in AFTER:
            after.addAction(marked("ModelCard", words), self._asker(command))
        after.addSeparator()
        after.addAction(self.tr("All that follows a fit…"), self.panel_asked.emit)
        self.add_menu(self.tr("After the fit"), "model_after", after)
        copy = QMenu(self)
        copy.addAction(self.tr("Tables"), self.copy_tables)
        copy.addAction(self.tr("Values at full precision"), self.copy_values)
        copy.addAction(self.tr("Plain text"), self.copy_text)
        copy.addAction(self.tr("Command"), self.copy_command)
        self.add_menu(self.tr("Copy"), "model_copy", copy)
        export = QMenu(self)
        named(export, "model_export_menu", self.tr("Export"))
        export.setTitle(self.tr("Export"))
        for known in formats.REPORTS:
            export.addAction(f"{known.name}…", self._exporter(known.suffix))
        self.menu.addMenu(export)
        self.menu.addSeparator()
        self.menu.addAction(self.tr("Rename…"), self.rename_asked.emit)
        self.menu.addAction(self.tr("Fit again"), self.refit_asked.emit)
        self.finish_menu()

    def _asker(self, command: str) -> Callable[[], None]:
        return lambda: self.after_asked.emit(command)

    def _exporter(self, suffix: str) -> Callable[[], None]:
        return lambda: self.export_asked.emit(suffix)

    def copy_tables(self) -> None:
        """Copy the tables as tables."""
        QGuiApplication.clipboard().setMimeData(tables_mime(self.tables()))

    def copy_values(self) -> None:
        """Copy the numbers at full precision."""
        QGuiApplication.clipboard().setMimeData(values_mime(self.tables()))

    def copy_text(self) -> None:
        """Copy the plain-text page."""
        QGuiApplication.clipboard().setText(self.outcome.text)

    def copy_command(self) -> None:
        """Copy the command."""
        QGuiApplication.clipboard().setText(self.fit.command)
