"""The covariance matrix of the outcome within one cluster: V = ZΣZ' + R, its SDs and correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.errors import DataError, SpecError
from terrace.inference.marginal import random_part, residual_part
from terrace.postestimation.outcome import group_values
from terrace.postestimation.settled import settled
from terrace.postestimation.tests.combinations import need_data, need_own_rows
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_ROWS = 200
"""Rows of a cluster that a table shows at most."""


def marginal_covariance(fit: FitResult, rows: IntArray) -> FloatArray:
    """V of some rows of the estimation sample (numbered from 0 within it), shape (len(rows), len(rows)).

    Sampling weights take no part: this is the covariance of the outcome in the population.
    """
    return random_covariance(fit, rows) + residual_covariance(fit, rows)


def known_covariance(fit: FitResult, rows: IntArray) -> FloatArray:
    """`marginal_covariance` with NaN for the entries that depend on what the data do not identify."""
    return settled(fit, lambda f: marginal_covariance(f, rows), fit.model.objective.y_scale**2)


def random_covariance(fit: FitResult, rows: IntArray) -> FloatArray:
    """ZGZ' of some rows of the estimation sample."""
    return random_part(fit.model.design, fit.model.layout, fit.model.natural.values, rows)


def block_parameters(fit: FitResult, position: int, values: FloatArray | None = None) -> FloatArray:
    """The variances and covariances of one equation in the user's units, in the order of its structure; ``values`` (k,)
    stand for all covariance parameters in the place of the estimates."""
    own = [k for k, c in enumerate(fit.model.layout) if c.block == position]
    return (fit.model.natural.values if values is None else values)[own]


def residual_covariance(fit: FitResult, rows: IntArray) -> FloatArray:
    """R of some rows of the estimation sample."""
    model = fit.model
    return residual_part(model.design, model.psi[model.objective.n_random :], model.sigma2, rows)


def wcorrelation_table(
    fit: FitResult,
    data: Dataset,
    at: Mapping[str, Value] | None = None,
    covariance: bool = False,
    *,
    sd: bool = True,
    correlation: bool = True,
    every: bool = False,
    ordered: bool = True,
    display: str = "",
) -> Table:
    """SDs and correlations of the outcome within one cluster; with `covariance` V itself.

    Without ``sd`` or ``correlation`` that part is left out. ``every`` shows all rows of the estimation sample,
    ``ordered`` brings rows into the order of the residuals' time, ``display`` is the format of all numbers.

    ``at`` names a group by level (``{"region": 1, "state": 2}``); without it the first lowest-level group is
    shown. Raises `SpecError` for a name that is no level, `DataError` where no row is meant or too many are.
    """
    need_data(fit, data)
    rows, title = _chosen(fit, data, at, every)
    if len(rows) > MOST_ROWS:
        raise DataError(
            f"{title} has {len(rows):,} rows, too many for a table of correlations."
            if not every
            else f"The estimation sample has {len(rows):,} rows, too many for a table of correlations.",
            code="too-many-rows",
            subject="at",
            advice="Choose a group of a lower level with at().",
        )
    labels, stub, rows = _labels(fit, data, rows, ordered)
    v = known_covariance(fit, rows)
    deviations = np.sqrt(np.diag(v))
    shown = v if covariance else v / np.outer(deviations, deviations)
    if not covariance:
        np.fill_diagonal(shown, np.where(np.isnan(np.diag(shown)), np.nan, 1.0))
    sd = sd and not covariance
    correlation = correlation or covariance
    columns = [Column("sd", "SD", display=display)] if sd else []
    places = None if covariance else 3
    if correlation:
        columns += [
            Column(f"c{j + 1}", label, decimals=places, display=display) for j, label in enumerate(labels)
        ]
    out = []
    for i, label in enumerate(labels):
        lower = [_cell(shown[i, j]) if j <= i else None for j in range(len(rows))] if correlation else []
        out.append(Row(label, tuple([_cell(deviations[i]), *lower] if sd else lower)))
    what = "Covariances" if covariance else "Standard deviations and correlations"
    if not covariance and not (sd and correlation):
        what = "Standard deviations" if sd else "Correlations"
    notes = ("Missing entries are not identified by the data.",) if np.isnan(v).any() else ()
    return Table(f"{what} of {fit.outcome}, {title}", tuple(columns), tuple(out), stub, notes, "wcorrelation")


