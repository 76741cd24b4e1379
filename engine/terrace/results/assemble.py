"""From an optimum to the rows of a FitResult."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design, Level
from terrace.design.estimability import unsettled_names
from terrace.inference.cells import Cell
from terrace.inference.fitted import FittedModel
from terrace.inference.parameters import NaturalEstimate, estmetric, interval, sd_metric
from terrace.inference.zero_limit import nearly_zero, profile_limits
from terrace.results.fit import FixedEffect, GroupSummary, RandomParameter
from terrace.statistics.distributions import confidence_quantile, normal_two_sided, t_two_sided

FloatArray = npt.NDArray[np.float64]


def fixed_rows(
    design: Design, beta: FloatArray, vcov: FloatArray, df: FloatArray | None, level: float,
    constrained: frozenset[str] = frozenset(),
) -> tuple[FixedEffect, ...]:
    """Coefficients in printing order with those that were left out. `df` (p,) selects t instead of z."""
    position = {c.name: k for k, c in enumerate(design.x_info)}
    unsettled = set(unsettled_names(design))
    out: list[FixedEffect] = []
    for column in design.columns:
        k = position.get(column.name)
        if column.kind != "estimated" or k is None:
            kind = column.kind if column.kind != "estimated" else "omitted"
            out.append(
                FixedEffect(column.name, column.label, 0.0, None, None, None, None, None, None, kind)
            )
            continue
        if column.name in unsettled:
            nothing = (None,) * 6
            out.append(FixedEffect(column.name, column.label, math.nan, *nothing, "unidentified"))
            continue
        out.append(_fixed_row(column.name, column.label, k, beta, vcov, df, level, column.name in constrained))
    return tuple(out)


def _fixed_row(
    name: str, label: str, k: int, beta: FloatArray, vcov: FloatArray, df: FloatArray | None, level: float,
    constrained: bool,
) -> FixedEffect:
    coef = float(beta[k])
    variance = float(vcov[k, k])
    se = math.sqrt(variance) if variance > 0 else None
    if se is None or (constrained and se < 1e-10 * max(1.0, abs(coef))):
        return FixedEffect(name, label, coef, None, None, None, None, None, None, "constrained")
    stat = coef / se
    own = None if df is None else float(df[k])
    if own is not None and not own > 0:
        return FixedEffect(name, label, coef, se, stat, own, None, None, None)
    p = normal_two_sided(stat) if own is None else t_two_sided(stat, own)
    half = confidence_quantile(level, own) * se
    return FixedEffect(name, label, coef, se, stat, own, p, coef - half, coef + half)


def variance_limits(fitted: FittedModel, level: float) -> dict[int, tuple[float, float]]:
    """The profile intervals of standard deviations that are zero or nearly so, by position; a pseudolikelihood has
    none."""
    natural, design = fitted.natural, fitted.design
    if fitted.n_clusters is not None or design.weights.kind == "pweight" or design.spec.nostderr:
        return {}
    found: dict[int, tuple[float, float]] = {}
    close = natural.at_boundary | nearly_zero(natural)
    for k, c in enumerate(fitted.layout):
        if c.block is None or c.kind != "variance" or not close[k]:
            continue
        zero = bool(natural.at_boundary[k])
        ends = profile_limits(fitted.optimum.space, fitted.optimum.point, c, level, zero=zero)
        if ends is not None:
            found[k] = ends
    return found


def random_rows(
    design: Design, layout: tuple[Cell, ...], natural: NaturalEstimate, level: float, metric: str,
    limits: Mapping[int, tuple[float, float]],
) -> tuple[RandomParameter, ...]:
    """Covariance parameters in one metric, ``variance``, ``sd`` or ``estmetric``; ``limits`` from `variance_limits`."""
    if metric == "variance":
        values, scales = natural.values, [c.scale for c in layout]
        se_all = np.sqrt(np.maximum(np.diag(natural.relative), 0.0)) * natural.unit
        names = [c.name for c in layout]
    elif metric == "sd":
        values, vcov, scales = sd_metric(layout, natural)
        se_all = np.sqrt(np.maximum(np.diag(vcov), 0.0))
        names = [c.sd_name for c in layout]
    else:
        values, vcov, names = estmetric(layout, natural)
        se_all = np.sqrt(np.maximum(np.diag(vcov), 0.0))
        scales = ["symmetric"] * len(layout)
    out = []
    unknown = natural.unknown_as(layout, metric)
    for k, c in enumerate(layout):
        se = float(se_all[k]) if natural.identified[k] and not unknown[k] and se_all[k] > 0 else None
        value = float(values[k])
        if c.by and c.kind == "variance" and natural.at_boundary[k] and metric != "estmetric":
            # The search ends where the logarithm is so low that going on changes nothing. It stays in e(b), where
            # those of other groups may be relative to it.
            value = 0.0
        low, high = interval(value, se, scales[k], level)
        profiled = k in limits and metric != "estmetric" and not unknown[k]
        if profiled:
            low, high = limits[k] if metric == "sd" else (limits[k][0] ** 2, limits[k][1] ** 2)
        if c.block is None:
            where, structure = "Residual", design.residuals.title
        else:
            block = design.blocks[c.block]
            where, structure = block.level.name, block.structure.title
        out.append(
            RandomParameter(
                where, structure, names[k], math.nan if unknown[k] else value, se, low, high,
                len(design.blocks) if c.block is None else c.block, bool(natural.at_boundary[k]),
                "profile" if profiled else "wald", not unknown[k],
                design.residuals.by_label(c.by) if c.by else "",
            )
        )
    return tuple(out)


def _plain_groups(level: Level) -> GroupSummary:
    size = np.bincount(level.codes, minlength=level.n_groups)
    return GroupSummary(level.name, level.n_groups, int(size.min()), len(level.codes) / level.n_groups, int(size.max()))


def group_rows(design: Design) -> tuple[GroupSummary, ...]:
    """Groups per level, counting rows as often as frequency weights say."""
    weights = design.weights
    if weights.kind != "fweight" and design.counts is None:
        return tuple(_plain_groups(level) for level in design.levels)
    ones = np.ones(len(design.y))
    row = ones if design.counts is None else design.counts
    if weights.kind == "fweight" and weights.row is not None:
        row = weights.row
    out = []
    for position, level in enumerate(design.levels):
        inner = row.copy()
        copies = ones
        if weights.kind == "fweight":
            for other, values in weights.level:
                names = [v.name for v in design.levels]
                if names.index(other) > position:
                    inner = inner * values
                else:
                    copies = copies * values
        size = np.bincount(level.codes, weights=inner, minlength=level.n_groups)
        times = copies[level.rows]
        n = float(times.sum())
        out.append(
            GroupSummary(
                level.name, round(n), round(float(size.min())), float((size * times).sum() / n),
                round(float(size.max())),
            )
        )
    return tuple(out)
