"""What was closed goes from memory: windows, builders, forms, guides, cards and plots, and calls that come too late."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid
from waiting import settled, wait_idle, wait_until

from terrace_desktop.app.start_page import StartPage
from terrace_desktop.app.window import MainWindow
from terrace_desktop.plots.view import PlotView
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.settings import Settings

MODEL = "mixed reaction days || subject: days"


@pytest.fixture
def window(settings: Settings) -> Iterator[MainWindow]:
    w = opened(settings)
    yield w
    if isValid(w):
        w.close()
        w.deleteLater()


def opened(settings: Settings) -> MainWindow:
    """A window with a model, a diagram of it and a graph of the data on its page."""
    w = MainWindow(settings)
    w.resize(1440, 900)
    w.show()
    w.begin()
    run(w, "sample sleepstudy", MODEL, "scatter reaction days", "estat icc")
    w.results.cards()[0].show_part("model_plots")
    wait_idle(w.controller)
    wait_until(lambda: len(w.findChildren(PlotView)) > 1, "the plots")
    return w


def run(w: MainWindow, *commands: str) -> None:
    wait_idle(w.controller)
    for command in commands:
        w.controller.run(command)
    wait_idle(w.controller)


def goes(find: Callable[[], Any], let_go: Callable[[], object], *, moves_on: str = "") -> None:
    """Nothing keeps what `find` gives, nor its widgets, once it was let go; but for one that goes to its successor."""
    kept = [(type(part).__name__, part.objectName(), weakref.ref(part)) for part in parts(find(), moves_on)]
    let_go()
    settled()
    gc.collect()
    assert [(kind, name) for kind, name, at in kept if at() is not None] == []


def parts(whole: QWidget, moves_on: str) -> list[QWidget]:
    """A widget and those inside it, without the one that moves on."""
    other = whole.findChild(QWidget, moves_on) if moves_on else None
    inside = [whole, *whole.findChildren(QWidget)]
    return [w for w in inside if other is None or not (w is other or other.isAncestorOf(w))]


def open_builder(w: MainWindow) -> None:
    w.models.open_builder(w.results.cards()[0].fit.spec)
    wait_idle(w.controller)


def open_after(w: MainWindow, key: str = "icc") -> None:
    w.models.open_after(w.results.cards()[0], key)
    wait_idle(w.controller)


def test_a_window_goes_with_all_that_is_open_in_it(settings: Settings) -> None:
    windows = [opened(settings)]
    w = windows[0]
    w.prepare.open("tabulate")
    w.variables.edit(w.controller.snapshot.dataset.names[0])
    w.variables.edit_several(list(w.controller.snapshot.dataset.names[:2]))
    w.variables.edit()
    w.models.guide.open()
    open_after(w)
    open_builder(w)
    del w

    def close() -> None:
        windows[0].close()
        windows.pop().deleteLater()

    goes(lambda: windows[0], close)


def test_a_builder_goes_when_it_is_closed(window: MainWindow) -> None:
    open_builder(window)
    goes(lambda: window.models.builder, window.models.close_builder)


def test_the_forms_after_a_fit_go_when_they_are_closed(window: MainWindow) -> None:
    open_after(window)
    flow = window.models._after
    assert flow is not None
    goes(lambda: flow.panel, flow.close)


def test_a_form_goes_when_another_takes_its_place_and_when_none_does(window: MainWindow) -> None:
    open_after(window)
    assert window.models._after is not None
    panel = window.models._after.panel
    assert panel is not None
    goes(lambda: panel.form, lambda: open_after(window, "predict"), moves_on="form_preview")
    goes(lambda: panel.form, lambda: panel.search.setText("no form has these words"), moves_on="form_preview")
    assert panel.form is None


def test_a_form_on_the_data_goes_with_the_next(window: MainWindow) -> None:
    window.prepare.open("scatter")
    wait_idle(window.controller)
    panel = window.prepare.panel
    assert panel is not None
    goes(lambda: panel.form, lambda: window.prepare.open("compute"), moves_on="form_preview")


def test_a_guide_goes_when_it_is_closed(window: MainWindow) -> None:
    window.models.guide.open()
    wait_idle(window.controller)
    goes(lambda: window.models.guide.panel, window.models.guide.close)


def test_cards_go_when_they_are_removed(window: MainWindow) -> None:
    for kind in ("scatter", "estat icc", "mixed"):

        def find(kind: str = kind) -> Any:
            cards = window.results.view.cards.values()
            return next(c for c in cards if c.item.outcome is not None and c.item.outcome.type == kind)

        def remove(find: Callable[[], Any] = find) -> None:
            find().remove()
            wait_idle(window.controller)

        goes(find, remove)


def test_a_start_page_that_was_never_shown_goes_whole(bot: object) -> None:
    pages = [StartPage()]
    goes(lambda: pages[0], lambda: pages.pop().deleteLater())


@pytest.mark.parametrize("first", ["the call", "the owner"])
def test_a_call_that_was_put_off_goes_with_its_owner(first: str) -> None:
    class Held:
        pass

    owner, done = QObject(), []
    held = Held()
    at = weakref.ref(held)
    soon(owner, lambda held=held: done.append(type(held)))
    del held
    if first == "the owner":
        del owner  # no parent: Qt's object goes at once
    settled()
    settled()
    gc.collect()
    assert done == ([] if first == "the owner" else [Held])
    assert at() is None
