"""What a command could go on with: names of commands, options and variables. No Qt here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_WORD = re.compile(r"[\w.]+$")
_PREFIXES = ("quietly", "qui", "capture", "cap", "noisily", "noi")
_FACTOR = re.compile(r"^(?:i|c|ib\d*|[LFDS]\d*|R)\.")


def completions(
    text: str, at: int, commands: Mapping[str, str], variables: Sequence[str]
) -> tuple[int, list[str]]:
    """Where the word before the cursor begins, and what it could become.

    ``commands`` are all commands with their syntax, from which the names of options are read. A variable may stand
    behind ``i.``, ``c.`` and the like, which then stay.
    """
    before = text[:at]
    found = _WORD.search(before)
    word = found[0] if found else ""
    start = at - len(word)
    head = before[:start]
    command = head.rsplit(":", 1)[-1] if re.search(r"\b(by|bysort|statsby|bootstrap|jackknife)\b.*:\s*", head) else head
    command = command.strip()
    while command in _PREFIXES:
        command = ""
    if not command:
        return start, _fitting(word, {c.split()[0] for c in commands})
    two = sorted({c.split()[1] for c in commands if " " in c and c.split()[0] == command})
    if two:
        return start, _fitting(word, two)
    if factor := _FACTOR.match(word):
        start, word = start + factor.end(), word[factor.end() :]
        return start, _fitting(word, variables)
    if _in_options(head):
        found_options = options_of(syntax_of(command, commands))
        return start, [*_fitting(word, found_options), *_fitting(word, variables)]
    return start, _fitting(word, variables)


def extended(words: Sequence[str]) -> str:
    """What all of them begin with."""
    first, last = min(words), max(words)  # what these two share, those between them share as well
    same = next((k for k, (a, b) in enumerate(zip(first, last)) if a != b), min(len(first), len(last)))
    return first[:same]


def syntax_of(text: str, commands: Mapping[str, str]) -> str:
    """The syntax of the command that a text begins with; empty where it begins with none."""
    words = [w for w in re.split(r"[\s,:(]+", text.strip()) if w]
    while words and words[0] in _PREFIXES:
        words = words[1:]
    for n in (2, 1):
        name = " ".join(words[:n])
        if len(words) >= n and commands.get(name):
            return commands[name]
    for n in (2, 1):  # shortened, where that leaves no doubt
        fits = {s for c, s in commands.items() if s and _shortens(words[:n], c.split(), n)}
        if len(fits) == 1:
            return fits.pop()
    return ""


def _shortens(typed: list[str], full: list[str], n: int) -> bool:
    return len(typed) == len(full) == n and all(len(t) > 1 and f.startswith(t) for t, f in zip(typed, full))


def options_of(syntax: str) -> list[str]:
    """The names of the options in a syntax, in their order."""
    options = syntax.partition(",")[2]
    return list(dict.fromkeys(re.findall(r"\b[a-z][a-z_]+\b(?=\(|\s|\]|\||$)", re.sub(r"\([^()]*\)", "(", options))))


def _fitting(word: str, words: Iterable[str]) -> list[str]:
    """Those that begin with the word, in capitals or not; in their order where that means something."""
    low = word.lower()
    found = [w for w in words if w.lower().startswith(low) and w != word]
    return sorted(found) if isinstance(words, set) else found


def _in_options(head: str) -> bool:
    depth = 0
    for sign in head:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            return True
    return False
