"""The grid: what a cell says, sorting and filtering as views, copying, and a million rows."""

from __future__ import annotations

import io
from dataclasses import replace

import fakes
import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from waiting import settled, show, wait_until

from terrace.data.dataset import Dataset, Measure, Variable
from terrace_desktop.grid import columns, copying
from terrace_desktop.grid.block import merge_spans
from terrace_desktop.grid.header import BADGE, PAD
from terrace_desktop.grid.model import MISSING, GridModel, sort_order
from terrace_desktop.grid.view import GridView
from terrace_desktop.ui import theme


def dataset(**values: object) -> Dataset:
    frame = pd.DataFrame(values)
    return Dataset(frame, tuple(Variable(str(c)) for c in frame.columns))


def shown(model: GridModel, column: int) -> list[str]:
    return [str(model.index(r, column).data()) for r in range(model.rowCount())]


# --- cells ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, 2.25, -3.0], ["1.50", "2.25", "−3.00"]),
        ([1.0, 2.0, 3.0], ["1", "2", "3"]),
        ([1, 22, 333], ["1", "22", "333"]),
        (np.array([5.876, -0.1], dtype=np.float32), ["5.876", "−0.100"]),
        ([1 / 3, 2 / 3], ["0.3333", "0.6667"]),
        ([0.000123, 0.000456], ["0.000123", "0.000456"]),
        ([1e20, 1.0], ["1e+20", "1"]),
        ([2.0**53 - 1, 2.0**53 - 2, np.nan], ["9007199254740991", "9007199254740990", MISSING]),
        ([np.inf, -np.inf, 1.0], ["∞", "−∞", "1"]),
        ([True, False], ["1", "0"]),
        (["a", None, ""], ["a", MISSING, MISSING]),
    ],
)
def test_numbers_of_a_column_share_their_decimals(values: object, expected: list[str]) -> None:
    assert shown(GridModel(dataset(x=values)), 0) == expected


def test_declared_decimals_win() -> None:
    data = dataset(x=[1.23456, 2.0]).with_variable(Variable("x", format="%9.2f"))
    assert shown(GridModel(data), 0) == ["1.23", "2.00"]


def test_labels_or_codes_missing_and_missing_codes() -> None:
    model = GridModel(fakes.small_data())
    assert {"Public", "Catholic"} == set(shown(model, 1))
    assert model.left_aligned(1)
    model.set_labels(False)
    assert {"0", "1"} == set(shown(model, 1))
    assert not model.left_aligned(1)
    assert model.index(3, 2).data() == MISSING
    assert model.index(5, 4).data() == MISSING
    assert model.reader(5).is_coded_missing(0) and model.index(0, 5).data() == "−9"
    assert model.index(0, 5).data(Qt.ItemDataRole.ToolTipRole) == "−9 (missing)"
    assert "missing" in model.index(3, 2).data(Qt.ItemDataRole.AccessibleTextRole)


def test_tooltip_has_every_digit() -> None:
    model = GridModel(dataset(x=[1 / 3, 0.5]))
    assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == repr(1 / 3)
    assert columns.exact(np.float32(5.876)) == "5.876"
    assert columns.exact(np.int64(7)) == "7"


def test_dates_print_as_dates() -> None:
    data = dataset(x=[0.0, 366.0]).with_variable(Variable("x", format="%td"))
    first, second = shown(GridModel(data), 0)
    assert "1960" in first and "1961" in second


def test_badges_and_header_texts() -> None:
    model = GridModel(fakes.small_data())
    measures = ["identifier", "nominal", "continuous", "continuous", "nominal", "ordinal"]
    assert [model.badge(i) for i in range(6)] == measures
    tip = model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert tip == "sector, nominal\nSector of the school"


# --- sorting and filtering --------------------------------------------------------------------------------
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", ["score", "place", "sector", "school"])
def test_order_is_that_of_pandas(name: str, descending: bool) -> None:
    data = fakes.small_data()
    frame = data.frame
    expected = frame.sort_values(name, ascending=not descending, kind="stable", na_position="last").index
    assert list(sort_order(data, name, descending)) == list(expected)


