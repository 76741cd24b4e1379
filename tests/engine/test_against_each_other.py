"""The two oracles against each other: dense likelihood, information, effects and df at the estimates of R."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from oracles.dense import Dense
from oracles.model import describe
from oracles.rcases import every, frame
from oracles.smallsample import small_sample
from oracles.weighted import robust_fixed

SMALL = 400  # rows: a dense evaluation then takes a millisecond or two

FITS = [c for s in ("lme4", "nlme", "glmmtmb") for c in every(s) if c["n"] < SMALL]
DF = [c for c in every("smallsample") if c["n"] < SMALL]


def dense_of(case: dict[str, Any]) -> Dense:
    terms = case["fixed"]["terms"] if "fixed" in case else case["terms"]
    return Dense(describe(case["command"], tuple(terms)), frame(case["data"]))


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in FITS])
def test_dense_likelihood_at_the_estimates_of_r(case: dict[str, Any]) -> None:
    dense = dense_of(case)
    assert dense.names == list(zip(case["random"]["level"], case["random"]["name"], strict=True))
    beta, phi, _, ll = dense.pieces(np.array(case["random"]["estimate"]))
    se = np.sqrt(np.diag(phi))
    assert ll == pytest.approx(case["ll"], rel=1e-7)
    np.testing.assert_allclose(beta / se, np.array(case["fixed"]["coef"]) / se, atol=1e-4)
    if "se" in case["fixed"]:
        # glmmTMB gives its covariance at the point where its own search stopped
        close = 1e-5 if case["call"].startswith("glmmTMB") else 1e-7
        np.testing.assert_allclose(se, case["fixed"]["se"], rtol=close)


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c["id"]) for c in every("lme4") if c["n"] < 120 and c["random"].get("se")]
)
def test_dense_information_is_the_one_of_r(case: dict[str, Any]) -> None:
    dense = dense_of(case)
    estimates = np.array(case["random"]["estimate"])
    np.testing.assert_allclose(np.sqrt(np.diag(dense.covariance(estimates))), case["random"]["se"], rtol=1e-6)


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c["id"]) for c in every("lme4") if c["n"] < 120 and c.get("effects")]
)
def test_dense_effects_are_those_of_r(case: dict[str, Any]) -> None:
    """lme4's conditional variances leave out that of the fixed effects, as the ML formula does."""
    dense = dense_of(case)
    for term, block in enumerate(case["effects"]):
        u, se = dense.effects(np.array(case["random"]["estimate"]), term)
        np.testing.assert_allclose(_sorted(u), _sorted(np.array(block["value"])), atol=1e-7)
        if not dense.model.reml and block["cond_se"]:
            np.testing.assert_allclose(_sorted(se), _sorted(np.array(block["cond_se"])), rtol=1e-6)


def _sorted(values: np.ndarray) -> np.ndarray:
    """Groups stand in another order in R (text labels): compare the sets, column by column."""
    return np.sort(values, axis=0)


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in DF])
def test_dense_degrees_of_freedom(case: dict[str, Any]) -> None:
    """Expected information agrees with pbkrtest, observed information with lmerTest."""
    dense = dense_of(case)
    natural = np.array(case["random"]["value"])
    rows = np.eye(dense.p)
    tests = rows[[t != "_cons" for t in case["terms"]]] if dense.p > 1 else rows

    expected = small_sample(dense, natural, "eim")
    np.testing.assert_allclose(np.sqrt(np.diag(expected.adjusted)), case["kroger"]["se"], rtol=1e-6)
    np.testing.assert_allclose([expected.satterthwaite(r) for r in rows], case["kroger"]["df"], rtol=1e-6)
    f, ddf, factor = expected.kenward_roger(tests)
    assert (f, ddf) == pytest.approx((case["kroger"]["F"], case["kroger"]["ddf"]), rel=1e-6)
    assert factor == pytest.approx(case["kroger"]["scaling"], rel=1e-6)

    observed = small_sample(dense, natural, "oim")
    np.testing.assert_allclose([observed.satterthwaite(r) for r in rows], case["satterthwaite"]["df"], rtol=1e-5)
    f, ddf = observed.satterthwaite_f(tests)
    assert f == pytest.approx(case["satterthwaite"]["F"], rel=1e-6)
    assert ddf == pytest.approx(case["satterthwaite"]["ddf"], rel=1e-4)


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in every("sandwich") if c["n"] < SMALL])
def test_dense_sandwich_is_clubsandwich_cr1(case: dict[str, Any]) -> None:
    dense, natural = dense_of(case), np.array(case["random"]["value"])
    robust = robust_fixed(dense, natural, dense.frame[case["cluster"]].to_numpy())
    np.testing.assert_allclose(np.sqrt(np.diag(robust)), case["fixed"]["se"], rtol=1e-6)
