"""The filter over the grid: its chips, the popup that makes them, what analyses use, and what says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton, QToolButton
from test_app import Program
from waiting import settled, wait_idle, wait_until

import terrace
from terrace.data.dataset import Dataset, Measure, Variable
from terrace.language.expressions.truth import surely_true
from terrace_desktop.filters.completing import completions
from terrace_desktop.filters.condition_page import ConditionPage
from terrace_desktop.filters.conditions import Range, Values, conditions, expression, read, text_of, words
from terrace_desktop.filters.facts import matching, spread, tally
from terrace_desktop.filters.popup import FilterPopup
from terrace_desktop.filters.range_page import RangePage, number_in
from terrace_desktop.filters.values_page import ValuesPage
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import commands

MODEL = "mixed mathach ses || id:, reml"


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    p = Program(settings)
    p.run("sample hsb")
    yield p
    p.window.close()
    p.window.deleteLater()


def popup_of(p: Program) -> FilterPopup:
    p.idle()
    found = [w for w in p.window.findChildren(FilterPopup) if w.isVisible()]
    assert len(found) == 1
    return found[0]


def chips(p: Program) -> list[str]:
    return [c.words.full_text() for c in p.window.left.bar.chips.chips]


def commands_of(p: Program) -> list[str]:
    return [command for command, state in p.states() if command.startswith("filter") and state == "ok"]


def tick(popup: FilterPopup, *rows: int) -> None:
    page = popup.page
    assert isinstance(page, ValuesPage)
    for row in rows:
        place = page.view.visualRect(page.model.index(row, 0)).center()
        QTest.mouseClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=place)


# --- conditions ---------------------------------------------------------------------------------------------
def people() -> Dataset:
    """60 rows: x with missing values, sector with labels, name as text, day as dates."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=60).round(1)
    x[::9] = np.nan
    frame = pd.DataFrame({
        "x": x, "sector": rng.integers(1, 6, 60).astype(float), "name": rng.choice(["Ann", 'B "x" & c', ""], 60),
        "day": np.arange(60.0) + 22_000,
    })  # fmt: skip
    frame.loc[::7, "sector"] = np.nan
    labels = {1.0: "Public", 2.0: "Catholic"}
    return Dataset(frame, (
        Variable("x"), Variable("sector", "", Measure.NOMINAL, labels), Variable("name", "", Measure.NOMINAL),
        Variable("day", format="%td"),
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sector == 2", ["sector is Catholic"]),
        ("sector==1&x>0", ["sector is Public", "x above 0"]),
        ("sector == 1 | sector == 2", ["sector is Public or Catholic"]),
        ("inlist(sector, 1, 2, 3, 4, 5)", ["sector is Public, Catholic, 3 or 2 more"]),
        ("x >= -1 & x <= 1 & sector != 1", ["x from \N{MINUS SIGN}1 to 1", "sector is not Public"]),
        ("inrange(x, -1, 0.5)", ["x from \N{MINUS SIGN}1 to 0.5"]),
        ("0 < x", ["x above 0"]),
        ("x > 0 & x <= 1", ["x above 0 and at most 1"]),
        ("x < 1 & x >= 0.5 & x < 2", ["x at least 0.5 and below 1", "x below 2"]),
        ("(sector == 1 | missing(sector)) & x <= 1", ["sector is Public or missing", "x at most 1"]),
        ("x > 0 | x == .", ["x above 0 or missing"]),
        ("!missing(x) & !(sector == 1 | sector == 2)", ["x is not missing", "sector is not Public or Catholic"]),
        ("sector != 1 & sector != 2", ["sector is not Public or Catholic"]),
        ('name == "Ann"', ["name is Ann"]),
        ("day >= 22000 & day <= 22001", ["day from 2020-03-26 to 2020-03-27"]),
        ("x + 1 > 0 & sector == 1", ["x + 1 > 0", "sector is Public"]),
        ("x > 0 | sector == 1 & x < 3", ["x > 0 | sector == 1 & x < 3"]),
        ("!(x > 0)", ["!(x > 0)"]),
    ],
)
def test_a_filter_is_chips_that_put_together_keep_the_same_rows(typed: str, said: list[str]) -> None:
    data = people()
    found = conditions(typed)
    assert [words(c, data) for c in found] == said
    again = expression(found)
    assert (surely_true(again, data) == surely_true(typed, data)).all()
    assert conditions(again) == found, "what is stored says the same when it comes back"


