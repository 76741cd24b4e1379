"""What an evaluation of the exact likelihood takes: predicted from counts, before anything large is formed."""

from __future__ import annotations

from dataclasses import dataclass

from terrace.design.design import Design
from terrace.likelihood.layout import plan, sparse_work


@dataclass(frozen=True)
class Cost:
    """Floating-point operations of one evaluation with its gradient, and bytes at the peak beside the design."""

    flops: float
    bytes: float


# Matrices of the size of the crossed block that stand at once when exact second derivatives are wanted.
SQUARES = 6.0


def exact_cost(design: Design) -> Cost:
    """The cost of the exact tier for this design, with T crossed columns beside the chain of nested factors.

    What is listed of a large crossed design is bounded by the rows of each group: cells with many rows take less.
    """
    p = design.x.shape[1] + 1.0
    order = plan(design, int(p))
    n, t = float(len(design.y)), float(order.outside)
    square = 8.0 * SQUARES * (t + p) ** 2
    if not order.chain:
        return Cost(t**3 + n, square + 8.0 * n * p)
    finest = order.factors[order.chain[0]]
    q, groups = float(finest.q), float(finest.n_groups)
    if not order.sparse:
        # every group has a dense block of all columns to come, with a copy for each derivative
        width = sum(float(order.factors[k].q) for k in order.chain) + t + p
        blocks = groups * width**2 * (2.0 + order.n_params)
        return Cost(q * blocks + t**3, 8.0 * (blocks + n * p) + square)
    flops, listed = sparse_work(order.factors, order.chain[0])
    columns = sum(float(f.q) for k, f in enumerate(order.factors) if k != order.chain[0])
    # while pairs are listed, their places and values stand beside the lists; rows are sorted, their columns collected
    data = 8.0 * n * (p + 6.0 * columns + 2.0 * q) + 8.0 * groups * q * (3.0 * p + 6.0 * q)
    return Cost(flops, square + 2.5 * listed + data)
