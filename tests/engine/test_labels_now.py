"""Kept models are shown with the labels that their variables have by now: on cards, side by side, in reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data_support import dataset, ok, session_on

from terrace.results.table import Table
from terrace.session.document.card import complete, model_tables
from terrace.session.document.items import Look
from terrace.session.labelling import descriptions, fit_now
from terrace.session.preview import preview
from terrace.session.session import Session

MODEL = "mixed y x i.kind || school:, reml"


@pytest.fixture
def session() -> Session:
    rng = np.random.default_rng(3)
    school = np.repeat(np.arange(12), 10)
    x, kind = rng.normal(size=120), rng.integers(0, 3, 120)
    out = session_on(dataset(y=x + 0.5 * rng.normal(size=12)[school] + rng.normal(size=120), x=x, kind=kind,
                             school=school))  # fmt: skip
    ok(out, 'label define kinds 0 "Plain" 1 "Sports" 2 "Arts"')
    ok(out, "label values kind kinds")
    ok(out, 'label variable x "Effort"')
    return out


def card(session: Session, look: Look | None = None) -> str:
    """All words on the card of the first model."""
    item = session.state.document.models()[0]
    complete(session, item.id)
    item = session.state.document.models()[0]
    others = descriptions(session.state).get(item.id, ())
    return words(model_tables(item, look or Look(), others))


def words(tables: tuple[Table, ...]) -> str:
    heads = [f"{t.title} {t.stub} {' '.join(c.title for c in t.columns)}" for t in tables]
    return "\n".join([*heads, *(r.label for t in tables for r in t.rows), *(n for t in tables for n in t.notes)])


def relabel(session: Session) -> None:
    ok(session, 'label variable x "Hours a week"')
    ok(session, 'label variable school "School"')
    ok(session, 'label define kinds 1 "Athletics", modify')


NOW, THEN = ("Hours a week", "Athletics", "School (school)"), ("Effort", "Sports")


def test_a_card_has_the_labels_of_now(session: Session) -> None:
    ok(session, MODEL)
    before = card(session)
    assert all(w in before for w in THEN)
    relabel(session)
    after = card(session)
    assert not any(w in after for w in THEN)
    assert all(w in after for w in NOW) and "12 groups of School" in after
    ok(session, "undo")
    assert "Sports" in card(session)


def test_numbers_stay_and_names_where_the_page_has_names(session: Session) -> None:
    fit = ok(session, MODEL).fit
    relabel(session)
    now = fit_now(session.state, fit)
    assert [replace(e, label="") for e in now.fixed] == [replace(e, label="") for e in fit.fixed]
    assert now.random == fit.random and now.identity == fit.identity
    names = card(session, Look(labels=False))
    assert "Hours a week" not in names and "School" not in names and "Athletics" in names


def test_the_same_words_stand_beside_one_another_in_a_report_and_in_a_preview(session: Session, tmp_path: Path) -> None:
    fit = ok(session, MODEL).fit
    ok(session, "estimates store a")
    ok(session, "mixed y x i.kind || school: x, reml")
    ok(session, "estimates store b")
    relabel(session)
    for command in ("estimates compare a b", "estimates steps a b"):
        text = words(ok(session, command).tables)
        assert all(w in text for w in NOW[:2]) and not any(w in text for w in THEN)
        assert "Groups of School" in text and "Var(Hours a week)" in text
    ok(session, f"report {tmp_path / 'a.md'}, models(a) noplots")
    written = (tmp_path / "a.md").read_text()
    assert all(w in written for w in NOW[:2]) and not any(w in written for w in THEN)
    beside = preview(session.state, "mixed y x || school:, reml", parent=fit).beside
    assert beside is not None
    assert {"Hours a week", "kind: Athletics", "kind: Arts"} <= {line.label for line in beside.lines}
    ok(session, "outline look, nolabels")
    assert "Hours a week" not in words(ok(session, "estimates compare a b").tables)


def test_a_code_that_means_something_else_by_now_keeps_its_label(session: Session) -> None:
    ok(session, MODEL)
    ok(session, "replace kind = 3 - kind if kind > 0")  # 1 and 2 change places
    ok(session, 'label define kinds 1 "Arts" 2 "Athletics" 0 "General", modify')
    text = card(session)
    assert "Sports" in text and "Athletics" not in text and "kind = General" in text


def test_labels_that_are_taken_away_leave_codes_and_other_files_their_own(session: Session) -> None:
    ok(session, MODEL)
    ok(session, "label values kind .")
    assert "Sports" not in card(session) and "kind = 0" in card(session)
    other = dataset(y=np.zeros(3), x=np.zeros(3), kind=np.zeros(3), school=np.zeros(3))
    session.state = replace(session.state, dataset=other)
    assert "Sports" in card(session) and "Effort" in card(session)


def test_rows_in_another_order_are_the_same_levels(session: Session) -> None:
    ok(session, MODEL)
    ok(session, "sort x")
    relabel(session)
    assert "Athletics" in card(session) and "Sports" not in card(session)


def test_margins_and_slopes_are_titled_by_what_they_show(session: Session) -> None:
    ok(session, 'label variable y "Reading"')
    ok(session, "mixed y c.x##i.kind || school:, ml")
    relabel(session)
    ok(session, 'label variable kind "Kind"')
    shown = ok(session, "margins kind, at(x = (-1 1)) plot")
    assert shown.tables[0].title == shown.plots[0].title == "Predicted Reading by Hours a week and Kind"
    assert "averaged" not in shown.tables[0].notes[0]
    axes = [a.title for panel in shown.plots[0].panels for a in (panel.x, panel.y)]
    assert axes == ["Hours a week", "Predicted Reading"]
    assert [(r.label, r.indent) for r in shown.tables[0].rows[:3]] == [
        ("Hours a week = −1", 0), ("Plain", 1), ("Athletics", 1)
    ]  # fmt: skip
    assert shown.tables[0].stub == "Kind"
    slopes = ok(session, "margins kind, dydx(x)").tables[0]
    assert slopes.title == "Average marginal effect of Hours a week on Reading by Kind"
    assert ok(session, "margins, dydx(*) atmeans").tables[0].title == "Marginal effects on Reading at the means"
    assert "averaged over 120 rows" in ok(session, "margins").tables[0].notes[0]
    pairs = ok(session, "margins kind, pwcompare").tables[0]
    assert pairs.title == "Pairwise comparisons of predicted Reading by Kind"
    assert ok(session, "simpleslopes x kind").plots[0].title == "Effect of Hours a week by Kind"
    ok(session, "outline look, nolabels")
    assert ok(session, "margins kind, at(x = (-1 1))").tables[0].title == "Predicted y by x and kind"
