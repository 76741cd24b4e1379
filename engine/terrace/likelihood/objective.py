"""The (restricted) log-likelihood of a Design with exact gradient and Hessian.

Model: y = Xβ + Zu + ε, Var(u) = σ²Σ*, Var(ε) = σ²R*. ψ collects the natural parameters of Σ* (relative to
σ², columns of Z scaled) and the relative residual parameters. Elimination gives log|V*| and the (p+1)²
matrix F = [X y]'V*⁻¹[X y] with their derivatives; from these, with A = F_xx, r(ψ) = y'P*y:

    -2 ll = ν log σ² + r/σ² + log|V*| [+ log|A|] + ν log 2π,      ν = n (ML) or n - p (REML),

maximised over σ² at r/ν (Harville 1977; Bates & Pinheiro 1998; manual, eq. 9 to 13). Columns of X are centred,
scaled and orthogonalised, y is replaced by its least-squares residual: β comes back by one linear map.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.design.groups import first_rows, is_sorted, starts_of
from terrace.design.weights import row_products
from terrace.likelihood.bases import Bases, DenseBases, Kronecker, KroneckerBases
from terrace.likelihood.crossproducts import (
    Columns,
    Grouping,
    OneHot,
    SimpleData,
    StratifiedData,
    combined,
    grouped_products,
    stratified,
    within_clusters,
    within_groups,
)
from terrace.likelihood.curvature import Weight, add_curvature, before
from terrace.likelihood.eliminate import Eliminated, Jet, Record, Within, eliminate
from terrace.likelihood.layout import Layout, build_layout
from terrace.likelihood.orthogonal import orthogonal, without_fitted
from terrace.likelihood.patterns import PatternData
from terrace.likelihood.sparse import SparseLead
from terrace.likelihood.sweep import Swept
from terrace.likelihood.weights import placed_weights

FloatArray = npt.NDArray[np.float64]
T = TypeVar("T", bound=np.generic)
IntArray = npt.NDArray[np.int64]


# Groups that are eliminated together: few enough for their matrices to stay in the cache, so many that the time of a
# call does not matter.
PART = 16384


@dataclass(frozen=True)
class Moments:
    """What elimination leaves: log|V*| and F with derivatives in ψ; per cluster where asked.

    ``ld`` (c,), ``f`` (c, P, P), ``ld1`` (r, c), ``f1`` (r, c, P, P), ``ld2`` (r, r, c), ``f2`` (r, r, c, P, P)
    with c = 1 or the number of clusters.
    """

    ld: FloatArray
    f: FloatArray
    ld1: FloatArray
    f1: FloatArray
    ld2: FloatArray
    f2: FloatArray


@dataclass(frozen=True)
class Evaluation:
    """The profiled objective at ψ: value, gradient and Hessian in ψ, and β̃, σ² that maximise it.

    ``hessian`` is exact for order 2, minus the average information where asked for that. With σ² as a
    further parameter τ = log σ², ``full_gradient`` and ``full_hessian`` (r + 1) are those of (ψ, τ).
    """

    ll: float
    gradient: FloatArray
    hessian: FloatArray
    sigma2: float
    beta: FloatArray
    a_inverse: FloatArray
    full_hessian: FloatArray


@dataclass(frozen=True)
class Stage:
    """One step of the elimination: q columns, the parameters of Σ, and how groups gather into parents."""

    q: int
    bases: Bases
    starts: IntArray
    weights: FloatArray | None

    @property
    def total(self) -> bool:
        """Whether all groups are summed with the same weight after the step."""
        return len(self.starts) == 1 and self.weights is None


class Tape:
    """What a sweep with first derivatives leaves for second derivatives, step by step, the finest first.

    A step may stand there in parts: ``records`` holds (groups, record) of each.
    """

    def __init__(self) -> None:
        self.swept: Swept | None = None
        self.records: list[list[tuple[slice, Record]]] = []


class Objective:
    """The likelihood of one design. Immutable after construction; evaluations do not depend on n."""

    tier: ClassVar[Literal["exact", "iterative"]] = "exact"
    """How it is computed; see `terrace.likelihood.tiers`."""

    def __init__(
        self,
        design: Design,
        *,
        reml: bool,
        transform: FloatArray | None = None,
        offset: FloatArray | None = None,
        keep_clusters: bool = False,
        careful: bool = False,
    ) -> None:
        """``transform`` (p, p_c) and ``offset`` (n,) impose constraints β = transform·β_c + a, offset = Xa.

        ``careful`` keeps the digits of an error variance that is next to nothing beside the random effects, where
        there is one chain of nested levels with independent residuals (`can_be_careful`).
        """
        self.design = design
        self.reml = reml
        self._constraints = transform, offset
        x = design.x if transform is None else design.x @ transform
        y = design.y if offset is None else design.y - offset
        self.n_rows, self.p = x.shape
        self.level_weights, weights = placed_weights(design)
        self.row_weights = weights
        weighted = design.weights.row is not None or design.weights.level
        self.n_effective = float(row_products(design.weights, len(y)).sum()) if weighted else float(len(y))
        self.nu = self.n_effective - (self.p if reml else 0)
        self.layout: Layout = build_layout(design, self.p + 1, keep_clusters)
        self.n_random = self.layout.n_random
        self.n_params = self.n_random + design.residuals.n_params
        self.n_theta = self.layout.n_theta + design.residuals.n_params
        constant = bool(self.p) and transform is None and design.spec.constant
        w = None if weights is None else weights
        dense = np.empty((len(y), self.p + 1), order="F")
        xt = dense[:, :-1]
        self.back, step = orthogonal(x, constant, w, xt)
        self.ols, total = without_fitted(y, xt, w, dense[:, -1])
        self.y_scale = np.sqrt(total / max(self.n_effective, 1)) or 1.0
        self.log_det_back = float(np.linalg.slogdet(self.back)[1]) if self.p else 0.0
        dense[:, -1] /= self.y_scale
        self.careful = careful
        # in the terms of the columns of X, where those of Z are the same
        self._build(dense, keep_clusters, step if constant and w is None else None)

    @property
    def can_be_careful(self) -> bool:
        """Whether ``careful`` has a meaning for this design."""
        return bool(self.layout.chain) and not self.layout.crossed and self.design.residuals.simple

    def relative_to(self, group: int) -> Objective:
        """The same likelihood with σ² that of another by() group."""
        design = replace(self.design, residuals=self.design.residuals.relative_to(group))
        transform, offset = self._constraints
        return Objective(
            design, reml=self.reml, transform=transform, offset=offset, keep_clusters=self.clustered,
            careful=self.careful,
        )

    # --- construction -----------------------------------------------------------------------------------
    def _build(self, dense: FloatArray, keep_clusters: bool, step: FloatArray | None) -> None:
        layout, design = self.layout, self.design
        # sums over groups need no sorted rows unless rows are whitened together or coupled sparsely
        sorted_rows = layout.sparse or not (design.residuals.simple or design.residuals.structure.independent)
        rows = layout.order() if sorted_rows else None

        def sort(a: npt.NDArray[T]) -> npt.NDArray[T]:
            return a if rows is None else a[rows]

        dense = sort(dense)
        weights = None if self.row_weights is None else sort(self.row_weights)
        clusters = self._clusters(keep_clusters)
        self.clustered = keep_clusters
        # effects of one cluster have nothing to do with another's, so that each can number its own from 0
        factors = [
            within_clusters(c.codes, c.n_groups, clusters) if keep_clusters else (c.codes, c.n_groups)
            for c in layout.crossed
        ]
        crossed = [OneHot(sort(f[0]), f[1], sort(c.z)) for f, c in zip(factors, layout.crossed)]
        finest = layout.chain[0].codes if layout.chain else clusters
        count = layout.chain[0].n_groups if layout.chain else int(finest.max(initial=0)) + 1
        grouping = Grouping.of(sort(finest), count)
        self.sparse: SparseLead | None = None
        self.stages = self._chain_stages(clusters)
        offset = 0
        parts: list[tuple[int, Kronecker]] = []
        for component, (_, count_groups) in zip(layout.crossed, factors):
            for key, e in component.bases.items():
                if not layout.sparse and any(key == other for other, _ in parts):
                    raise AssertionError("crossed components share no parameter")
                parts.append((key, Kronecker(offset, count_groups, e)))
            offset += count_groups * component.width
        apart = np.arange(int(clusters.max()) + 1 if keep_clusters else 1)
        self.crossed_stage = Stage(offset, KroneckerBases(parts), apart, None)
        if layout.sparse:
            self.sparse = SparseLead(
                sort(layout.chain[0].z), grouping.starts_or_raise(), grouping.codes, crossed, dense, weights
            )
            self.data: SimpleData | StratifiedData | PatternData = SimpleData(np.zeros((0, 0, 0)))
            return
        shared = None if self.careful or step is None else layout.in_terms_of(design.x, step)
        if shared is not None:
            self.data = SimpleData(combined(grouped_products([dense], grouping, None), shared))
            return
        columns: list[Columns] = [sort(c.z) for c in layout.chain]
        columns += [*crossed, dense]
        residuals = design.residuals
        if residuals.simple:
            within = None
            if self.careful and self.can_be_careful:
                rest = np.column_stack([c for c in columns[1:] if not isinstance(c, OneHot)])
                within = within_groups(sort(layout.chain[0].z), rest, grouping, weights)
            self.data = SimpleData(grouped_products(columns, grouping, weights), within)
        elif residuals.structure.independent:
            self.data = stratified(columns, grouping, weights, residuals.by, residuals.n_by)
        else:
            wide = np.column_stack([c.wide() if isinstance(c, OneHot) else c for c in columns])
            assert rows is not None
            self.data = PatternData(residuals, wide, rows, grouping.codes, count, weights)

    def _clusters(self, keep: bool) -> IntArray:
        """The cluster of every row, in the order of the sample: one for all unless scores are wanted."""
        if keep and self.design.cluster is not None:
            return self.design.cluster
        if keep and self.design.levels:
            return self.design.levels[0].codes
        if keep:
            return np.arange(len(self.design.y))  # without groups every row stands for itself
        return np.zeros(len(self.design.y), dtype=np.int64)

    def _chain_stages(self, clusters: IntArray) -> list[Stage]:
        stages = []
        chain = self.layout.chain
        for k, component in enumerate(chain):
            # one row of each group tells its parent and its weight
            row = first_rows(component.codes, component.n_groups)
            parent = (chain[k + 1].codes if k + 1 < len(chain) else clusters)[row]
            if not is_sorted(parent):
                raise AssertionError("groups must be numbered in the order of their parents")
            starts = starts_of(parent)
            own = self.level_weights.get(self.design.blocks[component.parts[0][0]].level.name)
            stages.append(
                Stage(
                    component.width,
                    DenseBases(component.bases),
                    starts,
                    None if own is None else own[row],
                )
            )
        return stages

    # --- evaluation -------------------------------------------------------------------------------------
    def sweep(
        self, psi: FloatArray, order: int, *, linear: bool = False, tape: Tape | None = None,
        tick: Callable[[], None] | None = None,
    ) -> tuple[Jet, list[Eliminated]]:
        """Eliminate all random effects: the final Jet over [X y] and what back-substitution needs.

        With a ``tape`` (order 1) second derivatives can follow, and large steps go in parts, which leave nothing for
        back-substitution.
        """
        done: list[Eliminated] = []
        if self.sparse is not None:
            if order or tape is not None:
                raise AssertionError("derivatives of a large crossed design come from `moments`")
            swept = self._swept(psi, tick)
            return Jet(swept.f[..., None], np.array([swept.ld])), swept.eliminated()
        jet = self.data.jet(psi[self.n_random :], self.n_random, order, linear)
        for stage in self.stages:
            if tick:
                tick()
            within = self.data.within if isinstance(self.data, SimpleData) and not done else None
            jet = self._step(jet, stage, psi, order, done, tape, within)
        if self.crossed_stage.q:
            if tick:
                tick()
            if jet.s.shape[-1] > 1 and not self.clustered:
                jet = jet.gather(np.zeros(1, dtype=np.int64), None)
            jet = self._step(jet, self.crossed_stage, psi, order, done, tape)
        return jet, done

    def _swept(self, psi: FloatArray, tick: Callable[[], None] | None) -> Swept:
        """A large crossed design at ψ."""
        near, far = self.stages[0].bases, self.crossed_stage.bases
        assert self.sparse is not None and isinstance(near, DenseBases) and isinstance(far, KroneckerBases)
        return Swept(self.sparse, near, far, psi, tick)

    @staticmethod
    def _step(
        jet: Jet, stage: Stage, psi: FloatArray, order: int, done: list[Eliminated], tape: Tape | None,
        within: Within | None = None,
    ) -> Jet:
        """Eliminate one level and sum its groups into their parents."""
        groups = jet.s.shape[-1]
        total = stage.total and groups > 1 and order < 2 and within is None
        sigma = stage.bases.sigma(psi)
        whole = slice(0, groups)
        parts = [whole]
        if tape is not None and total and groups > 2 * PART:
            parts = [slice(k, min(k + PART, groups)) for k in range(0, groups, PART)]
        out: Jet | None = None
        records: list[tuple[slice, Record]] = []
        for part in parts:
            piece = jet if part is whole else jet.part(part)
            found, kept, record = eliminate(piece, stage.q, sigma, stage.bases, order, total=total, within=within)
            out = found if out is None else out.plus(found)
            if record is not None:
                records.append((part, record))
            done.append(kept)
        assert out is not None
        if tape is not None:
            tape.records.append(records)
        return out if total or (groups == 1 and stage.total) else out.gather(stage.starts, stage.weights)

    def curvature(self, psi: FloatArray, tape: Tape, a: FloatArray, log_det: bool = True) -> FloatArray:
        """H_ij = <F_ij, A>, plus second derivatives of log|V*| unless told not to; shape (r, r).

        ``tape`` is that of the sweep at the same ψ; A is symmetric, (p + 1, p + 1).
        """
        if tape.swept is not None:
            return tape.swept.curvature(a, log_det)
        second = np.zeros((self.n_params, self.n_params))
        weight = Weight(a[..., None], np.array([float(log_det)]))
        stages = list(self.stages)
        if self.crossed_stage.q:
            stages.append(self.crossed_stage)
        further = not isinstance(self.data, SimpleData)
        for level in range(len(stages) - 1, -1, -1):
            records = tape.records[level]
            weight = weight.children(stages[level].starts, records[-1][0].stop, stages[level].weights)
            for part, record in records:
                add_curvature(second, record, weight.part(part))
            if level or further:
                pieces = [before(record, weight.part(part)) for part, record in records]
                weight = pieces[0] if len(pieces) == 1 else Weight.joined(pieces)
        self.data.add_curvature(second, psi[self.n_random :], self.n_random, weight)
        return second

    def moments(
        self, psi: FloatArray, order: int, *, linear: bool = False, tape: Tape | None = None,
        tick: Callable[[], None] | None = None,
    ) -> Moments:
        """log|V*| and F with derivatives as dense arrays; see `Moments`.

        ``linear`` leaves terms with second derivatives of V out, as Kenward and Roger's Q_ij does.
        """
        if self.sparse is not None:
            return self._sparse_moments(psi, order, tape, tick)
        jet, _ = self.sweep(psi, order, linear=linear, tape=tape, tick=tick)
        r, c, width = self.n_params, jet.s.shape[-1], self.p + 1
        ld1, f1 = np.zeros((r, c)), np.zeros((r, c, width, width))
        for i, value in jet.s1.items():
            f1[i] = np.moveaxis(value, -1, 0)
        for i, value in jet.ld1.items():
            ld1[i] = value
        rr = r if order > 1 else 0
        ld2, f2 = np.zeros((rr, rr, c)), np.zeros((rr, rr, c, width, width))
        for (i, j), value in jet.s2.items():
            f2[i, j] = f2[j, i] = np.moveaxis(value, -1, 0)
        for (i, j), value in jet.ld2.items():
            ld2[i, j] = ld2[j, i] = value
        return Moments(jet.ld, np.moveaxis(jet.s, -1, 0), ld1, f1, ld2, f2)

    def _sparse_moments(
        self, psi: FloatArray, order: int, tape: Tape | None, tick: Callable[[], None] | None
    ) -> Moments:
        """`moments` of a large crossed design."""
        swept = self._swept(psi, tick)
        if tape is not None:
            tape.swept = swept
        ld1, f1, ld2, f2 = swept.derivatives(order)
        return Moments(np.array([swept.ld]), swept.f[None], ld1[:, None], f1[:, None], ld2[..., None], f2[:, :, None])

    def evaluate(
        self, psi: FloatArray, order: int, *, average: bool = False, tick: Callable[[], None] | None = None
    ) -> Evaluation:
        """The log (restricted) likelihood with β and σ² profiled out.

        Raises
        ------
        numpy.linalg.LinAlgError
            Where ψ gives no positive definite covariance matrix.
        """
        if order < 2:
            return self._profile(self.moments(psi, order, tick=tick), order, None)
        tape = Tape()
        moments = self.moments(psi, 1, tape=tape, tick=tick)
        return self._profile(moments, 2, lambda a: self.curvature(psi, tape, a, not average), average)

    def evaluate_at(
        self, psi: FloatArray, sigma2: float, *, tick: Callable[[], None] | None = None
    ) -> tuple[float, FloatArray, FloatArray]:
        """ℓ at (ψ, log σ²) with β profiled out, its gradient (r + 1,) and Hessian (r + 1, r + 1). Raises as `evaluate`.

        ``sigma2`` is relative to the outcome as it is scaled here.
        """
        tape = Tape()
        moments = self.moments(psi, 1, tape=tape, tick=tick)
        e = self._profile(moments, 2, lambda a: self.curvature(psi, tape, a), sigma2=sigma2)
        rss = -2.0 * e.full_hessian[-1, -1]
        return e.ll, np.append(e.gradient, -0.5 * (self.nu - rss)), e.full_hessian

    def _profile(
        self, m: Moments, order: int, curvature: Callable[[FloatArray], FloatArray] | None, average: bool = False,
        sigma2: float | None = None,
    ) -> Evaluation:
        """The evaluation at the best σ², or at the one that is given."""
        p, r, nu = self.p, self.n_params, self.nu
        f = m.f.sum(axis=0)
        a, b = f[:p, :p], f[:p, p]
        a_inverse = np.linalg.inv(a) if p else np.zeros((0, 0))
        beta = a_inverse @ b
        v = np.append(-beta, 1.0)
        rss = float(v @ f @ v)
        if not rss > 0:
            raise np.linalg.LinAlgError("the residual sum of squares is not positive")
        ld = float(m.ld.sum())
        sign, log_a = np.linalg.slogdet(a) if p else (1.0, 0.0)
        if sign <= 0:
            raise np.linalg.LinAlgError("the fixed effects are not estimable")
        penalty = (float(log_a) - 2.0 * self.log_det_back) if self.reml else 0.0
        sigma2 = rss / nu if sigma2 is None else sigma2
        scale2 = 2.0 * np.log(self.y_scale)
        ll = float(-0.5 * (nu * (np.log(2 * np.pi * sigma2) + scale2) + rss / sigma2 + ld + penalty))
        empty = np.zeros((0, 0))
        if order == 0:
            return Evaluation(ll, np.zeros(0), empty, sigma2, beta, a_inverse, empty)
        f1 = m.f1.sum(axis=1)
        ld1 = m.ld1.sum(axis=1)
        fv = f1 @ v
        rss1 = fv @ v
        aa = a_inverse @ f1[:, :p, :p]
        log_a1 = np.trace(aa, axis1=1, axis2=2) if self.reml else np.zeros(r)
        gradient = -0.5 * (rss1 / sigma2 + ld1 + log_a1)
        if order == 1:
            return Evaluation(ll, gradient, empty, sigma2, beta, a_inverse, empty)
        # second derivatives of F and log|V*| enter through one sum
        assert curvature is not None
        weight = np.outer(v, v) / sigma2
        if self.reml and not average:
            weight[:p, :p] += a_inverse
        h = fv[:, :p]
        second = curvature(weight) - 2.0 / sigma2 * h @ a_inverse @ h.T
        full = np.empty((r + 1, r + 1))
        full[:r, r] = full[r, :r] = 0.5 * rss1 / sigma2
        full[r, r] = -0.5 * rss / sigma2
        if average:
            # y'PV_aPV_bPy / 2: half of what the quadratic form curves, see Gilmour et al. (1995)
            full[:r, :r] = -0.25 * second
        else:
            if self.reml:
                second = second - np.tensordot(aa, np.swapaxes(aa, 1, 2), axes=([1, 2], [1, 2]))
            full[:r, :r] = -0.5 * second
        hessian = full[:r, :r] - np.outer(full[:r, r], full[r, :r]) / full[r, r]
        return Evaluation(ll, gradient, hessian, sigma2, beta, a_inverse, full)

    # --- back to the user's units -----------------------------------------------------------------------
    def beta_natural(self, beta: FloatArray) -> FloatArray:
        """β of the (constrained) X from the β̃ of an evaluation."""
        return self.back @ (beta * self.y_scale + self.ols)

    def natural_map(self) -> FloatArray:
        """M (n_random, n_random): the entries of Σ in the user's units are σ²Mψ."""
        out = np.zeros((self.n_random, self.n_random))
        for part, transform in zip(self.layout.block_slices, self.layout.transforms):
            if part.stop > part.start:
                out[part, part] = transform.natural
        return out
