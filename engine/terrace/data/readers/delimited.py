"""Delimited text: .csv, .tsv, .txt. What fields are: numbers, dates, text; `table.py` finds the fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.digits import EXACT, needs_text, spelled_apart
from terrace.data.names import legal_names
from terrace.data.progress import Report
from terrace.data.readers.build import FEW, Block, RawColumn, build_beside, build_dataset, number_blocks, places_of
from terrace.data.readers.detect import DELIMITER_NAMES, MISSING, Layout, Wanted
from terrace.data.readers.moments import recognise
from terrace.data.readers.quoted import QUOTED, text_by_quotes
from terrace.data.readers.survey import Survey
from terrace.data.readers.table import Table, open_table, parse_table
from terrace.data.readers.words import Words, find_words, missing_numbers
from terrace.errors import DataError
from terrace.wording import plural

_HEAD = 1000  # values by which a column of words is known
_BEGINNING = 1 << 18  # bytes that tell whether quotation marks say what is text
_COUNTED = 1 << 22  # fields up to which signs of missing are counted
SIGNS = frozenset([
    "-", "--", "---", "\u2013", "\u2014", "?", "n.a.", "N.A.", "na", "missing", "Missing",
    "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!",
])  # fmt: skip
"""What stands for a missing value among numbers only: in a column of text it may be a text. None may mean zero."""
_PERCENT = r"[+-]?\d[\d.,]* ?%"
_MONEY = r"[+-]?[$€£¥] ?[+-]?\d[\d.,]*|[+-]?\d[\d.,]* ?[$€£¥]"


def read_delimited(
    path: Path, report: Report, *, heard: Callable[[Layout], object] | None = None, **options: Any
) -> Dataset:
    """Read a text table; what had to be detected, and what was left out, is told in the notes.

    Columns of dates become dates; a column that is not wholly numeric, or whose numbers would lose digits, becomes
    text, with a note where most of it is numbers. The options are those of `Wanted`; ``heard`` is told how the file is
    read. Raises `DataError` for a file that is not a table, naming the line.
    """
    report()
    wanted = Wanted(**options)
    table = open_table(path, report, wanted)
    layout = table.layout
    if heard is not None:
        heard(layout)
    width, first = len(layout.names), wanted.columns[0] or 1
    by_number = [k for k in wanted.text if isinstance(k, int)]
    beyond = [k for k in by_number if k > width]
    if beyond and wanted.columns == (None, None):
        raise DataError(
            f"{path.name} has {plural(width, 'column')}, and no column {beyond[0]}.", code="bad-option-value",
            subject="stringcols", advice="Columns are counted from 1.",
        )  # fmt: skip
    as_text = set(range(width)) if 0 in by_number else {k - first for k in by_number if 0 <= k - first < width}
    by_name = [k for k in wanted.text if isinstance(k, str)]
    if by_name:
        as_text |= places_of(by_name, [_name(layout, k) for k in range(width)], path)
    found = read_rows(table, report, text=as_text)
    frame, told, words = found.frame, found.told, found.words.columns
    notes = [describe_layout(layout), *table.notes, *_missing_signs(table, found, report)]
    together = _together(found, layout) - as_text if width > FEW else frozenset()
    single: dict[int, RawColumn] = {}
    of_columns: list[tuple[int, str]] = []
    for k, name in enumerate(layout.names):
        if k % 1000 == 0:
            report(1.0)
        if k in together:
            continue
        values: Any = frame.iloc[:, k]
        if not name and k >= 1 and bool(values.isna().all()):
            continue  # the trailing delimiter of every line
        if values.dtype in (np.float64, np.int64):
            values = values.to_numpy()
        elif k not in as_text and k not in words:
            values, note = text_column(table.numbered(values), layout)
            if note:
                of_columns.append((k, note))
        if k in told:
            of_columns.append((k, told[k]))
        single[k] = RawColumn(_name(layout, k), values, layout.labels[k], words=k in words)
    kept, numbers = [k for k in range(width) if k in together or k in single], found.numbers
    if of_columns:  # several may have one name in the file
        called = dict(zip(kept, legal_names([_name(layout, k) for k in kept])[0], strict=True))
        notes += [f"{called[k]}: {note}" for k, note in of_columns]
    if width <= FEW:
        return build_dataset(list(single.values()), source=str(path), notes=notes)
    if len(kept) < width:
        frame = frame.iloc[:, kept]
        numbers = number_blocks(frame)
    single = {place: single[k] for place, k in enumerate(kept) if k in single}
    distinct = {place for place, k in enumerate(kept) if k in found.words.distinct}
    columns = [(_name(layout, k), layout.labels[k]) for k in kept]
    return build_beside(frame, columns, single, numbers, distinct, source=str(path), notes=notes)


def _name(layout: Layout, column: int) -> str:
    return layout.names[column] if layout.header else f"v{column + 1}"


def _together(found: Found, layout: Layout) -> frozenset[int]:
    """The columns of thousands that need no look of their own: numbers that a double tells apart, and words."""
    named = np.array([bool(name) for name in layout.names])
    out = set(found.words.columns)
    for places, block in found.numbers:
        fine = ~((block > EXACT) | (block < -EXACT)).any(axis=0) & (named[places] | ~np.isnan(block).all(axis=0))
        out |= {k for k, sure in zip(places, fine.tolist(), strict=True) if sure}
    return frozenset(out - set(found.told))


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of a table: columns of numbers that a double tells apart, truth values, or text; notes of columns, by
    position, in which one number is written in several ways (``told``), which of them hold ``words``, and, of very many
    columns, those that hold ``numbers``.
    """

    frame: pd.DataFrame
    told: dict[int, str]
    words: Words
    numbers: list[Block]


