"""The grid as a spreadsheet: typing, clipboard, filling, rows and variables, find and replace, by real keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QLocale, QMimeData, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QToolTip
from test_app import Program
from waiting import settled, wait_until

import terrace
from terrace.session.session import Session
from terrace_desktop.app.own import Own
from terrace_desktop.grid.copying import OWN
from terrace_desktop.grid.view import GridView
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import commands

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip
ROWS = r"1\t1.5\tAnn\t0\n2\t2.5\tBo\t1\n3\t\tCy\t1\n4\t4\tDi\t0\n5\t5\t\t1\n6\t6\tFi\t0"
DATA = f'enter id x name sex in 1/6, cells("{ROWS}")'


@pytest.fixture
def table(settings: Settings) -> Iterator[Table]:
    p = Table(settings)
    p.run(DATA, 'label values sex 0 "female" 1 "male"')
    p.window.activateWindow()
    p.grid.setFocus()
    wait_until(p.grid.hasFocus, "the focus in the grid")
    p.at(0, 0)
    yield p
    p.window.close()
    p.window.deleteLater()


class Table(Program):
    """The program with a few rows typed in."""

    @property
    def grid(self) -> GridView:
        return self.window.left.grid

    @property
    def frame(self) -> pd.DataFrame:
        return self.window.controller.snapshot.dataset.frame

    def column(self, name: str) -> list[object]:
        return [None if pd.isna(v) else v for v in self.frame[name]]

    def at(self, row: int, column: int) -> None:
        self.grid.go_to(self.grid.grid.index(row, column))

    def select_column(self, column: int) -> None:
        self.select((0, column, self.grid.grid.rowCount() - 1, column))  # as a click on its head does

    def select(self, *ranges: tuple[int, int, int, int]) -> None:
        chosen = QItemSelection()
        for top, left, bottom, right in ranges:
            chosen.select(self.grid.grid.index(top, left), self.grid.grid.index(bottom, right))
        flag = QItemSelectionModel.SelectionFlag
        model = self.grid.selectionModel()
        model.setCurrentIndex(self.grid.grid.index(*ranges[0][:2]), flag.NoUpdate)
        model.select(chosen, flag.ClearAndSelect)

    def place(self) -> tuple[int, int]:
        return self.grid.currentIndex().row(), self.grid.currentIndex().column()

    def editor(self) -> QLineEdit | None:
        found = [e for e in self.grid.findChildren(QLineEdit, "cell_editor") if e.isVisible()]
        return found[-1] if found else None

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key to what has the focus in the grid; then all that it asks of the session."""
        QTest.keyClick(self.editor() or self.grid, key, modifiers)
        self.idle()

    def type(self, text: str) -> None:
        for sign in text:
            QTest.keyClicks(self.editor() or self.grid, sign)

    def last(self) -> str:
        return self.window.controller.history.entries[-1].command

    def message(self) -> str:
        return self.window.status.message()


# --- typing ---------------------------------------------------------------------------------------------
def test_typing_replaces_enter_goes_down_and_each_is_one_step(table: Table) -> None:
    table.at(0, 1)
    table.type("7.5")
    assert table.editor().text() == "7.5"
    table.key(Qt.Key.Key_Return)
    assert table.last() == "replace x = 7.5 in 1" and table.place() == (1, 1) and table.editor() is None
    table.type("8")
    table.key(Qt.Key.Key_Return, SHIFT)
    assert table.column("x")[:2] == [7.5, 8] and table.place() == (0, 1)
    table.window.undo()
    table.idle()
    assert table.column("x")[:2] == [7.5, 2.5]


def test_tab_goes_right_and_enter_back_to_where_tab_began(table: Table) -> None:
    table.at(0, 0)
    table.type("11")
    table.key(Qt.Key.Key_Tab)
    table.type("12")
    table.key(Qt.Key.Key_Tab)
    assert table.place() == (0, 2)
    table.key(Qt.Key.Key_Backtab, SHIFT)
    assert table.place() == (0, 1)
    table.key(Qt.Key.Key_Return)
    assert table.place() == (1, 0)
    assert table.column("id")[0] == 11 and table.column("x")[0] == 12


