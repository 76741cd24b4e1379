"""The self-test where something is wrong, and the page of Help that runs it apart."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import FakeSession
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel
from shiboken6 import isValid
from waiting import show, wait_idle, wait_until

from terrace_desktop.app import self_test
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.upkeep import check_page
from terrace_desktop.upkeep.check_page import CheckPage
from terrace_desktop.upkeep.step_lines import PUBLISHED, STEPS, StepLine, StepLines, read_lines


def run(tmp_path: Path, change: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys\nfrom terrace_desktop.app import self_test\nfrom terrace_desktop.app.app import main\n"
        f"{change}\nsys.exit(main(['--self-test', '--unseen', *{arguments!r}]))"
    )
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=240, check=False
    )  # fmt: skip


def test_the_step_that_fails_is_named(tmp_path: Path) -> None:
    report = tmp_path / "Prüfung eins" / "report.txt"
    report.parent.mkdir()
    done = run(tmp_path, "self_test.COEFFICIENTS = {'days': 10.5}", "--report", str(report))
    assert done.returncode == 1
    told = report.read_text(encoding="utf-8")
    assert told == done.stdout and told.endswith("Self-test failed: Compare it with published numbers.\n")
    lines = list(read_lines(told))
    assert [(line.key, line.passed) for line in lines] == [
        ("start", True), ("sample", True), ("fit", True), ("numbers", False),
    ]  # fmt: skip
    assert lines[-1].told == "coefficient of days 10.4673 instead of 10.500"
    assert list(tmp_path.iterdir()) == [report.parent], "nothing else is left behind"


def test_it_ends_in_time(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "held"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "held").mkdir()
    monkeypatch.setattr(self_test, "LIMIT", 1)
    ended: list[int] = []
    monkeypatch.setattr(self_test, "QApplication", SimpleNamespace(exit=ended.append))
    window = MainWindow(settings, FakeSession)
    show(window)
    window.begin()
    wait_idle(window.controller)
    test = self_test.SelfTest(window, StepLines(tmp_path / "r.txt"))
    window.controller.run("wait")  # until it is cancelled
    test.begin()
    wait_until(lambda: bool(ended), "the end")
    assert ended == [1] and test.status == 1 and not window.isVisible()
    assert list(read_lines((tmp_path / "r.txt").read_text())) == [StepLine("sample", False, "it took too long")]
    assert list((tmp_path / "held").iterdir()) == []
    window.deleteLater()


def test_one_whose_window_hangs_is_ended(tmp_path: Path) -> None:
    report = tmp_path / "r.txt"
    code = (
        "import sys, threading\nfrom terrace_desktop.upkeep import step_lines\nstep_lines.GRACE = 0.1\n"
        "step_lines.StepLines(sys.argv[1]).begin(0.1)\nthreading.Event().wait(60)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(report)], capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert report.read_text(encoding="utf-8").endswith("Self-test failed: it did not end in time.\n")


def test_without_a_console_the_file_has_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)  # as in a frozen program for windows
    lines = StepLines(tmp_path / "r.txt")
    lines.begin()
    lines.passed("fit", 0.25)
    lines.failed("word", "no (such) file\nat all")
    lines.end("word")
    assert list(read_lines((tmp_path / "r.txt").read_text(encoding="utf-8"))) == [
        StepLine("fit", True, "0.2 s"), StepLine("word", False, "no (such) file at all"),
    ]  # fmt: skip


@pytest.mark.parametrize("altered", [(), ("core.py",)])
def test_the_published_numbers_can_be_compared_without_a_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], altered: tuple[str, ...]
) -> None:
    from terrace.validation import carry_out
    from terrace.validation.installation import Component, Installation
    from terrace.validation.report import Validation
    from terrace.validation.run import run as run_cases
    from terrace_desktop.app.app import main

    def few(**_: object) -> Validation:
        import datetime as dt

        found = []
        for verdict in run_cases():
            found.append(verdict)
            if len(found) == 2:
                break
        libraries = (Component("numpy", "1", "0", 3, altered),)
        return Validation(Installation("1", "0", (), libraries), tuple(found), dt.datetime.now().astimezone())

    monkeypatch.setattr(carry_out, "validate", few)
    report = tmp_path / "r.txt"
    status = main(["--validate", "--report", str(report)])
    told = report.read_text(encoding="utf-8")
    (line,) = read_lines(told)
    assert capsys.readouterr().out == told
    assert status == bool(altered) and ("altered: numpy: core.py" in told) is bool(altered)
    assert line.key == PUBLISHED and line.passed is (status == 0) and "of 2 models" in line.told


def test_a_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_page.command("--self-test")[1:] == ["-m", "terrace_desktop.app.app", "--self-test"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert check_page.command("--self-test") == [sys.executable, "--self-test"]


# --- the page --------------------------------------------------------------------------------------------------
WRITES = """
import sys
from terrace_desktop.upkeep.step_lines import STEPS, StepLines
report, failing, published = sys.argv[1:]
lines = StepLines(report)
lines.begin()
for key in STEPS:
    if key == failing:
        lines.failed(key, "the disk is full")
        sys.exit(1)
    lines.passed(key, 0.1)
