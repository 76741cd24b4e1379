"""One thread, numbered jobs, cancelling, progress, and errors that do not end the session."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import fakes
import pytest
from PySide6.QtCore import QTimer
from waiting import wait_idle, wait_until

from terrace.errors import DataError
from terrace_desktop.work import controller as controller_module
from terrace_desktop.work import session_port
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.worker import Operation, Task, Worker


class Driven:
    """A controller over a fake session."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.session = fakes.FakeSession(self.gate)
        port = session_port.SessionPort(lambda: self.session)
        self.controller = Controller(Worker("session"), Worker("view"), port)
        self.controller.start()
        self.idle()

    def idle(self) -> None:
        wait_idle(self.controller)


@pytest.fixture
def driven() -> Iterator[Driven]:
    d = Driven()
    yield d
    d.gate.set()
    assert d.controller.stop()


def states(driven: Driven) -> list[str]:
    return [e.state for e in driven.controller.history.entries]


def test_commands_run_in_order_on_one_thread_that_is_not_ours(driven: Driven) -> None:
    for text in ("sample x", "shift", "mixed score hours || school:"):
        driven.controller.run(text)
    driven.idle()
    assert driven.session.ran == ["sample x", "shift", "mixed score hours || school:"]
    assert driven.session.threads == {"terrace-session"}
    assert states(driven) == ["ok"] * 3
    assert driven.controller.snapshot.dataset is driven.session.dataset


def test_answers_arrive_in_order_on_our_thread(driven: Driven) -> None:
    heard: list[tuple[int, threading.Thread]] = []

    def take(value: int) -> None:
        heard.append((value, threading.current_thread()))

    driven.controller.call("one", lambda _s: 1, take)
    driven.controller.call("two", lambda _s: 2, take)
    driven.idle()
    assert heard == [(1, threading.main_thread()), (2, threading.main_thread())]


def test_success_and_failure_are_told_apart(driven: Driven, caplog: pytest.LogCaptureFixture) -> None:
    got: list[object] = []
    failures: list[Exception] = []
    told: list[Exception] = []
    driven.controller.failed.connect(told.append)
    driven.controller.run("sample x", got.append)
    driven.controller.call("the data", lambda session: session.dataset, got.append, failures.append)
    driven.controller.call("an exception", lambda _s: ValueError("a value"), got.append, failures.append)
    driven.controller.call("a refusal", lambda _s: refuse(), got.append, failures.append)
    driven.controller.call("a refusal", lambda _s: refuse(), got.append)
    driven.idle()
    assert got[0].ok and got[1] is driven.session.dataset
    assert isinstance(got[2], ValueError), "an exception that work returns is a value"
    assert [str(e) for e in failures] == ["no"] and len(got) == 3
    assert [str(e) for e in told] == ["no"], "a failure that nobody takes is told by the window"
    assert "refusal" not in caplog.text, "what a user can mend is no defect"


def refuse() -> None:
    raise DataError("no")


def test_a_defect_in_view_work_goes_to_the_log_and_is_told(driven: Driven, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Exception] = []
    driven.controller.failed.connect(told.append)
    driven.controller.call_view("dividing by zero", lambda: 1 / 0, pytest.fail)
    driven.idle()
    assert [type(e) for e in told] == [ZeroDivisionError]
    assert "dividing by zero" in caplog.text and "Traceback" in caplog.text


def test_the_last_reference_to_what_is_told_goes_on_our_thread() -> None:
    """A widget that is deleted on another thread takes the program down."""
    gone: list[threading.Thread] = []

    class Held:
        def take(self, _value: object) -> None:
            pass

        def __del__(self) -> None:
            gone.append(threading.current_thread())

    worker = Worker()
    worker.start()
    held, release = Held(), threading.Event()
    worker.put(Operation(lambda _t: release.wait(20), held.take, held.take, "work"))
    del held
    release.set()
    wait_until(lambda: bool(gone), "what was told to go")
    assert worker.stop() and gone == [threading.main_thread()]


