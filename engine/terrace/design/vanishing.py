"""Residual variances of their own, residuals(..., by()), that go to zero and take the likelihood to infinity.

With σ² of the rows U of some by() groups going to zero, log|V| falls by rank(Z_U) less than the rows for every unit of
log σ², and the quadratic form stays bounded where y_U = X_U β + Z_U u for some β and u. Under restricted likelihood β
is integrated out, so that X_U takes degrees of freedom as Z_U does. The likelihood has no maximum where y_U is such
and degrees of freedom are left. Z stands for the effects whose variances stay: others may go to zero as well, which
frees degrees of freedom where there is a group for every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.design.exact import DIGITS, NONE, left_over, refuse_exact
from terrace.design.fixed_part import CONSTANT
from terrace.design.groups import apart_from_groups, compact
from terrace.errors import FitError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Numbers in the indicators of a crossed factor that are still looked at.
DENSE = 20_000_000
# So many rows are looked at first: mostly they show that the others need no look.
FIRST = 2000


@dataclass(frozen=True, eq=False)
class Part:
    """Effects whose variances go to zero together: columns z (n, q) for the groups ``codes`` (n,) of a level.

    ``weight`` (n,) says how often the group of a row counts. The groups of a ``nested`` part lie within those of the
    nested parts before it. ``plain`` marks an intercept.
    """

    level: str
    z: FloatArray
    codes: IntArray
    weight: FloatArray
    nested: bool
    plain: bool


@dataclass(frozen=True)
class _Apart:
    """y (m,), x (m, p), and the indicators (m, c) of crossed factors without what nested parts explain of them, and the
    degrees of freedom that these take, plainly and weighted."""

    y: FloatArray
    x: FloatArray
    indicators: FloatArray
    taken: int
    weighted: float


@dataclass(frozen=True)
class _Found:
    """How the rows are reproduced: by these parts, whether they alone do it, whether they would any outcome, and the
    level within which the outcome does not vary, if that is all."""

    parts: tuple[Part, ...]
    alone: bool
    any_outcome: bool
    within: str


def refuse_vanishing(
    design: Design, *, reml: bool, unions: bool = False, x: FloatArray | None = None, y: FloatArray | None = None
) -> None:
    """Raise `FitError` where the likelihood has no maximum since the variance of a by() group can go to zero.

    ``x`` (n, p) and ``y`` (n,) are those of a model with constraints. ``unions`` looks at several by() groups together
    as well, which may be needed where each has one row a group.
    """
    residuals = design.residuals
    if residuals.n_by == 1:
        return
    x, y = design.x if x is None else x, design.y if y is None else y
    constant = x is design.x and design.spec.constant
    parts, weights = _parts(design)
    lowest = design.levels[-1].codes if design.levels else np.zeros(len(y), dtype=np.int64)
    order = np.argsort(lowest, kind="stable")
    exact: list[tuple[int, ...]] = [()]
    for size in range(1, residuals.n_by if unions else 2):
        smaller, exact = set(exact), []
        for some in combinations(range(residuals.n_by), size):
            # what is reproduced is so in each of its parts
            if not all(less in smaller for less in combinations(some, size - 1)):
                continue
            within = _Rows(order[np.isin(residuals.by[order], some)], x, y, weights, constant)
            if within.reproduced(parts):
                exact.append(some)
                found = within.unbounded(parts, reml)
                if found is not None:
                    refuse_exact(design, y)
                    raise _refusal(design, some, found, within.count, reml)


def _parts(design: Design) -> tuple[tuple[Part, ...], FloatArray]:
    """The random effects, from the highest level down and crossed factors last, and the weights of the rows (n,)."""
    n = len(design.y)
    weights = {}
    above = np.ones(n)
    for level in design.levels:
        own = design.weights.of(level.name)
        above = above if own is None else above * own
        weights[level.name] = above
    out: list[Part] = []
    for block in design.blocks:
        nested = block.factor is None
        z = block.z
        together = list(range(z.shape[1]))
        for some in [together] if together and (block.structure.tied or not nested) else [[k] for k in together]:
            plain = not nested or all(block.names[k] == CONSTANT for k in some)
            name = block.factor or block.level.name
            out.append(Part(name, z[:, some], block.codes, weights[block.level.name], nested, plain))
    if design.levels and design.residuals.structure.holds_constant:
        lowest = design.levels[-1]
        out.append(Part(lowest.name, np.ones((n, 1)), lowest.codes, weights[lowest.name], True, True))
    return (
        tuple(sorted(out, key=lambda part: not part.nested)),
        above if design.weights.row is None else above * design.weights.row,
    )


class _Rows:
    """The rows of some by() groups, those of a group of the lowest level one after the other."""

    def __init__(self, rows: IntArray, x: FloatArray, y: FloatArray, weights: FloatArray, constant: bool) -> None:
        self.rows = rows
        self.x, self.y = x[rows], y[rows]
        if constant:
            self.x = self.x - np.append(self.x[:, :-1].mean(axis=0), 0.0)
        self.weights = weights[rows]
        self.dust = DIGITS * float(np.abs(self.y).max())
        self.first: _Rows | None = None
        if len(rows) > FIRST:
            self.first = _Rows(rows[:FIRST], x, y, weights, constant)
            self.first.dust = self.dust
        self.apart = cache(self._apart)
        self.unbounded = cache(self._unbounded)

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def reproduced(self, parts: tuple[Part, ...], fixed: bool = True) -> bool:
        """Whether these random effects, and the fixed effects, reproduce the outcome."""
        if self.first is not None and not self.first.reproduced(parts, fixed):
            return False
        apart = self.apart(parts)
        columns = np.column_stack([apart.indicators, apart.x]) if fixed else apart.indicators
        left = np.abs(left_over(columns, apart.y)).max()
        return bool(left <= self.dust * np.sqrt(columns.shape[1] + 1.0))

    def _unbounded(self, parts: tuple[Part, ...], reml: bool) -> _Found | None:
        """Which of the parts reproduce the outcome with degrees of freedom left, beside the fixed effects; or None."""
        if not self.reproduced(parts):
            return None  # neither do fewer of them
        apart = self.apart(parts)
        random = _rank(apart.indicators)
        fixed = _rank(np.column_stack([apart.indicators, apart.x])) - random
        total = float(self.weights.sum())
        if total - apart.weighted - random - (fixed if reml else 0) < 1e-9 * total:
            fewer = (self.unbounded((*parts[:k], *parts[k + 1 :]), reml) for k in range(len(parts)))
            return next((found for found in fewer if found is not None), None)
        alone = self.reproduced(parts, fixed=False)
        plain = tuple(part for part in parts if part.plain and part.nested)
        within = plain[-1].level if plain and self.reproduced(plain, fixed=False) else ""
        if self.reproduced(()):
            parts, apart = (), self.apart(())
            random, fixed = 0, _rank(apart.x)
        return _Found(parts, alone and bool(parts), not alone and self.count == apart.taken + random + fixed, within)

    def _apart(self, parts: tuple[Part, ...]) -> _Apart:
        p = self.x.shape[1]
        whole = [self.y[:, None], self.x]
        for part in parts:
            codes, count = compact(part.codes[self.rows])
            if not part.nested and len(codes) * count < DENSE:
                whole.append((codes[:, None] == np.arange(count)).astype(float))
        columns = np.column_stack(whole)
        size = np.sqrt(np.sum(columns**2, axis=0))
        taken, weighted = 0, 0.0
        done: list[tuple[FloatArray, IntArray, int]] = []
        for part in reversed([part for part in parts if part.nested]):
            # the finest first: what these leave of the columns of coarser groups stays within them
            codes, count = compact(part.codes[self.rows])
            z = part.z[self.rows]
            length = _lengths(z, codes, count)
            for other in done:
                z, _, _ = apart_from_groups(z, *other)
            z = np.where(_lengths(z, codes, count) > NONE * length, z, 0.0)
            columns, _, by_group = apart_from_groups(columns, z, codes, count)
            weight = np.zeros(count)
            weight[codes] = part.weight[self.rows]
            taken += int(by_group.sum())
            weighted += float(by_group @ weight)
            done.append((z, codes, count))
            if taken == len(columns):
                break
        y, rest = columns[:, 0], columns[:, 1:] / np.where(size > 0, size, 1.0)[1:]
        rest[:, np.sqrt(np.sum(rest**2, axis=0)) < NONE] = 0.0
        return _Apart(y, rest[:, :p], rest[:, p:], taken, weighted)


def _lengths(z: FloatArray, codes: IntArray, count: int) -> FloatArray:
    """The lengths (m, q) of columns within the group of each row."""
    sums = [np.bincount(codes, weights=column**2, minlength=count) for column in z.T]
    lengths: FloatArray = np.sqrt(np.column_stack(sums))[codes]
    return lengths


def _rank(columns: FloatArray) -> int:
    return int(np.linalg.matrix_rank(columns, tol=NONE)) if columns.shape[1] else 0


def _refusal(design: Design, groups: tuple[int, ...], found: _Found, count: int, reml: bool) -> FitError:
    """What to say: how the outcome is reproduced in the rows of these by() groups."""
    residuals, name = design.residuals, design.spec.outcome.name
    labels = [residuals.by_label(residuals.by_levels[k]) for k in groups]
    where = f"where {residuals.by_variable} = {' or '.join(labels)}"
    effects = "the random effects" if found.alone else "the fixed effects"
    if found.parts and not found.alone:
        effects += " and the random effects"
    if found.any_outcome:
        rows = f"are only {count:,} rows" if count > 1 else "is only one row"
        text = f"W{where[1:]} there {rows}, which {effects} reproduce exactly"
    elif np.ptp(design.y[np.isin(residuals.by, groups)]) == 0:
        text = f"{name} has the same value in all rows {where}"
    elif found.within:
        text = f"{name} does not vary within {found.within} {where}: all rows of a group have the same value"
    else:
        text = f"{effects.capitalize()} reproduce {name} exactly {where}"
    by = f"by({residuals.by_variable})"
    advice = f"Leave out {by}, so that all rows share one residual variance, or leave out these rows"
    if found.any_outcome and not reml:
        advice += ", or use reml"
    return FitError(
        f"{text}. Nothing is left for residuals there, and the likelihood has no maximum.",
        code="exact-fit", subject=name, advice=advice + ".",
    )
