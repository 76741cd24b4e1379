"""How long a figure of 100,000 points and lines keeps the window from answering: pointing, walking, brushing, marking.

    QT_QPA_PLATFORM=offscreen .venv/bin/python tests/benchmarks/figures.py

Prints ms of each; none may come near 100.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace_desktop.plots import thin
from terrace_desktop.plots.view import PlotView

ROWS, EACH = 100_000, 20


def figure() -> Plot:
    """Points with a line for each 20 of them."""
    rng = np.random.default_rng(5)
    x, y = np.tile(np.arange(float(EACH)), ROWS // EACH), rng.normal(size=ROWS)
    rows, ends = np.arange(ROWS), np.arange(EACH, ROWS, EACH)
    names = tuple(f"id {k // EACH}" for k in range(ROWS))
    owner = np.insert(rows, ends, -1)
    text = tuple(names[k] if k >= 0 else "" for k in owner)
    line_x, line_y = np.insert(x, ends, np.nan), np.insert(y, ends, np.nan)
    line = Marks("line", line_x, line_y, rows=owner, labels=text, label="Groups")
    return Plot("Many", (PlotPanel(Axis("x"), Axis("y"), (Marks("points", x, y, rows=rows, labels=names), line)),))


def main() -> None:
    application = QApplication.instance() or QApplication([])
    view = PlotView(thin.prepare(figure()))
    view.resize(900, 500)
    view.show()
    view.finish()
    application.processEvents()

    def place(x: float, y: float) -> QPointF:
        return QPointF(view.mapFromScene(view.boxes[0].mapViewToScene(QPointF(x, y))))

    def move(x: float, y: float) -> None:
        at: QPoint = place(x, y).toPoint()
        QTest.mouseMove(view.viewport(), at)

    steps: dict[str, list[Callable[[], object]]] = {
        "first move": [lambda: move(3, 0.0)],
        "finding a mark": [lambda at=at: view.hover_text(place(at, 0.5)) for at in np.linspace(0, 19, 60)],
        "move, with paint": [lambda at=at: move(at, 0.5) for at in np.linspace(0, 19, 60)],
        "key": [lambda: QTest.keyClick(view, Qt.Key.Key_Right) for _ in range(10)],
        "brush": [lambda: view.select_inside(2.0, 4.0, -1.0, 1.0)],
        "marks from the grid": [lambda: view.show_rows(np.arange(0, ROWS, 3))],
        "paint": [lambda: view.viewport().repaint()],
    }
    for name, own in steps.items():
        took = [timed(do) for do in own]
        application.processEvents()
        print(f"{name:22} {1000 * max(took):6.1f} ms at most, {1000 * median(took):6.1f} as a rule")
    view.close()
    view.deleteLater()
    application.processEvents()


def timed(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
