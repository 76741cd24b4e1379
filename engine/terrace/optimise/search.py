"""The space that is searched: θ, from which ψ(θ) follows with exact first and second derivatives.

An unstructured Σ is QLL'Q' with L lower triangular (its entries are θ) and a fixed orthogonal frame Q. In the frame of
Σ's own eigenvectors, the largest first, L is diagonal and the null space of a singular Σ comes last. There, and only
there, the slopes and second derivatives in θ decide about a maximum over all positive semidefinite matrices: entries
of L within the null space N have the second derivatives 2N'GN, G = ∂ℓ/∂Σ, and the others span the matrices of the same
rank. In any other frame L can have a zero on its diagonal before the last, where a derivative in θ vanishes by
symmetry. A search that turns into this frame at every step is the same whatever coding the columns of Z have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import QuadraticStructure, RandomStructure
from terrace.design.design import RandomBlock
from terrace.frozen import freeze, read_only
from terrace.likelihood.objective import Evaluation, Objective
from terrace.likelihood.transform import congruence

FloatArray = npt.NDArray[np.float64]
Frames = tuple[FloatArray | None, ...]
"""Q (q, q) of each block of a search space; None where θ gives Σ without one."""

# Eigenvalues that differ by less than this, relatively, are taken for one: their eigenvectors are those of the slopes.
TIE, DUST = 1e-12, 1e-15


@dataclass(frozen=True)
class SearchPoint:
    """A point of the search: θ in ``frames``, ψ(θ), the evaluation there, and its derivatives in θ.

    ``jacobian`` (r, t) and ``second`` (r, t, t) are the derivatives of ψ. ``exact`` is False where the Hessian is minus
    the average information.
    """

    theta: FloatArray
    psi: FloatArray
    evaluation: Evaluation
    gradient: FloatArray
    hessian: FloatArray
    jacobian: FloatArray
    second: FloatArray
    exact: bool
    frames: Frames

    def __post_init__(self) -> None:
        freeze(self, ("theta", "psi", "gradient", "hessian", "jacobian", "second"))
        freeze(self.evaluation, ("gradient", "hessian", "beta", "a_inverse", "full_hessian"))
        read_only(*self.frames)

    @property
    def to_psi(self) -> FloatArray:
        """The Jacobian of (ψ, log σ²) in (θ, log σ²), (r + 1, t + 1)."""
        return with_log_variance(self.jacobian)

    @property
    def ll(self) -> float:
        """The log (restricted) likelihood."""
        return self.evaluation.ll


@dataclass(frozen=True)
class SearchBlock:
    """An equation with random effects, and where it stands in ψ and in θ."""

    block: RandomBlock
    psi: slice
    theta: slice

    @property
    def structure(self) -> RandomStructure:
        """That of its Σ."""
        return self.block.structure


class SearchSpace:
    """Maps θ to ψ block by block and evaluates an objective in θ, counting the evaluations.

    With ``logarithms`` (matlog) the entries of θ that stand for standard deviations are searched on the log
    scale, so that Σ stays positive definite and the boundary is only approached; otherwise (matsqrt) they
    are searched as they are and may reach zero. ``frames`` are those that θ is in where nothing else is said;
    ``roots`` (t,) marks the entries of θ that are zero where an effect of their frame has no
    variance.
    """

    def __init__(
        self, objective: Objective, tick: Callable[[], None] | None = None, *, logarithms: bool = False
    ) -> None:
        self.objective = objective
        self.tick = tick
        self.evaluations = 0
        self.keep_hessians = False
        self.logarithms = logarithms
        layout = objective.layout
        self.blocks = [
            SearchBlock(block, psi, theta)
            for block, psi, theta in zip(objective.design.blocks, layout.block_slices, layout.theta_slices)
            if theta.stop > theta.start
        ]
        self.frames: Frames = (None,) * len(self.blocks)
        self._turns: dict[int, tuple[FloatArray, FloatArray]] = {}
        self.residual = slice(layout.n_theta, objective.n_theta)
        self.roots = np.zeros(objective.n_theta, dtype=bool)
        for b in self.blocks:
            self.roots[b.theta.start : b.theta.start + b.structure.n_roots] = True
        self.logged = self.roots & logarithms

    @property
    def quadratic(self) -> bool:
        """Whether the random part of ψ is quadratic in θ."""
        return not self.logarithms and all(isinstance(b.structure, QuadraticStructure) for b in self.blocks)

    def natural(self, theta: FloatArray, frames: Frames | None = None) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ψ(θ), (r,), Jacobian (r, t) and second derivatives (r, t, t)."""
        r, t = self.objective.n_params, self.objective.n_theta
        psi, jacobian, second = np.zeros(r), np.zeros((r, t)), np.zeros((r, t, t))
        root = np.where(self.logged, np.exp(np.clip(theta, -300, 300)), theta) if self.logarithms else theta
        for k, (b, frame) in enumerate(zip(self.blocks, frames or self.frames)):
            value, j, h = b.structure.to_psi(root[b.theta])
            if frame is not None:
                turn = self._turn(k, b.structure, frame)
                value, j, h = turn @ value, turn @ j, np.tensordot(turn, h, axes=1)
            psi[b.psi], jacobian[b.psi, b.theta], second[b.psi, b.theta, b.theta] = value, j, h
        at, own = slice(self.objective.n_random, r), self.residual
        psi[at], jacobian[at, own], second[at, own, own] = self.objective.design.residuals.to_relative(theta[own])
        if self.logarithms:
            # θ = exp(φ): dψ/dφ = ψ_θ θ, d²ψ/dφ² = ψ_θθ θθ' + ψ_θ θ on the diagonal
            scale = np.where(self.logged, root, 1.0)
            second = second * scale[None, :, None] * scale[None, None, :]
            index = np.flatnonzero(self.logged)
            second[:, index, index] += jacobian[:, index] * root[index]
            jacobian = jacobian * scale
        return psi, jacobian, second

    def _turn(self, k: int, structure: RandomStructure, frame: FloatArray) -> FloatArray:
        """The matrix that takes the parameters of LL' of the kth block to those of QLL'Q'; the last one is kept."""
        known = self._turns.get(k)
        if known is None or known[0] is not frame:
            known = (frame, congruence(structure, frame))
            self._turns[k] = known
        return known[1]

    def value(self, theta: FloatArray) -> float:
        """The objective alone; -inf where θ gives no covariance matrix."""
        self.evaluations += 1
        try:
            return self.objective.evaluate(self.natural(theta)[0], 0, tick=self.tick).ll
        except np.linalg.LinAlgError:
            return -np.inf

    def point(
        self, theta: FloatArray, *, average: bool = False, frames: Frames | None = None
    ) -> SearchPoint | None:
        """The objective with gradient and Hessian in θ; None where θ gives no covariance matrix."""
        self.evaluations += 1
        frames = self.frames if frames is None else frames
        mapped = self.natural(theta, frames)
        try:
            e = self.objective.evaluate(mapped[0], 2, average=average, tick=self.tick)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(e.ll) or not np.all(np.isfinite(e.hessian)):
            return None
        return self._seen(theta, frames, mapped, e, not average)

    @staticmethod
    def _seen(
        theta: FloatArray, frames: Frames, mapped: tuple[FloatArray, FloatArray, FloatArray], e: Evaluation, exact: bool
    ) -> SearchPoint:
        """The point of an evaluation; ``mapped`` is `natural` at θ."""
        psi, jacobian, second = mapped
        gradient = jacobian.T @ e.gradient
        hessian = jacobian.T @ e.hessian @ jacobian + np.tensordot(e.gradient, second, axes=1)
        return SearchPoint(theta, psi, e, gradient, hessian, jacobian, second, exact, frames)

    def turned(self, point: SearchPoint) -> SearchPoint:
        """The same point in the frames of the eigenvectors of every unstructured Σ; evaluates nothing."""
        theta, frames = point.theta.copy(), list(point.frames)
        for k, b in enumerate(self.blocks):
            structure = b.structure
            if not structure.free or structure.size < 2 or b.block.factor is not None:
                continue
            values, frames[k] = _eigenvectors(
                structure.matrix(point.psi[b.psi]), slopes(structure, point.evaluation.gradient[b.psi])
            )
            theta[b.theta] = 0.0
            theta[b.theta.start : b.theta.start + structure.size] = np.sqrt(np.maximum(values, 0.0))
        if all(a is b for a, b in zip(frames, point.frames)):
            return point
        turned = tuple(frames)
        return self._seen(theta, turned, self.natural(theta, turned), point.evaluation, point.exact)

    def snapped(self, theta: FloatArray) -> FloatArray:
        """θ, in any frames and without logarithms, with variances that are next to nothing at zero."""
        out = theta.copy()
        for b in self.blocks:
            out[b.theta] = b.structure.snapped(theta[b.theta])
        return out

    def start(self, scale: float, residual: FloatArray) -> FloatArray:
        """θ for Σ* = scale·I in the scaled columns of Z, with the given residual part."""
        theta = np.zeros(self.objective.n_theta)
        for b in self.blocks:
            theta[b.theta] = b.structure.start(scale)
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

    def with_sigmas(self, point: SearchPoint, change: Callable[[RandomBlock, FloatArray], FloatArray]) -> FloatArray:
        """θ of a point whose every Σ* (q, q) is replaced by ``change`` of it."""
        return self._factored(point.psi, self.root(point.theta)[self.residual], change)

    def from_psi(self, psi: FloatArray) -> FloatArray:
        """θ of a given ψ for the random part; the residual part of ψ must be at hand as θ already."""
        return self._factored(psi, psi[self.objective.n_random :], lambda _, sigma: sigma)

    def _factored(
        self, psi: FloatArray, residual: FloatArray, change: Callable[[RandomBlock, FloatArray], FloatArray]
    ) -> FloatArray:
        theta = np.zeros(self.objective.n_theta)
        for b, frame in zip(self.blocks, self.frames):
            sigma = change(b.block, b.structure.matrix(psi[b.psi]))
            theta[b.theta] = b.structure.from_matrix(sigma if frame is None else frame.T @ sigma @ frame)
        theta[self.residual] = residual
        return self.to_search(theta)


