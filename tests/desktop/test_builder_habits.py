"""What the builder writes where nothing is chosen goes by the convention; what was typed or chosen stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from builder_help import popups, schools, shown
from waiting import wait_until

from terrace.data.dataset import Dataset
from terrace.language.mixed import parse_mixed
from terrace.spec import edit
from terrace.spec.conventions import DEFAULT
from terrace.spec.model import Factor, Term
from terrace.spec.text import format_mixed
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.ui.settings import Settings

__all__ = ["popups"]  # a fixture for every test here

DATA = schools()
SLOPE = Term((Factor("ses"),))


@pytest.fixture
def state() -> Iterator[BuilderState]:
    made = BuilderState(DATA, habits=DEFAULT)
    yield made
    made.close()


def build(state: BuilderState) -> None:
    state.apply(edit.set_outcome(state.spec, "score"))
    state.apply(edit.add_level(state.spec, "id"))
    state.apply(edit.add_slope(state.spec, 0, SLOPE))


def test_a_model_that_is_clicked_together(state: BuilderState) -> None:
    build(state)
    assert format_mixed(state.spec) == "mixed score || id: ses, covariance(unstructured) reml dfmethod(kroger)"


def test_what_the_user_chose_stays(state: BuilderState) -> None:
    state.apply(edit.add_level(edit.set_outcome(state.spec, "score"), "id"))
    state.apply(edit.set_df(state.spec, None))
    state.apply(edit.add_slope(state.spec, 0, SLOPE))
    assert state.spec.df_method is None
    state.apply(edit.set_covariance(state.spec, 0, None))
    state.apply(edit.add_fixed(state.spec, Factor("week")))
    assert state.spec.random[0].covariance is None


def test_undo_goes_back_by_one_step(state: BuilderState) -> None:
    build(state)
    state.undo()
    assert format_mixed(state.spec) == "mixed score || id:, reml dfmethod(kroger)"
    state.redo()
    assert state.spec.random[0].covariance == "unstructured"


def test_a_typed_command_is_taken_as_it_is(state: BuilderState) -> None:
    given = parse_mixed("mixed score ses || id: ses", DATA.names)
    state.apply(given, as_given=True)
    assert state.spec == given
    state.apply(edit.add_fixed(state.spec, Factor("week")))
    assert state.spec.method == "ml" and state.spec.df_method is None


def test_large_data_are_counted_first() -> None:
    state = BuilderState(DATA, habits=DEFAULT, direct_rows=5)
    assert isinstance(state.dataset, Dataset)
    state.apply(edit.add_level(edit.set_outcome(state.spec, "score"), "id"))
    wait_until(lambda: state.is_current)
    assert state.spec.df_method == "kroger"
    state.close()


def test_the_choice_is_remembered(settings: Settings) -> None:
    assert settings.convention() == ""
    settings.set_convention("stata")
    assert Settings(settings.store.file()).convention() == "stata"


def test_a_command_written_in_the_panel_is_taken_as_it_is() -> None:
    form = shown(DATA, habits=DEFAULT)
    assert form.use_text("mixed score ses || id: ses, reml")
    assert form.command == "mixed score ses || id: ses, reml"
    form.close_down()
    form.deleteLater()
