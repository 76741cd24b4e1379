"""Plots of a fit: residuals, predicted random effects, fitted lines. Each returns a `Plot`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from terrace.errors import DataError, TerraceError
from terrace.postestimation import plots_arrays as arrays
from terrace.results.fit import FitResult
from terrace.results.plot import Plot, PlotPanel
from terrace.results.tables_terms import random_label

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.postestimation.predict import RandomEffects

FloatArray = npt.NDArray[np.float64]


def residual_fitted(fit: FitResult, data: Dataset, *, smooth: bool = True) -> Plot:
    """Residuals of the lowest level against fitted values, random effects included."""
    from terrace.postestimation import predict

    return arrays.residual_fitted_plot(
        predict.fitted(fit, data),
        predict.residuals(fit, data),
        smooth=smooth,
        titles=("Residuals against fitted values", f"Fitted {fit.outcome}", "Residual"),
    )


def qq(
    fit: FitResult,
    data: Dataset | None = None,
    *,
    of: Literal["residuals", "effects"] = "residuals",
    level: str | None = None,
    band: float = 95.0,
) -> Plot:
    """Normal QQ plot of the residuals, or of the predicted random effects of one `level` (default: all)."""
    from terrace.postestimation import predict

    if of == "residuals":
        if data is None:
            raise TerraceError("The residuals need the data of the fit.", code="no-data")
        return arrays.qq_plot(predict.residuals(fit, data), level=band)
    panels: list[PlotPanel] = []
    for effects in _effects(fit, level):
        for j, name in enumerate(effects.names):
            title = effect_title(effects, name)
            labels = [f"{effects.level} {g}" for g in effects.groups]
            panels.append(
                arrays.qq_panel(
                    effects.values[:, j], labels=labels, title=title, y_title="Random effect", level=band
                )
            )
    note = f"Line through the quartiles; {band:g}% of each point of a normal sample fall within the band."
    return Plot(
        "Normal QQ plot of random effects", tuple(panels), "qq-effects", min(len(panels), 2), note=note
    )


def caterpillar(
    fit: FitResult, level: str | None = None, term: str | None = None, *, confidence: float = 95.0
) -> Plot:
    """Predicted random effects in order, with intervals; of the first intercept unless told."""
    effects, j = _one_effect(fit, level, term)
    title = effect_title(effects, effects.names[j])
    return arrays.caterpillar_plot(
        effects.values[:, j],
        effects.se[:, j],
        effects.groups,
        level=confidence,
        title=f"Random effects: {title}",
        group_title=effects.level,
    )


def histogram(fit: FitResult, data: Dataset) -> Plot:
    """The distribution of the residuals with a normal curve."""
    from terrace.postestimation import predict

    return arrays.histogram_plot(predict.residuals(fit, data))


def spaghetti(fit: FitResult, data: Dataset, x: str, *, group: str | None = None) -> Plot:
    """The observed outcome over `x`, one line a group (default: of the lowest level)."""
    group = group or lowest_level(fit)
    inside = _sample(fit, data)
    return arrays.spaghetti_plot(
        data.numeric(x)[inside],
        data.numeric(fit.outcome)[inside],
        data.codes(group)[0][inside],
        rows=inside,
        title=f"{fit.outcome} by {group}",
        x_title=_title(data, x),
        y_title=_title(data, fit.outcome),
    )


def fitted_lines(
    fit: FitResult, data: Dataset, x: str, *, group: str | None = None, points: bool = True
) -> Plot:
    """Fitted values over `x`, one line a group, with the average of the fixed part over the data.

    The average at a value of `x` is the mean of xβ over the rows that have that value.
    """
    from terrace.postestimation import predict

    group = group or lowest_level(fit)
    inside = _sample(fit, data)
    values = data.numeric(x)[inside]
    return arrays.spaghetti_plot(
        values,
        predict.fitted(fit, data)[inside],
        data.codes(group)[0][inside],
        average=(values, predict.linear(fit, data)[inside]),
        points=(values, data.numeric(fit.outcome)[inside]) if points else None,
        rows=inside,
        title=f"Fitted {fit.outcome} by {group}",
        x_title=_title(data, x),
        y_title=_title(data, fit.outcome),
        kind="fitted-lines",
    )


def lowest_level(fit: FitResult) -> str:
    """The group variable of the lowest level, for lines by group."""
    levels = [e.factor or e.level if e.level == "_all" else e.level for e in fit.spec.random]
    levels = [x for x in levels if x != "_all"]
    if not levels:
        raise TerraceError(
            "This model has no groups.",
            code="no-groups",
            advice="Name a group variable with the option group.",
        )
    return levels[-1]


def effect_title(effects: RandomEffects, name: str) -> str:
    """``hours, school`` or ``intercept, school``."""
    plain = random_label(f"e({name})")[2:-1]
    return f"{plain}, {effects.level}"


def _effects(fit: FitResult, level: str | None) -> list[Any]:
    from terrace.postestimation import predict

    every = list(predict.random_effects(fit))
    found = [e for e in every if level is None or e.level == level]
    if not found:
        names = ", ".join(dict.fromkeys(e.level for e in every))
        raise TerraceError(
            f"The model has no random effects of {level}." if level else "The model has no random effects.",
            code="no-such-level",
            subject=level or "",
            advice=f"It has those of {names}." if names else "",
        )
    return found


def _one_effect(fit: FitResult, level: str | None, term: str | None) -> tuple[Any, int]:
    found = _effects(fit, level)
    wanted = term or "_cons"
    for effects in found:
        if wanted in effects.names:
            return effects, effects.names.index(wanted)
    if term is None:
        return found[0], 0
    names = ", ".join(n for e in found for n in e.names)
    raise TerraceError(
        f"There is no random effect of {term}.",
        code="no-such-effect",
        subject=term,
        advice=f"There are: {names}.",
    )


def _sample(fit: FitResult, data: Dataset) -> npt.NDArray[np.int64]:
    """The rows of the data that the fit used; `DataError` where these are not its data."""
    if len(fit.sample) != len(data):
        raise DataError(
            f"The fit was made on data of {len(fit.sample):,} rows; these have {len(data):,}.",
            code="other-data",
            advice="Fit the model again.",
        )
    return np.flatnonzero(fit.sample).astype(np.int64)


def _title(data: Dataset, name: str) -> str:
    return data.variable(name).label or name
