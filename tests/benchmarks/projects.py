#!/usr/bin/env python3
"""How soon a large project is open, and for how long the window does not answer while its work is kept.

    .venv/bin/python tests/benchmarks/projects.py [--rows 1000000 --models 30 --outputs 60 --figures 20]

The program's own window. A project of so many results is made and saved; a second window opens it: it is open when its
results are on the page. Then values are changed, and a gap is the time between two ticks of a 5 ms timer on the GUI
thread while the journal is written, in the window's own part and in all.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import page
from datasets import simulated
from preview import TICK, Clock, wait

from terrace.data.write import write
from terrace_desktop.app.app import make_application
from terrace_desktop.app.window import MainWindow
from terrace_desktop.panels.after import catalog
from terrace_desktop.project.flow import ProjectFlow
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import session_port

OPEN, KEEP, FORM = 2.0, 0.100, 0.050  # s: a project is open; the window's part of keeping the work, and of a form
CHANGES = 5


def window(folder: Path, name: str) -> MainWindow:
    """A window that is ready."""
    w = MainWindow(Settings(folder / f"{name}.json"), warm_up=session_port.warm_up, journals=folder / name)
    w.resize(1440, 900)
    w.show()
    w.begin()
    idle(w)
    return w


def idle(w: MainWindow) -> None:
    """Until all is answered and kept."""
    autosave = w.projects.autosave
    assert autosave is not None
    c = w.controller
    wait(lambda: c.is_ready and not c.busy and not c.view_worker.busy and not autosave.busy, 300)


def commands(given: argparse.Namespace, data: Path) -> list[str]:
    """What makes the project."""
    out = [f'use "{data}"']
    for k in range(given.models):
        out.append(f"mixed y x || g:{' x' if k % 2 else ''}, reml")
        out += ["estat icc"] * (given.outputs // given.models)
    return out + ["histogram y"] * given.figures


def made(folder: Path, given: argparse.Namespace) -> tuple[float, float, float]:
    """Make and save the project; seconds of saving, MB of the file, MB without data."""
    write(simulated(given.rows, given.rows // 100), folder / "rows.parquet")
    w = window(folder, "first")
    for command in commands(given, folder / "rows.parquet"):
        w.controller.run(command)
    idle(w)
    begun = time.perf_counter()
    w.projects._write(folder / "large.terrace")
    idle(w)
    took = time.perf_counter() - begun - 0.3
    w.controller.run(f'project save "{folder / "bare.terrace"}", nodata')
    idle(w)
    failed = [e.command for e in w.controller.history.entries if e.state != "ok"]
    assert not failed, failed
    w.asks_on_close = False
    w.close()
    return took, *((folder / n).stat().st_size / 1e6 for n in ("large.terrace", "bare.terrace"))  # type: ignore[return-value]


def forms(w: MainWindow) -> list[tuple[float, str]]:
    """How long the window does not answer at each form after a fit, of a model whose arrays nobody has asked for."""
    models = w.models
    card = w.results.newest()
    assert not card.fit.has_arrays
    found: list[tuple[float, str]] = []
    clock = Clock()
    for key in ("", *(e.key for g in catalog.groups() for e in g.entries)):
        clock.reset()
        begun = time.perf_counter()
        models.open_after(card, key)
        longest = time.perf_counter() - begun
        wait(lambda: True, 400)  # its preview begins, and is stopped
        found.append((max(longest, *clock.gaps), key or "the list"))
    models._after.close()
    return found


def opened(folder: Path, given: argparse.Namespace) -> tuple[
    float, list[float], list[float], list[float], float, list[tuple[float, str]]
]:  # fmt: skip
    """Seconds of opening; of the window's part, all gaps while work is kept and while nothing is done; of the longest
    writing; and of the forms after a fit."""
    w = window(folder, "second")
    begun = time.perf_counter()
    w.data.open_file(str(folder / "large.terrace"))
    wait(lambda: len(w.results.cards()) == given.models and w.pages.currentWidget() is w.splitter)
    took = time.perf_counter() - begun
    idle(w)
    part: list[float] = []
    own = ProjectFlow._to_keep

    def timed(flow: ProjectFlow) -> object:
        before = time.perf_counter()
        found = own(flow)
        part.append(time.perf_counter() - before)
        return found

    w.projects.autosave._work = lambda: timed(w.projects)  # type: ignore[union-attr,assignment,return-value]
    clock, gaps, longest = Clock(), [], 0.0
    wait(lambda: True, 3000)
    at_rest = clock.gaps
    shown = forms(w)
    for k in range(CHANGES):
        w.controller.run(f"replace x = {k} in {k + 1}")
        wait(lambda: not w.controller.busy)
        clock.reset()
        before = time.perf_counter()
        wait(lambda: not w.projects.autosave.busy)  # type: ignore[union-attr]
        longest = max(longest, time.perf_counter() - before)
        gaps += clock.gaps
    w.asks_on_close = False
    w.projects.discard()
    w.close()
    return took, part, gaps, at_rest, longest, shown


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("rows", 1_000_000), ("models", 30), ("outputs", 60), ("figures", 20)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    given = parser.parse_args()
    before = page.load()
    application = make_application()
    theme.dress(application, "light")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        saving, size, bare = made(folder, given)
        opening, part, gaps, at_rest, longest, shown = opened(folder, given)
    rows = [
        ["open", page.duration(opening), page.duration(OPEN)],
        ["the window's part of keeping the work, worst", page.duration(max(part)), page.duration(KEEP)],
        ["gap while it is written, worst", page.duration(max(gaps)), page.duration(KEEP)],
        ["gap while nothing is done, worst", page.duration(max(at_rest)), ""],
        [f"gap at a form after a fit, worst ({max(shown)[1]})", page.duration(max(shown)[0]), page.duration(FORM)],
        ["until it is written, worst", page.duration(longest), page.duration(2.0)],
        ["save", page.duration(saving), ""],
        ["file, with data", f"{size:.1f} MB", ""],
        ["file, without data", f"{bare:.1f} MB", "5 MB"],
    ]
    text = "\n".join([
        "## A large project", "",
        f"{given.models} models, {given.outputs} outputs and {given.figures} figures on {given.rows:,} rows; gaps of a "
        f"{TICK} ms timer on the GUI thread after {CHANGES} changes of a value.", "",
        page.table(["", "measured", "wanted"], rows, "lrr"), "",
        "Measured with:", "", *(f"- {line}" for line in page.machine()),
        f"- BLAS threads: {os.environ.get('OPENBLAS_NUM_THREADS', 'as installed')}; load {before} before, "
        f"{page.load()} after, which lengthens all",
    ])  # fmt: skip
    print(text)
    print("\nforms: " + ", ".join(f"{key} {page.duration(gap)}" for gap, key in sorted(shown, reverse=True)[:8]))
    if not given.no_results:
        page.write_section("projects", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
