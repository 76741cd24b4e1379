"""The results document: where each result goes, what it is called, and how commands find the models in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from terrace.session.contract import Outcome
from terrace.session.document.items import Item
from terrace.session.session import Session

NULL = "mixed mathach || id:, reml"
SES = "mixed mathach ses || id:, reml"
SLOPE = "mixed mathach ses || id: ses, cov(un) reml"


def ran(*commands: str) -> Session:
    session = Session()
    for command in commands:
        ok(session, command)
    return session


def ok(session: Session, command: str) -> Outcome:
    outcome = session.run(command)
    assert outcome.ok, (command, outcome.error)
    return outcome


def outline(session: Session) -> list[tuple[int, str, str, int]]:
    return [(i.id, i.kind, i.heading, i.under) for i in session.state.document]


def models(session: Session) -> list[Item]:
    return list(session.state.document.models())


def test_what_is_said_of_a_model_stands_under_it_and_the_rest_in_time_order() -> None:
    session = ran("sample hsb", "summarize ses", NULL, "estat icc", SLOPE, "estimates restore m1", "estat ic",
                  "correlate ses mathach")  # fmt: skip
    assert outline(session) == [
        (1, "data", "Sample: High School and Beyond", 0),
        (2, "output", "Summary", 0),
        (3, "model", "Model 1: Null", 0),
        (4, "output", "Intraclass correlation", 3),
        (6, "output", "Information criteria", 3),
        (5, "model", "Model 2: Random slope of ses", 0),
        (7, "output", "Correlations", 0),
    ]
    first, second = models(session)
    assert (first.number, second.number) == (1, 2) and (first.stored, second.stored) == ("m1", "m2")
    assert (first.origin, second.origin) == (0, first.id) and second.data is session.dataset
    assert second.outcome is not None and second.outcome.fit is session.history[4].fit and second.when[:2] == "20"


@pytest.mark.parametrize(
    ("command", "items"),
    [
        ("nonsense", 0),
        ("generate x2 = ses^2", 0),  # told in passing
        ("drop if ses > 1", 0),
        ("quietly summarize ses", 0),
        ("estimates store a", 0),
        ("local a 1", 0),
        ("display 1", 1),
        ("summarize ses", 1),
        ("scatter mathach ses", 1),
        ("foreach v in ses mathach {\nsummarize `v'\n}", 2),
        (f"forvalues i = 1/2 {{\nsummarize ses\n{SES}\n}}", 4),
        ("regress mathach ses", 1),
        ("mixed", 1),
    ],
)
def test_what_leaves_an_item(command: str, items: int) -> None:
    session = ran("sample hsb", NULL)
    before = session.state.document
    outcome = session.run(command)
    assert len(session.state.document) - len(before) == items
    assert ("document" in outcome.changed) is bool(items)


def test_data_that_nothing_was_asked_about_leave_no_heading() -> None:
    session = ran("sample sleepstudy", "sample orthodont", "sample hsb", "summarize ses")
    assert [i[1:3] for i in outline(session)] == [
        ("data", "Sample: High School and Beyond"),
        ("output", "Summary"),
    ]
    ok(session, "sample sleepstudy")
    ok(session, 'outline note "Looked at"')
    ok(session, "sample orthodont")
    kinds = [i[1] for i in outline(session)]
    assert kinds == ["data", "output", "data", "note", "data"], "a word about them keeps them"


def test_a_heading_of_data_that_the_user_named_or_moved_stays() -> None:
    session = ran("sample sleepstudy")
    ok(session, 'outline rename 1 "Reaction times"')
    ok(session, "sample hsb")
    assert [i[2] for i in outline(session)] == ["Reaction times", "Sample: High School and Beyond"]
    ok(session, NULL)
    ok(session, "outline move 2, last")
    assert [i[1] for i in outline(session)] == ["data", "model", "data"]
    ok(session, "sample orthodont")
    assert len(outline(session)) == 4, "the model is of the data that were moved behind it"


def test_a_model_that_is_shown_again_is_no_second_one() -> None:
    session = ran("sample hsb", NULL, "mixed")
    assert [i[1:] for i in outline(session)[1:]] == [
        ("model", "Model 1: Null", 0),
        ("output", session.state.document.items[-1].heading, 2),
    ]


def test_a_model_of_another_outcome_or_of_other_data_has_no_origin() -> None:
    session = ran("sample hsb", NULL, "mixed ses || id:", "mixed ses mathach || id:")
    ok(session, "sample hsb")
    ok(session, "mixed ses || id:")
    assert [m.origin for m in models(session)] == [0, 0, models(session)[1].id, 0]


def test_a_quiet_model_is_folded() -> None:
    assert [m.folded for m in models(ran("sample hsb", NULL, f"quietly {SES}"))] == [False, True]


def test_what_a_command_on_the_data_says_stands_under_the_data() -> None:
    session = ran("sample sleepstudy", "summarize days", "reshape wide reaction, i(subject) j(days)", "sort subject")
    assert [i[1:] for i in outline(session)] == [
        ("data", "Sample: Reaction time under sleep deprivation", 0),
        ("output", "Reshaped data", 1),
        ("output", "Summary", 0),
    ]


def test_a_do_file_leaves_each_of_its_results(tmp_path: Path) -> None:
    file = tmp_path / "a.do"
    file.write_text(f"sample hsb\nsummarize ses\n{NULL}\nestat icc\n")
    one, many = ran(f'do "{file}"'), Session()
    assert all(o.ok for o in many.run_do(file))
    assert outline(one) == outline(many) and len(outline(one)) == 4
    assert models(one)[0].data is one.dataset
    assert one.history[-1].effects != many.history[0].effects


def test_names_of_models_need_no_command() -> None:
    session = ran("sample hsb", NULL, SES, SLOPE)
    fits = [m.outcome.fit for m in models(session) if m.outcome is not None]
    ok(session, "lrtest m2 m3")
    assert len(ok(session, "estimates compare m1 m2 m3, notable").tables[0].rows) == 3
    assert len(ok(session, "estimates table _all").tables[0].columns) == 3
    ok(session, "estimates restore m1")
    assert session.fit is not None and session.fit.model is fits[0].model and session.fit.name == "m1"
    assert not session.stored
    assert "m1, m2, m3" in ok(session, "estimates dir").text
    refused = session.run("estimates drop m1")
    assert refused.error is not None and "outline delete" in refused.error_advice


def test_a_name_that_the_user_gives_is_the_users() -> None:
    session = ran("sample hsb", NULL, SES, "estimates store m1")
    assert [m.stored for m in models(session)] == ["m3", "m2"]
    ok(session, "estimates restore m1")
    assert session.fit is not None and session.fit.command == SES
    ok(session, SLOPE)
    assert models(session)[-1].stored == "m4"


def test_e_sample_of_each_model_outlives_the_next() -> None:
    session = ran("sample hsb", "mixed mathach ses if sector == 1 || id:", SES, "gsort -ses", "estimates restore m1")
    ok(session, "count if e(sample)")
    kept = session.state.returned.scalars["N"]
    assert kept == models(session)[0].outcome.fit.scalars["N"] < len(session.data)  # type: ignore[union-attr]
    assert ok(session, "count if e(sample) & sector != 1").ok and session.state.returned.scalars["N"] == 0
