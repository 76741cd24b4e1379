"""Reports as PDF pages, set line by line with matplotlib's fonts, so that the command line needs no Qt."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from terrace.report.cells import Shown, note_paragraphs, shown, tails
from terrace.report.figure.figure import paper, render
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
        content = [_Item(part, number) for part, number in number_parts(parts, labels=labels)]
        for i, item in enumerate(content):
            page.need(_together(content, i))
            if isinstance(item.part, Table):
                _table(page, item.part, item.number)
            elif isinstance(item.part, Plot):
                _plot(page, item)
            else:
                _texts(page, item.part)
        page.end()
    return out.getvalue()


class _Item:
    """A part with its number; a plot with its picture once that is asked for."""

    def __init__(self, part: Table | Plot | str, number: int) -> None:
        self.part, self.number = part, number

    @cached_property
    def picture(self) -> bytes:
        """The plot as PNG, 300 dots an inch."""
        assert isinstance(self.part, Plot)
        return render(self.part, "png", dpi=300, title=False)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the picture on the page, in inches."""
        width, height = (int.from_bytes(self.picture[k : k + 4], "big") / 300 for k in (16, 20))  # of its IHDR
        scale = min(1.0, _WIDTH / width)
        return width * scale, height * scale


def _together(content: list[_Item], i: int) -> float:
    """What has to stand on one page from part `i` on: a heading or a command does not part from what follows it."""
    part = content[i].part
    if isinstance(part, Plot):
        return content[i].size[1] + 0.5
    if isinstance(part, Table):
        return _height(part)
    found = paragraphs(part)
    if not found or found[-1][0] not in ("h2", "h3", "command") or i + 1 == len(content):
        return 0.0
    own = 0.0
    for kind, text in found:
        size = {"h2": 13.0, "h3": 11.0, "command": 7.5, "listing": 7.5}.get(kind, 9.5)
        family = "monospace" if kind in ("command", "listing") else ""
        own += len(_broken(text, size, _WIDTH, "normal", family)) * size * _LEADING / 72 + 0.24
    return own + _together(content, i + 1)


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


@dataclass(frozen=True)
class _Grid:
    """A table measured: letter size, lines of the heads and of the labels, widths in inches."""

    content: Shown
    size: float
    stub: float
    widths: tuple[float, ...]
    heads: tuple[list[str], ...]  # that of the labels first
    labels: tuple[list[str], ...]

    @property
    def line(self) -> float:
        """The height of a line in inches."""
        return self.size * _LEADING * 1.1 / 72

    @property
    def head(self) -> float:
        """The height of the head in inches."""
        return max(map(len, self.heads)) * self.size * _LEADING / 72 + 0.11


def _height(table: Table) -> float:
    """What a table needs to begin: all of it, where that is less than a page, else its head and some rows."""
    grid = _measure(shown(table))
    notes = sum(len(_broken(n, 8, _WIDTH, "normal", "")) for n in note_paragraphs(table)) * 8 * _LEADING / 72
    whole = sum(map(len, grid.labels)) * grid.line + grid.head + notes + 0.7
    return whole if whole < _PAGE[1] - 2 * _MARGIN else grid.head + 6 * grid.line


def _table(page: _Pages, table: Table, number: int) -> None:
    grid = _measure(shown(table))
    content, size = grid.content, grid.size
    behind = [_inches(tail, size) if tail else 0.0 for tail in tails(content)]
    page.y += 0.16
    page.lines(f"Table {number}. {table.title}", 10, weight="bold", after=0.05)
    _head(page, grid)
    for i, (line, label) in enumerate(zip(content.lines, grid.labels)):
        if page.need(len(label) * grid.line + 0.1):
            _head(page, grid)
        if line.kind == "total" and i and content.lines[i - 1].kind != "total":
            page.rule(_WIDTH, 0.4, "#808080")
            page.y += 0.03
        style = {"style": "italic"} if line.kind == "group" else {}
        x = _EDGE + grid.stub
        for cell, width, tail in zip(line.cells, grid.widths, behind):
            x += _GAP
            right = cell.align == "right"
            if tail and right and cell.value is not None and not isinstance(cell.value, str):
                page.put(x + width - tail, cell.body, size, ha="right")
                page.put(x + width - tail, cell.tail, size)
            else:
                page.put(x + width if right else x, cell.text, size, ha="right" if right else "left")
            x += width
        for text in label:
            page.put(_EDGE + _INDENT * line.indent, text, size, **style)
            page.y += grid.line
    page.y += 0.03
    page.rule(_WIDTH)
    page.y += 0.05
    for note in note_paragraphs(table):
        page.lines(note, 8, color="#404040")
    page.y += 0.12


