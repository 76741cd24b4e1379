"""The window's own texts in the user's language: files of translations, and which of them is loaded.

In a class of Qt a text is `self.tr("…")`, which looks under the name of the class; anywhere else it is `tr("…")` from
here, which looks under no name. pyside6-lupdate reads the sources by the same rule, so both find the same entry. What
the engine says goes through `from_engine` where it is shown.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from terrace.data.resources import resource_path
from terrace.errors import TerraceError
from terrace_desktop.ui.engine_words import Catalogue

SYSTEM, ENGLISH = "system", "en"
STEM = "terrace_"  # terrace_de.qm
_spoken = {"engine": Catalogue({})}


def tr(text: str, comment: str = "", n: int = -1) -> str:
    """A text in the user's language, where there is no object of Qt to ask; `n` chooses between singular and plural."""
    return QCoreApplication.translate("", text, comment, n)


def marked(context: str, words: object) -> str:
    """Words that QT_TRANSLATE_NOOP marked, in the user's language. PySide's types say that it returns an object."""
    return QCoreApplication.translate(context, str(words))


def from_engine(text: str) -> str:
    """A text that the engine wrote, such as an error or its advice, in the user's language."""
    return _spoken["engine"].said(text)


def in_words(error: TerraceError) -> str:
    """What went wrong and what to do, in the user's language."""
    return f"{from_engine(error.message)} {from_engine(error.advice)}".strip()


def folder() -> Path:
    """Where the translations are."""
    return resource_path("translations")


def languages() -> dict[str, str]:
    """The languages that are there, such as ``{"en": "English", "de": "Deutsch"}``; English first."""
    found = sorted(path.stem.removeprefix(STEM) for path in folder().glob(f"{STEM}*.qm"))
    codes = [ENGLISH, *(code for code in found if code != ENGLISH)]
    return {code: QLocale(code).nativeLanguageName().capitalize() if code != ENGLISH else "English" for code in codes}


def wanted(option: str | None, setting: str) -> str:
    """What to load: the option of the command line, else ``TERRACE_LANGUAGE``, else the setting."""
    return option or os.environ.get("TERRACE_LANGUAGE") or setting


def speak(app: QCoreApplication, choice: str = ENGLISH) -> str:
    """Load the translations of a language, "system" or a code such as "de"; the code of what is spoken now.

    English comes first, because its plurals are translations too: what another language lacks falls back on it. Texts
    that stand already are not changed, so this comes before there is a window.
    """
    _spoken["engine"] = Catalogue({})
    for old in app.findChildren(QTranslator):
        app.removeTranslator(old)
        old.deleteLater()
    _load(app, QLocale(ENGLISH), STEM, folder())
    locale = QLocale.system() if choice == SYSTEM else QLocale(choice)
    ours = _load(app, locale, STEM, folder()) if locale.language() != QLocale.Language.English else None
    if ours is None:
        return ENGLISH
    _load(app, QLocale(ours.language()), "qtbase_", Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)))
    code = ours.filePath().rpartition(STEM)[2].removesuffix(".qm")
    engine = folder() / f"{STEM}{code}.json"
    if engine.exists():
        _spoken["engine"] = Catalogue(json.loads(engine.read_text(encoding="utf-8")))
    return code


def _load(app: QCoreApplication, locale: QLocale, stem: str, where: Path) -> QTranslator | None:
    found = QTranslator(app)
    if not found.load(locale, stem.removesuffix("_"), "_", str(where)):
        found.deleteLater()
        return None
    app.installTranslator(found)
    return found
