"""Every registered structure through the whole program, against the dense likelihood of the matrix that it stands for.

Only the map from printed parameters to the matrix is taken from the structure; likelihood, information, degrees of
freedom and predictions are computed by definition from V, and derivatives by differences. A structure that is added
by the recipe of docs/development.md is tried here as soon as it is registered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset, session_on

import terrace
from oracles.numerics import hessian, jacobian
from terrace.covariance.registry import RESIDUALS, STRUCTURES
from terrace.inference.alternatives import identified_residuals
from terrace.inference.marginal import residual_part
from terrace.postestimation.predict.columns import random_effects
from terrace.postestimation.variance.icc import icc
from terrace.postestimation.variance.parts import recovariance
from terrace.postestimation.variance.profile import profile
from terrace.results.fit import FitResult
from terrace.spec.check import examine

GROUPS, TIMES = 24, 4
EFFECTS = "|| g: ibn.t, nocons cov({})"


def member(key: str, size: int, seed: int = 1) -> np.ndarray:
    """Σ well inside the family."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size, size)) + 1.5 * np.eye(size)
    structure = STRUCTURES[key](size)
    near = structure.from_matrix(0.7 * root @ root.T + np.eye(size) + 0.4)
    return structure.matrix(structure.to_psi(near)[0])


def grouped(sigma: np.ndarray, seed: int = 2) -> pd.DataFrame:
    """Effects of the values of t, drawn from Σ, with noise; two rows of each group and t, but for a tenth."""
    rng = np.random.default_rng(seed)
    u = rng.multivariate_normal(np.zeros(TIMES), sigma, size=GROUPS)
    out = pd.DataFrame([(g, t) for g in range(GROUPS) for t in range(TIMES) for _ in range(2)], columns=["g", "t"])
    out["x"] = rng.normal(size=len(out))
    out["y"] = 3 + 0.5 * out.x + u[out.g, out.t] + rng.normal(size=len(out))
    return out.sample(frac=0.9, random_state=seed).sort_index()


def series(key: str, seed: int = 3) -> pd.DataFrame:
    """Residuals of a structure at four times, some of which are missing."""
    structure = RESIDUALS[key](np.arange(1.0, TIMES + 1), None)
    at = np.arange(TIMES, dtype=float) if structure.by_time else structure.times
    rng = np.random.default_rng(seed)
    theta = structure.start()[0] + 0.1 * rng.normal(size=structure.n_params)
    r = structure.relative(structure.to_relative(theta)[0], at, 0)[0]
    e = rng.multivariate_normal(np.zeros(TIMES), 2.0 * r, size=GROUPS)
    out = pd.DataFrame([(g, t + 1) for g in range(GROUPS) for t in range(TIMES)], columns=["g", "t"])
    out["x"] = rng.normal(size=len(out))
    out["y"] = 3 + 0.5 * out.x + e[out.g, out.t - 1]
    return out.sample(frac=0.9, random_state=seed).sort_index()


def text_of(kind: str, key: str) -> str:
    if kind == "random":
        return f"mixed y x {EFFECTS.format(key)}"
    structure = RESIDUALS[key]
    order = " 2" if structure.ordered and structure.usual_order is None else ""
    time = ", t(t)" if structure.needs_time else ""
    return f"mixed y x || g:, nocons residuals({key}{order}{time})"


@cache
def fitted(kind: str, key: str, method: str = "") -> tuple[FitResult, pd.DataFrame]:
    frame = grouped(member(key, TIMES)) if kind == "random" else series(key)
    return terrace.fit(f"{text_of(kind, key)} {method}", frame), frame


def covariance(fit: FitResult) -> Callable[[np.ndarray], np.ndarray]:
    """V of printed values."""
    design, layout = fit.model.design, fit.model.layout
    residuals = design.residuals
    rows = np.arange(design.n)

    def v(values: np.ndarray) -> np.ndarray:
        out = np.zeros((design.n, design.n))
        for position, block in enumerate(design.blocks):
            own = values[[k for k, c in enumerate(layout) if c.block == position]]
            if block.names:
                same = np.equal.outer(block.codes, block.codes)
                out += (block.z @ block.structure.covariance(own) @ block.z.T) * same
        rest = values[[k for k, c in enumerate(layout) if c.block is None]]
        if residuals.simple:
            return out + rest[0] * np.eye(design.n)
        theta, sigma2 = residuals.structure.from_natural(rest)
        return out + residual_part(design, residuals.structure.to_relative(theta)[0], sigma2, rows)

    return v


