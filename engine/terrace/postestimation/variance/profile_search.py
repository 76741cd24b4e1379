"""The highest likelihood with one parameter held at a value.

The search runs over (θ, log σ²), θ as in the fit, whitened by the information at the estimates, by sequential
quadratic programming (Kraft 1988) with exact gradients of the likelihood and of the parameter that is held. For the
standard deviation of a random effect Newton's method goes on from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from terrace.inference.cells import Cell, entries_of, natural_values
from terrace.inference.zero_limit import profile_path
from terrace.optimise.search import with_log_variance
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]

OUTSIDE = 1e7
"""How far below the maximum the likelihood is taken to be where there is no covariance matrix."""


LEAVES = 3
"""How often a search that ended at a singular matrix is begun again beside it."""


REACH, LEGS = 60.0, 20
"""How far a search may go from its start, in standard errors: a step of the search must not run away. A search that
ends there goes on from there, so many times."""


ROUNDING = 1e-16
"""The share of a typical variance below which one is no more than rounding."""


class ProfileSearch:
    """Profiles of one fit; solutions are remembered as starts of later searches."""

    def __init__(self, fit: FitResult, tick: Callable[[], None]) -> None:
        model = fit.model
        self.fit, self.tick = fit, tick
        self.objective, self.space = model.objective, model.optimum.space
        point = model.optimum.point
        self.center = np.append(point.theta, math.log(point.evaluation.sigma2))
        self.top = point.ll
        self.whiten = self._whitening()
        self._solutions: dict[tuple[int, str], list[tuple[float, FloatArray]]] = {}
        self.evaluations = 0

    # --- the likelihood -----------------------------------------------------------------------------------
    def likelihood(
        self, u: FloatArray, held: Callable[[FloatArray, FloatArray], FloatArray] | None = None
    ) -> tuple[float, FloatArray]:
        """ℓ at (θ, log σ²) and its gradient, β profiled out; -inf outside.

        ``held`` gives the best β under a constraint, from A⁻¹ and the best one without it.
        """
        self.tick()
        self.evaluations += 1
        o = self.objective
        if abs(u[-1]) > 600:
            return -math.inf, np.zeros_like(u)
        psi, jacobian, _ = self.space.natural(u[:-1])
        try:
            m = o.moments(psi, 1)
        except np.linalg.LinAlgError:
            return -math.inf, np.zeros_like(u)
        p, nu, sigma2 = o.p, o.nu, math.exp(u[-1])
        f = m.f.sum(axis=0)
        a = f[:p, :p]
        sign, log_a = np.linalg.slogdet(a) if p else (1.0, 0.0)
        if sign <= 0:
            return -math.inf, np.zeros_like(u)
        a_inverse = np.linalg.inv(a) if p else np.zeros((0, 0))
        beta = a_inverse @ f[:p, p]
        v = np.append(-(beta if held is None else held(a_inverse, beta)), 1.0)
        rss = float(v @ f @ v)
        penalty = float(log_a) - 2.0 * o.log_det_back if o.reml else 0.0
        constant = nu * (math.log(2 * math.pi) + 2.0 * math.log(o.y_scale))
        ll = -0.5 * (constant + nu * u[-1] + rss / sigma2 + float(m.ld.sum()) + penalty)
        f1 = m.f1.sum(axis=1)
        in_psi = np.einsum("i,aij,j->a", v, f1, v) / sigma2 + m.ld1.sum(axis=1)
        if o.reml:
            in_psi = in_psi + np.einsum("ij,aji->a", a_inverse, f1[:, :p, :p])
        return ll, np.append(-0.5 * jacobian.T @ in_psi, -0.5 * (nu - rss / sigma2))

    # --- the parameter that is held -----------------------------------------------------------------------
    def parameter(self, u: FloatArray, k: int, metric: str) -> tuple[float, FloatArray]:
        """The value of one parameter and its gradient in (θ, log σ²)."""
        psi, jacobian, _ = self.space.natural(u[:-1])
        # a search that has run away is turned back by the likelihood, which is -inf out there
        sigma2 = math.exp(min(max(u[-1], -600.0), 600.0)) * self.objective.y_scale**2
        values, slopes = natural_values(self.objective, psi, sigma2)
        slopes = slopes @ with_log_variance(jacobian)
        cell = self.fit.model.layout[k]
        if metric == "sd" and cell.kind == "variance":
            sd = math.sqrt(max(values[k], 1e-300))
            return sd, slopes[k] / (2.0 * sd)
        if metric == "sd" and cell.kind == "covariance":
            # a variance that is zero but for rounding, which may be below it, would make any number of a correlation
            variances = {m: max(values[m], ROUNDING * self.typical(m, "variance")) for m in self._variances(k)}
            root = math.prod(math.sqrt(v) for v in variances.values())
            r = values[k] / root
            slope = slopes[k] / root
            for other, variance in variances.items():
                slope = slope - 0.5 * r * slopes[other] / variance
            return r, slope
        return float(values[k]), slopes[k]

    def _variances(self, k: int) -> tuple[int, int]:
        from terrace.inference.cells import variance_positions

        return variance_positions(self.fit.model.layout, k)

    def typical(self, k: int, metric: str) -> float:
        """A size for a parameter whose estimate may be zero: 5% of the outcome's spread, 1 for a correlation."""
        cell = self.fit.model.layout[k]
        if cell.kind == "variance":
            block = None if cell.block is None else self.fit.model.design.blocks[cell.block]
            width = 1.0
            if block is not None and block.z.size and block.factor is None:
                width = math.sqrt(float(np.mean(block.z[:, cell.i] ** 2))) or 1.0
            sd = 0.05 * float(self.objective.y_scale) / width
            return sd if metric == "sd" else sd * sd
        if cell.kind == "covariance" and metric != "sd":
            i, j = self._variances(k)
            v = self.fit.model.natural.values
            return 0.1 * math.sqrt(max(v[i] * v[j], 0.0)) or 1.0
        return 0.1

    # --- the search ---------------------------------------------------------------------------------------
    def drop(self, k: int, metric: str, value: float) -> float:
        """ℓ̂ - P(value), at least 0."""
        best, where = math.inf, None
        for start in self._starts(k, metric, value):
            found, u = self._search(k, metric, value, start)
            if found < best:
                best, where = found, u
            if best < OUTSIDE / 2:
                break
        for _ in range(LEAVES):
            inside = None if where is None else self._inside(where)
            if inside is None or where is None:
                break
            found, u = min(
                (self._search(k, metric, value, s) for s in self._pushed(inside, k, metric, value)), key=lambda f: f[0]
            )
            if found > best - 1e-7:
                break
            best, where = found, u
        best, where = self._climbed(k, metric, value, best, where)
        if where is not None:
            self._solutions.setdefault((k, metric), []).append((value, where))
        return max(best, 0.0)

    def _climbed(
        self, k: int, metric: str, value: float, best: float, where: FloatArray | None
    ) -> tuple[float, FloatArray | None]:
        """The maximum beside a standard deviation that Newton's method finds from there or from the estimates, where it
        is higher: second derivatives lead away from a singular matrix."""
        cell = self.fit.model.layout[k]
        if metric != "sd" or cell.kind != "variance" or cell.block is None:
            return best, where
        path = profile_path(self.space, self.fit.model.optimum.point, cell)
        if path is None:
            return best, where
        for start in (where, self.center):
            if start is None:
                continue
            self.tick()
            try:
                found = path.summit(path.start(start), value)
            except np.linalg.LinAlgError:
                continue
            if found is None or not self.top - found[1] < best - 1e-9:
                continue
            psi = path.natural(found[0], value)[0]
            for u in self._as_start(psi, found[0]):
                best, where = self.top - found[1], u
        return best, where

    def _inside(self, u: FloatArray) -> FloatArray | None:
        """A point beside u where no Σ is singular; None where none is at u.

        At a singular Σ the slopes in θ vanish by symmetry, so that a search that ends there may have to leave it.
        """
        theta = u[:-1].copy()
        changed = False
        psi = self.space.natural(theta)[0]
        for b, frame in zip(self.space.blocks, self.space.frames):
            structure = b.structure
            sigma = structure.matrix(psi[b.psi])
            values, vectors = np.linalg.eigh(sigma if frame is None else frame.T @ sigma @ frame)
            if values[0] > 1e-5 * values[-1]:
                continue
            raised = np.maximum(values, max(0.1 * float(values[-1]), 1e-3))
            theta[b.theta] = structure.from_matrix((vectors * raised) @ vectors.T)
            changed = True
        return np.append(theta, u[-1]) if changed else None

    def _starts(self, k: int, metric: str, value: float) -> list[FloatArray]:
        known = self._solutions.get((k, metric), [])
        starts = [u for _, u in sorted(known, key=lambda item: abs(item[0] - value))[:1]]
        starts.append(self.center)
        return [s for u in starts for s in self._pushed(u, k, metric, value)]

    def _pushed(self, u: FloatArray, k: int, metric: str, value: float) -> list[FloatArray]:
        """A start that already has the value, what the other effects are beside it unchanged; then `u`.

        Where Σ of an equation is moved, the distribution of all effects given those that the parameter is about stays:
        that means the same in all coordinates, wherever a covariate has its origin.
        """
        layout, objective = self.fit.model.layout, self.objective
        cell = layout[k]
        out = u.copy()
        psi, _, _ = self.space.natural(u[:-1])
        scale2 = objective.y_scale**2
        if cell.block is None:
            if cell.kind != "variance" or not self.fit.model.design.residuals.simple or value <= 0:
                return [u]
            # Σ stands relative to σ², so that it is moved against it
            out[-1] = math.log(value**2 / scale2)
            moved = psi.copy()
            moved[: objective.n_random] *= math.exp(u[-1] - out[-1])
        else:
            block = self.fit.model.design.blocks[cell.block]
            part = objective.layout.block_slices[cell.block]
            if not block.structure.free:
                return self._pushed_tied(u, k, metric, value)
            a = objective.layout.transforms[cell.block].a[[cell.i, cell.j]]
            sigma = block.structure.matrix(psi[part])
            c = a @ sigma @ a.T
            wanted = self._wanted(cell, metric, value, c, math.exp(u[-1]) * scale2)
            if wanted is None:
                return [u]
            if cell.kind == "variance":
                a, c, wanted = a[:1], c[:1, :1], wanted[:1, :1]
            if np.linalg.eigvalsh(c)[0] <= 1e-12 * max(float(np.trace(c)), 1e-300):
                # nothing is known of the others given an effect that does not vary: its variance is put on top
                inverse = np.linalg.pinv(a)
                sigma = sigma + inverse @ (wanted - c) @ inverse.T
            else:
                gain = sigma @ a.T @ np.linalg.inv(c)
                sigma = sigma + gain @ (wanted - c) @ gain.T
            sigmas = [sigma]
            if cell.kind == "covariance" and metric != "sd" and c[0, 0] > 0 and c[0, 1] * wanted[0, 1] > 0:
                # far from a covariate's origin a covariance is nearly a multiple of the variance of its slope
                base = block.structure.matrix(psi[part])
                k2 = wanted[0, 1] / c[0, 1]
                along = base @ a[0] / c[0, 0]
                scaled = np.eye(len(base)) + (math.sqrt(k2) - 1.0) * np.outer(along, a[0])
                sigmas.append(scaled @ base @ scaled.T)
            starts = []
            for one in sigmas:
                moved = psi.copy()
                moved[part] = block.structure.project(one)
                starts += self._as_start(moved, out)
            return [*sorted(starts, key=lambda x: -self.likelihood(x)[0]), u]
        return [*self._as_start(moved, out), u]

    def _as_start(self, psi: FloatArray, u: FloatArray) -> list[FloatArray]:
        """(θ, log σ²) of ψ with the residual part and σ² of u; none where that is no number."""
        theta = self.space.from_psi(psi)
        theta[self.space.residual] = u[:-1][self.space.residual]
        return [np.append(theta, u[-1])] if np.all(np.isfinite(theta)) else []

    @staticmethod
    def _wanted(cell: Cell, metric: str, value: float, c: FloatArray, sigma2: float) -> FloatArray | None:
        """The covariance matrix (2, 2), relative to σ², of the effects of a parameter once it has its value."""
        out = c.copy()
        if cell.kind == "variance":
            out[0, 0] = value**2 / sigma2
            return out
        if metric == "sd":
            out[0, 1] = out[1, 0] = value * math.sqrt(max(c[0, 0] * c[1, 1], 0.0))
            return out
        if c[0, 0] <= 0:
            return None
        out[0, 1] = out[1, 0] = value / sigma2
        # the second effect keeps what it is apart from the first
        out[1, 1] += (out[0, 1] ** 2 - c[0, 1] ** 2) / c[0, 0]
        return out

    def _pushed_tied(self, u: FloatArray, k: int, metric: str, value: float) -> list[FloatArray]:
        """`_pushed` for structures whose parameters are few: all others in the user's units unchanged."""
        cell = self.fit.model.layout[k]
        n, known = self.objective.n_random, self.objective.layout.n_theta
        psi, _, _ = self.space.natural(u[:-1])
        scale2 = self.objective.y_scale**2
        values, _ = natural_values(self.objective, psi, math.exp(u[-1]) * scale2)
        random = values[:known].copy()
        if cell.kind == "variance":
            random[k] = value**2
        elif cell.kind == "other":
            random[k] = value
        else:
            i, j = self._variances(k)
            random[k] = value * math.sqrt(max(random[i] * random[j], 0.0)) if metric == "sd" else value
        moved = psi.copy()
        entries, _ = entries_of(self.objective, random)
        moved[:n] = np.linalg.solve(self.objective.natural_map(), entries) / (math.exp(u[-1]) * scale2)
        return [*self._as_start(moved, u), u]

    def _search(self, k: int, metric: str, value: float, start: FloatArray) -> tuple[float, FloatArray]:
        """ℓ̂ - ℓ and (θ, log σ²) at the maximum over all but the parameter that is held; ∞ where it is not found."""
        found, u, further = self._leg(k, metric, value, start)
        for _ in range(LEGS):
            if not further:
                break
            next_found, next_u, further = self._leg(k, metric, value, u)
            if not next_found < found:
                break
            found, u = next_found, next_u
        return found, u

    def _leg(self, k: int, metric: str, value: float, start: FloatArray) -> tuple[float, FloatArray, bool]:
        """`_search` as far as REACH, and whether it ended there."""
        from scipy.optimize import minimize

        unit = max(abs(value), self.typical(k, metric))
        # from the start rather than from the centre, where a variance of zero has no direction
        whiten = self.whiten

        def drop(y: FloatArray) -> tuple[float, FloatArray]:
            ll, slope = self.likelihood(start + whiten @ y)
            if not math.isfinite(ll):
                return OUTSIDE, np.zeros_like(y)
            return self.top - ll, -whiten.T @ slope

        def held(y: FloatArray) -> float:
            return (self.parameter(start + whiten @ y, k, metric)[0] - value) / unit

        def held_slope(y: FloatArray) -> FloatArray:
            return whiten.T @ self.parameter(start + whiten @ y, k, metric)[1] / unit

        result = minimize(
            drop, np.zeros(len(start)), jac=True, method="SLSQP",
            constraints=({"type": "eq", "fun": held, "jac": held_slope},),
            bounds=[(-REACH, REACH)] * len(start),
            options={"ftol": 1e-10, "maxiter": 200},
        )  # fmt: skip
        if abs(held(result.x)) > 1e-6:
            return math.inf, start, False
        return float(result.fun), start + whiten @ result.x, bool(np.abs(result.x).max() > 0.999 * REACH)

    def _whitening(self) -> FloatArray:
        """W with W'HW = I for the information H at the estimates; flat directions get a length of their own."""
        point = self.fit.model.optimum.point
        full = point.evaluation.full_hessian
        j = point.to_psi
        _, _, second = self.space.natural(point.theta)
        h = -(j.T @ full @ j)
        h[:-1, :-1] -= np.tensordot(point.evaluation.gradient, second, axes=1)
        values, vectors = np.linalg.eigh((h + h.T) / 2)
        floor = max(1e-4 * float(values.max()), 1e-6)
        whitening: FloatArray = vectors / np.sqrt(np.maximum(values, floor))
        return whitening
