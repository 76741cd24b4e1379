#!/usr/bin/env python3
"""How soon the first pages of a report are seen, and how long the window does not answer while it makes itself ready.

    .venv/bin/python tests/benchmarks/reports.py [--rests 0 5]

The program's own window on High School and Beyond, a process for each rest: a model, its margins and two figures, so
many seconds in which nobody asks for anything, then Report. Pages stand when a picture of the first one is there; again
is the same after one more result. A gap is the time between two ticks of a 5 ms timer on the GUI thread at rest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import page
from preview import TICK, Clock, wait

from terrace_desktop.app.app import make_application
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import session_port

WANTED, LIMIT = 1.5, 0.100  # s
COMMANDS = (
    "sample hsb", "mixed mathach c.ses##i.sector || id: ses, cov(un) reml", "margins sector, at(ses=(-1 0 1))",
    "marginsplot", "predict fit, fitted", "scatter mathach fit",
)  # fmt: skip


def measured(rest: float) -> tuple[float, float, float]:
    """Seconds to the first pages and to those after one more result, and the longest gap while it rested."""
    application = make_application()
    theme.dress(application, "light")
    with tempfile.TemporaryDirectory() as folder:
        window = MainWindow(Settings(Path(folder) / "settings.ini"), warm_up=session_port.warm_up)
        window.asks_on_close = False
        window.resize(1440, 900)
        window.show()
        window.begin()
        c = window.controller
        for command in COMMANDS:
            c.run(command)
        wait(lambda: c.is_ready and not c.busy and not c.view_worker.busy)
        clock = Clock()
        clock.reset()
        wait(lambda: True, max(int(rest * 1000), 1))
        gap = max(clock.gaps, default=0.0)
        drawn: list[int] = []
        begun = time.perf_counter()
        window.reports.open()
        assert window.reports.page is not None
        window.reports.page.pages.drawn.connect(lambda number, _width, _image: drawn.append(number))
        wait(lambda: bool(drawn))
        first = time.perf_counter() - begun
        wait(lambda: not window.reports.page.pages.busy, 200)
        drawn.clear()
        begun = time.perf_counter()
        c.run("estat icc")
        wait(lambda: bool(drawn))
        again = time.perf_counter() - begun
        window.close()
    return first, again, gap


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rests", type=float, nargs="+", default=[0.0, 5.0], help="seconds (0 and 5)")
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    given = parser.parse_args()
    if given.one is not None:
        print(*measured(given.one))
        return 0
    before = page.load()
    rows = []
    for rest in given.rests:
        command = [sys.executable, __file__, "--one", str(rest)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        rows.append([f"after {rest:g} s of rest", *(page.duration(float(x)) for x in said[-3:])])
    text = "\n".join([
        "## The first pages of a report", "",
        f"High School and Beyond, a model with margins and two figures beside those of its own; gaps of a {TICK} ms "
        f"timer on the GUI thread while nobody asks for anything. Wanted: first pages in {WANTED:g} s after some "
        f"seconds of rest, and no gap above {page.duration(LIMIT)}.", "",
        page.table(["", "first pages", "after one more result", "longest gap at rest"], rows, "lrrr"), "",
        "Measured with:", "", *(f"- {line}" for line in page.machine()),
        f"- load {before} before, {page.load()} after, which lengthens all",
    ])  # fmt: skip
    print(text)
    if not given.no_results:
        page.write_section("reports", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
