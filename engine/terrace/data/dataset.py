"""`Dataset`: a frame of values together with what the values mean.

Frozen: every change makes a new Dataset, which shares the untouched columns with the old one. That is what
makes undo cheap and lets a fit on a worker thread keep the data it started with.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.beside import cancellable
from terrace.data.digits import EXACT, whole_text
from terrace.data.row_numbers import with_copies
from terrace.data.value import Value
from terrace.deferred import deferrable, waits
from terrace.errors import DataError, DidYouMean

FloatArray = npt.NDArray[np.float64]
_SMALL = 100_000
"""Rows up to which numbers are kept that had to be converted."""
_NO_LABELS: Mapping[Value, str] = MappingProxyType({})  # one for all of thousands of variables


class Measure(StrEnum):
    """Level of measurement: decides which roles a variable can take in a model."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    CONTINUOUS = "continuous"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Variable:
    """What is known of one column besides its values.

    `value_labels` maps a value (a number, or a string in a text variable) to its label. `missing_codes`
    are values that stand for "missing": the grid shows them, every analysis treats them as missing.
    `missing_ranges` are pairs (lowest, highest) of numbers, both included and perhaps infinite, between which every
    value stands for missing too; the codes may name those that occur.
    `format` is a display format such as ``%8.3f``; empty means automatic. `native_format` is the format in the words
    of SPSS or SAS (``DOLLAR8.2``, ``TIME8``), for what `format` cannot say; a format of its own outdoes it.
    `width` is the number of characters that SPSS shows a column in; 0 is automatic.
    `label_set` names the set of value labels where the file has sets with names, which variables can share.
    """

    name: str
    label: str = ""
    measure: Measure = Measure.CONTINUOUS
    value_labels: Mapping[Value, str] = field(default_factory=lambda: _NO_LABELS)
    missing_codes: tuple[Value, ...] = ()
    format: str = ""
    missing_ranges: tuple[tuple[float, float], ...] = ()
    native_format: str = ""
    width: int = 0
    label_set: str = ""

    def __post_init__(self) -> None:
        labels = MappingProxyType(dict(self.value_labels)) if self.value_labels else _NO_LABELS
        object.__setattr__(self, "value_labels", labels)

    @property
    def declares_missing(self) -> bool:
        """True where some values stand for missing."""
        return bool(self.missing_codes or self.missing_ranges)

    def of_new_values(self) -> Variable:
        """The variable without what was said of single values: labels, and what stands for missing."""
        return replace(self, value_labels={}, label_set="", missing_codes=(), missing_ranges=())

    def in_missing_range(self, number: float) -> bool:
        """True for a number in a range that is declared missing."""
        return any(low <= number <= high for low, high in self.missing_ranges)

    def stands_for_missing(self, numbers: FloatArray) -> npt.NDArray[np.bool_]:
        """Which of these numbers, of any shape, are declared missing."""
        found = np.isin(numbers, [float(c) for c in self.missing_codes])
        for low, high in self.missing_ranges:
            found |= (numbers >= low) & (numbers <= high)
        return found


@dataclass(frozen=True, slots=True)
class Panel:
    """What `xtset`/`tsset` declared: the panel variable (or none) and the time variable (or none)."""

    panel: str | None
    time: str | None
    delta: float = 1.0


@dataclass(frozen=True, slots=True)
class Signed:
    """What ``datasignature set`` kept: names with the SHA-256 of their values, rows, and when, as ISO 8601 has it."""

    columns: tuple[tuple[str, str], ...]
    rows: int
    when: str


