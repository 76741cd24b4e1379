"""The space that is searched: θ, from which ψ(θ) follows with exact first and second derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.likelihood.objective import Evaluation, Objective

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SearchPoint:
    """A point of the search: θ, ψ(θ), the evaluation there, and its derivatives in θ.

    ``exact`` is False where the Hessian is minus the average information.
    """

    theta: FloatArray
    psi: FloatArray
    evaluation: Evaluation
    gradient: FloatArray
    hessian: FloatArray
    jacobian: FloatArray
    exact: bool

    @property
    def ll(self) -> float:
        """The log (restricted) likelihood."""
        return self.evaluation.ll


class SearchSpace:
    """Maps θ to ψ block by block and evaluates an objective in θ, counting the evaluations.

    With ``logarithms`` (matlog) the entries of θ that stand for standard deviations are searched on the log
    scale, so that Σ stays positive definite and the boundary is only approached; otherwise (matsqrt) they
    are searched as they are and may reach zero.
    """

    def __init__(
        self, objective: Objective, tick: Callable[[], None] | None = None, *, logarithms: bool = False
    ) -> None:
        self.objective = objective
        self.tick = tick
        self.evaluations = 0
        self.keep_hessians = False
        self.logarithms = logarithms
        self.blocks = [
            (block, part)
            for block, part in zip(objective.design.blocks, objective.layout.block_slices)
            if part.stop > part.start
        ]
        self.residual = slice(objective.n_random, objective.n_params)
        self.logged = np.zeros(objective.n_params, dtype=bool)
        if logarithms:
            for block, part in self.blocks:
                count = block.structure.size if block.structure.key == "unstructured" else part.stop - part.start
                self.logged[part.start : part.start + count] = True

    def natural(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ψ(θ), Jacobian (r, r) and second derivatives (r, r, r)."""
        r = self.objective.n_params
        psi, jacobian, second = np.zeros(r), np.zeros((r, r)), np.zeros((r, r, r))
        root = np.where(self.logged, np.exp(np.clip(theta, -300, 300)), theta) if self.logarithms else theta
        for block, part in self.blocks:
            value, j, h = block.structure.to_natural(root[part])
            psi[part], jacobian[part, part], second[part, part, part] = value, j, h
        value, j, h = self.objective.design.residuals.to_relative(theta[self.residual])
        part = self.residual
        psi[part], jacobian[part, part], second[part, part, part] = value, j, h
        if self.logarithms:
            # θ = exp(φ): dψ/dφ = ψ_θ θ, d²ψ/dφ² = ψ_θθ θθ' + ψ_θ θ on the diagonal
            slope = np.where(self.logged, root, 1.0)
            second = second * slope[None, :, None] * slope[None, None, :]
            index = np.flatnonzero(self.logged)
            second[:, index, index] += jacobian[:, index] * root[index]
            jacobian = jacobian * slope
        return psi, jacobian, second

    def value(self, theta: FloatArray) -> float:
        """The objective alone; -inf where θ gives no covariance matrix."""
        self.evaluations += 1
        try:
            return self.objective.evaluate(self.natural(theta)[0], 0, tick=self.tick).ll
        except np.linalg.LinAlgError:
            return -np.inf

    def point(self, theta: FloatArray, *, average: bool = False) -> SearchPoint | None:
        """The objective with gradient and Hessian in θ; None where θ gives no covariance matrix."""
        self.evaluations += 1
        psi, jacobian, second = self.natural(theta)
        try:
            e = self.objective.evaluate(psi, 2, average=average, tick=self.tick)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(e.ll) or not np.all(np.isfinite(e.hessian)):
            return None
        gradient = jacobian.T @ e.gradient
        hessian = jacobian.T @ e.hessian @ jacobian + np.tensordot(e.gradient, second, axes=1)
        return SearchPoint(theta, psi, e, gradient, hessian, jacobian, not average)

    def start(self, scale: float, residual: FloatArray) -> FloatArray:
        """θ for Σ* = scale·I in the scaled columns of Z, with the given residual part."""
        theta = np.zeros(self.objective.n_params)
        for block, part in self.blocks:
            theta[part] = block.structure.start(scale)
        theta[self.residual] = residual
        return self.to_search(theta)

    def to_search(self, theta: FloatArray) -> FloatArray:
        """From θ as the structures know it to the scale of the search."""
        if not self.logarithms:
            return theta
        safe = np.maximum(np.abs(theta), 1e-8)
        return np.where(self.logged, np.log(safe), theta)

    def root(self, theta: FloatArray) -> FloatArray:
        """θ as the structures know it."""
        return np.where(self.logged, np.exp(theta), theta) if self.logarithms else theta

    def from_psi(self, psi: FloatArray) -> FloatArray:
        """θ of a given ψ for the random part; the residual part of ψ must be at hand as θ already."""
        theta = np.zeros(self.objective.n_params)
        for block, part in self.blocks:
            theta[part] = block.structure.from_matrix(block.structure.matrix(psi[part]))
        theta[self.residual] = psi[self.residual]
        return self.to_search(theta)
