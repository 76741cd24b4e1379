"""The layout of the residuals: groups of rows that share a correlation, their times and by() groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import ReportedParameter, ResidualStructure
from terrace.covariance.registry import RESIDUALS
from terrace.data.dataset import Dataset
from terrace.data.digits import whole_text
from terrace.design.groups import starts_of
from terrace.errors import DataError, SpecError
from terrace.spec.model import ModelSpec

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


WIDEST = 18.0
"""The largest log-ratio between residual variances of by() groups that the search can reach: 6.6e7."""

MARKED = 10_000_000
"""Distances up to this are marked off one by one where it is asked which occur."""

_NO_LEVELS: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResidualLayout:
    """Residual structure bound to data.

    ``groups`` (n,) are the lowest-level groups, ``at`` (n,) the times (positions among the distinct times for
    unstructured and banded), ``by`` (n,) the by() group of each row. Parameters are those of the structure
    for each by() group in turn; from the second group on, preceded by the log of its variance relative to σ², that of
    the first. Which group is first is for the search to choose (`relative_to`): a variance can go to zero where others
    are relative to it by no finite number. ``by_levels`` name the groups in parameters (codes), ``by_labels`` for
    people (value labels); ``shown`` has the places of the groups in the order of the printed table, where that is
    another.
    """

    key: str
    structure: ResidualStructure
    groups: IntArray
    at: FloatArray
    by: IntArray
    by_levels: tuple[str, ...]
    by_variable: str | None
    time_variable: str | None
    order: int | None
    by_labels: tuple[str, ...] = ()
    shown: tuple[int, ...] = ()

    def relative_to(self, group: int) -> ResidualLayout:
        """The same residuals with σ² that of another group; the printed table keeps its order."""
        order = [group, *(k for k in range(self.n_by) if k != group)]
        place = np.argsort(order)
        return replace(
            self, by=place[self.by], by_levels=tuple(self.by_levels[k] for k in order),
            by_labels=tuple(self.by_labels[k] for k in order), shown=tuple(int(place[k]) for k in self._shown),
        )

    @property
    def _shown(self) -> tuple[int, ...]:
        return self.shown or tuple(range(self.n_by))

    def by_label(self, level: str) -> str:
        """The value label of a by() group, or its code where it has none."""
        return dict(zip(self.by_levels, self.by_labels)).get(level, level)

    @property
    def n_by(self) -> int:
        """Number of by() groups (1 without by())."""
        return max(len(self.by_levels), 1)

    @property
    def n_params(self) -> int:
        """Relative parameters in all."""
        return self.n_by * self.structure.n_params + self.n_by - 1

    @property
    def simple(self) -> bool:
        """True for one variance and nothing else."""
        return self.structure.independent and self.n_by == 1

    @property
    def title(self) -> str:
        """Heading of the residual part of the table."""
        name = self.structure.title
        order = self.structure.shown_order()
        if order is not None:
            name += f"({order})"
        return name + (f", by {self.by_variable}" if self.by_variable else "")

    def slices(self) -> list[tuple[int | None, slice]]:
        """For each by() group, the position of its relative log-variance (None for the first) and of its ρ."""
        out: list[tuple[int | None, slice]] = []
        r, position = self.structure.n_params, 0
        for level in range(self.n_by):
            own = None
            if level:
                own, position = position, position + 1
            out.append((own, slice(position, position + r)))
            position += r
        return out

    def logarithms(self, rho: FloatArray) -> FloatArray:
        """The logarithms of the variances of the by() groups relative to σ², (n_by,)."""
        return np.array([0.0 if own is None else rho[own] for own, _ in self.slices()])

    def to_relative(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Relative parameters of all by() groups from the search vector, with derivatives."""
        size = self.n_params
        value, jacobian, second = np.array(theta, dtype=np.float64), np.eye(size), np.zeros((size, size, size))
        for own, part in self.slices():
            if own is not None:
                # a variance that goes to zero would go there for ever; beyond this ratio digits are lost
                t = np.tanh(theta[own] / WIDEST)
                value[own] = WIDEST * t
                jacobian[own, own] = 1.0 - t * t
                second[own, own, own] = -2.0 * t * (1.0 - t * t) / WIDEST
            v, j, h = self.structure.to_relative(theta[part])
            value[part], jacobian[part, part], second[part, part, part] = v, j, h
        return value, jacobian, second

    def edge(self, rho: FloatArray) -> FloatArray:
        """Directions of the relative parameters, shape (n_params, s), along which an estimate at the edge of the
        parameter space does not move R*."""
        if self.structure.n_params == 0:
            return np.zeros((self.n_params, 0))
        found = []
        for _, part in self.slices():
            own = self.structure.edge(rho[part], self._nearest)
            wide = np.zeros((self.n_params, own.shape[1]))
            wide[part] = own
            found.append(wide)
        return np.concatenate(found, axis=1)

    @cached_property
    def _nearest(self) -> float:
        """The shortest distance between two times of a group."""
        order = np.lexsort((self.at, self.groups))
        steps = np.diff(self.at[order])[np.diff(self.groups[order]) == 0]
        return float(steps.min(initial=np.inf))

    def out_of_units(self, rho: FloatArray) -> str:
        """0 or 1 where a reported correlation cannot be told from it in the units of the time; mostly empty."""
        if self.structure.n_params == 0:
            return ""
        return max(self.structure.out_of_units(rho[part], self._nearest) for _, part in self.slices())

    def starts(self) -> list[FloatArray]:
        """Starting values of the search vector."""
        out = []
        for start in self.structure.start():
            theta = np.zeros(self.n_params)
            for _, part in self.slices():
                theta[part] = start
            out.append(theta)
        return out

    def from_natural(self, values: FloatArray) -> tuple[FloatArray, float]:
        """The search vector and σ² of reported values of all by() groups in turn: the inverse of `natural`."""
        theta = np.zeros(self.n_params)
        by_group = values.reshape(self.n_by, -1)[np.argsort(self._shown)]
        sigma2 = 1.0
        for (own, part), natural in zip(self.slices(), by_group):
            theta[part], variance = self.structure.from_natural(natural)
            if own is None:
                sigma2 = variance
            else:
                ratio = np.clip(np.log(variance / sigma2) / WIDEST, -1 + 1e-12, 1 - 1e-12)
                theta[own] = WIDEST * np.arctanh(ratio)
        return theta, sigma2

    def reported(self) -> tuple[tuple[str, ReportedParameter], ...]:
        """(by() prefix, parameter) of the printed table."""
        names = self.by_levels or ("",)
        return tuple((names[k], p) for k in self._shown for p in self.structure.reported())

    def place(self, group: int) -> int:
        """Where the printed parameters of a by() group begin among those of the residuals."""
        return self._shown.index(group) * len(self.structure.reported())

    def natural(self, rho: FloatArray, sigma2: float) -> tuple[FloatArray, FloatArray]:
        """Reported values and their Jacobian (k, n_params + 1) in (relative parameters, log σ²)."""
        values: list[FloatArray] = []
        rows: list[FloatArray] = []
        slices = self.slices()
        for own, part in (slices[k] for k in self._shown):
            scale = sigma2 * (np.exp(rho[own]) if own is not None else 1.0)
            v, j = self.structure.natural(rho[part], float(scale))
            wide = np.zeros((len(v), self.n_params + 1))
            wide[:, part] = j[:, :-1]
            wide[:, -1] = j[:, -1]
            if own is not None:
                wide[:, own] = j[:, -1]
            values.append(v)
            rows.append(wide)
        return np.concatenate(values), np.concatenate(rows)


