"""Forest, random-effect scatter, variance partition, trellis, comparison intervals: against their definitions."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset
from scipy import stats
from test_session_post_options import refused
from test_session_running import ok

from terrace.postestimation.diagnose.effects_plots import effects_scatter, partition_plot
from terrace.postestimation.diagnose.plots_arrays import caterpillar_plot, comparison_quantile
from terrace.postestimation.diagnose.trellis import trellis_plot
from terrace.postestimation.paper.forest import forest_plot
from terrace.report.figure.figure import draw, usual_size
from terrace.results.plot import Marks, Plot
from terrace.results.plot_words import figure_words
from terrace.session.session import Session
from terrace.session.state import State


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(31)
    g = np.repeat(np.arange(40), 8)
    x, z = rng.uniform(-1, 3, 320), rng.normal(size=320)
    u = rng.multivariate_normal([0, 0], [[1.5, 0.5], [0.5, 0.8]], 40)
    y = 2 + x - 0.5 * z + u[g, 0] + u[g, 1] * x + rng.normal(size=320)
    return pd.DataFrame({"y": y, "x": x, "z": z, "a": (z > 0).astype(float), "g": g + 100.0})


@cache
def state() -> State:
    session = Session(State(dataset=dataset(frame())))
    ok(session, 'label variable x "Dose (mg)"')
    ok(session, "mixed y x || g: x, cov(un)")
    ok(session, "estimates store one")
    ok(session, "mixed y x z i.a || g: x, cov(un)")
    ok(session, "estimates store two")
    return session.state


def plot_of(command: str) -> Plot:
    (plot,) = ok(Session(state()), command).plots
    draw(plot)
    assert figure_words(plot)
    return plot


def layer(plot: Plot, key: str, panel: int = 0) -> Marks:
    return next(m for m in plot.panels[panel].marks if m.layer == key)


def intervals(plot: Plot) -> list[Marks]:
    return [m for p in plot.panels for m in p.marks if m.kind == "interval"]


# --- forest -------------------------------------------------------------------------------------------------
def test_a_forest_has_the_coefficients_of_each_model_side_by_side() -> None:
    plot = plot_of("plot forest one two")
    one, two = intervals(plot)
    names = dict(plot.panels[0].y.ticks or ())
    assert list(names.values()) == ["Dose (mg)", "z", "a: 1"] and plot.legend
    fit = state().stored["two"]
    drawn = [e for e in fit.fixed if e.in_model and e.term != "_cons"]
    np.testing.assert_allclose(two.y, [e.coef for e in drawn])
    np.testing.assert_allclose(two.lower, [e.lb for e in drawn])  # type: ignore[arg-type]
    np.testing.assert_allclose(two.upper, [e.ub for e in drawn])  # type: ignore[arg-type]
    (top,) = one.x
    assert 0 < top - two.x[0] < 0.5 and (top + two.x[0]) / 2 == 3.0  # the rows of x, one above the other


def test_a_forest_in_standard_deviations_and_at_another_level() -> None:
    (wide,), (narrow,) = (intervals(plot_of(f"plot forest one, standardized level({n})")) for n in (95, 80))
    f = frame()
    fit = state().stored["one"]
    scale = f["x"].std() / f["y"].std()
    slope = next(e for e in fit.fixed if e.term == "x")
    assert wide.y[0] == pytest.approx(slope.coef * scale, rel=1e-12) and slope.se is not None
    for level, m in ((0.95, wide), (0.8, narrow)):
        assert m.upper is not None
        assert m.upper[0] - m.y[0] == pytest.approx(stats.norm.ppf((1 + level) / 2) * slope.se * scale, rel=1e-12)


def test_the_intercept_is_drawn_on_request() -> None:
    assert len(intervals(plot_of("plot forest"))[0].x) == 3
    assert len(intervals(plot_of("plot forest, constant"))[0].x) == 4


# --- random intercepts against slopes -----------------------------------------------------------------------
def test_each_group_by_itself_is_least_squares_in_it() -> None:
    fit, data = state().stored["one"], state().dataset
    assert data is not None
    alone = layer(effects_scatter(fit, data, shrinkage=True), "unpooled")
    beta = {e.term: e.coef for e in fit.fixed}
    for k, (_, own) in enumerate(frame().groupby("g")):
        slope, intercept = np.polyfit(own["x"], own["y"], 1)
        assert alone.x[k] == pytest.approx(intercept - beta["_cons"], abs=1e-9)
        assert alone.y[k] == pytest.approx(slope - beta["x"], abs=1e-9)
    assert alone.labels[3].startswith("103, by itself")


def test_lines_lead_from_there_to_the_predicted_effects_and_the_ellipse_is_that_of_sigma() -> None:
    plot = plot_of("plot scatter g x, shrinkage level(90)")
    points = next(m for m in plot.panels[0].marks if m.label == "Predicted effects")
    lines = layer(plot, "shrinkage")
    np.testing.assert_array_equal(lines.x[1::3], points.x)
    np.testing.assert_array_equal(lines.y[0::3], layer(plot, "unpooled").y)
    v = {r.name: r.estimate for r in state().stored["two"].random}
    sigma = np.array([[v["var(_cons)"], v["cov(x,_cons)"]], [v["cov(x,_cons)"], v["var(x)"]]])
    ring = np.column_stack([layer(plot, "ellipse").x, layer(plot, "ellipse").y])
    np.testing.assert_allclose(np.einsum("ij,ij->i", ring @ np.linalg.inv(sigma), ring), stats.chi2.ppf(0.9, 2))
    assert plot.panels[0].y.title == "Random effect: Dose (mg), g"


# --- the variance by level ----------------------------------------------------------------------------------
def test_shares_at_values_of_a_slope_are_those_of_the_quadratic() -> None:
    plot = plot_of("plot partition x, at(-1 0 2.5)")
    v = {r.name: r.estimate for r in state().stored["two"].random}
    x = np.array([-1, 0, 2.5])
    between = v["var(_cons)"] + 2 * x * v["cov(x,_cons)"] + x**2 * v["var(x)"]
    group, residual = plot.panels[0].marks
    np.testing.assert_allclose(group.y, 100 * between / (between + v["var(Residual)"]), rtol=1e-9)
    np.testing.assert_allclose(residual.y, 100)
    np.testing.assert_array_equal(residual.lower, group.y)  # type: ignore[arg-type]


def test_variances_without_a_slope_are_averages_over_the_rows() -> None:
    fit, data = state().stored["two"], state().dataset
    assert data is not None
    v = {r.name: r.estimate for r in fit.random}
    x = frame()["x"]
    bars = partition_plot(fit, data).panels[0].marks[0]
    wanted = v["var(_cons)"] + 2 * x.mean() * v["cov(x,_cons)"] + (x**2).mean() * v["var(x)"]
    np.testing.assert_allclose(bars.y, [wanted, v["var(Residual)"]], rtol=1e-9)


# --- caterpillar --------------------------------------------------------------------------------------------
def test_intervals_that_compare_two_groups_touch_where_these_differ_at_the_level() -> None:
    assert comparison_quantile(np.full(30, 0.7)) == pytest.approx(1.959963984540054 / np.sqrt(2), rel=1e-10)
    assert comparison_quantile(np.array([3.0, 4.0]), 90) == pytest.approx(stats.norm.ppf(0.95) * 5 / 7, rel=1e-10)


def test_over_the_pairs_the_level_is_kept_on_average() -> None:
    rng = np.random.default_rng(5)
    se = rng.uniform(0.2, 2, 12)
    z = comparison_quantile(se)
    drawn = rng.normal(size=(40_000, 12)) * se
    i, j = np.triu_indices(12, 1)
    apart = np.abs(drawn[:, i] - drawn[:, j]) > z * (se[i] + se[j])
    assert apart.mean() == pytest.approx(0.05, abs=0.002)


def test_a_caterpillar_with_comparison_intervals_says_so() -> None:
    plain, compared = plot_of("plot caterpillar"), plot_of("plot caterpillar g, comparison")
    assert "overlap" in compared.note and "overlap" not in plain.note
    (bars,) = intervals(compared)
    wide = np.concatenate([m.upper - m.lower for m in intervals(plain)])  # type: ignore[operator]
    assert bars.upper is not None and np.median(bars.upper - bars.lower) < 0.8 * np.median(wide)
    alike = caterpillar_plot(np.array([0.0, 1.0]), np.array([1.0, 1.0]), ["a", "b"], comparison=True)
    assert intervals(alike)[0].upper == pytest.approx(np.array([0, 1]) + 1.3859, abs=1e-4)


# --- trellis ------------------------------------------------------------------------------------------------
def test_a_panel_has_the_rows_of_its_group_and_its_line() -> None:
    plot = plot_of("plot trellis x, groups(5)")
    assert [p.title for p in plot.panels] == ["100", "101", "102", "103", "104"]
    assert len({(p.x.limits, p.y.limits) for p in plot.panels}) == 1
    f = frame()
    for k, p in enumerate(plot.panels):
        dots = layer(plot, "raw", k)
        own = f[f["g"] == 100 + k].sort_values("x")
        assert dots.rows is not None and dots.rows.tolist() == own.index.tolist()
        np.testing.assert_array_equal(dots.y, own["y"])
        line = layer(plot, "groups", k)
        steps = np.diff(line.y) / np.diff(line.x)
        slope = next(e.coef for e in state().stored["two"].fixed if e.term == "x")
        mean = layer(plot, "average", k)
        np.testing.assert_allclose(np.diff(mean.y) / np.diff(mean.x), slope)
        assert np.ptp(steps) < 1e-8 and p.marks[0].layer == "raw"


def test_groups_chosen_at_random_are_the_same_ones_again() -> None:
    fit, data = state().stored["one"], state().dataset
    assert data is not None
    first, again, other = (trellis_plot(fit, data, panels=6, seed=s) for s in (4, 4, 5))
    assert [p.title for p in first.panels] == [p.title for p in again.panels] != [p.title for p in other.panels]
    assert "6 of 40 groups, chosen at random (seed 4)." in first.note


def test_spaghetti_has_the_mean_over_it() -> None:
    average = next(m for m in plot_of("plot spaghetti a").panels[0].marks if m.label == "Average")
    np.testing.assert_allclose(average.y, frame().groupby("a")["y"].mean())
    lines = layer(plot_of("plot spaghetti x"), "groups")
    for row, text in zip(lines.rows, lines.labels, strict=True):  # type: ignore[arg-type]
        assert text == ("" if row < 0 else f"g {frame()['g'][row]:g}")
    assert [t for _, t in plot_of("plot spaghetti a").panels[0].x.ticks or ()] == ["0", "1"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("plot forest nothere", "no-such-estimates"), ("plot scatter g z", "no-random-slopes"),
        ("plot partition z", "no-random-slopes"), ("plot partition, at(1 2)", "no-variable"),
        ("plot trellis x, groups(61)", "panels"), ("plot residuals, shrinkage", "misplaced-option"),
        ("plot caterpillar, standardized", "misplaced-option"), ("plot trellis x z", "no-such-plot"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_told(command: str, code: str) -> None:
    refused(Session(state()), command, code)


def test_a_forest_of_no_effects_is_refused() -> None:
    session = Session(state())
    ok(session, "mixed y || g:")
    refused(session, "plot forest", "no-predictors")
    refused(session, "plot scatter", "no-random-slopes")
    ok(session, "plot forest, constant")
    assert forest_plot([session.fit], constant=True).legend is False  # type: ignore[list-item]


def test_a_forest_of_many_terms_is_higher() -> None:
    def forest(terms: int) -> Plot:
        rng = np.random.default_rng(terms)
        f = pd.DataFrame({f"x{k}": rng.normal(size=120) for k in range(terms)} | {"y": rng.normal(size=120)})
        session = Session(State(dataset=dataset(f)))
        ok(session, f"regress y {' '.join(f'x{k}' for k in range(terms))}")
        (plot,) = ok(session, "plot forest").plots
        return plot

    low, high, most = (usual_size(forest(k))[1] for k in (3, 15, 60))
    assert low < high < most <= 9.0
