"""What dragging in a figure does, as a row of choices, and the way back to the whole figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from terrace_desktop.ui.later import soon
from terrace_desktop.ui.widgets import button, named
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace_desktop.plots.panels import Mode
    from terrace_desktop.plots.view import PlotView


def mode_words() -> dict[Mode, tuple[str, str]]:
    """The choices, each with what it does."""
    return {
        "move": (tr("Move"), tr("Drag to move the figure (M)")),
        "zoom": (tr("Zoom"), tr("Drag a rectangle to enlarge it (Z)")),
        "select": (tr("Select"), tr("Drag a rectangle to select the rows in it; Shift adds (S)")),
    }


class Modes(QWidget):
    """The choices of a view. With `quiet` they are seen only while somebody is at the figure, and leave their room."""

    def __init__(self, view: PlotView, can_select: bool, quiet: bool = False) -> None:
        super().__init__()
        named(self, "plot_modes", self.tr("Dragging"))
        self._view, self._quiet = view, quiet
        self._group = QButtonGroup(self)
        self.buttons: dict[Mode, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addStretch(1)
        for mode, (text, tip) in mode_words().items():
            b = button(text, f"plot_{mode}", variant="segment", tip=tip)
            b.setCheckable(True)
            b.setAutoExclusive(True)  # for screen readers: see `Segments`
            b.toggled.connect(lambda on, mode=mode: self._view.set_mode(mode) if on else None)
            self._group.addButton(b)
            self.buttons[mode] = b
            row.addWidget(b)
        self.buttons[view.mode].setChecked(True)
        self.buttons["select"].setEnabled(can_select)
        if not can_select:
            self.buttons["select"].setToolTip(self.tr("The marks of this figure are not rows of the data."))
        self.whole = button(self.tr("Reset"), "plot_reset", variant="flat", tip=self.tr("Show the whole figure (0)"))
        row.addWidget(self.whole)
        for b in (*self.buttons.values(), self.whole):
            keep = b.sizePolicy()
            keep.setRetainSizeWhenHidden(True)
            b.setSizePolicy(keep)
            b.installEventFilter(self)
        view.mode_changed.connect(self._show)
        if quiet:
            view.attended.connect(self._see_soon)
        self._see()

    def _show(self, mode: Mode) -> None:
        self.buttons[mode].setChecked(True)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._see_soon()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._see_soon()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._quiet and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._see_soon()
        return super().eventFilter(watched, event)

    def _see_soon(self) -> None:
        """Once it is known where the focus has gone."""
        if self._quiet:
            soon(self, self._see)

    def _see(self) -> None:
        view = self._view
        here = not self._quiet or view.underMouse() or self.underMouse() or view.hasFocus()
        here = here or any(b.hasFocus() for b in (*self.buttons.values(), self.whole)) or view.zoomed()
        for b in (*self.buttons.values(), self.whole):
            b.setVisible(here)
