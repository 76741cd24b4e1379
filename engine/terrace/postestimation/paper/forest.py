"""A forest plot: the fixed effects of one or several models with their intervals, a row a term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from terrace.errors import SpecError
from terrace.postestimation.paper.beside import effect_label
from terrace.postestimation.paper.standardized import NOTE, scales
from terrace.postestimation.tests.combinations import confidence_level
from terrace.results.fit import FitResult, FixedEffect
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.statistics.distributions import confidence_quantile

FloatArray = npt.NDArray[np.float64]


def forest_plot(
    fits: Sequence[FitResult],
    names: Sequence[str] = (),
    *,
    standardized: bool = False,
    constant: bool = False,
    level: float | None = None,
    labels: Mapping[str, str] | None = None,
) -> Plot:
    """The coefficients of models over each other, those of one term side by side.

    Parameters
    ----------
    names
        What the models are called; needed where there are several.
    standardized
        In standard deviations of the outcome for one of the term, see `terrace.postestimation.paper.standardized`.
    constant
        With the intercept, which otherwise is left out: it is on another scale than slopes.
    level
        That of the intervals in percent; by default that of the first fit.
    labels
        The labels of variables by their names.

    Raises
    ------
    SpecError
        Where no model has a coefficient to draw.
    """
    chosen = confidence_level(fits[0], level)
    found = [{e.term: e for e in _drawn(f, constant and not standardized)} for f in fits]
    terms: dict[str, FixedEffect] = {}
    for own in found:
        terms |= {t: e for t, e in own.items() if t not in terms}
    if not terms:
        raise SpecError("The model has no fixed effects to draw.", code="no-predictors",
                        advice="" if constant else "Add constant to draw the intercept.")  # fmt: skip
    place = {t: float(len(terms) - k) for k, t in enumerate(terms)}
    gap = 0.0 if len(fits) == 1 else min(0.2, 0.7 / len(fits))
    marks = [Marks("vline", np.array([0.0]), np.empty(0), role="reference")]
    for number, (fit, own) in enumerate(zip(fits, found, strict=True)):
        if own:
            up = np.array([place[t] for t in own]) - gap * (number - (len(fits) - 1) / 2)
            name = names[number] if len(fits) > 1 else ""
            marks.append(_intervals(fit, list(own.values()), up, number, name, chosen, standardized))
    ticks = tuple((place[t], effect_label(e, labels or {})) for t, e in terms.items())
    title = "Standardised coefficient" if standardized else "Coefficient"
    panel = PlotPanel(Axis(title), Axis("", ticks, limits=(0.5, len(terms) + 0.5)), tuple(marks))
    notes = [f"Bars are {chosen:g}% confidence intervals."]
    if standardized:
        notes.append(NOTE)
    what = "Fixed effects" if len(fits) == 1 else "Fixed effects of the models"
    return Plot(what, (panel,), "forest", note=" ".join(notes), legend=len(fits) > 1)


def _drawn(fit: FitResult, constant: bool) -> list[FixedEffect]:
    return [e for e in fit.fixed if e.in_model and np.isfinite(e.coef) and (constant or e.term != "_cons")]


def _intervals(
    fit: FitResult, effects: list[FixedEffect], up: FloatArray, series: int, name: str, level: float,
    standardized: bool,
) -> Marks:  # fmt: skip
    scale = scales(fit) if standardized else {}
    by = np.array([scale.get(e.term, np.nan) if standardized else 1.0 for e in effects])
    value = by * np.array([e.coef for e in effects])
    half = by * np.array([np.nan if e.se is None else confidence_quantile(level, e.df) * e.se for e in effects])
    half = np.where(np.isfinite(half), half, 0.0)  # a coefficient that a constraint sets has no interval
    df = [e.df for e in effects]
    texts = tuple(f"{(name + ', ') if name else ''}{e.label or e.term}: {v:.4g} [{v - h:.4g}, {v + h:.4g}]"
                  for e, v, h in zip(effects, value, half))  # fmt: skip
    return Marks(
        "interval", up, value, value - half, value + half, label=name, role="fit", series=series, labels=texts,
        horizontal=True, level=level, df=None if None in df else np.array(df, dtype=np.float64),
    )  # fmt: skip
