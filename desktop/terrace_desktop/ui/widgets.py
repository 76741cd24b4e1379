"""Small widgets that the panes share. Each takes its name for tests and for screen readers at birth."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QCompleter,
    QFrame,
    QLabel,
    QLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from terrace_desktop.ui import theme
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.words import from_engine

W = TypeVar("W", bound=QWidget)


def named(widget: W, object_name: str, accessible: str) -> W:
    """Give a widget its object name and the name that assistive technology reads."""
    widget.setObjectName(object_name)
    widget.setAccessibleName(accessible)
    return widget


def described(box: QComboBox) -> None:
    """Have a screen reader tell the name of a list that no label names: on Linux Qt gives what it holds as its name."""
    box.setAccessibleDescription(box.accessibleName())


def proposals(completer: QCompleter) -> QAbstractItemView:
    """The list in which a completer shows what it proposes; it makes one when it is first asked."""
    found = completer.popup()
    assert found is not None
    return found


def button(
    text: str,
    object_name: str,
    on_click: Callable[[], object] | None = None,
    *,
    variant: str = "outline",
    tip: str = "",
    accessible: str = "",
) -> QPushButton:
    """A push button; `variant` is outline, primary, flat, link or row."""
    b = named(QPushButton(text), object_name, accessible or text.replace("&", ""))
    b.setProperty("variant", variant)
    b.setAutoDefault(False)
    b.setCursor(Qt.CursorShape.PointingHandCursor)
    if tip:
        b.setToolTip(tip)
    if on_click is not None:
        b.clicked.connect(lambda _checked=False: on_click())
    return b


class _ToolButton(QToolButton):
    """Opens its menu at once. Where there is none, this mode would leave a screen reader nothing to press."""

    def setMenu(self, menu: QMenu) -> None:
        super().setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)


def tool_button(text: str, object_name: str, *, variant: str = "flat", accessible: str = "") -> QToolButton:
    """A tool button without icon; give it a menu with `setMenu` and it opens at once."""
    b = named(_ToolButton(), object_name, accessible or text)
    b.setText(text)
    b.setProperty("variant", variant)
    b.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    b.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    b.setCursor(Qt.CursorShape.PointingHandCursor)
    return b


def icon_button(
    icon: str, object_name: str, words: str, on_click: Callable[[], object] | None = None, *, checkable: bool = False
) -> QToolButton:
    """A button that is an icon alone; `words` are its tooltip and its name for assistive technology."""
    b = tool_button("", object_name, variant="icon", accessible=words)
    b.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    b.setToolTip(words)
    b.setCheckable(checkable)
    set_icon(b, icon, on="accent_text" if checkable else "")
    if on_click is not None:
        b.clicked.connect(lambda _checked=False: on_click())
    return b


def label(text: str, tone: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A plain-text label; `tone` is muted, small, heading, title, display, mono, warning or danger."""
    out = QLabel(text)
    out.setTextFormat(Qt.TextFormat.PlainText)
    out.setProperty("tone", tone)
    out.setWordWrap(wrap)
    if selectable:
        out.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return out


def tell(shown: QLabel, text: str) -> None:
    """Have a label say something, to a screen reader too; it is hidden where there is nothing to say."""
    shown.setText(text)
    shown.setAccessibleName(text)
    shown.setVisible(bool(text))


def restyle(widget: QWidget) -> None:
    """Apply the style sheet again after a dynamic property has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def hairline(vertical: bool = False) -> QFrame:
    """A line of one pixel."""
    line = QFrame()
    line.setProperty("surface", "line")
    if vertical:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    return line


class _Sized(QObject):
    """Keeps a fixed size of a widget in step with the size of text; it goes with its widget."""

    def __init__(self, widget: QWidget, width: int, height: int) -> None:
        super().__init__(widget)
        self._widget, self._width, self._height = widget, width, height
        theme.manager().changed.connect(self.apply)
        self.apply()

    def apply(self) -> None:
        if self._width:
            self._widget.setFixedWidth(theme.px(self._width))
        if self._height:
            self._widget.setFixedHeight(theme.px(self._height))


def sized(widget: W, *, width: int = 0, height: int = 0) -> W:
    """Fix the width or height (px at 100%) of a widget that holds text, in step with the size of text."""
    _Sized(widget, width, height)
    return widget


def clear_layout(layout: QLayout) -> None:
    """Take every item out of a layout and delete its widgets."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear_layout(inner)


class ElidedLabel(QLabel):
    """A label of one line that shortens its text to the room it has; the whole stands in the tooltip."""

    def __init__(
        self, text: str = "", tone: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__()
        self._mode = mode
        self._text = ""
        self.widest = 16_777_215  # px that the label asks for at most
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(24)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show `text`; line breaks become spaces."""
        self._text = " ".join(text.split("\n"))
        self.setText(self._text)
        self.setAccessibleName(self._text)
        self.setToolTip(self._text)

    def full_text(self) -> str:
        """The text before it was shortened."""
        return self._text

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        margins = self.contentsMargins()
        width = self.fontMetrics().horizontalAdvance(self._text) + margins.left() + margins.right() + 2
        return QSize(min(width, self.widest), hint.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics = QFontMetrics(self.font())
        room = self.contentsRect()
        shown = metrics.elidedText(self._text, self._mode, room.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.setFont(self.font())
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)


class ClickFrame(QPushButton):
    """A button that holds other widgets: pressed by mouse, Enter or Space, and a button to assistive technology."""

    def __init__(self, object_name: str, accessible: str, surface: str = "card") -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.setProperty("surface", surface)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        return super().sizeHint() if layout is None else layout.totalSizeHint()

    def minimumSizeHint(self) -> QSize:
        layout = self.layout()
        return super().minimumSizeHint() if layout is None else layout.totalMinimumSize()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class Notice(QFrame):
    """A message in the place that it concerns: what is wrong, what to do, and buttons that do it.

    ``kind`` is notice (a warning), error or info. ``code`` is monospace under the message, such as a
    command with a caret. What the engine says comes as it is, and is shown in the user's language.
    """

    def __init__(self, message: str, *, kind: str = "notice", advice: str = "", code: str = "") -> None:
        super().__init__()
        message, advice = from_engine(message), from_engine(advice)
        self.setProperty("surface", kind)
        named(self, f"{kind}_strip", message)
        self._row = Flow(across=8, down=2)
        body = QVBoxLayout(self)
        body.setContentsMargins(12, 8, 12, 8)
        body.setSpacing(4)
        self.message = label(message, wrap=True, selectable=True)
        named(self.message, f"{kind}_message", message)
        body.addWidget(self.message)
        if code:
            shown = label(code, "mono", selectable=True)
            named(shown, f"{kind}_code", code)
            shown.setMinimumWidth(24)
            shown.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            body.addWidget(shown)
        if advice:
            told = label(advice, "muted", wrap=True, selectable=True)
            named(told, f"{kind}_advice", advice)
            body.addWidget(told)
        self._body = body
        self._buttons = 0

    def add_button(self, text: str, object_name: str, on_click: Callable[[], object]) -> QPushButton:
        """Add a button that mends what the message is about."""
        b = button(text, object_name, on_click, variant="link")
        if self._buttons == 0:
            self._body.addLayout(self._row)
        self._row.addWidget(b)
        self._buttons += 1
        return b


class Column(QWidget):
    """The content of a scroll area: as wide as the viewport, as high as it needs."""

    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()
