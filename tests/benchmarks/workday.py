#!/usr/bin/env python3
"""How long a working day keeps the real window from answering, and what memory 100 fits and 100 plots leave behind.

    .venv/bin/python tests/benchmarks/workday.py [--rows 1000000] [--times 100]

The window runs on Qt's offscreen platform over the engine. A gap is the time from one tick of a 5 ms timer on the GUI
thread to the next, less the 5 ms; its CPU time is what that thread itself was at work in it, which others on a busy
machine do not lengthen. Beside the worst gap stands where the GUI thread was in the middle of it, read by a
thread that watches the ticks. Memory is what the process holds (Linux: resident, without what is shared).
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import page
from datasets import simulated
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from terrace.data.write import write
from terrace_desktop.app import app as desktop_app
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import session_port

TICK = 5  # ms
LIMIT = 0.050  # s, what the window allows itself
ROOM = 250  # MB, what a day may add
HSB = "mixed mathach ses || id: ses, covariance(unstructured) reml"
PATIENCE = 600_000  # ms


@dataclass
class Step:
    """What was done, how long it took, and the gaps in seconds, with where the GUI thread was in the long ones."""

    title: str
    elapsed: float = 0.0
    gaps: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)  # CPU time of the GUI thread in each
    places: list[tuple[float, str]] = field(default_factory=list)


class Watch:
    """A timer on the GUI thread, and a thread that looks where that is when a tick is late."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.now: Step | None = None
        self.last, self.used = time.perf_counter(), time.thread_time()
        self._gui = threading.get_ident()
        self._seen = ""
        self._over = threading.Event()
        self.timer = QTimer()
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.setInterval(TICK)
        self.timer.timeout.connect(self._tick)
        self.timer.start()
        self._watcher = threading.Thread(target=self._look, daemon=True)
        self._watcher.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        gap, self.last = now - self.last - TICK / 1000, now
        used, self.used = time.thread_time() - self.used, time.thread_time()
        if self.now is not None:
            self.now.gaps.append(max(gap, 0.0))
            self.now.work.append(used)
            if gap > LIMIT / 2:
                self.now.places.append((gap, self._seen or "not seen"))
        self._seen = ""

    def _look(self) -> None:
        while not self._over.wait(0.004):
            if time.perf_counter() - self.last > LIMIT / 2 and not self._seen:
                self._seen = _place(sys._current_frames().get(self._gui))

    def end(self) -> None:
        """No more watching."""
        self._over.set()
        self._watcher.join()

    def step(self, title: str, do: Callable[[], object], done: Callable[[], bool] = lambda: True) -> None:
        """Do one thing, and wait until it is done and 0.3 s longer, in which all is painted."""
        self.last, self.used = time.perf_counter(), time.thread_time()
        self._seen = ""
        self.now = step = Step(title)
        began = time.perf_counter()
        do()
        wait(done)
        step.elapsed = time.perf_counter() - began
        wait(lambda: True, settle=300)
        self.now = None
        self.steps.append(step)


def _place(frame: object) -> str:
    """The innermost function of ours, and the line."""
    ours = f"{os.sep}terrace_desktop{os.sep}"
    entries = traceback.extract_stack(frame)  # type: ignore[arg-type]
    for entry in reversed(entries):
        if ours in entry.filename:
            return f"{entry.filename.rpartition(ours)[2]}:{entry.lineno} {entry.name}: {(entry.line or '').strip()}"
    return entries[-1].name if entries else ""


def wait(done: Callable[[], bool], settle: int = 0) -> None:
    """Let events happen until `done`, and so many ms longer."""
    loop = QEventLoop()
    look = QTimer()
    look.timeout.connect(lambda: loop.quit() if done() else None)
    look.start(2)
    QTimer.singleShot(PATIENCE, loop.quit)
    loop.exec()
    look.stop()
    if settle:
        QTimer.singleShot(settle, loop.quit)
        loop.exec()


def memory() -> float:
    """MB that the process holds."""
    gc.collect()
    try:
        text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
        kinds = dict(line.split(":", 1) for line in text.splitlines()[1:] if ":" in line)
        return (int(kinds["Private_Dirty"].split()[0]) + int(kinds["Private_Clean"].split()[0])) / 1024
    except OSError:
        import psutil

        return psutil.Process().memory_info().rss / 2**20


