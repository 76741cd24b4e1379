"""Every option of ``mixed`` has its place in the builder, keeps what a command says, and says it again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest
from builder_help import (
    agree,
    child,
    chip,
    chips,
    choose,
    click,
    keys,
    mend,
    menu_of,
    notes,
    picker,
    popups,
    schools,
    shown,
    take,
    use,
    write,
)
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget
from waiting import settled

from terrace.data.dataset import Panel
from terrace.language import mixed_options
from terrace.language.mixed import parse_mixed
from terrace.spec.model import Display, Maximisation
from terrace_desktop.builder.form import BuilderForm

__all__ = ["popups"]

DATA = schools()

# One command a line; together they have every option of the manual entry, and every kind of term.
COMMANDS = """
mixed score ses
mixed score ses, noconstant
mixed score c.ses##i.sector i.race c.week#c.week || id: ses, covariance(unstructured)
mixed score ib2.race ib(last).sector ibn.lab, noconstant || id:
mixed score ib(freq).race i(1 2).race#c.ses || id:
mixed score ib(#2).race i1.sector io2.race#c.week || id:
mixed score c.ses##c.week##i.sector##i.race || id:
mixed score c.ses#c.week#c.size#i.sector#i.race#i.lab#c.weight#c.one || id:
mixed D.score L.ses F2.week L2D.size || id: L.ses
mixed score ses week || district: || id: ses week, covariance(exchangeable) noconstant collinear
mixed score ses || id: ses, covariance(identity) || id: week, covariance(unstructured)
mixed score ses || _all: R.lab || id: ses, covariance(independent)
mixed score ses || district: R.lab, covariance(exchangeable) || district: || id:
mixed score ses || _all: R.id, covariance(identity) || _all: R.lab
mixed score ses i.race || id: i.race, covariance(unstructured) noconstant
mixed score ses if district == 2 in 1/100 || id:
mixed score ses [fweight=size] || id:, fweight(size)
mixed score ses [pweight=1/weight] || id:, pweight(size) pwscale(gk)
mixed score ses [pweight=weight] || id:, pwscale(effective)
mixed score ses || id:, vce(robust) nolog
mixed score ses || id:, constraints(1 3 4) vce(cluster district)
mixed score ses || id:, vce(oim)
mixed score ses || id:, reml dfmethod(satterthwaite) vce(cluster district, cr2)
mixed score ses || id:, reml dfmethod(satterthwaite, oim) dftable(ci)
mixed score ses || id:, reml dfmethod(kroger) level(90) stddeviations dftable(pvalue)
mixed score ses || id:, dfmethod(repeated) estmetric
mixed score ses || id:, noconstant residuals(unstructured, t(week))
mixed score ses || id:, residuals(ar 2, t(week) by(sector))
mixed score ses || id:, reml residuals(ma 1, t(week))
mixed score ses || id:, noconstant residuals(banded 1, t(week))
mixed score ses || id:, noconstant residuals(toeplitz, t(week))
mixed score ses || id:, residuals(exponential, t(week))
mixed score ses || id:, noconstant residuals(exchangeable, by(sector))
mixed score ses || id:, residuals(independent, by(race))
mixed score ses || id:, nostderr emiterate(5) emtolerance(1e-06) emonly emlog emdots from(0.1 0.2) matlog
mixed score ses || id:, iterate(30) tolerance(1e-07) ltolerance(1e-08) nrtolerance(1e-06) technique(nr 5 bfgs) difficult
mixed score ses || _all: R.lab || id:, method(iterative)
mixed score ses || id:, method(exact)
mixed score ses || id:, nonrtolerance trace gradient hessian showstep showtolerance
mixed score ses || id:, noretable nofetable noheader nogroup nolrtest nocnsreport coeflegend noci nopvalues
mixed score ses || id:, noomitted vsquish noemptycells baselevels allbaselevels nofvlabel nolstretch
mixed score ses || id:, fvwrap(2) fvwrapon(width) cformat(%9.2f) pformat(%5.2f) sformat(%8.1f)
""".strip().splitlines()


@pytest.fixture
def model() -> Iterator[BuilderForm]:
    form = shown(DATA, "mixed score ses || id:")
    yield form
    form.close_down()
    form.close()
    form.deleteLater()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_becomes_the_model_and_the_same_command_again(command: str) -> None:
    spec = parse_mixed(command, DATA.names)
    form = shown(DATA, command)
    for fold in (form.more.fold, form.maximisation.fold, form.reporting.fold):
        fold.setChecked(True)
    settled()
    assert form.spec == spec, "showing a model does not change it"
    assert form.command == command
    agree(form)
    form.state.start_from("null")
    form.live.command.setPlainText(command)
    form.live.use_command()
    assert form.command == command, form.live.wrong.text()
    form.close_down()
    form.close()
    form.deleteLater()


def test_the_commands_above_have_every_option() -> None:
    # other words for vce(), for noretable, and for what is the default
    older = {"robust", "cluster", "mle", "log", "variance", "matsqrt", "norettable"}
    rules = (*mixed_options.RANDOM_RULES, *mixed_options.FIXED_RULES, *mixed_options.GLOBAL_RULES)
    everything = " ".join(COMMANDS)
    lacking = [r.name for r in rules if r.name not in older and not re.search(rf"\b{r.name}\b", everything)]
    assert lacking == []
    shown_fields = {f.name for f in fields(Display)} - {"level", "metric", "dftable"}
    specs = [parse_mixed(c) for c in COMMANDS]
    for f in shown_fields:
        assert any(getattr(s.display, f) != getattr(Display(), f) for s in specs), f
    for f in fields(Maximisation):
        assert any(getattr(s.maximisation, f.name) != getattr(Maximisation(), f.name) for s in specs), f.name


FLAGS = [("reporting", f.name) for f in fields(Display) if f.type == "bool"]
FLAGS += [("maximisation", f.name) for f in fields(Maximisation) if f.type == "bool"]


def test_every_flag_is_a_box_to_tick(model: BuilderForm) -> None:
    click(model, "maximisation_fold")
    click(model, "reporting_fold")
    for page, name in FLAGS:
        before = model.command
        click(model, f"{page}_{name}")
        word = "nolog" if name == "log" else name
        assert re.search(rf"\b{word}\b", model.command), name
        agree(model)
        click(model, f"{page}_{name}")
        assert model.command == before
    assert len(FLAGS) == 16 + 11


def test_formats_are_read_as_the_command_reads_them(model: BuilderForm) -> None:
    click(model, "reporting_fold")
    write(model, "reporting_cformat", "9.2")
    assert model.reporting.findChild(QWidget, "reporting_cformat_wrong").text() == (
        "'9.2' is not a numeric format. Example: %9.3f for three decimals."
    )
    assert model.command == "mixed score ses || id:"
    write(model, "reporting_cformat", "%9.2f")
    write(model, "reporting_fvwrap", "2")
    choose(model, "reporting_fvwrapon", "width")
    assert model.command == "mixed score ses || id:, fvwrap(2) fvwrapon(width) cformat(%9.2f)"
    click(model, "reporting_fold")
    assert model.reporting.fold.text().endswith("3 changed")
    agree(model)


def test_techniques_are_read_as_the_command_reads_them(model: BuilderForm) -> None:
    click(model, "maximisation_fold")
    for text, reason in (
        ("bhhh", "The technique bhhh is not available for mixed models. Use nr, bfgs or dfp."),
        ("newton", "'newton' is not a technique."),
        ("nr) reml (", "A closing bracket has no opening bracket."),
    ):
        write(model, "maximisation_technique", text)
        said = model.maximisation.findChild(QWidget, "maximisation_technique_wrong").text()
        assert said.startswith(reason), said
        assert model.command == "mixed score ses || id:"
    write(model, "maximisation_technique", "NR 5 bfgs")
    write(model, "maximisation_from", "0.1 0.2")
    assert model.command == "mixed score ses || id:, technique(nr 5 bfgs) from(0.1 0.2)"


def test_the_table_with_degrees_of_freedom(model: BuilderForm) -> None:
    assert model.findChild(QWidget, "estimation_dftable").isVisible() is False
    choose(model, "estimation_df", "anova")
    choose(model, "estimation_dftable", "pvalue")
    assert model.command == "mixed score ses || id:, dfmethod(anova) dftable(pvalue)"
    choose(model, "estimation_df", None)
    assert "A table with DF needs a DF method." in notes(model, "estimation_notes")
    mend(model, "Use the usual table")
    assert model.command == "mixed score ses || id:"


# --- what is typed into the roles ---------------------------------------------------------------------------
def test_terms_can_be_typed_where_variables_are_chosen(model: BuilderForm) -> None:
    take(model, "c.ses##i.sector##c.week")
    assert model.command == "mixed score c.ses##i.sector##c.week || id:"
    assert model.variables.search.text() == ""
    click(model, "fixed_add")
    keys(picker(model).search, "ib2.race c.size#c.size", Qt.Key.Key_Return)
    assert chips(model, "fixed")[-2:] == ["race vs c", "size²"]
    click(model, "fixed_add")
    keys(picker(model).search, "c.sess##i.race", Qt.Key.Key_Return)
    assert "sess" in picker(model).none.text() and picker(model).isVisible()
    picker(model).close()
    click(model, "outcome_add")
    keys(picker(model).search, "D.score", Qt.Key.Key_Return)
    assert model.spec.outcome.operators == (("D", 1),)
    click(model, "level_0_add_slope")
    use(menu_of(model, "slope_menu"), "Another variable")
    keys(picker(model).search, "i.lab#c.ses", Qt.Key.Key_Return)
    assert chips(model, "level_0_effects") == ["intercept", "lab × ses slope"]
    agree(model)


def test_an_eight_way_interaction_is_selected_and_added(model: BuilderForm) -> None:
    for name in ("week", "size", "sector", "race", "lab", "weight", "district"):
        model.fixed.box.offer(name)
    for k in range(8):
        model.fixed.chips.chips()[k].set_selected(True)
    click(model, "fixed_interaction")
    assert len(model.spec.fixed) == 2**8 - 1
    assert model.command == (
        "mixed score c.ses##c.week##c.size##i.sector##i.race##c.lab##c.weight##i.district || id:"
    )


def test_weights_and_conditions_are_typed_as_in_a_command(model: BuilderForm) -> None:
    click(model, "more_fold")
    choose(model, "more_weight_kind", "pweight")
    click(model, "more_weight")
    keys(picker(model).search, "1/weights", Qt.Key.Key_Return)
    assert "weights" in picker(model).none.text() and picker(model).isVisible()
    picker(model).search.clear()
    keys(picker(model).search, ")", Qt.Key.Key_Return)
    assert "bracket" in picker(model).none.text() and picker(model).isVisible()
    picker(model).search.clear()
    keys(picker(model).search, "1/weight", Qt.Key.Key_Return)
    write(model, "more_condition", "if race > 0")
    write(model, "more_range", "in 1/100")
    assert model.command == "mixed score ses if race > 0 in 1/100 [pweight=1/weight] || id:"
    agree(model)


def test_undo_in_the_command_is_of_the_typing_first(model: BuilderForm) -> None:
    take(model, "week")
    model.live.show_page("command")
    line = model.live.command
    line.setFocus()
    undo = (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(line, "xx")
    QTest.keyClick(line, *undo)
    assert model.command == "mixed score ses week || id:" and "xx" not in line.toPlainText()
    model.live.show_spec()
    take(model, "size")
    line.setFocus()
    QTest.keyClick(line, *undo)
    assert model.command == "mixed score ses week || id:"


def test_what_cannot_be_typed_says_why_beside_the_search(model: BuilderForm) -> None:
    take(model, "c.nothing#i.sector")
    assert "nothing" in model.variables.reason.text() and model.variables.reason.isVisible()
    assert model.command == "mixed score ses || id:"
    model.variables.search.clear()
    assert not model.variables.reason.isVisible()


def test_lags_and_differences_once_the_time_is_known(model: BuilderForm) -> None:
    chip(model, "fixed", "ses").open_menu()
    lags = menu_of(model, "builder_chip_menu").findChild(QMenu, "fixed_lag_menu")
    assert [a.text() for a in lags.actions()] == ["A time-series operator needs to know the time variable."]
    assert not lags.actions()[0].isEnabled()
    menu_of(model, "builder_chip_menu").close()
    take(model, "L.week")
    assert "needs to know the time variable" in notes(model, "fixed_notes")[0]
    mend(model, "Remove it")
    model.set_dataset(replace(DATA, panel=Panel("id", "week")))
    chip(model, "fixed", "ses").open_menu()
    use(menu_of(model, "builder_chip_menu").findChild(QMenu, "fixed_lag_menu"), "Lag")
    assert model.command == "mixed score L.ses || id:" and chips(model, "fixed") == ["L.ses"]
    assert model.fit.isEnabled()
    agree(model)


def test_coefficients_for_some_levels_only(model: BuilderForm) -> None:
    take(model, "race")
    chip(model, "fixed", "race").open_menu()
    levels = menu_of(model, "builder_chip_menu").findChild(QMenu, "fixed_kept_menu")
    assert [(a.text(), a.isChecked()) for a in levels.actions()] == [("a", True), ("b", True), ("c", True)]
    use(levels, "a")
    assert model.command == "mixed score ses i(1 2).race || id:"
    assert chips(model, "fixed") == ["ses", "race only b, c"]
    agree(model)


def test_undo_works_from_where_one_types(model: BuilderForm) -> None:
    take(model, "week")
    model.variables.begin()
    assert model.variables.search.hasFocus()
    undo = (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(model.variables.search, *undo)
    assert model.command == "mixed score ses || id:"
    line = child(model, "estimation_level")
    line.setFocus()
    QTest.keyClicks(line, "9")
    QTest.keyClick(line, *undo)  # what is being typed comes first
    assert model.command == "mixed score ses || id:" and line.text() == "95"  # type: ignore[attr-defined]
