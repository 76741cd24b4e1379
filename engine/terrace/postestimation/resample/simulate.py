"""New outcomes from a fitted model, and the likelihood of the same design with another outcome.

Of the cross-products only those with the outcome change, so with independent residuals of one variance a refit
needs one pass over the rows and the search itself; other designs are built anew.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.design.design import RandomBlock
from terrace.errors import SpecError
from terrace.likelihood.crossproducts import Grouping, OneHot, SimpleData
from terrace.likelihood.objective import Objective
from terrace.likelihood.outcomes import Outcomes, together
from terrace.postestimation.variance.parts import recovariance
from terrace.postestimation.variance.wcorrelation import block_parameters
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Pattern:
    """Residual groups that share a covariance: ``rows`` (g, k), and a root of it, (k, k)."""

    rows: IntArray
    root: FloatArray


class Simulator:
    """Draws outcomes y = Xβ̂ + Zu + ε for the rows of the estimation sample.

    Raises `SpecError` for weighted fits: sampling weights are no model of the outcome, and a row with a frequency
    stands for several outcomes.
    """

    def __init__(self, fit: FitResult) -> None:
        kind = fit.model.design.weights.kind
        if kind is not None:
            raise SpecError(
                "A weighted fit cannot be simulated.",
                code="simulate-weights",
                subject="weights",
                advice="Expand the rows by their frequencies, and fit without weights."
                if kind == "fweight"
                else "Fit without sampling weights.",
            )
        if fit.model.design.counts is not None:
            raise SpecError(
                "A streamed fit cannot be simulated because its rows are not in memory.",
                code="streamed-fit",
                advice="Fit in memory (use FILE, nostream), or use profile intervals.",
            )
        self.fit = fit
        self.mean = fit.model.design.x @ fit.model.beta
        self.roots = [_effect_root(fit, k, b) for k, b in enumerate(fit.model.design.blocks)]
        self.patterns = _residual_patterns(fit)
        self.scale = np.sqrt(_variance_by_row(fit)) if self.patterns is None else None

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """One outcome, shape (n,)."""
        design = self.fit.model.design
        y = self.mean.copy()
        for block, root in zip(design.blocks, self.roots):
            if not block.names:
                continue
            if block.factor is None:
                u = rng.standard_normal((block.n_groups, root.shape[1])) @ root.T
                y += np.einsum("ij,ij->i", block.z, u[block.codes])
            else:
                y += _factor_effects(block, root, rng)[block.codes]
        if self.patterns is None:
            assert self.scale is not None
            return y + self.scale * rng.standard_normal(design.n)
        for pattern in self.patterns:
            y[pattern.rows] += rng.standard_normal(pattern.rows.shape) @ pattern.root.T
        return y


def _effect_root(fit: FitResult, position: int, block: RandomBlock) -> FloatArray:
    """L with LL' = Σ; for ``R.`` the variance and the covariance."""
    if not block.names:
        return np.zeros((0, 0))
    if block.factor is not None:
        own = block_parameters(fit, position)
        return np.array([own[0], own[1] if len(own) > 1 else 0.0])
    values, vectors = np.linalg.eigh(recovariance(fit, position))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _factor_effects(block: RandomBlock, parameters: FloatArray, rng: np.random.Generator) -> FloatArray:
    variance, common = parameters
    free: FloatArray = np.sqrt(max(variance - common, 0.0)) * rng.standard_normal(block.n_groups)
    if common == 0.0:
        return free
    # (v - c)I + cJ has the eigenvalue v - c + kc on the mean of the k values, v - c elsewhere
    first = np.empty(block.n_groups, dtype=np.int64)
    first[block.codes] = np.arange(len(block.codes))
    level = block.level.codes[first]
    count = np.bincount(level, minlength=block.level.n_groups)
    mean = np.bincount(level, weights=free, minlength=block.level.n_groups) / np.maximum(count, 1)
    gain = np.sqrt(np.maximum(variance - common + count * common, 0.0) / max(variance - common, 1e-300))
    return np.asarray(free + ((gain - 1.0) * mean)[level])