def _cell(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def cluster_parts(
    fit: FitResult, data: Dataset, at: Mapping[str, Value] | None = None, every: bool = False, ordered: bool = True
) -> tuple[list[str], list[str], FloatArray, FloatArray, FloatArray]:
    """What V = ZGZ' + R of one cluster is made of: names of its n rows and of its q effects, Z (n, q), G (q, q) and
    R (n, n), for the cluster that `wcorrelation_table` shows."""
    need_data(fit, data)
    rows, _ = _chosen(fit, data, at, every)
    labels, _, rows = _labels(fit, data, rows, ordered)
    names: list[str] = []
    columns = [np.zeros((len(rows), 0))]
    parts: list[FloatArray] = []
    for position, block in enumerate(fit.model.design.blocks):
        if not block.names:
            continue
        own = block_parameters(fit, position)
        groups = np.unique(block.codes[rows])
        here = np.equal.outer(block.codes[rows], groups)
        if block.factor is None:
            sigma = block.structure.covariance(own)
            columns += [here[:, [k]] * block.z[rows] for k in range(len(groups))]
            parts.append(np.asarray(np.kron(np.eye(len(groups)), sigma), dtype=np.float64))
            names += list(block.names) * len(groups)
            continue
        # the values of a factor: one effect each, which have a covariance within their level
        columns.append(here.astype(np.float64))
        levels = block.level.codes[rows][here.argmax(axis=0)]
        common = own[1] if len(own) > 1 else 0.0
        parts.append(np.where(np.equal.outer(levels, levels), common, 0.0) + np.eye(len(groups)) * (own[0] - common))
        names += [f"R.{block.factor}"] * len(groups)
    return labels, names, np.concatenate(columns, axis=1), _diagonal(parts), residual_covariance(fit, rows)


def _diagonal(parts: Sequence[FloatArray]) -> FloatArray:
    """Matrices along the diagonal of one."""
    size = sum(len(part) for part in parts)
    out = np.zeros((size, size))
    begin = 0
    for part in parts:
        out[begin : begin + len(part), begin : begin + len(part)] = part
        begin += len(part)
    return out


def cluster_table(
    fit: FitResult,
    data: Dataset,
    at: Mapping[str, Value] | None = None,
    every: bool = False,
    ordered: bool = True,
) -> Table:
    """The rows of that cluster: group variables, what the random part and the residuals know of them, outcome."""
    need_own_rows(fit)
    rows, title = _chosen(fit, data, at, every)
    if len(rows) > MOST_ROWS:
        raise DataError(f"{title} has {len(rows):,} rows, too many to list.", code="too-many-rows", subject="at")
    labels, stub, rows = _labels(fit, data, rows, ordered)
    spec, layout = fit.spec, fit.model.design.residuals
    names = [e.level for e in spec.random if e.level != "_all"]
    names += [f.name for e in spec.random for t in e.terms for f in t.factors]
    names += [e.factor for e in spec.random if e.factor]
    names += [n for n in (layout.time_variable, layout.by_variable) if n]
    shown = [n for n in dict.fromkeys([*names, fit.outcome]) if n in data and n != stub]
    columns = tuple(Column(n, n, "text" if data.is_text(n) else "general") for n in shown)
    frame = data.frame.iloc[np.flatnonzero(fit.sample)[rows]]
    cells = [[None if isinstance(v, float) and np.isnan(v) else v for v in frame[n].tolist()] for n in shown]
    out = tuple(Row(label, tuple(c[i] for c in cells)) for i, label in enumerate(labels))
    return Table(f"Rows of {title}", columns, out, stub, (), "wcorrelation-rows")


def _chosen(fit: FitResult, data: Dataset, at: Mapping[str, Value] | None, every: bool) -> tuple[IntArray, str]:
    """The rows that are shown, and what they are called."""
    if not every:
        return _cluster(fit, data, at or {})
    return np.arange(fit.model.design.n, dtype=np.int64), "all rows"


def _cluster(fit: FitResult, data: Dataset, at: Mapping[str, Value]) -> tuple[IntArray, str]:
    design = fit.model.design
    if not design.levels:
        raise SpecError("The model has no groups.", code="no-groups", subject="estat wcorrelation")
    keep = np.ones(design.n, dtype=bool)
    names = [level.name for level in design.levels if level.name != "_all"]
    known = names + [b.factor for b in design.blocks if b.factor]
    said = []
    for name, value in at.items():
        if name not in known:
            raise SpecError(
                f"{name} is not a group variable in this model.",
                code="no-such-level",
                subject="at",
                advice="The group variables are " + ", ".join(known) + ".",
            )
        codes, values = data.codes(name)
        found = [k for k, v in enumerate(values) if v == value or data.level_label(name, v) == str(value)]
        keep &= np.isin(codes[fit.sample], found)
        said.append(f"{name} = {data.level_label(name, value)}")
    if not at:
        lowest = design.levels[-1]
        first = lowest.codes[0]
        keep = lowest.codes == first
        places = np.flatnonzero(fit.sample)[lowest.rows[first]]
        for name in names:
            said.append(f"{name} = {data.level_label(name, group_values(data, name)[places])}")
    rows = np.flatnonzero(keep).astype(np.int64)
    if not len(rows):
        raise DataError(
            f"No row of the estimation sample has {', '.join(said)}.", code="no-observations", subject="at"
        )
    return rows, ", ".join(said) or "all rows"


def _labels(
    fit: FitResult, data: Dataset, rows: IntArray, ordered: bool
) -> tuple[list[str], str, IntArray]:
    """Names of the rows: times where the residuals have them and they differ, otherwise numbers."""
    layout = fit.model.design.residuals
    time = layout.time_variable
    if time is not None:
        values = data.numeric(time)[fit.sample][rows]
        if len(np.unique(values)) == len(rows):
            order = np.argsort(values, kind="stable") if ordered else np.arange(len(rows))
            return [f"{v:g}" for v in values[order]], time, rows[order]
    return [str(k + 1) for k in range(len(rows))], "Observation", rows
