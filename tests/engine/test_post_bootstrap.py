"""The parametric bootstrap: what is drawn, what is refitted, and what follows, against exact results."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from oracle_support import dataset, dense_of, generated_fit, r_data, r_fit
from post_support import rows
from scipy import stats

import terrace
from oracles import rcases
from oracles.generated import EVERY, Case
from terrace.errors import Cancelled, SpecError
from terrace.likelihood.objective import Objective
from terrace.optimise.many import maximise_many
from terrace.optimise.newton import Tolerances
from terrace.postestimation.resample.bootstrap import (
    Refit,
    bootstrap,
    bootstrap_lrtest,
    bootstrap_lrtest_table,
    bootstrap_table,
)
from terrace.postestimation.resample.simulate import OutcomeSwap, Simulator
from terrace.progress import Progress

DRAWN = (
    "slope-unstructured-ml", "block-diagonal-reml", "crossed-slope-ml", "crossed-exchangeable-ml", "crossed-within-ml",
    "residual-ar1-by-ml", "residual-unstructured-ml", "residual-by-ml", "effects-and-ar1-reml",
)  # fmt: skip
SWAPPED = (
    "slope-unstructured-ml", "three-level-slopes-reml", "block-diagonal-ml", "crossed-slope-reml", "both-crossed-ml",
    "factors-reml", "residual-by-ml", "residual-ar1-reml", "no-constant-ml",
)  # fmt: skip


def case(name: str) -> Case:
    return next(c for c in EVERY if c.id == name)


@pytest.mark.parametrize("name", DRAWN)
def test_draws_have_the_covariance_of_the_model(name: str) -> None:
    fit = generated_fit(case(name))
    v = dense_of(case(name)).v(np.array([p.estimate for p in fit.random]))
    keep = np.arange(len(v))[:60]
    simulator = Simulator(fit)
    rng = np.random.default_rng(7)
    reps = 4000
    y = np.array([simulator.draw(rng)[keep] for _ in range(reps)]) - simulator.mean[keep]
    d = np.sqrt(np.diag(v)[keep])
    np.testing.assert_allclose(y.mean(axis=0) / d, 0, atol=6 / np.sqrt(reps))
    error = (y.T @ y / reps - v[np.ix_(keep, keep)]) / np.outer(d, d)
    assert np.abs(error).max() < 6 * np.sqrt(2 / reps)


@pytest.mark.parametrize("name", SWAPPED)
def test_another_outcome_on_the_same_design(name: str) -> None:
    fit = generated_fit(case(name))
    y = np.random.default_rng(2).normal(3, 2, fit.model.design.n)
    quick = OutcomeSwap(fit).objective(y)
    anew = Objective(replace(fit.model.design, y=y), reml=fit.spec.method == "reml")
    psi = fit.model.psi * 0.9
    a, b = quick.evaluate(psi, 2), anew.evaluate(psi, 2)
    assert a.ll == pytest.approx(b.ll, abs=1e-8)
    np.testing.assert_allclose(a.gradient, b.gradient, atol=1e-6 * (1 + np.abs(b.gradient).max()))
    np.testing.assert_allclose(a.hessian, b.hessian, atol=1e-6 * (1 + np.abs(b.hessian).max()))
    np.testing.assert_allclose(quick.beta_natural(a.beta), anew.beta_natural(b.beta), atol=1e-9)


@pytest.mark.parametrize(
    "name", ["slope-unstructured-ml", "three-level-slopes-reml", "block-diagonal-ml", "no-constant-ml"]
)
def test_outcomes_side_by_side_are_those_one_by_one(name: str) -> None:
    """Each outcome at parameters of its own, a singular Σ among them."""
    fit = generated_fit(case(name))
    swap = OutcomeSwap(fit)
    y = np.random.default_rng(3).normal(3, 2, (4, fit.model.design.n))
    outcomes = swap.outcomes(y)
    assert outcomes is not None
    theta = fit.model.optimum.point.theta * np.array([1.0, 0.8, 1.3, 1.0])[:, None]
    theta[3, 0] = 0.0
    psi = np.array([fit.model.optimum.space.natural(one)[0] for one in theta])
    which = np.array([3, 0, 2])
    found = outcomes.evaluate(psi[which], which)
    beta = outcomes.beta_natural(found.beta, which)
    for k, at in enumerate(which):
        alone = swap.objective(y[at])
        e = alone.evaluate(psi[at], 2)
        assert found.ll[k] == pytest.approx(e.ll, rel=1e-12)
        np.testing.assert_allclose(found.gradient[k], e.gradient, rtol=1e-9, atol=1e-9 * np.abs(e.gradient).max())
        np.testing.assert_allclose(found.hessian[k], e.hessian, rtol=1e-9, atol=1e-9 * np.abs(e.hessian).max())
        np.testing.assert_allclose(beta[k], alone.beta_natural(e.beta), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_refits_side_by_side_are_those_one_by_one(method: str) -> None:
    """Zero variances and correlations of one among them: those are searched again by themselves."""
    fit = r_fit(f"mixed reaction days || subject: days, cov(un) {method}", "sleepstudy")
    refit, simulator, rng = Refit(fit), Simulator(fit), np.random.default_rng(1)
    y = np.array([simulator.draw(rng) for _ in range(60)])
    side = maximise_many(refit.swap.outcomes(y), refit.start, Tolerances()).converged
    assert 30 < side.sum() < 60
    for one, other in zip(refit.many(y), (refit(k) for k in y)):
        assert one is not None and other is not None
        assert one.ll == pytest.approx(other.ll, rel=1e-11)
        np.testing.assert_allclose(one.beta, other.beta, rtol=1e-8)
        np.testing.assert_allclose(one.natural, other.natural, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(one.sd, other.sd, rtol=1e-6, atol=1e-6)


def test_a_refit_is_a_fit() -> None:
    fit = r_fit("mixed reaction days || subject: days, cov(un)", "sleepstudy")
    y = Simulator(fit).draw(np.random.default_rng(4))
    found = Refit(fit)(y)
    assert found is not None
    again = terrace.fit(
        "mixed reaction days || subject: days, cov(un)",
        dataset(rcases.frame("sleepstudy").assign(reaction=y)),
    )
    assert found.ll == pytest.approx(again.ll, abs=1e-6)
    np.testing.assert_allclose(found.beta, [f.coef for f in again.fixed], rtol=1e-6)
    np.testing.assert_allclose(found.natural, [r.estimate for r in again.random], rtol=1e-4)
    np.testing.assert_allclose(found.sd, [r.estimate for r in again.random_sd], rtol=1e-4)


@cache
def small():  # type: ignore[no-untyped-def]
    fit = r_fit("mixed strength || batch:", "pastes")
    return fit, bootstrap(fit, 300, seed=11)


def test_standard_errors_of_a_balanced_design() -> None:
    """One-way balanced data: the mean is normal and the mean squares are χ², so all spreads are known."""
    fit, found = small()
    se = found.beta.std(ddof=1)
    expected = next(f.se for f in fit.fixed)
    assert se == pytest.approx(expected, rel=4 / np.sqrt(2 * 300))
    # σ̂² is a mean square with 50 degrees of freedom where the variance of the batches is inside
    residual = found.variance[:, 1]
    assert residual.mean() == pytest.approx(fit.random[1].estimate, rel=4 * np.sqrt(2 / 50 / 300))
    low, high = found.interval(residual, 95)
    want = stats.chi2.ppf([0.025, 0.975], 50) / 50 * fit.random[1].estimate
    assert [low, high] == pytest.approx(want, rel=0.12)


def test_table_and_metrics() -> None:
    fit, found = small()
    sd, var = rows(bootstrap_table(found, metric="sd")), rows(bootstrap_table(found, metric="variance"))
    assert list(var) == ["_cons", "var(_cons)", "var(Residual)"]
    assert sd["sd(_cons)"][3] == pytest.approx(np.sqrt(var["var(_cons)"][3]), rel=1e-3)
    assert var["_cons"][0] == fit.fixed[0].coef
    assert "seed 11" in bootstrap_table(found).notes[0]


def test_seeds_repeat() -> None:
    fit, _ = small()
    a, b, c = bootstrap(fit, 4, seed=5), bootstrap(fit, 4, seed=5), bootstrap(fit, 4, seed=6)
    np.testing.assert_array_equal(a.beta, b.beta)
    assert not np.array_equal(a.beta, c.beta)
    drawn = bootstrap(fit, 3)
    np.testing.assert_array_equal(drawn.beta, bootstrap(fit, 3, seed=drawn.seed).beta)


def test_lrtest_of_one_variance_is_the_exact_f_test() -> None:
    """Balanced one-way data: the ratio grows with F, so its null distribution is that of F."""
    frame = rcases.frame("penicillin")[["diameter", "plate"]]
    rng = np.random.default_rng(1)
    frame = frame.assign(diameter=rng.standard_normal(len(frame)) + 0.45 * rng.standard_normal(24)[frame["plate"] - 1])
    data = dataset(frame)
    linear, mixed = terrace.fit("mixed diameter", data), terrace.fit("mixed diameter || plate:", data)
    reps = 300
    found = bootstrap_lrtest(linear, mixed, "linear", "mixed", reps, seed=3)
    f = stats.f_oneway(*[g["diameter"] for _, g in frame.groupby("plate")])
    assert found.stat > 0
    assert found.p == pytest.approx(f.pvalue, abs=4 * np.sqrt(f.pvalue * (1 - f.pvalue) / reps))
    # the ratio is zero where F <= (n - 1)/n·m/(m - 1) · ..., in closed form the ML estimate being zero
    groups, size = 24, 6
    zero = stats.f.cdf(groups / (groups - 1), groups - 1, groups * (size - 1))
    assert (found.null < 1e-7).mean() == pytest.approx(zero, abs=4 * np.sqrt(zero * (1 - zero) / reps))
    row = rows(bootstrap_lrtest_table(found))["linear vs mixed"]
    assert row == [found.stat, 1, found.p, found.p_chi2]


def test_progress_and_cancel() -> None:
    fit, _ = small()
    seen: list[Progress] = []
    bootstrap(fit, 5, seed=1, progress=seen.append)
    assert [p.fraction for p in seen] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    with pytest.raises(Cancelled):
        bootstrap(fit, 1000, cancel=lambda: True)


def test_refusals() -> None:
    weighted = terrace.fit("mixed reaction days [pweight = days + 1] || subject:", r_data("sleepstudy"))
    with pytest.raises(SpecError, match="weighted"):
        bootstrap(weighted, 10)
    with pytest.raises(SpecError, match="two replicates"):
        bootstrap(small()[0], 1)


@pytest.mark.parametrize(
    "command",
    [
        "mixed reaction days || subject:, reml",
        "mixed reaction days || subject: days, reml",
        "mixed reaction days || subject: days, covariance(unstructured)",
    ],
)
def test_one_level_by_products_of_matrices_is_that_group_by_group(command: str) -> None:
    fit = terrace.fit(command, terrace.sample("sleepstudy"))
    simulator, refit, rng = Simulator(fit), Refit(fit), np.random.default_rng(4)
    y = np.array([simulator.draw(rng) for _ in range(4)])
    outcomes = refit.swap.outcomes(y)
    psi = np.array([fit.model.psi * (0.5 + 0.3 * k) for k in range(4)])
    which = np.arange(4)
    quick, formed = outcomes._one_level(psi, which), outcomes._levels(psi, which)
    weight = rng.normal(size=(4, outcomes.objective.p + 1, 2))
    weight = weight @ weight.swapaxes(1, 2)
    for name in ("f", "ld", "f1", "ld1"):
        assert getattr(quick, name) == pytest.approx(getattr(formed, name), rel=1e-11, abs=1e-11)
    assert quick.curvature(weight) == pytest.approx(formed.curvature(weight), rel=1e-10, abs=1e-10)
    found = outcomes.evaluate(psi, which)
    for k in which:
        alone = refit.swap.objective(y[k]).evaluate(psi[k], 2)
        assert found.ll[k] == pytest.approx(alone.ll, rel=1e-13)
        assert found.gradient[k] == pytest.approx(alone.gradient, rel=1e-9)
        assert found.hessian[k] == pytest.approx(alone.hessian, rel=1e-9)


def test_every_replicate_with_slopes_is_fitted() -> None:
    fit = terrace.fit("mixed reaction days || subject: days, cov(un) reml", terrace.sample("sleepstudy"))
    assert bootstrap(fit, 1000, seed=11).failed == 0
