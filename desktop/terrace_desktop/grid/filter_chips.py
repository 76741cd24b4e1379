"""The conditions of the filter as chips: a click changes one, its cross removes it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import ElidedLabel, button, named, sized

CHIP = 26  # px


class ChipButton(QFrame):
    """One condition. Enter or a click to change it, Delete to remove it."""

    edit_asked = Signal()
    removed = Signal()

    def __init__(self, place: int, text: str, tip: str) -> None:
        super().__init__()
        self.setObjectName(f"filter_chip_{place}")
        self.setProperty("role", "filter")
        sized(self, height=CHIP)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 4, 0)
        row.setSpacing(2)
        self.body = button("", f"filter_chip_{place}_body", self.edit_asked.emit, variant="filter", accessible=text)
        self.body.setAccessibleDescription(self.tr("Enter to change it, Delete to remove it"))
        self.body.setToolTip(tip)
        inside = QHBoxLayout(self.body)
        inside.setContentsMargins(2, 0, 2, 0)
        self.words = ElidedLabel(text)
        self.words.setToolTip("")
        self.words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside.addWidget(self.words)
        self.cross = QToolButton()
        self.cross.setProperty("variant", "filter-cross")
        set_icon(self.cross, "close", "muted")
        self.cross.setIconSize(QSize(12, 12))
        self.cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the Delete key on the chip does the same
        self.cross.setCursor(Qt.CursorShape.PointingHandCursor)
        self.cross.setToolTip(self.tr("Remove"))
        named(self.cross, f"filter_chip_{place}_remove", self.tr("Remove {0}").format(text))
        self.cross.clicked.connect(self.removed)
        row.addWidget(self.body)
        row.addWidget(self.cross)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(self.words.sizeHint().width() + self.cross.sizeHint().width() + 24, hint.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_asked.emit()
        else:
            super().keyPressEvent(event)


class FilterChips(QWidget):
    """The chips in a flow, and after them the button that adds one."""

    edit_asked = Signal(int)
    remove_asked = Signal(int)

    def __init__(self, last: QWidget) -> None:
        super().__init__()
        named(self, "filter_chips", self.tr("Filter"))
        self._flow = Flow(self, across=6, down=4)
        self._flow.addWidget(last)
        self._last = last
        self._shown: list[tuple[str, str]] = []
        self.chips: list[ChipButton] = []

    def show_chips(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Show these conditions, each with what its tip says; the focus stays near where it was."""
        if list(wanted) == self._shown:
            return
        self._shown = list(wanted)
        had = next((k for k, chip in enumerate(self.chips) if chip.body.hasFocus()), None)
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = []
        for k, (text, tip) in enumerate(wanted):
            chip = ChipButton(k, text, tip)
            chip.edit_asked.connect(lambda k=k: self.edit_asked.emit(k))
            chip.removed.connect(lambda k=k: self.remove_asked.emit(k))
            self._flow.insert(k, chip)
            self.chips.append(chip)
        order: list[QWidget] = [*(chip.body for chip in self.chips), self._last]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        if had is not None:
            order[min(had, len(self.chips))].setFocus(Qt.FocusReason.OtherFocusReason)
        self.updateGeometry()
