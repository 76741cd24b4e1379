#!/usr/bin/env python3
"""How soon the numbers of a model stand after a click in the builder, and how long the window does not answer.

    .venv/bin/python tests/benchmarks/preview.py [--clicks 20]

The program's own window on High School and Beyond: each click puts the random slope of a model in or takes it out,
while the estimates are looked at. Numbers stand when the page with them has been laid out. A gap is the time between
two ticks of a 5 ms timer on the GUI thread.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import page
from PySide6.QtCore import QEventLoop, Qt, QTimer

from terrace.language.mixed import parse_mixed
from terrace_desktop.app.app import make_application
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import session_port

TICK = 5  # ms
SOON, LIMIT = 0.100, 0.050  # s: numbers stand, and no gap is longer
MODEL = "mixed mathach meanses c_ses i.sector || id:{slope}, reml dfmethod(satterthwaite)"
SLOPE = " c_ses, covariance(unstructured)"


class Clock:
    """Gaps between ticks while it is watched."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(now - self._last)
        self._last = now

    def reset(self) -> None:
        self.gaps, self._last = [], time.perf_counter()


def wait(done: Callable[[], bool], settle: int = 0) -> None:
    """Let the window work until `done`, and so many ms more."""
    loop = QEventLoop()
    look = QTimer()
    look.timeout.connect(lambda: loop.quit() if done() else None)
    look.start(1)
    loop.exec()
    look.stop()
    if settle:
        QTimer.singleShot(settle, loop.quit)
        loop.exec()


def measured(window: MainWindow, clicks: int) -> tuple[list[float], list[float]]:
    """Seconds from each click to its numbers, and all gaps."""
    c = window.controller
    wait(lambda: c.is_ready and not c.busy)
    for command in ("sample hsb", "center ses, by(id)", MODEL.format(slope="")):
        c.run(command)
    wait(lambda: not c.busy and not c.view_worker.busy, 500)
    window.models.edit(window.results.newest())
    form = window.models.builder
    preview = form.live.preview
    wait(lambda: preview.shown is not None, 500)
    names = c.snapshot.dataset.names
    specs = [parse_mixed(MODEL.format(slope=s), names) for s in (SLOPE, "")]
    clock, times, gaps = Clock(), [], []
    for k in range(clicks):
        before = preview.shown
        clock.reset()
        begun = time.perf_counter()
        form.set_spec(specs[k % 2])
        wait(lambda before=before: preview.shown is not before)
        times.append(time.perf_counter() - begun)
        wait(lambda: True, 100)
        gaps += clock.gaps
    window.models.close_builder()
    return times, gaps


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=20)
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    given = parser.parse_args()
    before = page.load()
    application = make_application()
    theme.dress(application, "light")
    with tempfile.TemporaryDirectory() as folder:
        window = MainWindow(Settings(Path(folder) / "settings.ini"), warm_up=session_port.warm_up)
        window.asks_on_close = False
        window.resize(1440, 900)
        window.show()
        window.begin()
        times, gaps = measured(window, given.clicks)
        window.close()
    over = sum(g > LIMIT for g in gaps)
    rows = [
        [name, page.duration(statistics.median(found)), page.duration(max(found)), page.duration(wanted)]
        for name, found, wanted in (("numbers stand after", times, SOON), ("gap between ticks", gaps, LIMIT))
    ]
    text = "\n".join([
        "## The preview of a model", "",
        f"{given.clicks} clicks that put a random slope into a model of High School and Beyond (7,185 rows) or take it "
        f"out; gaps of a {TICK} ms timer on the GUI thread, {over} of {len(gaps):,} too long.", "",
        page.table(["", "median", "worst", "wanted"], rows, "lrrr"), "",
        "Measured with:", "", *(f"- {line}" for line in page.machine()),
        f"- BLAS threads: {os.environ.get('OPENBLAS_NUM_THREADS', 'as installed')}; load {before} before, "
        f"{page.load()} after, which lengthens both",
    ])  # fmt: skip
    print(text)
    if not given.no_results:
        page.write_section("preview", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
