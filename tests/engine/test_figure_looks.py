"""Looks of figures: what each option changes, how levels stand over each other, and that nothing is lost."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from test_graphs_twoway import frame, session_on
from test_session_running import ok

from terrace.graphs.dressed import dressed
from terrace.graphs.layers import grey_of
from terrace.language.grammar.options import scan_options
from terrace.language.grammar.tokens import Piece
from terrace.results.figure_look import LEGENDS, OF_ONE, PLAIN, FigureLook, LayerLook, over, own_part, style_part
from terrace.results.figure_presets import PRESETS, effective
from terrace.results.layers import LAYERS, layer_key, layers_of, series_of
from terrace.results.plot import Axis, Marks, Plot, PlotPanel, Style
from terrace.session.commands.helpers.figure_looks import MARKERS, PATTERNS, read_figure_look
from terrace.session.document.figure_text import OPTIONS, figure_command, look_text
from terrace.session.document.figures import common_style, figures
from terrace.session.project.parts import Project, parts_of
from terrace.session.session import Session

X = np.arange(5.0)
KEYS = ("raw", "intervals", "lines")


def two_lines(**members) -> Plot:
    """Two lines with bands over hidden data, named Private and Public."""
    marks = (
        Marks("band", X, X, X - 1, X + 1, role="fit", level=95.0),
        Marks("line", X, X, label="Private", role="fit"),
        Marks("band", X, 2 * X, 2 * X - 1, 2 * X + 1, role="fit", series=1, level=95.0, df=np.full(5, 10.0)),
        Marks("line", X, 2 * X, label="Public", role="fit", series=1),
    )
    raw = Marks("points", np.repeat(X, 20), np.arange(100.0), layer="raw", rows=np.arange(100))
    panel = PlotPanel(Axis("x axis"), Axis("y axis"), marks, hidden=(raw,))
    return Plot("Automatic", (panel,), "margins", note="Bands are 95% confidence intervals.", legend=True, **members)


def session() -> Session:
    """Two figures: points of two series with a fit, and a histogram."""
    found = session_on(frame(60, 5))
    ok(found, "twoway (scatter y x if sex == 0) (scatter y x if sex == 1) (lfitci y x)")
    ok(found, "histogram y, normal")
    return found


def shown(session: Session, number: int) -> Plot:
    return session.figures[number - 1].dressed


# --- the plot -----------------------------------------------------------------------------------------------
def test_without_a_look_the_plot_is_the_same() -> None:
    plot = two_lines()
    assert dressed(plot, PLAIN) is plot and dressed(plot, effective(PLAIN, PLAIN)) is plot


def test_titles_are_words_or_none() -> None:
    plot = two_lines()
    said = dressed(plot, FigureLook(title="T", subtitle="S", x_title="X", y_title="Y", note="N"))
    assert (said.title, said.subtitle, said.note, said.options["title"]) == ("T", "S", "N", "asked")
    assert (said.panels[0].x.title, said.panels[0].y.title) == ("X", "Y")
    none = dressed(plot, FigureLook(title="", x_title="", note=""))
    assert (none.options["title"], none.panels[0].x.title, none.note) == ("automatic", "", "")
    assert none.panels[0].y.title == "y axis" and none.title == "Automatic"  # what is read out keeps its name


def test_a_journal_has_no_title_in_the_figure_that_nobody_asked_for() -> None:
    plot = two_lines()
    assert dressed(plot, effective(FigureLook(preset="apa"))).options["title"] == "automatic"
    asked = replace(plot, options={"title": "asked"})
    assert dressed(asked, effective(FigureLook(preset="apa"))).options["title"] == "asked"


def test_axes_go_from_to_and_by_steps() -> None:
    axis = dressed(two_lines(), FigureLook(x_from=-1.0, x_to=5.0, x_step=2.5)).panels[0].x
    assert axis.limits == (-1.0, 5.0) and axis.ticks == ((0.0, "0"), (2.5, "2.5"), (5.0, "5"))
    half = dressed(two_lines(), FigureLook(y_to=20.0)).panels[0].y
    assert half.limits is not None and half.limits[1] == 20.0 and -2.0 < half.limits[0] < -1.0
    back = dressed(two_lines(), FigureLook(x_from=4.0, x_to=0.0, x_step=2.0)).panels[0].x
    assert back.limits == (4.0, 0.0) and [t for t, _ in back.ticks or ()] == [0.0, 2.0, 4.0]


def test_categories_keep_their_places() -> None:
    plot = two_lines()
    panel = replace(plot.panels[0], x=Axis("g", ticks=((1.0, "a"), (2.0, "b"))))
    assert dressed(replace(plot, panels=(panel,)), FigureLook(x_step=0.5)).panels[0].x.ticks == panel.x.ticks


def test_layers_have_keys_in_order_with_the_hidden_ones_beneath() -> None:
    plot = two_lines()
    found = layers_of(plot)
    assert [(x.key, x.shown, x.count) for x in found] == [("raw", False, 100), ("intervals", True, 10),
                                                          ("lines", True, 10)]  # fmt: skip
    assert (found[0].name, found[1].level, found[0].can_sample) == ("Raw data", 95.0, True)
    all_of = FigureLook(layers=(LayerLook("raw", shown=True), LayerLook("intervals", shown=False)))
    marks = dressed(plot, all_of).panels[0].marks
    assert [layer_key(m) for m in marks] == ["raw", "lines", "lines"]
    assert [layer_key(m) for m in dressed(plot, FigureLook(grey=True)).panels[0].marks].count("raw") == 0


def test_layers_that_are_named_change_places_among_themselves() -> None:
    x = np.arange(3.0)
    marks = [Marks("points", x, x), Marks("hline", np.empty(0), x, role="reference"), Marks("line", x, x, role="fit")]
    plot = Plot("", (PlotPanel(Axis(), Axis(), tuple(marks)),))
    look = FigureLook(layer_order=("lines", "points"))
    assert [layer_key(m) for m in dressed(plot, look).panels[0].marks] == ["lines", "reference", "points"]


def test_a_sample_is_part_of_a_larger_one_and_keeps_its_rows() -> None:
    def rows(count: int) -> set[int]:
        look = FigureLook(layers=(LayerLook("raw", shown=True, sample=count),))
        plot = dressed(two_lines(), look)
        raw = next(m for m in plot.panels[0].marks if layer_key(m) == "raw")
        assert raw.rows is not None and np.array_equal(raw.y, raw.rows)  # y counts the rows
        assert f"{count} of 100 points are shown, chosen at random." in plot.note
        return set(raw.rows.tolist())

    assert len(rows(10)) == 10 and rows(10) < rows(40)
    whole = dressed(two_lines(), FigureLook(layers=(LayerLook("raw", shown=True, sample=100),)))
    assert len(whole.panels[0].marks[0].x) == 100 and whole.note == two_lines().note


def test_the_note_says_nothing_of_layers_that_are_hidden() -> None:
    bands = "Bands are 97.5% confidence intervals."
    points = "Points are the data. 90 of 100 points are shown, chosen at random."
    plot = replace(two_lines(), note=f"{bands} {points} Made by hand.")
    assert dressed(plot, FigureLook(grey=True)).note == plot.note
    assert dressed(plot, FigureLook(layers=(LayerLook("intervals", shown=False),))).note == f"{points} Made by hand."
    assert dressed(plot, FigureLook(layers=(LayerLook("raw", shown=False),))).note == f"{bands} Made by hand."
    sample = dressed(plot, FigureLook(layers=(LayerLook("raw", shown=True, sample=10),))).note
    assert sample == f"{bands} Points are the data. Made by hand. 10 of 100 points are shown, chosen at random."
    own = FigureLook(note=bands, layers=(LayerLook("intervals", shown=False),))
    assert dressed(plot, own).note == bands


def test_intervals_of_another_level_and_what_is_said_of_them() -> None:
    plot = dressed(two_lines(), FigureLook(layers=(LayerLook("intervals", level=80.0),)))
    one, other = (m for m in plot.panels[0].marks if m.kind == "band")
    normal = stats.norm.ppf(0.9) / stats.norm.ppf(0.975)
    assert one.upper is not None and np.allclose(one.upper, X + normal)
    student = stats.t.ppf(0.9, 10) / stats.t.ppf(0.975, 10)
    assert other.lower is not None and np.allclose(other.lower, 2 * X - student)
    assert plot.note == "Bands are 80% confidence intervals."


def test_series_in_the_order_of_the_legend_with_colours_patterns_and_names() -> None:
    plot = two_lines()
    assert [s.label for s in series_of(plot)] == ["Private", "Public"]
    look = FigureLook(colors=("", "#ff0000"), patterns=("dash",), labels=("A",), order=(2, 1))
    new = dressed(plot, look)
    assert [m.style.color for m in new.panels[0].marks] == ["", "", "#ff0000", "#ff0000"]  # a band is of its line
    assert new.panels[0].marks[1].style.pattern == "dash" and new.legend_order == ("Public", "A")
    assert [m.label for m in new.panels[0].marks if m.label] == ["A", "Public"]


def test_legends_are_left_out_and_panels_change_places() -> None:
    plot = two_lines()
    panels = tuple(replace(plot.panels[0], title=t) for t in "abc")
    new = dressed(replace(plot, panels=panels), FigureLook(panels=(3, 1), legend="none"))
    assert [p.title for p in new.panels] == ["c", "a", "b"] and not new.legend


def test_grey_is_grey_and_widths_are_points() -> None:
    plot = two_lines()
    coloured = replace(plot.panels[0].marks[1], style=Style(color="#ff0000"))
    plot = replace(plot, panels=(replace(plot.panels[0], marks=(coloured, *plot.panels[0].marks[2:])),))
    look = FigureLook(grey=True, line_width=1.25, layers=(LayerLook("intervals", opacity=40.0),))
    marks = dressed(plot, look).panels[0].marks
    assert all(len({m.style.color[i : i + 2] for i in (1, 3, 5)}) == 1 for m in marks)
    assert [m.stroke for m in marks if m.kind == "line"] == [1.25, 1.25]
    assert [m.opacity for m in marks if m.kind == "band"] == [40.0]


def test_a_grey_is_as_light_as_its_colour() -> None:
    assert (grey_of("#ffffff"), grey_of("#000000"), grey_of("#808080")) == ("#ffffff", "#000000", "#808080")
    # sRGB red has a relative luminance of 0.2126, which is a grey of 127.1 (IEC 61966-2-1)
    assert grey_of("#ff0000") == "#7f7f7f"


# --- levels -------------------------------------------------------------------------------------------------
def test_own_stands_over_the_project_over_the_preset() -> None:
    style = FigureLook(preset="apa", points=10.0, x_title=None)
    own = FigureLook(legend="right")
    look = effective(own, style)
    assert (look.points, look.font, look.legend, look.width) == (10.0, "Arial", "right", 8.5)
    assert effective(FigureLook(preset="nature"), style).points == 7.0  # a preset of its own stands over the project
    assert effective(FigureLook(columns=2), style).width == PRESETS["apa"].widths[1]
    assert effective(FigureLook(columns=2, width=5.0), style).width == 5.0
    wide = FigureLook(preset="apa", width=12.0)
    assert effective(FigureLook(preset="slide"), wide).width == PRESETS["slide"].widths[0]


def test_an_empty_title_stands_over_another() -> None:
    assert over(FigureLook(title=""), FigureLook(title="T")).title == ""
    assert over(FigureLook(), FigureLook(title="T")).title == "T"
    assert over(FigureLook(grey=False), FigureLook(grey=True)).grey is False


def test_every_member_is_of_one_figure_or_of_the_style() -> None:
    assert {m for own in OPTIONS.values() for m in own} == {f.name for f in fields(FigureLook)}
    look = FigureLook(title="T", grey=True)
    assert (style_part(look), own_part(look)) == (FigureLook(grey=True), FigureLook(title="T"))
    assert set(OF_ONE) < {f.name for f in fields(FigureLook)}


# --- commands -----------------------------------------------------------------------------------------------
WORDS = st.characters(exclude_characters="\r\u2028\u2029", exclude_categories=["Cs"])  # ends of lines are all \n
SMALL = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 3))
PART = {
    "preset": st.sampled_from(["", *PRESETS]),
    "grey": st.sampled_from([None, True, False]),
    "grid": st.sampled_from([None, True, False]),
    "palette": st.sampled_from(["", "program", "safe"]),
    **dict.fromkeys(("title", "subtitle", "x_title", "y_title", "note"), st.none() | st.text(WORDS, max_size=8)),
    "legend": st.sampled_from(["", *LEGENDS]),
    "font": st.sampled_from(["", "Arial", "Times New Roman"]),
    "dpi": st.none() | st.integers(50, 2400),
    "columns": st.sampled_from([None, 1, 2]),
    **dict.fromkeys(("points", "line_width", "marker_size"), st.none() | st.sampled_from([1.0, 7.5, 12.0])),
    **dict.fromkeys(("width", "height"), st.none() | st.sampled_from([8.5, 17.0])),
    **dict.fromkeys(("x_step", "y_step"), st.none() | st.sampled_from([0.1, 5.0])),
    "x_from": st.none() | SMALL.map(lambda v: min(v, 0.0) - 1), "x_to": st.none() | SMALL.map(abs),
    "colors": st.lists(st.sampled_from(["", "#0072b2"]), max_size=3).map(tuple),
    "patterns": st.lists(st.sampled_from(["", *PATTERNS.split()]), max_size=3).map(tuple),
    "markers": st.lists(st.sampled_from(["", *MARKERS.split()]), max_size=3).map(tuple),
    "labels": st.lists(st.text(WORDS, max_size=6), max_size=3).map(tuple),
    "order": st.permutations([1, 2, 3]).map(tuple),
    "layer_order": st.permutations(KEYS).map(tuple),
}  # fmt: skip
LAYER = st.builds(
    LayerLook, st.sampled_from(KEYS), st.sampled_from([None, True, False]), st.none() | st.integers(1, 10**6),
    st.none() | st.sampled_from([80.0, 99.9]), st.none() | st.just(0.5), st.none() | st.just(4.0),
    st.none() | st.sampled_from([30.0]),
)  # fmt: skip


@st.composite
def looks(draw: st.DrawFn) -> FigureLook:
    names = draw(st.sets(st.sampled_from(sorted(PART)), max_size=5))
    look = replace(FigureLook(), **{name: draw(PART[name]) for name in names})
    for layer in draw(st.lists(LAYER, max_size=2)):
        look = look.with_layer(layer)
    for key in look.layer_order:  # what is ordered is shown or hidden
        layer = look.layer(key)
        look = look.with_layer(layer if layer.shown is not None else replace(layer, shown=True))
    return look


@given(looks(), looks())
def test_a_look_is_printed_as_the_options_that_make_it(new: FigureLook, old: FigureLook) -> None:
    text = look_text(new, old)
    assert read_figure_look(scan_options(Piece(text, 0, len(text))), old, KEYS) == new
    assert (text == "") == (new == old)


def test_the_command_of_a_look_is_one_that_runs() -> None:
    found = session()
    look = FigureLook(title='A "title"', legend="inside", x_from=0.0, x_to=None, labels=("a b", "c"), grey=True)
    ok(found, figure_command(1, look, found.figures[0].own))
    assert found.figures[0].own == look and figure_command(1, look, look) == ""
    ok(found, figure_command(None, FigureLook(preset="ama", grid=True)))
    assert found.state.document.figure_style == FigureLook(preset="ama", grid=True)


def test_a_figure_is_edited_undone_by_name_and_done_again() -> None:
    found = session()
    ok(found, 'figure 2, xtitle("Score (points)")')
    assert found.undo_text == "x-axis title of Figure 2" and shown(found, 2).panels[0].x.title == "Score (points)"
    assert found.figures[0].own == PLAIN
    after = len(found.state.document)
    ok(found, "undo")
    assert found.figures[1].own == PLAIN
    ok(found, "redo")
    assert found.figures[1].own.x_title == "Score (points)"
    ok(found, "figure 2, reset")
    assert found.figures[1].own == PLAIN and len(found.state.document) == after


def test_a_style_is_that_of_all_and_like_takes_it_from_one() -> None:
    found = session()
    ok(found, "figure style nature, legend(right)")
    assert [f.look.points for f in found.figures] == [7.0, 7.0] and found.undo_text == "style of figures"
    ok(found, 'figure 1, points(6) title("Mine")')
    ok(found, "figure 2, points(5) xstep(5)")
    ok(found, "figure style, like(1)")
    assert [f.look.points for f in found.figures] == [6.0, 6.0]
    assert (found.figures[0].own, found.figures[1].own) == (FigureLook(title="Mine"), FigureLook(x_step=5.0))
    assert found.state.document.figure_style == FigureLook(preset="nature", legend="right", points=6.0)


@given(looks(), looks())
def test_like_leaves_the_look_of_the_one_as_it_was(own: FigureLook, style: FigureLook) -> None:
    new = common_style(own, style_part(style))
    assert effective(own_part(own), new) == effective(own, style_part(style))
    assert style_part(new) == new and common_style(PLAIN, new) == new


def test_looks_are_in_the_project_and_in_the_history(tmp_path: Path) -> None:
    found = session()
    for command in ('figure 1, title("Two") layers(intervals points lines) layer(points, sample(20))',
                    "figure style apa, grey", "figure 2, reset legend(none)"):  # fmt: skip
        ok(found, command)
    ok(found, f'project save "{tmp_path / "a.terrace"}"')
    other = Session()
    ok(other, f'project use "{tmp_path / "a.terrace"}"')
    assert [f.own for f in other.figures] == [f.own for f in found.figures]
    assert other.state.document.figure_style == found.state.document.figure_style
    ok(other, "undo")
    assert other.figures[1].own == PLAIN

    again = session_on(frame(60, 5))
    for outcome in found.history:
        if outcome.type not in ("project save", "clear", "use"):
            ok(again, outcome.command)
    assert [f.look for f in again.figures] == [f.look for f in found.figures]


@pytest.mark.parametrize(
    ("command", "said", "at"),
    [
        ("figure 9, grey", "There is no Figure 9.", "9"),
        ("figure one, grey", "'one' is not the number of a figure.", "one"),
        ("figure 1, layers(raw)", "The figure has no layer raw.", "raw"),
        ("figure 1, xrange(3 3)", "Both ends of the axis are the same.", "3"),
        ("figure 1, xrange(3)", "xrange() needs two numbers.", "3"),
        ("figure 1, xstep(0)", "A step must be above 0.", "0"),
        ("figure 1, order(1 1)", "Give each number once, counted from 1.", "1"),
        ("figure 1, legend(left)", "'left' is not a place for the legend.", "left"),
        ("figure style, title(a)", "There is no option 'title' for figure style.", "title"),
        ("figure style, like(1) grey", "like() takes no other options.", "like(1)"),
        ("figure 1, preset(oup)", "'oup' is not a preset.", "oup"),
        ("figure 1, size(8.5 0)", "size() takes numbers from 1 to 100.", "0"),
        ("figure 2, colors(red green blue)", "colors() is for 3, but the figure has 2 series.", "red"),
        ("figure 2, order(3 1)", "order() is for 3, but the figure has 2 series.", "3"),
        ("figure 2, panels(2)", "panels() is for 2, but the figure has 1 panel.", "2"),
        ("figure 3, xstep(1)", "The x axis has categories, which have no step.", "1"),
        ("figure 4, ystep(1)", "The y axis is logarithmic, and its ticks have no step.", "1"),
        ("figure 4, yrange(0 .)", "The y axis is logarithmic and begins above 0.", "0"),
        ("figure 1, layer(points, level(90))", "The level of points cannot be changed here.", "points"),
        ("figure 1, layer(lines, sample(90))", "The layer lines has no points to sample.", "lines"),
        ("figure save 1", "Give the number of a figure and a file.", "figure"),
    ],
)
def test_what_cannot_be_is_said_where_it_stands(command: str, said: str, at: str) -> None:
    found = session()
    ok(found, "graph box y, over(sex)")
    ok(found, "scatter y x if y > 0 & x > 0, yscale(log)")
    outcome = found.run(command)
    assert outcome.error is not None and outcome.error[1] == said
    assert outcome.error_at is not None and command[slice(*outcome.error_at)].startswith(at)


def test_the_lists_tell_what_there_is() -> None:
    found = session()
    assert ok(found, "figure").tables[0].rows[1].label == "2"
    ok(found, "figure 1, layers(intervals points -lines)")
    layers, series = ok(found, "figure 1").tables
    assert [(r.label, r.values[1]) for r in layers.rows] == [("intervals", "yes"), ("points", "yes"), ("lines", "no")]
    assert len(series.rows) == 4 and len(found.state.document) == 2
    assert [r.label for r in ok(found, "figure style").tables[0].rows] == list(PRESETS)


# --- every figure there is ----------------------------------------------------------------------------------
def test_every_kind_of_figure_has_layers_with_names_that_stay() -> None:
    found = session_on(frame(60, 6))
    for command in (
        "mixed y x i.sex || id:", "plot residuals", "plot qq", "plot histogram", "plot caterpillar", "plot effects",
        "plot spaghetti x", "plot lines x", "margins sex, at(x=(0 1 2))", "marginsplot, recastci(rarea)",
        "graph box y, over(sex)", "graph bar y, over(sex)", "graph matrix y x", "estat profile", "estat influence",
    ):  # fmt: skip
        found.run(command)
    kinds = {f.plot.kind for f in found.figures}
    assert {"residual-fitted", "qq", "caterpillar", "spaghetti", "margins"} <= kinds and len(kinds) > 9
    for figure in figures(found.state.document):
        keys = [x.key for x in layers_of(figure.plot)]
        assert keys and set(keys) <= set(LAYERS) and len(keys) == len(set(keys)), figure.plot.kind
        hidden = FigureLook(layers=tuple(LayerLook(k, shown=False) for k in sorted(keys)))
        assert not any(p.marks for p in dressed(figure.plot, hidden).panels), figure.plot.kind
        shown_all = FigureLook(layer_order=tuple(keys[::-1]))
        before = sorted(id(m.x) for p in figure.plot.panels for m in p.marks)
        assert sorted(id(m.x) for p in dressed(figure.plot, shown_all).panels for m in p.marks) == before


def test_a_figure_that_nobody_edited_is_stored_as_before_there_were_looks() -> None:
    found = session()
    before = b"".join(parts_of(Project.of(found)).values())
    assert b"FigureLook" not in before.replace(b'"figure_style":{"~":"d","c":"FigureLook","v":{}}', b"")
    ok(found, "figure 1, grey")
    assert b'"c":"FigureLook","v":{"grey":true}' in b"".join(parts_of(Project.of(found)).values())
