#!/usr/bin/env python3
"""Cost and memory against size, each fit in a process of its own: tables and plots.

    .venv/bin/python tests/benchmarks/scaling.py [--series rows,groups,effects,crossed] [--patience 900]

Of every fit: the time in whole, the time until the first likelihood is there (the one pass over the data, sorting and
start values with it), the mean time of an iteration after that, and the peak of the process's memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import page
from sides import environment

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.plot import Plot

PLOTS = Path(__file__).resolve().parent / "plots"


@dataclass(frozen=True)
class Size:
    """One simulated fit; ``second`` groups cross the ``groups`` where it is not 0."""

    rows: int
    groups: int
    effects: int = 2
    covariates: int = 1
    second: int = 0


@dataclass(frozen=True)
class Series:
    """Sizes along one axis: ``along`` is the field of `Size` that grows."""

    title: str
    along: str
    label: str
    sizes: tuple[Size, ...]


SERIES = {
    "rows": Series(
        "Rows (1,000 groups, random slope, 3 covariates)", "rows", "Rows",
        tuple(Size(round(10 ** (k / 2)), 1_000, covariates=3) for k in range(8, 15)),
    ),
    "groups": Series(
        "Groups (4,000,000 rows, random slope)", "groups", "Groups",
        tuple(Size(4_000_000, g) for g in (100, 1_000, 10_000, 100_000, 1_000_000)),
    ),
    "effects": Series(
        "Random effects of a group (200,000 rows, 2,000 groups, unstructured)", "effects", "Random effects",
        tuple(Size(200_000, 2_000, effects=q, covariates=5) for q in range(1, 7)),
    ),
    "crossed": Series(
        "Crossed groups (10 rows a group of the first factor, a quarter as many of the second)", "groups",
        "Groups of the first factor",
        tuple(Size(10 * g, g, second=g // 4) for g in (200, 500, 1_000, 2_000, 4_000, 8_000, 20_000)),
    ),
}  # fmt: skip


def command(size: Size) -> str:
    """The model of a size."""
    if size.second:
        return "mixed y x || _all: R.a || _all: R.b"
    names = ["x", *(f"x{k}" for k in range(2, 7))]
    fixed = " ".join(names[: max(size.covariates, size.effects - 1)])
    slopes = " ".join(names[: size.effects - 1])
    return f"mixed y {fixed} || g: {slopes}{', covariance(unstructured)' if slopes else ''}"


def child(size: Size, repeats: int) -> dict[str, Any]:
    """Fit in this process and say what it took; the best of a few fits, the memory of the first."""
    from datasets import crossed, simulated

    import terrace

    terrace.fit("mixed y x || g: x, covariance(unstructured)", simulated(1_000, 20))  # imports are not the fit's
    if size.second:
        data = crossed(size.rows, size.groups, size.second)
    else:
        data = simulated(size.rows, size.groups, size.effects, size.covariates)
    given = sum(data.frame[name].to_numpy().nbytes for name in data.names)
    forget_peak()
    before = peak()
    best: dict[str, Any] = {}
    memory = 0
    for number in range(repeats):
        found = _fit(data, size)
        memory = memory or peak()
        if not number or found["cpu"] < best["cpu"]:
            best = found
        if found["seconds"] > 20:
            break
    return {**best, "data": given, "before": before, "peak": memory}


def _fit(data: Dataset, size: Size) -> dict[str, Any]:
    import terrace

    at: list[float] = []
    used, start = time.process_time(), time.perf_counter()
    result = terrace.fit(
        command(size), data,
        progress=lambda p: at.append(time.process_time() - used) if p.stage == "Fitting" else None,
    )  # fmt: skip
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    iteration = (at[-1] - at[0]) / (len(at) - 1) if len(at) > 1 else 0.0
    return {
        "seconds": seconds, "cpu": cpu, "first": at[0] if at else cpu, "iteration": iteration,
        "evaluations": result.n_evaluations, "converged": result.converged,
    }  # fmt: skip


def forget_peak() -> None:
    """Let the peak start anew, so that it is not that of making the data. Linux allows it; elsewhere it stays."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


