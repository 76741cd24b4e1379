"""Pieces of work that wait for a rest: one after the other, on a thread of their own, and never while work is on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from waiting import wait_until

from terrace_desktop.work.idle import Idle
from terrace_desktop.work.worker import Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    one = Worker("idle")
    one.start()
    yield one
    assert one.stop()


def test_pieces_run_in_order_beside_the_window_and_one_that_fails_stops_none(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[tuple[int, str]] = []
    ended: list[bool] = []

    def piece(k: int) -> None:
        told.append((k, threading.current_thread().name))
        if k == 1:
            raise ImportError("no such library")

    idle = Idle(worker, lambda: tuple(lambda k=k: piece(k) for k in range(3)), lambda: False, rest=0)
    idle.ended.connect(lambda: ended.append(True))
    idle.begin()
    wait_until(lambda: bool(ended))
    assert told == [(k, "terrace-idle") for k in range(3)]
    assert "loading while idle" in caplog.text


def test_none_begins_while_something_is_asked_for(worker: Worker) -> None:
    busy, looks, ran = [False], [0], []

    def asked() -> bool:
        looks[0] += 1
        return busy[0]

    def first() -> None:
        busy[0] = True  # a command comes while it runs
        ran.append("first")

    idle = Idle(worker, lambda: (first, lambda: ran.append("second")), asked, rest=0)
    idle.begin()
    wait_until(lambda: looks[0] > 4)
    assert ran == ["first"]
    busy[0] = False
    wait_until(lambda: ran == ["first", "second"])


CODE = """
import sys
from terrace_desktop.work.session_port import for_reports
for piece in for_reports():
    piece()
before = set(sys.modules)
from terrace.session.session import Session
from terrace.session.report_pages import report_pages
session = Session()
session.run("sample sleepstudy")
session.run("mixed reaction days || subject: days, reml")
session.run("predict fit, fitted")
session.run("scatter reaction fit")
heavy = ("matplotlib", "reportlab", "fontTools", "pypdf", "PIL")
assert len(report_pages(session).sizes) > 1
new = sorted(m for m in set(sys.modules) - before if m.startswith(heavy))
assert not [m for m in sys.modules if m.partition(".")[0] == "PySide6" and m not in qt_before]
print(*new)
"""


def test_the_pieces_leave_nothing_to_load_for_the_first_pages_and_bring_no_class_of_qt() -> None:
    code = CODE.replace("import sys\n", "import sys\nimport terrace_desktop.work.session_port\n"
                        "qt_before = [m for m in sys.modules if m.partition('.')[0] == 'PySide6']\n", 1)  # fmt: skip
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout.split() == []


WARMED = """
import sys
from terrace_desktop.work.session_port import make_session, warm_up
warm_up()
session = make_session()
assert session.run("sample sleepstudy").ok
before = set(sys.modules)
fit = "mixed reaction days || subject: days, covariance(unstructured) reml"
for command in (fit, f"{fit} dfmethod(kroger)", f"{fit} dfmethod(satterthwaite)"):
    assert session.run(command).ok
print(*sorted(set(sys.modules) - before))
"""


def test_the_first_fits_of_the_window_load_nothing() -> None:
    said = subprocess.run([sys.executable, "-c", WARMED], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout.split() == []
