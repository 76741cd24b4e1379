"""Variable lists: operators, interactions, names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_spec import term_lists

from terrace.errors import CommandError
from terrace.language.grammar.names import parse_names, parse_new_names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.tokens import Piece, split, top_level, words
from terrace.language.grammar.varlist import parse_terms
from terrace.spec.model import Factor, Term
from terrace.spec.text import format_term, format_terms

NAMES = ("id", "ses", "size", "sector", "pracad", "meanses", "hsb1", "hsb2", "hsb_x")


def shown(text: str, names: tuple[str, ...] | None = None) -> list[str]:
    return [format_term(t) for t in parse_terms(Piece.of(text), names)]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("a b", ["a", "b"]),
        ("c.a i.b", ["a", "i.b"]),
        ("a#b", ["i.a#i.b"]),
        ("a##b", ["i.a", "i.b", "i.a#i.b"]),
        ("c.age#c.age", ["c.age#c.age"]),
        ("c.a##c.a", ["a", "c.a#c.a"]),
        ("a##b##c", ["i.a", "i.b", "i.a#i.b", "i.c", "i.a#i.c", "i.b#i.c", "i.a#i.b#i.c"]),
        ("a#b##c", ["i.a#i.b", "i.c", "i.a#i.b#i.c"]),
        ("i.g c.(a b)##i.g", ["i.g", "a", "b", "c.a#i.g", "c.b#i.g"]),
        ("i.(a b)", ["i.a", "i.b"]),
        ("(a b)", ["a", "b"]),
        ("(a c.b)#g", ["i.a#i.g", "c.b#i.g"]),
        ("i.(a c.b)", ["i.a", "b"]),
        ("ib3.a ib(#2).b ib(##2).c", ["ib3.a", "ib(#2).b", "ib(#2).c"]),
        (
            "ib(last).a ib(freq).b ib(first).c ibn.d ibnone.e",
            ["ib(last).a", "ib(freq).b", "i.c", "ibn.d", "ibn.e"],
        ),
        ("b2.a", ["ib2.a"]),
        ("2.x i2.x i(2/4).x i(1 3).x", ["i2.x", "i(2 3 4).x", "i(1 3).x"]),
        ("0b.x 1bn.x 2o.x", ["i0b0.x", "i1bn.x", "i2o.x"]),
        ("o.x o2.x io3.x o(1 2).x", ["o.x", "io2.x", "io3.x", "io(1 2).x"]),
        ("i(-1 .5).x ib(-1).x", ["i(-1 0.5).x", "ib(-1).x"]),
        ('i("a b" "c").r ib("it ""is""").r', ['i("a b" "c").r', 'ib("it ""is""").r']),
        ("L.x l2.x F.x D.x S.x", ["L.x", "L2.x", "F.x", "D.x", "S.x"]),
        ("L(1/3).x", ["L.x", "L2.x", "L3.x"]),
        ("L(-1/1).x", ["F.x", "x", "L.x"]),
        ("D2.x DD.x D.D.x", ["D2.x"]),
        ("LL.x L.L2.x SS.x", ["L2.x", "L3.x", "SS.x"]),
        ("L2D.x L.D.x", ["L2D.x", "LD.x"]),
        ("iL.x i.L.x cL2.x c.L2.x i2L.x", ["iL.x", "L2.x", "i2L.x"]),
        ("cL.x#g L.x#g", ["cL.x#i.g", "iL.x#i.g"]),
        ("L(1/2).(a b)", ["L.a", "L2.a", "L.b", "L2.b"]),
        ("L(1 2).a##g", ["iL.a", "iL2.a", "i.g", "iL.a#i.g", "iL2.a#i.g"]),
        ("c.a # c.b", ["c.a#c.b"]),
        ("a#b b#a a", ["i.a#i.b", "a"]),
        ("", []),
        ("I.a C.b", ["i.a", "b"]),
        ("größe i.höhe", ["größe", "i.höhe"]),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert shown(text) == terms


