"""Terrace in a long-lived process, with the same lines in and out as its peers.

The time of a fit is that of `terrace.fit` on a dataset in memory, the text of the command included: sample, groups,
design, estimates, standard errors of all parameters and the tests of the header. `cases.py` says what else is timed.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd
from cases import BOOTSTRAP, CASES, COMMAND, DATA, EVALUATION, FIRST, FRAME, OPEN, Case
from datasets import taken

import terrace
from terrace.data.dataset import Dataset, Variable
from terrace.postestimation.resample.bootstrap import bootstrap
from terrace.progress import Progress
from terrace.results.fit import FitResult
from terrace.session.session import Session
from terrace.session.state import State

EXCHANGE, FOLDER = Path(sys.argv[1]), Path(sys.argv[2])
BY_KEY = {case.key: case for case in CASES}


@dataclass(frozen=True)
class Done:
    """What came of it: a number that the peers have too, degrees of freedom, how many evaluations or replicates.

    ``value`` is asked for when the clock has stopped; ``seconds`` and ``cpu`` are there where only a part of the work
    counts.
    """

    value: Callable[[], float]
    df: tuple[float, ...] = ()
    evaluations: int = 0
    seconds: float | None = None
    cpu: float | None = None


Work = Callable[[], Done]


def load(case: Case) -> Dataset:
    """The data of a case."""
    if case.timed in (COMMAND, OPEN):
        return terrace.read(EXCHANGE / f"{case.data}.parquet")
    if DATA[case.data].file:
        return terrace.read(FOLDER / DATA[case.data].file)
    frame = pd.DataFrame(taken(case.data, EXCHANGE), copy=False)
    return Dataset(frame, tuple(map(Variable, frame.columns)))


def work(case: Case, data: Dataset) -> Iterator[Work]:
    """What is timed, made ready anew for each time."""
    if case.timed == BOOTSTRAP:
        fit = terrace.fit(case.command, data)
        while True:
            yield lambda: _replicates(fit, case.replicates)
    while True:
        if case.timed == FRAME:
            frame = data.frame[list(data.names)].copy()
            yield lambda frame=frame: _found(terrace.fit(case.command, frame))  # type: ignore[misc]
        elif case.timed == EVALUATION:
            yield lambda: _evaluation(case.command, data)
        elif case.timed == COMMAND:
            session = Session(State(dataset=data))
            yield lambda session=session: _command(session, case.command)  # type: ignore[misc]
        elif case.timed == OPEN:
            yield lambda: _opened(EXCHANGE / f"{case.data}.{case.command}")
        else:
            yield lambda: _found(terrace.fit(case.command, data))


def _found(result: FitResult) -> Done:
    df = tuple(e.df for e in result.fixed if e.df is not None)
    return Done(lambda: result.ll, df, result.n_evaluations)


def _replicates(fit: FitResult, count: int) -> Done:
    made = bootstrap(fit, count, seed=1)
    return Done(lambda: fit.ll, (), count - made.failed)


def _evaluation(command: str, data: Dataset) -> Done:
    """The mean time of an iteration after the first likelihood is there."""
    at: list[tuple[float, float]] = []

    def told(p: Progress) -> None:
        if p.stage == "Fitting":
            at.append((time.perf_counter(), time.process_time()))

    result = terrace.fit(command, data, progress=told)
    if len(at) < 2:
        raise RuntimeError("no iteration was reported")
    seconds, cpu = ((last - first) / (len(at) - 1) for first, last in zip(at[0], at[-1]))
    return Done(lambda: result.ll, (), result.n_evaluations, seconds, cpu)


def _opened(path: Path) -> Done:
    data = terrace.read(path)
    return Done(lambda: _by_row(data))


def _command(session: Session, command: str) -> Done:
    outcome = session.run(command)
    if not outcome.ok:
        raise RuntimeError(outcome.error)
    returned, data = session.state.returned, session.state.dataset
    if command.startswith("sort"):
        assert data is not None
        return Done(lambda: _by_row(data))
    if command.startswith("correlate"):
        return Done(lambda: float(returned.matrices["C"].values[0, 1]))
    return Done(lambda: returned.scalars["r"])


def _by_row(data: Dataset) -> float:
    """The sum of ``y`` by row number, which another order of rows would not have."""
    y = data.numeric("y")
    return float(y @ np.arange(1.0, len(y) + 1))


def timed(ready: Iterator[Work], times: int) -> str:
    """Do it so many times: mean seconds and CPU seconds, and what came of the last."""
    works = [next(ready) for _ in range(times)]
    gc.collect()
    used, start = time.process_time(), time.perf_counter()
    done = [one() for one in works]
    seconds, cpu = (time.perf_counter() - start) / times, (time.process_time() - used) / times
    last = done[-1]
    if last.seconds is not None:
        seconds, cpu = (sum(getattr(one, part) for one in done) / times for part in ("seconds", "cpu"))
    df = ",".join(f"{value:.9g}" for value in last.df)
    return f"{seconds:.9f} {cpu:.9f} {last.value():.12g} {df or '-'} {last.evaluations}"


def warm() -> None:
    """Load what the first fit of a process loads, so that it counts neither as time nor as memory of a case."""
    rng = np.random.default_rng(1)
    small = pd.DataFrame({"y": rng.standard_normal(60), "x": rng.standard_normal(60), "g": np.arange(60) % 6})
    terrace.fit("mixed y x || g: x, reml", small)


def main() -> None:
    """Answer until told to quit."""
    print(f"@ hello Terrace {terrace.__version__}", flush=True)
    loaded: dict[tuple[str, bool], Dataset] = {}
    ready: dict[str, Iterator[Work]] = {}
    for line in sys.stdin:
        words = line.split()
        if words[:1] not in (["load"], ["run"]):
            break
        case = BY_KEY[words[1]]
        try:
            if case.timed != FIRST and not loaded:
                warm()
            if case.key not in ready:
                key = case.data, case.timed in (COMMAND, OPEN)
                if key not in loaded:
                    loaded[key] = load(case)
                ready[case.key] = work(case, loaded[key])
            said = "" if words[0] == "load" else timed(ready[case.key], int(words[3]))
            print(f"@ ok {said}".rstrip(), flush=True)
        except terrace.TerraceError as error:
            print("@ failed", " ".join(error.message.split()), flush=True)
        except Exception as error:
            print("@ failed", type(error).__name__, " ".join(str(error).split()), flush=True)


if __name__ == "__main__":
    main()
