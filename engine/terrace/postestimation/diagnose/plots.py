"""Plots of a fit: residuals, predicted random effects, fitted lines. Each returns a `Plot`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from terrace.data.known_rows import known_rows
from terrace.errors import TerraceError
from terrace.graphs.axes import with_scale
from terrace.graphs.group_names import named_groups
from terrace.postestimation.diagnose import plots_arrays as arrays
from terrace.results.advice_covariance import some
from terrace.results.fit import FitResult
from terrace.results.labels import short_labels
from terrace.results.plot import Plot, PlotPanel
from terrace.results.tables_terms import random_label

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.postestimation.predict.columns import RandomEffects

FloatArray = npt.NDArray[np.float64]


def residual_fitted(
    fit: FitResult,
    data: Dataset,
    *,
    relevel: str | None = None,
    standardized: bool = False,
    smooth: bool = True,
) -> Plot:
    """Residuals against fitted values, for the observations of the fit.

    Random effects count down to the level `relevel` (default: all of them). `standardized` divides by the
    residual standard deviation, or whitens by the residual structure.
    """
    from terrace.postestimation.predict import columns as predict

    inside = _sample(fit, data)
    word = "Standardized residual" if standardized else "Residual"
    residuals = (
        predict.standardized_residuals(fit, data) if standardized else predict.residuals(fit, data, relevel)
    )
    plot = arrays.residual_fitted_plot(
        predict.fitted(fit, data, relevel)[inside],
        residuals[inside],
        rows=inside,
        smooth=smooth,
        titles=("Residuals against fitted values", f"Fitted {_title(data, fit.outcome)}", word),
    )
    return replace(plot, drawn_from=known_rows(data))


def qq(
    fit: FitResult,
    data: Dataset | None = None,
    *,
    of: Literal["residuals", "effects"] = "residuals",
    level: str | None = None,
    standardized: bool = False,
    band: float = 95.0,
) -> Plot:
    """Normal QQ plot of the residuals, or of the predicted random effects of one `level` (default: all)."""
    from terrace.postestimation.predict import columns as predict

    if of == "residuals":
        if data is None:
            raise TerraceError("Residuals need the data used for the fit.", code="no-data")
        inside = _sample(fit, data)
        values = (predict.standardized_residuals if standardized else predict.residuals)(fit, data)[inside]
        word = "Standardized residual" if standardized else "Residual"
        plot = arrays.qq_plot(values, rows=inside, y_title=word, level=band)
        return replace(plot, drawn_from=known_rows(data))
    panels: list[PlotPanel] = []
    for effects in _effects(fit, level, data):
        for j, name in enumerate(effects.names):
            known = np.isfinite(effects.values[:, j])
            if not known.any():
                continue
            labels = [f"{_owner(effects, name)} {g}" for g, there in zip(effects.groups, known) if there]
            panels.append(
                arrays.qq_panel(
                    effects.values[known, j],
                    labels=labels,
                    group_rows=rows_of_groups(fit, effects, data, known),
                    title=effect_title(effects, name),
                    y_title="Random effect",
                    level=band,
                )
            )
    if not panels:
        raise _not_identified(fit, "random effects")
    note = arrays.band_note(band)
    return Plot(
        "Normal QQ plot of random effects", tuple(panels), "qq-effects", min(len(panels), 2), note=note,
        drawn_from=None if data is None else known_rows(data),
    )  # fmt: skip


def caterpillar(
    fit: FitResult,
    data: Dataset | None = None,
    *,
    level: str | None = None,
    term: str | None = None,
    confidence: float = 95.0,
    comparison: bool = False,
) -> Plot:
    """Predicted random effects in order, with intervals; of the first intercept unless told.

    With `comparison`, intervals of which two overlap where the groups do not differ, see `comparison_quantile`.

    With `data` the groups have their labels, otherwise their numbers. `term` is the name of an effect as in
    the table of the random part: ``_cons``, ``ses``, ``R.week``.
    """
    effects, j = _one_effect(fit, level, term, data)
    name = effects.names[j]
    known = np.isfinite(effects.values[:, j])
    if not known.any():
        raise _not_identified(fit, f"random effects of {name}")
    plot = arrays.caterpillar_plot(
        effects.values[known, j],
        effects.se[known, j],
        [g for g, there in zip(effects.groups, known) if there],
        group_rows=rows_of_groups(fit, effects, data, known),
        level=confidence,
        title=f"Random effects: {in_labels(effect_title(effects, name), data)}",
        group_title=in_labels(_owner(effects, name), data),
        comparison=comparison,
    )
    return plot if data is None else replace(plot, drawn_from=known_rows(data))


def rows_of_groups(
    fit: FitResult, effects: RandomEffects, data: Dataset | None, known: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], ...]:
    """The rows of the data in each group that is drawn, `known` shape (groups,); () where the data are not there."""
    if data is None or len(fit.sample) != len(data):
        return ()
    codes = np.asarray(fit.model.design.blocks[effects.block].codes)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(known)))[:-1]
    parts = np.split(np.flatnonzero(fit.sample).astype(np.int64)[order], ends)
    return tuple(part for part, there in zip(parts, known) if there)


def histogram(fit: FitResult, data: Dataset, *, standardized: bool = False) -> Plot:
    """The distribution of the residuals with a normal curve."""
    from terrace.postestimation.predict import columns as predict

    inside = _sample(fit, data)
    values = (predict.standardized_residuals if standardized else predict.residuals)(fit, data)[inside]
    title = "Standardized residual" if standardized else "Residual"
    return replace(arrays.histogram_plot(values, x_title=title, rows=inside), drawn_from=known_rows(data))


def spaghetti(fit: FitResult, data: Dataset, x: str, *, group: str | None = None) -> Plot:
    """The observed outcome over `x`, one line a group (default: of the lowest level), with their mean over them."""
    group = group or lowest_level(fit)
    inside = _sample(fit, data)
    values, y = data.numeric(x)[inside], data.numeric(fit.outcome)[inside]
    plot = arrays.spaghetti_plot(
        values,
        y,
        data.codes(group)[0][inside],
        average=(values, y),
        names=named_groups(data, group, inside),
        rows=inside,
        title=f"{_title(data, fit.outcome)} by {_title(data, group)}",
        x_title=_title(data, x),
        y_title=_title(data, fit.outcome),
    )
    return replace(over(plot, data, x), drawn_from=known_rows(data))


def fitted_lines(
    fit: FitResult, data: Dataset, x: str, *, group: str | None = None, points: bool = True
) -> Plot:
    """Fitted values over `x`, one line a group, with the average of the fixed part over the data.

    The average at a value of `x` is the mean of xβ over the rows that have that value, or their local trend
    where `x` has many values.
    """
    from terrace.postestimation.predict import columns as predict

    group = group or lowest_level(fit)
    inside = _sample(fit, data)
    values = data.numeric(x)[inside]
    plot = arrays.spaghetti_plot(
        values,
        predict.fitted(fit, data)[inside],
        data.codes(group)[0][inside],
        average=(values, predict.linear(fit, data)[inside]),
        points=(values, data.numeric(fit.outcome)[inside]) if points else None,
        names=named_groups(data, group, inside),
        rows=inside,
        title=f"Fitted {_title(data, fit.outcome)} by {_title(data, group)}",
        x_title=_title(data, x),
        y_title=_title(data, fit.outcome),
        kind="fitted-lines",
    )
    return replace(over(plot, data, x), drawn_from=known_rows(data))


def _not_identified(fit: FitResult, what: str) -> TerraceError:
    """The error where all that is to be shown depends on what the data do not identify."""
    told = [w for w in fit.warnings if w.code == "not-identified"]
    unknown = some([r.name for r in fit.random if not r.identified])
    return TerraceError(
        f"The {what} depend on {unknown}, which the data do not identify.",
        code="not-identified",
        subject=what,
        advice=told[0].advice if told else "",
    )


def lowest_level(fit: FitResult) -> str:
    """The group variable of the lowest level, for lines by group."""
    levels = [e.factor or e.level if e.level == "_all" else e.level for e in fit.spec.random]
    levels = [x for x in levels if x != "_all"]
    if not levels:
        raise TerraceError(
            "This model has no groups.",
            code="no-groups",
            advice="Choose a group variable with the option group.",
        )
    return levels[-1]


def effect_title(effects: RandomEffects, name: str) -> str:
    """``hours, school`` or ``intercept, school``."""
    if name.startswith("R."):
        return f"intercept, {name[2:]}"
    return f"{random_label(f'e({name})')[2:-1]}, {effects.level}"


def in_labels(text: str, data: Dataset | None) -> str:
    """``hours, school`` with the labels of both where these are short."""
    names = short_labels(data)
    return ", ".join(names.get(part, part) for part in text.split(", "))


def _owner(effects: RandomEffects, name: str) -> str:
    """Whose effects they are: the level, or the factor that crosses it."""
    return name[2:] if name.startswith("R.") else effects.level


def _effects(fit: FitResult, level: str | None, data: Dataset | None) -> list[RandomEffects]:
    from terrace.postestimation.predict import columns as predict

    every = list(predict.random_effects(fit, data))
    found = [e for e in every if level is None or e.level == level or f"R.{level}" in e.names]
    if not found:
        names = ", ".join(dict.fromkeys(_owner(e, e.names[0]) for e in every))
        raise TerraceError(
            f"The model has no random effects of {level}." if level else "The model has no random effects.",
            code="no-such-level",
            subject=level or "",
            advice=f"It has {names}." if names else "",
        )
    return found


def _one_effect(
    fit: FitResult, level: str | None, term: str | None, data: Dataset | None
) -> tuple[RandomEffects, int]:
    found = _effects(fit, level, data)
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
        advice=f"Available: {names}.",
    )


def over(plot: Plot, data: Dataset, x: str) -> Plot:
    """The plot with horizontal axes that know what numbers those of the variable are."""
    return replace(plot, panels=tuple(replace(p, x=with_scale(p.x, data, x)) for p in plot.panels))


def _sample(fit: FitResult, data: Dataset) -> npt.NDArray[np.int64]:
    """The rows of the data that the fit used; `DataError` where these are not its data."""
    from terrace.postestimation.tests.combinations import need_data

    need_data(fit, data)
    return np.flatnonzero(fit.sample).astype(np.int64)


def _title(data: Dataset, name: str) -> str:
    return data.variable(name).label or name
