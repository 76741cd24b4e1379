"""Reading in a process apart: whatever becomes of that one, nothing becomes of this."""

from __future__ import annotations

import gc
import io
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import apart_readers
import mutated
import numpy as np
import pandas as pd
import pytest

from terrace.data import formats
from terrace.data.apart import READER, messages, parent, transport, watch
from terrace.data.dataset import Dataset, Measure, Panel, Variable
from terrace.data.extended import CODES
from terrace.data.progress import Report
from terrace.data.read import read
from terrace.errors import Cancelled, DataError, DidYouMean
from terrace.session.session import Session

NATIVE = [f for f in formats.FORMATS if f.native]
posix = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")


@pytest.fixture(scope="module", autouse=True)
def no_process_is_left():
    yield
    parent.end_all()


@pytest.fixture
def alone():
    """No process is there yet."""
    parent.end_all()
    yield
    parent.end_all()


@pytest.fixture
def reads_by(monkeypatch, tmp_path):
    """Has files that end in .sav read by one of `apart_readers`; gives such a file."""

    def by(name: str, stem: str = "file") -> Path:
        known = replace(formats.BY_ENDING[".sav"], reader=f"apart_readers:{name}", native=True)
        monkeypatch.setitem(formats.BY_ENDING, ".sav", known)
        path = tmp_path / f"{stem}.sav"
        path.write_text("words\n", encoding="utf-8")
        return path

    return by


def refused(path: Path, **how: object) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path, **how)
    return caught.value