def residual_layout(
    spec: ModelSpec, data: Dataset, rows: npt.NDArray[np.bool_], groups: IntArray
) -> ResidualLayout:
    """Bind the residuals() option; every rule of the manual about t() and by() is checked here."""
    option = spec.residuals
    n = int(rows.sum())
    cls = RESIDUALS[option.structure]
    if not cls.independent and not spec.random:
        raise SpecError(
            f"residuals({option.structure}) needs a group variable, within which the residuals are correlated.",
            code="residuals-need-group",
            subject="residuals",
            advice="Add || group:, noconstant with the variable whose rows belong together.",
        )
    by, by_levels, by_labels = np.zeros(n, dtype=np.int64), _NO_LEVELS, _NO_LEVELS
    if option.by:
        codes, values = data.codes(option.by)
        present, by = np.unique(codes[rows], return_inverse=True)
        by_levels = tuple(
            str(int(values[i])) if isinstance(values[i], float) and values[i].is_integer() else str(values[i])
            for i in present
        )
        by_labels = tuple(data.level_label(option.by, values[i]) for i in present)
        if not cls.independent:
            first = np.empty(int(groups.max()) + 1, dtype=np.int64)
            first[groups] = by
            if not np.array_equal(first[groups], by):
                raise DataError(
                    f"residuals({option.structure}, by({option.by})): {option.by} changes within a group of "
                    f"{spec.random[-1].level}, and these residuals are correlated within groups.",
                    code="by-varies",
                    subject=option.by,
                    advice="Use a by() variable that is constant within the lowest-level groups.",
                )
    times, at = _times(spec, data, rows, groups, cls)
    structure = cls.bound(times, option.order, lambda: observed_lags(groups, at), option.time or "")
    layout = ResidualLayout(
        cls.key, structure, groups, at, by, by_levels, option.by, option.time, option.order, by_labels
    )
    # the variance of the largest group is the last to go to zero
    return layout.relative_to(int(np.argmax(np.bincount(by)))) if by_levels else layout


