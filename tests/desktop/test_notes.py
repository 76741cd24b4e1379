"""Notes: the tools of their editor, the Markdown that they are kept as, and that nothing is run, loaded or followed."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QFont,
    QShortcut,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu
from waiting import show, wait_until

from terrace.data.samples import sample
from terrace.session.document.texts import read_text
from terrace.session.session import Session
from terrace.session.state import State
from terrace_desktop.results import note_markdown
from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.results.note_editor import NoteEditor
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.work import outline

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def read(markdown: str) -> QTextDocument:
    document = QTextDocument()
    document.setMarkdown(markdown, QTextDocument.MarkdownFeature.MarkdownNoHTML)
    return document


def cells(document: QTextDocument) -> list[list[tuple[object, ...]]]:
    """Each letter with its look, paragraph by paragraph; the look of a space is not seen."""
    out = []
    for block in note_markdown.blocks(document):
        found = [(c, r.bold, r.italic, r.code, r.href) for r in note_markdown.runs_of(block) for c in r.text]
        out.append([c[:1] if c[0] == " " else c for c in found])
    return out


def made(rng: random.Random, letters: str, end: str = "") -> QTextDocument:
    """A text with looks at random."""
    document = QTextDocument()
    cursor = QTextCursor(document)
    for k in range(rng.randint(1, 3)):
        if k:
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        for _ in range(rng.randint(1, 5)):
            look = QTextCharFormat()
            look.setFontWeight(rng.choice([QFont.Weight.Normal, QFont.Weight.Normal, QFont.Weight.Bold]))
            look.setFontItalic(rng.random() < 0.4)
            if rng.random() < 0.2:
                look.setAnchor(True)
                look.setAnchorHref(rng.choice(["https://x.org/a", "mailto:a@b.org", "http://q.org/?a=1&b=2"]))
            cursor.insertText("".join(rng.choice(letters) for _ in range(rng.randint(1, 6))) + end, look)
    return document


def plain(document: QTextDocument) -> list[str]:
    """What is read of each paragraph, spaces at the ends and twice aside."""
    return [t for line in document.toPlainText().split("\n") if (t := " ".join(line.split()))]


def test_words_with_looks_come_back_letter_by_letter() -> None:
    for seed in range(150):
        before = made(random.Random(seed), "abcÄβ1 ", " ")
        text = note_markdown.markdown_of(before)
        after = read(text)
        assert note_markdown.markdown_of(after) == text, seed
        assert plain(after) == plain(before), (seed, text)
        wanted = [[c for c in line if c[0] != " "] for line in cells(before)]
        assert [[c for c in line if c[0] != " "] for line in cells(after)] == [w for w in wanted if w], (seed, text)


def test_signs_of_markdown_are_text_where_they_were_typed() -> None:
    for seed in range(250):
        before = made(random.Random(seed), "ab1 .,*_`[]()<>&#-+=~!\\\"'|:;é中")
        text = note_markdown.markdown_of(before)
        after = read(text)
        assert plain(after) == plain(before), (seed, text)
        assert note_markdown.markdown_of(after) == text, seed


@pytest.mark.parametrize("typed", ["# x", "1. x", "12) x", "- x", "+ x", "> x", "---", "===", "~~~", "a_b_c", "&amp;",
                                   "<b>x</b>", "<script>alert(1)</script>", "![x](http://a.b/c.png)", "[x](http://a.b)",
                                   "http://a.b/_c_", "\\", "a\\*b", "    four", "`x`", "c_ses*m_ses"])  # fmt: skip
def test_what_is_typed_is_shown_as_it_was_typed(typed: str) -> None:
    editor = NoteEditor()
    editor.text.setPlainText(typed)
    text = editor.markdown()
    again = NoteEditor(text)
    assert again.text.toPlainText() == typed.strip() and again.markdown() == text
    for e in (editor, again):
        e.deleteLater()


BLOCKS = ("### Why\n\nText.", "- one\n- two\n\nAfter.", "1. one\n2. two", "- one\n  1. inner\n  2. more\n- two",
          "> said", "### Head *x*\n\n- item **b**", "[here](https://x.org/a?b=1&c=2) and `code`",
          "1. a\n2. b\n3. c\n4. d\n5. e\n6. f\n7. g\n8. h\n9. i\n10. j")  # fmt: skip


@pytest.mark.parametrize("text", BLOCKS)
def test_markdown_of_the_tools_is_kept_to_the_letter(text: str) -> None:
    session = Session(State(dataset=sample("sleepstudy")))
    assert session.run(outline.note(text)).ok
    kept = session.state.document.items[-1].text
    editor = NoteEditor(kept)
    assert kept == text == editor.markdown()
    editor.deleteLater()


# --- the tools -----------------------------------------------------------------------------------------------
@pytest.fixture
def editor() -> Iterator[NoteEditor]:
    e = NoteEditor()
    e.resize(500, 200)
    show(e)
    e.begin()
    yield e
    e.close()
    e.deleteLater()


def test_each_tool_has_a_name_a_key_and_a_picture(editor: NoteEditor) -> None:
    assert list(editor.buttons) == ["bold", "italic", "heading", "list", "numbers", "link"]
    keys = [editor.findChild(QShortcut, f"note_{name}_key").key().toString() for name in editor.buttons]
    assert keys[:2] == ["Ctrl+B", "Ctrl+I"] and len({*keys}) == 6 and all(keys)
    for name, b in editor.buttons.items():
        assert b.objectName() == f"note_{name}" and b.accessibleName() and not b.icon().isNull()
        assert b.accessibleName() in b.toolTip()


def test_a_note_is_written_by_keys_alone(editor: NoteEditor) -> None:
    text = editor.text
    QTest.keyClick(text, Qt.Key.Key_H, CONTROL | SHIFT)
    QTest.keyClicks(text, "Schools")
    assert editor.buttons["heading"].isChecked() and not editor.buttons["bold"].isEnabled()
    QTest.keyClick(text, Qt.Key.Key_Return)  # a heading is one line
    assert not editor.buttons["heading"].isChecked()
    QTest.keyClicks(text, "Plain ")
    QTest.keyClick(text, Qt.Key.Key_B, CONTROL)
    QTest.keyClicks(text, "bold")
    QTest.keyClick(text, Qt.Key.Key_B, CONTROL)
    QTest.keyClick(text, Qt.Key.Key_I, CONTROL)
    QTest.keyClicks(text, " slanted")
    QTest.keyClick(text, Qt.Key.Key_I, CONTROL)
    QTest.keyClick(text, Qt.Key.Key_Return)
    editor.buttons["list"].click()
    QTest.keyClicks(text, "one")
    QTest.keyClick(text, Qt.Key.Key_Return)
    QTest.keyClicks(text, "two")
    QTest.keyClick(text, Qt.Key.Key_Return)
    QTest.keyClick(text, Qt.Key.Key_Return)  # an empty item ends the list
    QTest.keyClicks(text, "End")
    assert editor.markdown() == "### Schools\n\nPlain **bold** *slanted*\n\n- one\n- two\n\nEnd"


def test_a_list_changes_its_kind_and_a_heading_goes_back(editor: NoteEditor) -> None:
    editor.text.setPlainText("one\ntwo")
    editor.text.selectAll()
    for tool, text in (("list", "- one\n- two"), ("numbers", "1. one\n2. two"), ("numbers", "one\n\ntwo"),
                       ("heading", "### one\n\n### two"), ("list", "- one\n- two"), ("heading", "### one\n\n### two"),
                       ("heading", "one\n\ntwo")):  # fmt: skip
        editor.buttons[tool].click()
        assert editor.markdown() == text, tool
    assert not any(b.isChecked() for b in editor.buttons.values())


def test_a_link_is_made_changed_and_taken_away(editor: NoteEditor) -> None:
    line = editor.findChild(QLineEdit, "note_address")
    editor.text.setPlainText("see there")
    editor.text.moveCursor(QTextCursor.MoveOperation.End)
    editor.text.moveCursor(QTextCursor.MoveOperation.StartOfWord, QTextCursor.MoveMode.KeepAnchor)
    QTest.keyClick(editor.text, Qt.Key.Key_K, CONTROL | SHIFT)
    wait_until(line.hasFocus, "the line for the address")
    QTest.keyClicks(line, "javascript:alert(1)")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert line.isVisible() and line.accessibleDescription() == "Enter a web or mail address."
    line.setText("x.org/a (b)")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert not line.isVisible() and editor.text.hasFocus()
    assert editor.markdown() == "see [there](https://x.org/a%20%28b%29)"
    cursor = editor.text.textCursor()
    cursor.setPosition(6)
    editor.text.setTextCursor(cursor)
    assert editor.buttons["link"].isChecked()
    editor.ask_link()
    assert line.text().startswith("https://x.org/a")
    line.setText("me@x.org")
    editor.set_link()
    assert editor.markdown() == "see [there](mailto:me@x.org)"
    editor.text.setTextCursor(cursor)
    editor.ask_link()
    QTest.keyClick(line, Qt.Key.Key_Escape)  # which leaves the line, and not the note
    assert editor.markdown() == "see [there](mailto:me@x.org)" and not line.isVisible()
    editor.ask_link()
    line.clear()
    editor.set_link()
    assert editor.markdown() == "see there"


# --- safety --------------------------------------------------------------------------------------------------
HARM = (
    "![x](http://127.0.0.1:9/x.png) [a](javascript:alert(1)) [b](file:///etc/passwd) [c](https://x.org/c)\n\n"
    "<img src='http://127.0.0.1:9/y.png'><script>alert(1)</script>"
)


def test_nothing_in_a_note_is_loaded_run_or_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    from documents import note

    from terrace.session.document.items import Document

    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    loaded: list[str] = []
    own = GrowingBrowser.loadResource

    def load(self: GrowingBrowser, kind: int, name: QUrl) -> object:
        loaded.append(name.toString())
        found = own(self, kind, name)
        assert found is None
        return found

    monkeypatch.setattr(GrowingBrowser, "loadResource", load)
    pane = ResultsPane()
    pane.resize(700, 400)
    show(pane)
    pane.show_document(Document(items=(note(1, HARM),), next_id=2))
    card = pane.card(1)
    assert card is not None
    card.wake()
    shown = card.findChild(GrowingBrowser, "note_text")
    assert "<img src='http" in shown.toPlainText() and "<script>" in shown.toPlainText()
    assert "<script" not in shown.toHtml()
    wait_until(lambda: "http://127.0.0.1:9/x.png" in loaded, "the picture to be asked for")
    for address in ("javascript:alert(1)", "file:///etc/passwd", "https://x.org/c"):
        shown.anchorClicked.emit(QUrl(address))
    assert opened == ["https://x.org/c"]
    menu = QMenu()
    card.fill_menu(menu)
    [link] = [a for a in menu.actions() if a.text().startswith("Open ")]
    link.trigger()
    assert link.text() == "Open https://x.org/c" and opened == ["https://x.org/c"] * 2
    pane.close()
    pane.deleteLater()


def test_what_is_pasted_into_a_note_is_text(editor: NoteEditor) -> None:
    from PySide6.QtCore import QMimeData

    mime = QMimeData()
    mime.setHtml("<b>x</b><img src='http://127.0.0.1:9/y.png'>")
    mime.setText("x & <i>y</i>")
    editor.text.insertFromMimeData(mime)
    assert editor.text.toPlainText() == "x & <i>y</i>" and editor.markdown() == "x \\& \\<i>y\\</i>"


def test_a_note_of_what_no_tool_makes_is_left_as_it_is() -> None:
    for text in ("![a](x.png)", "```\nx = 1\n```", "a\n\n- - -\n\nb"):
        e = NoteEditor(text)
        kept: list[str] = []
        e.kept.connect(kept.append)
        e.keep()
        assert kept == []
        e.deleteLater()
    assert read_text(r"a\nb") == "a\nb"
