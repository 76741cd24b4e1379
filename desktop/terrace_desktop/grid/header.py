"""Header of the columns and of the rows. Both paint themselves: the stock header asks every selected cell
whether it is selected, which takes over a second with a column of a million rows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCursor, QFontMetrics, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QToolTip, QWidget

from terrace_desktop.grid.model import GridModel
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import SIZE, pixmap
from terrace_desktop.ui.measures import measure_icon
from terrace_desktop.ui.widgets import named, sized

HEAD = 30  # px
ROW = theme.ROW
BADGE = 18
PAD = 7
GAP = 5  # px between badge and name
ARROW = 14  # px of the arrow that opens the menu of a column, over the end of its name while the pointer is there
EDGE = 4  # px at the end of a column by which it is made wider


class ColumnHeader(QHeaderView):
    """Measure badge, name, and the arrow of its menu; an arrow in place of the badge where the view is sorted.

    Double click asks to sort.
    """

    sort_asked = Signal(int)
    menu_asked = Signal(int, object)  # section, where on the screen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        named(self, "grid_columns", self.tr("Variables of the data"))
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionsMovable(False)
        self.setDefaultSectionSize(88)
        self.setMinimumSectionSize(40)
        sized(self, height=HEAD)
        self._hovered = -1
        self.setMouseTracking(True)
        self.sectionDoubleClicked.connect(self.sort_asked)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.px(HEAD))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.logicalIndexAt(event.position().toPoint()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        section, model = self.logicalIndexAt(at), self.model()
        whole = isinstance(model, GridModel) and 0 <= section < model.variables
        if whole and event.button() == Qt.MouseButton.LeftButton and self.arrow_of(section).contains(at):
            corner = QPoint(self.sectionViewportPosition(section), self.height())
            self.menu_asked.emit(section, self.viewport().mapToGlobal(corner))
            return
        super().mousePressEvent(event)

    def arrow_of(self, section: int) -> QRect:
        """Where a click opens the menu of a column."""
        end = self.sectionViewportPosition(section) + self.sectionSize(section) - EDGE
        return QRect(end - theme.px(ARROW) - 2, 0, theme.px(ARROW) + 2, self.height())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, section: int) -> None:
        if section != self._hovered:
            self._hovered = section
            self.viewport().update()
            self._tell_name(section)

    def _tell_name(self, section: int) -> None:
        """The whole name at once where it does not fit."""
        model = self.model()
        if not isinstance(model, GridModel) or model.dataset is None or not 0 <= section < model.variables:
            QToolTip.hideText()
            return
        name = model.dataset.variables[section].name
        width = QFontMetrics(theme.text_font(theme.TEXT, bold=True)).horizontalAdvance(name)
        if width > self.sectionSize(section) - theme.px(BADGE) - GAP - 2 * PAD:
            tip = model.headerData(section, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
            QToolTip.showText(QCursor.pos(), str(tip), self)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        model = self.model()
        if not isinstance(model, GridModel) or model.dataset is None or not rect.isValid():
            return
        painter.save()
        usual = "selection" if model.is_new(section) else "ground"
        ground = theme.colour("sunk" if section == self._hovered else usual)
        painter.fillRect(rect, ground)
        painter.setPen(theme.colour("line"))
        painter.drawLine(rect.topRight(), rect.bottomRight())
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        inner = rect.adjusted(PAD, 0, -PAD, -1)
        if section >= model.variables:
            draw_plus(painter, rect)
            painter.restore()
            return
        name = model.dataset.variables[section].name
        font = theme.text_font(theme.TEXT, bold=True)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        size = theme.px(BADGE)
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(8, inner.width() - size - GAP))
        used = size + GAP + metrics.horizontalAdvance(shown)
        left = inner.left() if model.left_aligned(section) else max(inner.left(), inner.right() - used + 1)
        badge = QRect(left, rect.center().y() - size // 2 + 1, size, size - 2)
        painter.setPen(theme.colour("ink"))
        text = QRect(badge.right() + GAP, rect.top(), inner.right() - badge.right() - GAP + 1, rect.height() - 1)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        if model.sorted_by is not None and name == model.sorted_by[0]:
            self._arrow(painter, badge, model.sorted_by[1])  # in place of the badge: the name keeps its room
        else:
            draw_badge(painter, badge, model.badge(section))
        arrow = self.arrow_of(section)
        free = text.left() + metrics.horizontalAdvance(shown) < arrow.left()
        if section == self._hovered or (free and section == self._current()):
            painter.fillRect(arrow.adjusted(0, 0, 0, -1), ground)
            size = theme.px(12)
            place = QRect(0, 0, size, size)
            place.moveCenter(arrow.center())
            painter.drawPixmap(place, pixmap("down", "muted", size=size))
        painter.restore()

    def _current(self) -> int:
        view = self.parentWidget()
        return view.currentIndex().column() if isinstance(view, QAbstractItemView) else -1

    def _arrow(self, painter: QPainter, badge: QRect, descending: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawRoundedRect(badge, 4, 4)
        x, y = badge.center().x() + 1, badge.center().y() + 1
        pen = painter.pen()
        pen.setStyle(Qt.PenStyle.SolidLine)
        pen.setColor(theme.colour("on_accent"))
        pen.setWidthF(1.6)
        painter.setPen(pen)
        d = 2 if descending else -2
        painter.drawLine(x - 4, y - d, x, y + d)
        painter.drawLine(x, y + d, x + 4, y - d)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


class RowHeader(QHeaderView):
    """Row numbers of the data; a bar marks the rows that a plot selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        named(self, "grid_rows", self.tr("Row numbers"))
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(1)  # of no use where nobody drags, and Qt would make rows higher one by one
        self.follow_text()
        theme.manager().changed.connect(self.follow_text)
        self.setHighlightSections(False)
        self.setSectionsClickable(True)

    def follow_text(self) -> None:
        """Rows as high as the size of text asks for."""
        if self.defaultSectionSize() != theme.px(ROW):
            self.setDefaultSectionSize(theme.px(ROW))

    def sizeHint(self) -> QSize:
        model = self.model()
        rows = len(model.dataset) if isinstance(model, GridModel) and model.dataset is not None else 1
        width = self.fontMetrics().horizontalAdvance("8" * max(2, len(str(rows)))) + 2 * PAD
        return QSize(width, super().sizeHint().height())

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        model = self.model()
        if not isinstance(model, GridModel) or not rect.isValid():
            return
        painter.save()
        painter.fillRect(rect, theme.colour("ground"))
        row = model.data_row(section)
        new = section >= model.shown_rows
        if not new and model.marked is not None and bool(model.marked[row]):
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), theme.colour("accent"))
        painter.setPen(theme.colour("line"))
        painter.drawLine(rect.topRight(), rect.bottomRight())
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if new:
            draw_plus(painter, rect)
            painter.restore()
            return
        painter.setPen(theme.colour("muted"))
        painter.setFont(self.font())
        painter.drawText(
            rect.adjusted(0, 0, -PAD, -1),
            int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight),
            str(row + 1),
        )
        painter.restore()


def draw_plus(painter: QPainter, rect: QRect) -> None:
    """The sign of an empty row or column."""
    size = theme.px(SIZE)
    place = QRect(0, 0, size, size)
    place.moveCenter(rect.center())
    painter.drawPixmap(place, pixmap("plus", "muted", size=size))


def draw_badge(painter: QPainter, rect: QRect, measure: str) -> None:
    """The icon of a measure level: key, circles, bars or ruler."""
    size = min(theme.px(SIZE), rect.width())
    place = QRect(0, 0, size, size)
    place.moveCenter(rect.center())
    painter.drawPixmap(place, pixmap(measure_icon(measure), "muted", size=size))
