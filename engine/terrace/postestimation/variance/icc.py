"""Intraclass correlations: of two observations that share a group, in every kind of model.

For a level: (variances of the intercepts at it and above) / (all intercept variances + σ²), with a delta-method
standard error and a logit interval. Two observations of one value of a crossed factor share that factor's
effect only. Random slopes make the correlation depend on their covariates; it is then that at zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.design import RandomBlock
from terrace.errors import SpecError
from terrace.inference.parameters import interval
from terrace.postestimation.tests.combinations import confidence_level
from terrace.results.fit import NOT_IDENTIFIED, FitResult
from terrace.results.table import Column, Row, Table

FloatArray = npt.NDArray[np.float64]

CONDITIONAL = "Conditional on zero values of the random-effects covariates."
CROSSED = "Crossed effects: the correlation of two observations that share this factor's group and no other's."
SHARE = "The residuals are correlated too, so this is the level's share of the variance at one time."


@dataclass(frozen=True, slots=True)
class Intraclass:
    """One correlation; ``se`` and the limits are None where they are not identified, ``value`` where the data do not
    tell the parameters behind it apart."""

    label: str
    value: float | None
    se: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class _Variant:
    """The residual part of one by() group: weights of the variance, and of what lowest-level groups share."""

    suffix: str
    variance: FloatArray
    shared: FloatArray


def icc(fit: FitResult, level: float | None = None) -> tuple[Intraclass, ...]:
    """All intraclass correlations of a fit, the highest level first.

    Raises `SpecError` where the model has no random intercept, or residual variances that change with time.
    """
    chosen = confidence_level(fit, level)
    variants = _residual_variants(fit)
    chain, crossed, everything = _intercepts(fit)
    out = []
    for position, (label, weights) in enumerate(chain):
        lowest = position == len(chain) - 1
        for v in variants:
            top = weights + v.shared if lowest else weights
            if top.any():
                out.append(_ratio(fit, label + v.suffix, top, everything + v.variance, chosen))
    for label, weights in crossed:
        for v in variants:
            out.append(_ratio(fit, label + v.suffix, weights, everything + v.variance, chosen))
    if not out:
        raise SpecError(
            "The model has no random intercept, so there is no intraclass correlation.",
            code="no-random-intercept",
            subject="estat icc",
            advice="Fit a model with a random intercept: || group:.",
        )
    return tuple(out)


def icc_table(fit: FitResult, level: float | None = None) -> Table:
    """The intraclass correlations as a table; the title says what they are conditional on."""
    found = icc(fit, level)
    rows = tuple(
        Row(e.label, (NOT_IDENTIFIED if e.value is None else e.value, e.se, _interval(e))) for e in found
    )
    slopes = any(set(b.names) - {"_cons"} and b.factor is None for b in fit.model.design.blocks)
    covariates = any(c.name != "_cons" for c in fit.model.design.x_info)
    kind = "Conditional intraclass" if slopes else "Residual intraclass" if covariates else "Intraclass"
    notes = [CONDITIONAL] if slopes else []
    if _crossed(fit):
        notes.append(CROSSED)
    if fit.model.design.residuals.structure.needs_time:
        notes.append(SHARE)
    if any(e.value is None for e in found):
        notes.append(f"Not identified: {_why(fit)}")
    elif any(e.se is None for e in found):
        notes.append("No standard error where a variance is at the boundary.")
    columns = (
        Column("icc", "ICC"),
        Column("se", "SE"),
        Column("ci", f"{confidence_level(fit, level):g}% CI", "interval"),
    )
    return Table(f"{kind} correlation", columns, rows, "Level", tuple(notes), "icc")


def _interval(e: Intraclass) -> tuple[float, float] | None:
    return None if e.lower is None or e.upper is None else (e.lower, e.upper)


def _ratio(fit: FitResult, label: str, top: FloatArray, bottom: FloatArray, level: float) -> Intraclass:
    natural = fit.model.natural
    v = natural.values
    a, b = float(top @ v), float(bottom @ v)
    value = a / b
    slope = (top - value * bottom) / b
    relative = slope * natural.unit
    variance = float(relative @ natural.relative @ relative)
    if not natural.determines(slope):
        return Intraclass(label, None, None, None, None)
    # a variance estimated as zero is fixed there; any other without a standard error leaves none
    known = natural.knows(np.where(v != 0, slope, 0.0))
    se = math.sqrt(variance) if variance > 0 and known and 0 < value < 1 else None
    low, high = interval(value, se, "logit", level)
    return Intraclass(label, value, se, low, high)


def _why(fit: FitResult) -> str:
    """What the fit says of the parameters that the data do not tell apart."""
    return " ".join(w.message for w in fit.warnings if w.code == "not-identified")


def _residual_variants(fit: FitResult) -> list[_Variant]:
    layout = fit.model.layout
    residuals = fit.model.design.residuals
    if residuals.structure.by_time:
        raise SpecError(
            f"With residuals({residuals.key}) the variance changes with time, and so does the intraclass correlation.",
            code="icc-structure",
            subject="estat icc",
            advice="For the correlations of all pairs of times, use estat wcorrelation.",
        )
    out = []
    for by in dict.fromkeys(c.by for c in layout if c.block is None):
        variance = _residual_units(fit, by, "variance")
        shared = _residual_units(fit, by, "covariance")
        name = fit.model.design.residuals.by_variable
        label = fit.model.design.residuals.by_label(by)
        out.append(_Variant(f" ({name} = {label})" if by else "", variance, shared))
    return out


def _residual_units(fit: FitResult, by: str, kind: str) -> FloatArray:
    return np.array([float(c.block is None and c.by == by and c.kind == kind) for c in fit.model.layout])


def _intercepts(
    fit: FitResult,
) -> tuple[list[tuple[str, FloatArray]], list[tuple[str, FloatArray]], FloatArray]:
    """Weights of what two rows share: by level (from the highest), by crossed factor; and of all intercepts."""
    design = fit.model.design
    k = len(fit.model.layout)
    total, above = np.zeros(k), np.zeros(k)
    chain: list[tuple[str, FloatArray]] = []
    crossed: list[tuple[str, FloatArray]] = []
    names: list[str] = []
    for level in design.levels:
        here = np.zeros(k)
        factors: list[tuple[str, FloatArray]] = []
        for position, block in enumerate(design.blocks):
            if block.level is not level and block.level.name != level.name:
                continue
            own, common = _block_weights(fit, position, block)
            total += own
            if block.factor is None:
                here += own
            else:
                here += common
                factors.append((block.factor, own - common))
        above = above + here
        if level.name != "_all":
            names.insert(0, level.name)
            if here.any() or level is design.levels[-1]:
                chain.append(("|".join(names), above))
        for factor, own in factors:
            label = "|".join([factor, *names])
            crossed.append((label, above + own))
    return chain, crossed, total


def _block_weights(fit: FitResult, position: int, block: RandomBlock) -> tuple[FloatArray, FloatArray]:
    """Weights of the intercept's variance, and of the covariance between values of an ``R.`` factor."""
    own, common = np.zeros(len(fit.model.layout)), np.zeros(len(fit.model.layout))
    for k, c in enumerate(fit.model.layout):
        if c.block != position:
            continue
        if block.factor is not None:
            (own if c.kind == "variance" else common)[k] = 1.0
        elif c.kind == "variance" and "_cons" in block.names:
            tied = block.structure.tied
            if tied or block.names[c.i] == "_cons":
                own[k] = 1.0
    return own, common


def _crossed(fit: FitResult) -> bool:
    """True where some groups are not nested in others: several ``R.`` equations, or levels below one."""
    factors = [b for b in fit.model.design.blocks if b.factor is not None]
    return len(factors) > 1 or any(b.level.name != fit.model.design.levels[-1].name for b in factors)
