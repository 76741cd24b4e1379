"""The engine against the dense oracle, on small made-up data and every structure.

At the engine's estimates the dense likelihood must agree, be stationary and curve downwards, and give the
same fixed effects, standard errors and intervals. Only cases whose features are implemented are collected.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from oracle_support import column, dense_of, estimated, generated_fit, natural
from scipy import stats

from oracles.generated import EVERY, Case, collected
from oracles.implemented import FEATURES, IMPLEMENTED
from oracles.intervals import interval
from oracles.maximise import maximise
from oracles.numerics import hessian, jacobian
from oracles.rcases import every

CASES = [pytest.param(c, id=c.id) for c in collected()]
SCRIPTS = ("lme4", "nlme", "glmmtmb", "smallsample", "sandwich", "emmeans", "profile")
# Hessians of more parameters than this take seconds
MANY = 7
WITH_HESSIAN = [pytest.param(c, id=c.id) for c in collected() if len(dense_of(c).names) <= MANY]


@cache
def curvature(case: Case) -> np.ndarray:
    """Covariance of the free parameters at the engine's estimates, by numerical differentiation."""
    dense = dense_of(case)
    return np.linalg.inv(-hessian(dense.ll_free, dense.free(natural(generated_fit(case)))))


@cache
def change(case: Case) -> np.ndarray:
    """Derivatives of the natural parameters by the free ones."""
    dense = dense_of(case)
    return jacobian(dense.natural, dense.free(natural(generated_fit(case))))


def test_features_are_spelled_alike_everywhere() -> None:
    used = {f for c in EVERY for f in c.features}
    used |= {f for s in SCRIPTS for c in every(s) for f in c["features"]}
    assert used <= FEATURES
    assert IMPLEMENTED <= FEATURES


@pytest.mark.parametrize("case", CASES)
def test_parameters_stand_in_the_printed_order(case: Case) -> None:
    result = generated_fit(case)
    assert [(p.level, p.name) for p in result.random] == dense_of(case).names
    assert [f.term for f in estimated(result)] == list(case.terms)
    assert result.converged
    assert not result.boundary


