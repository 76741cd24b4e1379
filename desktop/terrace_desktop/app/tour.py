"""A tour of the window: one bubble after the other, each beside what it tells of."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import button, label, named
from terrace_desktop.ui.words import tr

WIDTH = 320
GAP = 12  # px between a bubble and what it tells of


@dataclass(frozen=True)
class Parts:
    """What the tour stops at, in its order."""

    data: QWidget
    prepare: QWidget
    new_model: QWidget
    results: QWidget
    history: QWidget
    export: QWidget


@dataclass(frozen=True)
class Stop:
    """What is told, and beside which part of the window."""

    title: str
    text: str
    part: QWidget


def stops(parts: Parts) -> tuple[Stop, ...]:
    """The tour, in order."""
    return (
        Stop(
            tr("Your data"),
            tr("Double-click a name to sort, or a cell to change it. Add filter shows only some rows. The variables "
                "are below: drag them into a model, or press the Menu key to change labels and measures."),
            parts.data,
        ),
        Stop(
            tr("Describe, prepare, plot"),
            tr("Forms for tables, graphs, new variables, centring, merging and reshaping. Each one shows "
                "its command and can be undone."),
            parts.prepare,
        ),
        Stop(
            tr("A model"),
            tr("New model opens the builder beside the data: choose the outcome, fixed effects and groups. The results "
                "update as you click, and the model stays a draft until you keep it."),
            parts.new_model,
        ),
        Stop(
            tr("Results"),
            tr("Each model is a card with its status, tables and plots. After the fit has tests, margins, intervals, "
                "R² and diagnostics; their results appear below the card."),
            parts.results,
        ),
        Stop(
            tr("History"),
            tr("Everything you click is a command. Run commands again, change them, or save them as a do-file."),
            parts.history,
        ),
        Stop(
            tr("Share the results"),
            tr("Copied tables paste into Word and Excel as tables. Report puts what you choose on pages."),
            parts.export,
        ),
    )  # fmt: skip


class Tour(QFrame):
    """A bubble over the window that walks through the stops; Escape ends it, the arrow keys walk."""

    def __init__(self, window: QWidget, parts: Parts) -> None:
        super().__init__(window)
        named(self, "tour", self.tr("Tour"))
        self.setProperty("surface", "card")
        self.setProperty("active", True)
        self.setFixedWidth(theme.px(WIDTH))
        self._window = window
        self._stops = [s for s in stops(parts) if s.part.isVisible()]
        self._at = 0
        self._ring = Ring(window)
        self._title = label("", "heading", wrap=True)
        self._text = label("", wrap=True)
        self._count = label("", "small")
        self.back = button(self.tr("Back"), "tour_back", lambda: self.go(self._at - 1))
        self.next = button(self.tr("Next"), "tour_next", lambda: self.go(self._at + 1), variant="primary")
        end = button("✕", "tour_end", self.end, variant="flat", accessible=self.tr("End the tour"))
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(end)
        row = QHBoxLayout()
        row.addWidget(self._count, 1)
        row.addWidget(self.back)
        row.addWidget(self.next)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._text)
        column.addLayout(row)
        window.installEventFilter(self)
        self.go(0)
        self.show()
        self.raise_()
        self.next.setFocus()

    def go(self, at: int) -> None:
        """Show a stop; past the last one the tour ends."""
        if at >= len(self._stops):
            self.end()
            return
        self._at = max(0, at)
        stop = self._stops[self._at]
        self._title.setText(stop.title)
        self._text.setText(stop.text)
        self.setAccessibleDescription(f"{stop.title}. {stop.text}")
        self._count.setText(f"{self._at + 1} / {len(self._stops)}")
        self.back.setEnabled(self._at > 0)
        self.next.setText(self.tr("Done") if self._at + 1 == len(self._stops) else self.tr("Next"))
        self._place()

    def end(self) -> None:
        """Take the bubble away."""
        self._window.removeEventFilter(self)
        for widget in (self._ring, self):
            widget.hide()
            widget.deleteLater()

    def title(self) -> str:
        """What is told now."""
        return self._title.text()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() == Qt.Key.Key_Right:
            self.go(self._at + 1)
        elif event.key() == Qt.Key.Key_Left:
            self.go(self._at - 1)
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        """Below what is told of, or inside it where there is no room below."""
        part = self._stops[self._at].part
        corner = part.mapTo(self._window, QPoint(0, 0))
        self._ring.setGeometry(corner.x() - 3, corner.y() - 3, part.width() + 6, part.height() + 6)
        self._ring.show()
        self._ring.raise_()
        self.setFixedHeight(self._column.heightForWidth(theme.px(WIDTH)))
        y = corner.y() + part.height() + GAP
        if y + self.height() > self._window.height():
            y = corner.y() + 4 * GAP
        x = corner.x() + (part.width() - WIDTH) // 2
        x = max(GAP, min(x, self._window.width() - WIDTH - GAP))
        self.move(x, max(GAP, min(y, self._window.height() - self.height() - GAP)))
        self.raise_()


class Ring(QWidget):
    """A frame around what is told of; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tour_ring")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 8, 8)
