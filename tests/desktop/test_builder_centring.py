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

from terrace.session.session import Session
from terrace.session.state import State
from terrace_desktop.builder.form import BuilderForm
from terrace_desktop.builder.terms.centring import centring

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
    assert model.command == "mixed score c.ses_c##i.sector || id: ses_c"
    ses = column(model, "ses")
    np.testing.assert_allclose(column(model, "ses_c"), ses - ses.mean(), atol=1e-15)
    assert model.state.dataset.variable("ses_c").label == "ses, centred at the mean of all rows"
    agree(model)
    click(model, "work_undo")
    assert model.command == "mixed score c.ses##i.sector || id: ses"


def test_within_groups_with_their_means(model: BuilderForm) -> None:
    take(model, "week")
    chip(model, "fixed", "ses").open_menu()
    centre = next(m for m in menu_of(model, "builder_chip_menu").findChildren(QMenu) if m.title() == "Centre")
    use(centre, "At the mean of each id, with")
    assert model.command == "mixed score c.ses_id_c##i.sector week ses_id_mean || id: ses_id_c"
    ses, school = column(model, "ses"), column(model, "id")
    means = np.array([ses[school == s].mean() for s in school])
    np.testing.assert_allclose(column(model, "ses_id_mean"), means, atol=1e-14)
    np.testing.assert_allclose(column(model, "ses_id_c"), ses - means, atol=1e-14)
    assert model.fit.isEnabled()
    menu = QMenu()
    click(model, "fixed_centre")
    menu = menu_of(model, "fixed_centre_menu")
    assert [a.text() for a in menu.actions()] == ["ses_id_c", "week", "ses_id_mean"]
    menu.close()


def test_names_are_free_and_not_too_long() -> None:
    assert centring("x", "", {"x_c", "x_c2"}).centred == "x_c3"
    made = centring("a" * 32, "g" * 32, ())
    assert len(made.centred) == len(made.mean) == 32 and made.centred != made.mean


def test_the_time_is_declared_where_a_lag_needs_it(model: BuilderForm) -> None:
    chip(model, "fixed", "ses").open_menu()
    lags = menu_of(model, "builder_chip_menu").findChild(QMenu, "fixed_lag_menu")
    use(lags, "Declare the time")
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
