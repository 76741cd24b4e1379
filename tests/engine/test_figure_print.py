"""Looks of figures on paper, read from the files that are written and from what was drawn."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from test_figure_looks import session, two_lines
from test_graphs_figure import outside_the_view
from test_session_running import ok

from terrace.graphs.dressed import dressed
from terrace.report.figure.figure import draw, render, usual_size
from terrace.report.figure.legend import place_of, spread
from terrace.report.figure.letters import families
from terrace.results.figure_look import LEGENDS, FigureLook
from terrace.results.figure_presets import PRESETS, effective
from terrace.results.plot import Axis, Marks, Plot, PlotPanel

X = np.linspace(0, 4, 41)
CM = 2.54


def look(plot: Plot, **members) -> Plot:
    return dressed(plot, effective(FigureLook(**members)))


def words(figure: Figure) -> list[Text]:
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]


def boxes(figure: Figure, texts: list[Text]) -> list[np.ndarray]:
    figure.draw_without_rendering()  # a legend gives its letters their places then
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    return [t.get_window_extent(renderer).extents for t in texts]


def apart(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1])


def labels_of(figure: Figure, names: tuple[str, ...] = ("Private", "Public")) -> list[Text]:
    return [t for t in words(figure) if t.get_text() in names]


# --- files --------------------------------------------------------------------------------------------------
def test_files_are_exactly_as_large_as_asked() -> None:
    plot = look(two_lines(), width=8.5, height=6.4, dpi=600)
    svg = render(plot, "svg").decode()
    width, height = (float(v) for v in re.findall(r'(?:width|height)="([\d.]+)pt"', svg)[:2])
    assert (width * CM / 72, height * CM / 72) == (pytest.approx(8.5, abs=1e-3), pytest.approx(6.4, abs=1e-3))
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", render(plot, "pdf"))
    assert box is not None and float(box[1]) * CM / 72 == pytest.approx(8.5, abs=1e-3)
    with Image.open(io.BytesIO(render(plot, "png"))) as png:
        assert png.size == (2008, 1512)
        assert png.info["dpi"][0] == pytest.approx(600, abs=0.1)


@pytest.mark.parametrize("asked", [{"width": 1.0, "height": 1.0}, {"width": 1.0, "height": 100.0, "points": 96.0}])
def test_a_figure_that_is_too_small_for_its_letters_is_drawn_without_a_word(
    asked: dict[str, float], recwarn: pytest.WarningsRecorder
) -> None:
    """A report with such a figure has to come about."""
    with Image.open(io.BytesIO(render(look(two_lines(), **asked), "png", dpi=100))) as picture:
        assert picture.size == tuple(round(asked[k] * 100 / CM) for k in ("width", "height"))
    assert not recwarn.list


def test_a_tiff_has_its_dots_its_compression_and_no_transparency() -> None:
    with Image.open(io.BytesIO(render(look(two_lines(), width=8.5, height=6.4, dpi=600), "tiff"))) as picture:
        assert (picture.format, picture.mode, picture.info["compression"]) == ("TIFF", "RGB", "tiff_lzw")
        assert picture.info["dpi"] == (600, 600) and abs(picture.size[0] - 8.5 / CM * 600) <= 1
        assert picture.getpixel((0, 0)) == (255, 255, 255)
    with Image.open(io.BytesIO(render(look(two_lines(), grey=True, dpi=100), "tiff"))) as picture:
        assert picture.mode == "L"


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_have_their_width_letters_and_dots(preset: str) -> None:
    known = PRESETS[preset]
    for columns in (1, 2):
        plot = look(two_lines(), preset=preset, columns=columns)
        assert usual_size(plot)[0] * CM == pytest.approx(known.widths[columns - 1])
    figure = draw(look(two_lines(), preset=preset))
    sizes = {t.get_fontsize() for t in words(figure)}
    assert sizes == {known.look.points}
    least, most = known.text
    assert (least or 0) <= min(sizes) and max(sizes) <= (most or 99)
    for box in boxes(figure, [t for t in words(figure) if t not in outside_the_view(figure)]):
        assert box[0] >= -0.5 and box[1] >= -0.5 and box[2] <= figure.bbox.width + 0.5
        assert box[3] <= figure.bbox.height + 0.5


def test_a_figure_without_a_height_grows_for_what_is_around_it_and_one_with_a_height_does_not() -> None:
    long = "A note of many words that goes on and on, and then some more of it. " * 4
    assert draw(look(two_lines(), width=8.5, note=long)).get_size_inches()[1] > 0.76 * 8.5 / CM
    assert draw(look(two_lines(), width=8.5, height=6.4, note=long)).get_size_inches()[1] == pytest.approx(6.4 / CM)


def test_the_letters_are_of_the_family_that_was_asked_for() -> None:
    svg = render(look(two_lines(), font="Times New Roman"), "svg").decode()
    assert svg.count("font-family: 'Times New Roman', 'Liberation Serif'") == svg.count("font-family:") > 5
    serif = families("DejaVu Serif")[0]
    drawn = draw(look(two_lines(), font=serif))
    assert {t.get_fontname() for t in words(drawn)} == {serif}
    assert families("No such family") == families()


def test_grey_uses_no_colour_and_lines_still_differ() -> None:
    svg = render(look(two_lines(), grey=True), "svg").decode()
    colours = set(re.findall(r"#[0-9a-f]{6}", svg))
    assert colours and all(len({c[1:3], c[3:5], c[5:7]}) == 1 for c in colours)
    lines = [x for x in draw(look(two_lines(), grey=True)).axes[0].lines if len(x.get_xdata()) == 5]
    assert len({str(x._dash_pattern) for x in lines}) == 2


def test_widths_and_markers_are_in_points() -> None:
    x = np.arange(3.0)
    plot = Plot("", (PlotPanel(Axis("x"), Axis("y"), (Marks("points", x, x), Marks("line", x, x, role="fit"))),))
    dots, line = draw(look(plot, line_width=1.25, marker_size=3.5)).axes[0].lines
    assert (dots.get_markersize(), line.get_linewidth()) == (3.5, 1.25)


def test_faint_lines_at_ticks_are_drawn_or_not() -> None:
    for grid in (True, False):
        axes = draw(look(two_lines(), grid=grid)).axes[0]
        assert any(line.get_visible() for line in axes.yaxis.get_gridlines()) is grid


def test_ticks_by_steps_are_the_labels_in_the_file() -> None:
    svg = render(look(two_lines(), x_from=0.0, x_to=4.0, x_step=0.8, y_step=2.5), "svg").decode()
    found = re.findall(r">([−\d.]+)</text>", svg)
    assert [t for t in found if t in ("0.8", "1.6", "2.4", "3.2")] == ["0.8", "1.6", "2.4", "3.2"]
    assert "2.5" in found and "7.5" in found


# --- the legend ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", [p for p in LEGENDS if p != "none"])
def test_a_legend_stands_where_it_was_asked_for(place: str) -> None:
    figure = draw(look(two_lines(), width=10.0, legend=place))
    frame = figure.axes[0].get_window_extent().extents
    found = boxes(figure, labels_of(figure))
    assert len(found) == 2
    for box in found:
        assert box[0] >= 0 and box[1] >= 0 and box[2] <= figure.bbox.width and box[3] <= figure.bbox.height
        inside = box[0] > frame[0] and box[2] < frame[2] and box[1] > frame[1] and box[3] < frame[3]
        where = {"inside": inside, "above": box[1] >= frame[3], "below": box[3] <= frame[1],
                 "right": box[0] >= frame[2], "lines": box[0] >= frame[2]}  # fmt: skip
        assert where[place] and sum(map(bool, where.values())) == (2 if where["right"] else 1)
    others = boxes(figure, [t for t in words(figure) if t not in labels_of(figure)])
    assert all(apart(a, b) for a in found for b in others)


def test_no_legend_is_none() -> None:
    assert labels_of(draw(look(two_lines(), legend="none"))) == []


@pytest.mark.parametrize(("slope", "corner"), [(1.0, "upper left"), (-1.0, "upper right")])
def test_inside_is_where_the_least_lies(slope: float, corner: str) -> None:
    marks = tuple(Marks("line", X, slope * X + k, label=n, series=k, role="fit") for k, n in enumerate(("one", "two")))
    figure = draw(look(Plot("", (PlotPanel(Axis("x"), Axis("y"), marks),), legend=True), legend="inside"))
    frame = figure.axes[0].get_window_extent()
    for box in boxes(figure, labels_of(figure, ("one", "two"))):
        right, up = (box[0] + box[2]) / 2 > (frame.x0 + frame.x1) / 2, box[1] > (frame.y0 + frame.y1) / 2
        assert f"{'upper' if up else 'lower'} {'right' if right else 'left'}" == corner
    assert not figure.legends[0].get_frame_on()


def test_where_nothing_is_free_what_lies_beneath_pales() -> None:
    rng = np.random.default_rng(3)
    marks = tuple(Marks("points", *rng.uniform(size=(2, 900)), label=n, series=k) for k, n in enumerate("ab"))
    figure = draw(look(Plot("", (PlotPanel(Axis("x"), Axis("y"), marks),), legend=True), legend="inside"))
    assert figure.legends[0].get_frame_on()


def test_labels_at_lines_do_not_overlap_and_keep_the_order_of_the_lines() -> None:
    names = tuple(f"Group {k}" for k in range(7))
    marks = tuple(Marks("line", X, np.sin(X) + 0.02 * k, label=n, series=k, role="fit") for k, n in enumerate(names))
    plot = Plot("", (PlotPanel(Axis("x"), Axis("y"), marks),), legend=True)
    figure = draw(look(plot, preset="apa", legend="lines"))
    found = sorted(labels_of(figure, names), key=lambda t: t.get_text())
    places = boxes(figure, found)
    assert len(found) == 7 and all(apart(a, b) for k, a in enumerate(places) for b in places[:k])
    assert [p[1] for p in places] == sorted(p[1] for p in places)


def test_a_line_that_leaves_the_axes_is_labelled_where_it_leaves() -> None:
    names = ((1, "Private"), (2, "Public"))
    marks = tuple(Marks("line", X, k * X, label=n, series=k - 1, role="fit") for k, n in names)
    plot = Plot("", (PlotPanel(Axis("x"), Axis("y"), marks),), legend=True)
    figure = draw(look(plot, legend="lines", x_from=0.0, x_to=2.0, y_from=0.0, y_to=8.0, width=10.0, height=10.0))
    frame = figure.axes[0].get_window_extent()
    low, high = (((b[1] + b[3]) / 2 - frame.y0) / frame.height * 8 for b in boxes(figure, labels_of(figure)))
    assert (low, high) == (pytest.approx(2.0, abs=0.1), pytest.approx(4.0, abs=0.1))


def test_labels_cannot_stand_at_the_lines_of_panels_or_bars() -> None:
    bars = tuple(Marks("bars", X + 5 * k, X, label=n, series=k) for k, n in enumerate(("Private", "Public")))
    plot = Plot("", (PlotPanel(Axis("x"), Axis("y"), bars),), legend=True)
    figure = draw(look(plot, legend="lines"))
    assert len(figure.legends) == 1  # beside the panel


def lines_to(*ends: float, to: float = 4.0) -> Plot:
    names = ("Private", "Public", "Church")
    marks = tuple(Marks("line", np.array([0.0, to]), np.array([0.0, y]), label=n, series=k, role="fit")
                  for k, (n, y) in enumerate(zip(names, ends)))  # fmt: skip
    return Plot("", (PlotPanel(Axis("x", limits=(0, 4.05)), Axis("y"), marks),), legend=True)


def test_a_few_lines_have_their_names_at_their_ends_and_a_layer_of_many_lines_has_a_legend() -> None:
    plot = lines_to(1.0, 5.0)
    assert place_of(plot) == "lines"
    back = replace(plot.panels[0].marks[0], x=np.array([4.0, 2.0, 1.0]), y=np.arange(3.0))
    gap = replace(back, x=np.array([1.0, 2.0, np.nan, 4.0]), y=np.arange(4.0))
    many = replace(back, x=np.array([0.0, 2.0, np.nan, 1.0, 4.0]), y=np.arange(5.0))
    for first, place in ((back, "lines"), (gap, "lines"), (many, "above")):
        panel = replace(plot.panels[0], marks=(first, *plot.panels[0].marks[1:]))
        assert place_of(replace(plot, panels=(panel,))) == place
    short = replace(back, x=np.array([0.0, 3.0]), y=np.array([0.0, 1.0]))
    beyond = Marks("points", np.array([4.0, 5.5]), np.array([1.0, 2.0]))
    for marks in ((short, plot.panels[0].marks[1]), (*plot.panels[0].marks, beyond)):
        panel = PlotPanel(Axis("x"), Axis("y"), marks)
        assert place_of(replace(plot, panels=(panel,))) == "above", "leaders would run over the data"
    assert place_of(lines_to(1.0)) == "above", "one line is told apart from nothing"


@pytest.mark.parametrize("ends", [(0.4, 20.6), (-0.3, 0.24), (95.0, 205.0), (0.0, 1.0), (4.8, 5.31)])
@pytest.mark.parametrize("height", [4.5, 6.7, 12.0])
def test_an_axis_has_at_least_three_ticks(ends: tuple[float, float], height: float) -> None:
    line = Marks("line", np.array([0.0, 1.0]), np.array(ends))
    plot = Plot("", (PlotPanel(Axis("x"), Axis("y", limits=ends), (line,)),))
    axes = draw(look(plot, width=8.9, height=height)).axes[0]
    low, high = axes.get_ylim()
    assert 3 <= sum(low <= at <= high for at in axes.get_yticks()) <= 9


def test_an_interval_is_seen_on_its_bar() -> None:
    x, y = np.array([1.0, 2.0]), np.array([5.0, 4.0])
    marks = (Marks("bars", x, y, role="fit"), Marks("interval", x, y, y - 1, y + 1, role="fit"))
    axes = draw(look(Plot("", (PlotPanel(Axis("x"), Axis("y"), marks),)))).axes[0]
    bar = np.array(axes.patches[0].get_facecolor()[:3])
    (line,) = {tuple(c[:3]) for c in axes.collections[0].get_colors()}
    assert np.abs(bar - line).max() > 0.3


@pytest.mark.parametrize("close", [False, True])
def test_labels_that_move_from_their_lines_have_leaders_to_their_ends(close: bool) -> None:
    figure = draw(look(lines_to(4.9 if close else 1.0, 5.0, 5.1 if close else 9.0)))
    axes = figure.axes[0]
    leaders = [line for line in axes.lines if not line.get_clip_on()]
    assert len(leaders) == (3 if close else 0)
    ends = sorted(axes.transData.inverted().transform(line.get_transform().transform(line.get_xydata()))[0].tolist()
                  for line in leaders)  # fmt: skip
    assert np.allclose(ends, [[4, 4.9], [4, 5.0], [4, 5.1]] if close else np.empty((0, 2)).tolist(), atol=0.01)
    places = boxes(figure, labels_of(figure, ("Private", "Public", "Church")))
    for line, box in zip(leaders, places):
        assert line.get_window_extent().x1 < box[0], "it ends before the first letter"


@pytest.mark.parametrize("places", [[1.0, 1.1, 1.2], [5.0, 0.0, 4.9, 5.1], [0.0, 10.0], [9.9, 9.8, 9.9, 9.7]])
def test_places_are_spread_by_least_squares(places: list[float]) -> None:
    from scipy.optimize import minimize

    step, low, high = 1.0, 0.0, 10.0
    found = np.array(spread(places, step, low, high))
    order = np.argsort(places, kind="stable")
    assert np.all(np.diff(found[order]) >= step - 1e-9) and found.min() >= low - 1e-9 and found.max() <= high + 1e-9
    limits = [{"type": "ineq", "fun": lambda z, a=a, b=b: z[b] - z[a] - step} for a, b in pairwise(order)]
    best = minimize(lambda z: ((z - places) ** 2).sum(), found, bounds=[(low, high)] * len(places), constraints=limits)
    assert ((found - places) ** 2).sum() <= best.fun + 1e-6


# --- one figure everywhere ----------------------------------------------------------------------------------
def test_the_same_figure_in_a_file_a_report_and_a_notebook(tmp_path: Path) -> None:
    found = session()
    ok(found, "figure style apa, legend(inside)")
    ok(found, 'figure 1, xtitle("The x") title("")')
    ok(found, f'figure save 1 "{tmp_path / "a.svg"}"')
    saved = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "The x" in saved
    ok(found, f'report "{tmp_path / "r.html"}"')
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    pictures = [base64.b64decode(p).decode() for p in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", page)]
    plain = render(found.figures[0].dressed, "svg").decode()
    assert saved == plain == found.figures[0]._repr_svg_()
    assert re.findall(r'<path d="[^"]*"', pictures[0]) == re.findall(r'<path d="[^"]*"', saved)
    ok(found, "graph dir")
    ok(found, f'graph export "{tmp_path / "b.svg"}"')  # the last graph is the second figure
    assert (tmp_path / "b.svg").read_text(encoding="utf-8") == render(found.figures[1].dressed, "svg").decode()


def test_a_notebook_has_a_picture_of_many_marks() -> None:
    x = np.random.default_rng(1).normal(size=(2, 6000))
    plot = Plot("", (PlotPanel(Axis("x"), Axis("y"), (Marks("points", *x),)),))
    picture = plot._repr_png_()
    assert plot._repr_svg_() is None and picture is not None and picture.startswith(b"\x89PNG")
    few = two_lines()
    assert few._repr_png_() is None and "<svg" in (few._repr_svg_() or "")


def test_options_of_one_file_stay_with_that_file(tmp_path: Path) -> None:
    found = session()
    ok(found, f'figure save 2 "{tmp_path / "a.tif"}", dpi(150) grey size(8 6)')
    with Image.open(tmp_path / "a.tif") as picture:
        assert (picture.mode, picture.info["dpi"]) == ("L", (150, 150)) and picture.size == (472, 354)
    assert found.figures[1].own == FigureLook() and not found.run(f'figure save 2 "{tmp_path / "a.tif"}"').ok
    ok(found, f'figure save 2 "{tmp_path / "a.tif"}", replace')


def test_numbers_that_do_not_fit_are_left_out_between_others() -> None:
    marks = (Marks("line", X, X, role="fit"),)
    ticks = tuple((float(v), f"{v:g}") for v in np.arange(0, 4.1, 0.1).round(1))
    plot = Plot("", (PlotPanel(Axis("x", ticks=ticks), Axis("y"), marks),))
    figure = draw(look(plot, preset="apa"))
    shown = [t for t in figure.axes[0].get_xticklabels() if t.get_text()]
    assert 3 <= len(shown) < 20 and all(t.get_rotation() == 0 for t in shown)
    kept = [float(t.get_text()) for t in shown]
    assert len(set(np.diff(kept).round(9))) == 1


def test_what_was_asked_for_in_a_command_gives_way_to_a_look() -> None:
    plot = replace(two_lines(), options={"size": "6x4"})
    assert usual_size(look(plot, width=8.5))[0] * CM == pytest.approx(8.5)
