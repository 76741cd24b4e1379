"""``simulate``: a command run again and again, and a dataset of the numbers that it leaves behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.errors import Cancelled, CommandError, TerraceError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import match_options, rules
from terrace.language.mixed_options import number
from terrace.session.commands.helpers.replications import MOST_REPS
from terrace.session.commands.helpers.working import plural
from terrace.session.commands.program.resample import distinct_names, saving_of, write_replicates
from terrace.session.registry import prefix
from terrace.session.replicates.kept import Value, collect, inner, read_statistics
from terrace.session.session import Session
from terrace.session.state import CommandResult

_OPTIONS = rules("", "r:eps seed saving", already="nodots nol:egend noh:eader")


@prefix("simulate")
def simulate(session: Session, parsed: ParsedCommand) -> CommandResult:
    outer = next(p for p in parsed.prefixes if p.name == "simulate")
    options = match_options(outer.clauses.options, _OPTIONS, "simulate")
    if "reps" not in options:
        raise outer.piece.error("simulate needs reps().", code="syntax", advice="simulate ..., reps(100): command")
    reps = int(number(options["reps"], integer=True, least=1, most=MOST_REPS))
    rng = session.state.rng
    if "seed" in options:
        rng = np.random.default_rng(int(number(options["seed"], integer=True)))
    rng = rng or np.random.default_rng()
    values, found, failed = _runs(session, parsed, reps, rng)
    names = distinct_names([v.name for v in values])
    variables = tuple(
        Variable(n, v.label if v.label != n else "", Measure.CONTINUOUS) for n, v in zip(names, values)
    )
    columns = {n: found[:, k] for k, n in enumerate(names)}
    data = Dataset(pd.DataFrame(columns, index=pd.RangeIndex(reps), copy=False), variables)
    lines = [f"{plural(reps, 'run')} of {parsed.word}{parsed.arguments}: {', '.join(names)}"]
    if failed:
        lines.append(f"The command failed in {failed:,} of them, so their numbers are missing.")
    state = replace(session.state, rng=rng)
    saving = saving_of(session, options)
    if saving is not None:
        lines.append(write_replicates(session, saving, data))
        return CommandResult(text="\n".join(lines), state=state)
    return CommandResult(text="\n".join(lines), state=replace(state, dataset=data))


def _runs(
    session: Session, parsed: ParsedCommand, reps: int, rng: np.random.Generator
) -> tuple[list[Value], np.ndarray, int]:
    """The numbers by name, shape (reps, numbers), NaN where the command failed; how often it failed.

    Each run begins with the data as they are, and goes on in the random numbers. Raises the error of the command
    where it fails every time.
    """
    outer = next(p for p in parsed.prefixes if p.name == "simulate")
    statistics = read_statistics(outer.clauses.body)
    command = inner(parsed, outer)
    start = replace(session.state, rng=rng)
    known: dict[str, Value] = {}
    results: list[dict[str, float]] = []
    failed = 0
    error: TerraceError | None = None
    for k in range(reps):
        if session.cancelled():
            raise Cancelled
        child = session.fork(start)
        child.progress = None
        try:
            state = child.execute(command).state or child.state
            # after an estimation r() holds its table and the level alone
            fitted = state.fit is not None and state.fit is not start.fit
            estimation = fitted and set(state.returned.scalars) <= {"level"}
            values = collect(state, statistics, estimation=estimation)
        except (Cancelled, CommandError):
            raise
        except TerraceError as problem:  # one run without an answer must not end the others
            if problem.code in ("syntax", "no-such-command", "no-such-variable", "no-such-option"):
                raise
            error, values = problem, []
            failed += 1
        for v in values:
            known.setdefault(v.key, v)
        results.append({v.key: v.value for v in values})
        session.report("simulate", (k + 1) / reps)
    if not known:
        if error is not None:
            raise error
        raise outer.piece.error("The command stores no numbers.", code="no-statistics")
    return list(known.values()), np.array([[r.get(k, np.nan) for k in known] for r in results]), failed
