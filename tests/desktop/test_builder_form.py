"""The model builder, driven by keys and mouse: what is done is what the model and its command say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builder_help import (
    agree,
    child,
    chip,
    chips,
    choose,
    click,
    drop,
    keys,
    mend,
    menu_of,
    notes,
    pick,
    picker,
    popups,
    refused,
    schools,
    shown,
    start_with,
    take,
    use,
    write,
)
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QTextTable
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QTextBrowser
from waiting import settled

import terrace
from terrace.data.dataset import Measure
from terrace.data.samples import sample
from terrace.spec.model import Factor, ModelSpec, RandomEquation, Term
from terrace.spec.roles import refusal
from terrace.spec.templates import TEMPLATES
from terrace_desktop.builder.form import BuilderForm
from terrace_desktop.ui.dialogs import PageDialog

__all__ = ["popups"]  # a fixture for every test here

DATA = schools()


@pytest.fixture
def form() -> Iterator[BuilderForm]:
    made = shown(DATA)
    yield made
    made.close_down()
    made.close()
    made.deleteLater()


@pytest.fixture
def model(form: BuilderForm) -> BuilderForm:
    """A form with a two-level model of score by ses."""
    for name in ("score", "ses", "id"):
        take(form, name)
    return form


def test_a_model_by_the_keyboard(form: BuilderForm) -> None:
    for name in ("score", "ses", "sector", "id"):
        take(form, name)
    assert form.command == "mixed score ses i.sector || id:"
    click(form, "fixed_interaction")
    click(form, "level_0_add_slope")
    use(menu_of(form, "slope_menu"), "Another variable")
    keys(picker(form).search, "ses", Qt.Key.Key_Return)
    choose(form, "level_0_covariance", "unstructured")
    choose(form, "estimation_method", "reml")
    choose(form, "estimation_df", "kroger")
    assert form.command == ("mixed score c.ses##i.sector || id: ses, covariance(unstructured) reml dfmethod(kroger)")
    assert form.spec.random == (RandomEquation("id", (Term((Factor("ses"),)),), covariance="unstructured"),)
    assert chips(form, "fixed") == ["ses", "sector vs Public", "ses × sector"]
    assert chips(form, "level_0_effects") == ["intercept", "ses slope"]
    assert form.levels.cards[0].count.full_text() == "12 groups, 10 rows each"
    assert form.status.text() == "✓ Ready"
    agree(form)


def test_the_menu_of_slopes_begins_with_the_fixed_effects_that_can_vary_in_the_groups(form: BuilderForm) -> None:
    for name in ("score", "ses", "sector"):
        take(form, name)
    click(form, "fixed_interaction")
    for name in ("week", "id"):
        take(form, name)
    assert refusal("slope", "sector", form.spec, form.state.dataset, level=0), "the same in all rows of a group"
    click(form, "level_0_add_slope")
    menu = menu_of(form, "slope_menu")
    lines = [a.text().replace("&", "") for a in menu.actions() if not a.isSeparator()]
    assert lines[:2] == ["ses", "week"] and lines[-1] == "Another variable…" and "ses × sector" in lines[2:-1]
    use(menu, "week")
    assert form.command.endswith("|| id: week")
    click(form, "level_0_add_slope")
    menu = menu_of(form, "slope_menu")
    assert menu.actions()[0].text() == "ses", "week has its slope already"
    menu.close()


def test_variables_go_where_their_kind_goes_or_into_the_active_box(form: BuilderForm) -> None:
    take(form, "id")  # no outcome yet: the first variable is the outcome
    assert form.spec.outcome.name == "id"
    form.state.undo()
    take(form, "score")
    take(form, "id")
    assert form.spec.random == (RandomEquation("id"),)
    QTest.mouseClick(form.fixed.box, Qt.MouseButton.LeftButton)
    assert form.fixed.box.property("active") is True
    take(form, "district")
    assert [f.name for t in form.spec.fixed for f in t.factors] == ["district"]
    click(form, "outcome_add")
    picker(form).close()
    take(form, "week")
    assert form.spec.outcome.name == "week"


def test_a_double_click_takes_a_variable(form: BuilderForm) -> None:
    view = form.variables.view
    row = form.variables.model.names().index("score")
    where = view.visualRect(form.variables.model.index(row, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert form.spec.outcome.name == "score"


def test_dropping_and_refusing(form: BuilderForm) -> None:
    assert not drop(form.outcome.box, "name")
    assert form.outcome.box.reason.text() == "name is text; an outcome must be numeric."
    assert form.outcome.box.reason.isVisible() and form.spec.outcome.name == ""
    assert drop(form.outcome.box, "score")
    assert not form.outcome.box.reason.isVisible()
    assert drop(form.fixed.box, "ses", "one", "week")
    assert [f.name for t in form.spec.fixed for f in t.factors] == ["ses", "week"]
    assert form.fixed.box.reason.text() == "one is constant."
    assert drop(form.levels.box, "id")
    assert not drop(form.levels.box, "one")
    assert "has one group" in form.levels.box.reason.text()
    slopes = form.levels.cards[0].box
    assert not drop(slopes, "size")
    assert slopes.reason.text() == "size does not vary within id."
    assert drop(slopes, "week")
    assert form.command == "mixed score ses week || id: week"
    agree(form)


def test_a_refused_variable_says_so_in_the_list(model: BuilderForm) -> None:
    assert refused(model, "level_0_add_slope") == {
        "id": "is a group variable of this model",
        "score": "is the outcome",
        "district": "does not vary within id",
        "size": "does not vary within id",
        "sector": "does not vary within id",
        "name": "does not vary within id",
        "one": "is constant",
        "empty": "is missing in all rows",
    }
    click(model, "level_0_add_slope")
    opened = picker(model)
    keys(opened.search, "size", Qt.Key.Key_Return)  # a refused one cannot be picked
    assert opened.isVisible() and model.spec.random[0].terms == ()
    keys(opened.search, "", Qt.Key.Key_Escape, Qt.Key.Key_Escape)
    assert model.spec.random[0].terms == ()


def test_chips_are_removed_and_selected_by_keys(model: BuilderForm) -> None:
    for name in ("week", "size"):
        take(model, name)
    for text in ("ses", "size"):
        body = chip(model, "fixed", text).body
        body.setFocus()
        keys(body, "", Qt.Key.Key_Space)
    click(model, "fixed_interaction")
    assert chips(model, "fixed") == ["ses", "week", "size", "ses × size"]
    body = chip(model, "fixed", "ses").body
    body.setFocus()
    keys(body, "", Qt.Key.Key_Delete)
    assert chips(model, "fixed") == ["week", "size"]
    focus = model.window().focusWidget()
    assert focus is chip(model, "fixed", "week").body, "the neighbour has the focus"
    QTest.mouseClick(chip(model, "fixed", "size").cross, Qt.MouseButton.LeftButton)
    assert chips(model, "fixed") == ["week"]
    agree(model)


def test_interaction_from_a_list_of_effects(model: BuilderForm) -> None:
    for name in ("week", "size"):
        take(model, name)
    click(model, "fixed_interaction")
    menu = child(model, "term_menu")
    assert not menu.add.isEnabled()  # type: ignore[attr-defined]
    keys(menu.boxes[0], "", Qt.Key.Key_Space)  # type: ignore[attr-defined]
    keys(menu.boxes[1], "", Qt.Key.Key_Space)  # type: ignore[attr-defined]
    keys(menu, "", Qt.Key.Key_Return)
    assert chips(model, "fixed") == ["ses", "week", "size", "ses × week"]


def test_powers(model: BuilderForm) -> None:
    click(model, "fixed_power")
    click(model, "fixed_power")
    assert chips(model, "fixed") == ["ses", "ses²", "ses³"]
    take(model, "week")
    click(model, "fixed_power")
    use(menu_of(model, "fixed_power_menu"), "week²")
    assert chips(model, "fixed")[-1] == "week²"
    agree(model)


def test_reference_levels_have_their_labels(model: BuilderForm) -> None:
    take(model, "race")
    assert chips(model, "fixed") == ["ses", "race vs a"]
    click(model, "fixed_reference")
    use(menu_of(model, "fixed_reference_menu"), "Compare with c")
    assert chips(model, "fixed") == ["ses", "race vs c"]
    assert model.spec.fixed[1].factors[0].base == 2.0
    QTest.mouseClick(chip(model, "fixed", "race").detail, Qt.MouseButton.LeftButton)
    menu = menu_of(model, "builder_chip_menu")
    assert [a.text() for a in menu.actions() if a.isChecked()] == ["Compare with c"]
    use(menu, "Most frequent level")
    assert chips(model, "fixed")[1] == "race vs most frequent"
    chip(model, "fixed", "race").open_menu()
    use(menu_of(model, "builder_chip_menu"), "Treat as continuous")
    assert model.command == "mixed score ses race || id:"
    agree(model)


def test_a_random_slope_without_the_intercept(model: BuilderForm) -> None:
    pick(model, "level_0_add_slope", "ses")
    QTest.mouseClick(chip(model, "level_0_effects", "intercept").cross, Qt.MouseButton.LeftButton)
    assert model.command == "mixed score ses || id: ses, noconstant"
    click(model, "level_0_add_intercept")
    assert model.command == "mixed score ses || id: ses"
    click(model, "fixed_intercept")
    assert model.command == "mixed score ses, noconstant || id: ses"
    agree(model)


def test_three_levels_in_the_wrong_order_are_swapped(model: BuilderForm) -> None:
    pick(model, "levels_add", "district")
    assert [e.level for e in model.spec.random] == ["id", "district"]
    assert notes(model, "level_1_notes")[0] == "id is nested in district, so district is the higher level."
    assert not model.fit.isEnabled()
    mend(model, "Move district up")
    assert model.command == "mixed score ses || district: || id:"
    assert model.fit.isEnabled()
    group = child(model, "level_1_group")
    group.setFocus()
    QTest.keyClick(group, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert [e.level for e in model.spec.random] == ["id", "district"]
    click(model, "level_0_down")
    assert [e.level for e in model.spec.random] == ["district", "id"]
    agree(model)


def test_crossing(model: BuilderForm) -> None:
    pick(model, "levels_add", "lab")
    assert "have rows in several groups of id" in notes(model, "level_1_notes")[0]
    mend(model, "Cross id with lab")
    assert model.command == "mixed score ses || _all: R.id || lab:"
    assert chips(model, "level_0_effects") == ["one effect per group"]
    choose(model, "level_0_relation", "")
    assert model.command == "mixed score ses || id: || lab:"
    choose(model, "level_1_relation", "id")
    assert model.command == "mixed score ses || id: R.lab || id:"
    agree(model)


def test_a_hole_is_filled_by_the_next_group_variable(form: BuilderForm) -> None:
    take(form, "score")
    form.state.start_from("three")
    assert form.command == "mixed score || district: || id:"
    form.set_spec(ModelSpec(Factor("score"), random=(RandomEquation(""),)))
    assert form.status.text() == "○ Choose a group variable"
    assert not form.fit.isEnabled()
    click(form, "builder_status")
    assert form.window().focusWidget() is form.levels.cards[0].group
    pick(form, "level_0_group", "id")
    assert form.command == "mixed score || id:"


def test_reasons_and_mends_of_estimation(model: BuilderForm) -> None:
    assert notes(model, "estimation_notes") == ["Satterthwaite and Kenward-Roger need REML."]
    assert model.estimation.df.is_closed("kroger") and not model.estimation.vce.is_closed("robust")
    mend(model, "Switch to REML")
    assert model.spec.method == "reml"
    assert notes(model, "estimation_notes") == []
    choose(model, "estimation_df", "kroger")
    choose(model, "estimation_information", "oim")
    assert model.command.endswith("reml dfmethod(kroger, oim)")
    assert model.estimation.vce.is_closed("robust")
    mend(model, "Use large-sample tests")
    assert model.spec.df_method is None
    choose(model, "estimation_vce", "robust")
    assert model.command.endswith("reml vce(robust)")
    assert model.estimation.df.is_closed("residual") and not model.estimation.df.is_closed("satterthwaite")
    choose(model, "estimation_df", "satterthwaite")
    choose(model, "estimation_correction", "cr2")
    assert model.command.endswith("reml dfmethod(satterthwaite) vce(robust, cr2)")
    agree(model)


def test_clusters_hold_whole_groups(model: BuilderForm) -> None:
    choose(model, "estimation_vce", "cluster")
    assert model.spec.cluster == "id"
    pick(model, "estimation_cluster", "lab")
    assert "id 1 has rows in several clusters of lab" in notes(model, "estimation_notes")[0]
    mend(model, "Use id")
    assert model.command.endswith("vce(cluster id)")
    pick(model, "estimation_cluster", "district")
    assert notes(model, "estimation_notes")[0].startswith("Robust SEs need") and model.fit.isEnabled()
    agree(model)


def test_confidence_level_and_metric(model: BuilderForm) -> None:
    write(model, "estimation_level", "90")
    choose(model, "estimation_metric", "sd")
    assert model.command == "mixed score ses || id:, level(90) stddeviations"
    write(model, "estimation_level", "200")
    assert child(model, "estimation_level") and model.estimation.level.wrong.isVisible()
    assert model.spec.display.level == 90
    agree(model)


@pytest.mark.parametrize(
    ("structure", "time", "by", "order", "command"),
    [
        ("ar", "week", "", "2", "residuals(ar 2, t(week))"),
        ("ma", "week", "sector", "", "residuals(ma, by(sector) t(week))"),
        ("unstructured", "week", "", "", "residuals(unstructured, t(week))"),
        ("banded", "week", "", "1", "residuals(banded 1, t(week))"),
        ("toeplitz", "week", "sector", "3", "residuals(toeplitz 3, by(sector) t(week))"),
        ("exponential", "week", "", "", "residuals(exponential, t(week))"),
        ("exchangeable", "", "sector", "", "residuals(exchangeable, by(sector))"),
        ("independent", "", "lab", "", "residuals(independent, by(lab))"),
    ],
)
def test_residuals(model: BuilderForm, structure: str, time: str, by: str, order: str, command: str) -> None:
    choose(model, "residuals_structure", structure)
    if time:
        assert not model.fit.isEnabled()
        pick(model, "residuals_time", time)
    if by:
        pick(model, "residuals_by", by)
    if order:
        write(model, "residuals_order", order)
    words = set(command.replace("(", " ").replace(")", " ").replace(",", " ").split())
    assert words <= set(model.command.replace("(", " ").replace(")", " ").replace(",", " ").split())
    assert model.spec.residuals.structure == structure
    assert (model.spec.residuals.time or "", model.spec.residuals.by or "") == (time, by)
    assert model.residuals.picture.isVisible() == (structure != "independent")
    assert model.fit.isEnabled()
    agree(model)


def test_one_group_of_everything_for_residuals_of_all_rows() -> None:
    form = shown(schools(6).with_column("day", np.arange(1.0, 73.0)), "mixed score ses")
    click(form, "levels_add")
    keys(picker(form).search, "_all", Qt.Key.Key_Return)
    QTest.mouseClick(chip(form, "level_0_effects", "intercept").cross, Qt.MouseButton.LeftButton)
    choose(form, "residuals_structure", "ar")
    pick(form, "residuals_time", "day")
    assert form.command == "mixed score ses || _all:, noconstant residuals(ar 1, t(day))"
    assert form.residuals.words.text().endswith("Only the first 4 of 72 times are shown.")
    assert form.fit.isEnabled(), [p.message for p in form.state.report.errors]
    agree(form)
    form.close_down()
    form.close()
    form.deleteLater()


def test_times_that_do_not_fit(model: BuilderForm) -> None:
    choose(model, "residuals_structure", "ar")
    assert notes(model, "residuals_notes") == ["Autoregressive residuals need a time variable."]
    pick(model, "residuals_time", "lab")
    assert notes(model, "residuals_notes") == ["lab 1 occurs more than once in id 1."]
    assert refused(model, "residuals_time")["ses"] == "has values that are not whole numbers"
    pick(model, "residuals_time", "week")
    pick(model, "residuals_by", "race")
    assert "race varies within id" in notes(model, "residuals_notes")[0]
    mend(model, "Remove it")
    assert model.fit.isEnabled() and model.spec.residuals.time == "week"


def test_weights_at_every_level(model: BuilderForm) -> None:
    click(model, "more_fold")
    choose(model, "more_weight_kind", "pweight")
    assert notes(model, "weight_notes") == ["Choose the weight variable."]
    pick(model, "more_weight", "weight")
    choose(model, "more_pwscale", "size")
    choose(model, "level_0_weight_kind", "pweight")
    assert not model.fit.isEnabled()
    pick(model, "level_0_weight", "weight")
    assert "group weights must be constant there" in notes(model, "level_0_notes")[0]
    pick(model, "level_0_weight", "size")
    assert model.command == "mixed score ses [pweight=weight] || id:, pweight(size) pwscale(size)"
    assert model.estimation.vce.currentText() == "Robust (weights)"
    agree(model)


def test_constraints_and_rows(model: BuilderForm) -> None:
    click(model, "more_fold")
    write(model, "more_constraints", "1 3/5")
    assert model.spec.constraints == (1, 3, 4, 5)
    write(model, "more_constraints", "one")
    assert model.more.constraints.wrong.isVisible() and model.spec.constraints == (1, 3, 4, 5)
    write(model, "more_condition", "district == 2")
    write(model, "more_range", "1/100")
    spec = model.spec
    assert (spec.condition, spec.range_) == ("district == 2", "1/100")
    counts = model.state.report.counts
    assert counts is not None and counts.rows == 40
    agree(model)
    write(model, "more_condition", "district ==")
    assert not model.fit.isEnabled() and notes(model, "more_notes")
    write(model, "more_condition", "")
    assert model.spec.condition is None and model.fit.isEnabled()
    click(model, "more_fold")
    assert "4 constraints" in model.more.fold.text()


def test_the_advanced_page(model: BuilderForm) -> None:
    click(model, "maximisation_fold")
    write(model, "maximisation_iterate", "30")
    write(model, "maximisation_emtolerance", "1e-6")
    write(model, "maximisation_technique", "nr")
    write(model, "maximisation_emiterate", "-3")
    click(model, "maximisation_difficult")
    click(model, "maximisation_log")
    click(model, "maximisation_nostderr")
    choose(model, "maximisation_metric", "matlog")
    choose(model, "maximisation_method", "exact")
    m = model.spec.maximisation
    assert (m.iterate, m.emtolerance, m.technique, m.emiterate) == (30, 1e-6, "nr", None)
    assert (m.difficult, m.log, m.metric, model.spec.nostderr) == (True, False, "matlog", True)
    assert m.method == "exact"
    agree(model)
    pick(model, "residuals_by", "sector")
    assert any("SEs of random effects" in t for t in notes(model, "maximisation_notes"))
    mend(model, "Estimate them")
    assert not model.spec.nostderr and not model.maximisation.nostderr.isEnabled()


def test_undo_and_redo(form: BuilderForm) -> None:
    seen = [form.spec]
    for name in ("score", "ses", "id", "week"):
        take(form, name)
        seen.append(form.spec)
    for spec in reversed(seen[:-1]):
        QTest.keyClick(form, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert form.spec == spec
    assert not form.can_undo and form.can_redo
    for spec in seen[1:]:
        QTest.keyClick(form, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
        assert form.spec == spec
    click(form, "work_undo")
    take(form, "size")
    assert not form.can_redo


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("null", "mixed score || id:"),
        ("intercept", "mixed score ses size || id:"),
        ("slope", "mixed score ses size || id: ses, covariance(unstructured)"),
        ("outcomes", "mixed score c.ses##c.size || id: ses, covariance(unstructured)"),
        ("growth", "mixed score week ses size || id: week, covariance(unstructured)"),
        ("three", "mixed score ses size || district: || id:"),
        ("crossed", "mixed score ses size || _all: R.lab || id:"),
    ],
)
def test_starting_from_a_kind_of_model(form: BuilderForm, key: str, command: str) -> None:
    form.set_dataset(DATA.with_variable(replace(DATA.variable("lab"), measure=Measure.IDENTIFIER)))
    for name in ("score", "ses", "size"):
        take(form, name)
    menu = form.start.menu()
    next(a for a in menu.actions() if a.objectName() == f"builder_start_{key}").trigger()
    assert form.command == command
    assert form.hint.isHidden() and form.fit.isEnabled()
    form.state.undo()
    assert form.command == "mixed score ses size"
    agree(form)


@pytest.mark.parametrize("name", ["hsb", "ovary", "orthodont", "sleepstudy", "produc", "winer43", "insteval"])
def test_every_kind_of_model_of_every_sample_is_a_command(name: str) -> None:
    data = sample(name)
    outcome = {"hsb": "mathach", "ovary": "follicles", "orthodont": "distance", "sleepstudy": "reaction",
               "produc": "gsp", "winer43": "score", "insteval": "y"}[name]  # fmt: skip
    made = shown(data, f"mixed {outcome}", direct_rows=10**9)
    complete = 0
    for template in TEMPLATES:
        made.state.start_from(template.key)
        if "…" not in made.command:
            complete += 1
            agree(made)
            assert made.fit.isEnabled(), [p.message for p in made.state.report.errors]
    assert complete >= 4
    made.close_down()
    made.close()
    made.deleteLater()


def test_a_template_without_data_for_it_says_what_to_choose(form: BuilderForm) -> None:
    form.state.start_from("slope")
    assert form.hint.text() == ("Choose an outcome · Add a covariate that varies within groups, then its slope")
    take(form, "score")
    assert form.hint.isHidden()


def test_the_command_can_be_written(model: BuilderForm) -> None:
    model.live.show_page("command")
    edit = model.live.command
    assert edit.toPlainText() == model.command and not model.live.use.isEnabled()
    edit.setPlainText("mixed score c.ses##i.race || id: ses, cov(un) reml")
    click(model, "builder_use_command")
    assert model.command == "mixed score c.ses##i.race || id: ses, covariance(unstructured) reml"
    assert edit.toPlainText() == model.command
    edit.setPlainText("mixed score sess || id:")
    QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert model.live.wrong.isVisible() and "sess" in model.live.wrong.text()
    assert edit.textCursor().selectedText() == "sess"
    assert "c.ses##i.race" in model.command, "the model is as it was"
    model.state.undo()
    assert edit.toPlainText() == model.command == "mixed score ses || id:"
    assert not model.live.wrong.isVisible()


def test_equations_and_what_will_be_estimated(model: BuilderForm) -> None:
    take(model, "sector")
    click(model, "fixed_interaction")
    text = model.live.equations.toPlainText().replace(" ", "")
    assert "scoreij=β0j+β1jsesij+eij" in text
    assert "β1j=γ10+γ11sectorj" in text
    said = model.live.estimated.toPlainText().splitlines()
    assert said[0] == "4 fixed effects, 1 + 1 variance parameters"
    assert said[1] == "120 rows used, none missing"
    assert "sector varies between groups of id only: tested at level 2" in said
    click(model, "builder_copy_latex")
    assert r"\gamma_{11}" in QGuiApplication.clipboard().text()
    click(model, "builder_copy_equations")
    assert "Level 2, id" in QGuiApplication.clipboard().text()


def test_copying_the_command(model: BuilderForm) -> None:
    start_with(model, "builder_copy")
    assert QGuiApplication.clipboard().text() == "mixed score ses || id:"


def test_the_menu_of_a_variable_offers_its_roles(model: BuilderForm) -> None:
    model._variable_menu("size", QPoint(0, 0))
    menu = menu_of(model, "builder_variable_menu")
    lines = {a.objectName(): a for a in menu.actions()}
    assert not lines["use_slope_0"].isEnabled()
    assert "does not vary within id" in lines["use_slope_0"].text()
    use(menu, "Fixed effect")
    assert model.command == "mixed score ses size || id:"
    model._variable_menu("week", QPoint(0, 0))
    use(menu_of(model, "builder_variable_menu"), "Random slope in id")
    assert [f.name for t in model.spec.random[0].terms for f in t.factors] == ["week"]
    assert notes(model, "level_0_notes") == [
        "week has a random slope but no fixed effect, so its slopes vary around 0.",
        "These effects are assumed to be uncorrelated.",
    ]
    mend(model, "Add week")
    mend(model, "Let them correlate")
    assert model.command == "mixed score ses size week || id: week, covariance(unstructured)"
    assert notes(model, "level_0_notes") == []


def test_blocks_of_one_level_and_collinear_slopes(model: BuilderForm) -> None:
    pick(model, "level_0_add_slope", "ses")
    click(model, "level_0_more")
    use(menu_of(model, "level_more_menu"), "Add a block")
    pick(model, "level_0_add_slope", "week")
    assert model.command == "mixed score ses || id: week || id: ses"
    assert chips(model, "level_0_effects") == ["week slope"]
    assert chips(model, "level_1_effects") == ["intercept", "ses slope"]
    assert model.levels.cards[0].count.full_text().startswith("block 1 of 2 · 12 groups")
    click(model, "level_1_more")
    use(menu_of(model, "level_more_menu"), "Keep collinear")
    assert model.command.endswith("|| id: ses, collinear")
    agree(model)


def test_the_picture_of_random_effects_follows_the_model(model: BuilderForm) -> None:
    card, picture = model.levels.cards[0], model.levels.cards[0].matrix.picture
    assert not picture.isVisible() and not card.covariance.isVisible()
    pick(model, "level_0_add_slope", "ses")
    assert picture.matrix.names == ("intercept", "ses") and picture.isVisible()
    choose(model, "level_0_covariance", "exchangeable")
    assert picture.accessibleDescription().endswith("intercept: τ φ; ses: φ τ")
    pick(model, "level_0_add_slope", "race")
    assert picture.matrix.names == ("intercept", "ses", "race b", "race c")
    assert picture.isVisible() and len(picture.matrix.cells) == 4


def test_a_typed_model_with_mistakes_shows_each_in_its_place() -> None:
    form = shown(DATA, "mixed score empty || one: size")
    assert notes(form, "fixed_notes") == ["empty is missing in all rows."]
    assert form.status.text().startswith("○ ")
    assert not form.fit.isEnabled()
    mend(form, "Remove it")
    assert "one has one group." in notes(form, "level_0_notes")
    mend(form, "Remove this level")
    assert form.command == "mixed score" and form.fit.isEnabled()
    form.close_down()
    form.deleteLater()


def test_fitting(model: BuilderForm) -> None:
    asked = QSignalSpy(model.fit_requested)
    click(model, "builder_fit")
    QTest.keyClick(model, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert [asked.at(k)[0] for k in range(asked.count())] == ["mixed score ses || id:"] * 2
    model.set_spec(ModelSpec(Factor("")))
    QTest.keyClick(model, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert asked.count() == 2, "a model with a hole is not fitted"


def test_enter_never_keeps_a_model_by_accident(form: BuilderForm) -> None:
    asked = QSignalSpy(form.fit_requested)
    take(form, "score")
    keys(form.variables.search, "", Qt.Key.Key_Return)
    assert asked.count() == 0
    QTest.keyClick(form.variables.search, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert asked.count() == 1, "the keys of the form mean the same in its list of variables"


def test_a_draft_is_discarded_by_two_clicks(form: BuilderForm) -> None:
    gone = QSignalSpy(form.cancelled)
    take(form, "score")
    click(form, "builder_cancel")
    assert gone.count() == 0 and "again" in form.status_more.full_text()
    take(form, "ses")
    click(form, "builder_cancel")
    assert gone.count() == 0, "what was built since is asked for anew"
    click(form, "builder_cancel")
    assert gone.count() == 1


def test_a_draft_is_handed_over_as_text(form: BuilderForm) -> None:
    assert not form.is_draft()
    take(form, "score")
    take(form, "ses")
    assert form.is_draft()
    found = json.loads(form.draft())
    assert found["command"] == "mixed score ses" and found["definitions"] == []


def test_the_form_is_explained() -> None:
    window = shown(DATA)
    QTest.keyClick(window.fixed.add, Qt.Key.Key_F1)
    settled()
    pages = window.findChildren(PageDialog)
    assert len(pages) == 1 and pages[0].isVisible()
    text = " ".join(pages[0].findChild(QTextBrowser).toPlainText().split())
    for option in ("pwscale()", "constraints()", "dftable()", "technique()", "_all: R."):
        assert option in text
    document = pages[0].findChild(QTextBrowser).document()
    tables = [f for f in document.rootFrame().childFrames() if isinstance(f, QTextTable)]
    assert len(tables) == 2
    for table in tables:  # ruled, not boxed
        look = table.cellAt(1, 0).format().toTableCellFormat()
        assert table.format().border() == 0 and look.leftBorder() == look.rightBorder() == 0
        assert look.bottomBorder() == 1 and look.topBorder() == 0
    pages[0].close()
    window.close()
    window.deleteLater()


def test_a_streamed_file_keeps_its_counts_until_it_is_read(tmp_path: Path) -> None:
    schools().frame.to_parquet(tmp_path / "schools.parquet")
    form = shown(terrace.stream(tmp_path / "schools.parquet"), "mixed score ses || id:")
    assert form.state.ready
    assert "streamed" in form.live.estimated.toPlainText()


def test_nested_and_crossed_have_the_room_that_they_need(model: BuilderForm) -> None:
    relation = model.levels.cards[0].relation
    needed = max(relation.fontMetrics().horizontalAdvance(relation.itemText(k)) for k in range(relation.count()))
    assert relation.sizeHint().width() >= needed + 40, "its frame and its arrow stand beside the words"
    relation.showPopup()
    assert relation.view().minimumWidth() >= needed + 12
    relation.hidePopup()


def test_what_most_models_leave_alone_is_behind_one_line() -> None:
    form = shown(DATA, "mixed score ses || id: ses, reml dfmethod(satterthwaite) vce(robust)", unfolded=False)
    assert form.summary.full_text() == "REML, Satterthwaite df, robust SE"
    assert not form.estimation.isVisible() and not form.levels.cards[0].matrix.isVisible()
    click(form, "builder_change")
    assert form.estimation.isVisible() and form.residuals.isVisible() and form.levels.cards[0].matrix.isVisible()
    choose(form, "residuals_structure", "ar")
    assert form.summary.full_text().endswith("autoregressive residuals")
    click(form, "builder_change")
    assert not form.estimation.isVisible()
