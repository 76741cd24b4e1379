"""The side that asks: starts a process that reads, hands it files, watches it, and ends it.

A process is used again for the next file. It is ended where it crashes, where the work is cancelled, where it takes
more memory than `watch.memory_allowed` grants, and where it has shown no sign of life for a time that depends on the
size of the file: neither progress nor memory that grows.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from terrace.data.apart import READER
from terrace.data.apart.messages import error_of, receive, send
from terrace.data.apart.transport import dataset_of, receive_columns
from terrace.data.apart.watch import memory_allowed, resident
from terrace.data.dataset import Dataset
from terrace.data.formats import DataFormat
from terrace.data.progress import Report
from terrace.errors import DataError

log = logging.getLogger(__name__)

_LOOK = 0.05  # seconds between two looks at a process that reads
_QUIET, _SPEED = 8.0, 1e6  # seconds without a sign of life, and bytes of the file that grant one more
_SIGN = 1 << 20  # bytes of memory that count as one
_START = 60.0  # seconds for a process to begin with its first request
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.stdin.buffer.raw.readline()); "
    "from terrace.data.apart.child import serve; serve()"
)


def read_apart(known: DataFormat, file: Path, report: Report, options: dict[str, Any]) -> Dataset:
    """The Dataset that the reader of the format makes of a file, read in a process apart.

    Raises what the reader raises: a `TerraceError` as it is, a `MemoryError` or an `OSError` likewise, and
    `ReaderFailed` for anything else. `DataError` where the process crashes or hangs, `Cancelled` where asked to stop.
    """
    path = Path(os.path.abspath(file))
    request = {"reader": known.reader, "path": str(path), "options": options}
    size = os.path.getsize(path)
    try:
        reader, fresh = _taken()
    except OSError as why:
        raise _not_started(file, str(why)) from why
    try:
        found = reader.read({**request, "memory": memory_allowed(size)}, size, report)
        if found is None and not fresh:  # it was ended while nobody asked it for anything
            reader.close()
            reader = _Reader()
            found = reader.read({**request, "memory": memory_allowed(size)}, size, report)
        if found is None:
            raise _not_started(file, reader.last_words())
        message, table = found
        if "error" in message:
            error = error_of(message)
            if isinstance(error, DataError) and error.subject == str(path):
                error.subject = str(file)
            raise error
        return dataset_of(message["data"], table, str(file))
    except _Ended as ended:
        log.info("reading a file as %s: %s", known.key, ended.why)
        raise _told(file, ended) from None
    finally:
        _give_back(reader)


def _not_started(file: Path, why: str) -> DataError:
    log.info("a process that reads did not start: %s", why)
    return DataError(
        f"{file.name} cannot be read: the process that reads such files does not start.",
        code="no-reader",
        subject=str(file),
        advice="Start Terrace again. If that does not help, reinstall it.",
    )


def begin() -> None:
    """Start a process now, so that the first file does not wait for it; where that fails, the first file tells."""
    with contextlib.suppress(OSError):
        reader, _ = _taken()
        _give_back(reader)


def command() -> list[str]:
    """The command that runs a reader: this interpreter with the modules that it has, or a frozen program itself."""
    if getattr(sys, "frozen", False):
        return [sys.executable, READER]
    # Isolated, as the process has to be the same wherever it is started; `_BOOT` gives it the modules of this one.
    return [sys.executable, "-I", "-X", f"utf8={sys.flags.utf8_mode}", "-c", _BOOT]


class _Ended(Exception):
    """A process came to its end within a reading, or was brought to it; `kind` is crash, time or memory."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind, self.why = kind, why


def _told(file: Path, ended: _Ended) -> Exception:
    if ended.kind == "memory":
        return MemoryError()
    what = "reading it got stuck and was ended" if ended.kind == "time" else "its reader stopped"
    return DataError(
        f"{file.name} is damaged: {what}. Your open data are not affected.",
        code="reader-hangs" if ended.kind == "time" else "reader-stopped",
        subject=str(file),
        advice="Copy or download it again, or open it in the program that wrote it and save it again.",
    )


