"""The report builder: every field is a command that is undone by name, and what is shown is what is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPushButton, QWidget
from test_accessibility import unnamed
from test_app import Program
from waiting import settled, wait_until

from terrace.session.document.report_parts import parts_of_report
from terrace.session.document.report_plan import NO_PLAN, ReportPart
from terrace_desktop.reporting.editing import ReportEditing
from terrace_desktop.reporting.model import PartsModel
from terrace_desktop.reporting.models_form import ModelsForm
from terrace_desktop.reporting.page import ReportPage
from terrace_desktop.reporting.pages import Pages, Request
from terrace_desktop.reporting.panel import ReportPanel
from terrace_desktop.reporting.tree import PartDelegate, PartsTree
from terrace_desktop.results.note_editor import NoteEditor
from terrace_desktop.ui import dialogs, theme
from terrace_desktop.ui.settings import Settings

REAL = Pages.ask
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"g": np.arange(120) // 10, "x": rng.normal(size=120)})
    frame["y"] = 1 + 0.5 * frame.x + rng.normal(size=12).repeat(10) + rng.normal(size=120)
    path = tmp_path_factory.mktemp("report") / "made.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def printing(settings: Settings, data: Path) -> Iterator[Program]:
    """A window with two models, a table and a note, whose pages are drawn."""
    p = Program(settings)
    p.run(f'use "{data}", clear', "mixed y || g:", "mixed y x || g:", "estat icc", 'outline note "Slow at first"')
    yield p
    p.window.close()
    p.window.deleteLater()


@pytest.fixture
def program(printing: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The same without pages, for what has nothing to do with them."""
    monkeypatch.setattr(Pages, "ask", lambda _pages, _request: None)
    return printing


def opened(program: Program) -> tuple[ReportPanel, ReportPage, ReportEditing]:
    w = program.window
    w.actions_["export"].trigger()
    settled()
    program.idle()
    assert w.reports.panel is not None and w.reports.page is not None
    if Pages.ask is REAL:
        wait_until(w.reports.page.settled, "the pages")
    return w.reports.panel, w.reports.page, w.reports.panel.editing


def tree(program: Program) -> PartsTree:
    assert program.window.reports.panel is not None
    return program.window.reports.panel.parts.tree


def parts(program: Program) -> dict[str, ReportPart]:
    return {p.name: p for p in parts_of_report(program.window.controller.snapshot.document)}


def go_to(program: Program, name: str) -> PartsTree:
    found = tree(program)
    found.setFocus()
    found.setCurrentIndex(found.lines.index_of(name))
    return found


def done(program: Program) -> str:
    """The last command, once all has been answered."""
    program.idle()
    command, state = program.states()[-1]
    assert state == "ok", (command, state)
    return command


def commands(program: Program) -> list[str]:
    program.idle()
    return [c for c, _ in program.states()]


def write(field: QLineEdit, text: str) -> None:
    field.setFocus(Qt.FocusReason.TabFocusReason)
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)


def undo_text(program: Program) -> str:
    program.idle()
    return program.window.controller.snapshot.undo_text


# --- opening and leaving --------------------------------------------------------------------------------------
def test_the_bar_opens_the_builder_and_the_pages_stand_where_the_results_were(printing: Program) -> None:
    w = printing.window
    w.left.grid.setFocus()
    QTest.keyClick(w.left.grid, Qt.Key.Key_E, CTRL)
    settled()
    panel, page = w.reports.panel, w.reports.page
    assert w.splitter.is_open(panel) and page.isVisible() and not w.results.view.isVisible()
    assert w.actions_.buttons["export"].isChecked() and w.left.is_folded()
    assert QApplication.focusWidget() is panel.titles.lines["title"]
    wait_until(page.settled, "the pages")
    assert w.work.title.full_text() == "Report"
    assert w.work.subtitle.full_text() == f"{len(page.shown.sizes)} pages"
    assert not page.sheet._image.isNull()
    QTest.keyClick(panel.titles.lines["title"], Qt.Key.Key_Escape)
    assert not w.splitter.is_open() and w.results.view.isVisible() and not page.isVisible()
    w.variables.edit("x")
    assert w.results.view.isVisible()


