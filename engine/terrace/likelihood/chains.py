"""Residuals of which each depends on those before through the last one only, whatever the time between them.

With correlations c_i between neighbours R⁻¹ is tridiagonal, and W'R⁻¹W is a sum over pairs of neighbours. Written
in s = (w_i + w_{i-1})/2 and d = w_i - w_{i-1},

    W'R⁻¹W = (w_1w_1' + w_kw_k')/2 + Σ [ q_i s_is_i' + d_id_i'/(4q_i) ],      q = (1 - c)/(1 + c),
    log|R| = Σ log(1 - c_i²),

all terms are positive, so that no digits are lost where c goes to 1 or to -1. (From (w_i - cw_{i-1})²/(1 - c²), the
density of each residual given the last; Brockwell & Davis 1991, section 8.6; for any times Jones 1993, section 3.4.)
Products of the same owner and the same time between them are summed once, so that an evaluation costs as much as
there are different gaps; the derivatives in ρ are those of q and log.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.covariance.residual.by_lag import ByLag
from terrace.likelihood.curvature import Weight
from terrace.likelihood.eliminate import Jet
from terrace.likelihood.series import Series, summed

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

KEPT = 2e7
"""So many products are kept; where there are more, each evaluation multiplies anew."""

ROUNDING = 4e-16


class Chains:
    """Such residual groups of one by() group; see `terrace.likelihood.series.Part`."""

    def __init__(self, structure: ByLag, series: Series) -> None:
        self.structure = structure
        self.series = series
        n, self.m = series.w.shape
        first = np.zeros(n, dtype=bool)
        first[series.starts] = True
        later = np.flatnonzero(~first)
        group = np.cumsum(first)[later] - 1
        self.gaps, kind = np.unique(series.at[later] - series.at[later - 1], return_inverse=True)
        key = series.owner[group] * max(len(self.gaps), 1) + kind
        order = np.argsort(key, kind="stable")
        cells = np.flatnonzero(np.diff(key[order], prepend=-1))
        if len(cells) > 0.6 * len(order):
            cells = np.arange(len(order))
        self._starts = cells
        at, chosen = later[order], order[cells]
        self.kind, self.owner = kind[chosen], series.owner[group[chosen]]
        self.upper = np.triu_indices(self.m)
        root = np.sqrt(series.copies[group[order]])[:, None]
        now, last = series.w[at], series.w[at - 1]
        # as (2, m, pairs of neighbours): their means and differences
        self._columns = np.ascontiguousarray(np.stack([((now + last) / 2 * root).T, ((now - last) * root).T]))
        self.count = np.add.reduceat(series.copies[group[order]], cells) if len(cells) else np.zeros(0)
        self._ends = self._end_products()
        pairs = len(self.upper[0])
        self._products: FloatArray | None = None
        if 2 * pairs * len(cells) <= KEPT:
            self._products = np.empty((2, pairs, len(cells)))
            for k in range(pairs):
                self._products[:, k] = self._product(k)
            self._columns = self._columns[..., :0]

    def _end_products(self) -> FloatArray:
        """(w_1w_1' + w_kw_k')/2 by owner, (pairs of columns, owners)."""
        series = self.series
        first, last = series.w[series.starts].T, series.w[series.starts + series.sizes - 1].T
        i, j = self.upper
        return summed(0.5 * series.copies * (first[i] * first[j] + last[i] * last[j]), series.owner, series.n_owner)

    def _product(self, k: int) -> FloatArray:
        """Products of the kth pair of columns summed over each cell, for means and for differences, (2, cells)."""
        i, j = self.upper[0][k], self.upper[1][k]
        product = self._columns[:, i] * self._columns[:, j]
        return product if len(self._starts) == product.shape[1] else np.add.reduceat(product, self._starts, axis=1)

    def _coefficients(self, rho: FloatArray, order: int) -> tuple[FloatArray, ...]:
        """What each gap gives: factors of ss' and dd' and log(1 - c²), (3, gaps), with derivatives in ρ.

        Second derivatives come as they are and without ∂²c.
        """
        c, c1, c2 = self.structure.correlations(rho, self.gaps, order)
        rest = self.structure.below_one(rho, self.gaps)
        low, high = np.where(c >= 0, rest, 2.0 - rest), np.where(c >= 0, 2.0 - rest, rest)
        both = low * high
        if both.min(initial=1.0) < ROUNDING:
            raise np.linalg.LinAlgError("the residual covariance is singular")
        value = np.stack([low / high, high / (4.0 * low), np.log(both)])
        if order == 0:
            return (value,)
        slope = np.stack([-2.0 / high**2, 0.5 / low**2, -2.0 * c / both])
        first = c1[:, None] * slope
        if order == 1:
            return value, first
        bend = np.stack([4.0 / high**3, 1.0 / low**3, -2.0 * (1.0 + c * c) / both**2])
        square = c1[:, None, None] * c1[None, :, None] * bend
        return value, first, square + c2[:, :, None] * slope, square

    def _sums(self, factors: FloatArray) -> FloatArray:
        """Σ of products by owner with factors (2, gaps), (m, m, owners)."""
        a, b = factors[0][self.kind], factors[1][self.kind]
        if self._products is None:
            total = np.empty((len(self.upper[0]), self.series.n_owner))
            for k in range(len(total)):
                mean, difference = self._product(k)
                total[k] = summed(a * mean + b * difference, self.owner, self.series.n_owner)
        elif self.series.n_owner == 1:
            total = (self._products[0] @ a + self._products[1] @ b)[:, None]
        else:
            x = self._products[0] * a
            x += self._products[1] * b
            total = summed(x, self.owner, self.series.n_owner)
        return self._square(total)

    def _square(self, total: FloatArray) -> FloatArray:
        out = np.empty((self.m, self.m, total.shape[1]))
        out[self.upper] = out[self.upper[::-1]] = total
        return out

    def _logs(self, values: FloatArray) -> FloatArray:
        return summed(self.count * values[self.kind], self.owner, self.series.n_owner)

    def jet(self, rho: FloatArray, order: int, linear: bool) -> Jet:
        """See `Part`."""
        found = self._coefficients(rho, order)
        value = found[0]
        jet = Jet(self._sums(value) + self._square(self._ends), self._logs(value[2]))
        r = len(rho) if order else 0
        for a in range(r):
            jet.s1[a], jet.ld1[a] = self._sums(found[1][a]), self._logs(found[1][a, 2])
        if order < 2:
            return jet
        halves = [self._half_derivative(rho, a) for a in range(r)] if linear else []
        for a in range(r):
            for b in range(a, r):
                if linear:
                    jet.s2[a, b] = self._crossed(halves[a], halves[b])
                    # tr R⁻¹R_aR⁻¹R_b of a pair is c_ac_b 2(1 + c²)/(1 - c²)²
                    jet.ld2[a, b] = self._logs(found[3][a, b, 2])
                else:
                    jet.s2[a, b] = self._sums(found[2][a, b])
                    jet.ld2[a, b] = self._logs(found[2][a, b, 2])
        return jet

    def curvature(self, rho: FloatArray, weight: Weight) -> FloatArray:
        """See `Part`."""
        second = self._coefficients(rho, 2)[2]
        r = len(rho)
        out = np.empty((r, r))
        for a in range(r):
            for b in range(a, r):
                value = float((self._sums(second[a, b]) * weight.a).sum())
                if weight.omega.any():
                    value += float((self._logs(second[a, b, 2]) * weight.omega).sum())
                out[a, b] = out[b, a] = value
        return out

    def _half_derivative(self, rho: FloatArray, a: int) -> FloatArray:
        """L⁻ᵀ(∂R⁻¹/∂ρ_a)W with R⁻¹ = L'L, (n, m); its products are W'R⁻¹R_aR⁻¹R_bR⁻¹W."""
        series = self.series
        inside = np.ones(len(series.at), dtype=bool)
        inside[series.starts] = False
        later = np.flatnonzero(inside)
        gaps, kind = np.unique(series.at[later] - series.at[later - 1], return_inverse=True)
        c = self.structure.correlations(rho, gaps, 1)[0][kind]
        slope = self._coefficients(rho, 1)[1][a][:, kind, None]
        now, last = series.w[later], series.w[later - 1]
        mean, difference = slope[0] * (now + last) / 4, slope[1] * (now - last)
        v = np.zeros_like(series.w)
        v[later] += mean + difference
        v[later - 1] += mean - difference
        # L has (1, -c_i) / root of 1 - c_i² in its rows, so that L'Z = V is solved from the last row of each group on
        rest = self.structure.below_one(rho, gaps)
        own = np.ones(len(v))
        own[later] = np.sqrt(rest * (2.0 - rest))[kind]
        back = np.zeros(len(v))
        back[later] = c / own[later]
        row = series.starts + series.sizes - 1
        v[row] *= own[row, None]
        row = row[row > series.starts]
        first = series.starts[series.sizes > 1]
        while len(row):
            v[row - 1] = own[row - 1, None] * (v[row - 1] + back[row, None] * v[row])
            row = row - 1
            left = row > first
            row, first = row[left], first[left]
        return v

    def _crossed(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Σ x y' + y x' by owner, (m, m, owners)."""
        series = self.series
        copies = np.repeat(series.copies, series.sizes)
        owner = np.repeat(series.owner, series.sizes)
        i, j = self.upper
        total = np.empty((len(i), series.n_owner))
        for k in range(len(i)):
            product = x[:, i[k]] * y[:, j[k]] + x[:, j[k]] * y[:, i[k]]
            total[k] = summed(product * copies, owner, series.n_owner)
        return self._square(total)
