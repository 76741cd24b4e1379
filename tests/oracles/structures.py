"""Covariance matrices as functions of the printed (natural) parameters, one small function a structure.

Each block of parameters knows its printed names, its kinds (which decide transforms and intervals) and its
matrix. Sources: the definitions in the manual entry of `mixed`; AR and MA correlations from Box and Jenkins
(1970, ch. 3); the partial-correlation transform from Barndorff-Nielsen and Schou (1973).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np


@dataclass(frozen=True)
class Block:
    """Parameters that stand together in the table.

    ``kinds`` has one of ``var``, ``cov``, ``rescov``, ``rho``, ``rho01``, ``phi``, ``theta`` a parameter;
    ``pairs`` gives for a covariance the positions of its two variances in the block, and for a single ``cov``
    of exchangeable blocks the same position twice.
    """

    level: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    pairs: tuple[tuple[int, int] | None, ...]
    matrix: Callable[..., np.ndarray]


def random_block(level: str, labels: tuple[str, ...], q: int, structure: str) -> Block:
    """Covariance of the q effects of one equation; labels as printed (one for ``R.x``)."""
    together = ",".join(labels)
    if structure == "identity" or (q == 1 and structure != "unstructured"):
        return Block(level, (f"var({together})",), ("var",), (None,), lambda p: p[0] * np.eye(q))
    if structure == "independent":
        names = tuple(f"var({a})" for a in labels)
        return Block(level, names, ("var",) * q, (None,) * q, np.diag)
    if structure == "exchangeable":

        def exchangeable(p: np.ndarray) -> np.ndarray:
            return (p[0] - p[1]) * np.eye(q) + p[1] * np.ones((q, q))

        names = (f"var({together})", f"cov({together})")
        return Block(level, names, ("var", "cov"), (None, (0, 0)), exchangeable)
    pairs = tuple(combinations(range(q), 2))
    names = tuple(f"var({a})" for a in labels) + tuple(f"cov({labels[i]},{labels[j]})" for i, j in pairs)
    kinds = ("var",) * q + ("cov",) * len(pairs)
    return Block(level, names, kinds, (None,) * q + pairs, lambda p: symmetric(p, q, pairs))


def symmetric(p: np.ndarray, q: int, pairs: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Variances on the diagonal, the covariances that are named, zero elsewhere."""
    out = np.diag(np.asarray(p[:q], float))
    for (i, j), value in zip(pairs, p[q:]):
        out[i, j] = out[j, i] = value
    return out


def residual_block(structure: str, order: int | None, times: np.ndarray, lags: int, prefix: str) -> Block:
    """Residual covariance; its matrix takes (parameters, times of the rows of one group).

    ``times`` are the distinct values of t() in the estimation sample, ``lags`` the largest lag in a group.
    """
    order = 1 if order is None and structure in ("ar", "ma") else order

    def block(names: list[str], kinds: list[str], pairs: list, matrix: Callable) -> Block:
        return Block("Residual", tuple(prefix + n for n in names), tuple(kinds), tuple(pairs), matrix)

    def stationary(names: list[str], kind: str, correlations: Callable) -> Block:
        def matrix(p: np.ndarray, t: np.ndarray) -> np.ndarray:
            lag = np.abs(t[:, None] - t[None, :])
            whole = np.rint(lag).astype(int)
            return p[-1] * correlations(p[:-1], int(whole.max()) if len(t) else 0)[whole]

        return block([*names, "var(e)"], [kind] * len(names) + ["var"], [None] * (len(names) + 1), matrix)

    if structure == "independent":
        name = "var(e)" if prefix else "var(Residual)"
        return block([name], ["var"], [None], lambda p, t: p[0] * np.eye(len(t)))
    if structure == "exchangeable":
        return block(
            ["var(e)", "cov(e)"],
            ["var", "rescov"],
            [None, (0, 0)],
            lambda p, t: (p[0] - p[1]) * np.eye(len(t)) + p[1] * np.ones((len(t), len(t))),
        )
    if structure == "ar":
        names = ["rho"] if order == 1 else [f"phi{k + 1}" for k in range(order)]
        return stationary(names, "rho" if order == 1 else "phi", ar_correlations)
    if structure == "ma":
        return stationary([f"theta{k + 1}" for k in range(order)], "theta", ma_correlations)
    if structure == "toeplitz":
        names = [f"rho{k + 1}" for k in range(lags if order is None else order)]
        return stationary(names, "rho", toeplitz_correlations)
    if structure == "exponential":
        return block(
            ["rho", "var(e)"],
            ["rho01", "var"],
            [None, None],
            lambda p, t: p[1] * p[0] ** np.abs(t[:, None] - t[None, :]),
        )
    q = len(times)
    band = q - 1 if structure == "unstructured" or order is None else order
    pairs = [(i, j) for i, j in combinations(range(q), 2) if j - i <= band]
    label = [f"e{t:g}" for t in times]

    def matrix(p: np.ndarray, t: np.ndarray) -> np.ndarray:
        at = np.searchsorted(times, t)
        return symmetric(p, q, tuple(pairs))[np.ix_(at, at)]

    names = [f"var({a})" for a in label] + [f"cov({label[i]},{label[j]})" for i, j in pairs]
    return block(names, ["var"] * q + ["rescov"] * len(pairs), [None] * q + pairs, matrix)