def test_the_pages_and_a_figure_that_is_edited_take_each_others_place(program: Program) -> None:
    w = program.window
    program.run("scatter y x")
    _panel, page, _editing = opened(program)
    w.actions_["edit_figure"].trigger()
    wait_until(lambda: w.figures.page is not None and w.figures.page.isVisible(), "the figure")
    assert not page.isVisible()
    opened(program)
    assert page.isVisible() and not w.figures.page.isVisible()
    w.splitter.close_panel()
    assert w.results.view.isVisible() and not page.isVisible() and not w.figures.page.isVisible()


def test_opening_changes_nothing(program: Program) -> None:
    before = commands(program)
    opened(program)
    assert commands(program) == before and program.window.controller.snapshot.document.report is NO_PLAN


def test_without_results_it_says_so_and_follows_the_first_one(settings: Settings, data: Path) -> None:
    p = Program(settings)
    p.run(f'use "{data}", clear')
    panel, page, _editing = opened(p)
    assert panel.parts.empty.isVisible() and not panel.parts.tree.isVisible()
    assert not panel.save.isEnabled() and not panel.parts.add_text.isEnabled()
    assert len(page.shown.sizes) == 1 and not page.thumbs.isVisible()
    p.run("mixed y x || g:")
    wait_until(lambda: page.settled() and len(page.shown.sizes) > 1, "the pages of the model")
    assert panel.parts.tree.isVisible() and panel.save.isEnabled()
    p.window.close()
    p.window.deleteLater()


# --- fields ---------------------------------------------------------------------------------------------------
def test_what_is_typed_runs_by_itself_and_is_one_step_a_field(program: Program) -> None:
    panel, _page, editing = opened(program)
    title = panel.titles.lines["title"]
    write(title, 'SES and "maths"')
    assert commands(program)[-1].startswith("outline note")  # the typing has not rested yet
    editing.saver.flush()  # as the rest does
    assert done(program) == r'report title "SES and \x22maths\x22"'
    QTest.keyClicks(title, " again")
    editing.saver.flush()
    program.idle()
    panel.titles.lines["author"].setFocus()
    assert done(program) == 'undo join 2 "title of the report"'
    assert undo_text(program) == "title of the report"
    program.run("undo")
    assert program.window.controller.snapshot.document.report is NO_PLAN and title.text() == ""


def test_each_field_of_the_title_page_is_a_command(program: Program) -> None:
    panel, _page, editing = opened(program)
    panel.more.fold.setChecked(True)
    for owner, field, command in (
        (panel.titles, "title", 'report title "A b"'), (panel.titles, "author", 'report author "A b"'),
        (panel.titles, "affiliation", 'report affiliation "A b"'), (panel.more, "date", 'report date "A b"'),
        (panel.more, "head", 'report head "A b"'),
    ):  # fmt: skip
        write(owner.lines[field], "A b")
        QTest.keyClick(owner.lines[field], Qt.Key.Key_Return)
        assert done(program) == command
    for choose, command in (
        (lambda: panel.titles.style_.chosen.emit("ama"), "report style ama"),
        (lambda: panel.titles.language.chosen.emit("en-gb"), "report language en-gb"),
        (lambda: panel.figures.metric_.choose("sd"), "report metric sd"),
        (lambda: panel.more.paper.choose("letter"), "report paper letter"),
        (panel.more.last["versions"].click, "report last commands hashes"),
    ):  # fmt: skip
        choose()
        assert done(program) == command
    assert panel.titles.style_.value() == "ama" and panel.figures.metric_.value() == "sd"
    for line, text, command in (
        (panel.figures.estimates, "3", "report decimals 3"), (panel.figures.p, "2", "report decimals, p(2)"),
        (panel.figures.estimates, "", "report decimals auto"),
    ):  # fmt: skip
        write(line, text)
        editing.saver.flush()
        assert done(program) == command
    plan = editing.plan
    assert (plan.decimals, plan.p_decimals, plan.metric, plan.paper) == (None, 2, "sd", "letter")
    assert plan.last == ("commands", "hashes") and plan.running_head == "A b"


def test_a_number_that_is_none_is_not_taken(program: Program) -> None:
    panel, _page, editing = opened(program)
    before = commands(program)
    write(panel.figures.p, "0")
    QTest.keyClicks(panel.figures.estimates, "x")
    editing.saver.flush()
    assert commands(program) == before and panel.figures.estimates.text() == ""
    panel.titles.lines["title"].setFocus()


