"""Data of groups whose intercepts, slopes or sexes a model can leave without a likelihood of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd

MODEL = "mixed y x i.g || g: x, cov(un) reml"
"""The fixed effects take up the intercepts, and with them their covariance with the slopes."""

SEXES = "mixed y i.t || g: ibn.sex, nocons cov(un)"
"""Nobody has both sexes: their covariance is nowhere in the likelihood."""


def data(seed: int = 1, groups: int = 8, size: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    out = pd.DataFrame({"g": g, "t": np.tile(np.arange(size), groups) % 2, "sex": g % 2})
    out["x"] = rng.normal(size=len(g))
    u = rng.normal(size=(2, groups))
    out["y"] = u[0][g] + (0.5 + 0.7 * u[1][g]) * out.x + rng.normal(size=len(g))
    return out
