"""The journal of a window: what is on the disk after a crash, a full disk, and beside other windows."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kills_journal import kills
from test_project_codec import same
from test_project_file import ok, worked

from terrace.data.dataset import Dataset, Variable
from terrace.disk import kept
from terrace.errors import DataError
from terrace.session.project.journal import KEEP, Journal, discard, latest, list_recoverable
from terrace.session.project.packs import places
from terrace.session.project.parts import Project, parts_of
from terrace.session.session import Session
from terrace.session.state import State


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "windows" / "one")
    made.begin()
    return made


def generations(journal: Journal) -> list[str]:
    return sorted(p.name for p in journal.folder.iterdir() if p.name.startswith("state-"))


def named(path: Path) -> list[str]:
    """The blobs that a generation leads to."""
    body = json.loads(path.read_text().partition("\n")[2])
    return [n.removeprefix("blobs/") for n in json.loads(body["parts"]["project.json"])["blobs"]]


def blobs(journal: Journal) -> set[str]:
    return {p.name for p in (journal.folder / "blobs").iterdir()}


def test_work_is_found_again(journal: Journal) -> None:
    session = worked()
    assert journal.commit(Project.of(session))
    found = journal.latest()
    assert found is not None and found[1] == ()
    assert same(found[0].state.document, session.state.document) and same(found[0].state.dataset, session.dataset)
    assert found[0].drafts == session.drafts and len(found[0].undo) == len(session.undo_steps)
    root = journal.folder.parent
    assert list_recoverable(root) == []  # the window lives
    journal.end()
    (one,) = list_recoverable(root)
    assert (one.folder, one.title, one.source) == (journal.folder, "My study", "sample sleepstudy")
    discard(one.folder)
    assert list_recoverable(root) == [] and not journal.folder.exists()


def test_only_what_is_new_is_written(journal: Journal) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(20_000, 6)), columns=list("abcdef"))
    session = Session(State(dataset=Dataset(frame, tuple(map(Variable, "abcdef")))))
    ok(session, "generate g = mod(_n, 50)")
    ok(session, "mixed a b || g:")
    journal.commit(Project.of(session))
    there = blobs(journal)
    assert sum(n.endswith(".arrow") for n in there) == 7
    ok(session, "replace c = 1 in 3")
    journal.commit(Project.of(session))
    assert sum(n.endswith(".arrow") for n in blobs(journal) - there) == 1
    there = blobs(journal)
    ok(session, "mixed a b c || g:")
    journal.commit(Project.of(session))
    assert not [n for n in blobs(journal) - there if n.endswith(".arrow")]
    there = blobs(journal)
    journal.commit(Project.of(session))
    assert blobs(journal) == there


def with_many_results() -> Session:
    """A session whose first generation has more than sixty new blobs."""
    session = worked()
    for k in range(60):
        ok(session, f"summarize in 1/{k + 5}")
    return session


def read(journal: Journal) -> Project:
    """What is found again, all of it."""
    found = journal.latest()
    assert found is not None and found[1] == ()
    return found[0]


def packs(journal: Journal) -> list[Path]:
    return sorted((journal.folder / "packs").iterdir())


def test_many_new_blobs_are_one_file_that_is_flushed_once(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    session, flushed, fsync = with_many_results(), [], os.fsync
    monkeypatch.setattr(kept.os, "fsync", lambda handle: (flushed.append(handle), fsync(handle)))
    journal.commit(Project.of(session))
    monkeypatch.undo()
    (generation,) = generations(journal)
    assert len(named(journal.folder / generation)) > 60 and len(packs(journal)) == 1 and not blobs(journal)
    assert len(flushed) == 5, "the pack, the names of both folders, the generation and its name"
    assert parts_of(read(journal)) == parts_of(Project.of(session)), "as it was, and as a project file has it"


def test_what_a_pack_has_is_not_written_again_and_goes_when_nothing_needs_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terrace.session.project.journal._HOUR", -1.0)
    folder, session = journal.folder, with_many_results()
    journal.commit(Project.of(session))
    (pack,) = packs(journal)
    journal.end()
    again = Journal(folder)  # of the next window
    again.begin()
    for k in range(KEEP + 1):
        again.commit(Project.of(session))
        assert packs(again) == [pack]
        assert not [n for n in blobs(again) if f"blobs/{n}" in places(folder / "packs")]
        ok(session, f"generate z{k} = {k}")
    other = Session()
    ok(other, "set obs 3")
    for k in range(KEEP + 1):
        ok(other, f"generate z{k} = {k}")
        again.commit(Project.of(other))
    assert packs(again) == [], "nothing leads to it any more"
    assert parts_of(read(again)) == parts_of(Project.of(other))
    again.discard()
    assert not folder.exists()


@pytest.mark.parametrize("left", [slice(0, -1), slice(0, 40), slice(0, 0)])
def test_a_generation_whose_pack_was_cut_is_passed_over(journal: Journal, left: slice) -> None:
    session = worked()
    journal.commit(Project.of(session))
    before = read(journal)
    journal.commit(Project.of(with_many_results()))
    (pack,) = packs(journal)
    pack.write_bytes(pack.read_bytes()[left])
    assert parts_of(read(journal)) == parts_of(before)


def test_a_wrong_byte_in_a_pack_loses_no_more_than_one_result(journal: Journal) -> None:
    session = with_many_results()
    journal.commit(Project.of(session))
    (pack,) = packs(journal)
    content = bytearray(pack.read_bytes())
    content[-2] ^= 1
    pack.write_bytes(content)
    found = journal.latest()
    assert found is not None and len(found[1]) == 1


def test_old_generations_go_with_what_only_they_need(journal: Journal) -> None:
    session = Session()
    ok(session, "set obs 3000")
    for k in range(KEEP + 4):
        ok(session, f"generate x{k} = runiform()")
        ok(session, f"drop x{k}")
        session.undo_steps.clear()
        journal.commit(Project.of(session))
    names = generations(journal)
    # the oldest of the last hour stays beside the last ones
    assert names == ["state-000001.json", *(f"state-{n:06d}.json" for n in range(5, KEEP + 5))]
    for path in (journal.folder / n for n in names[1:]):
        os.utime(path)
    os.utime(journal.folder / names[0], (1, 1))  # more than an hour ago
    ok(session, "generate y = 1")
    journal.commit(Project.of(session))
    assert generations(journal)[0] == "state-000005.json"
    found = journal.latest()
    assert found is not None and found[1] == () and "y" in found[0].state.dataset
    needed = {n for name in generations(journal) for n in named(journal.folder / name)}
    assert blobs(journal) == needed
    assert sum(n.endswith(".arrow") for n in needed) < 2 * (KEEP + 1)


def test_what_is_not_whole_is_passed_over(journal: Journal) -> None:
    session = worked()
    journal.commit(Project.of(session))
    ok(session, "generate z = 1")
    journal.commit(Project.of(session))
    last = journal.folder / generations(journal)[-1]
    raw = last.read_bytes()
    last.write_bytes(raw[: len(raw) // 2])
    found = journal.latest()
    assert found is not None and "z" not in found[0].state.dataset
    last.write_bytes(raw)
    found = journal.latest()
    assert found is not None and "z" in found[0].state.dataset
    body = raw.decode()
    earlier = (journal.folder / generations(journal)[0]).read_text()
    column = next(p for p in (journal.folder / "blobs").glob("*.arrow") if p.name in body and p.name in earlier)
    raw_column = column.read_bytes()
    column.unlink()  # both generations need it: nothing is whole
    assert journal.latest() is None
    column.write_bytes(raw_column[:-1] + b"x")  # there, and damaged: what it holds is lost, the rest is not
    found = journal.latest()
    assert found is not None and found[1] and len(found[0].state.document) == len(session.state.document)


def test_a_session_in_which_nothing_was_done_leaves_work_alone(journal: Journal) -> None:
    session = worked()
    journal.commit(Project.of(session))
    before = generations(journal)
    journal.end()
    again = Journal(journal.folder)
    again.begin()
    fresh = Session()
    assert not again.commit(Project.of(fresh))
    for command in ("sample hsb", "use nothing", "sample sleepstudy"):
        fresh.run(command)
        assert not again.commit(Project.of(fresh))
    assert generations(again) == before
    again.end()


def test_opened_data_alone_are_no_work(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "w")
    journal.begin()
    session = Session()
    ok(session, "sample hsb")
    assert not journal.commit(Project.of(session)) and generations(journal) == []
    ok(session, "replace ses = 0 in 1")
    assert journal.commit(Project.of(session))


def test_a_folder_is_for_its_owner_and_one_window(journal: Journal) -> None:
    journal.commit(Project.of(worked()))
    if os.name == "posix":
        for path in (journal.folder, *journal.folder.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode == (0o700 if path.is_dir() else 0o600) or path.name == "window.lock", path
    with pytest.raises(DataError, match="in use by another window"):
        Journal(journal.folder).begin()
    discard(journal.folder)
    assert journal.latest() is not None
    journal.discard()
    assert not journal.folder.exists()
    journal.begin()
    assert journal.commit(Project.of(worked()))


def test_a_full_disk_keeps_what_was_there(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    session = worked()
    journal.commit(Project.of(session))
    ok(session, "generate z = 1")
    left = [3]

    def full(folder: Path, name: str, content: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise DataError(f"{name} cannot be written: the disk is full.", code="cannot-write")
        real(folder, name, content)

    real = kept.put
    monkeypatch.setattr(kept, "put", full)
    with pytest.raises(DataError, match="the disk is full"):
        journal.commit(Project.of(session))
    monkeypatch.undo()
    found = journal.latest()
    assert found is not None and found[1] == () and "z" not in found[0].state.dataset
    journal.commit(Project.of(session))
    found = journal.latest()
    assert found is not None and found[1] == () and "z" in found[0].state.dataset


def test_commits_on_another_thread_while_the_session_goes_on(journal: Journal) -> None:
    session = worked()
    stop, failed = threading.Event(), []

    def committing() -> None:
        while not stop.is_set():
            try:
                journal.commit(Project.of(session))
            except BaseException as error:
                failed.append(error)
                return

    thread = threading.Thread(target=committing)
    thread.start()
    for k in range(15):
        ok(session, f"generate w{k} = _n")
        ok(session, f"summarize w{k}")
    stop.set()
    thread.join()
    assert failed == []
    journal.commit(Project.of(session))
    found = journal.latest()
    assert found is not None and same(found[0].state.dataset, session.dataset)


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from terrace.session.session import Session
    from terrace.session.project.journal import Journal
    from terrace.session.project.parts import Project
    session = Session()
    for c in ("sample sleepstudy", "generate x = 1"):
        assert session.run(c).ok
    journal = Journal(Path(sys.argv[1]))
    journal.begin()
    journal.commit(Project.of(session))
    print("ready", flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_the_journal_of_a_killed_window_is_offered_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(KILLED), str(folder)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None and process.stdout.readline() == "ready\n"
        assert list_recoverable(tmp_path) == [] and latest(folder) is not None
        discard(folder)  # of a living window: nothing happens
        assert latest(folder) is not None
        process.stdin.write("\n")
        process.stdin.flush()
        process.wait()
    assert [r.folder for r in list_recoverable(tmp_path)] == [folder]
    again = Journal(folder)
    again.begin()
    assert list_recoverable(tmp_path) == []
    again.end()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
def test_a_window_killed_while_it_writes_loses_no_more_than_its_last_moment(tmp_path: Path) -> None:
    kills(tmp_path, 11, 10)