def likelihood(fit: FitResult) -> Callable[[np.ndarray], float]:
    """The log (restricted) likelihood of printed values, β at its best."""
    x, y, v = fit.model.design.x, fit.model.design.y, covariance(fit)
    n, p = x.shape

    def ll(values: np.ndarray) -> float:
        at = v(values)
        vx = np.linalg.solve(at, np.column_stack([x, y]))
        a = x.T @ vx[:, :-1]
        beta = np.linalg.solve(a, x.T @ vx[:, -1])
        e = y - x @ beta
        out = n * np.log(2 * np.pi) + np.linalg.slogdet(at)[1] + e @ np.linalg.solve(at, e)
        if fit.spec.method == "reml":
            out += np.linalg.slogdet(a)[1] - p * np.log(2 * np.pi)
        return -0.5 * float(out)

    return ll


def estimates(fit: FitResult) -> np.ndarray:
    return np.array([r.estimate for r in fit.random])


KINDS = [("random", key) for key in STRUCTURES] + [("residual", key) for key in RESIDUALS]
EVERY = [pytest.param(*one, id="-".join(one)) for one in KINDS]


@pytest.mark.parametrize("method", ["", "reml"])
@pytest.mark.parametrize(("kind", "key"), EVERY)
def test_it_is_the_maximum_of_the_dense_likelihood(kind: str, key: str, method: str) -> None:
    fit, _ = fitted(kind, key, method)
    assert fit.state == "converged"
    ll, values = likelihood(fit), estimates(fit)
    assert fit.ll == pytest.approx(ll(values), rel=1e-9)
    se = np.array([r.se for r in fit.random])
    slope = jacobian(lambda v: np.array([ll(v)]), values)[0]
    # slopes in units of a standard error: a step of one would gain less than a millionth
    np.testing.assert_allclose(slope * se, 0.0, atol=1e-4)
    curvature = hessian(ll, values)
    np.testing.assert_allclose(np.sqrt(np.diag(np.linalg.inv(-curvature))), se, rtol=2e-3)


@pytest.mark.parametrize(("kind", "key"), EVERY)
def test_satterthwaite_is_that_of_the_expected_information(kind: str, key: str) -> None:
    fit, _ = fitted(kind, key, "reml dfmethod(satterthwaite)")
    v, values, x = covariance(fit), estimates(fit), fit.model.design.x

    def phi(at: np.ndarray) -> np.ndarray:
        return np.linalg.inv(x.T @ np.linalg.solve(v(at), x))

    vi = np.linalg.inv(v(values))
    projected = vi - vi @ x @ phi(values) @ x.T @ vi
    step = 1e-5 * np.maximum(np.abs(values), 0.1)
    slopes = [(v(values + e) - v(values - e)) / (2 * h) for e, h in zip(np.diag(step), step)]
    pv = [projected @ s for s in slopes]
    information = 0.5 * np.array([[np.sum(a * b.T) for b in pv] for a in pv])
    w = np.linalg.inv(information)
    variance = phi(values).diagonal()
    gradient = np.array([(phi(values + e) - phi(values - e)).diagonal() / (2 * h) for e, h in zip(np.diag(step), step)])
    expected = 2 * variance**2 / np.einsum("ka,kl,la->a", gradient, w, gradient)
    np.testing.assert_allclose([e.df for e in fit.fixed if e.df is not None], expected, rtol=1e-3)


@pytest.mark.parametrize(("kind", "key"), EVERY)
def test_a_stored_result_begins_where_it_ended(kind: str, key: str) -> None:
    fit, frame = fitted(kind, key)
    stored = " ".join(repr(r) for r in stored_values(fit))
    again = terrace.fit(f"{text_of(kind, key)} from({stored}) iterate(0)", frame)
    assert again.ll == pytest.approx(fit.ll, rel=1e-10)


