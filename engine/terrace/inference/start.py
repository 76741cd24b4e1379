"""Starting values given by the user: from()."""

from __future__ import annotations

import math
import re

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.errors import SpecError
from terrace.inference.cells import Cell, cells, residual_ratios, variance_positions
from terrace.inference.stored_names import stored_names
from terrace.likelihood.objective import Objective
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]


def start_values(text: str, design: Design, objective: Objective) -> FloatArray:
    """θ from a list of covariance parameters in the stored metric (log SDs, atanh correlations).

    ``text`` has all of them in order, or some by name, ``lns1_1_1=0.5 lnsig_e=1``, as in e(b); those that are not
    named begin at the SD of the outcome about the fixed part and at correlations of zero. Fixed effects may be there
    too: they are profiled out and not needed. After a comma, ``skip`` passes over names that the model does not have.

    Raises
    ------
    SpecError
        Where the text is not a list of as many numbers as the model has parameters, or names others.
    """
    head, _, tail = text.partition(",")
    layout = cells(design)
    if "=" in head:
        numbers = _by_name(head, "skip" in tail.split(), design, objective, layout)
    else:
        numbers = _in_order(text, (design.x.shape[1], len(design.columns)), len(layout))
    # what a fit could not identify is missing in its e(b), and begins where nothing is said of it
    numbers = [other if math.isnan(x) else x for x, other in zip(numbers, _usual(objective, layout))]
    values = _natural(numbers, layout)
    theta = np.zeros(objective.n_theta)
    first = next((k for k, c in enumerate(layout) if c.block is None), len(layout))
    try:
        theta[objective.layout.n_theta :], sigma2 = design.residuals.from_natural(values[first:])
    except np.linalg.LinAlgError:
        raise SpecError(
            "from(): the residual parameters do not form a covariance matrix.", code="from", subject="from",
            advice="Take them from a fit, as in matrix list e(b).",
        ) from None
    for block, part, transform in zip(design.blocks, objective.layout.theta_slices, objective.layout.transforms):
        if part.stop > part.start:
            entries, _ = block.structure.entries_of(values[part])
            psi = np.asarray(np.linalg.solve(transform.natural, entries) / sigma2)
            theta[part] = block.structure.from_matrix(block.structure.matrix(psi))
    return theta


def _in_order(text: str, fixed: tuple[int, int], count: int) -> list[float]:
    """The numbers of a list, without the fixed effects before them: those that are estimated, or all of e(b)."""
    head = text.partition(",")[0]
    try:
        numbers = [float(part) for part in head.replace(",", " ").split()]
    except ValueError:
        raise SpecError(
            f"from({text}): use a list of numbers, the name of a matrix, or name=number.",
            code="from", subject="from",
            advice="Give the covariance parameters as log standard deviations and atanh correlations, or e(b) of a "
            "fit: matrix b0 = e(b), then from(b0).",
        ) from None
    if len(numbers) in (k + count for k in fixed):
        numbers = numbers[len(numbers) - count :]
    if len(numbers) != count:
        raise SpecError(
            f"from(): {plural(len(numbers), 'number')} given, but the model has "
            f"{plural(count, 'covariance parameter')} "
            f"(and {plural(fixed[0], 'fixed effect')}).",
            code="from", subject="from",
        )
    return numbers


def _by_name(
    head: str, skip: bool, design: Design, objective: Objective, layout: tuple[Cell, ...]
) -> list[float]:
    """The parameters in the order of ``layout`` from ``name=number`` pairs."""
    names = stored_names(design, layout)
    given: dict[str, float] = {}
    others = []
    for pair in re.sub(r"\s*=\s*", "=", head).split():
        name, _, number = pair.rpartition("=")
        short = name.removeprefix("/").removesuffix(":_cons")
        if name.startswith(f"{design.spec.outcome.name}:"):
            continue  # a fixed effect
        if short not in names:
            others.append(name or pair)
            continue
        try:
            given[short] = float(number)
        except ValueError:
            raise SpecError(f"from(): {pair} is not name=number.", code="from", subject="from") from None
    if not given or (others and not skip):
        what = f"the model has no {', '.join(others)}" if others else "no covariance parameter is named"
        raise SpecError(
            f"from(): {what}; its covariance parameters are {', '.join(names)}.",
            code="from", subject="from",
            advice="To ignore names that the model does not have, add skip, as in from(b0, skip)." if given
            else "Take the matrix from a fit, as in matrix b0 = e(b), or write from(name, copy) to go by order.",
        )
    return [given.get(name, other) for name, other in zip(names, _usual(objective, layout))]


def _usual(objective: Objective, layout: tuple[Cell, ...]) -> list[float]:
    """Where parameters begin of which nothing is said."""
    ratios = residual_ratios(layout)
    return [
        math.log(objective.y_scale) if c.kind == "variance" and k not in ratios else 0.0 for k, c in enumerate(layout)
    ]


def _natural(stored: list[float], layout: tuple[Cell, ...]) -> FloatArray:
    """Variances, covariances and residual parameters as printed, (k,), from the stored metric."""
    values = np.array(stored)
    ratios = residual_ratios(layout)
    for k, c in enumerate(layout):
        if c.kind == "variance":
            values[k] = np.exp(2.0 * (stored[k] + (stored[ratios[k]] if k in ratios else 0.0)))
        elif c.scale == "tanh":
            values[k] = np.tanh(stored[k])
        elif c.scale == "logit":
            values[k] = 1.0 / (1.0 + np.exp(-stored[k]))
    for k, c in enumerate(layout):
        if c.kind == "covariance":
            first, second = variance_positions(layout, k)
            values[k] = np.tanh(stored[k]) * np.sqrt(values[first] * values[second])
    return values
