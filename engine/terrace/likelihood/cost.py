"""What an evaluation of the exact likelihood takes: predicted from counts, before anything large is formed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terrace.design.design import Design
from terrace.likelihood.layout import Plan, plan


@dataclass(frozen=True)
class Cost:
    """Floating-point operations of one evaluation with its gradient, and bytes at the peak beside the design."""

    flops: float
    bytes: float


# Matrices of the size of the crossed block that stand at once when exact second derivatives are wanted.
SQUARES = 6.0
# Bytes of a pair of cells that is listed (index and value), and the operations that a pair out of the cache counts as.
PAIR_BYTES, PAIR_FLOPS = 12.0, 40.0


def exact_cost(design: Design) -> Cost:
    """The cost of the exact tier for this design: with T crossed columns beside the chain, T³ operations to factorise
    and invert and T² numbers, and the pairs of cells that meet within a group of the chain's first factor."""
    order = plan(design, design.x.shape[1] + 1)
    p = design.x.shape[1] + 1.0
    n, t = float(len(design.y)), float(order.outside)
    if not order.chain:
        return Cost(t**3 + n, 8.0 * (SQUARES * (t + p) ** 2 + n * p))
    finest = order.factors[order.chain[0]]
    q, groups = float(finest.q), float(finest.n_groups)
    if not order.sparse:
        # every group has a dense block of all columns to come, with a copy for each derivative
        width = sum(float(order.factors[k].q) for k in order.chain) + t + p
        copies = 2.0 + order.n_params
        return Cost(groups * width**2 * q * copies + t**3, 8.0 * (groups * width**2 * copies + SQUARES * (t + p) ** 2))
    cells = _cells(order)
    pairs = float(cells @ cells) / 2.0
    # a group's pairs are listed or its rows made dense, whichever is less: see `terrace.likelihood.gram`
    gram = q * q * 2.0 * min(PAIR_FLOPS * pairs, groups * t**2)
    listed = min(PAIR_BYTES * pairs, 16.0 * t**2)
    data = 8.0 * (n * (p + 4.0) + float(cells.sum()) * (q + 3.0) + groups * q * (p + 4.0 * q))
    return Cost(t**3 + gram, 8.0 * SQUARES * (t + p) ** 2 + listed + data)


def _cells(order: Plan) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """An upper bound of the nonzero crossed columns of each group of the finest factor, (G,): rows times columns a row,
    and no more than there are columns."""
    finest = order.factors[order.chain[0]]
    rows = np.bincount(finest.codes, minlength=finest.n_groups).astype(np.float64)
    cells = np.zeros(finest.n_groups)
    for k in order.rest:
        factor = order.factors[k]
        cells += factor.q * np.minimum(rows, float(factor.n_groups))
    return cells