def stored_values(fit: FitResult) -> list[float]:
    from terrace.inference.parameters import estmetric

    return estmetric(fit.model.layout, fit.model.natural)[0].tolist()


@pytest.mark.parametrize(("kind", "key"), EVERY)
def test_the_unit_of_the_outcome_changes_nothing(kind: str, key: str) -> None:
    fit, frame = fitted(kind, key)
    other = terrace.fit(text_of(kind, key), frame.assign(y=frame.y * 1000))
    rows = int(fit.model.design.n)
    assert other.ll == pytest.approx(fit.ll - rows * np.log(1000), rel=1e-10)
    for a, b in zip(fit.random_sd, other.random_sd):
        scale = 1000 if a.name.rpartition(":")[2].startswith("sd(") else 1
        assert b.estimate == pytest.approx(a.estimate * scale, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("kind", "key"), EVERY)
def test_the_last_parameter_has_the_profile_of_its_definition(kind: str, key: str) -> None:
    """At the ends of the interval the best of all dense likelihoods has fallen by half the quantile."""
    from scipy.optimize import minimize

    fit, _ = fitted(kind, key)
    found = profile(fit, metric="variance")
    assert [r.name for r in found] == [r.name for r in fit.random]
    k = max(i for i, c in enumerate(fit.model.layout) if (c.block is None) == (kind == "residual"))
    ll, values = likelihood(fit), estimates(fit)
    se = np.array([r.se for r in fit.random])
    others = np.arange(len(values)) != k
    for end in (found[k].lower, found[k].upper):
        if not np.isfinite(end):
            continue

        def lost(x: np.ndarray, end: float = end) -> float:
            at = values.copy()
            at[k] = end
            at[others] += x * se[others]
            try:
                out = fit.ll - ll(at)
            except np.linalg.LinAlgError:
                return 1e6
            return out if np.isfinite(out) else 1e6

        # an end can be no covariance matrix beside the other estimates: their variances are then larger
        larger = [(s - 1.0) * np.where([c.kind == "variance" for c in fit.model.layout], values / se, 0.0)[others]
                  for s in (1.0, 1.5, 2.5)]  # fmt: skip
        begin = min(larger, key=lost)
        best = minimize(lost, begin, method="BFGS", options={"gtol": 1e-4}).fun if len(begin) else lost(begin)
        assert 2 * best == pytest.approx(1.959963984540054**2, rel=2e-3)


@pytest.mark.parametrize("key", STRUCTURES)
def test_predictions_are_those_of_the_dense_matrix(key: str) -> None:
    fit, _ = fitted("random", key)
    block, values = fit.model.design.blocks[0], estimates(fit)
    sigma = block.structure.covariance(values[:-1])
    np.testing.assert_allclose(recovariance(fit, 0), sigma, rtol=1e-12)
    e = fit.model.design.y - fit.model.design.x @ fit.model.beta
    weighted = np.linalg.solve(covariance(fit)(values), e)
    (found,) = random_effects(fit)
    for g in (0, 7, GROUPS - 1):
        rows = block.codes == g
        np.testing.assert_allclose(found.values[g], sigma @ block.z[rows].T @ weighted[rows], atol=1e-8)


@pytest.mark.parametrize("key", STRUCTURES)
def test_intraclass_correlation_is_the_share_of_the_intercept(key: str) -> None:
    rng = np.random.default_rng(8)
    u = rng.multivariate_normal([0, 0], member(key, 2), size=GROUPS)
    frame = pd.DataFrame({"g": np.repeat(np.arange(GROUPS), 8)})
    frame["x"] = rng.normal(size=len(frame))
    frame["y"] = frame.x * u[frame.g, 0] + u[frame.g, 1] + rng.normal(size=len(frame))
    fit = terrace.fit(f"mixed y x || g: x, cov({key})", frame)
    sigma = recovariance(fit, 0)
    (found,) = icc(fit)
    assert found.value == pytest.approx(sigma[1, 1] / (sigma[1, 1] + estimates(fit)[-1]), rel=1e-10)


