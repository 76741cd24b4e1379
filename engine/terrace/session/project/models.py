"""Fits without their arrays, and the arrays made again from the data: bound, and evaluated at the stored estimates.

Nothing is searched. The point at which the search ended is stored, and the one evaluation there gives the derivatives
from which standard errors and degrees of freedom follow as they did.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset, Variable
from terrace.data.streams.batches import StreamedData
from terrace.design.design import Design
from terrace.errors import DataError, TerraceError
from terrace.inference.constraints import Constraints
from terrace.inference.fitted import FittedModel
from terrace.likelihood.iterative.objective import IterativeObjective, probes_of
from terrace.optimise.log import Iteration
from terrace.postestimation.margins.posted import PostedEstimates
from terrace.results.fit import FitResult
from terrace.results.later import Later, tell
from terrace.spec.model import ModelSpec

FloatArray = npt.NDArray[np.float64]
_MARK = "__in_sample"
_SAME = 1e-9  # of the log likelihood, relatively


@dataclass(frozen=True)
class Recipe:
    """What gives the arrays of a fit again.

    ``data`` are the variables of the model in all rows, None in a copy without data; ``source`` is the file that they
    came from. ``sample`` marks the rows that were used. ``theta`` is the point of the search in its ``frames``;
    ``first`` the by() group that residual variances are relative to, ``careful`` and ``logarithms`` how the objective
    and the space were set up. ``probes`` and ``directions`` are those of the iterative tier, 0 for the exact one:
    how many, and the ψ at which the directions apart from them were found. ``beta``, ``vcov`` and ``phi`` are those of
    the fit, which replicates may have changed.
    """

    kind: str
    spec: ModelSpec
    data: Dataset | None
    source: str
    sample: npt.NDArray[np.bool_]
    theta: FloatArray
    frames: tuple[FloatArray | None, ...]
    ll: float
    beta: FloatArray
    vcov: FloatArray
    phi: FloatArray
    first: str = ""
    careful: bool = False
    logarithms: bool = False
    exact: bool = True
    constraints: Constraints | None = None
    reason: str = ""
    unbounded: bool = False
    probes: int = 0
    directions: FloatArray | None = None


def recipe_of(fit: FitResult) -> Recipe | PostedEstimates | None:
    """The recipe of a fit; of margins and the like that stand in its place what they are; None where there is none."""
    if isinstance(fit.held, Later):
        return fit.held.recipe if isinstance(fit.held.recipe, Recipe | PostedEstimates) else None
    model = fit.model
    if model.data is None:
        return None
    point, design = model.optimum.point, model.design
    kind = "regress" if fit.macros.get("cmd") == "regress" else "mixed"
    return Recipe(
        kind, design.spec if kind == "mixed" else fit.spec, _needed(design.spec, model.data),
        model.data.source or model.data.label, design.sample, point.theta, point.frames, point.ll, model.beta,
        model.vcov, model.phi, design.residuals.by_levels[0] if design.residuals.by_levels else "",
        model.objective.careful, model.optimum.space.logarithms, point.exact, model.constraints,
        model.optimum.reason, model.optimum.unbounded, *probes_of(model.objective),
    )  # fmt: skip


def held_by(
    recipe: Recipe | PostedEstimates | None, name: str, log: tuple[Iteration, ...], converged: bool
) -> Later:
    """What makes the arrays of a fit when they are asked for. `name` is for messages."""
    if isinstance(recipe, PostedEstimates):
        return Later(recipe.model, recipe)
    return Later(partial(_made, recipe, name, log, converged), recipe)


def data_are_elsewhere(source: str) -> str:
    """What to say of a copy without data; `source` is where they are."""
    return f"The data are not in this copy. Open them: {source or 'the file that they came from'}."


def _needed(spec: ModelSpec, data: Dataset) -> Dataset:
    """The variables of a model, in all rows. A file that is read in parts is what it is."""
    from terrace.design.streaming import model_variables

    if isinstance(data, StreamedData):
        return data
    try:
        names = list(model_variables(replace(spec, condition=None, filter=None), data))
    except TerraceError:
        return data
    if data.panel is not None:
        names += [n for n in (data.panel.panel, data.panel.time) if n and n not in names]
    return data.select(names)


def _made(recipe: Recipe | None, name: str, log: tuple[Iteration, ...], converged: bool) -> FittedModel:
    if recipe is None:
        raise DataError(f"{name} was stored without what this needs.", code="no-data", advice="Fit the model again.")
    if recipe.data is None:
        raise DataError(data_are_elsewhere(recipe.source), code="no-data", subject=recipe.source,
                        advice="Open them and fit the model again.")  # fmt: skip
    model = _regressed(recipe) if recipe.kind == "regress" else _evaluated(recipe, log, converged)
    if model.beta.shape != recipe.beta.shape or model.vcov.shape != recipe.vcov.shape:
        raise DataError(f"The data of {name} have changed since it was fitted.", code="stale-sample",
                        advice="Fit the model again.")  # fmt: skip
    ll = model.optimum.point.ll
    if not abs(ll - recipe.ll) <= _SAME * (1.0 + abs(recipe.ll)):
        tell(f"The log likelihood of {name} was {recipe.ll:.6f} when it was fitted, but is {ll:.6f} now.")
    return replace(model, beta=recipe.beta, vcov=recipe.vcov, phi=recipe.phi, data=recipe.data)


def _regressed(recipe: Recipe) -> FittedModel:
    from terrace.regress import regress

    assert recipe.data is not None
    data, spec = _marked(recipe, recipe.data)
    model = regress(spec, data).model
    own = replace(model.design.spec, condition=recipe.spec.condition, range_=recipe.spec.range_,
                  filter=recipe.spec.filter)  # fmt: skip
    return replace(model, design=replace(model.design, spec=own))


def _evaluated(recipe: Recipe, log: tuple[Iteration, ...], converged: bool) -> FittedModel:
    from terrace.estimate import Watch, infer
    from terrace.inference.bound import Bound
    from terrace.optimise.fit import Optimum
    from terrace.optimise.search import SearchSpace

    design = _bound(recipe)
    bound = Bound.of(design, recipe.constraints, "iterative" if recipe.probes else "exact")
    objective = bound.objective(careful=recipe.careful)
    if isinstance(objective, IterativeObjective) and recipe.directions is not None:
        objective.sharpen(recipe.directions, recipe.probes)
    levels = objective.design.residuals.by_levels
    if recipe.first and recipe.first in levels[1:]:
        objective = objective.relative_to(levels.index(recipe.first))
    space = SearchSpace(objective, logarithms=recipe.logarithms)
    if recipe.theta.shape != (objective.n_theta,) or len(recipe.frames) != len(space.blocks):
        raise DataError("The data have changed since the model was fitted.", code="stale-sample",
                        advice="Fit the model again.")  # fmt: skip
    point = space.point(recipe.theta, average=not recipe.exact, frames=recipe.frames)
    if point is None:
        raise DataError("The likelihood cannot be evaluated at the stored estimates.", code="stale-sample",
                        advice="Fit the model again.")  # fmt: skip
    space.frames = recipe.frames
    optimum = Optimum(point, space, converged, log, recipe.reason, recipe.unbounded)
    return infer(bound, optimum, Watch(None, None, time.perf_counter()))


def _bound(recipe: Recipe) -> Design:
    from terrace.design.design import build_design
    from terrace.design.streaming import build_streamed_design, model_variables, why_rows_are_needed

    data = recipe.data
    assert data is not None
    if isinstance(data, StreamedData):
        what = why_rows_are_needed(recipe.spec)
        if not what:
            return build_streamed_design(recipe.spec, data)
        return build_design(recipe.spec, data.load(model_variables(recipe.spec, data), what, None))
    data, spec = _marked(recipe, data)
    return replace(build_design(spec, data), spec=recipe.spec)


def _marked(recipe: Recipe, data: Dataset) -> tuple[Dataset, ModelSpec]:
    """The data with a mark of the sample, and the model on that: its own condition may speak of what is gone."""
    if len(recipe.sample) != len(data):
        raise DataError("The data have changed since the model was fitted.", code="stale-sample",
                        advice="Fit the model again.")  # fmt: skip
    marked = data.with_column(_MARK, recipe.sample.astype(np.float64), Variable(_MARK))
    return marked, replace(recipe.spec, condition=f"{_MARK} == 1", range_=None, filter=None)
