"""The outline: its rail, what it says of each item, and that whatever it changes is a command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import documents
import pytest
from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from waiting import settled, show, wait_until

from terrace.session.document.items import Document
from terrace.session.session import Session
from terrace.session.state import State
from terrace_desktop.results.outline.model import ITEMS, SecondRole
from terrace_desktop.results.outline.rail import rail
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.work import outline


def page() -> Document:
    """Two models, the second with a table, a figure and a note; a heading and a table at the top."""
    items = (
        documents.model(1, 1),
        documents.model(2, 2, origin=1),
        documents.icc(3, 2),
        documents.figure(4, 2),
        documents.note(5, "Catholic schools **also** have a higher mean, which is to be said in the discussion.", 2),
        documents.heading(6, "Beside the models"),
        documents.icc(7),
    )
    return Document(title="Schools", items=items, next_id=8)


class Shown:
    """A pane with a document, and what it asked for."""

    def __init__(self) -> None:
        self.pane = ResultsPane()
        self.asked: list[str] = []
        self.pane.outline_asked.connect(self.asked.append)
        self.pane.resize(1400, 700)
        show(self.pane)
        self.pane.show_document(page())
        self.tree = self.pane.contents.tree
        self.lines = self.tree.lines

    def choose(self, id_: int) -> None:
        """Go to a line by the keyboard's focus."""
        self.tree.setFocus()
        self.tree.setCurrentIndex(self.lines.index_of(id_))


@pytest.fixture
def shown() -> Iterator[Shown]:
    s = Shown()
    yield s
    s.pane.close()
    s.pane.deleteLater()


# --- the rail -----------------------------------------------------------------------------------------------
def test_a_line_of_models_has_one_lane_and_a_second_child_another() -> None:
    line = rail([(1, 0), (2, 1), (3, 2)])
    assert set(line.lanes.values()) == {0} and [(e.parent, e.child) for e in line.edges] == [(1, 2), (2, 3)]
    fork = rail([(1, 0), (2, 1), (3, 1), (4, 2)])
    assert fork.lanes == {1: 0, 2: 0, 3: 1, 4: 0} and fork.width == 2
    assert rail([(1, 0), (2, 0)]).edges == (), "models of nothing in common have no line"


@pytest.mark.parametrize("seed", range(8))
def test_no_line_covers_another_or_the_dot_of_a_model_between(seed: int) -> None:
    import numpy as np

    rng = np.random.default_rng(seed)
    models = [(k, int(rng.integers(0, k))) for k in range(1, 15)]
    found = rail(models)
    place = {key: k for k, (key, _) in enumerate(models)}
    assert len(found.edges) == sum(1 for _, parent in models if parent)
    for edge in found.edges:
        assert edge.lane == found.lanes[edge.child]
        inside = range(place[edge.parent] + 1, place[edge.child])
        between = [key for key, at in place.items() if at in inside]
        assert all(found.lanes[key] != edge.lane for key in between), "a dot on the line of others"
        for other in found.edges:
            if other is not edge and other.lane == edge.lane:
                ends = (place[other.parent], place[other.child])
                assert ends[1] <= place[edge.parent] or ends[0] >= place[edge.child], "two lines in one place"


# --- what it says -------------------------------------------------------------------------------------------
def test_lines_have_titles_signs_and_where_a_model_comes_from(shown: Shown) -> None:
    lines = shown.lines
    assert lines.rowCount() == 4
    second = lines.index_of(2)
    assert lines.rowCount(second) == 3 and second.data() == "Model 2: Random intercept of school"
    assert second.data(SecondRole) == "from Model 1" and not lines.index_of(1).data(SecondRole)
    note = str(lines.index_of(5).data())
    assert note.startswith("Catholic schools also have") and note.endswith("…") and len(note) < 60
    assert "from Model 1" in second.data(Qt.ItemDataRole.AccessibleTextRole)


