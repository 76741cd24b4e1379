"""What the window can do: each action has one name and one place, and is asked whether it can be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import fakes
import pytest
from PySide6.QtWidgets import QMainWindow

from terrace_desktop.app.actions import Actions
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.settings import Settings


@pytest.fixture
def window(settings: Settings) -> Iterator[MainWindow]:
    w = MainWindow(settings, fakes.FakeSession)
    yield w
    w.close()
    w.deleteLater()


def test_every_action_has_a_name_of_its_own_and_a_place(window: MainWindow) -> None:
    given = window.all_actions()
    assert [n for n, times in Counter(a.name for a in given).items() if times > 1] == []
    assert {a.name for a in given} == set(window.actions_.names())
    texts = {n: window.actions_[n].text() for n in window.actions_.names()}
    assert texts == {a.name: a.text for a in given} and all(texts.values())


def test_menus_and_tool_bar_stand_without_our_window(window: MainWindow) -> None:
    done: list[str] = []
    can = {"copy": False}
    given = [
        Action(a.name, a.text, lambda n=a.name: done.append(n), a.keys, lambda n=a.name: can.get(n, True), a.chosen)
        for a in window.all_actions()
    ]
    plain = QMainWindow()
    actions = Actions(plain, given)
    actions.refresh()
    assert not actions["copy"].isEnabled() and actions["undo"].isEnabled()
    can |= {"copy": True, "undo": False}
    actions.refresh("undo")
    assert not actions["copy"].isEnabled() and not actions["undo"].isEnabled()
    assert not actions.buttons["undo"].isEnabled()
    actions.refresh()
    assert actions["copy"].isEnabled()
    actions["copy"].trigger()
    actions.buttons["new_model"].click()
    assert done == ["copy", "new_model"]
    plain.deleteLater()
