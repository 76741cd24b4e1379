"""Random effects: heterogeneous compound symmetry, Σ = SCS with a standard deviation each and one correlation.

The exercise of the recipe in docs/development.md: a structure that is not linear in its parameters.
"""

from __future__ import annotations

import numpy as np

from terrace.covariance.contract import (
    BOUNDARY,
    BoolArray,
    EntriesStructure,
    FloatArray,
    NaturalParameter,
    Position,
)
from terrace.covariance.symbols import Letters, Symbol


class Csh(EntriesStructure):
    """θ are the roots of the standard deviations, s_i = w_i², and an angle φ with ρ = (q sin²φ - 1)/(q - 1).

    The eigenvalues of C are 1 - ρ = q cos²φ/(q - 1) and 1 + (q - 1)ρ = q sin²φ, so that θ reaches every member and
    has no edge: on the boundary its slopes vanish by symmetry, and second derivatives tell a maximum.
    """

    title, key = "Heterogeneous exchangeable", "csh"
    sentence = "A variance for each effect, one correlation for every pair."
    words = "a variance for each effect and one correlation, {count}"

    def parameters(self) -> tuple[NaturalParameter, ...]:
        q = self.size
        variances = tuple(NaturalParameter("variance", ((i, i),)) for i in range(q))
        pairs = tuple((i, j) for j in range(q) for i in range(j + 1, q))
        return (*variances, NaturalParameter("other", pairs, "rho")) if pairs else variances

    @classmethod
    def letters(cls, i: int, j: int) -> Letters:
        if i == j:
            return (Symbol("τ", f"{i}{i}"),)
        return Symbol("ρ"), Symbol("τ", str(min(i, j))), Symbol("τ", str(max(i, j)))

    def _pairs(self) -> list[Position]:
        return [where[0] for where in self.entries()[self.size :]]

    def printed(self, psi: FloatArray) -> tuple[FloatArray, FloatArray]:
        q = self.size
        values, jacobian = psi[: self.n_params].copy(), np.eye(self.n_params, self.n_entries)
        if q < 2:
            return values, jacobian
        root = np.sqrt(np.maximum(psi[:q], 0.0))
        total = sum(root[i] * root[j] for i, j in self._pairs())
        rho = float(np.sum(psi[q:])) / total if total > 0 else 0.0
        values[q], jacobian[q] = rho, 0.0
        if total > 0:
            jacobian[q, q:] = 1.0 / total
            others = root.sum() - root
            jacobian[q, :q] = -rho * np.divide(0.5 * others, root, out=np.zeros(q), where=root > 0) / total
        return values, jacobian

    def entries_of(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        q = self.size
        psi, jacobian = np.zeros(self.n_entries), np.zeros((self.n_entries, self.n_params))
        root = np.sqrt(np.maximum(values[:q], 0.0))
        psi[:q], jacobian[:q, :q] = values[:q], np.eye(q)
        for k, (i, j) in enumerate(self._pairs(), start=q):
            psi[k], jacobian[k, q] = values[q] * root[i] * root[j], root[i] * root[j]
            for a, b in ((i, j), (j, i)):
                jacobian[k, a] = values[q] * 0.5 * root[b] / root[a] if root[a] > 0 else 0.0
        return psi, jacobian

    def to_psi(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        q, n = self.size, self.n_params
        w = theta[:q]
        psi = np.zeros(self.n_entries)
        first, second = np.zeros((self.n_entries, n)), np.zeros((self.n_entries, n, n))
        own = np.arange(q)
        psi[:q], first[own, own], second[own, own, own] = w**4, 4.0 * w**3, 12.0 * w**2
        if q < 2:
            return psi, first, second
        phi, r = theta[q], q / (q - 1.0)
        rho, rho1, rho2 = r * np.sin(phi) ** 2 - 1.0 / (q - 1.0), r * np.sin(2 * phi), 2.0 * r * np.cos(2 * phi)
        for k, (i, j) in enumerate(self._pairs(), start=q):
            a, b = w[i] ** 2, w[j] ** 2
            psi[k] = a * b * rho
            first[k, [i, j, q]] = 2 * w[i] * b * rho, 2 * w[j] * a * rho, a * b * rho1
            second[k, i, i], second[k, j, j], second[k, q, q] = 2 * b * rho, 2 * a * rho, a * b * rho2
            second[k, i, j] = second[k, j, i] = 4 * w[i] * w[j] * rho
            second[k, i, q] = second[k, q, i] = 2 * w[i] * b * rho1
            second[k, j, q] = second[k, q, j] = 2 * w[j] * a * rho1
        return psi, first, second

    def from_matrix(self, sigma: FloatArray) -> FloatArray:
        q = self.size
        s = np.sqrt(np.maximum(np.diag(sigma), 0.0))
        if q < 2:
            return np.sqrt(s)
        total = sum(s[i] * s[j] for i, j in self._pairs())
        rho = sum(sigma[i, j] for i, j in self._pairs()) / total if total > 0 else 0.0
        share = np.clip((1.0 + (q - 1.0) * rho) / q, 0.0, 1.0)
        return np.append(np.sqrt(s), np.arcsin(np.sqrt(share)))

    def at_edge(self, theta: FloatArray) -> BoolArray:
        q = self.size
        gone: BoolArray = theta[:q] ** 4 < BOUNDARY
        return gone if q < 2 else np.append(gone, abs(np.sin(2 * theta[q])) / 2 < np.sqrt(BOUNDARY))

    def snapped(self, theta: FloatArray) -> FloatArray:
        out = np.where(self.at_edge(theta), 0.0, theta)
        if self.size > 1 and self.at_edge(theta)[-1]:
            out[-1] = np.round(theta[-1] / (np.pi / 2)) * (np.pi / 2)
        return out

    def singular(self, theta: FloatArray) -> tuple[BoolArray, dict[Position, float]]:
        q, gone = self.size, self.at_edge(theta)
        if q < 2 or not gone[q]:
            return gone[:q], {}
        return gone[:q], {(0, 1): 1.0 if np.sin(theta[q]) ** 2 > 0.5 else -1.0 / (q - 1.0)}
