"""Interleaved rounds of one case: Terrace and its peers in turn, so that a busy machine is busy for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cases import Case
from sides import TERRACE, Answer, Side, SideError

LL_TOLERANCE = 1e-5
DF_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Plan:
    """How often each side fits: ``runs`` times at least, then until it has used ``seconds`` or done ``most``.

    A peer whose first fit takes longer than ``long_seconds`` has ``long_runs`` in all.
    """

    runs: int = 5
    most: int = 41
    seconds: float = 3.0
    long_seconds: float = 30.0
    long_runs: int = 1


@dataclass
class Measured:
    """The wall-clock and CPU seconds of one side on one case, or why none count."""

    answer: Answer
    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    problem: str = ""

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
        return done < plan.runs or (done < plan.most and sum(self.times) < plan.seconds)


def disagreement(terrace: Answer, peer: Answer) -> str:
    """What the two sides found differently; empty where they fitted the same model to the same optimum."""
    if abs(peer.ll - terrace.ll) > LL_TOLERANCE * abs(terrace.ll):
        return f"log-likelihood {peer.ll:.4f}, Terrace {terrace.ll:.4f}"
    if not peer.df:
        return ""
    if len(peer.df) != len(terrace.df):
        return f"{len(peer.df)} degrees of freedom, Terrace {len(terrace.df)}"
    for ours, theirs in zip(terrace.df, peer.df):
        if abs(theirs - ours) > DF_TOLERANCE * abs(ours):
            return f"degrees of freedom {theirs:.4f}, Terrace {ours:.4f}"
    return ""


def measure(case: Case, sides: Mapping[str, Side], plan: Plan) -> dict[str, Measured]:
    """Times by side. The first fit of each is checked against Terrace's and, unless it is long, not counted.

    Terrace takes part in every round, so that its median is taken over the same minutes as those of its peers.
    """
    found: dict[str, Measured] = {}
    for name in (TERRACE, *case.peers):
        if name in sides:
            found[name] = _first(case, sides[name], plan)
    ours = found[TERRACE]
    for name, side in found.items():
        if name != TERRACE and not side.problem and not ours.problem:
            side.problem = disagreement(ours.answer, side.answer)
    number = 0
    while any(side.wants_more(plan) for side in found.values()):
        turn = number % len(found)
        number += 1
        for name in (*list(found)[turn:], *list(found)[:turn]):
            side = found[name]
            if side.problem or not (name == TERRACE or side.wants_more(plan)):
                continue
            try:
                side.add(sides[name].run(case.key, case.data))
            except SideError as error:
                side.problem = str(error)
    return found


def _first(case: Case, side: Side, plan: Plan) -> Measured:
    try:
        answer = side.run(case.key, case.data)
    except SideError as error:
        return Measured(Answer(), problem=str(error))
    first = Measured(answer, problem=answer.failure and f"stopped: {answer.failure}")
    if answer.seconds > plan.long_seconds:
        first.add(answer)  # warming up would be lost in it
    return first
