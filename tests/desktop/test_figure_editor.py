"""The editor of a figure: every field is a command that is undone by name, and what is shown is what is printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPushButton, QToolButton, QWidget
from test_accessibility import unnamed
from test_app import Program
from waiting import settled, wait_until

from terrace.errors import TerraceError
from terrace.results.figure_look import FigureLook
from terrace.session.document.figure_text import OPTIONS
from terrace.session.document.figures import Figure, figures
from terrace.session.session import Session
from terrace_desktop.figure import looks, pictures
from terrace_desktop.figure.editing import Editing
from terrace_desktop.figure.fields import number_in
from terrace_desktop.figure.page import FigurePage
from terrace_desktop.figure.panel import FigurePanel
from terrace_desktop.figure.pictures import Pictures
from terrace_desktop.ui import dialogs, theme
from terrace_desktop.ui.settings import Settings

TWO = "twoway (scatter y x) (lfit y x), title(Growth)"


REAL = Pictures.ask


@pytest.fixture
def printing(settings: Settings, tmp_path: Path) -> Iterator[Program]:
    """A window with three figures, whose prints are drawn."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"x": np.arange(200) / 20, "g": np.arange(200) % 3})
    frame["y"] = 2 + 0.5 * frame.x + rng.normal(size=200)
    frame.to_csv(tmp_path / "made.csv", index=False)
    p = Program(settings)
    p.run(f'use "{tmp_path / "made.csv"}", clear', "scatter y x, by(g)", TWO, "histogram y")
    yield p
    p.window.close()
    p.window.deleteLater()


