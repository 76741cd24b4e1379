"""A disk that fails under every writer: the old file stays as it was, the error says why, and nothing is left over."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from command_examples import examples, found, prepared
from fault_support import Writer, failing, files, room, writers

from terrace.data.readers.build import from_frame
from terrace.disk import writing
from terrace.session.effects import Effect
from terrace.session.session import Session
from terrace.session.state import State

posix = pytest.mark.skipif(os.name == "nt", reason="limits and signals of POSIX")
WRITERS = [pytest.param(w, id=w.name) for w in writers()]
KILLS = Path(__file__).with_name("kills.py")
MAKE_NO_FILE = ("mkdir", "erase", "log close", "log off")
FILING = [
    e for e in examples()
    if found(e[-1]).effects & (Effect.FILES | Effect.SAVES) and found(e[-1]).name not in MAKE_NO_FILE
]  # fmt: skip
OLD = b"the file from before\n"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("prepared")
    before = Path.cwd()
    os.chdir(folder)
    yield prepared(folder)
    os.chdir(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    return made


def written(writer: Writer, session: Session, folder: Path) -> int:
    """Writes it where nothing fails; its size."""
    assert writer.run(session, folder / writer.file) == ""
    assert [*files(folder)] == [writer.file]
    return (folder / writer.file).stat().st_size


@posix
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")  # a traceback on the screen
@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_leaves_the_old_file(writer: Writer, session: Session, folder: Path) -> None:
    most = written(writer, session, folder) * 9 // 10  # archives differ by some bytes from one second to the next
    (folder / writer.file).write_bytes(OLD)
    for left in (0, 1, most // 2, most) if writer.name.startswith(("save", "log")) else (0, most):
        with room(left):
            said = writer.run(session, folder / writer.file)
        now = files(folder)
        if writer.name == "log using":  # what it had until then is kept beside, where it had more than its head
            now.pop(f"{writer.file}.unfinished", b"")
            (folder / f"{writer.file}.unfinished").unlink(missing_ok=True)
        assert "disk is full" in said and now == {writer.file: OLD}, (left, said)
    gc.collect()


@posix
@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_that_fails_does_not_call_the_collector(writer: Writer, session: Session, folder: Path) -> None:
    """In the window it runs on the worker's thread, where no widget may be deleted that ended in a cycle."""
    calls: list[str] = []

    def heard(phase: str, _about: dict[str, int]) -> None:
        calls.append(phase)

    most = written(writer, session, folder) * 9 // 10
    gc.collect()
    gc.disable()  # what is heard now, somebody called for
    gc.callbacks.append(heard)
    try:
        with room(most):
            said = writer.run(session, folder / writer.file)
    finally:
        gc.callbacks.remove(heard)
        gc.enable()
    assert "disk is full" in said and calls == []


@posix
@pytest.mark.parametrize("ending", [".dta", ".sav", ".zsav"])
def test_no_room_is_too_little_to_be_told(ending: str, session: Session, folder: Path) -> None:
    """ReadStat takes a write that fails for one that went well: so it is at the end of each piece that it writes."""
    writer = next(w for w in writers() if w.name == f"save {ending}")
    size = written(writer, session, folder)
    (folder / writer.file).write_bytes(OLD)
    for left in {*range(0, size, 83), *range(max(0, size - 60), size)}:
        with room(left):
            said = writer.run(session, folder / writer.file)
        assert "disk is full" in said and files(folder) == {writer.file: OLD}, left
    assert written(writer, session, folder) == size


WORDS = {
    "ENOSPC": "the disk is full", "EDQUOT": "your quota on this disk is used up", "EIO": "the disk reports an error",
    "EROFS": "the disk is read-only", "ESTALE": "the network drive cannot be reached", "EACCES": "permission denied",
}  # fmt: skip


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_call_that_fails_leaves_the_old_file(
    writer: Writer, call: str, session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / writer.file).write_bytes(OLD)
    for name in [*WORDS] if writer.file in ("d.csv", "o.json") else ["EIO"]:
        with monkeypatch.context() as patch:
            patch.setattr(writing.os, call, failing(getattr(errno, name)))
            said = writer.run(session, folder / writer.file)
        assert WORDS[name] in said and writer.file in said
        assert files(folder) == {writer.file: OLD}


@pytest.mark.parametrize("example", FILING)
def test_no_command_writes_past_the_room(
    example: tuple[str, ...], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no file can take its place, a command that is declared to write files leaves them all as they were."""
    state = session.state
    for ready in example[:-1]:
        assert session.run(ready).ok
    before = files(Path.cwd())
    monkeypatch.setattr(writing.os, "replace", failing(errno.EIO))
    outcome = session.run(example[-1])
    assert files(Path.cwd()) == before
    assert outcome.ok or "the disk reports an error" in outcome.error[1]  # ok: a graph without saving()
    session.state = state


@posix
def test_a_process_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    """Ten here; three hundred in the long run (`python3 tests/long.py --only kills`)."""
    seen = subprocess.run([sys.executable, KILLS, tmp_path, "7", "10"], capture_output=True, text=True, check=False)
    assert seen.returncode == 0 and seen.stdout.startswith("10 kills"), seen.stderr


@posix
def test_two_processes_on_one_file_leave_one_of_their_files(tmp_path: Path) -> None:
    seen = subprocess.run(
        [sys.executable, KILLS, tmp_path, "7", "4", "--pairs"], capture_output=True, text=True, check=False
    )
    assert seen.returncode == 0 and "files of two processes" in seen.stdout, seen.stderr


@pytest.mark.parametrize("name", [".", "..", "/", "./."])
@pytest.mark.parametrize("command", [
    "project save {}", "project use {}", "save {}, replace", "use {}, clear", "estimates save {}, replace",
    "estimates use {}", "log using {}", "report {}, replace", "export delimited using {}, replace", "do {}",
    "datasignature set, reset saving({}, replace)", "bootstrap, reps(2) saving({}, replace): regress y x",
])  # fmt: skip
def test_a_folder_is_told_from_a_file(command: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = Session(State(dataset=from_frame(pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [2.0, 1, 4, 3]}))))
    assert session.run("regress y x").ok
    outcome = session.run(command.format(name))
    assert outcome.error is not None and outcome.error[0] != "internal", outcome.error
    assert list(tmp_path.iterdir()) == []
