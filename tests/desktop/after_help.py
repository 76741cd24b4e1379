"""What the tests of the post-estimation panel share: fitted models, and a panel on the screen."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLineEdit, QListWidget, QWidget
from waiting import settled, show

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.session.session import Session
from terrace.session.state import State
from terrace_desktop.builder.fields import Choice
from terrace_desktop.forms.facts import Facts, Model
from terrace_desktop.panels.after import catalog
from terrace_desktop.panels.after.panel import AfterPanel
from terrace_desktop.ui.work_panel import WorkPanel

FULL = "mixed y c.x##i.t i.sex c.w || g: x, covariance(unstructured) reml dfmethod(satterthwaite)"
PLAIN = "mixed y x || g:"
EMPTY = "mixed y || g:"
CROSSED = "mixed y x || _all: R.item || g:"
NESTED = "mixed y c.x##c.w || g: || class: x"
SERIAL = "mixed y c.x##i.t || g:, noconstant residuals(ar 1, t(week))"
LINEAR = "regress y x i.t"
ROBUST = "mixed y i.t || g:, vce(robust)"
COMMANDS = (FULL, PLAIN, EMPTY, CROSSED, NESTED, SERIAL, LINEAR, ROBUST)


@cache
def data() -> Dataset:
    """Twenty groups of ten rows, with every kind of variable."""
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(1.0, 21.0), 10)
    place = g.astype(int) - 1
    x, w, u = rng.normal(size=200), rng.normal(size=200), rng.normal(size=(20, 2))
    t, item = np.tile([0.0, 1.0, 2.0, 0.0, 1.0], 40), np.tile(np.arange(1.0, 6.0), 40)
    group, crossed = np.tile(np.repeat([1.0, 2.0], 5), 20), rng.normal(size=5)[item.astype(int) - 1]
    inner = rng.normal(size=40)[place * 2 + group.astype(int) - 1]
    y = 1 + u[place, 0] + (1 + u[place, 1] * 0.6) * x + 0.5 * (t == 1) * x + 0.3 * w + rng.normal(size=200)
    frame = pd.DataFrame(
        {
            "g": g,
            "class": group,
            "item": item,
            "y": y + crossed + inner,
            "x": x,
            "w": w,
            "t": t,
            "sex": np.where(rng.random(200) < 0.5, "f", "m"),
            "week": np.tile(np.arange(1.0, 11.0), 20),
        }
    )
    kinds = {
        "g": Measure.IDENTIFIER, "class": Measure.IDENTIFIER, "item": Measure.NOMINAL, "t": Measure.NOMINAL,
        "sex": Measure.NOMINAL,
    }  # fmt: skip
    labels = {"x": "Hours of study", "w": "Weight"}
    return Dataset(
        frame, tuple(Variable(str(c), labels.get(str(c), ""), kinds.get(str(c), Measure.CONTINUOUS)) for c in frame)
    )


@cache
def fitted(command: str) -> Any:
    """A fit of the engine; treat it as frozen."""
    session = Session(State(dataset=data()))
    outcome = session.run(command)
    assert outcome.ok, outcome.error
    return session.fit


def facts(command: str = FULL, others: tuple[str, ...] = (PLAIN,), dataset: Dataset | None = None) -> Facts:
    """The facts of a model stored as m1, with others stored as m2, m3, ..."""
    models = tuple(Model(f"m{k + 1}", f"Model {k + 1}: a title") for k in range(1 + len(others)))
    return Facts(fitted(command), data() if dataset is None else dataset, "m1", "Model 1: a title", models)


def session_with(command: str, others: tuple[str, ...] = (PLAIN,)) -> Session:
    """A session in which these models are stored under the same names, the first of them active."""
    found = Session(State(dataset=data()))
    for k, text in enumerate((command, *others)):
        assert found.run(text).ok
        assert found.run(f"estimates store m{k + 1}").ok
    assert found.run("estimates restore m1").ok
    return found


def shown(about: Facts) -> WorkPanel:
    """The panel on the screen, as wide as it is when it is torn off."""
    holder = WorkPanel()
    holder.show_content(AfterPanel(about, catalog.groups()))
    holder.resize(760, 660)
    show(holder)
    content = holder.content()
    assert content is not None
    content.begin()
    return holder


def widget(panel: QWidget, name: str) -> Any:
    """The one widget of a name that can be seen."""
    found = [w for w in panel.findChildren(QWidget, f"after_{name}") if w.isVisibleTo(panel.window())]
    assert len(found) == 1, f"{len(found)} widgets named after_{name}"
    return found[0]


def hidden(panel: QWidget, name: str) -> bool:
    """True where no widget of this name can be seen."""
    return not any(w.isVisibleTo(panel.window()) for w in panel.findChildren(QWidget, f"after_{name}"))


def tick(panel: AfterPanel, name: str, on: bool = True) -> None:
    """Tick a box as a click does."""
    box = widget(panel, name)
    assert isinstance(box, QCheckBox) and box.isEnabled(), name
    if box.isChecked() != on:
        box.click()
    settled()


def tick_row(panel: AfterPanel, name: str, value: Any) -> None:
    """Tick a line of a long list with the Space key."""
    view = widget(panel, name)
    assert isinstance(view, QListWidget)
    for k in range(view.count()):
        if view.item(k).data(Qt.ItemDataRole.UserRole) == value:
            view.setCurrentRow(k)
            QTest.keyClick(view, Qt.Key.Key_Space)
            return
    raise AssertionError(f"{value} is not in {name}")


def choose(panel: AfterPanel, name: str, value: Any) -> None:
    """Choose a value of a drop-down list."""
    box = widget(panel, name)
    assert isinstance(box, Choice) and box.isEnabled() and not box.is_closed(value), (name, value)
    box.setCurrentIndex([v for v, _ in box._options].index(value))
    box.activated.emit(box.currentIndex())
    settled()


def write(panel: AfterPanel, name: str, text: str) -> None:
    """Type a text into a line."""
    line = widget(panel, name)
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.selectAll()
    if text:
        QTest.keyClicks(line, text)
    else:
        QTest.keyClick(line, Qt.Key.Key_Delete)
    settled()
