"""The texts of the engine as a translator sees them: sentences of the sources with names where values are put in.

The engine writes its texts where they arise, as strings and f-strings, and knows of no language. What reads like words
is a text; a name in braces stands for a value, such as ``There is no variable {name} in the data.`` Command names,
option lists, patterns and the text of documentation are none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ENGINE = Path(__file__).resolve().parent.parent / "engine" / "terrace"
CONTEXT = "Engine"

_WORDS = re.compile(r"[A-Za-z]{2,}")
_CODE = re.compile(r"""[<>\\;]\S|\w:\w|\w\(\?|</|\b(SELECT|FROM|PRAGMA)\b|^\W*$|\A\n|px|=["']""")
_SILENT = {"command", "rules", "compile", "warning", "debug", "info", "exception"}
"""Calls whose strings nobody reads: what declares commands and options, patterns, lines of the log."""


def template(node: ast.expr) -> str | None:
    """The text of a string or f-string; None for anything else. Braces name what is put in, each name once."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    names: dict[str, int] = {}
    out = ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            out += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            name = _name(part.value)
            names[name] = names.get(name, 0) + 1
            out += f"{{{name}{names[name] if names[name] > 1 else ''}}}"
    return out


def _name(value: ast.expr) -> str:
    """What a value is called in a text: the last name in its expression."""
    if isinstance(value, ast.Name):
        return value.id.strip("_")
    if isinstance(value, ast.Attribute):
        return value.attr
    if isinstance(value, ast.Subscript):
        return _name(value.value)
    if isinstance(value, ast.Call):
        return _name(value.args[0]) if value.args else _name(value.func)
    return "value"


def is_text(text: str) -> bool:
    """Whether a string of the sources is read by a user: two words or more, and no code."""
    plain = re.sub(r"\{\w+\}", "", text)
    return len(_WORDS.findall(plain)) >= 2 and " " in plain.strip() and not _CODE.search(plain)


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each text of a source, in its order."""
    skipped: set[int] = set()
    for node in ast.walk(ast.parse(source)):  # what is silent lies below a node that comes before it
        skipped.update(map(id, _silent(node)))
        text = None if id(node) in skipped or not isinstance(node, ast.expr) else template(node)
        if text is not None and is_text(text):
            yield node.lineno, text
        for words in _counted(node):
            yield node.lineno, words


def _counted(node: ast.AST) -> Iterator[str]:
    """``{count} row`` and ``{count} rows``: a count is put into a sentence, and is translated by itself."""
    if isinstance(node, ast.Call) and _called(node) == "plural":
        words = [a.value for a in node.args[1:] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if words:
            yield from (f"{{count}} {w}" for w in (words[0], words[-1] if len(words) > 1 else words[0] + "s"))


def _silent(node: ast.AST) -> Iterator[ast.AST]:
    """What below a node is no text of its own: documentation, parts of an f-string, arguments of silent calls."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    elif isinstance(node, ast.JoinedStr):  # its words are in its template; a string inside a value is a text of its own
        yield from (part for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.Call) and _called(node) in _SILENT:
        heard = [k.value for k in node.keywords if k.arg == "help"] if _called(node) == "command" else []
        kept = {id(inner) for value in heard for inner in ast.walk(value)}
        for value in (*node.args, *(k.value for k in node.keywords)):
            yield from (inner for inner in ast.walk(value) if id(inner) not in kept)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@cache
def engine_texts() -> Mapping[str, str]:
    """All texts of the engine, each with the place where it stands first. Do not change it."""
    found: dict[str, str] = {}
    for path in sorted(ENGINE.rglob("*.py")):
        for line, text in texts_of(path.read_text(encoding="utf-8")):
            found.setdefault(text, f"{path.relative_to(ENGINE)}:{line}")
    return found
