"""The likelihood of a linear mixed model on one dense n-by-n covariance matrix.

    y ~ N(X b, V),  V = sum_terms Z (I x G) Z' + R
    l   = -1/2 { n log 2pi + log|V| + r' V^-1 r }                                (manual of mixed, eq. 9)
    l_R = l + 1/2 { p log 2pi - log|X' V^-1 X| }                                  (eq. 10 and 13)

Everything else is a definition applied to V: generalised least squares, best linear unbiased prediction
(Henderson 1950), observed information by numerical differentiation.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from scipy import linalg

from .model import Model, complete, design, group_codes
from .numerics import hessian, jacobian
from .structures import Block, random_block, residual_block, to_free, to_natural


class Dense:
    """One model on one data frame. Parameters are natural ones, in the order of the printed table."""

    def __init__(self, model: Model, frame: pd.DataFrame) -> None:
        self.model = model
        self.frame = frame = complete(frame, model)
        self.y = frame[model.outcome].to_numpy(float)
        self.x = design(frame, model.fixed)
        self.n, self.p = self.x.shape
        self.z = [design(frame, r.columns) for r in model.random]
        self.codes = [group_codes(frame, r.groups) for r in model.random]
        self.blocks: list[Block] = [
            random_block(r.level, r.columns, z.shape[1], r.structure) for r, z in zip(model.random, self.z)
        ]
        res = model.residual
        self.time = frame[res.time].to_numpy(float) if res.time else np.arange(self.n, dtype=float)
        self.lowest = group_codes(frame, res.groups) if res.groups else np.arange(self.n)
        self.by = frame[res.by].to_numpy(float) if res.by else np.zeros(self.n)
        self.by_levels = np.unique(self.by)
        spans = [np.ptp(self.time[self.lowest == g]) for g in np.unique(self.lowest)]
        lags = int(max(spans)) if res.time else 0
        self.same = [c[:, None] == c[None, :] for c in self.codes]
        # (which by() level, the rows) of every group
        self.rows = [
            (k, rows)
            for k, level in enumerate(self.by_levels)
            for g in np.unique(self.lowest)
            if len(rows := np.flatnonzero((self.lowest == g) & (self.by == level)))
        ]
        for level in self.by_levels:
            prefix = f"{level:g}:" if res.by else ""
            self.blocks.append(residual_block(res.structure, res.order, np.unique(self.time), lags, prefix))
        self.cuts = np.cumsum([0, *(len(b.names) for b in self.blocks)])

    # --- parameters ------------------------------------------------------------------------------------
    @cached_property
    def names(self) -> list[tuple[str, str]]:
        """(level, printed name) of every covariance parameter."""
        return [(b.level, name) for b in self.blocks for name in b.names]

    @cached_property
    def kinds(self) -> list[str]:
        """Which interval each parameter gets."""
        return [k for b in self.blocks for k in b.kinds]

    def _parts(self, values: np.ndarray) -> list[np.ndarray]:
        values = np.asarray(values, float)
        return [values[a:b] for a, b in zip(self.cuts, self.cuts[1:])]

    def free(self, natural: np.ndarray) -> np.ndarray:
        """Natural parameters in the unconstrained metric."""
        return np.concatenate([to_free(b, p) for b, p in zip(self.blocks, self._parts(natural))])

    def natural(self, free: np.ndarray) -> np.ndarray:
        """The inverse of `free`."""
        return np.concatenate([to_natural(b, p) for b, p in zip(self.blocks, self._parts(free))])

    # --- matrices --------------------------------------------------------------------------------------
    def g_full(self, natural: np.ndarray, term: int) -> tuple[np.ndarray, np.ndarray]:
        """(Z, G) of one term, columns group by group: shapes (n, m q) and (m q, m q)."""
        z, codes = self.z[term], self.codes[term]
        m, q = codes.max() + 1, z.shape[1]
        wide = np.zeros((self.n, m * q))
        for g in range(m):
            wide[codes == g, g * q : (g + 1) * q] = z[codes == g]
        return wide, np.kron(np.eye(m), self.blocks[term].matrix(self._parts(natural)[term]))

    def r_matrix(self, natural: np.ndarray) -> np.ndarray:
        """Residual covariance, shape (n, n)."""
        out = np.zeros((self.n, self.n))
        parts = self._parts(natural)[len(self.z) :]
        blocks = self.blocks[len(self.z) :]
        for k, rows in self.rows:
            out[rows[:, None], rows] = blocks[k].matrix(parts[k], self.time[rows])
        return out

    def v(self, natural: np.ndarray) -> np.ndarray:
        """Covariance of the outcome, shape (n, n)."""
        out = self.r_matrix(natural)
        for block, z, same, p in zip(self.blocks, self.z, self.same, self._parts(natural)):
            out += (z @ block.matrix(p) @ z.T) * same
        return out

    def dv(self, natural: np.ndarray) -> np.ndarray:
        """Derivatives of V by the natural parameters, shape (k, n, n)."""
        return np.moveaxis(jacobian(self.v, natural, step=-0.02), -1, 0)

    # --- likelihood ------------------------------------------------------------------------------------
    def pieces(self, natural: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """(beta, Phi = (X'V^-1X)^-1, residual y - X beta, log likelihood by the model's method)."""
        factor = linalg.cholesky(self.v(natural), lower=True)
        wx = linalg.solve_triangular(factor, self.x, lower=True)
        wy = linalg.solve_triangular(factor, self.y, lower=True)
        information = wx.T @ wx
        beta = np.linalg.solve(information, wx.T @ wy) if self.p else np.zeros(0)
        rest = wy - wx @ beta
        ll = -0.5 * (self.n * np.log(2 * np.pi) + rest @ rest) - np.log(np.diag(factor)).sum()
        if self.model.reml:
            ll += 0.5 * (self.p * np.log(2 * np.pi) - np.linalg.slogdet(information)[1])
        return beta, np.linalg.inv(information), self.y - self.x @ beta, float(ll)

    def ll(self, natural: np.ndarray) -> float:
        """Log (restricted) likelihood with the fixed effects profiled out; -inf where V is not positive."""
        try:
            return self.pieces(natural)[3]
        except np.linalg.LinAlgError:
            return -np.inf

    def ll_free(self, free: np.ndarray) -> float:
        """`ll` as a function of the unconstrained parameters."""
        with np.errstate(all="ignore"):
            natural = self.natural(free)
        return self.ll(natural) if np.all(np.isfinite(natural)) else -np.inf

    def gradient(self, natural: np.ndarray) -> np.ndarray:
        """Of the log likelihood, in the unconstrained metric."""
        return jacobian(self.ll_free, self.free(natural))

    def covariance(self, natural: np.ndarray) -> np.ndarray:
        """Inverse observed information of the natural parameters, by the delta method."""
        free = self.free(natural)
        inverse = np.linalg.inv(-hessian(self.ll_free, free))
        change = jacobian(self.natural, free)
        return change @ inverse @ change.T

    # --- after the fit ---------------------------------------------------------------------------------
    def effects(self, natural: np.ndarray, term: int) -> tuple[np.ndarray, np.ndarray]:
        """Predicted random effects of one term and their SEs, each (groups, q).

        u = G Z' V^-1 (y - X b). The SE is of the conditional distribution under ML, sqrt diag(G - G Z' V^-1 Z
        G), and of prediction under REML, with V^-1 - V^-1 X Phi X' V^-1 in place of V^-1.
        """
        wide, g = self.g_full(natural, term)
        inverse = np.linalg.inv(self.v(natural))
        _, phi, rest, _ = self.pieces(natural)
        u = g @ wide.T @ inverse @ rest
        middle = inverse
        if self.model.reml:
            middle = inverse - inverse @ self.x @ phi @ self.x.T @ inverse
        spread = g - g @ wide.T @ middle @ wide @ g
        q = self.z[term].shape[1]
        return u.reshape(-1, q), np.sqrt(np.maximum(np.diag(spread), 0)).reshape(-1, q)

    def fitted(self, natural: np.ndarray) -> np.ndarray:
        """X b plus every predicted random effect, shape (n,)."""
        inverse = np.linalg.inv(self.v(natural))
        _, _, rest, _ = self.pieces(natural)
        return self.y - self.r_matrix(natural) @ inverse @ rest
