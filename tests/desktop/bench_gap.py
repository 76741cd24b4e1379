"""How long the window stands still: the worst gap of a 10 ms timer, while a million rows are opened and fitted.

    QT_QPA_PLATFORM=offscreen .venv/bin/python tests/desktop/bench_gap.py [rows]

A benchmark, not a test: it prints what it saw and judges nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pandas as pd
from PySide6.QtCore import QEventLoop, QTimer

from terrace_desktop.app import app
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import session_port

INTERVAL = 10  # ms


class Gaps:
    """A timer that remembers how late it came."""

    def __init__(self) -> None:
        self.timer = QTimer()
        self.timer.setInterval(INTERVAL)
        self.timer.timeout.connect(self._tick)
        self.last = 0.0
        self.seen: list[float] = []

    def begin(self) -> None:
        self.seen = []
        self.last = time.perf_counter()
        self.timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.seen.append((now - self.last) * 1000)
        self.last = now

    def end(self) -> str:
        self.timer.stop()
        gaps = np.array(self.seen or [0.0])
        return f"worst {gaps.max():6.0f} ms   99% {np.quantile(gaps, 0.99):6.0f} ms   ticks {len(gaps)}"


def simulated(rows: int, folder: Path) -> Path:
    """Random slopes in groups of a hundred, as a Parquet file."""
    rng = np.random.default_rng(1)
    g = np.arange(rows) // 100
    groups = int(g.max()) + 1
    x = rng.normal(size=rows)
    y = 2 + x * (0.5 + 0.3 * rng.normal(size=groups)[g]) + rng.normal(size=groups)[g] + rng.normal(size=rows)
    path = folder / "million.parquet"
    pd.DataFrame({"y": y, "x": x, "g": g}).to_parquet(path)
    return path


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    application = app.make_application()
    theme.dress(application, "light")
    with tempfile.TemporaryDirectory() as name:
        path = simulated(rows, Path(name))
        window = MainWindow(Settings(Path(name) / "s.ini"), warm_up=session_port.warm_up)
        window.resize(1440, 900)
        gaps = Gaps()

        def step(title: str, start: object, done: object) -> None:
            loop = QEventLoop()
            look = QTimer()
            look.timeout.connect(lambda: loop.quit() if done() else None)  # type: ignore[operator]
            look.start(20)
            gaps.begin()
            begun = time.perf_counter()
            start()  # type: ignore[operator]
            loop.exec()
            look.stop()
            print(f"{title:<28} {time.perf_counter() - begun:6.2f} s   {gaps.end()}", flush=True)

        controller = window.controller

        def idle() -> bool:
            return controller.is_ready and not controller.busy and not controller.view_worker.busy

        def start_up() -> None:
            window.show()
            window.begin()
            controller.call("start", lambda _session: None, lambda _none: None)  # behind the warm-up

        step("start", start_up, idle)
        step(f"open {rows:,} rows", lambda: window.data.open_file(str(path)), idle)
        grid = window.left.grid
        bar = grid.verticalScrollBar()
        step("scroll to the end", lambda: bar.setValue(bar.maximum()), idle)
        step("sort", lambda: window.data.sort("y", True), idle)
        step("select a column", lambda: (grid.selectColumn(0), grid.viewport().repaint()), idle)
        step("codes", lambda: window.left.labels.choose("codes"), idle)
        model = "mixed y x || g: x, covariance(unstructured) reml"
        step("fit, tables, plots", lambda: controller.run(model), idle)
        step("enlarge a plot", lambda: window.results.newest().plots.open("residual-fitted"), idle)
        view = window.results.newest().plots.large.view
        step("brush", lambda: view.select_inside(-1, 1, -1, 1), idle)
        step("change the theme", lambda: window.looks.set_theme("dark"), idle)
        window.close()


if __name__ == "__main__":
    main()
