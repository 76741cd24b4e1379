"""The panel between data and results: one thing at a time, in place or torn off as a window of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import ElidedLabel, hairline, icon_button, named, sized

Keys = Mapping[str, Callable[[], object]]


def done_keys(do: Callable[[], object]) -> Keys:
    """The keys that mean the button at the foot: Ctrl+Enter of either Enter."""
    return dict.fromkeys(("Ctrl+Return", "Ctrl+Enter", "Ctrl+Num+Enter"), do)


@dataclass(frozen=True)
class Head:
    """What stands over the contents: an icon, what it is, and what it is about."""

    icon: str
    title: str
    subtitle: str = ""


class KeyTaker(QWidget):
    """A widget whose keys mean something of its own while the focus is in it, whatever they mean to the window."""

    def keys(self) -> Keys:
        """Keys by their text, and what they do."""
        return {}

    def _meant(self, event: QKeyEvent) -> Callable[[], object] | None:
        pressed = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
        return next((do for keys, do in self.keys().items() if keys == pressed), None)

    def event(self, event: QEvent) -> bool:
        # A key that is taken here is no shortcut of the window: Qt asks the focus and its parents first.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._meant(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        do = self._meant(event)
        if do is not None:
            do()
        else:
            super().keyPressEvent(event)


class WorkContent(KeyTaker):
    """What the panel can show. `head_changed` tells that `head`, `can_undo` or `can_redo` may be others now.

    ``undoes`` tells that it has an undo of its own; ``walks`` that it is one of several, with one before and one after
    it; ``folds_data`` that it wants the room of the data; ``wide`` is the
    width that it would like, 0 for the panel's own.
    """

    head_changed = Signal()
    undoes = False
    walks = False
    folds_data = False
    wide = 0

    def keys(self) -> Keys:
        return {"Ctrl+Z": self.undo, "Ctrl+Y": self.redo, "Ctrl+Shift+Z": self.redo} if self.undoes else {}

    def head(self) -> Head:
        """The icon and words of the head."""
        return Head("model", self.accessibleName())

    def tool(self) -> str:
        """The action of the tool bar that this is the work of; empty where there is none."""
        return ""

    def begin(self) -> None:
        """Put the focus where work begins."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def can_undo(self) -> bool:
        """True where its own undo has something to take back."""
        return False

    @property
    def can_redo(self) -> bool:
        """True where something was taken back."""
        return False

    def walk(self, step: int) -> None:
        """Show the one before (-1) or after (1)."""

    def undo(self) -> None:
        """Take back the last change of the draft."""

    def redo(self) -> None:
        """Make it again."""


class FormContent(WorkContent):
    """What is a form: the style sheet knows its controls by this class."""


class Zones(Protocol):
    """What those who have something to show ask of the window: a `QObject` that owns what they make."""

    @property
    def panel(self) -> WorkPanel:
        """The panel."""

    def open(self, content: WorkContent) -> None:
        """Show something in the panel and put the focus there."""

    def close_panel(self) -> None:
        """Close the panel."""

    def is_open(self, content: WorkContent | None = None) -> bool:
        """True where the panel is shown, with these contents where some are given."""


class WorkPanel(QFrame):
    """Head and contents. Escape closes it; what was begun in it stays."""

    close_asked = Signal()
    tear_asked = Signal()  # off, or back into the window
    turned = Signal()  # it shows something else
    headed = Signal()  # its contents say something else of themselves

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "work_panel", self.tr("Work panel"))
        self.setProperty("zone", "work")
        self._content: WorkContent | None = None
        self.icon = QLabel()
        self.title = named(ElidedLabel("", "heading"), "work_title", "")
        self.subtitle = named(ElidedLabel("", "muted"), "work_subtitle", "")
        self.back = icon_button("back", "work_back", self.tr("The one before (Ctrl+PgUp)"), lambda: self._walk(-1))
        self.on = icon_button("forward", "work_on", self.tr("The next one (Ctrl+PgDown)"), lambda: self._walk(1))
        self.undo = icon_button("undo", "work_undo", self.tr("Undo in this panel (Ctrl+Z)"), self._undo)
        self.redo = icon_button("redo", "work_redo", self.tr("Redo in this panel (Ctrl+Y)"), self._redo)
        self.tear = icon_button("detach", "work_tear", "", self.tear_asked.emit)
        self.close_button = icon_button("close", "work_close", self.tr("Close the panel (Esc)"), self.close_asked.emit)
        self._buttons: tuple[QToolButton, ...] = (
            self.back, self.on, self.undo, self.redo, self.tear, self.close_button,
        )  # fmt: skip
        head = QFrame()
        sized(head, height=theme.HEAD)
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(4)
        row.addWidget(self.icon)
        row.addSpacing(4)
        row.addWidget(self.title)
        row.addSpacing(4)
        row.addWidget(self.subtitle, 1)
        for b in self._buttons:
            row.addWidget(b)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(head)
        self._column.addWidget(hairline())
        self.show_torn(False)

    def content(self) -> WorkContent | None:
        """What it shows."""
        return self._content

    def show_content(self, content: WorkContent) -> None:
        """Show this, and nothing else; what was shown is hidden and can be shown again."""
        if content is self._content:
            self._show_head()
            return
        if self._content is not None:
            self._content.head_changed.disconnect(self._show_head)
            self._content.hide()
            self._column.removeWidget(self._content)
        self._content = content
        content.head_changed.connect(self._show_head)
        self._column.addWidget(content, 1)
        content.show()
        self._show_head()
        self.turned.emit()

    def forget(self, content: WorkContent) -> None:
        """The contents go away for good."""
        if content is self._content:
            content.head_changed.disconnect(self._show_head)
            self._column.removeWidget(content)
            self._content = None
            self.turned.emit()
        content.hide()  # it stays a child until it is deleted: without a parent Python would delete it a second time

    def show_torn(self, torn: bool) -> None:
        """Whether it is a window of its own."""
        words = self.tr("Dock the panel in the window") if torn else self.tr("Detach the panel as a window")
        set_icon(self.tear, "dock" if torn else "detach")
        self.tear.setToolTip(words)
        self.tear.setAccessibleName(words)

    def _show_head(self) -> None:
        content = self._content
        if content is None:
            return
        head = content.head()
        set_icon(self.icon, head.icon)
        self.title.set_text(head.title)
        self.subtitle.set_text(head.subtitle)
        self.subtitle.setVisible(True)
        self.setWindowTitle(" ".join(x for x in (head.title, head.subtitle) if x))
        for b, able in ((self.undo, content.can_undo), (self.redo, content.can_redo)):
            b.setVisible(content.undoes)
            b.setEnabled(able)
        for b in (self.back, self.on):
            b.setVisible(content.walks)
        self.headed.emit()

    def _walk(self, step: int) -> None:
        if self._content is not None:
            self._content.walk(step)

    def _undo(self) -> None:
        if self._content is not None:
            self._content.undo()

    def _redo(self) -> None:
        if self._content is not None:
            self._content.redo()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_asked.emit()
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # these belong to the field with the focus
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """The window that it is was closed: the panel is, and what was begun in it stays."""
        event.ignore()
        self.close_asked.emit()
