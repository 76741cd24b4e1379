"""All of the program by keys alone: the Tab key comes to each control once, and a model is fitted without a mouse."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QTextBrowser, QWidget
from screens import screens
from test_accessibility import is_qt_s_own
from waiting import settled, wait_idle, wait_until

from terrace.data.resources import resource_path
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui.dialogs import PageDialog
from terrace_desktop.ui.settings import Settings
from terrace_desktop.ui.work_panel import KeyTaker

HSB_MODEL = "mixed mathach ses || id:"


@pytest.fixture
def window(settings: Settings) -> Iterator[MainWindow]:
    w = MainWindow(settings)
    w.resize(1440, 900)
    w.show()
    w.activateWindow()
    w.begin()
    wait_idle(w.controller)
    wait_until(w.isActiveWindow, "the window in front")
    yield w
    w.close()
    w.deleteLater()


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key, as the keyboard gives it: to an open menu, or to whatever has the focus."""
    QTest.keyClick(QApplication.activePopupWidget() or focus(), key, modifier)


def focus() -> QWidget:
    """What has the focus; waits for it where a menu has just closed."""
    wait_until(lambda: QApplication.focusWidget() is not None, "something with the focus")
    found = QApplication.focusWidget()
    assert found is not None
    return found


# --- the Tab key ----------------------------------------------------------------------------------------
def walk(start: QWidget, inside: Callable[[QWidget], bool], forward: bool) -> list[QWidget]:
    """What the Tab key comes to from `start` on, as long as it stays inside or until it comes round."""
    start.setFocus(Qt.FocusReason.TabFocusReason)
    out = [start]
    while True:
        press(*((Qt.Key.Key_Tab,) if forward else (Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)))
        now = focus()
        if now in out or not inside(now):
            assert now is not out[-1], f"stuck at {now.objectName()}"
            return out
        out.append(now)


def stops(root: QWidget) -> list[QWidget]:
    """What the Tab key has to come to under `root`: what is seen, can be used, and takes it."""
    found = [root, *root.findChildren(QWidget)]
    return [w for w in found if takes_tab(w) and not is_qt_s_own(w)]


def takes_tab(w: QWidget) -> bool:
    if not (w.isVisible() and w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.TabFocus):
        return False
    if w.focusProxy() is not None:
        return False
    group = w.group() if isinstance(w, QAbstractButton) else None
    if group is not None and group.exclusive() and group.checkedButton() is not None:
        return group.checkedButton() is w  # of a row of choices, the one that holds; arrow keys go to the others
    return True


def names(widgets: list[QWidget]) -> list[str]:
    return [w.objectName() or type(w).__name__ for w in widgets]


def walked_wrong(screen: QWidget) -> str:
    """What is wrong with the way of the Tab key through a screen; empty where nothing is."""
    wanted = stops(screen)

    def inside(w: QWidget) -> bool:
        return screen.isAncestorOf(w) or screen is w

    first = walk(wanted[0], inside, False)[-1]  # from there back to where the screen begins
    there = walk(first, inside, True)
    back = walk(there[-1], inside, False)
    missed = set(names(wanted)) - set(names(there))
    if missed:
        return f"never comes to {sorted(missed)}"
    twice = [n for n, times in Counter(map(id, there)).items() if times > 1]
    if twice or len(there) != len({id(w) for w in wanted}):
        return f"comes to {len(there)} of {len(wanted)}: {names(there)}"
    return "" if back == there[::-1] else f"goes another way back: {names(back)[::-1]} for {names(there)}"


def test_the_tab_key_comes_to_each_control_once_and_back(window: MainWindow) -> None:
    found = {}
    for name, screen in screens(window):
        if wrong := walked_wrong(screen):
            found[name] = wrong
    assert found == {}


def test_the_tab_key_goes_through_the_results_as_one_reads_them(window: MainWindow) -> None:
    for command in ("sample hsb", HSB_MODEL, "estat icc", "summarize ses", 'outline note "One"', HSB_MODEL):
        window.controller.run(command)
    wait_idle(window.controller)
    view = window.results.view
    view.verticalScrollBar().setValue(0)
    wait_until(lambda: next(iter(view.ordered())).awake, "the first card")
    settled()
    results = window.results
    there = walk(stops(results)[0], results.isAncestorOf, True)
    cards = list(view.ordered())
    at = [next((k for k, c in enumerate(cards) if c.isAncestorOf(w)), -1) for w in there]
    at = [len(cards) if results.next.isAncestorOf(w) else k for k, w in zip(at, there)]  # what is next comes last
    assert at == sorted(at) and set(at) == set(range(-1, len(cards) + 1))


