"""The expected information of the covariance parameters, as products of the derivatives of V."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.likelihood.iterative.objective import IterativeObjective
from terrace.likelihood.objective import Objective, Tape
from terrace.likelihood.patterns import PatternData

FloatArray = npt.NDArray[np.float64]


def expected_information(objective: Objective, psi: FloatArray) -> tuple[FloatArray, FloatArray]:
    """K and what it would be without fixed effects, both (r + 1, r + 1) at ψ, for (ψ, log σ²).

    K_ab = tr(PV_aPV_b) under restricted likelihood, twice the expected information (Searle, Casella & McCulloch 1992,
    section 6.3). The other is tr(V⁻¹V_aV⁻¹V_b), which is K itself under maximum likelihood; rounding in K is of its
    size.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where ψ gives no positive definite covariance matrix.
    """
    if isinstance(objective, IterativeObjective):
        zero = objective.at_zero()  # V is linear in ψ: what is identified there is so everywhere
        return (zero.projected if objective.reml else zero.plain), zero.plain
    r, p = objective.n_params, objective.p
    tape = Tape()
    # only residual parameters enter V other than linearly; their second derivatives are to be left out
    forward = r > objective.n_random or isinstance(objective.data, PatternData)
    m = objective.moments(psi, 2, linear=True) if forward else objective.moments(psi, 1, tape=tape)
    ld1 = m.ld1.sum(axis=1)
    second = m.ld2.sum(axis=2) if forward else objective.curvature(psi, tape, np.zeros((p + 1, p + 1)))
    k = np.empty((r + 1, r + 1))
    k[:r, :r], k[r, :r], k[:r, r], k[r, r] = -second, ld1, ld1, objective.n_effective
    k = (k + k.T) / 2
    plain = k.copy()
    if objective.reml and p:
        a_inverse = np.linalg.inv(m.f.sum(axis=0)[:p, :p])
        f1 = m.f1.sum(axis=1)[:, :p, :p]
        aa = a_inverse @ f1
        if forward:
            f2 = np.tensordot(m.f2.sum(axis=2)[:, :, :p, :p], a_inverse, axes=2)
        else:
            weight = np.zeros((p + 1, p + 1))
            weight[:p, :p] = a_inverse
            f2 = objective.curvature(psi, tape, weight, log_det=False)
        k[:r, :r] += np.tensordot(aa, np.swapaxes(aa, 1, 2), axes=([1, 2], [1, 2])) - f2
        trace = np.trace(aa, axis1=1, axis2=2)
        k[r, :r] += trace
        k[:r, r] += trace
        k[r, r] -= p
    return (k + k.T) / 2, plain