def read_rows(table: Table, report: Report, rows: int | None = None, text: Collection[int] = ()) -> Found:
    """The rows of the table, or its first. The columns `text` are text whatever they hold."""
    layout, counts = table.layout, table.counts
    # it is changed here, and nobody else asks for it: a copy of thousands of columns takes as long as to parse them
    frame, table.frame = parse_table(table, report, rows, dict.fromkeys(text, "str")), None
    numbers = number_blocks(frame) if frame.shape[1] > FEW else []
    words = find_words(table, frame, numbers)
    quoted = sorted(_quoted(table, frame, words, rows, report) - set(text))
    notes = {k: QUOTED for k in quoted if pd.api.types.is_numeric_dtype(frame.dtypes.iloc[k])}
    if quoted:
        fields = parse_table(table, report, rows, dict.fromkeys(quoted, "str"), quoted, missing=False)
        for place, k in enumerate(quoted):
            frame.isetitem(k, fields.iloc[:, place].replace("", None).array)
        text = {*text, *quoted}
        words = replace(words, columns=words.columns - set(quoted), signs=None)
    doubtful = _doubtful_columns(frame, words.columns.union(text), numbers, counts)
    if doubtful:
        fields = parse_table(table, report, rows, dict.fromkeys(doubtful, "str"), doubtful)
        for place, k in enumerate(doubtful):
            written = _without_thousands(fields.iloc[:, place], layout)
            keep = needs_text(written)
            if keep or _whole(frame.iloc[:, k]):
                notes[k] = _spelled(written, table, keep)
            if keep:
                frame.isetitem(k, written.str.strip().array)
    for k, dtype in enumerate(frame.dtypes if counts.padded else ()):
        if isinstance(dtype, pd.StringDtype) and k not in quoted and k not in words.columns:
            notes[k] = _take_blanks_out(frame, k, table, k not in text) or notes.get(k, "")
    if numbers and (quoted or doubtful or counts.padded):
        numbers = number_blocks(frame)
    return Found(frame, {k: note for k, note in notes.items() if note}, words, numbers)


def _quoted(table: Table, frame: pd.DataFrame, words: Words, rows: int | None, report: Report) -> frozenset[int]:
    """The columns that are text for their quotation marks, as far as pandas made something else of a value."""
    if table.lines is not None:
        return frozenset()  # rows that had to be split one by one are not as they were
    layout, source = table.layout, table.source
    encoding = layout.encoding if isinstance(source, Path) else "utf-8"
    where = (source, layout.delimiter, encoding, len(layout.names), layout.before)
    head = text_by_quotes(*where, most=_BEGINNING)
    kinds = list(frame.dtypes)
    number = {k for k in head.values if not isinstance(kinds[k], pd.StringDtype)}
    full = words.columns if words.signs is not None and not words.gaps else frozenset()
    if not any(k in number or (k not in full and bool(frame.iloc[:, k].isna().any())) for k in head.values):
        return frozenset()
    found = text_by_quotes(*where, most=_BEGINNING if rows is not None else -1)
    unsure = sorted((found.values - found.names) & number)
    if not unsure:
        return found.values
    fields = parse_table(table, report, rows, dict.fromkeys(unsure, "str"), unsure)
    return found.values - {k for place, k in enumerate(unsure) if not needs_text(fields.iloc[:, place])}


