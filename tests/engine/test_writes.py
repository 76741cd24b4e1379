"""What a do-file would write is told before it runs; `test_effects` holds it against what every command writes."""

from __future__ import annotations

import pytest

from terrace.session.session import Session
from terrace.session.writes import Planned, written_by


def told(text: str) -> list[tuple[int, str, str | None]]:
    return [(p.line, p.deed, p.target) for p in written_by(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sample hsb\nsummarize", []),
        ("* save a\n// save b\n/* save c */ display 1", []),
        ('quietly capture save "a b.dta", replace', [(1, "writes", "a b.dta")]),
        ("save, replace", [(1, "writes", "")]),
        ("sa `\"it's\"', replace", [(1, "writes", "it's")]),
        ("export delimited y using c.csv if x > 1", [(1, "writes", "c.csv")]),
        ("export delimited c.csv", [(1, "writes", "c.csv")]),
        ("if 1 {\n  erase /etc/hosts\n}\nelse erase b", [(2, "erases", "/etc/hosts"), (4, "erases", "b")]),
        ("if x == 2 log using l.log", [(1, "logs", "l.log")]),
        ("if `x' == 2 log using l.log", [(1, "logs", "l.log")]),
        ("program p\n mkdir z\nend\np", [(2, "makes a folder", "z")]),
        ("cd\ncd ..", [(2, "moves to a folder", "..")]),
        ("do other.do a b\nrun \"b c.do\"", [(1, "runs", "other.do"), (2, "runs", "b c.do")]),
        ("scatter y x\nscatter y x, sav(f.svg)", [(2, "writes", "f.svg")]),
        ("bootstrap _b[x], saving(b): mixed y x || g:", [(1, "writes", "b")]),
        ("etable, export(t.docx, replace)", [(1, "writes", "t.docx")]),
        ("log close", []),
    ],
)  # fmt: skip
def test_commands_that_touch_files_are_told(text: str, expected: list[tuple[int, str, str | None]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("save `f'", [(1, "writes", None)]),
        ("save \"$folder/x.dta\"", [(1, "writes", None)]),
        ("`c' x", [(1, "unknown", None)]),
        ("$c", [(1, "unknown", None)]),
        ("graph `what' x.png", [(1, "unknown", None)]),
        ("log `what' x.log", [(1, "unknown", None)]),
        ("lo`g' using x.log", [(1, "unknown", None)]),
        ("if `a'", [(1, "unknown", None)]),
        ("scatter y x `rest'", [(1, "writes", None)]),
        ("scatter y x, title(\"`t'\")", []),
        ("summarize `v'", []),
        ("local f \"a b\"", []),
        ("p `v'", []),  # a program: it is told where it is defined
    ],
)
def test_what_macros_hide_is_told_as_unknown(text: str, expected: list[tuple[int, str, str | None]]) -> None:
    assert told(text) == expected


def test_numbers_and_variables_of_loops_hide_nothing() -> None:
    assert told("forvalues i = 1/3 {\n save d`i', replace\n}") == [(2, "writes", "d*")]
    assert told("foreach v of varlist y x {\n scatter `v' z\n}") == []
    assert told("foreach v in a b {\n save `v'\n}") == [(2, "writes", "*")]
    assert told("foreach v in ../a b {\n save `v'\n}") == [(2, "writes", None)]
    # a macro of that name that is given other contents
    assert told("forvalues i = 1/3 {\n local i ../x\n save d`i'\n}") == [(3, "writes", None)]
    assert told("forvalues i = 1/3 {\n local `a' ../x\n save d`i'\n}") == [(3, "writes", None)]


def test_temporary_files_are_not_told() -> None:
    assert told("tempfile a b\nsave `a'") == []
    assert told("tempfile a\nlocal a x.dta\nsave `a'") == [(3, "writes", None)]
    assert told("tempfile a\nlevelsof s, local(a)\nsave `a'") == [(3, "writes", None)]


def test_the_command_is_told_as_typed() -> None:
    assert written_by("\n\nsave ///\n  a.dta") == (Planned(3, "save a.dta", "writes", "a.dta"),)


def test_names_are_where_the_command_writes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The files that are told are the files that are there after the do-file has run."""
    folder = tmp_path_factory.mktemp("told")
    text = (
        "sample hsb\nforvalues i = 1/2 {\n  save \"d `i'.dta\"\n}\nexport delimited using c.csv\nlog using l.log\n"
        "log close\nscatter mathach ses in 1/20, saving(f.svg)\nif 1 mkdir sub\n"
    )
    session = Session()
    assert all(o.ok for o in session.run_do(text, folder=folder))
    patterns = [p.target for p in written_by(text)]
    assert all(p is not None and list(folder.glob(p)) for p in patterns)
    matched = {found for p in patterns if p for found in folder.glob(p)}
    assert matched == set(folder.iterdir())
