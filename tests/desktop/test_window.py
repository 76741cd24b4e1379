"""The main window over a session made of answers: what a user does, and where its result stands."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import fakes
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot
from waiting import settled, wait_idle, wait_until

from terrace.data.dataset import Dataset
from terrace.data.known_rows import known_rows
from terrace.session.filter import Filter
from terrace_desktop.app import filter_flow
from terrace_desktop.app.tour import Parts, Tour, stops
from terrace_desktop.app.window import MainWindow
from terrace_desktop.plots.brushing import Brushed
from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.settings import Settings

MODEL = "mixed score hours || school: hours, covariance(unstructured) reml"


class Desk:
    """A window with its session, and short words for what tests do."""

    def __init__(self, settings: Settings) -> None:
        self.session = fakes.FakeSession()
        self.window = MainWindow(settings, lambda: self.session)
        self.window.resize(1200, 800)
        self.window.show()
        self.window.begin()
        self.idle()

    def idle(self) -> None:
        wait_idle(self.window.controller)

    def run(self, *commands: str) -> None:
        for command in commands:
            self.window.controller.run(command)
        self.idle()

    def open(self) -> None:
        self.window.data.open_sample("small")
        self.idle()

    def click(self, name: str) -> None:
        def found() -> list[QPushButton]:
            return [b for b in self.window.findChildren(QPushButton, name) if b.isVisible()]

        wait_until(lambda: bool(found()), f"a button {name}")
        found()[0].click()
        self.idle()


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    d = Desk(settings)
    yield d
    d.session.gate.set()
    d.window.close()
    d.window.deleteLater()


# --- data -----------------------------------------------------------------------------------------------
def test_begins_with_the_start_page_and_opens_a_sample_by_a_command(desk: Desk) -> None:
    w = desk.window
    assert w.pages.currentWidget() is w.start
    assert w.status.facts() == "No data open" and w.status.state() == "Ready"
    assert not w.actions_["new_model"].isEnabled()
    w.start.sample_asked.emit("small")
    desk.idle()
    assert desk.session.ran == ["sample small"]
    assert w.pages.currentWidget() is w.splitter
    assert w.left.grid.grid.shown_rows == 60
    assert w.left.list.count.text() == "6"
    assert w.status.facts() == "60 rows · 6 variables · Analyses use all rows · 0 models"
    assert w.windowTitle() == "small – Terrace"
    assert w.actions_["new_model"].isEnabled()


def test_an_unreadable_file_is_told_on_the_start_page(desk: Desk) -> None:
    desk.window.data.open_file("/nowhere/bad.dta")
    desk.idle()
    assert desk.window.pages.currentWidget() is desk.window.start
    texts = [label.text() for label in desk.window.start.findChildren(type(desk.window.status._right))]
    assert "bad.dta ends before its data do." in texts
    assert "Copy the file again from where it came." in texts
    assert desk.window.settings.recent() == []


def test_an_unreadable_file_loses_nothing(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL)
    before = desk.window.left.grid.grid.dataset
    desk.window.data.open_file("/nowhere/bad.dta")
    desk.idle()
    assert desk.window.left.grid.grid.dataset is before
    assert len(desk.window.results.cards()) == 1
    card = desk.window.results.errors()[-1]
    assert card.outcome.error[1] == "bad.dta ends before its data do."


def test_recent_files_are_kept_and_dropped_files_open(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "a b.dta"
    file.write_text("x\n1\n")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    desk.window.dropEvent(event)
    wait_until(lambda: bool(desk.session.ran), "the command")
    desk.idle()
    assert desk.session.ran == [f'use "{file}", clear']
    desk.window.settings.add_recent(file)
    desk.window._opened("a b.dta")
    assert [a.text() for a in desk.window.actions_.recent.actions()] == [str(file)]


def test_sorting_asks_nothing_of_the_session_and_keeps_the_data(desk: Desk) -> None:
    desk.open()
    w = desk.window
    w.left.grid.setCurrentIndex(w.left.grid.grid.index(0, 2))
    w.actions_["sort_down"].trigger()
    desk.idle()
    assert w.left.grid.grid.sorted_by == ("score", True)
    assert desk.session.ran == ["sample small"]
    w.actions_["sort_none"].trigger()
    assert w.left.grid.grid.order is None


def test_copy_puts_the_selected_column_on_the_clipboard(desk: Desk) -> None:
    desk.open()
    desk.window.left.grid.selectColumn(0)
    desk.window.cells.copy()
    desk.idle()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "school" and len(lines) == 61
    assert desk.window.status.message() == "60 cells copied"


def test_rows_of_a_plot_are_marked_and_can_be_shown_alone(desk: Desk) -> None:
    desk.open()
    w = desk.window
    w.results.rows_selected.emit(Brushed(np.array([4, 7]), known_rows(w.left.grid.grid.dataset)))
    desk.idle()
    assert not w.left.strip.isHidden() and w.status.message() == "2 rows selected"
    desk.click("filter_only")
    assert w.left.grid.grid.shown_rows == 2
    assert w.left.strip._text.full_text().startswith("2 of 60 rows shown") and w.actions_["show_all"].isEnabled()
    assert [w.left.grid.grid.data_row(r) for r in range(2)] == [4, 7]
    desk.click("filter_all")
    assert w.left.grid.grid.shown_rows == 60
    desk.click("filter_clear")
    assert w.left.strip.isHidden()


def test_variables_are_edited_by_commands(desk: Desk) -> None:
    desk.open()
    table = desk.window.left.variables.table
    table.setData(table.index(1, 0), "kind")
    table.setData(table.index(1, 1), "ordinal")
    table.setData(table.index(1, 2), 'Kind of "school"')
    table.setData(table.index(1, 3), "0 = State, 1 = Church, mostly")
    table.setData(table.index(5, 4), "-9, -8")
    table.setData(table.index(1, 2), "Sector of the school")  # as it is: nothing to do
    table.setData(table.index(1, 3), "0 State")
    desk.idle()
    assert desk.session.ran[1:] == [
        "rename sector kind",
        "measure sector ordinal",
        "label variable sector `\"Kind of \"school\"\"'",
        'label values sector 0 "State" 1 "Church, mostly"',
        "missing grade -9 -8",
    ]
    assert "0 State" in desk.window.status.message()


# --- models ---------------------------------------------------------------------------------------------
def test_a_fit_becomes_a_card_at_the_end_and_is_kept_by_name(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL, MODEL)
    w = desk.window
    assert [c.title for c in w.results.cards()] == [
        "Model 1: Random intercept of school",
        "Model 2: Random intercept of school",
    ]
    assert w.results.newest().number == 2
    assert [c.stored for c in w.results.cards()] == ["m1", "m2"]
    assert desk.session.ran[1:] == [MODEL, MODEL], "a model of the results has its name without a command"
    assert [e.command for e in w.controller.history.entries[1:]] == desk.session.ran[1:]
    assert w.status.facts().endswith("2 models")
    assert w.actions_["compare"].isEnabled() and w.actions_["export"].isEnabled()


def test_what_is_asked_about_a_model_stands_under_its_card(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL, MODEL)
    first, second = desk.window.results.cards()
    desk.window.models.after(first, "estat icc")
    desk.idle()
    assert desk.session.ran[-2:] == ["estimates restore m1", "estat icc"]
    under = desk.window.results.under
    assert (len(under(first)), len(under(second))) == (1, 0)
    assert under(first)[0].title == "Residual intraclass correlation"
    desk.session.fit = first.fit
    desk.run("estat icc")
    assert (len(under(first)), len(under(second))) == (2, 0)
    desk.window.models.after(second, "estat icc")
    desk.idle()
    assert desk.session.ran[-2:] == ["estimates restore m2", "estat icc"]


def test_a_failing_command_points_at_its_place_and_the_next_one_clears_it(desk: Desk) -> None:
    desk.open()
    desk.run("nonsense foo")
    card = desk.window.results.errors()[0]
    codes = [x.text() for x in card.findChildren(type(desk.window.status._right), "error_code")]
    assert codes == ["nonsense foo\n^^^^^^^^"]
    desk.click("error_edit")
    assert desk.window.left.history_tab.bar.text() == "nonsense foo"
    desk.run(MODEL)
    assert desk.window.results.errors() == []


def test_models_are_out_of_date_when_their_data_change_and_not_otherwise(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL)
    results = desk.window.results
    made = results.newest().dataset

    def show(data: Dataset) -> None:
        desk.session.dataset = data
        desk.session.state = replace(desk.session.state, dataset=data)
        desk.window.controller.snapshot = replace(desk.window.controller.snapshot, dataset=data)
        desk.window.models.check_stale()
        desk.idle()

    show(made.with_column("other", np.arange(60.0)))
    assert not results.newest().stale, "a new variable changes no result"
    desk.run("shift")
    card = results.newest()
    card.wake()
    assert "Out of date: score was recoded." in [x.text() for x in card.findChildren(QLabel)]
    desk.click("model_refit")
    assert desk.session.ran[-1] == f"refit {card.item.id}"
    wait_until(lambda: not card.stale and card.findChild(QPushButton, "model_refit") is None, "a fit that holds")


def test_a_model_of_another_file_says_which_and_offers_to_open_it(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL)
    made = desk.window.results.newest().dataset
    desk.session.dataset = replace(made, lineage=object(), source="other.csv")
    desk.window.controller.snapshot = replace(desk.window.controller.snapshot, dataset=desk.session.dataset)
    count = len(desk.session.ran)
    card = desk.window.results.newest()
    card.refit_asked.emit()
    told = [x.text() for x in card.findChildren(QLabel)]
    assert "This model was fitted to small, which is not open now." in told and len(desk.session.ran) == count
    card.edit_asked.emit()
    assert desk.window.models.builder is None
    card.findChild(QPushButton, "model_open_data").click()
    desk.idle()
    assert desk.session.ran[-1] == 'use "small", clear'


def test_predict_opens_the_panel_where_new_variables_are_made(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL)
    desk.window.actions_["predict"].trigger()
    panel = desk.window.models._after.panel
    assert panel.commands() == ["predict fitted, fitted"]
    desk.window.models._after.close()


def test_compare_opens_the_panel_with_all_models(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL, MODEL)
    desk.window.actions_["compare"].trigger()
    panel = desk.window.models._after.panel
    assert panel.commands() == ['estimates compare m1 m2, titles("Model 1" "Model 2")']
    desk.window.models._after.close()


def test_a_quiet_model_shows_its_heading_until_it_is_asked_for(desk: Desk) -> None:
    desk.open()
    desk.run(f"quietly {MODEL}")
    card = desk.window.results.newest()
    card.wake()
    assert card.folded and card.stored == "m1" and card.findChild(GrowingBrowser) is None
    button = card.findChild(QToolButton, "card_unfold")
    wait_until(button.isVisible, "the button")
    button.click()
    desk.idle()
    assert desk.session.ran[-1] == f"outline unfold {card.item.id}"
    assert not card.folded and "Fixed effects" in card.browser.toPlainText()


def test_a_model_is_renamed_folded_and_removed(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL)
    w = desk.window
    card = w.results.newest()
    w.results.contents.tree.lines.setData(w.results.contents.tree.lines.index_of(card.item.id), "Mine")
    desk.idle()
    assert card.title == "Mine" and card.accessibleName() == "Mine"
    w.actions_["collapse"].trigger()
    desk.idle()
    assert card.folded
    w.actions_["expand"].trigger()
    desk.idle()
    assert not card.folded
    w.results.clear()
    desk.idle()
    assert w.results.cards() == [] and not w.results._hint.isHidden()


def test_report_and_plot_are_commands(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    desk.open()
    desk.run(MODEL)
    target = str(tmp_path / "out.docx")
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: target)
    card = desk.window.results.newest()
    desk.window.exports.export_card(card, "docx")
    desk.idle()
    assert desk.session.ran[-1] == f'report "{target}", models(m1) titles("{card.title}") noresults replace'
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: str(tmp_path / "fig"))
    plot = fakes.plot("qq")
    desk.window.results.plot_export_asked.emit(plot, "pdf", desk.window.results.newest())
    desk.idle()
    assert desk.session.ran[-1] == f'plot qq, saving("{tmp_path / "fig.pdf"}") replace'
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: "")
    count = len(desk.session.ran)
    desk.window.exports.export_card(card, "docx")
    desk.idle()
    assert len(desk.session.ran) == count, "thought better of it"


def test_history_is_saved_as_a_do_file(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    desk.open()
    desk.run(MODEL)
    target = tmp_path / "h.do"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: str(target))
    desk.window.actions_["save_history"].trigger()
    assert target.read_text() == f"sample small\n{MODEL}\n"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: str(tmp_path / "no" / "h.do"))
    desk.window.actions_["save_history"].trigger()
    assert "does not exist" in desk.window.results.errors()[-1].outcome.error[1]


# --- running ----------------------------------------------------------------------------------------------
def test_progress_is_shown_in_place_and_cancelled(desk: Desk) -> None:
    desk.open()
    desk.window.controller.run("wait")
    wait_until(lambda: not desk.window.results.progress.isHidden(), "the progress card")
    assert "iteration" in desk.window.results.progress.text()
    assert "log likelihood −23,32" in desk.window.results.progress.text()
    assert desk.window.status.state().startswith("Fitting · ")
    assert desk.window.actions_["cancel"].isEnabled()
    desk.window.results.progress.cancel_button.click()
    desk.idle()
    assert desk.window.results.progress.isHidden()
    assert desk.window.status.message() == "Cancelled. Nothing was changed."
    assert desk.window.status.state() == "Ready"


def test_an_unforeseen_error_opens_one_dialog_and_the_window_goes_on(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.open()
    desk.run("break", "break")
    shown = [d for d in desk.window.findChildren(dialogs.FailureDialog) if d.isVisible()]
    assert len(shown) == 1
    shown[0].ok_button.click()
    desk.run(MODEL)
    assert len(desk.window.results.cards()) == 1


def test_a_defect_in_the_filter_is_seen(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr(filter_flow, "rows_of", broken)
    desk.open()
    snapshot = desk.window.controller.snapshot
    assert snapshot.state is not None
    desk.window.filters.show(replace(snapshot, state=replace(snapshot.state, filter=Filter("score > 1"))))
    desk.idle()
    shown = [d for d in desk.window.findChildren(dialogs.FailureDialog) if d.isVisible()]
    assert len(shown) == 1 and "nobody foresaw this" in caplog.text
    shown[0].ok_button.click()


def test_a_closed_window_leaves_nothing(settings: Settings, qtbot: QtBot) -> None:
    def round_trip() -> None:
        d = Desk(settings)
        d.open()
        d.run(MODEL)
        with qtbot.waitSignal(d.window.destroyed):
            d.window.close()
            d.window.deleteLater()

    def widgets() -> int:
        gc.collect()
        return len(QApplication.allWidgets())

    round_trip()
    before = widgets()
    for _ in range(3):
        round_trip()
    wait_until(lambda: widgets() <= before, "the widgets of closed windows to go")


# --- the window itself --------------------------------------------------------------------------------------
def test_sizes_tab_labels_and_theme_are_remembered(settings: Settings) -> None:
    first = Desk(settings)
    first.open()
    zones = first.window.splitter
    handle = zones.handle(2)  # of the results: the panel between is closed
    at = handle.rect().center()
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(handle, at + QPoint(60, 0))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=at)
    sizes = zones.sizes()
    assert sizes[0] > 300
    first.window.left.show_tab(2)
    first.window.left.labels.choose("codes")
    first.window.looks.set_theme("dark")
    first.window.close()
    second = Desk(Settings(settings.store.file()))
    second.open()
    assert second.window.splitter.sizes()[0] == pytest.approx(sizes[0], abs=3)
    assert second.window.left.tab() == 2
    assert not second.window.left.grid.grid.labels
    assert second.window.settings.theme() == "dark"
    second.window.looks.set_theme("light")
    second.window.actions_["reset_layout"].trigger()
    second.window.close()
    for d in (first, second):
        d.window.deleteLater()


@pytest.mark.parametrize("size", [(800, 600), (640, 420)])
def test_a_small_window_can_be_used(desk: Desk, size: tuple[int, int]) -> None:
    desk.open()
    desk.run(MODEL)
    w = desk.window
    w.resize(*size)
    settled()
    assert (w.width(), w.height()) == size
    for name, b in w.actions_.buttons.items():
        if b.isVisible():
            assert w.rect().contains(QRect(b.mapTo(w, QPoint(0, 0)), b.size())), name
    export = w.actions_.buttons["export"]
    assert export.isVisible() and export.width() >= export.sizeHint().width()
    assert all(b.isVisible() for b in w.actions_.buttons.values()), "entries lose their words, none goes"
    card = w.results.newest()
    wait_until(lambda: card.width() <= w.results.view.viewport().width(), "the card to shrink")
    assert {a.text() for a in card.menu.actions()} >= {"Edit", "After the fit", "Rename", "Collapse", "Remove"}
    card.show_part("model_plots")
    desk.idle()
    pictures = card.plots.small.values()
    assert all(p.width() >= 150 for p in pictures)


def test_long_names_wrap_or_stand_in_the_tooltip(desk: Desk) -> None:
    desk.open()
    long = "mixed " + "a_very_long_name_of_a_variable " * 12 + "|| school:"
    desk.run(long)
    w = desk.window
    w.resize(800, 600)
    settled()
    card, page = w.results.newest(), w.results.view.viewport()
    card.show_part("model_details")
    assert card.findChild(QLabel, "card_command").text() == long.strip()
    wait_until(lambda: card.width() <= page.width(), "the card to shrink")
    w.resize(1400, 800)
    long_name = "a_file_with_a_name_that_goes_on_and_on_" * 4 + ".dta"
    w.actions_.show_document(long_name)
    document = w.actions_.document
    assert document.width() <= 320 and document.toolTip() == long_name
    wait_until(lambda: w.width() - document.mapTo(w, document.rect().topRight()).x() < 12, "it at the right end")


def test_keyboard_goes_to_every_pane(desk: Desk) -> None:
    desk.open()
    desk.run(MODEL)
    w = desk.window
    w.activateWindow()
    for name, widget in (
        ("tab_data", w.left.grid),
        ("tab_variables", w.left.list.search),
        ("tab_history", w.left.history_tab.list),
        ("focus_command", w.left.history_tab.bar),
        ("focus_results", w.results.view),
    ):
        w.actions_[name].trigger()
        wait_until(lambda: QApplication.focusWidget() is widget, name)  # noqa: B023 - waited for here


def test_no_two_shortcuts_are_the_same(desk: Desk) -> None:
    keys = [k.toString() for n in desk.window.actions_.names() for k in desk.window.actions_[n].shortcuts()]
    assert len(keys) == len(set(keys)) and keys


def test_help_pages_open(desk: Desk) -> None:
    for name in ("help", "shortcuts", "about"):
        desk.window.actions_[name].trigger()
        page = desk.window.findChildren(dialogs.PageDialog)[-1]
        assert page.isVisible() and page.windowTitle()
        page.close()
        settled()


def test_command_bar_runs_what_is_typed(desk: Desk) -> None:
    desk.open()
    desk.window.places.focus_command()
    QTest.keyClicks(desk.window.left.history_tab.bar, MODEL)
    QTest.keyClick(desk.window.left.history_tab.bar, Qt.Key.Key_Return)
    desk.idle()
    assert len(desk.window.results.cards()) == 1


def test_every_enabled_entry_of_every_menu_does_something_without_complaint(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open()
    desk.run(MODEL, MODEL)
    monkeypatch.setattr(dialogs, "ask_open", lambda *_: "")
    monkeypatch.setattr(dialogs, "ask_several", lambda *_: [])
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: "")
    monkeypatch.setattr("PySide6.QtGui.QDesktopServices.openUrl", lambda *_: True)
    skip: set[str] = {"quit"}
    check: Callable[[str], bool] = lambda n: n not in skip and desk.window.actions_[n].isEnabled()  # noqa: E731
    for name in [n for n in desk.window.actions_.names() if check(n)]:
        desk.window.actions_[name].trigger()
        desk.idle()
        for dialog in QApplication.topLevelWidgets():
            if dialog is not desk.window and dialog.isVisible():
                dialog.close()
        settled()
    desk.window.looks.set_theme("light")


def test_the_tour_walks_through_the_window_and_ends(desk: Desk) -> None:
    w = desk.window
    desk.open()
    w.actions_["tour"].trigger()
    wait_until(lambda: w.findChild(Tour) is not None, "the tour")
    tour = w.findChild(Tour)
    titles = [s.title for s in stops(Parts(*[w] * 6))]
    seen = [tour.title()]
    for _ in titles[1:]:
        tour.next.click()
        seen.append(tour.title())
        assert w.rect().contains(tour.geometry()), tour.title()
    assert seen == titles and tour.next.text() == "Done"
    QTest.keyClick(tour, Qt.Key.Key_Left)
    assert tour.title() == seen[-2]
    w.resize(820, 560)
    wait_until(lambda: w.rect().contains(tour.geometry()), "the bubble inside the window")
    QTest.keyClick(tour, Qt.Key.Key_Escape)
    wait_until(lambda: w.findChild(Tour) is None, "the tour to end")


def test_a_streamed_file_shows_its_size_and_what_is_shown_of_it(desk: Desk, tmp_path: Path) -> None:
    import pandas as pd

    import terrace
    from terrace_desktop.work.session_port import Snapshot

    frame = pd.DataFrame({"g": np.arange(12_000) % 7, "y": np.arange(12_000) % 11})
    frame.to_parquet(tmp_path / "rows.parquet")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    facts_of = desk.window.status.facts_of
    told = [facts_of(Snapshot(terrace.stream(tmp_path / name)), "") for name in ("rows.parquet", "rows.csv")]
    assert told[0].startswith("12,000 rows · 2 variables · streamed, first 10,000 shown")
    assert told[1].startswith("rows not counted · 2 variables · streamed, first 10,000 shown")
