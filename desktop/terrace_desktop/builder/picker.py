"""A list that drops down from a button to pick a variable for a role; refused ones say why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from terrace.data.dataset import Variable
from terrace_desktop.builder.variables import NameRole, SearchLine, VariableModel, VariableView
from terrace_desktop.widgets import button, label, named


class Picker(QFrame):
    """The drop-down: a search line over a list. Enter or a click picks; Escape closes.

    ``clear_text`` adds a button that picks nothing.
    """

    picked = Signal(str)

    WIDTH, ROWS = 340, 10

    def __init__(
        self,
        anchor: QWidget,
        title: str,
        variables: Sequence[Variable],
        refuse: Callable[[str], str],
        *,
        clear_text: str = "",
    ) -> None:
        super().__init__(anchor, Qt.WindowType.Popup)
        named(self, "builder_picker", title)
        self.setProperty("surface", "popup")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.model = VariableModel(self)
        self.view = VariableView("picker_list", title, tail=True, drag=False)
        self.view.setProperty("role", "pick")
        self.view.setModel(self.model)
        self.model.set_variables(variables, {v.name: refuse(v.name) for v in variables})
        self.search = SearchLine("picker_search", self.tr("Search"), self.view, self.model)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(label(title, "small"))
        layout.addWidget(self.search)
        layout.addWidget(self.view, 1)
        self.clear: QPushButton | None = None
        if clear_text:
            self.clear = button(clear_text, "picker_clear", lambda: self._pick(""), variant="flat")
            layout.addWidget(self.clear)
        self.view.taken.connect(self._pick)
        self.view.clicked.connect(self._pick_index)
        rows = min(max(self.model.rowCount(), 1), self.ROWS)
        self.resize(self.WIDTH, rows * 28 + 92 + (30 if clear_text else 0))
        self._place(anchor)

    def open(self) -> None:
        """Show the list, ready to type."""
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def _place(self, anchor: QWidget) -> None:
        at = anchor.mapToGlobal(QPoint(0, anchor.height() + 2))
        screen = anchor.screen() or QGuiApplication.primaryScreen()
        if screen is not None:
            room = screen.availableGeometry()
            if at.y() + self.height() > room.bottom():
                above = anchor.mapToGlobal(QPoint(0, 0)).y() - self.height() - 2
                at.setY(max(room.top(), above))
            at.setX(max(room.left(), min(at.x(), room.right() - self.width())))
        self.move(at)

    def _pick_index(self, index: object) -> None:
        flags = index.flags()  # type: ignore[attr-defined]
        if flags & Qt.ItemFlag.ItemIsEnabled:
            self._pick(str(index.data(NameRole)))  # type: ignore[attr-defined]

    def _pick(self, name: str) -> None:
        self.close()
        self.picked.emit(name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)


def pick(
    anchor: QWidget,
    title: str,
    variables: Sequence[Variable],
    refuse: Callable[[str], str],
    on_pick: Callable[[str], object],
    *,
    clear_text: str = "",
) -> Picker:
    """Drop a picker down from `anchor` and call `on_pick` with the name picked, ``""`` for none."""
    out = Picker(anchor, title, variables, refuse, clear_text=clear_text)
    out.picked.connect(on_pick)
    out.open()
    return out
