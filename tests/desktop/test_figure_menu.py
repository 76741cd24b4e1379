"""The menu of a figure, by the mouse and by keys, and the way from the small plots of a model to the editor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QWidget
from test_app import Program
from test_plots import on_screen
from waiting import settled, wait_until

from terrace.session.document.figures import figures
from terrace.session.document.report_parts import parts_of_report
from terrace.session.session import Session
from terrace_desktop.figure.pictures import Pictures
from terrace_desktop.plots.cards import LargePlot, PlotRow
from terrace_desktop.results.output_card import OutputCard
from terrace_desktop.ui.settings import Settings


@pytest.fixture
def program(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    monkeypatch.setattr(Pictures, "ask", lambda _pictures, _request: None)  # prints have tests of their own
    p = Program(settings)
    p.run("sample sleepstudy")
    yield p
    p.window.close()
    p.window.deleteLater()


def card_of(p: Program, command: str) -> tuple[OutputCard, LargePlot]:
    p.run(command)
    card = p.window.results.outputs()[-1]
    p.window.results.go_to(card.item.id)
    card.wake()
    card.figures[0].view.finish()
    settled()
    return card, card.figures[0]


def opened(owner: QWidget) -> dict[str, QAction]:
    """The entries of the menu that stands open over a figure."""
    wait_until(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "the menu")
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu) and menu.objectName() == "figure_menu" and menu.accessibleName()
    assert menu.parent() is owner
    return {a.text(): a for a in menu.actions() if not a.isSeparator()}


def closed() -> None:
    menu = QApplication.activePopupWidget()
    if menu is not None:
        menu.close()
    settled()


def test_a_right_click_and_the_keys_open_the_menu_of_the_card(program: Program) -> None:
    card, large = card_of(program, "scatter reaction days")
    view = large.view
    middle = on_screen(view, 4.5, 300).toPoint()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, middle)
    entries = opened(large)
    own = [a.text() for a in card.menu.actions() if not a.isSeparator()]
    assert [t for t in own if t in entries] == list(entries), "one list, in the order of the card's"
    assert {"Edit the figure…", "Copy figure", "Export", "Reset the view", "In the report"} <= set(entries)
    closed()
    QTest.keyClick(view, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert list(opened(large)) == list(entries)
    closed()
    where = view.rect().center()
    QApplication.sendEvent(view, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, where, view.mapToGlobal(where)))
    assert list(opened(large)) == list(entries)
    closed()
    QApplication.sendEvent(large, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(2, 2), QPoint(50, 50)))
    assert list(opened(large)) == list(entries), "also beside the panels"
    closed()


def test_the_menu_leaves_a_figure_out_of_the_report_and_undo_brings_it_back(program: Program) -> None:
    card, large = card_of(program, "scatter reaction days")
    view = large.view

    def shown() -> bool | None:
        found = parts_of_report(program.window.controller.snapshot.document)
        return next(p.shown for p in found if p.item == card.item.id)

    for on in (False, True):
        large.pop_up_menu(QPoint(80, 80))
        entry = opened(large)["In the report"]
        assert entry.isCheckable() and entry.isChecked() is not on
        entry.trigger()
        closed()
        program.idle()
        assert shown() is on
        assert program.states()[-1] == (f"report part {'show' if on else 'hide'} item{card.item.id}, alone", "ok")
    assert card.figures[0].view is view, "the figure is not drawn anew for that"
    program.run("undo")
    assert shown() is False


def test_dragging_with_the_right_button_opens_no_menu(program: Program) -> None:
    _, large = card_of(program, "scatter reaction days")
    view = large.view
    start = on_screen(view, 4.5, 300).toPoint()
    QTest.mousePress(view.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, start)
    for step in (QPoint(20, 10), QPoint(60, 30)):
        QTest.mouseMove(view.viewport(), start + step)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, start + step)
    settled()
    assert QApplication.activePopupWidget() is None


# --- the small plots of a model -----------------------------------------------------------------------------
def row_of(p: Program) -> PlotRow:
    card = p.window.results.newest()
    assert card is not None
    card.show_part("model_plots")
    p.idle()
    row = card.plots
    assert row is not None
    wait_until(lambda: all(s.plot is not None for s in row.small.values()), "the small plots")
    return row


def test_the_pencil_of_a_small_plot_makes_the_figure_once_and_edits_it(program: Program) -> None:
    program.run("mixed reaction days || subject: days", "mixed reaction days || subject:")
    first, newest = sorted(program.window.results.cards(), key=lambda card: card.item.id)
    program.run(f"estimates restore {first.stored}")
    row = row_of(program)
    small = row.small["qq"]
    pencil = small.findChild(QToolButton, "small_edit_qq")
    assert pencil is not None and pencil.isEnabled() and pencil.accessibleName() == "Edit Normal quantiles"
    pencil.click()
    program.idle()
    flow = program.window.figures
    wait_until(lambda: flow.page is not None and flow.page.isVisible(), "the editor")
    assert program.states()[-2:] == [(f"estimates restore {newest.stored}", "ok"), ("plot qq", "ok")]
    document = program.window.controller.snapshot.document
    (made,) = figures(document)
    item = document.item(made.item)
    assert item is not None and item.under == newest.item.id, "of the model of that card"
    assert made.plot.kind == "qq" and flow._editing.figure.item == made.item
    program.run("figure 1, title(Quantiles)")
    flow.panel.done.emit()
    settled()
    row_of(program).edit_asked.emit("qq")
    wait_until(flow.page.isVisible, "the editor again")
    program.idle()
    assert len(figures(program.window.controller.snapshot.document)) == 1, "the figure that was made is edited"
    again = Session()
    for command, state in program.states():
        assert state == "ok" and again.run(command).ok, command
    assert [f.dressed.look.title for f in figures(again.state.document)] == ["Quantiles"]


def test_small_plots_have_a_menu_and_the_large_one_a_pencil(program: Program) -> None:
    program.run("mixed reaction days || subject: days")
    row = row_of(program)
    small = row.small["caterpillar"]
    QTest.keyClick(small, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    entries = opened(small)
    assert list(entries) == ["Enlarge", "Edit the figure…", "Copy figure", "Export"]
    entries["Enlarge"].trigger()
    closed()
    assert row.large is not None and row.large.plot is small.plot
    asked: list[str] = []
    row.edit_asked.connect(asked.append)
    pencil = row.large.findChild(QToolButton, "plot_edit")
    assert pencil is not None
    pencil.click()
    program.idle()
    assert asked == ["caterpillar"]
    wait_until(program.window.figures.page.isVisible, "the editor")
    assert program.states()[-1] == ("plot caterpillar", "ok")
