"""What the tests of the model builder share: data, a form on the screen, keys and clicks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QMessageLogContext, QPoint, QPointF, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QHBoxLayout, QMenu, QWidget
from waiting import settled, show

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.language.mixed import parse_mixed
from terrace.spec.model import ModelSpec
from terrace_desktop.builder.fields import Choice
from terrace_desktop.builder.form import BuilderForm
from terrace_desktop.builder.notes import Notes
from terrace_desktop.builder.terms.chips import Chip, RoleBox
from terrace_desktop.builder.terms.picker import Picker
from terrace_desktop.builder.variables import variables_mime
from terrace_desktop.ui.work_panel import WorkPanel

KINDS = {
    "id": Measure.IDENTIFIER,
    "district": Measure.IDENTIFIER,
    "sector": Measure.NOMINAL,
    "race": Measure.NOMINAL,
    "name": Measure.NOMINAL,
}


NO_POPUPS = ("does not support raise()", "does not support grabbing the keyboard")


@pytest.fixture(autouse=True)
def popups(no_qt_warnings: list[str]) -> Iterator[None]:
    """The offscreen platform says of every drop-down list what it cannot do; the rest is listened to."""

    def listen(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if not any(words in message for words in NO_POPUPS):
            before(kind, context, message)

    before = qInstallMessageHandler(listen)
    yield
    qInstallMessageHandler(before)


def schools(pupils: int = 10) -> Dataset:
    """Twelve schools in three districts, `pupils` pupils each."""
    rng = np.random.default_rng(3)
    n = 12 * pupils
    school = np.repeat(np.arange(1, 13), pupils)
    frame = pd.DataFrame(
        {
            "id": school,
            "district": (school + 3) // 4,
            "score": rng.normal(size=n),
            "ses": rng.normal(size=n),
            "week": np.tile(np.arange(1, pupils + 1), 12),
            "size": school * 10.0,
            "sector": (school % 2).astype(float),
            "race": rng.integers(0, 3, n).astype(float),
            "name": np.where(school % 2 == 1, "left", "right"),
            "lab": np.tile([1, 2], n // 2),
            "one": 1.0,
            "empty": np.nan,
            "weight": rng.uniform(0.5, 2.0, n),
        }
    )
    labels = {"sector": {0.0: "Public", 1.0: "Catholic"}, "race": {0.0: "a", 1.0: "b", 2.0: "c"}}
    variables = tuple(
        Variable(str(c), "", KINDS.get(str(c), Measure.CONTINUOUS), labels.get(str(c), {})) for c in frame.columns
    )
    return Dataset(frame, variables)


def shown(
    dataset: Dataset, command: str = "", *, size: tuple[int, int] = (1120, 820), unfolded: bool = True, **more: Any
) -> BuilderForm:
    """A form on the screen, with the model of a command in it and all its parts to be seen."""
    spec: ModelSpec | None = parse_mixed(command, dataset.names) if command else None
    form = BuilderForm(dataset, spec, **more)
    holder = Holder(form)
    holder.resize(*size)
    show(holder)
    if unfolded:
        form.change.setChecked(True)
        settled()
    form.begin()
    return form


class Holder(QWidget):
    """What the window has around the form: the list of variables on its left, the work panel."""

    def __init__(self, form: BuilderForm) -> None:
        super().__init__()
        self.panel = WorkPanel()
        self.panel.show_content(form)
        row = QHBoxLayout(self)
        row.addWidget(form.variables, 1)
        row.addWidget(self.panel, 2)
        form.holder = self  # type: ignore[attr-defined]  # it goes with the form
        form.destroyed.connect(self.deleteLater)


def start_with(form: BuilderForm, name: str) -> None:
    """Use an action of the menu `Start from`."""
    menu = form.start.menu()
    assert menu is not None
    next(a for a in menu.actions() if a.objectName() == name).trigger()
    settled()


def child(form: QWidget, name: str) -> QWidget:
    """The widget of an object name; it must be there and be seen."""
    found = [w for w in form.window().findChildren(QWidget, name) if w.isVisibleTo(form.window())]
    assert len(found) == 1, f"{len(found)} widgets named {name}"
    return found[0]


def click(form: QWidget, name: str) -> None:
    """Click on a widget that is enabled."""
    widget = child(form, name)
    assert widget.isEnabled(), f"{name} is closed"
    where = QPoint(8, widget.height() // 2) if isinstance(widget, QCheckBox) else widget.rect().center()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=where)
    settled()


def keys(widget: QWidget, text: str = "", *strokes: Qt.Key) -> None:
    """Type text, then press keys."""
    if text:
        QTest.keyClicks(widget, text)
    for key in strokes:
        QTest.keyClick(widget, key)
    settled()


def take(form: BuilderForm, name: str) -> None:
    """Find a variable by typing, and take it with Enter."""
    form.variables.search.clear()
    keys(form.variables.search, name, Qt.Key.Key_Return)


def picker(form: QWidget) -> Picker:
    """The list that is open."""
    found = [p for p in form.window().findChildren(Picker) if p.isVisible()]
    assert len(found) == 1, "no list is open"
    return found[0]


def pick(form: QWidget, button: str, name: str) -> None:
    """Open a list of variables by its button and pick one by typing."""
    click(form, button)
    keys(picker(form).search, name, Qt.Key.Key_Return)


def refused(form: QWidget, button: str) -> dict[str, str]:
    """Why a list refuses what it refuses."""
    click(form, button)
    opened = picker(form)
    found = {v: r for v, r in opened.model._reasons.items() if r}
    opened.close()
    settled()
    return found


def choose(form: QWidget, name: str, value: object) -> None:
    """Choose a value of a drop-down list by keys; it must be open to choice."""
    choice = child(form, name)
    assert isinstance(choice, Choice)
    values = [v for v, _ in choice._options]
    assert not choice.is_closed(value), f"{value} is closed: {choice._closed[value]}"
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    opened = choice.view()
    assert opened.isVisible()
    while opened.currentIndex().row() != values.index(value):
        before = opened.currentIndex().row()
        keys(opened, "", Qt.Key.Key_Down if values.index(value) > before else Qt.Key.Key_Up)
        assert opened.currentIndex().row() != before, "the keys do not move it"
    keys(opened, "", Qt.Key.Key_Return)


def write(form: QWidget, name: str, text: str) -> None:
    """Write into a line and leave it with Enter."""
    line = child(form, name)
    line.setFocus()
    line.clear()  # type: ignore[attr-defined]
    keys(line, text, Qt.Key.Key_Return)


def chips(form: QWidget, box: str) -> list[str]:
    """What the chips of a row say."""
    row = form.findChild(QWidget, box)
    assert row is not None
    return [f"{c.data.text} {c.data.detail}".strip() for c in row.chips()]  # type: ignore[attr-defined]


def chip(form: QWidget, box: str, text: str) -> Chip:
    """The chip of a row that begins with a text."""
    row = form.findChild(QWidget, box)
    return next(c for c in row.chips() if c.data.text == text)  # type: ignore[union-attr]


def notes(form: QWidget, name: str) -> list[str]:
    """What stands beside a field."""
    found = form.findChild(Notes, name)
    assert found is not None
    return found.texts() if found.isVisibleTo(form) else []


def mend(form: QWidget, label: str) -> None:
    """Press the one button of this name beside a field."""
    found = [
        w
        for w in form.findChildren(QWidget)
        if w.objectName().endswith("_mend") and w.accessibleName() == label and w.isVisibleTo(form)
    ]
    assert len(found) == 1, f"{len(found)} buttons {label}"
    QTest.mouseClick(found[0], Qt.MouseButton.LeftButton)
    settled()


def drop(box: RoleBox, *names: str) -> bool:
    """Drag variables over a box and let them go; False where they were refused."""
    data = variables_mime(names)
    where = QPoint(box.width() // 2, box.height() // 2)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    try:
        enter = QDragEnterEvent(QPointF(where), Qt.DropAction.CopyAction, data, left, none)
    except TypeError:  # before Qt 6.12 it takes whole points
        enter = QDragEnterEvent(where, Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(box, enter)
    taken = box.property("drop") == "yes"
    if taken:
        QApplication.sendEvent(box, QDropEvent(where, Qt.DropAction.CopyAction, data, left, none))
    settled()
    return taken


def menu_of(form: QWidget, name: str) -> QMenu:
    """The menu of this name that is open."""
    found = [m for m in form.window().findChildren(QMenu, name) if m.isVisible()]
    assert len(found) == 1, f"{len(found)} menus {name}"
    return found[0]


def use(menu: QMenu, text: str) -> None:
    """Trigger the action of a menu whose text begins so."""
    found = [a for a in menu.actions() if a.text().replace("&", "").startswith(text)]
    assert found, [a.text() for a in menu.actions()]
    assert found[0].isEnabled()
    found[0].trigger()
    menu.close()
    settled()


def agree(form: BuilderForm) -> None:
    """The command that the form shows is the model that it holds."""
    assert parse_mixed(form.command, form.state.dataset.names) == form.spec
