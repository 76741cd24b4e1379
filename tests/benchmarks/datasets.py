"""The data of the cases: read or simulated once, and handed to the peers as raw doubles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from cases import DATA, SERIES, SIMULATED

import terrace
from terrace.data.dataset import Dataset, Variable

SEED = 20_240_607


def dataset(name: str, folder: Path) -> Dataset | None:
    """A dataset of the cases; None where its file is not in `folder`."""
    if name == SIMULATED:
        return simulated(1_000_000, 10_000)
    if name in SERIES:
        return series(*SERIES[name])
    path = folder / DATA[name].file
    return terrace.read(path) if path.exists() else None


def simulated(rows: int, groups: int, effects: int = 2, covariates: int = 1) -> Dataset:
    """y = 1 + 0.5 Σx + u₀ + u₁x₁ + ... + e in groups of unequal size, sorted by group as files mostly are.

    ``effects`` counts the random effects of a group: the constant, then slopes of x, x2, x3, ... (which have
    variance 1/4). Columns are made and added one at a time, so that a large frame costs little beyond itself.
    """
    rng = np.random.default_rng(SEED)
    codes = np.sort(np.append(rng.integers(0, groups, rows - groups), np.arange(groups)))  # no group is empty
    y = rng.standard_normal(rows)
    y += 1.0 + rng.standard_normal(groups)[codes]
    columns = {"y": y, "g": codes.astype(np.float64)}
    for k in range(1, max(covariates, effects - 1) + 1):
        x = rng.standard_normal(rows)
        slope = np.full(groups, 0.5)
        if k < effects:
            slope += 0.5 * rng.standard_normal(groups)
        y += slope[codes] * x
        columns["x" if k == 1 else f"x{k}"] = x
    return _frame(columns)


def series(groups: int, occasions: int, dropped: float | None) -> Dataset:
    """y = 1 + 0.5x + u + e, e an autoregression with φ = 0.6 a step and u as variable where rows are dropped; without
    ``dropped`` (the share of rows) at any times, with a correlation of 0.7 at a distance of 1, and no u."""
    rng = np.random.default_rng(SEED)
    if dropped is None:
        at, correlation = np.sort(rng.uniform(0, occasions / 2, (groups, occasions)), axis=1), 0.7
    else:
        at, correlation = np.broadcast_to(np.arange(occasions, dtype=float), (groups, occasions)), 0.6
    e = rng.standard_normal((groups, occasions))
    for k in range(1, occasions):
        c = correlation ** (at[:, k] - at[:, k - 1])
        e[:, k] = c * e[:, k - 1] + np.sqrt(1.0 - c**2) * e[:, k]
    x = rng.standard_normal((groups, occasions))
    y = 1.0 + 0.5 * x + e
    kept = np.ones(y.shape, dtype=bool)
    if dropped is not None:
        y += rng.standard_normal((groups, 1))
        kept = rng.random(y.shape) >= dropped
    g = np.broadcast_to(np.arange(groups, dtype=float)[:, None], y.shape)
    return _frame({"y": y[kept], "x": x[kept], "g": g[kept], "t": at[kept]})


def crossed(rows: int, first: int, second: int) -> Dataset:
    """y = 1 + 0.5x + a + b + e with `first` by `second` crossed groups that meet at random."""
    rng = np.random.default_rng(SEED)
    a, b = rng.integers(0, first, rows), rng.integers(0, second, rows)
    x = rng.standard_normal(rows)
    y = 1.0 + 0.5 * x + rng.standard_normal(first)[a] + 0.7 * rng.standard_normal(second)[b]
    y += rng.standard_normal(rows)
    return _frame({"y": y, "x": x, "a": a.astype(np.float64), "b": b.astype(np.float64)})


def _frame(columns: dict[str, np.ndarray]) -> Dataset:
    return Dataset(pd.DataFrame(columns, copy=False), tuple(map(Variable, columns)))


def hand_over(data: Dataset, name: str, folder: Path) -> None:
    """Write ``<name>.names`` (a column a line, ``factor`` behind those that group) and ``<name>.doubles``."""
    groups = DATA[name].groups
    lines = [f"{column}\tfactor" if column in groups else f"{column}\tnumber" for column in data.names]
    (folder / f"{name}.names").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with open(folder / f"{name}.doubles", "wb") as out:
        for column in data.names:
            out.write(data.numeric(column).tobytes())