def test_a_command_that_is_typed_shows_in_the_fields(program: Program) -> None:
    panel, _page, _editing = opened(program)
    program.run('report title "Typed"', "report style plain", "report decimals 4, p(2)", "report metric sd")
    assert panel.titles.lines["title"].text() == "Typed" and panel.titles.style_.value() == "plain"
    assert (panel.figures.estimates.text(), panel.figures.p.text()) == ("4", "2")
    write(panel.titles.lines["title"], "Mine")
    program.run('report author "Ada"')  # meanwhile
    assert panel.titles.lines["title"].text() == "Mine" and panel.titles.lines["author"].text() == "Ada"


def test_the_author_is_remembered_for_the_next_report(program: Program, data: Path) -> None:
    panel, _page, editing = opened(program)
    for field, words in (("author", "Jana Albrecht"), ("affiliation", "Institute")):
        write(panel.titles.lines[field], words)
        QTest.keyClick(panel.titles.lines[field], Qt.Key.Key_Return)
        program.idle()
    program.window.splitter.close_panel()
    program.run(f'use "{data}", clear', "outline delete _all", "report reset", 'report author ""',
                'report affiliation ""', "mixed y x || g:")  # fmt: skip
    assert editing.plan == NO_PLAN
    opened(program)
    assert editing.plan.author == "Jana Albrecht" and editing.plan.affiliation == "Institute"
    assert panel.titles.lines["author"].text() == "Jana Albrecht"
    assert undo_text(program) == "author of the report"
    program.run("undo")
    assert editing.plan == NO_PLAN


def test_undo_in_the_panel_takes_back_what_belongs_to_the_report_alone(program: Program) -> None:
    w = program.window
    panel, _page, editing = opened(program)
    assert not panel.can_undo and not w.work.undo.isEnabled()
    panel.titles.style_.chosen.emit("ama")
    program.idle()
    assert panel.can_undo and w.work.undo.isEnabled()
    box = panel.titles.style_
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Z, CTRL)
    program.idle()
    assert editing.plan is NO_PLAN and panel.can_redo and not panel.can_undo
    QTest.keyClick(box, Qt.Key.Key_Y, CTRL)
    program.idle()
    assert editing.plan.style == "ama"
    program.run('outline note "Another"')
    QTest.keyClick(box, Qt.Key.Key_Z, CTRL)
    program.idle()
    assert not panel.can_undo and editing.plan.style == "ama"


# --- parts ----------------------------------------------------------------------------------------------------
def test_the_list_has_the_parts_under_their_headings(program: Program) -> None:
    opened(program)
    lines = tree(program).lines
    assert [lines.name(lines.index(k, 0)) for k in range(lines.rowCount())] == [
        "sample", "method", "results", "appendix",
    ]  # fmt: skip
    results = lines.index_of("results")
    names = [lines.name(lines.index(k, 0, results)) for k in range(lines.rowCount(results))]
    assert names == [p.name for p in parts(program).values() if p.level == 2][names.index(names[0]) + 3:][:len(names)]
    assert lines.index_of("models").parent() == results
    assert tree(program).isExpanded(results)
    assert lines.data(lines.index_of("models")) == "Models 1 and 2 side by side"


@pytest.mark.parametrize("way", ["space", "click"])
def test_a_tick_shows_a_part_or_leaves_it_out(program: Program, way: str) -> None:
    opened(program)

    def tick(name: str) -> str:
        found = go_to(program, name)
        if way == "space":
            QTest.keyClick(found, Qt.Key.Key_Space)
        else:
            delegate = found.itemDelegate()
            assert isinstance(delegate, PartDelegate)
            at = delegate.tick_place(found.lines.index_of(name)).center()
            QTest.mouseClick(found.viewport(), Qt.MouseButton.LeftButton, pos=at)
        return done(program)

    assert tick("models") == "report part hide models" and not parts(program)["models"].shown
    assert tick("models") == "report part show models" and parts(program)["models"].shown
    assert tick("method") == "report part hide method"
    assert not parts(program)["analysis"].shown  # with its section
    assert undo_text(program) == "parts of the report"


