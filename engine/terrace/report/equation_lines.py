"""Long equations in lines that fit the page: broken before a sign of addition, as printed mathematics is.

Word, PDF and LaTeX take the same lines, so that the pages that are shown are those that are written, and programs that
break no mathematics by themselves run nothing over the edge.
"""

from __future__ import annotations

from terrace.spec.equations import Line, Token

LETTER, SCRIPT, SIGN, APART = 0.5, 0.36, 0.6, 0.1
"""About how wide a letter, one above or below the line, the space around a sign and that behind a token are, in
units of the size of the letters: a little more than in the fonts of mathematics that are used."""
WIDE = 0.95
"""A letter that is no letter of an alphabet, or a capital M or W."""


def equation_lines(line: Line, width: float, size: float, indent: float) -> tuple[Line, ...]:
    """An equation in letters of `size` points as lines at most `width` points wide, all but the first `indent` less.

    Where no sign of addition is near enough, the line ends before another sign or behind a comma; what has none of
    these stays whole.
    """
    out: list[Line] = []
    rest = line
    while rest:
        room = width - (indent if out else 0.0)
        at = len(rest) if _width(rest, size) <= room else _end(rest, room, size)
        out.append(rest[:at])
        rest = rest[at:]
    return tuple(out)


def left_side(line: Line, size: float) -> float:
    """About how wide is what stands before the sign of the relation, in points."""
    at = next((k for k, t in enumerate(line) if t.kind == "operator" and t.text in ("=", "~")), 0)
    return _width(line[:at], size)


def _end(line: Line, room: float, size: float) -> int:
    """How many tokens the first line takes."""
    fits = [k for k in range(1, len(line)) if _width(line[:k], size) <= room]
    for allowed in (_before_plus, _elsewhere):
        found = [k for k in fits if allowed(line, k)]
        if found:
            return found[-1]
    later = (k for k in range((fits[-1] if fits else 0) + 1, len(line)) if _before_plus(line, k) or _elsewhere(line, k))
    return next(later, len(line))


def _before_plus(line: Line, k: int) -> bool:
    return k > 1 and line[k].kind == "operator" and line[k].text in ("+", "-", "−")


def _elsewhere(line: Line, k: int) -> bool:
    return k > 1 and (line[k].kind == "operator" or line[k - 1].text.rstrip().endswith(","))


def _width(line: Line, size: float) -> float:
    return size * sum(map(_ems, line))


def _ems(token: Token) -> float:
    scripts = max(len(token.sub), len(token.sup))
    out = sum(WIDE if c in "MW" or ord(c) > 0x2E80 else LETTER for c in token.text) + SCRIPT * scripts + APART
    return out + SIGN if token.kind == "operator" else out
