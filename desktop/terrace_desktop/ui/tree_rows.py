"""Trees whose rows are painted by their delegate and dragged into order: the outline, and the parts of a report."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem, QTreeView

from terrace_desktop.ui import theme


def set_up_rows(view: QTreeView) -> None:
    """Rows without the marks of a tree, one chosen at a time, moved by dragging."""
    view.setHeaderHidden(True)
    view.setIndentation(0)
    view.setRootIsDecorated(False)
    view.setMouseTracking(True)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setExpandsOnDoubleClick(False)
    view.setDragEnabled(True)
    view.setAcceptDrops(True)
    view.setDropIndicatorShown(True)
    view.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
    view.setDefaultDropAction(Qt.DropAction.MoveAction)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)


def paint_ground(
    painter: QPainter, option: QStyleOptionViewItem, room: QRect, view: QTreeView, edge: float = 1
) -> None:
    """The ground of a row that is chosen or pointed at, with an edge of so many px where it has the focus."""
    chosen = bool(option.state & QStyle.StateFlag.State_Selected)
    hover = bool(option.state & QStyle.StateFlag.State_MouseOver)
    inside = QRectF(room).adjusted(0.5, 0.5, -0.5, -0.5)
    if chosen or hover:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("selection" if chosen else "sunk"))
        painter.drawRoundedRect(inside, 4, 4)
    if chosen and view.hasFocus():
        painter.setPen(QPen(theme.colour("accent"), edge))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(inside, 4, 4)
