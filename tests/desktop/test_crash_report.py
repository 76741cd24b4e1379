"""What a crash leaves, what the next start says of it, and a report without data that its user sends or does not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fakes import FakeSession
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QPushButton
from shiboken6 import isValid
from waiting import settled, show, wait_idle, wait_until

from terrace.session import registry
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.settings import Settings
from terrace_desktop.upkeep import crash_page
from terrace_desktop.upkeep.crash_page import LONGEST_MAIL, CrashPage, mail_address
from terrace_desktop.upkeep.crash_text import Crash, crash_text, hidden_names, what_crashed, what_failed
from terrace_desktop.upkeep.installation import Installation
from terrace_desktop.work import logs, session_port

COMMANDS = (
    'mixed reaction i.clinic c.age##c.age if iq > 95 & name == "Ann Smith" || id: days, cov(un) reml',
    "generate lreaction = log(reaction) + 3.25", "drop clinic", "estat icc",
)  # fmt: skip
CRASHES = """
import faulthandler, sys
from terrace_desktop.work import logs
logs.start_logs()
for command in sys.argv[2:]:
    logs.note_command(command)
if sys.argv[1] == "crash":
    faulthandler._sigsegv()
if sys.argv[1] == "kill":
    import os
    os._exit(9)
logs.end_logs()
"""
FOUND = Crash("Terrace 0.1.0, 2026-11-30 20:15", COMMANDS, "Fatal Python error: Aborted", True)


@pytest.fixture
def known() -> dict[str, str]:
    registry.load()
    return session_port.known_commands()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TERRACE_LOGS", str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    import logging

    root = logging.getLogger()
    had, levels = [*root.handlers], {n: logging.getLogger(n).level for n in ("", "terrace", "terrace_desktop")}
    yield
    logs.end_logs()
    for handler in [h for h in root.handlers if h not in had]:
        root.removeHandler(handler)
        handler.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def ended(how: str, *commands: str) -> None:
    """A program that has come to its end, with its logs where the environment says."""
    done = subprocess.run([sys.executable, "-c", CRASHES, how, *commands], capture_output=True, timeout=60, check=False)
    assert (done.returncode == 0) is (how == "end")


# --- what is left ----------------------------------------------------------------------------------------------
def test_a_crash_is_remembered_for_the_next_start_with_its_commands(folder: Path) -> None:
    ended("crash", *COMMANDS)
    noted = logs.start_logs()
    found = what_crashed(noted)
    assert found.crashed and found.program.startswith("Terrace ")
    assert found.commands[0] == (
        'mixed reaction i.clinic c.age##c.age if iq > # & name == "..." || id: days, cov(un) reml'
    )
    assert found.commands[1] == "generate lreaction = log(reaction) + #"
    assert found.trace.startswith("Fatal Python error: Segmentation fault") and "most recent call first" in found.trace
    assert "Ann" not in noted and "95" not in noted and "3.25" not in noted
    assert "Segmentation fault" in logs.log_path().read_text(encoding="utf-8")
    logs.end_logs()
    assert logs.start_logs() == "", "it is told once"


@pytest.mark.parametrize("how", ["end", "kill"])
def test_other_ends_are_no_crash_and_leave_nothing(folder: Path, how: str) -> None:
    ended(how, *COMMANDS)
    assert bool(list(folder.glob("running-*"))) is (how == "kill")
    assert logs.start_logs() == ""
    assert [p.name for p in folder.glob("running-*")] == [f"running-{os.getpid()}.txt"]
    logs.end_logs()
    assert not list(folder.glob("running-*"))


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the system keeps a file that is in use")
def test_the_notes_of_a_window_that_runs_stay(folder: Path) -> None:
    other = folder / f"running-{os.getppid()}.txt"
    other.write_text("Terrace 0.1.0\n. summarize x\n", encoding="utf-8")
    assert logs.start_logs() == "" and other.exists()


@pytest.mark.parametrize("number", ["9" * 30, "²", "x"])
def test_notes_under_a_name_that_no_process_has_are_of_none_that_runs(folder: Path, number: str) -> None:
    (folder / f"running-{number}.txt").write_text("Terrace 0.1.0\nFatal Python error: Aborted\n", encoding="utf-8")
    assert "Aborted" in logs.start_logs() and not list(folder.glob(f"running-{number}.txt"))


def test_long_commands_and_lines_are_noted_in_one_line(folder: Path) -> None:
    logs.start_logs()
    logs.note_command("list " + " ".join(f"v{k}" for k in range(500)))
    logs.note_command("list a\n  b")
    first, second = logs.noted().splitlines()[1:]
    assert len(first) < 310 and second == ". list a b"


# --- what is told ----------------------------------------------------------------------------------------------
def test_names_of_variables_are_hidden_unless_wanted(known: dict[str, str]) -> None:
    hidden = hidden_names(what_crashed("\n".join(["Terrace", *(f". {c}" for c in COMMANDS)])).commands, known)
    assert hidden[0].startswith("mixed v1 i.v2 c.v3##c.v3 if v4 > ")
    assert hidden[0].endswith("cov(un) reml")
    assert hidden[1].startswith("generate v") and "= log(v1) +" in hidden[1]
    assert hidden[2:] == ("drop v2", "estat icc")
    text = crash_text(FOUND, known)
    assert not any(word in text for word in ("reaction", "clinic", "iq", "days", "id:"))
    assert "clinic" in crash_text(FOUND, known, names=True)


def test_the_report_has_no_folder_of_the_user(known: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/jane.doe"))
    trace = 'File "/home/jane.doe/apps/terrace/x.py", line 3'
    text = crash_text(what_failed(trace, ""), known, doing="I clicked Fit.")
    assert 'File "~/apps/terrace/x.py", line 3' in text and "jane" not in text
    assert "I clicked Fit." in text and "An unforeseen error" in text


def test_a_mail_that_would_be_too_long_is_pasted() -> None:
    def body(address: str) -> str:
        parts = urlsplit(address)
        assert parts.scheme == "mailto" and parts.path == "help@example.org"
        return parse_qs(parts.query, strict_parsing=True)["body"][0]

    short = "Größe & more? = 100%\n# two"
    assert body(mail_address("help@example.org", "A & b", short, "paste")) == short
    assert body(mail_address("help@example.org", "A & b", "x" * (LONGEST_MAIL + 1), "paste")) == "paste"


# --- the page --------------------------------------------------------------------------------------------------
@pytest.fixture
def page(known: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[CrashPage]:
    monkeypatch.setattr(crash_page, "installation", lambda: Installation(mail="help@example.org"))
    shown = CrashPage(None, FOUND, known)
    show(shown)
    yield shown
    if isValid(shown):
        shown.close()


def test_what_is_sent_is_what_is_seen(page: CrashPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert page.text.isReadOnly() and "clinic" not in page.report()
    page.names.click()
    assert "clinic" in page.report()
    page.names.click()
    assert "clinic" not in page.report()
    page.doing.setText("I clicked Fit.")
    page.findChild(QPushButton, "crash_copy").click()
    assert QGuiApplication.clipboard().text() == page.report() and "I clicked Fit." in page.report()
    path = tmp_path / "report.txt"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: str(path))
    page.findChild(QPushButton, "crash_save").click()
    assert path.read_text(encoding="utf-8") == page.report() and page.told.text() == "report.txt written"
    path.unlink()
    path.mkdir()
    page.findChild(QPushButton, "crash_save").click()
    assert "report.txt" in page.told.text() and "written" not in page.told.text().split(".txt", 1)[1][:9]


@pytest.mark.parametrize("opens", [True, False])
def test_a_mail_is_written_by_the_users_own_program(
    page: CrashPage, monkeypatch: pytest.MonkeyPatch, opens: bool
) -> None:
    gone: list[str] = []

    def open_url(url: object) -> bool:
        gone.append(url.toString(url.ComponentFormattingOption.FullyEncoded))  # type: ignore[attr-defined]
        return opens

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    page.mail_button.click()
    assert gone[0].startswith("mailto:help@example.org?subject=Terrace%20report&body=")
    assert QGuiApplication.clipboard().text() == page.report()
    assert ("has opened" if opens else "help@example.org") in page.told.text()


def test_without_an_address_nothing_offers_to_mail(known: dict[str, str]) -> None:
    shown = CrashPage(None, FOUND, known)
    show(shown)
    assert shown.mail_button.isHidden()
    shown.close()


# --- the window ------------------------------------------------------------------------------------------------
@pytest.fixture
def window(settings: Settings) -> Iterator[MainWindow]:
    made = MainWindow(settings, FakeSession)
    show(made)
    made.begin()
    wait_idle(made.controller)
    yield made
    made.close()
    made.deleteLater()


def test_the_next_start_offers_to_see_what_happened(window: MainWindow) -> None:
    window.failures.crashed("", window.notices)
    assert window.notices.isHidden()
    window.failures.crashed("Terrace 0.1.0\n. summarize clinic\nFatal Python error: Aborted", window.notices)
    assert "stopped unexpectedly" in window.notices.message("crash")
    window.notices.clear()  # a project is opened
    window.notices.findChild(QPushButton, "crash_see").click()
    (page,) = window.findChildren(CrashPage)
    assert "Fatal Python error: Aborted" in page.report() and "summarize v1" in page.report()
    page.accept()
    settled()


def test_an_error_that_was_caught_gives_the_same_report(window: MainWindow, folder: Path) -> None:
    logs.start_logs()
    relay = logs.ExceptionRelay()
    relay.told.connect(window.failures.show)
    window.controller.run("sample small")
    wait_idle(window.controller)
    value = "'John" + " Smith'"  # source stands in a report, values do not
    try:
        raise ValueError(f"could not convert string to float: {value}")
    except ValueError as error:
        relay._hook(ValueError, error, error.__traceback__)
    wait_until(lambda: bool(window.findChildren(dialogs.FailureDialog)), "the dialog")
    (dialog,) = window.findChildren(dialogs.FailureDialog)
    dialog.findChild(QPushButton, "failure_report").click()
    (page,) = window.findChildren(CrashPage)
    text = page.report()
    assert "John Smith" not in text and "ValueError: could not convert string to float ..." in text
    assert "test_an_error_that_was_caught_gives_the_same_report" in text and "  sample " in text
    page.accept()
    dialog.accept()
    settled()
