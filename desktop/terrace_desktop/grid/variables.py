"""The Variables tab: what each column is, edited in place. An edit is asked for; the session makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from terrace.data.missing import missing_texts
from terrace.data.value import Value
from terrace_desktop.grid.columns import exact
from terrace_desktop.grid.filter_bar import EscapeLine
from terrace_desktop.grid.header import draw_badge
from terrace_desktop.ui import theme
from terrace_desktop.ui.measures import measure_title
from terrace_desktop.ui.widgets import described, hairline, label, named, sized

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset, Variable

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
NAME, MEASURE, LABEL, VALUES, MISSING = range(5)
LINE = 30  # px of a row, which holds controls
FIELDS = ("name", "measure", "label", "value_labels", "missing_codes")
MEASURES = ("identifier", "nominal", "ordinal", "continuous")


def code_text(value: Value) -> str:
    """A code as a user types it."""
    return value if isinstance(value, str) else exact(value)


def labels_text(variable: Variable, most: int | None = None) -> str:
    """Value labels in one line: ``0 = Public, 1 = Catholic``."""
    pairs = [f"{code_text(k)} = {v}" for k, v in variable.value_labels.items()]
    if most is not None and len(pairs) > most:
        pairs = [*pairs[:most], f"… ({len(variable.value_labels)})"]
    return ", ".join(pairs)


class VariablesModel(QAbstractTableModel):
    """One row a variable. `setData` changes nothing itself: it emits `edit_asked`."""

    edit_asked = Signal(str, str, object)  # variable, field, new value

    def __init__(self) -> None:
        super().__init__()
        self.dataset: Dataset | None = None

    def set_dataset(self, dataset: Dataset | None) -> None:
        """Show the variables of these data."""
        self.beginResetModel()
        self.dataset = dataset
        self.endResetModel()

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() or self.dataset is None else len(self.dataset.variables)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(FIELDS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.dataset is None or not index.isValid():
            return None
        v = self.dataset.variables[index.row()]
        column = index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole):
            if column == MEASURE:
                title = measure_title(v.measure.value)
                return v.measure.value if role == Qt.ItemDataRole.EditRole else title
            text = {
                NAME: v.name,
                LABEL: v.label,
                VALUES: labels_text(v),
                MISSING: ", ".join(missing_texts(v)),
            }[column]
            return (text or None) if role == Qt.ItemDataRole.ToolTipRole else text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            head = self.headerData(column, Qt.Orientation.Horizontal)
            none = self.tr("none")
            return f"{v.name}, {head}: {self.data(index) or none}"
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1)
        return (
            self.tr("Name"),
            self.tr("Measure"),
            self.tr("Label"),
            self.tr("Value labels"),
            self.tr("Missing codes"),
        )[section]

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or self.dataset is None:
            return False
        if value == self.data(index, Qt.ItemDataRole.EditRole):
            return False
        self.edit_asked.emit(self.dataset.variables[index.row()].name, FIELDS[index.column()], value)
        return True


class VariableDelegate(QStyledItemDelegate):
    """A badge beside the measure, and a list to choose it from."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        if index.column() != MEASURE:
            super().paint(painter, option, index)
            return
        super().paint(painter, option, index)
        rect: QRect = option.rect
        badge = QRect(rect.left() + 8, rect.center().y() - 7, 18, 16)
        painter.save()
        draw_badge(painter, badge, index.data(Qt.ItemDataRole.EditRole))
        painter.restore()

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if index.column() == MEASURE:
            option.text = "      " + option.text

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        if index.column() != MEASURE:
            editor = super().createEditor(parent, option, index)
            return named(editor, "variable_editor", self.tr("New value"))
        model = index.model()
        assert isinstance(model, VariablesModel)
        box = named(QComboBox(parent), "measure_editor", self.tr("Measure level"))
        described(box)
        for measure in MEASURES:
            box.addItem(measure_title(measure), measure)

        def take(_index: int) -> None:
            self.commitData.emit(box)
            self.closeEditor.emit(box)

        box.activated.connect(take)
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(MEASURES.index(index.data(Qt.ItemDataRole.EditRole)))
            editor.showPopup()
        else:
            super().setEditorData(editor, index)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentData(), Qt.ItemDataRole.EditRole)
        else:
            super().setModelData(editor, model, index)