def test_sorting_is_a_view_and_leaves_the_data_alone() -> None:
    data = fakes.small_data()
    before = data.frame.copy()
    model = GridModel(data)
    model.set_order(sort_order(data, "score", True), ("score", True))
    scores = [float(x) for x in shown(model, 2) if x != MISSING]
    assert scores == sorted(scores, reverse=True)
    assert shown(model, 2)[-1] == MISSING
    assert model.headerData(0, Qt.Orientation.Vertical) == str(int(before["score"].idxmax()) + 1)
    pd.testing.assert_frame_equal(data.frame, before)


def test_a_filter_shows_some_rows_and_sorts_among_them() -> None:
    data = fakes.small_data()
    model = GridModel(data)
    mask = (data.frame["sector"] == 1).to_numpy()
    model.set_filter(mask)
    assert model.rowCount() == mask.sum() and set(shown(model, 1)) == {"Catholic"}
    model.set_order(sort_order(data, "score", False, mask), ("score", False))
    assert model.rowCount() == mask.sum() and set(shown(model, 1)) == {"Catholic"}
    model.set_filter(None)
    assert model.rowCount() == len(data)


def test_a_changed_label_keeps_order_and_a_dropped_column_gives_it_up() -> None:
    data = fakes.small_data()
    model = GridModel(data)
    model.set_order(sort_order(data, "score", False), ("score", False))
    model.update_dataset(data.with_variable(Variable("hours", "Other")))
    assert model.sorted_by == ("score", False)
    model.update_dataset(data.without(["score"]))
    assert model.sorted_by is None and model.order is None


# --- the view ---------------------------------------------------------------------------------------------
def test_header_paints_what_it_says() -> None:
    view = GridView()
    view.show_dataset(fakes.small_data())
    view.resize(700, 400)
    show(view)
    plain = view.columns.grab().toImage()
    view.grid.sorted_by = ("school", True)
    view.columns.viewport().update()
    assert view.columns.grab().toImage() != plain, "the arrow of the sorted column"
    view.close()


def test_million_rows_paint_and_select_without_touching_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = 1_000_000
    view = GridView()
    view.resize(600, 500)
    view.show_dataset(dataset(x=np.arange(rows, dtype=np.float64), g=np.arange(rows) % 100))
    view.show()
    read = []
    plain = columns.ColumnReader.text

    def text(self: columns.ColumnReader, row: int, labels: bool = True) -> str:
        read.append(row)
        return plain(self, row, labels)

    monkeypatch.setattr(columns.ColumnReader, "text", text)
    view.selectColumn(0)
    view.scrollTo(view.grid.index(rows - 1, 0))
    settled()
    view.grab()
    on_screen = view.viewport().height() // view.rows.defaultSectionSize() + 2
    assert 0 < len(set(read)) <= 2 * on_screen, "only what is on screen is read"
    assert view.selected_block() == ([0], [(0, rows - 1)])
    assert rows - 1 in read
    view.close()


def test_new_columns_are_brought_into_view_and_marked_for_a_moment() -> None:
    view = GridView()
    view.resize(344, 400)
    many = {f"item{k}": np.arange(50.0) for k in range(30)}
    before = dataset(**many)
    view.show_dataset(before)
    show(view)
    view.setCurrentIndex(view.grid.index(20, 1))
    across, down = view.horizontalScrollBar(), view.verticalScrollBar()
    down.setValue(10)
    frame = before.frame.assign(mean=1.0, deviation=-1.5)
    after = replace(before, frame=frame, variables=(*before.variables, Variable("mean"), Variable("deviation")))
    view.show_dataset(after, same=True)
    settled()
    for column in (30, 31):
        left = view.columnViewportPosition(column)
        assert left >= 0 and left + view.columnWidth(column) <= view.viewport().width()
    assert down.value() == 10 and (view.currentIndex().row(), view.currentIndex().column()) == (20, 1)
    assert [k for k in range(32) if view.grid.is_new(k)] == [30, 31]
    marked = view.grab().toImage()
    view.arrivals.timer.timeout.emit()
    settled()
    assert not view.grid.is_new(30) and view.grab().toImage() != marked
    across.setValue(0)
    described = (replace(after.variables[0], label="First"), *after.variables[1:])
    view.show_dataset(replace(after, variables=described), same=True)
    assert across.value() == 0, "nothing has come"
    other = frame.rename(columns={"mean": "average"})
    renamed = tuple(replace(v, name="average") if v.name == "mean" else v for v in after.variables)
    view.show_dataset(replace(after, frame=other, variables=renamed), same=True)
    assert across.value() == 0 and not view.grid.arrived
    view.close()


