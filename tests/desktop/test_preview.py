"""Previews in the window: beside the form, latest first, without a trace; what takes long waits for Update."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fakes
import numpy as np
import pytest
from after_help import write
from builder_help import popups, schools, shown, take
from PySide6.QtWidgets import QApplication, QGraphicsSimpleTextItem, QPushButton
from waiting import settled, wait_idle, wait_until

import terrace
from terrace.language.mixed import parse_mixed
from terrace.session.contract import Outcome
from terrace.session.preview import Preview
from terrace.session.state import State
from terrace_desktop.app.window import MainWindow
from terrace_desktop.builder.form import BuilderForm
from terrace_desktop.builder.preview import ModelPreview
from terrace_desktop.builder.preview_html import cell, decimals_of
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import previewer as previewer_module
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.previewer import Previewer, Request, find_preview
from terrace_desktop.work.session_port import SessionPort
from terrace_desktop.work.worker import Task, Worker

__all__ = ["popups"]
INTERCEPTS = "mixed score ses || id:, reml"
SLOPES = "mixed score ses || id: ses, covariance(unstructured) reml"
STOPPED = Preview(Outcome("", "", "error", 0.0, error=("cancelled", "The fit was cancelled.")))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is late on a busy machine, unless a test wants it so."""
    monkeypatch.setattr(previewer_module, "PATIENCE", 3600.0)


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker("preview")
    made.start()
    yield made
    assert made.stop()


@pytest.fixture
def following(worker: Worker) -> Callable[..., tuple[BuilderForm, ModelPreview]]:
    """A builder on twelve schools that previews its model, with another way to find previews where one is given."""

    def make(command: str = "", parent: str = "", **more: Any) -> tuple[BuilderForm, ModelPreview]:
        data = schools()
        form = shown(data, command)
        state = State(dataset=data)
        fit = terrace.fit(parent, data) if parent else None
        form.live.follow(Previewer(worker, lambda: state, **more), fit, "Model 1" if parent else "")
        assert form.live.preview is not None
        return form, form.live.preview

    return make


def close(form: BuilderForm) -> None:
    form.close_down()
    form.close()
    form.deleteLater()


def page(p: ModelPreview) -> str:
    return str(p.browser.toPlainText())


def words(p: ModelPreview) -> tuple[str, str]:
    return p.heading.text(), p.words.text()


# --- the builder ----------------------------------------------------------------------------------------------
def test_numbers_come_with_a_click(following: Callable[..., tuple[BuilderForm, ModelPreview]]) -> None:
    form, p = following("mixed score ses || id:")
    wait_until(lambda: p.shown is not None, "the first preview")
    assert p.shown is not None and p.shown.fit is not None and p.browser.isVisible()
    first = p.shown.fit
    take(form, "week")
    wait_until(lambda: p.shown is not None and p.shown.fit is not first, "the next preview")
    fit = terrace.fit("mixed score ses week || id:", schools())
    assert p.shown.fit is not None
    assert np.array_equal(p.shown.fit.matrices["b"], fit.matrices["b"]), "to the last digit"
    assert "week" in page(p) and f"{fit.fixed[1].coef:.2f}".replace("-", "−") in page(p)
    assert "Now" not in page(p), "there is no model to stand beside"
    assert p.browser.accessibleDescription() == page(p)
    close(form)


def test_the_parent_stands_beside(following: Callable[..., tuple[BuilderForm, ModelPreview]]) -> None:
    form, p = following(SLOPES, INTERCEPTS)
    wait_until(lambda: p.shown is not None, "the preview")
    text = page(p)
    assert "Model 1" in text and "Now" in text and "Against Model 1" in text and "Slope variance, ses" in text
    small = terrace.fit(INTERCEPTS, schools())
    intercept = next(e.coef for e in small.fixed if e.term == "_cons")
    assert cell(intercept, decimals_of([intercept])) in text
    assert "was ." in text, "the intraclass correlation of the parent"
    close(form)