@pytest.mark.parametrize(
    "condition",
    [
        Values("sector", (1.0,)), Values("sector", (1.0, 2.0, 3.0, 4.0), missing=True),
        Values("name", ("Ann", 'B "x" & c')), Values("name", (), missing=True), Range("x", -1.5, None),
        Range("x", None, 2.25, with_high=False, missing=True),
        Range("x", -0.5, 0.5, missing=True), Range("day", 22_005.0, 22_010.0), Values("x", (0.1, -0.3)),
        Values("sector", (1.0,), excluded=True), Values("name", ("Ann",), excluded=True),
        Values("x", (0.1, -0.3, 0.2, 0.5), excluded=True), Values("x", (), missing=True, excluded=True),
    ],
)  # fmt: skip
def test_a_condition_made_by_clicking_keeps_the_rows_that_it_names(condition: Values | Range) -> None:
    data = people()
    column = data.frame[condition.name]
    gone = (column == "") if data.is_text(condition.name) else column.isna()
    if isinstance(condition, Values):
        wanted = (column.isin(condition.values) ^ condition.excluded) & ~gone
    else:
        wanted = ~gone
        if condition.low is not None:
            wanted &= column >= condition.low
        if condition.high is not None:
            wanted &= (column <= condition.high) if condition.with_high else (column < condition.high)
    wanted |= gone & condition.missing & ~getattr(condition, "excluded", False)
    text = text_of(condition)
    assert (surely_true(text, data) == wanted.to_numpy()).all() and wanted.any()
    assert read(text) == condition
    both = expression([condition, Values("sector", (2.0,))])
    assert (surely_true(both, data) == (wanted & (data.frame["sector"] == 2)).to_numpy()).all()


def test_what_the_popup_counts() -> None:
    data = people()
    column = data.frame["sector"]
    found = tally(data, "sector")
    assert dict(zip(found.values, found.counts.tolist())) == column.value_counts().to_dict()
    assert found.missing == column.isna().sum() and found.words[:3] == ("Public", "Catholic", "3")
    assert matching(found, "LIC").tolist() == [0, 1] and len(matching(found, " ")) == len(found.values)
    name, said = tally(data, "name"), data.frame["name"]
    assert dict(zip(name.words, name.counts.tolist())) == said[said != ""].value_counts().to_dict()
    assert name.words == ("Ann", 'B "x" & c') and name.missing == (said == "").sum()
    without = tally(data.with_variable(Variable("name", missing_codes=("Ann",))), "name")
    assert without.words == name.words[1:] and without.missing == name.missing + name.counts[0]
    assert tally(data, "day").words[0] == "2020-03-26"
    x, known = data.frame["x"], spread(data, "x")
    assert known.missing == x.isna().sum() and known.heights.sum() == x.notna().sum()
    assert known.between(-0.5, None) == (x >= -0.5).sum() and known.between(1, -1) == 0
    labels = replace(data.variable("day"), missing_codes=(22_000,))
    assert tally(data.with_variable(labels), "day").missing == 1


@pytest.mark.parametrize(
    ("text", "format", "number"),
    [
        ("1.5", "", 1.5), (" \N{MINUS SIGN}0,25 ", "", -0.25), ("1e-3", "", 1e-3), ("", "", None), ("abc", "", None),
        ("2020-03-26", "%td", 22_000.0), ("2020-13-26", "%td", None), ("22000", "%td", 22_000.0),
        ("1960-01-01 00:00:01", "%tc", 1000.0), ("2020-03-26", "", None),
    ],
)  # fmt: skip
def test_bounds_are_typed_as_people_write_them(text: str, format: str, number: float | None) -> None:
    assert number_in(text, format) == number


