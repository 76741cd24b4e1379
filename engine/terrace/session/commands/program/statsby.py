"""A dataset of the numbers that a command leaves behind: ``statsby`` by groups, ``rolling`` by windows of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.digits import whole_text
from terrace.data.transforms.columns import take
from terrace.data.transforms.grouping import group
from terrace.data.value import Value as Level
from terrace.errors import Cancelled, CommandError, DataError, TerraceError
from terrace.language.grammar.command import ParsedCommand, Prefix
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import Option, match_options, rules
from terrace.language.grammar.tokens import split
from terrace.language.mixed_options import argument, number
from terrace.session.commands.helpers.working import plural
from terrace.session.commands.program.resample import distinct_names, saving_of, write_replicates
from terrace.session.comparable import Coding, coding_of, common_bases
from terrace.session.filter import kept_rows
from terrace.session.registry import prefix
from terrace.session.replicates.kept import Statistic, Value, collect, inner, read_statistics, renamed, run_on
from terrace.session.session import Session
from terrace.session.state import CommandResult, State

IntArray = npt.NDArray[np.int64]
_QUIET = "clear nodots nol:egend noh:eader"
_STATSBY = rules("t:otal", "by sa:ving", already=_QUIET)
_BY = rules("m:issing")
_ROLLING = rules("recursive rrecursive", "w:indow sa:ving stepsize start end", already=_QUIET)


@dataclass(frozen=True)
class Part:
    """Some rows of the data, and what identifies them in the new dataset."""

    rows: IntArray
    keys: dict[str, float]
    label: str


@prefix("statsby")
def statsby(session: Session, parsed: ParsedCommand) -> CommandResult:
    outer = next(p for p in parsed.prefixes if p.name == "statsby")
    options = match_options(outer.clauses.options, _STATSBY, "statsby")
    data = session.data
    if "by" not in options:
        raise outer.piece.error("statsby needs by().", code="syntax", advice="Write statsby ..., by(school): command.")
    body, *more = split(argument(options["by"]), ",")
    names = parse_names(body.strip(), data.names)
    also_missing = "missing" in match_options(more[0], _BY, "by()") if more else False
    groups = group(data, names)
    rows = np.split(groups.order, groups.starts[1:-1]) if len(data) else []
    # groups without a value of a by-variable are none, unless the user wants them
    kept = [g for g in range(groups.n_groups) if also_missing or not groups.missing[groups.first[g]]]
    if expression := session.filtering.take():  # a group that the filter leaves nothing of is none either
        inside = kept_rows(expression, data)
        kept = [g for g in kept if inside[rows[g]].any()]
        if not kept:
            raise DataError(f"The filter {expression} leaves no rows.", code="no-observations")
    if not kept:
        raise DataError(f"No row has values of {' and '.join(names)}.", code="no-observations", subject=names[0])
    parts = [Part(rows[g], {}, "") for g in kept]
    if "total" in options:
        parts.append(Part(np.arange(len(data)), {}, ""))
    values, found, told = _run_parts(session, parsed, outer, parts, "statsby")
    if dropped := int(groups.missing.sum()) if not also_missing else 0:
        told.append(f"{plural(dropped, 'row')} without {' or '.join(names)} left out; by({' '.join(names)}, missing) "
                    "makes groups of them.")  # fmt: skip
    first = groups.first[kept] if "total" not in options else np.append(groups.first[kept], -1)
    columns: dict[str, Any] = {n: take(data.frame[n], first) for n in names}
    variables = [data.variable(n) for n in names]
    out = _dataset(columns, variables, values, found, names)
    head = f"{plural(len(parts), 'group')} of {' '.join(names)}"
    return _finished(session, options, out, head, values, told)


@prefix("rolling")
def rolling(session: Session, parsed: ParsedCommand) -> CommandResult:
    outer = next(p for p in parsed.prefixes if p.name == "rolling")
    options = match_options(outer.clauses.options, _ROLLING, "rolling")
    data = session.data
    panel = data.panel
    if panel is None or panel.time is None:
        raise DataError("rolling needs a time variable.", code="no-time", advice="Use tsset time first.")
    if "window" not in options:
        raise outer.piece.error("rolling needs window().", code="syntax", advice="rolling ..., window(10): command")
    window = int(number(options["window"], integer=True, least=1))
    step = int(number(options["stepsize"], integer=True, least=1)) if "stepsize" in options else 1
    parts = list(_windows(data, panel.panel, panel.time, panel.delta, window, step, options))
    if not parts:
        short = f"No window of {plural(window, 'period')} fits into the data."
        raise DataError(short, code="no-window", subject="window")
    values, found, told = _run_parts(session, parsed, outer, parts, "rolling")
    keys = {k: np.array([p.keys[k] for p in parts]) for k in ("start", "end")}
    form = data.variable(panel.time).format
    columns: dict[str, Any] = {}
    variables: list[Variable] = []
    if panel.panel is not None:
        columns[panel.panel] = take(data.frame[panel.panel], np.array([p.keys["row"] for p in parts]))
        variables.append(data.variable(panel.panel))
    columns |= keys
    variables += [Variable("start", "First period", format=form), Variable("end", "Last period", format=form)]
    out = _dataset(columns, variables, values, found, ())
    made = f"{plural(len(parts), 'window')} of {plural(window, 'period')}"
    return _finished(session, options, out, made, values, told)


def _windows(
    data: Dataset, panel: str | None, time: str, delta: float, window: int, step: int, options: dict[str, Option]
) -> Iterator[Part]:
    """Windows of each panel, in the order of panel and time."""
    times = data.numeric(time)
    groups = group(data, [panel] if panel is not None else [])
    first = number(options["start"], least=-np.inf) if "start" in options else -np.inf
    last = number(options["end"], least=-np.inf) if "end" in options else np.inf
    for g in range(groups.n_groups):
        rows = groups.order[groups.starts[g] : groups.starts[g + 1]]
        rows = rows[~np.isnan(times[rows])]
        t = times[rows]
        inside = (t >= first) & (t <= last)
        rows, t = rows[inside], t[inside]
        if not len(rows):
            continue
        low, high = t.min(), t.max()
        periods = round((high - low) / delta) + 1
        for k in range(0, periods - window + 1, step):
            begin = low if "recursive" in options else low + k * delta
            end = high if "rrecursive" in options else low + (k + window - 1) * delta
            chosen = rows[(t >= begin - delta / 2) & (t <= end + delta / 2)]
            label = f"{whole_text(float(begin))} to {whole_text(float(end))}"
            yield Part(chosen, {"start": begin, "end": end, "row": int(rows[0])}, label)


def _run_parts(
    session: Session, parsed: ParsedCommand, outer: Prefix, parts: Sequence[Part], stage: str
) -> tuple[list[Value], npt.NDArray[np.float64], list[str]]:
    """What each part gave: the numbers by name, shape (parts, numbers), NaN where there is none; and what to say of it.

    There is none where the command failed, or where the part does not have the coefficient, or has it as another
    comparison. Raises the error of the command where it fails in every part.
    """
    statistics = read_statistics(outer.clauses.body)
    command = inner(parsed, outer)
    data = session.data
    known: dict[str, Value] = {}
    results: list[_Numbers] = []
    failed = 0
    error: TerraceError | None = None
    lacking: dict[str, CommandError] = {}
    for k, part in enumerate(parts):
        if session.cancelled():
            raise Cancelled
        rows, numbers = data.rows(part.rows), _Numbers([], Coding())
        try:
            numbers = _numbers(session, run_on(session, rows, command), statistics, rows, lacking)
        except (Cancelled, CommandError):
            raise
        except TerraceError as problem:  # one group without enough rows must not end the others
            error = problem
            failed += 1
        for v, _ in numbers.values:
            known.setdefault(v.key, v)
        results.append(numbers)
        session.report(stage, (k + 1) / len(parts))
    for name, slip in lacking.items():
        if not any(v.name == name for v in known.values()):
            raise slip
    if not known:
        if error is not None:
            raise error
        raise outer.piece.error("The command stores no numbers.", code="no-statistics")
    bases = common_bases([r.coding for r in results])
    found = np.array([r.of(known, bases) for r in results])
    told = [f"The command failed in {failed:,} of them, so their numbers are missing."] * bool(failed)
    others = sum(any(need & r.coding.others(bases) for _, need in r.values) for r in results)
    if others:
        told.append(f"In {others:,} of them levels or cells are empty, so coefficients with a different meaning "
                    "there are missing.")  # fmt: skip
    return list(known.values()), found, told


@dataclass(frozen=True)
class _Numbers:
    """The numbers of one part, each with the coefficients of its model that it is made of."""

    values: list[tuple[Value, frozenset[str]]]
    coding: Coding

    def of(self, keys: Iterable[str], bases: Mapping[str, Level]) -> list[float]:
        """The numbers by their keys; NaN where there is none that means what it means with these base levels."""
        others = self.coding.others(bases)
        own = {v.key: v.value for v, need in self.values if not need & others}
        return [own.get(k, np.nan) for k in keys]


def _numbers(
    session: Session, state: State, statistics: Sequence[Statistic], rows: Dataset, lacking: dict[str, CommandError]
) -> _Numbers:
    """The numbers after a run; ``lacking`` takes up the names of those whose coefficient there is not."""
    from terrace.postestimation.tests.coefficients import mentioned

    fit = state.fit if state.fit is not session.state.fit else None
    coding = coding_of(fit, rows, session.data) if fit is not None else Coding()
    out: list[tuple[Value, frozenset[str]]] = []
    for s in statistics or (Statistic("", "_b" if fit is not None else "_r"),):
        try:
            values = collect(state, (s,), estimation=fit is not None)
        except CommandError as problem:
            if problem.code != "no-such-coefficient" or fit is None:
                raise
            lacking.setdefault(s.name, problem)
            continue
        if s.expression in ("_b", "_se"):
            out += [(renamed(v, coding.names.get(v.label, v.label)), frozenset([v.label])) for v in values]
            continue
        names = frozenset() if fit is None else frozenset(c.name for c in mentioned(fit, s.expression))
        if all(coding.names.get(n, n) == n for n in names):  # else the level has another number here
            out += [(v, names) for v in values]
    return _Numbers(out, coding)


def _dataset(
    columns: dict[str, Any],
    variables: list[Variable],
    values: Sequence[Value],
    found: npt.NDArray[np.float64],
    by: Sequence[str],
) -> Dataset:
    names = distinct_names([*columns, *(v.name for v in values)])[len(columns) :]
    for k, (name, v) in enumerate(zip(names, values)):
        columns[name] = found[:, k]
        variables.append(Variable(name, v.label if v.label != name else "", Measure.CONTINUOUS))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(found)), copy=False)
    return Dataset(frame, tuple(variables), sorted_by=tuple(by))


def _finished(
    session: Session, options: dict[str, Option], data: Dataset, head: str, values: Sequence[Value], told: Sequence[str]
) -> CommandResult:
    """The dataset saved, or in place of the data."""
    lines = [f"{head}: {', '.join(v.name for v in values)}", *told]
    saving = saving_of(session, options)
    if saving is not None:
        lines.append(write_replicates(session, saving, data))
        return CommandResult(text="\n".join(lines))
    return CommandResult(text="\n".join(lines), state=replace(session.state, dataset=data))
