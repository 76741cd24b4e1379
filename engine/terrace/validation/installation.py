"""What is installed on this machine: versions, and whether the files are those that were shipped."""

from __future__ import annotations

import base64
import ctypes
import hashlib
import os
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from terrace.libraries import shipped
from terrace.version import __version__

_COMPILED = ".pyc"  # Python makes these anew


@dataclass(frozen=True, slots=True)
class Component:
    """An installed library: how many of its files were compared with the hashes it was installed with.

    `altered` are those that differ or are gone. `record` is the SHA-256 of the list of hashes, empty where there is
    none (a program in one piece): nothing is compared then.
    """

    name: str
    version: str
    record: str
    files: int
    altered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """The machine, the program and its libraries."""

    version: str
    engine_sha256: str
    facts: tuple[tuple[str, str], ...]
    components: tuple[Component, ...]

    @property
    def altered(self) -> tuple[str, ...]:
        """Files of libraries that are not as they were installed, with the name of the library."""
        return tuple(f"{c.name}: {file}" for c in self.components for file in c.altered)


def installation() -> Installation:
    """What is installed here. Reads every file of the libraries, which takes a few seconds."""
    facts = (
        ("Operating system", platform.platform()),
        ("Processor", _processor()),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}, {8 * _pointer()} bits"),
        ("Linear algebra", _linear_algebra()),
        ("Program", str(Path(sys.executable).resolve())),
    )
    return Installation(__version__, engine_sha256(), facts, tuple(_component(d) for d in shipped()))


def engine_sha256() -> str:
    """SHA-256 over names and contents of all modules of the engine, in the order of their names.

    Frozen, the modules are in the file of the program: it is the SHA-256 of that.
    """
    if getattr(sys, "frozen", False):
        with Path(sys.executable).open("rb") as program:
            return hashlib.file_digest(program, "sha256").hexdigest()
    folder = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py"), key=lambda f: f.relative_to(folder).as_posix()):
        if "_resources" not in file.parts:
            digest.update(f"{file.relative_to(folder).as_posix()}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _component(distribution: metadata.Distribution) -> Component:
    record = distribution.read_text("RECORD") or ""
    files, altered = 0, []
    for file in distribution.files or ():
        if file.hash is None or file.suffix == _COMPILED:
            continue
        files += 1
        if _digest(Path(str(file.locate())), file.hash.mode) != file.hash.value:
            altered.append(str(file))
    sha = hashlib.sha256(record.encode()).hexdigest() if record else ""
    return Component(distribution.metadata["Name"], distribution.version, sha, files, tuple(altered))


def _digest(path: Path, mode: str) -> str:
    """The hash of a file as lists of hashes write it; empty where it cannot be read."""
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, mode).digest()
    except (OSError, ValueError):
        return ""
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()


def _pointer() -> int:
    return ctypes.sizeof(ctypes.c_void_p)


def _processor() -> str:
    """The name of the processor where the system tells it, else its kind."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _linear_algebra() -> str:
    """The library under NumPy and, where it says so, the kernels that it picked for this processor."""
    config = np.show_config(mode="dicts")
    blas = dict((config or {}).get("Build Dependencies", {}).get("blas", {}))
    words = [f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(), *_kernels()]
    if wanted := os.environ.get("OPENBLAS_CORETYPE"):
        words.append(f"OPENBLAS_CORETYPE {wanted}")
    return ", ".join(words)


def _kernels() -> Iterator[str]:
    base = Path(np.__file__).resolve().parent
    for folder in (base.parent / "numpy.libs", base / ".dylibs"):
        for file in sorted(folder.glob("*openblas*")):
            try:
                name = ctypes.CDLL(str(file)).scipy_openblas_get_corename64_
            except (OSError, AttributeError):
                continue
            name.restype = ctypes.c_char_p
            yield f"kernels {name().decode()}"