def test_a_running_command_is_cancelled_and_those_behind_it_never_begin(driven: Driven) -> None:
    driven.controller.run("wait")
    driven.controller.run("sample x")
    wait_until(lambda: driven.controller.worker.running() is not None)
    driven.controller.cancel()
    driven.idle()
    assert states(driven) == ["cancelled", "cancelled"]
    assert driven.session.ran == ["wait"]
    driven.controller.run("sample x")
    driven.idle()
    assert states(driven)[-1] == "ok"


def test_progress_is_polled_and_shown_only_after_a_while(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[object, object, float]] = []
    ended: list[int] = []
    driven.controller.progressed.connect(lambda *a: seen.append(a))
    driven.controller.idle.connect(lambda: ended.append(1))
    assert controller_module.PATIENCE == 0.6
    monkeypatch.setattr(controller_module, "PATIENCE", 1e9)
    driven.controller.run("wait")
    wait_until(lambda: driven.controller.worker.running() is not None)
    driven.controller._poll()
    assert not seen, "not yet"
    monkeypatch.setattr(controller_module, "PATIENCE", 0.0)
    wait_until(lambda: len(seen) >= 2, "progress")
    entry, progress, seconds = seen[0]
    assert entry.command == "wait" and progress.iteration >= 1 and progress.ll < 0 and seconds > 0
    assert seen[1][1].iteration > progress.iteration
    driven.gate.set()
    driven.idle()
    assert ended == [1]


def test_an_unforeseen_error_is_told_and_the_session_goes_on(
    driven: Driven, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[BaseException] = []
    driven.controller.failed.connect(told.append)
    driven.controller.run("break")
    driven.controller.run("sample x")
    driven.idle()
    assert [type(e) for e in told] == [ZeroDivisionError]
    assert states(driven) == ["error", "ok"]
    assert "nobody foresaw this" in driven.controller.history.entries[0].message
    assert "nobody foresaw this" in caplog.text


def test_a_session_that_cannot_be_made_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> object:
        raise RuntimeError("no engine")

    controller = Controller(Worker("session"), Worker("view"), session_port.SessionPort(broken))
    told: list[Exception] = []
    controller.failed.connect(told.append)
    controller.start()
    controller.run("sample x")
    wait_until(lambda: len(told) == 2)
    assert str(told[0]) == "no engine" and "no engine" in caplog.text
    assert str(told[1]) == "The engine of Terrace did not start, so no command can run."
    assert [e.state for e in controller.history.entries] == ["error"] and not controller.busy
    controller.stop()


def test_the_window_lives_while_the_worker_computes(driven: Driven) -> None:
    ticks: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(0)

    def compute(task: Task) -> bool:
        while len(ticks) < 5 and not task.cancelled():  # it never waits: the window must get its turns all the same
            sum(range(200))
        return not task.cancelled()

    done: list[bool] = []
    driven.controller.worker.put(Operation(compute, done.append, pytest.fail, "computing"))
    wait_until(lambda: done == [True], "the window to have its turns")


def test_view_work_does_not_wait_for_a_fit(driven: Driven) -> None:
    driven.controller.run("wait")
    got: list[int] = []
    driven.controller.call_view("seven", lambda: 7, got.append)
    wait_until(lambda: bool(got))
    assert got == [7] and driven.controller.busy


def test_stopping_ends_a_running_job() -> None:
    d = Driven()
    d.controller.run("wait")
    assert d.controller.stop()


def test_a_forgotten_job_calls_nobody(driven: Driven) -> None:
    got: list[object] = []
    for begun in (False, True):
        held, release = threading.Event(), threading.Event()

        def work(_session: object, held: threading.Event = held, release: threading.Event = release) -> None:
            held.set()
            assert release.wait(20)

        job = driven.controller.call("work", work, got.append, got.append)
        if begun:
            assert held.wait(20)
        job.forget()
        release.set()
        driven.idle()
        assert not got and not driven.controller.busy
