"""Cross-products under correlated residuals.

Residual groups with the same R*(ρ) up to a variance, those of a by() group, are a `terrace.likelihood.series.Part`.
Which engine it has hangs on the structure:

- where a residual depends on those before through the last one only, sums over pairs of neighbours (`chains.py`);
- where it depends on a few consecutive ones (autoregression of higher order), overlapping parts of the groups, which
  are short and mostly alike (`segments.cliques`), treated as the next;
- else the groups themselves, one inverse for all that share their times (up to a shift, where only distances
  matter): from the inverse for a grid of all times, where there are not many more of these than a group has
  (`stacks.py`).

Here the variances of the by() groups are put to it. With R = e^λR_0, a derivative in λ is S_λ = -S and log|R|_λ = n.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import ResidualStructure
from terrace.covariance.residual.by_lag import ByLag
from terrace.design.groups import starts_of
from terrace.design.residuals import ResidualLayout
from terrace.likelihood.chains import Chains
from terrace.likelihood.curvature import Weight
from terrace.likelihood.eliminate import Jet
from terrace.likelihood.segments import Segments, chunks, cliques
from terrace.likelihood.series import Part, Series
from terrace.likelihood.stacks import Stacks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

WIDE, WIDEST = 2.0, 64
"""A grid has at most so many times as many times as the largest group has rows, and at most so many times."""

FARTHEST = 60
"""The largest logarithm of a ratio of variances."""

LOOKED_AT = 50
"""Of so many groups at most the condition is computed: the largest, and those with the closest times."""


class PatternData:
    """Correlated residuals: S_g = Σ W'R⁻¹W over the residual groups in g."""

    def __init__(
        self,
        residuals: ResidualLayout,
        w: FloatArray,
        rows: IntArray,
        owner: IntArray,
        n_owner: int,
        weights: FloatArray | None = None,
    ) -> None:
        """``w`` (n, m) are the sorted columns, ``rows`` their places in the sample, ``owner`` (n,) the finest
        groups of the elimination, ``weights`` (n,) how often a residual group counts, by row."""
        self.residuals = residuals
        self.n_owner = n_owner
        self.m = w.shape[1]
        self._slices = residuals.slices()
        groups = residuals.groups[rows]
        starts = starts_of(groups)
        at, by = residuals.at[rows], residuals.by[rows]
        self.parts: list[_ByGroup] = []
        for level in range(residuals.n_by):
            mine = by == level
            own = starts[by[starts] == level]
            if not len(own):
                continue
            owners, number = np.unique(owner[own], return_inverse=True)
            whole = residuals.n_by == 1
            first = own if whole else (np.cumsum(mine) - 1)[own]
            copies = np.ones(len(own)) if weights is None else weights[own].astype(np.float64)
            series = Series(
                at if whole else at[mine], first, w if whole else w[mine], number, len(owners), copies
            )
            self.parts.append(_ByGroup(level, series, _engine(residuals.structure, series), owners))

    def condition(self, rho: FloatArray) -> float:
        """The largest condition number of R* over the residual groups."""
        worst = 1.0
        for group in self.parts:
            _, part = self._slices[group.level]
            for at in group.extreme:
                r, _, _ = self.residuals.structure.relative(rho[part], at, 0)
                worst = max(worst, float(np.linalg.cond(r)))
        return worst

    def _scale(self, rho: FloatArray, level: int) -> float:
        """e^-λ of a by() group."""
        own, _ = self._slices[level]
        log_scale = 0.0 if own is None else float(rho[own])
        if abs(log_scale) > FARTHEST:
            raise np.linalg.LinAlgError("variance ratio out of range")
        return float(np.exp(-log_scale))

    def jet(self, rho: FloatArray, offset: int, order: int, linear: bool) -> Jet:
        """S and log|R*| per finest group with derivatives in all relative residual parameters.

        ``linear`` leaves the terms with ∂²R out of second derivatives.
        """
        total = _Total(self.m, self.n_owner)
        for group in self.parts:
            own, part = self._slices[group.level]
            scale = self._scale(rho, group.level)
            jet = group.engine.jet(rho[part], order, linear)
            first = offset + part.start
            s, rows = scale * jet.s, group.rows
            total.add(group.owners, s, jet.ld + (0.0 if own is None else rho[own]) * rows)
            for a, value in jet.s1.items():
                total.first(first + a, group.owners, scale * value, jet.ld1[a])
            for (a, b), value in jet.s2.items():
                total.second((first + a, first + b), group.owners, scale * value, jet.ld2[a, b])
            if own is None or order == 0:
                continue
            log = offset + own
            total.first(log, group.owners, -s, rows)
            if order > 1:
                # R_λ = R and R_λa = R_a: without ∂²R there is one S_a more to take off
                times = 2.0 if linear else 1.0
                total.second((log, log), group.owners, times * s, -rows if linear else 0.0 * rows)
                for a, value in jet.s1.items():
                    gone = -jet.ld1[a] if linear else 0.0 * rows
                    total.second((log, first + a), group.owners, -times * scale * value, gone)
        return total.jet

    def add_curvature(self, second: FloatArray, rho: FloatArray, offset: int, weight: Weight) -> None:
        """Add <∂²S, A> + ω ∂²log|R*| to H, with the weights of the finest groups of the elimination."""
        for group in self.parts:
            own, part = self._slices[group.level]
            scale = self._scale(rho, group.level)
            mine = weight
            if len(weight.omega) > 1 and len(group.owners) < self.n_owner:
                mine = Weight(weight.a[..., group.owners], weight.omega[group.owners])
            if scale != 1.0:
                mine = Weight(scale * mine.a, mine.omega)
            at = slice(offset + part.start, offset + part.stop)
            if part.stop > part.start:
                second[at, at] += group.engine.curvature(rho[part], mine)
            if own is None:
                continue
            log = offset + own
            jet = group.engine.jet(rho[part], 1, False)
            second[log, log] += float((jet.s * mine.a).sum())
            for a, value in jet.s1.items():
                across = -float((value * mine.a).sum())
                second[log, at.start + a] += across
                second[at.start + a, log] += across