def test_f2_and_double_click_edit_what_is_there_and_escape_leaves_it(table: Table) -> None:
    table.at(0, 2)
    table.key(Qt.Key.Key_F2)
    assert table.editor().text() == "Ann"
    table.key(Qt.Key.Key_End)
    table.type("a")
    table.key(Qt.Key.Key_Escape)
    assert table.editor() is None and table.column("name")[0] == "Ann"
    viewport, rect = table.grid.viewport(), table.grid.visualRect(table.grid.grid.index(1, 2))
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=rect.center())
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=rect.center())
    wait_until(lambda: table.editor() is not None, "the editor")
    assert table.editor().text() == "Bo"
    table.key(Qt.Key.Key_Escape)


def test_a_refused_value_is_told_at_the_cell_and_stays_to_be_mended(table: Table) -> None:
    table.at(0, 1)
    before = len(table.states())
    table.type("abc")
    table.key(Qt.Key.Key_Return)
    assert table.editor().text() == "abc" and table.place() == (0, 1)
    assert table.grid.bubble.text() == "x holds numbers, and abc is not a number."
    assert len(table.states()) == before, "nothing was asked of the session"
    other = table.grid.visualRect(table.grid.grid.index(4, 0)).center()
    QTest.mouseClick(table.grid.viewport(), Qt.MouseButton.LeftButton, pos=other)
    settled()
    assert table.editor().text() == "abc" and table.place() == (0, 1), "a click elsewhere loses nothing"
    table.type("3")
    assert table.editor().text() == "abc3" or table.editor().text() == "3"
    table.editor().setText("3")
    table.editor().textEdited.emit("3")
    table.key(Qt.Key.Key_Return)
    assert table.column("x")[0] == 3 and not table.grid.bubble.text() and table.editor() is None


def test_a_decimal_comma_is_understood_and_told(table: Table) -> None:
    table.at(0, 1)
    table.type("61,7")
    table.key(Qt.Key.Key_Return)
    assert table.column("x")[0] == 61.7
    table.type("12 345")
    table.key(Qt.Key.Key_Return)
    assert table.column("x")[1] == 12345
    table.at(1, 2)
    table.type(".")
    table.key(Qt.Key.Key_Return)
    assert table.column("name")[1] is None
    table.at(1, 1)
    table.type("1,234")
    table.key(Qt.Key.Key_Return)
    assert "could be 1234 or 1.234" in table.grid.bubble.text()
    table.key(Qt.Key.Key_Escape)
    assert not table.grid.bubble.text()


def test_value_labels_drop_down(table: Table) -> None:
    table.at(0, 3)
    table.key(Qt.Key.Key_F2)
    table.key(Qt.Key.Key_Down, ALT)
    popup = table.editor().completer().popup()
    wait_until(popup.isVisible, "the labels")
    assert [popup.model().index(k, 0).data() for k in range(popup.model().rowCount())] == ["female", "male"]
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    wait_until(lambda: table.editor() is None or table.editor().text() == "male", "the label")
    if table.editor() is not None:
        table.key(Qt.Key.Key_Return)
    table.idle()
    assert table.column("sex")[0] == 1


def test_new_rows_and_variables_are_typed_into_the_empty_ones(table: Table) -> None:
    table.at(6, 0)
    table.type("7")
    table.key(Qt.Key.Key_Return)
    assert table.column("id")[6] == 7 and table.place() == (7, 0), "on to the next empty row"
    table.type("8")
    table.key(Qt.Key.Key_Tab)
    assert len(table.frame) == 8 and table.place() == (7, 1)
    table.at(0, 4)
    table.type("word")
    table.key(Qt.Key.Key_Return)
    assert table.column("var5")[0] == "word" and table.place() == (1, 4)
    assert table.grid.grid.columnCount() == 6 and table.grid.grid.rowCount() == 9
    table.window.undo()
    table.idle()
    assert "var5" not in table.frame and table.grid.grid.columnCount() == 5


def test_what_is_being_typed_stays_while_the_data_change(table: Table) -> None:
    table.at(0, 1)
    table.type("5")
    table.window.controller.run("replace id = 9 in 2")
    table.idle()
    assert table.editor().text() == "5"
    table.window.controller.run("insobs 1, before(1)")
    table.idle()
    wait_until(lambda: table.editor() is not None and table.editor().text() == "5", "what was typed")
    table.key(Qt.Key.Key_Return)
    assert table.column("x")[1] == 5, "in its own row, which is the second now"


