"""Variables as a list: with their badges, to search in, to drag from, to pick from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
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
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from terrace.data.dataset import Variable
from terrace_desktop.builder.fields import leave_undo
from terrace_desktop.ui import theme
from terrace_desktop.ui.measures import BADGES, measure_word
from terrace_desktop.ui.widgets import label, named

MIME = "application/x-terrace-variables"
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
        """The variables, and for some why they cannot be chosen."""
        self._all, self._reasons = tuple(variables), dict(reasons or {})
        self.search(self._text)

    def set_uses(self, uses: dict[str, str]) -> None:
        """What the variables of the model do in it, in a word or two each."""
        if uses != self._uses:
            self._uses = dict(uses)
            if self._shown:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, 0), [UseRole])

    def search(self, text: str) -> None:
        """Show the variables whose name or label has `text` in it, those that begin with it first."""
        self._text = text
        wanted = text.strip().lower()
        found = [v for v in self._all if wanted in v.name.lower() or wanted in v.label.lower()]
        if wanted:
            found.sort(key=lambda v: not v.name.lower().startswith(wanted))
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
    """Paints a badge and a name; on the right the label or the use, or why the variable is refused."""

    ROW = 28

    def __init__(self, parent: QWidget, *, tail: bool) -> None:
        super().__init__(parent)
        self._tail = tail

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, self.ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = theme.manager().theme
        room: QRect = option.rect.adjusted(2, 1, -2, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(t.selection))
            painter.drawRoundedRect(room, 5, 5)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(t.hover))
            painter.drawRoundedRect(room, 5, 5)
        reason = str(index.data(ReasonRole) or "")
        mark = QRect(room.left() + 8, room.center().y() - 7, 18, 16)
        painter.setBrush(QColor(t.accent_soft))
        painter.drawRoundedRect(mark, 4, 4)
        small = QFont(option.font)
        small.setPixelSize(10)
        small.setWeight(QFont.Weight.Bold)
        painter.setFont(small)
        painter.setPen(QColor(t.faint if reason else t.accent))
        painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, BADGES.get(str(index.data(MeasureRole)), "#"))
        painter.setFont(option.font)
        beside = QFont(option.font)
        beside.setPixelSize(theme.SMALL)
        metrics = option.fontMetrics
        text = room.adjusted(34, 0, -8, 0)
        side = reason or str(index.data(LabelRole if self._tail else UseRole) or "")
        name = str(index.data(NameRole))
        wide = metrics.horizontalAdvance(name) + 4  # what is measured and what is drawn differ by a fraction
        if side and self._tail:  # a label may take from the name; of a use there is what room the name leaves
            wide = min(wide, max(text.width() * 6 // 10, text.width() - metrics.horizontalAdvance(side) - 12))
        wide = min(wide, text.width())
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, wide)
        painter.setPen(QColor(t.muted if reason else t.ink))
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        rest = text.adjusted(wide + 12, 0, 0, 0)
        if side and rest.width() > 24:
            painter.setPen(QColor(t.warning if reason else t.muted))
            if not self._tail:
                painter.setFont(beside)
            shown = painter.fontMetrics().elidedText(side, Qt.TextElideMode.ElideRight, rest.width())
            painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown)
        painter.restore()


class VariableView(QListView):
    """The list itself; Enter or a double click takes the variable, the menu key asks what to do with it."""

    taken = Signal(str)
    menu_wanted = Signal(str, object)

    def __init__(self, object_name: str, accessible: str, *, tail: bool, drag: bool) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.setItemDelegate(VariableDelegate(self, tail=tail))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(drag)
        if drag:
            self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
            self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.doubleClicked.connect(self._take)

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
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
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


class VariablePane(QWidget):
    """The left of the builder: search, and the variables to drag or to take."""

    taken = Signal(str)
    typed = Signal(str)
    menu_wanted = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "form")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = VariableModel(self)
        self.view = VariableView("builder_variables", self.tr("Variables"), tail=False, drag=True)
        self.view.setModel(self.model)
        self.search = SearchLine("builder_search", self.tr("Search variables"), self.view, self.model)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 8, 8)
        layout.setSpacing(8)
        self.none = named(label("", "small", wrap=True), "builder_search_none", self.tr("No variable found"))
        self.none.setVisible(False)
        self.reason = named(label("", "reason", wrap=True), "builder_search_reason", self.tr("Why not"))
        self.reason.setVisible(False)
        layout.addWidget(self.search)
        layout.addWidget(self.none)
        layout.addWidget(self.reason)
        layout.addWidget(self.view, 1)
        self.search.textChanged.connect(self._tell)
        self.search.typed.connect(self.typed)
        self.view.taken.connect(self.taken)
        self.view.menu_wanted.connect(self.menu_wanted)

    def say(self, reason: str) -> None:
        """Say why what was typed could not be taken, or nothing."""
        self.reason.setText(reason)
        self.reason.setAccessibleName(reason)
        self.reason.setVisible(bool(reason))

    def _tell(self, text: str) -> None:
        self.say("")
        nothing = bool(text.strip()) and not self.model.rowCount()
        self.none.setText(self.tr("No variable of this name. Enter adds what is typed as terms.") if nothing else "")
        self.none.setVisible(nothing)
