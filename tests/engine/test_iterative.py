"""The iterative tier against dense matrices, the exact tier and itself: its errors are what it says."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset

import terrace
from terrace.data.samples import sample
from terrace.design.design import Design, build_design
from terrace.errors import Cancelled
from terrace.language.mixed import parse_mixed
from terrace.likelihood.iterative import blup, curvature, probes
from terrace.likelihood.iterative.objective import IterativeObjective
from terrace.likelihood.iterative.probes import Probes
from terrace.likelihood.objective import Objective
from terrace.postestimation.predict.columns import random_effects
from terrace.postestimation.predict.uncertainty import prediction
from terrace.results.fit import FitResult

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

MODELS = {
    "two": "mixed y x || _all: R.user || item:, reml",
    "three": "mixed y x || _all: R.user || _all: R.place || item:",
    "slopes": "mixed y x || _all: R.item || user: x, cov(un) reml",
    "slopes beside": "mixed y x || _all: R.user || item: x, cov(un)",
    "nested": "mixed y x || _all: R.item || town: || user:, reml",
    "weights": "mixed y x [fweight = many] || _all: R.user || item:, reml",
    "nothing": "mixed y x || _all: R.user || _all: R.idle || item:, reml",
}


@cache
def ratings(rows: int = 1200, users: int = 90, items: int = 60, clusters: int = 1) -> pd.DataFrame:
    """Ratings of items by users; ``idle`` is a factor without a variance, ``town`` holds users."""
    rng = np.random.default_rng(11)
    user = rng.integers(0, users, rows)
    item = (rng.beta(0.7, 1.5, rows) * (items // clusters)).astype(int) * clusters + user % clusters
    x = rng.standard_normal(rows)
    u, slope, v = rng.normal(0, 0.7, users), rng.normal(0, 0.4, users), rng.normal(0, 0.5, items)
    v_slope = 0.5 * v + rng.normal(0, 0.3, items)
    place, town = rng.integers(0, 7, rows), user // 6
    y = 2.0 + 0.3 * x + u[user] + slope[user] * x + v[item] + v_slope[item] * x + rng.normal(0, 0.4, 7)[place]
    y = y + rng.normal(0, 0.6, users)[town] + rng.normal(0, 1.0, rows)
    return pd.DataFrame({
        "y": y, "x": x, "user": user, "item": item, "place": place, "town": town, "idle": rng.integers(0, 80, rows),
        "many": rng.integers(1, 4, rows),
    })  # fmt: skip


@cache
def fitted(model: str, method: str, rows: int = 1200, users: int = 90, items: int = 60) -> FitResult:
    separator = "" if "," in model.rsplit("||", 1)[1] else ","
    return terrace.fit(f"{model}{separator} method({method})", dataset(ratings(rows, users, items)))


def bound(model: str) -> Design:
    return build_design(parse_mixed(model), dataset(ratings()))


def both(model: str) -> tuple[Objective, IterativeObjective, FloatArray]:
    """The exact objective, the iterative one, and a point inside the space."""
    design = bound(model)
    reml = design.spec.method == "reml"
    exact, iterative = Objective(design, reml=reml), IterativeObjective(design, reml=reml)
    psi = np.zeros(exact.n_params)
    for k, (block, part) in enumerate(zip(design.blocks, exact.layout.block_slices)):
        sigma = (0.3 + 0.1 * k) * (0.7 * np.eye(len(block.names)) + 0.3) if block.names else np.zeros((0, 0))
        psi[part] = block.structure.project(sigma) if block.names else 0.0
    return exact, iterative, psi


def everything(objective: IterativeObjective) -> None:
    """Every direction is solved for: nothing is estimated any more."""
    objective.probes = Probes(np.eye(objective.equations.rest), 8)


def dense(objective: Objective, psi: FloatArray) -> tuple[float, FloatArray]:
    """The log (restricted) likelihood and V*, from the definition."""
    design = objective.design
    w = np.sqrt(np.ones(len(design.y)) if design.weights.row is None else design.weights.row)
    v = np.eye(len(w))
    for c in (*objective.layout.chain, *objective.layout.crossed):
        sigma = sum(psi[i] * basis for i, basis in c.bases.items())
        z = c.z * w[:, None]
        v += (c.codes[:, None] == c.codes) * (z @ sigma @ z.T)
    x, y = design.x * w[:, None], design.y * w
    inverse = np.linalg.inv(v)
    a = x.T @ inverse @ x
    e = y - x @ np.linalg.solve(a, x.T @ inverse @ y)
    n = float(np.sum(w**2)) - (objective.p if objective.reml else 0)
    sigma2 = float(e @ inverse @ e) / n
    ll = n * np.log(2 * np.pi * sigma2) + n + np.linalg.slogdet(v)[1]
    return -0.5 * float(ll + (np.linalg.slogdet(a)[1] if objective.reml else 0.0)), v


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_without_probes_it_is_the_likelihood(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curvature, "FEW", 10_000)
    exact, iterative, psi = both(model)
    everything(iterative)
    a, b = exact.evaluate(psi, 2), iterative.evaluate(psi, 2)
    assert b.ll == pytest.approx(dense(exact, psi)[0], abs=1e-6) and b.ll_error < 1e-9
    assert b.ll == pytest.approx(a.ll, abs=1e-6)
    np.testing.assert_allclose(b.gradient, a.gradient, rtol=1e-5, atol=1e-4)
    size = np.sqrt(np.abs(np.diag(a.full_hessian)))
    np.testing.assert_allclose(b.full_hessian / np.outer(size, size), a.full_hessian / np.outer(size, size), atol=1e-6)
    np.testing.assert_allclose(b.beta, a.beta, atol=1e-8)
    np.testing.assert_allclose(b.a_inverse, a.a_inverse, rtol=1e-7)
    average, other = exact.evaluate(psi, 2, average=True), iterative.evaluate(psi, 2, average=True)
    np.testing.assert_allclose(other.full_hessian, average.full_hessian, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("model", [MODELS["two"], MODELS["slopes"], MODELS["three"]])
def test_the_gradient_is_that_of_the_dense_likelihood(model: str) -> None:
    exact, iterative, psi = both(model)
    everything(iterative)
    found = iterative.evaluate(psi, 1).gradient
    for k in range(len(psi)):
        step = np.zeros(len(psi))
        step[k] = 1e-5
        slope = (dense(exact, psi + step)[0] - dense(exact, psi - step)[0]) / 2e-5
        assert found[k] == pytest.approx(slope, rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("model", [MODELS["two"], MODELS["slopes"], MODELS["three"]])
def test_zero_variances_are_points_like_others(model: str) -> None:
    exact, iterative, psi = both(model)
    everything(iterative)
    for part in exact.layout.block_slices:
        at = psi.copy()
        at[part] = 0.0
        a, b = exact.evaluate(at, 1), iterative.evaluate(at, 1)
        assert b.ll == pytest.approx(a.ll, abs=1e-6)
        np.testing.assert_allclose(b.gradient, a.gradient, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("model", [MODELS["two"], MODELS["slopes beside"], MODELS["three"], MODELS["nested"]])
def test_the_error_is_what_it_is_said_to_be(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over independent probes the mean is the exact value, and their spread is what each of them reports."""
    exact, iterative, psi = both(model)
    a = exact.evaluate(psi, 1)
    found = []
    for seed in range(40):
        monkeypatch.setattr(probes, "SEED", 1000 + seed)
        iterative.sharpen(psi, 8)
        found.append(iterative.evaluate(psi, 1))
    ll = np.array([e.ll for e in found]) - a.ll
    said = np.sqrt(np.mean([e.ll_error**2 for e in found]))
    assert abs(ll.mean()) < 4.5 * said / np.sqrt(len(ll)) + 1e-7
    assert 0.6 * said < ll.std() + 1e-9 and ll.std() < 1.6 * said + 1e-9
    gradient = np.array([e.gradient for e in found]) - a.gradient
    spread = np.sqrt(np.mean([np.diag(e.gradient_vcov) for e in found], axis=0))
    assert np.all(np.abs(gradient.mean(axis=0)) < 4.5 * spread / np.sqrt(len(ll)) + 1e-5 * np.abs(a.gradient) + 1e-5)
    assert np.all(gradient.std(axis=0) < 1.6 * spread + 1e-5 * np.abs(a.gradient) + 1e-5)


