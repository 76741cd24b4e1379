"""A few short texts that can be taken away one by one, and a line to add another."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QToolButton

from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import clear_layout, named, tool_button


class Chips(QFrame):
    """`changed` tells the texts."""

    changed = Signal(tuple)

    def __init__(self, object_name: str, accessible: str, prompt: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self._texts: tuple[str, ...] = ()
        self._name = object_name
        self.line = named(QLineEdit(), f"{object_name}_add", self.tr("{0}: add").format(accessible))
        self.line.setPlaceholderText(prompt)
        self.line.setMaximumWidth(120)
        self.line.returnPressed.connect(self._add)
        self._row = Flow(across=6, down=6)
        self.setLayout(self._row)
        self.show_texts(())

    def texts(self) -> tuple[str, ...]:
        """What is there."""
        return self._texts

    def show_texts(self, texts: tuple[str, ...]) -> None:
        """Show these, and tell nobody."""
        focus = self.line.hasFocus()
        self._texts = texts
        self._row.removeWidget(self.line)
        clear_layout(self._row)
        for text in texts:
            self._row.addWidget(self._chip(text))
        self._row.addWidget(self.line)
        if focus:
            self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _chip(self, text: str) -> QToolButton:
        b = tool_button(
            text, f"{self._name}_{text}", variant="chip", accessible=self.tr("Remove {0}").format(text)
        )
        b.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        b.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the cross stands behind the text
        set_icon(b, "close", "accent_text")
        b.setToolTip(self.tr("Remove {0}").format(text))
        b.clicked.connect(partial(self._remove, text))
        return b

    def _add(self) -> None:
        new = tuple(t for t in self.line.text().split() if t not in self._texts)
        self.line.clear()
        if new:
            self._tell((*self._texts, *dict.fromkeys(new)))

    def _remove(self, text: str) -> None:
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)
        self._tell(tuple(t for t in self._texts if t != text))

    def _tell(self, texts: tuple[str, ...]) -> None:
        self.show_texts(texts)
        self.changed.emit(texts)