lines.end("")
if published:
    open(report, "a").write("passed  published (Compared 2 numbers of 1 models: all agree.)\\n")
"""


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., CheckPage]]:
    """The page over processes that only write the lines."""
    made: list[CheckPage] = []

    def new(failing: str = "", code: str = WRITES) -> CheckPage:
        def command(*arguments: str) -> list[str]:
            published = "yes" if "--validate" in arguments else ""
            return [sys.executable, "-c", code, arguments[-1], failing, published]

        monkeypatch.setattr(check_page, "command", command)
        made.append(CheckPage(None))
        show(made[-1])
        return made[-1]

    yield new
    for widget in made:
        if isValid(widget):
            widget.close()


def test_the_page_ticks_each_step(page: Callable[..., CheckPage]) -> None:
    shown = page()
    folder = Path(shown._folder.name)
    wait_until(shown.again_button.isEnabled, "the check")
    signs = {key: shown.findChild(QLabel, f"check_sign_{key}") for key in (*STEPS, PUBLISHED)}
    assert {sign.accessibleDescription() for sign in signs.values()} == {"passed"}
    assert all(not sign.pixmap().isNull() for sign in signs.values())
    assert shown.findChild(QLabel, f"check_told_{PUBLISHED}").text() == "Compared 2 numbers of 1 models: all agree."
    assert shown.verdict.text() == "Everything works on this computer."
    shown.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("Terrace ") and len(list(read_lines(copied))) >= len(STEPS) + 1
    shown.close_button.click()
    assert not folder.exists()


def test_the_page_names_what_failed_and_checks_again(page: Callable[..., CheckPage]) -> None:
    shown = page("word")
    wait_until(shown.again_button.isEnabled, "the check")
    told = shown.findChild(QLabel, "check_told_word")
    assert told.isVisible() and told.text() == "the disk is full"
    assert shown.findChild(QLabel, "check_sign_word").accessibleDescription() == "failed"
    assert "does not work as it should" in shown.verdict.text()
    after = [*STEPS, PUBLISHED][list(STEPS).index("word") + 1 :]
    for key in after:  # the self-test ends at what fails
        assert shown.findChild(QLabel, f"check_told_{key}").text() == "Not tried."
        assert shown.findChild(QLabel, f"check_sign_{key}").pixmap().isNull()
    wait_until(lambda: not told.visibleRegion().isEmpty(), "the step that failed")
    shown.again_button.click()
    assert shown.verdict.text() == "Checking…" and told.isHidden()
    assert all(shown.findChild(QLabel, f"check_told_{key}").isHidden() for key in STEPS)
    wait_until(shown.again_button.isEnabled, "the second check")


WAITS = """
import sys, threading
from terrace_desktop.upkeep.step_lines import StepLines
lines = StepLines(sys.argv[1])
lines.passed("start", 0.1)
lines.passed("sample", 0.1)
threading.Event().wait(60)
"""


def test_the_step_that_is_tried_has_a_sign(page: Callable[..., CheckPage]) -> None:
    shown = page(code=WAITS)
    signs = {key: shown.findChild(QLabel, f"check_sign_{key}") for key in (*STEPS, PUBLISHED)}
    wait_until(lambda: signs["fit"].accessibleDescription() == "running", "the third step")
    states = {key: sign.accessibleDescription() for key, sign in signs.items() if sign.accessibleDescription()}
    assert states == {"start": "passed", "sample": "passed", "fit": "running"}
    assert not signs["fit"].pixmap().isNull() and signs["numbers"].pixmap().isNull()


@pytest.mark.parametrize("zoom", [100, 150, 200])
def test_the_page_grows_with_its_text_up_to_the_screen(page: Callable[..., CheckPage], zoom: int) -> None:
    manager = theme.manager()
    before = manager.zoom
    manager.set_zoom(zoom)
    try:
        shown = page()
        room = shown.screen().availableGeometry()
        assert shown.width() == min(round(680 * zoom / 100), room.width() - 16)
        assert shown.height() == min(round(640 * zoom / 100), room.height() - 48)
        wait_until(shown.again_button.isEnabled, "the check")
    finally:
        manager.set_zoom(before)


def test_a_program_that_does_not_start_is_told(page: Callable[..., CheckPage], monkeypatch) -> None:
    shown = page()
    wait_until(shown.again_button.isEnabled, "the check")
    monkeypatch.setattr(check_page, "command", lambda *_: ["/nowhere/terrace"])
    shown.again_button.click()
    wait_until(shown.again_button.isEnabled, "the end")
    assert "does not work as it should" in shown.verdict.text()


def test_closing_the_page_ends_the_check(page: Callable[..., CheckPage]) -> None:
    shown = page(code="import threading; threading.Event().wait(60)")
    process = shown._process
    assert process is not None
    wait_until(lambda: process.processId() > 0, "the process")
    number = process.processId()
    shown.close()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