def test_alt_and_arrows_give_another_order_and_another_level(program: Program) -> None:
    opened(program)
    found = go_to(program, "models")
    QTest.keyClick(found, Qt.Key.Key_Up, ALT)
    assert done(program) == "report part move models, before(results)"
    assert found.current_name() == "models"
    QTest.keyClick(found, Qt.Key.Key_Down, ALT)
    assert done(program) == "report part move models, after(results)"
    go_to(program, "method")
    QTest.keyClick(found, Qt.Key.Key_Down, ALT)
    assert done(program).startswith("report part move method, after(")
    names = [p.name for p in parts(program).values() if p.level == 1]
    assert names == ["sample", "results", "method", "appendix"]
    QTest.keyClick(found, Qt.Key.Key_Up, ALT)
    assert done(program) == "report part move method, before(results)"
    QTest.keyClick(found, Qt.Key.Key_Right, ALT)
    assert done(program) == "report part level method 2"
    assert found.lines.index_of("method").parent() == found.lines.index_of("sample")
    QTest.keyClick(found, Qt.Key.Key_Left, ALT)
    assert done(program) == "report part level method 1"
    before = commands(program)
    go_to(program, "sample")
    QTest.keyClick(found, Qt.Key.Key_Up, ALT)  # it is the first
    QTest.keyClick(found, Qt.Key.Key_Left, ALT)
    assert commands(program) == before


def test_a_part_is_dragged_to_another_place(program: Program) -> None:
    opened(program)
    found = go_to(program, "citation")
    lines = found.lines
    mime = lines.mimeData([lines.index_of("citation")])
    found.scrollToTop()
    at = found.visualRect(lines.index_of("analysis")).topLeft() + QPoint(60, 1)  # on the line above it
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for kind in (QDragEnterEvent, QDragMoveEvent, QDropEvent):
        try:
            event = kind(QPointF(at), Qt.DropAction.MoveAction, mime, left, none)
        except TypeError:  # before Qt 6.12 it takes whole points
            event = kind(at, Qt.DropAction.MoveAction, mime, left, none)
        QApplication.sendEvent(found.viewport(), event)
    assert done(program) == "report part move citation, before(analysis)"
    names = list(parts(program))
    assert names.index("citation") == names.index("analysis") - 1


def test_where_a_part_is_dropped(program: Program) -> None:
    opened(program)
    lines: PartsModel = tree(program).lines
    for part, row, onto, command in (
        ("citation", -1, "method", "report part move citation, after(method)"),
        ("citation", 99, "sample", "report part move citation, after(descriptives)"),
        ("citation", 0, "", "report part move citation, before(sample)"),
        ("citation", -1, "analysis", "report part move citation, after(analysis)"),
        ("sample", 99, "", "report part move sample, after(commands)"),
        ("results", 1, "results", ""), ("results", -1, "models", ""), ("nothing", 0, "", ""),
    ):  # fmt: skip
        assert lines.dropped(part, row, onto) == command
        if command:
            program.run(command)
            assert done(program) == command
    assert lines.dropped("method", 0, "") == ""  # it stands there


def test_headings_and_captions_are_renamed_in_their_line(program: Program) -> None:
    opened(program)
    found = go_to(program, "results")
    for name, words in (("results", "Findings"), ("models", "All models")):
        go_to(program, name)
        QTest.keyClick(found, Qt.Key.Key_F2)
        editor = found.findChild(QLineEdit, "report_part_line")
        assert editor is not None and editor.isVisible()
        editor.selectAll()
        QTest.keyClicks(editor, words)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        settled()  # the editor of a line ends once its key has been dealt with
        assert done(program) == f'report part edit {name} "{words}"'
        assert parts(program)[name].text == words
        settled()
    panel = program.window.reports.panel
    back = {a.name: a for group in panel.parts.lines(parts(program)["models"]) for a in group}["own_words"]
    back.run()
    assert done(program) == 'report part edit models ""' and parts(program)["models"].text == ""


def test_a_heading_of_the_users_own_is_added_renamed_and_removed(program: Program) -> None:
    panel, _page, _editing = opened(program)
    found = go_to(program, "analysis")
    panel.parts.add_heading.click()
    line = QApplication.focusWidget()
    assert isinstance(line, QLineEdit) and line.objectName() == "report_new_heading"
    QTest.keyClicks(line, "Limits")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert done(program) == 'report part add heading "Limits", after(analysis)'
    assert found.current_name() == "heading1" and found.hasFocus()
    QTest.keyClick(found, Qt.Key.Key_Delete)
    assert done(program) == "report part remove heading1" and "heading1" not in parts(program)
    panel.parts.add_heading.click()
    line = QApplication.focusWidget()
    QTest.keyClicks(line, "Nothing")
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert panel.parts.writing is None and program.window.splitter.is_open(panel)
    assert done(program) == "report part remove heading1"


