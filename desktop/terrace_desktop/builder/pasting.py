"""A command as it is found on a clipboard: from a do-file, a paper or a results window."""

from __future__ import annotations

import re

_CONSTRAINT = re.compile(r"\s*const(?:r(?:a(?:i(?:nt?)?)?)?)?\s+(?:de(?:f(?:i(?:ne?)?)?)?\s+)?(\d+)\s+(.+)")
_PREFIX = re.compile(r"(?:\s*(?:quietly|qui|noisily|noi|capture|cap)\b\s*:?)+")
_COMMAND = re.compile(r"\s*(?:xt)?mixed\b")


def read_paste(text: str) -> tuple[dict[int, str], str]:
    """The constraints that a text defines, by number, and its first command of a model, ``""`` for none.

    Prompts (``. `` and ``> ``), comments, ``///`` at the ends of lines and prefixes such as ``quietly`` are dropped.
    """
    lines: list[str] = []
    joined = ""
    for line in text.replace("\r", "").split("\n"):
        continues = line.lstrip().startswith("> ")
        line = re.sub(r"^\s*[.>]\s+", "", line)
        if line.lstrip().startswith(("*", "//")):
            continue
        slashes = re.search(r"(?:^|\s)///.*$", line)
        line = re.sub(r"(?:^|\s)//.*$", "", line)
        if continues and lines and not joined:
            lines[-1] += line if len(lines[-1]) > 60 else " " + line
            continue
        joined += (" " if joined else "") + line.strip()
        if slashes is None:
            lines.append(joined)
            joined = ""
    lines.append(joined)
    defined: dict[int, str] = {}
    for line in lines:
        line = _PREFIX.sub("", line, count=1) if _PREFIX.match(line) else line
        if found := _CONSTRAINT.match(line):
            defined[int(found[1])] = found[2].strip()
        elif _COMMAND.match(line):
            return defined, " ".join(line.split())
    return defined, ""
