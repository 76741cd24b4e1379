"""Notes and headings of the user: rich text that is edited where it stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.results.card import LINE, Card
from terrace_desktop.results.note_editor import NoteEditor
from terrace_desktop.results.note_markdown import allowed, blocks, runs_of
from terrace_desktop.results.title_line import when_words
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import label, named
from terrace_desktop.work import outline

MOST_LINKS = 8  # in the menu


def follow(url: QUrl) -> None:
    """Open the address of a link outside of the program; what is no web or mail address is not opened."""
    if allowed(url.toString()):
        QDesktopServices.openUrl(url)


class NoteCard(Card):
    """A note of the user, with the time of its last change."""

    gap = 14

    def estimate(self) -> int:
        return self.gap + LINE * (2 + len(self.item.text) // 70)

    @property
    def title(self) -> str:
        """Its title, or how it begins."""
        return self.item.heading or self.tr("Your note")

    def build(self, column: QVBoxLayout) -> None:
        self._editor: NoteEditor | None = None
        self.box = QFrame()
        self.box.setProperty("role", "note")
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        named(self.box, "note_box", self.title)
        self.box.setAccessibleDescription(self.item.text)
        self.box.installEventFilter(self)
        inside = QVBoxLayout(self.box)
        inside.setContentsMargins(12, 0, 0, 0)
        inside.setSpacing(2)
        row = QHBoxLayout()
        when = label(when_words(self.item.when, self.tr("Your note")))
        when.setProperty("role", "when")
        row.addWidget(when, 1)
        row.addWidget(self.more())
        inside.addLayout(row)
        self._shown = named(GrowingBrowser(), "note_text", self.title)
        self._shown.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._shown.viewport().installEventFilter(self)
        self._shown.anchorClicked.connect(follow)
        self._shown.resize(max(LINE, self.width() - 15), LINE)
        inside.addWidget(self._shown)
        self._inside = inside
        column.addWidget(self.box)
        if self.folded:
            self._shown.hide()
        else:
            self._shown.show_markdown(self.item.text)

    def redress(self) -> None:
        if not self.folded:
            self._shown.show_markdown(self.item.text)
        if self._editor is not None:
            self._editor.text.document().setDefaultFont(theme.text_font())

    def edit(self) -> None:
        """Edit the note where it stands."""
        self.wake()
        if self._editor is not None:
            return
        editor = self._editor = NoteEditor(self.item.text)
        editor.kept.connect(self._keep)
        editor.left.connect(self._leave)
        self._shown.hide()
        self._inside.addWidget(editor)
        editor.begin()

    def can_sleep(self) -> bool:
        return not self.awake or self._editor is None

    def fill_menu(self, menu: QMenu) -> None:
        menu.addAction(self.tr("Edit"), self.edit)
        for address in self.addresses()[:MOST_LINKS]:
            shown = QUrl(address).toDisplayString()
            menu.addAction(self.tr("Open {0}").format(shown.replace("&", "&&")), partial(follow, QUrl(address)))

    def addresses(self) -> list[str]:
        """Where the links of the note lead, each once."""
        found = (r.href for b in blocks(self._shown.document()) for r in runs_of(b, pictures=True))
        return list(dict.fromkeys(a for a in found if a))

    def rename(self) -> None:
        self.edit()

    def _keep(self, text: str) -> None:
        self._leave()
        self.command_asked.emit(outline.edit(self.item.id, text))

    def _leave(self) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            editor.hide()
            editor.deleteLater()
            self._shown.show()
            self.box.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A double click, Enter and F2 begin to edit."""
        if not self.awake:
            return False
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in keys
        clicked = isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonDblClick
        if (pressed and watched is self.box) or clicked:
            self.edit()
            return True
        return super().eventFilter(watched, event)


class HeadingCard(Card):
    """A heading of the user."""

    gap = 24

    def build(self, column: QVBoxLayout) -> None:
        column.addLayout(self.head("model"))


class Draft(QWidget):
    """A note or a heading that is being written, in the place where it will stand."""

    command_asked = Signal(str)
    over = Signal()

    def __init__(self, kind: str, behind: int, command: Callable[[str], str]) -> None:
        """`behind` is the item that it stands behind, 0 the end; `command` makes one of its text."""
        super().__init__()
        self.behind = behind
        self._command = command
        self.kind = kind
        named(self, "draft", self.tr("New note") if kind == "note" else self.tr("New heading"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 14, 0, 0)
        if kind == "note":
            self.note = NoteEditor()
            self.note.kept.connect(self._note)
            self.note.left.connect(self.over)
            column.addWidget(self.note)
        else:
            from terrace_desktop.results.title_line import Title

            self.title = Title("heading_draft", self.tr("New heading"), "model", empty=self.tr("Heading"))
            self.title.changed.connect(self._heading)
            self.title.ended.connect(self.over)
            column.addWidget(self.title)

    def begin(self) -> None:
        """Take the focus."""
        if self.kind == "note":
            self.note.begin()
        else:
            self.title.edit()

    def _note(self, text: str) -> None:
        self.command_asked.emit(self._command(text))
        self.over.emit()

    def _heading(self, text: str) -> None:
        self.command_asked.emit(self._command(text))
