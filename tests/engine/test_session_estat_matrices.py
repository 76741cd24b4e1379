"""Options of ``estat vce``, ``estat wcorrelation`` and ``estat recovariance``; by() groups by their labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data_support import ok, refused

from terrace.data.readers.build import from_frame
from terrace.language.number_format import formatted
from terrace.session.session import Session
from terrace.session.state import State


@pytest.fixture(scope="module")
def state() -> State:
    rng = np.random.default_rng(5)
    n, k = 40, 4
    u = rng.normal(size=(n, 2))
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(1, n + 1), k), "time": np.tile([3, 2, 1, 0], n), "x": rng.normal(size=n * k),
            "girl": np.repeat(np.arange(n) % 2, k),
        }
    )  # fmt: skip
    frame["y"] = 2 + frame.x + np.repeat(u[:, 0], k) + frame.time * np.repeat(u[:, 1], k)
    frame["y"] += rng.normal(size=n * k) * (1 + frame.girl)
    session = Session(State(dataset=from_frame(frame)))
    ok(session, 'label define sex 0 "Boy" 1 "Girl or woman"')
    ok(session, "label values girl sex")
    ok(session, "mixed y x || id: time, cov(un) residuals(ar 1, t(time)) iterate(200)")
    return session.state


def body(session: Session, command: str) -> list[list[str]]:
    """The cells of the lines between the second and the third rule."""
    lines = ok(session, command).text.splitlines()
    rules = [i for i, line in enumerate(lines) if line.startswith("---")]
    return [line.split() for line in lines[rules[1] + 1 : rules[2]]]


# --- estat vce ----------------------------------------------------------------------------------------------
def test_the_covariance_of_the_estimates_by_equations(state: State) -> None:
    session = Session(state)
    fit = state.fit
    assert fit is not None
    v, names = fit.matrices["V"], fit.matrix_names["V"][0]
    whole = {(a, b): v[i, j] for i, a in enumerate(names) for j, b in enumerate(names)}
    rows = body(session, "estat vce, equation(lns1_1_1 lnsig_e)")
    assert rows[1][1] == formatted(whole["lnsig_e:_cons", "lns1_1_1:_cons"], "%10.0g")
    assert rows[1][2] == formatted(whole["lnsig_e:_cons", "lnsig_e:_cons"], "%10.0g")
    (table,) = ok(session, r"estat vce, equation(lnsig_e \ lns1_1_1 lns1_1_2)").tables
    wanted = [whole["lnsig_e:_cons", f"lns1_1_{k}:_cons"] for k in (1, 2)]
    assert table.rows[0].values == pytest.approx(wanted)
    equations = list(dict.fromkeys(n.rpartition(":")[0] for n in names))
    pairs = len(equations) * (len(equations) + 1) // 2
    assert len(ok(session, "estat vce, block").tables) == pairs
    diagonal = ok(session, "estat vce, diag").tables
    assert [t.title.split()[-1] for t in diagonal] == equations
    assert diagonal[0].rows[1].values == pytest.approx((whole["y:_cons", "y:x"], whole["y:_cons", "y:_cons"]))
    # the parts are the whole: trace and number of cells
    cells = [c for t in ok(session, "estat vce, block").tables for r in t.rows for c in r.values if c is not None]
    assert len(cells) == len(names) * (len(names) + 1) // 2
    assert refused(session, "estat vce, equation(nothing)") == "no-such-equation"
    assert refused(session, "estat vce, covariance correlation") == "options-exclude"


def test_digits_of_the_covariance_of_the_estimates(state: State) -> None:
    session = Session(state)
    assert state.fit is not None
    v = state.fit.matrices["V"]
    assert body(session, "estat vce")[1][1:] == [formatted(v[1, 0], "%10.0g"), formatted(v[1, 1], "%10.0g")]
    r = v[1, 0] / np.sqrt(v[0, 0] * v[1, 1])
    assert body(session, "estat vce, correlation")[1][1:] == [f"{r:.4f}", "1.0000"]
    assert body(session, "estat vce, corr format(%6.2f)")[1][1] == f"{r:.2f}"
    assert body(session, "estat vce, format(%9.5f)")[0][1] == f"{v[0, 0]:.5f}"
    sigma = ok(session, "estat recovariance, format(%7.2f)")
    assert sigma.tables[0].rows[1].values[1] is not None
    assert sigma.text.split()[-2] == f"{sigma.tables[0].rows[1].values[1]:.2f}"


# --- estat wcorrelation ---------------------------------------------------------------------------------------
def test_a_group_is_named_as_one_likes(state: State) -> None:
    session = Session(state)
    wanted = ok(session, "estat wcorrelation, at(id=7)").text
    for at in ("id = 7", "id= 7", " id =7 ,", 'id="7"'):
        assert ok(session, f"estat wcorrelation, at({at})").text == wanted
    assert refused(session, "estat wcorrelation, at(id)") == "at"
    assert refused(session, "estat wcorrelation, at(x=1)") == "no-such-level"
    assert refused(session, "estat wcorrelation, all at(id=7)") == "options-exclude"


def test_order_format_and_all_rows_of_a_group(state: State) -> None:
    session = Session(state)
    ordered = ok(session, "estat wcorrelation, covariance").tables[0]
    as_they_are = ok(session, "estat wcorrelation, covariance nosort").tables[0]
    assert [r.label for r in ordered.rows] == ["0", "1", "2", "3"]
    assert [r.label for r in as_they_are.rows] == ["3", "2", "1", "0"]
    assert as_they_are.rows[3].values[3] == ordered.rows[0].values[0]
    assert as_they_are.rows[3].values[0] == ordered.rows[3].values[0]
    first = body(session, "estat wcorrelation, covariance format(%9.3f)")[0]
    assert first == ["0", f"{ordered.rows[0].values[0]:.3f}"]
    sds = body(session, "estat wcorrelation, format(%5.1f)")
    assert sds[0] == ["0", f"{np.sqrt(ordered.rows[0].values[0]):.1f}", "1.0"]
    # all rows: the groups are independent of each other
    every = ok(session, "estat wcorrelation, all covariance nosort").tables[0]
    assert len(every.rows) == 160 and every.rows[4].values[:4] == (0, 0, 0, 0)
    assert every.rows[1].values[0] == as_they_are.rows[1].values[0]
    assert len(ok(session, "estat wcorrelation, list").tables) == 2


# --- by() groups by their labels -------------------------------------------------------------------------------
def test_groups_of_residuals_are_told_by_their_labels(state: State) -> None:
    session = Session(state)
    fit = ok(session, "mixed y x || id:, residuals(independent, by(girl))").fit
    assert fit is not None and [r.group for r in fit.random] == ["", "Boy", "Girl or woman"]
    assert [r.name for r in fit.random[1:]] == ["0:var(e)", "1:var(e)"], "names of programs stay codes"
    assert "Girl or woman: var(e)" in str(fit) and "1: var(e)" not in str(fit)
    assert "1: var(e)" in ok(session, "mixed, nofvlabel").text
    assert fit.macros["rglabels"] == 'Boy "Girl or woman"'
    journal = [r.label for t in fit.tables() for r in t.rows]
    assert "Girl or woman: Var(e)" in journal
    for command in ("estat sd", "estat icc", "estat profile, noplot", "etable", "estimates table", "apa"):
        assert "Girl or woman" in ok(session, command).text, command
    ok(session, "estimates store a")
    assert "Girl or woman: Var(e)" in ok(session, "estimates table a ., label").text
    # without labels the codes
    ok(session, "generate g2 = girl + 1")
    fit = ok(session, "mixed y x || id:, residuals(independent, by(g2))").fit
    assert fit is not None and [r.group for r in fit.random] == ["", "1", "2"]
    assert "2: var(e)" in str(fit)
