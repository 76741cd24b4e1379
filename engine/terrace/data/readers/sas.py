"""Files of SAS, .sas7bdat, with value labels from a catalog, .sas7bcat.

pyreadstat takes them apart, but not their text: it is read as if it were Latin-1, which gives each byte as a character,
and decoded here by the encoding that the file names. Converters that pyreadstat would use keep a letter back for the
accent that may follow (Vietnamese, Hebrew), and give it to the next text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, FloatArray
from terrace.data.dates import DATETIME, DAY, MS_PER_DAY, from_sas
from terrace.data.extended import CODES
from terrace.data.progress import Report
from terrace.data.readers.binary_text import LATIN, LatinText, known_encoding
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.statfiles import read_in_parts
from terrace.errors import DataError

_AT = 70  # where the header of both kinds of file has the number of its encoding
_ENCODINGS = {
    0: "cp1252", 204: "cp1252", 20: "utf-8", 28: "ascii", 205: "gb18030",
    **{29 + k: f"iso8859_{k + 1}" for k in range(9)}, 39: "iso8859_11", 40: "iso8859_15", 227: "iso8859_14",
    242: "iso8859_13", 41: "cp437", 42: "cp850", 43: "cp852", 44: "cp857", 45: "cp858", 46: "cp862", 47: "cp864",
    48: "cp865", 49: "cp866", 50: "cp869", 51: "cp874", 52: "cp921", 53: "cp922", 54: "cp1129", 55: "cp720",
    56: "cp737", 57: "cp775", 58: "cp860", 59: "cp863", **{60 + k: f"cp125{k}" for k in range(9)}, 69: "mac_roman",
    70: "mac_arabic", 71: "mac_hebrew", 72: "mac_greek", 73: "mac_thai", 75: "mac_turkish", 76: "mac_cyrillic",
    118: "cp950", 119: "euc_tw", 123: "big5", 125: "gb18030", 126: "gbk", 128: "cp1381", 134: "euc_jp", 136: "cp932",
    137: "cp942", 138: "cp932", 140: "cp949", 141: "cp949", 142: "cp949", 163: "mac_iceland", 167: "iso2022_jp",
    168: "iso2022_kr", 169: "iso2022_cn", 245: "mac_croatian", 246: "mac_cyrillic", 247: "mac_romanian",
    248: "shift_jisx0213",
}  # fmt: skip
"""Encodings by the numbers of SAS ("Encoding Values in SAS Language Elements" of its National Language Support). Some
are not known to Python."""
_DATETIME = re.compile(r"(DATETIME|[EB]8601(?:D[TNXZ]|LX)|DATEAMPM|MDYAMPM|DT\w+|NLDATM\w*)[\d.]*")
_DATE = re.compile(
    r"(DATE|DAY|DOWNAME|DDMMYY\w?|MMDDYY\w?|YYMMDD\w?|[EB]8601DA|JULIAN|JULDAY|MONYY|MONNAME|MONTH|MMYY\w?"
    r"|YYMM\w?|YYMON|YYQ\w*|QTRR?|WEEKDA\w+|WORDDAT\w|YEAR|NLDATE\w*)[\d.]*"
)

@dataclass(frozen=True, slots=True)
class SasVariable:
    """One variable as it was read: `values` are doubles, shape (n,), or text; `special` has the rows of each special
    missing value, by its letter (``A``, ``_``).
    """

    name: str
    values: FloatArray | pd.Series
    label: str
    format: str
    special: Mapping[str, npt.NDArray[np.int64]]


Labels = Mapping[str, Mapping[Any, str]]
"""Sets of value labels by the name of their format, in capitals, with $ where it is one of text."""


def read_sas(path: Path, report: Report, encoding: str | None = None, catalog: str | None = None) -> Dataset:
    """Read .sas7bdat; value labels come from `catalog`, or from one of the same name (.sas7bcat) beside the file.

    Raises `DataError` for text that is not in the encoding, a catalog that is missing, and a file that is cut off.
    """
    import pyreadstat

    beside = path.with_suffix(".sas7bcat")
    place = Path(catalog).expanduser() if catalog is not None else beside if beside.is_file() else None
    text = _text_of(path, encoding)
    frame, meta = read_in_parts(pyreadstat.read_sas7bdat, path, report, encoding=LATIN, user_missing=True)
    described = []
    for i, name in enumerate(meta.column_names):
        column = frame.iloc[:, i]
        is_text = meta.readstat_variable_types.get(name) == "string"
        values, special = (text.column(column), {}) if is_text else _numbers(column)
        label, format_ = text.of(meta.column_labels[i] or ""), meta.original_variable_types.get(name) or ""
        described.append(SasVariable(text.of(name), values, label, format_, special))
    columns, notes = sas_columns(described, {} if place is None else _labels(place))
    if place is not None:
        notes.append(f"Value labels are from {place.name}.")
    return build_dataset(columns, source=str(path), label=text.of(meta.file_label or "").strip(), notes=notes)


def _text_of(path: Path, encoding: str | None) -> LatinText:
    """The texts of a file by the encoding that was given, or by the one that its header names by a number."""
    if encoding is not None:
        return LatinText(path, known_encoding(encoding))
    with open(path, "rb") as file:
        head = file.read(_AT + 1)
    number = head[_AT] if len(head) > _AT else 0
    return LatinText(path, _ENCODINGS.get(number, f"number {number} of SAS"))


def _labels(catalog: Path) -> Labels:
    import pyreadstat

    if not catalog.is_file():
        raise DataError(
            f"The catalog {catalog} does not exist.", code="no-such-file", subject="catalog",
            advice="Give a file of value labels, .sas7bcat, in the option catalog().",
        )  # fmt: skip
    try:
        _, described = pyreadstat.read_sas7bcat(catalog, encoding=LATIN)
    except (pyreadstat.ReadstatError, OSError) as error:
        raise DataError(
            f"{catalog.name} cannot be read: it is damaged, incomplete, or not a SAS catalog of value labels.",
            code="unreadable-file",
            subject="catalog",
            advice="Copy it again, or move it elsewhere to open the data without value labels.",
        ) from error
    text = _text_of(catalog, None)
    out: dict[str, dict[Any, str]] = {}
    for name, labels in described.value_labels.items():
        out[name.upper()] = {text.of(k) if isinstance(k, str) else k: text.of(v) for k, v in labels.items()}
    return out


def _numbers(column: pd.Series) -> tuple[FloatArray, dict[str, npt.NDArray[np.int64]]]:
    """Doubles and the rows of special missing values, of a column in which these are letters among numbers."""
    values: FloatArray = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    if column.dtype != object:
        return values, {}
    cells = column.to_numpy()
    letters = {v for v in cells[np.isnan(values)] if isinstance(v, str)}
    return values, {letter: np.flatnonzero(cells == letter) for letter in letters}


def sas_columns(described: Sequence[SasVariable], sets: Labels) -> tuple[list[RawColumn], list[str]]:
    """Columns of a SAS file, with notes.

    ``.A`` to ``.Z`` become ``.a`` to ``.z``. ``._``, for which there is no letter, gets one that the file does not use.
    """
    codes = {letter.upper(): code for letter, code in CODES.items()}
    given = {x for v in described for x in v.special}.union(*(filter(_is_letter, labels) for labels in sets.values()))
    notes = []
    if "_" in given:
        free = next((x for x in reversed(codes) if x not in given), "Z")
        codes["_"] = codes[free]
        notes.append(f"The missing value ._ of SAS is .{free.lower()} here.")
    return [_raw_column(v, sets, codes) for v in described], notes


def _raw_column(variable: SasVariable, sets: Labels, codes: Mapping[str, float]) -> RawColumn:
    values, format_, shown = variable.values, variable.format.upper(), ""
    kind = re.sub(r"[\d.]*$", "", format_)
    if isinstance(values, pd.Series):
        labels = sets.get("$" + kind.lstrip("$"), {})
        return RawColumn(variable.name, values, variable.label, value_labels=labels)
    if _DATETIME.fullmatch(format_):
        values, shown = from_sas(values * 1000.0, MS_PER_DAY), DATETIME
    elif _DATE.fullmatch(format_):
        values, shown = from_sas(values), DAY
    if variable.special:
        values = values.copy()
        for letter, rows in variable.special.items():
            values[rows] = codes[letter]
    labels = {codes.get(k, k): t for k, t in sets.get(kind, {}).items()}
    used = tuple(sorted(codes[letter] for letter in variable.special))
    return RawColumn(
        variable.name, values, variable.label, value_labels=labels, missing_codes=used, format=shown,
        native_format=format_,
    )  # fmt: skip


def _is_letter(key: Any) -> bool:
    return isinstance(key, str) and len(key) == 1 and (key == "_" or "A" <= key <= "Z")
