#!/usr/bin/env python3
"""How long a fit keeps the window from answering: the worst gap of a 10 ms timer on the GUI thread.

    .venv/bin/python tests/benchmarks/window.py [--rows 1000000] [--groups 10000]

The desktop's worker runs the commands with the session on its thread, as the window has it. A gap is the time from one
tick of the timer to the next. Under the table stand the places in the program where the worker was when the
longest gaps ended: what held the interpreter's lock is there or just before.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import page
from datasets import simulated
from PySide6.QtCore import QCoreApplication, Qt, QTimer

from terrace.data.write import write
from terrace_desktop.work import session_port
from terrace_desktop.work.worker import Operation, Task, Worker

TICK = 10  # ms
LIMIT = 0.100  # s, what the window allows itself
T = TypeVar("T")


@dataclass
class Gaps:
    """The gaps of one command in seconds, and where the worker was after those above 30 ms."""

    command: str
    elapsed: float = 0.0
    gaps: list[float] = field(default_factory=list)
    places: list[tuple[float, str]] = field(default_factory=list)
    problem: str = ""


class Watch:
    """Sends the commands to the worker one after the other and looks at the clock in between."""

    def __init__(self, commands: list[str]) -> None:
        self.waiting = commands[::-1]
        self.done: list[Gaps] = []
        self.now: Gaps | None = None
        self.worker = Worker("session")
        self.port = session_port.SessionPort(session_port.make_session)
        self.timer = QTimer()
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.setInterval(TICK)
        self.timer.timeout.connect(self._tick)
        self.last = self.begun = time.perf_counter()
        self.worker.start()
        self._put(lambda _task: self.port.open(), lambda _snapshot: self._put(warm_up, lambda _none: self._next()))
        self.timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        gap, self.last = now - self.last, now
        if self.now is None:
            return
        self.now.gaps.append(gap)
        if gap > 0.030:
            self.now.places.append((gap, _place()))

    def _put(self, work: Callable[[Task], T], success: Callable[[T], object]) -> None:
        self.worker.put(Operation(work, success, self._failed, "benchmark"))

    def _failed(self, error: Exception) -> None:
        if self.now is None:  # there is no session to measure
            print(error, file=sys.stderr)
            QCoreApplication.exit(1)
            return
        self._over(str(error))

    def _ran(self, ran: session_port.Ran) -> None:
        self._over("" if ran.outcome.ok else str(ran.outcome.error))

    def _over(self, problem: str) -> None:
        """The command that ran has ended."""
        assert self.now is not None
        self.now.elapsed, self.now.problem = time.perf_counter() - self.begun, problem
        self.done.append(self.now)
        self.now = None
        self._next()

    def _next(self) -> None:
        if not self.waiting:
            QCoreApplication.quit()
            return
        command = self.waiting.pop()
        self.now = Gaps(command)
        self.last = self.begun = time.perf_counter()
        self._put(lambda task: self.port.run(command, task), self._ran)


def warm_up(_task: Task) -> None:
    """What the window does after its start."""
    session_port.warm_up()


def _place() -> str:
    """Where the worker's thread is: the innermost function of the engine, and the line it is at."""
    ident = next((t.ident for t in threading.enumerate() if t.name == "terrace-session"), None)
    frame: FrameType | None = sys._current_frames().get(ident) if ident is not None else None
    if frame is None:
        return "idle"
    engine = f"{os.sep}terrace{os.sep}"
    for entry in reversed(traceback.extract_stack(frame)):
        if engine in entry.filename:
            return f"{entry.filename.rpartition(engine)[2]}:{entry.lineno} {entry.name}: {(entry.line or '').strip()}"
    return "outside the engine"


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3, help="times that the fit is repeated (%(default)s)")
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    return parser.parse_args()


def main() -> int:
    """Watch the commands and print the gaps."""
    given = options()
    before = page.load()
    app = QCoreApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "simulated.parquet"
        write(simulated(given.rows, given.groups), path)
        fits = ["mixed y x || g: x, covariance(unstructured) reml"] * given.runs
        watch = Watch([f'use "{path}"', *fits, "predict fitted, fitted", "estat icc", "summarize"])
        app.exec()
        watch.worker.stop()
    rows = [_row(gaps) for gaps in watch.done]
    text = "\n".join([
        "## The window during a fit", "",
        f"Gaps between ticks of a {TICK} ms timer on the GUI thread while the desktop's worker runs each command on "
        f"{given.rows:,} rows in {given.groups:,} groups; the window allows itself {LIMIT * 1000:.0f} ms.", "",
        page.table(["command", "time", "worst gap", "99th percentile", "gaps too long"], rows, "lrrrr"),
        "", *_places(watch.done), "Measured with:", "", *(f"- {line}" for line in page.machine()),
        f"- BLAS threads: {os.environ.get('OPENBLAS_NUM_THREADS', 'as installed')}; load {before} before, "
        f"{page.load()} after, which lengthens gaps too",
    ])  # fmt: skip
    print(text)
    if not given.no_results:
        page.write_section("window", text)
    return 0


def _row(gaps: Gaps) -> list[str]:
    name = gaps.command.split()[0] if gaps.command.startswith("use") else gaps.command
    ordered = sorted(gaps.gaps) or [0.0]
    over = sum(gap > LIMIT for gap in ordered)
    title = f"`{name}`" + (f" ({gaps.problem})" if gaps.problem else "")
    tail = ordered[int(0.99 * (len(ordered) - 1))]
    return [title, page.duration(gaps.elapsed), page.duration(ordered[-1]), page.duration(tail), str(over)]


def _places(done: list[Gaps]) -> list[str]:
    """The places after gaps, longest first, each with how often it was seen."""
    longest: dict[str, float] = {}
    seen: Counter[str] = Counter()
    for gaps in done:
        for gap, place in gaps.places:
            longest[place] = max(gap, longest.get(place, 0.0))
            seen[place] += 1
    if not longest:
        return []
    worst = sorted(longest.items(), key=lambda pair: -pair[1])[:12]
    lines = [f"- {page.duration(gap)}, {seen[place]} times: `{place}`" for place, gap in worst]
    return ["Where the worker was when gaps over 30 ms ended, longest first:", "", *lines, ""]


if __name__ == "__main__":
    raise SystemExit(main())
