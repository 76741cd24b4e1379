"""The libraries that ship with Terrace, and the terms of each: what ``terrace licences`` prints.

An installed program has the text ready, written by ``installer/licences.py`` when it was built. Under pip and in a
checkout it is gathered from what is installed.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from terrace.data.resources import resource_path
from terrace.errors import DataError
from terrace.version import __version__

DISTRIBUTION = "terrace-mixed"
"""What the package is called on the index."""

_EXTRAS = ("", "desktop")
_ABOUT_TERMS = re.compile(r"licen[cs]e|copying|copyright|notice|authors", re.IGNORECASE)
_TEXTS = {"", ".txt", ".md", ".rst", ".apache", ".bsd", ".python", ".external", ".ijg"}
_NOT_SHIPPED = re.compile(r"darkgarden", re.IGNORECASE)  # a font under the GPL that ReportLab brings and nobody uses
_QT = ("pyside6-essentials", "shiboken6")  # their files lack the texts
_RULE = "=" * 100


@dataclass(frozen=True, slots=True)
class Library:
    """A library: the name of its licence as its metadata say, and the texts, each with the name of its file."""

    name: str
    version: str
    licence: str
    texts: tuple[tuple[str, str], ...]

    @property
    def heading(self) -> str:
        """A line: name, version and licence."""
        return f"{self.name} {self.version}".strip() + (f": {self.licence}" if self.licence else "")


def shipped() -> list[metadata.Distribution]:
    """Terrace's libraries and theirs, by name; all that are there where Terrace is none of them, as when frozen."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, metadata.Distribution] = {}
    todo: list[tuple[str, tuple[str, ...]]] = [(DISTRIBUTION, _EXTRAS)]
    while todo:
        name, extras = todo.pop()
        plain = canonicalize_name(name)
        if plain in found:
            continue
        try:
            found[plain] = distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if plain == DISTRIBUTION:
                todo += [(d.metadata["Name"], ("",)) for d in metadata.distributions()]
            continue  # or an extra that is not installed
        for line in distribution.requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras):
                todo.append((needed.name, ("", *needed.extras)))
    found.pop(DISTRIBUTION, None)
    return [found[name] for name in sorted(found)]


def licence_name(distribution: metadata.Distribution) -> str:
    """What the metadata call the licence: an expression, else classifiers, else the first line of the old field."""
    def field(name: str) -> list[str]:
        return [str(value) for value in distribution.metadata.get_all(name) or ()]

    expression = "".join(field("License-Expression")[:1])
    named = [c.split(" :: ")[-1] for c in field("Classifier") if c.startswith("License :: ")]
    named = [c for c in named if c not in ("OSI Approved", "DFSG approved")]
    old = "".join(field("License")[:1]).strip().split("\n")[0]
    return expression or " OR ".join(named) or old


def library(distribution: metadata.Distribution) -> Library:
    """A library with the texts about its terms that its wheel brought; the same text is kept once."""
    from packaging.utils import canonicalize_name

    name = distribution.metadata["Name"]
    texts: dict[str, str] = {}
    for file in sorted(distribution.files or (), key=lambda f: (".dist-info" not in str(f), str(f))):
        if not _ABOUT_TERMS.search(file.name) or _NOT_SHIPPED.search(file.name):
            continue
        if file.suffix.lower() in _TEXTS or re.search(r"licen[cs]e", file.suffix, re.IGNORECASE):
            add_text(texts, file.name, Path(str(file.locate())))
    for file in sorted(f for f in distribution.files or () if "BUILD_LICENSES" in f.parts):
        add_text(texts, file.name, Path(str(file.locate())))  # of what was compiled in, named by the library's name
    if canonicalize_name(name) in _QT:
        for held in ("LGPL-3.0.txt", "GPL-3.0.txt"):  # the LGPL is written as additions to the GPL, so both are due
            add_text(texts, held, resource_path("licences", held))
    return Library(name, distribution.version, licence_name(distribution), tuple((n, t) for t, n in texts.items()))


def add_text(texts: dict[str, str], name: str, file: Path) -> None:
    """Read a file into `texts` (text to name), unless it is there already, empty or gone."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace").strip().replace("\r\n", "\n")
    except OSError:
        return
    if text:
        texts.setdefault(text, name)


def python() -> Library:
    """The interpreter; without a text where its folder has none, as in a frozen program."""
    texts: dict[str, str] = {}
    for folder in (Path(os.__file__).parent, Path(sys.base_prefix)):
        add_text(texts, "LICENSE.txt", folder / "LICENSE.txt")
    return Library("Python", platform.python_version(), "PSF-2.0", tuple((n, t) for t, n in texts.items()))


def page(libraries: Iterable[Library]) -> str:
    """One text: what ships, how Qt is replaced, then the terms of each library under a heading between two rules."""
    libraries = list(libraries)
    listed = "\n".join(f"  {library.heading}" for library in libraries)
    replacing = resource_path("licences", "REPLACING-QT.txt").read_text(encoding="utf-8").strip()
    out = [f"Terrace {__version__} and the libraries that come with it\n\n{listed}\n\n{replacing}"]
    for library in libraries:
        out.append(f"{_RULE}\n{library.heading}\n{_RULE}")
        out += [f"[{name}]\n\n{text}" for name, text in library.texts]
    return "\n\n".join(out) + "\n"


def parts(text: str) -> list[tuple[str, str]]:
    """What a text that `page` made has before the first heading, under its first line, and then of each library."""
    found = re.split(rf"^{_RULE}\n(.+)\n{_RULE}$", text, flags=re.MULTILINE)
    whole = [(found[0].split("\n")[0], found[0].strip())]
    return whole + [(head, f"{head}\n\n{body.strip()}") for head, body in zip(found[1::2], found[2::2], strict=True)]


def part(text: str, name: str) -> str:
    """What such a text has of one library; empty where it has nothing."""
    from packaging.utils import canonicalize_name

    plain = canonicalize_name(name)
    return next((body for head, body in parts(text)[1:] if canonicalize_name(head.split(" ")[0]) == plain), "")


def third_party() -> str:
    """The licences of all that ships here."""
    try:
        return resource_path("licences", "THIRD-PARTY.txt").read_text(encoding="utf-8")
    except DataError:  # no installed program
        return page([python(), *(library(d) for d in shipped())])
