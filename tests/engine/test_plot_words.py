"""A figure in words says what is seen: kind, axes, groups, ranges, slopes."""

from __future__ import annotations

import re

import numpy as np
import pytest

from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.results.plot_words import figure_words
from terrace.session.session import Session


def one(*marks: Marks, x: Axis | None = None, y: Axis | None = None) -> Plot:
    return Plot("Growth", (PlotPanel(x or Axis("Age"), y or Axis("Height"), marks),))


def test_points_and_a_line_are_told_with_their_ranges_and_slope() -> None:
    x = np.array([1.0, 2.0, 4.0])
    words = figure_words(one(
        Marks("points", x, np.array([5.0, np.nan, 7.5]), label="Girls"), Marks("line", x, 3 - 0.5 * x, label="Fit"),
        Marks("hline", np.empty(0), np.array([0.0])),
    ))  # fmt: skip
    assert words == (
        "Growth. Horizontal axis: Age. Vertical axis: Height. Girls: 3 points, Age 1 to 4, Height 5 to 7.5. "
        "Fit: 1 line, Age 1 to 4, Height 1 to 2.5, slope \u22120.5. A horizontal line at 0."
    )


def test_a_curve_has_no_slope_and_categories_have_their_words() -> None:
    x = np.linspace(0, 1, 20)
    assert "slope" not in figure_words(one(Marks("line", x, x**2)))
    ticks = Axis("Sector", ((0.0, "Public"), (1.0, "Catholic")))
    words = figure_words(one(Marks("bars", np.array([0.0, 1.0]), np.array([12.0, 14.0])), x=ticks))
    assert "Sector: Public, Catholic." in words and "2 bars, Height 12 to 14." in words
    five = np.array([[1, 2, 3, 4, 5], [2, 3, 4.5, 6, 7]], dtype=float)
    assert "2 boxes, medians 3, 4.5." in figure_words(one(Marks("box", np.array([0.0, 1.0]), five), x=ticks))


def test_many_lines_are_told_together() -> None:
    """The range of slopes is that of the slopes that the lines were drawn with."""
    rng = np.random.default_rng(4)
    slopes = np.round(rng.normal(2, 1, 30), 2)
    x = np.arange(5.0)
    words = figure_words(one(*(Marks("line", x, 1 + b * x) for b in slopes)))
    low, high = (f"{v:.3g}".replace("-", "\u2212") for v in (slopes.min(), slopes.max()))
    assert "30 lines, Height" in words and f"slopes {low} to {high}." in words
    panels = Plot("P", tuple(PlotPanel(Axis("a"), Axis("b"), (), f"Group {k}") for k in range(9)))
    assert "9 panels." in figure_words(panels) and "3 more panels of the same kind." in figure_words(panels)
    assert "Group 6" not in figure_words(panels)


@pytest.mark.parametrize("command", [
    "scatter mathach ses", "histogram mathach", "graph box mathach, over(sector)", "graph bar mathach, over(sector)",
])  # fmt: skip
def test_every_graph_of_data_is_told(command: str) -> None:
    session = Session()
    session.run("sample hsb")
    outcome = session.run(command)
    assert outcome.ok
    words = figure_words(outcome.plots[0])
    values = session.state.dataset.frame["mathach"]
    assert "Mathematics achievement" in words
    if command == "scatter mathach ses":
        told = re.search(r"7,185 points, .*Mathematics achievement (\S+) to (\S+)\.", words)
        assert told is not None
        low, high = (float(t.replace("\u2212", "-")) for t in told.groups())
        assert low == pytest.approx(np.nanmin(values), rel=5e-3) and high == pytest.approx(np.nanmax(values), rel=5e-3)
    else:
        assert re.search(r"\d+ (bars|boxes)", words)
