"""Replicates of a command on resampled data: bootstrap and jackknife, in this process or in several.

A replicate is fixed by its own seed, so that the numbers do not depend on how many processes share the work, nor on
the order in which they end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Panel, Variable
from terrace.data.transforms.grouping import group
from terrace.data.value import Value
from terrace.errors import Cancelled, TerraceError
from terrace.session.replicates import pool
from terrace.session.replicates.kept import Statistic, collect, parsed_again, run_on
from terrace.session.state import Settings, State

if TYPE_CHECKING:
    from terrace.results.fit import FitResult
    from terrace.session.session import Session

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WORTH_PROCESSES = 4.0
"""Seconds of work ahead that make worker processes worth their start, which takes one or two."""


@dataclass(frozen=True)
class Units:
    """What is drawn: rows, or groups of rows. ``rows[k]`` are the rows of unit k, ``strata`` (k,) its stratum.

    ``cluster`` names the variable that gets a new number for each drawn unit, so that a unit drawn twice is two.
    """

    rows: tuple[IntArray, ...]
    strata: IntArray
    cluster: str | None = None


def make_units(data: Dataset, keep: npt.NDArray[np.bool_], cluster: Sequence[str], strata: Sequence[str]) -> Units:
    """The units among the rows to keep: single rows without cluster variables."""
    at = np.flatnonzero(keep)
    inside = data.rows(at)
    stratum = group(inside, strata).codes
    if not cluster:
        return Units(tuple(at[:, None]), stratum)
    groups = group(inside, cluster)
    rows = np.split(at[groups.order], groups.starts[1:-1])
    first = groups.first
    if len(strata) and not np.array_equal(stratum[first][groups.codes], stratum):
        raise TerraceError(
            f"A group of {' '.join(cluster)} is in several strata of {' '.join(strata)}.",
            code="strata",
            subject="strata",
        )
    return Units(tuple(rows), stratum[first], cluster[0])


def draw(units: Units, rng: np.random.Generator, size: int | None) -> IntArray:
    """Numbers of units drawn with replacement within strata, as many as there are or `size` in each stratum."""
    out = []
    for s in np.unique(units.strata):
        members = np.flatnonzero(units.strata == s)
        out.append(rng.choice(members, size=size or len(members), replace=True))
    return np.concatenate(out)


def resampled(data: Dataset, units: Units, drawn: IntArray) -> Dataset:
    """The rows of the drawn units, one below the other, each unit with a number of its own."""
    parts = [units.rows[k] for k in drawn]
    out = data.rows(np.concatenate(parts))
    if units.cluster is None:
        return out
    numbers = np.repeat(np.arange(1.0, len(parts) + 1), [len(p) for p in parts])
    return out.with_column(units.cluster, numbers, Variable(units.cluster, measure=Measure.IDENTIFIER))


PlainVariable = tuple[
    str, str, Measure, dict[Value, str], tuple[Value, ...], str, tuple[tuple[float, float], ...]
]
"""The members of a `Variable` in their order, as far as numbers depend on them."""


@dataclass(frozen=True)
class Job:
    """All that a worker needs, in a form that can be sent to another process."""

    frame: pd.DataFrame
    variables: tuple[PlainVariable, ...]
    panel: Panel | None
    command: str
    statistics: tuple[Statistic, ...]
    keys: tuple[str, ...]
    units: Units
    size: int | None
    settings: Settings
    constraints: Mapping[int, str]
    scalars: Mapping[str, float | str]
    estimation: bool
    columns: tuple[str, ...] = ()
    bases: Mapping[str, Value] = field(default_factory=dict)


def make_job(
    session: Session, command: str, statistics: tuple[Statistic, ...], keys: tuple[str, ...], units: Units,
    size: int | None, fit: FitResult | None,
) -> Job:
    """A job on the session's data; `keys` tell the numbers that each replicate must give, `fit` what is estimated."""
    from terrace.session.comparable import coding_of

    data = session.data
    plain = tuple(
        (v.name, v.label, v.measure, dict(v.value_labels), v.missing_codes, v.format, v.missing_ranges)
        for v in data.variables
    )
    state = session.state
    return Job(data.frame, plain, data.panel, command, statistics, keys, units, size, state.settings,
               dict(state.constraints), dict(state.scalars), fit is not None,
               () if fit is None else tuple(c.name for c in fit.model.design.x_info),
               {} if fit is None else coding_of(fit, data, data).bases)  # fmt: skip


