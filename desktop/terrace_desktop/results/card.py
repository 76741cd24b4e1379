"""A card: a head with name, state and actions, and a body that folds away."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsOpacityEffect,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from terrace_desktop.ui.widgets import ElidedLabel, named, restyle, tool_button

TITLE = 160  # px that the name keeps before the actions of the head move into the menu at its end
LEAST = 280  # px: a card never asks for more width than this


class Card(QFrame):
    """Base of all cards. Actions stand in the head where there is room, and always in the ⋯ menu."""

    delete_asked = Signal()
    title_changed = Signal(str)
    folded_changed = Signal(bool)
    unfolded_first = Signal()  # the first time that a card which began folded is opened

    def __init__(
        self, object_name: str, title: str, command: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        named(self, object_name, title)
        self._inline: list[QWidget] = []
        self._beside: list[tuple[QWidget, bool]] = []  # beside the command, and whether it was hidden when folded
        self._folded = False
        self._state = ("", "")  # in full, and where there is little room
        self._title = ElidedLabel(title, "heading")
        self._title.installEventFilter(self)
        self._title.setCursor(Qt.CursorShape.PointingHandCursor)
        self._show = tool_button(self.tr("Show"), "card_show", accessible=self.tr("Show {0}").format(title))
        self._show.clicked.connect(lambda _checked=False: self.set_folded(False))
        self._show.hide()
        self._seen = False
        self._pill = QLabel()
        named(self._pill, "card_state", self.tr("State"))
        self._pill.hide()
        self._actions = QHBoxLayout()
        self._actions.setSpacing(0)
        self.menu = QMenu(self)
        named(self.menu, "card_menu", self.tr("More actions"))
        self._more = tool_button("⋯", "card_more", accessible=self.tr("More actions for {0}").format(title))
        self._more.setMenu(self.menu)
        self._fold_action = QAction(self.tr("Collapse"), self)
        self._fold_action.triggered.connect(self.toggle_fold)
        self._delete_action = QAction(self.tr("Remove"), self)
        self._delete_action.triggered.connect(self.delete_asked)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._title)
        head.addWidget(self._pill)
        head.addStretch(1)
        head.addLayout(self._actions)
        head.addWidget(self._show)
        head.addWidget(self._more)
        self._command = ElidedLabel(command, "mono")
        named(self._command, "card_command", self.tr("Command"))
        self._command.setVisible(bool(command))
        self._second = QHBoxLayout()
        self._second.setSpacing(8)
        self._second.addWidget(self._command, 1)
        self.strips = QVBoxLayout()
        self.strips.setSpacing(8)
        self.strips.setContentsMargins(0, 6, 0, 0)
        self.body_widget = QWidget()
        self.body = QVBoxLayout(self.body_widget)
        self.body.setContentsMargins(0, 10, 0, 0)
        self.body.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 12, 18, 14)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(self._second)
        column.addLayout(self.strips)
        column.addWidget(self.body_widget)

    # --- head ---------------------------------------------------------------------------------------
    @property
    def title(self) -> str:
        """The name in the head."""
        return self._title.full_text()

    def set_title(self, title: str) -> None:
        """Rename the card."""
        self._title.set_text(title)
        self.setAccessibleName(title)
        self._more.setAccessibleName(self.tr("More actions for {0}").format(title))
        self.title_changed.emit(title)

    def set_pill(self, text: str, kind: str = "plain", short: str = "") -> None:
        """The state beside the name; kind is good, warn, bad or plain. No text hides it.

        A head without room for the text shows `short`, and the text when it is pointed at.
        """
        self._state = (text, short or text)
        self._pill.setText(text)
        self._pill.setToolTip(text if short else "")
        self._pill.setAccessibleName(text or self.tr("State"))
        self._pill.setProperty("pill", kind)
        self._pill.setVisible(bool(text))
        restyle(self._pill)
        self._place_actions()

    def pill_text(self) -> str:
        """The state in full."""
        return self._state[0]

    def add_action(self, text: str, object_name: str, on_click: Callable[[], object]) -> QAction:
        """An action in the head and in the menu."""
        action = QAction(text, self)
        action.setObjectName(object_name + "_action")
        action.triggered.connect(lambda _checked=False: on_click())
        self.menu.addAction(action)
        b = tool_button(text, object_name)
        b.clicked.connect(lambda _checked=False: on_click())
        self._add_inline(b)
        return action

    def add_menu(self, text: str, object_name: str, menu: QMenu) -> QToolButton:
        """A menu in the head and, as a sub-menu, in the menu at its end."""
        named(menu, object_name + "_menu", text)
        menu.setTitle(text)
        self.menu.addMenu(menu)
        b = tool_button(f"{text} ▾", object_name, accessible=text)
        b.setMenu(menu)
        self._add_inline(b)
        return b

    def add_beside_command(self, widget: QWidget) -> None:
        """A small control at the end of the command line."""
        self._second.addWidget(widget, 0, Qt.AlignmentFlag.AlignRight)
        self._beside.append((widget, False))

    def finish_menu(self) -> None:
        """Put the actions that every card has at the end of the menu."""
        if self.menu.actions():
            self.menu.addSeparator()
        self.menu.addAction(self._fold_action)
        self.menu.addAction(self._delete_action)

    def _add_inline(self, widget: QWidget) -> None:
        self._inline.append(widget)
        self._actions.addWidget(widget)
        widget.setVisible(self.width() >= self._wanted())

    # --- folding and dimming ------------------------------------------------------------------------
    @property
    def folded(self) -> bool:
        """True where only the head shows."""
        return self._folded

    def toggle_fold(self) -> None:
        """Collapse or expand."""
        self.set_folded(not self._folded)

    def set_folded(self, folded: bool) -> None:
        """Collapse or expand."""
        if folded == self._folded:
            return
        self._folded = folded
        self.body_widget.setVisible(not folded)
        self._show.setVisible(folded)
        if folded:
            self._beside = [(w, w.isHidden()) for w, _ in self._beside]
        for widget, hidden in self._beside:  # there is nothing for them to act on
            widget.setVisible(not folded and not hidden)
        self._place_actions()
        self.folded_changed.emit(folded)
        if not folded and not self._seen:
            self._seen = True
            self.unfolded_first.emit()
        self._fold_action.setText(self.tr("Expand") if folded else self.tr("Collapse"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click on the name folds the card, as the menu does."""
        if watched is self._title and event.type() == QEvent.Type.MouseButtonRelease:
            self.toggle_fold()
        return super().eventFilter(watched, event)

    def set_dimmed(self, dimmed: bool) -> None:
        """Dim what no longer holds."""
        if not dimmed:
            self.body_widget.setGraphicsEffect(None)  # type: ignore[arg-type]  # Qt takes none, which ends the effect
        elif self.body_widget.graphicsEffect() is None:
            effect = QGraphicsOpacityEffect(self.body_widget)
            effect.setOpacity(0.45)
            self.body_widget.setGraphicsEffect(effect)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_actions()

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for any pane: what does not fit gives way."""
        hint = super().minimumSizeHint()
        return QSize(min(LEAST, hint.width()), hint.height())

    def _place_actions(self) -> None:
        if self._pill.text() != self._state[0]:
            self._pill.setText(self._state[0])
        if self.width() < self._wanted():
            self._pill.setText(self._state[1])
        wide = self.width() >= self._wanted()
        for widget in self._inline:
            if widget.isHidden() == wide:
                widget.setVisible(wide)

    def _wanted(self) -> int:
        """The width that the head needs with its actions beside the name."""
        parts = [*self._inline, self._more, *(w for w in (self._pill, self._show) if not w.isHidden())]
        return TITLE + 36 + 8 * 3 + sum(w.sizeHint().width() for w in parts)