def test_a_control_without_a_way_is_found(window: MainWindow) -> None:
    """The test above can fail: a control that Tab jumps over is named."""
    window.controller.run("sample hsb")
    wait_idle(window.controller)
    window.variables.edit()
    settled()
    assert walked_wrong(window.work) == ""
    extra = QWidget(window.work)
    extra.setObjectName("unreachable")
    extra.show()
    extra.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    QWidget.setTabOrder(window.start.open_button, extra)  # on a page that is not there
    assert "unreachable" in walked_wrong(window.work)
    extra.deleteLater()


# --- keys and menus -------------------------------------------------------------------------------------
def sheet(window: MainWindow) -> str:
    window.help.show_page("keyboard")
    settled()
    page = next(d for d in window.findChildren(PageDialog) if d.objectName() == "help_keyboard")
    text = page.findChild(QTextBrowser).toPlainText()
    page.close()
    return text


def test_no_two_actions_have_the_same_key(window: MainWindow) -> None:
    keys = Counter(
        k.toString() for n in window.actions_.names() for k in window.actions_[n].shortcuts()
    )
    assert {k: times for k, times in keys.items() if times > 1} == {}
    wanted = {"Ctrl+S", "Ctrl+K", "F6", "Shift+F6", "Ctrl++", "Ctrl+-", "Ctrl+0", "Ctrl+Z", "Ctrl+M", "Ctrl+L"}
    assert wanted - set(keys) == set()


def test_the_sheet_has_every_key_that_there_is(window: MainWindow) -> None:
    window.controller.run("sample hsb")
    wait_idle(window.controller)
    window.models.open_builder(None)
    wait_until(lambda: window.models.builder is not None, "the builder")
    said = sheet(window)
    native = QKeySequence.SequenceFormat.NativeText
    there = {k.toString(native) for n in window.actions_.names() for k in window.actions_[n].shortcuts()}
    there |= {s.key().toString(native) for s in window.findChildren(QShortcut)}
    for taker in window.findChildren(KeyTaker):
        there |= {QKeySequence(k).toString(native) for k in taker.keys()}  # noqa: SIM118 - no dictionary
    there = {re.sub(r"Return$|Num\+Enter$", "Enter", k) for k in there} - {"Ctrl+Shift+Z"}  # another name of Ctrl+Y
    assert len(there) > 25
    assert sorted(k for k in there if k not in said) == []


def test_the_sheet_has_no_key_of_an_action_that_is_gone(window: MainWindow) -> None:
    rows = window.actions_.sheet()
    texts = {window.actions_[n].text().replace("&", "").rstrip("…") for n in window.actions_.names()}
    assert {words for _, words in rows} <= texts
    page = resource_path("help", "keyboard.md").read_text(encoding="utf-8")
    assert "{keys}" in page and not re.search(r"^\| Ctrl\+[KSME] ", page, re.MULTILINE)


def letters(actions: list[QAction]) -> list[str]:
    return [m[1].lower() for a in actions if (m := re.search(r"&(\w)", a.text()))]


def test_a_letter_means_one_thing_in_every_menu(window: MainWindow) -> None:
    for command in ("sample hsb", HSB_MODEL):
        window.controller.run(command)
    wait_idle(window.controller)
    bar = letters(window.menuBar().actions())
    assert len(bar) == len(window.menuBar().actions()) == len(set(bar))
    menus = [m for m in window.findChildren(QMenu) if m.objectName().startswith("menu_")]
    assert len(menus) > 10
    for menu in menus:
        found = letters(menu.actions())
        assert len(found) == len(set(found)), f"{menu.objectName()}: {sorted(found)}"


def test_every_action_can_be_reached_without_a_mouse(window: MainWindow) -> None:
    in_menus = {a for m in window.findChildren(QMenu) for a in m.actions()}
    for name in window.actions_.names():
        action = window.actions_[name]
        button = window.actions_.buttons.get(name)
        by_tab = button is not None and bool(button.focusPolicy() & Qt.FocusPolicy.TabFocus)
        assert action in in_menus or action.shortcuts() or by_tab, name


