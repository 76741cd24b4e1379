"""Histograms and box plots, against numpy and definitions written out."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_graphs_twoway import code, layers, plot_of, session_on
from test_session_running import ok

from terrace.graphs.box import five_numbers
from terrace.graphs.histogram import Bins
from terrace.session.session import Session

RNG = np.random.default_rng(11)


@pytest.fixture
def session() -> Session:
    n = 300
    g = np.repeat([1.0, 2.0, 3.0], n // 3)
    data = pd.DataFrame(
        {"id": g, "y": RNG.normal(size=n) + g, "x": RNG.integers(0, 6, n) * 1.0, "w": RNG.integers(0, 4, n)}
    )
    data["sex"] = RNG.integers(0, 2, n) * 1.0
    data["town"] = RNG.choice(["North", "South"], n)
    data.loc[[4, 200], "y"] = np.nan
    return session_on(data)


# --- histograms -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("scale", "total"), [("density", 1.0), ("fraction", 1.0), ("percent", 100.0), ("frequency", 298)]
)
def test_bars_are_those_of_numpy(session: Session, scale: str, total: float) -> None:
    y = session.data.numeric("y")
    y = y[~np.isnan(y)]
    (bars,) = layers(plot_of(session, f"histogram y, {scale}"), "bars")
    counts, edges = np.histogram(y, 17)  # floor of the root of 298
    np.testing.assert_allclose(bars.x, (edges[1:] + edges[:-1]) / 2)
    assert bars.width == pytest.approx(edges[1] - edges[0])
    area = bars.y * (bars.width if scale == "density" else 1)
    np.testing.assert_allclose(area, counts / len(y) * total, rtol=1e-9)
    assert "298 values, 2 missing, 17 bins" in session.history[-1].text


def test_number_width_and_start_of_bins(session: Session) -> None:
    y = session.data.numeric("y")
    (bars,) = layers(plot_of(session, "hist y, bin(4)"), "bars")
    assert len(bars.x) == 4
    (bars,) = layers(plot_of(session, "hist y, width(.5) start(-10) frequency"), "bars")
    assert bars.width == 0.5 and bars.x[0] == -9.75 and bars.y.sum() == 298
    assert bars.x[-1] + 0.25 >= np.nanmax(y) > bars.x[-1] - 0.25
    assert code(session, "hist y, start(99)") == "start-too-high"
    assert code(session, "hist y, width(1e-6)") == "too-many-bins"


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.sampled_from([0.1, 0.3, 0.7]))
def test_decimal_edges_open_their_bins(tenths: list[int], width: float) -> None:
    values = np.array(tenths) / 10
    bins = Bins(0.0, width, ceil(6.0 / width) + 1)
    expected = [
        sum(k * round(width * 10) <= t < (k + 1) * round(width * 10) for t in tenths) for k in range(bins.count)
    ]
    assert bins.heights(values).tolist() == expected


def test_discrete_bars_stand_on_their_values(session: Session) -> None:
    plot = plot_of(session, "histogram x, discrete frequency")
    (bars,) = layers(plot, "bars")
    values, counts = np.unique(session.data.numeric("x"), return_counts=True)
    assert bars.x.tolist() == values.tolist() and bars.y.tolist() == counts.tolist() and bars.width == 1
    assert plot.panels[0].x.ticks == tuple((float(v), str(int(v))) for v in values)


def test_frequency_weights_are_copies(session: Session) -> None:
    weighted = plot_of(session, "histogram y [fw=w], bin(6) normal")
    d = session.data.frame.dropna(subset="y")
    copies = session_on(d.loc[d.index.repeat(d["w"])].reset_index(drop=True))
    plain = plot_of(copies, "histogram y, bin(6) normal")
    for one, other in zip(weighted.panels[0].marks, plain.panels[0].marks):
        np.testing.assert_allclose(one.x, other.x)
        np.testing.assert_allclose(one.y, other.y)
    assert code(session, "histogram y [pw=w]") == "weight-kind"


def test_the_normal_curve_has_the_moments_and_the_area(session: Session) -> None:
    from scipy.stats import norm

    y = session.data.numeric("y")
    y = y[~np.isnan(y)]
    for scale in ("density", "percent"):
        bars, curve = plot_of(session, f"histogram y, normal {scale}").panels[0].marks
        factor = 1.0 if scale == "density" else 100 * bars.width
        np.testing.assert_allclose(curve.y, factor * norm.pdf(curve.x, y.mean(), y.std(ddof=1)), rtol=1e-9)


def test_panels_have_the_same_bins(session: Session) -> None:
    plot = plot_of(session, "histogram y, by(id sex) density")
    first = layers(plot, "bars")[0]
    for k in range(6):
        (bars,) = layers(plot, "bars", k)
        np.testing.assert_array_equal(bars.x, first.x)
        assert (bars.y * bars.width).sum() == pytest.approx(1)
    assert {p.y.limits for p in plot.panels} == {plot.panels[0].y.limits} and plot.panels[0].y.limits[0] == 0  # type: ignore[index]


def test_one_value_and_none(session: Session) -> None:
    (bars,) = layers(plot_of(session, "histogram id if id==2, frequency"), "bars")
    assert bars.y.sum() == 100 and np.any(np.abs(bars.x - 2) <= bars.width / 2)
    assert code(session, "histogram y in 5") == "nothing-to-draw"
    assert code(session, "histogram town") == "text-variable"


# --- boxes ------------------------------------------------------------------------------------------------
def by_definition(values: list[float]) -> list[float]:
    """The five numbers, from the definitions of percentile and adjacent value."""
    v = sorted(values)
    n = len(v)

    def percentile(p: int) -> float:
        place = n * p / 100
        if place == floor(place):
            return (v[int(place) - 1] + v[int(place)]) / 2
        return v[ceil(place) - 1]

    q1, q2, q3 = (percentile(p) for p in (25, 50, 75))
    inside = [a for a in v if q1 - 1.5 * (q3 - q1) <= a <= q3 + 1.5 * (q3 - q1)]
    return [min(*inside, q1), q1, q2, q3, max(*inside, q3)] if inside else [q1, q1, q2, q3, q3]


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40))
def test_five_numbers_are_those_of_the_definition(values: list[int]) -> None:
    np.testing.assert_allclose(five_numbers(np.array(values, dtype=float)), by_definition([float(v) for v in values]))


def test_boxes_over_groups_with_what_lies_outside(session: Session) -> None:
    plot = plot_of(session, "graph box y, over(town)")
    (boxes,) = layers(plot, "box")
    d = session.data.frame
    assert plot.panels[0].x.ticks == ((1.0, "North"), (2.0, "South")) and boxes.x.tolist() == [1, 2]
    outside = set()
    for five, (_, rows) in zip(boxes.y, d.dropna(subset="y").groupby("town")["y"]):
        np.testing.assert_allclose(five, by_definition(rows.tolist()))
        outside |= set(rows.index[(rows < five[0]) | (rows > five[4])])
    points = layers(plot, "points")
    assert {int(r) for m in points for r in m.rows} == outside  # type: ignore[union-attr]
    assert not layers(plot_of(session, "graph box y, over(town) nooutsides"), "points")


def test_two_groupings_and_several_variables(session: Session) -> None:
    plot = plot_of(session, "graph box y, over(sex) over(id)")
    boxes = layers(plot, "box")
    assert [m.label for m in boxes] == ["Boy", "Girl"] and [t for _, t in plot.panels[0].x.ticks or ()] == [
        "1",
        "2",
        "3",
    ]
    d = session.data.frame
    for code_, m in enumerate(boxes):
        for k, five in enumerate(m.y):
            rows = d[(d["sex"] == code_) & (d["id"] == k + 1)]["y"].dropna()
            np.testing.assert_allclose(five, by_definition(rows.tolist()))
    plot = plot_of(session, "graph box y x, over(id)")
    assert [m.label for m in layers(plot, "box")] == ["Score", "x"] and plot.legend
    assert plot.panels[0].y.title == ""
    plot = plot_of(session, "graph box y, over(sex) over(id) over(town)")
    assert [t for _, t in plot.panels[0].x.ticks or ()][:2] == ["North, 1", "North, 2"]


def test_boxes_in_panels(session: Session) -> None:
    plot = plot_of(session, "graph box y, over(id) by(sex)")
    assert [p.title for p in plot.panels] == ["Boy", "Girl"] and plot.panels[0].x == plot.panels[1].x
    assert "298 values in 6 boxes" in session.history[-1].text
    ok(session, "replace y = . if sex == 1 & id == 2")
    assert [len(layers(plot_of(session, "graph box y, over(id) by(sex)"), "box", k)[0].x) for k in (0, 1)] == [3, 2]
    assert code(session, "graph box town") == "text-variable"
    assert code(session, "graph box y if id > 7") == "no-observations"
