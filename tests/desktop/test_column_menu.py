"""The menu of a column and of variables in the list: each line does it, or opens the form for it with the variable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from test_accessibility import unnamed
from test_app import Program
from waiting import settled, wait_until

from terrace_desktop.grid.variables import VALUES
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.settings import Settings
from terrace_desktop.variables.several import SeveralPanel


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    p = Program(settings)
    p.run("sample hsb", 'generate str5 town = "here"')
    yield p
    p.window.close()
    p.window.deleteLater()


def menu(program: Program, name: str) -> QMenu:
    return program.window.columns.menu(name)


def line(shown: QMenu, name: str) -> QAction:
    found = shown.findChild(QAction, f"column_menu_{name}")
    assert isinstance(found, QAction), name
    return found


def last(program: Program) -> str:
    program.idle()
    command, state = program.states()[-1]
    assert state == "ok", command
    return command


def select(program: Program, *names: str) -> None:
    grid = program.window.left.grid
    grid.clearSelection()
    for k, name in enumerate(names):
        modifier = Qt.KeyboardModifier.ControlModifier if k else Qt.KeyboardModifier.NoModifier
        column = grid.grid.dataset.names.index(name)
        grid.scrollTo(grid.grid.index(0, column))
        x = grid.columns.sectionViewportPosition(column) + 12
        QTest.mouseClick(grid.columns.viewport(), Qt.MouseButton.LeftButton, modifier, QPoint(x, 8))


@pytest.mark.parametrize(
    ("name", "key", "value"), [("recode", "x", "ses"), ("compute", "value", "ses"), ("centre", "names", ("ses",))]
)
def test_a_form_opens_with_the_variable(program: Program, name: str, key: str, value: object) -> None:
    line(menu(program, "ses"), name).trigger()
    panel = program.window.prepare.panel
    wait_until(panel.isVisible, "the form")
    assert panel.form.entry.key == name and panel.form.values()[key] == value


@pytest.mark.parametrize(("name", "field"), [("rename", "name_line"), ("label", "label_line")])
def test_the_editor_opens_at_the_field(program: Program, name: str, field: str) -> None:
    line(menu(program, "ses"), name).trigger()
    panel = program.window.variables.panel
    wait_until(lambda: getattr(panel, field).hasFocus(), field)
    assert panel.name == "ses" and getattr(panel, field).selectedText() == getattr(panel, field).text()


def test_what_needs_no_question_is_one_command(program: Program) -> None:
    for name, command in (
        ("measure_ordinal", "measure size ordinal"), ("describe", "tabulate size"), ("delete", "drop size"),
    ):  # fmt: skip
        line(menu(program, "size"), name).trigger()
        assert last(program) == command
    program.run("undo")
    assert "size" in program.window.controller.snapshot.dataset
    for name, command in (("mathach", "summarize mathach, detail"), ("id", "codebook id"), ("town", "tabulate town")):
        line(menu(program, name), "describe").trigger()
        assert last(program) == command


def test_sorting_is_in_the_view(program: Program) -> None:
    grid = program.window.left.grid.grid
    assert not line(menu(program, "ses"), "sort_none").isEnabled()
    line(menu(program, "ses"), "sort_down").trigger()
    program.idle()
    assert grid.sorted_by == ("ses", True)
    line(menu(program, "ses"), "sort_none").trigger()
    program.idle()
    assert grid.sorted_by is None


def test_filtering_by_value_is_asked_for(program: Program) -> None:
    spy = QSignalSpy(program.window.columns.filter_by_asked)
    line(menu(program, "sector"), "filter").trigger()
    assert spy.at(0) == ["sector"]


def test_what_text_cannot_do_is_disabled(program: Program) -> None:
    shown = menu(program, "town")
    found = {n: line(shown, n).isEnabled() for n in ("recode", "centre", "measure_continuous", "measure_nominal")}
    assert found == {"recode": False, "centre": False, "measure_continuous": False, "measure_nominal": True}
    checked = [m for m in ("continuous", "nominal", "identifier") if line(shown, f"measure_{m}").isChecked()]
    assert checked == ["nominal"]


def test_every_line_has_a_name_and_a_letter_of_its_own(program: Program) -> None:
    select(program, "ses", "size")
    for shown in (menu(program, "mathach"), menu(program, "ses")):
        for part in (shown, *shown.findChildren(QMenu)):
            actions = [a for a in part.actions() if not a.isSeparator()]
            assert all(a.objectName() or a.menu() for a in actions)
            letters = [a.text()[a.text().index("&") + 1].lower() for a in actions]
            assert len(letters) == len(set(letters)), letters


def test_others_add_their_lines(program: Program) -> None:
    done: list[list[str]] = []
    flow = program.window.columns
    flow.more.append(lambda names: [Action("keep", "&Keep", lambda: done.append(names))])
    shown = menu(program, "ses")
    assert [a.objectName() for a in shown.actions() if not a.isSeparator()][-2:] == [
        "column_menu_keep", "column_menu_delete",
    ]  # fmt: skip
    line(shown, "keep").trigger()
    assert done == [["ses"]]


def test_the_arrow_in_the_header_and_the_menu_key_open_it(program: Program) -> None:
    grid = program.window.left.grid
    asked, of_cells = QSignalSpy(grid.menu_wanted), QSignalSpy(grid.menu_asked)
    grid.menu_wanted.disconnect(program.window.columns.show)
    grid.menu_asked.disconnect(program.window.cells.show_menu)
    arrow = grid.columns.arrow_of(1).center()
    QTest.mouseClick(grid.columns.viewport(), Qt.MouseButton.LeftButton, pos=arrow)
    assert asked.at(0)[0] == "minority" and not grid.selectionModel().selection().count(), "the column is not selected"
    grid.setCurrentIndex(grid.grid.index(2, 2))
    far = QPoint(3, 3)
    key = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, far, grid.viewport().mapToGlobal(far))
    QApplication.sendEvent(grid.viewport(), key)
    assert asked.at(1)[0] == "female", "the cell that one is at, wherever the mouse is"
    cell = grid.visualRect(grid.grid.index(1, 0)).center()
    mouse = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, cell, grid.viewport().mapToGlobal(cell))
    QApplication.sendEvent(grid.viewport(), mouse)
    assert asked.count() == 2 and of_cells.count() == 1, "by the mouse it is the menu of cells"


def test_columns_are_frozen_and_variables_inserted_from_it(program: Program) -> None:
    frozen = program.window.left.grid.frozen
    line(menu(program, "female"), "freeze").trigger()
    assert frozen.count == 3
    line(menu(program, "minority"), "unfreeze").trigger()
    assert frozen.count == 0
    line(menu(program, "female"), "insert").trigger()
    assert last(program).startswith("generate var") and last(program).endswith(", before(female)")


def test_the_menu_stands_on_the_screen_and_goes(program: Program) -> None:
    program.window.columns.show("ses", program.window.mapToGlobal(QPoint(100, 100)))
    shown = program.window.findChild(QMenu, "column_menu")
    assert shown is not None and shown.isVisible()
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    settled()
    assert program.window.findChild(QMenu, "column_menu") is None


def test_value_labels_of_the_table_open_the_editor(program: Program) -> None:
    program.window.variables.edit()
    view = program.window.left.variables
    wait_until(view.isVisible, "the table")
    row = program.window.controller.snapshot.dataset.names.index("sector")
    place = view.visualRect(view.table.index(row, VALUES)).center()
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    program.idle()
    assert program.window.variables.panel.name == "sector" and program.window.variables.panel.isVisible()


# --- several variables -------------------------------------------------------------------------------------
def several(program: Program, *names: str) -> SeveralPanel:
    program.window.variables.edit_several(list(names))
    program.idle()
    found = program.window.variables.several
    assert found is not None and found.isVisible()
    return found


def test_selected_columns_are_changed_together(program: Program) -> None:
    select(program, "ses", "size")
    shown = menu(program, "size")
    line(shown, "measure_ordinal").trigger()
    assert last(program) == "measure ses size ordinal"
    assert program.window.controller.snapshot.undo_text == "measure of ses and size"
    select(program, "ses", "size")
    line(menu(program, "ses"), "several").trigger()
    assert program.window.variables.several.names == ["ses", "size"]
    select(program, "ses", "size")
    assert program.window.columns.selected("id") == ["id"], "not among the selected ones"
    line(menu(program, "ses"), "delete").trigger()
    assert last(program) == "drop ses size"


def test_showing_several_variables_changes_nothing(program: Program) -> None:
    program.run("measure sector female nominal")
    before = program.states()
    panel = several(program, "sector", "female")
    assert panel.measure.value() == "nominal"
    assert program.states() == before


def test_variables_chosen_in_the_list_are_changed_by_one_command_each(program: Program) -> None:
    before = program.window.controller.snapshot.dataset
    view = program.window.left.list.view
    names = program.window.left.list.model.names()
    for name in ("sector", "pracad"):
        view.selectionModel().select(
            program.window.left.list.model.index(names.index(name), 0), view.selectionModel().SelectionFlag.Select
        )
    lines = [a for group in program.window.variables.lines(view.selected()) for a in group]
    lines[0].run()
    program.idle()
    panel = program.window.variables.several
    assert panel.names == ["sector", "pracad"] and unnamed(panel) == []
    panel.measure.choose("nominal")
    assert last(program) == "measure sector pracad nominal"
    panel.codes.changed.emit(["-9", "-8/-1"])
    assert last(program) == "missing sector pracad -9 -8/-1"
    panel.paste.given.emit({0: "No", 1: "Yes"})
    assert last(program) == 'label values sector pracad 0 "No" 1 "Yes", modify'
    panel.prefix.setText("s_")
    assert panel.example.text() == "sector becomes s_sector"
    panel.rename.click()
    assert last(program) == "rename (sector pracad) s_=" and panel.names == ["s_sector", "s_pracad"]
    panel.findChild(QPushButton, "several_first").click()
    assert last(program) == "order s_sector s_pracad, first"
    assert program.window.controller.snapshot.dataset.names[:2] == ("s_sector", "s_pracad")
    assert panel.foot.undo_all.text() == "Undo all 5 changes"
    panel.delete.click()
    assert last(program) == "drop s_sector s_pracad" and not panel.isEnabled()
    program.run("undo")
    panel.show_variables(["s_sector", "s_pracad"])
    for _ in range(5):
        program.run("undo")
    now = program.window.controller.snapshot.dataset
    assert now.names == before.names and now.variables == before.variables


def test_names_that_cannot_be_are_told_before(program: Program) -> None:
    panel = several(program, "ses", "size")
    panel.prefix.setText("1")
    assert panel.example.text().startswith("1ses cannot be a name") and not panel.rename.isEnabled()
    panel.prefix.setText("mean")  # meanses is there
    assert panel.example.text() == "A variable named meanses already exists." and not panel.rename.isEnabled()
    panel.prefix.clear()
    panel.suffix.setText("_1")
    QTest.keyClick(panel.suffix, Qt.Key.Key_Return)
    assert last(program) == "rename (ses size) =_1"


def test_labels_for_several_come_from_one_that_has_them(program: Program) -> None:
    panel = several(program, "size", "disclim")
    panel.sources.chosen.emit("sector")
    assert last(program) == "label values size disclim, from(sector)"


# --- many variables ----------------------------------------------------------------------------------------
def test_two_hundred_like_names_are_told_apart(program: Program, tmp_path: Path) -> None:
    names = [f"wave_{b}_block_{k}_item_{j:02d}" for b in (1, 2) for k in (1, 2, 3, 4) for j in range(25)]
    pd.DataFrame(np.ones((5, 200)), columns=names).to_csv(tmp_path / "items.csv", index=False)
    program.run(f'use "{tmp_path / "items.csv"}", clear')
    program.run('label variable wave_2_block_3_item_07 "Enjoys reading at home"')
    left = program.window.left
    for text, found in (
        ("2 block_3 07", ["wave_2_block_3_item_07"]), ("reading", ["wave_2_block_3_item_07"]),
        ("item_07", [n for n in names if n.endswith("07")]),
    ):  # fmt: skip
        left.list.search.setText(text)
        assert left.list.model.names() == found
    grid = left.grid
    bold = grid.columns.fontMetrics()
    for column in (0, 120):
        assert grid.columnWidth(column) > bold.horizontalAdvance(names[column]), "the whole name is read"
