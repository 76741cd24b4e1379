"""Menus and tool bar: where each action stands. What cannot be done now is disabled."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QT_TRANSLATE_NOOP, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)
from shiboken6 import isValid

from terrace.data.resources import resource_path
from terrace_desktop.app.find import FindLine, Thing
from terrace_desktop.app.start_page import sample_cards
from terrace_desktop.ui import theme
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.bar_button import BarButton
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.widgets import ElidedLabel, label, named, sized
from terrace_desktop.ui.words import marked, tr

WIDE = 1360  # px: in a narrower window open and save are icons alone
LEAST_FIND, FIND = 120, 255  # px of the line that finds anything

GIVE_WAY = (  # entries of the bar, in the order in which they lose their words
    "open", "save", "compare", "export", "tool_plot", "tool_describe", "tool_prepare", "after_all", "new_model",
)  # fmt: skip
BESIDE, ICON = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
SHOW_WORK = frozenset(  # see `show_open`
    {"tool_describe", "tool_prepare", "tool_plot", "new_model", "after_all", "export"}
)
ICONS = {
    "open": "open", "save": "save", "undo": "undo", "redo": "redo", "copy": "copy", "new_model": "model",
    "edit_model": "edit", "compare": "compare", "after_all": "after", "export": "report", "tab_data": "data",
    "tab_variables": "variables", "tab_history": "history", "filter": "filter",
}  # fmt: skip

EXPLORE = (  # command that must exist, what to run, words
    ("describe", "describe", QT_TRANSLATE_NOOP("Actions", "Describe the data")),
    ("summarize", "summarize", QT_TRANSLATE_NOOP("Actions", "Summarize variables")),
    ("codebook", "codebook", QT_TRANSLATE_NOOP("Actions", "Codebook")),
    ("misstable summarize", "misstable summarize", QT_TRANSLATE_NOOP("Actions", "Missing values")),
)


class Actions(QObject):
    """The actions that it is given, in menus and tool bar; ``actions["open"]`` is one of them."""

    file_asked = Signal(str)  # a recent one
    sample_asked = Signal(str)
    command_asked = Signal(str)
    tool_used = Signal()

    def __init__(self, window: QMainWindow, given: Iterable[Action]) -> None:
        super().__init__(window)
        self.window = window
        self._given = {action.name: action for action in given}
        self._all: dict[str, QAction] = {}
        self._explored: list[QAction] = []
        self.more_things: Callable[[], list[Thing]] = list  # what can be found beside the actions
        self._before_menus: QWidget | None = None  # what had the focus before F10
        self._build_menus()
        self._build_toolbar()

    def __getitem__(self, name: str) -> QAction:
        return self._all[name]

    def names(self) -> list[str]:
        """The names of all actions."""
        return list(self._all)

    def refresh(self, *names: str) -> None:
        """Enable what can be done now and disable the rest: all actions, or those named."""
        for name in names or self._all:
            self._all[name].setEnabled(self._given[name].enabled())

    def choose(self, name: str) -> None:
        """Check the action of a choice that holds now."""
        self._all[name].setChecked(True)

    def show_document(self, name: str, state: str = "") -> None:
        """The name of what is open and how it stands, at the right end of the menu bar."""
        text = "   ".join(x for x in (state, name) if x)
        if text != self.document.full_text():
            self.document.set_text(text)
            self.place_document()

    def show_steps(self, undo: str, redo: str) -> None:
        """Name what is undone and done again, in the menu and on the buttons."""
        for name, step, words, plain in (
            ("undo", undo, tr("&Undo {0}"), tr("&Undo")), ("redo", redo, tr("&Redo {0}"), tr("&Redo")),
        ):  # fmt: skip
            text = words.format(step.replace("&", "&&")) if step else plain
            action, b = self._all[name], self.buttons[name]
            action.setText(text)
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            said = (words.format(step) if step else plain).replace("&", "", 1)
            b.setToolTip(f"{said} ({keys})" if keys else said)
            b.setAccessibleName(said)

    def place_document(self) -> None:
        """Give that name the room it needs and the window has; the menus come first."""
        bar = self.window.menuBar()
        menus = sum(bar.actionGeometry(a).width() for a in bar.actions()) + self.wordmark.sizeHint().width()
        room = max(0, min(320, self.window.width() - menus - 24))
        self.document.widest = 16_777_215
        width = min(room, self.document.sizeHint().width() + 24) if room >= 80 else 0
        self.document.widest = width
        if width != self.document.width() or self.document.isHidden():
            self.document.setFixedWidth(width)
            self.document.show()
            QApplication.sendEvent(bar, QResizeEvent(bar.size(), bar.size()))  # it lays out its corners then

    def fit_toolbar(self) -> None:
        """In a narrow window entries of the bar lose their words, one after the other; none goes."""
        width = self.window.width()
        alone = {"open", "save"} if width < theme.px(WIDE) else set()
        for name in ("", *GIVE_WAY):
            alone |= {name} - {""}
            if self._needed(alone) <= width:
                break
        self.find.setFixedWidth(max(LEAST_FIND, min(theme.px(FIND), width - self._needed(alone) + LEAST_FIND)))

    def _needed(self, alone: set[str]) -> int:
        """Px of the bar where these entries are icons alone, and the line is as short as it gets."""
        total = LEAST_FIND + 2 * 12 + 3 * 20 + 2 * (len(self.buttons) + 4)  # margins, separators, gaps
        for name, b in self.buttons.items():
            b.setToolButtonStyle(ICON if name in ("undo", "redo") or name in alone else BESIDE)
            total += b.sizeHint().width()
        return total

    def show_open(self, name: str) -> None:
        """Mark the entry of the bar whose work stands in the panel, if there is one."""
        for key, b in self.buttons.items():
            b.setChecked(key == name)

    def sheet(self) -> list[tuple[str, str]]:
        """The keys of all actions with what they do, in the order of the menus."""
        native = QKeySequence.SequenceFormat.NativeText
        return [
            (", ".join(k.toString(native) for k in action.shortcuts()), action.text().replace("&", "").rstrip("…"))
            for action in self._all.values()
            if action.shortcuts()
        ]

    def show_recent(self, paths: list[str]) -> None:
        """Fill the menu of recent files."""
        self.recent.clear()
        for path in paths:
            self.recent.addAction(path).triggered.connect(lambda _checked=False, p=path: self.file_asked.emit(p))
        self.recent.setEnabled(bool(paths))

    def show_explore(self, known: dict[str, str]) -> None:
        """Fill the Explore menu with the commands that there are."""
        for action in self._explored:
            self.explore.removeAction(action)
        first = self.explore.actions()[0]
        self._explored = []
        for needed, command, words in EXPLORE:
            if needed in known:
                action = QAction(marked("Actions", words), self.explore)
                action.triggered.connect(lambda _checked=False, c=command: self.command_asked.emit(c))
                self.explore.insertAction(first, action)
                self._explored.append(action)
        self._explored.append(self.explore.insertSeparator(first))

    # --- menus --------------------------------------------------------------------------------------
    def _build_menus(self) -> None:
        bar = self.window.menuBar()
        named(bar, "menu_bar", tr("Menu bar"))
        bar.installEventFilter(self)
        bar.setNativeMenuBar(bar.isNativeMenuBar())
        file = self._menu(tr("&File"), "file")
        self._put(file, "open", "paste_data")
        samples = named(file.addMenu(tr("Open sa&mple")), "menu_samples", tr("Open sample"))
        for card in sample_cards():
            action = samples.addAction(card.title)
            action.triggered.connect(lambda _checked=False, n=card.name: self.sample_asked.emit(n))
        self.recent = named(file.addMenu(tr("&Recent files")), "menu_recent", tr("Recent files"))
        self._put(file, None, "save", "save_as", "save_bare", None, "save_data")
        self._put(file, "run_do", "run_history", "save_history", None, "export", None, "start", "quit")
        self._put(self._menu(tr("&Edit"), "edit"), "undo", "redo", None, "copy")
        self._put(
            self._menu(tr("&Data"), "data"),
            "do_compute", "do_recode", "do_centre", "do_across", "do_egen", "do_labels", "do_keep_rows", None,
            "update_data", "do_merge", "do_append", "do_collapse", "do_long", "do_wide", None,
            "labels", "codes", None,
            "sort_up", "sort_down", "sort_none", None,
            "filter", "filter_use", "filter_view", "show_all", None,
            "go_to", "variables",
        )  # fmt: skip
        data = self.window.menuBar().actions()[-1].menu()
        assert isinstance(data, QMenu)
        cells = named(data.addMenu(tr("Cells")), "menu_cells", tr("Cells"))
        self._put(
            cells,
            "cut_cells", "paste_cells", "clear_cells", None, "fill_down", "fill_right", None,
            "insert_rows", "insert_variables", "delete_rows", "delete_variables", None,
            "find_cells", "replace_cells", None, "freeze", "unfreeze",
        )  # fmt: skip
        self.explore = self._menu(tr("E&xplore"), "explore")
        self._put(
            self.explore,
            "do_tabstat", "do_tabulate", "do_table", "do_xtsum", "do_correlate", "do_list", None,
            "do_scatter", "do_lines", "do_histogram", "do_bar", "do_box",
        )  # fmt: skip
        model = self._menu(tr("&Model"), "model")
        self._put(
            model,
            "new_model", "guide", "paste_model", "edit_model", "refit", "refit_stale", "compare", None, "cancel", None,
        )  # fmt: skip
        conventions = model.addMenu(tr("Con&ventions"))
        named(conventions, "menu_conventions", tr("Conventions"))
        self._put(conventions, *(name for name in self._given if name.startswith("convention_")))
        self._put(
            self._menu(tr("&Results"), "results"),
            "predict", "after_icc", "after_sd", "after_recovariance", "after_group", "after_ic", "after_all", None,
            "copy_tables", "edit_figure", "sds", "variances", None,
            "add_note", "add_heading", "collapse", "expand", "clear",
        )  # fmt: skip
        view = self._menu(tr("&Window"), "window")
        self._put(view, "find", "tab_data", "tab_variables", "tab_history", "focus_results", "focus_command", None)
        self._put(view, "next_zone", "previous_zone", "fold_data", "tear_panel", None)
        themes = named(view.addMenu(tr("&Theme")), "menu_theme", tr("Theme"))
        self._put(themes, *(f"theme_{choice}" for choice in theme.CHOICES))
        languages = named(view.addMenu(tr("&Language")), "menu_language", tr("Language"))
        self._put(languages, *(name for name in self._given if name.startswith("language_")))
        helping = self._menu(tr("&Help"), "help")
        self._put(
            helping,
            "help", "help_builder", "help_choices", "help_formats", "tour", "shortcuts", "commands", None,
        )  # fmt: skip
        versions = named(helping.addMenu(tr("&New versions")), "menu_versions", tr("New versions"))
        self._put(versions, "update_look", None, "update_yes", "update_no")
        self._put(helping, "check", "log", None, "licences", "about")
        either = QActionGroup(self.window)
        for name in ("update_yes", "update_no"):
            either.addAction(self._all[name])
        for menu in (themes, languages, conventions):
            group = QActionGroup(self.window)
            for action in menu.actions():
                if not action.isSeparator():
                    group.addAction(action)
        self._put(view, None, "text_larger", "text_smaller", "text_usual", None, "reset_layout")
        self.wordmark = named(QWidget(), "wordmark", "Terrace")
        row = QHBoxLayout(self.wordmark)
        row.setContentsMargins(16, 0, 4, 0)
        row.setSpacing(8)
        logo = QLabel()
        logo.setPixmap(QIcon(str(resource_path("icons", "terrace.svg"))).pixmap(18, 18))
        row.addWidget(logo)
        row.addWidget(label("Terrace", "wordmark"))
        QShortcut(QKeySequence("F10"), self.window).activated.connect(self._into_menus)
        bar.setCornerWidget(self.wordmark, Qt.Corner.TopLeftCorner)
        self.document = ElidedLabel("", "document")
        bar.setCornerWidget(self.document, Qt.Corner.TopRightCorner)

    def _into_menus(self) -> None:
        bar, now = self.window.menuBar(), QApplication.focusWidget()
        if now is not bar:
            self._before_menus = now
        bar.setFocus(Qt.FocusReason.MenuBarFocusReason)
        bar.setActiveAction(bar.actions()[0])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        left = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if left and event.type() == QEvent.Type.KeyPress and watched is self.window.menuBar():
            soon(self, self._out_of_menus)
        return super().eventFilter(watched, event)

    def _out_of_menus(self) -> None:
        """Escape in the menu bar leads back to where F10 was pressed."""
        before, self._before_menus = self._before_menus, None
        lost = QApplication.focusWidget() in (None, self.window.menuBar())
        if lost and before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.MenuBarFocusReason)

    def _menu(self, title: str, name: str) -> QMenu:
        menu = self.window.menuBar().addMenu(title)
        return named(menu, f"menu_{name}", title.replace("&", ""))

    def _put(self, menu: QMenu, *names: str | None) -> None:
        """Put actions into a menu; None is a line between them."""
        for name in names:
            if name is None:
                menu.addSeparator()
            else:
                menu.addAction(self._make(name))

    def _make(self, name: str) -> QAction:
        given = self._given[name]
        action = QAction(given.text, self.window)
        action.setObjectName(f"action_{name}")
        if isinstance(given.keys, QKeySequence.StandardKey):
            action.setShortcuts(QKeySequence.keyBindings(given.keys))
        elif isinstance(given.keys, tuple):
            action.setShortcuts([QKeySequence(k) for k in given.keys])
        elif given.keys is not None:
            action.setShortcut(QKeySequence(given.keys))
        if given.chosen is not None:
            action.setCheckable(True)
            action.setChecked(given.chosen)
        action.triggered.connect(lambda _checked=False: given.run())
        self._all[name] = action
        return action

    # --- the tool bar -------------------------------------------------------------------------------
    def _build_toolbar(self) -> None:
        bar = QToolBar(tr("Tools"))
        named(bar, "toolbar", tr("Tools"))
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.toggleViewAction().setEnabled(False)
        self.window.addToolBar(bar)
        sized(bar, height=theme.BAR)
        self.buttons: dict[str, QToolButton] = {}
        plan = (
            ("open", tr("Open"), "open"), ("save", tr("Save"), "save"), None,
            ("undo", tr("Undo"), "undo"), ("redo", tr("Redo"), "redo"), None,
            ("tool_describe", tr("Describe"), "describe"), ("tool_prepare", tr("Prepare"), "prepare"),
            ("tool_plot", tr("Plot"), "plot"), ("new_model", tr("New model"), "model"),
            ("after_all", tr("After the fit"), "after"), ("compare", tr("Compare"), "compare"),
        )  # fmt: skip
        for item in plan:
            if item is None:
                bar.addSeparator()
            else:
                bar.addWidget(self._bar_button(*item))
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(gap)
        self.find = FindLine(self._things)
        sized(self.find, height=theme.CONTROL)
        bar.addWidget(self.find)
        bar.addWidget(self._bar_button("export", tr("Report"), "report"))

    def _bar_button(self, name: str, text: str, icon: str) -> QToolButton:
        action = self._all[name] if name in self._all else self._make(name)  # some stand in no menu
        b = named(BarButton(), f"tool_{name}", text)
        b.setText(text)
        b.setProperty("variant", "bar")
        b.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        b.setCursor(Qt.CursorShape.PointingHandCursor)
        set_icon(b, icon, on="accent_text")
        b.setCheckable(name in SHOW_WORK)
        b.setToolButtonStyle(BESIDE)
        b.setEnabled(action.isEnabled())
        b.clicked.connect(lambda _checked=False: self._pressed(b, action))
        action.enabledChanged.connect(b.setEnabled)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        b.setToolTip(f"{text} ({keys})" if keys else text)
        self.buttons[name] = b
        return b

    def _pressed(self, b: QToolButton, action: QAction) -> None:
        b.setChecked(not b.isChecked())  # it shows what is open, which is not for the click to say
        action.trigger()
        self.tool_used.emit()

    def _things(self) -> list[Thing]:
        """What the actions are for the line that finds anything, and what else the window has."""
        kind = tr("Menu")
        out = [
            Thing(a.text().replace("&", "").rstrip("…"), kind, ICONS.get(n, "more"), a.trigger, n.replace("_", " "))
            for n, a in self._all.items()
            if a.isEnabled() and not n.startswith(("do_", "tool_")) and n != "find"
        ]
        return out + self.more_things()
