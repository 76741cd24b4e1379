"""Ratings of items by users as rating sites have them: few users rate most, few items are rated most."""

from __future__ import annotations

import numpy as np
import pandas as pd

SEED = 20_261_201


def ratings(n: int, users: int, items: int, seed: int = SEED) -> pd.DataFrame:
    """y = 1 + 0.5x + a user's effect (SD 1) + an item's (SD 0.7) + e (SD 1); columns y, x, user, item.

    How active users are is log-normal (SD 1 of its logarithm), how popular items are falls as one by their rank, as by
    Zipf. Who rates what is independent of that otherwise, and may come twice. Every user and every item has a rating
    where there are as many rows.
    """
    rng = np.random.default_rng(seed)
    user = _drawn(rng, n, np.exp(rng.standard_normal(users)))
    item = _drawn(rng, n, 1.0 / np.arange(1.0, items + 1.0))
    x = rng.standard_normal(n)
    y = rng.standard_normal(n)
    y += 1.0
    y += 0.5 * x
    y += rng.standard_normal(users)[user]
    y += 0.7 * rng.standard_normal(items)[item]
    return pd.DataFrame({"y": y, "x": x, "user": user.astype(float), "item": item.astype(float)}, copy=False)


def _drawn(rng: np.random.Generator, n: int, weight: np.ndarray) -> np.ndarray:
    """``n`` numbers below ``len(weight)``, each by its weight, in no order; all of them occur where ``n`` suffices."""
    some = np.arange(min(n, len(weight)))
    share = np.cumsum(weight)
    rest = np.searchsorted(share, rng.random(n - len(some)) * share[-1], side="right")
    return rng.permutation(np.concatenate([some, np.minimum(rest, len(weight) - 1)]))