def test_columns_begin_as_wide_as_their_names_and_values_ask_for() -> None:
    view = GridView()
    view.show_dataset(dataset(x=np.arange(9), mathach=np.arange(9) / 4, name=["a long text in a cell"] * 9))
    assert view.columnWidth(0) < view.columnWidth(1) < view.columnWidth(2)
    bold = QFontMetrics(theme.text_font(theme.TEXT, bold=True))
    for column, name in enumerate(view.grid.dataset.names):
        assert view.columnWidth(column) >= bold.horizontalAdvance(name) + theme.px(BADGE) + 2 * PAD
    assert view.columnWidth(1) <= bold.horizontalAdvance("mathach") + 42, "no room is kept for an arrow"
    view.close()


def test_ranges_are_merged() -> None:
    assert merge_spans([(5, 9), (0, 2), (3, 4), (20, 30), (25, 26)]) == [(0, 9), (20, 30)]


def test_copy_of_ranges_has_names_labels_and_full_precision() -> None:
    data = fakes.small_data()
    text = copying.cells_as_tsv(data, [1, 2], np.array([3, 10]), labels=True)
    assert text.split("\n")[0] == "sector\tscore"
    assert text.split("\n")[1].split("\t") == ["Catholic", ""]
    codes = pd.read_csv(io.StringIO(copying.cells_as_tsv(data, [1, 2], np.arange(60), labels=False)), sep="\t")
    np.testing.assert_array_equal(codes["score"], data.frame["score"])
    np.testing.assert_array_equal(codes["sector"], data.frame["sector"])


def test_keys_walk_jump_and_ask_to_copy() -> None:
    view = GridView()
    view.show_dataset(fakes.small_data())
    view.resize(400, 300)
    view.show()
    view.setCurrentIndex(view.grid.index(0, 0))
    asked = []
    view.copy_asked.connect(lambda: asked.append(1))
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert view.currentIndex().row() == 59
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert view.currentIndex().column() == 5
    QTest.keyClick(view, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert view.selected_block() == ([5], [(0, 59)])
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert asked == [1]
    QTest.keyClick(view, Qt.Key.Key_X)  # no search through the rows: it begins to type
    assert view.currentIndex().row() == 59 and view.findChild(QLineEdit, "cell_editor").text() == "x"
    view.close()


def test_a_third_double_click_brings_the_order_of_the_data_back() -> None:
    view = GridView()
    data = fakes.small_data()
    view.show_dataset(data)
    asked = []
    view.sort_asked.connect(lambda name, down: asked.append((name, down)))
    for _ in range(3):
        view.next_sort(2)
        if asked[-1][1] is not None:
            view.set_order(sort_order(data, "score", asked[-1][1]), ("score", asked[-1][1]))
        else:
            view.set_order(None, None)
    assert [a[1] for a in asked] == [False, True, None]


def test_marks_are_shown_and_scrolled_to() -> None:
    view = GridView()
    view.show_dataset(fakes.small_data())
    view.resize(400, 200)
    view.show()
    mask = np.zeros(60, dtype=bool)
    mask[40] = True
    view.mark_rows(mask)
    wait_until(lambda: view.rowAt(5) > 30, "the marked row to come into sight")
    image = QImage(20, 20, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    painter.end()
    view.close()


def test_an_empty_dataset_and_none_can_be_shown() -> None:
    view = GridView()
    view.show_dataset(Dataset(pd.DataFrame({"x": []}), (Variable("x", measure=Measure.NOMINAL),)))
    assert view.grid.rowCount() == 0
    view.show_dataset(None)
    assert view.grid.columnCount() == 0
    view.next_sort(0)
    view.selectionModel().select(QItemSelection(), QItemSelectionModel.SelectionFlag.Clear)
    assert view.current_variable() is None
