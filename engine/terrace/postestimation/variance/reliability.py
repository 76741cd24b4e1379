"""Reliability of the groups' random effects: how much of what a group shows is the group.

λ_j = τ/(τ + v_j), with v_j the variance with which the group's own rows would estimate its effect: σ²/n_j for an
intercept in a two-level model, the diagonal of (Z_j'W_j⁻¹Z_j)⁻¹ in general, where W_j is the covariance of the
group's rows given its effects and those above (Raudenbush & Bryk 2002, eq. 3.58, 3.59 and 8.9). Groups whose
rows cannot estimate an effect (a slope from one row) have none, and do not enter the mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.groups import sizes
from terrace.errors import SpecError
from terrace.postestimation.settled import settled
from terrace.postestimation.variance.parts import recovariance
from terrace.postestimation.variance.wcorrelation import block_parameters, residual_covariance
from terrace.results.fit import NOT_IDENTIFIED, FitResult
from terrace.results.table import CellValue, Column, Row, Table
from terrace.results.tables_terms import random_label

NOT_TOLD = "Missing values depend on variances that the data do not identify."
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reliability:
    """One equation: ``values`` (G, q) by group and effect, NaN where there is none; ``sizes`` (G,) rows.

    Groups are numbered as in the block's ``codes``. ``identified`` (q,) is False for effects whose reliabilities depend
    on variances that the data do not tell.
    """

    level: str
    names: tuple[str, ...]
    values: FloatArray
    sizes: IntArray
    block: int
    identified: npt.NDArray[np.bool_]

    @property
    def means(self) -> FloatArray:
        """The mean over the groups that have it, shape (q,); NaN where none has."""
        known = np.isfinite(self.values)
        total = np.where(known, self.values, 0.0).sum(axis=0)
        means: FloatArray = np.full(total.shape, np.nan)
        np.divide(total, known.sum(axis=0), out=means, where=known.any(axis=0))
        return means


def reliability(fit: FitResult) -> tuple[Reliability, ...]:
    """Reliabilities of every equation. Raises `SpecError` where the model has no random effects."""
    found = _reliability(fit)
    out = []
    for k, r in enumerate(found):
        values = settled(fit, partial(_values, k), 1.0)
        out.append(replace(r, values=values, identified=~np.any(np.isnan(values) & ~np.isnan(r.values), axis=0)))
    return tuple(out)


def _values(k: int, fit: FitResult) -> FloatArray:
    return _reliability(fit)[k].values


def _reliability(fit: FitResult) -> tuple[Reliability, ...]:
    design = fit.model.design
    information = _nested_information(fit)
    out = []
    for position, block in enumerate(design.blocks):
        if not block.names:
            continue
        rows = np.rint(sizes(block.codes, block.n_groups, design.counts)).astype(np.int64)
        if block.factor is not None:
            tau = block_parameters(fit, position)[:1]
            own = _crossed_information(fit, position)
        else:
            tau = np.diag(recovariance(fit, position))
            own = information[position]
        fine = np.ones(len(block.names), dtype=bool)
        out.append(Reliability(block.level.name, block.names, _ratios(tau, own), rows, position, fine))
    if not out:
        raise SpecError("The model has no random effects.", code="no-random-effects", subject="estat reliability")
    return tuple(out)


def _ratios(tau: FloatArray, information: FloatArray) -> FloatArray:
    """τ/(τ + v) with v the diagonal of the inverse information, NaN where that is singular."""
    size = np.sqrt(np.maximum(np.diagonal(information, axis1=1, axis2=2), 1e-300))
    scaled = information / (size[:, :, None] * size[:, None, :])
    values, vectors = np.linalg.eigh(scaled)
    fine = values[:, 0] > 1e-9
    v = np.full(size.shape, np.nan)
    inverse = np.einsum("gik,gk,gik->gi", vectors[fine], 1.0 / values[fine], vectors[fine])
    v[fine] = inverse / size[fine] ** 2
    ratios: FloatArray = tau / (tau + v)
    return ratios


def _row_precision(fit: FitResult) -> FloatArray:
    """1/var of each row's residual, shape (n,); weights of the first level multiply it."""
    layout = fit.model.design.residuals
    scale = np.ones(layout.n_by)
    scale[1:] = np.exp(fit.model.psi[fit.model.objective.n_random :])
    out = 1.0 / (fit.model.sigma2 * scale[layout.by])
    row = fit.model.design.weights.row
    return out if row is None else out * row


def _crossed_information(fit: FitResult, position: int) -> FloatArray:
    """What the rows of each value say of it when nothing else is unknown, (G, 1, 1)."""
    block = fit.model.design.blocks[position]
    residuals = fit.model.design.residuals
    if not residuals.structure.independent:
        # rows of one value are correlated where they share a residual group
        out = np.zeros((block.n_groups, 1, 1))
        pairs = block.codes.astype(np.int64) * (int(residuals.groups.max()) + 1) + residuals.groups
        order = np.argsort(pairs, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(pairs[order])) + 1):
            z = block.z[rows]
            out[block.codes[rows[0]]] += z.T @ np.linalg.solve(residual_covariance(fit, rows), z)
        return out
    return _grouped(block.z, block.codes, block.n_groups, _row_precision(fit))


