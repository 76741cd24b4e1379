"""Newton searches for many outcomes of one design side by side: `terrace.optimise.newton` with the outcomes on the
first axis. A search that does not go smoothly is left to the caller, who has the whole of `optimise` for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.likelihood.outcomes import Evaluations, Outcomes
from terrace.optimise.newton import Tolerances
from terrace.optimise.search import Frames, SearchSpace, near_singular

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# A search that takes longer goes along a boundary.
ITERATIONS = 12


@dataclass(frozen=True)
class Maxima:
    """Where the searches ended: ``theta`` (R, t) in the frames of the start, ``psi`` (R, r), ``ll`` (R,), ``sigma2``
    (R,) and ``beta`` (R, p) as in `Evaluations`; ``converged`` (R,) says for which of them that is a maximum."""

    theta: FloatArray
    psi: FloatArray
    ll: FloatArray
    sigma2: FloatArray
    beta: FloatArray
    converged: BoolArray


def maximise_many(
    outcomes: Outcomes, theta: FloatArray, tolerances: Tolerances, frames: Frames | None = None
) -> Maxima:
    """Maximise the likelihood of every outcome, all from θ, shape (r,), in ``frames`` where given."""
    o = outcomes.objective
    count, r = len(outcomes.f), o.n_theta
    space = SearchSpace(o)
    # ψ_i = θ'H_iθ
    quadratic = 0.5 * space.natural(np.zeros(r), frames)[2]
    at = np.tile(theta, (count, 1))
    everything = np.arange(count)
    here = outcomes.evaluate(_psi(quadratic, at), everything)
    ll, sigma2, beta = here.ll.copy(), here.sigma2.copy(), here.beta.copy()
    converged = np.full(count, r == 0)
    active = everything[~converged]
    radius = np.ones(count)
    gradient, hessian = _in_theta(quadratic, at, here)
    for _ in range(ITERATIONS):
        if not len(active):
            break
        scale = np.maximum(np.abs(at[active]), 0.3)
        g = gradient[active] * scale
        h = hessian[active] * scale[:, :, None] * scale[:, None, :]
        step, gain, newton = _steps(g, h, radius[active])
        done = newton & (gain < tolerances.final)
        converged[active[done]] = True
        go = ~done
        active, scale, g, step, gain, newton = active[go], scale[go], g[go], step[go], gain[go], newton[go]
        if not len(active):
            break
        trial = at[active] + step * scale
        there = outcomes.evaluate(_psi(quadratic, trial), active)
        g_there, h_there = _in_theta(quadratic, trial, there)
        rounding = 1e-11 * (1.0 + np.abs(ll[active]))
        actual = there.ll - ll[active]
        # below what the likelihood can show, the gradient judges
        shown = gain >= 10 * rounding
        calmer = np.linalg.norm(g_there * scale, axis=1) <= np.linalg.norm(g, axis=1)
        ratio = np.where(shown, actual / np.maximum(gain, 1e-300), np.where(calmer | (actual >= -rounding), 1.0, -1.0))
        length = np.linalg.norm(step, axis=1)
        own = radius[active]
        wider = (ratio > 0.75) & (length > 0.8 * own)
        radius[active] = np.where(wider, 4.0 * own, np.where(ratio < 0.25, 0.25 * np.minimum(own, length), own))
        accepted = ratio > 1e-4
        moved = active[accepted]
        at[moved], ll[moved] = trial[accepted], there.ll[accepted]
        sigma2[moved], beta[moved] = there.sigma2[accepted], there.beta[accepted]
        gradient[moved], hessian[moved] = g_there[accepted], h_there[accepted]
        ended = newton & (gain < tolerances.decrement)
        converged[active[ended]] = True
        active = active[~ended]
    # close to a singular Σ a search has to look at the boundary itself
    psi = _psi(quadratic, at)
    converged &= ~near_singular(space, psi)
    return Maxima(at, psi, ll, sigma2, beta, converged)


def _psi(quadratic: FloatArray, theta: FloatArray) -> FloatArray:
    psi: FloatArray = np.einsum("iab,ra,rb->ri", quadratic, theta, theta)
    return psi


def _in_theta(quadratic: FloatArray, theta: FloatArray, e: Evaluations) -> tuple[FloatArray, FloatArray]:
    jacobian = 2.0 * np.einsum("iab,rb->ria", quadratic, theta)
    gradient = np.einsum("ri,ria->ra", e.gradient, jacobian)
    hessian = np.swapaxes(jacobian, 1, 2) @ e.hessian @ jacobian
    return gradient, hessian + 2.0 * np.einsum("ri,iab->rab", e.gradient, quadratic)


def _at_radius(values: FloatArray, along: FloatArray, radius: FloatArray, floor: FloatArray) -> FloatArray:
    """Steps of the length of the radii, (R, r), in the coordinates of the eigenvectors."""
    low = np.maximum(0.0, -values[:, 0]) + floor
    high = low + np.linalg.norm(along, axis=1) / radius + floor
    for _ in range(50):
        shift = 0.5 * (low + high)
        long = np.linalg.norm(along / (values + shift[:, None]), axis=1) > radius
        low, high = np.where(long, shift, low), np.where(long, high, shift)
    return np.asarray(along / (values + high[:, None]))


def _steps(g: FloatArray, h: FloatArray, radius: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Steps within the radii, (R, r), what they promise, and which are plain Newton steps.

    Others go to the radius, the shift of the curvature found by halving; see `newton.trust_region_step`.
    """
    values, vectors = np.linalg.eigh(-h)
    along = np.einsum("rij,ri->rj", vectors, g)
    floor = 1e-12 * np.maximum(1.0, np.abs(values).max(axis=1))
    positive = values[:, 0] > floor
    safe = np.where(positive[:, None], values, 1.0)
    s = along / safe
    newton = positive & (np.linalg.norm(s, axis=1) <= radius)
    short = ~newton
    if short.any():
        s[short] = _at_radius(values[short], along[short], radius[short], floor[short])
    gain = np.einsum("rj,rj->r", along, s) - 0.5 * np.einsum("rj,rj,rj->r", values, s, s)
    return np.einsum("rij,rj->ri", vectors, s), gain, newton
