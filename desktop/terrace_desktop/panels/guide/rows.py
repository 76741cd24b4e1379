"""The rows of the guide: a step on its rail, a candidate with what its test found, three numbers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from terrace.postestimation.paper.guide import Number
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import pixmap
from terrace_desktop.ui.widgets import button, label, named

MARK, LEFT = 24, 52  # px: the size of a mark on the rail, and where text begins


class StepRow(QFrame):
    """A step: its mark on the rail, its title, and below what belongs to it.

    ``state`` is done, open or ahead. A step that is done has a link that opens it again.
    """

    change_asked = Signal()

    def __init__(self, number: int, title: str, state: str, *, last: bool = False) -> None:
        super().__init__()
        self._number, self._state, self._last = number, state, last
        words = {"done": self.tr("{0}, done"), "open": self.tr("{0}, open"), "ahead": self.tr("{0}, still to come")}
        named(self, f"guide_step_{number}", words[state].format(title))
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(LEFT, 2, 16, 18)
        self.column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        self.title = label(title, "title" if state == "open" else "heading" if state == "done" else "muted", wrap=True)
        head.addWidget(self.title, 1)
        if state == "done":
            self.change = button(
                self.tr("Change"), f"guide_change_{number}", self.change_asked.emit, variant="link",
                accessible=self.tr("Change: {0}").format(title),
            )  # fmt: skip
            head.addWidget(self.change, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(head)

    def say(self, text: str, tone: str = "muted") -> QLabel:
        """Add a paragraph."""
        out = named(label(text, tone, wrap=True, selectable=True), f"guide_said_{self._number}", text)
        self.column.addWidget(out)
        return out

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        t = theme.manager().theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = QRectF(16, 0, MARK, MARK)
        middle = circle.center().x()
        if not self._last:
            painter.setPen(QPen(QColor(t.outline if self._state == "done" else t.line), 1))
            painter.drawLine(QPointF(middle, MARK + 2), QPointF(middle, self.height()))
        painter.setPen(Qt.PenStyle.NoPen if self._state != "ahead" else QPen(QColor(t.outline), 1))
        fills = {"done": t.accent_soft, "open": t.accent, "ahead": t.ground}
        painter.setBrush(QColor(fills[self._state]))
        painter.drawEllipse(circle if self._state != "ahead" else circle.adjusted(0.5, 0.5, -0.5, -0.5))
        if self._state == "done":
            mark = pixmap("check", "accent_text", scale=self.devicePixelRatioF())
            painter.drawPixmap(QRectF(20, 4, 16, 16), mark, QRectF(mark.rect()))
        else:
            painter.setPen(QColor(t.on_accent if self._state == "open" else t.muted))
            painter.setFont(theme.text_font(theme.SMALL, bold=True))
            painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, str(self._number))


class CandidateRow(QWidget):
    """Something to tick, with what its test found at the right; a click anywhere on the row ticks it."""

    toggled = Signal(bool)

    def __init__(self, name: str, text: str, on: bool, told: str, tip: str = "") -> None:
        super().__init__()
        self.box = named(QCheckBox(text.replace("&", "&&")), f"guide_take_{name}", text)
        self.box.setChecked(on)
        self.box.setToolTip(tip)
        self.box.toggled.connect(self.toggled)
        self.told = named(label("", "small", wrap=True), f"guide_told_{name}", "")
        self.told.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.told.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(8)
        row.addWidget(self.box)
        row.addWidget(self.told, 1)
        self.tell(told)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and inside and self.box.isEnabled():
            self.box.click()

    def tell(self, text: str) -> None:
        """What the test found."""
        self.told.setText(text)
        self.told.setAccessibleName(text)
        self.box.setAccessibleDescription(text)


class SplitRow(QWidget):
    """Whether a predictor that is ticked is taken apart within and between groups."""

    toggled = Signal(bool)

    def __init__(self, name: str, group: str, on: bool) -> None:
        super().__init__()
        words = self.tr("Split within and between groups of {0}").format(group)
        self.box = named(QCheckBox(words.replace("&", "&&")), f"guide_split_{name}", f"{name}: {words}")
        self.box.setToolTip(
            self.tr("Its deviation from the mean of its group, and that mean, each get an effect of their own")
        )
        self.box.setChecked(on)
        self.box.toggled.connect(self.toggled)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 0, 0, 2)
        row.addWidget(self.box)
        row.addStretch(1)


class Numbers(QWidget):
    """Up to three numbers side by side, each over what it is compared with."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 6, 0, 4)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(0)
        named(self, "guide_numbers", "")

    def show_numbers(self, numbers: Sequence[Number]) -> None:
        """Show these in place of those before."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for k, n in enumerate(numbers):
            for line, (text, tone) in enumerate(((n.heading, "small"), (n.value, "heading"), (n.under, "small"))):
                self._grid.addWidget(label(text, tone), line, k)
            self._grid.setColumnStretch(k, 1)
        self.setAccessibleName("; ".join(" ".join(x for x in (n.heading, n.value, n.under) if x) for n in numbers))
        self.setVisible(bool(numbers))


def warning_row(text: str, at: int) -> QWidget:
    """A line of advice behind its sign."""
    out = QWidget()
    row = QHBoxLayout(out)
    row.setContentsMargins(0, 4, 0, 0)
    row.setSpacing(8)
    sign = QLabel()
    sign.setPixmap(pixmap("warning", "warning"))
    row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(named(label(text, wrap=True, selectable=True), f"guide_advice_{at}", text), 1)
    return out


def field_row(text: str, field: QWidget, column: QVBoxLayout) -> None:
    """A field under its heading."""
    column.addWidget(label(text, "small"))
    column.addWidget(field)