def test_a_text_is_written_in_the_editor_of_notes(program: Program) -> None:
    panel, _page, _editing = opened(program)
    found = go_to(program, "models")
    panel.parts.add_text.click()
    editor = panel.parts.writing
    assert isinstance(editor, NoteEditor) and QApplication.focusWidget() is editor.text
    keep = editor.findChild(QPushButton, "note_keep")
    assert keep.text() == "Keep text" and editor.text.accessibleName() == "Text"
    QTest.keyClicks(editor.text, "Two models were fitted.")
    QTest.keyClick(editor.text, Qt.Key.Key_Return, CTRL)
    assert done(program) == 'report part add text "Two models were fitted.", after(models)'
    assert found.current_name() == "text1"
    QTest.keyClick(found, Qt.Key.Key_Return)
    editor = panel.parts.writing
    assert isinstance(editor, NoteEditor)
    editor.text.setPlainText("Two models.")
    editor.keep()
    assert done(program) == 'report part edit text1 "Two models."'
    note = next(n for n, p in parts(program).items() if p.kind == "item" and found.lines.sign(p) == "note")
    go_to(program, note)
    QTest.keyClick(found, Qt.Key.Key_F2)
    assert panel.parts.writing.findChild(QPushButton, "note_keep").text() == "Keep note"
    panel.parts.writing.text.setPlainText("Fast at first")
    panel.parts.writing.keep()
    assert done(program).startswith("outline edit") and "Fast at first" in done(program)


def test_what_comes_from_the_results_says_what_to_do_instead(program: Program) -> None:
    panel, _page, _editing = opened(program)
    found = go_to(program, "analysis")
    before = commands(program)
    QTest.keyClick(found, Qt.Key.Key_F2)
    assert panel.parts.problem.isVisible() and "add a text of your own" in panel.parts.problem.text()
    QTest.keyClick(found, Qt.Key.Key_Delete)
    assert panel.parts.problem.text() == "This part comes from the results. Clear its tick to leave it out."
    assert commands(program) == before
    QTest.keyClick(found, Qt.Key.Key_Space)
    done(program)
    assert not panel.parts.problem.isVisible()


def test_the_menu_of_a_part_has_all_that_keys_do(program: Program) -> None:
    panel, _page, _editing = opened(program)
    found = go_to(program, "method")
    found.menu_asked.emit("method", found.mapToGlobal(QPoint(4, 4)))
    menu = panel.parts.findChild(QMenu, "report_part_menu")
    words = [a.text() for a in menu.actions() if not a.isSeparator()]
    assert words == ["Rename", "Leave out the section", "Leave out the heading only", "Move up", "Move down",
                     "Higher level", "Lower level", "Remove"]  # fmt: skip
    able = {a.text(): a.isEnabled() for a in menu.actions()}
    assert not able["Remove"] and not able["Higher level"] and able["Lower level"]
    next(a for a in menu.actions() if a.text() == "Leave out the heading only").trigger()
    menu.close()
    assert done(program) == "report part hide method, alone"
    assert not parts(program)["method"].shown and parts(program)["analysis"].shown


def test_what_the_program_makes_of_a_model_is_added_from_the_menu(program: Program) -> None:
    panel, _page, _editing = opened(program)
    go_to(program, "models")
    panel.parts.menu.aboutToShow.emit()
    inside = panel.parts.menu.findChild(QMenu, "report_add_equations")
    assert [a.text() for a in inside.actions()] == [m.heading for m in program.window.results.shown.models()]
    inside.actions()[0].trigger()
    first = program.window.results.shown.models()[0].id
    assert done(program) == f"report part add equations {first}, after(models)"
    assert tree(program).current_name() == f"equations{first}"
    panel.parts.menu.aboutToShow.emit()
    panel.parts.menu.actions()[-1].trigger()
    assert done(program) == "report reset" and f"equations{first}" not in parts(program)