def _nested_information(fit: FitResult) -> dict[int, FloatArray]:
    """Z'W⁻¹Z of every group for each equation of the nested levels, by eliminating the levels below."""
    design = fit.model.design
    levels = [lv for lv in design.levels if any(b.level is lv and b.names and not b.factor for b in design.blocks)]
    order = list(reversed(levels))
    own = [[k for k, b in enumerate(design.blocks) if b.level is lv and b.names and not b.factor] for lv in order]
    out: dict[int, FloatArray] = {}
    if not order:
        return out
    z = np.concatenate([design.blocks[k].z for members in own for k in members], axis=1)
    if design.residuals.structure.independent:
        codes = order[0].codes
        s = _grouped(z, codes, order[0].n_groups, _row_precision(fit))
    else:
        codes = order[0].codes
        s = _structured(fit, z, codes, order[0].n_groups)
    for depth, members in enumerate(own):
        width = sum(design.blocks[k].z.shape[1] for k in members)
        at = 0
        for k in members:
            q = design.blocks[k].z.shape[1]
            # equations of one level are estimated together
            out[k] = s[:, :width, :width] if len(members) == 1 else _given(s[:, :width, :width], slice(at, at + q))
            at += q
        if depth + 1 == len(order):
            break
        sigma = np.zeros((width, width))
        at = 0
        for k in members:
            q = design.blocks[k].z.shape[1]
            sigma[at : at + q, at : at + q] = recovariance(fit, k)
            at += q
        d, c = s[:, :width, :width], s[:, :width, width:]
        kernel = np.linalg.solve(np.eye(width) + sigma @ d, np.broadcast_to(sigma, d.shape))
        rest = s[:, width:, width:] - np.swapaxes(c, 1, 2) @ kernel @ c
        parent = order[depth + 1].codes[order[depth].rows]
        s = np.zeros((order[depth + 1].n_groups, *rest.shape[1:]))
        np.add.at(s, parent, rest)
    return out


def _given(s: FloatArray, part: slice) -> FloatArray:
    """The information about some columns when the others are unknown too: the inverse of their block of s⁻¹."""
    others = np.ones(s.shape[1], dtype=bool)
    others[part] = False
    a, b = s[:, part, part], s[:, part, :][:, :, others]
    c = s[:, others, :][:, :, others]
    return np.asarray(a - b @ np.linalg.pinv(c, hermitian=True) @ np.swapaxes(b, 1, 2))


def _grouped(z: FloatArray, codes: IntArray, count: int, precision: FloatArray) -> FloatArray:
    q = z.shape[1]
    out = np.empty((count, q, q))
    for i in range(q):
        for j in range(i, q):
            out[:, i, j] = out[:, j, i] = np.bincount(codes, weights=precision * z[:, i] * z[:, j], minlength=count)
    return out


def _structured(fit: FitResult, z: FloatArray, codes: IntArray, count: int) -> FloatArray:
    """Z'R⁻¹Z by lowest-level group, where residuals are correlated within residual groups."""
    groups = fit.model.design.residuals.groups
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    out = np.zeros((count, z.shape[1], z.shape[1]))
    for rows in np.split(order, starts[1:]):
        r = residual_covariance(fit, rows)
        out[codes[rows[0]]] += z[rows].T @ np.linalg.solve(r, z[rows])
    return out


def reliability_table(fit: FitResult) -> Table:
    """The mean reliability of each random effect, with its range over the groups."""
    rows: list[Row] = []
    found = reliability(fit)
    several = len({r.level for r in found}) > 1
    for r in found:
        for k, name in enumerate(r.names):
            values = r.values[:, k]
            known = values[np.isfinite(values)]
            cells: tuple[CellValue, ...] = (
                (float(r.means[k]), float(known.min()), float(known.max()), len(known))
                if len(known)
                else (None, None, None, 0)
            )
            if not r.identified[k]:
                cells = (NOT_IDENTIFIED, None, None, None)
            label = random_label(f"var({name})")[4:-1]
            rows.append(
                Row(f"{r.level}: {label}" if several else label, cells, code=f"{r.level}:{name}" if several else name)
            )
    columns = (
        Column("mean", "Mean reliability", "fixed", 3),
        Column("min", "Minimum", "fixed", 3),
        Column("max", "Maximum", "fixed", 3),
        Column("groups", "Groups", "count"),
    )
    notes = ["Share of the variance between groups in what the groups' own rows show; mean over groups."]
    if not all(r.identified.all() for r in found):
        notes.append(NOT_TOLD)
    return Table("Reliability", columns, tuple(rows), "Random effect", tuple(notes), "reliability")


def reliability_groups_table(fit: FitResult, data: Dataset, level: str | None = None) -> Table:
    """The reliability of every group of one level (default: the lowest with random effects)."""
    from terrace.postestimation.predict.columns import group_labels

    found = reliability(fit)
    names = list(dict.fromkeys(r.level for r in found))
    chosen = level or names[-1]
    own = [r for r in found if r.level == chosen]
    if not own:
        raise SpecError(
            f"{chosen} is not a level with random effects in this model.",
            code="no-such-level",
            subject="level",
            advice="The levels are " + ", ".join(names) + ".",
        )
    r = own[0]
    labels = group_labels(fit, r.block, data)
    columns = [Column("n", "Rows", "count")]
    values = [r.values]
    for other in own:
        columns += [Column(f"lambda_{n}", random_label(f"var({n})")[4:-1], "fixed", 3) for n in other.names]
        values += [other.values] if other is not r else []
    every = np.concatenate(values, axis=1)
    rows = tuple(
        Row(label, (int(r.sizes[g]), *(float(v) if np.isfinite(v) else None for v in every[g])))
        for g, label in enumerate(labels)
    )
    notes = () if all(o.identified.all() for o in own) else (NOT_TOLD,)
    return Table(f"Reliability by {chosen}", tuple(columns), rows, chosen, notes, "reliability-groups")
