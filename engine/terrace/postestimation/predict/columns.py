"""Predictions: linear predictor, fitted values to any level, residuals, random effects, with standard errors.

Formulas: details of `predict` in the house specification; û = GZ'V⁻¹(y - Xβ̂) (Henderson 1975).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.columns import ColumnInfo
from terrace.design.estimability import all_determined, estimable_rows
from terrace.design.groups import first_rows
from terrace.design.newdata import column_values, level_codes, pair_codes, unseen_levels
from terrace.errors import SpecError
from terrace.likelihood.blup import BlockEffects, predict_effects
from terrace.postestimation.outcome import need_rows, outcome_values
from terrace.postestimation.settled import bare, settled
from terrace.postestimation.tests.combinations import covariance
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RandomEffects:
    """Predicted effects of one equation: ``values`` and ``se`` (n_groups, q), ``groups`` their labels.

    ``se`` is NaN where it is not available. ``block`` is the equation's position.
    """

    level: str
    names: tuple[str, ...]
    groups: tuple[str, ...]
    values: FloatArray
    se: FloatArray
    block: int


@dataclass(frozen=True)
class PredictedColumn:
    """One new variable: ``suffix`` tells several of one command apart, ``values`` (rows of the data,)."""

    suffix: str
    values: FloatArray
    label: str


def effects(fit: FitResult, *, errors: bool = False) -> list[BlockEffects]:
    """BLUPs by equation in the design's group numbering; with prediction errors on request.

    NaN where they depend on what the data do not tell (`terrace.postestimation.settled`).
    """
    found = _effects(fit, errors)
    if fit.model.attainable is None:
        return found
    # effects of this size change the outcome by its own
    z = [block.z if block.names else np.zeros((1, 0)) for block in fit.model.design.blocks]
    length = [np.sqrt(np.mean(columns**2, axis=0)) for columns in z]
    units = [fit.model.objective.y_scale / np.where(own > 0, own, 1.0) for own in length]
    values = settled(fit, lambda f: _flat([part.values for part in _effects(f, False)]),
                     _flat([np.broadcast_to(u, part.values.shape) for u, part in zip(units, found)]))  # fmt: skip
    out = _shaped(values, [part.values for part in found])
    spread: list[FloatArray | None] = [part.vcov for part in found]
    if errors:
        known = [k for k, part in enumerate(found) if part.vcov is not None]
        own = [np.asarray(found[k].vcov) for k in known]
        sizes = [np.broadcast_to(np.outer(units[k], units[k]), v.shape) for k, v in zip(known, own)]
        every = settled(fit, lambda f: _flat([np.asarray(_effects(f, True)[k].vcov) for k in known]), _flat(sizes))
        for k, v in zip(known, _shaped(every, own)):
            spread[k] = v
    return [BlockEffects(a, b) for a, b in zip(out, spread)]


def _flat(arrays: Sequence[FloatArray]) -> FloatArray:
    return np.concatenate([np.zeros(0), *(a.ravel() for a in arrays)])


def _shaped(flat: FloatArray, like: Sequence[FloatArray]) -> list[FloatArray]:
    """What `_flat` has put together, in the shapes of ``like``."""
    ends = np.cumsum([a.size for a in like])
    return [flat[end - a.size : end].reshape(a.shape) for a, end in zip(like, ends)]


def _effects(fit: FitResult, errors: bool) -> list[BlockEffects]:
    model = fit.model
    e = model.optimum.point.evaluation
    vcov = e.a_inverse * e.sigma2 if model.objective.reml else None
    return predict_effects(
        model.objective, model.psi, e.beta, e.sigma2, errors=errors, beta_vcov=vcov
    )


def random_effects(fit: FitResult, data: Dataset | None = None) -> tuple[RandomEffects, ...]:
    """BLUPs with standard errors and group labels, one entry an equation that has effects."""
    out = []
    found = effects(fit, errors=True)
    for position, (block, part) in enumerate(zip(fit.model.design.blocks, found)):
        if not block.names:
            continue
        groups = group_labels(fit, position, data)
        se = np.full(part.values.shape, np.nan)
        if part.vcov is not None:
            se = np.sqrt(np.maximum(np.diagonal(part.vcov, axis1=1, axis2=2), 0.0))
        out.append(RandomEffects(block.level.name, block.names, groups, part.values, se, position))
    return tuple(out)


def group_labels(fit: FitResult, position: int, data: Dataset | None) -> tuple[str, ...]:
    """The groups of an equation by the values of their variables; `data` has the value labels."""
    block = fit.model.design.blocks[position]
    if data is None:
        return tuple(str(k + 1) for k in range(block.n_groups))
    first = first_rows(block.codes, block.n_groups)
    columns: list[tuple[str, npt.NDArray[Any]]] = []
    for level in fit.model.design.levels:
        if level.values is not None:
            columns.append((level.name, level.values[level.codes[first]]))
        if level.name == block.level.name:
            break
    if block.factor is not None and block.values is not None:
        columns.append((block.factor, block.values))
    if not columns:
        return ("all rows",) * block.n_groups
    texts = [[data.level_label(name, v) for v in values] for name, values in columns]
    return tuple(" / ".join(parts) for parts in zip(*texts))


def linear(fit: FitResult, data: Dataset) -> FloatArray:
    """xβ for every row, shape (rows,), NaN where a predictor is missing or has a level the fit never saw, and where
    the data do not determine it: in a cell that had no rows."""
    x = _x(fit, data)
    return x @ fit.model.beta


def _x(fit: FitResult, data: Dataset) -> FloatArray:
    design = fit.model.design
    x = column_values(fit.spec.fixed, design.x_info, data)
    bad = unseen_levels(fit.spec.fixed, design.columns, data) | not_estimable_rows(fit, data, x)
    if bad.any():
        x[bad] = np.nan
    return x


def not_estimable_rows(fit: FitResult, data: Dataset, x: FloatArray | None = None) -> npt.NDArray[np.bool_]:
    """Rows whose xβ the data of the fit do not determine, shape (rows,); ``x`` are the columns of these rows."""
    design, terms = fit.model.design, fit.spec.fixed
    if all_determined(design):
        return np.zeros(len(data), dtype=bool)
    x = column_values(terms, design.x_info, data) if x is None else x
    missing = np.asarray(np.isnan(x).any(axis=1))  # nothing is said of the cell of such a row

    def columns(wanted: Sequence[ColumnInfo]) -> FloatArray:
        values = column_values(terms, wanted, data)
        missing[np.asarray(np.isnan(values).any(axis=1))] = True
        return np.nan_to_num(values)

    fine = estimable_rows(design, np.nan_to_num(x), columns)
    return np.asarray(~(fine | missing))


def linear_se(fit: FitResult, data: Dataset) -> FloatArray:
    """√(xVx') for every row, shape (rows,); V is that of large samples, also after Kenward-Roger."""
    x = _x(fit, data)
    se: FloatArray = np.sqrt(np.einsum("ij,jk,ik->i", x, covariance(fit), x))
    return se


def fitted(fit: FitResult, data: Dataset, relevel: str | None = None) -> FloatArray:
    """xβ + Zu for every row, with the effects down to level `relevel` (all by default).

    Where β and u are not settled their sum can be: what one loses the other has. Rows of groups outside the estimation
    sample are predicted with an effect of 0 for those groups; a value of ``R.varname, cov(exchangeable)`` that is new
    to its group with what the other values of the group say of it.
    """
    if fit.model.attainable is None:
        return _fitted(fit, data, relevel)
    return settled(bare(fit), lambda f: _fitted(f, data, relevel), fit.model.objective.y_scale)


def _fitted(fit: FitResult, data: Dataset, relevel: str | None) -> FloatArray:
    total = linear(fit, data)
    for position, part in enumerate(_effects(fit, False)):
        block = fit.model.design.blocks[position]
        if not block.names or not _down_to(fit, block.level.name, relevel):
            continue
        codes = group_codes(fit, data, position)
        z = random_columns(fit, data, position)
        u = np.vstack([part.values, np.zeros((1, part.values.shape[1]))])[codes]
        if block.factor is not None and block.structure.n_params == 2:
            u[codes < 0] = _exchangeable_value(fit, data, position, part.values)[codes < 0]
        total = total + np.einsum("ij,ij->i", z, u)
    return total


def _exchangeable_value(fit: FitResult, data: Dataset, position: int, u: FloatArray) -> FloatArray:
    """E(u_new | u) = c Σu / (v + (m - 1)c) with v, c the variance and covariance of the m values, (rows, 1)."""
    design = fit.model.design
    block = design.blocks[position]
    first = first_rows(block.codes, block.n_groups)
    above = block.level.codes[first]
    count = np.bincount(above, minlength=block.level.n_groups)
    total = np.bincount(above, weights=u[:, 0], minlength=block.level.n_groups)
    v, c = fit.model.psi[fit.model.objective.layout.block_slices[position]]
    share = np.append(c * total / (v + (count - 1) * c), 0.0)
    return np.asarray(share[level_codes(design, data, block.level.name)][:, None])


def _down_to(fit: FitResult, level: str, relevel: str | None) -> bool:
    if relevel is None:
        return True
    names = [v.name for v in fit.model.design.levels]
    if relevel not in names:
        raise SpecError(
            f"{relevel} is not a level in this model.",
            code="no-such-level",
            subject="relevel",
            advice="The levels are " + ", ".join(names) + "." if names else "The model has no random effects.",
        )
    return names.index(level) <= names.index(relevel)


def random_columns(fit: FitResult, data: Dataset, position: int) -> FloatArray:
    """Z of one equation for every row of `data`, shape (rows, q)."""
    block = fit.model.design.blocks[position]
    equation = fit.spec.random[block.equation]
    if block.factor is not None:
        return np.ones((len(data), 1))
    return column_values(equation.terms, block.info, data)


def group_codes(fit: FitResult, data: Dataset, position: int) -> IntArray:
    """The fit's group number of every row for one equation; -1 for groups that were not in the sample."""
    design = fit.model.design
    block = design.blocks[position]
    if block.factor is not None:
        return pair_codes(design, block, data)
    return level_codes(design, data, block.level.name)


def residuals(fit: FitResult, data: Dataset, relevel: str | None = None) -> FloatArray:
    """y - fitted for every row, shape (rows,)."""
    return outcome_values(fit, data) - fitted(fit, data, relevel)


def standardized_residuals(fit: FitResult, data: Dataset) -> FloatArray:
    """R̂^(-1/2)(y - fitted), with the symmetric root of each group's R; NaN outside the estimation sample."""
    need_rows(fit, data)
    design = fit.model.design
    layout = design.residuals
    raw = residuals(fit, data)
    out = np.full(len(data), np.nan)
    inside = raw[fit.sample]
    sigma2 = fit.model.sigma2
    rho = fit.model.psi[fit.model.objective.n_random :]
    if layout.structure.independent:
        scale = np.ones(layout.n_by)
        scale[1:] = np.exp(rho)
        values = inside / np.sqrt(sigma2 * scale[layout.by])
        if design.weights.row is not None and design.weights.kind == "pweight":
            values = values * np.sqrt(design.weights.row)
        out[fit.sample] = values
        return out
    values = np.empty(len(inside))
    order = np.lexsort((layout.at, layout.groups))
    starts = np.flatnonzero(np.diff(layout.groups[order], prepend=-1))
    slices = layout.slices()
    cache: dict[bytes, FloatArray] = {}
    for rows in np.split(order, starts[1:]):
        by = int(layout.by[rows[0]])
        key = bytes([by % 256]) + layout.at[rows].tobytes()
        if key not in cache:
            own, part = slices[by]
            r, _, _ = layout.structure.relative(rho[part], layout.at[rows], 0)
            eigenvalues, vectors = np.linalg.eigh(r * (np.exp(rho[own]) if own is not None else 1.0) * sigma2)
            cache[key] = (vectors / np.sqrt(eigenvalues)) @ vectors.T
        values[rows] = cache[key] @ inside[rows]
    out[fit.sample] = values
    return out


def predict(
    fit: FitResult,
    data: Dataset,
    statistic: str = "xb",
    *,
    relevel: str | None = None,
    reses: bool = False,
) -> tuple[PredictedColumn, ...]:
    """The columns of one `predict` command.

    Parameters
    ----------
    statistic
        xb, stdp, fitted, residuals, rstandard or reffects.
    relevel
        Stop at this level (fitted, residuals), or give the effects of this level only (reffects).
    reses
        With reffects: standard errors after the effects.
    """
    if statistic == "xb":
        return (PredictedColumn("", linear(fit, data), "Linear prediction, fixed portion"),)
    if statistic == "stdp":
        label = "Standard error of the linear prediction"
        return (PredictedColumn("", linear_se(fit, data), label),)
    if statistic == "fitted":
        label = "Fitted values: xb + Zu" + (f", down to {relevel}" if relevel else "")
        return (PredictedColumn("", fitted(fit, data, relevel), label),)
    if statistic == "residuals":
        return (PredictedColumn("", residuals(fit, data, relevel), "Residuals"),)
    if statistic == "rstandard":
        return (PredictedColumn("", standardized_residuals(fit, data), "Standardized residuals"),)
    if statistic == "reffects":
        return _effect_columns(fit, data, relevel, reses)
    raise SpecError(f"{statistic} is not a statistic that predict offers.", code="predict", subject="predict",
                    advice="Choose xb, stdp, fitted, residuals, rstandard or reffects.")


def _effect_columns(
    fit: FitResult, data: Dataset, relevel: str | None, reses: bool
) -> tuple[PredictedColumn, ...]:
    if relevel is not None:
        _down_to(fit, relevel, relevel)
    found = effects(fit, errors=reses)
    out: list[PredictedColumn] = []
    errors: list[PredictedColumn] = []
    for position, part in enumerate(found):
        block = fit.model.design.blocks[position]
        if not block.names or (relevel is not None and block.level.name != relevel):
            continue
        codes = group_codes(fit, data, position)
        for k, name in enumerate(block.names):
            padded = np.append(part.values[:, k], np.nan)
            number = str(len(out) + 1)
            out.append(
                PredictedColumn(number, padded[codes], f"BLUP of the random effect {name} of {block.level.name}")
            )
            if reses:
                se = np.full(block.n_groups, np.nan)
                if part.vcov is not None:
                    se = np.sqrt(np.maximum(part.vcov[:, k, k], 0.0))
                errors.append(
                    PredictedColumn(
                        number, np.append(se, np.nan)[codes], f"Standard error of the BLUP {name} of {block.level.name}"
                    )
                )
    if not out:
        raise SpecError("The model has no random effects to predict.", code="no-random-effects", subject="reffects")
    if len(out) == 1:
        out = [PredictedColumn("", out[0].values, out[0].label)]
        errors = [PredictedColumn("", e.values, e.label) for e in errors]
    return (*out, *errors)
