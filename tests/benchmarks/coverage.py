#!/usr/bin/env python3
"""How often intervals that say 95% hold the truth: simulated by number of groups, their size and the true variances.

    .venv/bin/python tests/benchmarks/coverage.py [--replicates 400] [--barred 2000] [--groups 5,10,15,30,50,100]

Seeds are fixed: the same numbers come every time, up to last digits of a processor. Exit status 1 where a wanted share
is missed. Half an hour of one core; ``--replicates 50 --barred 50 --no-results`` for a look.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

# Before numpy is imported, or it does not notice.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
import page  # noqa: E402
import pandas as pd  # noqa: E402
from scipy.special import ndtri  # noqa: E402

import terrace  # noqa: E402
from terrace.inference.zero_limit import CLOSE, profile_limits  # noqa: E402

SEED, NOMINAL = 20_261_130, 0.95
FIXED = {"x": 0.5, "w": 0.3, "_cons": 1.0}
SIZES = (5, 20)
BAR_GROUPS, BAR_TRUTH = 30, "interior"
BAR_FIXED, BAR_VARIANCE = (0.93, 0.97), (0.92, 1.0)
EFFECTS = ("var(_cons)", "var(x)")
"""Variances of random effects: they can be zero."""
KINDS = ("wald", "profile")
STEPS, BOTH = (0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, math.inf), 100
"""Standard errors of SDs, by the SD, between which Wald and profile are compared, in so many data sets a cell."""


@dataclass(frozen=True)
class Truth:
    """Variances of intercepts and slopes, and their correlation; the residual variance is 1."""

    name: str
    intercept: float
    slope: float = 0.0
    correlation: float = math.nan

    def of(self, parameter: str) -> float:
        """The true value of a covariance parameter; NaN where it has none."""
        known = {"var(_cons)": self.intercept, "var(x)": self.slope, "corr(x,_cons)": self.correlation}
        return known.get(parameter, 1.0)


@dataclass(frozen=True)
class Model:
    """A command with the truths under which its intervals are tried, and its covariance parameters."""

    title: str
    command: str
    truths: tuple[Truth, ...]
    parameters: tuple[str, ...]


MODELS = (
    Model(
        "Random intercept",
        "mixed y x w || g:, reml dfmethod(kroger)",
        (Truth("interior", 0.5), Truth("small", 0.05), Truth("zero", 0.0)),
        ("var(_cons)", "var(Residual)"),
    ),
    Model(
        "Random intercept and slope, unstructured",
        "mixed y x w || g: x, covariance(unstructured) reml dfmethod(kroger)",
        (Truth("interior", 1.0, 0.5, 0.3), Truth("small", 1.0, 0.02, 0.3), Truth("zero", 1.0, 0.0)),
        ("var(_cons)", "var(x)", "corr(x,_cons)", "var(Residual)"),
    ),
)


@dataclass
class Tally:
    """Replicates of one parameter: all, those with an interval, and those whose interval holds the truth."""

    fits: int = 0
    given: int = 0
    held: int = 0

    def add(self, low: float | None, high: float | None, truth: float) -> None:
        """Count one fit."""
        self.fits += 1
        if low is not None and high is not None:
            self.given += 1
            self.held += bool(low <= truth <= high)

    @property
    def of_given(self) -> float:
        """The share among intervals that there are."""
        return self.held / self.given if self.given else math.nan

    @property
    def of_all(self) -> float:
        """The share where a fit without an interval counts as one that misses."""
        return self.held / self.fits


@dataclass(frozen=True)
class Both:
    """A variance that is not zero with both its intervals: the standard error of its SD by the SD, the truth, the Wald
    interval on the log scale and that of the profile."""

    ratio: float
    truth: float
    wald: tuple[float, float]
    profile: tuple[float, float]


@dataclass
class Cell:
    """One number and size of groups under one truth: a tally a parameter, fixed effects also by z."""

    model: Model
    truth: Truth
    groups: int
    size: int
    tallies: dict[str, Tally] = field(default_factory=dict)
    both: list[Both] = field(default_factory=list)
    edge: int = 0
    unconverged: int = 0
    fits: int = 0

    @property
    def barred(self) -> bool:
        """Whether shares are wanted of it."""
        return self.groups >= BAR_GROUPS and self.truth.name == BAR_TRUTH

    def tally(self, name: str) -> Tally:
        """The tally of a parameter."""
        return self.tallies.setdefault(name, Tally())

    def missed(self) -> Iterator[str]:
        """The wanted shares that it has not."""
        if not self.barred:
            return
        for name in (*FIXED, *(p for p in self.model.parameters if p.startswith("var"))):
            low, high = BAR_FIXED if name in FIXED else BAR_VARIANCE
            share = self.tally(name).of_all
            if not low <= share <= high:
                where = f"{self.model.title}, {self.groups} groups of {self.size}"
                yield f"{where}, {name}: {100 * share:.1f}"


def simulated(rng: np.random.Generator, truth: Truth, groups: int, size: int) -> pd.DataFrame:
    """Rows of x (within groups), w (of groups) and y; all are new in every replicate."""
    g = np.repeat(np.arange(groups), size)
    x, w = rng.normal(size=len(g)), rng.normal(size=groups)[g]
    one, other = rng.normal(size=(2, groups))
    r = 0.0 if math.isnan(truth.correlation) else truth.correlation
    intercept = math.sqrt(truth.intercept) * one
    slope = math.sqrt(truth.slope) * (r * one + math.sqrt(1 - r * r) * other)
    fixed = FIXED["_cons"] + FIXED["x"] * x + FIXED["w"] * w
    y = fixed + intercept[g] + slope[g] * x + rng.normal(size=len(g))
    return pd.DataFrame({"g": g, "x": x, "w": w, "y": y})


def simulate(cell: Cell, replicates: int) -> Cell:
    """Fit the replicates of a cell and count."""
    z = float(ndtri(0.5 + NOMINAL / 2))
    at = (MODELS.index(cell.model), cell.model.truths.index(cell.truth), cell.groups, cell.size)
    for k in range(replicates):
        frame = simulated(np.random.default_rng((SEED, *at, k)), cell.truth, cell.groups, cell.size)
        fit = terrace.fit(cell.model.command, frame)
        cell.fits += 1
        cell.unconverged += not fit.converged
        cell.edge += bool(fit.boundary)
        plain = np.sqrt(np.diag(fit.matrices["V"]))
        names = [name.removeprefix("y:") for name in fit.matrix_names["V"][0]]
        for effect in fit.fixed:
            truth = FIXED[effect.term]
            cell.tally(effect.term).add(effect.lb, effect.ub, truth)
            half = z * plain[names.index(effect.term)]
            cell.tally(f"{effect.term} z").add(effect.coef - half, effect.coef + half, truth)
        both = {p.name: p for p in (*fit.random_sd, *fit.random)}
        for name in cell.model.parameters:
            cell.tally(name).add(both[name].lb, both[name].ub, cell.truth.of(name))
        for position, p in enumerate(fit.random):
            if p.name not in EFFECTS:
                continue
            wald = on_log_scale(p, z)
            cell.tally(f"{p.name} log").add(*(wald or (p.lb, p.ub)), cell.truth.of(p.name))
            if wald and k < BOTH and p.se > 2 * STEPS[0] * p.estimate:
                optimum, printed = fit.model.optimum, fit.model.layout[position]
                ends = profile_limits(optimum.space, optimum.point, printed, 100 * NOMINAL, zero=False)
                if ends is not None:
                    squares = (ends[0] ** 2, ends[1] ** 2)
                    cell.both.append(Both(p.se / (2 * p.estimate), cell.truth.of(p.name), wald, squares))
    return cell


def on_log_scale(p: terrace.results.fit.RandomParameter, z: float) -> tuple[float, float] | None:
    """The Wald interval of a variance; None where it has no standard error."""
    if p.se is None or p.boundary:
        return None
    half = z * p.se / p.estimate
    return p.estimate * math.exp(-half), p.estimate * math.exp(half) if half < 700 else math.inf


def share(value: float) -> str:
    """A share in percent; a dash where there is none."""
    return "–" if math.isnan(value) else f"{100 * value:.1f}"


def where(cell: Cell) -> list[str]:
    """The first columns of a row."""
    return [cell.truth.name, str(cell.groups), str(cell.size), f"{cell.fits:,}"]


WHERE = ["variance", "groups", "rows each", "fits"]


def fixed_table(cells: list[Cell]) -> str:
    """Coverage of the fixed effects of a model."""
    columns = [(name, how) for name in FIXED for how in ("", " z")]
    head = [*WHERE, *(f"{name}{how or ' KR'}" for name, how in columns)]
    rows = [[*where(c), *(share(c.tally(name + how).of_all) for name, how in columns)] for c in cells]
    return page.table(head, rows, "lrrr" + "r" * len(columns))


def covariance_table(cells: list[Cell]) -> str:
    """Coverage of the covariance parameters: among the intervals given, of all fits, and the share without one."""
    model = cells[0].model
    lacking = {name for c in cells for name in model.parameters if c.tally(name).given < c.fits}
    head = [*WHERE, "at an edge"]
    for name in model.parameters:
        head += [name, "of all", "none"] if name in lacking else [name]
        head += ["by log"] if name in EFFECTS else []
    rows = []
    for c in cells:
        row = [*where(c), share(c.edge / c.fits)]
        for name in model.parameters:
            tally, known = c.tally(name), not math.isnan(c.truth.of(name))
            row.append(share(tally.of_given) if known else "–")
            if name in lacking:
                row += [share(tally.of_all) if known else "–", share(1 - tally.given / tally.fits)]
            if name in EFFECTS:
                row.append(share(c.tally(f"{name} log").of_all))
        rows.append(row)
    return page.table(head, rows, "l" + "r" * (len(head) - 1))


def both_table(cells: list[Cell]) -> str:
    """Wald on the log scale beside the profile, by how large the standard error of an SD is beside it."""
    every = [b for c in cells for b in c.both]
    rows = []
    for low, high in pairwise(STEPS):
        own = [b for b in every if low <= b.ratio < high]
        if not own:
            continue
        some = [b for b in own if b.truth > 0]
        none = [b for b in own if b.truth == 0]
        upper = np.quantile([b.wald[1] / b.profile[1] for b in own], [0.05, 0.5, 0.95])
        rows.append(
            [
                f"{low:g} to {high:g}" if math.isfinite(high) else f"over {low:g}",
                f"{len(own):,}",
                *(held([getattr(b, kind) for b in group], group) for group in (some, none) for kind in KINDS),
                share(float(np.mean([b.profile[0] == 0 for b in own]))),
                *(f"{float(q):.2g}" for q in upper),
            ]
        )
    head = ["SE by SD", "variances", "true > 0: Wald", "profile", "true 0: Wald", "profile", "profile from 0"]
    return page.table([*head, "upper ends: 5%", "median", "95%"], rows, "l" + "r" * 9)


def held(intervals: list[tuple[float, float]], of: list[Both]) -> str:
    """The share of intervals that hold the truth."""
    inside = [low <= b.truth <= high for (low, high), b in zip(intervals, of)]
    return share(float(np.mean(inside))) if inside else "–"


def truths(model: Model) -> str:
    """What the words interior, small and zero stand for."""
    said = []
    for t in model.truths:
        slopes = f", of slopes {t.slope:g}" if len(model.parameters) > 2 else ""
        tied = "" if math.isnan(t.correlation) else f", correlation {t.correlation:g}"
        said.append(f"*{t.name}*: variance of intercepts {t.intercept:g}{slopes}{tied}")
    return "; ".join(said) + "."


def wanted(cells: list[Cell]) -> list[str]:
    """What is wanted, and whether it is there."""
    barred = [c for c in cells if c.barred]
    missed = [text for c in barred for text in c.missed()]
    lines = [
        f"Wanted with {BAR_GROUPS} or more groups and interior variances: 93 to 97 for fixed effects with",
        "Kenward-Roger, 92 or more for variances, a fit without an interval counting as one that misses.",
    ]
    for name, names in (("fixed effects", tuple(FIXED)), ("variances", ("var(_cons)", "var(x)", "var(Residual)"))):
        found = [c.tally(n).of_all for c in barred for n in names if n in c.tallies]
        if found:
            lines.append(f"The {name} have {share(min(found))} to {share(max(found))} there.")
    return [*lines, *(["Missed:", "", *(f"- {text}" for text in missed)] if missed else [])]


def section(cells: list[Cell], before: str) -> str:
    """The section of RESULTS.md."""
    most, fewest = max(c.fits for c in cells), min(c.fits for c in cells)
    error = [f"{100 * math.sqrt(NOMINAL * (1 - NOMINAL) / n):.1f} with {n:,} fits" for n in sorted({fewest, most})]
    unconverged = sum(c.unconverged for c in cells)
    lines = [
        "## Coverage of intervals",
        "",
        "The share of simulated data sets, in percent, whose 95% interval holds the true value (REML). Everything is",
        "new in every data set: a covariate `x` within groups, `w` of groups, random effects, errors of variance 1.",
        f"The Monte-Carlo standard error is {', '.join(error)} where a share is near 95,",
        f"and {50 / math.sqrt(fewest):.1f} at most.",
        "",
        "*KR* is Kenward-Roger with t, *z* the plain standard error with the normal distribution. Variances (and their",
        "roots) have Wald intervals on the log scale, or the profile interval where the estimate is zero or less than",
        "a third of its standard error; *by log* is what they would hold if only zeros had that one. Correlations",
        "have Wald intervals on the atanh scale, and none at ±1. *At an edge* is the share of fits with a singular",
        "matrix. Where some fits have no interval of a parameter, the first share is among those that have, *of all*",
        "counts the others as misses, and *none* is their share. No interval on the log scale holds a true variance of",
        "zero: only profile intervals do.",
        "",
        *wanted(cells),
    ]
    for model in MODELS:
        own = [c for c in cells if c.model is model]
        if own:
            lines += ["", f"### {model.title}", "", f"`{model.command}`. {truths(model)}"]
            lines += ["", fixed_table(own), "", covariance_table(own)]
    if any(c.both for c in cells):
        lines += [
            "",
            "### Wald or profile",
            "",
            "Variances of random effects that are not estimated as zero, of all models and truths together, by the",
            "standard error of the SD divided by the SD (half of what it is for the variance): how often the Wald",
            "interval on the log scale and that of the profile hold the truth, how often the profile begins at zero,",
            f"and the upper end of Wald divided by that of the profile. From the first {BOTH} data sets of a cell.",
            f"Above {CLOSE:g} the profile is reported.",
            "",
            both_table(cells),
        ]
    about = [*page.machine(), f"seed {SEED}; {unconverged} of {sum(c.fits for c in cells):,} fits did not converge"]
    about.append(f"load {before} before, {page.load()} after")
    return "\n".join([*lines, "", "Measured with:", "", *(f"- {line}" for line in about)])


def main() -> int:
    """Simulate all cells, print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=400, help="data sets a cell (%(default)s)")
    parser.add_argument("--barred", type=int, default=2000, help="data sets where a share is wanted (%(default)s)")
    parser.add_argument("--groups", default="5,10,15,30,50,100", help="numbers of groups, with commas (%(default)s)")
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    given = parser.parse_args()
    before, cells = page.load(), []
    for model in MODELS:
        for truth in model.truths:
            for groups in (int(n) for n in given.groups.split(",")):
                for size in SIZES:
                    cell = Cell(model, truth, groups, size)
                    simulate(cell, given.barred if cell.barred else given.replicates)
                    held = ", ".join(f"{n} {share(t.of_all)}" for n, t in cell.tallies.items())
                    print(f"{model.title}, {truth.name}, {groups} groups of {size}: {held}", flush=True)
                    cells.append(cell)
    text = section(cells, before)
    print("\n" + text)
    if not given.no_results:
        page.write_section("coverage", text)
    return 1 if any(True for c in cells for _ in c.missed()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
