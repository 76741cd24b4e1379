"""The likelihood of a large crossed design by iteration: `Objective` with the same results, up to a known error.

Quadratic forms, coefficients and the average information (Gilmour, Thompson & Cullis 1995) come from solves of the
mixed-model equations to many digits. Traces, which are all that log|V| and its gradient need, are estimated with fixed
random probes (`terrace.likelihood.iterative.probes`): the estimates are those of a slightly different equation, and
how far they can be from the exact ones is reported with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from terrace.errors import SpecError
from terrace.likelihood.bases import KroneckerBases
from terrace.likelihood.crossproducts import SimpleData
from terrace.likelihood.iterative.curvature import log_det_second, moved, quadratic_second
from terrace.likelihood.iterative.equations import Equations, equations
from terrace.likelihood.iterative.probes import EXACT, Probes, Traces, exact_blocks, leading, no_directions, traces
from terrace.likelihood.iterative.schur import Schur
from terrace.likelihood.iterative.system import effects, inner, scores
from terrace.likelihood.iterative.zero import AtZero, at_zero
from terrace.likelihood.objective import Evaluation, Moments, Objective, Stage

FloatArray = npt.NDArray[np.float64]
Tick = Callable[[], None]

FEWEST = 8
"""Probes to begin with."""


@dataclass(frozen=True)
class IterativeEvaluation(Evaluation):
    """`Evaluation`, and what is random in it.

    ``ll_error`` is the Monte Carlo standard error of the log-likelihood, ``gradient_vcov`` (r, r) that of the gradient
    in ψ. ``steps`` are those of conjugate gradients for the probes.
    """

    ll_error: float
    gradient_vcov: FloatArray
    steps: int


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
        self.probes = Probes(no_directions(self.equations.rest, self.precision), FEWEST)
        self.directions_at: FloatArray | None = None

    def _build(self, dense: FloatArray, keep_clusters: bool, step: FloatArray | None) -> None:
        if keep_clusters:
            raise AssertionError("only the exact tier keeps clusters apart")
        components = (*self.layout.chain, *self.layout.crossed)
        if len(components) < 2:
            raise SpecError(
                "The model cannot be fitted by the iterative method: it has no crossed effects.", code="not-iterative",
                subject="method", advice="Leave method() out.",
            )
        self.equations: Equations = equations(components, dense, self.row_weights, self._tick)
        self.clustered, self.sparse = False, None
        self.stages: list[Stage] = []
        self.crossed_stage = Stage(0, KroneckerBases([]), np.arange(1), None)
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
        self.probes = Probes(basis, count)
        self.directions_at = psi.copy()

    # --- evaluation -------------------------------------------------------------------------------------------------
    def evaluate(
        self, psi: FloatArray, order: int, *, average: bool = False, tick: Tick | None = None
    ) -> IterativeEvaluation:
        """As `Objective.evaluate`, with log|V| and its derivatives estimated."""
        schur, e, r = self.schur(psi), self.equations, self.n_params
        right = [f.right for f in e.factors]
        solved = effects(schur, right, EXACT, tick)
        f = e.products - inner(right, solved)
        score = scores(schur, right, solved)
        f1 = np.zeros((r, 1, *f.shape))
        for factor, own in zip(e.factors, score):
            for i, basis in factor.component.bases.items():
                f1[i, 0] -= own.T @ moved(factor, basis, own)
        found = traces(schur, self.probes, tick)
        log_det, spread = _mean(found.log_dets)
        ld1, ld1_vcov = self._trace_gradient(exact_blocks(schur), found)
        none = np.zeros((0, 0, 1)), np.zeros((0, 0, 1, *f.shape))
        total = np.array([schur.log_det + found.log_det + log_det])
        moments = Moments(total, f[None], ld1[:, None], f1, none[0], none[1])

        def curvature(weight: FloatArray) -> FloatArray:
            values, vectors = np.linalg.eigh(weight)
            large = values > 1e-14 * values[-1]
            root = vectors[:, large] * np.sqrt(values[large])
            out = quadratic_second(schur, [s @ root for s in score], r, tick)
            return out if average else out + log_det_second(schur, r, tick)

        found_at = self._profile(moments, order, curvature, average=average)
        return IterativeEvaluation(
            **{field.name: getattr(found_at, field.name) for field in fields(found_at)},
            ll_error=0.5 * spread, gradient_vcov=0.25 * ld1_vcov, steps=found.steps,
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
    def _trace_gradient(self, exact: list[FloatArray], found: Traces) -> tuple[FloatArray, FloatArray]:
        """∂log|V|/∂ψ, (r,), and its Monte Carlo covariance matrix, (r, r)."""
        r = self.n_params
        sure, each = np.zeros(r), np.zeros((self.probes.count, r))
        for factor, block, sum_, random in zip(self.equations.factors, exact, found.blocks, found.each):
            for i, basis in factor.component.bases.items():
                sure[i] += float(np.vdot(basis, block - sum_))
                each[:, i] -= np.tensordot(random, basis, axes=2)
        return sure + each.mean(axis=0), np.atleast_2d(np.cov(each.T)) / len(each) if r else np.zeros((0, 0))


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
