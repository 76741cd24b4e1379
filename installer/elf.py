"""What the native files of the frozen folder need of a Linux system; read by objdump of binutils."""

from __future__ import annotations

import re
import struct
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


def symbols(path: Path, *, defined: bool) -> set[str]:
    """The names that a file offers to others, or takes from them; without versions."""
    command = ["nm", "-D", "--defined-only" if defined else "--undefined-only", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in said.splitlines() if line.strip()}


def unlink(files: list[Native], names: tuple[str, ...]) -> None:
    """Let files no longer ask for libraries whose names begin so; one that takes a symbol of them stays as it is."""
    for library in files:
        if not library.soname.startswith(names):
            continue
        offered = symbols(library.path, defined=True)
        for file in files:
            if library.soname in file.needed and not symbols(file.path, defined=False) & offered:
                file.path.write_bytes(without_needed(file.path.read_bytes(), library.soname))


def without_needed(content: bytes, name: str) -> bytes:
    """A file for 64 bits, low byte first, whose dynamic section needs a library less (System V gABI, figure 5-10)."""
    out = bytearray(content)
    place, entries = _dynamic(out)
    texts = next(value for tag, value in entries if tag == _STRTAB)
    start = next(offset + texts - address for kind, offset, address, size in _segments(out)
                 if kind == _LOAD and address <= texts < address + size)  # fmt: skip
    wanted = name.encode("ascii") + b"\0"
    kept = [(tag, value) for tag, value in entries if tag != _NEEDED or not out.startswith(wanted, start + value)]
    for k, entry in enumerate(kept + [(0, 0)] * (len(entries) - len(kept))):
        struct.pack_into("<QQ", out, place + 16 * k, *entry)
    return bytes(out)


_LOAD, _DYNAMIC = 1, 2  # kinds of segments
_NEEDED, _STRTAB = 1, 5  # tags of the dynamic section


def _segments(content: bytes | bytearray) -> list[tuple[int, int, int, int]]:
    """Kind, place in the file, address and size of each segment."""
    (table,) = struct.unpack_from("<Q", content, 32)
    (count,) = struct.unpack_from("<H", content, 56)
    rows = [struct.unpack_from("<IIQQQQ", content, table + 56 * k) for k in range(count)]
    return [(kind, offset, address, size) for kind, _flags, offset, address, _physical, size in rows]


def _dynamic(content: bytes | bytearray) -> tuple[int, list[tuple[int, int]]]:
    """Where the dynamic section is, and its entries up to the first that is empty."""
    place, size = next((offset, size) for kind, offset, _, size in _segments(content) if kind == _DYNAMIC)
    entries: list[tuple[int, int]] = []
    for k in range(size // 16):
        tag, value = struct.unpack_from("<QQ", content, place + 16 * k)
        if not tag:
            break
        entries.append((tag, value))
    return place, entries
