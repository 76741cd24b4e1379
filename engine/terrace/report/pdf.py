"""Reports as PDF pages, set line by line with matplotlib's fonts, so that the command line needs no Qt."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from terrace.report.cells import Shown, note_paragraphs, shown
from terrace.report.figure import paper, render
from terrace.report.parts import Part, number_parts, paragraphs
from terrace.results.plot import Plot
from terrace.results.table import Table

_PAGE = (8.27, 11.69)  # A4, inches
_MARGIN = 0.95
_WIDTH = _PAGE[0] - 2 * _MARGIN
_LEADING = 1.42
_GAP = 0.22  # between columns, inches
_EDGE = 0.06  # between the end of a rule and the letters
_SIZES = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
_INDENT = 0.16


def document_pdf(
    title: str,
    parts: Sequence[Part],
    *,
    command: str = "",
    labels: Mapping[str, str] | None = None,
    generated: str = "",
) -> bytes:
    """The bytes of a PDF file of A4 pages; a table that runs over a page repeats its head."""
    from matplotlib.backends.backend_pdf import PdfPages

    out = io.BytesIO()
    with paper(), PdfPages(out, metadata={"Title": title, "Creator": "Terrace", "CreationDate": None}) as pdf:
        page = _Pages(pdf)
        if title:
            page.lines(title, 16, weight="bold", after=0.06)
        if generated:
            page.lines(generated, 9, color="#404040", after=0.1)
        if command:
            page.lines(command, 8, family="monospace", color="#404040", after=0.1)
        for part, number in number_parts(parts, labels=labels):
            if isinstance(part, Table):
                _table(page, part, number)
            elif isinstance(part, Plot):
                _plot(page, part, number)
            else:
                _texts(page, part)
        page.end()
    return out.getvalue()


class _Pages:
    """The page being written and how far down it is, in inches."""

    def __init__(self, pdf: Any) -> None:
        self.pdf, self.number = pdf, 0
        self.figure: Any = None
        self.y = 0.0
        self.begin()

    def begin(self) -> None:
        from matplotlib.figure import Figure

        self.figure, self.y = Figure(figsize=_PAGE), _MARGIN
        self.number += 1

    def end(self) -> None:
        foot = 1 - (_PAGE[1] - 0.55) / _PAGE[1]
        self.figure.text(0.5, foot, str(self.number), ha="center", fontsize=8, color="#404040")
        self.pdf.savefig(self.figure)

    def need(self, height: float) -> bool:
        """Go on to a new page where `height` does not fit; True where that happened."""
        if self.y + height <= _PAGE[1] - _MARGIN or self.y <= _MARGIN:
            return False
        self.end()
        self.begin()
        return True

    def put(self, x: float, text: str, size: float, **style: Any) -> None:
        """One line of text with its top at the place reached; `x` is from the left margin."""
        at = ((_MARGIN + x) / _PAGE[0], 1 - (self.y + size * 1.05 / 72) / _PAGE[1])
        self.figure.text(*at, text, fontsize=size, va="baseline", **style)

    def rule(self, width: float, thickness: float = 0.8, color: str = "#000000") -> None:
        from matplotlib.lines import Line2D

        x = [_MARGIN / _PAGE[0], (_MARGIN + width) / _PAGE[0]]
        y = 1 - self.y / _PAGE[1]
        self.figure.add_artist(Line2D(x, [y, y], linewidth=thickness, color=color))

    def lines(
        self, text: str, size: float, *, after: float = 0.0, width: float = _WIDTH, **style: Any
    ) -> None:
        """A paragraph, broken to the width of the page."""
        for line in _broken(text, size, width, style.get("weight", "normal"), style.get("family", "")):
            self.need(size * _LEADING / 72)
            self.put(0, line, size, **style)
            self.y += size * _LEADING / 72
        self.y += after


def _table(page: _Pages, table: Table, number: int) -> None:
    content = shown(table)
    size, stub, widths = _measure(content)
    total = stub + sum(w + _GAP for w in widths) + 2 * _EDGE
    height = size * _LEADING * 1.1 / 72
    rows = []
    for line in content.lines:
        room = total - _EDGE if line.kind == "group" else stub  # a heading runs on over the columns
        rows.append(_broken(line.label, size, max(room - _INDENT * line.indent, 0.5), "normal", ""))
    whole = (sum(map(len, rows)) + 4) * height
    page.need(whole if whole < _PAGE[1] - 2 * _MARGIN else 6 * height)
    page.y += 0.16
    page.lines(f"Table {number}. {table.title}", 10, weight="bold", after=0.05)
    _head(page, content, size, stub, widths, total)
    for i, (line, label) in enumerate(zip(content.lines, rows)):
        if page.need(len(label) * height + 0.1):
            _head(page, content, size, stub, widths, total)
        if line.kind == "total" and i and content.lines[i - 1].kind != "total":
            page.rule(total, 0.4, "#808080")
            page.y += 0.03
        style = {"style": "italic"} if line.kind == "group" else {}
        x = _EDGE + stub
        for cell, width in zip(line.cells, widths):
            x += _GAP
            right = cell.align == "right"
            page.put(x + width if right else x, cell.text, size, ha="right" if right else "left")
            x += width
        for text in label:
            page.put(_EDGE + _INDENT * line.indent, text, size, **style)
            page.y += height
    page.y += 0.03
    page.rule(total)
    page.y += 0.05
    for note in note_paragraphs(table):
        page.lines(note, 8, color="#404040", width=max(total, 4.5))
    page.y += 0.12


def _head(
    page: _Pages, content: Shown, size: float, stub: float, widths: list[float], total: float
) -> None:
    page.rule(total)
    page.y += 0.04
    page.put(_EDGE, content.table.stub, size, weight="bold")
    x = _EDGE + stub
    for column, align, width in zip(content.table.columns, content.aligns, widths):
        x += _GAP
        right = align == "right"
        title = column.title.replace("\n", " ")
        page.put(x + width if right else x, title, size, ha="right" if right else "left", weight="bold")
        x += width
    page.y += size * _LEADING / 72 + 0.02
    page.rule(total)
    page.y += 0.05


def _measure(content: Shown) -> tuple[float, float, list[float]]:
    """Letter size, width of the labels and of the columns in inches; letters shrink before labels wrap."""
    table = content.table
    for size in _SIZES:
        widths = []
        for j, column in enumerate(table.columns):
            cells = [_inches(line.cells[j].text, size) for line in content.lines]
            widths.append(max([_inches(column.title.replace("\n", " "), size, "bold"), *cells], default=0.3))
        labels = [_inches(x.label, size) + _INDENT * x.indent for x in content.lines if x.kind != "group"]
        stub = max([_inches(table.stub, size, "bold"), *labels, 0.6])
        room = _WIDTH - 2 * _EDGE - sum(w + _GAP for w in widths)
        if stub <= room or (room >= 1.6 and size <= 8) or size == _SIZES[-1]:
            break
    return size, max(min(stub, room), 0.9), widths


def _broken(text: str, size: float, width: float, weight: str, family: str) -> list[str]:
    """The text in lines of at most `width` inches; line ends of the text are kept."""
    out: list[str] = []
    for paragraph in text.split("\n"):
        if family and _inches(paragraph, size, weight, family) <= width:
            out.append(paragraph)  # a listing keeps its blanks
            continue
        line = ""
        for word in paragraph.split(" "):
            joined = f"{line} {word}" if line else word
            if line and _inches(joined, size, weight, family) > width:
                out.append(line)
                joined = word
            while _inches(joined, size, weight, family) > width and len(joined) > 1:
                cut = max(1, int(len(joined) * width / _inches(joined, size, weight, family)))
                out.append(joined[:cut])
                joined = joined[cut:]
            line = joined
        out.append(line)
    return out


@lru_cache(maxsize=20_000)
def _inches(text: str, size: float, weight: str = "normal", family: str = "") -> float:
    """The width of a text in the report's letters."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    letters = FontProperties(family=family or rcParams["font.family"], size=size, weight=weight)
    width, _, _ = _renderer().get_text_width_height_descent(text or " ", letters, ismath=False)
    return width / 720


