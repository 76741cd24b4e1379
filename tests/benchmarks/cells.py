#!/usr/bin/env python3
"""How long the window does not answer while cells are typed, pasted and filled: many rows, and many variables.

    .venv/bin/python tests/benchmarks/cells.py [--rows 1000000] [--columns 10000]

The whole window over the engine. A step is what the key, and then each piece of the answer, costs on the GUI thread,
painting included: the longest piece counts. What the session does meanwhile, on a thread of its own, is timed apart.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import page
import pandas as pd
from PySide6.QtCore import QEvent, QEventLoop, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from terrace.data.dataset import Dataset, Variable
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings

LIMIT = 0.050  # s a piece
WAIT = QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents
CTRL = Qt.KeyboardModifier.ControlModifier


def wide(rows: int, columns: int) -> Dataset:
    """Numbers in variables with like names: ``item_0001_score``."""
    rng = np.random.default_rng(1)
    values = rng.standard_normal((rows, columns)).round(3)
    names = [f"item_{k:05d}_score" for k in range(columns)]
    return Dataset(pd.DataFrame(values, columns=names), tuple(Variable(n, f"Score of item {n}") for n in names))


class Bench:
    """The window, and the steps that were timed in it."""

    def __init__(self, app: QApplication, window: MainWindow, dataset: Dataset) -> None:
        self.app, self.window, self.grid = app, window, window.left.grid
        self.rows: list[list[str]] = []
        window.controller.call("data", lambda session: self._open(session, dataset), lambda _: None)
        self.wait()
        window.controller.run("label data \"Bench\"")
        self.wait()

    def _open(self, session: Any, dataset: Dataset) -> None:
        from dataclasses import replace

        session.state = replace(session.state, dataset=dataset)

    def wait(self) -> float:
        """Until all is answered and painted; the CPU time of the longest turn of the event loop."""
        longest, quiet = 0.0, 0
        c = self.window.controller
        while quiet < 3:
            busy = c.busy or c.view_worker.busy
            quiet = 0 if busy else quiet + 1
            used = time.thread_time()
            # a window at rest waits, and lets the worker have the interpreter
            self.app.processEvents(WAIT if busy else QEventLoop.ProcessEventsFlag.AllEvents)
            longest = max(longest, time.thread_time() - used)
        return longest

    def time(self, title: str, step: Callable[[int], object], count: int = 3) -> None:
        """`count` times the step, then all that it set off."""
        longest, whole = 0.0, 0.0
        for number in range(count):
            self.wait()
            used, start = time.thread_time(), time.perf_counter()
            step(number)
            longest = max(longest, time.thread_time() - used)
            longest = max(longest, self.wait())
            whole = max(whole, time.perf_counter() - start)
        self.rows.append([title, page.duration(longest), page.duration(whole), "yes" if longest > LIMIT else ""])

    # --- the steps ----------------------------------------------------------------------------------
    def go(self, row: int, column: int) -> None:
        self.grid.go_to(self.grid.grid.index(row, column))

    def keys(self, text: str, key: Qt.Key) -> None:
        """Type into the current cell."""
        QTest.keyClicks(self.grid, text[0])
        line = self.grid.findChild(QLineEdit, "cell_editor")
        QTest.keyClicks(line, text[1:])
        QTest.keyClick(line, key)

    def measure(self) -> list[list[str]]:
        """All kinds of steps."""
        grid, model = self.grid, self.grid.grid
        rows, columns = model.shown_rows, model.variables
        bar, across = grid.verticalScrollBar(), grid.horizontalScrollBar()
        self.time("type a value, Enter", lambda k: (self.go(10 + k, 1), self.keys(f"{k}.5", Qt.Key.Key_Return)))
        block = "\n".join("\t".join(f"{i}.{j}" for j in range(1, 11)) for i in range(100))
        QGuiApplication.clipboard().setText(block)
        right = min(columns, 10) - 1

        def paste(k: int) -> None:
            self.go(20, 0)
            QTest.keyClick(grid, Qt.Key.Key_V, CTRL)

        self.time("paste 1,000 cells", paste)

        def fill(k: int) -> None:
            grid.select([(0, rows - 1, 2, 2)])
            QTest.keyClick(grid, Qt.Key.Key_D, CTRL)

        self.time(f"fill down {rows:,} cells", fill)

        def clear(k: int) -> None:
            grid.select([(0, rows - 1, 3, 3)])
            QTest.keyClick(grid, Qt.Key.Key_Delete)

        self.time("clear a column", clear)
        self.time("scroll down", lambda k: bar.setValue((k + 1) * rows // 5))
        self.time("scroll right", lambda k: across.setValue((k + 1) * across.maximum() // 5))
        self.time("select all", lambda k: grid.selectAll())

        def copy(k: int) -> None:
            grid.select([(0, min(rows, 1000) - 1, 0, right)])
            QTest.keyClick(grid, Qt.Key.Key_C, CTRL)

        self.time("copy cells", copy)
        self.time("freeze, scroll", lambda k: (grid.frozen.set_count(k % 2 + 1), across.setValue(k * 500)))
        grid.frozen.clear()

        def below(k: int) -> None:
            self.go(model.shown_rows, 0)
            self.keys("15", Qt.Key.Key_Return)

        def beside(k: int) -> None:
            self.go(0, model.variables)
            self.keys("15", Qt.Key.Key_Return)

        self.time("type into the new row", below)
        self.time("type into the new column", beside)

        def drop(k: int) -> None:
            grid.select([(0, model.shown_rows - 1, 4, 4)])
            QTest.keyClick(grid, Qt.Key.Key_Minus, CTRL)

        self.time("delete a variable", drop)
        self.time("insert a variable", lambda k: (self.go(0, 4), self.window.cells.insert_variables()))
        self.time("insert a row", lambda k: (self.go(5, 0), self.window.cells.insert_rows()))
        self.time("delete a row", lambda k: (self.go(5, 0), self.window.cells.delete_rows()))

        def find(k: int) -> None:
            self.go(0, 0)
            find_bar = self.window.left.find_bar
            find_bar.open(True)
            find_bar.wanted.setText(f"{k}.51")
            find_bar.searched.emit()

        self.time("find in all cells", find)
        self.window.left.find_bar.leave()
        self.time("undo", lambda k: self.window.undo())
        return self.rows


def main() -> int:
    """Time the steps and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=10_000)
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    given = parser.parse_args()
    before = page.load()
    app = QApplication(sys.argv[:1])
    theme.manager()
    text = ["## Cells", ""]
    for rows, columns in ((given.rows, 10), (300, given.columns)):
        if not rows or not columns:
            continue
        with tempfile.TemporaryDirectory() as folder:
            window = MainWindow(Settings(Path(folder) / "settings.ini"))
            window.resize(1440, 900)
            window.show()
            window.begin()
            bench = Bench(app, window, wide(rows, columns))
            table = bench.measure()
            window.close()
            window.deleteLater()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            del bench, window
            app.processEvents()
        text += [f"{rows:,} rows of {columns:,} variables:", "",
                 page.table(["step", "window", "until it is seen", "too long"], table, "lrrr"), ""]  # fmt: skip
    text += [
        "The window is the CPU time of the GUI thread in the longest event of a step, painting included; it allows "
        f"itself {LIMIT * 1000:.0f} ms. The longest of three.", "", "Measured with:", "",
        *(f"- {line}" for line in page.machine()), f"- load {before} before, {page.load()} after",
    ]  # fmt: skip
    out = "\n".join(text)
    print(out)
    if not given.no_results:
        page.write_section("cells", out)
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # Qt and the threads of the window need not be taken apart in order
