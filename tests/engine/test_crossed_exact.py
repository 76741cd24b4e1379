"""The exact likelihood of large crossed designs against V formed and inverted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from crossed_support import MODELS, brute, frame, interior, objective

from terrace.likelihood import gram
from terrace.likelihood.blup import predict_effects
from terrace.likelihood.gram import Entries, Gram
from terrace.likelihood.information import expected_information

EVERY = [pytest.param(command, id=name) for name, command in MODELS.items()]
WAYS = pytest.mark.parametrize("pair", [0.0, 120.0, 1e12], ids=["listed", "chosen", "dense"])


def close(found: np.ndarray, wanted: np.ndarray, digits: float = 1e-9) -> None:
    """Equal up to rounding of the largest."""
    np.testing.assert_allclose(found, wanted, rtol=digits, atol=digits * max(1.0, np.abs(wanted).max(initial=0.0)))


@WAYS
@pytest.mark.parametrize("command", EVERY)
def test_the_likelihood_and_its_derivatives_are_those_of_v(
    command: str, pair: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gram, "PAIR", pair)
    o = objective(command, frame())
    psi = interior(o)
    wanted = brute(o, psi)
    exact, average = o.evaluate(psi, 2), o.evaluate(psi, 2, average=True)
    close(np.array([exact.ll, average.ll, o.evaluate(psi, 0).ll]), np.full(3, wanted.ll), 1e-11)
    close(o.beta_natural(exact.beta), wanted.beta)
    close(np.array(exact.sigma2 * o.y_scale**2), np.array(wanted.sigma2))
    for found in (exact, average, o.evaluate(psi, 1)):
        close(found.gradient, wanted.gradient)
    close(exact.hessian, wanted.hessian)
    close(average.hessian, wanted.average)


@WAYS
@pytest.mark.parametrize("command", EVERY)
def test_predictions_and_their_errors_are_those_of_v(
    command: str, pair: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gram, "PAIR", pair)
    o = objective(command, frame(2))
    psi = interior(o)
    wanted, e = brute(o, psi), o.evaluate(psi, 0)
    vcov = e.a_inverse * e.sigma2 if o.reml else None
    found = predict_effects(o, psi, e.beta, e.sigma2, errors=True, beta_vcov=vcov)
    for mine, effects, errors in zip(found, wanted.effects, wanted.errors):
        if len(effects):
            assert mine.vcov is not None
            close(mine.values, effects)
            close(mine.vcov, errors)


@pytest.mark.parametrize("command", EVERY)
def test_a_variance_of_zero_is_a_point_like_any_other(command: str) -> None:
    o = objective(command, frame(3))
    for block, part in zip(o.design.blocks, o.layout.block_slices):
        psi = interior(o)
        if part.stop == part.start or (block.structure.n_params > 1 and block.factor is not None):
            continue
        sigma = block.structure.matrix(psi[part])
        sigma[-1] = sigma[:, -1] = 0.0
        psi[part] = block.structure.to_psi(block.structure.from_matrix(sigma))[0]
        wanted, found = brute(o, psi), o.evaluate(psi, 2)
        close(np.array(found.ll), np.array(wanted.ll), 1e-11)
        close(found.gradient, wanted.gradient)
        close(found.hessian, wanted.hessian)
    zero = np.zeros(o.n_params)
    wanted, found = brute(o, zero), o.evaluate(zero, 2)
    close(found.gradient, wanted.gradient)
    close(found.hessian, wanted.hessian)


@pytest.mark.parametrize("size", [1e-12, 1e-6, 1e3, 1e7])
def test_small_and_large_variances_keep_their_digits(size: float) -> None:
    data = frame(4)
    for command in (MODELS["three factors"], MODELS["three with slopes"]):
        o, other = objective(command, data), objective(command, data, sparse=False)
        for part in o.layout.block_slices:
            psi = interior(o)
            psi[part] *= size
            found, wanted = o.evaluate(psi, 2), other.evaluate(psi, 2)
            close(np.array(found.ll), np.array(wanted.ll), 1e-10)
            # in units of the parameters: a variance of 1e7 has slopes of 1e-7
            unit = np.maximum(np.abs(psi), 1e-3)
            close(found.gradient * unit, wanted.gradient * unit, 1e-7)
            close(found.hessian * np.outer(unit, unit), wanted.hessian * np.outer(unit, unit), 1e-6)


@pytest.mark.parametrize("command", EVERY)
def test_both_eliminations_agree_in_what_degrees_of_freedom_need(command: str) -> None:
    data = frame(5, clustered=True)
    o, other = objective(command, data), objective(command, data, sparse=False)
    # small designs eliminate a negative variance before what makes up for it, which the likelihood itself does not mind
    psi = np.abs(interior(o))
    mine, theirs = o.moments(psi, 2, linear=True), other.moments(psi, 2, linear=True)
    # there is one cluster, whose axis comes before those of F
    for name, axes in (("ld", 0), ("f", 2), ("ld1", 0), ("f1", 2), ("ld2", 0), ("f2", 2)):
        found, wanted = getattr(mine, name), getattr(theirs, name)
        close(found.sum(axis=found.ndim - axes - 1), wanted.sum(axis=wanted.ndim - axes - 1))
    for found, wanted in zip(expected_information(o, psi), expected_information(other, psi)):
        close(found, wanted)


@pytest.mark.parametrize("command", [MODELS["nested slopes"], MODELS["three with slopes"]])
def test_clustered_ratings_are_as_exact(command: str) -> None:
    o = objective(command, frame(6, clustered=True))
    psi = 20.0 * interior(o)
    wanted, found = brute(o, psi), o.evaluate(psi, 2)
    close(np.array(found.ll), np.array(wanted.ll), 1e-11)
    close(found.gradient, wanted.gradient)
    close(found.hessian, wanted.hessian, 1e-8)


def test_neither_the_order_of_rows_nor_names_nor_units_matter() -> None:
    data = frame(7, clustered=True)
    command = MODELS["three with slopes"]
    o = objective(command, data)
    psi = interior(o)
    wanted = o.evaluate(psi, 2)
    rng = np.random.default_rng(0)
    moved = data.sample(frac=1.0, random_state=3).reset_index(drop=True)
    for name in ("u", "i", "d"):
        moved[name] = rng.permutation(100)[moved[name]] * 3 + 11
    found = objective(command, moved).evaluate(psi, 2)
    close(np.array(found.ll), np.array(wanted.ll), 1e-12)
    close(found.gradient, wanted.gradient, 1e-10)
    close(found.hessian, wanted.hessian, 1e-10)
    scaled = data.assign(y=data.y * 1e3, x=data.x * 50.0)
    found = objective(command, scaled).evaluate(psi, 2)
    close(np.array(found.ll), np.array(wanted.ll - len(data) * np.log(1e3)), 1e-12)
    close(found.gradient, wanted.gradient, 1e-9)


def test_variances_by_groups_are_not_dropped() -> None:
    data = frame(8).assign(s=np.arange(320) % 2)
    data["y"] *= 1.0 + 2.0 * data.s
    command = "mixed y x || _all: R.u || i:, residuals(independent, by(s))"
    o = objective(command, data, sparse=False)
    with pytest.raises(AssertionError):
        objective(command, data)  # is not eliminated sparsely, whatever its size
    psi = interior(o)
    psi[-1] = 1.3
    assert abs(o.evaluate(psi, 0).ll - o.evaluate(interior(o), 0).ll) > 1.0


@pytest.mark.parametrize("q", [1, 2, 3])
@pytest.mark.parametrize("pair", [0.0, 60.0, 1e12])
def test_sums_over_groups_and_their_adjoint(q: int, pair: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gram, "PAIR", pair)
    monkeypatch.setattr(gram, "ROWS", 7)
    rng = np.random.default_rng(q)
    c = rng.normal(size=(19, q, 13)) * (rng.random((19, 1, 13)) < rng.random((19, 1, 1)))
    c[4] = 0.0
    there = np.any(c != 0, axis=1)
    first = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    group, column = np.nonzero(there)
    g = Gram(Entries(c[group, :, column], column, first, 13))
    w = rng.normal(size=(q, q, 19))
    w = w + w.swapaxes(0, 1)
    a = rng.normal(size=(13, 13))
    a = a + a.T
    upper = np.triu_indices(13)
    close(g.sums(w).reshape(13, 13)[upper], np.einsum("git,ijg,gju->tu", c, w, c)[upper], 1e-12)
    each = g.each(a.reshape(-1).copy())
    close(each, np.einsum("git,tu,gju->ijg", c, a, c), 1e-12)
    close(g.diagonal(np.diag(a).copy()), np.einsum("git,t,gjt->ijg", c, np.diag(a), c), 1e-12)
    close(g.diagonal_of_sums(w), np.einsum("git,ijg,gjt->t", c, w, c), 1e-12)
    whole = np.triu(g.sums(w).reshape(13, 13)) + np.triu(g.sums(w).reshape(13, 13), 1).T
    close(np.array(np.vdot(whole, a)), np.array(np.vdot(w, each)), 1e-12)


def test_what_is_listed_stays_within_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = np.random.default_rng(1).integers(1, 400, 3000)
    monkeypatch.setattr(gram, "LISTED", 1e6)
    for width, q in ((500, 1), (3000, 1), (3000, 2)):
        _, listed = gram.work(sizes, width, q)
        assert 0 < listed <= max(1e6, 16.0 * width**2)


def test_the_factor_that_goes_first_leaves_the_least() -> None:
    data = frame(9)
    for command in (MODELS["intercepts"], MODELS["slopes first"], MODELS["slopes after"], MODELS["nested in crossed"]):
        o = objective(command, data)
        columns = [c.n_groups * c.z.shape[1] for c in (*o.layout.chain, *o.layout.crossed)]
        assert columns[0] == max(columns)


def test_the_cost_follows_the_design() -> None:
    from terrace.likelihood.cost import exact_cost

    def cost(users: int, items: int, n: int) -> tuple[float, float]:
        rng = np.random.default_rng(1)
        data = pd.DataFrame({"u": rng.integers(0, users, n), "i": rng.integers(0, items, n), "y": rng.normal(size=n)})
        # every group is there
        data.loc[: users - 1, "u"], data.loc[: items - 1, "i"] = np.arange(users), np.arange(items)
        from terrace.data.readers.frames import as_dataset
        from terrace.design.design import build_design
        from terrace.language.mixed import parse_mixed

        found = exact_cost(build_design(parse_mixed("mixed y || _all: R.u || i:", ("u", "i", "y")), as_dataset(data)))
        return found.flops, found.bytes

    small, wide, long = cost(2000, 1000, 20_000), cost(2000, 1900, 20_000), cost(2000, 1000, 60_000)
    assert wide[0] > 4.0 * small[0] and wide[1] > 3.0 * small[1]
    assert small[0] < long[0] < wide[0] and small[1] < long[1] < wide[1]
    assert small[0] > 1000.0**3 and small[1] > 8.0 * 1000.0**2
