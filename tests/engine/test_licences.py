"""The licences of what is installed: none of what ships asks for the GPL, and pyproject.toml names them rightly."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8")
SHIPPED = ("desktop",)  # extras; dev stays with us
FAMILIES = {
    "BSD": r"BSD", "MIT": r"\bMIT\b", "Apache": r"Apache", "MPL": r"MPL|Mozilla", "LGPL": r"LGPL|Lesser",
    "PSF": r"PSF|Python Software Foundation", "0BSD": r"\b0BSD\b",
}  # fmt: skip
# what stands before the name of the LGPL must not be taken for the GPL
COPYLEFT = re.compile(r"(?<!L)GPL|Affero|(?<!Lesser )General Public Licen[cs]e")


def shipped() -> dict[str, metadata.Distribution]:
    """Terrace and all that is installed with it, by their names."""
    found: dict[str, metadata.Distribution] = {}
    todo = [("terrace-mixed", frozenset(SHIPPED))]
    while todo:
        name, extras = todo.pop()
        if canonicalize_name(name) in found:
            continue
        found[canonicalize_name(name)] = distribution = metadata.distribution(name)
        for line in distribution.requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in ("", *extras)):
                todo.append((needed.name, frozenset(needed.extras)))
    return found


def licence(described: metadata.PackageMetadata) -> str:
    """What the metadata say, alternatives with OR between them: an expression, else classifiers, else the name.

    Where the field for the name holds the whole text, as of old, its first line is taken: the rest tells of what the
    text is not about.
    """
    expression = described.get("License-Expression") or ""
    classifiers = [c for c in described.get_all("Classifier") or () if c.startswith("License :: ")]
    named = [c.split(" :: ")[-1] for c in classifiers if c.split(" :: ")[-1] not in ("OSI Approved", "DFSG approved")]
    return str(expression or " OR ".join(named) or (described.get("License") or "").strip().split("\n")[0])


def allowed(text: str) -> bool:
    """True where one of the alternatives is known and neither the GPL nor the AGPL."""
    return any(a.strip() and not COPYLEFT.search(a) for a in re.split(r"\bOR\b", text))


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("BSD-3-Clause AND MIT", True),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("GPL-3.0-or-later", False),
        ("GPLv2", False),
        ("MIT AND GPL-2.0-only", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("AGPL-3.0-only", False),
        ("GNU Affero General Public License v3", False),
        ("", False),
    ],
)
def test_what_is_allowed(text: str, fine: bool) -> None:
    assert allowed(text) is fine


def test_nothing_that_ships_is_under_the_gpl() -> None:
    found = {name: licence(d.metadata) for name, d in shipped().items()}
    assert {"numpy", "pyside6-essentials", "shiboken6", "pillow"} <= found.keys()  # what comes with others too
    assert {name: text for name, text in found.items() if not allowed(text)} == {}


def stated() -> list[tuple[str, str]]:
    """The dependencies of pyproject.toml, each with the comment beside or above it."""
    block = PROJECT[PROJECT.index("\ndependencies = [") : PROJECT.index("[dependency-groups]")]
    out, above = [], ""
    for line in block.split("\n"):
        found = re.match(r'    "([\w.-]+)[^"]*",\s*(?:# (.+))?$', line)
        if found:
            out.append((found[1], found[2] or above))
        above = f"{above} {line.strip('# ')}" if line.startswith("    #") else ""
    return out


@pytest.mark.parametrize(("name", "comment"), stated())
def test_the_reason_and_the_licence_of_a_dependency_are_stated(name: str, comment: str) -> None:
    parts = re.fullmatch(r"(.+) \((\w+)[^)]*\)", comment.strip())
    assert parts is not None and len(parts[1]) >= 4, comment
    assert re.search(FAMILIES[parts[2]], licence(metadata.distribution(name).metadata)), parts[2]


def test_every_dependency_is_read() -> None:
    listed = {canonicalize_name(Requirement(r).name) for r in metadata.requires("terrace-mixed") or ()}
    assert {canonicalize_name(name) for name, _ in stated()} == listed
