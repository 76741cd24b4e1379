"""What an evaluation of the exact likelihood takes, as far as the design tells before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass

from terrace.design.design import Design
from terrace.likelihood.layout import build_layout


@dataclass(frozen=True)
class Cost:
    """Floating-point operations of one evaluation with derivatives, and bytes of memory at its peak."""

    flops: float
    bytes: float


def exact_cost(design: Design) -> Cost:
    """The cost of the exact tier, by the sizes of its matrices."""
    layout = build_layout(design, design.x.shape[1] + 1)
    outside = float(sum(c.n_groups * c.z.shape[1] for c in layout.crossed)) + design.x.shape[1] + 1
    r = 1.0 + layout.n_random
    chain = sum(float(c.n_groups) * c.z.shape[1] ** 2 for c in layout.chain)
    if not layout.crossed:
        return Cost(chain * outside * r**2, 8.0 * (len(design.y) * outside + chain * r))
    n = float(len(design.y))
    met = min(n, outside**2) if not layout.sparse else min(n**2 / max(layout.chain[0].n_groups, 1), outside**2)
    pairs = n**2 / max(layout.chain[0].n_groups, 1) if layout.chain else n
    return Cost(outside**3 * (1.0 + r) + pairs * r, 8.0 * (outside**2 * (r + 3.0) + 4.0 * max(met, pairs)))