def day(window: MainWindow, watch: Watch, big: Path) -> None:
    """What people do, one step after the other."""
    c = window.controller

    def idle() -> bool:
        return not c.busy and not c.view_worker.busy

    def run(title: str, *commands: str) -> None:
        def do() -> None:
            for command in commands:
                c.run(command)

        watch.step(title, do, idle)

    run("open the sample", "sample hsb")
    run("fit HSB", HSB)
    run("fit HSB again", HSB)
    watch.step("open the builder", lambda: window.models.open_builder(window.results.newest().fit.spec), idle)
    builder = window.models.builder
    assert builder is not None and builder.live.preview is not None
    preview = builder.live.preview

    def edited(title: str, command: str) -> None:
        before = preview.shown
        watch.step(title, lambda: builder.use_text(command), lambda: preview.shown is not before and idle())

    edited("edit and preview", "mixed mathach ses i.sector || id: ses, covariance(unstructured) reml")
    edited("edit and preview, interaction", "mixed mathach c.ses##i.sector || id: ses, covariance(unstructured) reml")
    watch.step("preview of the lines", lambda: builder.live.show_page("lines"), lambda: preview.plot is not None)
    watch.step("equations", lambda: builder.live.show_page("equations"), idle)
    watch.step("keep the model", builder.request_fit, lambda: idle() and window.models.builder is None)
    run("a note", 'outline note "Catholic schools have **higher** mean SES."')
    run("rename in the outline", 'outline rename 2 "One"')
    run("move in the outline", "outline move 3, to(1)")
    run("undo", "undo")
    run("a figure", "scatter mathach ses")
    watch.step("diagnostic plots", lambda: window.results.newest().show_part("model_plots"), idle)
    watch.step("larger text", lambda: window.looks.zoom_text(1), idle)
    watch.step("text as before", lambda: window.looks.zoom_text(0), idle)
    watch.step("dark", lambda: window.looks.set_theme("dark"), idle)
    watch.step("open the builder again", lambda: window.models.open_builder(window.results.newest().fit.spec), idle)
    again = window.models.builder
    assert again is not None
    watch.step("its further parts", again.change.click, idle)
    watch.step("light, with the builder open", lambda: window.looks.set_theme("light"), idle)
    watch.step("larger text, with the builder open", lambda: window.looks.zoom_text(1), idle)
    watch.step("text as before, with the builder open", lambda: window.looks.zoom_text(0), idle)
    watch.step("give the model up", window.models.close_builder, idle)
    run("open a file of many rows", f'use "{big}", clear')
    bar = window.left.grid.verticalScrollBar()
    watch.step("scroll to the end", lambda: bar.setValue(bar.maximum()), idle)

    def pages() -> None:
        for k in range(200):
            QTimer.singleShot(10 * k, lambda k=k: bar.setValue(k * bar.maximum() // 200))

    watch.step("scroll in 200 steps", pages, lambda: bar.value() >= 199 * bar.maximum() // 200)
    watch.step("page down by keys", lambda: QTest.keyClick(window.left.grid, Qt.Key.Key_PageDown), idle)


def heavy(window: MainWindow, times: int) -> tuple[float, float, float]:
    """MB above the idle window after so many fits, and after so many plots as well; the third is the idle window."""
    c = window.controller

    def run(commands: list[str]) -> None:
        for command in commands:
            c.run(command)
        wait(lambda: not c.busy and not c.view_worker.busy, settle=500)

    idle = memory()
    run(["sample hsb"])
    run([f"mixed mathach ses || id:, reml level({90 + k % 9})" for k in range(times)])
    fits = memory()
    run([f"scatter mathach ses if minority == {k % 2}" for k in range(times)])
    return fits - idle, memory() - idle, idle


def new_window(folder: Path, name: str) -> MainWindow:
    """A window that is ready."""
    window = MainWindow(Settings(folder / f"{name}.json"), warm_up=session_port.warm_up)
    window.resize(1440, 900)
    window.show()
    window.begin()
    wait(lambda: window.controller.is_ready and not window.controller.busy, settle=1500)
    return window


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=100, help="fits, and plots (%(default)s)")
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    return parser.parse_args()


def main() -> int:
    """Watch the day, then fill the window, and print both."""
    given = options()
    before = page.load()
    app: QApplication = desktop_app.make_application()
    theme.dress(app, "light")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ["TERRACE_LOGS"] = str(folder / "logs")
        big = folder / "many.parquet"
        write(simulated(given.rows, max(1, given.rows // 100)), big)
        window = new_window(folder, "memory")
        fits, plots, idle = heavy(window, given.times)
        window.close()
        window.deleteLater()
        window = new_window(folder, "day")
        watch = Watch()
        day(window, watch, big)
        watch.end()
        window.close()
    rows = [_row(step) for step in watch.steps]
    text = "\n".join([
        "## A day in the window", "",
        f"Gaps between ticks of a {TICK} ms timer on the GUI thread of the real window, the file of many rows with "
        f"{given.rows:,}; the window allows itself {LIMIT * 1000:.0f} ms.", "",
        page.table(["what is done", "time", "worst gap", "its CPU time", "gaps too long", "where"], rows, "lrrrrl"), "",
        f"Memory above the idle window ({idle:.0f} MB): {fits:.0f} MB after {given.times} fits, {plots:.0f} MB after "
        f"{given.times} plots as well; allowed are {ROOM} MB.", "", "Measured with:", "",
        *(f"- {line}" for line in page.machine()),
        f"- load {before} before, {page.load()} after, which lengthens gaps too",
    ])  # fmt: skip
    print(text)
    if not given.no_results:
        page.write_section("workday", text)
    return 0


def _row(step: Step) -> list[str]:
    worst = max(step.gaps, default=0.0)
    over = sum(gap > LIMIT for gap in step.gaps)
    where = max(step.places, default=(0.0, ""))[1] if worst > LIMIT else ""
    times = [page.duration(t) for t in (step.elapsed, worst, max(step.work, default=0.0))]
    return [step.title, *times, str(over), f"`{where}`" if where else ""]


if __name__ == "__main__":
    raise SystemExit(main())
