"""Graphs on paper: everything inside the page and legible, in small panels and with long labels."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from test_graphs_twoway import frame, session_on
from test_session_running import ok

from terrace.report.figure.figure import draw
from terrace.results.plot import Axis, Marks, Plot, PlotPanel, Style
from terrace.session.session import Session

LONG = "Score in the mathematics test of the second wave of the national longitudinal study of education (raw points)"


@cache
def long_session() -> Session:
    session = session_on(frame(160, 4))
    ok(session, f'label variable y "{LONG}"')
    ok(session, f'label variable x "{LONG} of {LONG}"')
    ok(session, f'label values sex 0 "{LONG}" 1 "Another long text for the other value of this variable"')
    ok(session, "generate few = floor(id / 33)")
    return session


@cache
def figure_of(command: str, theme: str = "print") -> Figure:
    return draw(ok(long_session(), command).plots[0], theme)


def words(figure: Figure) -> list[Text]:
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]


def names(texts: list[Text]) -> list[str]:
    return [t.get_text() for t in texts]


def boxes(figure: Figure, texts: list[Text]) -> list[np.ndarray]:
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    return [t.get_window_extent(renderer).extents for t in texts]


def outside_the_view(figure: Figure) -> set[Text]:
    """Labels of ticks beyond the ends of their axis, which matplotlib keeps and does not draw."""
    out = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * (high - low)
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            out |= {t.label1 for t in ticks if not low - slack <= t.get_loc() <= high + slack}
            out |= {t.label2 for t in ticks}
    return out


COMMANDS = [
    "twoway (lfitci y x) (scatter y x)",
    "twoway (lfitci y x) (scatter y x), by(id)",
    "twoway (lfitci y x) (scatter y x), by(few)",
    "twoway (lfitci y x) (scatter y x), by(sex)",
    f"twoway (lfitci y x) (scatter y x) if id==3, by(id) title({LONG}) subtitle({LONG}) note({LONG})",
    "scatter y sex",
    "scatter y x, by(id, rescale)",
    "graph box y, over(sex)",
    "graph box y, over(id)",
    "graph box y, over(sex) over(few)",
    "histogram y, by(few sex) normal",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_word_is_on_the_page(command: str) -> None:
    figure = figure_of(command)
    width, height = figure.bbox.size
    unseen = outside_the_view(figure)
    found = [t for t in words(figure) if t not in unseen]
    assert len(found) > 5
    for text, (x0, y0, x1, y1) in zip(found, boxes(figure, found)):
        assert x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height, text.get_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_title_lies_over_another(command: str) -> None:
    figure = figure_of(command)
    titles = [*figure.texts, *(t for legend in figure.legends for t in legend.get_texts())]
    titles += [a.title for a in figure.axes] + [a._left_title for a in figure.axes]  # type: ignore[attr-defined]
    titles += [a.xaxis.label for a in figure.axes] + [a.yaxis.label for a in figure.axes]
    found = [t for t in titles if t.get_text().strip()]
    places = boxes(figure, found)
    for i, a in enumerate(places):
        for j, b in enumerate(places[:i]):
            apart = a[0] >= b[2] - 1 or b[0] >= a[2] - 1 or a[1] >= b[3] - 1 or b[1] >= a[3] - 1
            assert apart, (found[i].get_text(), found[j].get_text())


def test_outer_panels_speak_for_the_inner_ones() -> None:
    figure = figure_of("scatter y x, by(id)")
    assert len(figure.axes) == 30
    with_x = [i for i, a in enumerate(figure.axes) if a.xaxis.get_tick_params()["labelbottom"]]
    with_y = [i for i, a in enumerate(figure.axes) if a.yaxis.get_tick_params()["labelleft"]]
    assert with_x == list(range(25, 30)) and with_y == list(range(0, 30, 5))
    assert not any(a.get_xlabel() or a.get_ylabel() for a in figure.axes)
    assert sum(t.startswith("Score in the math") for t in names(figure.texts)) == 2
    free = figure_of("scatter y x, by(id, rescale)")
    assert all(a.xaxis.get_tick_params()["labelbottom"] for a in free.axes)
    assert len({a.get_ylim() for a in figure.axes}) == 1 < len({a.get_ylim() for a in free.axes})


def test_the_last_row_may_be_short() -> None:
    figure = draw(ok(session_on(frame(7, 4)), "scatter y x, by(id)").plots[0])
    with_x = [i for i, a in enumerate(figure.axes) if a.xaxis.get_tick_params()["labelbottom"]]
    assert with_x == [4, 5, 6]  # three columns: those below which nothing stands


def test_panel_titles_fit_their_panels() -> None:
    figure = figure_of("histogram y, by(few sex)")
    headings = [a._left_title for a in figure.axes]  # type: ignore[attr-defined]
    wide = [a.get_window_extent().width for a in figure.axes]
    for heading, box, width in zip(headings, boxes(figure, headings), wide):
        assert box[2] - box[0] <= width * 1.12, heading.get_text()
    assert any(h.get_text().endswith("…") for h in headings)


# --- looks ------------------------------------------------------------------------------------------------
def one(*marks: Marks, **options) -> Figure:
    theme = options.pop("theme", "print")
    return draw(Plot("", (PlotPanel(Axis(), Axis(), marks),), **options), theme)


def test_styles_reach_the_artists() -> None:
    x = np.arange(5.0)
    figure = one(
        Marks("line", x, x, style=Style(color="#d62728", thickness=2, pattern="dot")),
        Marks("points", x, x, style=Style(marker="square_hollow", size=2, color="#1a2f5a")),
        Marks("line", x, x),
        Marks("points", x, x),
    )
    line, points, plain, dots = figure.axes[0].lines
    assert line.get_color() == "#d62728" and line.get_linewidth() == pytest.approx(2 * plain.get_linewidth())
    assert line.get_linestyle() != plain.get_linestyle()
    assert points.get_marker() == "s" and points.get_markerfacecolor() == "none"
    assert points.get_markeredgecolor() == "#1a2f5a" and points.get_markersize() == 2 * dots.get_markersize()


def test_a_bundle_that_was_asked_to_be_thick_is() -> None:
    x = np.where(np.arange(60) % 3 == 2, np.nan, np.arange(60.0))
    thin, thick = one(Marks("line", x, x), Marks("line", x, x, style=Style(thickness=2))).axes[0].lines
    assert thick.get_linewidth() == pytest.approx(3.2) and thin.get_linewidth() < 1.6 and thick.get_alpha() == 1


def test_a_line_of_too_many_corners_keeps_its_outline() -> None:
    from terrace.report.figure.marks import outline

    y = np.random.default_rng(5).normal(size=10_000)
    y[[100, 5000]] = np.nan
    kept = outline(y, 1000)
    assert len(kept) <= 1003 and {100, 5000, 9999} <= set(kept.tolist()) and (np.diff(kept) > 0).all()
    for start in range(0, 10_000, 20):
        run = y[start : start + 20]
        inside = y[kept[(kept >= start) & (kept < start + 20)]]
        assert np.nanmin(inside) == np.nanmin(run) and np.nanmax(inside) == np.nanmax(run)
    nothing = outline(np.full(50, np.nan), 10)
    assert nothing.tolist() == list(range(50))


def test_black_is_ink_on_a_dark_ground() -> None:
    marks = Marks("line", np.arange(3.0), np.arange(3.0), style=Style(color="#000000"))
    (paper,), (dark,) = (one(marks, theme=t).axes[0].lines for t in ("print", "dark"))
    assert paper.get_color() == "#000000" and dark.get_color() == "#e6eaef"


def test_a_line_and_its_points_are_one_entry_in_the_order_asked_for() -> None:
    x = np.arange(3.0)
    marks = [Marks(kind, x, x, label="A") for kind in ("line", "points")]  # type: ignore[arg-type]
    marks += [Marks("band", x, x, x - 1, x + 1, label="B", series=1)]
    (legend,) = one(*marks, legend=True).legends
    assert names(legend.get_texts()) == ["A", "B"]
    (legend,) = one(*marks, legend=True, legend_order=("B", "A")).legends
    assert names(legend.get_texts()) == ["B", "A"]


def test_boxes_are_in_the_legend() -> None:
    five = np.array([[0.0, 1, 2, 3, 4]])
    marks = [Marks("box", np.array([k + 1.0]), five, label=f"box {k}", series=k) for k in range(2)]
    (legend,) = one(*marks, legend=True).legends
    assert names(legend.get_texts()) == ["box 0", "box 1"]


def test_a_title_that_nobody_asked_for_is_not_drawn() -> None:
    marks = Marks("points", np.arange(3.0), np.arange(3.0))
    plot = Plot("Made up", (PlotPanel(Axis(), Axis(), (marks,)),), options={"title": "automatic"})
    assert not draw(plot).texts
    both = Plot("Mine", plot.panels, subtitle="And more")
    assert names(draw(both).texts) == ["Mine", "And more"]
