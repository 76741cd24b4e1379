"""The editor of a note: rich text with a small tool bar, kept as Markdown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QKeyEvent,
    QKeySequence,
    QShortcut,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextListFormat,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QTextEdit, QToolButton, QVBoxLayout

from terrace_desktop.results import note_markdown
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import button, icon_button, named

LEAST, MOST = 64, 400  # px of the editor
HEADING = 3  # of Markdown: under the titles of results
BULLETS, NUMBERS = QTextListFormat.Style.ListDisc, QTextListFormat.Style.ListDecimal


class _Text(QTextEdit):
    """The text. Nothing is loaded for it: a picture in a note would tell its server that the note is read."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> Any:
        return None


class NoteEditor(QFrame):
    """`kept` carries the text as Markdown, `left` says that nothing is to be kept."""

    kept = Signal(str)
    left = Signal()

    def __init__(self, markdown: str = "", *, of_report: bool = False) -> None:
        """`of_report` is of a text that stands in the report alone and is no note of the results."""
        super().__init__()
        self._over = False
        self._of_report = of_report
        self.text = named(_Text(), "note_editor", self.tr("Text") if of_report else self.tr("Note"))
        self.text.setTabChangesFocus(True)
        self.text.setAcceptRichText(False)  # what comes from elsewhere is text: Markdown holds no more than it shows
        self.text.setPlaceholderText(self.tr("Write a text") if of_report else self.tr("Write a note"))
        self.text.document().setDefaultFont(theme.text_font())
        self.text.document().setMarkdown(markdown, QTextDocument.MarkdownFeature.MarkdownNoHTML)
        self._dress_links()
        self.text.installEventFilter(self)
        self.text.document().contentsChanged.connect(self._fit)
        self.buttons: dict[str, QToolButton] = {}
        self.address = named(QLineEdit(), "note_address", self.tr("Address of the link"))
        self.address.setPlaceholderText(self.tr("Web or mail address"))
        self.address.installEventFilter(self)
        self.address.returnPressed.connect(self.set_link)
        self.address.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.text)
        column.addWidget(self.address)
        column.addLayout(self._bar())
        self.text.currentCharFormatChanged.connect(lambda _format: self._show_state())
        self.text.cursorPositionChanged.connect(self._show_state)
        self._before = self.markdown()
        self._fit()

    def _bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        std = QKeySequence.StandardKey
        tools: tuple[tuple[str, str, str, QKeySequence.StandardKey | str, Callable[[], object]], ...] = (
            ("bold", "bold", self.tr("Bold"), std.Bold, self.toggle_bold),
            ("italic", "italic", self.tr("Italic"), std.Italic, self.toggle_italic),
            ("heading", "heading", self.tr("Heading"), "Ctrl+Shift+H", self.toggle_heading),
            ("list", "list", self.tr("Bulleted list"), "Ctrl+Shift+8", self.toggle_list),
            ("numbers", "numbered", self.tr("Numbered list"), "Ctrl+Shift+7", self.toggle_numbers),
            ("link", "link", self.tr("Link"), "Ctrl+Shift+K", self.ask_link),
        )
        for name, icon, words, keys, do in tools:
            b = icon_button(icon, f"note_{name}", words, do, checkable=True)
            # a shortcut of a button presses it for 100 ms first, while the letters that follow come without the look
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.setObjectName(f"note_{name}_key")
            shortcut.activated.connect(do)
            b.setToolTip(f"{words} ({shortcut.key().toString(QKeySequence.SequenceFormat.NativeText)})")
            self.buttons[name] = b
            row.addWidget(b)
        row.addStretch(1)
        row.addWidget(button(self.tr("Cancel"), "note_cancel", self.cancel, variant="link"))
        words = self.tr("Keep text") if self._of_report else self.tr("Keep note")
        row.addWidget(button(words, "note_keep", self.keep))
        return row

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

    # --- the tools ----------------------------------------------------------------------------------
    def toggle_bold(self) -> None:
        """Bold, or not. A heading is bold as it is."""
        if not self.text.textCursor().blockFormat().headingLevel():
            bold = self.text.fontWeight() > QFont.Weight.Normal
            self.text.setFontWeight(QFont.Weight.Normal if bold else QFont.Weight.Bold)
        self._show_state()

    def toggle_italic(self) -> None:
        """Italic, or not."""
        self.text.setFontItalic(not self.text.fontItalic())
        self._show_state()

    def toggle_heading(self) -> None:
        """The paragraphs as headings, or as text again."""
        level = 0 if self.text.textCursor().blockFormat().headingLevel() else HEADING
        for one in self._paragraphs():
            _leave_list(one)
            format_ = one.blockFormat()
            format_.setHeadingLevel(level)
            one.setBlockFormat(format_)
            one.movePosition(QTextCursor.MoveOperation.StartOfBlock)
            one.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            one.mergeCharFormat(_heading_look(level))
            one.mergeBlockCharFormat(_heading_look(level))
        self.text.mergeCurrentCharFormat(_heading_look(level))
        self._show_state()

    def toggle_list(self) -> None:
        """A list of dots, or none."""
        self._toggle_list(BULLETS)

    def toggle_numbers(self) -> None:
        """A numbered list, or none."""
        self._toggle_list(NUMBERS)

    def _toggle_list(self, style: QTextListFormat.Style) -> None:
        cursor = self.text.textCursor()
        cursor.beginEditBlock()
        if self.text.textCursor().blockFormat().headingLevel():
            self.toggle_heading()
        found = cursor.currentList()
        before = None if found is None else found.format().style()
        if found is not None:
            for one in self._paragraphs():
                _leave_list(one)
        if before != style:
            cursor.createList(style)
        cursor.endEditBlock()
        self._show_state()

    def ask_link(self) -> None:
        """The line for the address of what is chosen, or of the link that the cursor is in; once more takes it away."""
        if self.address.isVisible():
            self._leave_link()
            return
        self.address.setText(self.text.currentCharFormat().anchorHref())
        self.address.show()
        self.address.selectAll()
        self.address.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_state()

    def set_link(self) -> None:
        """Give what is chosen the address, or take the link away where that is empty."""
        address = self.address.text().strip()
        if address and ":" not in address:
            address = f"mailto:{address}" if "@" in address and "/" not in address else f"https://{address}"
        address = QUrl(address).toString(QUrl.ComponentFormattingOption.FullyEncoded)
        if self.address.text().strip() and not note_markdown.allowed(address):
            self.address.setProperty("state", "error")
            self.address.setToolTip(self.tr("Enter a web or mail address."))
            self.address.setAccessibleDescription(self.tr("Enter a web or mail address."))
            self.address.style().polish(self.address)
            return
        cursor = self.text.textCursor()
        here = self.text.currentCharFormat().anchorHref()
        if not cursor.hasSelection() and here:
            _around(cursor, here)
        look = link_look(address)
        if cursor.hasSelection():
            cursor.mergeCharFormat(look)
        elif address:
            cursor.insertText(address.removeprefix("https://").removeprefix("mailto:"), look)
        cursor.setPosition(cursor.selectionEnd())
        self.text.setTextCursor(cursor)
        self.text.mergeCurrentCharFormat(link_look(""))  # what is typed next is no part of it
        self._leave_link()

    def _leave_link(self) -> None:
        self.address.setProperty("state", "")
        self.address.setToolTip("")
        self.address.setAccessibleDescription("")
        self.address.hide()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_state()

    def _dress_links(self) -> None:
        """Links in the colour of the theme; those that lead where none may are text."""
        for block in note_markdown.blocks(self.text.document()):
            for part in note_markdown.fragments(block):
                href = part.charFormat().anchorHref()
                if href:
                    cursor = QTextCursor(self.text.document())
                    cursor.setPosition(part.position())
                    cursor.setPosition(part.position() + part.length(), QTextCursor.MoveMode.KeepAnchor)
                    cursor.mergeCharFormat(link_look(href if note_markdown.allowed(href) else ""))

    def _paragraphs(self) -> list[QTextCursor]:
        """A cursor in each paragraph of what is chosen."""
        cursor = self.text.textCursor()
        last = max(cursor.selectionEnd() - (cursor.hasSelection()), cursor.selectionStart())
        block = self.text.document().findBlock(cursor.selectionStart())
        out = []
        while block.isValid() and block.position() <= last:
            out.append(QTextCursor(block))
            block = block.next()
        return out

    def _show_state(self) -> None:
        cursor = self.text.textCursor()
        found, heading = cursor.currentList(), cursor.blockFormat().headingLevel() > 0
        style = None if found is None else found.format().style()
        state = {
            "bold": self.text.fontWeight() > QFont.Weight.Normal and not heading, "italic": self.text.fontItalic(),
            "heading": heading, "list": style is not None and style != NUMBERS, "numbers": style == NUMBERS,
            "link": bool(self.text.currentCharFormat().anchorHref()) or self.address.isVisible(),
        }  # fmt: skip
        for name, on in state.items():
            self.buttons[name].setChecked(on)
        self.buttons["bold"].setEnabled(not heading)

    def _fit(self) -> None:
        height = int(self.text.document().size().height()) + 14
        self.text.setFixedHeight(min(MOST, max(LEAST, height)))

    # --- keys and focus -----------------------------------------------------------------------------
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Enter and another focus keep the note; Escape leaves it. Enter ends a heading, and a list at its end."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.cancel() if watched is self.text else self._leave_link()
                return True
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.keep()
                return True
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if enter and plain and watched is self.text and self._ended():
                return True
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            elsewhere = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
            to = self.window().focusWidget()
            if event.reason() not in elsewhere and (to is None or not self.isAncestorOf(to)):
                self.keep()
        return super().eventFilter(watched, event)

    def _ended(self) -> bool:
        """Where Enter ends something: a heading is one line, and an empty item is the end of its list."""
        cursor = self.text.textCursor()
        if cursor.currentList() is not None and not cursor.block().text() and not cursor.hasSelection():
            _leave_list(cursor)
        elif cursor.blockFormat().headingLevel() and cursor.atBlockEnd():
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
            self.text.setTextCursor(cursor)
            self.text.setCurrentCharFormat(QTextCharFormat())
        else:
            return False
        self._show_state()
        return True


