"""``syntax``, ``marksample`` and ``return`` in programs, used as course files use them."""

from __future__ import annotations

import numpy as np
import pytest
from test_session_running import make_data, ok

from terrace.session.commands.program.syntax import elements
from terrace.session.session import Session
from terrace.session.state import State


@pytest.fixture
def session() -> Session:
    return Session(State(dataset=make_data()))


def define(session: Session, syntax: str, body: str) -> None:
    text = f"capture program drop p\nprogram define p, rclass\n version 17\n syntax {syntax}\n {body}\nend\n"
    assert all(o.ok for o in session.run_do(text))


def said(session: Session, command: str) -> str:
    return ok(session, command).text


def test_the_words_of_a_description() -> None:
    found = elements("varlist(min=2 numeric) [if] [in] [fw pw] , Need(string) [Level(real 95) noLOG *]")
    assert [(e.name, e.argument, e.optional, e.option) for e in found] == [
        ("varlist", "min=2 numeric", False, False),
        ("if", None, True, False),
        ("in", None, True, False),
        ("fw", None, True, False),
        ("pw", None, True, False),
        ("Need", "string", False, True),
        ("Level", "real 95", True, True),
        ("noLOG", None, True, True),
        ("*", None, True, True),
    ]


def test_arguments_become_macros(session: Session) -> None:
    body = "di \"`varlist'|`if'|`in'|`level'|`log'|`title'|`options'|`weight'|`exp'\""
    define(session, "varlist [if] [in] [fw] [, Level(real 95) noLOG Title(string) *]", body)
    assert said(session, "p x y") == "x y|||95|||||"
    assert said(session, 'p x if y > 0 in 1/20 [fw=t], lev(90) nolog t("a b") other(3) flag') == (
        "x|if y > 0|in 1/20|90|nolog|a b|other(3) flag|fweight|= t"
    )
    define(session, "[varlist] [, Gen(name) n(integer 5) Vars(varlist)]", "di \"`varlist'|`gen'|`n'|`vars'\"")
    assert said(session, "p") == "g x y sex t||5|"
    assert said(session, "p t, g(new) vars(x-sex)") == "t|new|5|x y sex"
    define(session, "anything(name=what) [, x]", "di \"`anything'|`x'\"")
    assert said(session, "p one two, x") == "one two|x"
    define(session, "varname using/", "di \"`varlist'|`using'\"")
    assert said(session, 'p x using "a file"') == "x|a file"


@pytest.mark.parametrize(
    ("syntax", "call"),
    [
        ("varlist", "p nope"),
        ("varlist", "p"),
        ("varlist(min=2)", "p x"),
        ("varlist(max=1)", "p x y"),
        ("varname", "p x y"),
        ("varlist(numeric)", "p sex"),
        ("varlist", "p x if y > 0"),
        ("varlist", "p x, unknown"),
        ("varlist, Need(string)", "p x"),
        ("varlist [, n(integer 5)]", "p x, n(1.5)"),
        ("varlist [, n(real 5)]", "p x, n(many)"),
        ("varlist [pw]", "p x [fw=t]"),
        (", x", "p y, x"),
        ("varlist if", "p x"),
    ],
)
def test_arguments_that_do_not_fit_are_errors(session: Session, syntax: str, call: str) -> None:
    define(session, syntax, "di 1")
    before = session.state
    outcome = session.run(call)
    assert outcome.error is not None and outcome.error[1].startswith("p, line"), call
    assert session.state is before


def test_results_of_a_program_are_in_r(session: Session) -> None:
    body = (
        "marksample touse\n quietly summarize `varlist' if `touse'\n return scalar mean = r(mean)\n"
        " return scalar n = r(N)\n return local what \"mean of `varlist'\"\n matrix m = (1, 2)\n return matrix both = m"
    )
    define(session, "varname(numeric) [if] [in]", body)
    ok(session, "replace x = . in 1/3")
    ok(session, "p x if t < 4")
    x, t = session.data.numeric("x"), session.data.numeric("t")
    rows = (t < 4) & ~np.isnan(x)
    r = session.state.returned
    assert r.scalars["mean"] == pytest.approx(x[rows].mean()) and r.scalars["n"] == rows.sum()
    assert said(session, "di \"`r(what)'\"") == "mean of x" and float(said(session, "di r(both)[1,2]")) == 2
    assert not [n for n in session.data.names if n.startswith("__")]
    ok(session, "program drop p")
    for text in ("program p\n quietly summarize y\nend", "p"):
        ok(session, text)
    assert session.state.returned.scalars["N"] == 48  # what runs inside is seen where return keeps nothing


def test_marks_leave_out_missing_values(session: Session) -> None:
    body = "marksample a\n marksample b, novarlist\n markout `b' y\n count if `a'\n count if `b'"
    define(session, "varlist [if]", body)
    ok(session, "replace x = . in 1/5")
    ok(session, "replace y = . in 4/8")
    assert said(session, "p x").split() == ["43", "43"]
    assert said(session, "p t").split() == ["48", "43"]


def test_simulations_repeat_with_a_seed_and_have_the_right_mean(session: Session) -> None:
    program = "program draw, rclass\n clear\n set obs 50\n generate z = rnormal(3, 2)\n quietly summarize z\n"
    program += " return scalar m = r(mean)\n return scalar s = r(sd)\nend"
    assert ok(session, program)
    command = "simulate mean=r(m) sd=r(s), reps(60) seed(4) nodots: draw"
    ok(session, command)
    assert session.data.names == ("mean", "sd") and len(session.data) == 60
    first = session.data.frame.to_numpy()
    assert abs(first[:, 0].mean() - 3) < 4 * 2 / np.sqrt(50 * 60)
    assert first[:, 0].std(ddof=1) == pytest.approx(2 / np.sqrt(50), rel=0.3)
    assert len(np.unique(first[:, 0])) == 60
    ok(session, "undo")
    assert "y" in session.data.names  # each run begins with the data as they were
    ok(session, command)
    np.testing.assert_array_equal(session.data.frame.to_numpy(), first)


def test_simulations_that_make_no_sense(session: Session) -> None:
    before = session.state
    for command in (
        "simulate m=r(mean): summarize x",
        "simulate m=r(nope), reps(3): summarize x",
        "simulate, reps(3): nosuch x",
        "simulate, reps(0): summarize x",
        "simulate m=r(mean), reps(2): summarize nope",
    ):
        assert session.run(command).error is not None, command
        assert session.state is before


def test_programs_take_prefixes(session: Session) -> None:
    ok(session, "program p\n quietly count\n di r(N)\nend")
    text = ok(session, "by g, sort: p").text
    assert text.count("\n6") == 8
    assert ok(session, "quietly p").text == ""
