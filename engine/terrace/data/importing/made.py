"""What a `Reading` makes of the columns of a file: types, missing codes, what a codebook says, labels, measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.importing import changes as tell
from terrace.data.importing.changes import Change, Rows
from terrace.data.importing.codebook import Codebook, Entry, labelled, read_codebook
from terrace.data.importing.columns import (
    Converted,
    ambiguous,
    as_dates,
    as_found,
    as_numbers,
    in_order,
    misfits,
    without,
)
from terrace.data.importing.reading import Reading, Type
from terrace.data.measure import guess_measure
from terrace.data.names import LEGAL, is_legal_name
from terrace.data.plain import plain_values
from terrace.data.progress import Cancel, Progress
from terrace.data.value import Value
from terrace.errors import DataError

if TYPE_CHECKING:
    from terrace.data.readers.detect import Layout


@dataclass(frozen=True, slots=True)
class Marks:
    """How numbers are written in the file."""

    decimal: str = "."
    thousands: str | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """Which variables a codebook has something to say of, and which of its own are not in the data."""

    found: tuple[str, ...]
    unknown: tuple[str, ...]
    labelled: tuple[str, ...]

    @property
    def text(self) -> str:
        """It in a sentence."""
        n = len(self.found)
        parts = [f"{n:,} {'variable is' if n == 1 else 'variables are'} described by the codebook"]
        if self.labelled:
            parts.append(f"{len(self.labelled):,} with value labels")
        out = ", ".join(parts) + "."
        if self.unknown:
            more = ", ".join(self.unknown[:5]) + (" and others" if len(self.unknown) > 5 else "")
            out += f" Not in the data: {more}."
        return out


@dataclass(frozen=True, slots=True)
class Made:
    """The data as they are read, what is lost or changed, and what the codebook matched."""

    data: Dataset
    changes: tuple[Change, ...]
    matched: Matched | None = None


def read_as(
    path: str | Path, reading: Reading, *, progress: Progress | None = None, cancel: Cancel | None = None
) -> Made:
    """Read a text file or a workbook by a `Reading`. Raises as `terrace.data.read.read` and `read_codebook` do."""
    data, layout = base(path, reading, progress=progress, cancel=cancel)
    book = read_codebook(reading.codebook, progress=progress, cancel=cancel) if reading.codebook else None
    out = made(data, reading, marks_of(layout), book)
    return replace(out, data=imported(out.data, reading))


def imported(data: Dataset, reading: Reading) -> Dataset:
    """The data without what is left out. Raises `DataError` where that is all of it."""
    if not reading.left_out:
        return data
    if set(data.names) <= set(reading.left_out):
        raise DataError("All variables are left out.", code="no-variables", subject="drop", advice="Keep one of them.")
    return data.without(reading.left_out)


def base(
    path: str | Path, reading: Reading, *, progress: Progress | None = None, cancel: Cancel | None = None
) -> tuple[Dataset, Layout | None]:
    """The columns of a file before types and codes are looked at, and how a text file is laid out.

    A column that is found to be what it should be is taken as it is found; all others with a type are text.
    """
    from terrace.data.read import read

    heard: list[Layout] = []

    def as_text(types: Mapping[str, Type]) -> Dataset:
        layout = replace(reading, types=types).layout()
        return read(path, **layout, heard=heard.append, progress=progress, cancel=cancel)

    data = as_text({})
    found = {name: type_of(data, written) for name in reading.types if (written := reading.written(name)) in data}
    if other := {name: type_ for name, type_ in reading.types.items() if found.get(name, type_) != type_}:
        data = as_text(other)
    return data, heard[-1] if heard else None


def type_of(data: Dataset, name: str) -> Type:
    """What a variable is found to be."""
    if data.is_text(name):
        return "text"
    return "date" if data.variable(name).format.startswith("%t") else "number"


def marks_of(layout: Layout | None) -> Marks:
    """The marks of a text file; those of a sheet, whose numbers are numbers, are a point and none."""
    return Marks() if layout is None else Marks(layout.decimal, layout.thousands)


def made(data: Dataset, reading: Reading, marks: Marks, book: Codebook | None = None) -> Made:
    """These columns as the reading has them. Raises `DataError` where it names a variable that is not there."""
    for name in reading.renamed:
        _held(data, name)
    entries = _entries(book, data, reading) if book is not None else {}
    data = _renamed(data, reading.renamed)
    for name in reading.named:
        _held(data, name)
    work = _Work(data, reading, marks, entries)
    for variable in data.variables:
        if variable.name not in reading.left_out:
            work.column(variable)
    changes = work.changes()
    known = {name for c in changes if c.kind in ("lost", "misfit", "doubtful") for name in c.cells}
    gone = work.remade.union(reading.left_out)
    kept = [c for c in tell.told(data.notes, data) if not gone & set(c.cells)]  # what else is no longer so
    found = [*(c for c in kept if not known & set(c.cells)), *changes]
    said = [*kept, *(c for c in changes if c.kind not in ("misfit", "doubtful"))]
    out = replace(work.data(), notes=tuple(c.text for c in said))
    if book is None:
        return Made(out, tuple(found))
    unknown = {id(e) for e in entries.values()}
    matched = Matched(
        tuple(entries),
        tuple(name for name, e in book.entries.items() if id(e) not in unknown),
        tuple(name for name in entries if out.variable(name).value_labels),
    )
    out = replace(out, notes=(*out.notes, matched.text, *book.notes))
    return Made(out, tuple(found), matched)


def _held(data: Dataset, name: str) -> None:
    if name not in data:
        raise DataError(
            f"The file has no column {name}.", code="no-such-column", subject=name,
            advice="Its columns are: " + ", ".join(data.names[:20]) + ".",
        )  # fmt: skip


def _entries(book: Codebook, data: Dataset, reading: Reading) -> dict[str, Entry]:
    """What a codebook says of the variables, by the names that they get; it may know them by either name."""
    new = {name: reading.renamed.get(name, name) for name in data.names}
    written = book.of(data.names)
    return {**book.of([n for n in new.values() if n not in data]), **{new[n]: entry for n, entry in written.items()}}


def _renamed(data: Dataset, renamed: Mapping[str, str]) -> Dataset:
    """The data with other names, all at once. `DataError` for a name that is not legal or that two would have."""
    taken: dict[str, str] = {}
    for name in data.names:
        new = renamed.get(name, name)
        if new in taken:
            raise DataError(
                f"{taken[new]} and {name} would both be called {new}.", code="name-taken", subject=new,
                advice="Give one of them another name.",
            )  # fmt: skip
        taken[new] = name
        if new != name and not is_legal_name(new):
            raise DataError(f"{new!r} is not a valid variable name.", code="bad-name", subject=new, advice=LEGAL)
    return data.with_names(renamed) if renamed else data


class _Work:
    """The columns one after the other; what changes is gathered, so that all others are shared."""

    def __init__(self, data: Dataset, reading: Reading, marks: Marks, entries: Mapping[str, Entry]) -> None:
        self._data, self._reading, self._marks, self._entries = data, reading, marks, entries
        self._values: dict[str, Any] = {}
        self._variables: dict[str, Variable] = {}
        self._codes: dict[str, dict[str, Rows]] = {code: {} for code in reading.missing}
        self._cells: list[Change] = []

    @property
    def remade(self) -> set[str]:
        """The variables that have other values than were read."""
        return set(self._values)

    def column(self, variable: Variable) -> None:
        """Make of a column what it should be."""
        name = variable.name
        entry = self._entries.get(name, Entry())
        signs = dict.fromkeys((*self._reading.missing, *self._reading.codes.get(name, ()), *entry.missing))
        type_ = self._reading.types.get(name)
        text = self._data.is_text(name)
        if text and (signs or type_ not in (None, "text") or self._reading.dates):
            variable = self._text(variable, signs, type_)
        elif text and type_ is None:
            rows = np.flatnonzero(misfits(self._data.frame[name], self._marks.decimal, self._marks.thousands))
            self._tell("misfit", name, rows)
            self._tell("doubtful", name, np.flatnonzero(ambiguous(self._data.frame[name])))
        text = name not in self._values and text
        if not text and signs and not variable.format.startswith("%t"):
            variable = self._numbers(variable, signs)
        if name in self._entries:
            variable = self._described(variable, entry)
        label, measure = self._reading.described.get(name), self._reading.measures.get(name)
        variable = variable if label is None else replace(variable, label=label)
        variable = variable if measure is None else replace(variable, measure=measure)
        if variable is not self._data.variable(name):
            self._variables[name] = variable

    def _text(self, variable: Variable, signs: Mapping[str, None], type_: str | None) -> Variable:
        """A column of text without the signs of missing, and of the type that it should have."""
        name, marks = variable.name, self._marks
        before = self._data.frame[name]
        words = [s for s in signs if _number(s) is None]
        texts, gone = self._out(name, before, words)
        values: Any = texts
        if type_ == "number":
            values = self._converted(name, as_numbers(texts, marks.decimal, marks.thousands))
        elif type_ is None and gone:
            values = as_found(texts, marks.decimal, marks.thousands)
        if not pd.api.types.is_string_dtype(values.dtype):
            return self._remade(variable, values)  # its codes are numbers now, and are declared
        every = texts
        texts, more = self._out(name, every, [s for s in signs if s not in words])
        gone, values = gone or more, texts
        if type_ == "date":
            return self._remade(variable, self._converted(name, as_dates(texts, self._reading.dates)))
        if type_ is None:
            values = as_found(texts, marks.decimal, marks.thousands) if more else texts
            if more and pd.api.types.is_numeric_dtype(values.dtype):
                whole = as_numbers(every, marks.decimal, marks.thousands)
                values = values if whole.lost.any() else whole.values  # codes that are numbers stay, and are declared
            dates = in_order(values, self._reading.dates) if self._reading.dates and values is texts else None
            values = values if dates is None else dates
            if values is texts:
                self._tell("misfit", name, np.flatnonzero(misfits(texts, marks.decimal, marks.thousands)))
        return self._remade(variable, values) if gone or values is not texts else variable

    def _out(self, name: str, texts: pd.Series, signs: list[str]) -> tuple[pd.Series, bool]:
        """A column of text without these signs of missing, and whether there were any."""
        left, gone = without(texts, signs) if signs else (texts, np.zeros(len(texts), dtype=bool))
        if not gone.any():
            return texts, False
        for sign in signs:
            self._stand(sign, name, np.flatnonzero((texts.str.strip() == sign).fillna(False).to_numpy(dtype=bool)))
        return left, True

    def _converted(self, name: str, done: Converted) -> pd.Series:
        self._tell("lost", name, np.flatnonzero(done.lost))
        self._tell("rounded", name, np.flatnonzero(done.rounded))
        self._tell("doubtful", name, np.flatnonzero(done.doubtful))
        return done.values

    def _remade(self, variable: Variable, values: pd.Series) -> Variable:
        """The variable with these values instead of those that were read."""
        plain, extra = plain_values(values)
        self._values[variable.name] = plain
        measure = Measure.CONTINUOUS if extra.format else guess_measure(variable.name, plain)
        return replace(variable, format=extra.format, measure=measure)

    def _numbers(self, variable: Variable, signs: Mapping[str, None]) -> Variable:
        """A column of numbers with the codes that stand in it declared as missing."""
        name = variable.name
        held = self._values.get(name, self._data.frame[name])
        if not pd.api.types.is_numeric_dtype(held.dtype):
            return variable
        values = held.to_numpy(dtype=np.float64)
        codes: list[Value] = []
        for sign in signs:
            number = _number(sign)
            rows = np.flatnonzero(values == number) if number is not None else np.zeros(0, dtype=np.int64)
            if number is not None and len(rows):
                codes.append(int(number) if number.is_integer() else number)
                self._stand(sign, name, rows)
        if not codes:
            return variable
        known = pd.Series(np.where(np.isin(values, [float(c) for c in codes]), np.nan, values))
        return replace(variable, missing_codes=tuple(codes), measure=guess_measure(name, known))

    def _described(self, variable: Variable, entry: Entry) -> Variable:
        name = variable.name
        values = self._values.get(name, self._data.frame[name])
        variable = labelled(variable, entry, not pd.api.types.is_numeric_dtype(values.dtype))
        if entry.measure is not None:
            return replace(variable, measure=entry.measure)
        if not variable.value_labels or variable.format.startswith("%t"):
            return variable
        known = values.where(~values.isin(variable.missing_codes)) if variable.missing_codes else values
        return replace(variable, measure=guess_measure(name, known, labels=variable.value_labels))

    def _stand(self, sign: str, name: str, rows: Rows) -> None:
        cells = self._codes.setdefault(sign, {})
        if len(rows):
            cells[name] = np.union1d(cells[name], rows) if name in cells else rows

    def _tell(self, kind: tell.Kind, name: str, rows: Rows) -> None:
        if len(rows):
            first = str(self._data.frame[name].iloc[int(rows[0])]).strip()
            self._cells.append(tell.of_cells(kind, name, rows, first))

    def changes(self) -> list[Change]:
        """What was lost or changed."""
        asked = set(self._reading.missing)
        codes = [tell.of_code(code, cells) for code, cells in self._codes.items() if cells or code in asked]
        wanted = [(code, name) for name, of in self._reading.codes.items() for code in of]
        nowhere = [
            tell.of_code(code, {}, name) for code, name in wanted
            if name not in self._codes.get(code, {}) and name not in self._reading.left_out
        ]  # fmt: skip
        return [*codes, *nowhere, *self._cells]

    def data(self) -> Dataset:
        """The data with what was made of their columns."""
        data = self._data
        if not self._values and not self._variables:
            return data
        frame = data.frame
        if self._values:
            arrays = {n: self._values[n].array if n in self._values else frame[n].array for n in data.names}
            frame = pd.DataFrame(arrays, index=frame.index, copy=False)
        return replace(data, frame=frame, variables=tuple(self._variables.get(v.name, v) for v in data.variables))


def _number(sign: str) -> float | None:
    try:
        number = float(sign.replace("−", "-").replace(",", "."))
    except ValueError:
        return None
    return number if np.isfinite(number) else None