class _ByGroup:
    """Residual groups of one by() group, their engine, and the owners that it numbers from 0."""

    def __init__(self, level: int, series: Series, engine: Part, owners: IntArray) -> None:
        self.level = level
        self.engine = engine
        self.owners = owners
        self.rows = series.per_owner()
        self._series = series

    @cached_property
    def extreme(self) -> list[FloatArray]:
        """The times of the groups where R* is likely to be nearest to singular."""
        series = self._series
        ends = series.starts + series.sizes
        chosen = np.arange(len(ends))
        if len(ends) > LOOKED_AT:
            steps = np.append(np.diff(series.at), np.inf)
            steps[ends - 1] = np.inf
            closest = np.minimum.reduceat(np.where(steps > 0, steps, np.inf), series.starts)
            half = LOOKED_AT // 2
            orders = (np.argsort(-series.sizes, kind="stable"), np.argsort(closest, kind="stable"))
            chosen = np.union1d(orders[0][:half], orders[1][:half])
        return [series.at[series.starts[k] : ends[k]] for k in chosen]


class _Total:
    """Sums of Jets of some owners each."""

    def __init__(self, m: int, n_owner: int) -> None:
        self.m, self.n_owner = m, n_owner
        self.jet = Jet(np.zeros((m, m, n_owner)), np.zeros(n_owner))

    def _into(self, have: FloatArray | None, owners: IntArray, value: FloatArray) -> FloatArray:
        if len(owners) == self.n_owner:
            return value if have is None else have + value
        out = np.zeros((*value.shape[:-1], self.n_owner)) if have is None else have
        out[..., owners] += value
        return out

    def add(self, owners: IntArray, s: FloatArray, ld: FloatArray) -> None:
        """S and log-determinants."""
        self.jet.s, self.jet.ld = self._into(self.jet.s, owners, s), self._into(self.jet.ld, owners, ld)

    def first(self, key: int, owners: IntArray, s: FloatArray, ld: FloatArray) -> None:
        """Derivatives in one parameter."""
        self.jet.s1[key] = self._into(self.jet.s1.get(key), owners, s)
        self.jet.ld1[key] = self._into(self.jet.ld1.get(key), owners, ld)

    def second(self, key: tuple[int, int], owners: IntArray, s: FloatArray, ld: FloatArray) -> None:
        """Second derivatives in a pair of parameters."""
        self.jet.s2[key] = self._into(self.jet.s2.get(key), owners, s)
        self.jet.ld2[key] = self._into(self.jet.ld2.get(key), owners, ld)


def _engine(structure: ResidualStructure, series: Series) -> Part:
    """The engine for the residual groups of a by() group."""
    if isinstance(structure, ByLag) and structure.chained:
        return Chains(structure, series)
    if isinstance(structure, ByLag) and structure.memory is not None and series.sizes.max() > structure.memory + 1:
        return _Overlapping(structure, series, structure.memory)
    return _stacks(structure, series, Segments.whole(series), _grid(structure, series))


def _grid(structure: ResidualStructure, series: Series) -> FloatArray | None:
    """All times, or all from the first of a group on; none where they are many, or R* of a group is no part of that."""
    if structure.by_time:
        return np.unique(series.at)
    if not (isinstance(structure, ByLag) and structure.integer_time):
        return None
    grid = np.unique(np.rint(series.at - np.repeat(series.at[series.starts], series.sizes)))
    return grid if len(grid) <= min(WIDEST, WIDE * series.sizes.max()) else None


def _stacks(structure: ResidualStructure, series: Series, segments: Segments, grid: FloatArray | None) -> Stacks:
    shifted = structure.needs_time and not structure.by_time
    found = chunks(
        series, segments, grid, shifted=shifted, timeless=not structure.needs_time,
        derivatives=structure.n_params**2,
    )
    return Stacks(structure, found, series.n_owner, grid)


class _Overlapping:
    """Parts of the residual groups, less what they have in common. Sums without ∂²R need the whole groups."""

    def __init__(self, structure: ByLag, series: Series, memory: int) -> None:
        self._structure, self._series = structure, series
        parts, common = cliques(series, memory)
        self._signed: list[tuple[float, Part]] = [(1.0, _stacks(structure, series, parts, None))]
        if len(common.first):
            self._signed.append((-1.0, _stacks(structure, series, common, None)))

    @cached_property
    def _whole(self) -> Stacks:
        structure, series = self._structure, self._series
        return _stacks(structure, series, Segments.whole(series), _grid(structure, series))

    def jet(self, rho: FloatArray, order: int, linear: bool) -> Jet:
        """See `Part`."""
        if order > 1 and linear:
            return self._whole.jet(rho, order, linear)
        total = _Total(self._series.w.shape[1], self._series.n_owner)
        everyone = np.arange(self._series.n_owner)
        for sign, part in self._signed:
            jet = part.jet(rho, order, linear)
            total.add(everyone, sign * jet.s, sign * jet.ld)
            for a, value in jet.s1.items():
                total.first(a, everyone, sign * value, sign * jet.ld1[a])
            for pair, value in jet.s2.items():
                total.second(pair, everyone, sign * value, sign * jet.ld2[pair])
        return total.jet

    def curvature(self, rho: FloatArray, weight: Weight) -> FloatArray:
        """See `Part`."""
        r = len(rho)
        return sum((sign * part.curvature(rho, weight) for sign, part in self._signed), np.zeros((r, r)))