def test_names_of_the_data() -> None:
    assert shown("hsb? c.ses##sec", NAMES) == ["hsb1", "hsb2", "ses", "i.sector", "c.ses#i.sector"]
    assert shown("size-pracad", NAMES) == ["size", "sector", "pracad"]
    assert shown("i.(size-pracad)", NAMES) == ["i.size", "i.sector", "i.pracad"]
    for blanks in ("size- pracad", "size -pracad", "size - pracad"):
        assert shown(blanks, NAMES) == ["size", "sector", "pracad"]
        assert shown(f"i.({blanks})", NAMES) == ["i.size", "i.sector", "i.pracad"]
    assert shown("c.hsb*#i.sec", NAMES) == ["c.hsb1#i.sector", "c.hsb2#i.sector", "c.hsb_x#i.sector"]


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("a «#»", "interaction"),
        ("«#a»", "interaction"),
        ("a «##»#b", "interaction"),
        ("a#b#c#d#e#f#g#h", ""),
        ("x «a#b#c#d#e#f#g#h#i» y", "interaction"),
        ("a «c.»", "varlist"),
        ("a c.«()»", "varlist"),
        ("a «()»", "varlist"),
        ("a «c.(a#b)»", "operator"),
        ("a «ci».x", "operator"),
        ("a «z3».x", "operator"),
        ("a «R».x", "operator"),
        ("a ib«(»last.x", "brackets"),
        ("a i(«x y»).x", "numlist"),
        ("a ib(«1 2»).x", "operator"),
        ("a L(«1.5»).x", "numlist"),
        ("a«+b»", "varlist"),
        ("a «3»", "not-a-name"),
        ("a «b*»", "no-data"),
        ("a «b-c»", "no-data"),
    ],
)
def test_errors_point_at_the_place(marked: str, code: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    if not code:
        assert len(parse_terms(Piece.of(text), None)) == 1
        return
    with pytest.raises(CommandError) as caught:
        parse_terms(Piece.of(text), None)
    assert caught.value.code == code, caught.value
    assert (caught.value.start, caught.value.end) == (marked.index("«"), marked.index("»") - 1)


@given(term_lists)
def test_what_is_written_is_read_back(terms: tuple[Term, ...]) -> None:
    text = format_terms(terms)
    assert parse_terms(Piece.of(text), None) == terms, text


@given(st.permutations(["a", "b", "c", "d", "e", "f", "g", "h"]), st.integers(2, 8))
def test_a_full_factorial_has_every_subset_once(names: list[str], size: int) -> None:
    chosen = names[:size]
    terms = parse_terms(Piece.of("##".join(chosen)), None)
    assert len(terms) == len(set(terms)) == 2**size - 1
    assert terms[-1].factors == tuple(Factor(n, "factor") for n in chosen)
    assert format_terms(terms) == "##".join(f"i.{n}" for n in chosen)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ses id", ("ses", "id")),
        ("ses ses", ("ses",)),
        ("mean sec", ("meanses", "sector")),
        ("size-meanses", ("size", "sector", "pracad", "meanses")),
        ("size- meanses", ("size", "sector", "pracad", "meanses")),
        ("size -meanses", ("size", "sector", "pracad", "meanses")),
        ("size - meanses", ("size", "sector", "pracad", "meanses")),
        ("si-mean", ("size", "sector", "pracad", "meanses")),
        ("hsb*", ("hsb1", "hsb2", "hsb_x")),
        ("*se*", ("ses", "sector", "meanses")),
        ("hsb?", ("hsb1", "hsb2")),
        ("m~s", ("meanses",)),
        ("_all", NAMES),
        ("*", NAMES),
        ("", ()),
    ],
)
def test_plain_lists(text: str, names: tuple[str, ...]) -> None:
    assert parse_names(Piece.of(text), NAMES) == names


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("s", "ambiguous-variable"),
        ("xyz", "no-such-variable"),
        ("q*", "no-such-variable"),
        ("hsb~", "ambiguous-variable"),
        ("meanses-size", "range-order"),
        ("i.ses", "not-a-name"),
        ("a+b", "not-a-name"),
    ],
)
def test_errors_of_plain_lists(text: str, code: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_names(Piece.of(text), NAMES)
    assert caught.value.code == code


def test_new_names() -> None:
    assert parse_new_names(Piece.of("a b1-b3 c_d")) == ("a", "b1", "b2", "b3", "c_d")
    for bad in ("1a", "a.b", "a-b", "b3-b1"):
        with pytest.raises(CommandError, match="cannot be the name"):
            parse_new_names(Piece.of(bad))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1 2 3", (1, 2, 3)),
        ("1,2, 3", (1, 2, 3)),
        ("1/4", (1, 2, 3, 4)),
        ("4/1", (4, 3, 2, 1)),
        ("0(2)6", (0, 2, 4, 6)),
        ("0(.1).3", (0, 0.1, 0.2, 0.3)),
        ("1[3]8", (1, 4, 7)),
        ("10 8 to 2", (10, 8, 6, 4, 2)),
        ("-1/1 .5 1e2", (-1, 0, 1, 0.5, 100)),
    ],
)
def test_number_lists(text: str, numbers: tuple[float, ...]) -> None:
    assert parse_numlist(Piece.of(text)) == pytest.approx(numbers, abs=1e-15)


@pytest.mark.parametrize(
    "text",
    ["", "a", "1 b", "1/", "0(-1)5", "1(0)5", "0(1e-9)1", "1e400", "0 -1e400", "1/1e400", "0(1e400)5", "0(1e400)1e400",
     "-1e308/1e308", "0(1e-300)1e10"],
)  # fmt: skip
def test_errors_of_number_lists(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_numlist(Piece.of(text))
    assert caught.value.code == "numlist"


@given(st.text(alphabet="ab ,()[]\"|`'", max_size=30))
def test_scanning_never_loses_text(text: str) -> None:
    piece = Piece.of(text)
    try:
        parts = split(piece, ",")
    except CommandError:
        return
    assert ",".join(map(str, parts)) == text
    assert "||".join(map(str, split(piece, "||"))) == text
    assert [c for _, c in top_level(piece) if c == ","] == [","] * (len(parts) - 1)
    assert "".join("".join(map(str, words(piece))).split()) == "".join(text.split())
