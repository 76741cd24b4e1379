"""Regular expressions in time that grows with the length of the text, whatever the pattern: by RE2.

An engine that goes back and tries again needs hours for ``^(a+)+$`` on a line of 40 letters. What needs such an engine,
looking around and repeating what a group matched, is refused in words. ``\\w``, ``\\d`` and ``\\s`` know the letters,
digits and blanks of every script, which RE2 by itself does not.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SCRIPTS = {"w": r"\p{L}\p{M}\p{Nd}\p{Pc}", "d": r"\p{Nd}", "s": r"\s\x{85}\p{Z}"}
_WITHOUT = {
    "(?=": "Looking ahead, (?=...), is not available.",
    "(?!": "Looking ahead, (?!...), is not available.",
    "(?<=": "Looking behind, (?<=...), is not available.",
    "(?<!": "Looking behind, (?<!...), is not available.",
    "(?>": "Groups that keep what they matched, (?>...), are not available.",
}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_REPEATED = "Repeating what a group matched, as \\1 does, is not available."


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, with the methods of Python's. Raises `ValueError` in words where it is none."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        found: re.Pattern[str] = re2.compile(_in_every_script(pattern), options)
    except (re2.error, UnicodeEncodeError) as error:
        raise ValueError(_why(pattern, error)) from None
    return found


def _why(pattern: str, error: Exception) -> str:
    begin = f"{pattern if len(pattern) <= 60 else pattern[:57] + '...'!r} is not a regular expression here"
    for construct, words in _WITHOUT.items():
        if construct in pattern:
            return f"{begin}. {words}"
    if set(_ESCAPED.findall(pattern)) & set("123456789"):
        return f"{begin}. {_REPEATED}"
    said = error.args[0] if error.args else ""
    reason = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return f"{begin}: {reason}." if len(reason) < 200 else f"{begin}."


def _in_every_script(pattern: str) -> str:
    out: list[str] = []
    i, inside = 0, False
    while i < len(pattern):
        c = pattern[i]
        after = pattern[i + 1 : i + 2]
        if c == "\\" and after:
            scripts = _SCRIPTS.get(after.lower())
            if scripts and after.islower():
                out.append(scripts if inside else f"[{scripts}]")
            elif scripts and not inside:
                out.append(f"[^{scripts}]")
            else:
                out.append(c + after)
            i += 2
            continue
        if c == "[" and not inside:
            inside = True
            begin = 2 if after == "^" else 1
            if pattern[i + begin : i + begin + 1] == "]":  # the first ] of a class is one of its characters
                out.append(pattern[i : i + begin] + r"\]")
                i += begin + 1
                continue
        elif inside and pattern.startswith("[:", i) and (end := pattern.find(":]", i)) > 0:
            out.append(pattern[i : end + 2])
            i = end + 2
            continue
        elif c == "]":
            inside = False
        out.append(c)
        i += 1
    return "".join(out)
