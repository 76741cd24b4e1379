"""The order of the Tab key: as one reads the form, whenever its parts were made."""

from __future__ import annotations

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
        out += _in_layout(layout, resting)
    return out


def _in_layout(layout: QLayout, resting: bool) -> list[QWidget]:
    out: list[QWidget] = []
    for k in range(layout.count()):
        item = layout.itemAt(k)
        if item is None:
            continue
        if (widget := item.widget()) is not None:
            out += reading_order(widget, resting=resting)
        elif (inner := item.layout()) is not None:
            out += _in_layout(inner, resting)
    return out
