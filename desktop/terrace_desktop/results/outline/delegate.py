"""Draws a line of the outline: a dot on the rail or a sign, a title that wraps, and the model that it comes from."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from terrace_desktop.results.outline.model import DRAFT, OutlineModel, SecondRole, SignRole
from terrace_desktop.ui import icons, theme
from terrace_desktop.ui.tree_rows import paint_ground

Index = QModelIndex | QPersistentModelIndex
LEFT, LANE, STEP = 8, 12, 20  # px: before the rail, of a lane, of a level
SIGN, GAP = 16, 6  # px of a sign or a dot, and behind it
ABOVE = 4  # px above and below the text
RIGHT = 6
DOT = 3.6  # px, the radius


class OutlineDelegate(QStyledItemDelegate):
    """Lines of different heights: titles are never cut off."""

    def __init__(self, view: QTreeView) -> None:
        super().__init__(view)
        self.view = view
        self.shown = 0  # the model that is read now: its dot is filled

    # --- measures -----------------------------------------------------------------------------------
    def model(self) -> OutlineModel:
        """The model of the view."""
        found = self.view.model()
        assert isinstance(found, OutlineModel)
        return found

    def _depth(self, index: Index) -> int:
        depth = 0
        while index.parent().isValid():
            index, depth = index.parent(), depth + 1
        return depth

    def _left(self, index: Index) -> int:
        """Where the text begins."""
        rail = self.model().rail
        lanes = LANE * (rail.width - 1) if rail.lanes else 0
        return LEFT + lanes + STEP * min(self._depth(index), 3) + SIGN + GAP

    def _font(self, index: Index) -> QFont:
        item = self.model().item(index)
        bold = item is None or self._depth(index) == 0
        font = theme.text_font(theme.SMALL, bold=bold)
        font.setItalic(item is None)
        return font

    def _text_rect(self, index: Index, width: int) -> QRect:
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        room = QRect(0, 0, max(40, width), 10_000)
        flags = int(Qt.TextFlag.TextWordWrap | Qt.TextFlag.TextWrapAnywhere)
        metrics = QFontMetrics(self._font(index))
        wide = any(metrics.horizontalAdvance(w) > room.width() for w in text.split())
        return metrics.boundingRect(room, flags if wide else int(Qt.TextFlag.TextWordWrap), text)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self.view.viewport().width()
        height = self._text_rect(index, width - self._left(index) - RIGHT).height()
        if index.data(SecondRole):
            height += QFontMetrics(theme.text_font(theme.SMALL)).height()
        return QSize(80, height + 2 * ABOVE)

    def text_place(self, rect: QRect, index: Index) -> QRect:
        """Where the title stands in the rectangle of its line."""
        left = self._left(index)
        height = self._text_rect(index, rect.width() - left - RIGHT).height()
        return QRect(rect.left() + left, rect.top() + ABOVE, rect.width() - left - RIGHT, height)

    # --- painting -----------------------------------------------------------------------------------
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRect(0, option.rect.top(), self.view.viewport().width(), option.rect.height())
        paint_ground(painter, option, room, self.view)
        self._rail(painter, room, index)
        self._sign(painter, room, index)
        draft = index.internalId() == DRAFT
        font = self._font(index)
        painter.setFont(font)
        painter.setPen(theme.colour("accent_text" if draft else "ink"))
        place = self.text_place(room, index)
        metrics = QFontMetrics(font)
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        flags = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        if any(metrics.horizontalAdvance(w) > place.width() for w in text.split()):
            flags |= int(Qt.TextFlag.TextWrapAnywhere)
        painter.drawText(place, flags, text)
        second = index.data(SecondRole)
        if second:
            small = theme.text_font(theme.SMALL)
            small.setItalic(draft)
            painter.setFont(small)
            painter.setPen(theme.colour("muted"))
            height = QFontMetrics(small).height()
            painter.drawText(QRect(place.left(), place.bottom() + 1, place.width(), height), flags, str(second))
        painter.restore()

    def _lane(self, lane: int) -> float:
        return LEFT + LANE * lane + SIGN / 2

    def _dot_at(self, room: QRect, index: Index) -> QPointF:
        key = index.internalId() or DRAFT - 1
        height = QFontMetrics(self._font(index)).height()
        return QPointF(self._lane(self.model().rail.lanes.get(key, 0)), room.top() + ABOVE + height / 2)

    def _rail(self, painter: QPainter, room: QRect, index: Index) -> None:
        """The pieces of the lines that pass through, begin or end in this line."""
        model = self.model()
        rail = model.rail
        if not rail.edges:
            return
        lines = {key or DRAFT - 1: place for place, key in enumerate(model.lines())}
        here = lines.get(index.internalId() or DRAFT - 1, -1)
        painter.setPen(QPen(theme.colour("faint"), 1))
        middle = self._dot_at(room, index).y()
        for edge in rail.edges:
            first, last = sorted((lines[edge.parent], lines[edge.child]))
            x = self._lane(edge.lane)
            if first < here < last:
                painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom() + 1))
            elif here == first:
                begin = QPointF(self._lane(rail.lanes[edge.parent]), middle)
                if begin.x() == x:
                    painter.drawLine(QPointF(x, middle + DOT), QPointF(x, room.bottom() + 1))
                else:  # a second child: the line turns into its own lane
                    painter.drawLine(QPointF(begin.x() + DOT, middle), QPointF(x - 4, middle))
                    painter.drawLine(QPointF(x - 4, middle), QPointF(x, middle + 4))
                    painter.drawLine(QPointF(x, middle + 4), QPointF(x, room.bottom() + 1))
            elif here == last:
                painter.drawLine(QPointF(x, room.top()), QPointF(x, middle - DOT))

    def _sign(self, painter: QPainter, room: QRect, index: Index) -> None:
        item = self.model().item(index)
        if item is not None and item.kind != "model":
            height = QFontMetrics(self._font(index)).height()
            x = self._left(index) - SIGN - GAP
            y = room.top() + ABOVE + (height - SIGN) / 2
            ratio = self.view.devicePixelRatioF()
            drawn = icons.pixmap(str(index.data(SignRole)), "muted", size=SIGN, scale=max(1.0, ratio))
            painter.drawPixmap(QPointF(x, y), drawn)
            return
        at = self._dot_at(room, index)
        accent = theme.colour("accent")
        pen = QPen(accent, 1.8)
        filled = item is not None and item.id == self.shown
        if item is None:  # dotted
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([0.9, 1.2])
        painter.setPen(pen)
        painter.setBrush(accent if filled else theme.colour("panel"))
        painter.drawEllipse(at, DOT, DOT)

    # --- editing ------------------------------------------------------------------------------------
    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        room = QRect(0, option.rect.top(), self.view.viewport().width(), option.rect.height())
        place = self.text_place(room, index)
        editor.setGeometry(QRect(place.left() - 4, room.top(), place.width() + RIGHT, max(24, room.height())))
