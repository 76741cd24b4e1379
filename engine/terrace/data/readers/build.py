"""From a file's columns to a `Dataset`: legal names, plain types, a guess at what the file does not say.

Every reader ends here, so that a variable is treated alike whatever file it came from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.dates import is_date_format
from terrace.data.digits import EXACT, blanks_apart, why_text
from terrace.data.measure import guess_measure, guess_measures, measure_of_words
from terrace.data.names import legal_names
from terrace.data.plain import Extra, Unusable, plain_values
from terrace.data.readers.moments import are_words
from terrace.data.value import Value
from terrace.deferred import Deferred
from terrace.errors import DataError

MERGED = (
    "its numbers lie beyond 9007199254740992, where one number in double precision, as they were kept, stands for "
    "several: identifiers that differ in their last digits may be one here. Keep them as text from the beginning."
)
_MOST_NOTES = 50  # of columns that have new names
_PLAIN = (np.dtype(np.float64), np.dtype(np.int64))
FEW = 200
"""Columns that are looked at one by one; of more, those that hold numbers or words are taken together."""
Block = tuple[list[int], npt.NDArray[Any]]
"""Columns of numbers of one type: their places, and their values side by side, shape (n, number of places)."""
_COPIES_ON_WRITE = int(pd.__version__.split(".")[0]) >= 3
_HIGHEST = 2.0**70  # beyond this are no identifiers


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One column as the file gives it. `measure` None means that the file does not say.

    ``words`` says that all values are known to be words (`moments.is_word`) or missing, of which there is no more to
    find out.
    """

    name: str
    values: Any
    label: str = ""
    measure: Measure | None = None
    value_labels: Mapping[Value, str] = field(default_factory=dict)
    missing_codes: tuple[Value, ...] = ()
    format: str = ""
    missing_ranges: tuple[tuple[float, float], ...] = ()
    native_format: str = ""
    width: int = 0
    label_set: str = ""
    words: bool = False


def build_dataset(
    columns: Sequence[RawColumn],
    *,
    source: str = "",
    label: str = "",
    notes: Sequence[str] = (),
    documents: Sequence[str] = (),
) -> Dataset:
    """A Dataset of these columns, all of one length.

    Names become legal (the file's name goes into an empty label), dates become numbers with a format,
    truth values 0/1, text missing values NaN, whole numbers that a double would merge text. What was changed is told
    in the notes; a column that cannot be used is left out, and the Dataset says why where it is asked for.
    """
    all_notes = list(notes)
    left_out: dict[str, str] = {}
    names, renamed = legal_names([c.name for c in columns])
    all_notes += _shortened(renamed)
    plain = [k for k, c in enumerate(columns) if _is_plain(c)] if len(columns) > FEW else []
    if plain and len(plain) == len(columns):
        block, described = _all_numbers(columns, names)
        return Dataset(block, described, label=label, source=source, notes=tuple(all_notes),
                       documents=tuple(documents))  # fmt: skip
    measures = _measures(names, _blocks(columns, plain))
    arrays: dict[str, Any] = {}  # and no Series, which a frame would align one by one
    variables: list[Variable] = []
    for k, (column, name) in enumerate(zip(columns, names, strict=True)):
        if k in measures:
            arrays[name] = column.values
            variables.append(Variable(name, label=_label(column.name, column.label, name), measure=measures[k]))
            continue
        try:
            values, variable, told = _one(column, name)
        except Unusable as error:
            left_out[name] = f"{name} cannot be used: row {error.row + 1} holds {error.what}."
            all_notes.append(f"{name}: left out, row {error.row + 1} holds {error.what}.")
            continue
        all_notes += told
        arrays[name] = values.array
        variables.append(variable)
    rows = len(columns[0].values) if columns else 0
    frame = pd.DataFrame(arrays, index=pd.RangeIndex(rows), copy=False)
    return Dataset(
        frame, tuple(variables), label=label, source=source, notes=tuple(all_notes), left_out=left_out,
        documents=tuple(documents),
    )  # fmt: skip


def build_beside(
    frame: pd.DataFrame,
    columns: Sequence[tuple[str, str]],
    single: Mapping[int, RawColumn],
    numbers: Sequence[Block],
    distinct: Collection[int],
    *,
    source: str,
    notes: Sequence[str],
) -> Dataset:
    """A Dataset of a frame of very many columns, as `build_dataset` makes one of its columns one after the other.

    ``columns`` are their names and labels, ``single`` those that have to be looked at, by place. All others are known
    to hold ``numbers``, none beyond 2^53, or words (`moments.is_word`), which are ``distinct`` where all of very many
    differ. The frame is that of the Dataset then.
    """
    names, renamed = legal_names([name for name, _ in columns])
    all_notes = [*notes, *_shortened(renamed)]
    measures = _measures(names, numbers)
    frame.columns = pd.Index(names)
    variables = []
    for k, (name, (original, label)) in enumerate(zip(names, columns, strict=True)):
        if k in single:
            values, variable, told = _one(single[k], name)
            frame.isetitem(k, values.array)
            all_notes += told
        elif k in measures:
            variable = Variable(name, label=_label(original, label, name), measure=measures[k])
        else:
            measure = measure_of_words(name, k in distinct)
            variable = Variable(name, label=_label(original, label, name), measure=measure)
        variables.append(variable)
    return Dataset(frame, tuple(variables), source=source, notes=tuple(all_notes))


