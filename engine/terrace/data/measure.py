"""A sensible first guess at the level of measurement, for files that do not say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Measure

FEWEST = 20
"""Rows up to which values that are all different say nothing."""
_FEW = 6
_HEAD = 1000  # values that are looked at first
_IDENTIFIER = re.compile(
    r"""(.*_)?id\d? | id_\w+ | \w{2,}id | (.*_)?(no|nr|num) | caseno | idnr
      | subj(ect)?s? | persons? | pupils? | students? | child(ren)? | patients? | participants?
      | resp(ondent)?s? | schools? | class(es|room|rooms)? | teachers? | hospitals? | clinics?
      | famil(y|ies) | hh | households? | clusters? | districts?
       | count(y|ies) | countr(y|ies) | regions? | states? | cit(y|ies) | firms?""",
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
    close = whole & ((span <= _FEW) | ((n > FEWEST) & (span == n)))
    out = [Measure.CONTINUOUS] * len(names)
    for k in map(int, np.flatnonzero(whole)):
        if close[k] or _IDENTIFIER.fullmatch(names[k]):  # the others are continuous, whatever else they are
            out[k] = _of_numbers(names[k], values[:, k], labelled=False)
    return out


def guess_measure(name: str, values: pd.Series, *, labelled: bool) -> Measure:
    """Identifier by name or by being distinct in every row; nominal for text, labels and few integer codes.

    Anything else is continuous. Variables that by name run with time stay continuous: waves 0 to 4 are
    codes to a machine and a slope to the user.
    """
    n = len(values)
    if not pd.api.types.is_numeric_dtype(values.dtype):
        distinct = n > FEWEST and values.iloc[:_HEAD].is_unique and values.notna().all() and values.is_unique
        return measure_of_words(name, bool(distinct))
    if isinstance(values.dtype, np.dtype):
        array = values.to_numpy()
        if array.dtype.kind == "f" and _has_fractions(array[:_HEAD]):
            return Measure.NOMINAL if labelled else Measure.CONTINUOUS
    else:
        array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return _of_numbers(name, array, labelled)


def _of_numbers(name: str, array: npt.NDArray[Any], labelled: bool) -> Measure:
    n = len(array)
    whole = bool(array.size)
    if array.dtype.kind == "f":
        array = array[~np.isnan(array)]
        whole = bool(array.size) and bool(np.isfinite(array).all()) and bool((array == np.floor(array)).all())
    if whole and _named(name):
        return Measure.IDENTIFIER
    if labelled:
        return Measure.NOMINAL
    if not whole:
        return Measure.CONTINUOUS
    low = array.min()
    span = int(array.max()) - int(low) + 1
    distinct = n > FEWEST and array.size == n and span == n
    few = span <= _FEW and span < n
    if (distinct or few) and not _TIME.fullmatch(name) and _all_occur(array, span):
        return Measure.IDENTIFIER if distinct else Measure.NOMINAL
    return Measure.CONTINUOUS


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
