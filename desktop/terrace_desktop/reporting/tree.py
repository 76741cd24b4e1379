"""The list of parts: ticks, titles, another order by mouse and keys, renaming in its line."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from terrace.session.document.items import Document
from terrace.session.document.report_plan import ReportPart
from terrace_desktop.reporting import texts
from terrace_desktop.reporting.model import PartsModel, SignRole
from terrace_desktop.ui import icons, theme
from terrace_desktop.ui.tree_rows import paint_ground, set_up_rows
from terrace_desktop.ui.widgets import named

Index = QModelIndex | QPersistentModelIndex
STEP, GRIP, BOX, SIGN, GAP = 20, 14, 15, 16, 7  # px at 100%: of a level, the grip, the tick, the icon, between them


class PartsTree(QTreeView):
    """`chosen` carries the name of the part that the user went to, `text_asked` of one whose text is to be edited,
    `models_asked` of one whose models are to be chosen."""

    chosen = Signal(str)
    command_asked = Signal(str)
    text_asked = Signal(str)
    models_asked = Signal(str)
    refused = Signal(str)
    menu_asked = Signal(str, QPoint)

    def __init__(self) -> None:
        super().__init__()
        named(self, "report_parts", self.tr("Parts of the report, in order"))
        self.lines = PartsModel(self)
        self.lines.command_asked.connect(self.command_asked)
        self.setModel(self.lines)
        self.setItemDelegate(PartDelegate(self))
        set_up_rows(self)
        named(self.header(), "report_parts_header", self.tr("Parts of the report, in order"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._showing = False
        self.selectionModel().currentChanged.connect(self._moved)
        self.doubleClicked.connect(self.open)
        theme.manager().changed.connect(self.scheduleDelayedItemsLayout)

    # --- content ------------------------------------------------------------------------------------
    def show_parts(self, document: Document, parts: tuple[ReportPart, ...], numbers: Mapping[str, str]) -> None:
        """Show these; the part that was chosen stays chosen, and what was folded stays folded."""
        was = self.current_name()
        folded = {name for name in self.lines.parts if self._has_rows(name) and not self._is_open(name)}
        self._showing = True
        self.lines.show(document, parts, numbers)
        for part in parts:
            if part.kind == "heading" and part.name not in folded:
                self.expand(self.lines.index_of(part.name))
        if was:
            self._select(was)
        self._showing = False
        self.scheduleDelayedItemsLayout()

    def _has_rows(self, name: str) -> bool:
        return self.lines.rowCount(self.lines.index_of(name)) > 0

    def _is_open(self, name: str) -> bool:
        return self.isExpanded(self.lines.index_of(name))

    def current_name(self) -> str:
        """The part that is chosen; empty where there is none."""
        return self.lines.name(self.currentIndex())

    def current(self) -> ReportPart | None:
        """The part that is chosen."""
        return self.lines.part(self.currentIndex())

    def point_at(self, name: str) -> None:
        """Choose a part without telling, and bring it into view."""
        self._showing = True
        self._select(name)
        self._showing = False
        index = self.lines.index_of(name)
        if index.isValid():
            self.scrollTo(index)

    def _select(self, name: str) -> None:
        index = self.lines.index_of(name)
        if index.isValid():
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _moved(self, index: QModelIndex, _before: QModelIndex) -> None:
        if not self._showing and index.isValid():
            self.chosen.emit(self.lines.name(index))

    # --- what is done to a part ---------------------------------------------------------------------
    def toggle(self, part: ReportPart) -> None:
        """Show it in the report, or leave it out."""
        self.command_asked.emit(texts.show(part.name, not part.shown))

    def open(self, index: QModelIndex) -> None:
        """Edit what a part holds: models side by side are chosen, of anything else the words are edited."""
        part = self.lines.part(index)
        if part is not None and part.made == "models":
            self.models_asked.emit(part.name)
        else:
            self.give_name(index)

    def give_name(self, index: QModelIndex) -> None:
        """Edit a heading or a caption in its line, a text in the editor of notes."""
        part = self.lines.part(index)
        if part is None:
            return
        if self.lines.renamed_in_line(part):
            self.edit(index)
        else:
            self.text_asked.emit(part.name)

    def take_away(self, part: ReportPart) -> None:
        """Remove what the user added; what follows from the results can only be left out."""
        if self.lines.removable(part):
            self.command_asked.emit(texts.remove(part.name))
        else:
            self.refused.emit(self.tr("This part comes from the results. Clear its tick to leave it out."))

    # --- keys and mouse -----------------------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        part, key = self.current(), event.key()
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if part is None or self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._ask(self.lines.shifted(part, -1 if key == Qt.Key.Key_Up else 1))
        elif alt and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._ask(self.lines.nested(part, key == Qt.Key.Key_Right))
        elif key == Qt.Key.Key_Space:
            self.toggle(part)
        elif key == Qt.Key.Key_F2 and not event.modifiers():
            self.give_name(self.currentIndex())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.open(self.currentIndex())
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.take_away(part)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        delegate = self.itemDelegate()
        if isinstance(delegate, PartDelegate) and delegate.is_tick(event.position().toPoint(), index):
            self.mousePressEvent(event)  # ticked twice, and nothing to be renamed
        else:
            super().mouseDoubleClickEvent(event)

    def _ask(self, command: str) -> None:
        if command:
            self.command_asked.emit(command)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(event.pos())
            if index.isValid():
                self.setCurrentIndex(index)
            at = event.globalPos()
        else:
            at = self.viewport().mapToGlobal(QPoint(24, self.visualRect(self.currentIndex()).bottom()))
        if self.current_name():
            self.menu_asked.emit(self.current_name(), at)

    def sizeHint(self) -> QSize:
        return QSize(240, theme.px(10 * theme.ROW))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, theme.px(5 * theme.ROW))


class PartDelegate(QStyledItemDelegate):
    """Draws a line: what it is held by, its tick, its icon and its title, further in by its level."""

    def __init__(self, view: PartsTree) -> None:
        super().__init__(view)
        self.view = view

    def _depth(self, index: Index) -> int:
        depth = 0
        while index.parent().isValid():
            index, depth = index.parent(), depth + 1
        return depth

    def _boxes(self, rect: QRect, index: Index) -> tuple[QRect, QRect, QRect, QRect]:
        """Where the grip, the tick, the icon and the title stand."""
        px, middle = theme.px, rect.center().y() + 1
        x = 2 + px(STEP) * self._depth(index)
        grip = QRect(x, middle - px(8), px(GRIP), px(16))
        tick = QRect(grip.right() + 1 + px(GAP) // 2, middle - px(BOX) // 2, px(BOX), px(BOX))
        sign = QRect(tick.right() + 1 + px(GAP), middle - px(SIGN) // 2, px(SIGN), px(SIGN))
        left = sign.right() + 1 + px(GAP)
        return grip, tick, sign, QRect(left, rect.top(), self.view.viewport().width() - left - 6, rect.height())

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, theme.px(theme.ROW))

    def tick_place(self, index: QModelIndex) -> QRect:
        """Where the tick of a line stands in the view."""
        return self._boxes(self.view.visualRect(index), index)[1]

    def is_tick(self, at: QPoint, index: QModelIndex) -> bool:
        """True where a point of the view is on the tick of a line, or close to it."""
        return index.isValid() and self.tick_place(index).adjusted(-3, -4, 3, 4).contains(at)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        part = self.view.lines.part(index)
        if part is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRect(0, option.rect.top(), self.view.viewport().width(), option.rect.height())
        grip, tick, sign, title = self._boxes(option.rect, index)
        paint_ground(painter, option, room, self.view, 2 if theme.manager().theme.strong else 1)
        ratio = max(1.0, self.view.devicePixelRatioF())
        painter.drawPixmap(grip.topLeft(), icons.pixmap("grip", "muted", size=grip.width(), scale=ratio))
        self._tick(painter, tick, bool(part.shown))
        tone = "ink" if part.shown else "muted"
        drawn = icons.pixmap(str(index.data(SignRole)), tone, size=sign.width(), scale=ratio)
        painter.drawPixmap(sign.topLeft(), drawn)
        font = theme.text_font(bold=part.kind == "heading")
        painter.setFont(font)
        painter.setPen(theme.colour(tone))
        metrics = painter.fontMetrics()
        words = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, title.width())
        painter.drawText(title, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), words)
        painter.restore()

    def _tick(self, painter: QPainter, place: QRect, on: bool) -> None:
        box = QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme.colour("accent" if on else "outline"), 1))
        painter.setBrush(theme.colour("accent" if on else "panel"))
        painter.drawRoundedRect(box, 3, 3)
        if on:
            ratio = max(1.0, self.view.devicePixelRatioF())
            sign = icons.pixmap("check", "on_accent", size=place.width() - 4, scale=ratio)
            painter.drawPixmap(place.topLeft() + QPoint(2, 2), sign)

    # --- editing ------------------------------------------------------------------------------------
    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """A click on the tick shows the part or leaves it out."""
        part = self.view.lines.part(index)
        clicked = isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton
        if part is not None and clicked and isinstance(event, QMouseEvent):
            at = event.position().toPoint()
            inside = self.is_tick(at, self.view.indexAt(at))
            if inside and event.type() == QEvent.Type.MouseButtonRelease:
                self.view.toggle(part)
            if inside:
                return True
        return False

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = named(QLineEdit(parent), "report_part_line", str(index.data()))
        editor.setFrame(False)
        editor.setFont(theme.text_font())
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        title = self._boxes(option.rect, index)[3]
        editor.setGeometry(title.adjusted(-4, 0, 4, 0))
