"""Covariance structures of random effects.

Every structure is linear in its natural parameters ψ (variances and covariances): Σ(ψ) = Σ_i ψ_i E_i with
constant symmetric basis matrices E_i, so that derivatives of V are constant. The search runs over θ with
ψ = ψ(θ) quadratic (a Cholesky factor or its like), which keeps Σ positive semidefinite and lets it reach
the boundary: a variance of zero is the interior point θ = 0 (Pinheiro & Bates 1996; Bates et al. 2015).

To add a structure: subclass `RandomStructure`, give the members below, add one line to `STRUCTURES`, and the
contract tests in tests/engine/test_covariance.py run over it at sizes 0, 1, 2, 7.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Kind = Literal["variance", "covariance"]


@dataclass(frozen=True, slots=True)
class NaturalParameter:
    """One natural parameter: its kind and the positions (i, j) of Σ that it fills."""

    kind: Kind
    where: tuple[tuple[int, int], ...]


class RandomStructure(ABC):
    """The covariance matrix Σ, shape (q, q), of the q random effects of one equation."""

    title: ClassVar[str] = ""
    key: ClassVar[str] = ""
    words: ClassVar[str] = "with {count}"
    """What there is to say of the matrix, with the number of its parameters."""
    tied: ClassVar[bool] = False
    """Whether one variance is common to all effects, so that their columns need a common scale."""
    diagonal: ClassVar[bool] = False
    """Whether there are no covariances."""
    free: ClassVar[bool] = False
    """Whether every covariance matrix is a member, so that the family is the same in all coordinates of the effects."""
    of_values: ClassVar[bool] = False
    """Whether the effects can be those of the values of a variable, ``R.varname``."""

    def __init__(self, size: int) -> None:
        self.size = size

    @classmethod
    def count(cls, size: int) -> int:
        """Number of free parameters for so many effects."""
        return cls(size).n_params

    @classmethod
    def over_values(cls, values: int) -> RandomStructure:
        """The structure of the effects of so many values of a variable; only where `of_values`."""
        return cls(1)

    def em_over_values(self, psi: FloatArray, gradient: FloatArray, groups: int) -> FloatArray | None:
        """ψ after an M step over the values of a variable; None where that is the M step of one effect."""
        return None

    @property
    def n_roots(self) -> int:
        """How many entries of θ, the first, are roots of variances: all but in a Cholesky factor."""
        return self.n_params

    def singular(self, gone: BoolArray) -> tuple[BoolArray, dict[tuple[int, int], float]]:
        """What zeros among the roots mean, (n_roots,): which effects have no variance, (size,), and correlations on the
        edge by position."""
        return np.resize(gone, self.size), {}

    @abstractmethod
    def parameters(self) -> tuple[NaturalParameter, ...]:
        """The natural parameters in the order of the printed table: variances first."""

    @property
    def n_params(self) -> int:
        """Number of free parameters."""
        return len(self.parameters())

    def basis(self) -> FloatArray:
        """E, shape (n_params, q, q): Σ(ψ) = Σ_i ψ_i E_i."""
        e = np.zeros((self.n_params, self.size, self.size))
        for k, parameter in enumerate(self.parameters()):
            for i, j in parameter.where:
                e[k, i, j] = e[k, j, i] = 1.0
        return e

    def matrix(self, psi: FloatArray) -> FloatArray:
        """Σ(ψ), shape (q, q)."""
        return np.tensordot(psi, self.basis(), axes=1)

    @abstractmethod
    def quadratic(self) -> FloatArray:
        """H, shape (n_params, n_params, n_params), symmetric in the last two: ψ_i(θ) = θ' H_i θ."""

    def to_natural(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ψ(θ) with its Jacobian (i, a) and second derivatives (i, a, b)."""
        h = self.quadratic()
        ht = h @ theta
        return ht @ theta, 2.0 * ht, 2.0 * h

    @abstractmethod
    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        """θ of the member of the family nearest to a positive semidefinite Σ, shape (q, q)."""

    def start(self, scale: float = 1.0) -> FloatArray:
        """θ for Σ = scale · I."""
        return self.from_matrix(scale * np.eye(self.size))

    def project(self, sigma: FloatArray) -> FloatArray:
        """ψ by averaging Σ over the cells that each parameter fills: the M step of EM."""
        psi = np.zeros(self.n_params)
        for k, parameter in enumerate(self.parameters()):
            psi[k] = np.mean([sigma[i, j] for i, j in parameter.where])
        return psi


def _cholesky_or_psd(sigma: FloatArray) -> FloatArray:
    """Lower L with LL' = Σ for a positive semidefinite Σ."""
    try:
        return np.asarray(np.linalg.cholesky(sigma), dtype=np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh((sigma + sigma.T) / 2)
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        r = np.asarray(np.linalg.qr(root.T, mode="r"))
        return np.asarray((r * np.where(np.diag(r) < 0, -1.0, 1.0)[:, None]).T)


class Identity(RandomStructure):
    """One variance common to all, no covariances."""

    title, key = "Identity", "identity"
    words = "one variance on the diagonal, {count}"
    tied = diagonal = of_values = True

    def parameters(self) -> tuple[NaturalParameter, ...]:
        if self.size == 0:
            return ()
        return (NaturalParameter("variance", tuple((i, i) for i in range(self.size))),)

    def quadratic(self) -> FloatArray:
        return np.ones((self.n_params,) * 3)

    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        return np.sqrt(np.maximum(self.project(sigma), 0.0))


class Independent(RandomStructure):
    """A variance for each random effect, no covariances."""

    title, key = "Independent", "independent"
    words = "diagonal, with {count}"
    diagonal = True

    def parameters(self) -> tuple[NaturalParameter, ...]:
        return tuple(NaturalParameter("variance", ((i, i),)) for i in range(self.size))

    def quadratic(self) -> FloatArray:
        h = np.zeros((self.n_params,) * 3)
        for i in range(self.size):
            h[i, i, i] = 1.0
        return h

    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        return np.sqrt(np.maximum(np.diag(sigma), 0.0))


class Exchangeable(RandomStructure):
    """One variance and one covariance. θ are the square roots of the two distinct eigenvalues of Σ.

    For ``R.varname`` the effects are the values of a variable, and only their number `values` matters: two
    positions then stand for any two of them.
    """

    title, key = "Exchangeable", "exchangeable"
    words = "one variance and one covariance, {count}"
    tied = of_values = True

    def __init__(self, size: int, values: int | None = None) -> None:
        super().__init__(size)
        self.values = size if values is None else values

    def parameters(self) -> tuple[NaturalParameter, ...]:
        variances = tuple((i, i) for i in range(self.size))
        pairs = tuple((i, j) for j in range(self.size) for i in range(j + 1, self.size))
        if self.size == 0:
            return ()
        if self.size == 1:
            return (NaturalParameter("variance", variances),)
        return (NaturalParameter("variance", variances), NaturalParameter("covariance", pairs))

    def quadratic(self) -> FloatArray:
        if self.size < 2:
            return np.ones((self.n_params,) * 3)
        q = self.values
        h = np.zeros((2, 2, 2))
        h[0] = np.diag([(q - 1) / q, 1 / q])
        h[1] = np.diag([-1 / q, 1 / q])
        return h

    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        psi = self.project(sigma)
        if self.size < 2:
            return np.sqrt(np.maximum(psi, 0.0))
        variance, covariance = psi
        return np.sqrt(np.maximum([variance - covariance, variance + (self.values - 1) * covariance], 0.0))

    @classmethod
    def over_values(cls, values: int) -> RandomStructure:
        return cls(2, values)

    def em_over_values(self, psi: FloatArray, gradient: FloatArray, groups: int) -> FloatArray | None:
        """The M step of each eigenvalue of the full Σ, (values, values), of a group.

        These are var - cov, values - 1 times, and var + (values - 1)cov, with ∂ll/∂λ = tr(GP), P the projection on its
        eigenvectors: λ + (2/(M·multiplicity)) λ² ∂ll/∂λ. Values that a group lacks are missing data like the others.
        """
        (variance, covariance), (g_var, g_cov) = psi, gradient
        n = self.values
        apart, together = variance - covariance, variance + (n - 1) * covariance
        g_apart = (g_var * (n - 1) - g_cov) / n
        g_together = (g_var + g_cov) / n
        apart += 2.0 / (groups * (n - 1)) * apart**2 * g_apart
        together += 2.0 / groups * together**2 * g_together
        return np.array([((n - 1) * apart + together) / n, (together - apart) / n])

    def singular(self, gone: BoolArray) -> tuple[BoolArray, dict[tuple[int, int], float]]:
        if len(gone) < 2 or gone.all() or not gone.any():
            return np.full(self.size, gone.all()), {}
        return np.zeros(self.size, dtype=bool), {(0, 1): 1.0 if gone[0] else -1.0 / (self.values - 1)}


class Unstructured(RandomStructure):
    """All variances and covariances. θ is the lower Cholesky factor, diagonal first, then column by column."""

    title, key = "Unstructured", "unstructured"
    free = True

    @property
    def n_roots(self) -> int:
        return self.size

    def _cells(self) -> list[tuple[int, int]]:
        q = self.size
        return [(i, i) for i in range(q)] + [(i, j) for j in range(q) for i in range(j + 1, q)]

    def parameters(self) -> tuple[NaturalParameter, ...]:
        return tuple(
            NaturalParameter("variance" if i == j else "covariance", ((i, j),)) for i, j in self._cells()
        )

    def quadratic(self) -> FloatArray:
        cells = self._cells()
        index = {cell: k for k, cell in enumerate(cells)}
        h = np.zeros((len(cells),) * 3)
        for k, (i, j) in enumerate(cells):
            for m in range(min(i, j) + 1):
                a, b = index[(i, m)], index[(j, m)]
                h[k, a, b] += 0.5
                h[k, b, a] += 0.5
        return h

    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        factor = _cholesky_or_psd(sigma) if self.size else np.zeros((0, 0))
        return np.array([factor[i, j] for i, j in self._cells()])


STRUCTURES: dict[str, type[RandomStructure]] = {
    cls.key: cls for cls in (Identity, Independent, Exchangeable, Unstructured)
}


def random_structure(key: str, size: int) -> RandomStructure:
    """The structure of that name for `size` random effects; one effect alone is always `Identity`."""
    return Identity(size) if size == 1 else STRUCTURES[key](size)
