"""The plan of a report: parts that follow from the results, and what its user makes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.errors import DataError
from terrace.session.document import report_parts as parts
from terrace.session.document.items import Document, Item
from terrace.session.document.report_parts import Spot, part_title, parts_of_report
from terrace.session.document.report_plan import ReportPart, ReportPlan
from terrace.session.project import parts as project_parts
from terrace.session.project.file import open_project
from terrace.session.project.parts import Project
from terrace.session.session import Session

MODELS = ("mixed mathach || id:", "mixed mathach ses || id:", "estat icc")


def run(session: Session, *commands: str) -> Session:
    for text in commands:
        outcome = session.run(text)
        assert outcome.ok, (text, outcome.error, outcome.error_advice)
    return session


@pytest.fixture
def session() -> Session:
    return run(Session(), "sample hsb", *MODELS)


def names(session: Session, *, shown: bool = False) -> list[str]:
    return [p.name for p in parts_of_report(session.state.document) if p.shown or not shown]


def part(session: Session, name: str) -> ReportPart:
    return next(p for p in parts_of_report(session.state.document) if p.name == name)


def failure(session: Session, command: str) -> str:
    outcome = session.run(command)
    assert outcome.error is not None, command
    return outcome.error[0]


# --- what follows from the results -----------------------------------------------------------------------------
def test_an_empty_document_has_no_parts_and_one_without_models_no_method() -> None:
    assert parts_of_report(Document()) == ()
    session = run(Session(), "sample hsb", "summarize ses")
    assert names(session) == ["sample", "item2", "appendix", "citation", "commands"]


def test_parts_stand_in_sections_and_models_beside_each_other_hide_their_own_tables(session: Session) -> None:
    assert names(session) == [
        "sample", "descriptives", "method", "analysis", "equations3", "results", "models", "item2", "item3",
        "paragraph3", "item4", "appendix", "diagnostics3", "citation", "commands",
    ]  # fmt: skip
    assert set(names(session)) - set(names(session, shown=True)) == {"equations3", "item2", "item3"}
    run(session, "report part hide models")
    assert {"item2", "item3"} <= set(names(session, shown=True)), "models that no table holds are shown themselves"


def test_titles_of_parts_name_models_by_number(session: Session) -> None:
    document = session.state.document
    titles = {p.name: part_title(document, p) for p in parts_of_report(document)}
    assert titles["models"] == "Models 1 and 2 side by side" and titles["paragraph3"] == "Paragraph on Model 2"
    assert titles["results"] == "Results" and titles["item4"] == "Residual intraclass correlation"


def test_headings_of_the_results_are_headings_of_the_report_a_level_below_sections(session: Session) -> None:
    run(session, 'outline heading "Further models"')
    heading = parts_of_report(session.state.document)[names(session).index("item5")]
    assert (heading.kind, heading.level) == ("heading", 2)


# --- changes ---------------------------------------------------------------------------------------------------
def test_what_was_changed_stays_and_new_results_enter_at_their_place(session: Session) -> None:
    run(session, "report part hide item4", "report part move appendix, before(sample)", "mixed mathach i.sector || id:",
        "estat icc", 'outline note "A note"')  # fmt: skip
    found = names(session)
    assert found[:4] == ["appendix", "diagnostics5", "citation", "commands"], "a section moves as a whole"
    assert found[found.index("results") :] == ["results", "models", "item2", "item3", "item4", "item5", "paragraph5",
                                               "item6", "item7"]  # fmt: skip
    assert not part(session, "item4").shown and part(session, "item6").shown and part(session, "item7").shown
    assert "paragraph3" not in found, "what nobody touched goes with the model that it was about"


def test_what_its_user_touched_stays_with_its_model_and_goes_with_it(session: Session) -> None:
    run(session, "report part show equations3", "mixed mathach i.sector || id:")
    assert {"equations3", "equations5"} <= set(names(session)) and part(session, "equations3").shown
    run(session, "outline delete 3")
    assert "equations3" not in names(session)


def test_parts_of_the_users_own(session: Session) -> None:
    run(session, 'report part add heading "Models", after(results) level(2)',
        'report part add text "T", after(heading1)', "report part add models m1 m2, after(text1)",
        "report part add paragraph m1, after(item2)")  # fmt: skip
    found = names(session)
    at = found.index("results")
    assert found[at : at + 4] == ["results", "heading1", "text1", "models1"]
    assert found[found.index("item2") + 1] == "paragraph2"
    assert part(session, "models1").items == (2, 3) and part(session, "heading1").level == 2
    run(session, 'report part edit heading1 "Both"', "report part level heading1 3", 'report part edit models "Table"')
    assert (part(session, "heading1").text, part(session, "heading1").level) == ("Both", 3)
    run(session, 'report part edit models ""', "report part remove text1 heading1 models1 paragraph2")
    assert part(session, "models").text == ""
    assert not {"text1", "heading1", "models1", "paragraph2"} & set(names(session))


def test_models_side_by_side_are_chosen_in_an_order_and_all_means_later_ones_too(session: Session) -> None:
    run(session, "report part choose models m2 m1")
    assert part(session, "models").items == (3, 2)
    assert part_title(session.state.document, part(session, "models")) == "Models 2 and 1 side by side"
    run(session, "report part choose models, show(tests se)", "report part add models _all, show(none) after(models)")
    assert part(session, "models").without == ("random", "criteria") and part(session, "models").items == (3, 2)
    run(session, "mixed mathach ses || id: ses")
    models = {p.name: parts.models_beside(session.state.document, p) for p in (
        part(session, "models"), part(session, "models1")
    )}  # fmt: skip
    assert [m.number for m in models["models"]] == [2, 1] and [m.number for m in models["models1"]] == [1, 2, 3]
    assert len(part(session, "models1").without) == 4
    run(session, "report part choose models _all, show(_all)")
    assert (part(session, "models").items, part(session, "models").without) == ((), ())


def test_a_heading_takes_its_section_along_except_alone(session: Session) -> None:
    run(session, "report part hide method")
    assert not {"method", "analysis"} & set(names(session, shown=True))
    run(session, "report part show method, alone")
    assert "method" in names(session, shown=True) and "analysis" not in names(session, shown=True)
    run(session, "report part move method, last alone")
    assert names(session)[-1] == "method" and names(session)[2] == "analysis"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("report part hide nonsense", "no-such-part"),
        ("report part move method, after(analysis)", "misplaced-part"),
        ("report part move method", "no-place"),
        ("report part remove results", "not-removable"),
        ('report part edit paragraph3 "x"', "not-a-text"),
        ("report part level item2 2", "not-a-heading"),
        ("report part level results 4", "bad-level"),
        ('report part add heading ""', "no-text"),
        ("report part add models m1", "too-few-models"),
        ("report part add models m1 m1", "too-few-models"),
        ("report part add models _all, show(everything)", "bad-option-value"),
        ("report part choose models m1", "too-few-models"),
        ("report part choose analysis _all", "not-side-by-side"),
        ("report part choose models", "no-text"),
        ("report part choose models 4 m1", "not-a-model"),
        ("report part add paragraph 4", "not-a-model"),
        ("report part", "bad-option-value"),
        ("report style chicago", "bad-option-value"),
        ("report decimals 99", "bad-option-value"),
        ("report last page", "bad-option-value"),
        ("report last", "no-text"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(session: Session, command: str, code: str) -> None:
    before = session.state.document
    assert failure(session, command) == code
    assert session.state.document is before


def test_a_part_that_is_there_is_moved_where_it_is_added_again() -> None:
    items = tuple(Item(k, "note", text=str(k)) for k in (1, 2))
    document = Document(items=items, next_id=3)
    grown, name = parts.added(document, ReportPart("item1", "item", item=1), Spot(last=True))
    assert name == "item1" and [p.name for p in parts_of_report(grown)].count("item1") == 1
    assert parts_of_report(grown)[-1].name == "item1"
    with pytest.raises(DataError):
        parts.moved(document, "item1", Spot(after="nothing"))


# --- the title page, undo, files, replay -----------------------------------------------------------------------
SETTINGS = (
    'report title "A \\x22B\\x22"', 'report author "C"', 'report affiliation "D"', 'report date "May"',
    'report head "E"', "report style ama", "report language en-gb", "report decimals 3, p(2)", "report metric sd",
    "report paper letter", "report last hashes commands",
)  # fmt: skip
PLAN = ReportPlan("A \"B\"", "C", "D", "May", "ama", "en-gb", 3, 2, "sd", "E", "letter", ("commands", "hashes"))


def test_every_setting_is_a_step_with_a_name(session: Session) -> None:
    run(session, *SETTINGS)
    assert session.state.document.report == PLAN
    steps = [s.name for s in session.undo_steps[-len(SETTINGS) :]]
    assert steps[0] == "title of the report" and steps[-1] == "last page of the report" and len(set(steps)) == 11
    for _ in SETTINGS:
        run(session, "undo")
    assert session.state.document.report == ReportPlan()
    run(session, "redo")
    assert session.state.document.report.title == 'A "B"'
    run(session, "report decimals 2", "report decimals auto", "report decimals, p(4)")
    assert (session.state.document.report.decimals, session.state.document.report.p_decimals) == (None, 4)
    run(session, "report part hide method", "report reset")
    assert session.state.document.report.parts == ()


def test_a_plan_is_kept_in_a_project_and_an_earlier_file_has_none(session: Session, tmp_path: Path) -> None:
    run(session, *SETTINGS, 'report part add text "τ", after(results)', "report part hide models")
    path = tmp_path / "a.terrace"
    run(session, f'project save "{path}"')
    again = open_project(path)[0].state.document
    assert again.report == session.state.document.report
    stored = project_parts.parts_of(Project.of(session))
    content = json.loads(stored["document.json"])
    del content["report"]
    stored["document.json"] = json.dumps(content).encode()
    project, lost = project_parts.read_parts(stored.__getitem__, names=list(stored))
    assert project.state.document.report == ReportPlan() and lost == ()


def test_commands_make_the_same_plan_again(session: Session) -> None:
    run(session, *SETTINGS, "report part move appendix, first", 'report part add text "x"',
        "mixed mathach ses || id: ses", "report part show equations5")  # fmt: skip
    again = run(Session(), *(o.command for o in session.history if o.ok))
    assert again.state.document.report == session.state.document.report
    assert names(again) == names(session)


def test_a_file_may_be_called_as_a_command_is(session: Session, tmp_path: Path) -> None:
    run(session, f'cd "{tmp_path}"', "report title.md", "report part.txt", "report Schools")
    assert (tmp_path / "title.md").is_file() and (tmp_path / "part.txt").is_file()
    assert (tmp_path / "Schools.docx").read_bytes()[:2] == b"PK", "Word where no format is named"


def test_the_list_of_parts_is_no_result(session: Session) -> None:
    before = session.state.document
    outcome = session.run("report parts")
    assert session.state.document is before
    rows = outcome.tables[0].rows
    assert [r.label for r in rows] == names(session) and dict(zip(names(session), rows))["item2"].values[1] == "no"


# --- whatever is done in whatever order ------------------------------------------------------------------------
STEPS = st.lists(
    st.tuples(st.sampled_from(["hide", "show", "move", "heading", "text", "remove", "result", "gone"]),
              st.integers(0, 30), st.integers(0, 30), st.booleans()),
    max_size=25,
)  # fmt: skip


def stepped(document: Document, what: str, a: int, b: int, alone: bool) -> Document:
    """A document after one change of its plan, or after a result came or went; as it was where that cannot be."""
    found = [p.name for p in parts_of_report(document)]
    if what == "result" or not found:
        item = Item(document.next_id, "heading" if alone else "note", title="H", text="words")
        return replace(document, items=(*document.items, item), next_id=document.next_id + 1)
    first, second = found[a % len(found)], found[b % len(found)]
    try:
        if what in ("hide", "show"):
            return parts.shown(document, [first], what == "show", alone=alone)
        if what == "move":
            return parts.moved(document, first, Spot(after=second), alone=alone)
        if what == "remove":
            return parts.removed(document, [first])
        if what == "gone":
            return replace(document, items=document.items[: a % (len(document.items) + 1)])
        new = ReportPart("", "heading", "H", level=1 + b % 3) if what == "heading" else ReportPart("", "text", "T")
        return parts.added(document, new, Spot(before=second))[0]
    except DataError:
        return document


@given(STEPS)
def test_parts_are_all_there_once_and_keep_their_order(steps: list[tuple[str, int, int, bool]]) -> None:
    document = Document()
    for what, a, b, alone in steps:
        before = [p.name for p in parts_of_report(document)]
        document = stepped(document, what, a, b, alone)
        now = parts_of_report(document)
        found = [p.name for p in now]
        assert len(set(found)) == len(found)
        derived = {p.name for p in parts_of_report(replace(document, report=ReportPlan()))}
        assert derived <= set(found)
        assert all(p.shown in (True, False) and p.level >= 1 for p in now)
        if what not in ("move",):  # whatever came or went, the others stand as they did
            assert [n for n in before if n in found] == [n for n in found if n in before]
        assert {p.name for p in now if p.item} <= {f"item{i.id}" for i in document}