def with_log_variance(jacobian: FloatArray) -> FloatArray:
    """The Jacobian (r, t) of ψ in θ with log σ² as a further parameter of both, (r + 1, t + 1)."""
    r, t = jacobian.shape
    out = np.zeros((r + 1, t + 1))
    out[:r, :t], out[r, t] = jacobian, 1.0
    return out


def slopes(structure: RandomStructure, gradient: FloatArray) -> FloatArray:
    """G = ∂ℓ/∂Σ, (q, q) and symmetric, of a structure of which each ψ fills one position of Σ.

    ``gradient`` (k,) is in ψ, so that a covariance stands for both of its positions.
    """
    g = np.zeros((structure.size, structure.size))
    for slope, where in zip(gradient, structure.entries()):
        i, j = where[0]
        g[i, j] = g[j, i] = slope if i == j else 0.5 * slope
    return g


def _eigenvectors(sigma: FloatArray, g: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues of Σ, the largest first, and eigenvectors (q, q) that do not depend on its coordinates: those of
    one eigenvalue are turned to the eigenvectors of the slopes G among them."""
    values, vectors = np.linalg.eigh(sigma)
    values, vectors = values[::-1], vectors[:, ::-1].copy()
    values = np.where(values > DUST * values[0], values, 0.0)
    first = 0
    for last in range(1, len(values) + 1):
        if last < len(values) and values[last - 1] - values[last] <= TIE * values[last - 1]:
            continue
        if last - first > 1:
            among = vectors[:, first:last]
            vectors[:, first:last] = among @ np.linalg.eigh(among.T @ g @ among)[1]
        first = last
    return values, vectors


# The part of an effect's variance that the others leave unexplained, below which Σ is close to singular.
CLOSE = 0.05


def near_singular(space: SearchSpace, psi: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether an unstructured Σ is so close to a singular one that a search has to look at the boundary itself, (R,)
    for ψ of R searches, (R, r)."""
    near = np.zeros(len(psi), dtype=bool)
    for b in space.blocks:
        if not b.structure.free or b.structure.size < 2:
            continue
        sigma = np.tensordot(psi[:, b.psi], b.structure.basis(), axes=1)
        own = np.einsum("rii->ri", sigma)
        try:
            unexplained = 1.0 / np.einsum("rii->ri", np.linalg.inv(sigma))
        except np.linalg.LinAlgError:  # of one of them: each by itself
            return np.array([len(psi) == 1 or bool(near_singular(space, one[None])[0]) for one in psi])
        near |= ~np.all(unexplained >= CLOSE * own, axis=1)
    return near