def markdown_of(text: QTextEdit) -> str:
    """The Markdown of a text; by Qt where a note has what none of the tools makes, such as a picture."""
    try:
        return note_markdown.markdown_of(text.document())
    except note_markdown.Unwritten:
        return str(text.toMarkdown()).strip()


def link_look(address: str) -> QTextCharFormat:
    """How a link looks; with an empty address how text does that is none."""
    look = QTextCharFormat()
    look.setAnchor(bool(address))
    look.setAnchorHref(address)
    look.setFontUnderline(bool(address))
    look.setForeground(theme.colour("accent_text" if address else "ink"))
    return look


def _heading_look(level: int) -> QTextCharFormat:
    look = QTextCharFormat()
    look.setProperty(QTextFormat.Property.FontSizeAdjustment, 4 - level if level else 0)
    look.setFontWeight(QFont.Weight.Bold if level else QFont.Weight.Normal)
    return look


def _leave_list(cursor: QTextCursor) -> None:
    """A paragraph that is no item any more."""
    found = cursor.currentList()
    if found is not None:
        found.remove(cursor.block())
        format_ = cursor.blockFormat()
        format_.setIndent(0)
        cursor.setBlockFormat(format_)


def _around(cursor: QTextCursor, address: str) -> None:
    """Choose all of the link that the cursor is in."""
    block, place = cursor.block(), cursor.position()
    start = end = place
    for fragment in note_markdown.fragments(block):
        first, last = fragment.position(), fragment.position() + fragment.length()
        if fragment.charFormat().anchorHref() == address and first <= end and last >= start:
            start, end = min(start, first), max(end, last)
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)

