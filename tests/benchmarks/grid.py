#!/usr/bin/env python3
"""How long the data grid keeps the window from answering: each step of scrolling, sorting and selecting by itself.

    .venv/bin/python tests/benchmarks/grid.py [--rows 1000000]

A step is what one event costs on the GUI thread, painting included; the sort itself, which runs off that thread, is
timed apart.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from statistics import median

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import page
import pandas as pd
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from terrace.data.dataset import Dataset, Variable
from terrace_desktop.grid.model import sort_order
from terrace_desktop.grid.view import GridView
from terrace_desktop.ui import theme

LIMIT = 0.050  # s a step
STEPS = 40


def data(rows: int) -> Dataset:
    """Numbers, whole numbers with labels, words, and missing values among them."""
    rng = np.random.default_rng(1)
    columns: dict[str, object] = {"id": np.repeat(np.arange(rows // 10 + 1), 10)[:rows].astype(float)}
    for k in range(6):
        columns[f"x{k}"] = rng.standard_normal(rows)
    columns["x5"] = np.where(rng.random(rows) < 0.1, np.nan, columns["x5"])
    columns["sex"] = rng.integers(0, 2, rows).astype(float)
    columns["town"] = pd.array(rng.choice(["Bergen", "Lund", "Turku", "Aarhus"], rows), dtype="str")
    variables = [Variable(name) for name in columns]
    variables[-2] = Variable("sex", value_labels={0.0: "female", 1.0: "male"})
    return Dataset(pd.DataFrame(columns, copy=False), tuple(variables))


class Steps:
    """Times steps one by one: wall-clock and the thread's CPU time."""

    def __init__(self, app: QApplication, view: GridView) -> None:
        self.app, self.view = app, view
        self.rows: list[list[str]] = []

    def time(self, title: str, step: Callable[[int], object], count: int = STEPS) -> None:
        """`count` times the step, then everything that it set off, painting included."""
        wall, cpu = [], []
        for number in range(count):
            self.app.processEvents()
            used, start = time.thread_time(), time.perf_counter()
            step(number)
            self.app.processEvents()
            wall.append(time.perf_counter() - start)
            cpu.append(time.thread_time() - used)
        over = sum(spent > LIMIT for spent in cpu)
        self.rows.append([title, *map(page.duration, (median(wall), max(wall), median(cpu), max(cpu))), str(over)])


def measure(app: QApplication, view: GridView, dataset: Dataset) -> list[list[str]]:
    """All kinds of steps."""
    steps = Steps(app, view)
    bar = view.verticalScrollBar()
    far = np.random.default_rng(2).integers(0, len(dataset), STEPS)
    columns = len(dataset.variables)
    steps.time("show the data", lambda k: view.show_dataset(dataset), 3)
    view.setCurrentIndex(view.grid.index(0, 0))
    steps.time("a notch of the wheel", lambda k: _wheel(app, view))
    steps.time("a page down", lambda k: QTest.keyClick(view, Qt.Key.Key_PageDown))
    shift = Qt.KeyboardModifier.ShiftModifier
    steps.time("a row down, with Shift", lambda k: QTest.keyClick(view, Qt.Key.Key_Down, shift))
    steps.time("drag the scroll bar", lambda k: bar.setValue(int(far[k])))
    steps.time("select a column", lambda k: view.selectColumn(k % columns))
    steps.time("scroll with a column selected", lambda k: bar.setValue(int(far[k])))
    steps.time("select all", lambda k: view.selectAll(), 5)
    view.selectionModel().clear()
    orders = [(name, sort_order(dataset, name, False)) for name in ("x1", "town", "id")]
    steps.time("take over a sort", lambda k: view.set_order(orders[k % 3][1], (orders[k % 3][0], False)), 9)
    steps.time("scroll in the order of a variable", lambda k: bar.setValue(int(far[k])))
    steps.time("go to a row", lambda k: view.go_to_row(int(far[k])))
    mask = np.zeros(len(dataset), dtype=bool)
    mask[far] = True
    steps.time("mark rows", lambda k: view.mark_rows(mask), 5)
    steps.time("filter", lambda k: view.set_filter(mask if k % 2 else None), 6)
    return steps.rows


def _wheel(app: QApplication, view: GridView) -> None:
    at = QPointF(100, 100)
    event = QWheelEvent(
        at, view.viewport().mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    app.sendEvent(view.viewport(), event)


def sorting(dataset: Dataset) -> list[list[str]]:
    """The sorts themselves, off the GUI thread."""
    rows = []
    for name in ("x1", "x5", "sex", "town", "id"):
        spent = []
        for _ in range(3):
            start = time.process_time()
            sort_order(dataset, name, False)
            spent.append(time.process_time() - start)
        rows.append([name, page.duration(min(spent))])
    return rows


def main() -> int:
    """Time the steps and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    given = parser.parse_args()
    before = page.load()
    app = QApplication(sys.argv[:1])
    theme.manager()
    dataset = data(given.rows)
    view = GridView()
    view.resize(1200, 800)
    view.show()
    rows = measure(app, view, dataset)
    text = "\n".join([
        "## The grid", "",
        f"{given.rows:,} rows, {len(dataset.variables)} variables, a grid of 1,200 by 800 pixels. A step is all that "
        f"one event costs on the GUI thread, painting included; the grid allows itself {LIMIT * 1000:.0f} ms. CPU "
        "times do not feel what else the machine does.", "",
        page.table(["step", "median", "longest", "CPU time", "longest", "too long"], rows, "lrrrrr"), "",
        "Sorting by a variable runs beside the GUI thread; the least CPU time of three:", "",
        page.table(["variable", "time"], sorting(dataset), "lr"), "",
        "Measured with:", "", *(f"- {line}" for line in page.machine()),
        f"- load {before} before, {page.load()} after",
    ])  # fmt: skip
    print(text)
    if not given.no_results:
        page.write_section("grid", text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
