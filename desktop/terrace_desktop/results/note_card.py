"""Notes and headings of the user: rich text that is edited where it stands, and kept as Markdown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QTextCursor,
    QTextDocument,
    QTextListFormat,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QTextEdit, QToolButton, QVBoxLayout, QWidget

from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.results.card import LINE, Card
from terrace_desktop.results.title_line import when_words
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import button, icon_button, label, named
from terrace_desktop.work import outline

LEAST, MOST = 64, 400  # px of the editor


class NoteEditor(QFrame):
    """A text with bold, italic and lists; `kept` carries it as Markdown, `left` says that nothing is to be kept."""

    kept = Signal(str)
    left = Signal()

    def __init__(self, markdown: str = "") -> None:
        super().__init__()
        self._over = False
        self.text = named(QTextEdit(), "note_editor", self.tr("Note"))
        self.text.setTabChangesFocus(True)
        self.text.setAcceptRichText(False)  # what comes from elsewhere is text: Markdown holds no more than it shows
        self.text.setPlaceholderText(self.tr("Write a note"))
        self.text.document().setDefaultFont(theme.text_font())
        self.text.document().setMarkdown(markdown, QTextDocument.MarkdownFeature.MarkdownNoHTML)
        self.text.installEventFilter(self)
        self.text.document().contentsChanged.connect(self._fit)
        row = QHBoxLayout()
        row.setSpacing(2)
        self.buttons: dict[str, QToolButton] = {}
        for name, words, keys, do in (
            ("bold", self.tr("Bold"), QKeySequence.StandardKey.Bold, self.toggle_bold),
            ("italic", self.tr("Italic"), QKeySequence.StandardKey.Italic, self.toggle_italic),
            ("list", self.tr("List"), "Ctrl+Shift+8", self.toggle_list),
        ):
            b = icon_button(name, f"note_{name}", words, do, checkable=True)
            b.setShortcut(QKeySequence(keys))
            self.buttons[name] = b
            row.addWidget(b)
        row.addStretch(1)
        row.addWidget(button(self.tr("Cancel"), "note_cancel", self.cancel, variant="link"))
        row.addWidget(button(self.tr("Keep note"), "note_keep", self.keep))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.text)
        column.addLayout(row)
        self.text.currentCharFormatChanged.connect(lambda _format: self._show_state())
        self.text.cursorPositionChanged.connect(self._show_state)
        self._before = self.markdown()
        self._fit()

    def markdown(self) -> str:
        """The text as Markdown."""
        return markdown_of(self.text)

    def begin(self) -> None:
        """Take the focus, with the cursor at the end."""
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def keep(self) -> None:
        """The text is meant; one that was not changed, or is empty, changes nothing."""
        if self._over:
            return
        text = self.markdown()
        if not text or text == self._before:
            self.cancel()
            return
        self._over = True
        self.kept.emit(text)

    def cancel(self) -> None:
        """Leave what there was."""
        if not self._over:
            self._over = True
            self.left.emit()

    def toggle_bold(self) -> None:
        """Bold, or not."""
        bold = self.text.fontWeight() > QFont.Weight.Normal
        self.text.setFontWeight(QFont.Weight.Normal if bold else QFont.Weight.Bold)
        self._show_state()

    def toggle_italic(self) -> None:
        """Italic, or not."""
        self.text.setFontItalic(not self.text.fontItalic())
        self._show_state()

    def toggle_list(self) -> None:
        """A list of dots, or none."""
        cursor = self.text.textCursor()
        found = cursor.currentList()
        if found is None:
            cursor.createList(QTextListFormat.Style.ListDisc)
        else:
            block = cursor.block()
            found.remove(block)
            format_ = block.blockFormat()
            format_.setIndent(0)
            cursor.setBlockFormat(format_)
        self._show_state()

    def _show_state(self) -> None:
        self.buttons["bold"].setChecked(self.text.fontWeight() > QFont.Weight.Normal)
        self.buttons["italic"].setChecked(self.text.fontItalic())
        self.buttons["list"].setChecked(self.text.textCursor().currentList() is not None)

    def _fit(self) -> None:
        height = int(self.text.document().size().height()) + 14
        self.text.setFixedHeight(min(MOST, max(LEAST, height)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Enter and another focus keep the note; Escape leaves it."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.cancel()
                return True
            control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.keep()
                return True
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            elsewhere = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
            to = self.window().focusWidget()
            if event.reason() not in elsewhere and (to is None or not self.isAncestorOf(to)):
                self.keep()
        return super().eventFilter(watched, event)


def markdown_of(text: QTextEdit) -> str:
    """The Markdown of a text, each paragraph on one line.

    Qt breaks lines at 80 characters, which mean nothing in Markdown; a note is one string of a command, and says no
    more than it must.
    """
    lines: list[str] = []
    for line in text.toMarkdown().split("\n"):
        goes_on = lines and lines[-1].strip() and line.strip() and not line.lstrip().startswith(("- ", "* ", "1."))
        if goes_on:
            lines[-1] = f"{lines[-1].rstrip()} {line.strip()}"
        else:
            lines.append(line)
    return "\n".join(lines).strip()


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
        self._shown.resize(max(LINE, self.width() - 15), LINE)
        inside.addWidget(self._shown)
        self._inside = inside
        column.addWidget(self.box)
        if self.folded:
            self._shown.hide()
        else:
            self._shown.show_markdown(self.item.text)

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
