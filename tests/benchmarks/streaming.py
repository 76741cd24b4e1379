#!/usr/bin/env python3
"""Data larger than memory: time and peak memory of fits that read their file in parts, beside fits in memory.

    .venv/bin/python tests/benchmarks/streaming.py [--rows 1e6,1e7,1e8] [--folder FOLDER]

Files are simulated part by part (100,000 groups, fewer in small files) and deleted in the end; 10⁸ rows take 1.5 GB of
disk. Every fit is ``terrace run`` in a process of its own, opening the file and start of Python included.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import page
from sides import environment

PART = 1 << 20
MODELS = {
    "slopes": "mixed y x1 x2 x3 || g: x1, covariance(unstructured) reml",
    "three levels": "mixed y x1 x2 || h: || g: x1",
    "factor by covariate, `if`": "mixed y i.f##c.x1 x2 if x3 > -1 || g:, reml dfmethod(satterthwaite)",
    "crossed": "mixed y x1 || _all: R.c || g:",
}
HEAD = ["file", "rows", "size", "model", "streamed", "CPU", "peak", "in memory", "CPU", "peak", "differ by"]


@dataclass(frozen=True)
class Ran:
    """One run: seconds by the clock and of the processor, peak memory in bytes, estimates and standard errors."""

    seconds: float
    cpu: float
    peak: float
    numbers: tuple[float, ...]


def main() -> int:
    """Simulate, fit, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="1e6,1e7,1e8", help="numbers of rows, with commas (%(default)s)")
    parser.add_argument("--in-memory", type=float, default=1e7, help="rows up to which fits in memory stand beside")
    parser.add_argument("--csv", type=float, default=1e7, help="rows up to which the file is written as CSV as well")
    parser.add_argument("--crossed", type=float, default=1e7, help="rows up to which the crossed model is fitted")
    parser.add_argument("--folder", type=Path, help="where the files are written (the system's temporary folder)")
    parser.add_argument("--threads", type=int, default=0, help="BLAS threads, 0 as a user has them (0)")
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    given = parser.parse_args()
    environ = environment(given.threads)
    before, rows = page.load(), []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for count in (round(float(n)) for n in given.rows.split(",")):
            path = simulate(Path(folder) / f"{count}.parquet", count)
            for name, model in MODELS.items():
                if name == "crossed" and count > given.crossed:
                    continue
                rows.append(measured(path, count, name, model, count <= given.in_memory, environ))
            if count <= given.csv:
                text = as_csv(path)
                name = next(iter(MODELS))
                rows.append(measured(text, count, name, MODELS[name], count <= given.in_memory, environ))
                text.unlink()
            path.unlink()
    text = section(rows, before, given.threads)
    print("\n" + text)
    if not given.no_results:
        page.write_section("streaming", text)
    return 0


def parts(count: int) -> Iterator[dict[str, Any]]:
    """The columns of `count` rows, `PART` at a time: groups g in regions h, in no order, crossed by c."""
    rng = np.random.default_rng(20_261_128)
    groups = max(100, min(100_000, count // 1000))
    intercepts, slopes = rng.normal(size=(2, groups))
    regions, crossing = rng.normal(size=groups // 50 + 1), rng.normal(size=40)
    for first in range(0, count, PART):
        n = min(PART, count - first)
        g, c, f = rng.integers(0, groups, n), rng.integers(0, 40, n), rng.integers(1, 5, n)
        x = rng.normal(size=(n, 3)).round(3)
        y = 10 + x @ [0.5, -0.2, 0.1] + 0.3 * f + intercepts[g] + 0.5 * (slopes[g] + intercepts[g]) * x[:, 0]
        y += regions[g // 50] + 0.4 * crossing[c] + 2 * rng.normal(size=n)
        whole = {"g": g, "h": g // 50, "c": c, "f": f}
        yield {
            "y": y.round(3), "x1": x[:, 0], "x2": x[:, 1], "x3": x[:, 2],
            **{k: v.astype(np.int32) for k, v in whole.items()},
        }  # fmt: skip


def simulate(path: Path, count: int) -> Path:
    """Write the file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for columns in parts(count):
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return path


def as_csv(path: Path) -> Path:
    """The same rows as text."""
    import pyarrow.parquet as pq
    from pyarrow import csv

    out = path.with_suffix(".csv")
    with pq.ParquetFile(path) as file, csv.CSVWriter(out, file.schema_arrow) as writer:
        for batch in file.iter_batches():
            writer.write_batch(batch)
    return out


def run(path: Path, model: str, how: str, environ: dict[str, str]) -> Ran:
    """One ``terrace run``; its peak memory is what the system says of the process."""
    out = path.with_suffix(".json")
    command = [sys.executable, "-m", "terrace.cli", "run", "--data", str(path), how, "-c", model, "--json", str(out)]
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    fit = json.loads(out.read_text(encoding="utf-8"))[-1]
    out.unlink()
    return Ran(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024.0, tuple(estimates(fit)))


def estimates(fit: dict[str, Any]) -> Iterator[float]:
    """The log-likelihood, then estimates and standard errors of a result in JSON."""
    yield fit["scalars"]["ll"]
    for effect in (*fit["fixed"], *fit["random"]):
        for key in ("coef", "estimate", "se"):
            if effect.get(key):
                yield effect[key]


def measured(
    path: Path, count: int, name: str, model: str, beside: bool, environ: dict[str, str]
) -> list[str]:
    """A row of the table."""
    size = path.stat().st_size
    streamed = run(path, model, "--stream", environ)
    row = [path.suffix[1:], f"{count:,}", f"{size / 1e9:.2f} GB", name]
    row += [page.duration(streamed.seconds), page.duration(streamed.cpu), memory(streamed.peak)]
    if beside:
        whole = run(path, model, "--in-memory", environ)
        apart = max(abs(a / b - 1) for a, b in zip(streamed.numbers, whole.numbers, strict=True))
        row += [page.duration(whole.seconds), page.duration(whole.cpu), memory(whole.peak), f"{apart:.0e}"]
    else:
        row += ["–", "–", "–", "–"]
    print("  ".join(row), flush=True)
    return row


def memory(size: float) -> str:
    """Bytes in GiB."""
    return f"{size / 2**30:.2f} GiB"


def section(rows: list[list[str]], before: str, threads: int) -> str:
    """The section of RESULTS.md."""
    models = "\n".join(f"- {name}: `{model}`" for name, model in MODELS.items())
    said = threads or "as a user has them"
    about = [*page.machine(), f"BLAS threads: {said}; load {before} before, {page.load()} after"]
    return "\n".join(
        [
            "## Data larger than memory",
            "",
            "`terrace run --data FILE --stream`: the file is read in parts, so that memory follows the number of",
            "groups and not of rows. A thousand rows a group, in no order. Times and peaks are those of the process",
            "in whole, with the start of Python and the opening of the file; CPU time feels less of what else the",
            "machine does. *Differ by* is the largest relative difference of log-likelihood, estimates and standard",
            "errors from those in memory; with crossed factors the standard error of the constant, in which the",
            "elimination cancels some digits of either, decides. One run each.",
            "",
            page.table(HEAD, rows, "lrrlrrrrrrr"),
            "",
            models,
            "",
            "Measured with:",
            "",
            *(f"- {line}" for line in about),
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
