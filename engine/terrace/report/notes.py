"""Notes of a user, who writes them in Markdown, as paragraphs of a report.

What the notes of the window can hold is read: bold, italic, code, links, lists, headings, quotes. All else is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

MARK = "~ "
"""What a paragraph of a note begins with among the texts of a report; its marks are still in it."""
_ITEM = re.compile(r"\s*(?:[-*+]|(\d+[.)]))\s+(.*)")
_HEADING = re.compile(r"#{1,6}\s+(.*)")
_TOKEN = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])|(?P<entity>&(?:#\d+|#[xX][0-9a-fA-F]+|\w+);)"
    r"|(?P<ticks>`+)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)|\[(?P<words>[^\]]*)\]\(<?(?P<href>[^)>\s]*)>?\)|(?P<stars>\*+)"
)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text of one look; ``href`` is the address of a link."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    href: str = ""


def note_text(markdown: str) -> str:
    """A note as a text of a report, its paragraphs divided by blank lines; an item of a list is a paragraph."""
    blocks: list[list[str]] = []
    open_ = False
    for line in markdown.split("\n"):
        line = re.sub(r"^(\s*> ?)+", "", line)
        if not line.strip():
            open_ = False
        elif found := _HEADING.match(line):
            blocks.append([f"## {plain(found[1])}"])
            open_ = False
        elif item := _ITEM.match(line):
            blocks.append([f"{MARK}{item[1] or '•'} {item[2]}"])
            open_ = True
        elif open_:
            blocks[-1].append(line)
        else:
            blocks.append([MARK + line])
            open_ = True
    return "\n\n".join(" ".join(" ".join(lines).split()) for lines in blocks)


def runs(paragraph: str) -> list[Run]:
    """The stretches of a paragraph with their looks."""
    out: list[Run] = []
    bold = italic = False
    for kind, text, href in _tokens(paragraph):
        if kind == "stars":
            was = (bold, italic)
            bold, italic = bold ^ (len(text) > 1), italic ^ (len(text) != 2)
            if (bold, italic) != was:
                continue
        out.append(Run(text, bold, italic, kind == "code", href))
    return out


def plain(paragraph: str) -> str:
    """The words of a paragraph; a link with its address behind it."""
    return "".join(f"{r.text} ({r.href})" if r.href and r.href != r.text else r.text for r in runs(paragraph))


def _tokens(paragraph: str) -> Iterator[tuple[str, str, str]]:
    """Kind, text and address of what a paragraph is made of; stars only where they open or close something."""
    found = list(_TOKEN.finditer(paragraph))
    meant = _meant([(m.start(), m["stars"]) for m in found if m["stars"]], paragraph)
    at = 0
    for m in found:
        if m.start() > at:
            yield "text", paragraph[at : m.start()], ""
        at = m.end()
        if m["stars"]:
            yield "stars" if m.start() in meant else "text", m["stars"], ""
        elif m["code"]:
            yield "code", m["code"], ""
        elif m["href"] is not None:
            yield "text", plain(m["words"]) or m["href"], m["href"]
        else:
            yield "text", m["escaped"] or unescape(m["entity"]), ""
    if at < len(paragraph):
        yield "text", paragraph[at:], ""


def _meant(stars: list[tuple[int, str]], paragraph: str) -> set[int]:
    """The places of stars that are marks: those of two that are alike, or of three that close one and two."""
    meant: set[int] = set()
    waiting: list[tuple[int, int]] = []  # place and number of stars that are open
    for at, text in stars:
        n = len(text)
        before, behind = paragraph[at - 1 : at], paragraph[at + n : at + n + 1]
        left = n
        while left and waiting and before.strip() and waiting[-1][1] <= left:
            place, count = waiting.pop()
            left -= count
            meant |= {place, at}
        if left == n and n <= 3 and behind.strip():
            waiting.append((at, n))
        elif left == n and waiting and before.strip() and n < waiting[-1][1] <= 3:
            place, count = waiting.pop()  # ***both* bold**: one of three is closed, the others are still open
            waiting.append((place, count - n))
            meant |= {place, at}
    return meant
