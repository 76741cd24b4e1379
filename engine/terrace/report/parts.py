"""What a report is made of, the same for every file format: tables, plots, fits and texts in order.

A text is a paragraph, or several divided by blank lines. Five beginnings have a meaning: ``# `` and ``## ``
head a section, ``. `` is a command, ``! `` is advice, ``~ `` is of a note, with the marks of Markdown.
A paragraph with aligned columns (two blanks in a row, or rules) is a listing and keeps its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from terrace.report.notes import MARK, plain
from terrace.results.advice_words import advice_in_words
from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.results.table import Table

Part = Table | Plot | str | FitResult
TextKind = Literal["h2", "h3", "command", "advice", "listing", "text", "note"]
_BEGINNINGS: tuple[tuple[str, TextKind], ...] = (("## ", "h3"), ("# ", "h2"), (". ", "command"), ("! ", "advice"))


def paragraphs(text: str, *, rich: bool = False) -> list[tuple[TextKind, str]]:
    """The paragraphs of a text with their kinds; listings that follow each other are one.

    Notes are texts without their marks, or `rich` of a kind of their own, with them.
    """
    if _is_listing(text) and not text.lstrip().startswith(("# ", "## ", ". ", "! ", MARK)):
        return [("listing", text.strip("\n"))]
    found: list[tuple[TextKind, str]] = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        if block.startswith(MARK):
            words = block.removeprefix(MARK)
            found.append(("note", words) if rich else ("text", plain(words)))
            continue
        for start, kind in _BEGINNINGS:
            if block.startswith(start):
                found.append((kind, block[len(start) :].strip()))
                break
        else:
            if block.strip():
                listing = _is_listing(block)
                found.append(("listing", block) if listing else ("text", " ".join(block.split())))
    return found


def _is_listing(text: str) -> bool:
    lines = text.split("\n")
    return len(lines) > 1 and any(re.search(r"\S {2,}\S|^-{5,}", x) for x in lines)


def number_parts(
    parts: Sequence[Part], *, labels: Mapping[str, str] | None = None
) -> Iterator[tuple[Table | Plot | str, int]]:
    """The parts with fits opened into texts and tables; each with its number among tables or among figures.

    Texts have number 0.
    """
    tables = figures = 0
    for part in _opened(parts, labels):
        if isinstance(part, Table):
            tables += 1
            yield part, tables
        elif isinstance(part, Plot):
            figures += 1
            yield part, figures
        else:
            yield part, 0


def _opened(parts: Sequence[Part], labels: Mapping[str, str] | None) -> Iterator[Table | Plot | str]:
    for part in parts:
        if not isinstance(part, FitResult):
            yield part
            continue
        state = {"converged": "", "boundary": ", on the boundary", "failed": ", did not converge"}[part.state]
        yield f"# {part.name or part.outcome}{state}"
        yield f". {part.command}"
        yield from part.tables(labels=labels, warnings=False)
        for warning in advice_in_words(part, labels):
            yield f"! {warning}"
        if source := source_of(part):
            yield source


def source_of(fit: FitResult) -> str:
    """The file that the data came from by its name and its SHA-256, and e(datasignature); empty without a file."""
    sha = fit.macros.get("datafile_sha256", "")
    if not sha:
        return ""
    said = f"Source of the data: {Path(fit.macros.get('datafile', '')).name}, SHA-256 {sha}."
    signature = fit.macros.get("datasignature", "")
    return f"{said} Signature of the rows and variables used: {signature}." if signature else said
