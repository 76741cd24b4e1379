"""Where weights act in the likelihood, and the number of rows that they stand for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design

FloatArray = npt.NDArray[np.float64]


def placed_weights(design: Design) -> tuple[dict[str, FloatArray], FloatArray | None]:
    """Weights by level and by row, each at the finest place where it can act.

    A weight copies its group. Where a level has no random effects of its own, copies of its groups are copies
    of the groups below, or of the rows.
    """
    with_effects = {block.level.name for block in design.blocks if block.names}
    placed: dict[str, FloatArray] = {}
    pending: FloatArray | None = None
    for level in design.levels:
        own = design.weights.of(level.name)
        if own is not None:
            pending = own if pending is None else pending * own
        if level.name in with_effects and pending is not None:
            placed[level.name], pending = pending, None
    row = design.weights.row
    if pending is not None:
        row = pending if row is None else row * pending
    return placed, row
