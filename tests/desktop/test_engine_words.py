"""What the engine says is translated by the window, which finds each sentence by its fixed words."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import translations
from engine_texts import CONTEXT, engine_texts, texts_of
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication, QLabel

from terrace.session.session import Session
from terrace_desktop.ui import words
from terrace_desktop.ui.engine_words import Catalogue
from terrace_desktop.ui.widgets import Notice


def test_what_reads_like_words_is_a_text_and_code_is_none() -> None:
    source = '''
"""What a module is about, for those who read it."""
@command("generate", minimum="g", syntax="generate x = y", help="Make a variable.")
def f(name, groups, n):
    """What a function does, in words."""
    log.warning("the settings are not kept: %s", name)
    parts = query("SELECT name FROM tables"), rules("lc:olor lw:idth mc:olor"), "<td width=1>"
    raise DataError(f"{name} has {groups.n:,} groups: " "too few to estimate.", code="few-groups",
                    advice="one value" if n == 1 else f"Use {n} values of {shown(name)!r}.")
'''
    assert {text for _, text in texts_of(source)} == {
        "Make a variable.", "{name} has {n} groups: too few to estimate.", "one value", "Use {n} values of {name}.",
    }  # fmt: skip


GERMAN = Catalogue({
    "There is no variable {name} in the data.": "Die Daten haben keine Variable {name}.",
    "{name} is damaged: {what}.": "{name} ist beschädigt: {what}.",
    "the header is missing": "der Kopf fehlt",
    "{value} is missing": "{value} fehlt",
    "Open the file again.": "Die Datei noch einmal öffnen.",
    "{n} of {rows} rows are used": "Von {rows} Zeilen zählen {n}",
})  # fmt: skip


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("There is no variable 'ses' in the data.", "Die Daten haben keine Variable 'ses'."),
        ("a.dta is damaged: the header is missing.", "a.dta ist beschädigt: der Kopf fehlt."),
        ("a.dta is damaged: it is short.", "a.dta ist beschädigt: it is short."),
        ("There is no variable x in the data. Open the file again.",
         "Die Daten haben keine Variable x. Die Datei noch einmal öffnen."),
        ("3 of 1,428 rows are used", "Von 1,428 Zeilen zählen 3"),
        ("Nothing of this is known.", "Nothing of this is known."),
        ("", ""),
    ],
)  # fmt: skip
def test_a_sentence_is_found_by_its_fixed_words(english: str, german: str) -> None:
    assert GERMAN.said(english) == german


@given(st.text(string.printable, max_size=30).filter(lambda s: s.strip()), st.text(string.printable, max_size=200))
def test_any_value_is_put_in_and_any_text_is_survived(value: str, text: str) -> None:
    said = GERMAN.said(f"There is no variable {value} in the data.")
    assert said.startswith("Die Daten haben keine Variable ")
    assert Catalogue({}).said(text) == text
    GERMAN.said(text)


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """A language in which each text of the engine stands between marks, by way of the files of the recipe."""
    ts = tmp_path_factory.mktemp("engine") / "terrace_xx.ts"
    translations.update(ts)
    found = {message.findtext("source") for context, message in translations.messages(ts) if context == CONTEXT}
    assert found == set(engine_texts()) and len(found) > 2000
    text = ts.read_text(encoding="utf-8")
    one = "There is no command {first}."
    assert f"<source>{one}</source>" in text
    at = text.index(f"<source>{one}</source>")
    empty = '<translation type="unfinished"></translation>'
    text = text[:at] + text[at:].replace(empty, "<translation>Kein Befehl {first}.</translation>", 1)
    ts.write_text(text, encoding="utf-8")
    translations.release(ts)
    assert json.loads(ts.with_suffix(".json").read_text(encoding="utf-8")) == {one: "Kein Befehl {first}."}
    return Catalogue({text: f"⟦{text}⟧" for text in engine_texts()})


@pytest.mark.parametrize(
    "command",
    [
        "nonsense", "summarize nosuch", "use nowhere.dta", "generate x", "generate ses = 1", "replace nosuch = 1",
        "mixed mathach ses || nosuch:", "mixed mathach ses || id:, cov(what)", "mixed mathach sector##nosuch",
        "predict", "undo it", "estat icc", "lrtest A B", "margins sector", "drop if", "merge 1:1 id", "recode ses",
        "label values ses nosuch", "test ses", "save", "xtset id ses", "egen m = mean(nosuch)", "collapse",
        "tabulate id ses sector", "graph display A", "generate z = ses +", "summarize ses, nosuch",
    ],
)  # fmt: skip
def test_errors_and_their_advice_are_found(marked: Catalogue, command: str) -> None:
    session = Session()
    assert session.run("sample hsb").ok
    outcome = session.run(command)
    assert outcome.error is not None
    assert marked.said(outcome.error[1]).startswith("⟦"), outcome.error[1]
    if outcome.error_advice:
        assert "⟦" in marked.said(outcome.error_advice), outcome.error_advice


@pytest.fixture
def spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> Iterator[None]:
    ts = tmp_path / "terrace_de.ts"
    ts.write_text(
        f"""<?xml version="1.0" encoding="utf-8"?><!DOCTYPE TS><TS version="2.1" language="de"><context>
        <name>{CONTEXT}</name><message><source>There is no command {{first}}.</source>
        <translation>Es gibt keinen Befehl {{first}}.</translation></message></context></TS>""",
        encoding="utf-8",
    )
    translations.release(ts)
    monkeypatch.setattr(words, "folder", lambda: tmp_path)
    words.speak(qapp, "de")
    yield
    monkeypatch.undo()
    words.speak(qapp)


def test_a_notice_speaks_the_language_of_the_window(spoken: None, qapp: QApplication) -> None:
    outcome = Session().run("nonsense")
    assert outcome.error is not None and "There is no command" in outcome.error[1]
    notice = Notice(outcome.error[1], kind="error", advice=outcome.error_advice)
    shown = notice.findChild(QLabel, "error_message")
    assert shown is not None and shown.text().startswith("Es gibt keinen Befehl ")
    notice.deleteLater()
    words.speak(qapp)
    assert words.from_engine(outcome.error[1]) == outcome.error[1]
