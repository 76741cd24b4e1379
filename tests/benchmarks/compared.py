"""What is kept of the comparison with peers: numbers in compared.json, and the section of RESULTS.md made of them.

A case that is measured again replaces what was kept of it, so that the table can be of several states of the program;
it says which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import page
from cases import BOOTSTRAP, CASES, GIB, ITSELF, MIB, Case, Published
from rounds import Measured
from sides import TERRACE

KEPT = Path(__file__).resolve().parent / "compared.json"
HEAD = [
    *("case", "beside", "its CPU time", "Terrace", "ratio", "wanted", "by the clock", "its memory", "Terrace", "runs"),
    "evaluations",
]  # fmt: skip

INTRODUCTION = """\
CPU time, medians over interleaved rounds: in each, Terrace and the peers of a case take turns. The ratio is the peer's
CPU time by Terrace's, in bold where it is below the one wanted, as is whatever else misses what is wanted; *by
the clock* is the ratio of wall-clock times. Nothing is set that a user does not set: each program has the threads that
it takes, and the CPU time is that of all of them. As threads can cost more than they bring, peers that take several run
with one as well, and the better counts. Memory is the peak beyond what the process held with the data loaded.
Runs are the peer's, then Terrace's. In Terrace's time the command is parsed, groups are found and all parameters get
standard errors; a peer's is that of its fit alone, on data whose groups are factors already. Where the log-likelihoods
differ by more than 10⁻⁵ of their size (3·10⁻⁵ for GPBoost, which estimates it by random numbers), or degrees of freedom
by more than 10⁻³, no time counts. *Itself* is Terrace with what the title says; what is *published* was measured by
others on another machine."""


@dataclass(frozen=True)
class Kept:
    """One side of one case: median seconds, bytes, counts; or what went wrong."""

    cpu: float = 0.0
    seconds: float = 0.0
    memory: int | None = None
    runs: int = 0
    evaluations: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Result:
    """A case: when and where it was measured, Terrace, and the others by name."""

    measured: str
    terrace: Kept
    peers: Mapping[str, Kept] = field(default_factory=dict)


def kept(side: Measured) -> Kept:
    """The medians of what was measured."""
    if side.problem or not side.times:
        return Kept(memory=side.answer.memory, problem=side.problem or "not measured")
    return Kept(
        median(side.cpu), median(side.times), side.answer.memory, len(side.times), side.answer.evaluations
    )  # fmt: skip


def result(found: Mapping[str, Measured], measured: str) -> Result:
    """What is kept of a case."""
    return Result(measured, kept(found[TERRACE]), {n: kept(side) for n, side in found.items() if n != TERRACE})


@dataclass
class Store:
    """All results by case, and what they were measured with."""

    results: dict[str, Result] = field(default_factory=dict)
    about: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)  # what peers said of themselves, by its first word

    @classmethod
    def read(cls, path: Path = KEPT) -> Store:
        """What is kept; nothing where there is no file."""
        if not path.exists():
            return cls()
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        results = {
            key: Result(one["measured"], Kept(**one["terrace"]), {n: Kept(**p) for n, p in one["peers"].items()})
            for key, one in found["results"].items()
        }
        return cls(results, found["about"], found.get("versions", {}))

    def write(self, path: Path = KEPT) -> None:
        """Keep it, in the order of the cases."""
        order = [case.key for case in CASES if case.key in self.results]
        results = {key: asdict(self.results[key]) for key in order}
        kept = {"about": self.about, "versions": self.versions, "results": results}
        text = json.dumps(kept, ensure_ascii=False, indent=1)
        path.write_text(text + "\n", encoding="utf-8")


def memory(size: float | None) -> str:
    """Bytes in MiB or GiB."""
    if size is None:
        return "–"
    if size < MIB:
        return "< 1 MiB"
    return f"{page.digits(size / GIB)} GiB" if size >= GIB else f"{size / MIB:.0f} MiB"


def _times(value: float) -> str:
    """A ratio with three digits, or two where it is small."""
    return page.digits(value) if value >= 0.1 else f"{value:.2g}"


def _bold(text: str, missed: bool) -> str:
    return f"**{text}**" if missed else text


def ratio(ours: Kept, theirs: Kept) -> float | None:
    """The other's CPU time by Terrace's; None where one of them has none."""
    if ours.problem or theirs.problem or not ours.cpu:
        return None
    return theirs.cpu / ours.cpu


def rows(case: Case, found: Result, notes: list[str]) -> list[list[str]]:
    """The rows of a case, one for each that stands beside it; `notes` gets what must be said."""
    ours = found.terrace
    others: list[tuple[str, Kept]] = [(name, side) for name, side in found.peers.items()]
    others += [(p.peer, Kept(p.seconds, p.seconds, int(p.memory) if p.memory else None)) for p in case.published]
    limits = _limits(case)
    if ours.problem:
        notes.append(f"{case.title}: Terrace {ours.problem}.")
    out = []
    for number, (name, theirs) in enumerate(others or [("–", Kept(problem="nobody"))]):
        first = not number
        wanted = [f"≥ {page.digits(case.wanted[name])}"] if name in case.wanted else []
        if name == ITSELF and case.more is not None:
            wanted.append(f"≤ {page.duration(case.more)} more")
        wanted += limits if first else []
        published = next((p for p in case.published if p.peer == name), None)
        out.append([
            case.title if first else "", f"{name}, published" if published else name,
            *_numbers(case, ours, name, theirs, wanted), memory(theirs.memory),
            _bold(memory(ours.memory), case.memory is not None and (ours.memory or 0) > case.memory),
            _runs(ours, theirs, published), _count(case, ours),
        ])  # fmt: skip
        if published:
            notes.append(f"{case.title}: {name} as published, {published.source}.")
        elif theirs.problem and theirs.problem != "nobody":
            notes.append(f"{case.title}: the time of {name} does not count ({theirs.problem}).")
    return out


def _limits(case: Case) -> list[str]:
    """What is wanted of Terrace alone."""
    limits = [f"≤ {page.duration(case.cpu)}"] if case.cpu is not None else []
    return limits + ([f"≤ {memory(case.memory)}"] if case.memory is not None else [])


def _numbers(case: Case, ours: Kept, name: str, theirs: Kept, wanted: list[str]) -> list[str]:
    """The other's time, Terrace's, the ratio, what is wanted, the ratio by the clock."""
    its = "–" if theirs.problem else page.duration(theirs.cpu)
    if ours.problem:
        return [its, _bold("fails", bool(wanted)), "–", ", ".join(wanted), "–"]
    late = case.cpu is not None and ours.cpu > case.cpu
    if name == ITSELF and case.more is not None and not theirs.problem:
        late = late or ours.cpu - theirs.cpu > case.more
    value = ratio(ours, theirs)
    shown = clock = "–"
    if value is not None:
        shown = _bold(_times(value), value < case.wanted.get(name, 0.0))
        clock = _times(theirs.seconds / ours.seconds)
    return [its, _bold(page.duration(ours.cpu), late), shown, ", ".join(wanted), clock]


def _runs(ours: Kept, theirs: Kept, published: Published | None) -> str:
    if ours.problem and not theirs.runs:
        return "–"
    return f"{'–' if published or theirs.problem else theirs.runs}, {ours.runs}"


def _count(case: Case, ours: Kept) -> str:
    """Evaluations, or replicates that were completed."""
    if case.timed == BOOTSTRAP and not ours.problem:
        return f"{ours.evaluations:,} of {case.replicates:,}"
    return str(ours.evaluations or "–")


def section(store: Store) -> str:
    """The section of RESULTS.md."""
    table: list[list[str]] = []
    notes: list[str] = []
    for case in CASES:
        if case.key in store.results:
            table += rows(case, store.results[case.key], notes)
    text = ["## Beside its peers", "", INTRODUCTION, "", page.table(HEAD, table, "llrrrrrrrrr")]
    if notes:
        text += ["", *(f"- {note}" for note in notes)]
    about = [*_states(store), *store.about, *([", ".join(store.versions.values())] if store.versions else [])]
    return "\n".join([*text, "", "Measured with:", "", *(f"- {line}" for line in about)])


def _states(store: Store) -> list[str]:
    """The states of the program that were measured; the keys of the cases where they differ."""
    by: dict[str, list[str]] = {}
    for case in CASES:
        if case.key in store.results:
            by.setdefault(store.results[case.key].measured, []).append(case.key)
    most = max(by, key=lambda state: len(by[state]), default="")
    return [state if state == most else f"{state}: {', '.join(keys)}" for state, keys in by.items()]
