"""The terms of all that comes with Terrace: libraries on the left, the text of the chosen one, a search over all."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from terrace.libraries import parts
from terrace_desktop.ui import theme
from terrace_desktop.ui.room import for_text
from terrace_desktop.ui.widgets import button, label, named
from terrace_desktop.ui.words import tr

_TEXT = Qt.ItemDataRole.UserRole


class LicencesDialog(QDialog):
    """Shows a text that `terrace.libraries.page` made, by library. Typed words leave the libraries that have them."""

    def __init__(self, parent: QWidget | None, text: str) -> None:
        super().__init__(parent)
        title = tr("Licences")
        named(self, "licences_dialog", title)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("surface", "panel")
        self.resize(*for_text(1000, 600))
        self.search = named(QLineEdit(), "licences_search", self.tr("Search the licences"))
        self.search.setPlaceholderText(self.tr("Search: a library, a licence, or words of its text"))
        self.search.setClearButtonEnabled(True)
        for b in self.search.findChildren(QToolButton):
            named(b, "licences_search_clear", self.tr("Clear"))
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._find)
        self.list = named(QListWidget(), "licences_list", self.tr("Libraries"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFixedWidth(theme.px(270))
        self.list.currentItemChanged.connect(self._show)
        self.text = named(QPlainTextEdit(), "licences_text", self.tr("Text of the licence"))
        self.text.setReadOnly(True)
        self.text.setProperty("mono", True)
        self.none = named(label(self.tr("No licence has these words."), wrap=True), "licences_none", "")
        self.none.hide()
        self._lay_out()
        self._fill(text)
        self.search.setFocus()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(self.search)
        column.addWidget(self.none)
        both = QHBoxLayout()
        both.setSpacing(12)
        both.addWidget(self.list)
        both.addWidget(self.text, 1)
        column.addLayout(both, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button(self.tr("Close"), "licences_close", self.accept))
        column.addLayout(row)

    def _fill(self, text: str) -> None:
        for k, (heading, part) in enumerate(parts(text)):
            name, _, licence = heading.partition(": ")
            item = QListWidgetItem(self.tr("All of them, and how Qt is replaced") if k == 0 else name)
            item.setToolTip(licence)
            item.setData(_TEXT, part)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _show(self, item: QListWidgetItem | None) -> None:
        self.text.setPlainText("" if item is None else str(item.data(_TEXT)))
        if item is not None and self.search.text().strip():
            self._find()

    def _filter(self, typed: str) -> None:
        words = typed.strip().lower()
        shown = []
        for k in range(self.list.count()):
            item = self.list.item(k)
            item.setHidden(words not in str(item.data(_TEXT)).lower())
            shown += [] if item.isHidden() else [item]
        self.none.setVisible(not shown)
        current = self.list.currentItem()
        if current not in shown:
            self.list.setCurrentItem(shown[0] if shown else None)  # type: ignore[arg-type]  # None is no choice
        elif words:
            self._find(from_start=True)

    def _find(self, from_start: bool = False) -> None:
        """Mark the next place of the typed words, after the last from the top again."""
        words = self.search.text().strip()
        document: QTextDocument = self.text.document()
        found = document.find(words, 0 if from_start else self.text.textCursor())
        if found.isNull():
            found = document.find(words, 0)
        if not found.isNull():
            self.text.setTextCursor(found)
            self.text.centerCursor()