def observed_lags(groups: IntArray, at: FloatArray) -> npt.NDArray[np.int64]:
    """The distances in time between rows of a group that occur, ascending, without 0."""
    order = np.lexsort((at, groups))
    g, t = groups[order], at[order]
    starts = starts_of(g)
    ends = np.append(starts[1:], len(g)) - 1
    longest = int(np.rint(t[ends] - t[starts]).max(initial=0.0)) if len(g) else 0
    marked = np.zeros(longest + 1 if longest <= MARKED else 0, dtype=bool)
    found: set[int] = set()
    step = 1
    while step < len(g):
        same = g[step:] == g[:-step]
        if not same.any():
            break
        lags = np.rint(t[step:][same] - t[:-step][same]).astype(np.int64)
        if len(marked):
            marked[lags] = True
        else:
            found |= set(np.unique(lags).tolist())
        step += 1
    found |= set(np.flatnonzero(marked).tolist())
    return np.array(sorted(found - {0}), dtype=np.int64)


def _times(
    spec: ModelSpec,
    data: Dataset,
    rows: npt.NDArray[np.bool_],
    groups: IntArray,
    cls: type[ResidualStructure],
) -> tuple[FloatArray, FloatArray]:
    option = spec.residuals
    n = int(rows.sum())
    if not cls.needs_time or not option.time:
        if cls.needs_time:
            raise SpecError(
                f"residuals({option.structure}) needs t(varname), the variable that orders the rows of a group.",
                code="needs-time", subject="residuals",
            )
        return np.zeros(1), np.zeros(n)
    values = data.numeric(option.time)[rows]
    if cls.integer_time and np.any(values != np.floor(values)):
        raise DataError(
            f"t({option.time}) must hold whole numbers for residuals({option.structure}).",
            code="time-not-integer",
            subject=option.time,
            advice="Use residuals(exponential, ...) for times that are not whole numbers.",
        )
    if cls.by_time and np.any(values < 0):
        raise DataError(
            f"t({option.time}) must not be negative for residuals({option.structure}).",
            code="time-negative", subject=option.time,
        )
    order = np.lexsort((values, groups))
    same = (np.diff(groups[order]) == 0) & (np.diff(values[order]) == 0)
    if same.any():
        row = order[int(np.flatnonzero(same)[0])]
        level = spec.random[-1].level
        name = "all rows" if level == "_all" else (
            f"{level} = {data.level_label(level, data.frame[level].to_numpy()[rows][row])}"
        )
        raise DataError(
            f"The time {option.time} = {whole_text(values[row])} occurs twice in the group {name}.",
            code="repeated-time",
            subject=option.time,
            advice="Each row of a group needs its own time. Check for duplicate rows, or choose another t() variable.",
        )
    distinct, position = np.unique(values, return_inverse=True)
    if cls.by_time:
        return distinct, position.astype(np.float64)
    return distinct, values
