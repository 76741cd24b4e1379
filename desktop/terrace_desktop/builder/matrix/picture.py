"""A covariance matrix drawn small: letters say which cells are the same parameter, shades repeat it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from terrace.covariance.symbols import Letters
from terrace_desktop.builder.matrix.cells import Matrix
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

WIDE, HIGH, GAP = 34, 20, 2
NAMES = 96  # px that the names of rows take at most
VARIANCE, COVARIANCE = 0.30, 0.12  # how much of the accent a cell has


class MatrixPicture(QWidget):
    """Draws a `Matrix`, with the names of its rows on the left."""

    def __init__(self, object_name: str, accessible: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.matrix = Matrix((), ())
        theme.manager().changed.connect(self.update)

    def show_matrix(self, matrix: Matrix, words: str) -> None:
        """Draw this matrix; `words` says the same in a sentence."""
        text = f"{words} {matrix.text()}"
        self.setAccessibleDescription(text)
        self.setToolTip(words)
        if matrix != self.matrix:
            self.matrix = matrix
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        n = len(self.matrix.names)
        names = self._names_width()
        return QSize(names + n * (WIDE + GAP) - GAP, max(n * (HIGH + GAP) - GAP, 0))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _names_width(self) -> int:
        metrics = QFontMetricsF(theme.text_font(theme.SMALL))
        widest = max((metrics.horizontalAdvance(name) for name in self.matrix.names), default=0.0)
        return min(int(widest) + 12, NAMES) if widest else 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = theme.manager().theme
        left = self._names_width()
        small = theme.text_font(theme.SMALL)
        for i, (name, row) in enumerate(zip(self.matrix.names, self.matrix.cells)):
            top = i * (HIGH + GAP)
            painter.setFont(small)
            painter.setPen(QColor(t.muted))
            shown = QFontMetricsF(small).elidedText(name, Qt.TextElideMode.ElideMiddle, left - 8)
            where = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(QRectF(0, top, left, HIGH), where, shown)
            for j, cell in enumerate(row):
                place = QRectF(left + j * (WIDE + GAP), top, WIDE, HIGH)
                painter.setPen(Qt.PenStyle.NoPen)
                if not cell:
                    painter.setBrush(QColor(t.muted))
                    painter.drawEllipse(place.center(), 1.4, 1.4)
                    continue
                ground = QColor(t.accent)
                ground.setAlphaF(VARIANCE if i == j else COVARIANCE)
                painter.setBrush(ground)
                painter.drawRoundedRect(place, 4, 4)
                painter.setPen(QColor(t.ink))
                _write(painter, cell, place)


def _write(painter: QPainter, cell: Letters, place: QRectF) -> None:
    """The letters of a cell in its middle, with their signs below and above."""
    large, small = theme.text_font(12), theme.text_font(9)
    for font in (large, small):
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    wide, tiny = QFontMetricsF(large), QFontMetricsF(small)
    widths = [
        (wide.horizontalAdvance(s.letter), max(tiny.horizontalAdvance(s.sub), tiny.horizontalAdvance(s.sup)))
        for s in cell
    ]
    x = place.center().x() - sum(a + b for a, b in widths) / 2
    base = place.center().y() + wide.capHeight() / 2
    for s, (letter, signs) in zip(cell, widths):
        painter.setFont(large)
        painter.drawText(QPointF(x, base), s.letter)
        painter.setFont(small)
        painter.drawText(QPointF(x + letter, base + 3), s.sub)
        painter.drawText(QPointF(x + letter, base - 5), s.sup)
        x += letter + signs
