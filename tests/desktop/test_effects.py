"""The window treats what a command did by its declared effects, not by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import wait_idle

import terrace
from terrace.data.write import write
from terrace.session import registry
from terrace.session.commands.after.output import MORE, PLOTS
from terrace.session.document.titles import TITLES
from terrace_desktop.app.actions import EXPLORE
from terrace_desktop.app.window import MainWindow
from terrace_desktop.results.model_card import AFTER
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work.commands import PLOT_NAMES


@pytest.fixture
def window(settings: Settings) -> Iterator[MainWindow]:
    w = MainWindow(settings)
    w.begin()
    yield w
    w.close()
    w.deleteLater()


def run(window: MainWindow, *commands: str) -> None:
    c = window.controller
    wait_idle(c)
    for command in commands:
        c.run(command)
    wait_idle(c)
    assert all(e.state == "ok" for e in c.history.entries), c.history.entries[-1].command


OPENED = ((".sav", "import spss"), (".csv", "import delimited"), (".dta", "use"))


@pytest.mark.parametrize(("ending", "command"), OPENED)
def test_data_that_were_opened_are_in_a_file(window: MainWindow, tmp_path: Path, ending: str, command: str) -> None:
    path = write(terrace.sample("winer43"), tmp_path / f"d{ending}").path
    run(window, f'{command} "{path}"')
    assert not window.unsaved()
    run(window, "sample 50")  # a part of them is in none
    assert window.unsaved()
    run(window, f'save "{path.with_name("part")}"')
    assert not window.unsaved()


def test_tests_of_coefficients_stand_under_their_model(window: MainWindow) -> None:
    run(window, "sample sleepstudy", "mixed reaction days || subject:")
    run(window, "test days = 10", "testnl exp(_b[days] / 10) = 2")
    (model,) = window.results.cards()
    assert [card.outcome.type for card in window.results.under(model)] == ["test", "testnl"]
    assert window.results.errors() == []


def test_commands_that_the_window_names_are_there() -> None:
    registry.load()
    named = [*TITLES, *(needed for needed, _, _ in EXPLORE), *(command for command, _ in AFTER)]
    assert sorted(set(named) - set(registry.COMMANDS)) == []
    assert set(PLOT_NAMES.values()) <= {*PLOTS, *MORE}
