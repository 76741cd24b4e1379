"""Rows that are selected in a figure, in the grid or in another figure; zoomed figures in files; the clipboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyqtgraph
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from test_app import Program
from test_plots import on_screen, painted, trellis_plot
from waiting import settled, show, wait_until

from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace_desktop.plots.brushing import marked, rows_inside, rows_of, shares
from terrace_desktop.plots.cards import LargePlot, has_rows
from terrace_desktop.plots.selected import Parts
from terrace_desktop.plots.view import PlotView
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import commands

NO, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    p = Program(settings)
    p.run("sample sleepstudy")
    yield p
    p.window.close()
    p.window.deleteLater()


def figure(p: Program, command: str) -> LargePlot:
    p.run(command)
    card = p.window.results.outputs()[-1]
    card.wake()
    card.figures[0].view.finish()
    return card.figures[0]


def column(p: Program, name: str) -> np.ndarray:
    dataset = p.window.left.grid.grid.dataset
    assert dataset is not None
    return dataset.frame[name].to_numpy()


def marks_of(p: Program) -> np.ndarray:
    """The rows of the data that are marked in the grid."""
    p.idle()
    mask = p.window.left.grid.grid.marked
    return np.zeros(0, dtype=int) if mask is None else np.flatnonzero(mask)


def test_the_first_row_of_a_brush_is_in_view_also_beneath_the_strip_that_tells_of_it(program: Program) -> None:
    left = program.window.left
    grid = left.grid
    settled()
    foot = grid.rowAt(grid.viewport().height() - 1)
    for row in (foot, foot + 1):
        left.mark_rows(np.array([row, 170]))
        settled()
        seen = grid.visualRect(grid.grid.index(row, 0))
        assert left.strip.isVisible() and grid.viewport().rect().contains(seen), row
        left.mark_rows(None)
        grid.scrollToTop()
        settled()


# --- rows behind marks --------------------------------------------------------------------------------------
def test_rows_inside_are_those_of_points_lines_intervals_bars_and_groups() -> None:
    x, y = np.arange(4.0), np.array([0.0, 1.0, np.nan, 3.0])
    line = Marks("line", x, y, rows=np.array([5, 6, -1, 8]))
    assert rows_inside((line,), 0, 3, 0.5, 9).tolist() == [6, 8]
    tall = Marks("interval", x[:2], y[:2], y[:2] - 2, y[:2] + 2, group_rows=(np.array([3, 9]), np.array([1])))
    assert rows_inside((tall,), -1, 0.5, 1.5, 9).tolist() == [3, 9]
    flat = Marks("bars", x[:2], np.array([4.0, 5.0]), rows=np.array([7, 2]), horizontal=True)
    assert rows_inside((flat,), 4.5, 9, 0.5, 1.5).tolist() == [2]
    assert rows_inside((line, tall), -9, 9, -9, 9).tolist() == [1, 3, 5, 6, 8, 9]
    assert rows_inside((Marks("points", x, y),), -9, 9, -9, 9).tolist() == []
    assert marked(tall, np.array([9, 50])).tolist() == [True, False]
    assert marked(line, np.array([8])).tolist() == [False, False, False, True]
    assert rows_of(tall, 0).tolist() == [3, 9] and rows_of(line, 2).tolist() == []


def test_bars_and_boxes_are_in_where_any_of_them_is_and_tell_their_part_of_the_rows() -> None:
    behind = (np.array([0, 1, 2, 3]), np.array([], dtype=int), np.array([4, 5]))
    bars = Marks("bars", np.array([0.5, 1.5, 2.5]), np.array([4.0, 0.0, 2.0]), width=1.0, group_rows=behind)
    assert rows_inside((bars,), 0.8, 1.9, 3.9, 9).tolist() == [0, 1, 2, 3], "a corner of the first"
    assert rows_inside((bars,), 1.0, 2.0, 0, 9).tolist() == [], "edges are no part of neighbours"
    assert rows_inside((bars,), 0, 3, 2.5, 9).tolist() == [0, 1, 2, 3], "the last is lower than that"
    five = np.array([[0.0, 1, 2, 3, 4], [10, 11, 12, 13, 14]])
    boxes = Marks("box", np.array([1.0, 2.0]), five, group_rows=behind[::2])
    assert rows_inside((boxes,), 0, 3, 3.5, 9).tolist() == [0, 1, 2, 3], "whiskers are part of a box"
    assert rows_inside((replace(boxes, horizontal=True),), 13.5, 20, 1.5, 2.5).tolist() == [4, 5]
    assert rows_inside((boxes,), 1.35, 1.65, -99, 99).tolist() == [], "between them is nothing"
    assert shares(bars, np.array([1, 3, 5, 77])).tolist() == [0.5, 0.0, 0.5]
    assert marked(bars, np.array([3])).tolist() == [True, False, False]
    assert shares(bars, np.zeros(0, dtype=int)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("rows", [[0], [0, 1, 2], [4, 6, 7, 8, 11], list(range(0, 40, 2))])
def test_rows_are_told_by_a_condition_that_holds_in_them_alone(rows: list[int]) -> None:
    from terrace.session.session import Session

    session = Session()
    session.run("sample sleepstudy")
    assert session.run(f"generate byte selected = {commands.rows_condition(np.array(rows))}").ok
    assert np.flatnonzero(session.state.dataset.frame["selected"].to_numpy() == 1).tolist() == rows
    assert commands.rows_condition(np.arange(0, 10**5, 2)) is None and commands.rows_condition(np.arange(0)) is None
    assert commands.free_name(("selected", "selected2"), "selected") == "selected3"


# --- figure and grid ----------------------------------------------------------------------------------------
def test_rows_of_a_figure_are_selected_in_the_grid_and_in_other_figures(program: Program) -> None:
    first = figure(program, "scatter reaction days")
    program.run("mixed reaction days || subject: days")
    groups = figure(program, "plot caterpillar")
    first.view.select_inside(7.5, 8.5, 0, 1000)
    np.testing.assert_array_equal(marks_of(program), np.flatnonzero(column(program, "days") == 8))
    assert program.window.status.message() == "18 rows selected"
    assert len(groups.view.chosen()) == 18 and len(groups.view._overlay) == 2, "each group has one of the rows"
    first.view.select_inside(6.5, 7.5, 0, 1000, add=True)
    assert np.isin(column(program, "days")[marks_of(program)], (7, 8)).all() and len(marks_of(program)) == 36
    groups.view.select_inside(0.5, 1.5, -1000, 1000)
    lowest = column(program, "subject")[marks_of(program)]
    assert len(lowest) == 10 and len(set(lowest)) == 1, "all rows of the group with the lowest intercept"
    np.testing.assert_array_equal(first.view.chosen(), marks_of(program))
    program.window.left.strip.clear.click()
    assert not len(marks_of(program)) and not len(first.view.chosen()) and not len(groups.view.chosen())


@pytest.mark.parametrize(
    ("command", "rect", "rows"),
    [
        ("histogram reaction, width(50) start(150)", (260, 290, 0, 1), lambda d: d.reaction.between(250, 300, "left")),
        ("graph box reaction, over(days)", (1.9, 2.1, 0, 500), lambda d: d.days == 1),
        ("graph hbox reaction, over(days)", (0, 500, 1.9, 2.1), lambda d: d.days == 1),
        ("graph bar (mean) reaction, over(days)", (9.8, 10.2, 0, 500), lambda d: d.days == 9),
        ("graph dot (mean) reaction, over(days)", (0, 500, 2.9, 3.1), lambda d: d.days == 2),
    ],
)
def test_bars_and_boxes_select_their_rows_and_show_their_part_of_a_selection(
    program: Program, command: str, rect: tuple[float, float, float, float], rows: Callable[[pd.DataFrame], pd.Series]
) -> None:
    dataset = program.window.left.grid.grid.dataset
    assert dataset is not None
    wanted = np.flatnonzero(rows(dataset.frame))
    view = figure(program, command).view
    assert has_rows(view.plot), "the choice to select is there"
    view.select_inside(*rect)
    np.testing.assert_array_equal(marks_of(program), wanted)
    view.clear_selection()
    grid = program.window.left.grid
    grid.selectRow(int(wanted[0]))
    program.idle()
    wait_until(lambda: view.chosen().tolist() == [int(wanted[0])], "the row of the grid in the figure")
    assert len(view._overlay) >= 1


def test_a_part_of_a_bar_is_as_high_as_its_share_and_has_an_outline_and_a_hatching(program: Program) -> None:
    view = figure(program, "histogram days, discrete frequency").view
    painted(view)
    bare = view.grab().toImage()
    days = column(program, "days")
    view.show_rows(np.flatnonzero(days == 3)[:9])  # half of the rows of this day
    ((_, parts),) = view._overlay
    assert isinstance(parts, Parts)
    (part,), (frame,) = parts.parts, parts.frames
    bar = view.plot.panels[0].marks[0]
    assert part.left() < 3 < part.right() and part.height() == pytest.approx(9) and part.top() == 0
    assert frame.height() == pytest.approx(18) == pytest.approx(float(bar.y[3])) and frame.width() == part.width()
    painted(view)
    picture = view.grab().toImage()
    inside = {picture.pixelColor(on_screen(view, 3.0 + dx, 4.0).toPoint()).name() for dx in np.linspace(-0.3, 0.3, 40)}
    assert len(inside) >= 2, "a hatching: the colour is not the same all over"
    above = on_screen(view, 3.0, 14.0).toPoint()
    assert picture.pixelColor(above) == bare.pixelColor(above), "what is not selected of the bar stays as it was"
    assert "18 rows" in view.hover_text(on_screen(view, 3.0, 5.0))
    view.boxes[0].setRange(xRange=(2.4, 3.6), padding=0)
    settled()
    near = view.grab().toImage()
    across = [near.pixelColor(on_screen(view, 2.6 + 0.8 * k / 400, 4.0).toPoint()).name() for k in range(400)]
    assert sum(a != b for a, b in pairwise(across)) > 20, "the lines of the hatching do not grow with the zoom"


def test_a_box_tells_its_median_and_quartiles(program: Program) -> None:
    view = figure(program, "graph box reaction, over(days)").view
    painted(view)
    reaction, days = column(program, "reaction"), column(program, "days")
    low, middle, high = np.quantile(reaction[days == 4], [0.25, 0.5, 0.75], method="averaged_inverted_cdf")
    said = view.hover_text(on_screen(view, 5.0, middle)).split("\n")
    assert said[0].endswith(": 4") and said[1].endswith(f"median {middle:.4g}, quartiles {low:.4g} to {high:.4g}")
    assert said[2] == "18 rows"
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Space)
    np.testing.assert_array_equal(view.chosen(), np.flatnonzero(days == 0))


def test_dragging_selects_and_shift_adds(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pyqtgraph.CONFIG_OPTIONS, "mouseRateLimit", 0)
    view = figure(program, "scatter reaction days").view
    program.window.results.go_to(program.window.results.outputs()[-1].item.id)
    settled()
    QTest.keyClick(view, Qt.Key.Key_S)
    assert view.mode == "select"
    drag(view, (1.6, 190), (2.4, 470))
    assert set(column(program, "days")[marks_of(program)]) == {2}
    drag(view, (3.6, 190), (4.4, 470), SHIFT)
    assert set(column(program, "days")[marks_of(program)]) == {2, 4}


def drag(view: PlotView, a: tuple[float, float], b: tuple[float, float], modifier: Qt.KeyboardModifier = NO) -> None:
    start, end = (on_screen(view, *p).toPoint() for p in (a, b))
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, modifier, start)
    for at in (QPoint((start.x() + end.x()) // 2, (start.y() + end.y()) // 2), end):
        QTest.mouseMove(view.viewport(), at)
        settled()
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, modifier, end)
    settled()


def test_whole_rows_of_the_grid_are_marked_in_every_figure(program: Program) -> None:
    first, second = figure(program, "scatter reaction days"), figure(program, "scatter days reaction if days > 4")
    grid = program.window.left.grid
    place = QPoint(5, grid.rowViewportPosition(6) + 5)
    QTest.mouseClick(grid.rows.viewport(), Qt.MouseButton.LeftButton, NO, place)
    wait_until(lambda: first.view.chosen().tolist() == [6] == second.view.chosen().tolist(), "the marks of the row")
    assert len(first.view._overlay) == 1
    assert program.window.status.message() == "1 row selected and marked in the figures"
    grid.go_to(grid.grid.index(3, 1))
    wait_until(lambda: not len(first.view.chosen()), "the marks to go: a cell is no row")


def test_a_figure_that_is_drawn_later_has_the_marks(program: Program) -> None:
    figure(program, "scatter reaction days").view.select_inside(7.5, 8.5, 0, 1000)
    program.idle()
    later = figure(program, "scatter days reaction")
    wait_until(lambda: len(later.view.chosen()) == 18, "the marks of the new figure")


def test_rows_are_found_again_in_data_that_were_sorted_and_cut(program: Program) -> None:
    view = figure(program, "scatter reaction days").view
    program.run("gsort -reaction", "drop in 1/5")
    view.select_inside(8.5, 9.5, 0, 1000)
    rows = marks_of(program)
    assert (column(program, "days")[rows] == 9).all() and len(rows) == (column(program, "days") == 9).sum() < 18
    assert program.window.status.message() == f"{len(rows)} rows selected, {18 - len(rows)} no longer in the data"
    program.run("undo")
    again = marks_of(program)
    assert (column(program, "days")[again] == 9).all() and len(again) == len(rows), "they stay selected"


def test_a_figure_of_other_data_says_so_and_selects_nothing(program: Program) -> None:
    view = figure(program, "scatter reaction days").view
    program.run("sample hsb")
    view.select_inside(8.5, 9.5, 0, 1000)
    assert not len(marks_of(program)) and not len(view.chosen())
    assert "drawn from other data" in program.window.status.message()


def test_rows_that_the_filter_hides_are_counted(program: Program) -> None:
    view = figure(program, "scatter reaction days").view
    program.run("filter days != 9, view")
    view.select_inside(7.5, 9.5, 0, 1000)
    program.idle()
    assert program.window.status.message() == "36 rows selected, 18 hidden by the filter"


@pytest.mark.parametrize("keep", [True, False])
def test_the_selection_becomes_a_filter(program: Program, keep: bool) -> None:
    view = figure(program, "scatter reaction days").view
    view.select_inside(7.5, 9.5, 0, 1000)
    program.idle()
    w = program.window
    menu = w.left.strip.more.menu()
    assert menu is not None
    menu.actions()[0 if keep else 1].trigger()
    program.idle()
    wait_until(lambda: w.filters.kept is not None, "the rows of the filter")
    assert w.filters.kept is not None
    assert w.filters.kept.count == (36 if keep else 144) and w.filters.in_use() is not keep
    ran = [c for c, state in program.states()[-2:] if state == "ok"]
    assert ran[0].startswith("generate byte selected = ") and ran[1].startswith(f"filter selected == {int(keep)}")


# --- zoom ---------------------------------------------------------------------------------------------------
def test_a_rectangle_zooms_and_a_double_click_shows_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pyqtgraph.CONFIG_OPTIONS, "mouseRateLimit", 0)
    large = LargePlot(trellis_plot(4))
    large.resize(700, 700)
    show(large)
    view = large.view
    view.finish()
    start = [b.viewRange() for b in view.boxes]
    large.modes.buttons["zoom"].click()
    assert not view.zoomed()
    drag(view, (1.0, 2.0), (3.0, 8.0))
    for box in view.boxes:
        assert box.viewRange()[0] == pytest.approx([1, 3], abs=0.1)
        assert box.viewRange()[1] == pytest.approx([2, 8], abs=0.5)
    assert view.zoomed()
    place = on_screen(view, 2.0, 5.0).toPoint()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, NO, place)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, NO, place)
    wait_until(lambda: not view.zoomed(), "everything")
    np.testing.assert_allclose([b.viewRange() for b in view.boxes], start)
    flat = on_screen(view, 1.0, 5.0), on_screen(view, 3.0, 5.0)
    before = view.boxes[0].viewRange()[1]
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, NO, flat[0].toPoint())
    for at in (QPoint(int(flat[0].x()) + 30, int(flat[0].y())), flat[1].toPoint()):
        QTest.mouseMove(view.viewport(), at)
        settled()
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, NO, flat[1].toPoint())
    settled()
    assert view.boxes[0].viewRange()[0] == pytest.approx([1, 3], abs=0.1)
    assert view.boxes[0].viewRange()[1] == pytest.approx(before), "a thin rectangle is along one axis"
    large.close()
    large.deleteLater()


def test_what_is_seen_is_told_in_units_of_the_axes() -> None:
    x = np.array([1.0, 10.0, 1000.0])
    panel = PlotPanel(Axis("x", log=True), Axis("y", limits=(5.0, 0.0)), (Marks("points", x, x / 200),))
    view = PlotView(Plot("L", (panel,)))
    painted(view)
    assert view.seen() == (None, None)
    view.boxes[0].setXRange(1, 2, padding=0)
    assert view.seen() == ((10.0, 100.0), None)
    view.boxes[0].setYRange(1, 2, padding=0)
    assert view.seen() == ((10.0, 100.0), (2.0, 1.0)), "a reversed axis stays reversed"
    own = PlotView(trellis_plot(2, shared=""))
    painted(own)
    own.boxes[0].setXRange(1, 2, padding=0)
    assert own.seen() is None, "one range cannot tell what panels with axes of their own show"
    for v in (view, own):
        v.close()


# --- files and the clipboard --------------------------------------------------------------------------------
def entries(large: LargePlot) -> dict[str, QAction]:
    """What its menu offers to export."""
    menu = QMenu(large)
    large.fill_menu(menu)
    export = menu.findChild(QMenu, "plot_export_menu")
    assert export is not None
    return {a.text(): a for a in export.actions() if not a.isSeparator()}


def test_a_zoomed_figure_is_saved_as_shown_by_a_command_that_says_so(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = figure(program, "scatter reaction days")
    paths = iter([tmp_path / "whole.svg", tmp_path / "part.svg", tmp_path / "again.svg"])
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: str(next(paths)))
    found = entries(large)
    assert not any("shown" in t or "whole" in t for t in found), "there is one way to save what is seen whole"
    next(a for t, a in found.items() if t.startswith("SVG")).trigger()
    program.idle()
    assert program.states()[-1] == (f'figure save 1 "{tmp_path / "whole.svg"}", replace', "ok")
    large.view.boxes[0].setRange(xRange=(2, 6), yRange=(200, 400), padding=0)
    shown = entries(large)
    assert sum("as shown" in t for t in shown) == sum("whole" in t for t in shown) > 2
    next(a for t, a in shown.items() if t.startswith("SVG") and "as shown" in t).trigger()
    program.idle()
    assert program.states()[-1] == (
        f'figure save 1 "{tmp_path / "part.svg"}", replace xrange(2 6) yrange(200 400)', "ok")  # fmt: skip
    texts = {n: (tmp_path / f"{n}.svg").read_text() for n in ("whole", "part")}
    assert ">8<" in texts["whole"] and ">6<" in texts["part"] and ">8" not in texts["part"]
    assert ">3.5<" not in texts["part"], "days are whole"


def test_a_plot_of_a_model_is_saved_as_shown(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.run("mixed reaction days || subject: days")
    w = program.window
    card = w.results.newest()
    assert card is not None
    card.show_part("model_plots")
    program.idle()
    assert card.plots is not None
    small = card.plots.small["residual-fitted"]
    wait_until(lambda: small.plot is not None, "the plot")
    card.plots.open("residual-fitted")
    assert card.plots.large is not None
    view = card.plots.large.view
    view.finish()
    view.boxes[0].setYRange(-20, 30, padding=0)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: str(tmp_path / "r.png"))
    card.plots.large._export("png", True)
    program.idle()
    command, state = program.states()[-1]
    assert command == f'plot residuals, saving("{tmp_path / "r.png"}") replace yrange(-20 30)' and state == "ok"
    rows = view.select_inside(-1e9, 1e9, 20, 1e9)
    np.testing.assert_array_equal(marks_of(program), rows)


def test_a_figure_is_copied_as_dots_at_the_size_of_print_and_as_lines(program: Program) -> None:
    from xml.etree import ElementTree

    large = figure(program, "scatter reaction days")
    large.copy_image()
    program.idle()
    mime = QGuiApplication.clipboard().mimeData()
    wait_until(lambda: QGuiApplication.clipboard().mimeData().hasFormat("application/pdf"), "the figure of print")
    mime = QGuiApplication.clipboard().mimeData()
    assert bytes(mime.data("application/pdf").data()).startswith(b"%PDF")
    root = ElementTree.fromstring(bytes(mime.data("image/svg+xml").data()))
    points = float(root.attrib["width"].removesuffix("pt"))
    picture = QGuiApplication.clipboard().image()
    inches = picture.width() / (picture.dotsPerMeterX() * 0.0254)
    assert inches == pytest.approx(points / 72, rel=0.01), "dots and lines are of one size"
    assert round(picture.dotsPerMeterX() * 0.0254) == 300
    assert program.window.status.message() == "Figure copied"
