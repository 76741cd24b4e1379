"""Starting values given by the user: from()."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.errors import SpecError
from terrace.inference.cells import Cell, cells
from terrace.inference.parameters import variance_positions
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
    values = _natural(numbers, layout)
    theta = np.zeros(objective.n_params)
    first = next((k for k, c in enumerate(layout) if c.block is None), len(layout))
    try:
        theta[objective.n_random :], sigma2 = design.residuals.from_natural(values[first:])
    except np.linalg.LinAlgError:
        raise SpecError(
            "from(): the residual parameters are no covariance matrix.", code="from", subject="from",
            advice="Take them from a fit, as in matrix list e(b).",
        ) from None
    position = 0
    blocks = zip(design.blocks, objective.layout.block_slices, objective.layout.transforms)
    for block, part, transform in blocks:
        count = part.stop - part.start
        if not count:
            continue
        psi = np.asarray(np.linalg.solve(transform.natural, values[position : position + count]) / sigma2)
        theta[part] = block.structure.from_matrix(block.structure.matrix(psi))
        position += count
    return theta


def _natural(stored: list[float], layout: tuple[Cell, ...]) -> FloatArray:
    """Variances, covariances and residual parameters as printed, (k,), from the stored metric."""
    values = np.array(stored)
    for k, c in enumerate(layout):
        if c.kind == "variance":
            values[k] = np.exp(2.0 * stored[k])
        elif c.scale == "tanh":
            values[k] = np.tanh(stored[k])
        elif c.scale == "logit":
            values[k] = 1.0 / (1.0 + np.exp(-stored[k]))
    for k, c in enumerate(layout):
        if c.kind == "covariance":
            first, second = variance_positions(layout, k)
            values[k] = np.tanh(stored[k]) * np.sqrt(values[first] * values[second])
    return values