def test_long_titles_wrap_and_none_is_cut_off(shown: Shown) -> None:
    tree, delegate = shown.tree, shown.tree.painter_
    long = "Pupils in classes in schools and what a very long title does to the outline of the results"
    items = tuple(replace(i, title=long) if i.id == 2 else i for i in page())
    before = tree.visualRect(shown.lines.index_of(2)).height()
    shown.pane.show_document(replace(page(), items=items))
    index = shown.lines.index_of(2)
    wait_until(lambda: tree.visualRect(index).height() > before, "more lines")
    assert delegate.text_place(tree.visualRect(index), index).bottom() < tree.visualRect(index).bottom()


def test_a_draft_stands_behind_the_last_model_and_is_no_item(shown: Shown) -> None:
    asked: list[int] = []
    shown.pane.draft_asked.connect(lambda: asked.append(1))
    shown.pane.show_draft("Model 3: Random slope", 1)
    draft = shown.lines.index(2, 0)
    assert draft.data() == "Model 3: Random slope" and draft.data(SecondRole) == "not kept yet"
    assert shown.lines.item(draft) is None and shown.lines.rail.width == 2, "the second child of Model 1"
    shown.tree._clicked(draft)
    assert asked == [1]
    shown.pane.show_draft("")
    assert shown.lines.rowCount() == 4


# --- going about --------------------------------------------------------------------------------------------
def test_a_click_goes_there_and_scrolling_chooses(shown: Shown) -> None:
    pane = shown.pane
    shown.tree._clicked(shown.lines.index_of(7))
    card, bar = pane.card(7), pane.view.verticalScrollBar()
    wait_until(lambda: card.awake and pane.view.viewport().rect().contains(
        card.mapTo(pane.view, card.rect().center())), "the table in view")  # fmt: skip
    bar.setValue(0)
    wait_until(lambda: shown.tree.current() is not None and shown.tree.current().id == 1, "the first to be chosen")
    assert shown.tree.painter_.shown == 1
    assert shown.asked == [], "looking changes nothing"


