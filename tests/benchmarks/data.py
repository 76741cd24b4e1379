#!/usr/bin/env python3
"""Commands on a million rows beside the pandas call that does the same, in one process, interleaved.

    .venv/bin/python tests/benchmarks/data.py [--rows 1000000] [--groups 20000] [--runs 7]

Times are those of the processor. Wanted: sort, correlate, tabulate and summarize at least 0.9 times as fast as pandas,
no other command slower than half as fast.
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
_PERCENTILES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
_WORDS = np.array(["north", "south", "east", "west", "middle"])


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
        "sort region": lambda d: d.sort_values("region", kind="stable"),
        "gsort -id y": lambda d: d.sort_values(["id", "y"], ascending=[False, True], kind="stable"),
        "correlate x y v": lambda d: d[["x", "y", "v"]].corr(),
        "correlate x y gaps": lambda d: d[["x", "y", "gaps"]].dropna().corr(),
        "pwcorr x y gaps": lambda d: d[["x", "y", "gaps"]].corr(),
        "tabulate wave": lambda d: d.wave.value_counts(sort=False).sort_index(),
        "tabulate region": lambda d: d.region.value_counts().sort_index(),
        "tabulate wave group": lambda d: pd.crosstab(d.wave, d.group),
        "summarize x y v gaps": lambda d: d[["x", "y", "v", "gaps"]].agg(["count", "mean", "std", "min", "max"]),
        "summarize x, detail": lambda d: (d.x.describe(_PERCENTILES), d.x.skew(), d.x.kurt()),
        "bysort group: summarize x": lambda d: d.groupby("group").x.agg(["count", "mean", "std", "min", "max"]),
        "tabstat x y, by(group) statistics(mean sd)": lambda d: d.groupby("group")[["x", "y"]].agg(["mean", "std"]),
        "levelsof wave": lambda d: np.sort(d.wave.unique()),
        "duplicates report id": lambda d: d.groupby("id").size().value_counts(),
        "duplicates drop id wave, force": lambda d: d.drop_duplicates(["id", "wave"]),
        "duplicates tag id wave, generate(n)": lambda d: d.assign(
            n=d.groupby(["id", "wave"]).id.transform("size") - 1
        ),
    }


def reshapes() -> dict[str, Call]:
    """The same of a panel (`panel`), and of what the first of them makes of it."""
    return {
        "reshape wide x, i(id) j(t)": lambda d: d.pivot(index="id", columns="t", values="x").reset_index(),
        "reshape long x, i(id) j(t)": lambda d: pd.wide_to_long(d, "x", i="id", j="t").sort_index().reset_index(),
    }


def panel(rows: int) -> pd.DataFrame:
    """Ten occasions of each person."""
    people = rows // 10
    x = np.random.default_rng(2).normal(size=10 * people)
    return pd.DataFrame({"id": np.repeat(np.arange(people), 10), "t": np.tile(np.arange(1, 11), people), "x": x})


def dataset(frame: pd.DataFrame) -> Dataset:
    """The frame as Terrace has it."""
    return Dataset(frame, tuple(Variable(name) for name in frame))


def main() -> int:
    """Time each command and its peer in turn."""
    given = options()
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "id": rng.integers(0, given.groups, given.rows),
            "x": rng.normal(size=given.rows),
            "y": rng.normal(size=given.rows),
            "wave": rng.integers(1, 11, given.rows),
            "group": rng.integers(1, 5, given.rows),
            "v": rng.normal(size=given.rows).round(2),
        }
    )
    frame["gaps"] = frame.x.mask(rng.random(given.rows) < 0.1)
    frame["region"] = pd.Series(_WORDS[rng.integers(0, len(_WORDS), given.rows)], dtype="str")
    small = pd.DataFrame({"id": np.arange(given.groups), "w": rng.normal(size=given.groups)})
    rows = []
    before = page.load()
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "groups.parquet")
        write(dataset(small), file)
        long = panel(given.rows)
        session = Session(State(dataset=dataset(long)))
        session.run("reshape wide x, i(id) j(t)")
        wide = session.data.frame
        everything = [(command, call, frame) for command, call in cases(file).items()]
        everything += [(*case, of) for case, of in zip(reshapes().items(), (long, wide), strict=True)]
        for command, call, of in everything:
            data = dataset(of)
            ours, theirs = [], []
            for number in range(given.runs + 1):
                spent = _command(data, command), _call(of, call)
                if number:  # the first round fills caches
                    ours.append(spent[0])
                    theirs.append(spent[1])
            own, peer = median(ours), median(theirs)
            shown = command.replace(file, "groups.parquet")
            rows.append([f"`{shown}`", page.duration(own), page.duration(peer), f"{peer / own:.2f}"])
    text = "\n".join([
        "## Commands on data", "",
        f"{given.rows:,} rows in {given.groups:,} groups; from the text of the command to the new data or the printed "
        "table, in time of the processor. *Ahead* is the time of pandas by that of Terrace: 2 is twice as fast.", "",
        page.table(["command", "Terrace", "pandas", "ahead"], rows, "lrrr"), "",
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
