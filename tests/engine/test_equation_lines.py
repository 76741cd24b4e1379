"""Long equations end their lines at signs, within the page, alike in Word, PDF and LaTeX."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from data_support import dataset, ok, session_on
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from terrace.report.contents import Contents, EquationBlock, Placed
from terrace.report.equation_lines import equation_lines
from terrace.report.latex import report_latex
from terrace.report.pdf_pictures import equation_pictures
from terrace.report.sheet import EQUATION_INDENT, EQUATION_LEFT, EQUATION_LINE, EQUATION_SIZE, text_width
from terrace.report.word import report_docx
from terrace.session.session import Session
from terrace.spec.equations import Line, Token, equations
from terrace.spec.equations_render import line_text

ROOM = text_width(Contents()) - EQUATION_LEFT


def lines_of(predictors: int, name: str) -> tuple[Line, ...]:
    """The equations of a model with so many predictors, slopes of three of them, and their interaction."""
    rng = np.random.default_rng(predictors)
    names = [f"{name}{k}" for k in range(1, predictors + 1)]
    session: Session = session_on(dataset(y=rng.normal(size=200), school=np.arange(200) // 10,
                                          **{n: rng.normal(size=200) for n in names}))  # fmt: skip
    command = f"mixed y {' '.join(names)} c.{names[0]}#c.{names[1]} || school: {' '.join(names[:3])}, iterate(0)"
    found = equations(ok(session, command).fit.spec, dict.fromkeys(names, 1))
    return tuple(x for b in found.levels for x in b.lines) + found.distributions


@pytest.fixture(scope="module", params=["x", "hours_of_homework_a_week_", "WIMMW"])
def lines(request: pytest.FixtureRequest) -> tuple[Line, ...]:
    return lines_of(15, request.param)


def test_nothing_is_lost_and_lines_begin_with_a_sign(lines: tuple[Line, ...]) -> None:
    broken = [equation_lines(line, ROOM, EQUATION_SIZE, EQUATION_INDENT) for line in lines]
    assert [tuple(t for part in parts for t in part) for parts in broken] == list(lines)
    assert len(broken[0]) > 2, "fifteen terms need several lines"
    assert all(part[0].text == "+" for part in broken[0][1:])
    assert all(len(parts) == 1 for parts, line in zip(broken, lines) if len(line_text(line)) < 40)


def test_pictures_of_pdf_pages_are_not_made_smaller_to_fit(lines: tuple[Line, ...]) -> None:
    for content, width, height in equation_pictures(lines, ROOM):
        assert content and width <= ROOM and height == EQUATION_LINE


def test_word_has_a_paragraph_for_each_line_with_what_goes_on_further_in(lines: tuple[Line, ...]) -> None:
    contents = Contents(blocks=(Placed(EquationBlock(lines)),))
    found = [p for p in Document(io.BytesIO(report_docx(contents))).paragraphs if "m:oMath" in p._p.xml]
    pictures = list(equation_pictures(lines, ROOM))
    assert len(found) == len(pictures), "Word and PDF have the same lines"
    further = [p for p in found if p.paragraph_format.left_indent.pt > EQUATION_LEFT]
    assert len(further) == len(found) - len(lines) and further


def test_latex_goes_on_in_aligned_lines(lines: tuple[Line, ...], tmp_path: Path) -> None:
    source = report_latex(Contents(title="Equations", blocks=(Placed(EquationBlock(lines)),)))
    inside = source.partition("\\begin{align*}\n")[2].partition("\n\\end{align*}")[0].split(" \\\\\n")
    assert all(re.match(r"&\\quad \{\} \+ ", x) for x in inside[1:3]) and all("&" in x for x in inside)
    if shutil.which("pdflatex") is None:
        return
    (tmp_path / "e.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "e.tex"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout.decode(errors="replace")
    assert "Output written" in said and "Overfull" not in said, said[-2000:]


TOKENS = st.builds(
    Token, st.sampled_from(["symbol", "variable"]), st.text("abM", min_size=1, max_size=30), st.sampled_from(["", "ij"])
)


@given(st.lists(TOKENS, min_size=1, max_size=12), st.floats(40, 600))
def test_any_sum_is_broken_whole(terms: list[Token], width: float) -> None:
    line = tuple(x for t in terms for x in (t, Token("operator", "+")))[:-1]
    parts = equation_lines(line, width, EQUATION_SIZE, EQUATION_INDENT)
    assert tuple(t for part in parts for t in part) == line and all(parts)
