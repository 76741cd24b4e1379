"""What a command would give, found without a trace: no e(), r(), stored estimates, seed, history, document, log, file.

The command runs by the way of all commands, in a session of its own on the same frozen state, so that its numbers are
those that it gives when it is run. Whoever asks may be on another thread than the session that the state is of.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from terrace.errors import TerraceError
from terrace.progress import CancelCheck, ProgressCallback
from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.session.contract import Outcome
from terrace.session.effects import Effect
from terrace.session.labelling import fit_now, labels_now
from terrace.session.session import Session
from terrace.session.state import State

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.postestimation.paper.beside import Beside

@dataclass(frozen=True, slots=True)
class Made:
    """A variable that a command would make: the values that it has, their number, mean and SD; None for text."""

    name: str
    n: int
    mean: float | None = None
    sd: float | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come. ``outcome`` is that of the last command that ran, ``shown`` are all that show something.

    ``fit`` and ``beside`` are None unless a model was fitted; ``parent`` is the fit that it is compared with. ``lines``
    is the picture of its groups, where it was asked for, or else ``no_lines`` says why there is none. ``made`` and
    ``rows`` tell what would become of the data: the variables that are new, and (before, after) where rows change.
    """

    outcome: Outcome
    shown: tuple[Outcome, ...] = ()
    fit: FitResult | None = None
    parent: FitResult | None = None
    beside: Beside | None = None
    lines: Plot | None = None
    no_lines: str = ""
    made: tuple[Made, ...] = ()
    rows: tuple[int, int] | None = None

    @property
    def error(self) -> str:
        """What is wrong with the command and what to do, in one text; empty where it ran."""
        if self.outcome.error is None:
            return ""
        return f"{self.outcome.error[1]} {self.outcome.error_advice}".strip()

    @property
    def cancelled(self) -> bool:
        """True where it was stopped before its end."""
        return self.outcome.error is not None and self.outcome.error[0] == "cancelled"


def preview(
    state: State,
    command: str,
    *,
    before: Sequence[str] = (),
    parent: FitResult | None = None,
    parent_name: str = "the model before",
    lines: bool = False,
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
) -> Preview:
    """Run a command on a state and leave everything as it was.

    `before` are commands that it needs, such as ``constraint`` or ``estimates restore``. A command that would touch
    files is not run: its outcome has the type ``held back``. Never raises for what a user can do wrong.
    """
    session = apart(state)
    shown: list[Outcome] = []
    outcome = Outcome(command, "", "ok", 0.0)
    for text in (*before, command):
        outcome = session.run(text, progress=progress, cancel=cancel)
        if not outcome.ok:
            return Preview(outcome, tuple(shown))
        if not outcome.quiet and outcome.type != "held back":
            shown.append(outcome)
    made, rows = _changes(state.dataset, session.state.dataset)
    found = Preview(outcome, tuple(shown), made=made, rows=rows)
    if outcome.fit is None or Effect.FITS not in outcome.effects:
        return found
    try:
        return _of_model(found, outcome.fit, session, parent, parent_name, lines)
    except TerraceError as error:
        told = replace(outcome, status="error", error=(error.code, error.message), error_advice=error.advice)
        return replace(found, outcome=told)


def apart(state: State) -> Session:
    """A session that shares nothing with another but what is frozen, and writes nothing."""
    session = Session(replace(state, rng=copy.deepcopy(state.rng), log=""))
    session.writes = False
    return session


def _of_model(
    found: Preview, fit: FitResult, session: Session, parent: FitResult | None, parent_name: str, lines: bool
) -> Preview:
    from terrace.postestimation.paper.beside import beside

    data = session.state.dataset
    labels = labels_now(session.state, [fit] if parent is None else [fit, parent])
    was = None if parent is None else fit_now(session.state, parent)
    found = replace(found, fit=fit, parent=parent, beside=beside(fit, was, parent_name, labels))
    if not lines or data is None:
        return found
    from terrace.postestimation.diagnose.group_lines import group_lines

    try:
        return replace(found, lines=group_lines(fit, session.data))
    except TerraceError as error:
        return replace(found, no_lines=f"{error.message} {error.advice}".strip())


def _changes(before: Dataset | None, after: Dataset | None) -> tuple[tuple[Made, ...], tuple[int, int] | None]:
    """The variables that are new and the numbers of rows, where they differ."""
    if after is None or after is before or before is None:
        return (), None
    new = [name for name in after.names if name not in before]
    rows = (len(before), len(after)) if len(before) != len(after) else None
    return tuple(_made(after, name) for name in new), rows


def _made(data: Dataset, name: str) -> Made:
    import numpy as np

    if data.is_text(name):
        return Made(name, int(data.frame[name].notna().sum()))
    values = np.asarray(data.numeric(name), dtype=np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return Made(name, 0)
    return Made(name, len(values), float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0)
