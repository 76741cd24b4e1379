"""The main window: menus and tool bar above; data, work and results side by side; status below."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from terrace.session.effects import Effect
from terrace_desktop.app.actions import Actions
from terrace_desktop.app.brush_flow import BrushFlow
from terrace_desktop.app.card_flow import CardFlow
from terrace_desktop.app.cells_flow import CellsFlow
from terrace_desktop.app.column_flow import ColumnFlow
from terrace_desktop.app.data_flow import DataFlow
from terrace_desktop.app.data_pane import DATA, DataPane
from terrace_desktop.app.export_flow import ExportFlow
from terrace_desktop.app.failures import Failures
from terrace_desktop.app.figure_flow import FigureFlow
from terrace_desktop.app.filter_flow import FilterFlow
from terrace_desktop.app.find import Thing
from terrace_desktop.app.find_cells import FindFlow
from terrace_desktop.app.frame import Frame
from terrace_desktop.app.help_flow import HelpFlow
from terrace_desktop.app.import_pages import ImportPages
from terrace_desktop.app.loading import Loader, pieces
from terrace_desktop.app.looks_flow import LooksFlow
from terrace_desktop.app.model_flow import ModelFlow
from terrace_desktop.app.own import Own
from terrace_desktop.app.places_flow import PlacesFlow
from terrace_desktop.app.report_flow import ReportFlow
from terrace_desktop.app.script_flow import ScriptFlow
from terrace_desktop.app.start_flow import StartFlow
from terrace_desktop.app.start_page import StartPage
from terrace_desktop.app.status import StatusBar
from terrace_desktop.app.variables_flow import VariablesFlow
from terrace_desktop.app.zones import Zones
from terrace_desktop.panels.data.actions import actions as prepare_actions
from terrace_desktop.project.flow import ProjectFlow
from terrace_desktop.project.notices import Notices
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.settings import Settings
from terrace_desktop.ui.widgets import named
from terrace_desktop.ui.words import tr
from terrace_desktop.ui.work_panel import WorkPanel
from terrace_desktop.upkeep.installation import installation
from terrace_desktop.upkeep.update_flow import UpdateFlow
from terrace_desktop.work import session_port
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.history import duration
from terrace_desktop.work.worker import Worker

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.session.contract import Outcome, Progress
    from terrace.session.document.items import Document
    from terrace_desktop.panels.data.flow import PrepareFlow
    from terrace_desktop.work.history import Entry


class MainWindow(QMainWindow):
    """Puts the parts together; what they do is in the flows. `journals` is where work is kept as it grows."""

    closed = Signal()

    def __init__(
        self,
        settings: Settings,
        make_session: Callable[[], Any] = session_port.make_session,
        warm_up: Callable[[], object] | None = None,
        journals: Path | None = None,
    ) -> None:
        super().__init__()
        named(self, "main_window", "Terrace")
        self.setWindowTitle("Terrace")
        self.setMinimumSize(640, 420)
        self.setAcceptDrops(True)
        self.settings = settings
        self.asks_on_close = False  # a program that is driven closes without a question
        self._opened_project: Outcome | None = None  # what has just taken the place of all that was open
        self._sure = False
        port = session_port.SessionPort(make_session)
        self.controller = Controller(Worker("session"), Worker("view"), port, warm_up)
        self.left = DataPane(self.controller.history)
        self.results = ResultsPane()
        self.work = WorkPanel()
        self.splitter = Zones(self.left, self.work, self.results, settings)
        self.start = StartPage()
        self.data = DataFlow(self, self.controller, self.left, settings)
        self.filters = FilterFlow(self, self.controller, self.left, self.data)
        self.cells = CellsFlow(self, self.controller, self.left)
        self.finding = FindFlow(self, self.controller, self.left)
        self.models = ModelFlow(self, self.controller, self.results, settings, self.splitter, self.left.list)
        self.cards = CardFlow(self, self.controller, self.results)
        self.figures = FigureFlow(self, self.controller, self.results, self.splitter, settings)
        self.brushing = BrushFlow(self, self.controller, self.left, self.results, self.filters)
        self._prepare: PrepareFlow | None = None
        self._served: QWidget | None = None  # what the panel showed last
        self.exports = ExportFlow(self, self.controller, self.results, settings)
        self.reports = ReportFlow(self, self.controller, self.results, self.splitter, settings)
        self.scripts = ScriptFlow(self, self.controller, settings, self.controller.history.do_file)
        self.help = HelpFlow(self, self.controller)
        self.variables = VariablesFlow(self, self.controller, self.left, self.models, self.splitter)
        self.columns = ColumnFlow(self, self.controller, self.left, self.data, self.variables, self._open_form)
        self.looks = LooksFlow(self, settings)
        self.frame = Frame(self, settings)
        self.status = StatusBar()
        self.setStatusBar(self.status)
        self.pages = named(QStackedWidget(), "pages", self.tr("Start and workspace"))
        self.pages.addWidget(self.start)
        self.pages.addWidget(self.splitter)
        self.notices = Notices()
        self.updates = UpdateFlow(self, settings, self.notices, installation())
        own = Own(self.models, self.left, self.splitter)
        self.projects = ProjectFlow(self, self.controller, settings, self.notices, own, journals)
        self.data.guard = self.projects.guard
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(centre)
        self.places = PlacesFlow(self, self.controller, self.pages, self.splitter)
        self.beginning = StartFlow(self, self.start, self.places, self.data, self.models, self.projects, settings)
        self.failures = Failures(self, self.results, self.controller.history)
        self.imports = ImportPages(
            self, self.start, self.places, self.controller, self.data, self.results, settings, self.status
        )
        self.actions_ = Actions(self, self.all_actions())
        self._connect()
        self._restore()
        self._refresh()

    @property
    def prepare(self) -> PrepareFlow:
        """The data panel, loaded when it is first wanted."""
        if self._prepare is None:
            from terrace_desktop.panels.data.flow import PrepareFlow

            self._prepare = PrepareFlow(self, self.splitter, self.controller)
        return self._prepare

    def _open_form(self, key: str, group: str = "", values: dict[str, Any] | None = None) -> None:
        self.prepare.open(key, group, values)

    def _things(self) -> list[Thing]:
        """What can be found beside the actions, where data are open."""
        dataset = self.controller.snapshot.dataset
        if dataset is None:
            return []
        from terrace_desktop.app.things import things

        return things(
            dataset, self.results, self._open_form, self.left.go_to, self.models.open_after, self.places.edit_command
        )

    def _panel_changed(self) -> None:
        """The entry of the tool bar whose work is in the panel is marked."""
        content = self.work.content() if self.splitter.is_open() else None
        self.actions_.show_open("" if content is None else content.tool())
        building = content is not None and content is self.models.builder
        self.results.show_building(building)
        if building and content is not self._served:
            self.left.offer_variables()
        self._served = content

    def all_actions(self) -> list[Action]:
        """What the menus and the tool bar offer, by those who do it."""
        return [
            *self.data.actions(),
            *self.filters.actions(),
            *self.cells.actions(),
            *self.projects.actions(),
            *prepare_actions(self._open_form, self.controller.has_data),
            *self.models.actions(),
            *self.figures.actions(),
            *self.exports.actions(),
            *self.reports.actions(),
            *self.scripts.actions(),
            *self.help.actions(),
            *self.variables.actions(),
            *self.beginning.actions(),
            *self.places.actions(),
            *self.looks.actions(),
            *self.updates.actions(),
            *self._actions(),
        ]

    def _actions(self) -> list[Action]:
        """What belongs to no flow."""
        std, open_ = QKeySequence.StandardKey, self.controller.has_data
        return [
            Action("quit", tr("&Quit"), self.close, std.Quit),
            Action("undo", tr("&Undo"), self.undo, std.Undo, lambda: self.controller.snapshot.can_undo),
            Action("redo", tr("&Redo"), self.redo, std.Redo, lambda: self.controller.snapshot.can_redo),
            Action("copy", tr("&Copy"), self.copy, enabled=open_),
            Action("cancel", tr("C&ancel command"), self.controller.cancel, "Ctrl+.", lambda: self.controller.busy),
            Action("find", tr("&Find anything"), self.find_anything, "Ctrl+K"),
            Action("reset_layout", tr("R&eset layout"), self.reset_layout),
            Action("tour", tr("&Tour of the window"), self.start_tour),
        ]

    # --- wiring -------------------------------------------------------------------------------------
    def _connect(self) -> None:
        c = self.controller
        c.ready.connect(self._ready)
        loader = Loader(self, pieces())
        c.warm.connect(loader.begin)
        loader.ended.connect(c.later.begin)
        c.finished.connect(self._finished)
        c.changed.connect(self._changed)
        c.busy_changed.connect(self._busy_changed)
        c.progressed.connect(self._progressed)
        c.idle.connect(self.results.hide_progress)
        c.failed.connect(self.failures.take)
        self.results.progress.cancel_asked.connect(c.cancel)
        self.results.models_changed.connect(self._refresh)
        self.results.describe_asked.connect(lambda: self._open_form("", "describe"))
        self.results.command_edit_asked.connect(self.places.edit_command)
        self.results.command_run_asked.connect(self.scripts.run_typed)
        self.left.filter_changed.connect(self._refresh)
        self.columns.filter_by_asked.connect(self.filters.filter_soon)
        self.columns.more.append(self.cells.column_lines)
        self.filters.changed.connect(self._filter_changed)
        self.splitter.panel_changed.connect(self._panel_changed)
        self.splitter.panel_changed.connect(partial(self.actions_.refresh, "tear_panel"))
        self.work.headed.connect(self._panel_changed)
        self.actions_.more_things = self._things
        self.actions_.tool_used.connect(self._panel_changed)
        self.actions_.find.left.connect(self.left.begin)
        self.help.keys = self.actions_.sheet
        self.left.history_tab.run_asked.connect(self.scripts.run_typed)
        self.left.history_tab.save_asked.connect(self.exports.save_history)
        self.start.convention_asked.connect(self.looks.set_convention)
        self.start.updates.answered.connect(self.updates.choose)
        self.updates.question.connect(lambda on: self.start.updates.ask(self.updates.place.feed if on else ""))
        self.updates.chosen.connect(self.actions_.choose)
        self.projects.state_changed.connect(self._show_document)
        self.models.draft_changed.connect(self.projects.draft_changed)
        self.actions_.file_asked.connect(self.data.choose)
        self.actions_.sample_asked.connect(self.data.open_sample)
        self.actions_.command_asked.connect(self.controller.run)
        self.data.opened.connect(self._opened)
        self.data.open_failed.connect(self._open_failed)
        self.results.log_asked.connect(self.help.open_log)
        self.exports.failed.connect(self.failures.take_export)
        self.exports.activate_asked.connect(self.models.activate)
        self.figures.activate_asked.connect(self.models.activate)
        self.looks.chosen.connect(self.actions_.choose)
        self.looks.convention_changed.connect(self.start.convention.show_choice)
        self.looks.zoomed.connect(self._zoomed)
        self.brushing.told.connect(self.status.tell)
        for part in (self.data, self.cells, self.projects, self.models, self.figures, self.exports, self.reports,
                     self.scripts, self.help, self.looks, self.failures, self.updates):
            part.told.connect(self.status.tell)

    def begin(self) -> None:
        """Start the threads; call once the window is on screen."""
        self.controller.start()
        self.projects.start()
        self.projects.look()
        self.updates.start()

    def when_ready(self, then: Callable[[], object]) -> None:
        """Call `then` now or when the session is there."""
        if self.controller.is_ready:
            then()
        else:
            self.controller.ready.connect(then, Qt.ConnectionType.SingleShotConnection)

    def open_beside(self, path: str) -> None:
        """Open a file that the system hands over while the program runs, and come to the front."""
        self.data.choose(path)
        self.raise_()
        self.activateWindow()

    # --- what the session tells ---------------------------------------------------------------------
    def _ready(self) -> None:
        known = session_port.known_commands()
        self.actions_.show_explore(known)
        self.left.history_tab.bar.commands = known
        if not self.controller.busy:
            self.status.show_state(self.tr("Ready"))
        self._refresh()

    def _finished(self, entry: Entry, outcome: Outcome | None) -> None:
        if entry.state == "cancelled":
            self.status.tell(self.tr("Cancelled. Nothing was changed."))
            return
        if outcome is None:
            return
        if outcome.ok and outcome.effects & (Effect.OPENS | Effect.SAVES):
            self.projects.in_file()
        if outcome.ok and "project" in outcome.payload and outcome.type != "project save":
            self._opened_project = outcome
        if outcome.type == "project save" and outcome.error is not None:
            self.projects.save_failed(outcome)
            return
        if outcome.error is not None and self.controller.snapshot.dataset is None:
            self.start.show_error(outcome.error[1], outcome.error_advice)
            return
        self.models.show(outcome, entry)

    def _changed(self, snapshot: session_port.Snapshot, what: frozenset[str]) -> None:
        shown = self.left.grid.grid.dataset
        if snapshot.dataset is not shown:
            same = _same_data(shown, snapshot.dataset)
            self.left.show_dataset(snapshot.dataset)
            self.models.show_data(snapshot.dataset, same)
            self.models.check_stale()
        elif "data" in what:  # reference categories
            self.models.check_stale()
        self.filters.show(snapshot)
        self.brushing.show(snapshot)
        if snapshot.document is not self.results.shown:
            models = _rests_on(self.results.shown)
            self.results.show_document(snapshot.document)
            if _rests_on(snapshot.document) != models:
                self.models.check_stale()
        opened, self._opened_project = self._opened_project, None
        some = snapshot.dataset is not None or opened is not None
        if some and self.places.on_start():
            self.places.leave_start()
            if self.left.tab() == DATA:
                self.left.grid.setFocus(Qt.FocusReason.OtherFocusReason)
        elif snapshot.dataset is None and not self.results.has_cards() and "data" in what:
            self.pages.setCurrentWidget(self.start)
        if opened is None:
            self.projects.changed(what)
        else:
            if snapshot.project is not None:
                self.controller.history.take(snapshot.project.history)
            self.splitter.close_panel()
            self.projects.took_over(opened)
        self._refresh()

    def _filter_changed(self) -> None:
        """Other rows, or other uses of them: models that were fitted to others say so, the builder judges by these."""
        self.models.show_filter(self.filters.filter)
        self._refresh()

    def _busy_changed(self, busy: bool) -> None:
        self.status.show_state(self.tr("Working…") if busy else self.tr("Ready"))
        self.actions_.refresh("cancel")
        if not busy:
            self.results.hide_progress()

    def _progressed(self, entry: Entry | None, progress: Progress | None, seconds: float) -> None:
        stage = progress.stage if progress is not None and progress.stage else self.tr("Working")
        self.status.show_state(f"{stage} · {duration(seconds)}")
        self.results.show_progress(entry, progress, seconds)
        if self.places.on_start():
            self.status.tell(f"{stage}…")

    def _opened(self, _name: str) -> None:
        self.start.show_error("")
        self.start.show_recent(self.settings.recent())
        self.actions_.show_recent(self.settings.recent())
        self._refresh()

    def _open_failed(self, _outcome: Outcome) -> None:
        self.status.tell(self.tr("Nothing was opened."))

    # --- actions that belong to no flow -------------------------------------------------------------
    def undo(self) -> None:
        """Undo the last change of the data."""
        self.controller.run("undo")

    def redo(self) -> None:
        """Do what was undone."""
        self.controller.run("redo")

    def unsaved(self) -> bool:
        """True where closing would lose work."""
        return self.projects.unsaved()

    def copy(self) -> None:
        """Copy from wherever the focus is."""
        widget: Any = QApplication.focusWidget()
        if widget is self.left.grid:
            self.cells.copy()
        elif widget is self.left.history_tab.list:
            self.left.history_tab.copy_selected()
        elif hasattr(widget, "copy"):
            widget.copy()

    def find_anything(self) -> None:
        """Go to the line that finds anything."""
        self.actions_.find.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.actions_.find.selectAll()

    def _zoomed(self) -> None:
        soon(self, self._fit_text)  # once widgets know their new sizes
        self.actions_.refresh("text_larger", "text_smaller", "text_usual")

    def _fit_text(self) -> None:
        self.splitter.follow_text()
        self.actions_.place_document()
        self.actions_.fit_toolbar()

    def reset_layout(self) -> None:
        """Sizes as on the first day."""
        self.settings.forget_states()
        self.frame.reset()
        self.splitter.reset()

    def start_tour(self) -> None:
        """Bubbles that tell what the parts of the window are for; one tour at a time."""
        from terrace_desktop.app.tour import Parts, Tour

        for tour in self.findChildren(Tour):
            tour.end()
        self.places.leave_start()
        self.left.show_tab(DATA)
        buttons = self.actions_.buttons
        Tour(
            self,
            Parts(
                data=self.left,
                prepare=buttons["tool_prepare"],
                new_model=buttons["new_model"],
                results=self.results,
                history=self.left.history_part(),
                export=buttons["export"],
            ),
        )

    # --- looks and state ----------------------------------------------------------------------------
    def _refresh(self) -> None:
        snapshot = self.controller.snapshot
        self.actions_.refresh()
        self.actions_.explore.setEnabled(self.controller.has_data())
        self.actions_.show_steps(snapshot.undo_text, snapshot.redo_text)
        self._show_document()
        self.status.show_facts(self.status.facts_of(snapshot, self.filters.sentence()))

    def _show_document(self) -> None:
        """What is open, and how it stands, in the menu bar and the title."""
        name, state = self.projects.name(), self.projects.words()
        self.actions_.show_document(name, state)
        self.setWindowTitle(" – ".join(x for x in (name, state, "Terrace") if x))
        self.actions_.refresh("save", "save_as", "save_bare")

    def _restore(self) -> None:
        self.start.show_recent(self.settings.recent())
        self.actions_.show_recent(self.settings.recent())
        self.start.convention.show_choice(self.settings.convention())
        self.frame.restore()
        self.left.show_tab(min(2, max(0, self.settings.number("tab"))))
        if not self.settings.flag("labels", True):
            self.left.labels.choose("codes")

    def _close_anyway(self) -> None:
        self._sure = True
        self.close()

    def end_in_order(self) -> None:
        """The system ends: nobody is there to be asked, and what is not saved stays for the next start."""
        self.asks_on_close = False

    def _close_without(self) -> None:
        self.projects.discard()
        self._close_anyway()

    def _remember(self) -> None:
        self.frame.remember()
        self.splitter.remember()
        self.settings.set_number("tab", self.left.tab())
        self.settings.set_flag("labels", self.left.labels.value() == "labels")
        self.settings.save()

    # --- events -------------------------------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = _dropped_files(event)
        if paths:
            event.acceptProposedAction()
            soon(self, lambda: self.data.choose_several(paths))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.frame.shown()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "actions_"):
            self.actions_.place_document()
            self.actions_.fit_toolbar()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.asks_on_close and self.unsaved() and not self._sure:
            event.ignore()
            self.projects.ask(self._close_anyway, discard=self._close_without)
            return
        self.failures.close()
        self.projects.stop()
        self.updates.stop()
        self.imports.stop()
        self._remember()
        self.models.close_builder()
        self.controller.stop()
        event.accept()
        self.closed.emit()


def _rests_on(document: Document) -> list[tuple[int, int, str | None]]:
    """The models with what they rest on: their data, and their filter."""
    return [(i.id, id(i.data), None if i.fit is None else i.fit.spec.filter) for i in document.models()]


def _dropped_files(event: QDropEvent) -> list[str]:
    files = [u.toLocalFile() for u in event.mimeData().urls() if u.isLocalFile()]
    return files if all(Path(file).is_file() for file in files) else []


def _same_data(old: Dataset | None, new: Dataset | None) -> bool:
    """True where the new data are a changed version of the old (same source, same rows)."""
    return old is not None and new is not None and old.source == new.source and len(old) == len(new)