@pytest.fixture
def program(printing: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The same without prints, for what has nothing to do with them."""
    monkeypatch.setattr(Pictures, "ask", lambda _pictures, _request: None)
    return printing


def print_is_there(program: Program) -> None:
    if Pictures.ask is REAL:
        wait_until(program.window.figures.page.settled, "the print of the figure")


def edited(program: Program, number: int = 2) -> tuple[FigurePanel, FigurePage, Editing]:
    found = figures(program.window.controller.snapshot.document)[number - 1]
    program.window.figures.edit(found.item, found.place)
    panel, page = program.window.figures.panel, program.window.figures.page
    wait_until(lambda: page.isVisible() and panel.editing.figure is not None, "the page of the figure")
    wait_until(lambda: panel.editing.figure.number == number, "the figure")
    settled()
    print_is_there(program)
    return panel, page, panel.editing


def figure(program: Program, number: int = 2) -> Figure:
    return figures(program.window.controller.snapshot.document)[number - 1]


def done(program: Program) -> str:
    """The last command, once all has been answered and the print is there."""
    program.idle()
    print_is_there(program)
    command, state = program.states()[-1]
    assert state == "ok", (command, state)
    return command


def write(field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def press(root: QWidget, name: str) -> None:
    found = root.findChild(QAbstractButton, name)
    assert found is not None and found.isEnabled(), name
    found.click()


# --- opening and leaving ------------------------------------------------------------------------------------
def test_the_pencil_of_a_card_opens_the_editor_and_the_print_stands_where_the_results_were(program: Program) -> None:
    w = program.window
    card = w.results.card(figure(program).item)
    w.results.view.bring_into_view(card)
    card.wake()
    settled()
    press(card, "figure_edit")
    wait_until(lambda: w.figures.page is not None and w.figures.page.isVisible(), "the page of the figure")
    settled()
    panel, page = w.figures.panel, w.figures.page
    assert w.splitter.is_open(panel) and page.isVisible() and not w.results.view.isVisible()
    assert w.work.title.full_text() == "Figure 2" and page.title.full_text() == "Figure 2"
    assert w.left.is_folded() and QApplication.focusWidget() is panel.style_.preset
    assert w.actions_.buttons["tool_plot"].isChecked()
    QTest.keyClick(panel.style_.preset, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not w.splitter.is_open() and w.results.view.isVisible() and not page.isVisible()
    assert not w.left.is_folded()
    QTest.keyClick(w.results.view, Qt.Key.Key_F10)  # and from the menu, for the one that is chosen in the outline
    w.results.contents.tree.point_at(figure(program, 1).item)
    w.actions_["edit_figure"].trigger()
    wait_until(page.isVisible, "the page of the figure")
    assert w.work.title.full_text() == "Figure 1"
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert not w.splitter.is_open() and w.results.view.isVisible()


def test_a_figure_of_a_model_says_so_and_one_that_goes_closes_its_editor(program: Program) -> None:
    w = program.window
    program.run("mixed y x || g:", "plot residuals")
    edited(program, 4)
    assert w.work.subtitle.full_text() == "of Model 1"
    w.controller.run(f"outline delete {figure(program, 4).item}")
    program.idle()
    assert not w.splitter.is_open() and w.results.view.isVisible()
    w.controller.run("undo")
    program.idle()
    panel, _page, _editing = edited(program, 4)
    assert panel.isVisible()


def test_what_is_taken_away_before_a_figure_gives_it_another_number(program: Program) -> None:
    panel, page, _editing = edited(program, 2)
    program.run(f"outline delete {figure(program, 1).item}")
    assert page.title.full_text() == "Figure 1"
    write(panel.titles.lines["xtitle"], "Hours")
    assert done(program) == 'figure 1, xtitle("Hours")'


# --- fields -------------------------------------------------------------------------------------------------
def test_each_field_is_one_command_and_one_step_with_its_name(program: Program) -> None:
    w = program.window
    panel, _page, _editing = edited(program)
    size, axes = panel.size_, panel.axes
    for do, command, step in (
        (lambda: write(panel.titles.lines["xtitle"], 'A "quoted" title'), r'figure 2, xtitle("A \x22quoted\x22 title")',
         "x-axis title"),
        (lambda: write(panel.titles.lines["note"], "Seen once."), 'figure 2, note("Seen once.")', "note"),
        (lambda: write(axes.entries["x_from"], "-2"), "figure 2, xrange(-2 .)", "x axis"),
        (lambda: write(axes.entries["y_step"], "2,5"), "figure 2, ystep(2.5)", "y axis"),
        (axes.grid.click, "figure 2, nogrid", "grid lines"),
        (lambda: write(size.width_, "9"), "figure 2, size(9 .)", "size"),
        (lambda: write(size.points, "8"), "figure 2, points(8)", "text size"),
        (lambda: write(size.dpi, "600"), "figure 2, dpi(600)", "resolution"),
        (lambda: press(panel, "figure_legend_inside"), "figure 2, legend(inside)", "legend"),
        (lambda: press(panel, "figure_grey_grey"), "figure 2, grey", "colours"),
        (lambda: panel.style_.preset.chosen.emit("nature"), "figure 2, preset(nature)", "preset"),
        (lambda: press(panel, "figure_columns_2"), "figure 2, reset(size)", "size"),
        (lambda: size.family.chosen.emit("DejaVu Sans"), 'figure 2, font("DejaVu Sans")', "text"),
    ):
        do()
        commands = [c for c, _ in program.states()]
        program.idle()
        assert command in (done(program), *commands[-2:]), command
        if command != "figure 2, reset(size)":
            assert w.controller.snapshot.undo_text == f"{step} of Figure 2"
    assert figure(program).own.columns == 2 and figure(program).own.width is None
    assert figure(program).own.x_from == -2 and figure(program).own.y_step == 2.5


def test_what_is_given_up_goes_back_to_what_counts_for_all(program: Program) -> None:
    panel, _page, _editing = edited(program)
    program.run("figure style apa")
    assert panel.size_.points.placeholderText() == "9" and panel.style_.preset.currentText() == "As all figures (APA 7)"
    write(panel.size_.points, "10")
    done(program)
    write(panel.size_.points, "9")  # as all figures have it anyway
    assert done(program) == "figure 2, reset(points)" and figure(program).own == FigureLook()
    write(panel.titles.lines["xtitle"], "")
    assert done(program) == 'figure 2, xtitle("")'
    write(panel.titles.lines["xtitle"], "x")  # the title that the command gave
    assert done(program) == "figure 2, reset(xtitle)" and figure(program).own == FigureLook()
    assert not panel.reset.isEnabled()


def test_reset_gives_up_all_and_one_step_brings_it_back(program: Program) -> None:
    panel, _page, _editing = edited(program)
    write(panel.titles.lines["ytitle"], "Growth")
    write(panel.size_.width_, "9")
    done(program)
    panel.reset.click()
    assert done(program) == "figure 2, reset" and figure(program).own == FigureLook()
    assert panel.titles.lines["ytitle"].text() == "y" and panel.size_.width_.text() == ""
    press(program.window.work, "work_undo")
    program.idle()
    assert figure(program).own == FigureLook(y_title="Growth", width=9.0)
    assert panel.titles.lines["ytitle"].text() == "Growth" and panel.size_.width_.text() == "9"


def test_the_panel_undoes_changes_of_figures_alone(program: Program) -> None:
    w = program.window
    panel, _page, _editing = edited(program)
    assert not panel.can_undo  # the last step drew a figure
    write(panel.titles.lines["ytitle"], "Growth")
    done(program)
    assert w.work.undo.isEnabled() and not w.work.redo.isEnabled()
    tick = panel.axes.grid
    tick.setFocus()
    QTest.keyClick(tick, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    program.idle()
    assert panel.titles.lines["ytitle"].text() == "y" and panel.can_redo and not panel.can_undo
    QTest.keyClick(tick, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    program.idle()
    assert panel.titles.lines["ytitle"].text() == "Growth"
    assert panel.can_undo
    program.run('report title "Growth"')
    assert not panel.can_undo, "the last step changed the report"
    program.run("generate z = 1")
    assert not panel.can_undo and not w.work.undo.isEnabled()


def test_what_is_no_number_is_told_under_the_field_and_nothing_runs(program: Program) -> None:
    panel, _page, _editing = edited(program)
    before = len(program.states())
    for field, text, said, part in (
        (panel.size_.width_, "0.2", "Width: give a number from 1 to 100.", panel.size_),
        (panel.axes.entries["x_from"], "low", "X axis from: low is not a number.", panel.axes),
    ):
        write(field, text)
        assert part.problem.isVisible() and part.problem.text() == said
        write(field, "")
        assert not part.problem.isVisible()
    write(panel.axes.entries["x_from"], "1")
    write(panel.axes.entries["x_to"], "1")
    program.idle()
    assert "Both ends of the axis are the same." in panel.axes.problem.text()
    assert figure(program).own.x_from == 1 and figure(program).own.x_to is None
    assert len(program.states()) == before + 2


def test_what_was_clicked_is_there_again_where_the_history_is_run(program: Program) -> None:
    panel, _page, _editing = edited(program)
    program.run("figure style nature")
    write(panel.titles.lines["xtitle"], "Hours")
    write(panel.axes.entries["y_from"], "0")
    panel.style_.palette_.chosen.emit("safe")
    keys = panel.layers.order()
    panel.layers.row(keys[0]).tick.click()
    panel.layers.move_row(keys[0], 1)
    write(panel.layers.row(keys[0]).entries["opacity"], "50")
    panel.series.row(1).choose_color("#123456")
    press(panel, "figure_legend_right")
    write(panel.size_.height_, "7")
    program.idle()
    again = Session()
    for command, state in program.states():
        assert state == "ok" and again.run(command).ok, command
    assert again.state.document.figure_style.preset == "nature"
    assert figures(again.state.document)[1].own == figure(program).own != FigureLook()


@pytest.mark.parametrize(("text", "number"), [("2.5", 2.5), ("2,5", 2.5), ("−2", -2), (" 1e3 ", 1000)])
def test_numbers_are_read_as_they_are_typed(text: str, number: float) -> None:
    assert number_in(text) == number


def test_typing_waits_for_a_rest_and_a_remark_of_others_does_not_disturb_it(program: Program) -> None:
    panel, _page, editing = edited(program)
    line = panel.titles.lines["xtitle"]
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "Hou")
    assert editing.draft.x_title == "Hou" and figure(program).own.x_title is None
    program.run("figure 2, grey")
    assert line.text() == "Hou" and editing.draft == FigureLook(x_title="Hou", grey=True)
    QTest.keyClicks(line, "rs")
    panel.end.click()
    program.idle()
    assert figure(program).own == FigureLook(x_title="Hours", grey=True)


# --- layers and series --------------------------------------------------------------------------------------
def test_layers_are_switched_ordered_and_given_options(program: Program) -> None:
    panel, page, _editing = edited(program)
    keys = panel.layers.order()
    assert keys == ["points", "trend"] or len(keys) == 2
    low, high = (panel.layers.row(k) for k in keys)
    low.tick.click()
    assert done(program) == f"figure 2, layer({keys[0]}, hide)"
    assert not low.tick.isChecked()
    high.grip.setFocus()
    QTest.keyClick(high.grip, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert done(program) == f"figure 2, layers({keys[1]} -{keys[0]})"
    assert not looks.is_shown(low._facts.layer, figure(program).look) and panel.layers.order() == keys[::-1]
    low.more.click()
    assert low.options.isVisible()
    write(low.entries["sample"], "50")
    assert done(program) == f"figure 2, layer({keys[0]}, sample(50))" and low.about.text() == "50 of 200 points"
    write(low.entries["opacity"], "40")
    assert done(program) == f"figure 2, layer({keys[0]}, opacity(40))"
    low.tick.click()
    done(program)
    assert looks.is_shown(low._facts.layer, figure(program).look)
    assert len(figure(program).dressed.panels[0].marks[-1].x) == 50
    page.panel.go_to_layer(keys[1])
    assert QApplication.focusWidget() is high.tick and high.options.isVisible()


def test_options_of_layers_show_what_holds_where_nothing_is_asked(printing: Program) -> None:
    panel, page, _editing = edited(printing)
    drawn = page.proof.layers
    for key in panel.layers.order():
        for member, entry in panel.layers.row(key).entries.items():
            assert entry.text() == "" and entry.placeholderText(), (key, member)
            if member in ("size", "opacity", "width"):
                assert number_in(entry.placeholderText()) == pytest.approx(getattr(drawn[key], member), rel=0.01)


def test_rows_are_dragged_by_their_grips(program: Program) -> None:
    panel, _page, _editing = edited(program)
    keys = panel.layers.order()
    low, high = (panel.layers.row(k) for k in keys)
    settled()
    at, to = low.grip.rect().center(), low.grip.mapFromGlobal(high.mapToGlobal(QPoint(8, high.height() + 4)))
    QTest.mousePress(low.grip, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(low.grip, to)
    QTest.mouseRelease(low.grip, Qt.MouseButton.LeftButton, pos=to)
    assert panel.layers.order() == keys[::-1]
    assert done(program) == f"figure 2, layers({' '.join(keys[::-1])})"
    assert figure(program).own.layer_order == tuple(keys[::-1])


def test_series_get_names_colours_dashes_and_an_order(printing: Program) -> None:
    panel, page, _editing = edited(printing)
    second = panel.series.row(1)
    write(second.name_line, "Straight line")
    assert done(printing) == 'figure 2, labels("" "Straight line")'
    second.menu.aboutToShow.emit()
    action = next(a for a in second.menu.actions() if a.text() == "Vermilion")
    action.trigger()
    assert done(printing) == "figure 2, colors(. #d55e00)"
    assert page.proof.colors[1] == "#d55e00" and second.color.accessibleDescription() == "Vermilion"
    second.pattern.chosen.emit("dot")
    assert done(printing) == "figure 2, patterns(. dot)"
    panel.series.row(0).pattern.chosen.emit("triangle")
    assert done(printing) == "figure 2, markers(triangle)"
    second.name_line.setFocus()
    QTest.keyClick(second.name_line, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert done(printing) == "figure 2, order(2 1)" and panel.series.order() == ["2", "1"]
    assert figure(printing).dressed.legend_order[0] == "Straight line"
    assert QApplication.focusWidget() is second.name_line
    write(second.name_line, "")
    assert done(printing) == "figure 2, reset(labels)"


def test_another_colour_is_asked_for(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6.QtGui import QColor
    from PySide6.QtWidgets import QColorDialog

    panel, _page, _editing = edited(program)
    monkeypatch.setattr(QColorDialog, "open", lambda self: self.colorSelected.emit(QColor("#123456")))
    panel.series.row(0)._ask()
    assert done(program) == "figure 2, colors(#123456)"
    for dialog in program.window.findChildren(QColorDialog):
        dialog.deleteLater()


# --- the print ----------------------------------------------------------------------------------------------
def test_a_click_on_the_print_leads_to_the_field(printing: Program) -> None:
    panel, page, _editing = edited(printing)
    seen = {p.name for p in page.sheet.parts()}
    assert {"xtitle", "ytitle", "xaxis", "yaxis", "legend", "series", "title"} <= seen
    for part in page.sheet.parts():
        if part.path is None:
            QTest.mouseClick(page.sheet, Qt.MouseButton.LeftButton, pos=page.sheet.place_of(part).toPoint())
            now = QApplication.focusWidget()
            field = {"xaxis": "xrange", "yaxis": "yrange"}.get(part.name, part.name)
            target = next(s.field(field) for s in panel.sections if s.field(field) is not None)
            assert now is target or target.isAncestorOf(now), part.name
    line = next(p for p in page.sheet.parts() if p.name == "series" and p.path is not None)
    QTest.mouseClick(page.sheet, Qt.MouseButton.LeftButton, pos=page.sheet.place_of(line).toPoint())
    assert QApplication.focusWidget() is panel.series.row(line.series).name_line
    assert page.sheet.part_at(QPointF(2, 2)) is None


def test_whatever_a_check_asks_for_leads_to_a_field(program: Program) -> None:
    panel, _page, _editing = edited(program)
    for option in OPTIONS:
        if option in ("panels", "subtitle"):  # this figure has neither
            continue
        panel.end.setFocus()
        panel.go_to(option)
        now = QApplication.focusWidget()
        assert now is not panel.end and panel.isAncestorOf(now) and now.isVisible(), option


def test_the_arrows_go_through_the_parts_of_the_print(printing: Program) -> None:
    panel, page, _editing = edited(printing)
    page.sheet.setFocus()
    first = page.sheet.parts()[0]
    QTest.keyClick(page.sheet, Qt.Key.Key_Down)
    assert page.sheet._over is first
    at = next(k for k, p in enumerate(page.sheet.parts()) if p.name == "xtitle")
    for _ in range(at):
        QTest.keyClick(page.sheet, Qt.Key.Key_Right)
    QTest.keyClick(page.sheet, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is panel.titles.lines["xtitle"]
    assert page.sheet._marked == "xtitle"
    panel.axes.entries["y_from"].setFocus()
    assert page.sheet._marked == "yaxis"


def test_the_print_is_as_large_as_is_asked(printing: Program) -> None:
    panel, page, _editing = edited(printing)
    write(panel.size_.width_, "8.5")
    write(panel.size_.height_, "6.4")
    done(printing)
    sizes = {}
    for key in ("actual", "double", "fit"):
        press(page, f"figure_zoom_{key}")
        wait_until(page.settled, "the print")
        sizes[key] = page.proof.width
    assert sizes["actual"] == pytest.approx(8.5 / 2.54 * 96, abs=1)
    assert sizes["double"] == pytest.approx(2 * 8.5 / 2.54 * 96, abs=1)
    view = page.scroller.viewport()
    assert page.sheet.width() <= view.width() and page.sheet.height() <= view.height()
    printing.window.resize(900, 700)
    settled()
    wait_until(page.settled, "the print")
    assert page.proof.width < sizes["fit"]


def test_what_is_not_ready_leads_to_what_mends_it(printing: Program) -> None:
    panel, page, _editing = edited(printing)
    assert all(c.ok for c in page.side.checks if c.key == "titles")
    write(panel.titles.lines["xtitle"], "")
    done(printing)
    found = next(c for c in page.side.checks if c.key == "titles")
    assert not found.ok
    press(page, "figure_mend_titles")
    assert QApplication.focusWidget() is panel.titles.lines["xtitle"]
    write(panel.titles.lines["xtitle"], "Hours")
    done(printing)
    assert all(c.ok for c in page.side.checks if c.key == "titles")
    assert page.findChild(QPushButton, "figure_mend_titles") is None or not page.side.findChild(
        QPushButton, "figure_mend_titles").isVisible()  # fmt: skip


def test_a_picture_that_was_overtaken_is_never_shown(printing: Program) -> None:
    panel, page, _editing = edited(printing)
    seen: list[float] = []
    page.pictures.shown.connect(lambda proof, _note: seen.append(round(proof.inches[0] * 2.54, 1)))
    for width in ("9", "10", "11"):
        write(panel.size_.width_, width)
    done(printing)
    assert seen[-1] == 11.0 and len(seen) < 3
    assert page.proof.inches[0] == pytest.approx(11 / 2.54)


def test_a_figure_that_cannot_be_drawn_says_so_and_the_next_one_is_there(
    printing: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, page, _editing = edited(printing)
    shown = page.proof

    def broken(_request: object) -> None:
        raise TerraceError("no room")

    with monkeypatch.context() as m:
        m.setattr(pictures, "picture", broken)
        write(panel.size_.points, "12")
        wait_until(page.problem.isVisible, "why there is no picture")
        printing.idle()
    assert page.proof is shown
    write(panel.size_.points, "9")
    done(printing)
    assert not page.problem.isVisible() and page.proof is not shown


def test_the_style_of_one_is_given_to_all(program: Program) -> None:
    panel, page, _editing = edited(program)
    panel.style_.preset.chosen.emit("ama")
    done(program)
    assert page.side.all_words.text() == "Make this the style of the project. Figures 1 and 3 follow."
    page.side.all.click()
    assert done(program) == "figure style, like(2)"
    assert program.window.controller.snapshot.document.figure_style.preset == "ama"
    assert figure(program, 1).look.preset == "ama" and figure(program).own == FigureLook()
    assert page.side.all_words.text() == "All figures have this style." and not page.side.all.isVisible()
    press(program.window.work, "work_undo")
    program.idle()
    assert figure(program).own.preset == "ama" and figure(program, 1).look.preset == ""


def test_the_menu_of_the_results_has_the_style_of_all_figures(program: Program) -> None:
    menu = program.window.results.menu
    menu.aboutToShow.emit()
    styles = next(a.menu() for a in menu.actions() if a.menu() and a.menu().objectName() == "look_figures")
    assert [a.text() for a in styles.actions()] == ["No preset", "APA 7", "AMA", "Nature", "Slide"]
    next(a for a in styles.actions() if a.text() == "Nature").trigger()
    program.idle()
    assert program.window.controller.snapshot.document.figure_style.preset == "nature"
    menu.aboutToShow.emit()
    styles = next(a.menu() for a in menu.actions() if a.menu() and a.menu().objectName() == "look_figures")
    next(a for a in styles.actions() if a.text() == "No preset").trigger()
    program.idle()
    assert program.window.controller.snapshot.document.figure_style == FigureLook()


# --- files and copies ---------------------------------------------------------------------------------------
def test_the_file_is_the_figure_that_was_seen(
    printing: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, page, _editing = edited(printing)
    asked: list[str] = []
    path = tmp_path / "figure one"
    monkeypatch.setattr(dialogs, "ask_save", lambda _w, _t, name, kinds: asked.extend((name, kinds)) or str(path))
    press(panel, "figure_file_tiff")
    write(panel.size_.width_, "8.5")
    write(panel.size_.dpi, "300")
    panel.save.click()
    assert done(printing) == f'figure save 2 "{path}.tiff", replace'
    assert Path(asked[0]).name == "figure2.tiff" and asked[1].startswith("TIFF (*.tiff *.tif);;")
    with Image.open(f"{path}.tiff") as file:
        assert file.info["dpi"] == (300, 300) and file.info["compression"] == "tiff_lzw"
        assert file.size[0] == pytest.approx(8.5 / 2.54 * 300, abs=1)
        small = file.convert("L").resize((120, 90))
    shown = page.sheet._image
    seen = np.frombuffer(page.proof.pixels, dtype=np.uint8).reshape(page.proof.height, page.proof.width, 4)
    other = Image.fromarray(seen[..., :3]).convert("L").resize((120, 90))
    assert not shown.isNull()
    assert np.abs(np.asarray(small, float) - np.asarray(other, float)).mean() < 6
    assert "Written to" in printing.window.status.message()
    panel.end.click()
    edited(printing)
    assert panel.size_.file.value() == "tiff"  # what was chosen last


def test_nothing_is_written_where_no_name_is_given(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, _page, _editing = edited(program)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_args: "")
    before = program.states()
    panel.save.click()
    program.idle()
    assert program.states() == before


def test_the_figure_and_its_command_are_copied(printing: Program) -> None:
    panel, page, _editing = edited(printing)
    press(page, "figure_copy")
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (page.proof.width, page.proof.height)
    assert image.pixelColor(1, 1).name() == "#ffffff"
    write(panel.titles.lines["note"], "Seen.")
    done(printing)
    page.menu.aboutToShow.emit()
    next(a for a in page.menu.actions() if a.text() == "Copy as a command").trigger()
    assert QGuiApplication.clipboard().text() == 'figure 2, note("Seen.")'


def test_the_card_shows_what_was_edited(program: Program) -> None:
    panel, _page, _editing = edited(program)
    write(panel.titles.lines["xtitle"], "Hours of study")
    done(program)
    card = program.window.results.card(figure(program).item)
    assert not card.awake  # nobody sees it
    panel.end.click()
    wait_until(lambda: card.awake and bool(card.figures), "the card")
    assert card.figures[0].plot.panels[0].x.title == "Hours of study"
    menu = card.menu
    next(a for a in menu.actions() if a.text() == "Edit the figure…").trigger()
    wait_until(lambda: program.window.splitter.is_open(panel), "the panel")


# --- access -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [(1440, 900), (1280, 720), (1000, 640)])
def test_all_is_there_in_every_size_of_window_and_text(program: Program, size: tuple[int, int]) -> None:
    w = program.window
    w.resize(*size)
    panel, page, _editing = edited(program)
    try:
        for zoom, choice in ((80, "light"), (200, "dark")):
            theme.manager().set_zoom(zoom)
            theme.manager().apply(choice)
            settled()
            assert panel.end.isVisible() and panel.save.isVisible()
            assert w.work.rect().contains(panel.end.mapTo(w.work, panel.end.rect().bottomRight()))
            wide = page.scroller.viewport().width()
            right = page.side.mapTo(page.scroller.viewport(), page.side.rect().topRight()).x()
            assert right <= wide or wide < 300  # where text of twice the size leaves no room, one scrolls
    finally:
        theme.manager().set_zoom(100)
        theme.manager().apply("light")
    assert unnamed(panel) == [] and unnamed(page) == []


def test_a_long_list_of_what_is_not_ready_needs_no_going_across(printing: Program) -> None:
    printing.window.resize(1280, 720)
    _panel, page, _editing = edited(printing)
    printing.run('figure 2, points(3) dpi(60) xtitle("") ytitle("") size(14 9) lwidth(0.1) legend(none)')
    assert printing.states()[-1][1] == "ok"
    wait_until(page.settled, "the print")
    settled()
    assert sum(not c.ok for c in page.side.checks) >= 4, page.side.checks
    assert page.scroller.verticalScrollBar().maximum() > 0, "the list is long"
    for zoom in ("fit", "actual"):
        page.zoom.choose(zoom)
        wait_until(page.settled, "the print")
        settled()
        assert page.scroller.horizontalScrollBar().maximum() == 0, zoom
        for link in page.side.findChildren(QAbstractButton):
            if link.isVisible():
                right = link.mapTo(page.scroller.viewport(), link.rect().topRight()).x()
                assert right <= page.scroller.viewport().width(), link.text()


def test_the_tab_key_goes_through_the_panel_as_one_reads_it(program: Program) -> None:
    panel, _page, _editing = edited(program)
    panel.style_.preset.setFocus()
    settled()
    seen: list[str] = []
    while (now := QApplication.focusWidget()) is not None and panel.isAncestorOf(now) and now.objectName() not in seen:
        seen.append(now.objectName())
        QTest.keyClick(now, Qt.Key.Key_Tab)
    order = [
        "figure_preset", "figure_grey_colour", "figure_palette", "figure_title", "figure_xtitle", "figure_x_from",
        "figure_grid", "figure_series_1_name", "figure_width", "figure_points", "figure_file_pdf", "figure_save",
        "figure_done",
    ]  # fmt: skip
    places = [seen.index(name) for name in order]
    assert places == sorted(places)


def test_the_panel_torn_off_keeps_the_print_in_the_window(program: Program) -> None:
    w = program.window
    panel, page, _editing = edited(program)
    w.splitter.tear()
    settled()
    assert page.isVisible() and panel.isVisible() and w.splitter.is_torn()
    write(panel.titles.lines["note"], "Far away.")
    assert done(program) == 'figure 2, note("Far away.")'
    w.splitter.tear()
    assert page.isVisible() and not w.splitter.is_torn()


def test_another_panel_takes_its_place_and_the_results_come_back(program: Program) -> None:
    w = program.window
    panel, page, _editing = edited(program)
    panel.titles.lines["note"].setFocus()
    QTest.keyClicks(panel.titles.lines["note"], "Kept")
    w.variables.edit("x")
    program.idle()
    assert not page.isVisible() and w.results.view.isVisible()
    assert figure(program).own.note == "Kept"
    assert isinstance(w.work.findChild(QToolButton, "work_close"), QToolButton)


def test_points_that_a_figure_leaves_out_by_itself_are_told_with_its_layer(program: Program, tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"x": rng.normal(size=1500), "g": np.arange(1500) % 30})
    frame["y"] = frame.x + rng.normal(size=1500)
    frame.to_csv(tmp_path / "many.csv", index=False)
    many = f'use "{tmp_path / "many.csv"}", clear'
    program.run(many, "mixed y x || g:", "margins, at(x=(-2(1)2)) plot(data)")
    panel, _page, _editing = edited(program, 4)
    row = panel.layers.row("raw")
    assert row.about.text() == "1,000 of 1,500 points" and row.entries["sample"].placeholderText() == "1000"
    program.run("figure 4, layers(raw)")
    settled()
    assert row.about.text() == "1,500 points"
    program.run("figure 4, layer(raw, sample(70))")
    settled()
    assert row.about.text() == "70 of 1,500 points"
