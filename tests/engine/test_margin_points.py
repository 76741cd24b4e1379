"""Raw data and partial residuals beneath margins; regions of significance: against lme4, and by invariances."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset, r_data
from post_support import r_results
from test_session_post_options import refused
from test_session_running import ok

import terrace
from oracles import rcases
from terrace.errors import SpecError
from terrace.graphs.dressed import dressed
from terrace.postestimation.margins.beneath import beneath, partial
from terrace.postestimation.margins.margins import Margins, margins
from terrace.postestimation.margins.show import margins_plot
from terrace.postestimation.margins.slopes import johnson_neyman, johnson_neyman_plot
from terrace.report.csv import plot_csv
from terrace.results.figure_look import FigureLook, LayerLook
from terrace.results.plot import SHOWN, Plot
from terrace.session.session import Session
from terrace.session.state import State


@cache
def schools() -> tuple[Any, Any]:
    frame = rcases.frame("hsb")
    data = dataset(frame[frame["school"].isin(r_results("partial")["hsb"]["schools"])].reset_index(drop=True))
    command = "mixed mathach c.ses##c.meanses i.female || school:, reml"
    return terrace.fit(command, data), data


def by_row(plot: Plot, layer: str, n: int) -> np.ndarray:
    """The heights of points by the rows behind them."""
    out = np.full(n, np.nan)
    for p in plot.panels:
        for m in (*p.marks, *p.hidden):
            if m.layer == layer:
                assert m.rows is not None
                out[m.rows] = m.y
    return out


def residuals_of(found: Margins, fit: Any, data: Any, x: str, grid: bool = False) -> np.ndarray:
    plot = margins_plot(found, x, under=beneath(found, fit, data), points=("residuals",), grid=grid)
    return by_row(plot, "residuals", len(data))


@pytest.mark.parametrize("place", ["grid", "own"])
def test_partial_residuals_are_those_of_lme4(place: str) -> None:
    """With a curve: at the row's own age it is the polynomial through the margins, beyond these too."""
    data = r_data("orthodont")
    fit = terrace.fit("mixed distance c.age##i.female c.age#c.age || subject:, reml", data)
    found = margins(fit, data, ["female"], at={"age": [8, 11, 14]})
    got = residuals_of(found, fit, data, "age", place == "grid")
    np.testing.assert_allclose(got, r_results("partial")["orthodont"][place], atol=1e-8, rtol=0)


@pytest.mark.parametrize("held", ["mean_reference", "observed"])
def test_other_covariates_stand_where_the_margins_hold_them(held: str) -> None:
    fit, data = schools()
    at: dict[str, Any] = {"ses": [-2, 0, 1], "meanses": [-0.5, 0, 0.5]}
    found = margins(fit, data, at=at | ({"female": "base"} if held == "mean_reference" else {}))
    want = np.array(r_results("partial")["hsb"][held])
    np.testing.assert_allclose(residuals_of(found, fit, data, "ses"), want, atol=1e-8, rtol=0)


@pytest.mark.parametrize("fdr", [False, True])
def test_regions_of_significance_are_those_of_the_covariances_of_lme4(fdr: bool) -> None:
    fit, data = schools()
    found = johnson_neyman(fit, data, "ses", "meanses", fdr=fdr)
    want = r_results("partial")["hsb"]
    np.testing.assert_allclose(found.bounds, want["fdr_bounds" if fdr else "bounds"], rtol=1e-6)
    plot = johnson_neyman_plot(found)
    (shaded,) = [m for m in plot.panels[0].marks if m.layer == "region"]
    assert shaded.x[0] == max(found.bounds) and shaded.x[-1] == found.at[-1]
    assert shaded.lower is not None and np.all(shaded.lower[1:] > 0) and shaded.lower[0] == pytest.approx(0, abs=1e-9)
    assert ("false discovery rate" in plot.note) == fdr and f"above −0.5{3 if fdr else 4}" in plot.note


