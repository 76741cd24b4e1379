#!/usr/bin/env python3
"""Commands on a million rows beside the pandas call that does the same, in one process, interleaved.

    .venv/bin/python tests/benchmarks/data.py [--rows 1000000] [--groups 20000] [--runs 7]

Wanted: sort, correlate, tabulate and summarize within 1.11 times the processor time of pandas, every other command
within twice.
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
        "sort x": lambda d: d.sort_values("x", kind="stable"),
        "sort wave id": lambda d: d.sort_values(["wave", "id"], kind="stable"),
        "gsort -x": lambda d: d.sort_values("x", kind="stable", ascending=False),
        "correlate x y": lambda d: d[["x", "y"]].corr(),
        "pwcorr x y wave": lambda d: d[["x", "y", "wave"]].corr(),
        "tabulate wave": lambda d: d["wave"].value_counts().sort_index(),
        "tabulate wave arm": lambda d: pd.crosstab(d["wave"], d["arm"]),
        "tabulate wave, summarize(x)": lambda d: d.groupby("wave")["x"].agg(["mean", "std", "count"]),
        "summarize x y": lambda d: d[["x", "y"]].describe(percentiles=[]),
        "summarize x, detail": lambda d: (
            d["x"].describe(percentiles=[0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]),
            d["x"].skew(),
            d["x"].kurt(),
        ),
        "bysort wave: summarize x": lambda d: d.groupby("wave")["x"].describe(percentiles=[]),
        "egen t = total(x)": lambda d: d.assign(t=d["x"].sum()),
        "egen r = rowmean(x y)": lambda d: d.assign(r=d[["x", "y"]].mean(axis=1)),
        "egen g = group(id wave)": lambda d: d.assign(g=d.groupby(["id", "wave"]).ngroup() + 1),
        "duplicates drop id wave, force": lambda d: d.drop_duplicates(["id", "wave"]),
        "duplicates report id wave": lambda d: d.groupby(["id", "wave"]).size().value_counts(),
        "drop y": lambda d: d.drop(columns="y"),
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
            "wave": rng.integers(0, 10, given.rows),
            "arm": rng.integers(1, 5, given.rows),
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
        f"{given.rows:,} rows in {given.groups:,} groups; from the text of the command to the new data or the "
        "printed table; seconds of the processor, all threads together. Wanted: sort, correlate, tabulate and "
        "summarize within 1.11 times those of pandas, every other command within twice.", "",
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
    start = time.process_time()
    outcome = session.run(command)
    spent = time.process_time() - start
    assert outcome.ok, outcome.error
    return spent


def _call(frame: pd.DataFrame, call: Call) -> float:
    start = time.process_time()
    call(frame)
    return time.process_time() - start


if __name__ == "__main__":
    raise SystemExit(main())