def _variance_by_row(fit: FitResult) -> FloatArray:
    from terrace.postestimation.variance.r2 import residual_variance

    return residual_variance(fit)


def _residual_patterns(fit: FitResult) -> list[_Pattern] | None:
    """Roots of R by distinct time pattern; None for independent residuals."""
    layout = fit.model.design.residuals
    if layout.structure.independent:
        return None
    rho = fit.model.psi[fit.model.objective.n_random :]
    slices = layout.slices()
    order = np.lexsort((layout.at, layout.groups))
    starts = np.flatnonzero(np.diff(layout.groups[order], prepend=-1))
    found: dict[tuple[int, bytes], list[IntArray]] = {}
    for rows in np.split(order, starts[1:]):
        by = int(layout.by[rows[0]])
        times = layout.at[rows].tobytes() if layout.structure.needs_time else b"%d" % len(rows)
        found.setdefault((by, times), []).append(rows)
    out = []
    for (by, _), members in found.items():
        own, part = slices[by]
        r, _, _ = layout.structure.relative(rho[part], layout.at[members[0]], 0)
        scale = fit.model.sigma2 * (float(np.exp(rho[own])) if own is not None else 1.0)
        out.append(_Pattern(np.array(members), np.asarray(np.linalg.cholesky(scale * r), dtype=np.float64)))
    return out


class OutcomeSwap:
    """The objective of a fit for other outcomes on the same rows."""

    def __init__(self, fit: FitResult) -> None:
        model = fit.model
        self.fit = fit
        self.base = model.objective
        simple = isinstance(self.base.data, SimpleData) and self.base.sparse is None and model.constraints is None
        simple = simple and self.base.tier == "exact"
        self.quick = simple and not model.design.weights.kind
        if self.quick:
            self._prepare()

    def _prepare(self) -> None:
        layout = self.base.layout
        self.xt = self.fit.model.design.x @ self.base.back
        codes = layout.chain[0].codes if layout.chain else np.zeros(len(self.xt), dtype=np.int64)
        self.grouping = Grouping.of(codes, int(codes.max()) + 1)
        self.chain = [c.z for c in layout.chain]
        self.crossed = [OneHot(c.codes, c.n_groups, c.z) for c in layout.crossed]

    def objective(self, y: FloatArray) -> Objective:
        """The objective of the same model for the outcome `y`, shape (n,)."""
        if not self.quick:
            return replace(self.fit.model.bound, design=replace(self.fit.model.design, y=y)).objective()
        data = self.base.data
        assert isinstance(data, SimpleData)
        out = copy.copy(self.base)
        out.design = replace(self.base.design, y=y)
        out.ols = self.xt.T @ y
        residual = y - self.xt @ out.ols
        out.y_scale = np.sqrt(float(residual @ residual) / max(self.base.n_effective, 1)) or 1.0
        s = data.s.copy()
        # the products with the outcome, which is the last column
        y_scaled = residual / out.y_scale
        columns: list[FloatArray | OneHot] = [*self.chain, *self.crossed, self.xt, y_scaled[:, None]]
        column = [self._with(c, y_scaled) for c in columns]
        s[:, -1] = s[-1] = np.concatenate(column)
        out.data = SimpleData(s)
        return out

    def outcomes(self, y: FloatArray) -> Outcomes | None:
        """The objectives for several outcomes, shape (R, n), to be searched side by side; None where they cannot."""
        return Outcomes(self.base, self.xt, y) if self.quick and together(self.base) else None

    def _with(self, columns: FloatArray | OneHot, y: FloatArray) -> FloatArray:
        """Products of columns with y, summed over the rows of each finest group: (width, G)."""
        count = self.grouping.count
        if not isinstance(columns, OneHot):
            return np.stack([self.grouping.sums(columns[:, j] * y) for j in range(columns.shape[1])])
        key = self.grouping.codes * columns.count + columns.codes
        out = np.zeros((columns.count, columns.z.shape[1], count))
        for j in range(columns.z.shape[1]):
            total = np.bincount(key, weights=columns.z[:, j] * y, minlength=count * columns.count)
            out[:, j] = total.reshape(count, columns.count).T
        return out.reshape(columns.width, count)
