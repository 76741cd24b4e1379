"""The main window: menus and tool bar above; data, work and results side by side; status below."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from terrace.errors import TerraceError
from terrace.session.effects import Effect
from terrace.spec.conventions import CONVENTIONS, convention
from terrace_desktop.app.actions import Actions
from terrace_desktop.app.data_flow import DataFlow
from terrace_desktop.app.data_pane import DATA, HISTORY, VARIABLES, DataPane
from terrace_desktop.app.export_flow import ExportFlow
from terrace_desktop.app.find import Thing
from terrace_desktop.app.help_flow import HelpFlow
from terrace_desktop.app.model_flow import ModelFlow
from terrace_desktop.app.own import Own
from terrace_desktop.app.script_flow import ScriptFlow
from terrace_desktop.app.start_page import PATHS, StartPage
from terrace_desktop.app.status import StatusBar
from terrace_desktop.app.variables_editor import VariablesEditor
from terrace_desktop.app.zones import Zones, fitting
from terrace_desktop.panels.data.actions import actions as prepare_actions
from terrace_desktop.project.flow import ProjectFlow
from terrace_desktop.project.notices import Notices
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.ui import dialogs, theme, words
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.measures import measure_icon
from terrace_desktop.ui.settings import Settings
from terrace_desktop.ui.widgets import named
from terrace_desktop.ui.words import tr
from terrace_desktop.ui.work_panel import WorkPanel
from terrace_desktop.work import logs, session_port
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.history import duration
from terrace_desktop.work.worker import Worker

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.session.contract import Outcome, Progress
    from terrace_desktop.importing.flow import ImportFlow
    from terrace_desktop.importing.several_flow import SeveralFlow
    from terrace_desktop.panels.data.flow import PrepareFlow
    from terrace_desktop.work.history import Entry

SIZE = (1440, 900)


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
        self.models = ModelFlow(self, self.controller, self.results, settings, self.splitter, self.left.list)
        self._prepare: PrepareFlow | None = None
        self._variables: VariablesEditor | None = None
        self._served: QWidget | None = None  # what the panel showed last
        self.exports = ExportFlow(self, self.controller, self.results, settings)
        self.scripts = ScriptFlow(self, self.controller, settings, self.controller.history.do_file)
        self.help = HelpFlow(self, self.controller)
        self.status = StatusBar()
        self.setStatusBar(self.status)
        self.pages = named(QStackedWidget(), "pages", self.tr("Start and workspace"))
        self.pages.addWidget(self.start)
        self.pages.addWidget(self.splitter)
        self.notices = Notices()
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
        self._imports: ImportFlow | None = None
        self._several: SeveralFlow | None = None
        self.actions_ = Actions(self, self.all_actions())
        self._failure: QWidget | None = None
        self._closing = False
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

    @property
    def imports(self) -> ImportFlow:
        """The import of a file, loaded when it is first wanted."""
        if self._imports is None:
            from terrace_desktop.importing.flow import ImportFlow

            self._imports = ImportFlow(self, self.pages, self.controller, self.settings, self.data.run_import)
            self._imports.told.connect(self.status.tell)
            self._imports.left.connect(self._import_left)
        return self._imports

    @property
    def several(self) -> SeveralFlow:
        """Several files that are put together, loaded when they are first wanted."""
        if self._several is None:
            from terrace_desktop.importing.several_flow import SeveralFlow

            self._several = SeveralFlow(self, self.pages, self.controller, self.data.run_import)
            self._several.left.connect(self._import_left)
        return self._several

    def _open_form(self, key: str, group: str = "") -> None:
        self.prepare.open(key, group)

    def edit_variables(self, name: str = "") -> None:
        """What the variables are, to be edited in the work panel."""
        if self._variables is None:
            self._variables = VariablesEditor(self.left.variables_page)
        self.splitter.open(self._variables)
        if name:
            self.left.variables.show_variable(name)

    def _take_variable(self, name: str) -> None:
        """A variable of the list was taken, and no builder is there for it: show what it is."""
        if self.models.builder is None or not self.splitter.is_open(self.models.builder):
            self.edit_variables(name)

    def _variable_menu(self, name: str, where: QPoint) -> None:
        if self.models.builder is not None and self.splitter.is_open(self.models.builder):
            return
        menu = named(QMenu(self), "variable_menu", name)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Labels and measure…")).triggered.connect(lambda: self.edit_variables(name))
        menu.addAction(self.tr("Go to its column")).triggered.connect(lambda: self.left.go_to(name))
        menu.popup(where)

    def _things(self) -> list[Thing]:
        """What can be found beside the actions: forms, variables, results, commands."""
        from terrace_desktop.panels.after.catalog import groups as after_catalog
        from terrace_desktop.panels.data.catalog import groups as data_catalog

        dataset = self.controller.snapshot.dataset
        if dataset is None:
            return []
        out = [
            Thing(e.title, self.tr("Form"), g.icon or "prepare", partial(self._open_form, e.key),
                  f"{e.purpose} {e.also} {e.key}")
            for g in data_catalog()
            for e in g.entries
        ]  # fmt: skip
        card = self.results.newest()
        if card is not None:
            out += [
                Thing(e.title, self.tr("After the fit"), "after", partial(self.models.open_after, card, e.key),
                      f"{e.purpose} {e.also} {e.key}")
                for g in after_catalog()
                for e in g.entries
            ]  # fmt: skip
        out += [
            Thing(v.name, self.tr("Variable"), measure_icon(v.measure.value), partial(self.left.go_to, v.name), v.label)
            for v in dataset.variables
        ]
        out += [
            Thing(c.title, self.tr("Result"), "model", partial(self._show_result, c), "model result")
            for c in self.results.cards()
        ]
        for name, about in session_port.known_commands().items():
            out.append(Thing(name, self.tr("Command"), "history", partial(self._edit_command, f"{name} "), about))
        return out

    def _show_result(self, card: QWidget) -> None:
        if card in self.results.cards():
            self.results.go_to(card.item.id)
            card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _panel_changed(self) -> None:
        """The entry of the tool bar whose work is in the panel is marked."""
        content = self.work.content() if self.splitter.is_open() else None
        self.actions_.show_open("" if content is None else content.tool())
        if content is not None and content is self.models.builder and content is not self._served:
            self.left.offer_variables()
        self._served = content

    def all_actions(self) -> list[Action]:
        """What the menus and the tool bar offer, by those who do it."""
        return [
            *self.data.actions(),
            *self.projects.actions(),
            *prepare_actions(self._open_form, self.controller.has_data),
            *self.models.actions(),
            *self.exports.actions(),
            *self.scripts.actions(),
            *self.help.actions(),
            *self._actions(),
        ]

    def _actions(self) -> list[Action]:
        """What belongs to no flow."""
        std, open_ = QKeySequence.StandardKey, self.controller.has_data
        themes = (
            ("system", tr("S&ame as the system")), ("light", tr("&Light")), ("dark", tr("&Dark")),
            ("contrast_light", tr("&High contrast, light")), ("contrast_dark", tr("High &contrast, dark")),
        )  # fmt: skip
        now, spoken = theme.manager().choice, self.settings.language()
        return [
            Action("start", tr("Start pa&ge"), self.show_start),
            Action("quit", tr("&Quit"), self.close, std.Quit),
            Action("undo", tr("&Undo"), self.undo, std.Undo, lambda: self.controller.snapshot.can_undo),
            Action("redo", tr("&Redo"), self.redo, std.Redo, lambda: self.controller.snapshot.can_redo),
            Action("copy", tr("&Copy"), self.copy, enabled=open_),
            Action("variables", tr("Variable proper&ties…"), self.edit_variables, enabled=open_),
            Action("cancel", tr("C&ancel command"), self.controller.cancel, "Ctrl+.", lambda: self.controller.busy),
            Action("find", tr("&Find anything"), self.find_anything, "Ctrl+K"),
            Action("next_zone", tr("&Next zone"), partial(self.splitter.go, 1), "F6"),
            Action("previous_zone", tr("Previou&s zone"), partial(self.splitter.go, -1), "Shift+F6"),
            Action("fold_data", tr("Show or h&ide the data"), self.fold_data, enabled=open_),
            Action("tear_panel", tr("Detach or dock the work &panel"), self.splitter.tear,
                   enabled=self.splitter.is_open),
            Action("tab_data", tr("&Data"), partial(self.show_tab, DATA), "Ctrl+1"),
            Action("tab_variables", tr("&Variables"), partial(self.show_tab, VARIABLES), "Ctrl+2"),
            Action("tab_history", tr("&History"), partial(self.show_tab, HISTORY), "Ctrl+3"),
            Action("focus_results", tr("&Results"), self.focus_results, "Ctrl+4"),
            Action("focus_command", tr("&Command bar"), self.focus_command, "Ctrl+L"),
            *(
                Action(f"theme_{choice}", text, partial(self.set_theme, choice), chosen=choice == now)
                for choice, text in themes
            ),
            *(
                Action(f"language_{code}", text, partial(self.set_language, code), chosen=code == spoken)
                for code, text in ((words.SYSTEM, tr("S&ame as the system")), *words.languages().items())
            ),
            *(
                Action(
                    f"convention_{c.key}", tr("{0}: {1}").format(c.title, c.purpose),
                    partial(self.set_convention, c.key), chosen=c is convention(self.settings.convention()),
                )
                for c in CONVENTIONS
            ),
            Action("text_larger", tr("Lar&ger text"), partial(self.zoom_text, 1), ("Ctrl++", "Ctrl+="),
                   lambda: theme.manager().zoom < theme.ZOOMS[-1]),
            Action("text_smaller", tr("S&maller text"), partial(self.zoom_text, -1), "Ctrl+-",
                   lambda: theme.manager().zoom > theme.ZOOMS[0]),
            Action("text_usual", tr("Te&xt at 100%"), partial(self.zoom_text, 0), "Ctrl+0",
                   lambda: theme.manager().zoom != 100),
            Action("reset_layout", tr("R&eset layout"), self.reset_layout),
            Action("tour", tr("&Tour of the window"), self.start_tour),
        ]

    # --- wiring -------------------------------------------------------------------------------------
    def _connect(self) -> None:
        c = self.controller
        c.ready.connect(self._ready)
        c.finished.connect(self._finished)
        c.changed.connect(self._changed)
        c.busy_changed.connect(self._busy_changed)
        c.progressed.connect(self._progressed)
        c.idle.connect(self.results.hide_progress)
        c.failed.connect(self._failed)
        self.results.progress.cancel_asked.connect(c.cancel)
        self.results.rows_selected.connect(self.left.mark_rows)
        self.results.models_changed.connect(self._refresh)
        self.results.command_edit_asked.connect(self._edit_command)
        self.results.command_run_asked.connect(self.scripts.run_typed)
        self.left.filter_changed.connect(self._refresh)
        self.left.edit_asked.connect(self.edit_variables)
        self.left.list.taken.connect(self._take_variable)
        self.left.list.menu_wanted.connect(self._variable_menu)
        self.splitter.panel_changed.connect(self._panel_changed)
        self.splitter.panel_changed.connect(partial(self.actions_.refresh, "tear_panel"))
        self.work.headed.connect(self._panel_changed)
        self.actions_.more_things = self._things
        self.actions_.tool_used.connect(self._panel_changed)
        self.actions_.find.left.connect(self.left.begin)
        self.help.keys = self.actions_.sheet
        self.left.history_tab.run_asked.connect(self.scripts.run_typed)
        self.left.history_tab.save_asked.connect(self.exports.save_history)
        self.start.open_asked.connect(self.data.ask_open)
        self.start.file_asked.connect(self.data.choose)
        self.start.sample_asked.connect(self.data.open_sample)
        self.start.path_asked.connect(self.begin_path)
        self.start.rescue_asked.connect(self.projects.bring_back)
        self.start.discard_asked.connect(self.projects.drop)
        self.start.convention_asked.connect(self.set_convention)
        self.start.back_asked.connect(self._leave_start)
        self.projects.listed.connect(self.start.show_projects)
        self.projects.told.connect(self.status.tell)
        self.projects.state_changed.connect(self._show_document)
        self.models.draft_changed.connect(self.projects.draft_changed)
        self.actions_.file_asked.connect(self.data.choose)
        self.data.look_asked.connect(self._look_at)
        self.data.look_at_text_asked.connect(self._look_at_text)
        self.data.look_at_several_asked.connect(self._look_at_several)
        self.actions_.sample_asked.connect(self.data.open_sample)
        self.actions_.command_asked.connect(self.controller.run)
        self.data.told.connect(self.status.tell)
        self.data.opened.connect(self._opened)
        self.data.open_failed.connect(self._open_failed)
        self.results.log_asked.connect(self.help.open_log)
        self.exports.activate_asked.connect(self.models.activate)
        self.models.told.connect(self.status.tell)
        self.exports.told.connect(self.status.tell)
        self.scripts.told.connect(self.status.tell)
        self.help.told.connect(self.status.tell)
        self.exports.failed.connect(self._export_failed)

    def begin(self) -> None:
        """Start the threads; call once the window is on screen."""
        self.controller.start()
        self.projects.start()
        self.projects.look()

    def when_ready(self, then: Callable[[], object]) -> None:
        """Call `then` now or when the session is there."""
        if self.controller.is_ready:
            then()
        else:
            self.controller.ready.connect(then, Qt.ConnectionType.SingleShotConnection)

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
            self.left.show_dataset(snapshot.dataset, same)
            self.models.show_data(snapshot.dataset, same)
            self.models.check_stale()
        if snapshot.document is not self.results.shown:
            models = [(i.id, id(i.data)) for i in self.results.shown.models()]
            self.results.show_document(snapshot.document)
            if [(i.id, id(i.data)) for i in snapshot.document.models()] != models:
                self.models.check_stale()
        opened, self._opened_project = self._opened_project, None
        some = snapshot.dataset is not None or opened is not None
        if some and self.pages.currentWidget() is self.start:
            self.pages.setCurrentWidget(self.splitter)
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

    def _busy_changed(self, busy: bool) -> None:
        self.status.show_state(self.tr("Working…") if busy else self.tr("Ready"))
        self.actions_.refresh("cancel")
        if not busy:
            self.results.hide_progress()

    def _progressed(self, entry: Entry | None, progress: Progress | None, seconds: float) -> None:
        stage = progress.stage if progress is not None and progress.stage else self.tr("Working")
        self.status.show_state(f"{stage} · {duration(seconds)}")
        self.results.show_progress(entry, progress, seconds)
        if self.pages.currentWidget() is self.start:
            self.status.tell(f"{stage}…")

    def _opened(self, _name: str) -> None:
        self.start.show_error("")
        self.start.show_recent(self.settings.recent())
        self.actions_.show_recent(self.settings.recent())
        self._refresh()

    def _open_failed(self, _outcome: Outcome) -> None:
        self.status.tell(self.tr("Nothing was opened."))

    def _export_failed(self, message: str, advice: str) -> None:
        from terrace.session.contract import Outcome

        entry = self.controller.history.entries[-1] if self.controller.history.entries else None
        if entry is None:
            self.status.tell(message)
            return
        outcome = Outcome("", self.tr("Export"), "error", 0.0, error=("export", message), error_advice=advice)
        self.results.show_error(entry, outcome)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, TerraceError):
            self.status.tell(words.from_engine(error.message))
        else:
            self.show_failure(f"{type(error).__name__}: {error}", "")

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

    def show_start(self) -> None:
        """Go to the start page; what is open stays."""
        self.start.show_back(self.projects.has_work())
        self.pages.setCurrentWidget(self.start)
        self.projects.look()

    def _look_at(self, path: str) -> None:
        self.imports.look_at(path)

    def _look_at_text(self, text: str) -> None:
        self.imports.look_at_text(text)

    def _look_at_several(self, paths: list[str]) -> None:
        self.several.look_at(paths)

    def _import_left(self) -> None:
        """The page of an import is gone: to the data where there are some."""
        page = self.splitter if self.controller.has_data() or self.results.has_cards() else self.start
        self.pages.setCurrentWidget(page)
        if page is self.splitter:
            self.left.begin()

    def _leave_start(self) -> None:
        self.pages.setCurrentWidget(self.splitter)
        self.left.begin()

    def begin_path(self, key: str) -> None:
        """A guided path: data first, then its first question."""
        guided = next(g for k, g, *_ in PATHS if k == key)
        path = dialogs.ask_data(self, self.tr("Open data"), self.settings.folder())
        if path:
            self.data.open_file(path, lambda: self.models.open_guide(guided))

    def copy(self) -> None:
        """Copy from wherever the focus is."""
        widget: Any = QApplication.focusWidget()
        if widget is self.left.grid:
            self.data.copy()
        elif widget is self.left.history_tab.list:
            self.left.history_tab.copy_selected()
        elif hasattr(widget, "copy"):
            widget.copy()

    def find_anything(self) -> None:
        """Go to the line that finds anything."""
        self.actions_.find.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.actions_.find.selectAll()

    def fold_data(self) -> None:
        """Fold the data to a rail, or show them again."""
        self.splitter.fold(not self.left.is_folded())

    def show_tab(self, tab: int) -> None:
        """Go to a tab on the left."""
        self.left.show_tab(tab)
        if self.pages.currentWidget() is self.start and self.controller.history.entries:
            self.pages.setCurrentWidget(self.splitter)
        if self.left.is_folded():
            self.splitter.fold(False)
        self.left.begin()

    def focus_results(self) -> None:
        """Go to the results."""
        self.results.begin()

    def focus_command(self) -> None:
        """Go to the command bar."""
        if self.pages.currentWidget() is self.start:
            self.pages.setCurrentWidget(self.splitter)
        self.left.show_tab(HISTORY)
        self.left.history_tab.bar.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_theme(self, choice: str) -> None:
        """Change the theme and remember it."""
        theme.manager().apply(choice)
        self.settings.set_theme(choice)
        self.actions_[f"theme_{choice}"].setChecked(True)

    def zoom_text(self, step: int) -> None:
        """Text one size larger (1) or smaller (-1), or as it is usually (0), here and from the next start on."""
        manager = theme.manager()
        manager.set_zoom(manager.next_zoom(step) if step else 100)
        self.settings.set_zoom(manager.zoom)
        QTimer.singleShot(0, self, self._fit_text)  # once widgets know their new sizes
        self.actions_.refresh("text_larger", "text_smaller", "text_usual")
        self.status.tell(self.tr("Text at {0}%").format(manager.zoom))

    def _fit_text(self) -> None:
        self.splitter.follow_text()
        self.actions_.place_document()
        self.actions_.fit_toolbar()

    def set_language(self, choice: str) -> None:
        """Remember the language; texts that stand already stay as they are."""
        self.settings.set_language(choice)
        self.actions_[f"language_{choice}"].setChecked(True)
        self.status.tell(self.tr("The language changes when you next start Terrace."))

    def set_convention(self, key: str) -> None:
        """What forms write where nothing is chosen, from now on; commands keep their own defaults."""
        self.settings.set_convention(key)
        self.actions_[f"convention_{key}"].setChecked(True)
        self.start.convention.show_choice(key)
        told = self.tr("New models start with: {0}. Typed commands keep the defaults in the manual.")
        self.status.tell(told.format(convention(key).purpose))

    def reset_layout(self) -> None:
        """Sizes as on the first day."""
        self.settings.forget_states()
        self.resize(*fitting(SIZE))
        self.splitter.reset()

    def start_tour(self) -> None:
        """Bubbles that tell what the parts of the window are for; one tour at a time."""
        from terrace_desktop.app.tour import Parts, Tour

        for tour in self.findChildren(Tour):
            tour.end()
        if self.pages.currentWidget() is self.start:
            self.pages.setCurrentWidget(self.splitter)
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

    def show_failure(self, summary: str, details: str) -> None:
        """Tell of an unforeseen error; one dialog at a time."""
        if self._failure is None and not self._closing:
            dialog = dialogs.FailureDialog(self, summary, details, logs.log_path())
            self._failure = dialog
            dialog.finished.connect(self._failure_gone)
            dialog.open()

    def _failure_gone(self, _result: int) -> None:
        self._failure = None

    def _edit_command(self, command: str) -> None:
        self.left.show_tab(HISTORY)
        self.left.history_tab.bar.put(command)

    # --- looks and state ----------------------------------------------------------------------------
    def _refresh(self) -> None:
        snapshot = self.controller.snapshot
        self.actions_.refresh()
        self.actions_.explore.setEnabled(self.controller.has_data())
        self.actions_.show_steps(snapshot.undo_text, snapshot.redo_text)
        self._show_document()
        self.status.show_facts(self._facts(snapshot))

    def _show_document(self) -> None:
        """What is open, and how it stands, in the menu bar and the title."""
        name, state = self.projects.name(), self.projects.words()
        self.actions_.show_document(name, state)
        self.setWindowTitle(" – ".join(x for x in (name, state, "Terrace") if x))
        self.actions_.refresh("save", "save_as", "save_bare")

    def _facts(self, snapshot: session_port.Snapshot) -> str:
        if snapshot.dataset is None:
            return self.tr("No data open")
        from terrace.data.streams.batches import StreamedData

        rows: int | None = len(snapshot.dataset)
        shown = self.left.rows_shown()
        filtered = self.tr("no filter")
        if shown is not None:
            filtered = self.tr("{0} row(s) shown", "", shown).format(f"{shown:,}")
        if isinstance(snapshot.dataset, StreamedData):
            filtered = self.tr("streamed, first {0} shown").format(f"{rows:,}")
            rows = snapshot.dataset.file.n_rows
        variables, models = len(snapshot.dataset.variables), len(snapshot.document.models())
        parts = [
            self.tr("rows not counted") if rows is None else self.tr("{0} row(s)", "", rows).format(f"{rows:,}"),
            self.tr("{0} variable(s)", "", variables).format(f"{variables:,}"),
            filtered,
            self.tr("{0} model(s)", "", models).format(models),
        ]
        return " · ".join(parts)

    def _restore(self) -> None:
        self.start.show_recent(self.settings.recent())
        self.actions_.show_recent(self.settings.recent())
        self.start.convention.show_choice(self.settings.convention())
        self.resize(*fitting(SIZE))
        self._first_size = self.size()
        geometry = self.settings.state("window")
        if geometry is not None:
            self.restoreGeometry(geometry)
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
        self.settings.set_state("window", self.saveGeometry())
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
            QTimer.singleShot(0, self, lambda: self.data.choose_several(paths))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self._keep_on_screen)  # the frame is known once the window stands

    def _keep_on_screen(self) -> None:
        """A window whose frame is larger than the screen has its status bar under the edge."""
        screen = self.screen()
        if self.isMaximized() or self.isFullScreen() or screen is None:
            return
        room, whole = screen.availableGeometry(), self.frameGeometry()
        over = (max(0, whole.width() - room.width()), max(0, whole.height() - room.height()))
        if any(over) and self.size() == self._first_size:
            self.resize(self.width() - over[0], self.height() - over[1])
            self.move(room.topLeft())

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
        self._closing = True
        self.projects.stop()
        for flow in (self._imports, self._several):
            if flow is not None:
                flow.stop()
        self._remember()
        self.models.close_builder()
        self.controller.stop()
        event.accept()
        self.closed.emit()


def _dropped_files(event: QDropEvent) -> list[str]:
    files = [u.toLocalFile() for u in event.mimeData().urls() if u.isLocalFile()]
    return files if all(Path(file).is_file() for file in files) else []


def _same_data(old: Dataset | None, new: Dataset | None) -> bool:
    """True where the new data are a changed version of the old (same source, same rows)."""
    return old is not None and new is not None and old.source == new.source and len(old) == len(new)
