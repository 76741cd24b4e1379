"""Several variables renamed by one command: ``(a b) (c d)``, ``old* new*``, ``VARS =_new``, ``VARS, lower``."""

from __future__ import annotations

import re
from collections.abc import Callable

from terrace.data.dataset import Dataset
from terrace.data.names import is_legal_name
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_names
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import Piece, words
from terrace.wording import plural

_CASES: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper, "proper": str.title}
_RULES = rules("l:ower u:pper p:roper")


def is_group(parsed: ParsedCommand) -> bool:
    """True where the command is more than ``rename OLD NEW``."""
    text = str(parsed.arguments)
    return bool(parsed.clauses.options) or any(c in text for c in "(*?=")


def renamed_group(parsed: ParsedCommand, data: Dataset) -> tuple[Dataset, str]:
    """The data with other names, and what was done. Raises `CommandError` or `DataError` where it cannot be."""
    body = parsed.clauses.body
    options = parsed.options(_RULES)
    cases = [o for o in options if o in _CASES]
    if cases:
        old = parse_names(body, data.names) or data.names
        new = [_CASES[cases[0]](n) for n in old]
    else:
        old, new = _pairs(body, data)
    for name in new:
        if not is_legal_name(name):
            raise body.error(f"{name!r} cannot be the name of a variable.", code="bad-name", subject=name)
    mapping = dict(zip(old, new))
    final = [mapping.get(n, n) for n in data.names]
    twice = next((n for n in final if final.count(n) > 1), None)
    if twice is not None:
        raise DataError(f"Two variables would be named {twice}.", code="name-taken", subject=twice)
    count = sum(a != b for a, b in mapping.items())
    return data.with_names(mapping), f"({count} variable{'s' * (count != 1)} renamed)"


def _pairs(body: Piece, data: Dataset) -> tuple[tuple[str, ...], list[str]]:
    parts = words(body)
    if len(parts) != 2:
        raise body.error(
            "rename takes old names and new ones.", code="syntax", advice="Examples: (a b) (c d), or old* new*."
        )
    left, right = parts
    if str(left).startswith("(") and str(right).startswith("("):
        old = parse_names(left.at(left.start + 1, left.end - 1), data.names)
        new = [str(w) for w in words(right.at(right.start + 1, right.end - 1))]
        if len(old) != len(new):
            raise right.error(
                f"{plural(len(old), 'variable')}, but {plural(len(new), 'new name')}.", code="number-of-names"
            )
        return old, new
    pattern, target = str(left), str(right)
    if target.count("=") == 1:  # = stands for the old name: =_old, new_=
        inside = left.at(left.start + 1, left.end - 1) if pattern.startswith("(") else left
        old = parse_names(inside, data.names)
        return old, [target.replace("=", n) for n in old]
    if pattern.count("*") != 1 or target.count("*") != 1:
        raise right.error(
            "Each side needs one *, which stands for the same text.", code="syntax", advice="rename old* new*"
        )
    old = tuple(Names(data.names).expand(left))
    matcher = re.compile(re.escape(pattern).replace(r"\*", "(.*)"))
    found = [matcher.fullmatch(n) for n in old]
    return old, [target.replace("*", m[1]) for m in found if m]
