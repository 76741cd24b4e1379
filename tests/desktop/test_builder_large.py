"""Large data are judged beside the window: it goes on, what comes late is dropped, nothing is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from builder_help import child, picker, popups, schools, shown, take
from pytestqt.qtbot import QtBot
from waiting import show, wait_until

from terrace.data.dataset import Dataset
from terrace.spec.check import Report, examine
from terrace.spec.facts import facts_of
from terrace_desktop.builder import checking, state
from terrace_desktop.builder.form import BuilderForm
from terrace_desktop.work.worker import Worker

__all__ = ["popups"]


def fresh() -> Dataset:
    return schools()


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker("view")
    made.start()
    yield made
    assert made.stop()


def test_the_judgement_comes_from_another_thread(monkeypatch: pytest.MonkeyPatch, worker: Worker) -> None:
    where: list[str] = []
    hold = threading.Event()

    def watched(*args: object) -> Report:
        assert hold.wait(20)
        where.append(threading.current_thread().name)
        return examine(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(checking, "examine", watched)
    form = shown(fresh(), direct_rows=0, worker=worker)
    take(form, "score")
    assert form.spec.outcome.name == "score", "the model follows at once"
    assert not form.fit.isEnabled(), "but is not fitted before it was judged"
    hold.set()
    wait_until(form.fit.isEnabled, "the judgement")
    assert set(where) == {"terrace-view"}
    form.close_down()
    form.deleteLater()


def test_only_the_last_model_is_shown_as_judged(monkeypatch: pytest.MonkeyPatch, worker: Worker) -> None:
    hold, begun = threading.Event(), threading.Event()
    seen: list[str] = []

    def slow(spec: object, *rest: object) -> Report:
        begun.set()
        assert hold.wait(20)
        seen.append(spec.outcome.name)  # type: ignore[attr-defined]
        return examine(spec, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(checking, "examine", slow)
    data = fresh()
    form = shown(data, direct_rows=0, worker=worker)
    reports: list[int] = []
    form.state.checked.connect(lambda: reports.append(1))
    assert begun.wait(20)
    for name in ("score", "ses", "week", "id"):  # while the first judgement is under way
        take(form, name)
    assert child(form, "builder_status").text() == "Checking …"  # type: ignore[attr-defined]
    hold.set()
    wait_until(lambda: form.state.is_current and not worker.busy, "the judgement")
    assert form.state.report.counts is not None and form.state.report.counts.fixed == 3
    assert reports == [1], "models that were overtaken are not shown"
    assert seen == ["", "score"], "nor looked at"
    form.close_down()
    form.deleteLater()


def test_a_list_opens_without_reading_the_data(worker: Worker) -> None:
    data = fresh()
    form = shown(data, "mixed score ses || id:", direct_rows=0, worker=worker)
    wait_until(lambda: form.state.is_current)
    read = facts_of(data)
    assert read.known("profile", "size") is None
    form.levels.cards[0].add.click()
    opened = picker(form)
    assert read.known("profile", "size") is None
    assert opened.model._reasons["size"] == "" and opened.model._reasons["score"] == "is the outcome"
    opened.close()
    form.levels.cards[0].box.offer("size")  # found out after it was taken
    wait_until(lambda: form.state.is_current)
    assert any("does not vary within id" in t for t in form.levels.cards[0].notes.texts())
    form.levels.cards[0].add.click()
    assert picker(form).model._reasons["size"] != "", "and known from then on"
    picker(form).close()
    form.close_down()
    form.deleteLater()


def test_templates_are_worked_out_beside_the_window(worker: Worker) -> None:
    form = shown(fresh(), "mixed score ses", direct_rows=0, worker=worker)
    form.state.start_from("three")
    assert form.spec.random == ()
    wait_until(lambda: len(form.spec.random) == 2)
    assert form.command == "mixed score ses || district: || id:"
    form.close_down()
    form.deleteLater()


def test_a_window_that_is_closed_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch, worker: Worker, qtbot: QtBot
) -> None:
    hold, begun = threading.Event(), threading.Event()

    def slow(spec: object, *rest: object) -> Report:
        begun.set()
        assert hold.wait(20)
        return examine(spec, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(checking, "examine", slow)
    window = BuilderForm(fresh(), direct_rows=0, worker=worker)
    judged: list[int] = []
    window.state.checked.connect(lambda: judged.append(1))
    show(window)
    assert begun.wait(20)
    with qtbot.waitSignal(window.destroyed):  # the window is gone while its question is still being answered
        window.close()
        window.deleteLater()
    hold.set()
    wait_until(lambda: not worker.busy, "the answer")
    assert not judged


@pytest.mark.parametrize("rows", [0, checking.DIRECT_ROWS], ids=["beside", "on the spot"])
def test_a_defect_in_the_check_is_seen_and_goes_to_the_log(
    rows: int, monkeypatch: pytest.MonkeyPatch, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> Report:
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr(checking, "examine", broken)
    form = shown(fresh(), "mixed score ses || id:", direct_rows=rows, worker=worker)
    wait_until(lambda: form.state.is_current, "the judgement")
    status = child(form, "builder_status")
    assert "could not be checked (ZeroDivisionError: nobody foresaw this)" in status.accessibleName()
    assert not form.fit.isEnabled() and "nobody foresaw this" in caplog.text
    form.close_down()
    form.deleteLater()


def test_a_template_that_fails_says_so(monkeypatch: pytest.MonkeyPatch, worker: Worker) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr(state, "start", broken)
    form = shown(fresh(), "mixed score ses || id:", direct_rows=0, worker=worker)
    wait_until(lambda: form.state.is_current, "the judgement")
    form.state.start_from("three")
    wait_until(lambda: form.status_more.full_text() == "nobody foresaw this", "the failure to be told")
    form.close_down()
    form.deleteLater()


def test_a_condition_that_cannot_be_read_is_a_problem_of_its_own() -> None:
    form = shown(fresh(), "mixed score ses if nowhere > 2 || id:")
    assert form.state.report.errors[0].field == "rows"
    assert "nowhere" in form.state.report.errors[0].message
    assert form.more.fold.isChecked() and not form.fit.isEnabled()
    form.close_down()
    form.deleteLater()
