"""A proof of a figure: the dots that its file has, and where on them its parts are."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from terrace.graphs.dressed import dressed
from terrace.report.figure.figure import render
from terrace.report.figure.proof import PARTS, Part, Proof, proof
from terrace.results.figure_look import FigureLook, LayerLook
from terrace.results.figure_presets import effective
from terrace.results.plot import Axis, Marks, Plot, PlotPanel, Style

X = np.linspace(0, 4, 30)
APA = effective(FigureLook(preset="apa", title="Learning"))


def plot(**members: object) -> Plot:
    """Points, a red and a blue line, all titles."""
    rng = np.random.default_rng(8)
    marks = (
        Marks("points", X, X + rng.normal(size=30), label="Seen"),
        Marks("line", X, 1 + X, label="Rising", series=1, style=Style(color="#ff0000")),
        Marks("line", X, 5 - X, label="Falling", series=2, style=Style(color="#0000ff")),
    )
    panel = PlotPanel(Axis("Hours", limits=(0.0, 4.0)), Axis("Score", limits=(-1.0, 6.0)), marks)
    return replace(Plot("Learning", (panel,), note="Made up.", legend=True), **members)


def pixels(made: Proof) -> np.ndarray:
    return np.frombuffer(made.pixels, dtype=np.uint8).reshape(made.height, made.width, 4)


def part(made: Proof, name: str, series: int | None = None) -> Part:
    return next(p for p in made.parts if p.name == name and p.series == series)


def inside(made: Proof, found: Part) -> np.ndarray:
    """The dots within the box of a part, as red, green and blue."""
    left, top, right, bottom = found.box
    rows = slice(int(top * made.height), int(np.ceil(bottom * made.height)))
    return pixels(made)[rows, int(left * made.width) : int(np.ceil(right * made.width)), :3].astype(int)


def test_it_has_the_dots_of_the_file() -> None:
    from PIL import Image

    shown = dressed(plot(), APA)
    made = proof(shown, 300)
    with Image.open(io.BytesIO(render(shown, "png", dpi=300))) as file:
        other = np.asarray(file.convert("RGB")).astype(int)
    own = pixels(made)[..., :3].astype(int)
    rows, columns = min(own.shape[0], other.shape[0]), min(own.shape[1], other.shape[1])
    assert abs(own.shape[0] - other.shape[0]) <= 1 and abs(own.shape[1] - other.shape[1]) <= 1
    assert np.abs(own[:rows, :columns] - other[:rows, :columns]).mean() < 2
    assert made.inches[0] == pytest.approx(8.5 / 2.54)


def test_every_text_is_where_its_box_says_and_nothing_else_is_dark_there() -> None:
    made = proof(dressed(plot(), APA), 200)
    assert {p.name for p in made.parts} == {"title", "note", "xtitle", "ytitle", "xaxis", "yaxis", "legend", "series"}
    assert {p.name for p in made.parts} <= set(PARTS)
    for name in ("title", "note", "xtitle", "ytitle", "xaxis", "yaxis"):
        dark = (inside(made, part(made, name)).sum(axis=2) < 400).mean()
        assert 0.01 < dark < 0.6, name
    without = proof(dressed(plot(), replace(APA, x_title="")), 200)
    assert "xtitle" not in {p.name for p in without.parts}


def test_a_line_is_found_along_its_own_colour() -> None:
    made = proof(dressed(plot(legend=False), APA), 200)
    for place, color in ((1, (255, 0, 0)), (2, (0, 0, 255))):
        found = part(made, "series", place)
        assert found.layer == "lines"
        at = (found.path * (made.width, made.height)).astype(int)
        seen = np.array([pixels(made)[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4, :3].reshape(-1, 3).astype(int)
                         for x, y in at[1:-1]])  # fmt: skip
        near = np.abs(seen - color).sum(axis=2).min(axis=1)
        assert (near < 90).mean() > 0.5  # a dashed line has gaps
    assert made.colors == {0: made.colors[0], 1: "#ff0000", 2: "#0000ff"}


def test_axes_say_where_they_begin_and_end() -> None:
    made = proof(dressed(plot(), replace(APA, y_from=0.0, y_to=8.0, y_step=2.0)), 100)
    assert (made.x.low, made.x.high) == (0, 4)
    assert (made.y.low, made.y.high, made.y.step) == (0, 8, 2)
    log = plot(panels=(PlotPanel(Axis("A", log=True), Axis("B"), (Marks("line", X + 1, X),)),))
    assert proof(log, 100).x.step is None


def test_a_large_figure_is_coarser_and_as_large() -> None:
    made = proof(dressed(plot(), FigureLook(width=90.0, height=60.0)), 300, most=200_000)
    assert made.width * made.height <= 201_000
    assert made.inches == pytest.approx((90 / 2.54, 60 / 2.54))


def test_labels_at_lines_belong_to_their_series() -> None:
    two = plot(panels=(replace(plot().panels[0], marks=plot().panels[0].marks[1:]),))
    made = proof(dressed(two, replace(APA, legend="lines")), 200)
    labels = {p.series: p.box for p in made.parts if p.name == "series" and p.path is None}
    assert set(labels) == {0, 1} and labels[0][1] < labels[1][1]  # the rising line ends above
    assert "legend" not in {p.name for p in made.parts}


def test_what_it_says_of_layers_drawn_without_being_asked_is_what_asking_for_it_draws() -> None:
    k = np.arange(4.0)
    marks = (
        *plot().panels[0].marks, Marks("band", X, X, X - 1, X + 1, layer="bands"),
        Marks("interval", k, k, k - 1, k + 1), Marks("bars", k, k),
        Marks("box", k, np.sort(np.random.default_rng(1).normal(size=(4, 5)))),
        Marks("hline", np.empty(0), np.array([2.0]), role="reference"),
    )  # fmt: skip
    bare = plot(panels=(replace(plot().panels[0], marks=marks),))
    made = proof(dressed(bare, APA), 120)
    drawn = made.layers
    assert drawn is not None and {"points", "lines", "bands", "intervals", "boxes", "bars", "reference"} <= set(drawn)
    assert drawn["points"].size and drawn["lines"].width and drawn["intervals"].size and drawn["bars"].width is None
    for key, said in drawn.items():
        for member in ("size", "width", "opacity"):
            value = getattr(said, member)
            if value is None:
                continue
            same = proof(dressed(bare, replace(APA, layers=(LayerLook(key, **{member: value}),))), 120)
            far = np.abs(pixels(same).astype(int) - pixels(made).astype(int)).max()
            assert far <= 3, (key, member, value)
            assert getattr((same.layers or {})[key], member) == pytest.approx(value)
            other = replace(APA, layers=(LayerLook(key, **{member: value / 2}),))
            assert not np.array_equal(pixels(proof(dressed(bare, other), 120)), pixels(made)), (key, member)
