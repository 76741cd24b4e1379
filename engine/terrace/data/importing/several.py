"""Several files put together: what they share, what differs, and whether rows or variables are added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from terrace.data.dataset import Dataset, Measure
from terrace.data.progress import Cancel, Progress
from terrace.wording import enumerated

Way = Literal["append", "merge"]
Held = Literal["number", "text", "date", ""]
_KEYS = 8  # variables that are tried as keys


@dataclass(frozen=True, slots=True)
class Column:
    """A variable, by its name: what it is in each file, empty where the file has none."""

    name: str
    held: tuple[Held, ...]

    @property
    def everywhere(self) -> bool:
        """Whether every file has it."""
        return all(self.held)

    @property
    def differs(self) -> bool:
        """Whether some files hold text and others numbers."""
        return len({h == "text" for h in self.held if h}) > 1


@dataclass(frozen=True, slots=True)
class Key:
    """A variable by which the files can be merged.

    ``kinds`` are the kinds of match of each further file with the first, ``1:1``, ``m:1`` or ``1:m``, and ``matched``
    the numbers of values that both have; ``values`` counts those of the first file.
    """

    name: str
    kinds: tuple[str, ...]
    matched: tuple[int, ...]
    values: int


@dataclass(frozen=True, slots=True)
class Together:
    """What is known of files that are to be put together, the first of which the others are added to."""

    paths: tuple[str, ...]
    rows: tuple[int, ...]
    columns: tuple[Column, ...]
    keys: tuple[Key, ...]

    @property
    def way(self) -> Way:
        """What fits the files: the same variables are more rows; other variables of the same units, or of the units
        that these belong to, are merged.
        """
        shared = sum(c.everywhere for c in self.columns)
        if shared == len(self.columns) or not self.keys:
            return "append"
        if any(kind != "1:1" for kind in self.keys[0].kinds):
            return "merge"
        fewest = min(sum(bool(c.held[k]) for c in self.columns) for k in range(len(self.paths)))
        return "merge" if 2 * shared <= fewest else "append"

    def problems(self, way: Way, key: str = "") -> list[str]:
        """What stands in the way, or is to be known before: in sentences."""
        out = []
        for c in self.columns if way == "append" else ():
            if c.differs:
                first = next(h for h in c.held if h) == "text"
                kept, lost = _files(self, c, first), _files(self, c, not first)
                what, other = ("text", "a number") if first else ("a number", "text")
                out.append(f"{c.name} is {what} in {kept} and {other} in {lost}. Its values in {lost} will be missing.")
        if way == "append":
            for c in self.columns:
                missing = [Path(p).name for p, held in zip(self.paths, c.held, strict=True) if not held]
                if missing:
                    out.append(f"{c.name} is not in {_listed(missing)}, and is missing for its rows.")
            return out
        found = next((k for k in self.keys if k.name == key), None)
        if found is None:
            return [*out, "No variable is in all files and tells the rows of at least one side apart."]
        for path, matched in zip(self.paths[1:], found.matched, strict=True):
            name = Path(path).name
            out.append(f"{matched:,} of {found.values:,} values of {key} are in {name} too.")
        again = [c.name for c in self.columns if c.name != key and sum(map(bool, c.held)) > 1]
        if again:
            out.append(f"{_listed(again)} {'is' if len(again) == 1 else 'are'} in several files. The first file's "
                       "values are kept.")  # fmt: skip
        return out


def _files(files: Together, column: Column, text: bool) -> str:
    return _listed([Path(p).name for p, h in zip(files.paths, column.held, strict=True) if h and (h == "text") is text])


def _listed(names: Sequence[str]) -> str:
    return enumerated([*names[:3], f"{len(names) - 3} more"] if len(names) > 4 else names, "and")


def look_at(paths: Sequence[str], *, progress: Progress | None = None, cancel: Cancel | None = None) -> Together:
    """Read several files and compare them. Raises `DataError` for one that cannot be read."""
    from terrace.data.read import read

    return compared(paths, [read(path, progress=progress, cancel=cancel) for path in paths])


def compared(paths: Sequence[str], files: Sequence[Dataset]) -> Together:
    """What these files share."""
    names = dict.fromkeys(name for data in files for name in data.names)
    columns = tuple(Column(name, tuple(_held(data, name) for data in files)) for name in names)
    shared = [c.name for c in columns if c.everywhere and not c.differs]
    order = sorted(shared, key=lambda n: files[0].variable(n).measure is not Measure.IDENTIFIER)
    keys = [key for name in order[:_KEYS] if (key := _key(files, name)) is not None]
    return Together(tuple(map(str, paths)), tuple(len(d) for d in files), columns, tuple(keys))


def _held(data: Dataset, name: str) -> Held:
    if name not in data:
        return ""
    if data.is_text(name):
        return "text"
    return "date" if data.variable(name).format.startswith("%t") else "number"


def _key(files: Sequence[Dataset], name: str) -> Key | None:
    """The variable as a key; None where some file has several rows with one value on both sides, or nothing matches."""
    levels, unique = [], []
    for data in files:
        codes, values = data.codes(name)
        known = codes[codes >= 0]
        levels.append(set(values))
        unique.append(len(known) == len(codes) and len(np.unique(known)) == len(known))
    kinds = []
    for other in unique[1:]:
        if not unique[0] and not other:
            return None
        kinds.append(f"{'1' if unique[0] else 'm'}:{'1' if other else 'm'}")
    if kinds.count("1:m") and len(kinds) > 1:
        return None  # rows of the first file would be repeated, and then no longer be told apart
    matched = tuple(len(levels[0] & other) for other in levels[1:])
    return Key(name, tuple(kinds), matched, len(levels[0])) if all(matched) else None
