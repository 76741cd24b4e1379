"""The classes that files of a project can hold: a closed list. Whatever else stands in a file is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.session.project.codec import Back, Decoder, Encoder, Json, Special, damaged_part

_CLOUD, _PARTS = 2000, 1000  # points of a layer from which on it is one, and places in each direction


class ProjectKinds:
    """The list, with the ways in which fits and datasets are stored."""

    def __init__(self, classes: tuple[type, ...], enums: tuple[type[Enum], ...], shared: tuple[type, ...]) -> None:
        self.classes: Mapping[str, type] = {c.__name__: c for c in classes}
        self.enums: Mapping[str, type[Enum]] = {c.__name__: c for c in enums}
        self.shared: frozenset[type] = frozenset(shared)


@lru_cache(maxsize=1)
def kinds() -> ProjectKinds:
    """The classes, imported when a project is first read or written."""
    from terrace.data.dataset import Dataset, Measure, Panel, Signed, Variable
    from terrace.data.streams.batches import StreamedData
    from terrace.inference.constraints import Constraints
    from terrace.language.dofile import tree
    from terrace.language.dofile.lines import DoCommand
    from terrace.optimise.log import Iteration
    from terrace.postestimation.margins.at import Dimension
    from terrace.postestimation.margins.margins import Margins
    from terrace.postestimation.margins.posted import PostedEstimates
    from terrace.postestimation.tests.combinations import Estimate
    from terrace.postestimation.tests.linear import Linear
    from terrace.results import figure_look, fit, plot, table
    from terrace.session.contract import Outcome
    from terrace.session.document.items import Document, Item, Look
    from terrace.session.document.report_plan import ReportPart, ReportPlan
    from terrace.session.effects import Effect
    from terrace.session.filter import Filter, Filtered
    from terrace.session.project.models import Recipe
    from terrace.session.state import Matrix, Returned, Settings, State
    from terrace.session.steps import Step
    from terrace.spec import model

    return ProjectKinds(
        (
            Dataset, StreamedData, Panel, Signed, Variable,
            model.Factor, model.Term, model.RandomEquation, model.Residuals, model.Weight, model.Display,
            model.Maximisation, model.ModelSpec,
            fit.Advice, fit.FixedEffect, fit.RandomParameter, fit.GroupSummary, fit.Comparison, fit.FitResult,
            Iteration, Constraints, Recipe, PostedEstimates,
            table.Table, table.Column, table.Row,
            plot.Style, plot.Marks, plot.Axis, plot.PlotPanel, plot.Plot,
            figure_look.FigureLook, figure_look.LayerLook,
            Outcome, Document, Item, Look, ReportPlan, ReportPart, Step, Filter, Filtered,
            State, Matrix, Returned, Settings, Margins, Dimension, Estimate, Linear,
            tree.ProgramText, tree.Loop, tree.Branch, tree.Block, DoCommand,
        ),
        (Effect, Measure),
        (fit.FitResult, Outcome, plot.Plot, Document, Item, Step, Dataset, Recipe, PostedEstimates, *_streamed()),
    )  # fmt: skip


def _streamed() -> tuple[type, ...]:
    from terrace.data.streams.parquet import StreamedParquet
    from terrace.data.streams.text import StreamedText

    return StreamedParquet, StreamedText


def writing(*, without_data: bool = False) -> Mapping[type, Special]:
    """How the classes are stored that are not stored member by member."""
    from terrace.data.dataset import Dataset
    from terrace.results.fit import FitResult
    from terrace.results.plot import Marks
    from terrace.session.project.columns import dataset_json, streamed_json
    from terrace.session.steps import Step

    found = {FitResult: _fit_json, Step: _step_json, Dataset: dataset_json, **dict.fromkeys(_streamed(), streamed_json)}
    return {**found, Marks: _nameless_marks} if without_data else found


def reading() -> Mapping[str, Back]:
    """What makes them again."""
    from terrace.session.project.columns import Lineages, dataset_of, streamed_of

    lineages = Lineages()
    back: dict[str, Back] = {
        "lineage": lambda _, mark: lineages.of(mark),
        "FitResult": _fit_of,
        "Step": _step_of,
        "Marks": lambda decoder, content: decoder(content),
        "Dataset": lambda decoder, content: dataset_of(decoder, content, lineages),
    }  # fmt: skip
    for kind in _streamed():
        back[kind.__name__] = lambda decoder, content: streamed_of(decoder, content, lineages)
    return back


def _nameless_marks(encoder: Encoder, value: Any) -> Json:
    """Marks as they are seen: without the rows behind them, without names that are only shown where a pointer rests,
    and of a cloud of points one for each place that can be told from others, at a thousandth of the width and height.
    """
    from dataclasses import replace

    bare = replace(value, rows=None, labels=value.labels if value.text else ())
    if bare.kind == "points" and len(bare.x) > _CLOUD and bare.x.shape == bare.y.shape and not bare.labels:
        drawn = np.isfinite(bare.x) & np.isfinite(bare.y)
        (x, across), (y, up) = _seen(bare.x[drawn]), _seen(bare.y[drawn])
        places = np.unique(x * (_PARTS + 1) + y)
        x, y = places // (_PARTS + 1), places % (_PARTS + 1)
        bare = replace(bare, x=across[0] + x * across[1], y=up[0] + y * up[1], lower=None, upper=None)
    return encoder.dataclass(bare)


def _seen(values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], tuple[float, float]]:
    """The place of each value in the parts of their range, with the lowest value and the width of a part."""
    low = float(values.min()) if len(values) else 0.0
    step = (float(values.max()) - low) / _PARTS if len(values) else 0.0
    return np.round((values - low) / (step or 1.0)).astype(np.int64), (low, step)


def _step_json(encoder: Encoder, value: Any) -> Json:
    """A step by the parts of a state that it brings back."""
    from terrace.session.project.work import state_json
    from terrace.session.state import State

    return {"name": encoder(value.name), "before": state_json(encoder, State(**value.before), tuple(value.before))}


def _step_of(decoder: Decoder, content: Json) -> Any:
    from terrace.session.project.work import state_of
    from terrace.session.steps import Step, work_of

    return Step(decoder.read(content["name"], str), work_of(state_of(decoder, content["before"])))


def _fit_json(encoder: Encoder, value: Any) -> Json:
    """A fit without its arrays, which the recipe gives again. Fits of the same arrays share it."""
    from dataclasses import fields

    from terrace.session.project.models import recipe_of

    recipe = recipe_of(value)
    kept = None
    if recipe is not None:
        name = encoder.remembered(value.held, "recipe", lambda: encoder(recipe)["b"])
        kept = {"~": "r", "c": type(recipe).__name__, "b": name}
    members = {f.name: encoder(getattr(value, f.name)) for f in fields(value) if f.name != "held"}
    return {"members": members, "recipe": kept}


def _fit_of(decoder: Decoder, content: Json) -> Any:
    from terrace.postestimation.margins.posted import PostedEstimates
    from terrace.results.fit import FitResult
    from terrace.session.project.hints import agrees, members
    from terrace.session.project.models import Recipe, held_by

    hints = members(FitResult, decoder.kinds.classes)
    values = {name: decoder(v) for name, v in content["members"].items()}
    for name, value in values.items():
        if name not in hints or not agrees(value, hints[name]):
            raise damaged_part(decoder.part, f"{name} of a fit is not what it has to be")
    about = f"the model of {values['outcome']}"
    lost = f"What {decoder.about or about} needs for further analysis (its results are still there)"
    recipe = None if content["recipe"] is None else decoder.or_none(content["recipe"], lost)
    if recipe is not None and not isinstance(recipe, Recipe | PostedEstimates):
        raise damaged_part(decoder.part, "the arrays of a fit cannot be made again")
    key = f"held by {content['recipe']['b']}" if recipe is not None else ""
    held = decoder.made.get(key) or held_by(recipe, about, values["log"], values["converged"])
    if key:
        decoder.made[key] = held
    return FitResult(**values, held=held)