def gone(process: int) -> bool:
    """True where there is no such process, not even a zombie."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def wait_for(state) -> None:
    """Wait until it is so; the limit of time of the test ends what never is."""
    while not state():
        time.sleep(0.01)


# --- what crosses ------------------------------------------------------------------------------------------


def everything() -> Dataset:
    """A dataset of all that a Dataset can know."""
    columns = {
        **{f"n_{t}": np.array([1, 0, 100], dtype=t) for t in ("int8", "uint8", "int16", "int32", "int64", "float32")},
        "x": np.array([-0.0, np.nan, 5e-324]),
        "large": np.array([np.inf, -np.inf, 1.7976931348623157e308]),
        "ext": np.array([CODES["a"], CODES["z"], 1.0]),
        "s": pd.Series(["δ\n\t", None, "a" * 5000]),
        "none": pd.Series([None, None, None], dtype="str"),
    }
    frame = pd.DataFrame(columns)
    variables = [Variable(str(name)) for name in frame.columns]
    at = list(frame.columns).index
    variables[at("ext")] = Variable(
        "ext", "Label “quoted”", Measure.NOMINAL, {CODES["a"]: "refused", 1: "one"}, (CODES["a"], CODES["z"]), "%8.2f"
    )
    variables[at("s")] = Variable("s", measure=Measure.NOMINAL, value_labels={"δ\n\t": "d"}, missing_codes=("x",))
    return Dataset(
        frame, tuple(variables), label="L", source="here", notes=("one", "two"), panel=Panel("n_int8", "x", 0.5),
        sorted_by=("n_int8", "x"), left_out={"z": "z cannot be used."},
    )  # fmt: skip


def same(a: Dataset, b: Dataset) -> None:
    """The same to the last bit, types included."""
    pd.testing.assert_frame_equal(a.frame, b.frame, check_exact=True)
    for name in a.names:
        if not a.is_text(name):
            assert a.frame[name].to_numpy().tobytes() == b.frame[name].to_numpy().tobytes(), name
    assert a.variables == b.variables
    for v, w in zip(a.variables, b.variables, strict=True):
        assert [type(k) for k in v.value_labels] == [type(k) for k in w.value_labels]
    assert (a.label, a.source, a.notes, a.panel, a.sorted_by) == (b.label, b.source, b.notes, b.panel, b.sorted_by)
    assert dict(a.left_out) == dict(b.left_out)


@pytest.mark.parametrize("data", [everything(), everything().rows(np.arange(0))], ids=["rows", "no rows"])
def test_a_dataset_crosses_as_it_is(data: Dataset) -> None:
    stream, words = io.BytesIO(), io.BytesIO()
    messages.send(words, transport.description(data))
    transport.send_columns(transport.columns_of(data), stream)
    words.seek(0)
    stream.seek(0)
    described = messages.receive(words)
    assert described is not None
    same(transport.dataset_of(described, transport.receive_columns(stream), data.source), data)


def test_a_stream_that_is_cut_or_garbled_is_no_dataset() -> None:
    """pyarrow refuses it in the thread that listens, before anything is made of it."""
    stream = io.BytesIO()
    data = mutated.data()
    transport.send_columns(transport.columns_of(data), stream)
    whole = stream.getvalue()
    with pytest.raises(OSError):
        transport.receive_columns(io.BytesIO(whole[: len(whole) // 2]))
    text = whole.replace("δ".encode(), b"\xff\xff")
    assert text != whole
    with pytest.raises(Exception, match="UTF"):
        transport.receive_columns(io.BytesIO(text))


@pytest.mark.parametrize("known", NATIVE, ids=lambda f: f.key)
def test_a_file_is_read_as_it_is_read_here(known, tmp_path) -> None:
    files = [f for f in mutated.sound(tmp_path) if f.suffix in known.endings]
    if not files:
        pytest.skip("no library writes it")
    for file in files:
        here = formats.reader_of(known)(file, Report(""))
        same(read(file), here)


def test_an_error_crosses_as_it_is(reads_by, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    reads_by("refuse")
    error = refused(Path("file.sav"))
    with pytest.raises(DataError) as here:
        apart_readers.refuse(Path("file.sav"), Report(""))
    for part in ("message", "code", "advice", "text", "start", "end", "subject"):
        assert getattr(error, part) == getattr(here.value, part), part
    assert isinstance(error.advice, DidYouMean) and error.instead == "y"


def test_what_a_library_raises_is_put_into_words_and_its_cause_into_the_log_without_values(reads_by, caplog) -> None:
    caplog.set_level(logging.INFO)
    error = refused(reads_by("fail"))
    assert error.code == "unreadable-file" and "file.sav" in error.message
    assert "ValueError" in caplog.text and "apart_readers.py" in caplog.text and "Smith" not in caplog.text
    assert refused(reads_by("deny")).code == "no-permission"


def test_options_and_progress_cross(reads_by) -> None:
    told = []
    read(reads_by("steps"), progress=lambda stage, fraction: told.append((stage, fraction)))
    assert ("Reading file.sav", 0.0) in told and told[-1] == ("Reading file.sav", 1.0)
    assert read(reads_by("options"), encoding="latin-1").notes == ("{'encoding': 'latin-1'}",)


def test_names_that_are_no_text_and_relative_ones_are_found(reads_by, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    reads_by("pid", "ä ' \n ")
    assert read("ä ' \n .sav").source == "ä ' \n .sav"
    if sys.platform == "linux":
        name = os.fsdecode(b"\xff.sav")
        Path(name).write_text("words\n")
        assert read(name).source == name


def test_what_a_library_prints_goes_nowhere(reads_by, capfd) -> None:
    assert len(read(reads_by("noisy"))) == 1
    assert capfd.readouterr() == ("", "")


# --- what goes wrong ---------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL", "SIGBUS"])
def test_a_crash_is_a_message_and_the_session_goes_on(name, reads_by, caplog) -> None:
    caplog.set_level(logging.INFO)
    session = Session()
    assert session.run("sample hsb").ok
    before = session.dataset
    outcome = session.run(f'use "{reads_by("crash", name)}"')
    assert outcome.error is not None
    assert outcome.error[0] == "reader-stopped"
    assert f"{name}.sav is damaged: its reader stopped. Your open data are not affected." in outcome.error[1]
    assert name in caplog.text
    assert session.dataset is before
    assert session.run(f'use "{reads_by("pid")}"').ok


@posix
def test_a_reading_that_hangs_is_ended(reads_by, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(parent, "_QUIET", 0.2)
    error = refused(reads_by("hang"))
    assert error.code == "reader-hangs" and "file.sav" in error.message
    assert gone(int((tmp_path / "file.pid").read_text()))


@posix
def test_cancelling_ends_the_process_in_the_middle_of_native_code(reads_by, tmp_path) -> None:
    path = reads_by("hang")
    with pytest.raises(Cancelled):
        read(path, cancel=lambda: path.with_suffix(".pid").exists())
    assert gone(int((tmp_path / "file.pid").read_text()))


def test_memory_is_limited(reads_by, monkeypatch) -> None:
    monkeypatch.setattr(parent, "memory_allowed", lambda size: 1 << 28)
    assert refused(reads_by("greedy")).code == "out-of-memory"
    assert len(read(reads_by("pid"))) == 1


def test_memory_is_limited_where_the_system_cannot_limit_it(reads_by, monkeypatch) -> None:
    """As on Windows and macOS: the process may take what it likes, and is watched."""
    real = parent.send

    def unlimited(stream, message):
        real(stream, {**message, "memory": 1 << 40} if "memory" in message else message)

    monkeypatch.setattr(parent, "send", unlimited)
    monkeypatch.setattr(parent, "memory_allowed", lambda size: 1 << 28)
    assert refused(reads_by("greedy")).code == "out-of-memory"


def test_what_a_reading_may_take_depends_on_the_file_and_on_what_is_free(monkeypatch) -> None:
    monkeypatch.setattr(watch, "available_memory", lambda: 1 << 40)
    assert watch.memory_allowed(1000) < 1 << 31 < watch.memory_allowed(10**8)
    monkeypatch.setattr(watch, "available_memory", lambda: 12345)
    assert watch.memory_allowed(10**8) == 12345


def test_a_process_that_does_not_start_is_a_message(alone, reads_by, monkeypatch) -> None:
    path = reads_by("pid")
    monkeypatch.setattr(parent, "command", lambda: [sys.executable, "-c", "raise SystemExit('no')"])
    assert refused(path).code == "no-reader"
    monkeypatch.setattr(parent, "command", lambda: [str(path)])
    assert refused(path).code == "no-reader"


@posix
def test_it_does_not_outlive_a_program_that_is_killed(reads_by, tmp_path) -> None:
    path = reads_by("hang")
    code = (
        "import sys; from pathlib import Path; from dataclasses import replace; from terrace.data import formats\n"
        "from terrace.data.apart.parent import read_apart; from terrace.data.progress import Report\n"
        "known = replace(formats.BY_KEY['spss'], reader='apart_readers:hang')\n"
        "sys.path.append(sys.argv[2]); read_apart(known, Path(sys.argv[1]), Report(''), {})"
    )
    program = subprocess.Popen([sys.executable, "-c", code, str(path), str(Path(__file__).parent)])
    told = tmp_path / "file.pid"
    wait_for(lambda: told.exists() and told.read_text())
    program.kill()
    program.wait()
    wait_for(lambda: _ended(int(told.read_text())))


def _ended(process: int) -> bool:
    """True where it is gone, or a zombie of whoever adopted it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return gone(process)


