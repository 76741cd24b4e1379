"""Reasons beside their fields, each with the button that mends what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from terrace.spec.choices import Closed
from terrace.spec.model import ModelSpec
from terrace.spec.problem import Problem
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.tab_order import reading_order
from terrace_desktop.ui.widgets import clear_layout, named
from terrace_desktop.ui.words import from_engine


@dataclass(frozen=True)
class Note:
    """A reason, how loud it is, and the model that a button takes where one mends it."""

    text: str
    severity: str = "note"
    fix: ModelSpec | None = None
    fix_label: str = ""


def problem_notes(problems: Iterable[Problem]) -> list[Note]:
    """Problems as notes."""
    return [Note(from_engine(p.message), p.severity, p.fix, from_engine(p.fix_label)) for p in problems]


def closed_notes(closed: dict[str, Closed]) -> list[Note]:
    """Why choices are closed that a button can open, each reason once; the others say it in their list."""
    mended = (c for c in closed.values() if c.fix is not None)
    found = (Note(from_engine(c.reason), "quiet", c.fix, from_engine(c.fix_label)) for c in mended)
    return list(dict.fromkeys(found))


class WrapLabel(QLabel):
    """Text that asks for one line and takes as many as it needs."""

    def __init__(self, text: str, tone: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 4, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.fontMetrics().height() + 2)


class Notes(QWidget):
    """Any number of notes: errors and warnings as boxes, the quiet ones as lines."""

    def __init__(self, object_name: str, take: Callable[[ModelSpec], object]) -> None:
        super().__init__()
        self.setObjectName(object_name)
        self._take = take
        self._shown: list[Note] = []
        self._frames: list[QWidget] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self.setVisible(False)

    def show_notes(self, notes: Sequence[Note]) -> None:
        """Show these notes and no others."""
        notes = list(dict.fromkeys(notes))
        if notes == self._shown:
            return
        self._shown = notes
        had_focus = self.isAncestorOf(self.window().focusWidget() or self.window())
        clear_layout(self._layout)
        self._frames = [self._line(k, note) for k, note in enumerate(notes)]
        for frame in self._frames:
            self._layout.addWidget(frame)
        self.setVisible(bool(notes))
        if had_focus:  # the button pressed is gone with what it mended
            self._focus_near()

    def texts(self) -> list[str]:
        """What is said, for tests and for the summary."""
        return [n.text for n in self._shown]

    def _line(self, k: int, note: Note) -> QWidget:
        loud = note.severity in ("error", "warning")
        frame = QFrame()
        frame.setProperty("surface", {"error": "error", "warning": "notice"}.get(note.severity, ""))
        name = f"{self.objectName()}_{k}"
        named(frame, name, note.text)
        flow = Flow(frame, across=4, down=2)
        flow.setContentsMargins(*((10, 6, 8, 6) if loud else (0, 0, 0, 0)))
        text = WrapLabel(note.text, "" if loud else "small")
        named(text, f"{name}_text", note.text)
        flow.addWidget(text)
        if note.fix is not None:
            mended = note.fix
            button = QPushButton(note.fix_label.replace("&", "&&"))
            named(button, f"{name}_mend", note.fix_label)
            button.setAccessibleDescription(note.text)
            button.setProperty("variant", "mend")
            button.setAutoDefault(False)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda: self._take(mended))
            flow.addWidget(button)
        return frame

    def _focus_near(self) -> None:
        # Only what stands in the layout: what is on its way out is still a child, and would take the focus with it.
        for frame in self._frames:
            for button in frame.findChildren(QPushButton):
                button.setFocus()
                return
        around = self.parentWidget()
        while around is not None:  # keys go on to mean the form: the focus stays in it
            for widget in reading_order(around):
                if widget.isVisible() and widget.isEnabled() and not self.isAncestorOf(widget):
                    widget.setFocus(Qt.FocusReason.OtherFocusReason)
                    return
            around = around.parentWidget()
