"""Degrees of freedom against the dense formulas, and against counts in the exact methods."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from oracle_support import column, dataset, dense_of, estimated, natural
from scipy import stats

import terrace
from oracles import specs
from oracles.generated import EVERY, Case
from oracles.implemented import IMPLEMENTED
from oracles.smallsample import SmallSample, small_sample

MANY = 4


def wanted(feature: str) -> list:
    """REML models with few parameters, once the method and what the model needs are there."""
    found = [c for c in EVERY if c.model.reml and c.features | {feature} <= IMPLEMENTED]
    quick = [c for c in found if len(dense_of(c).names) <= MANY and "residuals-by" not in c.features]
    return [pytest.param(c, id=c.id) for c in quick]


@cache
def fit(case: Case, method: str) -> terrace.FitResult:
    joint = " " if "," in case.command.rpartition("||")[2] else ", "
    return terrace.fit(f"{case.command}{joint}dfmethod({method})", dataset(case.frame))


@cache
def oracle(case: Case, information: str) -> SmallSample:
    return small_sample(dense_of(case), natural(fit(case, "kroger")), information)


def check_table(result: terrace.FitResult, df: list[float], se: np.ndarray) -> None:
    """df, and what follows from it: t, p and the interval."""
    rows = estimated(result)
    np.testing.assert_allclose(column(rows, "df"), df, rtol=1e-6)
    np.testing.assert_allclose(column(rows, "se"), se, rtol=1e-6)
    t = column(rows, "coef") / se
    np.testing.assert_allclose(column(rows, "stat"), t, rtol=1e-6)
    np.testing.assert_allclose(column(rows, "p"), 2 * stats.t.sf(np.abs(t), df), rtol=1e-4, atol=1e-14)
    width = stats.t.ppf(0.975, df) * se
    np.testing.assert_allclose(column(rows, "ub") - column(rows, "coef"), width, rtol=1e-6)
    scalars = result.scalars
    expected = (min(df), float(np.mean(df)), max(df))
    assert (scalars["df_min"], scalars["df_avg"], scalars["df_max"]) == pytest.approx(expected, rel=1e-6)


def joint_rows(case: Case) -> np.ndarray:
    """Rows that pick every coefficient but the constant."""
    return np.eye(len(case.terms))[[t != "_cons" for t in case.terms]]


@pytest.mark.parametrize("information", ["eim", "oim"])
@pytest.mark.parametrize("case", wanted("satterthwaite"))
def test_satterthwaite(case: Case, information: str) -> None:
    dense = oracle(case, information)
    result = fit(case, f"satterthwaite, {information}")
    units = np.eye(len(case.terms))
    check_table(result, [dense.satterthwaite(u) for u in units], np.sqrt(np.diag(dense.phi)))
    f, ddf = dense.satterthwaite_f(joint_rows(case))
    assert result.scalars["F"] == pytest.approx(f, rel=1e-6)
    assert result.scalars["ddf_m"] == pytest.approx(ddf, rel=1e-6)


@pytest.mark.parametrize("information", ["eim", "oim"])
@pytest.mark.parametrize("case", wanted("kroger"))
def test_kenward_roger(case: Case, information: str) -> None:
    dense = oracle(case, information)
    result = fit(case, f"kroger, {information}")
    units = np.eye(len(case.terms))
    check_table(result, [dense.kenward_roger(u)[1] for u in units], np.sqrt(np.diag(dense.adjusted)))
    f, ddf, _ = dense.kenward_roger(joint_rows(case))
    assert result.scalars["F"] == pytest.approx(f, rel=1e-6)
    assert result.scalars["ddf_m"] == pytest.approx(ddf, rel=1e-6)
    spread = np.sqrt(np.diag(dense.adjusted))
    v_df = result.matrices["V_df"]
    if len(v_df) == len(spread):
        np.testing.assert_allclose(
            v_df / np.outer(spread, spread), dense.adjusted / np.outer(spread, spread), atol=1e-6
        )


@pytest.mark.parametrize("case", [p for p in wanted("residual-df") if "residual" not in p.id])
def test_residual_df_is_n_less_rank(case: Case) -> None:
    result, dense = fit(case, "residual"), dense_of(case)
    _, phi, _, _ = dense.pieces(natural(result))
    check_table(result, [dense.n - dense.p] * dense.p, np.sqrt(np.diag(phi)))
    assert result.scalars["ddf_m"] == dense.n - dense.p


@pytest.mark.parametrize("case", [p for p in wanted("residual-df") if p.values[0].id == "factors-reml"])
def test_repeated_df_parts_rows_into_within_and_between(case: Case) -> None:
    """2.g is constant within people, everything else varies; the constant counts as between."""
    result, dense = fit(case, "repeated"), dense_of(case)
    people = len(np.unique(dense.codes[0]))
    between = people - 2
    within = dense.n - people - (dense.p - 2)
    df = [between if t in ("2.g", "_cons") else within for t in case.terms]
    np.testing.assert_allclose(column(estimated(result), "df"), df)
    assert result.scalars.get("ddf_m") is None
    assert result.scalars["chi2"] is not None


@pytest.mark.parametrize(
    "case",
    [p for p in wanted("residual-df") if p.values[0].id in ("intercept-reml", "slope-unstructured-reml")],
)
def test_anova_df_depends_on_the_random_part(case: Case) -> None:
    """A covariate with a random slope has groups - 1; the others n - rank(X, Z)."""
    result, dense = fit(case, "anova"), dense_of(case)
    wide, _ = dense.g_full(natural(result), 0)
    rest = dense.n - np.linalg.matrix_rank(np.hstack([dense.x, wide]))
    groups = len(np.unique(dense.codes[0]))
    random = {c for r in case.model.random for c in r.columns}
    df = [groups - 1 if t in random or t == "_cons" else rest for t in case.terms]
    np.testing.assert_allclose(column(estimated(result), "df"), df)


def test_an_information_beyond_all_numbers_gives_no_degrees_of_freedom_and_the_usual_covariance() -> None:
    """Next to a singular V, where a search ends that does not converge, the information leaves the range of numbers."""
    from terrace.inference.df import small_sample as assembled

    zero, phi = np.zeros((2, 1, 1)), np.array([[4.0]])
    found = assembled(zero, np.zeros((2, 2, 1, 1)), phi, np.array([[0.0, 1e300], [1e300, 0.0]]), None, True)
    assert np.isnan(found.w).all()
    assert found.adjusted.tolist() == phi.tolist()


def test_kenward_roger_of_a_search_that_ends_at_a_singular_residual_covariance_is_told_not_a_fault() -> None:
    data = specs.data()[0]
    command = "mixed y i.g##c.x z || region: || person:, noconstant reml dfmethod({}) residuals(banded 1, t(t))"
    for method in ("kroger", "satterthwaite"):
        assert terrace.fit(command.format(method), data).state == "failed"
