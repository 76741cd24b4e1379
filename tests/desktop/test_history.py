"""History: what it shows, the do-file, the command bar."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from waiting import settled

from terrace_desktop.app.history_tab import HistoryTab
from terrace_desktop.work.history import HistoryModel, duration


def filled() -> HistoryModel:
    history = HistoryModel()
    for command, state, message in (
        ("sample hsb", "ok", ""),
        ("mixed mathach sess || id:", "error", "There is no variable sess."),
        ("mixed mathach ses || id:", "ok", ""),
        ("bootstrap: mixed", "cancelled", ""),
    ):
        entry = history.add(command)
        history.update(entry.id, state=state, elapsed=0.014, message=message)
    return history


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0001, "1 ms"), (0.0142, "14 ms"), (0.9996, "1.0 s"), (1.234, "1.2 s"), (99.94, "99.9 s"), (200, "3 min 20 s")],
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_do_file_has_what_ran_and_the_rest_as_comments() -> None:
    assert filled().do_file().splitlines() == [
        "sample hsb",
        "* mixed mathach sess || id:",
        "* failed: There is no variable sess.",
        "mixed mathach ses || id:",
        "* bootstrap: mixed",
    ]
    assert HistoryModel().do_file() == ""


def test_what_follows_stands_right_after_what_it_follows() -> None:
    history = HistoryModel()
    first = history.add("mixed a")
    second = history.add("mixed b")
    after = history.add("estimates store m1", after=first)
    assert [e.command for e in history.entries] == ["mixed a", "estimates store m1", "mixed b"]
    history.update(second.id, state="ok")
    history.update(after.id, state="error")
    assert [e.state for e in history.entries] == ["waiting", "error", "ok"]
    assert history.entry(first.id).command == "mixed a"


def test_do_file_runs_again() -> None:
    from terrace.language.dofile.lines import read_commands

    assert [c.text for c in read_commands(filled().do_file())] == ["sample hsb", "mixed mathach ses || id:"]


@pytest.mark.parametrize("command", ["exit", "e", " exit, clear", "exi"])
def test_what_would_end_a_do_file_is_a_comment(command: str) -> None:
    history = filled()
    for text in (command, "egen m = mean(ses)", "estat icc", "exit2", "exp(1)"):
        history.update(history.add(text).id, state="ok")
    assert history.do_file().splitlines()[5:] == [f"* {command}", "egen m = mean(ses)", "estat icc", "exit2", "exp(1)"]


@pytest.mark.parametrize("state", ["ok", "error"])
@pytest.mark.parametrize("command", ["list x ///", "list x /// a\n", "list ///\nx", "#delimit ;", "list x // y", "*x"])
def test_no_command_takes_the_next_one_along(command: str, state: str) -> None:
    from terrace.language.dofile.lines import read_commands

    history = HistoryModel()
    history.update(history.add(command).id, state=state)
    history.update(history.add("summarize x").id, state="ok")
    read = [" ".join(c.text.split()) for c in read_commands(history.do_file())]
    assert read == [*(["list x"] if "list" in command and state == "ok" else []), "summarize x"]


def test_states_are_read_out() -> None:
    history = filled()
    said = history.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "mixed mathach sess || id:, failed · 14 ms, There is no variable sess."
    assert history.index(1, 0).data(Qt.ItemDataRole.ToolTipRole).endswith("There is no variable sess.")


def test_bar_walks_through_the_history_and_back_to_what_was_typed() -> None:
    tab = HistoryTab(filled())
    bar = tab.bar
    bar.setText("half")
    for expected in ("bootstrap: mixed", "mixed mathach ses || id:"):
        QTest.keyClick(bar, Qt.Key.Key_Up)
        assert bar.text() == expected
    QTest.keyClick(bar, Qt.Key.Key_Down)
    QTest.keyClick(bar, Qt.Key.Key_Down)
    assert bar.text() == "half"
    QTest.keyClick(bar, Qt.Key.Key_Escape)
    assert bar.text() == ""


def test_enter_runs_and_empties_the_bar() -> None:
    tab = HistoryTab(HistoryModel())
    ran: list[str] = []
    tab.run_asked.connect(ran.append)
    tab.bar.command_entered.emit("x")
    tab.bar.setText("  estat icc ")
    QTest.keyClick(tab.bar, Qt.Key.Key_Return)
    QTest.keyClick(tab.bar, Qt.Key.Key_Return)
    assert ran == ["x", "estat icc"] and tab.bar.text() == ""


def test_selected_entries_run_again_in_order_and_are_copied() -> None:
    tab = HistoryTab(filled())
    tab.resize(400, 300)
    tab.show()
    ran: list[str] = []
    tab.run_asked.connect(ran.append)
    assert not tab.run_button.isEnabled()
    for row in (2, 0):
        tab.list.selectionModel().select(tab.history.index(row, 0), QItemSelectionModel.SelectionFlag.Select)
    tab.run_button.click()
    assert ran == ["sample hsb", "mixed mathach ses || id:"]
    tab.copy_button.click()
    assert QGuiApplication.clipboard().text() == "sample hsb\nmixed mathach ses || id:"
    tab.list.doubleClicked.emit(tab.history.index(1, 0))
    assert tab.bar.text() == "mixed mathach sess || id:"
    settled()
    tab.grab()
    tab.close()


def test_an_empty_history_says_so() -> None:
    tab = HistoryTab(HistoryModel())
    tab.resize(400, 300)
    tab.show()
    assert tab.list.isHidden() and not tab.save_button.isEnabled()
    tab.history.add("sample hsb")
    assert not tab.list.isHidden() and tab.save_button.isEnabled()
    tab.close()
