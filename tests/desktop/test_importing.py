"""The page of an import, clicked and typed through over the real engine: what it shows, and the command in the end."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QToolButton, QWidget
from test_app import Program
from waiting import wait_until

from terrace.data.dataset import Dataset, Measure
from terrace_desktop.importing import flow as flow_module
from terrace_desktop.importing.grid import PreviewGrid
from terrace_desktop.importing.kept import kept
from terrace_desktop.importing.page import ImportPage
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.settings import Settings
from terrace_desktop.ui.widgets import Notice

RNG = np.random.default_rng(4)
ROWS = 1200


class Desk(Program):
    """A window over the engine, and what its page of imports shows."""

    def look(self, path: Path) -> ImportPage:
        self.window.data.choose(str(path))
        self.idle()
        return self.page

    @property
    def page(self) -> ImportPage:
        return self.window.imports.one.page

    @property
    def data(self) -> Dataset:
        data = self.window.controller.snapshot.dataset
        assert data is not None
        return data

    def ran(self) -> list[str]:
        return [e.command for e in self.window.controller.history.entries]

    def choose(self, name: str, value: Any) -> None:
        """Choose an entry of a list as a user does."""
        box = self.find(QComboBox, name)
        at = box.findData(value)
        assert at >= 0, (name, value)
        box.setCurrentIndex(at)
        box.activated.emit(at)
        self.idle()

    def type(self, name: str, text: str) -> None:
        line = self.find(QLineEdit, name)
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)
        self.idle()

    def click(self, name: str) -> None:
        self.find(QPushButton, name).click()
        self.idle()

    def find(self, kind: type, name: str) -> Any:
        found = self.page.findChild(kind, name)
        assert found is not None, name
        return found

    def texts(self) -> str:
        return " ".join(w.accessibleName() for w in self.page.panel.losses.findChildren(QWidget))


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    d = Desk(settings)
    yield d
    d.window.close()
    d.window.deleteLater()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """German marks, a code for missing, a word among numbers, dates that do not tell."""
    path = tmp_path / "pupils.csv"
    school = np.repeat(np.arange(ROWS // 10) * 7 + 1001, 10)
    rows: list[list[Any]] = [["school", "ses", "score", "female", "born", "note"]]
    for k in range(ROWS):
        ses = f"{RNG.normal():.3f}".replace(".", ",")
        rows.append([school[k], ses, int(RNG.binomial(60, 0.5)), k % 2, f"0{1 + k % 9}/0{1 + k % 7}/2001", "a"])
    for k in (4, 5, 1100):
        rows[k][1] = "-99"
    rows[7][2] = "absent"
    with open(path, "w", newline="") as out:
        csv.writer(out, delimiter=";").writerows(rows)
    return path


def test_one_enter_imports_a_file_that_is_read_as_it_should_be(desk: Desk, file: Path) -> None:
    w = desk.window
    page = desk.look(file)
    assert w.pages.currentWidget() is page and w.controller.snapshot.dataset is None and desk.ran() == []
    assert page.panel.do_it.text() == "Import 1,200 rows" and page.panel.do_it.hasFocus()
    assert page.told.full_text() == "The first 1,000 of 1,200 rows, as they will be read"
    QTest.keyClick(page.panel.do_it, Qt.Key.Key_Return)
    desk.idle()
    assert w.pages.currentWidget() is w.splitter and len(desk.data) == ROWS
    assert desk.ran() == [f'import delimited "{file}", delimiters(";") decimal(",") clear']
    assert desk.data.variable("school").measure is Measure.IDENTIFIER
    assert w.settings.recent() == [str(file)] and "pupils.csv" in w.windowTitle()


def test_every_choice_becomes_the_command_and_the_data_are_those_of_the_preview(desk: Desk, file: Path) -> None:
    page = desk.look(file)
    assert "-99 is in 3 cells of ses, far from all other values." in desk.texts()
    desk.type("import_missing_add", "-99")
    assert "-99 is in 3 cells of ses. They count as missing." in desk.texts()
    page.grid.header.sectionPressed.emit(2)
    desk.idle()
    assert page.name == "score" and desk.find(QComboBox, "import_type").currentData() == "text"
    desk.choose("import_type", "number")
    desk.choose("import_measure", "ordinal")
    desk.type("import_label", "Score of the test")
    desk.find(QPushButton, "import_more").click()
    desk.choose("import_dates", "mdy")
    assert page.preview is not None and page.preview.data.variable("born").format == "%td"
    shown = page.preview.data
    QTest.keyClick(page.panel.do_it, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.idle()
    assert desk.ran() == [
        f'import delimited "{file}", delimiters(";") decimal(",") number(score) dateorder(mdy) missing(-99) '
        'ordinal(score) labels(score "Score of the test") clear'
    ]
    assert desk.data.variables == shown.variables and desk.data.frame.equals(shown.frame)
    assert desk.data.variable("ses").missing_codes == (-99,) and desk.data.frame["score"].isna().sum() == 1


def test_separator_header_and_labels_are_changed_and_changed_back(desk: Desk, file: Path) -> None:
    page = desk.look(file)
    page.panel.file.separator.choose("comma")
    desk.idle()
    assert page.preview is not None and page.preview.found.delimiter == ","
    page.panel.file.separator.choose("semicolon")
    desk.idle()
    assert len(page.preview.data.names) == 6
    desk.choose("import_header", 0)
    assert page.preview.data.names[0] == "v1" and len(page.preview.data) == ROWS + 1
    desk.choose("import_header", 1)
    page.panel.file.labelled.click()
    desk.idle()
    assert page.preview.data.variable("note").label == "a" and len(page.preview.data) == ROWS - 1
    page.panel.file.decimal.choose("point")
    desk.idle()
    assert page.preview.data.is_text("ses")


def test_what_is_lost_is_shown_and_mended(desk: Desk, file: Path) -> None:
    page = desk.look(file)
    misfit = next(b for b in page.panel.losses.findChildren(QPushButton) if b.text() == "Read as numbers")
    show = page.panel.losses.findChild(QPushButton, misfit.objectName().replace("mend", "show")[:-2])
    show.click()
    desk.idle()
    index = page.grid.currentIndex()
    assert (index.row(), page.name) == (6, "score") and page.grid.is_changed(6, 2)
    misfit.click()
    desk.idle()
    assert page.preview is not None and page.preview.reading.types == {"score": "number"}
    assert "1 cell of score does not fit the type and is missing: 'absent' in row 7." in desk.texts()


def test_a_code_is_taken_away_again(desk: Desk, file: Path) -> None:
    page = desk.look(file)
    desk.type("import_missing_add", "-99 absent")
    assert page.preview is not None and page.preview.reading.missing == ("-99", "absent")
    assert page.preview.data.variable("score").measure is Measure.CONTINUOUS
    desk.find(QToolButton, "import_missing_-99").click()
    desk.idle()
    assert page.preview.reading.missing == ("absent",) and page.panel.file.missing.texts() == ("absent",)


def test_a_column_is_renamed_left_out_and_given_codes_of_its_own(desk: Desk, file: Path) -> None:
    w = desk.window
    page = desk.look(file)
    page.grid.header.sectionPressed.emit(1)
    desk.type("import_codes_add", "-99")
    desk.type("import_name", "status")
    assert page.name == "status" and page.panel.column.codes.texts() == ("-99",)
    desk.type("import_label", "Status")
    desk.type("import_name", "score")
    problem = next(n for n in page.panel.findChildren(Notice) if page.panel.problem.indexOf(n) >= 0)
    assert problem.accessibleName().startswith("ses and score would both be called score.")
    desk.type("import_name", "home")
    assert page.panel.problem.count() == 0 and page.name == "home" and page.panel.column.title.text() == "Column home"
    page.grid.header.sectionPressed.emit(5)
    page.panel.column.wanted.click()
    desk.idle()
    assert page.grid.header.left_out == {5} and not page.panel.column.label.isEnabled()
    desk.click("import_do")
    assert desk.ran() == [
        f'import delimited "{file}", delimiters(";") decimal(",") drop(note) rename(ses home) codes(home "-99") '
        'labels(home "Status") clear'
    ]
    assert desk.data.names == ("school", "home", "score", "female", "born")
    assert desk.data.variable("home").missing_codes == (-99,) and desk.data.variable("home").label == "Status"
    desk.look(file)
    assert page.preview is not None and page.preview.data.names[1] == "home"
    assert page.preview.reading.codes == {"home": ("-99",)} and page.grid.header.left_out == {5}
    page.grid.header.sectionPressed.emit(5)
    assert not page.panel.column.wanted.isChecked()
    page.panel.column.wanted.click()
    desk.idle()
    assert page.preview.reading.left_out == () and page.panel.column.label.isEnabled()
    page.grid.header.sectionPressed.emit(1)
    desk.type("import_name", "ses")
    assert page.preview.reading.renamed == {} and page.preview.reading.codes == {"ses": ("-99",)}
    desk.click("import_cancel")
    assert w.pages.currentWidget() is w.splitter


def test_names_in_two_rows_are_joined_or_not(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("id,before,,after,\n,m,sd,m,sd\n1,2,3,4,5\n2,3,4,5,6\n")
    page = desk.look(path)
    header = desk.find(QComboBox, "import_header")
    assert header.currentText() == "Rows 1 to 2, joined"
    assert page.preview is not None and page.preview.data.names[1:3] == ("before_m", "before_sd")
    desk.choose("import_header", 2)
    assert page.preview.data.names[1:3] == ("m", "sd") and len(page.preview.data) == 2
    desk.choose("import_header", 1)
    assert len(page.preview.data) == 3
    header.setCurrentIndex(header.findText("Rows 1 to 2, joined"))
    header.activated.emit(header.currentIndex())
    desk.idle()
    assert page.preview.data.names[1:3] == ("before_m", "before_sd")
    desk.click("import_do")
    assert desk.ran() == [f'import delimited "{path}", delimiters(",") decimal(".") varnames(1:2) labelrow(none) clear']
    assert desk.data.names == ("id", "before_m", "before_sd", "after_m", "after_sd")


def test_cancel_changes_nothing(desk: Desk, file: Path) -> None:
    w = desk.window
    page = desk.look(file)
    desk.type("import_missing_add", "-99")
    QTest.keyClick(page.panel.do_it, Qt.Key.Key_Escape)
    desk.idle()
    assert w.pages.currentWidget() is w.start and desk.ran() == [] and kept(w.settings, str(file)) is None
    w.controller.run("sample sleepstudy")
    desk.idle()
    desk.look(file)
    desk.click("import_cancel")
    assert w.pages.currentWidget() is w.splitter and desk.data.source != str(file)


def test_choices_are_remembered_as_long_as_the_columns_are_the_same(desk: Desk, file: Path) -> None:
    page = desk.look(file)
    desk.type("import_missing_add", "-99")
    desk.click("import_do")
    desk.look(file)
    assert page.preview is not None and page.preview.reading.missing == ("-99",)
    page.panel.remember.click()
    desk.click("import_do")
    assert desk.ran()[0] == desk.ran()[1]
    desk.look(file)
    assert page.preview.reading.missing == ()
    page.panel.remember.click()
    desk.type("import_missing_add", "-99")
    desk.click("import_do")
    file.write_text("a;b\n1;-99\n2;3\n")
    desk.look(file)
    assert page.preview.data.names == ("a", "b") and page.preview.reading.missing == ()


def test_labels_come_from_a_codebook(
    desk: Desk, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = tmp_path / "codebook.csv"
    book.write_text("variable,label,values\nfemale,Sex,0=male; 1=female\nses,Status,\ngone,,\n")
    page = desk.look(file)
    monkeypatch.setattr(dialogs, "ask_open", lambda *_: str(book))
    desk.choose("import_codebook", None)
    assert page.preview is not None
    assert "2 variables are described by the codebook, 1 with value labels. Not in the data: gone." in desk.texts()
    assert desk.find(QComboBox, "import_codebook").currentText() == "codebook.csv, 2 variables"
    desk.click("import_do")
    assert dict(desk.data.variable("female").value_labels) == {0: "male", 1: "female"}
    assert f'codebook("{book}")' in desk.ran()[0]


def test_a_sheet_of_a_workbook_is_chosen(desk: Desk, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name, rows in {"First": [["a", "b"], [1, 2], [3, 4]], "Second": [["c", "d"], [5, "x"], [7, 8]]}.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(tmp_path / "w.xlsx")
    page = desk.look(tmp_path / "w.xlsx")
    assert page.preview is not None and page.preview.data.names == ("a", "b") and not page.strip.isVisible()
    desk.choose("import_sheet", "Second")
    assert page.preview.data.names == ("c", "d")
    desk.click("import_do")
    assert desk.ran() == [f'import excel "{tmp_path / "w.xlsx"}", sheet("Second") clear']
    assert desk.data.names == ("c", "d")


def test_a_file_that_cannot_be_read_says_why_and_another_way_mends_it(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a,b\n1,2\n3,4,5\n6,7\n")
    page = desk.look(path)
    assert page.preview is None and not page.panel.do_it.isEnabled() and page.panel.problem.count() == 1
    assert page.strip.isVisible() and "3,4,5" in page.lines.widget().accessibleDescription()
    page.panel.file.separator.choose("semicolon")
    desk.idle()
    assert page.preview is not None and page.panel.problem.count() == 0 and page.panel.do_it.isEnabled()


def test_first_rows_of_a_large_file_come_first(desk: Desk, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_module, "_is_large", lambda _looking: True)
    seen: list[bool] = []
    show = ImportPage.show_preview
    monkeypatch.setattr(ImportPage, "show_preview", lambda page, p: (seen.append(p.whole), show(page, p)))
    page = desk.look(file)
    wait_until(lambda: page.preview is not None and page.preview.whole, "the whole file")
    assert seen == [False, True] and page.panel.do_it.text() == "Import 1,200 rows"


def test_a_dropped_file_and_a_copied_table_are_looked_at(desk: Desk, file: Path) -> None:
    w = desk.window
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    w.dropEvent(event)
    wait_until(w.imports.one.is_open, "the page")
    desk.idle()
    QGuiApplication.clipboard().setText("id\tx\n1\t0,5\n2\t-9\n3\t0,7\n")
    w.actions_["paste_data"].trigger()
    desk.idle()
    assert desk.page.preview is not None and desk.page.preview.data.names == ("id", "x")
    desk.type("import_missing_add", "-9")
    desk.click("import_do")
    assert desk.data.variable("x").missing_codes == (-9,) and desk.data.source == "clipboard"
    assert desk.ran() == [
        'paste "id\\tx\\n1\\t0,5\\n2\\t-9\\n3\\t0,7", clear delimiters("tab") decimal(",") encoding(utf-8) missing(-9)'
    ]


def test_columns_are_walked_with_keys_and_buttons(desk: Desk, file: Path) -> None:
    page = desk.look(file)
    grid = desk.find(PreviewGrid, "import_grid")
    grid.setFocus()
    grid.setCurrentIndex(grid.grid.index(0, 0))
    QTest.keyClick(grid, Qt.Key.Key_Right)
    desk.idle()
    assert page.name == "ses" and page.panel.column.title.text() == "Column ses"
    assert page.panel.column.counts.text().startswith("1,200 values")
    desk.find(QToolButton, "import_before").click()
    desk.idle()
    assert page.name == "school"


def test_files_that_say_what_they_are_open_at_once(desk: Desk, tmp_path: Path) -> None:
    desk.window.controller.run("sample sleepstudy", lambda _o: None)
    desk.window.controller.run(f'save "{tmp_path / "s.dta"}"')
    desk.idle()
    desk.window.data.choose(str(tmp_path / "s.dta"))
    desk.idle()
    assert not desk.window.imports.one.is_open() and desk.ran()[-1] == f'use "{tmp_path / "s.dta"}", clear'


# --- several files ----------------------------------------------------------------------------------------------------
def several(desk: Desk, folder: Path, **files: str) -> list[str]:
    paths = []
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
        paths.append(str(folder / f"{name}.csv"))
    desk.window.data.choose_several(paths)
    desk.idle()
    return paths


def test_files_of_rows_are_appended_and_numbered(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = desk.window
    a, b = several(desk, tmp_path, w1="id,y,sex\n1,5,m\n2,6,f\n", w2="id,y\n1,8\n2,9\n3,1\n")
    page = w.imports.several.page
    assert w.pages.currentWidget() is page and page.way.value() == "append"
    assert page.table.rowCount() == 3 and page.table.item(2, 2).text() == "not there"
    assert page.do_it.text() == "Open 5 rows"
    told = [x.accessibleName() for x in page.findChildren(QWidget) if x.objectName() == "several_problem_0"]
    assert told == ["sex is not in w2.csv, and is missing for its rows."]
    page.number.click()
    page.do_it.click()
    desk.idle()
    assert desk.ran() == [f'use "{a}", clear', f'append using "{b}", generate(file)']
    assert w.pages.currentWidget() is w.splitter and desk.data.frame["file"].tolist() == [0, 0, 1, 1, 1]


def test_files_of_two_levels_are_merged(desk: Desk, tmp_path: Path) -> None:
    w = desk.window
    a, b = several(desk, tmp_path, pupils="pupil,school\n1,10\n2,10\n3,20\n", schools="school,size\n10,900\n20,800\n")
    page = w.imports.several.page
    assert page.way.value() == "merge" and page.key.currentText() == "school"
    QTest.keyClick(page.do_it, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.idle()
    assert desk.ran() == [f'use "{a}", clear', f'merge m:1 school using "{b}", nogenerate']
    assert desk.data.frame["size"].tolist() == [900, 900, 800]


def test_several_files_are_left_as_they_are(desk: Desk, tmp_path: Path) -> None:
    w = desk.window
    several(desk, tmp_path, a="x,y\n1,2\n3,4\n", b="x,y\n1,2\nz,4\n")
    page = w.imports.several.page
    (notice,) = [x for x in page.findChildren(QWidget) if x.objectName() == "several_problem_0"]
    assert notice.accessibleName() == "x is a number in a.csv and text in b.csv. Its values in b.csv will be missing."
    QTest.keyClick(page.do_it, Qt.Key.Key_Escape)
    desk.idle()
    assert w.pages.currentWidget() is w.start and desk.ran() == []


def test_every_control_has_a_name_and_a_way_by_keys(desk: Desk, file: Path, tmp_path: Path) -> None:
    page = desk.look(file)
    desk.find(QPushButton, "import_more").click()
    several(desk, tmp_path, a="x,y\n1,2\n3,4\n", b="x,y\n1,2\n5,4\n")
    for root in (page, desk.window.imports.several.page):
        controls = [w for kind in (QPushButton, QToolButton, QLineEdit, QComboBox) for w in root.findChildren(kind)]
        for control in controls:
            assert control.objectName() and control.accessibleName(), (control, control.objectName())
        names = [c.objectName() for c in controls if not c.objectName().startswith("qt_")]
        assert len(names) == len(set(names))
        assert all(c.focusPolicy() != Qt.FocusPolicy.NoFocus for c in controls)
