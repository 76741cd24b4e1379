"""A small list of effects to tick, for an interaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QScrollArea, QVBoxLayout, QWidget

from terrace_desktop.ui.widgets import button, label, named


def inside(anchor: QWidget, popup: QWidget, offset: QPoint) -> QPoint:
    """Where a popup stands at its anchor without leaving the screen, in global coordinates."""
    at = anchor.mapToGlobal(offset)
    screen = anchor.screen() or QGuiApplication.primaryScreen()
    if screen is not None:
        room = screen.availableGeometry()
        if at.y() + popup.height() > room.bottom():
            at.setY(max(room.top(), anchor.mapToGlobal(QPoint(0, 0)).y() - popup.height() - 2))
        at.setX(max(room.left(), min(at.x(), room.right() - popup.width())))
    return at


class TermMenu(QFrame):
    """Ticks effects and hands their positions over; two or more must be ticked."""

    def __init__(
        self,
        anchor: QWidget,
        title: str,
        terms: Sequence[str],
        ticked: Sequence[int],
        done: Callable[[list[int]], object],
    ) -> None:
        super().__init__(anchor, Qt.WindowType.Popup)
        named(self, "term_menu", title)
        self.setProperty("surface", "popup")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._done, self._anchor = done, anchor
        inner = QWidget()
        lines = QVBoxLayout(inner)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(4)
        self.boxes: list[QCheckBox] = []
        for k, term in enumerate(terms):
            box = named(QCheckBox(term.replace("&", "&&")), f"term_menu_{k}", term)
            box.setChecked(k in ticked)
            box.toggled.connect(self._ticked)
            lines.addWidget(box)
            self.boxes.append(box)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.add = button(self.tr("Add interaction"), "term_menu_add", self._finish, variant="primary")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        layout.addWidget(label(title, "small"))
        layout.addWidget(scroll, 1)
        layout.addWidget(self.add)
        self.resize(260, min(len(terms), 9) * 24 + 96)
        self._ticked()

    def open(self) -> None:
        """Show the list under its button."""
        self.move(inside(self._anchor, self, QPoint(0, self._anchor.height() + 2)))
        self.show()
        if self.boxes:
            self.boxes[0].setFocus(Qt.FocusReason.PopupFocusReason)

    def chosen(self) -> list[int]:
        """Positions of the ticked effects."""
        return [k for k, b in enumerate(self.boxes) if b.isChecked()]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.add.isEnabled():
            self._finish()
        elif event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def _ticked(self) -> None:
        self.add.setEnabled(len(self.chosen()) >= 2)

    def _finish(self) -> None:
        chosen = self.chosen()
        self.close()
        self._done(chosen)
