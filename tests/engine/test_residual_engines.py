"""Sums of products whitened by R*, by each engine, against R* built and inverted whole, group by group.

Every residual structure on series that are complete, have gaps, drop out, are short, long beside the memory of an
autoregression, or lie at any times; a few owners or one; with and without groups that count more than once.
Derivatives are by their definition from `relative`, which `test_covariance.py` holds to differences.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from terrace.covariance.contract import ResidualStructure
from terrace.covariance.registry import RESIDUALS
from terrace.covariance.residual.ar import Ar
from terrace.covariance.residual.exponential import Exponential
from terrace.covariance.residual.toeplitz import Toeplitz
from terrace.likelihood import segments, stacks
from terrace.likelihood.chains import Chains
from terrace.likelihood.curvature import Weight
from terrace.likelihood.patterns import _engine, _Overlapping
from terrace.likelihood.series import Part, Series

M = 3
TIMES = 6

Shape = Callable[[np.random.Generator], np.ndarray]
SHAPES: dict[str, Shape] = {
    "complete": lambda rng: np.arange(TIMES),
    "gaps": lambda rng: np.flatnonzero(np.append(rng.random(TIMES - 1) < 0.75, True)),
    "dropout": lambda rng: np.arange(rng.integers(1, TIMES + 1)),
    "shifted": lambda rng: rng.integers(0, 4) + np.flatnonzero(np.append(True, rng.random(TIMES - 1) < 0.8)),
    "long": lambda rng: np.flatnonzero(np.append(rng.random(30) < 0.85, True)),
    "far": lambda rng: np.sort(rng.choice(90, 4, replace=False)),
    "any": lambda rng: np.sort(rng.uniform(0, 9, rng.integers(1, TIMES + 1))),
}
STRUCTURES = {
    "ar 1": ("ar", 1), "ar 2": ("ar", 2), "ar 3": ("ar", 3), "ma 1": ("ma", 1), "ma 2": ("ma", 2),
    "toeplitz": ("toeplitz", 5), "toeplitz 2": ("toeplitz", 2), "banded": ("banded", 1),
    "unstructured": ("unstructured", None),
    "exponential": ("exponential", None), "exchangeable": ("exchangeable", None),
}  # fmt: skip


def fits(structure: str, shape: str) -> bool:
    by_time = structure in ("banded", "unstructured")
    if shape == "any":
        return structure in ("exponential", "exchangeable")
    return not (shape in ("long", "far", "shifted") and (by_time or structure == "toeplitz"))


def series(shape: str, owners: int, seed: int, *, weighted: bool = False, groups: int = 40) -> Series:
    rng = np.random.default_rng(seed)
    times = [np.asarray(SHAPES[shape](rng), dtype=float) for _ in range(groups)]
    sizes = np.array([len(t) for t in times])
    owner = np.sort(np.append(rng.integers(0, owners, groups - owners), np.arange(owners)))
    copies = rng.integers(1, 4, groups).astype(float) if weighted else np.ones(groups)
    w = rng.normal(size=(sizes.sum(), M))
    w[:, 0] = 1.0
    return Series(np.concatenate(times), np.cumsum(sizes) - sizes, w, owner, owners, copies)


def bound(name: str, data: Series) -> tuple[ResidualStructure, np.ndarray]:
    """The structure and ρ near the beginning of its search."""
    key, order = STRUCTURES[name]
    structure = RESIDUALS[key](np.unique(data.at), order)
    theta = structure.start()[0]
    theta = theta + 0.04 * np.random.default_rng(7).normal(size=len(theta))
    return structure, structure.to_relative(theta)[0]


def whole(structure: ResidualStructure, rho: np.ndarray, data: Series, linear: bool) -> tuple[np.ndarray, ...]:
    """S (u, m, m), log|R| (u,) with derivatives (r, ...) and (r, r, ...) by their definition."""
    r, u = len(rho), data.n_owner
    s, ld = np.zeros((u, M, M)), np.zeros(u)
    s1, ld1 = np.zeros((r, u, M, M)), np.zeros((r, u))
    s2, ld2 = np.zeros((r, r, u, M, M)), np.zeros((r, r, u))
    for first, size, owner, copies in zip(data.starts, data.sizes, data.owner, data.copies):
        rows = slice(first, first + size)
        w = data.w[rows]
        v, v1, v2 = structure.relative(rho, data.at[rows], 2)
        v2 = np.broadcast_to(v2, (r, r, size, size))
        vi = np.linalg.inv(v)
        s[owner] += copies * w.T @ vi @ w
        ld[owner] += copies * np.linalg.slogdet(v)[1]
        for a in range(r):
            s1[a, owner] -= copies * w.T @ vi @ v1[a] @ vi @ w
            ld1[a, owner] += copies * np.trace(vi @ v1[a])
            for b in range(r):
                both = v1[a] @ vi @ v1[b] + v1[b] @ vi @ v1[a] - (0.0 if linear else v2[a, b])
                s2[a, b, owner] += copies * w.T @ vi @ both @ vi @ w
                bend = 0.0 if linear else np.trace(vi @ v2[a, b])
                ld2[a, b, owner] += copies * (bend - np.trace(vi @ v1[a] @ vi @ v1[b]))
    return s, ld, s1, ld1, s2, ld2


def close(found: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-10 * max(1.0, float(np.abs(wanted).max(initial=0.0))))


def compare(engine: Part, structure: ResidualStructure, rho: np.ndarray, data: Series) -> None:
    r, u = len(rho), data.n_owner
    rng = np.random.default_rng(11)
    for linear in (False, True):
        s, ld, s1, ld1, s2, ld2 = whole(structure, rho, data, linear)
        jet = engine.jet(rho, 2, linear)
        close(np.moveaxis(jet.s, -1, 0), s)
        close(jet.ld, ld)
        for a in range(r):
            close(np.moveaxis(jet.s1[a], -1, 0), s1[a])
            close(jet.ld1[a], ld1[a])
            for b in range(a, r):
                close(np.moveaxis(jet.s2[a, b], -1, 0), s2[a, b])
                close(jet.ld2[a, b], ld2[a, b])
    s, ld, s1, _, s2, ld2 = whole(structure, rho, data, False)
    one = engine.jet(rho, 1, False)
    for a in range(r):
        close(np.moveaxis(one.s1[a], -1, 0), s1[a])
    for count in {1, u}:
        root = rng.normal(size=(M, M, count))
        a, omega = np.einsum("ikg,jkg->ijg", root, root), rng.normal(size=count)
        wanted = np.einsum("abuij,iju->ab", s2, np.broadcast_to(a, (M, M, u))) + ld2 @ np.broadcast_to(omega, u)
        close(engine.curvature(rho, Weight(a, omega)), wanted)


@pytest.mark.parametrize("owners", [1, 9])
@pytest.mark.parametrize(("name", "shape"), [(n, s) for n in STRUCTURES for s in SHAPES if fits(n, s)])
def test_the_engine_of_a_structure(name: str, shape: str, owners: int) -> None:
    data = series(shape, owners, seed=5, weighted=owners == 9)
    structure, rho = bound(name, data)
    compare(_engine(structure, data), structure, rho, data)


@pytest.mark.parametrize(("name", "kind"), [("ar 1", Chains), ("exponential", Chains), ("ar 2", _Overlapping)])
def test_series_with_gaps_need_no_inverse_of_their_own(name: str, kind: type) -> None:
    data = series("long", 1, seed=6)
    structure, _ = bound(name, data)
    assert isinstance(_engine(structure, data), kind)


@pytest.mark.parametrize("name", ["toeplitz", "unstructured", "banded", "ma 1"])
def test_all_ways_to_sum_give_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inverses from the grid or of each pattern, products of entries or R_aR⁻¹, chunks of one or many, kept or not."""
    data = series("gaps", 1, seed=8, groups=70)
    structure, rho = bound(name, data)
    for worst in (stacks.WORST, 1e9):
        monkeypatch.setattr(stacks, "WORST", worst)
        for by_entries in (True, False):
            monkeypatch.setattr(stacks.Stacks, "_by_entries", lambda *_, yes=by_entries: yes)
            monkeypatch.setattr(stacks.Stacks, "_by_squares", lambda *_, yes=by_entries: yes)
            for chunk in (segments.CHUNK, 200):
                monkeypatch.setattr(segments, "CHUNK", chunk)
                monkeypatch.setattr(segments, "LARGE", chunk // 6)
                monkeypatch.setattr(stacks, "KEPT", 8e6 if by_entries else 0)
                monkeypatch.setattr(stacks, "BLOCK", 2e6 if by_entries else 100)
                compare(_engine(structure, data), structure, rho, data)


def test_products_of_many_columns_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terrace.likelihood.chains.KEPT", 0)
    for name, shape in (("ar 1", "gaps"), ("exponential", "any")):
        for owners in (1, 9):
            data = series(shape, owners, seed=9)
            structure, rho = bound(name, data)
            compare(_engine(structure, data), structure, rho, data)


def test_toeplitz_whose_matrix_of_all_times_is_none() -> None:
    """Each pattern has a positive definite R*, all times together have not: inverses cannot come from the grid."""
    at = [np.array([0.0, 1.0]), np.array([0.0, 2.0]), np.array([0.0, 1.0])]
    data = Series(
        np.concatenate(at), np.array([0, 2, 4]), np.random.default_rng(1).normal(size=(6, M)),
        np.zeros(3, dtype=np.int64), 1, np.ones(3),
    )
    structure = Toeplitz(np.arange(3.0), None, np.array([1, 2]))
    rho = np.array([0.9, -0.9])
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.cholesky(structure.relative(rho, np.arange(3.0), 0)[0])
    compare(_engine(structure, data), structure, rho, data)


def exact(rho: Fraction, at: list[int], w: np.ndarray) -> Fraction:
    """w'R⁻¹w of an AR(1) in rational arithmetic: from R, by elimination."""
    k = len(at)
    rows = [[rho ** abs(s - t) for s in at] + [Fraction(float(v))] for t, v in zip(at, w)]
    for i in range(k):
        for j in range(i + 1, k):
            ratio = rows[j][i] / rows[i][i]
            rows[j] = [x - ratio * y for x, y in zip(rows[j], rows[i])]
    total = Fraction(0)
    for i in range(k):
        total += rows[i][k] ** 2 / rows[i][i]
    return total


@pytest.mark.parametrize("rho", [1 - 2.0**-40, -1 + 2.0**-40, 2.0**-30, 0.0])
def test_digits_near_the_limits_of_an_autoregression(rho: float) -> None:
    at = [0, 1, 2, 4, 7, 8]
    w = np.random.default_rng(3).normal(size=(len(at), 1))
    data = Series(np.array(at, float), np.array([0]), w, np.zeros(1, dtype=np.int64), 1, np.ones(1))
    jet = Chains(Ar(np.arange(9.0), 1), data).jet(np.array([rho]), 0, False)
    assert jet.s[0, 0, 0] == pytest.approx(float(exact(Fraction(rho), at, w[:, 0])), rel=1e-13)
    determinant = np.prod([1 - Fraction(rho) ** (2 * (b - a)) for a, b in pairwise(at)])
    assert jet.ld[0] == pytest.approx(np.log(float(determinant)), rel=1e-13, abs=1e-15)


def test_a_singular_chain_is_refused() -> None:
    data = Series(
        np.array([0.0, 1e-17, 1.0]), np.array([0]), np.ones((3, 1)), np.zeros(1, dtype=np.int64), 1, np.ones(1)
    )
    with pytest.raises(np.linalg.LinAlgError):
        Chains(Exponential(data.at), data).jet(np.array([0.5]), 0, False)
    with pytest.raises(np.linalg.LinAlgError):
        Ar(np.arange(3.0), 1).correlations(np.array([1.0]), np.array([1.0]), 0)


@pytest.mark.parametrize("memory", [1, 2, 3])
def test_parts_of_a_series_cover_it_once(memory: int) -> None:
    """Each row stands in one part more than in what the parts have in common."""
    data = series("long", 4, seed=12)
    parts, common = segments.cliques(data, memory)
    times = np.zeros(len(data.at))
    for found, sign in ((parts, 1.0), (common, -1.0)):
        group = np.searchsorted(data.starts, found.first, side="right") - 1
        assert np.array_equal(group, np.searchsorted(data.starts, found.last, side="right") - 1)
        assert np.array_equal(data.owner[group], found.owner)
        for first, last in zip(found.first, found.last):
            times[first : last + 1] += sign
    assert np.all(times == 1.0)
    assert np.all(common.last - common.first == memory - 1)