# --- points of the figure -----------------------------------------------------------------------------------
def frame(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    g, x, t = np.repeat(np.arange(n // 6), 6), rng.uniform(0, 10, n), rng.integers(0, 3, n)
    y = 3 + 0.5 * x + t + rng.normal(size=n // 6)[g] + rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": x, "t": t.astype(float), "g": g.astype(float)})


@cache
def state(n: int = 60) -> State:
    session = Session(State(dataset=dataset(frame(n))))
    ok(session, "mixed y x i.t || g:")
    return session.state


def test_raw_data_lie_beneath_their_own_line() -> None:
    session = Session(state())
    ok(session, "margins t, at(x=(0 5 10))")
    (plot,) = ok(session, "marginsplot, data").plots
    raw = [m for m in plot.panels[0].marks if m.layer == "raw"]
    assert [m.kind for m in plot.panels[0].marks[:3]] == ["points"] * 3  # beneath the lines
    for t, m in enumerate(raw):
        own = frame()[frame()["t"] == t]
        assert m.rows is not None and m.rows.tolist() == own.index.tolist()
        np.testing.assert_array_equal(m.x, own["x"])
        np.testing.assert_array_equal(m.y, own["y"])
        assert list(m.labels) == [f"g {g:g}" for g in own["g"]]
    assert len(plot.panels[0].marks) > 3 and "Points are the data." in plot.note


def test_categories_stand_side_by_side_and_their_points_around_them() -> None:
    session = Session(state())
    ok(session, "margins t, at(x=(2 8))")
    (plot,) = ok(session, "marginsplot, x(t) residuals").plots
    marks = plot.panels[0].marks
    bars = [m for m in marks if m.kind == "interval"]
    assert len(bars) == 2 and np.all(bars[0].x < bars[1].x) and bars[0].x.mean() + bars[1].x.mean() == 4
    for dots, bar in zip([m for m in marks if m.layer == "residuals"], bars, strict=True):
        gap = np.abs(dots.x[:, None] - bar.x).min(axis=1)
        assert gap.max() < (bars[1].x - bars[0].x)[0] / 2


def test_points_stand_at_the_bars_that_they_belong_to() -> None:
    session = Session(state())
    ok(session, "margins t, at(x=(2 8))")
    (plot,) = ok(session, "marginsplot, x(t) recast(bar) data").plots
    bars = [m for m in plot.panels[0].marks if m.kind == "bars"]
    for dots, bar in zip([m for m in plot.panels[0].marks if m.layer == "raw"], bars, strict=True):
        assert np.abs(dots.x[:, None] - bar.x).min(axis=1).max() <= bar.width / 2


def test_rows_of_other_levels_and_rows_that_if_leaves_out_have_no_points() -> None:
    session = Session(state())
    ok(session, "margins if g < 5, at(t=(0 2))")
    (plot,) = ok(session, "marginsplot, residuals").plots
    kept = frame()[(frame()["g"] < 5)]
    rows = np.concatenate([m.rows for m in plot.panels[0].marks if m.layer == "residuals"])
    assert sorted(rows) == kept[kept["t"] != 1].index.tolist()
    assert f"{(kept['t'] == 1).sum()} at levels without a margin are left out." in plot.note


def test_many_points_are_sampled_and_all_are_in_the_file_of_data() -> None:
    session = Session(state(3000))
    ok(session, "margins, at(x=(0 5 10))")
    (plot,) = ok(session, "marginsplot, data").plots
    (shown,) = [m for m in plot.panels[0].marks if m.layer == "raw"]
    (rest,) = plot.panels[0].hidden
    assert len(shown.x) == SHOWN and sorted([*shown.rows, *rest.rows]) == list(range(3000))  # type: ignore[misc]
    again = ok(session, "marginsplot, data").plots[0].panels[0].marks[0]
    np.testing.assert_array_equal(shown.rows, again.rows)  # type: ignore[arg-type]
    assert "1,000 of 3,000 points are shown, chosen at random." in plot.note
    assert sum(line.split(",")[2] == "points" for line in plot_csv(plot).splitlines()[1:]) == 3000


def test_a_look_that_asks_for_the_points_shows_all_of_them() -> None:
    session = Session(state(3000))
    (plot,) = ok(session, "margins, at(x=(0 5 10)) plot(data)").plots
    every = dressed(plot, FigureLook(layers=(LayerLook("raw", shown=True),)))
    none = dressed(plot, FigureLook(layers=(LayerLook("raw", shown=False),)))
    count = [sum(len(m.x) for m in p.panels[0].marks if m.layer == "raw") for p in (every, none)]
    assert count == [3000, 0] and "chosen at random" not in every.note
    assert {m.opacity for m in every.panels[0].marks if m.layer == "raw"} == {30.0}


def test_points_follow_the_rows_when_the_data_are_sorted() -> None:
    session = Session(state())
    ok(session, "gsort -y")
    ok(session, "margins, at(x=(0 5 10)) plot(residuals)")
    (plot,) = ok(session, "marginsplot, data").plots
    (m,) = [m for m in plot.panels[0].marks if m.layer == "raw"]
    np.testing.assert_array_equal(session.data.numeric("y")[m.rows], m.y)


def test_what_has_no_points_is_refused() -> None:
    session = Session(state())
    ok(session, "margins, dydx(x)")
    refused(session, "marginsplot, residuals", "no-points")
    ok(session, "margins, at(x=(0 5))")
    ok(session, "mixed y x || g:")
    refused(session, "marginsplot, data", "other-model")
    ok(session, "mixed y c.x##c.x || g:")
    ok(session, "margins, at(x=(0 5))")
    refused(session, "marginsplot, residuals", "no-points")
    ok(session, "marginsplot, residuals(grid)")
    refused(session, "marginsplot, residuals(middle)", "bad-option-value")


def test_curves_are_exact_and_two_values_are_not_enough_for_them() -> None:
    data = r_data("orthodont")
    fit = terrace.fit("mixed distance c.age##c.age || subject:", data)
    few = margins(fit, data, at={"age": [8, 14]})
    with pytest.raises(SpecError, match="3 or more"):
        partial(few, beneath(few, fit, data), [0, 1], "age", False)
    near, far = (margins(fit, data, at={"age": ages}) for ages in ([10, 10.5, 11], [0, 1, 2, 3, 20]))
    a, b = (partial(m, beneath(m, fit, data), range(len(m.margins)), "age", False) for m in (near, far))
    np.testing.assert_allclose(a, b, atol=1e-9)