def test_models_side_by_side_are_chosen_ordered_and_shown_in_a_form(program: Program) -> None:
    program.run("mixed y x || g: x")
    panel, _page, _editing = opened(program)
    one, two, three = (m.id for m in program.window.results.shown.models())
    found = go_to(program, "models")
    QTest.keyClick(found, Qt.Key.Key_Return)
    form = panel.parts.writing
    assert isinstance(form, ModelsForm) and form.ticks[one].hasFocus()
    assert all(t.isChecked() for t in (*form.ticks.values(), *form.parts.values()))
    form.ticks[two].click()
    assert done(program) == f"report part choose models {one} {three}"
    assert found.lines.data(found.lines.index_of("models")) == "Models 1 and 3 side by side"
    form.ticks[two].click()  # it comes back where it stood, and the choice is that of all again
    assert done(program) == "report part choose models _all" and parts(program)["models"].items == ()
    form.ticks[three].setFocus()
    QTest.keyClick(form.ticks[three], Qt.Key.Key_Up, ALT)
    assert done(program) == f"report part choose models {one} {three} {two}"
    assert form.rows.order() == [str(one), str(three), str(two)] and form.ticks[three].hasFocus()
    form.parts["se"].click()
    assert done(program) == "report part choose models, show(random criteria tests)"
    form.ticks[one].click()
    form.ticks[two].click()
    assert "at least two" in form.problem.text() and form.problem.isVisible() and form.ticks[two].isChecked()
    assert done(program) == f"report part choose models {three} {two}"
    assert unnamed(form) == []
    panel.editing.undo()
    program.idle()
    assert form.ticks[one].isChecked()
    QTest.keyClick(form.ticks[three], Qt.Key.Key_Escape)
    assert panel.parts.writing is None and program.window.splitter.is_open(panel) and found.hasFocus()


def test_a_table_of_models_is_added_from_the_menu_and_its_form_goes_with_it(program: Program) -> None:
    panel, _page, _editing = opened(program)
    found = go_to(program, "paragraph" + str(program.window.results.shown.models()[-1].id))
    panel.parts.menu.aboutToShow.emit()
    next(a for a in panel.parts.menu.actions() if a.text() == "Add models side by side").trigger()
    assert done(program).startswith("report part add models _all, after(paragraph")
    assert found.current_name() == "models1" and isinstance(panel.parts.writing, ModelsForm)
    panel.editing.undo()
    program.idle()
    assert panel.parts.writing is None and "models1" not in parts(program)


def test_forty_parts_keep_their_folds_and_the_choice(program: Program) -> None:
    opened(program)
    found = go_to(program, "models")
    for k in range(26):
        words = f"Text {k} that is rather long for one line"
        program.window.controller.run(f'report part add text "{words}", after(models)')
    program.idle()
    assert len(parts(program)) >= 40 and found.current_name() == "models"
    found.collapse(found.lines.index_of("method"))
    program.run("report part hide text3")
    assert not found.isExpanded(found.lines.index_of("method")) and found.isExpanded(found.lines.index_of("results"))
    assert found.verticalScrollBar().maximum() > 0 and found.horizontalScrollBar().maximum() == 0
    QTest.keyClick(found, Qt.Key.Key_End)
    assert found.viewport().rect().intersects(found.visualRect(found.currentIndex()))


# --- pages ----------------------------------------------------------------------------------------------------
def test_what_is_typed_is_on_the_page_before_it_is_a_command(printing: Program) -> None:
    panel, page, editing = opened(printing)
    before = page.shown
    write(panel.titles.lines["title"], "Brave new title")
    wait_until(lambda: page.shown is not before and page.settled(), "the new title page")
    assert "Brave new title" not in "".join(commands(printing)) or editing.plan.title
    assert "Brave new title" in page_text(page, 0)


def page_text(page: ReportPage, number: int) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(page.shown.pdf)
    try:
        return str(document[number].get_textpage().get_text_bounded())
    finally:
        document.close()


def test_a_click_on_a_page_finds_the_part_and_the_other_way_round(printing: Program) -> None:
    _panel, page, _editing = opened(printing)
    found = go_to(printing, "models")
    place = next(p for p in page.shown.places if p.part == "models")
    assert page.page == place.page and not page.sheet.marked().isEmpty()
    wait_until(page.settled, "the page")
    other = next(p for p in page.shown.places if p.page == place.page and p.part != "models")
    at = page.sheet.place_of(other.part).center().toPoint()
    QTest.mouseMove(page.sheet, at)
    QTest.mouseClick(page.sheet, Qt.MouseButton.LeftButton, pos=at)
    assert found.current_name() == other.part and found.hasFocus()
    assert page.sheet.marked() == page.sheet.place_of(other.part)
    QTest.mouseClick(page.sheet, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))  # the margin
    assert found.current_name() == other.part
    caption = page.shown.numbers["models"]
    assert found.lines.data(found.lines.index_of("models")) == f"{caption}. Models 1 and 2 side by side"


