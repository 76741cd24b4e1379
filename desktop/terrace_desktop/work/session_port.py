"""The only place that knows the engine's `Session`: makes one, runs commands in it, reads what the window shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from terrace.errors import TerraceError
from terrace.session.document.items import Document

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import FitResult
    from terrace.session.contract import Outcome
    from terrace.session.opened import ProjectFile
    from terrace.session.project.parts import Project
    from terrace.session.session import Session
    from terrace.session.state import Origin, State
    from terrace_desktop.work.worker import Task


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the window needs to know of the session after a command. Frozen, so both threads may hold it."""

    dataset: Dataset | None = None
    fit: FitResult | None = None  # the one that commands about a fit look at
    can_undo: bool = False
    can_redo: bool = False
    undo_text: str = ""
    redo_text: str = ""
    constraints: Mapping[int, str] = field(default_factory=dict)
    origins: Mapping[int, Origin] = field(default_factory=dict)  # which rows the fits saw, by the id of their models
    document: Document = field(default_factory=Document)
    state: State | None = None  # all of it, for what is previewed
    project: Project | None = None  # and what is kept, without what is the window's own
    file: ProjectFile | None = None  # that the work belongs to

    @property
    def used(self) -> str:
        """The filter that analyses use; empty where they use all rows."""
        found = None if self.state is None else self.state.filter
        return found.expression if found is not None and found.in_use else ""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did, and the session after it."""

    outcome: Outcome
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a do-file: it begins (`ran` None), or it has ended."""

    command: str
    ran: Ran | None = None


class SessionPort:
    """The session, for operations on the one thread that it is made and used on."""

    def __init__(self, make: Callable[[], Session]) -> None:
        self._make = make
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The session. Raises `TerraceError` where it could not be made."""
        if self._session is None:
            raise TerraceError(
                "The engine of Terrace did not start, so no command can run.",
                code="no-session",
                advice="Start Terrace again. The log says why it failed.",
            )
        return self._session

    def open(self) -> Snapshot:
        """Make the session: it imports the engine, which takes a moment."""
        self._session = self._make()
        return take_snapshot(self._session)

    def run(self, command: str, task: Task) -> Ran:
        """Run one command."""
        return self._ran(self.session.run(command, progress=task.report, cancel=task.cancelled))

    def run_script(
        self, script: str | Path, task: Task, told: Callable[[Step], object], *, writes: bool = True
    ) -> Outcome | None:
        """Run the commands of a text, or of a do-file in its folder, and tell each as it begins and when it has ended.

        The outcome of the last; None where there was none. Without `writes` no command touches a file.
        """

        def begins(command: str, _line: int) -> None:
            told(Step(command))

        outcome = None
        steps = self.session.run_do(
            script if isinstance(script, Path) else f"{script}\n",
            progress=task.report,
            cancel=task.cancelled,
            before=begins,
            folder=script.parent if isinstance(script, Path) else None,
            writes=writes,
        )
        for outcome in steps:
            told(Step(outcome.command, self._ran(outcome)))
        return outcome

    def _ran(self, outcome: Outcome) -> Ran:
        return Ran(outcome, take_snapshot(self.session))


def make_session() -> Session:
    """A session; runs on the worker's thread, since it loads the engine."""
    from terrace.session.session import Session

    session = Session()
    session.holds = True
    return session


def warm_up() -> None:
    """Load what the first fit, plot and file of another program need, so that none begins with a hitch.

    On the worker's thread, hence nothing of Qt: see `app/loading.py`.
    """
    import numpy as np
    import pandas as pd
    import scipy.linalg
    import scipy.sparse
    import scipy.special  # noqa: F401  (tests of several degrees of freedom; the others are for crossed effects)

    from terrace.data.apart import parent
    from terrace.data.dataset import Dataset, Variable
    from terrace.estimate import fit
    from terrace.postestimation.diagnose import plots
    from terrace.report.html.html import table_html
    from terrace.session.preview import preview
    from terrace.session.state import State

    parent.begin()  # it loads its libraries beside what follows
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"y": rng.normal(size=40), "x": rng.normal(size=40), "g": np.arange(40) // 4})
    data = Dataset(frame, (Variable("y"), Variable("x"), Variable("g")))
    result = fit("mixed y x || g:", data)
    plots.residual_fitted(result, data)
    plots.caterpillar(result)
    table_html(result.tables()[0], "light")
    preview(State(dataset=data), "mixed y x || g: x", parent=result, lines=True)
    for method in ("satterthwaite", "kroger"):  # with slopes of next to no variance, so that the boundary is loaded too
        found = fit(f"mixed y x || g: x, covariance(unstructured) reml dfmethod({method})", data)
        found.tables()


def for_reports() -> tuple[Callable[[], object], ...]:
    """What the first pages of a report need, in pieces; nothing of Qt either, for a thread beside the worker's."""
    from terrace.session.report_warming import pieces

    return pieces()


def take_snapshot(session: Session) -> Snapshot:
    """What the window shows of a session."""
    from terrace.session.project.parts import Project

    return Snapshot(
        dataset=session.dataset,
        fit=session.fit,
        can_undo=session.can_undo,
        can_redo=session.can_redo,
        undo_text=session.undo_text,
        redo_text=session.redo_text,
        constraints=dict(session.state.constraints),
        origins=dict(session.state.origins),
        document=session.state.document,
        state=session.state,
        project=Project.of(session),
        file=session.file,
    )


def known_commands() -> dict[str, str]:
    """All commands with their syntax (once a session has been made)."""
    from terrace.session.registry import COMMANDS

    return {name: c.syntax or name for name, c in COMMANDS.items()}


def sees_filter(command: str) -> bool | None:
    """Whether a command is restricted by the filter in use; None for what is no command (yet)."""
    from terrace.language.grammar.command import parse_command
    from terrace.session.filtering import sees_filter as sees
    from terrace.session.registry import find

    try:
        return sees(find(parse_command(command))[0].effects)
    except TerraceError:
        return None


def command_help() -> list[tuple[str, str, str]]:
    """Name, syntax and purpose of all commands, in alphabetical order."""
    from terrace.session.registry import COMMANDS

    return [(c.name, c.syntax or c.name, c.help) for _, c in sorted(COMMANDS.items()) if c.help]


def document_name(dataset: Dataset | None) -> str:
    """The file or sample that the data came from."""
    source = "" if dataset is None else dataset.source
    return source.removeprefix("sample ") if source.startswith("sample ") else Path(source).name
