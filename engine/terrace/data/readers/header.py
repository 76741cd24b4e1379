"""Where a grid of cells has its names: titles above them, several rows of names, units and labels below, footers.

Text files and spreadsheets have the same habits, so both ask here. Cells are text, numbers, dates or None.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from terrace.data.readers.moments import is_moment, is_word

MISSING = frozenset(
    ["", ".", "NA", "N/A", "n/a", "NaN", "nan", "-nan", "#N/A", "NULL", "null"]
    + [f".{letter}" for letter in string.ascii_lowercase]
)
"""What stands for a missing value in a text file."""

_NUMBER = re.compile(
    r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?|[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d{1,3}(?:\.\d{3})+,\d+"
    r"|[+-]?(?:inf|infinity)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(19|20)\d\d")
_UNIT = re.compile(
    r"[\[(].{1,20}[\])]|%|°.?|[µμnmckdh]?(m|g|s|l|L|V|A|W|Hz|Pa|mol|min|J|eV|bar|h)([²³23]|\^[23])?|.{1,8}/.{1,8}"
    r"|years?|months?|weeks?|days?|hours?|minutes?|seconds?|inch(es)?|feet|lbs?|points?|score"
)
_FOOT = re.compile(
    r"\W*(sources?|notes?|footnote|totals?|end of|generated|exported|copyright|quelle|anmerkung)\b"
    r"|\(?\d+ rows?( affected)?\)?$|[*†‡]",
    re.IGNORECASE,
)
_REMARK = re.compile(r"(?://|%|;|!|--|/\*|\*)\s*\w")
_MOST_TITLES = 30
_MOST_ABOVE = 6
_ALIKE = 5  # rows that show in what way a table writes its numbers
_BLANK, _MISSING, _NUMERIC, _WORD = range(4)

At = int | tuple[int, int] | None
"""Where names or labels stand: a row, the first and the last of several, or None where that is to be found."""


@dataclass(frozen=True, slots=True)
class Header:
    """The names of a grid of cells, and what stands around the data.

    ``above`` rows come before the names, which take ``rows`` rows with what stands between them and the data (0: there
    are none); ``below`` rows at the end are no data. ``names`` and ``labels`` have one text a column, empty where there
    is none. Names come from the first ``joined`` of the rows, labels from the last ``labelled``, 0 for nowhere;
    ``numbers`` tells that names are numbers, which is a guess.
    """

    above: int
    rows: int
    names: tuple[str, ...]
    labels: tuple[str, ...]
    below: int = 0
    joined: int = 0
    labelled: int = 0
    numbers: bool = False

    @property
    def first(self) -> int:
        """The row of the grid, from 0, in which the data begin."""
        return self.above + self.rows

    def lines(self, numbers: Sequence[int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """The numbers of the first and the last row of the names, and of the labels; zeros where there are none.

        `numbers` has those of all rows.
        """
        if not self.rows:
            return (0, 0), (0, 0)
        names = (numbers[self.above], numbers[self.above + max(self.joined, 1) - 1])
        return names, (numbers[self.first - self.labelled], numbers[self.first - 1]) if self.labelled else (0, 0)


def at_rows(first: int, last: int) -> int | tuple[int, int]:
    """A row, or the first and the last of several."""
    return first if last == first else (first, last)


def first_row(at: At) -> int:
    """The first of these rows; 0 where there is none, or nobody said which."""
    return (at[0] if isinstance(at, tuple) else at) or 0


def place_of(number: At, numbers: Sequence[int]) -> At:
    """The position of rows by their number, or of the next that is there; -1 where there is none, and for 0."""
    if number is None:
        return None
    if isinstance(number, tuple):
        first = next((k for k, n in enumerate(numbers) if n >= number[0]), -1)
        if first < 0:
            return -1
        last = next((k for k in range(len(numbers) - 1, first, -1) if numbers[k] <= number[1]), first)
        return at_rows(first, last)
    return next((k for k, n in enumerate(numbers) if n >= number), -1) if number else -1


def find_header(
    rows: Sequence[Sequence[Any]],
    *,
    whole: bool = True,
    named: bool = False,
    names_row: At = None,
    labels_row: At = None,
    from_top: bool = False,
) -> Header:
    """The header of these cells, which are all rows or, where not `whole`, the first ones.

    ``named`` says that the first row of the table is known to hold names (they are quoted and the data are not);
    ``names_row`` is the row, from 0, that holds them, -1 where none does; ``labels_row`` likewise the row below it with
    the labels of the variables. Several rows of either are put together. Where there are no names, what stands above
    the data is left out unless they are to begin ``from_top``. Rows may differ in length.
    """
    cells = [[_kind(c) for c in row] for row in rows]
    width = usual_width(rows)
    below = footer_rows(rows, width) if whole else 0
    end = len(rows) - below
    if isinstance(names_row, tuple):
        above, last = names_row
    else:
        above = last = _titles(rows, cells, width, end) if names_row is None or names_row < 0 else names_row
    nameless = Header(0 if from_top else above, 0, ("",) * width, ("",) * width, below)
    if names_row == -1:
        return nameless
    first = cells[above] if above < end else []
    body = [row for row in cells[above + 1 : end] if any(row)]
    guessed = False
    if names_row is None and not named:
        names, guessed = _are_names(rows[above] if first else (), first, body, rows[above + 1 : end])
        if not names:
            return nameless
    if names_row is not None or labels_row is not None:
        return _labelled(_named(rows, above, last - above, width, below, guessed, joined=True), rows, labels_row)
    return _named(rows, above, _further(rows, cells, above, end), width, below, guessed)


def _labelled(found: Header, rows: Sequence[Sequence[Any]], at: At) -> Header:
    """The header with the labels that stand in these rows; without labels where they are not below the names."""
    first, last = at if isinstance(at, tuple) else (at, at)
    if first is None or last is None or first < found.first:
        return found
    texts = [[_text(c) for c in row] for row in rows[first : last + 1]]
    labels = tuple(_together(texts, j) for j in range(len(found.names)))
    return replace(found, rows=last - found.above + 1, labels=labels, labelled=last - first + 1)


def _together(texts: Sequence[Sequence[str]], column: int) -> str:
    return "; ".join(t[column] for t in texts if column < len(t) and t[column])


def could_be_names(row: Sequence[Any], below: Sequence[Sequence[Any]]) -> bool:
    """Whether a row may hold the names of the columns of the rows below it."""
    return _are_names(row, [_kind(c) for c in row], [[_kind(c) for c in r] for r in below], below)[0]


def usual_width(rows: Sequence[Sequence[Any]]) -> int:
    """How many columns a grid has: up to the last filled cell of most rows."""
    counts = Counter(_filled(row) for row in rows)
    counts.pop(0, None)
    if not counts:
        return 0
    usual = max(counts.items(), key=lambda item: (item[1], item[0]))[0]
    # a last column that is often empty still is one
    wider = [w for w, n in counts.items() if w > usual and n >= 0.02 * sum(counts.values()) and n > 1]
    return max([usual, *wider])


def footer_rows(rows: Sequence[Sequence[Any]], width: int) -> int:
    """How many rows at the end are no data: a source, a note, a sum by name, and blank rows.

    They stand in one cell, or are cut into several by a delimiter in their words: "Note: weighted, as agreed".
    """
    if width < 2:
        return 0
    last = len(rows)
    found = last
    body = last
    while body > 1 and all(_kind(c) in (_WORD, _BLANK) for c in rows[body - 1]):
        body -= 1  # words alone say nothing of what the first column holds
    numeric = [_kind(row[0]) for row in rows[1:body] if len(row) and _filled(row) > 1]
    numbers = bool(numeric) and all(k in (_NUMERIC, _MISSING, _BLANK) for k in numeric)
    for i in range(last - 1, max(1, last - 1 - _MOST_TITLES), -1):
        filled = [c for c in rows[i] if not _is_blank(c)]
        if not filled:
            continue
        text = str(filled[0]).strip()
        after_blank = all(_is_blank(c) for c in rows[i - 1])
        foot = _FOOT.match(text) is not None and (len(filled) < width or after_blank)
        prose = numbers and " " in text and all(_kind(c) == _WORD for c in filled)
        prose = prose and len(set(map(str, filled))) == len(filled)  # "not known" in every column is a row of data
        if not (len(filled) == 1 or foot or prose) or _kind(filled[0]) != _WORD or filled[0] is not rows[i][0]:
            break
        short = len(rows[i]) < width
        if not (after_blank or numbers or _FOOT.match(text) or (short and " " in text) or found < last):
            break
        found = i
    if found == last:
        return 0
    while found > 1 and all(_is_blank(c) for c in rows[found - 1]):
        found -= 1
    return last - found


# --- what a cell is -------------------------------------------------------------------------------------------------
def is_value(cell: Any) -> bool:
    """True for a number, a date or a time, as such or as text."""
    return _kind(cell) == _NUMERIC


def _kind(cell: Any) -> int:
    if cell is None:
        return _BLANK
    if not isinstance(cell, str):
        if isinstance(cell, int | float | dt.date | dt.time | dt.timedelta):
            return _BLANK if isinstance(cell, float) and math.isnan(cell) else _NUMERIC
        return _WORD
    text = cell.strip()
    if not text:
        return _BLANK
    if text in MISSING:
        return _MISSING
    if is_word(text):
        return _WORD
    return _NUMERIC if _NUMBER.fullmatch(text) or is_moment(text) else _WORD


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _filled(row: Sequence[Any]) -> int:
    """The number of cells up to the last that is not blank."""
    for i in range(len(row), 0, -1):
        if not _is_blank(row[i - 1]):
            return i
    return 0


# --- titles ---------------------------------------------------------------------------------------------------------
def _titles(rows: Sequence[Sequence[Any]], cells: list[list[int]], width: int, end: int) -> int:
    """How many rows stand before the table: titles and blank rows, where there is evidence that they are that."""
    i = next((k for k in range(end) if any(cells[k])), 0)
    if width < 2:
        return i
    edge = min(next((j for j, k in enumerate(row) if k), width) for row in cells)  # columns before it are blank
    start, gap = i, False
    while i < min(end, start + _MOST_TITLES) and (_is_title(cells, i, width, edge) or _is_remark(rows, cells, i)):
        i += 1
        while i < end and not any(cells[i]):
            gap, i = True, i + 1
    if i == start:
        return _below_gap(cells, start, end)
    if i + 1 >= end:
        return start
    shorter = all(len(rows[k]) < min(width, len(rows[i])) for k in range(start, i) if any(cells[k]))
    words = sum(k == _WORD for k in cells[i]) >= 2 and _NUMERIC not in cells[i]
    below = [row for row in cells[i + 1 : end] if any(row)]
    breaks = words and _is_table([cells[i], *below])
    # no table has two rows of one or two cells first and then one with words over more columns: "Period, May 2019"
    several = words and i - start > 1 and sum(map(bool, cells[i])) > 2
    found = i if (gap or shorter or breaks or several) and (words or shorter or gap) else start
    return _below_gap(cells, found, end)


def _below_gap(cells: list[list[int]], start: int, end: int) -> int:
    """The row of names below a blank one, where a few rows of words above it are no part of a table; else `start`.

    A title with a delimiter in it has as many cells as the table: "A survey, part 1". Nothing stands between the names
    of a table and its data, and words over numbers are names.
    """
    gap = next((k for k in range(start + 1, min(end, start + _MOST_ABOVE + 1)) if not any(cells[k])), end)
    below = next((k for k in range(gap, end) if any(cells[k])), end)
    above = cells[start:gap]
    if below + 1 >= end or any(_NUMERIC in row and row[0] != _WORD for row in above) or _is_table(above):
        return start
    names = cells[below]
    body = [row for row in cells[below + 1 : end] if any(row)]
    wide = sum(map(bool, names)) >= max(sum(map(bool, row)) for row in above)
    words = names.count(_WORD) >= 2 and _NUMERIC not in names and _MISSING not in names
    return below if wide and words and _is_table([names, *body]) else start


def _is_table(cells: list[list[int]]) -> bool:
    """True where a word of the first row stands over a column of numbers."""
    return any(k == _WORD and _numeric_column(cells[1:], j) for j, k in enumerate(cells[0]))


def _is_title(cells: list[list[int]], i: int, width: int, edge: int) -> bool:
    kinds = cells[i]
    filled = [j for j, k in enumerate(kinds) if k]
    if len(filled) > 2 or kinds[filled[0]] == _NUMERIC:
        return False
    if 2 * len(filled) >= width - edge + 1 and not _apart(cells, i, len(filled)):
        return False
    if len(filled) == 1:
        return True
    # two cells: "Date, 2020-01-01" is a title; two groups of columns over a row of names are not
    return filled == [edge, edge + 1] and (width - edge >= 4 or kinds[edge + 1] == _NUMERIC)


def _is_remark(rows: Sequence[Sequence[Any]], cells: list[list[int]], i: int) -> bool:
    """True for a row that begins as a comment of some language, over one of words with a column of numbers below."""
    if cells[i][0] != _WORD or not _REMARK.match(str(rows[i][0]).strip()):
        return False
    body = [row for row in cells[i + 1 :] if any(row)]
    if len(body) < 2:
        return False
    if _REMARK.match(next(str(row[0]).strip() for row in rows[i + 1 :] if any(not _is_blank(c) for c in row))):
        return True  # one of several
    words = sum(k == _WORD for k in body[0]) >= 2 and set(body[0]) <= {_WORD}
    return words and any(_numeric_column(body[1:], j) for j in range(len(body[0])))


def _apart(cells: list[list[int]], i: int, filled: int) -> bool:
    """True where a blank row stands between a row and one of more cells than it has, all of them words."""
    below = next((k for k in range(i + 1, len(cells)) if any(cells[k])), i + 1)
    kinds = {k for k in cells[below] if k} if below < len(cells) else set()
    return below > i + 1 and kinds == {_WORD} and sum(map(bool, cells[below])) > filled


# --- names ----------------------------------------------------------------------------------------------------------
def _numeric_column(body: list[list[int]], j: int) -> bool:
    kinds = [row[j] for row in body if j < len(row)]
    return _NUMERIC in kinds and _WORD not in kinds


def _are_names(
    first_row: Sequence[Any], first: list[int], body: list[list[int]], below: Sequence[Sequence[Any]]
) -> tuple[bool, bool]:
    """Whether a row holds names, and whether that is a guess, since some of the names are numbers."""
    numeric = [j for j, k in enumerate(first) if k in (_NUMERIC, _MISSING)]
    if not body:
        return not any(k == _NUMERIC for k in first), False
    if any(k == _WORD and _numeric_column(body, j) for j, k in enumerate(first)):
        # a name above numbers; a row of data has one only where its other cells are numbers like those below
        if not numeric or not all(_numeric_column(body, j) for j in numeric):
            return True, bool(numeric)
        if len(numeric) < sum(k == _WORD for k in first):
            return True, True
        return _regular(first_row, numeric) or _written_otherwise(first_row, numeric, below), True
    if not numeric:
        return True, False
    words = [j for j, k in enumerate(first) if k == _WORD or (k == _BLANK and j == 0)]
    if not words:
        whole = all(_is_whole(first_row[j]) for j in numeric) and not all(
            _is_whole(c) for row in below for c in row if _kind(c) == _NUMERIC
        )
        counted = whole and (_regular(first_row, numeric, begin=(0, 1)) or _around_zero(first_row, numeric))
        return len(numeric) >= 3 and (counted or _written_otherwise(first_row, numeric, below)), True
    repeated = any(
        str(row[j]).strip() == str(first_row[j]).strip() for row in below for j in words
        if j < len(row) and not _is_blank(first_row[j])
    )  # fmt: skip
    if repeated:
        return False, False
    if _years(first_row, numeric):
        return _regular(first_row, numeric) and not any(_years(row, numeric) for row in below), True
    if len(numeric) == 2:
        # 1 and 2 are little evidence: rows of data that count up in any way speak against it
        return _regular(first_row, numeric) and not any(_regular(row, numeric) for row in below), True
    same = sum(_regular(row, numeric, (0, 1)) for row in below)
    return _regular(first_row, numeric, (0, 1)) and 2 * same < max(2, len(body)), True


def _regular(row: Sequence[Any], columns: list[int], begin: tuple[int, ...] = ()) -> bool:
    """True where these cells count up in equal steps, from one of `begin` where given, or are different years."""
    texts = [_text(row[j]) if j < len(row) else "" for j in columns]
    if len(texts) < 2 or not all(re.fullmatch(r"\d{1,9}", t) for t in texts):
        return False
    numbers = [int(t) for t in texts]
    if all(_YEAR.fullmatch(t) for t in texts):
        return len(set(numbers)) == len(numbers)
    if begin and numbers[0] not in begin:
        return False
    steps = {b - a for a, b in pairwise(numbers)}
    return len(steps) == 1 and min(steps) > 0


def _around_zero(row: Sequence[Any], columns: list[int]) -> bool:
    """True where these cells count up in steps of one from below zero to beyond it: -1, 0, 1."""
    texts = [_text(row[j]) if j < len(row) else "" for j in columns]
    if not all(re.fullmatch(r"-?\d{1,9}", t) for t in texts):
        return False
    numbers = [int(t) for t in texts]
    return numbers[0] < 0 < numbers[-1] and all(b - a == 1 for a, b in pairwise(numbers))


def _written_otherwise(row: Sequence[Any], columns: list[int], below: Sequence[Sequence[Any]]) -> bool:
    """True where these cells rise, and each has other decimals than the column below it, which always has the same.

    What writes a table writes its numbers in one way: 0.103, -0.280, 1.500 and never 1.5, which a name is written as.
    """
    below = [r for r in below if any(not _is_blank(c) for c in r)]
    cells = [row[j] if j < len(row) else None for j in columns]
    if len(columns) < 2 or len(below) < _ALIKE or any(_decimals(c) is None for c in cells):
        return False
    numbers = [float(str(c).strip().replace(",", ".")) for c in cells]
    if not all(a < b for a, b in pairwise(numbers)):
        return False
    for j, cell in zip(columns, cells, strict=True):
        found = {_decimals(r[j]) for r in below if j < len(r) and _kind(r[j]) == _NUMERIC}
        if len(found) != 1 or found <= {_decimals(cell), None}:
            return False
    return True


def _decimals(cell: Any) -> int | None:
    """How many decimals a number has as it is written; None for what is not written, or with an exponent."""
    found = re.fullmatch(r"[+-]?\d+(?:[.,](\d+))?", cell.strip()) if isinstance(cell, str) and cell.strip() else None
    return None if found is None else len(found[1] or "")


def _years(row: Sequence[Any], columns: list[int]) -> bool:
    return all(j < len(row) and _YEAR.fullmatch(_text(row[j])) for j in columns)


def _is_whole(cell: Any) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.0)?", str(cell).strip()) is not None


def _further(rows: Sequence[Sequence[Any]], cells: list[list[int]], above: int, end: int) -> int:
    """How many rows below the first row of names belong to the header: second names, units, labels."""
    for more in (2, 1):
        at = above + 1 + more
        body = [row for row in cells[at:end] if any(row)]
        if at >= end or not body or not all(_WORD in cells[k] for k in range(above + 1, at)):
            continue
        width = max(len(row) for row in body)
        numeric = [j for j in range(width) if _numeric_column(body, j)]
        gaps = _has_gaps(rows[above], width)
        block = range(above + 1, at)
        if numeric and all(_is_further(rows[k], cells[k], numeric, gaps and k == above + 1) for k in block):
            return more
    return 0


def _is_further(row: Sequence[Any], kinds: list[int], numeric: list[int], below_gaps: bool) -> bool:
    """True for a row of words over columns of numbers that cannot be a row of data with some values missing."""
    over = [kinds[j] if j < len(kinds) else _BLANK for j in numeric]
    words = [str(row[j]).strip() for j, k in zip(numeric, over, strict=True) if k == _WORD]
    if not words or _NUMERIC in over or _MISSING in over:
        return False
    if below_gaps or all(_UNIT.fullmatch(w) for w in words):
        return True
    return len(set(words)) > 1 and 2 * len(words) > len(numeric)


def _has_gaps(row: Sequence[Any], width: int) -> bool:
    """True for a row of names that leaves some columns out, or has one name for several."""
    names = [str(c).strip() for c in row if not _is_blank(c)]
    inside = [j for j in range(1, width) if j >= len(row) or _is_blank(row[j])]
    return len(set(names)) < len(names) or bool(inside)


def _named(
    rows: Sequence[Sequence[Any]],
    above: int,
    more: int,
    width: int,
    below: int,
    numbers: bool,
    joined: bool | None = None,
) -> Header:
    """The header whose names are in the first row, and in `more` below it where they are `joined`, or have gaps."""
    texts = [[_text(c) for c in rows[k]] for k in range(above, min(above + 1 + more, len(rows)))]
    wide = max([width, *(_filled(t) for t in texts)]) if texts else width
    texts = [t + [""] * (wide - len(t)) for t in texts] or [[""] * wide]
    top = [t[:wide] for t in texts]
    if not more or not (_has_gaps(top[0], wide) if joined is None else joined):
        labels = tuple(_together(top[1:], j) for j in range(wide))
        return Header(above, 1 + more, tuple(top[0]), labels, below, 1, more, numbers)
    group, names = "", []
    for first, *others in zip(*top, strict=True):
        group = first or group
        # a name of its own, such as id, that stands in the lower row before the first group
        names.append(" ".join(filter(None, [group, *others])))
    return Header(above, 1 + more, tuple(names), ("",) * wide, below, 1 + more, numbers=numbers)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())
