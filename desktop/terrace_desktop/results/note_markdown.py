"""A note of rich text as Markdown (CommonMark 0.31), so that reading it gives the same text again.

Qt's own writer breaks lines, and leaves emphasis beside punctuation and inside words unreadable. Bold stands outside
italic here; a letter that would keep a mark from being one (section 6.2, *flanking*) is written as a reference to it.
What is written is read back, and another way is taken where it is not the same. Markdown has no way for some looks that
change twice inside a word; there the text stays, without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QUrl
from PySide6.QtGui import QFont, QTextBlock, QTextDocument, QTextFormat, QTextFragment, QTextListFormat

SCHEMES = ("http", "https", "mailto")
"""What a link of a note may lead to; others are text."""
_NUMBERED = re.compile(r"^(\d+)(?=[.)])")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text of one look."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    href: str = ""


class Unwritten(ValueError):
    """What notes do not make: pictures, tables, code of several lines."""


def allowed(address: str) -> bool:
    """True for the address of a link that may be followed."""
    url = QUrl(address, QUrl.ParsingMode.StrictMode)
    return url.isValid() and url.scheme().lower() in SCHEMES and bool(url.host() or url.scheme() == "mailto")


def markdown_of(document: QTextDocument) -> str:
    """The Markdown of a document. Raises `Unwritten` for what none of the tools makes."""
    out: list[str] = []
    widths: list[int] = []  # of the marks of the lists around
    listed = False
    for block in blocks(document):
        format_ = block.blockFormat()
        if format_.hasProperty(QTextFormat.Property.BlockCodeFence) or format_.hasProperty(
            QTextFormat.Property.BlockTrailingHorizontalRulerWidth
        ):
            raise Unwritten
        level, quote = format_.headingLevel(), format_.intProperty(QTextFormat.Property.BlockQuoteLevel)
        for text in _lines(runs_of(block), bold=not level):
            mark, indent = _mark(block, widths)
            if not text and not mark:
                continue
            if out and not (mark and listed):
                out.append("> " * quote if quote and out[-1].startswith(">") else "")
            out.append("> " * quote + indent + mark + "#" * level + (" " if level else "") + text)
            listed = bool(mark)
    return "\n".join(out).strip("\n")


def blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    """The paragraphs of a document."""
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def fragments(block: QTextBlock) -> list[QTextFragment]:
    """The pieces of one look that a paragraph is made of."""
    out = []
    at = block.begin()
    while not at.atEnd():
        out.append(at.fragment())
        at += 1
    return out


def runs_of(block: QTextBlock, *, pictures: bool = False) -> list[Run]:
    """What a paragraph is made of. Raises `Unwritten` for pictures, unless these are left out with `pictures`."""
    out: list[Run] = []
    heading = block.blockFormat().headingLevel() > 0
    for fragment in fragments(block):
        look = fragment.charFormat()
        if look.isImageFormat():
            if pictures:
                continue
            raise Unwritten
        code = look.fontFixedPitch()  # which Qt shows without emphasis
        bold = look.fontWeight() > QFont.Weight.Normal and not heading and not code
        href = look.anchorHref() if allowed(look.anchorHref()) else ""
        out.append(Run(fragment.text(), bold, look.fontItalic() and not code, code, href))
    return out


def _mark(block: QTextBlock, widths: list[int]) -> tuple[str, str]:
    """The mark of an item of a list with what stands before it; neither outside of lists."""
    found = block.textList()
    if found is None:
        widths.clear()
        return "", ""
    style, depth = found.format(), max(0, found.format().indent() - 1)
    if style.style() == QTextListFormat.Style.ListDecimal:
        mark = f"{found.itemNumber(block) + style.start()}. "
    else:
        mark = "- "
    del widths[depth:]
    indent = " " * sum(widths)
    widths.append(len(mark))
    return mark, indent


def _lines(runs: list[Run], *, bold: bool) -> Iterator[str]:
    """A paragraph as text; one that the user broke by Shift+Enter is several."""
    line: list[Run] = []
    for run in runs:
        first, *others = run.text.split("\u2028")
        line.append(Run(first, run.bold and bold, run.italic, run.code, run.href))
        for text in others:
            yield _inline(line)
            line = [Run(text, run.bold and bold, run.italic, run.code, run.href)]
    yield _inline(line)


def _inline(runs: list[Run]) -> str:
    """Runs of text with their marks."""
    cells: list[tuple[str, Run]] = []
    for c, run in ((" " if c in " \t\n\r\f\v" else c, r) for r in runs for c in r.text):
        if not (c == " " and cells and cells[-1][0] == " "):
            cells.append((c, run))
    while cells and cells[-1][0] == " ":
        cells.pop()
    while cells and cells[0][0] == " ":
        cells.pop(0)
    text = "".join(c for c, _ in cells)
    looks = [_Look(r.bold, r.italic, r.code, r.href) for _, r in cells]
    for drop in ((), ("italic",), ("italic", "bold")):  # rather without a look than with marks as text
        for key in drop:
            for look in looks:
                setattr(look, key, False)
        for key in ("code", "bold"):
            _without_ends(text, looks, key, ("href",))
        _without_ends(text, looks, "italic", ("href", "bold"))
        for way in ("*", "*_", "_"):
            made = _begun(_written(text, looks, _marks(text, looks, way)))
            if _reads_as(made, text, looks):
                return made
    return made


def _reads_as(made: str, text: str, looks: list[_Look]) -> bool:
    """True where the Markdown is this text with these looks; those of spaces do not count."""
    document = QTextDocument()
    document.setMarkdown(made, QTextDocument.MarkdownFeature.MarkdownNoHTML)
    if document.blockCount() != 1:
        return False
    block = document.begin()
    if block.textList() is not None or block.blockFormat().headingLevel():
        return False
    found = [(c, _Look(r.bold, r.italic, r.code, _address(r.href))) for r in runs_of(block) for c in r.text]
    wanted = [(c, _Look(k.bold, k.italic, k.code, _address(k.href))) for c, k in zip(text, looks)]
    return len(found) == len(wanted) and all(
        a == b and (k == m or (a.isspace() and (k.code, k.href) == (m.code, m.href)))
        for (a, k), (b, m) in zip(found, wanted)
    )


@dataclass(slots=True)
class _Look:
    bold: bool
    italic: bool
    code: bool
    href: str


def _without_ends(text: str, looks: list[_Look], key: str, around: tuple[str, ...]) -> None:
    """Emphasis that begins or ends with a space is none: its spaces stand outside. It ends where one of `around` does.
    """

    def goes_on(i: int, k: int) -> bool:
        return 0 <= k < len(text) and getattr(looks[k], key) and all(
            getattr(looks[i], a) == getattr(looks[k], a) for a in around
        )

    for step in (-1, 1):
        for i in range(len(text))[::-step]:
            if text[i].isspace() and not goes_on(i, i + step):
                setattr(looks[i], key, False)


def _marks(text: str, looks: list[_Look], way: str) -> dict[int, tuple[list[str], list[str], list[str]]]:
    """At each place the marks that end there, the links that end or begin, and the marks that begin."""
    out: dict[int, tuple[list[str], list[str], list[str]]] = {}
    none = _Look(False, False, False, "")
    open_: list[str] = []
    for i in range(len(text) + 1):
        before, now = looks[i - 1] if i else none, looks[i] if i < len(text) else none
        link = before.href != now.href
        bold = link or before.bold != now.bold
        italic = bold or before.italic != now.italic
        ends, links, begins = [], [], []
        if italic and before.italic:
            ends.append(open_.pop())
        if bold and before.bold:
            ends.append(open_.pop())
        if link:
            links = [f"]({_address(before.href)})"] if before.href else []
            links += ["["] if now.href else []
        if bold and now.bold:
            begins.append("**")
        if italic and now.italic:
            touches = bold or _ends_with_bold(i, looks)
            begins.append("*" if way == "*" or (way == "*_" and not touches) else "_")
        open_ += begins
        if ends or links or begins:
            out[i] = ends, links, begins
    return out


def _ends_with_bold(i: int, looks: list[_Look]) -> bool:
    """True where the italic text that begins here ends where bold or a link does."""
    first = looks[i]
    while i < len(looks) and looks[i].italic and (looks[i].bold, looks[i].href) == (first.bold, first.href):
        i += 1
    return (i < len(looks) and (looks[i].bold, looks[i].href) != (first.bold, first.href)) or (
        i == len(looks) and (first.bold or bool(first.href))
    )


def _written(text: str, looks: list[_Look], marks: dict[int, tuple[list[str], list[str], list[str]]]) -> str:
    raw = [_raw(text, i, looks, bool(marks)) for i in range(len(text))]
    plain = _Look(False, False, False, "")  # a reference takes the look of what it stands in away
    for i, (ends, links, begins) in marks.items():
        # a mark is one only where what is outside of it is no letter, or what is inside is one
        if begins and not ends and not links and i > 0 and looks[i - 1] == plain:
            inside = "_" if len(begins) > 1 else text[i]
            raw[i - 1] = _reference(text[i - 1]) if _hides(begins[0], text[i - 1], inside) else raw[i - 1]
        if ends and not begins and not links and i < len(text) and looks[i] == plain:
            inside = "_" if len(ends) > 1 else text[i - 1]
            raw[i] = _reference(text[i]) if _hides(ends[-1], text[i], inside) else raw[i]
    out: list[str] = []
    i = 0
    while i <= len(text):
        for group in marks.get(i, ()):
            out += group
        if i < len(text) and looks[i].code:
            end = i
            while end < len(text) and looks[end] == looks[i]:
                end += 1
            out.append(_code(text[i:end]))
            for k in range(i + 1, end):
                assert k not in marks
            i = end
            continue
        if i < len(text):
            out.append(raw[i])
        i += 1
    return "".join(out)


def _hides(mark: str, outside: str, inside: str) -> bool:
    """True where a mark between these two would be read as text."""
    if outside.isspace() or (outside.isascii() and not outside.isalnum()):
        return False
    return mark == "_" or not inside.isalnum()


def _reference(c: str) -> str:
    return f"&#{ord(c)};"


def _raw(text: str, i: int, looks: list[_Look], marked: bool) -> str:
    c = text[i]
    if c == "_":
        inside = 0 < i < len(text) - 1 and text[i - 1].isalnum() and text[i + 1].isalnum()
        return c if inside and not marked else "\\_"  # the name of a variable stays as it is
    picture = c == "!" and i + 1 < len(text) and bool(looks[i + 1].href) and looks[i + 1].href != looks[i].href
    return "\\" + c if c in "\\`*[]<&" or picture else c


def _code(text: str) -> str:
    longest = max((len(m) for m in re.findall("`+", text)), default=0)
    pad = " " if text[:1] in "` " or text[-1:] in "` " else ""
    return f"{'`' * (longest + 1)}{pad}{text}{pad}{'`' * (longest + 1)}"


def _address(href: str) -> str:
    coded = bytes(QUrl(href).toEncoded().data()).decode("ascii", "replace")
    return coded.translate({ord(c): f"%{ord(c):02X}" for c in "()<>\\ *_[]`"})


def _begun(text: str) -> str:
    """A line that does not begin like a heading, a list or a quotation."""
    numbered = _NUMBERED.match(text)
    if numbered is not None:
        return f"{numbered[1]}\\{text[numbered.end():]}"
    return "\\" + text if text[:1] in tuple("#>=~+-") else text
