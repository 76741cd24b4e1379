"""What stands on the page is in reports: title, headings, notes with their bold and italic words, ICC and R²."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from terrace.report.notes import MARK, Run, note_text, plain, runs
from terrace.report.parts import paragraphs
from terrace.report.sheet import tied
from terrace.session.session import Session

NOTE = "Slopes **differ** between *schools*.\\n\\n- first\\n- see [the site](https://example.org)"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("plain", [Run("plain")]),
        ("a **b** c", [Run("a "), Run("b", bold=True), Run(" c")]),
        ("**b *both***", [Run("b ", bold=True), Run("both", bold=True, italic=True)]),
        ("***both* b**", [Run("both", bold=True, italic=True), Run(" b", bold=True)]),
        ("2 * 3 * 4", [Run("2 "), Run("*"), Run(" 3 "), Run("*"), Run(" 4")]),
        ("a **b", [Run("a "), Run("**"), Run("b")]),
        (r"\*no\* &#65;&amp;", [Run("*"), Run("no"), Run("*"), Run(" "), Run("A"), Run("&")]),
        ("`a * b *`", [Run("a * b *", code=True)]),
        ("[so](https://a.org)", [Run("so", href="https://a.org")]),
    ],
)
def test_the_marks_of_a_note(source: str, found: list[Run]) -> None:
    assert runs(source) == found


def test_paragraphs_of_a_note() -> None:
    text = note_text("# Head *line*\nfirst\nline\n\n> quoted\n1. one\n2. two\n   goes on\n\n. no command")
    assert text.split("\n\n") == [
        "## Head line", f"{MARK}first line", f"{MARK}quoted", f"{MARK}1. one", f"{MARK}2. two goes on",
        f"{MARK}. no command",
    ]  # fmt: skip
    assert [kind for kind, _ in paragraphs(text)] == ["h3", *["text"] * 5]
    assert plain("a [b](https://c.org) **d**") == "a b (https://c.org) d"


@pytest.fixture(scope="module")
def session() -> Session:
    s = Session()
    for command in (
        "sample sleepstudy", "mixed reaction days || subject:, reml", "estat icc",
        'outline title "Sleep and reaction"', 'outline heading "Results"', f'outline note "{NOTE}", under(2)',
    ):  # fmt: skip
        outcome = s.run(command)
        assert outcome.ok, outcome.error
    return s


def written(session: Session, path: Path, options: str = "noplots") -> Path:
    outcome = session.run(f'report "{path}", {options} replace')
    assert outcome.ok, outcome.error
    return path


def test_word_has_bold_words(session: Session, tmp_path: Path) -> None:
    from docx import Document

    document = Document(str(written(session, tmp_path / "r.docx")))
    looks = {r.text: (bool(r.bold), bool(r.italic)) for p in document.paragraphs for r in p.runs}
    assert looks["differ"] == (True, False) and looks["schools"] == (False, True)
    heads = [p.text for p in document.paragraphs if ((p.style and p.style.name) or "").startswith("Heading")]
    assert heads[0] == "Sleep and reaction" and "Results" in heads
    assert "• see the site (https://example.org)" in [p.text for p in document.paragraphs]


def test_the_web_page_has_them_too_and_follows_no_other_links(session: Session, tmp_path: Path) -> None:
    text = written(session, tmp_path / "r.html").read_text()
    assert "<p>Slopes <strong>differ</strong> between <em>schools</em>.</p>" in text
    assert '<a href="https://example.org">the site</a>' in text
    from terrace.report.html.page import _run

    assert _run(Run("x<y", href="javascript:alert(1)")) == "x&lt;y"


@pytest.mark.parametrize("ending", ["md", "txt", "tex", "pdf", "xlsx"])
def test_every_format_takes_notes(session: Session, tmp_path: Path, ending: str) -> None:
    path = written(session, tmp_path / f"r.{ending}")
    if ending == "md":
        assert "Slopes **differ** between *schools*.\n\n- first\n\n- see" in path.read_text()
    elif ending in ("txt", "tex"):
        words = {"txt": "Slopes differ between schools.", "tex": r"Slopes \textbf{differ} between \textit{schools}."}
        assert words[ending] in path.read_text() and MARK not in path.read_text()
    else:
        assert path.stat().st_size > 1000


def test_notes_stand_where_they_are_on_the_page_and_not_where_models_are_chosen(
    session: Session, tmp_path: Path
) -> None:
    whole = written(session, tmp_path / "r.md").read_text()
    places = [whole.index(x) for x in ("Sleep and reaction", "Model 1", "intraclass correlation")]
    assert places == sorted(places) and places[1] < whole.index("Slopes **differ**") < whole.index("## Results")
    assert re.search(r"\*\*Table 1\. ", whole)
    assert "differ" not in written(session, tmp_path / "r.md", "models(m1) noplots").read_text()
    assert "differ" in written(session, tmp_path / "r.md", "models(m1) notes noplots").read_text()


def test_a_model_has_its_icc_and_r2_as_on_the_page(session: Session, tmp_path: Path) -> None:
    from terrace.postestimation.variance.icc import icc
    from terrace.postestimation.variance.r2 import explained

    text = written(session, tmp_path / "r.md").read_text()
    fit, data = session.fit, session.dataset
    assert fit is not None and data is not None
    after = text[text.index("ICC and R²") :]
    (line,) = [x for x in after.split("\n\n")[1].split("\n") if re.search(r"\d", x)]
    found = explained(fit, data)
    wanted = (icc(fit)[0].value, found.marginal, found.conditional)
    assert re.findall(r"\.\d+", line) == [f"{x:.3f}".removeprefix("0") for x in wanted if x is not None]


def test_no_line_ends_within_a_relation_escaped_or_not() -> None:
    assert tied(runs(r"*p* \< .001, \*a\* = 2")) == [
        Run("p", italic=True), Run("\u00a0<\u00a0.001, *a*\u00a0=\u00a02"),
    ]  # fmt: skip
    links = tied(runs("[a](http://a)[b](http://a)"))
    assert [r.text for r in links] == ["a", "b"]
