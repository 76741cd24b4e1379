"""Options of tests, combinations and comparisons: df(), accumulate, post, overall, groups, cimargins, testnl."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from test_session_post_commands import MODEL, frame
from test_session_running import ok

from terrace.data.readers.build import from_frame
from terrace.postestimation.tests.pwcompare import letters
from terrace.session.session import Session
from terrace.session.state import State


@pytest.fixture(scope="module")
def state() -> State:
    session = Session(State(dataset=from_frame(frame())))
    ok(session, MODEL)
    return session.state


def row(session: Session, command: str, at: int = -1, table: int = -1) -> list[object]:
    """Cells of one row of a command's table."""
    return list(ok(session, command).tables[table].plain()["rows"][at][1:])


def refused(session: Session, command: str, code: str) -> None:
    outcome = session.run(command)
    assert outcome.error is not None and outcome.error[0] == code, outcome


def test_given_degrees_of_freedom(state: State) -> None:
    """t and F of the large-sample statistic, on the number that was given."""
    s = Session(state)
    value, se, z, _, low, _ = row(s, "lincom x - 1.t")
    assert isinstance(se, float) and isinstance(z, float) and isinstance(value, float)
    got = row(s, "lincom x - 1.t, df(12)")
    assert got.pop(2) == 12 and got[:3] == [value, se, z]  # df stands before t
    assert got[3] == pytest.approx(2 * stats.t.sf(abs(z), 12))
    assert got[4] == pytest.approx(value - stats.t.ppf(0.975, 12) * se) and got[4] != low
    chi2 = row(s, "test 1.t 2.t 3.t")[0]
    f, df, ddf, p = row(s, "test 1.t 2.t 3.t, df(9)")
    assert f == pytest.approx(chi2 / 3) and (df, ddf) == (3, 9) and p == pytest.approx(stats.f.sf(f, 3, 9))
    assert row(s, "testparm i.t, df(9)") == pytest.approx([f, df, ddf, p])
    assert row(s, "estat terms, df(9)", 0) == pytest.approx([f, df, ddf, p])
    assert row(s, "contrast t, df(9)") == pytest.approx([f, df, ddf, p])
    assert row(s, "pwcompare sex, df(9)")[2] == 9
    refused(s, "test x, df(9) small", "options-exclude")
    refused(s, "lincom x, df(0)", "df")


def test_exponentiated(state: State) -> None:
    s = Session(state)
    value, se, z, p, low, high = row(s, "lincom x - 1.t")
    want = [np.exp(value), np.exp(value) * se, z, p, np.exp(low), np.exp(high)]  # type: ignore[arg-type,operator]
    assert row(s, "lincom x - 1.t, eform") == pytest.approx(want)
    assert row(s, "lincom x - 1.t, eform")[:2] == pytest.approx(row(s, "nlcom exp(_b[x] - _b[1.t])")[:2])


def test_hypotheses_add_up(state: State) -> None:
    s = Session(state)
    want = row(s, "test (1.t = 2.t) (x = 1) (3.t)")
    refused(Session(state), "test x, accumulate", "no-test")
    assert ok(s, "test 1.t = 2.t, notest").tables == ()
    ok(s, "test x = 1, accumulate")
    assert row(s, "test 3.t, a") == pytest.approx(want) and want[1] == 3
    ok(s, "margins t, post")
    refused(s, "test 1.t, accumulate", "no-test")  # the last test was about the model
    ok(s, "mixed")  # which is spoken of again after it is shown again
    assert row(s, "test (1.t = 2.t) (x = 1) (3.t)") == pytest.approx(want)


def test_nonlinear_equations(state: State) -> None:
    """Against the gradient by central differences."""
    s = Session(state)
    fit = s.fit
    assert fit is not None
    names = [c.name for c in fit.model.design.x_info]
    at = [names.index(n) for n in ("x", "1.t", "2.t")]

    def g(beta: np.ndarray) -> np.ndarray:
        x, one, two = beta[at]
        return np.array([one / x - 2.0, np.exp(two) - x * x])

    beta, step = fit.model.beta, 1e-6
    slopes = np.array([(g(beta + step * e) - g(beta - step * e)) / (2 * step) for e in np.eye(len(beta))]).T
    want = g(beta) @ np.linalg.solve(slopes @ fit.model.vcov @ slopes.T, g(beta))
    got = row(s, "testnl (_b[1.t]/_b[x] = 2) (exp(_b[2.t]) = _b[x]^2)")
    assert got[:2] == pytest.approx([want, 2], rel=1e-6) and got[2] == pytest.approx(stats.chi2.sf(want, 2), rel=1e-6)
    assert row(s, "testnl _b[x] = 1, small") == pytest.approx(row(s, "test x = 1, small"))
    assert row(s, "testnl _b[x] = _b[1.t] = _b[2.t]")[1] == 2
    assert row(s, "testnl (_b[x] = 1) (2*_b[x] = 2)")[1] == 1
    refused(s, "testnl _b[x] - 1", "syntax")


