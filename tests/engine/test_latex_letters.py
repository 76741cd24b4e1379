"""Letters of any script in LaTeX: pdfLaTeX never stops at one, and other programs print it as it is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from terrace.report.contents import Contents, Heading, Paragraph, Placed
from terrace.report.latex import report_latex

TEXTS = {
    "east asian": "学習時間 と 성취도", "greek": "αβγ Ωμέγα", "cyrillic": "Привет", "signs": "a ≥ b − c ≈ ½ “quoted” €",
    "latin": "é ß ł ő — naïve", "emoji": "fine 😀", "hebrew": "שלום",
}  # fmt: skip


def source(text: str) -> str:
    """A report with the text as a title, in its running head, in a heading, and as it stands."""
    blocks = (Placed(Heading(text)), Placed(Paragraph(text)), Placed(Paragraph(text, "listing")))
    return report_latex(Contents(title=text, head=text, author="A", blocks=blocks))


@pytest.mark.parametrize("script", TEXTS)
def test_each_letter_is_declared_once_for_each_program(script: str) -> None:
    text = source(TEXTS[script])
    beyond = {c for c in TEXTS[script] if ord(c) >= 0x180 and c not in "—“”€"}
    body = text.partition(r"\begin{document}")[2]
    declared = re.findall(r"\\DeclareUnicodeCharacter\{(\w+)\}", text)
    own = re.findall(r"\\newunicodechar\{(.)\}", text)
    assert len(declared) == len(set(declared)) and len(own) == len(set(own))
    assert {chr(int(code, 16)) for code in declared} == set(own) == {c for c in beyond if c in body}
    assert (r"\ifPDFTeX" in text.split("graphicx")[1]) == bool(own)
    assert ("compile this file with XeLaTeX" in text) == (script not in ("latin", "signs"))


def test_a_report_in_latin_letters_needs_nothing_more() -> None:
    assert "newunicodechar" not in source("Results é — “x”")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdfLaTeX is not installed")
def test_pdflatex_goes_through(tmp_path: Path) -> None:
    (tmp_path / "r.tex").write_text(source(" ".join(TEXTS.values())), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "r.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