def _agree(a: FitResult, b: FitResult, se: float) -> None:
    """Two fits of one model, up to their Monte Carlo error; standard errors of parameters to ``se``."""
    error = 5.0 * float(b.scalars["mc_ll"] or 0.0) + 1e-5
    assert b.converged and b.tier == "iterative" and a.tier == "exact"
    assert b.ll == pytest.approx(a.ll, abs=error)
    reach = 5.0 * float(b.scalars["mc_se"] or 0.0) + 1e-3
    assert float(b.scalars["mc_se"] or 0.0) <= 0.11
    for one, other in zip(a.random, b.random):
        assert one.boundary == other.boundary and (one.se is None) == (other.se is None)
        size = one.se if one.se else max(abs(one.estimate), 1e-4)
        assert other.estimate == pytest.approx(one.estimate, abs=reach * size)
        if one.se is not None:
            assert other.se == pytest.approx(one.se, rel=se)
    for left, right in zip(a.fixed, b.fixed):
        assert right.coef == pytest.approx(left.coef, abs=reach * (left.se or 1.0))
        assert right.se == (None if left.se is None else pytest.approx(left.se, rel=0.2 * reach))


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_fits_agree_within_the_error(model: str) -> None:
    a, b = fitted(model, "exact"), fitted(model, "iterative")
    _agree(a, b, 0.02)
    for one, other in zip(random_effects(a), random_effects(b)):
        reach = 5.0 * float(b.scalars["mc_se"] or 0.0) + 1e-3
        np.testing.assert_allclose(other.values, one.values, atol=reach * float(np.nanmax(one.se)) + 1e-6)
        np.testing.assert_allclose(other.se, one.se, rtol=reach, atol=1e-6)
    new = dataset(ratings().iloc[:40])
    p, q = prediction(a, new), prediction(b, new)
    np.testing.assert_allclose(q.value, p.value, atol=1e-2)
    np.testing.assert_allclose(q.se, p.se, rtol=1e-2)
    np.testing.assert_allclose(q.sd_new, p.sd_new, rtol=1e-2)


