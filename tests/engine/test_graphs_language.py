"""The grammar of graph commands: what is the same, what is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.errors import CommandError
from terrace.language.grammar.tokens import Piece
from terrace.language.graphs.looks import color
from terrace.language.graphs.twoway import Layer, parse_boxes, parse_histogram, parse_twoway

NAMES = ("y", "y2", "x", "g", "age")


def overlay(text: str, kind: str = ""):
    return parse_twoway(Piece.of(text), NAMES, kind)


def told(layer: Layer) -> tuple:
    """A layer without positions in the text."""
    return (layer.kind, layer.y, layer.x, layer.condition, layer.looks, layer.connect, layer.sort, layer.level)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("(scatter y x if g==1, msymbol(Oh)) (lfit y x, lwidth(thick)), title(T) by(g)", ""),
        ("(scatter y x if g==1, msymbol(Oh)) || (lfit y x, lwidth(thick)) ||, title(T) by(g)", ""),
        ("(sc y x if g==1, m(Oh) ti(T)) (lfit y x, lw(thick)), by(g)", ""),
        ("scatter y x if g==1, msymbol(Oh) || lfit y x, lwidth(thick) ||, title(T) by(g)", ""),
        ("scatter y x if g==1, msymbol(Oh) || lfit y x, lwidth(thick) title(T) by(g)", ""),
        ("y x if g==1, msymbol(Oh) title(T) by(g) || lfit y x, lwidth(thick) ||", "scatter"),
        ('y x if g==1, msymbol(Oh) title("T") by(g) || (lfit y x, lwidth(thick))', "scatter"),
    ],
)
def test_ways_to_write_the_same_overlay(text: str, kind: str) -> None:
    found = overlay(text, kind)
    first, second = found.layers
    assert told(first)[:4] == ("scatter", ("y",), "x", "g==1") and first.looks[0].marker == "circle_hollow"
    assert told(second)[:4] == ("lfit", ("y",), "x", "") and second.looks[0].line_width == 2.0
    assert found.options.title == "T" and found.options.by is not None and found.options.by.names == ("g",)
    assert found.clauses.condition is None


def test_if_and_in_count_for_one_plot_or_for_all() -> None:
    found = overlay("(line y x if g==1 in 1/5) (line y2 x) if age>3 in 2/9, xtitle(A b)")
    assert [a.condition for a in found.layers] == ["g==1", ""]
    assert (str(found.clauses.condition), str(found.clauses.range_)) == ("age>3", "2/9")
    last = overlay("line y x || line y2 x if age>3")
    assert [a.condition for a in last.layers] == ["", "age>3"] and last.clauses.condition is None
    assert str(overlay("line y x || line y2 x || if age>3, note(n)").clauses.condition) == "age>3"


def test_connect_and_sort() -> None:
    def first(text: str) -> Layer:
        return overlay(text).layers[0]

    assert first("scatter y x").connect == ("none",) and first("line y x").connect == ("direct",)
    for text in ("connect(L)", "c(L)", "connect(ascending)", "con(asc)"):
        assert first(f"line y x, {text}").connect == ("ascending",), text
    assert first("connected y y2 x, connect(l L)").connect == ("direct", "ascending")
    assert first("line y y2 x, c(. J)").connect == ("direct", "stairstep")
    assert first("line y y2 x, c(L)").connect == ("ascending", "ascending")
    assert first("line y x").sort is None and first("line y x, sort").sort == ()
    assert first("line y x, sort(g x)").sort == ("g", "x")
    assert first("line y x, cmissing(n)").breaks == (True,) and first("line y x").breaks == (False,)


def test_looks_go_to_their_variables() -> None:
    looks = overlay("line y y2 x, lwidth(thin *3) lpattern(dash) lcolor(. red)").layers[0].looks
    assert [k.line_width for k in looks] == [0.6, 3.0]
    assert [k.pattern for k in looks] == ["dash", "dash"] and [k.line_color for k in looks] == ["", "#d62728"]
    assert overlay("scatter y x, mcolor(0 128 255) msize(large)").layers[0].looks[0].marker_color == "#0080ff"
    assert overlay("scatter y x, msymbol(i)").layers[0].looks[0].marker == "none"
    thin, thick = (overlay(f"line y x, lwidth({w})").layers[0].looks[0].line_width for w in ("0.2", "1"))
    assert thick == pytest.approx(5 * thin)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_colours_of_red_green_and_blue(rgb: tuple[int, int, int]) -> None:
    text = color(Piece.of('"{} {} {}"'.format(*rgb)))
    assert tuple(int(text[i : i + 2], 16) for i in (1, 3, 5)) == rgb


def test_axes() -> None:
    o = overlay(
        'scatter y x, xlabel(0(10)30 45 "end", angle(45)) ylabel(#4) xscale(range(-5 60)) yscale(log reverse) '
        'xline(1 2, lcolor(red)) xline(5) ytitle("") xtitle("one" "two")'
    ).options
    assert o.x.at == (0, 10, 20, 30, 45) and o.x.texts == ((45.0, "end"),) and o.x.range_ == (-5, 60)
    assert [r.values for r in o.x.rules] == [(1, 2), (5,)] and o.x.rules[0].color == "#d62728"
    assert o.y.count == 4 and o.y.log and o.y.reverse and o.y.title == "" and o.x.title == "one\ntwo"
    assert overlay("scatter y x, xlabel(none)").options.x.at == ()
    assert overlay("scatter y x, ytitle(, size(small))").options.y.title is None


def test_titles_with_and_without_quotation_marks() -> None:
    titles = {
        "title(Fitted regression lines)": "Fitted regression lines",
        'title("A, b", size(small))': "A, b",
        "title(A, size(small))": "A",
        "title(A, 1990)": "A, 1990",
        'title(`"say "a""\')': 'say "a"',
    }
    for text, title in titles.items():
        assert overlay(f"scatter y x, {text}").options.title == title


def test_legend() -> None:
    def legend(text: str):
        return overlay(f"scatter y x, {text}").options.legend

    assert legend("legend(off)").shown is False and legend("legend(on pos(6) cols(2))").shown is True
    assert legend("legend(order(2 1))").order == (2, 1)
    found = legend('legend(order(2 "Two" "lines" 1 - "gap")) legend(label(1 "One"))')
    assert found.order == (2, 1) and dict(found.labels) == {2: "Two\nlines", 1: "One"}


def test_panels() -> None:
    by = overlay("scatter y x, by(g age, missing total cols(3) yrescale)").options.by
    assert by is not None and by.names == ("g", "age") and by.missing and by.total
    assert by.columns == 3 and by.free == "y"
    assert overlay("scatter y x, by(g, title(T) note(N))").options.title == "T"


def test_options_without_effect_are_named() -> None:
    assert overlay("scatter y x, scheme(s1mono) graphregion(color(white))").options.ignored == ("scheme", "graphregion")


def test_histogram_and_boxes() -> None:
    h = parse_histogram(Piece.of("y if g==1 [fw=age], bin(7) freq norm by(g)"), NAMES)
    assert (h.name, h.bins, h.scale, h.normal) == ("y", 7, "frequency", True)
    assert parse_histogram(Piece.of("y, w(2) start(-4.5) percent"), NAMES).start == -4.5
    b = parse_boxes(Piece.of("y y2 if age<9, over(g, label(angle(45))) over(age) nooutsides"), NAMES)
    assert (b.names, b.over, b.outside) == (("y", "y2"), ("g", "age"), False)


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("(«scater» y x)", "no-such-plot"),
        ("(scatter «y»)", "variables"),
        ("(lfit «y y2 x»)", "variables"),
        ("(scatter y «nox»)", "no-such-variable"),
        ("scatter y x, «colour(red)»", "no-such-option"),
        ("scatter y x, connect(«q»)", "bad-option-value"),
        ("scatter y x, «connect(l l)»", "bad-option-value"),
        ("scatter y x, mcolor(«reddish»)", "no-such-color"),
        ("scatter y x, msymbol(«W»)", "bad-option-value"),
        ("line y x, lwidth(«heavy»)", "bad-option-value"),
        ("line y x, lpattern(«wave»)", "bad-option-value"),
        ("(scatter y x) «foo»", "syntax"),
        ("(scatter y x) if g==1 || «if g==2»", "twice"),
        ("(scatter y x) «[fw=g]»", "weight"),
        ("(«»)", "no-plot"),
        ("lfitci y x, «level(5)»", "bad-option-value"),
        ("lfit y x, «range(3 1)»", "bad-option-value"),
        ("scatter y x, «yaxis(2)»", "no-second-axis"),
        ('scatter y x, name(«"a b"»)', "bad-name"),
        ("scatter y x, by(«nog»)", "no-such-variable"),
        ("scatter y x, legend(order(«b»))", "bad-option-value"),
        ('scatter y x, xlabel(«"a"»)', "bad-option-value"),
        ("scatter y x, xlabel(1 «a»)", "numlist"),
    ],
)
def test_what_is_refused_and_where(marked: str, code: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(CommandError) as caught:
        overlay(text)
    assert caught.value.code == code
    start, end = marked.index("«"), marked.index("»") - 1
    if start != end:
        assert (caught.value.start, caught.value.end) == (start, end)


@pytest.mark.parametrize("text", ["y, bin(3) width(2)", "y, density percent", "y, width(0)", "y x", "y, bin(0)", ""])
def test_histograms_that_make_no_sense(text: str) -> None:
    with pytest.raises(CommandError):
        parse_histogram(Piece.of(text), NAMES)
