"""The builder for everyone: names for screen readers, the Tab key, small windows, long names, both themes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from builder_help import child, keys, notes, popups, schools, shown, take
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)
from waiting import settled

from terrace.data.dataset import Dataset, Variable
from terrace.data.samples import sample
from terrace.spec import edit
from terrace_desktop.app.zones import LEAST_PANEL
from terrace_desktop.builder.form import BuilderForm
from terrace_desktop.builder.variables import LabelRole, UseRole, VariableModel
from terrace_desktop.ui import theme
from terrace_desktop.ui.tab_order import reading_order

__all__ = ["popups"]

DATA = schools()
FULL = (
    "mixed score c.ses##i.race week [pweight=weight] if week > 0 || id: ses, covariance(unstructured) "
    "pweight(size) vce(robust) iterate(50)"
)
CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QTabBar, QAbstractScrollArea)


@pytest.fixture
def forms() -> Iterator[list[BuilderForm]]:
    made: list[BuilderForm] = []
    yield made
    for form in made:
        form.close_down()
        form.close()
        form.deleteLater()


def unfold(form: BuilderForm) -> None:
    form.more.fold.setChecked(True)
    form.maximisation.fold.setChecked(True)
    form.reporting.fold.setChecked(True)
    settled()


def visible(form: QWidget, *kinds: type) -> list[QWidget]:
    return [w for k in kinds for w in form.findChildren(k) if w.isVisibleTo(form)]


def test_every_control_has_a_name_and_an_object_name(forms: list[BuilderForm]) -> None:
    forms.append(form := shown(DATA, FULL))
    unfold(form)
    controls = [w for w in visible(form, *CONTROLS) if w.focusPolicy() != Qt.FocusPolicy.NoFocus or w.isEnabled()]
    controls = [w for w in controls if not w.objectName().startswith("qt_")]
    assert len(controls) > 60
    unnamed = []
    for w in controls:
        found = QAccessible.queryAccessibleInterface(w)
        if not found.text(QAccessible.Text.Name) or not w.objectName():
            unnamed.append((type(w).__name__, w.objectName(), w.parentWidget().objectName()))
    assert unnamed == []
    names = [w.objectName() for w in controls]
    assert sorted(n for n in set(names) if names.count(n) > 1) == []


def test_the_tab_key_goes_as_one_reads(forms: list[BuilderForm]) -> None:
    forms.append(form := shown(DATA, "mixed score ses i.sector || district: || id: ses"))
    take(form, "week")
    form.activateWindow()
    expected = [w for w in reading_order(form) if w.isVisibleTo(form) and w.isEnabled()]
    at = {w.objectName(): k for k, w in enumerate(expected)}
    order = [
        "builder_start", "outcome_add", "fixed_interaction", "fixed_add", "level_0_group",
        "level_0_add_slope", "level_0_weight_kind", "level_1_group", "level_1_covariance", "levels_add",
        "builder_change", "estimation_method", "residuals_structure", "more_fold", "maximisation_fold",
        "builder_equations", "builder_cancel", "builder_fit",
    ]  # fmt: skip
    assert [n for n in order if n not in at] == []
    assert sorted(order, key=lambda n: at[n]) == order
    expected[0].setFocus()
    walked = [expected[0]]
    for _ in range(len(expected) - 1):
        keys(form.window().focusWidget(), "", Qt.Key.Key_Tab)  # type: ignore[arg-type]
        walked.append(form.window().focusWidget())  # type: ignore[arg-type]
    assert [w.objectName() for w in walked] == [w.objectName() for w in expected]


def test_everything_fits_into_a_small_window(forms: list[BuilderForm]) -> None:
    forms.append(form := shown(DATA, FULL, size=(640, 600)))
    form.holder.panel.setFixedWidth(LEAST_PANEL)
    unfold(form)
    settled()
    outside(form)
    assert form.width() <= LEAST_PANEL and form.height() <= 560


def outside(form: BuilderForm) -> None:
    """No control reaches over the edge of the column that scrolls."""
    view = form.scroller.viewport()
    room = QRect(0, 0, view.width(), 1)
    column = form.scroller.widget()
    assert column.width() <= view.width()
    over = []
    for w in visible(column, QAbstractButton, QComboBox, QLineEdit):
        left = w.mapTo(column, QPoint(0, 0)).x()
        if left < 0 or left + w.width() > room.width():
            over.append((w.objectName(), left, w.width(), room.width()))
    assert over == []


def wide_data() -> Dataset:
    rng = np.random.default_rng(1)
    names = [f"an_exceptionally_long_name_of_a_variable_number_{k}" for k in range(300)]
    frame = pd.DataFrame(rng.normal(size=(60, 300)), columns=names)
    frame["the_group_variable_with_the_longest_name_of_all"] = np.repeat(np.arange(6), 10)
    return Dataset(frame, tuple(Variable(str(c), f"Label of {c}") for c in frame.columns))


def test_three_hundred_variables_with_long_names(forms: list[BuilderForm]) -> None:
    data = wide_data()
    a, b, group = data.names[0], data.names[7], data.names[-1]
    forms.append(form := shown(data, f"mixed {a} c.{b}##c.{data.names[8]} || {group}: {b}", size=(800, 600)))
    outside(form)
    assert form.variables.model.rowCount() == 301
    keys(form.variables.search, "number_299")
    assert form.variables.model.names() == [data.names[299]]
    keys(form.variables.search, "", Qt.Key.Key_Return)
    assert form.spec.fixed[-1].factors[0].name == data.names[299]
    body = form.fixed.chips.chips()[-1].body
    assert "…" in body.text() and body.accessibleName() == data.names[299]
    assert body.toolTip() == data.names[299]


def test_searching_finds_labels_and_puts_beginnings_first(forms: list[BuilderForm]) -> None:
    forms.append(form := shown(sample("hsb")))
    keys(form.variables.search, "math")
    assert form.variables.model.names() == ["mathach"]
    form.variables.search.clear()
    keys(form.variables.search, "socio")
    assert form.variables.model.names() == ["ses"]
    form.variables.search.clear()
    keys(form.variables.search, "s")
    assert form.variables.model.names()[:3] == ["ses", "size", "sector"]
    keys(form.variables.search, "", Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert form.variables.view.selected() == ["sector"]


def test_the_list_tells_what_the_variables_do_in_the_model(forms: list[BuilderForm]) -> None:
    command = (
        "mixed score ses i.sector || district: R.lab || district: || id: ses, "
        "residuals(ar 1, t(week)) vce(cluster district)"
    )
    forms.append(form := shown(DATA, command))
    model = form.variables.model
    told = {n: model.index(k, 0).data(UseRole) for k, n in enumerate(model.names())}
    assert {n: t for n, t in told.items() if t} == {
        "score": "Outcome", "ses": "Fixed, slope", "sector": "Fixed", "lab": "Crossed", "id": "Level",
        "week": "Time", "district": "Level, cluster",
    }  # fmt: skip
    at = model.index(model.names().index("ses"), 0)
    assert at.data(Qt.ItemDataRole.AccessibleTextRole) == "ses, continuous, Fixed, slope"
    form.state.apply(edit.set_outcome(form.spec, ""))
    assert model.index(model.names().index("score"), 0).data(UseRole) == ""


def test_of_three_uses_there_is_what_fits_and_the_tip_has_all(forms: list[BuilderForm]) -> None:
    command = "mixed score week || id: week, residuals(ar 1, t(week))"
    forms.append(form := shown(DATA, command, size=(1120, 820)))
    view, model = form.variables.view, form.variables.model

    def ink(name: str) -> bool:
        """Whether anything is written in the right third of a variable's row."""
        place = view.visualRect(at := model.index(model.names().index(name), 0))
        view.scrollTo(at)
        row = view.viewport().grab(view.visualRect(at)).toImage()
        columns = range(row.width() * 2 // 3, row.width() - 12)
        return len({row.pixel(x, y) for x in columns for y in range(6, place.height() - 6)}) > 1

    at = model.index(model.names().index("week"), 0)
    assert at.data(UseRole) == "Fixed, slope, time" and "Fixed, slope, time" in at.data(Qt.ItemDataRole.ToolTipRole)
    assert [ink(n) for n in ("week", "score", "ses")] == [True, True, False]


@pytest.fixture
def restored(qapp: QApplication) -> Iterator[None]:
    yield
    theme.dress(qapp, "light")


def pixel(form: QWidget, widget: QWidget, x: int, y: int) -> QColor:
    return form.grab().toImage().pixelColor(widget.mapTo(form, QPoint(x, y)))


def test_the_theme_is_followed(forms: list[BuilderForm], qapp: QApplication, restored: None) -> None:
    forms.append(form := shown(DATA, "mixed score ses || id:"))
    column = form.scroller.viewport()
    assert pixel(form, column, 4, 4) == QColor(theme.LIGHT.ground)
    light = form.live.estimated.toHtml()
    theme.dress(qapp, "dark")
    settled()
    chip = form.fixed.chips.chips()[0]
    assert pixel(form, column, 4, 4) == QColor(theme.DARK.ground)
    assert pixel(form, form.live, 2, form.live.height() - 3) == QColor(theme.DARK.panel)
    assert pixel(form, chip, chip.width() // 2, 4) == QColor(theme.DARK.accent_soft)
    assert form.live.estimated.toHtml() != light and theme.DARK.muted in form.live.estimated.toHtml()


@pytest.mark.parametrize("columns", [[], ["y", "id"]])
def test_data_without_rows(forms: list[BuilderForm], columns: list[str]) -> None:
    data = Dataset(pd.DataFrame({c: np.zeros(0) for c in columns}), tuple(Variable(c) for c in columns))
    forms.append(form := shown(data))
    assert not form.fit.isEnabled()
    for name in columns:
        take(form, name)
    for key in ("null", "slope", "growth", "three", "crossed"):
        form.state.start_from(key)
        assert not form.fit.isEnabled()


def test_other_data_under_the_same_model(forms: list[BuilderForm]) -> None:
    forms.append(form := shown(DATA, "mixed score ses || id: ses"))
    assert form.fit.isEnabled()
    form.set_dataset(DATA.without(["ses"]))
    assert "There is no variable ses in the data." in notes(form, "fixed_notes")
    assert "ses" not in form.variables.model.names() and not form.fit.isEnabled()
    form.set_dataset(DATA)
    assert form.fit.isEnabled() and child(form, "builder_status").text() == "✓ Ready"  # type: ignore[attr-defined]


def test_a_label_that_is_the_name_again_is_no_second_line() -> None:
    """Files of SPSS often have such labels."""
    model = VariableModel()
    model.set_variables([Variable("pracad", "pracad"), Variable("ses", "Socioeconomic status")])
    assert [model.index(k, 0).data(LabelRole) for k in range(2)] == ["", "Socioeconomic status"]
    assert model.index(0, 0).data(int(Qt.ItemDataRole.ToolTipRole)).count("pracad") == 1