@pytest.mark.parametrize("model", [MODELS["two"], MODELS["slopes"]])
def test_prediction_errors_by_probes(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = fitted(model, "exact"), fitted(model, "iterative")
    monkeypatch.setattr(blup, "FEW", 0)
    monkeypatch.setattr(blup, "AFFORDABLE", 0.0)
    for one, other in zip(random_effects(a), random_effects(b)):
        np.testing.assert_allclose(other.se, one.se, rtol=0.03)
        assert np.abs(other.se / one.se - 1.0).mean() < 0.004


def test_real_crossing() -> None:
    """InstEval: students, lecturers and departments, whose crossing nobody has balanced."""
    data = sample("insteval")
    command = "mixed y i.service || _all: R.s || _all: R.d || dept:, reml"
    _agree(terrace.fit(command, data), terrace.fit(f"{command} method(iterative)", data), 0.01)


def test_strong_clusters() -> None:
    """Users of a cluster rate items of theirs only: A has an eigenvalue near one for each cluster."""
    data = dataset(ratings(6000, 600, 400, 20))
    command = "mixed y x || _all: R.user || item:, reml"
    a, b = terrace.fit(command, data), terrace.fit(f"{command} method(iterative)", data)
    _agree(a, b, 0.01)
    assert b.model.objective.probes.basis.shape[1] >= 20  # type: ignore[attr-defined]  # the directions of the clusters


def test_single_precision_is_far_below_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from terrace.likelihood.iterative import equations

    exact, double, psi = both(MODELS["slopes"])
    monkeypatch.setattr(equations, "SINGLE", 0)
    single = both(MODELS["slopes"])[1]
    assert single.precision is np.float32 and double.precision is np.float64
    for objective in (single, double):
        objective.sharpen(psi, 64)
    a, b = double.evaluate(psi, 1), single.evaluate(psi, 1)
    assert abs(b.ll - a.ll) < 0.1 * a.ll_error
    assert np.all(np.abs(b.gradient - a.gradient) < 0.2 * np.sqrt(np.diag(a.gradient_vcov)) + 1e-4)
    assert b.ll == pytest.approx(exact.evaluate(psi, 0).ll, abs=5 * a.ll_error)


def test_the_order_of_rows_and_units_change_nothing() -> None:
    frame = ratings()
    command = MODELS["slopes"] + " method(iterative)"
    base = fitted(MODELS["slopes"], "iterative")
    shuffled = terrace.fit(command, dataset(frame.sample(frac=1.0, random_state=3)))
    assert shuffled.ll == pytest.approx(base.ll, abs=1e-6)
    scaled = terrace.fit(command, dataset(frame.assign(y=1000.0 * frame["y"], x=0.01 * frame["x"])))
    for one, other, third in zip(base.random_sd, shuffled.random_sd, scaled.random_sd):
        assert other.estimate == pytest.approx(one.estimate, rel=1e-5)
        factor = 1.0 if one.name.startswith("corr") else 1000.0 * (100.0 if one.name == "sd(x)" else 1.0)
        assert third.estimate == pytest.approx(factor * one.estimate, rel=1e-4)


def test_other_names_of_groups_are_within_the_error() -> None:
    frame = ratings()
    rng = np.random.default_rng(5)
    renamed = frame.assign(user=rng.permutation(90)[frame["user"]], item=rng.permutation(60)[frame["item"]])
    base = fitted(MODELS["two"], "iterative")
    other = terrace.fit(MODELS["two"] + " method(iterative)", dataset(renamed))
    assert other.ll == pytest.approx(base.ll, abs=5.0 * float(base.scalars["mc_ll"] or 0.0) + 1e-5)
    for one, two in zip(base.random, other.random):
        assert two.estimate == pytest.approx(one.estimate, abs=0.05 * (one.se or 1.0))


def test_probes_are_added_until_they_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    from terrace.optimise import by_gradient

    few = fitted(MODELS["two"], "iterative")
    monkeypatch.setattr(by_gradient, "SHARE", 1e-3 * float(few.scalars["mc_se"] or 1.0))
    more = terrace.fit(MODELS["two"] + " method(iterative)", dataset(ratings()))
    assert int(more.scalars["probes"] or 0) > int(few.scalars["probes"] or 0)
    assert float(more.scalars["mc_se"] or 0.0) < float(few.scalars["mc_se"] or 0.0)


@pytest.mark.parametrize("option", ["matlog", "technique(bfgs)", "emiterate(3)", "from(-0.3 -0.5 0.1)"])
def test_options_of_the_search_lead_to_the_same_end(option: str) -> None:
    base = fitted(MODELS["two"], "iterative")
    other = terrace.fit(f"{MODELS['two']} method(iterative) {option}", dataset(ratings()))
    assert other.converged and other.ll == pytest.approx(base.ll, abs=0.02)
    for one, two in zip(base.random, other.random):
        assert two.estimate == pytest.approx(one.estimate, abs=0.02 * (one.se or 1.0))


def test_constraints_hold() -> None:
    command = "mixed y x i.place || _all: R.user || item:, constraints(1)"
    texts = {1: "x = 0.25"}
    a = terrace.fit(command, dataset(ratings()), constraints=texts)
    b = terrace.fit(command + " method(iterative)", dataset(ratings()), constraints=texts)
    _agree(a, b, 0.02)
    assert next(c for c in b.fixed if c.term == "x").coef == 0.25


def test_cancelling_stops_it() -> None:
    calls = 0

    def cancel() -> bool:
        nonlocal calls
        calls += 1
        return calls > 25

    with pytest.raises(Cancelled):
        terrace.fit(MODELS["two"] + " method(iterative)", dataset(ratings()), cancel=cancel)
