"""A preview gives what the command gives, digit by digit, and leaves nothing behind."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

import terrace
from terrace.postestimation.diagnose.group_lines import group_lines, line_variable
from terrace.postestimation.paper.beside import beside, nested
from terrace.postestimation.predict import columns
from terrace.session.preview import preview
from terrace.session.session import Session
from terrace.session.state import State

INTERCEPTS = "mixed mathach ses meanses || id:, reml dfmethod(satterthwaite)"
SLOPES = "mixed mathach ses meanses || id: ses, covariance(unstructured) reml dfmethod(satterthwaite)"
INDEPENDENT = "mixed mathach ses meanses || id: ses, reml"


@cache
def begun() -> Session:
    """High School and Beyond with a model, its estimates stored, a seed and results in r()."""
    session = Session()
    for command in ("sample hsb", "set seed 7", INTERCEPTS, "estimates store one", "summarize ses"):
        assert session.run(command).ok
    return session


@cache
def fitted(command: str) -> terrace.FitResult:
    return terrace.fit(command, terrace.sample("hsb"))


def state_parts(state: State) -> dict[str, object]:
    """All of a state: frozen parts by identity, the generator by what it will draw."""
    parts: dict[str, object] = {f.name: id(getattr(state, f.name)) for f in dataclasses.fields(state)}
    parts["rng"] = None if state.rng is None else pickle.dumps(state.rng.bit_generator.state)
    return parts


def test_the_numbers_are_those_of_the_command() -> None:
    session = begun()
    found = preview(session.state, SLOPES)
    kept = Session(session.state)
    outcome = kept.run(SLOPES)
    assert found.fit is not None and outcome.fit is not None
    for name in ("b", "V"):
        assert np.array_equal(found.fit.matrices[name], outcome.fit.matrices[name])
    assert {k: v for k, v in found.fit.scalars.items() if k != "time"} == {
        k: v for k, v in outcome.fit.scalars.items() if k != "time"
    }
    assert found.outcome.tables == outcome.tables
    assert found.fit.fixed == outcome.fit.fixed and found.fit.random == outcome.fit.random


@pytest.mark.parametrize(
    "command",
    [
        SLOPES, "estat icc", "margins, at(ses = (0 1))", "predict xb", "generate u = rnormal()", "drop in 1/100",
        "estimates store two", "set seed 1", "constraint 1 ses = 0", "local k = 3", "clear",
        "bootstrap, reps(2): regress mathach", "quietly regress mathach ses", "scalar s = 1", "estimates drop one",
        "twoway scatter mathach ses",
    ],
)  # fmt: skip
def test_no_trace(command: str) -> None:
    session = begun()
    before, history, logged = state_parts(session.state), session.history, session.undo_text
    preview(session.state, command)
    assert state_parts(session.state) == before
    assert session.history == history and session.undo_text == logged


def test_no_file_and_no_log(tmp_path: Path) -> None:
    session = Session()
    log = tmp_path / "s.log"
    for command in ("sample hsb", f'log using "{log}", replace text'):
        assert session.run(command).ok
    before = log.read_bytes()
    drawn = f'graph twoway scatter ses size, saving("{tmp_path / "b"}")'
    for command in ("summarize ses", f'save "{tmp_path / "a.dta"}"', drawn):
        preview(session.state, command)
    assert log.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["s.log"]
    session.run("log close")


def test_commands_before_it_are_needed_and_leave_none() -> None:
    session = begun()
    command = "mixed mathach ses meanses || id:, constraints(3)"
    found = preview(session.state, command, before=["constraint 3 ses = meanses"])
    assert not found.error
    assert found.fit is not None
    b = {e.term: e.coef for e in found.fit.fixed}
    assert b["ses"] == pytest.approx(b["meanses"])
    assert 3 not in session.state.constraints
    assert "3" in preview(session.state, "mixed mathach ses || id:, constraints(3)").error


def test_errors_are_told_in_words() -> None:
    found = preview(begun().state, "mixed mathach sess || id:")
    assert "sess" in found.error and found.fit is None and not found.cancelled
    assert preview(State(), INTERCEPTS).error.startswith("No data are open.")


def test_cancelled() -> None:
    found = preview(begun().state, SLOPES, cancel=lambda: True)
    assert found.cancelled and found.fit is None


def test_what_becomes_of_the_data_is_told() -> None:
    data = terrace.sample("hsb")
    found = preview(begun().state, "center ses, by(id)")
    (made,) = found.made
    within = data.numeric("ses") - data.frame.groupby("id")["ses"].transform("mean").to_numpy(float)
    assert made.name == "c_ses" and made.n == len(data)
    assert made.sd == pytest.approx(within.std(ddof=1)) and made.mean == pytest.approx(0, abs=1e-12)
    assert preview(begun().state, "drop in 1/85").rows == (7185, 7100)


# --- beside its parent ----------------------------------------------------------------------------------------
def test_both_columns_are_those_of_the_fits() -> None:
    small, large = fitted(INTERCEPTS), fitted(SLOPES)
    lines = {line.term: line for line in beside(large, small).lines}
    for e in large.fixed:
        assert (lines[e.term].now, lines[e.term].p) == (e.coef, e.p)
    for e in small.fixed:
        assert lines[e.term].parent == e.coef
    added = {t for t, line in lines.items() if line.changed}
    assert added == {"id:var(ses)", "id:cov(ses,_cons)"}
    assert lines["id:var(ses)"].parent is None and lines["id:var(ses)"].label == "Slope variance, ses"
    back = {line.term: line for line in beside(small, large).lines}
    assert {t for t, line in back.items() if line.changed} == added and back["id:var(ses)"].now is None
    assert list(back) == list(lines)  # what went stands where it stood


def test_icc_criteria_and_test_by_hand() -> None:
    small, large = fitted(INTERCEPTS), fitted(SLOPES)
    found = beside(large, small, "Model 1")
    (icc,) = found.correlations
    variances = {r.name: r.estimate for r in large.random}
    assert icc.now == pytest.approx(variances["var(_cons)"] / (variances["var(_cons)"] + variances["var(Residual)"]))
    assert icc.at == "ses = 0"  # its mean is not 0
    assert found.aic == pytest.approx((-2 * small.ll + 2 * 5, -2 * large.ll + 2 * 7))
    n = np.log(7185)
    assert found.bic == pytest.approx((-2 * small.ll + 5 * n, -2 * large.ll + 7 * n))
    stat = 2 * (large.ll - small.ll)
    assert found.against is not None and found.against.mixture and not found.against.smaller
    assert found.against.stat == pytest.approx(stat)
    assert found.against.p == pytest.approx(0.5 * chi2.sf(stat, 1) + 0.5 * chi2.sf(stat, 2))
    slope = {e.term: e.coef for e in large.fixed}["ses"]
    reach = 1.959963984540054 * np.sqrt(variances["var(ses)"])
    assert f"95% of slopes lie between {slope - reach:.2f} and {slope + reach:.2f}" in [c.text for c in found.checks]


def test_under_reml_other_fixed_effects_leave_no_test() -> None:
    found = beside(fitted(INTERCEPTS), fitted("mixed mathach ses || id:, reml"), "Model 1")
    assert found.against is None and found.aic[0] is None and found.bic[0] is None
    assert any(c.state == "note" and "p values of the terms are valid" in c.text for c in found.checks)
    by_ml = beside(fitted("mixed mathach ses meanses || id:"), fitted("mixed mathach ses || id:"), "Model 1")
    assert by_ml.against is not None and by_ml.against.df == 1 and by_ml.aic[0] is not None


def test_another_outcome_or_other_rows_are_not_compared() -> None:
    other = beside(fitted(INTERCEPTS), fitted("mixed ses || id:"))
    assert all(line.parent is None and not line.changed for line in other.lines) and other.aic[0] is None
    rows = beside(fitted("mixed mathach ses || id:"), fitted("mixed mathach ses if size > 500 || id:"), "Model 1")
    assert rows.against is None and any("Model 1 used other rows" in c.text for c in rows.checks)


def test_nested_only_where_it_can_be_seen() -> None:
    assert nested(fitted(INTERCEPTS), fitted(SLOPES)) and nested(fitted(INDEPENDENT), fitted(SLOPES))
    assert not nested(fitted(SLOPES), fitted(INDEPENDENT))
    assert not nested(fitted("mixed mathach size || id:"), fitted("mixed mathach ses meanses || id:"))
    assert nested(fitted("mixed mathach ses || id:"), fitted("mixed mathach ses || id:, residuals(exchangeable)"))
    assert not nested(fitted("mixed mathach ses || id: size"), fitted("mixed mathach ses || id: meanses"))


def test_a_variance_at_its_limit_is_no_sound_fit() -> None:
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(20), 10)
    x, e = rng.normal(size=200), rng.normal(size=200)
    e -= np.array([e[g == k].mean() for k in range(20)])[g]  # no variance between the groups
    fit = terrace.fit("mixed y x || g:", {"y": x + e, "x": x, "g": g})
    checks = beside(fit).checks
    assert checks[0].state == "warning" and not any("sound" in c.text for c in checks)


# --- lines ----------------------------------------------------------------------------------------------------
def test_lines_are_straight_with_the_slopes_of_the_groups() -> None:
    fit, data = fitted(SLOPES), terrace.sample("hsb")
    plot = group_lines(fit, data)
    line = plot.panels[0].marks[0]
    pieces = np.split(np.arange(len(line.x)), np.flatnonzero(np.isnan(line.x)))
    slopes = []
    for piece in pieces:
        piece = piece[np.isfinite(line.x[piece])]
        if len(piece) > 2:
            (slope, _), residuals, *_ = np.polyfit(line.x[piece], line.y[piece], 1, full=True)
            assert residuals[0] < 1e-16
            slopes.append(slope)
    assert len(slopes) == 60 and "60 of 160" in plot.note
    effects = next(e for e in columns.random_effects(fit) if "ses" in e.names)
    every = {e.term: e.coef for e in fit.fixed}["ses"] + effects.values[:, effects.names.index("ses")]
    chosen = np.linspace(0, 159, 60).round().astype(int)
    np.testing.assert_allclose(slopes, every[chosen], rtol=1e-9)


def test_lines_need_a_covariate() -> None:
    assert line_variable(fitted("mixed mathach meanses female ses || id:")) == "female"
    found = preview(begun().state, "mixed mathach meanses || id:", lines=True)
    assert found.lines is None and "continuous predictor" in found.no_lines and not found.error


def test_a_generator_is_not_shared() -> None:
    """Commands that draw numbers on two threads may not disturb each other's."""
    state = begun().state
    assert state.rng is not None
    expected = copy.deepcopy(state.rng).standard_normal(3)
    preview(state, "generate u = rnormal()")
    np.testing.assert_array_equal(copy.deepcopy(state.rng).standard_normal(3), expected)
