#!/usr/bin/env python3
"""Opening files beside the libraries that only parse them, in one process, interleaved, with files in the cache.

    .venv/bin/python tests/benchmarks/opening.py [--rows 1000000] [--runs 5] [--cases csv,dta]

The peer reads the file into a frame and nothing more. Terrace finds out encoding, delimiter and header, counts the
fields of every row, guesses measures and hashes the file besides.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import page
import pandas as pd
from simulations import tall

import terrace
from terrace.errors import Cancelled

HEAD = [
    "file", "size", "Terrace", "CPU", "peer", "peer's time", "CPU", "ratio", "of CPU", "at most", "progress every",
    "cancelled within",
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A kind of file: who reads it beside Terrace, and the ratio of times that is wanted, 0 where none is."""

    key: str
    name: str
    make: Callable[[Path, int], None]
    peer: str
    read: Callable[[Path], object]
    most: float = 0.0


def texts(rows: int) -> pd.DataFrame:
    """The same with two columns of words."""
    rng = np.random.default_rng(2)
    words = np.array(["north", "south", "east", "west", "middle"])
    schools = np.array([f"school {k}" for k in range(500)])
    return tall(rows).assign(region=words[rng.integers(0, 5, rows)], school=schools[rng.integers(0, 500, rows)])


def gaps(rows: int) -> pd.DataFrame:
    """The same with a tenth of the measurements missing."""
    rng = np.random.default_rng(3)
    frame = tall(rows)
    return frame.assign(**{name: frame[name].mask(rng.random(rows) < 0.1) for name in ("x", "y")})


def wide(rows: int, columns: int) -> pd.DataFrame:
    """Many columns of measurements."""
    values = np.random.default_rng(4).normal(size=(rows, columns)).round(4)
    return pd.DataFrame(values, columns=[f"v{k}" for k in range(columns)])


def wide_texts(rows: int, columns: int) -> pd.DataFrame:
    """Many columns of words."""
    words = np.array(["north", "south", "east", "west", "middle"])
    drawn = words[np.random.default_rng(5).integers(0, 5, (rows, columns))]
    return pd.DataFrame(drawn, columns=[f"v{k}" for k in range(columns)])


def wide_gaps(rows: int, columns: int) -> pd.DataFrame:
    """Many columns of measurements and words in turn, with a tenth of all missing."""
    frame = wide_texts(rows, columns)
    frame[frame.columns[::2]] = wide(rows, columns)[frame.columns[::2]]
    return frame.mask(np.random.default_rng(6).random(frame.shape) < 0.1)


def _spss(frame: pd.DataFrame, path: Path) -> None:
    import pyreadstat

    pyreadstat.write_sav(frame, path)


def _read_spss(path: Path) -> object:
    import pyreadstat

    return pyreadstat.read_sav(path)


