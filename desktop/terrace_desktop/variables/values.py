"""The values of a variable with their labels, counts and bars: typed in place, moved by dragging, as many as there are.

A table that asks its model for what is on the screen only, so that ten thousand values open as fast as four.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from terrace.data.value import Value
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import pixmap
from terrace_desktop.ui.widgets import named
from terrace_desktop.variables.facts import Level

Index = QModelIndex | QPersistentModelIndex
HANDLE, CODE, LABEL, BAR, COUNT, CROSS = range(6)
ROW = 38  # px: a field and the room between two
SHOWN = 12  # rows before the list scrolls by itself
_NO_PARENT = QModelIndex()


class ValuesModel(QAbstractTableModel):
    """One row a value. What is typed is told by `typed` and stays until the data are shown again."""

    typed = Signal(object, str)  # value, label
    valued = Signal(int, str)  # a row that was added, and what was typed as its value

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.levels: list[Level] = []
        self.added: set[int] = set()  # rows that are not in the data yet
        self.orders = False  # values can be put into another order
        self._most = 1

    def show_levels(self, levels: Sequence[Level], *, orders: bool) -> None:
        """Show these values."""
        same = [x.value for x in levels] == [x.value for x in self.levels] and not self.added
        if not same:
            self.beginResetModel()
        self.levels, self.orders = list(levels), orders
        self._most = max((x.count for x in levels), default=0) or 1
        if same:
            if levels:
                self.dataChanged.emit(self.index(0, 0), self.index(len(levels) - 1, CROSS))
        else:
            self.added = set()
            self.endResetModel()

    def add(self, value: Value) -> int:
        """A row for a value that has no label yet; the number of the row."""
        at = len(self.levels)
        self.beginInsertRows(QModelIndex(), at, at)
        self.levels.append(Level(value))
        self.added.add(at)
        self.endInsertRows()
        return at

    def share(self, row: int) -> float:
        """How long the bar of a row is, 0 to 1."""
        return self.levels[row].count / self._most

    def removable(self, row: int) -> bool:
        """True where a row has a label that can go, or is not in the data."""
        return bool(self.levels[row].label) or row in self.added

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.levels)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else CROSS + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        level, column = self.levels[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return {CODE: level.text, LABEL: level.label, COUNT: f"{level.count:,}"}.get(column, "")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if column == CROSS:
                return self.tr("Remove the label of {0}").format(level.text)
            words = level.label or self.tr("no label")
            said = self.tr("{0}: {1}, {2} row(s)", "", level.count).format(level.text, words, f"{level.count:,}")
            missing = self.tr("missing")
            return f"{said}, {missing}" if level.missing else said
        if role == Qt.ItemDataRole.ToolTipRole:
            if column == HANDLE and self.orders and not level.missing:
                return self.tr("Drag to another place (Alt+Up, Alt+Down)")
            if column == CROSS and self.removable(index.row()):
                return self.tr("Remove the label")
            if column == CODE and not self._is_typed(index):
                return self.tr("Recode changes values")
            return level.label if column == LABEL else None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or orientation == Qt.Orientation.Vertical:
            return None
        return {CODE: self.tr("Value"), LABEL: self.tr("Label"), COUNT: self.tr("Rows")}.get(section, "")

    def _is_typed(self, index: Index) -> bool:
        return index.row() in self.added

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        typed = index.column() == LABEL or (index.column() == CODE and self._is_typed(index))
        return base | Qt.ItemFlag.ItemIsEditable if typed else base

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid() or value == self.data(index):
            return False
        if index.column() == CODE:
            self.valued.emit(index.row(), str(value))
            return True
        level = self.levels[index.row()]
        self.levels[index.row()] = replace(level, label=str(value))
        self.typed.emit(level.value, str(value))
        self.dataChanged.emit(index, index)
        return True

    def set_value(self, row: int, value: Value) -> None:
        """A row that was added is about another value."""
        self.levels[row] = replace(self.levels[row], value=value)
        self.dataChanged.emit(self.index(row, 0), self.index(row, CROSS))


class ValuesDelegate(QStyledItemDelegate):
    """Paints values and labels as the fields that they are, and gives the one that is typed in a line of its own."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(40, theme.px(ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, ValuesModel)
        level, column, room = model.levels[index.row()], index.column(), QRect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.setFont(option.font)
        if column in (CODE, LABEL):
            self._field(painter, field_of(room), level, column, focus)
        elif column == BAR:
            self._bar(painter, room, model.share(index.row()))
        elif column == COUNT:
            painter.setPen(theme.colour("muted"))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(room.adjusted(0, 0, -4, 0), right, f"{level.count:,}")
        elif column == HANDLE and model.orders and not level.missing:
            self._handle(painter, room)
        elif column == CROSS and model.removable(index.row()):
            self._cross(painter, room, focus)
        painter.restore()

    def _field(self, painter: QPainter, room: QRect, level: Level, column: int, focus: bool) -> None:
        painter.setPen(QPen(theme.colour("accent" if focus else "outline"), 1))
        painter.setBrush(theme.colour("sunk" if level.missing else "panel"))
        painter.drawRoundedRect(QRectF(room).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        text = level.text if column == CODE else level.label
        painter.setPen(theme.colour("muted" if level.missing or not text else "ink"))
        inner = room.adjusted(8, 0, -8, 0)
        words = text or self.tr("no label")
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, inner.width())
        across = Qt.AlignmentFlag.AlignHCenter if column == CODE else Qt.AlignmentFlag.AlignLeft
        painter.drawText(inner, across | Qt.AlignmentFlag.AlignVCenter, shown)

    def _bar(self, painter: QPainter, room: QRect, share: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent", 0.7))
        inner = room.adjusted(4, 0, -4, 0)
        height = theme.px(8)
        width = inner.width() * share
        if width > 0:
            place = QRectF(inner.left(), inner.center().y() - height / 2 + 0.5, max(1.5, width), height)
            painter.drawRoundedRect(place, 1.5, 1.5)

    def _handle(self, painter: QPainter, room: QRect) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("muted"))
        x, y = room.left() + theme.px(7), room.center().y() + 0.5
        for across in (-2.5, 2.5):
            for down in (-5, 0, 5):
                painter.drawEllipse(QRectF(x + across - 1, y + down - 1, 2, 2))

    def _cross(self, painter: QPainter, room: QRect, focus: bool) -> None:
        size = theme.px(16)
        place = QRect(0, 0, size, size)
        place.moveCenter(room.center())
        if focus:
            painter.setPen(theme.colour("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(-3, -3, 3, 3), 4, 4)
        painter.drawPixmap(place, pixmap("close", "muted", size=size))

    # --- the line that is typed in ------------------------------------------------------------------
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        model = index.model()
        assert isinstance(model, ValuesModel)
        value = model.levels[index.row()].text
        if index.column() == CODE:
            line = named(QLineEdit(parent), "value_code", self.tr("Value"))
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            return line
        line = named(QLineEdit(parent), "value_label", self.tr("Label of {0}").format(value))
        kept = QPersistentModelIndex(index)
        line.textEdited.connect(lambda text: kept.isValid() and model.setData(kept, text))
        return line

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        text = str(index.data(Qt.ItemDataRole.EditRole))
        if editor.text() != text:
            editor.setText(text)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(field_of(option.rect))

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Enter, Tab and the arrows go from label to label."""
        view = self.parent()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and isinstance(view, ValuesView):
            key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            ctrl = bool(event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier))
            enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if not ctrl and (enter or key in (Qt.Key.Key_Tab, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Backtab)):
                assert isinstance(editor, QWidget)
                back = key in (Qt.Key.Key_Up, Qt.Key.Key_Backtab) or (enter and shift)
                self.commitData.emit(editor)
                self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.NoHint)
                view.step(-1 if back else 1, leave=key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab))
                return True
        return super().eventFilter(editor, event)


def field_of(room: QRect) -> QRect:
    """Where the field stands in its cell."""
    height = theme.px(theme.CONTROL)
    return QRect(room.left() + 2, room.center().y() - height // 2 + 1, room.width() - 4, height)


class ValuesView(QTableView):
    """`moved` tells the values in their new order, `removed` one whose label goes."""

    moved = Signal(list)
    removed = Signal(int)
    left = Signal()  # the focus has gone elsewhere

    def __init__(self) -> None:
        super().__init__()
        named(self, "variable_values", self.tr("Values and labels"))
        self.table = ValuesModel(self)
        self.setModel(self.table)
        self.setItemDelegate(ValuesDelegate(self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.AnyKeyPressed | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        heads, rows = self.horizontalHeader(), self.verticalHeader()
        named(heads, "variable_values_columns", self.tr("Value, label, rows"))
        named(rows, "variable_values_rows", self.tr("Numbers of values"))
        heads.hide()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setMinimumSectionSize(16)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionResizeMode(LABEL, QHeaderView.ResizeMode.Stretch)
        self.clicked.connect(self._clicked)
        self.table.modelReset.connect(self._fit)
        self.table.rowsInserted.connect(self._fit)
        theme.manager().changed.connect(self._fit)
        self._drag: tuple[int, int] | None = None  # the row that is dragged, and the place before which it would go
        self._fit()

    def _fit(self) -> None:
        """Columns as wide as what stands in them, and the list as high as a few rows."""
        metrics = self.fontMetrics()
        levels = self.table.levels
        some = levels if len(levels) < 200 else [*levels[:100], *levels[-100:]]
        code = max((metrics.horizontalAdvance(x.text) for x in some), default=8) + 20
        count = max((metrics.horizontalAdvance(f"{x.count:,}") for x in some), default=8) + 10
        for column, width in (
            (HANDLE, theme.px(16)), (CODE, min(theme.px(120), max(theme.px(32), code))), (BAR, theme.px(72)),
            (COUNT, max(theme.px(36), count)), (CROSS, theme.px(24)),
        ):  # fmt: skip
            self.setColumnWidth(column, width)
        self.verticalHeader().setDefaultSectionSize(theme.px(ROW))
        self.setFixedHeight(theme.px(ROW) * min(SHOWN, max(1, len(levels))) + 2)

    # --- going from one to the next -----------------------------------------------------------------
    def step(self, by: int, *, leave: bool) -> None:
        """To the label after or before the present one; past the ends to the next control, where `leave` says so."""
        row = self.currentIndex().row() + by
        if 0 <= row < self.table.rowCount():
            self.type_in(row)
        elif leave:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
            self.focusNextPrevChild(by > 0)
        else:
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def type_in(self, row: int, column: int = LABEL) -> None:
        """Open the field of a row."""
        index = self.table.index(row, column)
        self.scrollTo(index)
        self.setCurrentIndex(index)
        self.edit(index)

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == CROSS and self.table.removable(index.row()):
            self.removed.emit(index.row())
        elif self.table.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, key = self.currentIndex().row(), event.key()
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and row >= 0:
            self._move(row, row + (2 if key == Qt.Key.Key_Down else -1))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and row >= 0 and self.table.removable(row):
            self.removed.emit(row)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and row >= 0:
            self._clicked(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.table.rowCount():
            self.setCurrentIndex(self.table.index(0, LABEL))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()

    def keyboardSearch(self, search: str) -> None:
        """Nothing: what is typed is a label."""

    # --- another order ------------------------------------------------------------------------------
    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        level = self.table.levels[index.row()] if index.isValid() else None
        if level is not None and index.column() == HANDLE and self.table.orders and not level.missing:
            self._drag = (index.row(), index.row())
            self.setCurrentIndex(index)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            super().mouseMoveEvent(event)
            return
        y = event.position().toPoint().y()
        near = self.rowAt(y)
        if near >= 0:
            middle = self.rowViewportPosition(near) + self.rowHeight(near) // 2
            self._drag = (self._drag[0], near + (y > middle))
        elif y > 0:
            self._drag = (self._drag[0], self.table.rowCount())
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            super().mouseReleaseEvent(event)
            return
        (row, before), self._drag = self._drag, None
        self.viewport().update()
        self._move(row, before)

    def _move(self, row: int, before: int) -> None:
        """Put a row before another; those for missing stay at the end."""
        levels = self.table.levels
        if not self.table.orders or levels[row].missing or row in self.table.added:
            return
        own = [k for k, x in enumerate(levels) if not x.missing and k not in self.table.added]
        before = max(0, min(before, len(own)))
        if before in (row, row + 1):
            return
        rest = [k for k in own if k != row]
        at = sum(k < before for k in rest)
        new = [*rest[:at], row, *rest[at:]]
        self.setCurrentIndex(self.table.index(at, LABEL))
        self.moved.emit([levels[k].value for k in new])

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._drag is not None and self._drag[1] not in (self._drag[0], self._drag[0] + 1):
            painter = QPainter(self.viewport())
            painter.setPen(QPen(theme.colour("accent"), 2))
            rows = self.table.rowCount()
            row = min(self._drag[1], rows)
            y = self.rowViewportPosition(row) if row < rows else self.rowViewportPosition(rows - 1) + theme.px(ROW) - 1
            painter.drawLine(QPoint(4, y), QPoint(self.viewport().width() - 4, y))
