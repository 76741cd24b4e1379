"""The data panel: every choice is a command that the session takes, from the menu to the grid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import after_help as help_
import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import Qt
from test_accessibility import unnamed
from test_after_catalog import defaults, variants
from test_app import Program
from waiting import settled, wait_until

from terrace.session.session import Session
from terrace.session.state import State
from terrace_desktop.forms.entry import Entry, Field
from terrace_desktop.panels.data import catalog
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.plots.cards import LargePlot
from terrace_desktop.ui.settings import Settings

ENTRIES: dict[str, Entry] = {e.key: e for g in catalog.groups() for e in g.entries}
FACTS = DataFacts(help_.data(), "school.dta")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of groups to merge."""
    folder = tmp_path_factory.mktemp("files")
    pd.DataFrame({"g": np.arange(1.0, 21.0), "size": np.arange(20.0)}).to_csv(folder / "groups.csv", index=False)
    return folder / "groups.csv"


def typed(entry: Entry, file: Path) -> dict[str, Any]:
    """What a user would have to write before the form can run."""
    return {
        "compute": {"name": "new", "value": "ln(x^2) + _n"},
        "centre": {"names": ("x", "w")},
        "egen": {"name": "new"},
        "recode": {"name": "new", "x": "t", "rules": '0 1 = 0 "Low", 2 = 1 "High"'},
        "lag": {"name": "new", "x": "y", "by": "g", "time": "week"},
        "labels": {"x": "t", "pairs": "0 = No, 1 = Yes"},
        "rename": {"x": "x", "name": "hours"},
        "encode": {"name": "new"},
        "missing": {"codes": "-9, -8"},
        "keep_rows": {"where": "x > 0"},
        "keep_variables": {"names": ("x", "y")},
        "fillin": {"names": ("g", "week")},
        "merge": {"file": str(file), "keys": ("g",)},
        "append": {"file": str(file)},
        "collapse": {"names": ("x",), "by": ("g",)},
        "wide": {"stubs": ("x",), "i": ("g",), "j": "week"},
        "tabstat": {"names": ("x", "y")},
        "correlate": {"names": ("x", "y", "w")},
        "across": {"names": ("x", "w"), "name": "new"},
        "cut": {"limits": "-9 0 1 9"},
        "number": {"by": ("g", "t")},
        "xtdescribe": {"i": "g", "t": "week"},
        "table": {"first": "t", "second": "sex", "x": "y"},
        "bar": {"over": "t", "x": "y"},
        "density": {"x": "y"},
        "box": {"names": ("x", "y")},
        "scatter": {"title": 'A "quoted" title'},
        "lines": {"y": "y", "x": "week"},
    }.get(entry.key, {})


def ready(entry: Entry, values: dict[str, Any], fields: tuple[Field, ...], facts: DataFacts = FACTS) -> bool:
    missing = [f for f in fields if f.required and f.shown(values) and not values[f.key]]
    return not missing and not entry.problem(facts, values)


@pytest.mark.parametrize("key", [k for k in ENTRIES if k not in ("long", "wide")])
def test_every_choice_makes_commands_that_run(key: str, files: Path) -> None:
    entry = ENTRIES[key]
    assert entry.purpose.endswith(".") and not entry.reason(FACTS)
    session = Session(State(dataset=help_.data()))
    before, ran = session.state, 0
    fields = entry.fields(FACTS)
    base = {**defaults(fields), **typed(entry, files)}
    for one in variants(entry, fields):
        values = {**base, **{k: v for k, v in one.items() if v != defaults(fields)[k]}}
        if not ready(entry, values, fields):
            continue
        commands = entry.commands(FACTS, values)
        for command in commands:
            outcome = session.run(command)
            if outcome.error is not None and outcome.error[0] in REFUSED.get(key, ()):
                break
            assert outcome.ok, f"{command}: {outcome.error} {outcome.error_advice}"
        else:
            ran += 1
        session.state = before
    assert ran >= 1, key


REFUSED = {  # what depends on the values, which only the command looks at
    "compute": ("type-mismatch",),
    "encode": ("not-numeric",),
    "fillin": ("too-many-rows",),
    "merge": ("not-unique", "no-such-variable"),
}


