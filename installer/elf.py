"""What the native files of the frozen folder need of a Linux system; read by objdump of binutils."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Native:
    """One native file: its name for those that need it, whom it needs, and the versions that it asks of them."""

    path: Path
    soname: str = ""
    needed: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)


def is_native(path: Path) -> bool:
    """True for a file that the loader of Linux reads."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def natives(folder: Path) -> list[Native]:
    """All native files of a folder, in the order of their names; each once, whatever links there are to it."""
    files = [path for path in sorted(folder.rglob("*")) if is_native(path)]
    done = subprocess.run(["objdump", "-p", *map(str, files)], capture_output=True, text=True, check=True)
    return parsed(done.stdout)


def parsed(text: str) -> list[Native]:
    """What ``objdump -p`` says of its files."""
    out: list[Native] = []
    for line in text.splitlines():
        if begun := re.match(r"(/.+):\s+file format ", line):
            out.append(Native(Path(begun[1])))
        elif found := re.match(r"\s+(NEEDED|SONAME)\s+(\S+)", line):
            if found[1] == "NEEDED":
                out[-1].needed.add(found[2])
            else:
                out[-1].soname = found[2]
        elif found := re.match(r"\s+0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (\w+_[\d.]+)$", line):
            out[-1].versions.add(found[1])
    return out


def highest(files: list[Native], prefix: str) -> tuple[str, Path | None]:
    """The highest version ``prefix_x.y`` that any file asks for, such as that of glibc, with a file that does."""
    found = [(tuple(map(int, v[len(prefix) + 1 :].split("."))), f.path) for f in files for v in f.versions
             if re.fullmatch(rf"{prefix}_[\d.]+", v)]  # fmt: skip
    if not found:
        return "", None
    version, path = max(found)
    return ".".join(map(str, version)), path


def outside(files: list[Native]) -> dict[str, set[Path]]:
    """The libraries that are not in the folder, each with the files that need it."""
    inside = {file.soname or file.path.name for file in files} | {file.path.name for file in files}
    out: dict[str, set[Path]] = {}
    for file in files:
        for name in file.needed - inside:
            out.setdefault(name, set()).add(file.path)
    return out


def unused(files: list[Native]) -> list[Path]:
    """Libraries that no other file of the folder needs, and that are no modules of Python or plugins of Qt."""
    left = list(files)
    while True:
        wanted = {name for file in left for name in file.needed}
        kept = [f for f in left if not is_plain_library(f) or {f.soname, f.path.name} & wanted]
        if len(kept) == len(left):
            return sorted({file.path for file in files} - {file.path for file in left})
        left = kept


def is_plain_library(file: Native) -> bool:
    """True for what is loaded only because another file needs it; the program loads Python by itself."""
    if file.path.name.startswith("libpython"):
        return False
    return file.path.name.startswith("lib") and bool(file.soname) and "plugins" not in file.path.parts