def test_pages_are_turned_by_keys_buttons_and_small_pages(printing: Program) -> None:
    panel, page, _editing = opened(printing)
    last = len(page.shown.sizes) - 1
    assert last >= 2 and page.place.text() == f"1 of {last + 1}" and not page.back.isEnabled()
    page.on.click()
    assert page.page == 1
    page.scroller.setFocus()
    QTest.keyClick(page.scroller, Qt.Key.Key_PageDown)
    assert page.page == 2
    QTest.keyClick(page.scroller, Qt.Key.Key_PageUp)
    assert page.page == 1
    QTest.keyClick(page.scroller, Qt.Key.Key_End)
    assert page.page == last and not page.on.isEnabled()
    QTest.keyClick(page.scroller, Qt.Key.Key_Home)
    assert page.page == 0
    panel.titles.lines["title"].setFocus()
    QTest.keyClick(panel.titles.lines["title"], Qt.Key.Key_PageDown, CTRL)
    assert page.page == 1 and page.thumbs.currentIndex().row() == 1
    page.thumbs.setFocus()
    QTest.keyClick(page.thumbs, Qt.Key.Key_Down)
    assert page.page == 2
    wait_until(page.settled, "the small pages")
    assert set(page.thumbs.visible_pages()) <= set(page.thumbs.pages.pictures)
    assert page.thumbs.pages.data(page.thumbs.pages.index(1, 0), Qt.ItemDataRole.AccessibleTextRole) == (
        f"Page 2 of {last + 1}"
    )


def test_a_page_is_seen_whole_or_as_wide_as_there_is_room(printing: Program) -> None:
    _panel, page, _editing = opened(printing)
    view = page.scroller.viewport()
    assert page.sheet.height() <= view.height() and page.sheet.width() <= view.width()
    whole = page.sheet.width()
    page.zoom.choose("width")
    wait_until(page.settled, "the page")
    assert page.sheet.width() > whole and page.sheet.width() <= view.width()
    assert page.scroller.horizontalScrollBar().maximum() == 0
    bar = page.scroller.verticalScrollBar()
    page.scroller.setFocus()
    QTest.keyClick(page.scroller, Qt.Key.Key_PageDown)
    assert page.page == 0 and bar.value() > 0  # first to the foot of the page
    bar.setValue(bar.maximum())
    QTest.keyClick(page.scroller, Qt.Key.Key_PageDown)
    assert page.page == 1 and bar.value() == 0


def test_the_pages_turn_to_a_text_that_was_added(printing: Program) -> None:
    panel, page, _editing = opened(printing)
    last = page.shown.places[-1]
    go_to(printing, last.part)
    page.go_to(0)
    assert last.page > 0
    panel.parts.add_text.click()
    QTest.keyClicks(panel.parts.writing.text, "Nobody knew.")
    QTest.keyClick(panel.parts.writing.text, Qt.Key.Key_Return, CTRL)
    done(printing)
    wait_until(page.settled, "the pages")
    assert page.page > 0 and "Nobody knew." in page_text(page, page.page)
    page.go_to(0)
    panel.titles.style_.chosen.emit("ama")  # somebody who has turned the pages stays there
    done(printing)
    wait_until(page.settled, "the pages")
    assert page.page == 0


def test_pages_that_were_overtaken_are_never_shown(printing: Program) -> None:
    panel, page, editing = opened(printing)
    seen: list[object] = []
    page.pages.found.connect(seen.append)
    for k in range(6):
        panel.titles.lines["title"].setFocus()
        QTest.keyClicks(panel.titles.lines["title"], f"{k}")
    editing.saver.flush()
    printing.idle()
    wait_until(page.settled, "the pages")
    assert "012345" in page_text(page, 0) and len(seen) <= 2
    shown = page.shown
    page.refresh()  # nothing is another, so nothing is found again
    assert page.settled() and page.shown is shown


