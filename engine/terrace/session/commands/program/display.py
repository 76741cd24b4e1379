"""Small commands of do-files: ``display``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.macros import LONGEST_TEXT
from terrace.language.grammar.tokens import Piece, skip_string, top_level, unquoted
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

_MOST = 1_000_000  # blanks, lines and repetitions of a directive
_COLOURS = "red|green|yellow|white|blue|smcl"
_DIRECTIVE = re.compile(
    r"(?:_n(?:ewline)?(?:\((?P<lines>\d+)\))?|_s(?:kip)?\((?P<skip>\d+)\)|_col(?:umn)?\((?P<column>\d+)\)"
    r"|_dup\((?P<times>\d+)\)|as\s+\w+|in\s+(?:"
    + _COLOURS
    + r")|(?P<goes_on>_c(?:ontinue)?))(?=[\s\"]|$)"
)
_FORMAT = re.compile(r"%-?(?:0?\d*(?:\.\d+)?[fgeFGEs]c?|t?d[^\s\"]*|t[cCmqwhy][^\s\"]*)(?=[\s\"]|$)")
_OPERATORS = "+-*/^=<>&|!~("


@command(
    "display",
    minimum="di",
    syntax='display ["text"] [expression] [%format expression] ...',
    help="Show text and the values of expressions.",
    effects=Effect.NONE,
)
def display(session: Session, parsed: ParsedCommand) -> CommandResult:
    out = session.state.pending
    form = last = ""
    times = 1
    goes_on = False
    for kind, piece in _items(parsed.arguments):
        text = str(piece)
        if kind == "format":
            form = text
        elif kind == "directive":
            found = _DIRECTIVE.match(text)
            assert found is not None
            goes_on = goes_on or found["goes_on"] is not None
            wanted = max(int(n) for n in (found["times"], found["skip"], found["column"], found["lines"], "0") if n)
            if wanted > _MOST:
                raise piece.error(f"{text} is more than {_MOST:,}, the limit of display.", code="too-long")
            times = int(found["times"]) if found["times"] else times
            out = _moved(out, text, found)
        else:
            shown = _padded(unquoted(piece), form) if kind == "string" else _value(session, piece, form)
            if len(shown) * times > LONGEST_TEXT:
                raise piece.error(f"A text has at most {LONGEST_TEXT:,} characters.", code="too-long")
            gap = " " if kind == last == "expression" else ""  # two numbers beside each other are two numbers
            out += gap + shown * times
            form, times = "", 1
        last = kind
    if goes_on:  # the next display begins where this one ends
        return CommandResult(state=replace(session.state, pending=out))
    return CommandResult(text=out, state=replace(session.state, pending="") if session.state.pending else None)


def _moved(out: str, text: str, found: re.Match[str]) -> str:
    """What is shown so far, with the blanks or lines of a directive after it."""
    if found["skip"]:
        return out + " " * int(found["skip"])
    if found["column"]:
        return out + " " * max(0, int(found["column"]) - 1 - len(out.rpartition("\n")[2]))
    return out + "\n" * int(found["lines"] or 1) if text.startswith("_n") else out


def _padded(text: str, form: str) -> str:
    """A text in the width of ``%10s`` or ``%-10s``."""
    found = re.fullmatch(r"%([-~]?)(\d+)s", form)
    if found is None:
        return text
    width = min(int(found[2]), _MOST)
    return text.ljust(width) if found[1] == "-" else text.center(width) if found[1] else text.rjust(width)


def _items(piece: Piece) -> Iterator[tuple[str, Piece]]:
    """What ``display`` shows, in order: strings, formats, directives, expressions."""
    source, i = piece.source, piece.start
    while i < piece.end:
        if source[i].isspace() or source[i] == ",":
            i += 1
        elif found := _FORMAT.match(source, i, piece.end):
            yield "format", piece.at(i, found.end())
            i = found.end()
        elif found := _DIRECTIVE.match(source, i, piece.end):
            yield "directive", piece.at(i, found.end())
            i = found.end()
        elif source[i] in '"`' and not _goes_on(piece, end := skip_string(piece, i)):
            yield "string", piece.at(i, end)
            i = end
        else:
            end = _expression_end(piece.after(i))
            yield "expression", piece.at(i, end).strip()
            i = end


def _goes_on(piece: Piece, position: int) -> bool:
    """True where an operator that text can have follows, so that a string belongs to an expression."""
    return str(piece.after(position)).lstrip()[:1] in tuple("+*=<>&|!~")


def _expression_end(piece: Piece) -> int:
    """Where an expression ends: at a comma, a format, a directive, or what no operator joins to it."""
    source = piece.source
    before = "("
    for i, c in top_level(piece):
        if c == "," or (c == '"' and before not in _OPERATORS):
            return i
        if before == " " and (c.isalnum() or c in "_.[") and not _FORMAT.match(source, i, piece.end):
            return i
        if before == " " and (_FORMAT.match(source, i, piece.end) or _DIRECTIVE.match(source, i, piece.end)):
            return i
        if not c.isspace():
            before = ")" if c in "([" else c  # what stands in brackets has been passed over
        elif before not in _OPERATORS:
            before = " "
    return piece.end


def _value(session: Session, piece: Piece, form: str) -> str:
    from terrace.data.dates import is_date_format, is_period_format
    from terrace.language.expressions.entry import evaluate_scalar
    from terrace.language.number_format import DISPLAYED, format_number, formatted, parse_format

    value = evaluate_scalar(piece, session.dataset, session.context())
    if isinstance(value, str):
        return _padded(value, form)
    number = float(value)
    if not math.isnan(number) and (is_date_format(form) or is_period_format(form)):
        return format_number(number, form)
    if not form or is_date_format(form) or is_period_format(form):
        return formatted(number, DISPLAYED)
    left, _, width, *_ = parse_format(form)
    text = formatted(number, form)
    return text.ljust(width) if left else text.rjust(width)
