"""Cross-products under correlated residuals: rows are whitened once a time pattern, not once a group.

Groups that share their times (up to a shift, where only distances matter) and their by() group share R*. With
M_a = R⁻¹R_aR⁻¹ the derivatives of W'R⁻¹W are -W'M_aW and W'(R⁻¹R_aM_b + R⁻¹R_bM_a - R⁻¹R_abR⁻¹)W. Where a weighted sum
of the second derivatives is all that is wanted, `add_curvature` never forms them: <W'MW, A> = <M, WAW'>.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.residuals import ResidualLayout
from terrace.likelihood.curvature import Weight
from terrace.likelihood.eliminate import Jet, add_to

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


# So many numbers of R* and its derivatives are kept from one evaluation to the next.
KEPT = 4e6


@dataclass(frozen=True)
class Pattern:
    """Groups of one time pattern: ``at`` (k,), by() group, owners (g,) among the finest groups of the
    elimination, columns ``w`` (k, g, m), and where it pays their products (k, k, m, m) summed over groups.
    ``copies`` (g,) says how often each group counts; ``w`` holds its rows times the root of that."""

    at: FloatArray
    by: int
    owner: IntArray
    distinct: bool
    w: FloatArray
    copies: FloatArray
    products: FloatArray | None


@dataclass(frozen=True)
class Local:
    """R* of one pattern at given parameters: inverse, log-determinant, R⁻¹R_a, M_a, R_ab (or none), places."""

    inverse: FloatArray
    ld: float
    x: FloatArray
    m: FloatArray
    second: FloatArray | None
    names: IntArray


def _groups_last(x: FloatArray) -> FloatArray:
    return np.ascontiguousarray(np.moveaxis(x, 0, -1))


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
        groups = residuals.groups[rows]
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        ends = np.append(starts[1:], len(groups))
        at, by = residuals.at[rows], residuals.by[rows]
        timeless = not residuals.structure.needs_time
        found: dict[tuple[int, bytes], list[int]] = {}
        for k, (first, last) in enumerate(zip(starts, ends)):
            times = b"%d" % (last - first) if timeless else self._key(at[first:last])
            found.setdefault((int(by[first]), times), []).append(k)
        self.patterns: list[Pattern] = []
        self._slices = residuals.slices()
        self._kept: tuple[tuple[bytes, int], list[Local]] | None = None
        for (level, _), members in found.items():
            index = np.array(members)
            size = int(ends[index[0]] - starts[index[0]])
            take = starts[index][:, None] + np.arange(size)[None, :]
            block = np.ascontiguousarray(np.swapaxes(w[take], 0, 1))
            own = owner[starts[index]]
            copies = np.ones(len(index)) if weights is None else weights[starts[index]]
            if weights is not None:
                block = block * np.sqrt(copies)[None, :, None]
            products = None
            if n_owner == 1 and size * self.m < len(members) * (size + self.m):
                products = np.einsum("sgi,tgj->stij", block, block, optimize=True)
            self.patterns.append(
                Pattern(at[take[0]], level, own, len(np.unique(own)) == len(own), block, copies, products)
            )

    def _key(self, at: FloatArray) -> bytes:
        # only distances matter where the structure is stationary, so that shifted groups share a pattern
        if self.residuals.structure.by_time:
            return at.tobytes()
        key: bytes = np.round(at - at[0], 10).tobytes()
        return key

    def condition(self, rho: FloatArray) -> float:
        """The largest condition number of R* over all time patterns."""
        worst = 1.0
        for pattern in self.patterns:
            _, part = self.residuals.slices()[pattern.by]
            r, _, _ = self.residuals.structure.relative(rho[part], pattern.at, 0)
            worst = max(worst, float(np.linalg.cond(r)))
        return worst

    def local(self, rho: FloatArray, order: int) -> Iterable[Local]:
        """R* of all patterns with derivatives; those of the last ρ are kept, since second derivatives come after,
        unless they are large."""
        r = self.residuals.structure.n_params + 1
        if sum(len(pattern.at) ** 2 for pattern in self.patterns) * r**2 > KEPT:
            return (self._local(pattern, rho, order) for pattern in self.patterns)
        key = (rho.tobytes(), order)
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, [self._local(pattern, rho, order) for pattern in self.patterns])
        return self._kept[1]

    def _local(self, pattern: Pattern, rho: FloatArray, order: int) -> Local:
        """R* of a pattern with derivatives in all parameters of its by() group (its log-variance first)."""
        own, part = self._slices[pattern.by]
        r, r1, r2 = self.residuals.structure.relative(rho[part], pattern.at, order)
        names = np.arange(part.start, part.stop)
        if own is not None:
            log_scale = float(rho[own])
            if abs(log_scale) > 60:
                raise np.linalg.LinAlgError("variance ratio out of range")
            scale = np.exp(log_scale)
            r, r1 = scale * r, scale * r1
            if order > 1:
                # the log-variance λ multiplies R: R_λ = R, R_λλ = R, R_λa = R_a
                wide = np.zeros((len(names) + 1, len(names) + 1, *r.shape))
                wide[0, 0] = r
                wide[0, 1:] = wide[1:, 0] = r1
                wide[1:, 1:] = scale * r2
                r2 = wide
            if order:
                r1 = np.concatenate([r[None], r1])
            names = np.append(own, names)
        factor = np.linalg.cholesky(r)
        inverse = np.linalg.inv(r)
        inverse = (inverse + inverse.T) / 2
        ld = 2.0 * float(np.log(np.diag(factor)).sum())
        if order == 0:
            nothing = np.zeros((len(names), 0, 0))
            return Local(inverse, ld, nothing, nothing, None, names)
        x = inverse @ r1
        second = r2 if order > 1 and r2.shape[-1:] == r.shape[-1:] and np.any(r2) else None
        return Local(inverse, ld, x, x @ inverse, second, names)

    def jet(self, rho: FloatArray, offset: int, order: int, linear: bool) -> Jet:
        """S and log|R*| per finest group with derivatives in all relative residual parameters.

        ``linear`` leaves the terms with ∂²R out of second derivatives.
        """
        g, m, r = self.n_owner, self.m, self.residuals.n_params if order else 0
        jet = Jet(np.zeros((g, m, m)), np.zeros(g))
        s1, ld1 = np.zeros((r, g, m, m)), np.zeros((r, g))
        for pattern, here in zip(self.patterns, self.local(rho, 2 if order else 0)):
            count = np.bincount(pattern.owner, weights=pattern.copies, minlength=g)
            jet.ld += here.ld * count
            self._accumulate(jet.s[None], pattern, here.inverse[None])
            if order == 0:
                continue
            # the parameters of a by() group stand together
            own = slice(here.names[0], here.names[-1] + 1) if len(here.names) else slice(0)
            self._accumulate(s1[own], pattern, -here.m)
            ld1[own] += np.trace(here.x, axis1=1, axis2=2)[:, None] * count
            names = [offset + int(k) for k in here.names]
            if order == 1:
                continue
            for a, first in enumerate(names):
                rest = names[a:]
                second = here.x[a] @ here.m[a:]
                second = second + np.swapaxes(second, 1, 2)
                traces = -np.einsum("ij,bji->b", here.x[a], here.x[a:])
                if here.second is not None and not linear:
                    second = second - here.inverse @ here.second[a, a:] @ here.inverse
                    traces = traces + np.einsum("ij,bji->b", here.inverse, here.second[a, a:])
                pairs = [(min(first, other), max(first, other)) for other in rest]
                for pair, trace in zip(pairs, traces):
                    jet.s2.setdefault(pair, np.zeros((g, m, m)))
                    add_to(jet.ld2, pair, trace * count)
                self._accumulate([jet.s2[pair] for pair in pairs], pattern, second)
        return Jet(
            _groups_last(jet.s),
            jet.ld,
            {offset + k: _groups_last(v) for k, v in enumerate(s1)},
            {k: _groups_last(v) for k, v in jet.s2.items()},
            {offset + k: v for k, v in enumerate(ld1)},
            jet.ld2,
        )

    def add_curvature(self, second: FloatArray, rho: FloatArray, offset: int, weight: Weight) -> None:
        """Add <∂²S, A> + ω ∂²log|R*| to H, with the weights of the finest groups of the elimination."""
        for pattern, here in zip(self.patterns, self.local(rho, 2)):
            k, g, m = pattern.w.shape
            common = len(weight.omega) == 1
            number = float((pattern.copies * (weight.omega if common else weight.omega[pattern.owner])).sum())
            if pattern.products is not None:
                c = np.tensordot(pattern.products, weight.a[..., 0], axes=2)
            else:
                if common:
                    wa = (pattern.w.reshape(k * g, m) @ weight.a[..., 0]).reshape(k, g * m)
                else:
                    each = pattern.w.transpose(1, 0, 2) @ weight.a[..., pattern.owner].transpose(2, 0, 1)
                    wa = each.transpose(1, 0, 2).reshape(k, g * m)
                c = wa @ pattern.w.reshape(k, g * m).T
            c = (c + c.T) / 2
            count = len(here.names)
            left = here.x.reshape(count, k * k)
            right = np.swapaxes(here.m @ c, 1, 2).reshape(count, k * k)
            value = left @ right.T
            value = value + value.T
            if number:
                value -= number * (left @ np.swapaxes(here.x, 1, 2).reshape(count, k * k).T)
            if here.second is not None:
                middle = here.inverse @ (number * np.eye(k) - c @ here.inverse)
                value += (here.second.reshape(count * count, k * k) @ middle.ravel()).reshape(count, count)
            at = offset + here.names
            second[np.ix_(at, at)] += value

    def _accumulate(
        self, targets: FloatArray | list[FloatArray], pattern: Pattern, matrices: FloatArray
    ) -> None:
        """targets[a][g] += W_g' matrices_a W_g over the groups of the pattern; matrices (r, k, k)."""
        k, g, m = pattern.w.shape
        r = len(matrices)
        if self.n_owner == 1:
            if pattern.products is not None:
                sums = matrices.reshape(r, k * k) @ pattern.products.reshape(k * k, m * m)
            else:
                v = matrices.reshape(r * k, k) @ pattern.w.reshape(k, g * m)
                sums = pattern.w.reshape(k * g, m).T @ v.reshape(r, k * g, m)
            sums = sums.reshape(r, m, m)
            if isinstance(targets, np.ndarray):
                targets[:, 0] += sums
            else:
                for target, value in zip(targets, sums):
                    target[0] += value
            return
        left = pattern.w.transpose(1, 2, 0)
        for target, matrix in zip(targets, matrices):
            v = (matrix @ pattern.w.reshape(k, g * m)).reshape(k, g, m)
            each = left @ v.transpose(1, 0, 2)
            if pattern.distinct:
                target[pattern.owner] += each
            else:
                np.add.at(target, pattern.owner, each)
