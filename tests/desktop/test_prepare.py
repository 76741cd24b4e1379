"""The data panel: every choice is a command that the session takes, from the menu to the grid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import after_help as help_
import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QScrollArea, QToolButton
from test_accessibility import unnamed
from test_after_catalog import defaults, variants
from test_app import Program
from waiting import settled, wait_until

from terrace.session.session import Session
from terrace.session.state import State
from terrace_desktop.forms.controls import Control
from terrace_desktop.forms.entry import Entry, Field
from terrace_desktop.forms.tick_list import TickList
from terrace_desktop.panels.data import catalog
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.plots.cards import LargePlot
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.flow import FlowBox
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
    assert panel.head().subtitle == "sleepstudy"


def test_the_panel_is_headed_as_the_tool_that_opened_it(program: Program) -> None:
    w = program.window
    for name, title in (("describe", "Describe"), ("plot", "Plot"), ("prepare", "Prepare")):
        w.actions_["tool_" + name].trigger()
        assert w.prepare.panel.head().title == title
        assert w.work.title.full_text() == title


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


def test_a_list_of_variables_is_ticked_by_row_and_by_key(program: Program) -> None:
    """As elsewhere: a click on the name does what one on the box does, and so do Space and Enter."""
    window = program.window
    program.run("sample hsb")
    window.prepare.open("centre")
    listed = window.findChild(TickList, "after_names")
    assert listed is not None
    ticked = lambda: [k for k in range(listed.count()) if listed.item(k).checkState() == Qt.CheckState.Checked]  # noqa: E731
    row = listed.visualItemRect(listed.item(1))
    told: list[object] = []
    listed.itemChanged.connect(told.append)
    QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert ticked() == [1] and len(told) == 1
    box = QPoint(row.left() + 10, row.center().y())
    QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=box)
    assert ticked() == [] and len(told) == 2, "on the box it is one tick, not two"
    QTest.keyClick(listed, Qt.Key.Key_Down)
    QTest.keyClick(listed, Qt.Key.Key_Space)
    assert ticked() == [2]
    QTest.keyClick(listed, Qt.Key.Key_Return)
    assert ticked() == []
    QTest.mousePress(listed.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    QTest.mouseRelease(listed.viewport(), Qt.MouseButton.LeftButton, pos=listed.visualItemRect(listed.item(3)).center())
    assert ticked() == [], "a press that ends elsewhere is no click"


def test_boxes_keep_all_their_lines_where_a_scroll_bar_comes(program: Program, tmp_path: Path) -> None:
    """The preview of a table makes the form longer than its place; its boxes then have less room in a line."""
    rng = np.random.default_rng(1)
    names = ("mathscore", "readingscore", "motivation", "homework", "parental")
    data = {"school": rng.integers(1, 12, 200), **{n: rng.normal(size=200) for n in names}}
    pd.DataFrame(data).to_csv(tmp_path / "d.csv", index=False)
    program.run(f'use "{tmp_path / "d.csv"}"')
    window = program.window
    window.resize(1280, 720)
    window.prepare.open("tabstat")
    controls = {c.field.key: c for c in window.findChildren(Control) if c.isVisible()}
    for key, value in (("names", ("mathscore",)), ("by", "school")):
        controls[key].set_value(value)
        controls[key].changed.emit()
    bar = next(s for s in window.prepare.panel.findChildren(QScrollArea) if s.isVisible()).verticalScrollBar()
    wait_until(lambda: bar.maximum() > 0, "the scroll bar")
    settled()
    for box in controls["names"].findChildren(FlowBox):
        assert box.height() >= box.flow.heightForWidth(box.width()) > 30
        assert controls["names"].height() >= box.height()


def test_examples_of_conditions_are_about_the_open_data(program: Program, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("name,weight\na,1.5\nb,2.25\nc,3.75\n")
    program.run(f'use "{tmp_path / "d.csv"}"')
    facts = DataFacts(program.window.controller.snapshot.dataset)
    hints = {f.key: f.hint for f in ENTRIES["keep_rows"].fields(facts)}
    assert hints["where"] == "weight > 0"
    assert all(f.hint != "ses > 0 & sector == 1" for e in ENTRIES.values() for f in e.fields(facts))


def test_the_line_under_the_results_says_what_comes_next(program: Program) -> None:
    window = program.window
    line = window.results.next

    def shown() -> list[str]:
        return [b.objectName() for b in line.findChildren(QPushButton) if not b.isHidden()]

    program.run("sample hsb")
    assert not line.isHidden() and shown() == ["next_model", "next_describe"]
    QTest.mouseClick(line.describe, Qt.MouseButton.LeftButton)
    assert window.splitter.is_open(window.prepare.panel)
    program.run("mixed mathach || id:, reml")
    assert shown() == ["next_after", "next_model"]
    window.models.open_builder(None)
    assert line.isHidden(), "what comes next is in the builder"
    window.splitter.close_panel()
    assert not line.isHidden()
    window.results.show_draft("Model 2: Random slope", 2)
    assert shown() == ["next_draft"] and line.draft.toolTip() == "Model 2: Random slope"
    assert [w.text() for w in line.findChildren(QLabel)] == ["Not kept yet:"]
    assert line.minimumSizeHint().width() < 150, "it never makes the results wider"
    window.results.show_draft("")
    QTest.mouseClick(line.after, Qt.MouseButton.LeftButton)
    assert not window.splitter.is_open(window.prepare.panel)


def test_a_dialog_for_files_is_large_and_begins_where_the_last_file_was(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def chosen(dialog: QFileDialog) -> int:
        seen.append((Path(dialog.directory().absolutePath()), dialog.nameFilters(), dialog.width()))
        dialog.selectFile(str(tmp_path / "a.csv"))
        return 1

    (tmp_path / "a.csv").write_text("x\n1\n")
    monkeypatch.setattr(QFileDialog, "exec", chosen)
    assert dialogs.ask_data(program.window, "Open data", str(Path.home())) == str(tmp_path / "a.csv")
    assert dialogs.ask_data(program.window, "Using", "") == str(tmp_path / "a.csv")
    assert dialogs.ask_works(program.window, "Open", "") == [str(tmp_path / "a.csv")]
    assert [s[0] for s in seen] == [Path.home(), tmp_path, tmp_path] and all(s[2] >= 800 for s in seen)
    assert [f.partition(" (")[0] for f in seen[0][1]] == ["Data files", "All files"]


def test_the_buttons_of_qts_own_dialog_show_their_icons(program: Program) -> None:
    """The room that buttons with words have around them leaves a dot of an icon."""
    dialog = dialogs.file_dialog(program.window, "Open", "", "All files (*)")
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.show()
    settled()
    tool = dialog.findChild(QToolButton, "toParentButton")
    image = tool.grab().toImage()
    empty = image.pixelColor(image.width() // 2, 1)
    marked = [x for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y) != empty]
    dialog.close()
    dialog.deleteLater()
    assert max(marked) - min(marked) >= 8