def test_equations_and_names_of_covariance_parameters(state: State) -> None:
    s = Session(state)
    fit = s.fit
    assert fit is not None
    want = {r.name: r.estimate for r in fit.random}
    for text, name in {
        "exp(2*[lns1_1_1]_cons)": "var(x)",
        "exp(2*_b[/lns1_1_2])": "var(_cons)",
        "exp(2*_b[lnsig_e:_cons])": "var(Residual)",
        "tanh([atr1_1_1_2]_cons)*exp([lns1_1_1]_cons + [lns1_1_2]_cons)": "cov(x,_cons)",
    }.items():
        got = row(s, f"nlcom {text}")
        assert got[0] == pytest.approx(want[name])
        assert got[1] == pytest.approx(next(r.se for r in fit.random if r.name == name))
    assert row(s, "nlcom _b[/g:var(x)]")[0] == pytest.approx(want["var(x)"])
    assert row(s, "test [y]x = 1") == row(s, "test x = 1")
    assert row(s, "lincom [y]x - [y]1.t") == row(s, "lincom x - 1.t")


def test_posted_combinations(state: State) -> None:
    """Tests of posted estimates are those of what they stand for."""
    s = Session(state)
    want = row(s, "testnl exp(_b[x]) = _b[1.t]/_b[2.t]")
    ok(s, "nlcom (a: exp(_b[x])) (b: _b[1.t]/_b[2.t]), post")
    assert row(s, "test a = b") == pytest.approx(want)
    s = Session(state)
    want = row(s, "test 2.t - 1.t = 3.t")
    ok(s, "contrast r.t, post")
    assert row(s, "test _c2 - _c1 = _c3")[1] == 1
    ok(s, "mixed")
    small = row(s, "contrast r.t, small", 1, 0)
    ok(s, "contrast r.t, post small")
    assert row(s, "lincom _c2, small") == pytest.approx(small)
    s = Session(state)
    plain = row(s, "pwcompare t", 1)
    ok(s, "pwcompare t, post")
    assert row(s, "lincom _c2") == pytest.approx(plain)


def test_all_terms_together(state: State) -> None:
    s = Session(state)
    table = ok(s, "contrast t sex, overall").tables[-1]
    assert [r.code for r in table.rows] == ["t", "sex", "Overall"]
    assert table.rows[-1].values == pytest.approx(row(s, "test 1.t 2.t 3.t 2.sex"))


def test_margins_of_the_cells(state: State) -> None:
    s = Session(state)
    got = ok(s, "pwcompare t#sex, cimargins small").tables
    want = ok(s, "margins t#sex, at(x=0) small").tables[0]
    got_rows, want_rows = ([r for r in t.rows if r.values] for t in (got[0], want))
    assert len(got) == 1 and len(got_rows) == 8
    np.testing.assert_allclose([r.values[0] for r in got_rows], [r.values[0] for r in want_rows])
    np.testing.assert_allclose([r.values[1] for r in got_rows], [r.values[1] for r in want_rows])


@pytest.mark.parametrize("mcompare", ["none", "bonferroni", "tukey"])
def test_letters_say_what_the_comparisons_say(state: State, mcompare: str) -> None:
    s = Session(state)
    compared, margins = ok(s, f"pwcompare t, effects groups mcompare({mcompare})").tables
    marks = [set(r.values[-1]) for r in margins.rows]
    pairs = [(j, i) for i in range(4) for j in range(i + 1, 4)]
    for (j, i), r in zip(pairs, compared.rows):
        assert bool(marks[i] & marks[j]) == (r.values[3] >= 0.05)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda p: p[0] != p[1]), max_size=15))
def test_letters(apart: list[tuple[int, int]]) -> None:
    """Two share a letter exactly where they are not apart, and no letter is of use to nobody."""
    marks = [set(m) for m in letters([3.0, 1.0, 2.0, 6.0, 5.0, 4.0], apart)]
    different = {frozenset(p) for p in apart}
    assert all(marks)
    for i, j in itertools.combinations(range(6), 2):
        assert bool(marks[i] & marks[j]) == (frozenset((i, j)) not in different)
    owners = {c: frozenset(k for k, m in enumerate(marks) if c in m) for c in set().union(*marks)}
    assert not any(a < b for a, b in itertools.permutations(owners.values(), 2))
