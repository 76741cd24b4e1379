"""Small-sample inference of a fit: the degrees of freedom of the chosen method, ready for any hypothesis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.errors import SpecError
from terrace.frozen import freeze
from terrace.inference.cells import cells, psi_slopes
from terrace.inference.df import SmallSample, anova_df, repeated_df, residual_df, small_sample
from terrace.inference.fewclusters import FewClusters, few_clusters
from terrace.inference.marginal import random_part, residual_part
from terrace.inference.parameters import NaturalEstimate
from terrace.inference.robust import cluster_codes
from terrace.likelihood.objective import Objective
from terrace.optimise.fit import Optimum
from terrace.spec.model import ModelSpec

FloatArray = npt.NDArray[np.float64]

TITLES = {
    "residual": "Residual",
    "repeated": "Repeated",
    "anova": "ANOVA",
    "satterthwaite": "Satterthwaite",
    "kroger": "Kenward-Roger",
}


class Small(Protocol):
    """What tells the degrees of freedom of a hypothesis."""

    def ddf(self, hypothesis: FloatArray) -> tuple[float | None, float]:
        """(denominator df, λ) of a hypothesis with rows (l, p) of full rank; None where not defined."""
        ...


@dataclass(frozen=True)
class SmallInference:
    """``df`` (p,) per coefficient; ``sample`` for the approximations that serve any hypothesis."""

    method: str
    df: FloatArray
    sample: SmallSample | FewClusters | None

    def __post_init__(self) -> None:
        freeze(self, ("df",))

    def ddf(self, hypothesis: FloatArray) -> tuple[float | None, float]:
        """(denominator df, λ) of a hypothesis with rows (l, p) of full rank; None where not defined.

        The exact methods define it only where all coefficients that are tested agree.
        """
        c = np.atleast_2d(hypothesis)
        if self.sample is not None:
            if c.shape[0] == 1:
                return self.sample.single(c[0]), 1.0
            return self.sample.joint(c)
        used = np.unique(self.df[np.any(c != 0, axis=0)])
        return (float(used[0]) if len(used) == 1 else None), 1.0


def small_inference(
    design: Design,
    objective: Objective,
    optimum: Optimum,
    natural: NaturalEstimate,
    phi: FloatArray,
    to_x: FloatArray,
    spec: ModelSpec,
) -> SmallInference:
    """Degrees of freedom by the method of the specification.

    Raises
    ------
    SpecError
        repeated with other than two levels; satterthwaite or kroger without REML.
    """
    method = spec.df_method
    assert method is not None
    if method == "residual":
        return SmallInference(method, residual_df(design), None)
    if method == "repeated":
        if len(design.levels) != 1 or design.levels[0].name == "_all":
            raise SpecError(
                "dfmethod(repeated) needs a two-level model, with one group variable.",
                code="df-repeated",
                subject="dfmethod",
                advice="Use dfmethod(kroger) with reml for models with more levels.",
            )
        return SmallInference(method, repeated_df(design), None)
    if method == "anova":
        return SmallInference(method, anova_df(design), None)
    if spec.method != "reml":
        raise SpecError(f"dfmethod({method}) needs REML.", code="df-reml", subject="dfmethod",
                        advice="Add the option reml.")
    sample = natural_small_sample(
        objective, optimum, natural, phi, to_x, kenward_roger=method == "kroger",
        observed=spec.df_information == "oim",
    )
    p = design.x.shape[1]
    df = np.array([sample.single(row) for row in np.eye(p)])
    return SmallInference(method, df, sample)


def natural_small_sample(
    objective: Objective,
    optimum: Optimum,
    natural: NaturalEstimate,
    phi: FloatArray,
    to_x: FloatArray,
    *,
    kenward_roger: bool,
    observed: bool,
) -> SmallSample:
    """Derivatives of X'V⁻¹X and log|V| in the natural covariance parameters, from one more elimination.

    With u = (ψ, log σ²), V = σ²V*(ψ) and V_u its first derivatives: X'V⁻¹V_iV⁻¹V_jV⁻¹X symmetrised is half the
    second derivative that the elimination gives when ∂²V is left out; for log σ², V_τ = V.
    """
    point = optimum.point
    p, r = objective.p, objective.n_params
    m = objective.moments(point.psi, 2, linear=True)
    e = point.evaluation
    scale = 1.0 / e.sigma2
    f = m.f.sum(axis=0)[:p, :p] * scale
    f1 = m.f1.sum(axis=1)[:, :p, :p] * scale
    f2 = m.f2.sum(axis=2)[:, :, :p, :p] * scale
    u1 = np.concatenate([f1, -f[None]])
    u2 = np.zeros((r + 1, r + 1, p, p))
    u2[:r, :r] = f2
    u2[:r, r] = u2[r, :r] = -2.0 * f1
    u2[r, r] = 2.0 * f
    ld2 = np.zeros((r + 1, r + 1))
    ld2[:r, :r] = m.ld2.sum(axis=2)
    ld2[:r, r] = ld2[r, :r] = -m.ld1.sum(axis=1)
    ld2[r, r] = -objective.n_effective
    back = psi_slopes(objective, point.psi, e.sigma2 * objective.y_scale**2)
    x1 = np.tensordot(back.T, u1, axes=1)
    x2 = np.einsum("ai,bj,abkl->ijkl", back, back, u2, optimize=True)
    ld2 = back.T @ ld2 @ back
    inner = e.a_inverse * e.sigma2
    known = None
    if natural.null.shape[1]:
        # what the data do not tell is held where it is
        known = natural.unit[:, None] * np.linalg.svd(natural.null)[0][:, natural.null.shape[1] :]
    sample = small_sample(x1, x2, inner, ld2, natural.vcov if observed else None, kenward_roger, known)
    lift = to_x * objective.y_scale
    return SmallSample(
        phi,
        lift @ sample.adjusted @ lift.T,
        sample.w,
        np.einsum("ij,kjl,ml->kim", lift, sample.phi1, lift, optimize=True),
        kenward_roger,
    )


LARGEST_CLUSTER = 2500
"""Rows of a cluster whose covariance matrix is formed."""


def small_of_robust(
    design: Design, optimum: Optimum, natural: NaturalEstimate, beta: FloatArray, phi: FloatArray, sigma2: float
) -> FewClusters:
    """Robust covariance and degrees of freedom by cluster. `SpecError` with weights, or for very large clusters."""
    clusters = cluster_codes(design)
    largest = int(np.bincount(clusters).max())
    if design.weights.kind is not None:
        raise SpecError(
            "CR2 and degrees of freedom for robust standard errors need a model without weights.",
            code="few-clusters-weights", subject="vce", advice="Use vce(robust) without dfmethod().",
        )
    if largest > LARGEST_CLUSTER:
        raise SpecError(
            f"A cluster of {largest:,} rows is too large for CR2.",
            code="cluster-too-large", subject="vce", advice="Use vce(robust). Large clusters do not need this "
                                                            "correction.",
        )
    layout, rho = cells(design), optimum.point.psi[optimum.space.objective.n_random :]

    def covariance(rows: npt.NDArray[np.int64]) -> FloatArray:
        return random_part(design, layout, natural.values, rows) + residual_part(design, rho, sigma2, rows)

    return few_clusters(
        design.x, design.y - design.x @ beta, clusters, covariance, phi, design.spec.vce_correction
    )
