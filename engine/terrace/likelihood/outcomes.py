"""The likelihood of one design for many outcomes at once, each at parameters of its own.

Of the cross-products only those with the outcome differ, and the elimination runs over groups anyway: the groups of all
outcomes stand side by side on its last axis, with a Σ for each outcome. What numpy spends on a call is then spent once
an evaluation instead of once an outcome. For chains of nested levels with independent residuals of one variance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.groups import is_sorted, starts_of
from terrace.likelihood.bases import DenseBases
from terrace.likelihood.crossproducts import SimpleData
from terrace.likelihood.eliminate import Jet, eliminate
from terrace.likelihood.kernel import kernel, mul
from terrace.likelihood.objective import Objective

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def together(objective: Objective) -> bool:
    """Whether many outcomes of this design can be evaluated at once."""
    return (
        isinstance(objective.data, SimpleData)
        and objective.sparse is None
        and not objective.crossed_stage.q
        and objective.row_weights is None
        and not objective.level_weights
    )


@dataclass(frozen=True)
class Evaluations:
    """As `terrace.likelihood.objective.Evaluation`, with the outcomes on the first axis: ``ll`` (R,), ``gradient``
    (R, r), ``hessian`` (R, r, r), ``sigma2`` (R,), ``beta`` (R, p)."""

    ll: FloatArray
    gradient: FloatArray
    hessian: FloatArray
    sigma2: FloatArray
    beta: FloatArray


@dataclass(frozen=True)
class _Swept:
    """What elimination leaves for each outcome: F less [X y]'[X y] (R, P, P), log|V*| (R,), both with their first
    derivatives, (R, r, P, P) and (R, r), and <F_ij, A> plus those of log|V*| for a symmetric A (R, P, P), (R, r, r)."""

    f: FloatArray
    ld: FloatArray
    f1: FloatArray
    ld1: FloatArray
    curvature: Callable[[FloatArray], FloatArray]


class Outcomes:
    """The objective of a design for the outcomes ``y``, shape (R, n)."""

    def __init__(self, objective: Objective, xt: FloatArray, y: FloatArray) -> None:
        """``xt`` (n, p) are the orthogonal columns of the objective."""
        assert isinstance(objective.data, SimpleData)
        self.objective = objective
        self.ols = y @ xt
        e = y - self.ols @ xt.T
        self.y_scale = np.sqrt(np.einsum("rn,rn->r", e, e) / max(objective.n_effective, 1))
        self.y_scale[self.y_scale == 0] = 1.0
        e /= self.y_scale[:, None]
        p, count, common = objective.p, len(y), objective.data.s
        q = len(common) - p - 1
        # [X y]'[X y], which no step changes before it is summed
        self.f = np.empty((count, p + 1, p + 1))
        self.f[:, :p, :p] = common[q : q + p, q : q + p].sum(axis=-1)
        self.f[:, :p, p] = self.f[:, p, :p] = e @ xt
        self.f[:, p, p] = np.einsum("rn,rn->r", e, e)
        self.s = np.zeros((len(common), len(common), count, common.shape[-1]))
        self.s[:q, :-1] = common[:q, :-1, None]
        self.s[q:-1, :q] = common[q:-1, :q, None]
        if objective.layout.chain:
            codes = objective.layout.chain[0].codes
            order = None if is_sorted(codes) else np.argsort(codes, kind="stable")
            if order is not None:
                e, codes = e[:, order], codes[order]
            starts = starts_of(codes)
            z = np.concatenate([c.z for c in objective.layout.chain], axis=1)
            for j in range(q):
                column = z[:, j] if order is None else z[order, j]
                self.s[j, -1] = self.s[-1, j] = np.add.reduceat(e * column, starts, axis=1)

    def beta_natural(self, beta: FloatArray, which: IntArray) -> FloatArray:
        """β of the columns of X from β̃ of an evaluation, both (R, p)."""
        scaled = beta * self.y_scale[which][:, None] + self.ols[which]
        return np.asarray(scaled @ self.objective.back.T)

    def evaluate(self, psi: FloatArray, which: IntArray) -> Evaluations:
        """The objectives of the outcomes ``which`` (R,) at ``psi`` (R, r), with first and second derivatives.

        Raises
        ------
        numpy.linalg.LinAlgError
            Where some ψ gives no positive definite covariance matrix.
        """
        o = self.objective
        p, nu, count = o.p, o.nu, len(which)
        found = self._one_level(psi, which) or self._levels(psi, which)
        f = self.f[which] + found.f
        a, b = f[:, :p, :p], f[:, :p, p]
        a_inverse = np.linalg.inv(a)
        beta = np.einsum("rij,rj->ri", a_inverse, b)
        v = np.concatenate([-beta, np.ones((count, 1))], axis=1)
        rss = np.einsum("ri,rij,rj->r", v, f, v)
        sign, log_a = np.linalg.slogdet(a)
        if not (np.all(rss > 0) and np.all(sign > 0)):
            raise np.linalg.LinAlgError("the fixed effects are not estimable")
        penalty = log_a - 2.0 * o.log_det_back if o.reml else np.zeros(count)
        sigma2 = rss / nu
        ll = -0.5 * (nu * (np.log(2 * np.pi * sigma2) + 1.0 + 2.0 * np.log(self.y_scale[which])) + found.ld + penalty)
        f1, ld1 = found.f1, found.ld1
        fv = np.einsum("raij,rj->rai", f1, v)
        rss1 = np.einsum("rai,ri->ra", fv, v)
        aa = a_inverse[:, None] @ f1[:, :, :p, :p]
        weight = v[:, :, None] * v[:, None, :] / sigma2[:, None, None]
        second = -2.0 / sigma2[:, None, None] * np.einsum(
            "rai,rij,rbj->rab", fv[:, :, :p], a_inverse, fv[:, :, :p]
        )
        gradient = rss1 / sigma2[:, None] + ld1
        if o.reml:
            weight[:, :p, :p] += a_inverse
            gradient += np.einsum("raii->ra", aa)
            second -= np.einsum("raij,rbji->rab", aa, aa)
        second += found.curvature(weight)
        # log σ² profiled out: its second derivative is -ν/2, the mixed ones are half the slopes of the quadratic form
        half = 0.5 * rss1 / sigma2[:, None]
        hessian = -0.5 * second + half[:, :, None] * half[:, None, :] / (0.5 * nu)
        return Evaluations(ll, -0.5 * gradient, hessian, sigma2, beta)

    def _one_level(self, psi: FloatArray, which: IntArray) -> _Swept | None:
        """The sums of one level of groups, as products of matrices of one outcome each; None where there are more, or
        where Σ has no root.

        Letters and formulas are those of `terrace.likelihood.eliminate` and, for second derivatives, of
        `terrace.likelihood.curvature`.
        """
        stages = self.objective.stages
        if len(stages) != 1 or not stages[0].total:
            return None
        q, bases = stages[0].q, stages[0].bases
        assert isinstance(bases, DenseBases)
        s = self.s if len(which) == self.s.shape[2] else self.s[:, :, which]
        count, groups = s.shape[2:]
        m, keys, flat = len(s) - q, np.array(bases.keys), bases.flat
        s = s.reshape(q + m, q + m, -1)
        d, c = s[:q, :q], s[:q, q:]
        step = kernel(d, bases.sigmas(psi))
        if step.root is None:
            return None
        half = mul(step.root, c).reshape(q, m, count, groups).transpose(2, 1, 0, 3).reshape(count, m, -1)
        u = np.ascontiguousarray((c - mul(d, mul(step.k, c))).reshape(q, m, count, groups).transpose(2, 0, 1, 3))
        n = np.ascontiguousarray(step.n.reshape(q * q, count, groups).transpose(1, 0, 2))
        wide = u.reshape(count, q * m, groups)
        products = (wide @ wide.swapaxes(1, 2)).reshape(count, q, m, q, m).transpose(0, 1, 3, 2, 4)
        f1 = np.zeros((count, self.objective.n_params, m, m))
        f1[:, keys] = -(flat @ products.reshape(count, q * q, m * m)).reshape(count, -1, m, m)
        ld1 = np.zeros((count, self.objective.n_params))
        ld1[:, keys] = n.sum(axis=2) @ flat.T

        def curvature(weight: FloatArray) -> FloatArray:
            # X = 2UAU' - N
            x = 2.0 * np.einsum("rqmg,rpmg->rqpg", weight[:, None] @ u, u).reshape(count, q * q, groups) - n
            outer = (n @ x.swapaxes(1, 2)).reshape(count, q, q, q, q).transpose(0, 4, 1, 2, 3)
            out = np.zeros((count, self.objective.n_params, self.objective.n_params))
            out[np.ix_(np.arange(count), keys, keys)] = flat @ outer.reshape(count, q * q, q * q) @ flat.T
            return out

        ld = step.logdet.reshape(count, groups).sum(axis=1)
        return _Swept(-(half @ half.swapaxes(1, 2)), ld, f1, ld1, curvature)

    def _levels(self, psi: FloatArray, which: IntArray) -> _Swept:
        """The sums of nested levels, with second derivatives formed for every group."""
        s = self.s if len(which) == self.s.shape[2] else self.s[:, :, which]
        m, count, groups, r = len(s), len(which), s.shape[-1], self.objective.n_params
        jet = Jet(s.reshape(m, m, -1), np.zeros(count * groups))
        for stage in self.objective.stages:
            assert isinstance(stage.bases, DenseBases)
            jet, _, _ = eliminate(jet, stage.q, stage.bases.sigmas(psi), stage.bases, 2)
            starts = (np.arange(count)[:, None] * groups + stage.starts).ravel()
            jet = jet.gather(starts, None)
            groups = len(stage.starts)
        jet = jet if groups == 1 else jet.gather(np.arange(count) * groups, None)
        p = self.objective.p
        f1, ld1 = np.zeros((count, r, p + 1, p + 1)), np.zeros((count, r))
        for i, value in jet.s1.items():
            f1[:, i], ld1[:, i] = np.moveaxis(value, -1, 0), jet.ld1[i]

        def curvature(weight: FloatArray) -> FloatArray:
            out = np.zeros((count, r, r))
            for (i, j), value in jet.s2.items():
                out[:, i, j] = np.einsum("ijr,rij->r", value, weight) + jet.ld2[i, j]
                out[:, j, i] = out[:, i, j]
            return out

        return _Swept(np.moveaxis(jet.s, -1, 0), jet.ld, f1, ld1, curvature)