def _doubtful_columns(
    frame: pd.DataFrame, sure: Collection[int], numbers: Collection[Block], counts: Survey
) -> list[int]:
    """Columns of which the fields have to be looked at, since numbers may have lost digits; none of those in `sure`."""
    known, zeros, padded = set(sure), counts.zeros, counts.padded
    if not (zeros or padded):
        for places, block in numbers:
            fine = np.logical_or(block.dtype == np.int64, ~(np.abs(block) >= EXACT).any(axis=0))
            known |= {k for k, sure in zip(places, fine.tolist(), strict=True) if sure}
    return [
        k for k in range(frame.shape[1])
        if k not in known and (_doubtful(frame.iloc[:, k], zeros) or (padded and _whole(frame.iloc[:, k])))
    ]  # fmt: skip


def _take_blanks_out(frame: pd.DataFrame, k: int, table: Table, numbers: bool) -> str:
    """Signs of missing with blanks around them, which pandas takes for text, become missing; numbers may be left.

    Returns a note where one of these is written in several ways.
    """
    values = frame.iloc[:, k]
    blank = values.str.strip().isin(MISSING) & values.notna()
    if not bool(blank.any()):
        return ""
    values = values.mask(blank)
    found = _numbers(values.str.strip(), table.layout)
    note = ""
    if numbers and bool((found.notna() == values.notna()).all()):
        written = _without_thousands(values, table.layout)
        keep = needs_text(written)
        note = _spelled(written, table, keep) if keep or _whole(found) else ""
        values = written.str.strip() if keep else found
    frame.isetitem(k, values.array)
    return note


def _numbers(texts: pd.Series, layout: Layout) -> pd.Series:
    """Fields as numbers by the marks of the file for decimals and thousands; NaN where one is none."""
    texts = _without_thousands(texts, layout)
    plain = texts.str.replace(",", ".", regex=False) if layout.decimal == "," else texts
    numbers: pd.Series = pd.to_numeric(plain, errors="coerce")
    return numbers


def _without_thousands(texts: pd.Series, layout: Layout) -> pd.Series:
    """Fields without the marks between thousands."""
    return texts.str.replace(layout.thousands, "", regex=False) if layout.thousands else texts


def _spelled(written: pd.Series, table: Table, text: bool) -> str:
    written = table.numbered(written)
    present = written[written.notna() & ~written.str.strip().isin(MISSING)]
    return spelled_apart(present, text=text)


def _whole(values: pd.Series) -> bool:
    """True for whole numbers: what can be a name of something, so that it matters which ones are the same."""
    if pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
        return False
    array = values.to_numpy()
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    return bool(len(finite)) and bool(np.all(finite == np.floor(finite)))