def test_the_declared_panel_stands_first_in_the_forms() -> None:
    session = Session(State(dataset=help_.data()))
    assert session.run("xtset class").ok
    assert ENTRIES["xtsum"].fields(DataFacts(session.data))[1].default == "class"
    session = Session(State(dataset=help_.data()))
    assert session.run("xtset g week").ok
    values = defaults(ENTRIES["xtdescribe"].fields(DataFacts(session.data)))
    assert ENTRIES["xtdescribe"].commands(DataFacts(session.data), values) == ["xtdescribe, i(g) t(week)"]


def test_there_and_back_between_long_and_wide() -> None:
    session = Session()
    assert session.run("sample sleepstudy").ok
    long = session.data
    facts = DataFacts(long)
    wide = ENTRIES["wide"].commands(facts, {"stubs": ("reaction",), "i": ("subject",), "j": "days"})
    assert wide == ["reshape wide reaction, i(subject) j(days)"] and session.run(wide[0]).ok
    facts = DataFacts(session.data)
    assert facts.stems == ("reaction",)
    fields = {f.key: f for f in ENTRIES["long"].fields(facts)}
    assert fields["stubs"].default == "reaction"
    back = ENTRIES["long"].commands(facts, {"stubs": "reaction", "i": ("subject",), "j": "days"})
    assert session.run(back[0]).ok
    now = session.data.frame.sort_values(["subject", "days"])["reaction"].to_numpy()
    assert np.allclose(now, long.frame.sort_values(["subject", "days"])["reaction"].to_numpy())


def test_centring_within_groups_takes_out_their_means() -> None:
    session = Session(State(dataset=help_.data()))
    entry = ENTRIES["centre"]
    values = {**defaults(entry.fields(FACTS)), "names": ("x", "w"), "by": "g"}
    for command in entry.commands(FACTS, values):
        assert session.run(command).ok, command
    frame = session.data.frame
    for name in ("x", "w"):
        means = frame[name].groupby(frame["g"]).transform("mean")
        assert np.allclose(frame[f"m_{name}"], means)
        assert np.allclose(frame[f"{name}_c"], frame[name] - means)
    grand = {**values, "around": "grand", "suffix": "_g", "names": ("x",)}
    for command in entry.commands(FACTS, grand):
        assert session.run(command).ok, command
    assert session.data.frame["x_g"].mean() == pytest.approx(0, abs=1e-12)
    gone = {**values, "keep": False, "suffix": "_w", "names": ("x",)}
    for command in entry.commands(FACTS, gone):
        assert session.run(command).ok, command
    assert "x_w" in session.data and session.data.names[-1] == "x_w"  # no means


@pytest.mark.parametrize(
    ("key", "values", "told"),
    [
        ("compute", {"name": "x", "value": "1"}, "A variable named x already exists."),
        ("compute", {"name": "n", "value": "1 +"}, "incomplete"),
        ("compute", {"name": "n", "value": "1", "where": "x >"}, "incomplete"),
        ("recode", {"name": "n", "rules": "1 2"}, "1 2: write a rule as values = new value."),
        ("labels", {"pairs": "No, Yes"}, "No, Yes is not a value and its label, such as 0 = No."),
        ("centre", {"names": ("x",), "suffix": ""}, "A variable named x already exists."),
        ("collapse", {"names": ("x",), "by": ("x",)}, "x is in both lists."),
        ("scatter", {"x": "y", "y": "y"}, "Choose two different variables."),
        ("tabulate", {"first": "t", "second": "t"}, "Choose two different variables."),
        ("fillin", {"names": ("g",)}, "Choose at least two variables."),
    ],
)
def test_what_is_wrong_is_said_before_it_runs(key: str, values: dict[str, Any], told: str) -> None:
    entry = ENTRIES[key]
    found = entry.problem(FACTS, {**defaults(entry.fields(FACTS)), **values})
    assert told in found


def test_without_data_or_numbers_the_entries_say_why() -> None:
    assert all(e.reason(DataFacts(None)) == "No data are open." for e in ENTRIES.values())
    assert all(e.fields(DataFacts(None)) is not None for k, e in ENTRIES.items() if k in ("compute", "list", "merge"))


