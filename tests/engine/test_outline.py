"""The results document by commands: places, titles, notes and looks, each a step, and the same when replayed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.session.contract import Outcome
from terrace.session.document.edits import HOLDERS
from terrace.session.document.items import Document, Look
from terrace.session.document.texts import read_text, written_text
from terrace.session.session import Session

BEGINS = (
    "sample sleepstudy",
    "describe",
    "mixed reaction days || subject:",
    "estat icc",
    "mixed reaction days || subject: days, cov(un)",
    "estat ic",
    "summarize days",
)


def begun() -> Session:
    """1 the data, 2 describe, 3 a model with 4 under it, 5 a model with 6 under it, 7 summarize."""
    session = Session()
    for command in BEGINS:
        ok(session, command)
    return session


def ok(session: Session, command: str) -> Outcome:
    outcome = session.run(command)
    assert outcome.ok, (command, outcome.error)
    return outcome


def shape(document: Document) -> list[tuple[int, int]]:
    """Ids in their order, with what they stand under."""
    return [(i.id, i.under) for i in document]


def shown(document: Document) -> object:
    """All of a document but times and results."""
    items = [(i.id, i.kind, i.number, i.heading, i.under, i.origin, i.folded, i.text, i.stored, i.look)
             for i in document]  # fmt: skip
    return document.title, document.look, document.next_id, items


def ids(session: Session) -> list[int]:
    return [i.id for i in session.state.document]


@pytest.mark.parametrize(
    ("command", "order"),
    [
        ("outline move 3, last", [1, 2, 5, 6, 7, 3, 4]),
        ("outline move 5, before(3)", [1, 2, 5, 6, 3, 4, 7]),
        ("outline move m2, first", [5, 6, 1, 2, 3, 4, 7]),
        ("outline move 7, after(1)", [1, 7, 2, 3, 4, 5, 6]),
        ("outline move 3, after(6)", [1, 2, 5, 6, 3, 4, 7]),  # a model stands under nothing
        ("outline move 7, after(4)", [1, 2, 3, 4, 7, 5, 6]),
        ("outline move 2, under(5)", [1, 3, 4, 5, 6, 2, 7]),
        ("outline move 2, under(5) first", [1, 3, 4, 5, 2, 6, 7]),
        ("outline move 4, under(0)", [1, 2, 3, 4, 5, 6, 7]),
        ("outline move 6, before(4)", [1, 2, 3, 6, 4, 5, 7]),
        ("outline move 4, under(0) after(5)", [1, 2, 3, 5, 6, 4, 7]),
    ],
)
def test_a_result_is_moved_with_what_is_under_it(command: str, order: list[int]) -> None:
    session = begun()
    ok(session, command)
    assert ids(session) == order
    check(session.state.document)
    under = {i.id: i.under for i in session.state.document}
    assert under[3] == under[5] == 0 and (under[7] == 3) is ("7, after(4)" in command)
    assert (under[4] == 0) is ("move 4" in command) and under[2] == (5 if "under(5)" in command else 0)
    assert session.undo_text == "order of results"


def check(document: Document) -> None:
    """Each stands behind what it belongs to, next to what else belongs there; ids are single and were given."""
    kinds = {i.id: i.kind for i in document}
    assert len(kinds) == len(document) and max(kinds, default=0) < document.next_id
    top = 0
    for item in document:
        top = item.id if not item.under else top
        assert item.under in (0, top) and (not item.under or kinds[item.under] in HOLDERS)
        assert not item.under or item.kind not in ("model", "data", "heading")
        assert item.origin == 0 or kinds[item.origin] == "model"


def test_a_place_that_is_none_is_refused() -> None:
    session = begun()
    before = session.state.document
    for command, code in [
        ("outline move 3, after(4)", "misplaced-item"),
        ("outline move 3, under(3)", "misplaced-item"),
        ("outline move 3, under(5)", "misplaced-item"),
        ("outline move 7, under(2)", "misplaced-item"),
        ("outline move 7, under(3) after(6)", "misplaced-item"),
        ("outline move 7", "no-place"),
        ("outline move", "no-item"),
        ("outline move 99, first", "no-such-item"),
        ("outline move 7, after(x)", "no-such-item"),
        ("outline rename 3 no quotes", "syntax"),
        ('outline edit 7 "text"', "not-a-note"),
        ('outline note ""', "no-text"),
        ("outline note", "no-text"),
        ("outline look, decimals(13)", "bad-option-value"),
        ("outline look, style(mla)", "bad-option-value"),
        ("outline look", "no-option"),
        ("outline frame", "syntax"),
    ]:
        outcome = session.run(command)
        assert outcome.error is not None and outcome.error[0] == code, (command, outcome.error)
    assert session.state.document is before
    told = session.run("outline delete 99")
    assert told.error == ("no-such-item", "There is no result number 99.")
    assert "3 Model 1: Random intercept of subject" in told.error_advice


def test_titles_notes_and_headings() -> None:
    session = begun()
    ok(session, 'outline rename 5 "Growth, by child"')
    ok(session, 'outline note "**Bold** and \\"C:\\\\new\\"\\nsecond line", after(4)'.replace('\\"', "\\x22"))
    ok(session, 'outline heading "Second part", before(5)')
    ok(session, 'outline note "loose"')
    document = session.state.document
    assert ids(session) == [1, 2, 3, 4, 8, 9, 5, 6, 7, 10]
    check(document)
    model, noted = document.item(5), document.item(8)
    assert model is not None and model.heading == "Growth, by child"
    assert model.automatic == "Model 2: Random slope of days"
    assert noted is not None and noted.text == '**Bold** and "C:\\new"\nsecond line' and noted.under == 3
    ok(session, 'outline edit 9 "Part two"')
    ok(session, 'outline edit 8 "shorter"')
    ok(session, 'outline rename 5 ""')
    headings = {i.id: i.heading for i in session.state.document}
    assert headings[9] == "Part two" and headings[5] == "Model 2: Random slope of days"
    assert not session.run('outline rename 9 ""').ok
    ok(session, 'outline title "Sleep"')
    table = ok(session, "outline").tables[0]
    assert table.title == "Sleep" and [r.label for r in table.rows] == [str(i) for i in ids(session)]
    assert table.rows[4].values == ("Note", "shorter", "3")
    assert session.state.document is not document and ids(session) == [1, 2, 3, 4, 8, 9, 5, 6, 7, 10]


def test_notes_of_a_loop_stay_with_what_it_showed() -> None:
    session = begun()
    ok(session, "foreach v in days reaction {\nsummarize `v'\noutline note \"on `v'\"\n}")
    shown_last = [i.text or i.heading for i in session.state.document][7:]
    assert shown_last == ["Summary", "on days", "Summary", "on reaction"]
    ok(session, "undo")
    assert ids(session) == [1, 2, 3, 4, 5, 6, 7]


def test_folding_and_looks() -> None:
    session = begun()
    ok(session, "outline fold 3 7")
    assert [i.id for i in session.state.document if i.folded] == [3, 7]
    ok(session, "outline fold _all")
    same = session.state.document
    ok(session, "outline fold 3")
    assert session.state.document is same, "nothing to do is no step"
    ok(session, "outline unfold _all")
    assert not any(i.folded for i in session.state.document)
    ok(session, "outline look, decimals(3) style(apa)")
    ok(session, "outline look 5, metric(sd) nolabels parts(fixed random)")
    ok(session, "outline look 5, decimals(1)")
    item = session.state.document.item(5)
    assert session.state.document.look == Look(3, "apa")
    assert item is not None and item.look == Look(1, "", "sd", False, ("fixed", "random"))
    ok(session, "outline look 5, reset parts(none)")
    item = session.state.document.item(5)
    assert item is not None and item.look == Look(parts=())


def test_what_is_deleted_takes_along_what_is_under_it_and_leaves_the_line_of_descent() -> None:
    session = begun()
    ok(session, "mixed reaction c.days##c.days || subject: days")
    third = session.state.document.items[-1]
    assert third.origin == 5
    assert ok(session, "outline delete 5 7").text == "Removed: 2 results."
    assert ids(session) == [1, 2, 3, 4, third.id]
    assert session.state.document.items[-1].origin == 3
    assert session.run("estimates restore m2").error is not None
    told = ok(session, f"outline delete {third.id}")
    assert told.text.endswith("The model stays active.") and session.fit is not None
    assert "estat" in ok(session, "estat icc").type and session.state.document.items[-1].under == 0
    for _ in range(3):
        ok(session, "undo")
    assert ids(session) == [1, 2, 3, 4, 5, 6, 7, third.id]
    ok(session, "estimates restore m2")
    ok(session, "outline delete _all")
    assert not ids(session)
    ok(session, "summarize days")
    assert ids(session)[0] > third.id, "no id is given twice"


def test_numbers_of_models_and_their_names_are_those_of_a_new_model() -> None:
    session = begun()
    ok(session, "outline delete 3")
    ok(session, "mixed reaction || subject:")
    model = session.state.document.items[-1]
    assert (model.number, model.stored, model.heading) == (3, "m3", "Model 3: Null")


@given(st.text(max_size=40))
def test_any_text_comes_back(text: str) -> None:
    held = written_text(text)
    assert "\n" not in held and not set('"`$') & set(held[1:-1])
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    assert read_text(held[1:-1]) == lines
    if text.strip():
        session = Session()
        ok(session, f"outline note {held}")
        assert session.state.document.items[0].text == lines


@pytest.mark.parametrize("text", [r"C:\data\x", "it's `x' and $y", 'say "no"', "a\n\n- b\n- c", "50 % // of /* it */"])
def test_a_note_is_replayed_from_a_do_file(text: str) -> None:
    session = Session()
    ok(session, f"outline note {written_text(text)}")
    again = Session()
    assert all(o.ok for o in again.run_do(session.history[0].command + "\n"))
    assert [i.text for i in again.state.document] == [text]


def test_notes_may_be_typed_without_care() -> None:
    session = Session()
    ok(session, r'outline note "C:\data\file"')
    assert session.state.document.items[0].text == r"C:\data\file"


EDITS = (
    "outline move {a}, after({b})", "outline move {a}, under({b})", "outline move {a}, first", "outline move {a}, last",
    "outline move {a}, under(0)", "outline delete {a}", "outline fold {a}", "outline unfold {a}",
    'outline rename {a} "T{b}"', 'outline note "N{b}", after({a})', 'outline heading "H{b}", before({a})',
    'outline note "top"', "outline look {a}, decimals({b})", "undo", "redo", "summarize days", "estat ic",
    "mixed reaction || subject:", "estimates restore m1", "generate new{b} = {a}", 'outline title "{a}"',
    "sort reaction",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_is_replayed_and_undone(seed: int) -> None:
    """A replay of the commands that ran gives the same page; undoing all gives the start, redoing all the end."""
    session = begun()
    start, data, steps = shown(session.state.document), session.dataset, len(session.undo_steps)
    draw = random.Random(seed)
    for _ in range(40):
        there = [*ids(session), 99]
        session.run(draw.choice(EDITS).format(a=draw.choice(there), b=draw.randint(0, 9)))
        check(session.state.document)
    again = Session()
    assert all(o.ok for o in again.run_do("\n".join(o.command for o in session.history if o.ok)))
    assert shown(again.state.document) == shown(session.state.document)
    while session.can_redo:
        ok(session, "redo")
    end, last, fit = session.state.document, session.dataset, session.fit
    while len(session.undo_steps) > steps:
        ok(session, "undo")
    title, look, _, items = shown(session.state.document)  # type: ignore[misc]
    assert (title, look, items) == (start[0], start[1], start[3]) and session.dataset is data  # type: ignore[index]
    while session.can_redo:
        ok(session, "redo")
    assert shown(session.state.document) == shown(end) and session.dataset is last and session.fit is fit
