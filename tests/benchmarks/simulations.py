"""The data of cases that no file has, by the key of the dataset: as large as they are timed, and small for a look."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from cases import SIMULATED
from ratings import SIZES, Size, ratings

SEED = 20_240_607
FEW = Size(1_000, 60, 40)


def slopes(rows: int, groups: int, effects: int = 2, covariates: int = 1) -> pd.DataFrame:
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
    return pd.DataFrame(columns, copy=False)


def autoregressive(groups: int, times: int, dropped: float, intercept: float = 1.0, rho: float = 0.6) -> pd.DataFrame:
    """y = 1 + 0.5x + u + e, e of variance 1 and AR(1) at t = 1, 2, ...; a share of the rows is dropped at random."""
    rng = np.random.default_rng(SEED + 1)
    e = rng.standard_normal((groups, times))
    for t in range(1, times):
        e[:, t] = rho * e[:, t - 1] + np.sqrt(1 - rho**2) * e[:, t]
    return _long(rng, e + intercept * rng.standard_normal((groups, 1)), dropped)


def irregular(groups: int, times: int, reach: float = 2.0) -> pd.DataFrame:
    """y = 1 + 0.5x + e, e of variance 1 with correlation exp(-distance / reach) at times of each group's own."""
    rng = np.random.default_rng(SEED + 2)
    gaps = rng.exponential(1.0, (groups, times)) + 0.01
    e = rng.standard_normal((groups, times))
    for t in range(1, times):
        r = np.exp(-gaps[:, t] / reach)
        e[:, t] = r * e[:, t - 1] + np.sqrt(1 - r**2) * e[:, t]
    frame = _long(rng, e, 0.0)
    return frame.assign(t=np.cumsum(gaps, axis=1).round(3).ravel())


def _long(rng: np.random.Generator, e: np.ndarray, dropped: float) -> pd.DataFrame:
    """A row a time: id, t, x and y = 1 + 0.5x + e."""
    groups, times = e.shape
    x = rng.standard_normal(e.size)
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(1.0, groups + 1), times),
            "t": np.tile(np.arange(1.0, times + 1), groups),
            "x": x,
            "y": 1.0 + 0.5 * x + e.ravel(),
        }
    )
    return frame[rng.random(len(frame)) >= dropped].reset_index(drop=True)


def tall(rows: int) -> pd.DataFrame:
    """Six columns as studies have them: an identifier, two codes, three measurements with decimals."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "id": np.arange(rows) // 10,
            "wave": rng.integers(0, 10, rows),
            "group": rng.integers(1, 5, rows),
            "x": rng.normal(size=rows).round(3),
            "z": rng.normal(size=rows).round(2),
            "y": rng.normal(size=rows),
        }
    )


# What is timed, and the same at the size of ``run.py --quick``.
SIMULATIONS: dict[str, tuple[Callable[[], pd.DataFrame], Callable[[], pd.DataFrame]]] = {
    SIMULATED: (partial(slopes, 1_000_000, 10_000), partial(slopes, 2_000, 50)),
    "ratings-5": (partial(ratings, SIZES["1e5"]), partial(ratings, FEW)),
    "ratings-6": (partial(ratings, SIZES["1e6"]), partial(ratings, FEW)),
    "ratings-7": (partial(ratings, SIZES["1e7"]), partial(ratings, FEW)),
    "ratings-7.5": (partial(ratings, SIZES["3.2e7"]), partial(ratings, FEW)),
    "ar1": (partial(autoregressive, 500, 50, 0.1), partial(autoregressive, 40, 8, 0.1)),
    "ar1-large": (partial(autoregressive, 10_000, 50, 0.1), partial(autoregressive, 40, 8, 0.1)),
    "irregular": (partial(irregular, 20, 200), partial(irregular, 10, 15)),
    "irregular-large": (partial(irregular, 1_000, 200), partial(irregular, 10, 15)),
    "occasions-20": (partial(autoregressive, 500, 20, 0.0), partial(autoregressive, 60, 5, 0.0)),
    "occasions-20-gaps": (partial(autoregressive, 500, 20, 0.1), partial(autoregressive, 60, 5, 0.1)),
    "occasions-10": (partial(autoregressive, 500, 10, 0.0), partial(autoregressive, 60, 4, 0.0)),
    "occasions-10-gaps": (partial(autoregressive, 500, 10, 0.1), partial(autoregressive, 60, 4, 0.1)),
    "tall": (partial(tall, 1_000_000), partial(tall, 5_000)),
}