def test_keys_rename_move_collapse_and_remove(shown: Shown) -> None:
    shown.choose(3)
    for key, modifier in (
        (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier),
    ):
        QTest.keyClick(shown.tree, key, modifier)
    assert shown.asked == [
        "outline move 3, after(4)", "outline move 3, under(0) after(2)", "outline fold 3", "outline delete 3",
    ]  # fmt: skip
    shown.choose(2)
    QTest.keyClick(shown.tree, Qt.Key.Key_F2)
    line = shown.tree.findChild(QLineEdit)
    line.setText('SES "within" schools')
    QTest.keyClick(line, Qt.Key.Key_Return)
    wait_until(lambda: len(shown.asked) == 5, "the new title")
    assert shown.asked[-1] == r'outline rename 2 "SES \x22within\x22 schools"'
    shown.choose(7)
    QTest.keyClick(shown.tree, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert shown.asked[-1] == "outline move 7, under(2)"


def test_dropping_asks_for_a_move(shown: Shown) -> None:
    lines = shown.lines

    def drop(id_: int, row: int, onto: int) -> str:
        mime = QMimeData()
        mime.setData(ITEMS, str(id_).encode())
        before = len(shown.asked)
        parent = lines.index_of(onto) if onto else QModelIndex()
        assert lines.dropMimeData(mime, Qt.DropAction.MoveAction, row, 0, parent) is False, "Qt removes nothing itself"
        return shown.asked[-1] if len(shown.asked) > before else ""

    assert drop(4, 0, 2) == "outline move 4, before(3)"
    assert drop(3, -1, 2) == "outline move 3, after(5)"
    assert drop(7, -1, 1) == "outline move 7, under(1)"
    assert drop(3, -1, 0) == "outline move 3, under(0) after(7)"
    assert drop(1, 1, 0) == "outline move 1, before(2)"
    assert drop(1, -1, 2) == "outline move 1, after(2)", "models stand at the top alone"
    assert drop(5, -1, 4) == "outline move 5, after(4)", "nothing stands under a figure"
    assert drop(2, -1, 2) == ""


@pytest.mark.parametrize(("item", "command"), [(7, "outline move 7, under(2)"), (4, "outline move 4, before(3)"),
                                               (1, "outline move 1, after(2)")])  # fmt: skip
@pytest.mark.parametrize("height", [300, 3000])
def test_what_was_dragged_stays_chosen(shown: Shown, item: int, command: str, height: int) -> None:
    shown.pane.resize(1400, height)
    settled()
    session = Session(replace(State(), document=shown.pane.shown))
    shown.choose(item)
    settled()
    assert session.run(command).ok
    shown.pane.show_document(session.state.document)
    settled()
    current = shown.tree.current()
    assert current is not None and current.id == item
    assert shown.pane.card(item).visibleRegion().boundingRect().height() > 0
    assert session.run("undo").ok
    shown.pane.show_document(session.state.document)
    settled()
    assert shown.tree.current().id == item


def test_what_is_dragged_out_is_a_table_a_picture_or_text(shown: Shown) -> None:
    lines = shown.lines
    table = lines.mimeData([lines.index_of(3)])
    assert "<table" in table.html() and "0.116" in table.text() and "ICC" in table.text()
    figure = lines.mimeData([lines.index_of(4)])
    assert bytes(figure.data("image/png").data()).startswith(b"\x89PNG") and figure.hasImage()
    assert lines.mimeData([lines.index_of(5)]).text().endswith("in the discussion.")
    model = lines.mimeData([lines.index_of(2)])
    assert model.html().count("<table") == 3 and bytes(model.data(ITEMS).data()) == b"2"


def test_the_menu_of_a_line_is_that_of_its_card(shown: Shown) -> None:
    menu = shown.tree.menu_of(3)
    assert menu is not None and {"Copy tables", "Rename", "Remove"} <= {a.text() for a in menu.actions()}
    next(a for a in menu.actions() if a.text() == "Remove").trigger()
    assert shown.asked == ["outline delete 3"]


def test_a_narrow_window_has_the_outline_behind_a_button(shown: Shown) -> None:
    pane = shown.pane
    assert pane.contents.isVisible() and not pane.contents_button.isVisible()
    pane.resize(900, 600)
    wait_until(lambda: pane.contents_button.isVisible() and not pane.contents.isVisible(), "the button")
    pane.contents_button.click()
    assert pane.contents.isVisible() and shown.tree.hasFocus()
    QTest.keyClick(shown.tree, Qt.Key.Key_Escape)
    wait_until(lambda: not pane.contents.isVisible(), "it to close")
    pane.resize(1400, 700)
    wait_until(lambda: pane.contents.isVisible() and not pane.contents_button.isVisible(), "the outline")
    settled()


# --- commands -----------------------------------------------------------------------------------------------
def test_every_command_of_the_outline_is_one_that_the_engine_knows() -> None:
    session = Session()
    text = 'a "quoted" line\nwith `macros\' and $dollars, a \\ and an end'
    for command in (
        outline.note(text), outline.note("b", under=0), outline.heading("H", 1), outline.note("c", before=1),
        outline.edit(1, text + "!"), outline.rename(3, "Other words"), outline.title('My "work"'),
        outline.move(2, before=1), outline.move(1, last=True), outline.move(1, under=0, after=2),
        outline.fold([1, 2], True), outline.fold(None, False), outline.look(decimals=3, style="ama"),
        outline.look(labels=False, metric="sd", parts=("random", "fit")), outline.look(1, parts=()),
        outline.look(1, reset=True, labels=True), outline.delete([2]),
    ):  # fmt: skip
        outcome = session.run(command)
        assert outcome.ok, (command, outcome.error)
    document = session.state.document
    assert document.item(1).text == text + "!" and document.title == 'My "work"'
    assert document.look.parts == ("random", "fit") and document.item(1).look.labels is True
    assert session.run(outline.delete(None)).ok and not session.state.document.items
