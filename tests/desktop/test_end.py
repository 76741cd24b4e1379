"""The end of the program where a worker does not come back: what was to be written is, and nothing aborts."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from terrace_desktop.app import app
from terrace_desktop.work.worker import Operation, Worker

# A transform of SciPy is C++ that asks for the interpreter again in a destructor: a thread that comes back from one
# while Python goes aborts the process. What has to be taken away last waits, so that it does so while Python goes.
STUCK = """
import sys, threading
import numpy as np, scipy.fft
from terrace_desktop.app import app
from terrace_desktop.work import session_port, worker

class Last:
    lock = threading.Lock()
    def __del__(self):
        self.lock.acquire(timeout=2)

last, begun, numbers = Last(), threading.Event(), np.ones(1 << 16)
last.lock.acquire()

def stuck():
    begun.set()
    while True:
        scipy.fft.fft(numbers)

def close(window, options):
    begun.wait(20)
    window.close()

worker.Worker.stop.__defaults__ = (0.1,)  # seconds that are waited for it
app.open_first = close
session_port.warm_up = stuck
sys.exit(app.main([]))
"""


def test_a_worker_that_does_not_come_back_takes_nothing_down(tmp_path: Path) -> None:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TERRACE_SETTINGS": str(tmp_path / "settings.json"),
           "TERRACE_LOGS": str(tmp_path / "logs")}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", STUCK], env=env, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    told = done.stderr.replace("This plugin does not support propagateSizeHints()", "").strip()
    assert (done.returncode, told) == (0, "")
    assert "ended while threads still ran: terrace-session" in (tmp_path / "logs" / "terrace.log").read_text()
    assert (tmp_path / "settings.json").exists()
    assert not list((tmp_path / "logs").glob("running-*")), "the next start is told of no crash"


def test_otherwise_python_ends_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(logging, "shutdown", lambda: None)
    held = threading.Event()
    worker = Worker("held")
    worker.start()
    worker.put(Operation(lambda _task: held.wait(20), lambda _value: None, lambda _error: None, "waiting"))
    app.leave(3)
    assert ended == [3]
    held.set()
    assert worker.stop()
    assert app.leave(4) == 4 and ended == [3]