# --- one process for many files ----------------------------------------------------------------------------


def pid_of(path: Path) -> int:
    return int(read(path).frame["pid"].iloc[0])


def test_one_process_reads_all_files_until_it_crashes(reads_by) -> None:
    first = pid_of(reads_by("pid"))
    refused(reads_by("fail"))
    assert pid_of(reads_by("pid")) == first != os.getpid()
    os.kill(first, signal.SIGTERM)  # by somebody, while nobody asks it for anything
    second = pid_of(reads_by("pid"))
    assert second != first
    refused(reads_by("crash", "SIGABRT"))
    assert pid_of(reads_by("pid")) not in (first, second)


def test_a_process_that_is_begun_early_reads_the_first_file(alone, reads_by, monkeypatch) -> None:
    parent.begin()
    parent.begin()
    monkeypatch.setattr(parent, "_Reader", None)
    assert pid_of(reads_by("pid")) != os.getpid()


def test_threads_read_at_the_same_time_and_one_process_is_left(alone, reads_by) -> None:
    path, found = reads_by("pid"), []
    threads = [threading.Thread(target=lambda: found.append(pid_of(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    wait_for(lambda: sum(not gone(p) for p in set(found)) == 1)


@pytest.mark.skipif(sys.platform != "linux", reason="counts what Linux lists in /proc")
def test_many_readings_leave_nothing_behind(alone, reads_by) -> None:
    def held() -> tuple[int, int]:
        gc.collect()
        return len(os.listdir("/proc/self/fd")), threading.active_count()

    pid_of(reads_by("pid"))
    before = held()
    for _ in range(30):
        pid_of(reads_by("pid"))
    refused(reads_by("crash", "SIGSEGV"))
    last = pid_of(reads_by("pid"))
    assert held() == before
    parent.end_all()
    assert gone(last)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # no zombie


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_fork_of_the_program_starts_its_own(reads_by) -> None:
    path = reads_by("pid")
    first = pid_of(path)
    code = (
        "import os, sys; sys.path.append(sys.argv[2]); from dataclasses import replace\n"
        "from terrace.data import formats; from terrace.data.read import read\n"
        "formats.BY_ENDING['.sav'] = replace(formats.BY_KEY['spss'], reader='apart_readers:pid')\n"
        "one = lambda: int(read(sys.argv[1]).frame['pid'].iloc[0])\n"
        "a = one(); child = os.fork()\n"
        "if not child: os._exit(0 if one() != a else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0 and one() == a"
    )
    subprocess.run([sys.executable, "-c", code, str(path), str(Path(__file__).parent)], check=True)
    assert pid_of(path) == first


def test_a_frozen_program_is_its_own_reader(alone, monkeypatch, reads_by) -> None:
    """The executable of a frozen program is no interpreter, so both entries of the program know one more argument."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert parent.command() == [sys.executable, READER]
    monkeypatch.setattr(parent, "command", lambda: [sys.executable, "-m", "terrace", READER])
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    assert pid_of(reads_by("pid")) != os.getpid()


# --- mutated files -----------------------------------------------------------------------------------------


def test_mutated_files_are_read_or_refused_by_one_process(alone, tmp_path, monkeypatch) -> None:
    """20,000 are a step of the long run."""
    for f in formats.FORMATS:  # those that read here, too: what crashes must not take the tests along
        for ending in f.endings:
            monkeypatch.setitem(formats.BY_ENDING, ending, replace(f, native=True))
    started = []
    make = parent._Reader
    monkeypatch.setattr(parent, "_Reader", lambda: started.append(1) or make())
    files = mutated.sound(tmp_path)
    found = [(seed, *mutated.trouble(mutated.one(seed, files, tmp_path))) for seed in range(200)]
    assert [entry for entry in found if entry[2]] == []
    codes = [code for _, code, _ in found]
    assert 10 < codes.count("read") < 100  # or the changes are no test
    assert len(started) == 1 + codes.count("reader-stopped") + codes.count("reader-hangs")
    parent.end_all()
    assert mutated.most_memory() < mutated.BYTES
