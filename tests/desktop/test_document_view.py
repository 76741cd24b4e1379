"""The page of the document: shown by difference, made near the view and dropped far off, searched, and written in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import documents
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QToolButton
from waiting import settled, show, wait_until

from terrace.data.samples import sample
from terrace.results.figure_look import FigureLook, LayerLook
from terrace.session.document.figures import with_look, with_style
from terrace.session.document.items import Document
from terrace.session.session import Session
from terrace.session.state import State
from terrace_desktop.plots.cards import LargePlot
from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.results.note_card import NoteCard, NoteEditor
from terrace_desktop.results.numbering import numbering
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.results.view import FAR
from terrace_desktop.ui import theme


@pytest.fixture
def pane() -> Iterator[ResultsPane]:
    p = ResultsPane()
    p.resize(1400, 700)
    show(p)
    yield p
    p.close()
    p.deleteLater()


@pytest.fixture
def asked(pane: ResultsPane) -> list[str]:
    """The commands that the pane asks for."""
    out: list[str] = []
    pane.outline_asked.connect(out.append)
    return out


def order(pane: ResultsPane) -> list[int]:
    """The ids on the page by where they stand."""
    return [c.item.id for c in sorted(pane.view.cards.values(), key=lambda c: c.y())]


# --- differences --------------------------------------------------------------------------------------------
def test_only_what_differs_is_made_anew(pane: ResultsPane) -> None:
    document = documents.document(3, outputs=1)
    pane.show_document(document)
    cards = dict(pane.view.cards)
    cards[1].wake()
    browser = cards[1].browser
    moved = (*document.items[4:], *document.items[2:4], documents.note(9, "new"))
    pane.show_document(replace(document, items=moved, next_id=10))
    settled()
    assert order(pane) == [5, 6, 3, 4, 9] and all(pane.card(i) is cards[i] for i in (3, 4, 5, 6))
    pane.show_document(document)
    settled()
    assert order(pane) == [1, 2, 3, 4, 5, 6] and pane.card(1) is not cards[1], "it was gone, and is back by undo"
    card = pane.card(1)
    card.wake()
    browser = card.browser
    pane.show_document(replace(document, items=(*document.items, documents.icc(7))))
    assert card.browser is browser, "what comes behind it does not touch it"


def test_numbers_of_tables_and_figures_go_through_the_document() -> None:
    items = (documents.model(1), documents.icc(2, 1), documents.figure(3, 1), documents.note(4, "x"), documents.icc(5),
             documents.figure(6))  # fmt: skip
    numbers = numbering(Document(items=items))
    assert [(numbers[i].table, numbers[i].figure) for i in (1, 2, 3, 5, 6)] == [(1, 1), (4, 1), (5, 1), (5, 2), (6, 2)]
    folded = Document(items=(replace(items[0], folded=True), *items[1:]))
    assert numbering(folded) == numbers, "folding renumbers nothing"


def test_figures_on_the_page_have_their_looks(pane: ResultsPane) -> None:
    items = (documents.figure(1), documents.figure(2))
    document = Document(items=items, next_id=3)
    pane.show_document(document)
    settled()
    assert pane.card(1).findChild(LargePlot).plot is items[0].outcome.plots[0]
    look = FigureLook(x_title="Hours", title="Mine", layers=(LayerLook("points", shown=False),))
    edited = with_look(document, 1, look)
    other = pane.card(2)
    pane.show_document(edited)
    settled()
    plot = pane.card(1).findChild(LargePlot)
    assert plot.plot.panels[0].x.title == "Hours" and all(m.kind != "points" for m in plot.plot.panels[0].marks)
    assert "Mine" in [x.text() for x in plot.findChildren(QLabel)] and pane.card(2) is other
    pane.show_document(with_style(edited, FigureLook(legend="none", grey=True)))
    settled()
    assert pane.card(2).findChild(LargePlot).plot.look.grey
    assert documents.figure(2).outcome.plots[0].look == FigureLook(), "the plot itself is as its command made it"


def test_what_is_under_a_folded_item_is_not_on_the_page(pane: ResultsPane) -> None:
    document = documents.document(2, outputs=2)
    folded = replace(document, items=(replace(document.items[0], folded=True), *document.items[1:]))
    pane.show_document(folded)
    settled()
    assert order(pane) == [1, 4, 5, 6] and not pane.contents.tree.isExpanded(pane.contents.tree.lines.index_of(1))
    pane.show_document(document)
    settled()
    assert order(pane) == [1, 2, 3, 4, 5, 6]


# --- near and far -------------------------------------------------------------------------------------------
def test_only_what_is_near_the_view_is_there(pane: ResultsPane) -> None:
    pane.show_document(documents.document(30, outputs=2))
    view = pane.view
    cards = list(view.ordered())
    wait_until(lambda: cards[0].awake and cards[2].awake, "the first cards")
    assert sum(card.awake for card in cards) < 15 and not cards[-1].awake
    pane.go_to(cards[-1].item.id)
    wait_until(lambda: cards[-1].awake and not cards[0].awake, "the last, and the first dropped")
    limit = FAR * view.viewport().height()
    wait_until(lambda: all(
        abs(c.y() - view.verticalScrollBar().value()) < limit + view.viewport().height() for c in cards if c.awake
    ), "what is far off to be dropped")  # fmt: skip
    height = cards[0].height()
    pane.go_to(1)
    wait_until(lambda: cards[0].awake, "the first again")
    assert abs(cards[0].height() - height) < 3, "its room was kept"


def test_what_is_read_stays_where_it_is_while_cards_above_grow(pane: ResultsPane) -> None:
    pane.show_document(documents.document(20, outputs=1))
    middle = pane.cards()[10]
    pane.go_to(middle.item.id)
    view = pane.view

    def top() -> int:
        return middle.y() - view.verticalScrollBar().value()

    wait_until(lambda: not view._looker.isActive() and top() == 12 - middle.gap, "its place at the top")
    above = pane.cards()[9]
    height = above.height()
    above.reveal_asked.disconnect()
    above.show_part("model_details")
    wait_until(lambda: above.height() > height + 50, "the details")
    assert top() == 12 - middle.gap


def test_a_plot_that_is_enlarged_comes_into_view(pane: ResultsPane) -> None:
    import fakes

    pane.resize(1400, 700)
    pane.show_document(documents.document(1))
    card = pane.cards()[0]
    pane.plots_asked.connect(lambda _card, row: [p.show_plot(fakes.plot(k)) for k, p in row.small.items()])
    card.show_part("model_plots")
    settled()
    card.plots.open("qq")
    large, view = card.plots.large, pane.view.viewport()
    wait_until(lambda: large.isVisible() and large.mapTo(pane.view, large.rect().bottomLeft()).y() <= view.height(),
               "all of the plot")  # fmt: skip


def test_a_model_says_in_a_sentence_what_it_is(pane: ResultsPane) -> None:
    session = Session(State(dataset=sample("hsb")))
    assert session.run("mixed mathach ses || id: ses, cov(un) reml dfmethod(kroger)").ok
    pane.show_document(session.state.document)
    card = pane.card(session.state.document.models()[0].id)
    card.wake()
    said, tables = card.findChild(QLabel, "model_sentence"), card.findChild(GrowingBrowser, "model_tables")
    wait_until(lambda: 0 < said.y() < tables.y(), "the sentence to stand over the tables")
    assert said.text() == said.accessibleName() == (
        "A linear mixed model of Mathematics achievement for 7,185 observations in 160 groups of School, estimated by "
        "restricted maximum likelihood with Kenward–Roger degrees of freedom. It has random intercepts and random "
        "slopes of Socioeconomic status of the student for School (unstructured covariance)."
    )
    assert session.run("outline look, nolabels").ok
    pane.show_document(session.state.document)
    assert card.findChild(QLabel, "model_sentence").text().startswith("A linear mixed model of mathach for")


# --- notes, headings, title ---------------------------------------------------------------------------------
MARKDOWN = (
    "Plain words with **bold** and *italic* ones.",
    "First paragraph, which is rather long and goes on for more than the eighty letters at which Qt breaks lines.\n\n"
    "Second.",
    "A list:\n\n- one\n- two **bold**\n- three",
    "5 < 6 & a <b>tag</b> stay what they are",
    "Umlaute äöü, Greek β₁ and 中文",
)


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown_comes_back_as_it_went_in(text: str) -> None:
    editor = NoteEditor(text)
    once = editor.markdown()
    again = NoteEditor(once)
    assert again.markdown() == once, "a note that is opened and kept does not change by itself"
    assert again.text.toPlainText() == editor.text.toPlainText()
    words = [w.strip("*-<>/&.") for w in text.split()]
    assert all(w in once.replace("\\", "") for w in words if w)
    for e in (editor, again):
        e.deleteLater()


def test_a_note_is_written_under_what_is_chosen(pane: ResultsPane, asked: list[str]) -> None:
    pane.show_document(documents.document(2, outputs=1))
    pane.contents.tree.point_at(3)
    pane.contents.findChild(QPushButton, "add_note").click()
    editor = pane.findChild(NoteEditor)
    wait_until(lambda: QApplication.focusWidget() is editor.text and editor.isVisible(), "the focus")
    QTest.keyClicks(editor.text, "Catholic schools ")
    QTest.keyClick(editor.text, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert editor.buttons["bold"].isChecked()
    QTest.keyClicks(editor.text, "also")
    QTest.keyClick(editor.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert asked == ['outline note "Catholic schools **also**", before(4)'] and pane.view.draft is None
    pane.contents.tree.point_at(4)
    pane.begin_draft("note")
    QTest.keyClick(pane.view.draft.note.text, Qt.Key.Key_Escape)
    assert len(asked) == 1 and pane.view.draft is None, "nothing was written"
    pane.begin_draft("heading")
    line = pane.findChild(QLineEdit, "heading_draft_edit")
    QTest.keyClicks(line, "Robustness")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert asked[1:] == ['outline heading "Robustness", after(4)']


def test_a_note_is_edited_where_it_stands(pane: ResultsPane, asked: list[str]) -> None:
    pane.show_document(Document(items=(documents.note(1, "Old *words*."),), next_id=2))
    card = pane.card(1)
    assert isinstance(card, NoteCard)
    card.wake()
    assert any(x.text().startswith("Your note, ") for x in card.findChildren(QLabel))
    card.box.setFocus()
    QTest.keyClick(card.box, Qt.Key.Key_Return)
    editor = card.findChild(NoteEditor)
    assert editor.text.toPlainText() == "Old words." and not card.can_sleep()
    editor.text.selectAll()
    editor.toggle_list()
    QTest.keyClick(editor.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert asked == ['outline edit 1 "- Old *words*."'] and card.can_sleep()


def test_larger_text_leaves_contents_and_what_is_written_in_place(pane: ResultsPane) -> None:
    pane.show_document(Document(items=(documents.model(1), documents.note(2, "Old."), documents.figure(3)), next_id=4))
    model, note, figure = (pane.card(i) for i in (1, 2, 3))
    for card in (model, note, figure):
        card.wake()
    note.edit()
    editor = note.findChild(NoteEditor)
    editor.text.setPlainText("New, and not kept yet")
    plot, sizes = figure.figures[0].view, []
    for zoom in (150, 100):
        theme.manager().set_zoom(zoom, at_once=False)
        wait_until(lambda: model.browser.document().defaultFont() == theme.text_font(), "the tables")
        wait_until(lambda: not pane.view._old, "what is near")
        sizes.append(model.browser.document().size().height())
    assert sizes[0] > 1.2 * sizes[1]
    assert note.findChild(NoteEditor) is editor and editor.text.toPlainText() == "New, and not kept yet"
    assert figure.figures[0].view is plot, "it is drawn anew, and keeps what was selected in it"


def test_the_title_of_the_document_is_edited_by_a_click(pane: ResultsPane, asked: list[str]) -> None:
    pane.show_document(replace(documents.document(1), title="Schools"))
    title = pane.view.title
    QTest.mouseClick(title.findChild(QLabel), Qt.MouseButton.LeftButton)
    line = title.findChild(QLineEdit)
    line.setText("SES and mathematics")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert asked == ['outline title "SES and mathematics"']
    QTest.mouseClick(title.findChild(QLabel), Qt.MouseButton.LeftButton)
    QTest.keyClick(title.findChild(QLineEdit), Qt.Key.Key_Escape)
    assert len(asked) == 1 and title.text == "Schools"


# --- searching and the head ---------------------------------------------------------------------------------
def test_a_search_finds_titles_tables_and_notes_and_steps_through(pane: ResultsPane) -> None:
    document = documents.document(3, outputs=1)
    items = (*document.items, documents.note(9, "The intercept is what it is."))
    pane.show_document(replace(document, items=items))
    pane.findChild(QToolButton, "results_search").click()
    find = pane.searching
    assert find.isVisible() and QApplication.focusWidget() is find.line
    QTest.keyClicks(find.line, "intercept")
    assert find.count.text() == "1 of 4"
    seen = []
    for _ in range(4):
        seen.append(pane.contents.tree.current().id)
        QTest.keyClick(find.line, Qt.Key.Key_Return)
    assert seen == [1, 3, 5, 9] and find.count.text() == "1 of 4", "round at the end"
    assert pane.cards()[0].browser.extraSelections()
    find.line.setText(".116")
    assert find.count.text() == "1 of 3" and pane.contents.tree.current().id == 2
    find.line.setText("nowhere")
    assert find.count.text() == "Nothing found"
    QTest.keyClick(find.line, Qt.Key.Key_Escape)
    assert find.isHidden() and not pane.cards()[0].browser.extraSelections()


def test_the_head_changes_the_whole_document_by_commands(pane: ResultsPane, asked: list[str]) -> None:
    pane.show_document(documents.document(2))
    pane._fill_menu()
    for words in ("Collapse all", "Expand all", "Remove all results"):
        next(a for a in pane.menu.actions() if a.text() == words).trigger()
    for name in ("look_decimals_3", "look_style_ama", "look_labels_names", "look_metric_sd"):
        action = next(a for m in pane.menu.findChildren(type(pane.menu)) for a in m.actions() if a.objectName() == name)
        action.trigger()
    assert asked == [
        "outline fold _all", "outline unfold _all", "outline delete _all", "outline look, decimals(3)",
        "outline look, style(ama)", "outline look, nolabels", "outline look, metric(sd)",
    ]  # fmt: skip
