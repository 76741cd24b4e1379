"""What a file loses or what is changed as it is read, by column and cell, in words that its reader can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.wording import enumerated, plural

Kind = Literal["missing", "lost", "rounded", "doubtful", "misfit", "suspect", "told"]
Rows = npt.NDArray[np.int64]
_CODES = [-(10**k) + d for k in (1, 2, 3, 4) for d in (1, 2, 3)] + [10**k - d for k in (2, 3, 4) for d in (1, 2, 3)]
"""Numbers that people write for missing values: -9, -99, 99, 999 and their neighbours."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is lost or changed.

    kind
        ``missing``: a code or sign stands for missing; ``lost``: cells do not fit the type and become missing;
        ``rounded``: numbers have more digits than a number holds; ``doubtful``: dates that can be read in two ways;
        ``misfit``: cells for which a column of numbers is read as text; ``suspect``: numbers that may stand for
        missing; ``told``: whatever else the reader of the file says.
    text
        It in a sentence.
    cells
        The rows of the data, from 0, by the name of the variable.
    code
        The code or sign of ``missing``, ``misfit`` and ``suspect``.
    """

    kind: Kind
    text: str
    cells: Mapping[str, Rows] = field(default_factory=dict)
    code: str = ""

    @property
    def count(self) -> int:
        """How many cells there are."""
        return sum(len(rows) for rows in self.cells.values())


def of_code(code: str, cells: Mapping[str, Rows], name: str = "") -> Change:
    """A code that stands for missing, in any variable or in that of this name."""
    where = _where(cells)
    count = sum(len(rows) for rows in cells.values())
    if not count:
        return Change("missing", f"{code} is in no cell{f' of {name}' if name else ''}.", {}, code)
    they = "It counts as missing." if count == 1 else "They count as missing."
    return Change("missing", f"{code} is in {where}. {they}", cells, code)


def suspect(code: str, cells: Mapping[str, Rows]) -> Change:
    """A number that may stand for missing."""
    return Change("suspect", f"{code} is in {_where(cells)}, far from all other values.", cells, code)


def of_cells(kind: Kind, name: str, rows: Rows, first: str) -> Change:
    """Cells of a column, of which the text of the first is given."""
    n = len(rows)
    cells = f"{plural(n, 'cell')} of {name}"
    at = f"{first!r} in row {int(rows[0]) + 1:,}"
    said = {
        "lost": f"{cells} {'does' if n == 1 else 'do'} not fit the type and {'is' if n == 1 else 'are'} missing: {at}"
        f"{' is the first' if n > 1 else ''}.",
        "rounded": f"{cells} {'has' if n == 1 else 'have'} more digits than a number can hold: {at}. "
        "Choose the type text to keep them.",
        "doubtful": f"{cells} could have the day or the month first: {at}. Choose which.",
        "misfit": f"{cells} {'is' if n == 1 else 'are'} not a number, so it is read as text: {at}"
        f"{' is the first' if n > 1 else ''}.",
    }  # fmt: skip
    return Change(kind, said[kind], {name: rows}, first if kind == "misfit" else "")


def _where(cells: Mapping[str, Rows]) -> str:
    filled = [(name, len(rows)) for name, rows in cells.items() if len(rows)]
    parts = [f"{plural(n, 'cell') if k == 0 else f'{n:,}'} of {name}" for k, (name, n) in enumerate(filled[:4])]
    more = len(filled) - 4
    return enumerated([*parts, plural(more, "more variable")] if more > 0 else parts)


def suspects(data: Dataset) -> list[Change]:
    """Numbers that may stand for missing: codes that people use for that, and far from all other values."""
    found: dict[float, dict[str, Rows]] = {}
    for v in data.variables:
        if data.is_text(v.name) or v.format.startswith("%t"):
            continue
        values = data.frame[v.name].to_numpy(dtype=np.float64)
        known = values[~np.isnan(values) & ~v.stands_for_missing(values)]
        others = known[~np.isin(known, _CODES)]
        if len(others) < 2 or len(others) == len(known):
            continue
        low, high = float(others.min()), float(others.max())
        reach = high - low
        for code in np.unique(known[np.isin(known, _CODES)]).tolist():
            if (code < 0 and (low >= 0 or code < low - reach)) or code > high + reach:
                found.setdefault(code, {})[v.name] = np.flatnonzero(values == code).astype(np.int64)
    return [suspect(str(int(code)), cells) for code, cells in found.items()]


def told(notes: Sequence[str], data: Dataset) -> list[Change]:
    """What the reader said, by variable where it begins with the name of one."""
    out = []
    for note in notes:
        name, colon, _ = note.partition(": ")
        nothing = np.zeros(0, dtype=np.int64)
        out.append(Change("told", note, {name: nothing} if colon and name in data else {}))
    return out
