"""Macro functions: what stands after the colon in ``local n : word count `list'``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from terrace.errors import CommandError, TerraceError
from terrace.language.grammar.macros import macro_words
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import did_you_mean
from terrace.language.grammar.tokens import Piece, unquoted
from terrace.language.grammar.wildcards import wildcard
from terrace.session.port import SessionPort
from terrace.session.state import Matrix

Function = Callable[[SessionPort, str], str]


def call(session: SessionPort, text: str) -> str:
    """The value of a macro function. Raises `CommandError` at a function that there is not, or its arguments."""
    text = text.strip()
    for words in (2, 1):
        found = re.match(r"\s+".join([r"(\w+)"] * words) + r"(?:\s+|$|(?=[(]))", text)
        if found and (name := " ".join(found.groups())) in FUNCTIONS:
            return FUNCTIONS[name](session, text[found.end() :].strip())
    word = text.split()[0] if text.split() else ""
    raise CommandError(
        f"There is no macro function {word!r}.",
        code="no-such-macro-function",
        subject=word,
        advice=did_you_mean(word, list(FUNCTIONS), otherwise=True),
    )


# --- words --------------------------------------------------------------------------------------------------
def _word(session: SessionPort, text: str) -> str:
    """``count list``, ``# of list``."""
    if found := re.match(r"count\b\s*", text):
        return str(len(macro_words(text[found.end() :])))
    found = re.match(r"(-?\d+)\s+of\b\s*", text)
    if not found:
        raise CommandError("Write word count LIST, or word # of LIST.", code="macro-function")
    words = macro_words(text[found.end() :])
    k = int(found[1])
    return words[k - 1] if 1 <= k <= len(words) else words[k] if k < 0 and -k <= len(words) else ""


def _length(session: SessionPort, text: str) -> str:
    kind, _, name = text.partition(" ")
    if kind in ("local", "global"):
        store = session.state.locals if kind == "local" else session.state.globals
        return str(len(store.get(name.strip(), "")))
    return str(len(unquoted(Piece.of(text))))


def _subinstr(session: SessionPort, text: str) -> str:
    """``local name "from" "to", all count(local n) word``."""
    found = re.match(r"(local|global)\s+(\w+)\s+(.*)", text, re.S)
    if not found:
        raise CommandError('Write subinstr local NAME "from" "to", all.', code="macro-function")
    held = (session.state.locals if found[1] == "local" else session.state.globals).get(found[2], "")
    body, _, options = _options(found[3])
    parts = macro_words(body)
    if not parts:
        raise CommandError('Write subinstr local NAME "from" "to", all.', code="macro-function")
    old, new = parts[0], parts[1] if len(parts) > 1 else ""
    most = 0 if "all" in options.split() else 1
    if "word" in options.split():
        pattern = rf"(?<!\S){re.escape(old)}(?!\S)"
        return re.sub(pattern, lambda _: new, held, count=most)
    return held.replace(old, new) if not most else held.replace(old, new, 1)


def _list(session: SessionPort, text: str) -> str:
    """``sizeof a``, ``uniq a``, ``a - b``, ``a | b``, ``a & b``, ``a in b``, ``a == b``, ``posof "x" in a``."""

    def held(name: str) -> list[str]:
        store = session.state.locals
        if name.startswith("global("):
            return macro_words(session.state.globals.get(name[7:-1].strip(), ""))
        return macro_words(store.get(name, ""))

    if found := re.fullmatch(r"posof\s+(\".*?\"|\S+)\s+in\s+(\S+)", text):
        words, wanted = held(found[2]), found[1].strip('"')
        return str(words.index(wanted) + 1 if wanted in words else 0)
    if found := re.fullmatch(r"(sizeof|uniq|dups|sort|clean|retokenize)\s+(\S+)", text):
        words = held(found[2])
        kept = {
            "sizeof": lambda: [str(len(words))],
            "uniq": lambda: list(dict.fromkeys(words)),
            "dups": lambda: [w for i, w in enumerate(words) if w in words[:i]],
            "sort": lambda: sorted(words),
            "clean": lambda: words,
            "retokenize": lambda: words,
        }[found[1]]()
        return _listed(kept)
    if found := re.fullmatch(r"(\S+?)\s*(===|==|\bin\b|[-|&])\s*(\S+)", text):
        a, b = held(found[1]), held(found[3])
        sign = found[2]
        if sign == "in":
            return str(int(all(w in b for w in a)))
        if sign == "===":
            return str(int(a == b))
        if sign == "==":
            return str(int(sorted(a) == sorted(b)))
        if sign == "-":
            return _listed([w for w in a if w not in b])
        if sign == "|":
            return _listed([*a, *(w for w in b if w not in a)])
        return _listed([w for w in a if w in b])
    raise CommandError(
        f"list {text} cannot be understood.", code="macro-function", advice="Examples: list a - b, list uniq a."
    )