def places_of(wanted: Collection[str], names: Sequence[str], path: Path) -> set[int]:
    """The places of the columns that get these names. Raises `DataError` for a name that none gets."""
    found = dict(zip(legal_names(names)[0], range(len(names)), strict=True))
    for name in wanted:
        if name not in found:
            raise DataError(
                f"{path.name} has no column {name}.", code="no-such-column", subject=name,
                advice="Its columns are: " + ", ".join([*found][:20]) + ".",
            )  # fmt: skip
    return {found[name] for name in wanted}


def number_blocks(frame: pd.DataFrame) -> list[Block]:
    """The columns of doubles, and those of int64, side by side, with their places in the frame."""
    found: dict[np.dtype[Any], list[int]] = {kind: [] for kind in _PLAIN}
    for k, kind in enumerate(frame.dtypes):
        if isinstance(kind, np.dtype) and kind in found:
            found[kind].append(k)
    width = frame.shape[1]
    return [(places, (frame if len(places) == width else frame.iloc[:, places]).to_numpy())
            for places in found.values() if places]  # fmt: skip


def _one(column: RawColumn, name: str) -> tuple[pd.Series, Variable, list[str]]:
    """The values and the description of a column that gets this name, and notes. Raises `Unusable`."""
    values, extra = (column.values, Extra()) if column.words else plain_values(column.values)
    labels = {_tidy(k): str(v) for k, v in (column.value_labels or extra.value_labels).items()}
    # words take no looking at
    doubtful = _is_text(values) and not column.words and not are_words(values)
    note = extra.note or (why_text(values) if doubtful else "")
    measure = column.measure or extra.measure
    format_ = column.format or extra.format
    if format_.startswith("%t") or is_date_format(format_):
        measure = Measure.CONTINUOUS  # a date, however few dates there are
    elif measure in (None, Measure.CONTINUOUS):
        known = values.where(~values.isin(column.missing_codes)) if column.missing_codes else values
        guess = guess_measure(name, known, labels=labels, declared=measure is not None)
        if measure is None or guess is Measure.IDENTIFIER or _is_text(values):
            measure = guess
    assert measure is not None
    if not note and measure is Measure.IDENTIFIER and _may_be_merged(values):
        note = MERGED
    notes = [f"{name}: {note}"] if note else []
    if doubtful and (apart := blanks_apart(values)):
        notes.append(f"{name}: {apart}")
    variable = Variable(
        name,
        label=_label(column.name, column.label, name),
        measure=measure,
        value_labels=labels,
        missing_codes=tuple(_tidy(c) for c in column.missing_codes),
        format=format_,
        missing_ranges=column.missing_ranges,
        native_format=column.native_format,
        width=column.width,
        label_set=column.label_set,
    )
    return values, variable, notes


def _shortened(renamed: list[str]) -> list[str]:
    """The notes of new names, the first of very many."""
    more = len(renamed) - _MOST_NOTES
    return [*renamed[:_MOST_NOTES], *([f"{more:,} more columns were renamed."] if more > 0 else [])]


def _label(original: str, label: str, name: str) -> str:
    """The label of the file; its name for the column where that had to change."""
    label, original = label.strip(), original.strip()
    return label or (original if original != name else "")


def _is_plain(column: RawColumn) -> bool:
    """True for numbers of which the file says nothing more, none of them beyond what a double tells apart."""
    values = column.values
    if not isinstance(values, np.ndarray) or values.dtype not in (np.float64, np.int64) or not len(values):
        return False
    if any((column.measure, column.value_labels, column.missing_codes, column.format, column.missing_ranges,
            column.native_format, column.width, column.label_set)):  # fmt: skip
        return False
    return bool(np.fmax.reduce(values) <= EXACT and np.fmin.reduce(values) >= -EXACT) or bool(np.isnan(values).all())


