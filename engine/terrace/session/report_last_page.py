"""The last page of a report: the commands to run again, the versions that ran them, and the hashes of the data."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from terrace.report.contents import Heading, Paragraph
from terrace.version import __version__

if TYPE_CHECKING:
    from terrace.session.contract import Outcome
    from terrace.session.document.items import Document

_LIBRARIES = ("numpy", "scipy", "pandas")
"""Libraries that numbers come from."""
_SHOWS = ("outline", "report", "figure", "help", "?")
"""First words of commands that change what is shown, and no number."""
_STEPS = ("undo", "redo")
_FOLDER = re.compile(
    r'(?P<quote>")(?:[A-Za-z]:)?[/\\~](?:[^"\n]*[/\\])?(?=[^"/\\\n]+\.\w+")'
    r"|(?P<word>\b(?:use|using|delimited|excel|spss|sas)\s+)[/~](?:[^\s\",]*/)?(?=[^\s\",/]+\.\w)"
)
"""The folder before the name of a file, which is no business of those who read a report."""


def last_page(history: Sequence[Outcome], document: Document, wanted: Sequence[str]) -> Iterator[Heading | Paragraph]:
    """The blocks of the last page, those that are wanted of `terrace.session.document.report_plan.LAST_PAGE`."""
    if "commands" in wanted and (commands := commands_to_run(history)):
        yield Heading("Commands to run again", 2)
        yield Paragraph("\n".join(commands), "listing")
    if "versions" in wanted:
        yield Heading("Versions", 2)
        lines = [*(f"{name} {version}" for name, version in versions()), *_earlier(document)]
        yield Paragraph("\n".join(lines), "listing")
    if "hashes" in wanted and (hashes := tuple(_hashes(document))):
        yield Heading("Data", 2)
        yield Paragraph("\n".join(hashes), "listing")


def commands_to_run(history: Sequence[Outcome]) -> tuple[str, ...]:
    """The commands of the session that ran, in order, without those that only change what is shown; files without
    their folders.

    Where a step was undone all of them stand, since undoing goes by what was done before it.
    """
    ran = [o for o in history if o.ok]
    stepped = any(o.type.split()[:1] and o.type.split()[0] in _STEPS for o in ran)
    kept = [o for o in ran if stepped or (o.type.split() or [""])[0] not in _SHOWS]
    return tuple(_FOLDER.sub(lambda m: m["quote"] or m["word"], o.command.strip()) for o in kept)


def versions() -> tuple[tuple[str, str], ...]:
    """The program, the libraries that its numbers come from, Python and the system."""
    found = [("Terrace", __version__)]
    for name in _LIBRARIES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return (*found, ("Python", platform.python_version()), (platform.system(), platform.release()))


def _earlier(document: Document) -> Iterator[str]:
    """The results that another version of the program gave than the present one."""
    for item in document:
        made = "" if item.outcome is None else item.outcome.program
        if made and made != __version__:
            yield f"{item.heading}: Terrace {made}"


def _hashes(document: Document) -> Iterator[str]:
    """The files that data came from with their SHA-256, and the signatures of the rows and variables of the models."""
    files: dict[str, str] = {}
    for item in document:
        data, fit = item.data, item.fit
        if data is not None and data.source and data.sha256:
            files[Path(data.source).name] = data.sha256
        if fit is not None and fit.macros.get("datafile_sha256"):
            files[Path(fit.macros.get("datafile", "")).name] = fit.macros["datafile_sha256"]
    yield from (f"{name}  SHA-256 {sha}" for name, sha in files.items())
    for item in document.models():
        signature = "" if item.fit is None else item.fit.macros.get("datasignature", "")
        if signature:
            yield f"{item.heading}: rows and variables {signature}"
