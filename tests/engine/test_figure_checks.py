"""What is said of a figure before it is printed, and that each of it can be mended by the option that it names."""

from __future__ import annotations

import numpy as np
import pytest
from test_figure_looks import session, two_lines
from test_session_running import ok

from terrace.graphs.colors import linear
from terrace.graphs.dressed import dressed
from terrace.graphs.layers import SAFE
from terrace.report.figure import vision
from terrace.report.figure.checks import APART, Check, checks
from terrace.results.figure_look import FigureLook
from terrace.results.figure_presets import PRESETS, effective
from terrace.results.plot import Axis, Marks, Plot, PlotPanel, Style

X = np.arange(4.0)


def found(plot: Plot, **members) -> dict[str, Check]:
    return {c.key: c for c in checks(dressed(plot, effective(FigureLook(**members))))}


def bars(*colours: str) -> Plot:
    marks = tuple(Marks("bars", X + 0.2 * k, X + 1, width=0.2, label=f"Group {k + 1}", series=k, style=Style(color=c))
                  for k, c in enumerate(colours))  # fmt: skip
    return Plot("", (PlotPanel(Axis("x"), Axis("y"), marks),), legend=True)


@pytest.mark.parametrize("preset", [p for p in PRESETS if p != "slide"])
def test_a_figure_by_the_guide_is_ready(preset: str) -> None:
    assert [c for c in found(two_lines(), preset=preset, legend="inside").values() if not c.ok] == []


def test_the_words_are_those_of_the_figure() -> None:
    said = found(two_lines(), preset="apa", height=6.4)
    assert said["text"].text == "Text is 9 pt; APA 7 asks for 8 to 14"
    assert said["grey"].text == "Lines differ in grey: solid and dashed"
    assert said["dpi"].text == "600 dpi at 8.5 cm: 2,008 × 1,512 pixels"
    assert said["titles"].text == "Both axes have a title"
    assert said["size"].text == "8.5 × 6.4 cm fits one column"


@pytest.mark.parametrize(
    ("members", "key", "option", "mended"),
    [
        ({"preset": "apa", "points": 7.0}, "text", "points", {"points": 8.0}),
        ({"preset": "nature", "points": 8.0}, "text", "points", {"points": 7.0}),
        ({"points": 5.0}, "text", "points", {"points": 6.0}),
        ({"preset": "ama", "dpi": 300}, "dpi", "dpi", {"dpi": 350}),
        ({"preset": "nature", "width": 9.5}, "size", "size", {"width": 8.9}),
        ({"preset": "nature", "width": 8.9, "height": 20.0}, "size", "size", {"height": 16.0}),
        ({"x_title": ""}, "titles", "xtitle", {"x_title": "x"}),
        ({"y_title": " "}, "titles", "ytitle", {"y_title": "y"}),
        ({"line_width": 0.2}, "lines", "lwidth", {"line_width": 0.3}),
        ({"font": "No such family"}, "font", "font", {"font": ""}),
    ],
)
def test_what_is_not_ready_names_the_option_that_mends_it(
    members: dict[str, object], key: str, option: str, mended: dict[str, object]
) -> None:
    before = found(two_lines(), **members)[key]
    assert not before.ok and before.option == option and before.advice.endswith(".")
    after = found(two_lines(), **{**members, **mended})
    assert key not in after or after[key].ok


def test_bars_that_differ_by_colour_alone() -> None:
    alike = found(bars("#d62728", "#2ca02c"))  # red and green of one lightness
    assert not alike["grey"].ok and not alike["colours"].ok
    assert "Group 1 and Group 2" in alike["colours"].text
    safe = found(bars("", ""), palette="safe")
    assert safe["colours"].ok
    grey = found(bars("#d62728", ""), grey=True)
    assert grey["colours"].ok and grey["grey"].ok


def test_one_series_needs_no_colour() -> None:
    said = found(Plot("", (PlotPanel(Axis("x"), Axis("y"), (Marks("points", X, X),)),)))
    assert said["grey"].ok and said["colours"].text == "Colours carry no meaning"


def test_many_points_are_a_picture_inside_vector_files() -> None:
    x = np.random.default_rng(5).normal(size=(2, 6000))
    plot = Plot("", (PlotPanel(Axis("x"), Axis("y"), (Marks("points", *x),)),))
    assert found(plot)["vector"].ok and not found(plot, dpi=100)["vector"].ok
    assert "dpi inside SVG and PDF" in found(plot)["vector"].text
    assert found(two_lines())["vector"].text == "SVG and PDF are sharp at any size"


def test_a_legend_that_covers_the_figure_is_told() -> None:
    x = np.random.default_rng(5).uniform(size=(2, 900))
    marks = (Marks("points", *x, label="a"), Marks("points", *x[::-1], label="b", series=1))
    plot = Plot("", (PlotPanel(Axis("x"), Axis("y"), marks),), legend=True)
    assert not found(plot, legend="inside")["legend"].ok and "legend" not in found(plot, legend="right")


def test_the_command_gives_the_list_and_leaves_nothing_on_the_page() -> None:
    work = session()
    ok(work, "figure style apa")
    before = work.state.document
    table = ok(work, "figure check 1").tables[0]
    assert {"text", "grey", "colours", "dpi", "titles"} <= {r.label for r in table.rows}
    assert work.state.document is before
    assert table.rows[0].values[0] == "yes"


# --- colours ------------------------------------------------------------------------------------------------
def test_greys_look_the_same_to_every_reader() -> None:
    for m in vision.DEFICIENCIES.values():
        assert np.allclose(m.sum(axis=1), 1.0, atol=1e-4)


def test_lightness_is_that_of_the_norm() -> None:
    # white and black by definition; mid grey: L* = 116 (0.2159)^(1/3) - 16 with Y = 0.2159 for sRGB 128
    assert vision.lightness("#ffffff") == pytest.approx(100.0, abs=0.01)
    assert vision.lightness("#000000") == pytest.approx(0.0, abs=1e-9)
    assert vision.lightness("#808080") == pytest.approx(53.59, abs=0.02)


def test_the_safe_colours_are_apart_for_all_and_red_and_green_are_not() -> None:
    assert min(vision.apart(a, b) for k, a in enumerate(SAFE) for b in SAFE[:k]) > APART
    red, green = (vision.lab(np.array(linear(c))) for c in ("#d62728", "#2ca02c"))
    assert vision.apart("#d62728", "#2ca02c") < np.linalg.norm(red - green) / 3
    assert vision.apart("#123456", "#123456") == 0.0
