"""Steps of undo: what is one, what it is called, what it brings back and what it leaves alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from terrace.session.contract import Outcome
from terrace.session.session import Session
from terrace.session.steps import WORK


def ok(session: Session, command: str) -> Outcome:
    outcome = session.run(command)
    assert outcome.ok, (command, outcome.error)
    return outcome


@pytest.fixture
def session() -> Session:
    session = Session()
    for command in ("sample sleepstudy", "program define both\ngenerate a = 1\ngenerate b = 2\nend"):
        ok(session, command)
    return session


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("foreach v in a b c {\ngenerate `v' = 1\n}", "3 new variables"),
        ("both", "new variables a and b"),
        ("if 1 {\nreplace days = 1\n}", "edit of days"),
        ("foreach v in reaction days {\nsummarize `v'\n}", "2 results"),
        ("forvalues k = 1/2 {\nmixed reaction days || subject:\nestat icc\n}", "2 models"),
        ("bysort subject: generate a = _n", "new variable a"),
        ("preserve", ""),
        ("scalar x = 1", ""),
        ("pwd", "Folder"),
        ("quietly summarize", ""),
    ],
)
def test_whatever_a_command_does_is_one_step(session: Session, command: str, name: str) -> None:
    before = session.state
    ok(session, command)
    assert session.undo_text == name and len(session.undo_steps) == bool(name)
    after = session.state
    if name:
        assert ok(session, "undo").text == f"Undone: {name}"
        assert session.dataset is before.dataset and len(session.state.document) == len(before.document)
        assert ok(session, "redo").text == f"Redone: {name}"
    assert all(getattr(session.state, m) is getattr(after, m) for m in WORK)


def test_a_do_file_is_one_step_and_one_that_opens_data_is_none(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "a.do"
    file.write_text("generate a = 1\nmixed reaction days || subject:\npredict p\nestat icc\n")
    ok(session, f'do "{file}"')
    assert session.undo_text == "Model 1: Random intercept of subject" and len(session.undo_steps) == 1
    ok(session, "undo")
    assert "a" not in session.data.names and session.fit is None
    file.write_text("sample hsb\ngenerate a = 1\n")
    ok(session, f'do "{file}"')
    assert not session.can_undo and session.dataset is not None


def test_restore_is_a_step(session: Session) -> None:
    first = session.dataset
    for command in ("preserve", "drop days", "restore"):
        ok(session, command)
    assert session.undo_text == "data brought back" and session.dataset is first
    ok(session, "undo")
    assert "days" not in session.data.names
    ok(session, "undo")
    assert session.dataset is first and not session.can_undo


def test_what_belongs_to_the_session_stays(session: Session) -> None:
    for command in ("generate a = 1", "set level 90", "scalar x = 2", "global g here", "constraint 1 days = 0",
                    "estimates clear", "undo"):  # fmt: skip
        ok(session, command)
    state = session.state
    assert state.settings.level == 90 and state.scalars["x"] == 2 and state.globals["g"] == "here"
    assert state.constraints == {1: "days = 0"} and "both" in state.programs


def test_the_active_model_and_its_names_come_back(session: Session) -> None:
    for command in ("mixed reaction || subject:", "estimates store a", "mixed reaction days || subject:", "margins"):
        ok(session, command)
    second, margins = session.fit, session.state.margins
    ok(session, "undo")
    assert session.state.margins is None and session.fit is second
    ok(session, "undo")
    assert session.fit is not None and session.fit.command == "mixed reaction || subject:"
    assert list(session.stored) == ["a"]
    ok(session, "undo")
    assert session.fit is None and not session.stored and not session.state.document.models()
    for _ in range(3):
        ok(session, "redo")
    assert session.fit is second and session.state.margins is margins


def test_results_stay_when_the_data_are_closed_or_all_is_cleared(session: Session) -> None:
    ok(session, "mixed reaction days || subject:")
    ok(session, "clear all")
    assert session.dataset is None and session.fit is None and len(session.state.document.models()) == 1
    assert session.undo_text == "closing of the data"
    ok(session, "sample sleepstudy")
    ok(session, "estimates restore m1")
    outcome = session.run("count if e(sample)")
    assert outcome.error is not None and outcome.error[0] == "no-stored-results", "no row of these is one of the fit's"


COMMANDS = (
    "generate v{k} = {k}", "replace reaction = reaction + {k}", "drop if days == {k}", "sort reaction", "gsort -days",
    "mixed reaction days || subject:", "quietly mixed reaction || subject:", "estat icc", "estimates store s{k}",
    "estimates restore m1", "predict p{k}", "summarize days", "label variable days \"{k}\"", "margins", "undo", "redo",
    "outline note \"{k}\"", "outline move 2, last", "outline delete 3", "scatter reaction days, name(g{k})",
    "nonsense", "foreach i in 1 2 {{\nsummarize days\n}}", "refit _stale", "fvset base {k} days", "xtset subject days",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_undoing_all_gives_the_start_and_redoing_all_the_end(session: Session, seed: int) -> None:
    draw = random.Random(seed)
    ok(session, "quietly summarize days")
    start = session.state
    for _ in range(30):
        session.run(draw.choice(COMMANDS).format(k=draw.randint(0, 9)))
    while session.can_redo:
        ok(session, "redo")
    end, steps = session.state, len(session.undo_steps)
    while session.can_undo:
        ok(session, "undo")
    assert session.dataset is start.dataset
    assert [i.id for i in session.state.document] == [i.id for i in start.document]
    assert session.fit is start.fit and session.stored == start.stored and session.state.graphs == start.graphs
    assert len(session.redo_steps) == steps
    while session.can_redo:
        ok(session, "redo")
    assert session.dataset is end.dataset and session.fit is end.fit
    assert all(a is b for a, b in zip(session.state.document, end.document, strict=True))


def test_steps_are_joined_under_a_name(session: Session) -> None:
    before = session.state
    for command in ("generate a = 1", "generate b = 2", "mixed reaction a || subject:", 'undo join 2 "Model and b"'):
        ok(session, command)
    assert [s.name for s in session.undo_steps] == ["new variable a", "Model and b"]
    ok(session, "undo")
    assert "a" in session.data and "b" not in session.data and not list(session.state.document.models())
    assert session.redo_text == "Model and b"
    ok(session, "redo")
    assert "b" in session.data and len(list(session.state.document.models())) == 1
    ok(session, 'undo join 99 "All of it"')  # as in a do-file, which has fewer steps than the window had
    assert [s.name for s in session.undo_steps] == ["All of it"]
    ok(session, "undo")
    assert session.dataset is before.dataset
    ok(session, 'undo join 3 "Nothing"')
    assert not session.can_undo
    assert session.run("undo join two names").error is not None


def test_a_step_that_changed_nothing_is_undone_all_the_same(session: Session, tmp_path: Path) -> None:
    """Otherwise it would stand before all the steps that came earlier."""
    names = ["new variable a", "measure of days", "measure", "A trial"]
    for command in ("generate a = 1", "measure days nominal", "measure days nominal", "preserve", "drop a", "restore",
                    'undo join 2 "A trial"'):  # fmt: skip
        ok(session, command)
    assert [s.name for s in session.undo_steps] == names
    ok(session, f'project save "{tmp_path / "work"}"')
    opened = Session()
    ok(opened, f'project use "{tmp_path / "work"}"')
    for one in (session, opened):
        for name in reversed(names):
            assert ok(one, "undo").text == f"Undone: {name}"
        assert not one.can_undo and "a" not in one.data
        for name in names:
            assert ok(one, "redo").text == f"Redone: {name}"
        assert not one.can_redo and "a" in one.data
        ok(one, "capture redo")
        assert [s.name for s in one.undo_steps] == names


def test_undo_in_a_block_is_about_the_steps_of_the_block(session: Session, tmp_path: Path) -> None:
    for command in ("generate a = 1", "generate b = 2"):
        ok(session, command)
    (tmp_path / "a.do").write_text('generate e = 1\nundo\ngenerate e = 2\ngenerate f = 1\nundo join 2 "Inner"\n')
    for block, name in (
        ('if 1 {\ngenerate c = 1\ngenerate d = 1\nundo join 3 "Inner"\n}', "new variables c and d"),
        ("if 1 {\ngenerate g = 1\nundo\ngenerate h = 1\n}", "new variable h"),
        ("if 1 {\ngenerate g = 1\nundo\nredo\n}", "new variable g"),
        (f'do "{tmp_path / "a.do"}"', "new variables e and f"),
    ):
        ok(session, block)
        assert session.undo_text == name
    names = [s.name for s in session.undo_steps]
    assert names[:2] == ["new variable a", "new variable b"] and len(names) == 6
    assert session.run("if 1 {\nundo\n}").error is not None and [s.name for s in session.undo_steps] == names