class _Reader:
    """One process, and the one reading that it is at."""

    def __init__(self) -> None:
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self.usable = True
        self._process = subprocess.Popen(
            command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env=_environment(),
            cwd=os.path.abspath(os.sep),  # so that it keeps no folder in use
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            if not getattr(sys, "frozen", False):
                paths = json.dumps([os.path.abspath(p) for p in sys.path])
                self._pipe().write(paths.encode("ascii") + b"\n")
                self._pipe().flush()
        except OSError:
            self.usable = False

    def _pipe(self) -> BinaryIO:
        pipe = self._process.stdin
        assert pipe is not None
        return pipe  # type: ignore[return-value]  # bytes are the default of Popen

    @property
    def alive(self) -> bool:
        """True where it can be asked."""
        return self.usable and self._process.poll() is None

    def read(self, request: dict[str, Any], size: int, report: Report) -> tuple[dict[str, Any], Any] | None:
        """The message that ends a request, with the table of Arrow where it is data; None where none was begun.

        Raises `_Ended`, and `Cancelled` where `report` is asked to stop; the process is ended then.
        """
        finished = False
        try:
            send(self._pipe(), request)
            found = self._followed(request["memory"], _QUIET + size / _SPEED, report)
            finished = found is not None and self.usable
            return found
        except OSError:  # the pipe is broken: it was dead before it was asked
            return None
        finally:
            if not finished:
                self.end()

    def _followed(self, memory: int, quiet: float, report: Report) -> tuple[dict[str, Any], Any] | None:
        told: queue.SimpleQueue[tuple[dict[str, Any], Any] | None] = queue.SimpleQueue()
        # A pipe cannot be waited for with an end in sight on every system, so a thread does, which ends with the pipe.
        thread = threading.Thread(target=_listen, args=(self._process.stdout, told), name="terrace-reader", daemon=True)
        thread.start()
        begun, silence, last = False, 0.0, time.monotonic()
        base = peak = resident(self._process.pid) or 0
        found: tuple[dict[str, Any], Any] | None = None
        try:
            while True:
                try:
                    item = told.get(timeout=_LOOK)
                except queue.Empty:
                    report.check()
                    now = time.monotonic()
                    silence += min(now - last, 1.0)  # a machine that slept was not waiting
                    last = now
                    held = resident(self._process.pid) or 0
                    if held > peak + _SIGN:
                        peak, silence = held, 0.0
                    if held > base + memory:
                        raise _Ended("memory", f"it took {held:,} bytes") from None
                    if silence > (quiet if begun else _START):
                        raise _Ended("time", f"no sign of life for {silence:.0f} s") from None
                    continue
                silence, last = 0.0, time.monotonic()
                if item is None:
                    if not begun:
                        return None
                    raise _Ended("crash", self._how_it_ended())
                message = item[0]
                if "used_up" in message:
                    self.usable = not message["used_up"] and found is not None
                    return found
                if "begun" in message:
                    begun, base = True, max(base, resident(self._process.pid) or 0)
                elif "fraction" in message:
                    report(message["fraction"])
                else:
                    found = item
        except BaseException:
            self.end()
            raise
        finally:
            thread.join(5.0)

    def _how_it_ended(self) -> str:
        try:
            status = self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        try:
            how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        except ValueError:
            how = f"signal {-status}"
        return f"{how} {self.last_words()}".strip()

    def last_words(self) -> str:
        """The end of what it wrote to its standard error."""
        if self._words.closed:
            return ""
        self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, self._words.tell() - 2000))
        return self._words.read().decode("utf-8", errors="replace").strip()

    def close(self) -> None:
        """End the process, and leave nothing of it behind."""
        self.end()
        self._words.close()

    def end(self) -> None:
        """End the process at once; what it wrote to its standard error can still be read."""
        self.usable = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not flushed has nowhere to go
                    pipe.close()


def _listen(pipe: Any, told: queue.SimpleQueue[tuple[dict[str, Any], Any] | None]) -> None:
    """Pass on what comes through the pipe, until a request is done or the pipe ends: then None."""
    try:
        while (message := receive(pipe)) is not None:
            told.put((message, receive_columns(pipe) if "data" in message else None))
            if "used_up" in message:
                return
    except Exception as error:  # a stream that is cut off, or makes no sense, in ways that only pyarrow knows
        log.info("an answer that makes no sense: %s", type(error).__name__)
    told.put(None)


# --- processes that wait to be used again ------------------------------------------------------------------
_idle: list[_Reader] = []
_lock = threading.Lock()


def _taken() -> tuple[_Reader, bool]:
    """A process to ask, and whether it is a new one."""
    with _lock:
        reader = _idle.pop() if _idle else None
    if reader is not None:
        if reader.alive:
            return reader, False
        reader.close()
    return _Reader(), True


def _give_back(reader: _Reader) -> None:
    with _lock:
        if reader.alive and not _idle:
            _idle.append(reader)
            return
    reader.close()


def end_all() -> None:
    """End the processes that wait to be used again."""
    with _lock:
        readers, _idle[:] = list(_idle), []
    for reader in readers:
        reader.close()


atexit.register(end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # the pipes are those of the process that forked


def _environment() -> dict[str, str]:
    """One thread, and memory straight from the system: both reserve addresses, which are what is limited."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
