#!/usr/bin/env python3
"""Commands on a million rows beside the pandas call that does the same, in one process, interleaved.

    .venv/bin/python tests/benchmarks/data.py [--rows 1000000] [--groups 20000] [--runs 7]

Wanted: generate, egen ... by, collapse and merge each within twice the time of pandas.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import page
import pandas as pd

from terrace.data.dataset import Dataset, Variable
from terrace.data.write import write
from terrace.session.session import Session
from terrace.session.state import State

Call = Callable[[pd.DataFrame], object]


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows (%(default)s)")
    parser.add_argument("--groups", type=int, default=20_000, help="groups (%(default)s)")
    parser.add_argument("--runs", type=int, default=7, help="rounds (%(default)s)")
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    return parser.parse_args()


def cases(file: str) -> dict[str, Call]:
    """Commands with the pandas call that does the same; `file` holds one row a group."""
    return {
        "generate z = x*2 + 1": lambda d: d.assign(z=d.x * 2 + 1),
        "generate z = ln(abs(x)) + y^2 if x > 0": lambda d: d.assign(
            z=np.where(d.x > 0, np.log(d.x.abs()) + d.y**2, np.nan)
        ),
        "replace x = 0 if y > 0": lambda d: d.assign(x=d.x.mask(d.y > 0, 0)),
        "egen m = mean(x), by(id)": lambda d: d.assign(m=d.groupby("id")["x"].transform("mean")),
        "egen s = sd(x), by(id)": lambda d: d.assign(s=d.groupby("id")["x"].transform("std")),
        "egen m = median(x), by(id)": lambda d: d.assign(m=d.groupby("id")["x"].transform("median")),
        "bysort id: egen m = mean(x)": lambda d: (s := d.sort_values("id", kind="stable")).assign(
            m=s.groupby("id")["x"].transform("mean")
        ),
        "collapse (mean) x (sd) y, by(id)": lambda d: d.groupby("id").agg(x=("x", "mean"), y=("y", "std")),
        f'merge m:1 id using "{file}"': lambda d: d.merge(pd.read_parquet(file), on="id", how="outer", indicator=True),
        f'merge m:1 id using "{file}", keep(master match)': lambda d: d.merge(
            pd.read_parquet(file), on="id", how="left", indicator=True
        ),
        "sort id": lambda d: d.sort_values("id", kind="stable"),
        "bysort id (x): generate n = _n": lambda d: (s := d.sort_values(["id", "x"], kind="stable")).assign(
            n=s.groupby("id").cumcount() + 1
        ),
        "keep if x > 0": lambda d: d[d.x > 0],
    }


def main() -> int:
    """Time each command and its peer in turn."""
    given = options()
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "id": rng.integers(0, given.groups, given.rows),
            "x": rng.normal(size=given.rows),
            "y": rng.normal(size=given.rows),
        }
    )
    data = Dataset(frame, tuple(Variable(name) for name in frame))
    small = pd.DataFrame({"id": np.arange(given.groups), "w": rng.normal(size=given.groups)})
    rows = []
    before = page.load()
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "groups.parquet")
        write(Dataset(small, tuple(Variable(name) for name in small)), file)
        for command, call in cases(file).items():
            ours, theirs = [], []
            for number in range(given.runs + 1):
                spent = _command(data, command), _call(frame, call)
                if number:  # the first round fills caches
                    ours.append(spent[0])
                    theirs.append(spent[1])
            own, peer = median(ours), median(theirs)
            shown = command.replace(file, "groups.parquet")
            rows.append([f"`{shown}`", page.duration(own), page.duration(peer), f"{own / peer:.2f}"])
    text = "\n".join([
        "## Commands on data", "",
        f"{given.rows:,} rows in {given.groups:,} groups; from the text of the command to the new data. Wanted: "
        "generate, egen with by, collapse and merge within twice the time of pandas.", "",
        page.table(["command", "Terrace", "pandas", "ratio"], rows, "lrrr"), "",
        "Measured with:", "", *(f"- {line}" for line in page.machine()),
        f"- {given.runs} interleaved runs, medians, load {before} before, {page.load()} after",
    ])  # fmt: skip
    print(text)
    if not given.no_results:
        page.write_section("data", text)
    return 0


def _command(data: Dataset, command: str) -> float:
    session = Session(State(dataset=data))
    start = time.perf_counter()
    outcome = session.run(command)
    spent = time.perf_counter() - start
    assert outcome.ok, outcome.error
    return spent


def _call(frame: pd.DataFrame, call: Call) -> float:
    start = time.perf_counter()
    call(frame)
    return time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())
