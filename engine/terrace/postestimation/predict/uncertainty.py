"""Uncertainty of predictions: standard errors of fitted values, and of a new observation.

The error of a fitted value xβ̂ + zũ about xβ + zu has the variance [x z] C [x z]', with C the inverse of
Henderson's mixed-model equations (Henderson 1975; McLean, Sanders & Stroup 1991). C is never formed: going up
the levels, u_g = noise_g - T_g e with e the errors of what stands above (higher levels, crossed effects, β) and
noise of variance σ²K_g, so a row's coefficients on u_g become coefficients on what stands above, a - T_g'z, and
σ²z'K_gz is added. A group that the fit never saw has the effect 0 with the variance z'Σz. A new observation
adds its residual variance. Variances are taken as known, β as estimated, also under ML; the model-based
covariance of β̂ is used for fitted values, whatever the standard errors of the coefficients are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.newdata import level_codes
from terrace.errors import Cancelled, SpecError
from terrace.likelihood.blup import eliminated_by_group
from terrace.likelihood.eliminate import Eliminated
from terrace.likelihood.iterative.blup import RowEffects, error_variance
from terrace.likelihood.iterative.objective import IterativeObjective
from terrace.likelihood.layout import Component
from terrace.likelihood.sparse import SparseLead
from terrace.postestimation.predict.columns import (
    _down_to,
    _x,
    fitted,
    group_codes,
    linear,
    linear_se,
    random_columns,
)
from terrace.postestimation.settled import bare, settled
from terrace.progress import CancelCheck
from terrace.results.fit import FitResult
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
CHUNK = 4096  # rows at a time: keeps the coefficients on crossed effects small
MOST_SOLVED = 5000  # rows whose errors are solved for one by one


@dataclass(frozen=True)
class Prediction:
    """Every row of the data, shape (rows,): ``value``, the ``se`` of that value, and ``sd_new``, the standard
    deviation of a new observation about it; NaN where a predictor is missing, and for what depends on parameters that
    are not identified. ``unseen`` marks rows with a
    group that the fit never saw, whose effect is taken as 0."""

    value: FloatArray
    se: FloatArray
    sd_new: FloatArray
    unseen: npt.NDArray[np.bool_]


def prediction(
    fit: FitResult,
    data: Dataset,
    *,
    fixed_only: bool = False,
    relevel: str | None = None,
    cancel: CancelCheck | None = None,
) -> Prediction:
    """Fitted values down to level `relevel` (all by default) with their uncertainty.

    With ``fixed_only`` xβ̂ alone. Levels that are left out count as new groups in ``sd_new``: it is then that
    of an observation in a group yet to be drawn. The new observation has a residual of its own, also where the
    residuals of the model are correlated.
    """
    if fit.model.attainable is None:
        return _prediction(fit, data, fixed_only, relevel, cancel)
    unseen = _prediction(fit, data, fixed_only, relevel, cancel).unseen

    def numbers(f: FitResult) -> FloatArray:
        found = _prediction(f, data, fixed_only, relevel, cancel)
        return np.array([found.value, found.se, found.sd_new])

    value, se, sd_new = settled(bare(fit), numbers, fit.model.objective.y_scale)
    return Prediction(value, se, sd_new, unseen)


def _prediction(
    fit: FitResult, data: Dataset, fixed_only: bool, relevel: str | None, cancel: CancelCheck | None
) -> Prediction:
    value = linear(fit, data) if fixed_only else fitted(fit, data, relevel)
    parts = _parts(fit, data, fixed_only, relevel)
    unseen = np.zeros(len(data), dtype=bool)
    for part in parts:
        unseen |= part.known.any(axis=1) & (part.codes < 0)
    left_out = sum((_quadratic(p.left_out, p.sigma) for p in parts), np.zeros(len(data)))
    if fixed_only:
        variance = linear_se(fit, data) ** 2
    else:
        variance = _error_variance(fit, data, parts, cancel)
    # where a group variable is missing the group is as good as unseen
    residual = new_residual_variance(fit, data)
    variance = np.maximum(variance, 0.0)
    return Prediction(value, np.sqrt(variance), np.sqrt(variance + left_out + residual), unseen)


@dataclass(frozen=True)
class _Part:
    """One component for the rows of the data: ``codes`` (rows,) with -1 for unseen groups, the columns of Z that
    take part in the prediction (``known``) and those left out, both (rows, q) in the units of the likelihood, and
    Σ (q, q) of its effects, in squared units of the outcome per squared column."""

    component: Component
    codes: IntArray
    known: FloatArray
    left_out: FloatArray
    sigma: FloatArray


def _parts(fit: FitResult, data: Dataset, fixed_only: bool, relevel: str | None) -> list[_Part]:
    objective = fit.model.objective
    out = []
    for component in (*objective.layout.chain, *objective.layout.crossed):
        q = component.z.shape[1]
        known, left_out = np.zeros((len(data), q)), np.zeros((len(data), q))
        codes: IntArray | None = None
        for position, offset, count in component.parts:
            block = fit.model.design.blocks[position]
            z = objective.layout.transforms[position].columns(random_columns(fit, data, position)) * objective.y_scale
            inside = not fixed_only and _down_to(fit, block.level.name, relevel)
            (known if inside else left_out)[:, offset : offset + count] = z
            if codes is None:
                codes = _component_codes(fit, data, position, component)
        assert codes is not None
        sigma = np.zeros((q, q))
        for i, e in component.bases.items():
            sigma += fit.model.psi[i] * e
        out.append(_Part(component, codes, known, left_out, sigma * _sigma2(fit)))
    return out


def _sigma2(fit: FitResult) -> float:
    return float(fit.model.optimum.point.evaluation.sigma2)


def _component_codes(fit: FitResult, data: Dataset, position: int, component: Component) -> IntArray:
    """The component's number of every row's group; -1 for unseen ones."""
    block = fit.model.design.blocks[position]
    shared = block.factor is not None and component.n_groups != block.n_groups
    own = level_codes(fit.model.design, data, block.level.name) if shared else group_codes(fit, data, position)
    in_sample = block.level.codes if shared else block.codes
    lookup = np.full(int(in_sample.max()) + 2, -1, dtype=np.int64)
    lookup[in_sample] = component.codes
    return np.where(own < 0, -1, lookup[own])


def _quadratic(z: FloatArray, sigma: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ni,ij,nj->n", z, sigma, z))


def _error_variance(
    fit: FitResult, data: Dataset, parts: list[_Part], cancel: CancelCheck | None
) -> FloatArray:
    objective = fit.model.objective
    if isinstance(objective, IterativeObjective):
        return _iterative_variance(fit, objective, data, parts, cancel)
    done = eliminated_by_group(objective, fit.model.psi)
    sigma2 = _sigma2(fit)
    x = _x(fit, data) @ _to_x(fit) * objective.y_scale
    chain, crossed = parts[: len(objective.layout.chain)], parts[len(objective.layout.chain) :]
    above = _errors_above(fit, done, sigma2)
    if objective.sparse is not None:
        return _sparse_variance(objective.sparse, done[0].k, chain[0], crossed, x, above, sigma2, cancel)
    out = np.empty(len(data))
    for start in range(0, len(data), CHUNK):
        if cancel is not None and cancel():
            raise Cancelled
        rows = slice(start, min(start + CHUNK, len(data)))
        out[rows] = _chunk(rows, chain, crossed, x, done, above, sigma2)
    return out


def _iterative_variance(
    fit: FitResult, objective: IterativeObjective, data: Dataset, parts: list[_Part], cancel: CancelCheck | None
) -> FloatArray:
    """The same by the iterative tier, which solves the equations once a row."""
    if len(data) > MOST_SOLVED:
        raise SpecError(
            f"Standard errors of fitted values take a solve a row with the iterative method, which is too long for "
            f"{plural(len(data), 'row')}.",
            code="needs-exact", subject="method",
            advice=f"Predict at most {plural(MOST_SOLVED, 'row')} at a time, or without standard errors.",
        )

    def tick() -> None:
        if cancel is not None and cancel():
            raise Cancelled

    total = np.zeros(len(data))
    rows = {}
    for part in parts:
        new = part.codes < 0
        total[new] += _quadratic(part.known[new], part.sigma)
        rows[id(part.component)] = RowEffects(part.codes, np.where(new[:, None], 0.0, part.known))
    x = _x(fit, data) @ _to_x(fit) * objective.y_scale
    fine = np.isfinite(x).all(axis=1) & np.all([np.isfinite(r.z).all(axis=1) for r in rows.values()], axis=0)
    some = {key: RowEffects(r.codes[fine], r.z[fine]) for key, r in rows.items()}
    inverse = fit.model.optimum.point.evaluation.a_inverse
    out = np.full(len(data), np.nan)
    out[fine] = total[fine] + _sigma2(fit) * error_variance(objective, fit.model.psi, some, x[fine], inverse, tick)
    return out


def _to_x(fit: FitResult) -> FloatArray:
    return fit.model.bound.lifted(fit.model.objective.back)


def _errors_above(fit: FitResult, done: list[Eliminated], sigma2: float) -> FloatArray:
    """Covariance of the errors of (crossed effects, β̃), (qc + p, qc + p)."""
    objective = fit.model.objective
    beta = fit.model.optimum.point.evaluation.a_inverse * sigma2
    if not objective.crossed_stage.q:
        return np.asarray(beta)
    k, t = done[-1].k[0], done[-1].t[0, :, :-1]
    te = t @ beta
    return np.block([[sigma2 * k + te @ t.T, -te], [-te.T, beta]])


def _chunk(
    rows: slice,
    chain: list[_Part],
    crossed: list[_Part],
    x: FloatArray,
    done: list[Eliminated],
    above: FloatArray,
    sigma2: float,
) -> FloatArray:
    """The variance of some rows: see the head of this file."""
    n = rows.stop - rows.start
    total = np.zeros(n)
    blocks = [p.known[rows].copy() for p in chain]
    blocks += [_wide(p, rows, total) for p in crossed]
    a = np.concatenate([*blocks, x[rows]], axis=1)
    for k, part in enumerate(chain):
        q = part.known.shape[1]
        z, a = a[:, :q], a[:, q:]
        codes = part.codes[rows]
        new = codes < 0
        # an unseen group lies under nothing: its own columns are those of Z alone
        total[new] += _quadratic(part.known[rows][new], part.sigma)
        seen = ~new & part.known[rows].any(axis=1) if k == 0 else ~new
        own = codes[seen]
        total[seen] += sigma2 * np.einsum("ni,nij,nj->n", z[seen], done[k].k[own], z[seen])
        a[seen] -= np.einsum("ni,nij->nj", z[seen], done[k].t[own][:, :, :-1])
    total += np.einsum("ni,ij,nj->n", a, above, a, optimize=True)
    return total


def _sparse_variance(
    sparse: SparseLead,
    k: FloatArray,
    lead: _Part,
    crossed: list[_Part],
    x: FloatArray,
    above: FloatArray,
    sigma2: float,
    cancel: CancelCheck | None,
) -> FloatArray:
    """The variance of every row where the first factor is eliminated sparsely.

    Group by group: a row has coefficients on β, on its own crossed effects, and through T_g = K_gC_g on those that
    its group meets, and on no others.
    """
    width, p = sparse.width, sparse.dense.shape[2] - 1
    shared = sparse.entries
    columns, values, total = _crossed_entries(crossed, len(x))
    total[lead.codes < 0] += _quadratic(lead.known[lead.codes < 0], lead.sigma)
    order = np.argsort(lead.codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(lead.codes[order])) + 1):
        if not len(rows):
            continue
        if cancel is not None and cancel():
            raise Cancelled
        g = int(lead.codes[rows[0]])
        entries = slice(shared.first[g], shared.first[g + 1]) if g >= 0 else slice(0, 0)
        met = shared.column[entries]
        found, place = np.unique(np.concatenate([met, columns[rows].ravel()]), return_inverse=True)
        a = np.zeros((len(rows), len(found) + p))
        at = place[len(met) :].reshape(len(rows), -1)
        np.add.at(a, (np.arange(len(rows))[:, None], at), values[rows])
        a[:, len(found) :] = x[rows]
        if g >= 0:
            z = lead.known[rows]
            zk = z @ k[g]
            total[rows] += sigma2 * np.einsum("ni,ni->n", zk, z)
            a[:, place[: len(met)]] -= zk @ shared.values[entries].T
            a[:, len(found) :] -= zk @ sparse.dense[g][:, :-1]
        if len(found) and found[0] < 0:  # rows without a crossed effect that is known; nothing was added there
            a, found = a[:, 1:], found[1:]
        index = np.concatenate([found, np.arange(width, width + p)])
        total[rows] += np.einsum("ni,ni->n", a @ above[np.ix_(index, index)], a)
    return total


def _crossed_entries(crossed: list[_Part], n: int) -> tuple[IntArray, FloatArray, FloatArray]:
    """Columns and values of the crossed part of Z by row, (n, entries), -1 for unseen groups, whose variance is the
    third, (n,)."""
    columns, values, total = [], [], np.zeros(n)
    offset = 0
    for part in crossed:
        q = part.known.shape[1]
        new = part.codes < 0
        total[new] += _quadratic(part.known[new], part.sigma)
        for j in range(q):
            columns.append(np.where(new, -1, offset + part.codes * q + j))
            values.append(np.where(new, 0.0, part.known[:, j]))
        offset += part.component.n_groups * q
    return np.column_stack(columns), np.column_stack(values), total


def _wide(part: _Part, rows: slice, total: FloatArray) -> FloatArray:
    """Z of a crossed component over all its groups, (n, groups * q); what is unseen adds to `total`."""
    z, codes = part.known[rows], part.codes[rows]
    q = z.shape[1]
    new = codes < 0
    total[new] += _quadratic(z[new], part.sigma)
    out = np.zeros((len(z), part.component.n_groups, q))
    at = np.flatnonzero(~new)
    out[at, codes[at]] = z[at]
    return out.reshape(len(z), -1)


def new_residual_variance(fit: FitResult, data: Dataset) -> FloatArray:
    """The residual variance of a new observation in the place of every row, shape (rows,).

    NaN where its by() group, or its time under unstructured or banded residuals, did not occur in the sample.
    """
    layout = fit.model.design.residuals
    rho = fit.model.psi[fit.model.objective.n_random :]
    by = _by_groups(fit, data)
    out = np.full(len(data), np.nan)
    slices = layout.slices()
    structured = layout.structure.by_time
    times = _positions(data, layout.time_variable, layout.structure.times) if structured else None
    for k, (own, part) in enumerate(slices):
        scale = fit.model.sigma2 * (float(np.exp(rho[own])) if own is not None else 1.0)
        inside = by == k
        if times is None:
            out[inside] = scale
            continue
        at = np.arange(len(layout.structure.times), dtype=np.float64)
        diagonal = np.append(scale * np.diag(layout.structure.relative(rho[part], at, 0)[0]), np.nan)
        out[inside] = diagonal[times[inside]]
    return out


def _by_groups(fit: FitResult, data: Dataset) -> IntArray:
    layout = fit.model.design.residuals
    if not layout.by_variable:
        return np.zeros(len(data), dtype=np.int64)
    codes, values = data.codes(layout.by_variable)
    names = [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values]
    known = {name: k for k, name in enumerate(layout.by_levels)}
    return np.array([*(known.get(n, -1) for n in names), -1], dtype=np.int64)[codes]


def _positions(data: Dataset, name: str | None, times: FloatArray) -> IntArray:
    """Positions of the rows' times among the known ones, -1 where they are not among them."""
    assert name is not None
    values = data.numeric(name)
    at = np.minimum(np.searchsorted(times, values), len(times) - 1)
    return np.where(times[at] == values, at, -1)
