#!/usr/bin/env python3
"""Terrace beside its peers: a table of medians and ratios, printed and kept in RESULTS.md.

    .venv/bin/python tests/benchmarks/run.py [--runs 5]
    .venv/bin/python tests/benchmarks/run.py --cases pig,hsb [--peers lme4,nlme]     # a part of them, printed only

A ratio is (the peer's median time) / (Terrace's median time), over rounds in which all sides fit in turn. A peer that
found another log-likelihood or other degrees of freedom than Terrace is named, and its time does not count.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median

import page
from cases import CASES, PEERS, Case
from datasets import dataset, hand_over
from rounds import Measured, Plan, measure
from sides import TERRACE, Side, SideError, start, statsmodels_python

HEAD = ["case", "peer", "peer's time", "Terrace", "ratio", "of CPU time", "wanted", "runs", "evaluations"]

INTRODUCTION = """\
Medians over interleaved rounds: in each, Terrace and the peers of a case fit once, in turn. The ratio is the peer's
time by Terrace's, in bold where it is below the one wanted; the ratio of CPU times feels less of what else the machine
does. Runs are the peer's, then Terrace's. In Terrace's time the command is parsed, groups are found and all parameters
have standard errors; a peer's is that of its fit alone, on data whose groups are factors already. Where the
log-likelihoods differ by more than 10⁻⁵ of their size, or degrees of freedom by more than 10⁻³, no time counts."""


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "data"
    plan = Plan()
    parser.add_argument("--data", type=Path, default=data, help="folder of the datasets (../shared/conformance/data)")
    parser.add_argument("--cases", help="keys of the cases to run, with commas: " + ", ".join(c.key for c in CASES))
    parser.add_argument("--peers", default=",".join(PEERS), help="peers to run, with commas")
    parser.add_argument("--runs", type=int, default=plan.runs, help="rounds at least (%(default)s)")
    parser.add_argument("--long-seconds", type=float, default=plan.long_seconds, help="a longer fit is long")
    parser.add_argument("--long-runs", type=int, default=plan.long_runs, help="runs of a long peer, 1 at least")
    parser.add_argument("--patience", type=float, default=900, help="seconds after which a peer is given up")
    parser.add_argument("--threads", type=int, default=1, help="BLAS threads on every side, 0 as installed (1)")
    parser.add_argument("--statsmodels", default=statsmodels_python(), help="the Python that has statsmodels")
    parser.add_argument("--no-results", action="store_true", help="print only, as with --cases")
    return parser.parse_args()


def main() -> int:
    """Run the cases and print the table."""
    given = options()
    chosen = [c for c in CASES if not given.cases or c.key in given.cases.split(",")]
    peers = given.peers.split(",")
    plan = Plan(given.runs, long_seconds=given.long_seconds, long_runs=max(1, given.long_runs))
    before = page.load()
    rows: list[list[str]] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        exchange = Path(folder)
        sides = _start(given, peers, chosen, exchange, notes)
        if TERRACE not in sides:
            print("\n".join(notes))
            return 1
        try:
            _run(chosen, sides, given.data, exchange, plan, rows, notes)
        finally:
            for side in sides.values():
                side.close()
    text = _section(rows, notes, sides, before, given.threads)
    print("\n" + text)
    if not given.no_results and given.cases is None and set(peers) == set(PEERS):
        page.write_section("compare", text)
    return 0


def _start(
    given: argparse.Namespace, peers: list[str], chosen: list[Case], exchange: Path, notes: list[str]
) -> dict[str, Side]:
    sides: dict[str, Side] = {}
    for name in (TERRACE, *peers):
        if name != TERRACE and not any(name in case.peers for case in chosen):
            continue
        try:
            sides[name] = start(name, given.data, exchange, given.statsmodels, given.threads, given.patience)
        except SideError as error:
            notes.append(f"{name} is left out: {error}.")
    return sides


def _run(
    chosen: list[Case], sides: dict[str, Side], data: Path, exchange: Path, plan: Plan,
    rows: list[list[str]], notes: list[str],
) -> None:  # fmt: skip
    handed: dict[str, bool] = {}
    for case in chosen:
        if case.data not in handed:
            values = dataset(case.data, data)
            handed[case.data] = values is not None
            if values is not None:
                hand_over(values, case.data, exchange)
        if not handed[case.data]:
            notes.append(f"{case.title}: left out, there is no {case.data} in the data folder.")
            continue
        found = measure(case, sides, plan)
        if found[TERRACE].problem:
            notes.append(f"{case.title}: Terrace {found[TERRACE].problem}.")
            continue
        for row in case_rows(case, found, notes):
            rows.append(row)
            print("  ".join(row), flush=True)


def case_rows(case: Case, found: dict[str, Measured], notes: list[str]) -> list[list[str]]:
    """A row a peer; `notes` gets what must be said of peers whose time does not count."""
    ours = found[TERRACE]
    title = case.title
    rows = []
    for name, peer in found.items():
        if name == TERRACE:
            continue
        wanted = case.wanted[1] if case.wanted and case.wanted[0] == name else None
        mine = median(ours.times)
        theirs = ratio = of_cpu = runs = "–"
        if peer.problem:
            notes.append(f"{case.title}: the time of {name} does not count ({peer.problem}).")
        else:
            value = median(peer.times) / mine
            ratio = page.digits(value)
            if wanted is not None and value < wanted:
                ratio = f"**{ratio}**"
            theirs = page.duration(median(peer.times))
            of_cpu = page.digits(median(peer.cpu) / median(ours.cpu))
            runs = f"{len(peer.times)}, {len(ours.times)}"
        least = "" if wanted is None else f"{wanted:g}"
        evaluations = str(ours.answer.evaluations)
        rows.append([title, name, theirs, page.duration(mine), ratio, of_cpu, least, runs, evaluations])
        title = ""
    return rows


def _section(rows: list[list[str]], notes: list[str], sides: dict[str, Side], before: str, threads: int) -> str:
    """The section of RESULTS.md."""
    said = dict.fromkeys(part for name, side in sides.items() if name != TERRACE for part in side.about.split("; "))
    about = [
        *page.machine(),
        ", ".join(said),
        f"BLAS threads: {threads or 'as installed'}",
        f"the machine was shared with other work: load {before} before, {page.load()} after",
    ]
    text = ["## Beside its peers", "", INTRODUCTION, "", page.table(HEAD, rows, "llrrrrrrr")]
    if notes:
        text += ["", *(f"- {note}" for note in notes)]
    return "\n".join([*text, "", "Measured with:", "", *(f"- {line}" for line in about)])


if __name__ == "__main__":
    raise SystemExit(main())
