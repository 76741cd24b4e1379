"""Tables of LaTeX stay within the page: labels and heads in lines, then smaller letters, then parts."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from data_support import dataset, ok, session_on

from terrace.report.contents import Contents, Paper, Paragraph, Placed, TableBlock
from terrace.report.latex import report_latex, table_latex
from terrace.results.table import Column, Row, Table

LONG = "Socioeconomic status of the student's family, from questionnaires of three years"
CAPITALS = "PROPORTION OF STUDENTS ON THE ACADEMIC TRACK × a_name_of_a_variable"


def coefficients(columns: int = 4, rows: int = 6, label: str = LONG, big: float = 1.0) -> Table:
    """Coefficients of some models with their standard errors below."""
    made = []
    for k in range(rows):
        made.append(Row(f"{label} {k}", tuple(big * (k - j - 0.123456) for j in range(columns)), indent=1))
        made.append(Row("", tuple(big * (0.23456 + j) for j in range(columns)), format="bracketed"))
    heads = tuple(Column(f"m{j}", f"Model {j}", "estimate") for j in range(columns))
    return Table("Models", heads, (Row(f"Fixed effects of {label}", kind="group"), *made), key="m", notes=("A note.",))


def of_words(rows: int) -> Table:
    columns = (Column("a", "Answer", "text"), Column("n", "n", "count"))
    return Table("Answers", columns, tuple(Row(f"Person {k}", (f"{LONG}: {CAPITALS}; {LONG}", k)) for k in range(rows)))


TABLES = {
    "labels": coefficients(),
    "capitals": coefficients(label=CAPITALS),
    "columns": coefficients(columns=14, label="x"),
    "columns and labels": coefficients(columns=11, label=LONG, big=1e5),
    "rows": coefficients(columns=2, rows=70),
    "rows of long labels": coefficients(columns=6, rows=40),
    "one long word": coefficients(label="a_name_" * 30),
    "words": of_words(3),
    "heads": Table("Heads", tuple(Column(f"c{j}", f"{LONG} {j}", "estimate") for j in range(6)),
                   (Row("x", tuple(float(j) for j in range(6))),)),
}  # fmt: skip


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_no_table_and_no_command_runs_over_the_page(paper: Paper, tmp_path: Path) -> None:
    words = Paragraph("command", "mixed mathach " + "c.ses##i.sector " * 20)
    blocks = tuple(Placed(TableBlock(t, k)) for k, t in enumerate(TABLES.values(), 1))
    source = report_latex(Contents(title="Tables", paper=paper, blocks=(*blocks, Placed(words))))
    (tmp_path / "t.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout.decode(errors="replace")
    assert "Output written" in said, said[-2000:]
    assert "Overfull" not in said and "Float too large" not in said, said


def test_a_table_that_fits_is_left_to_latex() -> None:
    text = table_latex(coefficients(label="x"))
    assert r"\begin{tabular}{l" in text and "p{" not in text and "newline" not in text
    assert not re.search(r"\\(small|footnotesize|scriptsize)\n\\begin\{threeparttable", text)


@pytest.mark.parametrize("name", TABLES)
def test_parts_have_each_cell_once_under_one_number(name: str) -> None:
    table = TABLES[name]
    text = table_latex(table, label="tab:x")
    parts = text.split(r"\begin{table}")[1:]
    assert text.count(r"\label{") == 1 and text.count(r"\addtocounter{table}{-1}") == len(parts) - 1
    assert text.count("(continued)") == len(parts) - 1 and text.count("A note.") == len(table.notes)
    rows = [row for part in parts for row in part.partition(r"\midrule")[2].partition(r"\bottomrule")[0].split(r" \\")]
    numbers = sum(len(re.findall(r"\d\.\d", row.partition(" & ")[2])) for row in rows)
    assert numbers == sum(isinstance(v, float) for r in table.rows for v in r.values)


def test_a_coefficient_and_its_standard_error_stay_in_one_part() -> None:
    parts = table_latex(coefficients(columns=2, rows=70)).split(r"\begin{table}")[1:]
    assert len(parts) > 2
    for part in parts:
        rows = part.partition(r"\midrule" + "\n")[2].partition(r"\bottomrule")[0].strip().split("\n")
        rows = [r for r in rows if "multicolumn{" not in r.split("&")[0]]
        assert rows[0].startswith(r"\quad") and not rows[-1].startswith(r"\quad")


def test_a_figure_keeps_its_size_and_the_paper_that_of_the_report(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    session = session_on(dataset(y=rng.normal(size=60), x=rng.normal(size=60)))
    for command in ("scatter y x", "figure style nature", f'report "{tmp_path / "r.tex"}"'):
        ok(session, command)
    text = (tmp_path / "r.tex").read_text(encoding="utf-8")
    assert text.startswith(r"\documentclass[a4paper]{article}") and r"\includegraphics[width=\figurewidth" in text
    if shutil.which("pdflatex") is None:
        return
    (tmp_path / "size.tex").write_text(text.replace(r"\begin{figure}[htbp]", r"""\sbox0{%
\includegraphics[width=\figurewidth,height=\figureheight,keepaspectratio]{r-figure1.pdf}}\typeout{IS \the\wd0}
\begin{figure}[htbp]"""), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "size.tex"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout.decode(errors="replace")
    found = re.search(r"IS ([\d.]+)pt", said)
    assert found is not None and float(found[1]) == pytest.approx(8.9 / 2.54 * 72.27, abs=0.5), said[-2000:]
