#!/usr/bin/env python3
"""Terrace beside its peers: CPU time and memory, printed and kept in RESULTS.md.

    .venv/bin/python tests/benchmarks/run.py                                  # all, an hour or two
    .venv/bin/python tests/benchmarks/run.py --cases pig,hsb [--peers lme4]   # a part of them, printed only
    .venv/bin/python tests/benchmarks/run.py --cases pig,hsb --keep           # ... and kept, the others as they are
    .venv/bin/python tests/benchmarks/run.py --quick                          # each script once, on small data
    .venv/bin/python tests/benchmarks/run.py --render                         # the page anew from what is kept

Each case has processes of its own, as their memory is looked at. A peer that found another log-likelihood or other
degrees of freedom than Terrace is named, and its time does not count. `claim.py` makes the README's sentence of it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import page
from cases import CASES, COMMAND, FIRST, OPEN, PEERS, Case
from compared import Store, result, rows, section
from datasets import dataset, hand_over, write_files
from rounds import Measured, Plan, measure, measure_first
from sides import ONE, TERRACE, THREADED, Place, Side, SideError, peers_python, start

QUICK = Plan(runs=1, most=1, seconds=0.0, least=0.0)


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "data"
    plan = Plan()
    parser.add_argument("--data", type=Path, default=data, help="folder of the datasets (../shared/conformance/data)")
    parser.add_argument("--cases", help="keys of the cases to run, with commas: " + ", ".join(c.key for c in CASES))
    parser.add_argument("--peers", default=",".join(PEERS), help="peers to run, with commas; none with an empty text")
    parser.add_argument("--keep", action="store_true", help="keep what --cases or --peers chose, beside the others")
    parser.add_argument("--quick", action="store_true", help="one round of all that is short, on small data; not kept")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the page from what is kept")
    parser.add_argument("--runs", type=int, default=plan.runs, help="rounds at least (%(default)s)")
    parser.add_argument("--long-seconds", type=float, default=plan.long_seconds, help="a longer fit is long")
    parser.add_argument("--long-runs", type=int, default=plan.long_runs, help="runs of a long side, 1 at least")
    parser.add_argument("--patience", type=float, default=900, help="seconds after which a side is given up")
    parser.add_argument("--most", type=float, default=float("inf"), help="GiB a side may have, if 80%% of what is free")
    parser.add_argument("--threads", type=int, default=0, help="BLAS threads on every side, 0 as a user has them (0)")
    parser.add_argument("--python", default=peers_python(), help="the Python that has the peers")
    return parser.parse_args()


@dataclass
class Sides:
    """Starts processes: for each case anew, or kept for all where nothing is measured in earnest."""

    place: Place
    reused: bool
    running: dict[str, Side] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    about: dict[str, None] = field(default_factory=dict)

    @contextmanager
    def of(self, names: list[str]) -> Iterator[dict[str, Side]]:
        """The sides of a case, without those that cannot start."""
        for name in names:
            if name in self.running or name in self.missing:
                continue
            try:
                self.running[name] = start(name, self.place)
            except SideError as error:
                self.missing[name] = str(error)
                continue
            if name != TERRACE:
                self.about |= dict.fromkeys(self.running[name].about.split("; "))
        try:
            yield {name: self.running[name] for name in names if name in self.running}
        finally:
            if not self.reused:
                self.close()

    def close(self) -> None:
        """End all."""
        for side in self.running.values():
            side.close()
        self.running.clear()


def main() -> int:
    """Run the cases and print the table."""
    given = options()
    if given.render:
        page.write_section("compare", section(Store.read()))
        return 0
    chosen = [c for c in CASES if not given.cases or c.key in given.cases.split(",")]
    if given.quick:
        chosen = [c for c in chosen if not c.long]
    peers = [p for p in given.peers.split(",") if p]
    plan = QUICK if given.quick else Plan(
        given.runs, long_seconds=given.long_seconds, long_runs=max(1, given.long_runs)
    )  # fmt: skip
    partial = given.cases is not None or set(peers) != set(PEERS)
    keep = not given.quick and (given.keep or not partial)
    before, failed = page.load(), False
    with tempfile.TemporaryDirectory() as folder:
        most = given.most * 2**30
        place = Place(given.data, Path(folder), given.python, given.threads, given.patience, most)
        sides = Sides(place, reused=given.quick)
        try:
            for case in chosen:
                found = _case(case, sides, peers, plan, given.quick)
                if found is None:
                    print(f"{case.title}: left out, there is no {case.data} in the data folder.")
                    continue
                failed = failed or bool(found[TERRACE].problem)
                measured = result(found, page.machine()[0] + _threads(given.threads))
                notes: list[str] = []
                if given.quick:
                    case = replace(case, wanted={}, cpu=None, memory=None, more=None)  # small data say nothing of that
                print("\n".join(["  ".join(row) for row in rows(case, measured, notes)] + notes), flush=True)
                if keep:  # a run that is broken off keeps what it has, and so does another beside it
                    store = Store.read()
                    store.results[case.key] = measured
                    store.about = _about(before)
                    store.versions |= {said.partition(" ")[0]: said for said in sides.about}
                    store.write()
        finally:
            sides.close()
        for name, why in sides.missing.items():
            print(f"{name} is left out: {why}.")
    if keep:
        page.write_section("compare", section(Store.read()))
    return int(failed and given.quick)


def _case(case: Case, sides: Sides, peers: list[str], plan: Plan, quick: bool) -> dict[str, Measured] | None:
    """What was measured of a case; None where its data are not there."""
    keys = {one.key: one for one in CASES}
    data = {key: keys[key].data for key in (case.key, case.beside) if key}
    if not all(_handed(keys[key], sides.place, quick) for key in data):
        return None
    if case.timed == FIRST:
        return measure_first(case, lambda: start(TERRACE, sides.place), plan)
    names = [TERRACE, *(p for p in case.peers if p in peers)]
    if not quick and not sides.place.threads:
        names += [name + ONE for name in names if name in THREADED]
    with sides.of(names) as running:
        if TERRACE not in running:
            return {TERRACE: Measured(problem=sides.missing[TERRACE])}
        return measure(case, running, plan, data)


def _handed(case: Case, place: Place, quick: bool) -> bool:
    """True where the data of a case are there for all sides; they are made by the first case that has them."""
    if (place.exchange / f"{case.data}.names").exists():
        return True
    values = dataset(case.data, place.data, quick)
    if values is None:
        return False
    if case.timed in (COMMAND, OPEN):
        write_files(values, case.data, place.exchange)
    hand_over(values, case.data, place.exchange)
    return True


def _about(before: str) -> list[str]:
    """Machine and load, a line each."""
    return [
        *page.machine()[1:],
        f"the machine was shared with other work: load {before} before, {page.load()} after",
    ]


def _threads(count: int) -> str:
    return f", BLAS threads set to {count}" if count else ""


if __name__ == "__main__":
    raise SystemExit(main())
