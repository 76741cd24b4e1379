"""A variable in the work panel: every field is saved by one command, and all of them are taken back at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QLineEdit, QToolButton, QWidget
from test_accessibility import unnamed
from test_app import Program
from waiting import settled, wait_until

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.session.out_of_date import stale
from terrace_desktop.ui.settings import Settings
from terrace_desktop.variables import facts, texts
from terrace_desktop.variables.panel import VariablePanel
from terrace_desktop.variables.pasted import labels_in
from terrace_desktop.variables.values import CROSS, HANDLE, ROW

LABELS = {1: "low", 2: "middle", 3: "high"}


@pytest.fixture
def program(settings: Settings, tmp_path: Path) -> Iterator[Program]:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"y": rng.normal(size=120).round(3), "c": np.arange(120) % 3 + 1, "d": np.arange(120) % 2,
                          "g": np.arange(120) // 10})  # fmt: skip
    path = tmp_path / "made.csv"
    frame.to_csv(path, index=False)
    p = Program(settings)
    p.run(f'use "{path}", clear', "measure c ordinal", 'label values c 1 "low" 2 "middle" 3 "high"')
    yield p
    p.window.close()
    p.window.deleteLater()


def panel(program: Program, name: str = "c", field: str = "") -> VariablePanel:
    program.window.variables.edit(name, field)
    program.idle()
    found = program.window.variables.panel
    assert found is not None
    wait_until(found.isVisible, "the panel")
    settled()
    return found


def variable(program: Program, name: str = "c") -> Variable:
    return program.window.controller.snapshot.dataset.variable(name)


def newest(program: Program) -> str:
    command, state = program.states()[-1]
    assert state == "ok", (command, state)
    return command


def wait_for(program: Program, part: str) -> str:
    """Until a command is there that nobody asked for but the panel itself."""
    wait_until(lambda: part in program.states()[-1][0], part)
    program.idle()
    return newest(program)


def editor(p: VariablePanel, name: str = "value_label") -> QLineEdit:
    line = next(w for w in p.values.viewport().findChildren(QLineEdit, name) if w.isVisible())
    assert isinstance(line, QLineEdit)
    return line


def type_over(line: QLineEdit, text: str) -> None:
    line.selectAll()
    QTest.keyClicks(line, text)


def test_the_panel_shows_what_the_variable_is(program: Program) -> None:
    p = panel(program)
    assert (p.name_line.text(), p.measure.value(), p.reference.currentText()) == ("c", "ordinal", "low")
    assert [(x.text, x.label, x.count) for x in p.values.table.levels] == [
        ("1", "low", 40), ("2", "middle", 40), ("3", "high", 40),
    ]  # fmt: skip
    assert program.window.work.subtitle.full_text() == "2 of 4"
    assert p.meaning.text() == "Ordered categories: 2 contrasts with the reference category."
    assert p.harmful.text() == "No model of the results uses this variable."
    assert not p.foot.undo_all.isEnabled()
    assert unnamed(p) == []


def test_labels_are_typed_one_after_the_other_and_saved_by_one_command(program: Program) -> None:
    p = panel(program)
    p.values.type_in(0)
    type_over(editor(p), "Lowest")
    QTest.keyClick(editor(p), Qt.Key.Key_Return)
    assert p.values.currentIndex().row() == 1, "Enter goes to the next"
    type_over(editor(p), 'The "second"')
    QTest.keyClick(editor(p), Qt.Key.Key_Return)
    assert wait_for(program, ", modify") == 'label values c 1 "Lowest" 2 `"The "second""\', modify'
    assert dict(variable(program).value_labels) == {1: "Lowest", 2: 'The "second"', 3: "high"}
    assert program.window.controller.snapshot.undo_text == "value labels of c"
    grid = program.window.left.grid.grid
    assert grid.data(grid.index(0, 1)) == "Lowest"


def test_what_is_typed_meanwhile_stays(program: Program) -> None:
    p = panel(program, field="label")
    QTest.keyClicks(p.label_line, "Gro")
    program.run('label variable y "Outcome"')
    assert p.label_line.text() == "Gro"
    QTest.keyClicks(p.label_line, "ups")
    assert wait_for(program, "label variable c") == 'label variable c "Groups"'
    assert p.label_line.text() == "Groups"


def test_each_field_is_a_command_and_all_are_taken_back_at_once(program: Program) -> None:
    before = program.window.controller.snapshot.dataset
    p = panel(program)
    p.measure.choose("nominal")
    program.idle()
    assert newest(program) == "measure c nominal"
    p.reference.setCurrentIndex(2)
    p.reference.activated.emit(2)
    program.idle()
    assert newest(program) == "fvset base 3 c"
    p.note.setFocus()
    QTest.keyClicks(p.note, "Cut: see the paper")
    QTest.keyClick(p.note, Qt.Key.Key_Return)
    QTest.keyClicks(p.note, "Wave 2")
    p.label_line.setFocus()
    program.idle()
    assert newest(program) == 'notes replace c "Cut: see the paper\\nWave 2"'
    p.codes.add.click()
    QTest.keyClicks(p.codes.line, "-99")
    QTest.keyClick(p.codes.line, Qt.Key.Key_Return)
    program.idle()
    assert newest(program) == "missing c -99"
    now = program.window.controller.snapshot
    assert now.dataset.documents == ("c: Cut: see the paper", "c: Wave 2") and now.state.bases["c"] == 3.0
    assert variable(program).missing_codes == (-99,) and p.codes.codes() == ["-99"]
    assert p.foot.undo_all.text() == "Undo all 4 changes"
    p.foot.undo_all.click()
    program.idle()
    wait_until(lambda: not p.foot.undo_all.isEnabled(), "all taken back")
    program.idle()
    assert program.window.controller.snapshot.dataset.variables == before.variables
    assert not program.window.controller.snapshot.dataset.documents and p.note.toPlainText() == ""
    assert p.reference.currentText() == "low" and p.measure.value() == "ordinal"


def test_what_others_did_is_not_taken_back(program: Program) -> None:
    p = panel(program)
    p.measure.choose("nominal")
    program.idle()
    program.run("replace y = 0 in 1")
    assert not p.foot.undo_all.isEnabled(), "something else was done since"
    p.measure.choose("identifier")
    program.idle()
    assert p.foot.undo_all.text() == "Undo 1 change"


def test_a_name_is_taken_when_the_field_is_left_and_refused_where_it_stands(program: Program) -> None:
    p = panel(program, field="name")
    type_over(p.name_line, "y")
    assert p.problems["name"].text() == "A variable named y already exists."
    QTest.keyClick(p.name_line, Qt.Key.Key_Return)
    type_over(p.name_line, "wave 1")
    assert p.problems["name"].isVisible()
    assert len(program.states()) == 3, "nothing was run"
    type_over(p.name_line, "wave")
    assert not p.problems["name"].isVisible()
    QTest.keyClick(p.name_line, Qt.Key.Key_Return)
    p.label_line.setFocus()
    QTest.keyClicks(p.label_line, "Wave")
    QTest.keyClick(p.label_line, Qt.Key.Key_Return)
    program.idle()
    assert [c for c, _ in program.states()[-2:]] == ["rename c wave", 'label variable wave "Wave"']
    assert p.name == "wave" and variable(program, "wave").label == "Wave"
    program.run("undo", "undo")
    assert p.name == "c" and p.name_line.text() == "c"


def test_a_row_is_dragged_to_another_place(program: Program) -> None:
    p = panel(program)
    view = p.values
    said = [program.window.left.grid.grid.data(program.window.left.grid.grid.index(k, 1)) for k in range(6)]

    def middle(row: int, part: float = 0.5) -> QPoint:
        rect = view.visualRect(view.table.index(row, HANDLE))
        return QPoint(rect.center().x(), int(rect.top() + part * rect.height()))

    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=middle(2))
    QTest.mouseMove(view.viewport(), middle(1))
    QTest.mouseMove(view.viewport(), middle(0, 0.2))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=middle(0, 0.2))
    program.idle()
    assert newest(program) == "label order c 3 1 2"
    assert dict(variable(program).value_labels) == {1: "high", 2: "low", 3: "middle"}
    grid = program.window.left.grid.grid
    assert [grid.data(grid.index(k, 1)) for k in range(6)] == said, "rows say what they said"
    view.setFocus()
    view.setCurrentIndex(view.table.index(0, 2))
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    program.idle()
    assert newest(program) == "label order c 2 1 3"


def test_a_label_is_removed_and_a_value_added(program: Program) -> None:
    p = panel(program)
    cross = p.values.visualRect(p.values.table.index(1, CROSS)).center()
    QTest.mouseClick(p.values.viewport(), Qt.MouseButton.LeftButton, pos=cross)
    program.idle()
    assert newest(program) == 'label values c 2 "", modify'
    assert dict(variable(program).value_labels) == {1: "low", 3: "high"}
    assert [x.text for x in p.values.table.levels] == ["1", "2", "3"], "the value is in the data"
    p.add.click()
    type_over(editor(p), "other")
    p.label_line.setFocus()
    assert wait_for(program, 'label values c 4') == 'label values c 4 "other", modify'
    assert [(x.text, x.count) for x in p.values.table.levels] == [("1", 40), ("2", 40), ("3", 40), ("4", 0)]


def test_a_list_is_pasted(program: Program) -> None:
    p = panel(program)
    QGuiApplication.clipboard().setText("1\tFirst\n2\tSecond\n3\tThird\n")
    p.paste_link.click()
    assert p.paste.text.toPlainText().startswith("1\tFirst") and p.paste.told.text() == "3 labels"
    p.paste.text.setPlainText("One; Two; Three; Four")
    assert "4 labels, but the variable has 3 values" in p.paste.told.text() and not p.paste.use.isEnabled()
    p.paste.text.setPlainText("One; Two; Three")
    p.paste.use.click()
    program.idle()
    assert newest(program) == 'label values c 1 "One" 2 "Two" 3 "Three", modify'


def test_labels_are_copied_from_a_variable_that_is_searched_for(program: Program) -> None:
    program.run('label variable c "Three groups"')
    p = panel(program, "d")
    p.copy_link.click()
    QTest.keyClicks(p.sources.search, "three")
    assert p.sources.model.names() == ["c"]
    QTest.keyClick(p.sources.search, Qt.Key.Key_Return)
    program.idle()
    assert newest(program) == "label values d, from(c)"
    assert dict(variable(program, "d").value_labels) == LABELS


def test_codes_for_missing_are_chips(program: Program) -> None:
    p = panel(program)
    p.codes.add.click()
    QTest.keyClicks(p.codes.line, "much")
    QTest.keyClick(p.codes.line, Qt.Key.Key_Return)
    assert p.problems["missing"].text().startswith("much is not a number")
    QTest.keyClicks(p.codes.line, "3; 90/99")
    QTest.keyClick(p.codes.line, Qt.Key.Key_Return)
    program.idle()
    assert newest(program) == "missing c 3 90/99"
    assert variable(program).missing_ranges == ((90.0, 99.0),) and not p.problems["missing"].isVisible()
    assert [x.missing for x in p.values.table.levels] == [False, False, True]
    assert np.isnan(program.window.controller.snapshot.dataset.numeric("c")).sum() == 40
    chip = next(w for w in p.codes.findChildren(QFrame, "variable_missing_chip") if "90/99" in w.accessibleName())
    chip.findChild(QToolButton).click()
    program.idle()
    assert newest(program) == "missing c 3"


def test_a_change_tells_which_models_it_makes_out_of_date(program: Program) -> None:
    program.run("mixed y i.c || g:")
    p = panel(program)
    assert p.harmful.text().startswith("A new measure, order, reference or missing code marks Model 1")
    p.reference.activated.emit(1)
    program.idle()
    wait_until(lambda: bool(program.window.results.cards()[0].stale), "the model is marked")
    assert stale(program.window.controller.snapshot.state) == {2: "the reference level of c changed"}
    program.run("undo")
    program.idle()
    wait_until(lambda: not program.window.results.cards()[0].stale, "and is not any more")


def test_one_goes_from_variable_to_variable(program: Program) -> None:
    p = panel(program)
    QTest.keyClicks(p.label_line, "Groups")
    QTest.keyClick(p.label_line, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    program.idle()
    assert p.name == "d" and variable(program).label == "Groups", "what was typed is saved for the one it was about"
    work = program.window.work
    work.back.click()
    work.back.click()
    work.back.click()
    program.idle()
    assert p.name == "g" and work.subtitle.full_text() == "4 of 4", "before the first is the last"
    QTest.keyClick(p.label_line, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not program.window.splitter.is_open(), "Ctrl+Enter is Done"


def test_it_can_be_torn_off_and_goes_on(program: Program) -> None:
    p = panel(program)
    program.window.work.tear.click()
    settled()
    QTest.keyClicks(p.label_line, "Torn")
    QTest.keyClick(p.label_line, Qt.Key.Key_Return)
    program.idle()
    assert variable(program).label == "Torn"
    program.window.work.tear.click()
    settled()


def test_ten_thousand_values_are_a_list_like_any(program: Program) -> None:
    program.run("clear", "set obs 10000", "generate id = _n", "generate z = id / 7", "measure id nominal")
    p = panel(program, "id")
    assert p.values.table.rowCount() == 10_000 and p.values.height() < 20 * ROW
    assert p.reference.count() == 10_000
    p.values.type_in(9_999)
    QTest.keyClicks(editor(p), "the last")
    p.label_line.setFocus()
    assert wait_for(program, ", modify") == 'label values id 10000 "the last", modify'
    painted = p.values.viewport().findChildren(QWidget)
    assert len(painted) < 10, "no widget a value"


def test_values_are_listed_with_counts_whatever_they_are() -> None:
    frame = pd.DataFrame({"x": [1.5, 2, 2, np.nan, -9], "s": ["b", "a", "", "a", "zz"]})
    data = Dataset(frame, (Variable("x", "", Measure.NOMINAL, {7: "seven"}, (-9,)), Variable("s", "", Measure.NOMINAL)))
    found = [(x.value, x.label, x.count, x.missing) for x in facts.listed(data, "x").levels]
    assert found == [(1.5, "", 1, False), (2, "", 2, False), (7, "seven", 0, False), (-9, "", 1, True)]
    assert [(x.value, x.count) for x in facts.listed(data, "s").levels] == [("a", 2), ("b", 1), ("zz", 1)]
    many = Dataset(pd.DataFrame({"k": np.arange(30_000)}), (Variable("k", "", Measure.IDENTIFIER),))
    assert (len(facts.listed(many, "k").levels), facts.listed(many, "k").total) == (facts.MOST, 30_000)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 Lowest\n2 Second", {1: "Lowest", 2: "Second"}),
        ("1=Lowest, 2=Second, and more", {1: "Lowest", 2: "Second, and more"}),
        ("Lowest; Second", {1: "Lowest", 2: "Second"}),
        ("Lowest\r\nSecond\r\n", {1: "Lowest", 2: "Second"}),
        ("1\tLowest\n2\tSecond", {1: "Lowest", 2: "Second"}),
        ("1. Lowest\n2) Second", {1: "Lowest", 2: "Second"}),
        ("1,5: half\n−2 = less", {1.5: "half", -2: "less"}),
        ("3 High", {3: "High"}),
    ],
)
def test_a_list_is_read(text: str, found: dict[float, str]) -> None:
    assert labels_in(text, [1, 2, 3]) == found


@pytest.mark.parametrize("text", ["", "1 a\n1 b", "1 a\nb", "a;b;c;d"])
def test_what_is_no_list_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        labels_in(text, [1, 2, 3])


def test_codes_are_written_as_commands_have_them() -> None:
    assert texts.code_of(" −99 ", False) == "-99" and texts.code_of("n/a", True) == '"n/a"'
    with pytest.raises(ValueError, match="much"):
        texts.code_of("much", False)
    assert texts.codes_of([".a", "1", "90/99"], False) == ["1", "90/99"]
    with pytest.raises(ValueError, match=r"^much is not a number"):
        texts.codes_of(["much", "5"], False)
