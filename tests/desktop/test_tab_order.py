"""The order of the Tab key is that of the layouts, and asking for it leaves nothing of theirs with Python."""

from __future__ import annotations

import weakref

from layout_items import kept_items
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QSplitter, QVBoxLayout, QWidget
from waiting import settled

from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.tab_order import order_tabs, reading_order


def form() -> tuple[QWidget, QVBoxLayout, list[QLineEdit]]:
    """Seven lines in nested layouts, made in another order than one reads them, with words and room between them."""
    lines = [QLineEdit() for _ in range(7)]
    out = QWidget()
    QLineEdit(out)  # stands in no layout
    column, row, grid, flow = QVBoxLayout(), QHBoxLayout(), QGridLayout(), Flow()
    row.addWidget(lines[1])
    row.addStretch(1)
    row.addWidget(lines[2])
    grid.addWidget(QLabel("two"), 0, 1)
    grid.addWidget(lines[3], 0, 0)
    flow.addWidget(lines[5])
    flow.insert(0, lines[4])
    column.addWidget(lines[0])
    column.addSpacing(4)
    for inner in (row, grid, flow):
        column.addLayout(inner)
    parts = QSplitter()
    parts.addWidget(lines[6])
    column.addWidget(parts)
    out.setLayout(column)
    return out, column, lines


def chain(first: QWidget, among: list[QLineEdit]) -> list[QWidget]:
    """The lines that the Tab key goes through."""
    out, now = [first], first.nextInFocusChain()
    while now is not first:
        out += [now] if now in among else []
        now = now.nextInFocusChain()
    return out


def test_the_tab_key_goes_through_nested_layouts_as_one_reads_them() -> None:
    out, column, lines = form()
    assert reading_order(out) == lines
    column.removeWidget(lines[0])
    column.addWidget(lines[0])
    order_tabs(out)
    assert reading_order(out) == [*lines[1:], lines[0]]
    assert chain(lines[1], lines) == [*lines[1:], lines[0]]


def test_no_layout_keeps_an_item_for_python_that_qt_deletes_with_its_widget() -> None:
    """PySide goes by addresses: what comes to lie where such an item lay would have two objects of Python."""
    out, column, lines = form()
    order_tabs(out)
    assert not kept_items()
    lines[3].deleteLater()
    settled()
    assert reading_order(out) == [line for line in lines if line is not lines[3]]
    item = column.itemAt(0)  # as the order of the Tab key once did
    assert [*map(id, kept_items())] == [id(item)]
    column.removeWidget(lines[0])  # PySide lets go of it, but does not hear of a widget that is deleted


def test_a_flow_lets_go_of_an_item_before_qt_deletes_it() -> None:
    out = QWidget()
    flow, line = Flow(out), QLineEdit()
    flow.addWidget(line)
    item = weakref.ref(flow.itemAt(0))
    assert item() is not None
    line.deleteLater()
    settled()
    assert item() is None and flow.count() == 0
