"""The fields of the editor: lines and numbers that apply as one types."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QSizePolicy

from terrace_desktop.builder.fields import leave_undo
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named, sized

TITLE = 72  # px of the names of fields


def number_in(text: str) -> float:
    """A number as it is typed, perhaps with a decimal comma. Raises ValueError for anything else."""
    return float(text.strip().replace("−", "-").replace(",", "."))


def shown(value: float | None, digits: int = 6) -> str:
    """A number as a field shows it, in so many digits."""
    return "" if value is None else f"{value:.{digits}g}".replace("-", "−")


class Entry(QLineEdit):
    """A line of text. `typed` tells what stands in it as one types, `left` that one is through with it."""

    typed = Signal(str)
    left = Signal()
    entered = Signal()  # the focus has come

    def __init__(self, object_name: str, accessible: str, waits: Callable[[], bool]) -> None:
        """`waits` tells that what was typed is not saved yet: then undo is that of the line."""
        super().__init__()
        named(self, object_name, accessible)
        self._waits = waits
        sized(self, height=theme.CONTROL)
        self.textEdited.connect(self.typed)
        self.editingFinished.connect(self.left)

    def show_text(self, text: str, placeholder: str = "") -> None:
        """Show a text, and what stands there while there is none; what is being typed is not disturbed."""
        self.setPlaceholderText(placeholder)
        typing = self.hasFocus() and (self._waits() or self.text().strip() == text.strip())
        if self.text() != text and not typing:
            self.setText(text)
            self.setCursorPosition(0)  # of a long text the beginning is seen

    def event(self, event: QEvent) -> bool:
        return False if leave_undo(event, self._waits()) else super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()


class NumberEntry(Entry):
    """A number within limits, with its unit; nothing is what the program chooses. `given` tells the number."""

    given = Signal(object)  # float or None
    wrong = Signal(str)  # why what stands in it is none; empty where it is one

    def __init__(
        self, object_name: str, accessible: str, waits: Callable[[], bool], *, unit: str = "", least: float = -1e300,
        most: float = 1e300, whole: bool = False, width: int = 54,
    ) -> None:  # fmt: skip
        super().__init__(object_name, accessible, waits)
        self._unit, self._least, self._most, self._whole = unit, least, most, whole
        self._value: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        sized(self, width=width)
        self.setProperty("role", "number")
        self._fit()
        theme.manager().changed.connect(self._fit)
        self.typed.connect(self._typed)
        self.left.connect(self._over)

    def show_number(self, value: float | None, automatic: float | None = None) -> None:
        """Show a number, and the one that holds where none is given."""
        self._value = value
        try:
            same = bool(self.text()) and self._read(self.text()) == value
        except ValueError:
            same = self.hasFocus()
        if not same and not (self.hasFocus() and self.isModified() and not self.text()):
            self.show_text(shown(value))
        self.setPlaceholderText(shown(automatic, 3 if automatic is None or abs(automatic) < 1000 else 6))

    def _fit(self) -> None:
        room = self.fontMetrics().horizontalAdvance(self._unit) + theme.px(4) if self._unit else 0
        self.setTextMargins(0, 0, room, 0)

    def _read(self, text: str) -> float:
        value = number_in(text)
        if not self._least <= value <= self._most or (self._whole and value != int(value)):
            raise ValueError
        return int(value) if self._whole else value

    def _typed(self, text: str) -> None:
        if not text.strip():
            self._give(None)
            return
        try:
            self._give(self._read(text))
        except ValueError:
            return  # it may be on its way to one; `_over` says where it is none

    def _give(self, value: float | None) -> None:
        self.wrong.emit("")
        if value != self._value:
            self._value = value
            self.given.emit(value)

    def _over(self) -> None:
        """One is through with it: say what is wrong."""
        self.setModified(False)
        text = self.text().strip()
        try:
            if text:
                self._read(text)
            self.wrong.emit("")
        except ValueError:
            self.wrong.emit(self._limits())

    def _limits(self) -> str:
        least, most = self._least, self._most
        if least < -1e100:
            return self.tr("{0}: {1} is not a number.").format(self.accessibleName(), self.text().strip())
        words = self.tr("{0}: give a number from {1} to {2}.")
        if self._whole:
            words = self.tr("{0}: give a whole number from {1} to {2}.")
        return words.format(self.accessibleName(), shown(least), shown(most))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._unit:
            painter = QPainter(self)
            painter.setPen(theme.colour("muted"))
            font = self.font()
            font.setPixelSize(theme.px(theme.SMALL))
            painter.setFont(font)
            room = self.rect().adjusted(0, 0, -theme.px(8), 0)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self._unit)


def field_title(text: str, buddy: QLineEdit | None = None) -> QLabel:
    """The name of a field, which stands before it."""
    out = QLabel(text)
    out.setProperty("tone", "muted")
    sized(out, width=TITLE)
    if buddy is not None:
        out.setBuddy(buddy)
    return out
