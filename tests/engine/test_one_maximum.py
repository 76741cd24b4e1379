"""One model has one maximum: whatever coding its columns have, every search ends there and says that it converged.

Designs are generated: two to five random effects, a level above, a crossed factor, residual variances by group; small
and large. Under maximum likelihood the value is the same; under restricted likelihood it moves by the log determinant
of the change of X, which stands in log|X'V⁻¹X|. ``TERRACE_EXAMPLES=5000`` looks for longer.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import terrace
from oracles.rcases import every
from terrace.optimise.newton import saddle

FEW = settings(max_examples=int(os.environ.get("TERRACE_EXAMPLES", "12")))
seeds = st.integers(0, 2**31)


@dataclass(frozen=True)
class Coding:
    """The same model written another way: fixed terms, random terms, and log|det| of the change of X."""

    fixed: str
    random: str
    log_det: float = 0.0


def noise(rng: np.random.Generator, groups: int, q: int) -> np.ndarray:
    """Random effects (groups, q) of any rank, large, small or none."""
    factor = rng.normal(size=(q, int(rng.integers(1, q + 1)))) * rng.choice([0, 0.3, 1], size=(q, 1))
    return rng.normal(size=(groups, factor.shape[1])) @ factor.T


def panel(seed: int, q: int) -> tuple[pd.DataFrame, np.random.Generator, np.ndarray]:
    """Groups of a few rows, with a level above and a crossed factor; effects to be multiplied by columns, (n, q)."""
    rng = np.random.default_rng(seed)
    groups, size = int(rng.integers(8, 30)), int(rng.integers(q + 1, q + 8))
    if rng.random() < 0.1:
        groups *= 10
    g = np.repeat(np.arange(groups), size)
    frame = pd.DataFrame({"g": g, "top": g // 4, "item": rng.integers(0, 6, len(g)), "by": rng.integers(0, 2, len(g))})
    return frame, rng, noise(rng, groups, q)[g]


def quadratic(seed: int) -> tuple[pd.DataFrame, list[Coding]]:
    """A covariate and its square, with its origin here and far away, in other units, in another order."""
    frame, rng, effects = panel(seed, 3)
    t = np.tile(np.arange(6), len(frame))[: len(frame)].astype(float) if seed % 2 else rng.normal(size=len(frame))
    t = np.round(64 * t) / 64  # its square keeps all digits far from the origin too, or it would be another covariate
    columns = np.column_stack([np.ones(len(t)), t, 0.3 * t**2])
    frame["y"] = 1 + 0.3 * t + (effects * columns).sum(axis=1) + rng.choice([0.5, 1, 3]) * rng.normal(size=len(t))
    codings = []
    for k, (shift, scale) in enumerate(((0, 1), (500, 1), (19500, 1), (0.3, 1e-8), (-2, 86400))):
        frame[f"a{k}"] = scale * (t + shift)
        frame[f"b{k}"] = frame[f"a{k}"] ** 2
        order = f"a{k} b{k}" if k % 2 else f"b{k} a{k}"
        codings.append(Coding(f"a{k} b{k}", f"{order}, cov(un)", 3 * math.log(scale)))
    return frame, codings


def factor(seed: int) -> tuple[pd.DataFrame, list[Coding]]:
    """A factor with slopes of its levels, from another base and without one."""
    q = int(np.random.default_rng(seed).integers(2, 6))
    frame, rng, effects = panel(seed, q)
    frame["c"] = rng.integers(1, q + 1, len(frame))
    frame["y"] = 1 + effects[np.arange(len(frame)), frame.c - 1] + rng.choice([0.5, 1, 3]) * rng.normal(size=len(frame))
    return frame, [
        Coding("i.c", "i.c, cov(un)"),
        Coding(f"ib{q}.c", f"ib{q}.c, cov(un)"),
        Coding("i.c", "ibn.c, nocons cov(un)"),
        Coding("i.c", "ib2.c, cov(un)"),
    ]


def plain(seed: int) -> tuple[pd.DataFrame, list[Coding]]:
    """Slopes in any order and units, in structures that do not mind."""
    q = int(np.random.default_rng(seed).integers(2, 5))
    frame, rng, effects = panel(seed, q)
    x = rng.normal(size=(len(frame), q - 1))
    for k in range(q - 1):
        frame[f"x{k}"], frame[f"u{k}"] = x[:, k], 1000.0 * x[:, k]
    frame["y"] = effects[:, 0] + (effects[:, 1:] * x).sum(axis=1) + rng.normal(size=len(frame))
    names, units = [f"x{k}" for k in range(q - 1)], [f"u{k}" for k in range(q - 1)]
    structure = ("independent", "unstructured")[seed % 2]
    return frame, [
        Coding(" ".join(names), f"{' '.join(names)}, cov({structure})"),
        Coding(" ".join(names), f"{' '.join(names[::-1])}, cov({structure})"),
        Coding(" ".join(units), f"{' '.join(units)}, cov({structure})", (q - 1) * math.log(1000.0)),
    ]


def tied(seed: int) -> tuple[pd.DataFrame, list[Coding]]:
    """Effects with one variance, or one variance and one covariance, and a block beside them, in any order."""
    frame, rng, effects = panel(seed, 3)
    x = rng.normal(size=(len(frame), 2))
    frame["x0"], frame["x1"] = x.T
    frame["y"] = effects[:, 0] + (effects[:, 1:] * x).sum(axis=1) + rng.normal(size=len(frame))
    structure = ("exchangeable", "identity")[seed % 2]
    if seed % 3 == 0:
        return frame, [Coding("x0 x1", f"x0 x1, nocons cov({structure}) || g:,"),
                       Coding("x1 x0", f"x1 x0, nocons cov({structure}) || g:,")]  # fmt: skip
    return frame, [Coding("x0 x1", f"x0 x1, cov({structure})"), Coding("x1 x0", f"x1 x0, cov({structure})")]


KINDS = (quadratic, factor, plain, tied)
AROUND = ("", " || top:", "|| _all: R.item", "residuals(independent, by(by))")


def command(coding: Coding, around: str, reml: bool) -> str:
    above = around if around.startswith("||") or around.startswith(" ||") else ""
    random = coding.random + (" " + around if around.startswith("residuals") else "") + (" reml" if reml else "")
    return f"mixed y {coding.fixed} {above} || g: {random}"


@FEW
@given(seed=seeds, kind=st.sampled_from(KINDS), around=st.sampled_from(AROUND), reml=st.booleans())
@example(1, quadratic, AROUND[0], True)
@example(2, factor, AROUND[0], True)
@example(554630, quadratic, AROUND[0], False)
def test_every_coding_ends_at_the_same_maximum(seed: int, kind, around: str, reml: bool) -> None:
    frame, codings = kind(seed)
    fits = [terrace.fit(command(c, around, reml), frame) for c in codings]
    values = np.array([f.ll + (c.log_det if reml else 0.0) for f, c in zip(fits, codings)])
    assert all(f.converged for f in fits)
    assert np.ptp(values) <= 1e-8 * max(abs(values[0]), 1.0)
    assert all(saddle(f.model.optimum.point) < 1e-5 for f in fits)
    # what is said of the boundary does not depend on the coding either, but for the names
    assert len({len(f.boundary) == 0 for f in fits}) == 1


@FEW
@given(seed=seeds, reml=st.booleans())
def test_labels_of_groups_and_order_of_rows(seed: int, reml: bool) -> None:
    frame, codings = factor(seed)
    rng = np.random.default_rng(seed)
    renamed = frame.assign(g=rng.permutation(10**6)[frame.g]).sample(frac=1, random_state=seed % 1000)
    one, other = (terrace.fit(command(codings[0], "", reml), f) for f in (frame, renamed))
    assert one.converged and other.converged
    assert other.ll == pytest.approx(one.ll, rel=1e-9)


MAXIMA = every("maxima")  # the best that lme4 finds, by resources/validation/r/maxima.R
SLEEP = {"": MAXIMA[-1]["ml"], "reml": MAXIMA[-1]["reml"]}
RANDOM = {"quadratic": ("t t2", ("t t2, ", "t2 t, ")), "factor": ("i.c", ("i.c, ", "ib3.c, ", "ibn.c, nocons "))}


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize("case", MAXIMA[:-1], ids=lambda c: c["id"])
def test_no_end_is_below_those_of_lme4(case: dict, method: str) -> None:
    fixed, codings = RANDOM[case["kind"]]
    for coding in codings:
        fit = terrace.fit(f"mixed y {fixed} || g: {coding} cov(un) {method}", pd.DataFrame(case["data"]))
        assert fit.converged
        assert fit.ll > case[method] - 1e-6 * abs(case[method])


@pytest.mark.parametrize("method", SLEEP)
@pytest.mark.parametrize("shift", [0, 500, 3000, 5000, 19500, 23000, 1e6])
def test_a_quadratic_of_days_has_its_maximum_at_any_origin(shift: float, method: str) -> None:
    frame = terrace.sample("sleepstudy").frame.astype(float)
    group = next(c for c in frame if c.startswith("subj"))
    frame = frame.assign(x=frame["days"] + shift)
    frame["x2"] = frame["x"] ** 2
    for terms, random in (("c.x##c.x", "c.x##c.x"), ("x x2", "x2 x")):
        fit = terrace.fit(f"mixed reaction {terms} || {group}: {random}, cov(un) {method}", frame)
        assert fit.converged
        assert fit.ll == pytest.approx(SLEEP[method], abs=1e-5)
        assert all(p.se is not None for p in fit.random)


def test_a_search_along_a_flat_boundary_ends_there() -> None:
    """Data without a variance of the slope: the maximum lies at a correlation of one or minus one."""
    ends = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        g = np.repeat(np.arange(60), 20)
        x = rng.normal(size=len(g))
        y = 1 + 0.5 * x + rng.normal(size=60)[g] + rng.normal(size=len(g))
        fit = terrace.fit("mixed y x || g: x, cov(un) reml", pd.DataFrame({"g": g, "x": x, "y": y}))
        assert fit.converged
        assert len(fit.log) < 30
        ends.append(fit.random_sd[2].estimate)
        if fit.boundary:
            assert abs(ends[-1]) == 1.0 or fit.random[0].estimate == 0.0
    assert sum(abs(r) == 1.0 for r in ends) >= 5
