"""Made-up models of every kind that commands can say, on the made-up data with more columns beside them."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pandas as pd

from . import generated

FIXED = (
    "x", "z", "x z", "i.f", "i.f x", "i.f##c.x", "i.g#c.x", "i.g##c.x z", "c.x##c.x", "c.x##c.z", "c.x#c.x#c.x x",
    "ib3.f##c.z", "ib(last).f x", "2.f x", "i.s", "i.s##c.x", "ib(freq).s", "i.f#i.g", "i.f##i.g", "i.f##i.g##c.x", "",
    "x twice", "i.f i.f2", "i.f#c.x", "L.x z", "D.z x", "io2.f x", "i.lab x",
)  # fmt: skip
RANDOM = (
    "|| id:", "|| id: x, covariance(unstructured)", "|| id: x", "|| id: x, noconstant", "|| id: c.x#c.z",
    "|| region: || person:", "|| region: || person: x, covariance(unstructured)", "|| region: x || person:",
    "|| _all: R.item || id:", "|| _all: R.item || _all: R.id", "|| region: R.t || person:", "|| id: i.g, noconstant",
    "|| id: x z, covariance(identity)", "|| id: x, covariance(exchangeable)", "|| id: x z, covariance(identity) || id:",
    "|| word:", "|| word: x, covariance(unstructured)", "|| id: ibn.f, noconstant covariance(identity)",
)  # fmt: skip
RESIDUALS = (
    "independent, by(g)", "exchangeable", "ar 1, t(t)", "ar 2, t(t)", "ma 1, t(t)", "exponential, t(s2)",
    "unstructured, t(t)", "banded 0, t(t)", "banded 1, t(t)", "toeplitz 2, t(t)",
)  # fmt: skip
CONDITIONS = (
    "", "", "", "if x > -1", "if inlist(f, 1, 3)", "if s != \"b\"", "if z < 1 | missing(x)", "if !(g == 1) & x < 2",
    "in 5/95", "if k >= 2", "if mod(item, 5) != 0", "if k < 4 in 3/100",
)  # fmt: skip


@cache
def data() -> tuple[pd.DataFrame, pd.DataFrame]:
    """`panel` and `waves` with more columns: text ``s`` and ``word``, ``lab`` 1 to 3, ``k`` with gaps, ``w`` whole."""
    out = []
    for seed, frame in enumerate((generated.panel(), generated.waves())):
        rng = np.random.default_rng(seed)
        n = len(frame)
        frame = frame.rename(columns={"s": "s2"}).assign(
            s=rng.choice(["a", "b", "c"], n), word=frame["id"].map("p{:03d}".format), lab=rng.integers(1, 4, n),
            k=np.where(rng.random(n) < 0.1, np.nan, rng.integers(1, 6, n)), w=rng.integers(0, 4, n),
        )  # fmt: skip
        if "f" not in frame:
            frame = frame.assign(f=rng.integers(1, 4, n), item=rng.integers(1, 7, n), region=1 + frame["id"] % 6,
                                 person=frame["id"])  # fmt: skip
        out.append(frame.assign(twice=2 * frame["x"], f2=frame["f"] + (frame["f"] == 3)))
    return out[0], out[1]


def commands(seed: int) -> str:
    """A model; `of` says which data it is for."""
    rng = random.Random(seed)
    fixed, effects, where = rng.choice(FIXED), rng.choice(RANDOM), rng.choice(CONDITIONS)
    options = [rng.choice(("ml", "reml", "reml dfmethod(satterthwaite)", "reml dfmethod(kroger)"))]
    weight = " [fweight=w]" if rng.random() < 0.1 else ""
    constant = rng.random() > 0.08 or not fixed
    if not weight and rng.random() < 0.35:
        residuals = rng.choice(RESIDUALS if of(seed) else RESIDUALS[:8])  # those of `panel` do not end at a band
        options.append(f"residuals({residuals})")
        alone = ("|| id:, noconstant", "|| region: || person:, noconstant")
        effects = rng.choice(alone if residuals.startswith(("un", "ba", "ex,")) else (*alone, "|| id:"))
    if weight:
        effects, options[0] = rng.choice(RANDOM[:2]), options[0].partition(" ")[0]
    head = f"mixed y {fixed} {where}{weight}{'' if constant else ', noconstant'} {effects}"
    return f"{head}{' ' if ',' in effects.rpartition('||')[2] else ', '}{' '.join(options)}"


def of(seed: int) -> int:
    """0 for a model of `panel`, 1 for one of `waves`."""
    return seed % 2
