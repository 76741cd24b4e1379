"""The line for commands: runs them, recalls them, completes them, takes several at once."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QStringListModel, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QCompleter, QPlainTextEdit, QWidget

from terrace_desktop.app.completing import completions, extended
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named, proposals
from terrace_desktop.work.history import HistoryModel

PAD = 8  # px over and under the lines, the border among them
MOST_LINES = 8  # that are seen at once
POPUP_KEYS = (
    Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Up, Qt.Key.Key_Down,
)  # fmt: skip


class CommandBar(QPlainTextEdit):
    """A line for any command, or several lines that were pasted.

    Enter runs it, Shift+Enter begins another line, Up and Down walk through the history, Tab completes.
    """

    command_entered = Signal(str)
    help_asked = Signal(str)

    def __init__(self, history: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "command_bar", self.tr("Command"))
        self.setProperty("mono", True)
        self.setPlaceholderText(self.tr("Type a command and press Enter; Tab completes"))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self._history = history
        self._at: int | None = None
        self._draft = ""
        self.commands: dict[str, str] = {}
        self.variables: tuple[str, ...] = ()
        self._words = QStringListModel(self)
        self._completer = QCompleter(self._words, self)
        self._completer.setWidget(self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        named(proposals(self._completer), "command_proposals", self.tr("Proposals"))
        self._completer.activated.connect(self._complete_with)
        self._start = 0
        self.textChanged.connect(self._fit)
        self._fit()

    def text(self) -> str:
        """What stands here."""
        return self.toPlainText()

    def setText(self, text: str) -> None:
        """Put a text here, with the cursor at its end."""
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def put(self, command: str) -> None:
        """Put a command here to be changed."""
        self.setText(command)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._at = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        cursor = self.textCursor()
        if proposals(self._completer).isVisible() and key in POPUP_KEYS:
            event.ignore()  # the list of proposals takes them
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not shift:
            self._enter()
        elif key == Qt.Key.Key_Up and cursor.blockNumber() == 0:
            self._walk(-1)
        elif key == Qt.Key.Key_Down and cursor.blockNumber() == self.blockCount() - 1:
            self._walk(1)
        elif key == Qt.Key.Key_Escape:
            self.clear()
            self._at = None
        elif key == Qt.Key.Key_F1:
            self.help_asked.emit(self.text())
        elif control and key == Qt.Key.Key_Space:
            self._complete()
        elif key == Qt.Key.Key_Tab and self._complete():
            pass
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self.focusNextPrevChild(key == Qt.Key.Key_Tab)
        else:
            super().keyPressEvent(event)
            proposals(self._completer).hide()

    def focusNextPrevChild(self, next_: bool) -> bool:
        """Tab comes to `keyPressEvent` first, which completes or moves on."""
        return QWidget.focusNextPrevChild(self, next_)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_F1:
                event.accept()  # here it explains the command, not the window
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                self.keyPressEvent(event)
                event.accept()
                return True
        return super().event(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Several lines stay several lines, each of which runs; the last one need not be ended."""
        self.insertPlainText(source.text().strip("\n"))

    # --- completing ---------------------------------------------------------------------------------
    def _complete(self) -> bool:
        """Go on with the word before the cursor as far as is certain; False where nothing is known."""
        cursor = self.textCursor()
        if cursor.hasSelection() or not self.text().strip():
            return False
        text, at = self.text(), cursor.position()
        line = text.rfind("\n", 0, at) + 1
        start, words = completions(text[line:at], at - line, self.commands, self.variables)
        self._start = line + start
        typed = text[self._start : at]
        if not words:
            return False
        common = extended(words)
        if len(words) == 1:
            self._complete_with(words[0])
        elif common.lower().startswith(typed.lower()) and len(common) > len(typed):
            self._replace(common)
        else:
            self._words.setStringList(words)
            proposals(self._completer).setCurrentIndex(self._words.index(0))
            box = self.cursorRect()
            box.setWidth(260)
            self._completer.complete(box)
        return True

    def _complete_with(self, word: str) -> None:
        self._replace(word)
        proposals(self._completer).hide()

    def _replace(self, word: str) -> None:
        cursor = self.textCursor()
        cursor.setPosition(self._start, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(word)
        self.setTextCursor(cursor)

    # --- looks --------------------------------------------------------------------------------------
    def _fit(self) -> None:
        lines = min(MOST_LINES, max(1, self.blockCount()))
        metrics = QFontMetrics(theme.mono_font())
        self.setFixedHeight(lines * metrics.lineSpacing() + 2 * PAD)
        many = self.blockCount() > MOST_LINES
        shown = Qt.ScrollBarPolicy.ScrollBarAsNeeded if many else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(shown)

    def _walk(self, step: int) -> None:
        entries = self._history.entries
        if not entries:
            return
        if self._at is None:
            if step > 0:
                return
            self._draft = self.text()
            self._at = len(entries)
        at = self._at + step
        if at >= len(entries):
            self._at = None
            self.setText(self._draft)
        elif at >= 0:
            self._at = at
            self.setText(entries[at].command)

    def _enter(self) -> None:
        text = self.text().strip()
        if text:
            self._at = None
            self.clear()
            self.command_entered.emit(text)
