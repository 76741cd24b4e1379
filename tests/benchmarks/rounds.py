"""Interleaved rounds of one case: Terrace and its peers in turn, so that a busy machine is busy for all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median

from cases import ITSELF, Case
from sides import ONE, TERRACE, Answer, Side, SideError

VALUE_TOLERANCE = 1e-5
STOCHASTIC = {"gpboost": 3e-5}  # what is said of a likelihood that random numbers estimate; see gpboost_peer.py
DF_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Plan:
    """How often each side fits: in ``runs`` rounds at least, then until it has used ``seconds`` or done ``most``.

    A side whose first fit takes longer than ``long_seconds`` has ``long_runs`` in all. In each of its rounds, a side
    repeats what takes less than ``least`` seconds until it has used as many, up to ``repeats`` times, as clocks of CPU
    time are coarse.
    """

    runs: int = 5
    most: int = 25
    seconds: float = 3.0
    long_seconds: float = 30.0
    long_runs: int = 1
    least: float = 0.03
    repeats: int = 20

    def times(self, seconds: float) -> int:
        """How often a fit that takes so long is repeated in a round."""
        return max(1, min(self.repeats, math.ceil(self.least / max(seconds, 1e-9))))


@dataclass
class Measured:
    """The wall-clock and CPU seconds of one side on one case, or why none count."""

    answer: Answer = field(default_factory=Answer)
    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    problem: str = ""
    repeats: int = 1

    def add(self, answer: Answer) -> None:
        """Count one fit."""
        self.times.append(answer.seconds)
        self.cpu.append(answer.cpu)

    def wants_more(self, plan: Plan) -> bool:
        """True where the plan has another round for it."""
        done = len(self.times)
        if self.problem:
            return False
        if self.answer.seconds > plan.long_seconds:
            return done < plan.long_runs
        return done < plan.runs or (done < plan.most and self.repeats * sum(self.times) < plan.seconds)


@dataclass(frozen=True)
class Runner:
    """What a side does for a case: the process, and the key and data that it is asked for."""

    side: Side
    case: str
    data: str

    def run(self, times: int = 1) -> Answer:
        """Do it. `SideError` where the process is gone or does not answer."""
        return self.side.run(self.case, self.data, times)


def disagreement(terrace: Answer, peer: Answer, tolerance: float = VALUE_TOLERANCE) -> str:
    """What the two sides found differently; empty where they fitted the same model to the same optimum."""
    if not abs(peer.value - terrace.value) <= tolerance * abs(terrace.value):  # NaN is no agreement
        return f"log-likelihood {peer.value:.4f}, Terrace {terrace.value:.4f}"
    if not peer.df:
        return ""
    if len(peer.df) != len(terrace.df):
        return f"{len(peer.df)} degrees of freedom, Terrace {len(terrace.df)}"
    for ours, theirs in zip(terrace.df, peer.df):
        if not abs(theirs - ours) <= DF_TOLERANCE * abs(ours):
            return f"degrees of freedom {theirs:.4f}, Terrace {ours:.4f}"
    return ""


def measure(case: Case, sides: Mapping[str, Side], plan: Plan, data: Mapping[str, str]) -> dict[str, Measured]:
    """Times by side. The first fit of each is checked against Terrace's and, unless it is long, not counted.

    Terrace takes part in every round, so that its median is taken over the same minutes as those of its peers. Of a
    peer that also ran with one thread, the better counts.
    ``data`` has the dataset by the key of a case. A peer's memory is that of its first fit, which is no repetition.
    """
    runners = {TERRACE: Runner(sides[TERRACE], case.key, case.data)}
    for name in case.peers:
        if name == ITSELF:
            runners[name] = Runner(sides[TERRACE], case.beside, data[case.beside])
        for one in (name, name + ONE):
            if one in sides:
                runners[one] = Runner(sides[one], case.key, case.data)
    found = {name: _first(runner, plan) for name, runner in runners.items()}
    ours = found[TERRACE]
    for name, side in found.items():
        if name not in (TERRACE, ITSELF) and not side.problem and not ours.problem:
            tolerance = STOCHASTIC.get(name.removesuffix(ONE), VALUE_TOLERANCE)
            side.problem = disagreement(ours.answer, side.answer, tolerance)
    number = 0
    while any(side.wants_more(plan) for side in found.values()):
        turn = number % len(found)
        number += 1
        for name in (*list(found)[turn:], *list(found)[:turn]):
            side = found[name]
            if side.problem or not (side.wants_more(plan) or (name == TERRACE and _short(side, plan))):
                continue
            try:
                side.add(runners[name].run(side.repeats))
            except SideError as error:
                side.problem = str(error)
    return _better(found)


def _better(found: dict[str, Measured]) -> dict[str, Measured]:
    """Each peer once: as it takes threads itself, or with one thread where that took less CPU time."""
    chosen: dict[str, Measured] = {}
    for name, side in found.items():
        other = chosen.get(peer := name.removesuffix(ONE))
        if other is None or (not side.problem and (other.problem or median(side.cpu) < median(other.cpu))):
            chosen[peer] = side
    return chosen


def _short(side: Measured, plan: Plan) -> bool:
    return side.answer.seconds <= plan.long_seconds


def _first(runner: Runner, plan: Plan) -> Measured:
    try:
        runner.side.load(runner.case, runner.data)
        answer = runner.run()
    except SideError as error:
        return Measured(problem=str(error))
    problem = answer.failure and f"stopped: {answer.failure}"
    first = Measured(answer, problem=problem, repeats=plan.times(answer.seconds))
    if answer.seconds > plan.long_seconds:
        first.add(answer)  # warming up would be lost in it
    return first


def measure_first(case: Case, begin: Callable[[], Side], plan: Plan) -> dict[str, Measured]:
    """The first fit of a process, and as a peer the second, in a new process each round."""
    found: dict[str, Measured] = {}
    for _ in range(plan.runs):
        try:
            side = begin()
        except SideError as error:
            return {TERRACE: Measured(problem=str(error))}
        try:
            side.load(case.key, case.data)
            for name in (TERRACE, ITSELF):
                answer = side.run(case.key, case.data)
                one = found.setdefault(name, Measured(answer))
                one.problem = answer.failure
                one.add(answer)
        except SideError as error:
            found.setdefault(TERRACE, Measured()).problem = str(error)
        finally:
            side.close()
        if any(one.problem for one in found.values()):
            break
    return found