@pytest.mark.parametrize("case", CASES)
def test_likelihood_is_the_dense_one(case: Case) -> None:
    result = generated_fit(case)
    dense = dense_of(case)
    assert result.scalars["N"] == dense.n
    assert result.ll == pytest.approx(dense.ll(natural(result)), rel=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_estimates_are_a_maximum(case: Case) -> None:
    """No Newton step is longer than a ten-thousandth of a standard error."""
    dense = dense_of(case)
    gradient = dense.gradient(natural(generated_fit(case)))
    if len(dense.names) > MANY:
        assert np.abs(gradient).max() < 1e-4
        return
    inverse = curvature(case)
    assert np.all(np.linalg.eigvalsh(inverse) > 0)
    assert np.abs(inverse @ gradient / np.sqrt(np.diag(inverse))).max() < 1e-4


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c.id) for c in collected() if c.id.startswith(("slope-un", "residual-ar2"))]
)
def test_maximum_is_the_one_that_a_plain_search_finds(case: Case) -> None:
    _, ll = maximise(dense_of(case))
    assert generated_fit(case).ll == pytest.approx(ll, rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_fixed_effects_are_generalised_least_squares(case: Case) -> None:
    result = generated_fit(case)
    beta, phi, _, _ = dense_of(case).pieces(natural(result))
    rows, se = estimated(result), np.sqrt(np.diag(phi))
    np.testing.assert_allclose(column(rows, "coef") / se, beta / se, rtol=0, atol=1e-7)
    np.testing.assert_allclose(column(rows, "se"), se, rtol=1e-6)
    z = beta / se
    np.testing.assert_allclose(column(rows, "stat"), z, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(column(rows, "p"), 2 * stats.norm.sf(np.abs(z)), rtol=1e-5, atol=1e-12)
    width = stats.norm.ppf(0.975) * se
    np.testing.assert_allclose(column(rows, "lb"), beta - width, atol=1e-6 * se.max())
    np.testing.assert_allclose(column(rows, "ub"), beta + width, atol=1e-6 * se.max())


@pytest.mark.parametrize("case", WITH_HESSIAN)
def test_standard_errors_come_from_the_observed_information(case: Case) -> None:
    slopes = change(case)
    expected = np.sqrt(np.diag(slopes @ curvature(case) @ slopes.T))
    np.testing.assert_allclose(column(list(generated_fit(case).random), "se"), expected, rtol=1e-6)


@pytest.mark.parametrize("case", WITH_HESSIAN)
def test_intervals_follow_from_estimate_and_standard_error(case: Case) -> None:
    for kind, row in zip(dense_of(case).kinds, generated_fit(case).random, strict=True):
        assert (row.interval == "profile") == (kind == "var" and row.estimate < row.se / 3), row.name
        if row.interval == "wald":  # test_post_profile.py has the others
            assert (row.lb, row.ub) == pytest.approx(interval(kind, row.estimate, row.se), rel=1e-9), row.name


@pytest.mark.parametrize("case", WITH_HESSIAN)
def test_standard_deviations_and_correlations(case: Case) -> None:
    dense, result = dense_of(case), generated_fit(case)
    free = dense.free(natural(result))
    spread = np.sqrt(np.diag(curvature(case)))
    assert len(result.random_sd) == len(free)
    for i, (kind, row) in enumerate(zip(dense.kinds, result.random_sd, strict=True)):
        if kind == "var":
            expected, se = np.exp(free[i]), np.exp(free[i]) * spread[i]
            assert row.name.startswith(("sd(", "1:sd(", "2:sd(", "3:sd("))
        elif kind == "cov":
            expected, se = np.tanh(free[i]), (1 - np.tanh(free[i]) ** 2) * spread[i]
            assert row.name.startswith("corr(")
        else:
            continue
        assert row.estimate == pytest.approx(expected, rel=1e-8, abs=1e-9)
        assert row.se == pytest.approx(se, rel=1e-6)
        if row.interval == "wald":
            limits = interval("sd" if kind == "var" else "corr", row.estimate, row.se)
            assert (row.lb, row.ub) == pytest.approx(limits, rel=1e-9)


@pytest.mark.parametrize(
    "case",
    [pytest.param(c, id=c.id) for c in collected() if not any("residual" in f for f in c.features)],
)
def test_stored_metric_is_log_sds_and_hyperbolic_correlations(case: Case) -> None:
    dense, result = dense_of(case), generated_fit(case)
    rows = list(result.random_estmetric)
    np.testing.assert_allclose(column(rows, "estimate"), dense.free(natural(result)), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(column(rows, "se"), np.sqrt(np.diag(curvature(case))), rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_header_statistics(case: Case) -> None:
    """Wald test of everything but the constant; likelihood ratio against the linear model."""
    result, dense = generated_fit(case), dense_of(case)
    beta, phi, _, _ = dense.pieces(natural(result))
    tested = [i for i, t in enumerate(case.terms) if t != "_cons"]
    chi2 = beta[tested] @ np.linalg.solve(phi[np.ix_(tested, tested)], beta[tested])
    assert result.scalars["df_m"] == len(tested)
    assert result.scalars["chi2"] == pytest.approx(chi2, rel=1e-6)
    assert result.scalars["p"] == pytest.approx(stats.chi2.sf(chi2, len(tested)), rel=1e-4, abs=1e-12)
    rest = dense.y - dense.x @ np.linalg.lstsq(dense.x, dense.y, rcond=None)[0]
    free = dense.n - dense.p if dense.model.reml else dense.n
    linear = -0.5 * free * (np.log(2 * np.pi * rest @ rest / free) + 1)
    if dense.model.reml:
        linear -= 0.5 * np.linalg.slogdet(dense.x.T @ dense.x)[1]
    assert result.scalars["ll_c"] == pytest.approx(linear, rel=1e-9)
    comparison, df = result.comparison, len(dense.names) - 1
    assert comparison is not None
    statistic = 2 * (result.ll - linear)
    assert comparison.stat == pytest.approx(statistic, rel=1e-6)
    assert comparison.df == df
    single = df == 1 and len(dense.z) == 1
    assert comparison.label == ("chibar2(01)" if single else f"chi2({df})")
    tail = stats.chi2.sf(statistic, df) / (2 if single else 1)
    assert comparison.p == pytest.approx(tail, rel=1e-4, abs=1e-14)
    assert comparison.conservative is not single