def _doubtful(values: pd.Series, zeros: bool) -> bool:
    """True where numbers may have lost digits, so that the fields have to be looked at."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return False
    if pd.api.types.is_numeric_dtype(values.dtype):
        if zeros:
            return True
        array = values.to_numpy()
        if array.dtype.kind != "f" or not len(array):
            return False
        if np.fmax.reduce(array) < EXACT and np.fmin.reduce(array) > -EXACT:
            return False
        return bool(np.any(np.isfinite(array) & (np.abs(array) >= EXACT)))
    # Whole numbers beyond 2^64: pandas gives objects, or fields among which signs of missing were left.
    return values.dtype == object or bool(values.isin(MISSING).any())


def _missing_signs(table: Table, found: Found, report: Report) -> list[str]:
    """A note of the words that were read as missing, with their counts; blanks need none."""
    frame, counts = found.frame, found.words.signs
    if counts is None or counts.total() != found.words.gaps + missing_numbers(frame, found.numbers):
        kinds = enumerate(frame.dtypes)
        missing = {k: int(frame.iloc[:, k].isna().sum()) for k, kind in kinds if not _whole_type(kind)}
        gone = [k for k, n in missing.items() if n]
        if table.lines is None and table.counts.blanks == sum(missing.values()):
            return []  # every field without a character is missing, so that there are no others
        if not gone or len(gone) * len(frame) > _COUNTED:
            return []
        fields = parse_table(table, report, None, dict.fromkeys(gone, "str"), gone, missing=False)
        words = fields.to_numpy(dtype=object).T[frame.iloc[:, gone].isna().to_numpy().T]  # column by column
        counts = Counter(word.strip() for word in words.tolist() if isinstance(word, str))
    counts = Counter({word: n for word, n in counts.items() if word})
    if not counts:
        return []
    return ["Read as missing: " + ", ".join(f"{word} ({n:,})" for word, n in counts.most_common()) + "."]


def _whole_type(kind: Any) -> bool:
    """True for a type that holds no missing value."""
    return isinstance(kind, np.dtype) and kind.kind in "biu"


def describe_layout(layout: Layout) -> str:
    """A note on how the file is read."""
    kind = DELIMITER_NAMES.get(layout.delimiter, f"{layout.delimiter!r}")
    of = "of one column" if len(layout.names) == 1 else f"separated by {kind}"
    encoding = layout.encoding.upper() if layout.encoding.startswith("utf") else layout.encoding
    parts = [f"Read as {encoding} text {of}"]
    if layout.decimal == ",":
        parts.append("with decimal commas")
    if layout.thousands:
        parts.append(f"with {layout.thousands!r} between thousands")
    parts.append("with a header" if layout.header else "without a header")
    return ", ".join(parts) + "."


def text_column(values: pd.Series, layout: Layout) -> tuple[pd.Series, str]:
    """Dates where every value is one; otherwise text, and a note where nearly all of it is numbers.

    The index of the values are their rows in the file.
    """
    if not isinstance(values.dtype, pd.StringDtype) and values.dtype != object:
        return values, ""
    present = values.dropna()
    if present.empty or not isinstance(present.iloc[0], str):
        return values, ""
    moments, note = recognise(values)
    if moments is not None:
        found = moments.read(values)
        return (values, "") if found is None else (found, moments.note)
    if note:
        return values, note
    head = present.iloc[:_HEAD].str.strip()
    if 2 * int((~head.isin(SIGNS) & ~head.str.contains(r"\d")).sum()) > len(head) > 50:
        return values, ""  # words without a digit: nobody takes that for numbers
    levels = present.drop_duplicates().astype(str)
    numbers, note = signs_out(values, levels, layout)
    if numbers is not None:
        return numbers, note
    for pattern, what in ((_PERCENT, "a percent sign"), (_MONEY, "a currency sign")):
        if re.fullmatch(pattern, str(levels.iloc[0]).strip()) and bool(levels.str.strip().str.fullmatch(pattern).all()):
            sign = re.sub(r"[\d.,+ -]", "", str(levels.iloc[0]))
            told = f"its numbers have {what}, so it is read as text."
            return values, f'{told} Use destring, ignore("{sign}") to convert it to numbers.'
    bad = levels[_numbers(levels, layout).isna()]
    if 0 < len(bad) <= 20 and len(bad) < 0.2 * len(levels):
        n = int(present.isin(bad).sum())
        if n < 0.1 * len(present):
            count = "one value is not a number" if n == 1 else f"{n} values are not numbers"
            first = f"({bad.iloc[0]!r} in row {bad.index[0]} is the first)"
            return values, f"{count} {first}, so the variable is read as text."
    return values, ""


def signs_out(values: pd.Series, levels: pd.Series, layout: Layout) -> tuple[pd.Series | None, str]:
    """The values as numbers where all but signs of missing are numbers, with a note of the rows; otherwise None.

    ``levels`` are the different values, the index their rows in the file.
    """
    signs = levels[levels.str.strip().isin(SIGNS)]
    if signs.empty or len(signs) == len(levels):
        return None, ""
    rest = _without_thousands(levels.drop(signs.index).str.strip(), layout)
    known = _numbers(rest, layout)
    if bool(known.isna().any()) or needs_text(rest):
        return None, ""
    numbers = values.map(dict(zip(levels.loc[rest.index], known, strict=True))).astype(np.float64)
    n = int((values.notna() & numbers.isna()).sum())
    words = ", ".join(repr(s) for s in signs.str.strip().unique())
    rows = "one value" if n == 1 else f"{n:,} values"
    return numbers, f"{words} read as missing ({rows}, the first in row {signs.index[0]})."