def test_what_a_condition_could_go_on_with() -> None:
    data = people()

    def after(text: str) -> list[str]:
        return completions(text, len(text), data)[1]

    assert after("x > 0 and se") == ["sector"] and after("se") == ["sector"]
    assert after("sector is ") == ['"Public"', '"Catholic"', "missing"] == after("sector == ")
    assert after("x > 0 & sector is not pu") == ['"Public"'] and after('sector = "C') == ['"Catholic"']
    assert after("x ") == ["is", "is not", "and", "or"] and after("x > 0 and ") == []
    assert completions("sector is cath", 14, data)[0] == 10


def test_a_filter_as_a_command_has_no_macro_in_it() -> None:
    assert commands.filter_rows("x > 0", in_use=True) == "filter x > 0"
    assert commands.filter_rows('name == "a $b"', in_use=False) == 'filter name == "a \\$b", view'


# --- the bar and the popup ----------------------------------------------------------------------------------
def test_values_are_ticked_and_become_a_chip_for_viewing(program: Program) -> None:
    w = program.window
    left = w.left
    before = w.controller.snapshot.dataset
    QTest.mouseClick(left.bar.add, Qt.MouseButton.LeftButton)
    popup = popup_of(program)
    QTest.keyClicks(popup.search, "sect")
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    program.idle()
    assert isinstance(popup.page, ValuesPage) and not popup.apply.isEnabled()
    tick(popup, 1)
    wanted = int((before.frame["sector"] == 1).sum())
    assert popup.count.full_text() == f"{wanted:,} of 7,185 rows" and popup.apply.isEnabled()
    popup.apply.click()
    program.idle()
    assert commands_of(program) == ["filter sector == 1, view"] and chips(program) == ["sector is Catholic"]
    assert left.rows_shown() == wanted and left.count.full_text() == f"{wanted:,} of 7,185"
    assert left.bar.sentence.full_text() == "Analyses use all rows" and not left.bar.use.isChecked()
    assert "Analyses use all rows" in w.status.facts() and w.controller.snapshot.undo_text == "filter"
    assert w.controller.snapshot.dataset is before


def test_a_range_is_added_and_a_chip_is_changed_and_removed(program: Program) -> None:
    w = program.window
    program.run("filter sector is Catholic, view")
    w.filters.filter_by("ses")
    popup = popup_of(program)
    assert isinstance(popup.page, RangePage) and popup.page.low.hasFocus()
    QTest.keyClicks(popup.page.low, "-0,5")
    QTest.keyClicks(popup.page.high, "x")
    assert popup.page._problem.text() == "x is not a number." and not popup.apply.isEnabled()
    popup.page.high.setText("1")
    ses = w.controller.snapshot.dataset.frame["ses"]
    assert popup.count.full_text() == f"{int(((ses >= -0.5) & (ses <= 1)).sum()):,} of 7,185 rows"
    QTest.keyClick(popup.page.high, Qt.Key.Key_Return)
    program.idle()
    assert commands_of(program)[-1] == "filter sector == 1 & ses >= -0.5 & ses <= 1, view", "once, by one Enter"
    assert len(commands_of(program)) == 2
    assert chips(program) == ["sector is Catholic", "ses from \N{MINUS SIGN}0.5 to 1"]
    w.filters.filter_by("ses")  # its own chip, to be changed
    popup = popup_of(program)
    assert popup.page.low.text() == "\N{MINUS SIGN}0.5" and popup.apply.text() == "Change filter"
    popup.page.low.clear()
    popup.apply.click()
    program.idle()
    assert commands_of(program)[-1] == "filter sector == 1 & ses <= 1, view"
    body = w.left.bar.findChild(QPushButton, "filter_chip_0_body")
    body.setFocus()
    QTest.keyClick(body, Qt.Key.Key_Delete)
    program.idle()
    assert commands_of(program)[-1] == "filter ses <= 1, view"
    w.left.bar.findChild(QToolButton, "filter_chip_0_remove").click()
    program.idle()
    assert commands_of(program)[-1] == "filter off" and not chips(program) and w.left.rows_shown() is None
    assert not w.left.bar.use.isVisible()


