"""The parts of the builder on their own: the flow of chips, the picture of a matrix, what is typed."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QLabel, QWidget

from terrace.spec.model import Residuals
from terrace_desktop.builder.chips import ChipData, ChipRow
from terrace_desktop.builder.fields import Choice
from terrace_desktop.builder.flow import Flow
from terrace_desktop.builder.matrix_picture import pattern
from terrace_desktop.builder.section_estimation import percent
from terrace_desktop.builder.section_maximisation import positive
from terrace_desktop.builder.section_more import numbers
from terrace_desktop.builder.section_residuals import whole


def test_a_flow_goes_on_in_the_next_line() -> None:
    host = QWidget()
    flow = Flow(host, across=10, down=4)
    boxes = [QLabel() for _ in range(4)]
    for k, b in enumerate(boxes):
        b.setFixedSize(100, 20 + 10 * (k == 1))
        flow.addWidget(b)
    flow.setGeometry(QRect(0, 0, 330, 200))
    assert [b.pos() for b in boxes] == [QPoint(0, 5), QPoint(110, 0), QPoint(220, 5), QPoint(0, 34)]
    assert flow.heightForWidth(330) == 54
    assert flow.heightForWidth(1000) == 30
    boxes[1].hide()
    assert flow.heightForWidth(330) == 20
    flow.move(boxes[3], 0)
    flow.setGeometry(QRect(0, 0, 330, 200))
    assert boxes[3].x() == 0 and boxes[0].x() == 110


def test_chips_are_kept_by_their_keys() -> None:
    row = ChipRow("row")
    row.show_chips([ChipData("a", "a", selectable=True), ChipData("b", "b", selectable=True)])
    first, second = row.chips()
    second.set_selected(True)
    row.show_chips([ChipData("c", "c"), ChipData("b", "b", detail="vs x", selectable=True)])
    assert row.chips()[1] is second and second.is_selected() and second.detail.text() == "vs x"
    assert first not in row.chips() and row.selected() == [1]
    assert [row.flow.itemAt(k).widget() for k in range(row.flow.count())] == row.chips()  # type: ignore[union-attr]


def test_a_closed_value_cannot_be_chosen_and_what_is_shown_stays() -> None:
    choice = Choice("choice", "Choice", [("a", "A"), ("b", "B"), ("c", "C")])
    choice.set_value("b")
    heard: list[object] = []
    choice.chosen.connect(heard.append)
    choice.set_options([("a", "A"), ("b", "B"), ("c", "C")], {"b": "why b", "c": "why c"})
    assert choice.value() == "b" and choice.is_closed("c") and not choice.is_closed("a")
    assert heard == []
    item = choice.model().index(2, 0)
    assert not item.flags() & Qt.ItemFlag.ItemIsEnabled
    assert item.data(Qt.ItemDataRole.ToolTipRole) == "why c"


@pytest.mark.parametrize("structure", ["exchangeable", "ar", "ma", "toeplitz", "exponential", "unstructured",
                                       "banded", "independent"])  # fmt: skip
@pytest.mark.parametrize("order", [None, 1, 2])
def test_the_picture_shows_equal_parameters_alike(structure: str, order: int | None) -> None:
    cells = np.array(pattern(Residuals(structure, order), 5))  # type: ignore[arg-type]
    assert np.array_equal(cells, cells.T) and (np.diag(cells) > 0).all() and cells.max() <= 1
    lag = np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
    if structure not in ("unstructured", "banded"):
        for k in range(5):
            assert len(set(cells[lag == k])) == 1, "one parameter a lag"
    reach = {"independent": 0, "ma": order or 1}.get(structure, 4)
    if structure in ("toeplitz", "banded") and order is not None:
        reach = order
    assert ((cells > 0) == (lag <= reach)).all()
    if structure == "unstructured":
        assert len(set(np.round(np.diag(cells), 6))) == 5, "a variance for each time"


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (numbers, "1 3/5, 8-9", (1, 3, 4, 5, 8, 9)),
        (numbers, "2 2", (2,)),
        (percent, "99 %", 99.0),
        (percent, "99,9", 99.9),
        (positive, "1e-6", 1e-6),
        (whole, "0", 0),
    ],
)
def test_what_is_typed_is_read(read: object, text: str, value: object) -> None:
    assert read(text) == value  # type: ignore[operator]


@pytest.mark.parametrize(
    ("read", "text"),
    [(numbers, "0"), (numbers, "5/3"), (numbers, "x"), (percent, "9"), (percent, "100"), (percent, "nan"),
     (positive, "-1"), (positive, "nan"), (whole, "-1"), (whole, "1.5")],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(read: object, text: str) -> None:
    with pytest.raises(ValueError):
        read(text)  # type: ignore[operator]
