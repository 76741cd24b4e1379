"""The parts of the form that `Change` unfolds: most of its controls, which need not be there when it opens."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from terrace_desktop.builder.section import Section
from terrace_desktop.builder.sections.estimation import EstimationSection
from terrace_desktop.builder.sections.maximisation import MaximisationSection
from terrace_desktop.builder.sections.more import MoreSection
from terrace_desktop.builder.sections.reporting import ReportingSection
from terrace_desktop.builder.sections.residuals import ResidualsSection
from terrace_desktop.builder.state import BuilderState

S = TypeVar("S", bound=Section)
KINDS: tuple[type[Section], ...] = (
    EstimationSection, ResidualsSection, MoreSection, MaximisationSection, ReportingSection,
)  # fmt: skip


class Further(QWidget):
    """Makes each part when it is asked for, and the others one at a turn of the event loop after `make_soon`."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__()
        self.setObjectName("builder_further")
        self._state = state
        self._made: dict[type[Section], Section] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._make_next)

    def get(self, kind: type[S]) -> S:
        """The part of a kind."""
        found = self._made.get(kind)
        if found is None:
            found = self._made[kind] = kind(self._state)  # type: ignore[call-arg]  # each says its own name and title
            self._column.insertWidget(self.sections().index(found), found)
            found.show_spec()
            found.show_problems()
        assert isinstance(found, kind)
        return found

    def sections(self) -> list[Section]:
        """Those that are there, in the order of the form."""
        return [self._made[kind] for kind in KINDS if kind in self._made]

    def make(self) -> None:
        """Have all there."""
        for kind in KINDS:
            self.get(kind)

    def make_soon(self) -> None:
        """Have all there before long."""
        self._timer.start(0)

    def _make_next(self) -> None:
        kind = next((k for k in KINDS if k not in self._made), None)
        if kind is None:
            self._timer.stop()
        else:
            self.get(kind)
