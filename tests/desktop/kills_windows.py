"""Kills windows while their users work: ``python tests/desktop/kills_windows.py FOLDER SEED COUNT [SECONDS]``.

Two windows at a time, each in a fork of this process, share settings and the place of their journals. Each changes a
value, writes a note, builds a model, and saves its project now and then, and tells through a pipe what it has done,
when, and what its journal had by then. Both are killed at one random moment. What the next start finds must be whole
and have all that had been kept; with SECONDS also all that was done longer than that before the kill.
"""

from __future__ import annotations

import os
import random
import select
import signal
import struct
import sys
import time
import traceback
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from PySide6.QtCore import QTimer

import terrace.session.project.file
import terrace.session.project.journal  # noqa: F401 - loaded once for all forks
from terrace.session.project.file import open_project
from terrace.session.project.journal import latest, list_recoverable
from terrace.session.registry import load
from terrace_desktop.app import app as desktop_app
from terrace_desktop.app.window import MainWindow
from terrace_desktop.project.rescue import drop
from terrace_desktop.ui.settings import Settings

PAUSE = 80  # ms between two changes
LEAST, MOST, LONG = 0.3, 1.5, 4.0  # seconds of work until the kill; the last where age counts
RECORD = struct.Struct("<cqd")  # what (D done, K kept), its number, when


class User:
    """Works in a window: one change after the other, each with a number."""

    def __init__(self, folder: Path, name: str, writing: int) -> None:
        self.window = MainWindow(Settings(folder / f"{name}.json"), journals=folder / "windows")
        self._file, self._pipe, self._done, self._put = folder / f"{name}.terrace", writing, 0, 0
        autosave = self.window.projects.autosave
        assert autosave is not None
        work = autosave._work

        def told() -> object:
            self._put = self._done
            return work()

        autosave._work = told
        autosave.kept.connect(lambda: self._tell(b"K", self._put))
        self.window.show()
        self.window.begin()
        self.window.when_ready(lambda: self.window.controller.run("sample winer43", lambda _o: self._next()))

    def _tell(self, what: bytes, number: int) -> None:
        os.write(self._pipe, RECORD.pack(what, number, time.monotonic()))

    def _next(self) -> None:
        number = self._done + 1

        def done(outcome: object) -> None:
            assert getattr(outcome, "ok", False), outcome
            self._done = number
            self._tell(b"D", number)
            QTimer.singleShot(PAUSE, self._next)

        run = self.window.controller.run
        if number % 10 == 3:
            run(f'outline note "note {number}"')
        elif number % 10 == 6:
            self.window.models.open_builder(None)
            assert self.window.models.builder is not None
            self.window.models.builder.state.start_from("null")
        elif number % 10 == 8:
            run(f'project save "{self._file}", replace')
        run(f"replace score = {number} in 1", done)


def working(folder: Path, name: str) -> tuple[int, int]:
    """The number of a process in which somebody works, and its pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        os.close(reading)
        os.environ["TERRACE_LOGS"] = str(folder)
        sys.excepthook = lambda *error: (traceback.print_exception(*error), os._exit(1))
        application = desktop_app.make_application()
        user = User(folder, name, writing)
        application.exec()
        del user
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def records(reading: int) -> list[tuple[bytes, int, float]]:
    """What a window that is dead had told."""
    with os.fdopen(reading, "rb") as stream:
        raw = stream.read()
    whole = len(raw) - len(raw) % RECORD.size
    return [RECORD.unpack_from(raw, at) for at in range(0, whole, RECORD.size)]


def checked(folder: Path, told: list[tuple[bytes, int, float]], end: float) -> float:
    """How old the oldest change is that is lost, in seconds; 0 where none is. Raises `AssertionError`."""
    done = {number: when for what, number, when in told if what == b"D"}
    kept = max((number for what, number, _ in told if what == b"K"), default=0)
    found = latest(folder) if folder.exists() else None
    number = 0
    if found is not None:
        project, lost = found
        assert lost == (), lost
        data = project.state.dataset
        assert data is not None
        number = int(data.numeric("score")[0]) if any(o.type == "replace" for o in project.history) else 0
        notes = {i.text for i in project.state.document if i.kind == "note"}
        assert {f"note {n}" for n in range(3, number, 10)} <= notes, (number, notes)
    assert kept <= number <= max(done, default=0) + 1, (kept, number, max(done, default=0))
    missing = [when for n, when in done.items() if n > number]
    return end - min(missing) if missing else 0.0


def kills(folder: Path, seed: int, count: int, seconds: float | None) -> str:
    """Kill `count` windows, two at a time; what was seen. Raises `AssertionError`."""
    load()
    chance, worst, most = random.Random(seed), 0.0, 0
    journals = folder / "windows"
    for _ in range((count + 1) // 2):
        windows = [working(folder, name) for name in ("one", "two")]
        for _child, reading in windows:
            select.select([reading], [], [], 60)
        time.sleep(chance.uniform(LEAST, MOST if seconds is None else LONG))
        end = time.monotonic()
        for child, _reading in windows:
            os.kill(child, signal.SIGKILL)
        for child, _reading in windows:
            _, status = os.waitpid(child, 0)
            assert os.WIFSIGNALED(status), f"a window ended by itself (seed {seed})"
        offered = {r.folder for r in list_recoverable(journals)}
        for name, (child, reading) in zip(("one", "two"), windows):
            told = records(reading)
            mine = next((f for f in journals.iterdir() if f"-{child}-" in f.name), journals / "none")
            assert mine in offered or latest(mine) is None
            age = checked(mine, told, end)
            worst, most = max(worst, age), max(most, len(told))
            assert seconds is None or age <= seconds, f"a change of {age:.2f} s before is lost (seed {seed})"
            if (folder / f"{name}.terrace").exists():
                project, file = open_project(folder / f"{name}.terrace")
                assert file.lost == () and project.state.dataset is not None
        for left in list(journals.iterdir()):
            drop(left)
    left = [p.name for p in folder.iterdir() if p.name.startswith(".") and not p.name.endswith(".lock")]
    return f"{count} windows were killed at work; nothing older than {worst:.2f} s was lost, left beside: {len(left)}"


if __name__ == "__main__":
    limit = float(sys.argv[4]) if len(sys.argv) > 4 else None
    print(kills(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), limit))
