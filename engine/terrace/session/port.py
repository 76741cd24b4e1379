"""What the parts below `Session` know of it: the state, running a command, a copy on another state."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from terrace.data.dataset import Dataset
from terrace.language.expressions.context import EvalContext
from terrace.language.grammar.command import ParsedCommand
from terrace.progress import CancelCheck, ProgressCallback
from terrace.session.contract import Outcome
from terrace.session.filter import Restriction
from terrace.session.state import CommandResult, State
from terrace.session.steps import Step


class SessionPort(Protocol):
    """The side of `terrace.session.session.Session` that macros, blocks, prefixes and shared helpers use."""

    state: State
    progress: ProgressCallback | None
    cancel: CancelCheck | None
    depth: int
    places: bool
    filtering: Restriction
    undo_steps: list[Step]
    outer: Any

    @property
    def dataset(self) -> Dataset | None:
        """The data in memory; None where there are none."""
        ...

    @property
    def data(self) -> Dataset:
        """The data in memory. `DataError` where there are none."""
        ...

    def context(self) -> EvalContext:
        """What expressions may refer to besides the data."""
        ...

    def run_expanded(
        self,
        command_text: str,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelCheck | None = None,
        macros: bool = False,
    ) -> Outcome:
        """Run a command whose macros have been replaced."""
        ...

    def run_do(
        self,
        path_or_text: str | os.PathLike[str],
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelCheck | None = None,
        before: Callable[[str, int], None] | None = None,
    ) -> Iterator[Outcome]:
        """Run a do-file, or the text of one, command by command."""
        ...

    def execute(self, parsed: ParsedCommand) -> CommandResult:
        """Run a parsed command without taking over what it changes."""
        ...

    def fork(self, state: State) -> SessionPort:
        """A session on another state."""
        ...

    def amend_history(self, outcome: Outcome, *, new: bool = False) -> None:
        """Put an outcome in the place of the last one, or after it."""
        ...

    def one_step(self, kind: str, before: State, list_: list[Step], steps: Sequence[Step]) -> None:
        """Make one step of all that was done since there were these."""
        ...

    def take_from(self, inner: SessionPort, state: State) -> None:
        """Hold the project that was opened in a copy of this, where one was."""
        ...

    def cancelled(self) -> bool:
        """True where the user wants the running command to stop."""
        ...
