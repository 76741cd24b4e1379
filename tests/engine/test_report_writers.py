"""One report in every format: numbers of tables and figures, captions by its style, equations, the contents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from terrace.errors import ExportError
from terrace.report.contents import (
    Contents,
    EquationBlock,
    FigureBlock,
    Heading,
    PageBreak,
    Paragraph,
    Placed,
    TableBlock,
)
from terrace.report.export import contents_text, export_report
from terrace.report.html.page import report_html
from terrace.report.latex import report_latex
from terrace.report.markdown import report_markdown
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.results.table import Column, Row, Table
from terrace.spec.equations import Token


def report(style: str = "apa", **members: Any) -> Contents:
    x = np.arange(4.0)
    table = Table("Models <of> y & z", (Column("b", "b", "fixed", 2),), (Row("x", (1.5,)),), notes=("A note.",))
    plot = Plot("Lines", (PlotPanel(Axis("x"), Axis("y"), (Marks("line", x, x),)),), "lines")
    line = (Token("variable", "y", "ij"), Token("operator", "="), Token("symbol", "β", "0j"))
    blocks = (
        Heading("Results", 1), Heading("Below", 2), Heading("Further below", 3), Paragraph("In *italics*.", "note"),
        TableBlock(table, 1), FigureBlock(plot, 1, "All lines", "Of the figure."), EquationBlock((line,)), PageBreak(),
        Paragraph("mixed y x", "listing"),
    )  # fmt: skip
    given = {"title": "A & B", "author": "C. D.", "affiliation": "E", "date": "May", "head": "RUN", "cover": True}
    return Contents(style=style, blocks=tuple(Placed(b) for b in blocks), **{**given, **members})  # type: ignore[arg-type]


def test_html_has_captions_by_style_and_all_levels() -> None:
    text = report_html(report())
    assert "<b>Table 1</b><br><i>Models &lt;of&gt; y &amp; z</i>" in text and "<b>Figure 1</b><br>" in text
    assert "<h2>Results</h2>" in text and "<h3>Below</h3>" in text and "<h4>Further below</h4>" in text
    assert "<em>italics</em>" in text and "β<sub>0j</sub>" in text and "<pre>mixed y x</pre>" in text
    assert re.search(r"C\. D\..*\bE\b.*May", text, re.DOTALL) and '<html lang="en">' in text
    ama = report_html(report("ama", language="en-GB"))
    assert "Table 1. Models" in ama and '<html lang="en-GB">' in ama
    assert ama.index("<img") < ama.index("<figcaption>") and text.index("<figcaption>") < text.index("<img")


def test_latex_has_captions_by_style_and_equations_as_they_are() -> None:
    text = report_latex(report(), figures=("a.pdf",))
    assert r"\captionsetup{labelfont=bf, textfont=it, labelsep=newline" in text
    assert "\\begin{align*}\n\\mathit{y}_{ij} &= \\beta_{0j}\n\\end{align*}" in text
    assert r"\title{A \& B}" in text and r"\author{C. D. \\ E}" in text and r"\lhead{RUN}" in text
    assert r"\subsubsection*{Further below}" in text and r"In \textit{italics}." in text and r"\clearpage" in text
    assert text.count(r"\begin{") == text.count(r"\end{")
    plain = report_latex(report("ama", author="", affiliation="", date="", head="", cover=False), figures=("a.pdf",))
    assert "captionsetup" not in plain and r"\section*{A \& B}" in plain and "fancyhdr" not in plain
    assert plain.index("includegraphics") < plain.index(r"\caption{All lines}")


def test_markdown_and_text_have_all_of_it() -> None:
    text = report_markdown(report(), figures=("a.png",))
    assert "$$\\mathit{y}_{ij} = \\beta_{0j}$$" in text and "#### Further below" in text and "In *italics*." in text
    assert "**Table 1. Models \\<of\\> y & z**" in text and "**Figure 1. All lines**" in text
    words = contents_text(report())
    assert "y_ij = β_0j" in words and "[Figure 1: All lines]" in words and "In italics." in words
    places = ("Table 1", "Note. A note.", "[Figure 1", "Note. Of the figure.", "mixed y x")
    assert [words.index(p) for p in places] == sorted(words.index(p) for p in places)


def test_a_workbook_has_a_sheet_of_contents_that_leads_to_a_sheet_a_table(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.load_workbook(export_report(report(), tmp_path / "a.xlsx"))
    assert len(book.sheetnames) == 3 and book.sheetnames[0] == "Report"
    links = [c for row in book["Report"].iter_rows() for c in row if c.hyperlink is not None]
    assert [c.value for c in links] == ["Table 1. Models <of> y & z", "Figure 1. All lines"]
    targets = [re.fullmatch(r"'(.+)'!A1", c.hyperlink.location)[1] for c in links]  # type: ignore[index]
    assert targets == book.sheetnames[1:]
    assert book[targets[0]]["B3"].value == 1.5 and book.properties.creator == "C. D."
    below = [c for row in book[targets[1]].iter_rows() for c in row if c.value == "Note. Of the figure."]
    picture = book[targets[1]]._images[0]  # type: ignore[attr-defined]  # which the library has under no other name
    contents = book["Report"]
    assert contents.print_area == f"'Report'!$A$1:$A${contents.max_row}" and contents.page_setup.fitToWidth == 1
    words = [c for (c,) in contents.iter_rows(max_col=1) if c.value and c.hyperlink is None]
    assert words and all(c.alignment.wrap_text for c in words)
    assert len(below) == 1 and below[0].row > 1 + picture.height / 2 / 20, "a sheet shows half its dots"


def test_what_holds_no_report_and_what_is_empty_is_told(tmp_path: Path) -> None:
    for path, given, code in (
        ("a.png", report(), "not-a-plot"), ("a.xyz", report(), "unknown-format"), ("a.docx", Contents(), "nothing"),
    ):  # fmt: skip
        with pytest.raises(ExportError) as error:
            export_report(given, tmp_path / path)
        assert error.value.code == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["docx", "pdf", "html", "tex", "md", "xlsx", "txt", "csv"])
def test_every_format_takes_a_report(ending: str, tmp_path: Path) -> None:
    path = export_report(report(), tmp_path / f"a.{ending}")
    assert path.stat().st_size > 100
    pictures = {"tex": ["a-figure1.pdf"], "md": ["a-figure1.png"]}.get(ending, [])
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([path.name, *pictures])
