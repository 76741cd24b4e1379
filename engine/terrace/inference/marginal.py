"""The covariance matrix of the outcome, V = ZGZ' + R, of some rows: what dense formulas for one cluster need."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.inference.cells import Cell

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def random_part(design: Design, layout: tuple[Cell, ...], values: FloatArray, rows: IntArray) -> FloatArray:
    """ZGZ' of some rows of the sample, (k, k), from the covariance parameters in the printed order."""
    out = np.zeros((len(rows), len(rows)))
    for position, block in enumerate(design.blocks):
        if not block.names:
            continue
        own = values[[k for k, c in enumerate(layout) if c.block == position]]
        codes, z = block.codes[rows], block.z[rows]
        same = np.equal.outer(codes, codes)
        if block.factor is None:
            out += (z @ block.structure.covariance(own) @ z.T) * same
            continue
        out += own[0] * same
        if len(own) > 1:
            level = block.level.codes[rows]
            out += own[1] * (np.equal.outer(level, level) & ~same)
    return out


def residual_part(design: Design, rho: FloatArray, sigma2: float, rows: IntArray) -> FloatArray:
    """R of some rows of the sample, (k, k); ``rho`` are the relative residual parameters."""
    layout = design.residuals
    groups, by, at = layout.groups[rows], layout.by[rows], layout.at[rows]
    if layout.structure.independent:
        scale = np.ones(layout.n_by)
        scale[1:] = np.exp(rho)
        return np.diag(sigma2 * scale[by])
    out = np.zeros((len(rows), len(rows)))
    slices = layout.slices()
    for group in np.unique(groups):
        inside = np.flatnonzero(groups == group)
        own, part = slices[int(by[inside[0]])]
        r, _, _ = layout.structure.relative(rho[part], at[inside], 0)
        scale_by = float(np.exp(rho[own])) if own is not None else 1.0
        out[np.ix_(inside, inside)] = sigma2 * scale_by * r
    return out