def test_what_is_missing_is_said_in_words(following: Callable[..., tuple[BuilderForm, ModelPreview]]) -> None:
    form, p = following()
    settled()
    assert words(p)[0] == "Nothing to estimate yet" and "outcome" in words(p)[1] and not p.browser.isVisible()
    form.set_spec(parse_mixed(INTERCEPTS, schools().names))
    wait_until(lambda: p.shown is not None, "the preview")
    assert words(p) == ("", "")
    form.undo()
    assert words(p)[0] == "Nothing to estimate yet" and p.shown is None and not p.browser.isVisible()
    close(form)


def test_a_model_that_cannot_be_estimated_says_why(
    following: Callable[..., tuple[BuilderForm, ModelPreview]],
) -> None:
    def refused(state: State, request: Request, task: Task, cancelled: Callable[[], bool]) -> Preview:
        return Preview(Outcome("", "", "error", 0.0, error=("exact", "It fits without error."), error_advice="Less."))

    windows = set(QApplication.topLevelWidgets())
    form, p = following(INTERCEPTS, find=refused)
    wait_until(lambda: bool(words(p)[0]), "the words")
    assert words(p) == ("This model cannot be estimated", "It fits without error. Less.")
    assert {w for w in set(QApplication.topLevelWidgets()) - windows if w.isVisible()} == {form.window()}
    close(form)


