"""Manual pages of both programs, made of what they print of themselves: ``--help``, also of each action."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
from pathlib import Path

from installer import freeze, identity

WHAT = {
    identity.WINDOW: "multilevel models in a window",
    identity.CONSOLE: "multilevel models on the command line",
}
"""The programs, each in a few words, as ``whatis`` lists them."""

_SIGNS = {"\\": "\\e", "-": "\\-", "`": "\\(ga", "~": "\\(ti", "^": "\\(ha"}


def said(program: Path, *arguments: str) -> str:
    """What a program of the frozen folder prints of itself, in lines of a manual page."""
    command, environ = [str(program), *arguments, "--help"], {**os.environ, "COLUMNS": "78", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout


def actions(text: str) -> list[str]:
    """The actions that a help lists under ACTION."""
    return re.findall(r"^ {4}(\w+) {2,}", text.partition("\n  ACTION\n")[2], flags=re.MULTILINE)


def page(frozen: Path, name: str) -> str:
    """The manual page of a program."""
    whole = said(frozen / name)
    day = datetime.datetime.fromtimestamp(int(freeze.source_date()), tz=datetime.UTC).date().isoformat()
    out = [f'.TH {name.upper()} 1 "{day}" "{identity.NAME} {identity.version()}" "User Commands"', ".SH NAME"]
    out += [f"{plain(name)} \\- {WHAT[name]}", *sections(whole)]
    for action in actions(whole):
        more = said(frozen / name, action).removeprefix("usage: ")
        out += [f'.SH "{name.upper()} {action.upper()}"', *as_printed(more)]
    out += [".SH SEE ALSO", ", ".join(f"{plain(other)}(1)" for other in WHAT if other != name)]
    return "\n".join(out) + "\n"


def sections(text: str) -> list[str]:
    """A help as sections: how it is called, what it does, and each list as it is printed."""
    usage, _, rest = text.partition("\n\n")
    words, _, lists = rest.partition("\n\n")
    out = [".SH SYNOPSIS", *as_printed(usage.removeprefix("usage: "))]
    out += [".SH DESCRIPTION", plain(" ".join(words.split()))]
    for part in filter(None, re.split(r"\n\n(?=\S)", lists.strip("\n"))):
        heading, _, body = part.partition(":\n")
        out += [f".SH {plain(heading.upper())}", *as_printed(body)]
    return out


def as_printed(text: str) -> list[str]:
    """Lines that stay as they are."""
    return [".nf", *(plain(line) for line in text.strip("\n").splitlines()), ".fi"]


def plain(text: str) -> str:
    """A text without signs that troff would take for its own (groff_char(7), groff(7))."""
    out = text.translate({ord(sign): written for sign, written in _SIGNS.items()})
    return f"\\&{out}" if out[:1] in (".", "'") else out