def _listed(words: list[str]) -> str:
    return " ".join(f'"{w}"' if re.search(r"\s", w) or not w else w for w in words)


# --- variables and data -------------------------------------------------------------------------------------
def _variable(session: SessionPort, text: str) -> str:
    return Names(session.data.names).one(Piece.of(text.strip()))


def _variable_label(session: SessionPort, text: str) -> str:
    return session.data.variable(_variable(session, text)).label


def _value_label(session: SessionPort, text: str) -> str:
    name = _variable(session, text)
    labels = session.data.variable(name).value_labels
    if not labels:
        return ""
    sets = session.state.label_sets
    return next((s for s, kept in sets.items() if dict(kept) == dict(labels)), name)


def _label(session: SessionPort, text: str) -> str:
    """``(variable) #`` or ``set #``: the label of a value, the value itself where it has none."""
    found = re.fullmatch(r"\(\s*(\w+)\s*\)\s*(\S+)", text) or re.fullmatch(r"(\w+)\s+(\S+)", text)
    if not found:
        raise CommandError("Write label (VARIABLE) #, or label SET #.", code="macro-function")
    try:
        value = float(found[2])
    except ValueError:
        return found[2]
    if text.startswith("("):
        labels = session.data.variable(_variable(session, found[1])).value_labels
    else:
        named = session.state.label_sets.get(found[1])
        labels = named or session.data.variable(_variable(session, found[1])).value_labels
    for code, label in labels.items():
        if isinstance(code, int | float) and float(code) == value:
            return label
    return found[2]


def _type(session: SessionPort, text: str) -> str:
    return "str" if session.data.is_text(_variable(session, text)) else "double"


def _format(session: SessionPort, text: str) -> str:
    return session.data.variable(_variable(session, text)).format or "%9.0g"


def _sorted_by(session: SessionPort, text: str) -> str:
    return " ".join(session.data.sorted_by)


# --- numbers, files, matrices -------------------------------------------------------------------------------
def _display(session: SessionPort, text: str) -> str:
    from terrace.language.grammar.command import parse_command
    from terrace.session.registry import find

    found, parsed = find(parse_command(f"display {text}"))
    return found.handler(session, parsed).text


def _dir(session: SessionPort, text: str) -> str:
    """``"folder" files|dirs "pattern"``."""
    parts = macro_words(text)
    folder, kind = session.state.path(parts[0] if parts else "."), parts[1] if len(parts) > 1 else "files"
    pattern = parts[2] if len(parts) > 2 else "*"
    try:
        found = sorted(p.name for p in folder.iterdir() if p.is_dir() == kind.startswith("dir"))
    except OSError as error:
        raise TerraceError(f"The folder {folder} cannot be read: {error.strerror}.", code="no-such-file") from None
    fits = wildcard(os.path.normcase(pattern))  # upper and lower case are alike where the system's are
    return " ".join(f'"{name}"' for name in found if fits(os.path.normcase(name)))


def _environment(session: SessionPort, text: str) -> str:
    return os.environ.get(unquoted(Piece.of(text)), "")


def _matrix(session: SessionPort, text: str) -> Matrix:
    from terrace.session.program.matrices import find_matrix

    return find_matrix(session, Piece.of(text))


def _bare(names: tuple[str, ...]) -> str:
    return " ".join(n.rpartition(":")[2] for n in names)


def _equations(names: tuple[str, ...]) -> str:
    return " ".join(n.rpartition(":")[0] or "_" for n in names)


def _options(text: str) -> tuple[str, str, str]:
    """The text before and after the first comma outside quotes."""
    quoted = False
    for i, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        elif c == "," and not quoted:
            return text[:i], ",", text[i + 1 :]
    return text, "", ""


FUNCTIONS: dict[str, Function] = {
    "word": _word,
    "length": _length,
    "strlen": _length,
    "subinstr": _subinstr,
    "list": _list,
    "variable label": _variable_label,
    "var label": _variable_label,
    "value label": _value_label,
    "label": _label,
    "type": _type,
    "format": _format,
    "data label": lambda session, text: session.data.label,
    "sortedby": _sorted_by,
    "display": _display,
    "di": _display,
    "dir": _dir,
    "environment": _environment,
    "rownames": lambda session, text: _bare(_matrix(session, text).rows),
    "colnames": lambda session, text: _bare(_matrix(session, text).columns),
    "rowfullnames": lambda session, text: " ".join(_matrix(session, text).rows),
    "colfullnames": lambda session, text: " ".join(_matrix(session, text).columns),
    "roweq": lambda session, text: _equations(_matrix(session, text).rows),
    "coleq": lambda session, text: _equations(_matrix(session, text).columns),
    "rowsof": lambda session, text: str(len(_matrix(session, text).rows)),
    "colsof": lambda session, text: str(len(_matrix(session, text).columns)),
}
