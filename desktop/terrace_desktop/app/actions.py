"""Menus and tool bar: where each action stands. What cannot be done now is disabled."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QT_TRANSLATE_NOOP, QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from terrace_desktop.app.start_page import sample_cards
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.widgets import ElidedLabel, label, named, tool_button
from terrace_desktop.ui.words import marked, tr

ROOMY = 1040  # px: a narrower window leaves the tools out of its bar that the menus have too
TIGHT = 740  # px: a narrower one leaves out undo and redo as well

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

    def __init__(self, window: QMainWindow, given: Iterable[Action]) -> None:
        super().__init__(window)
        self.window = window
        self._given = {action.name: action for action in given}
        self._all: dict[str, QAction] = {}
        self._explored: list[QAction] = []
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

    def show_document(self, name: str) -> None:
        """The name of what is open, at the right end of the menu bar."""
        self.document.set_text(name)
        self.place_document()

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
        """Leave out of a narrow bar what the menus have too."""
        for least, actions in ((ROOMY, self._roomy), (TIGHT, self._tight)):
            for action in actions:
                action.setVisible(self.window.width() >= least)

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
        bar.setNativeMenuBar(bar.isNativeMenuBar())
        file = self._menu(tr("File"), "file")
        self._put(file, "open", "paste_data")
        samples = named(file.addMenu(tr("Open &sample")), "menu_samples", tr("Open sample"))
        for card in sample_cards():
            action = samples.addAction(card.title)
            action.triggered.connect(lambda _checked=False, n=card.name: self.sample_asked.emit(n))
        self.recent = named(file.addMenu(tr("&Recent files")), "menu_recent", tr("Recent files"))
        self._put(file, None, "save_data", "run_do", "last_session", "save_history", None, "export", None, "quit")
        self._put(self._menu(tr("Edit"), "edit"), "undo", "redo", None, "copy")
        self._put(
            self._menu(tr("Data"), "data"),
            "do_compute", "do_recode", "do_centre", "do_across", "do_egen", "do_labels", "do_keep_rows", None,
            "do_merge", "do_append", "do_collapse", "do_long", "do_wide", None,
            "labels", "codes", None,
            "sort_up", "sort_down", "sort_none", None,
            "filter", "go_to", "show_all", "variables",
        )  # fmt: skip
        self.explore = self._menu(tr("Explore"), "explore")
        self._put(
            self.explore,
            "do_tabstat", "do_tabulate", "do_table", "do_xtsum", "do_correlate", "do_list", None,
            "do_scatter", "do_lines", "do_histogram", "do_bar", "do_box",
        )  # fmt: skip
        model = self._menu(tr("Model"), "model")
        self._put(
            model,
            "new_model", "paste_model", "edit_model", "refit", "compare", None, "cancel", None,
        )  # fmt: skip
        conventions = model.addMenu(tr("Con&ventions"))
        named(conventions, "menu_conventions", tr("Conventions"))
        self._put(conventions, *(name for name in self._given if name.startswith("convention_")))
        self._put(
            self._menu(tr("Results"), "results"),
            "predict", "after_icc", "after_sd", "after_recovariance", "after_group", "after_ic", "after_all", None,
            "copy_tables", "sds", "variances", None,
            "collapse", "expand", "clear",
        )  # fmt: skip
        view = self._menu(tr("Window"), "window")
        self._put(view, "tab_data", "tab_variables", "tab_history", "focus_results", "focus_command", None)
        themes = named(view.addMenu(tr("&Theme")), "menu_theme", tr("Theme"))
        self._put(themes, "theme_system", "theme_light", "theme_dark")
        languages = named(view.addMenu(tr("&Language")), "menu_language", tr("Language"))
        self._put(languages, *(name for name in self._given if name.startswith("language_")))
        for menu in (themes, languages, conventions):
            group = QActionGroup(self.window)
            for action in menu.actions():
                group.addAction(action)
        self._put(view, None, "reset_layout")
        self._put(
            self._menu(tr("Help"), "help"),
            "help", "help_builder", "help_formats", "tour", "shortcuts", "commands", "log", "about",
        )  # fmt: skip
        self.wordmark = named(label("Terrace", "wordmark"), "wordmark", "Terrace")
        bar.setCornerWidget(self.wordmark, Qt.Corner.TopLeftCorner)
        self.document = ElidedLabel("", "document")
        bar.setCornerWidget(self.document, Qt.Corner.TopRightCorner)

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
        self.buttons: dict[str, QToolButton] = {}
        plan = (
            ("open", tr("Open"), "outline"), ("save_data", tr("Save"), "outline"), None,
            ("undo", tr("Undo"), "plain"), ("redo", tr("Redo"), "plain"), None,
            ("tool_describe", tr("Describe"), "plain"), ("tool_prepare", tr("Prepare"), "plain"),
            ("tool_plot", tr("Plot"), "plain"), None,
            ("new_model", tr("New model"), "primary"), ("compare", tr("Compare"), "plain"),
        )  # fmt: skip
        self._roomy: list[QAction] = []
        self._tight: list[QAction] = []
        for item in plan:
            placed = bar.addSeparator() if item is None else bar.addWidget(self._bar_button(*item))
            if item is not None and item[0].startswith("tool_"):
                self._roomy.append(placed)
            elif item is not None and item[0] in ("undo", "redo"):
                self._tight.append(placed)
        for group in (self._tight, self._roomy):
            group.append(bar.actions()[bar.actions().index(group[-1]) + 1])  # and the line behind them
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(gap)
        bar.addWidget(self._bar_button("export", tr("Export report"), "outline"))

    def _bar_button(self, name: str, text: str, variant: str) -> QToolButton:
        action = self._all[name] if name in self._all else self._make(name)  # some stand in no menu
        b = tool_button(text, f"tool_{name}", variant=variant, accessible=text)
        b.setEnabled(action.isEnabled())
        b.clicked.connect(lambda _checked=False: action.trigger())
        action.enabledChanged.connect(b.setEnabled)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        b.setToolTip(f"{text} ({keys})" if keys else text)
        self.buttons[name] = b
        return b
