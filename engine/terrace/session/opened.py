"""The project file that a session came from or was saved to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from terrace.disk.held import Held, Holder


@dataclass(frozen=True, slots=True)
class Lost:
    """What a damaged part of a project held, by name, and what is wrong with the part."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True)
class ProjectFile:
    """A project file. ``lost`` is what of it was damaged, ``notes`` say what else there is to know.

    ``held`` keeps the file for this process until it is released. Where another has it that is ``holder``, and the file
    is open for reading only. ``stamp`` is what `stamp_of` gave when it was opened or saved here. ``program`` is the
    version that saved it, empty once it was saved here.
    """

    path: Path
    lost: tuple[Lost, ...] = ()
    notes: tuple[str, ...] = ()
    held: Held | None = None
    holder: Holder | None = None
    stamp: tuple[int, int] = (0, 0)
    program: str = ""

    @property
    def read_only(self) -> bool:
        """True where another window has the file."""
        return self.holder is not None

    @property
    def changed(self) -> bool:
        """True where another program has written the file since."""
        now = stamp_of(self.path)
        return now not in {(0, 0), self.stamp}

    def release(self) -> None:
        """Let the file go."""
        if self.held is not None:
            self.held.release()


def stamp_of(path: Path) -> tuple[int, int]:
    """When a file was changed (ns) and its size (bytes), which tell whether it is another by now; zeros without one."""
    try:
        there = os.stat(path)
    except OSError:
        return 0, 0
    return there.st_mtime_ns, there.st_size