@pytest.mark.parametrize("key", STRUCTURES)
def test_em_climbs_to_the_same_maximum(key: str) -> None:
    fit, frame = fitted("random", key)
    climbed = terrace.fit(f"{text_of('random', key)} emonly emiterate(300)", frame)
    steps = np.array([i.ll for i in climbed.log])
    assert np.all(np.diff(steps) > -1e-9 * abs(fit.ll))
    assert climbed.ll == pytest.approx(fit.ll, abs=1e-4)


@pytest.mark.parametrize("key", STRUCTURES)
def test_logarithms_of_roots_lead_to_the_same_maximum(key: str) -> None:
    fit, frame = fitted("random", key)
    logged = terrace.fit(f"{text_of('random', key)} matlog", frame)
    assert logged.ll == pytest.approx(fit.ll, abs=1e-8)
    structure = STRUCTURES[key](TIMES)
    for k in range(structure.n_roots):
        theta = structure.start()
        theta[k] = 0.0
        sigma = structure.matrix(structure.to_psi(theta)[0])
        assert np.linalg.eigvalsh(sigma)[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("key", STRUCTURES)
def test_nothing_between_groups_is_told_as_the_boundary_that_it_is(key: str) -> None:
    """Outcomes that are more alike between groups than within: no Σ of the family does better than none."""
    frame = grouped(member(key, TIMES))
    cell = frame.groupby(["g", "t"]).y.transform("mean")
    frame["y"] = frame.y - cell + 0.01 * frame.x
    fit = terrace.fit(text_of("random", key), frame)
    assert fit.state == "boundary"
    variances = [r for r in fit.random if r.level != "Residual" and r.name.startswith("var(")]
    assert all(r.estimate == 0.0 and r.boundary and r.se is None for r in variances)
    assert fit.random[-1].se is not None
    assert "is estimated as zero" in " ".join(w.message for w in fit.warnings)


@pytest.mark.parametrize("key", [key for key in STRUCTURES if not STRUCTURES[key].diagonal])
def test_effects_that_go_together_are_told_as_such(key: str) -> None:
    rng = np.random.default_rng(4)
    frame = grouped(member(key, TIMES))
    frame["y"] = 3 + 2.0 * rng.normal(size=GROUPS)[frame.g] + rng.normal(size=len(frame))
    frame["y"] += frame.groupby("g").y.transform("mean") - frame.groupby(["g", "t"]).y.transform("mean")
    fit = terrace.fit(text_of("random", key), frame)
    assert fit.state == "boundary"
    sigma = recovariance(fit, 0)
    assert np.linalg.matrix_rank(sigma, tol=1e-6 * np.trace(sigma)) == 1
    assert all(r.se is not None for r in fit.random if r.name.startswith("var("))
    text = " ".join(w.message for w in fit.warnings)
    assert "perfectly correlated" in text or "rank 1 of 4" in text
    ll, values = likelihood(fit), estimates(fit)
    assert fit.ll == pytest.approx(ll(values), rel=1e-8)


@pytest.mark.parametrize(("kind", "key"), EVERY)
def test_forms_and_equations_count_and_say_what_is_fitted(kind: str, key: str) -> None:
    fit, frame = fitted(kind, key)
    report = examine(fit.spec, dataset(frame))
    assert report.counts is not None
    found = report.counts.random + report.counts.residual
    assert found == len(fit.random) == fit.scalars["k_r"]
    structure: Any = STRUCTURES[key] if kind == "random" else RESIDUALS[key]
    assert structure.title and structure.sentence.endswith(".")
    if kind == "random":
        assert "{count}" in structure.words
    else:
        assert structure.adjective and bool(structure.phrase) != structure.independent


@pytest.mark.parametrize(("kind", "key"), EVERY)
def test_what_is_written_names_every_parameter(kind: str, key: str) -> None:
    session = session_on(dataset(fitted(kind, key)[1]))
    session.run(text_of(kind, key))
    fit = session.fit
    assert fit is not None
    for table in fit.tables("classic"):
        if table.key == "random":
            labels = " ".join(str(r[0]) for r in table.plain()["rows"])
            assert all(r.name.partition("(")[0].rpartition(":")[2] in labels for r in fit.random)
    after = ["estat recovariance"] if kind == "random" else []
    for command in (*after, "estat sd", "estat wcorrelation", "predict double r, residuals",
                    "bootstrap, reps(3) seed(1): " + text_of(kind, key), "estat vce"):  # fmt: skip
        outcome = session.run(command)
        assert outcome.ok, (command, outcome.error)


@pytest.mark.parametrize("key", STRUCTURES)
def test_residuals_that_a_note_may_name_are_those_that_are_identified(key: str) -> None:
    """Half of the groups are seen at the first four times, half at the last: by the rank of the derivatives of V."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame([(g, t + 4 * (g % 2)) for g in range(30) for t in range(4)], columns=["g", "t"])
    frame["x"], frame["w"] = rng.normal(size=(2, len(frame)))
    frame["y"] = frame.x + rng.normal(size=30)[frame.g] + rng.normal(size=len(frame))
    command = f"mixed y || g: x w, cov({key}) residuals({{}}) iterate(1)"
    named = identified_residuals(terrace.fit(command.format("unstructured, t(t)"), frame).model)
    same = np.equal.outer(frame.g.to_numpy(), frame.g.to_numpy())
    for name in ("banded 3", "toeplitz 3", "ar 1", "exchangeable"):
        time = "" if name == "exchangeable" else ", t(t)"
        fit = terrace.fit(command.format(name + time), frame)
        structure, residuals = fit.model.design.blocks[0].structure, fit.model.design.residuals
        psi = structure.to_psi(structure.from_matrix(member(key, 3)))[0]
        theta = residuals.starts()[0] + 0.05 * rng.normal(size=residuals.n_params)
        rest = residuals.natural(residuals.to_relative(theta)[0], 2.0)[0]
        v, values = covariance(fit), np.append(structure.printed(psi)[0], rest)
        slopes = np.column_stack([(v(values + h) - v(values - h))[same] for h in 1e-4 * np.eye(len(values))])
        rank = np.linalg.matrix_rank(slopes / np.linalg.norm(slopes, axis=0), tol=1e-5)
        assert (rank == len(values)) == (name in named), named


@pytest.mark.parametrize("key", STRUCTURES)
def test_letters_are_alike_where_numbers_are(key: str) -> None:
    sigma = member(key, 3, seed=11)
    cells = [[STRUCTURES[key].letters(i, j) for j in range(3)] for i in range(3)]
    pattern(cells, sigma)


@pytest.mark.parametrize("key", RESIDUALS)
def test_letters_of_residuals_are_alike_where_numbers_are(key: str) -> None:
    structure = RESIDUALS[key](np.arange(1.0, 5.0), None)
    at = np.arange(4.0) if structure.by_time else structure.times
    rng = np.random.default_rng(6)
    theta = structure.start()[0] + 0.1 * rng.normal(size=structure.n_params)
    r = structure.relative(structure.to_relative(theta)[0], at, 0)[0]
    order = RESIDUALS[key].usual_order
    cells = [
        [RESIDUALS[key].letters(i + 1, j + 1, order, "" if abs(i - j) == 1 else str(abs(i - j))) for j in range(4)]
        for i in range(4)
    ]
    pattern(cells, r)


def pattern(cells: list[list[Any]], found: np.ndarray) -> None:
    """Equal letters where equal numbers are, in any order of factors; none where a zero is."""
    n = len(found)
    for (i, j), (k, m) in product(product(range(n), repeat=2), repeat=2):
        assert (cells[i][j] == ()) == (abs(found[i, j]) < 1e-12)
        alike = abs(found[i, j] - found[k, m]) < 1e-9 * np.abs(found).max()
        assert (sorted(map(str, cells[i][j])) == sorted(map(str, cells[k][m]))) == alike, (i, j, k, m)
