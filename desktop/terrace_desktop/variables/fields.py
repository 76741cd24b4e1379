"""Small controls of the editors: lines that save as one types, codes as chips, lists of levels to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from terrace_desktop.builder.fields import leave_undo
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.measures import measure_icon, measure_title
from terrace_desktop.ui.widgets import button, icon_button, label, named, sized

MEASURES = ("continuous", "ordinal", "nominal", "identifier")


class Line(QLineEdit):
    """One line of text. Once it is saved, undo and redo are those of the window."""

    def __init__(self, object_name: str, accessible: str, waits: Callable[[], bool]) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self._waits = waits

    def event(self, event: QEvent) -> bool:
        return False if leave_undo(event, self._waits()) else super().event(event)


class NoteField(QPlainTextEdit):
    """A few lines of text, as high as they need; Tab leaves it."""

    left = Signal()

    def __init__(self, object_name: str, accessible: str, waits: Callable[[], bool]) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._waits = waits
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self._fit()

    def event(self, event: QEvent) -> bool:
        return False if leave_undo(event, self._waits()) else super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()

    def _fit(self) -> None:
        lines = min(6, max(2, round(self.document().size().height())))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + theme.px(18))


class LevelChoice(QComboBox):
    """One of any number of levels: the list is asked for what is on the screen only."""

    def __init__(self, object_name: str, accessible: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self._texts = QStringListModel(self)
        self.setModel(self._texts)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        view = self.view()
        view.setObjectName(f"{object_name}_list")
        view.setAccessibleName(accessible)
        if isinstance(view, QListView):
            view.setUniformItemSizes(True)
        sized(self, height=theme.CONTROL)

    def show_texts(self, texts: Sequence[str], current: int) -> None:
        """Show these, and which of them holds."""
        with QSignalBlocker(self):
            if self._texts.stringList() != list(texts):
                self._texts.setStringList(list(texts))
            self.setCurrentIndex(current)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the form scrolls


class Codes(QFrame):
    """Codes as chips, and a line to add one; `changed` tells all of them. Those in `fixed` cannot go."""

    changed = Signal(list)

    def __init__(self, object_name: str, accessible: str, hint: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.setProperty("role", "box")
        self._name = object_name
        self._codes: list[str] = []
        self._fixed: frozenset[str] = frozenset()
        self._chips: list[QWidget] = []
        self._flow = Flow(across=6, down=4)
        self._flow.setContentsMargins(8, 3, 8, 3)
        self.add = button(self.tr("Add"), f"{object_name}_add", self._open, variant="add",
                          accessible=self.tr("Add a code for missing"))  # fmt: skip
        set_icon(self.add, "plus", "accent_text")
        self.hint = label(hint, "small")
        self.line = named(QLineEdit(), f"{object_name}_line", self.tr("Code for missing"))
        self.line.setPlaceholderText("-99")
        sized(self.line, width=96)
        self.line.returnPressed.connect(self._enter)
        self.line.editingFinished.connect(self._take)
        self.line.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(self._flow)
        for w in (self.add, self.line, self.hint):
            self._flow.addWidget(w)

    def show_codes(self, codes: Sequence[str], fixed: Sequence[str] = ()) -> None:
        """Show these codes."""
        if list(codes) == self._codes and frozenset(fixed) == self._fixed:
            return
        self._codes, self._fixed = list(codes), frozenset(fixed)
        for chip in self._chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = [self._chip(code) for code in codes]
        for k, chip in enumerate(self._chips):
            self._flow.insert(k, chip)
            chip.show()
        self.hint.setVisible(not codes)
        self.updateGeometry()

    def codes(self) -> list[str]:
        """The codes as they are shown."""
        return list(self._codes)

    def _chip(self, code: str) -> QWidget:
        chip = named(QFrame(self), f"{self._name}_chip", self.tr("Missing: {0}").format(code))
        chip.setProperty("role", "chip")
        row = QHBoxLayout(chip)
        row.setContentsMargins(8, 2, 4, 2)
        row.setSpacing(2)
        row.addWidget(label(code))
        if code not in self._fixed:
            words = self.tr("Remove {0} from the missing codes").format(code)
            cross = icon_button("close", f"{self._name}_remove", words, partial(self._remove, code))
            cross.setProperty("variant", "cross")
            cross.setIconSize(QSize(12, 12))
            row.addWidget(cross)
        return chip

    def _open(self) -> None:
        self.line.show()
        self.hint.hide()
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _enter(self) -> None:
        if self.line.text().strip():
            self._take()
        else:
            self._shut()

    def _take(self) -> None:
        """What was typed is a code, or several with commas between; the line stays for the next."""
        text = self.line.text()
        self.line.clear()
        new = [c.strip() for c in text.replace(";", ",").split(",") if c.strip() and c.strip() not in self._codes]
        if new:
            self.changed.emit([*self._codes, *new])
        elif not self.line.hasFocus():
            self._shut()

    def _shut(self) -> None:
        self.line.hide()
        self.hint.setVisible(not self._codes)
        self.add.setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove(self, code: str) -> None:
        self.add.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit([c for c in self._codes if c != code])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.line.isVisible():
            self.line.clear()
            self._shut()
        else:
            super().keyPressEvent(event)


def measure_choice(object_name: str, accessible: str) -> Segments:
    """The measure levels side by side, each with its icon."""
    out = Segments(object_name, accessible, [(m, measure_title(m)) for m in MEASURES])
    out.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    for m in MEASURES:
        out.with_icon(m, measure_icon(m))
    return out


def scrolling(page: QWidget, object_name: str, accessible: str) -> QScrollArea:
    """A page of fields that scrolls up and down."""
    out = named(QScrollArea(), object_name, accessible)
    out.setWidgetResizable(True)
    out.setFrameShape(QFrame.Shape.NoFrame)
    out.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    out.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    out.setWidget(page)
    return out


def heading(text: str, buddy: QWidget | None = None) -> QLabel:
    """What stands over a field."""
    out = QLabel(text)
    out.setProperty("tone", "field")
    if buddy is not None:
        out.setBuddy(buddy)
    return out
