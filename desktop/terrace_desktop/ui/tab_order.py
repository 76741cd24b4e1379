"""The order of the Tab key: as one reads the form, whenever its parts were made."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QLayout, QScrollArea, QSplitter, QWidget


def order_tabs(root: QWidget, after: QWidget | None = None) -> None:
    """Chain the widgets under `root` that take the Tab key in the order of their layouts, behind `after`."""
    before = after
    for widget in reading_order(root, resting=True):
        if before is not None:
            QWidget.setTabOrder(before, widget)
        before = widget


def reading_order(widget: QWidget, *, resting: bool = False) -> list[QWidget]:
    """The widgets that take the Tab key, as one reads them.

    Of a row of choices that is the one that holds; ``resting`` adds the others, one of which may hold later.
    """
    out: list[QWidget] = []
    grouped = isinstance(widget, QAbstractButton) and widget.group() is not None
    if bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) or (resting and grouped):
        out.append(widget)
    if isinstance(widget, QScrollArea):
        inner = widget.widget()
        return out + (reading_order(inner, resting=resting) if inner is not None else [])
    if isinstance(widget, QAbstractScrollArea):
        return out  # a list or a text is one stop
    if isinstance(widget, QSplitter):
        for k in range(widget.count()):
            if (part := widget.widget(k)) is not None:
                out += reading_order(part, resting=resting)
    elif (layout := widget.layout()) is not None:
        inside = widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        out += _in_layout(layout, inside, resting)
    return out


def _in_layout(layout: QLayout, inside: Sequence[QWidget], resting: bool) -> list[QWidget]:
    """What the widgets `inside` have that stand in a layout, in its order.

    The layout is asked where each one stands, and not for its items. An item that Python has seen once stays known to
    PySide as long as its layout, also where Qt deletes it, as it does with its widget (seen in 6.12). What comes to lie
    at the same place in memory then has two objects of Python; when it goes, PySide writes into one that is gone
    already, and the process ends there or later, as the heap will have it.
    """
    inner = [child for child in layout.children() if isinstance(child, QLayout)]
    places: list[tuple[int, QWidget | QLayout]] = [(layout.indexOf(part), part) for part in inside]
    places += [(layout.indexOf(part), part) for part in inner]
    out: list[QWidget] = []
    for _, part in sorted((p for p in places if p[0] >= 0), key=lambda p: p[0]):
        out += _in_layout(part, inside, resting) if isinstance(part, QLayout) else reading_order(part, resting=resting)
    return out