def test_delete_clears_the_selection(table: Table) -> None:
    table.select((1, 0, 2, 2))
    table.key(Qt.Key.Key_Delete)
    assert table.frame.iloc[1:3, :3].isna().all().all() and table.frame.iloc[[0, 3], :3].notna().all().all()
    assert table.last() == 'enter id-name in 2/3, cells("\\q\\q") exact'
    assert table.window.controller.snapshot.undo_text == "clearing of 6 cells of 3 variables"
    table.window.undo()
    table.idle()
    assert table.column("name") == ["Ann", "Bo", "Cy", "Di", None, "Fi"]
    table.select((0, 0, 0, 0), (2, 2, 2, 2))
    table.key(Qt.Key.Key_Delete)
    assert "same rows" in table.message() and table.column("id")[0] == 1


# --- filling --------------------------------------------------------------------------------------------
def test_filling_down_and_right_is_exact(table: Table) -> None:
    table.run("replace x = 1/3 in 1")
    table.select((0, 1, 3, 2))
    table.key(Qt.Key.Key_D, CTRL)
    assert table.column("x")[:5] == [1 / 3] * 4 + [5] and table.column("name")[:4] == ["Ann"] * 4
    table.select((4, 3, 4, 3))
    table.key(Qt.Key.Key_D, CTRL)
    assert table.column("sex")[4] == 0, "one row takes that above it"
    table.select((0, 0, 1, 1))
    table.key(Qt.Key.Key_R, CTRL)
    assert table.column("x")[:2] == [1, 2]


def test_filling_goes_to_the_rows_that_are_seen(table: Table) -> None:
    table.window.controller.run("filter sex == 1, view")
    table.idle()
    table.select((0, 0, 2, 0))
    table.key(Qt.Key.Key_D, CTRL)
    assert table.column("id") == [1, 2, 2, 4, 2, 6]
    assert table.last() == 'enter id, cells("2") rows(3 5) exact'
    assert table.grid.grid.shown_rows == 3
    table.window.filters.show_all()
    table.idle()
    table.window.data.sort("id", True)
    table.idle()
    QGuiApplication.clipboard().setText("a\nb\nc")
    table.select((0, 2, 0, 2))
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("name") == ["Ann", "c", "Cy", "b", None, "a"]
    assert table.grid.grid.sorted_by == ("id", True)


# --- the clipboard --------------------------------------------------------------------------------------
def test_copy_and_paste_keep_every_digit_and_go_to_spreadsheets(table: Table) -> None:
    table.run("replace x = 1/3 in 1")
    table.select((0, 1, 1, 3))
    table.key(Qt.Key.Key_C, CTRL)
    held = QGuiApplication.clipboard().mimeData()
    assert held.text().split("\n")[:2] == [f"{1 / 3!r}\tAnn\tfemale", "2.5\tBo\tmale"], "no names: no whole column"
    assert f'sdval="{1 / 3!r}"' in held.html() and held.hasFormat(OWN)
    table.at(4, 1)
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("x")[4:] == [1 / 3, 2.5] and table.column("sex")[4:] == [0, 1]
    assert table.message() == "6 cells pasted"


