"""Find and replace in the cells: a bar under the filter."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.widgets import button, icon_button, label, named, sized, tell

REST = 250  # ms without typing, after which what is typed is looked for
HEIGHT = 28  # px of a line


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the bar."""

    find: str
    new: str = ""
    whole: bool = False
    match_case: bool = False


class FindBar(QWidget):
    """`searched` when what is looked for has changed; the others when a button or its key is pressed."""

    searched = Signal()
    step_asked = Signal(int)  # 1 is the next, -1 the one before
    replace_asked = Signal()
    replace_all_asked = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        named(self, "find_bar", self.tr("Find and replace in the cells"))
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.wanted = named(QLineEdit(), "find_text", self.tr("Find in the cells"))
        self.wanted.setPlaceholderText(self.tr("Find"))
        self.new = named(QLineEdit(), "find_new", self.tr("Replace with"))
        self.new.setPlaceholderText(self.tr("Replace with"))
        for line in (self.wanted, self.new):
            sized(line, height=HEIGHT)
        self.whole = named(QCheckBox(self.tr("Whole cell")), "find_whole", self.tr("Whole cell"))
        self.case = named(QCheckBox(self.tr("Match case")), "find_case", self.tr("Match case"))
        self.count = named(label("", "muted"), "find_count", self.tr("Found"))
        back = self.tr("Previous (Shift+Enter)")
        self.before = icon_button("up", "find_before", back, lambda: self.step_asked.emit(-1))
        self.next = icon_button("down", "find_next", self.tr("Next (Enter)"), lambda: self.step_asked.emit(1))
        self.close_button = icon_button("close", "find_close", self.tr("Close (Esc)"), self.leave)
        self.replace = button(self.tr("Replace"), "find_replace", self.replace_asked.emit)
        self.all = button(self.tr("Replace all"), "find_replace_all", self.replace_all_asked.emit)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.wanted, 1)
        for b in (self.before, self.next, self.close_button):
            top.addWidget(b)
        self._second = QWidget()
        below = QHBoxLayout(self._second)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(4)
        below.addWidget(self.new, 1)
        below.addWidget(self.replace)
        below.addWidget(self.all)
        choices = QWidget()
        flow = Flow(choices)
        for choice in (self.whole, self.case, self.count):
            flow.addWidget(choice)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 6)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self._second)
        column.addWidget(choices)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST)
        self._timer.timeout.connect(self.searched)
        self.wanted.textChanged.connect(lambda _text: self._timer.start())
        self.whole.toggled.connect(lambda _on: self.searched.emit())
        self.case.toggled.connect(lambda _on: self.searched.emit())
        self.hide()

    def asked(self) -> Asked:
        """What stands here."""
        return Asked(self.wanted.text(), self.new.text(), self.whole.isChecked(), self.case.isChecked())

    def open(self, replacing: bool) -> None:
        """Show it, with the line to replace by where that is wanted."""
        self._second.setVisible(replacing or (self.isVisible() and self._second.isVisible()))
        self.show()
        self.wanted.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.wanted.selectAll()
        if self.wanted.text():
            self.searched.emit()

    def leave(self) -> None:
        """Close it, and back to the grid."""
        self._timer.stop()
        self.hide()
        self.left.emit()

    def say(self, text: str) -> None:
        """How many were found, or what was replaced."""
        tell(self.count, text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.new.hasFocus():
                self.replace_asked.emit()
            else:
                back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self.step_asked.emit(-1 if back else 1)
        else:
            super().keyPressEvent(event)
