"""HTML of tables and fits: the same cells, styled cell by cell, safe against what names may hold."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import fixtures_report as fx
import numpy as np
import pytest

from terrace.postestimation.diagnose.plots_arrays import qq_plot
from terrace.report.cells import shown
from terrace.report.html.html import clipboard, document_html, fit_html, table_html
from terrace.results.table import Column, Row, Table

_VOID = {"br", "img", "meta", "hr"}


class Reader(HTMLParser):
    """The rows of all tables, the styles of their cells, and whether the tags are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.styles: list[list[str]] = []
        self.open: list[str] = []
        self.inside = False
        self.tags: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
            self.styles.append([])
        if tag in ("td", "th"):
            self.inside = True
            self.rows[-1].append("")
            self.styles[-1].append(dict(attrs).get("style") or "")

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data) -> None:
        if self.inside:
            self.rows[-1][-1] += data


@pytest.mark.parametrize("make", fx.EVERY)
@pytest.mark.parametrize("theme", ["light", "dark", "print", "inherit"])
def test_the_cells_are_those_of_the_table(make, theme) -> None:
    for table in make().tables():
        reader = Reader(table_html(table, theme))
        assert not reader.open
        page = shown(table)
        assert len(reader.rows) == 1 + len(page.lines)
        for got, line in zip(reader.rows[1:], page.lines):
            wanted = [line.label] if line.kind == "group" else [line.label, *(c.text for c in line.cells)]
            assert got == wanted


def test_three_rules_and_no_other() -> None:
    table = fx.two_level().tables()[0]
    styles = Reader(table_html(table, "light")).styles
    ruled = [["border-top" in s, "border-bottom" in s] for s in (row[0] for row in styles)]
    assert ruled == [[True, True], [False, False], [False, True]]
    assert "border-left" not in str(styles) and "border-right" not in str(styles)
    assert all(s for row in styles for s in row), "a cell without a style of its own is lost when pasted"


def test_themes_have_their_colours() -> None:
    table = fx.two_level().tables()[1]
    assert "#1d2530" in table_html(table, "light")
    assert "#e6eaef" in table_html(table, "dark")
    assert not re.search(r"#[0-9a-f]{6}", table_html(table, "inherit"))
    with pytest.raises(ValueError, match="no theme"):
        table_html(table, "pink")


def test_title_number_and_notes() -> None:
    text = table_html(fx.two_level().tables()[1], number=3)
    assert "Table 3. Random effects" in text
    assert text.count("<i>Note.</i>") == 1
    assert "Table 3" not in table_html(fx.two_level().tables()[1], number=3, title=False)


def test_names_cannot_bring_tags() -> None:
    hostile = "<script>alert('x')</script> & \"q\""
    table = Table(hostile, (Column("a", hostile, "text"),), (Row(hostile, (hostile,)),), hostile, (hostile,))
    for text in (table_html(table), clipboard(table)["html"], document_html(hostile, [table, hostile])):
        assert "<script" not in text
        assert "script" not in Reader(text).tags


def test_fit_shows_command_state_and_advice() -> None:
    text = fit_html(fx.boundary(name="m1"), labels={"id": "School"})
    assert "m1 · mathach" in text and "on the boundary" in text
    assert "<code>mixed mathach</code>" in text
    assert "School (id), unstructured" in text
    assert text.count("ses2 was left out") == 1, "advice stands once, not in the notes as well"
    assert "Drop it from the model." in text
    assert fx.two_level()._repr_html_() == fit_html(fx.two_level())


def test_document_stands_alone() -> None:
    plot = qq_plot(np.random.default_rng(1).normal(size=50))
    fit = fx.two_level()
    parts = ["# Results\n\nTwo <paragraphs>.", fit, plot, "a   b\n1   2"]
    text = document_html("A & B", parts, command="mixed score hours", generated="2024-05-01")
    reader = Reader(text)
    assert not reader.open
    assert text.startswith("<!DOCTYPE html>") and "<title>A &amp; B</title>" in text
    assert [f"Table {i}." in text for i in (1, 2, 3, 4)] == [True, True, True, False]
    assert "Figure 1. Normal QQ plot of residuals" in text and "data:image/svg+xml;base64," in text
    assert "2024-05-01" in text and "mixed score hours" in text
    assert "<pre>a   b\n1   2</pre>" in text and "<h2>Results</h2>" in text
    assert not re.search(r'(?:src|href)="(?!data:)', text), "nothing is fetched from elsewhere"
    assert document_html("A & B", parts) == document_html("A & B", parts)
    assert "class=\"when\"" not in document_html("A & B", parts)


def test_clipboard_holds_full_precision_and_plain_signs() -> None:
    fit = fx.two_level()
    table = fit.tables()[1]
    kinds = clipboard(table)
    assert set(kinds) == {"html", "tsv", "text"}
    rows = [line.split("\t") for line in kinds["tsv"].splitlines()]
    assert rows[0] == ["Group", "Level and parameter", "Estimate", "SE", "95% CI lower", "95% CI upper"]
    assert sorted(float(r[2]) for r in rows[1:]) == sorted(r.estimate for r in fit.random)
    assert sorted(float(r[5]) for r in rows[1:]) == sorted(r.ub for r in fit.random)
    assert {len(r) for r in rows} == {6}
    assert "−" not in re.sub(r"<p.*?</p>", "", kinds["html"]), "a spreadsheet does not read U+2212"
    assert "-0.15" in kinds["html"] and "mso-number-format" in kinds["html"]
    assert kinds["text"].startswith("Random effects\n")


def test_tsv_keeps_its_columns_whatever_the_labels_hold() -> None:
    table = Table("T", (Column("a", "A\tB", "text"),), (Row("x\ty", ("1\n2",)),), "s")
    assert clipboard(table)["tsv"] == "s\tA B\nx y\t1 2\n"
