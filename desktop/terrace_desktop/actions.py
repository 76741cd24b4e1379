"""Menus and tool bar. An entry is there only when it works; what cannot be done now is disabled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QApplication, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from terrace_desktop import theme
from terrace_desktop.start_page import sample_cards
from terrace_desktop.widgets import ElidedLabel, label, marked, named, tool_button

if TYPE_CHECKING:
    from terrace_desktop.main_window import MainWindow

# Entries of the data panel that stand in menus: menu, key, words. None is a line between them.
FORMS = (
    ("data", "compute", QT_TRANSLATE_NOOP("MainWindow", "Com&pute a variable…")),
    ("data", "recode", QT_TRANSLATE_NOOP("MainWindow", "&Recode…")),
    ("data", "centre", QT_TRANSLATE_NOOP("MainWindow", "C&entre…")),
    ("data", "across", QT_TRANSLATE_NOOP("MainWindow", "&Scale from several variables…")),
    ("data", "egen", QT_TRANSLATE_NOOP("MainWindow", "Statistics of gro&ups…")),
    ("data", "labels", QT_TRANSLATE_NOOP("MainWindow", "&Value labels…")),
    ("data", "keep_rows", QT_TRANSLATE_NOOP("MainWindow", "&Keep or drop rows…")),
    ("data", None, ""),
    ("data", "merge", QT_TRANSLATE_NOOP("MainWindow", "&Merge a file…")),
    ("data", "append", QT_TRANSLATE_NOOP("MainWindow", "&Append a file…")),
    ("data", "collapse", QT_TRANSLATE_NOOP("MainWindow", "C&ollapse to groups…")),
    ("data", "long", QT_TRANSLATE_NOOP("MainWindow", "Reshape to &long…")),
    ("data", "wide", QT_TRANSLATE_NOOP("MainWindow", "Reshape to &wide…")),
    ("explore", "tabstat", QT_TRANSLATE_NOOP("MainWindow", "Statistics by &group…")),
    ("explore", "tabulate", QT_TRANSLATE_NOOP("MainWindow", "&Frequencies and cross-tables…")),
    ("explore", "table", QT_TRANSLATE_NOOP("MainWindow", "&Table of statistics…")),
    ("explore", "xtsum", QT_TRANSLATE_NOOP("MainWindow", "Between and &within groups…")),
    ("explore", "correlate", QT_TRANSLATE_NOOP("MainWindow", "Co&rrelations…")),
    ("explore", "list", QT_TRANSLATE_NOOP("MainWindow", "&List rows…")),
    ("explore", None, ""),
    ("explore", "scatter", QT_TRANSLATE_NOOP("MainWindow", "&Scatter plot…")),
    ("explore", "lines", QT_TRANSLATE_NOOP("MainWindow", "Lines by gr&oup…")),
    ("explore", "histogram", QT_TRANSLATE_NOOP("MainWindow", "&Histogram…")),
    ("explore", "bar", QT_TRANSLATE_NOOP("MainWindow", "B&ar chart…")),
    ("explore", "box", QT_TRANSLATE_NOOP("MainWindow", "&Box plots…")),
)
ROOMY = 1040  # px: a narrower window leaves the tools out of its bar that the menus have too
TIGHT = 740  # px: a narrower one leaves out undo and redo as well

EXPLORE = (  # command that must exist, what to run, words
    ("describe", "describe", QT_TRANSLATE_NOOP("MainWindow", "Describe the data")),
    ("summarize", "summarize", QT_TRANSLATE_NOOP("MainWindow", "Summarize variables")),
    ("codebook", "codebook", QT_TRANSLATE_NOOP("MainWindow", "Codebook")),
    ("misstable summarize", "misstable summarize", QT_TRANSLATE_NOOP("MainWindow", "Missing values")),
)


class Actions:
    """All actions by name, as attributes of the window would be: ``actions["open"]``."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self._all: dict[str, QAction] = {}
        self.recent = QMenu(window)
        self.explore = QMenu(window)
        self._explored: list[QAction] = []
        self._build_menus()
        self._build_toolbar()

    def __getitem__(self, name: str) -> QAction:
        return self._all[name]

    def names(self) -> list[str]:
        """The names of all actions."""
        return list(self._all)

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

    def enable(self, **states: bool) -> None:
        """Enable or disable actions by name."""
        for name, state in states.items():
            self._all[name].setEnabled(state)

    def show_recent(self, paths: list[str]) -> None:
        """Fill the menu of recent files."""
        self.recent.clear()
        for path in paths:
            self.recent.addAction(path, self._file_opener(path))
        self.recent.setEnabled(bool(paths))

    def show_explore(self, known: dict[str, str]) -> None:
        """Fill the Explore menu with the commands that there are."""
        for action in self._explored:
            self.explore.removeAction(action)
        first = self.explore.actions()[0]
        self._explored = []
        for needed, command, words in EXPLORE:
            if needed in known:
                action = QAction(marked("MainWindow", words), self.explore)
                action.triggered.connect(self._runner(command))
                self.explore.insertAction(first, action)
                self._explored.append(action)
        self._explored.append(self.explore.insertSeparator(first))

    # --- building -----------------------------------------------------------------------------------
    def _add(
        self,
        menu: QMenu,
        name: str,
        text: str,
        on_click: Callable[[], object],
        keys: QKeySequence | QKeySequence.StandardKey | str | None = None,
    ) -> QAction:
        action = QAction(text, self.window)
        action.setObjectName(f"action_{name}")
        if isinstance(keys, QKeySequence.StandardKey):
            action.setShortcuts(QKeySequence.keyBindings(keys))
        elif keys is not None:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False: on_click())
        menu.addAction(action)
        self._all[name] = action
        return action

    def _menu(self, title: str, name: str) -> QMenu:
        menu = self.window.menuBar().addMenu(title)
        return named(menu, f"menu_{name}", title.replace("&", ""))

    def _build_menus(self) -> None:
        w, tr = self.window, self.window.tr
        bar = named(w.menuBar(), "menu_bar", tr("Menu bar"))
        bar.setNativeMenuBar(bar.isNativeMenuBar())
        std = QKeySequence.StandardKey
        file = self._menu(tr("File"), "file")
        self._add(file, "open", tr("&Open data…"), w.data.ask_open, std.Open)
        samples = named(file.addMenu(tr("Open &sample")), "menu_samples", tr("Open sample"))
        for card in sample_cards():
            samples.addAction(card.title, self._sample_opener(card.name))
        self.recent = named(file.addMenu(tr("&Recent files")), "menu_recent", tr("Recent files"))
        file.addSeparator()
        self._add(file, "save_data", tr("Save data &as…"), w.exports.save_data, std.SaveAs)
        self._add(file, "run_do", tr("Run &do-file…"), w.exports.run_do_file)
        self._add(file, "last_session", tr("Run the &last session again"), w.run_last_session)
        self._add(file, "save_history", tr("Save &history as do-file…"), w.exports.save_history)
        file.addSeparator()
        self._add(file, "export", tr("&Export report…"), w.exports.export_all, "Ctrl+E")
        file.addSeparator()
        self._add(file, "quit", tr("&Quit"), w.close, std.Quit)
        edit = self._menu(tr("Edit"), "edit")
        self._add(edit, "undo", tr("&Undo"), w.undo, std.Undo)
        self._add(edit, "redo", tr("&Redo"), w.redo, std.Redo)
        edit.addSeparator()
        self._add(edit, "copy", tr("&Copy"), w.copy)
        data = self._menu(tr("Data"), "data")
        self._add_forms(data, "data")
        data.addSeparator()
        self._add(data, "labels", tr("Show la&bels"), lambda: w.left.labels.choose("labels"))
        self._add(data, "codes", tr("Show &codes"), lambda: w.left.labels.choose("codes"))
        data.addSeparator()
        self._add(data, "sort_up", tr("Sort rows asce&nding"), lambda: w.sort_current(False))
        self._add(data, "sort_down", tr("Sort rows &descending"), lambda: w.sort_current(True))
        self._add(data, "sort_none", tr("Order of &the data"), lambda: w.sort_current(None))
        data.addSeparator()
        self._add(data, "filter", tr("&Filter rows…"), w.left.focus_filter, "Ctrl+F")
        self._add(data, "go_to", tr("&Go to row or variable…"), w.left.focus_go, "Ctrl+G")
        self._add(data, "show_all", tr("S&how all rows"), w.left.show_all)
        self._add(data, "variables", tr("Describe var&iables"), lambda: w.show_tab(1))
        self.explore = self._menu(tr("Explore"), "explore")
        self._add_forms(self.explore, "explore")
        model = self._menu(tr("Model"), "model")
        self._add(model, "new_model", tr("&New model…"), lambda: w.models.open_builder(None), "Ctrl+M")
        self._add(model, "paste_model", tr("New model from a &pasted command…"), w.models.paste_model, "Ctrl+Shift+V")
        self._add(model, "edit_model", tr("&Edit newest model…"), w.edit_newest, "Ctrl+Shift+M")
        self._add(model, "refit", tr("&Fit newest model again"), w.refit_newest, "Ctrl+R")
        self._add(model, "compare", tr("&Compare models…"), w.models.compare)
        model.addSeparator()
        self._add(model, "cancel", tr("C&ancel what runs"), w.controller.cancel, "Ctrl+.")
        self._build_results_menu(self._menu(tr("Results"), "results"))
        self._build_window_menu(self._menu(tr("Window"), "window"))
        helps = self._menu(tr("Help"), "help")
        self._add(helps, "help", tr("&First steps"), lambda: w.show_page("first-steps"), std.HelpContents)
        self._add(helps, "help_builder", tr("The &model builder"), lambda: w.show_page("model-builder"))
        self._add(helps, "tour", tr("&Tour of the window"), w.start_tour)
        self._add(helps, "shortcuts", tr("&Keyboard"), lambda: w.show_page("keyboard"))
        self._add(helps, "commands", tr("&Commands"), w.show_commands)
        self._add(helps, "log", tr("Open the &log"), w.open_log)
        self._add(helps, "about", tr("&About Terrace"), w.show_about)
        self.wordmark = named(label("Terrace", "wordmark"), "wordmark", "Terrace")
        bar.setCornerWidget(self.wordmark, Qt.Corner.TopLeftCorner)
        self.document = ElidedLabel("", "document")
        bar.setCornerWidget(self.document, Qt.Corner.TopRightCorner)

    def _add_forms(self, menu: QMenu, name: str) -> None:
        for where, key, words in FORMS:
            if where != name:
                continue
            if key is None:
                menu.addSeparator()
            else:
                self._add(menu, f"do_{key}", marked("MainWindow", words), self._form_opener(key))

    def _build_results_menu(self, menu: QMenu) -> None:
        from terrace_desktop.results.model_card import AFTER

        w, tr = self.window, self.window.tr
        self._add(menu, "predict", tr("&Predict…"), w.predict_newest)
        for command, words in AFTER:
            name = "after_" + command.split()[-1]
            self._add(menu, name, marked("ModelCard", words), self._asker(command))
        self._add(menu, "after_all", tr("All that follows a &fit…"), w.models.open_after_newest, "Ctrl+T")
        menu.addSeparator()
        self._add(menu, "copy_tables", tr("&Copy tables of newest model"), w.copy_newest, "Ctrl+Shift+C")
        self._add(menu, "sds", tr("Random effects as &SDs"), lambda: w.set_metric("sd"))
        self._add(menu, "variances", tr("Random effects as &variances"), lambda: w.set_metric("variance"))
        menu.addSeparator()
        self._add(menu, "collapse", tr("C&ollapse all"), lambda: w.results.set_folded(True))
        self._add(menu, "expand", tr("E&xpand all"), lambda: w.results.set_folded(False))
        self._add(menu, "clear", tr("&Remove all results"), w.results.clear)

    def _build_window_menu(self, menu: QMenu) -> None:
        w, tr = self.window, self.window.tr
        for i, (name, words) in enumerate(
            (("tab_data", tr("&Data")), ("tab_variables", tr("&Variables")), ("tab_history", tr("&History")))
        ):
            self._add(menu, name, words, self._tab_shower(i), f"Ctrl+{i + 1}")
        self._add(menu, "focus_results", tr("&Results"), w.focus_results, "Ctrl+4")
        self._add(menu, "focus_command", tr("&Command bar"), w.focus_command, "Ctrl+L")
        menu.addSeparator()
        themes = named(menu.addMenu(tr("&Theme")), "menu_theme", tr("Theme"))
        group = QActionGroup(w)
        for choice, words in (
            ("system", tr("&As the system")),
            ("light", tr("&Light")),
            ("dark", tr("&Dark")),
        ):
            action = self._add(themes, f"theme_{choice}", words, self._theme_chooser(choice))
            action.setCheckable(True)
            action.setChecked(theme.manager().choice == choice)
            group.addAction(action)
        menu.addSeparator()
        self._add(menu, "reset_layout", tr("R&eset layout"), w.reset_layout)

    def _build_toolbar(self) -> None:
        w, tr = self.window, self.window.tr
        bar = QToolBar(tr("Tools"))
        named(bar, "toolbar", tr("Tools"))
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.toggleViewAction().setEnabled(False)
        w.addToolBar(bar)
        self.buttons: dict[str, QToolButton] = {}
        plan = (
            ("open", tr("Open"), "outline"), ("save_data", tr("Save"), "outline"), None,
            ("undo", tr("Undo"), "plain"), ("redo", tr("Redo"), "plain"), None,
            ("tool_describe", tr("Describe"), "plain"), ("tool_prepare", tr("Prepare"), "plain"),
            ("tool_plot", tr("Plot"), "plain"), None,
            ("new_model", tr("New model"), "primary"), ("compare", tr("Compare"), "plain"),
        )  # fmt: skip
        for name, key in (("tool_describe", "summarize"), ("tool_prepare", "compute"), ("tool_plot", "scatter")):
            self._all[name] = action = QAction(w)
            action.setObjectName(f"action_{name}")
            action.triggered.connect(self._form_opener(key))
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
        action = self._all[name]
        b = tool_button(text, f"tool_{name}", variant=variant, accessible=text)
        b.setEnabled(action.isEnabled())
        b.clicked.connect(lambda _checked=False: action.trigger())
        action.enabledChanged.connect(b.setEnabled)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        b.setToolTip(f"{text} ({keys})" if keys else text)
        self.buttons[name] = b
        return b

    # Small makers, so that each loop variable is bound when its function is made.
    def _form_opener(self, key: str) -> Callable[[], object]:
        return lambda: self.window.prepare.open(key)

    def _runner(self, command: str) -> Callable[[], object]:
        return lambda: self.window.controller.run(command)

    def _asker(self, command: str) -> Callable[[], object]:
        return lambda: self.window.after_newest(command)

    def _file_opener(self, path: str) -> Callable[[], object]:
        return lambda: self.window.data.open_file(path)

    def _sample_opener(self, name: str) -> Callable[[], object]:
        return lambda: self.window.data.open_sample(name)

    def _tab_shower(self, tab: int) -> Callable[[], object]:
        return lambda: self.window.show_tab(tab)

    def _theme_chooser(self, choice: str) -> Callable[[], object]:
        return lambda: self.window.set_theme(choice)
