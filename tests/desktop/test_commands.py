"""Commands that are typed: what completes them, several at once, and do-files, over the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from test_accessibility import unnamed
from test_app import Program
from waiting import wait_until

from terrace.session.session import Session
from terrace_desktop.app.command_bar import CommandBar
from terrace_desktop.app.completing import completions, extended, options_of, syntax_of
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.licences_dialog import LicencesDialog
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import session_port
from terrace_desktop.work.history import HistoryModel

COMMANDS = {
    "mixed": "mixed y [x ...] || group: [x ...] [, reml covariance(type) dfmethod(m)]",
    "merge": "merge 1:1|m:1|1:m keys using FILE [, keepusing(variables) keep(results) nogenerate]",
    "estat icc": "estat icc [, level(#)]",
    "estat ic": "estat ic",
    "generate": "generate name = expression",
}
NAMES = ("ses", "sector", "size", "mathach")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("me", ["merge"]),
        ("m", ["merge", "mixed"]),
        ("quietly mi", ["mixed"]),
        ("estat ", ["ic", "icc"]),
        ("mixed ma", ["mathach"]),
        ("mixed mathach s", ["ses", "sector", "size"]),
        ("mixed mathach c.se", ["ses", "sector"]),
        ("mixed mathach ses##i.sec", ["sector"]),
        ("mixed mathach ses || si", ["size"]),
        ("mixed mathach, re", ["reml"]),
        ("mixed mathach, cov", ["covariance"]),
        ("merge m:1 ses using f, k", ["keepusing", "keep"]),
        ("bysort sector: gen", ["generate"]),
        ("mixed MATH", ["mathach"]),
        ("mixed zzz", []),
    ],
)
def test_what_a_word_can_become(text: str, words: list[str]) -> None:
    start, found = completions(text, len(text), COMMANDS, NAMES)
    assert found == words
    assert all(w.lower().startswith(text[start:].lower()) for w in words)


def test_parts_of_completing() -> None:
    assert extended(["ses", "sector"]) == "se" and extended(["ses"]) == "ses"
    assert options_of(COMMANDS["merge"]) == ["keepusing", "keep", "nogenerate"]
    assert syntax_of("mixed y x", COMMANDS) == COMMANDS["mixed"]
    assert syntax_of("quietly estat icc, level(90)", COMMANDS) == COMMANDS["estat icc"]
    assert syntax_of("gen x", COMMANDS) == COMMANDS["generate"]
    assert syntax_of("est", COMMANDS) == "" and syntax_of("", COMMANDS) == ""


@pytest.fixture
def bar() -> Iterator[CommandBar]:
    b = CommandBar(HistoryModel())
    b.commands, b.variables = COMMANDS, NAMES
    b.resize(400, b.height())
    b.show()
    b.setFocus()
    yield b
    b.close()
    b.deleteLater()


def test_tab_completes_as_far_as_is_certain_and_then_proposes(bar: CommandBar) -> None:
    QTest.keyClicks(bar, "mix")
    QTest.keyClick(bar, Qt.Key.Key_Tab)
    assert bar.text() == "mixed"
    QTest.keyClicks(bar, " s")
    QTest.keyClick(bar, Qt.Key.Key_Tab)
    popup = bar._completer.popup()
    assert popup.isVisible() and bar._words.stringList() == ["ses", "sector", "size"]
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    wait_until(lambda: bar.text() == "mixed sector" and not popup.isVisible(), "the word to be taken")


def test_tab_leaves_an_empty_bar(bar: CommandBar) -> None:
    moved: list[bool] = []
    bar.focusNextPrevChild = lambda forth: moved.append(forth) or True  # type: ignore[method-assign]
    QTest.keyClick(bar, Qt.Key.Key_Tab)
    QTest.keyClick(bar, Qt.Key.Key_Backtab)
    assert moved == [True, False] and bar.text() == ""


def test_lines_that_are_pasted_stay_lines(bar: CommandBar) -> None:
    one = bar.height()
    ran: list[str] = []
    bar.command_entered.connect(ran.append)
    mime = QMimeData()
    mime.setText("use a\nmixed y x || g:\nestat icc\n")
    bar.insertFromMimeData(mime)
    assert bar.blockCount() == 3 and bar.height() > one
    QTest.keyClick(bar, Qt.Key.Key_Up)
    assert bar.textCursor().blockNumber() == 1, "the arrow moves in the text before it walks through the history"
    QTest.keyClick(bar, Qt.Key.Key_Return)
    assert ran == ["use a\nmixed y x || g:\nestat icc"] and bar.text() == "" and bar.height() == one


# --- in the window --------------------------------------------------------------------------------------
@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    p = Program(settings)
    yield p
    p.window.close()
    p.window.deleteLater()


def test_several_lines_run_one_by_one_and_the_first_error_ends_them(program: Program) -> None:
    w = program.window
    text = "sample orthodont\n* a comment\nmixed distance age || id:\nestat icc\nnonsense\ndescribe"
    w.left.history_tab.run_asked.emit(text)
    program.idle()
    assert program.states() == [
        ("sample orthodont", "ok"),
        ("mixed distance age || id:", "ok"),
        ("estat icc", "ok"),
        ("nonsense", "error"),
    ]
    card = w.results.newest()
    assert card.stored == "m1" and [o.outcome.type for o in w.results.under(card)] == ["estat icc"]
    assert w.results.errors()[-1].outcome.error[0] == "no-such-command"
    assert not w.controller.busy
    assert "distance" in w.left.history_tab.bar.variables and "mixed" in w.left.history_tab.bar.commands


def test_a_do_file_runs_in_its_folder_with_loops_and_macros(program: Program, tmp_path: Path) -> None:
    w = program.window
    (tmp_path / "small.csv").write_text("y,x\n1,2\n2,3\n3,5\n")
    do = tmp_path / "work.do"
    do.write_text("local file small.csv\n"
                  "import delimited `file', clear\nforeach v in x y {\ngenerate `v'2 = `v'^2\n}\n")
    here = Path.cwd()
    w.controller.run_script(do)
    program.idle()
    assert Path.cwd() == here
    assert {"x2", "y2"} <= set(w.controller.snapshot.dataset.names)
    states = program.states()
    assert all(s == "ok" for _, s in states), states
    assert ("generate x2 = x^2", "ok") in states


def test_a_do_file_that_is_cancelled_stops(program: Program) -> None:
    w = program.window
    w.controller.finished.connect(lambda *_: w.controller.cancel())
    w.controller.run_script("sample hsb\n" + "summarize\n" * 400)
    program.idle()
    assert len(program.states()) < 300 and program.states()[0] == ("sample hsb", "ok")
    assert not any(s in ("running", "waiting") for _, s in program.states())


def test_the_syntax_stands_over_the_bar(program: Program) -> None:
    tab = program.window.left.history_tab
    tab.bar.setText("recode x")
    assert tab._syntax.full_text().startswith("recode variables (values = value")
    tab.bar.clear()
    assert tab._syntax.isHidden()
    tab.bar.setText("recode x")
    QTest.keyClick(tab.bar, Qt.Key.Key_F1)
    program.idle()
    assert program.states()[-1] == ("help recode", "ok")


def test_a_misspelt_name_is_mended_by_a_click(program: Program) -> None:
    program.run("sample hsb", "mixed mathach sess || id:")
    card = program.window.results.errors()[-1]
    b = card.findChild(QPushButton, "error_mend")
    assert b.text() == "Use ses"
    b.click()
    program.idle()
    assert ("mixed mathach ses || id:", "ok") in program.states() and not program.window.results.errors()
    program.run("qqqq")
    assert program.window.results.errors()[-1].findChild(QPushButton, "error_mend") is None


@pytest.mark.parametrize("first", ["reml", "mle"])
def test_a_test_that_reml_refuses_is_done_by_ml(program: Program, first: str) -> None:
    """The button runs each fit and the test as commands, and gives what fits by ML give."""
    program.run(
        "sample sleepstudy",
        f"mixed reaction || subject:, {first}",
        "mixed reaction days || subject:, reml dfmethod(kroger)",
        "lrtest m1 m2",
    )
    b = program.window.results.errors()[-1].findChild(QPushButton, "error_by_ml")
    assert b.text() == "Compare by maximum likelihood"
    before = len(program.states())
    b.click()
    wait_until(lambda: len(program.states()) > before and program.states()[-1][0].startswith("lrtest"))
    program.idle()
    ran = program.states()
    assert ("mixed reaction days || subject:", "ok") in ran and ran[-1][1] == "ok"
    assert (("mixed reaction || subject:", "ok") in ran) is (first == "reml")
    assert ran[-1][0] == ("lrtest m3 m4" if first == "reml" else "lrtest m1 m3")
    session = Session()
    by_ml = ("mixed reaction || subject:", "estimates store a", "mixed reaction days || subject:")
    for command in ("sample sleepstudy", *by_ml):
        assert session.run(command).ok
    expected = session.run("lrtest a .").tables[0].rows[0].values[0]
    program.run(ran[-1][0])
    shown = [c for c in program.window.results.outputs() if c.outcome.type == "lrtest"][-1]
    assert shown.outcome.tables[0].rows[0].values[0] == pytest.approx(expected, abs=1e-6)


def test_all_commands_are_listed_and_found(program: Program) -> None:
    program.window.actions_["commands"].trigger()
    dialog = program.window.findChildren(dialogs.CommandsDialog)[-1]
    assert unnamed(dialog) == []
    for name, syntax, _ in session_port.command_help():
        assert name in dialog.text() and syntax.split()[0] in dialog.text()
    dialog.search.setText("one row per occasion")
    assert "reshape long" in dialog.text() and "mixed" not in dialog.text()
    dialog.search.setText("xyzzy")
    assert dialog.text() == "No command found."
    dialog.close()


def test_the_licences_of_all_libraries_are_shown_and_searched(program: Program) -> None:
    program.window.actions_["licences"].trigger()
    wait_until(lambda: bool(program.window.findChildren(LicencesDialog)), "the licences")
    (dialog,) = program.window.findChildren(LicencesDialog)
    assert unnamed(dialog) == []
    names = [dialog.list.item(k).text() for k in range(dialog.list.count())]
    assert any(n.startswith("numpy ") for n in names) and any(n.startswith("PySide6_Essentials ") for n in names)
    assert "pip install PySide6-Essentials==" in dialog.text.toPlainText()  # how to replace it, first
    dialog.search.setText("NumPy Developers")
    item = dialog.list.currentItem()
    assert item is not None and item.text().startswith("numpy ") and not item.isHidden()
    assert dialog.text.textCursor().selectedText().lower() == "numpy developers"
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)  # the next one, here or again the first
    assert dialog.text.textCursor().selectedText().lower() == "numpy developers" and dialog.isVisible()
    dialog.search.setText("xyzzy")
    assert dialog.none.isVisible() and dialog.text.toPlainText() == ""
    dialog.search.clear()
    assert not dialog.none.isVisible() and not any(dialog.list.item(k).isHidden() for k in range(len(names)))
    dialog.close()
