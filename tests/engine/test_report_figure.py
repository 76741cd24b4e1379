"""Plots on paper: what matplotlib was asked to draw, and the files it wrote."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex

from terrace.errors import DataError, ExportError
from terrace.postestimation.diagnose import plots_arrays as arrays
from terrace.report.figure.figure import draw, render, save, svg_text
from terrace.report.figure.marks import MOST_INTERVALS, MOST_POINTS
from terrace.report.themes import THEMES
from terrace.results.plot import Axis, Marks, Plot, PlotPanel

RNG = np.random.default_rng(7)


def one(*marks: Marks, **options) -> Plot:
    return Plot("A title", (PlotPanel(Axis("x axis"), Axis("y axis"), marks),), **options)


def points(n: int = 20, **options) -> Marks:
    return Marks("points", RNG.normal(size=n), RNG.normal(size=n), **options)


def test_letters_are_where_they_belong() -> None:
    figure = draw(one(points(), note="A note."))
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x axis", "y axis")
    assert [t.get_text() for t in figure.texts] == ["A title", "A note."]
    assert [t.get_text() for t in draw(one(points()), title=False).texts] == []


def test_points_are_drawn_at_their_places_and_missing_ones_are_not() -> None:
    x, y = np.array([1.0, 2.0, np.nan, 4.0]), np.array([1.0, np.nan, 3.0, 4.0])
    (line,) = draw(one(Marks("points", x, y))).axes[0].lines
    assert line.get_xydata().tolist() == [[1.0, 1.0], [4.0, 4.0]]


def test_series_differ_by_more_than_colour() -> None:
    x = np.arange(3.0)
    lines = [Marks("line", x, x + s, series=s, role="fit") for s in range(8)]
    dots = [Marks("points", x, x + s, series=s) for s in range(8)]
    drawn = draw(one(*lines)).axes[0].lines
    assert len({str(line._dash_pattern) for line in drawn}) == 8
    assert len({line.get_color() for line in drawn}) == 8
    assert len({line.get_marker() for line in draw(one(*dots)).axes[0].lines}) == 8


def _linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ rgb / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# Machado, Oliveira and Fernandes (2009), table 1, severity 1: what the colours become
SEEN = {
    "all colours": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_the_first_five_colours_stay_apart(theme, seen) -> None:
    colours = [_lab(np.clip(SEEN[seen] @ _linear(c), 0, 1)) for c in THEMES[theme].series[:5]]
    apart = [np.linalg.norm(a - b) for i, a in enumerate(colours) for b in colours[:i]]
    assert min(apart) > 15


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_colours_stand_off_the_ground(theme) -> None:
    def lightness(colour: str) -> float:
        return float(_linear(colour) @ [0.2126, 0.7152, 0.0722]) + 0.05

    roles = THEMES[theme]
    for colour, least in [*((c, 3.0) for c in roles.series), (roles.ink, 7.0), (roles.muted, 4.5)]:
        low, high = sorted((lightness(colour), lightness(roles.ground)))
        assert high / low >= least, colour


def test_a_single_fitted_line_stands_out_from_its_data() -> None:
    x = np.arange(3.0)
    data, fit = draw(one(Marks("points", x, x), Marks("line", x, x, role="fit"))).axes[0].lines
    assert fit.get_color() == THEMES["print"].ink != data.get_color()


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_themes(theme) -> None:
    figure = draw(one(points()), theme)
    assert to_hex(figure.get_facecolor()) == THEMES[theme].ground
    assert to_hex(figure.axes[0].xaxis.label.get_color()) == THEMES[theme].ink


def test_bands_intervals_bars_boxes_and_rules() -> None:
    x = np.arange(4.0)
    five = np.sort(RNG.normal(size=(4, 5)), axis=1)
    axes = draw(
        one(
            Marks("band", x, x, x - 1, x + 1),
            Marks("interval", x, x, x - 0.5, x + 0.25),
            Marks("bars", x, x + 1, width=0.5),
            Marks("hline", np.empty(0), np.array([0.0, 2.0]), role="reference"),
            Marks("vline", np.array([1.5]), np.empty(0), dashed=True),
            Marks("box", x, five),
        )
    ).axes[0]
    assert sum(isinstance(c, PolyCollection) for c in axes.collections) == 1
    ends = [s.tolist() for c in axes.collections if hasattr(c, "get_segments") for s in c.get_segments()]
    assert [[0.0, -0.5], [0.0, 0.25]] in ends and len(ends) == 4
    bars = [p for p in axes.patches if hasattr(p, "get_height")]
    assert [b.get_height() for b in bars] == [1.0, 2.0, 3.0, 4.0]
    assert {b.get_width() for b in bars} == {0.5}
    flat = [line.get_ydata() for line in axes.lines]
    assert [0.0, 0.0] in [list(y) for y in flat] and [2.0, 2.0] in [list(y) for y in flat]
    medians = [float(line.get_ydata()[0]) for line in axes.lines if list(line.get_xdata())[:1] != []]
    assert all(any(m == pytest.approx(row[2]) for m in medians) for row in five)


def test_a_band_needs_its_bounds() -> None:
    with pytest.raises(ValueError, match="lower and upper"):
        draw(one(Marks("band", np.arange(3.0), np.arange(3.0))))


def test_too_many_points_are_counted_in_cells() -> None:
    n = MOST_POINTS + 1
    figure = draw(one(points(n), note="Own note."))
    (cells,) = [c for c in figure.axes[0].collections if isinstance(c, PolyCollection)]
    assert cells.get_array().sum() == n and not figure.axes[0].lines
    text = figure.texts[-1].get_text()
    assert "Own note." in text and f"{n:,} points, counted in cells" in text


def test_too_many_intervals_are_thinned_out_with_a_note() -> None:
    x = np.arange(MOST_INTERVALS * 3.0)
    figure = draw(one(Marks("interval", x, x, x - 1, x + 1)))
    assert f"{MOST_INTERVALS:,} of {len(x):,} intervals" in figure.texts[-1].get_text()
    assert len(figure.axes[0].collections[0].get_segments()) == MOST_INTERVALS


def test_categories_and_logarithms() -> None:
    ticks = tuple((float(i), f"level ${i}$ with a long name") for i in range(6))
    dots = Marks("points", np.arange(6.0), 10.0 ** np.arange(-1, 5))
    panel = PlotPanel(Axis("c", ticks=ticks), Axis("v", log=True, limits=(0.1, 1000)), (dots,))
    figure = draw(Plot("", (panel,)))
    (axes,) = figure.axes
    assert [t.get_text() for t in axes.get_xticklabels()] == [t[1] for t in ticks]
    assert axes.get_xticklabels()[0].get_rotation() == 45
    assert axes.get_yscale() == "log" and axes.get_ylim() == (0.1, 1000)
    assert "100" in [t.get_text() for t in axes.get_yticklabels()]


def test_many_categories_show_some() -> None:
    ticks = tuple((float(i), str(i)) for i in range(200))
    axes = draw(Plot("", (PlotPanel(Axis("c", ticks=ticks), Axis(), (points(),)),))).axes[0]
    assert 10 <= len(axes.get_xticks()) <= 30


def test_panels_fill_the_rows() -> None:
    panels = tuple(PlotPanel(Axis(), Axis(), (points(),), f"panel {i}") for i in range(5))
    figure = draw(Plot("T", panels, columns=2))
    assert [a.get_title("left") for a in figure.axes] == [f"panel {i}" for i in range(5)]
    assert {a.get_subplotspec().get_gridspec().get_geometry() for a in figure.axes} == {(3, 2)}


def test_legend_has_each_label_once_in_order() -> None:
    x = np.arange(3.0)
    marks = (Marks("bars", x, x + 1, label="B"), Marks("line", x, x, label="A", role="fit"), points(label=""))
    panels = (PlotPanel(Axis(), Axis(), marks), PlotPanel(Axis(), Axis(), marks))
    (legend,) = draw(Plot("T", panels, legend=True, columns=2)).legends
    assert [t.get_text() for t in legend.get_texts()] == ["B", "A"]
    assert not draw(Plot("T", panels)).legends


def test_nothing_overlaps_title_legend_and_note() -> None:
    x = np.arange(3.0)
    marks = tuple(Marks("line", x, x + s, label=f"Series number {s}", series=s) for s in range(8))
    figure = draw(one(*marks, legend=True, note="A note. " * 30))
    renderer = figure.canvas.get_renderer()
    title, note = (t.get_window_extent(renderer) for t in figure.texts)
    legend = figure.legends[0].get_window_extent(renderer)
    axes = figure.axes[0].get_tightbbox(renderer)
    assert title.y0 >= legend.y1 - 1 and legend.y0 >= axes.y1 - 1 and axes.y0 >= note.y1 - 1
    assert note.y0 >= 0 and title.y1 <= figure.bbox.height and note.x1 <= figure.bbox.width


# --- files --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_same_plot_gives_the_same_bytes(kind) -> None:
    plot = arrays.histogram_plot(RNG.normal(size=100))
    assert render(plot, kind) == render(plot, kind)


def test_png_is_of_the_asked_size_and_not_empty() -> None:
    from PIL import Image

    picture = Image.open(io.BytesIO(render(one(points()), "png", size=(4, 3), dpi=100)))
    assert picture.size == (400, 300)
    assert len(set(picture.convert("L").tobytes())) > 10


def test_svg_keeps_letters_as_letters() -> None:
    text = svg_text(one(points(), note="50% & <more>"))
    assert ">x axis<" in text and "50% &amp; &lt;more&gt;" in text
    assert "<dc:date>" not in text


def test_pdf_embeds_truetype() -> None:
    raw = render(one(points()), "pdf")
    assert b"/CIDFontType2" in raw and b"/Type3" not in raw


def test_dollars_are_dollars() -> None:
    plot = Plot("$a$", (PlotPanel(Axis("cost in $ and $"), Axis("$x^2"), (points(label="$b$"),)),), legend=True)
    assert "cost in $ and $" in svg_text(plot)


def test_unknown_letters_do_not_stop_a_report() -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert render(Plot("成績 \U0001f600", (PlotPanel(Axis("חינוך"), Axis(), (points(),)),)), "png")


def test_save(tmp_path) -> None:
    for kind, start in ((".png", b"\x89PNG"), (".SVG", b"<?xml")):
        assert save(one(points()), tmp_path / f"p{kind}").read_bytes().startswith(start)
    with pytest.raises(DataError) as caught:
        save(one(points()), tmp_path / "p.png")
    assert caught.value.code == "file-exists"
    with pytest.raises(ExportError) as caught:
        save(one(points()), tmp_path / "p.gif")
    assert caught.value.code == "unknown-format"


def test_settings_of_matplotlib_are_left_alone() -> None:
    before = dict(matplotlib.rcParams)
    draw(one(points()), "dark")
    assert dict(matplotlib.rcParams) == before


def test_no_pyplot_and_no_window() -> None:
    code = (
        "import sys, numpy as np\n"
        "from terrace.postestimation.diagnose.plots_arrays import histogram_plot\n"
        "import terrace.report.export, terrace.report.text.text, terrace.report.html.html\n"
        "assert not any(m.split('.')[0] in ('matplotlib', 'docx', 'openpyxl') for m in sys.modules)\n"
        "from terrace.report.figure.figure import render\n"
        "render(histogram_plot(np.arange(50.0)), 'png')\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_empty_plot() -> None:
    assert re.match(rb"\x89PNG", render(Plot("Nothing", ()), "png"))
