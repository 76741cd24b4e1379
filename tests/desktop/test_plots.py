"""Plots on screen: every kind of mark, thinning, hovering, brushing."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import fakes
import numpy as np
import pyqtgraph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QGraphicsSimpleTextItem
from tick_cases import CASES, session_of_cases
from waiting import settled, show, wait_until

from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace_desktop.plots import layers, thin
from terrace_desktop.plots import looks as looks_module
from terrace_desktop.plots.brushing import Brushed
from terrace_desktop.plots.cards import LargePlot, PlotRow, SmallPlot
from terrace_desktop.plots.view import PlotView
from terrace_desktop.ui import theme

X = np.arange(5.0)
KINDS = {
    "points": Marks("points", X, X, rows=np.arange(5), labels=tuple("abcde")),
    "line": Marks("line", X, np.array([0, 1, np.nan, 2, 3]), role="fit", label="Fit"),
    "band": Marks("band", X, X, X - 1, X + 1, role="reference"),
    "interval": Marks("interval", X, X, X - 1, X + 1, labels=tuple("abcde")),
    "bars": Marks("bars", X, X + 1, width=0.8, label="Bars"),
    "hline": Marks("hline", np.empty(0), np.array([1.0]), dashed=True),
    "vline": Marks("vline", np.array([2.0]), np.empty(0)),
    "box": Marks("box", X[:2], np.array([[0, 1, 2, 3, 4.0], [1, 2, 3, 4, 5.0]]), series=2),
}


def one(marks: Marks, **options: object) -> Plot:
    return Plot("Title", (PlotPanel(Axis("x"), Axis("y"), (marks,)),), "kind", **options)  # type: ignore[arg-type]


def painted(view: PlotView) -> QImage:
    view.resize(420, 320)
    show(view)
    return view.grab().toImage()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compact", [False, True])
def test_every_kind_of_mark_is_drawn(kind: str, compact: bool) -> None:
    empty = PlotView(replace(one(KINDS[kind]), panels=(PlotPanel(Axis("x"), Axis("y"), ()),)), compact)
    view = PlotView(one(KINDS[kind], legend=True), compact)
    assert painted(view) != painted(empty)
    for v in (view, empty):
        v.close()


def test_kinds_are_those_of_the_description() -> None:
    from typing import get_args, get_type_hints

    assert set(get_args(get_type_hints(Marks)["kind"])) == set(layers._DRAW) == set(KINDS)


@pytest.mark.parametrize("kind", ["band", "interval", "bars", "box"])
def test_marks_on_their_side_cover_what_they_cover_upright_turned(kind: str) -> None:
    def reach(marks: Marks) -> QRectF:
        plot = Plot("T", (PlotPanel(Axis("x"), Axis("y"), (marks,)),))
        view = PlotView(plot)
        painted(view)
        rect = QRectF()
        for item in view.boxes[0].addedItems:
            if not isinstance(item, pyqtgraph.FillBetweenItem):
                rect = rect.united(item.boundingRect())
            else:
                rect = rect.united(item.path().boundingRect())
        view.close()
        return rect

    marks = replace(KINDS[kind], y=KINDS[kind].y + 20)
    if marks.lower is not None:
        marks = replace(marks, lower=marks.lower + 20, upper=marks.upper + 20)
    upright, turned = reach(marks), reach(replace(marks, horizontal=True))
    found = (turned.top(), turned.bottom(), turned.left(), turned.right())
    assert found == pytest.approx((upright.left(), upright.right(), upright.top(), upright.bottom()), abs=0.6)


def test_several_panels_categories_and_logs() -> None:
    ticks = ((0.0, "a"), (4.0, "b"))
    panels = (
        PlotPanel(Axis("x", ticks=ticks), Axis("y", limits=(0, 10)), (KINDS["points"],), "One"),
        PlotPanel(Axis("x"), Axis("y"), (KINDS["bars"],), "Two"),
    )
    view = PlotView(Plot("Two", panels, "two", columns=2))
    painted(view)
    assert len(view.boxes) == 2
    low, high = view.boxes[0].viewRange()[1]
    assert low < 0.001 and high > 9.9
    view.close()


def test_axes_have_a_true_minus() -> None:
    x = np.array([-2.0, 0.0, 2.0])
    ticks = ((-2.0, "-2"), (0.0, "pre-test"))
    view = PlotView(Plot("", (PlotPanel(Axis("x", ticks), Axis("y"), (Marks("points", x, x),)),)))
    painted(view)
    item = view.boxes[0].parentItem()
    assert item.getAxis("left").tickStrings([-1.5, 2.0], 1.0, 0.5) == ["−1.5", "2.0"]
    assert item.getAxis("bottom")._tickLevels == [[(-2.0, "−2"), (0.0, "pre-test")]]
    view.close()


def test_colours_follow_the_theme() -> None:
    view = PlotView(fakes.plot())
    light = painted(view)
    theme.manager().apply("dark")
    dark = painted(view)
    theme.manager().apply("light")
    assert light != dark and dark.pixelColor(2, 2).name() == theme.DARK.panel
    view.close()


# --- thinning ---------------------------------------------------------------------------------------------
@given(n=st.integers(1, 400), most=st.integers(1, 300), seed=st.integers(0, 5))
def test_thinning_keeps_real_points_and_the_extremes(n: int, most: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=n), rng.normal(size=n)
    marks = thin.thin_marks(Marks("points", x, y, rows=np.arange(n)), most)
    assert marks.rows is not None and len(marks.rows) >= min(n, most)
    np.testing.assert_array_equal(x[marks.rows], marks.x)
    np.testing.assert_array_equal(y[marks.rows], marks.y)
    assert marks.y.max() == y.max() and marks.y.min() == y.min()
    assert len(np.unique(marks.rows)) == len(marks.rows)


def test_many_points_are_thinned_on_screen_and_told() -> None:
    plot = fakes.plot(n=thin.MOST + 5000)
    large = LargePlot(plot)
    assert thin.MOST <= large.view.points_drawn < large.view.points_total == thin.MOST + 5000
    small = thin.prepare(plot).small.panels[0].marks[1]
    assert thin.MOST_SMALL <= len(small.x) < thin.MOST
    assert thin.prepare(thin.prepare(plot)) is not None
    assert f"of {thin.MOST + 5000:,} points" in large._thinned()
    large.deleteLater()


def test_many_intervals_are_thinned_too() -> None:
    x = np.arange(10_000.0)
    labels = tuple(map(str, range(10_000)))
    kept = thin.thin_marks(Marks("interval", x, x, x - 1, x + 1, labels=labels), thin.MOST)
    assert 0 < len(kept.x) <= thin.INTERVALS
    assert kept.labels[5] == str(int(kept.x[5])) and kept.lower is not None and kept.lower[5] == kept.x[5] - 1


def test_missing_places_are_left_out() -> None:
    x = np.array([1.0, np.nan, 3.0] * 100)
    kept = thin.sample_with_extremes(x, np.ones(300), 50)
    assert not np.isnan(x[kept]).any()
    assert len(thin.sample_with_extremes(np.full(3, np.nan), np.ones(3), 2)) == 0


# --- looking closer ------------------------------------------------------------------------------------------
def on_screen(view: PlotView, x: float, y: float) -> QPointF:
    scene = view.boxes[0].mapViewToScene(QPointF(x, y))
    return QPointF(view.mapFromScene(scene))


def test_hover_names_the_nearest_mark() -> None:
    view = PlotView(one(KINDS["points"]))
    painted(view)
    assert view.hover_text(on_screen(view, 3, 3)).startswith("d\nx: 3\ny: 3")
    assert view.hover_text(on_screen(view, 3, 0.2)) == ""
    rows = PlotView(fakes.plot())
    painted(rows)
    marks = rows.plot.panels[0].marks[1]
    assert rows.hover_text(on_screen(rows, marks.x[7], marks.y[7])).startswith("Row 8\n")
    interval = PlotView(one(KINDS["interval"]))
    painted(interval)
    assert interval.hover_text(on_screen(interval, 2, 2.5)) == "c"
    bars = PlotView(one(KINDS["bars"]))
    painted(bars)
    assert bars.hover_text(on_screen(bars, 2.1, 1.0)).startswith("Bars\n")
    for v in (view, rows, interval, bars):
        v.close()


def test_a_brush_selects_the_rows_inside_even_those_not_drawn() -> None:
    plot = fakes.plot(n=thin.MOST + 5000)
    view = PlotView(plot)
    marks = plot.panels[0].marks[1]
    got: list[object] = []
    view.rows_selected.connect(got.append)
    rows = view.select_inside(-1, 0, 0, 1)
    inside = (marks.x >= -1) & (marks.x <= 0) & (marks.y >= 0) & (marks.y <= 1)
    np.testing.assert_array_equal(rows, np.flatnonzero(inside))
    assert isinstance(got[0], Brushed) and got[0].known is None
    np.testing.assert_array_equal(got[0].rows, rows)
    assert len(view._overlay) == 1
    view.clear_selection()
    assert got[-1] is None and view._overlay == []
    view.select_inside(90, 91, 90, 91)
    assert got[-1] is None
    view.deleteLater()


def test_dragging_with_the_brush_selects_and_without_it_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pyqtgraph.CONFIG_OPTIONS, "mouseRateLimit", 0)  # else a move too soon after one is not heard
    large = LargePlot(fakes.plot())
    large.resize(600, 520)
    show(large)
    view = large.view
    before = view.boxes[0].viewRange()
    selected: list[Any] = []
    large.rows_selected.connect(selected.append)
    large.modes.buttons["select"].click()
    a, b = QPoint(120, 60), QPoint(420, 300)

    def drag() -> None:
        QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, a)
        QTest.mouseMove(view.viewport(), QPoint(300, 200))
        settled()
        QTest.mouseMove(view.viewport(), b)
        settled()
        QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, b)
        settled()

    drag()
    assert selected and len(selected[-1].rows) > 0
    assert view.boxes[0].viewRange() == before
    large.modes.buttons["move"].click()
    drag()
    wait_until(lambda: view.boxes[0].viewRange() != before, "the view to move")
    large.reset()
    assert selected[-1] is None
    large.close()
    large.deleteLater()


def test_keys_move_zoom_reset_and_close() -> None:
    view = PlotView(fakes.plot())
    painted(view)
    start = view.boxes[0].viewRange()
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    moved = view.boxes[0].viewRange()
    assert moved[0][0] > start[0][0] and moved[1] == pytest.approx(start[1])
    QTest.keyClick(view, Qt.Key.Key_Plus)
    zoomed = view.boxes[0].viewRange()
    assert zoomed[0][1] - zoomed[0][0] < moved[0][1] - moved[0][0]
    QTest.keyClick(view, Qt.Key.Key_0)
    wait_until(lambda: view.boxes[0].viewRange()[0] == pytest.approx(start[0], rel=0.05))
    closed: list[int] = []
    view.close_asked.connect(lambda: closed.append(1))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert closed == [1]
    view.close()


def test_the_picture_is_copied() -> None:
    large = LargePlot(fakes.plot())
    large.resize(500, 500)
    show(large)
    large.copy_image()
    assert not QGuiApplication.clipboard().image().isNull()
    large.close()
    large.deleteLater()


# --- the row under a model -------------------------------------------------------------------------------------
def test_a_small_picture_opens_large_and_closes_again() -> None:
    row = PlotRow(("residual-fitted", "qq"))
    row.resize(700, 800)
    row.show()
    row.open("qq")
    assert row.large is None, "nothing to show yet"
    row.small["residual-fitted"].show_plot(fakes.plot())
    row.small["qq"].show_plot(fakes.plot("qq"))
    settled()
    QTest.keyClick(row.small["qq"], Qt.Key.Key_Return)
    assert row.large is not None and row.large.plot.kind == "qq"
    row.open("residual-fitted")
    assert row.large.plot.kind == "residual-fitted"
    asked: list[tuple[object, str]] = []
    row.export_asked.connect(lambda plot, suffix: asked.append((plot, suffix)))
    row.large.export_asked.emit(row.large.plot, "svg")
    assert asked == [(row.small["residual-fitted"].plot, "svg")]
    row.open("residual-fitted")
    assert row.large is None
    row.close()
    row.deleteLater()


def test_a_plot_that_cannot_be_drawn_says_why() -> None:
    from PySide6.QtWidgets import QLabel

    small = SmallPlot("qq", "QQ")
    small.show_failure("The model has no random effects.")
    assert "The model has no random effects." in [x.text() for x in small.findChildren(QLabel)]
    small.deleteLater()


# --- trellis, legend, looks -----------------------------------------------------------------------------------
def trellis_plot(count: int = 5, columns: int = 2, shared: str = "xy") -> Plot:
    panels = tuple(
        PlotPanel(Axis("Across"), Axis("Up"), (Marks("points", X + k, X * (k + 1), label="Points"),), f"Group {k}")
        for k in range(count)
    )
    return Plot("Trellis", panels, "trellis", columns=columns, shared=shared)


def test_panels_with_shared_axes_say_at_the_edge_what_they_share() -> None:
    view = PlotView(trellis_plot())
    painted(view)
    shown = {side: [item.getAxis(side).style["showValues"] for item in view._grid.items] for side in ("left", "bottom")}
    assert shown == {"left": [True, False, True, False, True], "bottom": [False, False, False, True, True]}
    assert sorted(view._grid._titles) == ["x", "y"]
    sizes = {
        (round(b.geometry().width()), round(b.geometry().height())) for b in view.boxes
    }  # every panel has the same room for its data
    assert len(sizes) == 1
    low, high = view.boxes[0].viewRange()[1]
    assert low < 0 and high > 20, "the first panel has room for the data of the last"
    view.boxes[3].setXRange(2, 3, padding=0)
    assert all(b.viewRange()[0] == pytest.approx([2, 3]) for b in view.boxes)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert all(b.viewRange()[0] == pytest.approx([2.1, 2.9]) for b in view.boxes)
    view.close()


def test_panels_with_axes_of_their_own_keep_their_ranges() -> None:
    view = PlotView(trellis_plot(shared=""))
    painted(view)
    before = view.boxes[1].viewRange()
    view.boxes[0].setXRange(2, 3, padding=0)
    assert view.boxes[1].viewRange() == before and before[1][1] < 10
    assert all(item.getAxis("left").style["showValues"] for item in view._grid.items)
    view.close()


def test_more_rows_of_panels_ask_for_more_height() -> None:
    heights = [LargePlot(trellis_plot(n, 6)).view.minimumHeight() for n in (6, 18, 30)]
    assert heights[0] < heights[1] < heights[2]
    assert LargePlot(trellis_plot(1, 1)).view.minimumHeight() == 400


def test_the_legend_stands_above_the_panels_in_the_order_asked_for() -> None:
    layers_ = (KINDS["line"], replace(KINDS["points"], label="Seen"), replace(KINDS["band"], label="Fit"))
    plot = Plot("T", (PlotPanel(Axis("x"), Axis("y"), layers_),), legend=True, legend_order=("Seen", "Fit"))
    large = LargePlot(replace(plot, subtitle="Under the title"))
    large.resize(500, 560)
    show(large)
    assert large.legend is not None and [label for label, _ in large.legend.entries] == ["Seen", "Fit"]
    assert [len(marks) for _, marks in large.legend.entries] == [1, 2], "a curve and its band are one entry"
    assert large.legend.geometry().bottom() < large.view.geometry().top()
    narrow = large.legend.places(80)
    assert narrow[1].top() > narrow[0].top() and narrow[1].right() <= 80
    empty = large.legend.grab().toImage()
    empty.fill(theme.colour("panel"))
    assert large.legend.grab().toImage() != empty
    large.close()
    large.deleteLater()


def labels_of(view: PlotView) -> dict[str, QGraphicsSimpleTextItem]:
    return {i.text(): i for i in view.scene().items() if isinstance(i, QGraphicsSimpleTextItem) and i.text()}


def test_a_legend_on_lines_stands_at_their_ends_and_moves_with_them() -> None:
    x = np.linspace(0, 10, 21)
    lines = tuple(Marks("line", x, slope * x, label=f"Group {k}", series=k) for k, slope in enumerate((0.0, 1.0, 3.0)))
    plot = Plot("L", (PlotPanel(Axis("x"), Axis("y"), lines),), legend=True)
    asked = replace(plot, look=replace(plot.look, legend="lines"))
    large = LargePlot(asked, framed=False)
    large.resize(700, 500)
    show(large)
    painted(large.view)
    assert large.legend is None, "not said twice"
    view = large.view

    def right_places() -> None:
        found, frame = labels_of(view), view.boxes[0].sceneBoundingRect()
        (_, last), _ = view.boxes[0].viewRange()
        for k, slope in enumerate((0.0, 1.0, 3.0)):
            end = min(last, 10.0)
            at = view.boxes[0].mapViewToScene(QPointF(end, slope * end))
            if not frame.top() <= at.y() <= frame.bottom():
                assert f"Group {k}" not in found, "it left through the top"
                continue
            label = found[f"Group {k}"].sceneBoundingRect()
            assert label.left() >= frame.right() and label.right() <= view.sceneRect().right()
            assert abs(label.center().y() - at.y()) < label.height()

    right_places()
    view.boxes[0].setRange(xRange=(0, 5), yRange=(0, 8), padding=0)
    settled()
    right_places()
    assert set(labels_of(view)) == {"Group 0", "Group 1"}
    view.reset_view()
    large.resize(500, 400)
    settled()
    right_places()
    assert len(labels_of(view)) == 3
    large.close()
    large.deleteLater()
    panels = replace(asked, panels=asked.panels * 2, columns=2)
    several = LargePlot(panels, framed=False)
    assert several.legend is not None, "where there is no one end, it stands above"
    several.close()
    several.deleteLater()


def test_labels_on_lines_never_lie_over_each_other() -> None:
    x = np.linspace(0, 10, 5)
    lines = tuple(Marks("line", x, x + k / 1000, label=f"Line {k}", series=k) for k in range(5))
    plot = Plot("L", (PlotPanel(Axis("x"), Axis("y"), lines),), legend=True)
    view = PlotView(replace(plot, look=replace(plot.look, legend="lines")))
    painted(view)
    tops = sorted((t.sceneBoundingRect().top(), t.sceneBoundingRect().bottom()) for t in labels_of(view).values())
    assert len(tops) == 5 and all(a[1] <= b[0] + 1 for a, b in pairwise(tops))
    view.close()


def test_what_was_asked_of_the_looks_is_drawn() -> None:
    from terrace.results.plot import Style

    asked = Marks("line", X, X, style=Style(color="#ff0000", thickness=3.0, pattern="dash"))
    line = layers.items(asked, layers.Setting())[0].opts["pen"]
    usual = layers.items(replace(asked, style=Style()), layers.Setting())[0].opts["pen"]
    assert line.color().name() == "#ff0000" and line.style() == Qt.PenStyle.CustomDashLine
    assert line.widthF() > 2 * usual.widthF() and usual.style() == Qt.PenStyle.SolidLine
    points = Marks("points", X, X, style=Style(marker="square_hollow", size=2.0))
    looks = looks_module.symbol_looks(points, 5.0)
    assert looks["symbol"] == "s" and looks["brush"] is None and looks["size"] > 9
    black = replace(asked, style=Style(color="#000000"))
    assert looks_module.mark_colour(black).name() == "#000000"
    theme.manager().apply("dark")
    assert looks_module.mark_colour(black).name() == theme.DARK.ink, "black on black is no line"
    theme.manager().apply("light")


def test_what_a_look_asks_for_is_drawn_in_points() -> None:
    x = np.arange(4.0)
    asked = {"stroke": 3.0, "points": 6.0, "opacity": 40.0}
    line = layers.items(Marks("line", x, x, **asked), layers.Setting(scale=0.6))[0].opts["pen"]
    assert line.widthF() == pytest.approx(4.0) and line.color().alphaF() == pytest.approx(0.4, abs=0.01)
    dots = layers.items(Marks("points", x, x, **asked), layers.Setting())[0]
    assert dots.opts["size"] == pytest.approx(8.0)
    assert dots.opts["brush"].color().alphaF() == pytest.approx(0.4, abs=0.01)
    middle, bars = layers.items(Marks("interval", x, x, x - 1, x + 1, **asked), layers.Setting())
    assert bars.opts["pen"].widthF() == pytest.approx(4.0) and middle.opts["size"] == pytest.approx(8.0)
    fill = layers.items(Marks("band", x, x, x - 1, x + 1, **asked), layers.Setting())[2]
    assert fill.brush().color().alphaF() == pytest.approx(0.4, abs=0.01)


def test_logarithmic_axes_show_and_select_where_the_numbers_are() -> None:
    marks = Marks("points", np.array([1.0, 100.0, -5.0]), np.array([1.0, 2.0, 3.0]), rows=np.arange(3))
    view = PlotView(Plot("Log", (PlotPanel(Axis("x", log=True), Axis("y"), (marks,)),)))
    painted(view)
    low, high = view.boxes[0].viewRange()[0]
    assert -0.5 < low < 0 and 2 < high < 2.5
    assert view.hover_text(on_screen(view, 2, 2)) == "Row 2\nx: 100\ny: 2"
    np.testing.assert_array_equal(view.select_inside(1.5, 2.5, 0, 9), [1])
    view.close()


def test_a_reversed_axis_runs_backwards() -> None:
    view = PlotView(Plot("R", (PlotPanel(Axis("x", limits=(4, 0)), Axis("y"), (KINDS["points"],)),)))
    painted(view)
    assert on_screen(view, 4, 1).x() < on_screen(view, 0, 1).x()
    view.close()


def test_a_change_of_theme_keeps_the_place_and_the_selection() -> None:
    view = PlotView(fakes.plot())
    painted(view)
    view.select_inside(-1, 1, -1, 1)
    view.boxes[0].setRange(xRange=(0, 1), yRange=(0, 1), padding=0)
    theme.manager().apply("dark")
    painted(view)
    theme.manager().apply("light")
    painted(view)
    assert view.boxes[0].viewRange()[0] == pytest.approx([0, 1])
    assert len(view._overlay) == 1
    view.close()


# --- ticks ----------------------------------------------------------------------------------------------------
def ticks_of(view: PlotView, side: str = "bottom") -> list[str]:
    """The texts at the ticks that an axis draws."""
    axis = view._grid.items[0].getAxis(side)
    size = axis.geometry().width() if side == "bottom" else axis.geometry().height()
    levels = axis.tickValues(*axis.range, size)
    return [t for step, values in levels for t in axis.tickStrings(values, axis.scale, step)]


@pytest.mark.parametrize("name", CASES)
def test_the_screen_has_the_ticks_of_paper_in_each_case_also_zoomed(name: str) -> None:
    view = PlotView(session_of_cases().run(f"scatter y {name}").plots[0])
    view.resize(640, 420)
    show(view)
    painted_texts = ticks_of(view)
    assert len(painted_texts) >= 2 and len(set(painted_texts)) == len(painted_texts)
    assert all(re.fullmatch(CASES[name].replace("(Jan|", r"(\d+ )?(Jan|"), t) or name in ("big", "income")
               for t in painted_texts), painted_texts  # fmt: skip
    assert not any("+" in t or "-" in t for t in painted_texts)
    (low, high), _ = view.boxes[0].viewRange()
    view.boxes[0].setXRange(low + 0.3 * (high - low), low + 0.8 * (high - low), padding=0)
    settled()
    zoomed = ticks_of(view)
    assert zoomed and len(set(zoomed)) == len(zoomed)
    if name in ("codes", "three", "years", "counts"):
        assert all(re.fullmatch(r"\d+", t) for t in zoomed), zoomed
    if name in ("day", "time"):
        assert all(re.match(r"(\d+ )?[A-Z][a-z]{2} 20\d\d|20\d\d$|\d\d:00", t) for t in zoomed), zoomed
    view.close()