def test_a_whole_column_is_copied_with_its_name(table: Table) -> None:
    table.select_column(3)
    table.key(Qt.Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text().split("\n")[:3] == ["sex", "female", "male"]
    table.at(0, 4)
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("sex_2" if "sex_2" in table.frame else table.frame.columns[4]) == [0, 1, 1, 0, 1, 0]


def test_what_a_spreadsheet_has_is_pasted_and_the_data_grow(table: Table) -> None:
    QGuiApplication.clipboard().setText('9\t"two\nlines"\n10\tplain\n')
    table.at(5, 1)
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("x")[5:] == [9, 10] and table.column("name")[5:] == ["two\nlines", "plain"]
    assert table.window.controller.snapshot.undo_text == "1 new row with 4 values of x and name"
    QGuiApplication.clipboard().setText("1,5\n2,25\n")
    table.at(0, 1)
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("x")[:2] == [1.5, 2.25] and "comma" in table.message()
    held = QMimeData()
    held.setText("1,5\t2024-03-01")
    number, date = '<td sdval="1.523" sdnum="1031;0;0,0">1,5</td>', '<td sdval="45352">2024-03-01</td>'
    held.setHtml(f"<table><tr>{number}{date}</tr></table>")
    QGuiApplication.clipboard().setMimeData(held)
    table.at(0, 1)
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("x")[0] == 1.523 and table.column("name")[0] == "2024-03-01"


def test_names_over_pasted_columns_become_those_of_new_variables(table: Table) -> None:
    QGuiApplication.clipboard().setText("age\tx\n20\t1\n30\t2\n")
    table.at(0, 4)
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("age")[:3] == [20, 30, None] and len(table.frame.columns) == 6
    table.select_column(0)
    QGuiApplication.clipboard().setText("id\n21\n22\n23\n24\n25\n26\n")
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("id") == [21, 22, 23, 24, 25, 26]


def test_a_cell_is_pasted_into_all_that_are_selected(table: Table) -> None:
    QGuiApplication.clipboard().setText("4")
    table.select((0, 0, 2, 1))
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("id")[:4] == [4, 4, 4, 4] and table.column("x")[:3] == [4, 4, 4]


def test_pasted_cells_that_are_refused_are_told_at_the_first(table: Table) -> None:
    QGuiApplication.clipboard().setText("1\nabc\n3\n")
    table.at(0, 1)
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("x")[:3] == [1, 2.5, 3]
    assert table.place() == (1, 1) and "abc is not a number" in table.grid.bubble.text()
    assert table.message().startswith("1 cell refused.")


def test_several_ranges_of_the_same_rows_or_columns_are_copied(table: Table) -> None:
    table.select((0, 0, 1, 0), (0, 2, 1, 2))
    table.key(Qt.Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == "1\tAnn\n2\tBo\n"
    table.select((0, 0, 0, 1), (3, 0, 3, 1))
    table.key(Qt.Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == "1\t1.5\n4\t4.0\n"
    table.select((0, 0, 0, 1), (3, 2, 3, 2))
    table.key(Qt.Key.Key_C, CTRL)
    assert "same rows" in table.message()


def test_cutting_copies_and_clears(table: Table) -> None:
    table.select((0, 0, 1, 0))
    table.key(Qt.Key.Key_X, CTRL)
    wait_until(lambda: table.column("id")[0] is None, "the cells to be cleared")
    assert QGuiApplication.clipboard().text() == "1\n2\n"
    table.idle()
    table.at(2, 0)
    table.key(Qt.Key.Key_V, CTRL)
    assert table.column("id") == [None, None, 1, 2, 5, 6]


# --- rows and variables ---------------------------------------------------------------------------------
def test_rows_and_variables_by_keys(table: Table) -> None:
    table.select((1, 0, 2, 3))
    table.key(Qt.Key.Key_Plus, CTRL | SHIFT)
    assert table.last() == "insobs 2, before(2)" and table.column("id") == [1, None, None, 2, 3, 4, 5, 6]
    table.select((1, 0, 2, 3))
    table.key(Qt.Key.Key_Minus, CTRL)
    assert table.last() == "drop in 2/3" and table.column("id") == [1, 2, 3, 4, 5, 6]
    table.select_column(1)
    table.key(Qt.Key.Key_Plus, CTRL | SHIFT)
    assert list(table.frame.columns) == ["id", "var5", "x", "name", "sex"]
    assert table.grid.grid.columnCount() == 6
    table.select_column(1)
    table.key(Qt.Key.Key_Minus, CTRL)
    assert table.last() == "drop var5" and list(table.frame.columns) == ["id", "x", "name", "sex"]
    table.select((0, 0, 0, 3), (2, 0, 2, 3))
    table.key(Qt.Key.Key_Minus, CTRL)
    assert table.last() == "drop, rows(1 3)" and table.column("id") == [2, 4, 5, 6]
    table.at(0, 0)
    table.key(Qt.Key.Key_Minus, CTRL)
    assert table.column("id") == [2, 4, 5, 6] and theme.manager().zoom < 100, "of a cell the key is the window's"
    table.window.looks.zoom_text(0)


def test_the_menus_offer_all_of_it(table: Table) -> None:
    table.select((1, 0, 1, 1))
    actions = table.window.actions_
    actions["insert_rows"].trigger()
    table.idle()
    assert len(table.frame) == 7
    actions["insert_variables"].trigger()
    table.idle()
    assert list(table.frame.columns) == ["var5", "var6", "id", "x", "name", "sex"]
    actions["delete_variables"].trigger()
    table.idle()
    assert list(table.frame.columns) == ["id", "x", "name", "sex"]
    actions["delete_rows"].trigger()
    table.idle()
    assert len(table.frame) == 6
    point = table.grid.visualRect(table.grid.grid.index(0, 0)).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, table.grid.viewport().mapToGlobal(point))
    QApplication.sendEvent(table.grid.viewport(), event)
    wait_until(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "the menu")
    menu = QApplication.activePopupWidget()
    assert "Fill down" in " ".join(a.text() for a in menu.actions())
    menu.close()


# --- find and replace -----------------------------------------------------------------------------------
def test_finding_walks_from_cell_to_cell(table: Table) -> None:
    bar = table.window.left.find_bar
    table.key(Qt.Key.Key_F, CTRL)
    assert bar.isVisible() and not bar.new.isVisible() and bar.wanted.hasFocus()
    QTest.keyClicks(bar.wanted, "male")
    QTest.keyClick(bar.wanted, Qt.Key.Key_Return)
    table.idle()
    wait_until(lambda: bar.count.text() == "6 cells found", "the count")
    bar.whole.setChecked(True)
    table.idle()
    wait_until(lambda: bar.count.text() == "3 cells found", "the count of whole cells")
    table.at(0, 0)
    been = []
    for _ in range(4):
        QTest.keyClick(bar.wanted, Qt.Key.Key_Return)
        table.idle()
        been.append(table.place())
    assert been == [(1, 3), (2, 3), (4, 3), (1, 3)]
    QTest.keyClick(bar.wanted, Qt.Key.Key_Return, SHIFT)
    assert table.place() == (4, 3)
    QTest.keyClick(bar.wanted, Qt.Key.Key_Escape)
    assert not bar.isVisible() and table.grid.hasFocus()


def test_replacing_one_and_all(table: Table) -> None:
    bar = table.window.left.find_bar
    table.key(Qt.Key.Key_H, CTRL)
    assert bar.new.isVisible()
    QTest.keyClicks(bar.wanted, "5")
    QTest.keyClicks(bar.new, "7")
    bar.searched.emit()
    table.idle()
    bar.next.click()
    table.idle()
    assert table.place() == (0, 1)
    bar.replace.click()
    table.idle()
    assert table.column("x")[:2] == [1.7, 2.5] and table.place() == (1, 1)
    bar.all.click()
    table.idle()
    assert table.column("x") == [1.7, 2.7, None, 4, 7, 6] and table.column("id") == [1, 2, 3, 4, 7, 6]
    assert bar.count.text() == "3 cells replaced"
    table.window.undo()
    table.idle()
    assert table.column("x")[1] == 2.5 and table.column("id")[4] == 5, "all of it is one step"


# --- the keyboard, frozen columns -----------------------------------------------------------------------
def test_tab_is_no_trap(table: Table) -> None:
    table.at(0, 0)
    table.key(Qt.Key.Key_Right)
    table.key(Qt.Key.Key_Tab)
    assert table.place() == (0, 2) and table.grid.hasFocus()
    table.key(Qt.Key.Key_Escape)
    QTest.keyClick(table.grid, Qt.Key.Key_Tab)
    assert not table.grid.hasFocus()
    table.grid.setFocus()
    table.key(Qt.Key.Key_Left)
    QTest.keyClick(table.grid, Qt.Key.Key_Tab, CTRL)
    assert not table.grid.hasFocus()
    table.grid.setFocus()
    table.key(Qt.Key.Key_Left)
    QTest.keyClick(table.grid, Qt.Key.Key_F6)
    assert not table.grid.hasFocus()


def test_frozen_columns_stay_and_are_edited_in_place(table: Table) -> None:
    table.run("forvalues i = 1/12 {\ngenerate more`i' = `i'\n}")
    table.at(0, 0)
    table.window.actions_["freeze"].trigger()
    frozen, bar = table.grid.frozen, table.grid.horizontalScrollBar()
    assert frozen.isVisible() and frozen.count == 1
    bar.setValue(bar.maximum())
    settled()
    assert frozen.visualRect(table.grid.grid.index(0, 0)).left() == 0
    table.at(1, 0)
    table.type("77")
    assert table.editor() is not None and frozen.isAncestorOf(table.editor())
    table.key(Qt.Key.Key_Return)
    assert table.column("id")[1] == 77 and table.place() == (2, 0)
    bar.setValue(bar.maximum())
    table.at(0, 3)
    table.grid.scrollTo(table.grid.grid.index(0, 3))
    assert table.grid.visualRect(table.grid.grid.index(0, 3)).left() >= frozen.width()
    own = Own(table.window.models, table.window.left, table.window.splitter)
    kept = own.layout_now()
    table.window.actions_["unfreeze"].trigger()
    assert not frozen.isVisible() and own.layout_now()["frozen"] == 0
    own.bring_back({}, kept)
    assert frozen.isVisible() and frozen.count == 1


# --- where numbers are written with a comma, like names, streamed files -----------------------------------
def test_the_comma_of_the_locale(table: Table) -> None:
    usual = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    try:
        table.at(0, 1)
        table.type("1,234")
        table.key(Qt.Key.Key_Return)
        assert table.column("x")[0] == 1.234
        table.at(3, 1)
        table.type(".")
        table.key(Qt.Key.Key_Return)
        assert table.column("x")[3] is None
        table.at(1, 1)
        table.type("1.234")
        table.key(Qt.Key.Key_Return)
        assert "could be 1234 or 1,234" in table.grid.bubble.text()
        table.key(Qt.Key.Key_Escape)
        QGuiApplication.clipboard().setText("2,5\n3.000,25\n")
        table.at(0, 1)
        table.key(Qt.Key.Key_V, CTRL)
        assert table.column("x")[:2] == [2.5, 3000.25]
    finally:
        QLocale.setDefault(usual)


def test_like_names_are_told_apart_and_found_by_any_part(table: Table) -> None:
    names = [f"student_achievement_{k:03d}_score" for k in range(200)]
    table.run(f'enter {" ".join(names)} in 1, cells("1")', f'label variable {names[7]} "Reading in autumn"')
    grid = table.grid
    bold = QFontMetrics(theme.text_font(bold=True))
    place = grid.grid.dataset.names.index(names[150])
    assert grid.columnWidth(place) > bold.horizontalAdvance(names[150]), "the whole name is seen"
    for typed, wanted in (("150_s", names[150]), ("autumn read", names[7]), ("achievement 042", names[42])):
        table.window.left.go_to(typed)
        assert grid.current_variable() == wanted, typed
    search = table.window.left.list.search
    search.setText("autumn read")
    assert table.window.left.list.model.names() == [names[7]]
    grid.setColumnWidth(place, 60)
    grid.columns._hover(place)
    assert QToolTip.text().startswith(names[150])
    grid.columns._hover(-1)
    QToolTip.hideText()


def test_a_streamed_file_has_no_empty_row_and_refuses_in_words(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pd.DataFrame({"x": np.arange(5.0)}).to_parquet(path)
    data = terrace.stream(path)

    def take(session: Session) -> None:
        session.state = replace(session.state, dataset=data)

    table.window.controller.call("stream", take, lambda _: None)
    table.run("describe")
    wait_until(lambda: table.grid.grid.dataset is data, "the file")
    assert table.grid.grid.rowCount() == 5 and table.grid.grid.columnCount() == 1
    table.at(0, 0)
    table.type("9")
    table.key(Qt.Key.Key_Return)
    assert table.states()[-1] == ("replace x = 9 in 1", "error") and table.window.results.errors()


def test_variables_in_a_command_are_ranges_where_they_stand_side_by_side() -> None:
    names = [f"v{k}" for k in range(6)]
    assert commands.names_text(["v1", "v2", "v3", "v5"], names) == "v1-v3 v5"
    assert commands.names_text(["v3", "v2", "v0", "v1"], names) == "v3 v2 v0 v1"
    assert commands.names_text(["v4", "v5", "new", "newer"], names) == "v4 v5 new newer"
    assert commands.drop_rows(np.array([2, 3, 4])) == "drop in 3/5"
    assert commands.drop_rows(np.array([0, 4])) == "drop, rows(1 5)"
