"""The plots of a fit as data, against calculations of another kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import terrace
from terrace.data.dataset import Dataset, Variable
from terrace.errors import DataError, TerraceError
from terrace.postestimation.diagnose import plots
from terrace.postestimation.diagnose import plots_arrays as arrays
from terrace.report.figure.figure import draw

RNG = np.random.default_rng(11)


def layer(plot, kind: str, panel: int = 0):
    return next(m for m in plot.panels[panel].marks if m.kind == kind)


# --- residuals against fitted values ------------------------------------------------------------------------
def test_points_keep_the_rows_of_the_data() -> None:
    x, y = np.array([1.0, np.nan, 3.0, 4.0]), np.array([0.5, 1.0, np.nan, -0.5])
    dots = layer(arrays.residual_fitted_plot(x, y, rows=np.array([10, 11, 12, 13])), "points")
    assert dots.x.tolist() == [1.0, 4.0] and dots.rows.tolist() == [10, 13]
    assert layer(arrays.residual_fitted_plot(x, y), "points").rows is None


def test_the_trend_of_a_line_is_the_line() -> None:
    x = RNG.uniform(0, 10, 400)
    at, trend = arrays.local_trend(x, 2.0 - 3.0 * x)
    assert trend == pytest.approx(2.0 - 3.0 * at)
    assert at[0] == x.min() and at[-1] == x.max()


def test_the_trend_follows_a_curve() -> None:
    x = np.linspace(-3, 3, 2000)
    at, trend = arrays.local_trend(x, np.sin(x) + RNG.normal(0, 0.1, 2000), span=0.2)
    assert np.max(np.abs(trend - np.sin(at))) < 0.1


def test_a_million_points_have_a_trend_too() -> None:
    x = RNG.normal(size=50_000)
    at, trend = arrays.local_trend(x, 0.5 * x)
    assert trend == pytest.approx(0.5 * at)


def test_few_distinct_fitted_values_have_no_trend() -> None:
    x = np.repeat([1.0, 2.0], 20)
    assert arrays.local_trend(x, x) is None
    assert len(arrays.residual_fitted_plot(x, x).panels[0].marks) == 2
    # many equal x must not divide by zero
    tied = np.concatenate([np.zeros(500), np.arange(1.0, 6.0)])
    assert np.isfinite(arrays.local_trend(tied, tied)[1]).all()


# --- QQ -----------------------------------------------------------------------------------------------------
def test_quantiles_band_and_line() -> None:
    values = RNG.normal(3, 2, 40)
    plot = arrays.qq_plot(values, rows=np.arange(100, 140))
    dots, band, line = layer(plot, "points"), layer(plot, "band"), layer(plot, "line")
    assert dots.x == pytest.approx(stats.norm.ppf((np.arange(1, 41) - 0.5) / 40))
    assert dots.y.tolist() == sorted(values)
    assert dots.rows.tolist() == (100 + np.argsort(values)).tolist()
    q1, q3 = np.quantile(values, [0.25, 0.75])
    slope = (q3 - q1) / (2 * stats.norm.ppf(0.75))
    i = np.arange(1, 41)
    lower = (q1 + q3) / 2 + slope * stats.norm.ppf(stats.beta.ppf(0.025, i, 41 - i))
    assert band.lower == pytest.approx(lower)
    assert np.diff(line.y)[0] / np.diff(line.x)[0] == pytest.approx(slope)


def test_the_band_holds_what_it_promises() -> None:
    inside = []
    for seed in range(200):
        values = np.random.default_rng(seed).normal(size=50)
        plot = arrays.qq_plot((values - values.mean()) / values.std())
        band, dots = layer(plot, "band"), layer(plot, "points")
        inside.append(np.mean((dots.y >= band.lower) & (dots.y <= band.upper)))
    # the line is fitted, so the coverage lies a little above the nominal 95%
    assert 0.93 < np.mean(inside) < 0.995


def test_qq_of_equal_values_has_no_band() -> None:
    assert [m.kind for m in arrays.qq_plot(np.ones(10)).panels[0].marks] == ["points"]


# --- caterpillar --------------------------------------------------------------------------------------------
def test_effects_are_sorted_and_those_off_zero_are_told() -> None:
    values, se = np.array([0.1, -2.0, 3.0, np.nan]), np.array([0.5, 0.5, 0.5, 0.5])
    plot = arrays.caterpillar_plot(values, se, ["a", "b", "c", "d"])
    near, off = (m for m in plot.panels[0].marks if m.kind == "interval")
    assert off.y.tolist() == [-2.0, 3.0] and off.x.tolist() == [1.0, 3.0]
    assert near.y.tolist() == [0.1] and near.label == "Covers zero"
    assert off.upper - off.y == pytest.approx(stats.norm.ppf(0.975) * 0.5)
    assert plot.panels[0].x.ticks == ((1.0, "b"), (2.0, "a"), (3.0, "c"))
    assert off.labels[1].startswith("c: 3 [2.02, 3.98]") and off.rows is None


def test_many_groups_have_no_labels_on_the_axis() -> None:
    plot = arrays.caterpillar_plot(RNG.normal(size=100), np.ones(100), [str(i) for i in range(100)], level=90)
    assert plot.panels[0].x.ticks is None and "100 groups" in plot.panels[0].x.title and "90%" in plot.note


# --- histogram ----------------------------------------------------------------------------------------------
def test_densities_add_up_and_the_curve_is_normal() -> None:
    values = RNG.normal(5, 2, 1000)
    plot = arrays.histogram_plot(values)
    bars, curve = layer(plot, "bars"), layer(plot, "line")
    assert np.sum(bars.y) * bars.width == pytest.approx(1.0)
    assert curve.y == pytest.approx(stats.norm(values.mean(), values.std(ddof=1)).pdf(curve.x))
    assert 5 <= len(bars.x) <= 80 and len(arrays.histogram_plot(values, bins=7).panels[0].marks[0].x) == 7


def test_a_constant_has_no_histogram() -> None:
    with pytest.raises(DataError, match="only one value"):
        arrays.histogram_plot(np.ones(10))


# --- lines by group -----------------------------------------------------------------------------------------
def test_lines_break_between_groups_and_go_up_in_x() -> None:
    x, y = np.array([2.0, 1.0, 1.0, 2.0, np.nan]), np.array([20.0, 10.0, 11.0, 22.0, 1.0])
    plot = arrays.spaghetti_plot(x, y, np.array([7, 7, 8, 8, 8]), average=(x, y), rows=np.arange(50, 55))
    lines = layer(plot, "line")
    assert np.array_equal(lines.x, [1, 2, np.nan, 1, 2], equal_nan=True)
    assert np.array_equal(lines.y, [10, 20, np.nan, 11, 22], equal_nan=True)
    assert lines.rows.tolist() == [51, 50, -1, 52, 53]
    average = plot.panels[0].marks[-1]
    assert (average.x.tolist(), average.y.tolist()) == ([1.0, 2.0], [10.5, 21.0])


def test_many_groups_are_thinned_out_with_a_note() -> None:
    groups = np.repeat(np.arange(1000), 2)
    plot = arrays.spaghetti_plot(np.tile([0.0, 1.0], 1000), RNG.normal(size=2000), groups, most=50)
    assert np.isnan(layer(plot, "line").y).sum() == 49 and "50 of 1,000 groups" in plot.note


def test_nothing_to_draw_and_arrays_that_differ() -> None:
    with pytest.raises(DataError, match="nothing to draw"):
        arrays.qq_plot(np.full(5, np.nan))
    with pytest.raises(ValueError, match="do not belong together"):
        arrays.residual_fitted_plot(np.zeros(3), np.zeros(4))


# --- of a fit -----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def growth():
    n_groups, n_times = 30, 6
    group = np.repeat(np.arange(n_groups), n_times)
    time = np.tile(np.arange(n_times, dtype=float), n_groups)
    u = RNG.normal(0, [2.0, 0.5], (n_groups, 2))
    y = 10 + 2 * time + u[group, 0] + u[group, 1] * time + RNG.normal(0, 1, len(time))
    y[[3, 50]] = np.nan
    frame = pd.DataFrame({"y": y, "time": time, "id": group.astype(float)})
    labels = {float(k): f"Child {k}" for k in range(n_groups)}
    data = Dataset(
        frame, (Variable("y", "Height"), Variable("time", "Year"), Variable("id", value_labels=labels))
    )
    return terrace.fit("mixed y time || id: time, covariance(unstructured) reml", data), data


def test_residuals_of_the_fit_are_outcome_less_fitted(growth) -> None:
    fit, data = growth
    dots = layer(plots.residual_fitted(fit, data), "points")
    assert len(dots.x) == 178 and {3, 50}.isdisjoint(dots.rows.tolist())
    assert dots.x + dots.y == pytest.approx(data.numeric("y")[dots.rows])
    whole = layer(plots.residual_fitted(fit, data, standardized=True), "points")
    assert whole.y == pytest.approx(dots.y / np.sqrt(fit.random[-1].estimate))
    assert sorted(layer(plots.qq(fit, data), "points").y) == pytest.approx(sorted(dots.y))
    assert draw(plots.histogram(fit, data)).axes


def test_caterpillar_of_the_fit(growth) -> None:
    from terrace.postestimation.predict import columns as predict

    fit, data = growth
    (effects,) = predict.random_effects(fit, data)
    plot = plots.caterpillar(fit, data, term="time")
    shown = np.concatenate([m.y for m in plot.panels[0].marks if m.kind == "interval"])
    assert np.sort(shown) == pytest.approx(np.sort(effects.values[:, effects.names.index("time")]))
    assert "Child 0" in [t[1] for t in plot.panels[0].x.ticks]
    assert plots.caterpillar(fit).title == "Random effects: intercept, id"
    assert len(plots.qq(fit, of="effects").panels) == 2


def test_fitted_lines_of_the_fit(growth) -> None:
    fit, data = growth
    plot = plots.fitted_lines(fit, data, "time")
    b = {e.term: e.coef for e in fit.fixed}
    average = plot.panels[0].marks[-1]
    assert average.y == pytest.approx(b["_cons"] + b["time"] * average.x)
    # the fitted line of each child is straight
    line = layer(plot, "line")
    end = list(np.isnan(line.y)).index(True)
    assert np.ptp(np.diff(line.y[:end]) / np.diff(line.x[:end])) == pytest.approx(0.0, abs=1e-9)
    assert (plot.panels[0].x.title, plot.panels[0].y.title) == ("Year", "Height")
    assert np.isnan(layer(plots.spaghetti(fit, data, "time"), "line").y).sum() == 29


def test_wrong_requests_name_what_there_is(growth) -> None:
    fit, data = growth
    with pytest.raises(TerraceError) as caught:
        plots.caterpillar(fit, level="school")
    assert caught.value.code == "no-such-level" and "id" in caught.value.advice
    with pytest.raises(TerraceError) as caught:
        plots.caterpillar(fit, term="sex")
    assert caught.value.code == "no-such-effect" and "time" in caught.value.advice
    with pytest.raises(DataError, match="180 rows"):
        plots.spaghetti(fit, data.rows(np.arange(10)), "time")
    with pytest.raises(TerraceError, match="need the data"):
        plots.qq(fit)


def test_the_average_over_many_values_is_a_smooth_line() -> None:
    rng = np.random.default_rng(4)
    x, other = rng.normal(size=2000), rng.normal(size=2000)
    plot = arrays.spaghetti_plot(x, x, np.arange(2000) % 20, average=(x, 2 * x + other))
    mark = next(m for m in plot.panels[0].marks if m.label == "Average")
    assert len(mark.x) < 100, "not a corner at each of 2,000 values"
    middle = np.abs(mark.x) < 1.5
    assert np.abs(mark.y - 2 * mark.x)[middle].max() < 0.35
    exact = arrays.spaghetti_plot(x, x, np.arange(2000) % 20, average=(x, 2 * x - 1))
    line = next(m for m in exact.panels[0].marks if m.label == "Average")
    assert np.allclose(line.y, 2 * line.x - 1)
