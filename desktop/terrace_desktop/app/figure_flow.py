"""Figures are edited: the editor in the work panel, the figure as it prints where the results stand, and its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from terrace.report import formats
from terrace_desktop.app.save_as import ask_path, beginning_with
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.words import from_engine, tr
from terrace_desktop.work import commands

if TYPE_CHECKING:
    from terrace.session.contract import Outcome
    from terrace_desktop.app.zones import Zones
    from terrace_desktop.figure.editing import Editing
    from terrace_desktop.figure.page import FigurePage
    from terrace_desktop.figure.panel import FigurePanel
    from terrace_desktop.results.model_card import ModelCard
    from terrace_desktop.results.pane import ResultsPane
    from terrace_desktop.ui.settings import Settings
    from terrace_desktop.work.controller import Controller

FILE = "figure_file"  # the setting: which of the formats a figure was saved in last


class FigureFlow(QObject):
    """Makes the editor when a figure is first edited; its page is shown while the editor is open."""

    told = Signal(str)  # a short message for the status bar
    activate_asked = Signal(object)  # ModelCard

    def __init__(
        self, window: QWidget, controller: Controller, results: ResultsPane, zones: Zones, settings: Settings
    ) -> None:
        super().__init__(window)
        self.window, self.controller, self.results = window, controller, results
        self.zones, self.settings = zones, settings
        self.panel: FigurePanel | None = None
        self.page: FigurePage | None = None
        self._editing: Editing | None = None
        self._suffix = "pdf"
        results.figure_asked.connect(self.edit)
        results.diagnostic_asked.connect(self.edit_diagnostic)
        zones.panel_changed.connect(self._follow)

    def actions(self) -> list[Action]:
        """What the menus offer about figures."""
        return [Action("edit_figure", tr("&Edit figure…"), self.edit_chosen, enabled=self._any)]

    def _any(self) -> bool:
        return any(i.outcome is not None and i.outcome.plots for i in self.controller.snapshot.document)

    def edit_chosen(self) -> None:
        """Edit the figure of what is chosen in the outline, or else the last one."""
        from terrace.session.document.figures import figures

        found = figures(self.controller.snapshot.document)
        item = self.results.contents.tree.current()
        chosen = next((f for f in found if item is not None and f.item == item.id), found[-1] if found else None)
        if chosen is not None:
            self.edit(chosen.item, chosen.place)

    def edit(self, item: int, place: int) -> None:
        """Edit a figure of an item of the results; in steps, so that the window can answer between them."""
        editing, panel, _page = self._made()

        def begin() -> None:
            if editing.begin(item, place):
                panel.size_.show_file(self._suffix)
                soon(self, self._open)

        soon(self, begin)

    def edit_diagnostic(self, card: ModelCard, kind: str) -> None:
        """Edit a diagnostic plot of a model, as a figure of the results, which is made where there is none."""
        command = commands.plot_of_model(kind)
        made = [i for i in self.controller.snapshot.document.under(card.item.id)
                if i.outcome is not None and i.outcome.plots and i.outcome.command.strip() == command]  # fmt: skip
        if made:
            self.edit(made[-1].id, 0)
            return

        def then(outcome: Outcome | None) -> None:
            if outcome is None or not outcome.ok:
                return
            for item in self.controller.snapshot.document:
                if item.outcome is not None and item.outcome.number == outcome.number:
                    self.edit(item.id, 0)

        self.activate_asked.emit(card)
        self.controller.run(command, then)

    def _open(self) -> None:
        """Show what has been made; the print is drawn once it has its room."""
        if self.panel is not None and self.page is not None and self._any():
            self.zones.open(self.panel)
            soon(self, self.page.begin)

    def _made(self) -> tuple[Editing, FigurePanel, FigurePage]:
        from terrace_desktop.figure.editing import Editing
        from terrace_desktop.figure.page import FigurePage
        from terrace_desktop.figure.panel import FigurePanel
        from terrace_desktop.figure.sections import FILES

        if self._editing is None or self.panel is None or self.page is None:
            editing = self._editing = Editing(self, self.controller)
            panel = self.panel = FigurePanel(editing)
            page = self.page = FigurePage(editing, panel)
            self._suffix = FILES[min(max(self.settings.number(FILE), 0), len(FILES) - 1)]
            editing.gone.connect(self._gone)
            panel.done.connect(self.zones.close_panel)
            panel.size_.file_chosen.connect(self._file_chosen)
            for asks in (panel, page):
                asks.save_asked.connect(self.save)
        return self._editing, self.panel, self.page

    def _file_chosen(self, suffix: str) -> None:
        from terrace_desktop.figure.sections import FILES

        self._suffix = suffix
        self.settings.set_number(FILE, FILES.index(suffix))

    def _follow(self) -> None:
        """The page of the figure is there while the editor is."""
        if self.page is not None and self.panel is not None:
            self.results.show_page(self.page, self.zones.is_open(self.panel))

    def _gone(self) -> None:
        if self.panel is not None and self.zones.is_open(self.panel):
            self.zones.close_panel()

    # --- its file -------------------------------------------------------------------------------------
    def save(self) -> None:
        """Ask for a name, and write the figure as it looks; the ending of the name decides on the format."""
        if self._editing is None or self._editing.figure is None:
            return
        self._editing.saver.flush()
        number, kinds = self._editing.figure.number, beginning_with(self._suffix, formats.PLOTS)
        name = self.tr("figure {0}").format(number).replace(" ", "") + kinds[0][1][0]
        path = ask_path(self.window, self.settings, self.tr("Save figure"), name, kinds)
        if path:
            self.controller.run(commands.save_figure(number, path), self._saved)

    def _saved(self, outcome: Outcome | None) -> None:
        if outcome is not None and outcome.ok:
            self.told.emit(from_engine(outcome.text.strip()))
