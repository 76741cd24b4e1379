"""The small controls of the form: choices with closed values, folds, a field that picks a variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QStandardItem,
    QStandardItemModel,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from terrace.errors import TerraceError
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.measures import BADGES, measure_icon, measure_word
from terrace_desktop.ui.widgets import described, named, restyle
from terrace_desktop.ui.words import from_engine, in_words

Index = QModelIndex | QPersistentModelIndex
V = TypeVar("V")  # what a control chooses: a name, a number, None for the usual


class ReasonDelegate(QStyledItemDelegate):
    """Shows beside a closed value why it is closed."""

    GAP = 16

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        hint = super().sizeHint(option, index)
        reason = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
        extra = option.fontMetrics.horizontalAdvance(reason) + self.GAP if reason else 0
        return QSize(hint.width() + extra, max(hint.height(), 26))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        reason = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
        if reason:
            painter.save()
            painter.setPen(theme.colour("muted"))
            right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(option.rect.adjusted(0, 0, -10, 0), right, reason)
            painter.restore()


class Choice(QComboBox, Generic[V]):
    """A drop-down list of values with titles; closed values are shown and cannot be chosen.

    It never changes by the mouse wheel, which belongs to the form that scrolls.
    """

    chosen = Signal(object)

    def __init__(
        self,
        object_name: str,
        accessible: str,
        options: Sequence[tuple[V, str]] = (),
        *,
        quiet: bool = False,
        alone: bool = False,
    ) -> None:
        """`alone` is for one without a label that is its buddy: see `described`."""
        super().__init__()
        named(self, object_name, accessible)
        if alone:
            described(self)
        self.setProperty("quiet", quiet)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setItemDelegate(ReasonDelegate(self))
        self._options: tuple[tuple[V, str], ...] = ()
        self._closed: dict[object, str] = {}
        self.set_options(options)
        self.activated.connect(self._activated)

    def set_options(self, options: Sequence[tuple[V, str]], closed: Mapping[Any, str] | None = None) -> None:
        """The values with their titles, and why some cannot be chosen; the value shown is kept."""
        options, reasons = tuple(options), {k: from_engine(why) for k, why in (closed or {}).items()}
        if options == self._options and reasons == self._closed:
            return
        now = self.value()
        self._options, self._closed = options, reasons
        with QSignalBlocker(self):
            model = QStandardItemModel(len(options), 1, self)
            for k, (value, title) in enumerate(options):
                item = QStandardItem(title)
                if value in reasons:
                    item.setEnabled(False)
                    item.setToolTip(reasons[value])
                    item.setAccessibleDescription(reasons[value])
                model.setItem(k, item)
            self.setModel(model)
        self.set_value(now)

    def showPopup(self) -> None:
        """The list is as wide as its widest line; it is made where it is wanted, since it costs more than the field."""
        view, model = self.view(), self.model()
        hints = [view.sizeHintForIndex(model.index(k, 0)) for k in range(len(self._options))]
        view.setMinimumWidth(max((h.width() for h in hints), default=0) + 12)
        super().showPopup()

    def sizeHint(self) -> QSize:
        quiet = bool(self.property("quiet"))  # those are as wide as what they show
        shown = [self.currentText()] if quiet else [t for _, t in self._options]
        widest = max((self.fontMetrics().horizontalAdvance(t) for t in shown), default=0)
        return QSize(widest + 48, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(48, super().minimumSizeHint().height())

    def value(self) -> V | None:
        """The value chosen, or None."""
        k = self.currentIndex()
        return self._options[k][0] if 0 <= k < len(self._options) else None

    def set_value(self, value: V | None) -> None:
        """Show a value without a signal."""
        with QSignalBlocker(self):
            self.setCurrentIndex(next((k for k, (v, _) in enumerate(self._options) if v == value), -1))
        self.updateGeometry()

    def is_closed(self, value: V | None) -> bool:
        """True where a value cannot be chosen."""
        return value in self._closed

    def _activated(self, k: int) -> None:
        self.chosen.emit(self._options[k][0])

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()  # Qt would look for an option that begins with it, and the form would not get its keys
        else:
            super().keyPressEvent(event)


class FieldButton(QPushButton):
    """A push button that shows a value, shortened to its room, and opens something to change it."""

    def __init__(self, object_name: str, accessible: str, *, variant: str = "field", widest: int = 200) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self._role = accessible
        self._full = ""
        self._widest = widest
        self.setProperty("variant", variant)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_value(self, text: str, *, hole: bool = False) -> None:
        """Show `text`; `hole` where it only stands for something to be chosen."""
        self._full = text
        metrics = QFontMetrics(self.font())
        self.setText(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, self._widest).replace("&", "&&"))
        self.setToolTip(text if self.text().replace("&&", "&") != text else "")
        self.setAccessibleName(f"{self._role}: {text}")
        if self.property("hole") != hole:
            self.setProperty("hole", hole)
            restyle(self)

    def full_text(self) -> str:
        """The text before it was shortened."""
        return self._full


class Fold(QPushButton):
    """A head that shows and hides the widget under it."""

    def __init__(self, title: str, object_name: str, body: QWidget) -> None:
        super().__init__()
        named(self, object_name, title)
        self._title, self._summary = title, ""
        self._body = body
        self.setProperty("variant", "fold")
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.toggled.connect(self._show)
        self._show(False)

    def set_summary(self, summary: str) -> None:
        """What the head says of its contents while they are hidden."""
        self._summary = summary
        self._show(self.isChecked())

    def _show(self, on: bool) -> None:
        self._body.setVisible(on)
        tail = f" · {self._summary}" if self._summary and not on else ""
        self.setText(self._title + tail)
        set_icon(self, "down" if on else "unfold", "muted")
        self.setAccessibleName(self._title + tail)
        self.setAccessibleDescription(self.tr("open") if on else self.tr("closed"))


class Typed(QLineEdit, Generic[V]):
    """A line for a value that is used when it is complete: on Enter or on leaving.

    ``read`` turns the text into a value; where it raises ValueError the field says what it takes, where it
    raises a `TerraceError` what that says. Ctrl+Z undoes typing while there is some, then the model.
    """

    committed = Signal(object)

    def __init__(
        self,
        object_name: str,
        accessible: str,
        read: Callable[[str], V],
        *,
        show: Callable[[V], str] = str,
        placeholder: str = "",
        takes: str = "",
        width: int = 0,
    ) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self._read, self._show, self._takes = read, show, takes
        self._value: V | None = None
        self.setPlaceholderText(placeholder)
        if width:
            self.setFixedWidth(width)
        self.editingFinished.connect(self._commit)
        self.wrong = QLabel(takes)
        self.wrong.setObjectName(f"{object_name}_wrong")
        self.wrong.setProperty("tone", "reason")
        self.wrong.setWordWrap(True)
        self.wrong.setVisible(False)

    def event(self, event: QEvent) -> bool:
        if leave_undo(event, self.isModified()):
            return False
        return super().event(event)

    def set_value(self, value: V | None) -> None:
        """Show a value; what is being typed is not disturbed unless the value is another one."""
        if value == self._value and (self.hasFocus() or self.text() == self._text(value)):
            return
        self._value = value
        self.setText(self._text(value))
        self.wrong.setVisible(False)

    def _text(self, value: V | None) -> str:
        return "" if value is None else self._show(value)

    def _commit(self) -> None:
        try:
            value = self._read(self.text().strip()) if self.text().strip() else None
        except ValueError:
            self._say(self._takes)
            return
        except TerraceError as error:
            self._say(in_words(error))
            return
        self.wrong.setVisible(False)
        self.setAccessibleDescription("")
        self.setModified(False)
        if value != self._value:
            self._value = value
            self.committed.emit(value)

    def _say(self, text: str) -> None:
        self.wrong.setText(text)
        self.wrong.setVisible(True)
        self.setAccessibleDescription(text)


def leave_undo(event: QEvent, typing: bool) -> bool:
    """True where a line is to leave the keys of undo and redo to the form, since nothing was typed into it."""
    kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
    if typing or event.type() not in kinds or not isinstance(event, QKeyEvent):
        return False
    if event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo):
        event.ignore()
        return True
    return False


def badge(kind: str) -> QLabel:
    """The icon of a variable's level of measurement, or of an intercept or a slope."""
    out = QLabel()
    out.setProperty("role", "badge")
    out.setFixedSize(QSize(18, 16))
    set_icon(out, kind if kind in ("intercept", "slope") else measure_icon(kind), "accent_text")
    out.setAccessibleName(measure_word(kind) if kind in BADGES else "")
    return out
