"""How the pages of the popup have something found on a worker, and drop what they ask for once they are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from terrace_desktop.work.worker import Job

T = TypeVar("T")


class Ask(Protocol):
    """Work that changes nothing: its label, what to do, who takes the value, who takes what went wrong."""

    def __call__(
        self, label: str, work: Callable[[], T], success: Callable[[T], object],
        failure: Callable[[Exception], object] | None = None,
    ) -> Job[T]: ...  # fmt: skip


class Latest:
    """What one page asks for: the answer to an earlier question is dropped."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._job: Job[Any] | None = None

    def ask(
        self, label: str, work: Callable[[], T], success: Callable[[T], object],
        failure: Callable[[Exception], object] | None = None,
    ) -> None:  # fmt: skip
        """Ask, in place of what is under way."""
        self.forget()
        self._job = self._ask(label, work, success, failure)

    def forget(self) -> None:
        """Nobody waits for an answer any more."""
        if self._job is not None:
            self._job.forget()
            self._job = None
