"""Titles of results that were asked for earlier say what the variables are called by now."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data_support import dataset, ok, session_on

from terrace.session.document.figures import figures
from terrace.session.session import Session

AFTER = (
    "plot spaghetti x", "plot residuals", "plot lines x", "plot trellis x", "plot scatter", "plot partition x",
    "plot forest", "margins kind", "marginsplot", "plot caterpillar",
)  # fmt: skip
GRAPHS = (
    "scatter y x", "twoway (scatter y x) (lfit y x)", "histogram x", "graph box x, over(kind)",
    "graph bar (mean) x, over(kind)", "tabstat x, by(kind)", "tabulate kind",
)  # fmt: skip


@pytest.fixture
def session() -> Session:
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(12), 10)
    x, kind = rng.normal(size=120), rng.integers(0, 3, 120)
    y = x * (1 + 0.4 * rng.normal(size=12)[g]) + rng.normal(size=12)[g] + rng.normal(size=120)
    out = session_on(dataset(y=y, x=x, kind=kind, g=g))
    for name, label in (("x", "Effort"), ("kind", "Kind of school"), ("g", "School")):
        ok(out, f'label variable {name} "{label}"')
    return out


def words(session: Session) -> list[str]:
    """All titles of the page: of items, tables and figures, with those of axes, and the entries of legends."""
    out = []
    for item in session.state.document:
        out.append(item.heading)
        out += [] if item.outcome is None else [t.title for t in item.outcome.tables]
    for f in figures(session.state.document):
        out += [f.title, f.dressed.title, *f.dressed.legend_order]
        for p in f.dressed.panels:
            out += [p.x.title, p.y.title, *(m.label for m in p.marks), *(t for _, t in p.y.ticks or ())]
    return out


@pytest.mark.parametrize("commands", [GRAPHS, ("mixed y x i.kind || g: x", *AFTER)])
def test_titles_are_those_of_results_that_are_asked_for_now(session: Session, commands: tuple[str, ...]) -> None:
    for command in commands:
        ok(session, command)
    old = words(session)
    assert any("Effort" in w for w in old) and any("Kind of school" in w for w in old)
    for name, label in (("x", "Hours a week"), ("kind", "Type"), ("y", "Score, points")):
        ok(session, f'label variable {name} "{label}"')
    now = words(session)
    assert not any("Effort" in w or "Kind of school" in w for w in now)
    fresh = session_on(session.data)
    for command in commands:
        ok(fresh, command)
    assert now == words(fresh), "as if they were asked for with these labels"


@pytest.mark.parametrize(
    ("command", "title"),
    [
        ("scatter y x", "y against Effort"),
        ("scatter y x, by(kind)", "y against Effort, by Kind of school"),
        ("line y x x", "y, Effort against Effort"),
        ("twoway kdensity x", "Density of Effort"),
        ("histogram x, by(kind)", "Histogram of Effort by Kind of school"),
        ("graph box y x, over(kind)", "Box plots of y, Effort over Kind of school"),
        ("graph bar (mean) x, over(kind) over(g)", "Mean of Effort over Kind of school, School"),
        ("kdensity x", "Density of Effort"),
        ("qnorm x", "Normal quantiles of Effort"),
        ("pnorm x", "Normal probabilities of Effort"),
        ("lowess y x", "Lowess of y over Effort"),
        ("graph matrix y x kind", "Pairs of y, Effort, Kind of school"),
    ],
)
def test_graphs_of_data_call_variables_by_their_labels(session: Session, command: str, title: str) -> None:
    ok(session, command)
    assert session.state.document.items[-1].heading == title == figures(session.state.document)[-1].title
    ok(session, 'label variable x "Hours"')
    assert session.state.document.items[-1].heading == title.replace("Effort", "Hours")
    ok(session, 'label variable x ""')
    assert session.state.document.items[-1].heading == title.replace("Effort", "x")


def test_labels_that_change_again_and_again_leave_no_trace_and_each_step_is_undone(session: Session) -> None:
    for command in ("mixed y x i.kind || g: x", *AFTER):
        ok(session, command)
    first, items = words(session), session.state.document.items
    for label in ("of", "School", "", "S", "Effort"):
        ok(session, f'label variable x "{label}"')
    assert words(session) == first
    ok(session, 'label variable x "Hours"')
    assert words(session) != first
    ok(session, "undo")
    assert words(session) == first
    kept = [i.outcome for i in session.state.document]
    assert all(a is b.outcome for a, b in zip(kept, items)), "what the commands gave, and no copy of it"


def test_what_was_asked_for_stays(session: Session) -> None:
    ok(session, 'twoway (scatter y x), title("Effort pays") xtitle("Effort") ytitle(Effort)')
    ok(session, "scatter y x")
    ok(session, 'figure 2, xtitle("Effort, as we say")')
    ok(session, "scatter y x")
    ok(session, f"outline rename {session.state.document.items[-1].id} \"About Effort\"")
    ok(session, 'label variable x "Hours"')
    first, second, third = (f.dressed for f in figures(session.state.document))
    assert first.title == "Effort pays" and [a.title for a in (first.panels[0].x, first.panels[0].y)] == ["Effort"] * 2
    assert second.panels[0].x.title == "Effort, as we say"
    assert third.panels[0].x.title == "Hours" and session.state.document.items[-1].heading == "About Effort"


def test_results_of_other_data_keep_the_titles_of_theirs(session: Session) -> None:
    ok(session, "scatter y x")
    before = words(session)
    ok(session, "sample sleepstudy")
    ok(session, "scatter reaction days")
    ok(session, 'label variable days "Effort"')
    ok(session, 'label variable days "Nights"')
    assert words(session)[: len(before) - 1][:1] == before[:1]
    old, new = figures(session.state.document)
    assert old.dressed.panels[0].x.title == "Effort" and new.dressed.panels[0].x.title == "Nights"


def test_a_do_file_that_labels_is_still_one_result(session: Session, tmp_path: Path) -> None:
    ok(session, "scatter y x")
    (tmp_path / "a.do").write_text('tabulate kind\nlabel variable x "Hours"\nsummarize x\n')
    count = len(session.state.document)
    ok(session, f'do "{tmp_path / "a.do"}"')
    assert len(session.state.document) == count + 1
    assert figures(session.state.document)[0].dressed.panels[0].x.title == "Hours"


def test_a_project_keeps_the_titles_and_they_go_on_to_follow(session: Session, tmp_path: Path) -> None:
    ok(session, "scatter y x")
    ok(session, 'label variable x "Hours"')
    ok(session, f'project save "{tmp_path / "p.terrace"}"')
    again = Session()
    ok(again, f'project use "{tmp_path / "p.terrace"}"')
    assert words(again) == words(session)
    ok(again, 'label variable x "Effort"')
    (found,) = figures(again.state.document)
    assert found.dressed.panels[0].x.title == "Effort"


def test_axes_carry_the_units_that_labels_have(session: Session) -> None:
    ok(session, 'label variable y "Reaction time (ms)"')
    ok(session, 'label variable x "Dose (mg/kg)"')
    for command in ("scatter y x", "mixed y x || g:", "plot spaghetti x", "plot lines x", "plot trellis x",
                    "margins, at(x=(-1 0 1)) plot"):  # fmt: skip
        ok(session, command)
    for f in figures(session.state.document):
        panel = f.dressed.panels[0]
        assert panel.x.title == "Dose (mg/kg)" and panel.y.title.endswith("Reaction time (ms)"), f.title
