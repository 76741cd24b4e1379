"""The file as it is: its first lines, with the separators marked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from terrace.data.importing.preview import Line
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

_TAB = "→"
_LONGEST = 600  # characters of a line


class _Lines(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[Line] = ()

    def show_lines(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self.setAccessibleDescription("\n".join(line.text for line in lines))
        self.updateGeometry()
        self.resize(self.sizeHint())
        self.update()

    def _step(self) -> int:
        return QFontMetrics(theme.mono_font()).height() + 3

    def sizeHint(self) -> QSize:
        advance = QFontMetrics(theme.mono_font()).horizontalAdvance("0")
        longest = max((len(line.text) + 2 * len(line.marks) for line in self._lines), default=0)
        return QSize(min(longest, _LONGEST) * advance + 32, self._step() * max(1, len(self._lines)) + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = theme.mono_font()
        painter.setFont(font)
        metrics, step = QFontMetrics(font), self._step()
        for k, line in enumerate(self._lines):
            x, at, y = 16, 0, 2 + k * step
            for begin, end in (*line.marks, (len(line.text), len(line.text))):
                x = self._text(painter, metrics, x, y, line.text[at:begin])
                if end > begin:
                    x = self._mark(painter, metrics, x, y, line.text[begin:end])
                at = end
                if at > _LONGEST:
                    break
        painter.end()

    def _text(self, painter: QPainter, metrics: QFontMetrics, x: int, y: int, text: str) -> int:
        painter.setPen(theme.colour("ink"))
        painter.drawText(x, y + metrics.ascent() + 1, text)
        return x + metrics.horizontalAdvance(text)

    def _mark(self, painter: QPainter, metrics: QFontMetrics, x: int, y: int, mark: str) -> int:
        shown = _TAB if mark == "\t" else mark
        width = metrics.horizontalAdvance(shown) + 6
        painter.fillRect(QRect(x + 2, y, width, metrics.height() + 2), theme.colour("selection"))
        painter.setPen(theme.colour("accent_text"))
        painter.drawText(x + 5, y + metrics.ascent() + 1, shown)
        return x + width + 4


class FileLines(QScrollArea):
    """A strip of lines of the file."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "import_lines", self.tr("First lines of the file"))
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._inner = _Lines()
        self.setWidget(self._inner)
        self.setProperty("surface", "panel")

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines."""
        self._inner.show_lines(lines)
        self.setFixedHeight(self._inner.sizeHint().height() + 12)
