"""The three zones over the real engine: the panel opens beside the data, a draft stays, keys go where the focus is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest
from builder_help import choose, click, keys, popups, take
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from test_app import Program
from waiting import settled, wait_until

from terrace_desktop.app import zones
from terrace_desktop.builder.variables import VariableDelegate, broken
from terrace_desktop.ui import theme
from terrace_desktop.ui.room import fitting
from terrace_desktop.ui.settings import Settings

__all__ = ["popups"]  # a fixture for every test here

MODEL = "mixed distance age || id: age, covariance(unstructured) reml"
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    p = Program(settings)
    p.window.resize(1440, 900)
    p.run("sample orthodont")
    p.window.activateWindow()
    wait_until(p.window.isActiveWindow, "the window to be the active one")
    yield p
    p.window.close()
    p.window.deleteLater()


def build(program: Program, command: str = MODEL) -> None:
    """A draft of a model in the panel, ready to be kept."""
    w = program.window
    w.models.open_builder(None)
    assert w.models.builder is not None and w.models.builder.use_text(command)
    wait_until(lambda: w.models.builder is not None and w.models.builder.state.ready, "the judgement")
    active(program)


def active(program: Program) -> None:
    """The window is the one that keys go to."""
    program.window.activateWindow()
    wait_until(lambda: program.window.isActiveWindow() or program.window.splitter.is_torn(), "the window to be active")
    settled()


# --- the zones --------------------------------------------------------------------------------------------
def test_the_panel_stands_between_data_and_results_and_covers_neither(program: Program) -> None:
    w = program.window
    before = w.results.width()
    build(program)
    assert w.splitter.sizes()[:2] == [zones.DATA, zones.PANEL]
    places = [(z.mapTo(w, QPoint(0, 0)).x(), z.width()) for z in (w.left, w.work, w.results)]
    for (x, width), (following, _) in pairwise(places):
        assert x + width <= following
    assert len([t for t in QApplication.topLevelWidgets() if t.isVisible()]) == 1, "no window over the window"
    w.work.close_button.click()
    settled()
    assert w.results.width() == before, "its width goes to the results"


def test_wide_data_give_way_when_the_panel_opens_and_are_wide_again_without_it(program: Program) -> None:
    w = program.window
    w.resize(1280, 720)
    w.left.show_tab(0)

    def drag(to: int) -> None:
        settled()
        w.splitter.moveSplitter(to, 1 if w.splitter.is_open() else 2)  # as a handle that is dragged does
        settled()

    drag(700)
    wide = w.left.width()
    assert wide > 650
    w.actions_["tool_describe"].trigger()
    settled()
    assert w.results.width() >= zones.READABLE - 2 and w.left.width() >= zones.DATA_NARROW
    w.splitter.close_panel()
    settled()
    assert w.left.width() == wide
    w.actions_["tool_describe"].trigger()
    drag(520)
    beside = w.left.width()
    assert beside == 520, "a width that is wanted beside the panel is kept"
    w.splitter.close_panel()
    w.actions_["tool_describe"].trigger()
    settled()
    assert w.left.width() == beside


@pytest.mark.parametrize("size", [(1280, 720), (1366, 768), (1440, 900)])
def test_everything_fits_on_the_screen(program: Program, size: tuple[int, int]) -> None:
    w = program.window
    w.resize(*size)
    settled()
    build(program)
    assert (w.width(), w.height()) == size
    for part in (w.status, w.models.builder.fit, w.models.builder.cancel, w.results):
        corner = part.mapTo(w, part.rect().bottomRight())
        assert w.rect().contains(corner), part.objectName()
    assert w.left.list.isVisible()
    assert w.left.grid.isVisible() is (size[1] >= 800), "data and variables are tabs in a low window"


def test_a_panel_that_nothing_opened_leaves_the_focus_to_the_results(program: Program) -> None:
    w = program.window
    build(program)
    w.splitter._before = None  # as on the first start, where the builder is there before anything had the focus
    w.models.builder.setFocus()
    w.splitter.close_panel()
    assert QApplication.focusWidget() is w.results


def test_a_first_window_leaves_room_for_its_frame() -> None:
    room = QGuiApplication.primaryScreen().availableGeometry()
    width, height = fitting((9999, 9999), frame=(16, 48))
    assert (width, height) == (room.width() - 16, room.height() - 48)
    assert fitting((300, 200)) == (300, 200)


def test_data_fold_to_a_rail_where_there_is_no_room_beside_the_panel(program: Program) -> None:
    w = program.window
    w.resize(1100, 900)
    settled()
    assert not w.left.is_folded()
    build(program)
    assert w.left.is_folded() and w.left.width() == 48
    click(w, "rail_variables")
    assert not w.left.is_folded() and w.left.list.search.hasFocus()
    w.resize(1440, 900)
    w.resize(1100, 900)
    settled()
    assert w.left.is_folded(), "another width, another answer"
    w.splitter.close_panel()
    settled()
    assert not w.left.is_folded()


def test_the_layout_is_remembered_and_can_be_reset(program: Program, settings: Settings) -> None:
    w = program.window
    build(program)
    w.splitter.tear()
    w.splitter.fold(True)
    w.close()
    again = Program(Settings(settings.store.file()))
    try:
        again.run("sample orthodont")
        assert again.window.left.is_folded()
        build(again)
        assert again.window.splitter.is_torn()
        again.window.actions_["reset_layout"].trigger()
        settled()
        assert not again.window.splitter.is_torn() and again.window.splitter.is_open()
    finally:
        again.window.close()
        again.window.deleteLater()


def test_f6_goes_round_the_zones(program: Program) -> None:
    w = program.window
    program.run(MODEL)
    build(program)

    def zone() -> object:
        now = QApplication.focusWidget()
        return next((z for z in (w.left, w.work, w.results) if now is not None and z.isAncestorOf(now)), None)

    w.left.grid.setFocus()
    seen = [zone()]
    for _ in range(3):
        QTest.keyClick(QApplication.focusWidget() or w, Qt.Key.Key_F6)
        settled()
        seen.append(zone())
    assert seen == [w.left, w.work, w.results, w.left]
    QTest.keyClick(QApplication.focusWidget() or w, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    settled()
    assert zone() is w.results


# --- drafts -----------------------------------------------------------------------------------------------
def test_escape_closes_the_panel_and_the_draft_stays(program: Program) -> None:
    w = program.window
    build(program)
    keys(w.models.builder.fixed.add, "", Qt.Key.Key_Escape)
    assert not w.splitter.is_open()
    assert json.loads(w.models.draft())["command"] == MODEL
    w.actions_.buttons["new_model"].click()
    assert w.splitter.is_open(w.models.builder) and w.models.builder.command == MODEL
    w.prepare.open("centre")
    assert w.splitter.is_open(w.prepare.panel) and json.loads(w.models.draft())["command"] == MODEL
    w.actions_["new_model"].trigger()
    assert w.models.builder.command == MODEL and w.actions_.buttons["new_model"].isChecked()


def test_discard_asks_once_and_a_draft_can_come_back(program: Program) -> None:
    w = program.window
    build(program)
    kept = w.models.draft()
    click(w, "builder_cancel")
    assert w.models.builder is not None
    click(w, "builder_cancel")
    assert w.models.builder is None and not w.splitter.is_open() and w.models.draft() == ""
    w.models.open_draft(kept)
    assert w.models.builder.command == MODEL and w.splitter.is_open()


def test_undo_means_the_draft_in_the_panel_and_the_data_elsewhere(program: Program) -> None:
    w = program.window
    program.run("generate older = age + 1")
    build(program)
    QTest.keyClick(w.models.builder.fixed.add, Qt.Key.Key_Z, CTRL)
    program.idle()
    assert w.models.builder.command != MODEL and "older" in w.controller.snapshot.dataset
    w.models.builder.redo()
    QTest.keyClick(w.left.list.search, Qt.Key.Key_Z, CTRL)
    program.idle()
    assert w.models.builder.command != MODEL, "the list serves the draft"
    active(program)
    w.left.grid.setFocus()
    QTest.keyClick(w.left.grid, Qt.Key.Key_Z, CTRL)
    program.idle()
    assert "older" not in w.controller.snapshot.dataset


def test_keeping_a_model_puts_it_into_the_results(program: Program) -> None:
    w = program.window
    build(program)
    assert w.work.title.full_text() == "Model 1"
    QTest.keyClick(w.models.builder.fixed.add, Qt.Key.Key_Return, CTRL)
    program.idle()
    assert w.results.newest().fit.command.startswith("mixed distance age")
    assert not w.splitter.is_open() and w.models.builder is None
    w.actions_["edit_model"].trigger()
    assert w.work.title.full_text() == "Model 2" and w.work.subtitle.full_text() == "from Model 1"


def test_a_torn_panel_works_as_a_window(program: Program) -> None:
    w = program.window
    build(program)
    click(w, "work_tear")
    assert w.splitter.is_torn() and w.work.isWindow() and w.work.isVisible()
    assert w.work.windowTitle().startswith("Model 1")
    w.work.close()
    assert not w.splitter.is_open() and w.models.builder is not None, "the draft stays"
    w.actions_["new_model"].trigger()
    assert w.work.isVisible()
    w.splitter.tear()
    assert not w.splitter.is_torn() and w.splitter.is_open(w.models.builder)
    assert w.splitter.indexOf(w.work) == 1


def test_the_keys_work_after_a_mend(program: Program) -> None:
    """The button that was pressed is gone with what it mended; the focus stays in the panel."""
    w = program.window
    build(program, "mixed distance age || id:")
    form = w.models.builder
    form.change.setChecked(True)
    choose(form, "residuals_structure", "ar")
    mends = [b for b in form.residuals.notes.findChildren(type(form.change)) if b.isVisible()]
    assert mends, "a time is asked for, and one is offered"
    mends[0].setFocus()
    keys(mends[0], "", Qt.Key.Key_Space)
    wait_until(lambda: form.state.ready, "a model that can be kept")
    settled()
    now = w.focusWidget()
    assert now is not None and w.work.isAncestorOf(now)
    QTest.keyClick(now, Qt.Key.Key_Return, CTRL)
    program.idle()
    assert "residuals(ar" in w.results.newest().fit.command


# --- variables --------------------------------------------------------------------------------------------
def test_a_variable_goes_into_the_model_or_shows_what_it_is(program: Program) -> None:
    w = program.window
    w.left.list.view.taken.emit("age")
    assert w.work.title.full_text() == "Variable" and w.variables.panel.name == "age"
    w.models.open_builder(None)
    take(w.models.builder, "distance")
    assert w.models.builder.spec.outcome.name == "distance"
    told = {w.left.list.model.index(k, 0).data(): k for k in range(w.left.list.model.rowCount())}
    assert w.left.list.model.index(told["distance"], 0).data(Qt.ItemDataRole.UserRole + 4) == "Outcome"
    w.splitter.close_panel()
    assert w.left.list.model.index(told["distance"], 0).data(Qt.ItemDataRole.UserRole + 4) == ""


def test_names_are_broken_and_never_shortened() -> None:
    font = theme.text_font()
    name = "block3_item07_reversed_and_standardised_within_school"
    lines = broken(name, font, 140)
    assert len(lines) > 1 and "".join(lines) == name
    assert broken("ses", font, 140) == ["ses"]
    assert VariableDelegate.LEFT > 0


def test_any_words_of_name_and_label_find_a_variable(program: Program) -> None:
    model = program.window.left.list.model
    first = program.window.controller.snapshot.dataset.variables[0]
    model.search(first.name[:3] + " " + first.label.split()[0].lower() if first.label else first.name)
    assert first.name in model.names()
    model.search("no such words")
    assert model.names() == []


# --- menus, keys, finding ---------------------------------------------------------------------------------
def test_the_menus_have_letters_and_f10(program: Program) -> None:
    w = program.window
    titles = [a.text() for a in w.menuBar().actions()]
    letters = [t[t.index("&") + 1].lower() for t in titles]
    assert len(set(letters)) == len(titles) == 8
    w.left.grid.setFocus()
    QTest.keyClick(w.left.grid, Qt.Key.Key_F10)
    settled()
    assert w.menuBar().activeAction() is w.menuBar().actions()[0]
    w.menuBar().setActiveAction(None)
    QTest.keyClick(w.left.grid, Qt.Key.Key_M, ALT)
    settled()
    menu = w.findChild(QMenu, "menu_model")
    wait_until(menu.isVisible, "the menu")
    menu.close()


def test_ctrl_s_saves(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(program.window.exports, "_ask", lambda title, *_: asked.append(title))
    monkeypatch.setattr("terrace_desktop.ui.dialogs.ask_save", lambda *a: asked.append("save") or "")
    program.window.left.grid.setFocus()
    QTest.keyClick(program.window.left.grid, Qt.Key.Key_S, CTRL)
    assert asked


@pytest.mark.parametrize(
    ("text", "title", "kind"),
    [("new mod", "New model", "Menu"), ("centring", "Centre", "Form"), ("dist", "distance", "Variable"),
     ("xtsum", "xtsum", "Command")],
)  # fmt: skip
def test_anything_is_found(program: Program, text: str, title: str, kind: str) -> None:
    w = program.window
    QTest.keyClick(w.left.grid, Qt.Key.Key_K, CTRL)
    find = w.actions_.find
    wait_until(find.hasFocus, "the line")
    QTest.keyClicks(find, text)
    assert (title, kind) in [(t.title, t.kind) for t in find.found()]
    assert find.text() == text, "what is found is never put into the line"
    keys(find, "", Qt.Key.Key_Escape)


def test_enter_does_what_was_found(program: Program) -> None:
    w = program.window
    w.find_anything()
    QTest.keyClicks(w.actions_.find, "centre")
    QTest.keyClick(w.actions_.find, Qt.Key.Key_Return)
    settled()
    assert w.prepare.panel.form.entry.key == "centre" and w.splitter.is_open(w.prepare.panel)
    assert w.actions_.find.text() == ""


def test_the_sheet_of_keys_has_every_key(program: Program) -> None:
    w = program.window
    sheet = dict(w.actions_.sheet())
    given = [n for n in w.actions_.names() if w.actions_[n].shortcuts()]
    assert len(sheet) == len(given) and "F6" in sheet and "Ctrl+K" in sheet


# --- forms ------------------------------------------------------------------------------------------------
def test_a_form_is_found_in_the_list_and_comes_with_its_verb(program: Program) -> None:
    w = program.window
    w.actions_["tool_prepare"].trigger()
    panel = w.prepare.panel
    assert panel.search.hasFocus() and panel.list.isVisible() and not panel.run.isVisible()
    keys(panel.search, "grand mean", Qt.Key.Key_Return)
    assert panel.form.entry.key == "centre" and panel.run.isVisible() and not panel.list.isVisible()
    panel.form.set_values({"names": ("age", "distance")})
    assert panel.run.text() == "Add 4 variables"
    panel.form.set_values({"keep": False})
    assert panel.run.text() == "Add 2 variables"
    panel.choose("scatter")
    assert panel.run.text() == "Draw" and w.actions_.buttons["tool_plot"].isChecked()
    click(w, "after_back")
    assert panel.list.isVisible() and w.splitter.is_open(panel)


def test_no_window_flashes_while_the_panel_is_filled(program: Program) -> None:
    """A widget that is shown before it has a parent is a window for a moment, and takes the focus of this one."""
    shown: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                shown.append(watched.objectName() or type(watched).__name__)
            return False

    watch, application = Watch(), QApplication.instance()
    assert application is not None
    application.installEventFilter(watch)
    try:
        build(program)
        program.window.models.builder.change.setChecked(True)
        program.window.prepare.open("centre")
        program.window.variables.edit()
        settled()
    finally:
        application.removeEventFilter(watch)
    assert shown == []
