"""Overlays: lines that break, panels, fits in panels, axes, legends and pages."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_session_running import ok

from terrace.data.readers.build import from_frame
from terrace.graphs.paths import line_through, pieces
from terrace.results.plot import Marks, Plot
from terrace.session.session import Session
from terrace.session.state import State

RNG = np.random.default_rng(3)


def frame(groups: int = 7, each: int = 9) -> pd.DataFrame:
    n = groups * each
    id_ = np.repeat(np.arange(1.0, groups + 1), each)
    x = np.tile(np.arange(each, dtype=float), groups)
    out = pd.DataFrame({"id": id_, "x": x, "y": 2 * x + id_ + RNG.normal(size=n), "sex": np.tile([0.0, 1.0], n)[:n]})
    out["town"] = np.where(out["id"] < 4, "North", "South")
    return out


def session_on(data: pd.DataFrame) -> Session:
    session = Session(State(dataset=from_frame(data)))
    ok(session, 'label variable y "Score"')
    ok(session, 'label values sex 0 "Boy" 1 "Girl"')
    return session


@pytest.fixture
def session() -> Session:
    return session_on(frame())


def plot_of(session: Session, command: str) -> Plot:
    (plot,) = ok(session, command).plots
    return plot


def layers(plot: Plot, kind: str, panel: int = 0) -> list[Marks]:
    return [m for m in plot.panels[panel].marks if m.kind == kind]


def code(session: Session, command: str) -> str:
    outcome = session.run(command)
    assert outcome.error is not None, command
    return outcome.error[0]


# --- lines ------------------------------------------------------------------------------------------------
def segments(x: np.ndarray, y: np.ndarray) -> set[tuple[float, ...]]:
    drawn = {(x[i], y[i], x[i + 1], y[i + 1]) for i in range(len(x) - 1)}
    return {s for s in drawn if not any(np.isnan(s)) and s[:2] != s[2:]}


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-2, 2)), max_size=25))
def test_ascending_lines_join_where_x_rises_and_nowhere_else(points: list[tuple[int, int]]) -> None:
    x, y = (np.array([p[k] for p in points], dtype=float) for k in (0, 1))
    line_x, line_y, rows = line_through(x, y, np.arange(len(x)), "ascending")
    expected = {(a[0], a[1], b[0], b[1]) for a, b in pairwise(points) if b[0] > a[0]}
    assert segments(line_x, line_y) == expected
    kept = rows >= 0
    assert (
        rows[kept].tolist() == list(range(len(x))) and np.isnan(line_x[~kept]).all() and np.isnan(line_y[~kept]).all()
    )
    np.testing.assert_array_equal(line_x[kept], x)
    assert pieces(line_x) == (np.isnan(line_x).sum() + 1 if len(x) else 0)


@pytest.mark.parametrize("how", ["stairstep", "stepstair"])
def test_stairs_are_level_or_upright(how: str) -> None:
    x, y = np.array([0.0, 1, 3]), np.array([5.0, 2, 4])
    line_x, line_y, rows = line_through(x, y, np.arange(3), how)
    corner = [(1.0, 5.0), (3.0, 2.0)] if how == "stairstep" else [(0.0, 2.0), (1.0, 4.0)]
    assert list(zip(line_x, line_y))[1::2] == corner and line_x[::2].tolist() == x.tolist() and len(rows) == 5


def test_spaghetti_has_a_line_a_group(session: Session) -> None:
    plot = plot_of(session, "line y x, connect(ascending)")
    (line,) = layers(plot, "line")
    assert pieces(line.x) == 7 and "7 lines" in session.history[-1].text
    data = session.data
    for piece in np.split(np.arange(len(line.x)), np.flatnonzero(np.isnan(line.x))):
        rows = line.rows[piece]  # type: ignore[index]
        assert len(set(data.numeric("id")[rows[rows >= 0]])) == 1
    ok(session, "sort x")
    (sorted_,) = layers(plot_of(session, "line y x, sort(id x) c(L)"), "line")
    np.testing.assert_array_equal(sorted_.x, line.x)
    np.testing.assert_array_equal(sorted_.y, line.y)


def test_missing_values_drop_out_or_break_a_line() -> None:
    data = frame(1, 6)
    data.loc[2, "y"] = np.nan
    data.loc[4, "x"] = np.nan
    session = session_on(data)
    (line,) = layers(plot_of(session, "line y x"), "line")
    assert line.x.tolist() == [0, 1, 3, 5] and "4 points, 2 missing" in session.history[-1].text
    (broken,) = layers(plot_of(session, "line y x, cmissing(n)"), "line")
    assert broken.x.tolist() == [0, 1, 2, 3, 5] and np.isnan(broken.y).tolist() == [False, False, True, False, False]
    (points,) = layers(plot_of(session, "scatter y x"), "points")
    assert points.x.tolist() == [0, 1, 3, 5] and points.rows is not None and points.rows.tolist() == [0, 1, 3, 5]


def test_order_of_the_data_unless_sorted() -> None:
    data = frame(1, 5).iloc[[3, 0, 4, 2, 1]]
    session = session_on(data)
    assert layers(plot_of(session, "line y x"), "line")[0].x.tolist() == [3, 0, 4, 2, 1]
    assert layers(plot_of(session, "line y x, sort"), "line")[0].x.tolist() == [0, 1, 2, 3, 4]


def test_if_of_a_plot_and_of_the_graph(session: Session) -> None:
    plot = plot_of(session, "twoway (scatter y x if id==1) (scatter y x if id>5) if x>2 in 1/60")
    d = session.data.frame.iloc[:60]
    first, second = layers(plot, "points")
    assert first.rows is not None and second.rows is not None
    assert first.rows.tolist() == d.index[(d["id"] == 1) & (d["x"] > 2)].tolist()
    assert second.rows.tolist() == d.index[(d["id"] > 5) & (d["x"] > 2)].tolist()
    assert [m.label for m in (first, second)] == ["Score, if id==1", "Score, if id>5"] and plot.legend


# --- panels -----------------------------------------------------------------------------------------------
def test_panels_have_their_rows_labels_and_common_axes(session: Session) -> None:
    plot = plot_of(session, "twoway (scatter y x) (lfitci y x), by(sex town)")
    d = session.data.frame
    expected = d.groupby(["sex", "town"], sort=True)
    titles = [f"{'Girl' if sex else 'Boy'}, {town}" for sex, town in expected.groups]
    assert [p.title for p in plot.panels] == titles and plot.shared == "xy"
    assert len({(p.x, p.y) for p in plot.panels}) == 1
    for panel, (_, rows) in zip(plot.panels, expected):
        points = next(m for m in panel.marks if m.kind == "points")
        assert points.rows is not None and points.rows.tolist() == rows.index.tolist()
        line = next(m for m in panel.marks if m.kind == "line")
        np.testing.assert_allclose(line.y, np.polyval(np.polyfit(rows["x"], rows["y"], 1), line.x), rtol=1e-9)
        assert (line.x[0], line.x[-1]) == (rows["x"].min(), rows["x"].max())
        band = next(m for m in panel.marks if m.kind == "band")
        assert panel.marks[0] is band and panel.y.limits is not None
        assert panel.y.limits[0] < min(band.lower.min(), rows["y"].min())  # type: ignore[union-attr]
        assert panel.y.limits[1] > max(band.upper.max(), rows["y"].max())  # type: ignore[union-attr]


def test_numbers_without_labels_say_whose_they_are(session: Session) -> None:
    assert [p.title for p in plot_of(session, "line y x, by(id)").panels][:2] == ["id = 1", "id = 2"]


def test_total_missing_and_free_axes() -> None:
    data = frame()
    data.loc[data.index[:5], "sex"] = np.nan
    session = session_on(data)
    plot = plot_of(session, "scatter y x, by(sex, total)")
    assert [p.title for p in plot.panels] == ["Boy", "Girl", "Total"] and "5 rows without a value of sex" in plot.note
    counts = [len(layers(plot, "points", k)[0].x) for k in range(3)]
    assert counts[2] == counts[0] + counts[1] == len(data) - 5
    assert f"scatter y x ({len(data) - 5} points)" in session.history[-1].text
    plot = plot_of(session, "scatter y x, by(sex, missing yrescale)")
    assert [p.title for p in plot.panels] == ["Boy", "Girl", "sex missing"] and plot.shared == "x"
    assert plot.panels[0].y.limits is None and plot.panels[0].x.limits is not None


@given(count=st.integers(1, 200))
def test_pages_hold_every_panel_once(count: int) -> None:
    from terrace.graphs.panels import MOST_ON_A_PAGE, layout
    from terrace.language.graphs.options import By

    columns, pages = layout(count, By(("id",)))
    assert [i for page in pages for i in page] == list(range(count))
    sizes = [len(page) for page in pages]
    assert max(sizes) <= MOST_ON_A_PAGE and 1 <= columns <= 5 and columns <= count
    assert len(pages) == 1 or all(s == sizes[0] for s in sizes[:-1])


def test_many_panels_go_on_pages(session: Session) -> None:
    session = session_on(frame(160, 3))
    outcome = ok(session, "scatter y x, by(id)")
    titles = [p.title for plot in outcome.plots for p in plot.panels]
    assert titles == [f"id = {k}" for k in range(1, 161)] and len(outcome.plots) == 6
    assert "Page 2 of 6: panels 31 to 60 of 160." in outcome.plots[1].note
    assert len({p.y for plot in outcome.plots for p in plot.panels}) == 1  # one scale on all pages
    assert "160 panels by id on 6 pages" in outcome.text
    assert code(session_on(frame(1001, 1)), "scatter y x, by(id)") == "too-many-panels"


def test_panels_that_a_fit_cannot_have() -> None:
    data = frame(4, 6)
    data.loc[data["id"] == 2, "x"] = 1.0
    data.loc[(data["id"] == 3) & (data["x"] > 1), "y"] = np.nan
    session = session_on(data)
    plot = plot_of(session, "twoway lfitci y x, by(id)")
    kinds = [[m.kind for m in p.marks] for p in plot.panels]
    assert kinds == [["band", "line"], [], ["line"], ["band", "line"]]
    assert "No line in one panel" in plot.note and "No band in one panel" in plot.note


# --- axes and legends -------------------------------------------------------------------------------------
def test_titles_of_axes(session: Session) -> None:
    ok(session, "generate z = y + 1")
    ok(session, "generate fitted = y")

    def titles(command: str) -> tuple[str, str]:
        panel = plot_of(session, command).panels[0]
        return panel.x.title, panel.y.title

    assert titles("scatter y x") == ("x", "Score")
    assert titles("twoway (scatter y x) (lfit y x)") == ("x", "Score")
    assert titles("twoway (scatter y x) (line fitted x)") == ("x", "Score")
    assert titles("line y z x") == ("x", "Score / z")
    assert titles('scatter y x, xtitle("") ytitle(Own title)') == ("", "Own title")


def test_automatic_titles_are_for_windows(session: Session) -> None:
    plot = plot_of(session, "scatter y x, by(sex)")
    assert plot.title == "Score against x, by sex" and plot.options["title"] == "automatic"
    plot = plot_of(session, "scatter y x, title(Mine) subtitle(Sub) note(N)")
    assert (plot.title, plot.subtitle, plot.note) == ("Mine", "Sub", "N") and plot.options["title"] == "asked"


def test_labelled_values_stand_at_the_ticks(session: Session) -> None:
    axis = plot_of(session, "twoway (scatter y sex, jitter(5)) (lfitci y sex)").panels[0].x
    assert axis.ticks == ((0.0, "Boy"), (1.0, "Girl"))
    assert plot_of(session, "scatter y sex, xlabel(, novaluelabel)").panels[0].x.ticks is None
    assert plot_of(session, "scatter y sex, xlabel(0 1, valuelabel)").panels[0].x.ticks == axis.ticks
    numbers = plot_of(session, 'scatter y sex, xlabel(-1(1)1 2 "two")').panels[0].x
    assert numbers.ticks == ((-1.0, "−1"), (0.0, "0"), (1.0, "1"), (2.0, "two"))
    assert numbers.limits is not None and numbers.limits[0] < -1 and numbers.limits[1] > 2
    assert plot_of(session, "scatter y x").panels[0].x.ticks is None


def test_scales(session: Session) -> None:
    axis = plot_of(session, "scatter y x, xscale(range(-10 50))").panels[0].x
    assert axis.limits is not None and axis.limits[0] < -10 and axis.limits[1] > 50
    axis = plot_of(session, "scatter y x, xscale(reverse)").panels[0].x
    assert axis.limits is not None and axis.limits[0] > 8 and axis.limits[1] < 0
    outcome = ok(session, "scatter y x, xscale(log)")
    assert outcome.plots[0].panels[0].x.log and layers(outcome.plots[0], "points")[0].x.min() > 0
    assert "x is not positive in 7 rows" in outcome.warnings[0]
    axis = plot_of(session, "scatter y x, xscale(log range(-1 20)) xlabel(0 1 10) by(sex)").panels[0].x
    assert axis.limits is not None and 0 < axis.limits[0] < 1 and axis.limits[1] > 20
    assert axis.ticks == ((1.0, "1"), (10.0, "10"))


def test_dates_are_dates(session: Session) -> None:
    ok(session, "generate day = mdy(1, 1, 2020) + x")
    ok(session, "format day %td")
    axis = plot_of(session, "line y day").panels[0].x
    assert axis.ticks is None and axis.dates == "%td" and not axis.whole


def test_reference_lines(session: Session) -> None:
    plot = plot_of(session, "scatter y x, yline(1 2) xline(5, lpattern(solid) lcolor(red))")
    (h,), (v,) = layers(plot, "hline"), layers(plot, "vline")
    assert h.y.tolist() == [1, 2] and h.dashed and v.x.tolist() == [5] and not v.dashed
    assert v.style.color == "#d62728"


def test_legend_labels_and_their_order(session: Session) -> None:
    plot = plot_of(session, "twoway (lfitci y x) (scatter y x)")
    assert plot.legend and [m.label for m in plot.panels[0].marks] == ["95% CI", "Fitted values", "Score"]
    plot = plot_of(session, 'twoway (lfitci y x) (scatter y x), legend(order(3 "Pupils" 2))')
    assert plot.legend_order == ("Pupils", "Fitted values")
    assert [m.label for m in plot.panels[0].marks] == ["", "Fitted values", "Pupils"]
    assert not plot_of(session, "twoway (lfitci y x) (scatter y x), legend(off)").legend
    assert not plot_of(session, "scatter y x").legend and plot_of(session, "scatter y x, legend(on)").legend
    band = plot_of(session, "twoway lfitci y x, level(90) stdf").panels[0].marks[0]
    assert band.label == "90% forecast interval"


def test_colours_tell_series_apart(session: Session) -> None:
    marks = plot_of(session, "twoway (scatter y x) (lfit y x)").panels[0].marks
    assert [(m.series, m.role) for m in marks] == [(0, "data"), (0, "fit")]  # the fit in ink
    marks = (
        plot_of(session, "twoway (scatter y x if sex) (scatter y x if !sex) (lfit y x if !sex) (lfit y x if sex)")
        .panels[0]
        .marks
    )
    assert [m.series for m in marks] == [0, 1, 1, 0]  # each fit in the colour of its points
    marks = plot_of(session, "twoway connected y x").panels[0].marks
    assert [(m.kind, m.series, m.label) for m in marks] == [("line", 0, "Score"), ("points", 0, "Score")]


def test_looks_reach_the_marks(session: Session) -> None:
    plot = plot_of(
        session, "twoway (scatter y x, msymbol(Th) mcolor(navy) msize(large)) (line y x, lwidth(thick) lp(dot))"
    )
    points, line = plot.panels[0].marks
    assert (points.style.marker, points.style.color, points.style.size) == ("triangle_hollow", "#1a2f5a", 1.5)
    assert (line.style.thickness, line.style.pattern) == (2.0, "dot")
    assert [m.kind for m in plot_of(session, "scatter y x, msymbol(none) connect(l)").panels[0].marks] == ["line"]


def test_jitter_moves_points_and_nothing_else(session: Session) -> None:
    plot = plot_of(session, "scatter y x, jitter(10) connect(l)")
    line, points = plot.panels[0].marks
    d = session.data.frame
    np.testing.assert_array_equal(line.x, d["x"])
    moved = np.abs(points.x - d["x"].to_numpy())
    assert 0 < moved.max() <= 0.05 * np.ptp(d["x"])
    again = plot_of(session, "scatter y x, jitter(10) connect(l)").panels[0].marks[1]
    np.testing.assert_array_equal(points.x, again.x)


def test_weights_count_for_fits(session: Session) -> None:
    weighted = layers(plot_of(session, "twoway lfit y x [fw=id]"), "line")[0]
    d = session.data.frame
    expected = np.polyval(np.polyfit(d["x"], d["y"], 1, w=np.sqrt(d["id"])), weighted.x)
    np.testing.assert_allclose(weighted.y, expected, rtol=1e-9)
    assert code(session, "twoway lfit y x [pw=id]") == "weight-kind"
    assert code(session, "twoway lfit y x [fw=y]") in ("negative-weights", "weight")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("scatter y x if x>100", "no-observations"),
        ("scatter y town", "text-variable"),
        ("twoway (scatter y x) (lfit y x if x>100)", "no-observations"),
        ("by id: scatter y x", "prefix"),
    ],
)
def test_what_cannot_be_drawn(session: Session, command: str, expected: str) -> None:
    before = session.state
    assert code(session, command) == expected and session.state is before


def test_nothing_but_missing_values() -> None:
    data = frame(2, 3)
    data["y"] = np.nan
    data["z"] = 1.0
    session = session_on(data)
    assert code(session, "scatter y x") == "nothing-to-draw"
    outcome = ok(session, "twoway (scatter y x) (scatter z x)")
    assert outcome.warnings == ("scatter of y, x has nothing to draw.",) and len(outcome.plots[0].panels[0].marks) == 1
