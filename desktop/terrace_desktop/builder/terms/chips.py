"""Chips and the boxes that hold them: what plays a role in the model, shown as small named pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QCursor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetrics,
    QKeyEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from terrace.errors import TerraceError
from terrace_desktop.builder.fields import badge
from terrace_desktop.builder.variables import dragged
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import label, named, restyle, tell
from terrace_desktop.ui.words import in_words

MenuMaker = Callable[[QMenu], None]


@dataclass(frozen=True)
class ChipData:
    """What a chip shows. ``key`` is stable as long as the piece is the same, so that focus stays.

    ``detail`` is quiet text after the name; ``menu`` fills the menu that the detail and the menu key open;
    ``state`` is ``warning``, ``error`` or nothing.
    """

    key: str
    text: str
    detail: str = ""
    badge: str = ""
    removable: bool = True
    selectable: bool = False
    menu: MenuMaker | None = field(default=None, compare=False)
    state: str = ""
    tip: str = ""


class Chip(QFrame):
    """One piece: its name, perhaps a detail that opens a menu, and a cross that removes it.

    Space to select it where that has a meaning; Delete to remove it; the menu key opens its menu.
    """

    removed = Signal(str)
    selection_changed = Signal()

    def __init__(self, data: ChipData, box_name: str) -> None:
        super().__init__()
        self.data = data
        self._box_name = box_name
        self.setProperty("role", "chip")
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 4, 0)
        row.setSpacing(1)
        self._badge = badge(data.badge) if data.badge else None
        if self._badge is not None:
            row.addWidget(self._badge)
        self.body = QPushButton()
        self.body.setProperty("variant", "chip")
        self.detail = QPushButton()
        self.detail.setProperty("variant", "chip-detail")
        self.cross = QToolButton()
        self.cross.setProperty("variant", "cross")
        set_icon(self.cross, "close", "muted")
        self.cross.setIconSize(QSize(12, 12))
        self.cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the Delete key on the chip does the same
        for w in (self.body, self.detail, self.cross):
            w.setCursor(Qt.CursorShape.PointingHandCursor)
            row.addWidget(w)
        for b in (self.body, self.detail):
            b.setAutoDefault(False)
        self.body.toggled.connect(self._selected)
        self.body.clicked.connect(self._clicked)
        self.detail.clicked.connect(self.open_menu)
        self.cross.clicked.connect(lambda: self.removed.emit(self.data.key))
        self.show_data(data)

    def show_data(self, data: ChipData) -> None:
        """Show a piece; the same widget serves as long as the key is the same."""
        self.data = data
        name = f"{self._box_name}_chip_{data.key}"
        whole = f"{data.text} {data.detail}".strip()
        self.setObjectName(name)
        named(self.body, f"{name}_body", whole)
        named(
            self.detail,
            f"{name}_detail",
            self.tr("%1: %2").replace("%1", data.text).replace("%2", data.detail),
        )
        named(self.cross, f"{name}_remove", self.tr("Remove %1").replace("%1", whole))
        self.cross.setToolTip(self.tr("Remove"))
        metrics = QFontMetrics(self.body.font())
        shown = metrics.elidedText(data.text, Qt.TextElideMode.ElideMiddle, 220)
        self.body.setText(shown.replace("&", "&&"))
        self.body.setToolTip(data.tip or (data.text if shown != data.text else ""))
        self.body.setCheckable(data.selectable)
        keys = [self.tr("Delete to remove")] if data.removable else []
        keys += [self.tr("Space to select")] if data.selectable else []
        self.body.setAccessibleDescription(", ".join([*keys, *([data.tip] if data.tip else [])]))
        self.detail.setText(data.detail.replace("&", "&&"))
        self.detail.setVisible(bool(data.detail))
        self.detail.setEnabled(data.menu is not None)
        self.cross.setVisible(data.removable)
        self.setProperty("state", data.state)
        restyle(self)

    def is_selected(self) -> bool:
        """True where the chip is selected."""
        return self.body.isChecked()

    def set_selected(self, on: bool) -> None:
        """Select the chip or not."""
        self.body.setChecked(on and self.data.selectable)

    def open_menu(self) -> None:
        """Open the menu of the chip, where it has one."""
        if self.data.menu is None:
            return
        menu = QMenu(self)
        menu.setObjectName("builder_chip_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.data.menu(menu)
        if self.data.removable:
            menu.addSeparator()
            remove = QAction(self.tr("Remove"), menu)
            remove.triggered.connect(lambda: self.removed.emit(self.data.key))
            menu.addAction(remove)
        menu.popup(self.mapToGlobal(QPoint(8, self.height())))

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width(), 24)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.data.removable:
            self.removed.emit(self.data.key)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.open_menu()

    def _clicked(self) -> None:
        if not self.data.selectable:
            self.open_menu()

    def _selected(self, on: bool) -> None:
        self.setProperty("selected", on)
        restyle(self)
        self.selection_changed.emit()


class ChipRow(QWidget):
    """Chips in a flow, kept from one state of the model to the next by their keys."""

    removed = Signal(str)
    selection_changed = Signal()

    def __init__(self, object_name: str) -> None:
        super().__init__()
        self._name = object_name
        self.setObjectName(object_name)
        self.flow = Flow(self)
        self._chips: list[Chip] = []
        self._last: list[QWidget] = []

    def add_last(self, widget: QWidget) -> None:
        """A widget that stays behind the chips, such as a button that adds one."""
        self._last.append(widget)
        self.flow.addWidget(widget)

    def chips(self) -> list[Chip]:
        """The chips in order."""
        return list(self._chips)

    def show_chips(self, wanted: Sequence[ChipData]) -> None:
        """Show these chips: those there already change, others come and go."""
        had_focus = next((k for k, c in enumerate(self._chips) if c.isAncestorOf(_focus(self))), None)
        known = {c.data.key: c for c in self._chips}
        kept: list[Chip] = []
        for k, data in enumerate(wanted):
            chip = known.pop(data.key, None)
            if chip is None:
                chip = Chip(data, self._name)
                chip.removed.connect(self.removed)
                chip.selection_changed.connect(self.selection_changed)
                self.flow.insert(k, chip)
                chip.show()
            else:
                if chip.data != data or chip.data.menu is not data.menu:
                    chip.show_data(data)
                self.flow.move(chip, k)
            kept.append(chip)
        for chip in known.values():
            self.flow.removeWidget(chip)
            chip.hide()
            chip.setParent(None)
            chip.deleteLater()
        self._chips = kept
        if had_focus is not None and not any(c.isAncestorOf(_focus(self)) for c in kept):
            # the chip with the focus is gone: its neighbour takes it, or what adds new ones
            if kept:
                kept[min(had_focus, len(kept) - 1)].body.setFocus()
            elif self._last:
                self._last[0].setFocus()
        before: QWidget | None = None
        for widget in [w for c in kept for w in (c.body, c.detail)] + self._last:
            if before is not None:
                QWidget.setTabOrder(before, widget)
            before = widget
        self.updateGeometry()

    def selected(self) -> list[int]:
        """Positions of the selected chips."""
        return [k for k, c in enumerate(self._chips) if c.is_selected()]

    def clear_selection(self) -> None:
        """Select nothing."""
        for c in self._chips:
            c.set_selected(False)


class RoleBox(QFrame):
    """A place in the model that takes variables: by dropping, by picking, by Enter in the list.

    ``refuse`` says why a variable cannot be taken (empty where it can); the reason stands under the box.
    ``take_text`` takes what is typed as in a command, or raises `TerraceError`; None where nothing can be typed.
    """

    dropped = Signal(list)
    activated = Signal(object)

    def __init__(
        self,
        object_name: str,
        title: str,
        refuse: Callable[[str], str],
        take: Callable[[str], object],
        take_text: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__()
        named(self, object_name, title)
        self.title, self._refuse, self._take = title, refuse, take
        self.take_text = take_text
        self.setProperty("role", "box")
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(8, 3, 8, 3)
        self.body.setSpacing(6)
        self.reason = named(label("", "reason", wrap=True), f"{object_name}_reason", title)
        self.reason.setVisible(False)

    def offer(self, name: str) -> bool:
        """Take a variable, or say why not."""
        why = self._refuse(name)
        self.say(f"{name} {why}." if why else "")
        if why:
            return False
        self._take(name)
        return True

    def offer_text(self, text: str) -> str:
        """Take what was typed; why not, where it cannot be taken."""
        if self.take_text is None:
            return self.tr("There is no variable named %1.").replace("%1", text)
        try:
            self.take_text(text)
        except TerraceError as error:
            return in_words(error)
        return ""

    def say(self, text: str) -> None:
        """Say something under the box, or nothing."""
        tell(self.reason, text)

    def set_active(self, on: bool) -> None:
        """Mark the box as the one that Enter in the list of variables adds to."""
        if self.property("active") != on:
            self.setProperty("active", on)
            restyle(self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        names = dragged(event.mimeData())
        if not names:
            return
        reasons = [f"{n} {why}." for n in names if (why := self._refuse(n))]
        good = len(reasons) < len(names)
        self.say(" ".join(reasons[:2]))
        self._mark("yes" if good else "no")
        # Taken even where it will be refused: only then does Qt tell when the drag leaves.
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self.property("drop") == "yes":
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        # What is refused and let go here leaves too; then the reason stays to be read.
        let_go = self.property("drop") == "no" and self.rect().contains(self.mapFromGlobal(QCursor.pos()))
        self._mark("")
        if not let_go:
            self.say("")

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark("")
        reasons = []
        for name in dragged(event.mimeData()):
            why = self._refuse(name)
            if why:
                reasons.append(f"{name} {why}.")
            else:
                self._take(name)
        self.say(" ".join(reasons[:2]))
        event.acceptProposedAction()

    def _mark(self, drop: str) -> None:
        self.setProperty("drop", drop)
        restyle(self)


def _focus(widget: QWidget) -> QWidget:
    """The widget with the focus, or one that is nobody's child."""
    return widget.window().focusWidget() or widget.window()
