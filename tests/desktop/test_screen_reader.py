"""What assistive technology is told: names, roles, states and descriptions of all screens, and what is read out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QTextBrowser,
    QWidget,
)
from screens import screens
from test_accessibility import unnamed, where
from waiting import settled, wait_idle, wait_until

from terrace_desktop.app.window import MainWindow
from terrace_desktop.plots.view import PlotView
from terrace_desktop.ui import announce as announcing
from terrace_desktop.ui.settings import Settings

Role = QAccessible.Role
ROLES: tuple[tuple[type[QWidget], set[QAccessible.Role]], ...] = (
    (QCheckBox, {Role.CheckBox}), (QRadioButton, {Role.RadioButton}), (QComboBox, {Role.ComboBox}),
    (QLineEdit, {Role.EditableText}), (QPlainTextEdit, {Role.EditableText}),
    (QTextBrowser, {Role.EditableText, Role.StaticText}),
    (QAbstractItemView, {Role.Table, Role.List, Role.Tree}),
    (QPushButton, {Role.Button, Role.CheckBox, Role.RadioButton, Role.ButtonMenu}),
    (QAbstractButton, {Role.Button, Role.CheckBox, Role.RadioButton, Role.ButtonMenu, Role.ButtonDropDown}),
)  # fmt: skip


@pytest.fixture
def window(settings: Settings) -> Iterator[MainWindow]:
    w = MainWindow(settings)
    w.resize(1440, 900)
    w.show()
    w.activateWindow()
    w.begin()
    wait_idle(w.controller)
    yield w
    w.close()
    w.deleteLater()


def misread(root: QWidget) -> list[str]:
    """Controls under `root` that say another role or state of themselves than they have."""
    wrong = []
    for w in [root, *root.findChildren(QWidget)]:
        roles = next((r for kind, r in ROLES if isinstance(w, kind)), None)
        if isinstance(w, QHeaderView):  # its table tells of it
            continue
        if roles is None or not w.isVisible() or w.objectName().startswith("qt_"):
            continue
        told = QAccessible.queryAccessibleInterface(w)
        state = told.state()
        facts = {
            "role": told.role() in roles,
            "disabled": bool(state.disabled) == (not w.isEnabled()),
            "focus": bool(state.focused) == (w.hasFocus() and w.isActiveWindow()),
        }
        if isinstance(w, QAbstractButton):
            facts["can be pressed"] = bool(told.actionInterface().actionNames()) == w.isEnabled()
            one_of = w.group() is not None and w.group().exclusive()
            facts["one of several"] = (told.role() == Role.RadioButton) == one_of
        if isinstance(w, QAbstractButton) and w.isCheckable():
            facts["checked"] = bool(state.checked) == w.isChecked()
        if isinstance(w, QComboBox):  # on Linux its name is what it holds
            labels = [found for found, kind in told.relations() if kind & QAccessible.RelationFlag.Label]
            facts["label"] = bool(labels) or w.accessibleName() in told.text(QAccessible.Text.Description)
        if isinstance(w, QLineEdit):
            facts["read only"] = bool(state.readOnly) == w.isReadOnly()
        name = f"{w.objectName()} in {where(w)}: {told.role()}"
        wrong += [f"{name}, {fact}" for fact, right in facts.items() if not right]
    return wrong


def test_every_screen_is_told_as_it_is(window: MainWindow) -> None:
    found = {name: bad for name, screen in screens(window) if (bad := unnamed(screen) + misread(screen))}
    assert found == {}


def test_a_note_that_is_written_is_told_as_it_is(window: MainWindow) -> None:
    window.controller.run("sample hsb")
    wait_idle(window.controller)
    window.results.begin_draft("note")  # no screen of `screens`: it ends where the focus leaves it
    settled()
    draft = window.results.view.draft
    assert draft is not None and draft.isVisible()
    assert unnamed(draft) + misread(draft) == []


def test_what_is_pressed_is_a_button(window: MainWindow) -> None:
    card = QAccessible.queryAccessibleInterface(window.start.findChild(QPushButton, "sample_hsb"))
    assert card.role() == Role.Button and "7,185 rows" in card.text(QAccessible.Text.Name)
    assert "Press" in card.actionInterface().actionNames()
    card.actionInterface().doAction("Press")
    wait_until(lambda: window.controller.snapshot.dataset is not None, "the data")
    wait_idle(window.controller)


def switch(root: QWidget, name: str) -> None:
    """As a screen reader does it: without a click."""
    told = QAccessible.queryAccessibleInterface(root.findChild(QAbstractButton, name))
    assert "Toggle" in told.actionInterface().actionNames(), name
    told.actionInterface().doAction("Toggle")


def test_what_is_switched_without_a_click_holds(window: MainWindow) -> None:
    switch(window.start, "start_convention_stata")
    wait_until(lambda: window.settings.convention() == "stata", "the convention")
    window.controller.run("sample hsb")
    wait_idle(window.controller)
    switch(window.left, "left_history")
    assert window.left.history_tab.isVisible()
    switch(window.left, "left_history")
    assert not window.left.history_tab.isVisible()
    window.models.open_builder_with("mixed mathach ses || id:")
    wait_until(lambda: window.models.builder is not None, "the builder")
    builder = window.models.builder
    switch(builder, "builder_views_command")
    assert builder.findChild(QPlainTextEdit, "builder_command").isVisible()
    wait_until(lambda: builder.findChild(QAbstractButton, "reporting_nofvlabel") is not None, "all parts")
    for name in ("fixed_intercept", "maximisation_nostderr", "reporting_nofvlabel"):
        switch(builder, name)
    spec = builder.spec
    assert (spec.constant, spec.nostderr, spec.display.nofvlabel) == (False, True, True)


def test_figures_and_tables_have_an_alternative_in_words(window: MainWindow) -> None:
    for command in ("sample hsb", "mixed mathach ses || id:", "scatter mathach ses"):
        window.controller.run(command)
    wait_idle(window.controller)
    wait_until(lambda: bool(window.results.findChildren(PlotView)), "the figure")
    plot = next(v for v in window.results.findChildren(PlotView) if not v.compact)
    told = QAccessible.queryAccessibleInterface(plot).text(QAccessible.Text.Description)
    assert "7,185 points" in told and "Vertical axis: Mathematics achievement" in told
    model = next(c for c in window.results.cards() if c.item.outcome is not None and c.item.outcome.fit is not None)
    window.results.go_to(model.item.id)
    settled()
    table = QAccessible.queryAccessibleInterface(model.browser).text(QAccessible.Text.Description)
    assert "12.657" in table and "ses" in table  # the page of the terminal, with all its numbers
    assert window.left.grid.grid.index(3, 1).data(11) == "minority, row 4: No"  # Qt.AccessibleTextRole


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is read out, with a screen reader listening."""
    out: list[str] = []

    class Listening:
        @staticmethod
        def isActive() -> bool:
            return True

        @staticmethod
        def updateAccessibility(event: QAccessibleAnnouncementEvent) -> None:
            out.append(event.message())

    monkeypatch.setattr(announcing, "QAccessible", Listening)
    yield out


def test_messages_and_previews_are_read_out(window: MainWindow, heard: list[str]) -> None:
    for command in ("sample hsb", "mixed mathach || id:, reml"):
        window.controller.run(command)
    wait_idle(window.controller)
    assert "Working\u2026" in heard and heard[-1] == "Ready"
    window.status.tell("Copied")
    assert heard[-1] == "Copied"
    window.models.open_builder(window.results.newest().fit.spec)
    wait_until(lambda: window.models.builder is not None, "the builder")
    builder = window.models.builder
    assert builder is not None
    builder.use_text("mixed mathach ses || id:, reml")
    wait_until(lambda: any("ses" in h or "Socioeconomic" in h for h in heard), "the preview, read out")
    said = next(h for h in heard if "ses" in h or "Socioeconomic" in h)
    assert said.startswith("Live preview.") and "2.3" in said and "AIC" in said
    count = len(heard)
    window.status.show_state("Fitting \u00b7 1 s")
    window.status.show_state("Fitting \u00b7 2 s")
    assert heard[count:] == ["Fitting"]