def test_a_defect_is_no_dialog_either(
    following: Callable[..., tuple[BuilderForm, ModelPreview]], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> Preview:
        raise ZeroDivisionError("nobody foresaw this")

    form, p = following(INTERCEPTS, find=broken)
    wait_until(lambda: bool(words(p)[0]), "the words")
    assert words(p) == ("This model cannot be shown", "The log says why.") and "unforeseen" in caplog.text
    close(form)


def test_lines_are_drawn_on_their_page_only(following: Callable[..., tuple[BuilderForm, ModelPreview]]) -> None:
    form, p = following(SLOPES)
    wait_until(lambda: p.shown is not None, "the preview")
    assert p.plot is None and p.shown is not None and p.shown.lines is None
    form.live.show_page("lines")
    wait_until(lambda: p.plot is not None, "the lines")
    assert p.plot is not None and p.plot.plot.kind == "group-lines"
    form.set_spec(parse_mixed("mixed score size || id:, reml", schools().names))
    wait_until(lambda: bool(p.told.text()), "the words")
    assert "continuous predictor" in p.told.text() and p.plot is None
    p.previewer.drop()
    close(form)


# --- latest first ---------------------------------------------------------------------------------------------
class Slow:
    """Finds previews that last until `go` is set or they are cancelled, and counts them."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun: list[str] = []
        self.cancelled: list[str] = []

    def __call__(self, state: State, request: Request, task: Task, cancelled: Callable[[], bool]) -> Preview:
        self.begun.append(request.command)
        while not self.go.wait(0.002):
            if cancelled():
                self.cancelled.append(request.command)
                return STOPPED
        return find_preview(state, request, task, cancelled)


def test_what_is_overtaken_is_cancelled_and_dropped(worker: Worker) -> None:
    slow, told = Slow(), []
    state = State(dataset=schools())
    previewer = Previewer(worker, lambda: state, slow, delay=0)
    previewer.found.connect(lambda p: told.append(p.outcome.command))
    previewer.ask(Request(INTERCEPTS))
    wait_until(lambda: len(slow.begun) == 1, "the first")
    previewer.ask(Request("mixed score || id:"))
    previewer.ask(Request(SLOPES))
    wait_until(lambda: len(slow.begun) == 2, "the last")
    slow.go.set()
    wait_until(lambda: bool(told), "its result")
    settled()
    assert slow.begun == [INTERCEPTS, SLOPES], "what nobody waits for any more never begins"
    assert slow.cancelled == [INTERCEPTS] and told == [SLOPES] and not previewer.busy


def test_a_model_that_takes_long_waits_for_update(
    following: Callable[..., tuple[BuilderForm, ModelPreview]],
) -> None:
    slow = Slow()
    slow.go.set()
    form, p = following(INTERCEPTS, find=slow)
    wait_until(lambda: p.shown is not None, "the first preview")
    before, p.previewer.patience = p.shown, 0.05
    slow.go.clear()
    take(form, "week")
    update, cancel = (form.findChild(QPushButton, f"builder_preview_{k}") for k in ("update", "cancel"))
    assert update is not None and cancel is not None
    wait_until(update.isVisible, "Update")
    assert p.strip.words.text() == "This model takes too long to show at every change. Press Update to show it."
    assert p.shown is before and p.stale, "the last result stays"
    update.click()
    assert cancel.isVisible() and not update.isVisible()
    cancel.click()
    wait_until(update.isVisible, "Update again")
    update.click()
    slow.go.set()
    wait_until(lambda: p.shown is not before, "the result")
    assert not p.strip.isVisible() and not p.stale and "week" in page(p)
    close(form)


def test_it_does_not_wait_for_a_command_that_runs(qapp: QApplication) -> None:
    session = fakes.FakeSession()
    controller = Controller(Worker("session"), Worker("view"), SessionPort(lambda: session))  # type: ignore[arg-type]
    controller.start()
    wait_idle(controller)
    controller.run("wait")
    previewer, told = controller.previewer(), []
    previewer.found.connect(told.append)
    previewer.ask(Request("display 1"))
    wait_until(lambda: bool(told), "the preview")
    assert controller.busy and told[0].outcome.ok
    session.gate.set()
    wait_idle(controller)
    assert controller.stop()


def test_nothing_is_told_after_the_form_has_gone(following: Callable[..., tuple[BuilderForm, ModelPreview]]) -> None:
    slow = Slow()
    form, p = following(INTERCEPTS, find=slow)
    wait_until(lambda: bool(slow.begun), "the preview")
    close(form)
    wait_until(lambda: bool(slow.cancelled), "its end")
    settled()
    assert p.shown is None


def test_another_theme_finds_no_page_that_has_gone(
    following: Callable[..., tuple[BuilderForm, ModelPreview]],
) -> None:
    form, p = following(INTERCEPTS)
    wait_until(lambda: p.shown is not None, "the preview")
    light = p.browser.toHtml()
    try:
        theme.manager().apply("dark")
        assert p.browser.toHtml() != light and theme.DARK.ink in p.browser.toHtml()
        close(form)
        settled()
        theme.manager().apply("light")  # an exception in a slot fails the test
    finally:
        theme.manager().apply("light")


# --- in the program -------------------------------------------------------------------------------------------
@pytest.fixture
def window(settings: Settings, tmp_path: Path) -> Iterator[MainWindow]:
    """The program with a model of twelve schools."""
    schools().frame.to_csv(tmp_path / "schools.csv", index=False)
    w = MainWindow(settings)
    w.resize(1440, 900)
    w.show()
    w.begin()
    wait_idle(w.controller)
    for command in (f'use "{tmp_path / "schools.csv"}"', "set seed 3", INTERCEPTS, "mixed score week || id:, reml"):
        w.controller.run(command)
    wait_idle(w.controller)
    yield w
    w.close()
    w.deleteLater()


def session_parts(w: MainWindow) -> tuple[object, ...]:
    s = w.controller.port.session
    rng = None if s.state.rng is None else str(s.state.rng.bit_generator.state)
    return id(s.state), rng, len(s.history), len(w.controller.history.entries), s.fit, dict(s.stored), s.undo_text


def test_a_preview_leaves_no_trace_and_keeping_gives_the_same_numbers(window: MainWindow) -> None:
    card = window.results.cards()[0]
    before = session_parts(window)
    window.models.edit(card)
    builder = window.models.builder
    p = builder.live.preview
    wait_until(lambda: p.shown is not None, "the preview")
    builder.set_spec(parse_mixed(SLOPES, window.controller.snapshot.dataset.names))
    wait_until(lambda: len(p.shown.beside.lines) == 6, "the preview with slopes")
    assert f"Model {card.number}" in page(p)
    assert session_parts(window) == before and window.controller.snapshot.fit is not p.shown.fit
    previewed = p.shown.fit
    builder.findChild(QPushButton, "builder_fit").click()
    wait_until(lambda: len(window.results.cards()) == 3, "the model")
    wait_idle(window.controller)
    kept = window.results.newest().fit
    for name in ("b", "V"):
        assert np.array_equal(kept.matrices[name], previewed.matrices[name])
    assert kept.ll == previewed.ll


def form_of(w: MainWindow, number: int, key: str) -> Any:
    card = next(c for c in w.results.cards() if c.number == number)
    w.models.open_after(card, key)
    return w.models._after.panel


def test_a_form_after_the_fit_previews_its_output_for_its_model(window: MainWindow) -> None:
    before = session_parts(window)
    panel = form_of(window, 1, "icc")  # not the active one
    wait_until(panel.preview.isVisible, "the preview")
    from terrace.postestimation.variance.icc import icc

    fit = next(c for c in window.results.cards() if c.number == 1).fit
    assert panel.preview.shown.outcome.tables[0].rows[0].values[0] == icc(fit)[0].value
    assert session_parts(window) == before
    panel.choose("predict")
    wait_until(lambda: panel.preview.shown is not None and bool(panel.preview.shown.made), "the variable")
    assert panel.preview.words.text().startswith("Adds ") and "mean" in panel.preview.words.text()
    assert session_parts(window) == before


def test_a_form_that_waits_for_update_shows_nothing_of_the_form_before(window: MainWindow) -> None:
    panel = form_of(window, 1, "icc")
    wait_until(panel.preview.isVisible, "the preview")
    assert panel.preview.browser.isVisible()
    panel.preview.previewer.patience = 0.0
    panel.choose("diagnostics")
    wait_until(panel.preview.strip.isVisible, "Update")
    assert panel.preview.browser.isHidden() and panel.preview.words.isHidden() and panel.preview.plot is None


def test_a_figure_in_a_form_tells_its_lines_apart_as_the_figure_in_the_results_does(window: MainWindow) -> None:
    window.controller.run("mixed score c.week##i.sector || id:, reml")
    wait_idle(window.controller)
    panel = form_of(window, 3, "margins")
    write(panel, "at_week", "1 5 10")
    wait_until(lambda: panel.preview.plot is not None, "the figure")
    assert panel.preview.legend is None, "the names of two lines stand at their ends"
    panel.preview.plot.finish()
    texts = [i.text() for i in panel.preview.plot.scene().items() if isinstance(i, QGraphicsSimpleTextItem)]
    assert sorted(filter(None, texts)) == ["sector = 0", "sector = 1"]
    write(panel, "at_week", "")
    write(panel, "at_sector", "0 1")
    panel.choose("lines")
    wait_until(lambda: panel.preview.legend is not None, "the legend of lines over points")
    panel.choose("icc")
    wait_until(lambda: panel.preview.shown is not None, "the table")
    assert panel.preview.legend is None and panel.preview.plot is None


def test_a_form_on_the_data_previews_too(window: MainWindow) -> None:
    before = session_parts(window)
    window.prepare.open("summarize")
    panel = window.prepare.panel
    wait_until(panel.preview.isVisible, "the preview")
    assert "score" in panel.preview.browser.toPlainText()
    panel.choose("centre")
    settled()
    assert not panel.preview.isVisible(), "nothing is chosen yet"
    panel.form.set_values({"names": ("ses",)})
    wait_until(panel.preview.isVisible, "the preview")
    assert panel.preview.words.text().startswith("Adds ")
    assert session_parts(window) == before and "c_ses" not in window.controller.snapshot.dataset


def test_a_command_that_is_refused_says_so_under_the_form(window: MainWindow) -> None:
    items = len(window.controller.snapshot.document)
    window.prepare.open("compute")
    panel = window.prepare.panel
    panel.form.set_values({"name": "new", "value": "ln(nothing_of_this_name)"})
    wait_until(panel.preview.isVisible, "the preview")
    assert "nothing_of_this_name" in panel.preview.words.text()
    assert len(window.controller.snapshot.document) == items


# --- the page -------------------------------------------------------------------------------------------------
def test_each_row_has_the_decimals_that_it_needs() -> None:
    assert [decimals_of([x]) for x in (0.0, 12.063, 0.7, 0.055, 0.00044, float("nan"), None, "left out")] == [
        2, 2, 2, 3, 5, 2, 2, 2,
    ]  # fmt: skip
    assert cell(-1234.5, 2) == "−1,234.50" and cell(None, 2) == "" and cell("left out", 2) == "left out"