def ar_correlations(phi: np.ndarray, longest: int) -> np.ndarray:
    """Autocorrelations 0..longest of an AR(p) process: the Yule-Walker equations, then their recursion."""
    p = len(phi)
    a, b = np.eye(p), np.zeros(p)
    for k in range(1, p + 1):
        for j in range(1, p + 1):
            if k == j:
                b[k - 1] += phi[j - 1]
            else:
                a[k - 1, abs(k - j) - 1] -= phi[j - 1]
    rho = [1.0, *np.linalg.solve(a, b)]
    while len(rho) <= longest:
        rho.append(sum(phi[j] * rho[len(rho) - 1 - j] for j in range(p)))
    return np.array(rho)


def ma_correlations(theta: np.ndarray, longest: int) -> np.ndarray:
    """Autocorrelations 0..longest of an MA(q) process."""
    weights = np.concatenate([[1.0], theta])
    rho = np.zeros(max(longest, len(theta)) + 1)
    for k in range(len(weights)):
        rho[k] = weights[: len(weights) - k] @ weights[k:] / (weights @ weights)
    return rho


def toeplitz_correlations(rho: np.ndarray, longest: int) -> np.ndarray:
    """Correlations 0..longest: as given, zero beyond the order."""
    out = np.zeros(max(longest, len(rho)) + 1)
    out[0], out[1 : len(rho) + 1] = 1.0, rho
    return out


def partial_to_ar(partial: np.ndarray) -> np.ndarray:
    """AR coefficients from partial autocorrelations in (-1, 1) (Durbin-Levinson)."""
    phi = np.zeros(0)
    for r in partial:
        phi = np.concatenate([phi - r * phi[::-1], [r]])
    return phi


def ar_to_partial(phi: np.ndarray) -> np.ndarray:
    """The inverse of `partial_to_ar`."""
    phi, out = np.asarray(phi, float), []
    while len(phi):
        r = phi[-1]
        out.append(r)
        phi = (phi[:-1] + r * phi[-2::-1][: len(phi) - 1]) / (1 - r * r) if len(phi) > 1 else phi[:0]
    return np.array(out[::-1])


def to_free(block: Block, p: np.ndarray) -> np.ndarray:
    """Natural to unconstrained: log SDs, atanh correlations, logit for a correlation in (0, 1)."""
    p, out = np.asarray(p, float), []
    for kind, pair, value in zip(block.kinds, block.pairs, p):
        if kind == "var":
            out.append(0.5 * np.log(value))
        elif kind in ("cov", "rescov"):
            out.append(np.arctanh(value / np.sqrt(p[pair[0]] * p[pair[1]])))
        elif kind == "rho":
            out.append(np.arctanh(value))
        elif kind == "rho01":
            out.append(np.log(value / (1 - value)))
        else:
            out.append(np.nan)
    run = np.array([k in ("phi", "theta") for k in block.kinds])
    if run.any():
        sign = 1.0 if "phi" in block.kinds else -1.0
        out = np.array(out)
        out[run] = np.arctanh(ar_to_partial(sign * p[run]))
    return np.array(out)


def to_natural(block: Block, free: np.ndarray) -> np.ndarray:
    """The inverse of `to_free`."""
    free = np.asarray(free, float)
    out = np.zeros(len(free))
    variances = np.exp(2 * free)
    for i, (kind, pair) in enumerate(zip(block.kinds, block.pairs)):
        if kind == "var":
            out[i] = variances[i]
        elif kind in ("cov", "rescov"):
            out[i] = np.tanh(free[i]) * np.sqrt(variances[pair[0]] * variances[pair[1]])
        elif kind == "rho":
            out[i] = np.tanh(free[i])
        elif kind == "rho01":
            out[i] = 1 / (1 + np.exp(-free[i]))
    run = np.array([k in ("phi", "theta") for k in block.kinds])
    if run.any():
        sign = 1.0 if "phi" in block.kinds else -1.0
        out[run] = sign * partial_to_ar(np.tanh(free[run]))
    return out
