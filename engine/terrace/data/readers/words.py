"""Which columns of a text table hold words and nothing else (`moments.is_word`), so that there is no more to find out.

A long column is told by its different values. Of thousands of columns the fields are looked at together: to take so
many columns out of a frame one by one takes longer than to parse them.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from terrace.data.measure import FEWEST
from terrace.data.readers.build import FEW, Block
from terrace.data.readers.header import MISSING
from terrace.data.readers.moments import is_word, only_words
from terrace.data.readers.table import Table

_HEAD = 100  # values by which a column is seen not to be words
_DIFFERENT = 20_000  # values that are looked at of a column
_FIELDS = 1 << 22  # fields that are looked at together


@dataclass(frozen=True, slots=True)
class Words:
    """The ``columns``, counted from 0, of which every value is a word or missing, and those of them that have another
    word in every row (``distinct``; none in short tables).

    Of very many columns also: how many fields of the columns of text are missing (``gaps``), and how often each sign of
    missing stands in the table (``signs``; None where nobody looked).
    """

    columns: frozenset[int] = frozenset()
    distinct: frozenset[int] = frozenset()
    gaps: int = 0
    signs: Counter[str] | None = None


def find_words(table: Table, frame: pd.DataFrame, numbers: Sequence[Block]) -> Words:
    """The words among the columns of this frame, which holds rows of the table as they were parsed.

    ``numbers`` are its columns of numbers, where they are very many.
    """
    text = [k for k, kind in enumerate(frame.dtypes) if isinstance(kind, pd.StringDtype)]
    if frame.shape[1] > FEW and frame.size <= _FIELDS:
        missing = missing_numbers(frame, numbers)
        if not text and table.counts.blanks == missing:
            return Words(signs=Counter({"": missing}))  # nothing else can be missing
        found = _together(table, text, len(frame), missing)
        if found is not None:
            return found
    each = {k: different for k in text if (different := _words_of(frame.iloc[:, k]))}
    return Words(frozenset(each), frozenset(k for k, n in each.items() if n == len(frame) > FEWEST))


def missing_numbers(frame: pd.DataFrame, numbers: Sequence[Block]) -> int:
    """How many values are missing in the columns that are no text."""
    known = {k for places, _ in numbers for k in places}
    kinds = enumerate(frame.dtypes)
    others = [frame.iloc[:, k] for k, kind in kinds if k not in known and not isinstance(kind, pd.StringDtype)]
    return sum(int(np.isnan(block).sum()) for _, block in numbers) + sum(int(values.isna().sum()) for values in others)


def _words_of(values: pd.Series) -> int:
    """How many different words these values are; 0 where some of them are none, or there are very many."""
    if not only_words(values.iloc[:_HEAD]):
        return 0
    if len(values) > _DIFFERENT and 2 * values.iloc[:_DIFFERENT].nunique() > _DIFFERENT:
        return 0  # to find all of so many would take longer than it saves
    different = pd.Series(values.unique()).dropna()
    return len(different) if len(different) <= _DIFFERENT and only_words(different) else 0


def _together(table: Table, text: list[int], count: int, missing: int) -> Words | None:
    """The words of all columns of text by the fields of the file; None where these cannot be told from each other.

    Of other columns ``missing`` values are.
    """
    try:
        different, gaps = set[str](), 0
        for row in _rows(table, count):
            fields = row if len(text) == len(row) else [row[k] for k in text]
            different.update(fields)
            gaps += fields.count("")
        columns = set(text)
        odd = {field for field in different if field not in MISSING and not is_word(field)}
        for row in _rows(table, count) if odd else ():
            columns -= {k for k in columns if row[k] in odd}
        distinct = _distinct(table, columns, count) if len(different) >= count > FEWEST else frozenset()
        signs = Counter({"": gaps + missing})
        if signs[""] != table.counts.blanks or different & MISSING - {""}:
            signs, gaps = _signs(table, text, count)
    except (csv.Error, ValueError, OSError):
        return None
    # a sign of missing with blanks around it is not seen here
    return Words(frozenset(columns), distinct, gaps, None if table.counts.padded else signs)


def _distinct(table: Table, columns: Collection[int], count: int) -> frozenset[int]:
    """The columns that have another word in every row."""
    found = set(columns)
    seen: dict[int, set[str]] = {k: set(MISSING) for k in columns}
    for done, row in enumerate(_rows(table, count), 1):
        for k in found:
            seen[k].add(row[k])
        found = {k for k in found if len(seen[k]) == len(MISSING) + done}
    return frozenset(found)


def _signs(table: Table, text: list[int], count: int) -> tuple[Counter[str], int]:
    """How often each sign of missing stands in the table, and how many of them in its columns of text."""
    signs, gaps = Counter[str](), 0
    for row in _rows(table, count):
        found = MISSING.intersection(row)
        for sign in found:
            signs[sign] += row.count(sign)
        gaps += sum(row[k] in found for k in text) if found else 0
    return signs, gaps


def _rows(table: Table, count: int) -> Iterator[list[str]]:
    """The first rows of the table. Raises `ValueError` where they have not as many fields as it has columns."""
    layout = table.layout
    mark, before, encoding = layout.delimiter, layout.before, layout.encoding
    if table.lines is not None:
        mark, before = "\t", 0  # as it was written anew
    source = table.source
    with (
        open(source, encoding=encoding, newline="") if isinstance(source, Path)
        else io.StringIO(source.decode("utf-8"), newline="") as lines
    ):  # fmt: skip
        done = 0
        for row in islice(filter(None, csv.reader(islice(lines, before, None), delimiter=mark)), count):
            if len(row) != len(layout.names):
                raise ValueError("a row of another width")
            done += 1
            yield row
    if done < count:
        raise ValueError("fewer rows than were parsed")