def _head(page: _Pages, grid: _Grid) -> None:
    page.rule(_WIDTH)
    page.y += 0.04
    step, deep = grid.size * _LEADING / 72, max(map(len, grid.heads))
    top, x = page.y, _EDGE
    for j, (lines, width) in enumerate(zip(grid.heads, (grid.stub, *grid.widths))):
        right = j > 0 and grid.content.aligns[j - 1] == "right"
        page.y = top + (deep - len(lines)) * step  # heads stand on the rule
        for text in lines:
            page.put(x + width if right else x, text, grid.size, ha="right" if right else "left", weight="bold")
            page.y += step
        x += width + _GAP
    page.y = top + deep * step + 0.02
    page.rule(_WIDTH)
    page.y += 0.05


def _measure(content: Shown) -> _Grid:
    """Every table is as wide as the text and in letters of one size, as far as its columns allow.

    Heads break at blanks before labels do, labels before the letters shrink; room that is left goes to all columns
    alike.
    """
    table = content.table
    titles = [c.title.replace("\n", " ") for c in table.columns]
    for size in _SIZES:
        cells = [
            max([_inches(line.cells[j].body + tail, size) for line in content.lines], default=0.3)
            for j, tail in enumerate(tails(content))
        ]
        whole = [max(c, _inches(t, size, "bold")) for c, t in zip(cells, titles)]
        broken = [
            max([c, *(_inches(w, size, "bold") for w in _breakable(t).split(" "))]) for c, t in zip(cells, titles)
        ]
        labels = [_inches(x.label, size) + _INDENT * x.indent for x in content.lines if x.kind != "group"]
        stub = max([_inches(table.stub, size, "bold"), *labels, 0.5])
        room = _WIDTH - 2 * _EDGE - _GAP * len(titles)
        for widths, least in ((whole, stub), (broken, min(stub, 1.2))):
            if least + sum(widths) <= room:
                break
        else:
            if size != _SIZES[-1]:
                continue
        break
    spare = room - sum(widths)
    more = max(spare - stub, 0.0) / (len(widths) + 1)
    first = max(min(stub, spare), 0.5) + more
    widths = [w + more for w in widths]
    rows = []
    for line in content.lines:
        wide = _WIDTH - _EDGE if line.kind == "group" else first  # a heading runs on over the columns
        rows.append(_broken(line.label, size, max(wide - _INDENT * line.indent, 0.5), "normal", ""))
    heads = []
    for title, wide in zip([table.stub, *titles], [first, *widths]):
        fits = _inches(title, size, "bold") <= wide + 1e-6
        lines = [title] if fits else _broken(_breakable(title), size, wide + 1e-6, "bold", "")
        heads.append([x.replace("- ", "-") for x in lines])
    return _Grid(content, size, first, tuple(widths), tuple(heads), tuple(rows))


def _breakable(title: str) -> str:
    """A head that may break after its hyphens too."""
    return title.replace("-", "- ")


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
    return float(width) / 720


@lru_cache(maxsize=1)
def _renderer() -> Any:
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(10, 10, 720)  # type: ignore[no-untyped-call]  # matplotlib has no types for it


def _plot(page: _Pages, item: _Item) -> None:
    from matplotlib.image import imread

    width, height = item.size
    page.y += 0.16
    page.lines(f"Figure {item.number}. {item.part.title}", 10, weight="bold", after=0.05)
    place = (_MARGIN / _PAGE[0], 1 - (page.y + height) / _PAGE[1], width / _PAGE[0], height / _PAGE[1])
    axes = page.figure.add_axes(place)
    axes.set_axis_off()
    axes.imshow(imread(io.BytesIO(item.picture), format="png"), aspect="auto", interpolation="none")
    page.y += height + 0.15


def _texts(page: _Pages, text: str) -> None:
    for kind, paragraph in paragraphs(text):
        if kind in ("h2", "h3"):
            page.need(1.2)
            page.y += 0.16
            page.lines(paragraph, 13 if kind == "h2" else 11, weight="bold", after=0.06)
        elif kind in ("command", "listing"):
            page.y += 0.1 if page.y > _MARGIN else 0
            height = (paragraph.count("\n") + 1) * 7.5 * _LEADING / 72
            page.need(min(height, _PAGE[1] / 2))
            page.lines(paragraph, 7.5, family="monospace", after=0.08)
        else:
            page.lines(paragraph, 9.5, after=0.08)
