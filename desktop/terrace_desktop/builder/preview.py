"""What the model gives while it is built: its estimates, and the lines of its groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget

from terrace.errors import TerraceError
from terrace.spec.text import format_mixed
from terrace_desktop.builder.preview_html import preview_html, preview_words
from terrace_desktop.builder.simplify import Simplify
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.ui import theme
from terrace_desktop.ui.announce import announce
from terrace_desktop.ui.late import LateStrip
from terrace_desktop.ui.widgets import label, named, tell
from terrace_desktop.ui.words import from_engine
from terrace_desktop.work.previewer import Previewer, Request

if TYPE_CHECKING:
    from terrace.results.fit import FitResult
    from terrace.results.plot import Plot
    from terrace.session.preview import Preview
    from terrace_desktop.plots.view import PlotView

HEIGHT = 260  # px of the picture


class ModelPreview(QObject):
    """Asks for a preview of each model that can be fitted, and shows it on two pages, `estimates` and `lines`, under
    a common `head` for what takes long or cannot be shown.

    The last result stays until the next is there, muted where it is not of this model. What is missing, and what is
    wrong with a model, is said in words in its place.
    """

    def __init__(
        self, state: BuilderState, previewer: Previewer, parent: FitResult | None = None, parent_name: str = "",
        simplifier: Previewer | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.simplify = None if simplifier is None else Simplify(state, simplifier)
        self.state, self.previewer = state, previewer
        self.parent_fit, self.parent_name = parent, parent_name
        self.shown: Preview | None = None
        self.stale = False
        self._drawing = False
        self.strip = LateStrip("builder_preview", self.tr("This model"))
        self.strip.update_asked.connect(previewer.update)
        self.strip.cancel_asked.connect(previewer.cancel)
        self.head, self.estimates, self.lines = QWidget(), QWidget(), QWidget()
        self._make_head()
        self._make_estimates()
        self._make_lines()
        state.changed.connect(self._changed)
        state.checked.connect(self.ask)
        previewer.found.connect(self._found)
        previewer.late.connect(self._late)
        previewer.running.connect(self.strip.show_running)
        previewer.progressed.connect(self.strip.show_progress)
        previewer.failed.connect(self._failed)
        theme.manager().changed.connect(self._render)

    def compare_with(self, parent: FitResult | None, name: str) -> None:
        """The fit that stands beside this model, and its title."""
        self.parent_fit, self.parent_name = parent, name
        self.ask()

    def set_drawing(self, drawing: bool) -> None:
        """Whether the lines are wanted too: they take a moment, and few look at them."""
        if drawing != self._drawing:
            self._drawing = drawing
            if drawing:
                self.ask()

    def ask(self) -> None:
        """Ask for the preview of the model as it stands; a model that cannot be fitted yet says what is missing."""
        state = self.state
        if not state.is_current:
            return
        if not state.ready:
            self.previewer.drop()
            self._clear(self.tr("Nothing to estimate yet"), [from_engine(p.message) for p in state.report.errors])
            return
        self.previewer.ask(
            Request(
                format_mixed(state.spec), state.definitions(), self.parent_fit,
                self.parent_name or self.tr("the model before"), self._drawing,
            )
        )  # fmt: skip

    def close_down(self) -> None:
        """No preview is wanted any more."""
        self.previewer.drop()
        self.previewer.blockSignals(True)
        if self.simplify is not None:
            self.simplify.close_down()

    # --- building -----------------------------------------------------------------------------------
    def _make_head(self) -> None:
        column = QVBoxLayout(self.head)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        self.heading = named(label("", "heading", wrap=True), "builder_preview_heading", "")
        self.words = named(label("", "muted", wrap=True, selectable=True), "builder_preview_words", "")
        for w in (self.strip, self.heading, self.words):
            column.addWidget(w)

    def _make_estimates(self) -> None:
        column = QVBoxLayout(self.estimates)
        column.setContentsMargins(0, 0, 0, 0)
        self.browser = named(GrowingBrowser(), "builder_preview", self.tr("Live preview"))
        column.addWidget(self.browser)
        if self.simplify is not None:
            column.addWidget(self.simplify)
        self.browser.hide()

    def _make_lines(self) -> None:
        self._picture = QVBoxLayout(self.lines)
        self._picture.setContentsMargins(0, 0, 0, 0)
        self._picture.setSpacing(4)
        self.plot: PlotView | None = None
        self.told = named(label("", "small", wrap=True), "builder_lines_words", "")
        self._picture.addWidget(self.told)

    # --- what comes ---------------------------------------------------------------------------------
    def _changed(self) -> None:
        """The model is another one: what was on its way is not about it."""
        self.previewer.drop()
        if self.simplify is not None:
            self.simplify.offer(False)
        self.strip.clear()

    def _found(self, preview: Preview) -> None:
        self.strip.clear()
        if preview.error or preview.beside is None:
            self._clear(self.tr("This model cannot be estimated"), [preview.error])
            return
        self.shown, self.stale = preview, False
        self._say("", [])
        if self.simplify is not None:
            self.simplify.offer(preview.fit is not None and bool(preview.fit.boundary))
        self.browser.show()
        self._render()
        announce(self.estimates, preview_words(preview))
        if self._drawing:
            self._draw(preview)

    def _late(self) -> None:
        self.strip.show_late()
        self.stale = self.shown is not None
        self._say("", [])
        self._render()

    def _failed(self, error: Exception) -> None:
        why = from_engine(error.message) if isinstance(error, TerraceError) else self.tr("The log says why.")
        self._clear(self.tr("This model cannot be shown"), [why])

    # --- showing ------------------------------------------------------------------------------------
    def _clear(self, heading: str, words: list[str]) -> None:
        """There are no numbers of this model: why."""
        self.shown, self.stale = None, False
        self.strip.clear()
        self.browser.hide()
        self._say(heading, words)
        self._take_plot()
        tell(self.told, "")

    def _say(self, heading: str, words: list[str]) -> None:
        text = "\n".join(words)
        for w, said in ((self.heading, heading), (self.words, text)):
            tell(w, said)
        announce(self.head, ". ".join(x for x in (heading, text) if x))

    def _render(self) -> None:
        if self.shown is None:
            return
        self.browser.show_html(preview_html(self.shown, self.parent_name, theme.manager().theme, muted=self.stale))
        self.browser.setAccessibleDescription(self.browser.toPlainText())

    def _draw(self, preview: Preview) -> None:
        if preview.lines is None:
            self._take_plot()
            tell(self.told, preview.no_lines)
            return
        self._show_plot(preview.lines)
        tell(self.told, preview.lines.note)

    def _show_plot(self, plot: Plot) -> None:
        from terrace_desktop.plots.view import PlotView

        self._take_plot()
        self.plot = PlotView(plot)
        self.plot.setFixedHeight(HEIGHT)
        self._picture.insertWidget(0, self.plot)

    def _take_plot(self) -> None:
        if self.plot is not None:
            self.plot.hide()
            self.plot.deleteLater()
            self.plot = None
