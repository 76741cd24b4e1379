"""Which of two ways computes a likelihood: exactly, by elimination, or by iteration for large crossed designs.

The exact tier forms the equations of all crossed effects but those of one factor as a dense matrix: its cost is the
cube of their number, its memory the square. The iterative tier solves with products alone and estimates traces, with
an error that is known (`terrace.likelihood.iterative`). It is taken where the exact one would take long or would not
fit into memory, or where it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from terrace.data.memory import available_memory
from terrace.design.design import Design
from terrace.errors import SpecError
from terrace.likelihood.cost import Cost, exact_cost
from terrace.likelihood.iterative.objective import IterativeObjective
from terrace.likelihood.objective import Objective
from terrace.likelihood.weights import placed_weights

FloatArray = npt.NDArray[np.float64]
Tier = Literal["exact", "iterative"]

# Operations of an evaluation that take about 3 s on one core of a desktop: ten evaluations are half a minute.
SLOW = 3e10
# The share of free memory that a fit may take.
SHARE = 0.8


def why_not_iterative(design: Design) -> str:
    """Why a design cannot be fitted by iteration, as the rest of a sentence; empty where it can."""
    spec = design.spec
    effects = [block for block in design.blocks if block.names]
    if len({id(block.codes) for block in effects}) < 2:
        return "it has no crossed effects"
    if not design.residuals.simple:
        return "it has residuals other than independent ones with one variance"
    if placed_weights(design)[0]:
        return "it has weights for groups"
    if spec.vce in ("robust", "cluster") or design.weights.kind == "pweight":
        return "it asks for robust standard errors"
    if spec.df_method:
        return "it asks for degrees of freedom of the small sample"
    if any(block.factor is not None and block.structure.n_params > 1 for block in effects):
        return "it has covariances between the values of a factor"
    return ""


def choose(design: Design, wanted: Tier | None = None) -> Tier:
    """The tier of a design; ``wanted`` is what the user asks for.

    Raises
    ------
    SpecError
        Where the tier that is asked for cannot fit the model, or none can with the memory that there is.
    """
    if wanted != "iterative" and not _large(design):
        return "exact"
    why = why_not_iterative(design)
    if wanted == "iterative":
        if why:
            raise SpecError(
                f"The model cannot be fitted by the iterative method: {why}.", code="not-iterative", subject="method",
                advice="Leave method() out.",
            )
        return "iterative"
    cost, free = exact_cost(design), free_memory()
    fits = cost.bytes < SHARE * free
    if wanted != "exact" and not why and (cost.flops > SLOW or not fits):
        needed = iterative_bytes(design)
        if needed > SHARE * free:
            raise _too_large(needed, free, "")
        return "iterative"
    if not fits:
        raise _too_large(cost.bytes, free, why)
    return "exact"


def _large(design: Design) -> bool:
    """Whether the cost needs a look at all: a few hundred crossed effects are always exact."""
    outside = sorted(block.n_groups * len(block.names) for block in design.blocks if block.names)[:-1]
    return sum(outside) > 1000


def iterative_bytes(design: Design) -> float:
    """Bytes that the iterative tier takes beside the design, at most."""
    columns = sum(len(block.names) for block in design.blocks)
    pairs = sum(
        len(a.names) * len(b.names) for k, a in enumerate(design.blocks) for b in design.blocks[k + 1 :]
    )
    numbers = design.x.shape[1] + 1 + 2 * columns
    return float(len(design.y) * (8 * numbers + 28 * pairs))


def free_memory() -> float:
    """Bytes that the system can give; as many as one likes where it does not tell."""
    found = available_memory()
    return math.inf if found is None else float(found)


def _too_large(needed: float, free: float, why: str) -> SpecError:
    gib = 2.0**30
    said = f" The iterative method, which needs less, cannot fit the model: {why}." if why else ""
    return SpecError(
        f"The model needs about {needed / gib:.1f} GiB of memory, and {free / gib:.1f} GiB are free.{said}",
        code="too-large", subject="random",
        advice="Leave out a crossed factor or its slopes, or close other programs.",
    )


def objective_of(
    design: Design, tier: Tier, *, reml: bool, transform: FloatArray | None = None, offset: FloatArray | None = None,
    careful: bool = False, keep_clusters: bool = False, tick: Callable[[], None] | None = None,
) -> Objective:
    """The (restricted) likelihood by one of the tiers; see `Objective`."""
    if tier == "iterative" and not keep_clusters:
        return IterativeObjective(design, reml=reml, transform=transform, offset=offset, tick=tick)
    return Objective(
        design, reml=reml, transform=transform, offset=offset, careful=careful, keep_clusters=keep_clusters
    )


__all__ = ["Cost", "Tier", "choose", "free_memory", "iterative_bytes", "objective_of", "why_not_iterative"]
