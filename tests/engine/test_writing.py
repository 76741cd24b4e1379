"""The room that writes files: where it writes, what it leaves, and what it refuses."""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_examples import made
from fault_support import failing

from terrace.data import formats
from terrace.data.write import write
from terrace.data.writers.verify import read_back
from terrace.disk import leftovers, reasons
from terrace.disk.appending import add_text, add_to_log, begin_log
from terrace.disk.leftovers import sweep
from terrace.disk.stamps import changed, note
from terrace.disk.writing import other_names, replacing, write_bytes, write_text
from terrace.errors import Cancelled, DataError
from terrace.session.session import Session

posix = pytest.mark.skipif(os.name == "nt", reason="links, permissions and pipes of POSIX")


def code(path: Path, *, replace: bool = True) -> str:
    with pytest.raises(DataError) as caught:
        write_text(path, "new", replace=replace)
    assert caught.value.advice and not caught.value.message.endswith("..")
    return caught.value.code


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


# --- where ------------------------------------------------------------------------------------------------------
@posix
def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.mkdir()
    (far / "file").write_text("old")
    for link, to in (("absolute", far / "file"), ("relative", Path("far/file")), ("dangling", far / "none yet")):
        (tmp_path / link).symlink_to(to)
        assert write_text(tmp_path / link, link) == tmp_path / link
        assert (tmp_path / link).is_symlink() and (tmp_path / link).read_text() == link
    assert names(far) == ["file", "none yet"]


@posix
def test_a_round_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert code(tmp_path / "a") == "cannot-write"


@posix
def test_other_names_of_the_file_keep_the_old_one_and_that_is_told(tmp_path: Path) -> None:
    path = write(made(), tmp_path / "d.csv").path
    os.link(path, tmp_path / "also.csv")
    assert other_names(path) == 1
    notes = write(made().select(["x"]), path, replace=True).notes
    assert any("another name" in n and "still point to the old file" in n for n in notes)
    assert (tmp_path / "also.csv").stat().st_nlink == 1


@posix
@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
def test_what_is_no_file_is_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    path = Path("/dev/null") if kind == "device" else Path("special")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made_one:
            made_one.bind(str(path))
    assert code(path) == "not-a-file"
    assert not stat.S_ISREG(path.stat().st_mode)


