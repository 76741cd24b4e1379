"""A small picture of the residual covariance matrix of one group: equal cells look alike."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from terrace.spec.model import Residuals
from terrace_desktop import theme
from terrace_desktop.widgets import named

CELL, GAP = 11, 2


def pattern(residuals: Residuals, n: int) -> list[list[float]]:
    """Shades from 0 (no covariance) to 1 (a variance) of an n by n matrix; equal parameters, equal shades."""
    s, order = residuals.structure, residuals.order
    out = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            lag = abs(i - j)
            if lag == 0:
                # separate variances are told apart by their shades
                out[i][j] = 1.0 - 0.08 * (i % 5) if s in ("unstructured", "banded") else 1.0
            elif s == "exchangeable":
                out[i][j] = 0.5
            elif s in ("ar", "exponential"):
                out[i][j] = 0.72**lag
            elif s == "ma":
                out[i][j] = 0.6 / lag if lag <= (order or 1) else 0.0
            elif s == "toeplitz":
                out[i][j] = 0.62 / lag if lag <= (n if order is None else order) else 0.0
            elif s in ("unstructured", "banded"):
                inside = order is None or s == "unstructured" or lag <= order
                low, high = min(i, j), max(i, j)
                out[i][j] = 0.28 + 0.07 * ((3 * low + 5 * high) % 6) if inside else 0.0
    return out


class MatrixPicture(QWidget):
    """Draws the pattern of a residual structure."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "residuals_picture", self.tr("Residual covariance matrix"))
        self._residuals, self._n = Residuals(), 5
        theme.manager().changed.connect(self.update)

    def show_residuals(self, residuals: Residuals, times: int, words: str) -> None:
        """Draw this structure for at most five times; `words` says the same to screen readers."""
        self._residuals, self._n = residuals, max(2, min(times or 5, 5))
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        side = 5 * (CELL + GAP) - GAP
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        t = theme.manager().theme
        for i, row in enumerate(pattern(self._residuals, self._n)):
            for j, shade in enumerate(row):
                colour = QColor(t.accent if shade else t.line)
                if shade:
                    colour.setAlphaF(min(shade, 1.0))
                painter.setBrush(colour)
                place = QRectF(j * (CELL + GAP), i * (CELL + GAP), CELL, CELL)
                if not shade:
                    place.adjust(3.5, 3.5, -3.5, -3.5)
                painter.drawRoundedRect(place, 2, 2)
