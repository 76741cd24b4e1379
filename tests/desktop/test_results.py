"""Cards: every number comes from the fit, nothing is fitted again, and tables are copied as tables."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import fakes
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea
from waiting import settled, show, wait_until

from terrace.results.fit import Advice
from terrace.results.table import Column, Row, Table
from terrace.session.contract import Outcome, Progress
from terrace_desktop.plots.cards import LargePlot
from terrace_desktop.results.browser import GrowingBrowser, dense
from terrace_desktop.results.clipboard import TSV, tables_mime
from terrace_desktop.results.model_card import ModelCard
from terrace_desktop.results.output_card import OutputCard, pointed
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import ElidedLabel
from terrace_desktop.work.history import Entry

ENTRY = Entry(1, "mixed score hours || school:, reml")


def outcome(**options: object) -> Outcome:
    made = fakes.fit(**options)
    return Outcome(ENTRY.command, "mixed", "ok", 0.01, text=str(made), fit=made, tables=made.tables())


@pytest.fixture
def card() -> Iterator[ModelCard]:
    """A card in a window that does not hold it to any width."""
    window = QScrollArea()
    window.setWidgetResizable(True)
    c = ModelCard(1, ENTRY, outcome(), fakes.small_data())
    window.setWidget(c)
    window.resize(760, 500)
    show(window)
    yield c
    window.close()
    window.deleteLater()


def widen(card: ModelCard, width: int) -> None:
    """Resize the window around a card."""
    card.window().resize(width, 600)


def significant(value: float) -> str:
    """The first three figures, as a table of at least three must begin."""
    return f"{value:.3g}"[:3]


def plain(card: ModelCard) -> str:
    return card.browser.toPlainText()


def test_tables_show_the_numbers_of_the_fit(card: ModelCard) -> None:
    text = plain(card)
    for effect in card.fit.fixed:
        assert f"{effect.coef:.2f}" in text, effect
    for parameter in card.fit.random:
        assert significant(parameter.estimate) in text, parameter
    assert "School (school)" in text and "Table 1. Fixed effects" in text
    assert re.search(r"59 observations in 6 groups", text)


def test_sds_are_shown_without_another_fit(card: ModelCard) -> None:
    before = card.fit
    variances = plain(card)
    card.set_metric("sd")
    text = plain(card)
    assert text != variances and card.fit is before
    for parameter in card.fit.random_sd:
        assert significant(parameter.estimate) in text, parameter
    assert "SD(" in text
    card.set_metric("variance")
    assert plain(card) == variances


def test_text_view_is_the_page_of_the_command_line(card: ModelCard) -> None:
    card.set_view("text")
    assert plain(card).strip() == card.outcome.text.strip("\n").strip()
    assert card._metric.isHidden()
    card.set_view("tables")
    assert not card._metric.isHidden()


def test_a_fit_that_asked_for_sds_begins_with_them() -> None:
    from terrace.spec.model import Display

    spec = replace(fakes.fit().spec, display=Display(metric="sd"))
    c = ModelCard(1, ENTRY, outcome(spec=spec), None)
    assert c._metric.value() == "sd"
    c.deleteLater()


@pytest.mark.parametrize(
    ("options", "text", "pill"),
    [
        ({}, "converged in 4 steps, 10 ms", "good"),
        ({"converged": False}, "not converged after 4 steps, 10 ms", "bad"),
    ],
)
def test_the_state_stands_beside_the_name(options: dict[str, object], text: str, pill: str) -> None:
    c = ModelCard(1, ENTRY, outcome(**options), None)
    assert (c.pill_text(), c._pill.property("pill")) == (text, pill)
    c.deleteLater()


def test_a_warning_stands_on_the_card_with_the_button_that_mends_it() -> None:
    advice = Advice("boundary", "corr(hours,_cons) is on the boundary.", "Consider covariance(independent).")
    c = ModelCard(1, ENTRY, outcome(warnings=(advice,)), None)
    texts = [x.text() for x in c.findChildren(QLabel)]
    assert advice.message in texts and advice.advice in texts
    asked: list[object] = []
    c.mend_asked.connect(asked.append)
    c.findChild(QPushButton, "warning_mend").click()
    assert asked == [advice]
    c.deleteLater()


def test_copying_gives_html_values_and_text(card: ModelCard) -> None:
    card.copy_tables()
    mime = QGuiApplication.clipboard().mimeData()
    html = mime.html()
    assert html.count("<table") == 3 and "style=" in html and "<style" not in html
    shown = f"{card.fit.fixed[1].coef:.2f}"
    assert shown in html and shown in mime.text()
    rows = list(csv.reader(io.StringIO(bytes(mime.data(TSV).data()).decode()), delimiter="\t"))
    assert rows[0][:3] == ["Term", "Estimate", "SE"]
    assert rows[1][0] == "Intercept" and float(rows[1][1]) == card.fit.fixed[1].coef
    assert float(rows[2][1]) == card.fit.fixed[0].coef and float(rows[2][2]) == card.fit.fixed[0].se
    card.copy_values()
    values = QGuiApplication.clipboard().text()
    assert repr(card.fit.fixed[1].coef) in values
    card.copy_command()
    assert QGuiApplication.clipboard().text() == card.fit.command
    card.copy_text()
    assert QGuiApplication.clipboard().text() == card.outcome.text


def test_html_of_the_clipboard_is_light_whatever_the_theme() -> None:
    theme.manager().apply("dark")
    html = tables_mime(fakes.fit().tables()).html()
    theme.manager().apply("light")
    assert html == tables_mime(fakes.fit().tables()).html()


def test_a_change_of_theme_changes_the_colours_of_the_tables(card: ModelCard) -> None:
    theme.manager().apply("dark")
    dark = card.browser.toHtml()
    theme.manager().apply("light")
    assert theme.DARK.ink in dark and theme.DARK.ink not in card.browser.toHtml()


def test_a_stale_result_is_dimmed_and_offers_another_fit(card: ModelCard) -> None:
    card.set_stale(True)
    assert card.body_widget.graphicsEffect() is not None
    asked: list[int] = []
    card.refit_asked.connect(lambda: asked.append(1))
    card.findChild(QPushButton, "model_refit").click()
    assert asked == [1]
    card.set_stale(False)
    settled()
    assert card.body_widget.graphicsEffect() is None
    assert card.findChild(QPushButton, "model_refit") is None or card._stale_strip is None


def test_the_head_gives_way_in_a_narrow_pane_and_the_menu_has_everything(card: ModelCard) -> None:
    edit = card.findChild(type(card._more), "model_edit")
    assert edit.isVisible()
    widen(card, 460)
    wait_until(lambda: not edit.isVisible())
    menu = [a.text() for a in card.menu.actions() if a.text()]
    for words in ("Edit", "Predict", "After the fit", "Copy", "Export", "Rename…", "Fit again", "Collapse", "Remove"):
        assert words in menu


def test_tables_are_never_squeezed_into_letters(card: ModelCard) -> None:
    widen(card, 360)
    wait_until(lambda: card.browser.horizontalScrollBar().isVisible())
    assert card.browser.document().size().width() > card.browser.viewport().width()
    widen(card, 900)
    wait_until(lambda: not card.browser.horizontalScrollBar().isVisible())


# --- other outputs ------------------------------------------------------------------------------------------
def test_an_error_points_at_its_place() -> None:
    bad = Outcome(
        "mixed y zz || g:", "mixed", "error", 0.0, error=("x", "No zz."), error_at=(8, 10), error_advice="Do."
    )
    assert pointed(bad) == "mixed y zz || g:\n        ^^"
    several = Outcome("do this\nthen zz", "x", "error", 0.0, error=("x", "No zz."), error_at=(13, 15))
    assert pointed(several) == "then zz\n     ^^"
    long = "mixed y " + " ".join(f"covariate_{i}" for i in range(30)) + " zz || g:"
    shown = pointed(replace(bad, command=long, error_at=(long.index("zz"), long.index("zz") + 2)))
    line, caret = shown.split("\n")
    assert line[caret.index("^") : caret.index("^") + 2] == "zz" and len(line) < 100 and line.startswith("…")
    card = OutputCard(ENTRY, bad)
    texts = [x.text() for x in card.findChildren(QLabel)]
    assert {"No zz.", "Do.", "mixed y zz || g:\n        ^^"} <= set(texts)
    assert card.pill_text() == "failed"
    card.deleteLater()


def test_an_internal_error_leads_to_the_log() -> None:
    card = OutputCard(ENTRY, Outcome("x", "x", "error", 0.0, error=("internal", "Failed.")))
    asked: list[int] = []
    card.log_asked.connect(lambda: asked.append(1))
    card.findChild(QPushButton, "error_log").click()
    assert asked == [1]
    card.deleteLater()


def test_an_output_has_its_tables_its_text_and_its_warnings() -> None:
    table = Table("ICC", (Column("icc", "ICC", "fixed", 3),), (Row("school", (0.1159,)),), stub="Level")
    card = OutputCard(
        ENTRY, Outcome("estat icc", "estat icc", "ok", 0.0, text="plain .1159", tables=(table,), warnings=("Look.",))
    )
    assert card.title == "ICC" and "0.116" in card._browser.toPlainText()
    card._view.choose("text")
    assert card._browser.toPlainText() == "plain .1159"
    assert "Look." in [x.text() for x in card.findChildren(QLabel)]
    card.copy_tables()
    assert "0.116" in QGuiApplication.clipboard().mimeData().html()
    card.deleteLater()


def test_an_output_of_text_only_is_shown_as_it_is() -> None:
    card = OutputCard(ENTRY, Outcome("display 1+1", "display", "ok", 0.0, text="\n  2\n"))
    assert card._browser.toPlainText() == "  2"
    card.copy_tables()
    assert QGuiApplication.clipboard().text() == "\n  2\n"
    card.deleteLater()


def test_a_plot_of_a_command_is_drawn_in_its_card() -> None:
    card = OutputCard(ENTRY, Outcome("plot qq", "plot", "ok", 0.0, plots=(fakes.plot("qq"),)))
    assert card.findChild(object, "plot_qq") is not None
    card.deleteLater()


# --- the pane ---------------------------------------------------------------------------------------------
def test_newest_on_top_and_everything_can_go() -> None:
    pane = ResultsPane()
    pane.resize(800, 600)
    pane.show()
    groups = [pane.add_model(ENTRY, outcome(), None) for _ in range(3)]
    assert [g.card.number for g in pane.groups] == [3, 2, 1] and pane.newest() is groups[2].card
    loose = pane.add_output(ENTRY, Outcome("x", "x", "ok", 0.0, text="x"))
    pane.add_output(ENTRY, Outcome("y", "y", "error", 0.0, error=("e", "bad")))
    pane.dismiss_errors()
    assert pane.loose() == [loose]
    wait_until(lambda: pane.widget().width() <= pane.viewport().width(), "the cards to fit")
    pane.clear()
    assert pane.groups == [] and pane.loose() == [] and not pane._hint.isHidden()
    pane.add_model(ENTRY, outcome(), None)
    assert pane.newest().number == 4, "a number is never given twice"
    pane.close()
    pane.deleteLater()


def test_progress_says_what_it_knows() -> None:
    pane = ResultsPane()
    pane.show_progress(ENTRY, Progress("Fitting", 3, -23320.5), 1.234)
    assert pane.progress.text() == "iteration 3 · log likelihood −23,320.500 · 1.2 s"
    pane.show_progress(None, Progress("Reading", fraction=0.25), 2.0)
    assert pane.progress._bar.value() == 250 and pane.progress.text() == "25% · 2.0 s"
    pane.show_progress(None, Progress("Bootstrap", 100, fraction=0.25), 4.0)
    assert pane.progress.text() == "25% · 4.0 s · about 12.0 s left"
    pane.show_progress(None, None, 0.7)
    assert pane.progress.text() == "700 ms"
    pane.hide_progress()
    assert pane.progress.isHidden()
    pane.deleteLater()


def test_a_plot_stands_in_its_card_without_a_box_or_a_second_title() -> None:
    drawn = fakes.plot("scatter")
    outcome = Outcome("scatter y x", "scatter", "ok", 0.01, text="Graph drawn: scatter y x.", plots=(drawn,))
    card = OutputCard(Entry(1, "scatter y x"), outcome)
    assert card.title == "A plot" and card.findChild(GrowingBrowser) is None
    plot = card.findChild(LargePlot)
    assert plot.property("surface") == "panel" and plot.accessibleDescription() == "Graph drawn: scatter y x."
    shown = [w.full_text() for w in plot.findChildren(ElidedLabel)]
    assert "A plot" not in shown
    card.deleteLater()


def test_a_long_state_gives_way_before_the_actions_do(card: ModelCard) -> None:
    edit = card.findChild(type(card._more), "model_edit")
    widen(card, 1200)
    assert card._pill.text() == card.pill_text() == "converged in 4 steps, 10 ms"
    widen(card, card._wanted() - 4)
    wait_until(lambda: card._pill.text() == "converged")
    assert edit.isVisible() and card.pill_text() == "converged in 4 steps, 10 ms" == card._pill.toolTip()
    widen(card, 1200)
    wait_until(lambda: card._pill.text() == card.pill_text())


def test_tables_close_up_before_they_scroll(card: ModelCard) -> None:
    document = card.browser.document()
    widen(card, 900)
    wait_until(lambda: card.browser._needs == 0)
    widen(card, 430)
    wait_until(lambda: card.browser._needs > 0)
    assert document.size().width() < card.browser._needs, "closer columns need less"
    widen(card, 900)
    wait_until(lambda: card.browser._needs == 0)


def test_closer_columns_keep_their_indents() -> None:
    wide = '<th style="padding:5px 10px;"><th style="padding:3px 10px 3px 25px;x">'
    assert dense(wide) == '<th style="padding:5px 4px;"><th style="padding:3px 4px 3px 19px;x">'
