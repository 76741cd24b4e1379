"""What users read is plain English: rules that every text of the window and of the engine keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import translations
from engine_texts import engine_texts

NAMES = {
    "ANOVA", "APA", "Akaike", "Alt", "Bartlett's", "Bayes", "Bonferroni", "Bryk", "Catholic", "Cook's", "Ctrl", "Del",
    "Delete", "English", "Enter", "Esc", "Excel", "Fisher's", "Graubard", "Greenhouse", "Helmert", "Hessian", "Holm",
    "I", "Johnson", "Kenward", "Kenward–Roger", "Korn", "LaTeX", "Markdown", "Menu", "Neyman", "Newton", "No",
    "Nakagawa", "PDF", "Parquet", "Patterson", "Python", "R", "Roger", "SAS", "SPSS", "Satterthwaite", "Scheffé",
    "Shift", "Šidák", "School", "Beyond", "Your",
    "Space", "Stata", "Tab", "Terrace", "Toeplitz", "Tukey", "Wald", "Word", "Yes", "Johnson–Neyman", "High", "Low",
}  # fmt: skip
"""Words with a capital inside a sentence: people, programs, keys, and values of examples."""
LABELS = {"Discard", "Help", "Model", "Open", "Run", "Save", "Update", "Variables"}
"""Buttons and panes that other texts point to."""

UNENGLISH = {
    r"(?<!here )\b(is|are) no (?!longer\b)(?=\w+\b(?! for| in| to| between| of))": "is not a …",
    r"\b(one|rows?|columns?|coefficients?|variables?|effects?|names?|numbers?|margins?) a "
    r"(row|group|column|level|subject|occasion|model|parameter|variable|line)\b": "one … per …",
    r"\bstands? (in|above|below|before|beside|under|at|alone|more|with|here)\b": "is in, means, comes before",
    r"\banew\b": "again",
    r"\bor so\b": "for example",
    r"\bspeaks? of\b": "use, refer to",
    r"\balready exists already\b|\bexists already\b|\bis already there\b": "already exists",
    r"\bnext to nothing\b": "almost nothing",
    r"\ba later Terrace\b": "a later version of Terrace",
    r"\bclick (it|a model) together\b": "build a model",
    r"^Made again": "Fitted again",
    r"\bnumbers are names\b": "category codes",
    r"\b1 (rows|groups|models|variables|values|columns|observations|times)\b": "1 row",
    r"\bsingles? out\b": "uniquely identify",
    r"\bWrite what\b": "Enter",
    r"\bNone ticked\b": "Tick none for …",
    r"\bgives? up\b": "discard",
}
"""What a native writer would not say, and what is said instead."""

WHOLE = re.compile(r"[.?!:…)”\"'}\]]$")


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The texts of the window, as a translator gets them."""
    ts = tmp_path_factory.mktemp("texts") / "terrace_xx.ts"
    translations.update(ts)
    return sorted({message.findtext("source") or "" for context, message in translations.messages(ts)
                   if context != translations.CONTEXT})  # fmt: skip


@pytest.fixture(scope="module")
def everything(window: list[str]) -> dict[str, str]:
    """All texts with the place of those of the engine."""
    return {**dict.fromkeys(window, "window"), **engine_texts()}


def broken(texts: dict[str, str], rule: str) -> dict[str, str]:
    return {text: where for text, where in texts.items() if re.search(rule, text)}


def test_no_exclamation_and_no_please(everything: dict[str, str]) -> None:
    assert broken(everything, r"\w!(?!=)(\s|$)") == {}
    assert broken(everything, r"(?i)\bplease\b|\bsorry\b|\boops\b") == {}


def test_spaces_and_apostrophes_are_of_one_kind(everything: dict[str, str]) -> None:
    assert broken(everything, r"\S  \S") == {}
    assert broken(everything, r"\w’\w") == {}, "apostrophes are straight"
    assert broken(everything, r"\w [,;](\s|$)") == {}


@pytest.mark.parametrize("phrase", UNENGLISH)
def test_nothing_is_said_as_no_native_would(everything: dict[str, str], phrase: str) -> None:
    assert broken(everything, phrase) == {}, f"say: {UNENGLISH[phrase]}"


def test_who_begins_sentences_ends_them(everything: dict[str, str]) -> None:
    """A text of two sentences ends the second as well."""
    sentences = {t: w for t, w in everything.items() if re.search(r"[a-z]\. [A-Z][a-z]", t)}
    assert len(sentences) > 100
    assert {t: w for t, w in sentences.items() if not WHOLE.search(t)} == {}


def test_labels_are_in_sentence_case(window: list[str]) -> None:
    wrong = []
    for text in window:
        said = re.sub(r"\w+ > |[+✓○] ", "", text.replace("&", ""))  # the path of a menu, a mark
        for sentence in re.split(r"[.:?!\t\n(“\"/>] *|\. ", said):
            inner = re.findall(r"(?<=\s)[A-ZŠ][\w'’–-]*", " " + sentence.strip().partition(" ")[2])
            wrong += [(text, word) for word in inner if word not in NAMES | LABELS
                      and not re.match(r"[A-Z]+s?$|[A-Z][a-z]?[\d²]?$", word)]  # fmt: skip
    assert wrong == []


def test_counts_of_the_window_know_one_from_many(window: list[str]) -> None:
    counted = r"(?<!of )(\{0\}|%1) (rows|groups|models|variables|values|files|cells|effects|results|steps|columns)\b"
    assert [text for text in window if re.search(counted, text)] == []


MANY = re.compile(
    r"too many|does not fit|do not fit|only \{(ROWS|MOST\w*)|2 to |not uniquely|names (a factor|\{name\})|numbers the|"
    r"polynomials|needs all rows|take \{taken\}|first \{\w+\} rows|the first of them|matches \{|counted in cells|"
    r"with fewer than|common correlation|were left out|more columns were|columns of the data|This would create|"
    r"because of|rows in several|fields where|^ in \{|are not numbers|look like remarks|effects have|cells hold|"
    r"names are given|are only|rows$|in order$|of the \{"
)
"""Texts of the engine whose count is above one: limits, and what is said where there are several."""


def test_counts_of_the_engine_know_one_from_many() -> None:
    """A count goes by `terrace.wording.plural` where it can be one; behind "of" it is how many there are in all."""
    nouns = (
        "rows|groups|models|variables|values|files|cells|effects|results|steps|columns|observations|levels|parameters|"
        "coefficients|iterations|replicates|panels|points|lines|graphs|margins|titles|names|fields|checks|terms|"
        "equations|hypotheses|periods|imputations|categories|windows|patterns|clusters|subjects|numbers"
    )
    before = "complete|random|fixed|new|further|more|missing|covariance|residual|y"
    counted = rf"(?<!of )\{{(\w+)\}} (({before}) )?({nouns})\b"
    found = {text for text in engine_texts() if re.search(counted, text) and not text.startswith("{count} ")}
    assert {text for text in found if not MANY.search(text)} == set()


def test_pages_of_help_keep_the_rules() -> None:
    for page in (Path(translations.ROOT) / "resources" / "help").glob("*.md"):
        text = re.sub(r"`[^`]*`", "", page.read_text(encoding="utf-8"))
        for rule in (r"\w!(?!=)(\s|$)", r"(?i)\bplease\b", r"\w’\w", *UNENGLISH):
            assert re.search(rule, text) is None, (page.name, rule)
