"""Columns of text as numbers or dates where their user says so: what fits, and which cells do not."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.digits import is_number, needs_text, too_long
from terrace.data.readers.header import MISSING
from terrace.data.readers.moments import Moments, in_style, recognise

_SHORT_YEAR = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{2})")
_TURN = 69  # two-digit years from here on are those of 1900, as POSIX has it
_PARTS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}.*")


@dataclass(frozen=True, slots=True)
class Converted:
    """A column, shape (n,), and which of its cells did not fit and are missing (``lost``), which had more digits than a
    number in double precision holds (``rounded``), and which dates could be read in two ways (``doubtful``).
    """

    values: pd.Series
    lost: npt.NDArray[np.bool_]
    rounded: npt.NDArray[np.bool_]
    doubtful: npt.NDArray[np.bool_]


def as_numbers(texts: pd.Series, decimal: str, thousands: str | None) -> Converted:
    """Texts as numbers by these marks."""
    written = texts.str.strip()
    if thousands:
        written = written.str.replace(thousands, "", regex=False)
    plain = written.str.replace(",", ".", regex=False) if decimal == "," else written
    numbers = pd.to_numeric(plain, errors="coerce").astype(np.float64)
    asked = _asked(texts)
    rounded = plain.map(too_long, na_action="ignore").fillna(False).to_numpy(dtype=bool)
    return Converted(numbers, asked & numbers.isna().to_numpy(), rounded, np.zeros(len(texts), dtype=bool))


def as_dates(texts: pd.Series, order: str) -> Converted:
    """Texts as dates and times, each by the way in which it is written; ``order`` is that of those that do not tell."""
    unique = pd.Series(texts.dropna().unique(), dtype="str")
    plain = unique.str.strip().map(_with_century)
    found = pd.Series(pd.NaT, index=unique.index, dtype="datetime64[us]")
    first = "mdy" if order == "mdy" else "dmy"
    for style in ("ymd", first, "mdy" if first == "dmy" else "dmy", "dby", "bdy"):
        open_ = plain[found.isna()]
        read = _read(open_[in_style(open_, style)], style)
        found = found.fillna(read)
    either = plain.map(_either_way) if not order else pd.Series(False, index=unique.index)
    codes = pd.Index(unique).get_indexer(pd.Index(texts.astype(object)))
    values = pd.Series(found.array.take(codes, allow_fill=True), index=texts.index)
    doubtful = np.where(codes >= 0, either.to_numpy(dtype=bool)[codes] if len(either) else False, False)
    nothing = np.zeros(len(texts), dtype=bool)
    return Converted(values, _asked(texts) & values.isna().to_numpy(), nothing, doubtful.astype(bool))


def _read(texts: pd.Series, style: str) -> pd.Series:
    """Those of these texts that are dates in this style; days that no month has are none."""
    read = Moments(style, False, "").read(texts) if len(texts) else None
    if read is not None and pd.api.types.is_datetime64_any_dtype(read.dtype):
        out: pd.Series = read.astype("datetime64[us]")
        return out
    if len(texts) < 2:
        return pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    half = len(texts) // 2  # one that does not fit is found in a few steps among very many
    both: pd.Series = pd.concat([_read(texts.iloc[:half], style), _read(texts.iloc[half:], style)])
    return both


def in_order(texts: pd.Series, order: str) -> pd.Series | None:
    """Texts as dates where every one is a date with day and month in this order; None where one is not."""
    present = texts.dropna()
    if present.empty or recognise(texts)[0] is not None or not _PARTS.fullmatch(str(present.iloc[0]).strip()):
        return None
    return Moments(order, False, "").read(texts) if order in ("dmy", "mdy") else None


def as_found(texts: pd.Series, decimal: str, thousands: str | None) -> pd.Series:
    """What a column of text is once signs of missing are out of it: numbers or dates where every value is one."""
    present = texts.dropna()
    if present.empty:
        return pd.Series(np.full(len(texts), np.nan), index=texts.index)
    moments, _ = recognise(texts)
    if moments is not None:
        found = moments.read(texts)
        return texts if found is None else found
    converted = as_numbers(texts, decimal, thousands)
    plain = present.str.replace(thousands, "", regex=False) if thousands else present
    return texts if converted.lost.any() or needs_text(plain) else converted.values


def misfits(texts: pd.Series, decimal: str, thousands: str | None) -> npt.NDArray[np.bool_]:
    """The cells for which a column is text although nearly all of it is numbers; none where it is text for others."""
    present = texts.dropna()
    nothing = np.zeros(len(texts), dtype=bool)
    if len(present) < 2 or not any(is_number(str(v).strip().replace(",", ".")) for v in present.iloc[:50]):
        return nothing
    lost = as_numbers(texts, decimal, thousands).lost
    return lost if 0 < lost.sum() < 0.1 * len(present) else nothing


def ambiguous(texts: pd.Series) -> npt.NDArray[np.bool_]:
    """The cells of a column of dates of which no value tells whether the day or the month comes first."""
    nothing = np.zeros(len(texts), dtype=bool)
    present = texts.dropna()
    if present.empty or not _PARTS.fullmatch(str(present.iloc[0]).strip()):
        return nothing
    found, note = recognise(texts)
    if found is not None or not note:
        return nothing
    either: npt.NDArray[np.bool_] = texts.map(_either_way, na_action="ignore").fillna(False).to_numpy(dtype=bool)
    return either


def without(texts: pd.Series, signs: Collection[str]) -> tuple[pd.Series, npt.NDArray[np.bool_]]:
    """Texts with these signs of missing taken out, and where they stood."""
    found = texts.str.strip().isin(signs).fillna(False).to_numpy(dtype=bool)
    return texts.mask(found), found


def _asked(texts: pd.Series) -> npt.NDArray[np.bool_]:
    """The cells that hold something besides a sign of missing."""
    known: npt.NDArray[np.bool_] = (texts.notna() & ~texts.str.strip().isin(MISSING)).to_numpy(dtype=bool)
    return known


def _with_century(text: str) -> str:
    found = _SHORT_YEAR.fullmatch(text)
    if found is None:
        return text
    year = int(found[4])
    return f"{found[1]}{found[2]}{found[3]}{found[2]}{1900 + year if year >= _TURN else 2000 + year}"


def _either_way(text: str) -> bool:
    found = _PARTS.fullmatch(text.strip())
    return found is not None and int(found[1]) <= 12 and int(found[2]) <= 12 and found[1] != found[2]