@dataclass(frozen=True)
class Dataset:
    """Rows of values with their variables.

    Parameters
    ----------
    frame
        One column a variable, in order; numeric columns (any NumPy dtype, NaN for missing) or text columns
        (missing is NaN/None). Numbers are exact in double precision: whole numbers that are not are text (`plain.py`).
        The index is always a RangeIndex. Never mutated.
    variables
        One `Variable` a column, same order and names. It may come as a `Deferred` where no column is text and none has
        values that are declared missing.
    label, source
        A title for people; the file or sample the data came from.
    sha256
        The SHA-256 of the source as it was read; empty where that is no file, or one that is streamed.
    notes
        What the reader found or decided (encoding, delimiter, renamed columns), in plain words.
    documents
        Notes that belong to the data and go where they go: what ``notes:`` adds, the documents of SPSS, the notes of
        Stata. One on a variable begins with its name and a colon.
    lineage, row_ids
        Which rows these are: datasets of one lineage come from the same rows, numbered by ``row_ids``, shape (n,)
        (None: 0, 1, ... as they were opened; see `row_numbers`). Whoever replaces the frame by other rows
        gives a new lineage.
    signed
        The signature that the data were given, None where they have none; it stays when they change.
    left_out
        Columns of the source that cannot be used, by name, with the reason in a sentence.
    """

    frame: pd.DataFrame
    variables: tuple[Variable, ...]
    label: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    panel: Panel | None = None
    sorted_by: tuple[str, ...] = ()
    signed: Signed | None = None
    sha256: str = ""
    lineage: object = field(default_factory=object, compare=False, repr=False)
    row_ids: npt.NDArray[np.int64] | None = field(default=None, compare=False, repr=False)
    left_out: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    documents: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not waits(self, "variables"):
            names = [v.name for v in self.variables]
            if names != [str(c) for c in self.frame.columns]:
                raise ValueError("variables and frame columns differ")
        if not isinstance(self.frame.index, pd.RangeIndex) or self.frame.index.start != 0:
            object.__setattr__(self, "frame", self.frame.reset_index(drop=True))

    @cached_property
    def _places(self) -> dict[str, int]:
        """The place of each variable by its name."""
        return {v.name: k for k, v in enumerate(self.variables)}

    # --- looking ---------------------------------------------------------------------------------------
    def __len__(self) -> int:
        return len(self.frame)

    @property
    def n_rows(self) -> float:
        """Rows of the data, NaN where nobody counted them (a streamed text file)."""
        return len(self)

    @property
    def is_plain(self) -> bool:
        """True for numbers of which nothing more was said, and nobody has asked what they measure."""
        return waits(self, "variables")

    @property
    def names(self) -> tuple[str, ...]:
        """Variable names in column order."""
        if waits(self, "variables"):
            return tuple(self.frame.columns)
        return tuple(v.name for v in self.variables)

    def __contains__(self, name: object) -> bool:
        return name in self.frame.columns

    def variable(self, name: str) -> Variable:
        """The description of one variable; `DataError` where there is none of that name."""
        place = self._places.get(name)
        if place is not None:
            return self.variables[place]
        if name in self.left_out:
            raise DataError(
                self.left_out[name],
                code="unusable-column",
                subject=name,
                advice="A cell must hold one number, text, date or truth value.",
            )
        raise DataError(
            f"There is no variable {name!r} in the data.",
            code="no-such-variable",
            subject=name,
            advice=_did_you_mean(name, self.names),
        )

    def is_text(self, name: str) -> bool:
        """True where the column holds strings rather than numbers."""
        if name in self._held:
            return False
        if name not in self or not waits(self, "variables"):
            self.variable(name)
        return not pd.api.types.is_numeric_dtype(self.frame[name].dtype)

    def numeric(self, name: str) -> FloatArray:
        """Values for analysis, shape (n,), missing codes as NaN; `DataError` for a text variable."""
        v = self.variable(name)
        if self.is_text(name):
            raise _no_number(name, self.frame[name])
        column = self.frame[name]
        if isinstance(column.dtype, np.dtype):
            values = np.array(column.to_numpy(), dtype=np.float64)
        else:
            values = np.array(column.to_numpy(dtype=np.float64, na_value=np.nan))
        if column.dtype.kind in "iu" and bool((np.abs(values) > EXACT).any()):
            raise DataError(
                f"{name} holds whole numbers of more digits than a number can hold.",
                code="text-variable",
                subject=name,
                advice="Make text of them before they become a Dataset, or give the frame itself, where that is done.",
            )
        if v.declares_missing:
            values[v.stands_for_missing(values)] = np.nan
        return values

    def values(self, name: str) -> FloatArray:
        """`numeric` without a copy where the column holds doubles as they are: read-only, shape (n,)."""
        held = self._held.get(name)
        if held is not None:
            return held
        column = self.frame[name] if name in self else None
        plain = column is not None and column.dtype == np.float64 and isinstance(column.dtype, np.dtype)
        if plain and not self._declares_missing(name):
            assert column is not None
            values = column.to_numpy().view()
            self._held[name] = values
        else:
            values = self.numeric(name)
            if len(values) <= _SMALL:
                self._held[name] = values
        values.setflags(write=False)
        return values

    def hold(self, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        """Columns of the frame as `values` gives them, for whoever has them at hand: numbers without missing codes."""
        for name, array in columns.items():
            if array.dtype == np.float64 or len(array) <= _SMALL:
                values = array.astype(np.float64, copy=False).view()
                values.setflags(write=False)
                self._held[name] = values

    @cached_property
    def _held(self) -> dict[str, FloatArray]:
        """What `values` has given: views of the frame, and short copies."""
        return {}

    def _declares_missing(self, name: str) -> bool:
        return not waits(self, "variables") and self.variable(name).declares_missing

    def missing_values(self, name: str) -> tuple[Value, ...]:
        """The values that stand for missing: those declared one by one, and those that occur in a declared range."""
        v = self.variable(name)
        found: dict[Value, None] = dict.fromkeys(v.missing_codes)
        if v.missing_ranges and not self.is_text(name):
            raw = pd.unique(self.frame[name].to_numpy(dtype=np.float64, na_value=np.nan))
            inside = replace(v, missing_codes=()).stands_for_missing(raw)
            found |= dict.fromkeys(int(x) if x.is_integer() else x for x in np.sort(raw[inside]).tolist())
        return tuple(found)

    def codes(self, name: str) -> tuple[npt.NDArray[np.int64], tuple[Value, ...]]:
        """Group codes, shape (n,), -1 for missing, with the distinct values in sorted order."""
        text = self.is_text(name)  # which names a variable that is not there
        column = self.frame[name]
        if text:
            v = self.variable(name)
            column = column.where(column.notna() & (column != ""), None)
            if v.missing_codes:
                column = column.where(~column.isin(list(v.missing_codes)), None)
            found: tuple[Any, Any] = cancellable(lambda: pd.factorize(column, sort=True), len(column))
        elif column.dtype.kind in "iu" and isinstance(column.dtype, np.dtype) and not self._declares_missing(name):
            found = _whole_codes(column.to_numpy()) or _number_codes(self.values(name))
        else:
            found = _number_codes(self.values(name))
        return found[0].astype(np.int64, copy=False), tuple(found[1].tolist())

    def level_label(self, name: str, value: Value) -> str:
        """The value label where there is one, otherwise the value printed plainly."""
        label = self.variable(name).value_labels.get(value)
        if label is not None:
            return label
        if isinstance(value, str):
            return value
        from terrace.data.extended import extended_name

        return extended_name(value) or whole_text(value)

    # --- changing (always a new Dataset) ---------------------------------------------------------------
    def with_column(self, name: str, values: Any, variable: Variable | None = None) -> Dataset:
        """A dataset in which column `name` is added at the end, or replaced where it exists."""
        frame = self.frame.copy(deep=False)
        frame[name] = values
        if name in self:
            kept = tuple(variable or v if v.name == name else v for v in self.variables)
        else:
            kept = (*self.variables, variable or Variable(name))
        still = _up_to(self.sorted_by, lambda n: n != name)
        return replace(self, frame=frame, variables=kept, sorted_by=still)

    def with_variable(self, variable: Variable) -> Dataset:
        """A dataset in which the description of one variable is replaced."""
        self.variable(variable.name)
        return replace(
            self, variables=tuple(variable if v.name == variable.name else v for v in self.variables)
        )

    def without(self, names: Iterable[str]) -> Dataset:
        """A dataset without these columns."""
        gone = set(names)
        for name in gone:
            self.variable(name)
        return self.select([n for n in self.names if n not in gone])

    def select(self, names: Sequence[str]) -> Dataset:
        """A dataset of these columns, in this order."""
        variables = tuple(map(self.variable, names))
        kept = set(names)
        panel = self.panel
        if panel is not None and not {panel.panel, panel.time} - {None} <= kept:
            panel = None
        return replace(
            self,
            frame=self.frame[list(names)].copy(deep=False),
            variables=variables,
            panel=panel,
            sorted_by=_up_to(self.sorted_by, kept.__contains__),
            documents=self.documents_of(kept),
        )

    def documents_of(self, names: Collection[str]) -> tuple[str, ...]:
        """The documents of the data, and those on variables of these names; those on its other variables go with them.
        """

        def stays(text: str) -> bool:
            name, colon, _ = text.partition(": ")
            return not colon or name not in self or name in names

        return tuple(filter(stays, self.documents))

    def renamed(self, old: str, new: str) -> Dataset:
        """A dataset in which one variable has another name; `DataError` where that is taken or not legal."""
        from terrace.data.names import LEGAL, is_legal_name

        self.variable(old)
        if new != old and new in self:
            raise DataError(f"A variable named {new} already exists.", code="name-taken", subject=new)
        if not is_legal_name(new):
            raise DataError(f"{new!r} is not a valid variable name.", code="bad-name", subject=new, advice=LEGAL)
        return self.with_names({old: new})

    def with_names(self, new: Mapping[str, str]) -> Dataset:
        """A dataset in which variables have other names, new by old, wherever these stand: in notes on them too.

        Whether the names are legal and free is for the caller to know.
        """

        def now(name: str) -> str:
            return new.get(name, name)

        def told(text: str) -> str:
            name, colon, rest = text.partition(": ")
            return now(name) + colon + rest if colon else text

        panel = self.panel
        if panel is not None:
            panel = replace(panel, panel=panel.panel and now(panel.panel), time=panel.time and now(panel.time))
        return replace(
            self,
            frame=self.frame.rename(columns=dict(new)),
            variables=tuple(replace(v, name=now(v.name)) for v in self.variables),
            panel=panel,
            sorted_by=tuple(map(now, self.sorted_by)),
            documents=tuple(map(told, self.documents)),
        )

    def rows(self, keep: npt.NDArray[Any]) -> Dataset:
        """A dataset of these rows: a boolean mask of shape (n,), or row numbers in the wanted order."""
        keep = np.asarray(keep)
        in_order = keep.dtype == bool or bool((np.diff(keep) > 0).all())
        keep = np.flatnonzero(keep) if keep.dtype == bool else keep
        frame = self.frame.take(keep)
        ids = keep.astype(np.int64) if self.row_ids is None else self.row_ids[keep]
        return replace(
            self,
            frame=frame.reset_index(drop=True),
            sorted_by=self.sorted_by if in_order else (),
            row_ids=with_copies(ids) if len(keep) > len(self) else ids,
        )

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The numbers of the rows within their lineage, shape (n,)."""
        return np.arange(len(self)) if self.row_ids is None else self.row_ids


deferrable(Dataset, "variables")


def _up_to(names: tuple[str, ...], holds: Callable[[str], bool]) -> tuple[str, ...]:
    """The names before the first that does not hold: data sorted by a b c stay sorted by a when b goes."""
    kept = []
    for name in names:
        if not holds(name):
            break
        kept.append(name)
    return tuple(kept)


def _whole_codes(whole: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], FloatArray] | None:
    """`_number_codes` of whole numbers in a narrow range; None for others."""
    if not len(whole):
        return None
    low, high = int(whole.min()), int(whole.max())
    if high - low > 4 * len(whole) + 1000 or max(-low, high) >= EXACT:
        return None
    return _counted(whole.astype(np.int64, copy=False) - low, high - low + 1, low)


def _counted(
    place: npt.NDArray[np.int64], size: int, low: float, missing: npt.NDArray[np.bool_] | None = None
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Codes of the places that occur, in order, -1 where missing, and the numbers that begin at ``low``."""
    seen = np.zeros(size, dtype=bool)
    seen[place if missing is None else place[~missing]] = True
    codes = place if missing is None and seen.all() else (np.cumsum(seen) - 1)[place]
    if missing is not None:
        codes[missing] = -1
    return codes, np.flatnonzero(seen).astype(np.float64) + low


def _number_codes(values: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Codes of numbers, -1 for NaN, and the distinct numbers in order.

    Whole numbers in a narrow range, which most identifiers are, are counted rather than hashed and sorted.
    """
    low = float(np.fmin.reduce(values, initial=np.inf))
    span = float(np.fmax.reduce(values, initial=-np.inf)) - low
    if 0 <= span <= 4 * len(values) + 1000 and low.is_integer() and abs(low) < EXACT - span:
        shifted = values - low
        missing = np.isnan(shifted)
        some = bool(missing.any())
        place = np.where(missing, 0.0, shifted).astype(np.int64) if some else shifted.astype(np.int64)
        if np.all((place == shifted) | missing):
            return _counted(place, int(span) + 1, low, missing if some else None)
    found: tuple[Any, Any] = cancellable(lambda: pd.factorize(values, sort=True), len(values))
    return found


def _no_number(name: str, column: pd.Series) -> DataError:
    """What to raise where a number is needed and the variable holds text: the first value that is not a number."""
    present = column[column.notna().to_numpy()]
    present = present[(present != "").to_numpy(dtype=bool)]
    bad = present[pd.to_numeric(present, errors="coerce").isna().to_numpy()]
    if len(present) and not len(bad):
        return DataError(
            f"{name} holds numbers stored as text, but a number is needed here.",
            code="text-variable",
            subject=name,
            advice=f"Numbers with zeros in front or more than 15 digits are kept as text, as they mostly are names of "
            f"something; destring {name}, replace makes numbers of them (in Python: astype(float)). As text it can be "
            f"a factor (i.{name}) or a group variable.",
        )
    example = f" ({str(bad.iloc[0])[:40]!r} in row {int(bad.index[0]) + 1})" if len(bad) else ""
    return DataError(
        f"{name} holds text{example}, but a number is needed here.",
        code="text-variable",
        subject=name,
        advice=f"Use it as a factor (i.{name}) or a group variable, or encode it as numbers first."
        if len(bad) > len(present) / 2
        else f"Correct this value, or make all values that are not numbers missing: destring {name}, replace force.",
    )


def _did_you_mean(name: str, names: Sequence[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6) or [
        n for n in names if n.lower() == name.lower()
    ]
    if len(close) == 1:
        return DidYouMean(close[0])
    if close:
        return "Did you mean " + ", ".join(close) + "?"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"The data contain: {shown}."
