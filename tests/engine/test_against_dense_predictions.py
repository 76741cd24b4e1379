"""`predict` against the dense oracle and lme4: fixed part, fitted values, residuals, random effects and SEs."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from oracle_support import dataset, dense_of, natural, r_data, r_fit, session_on

import terrace
from oracles.generated import EVERY, Case
from oracles.implemented import IMPLEMENTED
from oracles.model import Residual
from oracles.rcases import cases

COLLECTED = [c for c in EVERY if c.features | {"predict"} <= IMPLEMENTED]
CASES = [pytest.param(c, id=c.id) for c in COLLECTED]
# the effects of R.factor are one a level of the factor: `fitted` says what they are
WITH_EFFECTS = [
    pytest.param(c, id=c.id)
    for c in COLLECTED
    if c.model.random and not any(n.startswith("R.") for r in c.model.random for n in r.columns)
]


@cache
def session_of(case: Case) -> tuple[Any, np.ndarray]:
    """(a session with the model fitted, the rows of the estimation sample)."""
    session = session_on(dataset(case.frame))
    outcome = session.run(case.command)
    assert outcome.ok, outcome.error
    return session, np.asarray(outcome.fit.sample)


@cache
def estimates(case: Case) -> np.ndarray:
    session, _ = session_of(case)
    return natural(session.fit)


def predicted(case: Case, name: str, option: str) -> np.ndarray:
    """One new variable on the rows of the sample."""
    session, rows = session_of(case)
    outcome = session.run(f"predict {name}, {option}")
    assert outcome.ok, outcome.error
    return session.data.numeric(name)[rows]


@pytest.mark.parametrize("case", CASES)
def test_fixed_part_fitted_values_and_residuals(case: Case) -> None:
    dense = dense_of(case)
    beta, phi, _, _ = dense.pieces(estimates(case))
    np.testing.assert_allclose(predicted(case, "p_xb", "xb"), dense.x @ beta, atol=1e-6)
    spread = np.sqrt(np.einsum("ij,jk,ik->i", dense.x, phi, dense.x))
    np.testing.assert_allclose(predicted(case, "p_se", "stdp"), spread, rtol=1e-6)
    fitted = dense.fitted(estimates(case))
    np.testing.assert_allclose(predicted(case, "p_fit", "fitted"), fitted, atol=1e-6)
    np.testing.assert_allclose(predicted(case, "p_res", "residuals"), dense.y - fitted, atol=1e-6)


@pytest.mark.parametrize(
    "case", [p for p in CASES if p.values[0].model.residual == Residual(groups=p.values[0].model.residual.groups)]
)
def test_standardised_residuals_have_the_error_sd_as_unit(case: Case) -> None:
    dense = dense_of(case)
    rest = (dense.y - dense.fitted(estimates(case))) / np.sqrt(estimates(case)[-1])
    np.testing.assert_allclose(predicted(case, "p_std", "rstandard"), rest, atol=1e-6)


@pytest.mark.parametrize("case", WITH_EFFECTS)
def test_random_effects_and_their_standard_errors(case: Case) -> None:
    """In the printed order, highest level first; the SEs under REML count the fixed effects."""
    dense = dense_of(case)
    session, rows = session_of(case)
    outcome = session.run("predict u*, reffects reses(s*)")
    assert outcome.ok, outcome.error
    at = 0
    for term, codes in enumerate(dense.codes):
        u, se = dense.effects(estimates(case), term)
        for k in range(u.shape[1]):
            at += 1
            np.testing.assert_allclose(session.data.numeric(f"u{at}")[rows], u[codes, k], atol=1e-6)
            np.testing.assert_allclose(session.data.numeric(f"s{at}")[rows], se[codes, k], rtol=1e-5)
    assert f"u{at + 1}" not in session.data


def r_cases() -> list[Any]:
    """lme4's fits with conditional modes, one grouping factor."""
    found = [c for c in cases("lme4") if c.get("effects") and len(c["effects"]) == 1]
    return [pytest.param(c, id=c["id"]) for c in found]


@pytest.mark.parametrize("case", r_cases())
def test_random_effects_are_the_conditional_modes_of_lme4(case: dict[str, Any]) -> None:
    block = case["effects"][0]
    data = r_data(case["data"])
    session = session_on(data)
    assert session.run(case["command"]).ok
    assert session.run("predict u*, reffects reses(s*)").ok
    groups = data.numeric(block["level"])
    for j, group in enumerate(block["group"]):
        row = int(np.flatnonzero(groups == float(group))[0])
        got = [session.data.numeric(f"u{k + 1}")[row] for k in range(len(block["labels"]))]
        np.testing.assert_allclose(got, block["value"][j], atol=1e-5 * max(1.0, np.abs(block["value"]).max()))
        if not case["reml"]:
            got = [session.data.numeric(f"s{k + 1}")[row] for k in range(len(block["labels"]))]
            np.testing.assert_allclose(got, block["cond_se"][j], rtol=1e-5)


def test_unchanged_fit_after_predictions() -> None:
    data = "sleepstudy"
    command = "mixed reaction days || subject: days, cov(un)"
    session = session_on(r_data(data))
    session.run(command)
    before: terrace.FitResult = session.fit
    session.run("predict f, fitted")
    assert session.fit.ll == before.ll == r_fit(command, data).ll
