"""The window's own texts can be translated: each is found where it is looked up, and none is left in English."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import translations
from after_help import FULL, facts
from engine_texts import CONTEXT
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QTabBar,
    QWidget,
)
from test_after_catalog import defaults
from test_app import HSB, Program
from test_prepare import FACTS
from waiting import wait_until

from terrace.session.document.titles import TITLES as engine_titles
from terrace.spec.conventions import CONVENTIONS
from terrace_desktop.app.start_page import sample_cards
from terrace_desktop.forms.entry import Entry
from terrace_desktop.panels.after import catalog as after_catalog
from terrace_desktop.panels.data import catalog as data_catalog
from terrace_desktop.results.titles import TITLES as window_titles
from terrace_desktop.ui import words
from terrace_desktop.ui.settings import Settings

FILES = sorted(translations.SOURCES.rglob("*.py"))
MARK = "⟦"
OURS = f"{words.STEM}xx.ts"


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def looked_up(file: Path) -> Iterator[tuple[str, str, int]]:
    """Context, text and line of each text as the program looks it up when it runs."""
    def walk(node: ast.AST, name: str) -> Iterator[tuple[str, str, int]]:
        for child in ast.iter_child_nodes(node):
            inside = child.name if isinstance(child, ast.ClassDef) else name
            if isinstance(child, ast.Call):
                function = ast.unparse(child.func)
                if function == "self.tr":
                    yield inside, literal(child.args[0]), child.lineno
                elif function == "tr":
                    yield "", literal(child.args[0]), child.lineno
                elif function in ("QCoreApplication.translate", "QT_TRANSLATE_NOOP"):
                    yield literal(child.args[0]), literal(child.args[1]), child.lineno
            yield from walk(child, inside)

    def literal(node: ast.expr) -> str:
        assert isinstance(node, ast.Constant) and isinstance(node.value, str), (
            f"{file.name}:{node.lineno}: {ast.unparse(node)} is no text in quotes, so nobody can translate it."
        )
        return node.value

    if file.name != "words.py":
        yield from walk(ast.parse(file.read_text(encoding="utf-8")), "")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of translations as the recipe begins it."""
    ts = tmp_path_factory.mktemp("translations") / OURS
    translations.update(ts)
    return ts


def test_each_text_is_looked_up_where_translators_find_it(found: Path) -> None:
    extracted = {(context, message.findtext("source")) for context, message in translations.messages(found)
                 if context != CONTEXT}  # fmt: skip
    asked = {(context, text): f"{f.relative_to(translations.SOURCES)}:{n}" for f in FILES
             for context, text, n in looked_up(f)}  # fmt: skip
    assert len(asked) > 1000
    told = "A class of Qt asks `self.tr`, anything else `tr` outside of classes: see docs/development.md."
    assert {at: key for key, at in asked.items() if key not in extracted} == {}, told
    assert extracted - set(asked) == set(), told


@pytest.fixture
def marked(found: Path, qapp: QApplication) -> Iterator[None]:
    """A language in which each text stands between marks."""
    tree = ET.parse(found)
    for message in tree.getroot().iter("message"):
        translation = message.find("translation")
        assert translation is not None
        translation.attrib.pop("type", None)
        for place in list(translation) or [translation]:
            place.text = f"⟦{message.findtext('source')}⟧"
    ts = found.with_name("marked.ts")
    tree.write(ts, encoding="utf-8", xml_declaration=True)
    translations.release(ts)
    translator = QTranslator()
    assert translator.load(str(ts.with_suffix(".qm")))
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


