"""The projects that were open before, with what the start page shows of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from terrace_desktop.project.about import About, read_about


@dataclass(frozen=True, slots=True)
class Recent:
    """A project file, when it was saved, and what it says of itself."""

    path: str
    when: dt.datetime
    about: About

    @property
    def title(self) -> str:
        """What it is called."""
        return self.about.title or Path(self.path).stem


def recent(paths: Sequence[str]) -> list[Recent]:
    """Those of the files that are there, in their order; of a damaged one its name. Not for the window's thread."""
    from terrace.errors import TerraceError
    from terrace.session.project.file import layout_of

    found = []
    for path in paths:
        try:
            when = dt.datetime.fromtimestamp(Path(path).stat().st_mtime)
        except OSError:
            continue
        try:
            said = read_about(layout_of(Path(path)).get("about"))
        except TerraceError:
            said = About()
        found.append(Recent(path, when, said))
    return found
