"""A condition that is written, with completion; what is wrong with it is shown at its place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QStringListModel, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QVBoxLayout

from terrace.data.dataset import Dataset
from terrace.errors import TerraceError
from terrace_desktop.filters.completing import completions
from terrace_desktop.filters.facts import Read, checked
from terrace_desktop.filters.page import Page
from terrace_desktop.filters.work import Ask
from terrace_desktop.ui.widgets import label, named, proposals, tell
from terrace_desktop.ui.words import from_engine

SHOWN = 40  # characters of a condition around a place that is wrong
REST = 300  # ms without typing, after which a condition is looked at


class ConditionLine(QLineEdit):
    """A line that proposes variables and value labels."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        named(self, "filter_condition", self.tr("Condition"))
        self.setProperty("mono", True)
        self.setPlaceholderText(_example(dataset))
        self._dataset = dataset
        self._start = 0
        self._words = QStringListModel(self)
        self._completer = QCompleter(self._words, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setWidget(self)  # not `setCompleter`, which replaces the whole line
        named(proposals(self._completer), "filter_proposals", self.tr("Proposals"))
        self._completer.activated[str].connect(self._take)  # type: ignore[index]  # by its overload
        self.textEdited.connect(lambda _text: self.propose())

    def propose(self) -> None:
        """Show what the word before the cursor could become."""
        self._start, words = completions(self.text(), self.cursorPosition(), self._dataset)
        self._words.setStringList(words)
        if words:
            self._completer.complete()
        else:
            proposals(self._completer).hide()

    def _take(self, word: str) -> None:
        text, at = self.text(), self.cursorPosition()
        back = 1 if word.endswith("()") else 0
        self.setText(text[: self._start] + word + text[at:])
        self.setCursorPosition(self._start + len(word) - back)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._chose(event):
            return True
        return super().event(event)

    def _chose(self, event: QKeyEvent) -> bool:
        """While words are proposed, Tab takes one, Enter the one that is marked, and Escape none."""
        popup = proposals(self._completer)
        keys = (Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
        if not popup.isVisible() or event.key() not in keys:
            return False
        index = popup.currentIndex()
        popup.hide()
        if event.key() == Qt.Key.Key_Escape:
            return True
        if event.key() == Qt.Key.Key_Tab and not index.isValid():
            index = self._completer.completionModel().index(0, 0)
        if index.isValid():
            self._take(str(index.data()))
        return index.isValid()


class ConditionPage(Page):
    """`given` stands there to begin with."""

    def __init__(self, dataset: Dataset, ask: Ask, given: str = "") -> None:
        super().__init__(ask)
        self._dataset = dataset
        self._read: Read | None = None
        self._waits = False  # for what is read, to be done with it
        self.line = ConditionLine(dataset)
        self.line.setText(given)
        hint = self.tr("Compare with and, or, not, is, =, <, >. Value labels stand for their codes.")
        self._problem = named(label("", "danger", wrap=True), "filter_condition_problem", self.tr("What is wrong"))
        self._place = named(label("", "mono"), "filter_condition_place", self.tr("The place that is wrong"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.line)
        column.addWidget(self._place)
        column.addWidget(self._problem)
        column.addWidget(label(hint, "small", wrap=True))
        column.addStretch(1)
        self._say("")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST)
        self._timer.timeout.connect(self._look)
        self.line.textChanged.connect(self._typed)
        self.line.returnPressed.connect(self.finish)
        if given:
            self._look()

    def finish(self) -> None:
        """Be done with what is written, as soon as it has been read; or be told what is wrong with it."""
        if self._read is not None:
            self.done.emit()
        else:
            self._waits = True
            self._look()

    def _typed(self, _text: str) -> None:
        self._read, self._waits = None, False
        self.latest.forget()
        self._say("")
        self._timer.start()
        self.changed.emit()

    def _look(self) -> None:
        self._timer.stop()
        text, dataset = self.line.text(), self._dataset
        if not text.strip():
            return

        def read(found: Read) -> None:
            waits, self._waits, self._read = self._waits, False, found
            self._say("")
            self.changed.emit()
            if waits:
                self.done.emit()

        def failed(error: Exception) -> None:
            finished, self._waits = self._waits, False
            self._refuse(error, finished)

        self.latest.ask("reading a condition", lambda: checked(text, dataset), read, failed)

    def _refuse(self, error: Exception, finished: bool) -> None:
        """Tell what is wrong and where; once the user has finished, the place is selected to be written anew."""
        if not isinstance(error, TerraceError):
            self._say(str(error))
            return
        start, end = error.start, error.end
        here = start is not None and end is not None and error.text == self.line.text()
        if here and start is not None and end is not None and finished:
            self.line.setSelection(start, max(1, min(end, len(self.line.text())) - start))
        self._say(
            f"{from_engine(error.message)} {from_engine(error.advice)}".strip(),
            _pointed(self.line.text(), start, end) if here and start is not None and end is not None else "",
        )

    def _say(self, text: str, place: str = "") -> None:
        tell(self._problem, text)
        tell(self._place, place)

    def problem(self) -> str:
        """What is said to be wrong."""
        return self._problem.text()

    def text(self) -> str:
        return "" if self._read is None else self._read.expression

    def told(self) -> str:
        if self._read is None:
            return ""
        return self.of_rows(self._read.kept, self._dataset)

    def begin(self) -> None:
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_down(self) -> None:
        self._timer.stop()
        super().close_down()


def _pointed(text: str, start: int, end: int) -> str:
    """The text around a place, with signs under it."""
    first = max(0, min(start - 8, len(text) - SHOWN))
    shown = text[first : first + SHOWN]
    return f"{shown}\n{' ' * (start - first)}{'^' * max(1, min(end, first + SHOWN) - start)}"


def _example(dataset: Dataset) -> str:
    labelled = next((v for v in dataset.variables if v.value_labels and not dataset.is_text(v.name)), None)
    number = next((v.name for v in dataset.variables if not dataset.is_text(v.name) and not v.value_labels), "")
    parts = [f"{number} > 0"] if number else []
    if labelled is not None:
        parts.append(f"{labelled.name} is {next(iter(labelled.value_labels.values()))}")
    return " and ".join(parts)
