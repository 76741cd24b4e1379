"""The likelihood of a large crossed design by iteration: `Objective` with the same results, up to a known error.

Quadratic forms, coefficients and the average information (Gilmour, Thompson & Cullis 1995) come from solves of the
mixed-model equations to many digits. Traces, which are all that log|V| and its gradient need, are estimated with fixed
random probes (`terrace.likelihood.iterative.probes`): the estimates are those of a slightly different equation, and
how far they can be from the exact ones is reported with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from terrace.errors import SpecError
from terrace.likelihood.bases import KroneckerBases
from terrace.likelihood.crossproducts import SimpleData
from terrace.likelihood.iterative.equations import Equations, equations
from terrace.likelihood.iterative.probes import Probes, Traces, exact_blocks, leading, traces
from terrace.likelihood.iterative.schur import Schur, by_group, rows_of
from terrace.likelihood.iterative.solve import solve
from terrace.likelihood.iterative.zero import AtZero, at_zero
from terrace.likelihood.objective import Evaluation, Moments, Objective, Stage

FloatArray = npt.NDArray[np.float64]
Tick = Callable[[], None]

FEWEST = 8
"""Probes to begin with."""
EXACT, INFORMATION = 1e-9, 1e-6
"""Residuals of the solves for quadratic forms and for the average information."""


@dataclass(frozen=True)
class IterativeEvaluation(Evaluation):
    """`Evaluation`, and what is random in it.

    ``ll_error`` is the Monte Carlo standard error of the log-likelihood, ``gradient_vcov`` (r, r) that of the gradient
    in ψ. ``steps`` are those of conjugate gradients for the probes.
    """

    ll_error: float
    gradient_vcov: FloatArray
    steps: int


@dataclass(frozen=True)
class Effects:
    """G Z'V⁻¹c for columns c of Z'[..]: effects of the lead (G·q, m) and of the rest (T, m)."""

    lead: FloatArray
    rest: FloatArray


class IterativeObjective(Objective):
    """The likelihood of a crossed design with independent residuals of one variance, by iteration."""

    tier = "iterative"

    def __init__(
        self, design: Any, *, reml: bool, transform: FloatArray | None = None, offset: FloatArray | None = None,
        tick: Tick | None = None,
    ) -> None:
        """As `Objective`; ``tick`` is called as the rows are counted."""
        self._tick = tick
        super().__init__(design, reml=reml, transform=transform, offset=offset)
        self._tick = None
        self.probes = Probes.of(self.equations.rest, FEWEST, self.precision)
        self.directions_at: FloatArray | None = None

    def _build(self, dense: FloatArray, keep_clusters: bool) -> None:
        if keep_clusters:
            raise AssertionError("only the exact tier keeps clusters apart")
        components = (*self.layout.chain, *self.layout.crossed)
        self.equations: Equations = equations(components, dense, self.row_weights, self._tick)
        self.clustered, self.sparse = False, None
        self.stages: list[Stage] = []
        self.crossed_stage = Stage(0, KroneckerBases({}), np.arange(1), None)
        self.data = SimpleData(np.zeros((0, 0, 0)))

    @property
    def precision(self) -> type[np.floating[Any]]:
        """That of products with probes."""
        return np.float32 if self.equations.single else np.float64

    @property
    def can_be_careful(self) -> bool:
        """Never: there is no single chain."""
        return False

    def schur(self, psi: FloatArray) -> Schur:
        """The equations at ψ. Raises `numpy.linalg.LinAlgError` where ψ gives no covariance matrices."""
        sigmas = []
        for factor in self.equations.factors:
            sigma = np.zeros((factor.q, factor.q))
            for i, basis in factor.component.bases.items():
                sigma += psi[i] * basis
            sigmas.append(sigma)
        return Schur(self.equations, tuple(sigmas))

    def sharpen(self, psi: FloatArray, count: int, tick: Tick | None = None) -> None:
        """Take so many probes from now on, and the directions that matter most at ψ apart from them."""
        basis = leading(self.schur(psi), self.precision, tick)
        self.probes = Probes.of(self.equations.rest, count, self.precision, basis)
        self.directions_at = psi.copy()

    # --- evaluation -------------------------------------------------------------------------------------------------
    def evaluate(
        self, psi: FloatArray, order: int, *, average: bool = False, tick: Tick | None = None
    ) -> IterativeEvaluation:
        """As `Objective.evaluate`; the Hessian is always minus the average information."""
        schur = self.schur(psi)
        right = [f.right for f in self.equations.factors]
        effects = self.effects(schur, right[0], np.concatenate(right[1:]), EXACT, tick)
        f = self.equations.products - self._inner(right, effects)
        scores = self._scores(schur, right, effects)
        r, width = self.n_params, self.p + 1
        f1 = np.zeros((r, 1, width, width))
        if order:
            for factor, score in zip(self.equations.factors, scores):
                rows = rows_of(factor, score)
                for i, basis in factor.component.bases.items():
                    f1[i, 0] -= np.einsum("gqa,qs,gsb->ab", rows, basis, rows, optimize=True)
        found = traces(schur, self.probes, tick)
        log_det, spread = _mean(found.log_dets)
        exact = exact_blocks(schur)
        ld1, ld1_vcov = self._trace_gradient(exact, found)
        none = np.zeros((0, 0, 1)), np.zeros((0, 0, 1, width, width))
        moments = Moments(
            np.array([schur.log_det + found.log_det + log_det]), f[None], ld1[:, None], f1, none[0], none[1]
        )

        def curvature(weight: FloatArray) -> FloatArray:
            v, scale = weight[:, -1] / weight[-1, -1], weight[-1, -1]
            out: FloatArray = 2.0 * scale * self._information(schur, [s @ v for s in scores], tick)
            return out

        e = self._profile(moments, order, curvature, average=True)
        return IterativeEvaluation(
            e.ll, e.gradient, e.hessian, e.sigma2, e.beta, e.a_inverse, e.full_hessian, 0.5 * spread,
            0.25 * ld1_vcov, found.steps,
        )

    def at_zero(self) -> AtZero:
        """The information where there are no random effects, exactly."""
        return at_zero(self.equations, self.n_params, self.p, self.n_effective)

    def evaluate_at(self, psi: FloatArray, sigma2: float, *, tick: Tick | None = None) -> NoReturn:
        """Not available: raises `SpecError`."""
        raise needs_exact("A profile of the likelihood")

    def sweep(self, psi: FloatArray, order: int, **options: Any) -> NoReturn:
        """Not available: raises `SpecError`."""
        raise needs_exact("This result")

    def moments(self, psi: FloatArray, order: int, **options: Any) -> NoReturn:
        """Not available: raises `SpecError`."""
        raise needs_exact("This result")

    def curvature(self, psi: FloatArray, *args: Any, **options: Any) -> NoReturn:
        """Not available: raises `SpecError`."""
        raise needs_exact("This result")

    # --- parts ------------------------------------------------------------------------------------------------------
    def effects(
        self, schur: Schur, lead: FloatArray, rest: FloatArray, tolerance: float, tick: Tick | None = None
    ) -> Effects:
        """u = GZ'V⁻¹c for right sides Z'c of the lead (G·q, m) and of the rest (T, m)."""
        first = by_group(schur.w0, lead)
        b = schur.b_transposed_times(np.asarray(rest - schur.from_lead(first)))
        solved = solve(schur, np.ascontiguousarray(b), tolerance, tick, parts=False)
        u = schur.b_times(b + solved.beyond)
        return Effects(np.asarray(first - by_group(schur.w0, schur.to_lead(u))), np.asarray(u))

    def _inner(self, right: list[FloatArray], effects: Effects) -> FloatArray:
        """c'ZGZ'V⁻¹c, symmetric."""
        rest = np.concatenate(right[1:])
        inner = right[0].T @ effects.lead + rest.T @ effects.rest
        return np.asarray((inner + inner.T) / 2.0)

    def _scores(self, schur: Schur, right: list[FloatArray], effects: Effects) -> list[FloatArray]:
        """Z'V⁻¹c by factor, (G·q, m)."""
        e = self.equations
        lead = by_group(np.swapaxes(schur.p0, 1, 2), right[0] - schur.to_lead(effects.rest))
        rest = np.concatenate(right[1:]) - schur.from_lead(effects.lead) - schur.own_times(effects.rest)
        among = schur.among_rest(effects.rest)
        if among is not None:
            rest = rest - among
        return [np.asarray(lead), *(rest[span] for span in e.spans)]

    def _trace_gradient(self, exact: list[FloatArray], found: Traces) -> tuple[FloatArray, FloatArray]:
        """∂log|V|/∂ψ, (r,), and its Monte Carlo covariance matrix, (r, r)."""
        r = self.n_params
        sure, each = np.zeros(r), np.zeros((self.probes.count, r))
        for factor, block, sum_, random in zip(self.equations.factors, exact, found.blocks, found.each):
            for i, basis in factor.component.bases.items():
                sure[i] += float(np.vdot(basis, block - sum_))
                each[:, i] -= np.tensordot(random, basis, axes=2)
        return sure + each.mean(axis=0), np.atleast_2d(np.cov(each.T)) / len(each) if r else np.zeros((0, 0))

    def _information(self, schur: Schur, scores: list[FloatArray], tick: Tick | None) -> FloatArray:
        """y'PV_iV⁻¹V_jPy, (r, r), from Z'Py by factor."""
        r, e = self.n_params, self.equations
        given = [np.zeros((f.effects, r)) for f in e.factors]
        for factor, score, g in zip(e.factors, scores, given):
            rows = rows_of(factor, score)
            for i, basis in factor.component.bases.items():
                g[:, i] += (rows @ basis).ravel()
        rest = np.concatenate(given[1:])
        lead_k = by_group(e.lead.own, given[0]) + schur.to_lead(rest)
        rest_k = schur.own_times(rest) + schur.from_lead(given[0])
        among = schur.among_rest(rest)
        if among is not None:
            rest_k = rest_k + among
        effects = self.effects(schur, np.asarray(lead_k), np.asarray(rest_k), INFORMATION, tick)
        out = given[0].T @ lead_k + rest.T @ rest_k - lead_k.T @ effects.lead - rest_k.T @ effects.rest
        return np.asarray((out + out.T) / 2.0)


def probes_of(objective: Objective) -> tuple[int, FloatArray | None]:
    """How many probes an objective takes, 0 if it is exact, and the ψ at which their directions were found."""
    if not isinstance(objective, IterativeObjective):
        return 0, None
    return objective.probes.count, objective.directions_at


def needs_exact(what: str) -> SpecError:
    """What is said of something that takes the exact likelihood."""
    return SpecError(
        f"{what} is not available for a model that was fitted by the iterative method.",
        code="needs-exact", subject="method",
        advice="Fit the model by the exact method, method(exact), if the data are small enough for it.",
    )


def _mean(values: FloatArray) -> tuple[float, float]:
    """The mean of the probes and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
