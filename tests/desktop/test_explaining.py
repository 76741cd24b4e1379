"""Beside each choice one sentence and a link to the page on choices, which opens at the place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from builder_help import click, popups, schools, shown
from PySide6.QtWidgets import QApplication, QTextBrowser, QWidget
from waiting import settled

from terrace.data.resources import resource_path
from terrace_desktop.builder import explaining
from terrace_desktop.builder.explaining import Explained
from terrace_desktop.builder.form import BuilderForm
from terrace_desktop.ui.dialogs import PageDialog

__all__ = ["popups"]
HEADINGS = (
    explaining.DF, explaining.METHOD, explaining.COVARIANCE, explaining.SLOPES, explaining.CENTRING, explaining.WEIGHTS,
)  # fmt: skip


@pytest.fixture
def form() -> Iterator[BuilderForm]:
    made = shown(schools(), "mixed score ses || id: ses, covariance(unstructured) reml dfmethod(satterthwaite)")
    yield made
    made.close_down()
    made.close()
    made.deleteLater()


def page() -> PageDialog:
    (found,) = (w for w in QApplication.topLevelWidgets() if isinstance(w, PageDialog) and w.isVisible())
    return found


def test_every_part_is_on_the_page_once() -> None:
    text = resource_path("help", "choices.md").read_text(encoding="utf-8")
    parts = [line.removeprefix("## ") for line in text.split("\n") if line.startswith("## ")]
    assert sorted(parts) == sorted(HEADINGS)


@pytest.mark.parametrize(
    ("link", "heading"),
    [
        ("explain_df", explaining.DF), ("explain_method", explaining.METHOD), ("explain_centring", explaining.CENTRING),
        ("explain_level_0_covariance", explaining.COVARIANCE), ("explain_level_0_slopes", explaining.SLOPES),
        ("explain_weights", explaining.WEIGHTS),
    ],
)  # fmt: skip
def test_a_link_opens_the_page_at_its_part(form: BuilderForm, link: str, heading: str) -> None:
    form.change.setChecked(True)
    form.more.fold.setChecked(True)
    settled()
    click(form, link)
    settled()
    browser = page().findChild(QTextBrowser)
    assert browser is not None
    assert browser.textCursor().block().text() == heading
    top = browser.cursorRect().top()
    at_end = browser.verticalScrollBar().value() == browser.verticalScrollBar().maximum()
    assert 0 <= top < 60 or (at_end and 0 <= top < browser.viewport().height())
    page().close()
    settled()


def test_the_sentence_goes_with_the_choice(form: BuilderForm) -> None:
    from terrace.spec import edit

    form.change.setChecked(False)
    settled()
    assert form.explained.isVisible() and form.explained.words.text() == "Satterthwaite suits most models."
    form.state.apply(edit.set_df(form.spec, None))
    assert form.explained.words.text() == "Tests by z suit hundreds of groups."
    form.change.setChecked(True)
    settled()
    assert not form.explained.isVisible()
    said = [w.words.text() for w in form.findChildren(QWidget) if isinstance(w, Explained)]
    assert len(said) == 7 and all(s.endswith(".") for s in said)
