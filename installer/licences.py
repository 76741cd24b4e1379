#!/usr/bin/env python3
"""Gather the licences of all that is in the frozen program into build/licences/THIRD-PARTY.txt.

    build/freeze/venv/bin/python installer/licences.py [--frozen build/frozen/Terrace] [--out FILE]

It runs in the environment that the program is frozen from, whose libraries are those of requirements.lock. It fails
where a library has no text, where a file of machine code belongs to nothing that is known, and where something is
under the GPL. ``terrace licences`` and *Help > Licences* show the file.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "engine")]

from installer import freeze, identity, trust  # noqa: E402 - found by the line above
from terrace import libraries  # noqa: E402
from terrace.libraries import Library  # noqa: E402

LOCK = ROOT / "requirements.lock"
FROZEN = freeze.FROZEN / identity.NAME
OUT = trust.THIRD_PARTY
NATIVE = re.compile(r"\.(so|dll|dylib|pyd)(\.[\d.]+)?$|^Python$", re.IGNORECASE)
UNWANTED = re.compile(r"darkgarden|libreadline|libgdbm|readline\.", re.IGNORECASE)
"""What Python or a library may bring along that is under the GPL."""

OF_PYTHON = re.compile(
    r"^(python3\d*\.dll|lib?python3\.|python$|_\w+\.(pyd|cpython|so)|\w+\.cpython-|\w+\.pyd$|libffi|libcrypto|libssl"
    r"|sqlite3\.|libsqlite3|vcruntime140|msvcp140|ucrtbase|api-ms-win-|liblzma|libz\.|libbz2|libmpdec|libexpat|zlib1)",
    re.IGNORECASE,
)
"""Files that installers of Python for Windows and macOS bring; its licence has the terms of what they hold."""


class Unlicensed(SystemExit):
    """Something would be shipped without its terms; the message names it and says what to do."""


def locked(text: str) -> list[str]:
    """The names in a lock that are needed on this system."""
    lines = [line.split("\\")[0].strip() for line in text.splitlines() if line and line[0] not in "# "]
    needed = [Requirement(line) for line in lines]
    return [r.name for r in needed if r.marker is None or r.marker.evaluate()]


def of_packages(names: Iterable[str]) -> list[Library]:
    """What the installed packages of these names bring of texts. Raises `Unlicensed` where one brings none."""
    found = [libraries.library(metadata.distribution(name)) for name in names]
    without = [library.name for library in found if not library.texts]
    if without:
        raise Unlicensed(f"No text of a licence is in {', '.join(without)}. Add it to resources/licences, and to "
                         "terrace/libraries.py which library it is of.")  # fmt: skip
    return found


def bootloader() -> list[Library]:
    """PyInstaller, whose start program is part of each of ours: its exception allows that under any terms."""
    try:
        found = libraries.library(metadata.distribution("pyinstaller"))
    except metadata.PackageNotFoundError:
        return []
    return [Library("PyInstaller", found.version, "its start program: GPL-2.0-or-later WITH Bootloader-exception; "
                    "its modules: Apache-2.0", found.texts)]  # fmt: skip


def strangers(frozen: Path, names: Iterable[str]) -> Iterator[Path]:
    """Files of machine code in a frozen folder that none of the packages brought."""
    brought = {f.name for name in names for f in metadata.distribution(name).files or ()}
    for file in sorted(frozen.rglob("*")):
        if NATIVE.search(file.name) and file.is_file() and file.name not in brought:
            yield file


def of_system(files: Iterable[Path]) -> list[Library]:
    """The packages of Debian that the files come from. Raises `Unlicensed` for a file that comes from nowhere.

    Elsewhere what the libraries do not bring is part of Python, or unknown.
    """
    names = {file.name for file in files}
    owners = debian_owners(names)
    unknown = sorted(name for name in names - owners.keys() if not OF_PYTHON.search(name))
    if unknown:
        raise Unlicensed(f"Nothing is known to bring {', '.join(unknown)} of the frozen folder. Leave it out "
                         "(installer/slim.py), or say in installer/licences.py where it comes from.")  # fmt: skip
    return [_debian_library(package) for package in sorted(set(owners.values()))]


def debian_owners(names: Iterable[str]) -> dict[str, str]:
    """The packages that have files of these names, as ``dpkg-query -S`` says; none on another system."""
    patterns = [f"*/{name}" for name in sorted(names)]
    if not patterns or not Path("/var/lib/dpkg/status").exists():
        return {}
    done = subprocess.run(["dpkg-query", "-S", *patterns], capture_output=True, text=True, check=False)
    pairs = [line.rsplit(": ", 1) for line in done.stdout.splitlines() if not line.startswith("diversion ")]
    return {Path(path).name: re.split("[:,]", packages)[0] for packages, path in pairs}


def _debian_library(package: str) -> Library:
    shown = ["dpkg-query", "-W", "-f", "${Version}\n", package]
    version = subprocess.run(shown, capture_output=True, text=True, check=True).stdout.split("\n")[0]
    texts: dict[str, str] = {}
    libraries.add_text(texts, "copyright", Path("/usr/share/doc", package, "copyright"))
    if not texts:
        raise Unlicensed(f"The package {package} of this system has no file of its terms in /usr/share/doc.")
    return Library(package, version, "see its text", tuple((name, text) for text, name in texts.items()))


def refuse_unwanted(frozen: Path) -> None:
    """Raises `Unlicensed` where a frozen folder has a file under the GPL."""
    found = sorted({file.name for file in frozen.rglob("*") if UNWANTED.search(file.name)})
    if found:
        raise Unlicensed(f"The frozen folder has {', '.join(found)}, under the GPL. Leave it out in installer/slim.py.")


def gather(frozen: Path | None) -> list[Library]:
    """All libraries that ship, Python first."""
    names = locked(LOCK.read_text(encoding="utf-8"))
    found = [libraries.python(), *of_packages(names), *bootloader()]
    if not found[0].texts:
        raise Unlicensed(f"This Python has no LICENSE.txt in {Path(os.__file__).parent}.")
    if frozen is not None:
        refuse_unwanted(frozen)
        known = {canonicalize_name(library.name) for library in found}
        found += [s for s in of_system(strangers(frozen, names)) if canonicalize_name(s.name) not in known]
    return found


def write(frozen: Path | None = None, out: Path = OUT) -> list[Library]:
    """Gather the texts into a file, and give what is in it."""
    found = gather(frozen)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(libraries.page(found), encoding="utf-8", newline="\n")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frozen", type=Path, default=FROZEN if FROZEN.is_dir() else None, help="the frozen folder")
    parser.add_argument("--out", type=Path, default=OUT, help="the file (%(default)s)")
    options = parser.parse_args()
    found = write(options.frozen, options.out)
    print(f"{options.out}: {len(found)} libraries, {options.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
