"""Variables as a list: with their badges, to search in, to drag from, to pick from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from terrace_desktop.builder.fields import leave_undo
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import lead_with, pixmap
from terrace_desktop.ui.measures import measure_icon, measure_word
from terrace_desktop.ui.widgets import icon_button, label, named, sized
from terrace_desktop.ui.work_panel import Keys, KeyTaker

BATCH = 500  # rows of a list that are laid out at a time
MIME = "application/x-terrace-variables"
if TYPE_CHECKING:
    from terrace.data.dataset import Variable

Index = QModelIndex | QPersistentModelIndex
NameRole = Qt.ItemDataRole.UserRole
MeasureRole = Qt.ItemDataRole.UserRole + 1
ReasonRole = Qt.ItemDataRole.UserRole + 2
LabelRole = Qt.ItemDataRole.UserRole + 3
UseRole = Qt.ItemDataRole.UserRole + 4


class VariableModel(QAbstractListModel):
    """Variables that match what is searched for; refused ones say why and come last."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Variable, ...] = ()
        self._reasons: dict[str, str] = {}
        self._uses: dict[str, str] = {}
        self._shown: list[Variable] = []
        self._text = ""

    def set_variables(self, variables: Sequence[Variable], reasons: dict[str, str] | None = None) -> None:
        """The variables, and for some why they cannot be chosen. A label that is the name again says nothing more."""
        self._all = tuple(replace(v, label="") if v.label == v.name else v for v in variables)
        self._reasons = dict(reasons or {})
        self.search(self._text)

    def set_uses(self, uses: dict[str, str]) -> None:
        """What the variables of the model do in it, in a word or two each."""
        if uses != self._uses:
            self._uses = dict(uses)
            if self._shown:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, 0), [UseRole])

    def search(self, text: str) -> None:
        """Show the variables whose name or label has every word of `text` in it, those that begin with it first."""
        self._text = text
        wanted = text.lower().split()
        found = [v for v in self._all if all(w in f"{v.name} {v.label}".lower() for w in wanted)]
        if wanted:
            found.sort(key=lambda v: not v.name.lower().startswith(wanted[0]))
        found.sort(key=lambda v: bool(self._reasons.get(v.name)))
        self.beginResetModel()
        self._shown = found
        self.endResetModel()

    def names(self) -> list[str]:
        """The names shown, in order."""
        return [v.name for v in self._shown]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        v = self._shown[index.row()]
        reason = self._reasons.get(v.name, "")
        if role in (Qt.ItemDataRole.DisplayRole, NameRole):
            return v.name
        if role == MeasureRole:
            return v.measure.value
        if role == ReasonRole:
            return reason
        if role == LabelRole:
            return v.label
        if role == UseRole:
            return self._uses.get(v.name, "")
        if role == Qt.ItemDataRole.ToolTipRole:
            head = f"{v.name} · {measure_word(v.measure.value)}"
            return "\n".join(x for x in (head, v.label, self._uses.get(v.name), reason) if x)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            word = measure_word(v.measure.value)
            return ", ".join(x for x in (v.name, word, v.label, reason, self._uses.get(v.name)) if x)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self._reasons.get(self._shown[index.row()].name):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [MIME, "text/plain"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return variables_mime([str(i.data(NameRole)) for i in indexes])


def variables_mime(names: Sequence[str]) -> QMimeData:
    """What is carried when variables are dragged."""
    data = QMimeData()
    data.setData(MIME, "\n".join(names).encode())
    data.setText(" ".join(names))
    return data


def dragged(data: QMimeData) -> list[str]:
    """The names of variables being dragged, none where something else is."""
    return bytes(data.data(MIME).data()).decode().split("\n") if data.hasFormat(MIME) else []


class VariableDelegate(QStyledItemDelegate):
    """Paints a variable: the icon of its measure, its name, its label under it, its use at the right.

    A name is never shortened in the middle: what does not fit goes on in the next line. Why a variable is refused
    stands under its name.
    """

    LEFT, RIGHT, GAP, TOP = 40, 16, 8, 4

    def __init__(self, parent: VariableView, *, left: int = LEFT) -> None:
        super().__init__(parent)
        self._view, self._left = parent, left
        self._sizes: dict[tuple[str, str, str, int], int] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self._view.viewport().width()
        name, under, side = self._texts(index)
        key = (name, under, side, width)
        if key not in self._sizes:
            if len(self._sizes) > 20_000:
                self._sizes.clear()
            names, labels, _ = self._lines(option, index, width)
            self._sizes[key] = int(self._height(option, names, labels)) + 2 * self.TOP
        return QSize(120, self._sizes[key])

    def _texts(self, index: Index) -> tuple[str, str, str]:
        reason = str(index.data(ReasonRole) or "")
        return str(index.data(NameRole)), reason or str(index.data(LabelRole) or ""), str(index.data(UseRole) or "")

    def _lines(self, option: QStyleOptionViewItem, index: Index, width: int) -> tuple[list[str], list[str], int]:
        """The lines of the name, those under it, and the width of the use."""
        name, under, side = self._texts(index)
        small = QFontMetrics(small_font(option.font))
        use = small.horizontalAdvance(side) + self.GAP if side else 0
        room = width - self._left - self.RIGHT
        names = broken(name, option.font, max(60, room - use))
        beside = use if len(names) == 1 else 0
        labels = broken(under, small_font(option.font), max(60, room - beside)) if under else []
        return names, labels, use

    def _height(self, option: QStyleOptionViewItem, names: list[str], labels: list[str]) -> float:
        small = QFontMetrics(small_font(option.font))
        return len(names) * (option.fontMetrics.height() + 1) + len(labels) * (small.height() + 1)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = theme.manager().theme
        room: QRect = option.rect
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(t.selection))
            painter.drawRoundedRect(room.adjusted(4, 0, -4, 0), 5, 5)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(t.sunk))
            painter.drawRoundedRect(room.adjusted(4, 0, -4, 0), 5, 5)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(t.accent))
            painter.drawRoundedRect(room.adjusted(4, 0, -5, -1), 5, 5)
        reason = str(index.data(ReasonRole) or "")
        names, labels, use = self._lines(option, index, room.width())
        step = option.fontMetrics.height() + 1
        y = room.top() + self.TOP
        mark = pixmap(measure_icon(str(index.data(MeasureRole))), "muted" if reason else "accent_text")
        painter.drawPixmap(room.left() + self._left - 24, y + (step - 16) // 2, mark)
        painter.setFont(option.font)
        painter.setPen(QColor(t.muted if reason else t.ink))
        first = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        across = room.width() - self._left - self.RIGHT
        for line in names:
            painter.drawText(QRect(room.left() + self._left, y, across, step), first, line)
            y += step
        painter.setFont(small_font(option.font))
        if use:
            painter.setPen(QColor(t.accent_text))
            right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            place = QRect(room.left() + self._left, room.top() + self.TOP, across, step)
            painter.drawText(place, right, self._texts(index)[2])
        painter.setPen(QColor(t.warning if reason else t.muted))
        step = painter.fontMetrics().height() + 1
        for line in labels:
            painter.drawText(QRect(room.left() + self._left, y, across, step), first, line)
            y += step
        painter.restore()


def small_font(font: QFont) -> QFont:
    """The font of what stands beside and under."""
    out = QFont(font)
    out.setPixelSize(theme.px(theme.SMALL))
    return out


def broken(text: str, font: QFont, width: int) -> list[str]:
    """The lines of a text, broken between its words where that can be, within them where it must be."""
    if QFontMetrics(font).horizontalAdvance(text) <= width:
        return [text]
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    out: list[str] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        out.append(text[line.textStart() : line.textStart() + line.textLength()].rstrip())
    layout.endLayout()
    return out


BATCH = 1000  # variables that are laid out at once


class VariableView(QListView):
    """The list itself; Enter or a double click takes the variable, the menu key asks what to do with it."""

    taken = Signal(str)
    menu_wanted = Signal(str, object)

    def __init__(self, object_name: str, accessible: str, *, tail: bool, drag: bool) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.setItemDelegate(VariableDelegate(self, left=32 if tail else VariableDelegate.LEFT))
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setLayoutMode(QListView.LayoutMode.Batched)  # ten thousand names take 100 ms in one go
        self.setBatchSize(BATCH)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(drag)
        if drag:
            self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
            self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.doubleClicked.connect(self._take)
        self.setBatchSize(BATCH)

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        if model is not None:
            model.modelReset.connect(self._pace)

    def _pace(self) -> None:
        """Thousands of variables are laid out some at a time: each asks how many lines its name takes."""
        many = self.model().rowCount() > BATCH
        self.setLayoutMode(QListView.LayoutMode.Batched if many else QListView.LayoutMode.SinglePass)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()  # Qt keeps the heights that names had in a folded zone

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            for name in self.selected():
                self.taken.emit(name)
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.currentIndex()
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(event.pos())
        if index.isValid():
            where = self.visualRect(index).bottomLeft()
            self.menu_wanted.emit(str(index.data(NameRole)), self.viewport().mapToGlobal(where))

    def selected(self) -> list[str]:
        """The names selected, in the order of the list."""
        rows = sorted(self.selectionModel().selectedIndexes(), key=lambda i: i.row())
        return [str(i.data(NameRole)) for i in rows]

    def _take(self, index: QModelIndex) -> None:
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.taken.emit(str(index.data(NameRole)))


class SearchLine(QLineEdit):
    """A search field: arrows and Enter go to the list under it, Escape clears it first.

    Enter on what no variable matches is `typed`: it may be meant as part of a command. Undo and redo are left
    to the form: what is searched for is not worth undoing.
    """

    typed = Signal(str)

    def __init__(self, object_name: str, placeholder: str, view: VariableView, model: VariableModel) -> None:
        super().__init__()
        named(self, object_name, placeholder)
        self.setPlaceholderText(placeholder)
        self.setClearButtonEnabled(True)
        self._view, self._model = view, model
        self.textChanged.connect(self._search)

    def event(self, event: QEvent) -> bool:
        if leave_undo(event, typing=False):
            return False
        return super().event(event)

    def _search(self, text: str) -> None:
        self._model.search(text)
        self.select_first()

    def select_first(self) -> None:
        """Make the first variable that can be chosen the current one."""
        index = self._model.index(0, 0)
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEnabled and self.text():
            self._view.setCurrentIndex(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # that is about the form which the list serves
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            if not self._view.currentIndex().isValid():
                self._view.setCurrentIndex(self._model.index(0, 0))
            else:
                self._view.keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.text().strip() and not self._model.rowCount():
                self.typed.emit(self.text().strip())
                return
            self._view.keyPressEvent(event)
            self.selectAll()  # what is typed next replaces what was found
        elif key == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class VariablePane(KeyTaker):
    """The variables: to search in, to drag from, to take into a model; what each does there stands beside it."""

    taken = Signal(str)
    typed = Signal(str)
    menu_wanted = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._lent: Callable[[], Keys] | None = None
        named(self, "variables_list", self.tr("Variables"))
        self.model = VariableModel(self)
        self.view = VariableView("builder_variables", self.tr("Variables"), tail=False, drag=True)
        self.view.setModel(self.model)
        self.search = SearchLine("builder_search", self.tr("Search names and labels"), self.view, self.model)
        lead_with(self.search, "search")
        self._headed = False
        self.count = label("", "muted")
        self.finder = icon_button("search", "variables_find", self.tr("Search the variables"), checkable=True)
        self.finder.clicked.connect(self._find)
        self._head = QFrame()
        sized(self._head, height=theme.HEAD)
        row = QHBoxLayout(self._head)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(label(self.tr("Variables"), "heading"))
        row.addWidget(self.count)
        row.addStretch(1)
        row.addWidget(self.finder)
        self._line = QWidget()
        around = QHBoxLayout(self._line)
        around.setContentsMargins(16, 8, 16, 8)
        around.addWidget(self.search)
        self.none = named(label("", "small", wrap=True), "builder_search_none", self.tr("No variable found"))
        self.reason = named(label("", "reason", wrap=True), "builder_search_reason", self.tr("Why not"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head)
        layout.addWidget(self._line)
        for words in (self.none, self.reason):
            words.setContentsMargins(16, 0, 16, 8)
            words.setVisible(False)
            layout.addWidget(words)
        layout.addWidget(self.view, 1)
        self._head.hide()
        self.search.textChanged.connect(self._tell)
        self.search.typed.connect(self.typed)
        self.view.taken.connect(self.taken)
        self.view.menu_wanted.connect(self.menu_wanted)

    def show_variables(self, variables: Sequence[Variable]) -> None:
        """The variables of the data."""
        self.model.set_variables(variables)
        self.count.setText(f"{len(variables):,}")

    def set_headed(self, on: bool) -> None:
        """With a head of its own, and the search line where it is wanted; else the line alone."""
        if on != self._headed:
            self._headed = on
            self._head.setVisible(on)
            self._show_line()

    def lend(self, keys: Callable[[], Keys] | None) -> None:
        """While the list serves a form, the keys of the form mean the same here."""
        self._lent = keys

    def keys(self) -> Keys:
        return {} if self._lent is None else self._lent()

    def begin(self) -> None:
        """Go to the search line."""
        self.finder.setChecked(True)
        self._show_line()
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _find(self, on: bool) -> None:
        if on:
            self.begin()
        else:
            self.search.clear()
            self._show_line()

    def _show_line(self) -> None:
        self._line.setVisible(not self._headed or self.finder.isChecked() or bool(self.search.text()))

    def say(self, reason: str) -> None:
        """Say why what was typed could not be taken, or nothing."""
        self.reason.setText(reason)
        self.reason.setAccessibleName(reason)
        self.reason.setVisible(bool(reason))

    def _tell(self, text: str) -> None:
        self.say("")
        nothing = bool(text.strip()) and not self.model.rowCount()
        told = self.tr("No variable has this name. Press Enter to add what you typed as terms.")
        self.none.setText(told if nothing else "")
        self.none.setVisible(nothing)