def test_a_chip_of_values_opens_with_these_ticked_and_keys_do_the_rest(program: Program) -> None:
    w = program.window
    program.run("filter sector == 0, view")
    w.left.bar.findChild(QPushButton, "filter_chip_0_body").click()
    popup = popup_of(program)
    assert isinstance(popup.page, ValuesPage) and popup.page.model.ticked.tolist() == [True, False, False]
    view = popup.page.view
    assert view.hasFocus()
    QTest.keyClick(view, Qt.Key.Key_Space)
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert popup.page.model.ticked.tolist() == [False, True, False]
    QTest.keyClick(view, Qt.Key.Key_Return)
    program.idle()
    assert commands_of(program)[-1] == "filter sector == 1, view" and chips(program) == ["sector is Catholic"]
    w.filters.add()
    popup = popup_of(program)
    QTest.keyClick(popup, Qt.Key.Key_Escape)
    program.idle()
    assert not [x for x in w.findChildren(FilterPopup) if x.isVisible()] and len(commands_of(program)) == 2


def test_values_are_left_out(program: Program) -> None:
    w = program.window
    program.run("generate z = ses if ses > 0", "recode z (min/1 = 1) (1/max = 2)", "measure z nominal",
                "filter z != 1, view")  # fmt: skip
    w.left.bar.findChild(QPushButton, "filter_chip_0_body").click()
    popup = popup_of(program)
    page = popup.page
    assert isinstance(page, ValuesPage) and page.way.value() == "leave"
    assert page.model.ticked.tolist() == [True, False, True], "1, 2, and what is missing"
    z = w.controller.snapshot.dataset.frame["z"]
    assert popup.count.full_text() == f"{int((z == 2).sum()):,} of 7,185 rows"
    tick(popup, 2)
    assert page.model.ticked[-1], "a missing value is not known to be another"
    tick(popup, 0, 1)
    assert page.text() == "z != 2" and popup.count.full_text() == f"{int((z == 1).sum()):,} of 7,185 rows"
    tick(popup, 1)
    assert page.text() == "!missing(z)"
    page.way.findChild(QPushButton, "filter_way_keep").click()
    assert page.text() == "" and not popup.apply.isEnabled()
    page.way.findChild(QPushButton, "filter_way_leave").click()
    tick(popup, 0)
    popup.apply.click()
    program.idle()
    assert commands_of(program)[-1] == "filter z != 1, view" and chips(program) == ["z is not 1"]


def test_counts_of_a_streamed_file_say_which_rows_they_are_of(tmp_path: Path) -> None:
    pd.DataFrame({"g": np.arange(12_000) % 8}).to_parquet(tmp_path / "rows.parquet")
    data = terrace.stream(tmp_path / "rows.parquet")
    page = ValuesPage(data, "g", lambda _label, work, done, _failed: done(work()), Values("g", (3,)))
    assert page.told() == "1,250 of the first 10,000 rows"
    page.close_down()
    page.deleteLater()


def test_missing_is_a_value_and_many_values_are_searched(program: Program) -> None:
    program.run("generate z = ses if ses > 0", "measure z nominal")
    program.window.filters.filter_by("z")
    popup = popup_of(program)
    page = popup.page
    model = page.model
    last = model.index(model.rowCount() - 1, 0)
    gone = int(program.window.controller.snapshot.dataset.frame["z"].isna().sum())
    assert last.data() == "Missing" and model.index(last.row(), 1).data() == f"{gone:,}"
    page.search.setText("1.0")
    program.idle()
    shown = [model.index(r, 0).data() for r in range(model.rowCount())]
    assert shown and all("1.0" in text for text in shown)
    page.all.click()
    kept = int(model.ticked.sum())
    assert kept == len(shown)
    page.search.clear()
    program.idle()
    model.setData(model.index(model.rowCount() - 1, 0), True, Qt.ItemDataRole.CheckStateRole)
    popup.apply.click()
    program.idle()
    found = conditions(program.window.controller.snapshot.state.filter.expression)
    assert len(found) == 1 and found[0].missing and len(found[0].values) == kept


