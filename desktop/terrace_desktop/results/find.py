"""Search in the document: in titles, tables and notes, from one item that has the words to the next."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QTextEdit, QToolButton, QWidget

from terrace.session.document.card import card_labels
from terrace.session.document.items import Document, Item
from terrace_desktop.results import face
from terrace_desktop.results.numbering import look_of
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import icon_button, label, named


def found_in(document: Document, words: str) -> list[int]:
    """The ids of the items whose title, tables, text or note has the words, in any case, from top to bottom."""
    wanted = " ".join(words.split()).casefold()
    if not wanted:
        return []
    return [item.id for item in document if wanted in " ".join(text_of(item, document).split()).casefold()]


def text_of(item: Item, document: Document) -> str:
    """What a search looks through."""
    from terrace.results.advice_words import advice_in_words  # which loads what the window begins without

    parts = [item.heading, item.text]
    if item.outcome is not None:
        look = look_of(item, document)
        tables = item.outcome.tables
        if item.kind == "model" and item.outcome.fit is not None:
            tables = item.outcome.fit.tables(warnings=False)
            parts += [str(w) for w in advice_in_words(item.outcome.fit, card_labels(item, look, ()))]
        parts += [face.search_text(t, look) for t in tables]
        parts += [p.title for p in item.outcome.plots]
        if not tables:
            parts.append(item.outcome.text)
    if item.kind == "data" and item.data is not None:
        parts += item.data.notes
    return "\n".join(parts)


def mark(widget: QWidget, words: str) -> None:
    """Mark the words in the texts of a card; no words take the marks away."""
    for text in widget.findChildren(QTextEdit):
        marks = []
        format_ = QTextCharFormat()
        format_.setBackground(theme.colour("warning_soft"))
        format_.setForeground(theme.colour("ink"))
        at = QTextCursor(text.document())
        while words and not (at := text.document().find(words, at)).isNull():
            one = QTextEdit.ExtraSelection()
            one.cursor, one.format = at, format_
            marks.append(one)
        text.setExtraSelections(marks)


class FindBar(QFrame):
    """The line under the head of the results. `found` carries an id and the words, `closed` that the search is over."""

    found = Signal(int, str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        named(self, "find_bar", self.tr("Search in the results"))
        self.setProperty("surface", "panel")
        self.document = Document()
        self._ids: list[int] = []
        self._at = -1
        self.line = named(QLineEdit(), "find_text", self.tr("Search in the results"))
        self.line.setPlaceholderText(self.tr("Search in titles, tables and notes"))
        self.line.installEventFilter(self)
        self.line.textChanged.connect(self._changed)
        self.count = named(label("", "small"), "find_count", self.tr("Results found"))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 8, 6)
        row.setSpacing(4)
        row.addWidget(self.line, 1)
        row.addWidget(self.count)
        row.addWidget(self._sign("up", "find_previous", self.tr("Previous"), -1))
        row.addWidget(self._sign("down", "find_next", self.tr("Next"), 1))
        close = self._sign("close", "find_close", self.tr("Close the search"), 0)
        row.addWidget(close)
        self.hide()

    def _sign(self, sign: str, name: str, words: str, by: int) -> QToolButton:
        return icon_button(sign, name, words, lambda: self.step(by) if by else self.end())

    def begin(self) -> None:
        """Open, with the words of the last search chosen."""
        self.show()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()
        self._changed()

    def end(self) -> None:
        """Close."""
        self.hide()
        self.closed.emit()

    def show_document(self, document: Document) -> None:
        """The document is another."""
        self.document = document
        if not self.isHidden():
            self._ids = found_in(document, self.line.text())
            self._tell()

    def step(self, by: int) -> None:
        """Go to the next item that has the words, or to the one before; round at the ends."""
        if self._ids:
            self._at = (self._at + by) % len(self._ids)
            self._tell()
            self.found.emit(self._ids[self._at], self.line.text())

    def _changed(self) -> None:
        self._ids = found_in(self.document, self.line.text())
        self._at = -1
        if self._ids:
            self.step(1)
        else:
            self._tell()

    def _tell(self) -> None:
        if not self.line.text().strip():
            text = ""
        elif not self._ids:
            text = self.tr("Nothing found")
        else:
            text = self.tr("{0} of {1}").format(min(self._at, len(self._ids) - 1) + 1, len(self._ids))
        self.count.setText(text)
        self.count.setAccessibleName(text or self.tr("Results found"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter goes on, Shift+Enter back, Escape closes."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.end()
                return True
        return super().eventFilter(watched, event)