def test_zones_and_menus_by_keys(window: MainWindow) -> None:
    window.controller.run("sample hsb")
    window.controller.run(HSB_MODEL)
    wait_idle(window.controller)
    window.variables.edit()
    settled()
    zones = (window.left, window.work, window.results)

    def zone() -> int:
        return next(k for k, z in enumerate(zones) if z.isAncestorOf(focus()))

    window.left.begin()
    been = [zone()]
    for _ in zones:
        press(Qt.Key.Key_F6)
        been.append(zone())
    assert been == [0, 1, 2, 0]
    press(Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert zone() == 2
    press(Qt.Key.Key_F10)
    assert window.menuBar().activeAction() is window.menuBar().actions()[0]
    settled()
    press(Qt.Key.Key_Escape)  # the menu goes,
    settled()
    press(Qt.Key.Key_Escape)  # and the bar lets go
    wait_until(lambda: window.results.isAncestorOf(focus()), "the focus where it was")
    press(Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert zone() == 1
    press(Qt.Key.Key_Escape)
    assert not window.splitter.is_open()
    press(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert focus() is window.actions_.find


def test_the_menu_key_opens_the_menu_of_what_has_the_focus(window: MainWindow) -> None:
    for command in ("sample hsb", HSB_MODEL):
        window.controller.run(command)
    wait_idle(window.controller)
    window.left.grid.setCurrentIndex(window.left.grid.grid.index(0, 2))
    outline = window.results.contents.tree
    outline.setCurrentIndex(outline.lines.index(0, 0))
    window.left.list.view.setCurrentIndex(window.left.list.model.index(1, 0))
    for widget in (window.left.grid, outline, window.left.list.view):
        widget.setFocus()
        wait_until(widget.hasFocus, "the focus")
        press(Qt.Key.Key_Menu)
        if QApplication.activePopupWidget() is None:  # the offscreen platform makes no event of the key
            from PySide6.QtCore import QCoreApplication, QPoint
            from PySide6.QtGui import QContextMenuEvent

            at = getattr(widget, "viewport", lambda w=widget: w)()
            event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(10, 10), at.mapToGlobal(QPoint(10, 10)))
            QCoreApplication.sendEvent(at, event)
        wait_until(lambda: isinstance(QApplication.activePopupWidget(), QMenu), f"a menu of {widget.objectName()}")
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu) and [a for a in menu.actions() if a.text()]
        menu.close()


# --- all the way ----------------------------------------------------------------------------------------
def test_from_the_start_page_to_a_model_by_keys_alone(window: MainWindow) -> None:
    tab_to("sample_hsb")
    press(Qt.Key.Key_Space)
    wait_idle(window.controller)
    wait_until(lambda: window.pages.currentWidget() is window.splitter, "the data")
    press(Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.models.builder is not None, "the builder")
    builder = window.models.builder
    assert builder is not None
    wait_until(lambda: builder.isAncestorOf(focus()), "the focus in the builder")
    press(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    for name in ("mathach", "ses", "id"):
        QTest.keyClicks(focus(), name)
        press(Qt.Key.Key_Return)
        settled()
    assert builder.command.startswith(HSB_MODEL)
    press(Qt.Key.Key_F6)
    wait_until(lambda: builder.isAncestorOf(focus()), "the focus in the builder")
    tab_to("builder_fit")
    press(Qt.Key.Key_Space)
    wait_idle(window.controller)
    wait_until(lambda: bool(window.results.cards()) and window.results.newest() is not None, "the model")
    assert window.results.newest().fit.ll == pytest.approx(-23324.0, abs=5)
    press(Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.results.isAncestorOf(focus()), "the focus in the results")


def tab_to(name: str) -> None:
    """Press Tab until a control has the focus; fails where that comes round without it."""
    if QApplication.focusWidget() is None:
        QApplication.activeWindow().setFocus()
    been: list[QWidget] = []
    while focus().objectName() != name:
        assert focus() not in been, f"{name} is not among {names(been)}"
        been.append(focus())
        press(Qt.Key.Key_Tab)
