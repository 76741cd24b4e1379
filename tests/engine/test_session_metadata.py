"""What variables are, by commands: each changes one thing, can be undone, and points at what is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from data_support import dataset, ok, refused, session_on

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.session.session import Session


@pytest.fixture
def session() -> Session:
    s = Session()
    assert s.run("sample hsb").ok
    return s


def test_each_command_changes_its_property_and_undo_takes_it_back(session: Session) -> None:
    before = session.data
    for command in (
        "rename ses status",
        'label variable size "Students, in all"',
        'label values sector 0 "State school" 1 "Church school"',
        "measure size ordinal",
        "missing size 842 -9",
    ):
        assert session.run(command).ok, command
    data = session.data
    assert "status" in data and "ses" not in data
    assert data.variable("size").label == "Students, in all"
    assert dict(data.variable("sector").value_labels) == {0: "State school", 1: "Church school"}
    assert data.variable("size").measure is Measure.ORDINAL
    assert data.variable("size").missing_codes == (842, -9)
    assert data.level_label("sector", 0.0) == "State school"
    assert (data.numeric("size") != data.numeric("size")).sum() == (before.numeric("size") == 842).sum()
    for _ in range(5):
        assert session.run("undo").ok
    assert session.data.variables == before.variables


def test_without_a_value_a_property_is_taken_away(session: Session) -> None:
    for command in ("label variable ses", "label values sector", "missing size -9", "missing size"):
        assert session.run(command).ok
    assert session.data.variable("ses").label == ""
    assert not session.data.variable("sector").value_labels
    assert session.data.variable("size").missing_codes == ()


def test_a_text_variable_keeps_texts(session: Session) -> None:
    from terrace.data.dataset import Variable

    session.state = type(session.state)(dataset=session.data.with_column("t", ["a"] * len(session.data), Variable("t")))
    assert session.run('missing t "n/a" a').ok
    assert session.data.variable("t").missing_codes == ("n/a", "a")
    assert not session.run("measure t continuous").ok


def test_a_new_name_reaches_the_panel(session: Session) -> None:
    session.run("xtset id")
    session.run("rename id school")
    assert session.data.panel is not None and session.data.panel.panel == "school"


@pytest.mark.parametrize(
    ("command", "place", "code"),
    [
        ("rename ses 1x", "1x", "bad-name"),
        ("rename ses mathach", "mathach", "name-taken"),
        ("rename nothere x", "nothere", "no-such-variable"),
        ("measure size foo", "foo", "no-such-measure"),
        ('label values sector x "y"', "x", "not-a-number"),
        ("label values sector 0", "0", "syntax"),
        ("missing size abc", "abc", "not-a-number"),
    ],
)
def test_mistakes_are_pointed_at_and_change_nothing(session: Session, command: str, place: str, code: str) -> None:
    before = session.data
    outcome = session.run(command)
    assert outcome.error is not None and outcome.error[0] == code
    assert outcome.error_at is not None and command[slice(*outcome.error_at)] == place
    assert session.data is before


def test_a_range_stands_for_missing_also_for_values_that_come_later() -> None:
    session = session_on(dataset(x=[1.0, 2.0, -8.0, 99.0, -3.5], g=[1.0, 1.0, 2.0, 2.0, 2.0]))
    ok(session, "missing x -8/-1 99")
    assert session.data.variable("x").missing_ranges == ((-8.0, -1.0),)
    np.testing.assert_array_equal(session.data.numeric("x"), [1, 2, np.nan, np.nan, np.nan])
    assert session.data.missing_values("x") == (99, -8, -3.5)
    ok(session, "replace x = -2 in 1")
    ok(session, "generate z = x + 1")
    np.testing.assert_array_equal(session.data.numeric("x"), [np.nan, 2, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(session.data.numeric("z"), [np.nan, 3, np.nan, np.nan, np.nan])
    shown = ok(session, "codebook x").text
    assert "-8/-1, 99" in shown
    ok(session, "rename x y")
    assert session.data.variable("y").missing_ranges == ((-8.0, -1.0),)
    assert len(ok(session, "tabulate y, missing").tables[0].rows) >= 5  # 2, and each missing value by itself
    ok(session, "missing y")
    assert not session.data.variable("y").declares_missing


def test_a_range_without_an_end() -> None:
    session = session_on(dataset(x=[1.0, 2.0, -8.0, 99.0]))
    ok(session, "missing x lowest/-1 90/highest")
    np.testing.assert_array_equal(session.data.numeric("x"), [1, 2, np.nan, np.nan])
    assert "lowest/-1, 90/highest" in ok(session, "codebook x").text
    assert refused(session, "missing x 5/1")


def test_notes_belong_to_the_data_and_stay_apart_from_those_of_the_reader() -> None:
    session = session_on(replace(dataset(x=[1.0, 2.0]), notes=("Read as utf-8 text.",)))
    ok(session, "notes: the first")
    ok(session, "notes x: on x")
    assert session.data.documents == ("the first", "x: on x") and session.data.notes == ("Read as utf-8 text.",)
    assert ok(session, "notes").text == "1. the first\n2. x: on x"
    ok(session, "notes drop 1")
    assert session.data.documents == ("x: on x",)


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ("drop x1", ["of the study", "id: on id", "x2: on x2", "g: on g"]),
        ("keep id g", ["of the study", "id: on id", "g: on g"]),
        ("collapse x1 (sum) total=x2, by(id)", ["of the study", "id: on id", "x1: on x1"]),
        ("collapse x2=x1, by(id)", ["of the study", "id: on id"]),
        ("contract g", ["of the study", "g: on g"]),
        ("reshape long x, i(id) j(t)", ["of the study", "id: on id", "g: on g"]),
    ],
)
def test_notes_stay_with_the_data_and_go_with_their_variables(command: str, kept: list[str]) -> None:
    frame = pd.DataFrame({"id": [1.0, 2, 3], "x1": [1.0, 2, 3], "x2": [3.0, 4, 5], "g": [1.0, 1, 2]})
    session = session_on(Dataset(frame, tuple(map(Variable, frame))))
    ok(session, "notes: of the study")
    for name in frame:
        ok(session, f"notes {name}: on {name}")
    ok(session, command)
    assert list(session.data.documents) == kept
