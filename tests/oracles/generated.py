"""Small made-up data on which every structure has an interior optimum, and the models fitted to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from .implemented import IMPLEMENTED
from .model import Model, describe


@cache
def panel() -> pd.DataFrame:
    """About 100 rows: repeated measures of 18 people in 6 regions, with gaps and missing values.

    ``person`` counts within region, so that the same code means different people; ``id`` does not. ``item``
    is crossed with everything, ``g`` is constant within people.
    """
    rng = np.random.default_rng(20240611)
    rows = []
    item_effect = rng.normal(0, 1.2, 6)
    loading = np.linalg.cholesky(np.array([[0.8, 0.4], [0.4, 2.0]]))
    for region in range(1, 7):
        top = rng.normal(0, 1.6)
        for person in range(1, 4):
            u_slope, u = loading @ rng.normal(size=2)
            g = 1 + (person + region) % 2
            error = np.zeros(9)
            sd = 0.8 if g == 1 else 1.3
            error[0] = rng.normal(0, sd)
            for t in range(1, 9):
                error[t] = 0.55 * error[t - 1] + rng.normal(0, sd * np.sqrt(1 - 0.55**2))
            times = np.sort(rng.choice(np.arange(1, 8), size=rng.integers(4, 8), replace=False))
            for t in times:
                x, z = rng.normal(), rng.normal()
                item, f = int(rng.integers(1, 7)), int(rng.integers(1, 4))
                y = 3 + 0.9 * x - 0.4 * z + 0.7 * (f == 2) - 0.5 * (f == 3) + 0.3 * (g == 2) * x
                y += top + u + u_slope * x + item_effect[item - 1] + error[t]
                s = t / 2 + 0.3 * rng.random()
                rows.append((region, person, 10 * region + person, g, t, s, x, z, f, item, y))
    names = ["region", "person", "id", "g", "t", "s", "x", "z", "f", "item", "y"]
    frame = pd.DataFrame(rows, columns=names)
    frame.loc[[5, 40], "x"] = np.nan
    frame.loc[[17], "y"] = np.nan
    return frame.assign(g1=(frame["g"] == 1) * 1, g2=(frame["g"] == 2) * 1)


@cache
def waves() -> pd.DataFrame:
    """About 120 rows: 32 people at up to four waves, with serially correlated errors and no more."""
    rng = np.random.default_rng(7)
    rows = []
    for person in range(1, 33):
        g = 1 + person % 2
        shock = rng.normal(0, 0.8 if g == 1 else 1.3, 6)
        for t in range(1, 5):
            x, z = rng.normal(), rng.normal()
            error = shock[t + 1] + 0.55 * shock[t] + 0.3 * shock[t - 1]
            if rng.random() < 0.88:
                rows.append((person, g, t, t + 0.4 * rng.random(), x, z, 3 + 0.9 * x - 0.4 * z + error))
    return pd.DataFrame(rows, columns=["id", "g", "t", "s", "x", "z", "y"])


@dataclass(frozen=True)
class Case:
    """One model on `panel` or `waves`; ``terms`` are the coefficients as printed."""

    id: str
    data: str
    features: frozenset[str]
    command: str
    terms: tuple[str, ...]

    @property
    def model(self) -> Model:
        """The plain description of the command."""
        return describe(self.command, self.terms)

    @property
    def frame(self) -> pd.DataFrame:
        """The data; do not change it."""
        return waves() if self.data == "waves" else panel()


PLAIN = ("x", "z", "_cons")
FACTORS = ("2.g", "x", "2.g#c.x", "2.f", "3.f", "_cons")


def _twice(name: str, features: str, command: str, terms: tuple[str, ...], data: str = "panel") -> list[Case]:
    wanted = frozenset(features.split())
    joint = " reml" if "," in command.rpartition("||")[2] else ", reml"
    return [
        Case(f"{name}-ml", data, wanted, command, terms),
        Case(f"{name}-reml", data, wanted, command + joint, terms),
    ]


def _residual(name: str, feature: str, text: str) -> list[Case]:
    features = f"nested residuals-{feature}"
    return _twice(name, features, f"mixed y x z || id:, noconstant residuals({text})", PLAIN, "waves")


EVERY: tuple[Case, ...] = (
    *_twice("intercept", "nested", "mixed y x z || id:", PLAIN),
    *_twice("factors", "nested", "mixed y i.g##c.x i.f || id: x, cov(unstructured)", FACTORS),
    *_twice("no-constant", "nested", "mixed y x z, noconstant || id:", ("x", "z")),
    *_twice("slope-identity", "nested", "mixed y x z || id: x, cov(identity)", PLAIN),
    *_twice("slope-independent", "nested", "mixed y x z || id: x", PLAIN),
    *_twice("slope-exchangeable", "nested", "mixed y x z || id: x, cov(exchangeable)", PLAIN),
    *_twice("slope-unstructured", "nested", "mixed y x z || id: x, cov(unstructured)", PLAIN),
    *_twice("slope-alone", "nested", "mixed y x z || id: x, noconstant", PLAIN),
    # a variance for the people of each group: constant within people, and no constant (example 6 of the manual)
    *_twice("heteroskedastic", "nested", "mixed y x z || id: g1 g2, noconstant", PLAIN),
    *_twice("two-level-codes-repeat", "nested", "mixed y x z || region: || person:", PLAIN),
    *_twice("three-level-slopes", "nested", "mixed y x z || region: || person: x, cov(unstructured)", PLAIN),
    *_twice("block-diagonal", "nested", "mixed y x z || id: x z, cov(identity) || id:", PLAIN),
    *_twice("crossed", "crossed", "mixed y x z || _all: R.item || id:", PLAIN),
    *_twice("both-crossed", "crossed", "mixed y x z || _all: R.item || _all: R.id", PLAIN),
    *_twice("crossed-slope", "crossed", "mixed y x z || _all: R.item || id: x, cov(unstructured)", PLAIN),
    *_twice("crossed-within", "crossed", "mixed y x z || region: R.t || person:", PLAIN),
    *_twice("crossed-exchangeable", "crossed", "mixed y x z || region: R.person, cov(exchangeable)", PLAIN),
    *_residual("residual-exchangeable", "exchangeable", "exchangeable"),
    *_residual("residual-ar1", "ar", "ar 1, t(t)"),
    *_residual("residual-ar2", "ar", "ar 2, t(t)"),
    *_residual("residual-ma1", "ma", "ma 1, t(t)"),
    *_residual("residual-ma2", "ma", "ma 2, t(t)"),
    *_residual("residual-toeplitz2", "toeplitz", "toeplitz 2, t(t)"),
    *_residual("residual-exponential", "exponential", "exponential, t(s)"),
    *_residual("residual-banded0", "banded", "banded 0, t(t)"),
    *_residual("residual-banded1", "banded", "banded 1, t(t)"),
    *_residual("residual-unstructured", "unstructured", "unstructured, t(t)"),
    *_residual("residual-toeplitz", "toeplitz", "toeplitz, t(t)"),
    *_residual("residual-banded2", "banded", "banded 2, t(t)"),
    *_residual("residual-banded", "banded", "banded, t(t)"),
    *_residual("residual-by", "independent-by", "independent, by(g)"),
    *_residual("residual-ar1-by", "ar residuals-by", "ar 1, t(t) by(g)"),
    *_residual("residual-ma1-by", "ma residuals-by", "ma 1, t(t) by(g)"),
    *_residual("residual-exponential-by", "exponential residuals-by", "exponential, t(s) by(g)"),
    *_residual("residual-exchangeable-by", "exchangeable residuals-by", "exchangeable, by(g)"),
    *_residual("residual-toeplitz1-by", "toeplitz residuals-by", "toeplitz 1, t(t) by(g)"),
    *_twice(
        "by-not-constant",
        "nested residuals-independent-by",
        "mixed y x z || id: x, residuals(independent, by(f))",
        PLAIN,
    ),
    *_twice("effects-and-ar1", "nested residuals-ar", "mixed y x z || id: x, residuals(ar 1, t(t))", PLAIN),
    *_twice(
        "effects-and-by-ar1",
        "nested residuals-ar residuals-by",
        "mixed y x z || region: || person:, residuals(ar 1, t(t) by(g))",
        PLAIN,
    ),
    *_twice(
        "three-level-exponential",
        "nested residuals-exponential",
        "mixed y x z || region: || person:, residuals(exponential, t(s))",
        PLAIN,
    ),
    *_twice(
        "crossed-and-ar1",
        "crossed residuals-ar",
        "mixed y x z || _all: R.item || id:, noconstant residuals(ar 1, t(t))",
        PLAIN,
    ),
)


def collected() -> list[Case]:
    """The cases whose features the engine has."""
    return [c for c in EVERY if c.features <= IMPLEMENTED]
