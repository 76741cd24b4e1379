"""Every control of every screen has a name for assistive technology, and can be reached by the keyboard."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import fakes
import pytest
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QTextBrowser,
    QWidget,
)
from test_window import MODEL, Desk
from waiting import settled, wait_until

from terrace_desktop.plots.cards import LargePlot
from terrace_desktop.project.questions import UnsavedDialog
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.settings import Settings
from terrace_desktop.upkeep import check_page
from terrace_desktop.upkeep.check_page import CheckPage
from terrace_desktop.upkeep.crash_page import CrashPage
from terrace_desktop.upkeep.crash_text import Crash

CONTROLS = (QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QPlainTextEdit, QTextBrowser, QProgressBar)
OURS = "qt_"  # what Qt makes itself begins with this


INNER = ("QTabBar", "GridView", "VariablesView", "QMenuBar", "QToolBar", "QLineEdit", "QComboBoxPrivateContainer")


def is_qt_s_own(widget: QWidget) -> bool:
    """Parts that Qt makes inside its own widgets: arrows of a tab bar, corner of a table, list of a combo box."""
    parent = widget.parentWidget()
    own = widget.objectName() in ("", "ScrollLeftButton", "ScrollRightButton")
    return widget.objectName().startswith(OURS) or (
        own and parent is not None and parent.metaObject().className() in INNER
    )


def unnamed(root: QWidget) -> list[str]:
    """Controls under `root` that a screen reader could not call by a name."""
    wrong = []
    for widget in [root, *root.findChildren(QWidget)]:
        if not isinstance(widget, CONTROLS) or is_qt_s_own(widget):
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        name = interface.text(QAccessible.Text.Name) if interface is not None else ""
        if not name.strip() or not widget.objectName():
            wrong.append(f"{type(widget).__name__} {widget.objectName()!r} named {name!r} in {where(widget)}")
    return wrong


def where(widget: QWidget) -> str:
    names = []
    parent = widget.parentWidget()
    while parent is not None:
        names.append(parent.objectName() or type(parent).__name__)
        parent = parent.parentWidget()
    return " < ".join(names[:4])


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    d = Desk(settings)
    yield d
    d.session.gate.set()
    d.window.close()
    d.window.deleteLater()


def full(desk: Desk) -> None:
    """A window in which every kind of thing stands."""
    desk.open()
    desk.run(MODEL, MODEL, "estat icc", "nonsense")
    desk.window.results.newest().show_part("model_plots")
    row = desk.window.results.newest().plots
    wait_until(lambda: all(p.plot is not None for p in row.small.values()), "plots")
    row.open("qq")
    wait_until(lambda: row.large is not None and row.large.isVisible(), "the large plot")


def test_no_control_is_unnamed(desk: Desk) -> None:
    assert unnamed(desk.window) == [], "start page"
    full(desk)
    for tab in range(3):
        desk.window.left.show_tab(tab)
        settled()
    assert unnamed(desk.window) == []


def test_no_control_of_a_dialog_is_unnamed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_page, "command", lambda *_: [sys.executable, "-c", ""])
    w = desk.window
    for dialog in (
        UnsavedDialog(w, "data.dta"),
        dialogs.TrustDialog(w, "a.do", ["line 1 writes ../x: save ../x"]),
        dialogs.ReplayDialog(w, ["line 1 writes x: save x"]),
        dialogs.FailureDialog(w, "Error: x", "trace", __import__("pathlib").Path("terrace.log")),
        dialogs.PageDialog(w, "page", "Page", "# Page"),
        CheckPage(w),
        CrashPage(w, Crash("Terrace 0.1", ("summarize x",), "trace", True), {}),
    ):
        assert unnamed(dialog) == [], dialog
        assert dialog.windowTitle()
        dialog.reject()
        dialog.deleteLater()


def test_a_plot_with_its_tools_is_named() -> None:
    large = LargePlot(fakes.plot())
    assert unnamed(large) == []
    assert QAccessible.queryAccessibleInterface(large.view).text(QAccessible.Text.Name) == "A plot"
    large.deleteLater()


def test_every_menu_entry_has_words(desk: Desk) -> None:
    full(desk)
    for menu in desk.window.findChildren(QMenu):
        for action in menu.actions():
            assert action.isSeparator() or action.text().strip(), menu.objectName()
    assert all(isinstance(a, QAction) and a.text() for a in desk.window.menuBar().actions())


def test_a_letter_means_one_entry_of_a_menu(desk: Desk) -> None:
    full(desk)
    for entry in desk.window.menuBar().actions():
        letters = [m[1].lower() for a in entry.menu().actions() if (m := re.search(r"&(\w)", a.text()))]
        assert len(letters) == len(set(letters)), f"{entry.text()}: {sorted(letters)}"


def test_results_can_be_read_out(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL)
    card = desk.window.results.newest()
    interface = QAccessible.queryAccessibleInterface(card.browser)
    assert interface.text(QAccessible.Text.Name) == "Tables of Model 1: Random intercept of school"
    assert "hours" in interface.text(QAccessible.Text.Description)
    cell = desk.window.left.grid.grid.index(0, 1)
    assert cell.data(11) == "sector, row 1: Catholic"  # Qt.AccessibleTextRole


def test_tab_reaches_every_pane_and_comes_round(desk: Desk) -> None:
    full(desk)
    w = desk.window
    w.activateWindow()
    w.resize(1500, 900)
    w.left.show_tab(0)
    settled()  # a wide tool bar shows more buttons
    w.left.grid.setFocus()
    wait_until(w.left.grid.hasFocus, "the focus")
    seen: list[QWidget] = []
    for _ in range(120):
        now = QApplication.focusWidget()
        if now is None or now in seen:
            break
        seen.append(now)
        w.focusNextPrevChild(True)
    names = {s.objectName() for s in seen}
    assert {"data_grid", "model_edit", "model_after", "card_more", "model_tables", "tool_new_model"} <= names
    assert {"small_qq", "plot_move", "plot_view", "error_edit"} <= names
    assert QApplication.focusWidget() is seen[0], "the round closes"


def test_the_focus_can_be_seen(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL)
    desk.window.activateWindow()
    b = desk.window.actions_.buttons["new_model"]
    b.setFocus()
    wait_until(b.hasFocus, "the focus")
    with_focus = b.grab().toImage()
    desk.window.left.grid.setFocus()
    wait_until(desk.window.left.grid.hasFocus, "the focus")
    assert b.grab().toImage() != with_focus
