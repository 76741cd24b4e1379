"""The pages of the report in small, one under the other."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QImage, QPainter, QPen, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from terrace_desktop.reporting.sheet import PAPER
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named, sized

Index = QModelIndex | QPersistentModelIndex
NONE = QModelIndex()
WIDE, AROUND, GAP = 96, 16, 8  # px at 100%: of a page, beside it, between two


class ThumbModel(QAbstractListModel):
    """The pages with their pictures, as far as these have been made."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.sizes: tuple[tuple[float, float], ...] = ()
        self.pictures: dict[int, QImage] = {}

    def show(self, sizes: tuple[tuple[float, float], ...]) -> None:
        """Other pages; pictures stay until others take their place."""
        self.beginResetModel()
        self.sizes = sizes
        self.pictures = {k: v for k, v in self.pictures.items() if k < len(sizes)}
        self.endResetModel()

    def take(self, page: int, picture: QImage) -> None:
        """The picture of a page."""
        if page < len(self.sizes):
            self.pictures[page] = picture
            self.dataChanged.emit(self.index(page, 0), self.index(page, 0))

    def rowCount(self, parent: Index = NONE) -> int:
        return 0 if parent.isValid() else len(self.sizes)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return str(index.row() + 1)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.tr("Page {0} of {1}").format(index.row() + 1, len(self.sizes))
        return None


class Thumbs(QListView):
    """`chosen` carries the page that the user went to."""

    chosen = Signal(int)
    seen = Signal()  # it shows other pages

    def __init__(self) -> None:
        super().__init__()
        named(self, "report_thumbs", self.tr("Pages"))
        self.pages = ThumbModel(self)
        self.setModel(self.pages)
        self.setItemDelegate(ThumbDelegate(self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        sized(self, width=WIDE + 2 * AROUND + 12)
        self._showing = False
        self.selectionModel().currentChanged.connect(self._moved)
        self.verticalScrollBar().valueChanged.connect(self.seen)
        theme.manager().changed.connect(self.scheduleDelayedItemsLayout)

    def show_pages(self, sizes: tuple[tuple[float, float], ...]) -> None:
        """Show these pages."""
        if sizes != self.pages.sizes:
            self._showing = True
            self.pages.show(sizes)
            self._showing = False

    def point_at(self, page: int) -> None:
        """Mark a page without telling, and bring it into view."""
        self._showing = True
        index = self.pages.index(page, 0)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._showing = False
        self.scrollTo(index)

    def visible_pages(self) -> list[int]:
        """The pages that can be seen now."""
        if not self.isVisible():
            return []
        room = self.viewport().rect()
        return [k for k in range(len(self.pages.sizes)) if self.visualRect(self.pages.index(k, 0)).intersects(room)]

    def _moved(self, index: QModelIndex, _before: QModelIndex) -> None:
        if not self._showing and index.isValid():
            self.chosen.emit(index.row())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()


class ThumbDelegate(QStyledItemDelegate):
    """Draws a page and its number under it."""

    def __init__(self, view: Thumbs) -> None:
        super().__init__(view)
        self.view = view

    def _sheet(self, index: Index) -> QSize:
        across, down = self.view.pages.sizes[index.row()]
        return QSize(theme.px(WIDE), round(theme.px(WIDE) * down / across))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme.px(WIDE), self._sheet(index).height() + theme.px(20) + theme.px(GAP) + 4)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        sheet = self._sheet(index)
        room = option.rect
        box = QRect(room.left() + theme.px(AROUND), room.top() + 2, sheet.width(), sheet.height())
        painter.fillRect(box, PAPER)
        picture = self.view.pages.pictures.get(index.row())
        if picture is not None:
            painter.drawImage(box, picture)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        wide = 2.5 if chosen and self.view.hasFocus() else 1.75 if chosen else 1.0
        painter.setPen(QPen(theme.colour("accent" if chosen else "line"), wide))
        painter.drawRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setFont(theme.text_font(theme.SMALL, bold=chosen))
        painter.setPen(theme.colour("ink" if chosen else "muted"))
        number = QRect(box.left(), box.bottom() + 2, box.width(), theme.px(18))
        painter.drawText(number, int(Qt.AlignmentFlag.AlignCenter), str(index.data()))
        painter.restore()
