"""The order of the Tab key: as one reads the form, whenever its parts were made."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QLayout, QScrollArea, QSplitter, QWidget


def order_tabs(root: QWidget) -> None:
    """Chain the widgets under `root` that take the Tab key in the order of their layouts."""
    before: QWidget | None = None
    for widget in reading_order(root):
        if before is not None:
            QWidget.setTabOrder(before, widget)
        before = widget


def reading_order(widget: QWidget) -> list[QWidget]:
    """The widgets that take the Tab key, as one reads them."""
    out: list[QWidget] = []
    if bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus):
        out.append(widget)
    if isinstance(widget, QScrollArea):
        inner = widget.widget()
        return out + (reading_order(inner) if inner is not None else [])
    if isinstance(widget, QAbstractScrollArea):
        return out  # a list or a text is one stop
    if isinstance(widget, QSplitter):
        for k in range(widget.count()):
            if (part := widget.widget(k)) is not None:
                out += reading_order(part)
    elif (layout := widget.layout()) is not None:
        out += _in_layout(layout)
    return out


def _in_layout(layout: QLayout) -> list[QWidget]:
    out: list[QWidget] = []
    for k in range(layout.count()):
        item = layout.itemAt(k)
        if item is None:
            continue
        if (widget := item.widget()) is not None:
            out += reading_order(widget)
        elif (inner := item.layout()) is not None:
            out += _in_layout(inner)
    return out
