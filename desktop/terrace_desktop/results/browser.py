"""Text views that are as high as their content, so that the pane scrolls and they do not."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRect, QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QKeySequence,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextDocument,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QWidget

from terrace_desktop.ui import theme

SHADE = 20  # px of the shade at a side where there is more to scroll to


class GrowingBrowser(QTextBrowser):
    """A text browser without scroll bars of its own up and down; the wheel moves the pane around it."""

    copy_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setOpenLinks(False)
        self._html = self._dense = ""
        self._needs = 0.0  # px that the tables need; 0 while they have it
        self.setTabChangesFocus(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.document().setDocumentMargin(0)
        self.viewport().setAutoFillBackground(False)

    def show_html(self, html: str, dense: str = "") -> None:
        """Show HTML, in the font and colours of the theme; `dense` is the same with less room, for a narrow pane."""
        self.document().setDefaultFont(theme.text_font())
        self.setLineWrapMode(QTextBrowser.LineWrapMode.WidgetWidth)
        self.setWordWrapMode(QTextOption.WrapMode.WordWrap)  # never inside a word: that squeezes labels
        self._paint_text("ink")
        self._html, self._dense, self._needs = html, dense, 0.0
        self.setHtml(html)
        self.fit_height()

    def show_markdown(self, text: str) -> None:
        """Show a note; what looks like HTML in it is text."""
        self.document().setDefaultFont(theme.text_font())
        self.setLineWrapMode(QTextBrowser.LineWrapMode.WidgetWidth)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._paint_text("ink")
        self._html = self._dense = ""
        self.document().setMarkdown(text, QTextDocument.MarkdownFeature.MarkdownNoHTML)
        self.fit_height()

    def show_plain(self, text: str) -> None:
        """Show monospaced text, unwrapped."""
        self.document().setDefaultFont(theme.mono_font())
        self.setLineWrapMode(QTextBrowser.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self._paint_text("ink")
        self._html = self._dense = ""
        self.setPlainText(text)
        self.fit_height()

    def loadResource(self, _kind: int, _name: QUrl | str) -> Any:
        """Nothing is loaded: a picture in a note would tell its server that the note is read, or show a file."""
        return None

    def fit_height(self) -> None:
        """Take the height of the document at the present width."""
        document = self.document()
        width = self.viewport().width() if self.isVisible() else self.width()  # before it is shown: what it will have
        wraps = self.lineWrapMode() == QTextBrowser.LineWrapMode.WidgetWidth
        if self._needs and width >= self._needs:  # there is room again for the tables as they are
            self._needs = 0.0
            self.setHtml(self._html)
        document.setTextWidth(width if wraps else -1)
        size = document.size()
        if self._dense and not self._needs and size.width() > width + 1:
            self._needs = size.width()
            self.setHtml(self._dense)
            document.setTextWidth(width)
            size = document.size()
        # "As needed" would flicker: the bar takes height, and the height decides on the pane's own bar.
        wide = size.width() > width + 1
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if wide else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if policy != self.horizontalScrollBarPolicy():
            self.setHorizontalScrollBarPolicy(policy)
        bar = self.horizontalScrollBar().sizeHint().height() if wide else 0
        height = int(size.height()) + 2 + bar
        if height != self.height():
            self.setFixedHeight(height)

    def more(self) -> tuple[bool, bool]:
        """Whether what is wider than the page goes on to the left, and to the right."""
        bar = self.horizontalScrollBar()
        if self.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff:
            return False, False  # a pixel or two, which no bar is worth
        return bar.value() > bar.minimum(), bar.value() < bar.maximum()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        place = self.viewport().rect()
        for there, right in zip(self.more(), (False, True)):
            if there:
                left = place.right() - SHADE + 1 if right else place.left()
                _shade(painter, QRect(left, place.top(), SHADE, place.height()), right)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit_height()

    def sizeHint(self) -> QSize:
        return QSize(320, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        if abs(event.angleDelta().x()) > abs(event.angleDelta().y()):
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and not self.textCursor().hasSelection():
            self.copy_asked.emit()
        else:
            super().keyPressEvent(event)

    def _paint_text(self, token: str) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Text, theme.colour(token))
        self.setPalette(palette)


def _shade(painter: QPainter, place: QRect, right: bool) -> None:
    """What goes on at this side is seen to go on: darker towards the edge."""
    dark, clear = QColor(theme.colour("faint")), QColor(theme.colour("faint"))
    dark.setAlpha(150)
    clear.setAlpha(0)
    shade = QLinearGradient(place.left(), 0, place.right(), 0)
    shade.setColorAt(0.0, clear if right else dark)
    shade.setColorAt(1.0, dark if right else clear)
    painter.fillRect(place, shade)