def texts(root: QWidget) -> Iterator[tuple[str, str]]:
    """What a user reads, hovers over or hears under a widget, with the name of the widget that says it."""
    for w in [root, *root.findChildren(QWidget)]:
        said = [w.toolTip(), w.accessibleName(), w.accessibleDescription()]
        if isinstance(w, QLabel | QAbstractButton):
            said.append(w.text())
        elif isinstance(w, QLineEdit):
            said.append(w.placeholderText())
        elif isinstance(w, QComboBox):
            said += [w.itemText(i) for i in range(w.count())]
        elif isinstance(w, QTabBar):
            said += [w.tabText(i) for i in range(w.count())]
        elif isinstance(w, QGroupBox | QMenu):
            said.append(w.title())
        if w.isWindow():
            said.append(w.windowTitle())
        actions = [a for a in w.findChildren(QAction) if a.parent() is w]
        for text in [*said, *(a.text() for a in actions), *(a.toolTip() for a in actions)]:
            yield w.objectName() or type(w).__name__, text


# What shows words of the engine, of the data or of Qt: by the name of the widget, and by the words where it has none.
NOT_OURS = re.compile(
    r"card_command|card_facts|card_caption|card_title(_text)?|(model|data|output)_\d+|after_command|model_tables|output_text"
    r"|notice_(message|advice|strip)|plot_small|model_export_menu"
    r"|menu_samples|after_by|Scroll(Left|Right)Button|wordmark|(outcome|fixed|level_\d_effects)_chip_.*|QMenu"
    r"|level_\d_(words|picture)|residuals_(structure|words|picture)|estimation_notes_\d(_mend|_text)?|more_pwscale"
    r"|reporting_\w+|builder_start_menu|outcome_label"
)
TABLES = {"Standard errors", "Summary"}  # titles of tables
SELF = {"English", "Terrace", "hsb", "hsb – Terrace", HSB}  # names stay what they are


def english(root: QWidget) -> dict[str, str]:
    """What has words and no mark, with the widget that says it."""
    samples = (s for card in sample_cards() for s in (card.title, card.description))
    known = {*TABLES, *SELF, *samples, *(c.title for c in CONVENTIONS)}
    return {
        text: name
        for name, text in texts(root)
        if re.search("[A-Za-z]{3}", text) and MARK not in text and text not in known and not NOT_OURS.fullmatch(name)
    }


def test_no_text_of_the_window_is_left_in_english(marked: None, settings: Settings) -> None:
    program = Program(settings)
    w = program.window
    assert english(w) == {}
    program.run("sample hsb", HSB, "summarize ses", "mixed mathach c.ses##i.sector || id: ses, cov(unstructured)")
    assert english(w) == {}
    w.models.open_builder(w.results.newest().fit.spec)
    wait_until(lambda: w.models.builder is not None)
    program.idle()
    assert english(w.models.builder) == {}
    w.models.close_builder()
    w.models.predict_newest()
    program.idle()
    assert english(w.models._after.panel) == {}
    w.models._after.close()
    w.prepare.open("centre")
    program.idle()
    assert english(w.prepare.panel) == {}
    w.splitter.close_panel()
    w.close()
    w.deleteLater()


def test_no_form_is_left_in_english(marked: None) -> None:
    """Titles, purposes, fields with their choices, and what is said while something is missing."""
    wrong: dict[str, list[str]] = {}

    def look(entry: Entry, about: Any) -> None:
        fields = entry.fields(about)
        said = [entry.title, entry.purpose, *(f.title for f in fields), *(f.tip for f in fields)]
        said += [f.required for f in fields] + [entry.reason(about), entry.problem(about, defaults(fields))]
        left = [s for s in said if re.search("[A-Za-z]{3}", s) and MARK not in s]
        if left:
            wrong[entry.key] = left

    for group in after_catalog.groups():
        assert MARK in group.title
        for entry in group.entries:
            if not entry.reason(facts(FULL)):
                look(entry, facts(FULL))
    for group in data_catalog.groups():
        assert MARK in group.title
        for entry in group.entries:
            look(entry, FACTS)
    assert wrong == {}