def _all_numbers(columns: Sequence[RawColumn], names: Sequence[str]) -> tuple[pd.DataFrame, tuple[Variable, ...]]:
    """Many columns of plain numbers at once, as `build_dataset` makes one after the other, in a tenth of the time."""
    blocks = _blocks(columns, range(len(columns)))
    parts = [pd.DataFrame(block, columns=[names[k] for k in places], copy=False) for places, block in blocks]
    order = [k for places, _ in blocks for k in places]
    frame = parts[0] if len(parts) == 1 else pd.concat(parts, axis=1).iloc[:, np.argsort(order)]
    measures = _measures(names, blocks)
    variables = tuple(
        Variable(name, label=_label(column.name, column.label, name), measure=measures[k])
        for k, (column, name) in enumerate(zip(columns, names, strict=True))
    )
    return frame, variables


def _blocks(columns: Sequence[RawColumn], places: Sequence[int]) -> list[Block]:
    """Those of these columns that hold doubles, and those that hold whole numbers: places and values side by side."""
    kinds = [[k for k in places if columns[k].values.dtype == kind] for kind in (np.float64, np.int64)]
    return [(found, np.array([columns[k].values for k in found]).T) for found in kinds if found]


def _measures(names: Sequence[str], blocks: Sequence[Block]) -> dict[int, Measure]:
    """What the columns of these blocks measure, by place, guessed together."""
    out: dict[int, Measure] = {}
    for places, block in blocks:
        out.update(zip(places, guess_measures([names[k] for k in places], block), strict=True))
    return out


def from_frame(frame: pd.DataFrame, *, label: str = "") -> Dataset:
    """A Dataset from a pandas DataFrame: legal names, plain types, guessed measures; the frame stays as it is.

    Levels of the index that have a name come first, unless a column has that name; names in several levels are joined
    by _. Raises `DataError` for a frame without columns or with two columns of one name.
    """
    found = _of_plain_numbers(frame, label)
    if found is not None:
        return found
    names = [_joined(name) for name in frame.columns]
    twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
    if twice is not None:
        where = [str(k + 1) for k, name in enumerate(names) if name == twice]
        raise DataError(
            f"{len(where)} columns of the data are called {twice!r}: {', '.join(where[:-1])} and {where[-1]}.",
            code="name-taken",
            subject=twice,
            advice="Rename or remove all but one of them.",
        )
    columns, notes = [], []
    for level, name in enumerate(frame.index.names):
        if name is None:
            continue
        if _joined(name) in names:
            notes.append(f"{_joined(name)}: the column is used, and the index with the same name is left out.")
        else:
            columns.append(RawColumn(_joined(name), frame.index.get_level_values(level)))
    columns += [RawColumn(name, frame.iloc[:, k]) for k, name in enumerate(names)]
    if not columns:
        raise DataError("The data have no columns.", code="no-rows", advice="Use a table with named columns.")
    return build_dataset(columns, source="frame", label=label, notes=notes)


def _of_plain_numbers(frame: pd.DataFrame, label: str) -> Dataset | None:
    """`from_frame` of a few columns of doubles and int64 with legal names, which the Dataset shares with the frame:
    pandas copies when either changes. What the columns measure is guessed when somebody asks. None for other frames,
    and for numbers that have something to be told of."""
    names = tuple(frame.columns)
    if not _COPIES_ON_WRITE or not 0 < len(names) <= FEW or not len(frame) or frame.index.names != [None]:
        return None
    if not _are_legal(names):
        return None
    held: dict[str, npt.NDArray[Any]] = {}
    for name in names:
        values = frame[name]
        if values.dtype not in _PLAIN:
            return None
        held[name] = array = values.to_numpy()
        low, high = array.min(), array.max()
        if not (low >= -EXACT and high <= EXACT):
            # with missing values these are NaN
            low, high = np.fmin.reduce(array), np.fmax.reduce(array)
            if not (low >= -EXACT and high <= EXACT):
                return None
    index = frame.index
    plain = isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1
    own = frame.copy(deep=False) if plain else frame.reset_index(drop=True)

    def described() -> tuple[Variable, ...]:
        return build_dataset([RawColumn(name, values) for name, values in held.items()]).variables

    data = Dataset(own, Deferred(described), label=label, source="frame")  # type: ignore[arg-type]
    data.hold(held)
    return data


@lru_cache(maxsize=256)
def _are_legal(names: tuple[Any, ...]) -> bool:
    return all(isinstance(name, str) for name in names) and legal_names(names) == (list(names), [])


def _joined(name: Any) -> str:
    """A column's name as text; the parts of a name with several levels joined by _."""
    if isinstance(name, tuple):
        return "_".join(part for part in map(str, name) if part)
    return str(name)


def _may_be_merged(values: pd.Series) -> bool:
    """True for numbers that lie where doubles are not all whole numbers any more."""
    if values.dtype != np.float64:
        return False
    array = np.abs(values.to_numpy())
    return bool(np.any((array > EXACT) & (array < _HIGHEST)))


def _is_text(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values.dtype)


def _tidy(value: Any) -> Any:
    """A key of value labels: whole numbers as int, NumPy scalars as Python's."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    return value
