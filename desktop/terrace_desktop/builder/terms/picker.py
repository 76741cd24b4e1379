"""A list that drops down from a button to pick a variable for a role; refused ones say why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from terrace.data.dataset import Variable
from terrace_desktop.builder.terms.term_menu import inside
from terrace_desktop.builder.variables import NameRole, SearchLine, VariableModel, VariableView
from terrace_desktop.ui.widgets import button, label, named, restyle, tell


class Picker(QFrame):
    """The drop-down: a search line over a list. Enter or a click picks; Escape closes.

    ``clear_text`` adds a button that picks nothing. ``take_text`` takes what is typed and is no variable, and says
    why it cannot.
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
        take_text: Callable[[str], str] | None = None,
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
        words = self.tr("Search, or type as in a command") if take_text else self.tr("Search")
        self.search = SearchLine("picker_search", words, self.view, self.model)
        self._take_text = take_text
        self.none = named(label("", "small", wrap=True), "picker_none", self.tr("Nothing found"))
        self.none.setVisible(False)
        self.search.textChanged.connect(self._tell)
        self.search.typed.connect(self._typed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(label(title, "small"))
        layout.addWidget(self.search)
        layout.addWidget(self.none)
        layout.addWidget(self.view, 1)
        self.clear: QPushButton | None = None
        if clear_text:
            self.clear = button(clear_text, "picker_clear", lambda: self._pick(""), variant="flat")
            layout.addWidget(self.clear)
        self.view.taken.connect(self._pick)
        self.view.clicked.connect(self._pick_index)
        rows = min(max(self.model.rowCount(), 1), self.ROWS)
        self.resize(self.WIDTH, rows * 28 + 92 + (30 if clear_text else 0))
        self.move(inside(anchor, self, QPoint(0, anchor.height() + 2)))

    def open(self) -> None:
        """Show the list, ready to type."""
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def _pick_index(self, index: QModelIndex) -> None:
        flags = index.flags()
        if flags & Qt.ItemFlag.ItemIsEnabled:
            self._pick(str(index.data(NameRole)))

    def _pick(self, name: str) -> None:
        self.close()
        self.picked.emit(name)

    def _tell(self, text: str) -> None:
        nothing = bool(text.strip()) and not self.model.rowCount()
        taken, unknown = self.tr("Press Enter to use what you typed."), self.tr("No variable has this name.")
        words = taken if self._take_text else unknown
        self._say(words if nothing else "", "small")

    def _typed(self, text: str) -> None:
        if self._take_text is None:
            return
        why = self._take_text(text)
        if why:
            self._say(why, "reason")
        else:
            self.close()

    def _say(self, text: str, tone: str) -> None:
        self.none.setProperty("tone", tone)
        restyle(self.none)
        tell(self.none, text)

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
    take_text: Callable[[str], str] | None = None,
) -> Picker:
    """Drop a picker down from `anchor` and call `on_pick` with the name picked, ``""`` for none."""
    out = Picker(anchor, title, variables, refuse, clear_text=clear_text, take_text=take_text)
    out.picked.connect(on_pick)
    out.open()
    return out
