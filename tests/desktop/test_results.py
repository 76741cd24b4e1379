"""Cards: every number comes from the fit, nothing is fitted again, and tables are copied as tables."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import documents
import fakes
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton
from waiting import settled, show, wait_until

from terrace.results.fit import Advice
from terrace.results.table import Column, Row, Table
from terrace.session.contract import Outcome, Progress
from terrace.session.document.items import Document, Item, Look
from terrace_desktop.plots.cards import LargePlot
from terrace_desktop.results import face
from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.results.clipboard import TSV, tables_mime
from terrace_desktop.results.error_card import ErrorCard, pointed
from terrace_desktop.results.model_card import ModelCard
from terrace_desktop.results.output_card import OutputCard
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.ui import theme
from terrace_desktop.work.history import Entry

ENTRY = Entry(1, "mixed score hours || school:, reml")


@pytest.fixture
def pane() -> Iterator[ResultsPane]:
    """An empty pane in a window of its own."""
    p = ResultsPane()
    p.resize(900, 600)
    show(p)
    yield p
    p.close()
    p.deleteLater()


def shown(pane: ResultsPane, item: Item, look: Look | None = None) -> ModelCard:
    """The card of the one item of a document."""
    pane.show_document(Document(items=(item,), look=look or Look(), next_id=item.id + 1))
    card = pane.card(item.id)
    card.wake()
    return card


@pytest.fixture
def card(pane: ResultsPane) -> ModelCard:
    """The card of a model."""
    return shown(pane, documents.model(1))


def significant(value: float) -> str:
    """The first three figures, as a table of at least three must begin."""
    return f"{value:.3g}"[:3]


def plain(card: ModelCard) -> str:
    """What stands in its tables."""
    return card.browser.toPlainText()


def labels(card: ModelCard) -> list[str]:
    """The texts of all its labels."""
    return [x.text() for x in card.findChildren(QLabel)]


# --- models -------------------------------------------------------------------------------------------------
def test_tables_show_the_numbers_of_the_fit(card: ModelCard) -> None:
    text = plain(card)
    for effect in card.fit.fixed:
        assert f"{effect.coef:.2f}" in text, effect
    for parameter in card.fit.random:
        assert significant(parameter.estimate) in text, parameter
    assert "School (school)" in text and "Table 1. Fixed effects" in text and "Table 2. Random effects" in text
    assert re.search(r"59 observations in 6 groups", text)
    assert "mixed" not in text, "the command is among the details"


def test_no_number_breaks_across_lines(card: ModelCard) -> None:
    raw = card.browser.document().toRawText()  # the only one that tells one kind of space from the other
    cells = [c for c in re.split("[\ufdd0\ufdd1\u2029]", raw) if re.match(r"[\[<−\d]", c)]
    assert len(cells) > 10 and not [c for c in cells if " " in c]
    notes = next(p for p in re.split("\u2029", raw) if "Against the linear" in p)
    assert "p\u00a0=\u00a0" in notes or "p\u00a0<\u00a0" in notes


def test_sds_are_shown_without_another_fit(pane: ResultsPane, card: ModelCard) -> None:
    before = card.fit
    variances = plain(card)
    asked: list[str] = []
    pane.outline_asked.connect(asked.append)
    card.set_metric("sd")
    assert asked == ["outline look 1, metric(sd)"]
    sds = shown(pane, replace(card.item, look=Look(metric="sd")))
    assert sds is card and plain(card) != variances and card.fit is before
    for parameter in card.fit.random_sd:
        assert significant(parameter.estimate) in plain(card), parameter
    assert plain(shown(pane, replace(card.item, look=Look(metric="variance")), Look(metric="sd"))) == variances


def test_decimals_are_those_asked_for_and_copies_keep_all(pane: ResultsPane) -> None:
    card = shown(pane, documents.model(1), Look(decimals=4))
    coefficient = card.fit.fixed[0].coef
    assert f"{coefficient:.4f}" in plain(card)
    card.copy_values()
    assert repr(coefficient) in QGuiApplication.clipboard().text()
    own = shown(pane, replace(card.item, look=Look(decimals=1)), Look(decimals=4))
    assert f"{coefficient:.4f}" not in plain(own) and f"{coefficient:.1f}" in plain(own)


def test_parts_are_switched_and_numbers_follow(pane: ResultsPane) -> None:
    document = documents.document(2, outputs=1)
    pane.show_document(document)
    second = pane.cards()[1]
    second.wake()
    assert "Table 5. Fixed effects" in plain(second)  # three of the first model and its output come before
    pane.show_document(replace(document, look=Look(parts=("random",))))
    assert "Table 4. Fixed effects" in plain(second) and "Model summary" not in plain(second)
    pane.show_document(replace(document, look=Look(parts=("fixed",))))
    assert "Table 3. Fixed effects" in plain(second) and "Random effects" not in plain(second)


def test_what_costs_more_than_the_fit_is_asked_for_once_where_it_is_seen(pane: ResultsPane) -> None:
    asked: list[int] = []
    pane.further_asked.connect(lambda card: asked.append(card.item.id))
    card = shown(pane, documents.model(1))
    assert asked == [card.item.id] and "ICC" not in plain(card)
    icc = Table("Intraclass correlation", (Column("icc", "ICC"),), (Row("school", (0.1234,)),), "Level", (), "icc")
    shown(pane, replace(card.item, more=(icc,)))
    assert "ICC" in plain(card) and ".123" in plain(card) and len(asked) == 1


def test_plots_that_are_open_stay_while_other_tables_come(pane: ResultsPane) -> None:
    asked: list[object] = []
    pane.plots_asked.connect(lambda _card, row: asked.append(row))
    card = shown(pane, documents.model(1))
    card.show_part("model_plots")
    icc = Table("Intraclass correlation", (Column("icc", "ICC"),), (Row("school", (0.1234,)),), "Level", (), "icc")
    shown(pane, replace(card.item, more=(icc,)))
    shown(pane, card.item, Look(decimals=3))
    assert ".123" in plain(card) and asked == [card.plots]
    shown(pane, replace(card.item, title="Another"))
    assert len(asked) == 2 and asked[1] is card.plots


def test_text_view_is_the_page_of_the_command_line(pane: ResultsPane, card: ModelCard) -> None:
    pane.view_choice.choose("text")
    assert card.browser.toPlainText().strip() == card.outcome.text.strip("\n").strip()
    pane.view_choice.choose("tables")
    assert "Table 1." in plain(card)


def test_a_fit_that_asked_for_sds_begins_with_them(pane: ResultsPane) -> None:
    from terrace.spec.model import Display

    card = shown(pane, documents.model(1, spec=replace(fakes.fit().spec, display=Display(metric="sd"))))
    assert significant(card.fit.random_sd[0].estimate) in plain(card)


def test_details_are_a_click_away(card: ModelCard) -> None:
    assert not any("onverged" in text for text in labels(card))
    card.findChild(QPushButton, "model_details_toggle").click()
    facts = card.findChild(QLabel, "card_facts").text()
    assert facts.startswith("Converged in 4 steps, 10 ms.") and "AIC" in facts and "Terrace" in facts
    assert card.findChild(QLabel, "card_command").text() == card.fit.command


def test_a_failed_fit_says_so_on_its_face(pane: ResultsPane) -> None:
    card = shown(pane, documents.model(1, converged=False))
    assert any(text.startswith("The fit did not converge.") for text in labels(card))
    card.show_part("model_details")
    assert card.findChild(QLabel, "card_facts").text().startswith("Not converged after 4 steps, 10 ms.")


def test_a_warning_stands_on_the_card_with_the_button_that_mends_it(pane: ResultsPane) -> None:
    advice = Advice("boundary", "corr(hours,_cons) is on the boundary.", "Consider covariance(independent).")
    card = shown(pane, documents.model(1, warnings=(advice,)))
    assert "The correlation of Hours of study a week and intercept is on the boundary." in labels(card)
    assert advice.advice in labels(card)
    asked: list[object] = []
    card.mend_asked.connect(asked.append)
    card.findChild(QPushButton, "warning_mend").click()
    assert asked == [advice]


def test_copying_gives_html_values_and_text(card: ModelCard) -> None:
    card.copy_tables()
    mime = QGuiApplication.clipboard().mimeData()
    html = mime.html()
    assert html.count("<table") == 3 and "style=" in html and "<style" not in html
    seen = f"{card.fit.fixed[1].coef:.2f}"
    assert seen in html and seen in mime.text()
    rows = list(csv.reader(io.StringIO(bytes(mime.data(TSV).data()).decode()), delimiter="\t"))
    assert rows[0][:3] == ["Term", "Estimate", "SE"]
    assert rows[1][0] == "Intercept" and float(rows[1][1]) == card.fit.fixed[1].coef
    assert float(rows[2][1]) == card.fit.fixed[0].coef and float(rows[2][2]) == card.fit.fixed[0].se
    card.copy_values()
    assert repr(card.fit.fixed[1].coef) in QGuiApplication.clipboard().text()
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
    wait_until(lambda: theme.DARK.ink in card.browser.toHtml(), "the tables in the dark")
    theme.manager().apply("light")
    wait_until(lambda: theme.DARK.ink not in card.browser.toHtml(), "the tables in the light")


def test_a_result_that_is_out_of_date_says_why_and_offers_another_fit(pane: ResultsPane, card: ModelCard) -> None:
    pane.show_stale({1: "ses was recoded"})
    assert card.stale and "Out of date: ses was recoded." in labels(card)
    asked: list[object] = []
    pane.refit_asked.connect(asked.append)
    card.findChild(QPushButton, "model_refit").click()
    assert asked == [card]
    pane.show_stale({})
    settled()
    assert card.findChild(QPushButton, "model_refit") is None


def test_the_menu_has_everything(card: ModelCard) -> None:
    menu = [a.text() for a in card.menu.actions() if a.text()]
    for words in ("Edit", "After the fit", "Fit again", "Copy", "Export", "Decimals", "Style", "Parts", "Rename"):
        assert words in menu
    assert menu[-2:] == ["Collapse", "Remove"]


def test_what_follows_a_fit_is_on_the_card_by_the_words_people_use(pane: ResultsPane, card: ModelCard) -> None:
    from terrace_desktop.panels.after import catalog

    keys = {e.key for g in catalog.groups() for e in g.entries}
    asked: list[str] = []
    pane.panel_asked.connect(lambda _card, key: asked.append(key))
    menu = card.findChild(QPushButton, "model_after").menu()
    words = [a.text() for a in menu.actions() if not a.isSeparator()]
    for action in menu.actions():
        action.trigger()
    assert len(asked) == len(words) == 10 and {a.split("#")[0] for a in asked[:-1]} <= keys and asked[-1] == ""
    assert {"Estimated marginal means", "Interaction plot", "Post hoc comparisons", "Assumption checks"} <= set(words)


def test_tables_close_up_before_they_scroll(pane: ResultsPane, card: ModelCard) -> None:
    document = card.browser.document()
    pane.resize(1200, 600)
    wait_until(lambda: card.browser._needs == 0)
    pane.resize(470, 600)
    wait_until(lambda: card.browser._needs > 0)
    assert document.size().width() < card.browser._needs, "closer columns need less"
    pane.resize(240, 600)
    wait_until(lambda: card.browser.horizontalScrollBar().isVisible())
    pane.resize(1200, 600)
    wait_until(lambda: card.browser._needs == 0 and not card.browser.horizontalScrollBar().isVisible())


# --- other outputs ------------------------------------------------------------------------------------------
def test_an_error_points_at_its_place() -> None:
    bad = Outcome(
        "mixed y zz || g:", "mixed", "error", 0.0, error=("x", "No zz."), error_at=(8, 10), error_advice="Do."
    )
    assert pointed(bad) == "mixed y zz || g:\n        ^^"
    several = Outcome("do this\nthen zz", "x", "error", 0.0, error=("x", "No zz."), error_at=(13, 15))
    assert pointed(several) == "then zz\n     ^^"
    long = "mixed y " + " ".join(f"covariate_{i}" for i in range(30)) + " zz || g:"
    cut = pointed(replace(bad, command=long, error_at=(long.index("zz"), long.index("zz") + 2)))
    line, caret = cut.split("\n")
    assert line[caret.index("^") : caret.index("^") + 2] == "zz" and len(line) < 100 and line.startswith("…")
    card = ErrorCard(ENTRY, bad)
    texts = [x.text() for x in card.findChildren(QLabel)]
    assert {"No zz.", "Do.", "mixed y zz || g:\n        ^^"} <= set(texts)
    card.deleteLater()


def test_an_internal_error_leads_to_the_log() -> None:
    card = ErrorCard(ENTRY, Outcome("x", "x", "error", 0.0, error=("internal", "Failed.")))
    asked: list[int] = []
    card.log_asked.connect(lambda: asked.append(1))
    card.findChild(QPushButton, "error_log").click()
    assert asked == [1]
    card.deleteLater()


def test_an_output_has_its_tables_its_text_and_its_warnings(pane: ResultsPane) -> None:
    table = Table("ICC", (Column("icc", "ICC", "fixed", 3),), (Row("school", (0.1159,)),), stub="Level")
    outcome = Outcome("estat icc", "estat icc", "ok", 0.0, text="plain .1159", tables=(table,), warnings=("Look.",))
    card = shown(pane, documents.output(1, outcome, "ICC"))
    assert isinstance(card, OutputCard) and card.title == "ICC" and "0.116" in card.browser.toPlainText()
    assert card.findChild(QLabel, "card_caption").text() == "<b>Table 1.</b> <i>ICC</i>", "one table: no second title"
    pane.view_choice.choose("text")
    assert card.browser.toPlainText() == "plain .1159"
    assert "Look." in labels(card)
    card.copy_tables()
    assert "0.116" in QGuiApplication.clipboard().mimeData().html()


def test_an_output_of_text_only_is_shown_as_it_is(pane: ResultsPane) -> None:
    card = shown(pane, documents.output(1, Outcome("display 1+1", "display", "ok", 0.0, text="\n  2\n"), "Value"))
    assert card.browser.toPlainText() == "  2"
    card.copy_tables()
    assert QGuiApplication.clipboard().text() == "\n  2\n"


def test_a_figure_has_a_caption_for_a_title_and_its_tools_in_the_menu(pane: ResultsPane) -> None:
    drawn = fakes.plot("scatter")
    outcome = Outcome("scatter y x", "scatter", "ok", 0.01, text="Graph drawn: scatter y x.", plots=(drawn,))
    card = shown(pane, documents.output(1, outcome, "A plot"))
    assert card.findChild(GrowingBrowser) is None
    assert card.findChild(QLabel, "card_caption").text() == "<b>Figure 1.</b> <i>A plot</i>"
    plot = card.findChild(LargePlot)
    assert plot.property("surface") == "panel" and plot.accessibleDescription() == "Graph drawn: scatter y x."
    assert plot.findChild(QPushButton, "plot_copy") is None
    words = [a.text() for a in card.menu.actions()]
    assert {"Copy figure", "Export", "Select rows", "Reset the view"} <= set(words)


def test_styles_differ_in_their_italics() -> None:
    table = Table("T", (Column("p", "p", "p"),), (Row("x", (0.5,)),), stub="Term")
    assert "<i>p</i>" in face.table_html(table, Look())
    assert "<i>p</i>" not in face.table_html(table, Look(style="plain"))
    assert face.caption(1, "T", "ama") == "<b>Table 1.</b> T"
    rows = (Row("Model 1", (0.5,)), Row("School sector: Catholic", (0.5,)))
    page = face.table_html(Table("T", (Column("b", "Estimate"),), rows), Look())
    assert ">Model\u00a01<" in page and ">School sector: Catholic<" in page, "a short label is not broken"


# --- the pane ---------------------------------------------------------------------------------------------
def test_errors_pass_and_are_no_part_of_the_document(pane: ResultsPane) -> None:
    assert not pane._hint.isHidden()
    pane.show_error(ENTRY, Outcome("y", "y", "error", 0.0, error=("e", "bad")))
    assert len(pane.errors()) == 1 and pane._hint.isHidden() and not pane.has_cards()
    pane.show_document(documents.document(1))
    pane.dismiss_errors()
    assert pane.errors() == [] and len(pane.cards()) == 1
    pane.show_document(Document())
    assert pane.cards() == [] and not pane._hint.isHidden()


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


def test_a_wide_table_wraps_its_heads_before_it_scrolls_and_shows_that_it_goes_on() -> None:
    names = [f"Random slope of item {k}" for k in range(5)]
    columns = tuple(Column(f"m{k}", name) for k, name in enumerate(names))
    table = Table("Side by side", columns, tuple(Row(f"x{r}", tuple(-12.25 - k for k in range(5))) for r in range(4)))
    outcome = Outcome("estimates compare _all", "estimates compare", "ok", 0.0, tables=(table,))
    pane = ResultsPane()
    pane.resize(1000, 700)
    show(pane)
    item = documents.output(1, outcome, "Models compared")
    pane.show_document(Document(items=(item,), next_id=2))
    (card,) = pane.outputs()
    wait_until(lambda: card.browser is not None and card.browser.isVisible(), "the table")
    browser = card.browser
    assert browser.more() == (False, False)
    whole = browser.height()
    browser.setFixedWidth(480)
    settled()
    assert browser.more() == (False, False) and browser.height() > whole, "the heads take several lines"
    assert browser.toPlainText().replace("\N{NO-BREAK SPACE}", " ").count("−12.25") == 4
    browser.setFixedWidth(240)
    settled()
    bar = browser.horizontalScrollBar()
    assert bar.isVisible() and browser.more() == (False, True)
    ink = browser.grab().toImage()
    bar.setValue(bar.maximum())
    assert browser.more() == (True, False) and browser.grab().toImage() != ink
    pane.close()
    pane.deleteLater()
