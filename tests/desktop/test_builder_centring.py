"""Centring and declaring the time from the builder: by commands of the session, held to means by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from builder_help import agree, chip, click, menu_of, pick, picker, popups, schools, shown, take, use
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from waiting import settled

from terrace.data.dataset import Dataset, Variable
from terrace.session.session import Session
from terrace.session.state import State
from terrace.spec import edit
from terrace.spec.centring import centring
from terrace_desktop.builder.form import BuilderForm

__all__ = ["popups"]


@pytest.fixture
def model() -> Iterator[BuilderForm]:
    session = Session(State(dataset=schools(6)))

    def run(commands: tuple[str, ...], then: Callable[[], object]) -> None:
        for command in commands:
            outcome = session.run(command)
            assert outcome.ok, outcome.error
        form.set_dataset(session.data)
        then()

    form = shown(session.data, "mixed score c.ses##i.sector || id: ses", run_commands=run)  # type: ignore[arg-type]
    yield form
    form.close_down()
    form.close()
    form.deleteLater()


def column(form: BuilderForm, name: str) -> np.ndarray:
    return form.state.dataset.numeric(name)


def test_at_the_mean_of_all_rows(model: BuilderForm) -> None:
    assert model.fixed.centre.accessibleName() == "Centre ses"
    click(model, "fixed_centre")
    use(menu_of(model, "fixed_centre_menu"), "At the mean of all rows")
    assert model.command == "mixed score c.c_ses##i.sector || id: c_ses"
    ses = column(model, "ses")
    np.testing.assert_allclose(column(model, "c_ses"), ses - ses.mean(), atol=1e-15)
    assert model.state.dataset.variable("c_ses").label == "ses, centred at the mean"
    agree(model)
    click(model, "work_undo")
    assert model.command == "mixed score c.ses##i.sector || id: ses"


def test_within_and_between_groups(model: BuilderForm) -> None:
    take(model, "week")
    chip(model, "fixed", "ses").open_menu()
    centre = next(m for m in menu_of(model, "builder_chip_menu").findChildren(QMenu) if m.title() == "Centre")
    use(centre, "Within and between id")
    assert model.command == "mixed score c.c_ses##i.sector week m_ses || id: c_ses"
    ses, school = column(model, "ses"), column(model, "id")
    means = np.array([ses[school == s].mean() for s in school])
    np.testing.assert_allclose(column(model, "m_ses"), means, atol=1e-14)
    np.testing.assert_allclose(column(model, "c_ses"), ses - means, atol=1e-14)
    assert model.state.dataset.variable("c_ses").label == "ses, centred within id"
    assert model.state.dataset.variable("m_ses").label == "Mean of ses in id"
    assert model.fit.isEnabled()
    click(model, "fixed_centre")
    menu = menu_of(model, "fixed_centre_menu")
    assert [a.text() for a in menu.actions()] == ["c_ses", "week", "m_ses"]
    menu.close()


def test_nested_levels_split_a_variable_without_rest() -> None:
    session = Session(State(dataset=schools(6)))
    made = centring("ses", ("district", "id"), session.data.names)
    for command in made.commands:
        assert session.run(command).ok
    parts = [session.data.numeric(n) for n in (made.centred, *made.means)]
    np.testing.assert_allclose(sum(parts), session.data.numeric("ses"), atol=1e-14)
    for a in range(3):
        for b in range(a):
            assert abs(np.sum(parts[a] * (parts[b] - parts[b].mean()))) < 1e-10, "the parts are orthogonal"
    assert [len(np.unique(np.round(p, 12))) for p in parts] == [72, 12, 3]


def test_crossed_groups_are_offered(model: BuilderForm) -> None:
    spec = edit.set_crossed(edit.add_level(model.spec, "lab"), 1)
    model.set_spec(spec)
    click(model, "fixed_centre")
    menu = menu_of(model, "fixed_centre_menu")
    assert [a.objectName() for a in menu.actions()] == [
        "centre_all", "centre_id", "centre_id_mean", "centre_lab", "centre_lab_mean",
    ]  # fmt: skip
    menu.close()


def test_names_are_free_and_not_too_long() -> None:
    assert centring("x", (), {"c_x", "c_x2"}).centred == "c_x3"
    made = centring("a" * 32, ("g" * 32,), ())
    names = (made.centred, *made.means)
    assert all(len(n) == 32 for n in names) and len(set(names)) == 2


def test_the_time_is_declared_where_a_lag_needs_it(model: BuilderForm) -> None:
    chip(model, "fixed", "ses").open_menu()
    lags = menu_of(model, "builder_chip_menu").findChild(QMenu, "fixed_lag_menu")
    use(lags, "Set the time variable")
    menu_of(model, "builder_chip_menu").close()
    settled()
    opened = picker(model)
    QTest.keyClicks(opened.search, "week")
    QTest.keyClick(opened.search, Qt.Key.Key_Return)
    panel = model.state.dataset.panel
    assert panel is not None and (panel.panel, panel.time) == ("id", "week")
    chip(model, "fixed", "ses").open_menu()
    use(menu_of(model, "builder_chip_menu").findChild(QMenu, "fixed_lag_menu"), "Lag")
    assert model.command.startswith("mixed score L.ses ")
    pick(model, "fixed_add", "size")
    agree(model)


# --- the hint -----------------------------------------------------------------------------------------------
def mixed_schools() -> Dataset:
    data = schools(6)
    rng = np.random.default_rng(8)
    school, lab = data.numeric("id").astype(int), data.numeric("lab").astype(int)
    x = 3 * rng.normal(size=13)[school] + 2.0 * lab + rng.normal(size=len(data))
    return data.with_column("mixed", x, Variable("mixed"))


@pytest.fixture
def hinted(request: pytest.FixtureRequest) -> Iterator[BuilderForm]:
    session = Session(State(dataset=mixed_schools()))

    def run(commands: tuple[str, ...], then: Callable[[], object]) -> None:
        for command in commands:
            assert session.run(command).ok
        form.set_dataset(session.data)
        then()

    form = shown(session.data, request.param, run_commands=run)  # type: ignore[arg-type]
    yield form
    form.close_down()
    form.close()
    form.deleteLater()


@pytest.mark.parametrize("hinted", ["mixed score mixed size || id:"], indirect=True)
def test_a_covariate_that_is_mixed_is_split_by_one_click(hinted: BuilderForm) -> None:
    assert hinted.fixed.hint.words.text() == "mixed differs within and between groups of id."
    click(hinted, "fixed_split_it")
    assert hinted.command == "mixed score c_mixed size m_mixed || id:"
    assert hinted.fixed.hint.isHidden()
    agree(hinted)


@pytest.mark.parametrize("hinted", ["mixed score mixed || _all: R.lab || id:"], indirect=True)
def test_crossed_groups_come_one_after_the_other(hinted: BuilderForm) -> None:
    click(hinted, "fixed_split_it")
    assert hinted.command == "mixed score c_mixed m_mixed || _all: R.lab || id:"
    assert hinted.fixed.hint.words.text() == "c_mixed differs within and between groups of lab."
    click(hinted, "fixed_split_it")
    assert hinted.command == "mixed score c_c_mixed m_mixed m_c_mixed || _all: R.lab || id:"


@pytest.mark.parametrize("hinted", ["mixed score mixed || id:"], indirect=True)
def test_a_hint_that_is_dismissed_does_not_come_back(hinted: BuilderForm) -> None:
    click(hinted, "fixed_split_dismiss")
    assert hinted.fixed.hint.isHidden()
    take(hinted, "week")
    assert hinted.fixed.hint.isHidden() and hinted.state.declined == {"mixed"}


@pytest.mark.parametrize("hinted", ["mixed score mixed || id:"], indirect=True)
def test_the_menu_of_a_chip_splits_too(hinted: BuilderForm) -> None:
    chip(hinted, "fixed", "mixed").open_menu()
    use(menu_of(hinted, "builder_chip_menu"), "Split within and between groups of id")
    assert hinted.command == "mixed score c_mixed m_mixed || id:"
