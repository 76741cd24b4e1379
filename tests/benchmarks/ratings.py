"""Simulated ratings, crossed by users and items: sizes and skewness of the MovieLens files, from 10⁵ to 3.2·10⁷.

Counts of ratings by user are lognormal, those by item follow a power law, as in the files ml-1m, ml-10m and ml-32m
(Harper & Konstan 2015, doi:10.1145/2827872); nobody rates an item twice. The parameters are known, so that whatever is
fitted can be held against them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True)
class Size:
    """How many ratings, users and items."""

    ratings: int
    users: int
    items: int


SIZES = {
    "1e5": Size(100_000, 1_000, 1_700),
    "1e6": Size(1_000_000, 6_040, 3_706),
    "1e7": Size(10_000_000, 70_000, 10_000),
    "3.2e7": Size(32_000_000, 200_000, 85_000),
}
CLUSTERED = Size(200_000, 6_000, 4_000)
"""With 50 clusters, 33 ratings a user among 80 items of the own cluster."""

SD_USER, SD_ITEM, SD_ERROR = 0.45, 0.65, 0.85
MEAN, SLOPE = 3.5, -0.1


def ratings(size: Size, seed: int = 17, clusters: int = 1, loyalty: float = 0.98) -> pd.DataFrame:
    """Columns ``user``, ``item``, ``x`` (a standard normal covariate) and ``y``, in random order of rows.

    With several ``clusters`` users and items belong to one each, and a share ``loyalty`` of the ratings of a user are
    of items of the own cluster: the factors then hardly meet across clusters.
    """
    rng = np.random.default_rng(seed)
    user, item = _who_rates_what(size, rng, clusters, loyalty)
    u = rng.normal(0.0, SD_USER, size.users)
    v = rng.normal(0.0, SD_ITEM, size.items)
    x = rng.standard_normal(len(user))
    y = MEAN + SLOPE * x + u[user] + v[item] + rng.normal(0.0, SD_ERROR, len(user))
    return pd.DataFrame({"user": user.astype(np.int32), "item": item.astype(np.int32), "x": x, "y": y}, copy=False)


def _who_rates_what(
    size: Size, rng: np.random.Generator, clusters: int, loyalty: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Users and items of the ratings: distinct pairs, as many as asked."""
    activity = np.cumsum(rng.lognormal(0.0, 1.1, size.users) + 0.1)
    popularity = np.cumsum((np.arange(size.items) + 0.03 * size.items) ** -1.6)
    own = rng.integers(0, clusters, size.users)
    names = rng.permutation(size.items)
    pairs, rounds = np.zeros(0, dtype=np.int64), 0
    while len(pairs) < size.ratings:
        rounds += 1
        if rounds > 50:
            raise ValueError(f"{size} leaves too few pairs to rate: take more users and items, or fewer clusters.")
        more = int(1.15 * (size.ratings - len(pairs))) + 1000
        user = np.searchsorted(activity, rng.random(more) * activity[-1])
        item = np.searchsorted(popularity, rng.random(more) * popularity[-1])
        if clusters > 1:
            # the nearest item of the own cluster, as clusters take turns along the popularity
            near = np.minimum(item - item % clusters + own[user], size.items - 1)
            item = np.where(rng.random(more) < loyalty, near, item)
        pairs = np.unique(np.concatenate([pairs, user * size.items + names[item]]))
    pairs = rng.permutation(pairs)[: size.ratings]
    user, item = np.divmod(pairs, size.items)
    return user, item
