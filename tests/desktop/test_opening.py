"""What the system hands to the program: a project or a file of data, as an argument or an event; old projects."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QPushButton
from waiting import show, wait_idle, wait_until

from terrace.disk.held import Held, hold_file
from terrace.sealed import seal
from terrace.session.project.codec import as_bytes
from terrace.session.project.file import KIND
from terrace.session.project.migrations import FORM
from terrace.session.project.parts import Project, parts_of
from terrace.session.session import Session
from terrace.version import __version__
from terrace_desktop.app import app
from terrace_desktop.app.opened_files import Application
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui.settings import Settings

GOLDEN = Path(__file__).resolve().parents[1] / "projects" / "terrace-0.1.0.terrace"


@pytest.fixture
def window(settings: Settings) -> Iterator[MainWindow]:
    made = MainWindow(settings)
    show(made)
    made.begin()
    wait_idle(made.controller)
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder as people have them."""
    folder = tmp_path / "Müller & Söhne (neu)"
    folder.mkdir()
    return folder


def start_with(window: MainWindow, *arguments: str) -> None:
    """What the program does with its arguments."""
    app.open_first(window, app.parse_arguments(arguments))
    wait_idle(window.controller)


def test_a_project_opens_by_its_path(window: MainWindow, place: Path) -> None:
    path = place / "Größe 1.terrace"
    shutil.copy(GOLDEN, path)
    start_with(window, str(path))
    assert window.controller.snapshot.file is not None and window.controller.snapshot.file.path == path
    assert len(window.controller.snapshot.document.models()) == 2 and not window.places.on_start()
    assert window.settings.projects() == [str(path)]


def test_a_file_of_data_opens_by_a_path_from_here(window: MainWindow, place: Path, monkeypatch) -> None:
    session = Session()
    assert session.run("sample sleepstudy").ok and session.run(f'save "{place / "my data.dta"}"').ok
    monkeypatch.chdir(place)
    start_with(window, "my data.dta")
    assert window.controller.snapshot.dataset is not None and len(window.controller.snapshot.dataset) == 180


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("notes.pdf", b"%PDF-1.7", "notes.pdf"), ("none.terrace", None, "is not there"),
        ("odd.terrace", b"a,b\n1,2\n", "is not a Terrace project"), ("gone.dta", None, "gone.dta"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_says_so(
    window: MainWindow, place: Path, name: str, content: bytes | None, told: str
) -> None:
    if content is not None:
        (place / name).write_bytes(content)
    start_with(window, str(place / name))
    assert window.places.on_start()
    errors = [w.text() for w in window.start.findChildren(type(window.start._title)) if told in w.text()]
    assert errors, "the start page says why"


def test_a_project_that_another_window_has_is_for_reading(window: MainWindow, place: Path) -> None:
    path = place / "ours.terrace"
    shutil.copy(GOLDEN, path)
    held = hold_file(path)
    assert isinstance(held, Held)
    start_with(window, str(path))
    file = window.controller.snapshot.file
    assert file is not None and file.read_only and window.projects.words() == "Read-only"
    told = window.notices.message("project")
    assert "is open elsewhere" in told and str(held.holder) in told
    held.release()


def test_macos_hands_files_over_by_an_event(qapp: QApplication, window: MainWindow, place: Path) -> None:
    assert isinstance(qapp, Application)
    first, path = place / "first.terrace", place / "zweite Größe.terrace"
    shutil.copy(GOLDEN, path)
    for waits in (first, path):  # before the window can open anything
        QApplication.sendEvent(qapp, QFileOpenEvent(QUrl.fromLocalFile(str(waits))))
    assert window.controller.snapshot.file is None
    qapp.open_with(window.open_beside)
    wait_until(lambda: window.controller.snapshot.file is not None, "the project")
    assert window.controller.snapshot.file.path == path
    other = place / "third.terrace"
    shutil.copy(GOLDEN, other)
    QApplication.sendEvent(qapp, QFileOpenEvent(str(other)))
    wait_until(lambda: window.controller.snapshot.file.path == other, "the other project")
    wait_idle(window.controller)
    qapp.open_with(None)


# --- projects of other versions --------------------------------------------------------------------------------
def of_version(path: Path, program: str) -> Path:
    """A project as that version of the program has saved it, with one model."""
    session = Session()
    for command in ("sample sleepstudy", "mixed reaction days || subject:"):
        assert session.run(command).ok
    parts = parts_of(Project.of(session))
    about = {**json.loads(parts["project.json"]), "program": program}
    path.write_bytes(seal(KIND, FORM, {**parts, "project.json": as_bytes(about)}))
    return path


def test_models_of_an_earlier_version_can_be_fitted_again(window: MainWindow, place: Path) -> None:
    start_with(window, str(of_version(place / "old.terrace", "0.0.1")))
    assert "was saved by Terrace 0.0.1" in window.notices.message("project")
    again = window.notices.findChild(QPushButton, "notice_refit")
    assert again is not None
    again.click()
    wait_idle(window.controller)
    assert window.controller.history.entries[-1].command == "refit _all"
    assert window.controller.history.entries[-1].state == "ok"


@pytest.mark.parametrize("program", ["99.0", __version__])
def test_those_of_a_later_version_say_so_and_those_of_this_one_nothing(
    window: MainWindow, place: Path, program: str
) -> None:
    start_with(window, str(of_version(place / "p.terrace", program)))
    told = window.notices.message("project")
    assert ("a later version than this one" in told) is (program != __version__) and bool(told) is (
        program != __version__
    )
    assert window.notices.findChild(QPushButton, "notice_refit") is None