def test_a_condition_is_written_with_its_error_at_its_place(program: Program) -> None:
    program.window.filters.add()
    popup = popup_of(program)
    popup.write_button.click()
    page = popup.page
    assert isinstance(page, ConditionPage)
    typed = "ses > 0 and sector is Cathlic"
    page.line.setText(typed)
    QTest.keyClick(page.line, Qt.Key.Key_Return)
    program.idle()
    assert page.problem() == "sector has no value label Cathlic. Did you mean Catholic?"
    assert page.line.selectedText() == "Cathlic" and popup.isVisible()
    under = page._place.text().split("\n")
    assert under[0][under[1].index("^") :][: under[1].count("^")] == "Cathlic"
    QTest.keyClicks(page.line, '"Catholic"')
    assert page.problem() == ""
    QTest.keyClick(page.line, Qt.Key.Key_Return)
    program.idle()
    assert commands_of(program) == ["filter ses > 0 & sector == 1, view"]
    assert chips(program) == ["ses above 0", "sector is Catholic"]


def test_the_line_of_a_condition_completes(program: Program) -> None:
    program.window.filters.add()
    popup = popup_of(program)
    popup.write()
    line = popup.page.line
    QTest.keyClicks(line, "sec")
    QTest.keyClick(line, Qt.Key.Key_Tab)
    assert line.text() == "sector"
    QTest.keyClicks(line, " is cath")
    QTest.keyClick(line, Qt.Key.Key_Tab)
    assert line.text() == 'sector is "Catholic"'
    popup.close()


def test_from_the_menu_of_a_column_to_its_values(program: Program) -> None:
    grid = program.window.left.grid
    grid._menu(grid.grid.dataset.names.index("sector"), QPoint(0, 0))
    settled()
    menu = next(m for m in program.window.findChildren(QMenu, "column_menu") if m.isVisible())
    action = next(a for a in menu.actions() if a.text().replace("&", "") == "Filter by value…")
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    settled()
    popup = popup_of(program)
    assert popup.title.full_text() == "sector" and isinstance(popup.page, ValuesPage)
    popup.close()


# --- what analyses use --------------------------------------------------------------------------------------
def test_the_switch_makes_analyses_use_the_filter_and_all_say_so(program: Program) -> None:
    w = program.window
    program.run("filter sector == 1, view", MODEL)
    card = w.results.newest()
    assert card.fit.scalars["N"] == 7185 and not card.setting.refiltered
    w.left.bar.use.setFocus()
    QTest.keyClick(w.left.bar.use, Qt.Key.Key_Space)
    program.idle()
    assert commands_of(program)[-1] == "filter use" and w.left.bar.use.isChecked()
    said = "Analyses use 3,543 of 7,185 rows"
    assert w.left.bar.sentence.full_text() == said and said in w.status.facts()
    program.run("summarize ses")
    output = w.results.outputs()[-1]
    assert "Filter: sector == 1 (3,543 of 7,185 rows)." in str(output.outcome.tables[-1].notes)
    program.run("undo", "undo")
    assert not w.left.bar.use.isChecked() and w.left.bar.sentence.full_text() == "Analyses use all rows"
    program.run("undo", "undo")
    assert chips(program) == [] and w.left.rows_shown() is None
    program.run("redo")
    assert chips(program) == ["sector is Catholic"] and w.left.rows_shown() == 3543


def test_a_model_of_other_rows_says_so_and_is_fitted_again_to_these(program: Program) -> None:
    w = program.window
    program.run(MODEL, "filter sector is Catholic")
    card = w.results.newest()
    wait_until(lambda: bool(card.setting.refiltered), "the notice")
    assert card.setting.refiltered == "it was fitted without the filter sector == 1" and not card.stale
    again = card.findChild(QPushButton, "model_refilter")
    assert again.text() == "Fit again with this filter"
    again.click()
    program.idle()
    card = w.results.newest()
    assert program.states()[-1] == (f"refit {card.item.id}, filter", "ok")
    assert card.fit.scalars["N"] == 3543 and not card.setting.refiltered
    program.run("filter off")
    card = w.results.newest()
    assert card.findChild(QPushButton, "model_refilter").text() == "Fit again without a filter"
    assert card.fit.scalars["N"] == 3543, "kept models keep their rows"


