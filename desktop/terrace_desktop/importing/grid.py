"""The preview: the first rows as they will be read, under the name, level and label of each column."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from terrace_desktop.grid.header import PAD, RowHeader
from terrace_desktop.grid.model import GridModel
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import SIZE, pixmap
from terrace_desktop.ui.measures import measure_icon, measure_title
from terrace_desktop.ui.widgets import named, sized
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset

HEAD = 72  # px: name, level, label
WIDEST, NARROWEST, USUAL = 200, 92, 108  # px
MEASURED, NAMED = 20, 300  # columns whose cells, and whose names, decide their width
Index = QModelIndex | QPersistentModelIndex


class PreviewHeader(QHeaderView):
    """Three lines a column. The column that is edited is marked, and those that are left out are faint and say so."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        named(self, "import_columns", self.tr("Columns of the file"))
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(48)
        self.current = -1
        self.left_out: frozenset[int] = frozenset()
        sized(self, height=HEAD)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.px(HEAD))

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        model = self.model()
        if not isinstance(model, GridModel) or model.dataset is None or not rect.isValid():
            return
        variable = model.dataset.variables[section]
        painter.save()
        painter.fillRect(rect, theme.colour("selection" if section == self.current else "panel"))
        painter.setPen(theme.colour("line"))
        painter.drawLine(rect.topRight(), rect.bottomRight())
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        inner = rect.adjusted(PAD, theme.px(6), -PAD, -theme.px(4))
        line = inner.height() // 3
        size = theme.px(SIZE) - 2
        icon = QRect(inner.left(), inner.top() + line + (line - size) // 2, size, size)
        sign = "close" if section in self.left_out else measure_icon(variable.measure.value)
        painter.drawPixmap(icon, pixmap(sign, "muted", size=size))
        out = section in self.left_out
        top = QRect(inner.left(), inner.top(), inner.width(), line)
        self._line(painter, top, variable.name, "muted" if out else "ink", bold=True)
        level = QRect(icon.right() + 5, inner.top() + line, inner.right() - icon.right() - 5, line)
        said = self.tr("Left out") if out else measure_title(variable.measure.value)
        self._line(painter, level, said, "muted" if out else "accent_text")
        below = QRect(inner.left(), inner.top() + 2 * line, inner.width(), line)
        self._line(painter, below, variable.label, "muted", theme.SMALL)
        painter.restore()

    def _line(
        self, painter: QPainter, rect: QRect, text: str, tone: str, size: int = theme.TEXT, bold: bool = False
    ) -> None:
        painter.setFont(theme.text_font(size, bold=bold))
        painter.setPen(theme.colour(tone))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)


class PreviewDelegate(QStyledItemDelegate):
    """Paints a cell; what is missing says so, and what will be lost or changed stands on the ground of warnings."""

    def __init__(self, parent: PreviewGrid) -> None:
        super().__init__(parent)
        self._view = parent

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = self._view.grid
        column, row = index.column(), index.row()
        reader = model.reader(column)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        out = column in self._view.header.left_out
        if self._view.is_changed(row, column) and not out:
            painter.fillRect(rect, theme.colour("warning_soft"))
        elif state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("selection"))
        elif column == self._view.header.current:
            painter.fillRect(rect, theme.colour("accent_soft"))
        painter.setPen(theme.colour("line"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        text = reader.text(row, True)
        font = option.font
        if out:
            painter.setPen(theme.colour("faint"))
        elif not text or reader.is_coded_missing(row):
            text = tr("missing")
            font.setItalic(True)
            painter.setPen(theme.colour("warning"))
        else:
            painter.setPen(theme.colour("ink"))
        painter.setFont(font)
        inner = rect.adjusted(PAD, 0, -PAD, 0)
        metrics: QFontMetrics = option.fontMetrics
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, int(model.alignment(column)), shown)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.restore()


class PreviewGrid(QTableView):
    """The first rows. A click on a column, or an arrow key to it, chooses it."""

    column_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "import_grid", self.tr("Preview of the file"))
        self.grid = GridModel()
        self.setModel(self.grid)
        self.header = PreviewHeader(self)
        self.setHorizontalHeader(self.header)
        self.setVerticalHeader(RowHeader(self))
        self.setItemDelegate(PreviewDelegate(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self._changed: dict[int, frozenset[int]] = {}
        self.header.sectionPressed.connect(self.column_chosen)
        selection = self.selectionModel()
        selection.currentColumnChanged.connect(lambda now, _before: self._moved(now.column()))

    def _moved(self, column: int) -> None:
        if column >= 0:
            self.column_chosen.emit(column)

    def show_rows(
        self, data: Dataset, changed: dict[str, frozenset[int]], left_out: Collection[str] = ()
    ) -> None:
        """Show these rows; ``changed`` are those of each variable in which something is lost or changed."""
        before = self.grid.dataset
        same = before is not None and before.names == data.names
        place = (self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        self.grid.set_dataset(data)
        at = {name: k for k, name in enumerate(data.names)}
        self._changed = {at[name]: rows for name, rows in changed.items() if name in at}
        self.header.left_out = frozenset(at[name] for name in left_out if name in at)
        if same:
            self.horizontalScrollBar().setValue(place[0])
            self.verticalScrollBar().setValue(place[1])
        else:
            self._fit()

    def is_changed(self, row: int, column: int) -> bool:
        """Whether something of this cell is lost or changed."""
        return row in self._changed.get(column, ())

    def choose(self, column: int) -> None:
        """Mark a column and bring it into view."""
        self.header.current = column
        self.header.viewport().update()
        self.viewport().update()
        if 0 <= column < self.grid.columnCount() and self.grid.rowCount():
            row = max(0, self.rowAt(0))
            self.scrollTo(self.grid.index(row, column), QAbstractItemView.ScrollHint.EnsureVisible)

    def show_cells(self, column: int, rows: np.ndarray) -> None:
        """Go to the first of these rows that is shown, below the one where the focus is."""
        shown = rows[rows < self.grid.rowCount()]
        if not len(shown):
            return
        now = self.currentIndex()
        after = shown[shown > now.row()] if now.column() == column else shown
        index = self.grid.index(int(after[0] if len(after) else shown[0]), column)
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(index, flag)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            event.ignore()  # they are the page's
        else:
            super().keyPressEvent(event)

    def _fit(self) -> None:
        data = self.grid.dataset
        if data is None:
            return
        bold = QFontMetrics(theme.text_font(theme.TEXT, bold=True))
        plain = QFontMetrics(theme.text_font(theme.TEXT))
        rows = range(min(len(data), 30))
        self.header.setDefaultSectionSize(theme.px(USUAL))
        for k, v in enumerate(data.variables[:NAMED]):
            width = max(bold.horizontalAdvance(v.name), plain.horizontalAdvance(v.label) if len(v.label) < 24 else 0)
            if k < MEASURED:
                reader = self.grid.reader(k)
                width = max([width, *(plain.horizontalAdvance(reader.text(r, True)) for r in rows)])
            level = plain.horizontalAdvance(measure_title(v.measure.value)) + theme.px(SIZE) + 5
            limits = theme.px(NARROWEST), theme.px(WIDEST)
            self.setColumnWidth(k, min(max(width + 2 * PAD + 4, level + 2 * PAD, limits[0]), limits[1]))
