"""One thread, numbered jobs, cancelling, progress, and errors that do not end the session."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import fakes
import pytest

from conftest import spin, wait_until
from terrace.errors import DataError
from terrace_desktop import controller as controller_module
from terrace_desktop import session_port
from terrace_desktop.controller import Controller
from terrace_desktop.worker import Answer, Worker


class Driven:
    """A controller over a fake session."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.session = fakes.FakeSession(self.gate)
        self.controller = Controller(
            Worker(lambda: self.session, session_port.take_snapshot, "session"), Worker(name="view")
        )
        self.controller.worker.start()
        self.controller.view_worker.start()
        wait_until(lambda: self.controller.is_ready, "the session")

    def idle(self) -> None:
        wait_until(lambda: not self.controller.busy, "the worker")


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
    assert states(driven) == ["ok", "ok", "ok"]
    assert driven.controller.snapshot.dataset is driven.session.dataset


def test_answers_arrive_on_our_thread_with_the_number_of_their_job(driven: Driven) -> None:
    heard: list[tuple[int, str]] = []
    driven.controller.worker.answered.connect(
        lambda answer: heard.append((answer.job, threading.current_thread().name))
    )
    jobs = [driven.controller.call(lambda *_: 1), driven.controller.call(lambda *_: 2)]
    driven.idle()
    wait_until(lambda: len(heard) == 2)
    assert [h[0] for h in heard] == jobs and jobs[0] < jobs[1]


def test_then_gets_the_outcome_the_value_or_the_error(driven: Driven) -> None:
    got: list[object] = []
    driven.controller.run("sample x", got.append)
    driven.controller.call(lambda session, progress, cancel: session.dataset, got.append)

    def bad(*_: object) -> None:
        raise DataError("no")

    driven.controller.call(bad, got.append)
    driven.idle()
    assert got[0].ok and got[1] is driven.session.dataset and isinstance(got[2], DataError)


def test_a_running_command_is_cancelled_and_those_behind_it_never_begin(driven: Driven) -> None:
    driven.controller.run("wait")
    driven.controller.run("sample x")
    wait_until(lambda: driven.controller.worker.progress() is not None)
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
    wait_until(lambda: driven.controller.worker.progress() is not None)
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

    controller = Controller(Worker(broken, session_port.take_snapshot), Worker(name="view"))
    told: list[BaseException] = []
    controller.failed.connect(told.append)
    controller.worker.start()
    controller.view_worker.start()
    wait_until(lambda: bool(told))
    assert str(told[0]) == "no engine"
    controller.stop()


def test_the_window_lives_while_the_worker_computes(driven: Driven) -> None:
    ticks: list[float] = []

    def work(_session: object, _progress: object, cancel: object) -> None:
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            sum(range(200))

    done: list[object] = []
    driven.controller.call(work, done.append)
    while not done:
        spin(5)
        ticks.append(time.monotonic())
    assert len(ticks) > 3


def test_view_work_does_not_wait_for_a_fit(driven: Driven) -> None:
    driven.controller.run("wait")
    got: list[int] = []
    driven.controller.call_view(lambda: 7, got.append)
    wait_until(lambda: bool(got))
    assert got == [7] and driven.controller.busy


def test_stopping_ends_a_running_job() -> None:
    d = Driven()
    d.controller.run("wait")
    assert d.controller.stop()


def test_a_forgotten_job_calls_nobody(driven: Driven) -> None:
    got: list[object] = []
    job = driven.controller.call(lambda *_: 1, got.append)
    driven.controller.forget(job)
    driven.idle()
    assert not got


def test_answer_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Answer(1, 0.0).job = 2  # type: ignore[misc]