def test_the_builder_judges_by_the_rows_that_analyses_use(program: Program) -> None:
    w = program.window
    program.run("filter sector is Catholic", MODEL)
    w.models.edit_newest()
    wait_until(lambda: w.models.builder is not None, "the builder")
    builder = w.models.builder
    program.idle()

    def counted() -> int:
        wait_until(lambda: builder.state.is_current, "the judgement")
        return builder.state.report.counts.rows

    assert builder.spec.filter is None and counted() == 3543
    program.run("filter view")
    assert counted() == 7185
    program.run("filter sector is Public")
    assert counted() == 3642
    assert builder.command == MODEL and not builder.state.can_undo


def test_a_filter_follows_the_data_and_goes_with_them(program: Program) -> None:
    left = program.window.left
    program.run("filter ses > 0")
    first = left.rows_shown()
    program.run("replace ses = -1 in 1/7185 if sector == 1")
    assert first is not None and left.rows_shown() is not None and left.rows_shown() < first
    program.run("rename ses status")
    assert chips(program) == ["status above 0"]
    program.run("drop status")
    assert left.rows_shown() is None and "status" in left.bar.problem()
    program.run("undo")
    assert left.bar.problem() == "" and left.rows_shown() is not None
    program.run("sample orthodont")
    assert chips(program) == [] and left.rows_shown() is None and not left.bar.use.isVisible()


def test_labels_are_other_words_on_the_chips_at_once(program: Program) -> None:
    program.run("filter sector == 1, view", 'label values sector 0 "State" 1 "Church"')
    assert chips(program) == ["sector is Church"]


def test_a_selection_in_a_plot_is_shown_over_the_filter(program: Program) -> None:
    left = program.window.left
    program.run("filter sector == 1, view")
    rows = left.rows_shown()
    left.mark_rows(np.arange(10))
    left.strip.only.click()
    assert left.rows_shown() == 10 and left.strip.all.isVisible()
    left.strip.all.click()
    assert left.rows_shown() == rows and chips(program), "the filter is there as before"
    program.window.actions_["show_all"].trigger()
    program.idle()
    assert left.rows_shown() is None and commands_of(program)[-1] == "filter off"


def test_a_project_brings_the_filter_back(program: Program, tmp_path: Path) -> None:
    w = program.window
    program.run("filter sector == 1 & ses > 0", f'project save "{tmp_path / "a.terrace"}"', "sample orthodont")
    assert chips(program) == []
    w.data.open_file(str(tmp_path / "a.terrace"))
    wait_idle(w.controller)
    assert chips(program) == ["sector is Catholic", "ses above 0"] and w.left.bar.use.isChecked()
    assert w.left.rows_shown() == 2067


def test_forms_say_which_rows_they_use(program: Program) -> None:
    w = program.window
    program.run(MODEL)

    def told(key: str) -> str:
        w.prepare.open(key)
        program.idle()
        return w.prepare.panel.rows.text()

    assert told("tabstat") == ""
    program.run("filter sector is Catholic and ses > 0, view")
    assert told("tabstat") == "", "analyses use all rows"
    program.run("filter use")
    assert told("tabstat") == "Uses only the rows of the filter: sector is Catholic · ses above 0."
    assert told("sort") == "This uses all rows: the filter is not applied."
    w.models.open_after(w.results.newest(), "icc")
    program.idle()
    panel = w.models._after.panel
    said = "Uses the 7,185 rows that the model was fitted to, whatever the filter is now."
    assert panel.rows.text() == said and not panel.rows.isHidden()
    program.run("filter off")
    assert panel.rows.isHidden()


def test_the_switch_is_switched_without_a_click_too(program: Program) -> None:
    program.run("filter sector == 1, view")
    told = QAccessible.queryAccessibleInterface(program.window.left.bar.use)
    assert told.text(QAccessible.Text.Name) == "Use in analyses"
    told.actionInterface().doAction("Toggle")
    program.idle()
    assert commands_of(program)[-1] == "filter use" and told.state().checked
    QTest.mouseClick(program.window.left.bar.use, Qt.MouseButton.LeftButton)
    program.idle()
    assert commands_of(program)[-1] == "filter view" and not told.state().checked
