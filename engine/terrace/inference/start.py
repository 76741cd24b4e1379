"""Starting values given by the user: from()."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.errors import SpecError
from terrace.inference.cells import cells
from terrace.likelihood.objective import Objective

FloatArray = npt.NDArray[np.float64]


def start_values(text: str, design: Design, objective: Objective) -> FloatArray:
    """θ from a list of covariance parameters in the stored metric (log SDs, atanh correlations).

    The list may also begin with the fixed effects, as e(b) does: these are profiled out and not needed.

    Raises
    ------
    SpecError
        Where the text is not a list of as many numbers as the model has parameters.
    """
    head = text.split(",", maxsplit=1)[0]
    try:
        numbers = [float(part) for part in head.replace(",", " ").split()]
    except ValueError:
        raise SpecError(
            f"from({text}): a list of numbers is expected.", code="from", subject="from",
            advice="Give the covariance parameters as log standard deviations and atanh correlations.",
        ) from None
    layout = cells(design)
    p = design.x.shape[1]
    if len(numbers) == p + len(layout):
        numbers = numbers[p:]
    if len(numbers) != len(layout):
        raise SpecError(
            f"from(): {len(numbers)} numbers given; the model has {len(layout)} covariance parameters (and {p} "
            "fixed effects).",
            code="from", subject="from",
        )
    theta = np.zeros(objective.n_params)
    sigma2 = np.exp(2 * numbers[-1]) if layout[-1].kind == "variance" else objective.y_scale**2
    position = 0
    blocks = zip(design.blocks, objective.layout.block_slices, objective.layout.transforms)
    for block, part, transform in blocks:
        count = part.stop - part.start
        if not count:
            continue
        own = layout[position : position + count]
        sd = {c.i: np.exp(v) for c, v in zip(own, numbers[position:]) if c.kind == "variance"}
        psi = np.array([
            sd[c.i] ** 2 if c.kind == "variance"
            else np.tanh(v) * sd[c.i] * sd.get(c.j, sd[c.i])
            for c, v in zip(own, numbers[position:])
        ])
        psi = np.linalg.solve(transform.natural, psi) / sigma2
        theta[part] = block.structure.from_matrix(block.structure.matrix(psi))
        position += count
    theta[objective.n_random :] = design.residuals.starts()[0]
    return theta
