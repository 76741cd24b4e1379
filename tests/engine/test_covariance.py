"""The contract of every covariance structure, at sizes 0, 1, 2 and 7; derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest

from terrace.covariance.contract import ResidualStructure
from terrace.covariance.random.exchangeable import Exchangeable
from terrace.covariance.registry import RESIDUALS, STRUCTURES
from terrace.covariance.residual.ma import Ma

SIZES = (0, 1, 2, 7)
TIMES = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0])


def differences(function, x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of a vector function, last axis the variable."""
    columns = []
    for k in range(len(x)):
        e = np.zeros(len(x))
        e[k] = step
        columns.append((np.asarray(function(x + e)) - np.asarray(function(x - e))) / (2 * step))
    return np.stack(columns, axis=-1) if columns else np.zeros((*np.shape(function(x)), 0))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", STRUCTURES)
def test_random_structure_contract(key: str, size: int) -> None:
    structure = STRUCTURES[key](size)
    rng = np.random.default_rng(size)
    theta = rng.normal(size=structure.n_params)
    psi, jacobian, second = structure.to_psi(theta)
    assert psi.shape == (structure.n_entries,) and len(structure.parameters()) == structure.n_params
    np.testing.assert_allclose(jacobian, differences(lambda t: structure.to_psi(t)[0], theta), atol=1e-8)
    np.testing.assert_allclose(second, differences(lambda t: structure.to_psi(t)[1], theta), atol=1e-8)
    sigma = structure.matrix(psi)
    assert sigma.shape == (size, size)
    np.testing.assert_array_equal(sigma, sigma.T)
    if size:
        assert np.linalg.eigvalsh(sigma).min() > -1e-12
    again = structure.to_psi(structure.from_matrix(sigma))[0]
    np.testing.assert_allclose(again, psi, atol=1e-10)
    np.testing.assert_allclose(structure.project(sigma), psi, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", STRUCTURES)
def test_printed_parameters_and_entries_are_inverse(key: str, size: int) -> None:
    structure = STRUCTURES[key](size)
    root = np.random.default_rng(size).normal(size=(size, size))
    psi = structure.to_psi(structure.from_matrix(root @ root.T + np.eye(size)))[0]
    values, slope = structure.printed(psi)
    back, inverse = structure.entries_of(values)
    np.testing.assert_allclose(back, psi, atol=1e-12)
    np.testing.assert_allclose(structure.covariance(values), structure.matrix(psi), atol=1e-12)
    np.testing.assert_allclose(slope, differences(lambda p: structure.printed(p)[0], psi), atol=1e-7)
    np.testing.assert_allclose(inverse, differences(lambda v: structure.entries_of(v)[0], values), atol=1e-7)
    np.testing.assert_allclose(slope @ inverse, np.eye(structure.n_params), atol=1e-10)
    named = [p.kind for p in structure.parameters()]
    assert named == sorted(named, key=lambda k: k != "variance"), "variances come first"


@pytest.mark.parametrize("size", (1, 2, 5))
@pytest.mark.parametrize("key", STRUCTURES)
def test_the_boundary_is_where_the_matrix_is_singular(key: str, size: int) -> None:
    """Each entry of θ that can be zero, and each end of one that cannot."""
    structure = STRUCTURES[key](size)
    inside = structure.start()
    assert not structure.at_edge(inside).any()
    np.testing.assert_array_equal(structure.snapped(inside), inside)
    assert structure.at_edge(np.zeros(structure.n_params))[: structure.n_roots].all()
    for k in range(structure.n_params):
        for edge in (0.0, np.pi / 2):
            theta = inside.copy()
            theta[k] = edge + 1e-9
            if not structure.at_edge(theta)[k]:
                continue
            exact = structure.snapped(theta)
            assert structure.at_edge(exact)[k] and abs(exact[k] - theta[k]) < 1e-8
            sigma = structure.matrix(structure.to_psi(exact)[0])
            assert np.linalg.eigvalsh(sigma)[0] == pytest.approx(0.0, abs=1e-15)
            if structure.free:
                continue
            zero, pairs = structure.singular(exact)
            np.testing.assert_array_equal(zero, np.diag(sigma) == 0.0)
            for (i, j), value in pairs.items():
                assert sigma[i, j] / np.sqrt(sigma[i, i] * sigma[j, j]) == pytest.approx(value)
            assert zero.any() or pairs


@pytest.mark.parametrize("size", (1, 2, 4))
@pytest.mark.parametrize("key", STRUCTURES)
def test_the_m_step_is_the_best_member(key: str, size: int) -> None:
    rng = np.random.default_rng(size)
    root = rng.normal(size=(size, size + 3))
    moments = root @ root.T
    structure = STRUCTURES[key](size)

    def gain(psi: np.ndarray) -> float:
        sigma = structure.matrix(psi)
        return float(-np.linalg.slogdet(sigma)[1] - np.trace(np.linalg.solve(sigma, moments)))

    best = structure.m_step(moments)
    theta = structure.from_matrix(structure.matrix(best))
    np.testing.assert_allclose(structure.to_psi(theta)[0], best, atol=1e-10)
    slope = differences(lambda t: np.array([gain(structure.to_psi(t)[0])]), theta)
    np.testing.assert_allclose(slope, 0.0, atol=1e-4)
    for _ in range(20):
        assert gain(structure.to_psi(theta + 0.1 * rng.normal(size=len(theta)))[0]) <= gain(best) + 1e-9


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", STRUCTURES)
def test_start_is_a_multiple_of_the_identity(key: str, size: int) -> None:
    structure = STRUCTURES[key](size)
    sigma = structure.matrix(structure.to_psi(structure.start(0.4))[0])
    np.testing.assert_allclose(sigma, 0.4 * np.eye(size), atol=1e-14)


@pytest.mark.parametrize(
    ("key", "size", "count"),
    [
        ("identity", 7, 1),
        ("independent", 7, 7),
        ("exchangeable", 7, 2),
        ("unstructured", 7, 28),
        ("exchangeable", 1, 1),
    ],
)
def test_number_of_parameters(key: str, size: int, count: int) -> None:
    assert STRUCTURES[key](size).n_params == count


def test_exchangeable_reaches_the_bound_of_its_many_values() -> None:
    # with 5 values the covariance may fall to -variance/4: the second eigenvalue is then 0
    structure = Exchangeable(2, 5)
    psi, _, _ = structure.to_psi(np.array([1.0, 0.0]))
    variance, covariance = psi
    assert covariance == pytest.approx(-variance / 4)


def residual_cases() -> list[tuple[ResidualStructure, np.ndarray]]:
    rng = np.random.default_rng(3)
    out: list[tuple[ResidualStructure, np.ndarray]] = []
    for key, cls in RESIDUALS.items():
        orders = {"ar": (1, 2, 3), "ma": (1, 2, 3), "toeplitz": (1, 3, None), "banded": (0, 2, None)}.get(key, (None,))
        for order in orders:
            s = cls(TIMES, order)
            theta = s.start()[0] + 0.05 * rng.normal(size=s.n_params)
            out.append((s, theta))
    return out


@pytest.mark.parametrize(("structure", "theta"), residual_cases(), ids=lambda v: getattr(v, "key", ""))
def test_residual_structure_contract(structure: ResidualStructure, theta: np.ndarray) -> None:
    at = np.arange(len(TIMES), dtype=float) if structure.by_time else TIMES
    rho, jacobian, second = structure.to_relative(theta)
    np.testing.assert_allclose(jacobian, differences(lambda t: structure.to_relative(t)[0], theta), atol=1e-7)
    np.testing.assert_allclose(second, differences(lambda t: structure.to_relative(t)[1], theta), atol=1e-7)
    r, r1, r2 = structure.relative(rho, at, 2)
    assert r[0, 0] == pytest.approx(1.0)
    assert np.linalg.eigvalsh(r).min() > 0
    np.testing.assert_allclose(
        np.moveaxis(r1, 0, -1), differences(lambda p: structure.relative(p, at, 0)[0], rho), atol=1e-7
    )
    expected = differences(lambda p: structure.relative(p, at, 1)[1], rho)
    full = r2 if r2.shape[-1] == len(at) else np.zeros((len(rho), len(rho), len(at), len(at)))
    np.testing.assert_allclose(np.moveaxis(full, 1, -1), expected, atol=1e-6)
    values, slope = structure.natural(rho, 2.5)
    assert len(values) == len(structure.reported())
    both = np.append(rho, np.log(2.5))
    np.testing.assert_allclose(
        slope, differences(lambda p: structure.natural(p[:-1], float(np.exp(p[-1])))[0], both), atol=1e-6
    )
    back, sigma2 = structure.from_natural(values)
    assert sigma2 == pytest.approx(2.5)
    np.testing.assert_allclose(structure.to_relative(back)[0], rho, atol=1e-10)


def test_every_start_of_every_structure_is_admissible() -> None:
    for structure, _ in residual_cases():
        at = np.arange(len(TIMES), dtype=float) if structure.by_time else TIMES
        for theta in structure.start():
            r, _, _ = structure.relative(structure.to_relative(theta)[0], at, 0)
            assert np.linalg.eigvalsh(r).min() > 0


def test_banded_order_zero_is_diagonal_and_unstructured_is_full() -> None:
    at = np.arange(len(TIMES), dtype=float)
    banded = RESIDUALS["banded"](TIMES, 0)
    assert banded.n_params == 6
    r, _, _ = banded.relative(banded.to_relative(banded.start()[0])[0], at, 0)
    np.testing.assert_array_equal(r, np.diag(np.diag(r)))
    assert RESIDUALS["unstructured"](TIMES, None).n_params == 27


@pytest.mark.parametrize("theta", [[2.0], [0.4, 3.0], [-1.7, 0.5, 2.0]])
def test_moving_average_in_invertible_form_has_the_same_correlations(theta: list[float]) -> None:
    rho = np.array(theta)
    structure = Ma(TIMES, len(rho))
    moved = structure.canonical(rho)
    lags = np.arange(0.0, 6.0)
    np.testing.assert_allclose(
        structure.correlations(moved, lags, 0)[0], structure.correlations(rho, lags, 0)[0], atol=1e-10
    )
    roots = np.roots(np.append(moved[::-1], 1.0))
    assert np.abs(roots).min() >= 1 - 1e-9
