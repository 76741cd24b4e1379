"""Previews of the open step: asked for with each answer, the last one kept until the next is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from terrace.spec.conventions import CONVENTIONS, Convention
from terrace.spec.guide import Answers, StepKey
from terrace_desktop.panels.guide.climb import Climb
from terrace_desktop.work.previewer import Previewer, Request
from terrace_desktop.work.worker import Task, Worker

if TYPE_CHECKING:
    from terrace.session.guided import Guided
    from terrace.session.preview import Preview
    from terrace.session.state import State


@dataclass(frozen=True, slots=True, eq=False)
class StepRequest(Request):
    """What to preview: a step with these answers, behind the estimates of this name."""

    answers: Answers = field(default_factory=Answers)
    step: StepKey = "null"
    habits: Convention = CONVENTIONS[0]
    estimates: str = ""


def find_step(state: State, request: Request, task: Task, cancelled: Callable[[], bool]) -> Preview:
    """The preview by the engine; runs on the worker."""
    from terrace.session.guided import guided

    assert isinstance(request, StepRequest)
    return guided(
        state, request.answers, request.step, request.habits, before=request.estimates,
        before_name=request.parent_name, progress=task.report, cancel=cancelled,
    )  # fmt: skip


class StepPreviewer(QObject):
    """Holds what was found last. ``state`` is empty, ``late``, ``running``, or ``failed``."""

    changed = Signal()

    def __init__(self, worker: Worker, state: Callable[[], State | None]) -> None:
        super().__init__()
        self.previewer = Previewer(worker, state, find_step)
        self.found: Guided | None = None
        self.current = False  # whether it is of the answers as they are
        self.state = ""
        self.progress: tuple[Any, float] = (None, 0.0)
        self._step: tuple[str, int] = ("", -1)
        self.previewer.found.connect(self._found)
        self.previewer.late.connect(self._late)
        self.previewer.running.connect(self._running)
        self.previewer.progressed.connect(self._progressed)
        self.previewer.failed.connect(self._failed)

    def ask(self, climb: Climb, habits: Convention) -> None:
        """Ask for the open step as it is answered; what was found of another step is gone at once."""
        step = climb.step
        assert step is not None
        if (climb.answers.path, climb.at) != self._step:
            self.found = None
        self._step = (climb.answers.path, climb.at)
        self.current, self.state = False, ""
        words = self.tr("step {0}").format(climb.model_before())
        self.previewer.ask(
            StepRequest(step, parent_name=words, answers=climb.answers, step=step, habits=habits,
                        estimates=climb.before)
        )  # fmt: skip

    def drop(self) -> None:
        """Nothing is asked for."""
        self.previewer.drop()
        self.found, self.current, self.state = None, False, ""

    def update(self) -> None:
        """Find it, however long it takes."""
        self.previewer.update()

    def cancel(self) -> None:
        """Stop finding it."""
        self.previewer.cancel()

    def close_down(self) -> None:
        """No preview is wanted any more."""
        self.previewer.drop()
        self.previewer.blockSignals(True)

    def _found(self, found: Guided) -> None:
        self.found, self.current = found, True
        self._tell("")

    def _late(self) -> None:
        self._tell("late")

    def _running(self) -> None:
        self._tell("running")

    def _failed(self) -> None:
        self._tell("failed")

    def _progressed(self, progress: object, seconds: float) -> None:
        self.progress = (progress, seconds)
        self._tell("running")

    def _tell(self, state: str) -> None:
        self.state = state
        self.changed.emit()