class VariablesPage(QWidget):
    """The view under a line that finds variables by their name or label."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "variables_page", self.tr("Variables"))
        self.search = named(EscapeLine(), "variables_search", self.tr("Find a variable"))
        self.search.setPlaceholderText(self.tr("Find a variable by its name or label"))
        self.search.setClearButtonEnabled(True)
        for b in self.search.findChildren(QToolButton):
            named(b, "variables_search_clear", self.tr("Clear"))
        self.view = VariablesView()
        self._nothing = label(self.tr("No variable found."), "muted")
        self._nothing.setContentsMargins(16, 12, 16, 12)
        self._nothing.hide()
        top = QHBoxLayout()
        top.setContentsMargins(12, 6, 12, 6)
        top.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(hairline())
        column.addWidget(self._nothing)
        column.addWidget(self.view, 1)
        self.search.textChanged.connect(lambda _text: self._filter())
        self.search.left.connect(lambda: self.view.setFocus(Qt.FocusReason.OtherFocusReason))
        self.setFocusProxy(self.view)

    def show_dataset(self, dataset: Dataset | None) -> None:
        """Show the variables of these data."""
        self.view.show_dataset(dataset)
        self._filter()

    def _filter(self) -> None:
        dataset = self.view.table.dataset
        words = self.search.text().lower().split()
        hidden = 0
        for row, v in enumerate(() if dataset is None else dataset.variables):
            text = f"{v.name} {v.label}".lower()
            out = not all(w in text for w in words)
            hidden += out
            if self.view.isRowHidden(row) != out:
                self.view.setRowHidden(row, out)
        self._nothing.setVisible(bool(words) and dataset is not None and hidden == len(dataset.variables))


class VariablesView(QTableView):
    """Name, measure, label, value labels and missing codes of each variable.

    A double click on value labels asks for the variable: they have more room in an editor of their own.
    """

    edit_asked = Signal(str, str, object)
    variable_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "variables_view", self.tr("Variables"))
        self.table = VariablesModel()
        self.table.edit_asked.connect(self.edit_asked)
        self.setModel(self.table)
        self.setItemDelegate(VariableDelegate(self))
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        rows = self.verticalHeader()
        named(rows, "variables_rows", self.tr("Variable numbers"))
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads = self.horizontalHeader()
        named(heads, "variables_columns", self.tr("Variable properties"))
        heads.setHighlightSections(False)
        sized(heads, height=LINE)
        heads.setStretchLastSection(True)
        for column, width in ((NAME, 110), (MEASURE, 118), (LABEL, 200), (VALUES, 160), (MISSING, 90)):
            self.setColumnWidth(column, theme.px(width))
        theme.manager().changed.connect(self._follow_text)
        self._follow_text()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == VALUES and self.table.dataset is not None:
            self.variable_asked.emit(self.table.dataset.variables[index.row()].name)
            return
        super().mouseDoubleClickEvent(event)

    def _follow_text(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme.px(LINE))
        self.viewport().update()

    def show_dataset(self, dataset: Dataset | None) -> None:
        """Show the variables of these data; the current row stays."""
        at = self.currentIndex()
        self.table.set_dataset(dataset)
        if at.isValid() and at.row() < self.table.rowCount():
            self.setCurrentIndex(self.table.index(at.row(), at.column()))

    def show_variable(self, name: str) -> None:
        """Go to a variable."""
        if self.table.dataset is not None and name in self.table.dataset:
            row = self.table.dataset.names.index(name)
            self.setCurrentIndex(self.table.index(row, NAME))
            self.setFocus()

    def sizeHint(self) -> QSize:
        return QSize(480, 400)
