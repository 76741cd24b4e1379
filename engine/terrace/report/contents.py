"""A report as writers take it: a title page and blocks in order, each with the part of the plan that it comes from.

Writers decide nothing about what is in a report: tables and figures have their numbers here, and captions their words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from terrace.report.parts import Part, TextKind, number_parts, paragraphs
from terrace.results.plot import Plot
from terrace.results.table import Table
from terrace.spec.equations import Line

Style = Literal["apa", "ama", "plain"]
Paper = Literal["a4", "letter"]
PAPER_SIZES: Mapping[Paper, tuple[float, float]] = {"a4": (595.3, 841.9), "letter": (612.0, 792.0)}
"""Width and height in points."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 3."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph: a ``note`` has marks of Markdown, any other is plain. `terrace.report.parts` has the kinds."""

    text: str
    kind: TextKind = "text"


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table with its number among tables."""

    table: Table
    number: int

    @property
    def label(self) -> str:
        """``Table 2``."""
        return f"Table {self.number}"


@dataclass(frozen=True, slots=True)
class FigureBlock:
    """A figure with its number among figures, and what is noted below it."""

    plot: Plot
    number: int
    title: str
    note: str = ""

    @property
    def label(self) -> str:
        """``Figure 1``."""
        return f"Figure {self.number}"


@dataclass(frozen=True, slots=True)
class EquationBlock:
    """Equations, one under the other."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Heading | Paragraph | TableBlock | FigureBlock | EquationBlock | PageBreak


@dataclass(frozen=True, slots=True)
class Placed:
    """A block and the name of the part of the plan that it comes from; empty for a report without a plan."""

    block: Block
    part: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """All of a report. ``head`` is the running head, empty for none. ``language`` is a tag such as ``en-US``.

    ``cover`` says that the title has a page of its own. ``command`` is shown under the title.
    """

    title: str = ""
    author: str = ""
    affiliation: str = ""
    date: str = ""
    head: str = ""
    style: Style = "plain"
    language: str = "en-US"
    paper: Paper = "a4"
    cover: bool = False
    command: str = ""
    blocks: tuple[Placed, ...] = field(default=())

    def numbers(self) -> dict[str, str]:
        """The captions of each part that has some: ``{"models": "Table 2", "item7": "Figures 1 to 3"}``."""
        found: dict[str, dict[str, list[int]]] = {}
        for placed in self.blocks:
            if isinstance(placed.block, TableBlock | FigureBlock) and placed.part:
                kind = placed.block.label.partition(" ")[0]
                found.setdefault(placed.part, {}).setdefault(kind, []).append(placed.block.number)
        return {part: ", ".join(_range(k, n) for k, n in kinds.items()) for part, kinds in found.items()}


def _range(kind: str, numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"{kind} {numbers[0]}"
    return f"{kind}s {numbers[0]} {'and' if len(numbers) == 2 else 'to'} {numbers[-1]}"


def numbered(blocks: Iterable[Placed]) -> tuple[Placed, ...]:
    """The blocks with tables and figures numbered as they come."""
    tables = figures = 0
    out = []
    for placed in blocks:
        block = placed.block
        if isinstance(block, TableBlock):
            tables += 1
            block = replace(block, number=tables)
        elif isinstance(block, FigureBlock):
            figures += 1
            block = replace(block, number=figures)
        out.append(replace(placed, block=block))
    return tuple(out)


def blocks_of_text(text: str) -> Iterator[Heading | Paragraph]:
    """The paragraphs of a text of a report, as `terrace.report.parts` describes them."""
    for kind, words in paragraphs(text, rich=True):
        yield Heading(words, 1 if kind == "h2" else 2) if kind in ("h2", "h3") else Paragraph(words, kind)


def contents_of(
    title: str, parts: Sequence[Part], *, command: str = "", labels: Mapping[str, str] | None = None, date: str = ""
) -> Contents:
    """Parts that nobody planned as a report: tables, plots, fits and texts in order."""
    blocks: list[Placed] = []
    for part, number in number_parts(parts, labels=labels):
        if isinstance(part, Table):
            blocks.append(Placed(TableBlock(part, number)))
        elif isinstance(part, Plot):
            blocks.append(Placed(FigureBlock(part, number, part.title)))
        else:
            blocks += [Placed(b) for b in blocks_of_text(part)]
    return Contents(title, date=date, command=command, blocks=tuple(blocks))
