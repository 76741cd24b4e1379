"""From a singular fit to the largest model that the data support: on the card and beside the live preview."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from builder_help import click, popups, schools, shown
from PySide6.QtWidgets import QPushButton
from test_app import program
from waiting import wait_until

import terrace
from terrace.data.dataset import Dataset
from terrace.session.session import Session
from terrace.session.state import State
from terrace_desktop.builder.form import BuilderForm
from terrace_desktop.work import previewer as previewer_module
from terrace_desktop.work.previewer import Previewer
from terrace_desktop.work.worker import Worker

__all__ = ["popups", "program"]
SINGULAR = "mixed score ses || id: ses, covariance(unstructured)"


def flat() -> Dataset:
    """Schools that differ in level, and whose slopes are more alike than chance would have them."""
    data = schools(6)
    rng = np.random.default_rng(1)
    ses, school = data.numeric("ses"), data.numeric("id").astype(int)
    noise = rng.normal(size=len(data))
    for k in np.unique(school):
        rows = school == k
        x = ses[rows] - ses[rows].mean()
        noise[rows] -= x * (x @ noise[rows]) / (x @ x)
    return data.with_column("score", 2 * rng.normal(size=13)[school] + noise, data.variable("score"))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previewer_module, "PATIENCE", 3600.0)


@pytest.fixture
def form() -> Iterator[BuilderForm]:
    data = flat()
    worker = Worker("preview")
    worker.start()
    state = State(dataset=data)
    made = shown(data, SINGULAR)
    made.live.follow(Previewer(worker, lambda: state), None, "", Previewer(worker, lambda: state))
    yield made
    made.close_down()
    made.close()
    made.deleteLater()
    assert worker.stop()


def proposed() -> str:
    session = Session(State(dataset=flat()))
    assert session.run(SINGULAR).ok
    assert session.run("estat simplify").ok
    return session.state.returned.macros["command"]


def test_the_live_preview_finds_it_and_the_model_is_taken(form: BuilderForm) -> None:
    assert terrace.fit(SINGULAR, flat()).boundary
    simplify = form.live.preview.simplify  # type: ignore[union-attr]
    assert simplify is not None
    wait_until(simplify.isVisible, "the offer")
    click(form, "builder_simplify")
    wait_until(lambda: bool(simplify.proposed), "a model")
    assert "Without " in simplify.steps.text() and "χ²(" in simplify.steps.text()
    click(form, "builder_simplify_use")
    assert form.command == proposed()
    wait_until(lambda: form.live.preview.shown is not None and not form.live.preview.stale)  # type: ignore[union-attr]
    assert simplify.isHidden()
    form.undo()
    assert form.command == SINGULAR


def test_the_card_of_a_singular_fit_leads_to_the_builder(program) -> None:  # type: ignore[no-untyped-def]
    window = program.window
    program.run("sample hsb", "mixed mathach c.ses##c.meanses c.ses##i.sector || id: ses female, cov(un) reml")
    card = window.results.newest()
    assert card is not None and card.fit.boundary
    card.wake()
    card.findChild(QPushButton, "warning_simplify").click()
    program.idle()
    (output,) = window.results.under(card)
    output.wake()
    output.findChild(QPushButton, "output_use").click()
    program.idle()
    wait_until(lambda: window.models.builder is not None, "the builder")
    assert window.models.builder.command == output.outcome.payload["proposed"]