# --- in the window --------------------------------------------------------------------------------------
@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    p = Program(settings)
    p.run("sample orthodont")
    yield p
    p.window.close()
    p.window.deleteLater()


def test_the_menus_lead_to_their_forms(program: Program) -> None:
    actions = program.window.actions_
    forms = [n for n in actions.names() if n.startswith("do_")]
    assert len(forms) > 20
    for name in forms:
        actions[name].trigger()
        panel = program.window.prepare.panel
        assert f"do_{panel.form.entry.key}" == name
    assert unnamed(program.window.prepare.panel) == []


def test_a_variable_is_computed_and_the_form_is_ready_for_the_next(program: Program) -> None:
    w = program.window
    w.actions_["tool_prepare"].trigger()
    panel = w.prepare.panel
    assert w.splitter.is_open(panel) and w.work.title.full_text() == "Prepare"
    panel.choose("compute")
    assert w.work.title.full_text() == "Compute a variable" and w.actions_.buttons["tool_prepare"].isChecked()
    assert panel.problem() == "Enter an expression for its values."
    help_.write(panel, "name", "older")
    help_.write(panel, "value", "age - 8")
    assert panel.command.text() == "generate older = age - 8"
    panel.request_run()
    program.idle()
    assert "older" in w.controller.snapshot.dataset
    assert panel.status.full_text() == "Done." and help_.widget(panel, "name").text() == ""
    assert help_.widget(panel, "value").text() == "age - 8", "what else was typed stays"
    help_.write(panel, "value", "nonsense - 8")
    help_.write(panel, "name", "new")
    panel.request_run()
    program.idle()
    assert panel._outcome is not None and "nonsense" in panel._outcome.accessibleName()
    assert help_.widget(panel, "name").text() == "new", "what failed can be mended"


def test_other_data_begin_with_an_empty_form(program: Program) -> None:
    w = program.window
    w.prepare.open("compute")
    help_.write(w.prepare.panel, "name", "older")
    program.run("sample sleepstudy")
    panel = w.prepare.panel
    assert panel.form.entry.key == "compute" and help_.widget(panel, "name").text() == ""
    assert panel.head().subtitle == "of sleepstudy"


def test_a_graph_opens_as_a_plot_pane(program: Program) -> None:
    w = program.window
    w.prepare.open("lines")
    panel = w.prepare.panel
    help_.choose(panel, "y", "distance")
    help_.choose(panel, "x", "age")
    help_.choose(panel, "group", "id")
    panel.request_run()
    program.idle()
    card = w.results.outputs()[-1]
    assert len(card.outcome.plots) == 1
    dataset = w.controller.snapshot.dataset
    assert program.states()[-1][0].startswith("twoway (line distance age, sort(id age)")
    assert w.controller.snapshot.dataset is dataset, "a graph changes no data"


@pytest.mark.parametrize("width", [1440, 1280, 1000, 820, 660])
def test_entries_of_a_narrow_bar_lose_their_words_and_stay(program: Program, width: int) -> None:
    w = program.window
    w.resize(width, 600)
    settled()
    bar = w.actions_.buttons
    alone = {n for n, b in bar.items() if b.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly}
    assert ("open" in alone) == (width < 1360) and {"undo", "redo"} <= alone
    assert len(alone) == {1440: 2, 1280: 4}.get(width, len(alone)) and (width > 700 or len(alone) > 8)
    for b in [*bar.values(), w.actions_.find]:
        assert b.isVisible() and b.accessibleName()
        assert b.mapTo(w, b.rect().topRight()).x() <= w.width(), b.objectName()


def test_points_of_a_graph_select_rows_of_the_grid(program: Program) -> None:
    program.run("scatter distance age if female == 1")
    card = program.window.results.outputs()[-1]
    card.wake()
    plot = card.findChild(LargePlot)
    assert "Select rows" in [a.text() for a in card.menu.actions()]
    plot.view.select_inside(7.5, 8.5, 0, 100)
    grid = program.window.left.grid.grid
    wait_until(lambda: grid.marked is not None, "the marked rows")
    age = grid.dataset.frame["age"].to_numpy()
    assert grid.marked is not None and grid.marked.any()
    assert (age[grid.marked] == 8).all() and (grid.dataset.frame["female"].to_numpy()[grid.marked] == 1).all()
