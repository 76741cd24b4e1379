"""Figures of the random part: intercepts against slopes with what pooling did to them, and the variance by level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.known_rows import known_rows
from terrace.design.design import RandomBlock
from terrace.errors import SpecError
from terrace.graphs.axes import nice_ticks, number_text
from terrace.postestimation.diagnose.plots import effect_title, in_labels, rows_of_groups
from terrace.postestimation.predict.columns import RandomEffects, random_effects, residuals
from terrace.postestimation.tests.combinations import need_data, need_own_rows
from terrace.postestimation.variance.parts import recovariance
from terrace.postestimation.variance.r2 import residual_variance
from terrace.results.fit import FitResult
from terrace.results.labels import short_labels
from terrace.results.plot import Axis, Marks, Plot, PlotPanel, Style
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
NAMED = 12  # groups: names of more would lie over each other


def effects_scatter(
    fit: FitResult,
    data: Dataset,
    level: str | None = None,
    slope: str | None = None,
    *,
    shrinkage: bool = False,
    confidence: float = 95.0,
) -> Plot:
    """Random intercepts against random slopes, a point a group, with the ellipse that holds so many percent of groups.

    The ellipse is that of the normal distribution with the estimated Σ: (u'Σ⁻¹u) = χ²(2). `level` and `slope` choose
    among several. With `shrinkage` an arrow leads to each point from what the group's own rows alone say: least squares
    of the residuals with this equation's effects put back, on the columns of the equation, in groups whose rows
    determine them.

    Raises `SpecError` where no equation has an intercept and a slope.
    """
    need_data(fit, data)
    effects, i, j = _pair(random_effects(fit, data), level, slope)
    u = effects.values[:, [i, j]]
    marks = [Marks("hline", np.empty(0), np.zeros(1), role="reference"),
             Marks("vline", np.zeros(1), np.empty(0), role="reference")]  # fmt: skip
    ring = _ellipse(recovariance(fit, effects.block)[np.ix_([i, j], [i, j])], confidence)
    if ring is not None:
        marks.append(Marks("line", ring[:, 0], ring[:, 1], role="fit", label=f"{confidence:g}% of groups",
                           layer="ellipse", layer_name="Ellipse"))  # fmt: skip
    notes = [] if ring is None else [
        f"The ellipse holds {confidence:g}% of groups by the estimated variances and covariance."]  # fmt: skip
    if shrinkage:
        own = _unpooled(fit, data, effects)[:, [i, j]]
        known = np.isfinite(own).all(axis=1)
        if known.any():
            marks += _arrows(own[known], u[known], [effects.groups[k] for k in np.flatnonzero(known)])
            notes.append("Lines lead from least squares within each group to the predicted effects.")
        if not known.all():
            few = plural(int((~known).sum()), "group")
            notes.append(f"Too few rows for separate estimates in {few}.")
    texts = tuple(f"{g}: {a:.3g}, {b:.3g}" for g, (a, b) in zip(effects.groups, u))
    marks.append(Marks("points", u[:, 0], u[:, 1], label="Predicted effects" if shrinkage else "", labels=texts,
                       group_rows=rows_of_groups(fit, effects, data, np.ones(len(u), dtype=bool))))  # fmt: skip
    if len(u) <= NAMED:
        marks.append(Marks("points", u[:, 0], u[:, 1], labels=tuple(effects.groups), text="right",
                           style=Style(marker="none")))  # fmt: skip
    x, y = (Axis(f"Random effect: {in_labels(effect_title(effects, effects.names[k]), data)}") for k in (i, j))
    title = f"Random effects of {in_labels(effects.level, data)}"
    return Plot(title, (PlotPanel(x, y, tuple(marks)),), "effects-scatter", note=" ".join(notes),
                legend=shrinkage or ring is not None, drawn_from=known_rows(data))  # fmt: skip


def _pair(every: Sequence[RandomEffects], level: str | None, slope: str | None) -> tuple[RandomEffects, int, int]:
    for e in every:
        slopes = [n for n in e.names if n != "_cons" and not n.startswith("R.")]
        wanted = [n for n in slopes if slope in (None, n)]
        if "_cons" in e.names and wanted and level in (None, e.level):
            return e, e.names.index("_cons"), e.names.index(wanted[0])
    where = f" of {level}" if level else ""
    raise SpecError(
        f"The model has no random intercepts with slopes{f' of {slope}' if slope else ''}{where} in one equation.",
        code="no-random-slopes", subject=slope or level or "",
        advice="Add a random slope, such as || school: ses, cov(unstructured).",
    )  # fmt: skip


def _ellipse(sigma: FloatArray, confidence: float) -> FloatArray | None:
    """The edge, (121, 2), of the ellipse of a normal distribution; None where a variance is 0."""
    if not (np.isfinite(sigma).all() and np.all(np.diag(sigma) > 0)):
        return None
    values, vectors = np.linalg.eigh(sigma)
    radius = np.sqrt(-2.0 * np.log1p(-confidence / 100))  # χ² of two degrees of freedom is exponential
    at = np.linspace(0, 2 * np.pi, 121)
    circle = np.column_stack([np.cos(at), np.sin(at)])
    out: FloatArray = radius * (circle * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return out


def _unpooled(fit: FitResult, data: Dataset, effects: RandomEffects) -> FloatArray:
    """The effects of an equation by least squares within each group, (groups, q); NaN where its rows do not tell."""
    need_own_rows(fit)
    block = fit.model.design.blocks[effects.block]
    part = residuals(fit, data)[fit.sample] + np.einsum("ij,ij->i", block.z, effects.values[block.codes])
    out = np.full(effects.values.shape, np.nan)
    order = np.argsort(block.codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(block.codes[order])) + 1):
        z = block.z[rows]
        found, _, rank, _ = np.linalg.lstsq(z, part[rows], rcond=None)
        if rank == z.shape[1]:
            out[block.codes[rows[0]]] = found
    return out


def _arrows(start: FloatArray, end: FloatArray, groups: Sequence[str]) -> list[Marks]:
    x, y = (np.column_stack([start[:, k], end[:, k], np.full(len(end), np.nan)]).ravel()[:-1] for k in (0, 1))
    texts = tuple(f"{g}, by itself: {a:.3g}, {b:.3g}" for g, (a, b) in zip(groups, start))
    return [
        Marks("line", x, y, role="reference", layer="shrinkage", layer_name="Shrinkage", opacity=60.0, stroke=0.5),
        Marks("points", start[:, 0], start[:, 1], role="data", series=1, label="Each group by itself", labels=texts,
              layer="unpooled", layer_name="Estimates of each group by itself", points=3.0, opacity=60.0),
    ]  # fmt: skip


# --- the variance by level ----------------------------------------------------------------------------------
def partition_plot(fit: FitResult, data: Dataset, x: str | None = None, at: Sequence[float] | None = None) -> Plot:
    """The variance of each level and of the residuals: bars, or over a random slope's variable `x` stacked shares.

    The variance of a level at values of its columns z is z'Σz (Goldstein, Browne & Rasbash 2002, Understanding
    Statistics 1: 223-231, equation 5); columns without `x` stand as observed, and variances are averaged over the rows.
    `at` are the values of x, by default round ones over its range.

    Raises `SpecError` where the model has no random effects, or no slope of `x`.
    """
    need_data(fit, data)
    blocks = [(k, b) for k, b in enumerate(fit.model.design.blocks) if b.names]
    if not blocks:
        raise SpecError("The model has no random effects, so its variance has one level.", code="no-random-effects")
    names = short_labels(data)
    levels = list(dict.fromkeys(_owner(b) for _, b in blocks))
    places = [np.nan] if x is None else list(at or _places(fit, data, x, [b for _, b in blocks]))
    table = np.zeros((len(levels) + 1, len(places)))
    for c, value in enumerate(places):
        for k, b in blocks:
            table[levels.index(_owner(b)), c] += _variance(fit, k, b, x, value)
    table[-1] = residual_variance(fit).mean()
    shares = 100 * table / table.sum(axis=0)
    words = [*(f"Between {names.get(n, n)}" for n in levels), "Residual"]
    if x is None:
        return _bars(words, table[:, 0], shares[:, 0])
    bottom = np.vstack([np.zeros(len(places)), np.cumsum(shares, axis=0)])
    along = np.arange(1.0, len(places) + 1)
    marks = [
        Marks("bars", along, bottom[k + 1], lower=bottom[k], width=0.8, label=word, role="fit", series=k,
              labels=tuple(f"{word}: {s:.3g}% ({v:.4g})" for s, v in zip(shares[k], table[k])))
        for k, word in enumerate(words)
    ]  # fmt: skip
    ticks = tuple((float(k), number_text(v)) for k, v in enumerate(places, start=1))
    y_axis = Axis("Share of the variance (%)", limits=(0.0, 100.0))
    panel = PlotPanel(Axis(names.get(x, x), ticks), y_axis, tuple(marks))
    return Plot(f"Variance by level over {names.get(x, x)}", (panel,), "partition", legend=True,
                note="Shares of the variance that the fixed effects leave.")  # fmt: skip


def _owner(block: RandomBlock) -> str:
    return block.factor or block.level.name


def _bars(words: list[str], variances: FloatArray, shares: FloatArray) -> Plot:
    at = np.arange(len(words), 0.0, -1.0)
    texts = tuple(f"{s:.1f}%" for s in shares)
    marks = (
        Marks("bars", at, variances, width=0.7, horizontal=True,
              labels=tuple(f"{w}: {v:.4g}, {t}" for w, v, t in zip(words, variances, texts))),
        Marks("points", variances, at, labels=texts, text="right", style=Style(marker="none")),
    )  # fmt: skip
    most = 1.15 * float(variances.max())
    panel = PlotPanel(Axis("Variance", limits=(0.0, most or 1.0)), Axis("", tuple(zip(at.tolist(), words))), marks)
    return Plot("Variance by level", (panel,), "partition",
                note="Variance that the fixed effects leave, with its shares; averaged over the rows where there are "
                "random slopes.")  # fmt: skip


def _places(fit: FitResult, data: Dataset, x: str, blocks: Sequence[RandomBlock]) -> list[float]:
    if not any(x in v for b in blocks for v in b.variables):
        slopes = list(dict.fromkeys(n for b in blocks for v in b.variables for n in v))
        raise SpecError(
            f"The model has no random slope of {x}, so the shares are the same at all its values.",
            code="no-random-slopes", subject=x,
            advice=f"It has random slopes of {', '.join(slopes)}." if slopes else "It has no random slopes.",
        )  # fmt: skip
    values = data.numeric(x)[fit.sample]
    low, high = float(values.min()), float(values.max())
    distinct = np.unique(values)
    if len(distinct) <= 8:
        return [float(v) for v in distinct]
    return [v for v in nice_ticks(low, high, 8) if low <= v <= high]


def _variance(fit: FitResult, position: int, block: RandomBlock, x: str | None, value: float) -> float:
    """The variance of an equation's effects, averaged over the rows, with `x` at a value."""
    if block.factor is not None:
        sigma = recovariance(fit, position)
        return float(sigma[0, 0])
    z = block.z.copy()
    for k, own in enumerate(block.variables):
        if x is None or x not in own:
            continue
        if set(own) != {x}:
            raise SpecError(f"The random slope of {block.labels[k]} is a product of {x} with another variable.",
                            code="no-random-slopes", subject=x)  # fmt: skip
        z[:, k] = value ** len(own)
    sigma = recovariance(fit, position)
    return float(np.einsum("ij,jk,ik->i", z, sigma, z).mean())
