"""Command lines and do-files taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.errors import CommandError
from terrace.language.dofile.lines import DoCommand, read_commands
from terrace.language.grammar.clauses import range_rows, split_clauses
from terrace.language.grammar.command import by_variables, parse_command
from terrace.language.grammar.options import match_options, rules, scan_options
from terrace.language.grammar.tokens import Piece


def texts(do_file: str) -> list[str]:
    return [c.text for c in read_commands(do_file)]


# --- do-files ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("do_file", "commands"),
    [
        ("a\nb\n", ["a", "b"]),
        ("a\r\nb\rc", ["a", "b", "c"]),
        ("\ufeffuse x", ["use x"]),
        ("", []),
        ("\n \n", []),
        ("* a comment\n  * another\nlist", ["list"]),
        ("list // why\n//whole line\nsum", ["list", "sum"]),
        ("use http://there/x", ["use http://there/x"]),
        ('di "a // b" // c', ['di "a // b"']),
        (
            "twoway (line a b) ///  first\n   (line c d) ///\n , by(g)",
            ["twoway (line a b) (line c d) , by(g)"],
        ),
        ("list /* here */ a", ["list   a"]),
        ("list /* over\nlines */ a\nsum", ["list   a", "sum"]),
        ("/* one /* two */ still */ list", ["list"]),
        ("* comment ///\n goes on\nlist", ["list"]),
        ("di 2*3\ndi 2 * 3", ["di 2*3", "di 2 * 3"]),
        ("gen a = b * c", ["gen a = b * c"]),
        ('di "/* no comment */"', ['di "/* no comment */"']),
        (
            "#delimit ;\nmixed y\n x; list ; * c\n c; #delimit cr\nsum\nlist",
            ["mixed y  x", "list", "sum", "list"],
        ),
        ("#d ;\na;\n#d cr\nb", ["a", "b"]),
        ('use "a\nlist', ['use "a', "list"]),
    ],
)
def test_commands_of_a_do_file(do_file: str, commands: list[str]) -> None:
    if do_file.startswith("#delimit"):  # a #delimit that does not begin a line is text
        do_file = do_file.replace("; #delimit cr", ";\n#delimit cr")
    assert texts(do_file) == commands


def test_lines_are_counted() -> None:
    do_file = "* c\n\nuse x\nmixed y /* a\n b */ ///\n  || id:\n\n#d ;\nlist\n a\n;\n#d cr\nsum // c\n"
    assert read_commands(do_file) == [
        DoCommand("use x", 3, 3),
        DoCommand("mixed y || id:", 4, 6),
        DoCommand("list  a", 9, 11),
        DoCommand("sum", 13, 13),
    ]


def test_an_open_comment_names_its_line() -> None:
    with pytest.raises(CommandError, match="starts in line 2"):
        read_commands("list\n/* never\nclosed")


plain_lines = st.text(alphabet="ab =+,()", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(
    st.lists(plain_lines, max_size=6),
    st.lists(st.sampled_from(["", "// c", "* not here"]), min_size=6, max_size=6),
)
def test_plain_lines_come_back_as_they_are(lines: list[str], comments: list[str]) -> None:
    do_file = "".join(
        f"{line} {c if c.startswith('//') else ''}\n{'* c' if c.startswith('*') else ''}\n"
        for line, c in zip(lines, comments)
    )
    assert texts(do_file) == lines


@given(st.text(alphabet="ab \n/*\"';#delimt", max_size=40))
def test_any_text_is_read_or_refused(do_file: str) -> None:
    try:
        commands = read_commands(do_file)
    except CommandError:
        return
    assert all(c.text.strip() == c.text != "" for c in commands)
    assert all(1 <= c.line <= c.last_line <= do_file.count("\n") + 1 for c in commands)
    assert [c.line for c in commands] == sorted(c.line for c in commands)


# --- prefixes and clauses ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "prefixes", "word", "rest", "quiet"),
    [
        ("list a", [], "list", " a", False),
        ("qui list a", ["quietly"], "list", " a", True),
        ("quietly: list a", ["quietly"], "list", " a", True),
        ("cap noi list", ["capture", "noisily"], "list", "", False),
        ("capture quietly list", ["capture", "quietly"], "list", "", True),
        ("by id: egen a = mean(b)", ["by"], "egen", " a = mean(b)", False),
        ("bysort id (t): gen x = _n", ["bysort"], "gen", " x = _n", False),
        ("qui bys id: sum x", ["quietly", "bysort"], "sum", " x", True),
        ("statsby a=_b[x], by(id) saving(ols, replace): regress y x", ["statsby"], "regress", " y x", False),
        ("bootstrap, reps(50): mixed y || id:", ["bootstrap"], "mixed", " y || id:", False),
        ("mi estimate, dots: mixed y || id:", ["mi estimate"], "mixed", " y || id:", False),
        ("mi est: mixed y || id:", ["mi estimate"], "mixed", " y || id:", False),
        ("mi set wide", [], "mi", " set wide", False),
        ("mixed y || id: x", [], "mixed", " y || id: x", False),
        ("? mixed", [], "?", " mixed", False),
        ("mixed,small", [], "mixed", ",small", False),
    ],
)
def test_prefixes(text: str, prefixes: list[str], word: str, rest: str, quiet: bool) -> None:
    parsed = parse_command(text)
    assert [p.name for p in parsed.prefixes] == prefixes
    assert (str(parsed.word), str(parsed.arguments), parsed.quiet) == (word, rest, quiet)
    assert parsed.text == text and parsed.bare == text[parsed.word.start :]


@pytest.mark.parametrize(
    ("text", "message"),
    [("by id list", "needs a colon"), ("qui", "missing after quietly"), ("  ", "missing")],
)
def test_incomplete_commands(text: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        parse_command(text)


def test_by_variables() -> None:
    names = ("id", "time", "x")
    for text, wanted in [
        ("by id x: list", (("id", "x"), ())),
        ("bysort id (time x): list", (("id",), ("time", "x"))),
        ("bys i (t): list", (("id",), ("time",))),
    ]:
        assert by_variables(parse_command(text).prefixes[0], names) == wanted
    for text in ("by q: list", "by: list", "bysort (id): list", "bysort id (x) time: list"):
        with pytest.raises(CommandError):
            by_variables(parse_command(text).prefixes[0], names)


def clauses(text: str) -> tuple[object, ...]:
    c = split_clauses(Piece.of(text))
    weight = None if c.weight is None else (c.weight.kind, str(c.weight.expression))
    return tuple(
        None if x is None else str(x).strip() for x in (c.body, c.condition, c.range_, c.using, c.options)
    ), weight


@pytest.mark.parametrize(
    ("text", "parts", "weight"),
    [
        ("a b", ("a b", None, None, None, ""), None),
        ("a if x==1 in 1/5, o p(1)", ("a", "x==1", "1/5", None, "o p(1)"), None),
        ("a in 3 if x[_n-1]<2", ("a", "x[_n-1]<2", "3", None, ""), None),
        ("a [fw=n] if x", ("a", "x", None, None, ""), ("fweight", "n")),
        ("a if x [pweight = a/b]", ("a", "x", None, None, ""), ("pweight", "a/b")),
        ('a if s=="in, if [fw=1]" , o', ("a", 's=="in, if [fw=1]"', None, None, "o"), None),
        ("a if(x==1)", ("a", "(x==1)", None, None, ""), None),
        ("a if (x==1) in 2", ("a", "(x==1)", "2", None, ""), None),
        ('m:1 id using "a b.dta", keep(1, 3)', ("m:1 id", None, None, '"a b.dta"', "keep(1, 3)"), None),
        ("if_a in_b using3 inx", ("if_a in_b using3 inx", None, None, None, ""), None),
        (", clear", ("", None, None, None, "clear"), None),
        ("a, b, c", ("a", None, None, None, "b, c"), None),
        ("a if e(b)[1,2] > 3, x", ("a", "e(b)[1,2] > 3", None, None, "x"), None),
        ("a if x [aw=w] ", ("a", "x", None, None, ""), ("aweight", "w")),
    ],
)
def test_clauses(text: str, parts: tuple[object, ...], weight: object) -> None:
    assert clauses(text) == (parts, weight)


@pytest.mark.parametrize(
    "text",
    [
        "a if",
        "a in",
        "a using",
        "a if x if y",
        "a [fw=1] [fw=2]",
        "a [=w]",
        "a [weight=w]",
        "a in x",
        "a [fw=]",
    ],
)
def test_clauses_that_make_no_sense(text: str) -> None:
    with pytest.raises(CommandError):
        split_clauses(Piece.of(text))


@pytest.mark.parametrize(
    ("text", "rows"),
    [("1/3", (0, 3)), ("5", (4, 5)), ("f/l", (0, 10)), ("-2/l", (8, 10)), ("-1", (9, 10)), ("F/4", (0, 4))],
)
def test_ranges(text: str, rows: tuple[int, int]) -> None:
    assert range_rows(text, 10) == rows


@pytest.mark.parametrize("text", ["0", "11", "3/2", "5/11", "-11/2", "a"])
def test_ranges_outside_the_data(text: str) -> None:
    with pytest.raises(CommandError):
        range_rows(text, 10)


def test_options_take_their_argument_over_blanks() -> None:
    found = scan_options(Piece.of(" statistics (mean sd) by (sector), c(a, (b)) d"))
    assert [(o.name, o.value) for o in found] == [
        ("statistics", "mean sd"),
        ("by", "sector"),
        ("c", "a, (b)"),
        ("d", ""),
    ]
    known = rules("d:etail dots", "st:atistics by", "c:lear")
    matched = match_options(Piece.of(" stat (mean) c d"), known)
    assert {n: o.value for n, o in matched.items()} == {"statistics": "mean", "clear": "", "detail": ""}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x", "no-such-option"),
        ("do", ""),
        ("detail(1)", "option-argument"),
        ("by", "option-argument"),
        ("d d", "repeated-option"),
        ("d =3", "not-an-option"),
    ],
)
def test_options_that_make_no_sense(text: str, code: str) -> None:
    known = rules("d:etail dots", "st:atistics by", "c:lear")
    if not code:
        assert list(match_options(Piece.of(text), known)) == ["dots"]
        return
    with pytest.raises(CommandError) as caught:
        match_options(Piece.of(text), known)
    assert caught.value.code == code