# What takes a text as its first argument and shows it.
SHOW = {
    "setText", "setWindowTitle", "setToolTip", "setPlaceholderText", "setTitle", "setAccessibleName", "setStatusTip",
    "setAccessibleDescription", "setWhatsThis", "label", "button", "tool_button", "QLabel", "QPushButton", "QCheckBox",
    "QRadioButton", "QGroupBox", "QAction", "addAction", "addMenu", "Notice", "tell", "ElidedLabel", "set_pill",
    "add_button", "set_text", "show_error", "labelled",
}  # fmt: skip
NAMES = {"Terrace", " – Terrace"}


def shown(node: ast.expr) -> Iterator[str]:
    """The words in quotes that an expression may show; those in a call are the business of that call."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(v.value for v in node.values if isinstance(v, ast.Constant))
    elif isinstance(node, ast.IfExp):
        yield from (*shown(node.body), *shown(node.orelse))
    elif isinstance(node, ast.BoolOp):
        yield from (words for value in node.values for words in shown(value))
    elif isinstance(node, ast.BinOp):
        yield from (*shown(node.left), *shown(node.right))


def in_quotes(source: str) -> list[str]:
    """Texts that a source hands to a widget as they are."""
    return [
        text
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and called(call) in SHOW and call.args
        for text in shown(call.args[0])
        if re.search("[A-Za-z]{2}", re.sub("<[^>]*>|&[a-z]+;", "", text)) and not NAMES.issuperset([text])
    ]


def test_no_widget_is_handed_words_in_quotes() -> None:
    example = "w.setText('Rows' if x else tr('None')); label(f'{n} rows'); label(tr('Rows')); label('<b>', 'muted')"
    assert in_quotes(example) == ["Rows", " rows"]
    assert {f.name: found for f in FILES if (found := in_quotes(f.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize("ts", sorted(translations.FOLDER.glob("*.ts")), ids=lambda p: p.stem)
def test_what_the_window_loads_is_what_the_translations_say(ts: Path, tmp_path: Path) -> None:
    """A .ts file that was changed is no use before `tools/translations.py` has made its .qm file."""
    translator = QTranslator()
    assert translator.load(str(ts.with_suffix(".qm")))
    for context, message in translations.messages(ts):
        translation, text = message.find("translation"), message.findtext("source") or ""
        assert translation is not None
        if translation.get("type") != "unfinished":
            forms = [f.text for f in translation] or [translation.text]
            said = {translator.translate(context, text, message.findtext("comment") or "", n) for n in range(-1, 120)}
            assert said == set(forms), (context, text)


def test_english_has_all_its_plurals(tmp_path: Path) -> None:
    ts = tmp_path / "terrace_en.ts"
    translations.update(ts)
    wanted = {(context, message.findtext("source")) for context, message in translations.messages(ts)}
    there = translations.FOLDER / ts.name
    assert {(context, message.findtext("source")) for context, message in translations.messages(there)} == wanted
    assert translations.missing(there) == [], "fill them in, and run tools/translations.py"


def test_one_is_no_plural(qapp: QApplication) -> None:
    said = [QCoreApplication.translate("MainWindow", "{0} model(s)", "", n).format(n) for n in (0, 1, 2, 21)]
    assert said == ["0 models", "1 model", "2 models", "21 models"]
    assert words.tr("{0} step(s), {1}", "", 1).format(1, "2 s") == "1 step, 2 s"


def test_which_language_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TERRACE_LANGUAGE", raising=False)
    assert words.wanted(None, "system") == "system"
    monkeypatch.setenv("TERRACE_LANGUAGE", "de")
    assert (words.wanted(None, "fr"), words.wanted("it", "fr")) == ("de", "it")


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> Iterator[None]:
    """A folder of translations with German in it, of one word and one plural."""
    for file in translations.FOLDER.glob("terrace_en.*"):
        shutil.copy(file, tmp_path)
    ts = tmp_path / "terrace_de.ts"
    ts.write_text(
        """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE TS><TS version="2.1" language="de"><context><name></name>
        <message><source>Data</source><translation>Daten</translation></message></context></TS>""",
        encoding="utf-8",
    )
    translations.release(ts)
    monkeypatch.setattr(words, "folder", lambda: tmp_path)
    yield
    monkeypatch.undo()
    words.speak(qapp)


def test_a_language_is_loaded_and_english_stands_behind_it(
    german: None, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert words.languages() == {"en": "English", "de": "Deutsch"}
    assert (words.speak(qapp, "de"), words.tr("Data")) == ("de", "Daten")
    assert words.tr("{0} step(s), {1}", "", 1) == "{0} step, {1}"  # German lacks it
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"  # Qt's own, from Qt
    assert (words.speak(qapp, "de_AT"), words.tr("Data")) == ("de", "Daten")
    for code in ("en", "fr", "nonsense"):
        assert (words.speak(qapp, code), words.tr("Data")) == ("en", "Data")
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Cancel"
    monkeypatch.setattr(words.QLocale, "system", lambda: QLocale("de_CH"))
    assert (words.speak(qapp, "system"), words.tr("Data")) == ("de", "Daten")


def test_the_menu_has_what_is_there_and_remembers_the_choice(german: None, settings: Settings) -> None:
    program = Program(settings)
    actions = program.window.actions_
    assert [n for n in actions.names() if n.startswith("language_")] == [
        "language_system", "language_en", "language_de",
    ]  # fmt: skip
    assert actions["language_system"].isChecked()
    actions["language_de"].trigger()
    assert settings.language() == "de"
    assert [n for n in actions.names() if n.startswith("language_") and actions[n].isChecked()] == ["language_de"]
    program.window.close()
    program.window.deleteLater()


def test_the_recipe(tmp_path: Path) -> None:
    """Followed to the letter in a scratch copy: begin a language, fill it in, make what the window loads, start."""
    for part in ("engine/terrace", "desktop/terrace_desktop", "resources", "tools"):
        shutil.copytree(translations.ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    paths = os.pathsep.join(str(tmp_path / folder) for folder in ("engine", "desktop"))
    env = {**os.environ, "PYTHONPATH": paths, "TERRACE_LANGUAGE": "nl", "TERRACE_LOGS": str(tmp_path),
           "TERRACE_SETTINGS": str(tmp_path / "settings.ini")}  # fmt: skip

    def run(*args: str) -> str:
        return subprocess.run([sys.executable, *args], check=True, cwd=tmp_path, env=env, capture_output=True,
                              text=True).stdout  # fmt: skip

    begun = run("tools/translations.py", "add", "nl")
    assert re.search(r"terrace_nl\.ts: (\d+) texts, \1 not translated", begun)
    ts = tmp_path / "resources" / "translations" / "terrace_nl.ts"
    text = ts.read_text(encoding="utf-8")
    empty = '<source>Menu bar</source>\n        <translation type="unfinished"></translation>'
    assert empty in text
    ts.write_text(text.replace(empty, "<source>Menu bar</source><translation>Menubalk</translation>"), encoding="utf-8")
    left = run("tools/translations.py")
    assert "(no class): File" in left and "Menu bar" not in left
    said = run("-c", """if True:
        from terrace_desktop.app import app
        from terrace_desktop.app.window import MainWindow
        from terrace_desktop.ui.settings import Settings
        from terrace_desktop.ui import words
        settings = Settings()
        application = app.make_application(words.wanted(None, settings.language()))
        window = MainWindow(settings)
        print(app.__file__, window.menuBar().accessibleName(), words.languages()["nl"])
        window.close()
        """)  # fmt: skip
    assert said.split() == [str(tmp_path / "desktop" / "terrace_desktop" / "app" / "app.py"), "Menubalk", "Nederlands"]


def test_the_titles_that_the_engine_gives_can_be_translated() -> None:
    assert {str(t) for t in window_titles} == set(engine_titles.values())
