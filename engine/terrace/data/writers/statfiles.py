"""Writing files of SPSS with as much of the description as they hold; cutting labels, for other formats too."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, FloatArray, Measure, Variable
from terrace.data.dates import MS_PER_DAY, SPSS_OFFSET_DAYS, is_date_format, is_datetime_format
from terrace.data.extended import LEAST, extended_name
from terrace.data.missing import code_text, range_text
from terrace.data.native_formats import spss_format, spss_says
from terrace.data.progress import Report
from terrace.data.value import Value
from terrace.data.writers import names
from terrace.errors import DataError
from terrace.wording import enumerated

_MEASURES = {
    Measure.NOMINAL: "nominal",
    Measure.IDENTIFIER: "nominal",
    Measure.ORDINAL: "ordinal",
    Measure.CONTINUOUS: "scale",
}
_LONGEST = 32_767  # bytes of a text in SPSS and SAS
_LINE = 80  # bytes of a line of its documents


def write_spss(data: Dataset, path: Path, report: Report) -> list[str]:
    """Write .sav, or compressed .zsav where the path ends so; return what it could not hold.

    Raises `DataError` for text longer than 32,767 bytes.
    """
    import pyreadstat

    data, notes = names.named(data, names.SPSS)
    frame, formats, missing = {}, {}, {}
    for v in data.variables:
        kept, lost = _declared(data, v)
        if lost:
            can = "of at most 8 bytes" if data.is_text(v.name) else "or a range and one"
            notes.append(f"{v.name}: SPSS allows three missing codes {can}; {enumerated(lost)} "
                         f"{_are(lost)} written as missing.")  # fmt: skip
        if data.is_text(v.name):
            frame[v.name] = _text(data, v, kept)
        else:
            frame[v.name] = pd.Series(_seconds(v, _numbers(data, v, kept)))
            formats[v.name] = spss_format(v) or _usual(data, v)
        if kept.declares_missing:
            missing[v.name] = _in_file(kept, data.is_text(v.name))
    notes += _letters(data) + cut_notes(data, label=64, labels=255, value_labels=120)
    unsaid = [v.name for v in data.variables if not data.is_text(v.name) and not spss_says(v)]
    if unsaid:
        notes.append("SPSS does not have these display formats, so they are left out: "
                     f"{', '.join(f'{n} {data.variable(n).format}' for n in unsaid)}.")  # fmt: skip
    lines = _lines(data.documents)
    if len(lines) > len(data.documents):
        notes.append(f"Data notes are split into lines of {_LINE} bytes.")
    pyreadstat.write_sav(
        pd.DataFrame(frame),
        path,
        file_label=cut(data.label, 64),
        compress=path.suffix.lower() == ".zsav",
        column_labels={v.name: cut(v.label, 255) for v in data.variables if v.label},
        note=lines,
        variable_value_labels={v.name: _labels(data, v) for v in data.variables if v.value_labels},  # type: ignore[misc]  # text has labels too
        missing_ranges=missing,
        variable_display_width={v.name: v.width for v in data.variables if v.width},
        variable_measure={v.name: _MEASURES[v.measure] for v in data.variables},
        variable_format=formats,
    )
    return notes


def _text(data: Dataset, v: Variable, kept: Variable) -> pd.Series:
    column = data.frame[v.name]
    lost = [c for c in v.missing_codes if c not in kept.missing_codes]
    column = column.where(column.notna() & ~column.isin(lost), "").astype("object")
    refuse_long(v.name, column, "SPSS")
    return column


def refuse_long(name: str, texts: pd.Series, holder: str) -> None:
    """`DataError` for texts, shape (n,), without missing ones, of more bytes than SPSS and SAS hold."""
    long = texts.str.len() > _LONGEST // 4  # what is shorter fits in any letters
    if not bool(long.any()):
        return
    sizes = texts[long].map(lambda t: len(t.encode("utf-8")))
    row = int(np.argmax(sizes.to_numpy()))
    if sizes.iloc[row] > _LONGEST:
        raise DataError(
            f"{name} holds text of {sizes.iloc[row]:,} bytes (row {int(np.flatnonzero(long)[row]) + 1}); "
            f"{holder} holds {_LONGEST:,}.",
            code="too-long",
            subject=name,
            advice=f"Shorten it (generate short = substr({name}, 1, 2000)), or write .dta or .parquet.",
        )


def _numbers(data: Dataset, v: Variable, kept: Variable) -> FloatArray:
    """The numbers with the missing codes that are kept; .a to .z, and other codes, as NaN."""
    values: FloatArray = data.frame[v.name].to_numpy(dtype=np.float64, na_value=np.nan)
    if not v.declares_missing:
        return values
    return np.where(v.stands_for_missing(values) & ~kept.stands_for_missing(values), np.nan, values)


def _seconds(v: Variable, values: FloatArray) -> FloatArray:
    """Dates in seconds since October 1582, to the millisecond; other numbers as they are."""
    if is_datetime_format(v.format):
        return values / 1000 + SPSS_OFFSET_DAYS * 86_400.0
    if is_date_format(v.format):
        seconds: FloatArray = np.round((values + SPSS_OFFSET_DAYS) * (MS_PER_DAY / 1000), 3)
        return seconds
    return values


def _usual(data: Dataset, v: Variable) -> str:
    present = data.frame[v.name].to_numpy(dtype=np.float64, na_value=np.nan)
    present = present[np.isfinite(present) & (present < LEAST)]
    return "F8.0" if bool((present == np.floor(present)).all()) else "F8.2"


def _letters(data: Dataset) -> list[str]:
    told = [v.name for v in data.variables if any(map(extended_name, (*v.missing_codes, *v.value_labels)))]
    return [f"SPSS has no .a to .z; in {enumerated(told)} they are written as missing, without labels."] * bool(told)


def _declared(data: Dataset, v: Variable) -> tuple[Variable, list[str]]:
    """The variable with what SPSS can declare missing, three codes or a range and one code; and what it cannot."""
    codes = [c for c in v.missing_codes if not extended_name(c)]
    if data.is_text(v.name):
        short = [c for c in codes if len(str(c).encode("utf-8")) <= 8][:3]
        return replace(v, missing_codes=tuple(short)), [f"{c!r}" for c in codes if c not in short]
    ranges = list(v.missing_ranges)
    codes = [c for c in codes if not v.in_missing_range(float(c))]
    if not ranges and len(codes) > 3 and (one := _as_range(data, v, codes)):
        ranges, codes = [one], []
    most = 1 if ranges else 3
    lost = [range_text(*r) for r in ranges[1:]] + [code_text(c) for c in codes[most:]]
    return replace(v, missing_codes=tuple(codes[:most]), missing_ranges=tuple(ranges[:1])), lost


def _in_file(v: Variable, text: bool) -> list[Any]:
    """What is declared missing, in the units of the file."""
    if text:
        return list(v.missing_codes)
    ends = _seconds(v, np.array(v.missing_ranges, dtype=np.float64).reshape(-1, 2))
    codes = _seconds(v, np.array([float(c) for c in v.missing_codes]))
    return [{"lo": low, "hi": high} for low, high in ends.tolist()] + list(codes.tolist())


def _as_range(data: Dataset, v: Variable, codes: list[Value]) -> tuple[float, float] | None:
    """From the lowest to the highest code, where no valid value lies between them."""
    low, high = min(map(float, codes)), max(map(float, codes))
    valid = data.numeric(v.name)
    return None if bool(((valid >= low) & (valid <= high)).any()) else (low, high)


def _labels(data: Dataset, v: Variable) -> dict[Value, str]:
    if data.is_text(v.name):
        return {str(k): cut(t, 120) for k, t in v.value_labels.items() if t}
    keys = {float(k): t for k, t in v.value_labels.items() if t and not extended_name(k)}
    numbers = _seconds(v, np.array(list(keys)))
    return {k: cut(t, 120) for k, t in zip(numbers.tolist(), keys.values())}


def _lines(documents: tuple[str, ...]) -> list[str]:
    """Lines of at most 80 bytes, broken between words where that is possible."""
    out: list[str] = []
    for text in documents:
        for line in text.splitlines() or [""]:
            size, found = _LINE, [line]
            while max(len(part.encode("utf-8")) for part in found) > _LINE:
                found, size = textwrap.wrap(line, size), size - 1
            out += found
    return out


def _are(words: list[str]) -> str:
    return "is" if len(words) == 1 else "are"


def cut(text: str, size: int) -> str:
    """At most `size` bytes of UTF-8, never half a character."""
    return text.encode("utf-8")[:size].decode("utf-8", errors="ignore")


def cut_notes(data: Dataset, *, label: int, labels: int, value_labels: int) -> list[str]:
    """Notes on what is longer than so many bytes, and is cut."""

    def long(text: str, size: int) -> bool:
        return len(text.encode("utf-8")) > size

    notes = [f"The data label is shortened to {label} bytes."] * long(data.label, label)
    variables = [v.name for v in data.variables if long(v.label, labels)]
    if variables:
        notes.append(f"Labels longer than {labels} bytes are shortened: {', '.join(variables)}.")
    variables = [v.name for v in data.variables if any(long(t, value_labels) for t in v.value_labels.values())]
    if variables:
        notes.append(f"Value labels longer than {value_labels} bytes are shortened: {', '.join(variables)}.")
    return notes
