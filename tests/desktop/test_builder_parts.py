"""The parts of the builder on their own: the flow of chips, the picture of a matrix, what is typed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QLabel, QWidget

from terrace.spec.counts import covariance_parameters
from terrace.spec.model import Residuals
from terrace_desktop.builder.fields import Choice
from terrace_desktop.builder.matrix.cells import random_matrix, residual_matrix
from terrace_desktop.builder.matrix.picture import MatrixPicture
from terrace_desktop.builder.sections.estimation import percent
from terrace_desktop.builder.sections.maximisation import positive
from terrace_desktop.builder.sections.more import numbers
from terrace_desktop.builder.sections.residuals import whole
from terrace_desktop.builder.terms.chips import ChipData, ChipRow
from terrace_desktop.ui.flow import Flow


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


def test_columns_of_a_flow_are_equal() -> None:
    host = QWidget()
    flow = Flow(host, across=10, down=4, column=100)
    boxes = [QLabel() for _ in range(3)]
    for k, b in enumerate(boxes):
        b.setMinimumHeight(20 + 10 * k)
        flow.addWidget(b)
    flow.setGeometry(QRect(0, 0, 250, 200))
    assert [b.width() for b in boxes] == [120, 120, 120]
    assert [b.pos() for b in boxes] == [QPoint(0, 0), QPoint(130, 0), QPoint(0, boxes[1].height() + 4)]
    flow.setGeometry(QRect(0, 0, 1000, 200))  # no wider than there are widgets for
    assert len({b.y() for b in boxes}) == 1 and boxes[2].geometry().right() <= 1000
    flow.setGeometry(QRect(0, 0, 60, 200))
    assert [b.x() for b in boxes] == [0, 0, 0]
    other = QWidget()
    fixed = Flow(other, column=50, height=70)
    fixed.addWidget(QLabel("a"))
    assert fixed.heightForWidth(40) == 70
    for b in boxes:
        b.hide()
    assert flow.heightForWidth(250) == 0


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


STRUCTURES = ["exchangeable", "ar", "ma", "toeplitz", "exponential", "unstructured", "banded", "independent"]


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("order", [None, 1, 2])
def test_the_picture_of_residuals_has_a_letter_for_each_parameter(structure: str, order: int | None) -> None:
    """Against numbers: equal letters where equal numbers are, none where a zero is."""
    if structure not in ("ar", "ma", "banded", "toeplitz"):
        order = None
    residuals = Residuals(structure, order, "t")  # type: ignore[arg-type]
    cells = residual_matrix(residuals, "1234").cells
    times = np.arange(1.0, 5.0)
    found = covariance_of(residuals, times)
    for (i, j), (k, m) in product(product(range(4), repeat=2), repeat=2):
        assert (cells[i][j] == ()) == (abs(found[i, j]) < 1e-12)
        assert (cells[i][j] == cells[k][m]) == (abs(found[i, j] - found[k, m]) < 1e-12), (i, j, k, m)


def covariance_of(residuals: Residuals, times: np.ndarray) -> np.ndarray:
    """A matrix of the structure, of parameters that have nothing in common."""
    n = len(times)
    lag = np.abs(np.subtract.outer(times, times)).astype(int)
    r, q = residuals.structure, residuals.order
    if r == "ar" and q == 2:  # Yule-Walker
        rho = [1.0, 0.5 / 0.8]
        for _ in range(n):
            rho.append(0.5 * rho[-1] + 0.2 * rho[-2])
        return 2.0 * np.array(rho)[lag]
    reach = {"independent": 0, "ma": q or 1}.get(r, n if q is None or r == "ar" else q)
    if r in ("unstructured", "banded"):
        low, high = np.minimum.outer(times, times), np.maximum.outer(times, times)
        return np.where(lag <= reach, np.where(lag == 0, 10 + low, low + 0.1 * high), 0.0)
    by_lag = {"exchangeable": [2.0, 0.7, 0.7, 0.7], "ar": [2.0, 1.2, 0.72, 0.432],
              "exponential": [2.0, 1.2, 0.72, 0.432]}.get(r, [2.0, 0.9, 0.5, 0.3])  # fmt: skip
    return np.where(lag <= reach, np.array(by_lag)[lag], 0.0)


@pytest.mark.parametrize("structure", ["identity", "independent", "exchangeable", "unstructured"])
def test_the_picture_of_random_effects_has_as_many_letters_as_parameters(structure: str) -> None:
    names = ["intercept", "ses", "week"]
    cells = random_matrix(structure, names).cells  # type: ignore[arg-type]
    letters = {cell for row in cells for cell in row if cell}
    assert len(letters) == covariance_parameters(structure, 3)  # type: ignore[arg-type]
    assert all(cells[i][j] == cells[j][i] for i in range(3) for j in range(3))
    assert "".join(map(str, random_matrix("unstructured", names, 1).cells[0][1])) == "τ_12"


def test_a_picture_is_told_in_words() -> None:
    picture = MatrixPicture("picture", "Covariance")
    picture.show_matrix(residual_matrix(Residuals("exponential"), ["0", "0.5", "2"]), "It falls.")
    assert picture.accessibleDescription() == (
        "It falls. 0: σ^2 σ^2ρ^0.5 σ^2ρ^2; 0.5: σ^2ρ^0.5 σ^2 σ^2ρ^1.5; 2: σ^2ρ^2 σ^2ρ^1.5 σ^2"
    )
    assert picture.sizeHint().height() == 3 * 22 - 2


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