CASES = (
    Case("csv", "six columns .csv", lambda p, n: tall(n).to_csv(p, index=False), "read_csv", pd.read_csv, 1.11),
    Case("csv-text", "and two of words .csv", lambda p, n: texts(n).to_csv(p, index=False), "read_csv", pd.read_csv),
    Case("csv-gaps", "a tenth missing .csv", lambda p, n: gaps(n).to_csv(p, index=False), "read_csv", pd.read_csv),
    Case("dta", "six columns .dta", lambda p, n: tall(n).to_stata(p, write_index=False), "read_stata",
         pd.read_stata, 1.11),
    Case("dta-text", "and two of words .dta", lambda p, n: texts(n).to_stata(p, write_index=False), "read_stata",
         pd.read_stata),
    Case("parquet", "six columns .parquet", lambda p, n: tall(n).to_parquet(p), "read_parquet", pd.read_parquet, 1.11),
    Case("sav", "six columns .sav", lambda p, n: _spss(tall(n), p), "pyreadstat", _read_spss),
    Case("xlsx", "six columns, a fiftieth of the rows .xlsx", lambda p, n: tall(n // 50).to_excel(p, index=False),
         "openpyxl", lambda p: pd.read_excel(p, engine="openpyxl")),
    Case("wide-csv", "100 × 10,000 .csv", lambda p, n: wide(100, 10_000).to_csv(p, index=False), "read_csv",
         pd.read_csv, 2),
    Case("wide-text", "100 × 10,000 of words .csv", lambda p, n: wide_texts(100, 10_000).to_csv(p, index=False),
         "read_csv", pd.read_csv, 2),
    Case("flat-csv", "3 × 4,000 .csv", lambda p, n: wide(3, 4_000).to_csv(p, index=False), "read_csv", pd.read_csv, 2),
    Case("flat-text", "3 × 4,000 of words .csv", lambda p, n: wide_texts(3, 4_000).to_csv(p, index=False), "read_csv",
         pd.read_csv, 2),
    Case("flat-gaps", "3 × 4,000, half of them words, a tenth missing .csv",
         lambda p, n: wide_gaps(3, 4_000).to_csv(p, index=False), "read_csv", pd.read_csv, 2),
    Case("wide-dta", "100 × 10,000 .dta", lambda p, n: wide(100, 10_000).to_stata(p, write_index=False, version=119),
         "read_stata", pd.read_stata, 2),
    Case("wide-parquet", "100 × 10,000 .parquet", lambda p, n: wide(100, 10_000).to_parquet(p), "read_parquet",
         pd.read_parquet, 2),
)  # fmt: skip


def main() -> int:
    """Make each file, read it in turn with its peer, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the tall files (%(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="rounds (%(default)s)")
    keys = ", ".join(c.key for c in CASES)
    parser.add_argument("--cases", help=f"keys of the cases, with commas, printed only: {keys}")
    parser.add_argument("--folder", type=Path, help="where files are made and left; the system's temporary folder")
    given = parser.parse_args()
    before, rows = page.load(), []
    with tempfile.TemporaryDirectory() as scratch:
        for case in CASES:
            if given.cases and case.key not in given.cases.split(","):
                continue
            ending = case.name.rpartition(".")[2]
            path = (given.folder or Path(scratch)) / f"{case.key}-{given.rows}.{ending}"
            if not path.exists():
                case.make(path, given.rows)
            rows.append(row(case, path, given.runs))
            print("  ".join(rows[-1]), flush=True)
    text = section(rows, before, given)
    print("\n" + text)
    if not given.cases and given.rows == 1_000_000:
        page.write_section("opening", text)
    return 0


def row(case: Case, path: Path, runs: int) -> list[str]:
    """A row of the table: medians of interleaved rounds, and how long progress and cancelling let wait."""
    ours, theirs = [], []
    for number in range(runs + 1):
        spent = timed(terrace.read, path), timed(case.read, path)
        if number:  # the first round fills caches and loads libraries
            ours.append(spent[0])
            theirs.append(spent[1])
    (own, cpu), (peer, peer_cpu) = ([median(t) for t in zip(*side, strict=True)] for side in (ours, theirs))
    ratio = f"{own / peer:.2f}"
    if case.most and own > case.most * peer:
        ratio = f"**{ratio}**"
    silence, late = waits(path, own)
    return [
        case.name, f"{path.stat().st_size / 1e6:.1f} MB", page.duration(own), page.duration(cpu), case.peer,
        page.duration(peer), page.duration(peer_cpu), ratio, f"{cpu / peer_cpu:.2f}",
        f"{case.most:g}" if case.most else "", page.duration(silence), page.duration(late),
    ]  # fmt: skip


def timed(call: Callable[[Path], object], path: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processor, all threads together."""
    start, cpu = time.perf_counter(), time.process_time()
    call(path)
    return time.perf_counter() - start, time.process_time() - cpu


def waits(path: Path, usual: float) -> tuple[float, float]:
    """The longest time without a word of progress, and the longest from asking to stop to the stop.

    It is asked to stop at nine moments of a reading, spread over the time that it takes.
    """
    told = [time.perf_counter()]
    terrace.read(path, progress=lambda stage, fraction: told.append(time.perf_counter()))
    silence = max(np.diff([*told, time.perf_counter()]))
    late = 0.0
    for tenth in range(1, 10):
        asked = threading.Event()
        begun = time.perf_counter()
        timer = threading.Timer(usual * tenth / 10, asked.set)
        timer.start()
        try:
            terrace.read(path, cancel=asked.is_set)
        except Cancelled:
            late = max(late, time.perf_counter() - begun - usual * tenth / 10)
        else:
            late = max(late, time.perf_counter() - begun - usual * tenth / 10)  # it was done before it listened
        timer.cancel()
    return float(silence), max(0.0, late)


def section(rows: list[list[str]], before: str, given: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    return "\n".join(
        [
            "## Opening files",
            "",
            f"{given.rows:,} rows where nothing else is said, files in the cache, medians of {given.runs} interleaved",
            "rounds in one process. The peer parses the file into a frame; Terrace finds out encoding, delimiter and",
            "header, counts the fields of every row, guesses measures and computes the SHA-256 of the file besides. A",
            "ratio is Terrace's time by the peer's, in bold where it is above the one wanted. *Progress every* is the",
            "longest time without a word, *cancelled within* the longest of nine waits from asking to stop to the end.",
            "",
            page.table(HEAD, rows, "lrrrlrrrrrrr"),
            "",
            "Measured with:",
            "",
            *(f"- {line}" for line in page.machine()),
            f"- the machine was shared with other work: load {before} before, {page.load()} after",
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
