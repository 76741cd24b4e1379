"""Crossed designs of made-up data, and their likelihood by brute force: V is formed and inverted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from terrace.data.readers.frames import as_dataset
from terrace.design.design import Design, build_design
from terrace.language.mixed import parse_mixed
from terrace.likelihood import layout
from terrace.likelihood.objective import Objective

# Every kind of crossed design: one and two effects in the factor that goes first and in those that stay, three factors,
# nested within crossed, weights, covariances between the values of a factor.
MODELS = {
    "intercepts": "mixed y x || _all: R.u || i:",
    "reml": "mixed y x || _all: R.u || i:, reml",
    "slopes first": "mixed y x || _all: R.i || u: x, covariance(unstructured)",
    "slopes first, reml": "mixed y x || _all: R.i || u: x, covariance(unstructured) reml",
    "slopes after": "mixed y x || _all: R.u || i: x, covariance(unstructured)",
    "three factors": "mixed y x || _all: R.u || _all: R.d || i:, reml",
    "three with slopes": "mixed y x || _all: R.u || _all: R.d || i: x, covariance(unstructured)",
    "nested in crossed": "mixed y x || _all: R.d || c: || i:, reml",
    "nested slopes": "mixed y x || _all: R.d || c: x, covariance(unstructured) || i:, reml",
    "weights": "mixed y x [fweight=w] || _all: R.u || i: x, covariance(unstructured)",
    "weights, reml": "mixed y x [fweight=w] || _all: R.u || _all: R.d || i:, reml",
    "exchangeable": "mixed y x || _all: R.u, covariance(exchangeable) || i:, reml",
    "exchangeable after": "mixed y x || _all: R.i, covariance(exchangeable) || u:",
    "no fixed effects": "mixed y, noconstant || _all: R.u || i:",
}


def frame(seed: int = 1, *, n: int = 320, clustered: bool = False) -> pd.DataFrame:
    """Ratings y of items i (in classes c) by users u, judged by d; ``clustered``: as in InstEval, users rate nearly
    only the items of their own part."""
    rng = np.random.default_rng(seed)
    n_u, n_i = 34, 23
    u = rng.choice(n_u, n, p=rng.dirichlet(np.full(n_u, 2.0)))
    i = rng.choice(n_i, n, p=rng.dirichlet(np.full(n_i, 1.5)))
    if clustered:
        own = rng.random(n) < 0.93
        i = np.where(own, (i // 4 * 4 + u % 4) % n_i, i)
    d, x = rng.integers(0, 7, n), rng.normal(2.0, 1.5, n)
    y = 1 + 0.5 * x + rng.normal(size=n_u)[u] + rng.normal(size=n_i)[i] + 0.6 * rng.normal(size=n_i)[i] * x
    y = y + 0.4 * rng.normal(size=n_u)[u] * x + 0.5 * rng.normal(size=7)[d] + rng.normal(size=n)
    return pd.DataFrame({"u": u, "i": i, "c": i // 4, "d": d, "x": x, "w": rng.integers(1, 4, n), "y": y})


def objective(command: str, data: pd.DataFrame, *, sparse: bool = True) -> Objective:
    """The likelihood, by sparse elimination or by that of small designs."""
    spec = parse_mixed(command, tuple(data.columns))
    before = layout.DENSE_LIMIT
    try:
        layout.DENSE_LIMIT = 0.0 if sparse else np.inf
        found = Objective(build_design(spec, as_dataset(data)), reml=spec.method == "reml")
    finally:
        layout.DENSE_LIMIT = before
    assert (found.sparse is not None) == sparse
    return found


@dataclass
class Brute:
    """The profiled likelihood of a design at ψ, its derivatives, predictions and their errors, from V itself.

    Rows with a frequency weight stand as often as it says.
    """

    ll: float
    gradient: np.ndarray
    hessian: np.ndarray
    average: np.ndarray
    sigma2: float
    beta: np.ndarray
    effects: list[np.ndarray]
    errors: list[np.ndarray]


def brute(o: Objective, psi: np.ndarray) -> Brute:
    """Everything at ψ of the objective; only its ψ is taken from there, in the units of the data (`natural_map`)."""
    design: Design = o.design
    times = np.ones(len(design.y), dtype=int) if o.row_weights is None else o.row_weights.astype(int)
    rows = np.repeat(np.arange(len(design.y)), times)
    x, y, n = design.x[rows], design.y[rows], len(rows)
    p = x.shape[1]
    entries = o.natural_map() @ np.eye(o.n_random)
    bases = []
    for k in range(o.n_random):
        total = np.zeros((n, n))
        for block, part in zip(design.blocks, o.layout.block_slices):
            if not block.names or not part.start <= k < part.stop:
                continue
            own = entries[part, k]
            z, same = block.z[rows], block.codes[rows][:, None] == block.codes[rows][None, :]
            if block.factor is not None and block.structure.n_params > 1:
                level = block.level.codes[rows]
                total += (own[0] - own[1]) * same + own[1] * (level[:, None] == level[None, :])
            else:
                total += same * (z @ block.structure.matrix(own) @ z.T)
        bases.append(total)
    v = np.eye(n) + sum(s * b for s, b in zip(psi, bases))
    inverse = np.linalg.inv(v)
    a = x.T @ inverse @ x
    beta = np.linalg.solve(a, x.T @ inverse @ y) if p else np.zeros(0)
    project = inverse - inverse @ x @ np.linalg.solve(a, x.T @ inverse) if p else inverse
    nu = n - p if o.reml else n
    rss = float(y @ project @ y)
    sigma2 = rss / nu
    penalty = np.linalg.slogdet(a)[1] if o.reml and p else 0.0
    ll = -0.5 * (nu * np.log(2 * np.pi * sigma2) + nu + np.linalg.slogdet(v)[1] + penalty)
    q = project if o.reml else inverse
    py = project @ y
    moved = np.array([b @ py for b in bases])
    traces = np.array([np.vdot(q, b) for b in bases])
    gradient = -0.5 * (traces - moved @ py / sigma2)
    forms = moved @ project @ moved.T / sigma2
    qb = [q @ b for b in bases]
    products = np.array([[np.einsum("ij,ji->", s, t) for t in qb] for s in qb])
    slope, bend = -0.5 * (moved @ py) / sigma2, -0.5 * rss / sigma2
    hessian = 0.5 * products - forms - np.outer(slope, slope) / bend
    average = -0.5 * forms - np.outer(slope, slope) / bend
    effects, errors = [], []
    for block, part in zip(design.blocks, o.layout.block_slices):
        if not block.names or (block.factor is not None and block.structure.n_params > 1):
            effects.append(np.zeros(0))
            errors.append(np.zeros(0))
            continue
        sigma = block.structure.matrix((o.natural_map() @ psi)[part])
        z, codes, width = block.z[rows], block.codes[rows], block.z.shape[1]
        g = np.kron(np.eye(block.n_groups), sigma)
        wide = np.zeros((n, block.n_groups, width))
        wide[np.arange(n), codes] = z
        wide = wide.reshape(n, -1)
        effects.append((g @ wide.T @ py).reshape(block.n_groups, width))
        error = sigma2 * (g - g @ wide.T @ q @ wide @ g)
        four = error.reshape(block.n_groups, width, block.n_groups, width)
        errors.append(four[np.arange(block.n_groups), :, np.arange(block.n_groups), :])
    return Brute(ll, gradient, hessian, average, sigma2, beta, effects, errors)


def interior(o: Objective, seed: int = 5) -> np.ndarray:
    """ψ with every Σ positive definite, and nothing special about it."""
    rng = np.random.default_rng(seed)
    psi = np.zeros(o.n_params)
    for block, part in zip(o.design.blocks, o.layout.block_slices):
        if part.stop > part.start:
            size = block.structure.size
            root = np.tril(rng.normal(0.0, 0.2, (size, size)), -1) + np.diag(rng.uniform(0.3, 0.9, size))
            psi[part] = block.structure.to_psi(block.structure.from_matrix(root @ root.T))[0]
            if block.factor is not None and block.structure.n_params > 1:
                psi[part] = [0.5, -0.01]
    return psi
