"""Where a list of labels is pasted or typed, and what of it was understood."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout

from terrace.data.value import Value
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import button, label, named, tell
from terrace_desktop.variables.pasted import labels_in


class PasteBox(QFrame):
    """`given` tells labels by their values; what cannot be read is told under the text."""

    given = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        named(self, "paste_box", self.tr("Paste a list of labels"))
        self.setProperty("surface", "popup")
        self._values: Sequence[Value] = ()
        self.text = named(QPlainTextEdit(), "paste_labels", self.tr("List of labels"))
        self.text.setPlaceholderText(self.tr("1 lowest\n2 second\nor: lowest; second"))
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(theme.px(96))
        self.told = named(label("", "small", wrap=True), "paste_told", "")
        self.use = button(self.tr("Use these labels"), "paste_use", self._use, variant="primary")
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button(self.tr("Cancel"), "paste_cancel", self.hide))
        row.addWidget(self.use)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.text)
        column.addWidget(self.told)
        column.addLayout(row)
        self.text.textChanged.connect(self._look)
        self.hide()

    def open(self, values: Sequence[Value]) -> None:
        """Ask for labels of these values; a list in the clipboard stands there already."""
        self._values = values
        copied = QGuiApplication.clipboard().text()
        self.text.setPlainText(copied if self._reads(copied) and len(copied) < 100_000 else "")
        self.text.selectAll()
        self._look()
        self.show()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _reads(self, text: str) -> bool:
        try:
            return len(labels_in(text, self._values)) > 1
        except ValueError:
            return False

    def _look(self) -> None:
        text = self.text.toPlainText()
        try:
            found = labels_in(text, self._values) if text.strip() else {}
        except ValueError as error:
            tell(self.told, str(error))
            self.use.setEnabled(False)
            return
        tell(self.told, self.tr("{0} label(s)", "", len(found)).format(len(found)) if found else "")
        self.use.setEnabled(bool(found))

    def _use(self) -> None:
        self.hide()
        self.given.emit(labels_in(self.text.toPlainText(), self._values))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.use.isEnabled():
            self._use()
        else:
            super().keyPressEvent(event)
