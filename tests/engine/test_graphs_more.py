"""Bars, dots, boxes on their side, areas, ranges, densities, smoothers, functions, matrices and combined graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_support import dataset, ok, refused, session_on
from hypothesis import given
from hypothesis import strategies as st

from terrace.report.figure.figure import render
from terrace.results.plot import Marks, Plot
from terrace.session.session import Session
from terrace.statistics import smooth


@pytest.fixture
def session() -> Session:
    rng = np.random.default_rng(1)
    return session_on(
        dataset(
            y=np.round(rng.normal(10, 3, 60), 1),
            x=np.round(rng.uniform(0, 5, 60), 1),
            g=np.repeat([1.0, 2.0, 3.0], 20),
            s=pd.Series(["a", "b"] * 30, dtype="str"),
        )
    )


def drawn(session: Session, command: str) -> Plot:
    """The graph of a command that must draw one, which paper must take as well."""
    plots = ok(session, command).plots
    assert len(plots) == 1
    assert render(plots[0], "png", dpi=40)[:4] == b"\x89PNG"
    return plots[0]


def marks(plot: Plot, kind: str) -> list[Marks]:
    return [m for p in plot.panels for m in p.marks if m.kind == kind]


# --- bars -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("statistic", ["mean", "median", "sum", "count", "min", "sd", "p25"])
def test_bars_are_statistics_of_groups(session: Session, statistic: str) -> None:
    bars = marks(drawn(session, f"graph bar ({statistic}) y, over(g)"), "bars")
    groups = session.data.frame.groupby("g")["y"]
    if statistic == "p25":
        expected = groups.apply(lambda v: np.quantile(v, 0.25, method="averaged_inverted_cdf"))
    else:
        expected = getattr(groups, statistic.replace("sd", "std"))()
    np.testing.assert_allclose(bars[0].y, expected)
    assert bars[0].x.tolist() == [1, 2, 3]


def test_bars_of_two_groups_are_told_apart_by_colour(session: Session) -> None:
    plot = drawn(session, "graph bar y, over(s) over(g)")
    bars = marks(plot, "bars")
    table = session.data.frame.pivot_table("y", "g", "s", aggfunc="mean")
    np.testing.assert_allclose(np.stack([b.y for b in bars], axis=1), table)
    assert [b.label for b in bars] == ["a", "b"] and plot.legend
    stacked = marks(drawn(session, "graph bar (count) y, over(s) over(g) stack percentages"), "bars")
    assert stacked[0].lower.tolist() == [0, 0, 0] and stacked[1].y == pytest.approx([100, 100, 100])
    assert stacked[1].lower == pytest.approx(stacked[0].y)


def test_bars_without_a_variable_count(session: Session) -> None:
    ok(session, "drop in 1/5")
    bars = marks(drawn(session, "graph bar, over(g)"), "bars")
    assert bars[0].y == pytest.approx([100 * 15 / 55, 100 * 20 / 55, 100 * 20 / 55])
    bars = marks(drawn(session, "graph bar (count), over(g, sort(1))"), "bars")
    assert bars[0].y.tolist() == [15, 20, 20]


def test_bars_on_their_side(session: Session) -> None:
    plot = drawn(session, "graph hbar (mean) y, over(g, sort(1) descending) blabel(bar)")
    panel = plot.panels[0]
    bars = marks(plot, "bars")[0]
    assert bars.horizontal and np.all(np.diff(bars.y) <= 0)
    assert panel.y.limits == (3.6, 0.4) and panel.x.title == "Mean of y"  # the first category at the top
    labels = marks(plot, "points")[0]
    assert labels.text == "right" and labels.x == pytest.approx(bars.y) and len(labels.labels) == 3
    dots = marks(drawn(session, "graph dot y x, over(g)"), "points")
    assert len(dots) == 2 and dots[0].y.tolist() == [1, 2, 3]
    boxes = marks(drawn(session, "graph hbox y, over(s)"), "box")
    assert boxes[0].horizontal


def test_weighted_bars(session: Session) -> None:
    ok(session, 'gen w = cond(s == "a", 2, 1)')
    bars = marks(drawn(session, "graph bar y [fw=w], over(g)"), "bars")
    frame = session.data.frame
    expected = [np.average(d["y"], weights=d["w"]) for _, d in frame.groupby("g")]
    np.testing.assert_allclose(bars[0].y, expected)


# --- twoway ---------------------------------------------------------------------------------------------------
def test_areas_bars_and_ranges(session: Session) -> None:
    ok(session, "collapse (mean) m=y (min) lo=y (max) hi=y, by(g)")
    m, lo, hi = (session.data.numeric(n) for n in ("m", "lo", "hi"))
    band = marks(drawn(session, "twoway area m g, base(2)"), "band")[0]
    assert band.lower.tolist() == [2, 2, 2] and band.upper == pytest.approx(m)
    bars = marks(drawn(session, "twoway bar m g, barwidth(.5)"), "bars")[0]
    assert bars.width == 0.5 and bars.y == pytest.approx(m)
    for kind, mark in {"rarea": "band", "rspike": "interval", "rcap": "interval"}.items():
        found = marks(drawn(session, f"twoway ({kind} hi lo g) (scatter m g)"), mark)[0]
        assert found.lower == pytest.approx(lo) and found.upper == pytest.approx(hi)
    found = marks(drawn(session, "twoway rbar lo hi g"), "bars")[0]
    assert found.lower == pytest.approx(lo) and found.y == pytest.approx(hi)
    assert len(marks(drawn(session, "twoway rline lo hi g"), "line")) == 2
    plot = drawn(session, "twoway (rcap lo hi g) (scatter m g)")
    assert plot.panels[0].y.title == "(mean) y"
    assert len(marks(drawn(session, "twoway (spike m g) (dropline lo g)"), "interval")) == 2


def test_functions_see_stored_results(session: Session) -> None:
    ok(session, "regress y x")
    b = session.state.fit.matrices["b"][0]
    line = marks(drawn(session, "twoway (scatter y x) (function y = _b[_cons] + _b[x]*x, range(0 4))"), "line")[0]
    assert line.x[[0, -1]].tolist() == [0, 4] and line.y == pytest.approx(b[1] + b[0] * line.x)
    assert marks(drawn(session, "twoway function x^2, range(-1 1)"), "line")[0].y[[0, -1]].tolist() == [1, 1]


def test_labels_beside_points(session: Session) -> None:
    points = marks(drawn(session, "scatter y x in 1/5, mlabel(s) mlabposition(12)"), "points")[0]
    assert points.text == "above" and points.labels == ("a", "b", "a", "b", "a")
    points = marks(drawn(session, 'twoway scatteri 1 2 "here" 3 4'), "points")[0]
    assert points.labels == ("here", "") and points.y.tolist() == [1, 3]


def test_histogram_under_a_density(session: Session) -> None:
    plot = drawn(session, "twoway (histogram y, bin(5)) (kdensity y)")
    bars = marks(plot, "bars")[0]
    assert (bars.y * bars.width).sum() == pytest.approx(1) and plot.panels[0].y.title == "Density"
    plot = drawn(session, "histogram y, normal kdensity")
    assert [m.label for m in marks(plot, "line")] == ["Normal", "Kernel density"]


# --- smoothers ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kernel", list(smooth.KERNELS))
def test_densities_integrate_to_one(kernel: str) -> None:
    x = np.random.default_rng(2).gamma(3, size=200)
    at = np.linspace(x.min() - 6, x.max() + 6, 20_001)
    assert np.trapezoid(smooth.density(x, at, 0.5, kernel), at) == pytest.approx(1, abs=1e-3)


def test_density_is_that_of_scipy() -> None:
    from scipy.stats import gaussian_kde

    x = np.random.default_rng(3).normal(size=80)
    at = np.linspace(-3, 3, 11)
    kde = gaussian_kde(x, bw_method=0.4 / x.std(ddof=1))
    np.testing.assert_allclose(smooth.density(x, at, 0.4, "gaussian"), kde(at), rtol=1e-10)
    many = np.random.default_rng(4).normal(size=40_000)  # counted in cells
    coarse = smooth.density(many, at, 0.2)
    exact = np.array([smooth.KERNELS["epanechnikov"]((a - many) / 0.2).mean() / 0.2 for a in at])
    np.testing.assert_allclose(coarse, exact, rtol=2e-3, atol=1e-5)


# Half of the support and the variance of each kernel, in closed form.
SHAPES = {
    "epanechnikov": (5**0.5, 1.0), "epan2": (1.0, 1 / 5), "biweight": (1.0, 1 / 7),
    "cosine": (0.5, 1 / 12 - 1 / (2 * np.pi**2)), "gaussian": (np.inf, 1.0), "parzen": (1.0, 1 / 12),
    "rectangle": (1.0, 1 / 3), "triangle": (1.0, 1 / 6),
}  # fmt: skip


@pytest.mark.parametrize("kernel", list(smooth.KERNELS))
def test_kernels_have_the_variance_of_their_formula(kernel: str) -> None:
    reach, variance = SHAPES[kernel]
    at = np.linspace(-9, 9, 180_001)
    height = smooth.density(np.zeros(1), at, 1.0, kernel)
    assert np.trapezoid(height, at) == pytest.approx(1, abs=1e-4)
    assert np.trapezoid(height * at**2, at) == pytest.approx(variance, abs=1e-4)
    if kernel == "parzen":  # a piece of its own up to a half
        assert np.interp(0.47, at, height) == pytest.approx(4 / 3 - 8 * 0.47**2 + 8 * 0.47**3, abs=1e-6)
    assert not height[np.abs(at) > reach + 1e-9].any() and height[np.abs(at) < min(reach, 4) - 1e-3].all()


def test_the_bandwidth_by_hand() -> None:
    """0.9 min(s, IQR/1.349) n^(-1/5), quartiles between the second and third of eight."""
    wide = np.array([0.0, 1, 3, 4, 6, 8, 9, 30])
    assert smooth.usual_bandwidth(wide) == pytest.approx(0.9 * (8.5 - 2) / 1.349 / 8**0.2)
    two = np.array([0.0, 0, 0, 1, 1, 1])  # s = √0.3, less than 1/1.349
    assert smooth.usual_bandwidth(two) == pytest.approx(0.9 * 0.3**0.5 / 6**0.2)
    lone = np.array([5.0] * 8 + [8.0])  # no spread between the quartiles: s = 1
    assert smooth.usual_bandwidth(lone) == pytest.approx(0.9 / 9**0.2)
    assert smooth.usual_bandwidth(np.full(9, 3.0)) == 0 and smooth.usual_bandwidth(np.array([3.0])) == 0


@pytest.mark.parametrize("n", [50, 30_000])
def test_a_weight_is_a_repetition(n: int) -> None:
    rng = np.random.default_rng(5)
    x, weights = rng.gamma(3, size=n), rng.integers(0, 4, n).astype(float)
    repeated, at = np.repeat(x, weights.astype(int)), np.linspace(-1, 12, 40)
    assert smooth.usual_bandwidth(x, weights) == pytest.approx(smooth.usual_bandwidth(repeated))
    two, times = np.array([0.0, 1.0, 4.0]), np.array([50.0, 51.0, 1.0])  # whose SD is less than its quartiles say
    assert smooth.usual_bandwidth(two, times) == pytest.approx(0.9 * np.repeat(two, [50, 51, 1]).std(ddof=1) / 102**0.2)
    np.testing.assert_allclose(
        smooth.density(x, at, 0.5, weights=weights), smooth.density(repeated, at, 0.5), rtol=2e-3, atol=1e-5
    )


def test_values_counted_in_cells_keep_their_mean() -> None:
    x = np.random.default_rng(6).normal(size=30_000)
    at = np.linspace(-9, 9, 9_001)
    mean = np.trapezoid(smooth.density(x, at, 1.0) * at, at)
    assert mean == pytest.approx(x.mean(), abs=1e-3)  # a cell is 0.01 wide, so half of one would be seen


def test_where_one_place_has_all_the_weight_the_curve_is_flat() -> None:
    """The farthest neighbour has a weight of 10^-11, which leaves no slope to be computed."""
    y = np.random.default_rng(8).normal(size=61)
    _, curve = smooth.lowess(np.r_[np.zeros(60), 1.0], y, 1.0)
    assert curve[0] == pytest.approx(y[:60].mean(), abs=1e-10)


def test_a_curve_at_fewer_places_is_the_same_curve() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.uniform(size=200), rng.normal(size=200)
    at, curve = smooth.lowess(x, y, 0.4)
    few, thinned = smooth.lowess(x, y, 0.4, most=20)
    assert len(few) == 20 and few[[0, -1]].tolist() == [x.min(), x.max()]
    np.testing.assert_array_equal(thinned, curve[np.searchsorted(at, few)])


@given(st.integers(0, 1000), st.integers(5, 60), st.sampled_from([0.3, 0.5, 0.8]), st.integers(0, 2))
def test_lowess_by_weighted_regressions(seed: int, n: int, share: float, digits: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.round(rng.uniform(0, 4, n), digits), rng.normal(size=n)
    at, curve = smooth.lowess(x, y, share)
    order = np.argsort(x, kind="stable")
    xs, ys = x[order], y[order]
    k = int((n * share - 0.5) / 2)
    for place, found in zip(at, curve):
        tied = np.flatnonzero(xs == place)
        i = (tied[0] + tied[-1]) // 2
        near = np.arange(max(0, i - k), min(n, i + k + 1))
        d = xs[near] - place
        reach = 1.0001 * max(-d[0], d[-1])
        if reach == 0:
            assert found == pytest.approx(ys[near].mean())
            continue
        w = np.sqrt(np.clip(1 - np.abs(d / reach) ** 3, 0, None) ** 3)
        design = np.column_stack([np.ones(len(d)), d]) * w[:, None]
        expected = np.linalg.lstsq(design, ys[near] * w, rcond=1e-10)[0][0]
        assert found == pytest.approx(expected, abs=1e-6)


def test_commands_of_distributions(session: Session) -> None:
    ok(session, "kdensity y, generate(at d) n(50) nograph")
    assert session.state.returned.scalars["n"] == 50
    assert np.isfinite(session.data.numeric("d")).sum() == 50
    y = session.data.numeric("y")
    assert session.state.returned.scalars["bwidth"] == pytest.approx(smooth.usual_bandwidth(y))
    ok(session, "lowess y x, generate(l) nograph")
    at, curve = smooth.lowess(session.data.numeric("x"), y)
    np.testing.assert_allclose(session.data.numeric("l"), curve[np.searchsorted(at, session.data.numeric("x"))])
    points = marks(drawn(session, "qnorm y"), "points")[0]
    from scipy.stats import norm

    np.testing.assert_allclose(points.x, norm.ppf(np.arange(1, 61) / 61, y.mean(), y.std(ddof=1)))
    assert points.y.tolist() == sorted(y.tolist())
    assert marks(drawn(session, "pnorm y"), "points")[0].y.max() <= 1


# --- pages ----------------------------------------------------------------------------------------------------
def test_matrix_and_combine(session: Session) -> None:
    plot = drawn(session, "graph matrix y x g")
    assert plot.columns == 3 and len(plot.panels) == 9
    assert [p.marks[0].labels for p in plot.panels[::4]] == [("y",), ("x",), ("g",)]
    half = drawn(session, "graph matrix y x g, half")
    assert [bool(p.marks) for p in half.panels] == [True, False, False, True, True, False, True, True, True]
    ok(session, "scatter y x, name(one) title(First)")
    ok(session, "histogram y, name(two)")
    plot = drawn(session, "graph combine one two, cols(2) xcommon title(Both)")
    assert [p.title for p in plot.panels] == ["First", ""] and plot.columns == 2 and plot.title == "Both"
    assert plot.panels[0].x.limits == plot.panels[1].x.limits


def test_graphs_on_the_side_become_files(session: Session, tmp_path: Path) -> None:
    ok(session, "graph hbar y, over(g)")
    for kind in ("png", "svg", "pdf"):
        ok(session, f'graph export "{tmp_path / "bars"}.{kind}"')
        assert (tmp_path / f"bars.{kind}").stat().st_size > 1000


def test_refused(session: Session) -> None:
    for command, code in {
        "graph bar y, over(nothing)": "no-such-variable",
        "graph bar": "variables",
        "graph bar (average2) y": "no-such-statistic",
        "graph bar (mean), over(g)": "variables",
        "graph bar s, over(g)": "text-variable",
        "graph combine nothing": "no-such-graph",
        "graph combine": "syntax",
        "graph matrix y": "variables",
        "twoway rcap y x": "variables",
        "twoway area y x, horizontal": "no-horizontal",
        "twoway function nothing + x": "no-such-variable",
        "twoway scatteri 1": "bad-option-value",
        "twoway lowess y x, bwidth(2)": "bad-option-value",
        "lowess y x, bwidth(0)": "bad-option-value",
        "kdensity s": "text-variable",
        "kdensity y, kernel(round)": "bad-option-value",
        "qnorm nothing": "no-such-variable",
        "scatter y x, mlabel(s) mlabposition(14)": "bad-option-value",
    }.items():
        assert refused(session, command) == code, command


def test_lines_of_panels() -> None:
    s = session_on(dataset(id=[2.0, 1, 1, 2], t=[2.0, 2, 1, 1], y=[4.0, 2, 1, 3]))
    assert refused(s, "xtline y") == "no-panel"
    ok(s, "xtset id t")
    plot = drawn(s, "xtline y")
    assert [p.title for p in plot.panels] == ["id = 1", "id = 2"]
    assert [m.y.tolist() for m in marks(plot, "line")] == [[1, 2], [3, 4]]
    line = marks(drawn(s, "xtline y, overlay title(All)"), "line")[0]
    assert line.y[~np.isnan(line.y)].tolist() == [1, 2, 3, 4] and np.isnan(line.y[2])
    assert len(marks(drawn(s, "xtline y if id == 1, i(id) t(t)"), "line")) == 1


def test_looks_of_bars(session: Session) -> None:
    plot = drawn(session, 'graph bar y x, over(g, relabel(1 "one" 3 "three")) bar(2, color(navy))')
    assert [t[1] for t in plot.panels[0].x.ticks or ()] == ["one", "2", "three"]
    assert [m.style.color for m in marks(plot, "bars")] == ["", marks(plot, "bars")[1].style.color]
    assert marks(plot, "bars")[1].style.color.startswith("#")
    labels = marks(drawn(session, "histogram g, discrete frequency addlabels"), "points")[0]
    assert labels.labels == ("20", "20", "20") and labels.text == "above"
    assert refused(session, "twoway kdensity y, normal") == "no-such-option"


def test_colours_of_boxes_and_subtitles_alone(session: Session) -> None:
    boxes = marks(drawn(session, "graph box y x, box(2, color(maroon)) marker(1, msize(small))"), "box")
    assert boxes[0].style.color == "" and boxes[1].style.color.startswith("#")
    plot = drawn(session, "scatter y x, subtitle(Only this)")
    assert (
        b"Only this" in render(plot, "svg") and plot.title.encode() not in render(plot, "svg").split(b"</metadata>")[1]
    )


def test_functions_need_no_data() -> None:
    s = session_on(None)
    assert len(marks(drawn(s, "twoway function y = x^2, range(-1 1)"), "line")) == 1
    assert s.state.dataset is None and "Graph" in s.state.graphs
    assert refused(s, "scatter y x") in ("no-data", "no-such-variable")
    ok(s, "set obs 9")
    ok(s, "generate v = _n")
    bars = marks(drawn(s, "histogram v, fcolor(gs12) lcolor(black)"), "bars")[0]
    assert bars.style.outline == "#000000" and bars.style.color != bars.style.outline
