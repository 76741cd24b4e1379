"""Reliabilities against the textbook's formulas, group by group."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from oracle_support import dense_of, generated_fit
from post_support import rows

import terrace
from oracles.generated import EVERY, Case
from terrace.errors import SpecError
from terrace.postestimation.variance.reliability import reliability, reliability_groups_table, reliability_table


@cache
def hsb(command: str) -> terrace.FitResult:
    return terrace.fit(command, terrace.sample("hsb"))


def case(name: str) -> Case:
    return next(c for c in EVERY if c.id == name)


def test_intercepts_of_two_levels() -> None:
    fit = hsb("mixed mathach || id:")
    tau, sigma2 = (r.estimate for r in fit.random)
    (found,) = reliability(fit)
    np.testing.assert_allclose(found.values[:, 0], tau / (tau + sigma2 / found.sizes), rtol=1e-10)
    # HLM 6 prints .901 for the same data (annotated output at stats.oarc.ucla.edu)
    assert found.means[0] == pytest.approx(0.901, abs=0.001)


def test_slopes_by_least_squares_within_schools() -> None:
    data = terrace.sample("hsb")
    frame = data.frame
    centred = frame["ses"] - frame.groupby("id")["ses"].transform("mean")
    data = data.with_column("cses", centred.to_numpy())
    fit = terrace.fit("mixed mathach cses || id: cses, cov(un) reml", data)
    (found,) = reliability(fit)
    assert found.names == ("cses", "_cons")
    g = {r.name: r.estimate for r in fit.random}
    by_school = []
    for k, (_, part) in enumerate(frame.assign(c=centred).groupby("id")):
        z = np.column_stack([part["c"], np.ones(len(part))])
        v = g["var(Residual)"] * np.diag(np.linalg.inv(z.T @ z))
        tau = np.array([g["var(cses)"], g["var(_cons)"]])
        np.testing.assert_allclose(found.values[k], tau / (tau + v), rtol=1e-8)
        by_school.append(tau / (tau + v))
    np.testing.assert_allclose(found.means, np.mean(by_school, axis=0), rtol=1e-8)


def test_three_levels() -> None:
    fit = terrace.fit("mixed gsp unemp || region: || state:", terrace.sample("produc"))
    above, below, sigma2 = (r.estimate for r in fit.random)
    region, state = reliability(fit)
    frame = terrace.sample("produc").frame
    np.testing.assert_allclose(state.values[:, 0], below / (below + sigma2 / 17), rtol=1e-10)
    for k, (_, part) in enumerate(frame.groupby("region")):
        n = part.groupby("state").size()
        v = 1.0 / (1.0 / (below + sigma2 / n)).sum()
        assert region.values[k, 0] == pytest.approx(above / (above + v), rel=1e-9)


@pytest.mark.parametrize("name", ["effects-and-ar1-ml", "three-level-exponential-reml", "effects-and-by-ar1-ml",
                                  "by-not-constant-ml", "three-level-slopes-ml"])  # fmt: skip
def test_against_the_dense_covariance(name: str) -> None:
    """Take the effects of a level and above out of V, and let each group's rows estimate its effect."""
    fit, dense = generated_fit(case(name)), dense_of(case(name))
    values = np.array([p.estimate for p in fit.random])
    blocks = fit.model.design.blocks
    for found in reliability(fit):
        own = blocks[found.block]
        w = dense.v(values)
        for k, b in enumerate(blocks):
            at = [lv.name for lv in fit.model.design.levels]
            if b.names and at.index(b.level.name) <= at.index(own.level.name):
                z, g = dense.g_full(values, k)
                w = w - z @ g @ z.T
        for group in range(0, own.n_groups, 3):
            inside = np.flatnonzero(own.codes == group)
            z = own.z[inside]
            information = z.T @ np.linalg.solve(w[np.ix_(inside, inside)], z)
            if np.linalg.matrix_rank(information) < z.shape[1] or not np.isfinite(found.values[group]).all():
                assert np.isnan(found.values[group]).all()
                continue
            sigma = np.array([p.estimate for p in fit.random if p.block == found.block and p.name.startswith("var")])
            v = np.diag(np.linalg.inv(information))
            np.testing.assert_allclose(found.values[group], sigma / (sigma + v), rtol=1e-6)


def test_crossed_effects() -> None:
    fit = generated_fit(case("both-crossed-ml"))
    sigma2 = fit.random[-1].estimate
    for r, p in zip(reliability(fit), fit.random):
        np.testing.assert_allclose(r.values[:, 0], p.estimate / (p.estimate + sigma2 / r.sizes), rtol=1e-9)


def test_crossed_effects_with_correlated_residuals() -> None:
    """Rows of one value tell of it through R⁻¹, the rows of other values left out."""
    data = terrace.sample("orthodont")
    fit = terrace.fit("mixed distance age || _all: R.female || id:, nocons residuals(ar 1, t(occ))", data)
    (found,) = reliability(fit)
    p = {r.name: r.estimate for r in fit.random}
    frame = data.frame
    lag = np.abs(np.subtract.outer(frame["occ"].to_numpy(), frame["occ"].to_numpy()))
    r = p["var(e)"] * p["rho"] ** lag * np.equal.outer(frame["id"].to_numpy(), frame["id"].to_numpy())
    for k, sex in enumerate((0, 1)):
        inside = np.flatnonzero(frame["female"] == sex)
        one = np.ones(len(inside))
        information = one @ np.linalg.solve(r[np.ix_(inside, inside)], one)
        tau = p["var(R.female)"]
        assert found.values[k, 0] == pytest.approx(tau / (tau + 1 / information), rel=1e-9)


def test_tables() -> None:
    fit = hsb("mixed mathach || id:")
    (found,) = reliability(fit)
    mean = rows(reliability_table(fit))["_cons"]
    assert mean[0] == pytest.approx(found.means[0]) and mean[3] == 160
    table = reliability_groups_table(fit, terrace.sample("hsb"))
    assert table.rows[0].label == "1224" and table.rows[0].values[0] == 47
    assert table.rows[0].values[1] == pytest.approx(found.values[0, 0])
    with pytest.raises(SpecError, match="not a level"):
        reliability_groups_table(fit, terrace.sample("hsb"), "region")
    with pytest.raises(SpecError, match="no random effects"):
        reliability(hsb("mixed mathach ses"))
