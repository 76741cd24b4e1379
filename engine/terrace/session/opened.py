"""The project file that a session came from or was saved to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from terrace.disk.held import Held, Holder


@dataclass(frozen=True)
class ProjectFile:
    """A project file. ``lost`` says in a sentence each what of it was damaged, ``notes`` what else there is to know.

    ``held`` keeps the file for this process until it is released. Where another has it that is ``holder``, and the file
    is open for reading only.
    """

    path: Path
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    held: Held | None = None
    holder: Holder | None = None

    @property
    def read_only(self) -> bool:
        """True where another window has the file."""
        return self.holder is not None

    def release(self) -> None:
        """Let the file go."""
        if self.held is not None:
            self.held.release()