@lru_cache(maxsize=1)
def _renderer() -> Any:
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(10, 10, 720)


def _plot(page: _Pages, plot: Plot, number: int) -> None:
    from matplotlib.image import imread

    picture = imread(io.BytesIO(render(plot, "png", dpi=300, title=False)), format="png")
    height, width = (n / 300 for n in picture.shape[:2])
    scale = min(1.0, _WIDTH / width)
    width, height = width * scale, height * scale
    page.need(height + 0.5)
    page.y += 0.16
    page.lines(f"Figure {number}. {plot.title}", 10, weight="bold", after=0.05)
    place = (_MARGIN / _PAGE[0], 1 - (page.y + height) / _PAGE[1], width / _PAGE[0], height / _PAGE[1])
    axes = page.figure.add_axes(place)
    axes.set_axis_off()
    axes.imshow(picture, aspect="auto", interpolation="none")
    page.y += height + 0.15


def _texts(page: _Pages, text: str) -> None:
    for kind, paragraph in paragraphs(text):
        if kind in ("h2", "h3"):
            page.need(1.2)
            page.y += 0.16
            page.lines(paragraph, 13 if kind == "h2" else 11, weight="bold", after=0.06)
        elif kind in ("command", "listing"):
            height = (paragraph.count("\n") + 1) * 7.5 * _LEADING / 72
            page.need(min(height, _PAGE[1] / 2))
            page.lines(paragraph, 7.5, family="monospace", after=0.08)
        else:
            page.lines(paragraph, 9.5, after=0.08)
