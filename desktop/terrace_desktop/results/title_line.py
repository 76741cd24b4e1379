"""A title that is edited where it stands."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from terrace_desktop.ui.widgets import named, restyle


class _Line(QLineEdit):
    """Ends by Enter, Escape and by losing the focus."""

    ended = Signal(bool)  # True where the text is meant

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.ended.emit(True)
        elif event.key() == Qt.Key.Key_Escape:
            self.ended.emit(False)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.ended.emit(True)


class _Shown(QLabel):
    """The text; Enter, F2 and a click or two begin to edit it."""

    edit_asked = Signal()
    clicks = 2

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self.clicks == 1 and event.button() == Qt.MouseButton.LeftButton:
            self.edit_asked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.clicks == 2:
            self.edit_asked.emit()
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_asked.emit()
        else:
            super().keyPressEvent(event)


class Title(QWidget):
    """Shows a title; `changed` carries another text that the user gave it."""

    changed = Signal(str)
    ended = Signal()  # editing is over, whatever came of it

    def __init__(self, object_name: str, accessible: str, role: str, *, clicks: int = 2, empty: str = "") -> None:
        """`role` is its look, `empty` what stands in its place where there is none."""
        super().__init__()
        named(self, object_name, accessible)
        self._text = ""
        self._empty = empty
        self._role = role
        self._shown = named(_Shown(), f"{object_name}_text", accessible)
        self._shown.clicks = clicks
        self._shown.setTextFormat(Qt.TextFormat.PlainText)
        self._shown.setWordWrap(True)
        self._shown.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._shown.setCursor(Qt.CursorShape.IBeamCursor if clicks == 1 else Qt.CursorShape.ArrowCursor)
        self._shown.setAccessibleDescription(self.tr("Press Enter to edit"))
        self._shown.edit_asked.connect(self.edit)
        self._shown.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._line: _Line | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._shown)
        self.set_text("")

    @property
    def text(self) -> str:
        """The title; empty where there is none."""
        return self._text

    @property
    def editing(self) -> bool:
        """True while it is edited."""
        return self._line is not None

    def set_text(self, text: str) -> None:
        """Show another title."""
        self._text = text
        self._shown.setText(text or self._empty)
        self._shown.setProperty("role", self._role)
        self._shown.setProperty("tone", "" if text else "muted")
        self._shown.setAccessibleName(text or self._empty)
        restyle(self._shown)

    def edit(self) -> None:
        """Begin to edit."""
        if self._line is not None:
            return
        line = self._line = named(_Line(self._text), f"{self.objectName()}_edit", self.accessibleName())
        line.setProperty("role", self._role)
        line.setPlaceholderText(self._empty)
        line.ended.connect(self._end)
        self._shown.hide()
        self._column.addWidget(line)
        line.selectAll()
        line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _end(self, meant: bool) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        text = " ".join(line.text().split())
        line.hide()
        line.deleteLater()
        self._shown.show()
        if meant and text != self._text:
            self.changed.emit(text)
        self.ended.emit()


def when_words(when: str, words: str) -> str:
    """``Your note, Tuesday 14:20``: words with a time as ISO 8601 has it, in the user's language."""
    from PySide6.QtCore import QDateTime, QLocale

    at = QDateTime.fromString(when, Qt.DateFormat.ISODate)
    if not at.isValid():
        return words
    at = at.toLocalTime()
    age = at.daysTo(QDateTime.currentDateTime())
    locale = QLocale()
    day = locale.standaloneDayName(at.date().dayOfWeek()) if 0 <= age < 7 else locale.toString(
        at.date(), QLocale.FormatType.LongFormat
    )  # fmt: skip
    return f"{words}, {day} {at.time().toString('HH:mm')}"


