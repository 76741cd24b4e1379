"""Where a user stands in the guide: the answers, the step that is open, and what of the steps is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from terrace.spec import guide
from terrace.spec.guide import Answers, StepKey


@dataclass(frozen=True, slots=True)
class Kept:
    """A step that is kept: the name of the estimates that it ends with, its own item of the results or 0, its answer.

    A step that added nothing has the estimates of the step before and no item.
    """

    step: StepKey
    stored: str
    item: int
    answer: str


@dataclass(frozen=True, slots=True)
class Climb:
    """All of it. ``at`` is the place of the open step among those of the path; behind the last one all is done."""

    answers: Answers
    at: int = 0
    kept: tuple[Kept, ...] = ()

    @property
    def steps(self) -> tuple[StepKey, ...]:
        """The steps of the path."""
        return self.answers.steps

    @property
    def step(self) -> StepKey | None:
        """The open step; None where all is done."""
        return self.steps[self.at] if self.at < len(self.steps) else None

    @property
    def before(self) -> str:
        """The name of the estimates that the open step goes on from; empty for the first."""
        return self.kept[self.at - 1].stored if 0 < self.at <= len(self.kept) else ""

    def model_before(self) -> int:
        """The number of the step whose model the open step goes on from, from 1; 0 for the first."""
        own = [n for n, k in enumerate(self.kept[: self.at], 1) if k.item and k.step != "icc"]
        return own[-1] if own else 0

    def models(self) -> tuple[Kept, ...]:
        """The steps that have a model of their own, in order."""
        return tuple(k for k in self.kept if k.item and k.step != "icc")

    def without(self, items: set[int]) -> Climb:
        """Where the results hold these items only: a step whose item is gone is open again, with all behind it."""
        lost = next((n for n, k in enumerate(self.kept) if k.item and k.item not in items), len(self.kept))
        return self if lost == len(self.kept) else replace(self, kept=self.kept[:lost], at=min(self.at, lost))

    def text(self) -> str:
        """As JSON, for a project to keep."""
        kept = [[k.step, k.stored, k.item, k.answer] for k in self.kept]
        return json.dumps({"answers": self.answers.plain(), "at": self.at, "kept": kept})


def read(text: str) -> Climb:
    """What `Climb.text` wrote. Raises `ValueError` for anything else."""
    try:
        found = json.loads(text)
        answers = guide.read(found["answers"])
        names = {name: name for name in answers.steps}
        kept = tuple(Kept(names[s], str(stored), int(item), str(said)) for s, stored, item, said in found["kept"])
        at = int(found["at"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"This is not a draft of the guide: {error}") from error
    if [k.step for k in kept] != list(answers.steps[: len(kept)]) or not 0 <= at <= len(kept):
        raise ValueError("The steps of this draft of the guide are not in order.")
    return Climb(answers, at, kept)
