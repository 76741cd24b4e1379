"""Writing files: data, do-files, reports and plots. The engine writes; this asks where to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from terrace.data.formats import save_filters
from terrace.disk.stamps import changed
from terrace.disk.writing import write_text
from terrace.errors import TerraceError
from terrace.report import formats
from terrace_desktop.app.save_as import Filters, ask_path
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import tr
from terrace_desktop.work import commands
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace.results.plot import Plot
    from terrace.session.contract import Outcome
    from terrace.session.session import Session
    from terrace_desktop.results.model_card import ModelCard
    from terrace_desktop.ui.settings import Settings


class ExportFlow(QObject):
    """Asks for a file name, has the worker write, and says what was written or why it was not."""

    told = Signal(str)
    failed = Signal(str, str)  # message, advice
    activate_asked = Signal(object)  # ModelCard

    def __init__(
        self, window: QWidget, controller: Controller, results: ResultsPane, settings: Settings
    ) -> None:
        super().__init__(window)
        self.window = window
        self.controller = controller
        self.results = results
        self.settings = settings
        results.export_asked.connect(self.export_card)
        results.plot_export_asked.connect(self.export_plot)
        results.save_code_asked.connect(self.save_code)

    def actions(self) -> list[Action]:
        """What the menus offer to write."""
        c = self.controller
        return [
            Action("save_data", tr("Sa&ve data as…"), self.save_data, enabled=c.has_data),
            Action(
                "save_history",
                tr("Save &history as do-file…"),
                self.save_history,
                enabled=lambda: bool(c.history.entries),
            ),
        ]

    # --- reports ---------------------------------------------------------------------------------------
    def export_card(self, card: ModelCard, suffix: str) -> None:
        """A report of one model with what was asked about it."""
        path = self._ask(self.tr("Export model"), f"model_{card.number}.{suffix}", only(suffix))
        if path:
            self.write_report([card], path)

    def write_report(self, cards: list[ModelCard], path: str) -> None:
        """Run the command that writes a report of models with what was asked about them; the ending of the name
        decides on the format.
        """
        models = [(card.stored, card.title) for card in cards if card.stored]
        under = [output for card in cards for output in self.results.under(card)]
        numbers = [c.outcome.number for c in under if c.outcome.number]
        if models or numbers:
            self.controller.run(commands.report(path, models, numbers))

    # --- plots -----------------------------------------------------------------------------------------
    def export_plot(self, plot: Plot, suffix: str, card: ModelCard | None = None) -> None:
        """Write one plot, whole or as it is seen: of a model and of the page by a command, any other as it is."""
        from terrace_desktop.plots.cards import CLIPBOARD
        from terrace_desktop.plots.seen import ranges

        if suffix == CLIPBOARD:
            self.copy_plot(plot)
            return
        path = self._ask(self.tr("Export plot"), f"{plot.kind or 'plot'}.{suffix}", only(suffix))
        if not path:
            return
        figure = None if card is not None else self._figure(plot)
        if card is not None and plot.kind in commands.PLOT_NAMES:
            whole = plot if card.plots is None or card.plots.large is None else card.plots.large.plot
            self.activate_asked.emit(card)
            self.controller.run(commands.save_plot(plot.kind, path, ranges(plot, whole)))
        elif figure is not None:
            number, whole = figure
            self.controller.run(commands.save_figure(number, path, ranges(plot, whole)), self._saved(path))
        else:
            self.write_plot(plot, path)

    def _figure(self, plot: Plot) -> tuple[int, Plot] | None:
        """The number of a figure of the page, as captions count it, and the whole of it; None for another plot."""
        from terrace.session.document.figures import figures

        for card in self.results.outputs():
            for place, large in enumerate(card.figures):
                if large.is_of(plot):
                    found = [f for f in figures(self.results.shown) if (f.item, f.place) == (card.item.id, place)]
                    return (found[0].number, large.plot) if found else None
        return None

    def _saved(self, path: str) -> Callable[[Outcome | None], object]:
        def told(outcome: Outcome | None) -> None:
            if outcome is not None and outcome.ok:
                self.told.emit(self.tr("{0} written").format(Path(path).name))

        return told

    def copy_plot(self, plot: Plot) -> None:
        """Put a plot on the clipboard as paper has it, for programs that take a picture, SVG or PDF."""
        from terrace_desktop.plots import clipboard

        def show(figure: clipboard.Drawn) -> None:
            QGuiApplication.clipboard().setMimeData(clipboard.figure_mime(figure))
            self.told.emit(self.tr("Figure copied"))

        self.controller.call_view("copying a figure", lambda: clipboard.drawn(plot), show, self._not_written)

    def write_plot(self, plot: Plot, path: str) -> None:
        """Write a plot; the ending of the name decides on the format."""

        def work(_session: Session) -> Path:
            from terrace.report.figure.figure import save

            return Path(save(plot, path, replace=True))

        self.controller.call(f"writing {path}", work, self._written, self._not_written)

    # --- code ------------------------------------------------------------------------------------------
    def save_code(self, code: dict[str, str]) -> None:
        """Write the code of a model by the command that wrote it on the page; `code` is that of its card."""
        path = self._ask(self.tr("Save code"), f"model{code['suffix']}", ((code["title"], (code["suffix"],)),))
        if path:
            self.controller.run(commands.save_code(path, code["model"], code["language"]), self._saved(path))

    # --- data and the history -----------------------------------------------------------------------
    def save_data(self, then: Callable[[Outcome | None], object] | None = None) -> None:
        """Save the data under a name; `then` gets the outcome."""
        filters = save_filters()
        path = self._ask(self.tr("Save data"), f"data{filters[0][1][0]}", filters)
        if path and changed(path):
            dialog = dialogs.ChangedDialog(self.window, Path(path).name)
            dialog.accepted.connect(lambda: self.controller.run(commands.save_file(path), then))
            dialog.open()
        elif path:
            self.controller.run(commands.save_file(path), then)

    def save_history(self) -> None:
        """Save the history as a do-file."""
        path = self._ask(self.tr("Save history"), "history.do", ((self.tr("Do-file"), (".do",)),))
        if not path:
            return
        try:
            write_text(path, self.controller.history.do_file())
        except TerraceError as error:
            self._not_written(error)
            return
        self.told.emit(self.tr("{0} written").format(Path(path).name))

    # --- helpers ------------------------------------------------------------------------------------
    def _ask(self, title: str, name: str, filters: Filters) -> str:
        return ask_path(self.window, self.settings, title, name, filters)

    def _written(self, path: Path) -> None:
        self.told.emit(self.tr("{0} written").format(path.name))

    def _not_written(self, error: Exception) -> None:
        self.failed.emit(str(error), error.advice if isinstance(error, TerraceError) else "")


def only(suffix: str) -> Filters:
    """The filter of a dialog that saves a report or a plot in one format."""
    chosen = formats.BY_ENDING[f".{suffix}"]
    return ((chosen.name, (chosen.ending,)),)
