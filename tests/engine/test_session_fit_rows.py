"""What follows a fit finds the rows of the fit wherever they are: sorted, among new ones, or gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_session_running import ok

from terrace.data.readers.build import from_frame
from terrace.data.row_numbers import gathered, places
from terrace.postestimation.margins.margins import margins
from terrace.session.session import Session
from terrace.session.state import State

MODEL = "mixed y i.t##c.x if t < 3 || g:, residuals(ar 1, t(week)) nolog"
LOOKING = (
    "margins t, dydx(x)",
    "margins t if x > 0, over(sex)",
    "estat summarize",
    "estat wcorrelation, at(g=3)",
    "estat residuals z",
    "estat acf",
    "estat influence, noplot",
    "estat r2",
    "estat reliability, groups",
    "estat diagnostics",
    "estimates compare A B",
    "simpleslopes x t, noplot",
    "apa",
)


def frame() -> pd.DataFrame:
    """Twenty groups of eight weeks; half of the last period is outside the sample."""
    rng = np.random.default_rng(11)
    g = np.repeat(np.arange(20), 8)
    x, u, t = rng.normal(size=160), rng.normal(size=20), np.tile([0.0, 1.0, 2.0, 3.0], 40)
    y = 1 + 2 * u[g] + x + 0.5 * t + rng.normal(size=160)
    sex = np.where(rng.random(160) < 0.4, "f", "m")
    return pd.DataFrame(
        {"g": g, "x": x, "y": y, "t": t, "sex": sex, "z": rng.normal(size=160), "week": np.tile(np.arange(1, 9), 20)}
    )


@pytest.fixture(scope="module")
def fitted() -> State:
    session = Session(State(dataset=from_frame(frame())))
    ok(session, MODEL)
    ok(session, "estimates store A")
    ok(session, "estimates store B")
    return session.state


def moved(state: State, *commands: str) -> Session:
    """A session on data that were changed since the fit."""
    session = Session(state)
    for command in commands:
        ok(session, command)
    return session


@pytest.mark.parametrize(
    "changes", [("gsort -z",), ("sort t z", "keep if e(sample)"), ("expand 2 if g == 4, gen(new)",)]
)
@pytest.mark.parametrize("command", LOOKING)
def test_looks_at_the_rows_of_the_fit(fitted: State, changes: tuple[str, ...], command: str) -> None:
    assert ok(moved(fitted, *changes), command).text == ok(Session(fitted), command).text


@pytest.mark.parametrize("statistic", ["xb", "fitted", "residuals", "rstandard", "scores"])
def test_predictions_stay_with_their_rows(fitted: State, statistic: str) -> None:
    session = Session(fitted)
    ok(session, f"predict a*, {statistic}" if statistic == "scores" else f"predict a1, {statistic}")
    ok(session, "gsort z")
    ok(session, f"predict b*, {statistic}" if statistic == "scores" else f"predict b1, {statistic}")
    pairs = [(n, "b" + n[1:]) for n in session.data.names if n[0] == "a"]
    assert pairs and np.isfinite(session.data.numeric("a1")).any()
    for one, other in pairs:
        np.testing.assert_allclose(session.data.numeric(other), session.data.numeric(one), atol=1e-13)


def test_distances_of_groups_stay_with_their_rows(fitted: State) -> None:
    session = moved(fitted, "gsort z", "estat influence, cooksd(after) noplot")
    before = moved(fitted, "estat influence, cooksd(d) noplot").data
    want = pd.DataFrame({"z": before.numeric("z"), "d": before.numeric("d")}).sort_values("z")["d"]
    np.testing.assert_allclose(session.data.numeric("after"), want)


def test_rows_of_the_sample_that_are_gone_are_missed(fitted: State) -> None:
    session = moved(fitted, "drop in 1/2")
    outcome = session.run("margins t")
    assert outcome.error is not None and outcome.error[0] == "stale-fit" and "2 of the 120" in outcome.error[1]
    ok(session, "predict p, fitted")  # row by row, so the rest is as before
    kept = moved(fitted, "predict p, fitted").data.numeric("p")[2:]
    np.testing.assert_allclose(session.data.numeric("p"), kept, rtol=1e-12)


def test_margins_over_some_rows(fitted: State) -> None:
    """if and in choose the rows to average over, wherever they stand."""
    session = Session(fitted)
    fit, data = session.fit, session.data
    assert fit is not None
    f = frame()[fit.sample]
    got = ok(session, "margins if x > 0").tables[0]
    x, b = f["x"].to_numpy(), {e.term: e.coef for e in fit.fixed}
    xb = b["_cons"] + b["x"] * x
    for t in (1, 2):
        xb = xb + (f["t"] == t) * (b[f"{t}.t"] + b[f"{t}.t#c.x"] * x)
    assert got.rows[0].values[0] == pytest.approx(xb[x > 0].mean())
    assert margins(fit, data, inside=x > 0).n == (x > 0).sum() and f"{(x > 0).sum():,} rows" in got.notes[0]
    first = ok(session, "margins in 1/10").tables[0]
    assert first.rows[0].values[0] == pytest.approx(xb[: fit.sample[:10].sum()].mean())


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("estat icc if x > 0", "if"), ("lincom x in 1/5", "in"), ("estat ic [fw=t]", "weights"),
        ("contrast t if x > 0", "if"), ("estat df using z", "using"),
    ],
)  # fmt: skip
def test_rows_where_none_can_be_chosen(fitted: State, command: str, word: str) -> None:
    outcome = Session(fitted).run(command)
    assert outcome.error is not None and outcome.error[0] == "no-rows" and f"takes no {word}." in outcome.error[1]


# --- rows that are added --------------------------------------------------------------------------------------------
def more(folder: Path) -> Path:
    """A file of rows that go on with the frame, of groups that it does not have."""
    rng = np.random.default_rng(9)
    added = pd.DataFrame({"g": [20, 20, 21, 22], "week": [9, 10, 1, 1], "t": [0, 1, 2, 0], "sex": "m"})
    for name in ("x", "y", "z"):
        added[name] = rng.normal(size=4)
    path = folder / "more.csv"
    added.to_csv(path, index=False)
    return path


ADDED = (
    'append using "{}"', "set obs 165", "fillin g week sex",
    'merge 1:1 g week using "{}"', "tsset g week; tsfill, full",
)  # fmt: skip


@pytest.mark.parametrize("commands", ADDED)
@pytest.mark.parametrize("moved_after", [(), ("gsort -z",), ("drop if week == 8", "sort z")])
def test_rows_added_after_a_fit_are_not_in_its_sample(
    fitted: State, tmp_path: Path, commands: str, moved_after: tuple[str, ...]
) -> None:
    """A mark of the sample that is a variable of its own says the same, and missing in the rows that are new."""
    session = moved(fitted, "generate byte mark = e(sample)", "drop if week == 2")
    n = len(session.data)
    for command in (*commands.format(more(tmp_path)).split("; "), *moved_after):
        ok(session, command)
    assert len(session.data) > n or moved_after
    assert ok(session, "count if e(sample) & missing(mark)").text == "0"
    assert ok(session, "count if e(sample) != (mark == 1)").text == "0"


MAKING = (
    'append using "{}"', "expand 2 if week < 3", 'append using "{}"; expand 3 if g > 15',
    "expand 2; expand 2 if t == 1", 'merge 1:1 g week using "{}", nogenerate',
)  # fmt: skip


@pytest.mark.parametrize("commands", MAKING)
@pytest.mark.parametrize("moved_after", ["gsort -z", 'append using "{}"', "drop if !e(sample)", "expand 2 if z > 0"])
def test_rows_added_before_a_fit_are_found_again(tmp_path: Path, commands: str, moved_after: str) -> None:
    session = Session(State(dataset=from_frame(frame())))
    path = more(tmp_path)
    for command in commands.format(path).split("; "):
        ok(session, command)
    ok(session, "replace x = x + _n / 1000")  # copies are rows of their own
    ok(session, "mixed y i.t##c.x if t < 3 || g:, nolog")
    ok(session, "predict double before, residuals")
    ok(session, "generate byte mark = e(sample)")
    margins_before = ok(session, "margins t").text
    ok(session, moved_after.format(path))
    assert ok(session, "margins t").text == margins_before
    assert ok(session, "count if e(sample) != (mark == 1)").text == "0"
    ok(session, "predict double after, residuals")
    assert ok(session, "count if mark == 1 & abs(after - before) > 1e-9").text == "0"


def test_numbers_of_rows_put_together() -> None:
    """A row keeps its number where it comes first; copies and new rows have numbers that nothing else has."""
    ids = np.array([7, 3, 9])
    one, other = (gathered(ids, np.array([1, 0, 1, -1, 1, -1])) for _ in range(2))
    assert one[:2].tolist() == [3, 7] and one[0] == other[0]
    fresh = np.r_[one[2:], other[2:]]
    assert len(set(fresh)) == 8 and not set(fresh) & {*ids.tolist(), -1}
    place, itself = places(ids, one)
    assert place.tolist() == [1, 0, 1, -1, 1, -1] and itself.tolist() == [True, True, False, False, False, False]
    assert gathered(np.zeros(0, dtype=np.int64), np.array([-1, -1])).min() > 0
    assert places(np.zeros(0, dtype=np.int64), ids)[0].tolist() == [-1, -1, -1]


def test_undo_and_redo_keep_the_rows_of_a_fit(tmp_path: Path) -> None:
    session = Session(State(dataset=from_frame(frame())))
    ok(session, f'append using "{more(tmp_path)}"')
    ok(session, "mixed y i.t##c.x if t < 3 || g:, nolog")
    ok(session, "quietly count if e(sample)")
    n = session.state.returned.scalars["N"]
    for command in ("gsort -z", "undo", "redo"):
        ok(session, command)
        ok(session, "quietly count if e(sample)")  # what shows something would be a step itself
        assert session.state.returned.scalars["N"] == n


def test_values_are_gathered_from_the_rows_of_the_fit_and_not_from_copies(fitted: State) -> None:
    """Of a copy that was changed, nothing goes into what is computed of the fit's rows."""
    plain = ok(moved(fitted, "gsort z"), "margins t if x > 0").text
    changed = moved(fitted, "expand 2, gen(new)", "replace x = -x if new", "gsort z")
    assert ok(changed, "margins t if x > 0").text == plain


@pytest.mark.parametrize("name", ["y", "x", "t", "g", "sex", "week"])
@pytest.mark.parametrize(
    "command", [*LOOKING, "estat wcorrelation", "estat wcorrelation, all", "predict p, reffects",
                "estat influence, relevel(g) noplot", "plot caterpillar", "plot lines"],
)  # fmt: skip
def test_a_variable_that_is_gone_is_named_or_not_needed(fitted: State, command: str, name: str) -> None:
    outcome = moved(fitted, f"drop {name}").run(command)
    assert outcome.error is None or outcome.error[0] != "internal", outcome.error


@pytest.mark.parametrize("command", ["estat influence, noplot", "estat wcorrelation", "estat wcorrelation, at(g=3)"])
def test_the_name_of_a_group_needs_its_variable(fitted: State, command: str) -> None:
    outcome = moved(fitted, "drop g").run(command)
    assert outcome.error == ("no-such-variable", "There is no variable 'g' in the data.")