def test_pages_that_cannot_be_drawn_leave_the_builder_as_it_is(
    printing: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    panel, page, _editing = opened(printing)

    def broken(_request: Request, _task: object) -> None:
        raise ValueError("no page")

    monkeypatch.setattr("terrace_desktop.reporting.pages.find_pages", broken)
    panel.titles.style_.chosen.emit("ama")
    wait_until(lambda: "cannot be drawn" in page.message.text(), "the message")
    assert panel.save.isEnabled() and page.message.isVisible()


# --- the file -------------------------------------------------------------------------------------------------
def test_the_report_is_saved_as_it_is_planned(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, page, _editing = opened(program)
    asked: list[str] = []
    monkeypatch.setattr(dialogs, "ask_save", lambda _w, _t, name, kinds: asked.extend((name, kinds)) or
                        str(tmp_path / "mine"))  # fmt: skip
    assert panel.format.value() == "docx"
    panel.format.choose("html")
    assert page.told.full_text().startswith("As pages of Word or PDF")
    title = panel.titles.lines["title"]
    write(title, "Of my own")
    QTest.keyClick(title, Qt.Key.Key_Return, CTRL)  # what is being typed is in the file
    assert done(program) == f'report "{tmp_path / "mine.html"}", replace'
    assert "Of my own" in (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert Path(asked[0]).name == "made report.html" and asked[1].startswith("HTML (*.html *.htm);;")
    assert "mine.html" in program.window.status.message()
    assert program.window.settings.text("report_format") == "html"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: "")
    before = commands(program)
    panel.save.click()
    assert commands(program) == before


def test_a_report_is_the_same_after_its_commands_are_run_again(program: Program) -> None:
    panel, _page, editing = opened(program)
    write(panel.titles.lines["title"], "Again")
    QTest.keyClick(panel.titles.lines["title"], Qt.Key.Key_Return)
    found = go_to(program, "models")
    QTest.keyClick(found, Qt.Key.Key_Up, ALT)
    panel.parts.add_heading.click()
    line = QApplication.focusWidget()
    QTest.keyClicks(line, "More")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.idle()
    from terrace.session.session import Session

    again = Session()
    for command in [c for c, state in program.states() if state == "ok"]:
        assert again.run(command).ok, command
    assert again.state.document.report == editing.plan != NO_PLAN


# --- all sizes and readers --------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [(1440, 900), (1280, 720), (1000, 640)])
def test_all_is_there_in_every_size_of_window_and_text(program: Program, size: tuple[int, int]) -> None:
    w = program.window
    w.resize(*size)
    panel, page, _editing = opened(program)
    try:
        for zoom, choice in ((80, "light"), (200, "dark"), (100, "light")):
            theme.manager().set_zoom(zoom)
            theme.manager().apply(choice)
            settled()
            settled()
            for widget in (panel.save, panel.format, page.place, page.on):
                assert widget.isVisible() and inside(widget, w), (size, zoom, widget.objectName())
    finally:
        theme.manager().set_zoom(100)
        theme.manager().apply("light")
    assert unnamed(panel) == [] and unnamed(page) == []


def inside(widget: QWidget, window: QWidget) -> bool:
    at = widget.mapTo(window, QPoint(0, 0))
    return window.rect().contains(at) and at.x() + widget.width() <= window.width()


def test_the_tab_key_goes_through_the_panel_as_one_reads_it(program: Program) -> None:
    panel, _page, _editing = opened(program)
    settled()
    order: list[str] = []
    now = panel.titles.lines["title"]
    while now is not None and panel.isAncestorOf(now) and now.objectName() not in order:
        order.append(now.objectName())
        QTest.keyClick(now, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
    assert order == [
        "report_title", "report_author", "report_affiliation", "report_style", "report_language",
        "report_add_heading", "report_add_text", "report_parts_more", "report_parts", "report_decimals",
        "report_p_decimals", "report_metric_variance", "report_more", "report_format_docx", "report_save",
    ]  # fmt: skip


def test_the_list_and_the_pages_are_told_to_a_screen_reader(program: Program) -> None:
    panel, page, _editing = opened(program)
    lines = tree(program).lines
    index = lines.index_of("models")
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Models 1 and 2 side by side"
    assert index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    lines.setData(index, Qt.CheckState.Unchecked.value, Qt.ItemDataRole.CheckStateRole)  # as a reader does
    assert done(program) == "report part hide models"
    assert panel.accessibleName() == "Report" and page.accessibleName() == "Page preview"
    assert page.sheet.accessibleName() and page.thumbs.accessibleName() == "Pages"