INTRODUCTION = """\
Every fit in a process of its own, the fastest of a few; BLAS threads: {threads}. *Fit* is wall-clock, all other times
are CPU time, which feels little of what else the machine does. *First* is the time until the first likelihood is
there: the one pass over the data, with groups found, rows sorted and start values. *Iteration* is the mean time of one
after that, second derivatives included. *Memory* is the peak during the fit beyond what the process
held before it, the data among that; then it is set beside the data, and the peak of the whole process stands last."""


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", default=",".join(SERIES), help="which, with commas (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="fits of which the fastest counts (%(default)s)")
    parser.add_argument("--patience", type=float, default=900, help="seconds after which a series ends (%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="BLAS threads, 0 as a user has them (%(default)s)")
    parser.add_argument("--no-results", action="store_true", help="print only: no plots, RESULTS.md as it is")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Run the series."""
    given = options()
    if given.child:
        print(json.dumps(child(Size(**json.loads(given.child)), given.repeats)))
        return 0
    before = page.load()
    text = ["## Cost against size", "", INTRODUCTION.format(threads=given.threads or "as a user has them"), ""]
    for key in given.series.split(","):
        found = _series(SERIES[key], given)
        if not given.no_results and len(found) > 1:
            _save(key, SERIES[key], found)
        text += [f"### {SERIES[key].title}", "", _table(SERIES[key], found), ""]
        if not given.no_results and len(found) > 1:
            text += [f"![{SERIES[key].title}](plots/{key}.png)", ""]
        if len(found) < len(SERIES[key].sizes):
            text += [f"Larger sizes were left out: they take more than {given.patience:.0f} s or fail.", ""]
    text += ["Measured with:", "", *(f"- {line}" for line in page.machine())]
    text += [f"- the machine was shared with other work: load {before} before, {page.load()} after"]
    print("\n".join(text))
    if not given.no_results:
        page.write_section("scaling", "\n".join(text))
    return 0


def _series(series: Series, given: argparse.Namespace) -> list[tuple[Size, dict[str, Any]]]:
    found = []
    for size in series.sizes:
        asked = [sys.executable, __file__, "--child", json.dumps(asdict(size)), "--repeats", str(given.repeats)]
        try:
            said = subprocess.run(
                asked, env=environment(given.threads), timeout=given.patience, check=True,
                capture_output=True, text=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            break
        except subprocess.CalledProcessError as error:
            print(f"{size} failed: {(error.stderr or '').strip().splitlines()[-1:]}", file=sys.stderr)
            break
        found.append((size, json.loads(said.stdout)))
        print(size, {k: round(v, 4) if isinstance(v, float) else v for k, v in found[-1][1].items()}, flush=True)
    return found


def _table(series: Series, found: list[tuple[Size, dict[str, Any]]]) -> str:
    first = "Groups" if series.sizes[0].second else series.label
    head = [first, "fit", "its CPU time", "first", "iteration", "evaluations", "data", "memory", "by data", "process"]
    rows = []
    for size, m in found:
        name = f"{size.groups:,} by {size.second:,}" if size.second else f"{getattr(size, series.along):,}"
        more = m["peak"] - m["before"]
        rows.append([
            name, page.duration(m["seconds"]), page.duration(m["cpu"]), page.duration(m["first"]),
            page.duration(m["iteration"]), str(m["evaluations"]) + ("" if m["converged"] else " (not converged)"),
            f"{m['data'] / 2**20:,.1f} MiB", f"{more / 2**20:,.0f} MiB", f"{more / m['data']:.1f}",
            f"{m['peak'] / 2**20:,.0f} MiB",
        ])  # fmt: skip
    return page.table(head, rows, "r" * len(head))


def plot(series: Series, found: list[tuple[Size, dict[str, Any]]]) -> Plot:
    """Times and memory against size, both on logarithmic axes."""
    import numpy as np

    from terrace.results.plot import Axis, Marks, Plot, PlotPanel

    x = np.array([float(getattr(size, series.along)) for size, _ in found])
    wide = x.max() > 10 * x.min()
    powers = [10**k for k in range(1, 9) if x.min() <= 10**k <= x.max()]
    x_axis = Axis(series.label, tuple((float(t), f"{t:,}") for t in powers) if wide else None, log=wide)

    def layers(values: list[tuple[str, Any]], start: int = 0) -> tuple[Marks, ...]:
        marks = []
        for number, (label, y) in enumerate(values, start):
            y = np.maximum(np.array(y, dtype=float), 1e-9)
            marks.append(Marks("line", x, y, label=label, series=number, dashed=number > start))
            marks.append(Marks("points", x, y, series=number))
        return tuple(marks)

    times = [("the whole fit", "cpu"), ("until the first likelihood", "first"), ("an iteration", "iteration")]
    memory = [
        ("peak beyond the data", [(m["peak"] - m["before"]) / 2**20 for _, m in found]),
        ("the data", [m["data"] / 2**20 for _, m in found]),
    ]
    return Plot(
        series.title,
        (
            PlotPanel(x_axis, Axis("Seconds of CPU time", log=True),
                      layers([(a, [m[b] for _, m in found]) for a, b in times]), "Time"),
            PlotPanel(x_axis, Axis("MiB", log=True), layers(memory, start=3), "Memory"),
        ),
        kind="scaling",
        columns=2,
        legend=True,
    )  # fmt: skip


def _save(key: str, series: Series, found: list[tuple[Size, dict[str, Any]]]) -> None:
    from terrace.report.figure.figure import save

    PLOTS.mkdir(exist_ok=True)
    save(plot(series, found), PLOTS / f"{key}.png", size=(7.5, 3.6), dpi=110, replace=True)


if __name__ == "__main__":
    raise SystemExit(main())
