"""Constraints made in the builder: names of coefficients as the engine has them, equations as it reads them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from builder_help import agree, child, choose, click, keys, mend, notes, popups, schools, shown, start_with, take, write
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel

import terrace
from terrace.session.session import Session
from terrace.session.state import State
from terrace_desktop.builder.form import BuilderForm
from terrace_desktop.builder.terms.coefficients import coefficient_names
from terrace_desktop.work.session_port import take_snapshot

__all__ = ["popups"]

DATA = schools(6)


@pytest.fixture
def model() -> Iterator[BuilderForm]:
    form = shown(DATA, "mixed score ses week i.race || id:", constraints={7: "ses = 0"})  # type: ignore[arg-type]
    click(form, "more_fold")
    yield form
    form.close_down()
    form.close()
    form.deleteLater()


@pytest.mark.parametrize(
    "command",
    [
        "mixed score ses i.name c.ses##i.race c.week#c.week || id:",
        "mixed score ibn.race ses, noconstant || id:",
        "mixed score i(1 2).race ib(last).sector || id:",
        "mixed score i.race#c.ses ib2.race || id:",
        "mixed score i.sector##i.race##c.ses || id:",
        "mixed score || id:",
    ],
)
def test_coefficients_have_the_names_of_the_design(command: str) -> None:
    form = shown(DATA, command)
    design = terrace.fit(command, DATA).model.design
    assert coefficient_names(form.state) == [c.name for c in design.x_info if c.kind == "estimated"]
    form.close_down()
    form.close()
    form.deleteLater()


@pytest.mark.parametrize("command", [
    "mixed score i.sector#i.race || id:", "mixed score c.size i.sector##c.ses##c.week || id: ses, collinear",
])  # fmt: skip
def test_every_coefficient_can_be_named(command: str) -> None:
    """Where a cell is left out for what the others say of it, only the data can tell which."""
    form = shown(DATA, command)
    design = terrace.fit(command, DATA).model.design
    assert {c.name for c in design.x_info if c.kind == "estimated"} <= set(coefficient_names(form.state))
    form.close_down()
    form.close()
    form.deleteLater()


def equation(form: BuilderForm, first: str, second: str) -> None:
    """Fill the form that is open."""
    box = child(form, "constraint_first")
    assert isinstance(box, QComboBox)
    box.setFocus()
    QTest.keyClicks(box, first)
    assert box.currentText() == first
    other = child(form, "constraint_second")
    assert isinstance(other, QComboBox)
    other.lineEdit().selectAll()
    QTest.keyClicks(other.lineEdit(), second)


def test_two_coefficients_are_made_equal(model: BuilderForm) -> None:
    click(model, "constraint_add")
    equation(model, "ses", "nothing")
    assert not child(model, "constraint_take").isEnabled()
    said = child(model, "constraint_reason")
    assert isinstance(said, QLabel) and "names nothing, which is not a coefficient of the model" in said.text()
    equation(model, "ses", "ses")
    assert "puts no constraint" in said.text()
    equation(model, "ses", "week")
    click(model, "constraint_take")
    click(model, "constraint_add")
    equation(model, "1.race", "2*2.race + 1")
    keys(child(model, "constraint_form"), "", Qt.Key.Key_Return)
    assert model.command == "mixed score ses week i.race || id:, constraints(1 2)"
    assert model.definitions() == ("constraint 1 ses = week", "constraint 2 1.race = 2*2.race + 1")
    agree(model)
    start_with(model, "builder_copy")
    copied = QGuiApplication.clipboard().text().split("\n")
    session = Session(State(dataset=DATA))
    for line in copied:
        outcome = session.run(line)
        assert outcome.ok, outcome.error
    fixed = {e.term: e.coef for e in session.fit.fixed}  # type: ignore[union-attr]
    assert fixed["ses"] == pytest.approx(fixed["week"], rel=1e-12)
    assert fixed["1.race"] == pytest.approx(2 * fixed["2.race"] + 1, rel=1e-10)
    assert take_snapshot(session).constraints == {1: "ses = week", 2: "1.race = 2*2.race + 1"}
    click(model, "constraint_1_remove")
    assert model.spec.constraints == (2,) and model.definitions() == (copied[1],)
    model.state.undo()
    assert model.spec.constraints == (1, 2)


def test_a_constraint_of_the_session_is_used_again(model: BuilderForm) -> None:
    click(model, "constraint_add")
    equation(model, "ses", "0")
    click(model, "constraint_take")
    assert model.spec.constraints == (7,) and model.definitions() == ()


def test_a_number_that_nobody_defined_keeps_the_model_from_being_fitted(model: BuilderForm) -> None:
    write(model, "more_constraints", "3 7")
    assert notes(model, "constraint_notes") == ["Constraint 3 is not defined."]
    assert not model.fit.isEnabled()
    session = Session(State(dataset=DATA))
    assert session.run(model.command).error[1].startswith("Constraint 3 is not defined.")  # type: ignore[index]
    click(model, "builder_status")
    assert model.window().focusWidget() is model.more.constraints
    mend(model, "Remove it")
    assert model.command.endswith("constraints(7)") and model.fit.isEnabled()


def test_reset_goes_back_to_the_model_that_was_opened(model: BuilderForm) -> None:
    before = model.command
    assert not model.reset.isEnabled()
    take(model, "size")
    choose(model, "estimation_method", "reml")
    start_with(model, "builder_reset")
    assert model.command == before and not model.reset.isEnabled()
    click(model, "work_undo")
    assert "reml" in model.command
