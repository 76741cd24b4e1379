"""A sensible first guess at the level of measurement, for files that do not say."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Measure
from terrace.data.value import Value

FEWEST = 20
"""Rows up to which values that are all different say nothing."""
_FEW = 6
_HEAD = 1000  # values that are looked at first
_GROUPS = 20  # groups from which on numbers with gaps can name them
_UNITS = (  # what rows belong to, as names of variables have it
    "subj(?:ect)?s?|persons?|pupils?|students?|child|patients?|participants?|resp(?:ondent)?s?|schools?"
    "|class(?:es|rooms?)?|teachers?|hospitals?|clinics?|famil(?:y|ies)|hh|households?|clusters?|districts?"
    "|count(?:y|ies)|countr(?:y|ies)|regions?|states?|cit(?:y|ies)|firms?|raters?|judges?|dyads?|couples?|teams?"
    "|litters?|animals?|schulen?|klassen?|lehrer|schueler|probanden?|vpn?"
)
_IDENTIFIER = re.compile(
    rf"""(.*_)?id\d? | id_\w+ | \w{{2,}}id | (.*_)?(no|nr|num) | caseno | idnr
      | {_UNITS} | id_?(?:stud|teach|{_UNITS}) | (?:{_UNITS})_?(?:nr|no|num|number|code)""",
    re.VERBOSE | re.IGNORECASE,
)
_NOT_IDENTIFIER = re.compile(
    r"(.*_)?(a?void|acid|covid|fluid|grid|hybrid|paid|rapid|said|solid|valid)", re.IGNORECASE
)
_TIME = re.compile(
    r"(.*_)?(age|day|week|month|year|yr|time|wave|visit|occ(asion)?|period|trial|session|grade|round)s?\d*",
    re.IGNORECASE,
)


def guess_measures(names: Sequence[str], values: npt.NDArray[Any]) -> list[Measure]:
    """`guess_measure` of many columns of numbers without labels at once: ``values`` has shape (n, number of names)."""
    n = len(values)
    known = np.ones(values.shape, dtype=bool) if values.dtype.kind == "i" else ~np.isnan(values)
    filled = known.any(axis=0)
    shown = np.where(known, values, 0)
    whole = filled & (np.isfinite(shown) & (shown == np.floor(shown))).all(axis=0)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    with np.errstate(invalid="ignore"):
        span = high - low + 1
    rising = known.all(axis=0) & (n > FEWEST) & (values[1:] >= values[:-1]).all(axis=0)
    close = whole & ((span <= _FEW) | ((n > FEWEST) & (span == n)) | rising)
    out = [Measure.CONTINUOUS] * len(names)
    for k in map(int, np.flatnonzero(whole)):
        if close[k] or _IDENTIFIER.fullmatch(names[k]):  # the others are continuous, whatever else they are
            out[k] = _of_numbers(names[k], values[:, k], (), declared=False)
    return out


def guess_measure(
    name: str, values: pd.Series, *, labels: Collection[Value] = (), declared: bool = False
) -> Measure:
    """The level of measurement of these values, shape (n,), without those that stand for missing.

    - Identifier: whole numbers or text with a name such as ``id`` or ``school``; what is another value in every row;
      numbers of groups that stand one after the other (`_numbers_groups`).
    - Nominal: text, few whole numbers (all of 1 to 4), 0 and 1 under any name, and what ``labels``, the values
      that have one, name. A scale of which only the ends or the missing values are labelled is not named by them.
    - Continuous: everything else, such as sums of many items, and whatever by its name runs with time: waves 0 to 4 are
      codes to a machine and a slope to the user.

    ``declared`` says that the file calls it continuous: how groups lie is no reason to doubt that.
    """
    n = len(values)
    if not pd.api.types.is_numeric_dtype(values.dtype):
        distinct = n > FEWEST and values.iloc[:_HEAD].is_unique and values.notna().all() and values.is_unique
        return measure_of_words(name, bool(distinct))
    if isinstance(values.dtype, np.dtype):
        array = values.to_numpy()
        if array.dtype.kind == "f" and _has_fractions(array[:_HEAD]):
            return Measure.NOMINAL if labels and _name_the_values(array, labels) else Measure.CONTINUOUS
    else:
        array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return _of_numbers(name, array, labels, declared)


def _of_numbers(name: str, array: npt.NDArray[Any], labels: Collection[Value], declared: bool) -> Measure:
    n = len(array)
    whole = bool(array.size)
    if array.dtype.kind == "f":
        array = array[~np.isnan(array)]
        whole = bool(array.size) and bool(np.isfinite(array).all()) and bool((array == np.floor(array)).all())
    low, span = (array.min(), int(array.max()) - int(array.min()) + 1) if whole else (0, 0)
    if whole and n > FEWEST and low == 0 and span == 2:
        return Measure.NOMINAL  # yes or no, although it may be called student
    if whole and _named(name):
        return Measure.IDENTIFIER
    if labels and _name_the_values(array, labels):
        return Measure.NOMINAL
    if not whole or _TIME.fullmatch(name):
        return Measure.CONTINUOUS
    distinct = n > FEWEST and array.size == n and span == n
    few = span <= _FEW and span < n
    if (distinct or few) and _all_occur(array, span):
        return Measure.IDENTIFIER if distinct else Measure.NOMINAL
    groups = not declared and not labels and array.size == n and _numbers_groups(array, span)
    return Measure.IDENTIFIER if groups else Measure.CONTINUOUS


def _name_the_values(array: npt.NDArray[Any], labels: Collection[Value]) -> bool:
    """Whether labels say what the values are, rather than where a scale begins and ends or why a value is missing."""
    found = np.unique(array[~np.isnan(array)] if array.dtype.kind == "f" else array)
    if not len(found):
        return True
    named = np.isin(found, [float(v) for v in labels if isinstance(v, int | float)])
    bare = int((~named).sum())
    return bool(named.any()) and not (bare > _FEW and bare > len(found) - bare)


def _numbers_groups(whole: npt.NDArray[Any], span: int) -> bool:
    """Whether whole numbers, shape (n,), count groups of rows, or number them with gaps as codes do.

    They rise from group to group, each of two rows or more. A covariate of the groups does not rise, and a score by
    which rows are sorted neither begins with 1 and takes every value nor leaves most of them out.
    """
    steps = np.diff(whole)
    if len(whole) <= FEWEST or bool((steps < 0).any()):
        return False
    groups = 1 + int(np.count_nonzero(steps))
    counted = whole[0] == 1 and span == groups > _FEW and len(whole) >= 2 * groups
    coded = span > 3 * groups and groups >= _GROUPS and len(whole) >= 3 * groups
    return bool(counted or coded)


def measure_of_words(name: str, distinct: bool) -> Measure:
    """`guess_measure` of text; ``distinct`` where it is another in every one of more than `FEWEST` rows."""
    return Measure.IDENTIFIER if distinct or _named(name) else Measure.NOMINAL


def _named(name: str) -> bool:
    return _IDENTIFIER.fullmatch(name) is not None and _NOT_IDENTIFIER.fullmatch(name) is None


def _all_occur(whole: npt.NDArray[Any], span: int) -> bool:
    """Whether each of `span` whole numbers from the lowest on is there."""
    low = whole.min()
    seen = np.zeros(span, dtype=bool)
    for part in (whole[:_HEAD], whole[_HEAD:]):  # of a few codes, each occurs near the beginning
        wide = part if part.dtype.kind == "f" else part.astype(np.int64)  # a difference may lie beyond a narrow type
        seen[(wide - low).astype(np.intp)] = True
        if seen.all():
            return True
    return False


def _has_fractions(values: npt.NDArray[Any]) -> bool:
    known = values[np.isfinite(values)]
    return bool((known != np.floor(known)).any())
