"""Robust (sandwich) covariance, clustered at the top level or a variable above it.

V = H⁻¹ (Σ_c s_c s_c') H⁻¹ with s_c the score of cluster c in (β, ψ, log σ²) and H the information, block-diagonal
between β and the covariance parameters (manual, *Estimation using ML*; White 1982). Few clusters make V too small:
CR1 multiplies it by M/(M - 1), CR2 (`terrace.inference.fewclusters`) adjusts the residuals of each cluster, CR0
does neither. The restricted likelihood is a sum over clusters once tr PV_a is split into their diagonal blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.design.weights import row_products
from terrace.likelihood.objective import Objective

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RobustCovariance:
    """``beta`` (p, p) in the units of the evaluation (before `beta_natural`), ``psi`` (r + 1, r + 1)."""

    beta: FloatArray
    psi: FloatArray
    n_clusters: int


def cluster_scores(
    objective: Objective,
    psi: FloatArray,
    beta: FloatArray,
    sigma2: float,
    a_inverse: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Scores per cluster: (c, p) in β̃, (c, r + 1) in (ψ, log σ²), and the clusters' shares of n.

    ``objective`` must have been built with keep_clusters; ``sigma2`` is in its own units. With ``a_inverse``
    (p, p), (X'V*⁻¹X)⁻¹ of the whole sample, the scores are those of the restricted likelihood.
    """
    m = objective.moments(psi, 1)
    p, r = objective.p, objective.n_params
    v = np.append(-beta, 1.0)
    fv = m.f @ v
    in_beta = fv[:, :p] / sigma2
    rss = fv @ v
    n_c = cluster_sizes(objective)
    ld1, used = m.ld1, np.zeros(len(n_c))
    if a_inverse is not None:
        ld1 = ld1 + np.einsum("ij,acij->ac", a_inverse, m.f1[:, :, :p, :p])
        used = np.einsum("ij,cij->c", a_inverse, m.f[:, :p, :p])
    out = np.empty((len(m.ld), r + 1))
    for a in range(r):
        out[:, a] = -0.5 * (ld1[a] + np.einsum("i,cij,j->c", v, m.f1[a], v) / sigma2)
    out[:, r] = -0.5 * (n_c - used - rss / sigma2)
    return in_beta, out, n_c


def cluster_sizes(objective: Objective) -> FloatArray:
    """Sum of the products of all weights per cluster, shape (c,)."""
    design = objective.design
    total = row_products(design.weights, len(design.y))
    _, inverse = np.unique(cluster_codes(design), return_inverse=True)
    return np.asarray(np.bincount(inverse, weights=total), dtype=np.float64)


def cluster_codes(design: Design) -> IntArray:
    """The cluster of every row, (n,): the named variable, the highest level, or the row itself."""
    if design.cluster is not None:
        return design.cluster
    if design.levels:
        return design.levels[0].codes
    return np.arange(len(design.y))


def robust_covariance(
    objective: Objective,
    psi: FloatArray,
    beta: FloatArray,
    sigma2: float,
    a_inverse: FloatArray,
    psi_vcov: FloatArray,
    repeats: FloatArray | None = None,
    correction: str = "cr1",
) -> RobustCovariance:
    """The sandwich, CR1 or CR0 (which for β is also where CR2 begins). ``psi_vcov`` (r + 1, r + 1) is the
    model-based covariance in (ψ, log σ²), which carries the directions at the boundary as zeros; ``repeats``
    (c,) are the frequencies of whole clusters."""
    restricted = a_inverse if objective.reml else None
    in_beta, in_psi, _ = cluster_scores(objective, psi, beta, sigma2, restricted)
    clusters = float(len(in_beta))
    if repeats is not None:
        # frequency weights at the top stand for copies of a cluster, each a score of its own
        clusters = float(repeats.sum())
        in_beta = in_beta / np.sqrt(repeats)[:, None]
        in_psi = in_psi / np.sqrt(repeats)[:, None]
    factor = 1.0 if correction == "cr0" else clusters / (clusters - 1.0)
    bread = a_inverse * sigma2
    beta_v = bread @ (in_beta.T @ in_beta) @ bread * factor
    psi_v = psi_vcov @ (in_psi.T @ in_psi) @ psi_vcov * factor
    return RobustCovariance(beta_v, psi_v, round(clusters))
