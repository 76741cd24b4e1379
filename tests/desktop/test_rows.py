"""Finding one's way in the data: rows that are hidden, going to a row or variable, and changing a value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from test_app import Program
from waiting import wait_until

from terrace.data.dataset import Dataset, Variable
from terrace_desktop.app.data_pane import find_variable
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import commands


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    p = Program(settings)
    p.run("sample hsb")
    yield p
    p.window.close()
    p.window.deleteLater()


def filter_by(p: Program, text: str) -> None:
    p.run(f"filter {text}, view")


def test_another_filter_keeps_the_order_and_the_data_stay_as_they_are(program: Program) -> None:
    left = program.window.left
    before = program.window.controller.snapshot.dataset
    frame = before.frame
    program.window.data.sort("mathach", True)
    program.idle()
    filter_by(program, "ses > 0 & sector == 0")
    grid = left.grid.grid
    assert grid.sorted_by == ("mathach", True)
    shown = frame["mathach"].to_numpy()[grid.order]
    assert len(shown) == int(((frame["ses"] > 0) & (frame["sector"] == 0)).sum()) == left.rows_shown()
    assert (np.diff(shown) <= 0).all() and program.window.controller.snapshot.dataset is before


def test_go_to_a_row_and_a_variable(program: Program) -> None:
    left = program.window.left
    left.bar.go.setText("5,000")
    left.bar._go()
    grid = left.grid
    assert grid.grid.data_row(grid.currentIndex().row()) == 4999
    filter_by(program, "sector == 1")
    frame = grid.grid.dataset.frame
    there = int(np.flatnonzero(frame["sector"] == 1)[100])
    left.go_to(str(there + 1))
    assert grid.grid.data_row(grid.currentIndex().row()) == there
    left.go_to("1")
    assert left.bar.problem() == "Row 1 is hidden by the filter."
    left.go_to("99999")
    assert left.bar.problem() == "The rows are numbered 1 to 7,185."
    left.go_to("MATH")
    assert grid.current_variable() == "mathach"
    left.go_to("nowhere")
    assert left.bar.problem() == "There is no variable named nowhere."


def test_variables_are_found_by_name_and_label() -> None:
    frame = pd.DataFrame({"ses_mean": [1.0], "ses": [2.0], "y": [3.0]})
    data = Dataset(frame, (Variable("ses_mean", "Mean"), Variable("ses"), Variable("y", "Mathematics")))
    assert [find_variable(data, t) for t in ("ses", "SES", "se", "mathem", "zz")] == [
        "ses", "ses", "ses_mean", "y", None,
    ]  # fmt: skip


def test_the_variables_tab_finds(program: Program) -> None:
    left = program.window.left
    program.window.variables.edit()
    page = left.variables_page
    page.search.setText("math")
    view = page.view
    names = [v.name for r, v in enumerate(view.table.dataset.variables) if not view.isRowHidden(r)]
    assert names == ["mathach"]
    page.search.setText("nothing like it")
    assert page._nothing.isVisibleTo(page)
    page.search.clear()
    assert not any(view.isRowHidden(r) for r in range(view.table.rowCount()))


def test_a_value_is_changed_by_a_command_that_can_be_undone(program: Program) -> None:
    grid = program.window.left.grid
    names = grid.grid.dataset.names
    program.window.data.sort("mathach", True)
    program.idle()
    index = grid.grid.index(0, names.index("ses"))
    row = grid.grid.data_row(0)
    grid.setCurrentIndex(index)
    grid.edit(index)
    line = grid.findChild(QLineEdit, "cell_editor")
    assert line is not None and line.selectedText() == line.text()
    QTest.keyClicks(line, "0.25")
    QTest.keyClick(line, Qt.Key.Key_Return)
    wait_until(lambda: program.states()[-1][0].startswith("replace"), "the command")
    program.idle()
    assert program.states()[-1] == (f"replace ses = 0.25 in {row + 1}", "ok")
    assert program.window.controller.snapshot.dataset.frame["ses"].iloc[row] == 0.25
    assert not program.window.results.errors(), "a line in the status bar is enough"
    assert program.window.status.message() == "(1 real change made)"
    program.run("undo")
    assert program.window.controller.snapshot.dataset.frame["ses"].iloc[row] != 0.25
    program.window.data.edit_cell("ses", 0, "much")
    assert program.window.status.message() == "ses holds numbers, and much is not a number."


@pytest.mark.parametrize(
    ("variable", "is_text", "typed", "command"),
    [
        (Variable("x"), False, "-1.5e3", "replace x = -1.5e3 in 3"),
        (Variable("x"), False, "−2", "replace x = -2 in 3"),
        (Variable("x"), False, "", "replace x = . in 3"),
        (Variable("x", "", value_labels={0: "No", 1: "Yes"}), False, "yes", "replace x = 1 in 3"),
        (Variable("x", "", value_labels={0: "No", 1: "Yes"}), False, "7", "replace x = 7 in 3"),
        (Variable("t"), True, 'say "a"', "replace t = `\"say \"a\"\"' in 3"),
        (Variable("d", format="%td"), False, "2020-02-29", "replace d = mdy(2, 29, 2020) in 3"),
        (Variable("d", format="%td"), False, "1Mar2021", "replace d = td(1mar2021) in 3"),
    ],
)
def test_what_is_typed_into_a_cell(variable: Variable, is_text: bool, typed: str, command: str) -> None:
    assert commands.edit_cell(variable, is_text, 2, typed) == command


def test_a_date_is_typed_as_it_is_shown(program: Program) -> None:
    program.run("generate d = mdy(3, 1, 2021) in 1", "format d %td")
    grid = program.window.left.grid.grid
    column = grid.dataset.names.index("d")
    assert grid.index(0, column).data() == grid.edit_text(0, column) == "2021-03-01"
    program.window.data.edit_cell("d", 1, "2021-03-02")
    program.idle()
    assert grid.index(1, column).data() == "2021-03-02"