@posix
def test_a_read_only_file_is_refused_also_for_an_administrator(tmp_path: Path) -> None:
    path = write_text(tmp_path / "f", "old")
    path.chmod(0o444)
    assert code(path) == "read-only" and path.read_text() == "old" and names(tmp_path) == ["f"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x" * 300, "cannot-write"), ("a\0b", "cannot-write"), ("none/f", "no-such-folder"), ("folder", "is-a-folder"),
        ("file/f", "cannot-write"), ("file", "file-exists"),
    ],
)  # fmt: skip
def test_places_that_are_refused(name: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    assert code(tmp_path / name, replace=False) == expected
    assert names(tmp_path) == ["file", "folder"] and (tmp_path / "file").read_text() == "old"


@posix
def test_the_longest_name_is_taken(tmp_path: Path) -> None:
    longest = "x" * os.pathconf(tmp_path, "PC_NAME_MAX")
    write_text(tmp_path / longest, "new")
    assert names(tmp_path) == [longest]


# --- permissions ------------------------------------------------------------------------------------------------
@posix
@pytest.mark.parametrize("mask", [0o022, 0o027, 0o002])
def test_a_new_file_follows_the_umask_and_an_old_one_keeps_its_mode(mask: int, tmp_path: Path) -> None:
    usual = os.umask(mask)
    try:
        path = write_text(tmp_path / "f", "new")
        private = write_text(tmp_path / "p", "new", private=True)
        add_text(tmp_path / "a", "new", private=True)
    finally:
        os.umask(usual)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    assert {stat.S_IMODE(p.stat().st_mode) for p in (private, tmp_path / "a")} == {0o600}
    for mode in (0o640, 0o604, 0o755):
        path.chmod(mode)
        write_text(path, "newer")
        assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_a_temporary_is_private(tmp_path: Path) -> None:
    with replacing(tmp_path / "f.csv") as temporary:
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
        assert temporary.parent == tmp_path and temporary.name.startswith(".") and temporary.suffix == ".csv"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only an administrator gives files away")
def test_owner_and_group_stay(tmp_path: Path) -> None:
    path = write_text(tmp_path / "f", "old")
    os.chown(path, 12345, 23456)
    path.chmod(0o664)
    write_text(path, "new")
    there = path.stat()
    assert (there.st_uid, there.st_gid, stat.S_IMODE(there.st_mode)) == (12345, 23456, 0o664)


@posix
def test_a_group_that_is_lost_gives_no_rights_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_text(tmp_path / "f", "old")
    path.chmod(0o660)
    there = os.stat(path)
    lstat = os.lstat

    def of_others(p: str | Path) -> os.stat_result:
        found = lstat(p)
        return os.stat_result((*found[:5], there.st_gid + 1, *found[6:])) if Path(p) == path else found

    monkeypatch.setattr(os, "lstat", of_others)
    monkeypatch.setattr(os, "chown", failing(errno.EPERM))
    write_text(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "new" and stat.S_IMODE(path.stat().st_mode) == 0o600


# --- what is left -----------------------------------------------------------------------------------------------
def test_what_stops_the_writer_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = write_text(tmp_path / "f", "old")
    for error in (Cancelled(), KeyboardInterrupt(), RuntimeError("a defect")):
        with pytest.raises(type(error)), replacing(path) as temporary:
            temporary.write_text("half")
            raise error
        assert path.read_text() == "old" and names(tmp_path) == ["f"]


def test_what_is_not_read_back_as_it_was_sent_does_not_take_the_place(tmp_path: Path) -> None:
    path = write_text(tmp_path / "f", "old")

    def check(temporary: Path) -> None:
        raise ValueError(f"{temporary.stat().st_size} bytes")

    with pytest.raises(DataError, match="did not store it correctly"), replacing(path, check=check) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "old" and names(tmp_path) == ["f"]


@pytest.mark.parametrize("ending", formats.WRITTEN)
def test_data_of_which_an_end_is_missing_are_not_what_was_sent(ending: str, tmp_path: Path) -> None:
    """Whatever the place where a file is cut, it does not take the place of the old one."""
    data, kind = made(), formats.WRITTEN[ending]
    options = {"delimiter": None, "header": True} if kind is formats.TEXT else {}
    path = write(data, tmp_path / f"d{ending}").path
    whole = path.read_bytes()
    read_back(data, kind, path, options)
    for size in {*range(0, len(whole), 97), *range(len(whole) - 20, len(whole))}:
        path.write_bytes(whole[:size])
        with pytest.raises(Exception):  # noqa: B017 - five libraries say it in their own ways
            read_back(data, kind, path, options)


def test_a_save_that_is_cancelled_at_its_end_leaves_the_old_file(tmp_path: Path) -> None:
    path = write(made(), tmp_path / "d.dta").path
    before = path.read_bytes()
    with pytest.raises(Cancelled):
        write(made().select(["x"]), path, replace=True, cancel=lambda: True)
    assert path.read_bytes() == before and names(tmp_path) == ["d.dta"]


def ended() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@posix
def test_the_next_save_sweeps_what_ended_processes_left_and_nothing_else(tmp_path: Path) -> None:
    here, there = leftovers._HOST, "0" * 8
    gone, alive, token = ended(), os.getppid(), "0123456789ab"
    stays = {
        "of a running process": f".terrace-{here}-{alive}-{token}.dta",
        "of another machine": f".terrace-{there}-{gone}-{token}.dta",
        "of another program": f".terrace-{gone}.tmp",
        "of an editor": ".f.dta.swp",
        "the user's": f"terrace-{here}-{gone}-{token}",
    }
    goes = [f".terrace-{here}-{gone}-{token}.dta", f".terrace-{here}-{gone}-{token}"]
    old = f".terrace-{there}-{gone}-{'f' * 12}.csv"
    for name in (*stays.values(), *goes, old):
        (tmp_path / name).write_text("x")
    os.utime(tmp_path / old, (time.time() - 90_000,) * 2)
    write_text(tmp_path / "f", "new")
    assert names(tmp_path) == sorted([*stays.values(), "f"])


@posix
def test_a_temporary_that_a_process_holds_is_never_swept(tmp_path: Path) -> None:
    """Not even when it is old and its number is that of no process here, as from inside a container."""
    with replacing(tmp_path / "f") as temporary:
        foreign = temporary.with_name(re.sub(r"-\d+-", f"-{ended()}-", temporary.name))
        os.link(temporary, foreign)
        os.utime(foreign, (time.time() - 90_000,) * 2)
        sweep(tmp_path)
        assert foreign.exists()
        temporary.write_text("new")
    sweep(tmp_path)
    assert names(tmp_path) == ["f"]


@posix
@pytest.mark.parametrize("drive", ["without locks", "with locks that are enforced", "without permissions"])
def test_drives_that_lack_something_are_written_to(drive: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = failing(errno.EPERM if drive == "without permissions" else errno.ENOLCK)
    if drive == "with locks that are enforced":
        monkeypatch.setattr(leftovers, "_takes_writes", lambda path: False)
    else:
        monkeypatch.setattr(*(os, "chmod") if drive == "without permissions" else (leftovers.fcntl, "flock"), refuse)
    with replacing(tmp_path / "f") as temporary:
        temporary.write_text("new")
        if drive == "with locks that are enforced":
            handle = os.open(temporary, os.O_RDONLY)
            leftovers.fcntl.flock(handle, leftovers.fcntl.LOCK_EX | leftovers.fcntl.LOCK_NB)  # nobody holds it
            os.close(handle)
        leftovers._ours.clear()  # as another process sees it
        sweep(tmp_path)
        assert temporary.exists()
    assert (tmp_path / "f").read_text() == "new" and names(tmp_path) == ["f"]


def test_reading_in_a_folder_sweeps_it_too(tmp_path: Path) -> None:
    path = write(made(), tmp_path / "d.csv").path
    left = tmp_path / f".terrace-{leftovers._HOST}-{ended()}-0123456789ab.csv"
    left.touch()
    os.utime(left, (time.time() - 90_000,) * 2)
    assert Session().run(f'use "{path}"').ok
    assert names(tmp_path) == ["d.csv"]


# --- words ------------------------------------------------------------------------------------------------------
def test_every_error_of_the_system_has_words() -> None:
    for number, name in errno.errorcode.items():
        said = reasons.refused("f.dta", OSError(number, os.strerror(number)))
        assert said.message.startswith("f.dta cannot be written: ") and said.advice, name
    assert "disk is full" in reasons.refused("f", OSError(errno.ENOSPC, "")).message


def test_a_disk_without_room_for_the_temporaries_of_a_library(tmp_path: Path) -> None:
    error = FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")
    with pytest.raises(DataError, match="f cannot be written: no usable temporary dir"), replacing(tmp_path / "f"):
        raise error
    assert names(tmp_path) == []


def test_a_file_that_is_open_elsewhere_on_windows(tmp_path: Path) -> None:
    path = write_text(tmp_path / "f", "old")
    error = PermissionError(errno.EACCES, "")
    error.winerror = 32  # type: ignore[attr-defined]
    said = reasons.refused(path, error)
    assert "another program has it open" in said.message and "Close it there" in said.advice


# --- logs -------------------------------------------------------------------------------------------------------
def test_a_log_is_on_the_disk_as_each_command_ends(tmp_path: Path) -> None:
    session, path = Session(), tmp_path / "l.log"
    path.write_text("old")
    assert session.run(f'log using "{path}", replace').ok
    for i in range(3):
        assert session.run(f"display {i} + 1").ok
        assert path.read_text().endswith(f". display {i} + 1\n{i + 1}\n\n")
    assert session.run("log close").ok
    assert names(tmp_path) == ["l.log"] and "old" not in path.read_text()
    assert session.run(f'log using "{path}", append').ok and session.run("log close").ok
    assert path.read_text().count("opened:") == 2


@pytest.mark.parametrize("how", ["replace", "append"])
def test_a_log_that_cannot_be_written_stops_the_run(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.log"
    path.write_text("old\n")
    session, usual = Session(), os.write
    commands = f'log using "{path}", {how}\nscalar a = 1\nscalar b = 2\nscalar c = 3\n'
    room = iter([5])  # bytes that the disk still takes when the second command comes

    def write_some(handle: int, content: bytes) -> int:
        if b"scalar b" not in bytes(content) and not full:
            return usual(handle, content)
        full.append(True)
        for some in room:
            return usual(handle, bytes(content)[:some])
        raise OSError(errno.ENOSPC, "")

    full: list[bool] = []
    monkeypatch.setattr(os, "write", write_some)
    outcomes = list(session.run_do(commands))
    monkeypatch.undo()
    assert [o.ok for o in outcomes] == [True, True, False]
    code, message = outcomes[-1].error
    assert code == "log-not-written" and "The command ran." in message and "the disk is full" in message
    assert str(path) in message and session.state.log == "" and session.state.scalars["b"] == 2
    kept = (tmp_path / "l.log.unfinished") if how == "replace" else path
    assert path.read_text().startswith("old\n")
    assert kept.read_text().endswith(". scalar a = 1\n") and ("unfinished" in message) == (how == "replace")
    assert names(tmp_path) == sorted({"l.log", kept.name})
    assert session.run("display 1").ok, "the session goes on without a log"


def test_a_log_whose_file_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "l.log"
    begin_log(path, "head\n")
    path.unlink()
    with pytest.raises(DataError, match="no longer exists"):
        add_to_log(path, "more\n")
    assert names(tmp_path) == []


# --- changed by another program -----------------------------------------------------------------------------------
def test_changes_of_another_program_since_the_opening_are_told(tmp_path: Path) -> None:
    path = write(made(), tmp_path / "d.dta").path
    session = Session()
    assert session.run(f'use "{path}"').ok and not changed(path)
    assert session.run("save, replace").warnings == ()
    write_bytes(tmp_path / "other", path.read_bytes() + b" ")
    os.replace(tmp_path / "other", path)
    assert changed(path)
    outcome = session.run("save, replace")
    assert outcome.ok and any("changed d.dta after it was opened" in w for w in outcome.warnings)
    assert session.run("save, replace").warnings == ()
    path.unlink()
    assert not changed(path)
    note(path)
    assert not changed(tmp_path / "never seen")


def test_clearing_all_leaves_the_log_open(tmp_path: Path) -> None:
    """A log that went unnoticed would end without its last lines, and the file that it replaced would stay hidden."""
    session, path = Session(), tmp_path / "l.log"
    for command in (f'log using "{path}"', "clear all", "display 42", "log close"):
        assert session.run(command).ok, command
    assert "display 42" in path.read_text(encoding="utf-8") and session.state.log == ""


def test_why_a_folder_is_not_made_or_entered_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "there").mkdir()
    session = Session()
    for text, words in [
        (f'mkdir "{tmp_path}/there"', "it already exists."),
        (f'mkdir "{tmp_path}/a/b"', f"there is no folder {tmp_path / 'a'}."),
        (f'cd "{tmp_path}/none"', "it is not there."),
        (f'cd "{tmp_path}/file"', "it is a file."),
    ]:
        outcome = session.run(text)
        assert outcome.error is not None and outcome.error[1].endswith(words), outcome.error
    monkeypatch.setattr(Path, "mkdir", failing(errno.EROFS))
    monkeypatch.setattr(Path, "unlink", failing(errno.EROFS))
    for text in (f'mkdir "{tmp_path}/new"', f'erase "{tmp_path}/file"'):
        outcome = session.run(text)
        assert outcome.error is not None and outcome.error[1].endswith("the disk is read-only."), outcome.error