Task = np.random.SeedSequence | int
"""The seed of a replicate that is drawn, or the number of the unit to leave out."""


def prepare(job: Job) -> Callable[[Task], list[float] | None]:
    """A function from task to numbers in the order of ``job.keys``; None where the command fails."""
    from terrace.session.session import Session

    variables = tuple(Variable(*v) for v in job.variables)
    data = Dataset(job.frame, variables, panel=job.panel)
    state = State(dataset=data, settings=job.settings, constraints=job.constraints, scalars=job.scalars)
    return replicate_on(Session(state), job)


def replicate_on(session: Session, job: Job) -> Callable[[Task], list[float] | None]:
    """As `prepare`, on a session that is there."""
    data = session.data
    parsed = parsed_again(job.command)
    everything = np.concatenate(job.units.rows)

    def work(task: Task) -> list[float] | None:
        if isinstance(task, np.random.SeedSequence):
            rng = np.random.default_rng(task)
            sample = resampled(data, job.units, draw(job.units, rng, job.size))
        else:
            keep = np.zeros(len(data), dtype=bool)
            keep[everything] = True
            keep[job.units.rows[task]] = False
            sample = data.rows(keep)
        try:
            state = run_on(session, sample, parsed)
            values = {v.key: v.value for v in collect(state, job.statistics, estimation=job.estimation, random=True)}
        except Cancelled:
            raise
        except TerraceError:
            return None
        if state.fit is not None and (
            not state.fit.converged or _means_something_else(state.fit, sample, data, job)
        ):
            return None
        return [values.get(k, float("nan")) for k in job.keys]

    return work


def _means_something_else(fit: FitResult, sample: Dataset, whole: Dataset, job: Job) -> bool:
    """True where a statistic has a coefficient that is another comparison in this replicate, which lacks the base level
    or had to leave out a column that the coefficient takes up."""
    from terrace.postestimation.tests.coefficients import mentioned
    from terrace.session.comparable import coding_of

    if not job.columns:
        return False
    coding = coding_of(fit, sample, whole)
    if set(job.columns) <= {c.name for c in fit.model.design.x_info}:
        coding = replace(coding, open_=frozenset())  # what is open here is open in all of them
    others = coding.others(job.bases) | {name for name, own in coding.names.items() if name != own}
    if not job.statistics or any(s.expression in ("_b", "_se") for s in job.statistics):
        return bool(others)
    return any(c.name in others for s in job.statistics for c in mentioned(fit, s.expression))


def run_tasks(
    session: Session, job: Job, tasks: Sequence[Task], *, processes: int | None, stage: str
) -> FloatArray:
    """The numbers of every task, shape (tasks, keys), NaN for one that failed.

    The first tasks run here; where what remains would take long, worker processes take it over. Raises `Cancelled`.
    """
    out = np.full((len(tasks), len(job.keys)), np.nan)
    ended = 0

    def done(index: int, values: list[float] | None) -> None:
        nonlocal ended
        ended += 1
        if values is not None:
            out[index] = values
        session.report(stage, ended / len(tasks))

    work = replicate_on(session, job)
    allowed = processes if processes is not None else os.cpu_count() or 1
    begun = time.perf_counter()
    here = len(tasks)
    for k, task in enumerate(tasks):
        if session.cancelled():
            raise Cancelled
        done(k, work(task))
        spent = time.perf_counter() - begun
        ahead = spent / (k + 1) * (len(tasks) - k - 1)
        if allowed > 1 and (processes is not None or ahead > WORTH_PROCESSES) and k + 1 < len(tasks):
            here = k + 1
            break
    if here < len(tasks):
        pool.run(
            prepare,
            job,
            tasks[here:],
            processes=allowed,
            done=lambda i, values: done(here + i, values),
            cancelled=session.cancelled,
        )
    return out
