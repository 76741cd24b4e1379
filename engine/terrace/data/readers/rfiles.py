"""Data frames of R: .rds with one object, .RData with several. The file is parsed by rdata; nothing in it is run."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.dates import DATETIME, DAY, EPOCH, MS_PER_DAY
from terrace.data.extended import CODES
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.levels import from_levels
from terrace.errors import DataError
from terrace.wording import others_are

_DAYS = (dt.date(1970, 1, 1) - EPOCH).days
_NA = 1954  # in the lower half of a missing number (R_NaReal); haven puts a letter into the upper half
_UNITS = {"secs": "seconds", "mins": "minutes", "hours": "hours", "days": "days", "weeks": "weeks"}
_KINDS = {"CLO": "a function", "ENV": "an environment", "S4": "an S4 object", "NILVALUE": "NULL", "NIL": "NULL",
          "LANG": "a call", "SYM": "a name", "EXPR": "an expression", "EXTPTR": "a pointer"}  # fmt: skip
_VECTORS = {"LGL": "truth values", "INT": "whole numbers", "REAL": "numbers", "STR": "texts",
            "CPLX": "complex numbers", "RAW": "bytes"}  # fmt: skip


def read_r(path: Path, report: Report, *, object: str | None = None) -> Dataset:
    """Read a data frame: of an .RData file the first, or that called `object`; of a list in an .rds file likewise.

    Factors keep their levels as value labels in their order, dates and times become numbers with a format, labels and
    missing values of haven are kept. Raises `DataError` where there is no data frame, and says what there is instead.
    """
    from rdata import parser

    report()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parsed = parser.parse_file(path, extension=".rds" if path.suffix.lower() == ".rds" else ".rda")
        except NotImplementedError as error:  # ends the reading wherever in the file it stands
            raise _unread(path, str(error)) from error
    report()
    text = _Texts(parsed.extra.encoding)
    objects = {"": _Object(parsed.object, text)}
    top = objects[""]
    if top.kind == "LIST":
        objects = dict(top.pairs())
    elif top.kind == "VEC" and not top.classes():
        elements = dict(zip(top.names(), top.elements(), strict=False))
        if any(e.is_table() for e in elements.values()):
            objects = elements
    name, chosen = _chosen(path, objects, object)
    others = [n for n, o in objects.items() if n != name and o.is_table()]
    notes = [f"Read {name}; {others_are(others, 'other data frame')}. Use the option object() to open another."] * (
        len(others) > 0
    )
    columns = list(_columns(chosen, notes))
    return build_dataset(columns, source=str(path), label=chosen.text_attribute("label"), notes=notes)


def _unread(path: Path, message: str) -> DataError:
    kind = next((k for k in (*_KINDS, *_VECTORS) if f".{k} " in message), "")
    what = _KINDS.get(kind) or _VECTORS.get(kind) or "something"
    return DataError(
        f"{path.name} holds {what} of R, which Terrace does not read.", code="unknown-format", subject=str(path),
        advice="In R, leave that out and save the rest: saveRDS(data[c(...)], \"file.rds\").",
    )  # fmt: skip


def _chosen(path: Path, objects: dict[str, _Object], wanted: str | None) -> tuple[str, _Object]:
    tables = {n: o for n, o in objects.items() if o.is_table()}
    if wanted is not None:
        if wanted in tables:
            return wanted, tables[wanted]
        what = f", it is {objects[wanted].in_words()}" if wanted in objects else ""
        names = [n for n in tables if n]
        raise DataError(
            f"{path.name} has no data frame {wanted!r}{what}.", code="no-such-object", subject="object",
            advice=f"Its data frames are: {', '.join(names)}." if names else "It holds one object, which has no name.",
        )  # fmt: skip
    if tables:
        return next(iter(tables.items()))
    held = [f"{n}, {o.in_words()}" if n else o.in_words() for n, o in objects.items()] or ["nothing"]
    raise DataError(
        f"{path.name} contains no data frame, only {'; '.join(held[:5])}{'; ...' if len(held) > 5 else ''}.",
        code="not-a-table", subject=str(path), advice='In R, save a data frame: saveRDS(data, "file.rds").',
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts of R, which are in the encoding that each says, or in that of the file."""

    encoding: str | None

    def of(self, char: Any) -> str | None:
        if char.value is None:
            return None
        content, flags = bytes(char.value), char.info.gp
        if flags & 4:  # Latin-1, which in R is Windows' own
            return content.decode("cp1252", errors="replace")
        try:
            return content.decode("utf-8" if flags & (8 | 64) else self.encoding or "utf-8")
        except (UnicodeDecodeError, LookupError):
            return content.decode("cp1252", errors="replace")


class _Object:
    """An object of the file: its kind, value and attributes."""

    __slots__ = ("_raw", "_text", "attributes", "kind", "value")

    def __init__(self, raw: Any, text: _Texts) -> None:
        if raw.info.type.name == "REF" and raw.referenced_object is not None:
            raw = raw.referenced_object
        self._raw, self._text = raw, text
        self.kind: str = raw.info.type.name
        self.value = raw.value
        attributes = raw.attributes
        known = attributes is not None and attributes.info.type.name == "LIST"
        self.attributes: dict[str, _Object] = dict(_Object(attributes, text).pairs()) if known else {}

    def pairs(self) -> Iterator[tuple[str, _Object]]:
        """Names and values of a pairlist, a chain of a value and the rest."""
        node = self._raw
        while node.info.type.name == "LIST":
            tag = node.tag
            if tag is not None and tag.info.type.name == "REF":
                tag = tag.referenced_object
            name = "" if tag is None or tag.value is None else self._text.of(tag.value) or ""
            value, rest = node.value
            yield name, _Object(value, self._text)
            node = rest

    def elements(self) -> list[_Object]:
        """The elements of a list."""
        return [_Object(raw, self._text) for raw in self.value]

    def texts(self) -> list[str | None]:
        """The texts of a character vector."""
        return [self._text.of(char) for char in self.value] if self.kind == "STR" else []

    def texts_attribute(self, name: str) -> list[str]:
        """An attribute that is a character vector."""
        found = self.attributes.get(name)
        return [] if found is None else [t or "" for t in found.texts()]

    def text_attribute(self, name: str) -> str:
        """The first text of such an attribute, empty where there is none."""
        return next(iter(self.texts_attribute(name)), "")

    def names(self) -> list[str]:
        """The names of the elements."""
        return self.texts_attribute("names")

    def classes(self) -> list[str]:
        """What R calls it."""
        return self.texts_attribute("class")

    def shape(self) -> tuple[int, ...]:
        """The dimensions of a matrix or an array; empty for others."""
        found = self.attributes.get("dim")
        return () if found is None else tuple(int(n) for n in found.value)

    def is_table(self) -> bool:
        """A data frame of any class, or a matrix of numbers or texts."""
        if self.kind == "VEC" and "data.frame" in self.classes():
            return True
        return self.kind in ("LGL", "INT", "REAL", "STR") and len(self.shape()) == 2 and "table" not in self.classes()

    def in_words(self) -> str:
        """What it is, for somebody who looked for a data frame."""
        special = next((c for c in self.classes() if c not in ("factor", "ordered", "Date")), "")
        if self.kind in _KINDS:
            return _KINDS[self.kind]
        if self.kind == "VEC":
            return f"a list of class {special}" if special else f"a list of {len(self.value)}"
        if self.kind in _VECTORS:
            what = f"an array of {len(self.shape())} dimensions" if len(self.shape()) > 2 else "a vector"
            return f"{what} of {len(self.value):,} {_VECTORS[self.kind]}"
        return "an object of R"


# --- columns ----------------------------------------------------------------------------------------------------
def _columns(table: _Object, notes: list[str]) -> Iterator[RawColumn]:
    if table.kind != "VEC":
        yield from _matrix("", table, notes)
        return
    rows = table.attributes.get("row.names")
    if rows is not None and rows.kind == "STR":
        own = rows.texts()
        if own != [str(k + 1) for k in range(len(own))] and "row_names" not in table.names():
            notes.append("The names of the rows are in the variable row_names.")
            yield RawColumn("row_names", pd.Series(own, dtype=object))
    for name, column in zip(table.names(), table.elements(), strict=False):
        if column.shape()[1:] and "table" not in column.classes():
            yield from _matrix(name, column, notes)
        else:
            yield _column(name, column, notes)


def _matrix(name: str, matrix: _Object, notes: list[str]) -> Iterator[RawColumn]:
    """The columns of a matrix, which stand one after the other."""
    n, width = matrix.shape()[0], int(np.prod(matrix.shape()[1:]))
    listed = matrix.attributes.get("dimnames")
    titles: list[str | None] = listed.elements()[1].texts() if listed is not None and len(matrix.shape()) == 2 else []
    for j in range(width):
        title = (titles[j] if j < len(titles) else None) or (f"v{j + 1}" if not name or width > 1 else "")
        piece = _Object(matrix._raw, matrix._text)
        piece.value = matrix.value[j * n : (j + 1) * n]
        yield _column("_".join(part for part in (name, title if width > 1 or not name else "") if part), piece, notes)


def _column(name: str, column: _Object, notes: list[str]) -> RawColumn:
    classes = column.classes()
    label = column.text_attribute("label")
    if column.kind == "VEC":
        if "POSIXlt" in classes:
            return RawColumn(name, _broken_down(column), label)
        inner: list[Any] = [{}] * _rows_of(column) if "data.frame" in classes else [[]] * len(column.value)
        return RawColumn(name, pd.Series(inner, dtype=object), label)
    if column.kind == "STR":
        return RawColumn(name, pd.Series(column.texts(), dtype=object), label, **_labelled(column))
    if column.kind == "INT" and "factor" in classes:
        codes = np.ma.filled(np.ma.asarray(column.value), 0).astype(np.int64) - 1
        return RawColumn(name, label=label, **from_levels(codes, column.texts_attribute("levels"),
                                                          ordered="ordered" in classes))  # fmt: skip
    if column.kind == "LGL":
        values = np.ma.asarray(column.value)
        truth = pd.arrays.BooleanArray(np.array(values.data, dtype=bool), np.array(np.ma.getmaskarray(values)))
        return RawColumn(name, truth, label)
    if column.kind == "REAL" and "integer64" in classes:
        return RawColumn(name, _long(column.value), label)
    if column.kind == "INT":
        return _number(name, _doubles(column.value), column, label, notes)
    if column.kind == "REAL":
        return _number(name, np.asarray(column.value), column, label, notes)
    return RawColumn(name, pd.Series(np.asarray(column.value)), label)


def _number(name: str, values: Any, column: _Object, label: str, notes: list[str]) -> RawColumn:
    classes = column.classes()
    known = _labelled(column, values)
    values = _quiet(values)
    if "Date" in classes:
        return RawColumn(name, np.floor(values) + _DAYS, label, format=DAY)
    if "POSIXct" in classes:
        zone = column.text_attribute("tzone")
        moments, note = _in_zone(values, zone)
        if note:
            notes.append(f"{name}: {note}")
        return RawColumn(name, moments, label, format="" if isinstance(moments, pd.Series) else DATETIME)
    if "difftime" in classes:
        unit = _UNITS.get(column.text_attribute("units"), "")
        if unit:
            notes.append(f"{name}: its unit is {unit}.")
        return RawColumn(name, values, label)
    return RawColumn(name, label=label, **({"values": values} | known))


def _in_zone(seconds: Any, zone: str) -> tuple[Any, str]:
    """Moments by the clock of their time zone; by that of UTC where it is not known."""
    if not zone or zone in ("UTC", "GMT"):
        note = "" if zone else "its times are in UTC, since the file gives no time zone."
        return np.round(seconds * 1000) + _DAYS * MS_PER_DAY, note
    try:
        return pd.to_datetime(pd.Series(np.round(seconds * 1000)), unit="ms", utc=True).dt.tz_convert(zone), ""
    except (KeyError, ValueError, OverflowError):
        return _in_zone(seconds, "UTC")[0], f"its times are in UTC: there is no time zone {zone}."


def _broken_down(column: _Object) -> Any:
    """Moments that R keeps in parts (POSIXlt)."""
    parts = dict(zip(column.names(), column.elements(), strict=False))
    n = max(len(p.value) for k, p in parts.items() if k in ("sec", "year"))
    number = {}
    for k in ("sec", "min", "hour", "mday", "mon", "year"):
        number[k] = np.resize(_quiet(_doubles(parts[k].value)), n)  # R repeats what is shorter
    frame = pd.DataFrame({"year": number["year"] + 1900, "month": number["mon"] + 1, "day": number["mday"],
                          "hour": number["hour"], "minute": number["min"], "second": number["sec"]})  # fmt: skip
    return pd.to_datetime(frame, errors="coerce")


def _doubles(values: Any) -> Any:
    """Whole numbers, of which rdata masks what is missing, as doubles."""
    return np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)


def _quiet(values: Any) -> Any:
    """With NumPy's NaN for that of R, which warns wherever it is computed with."""
    return np.where(np.isnan(values), np.nan, values)


def _long(values: Any) -> Any:
    """Whole numbers of 64 bits (package bit64), which stand in the bits of doubles."""
    whole = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    missing = whole == np.iinfo(np.int64).min
    return pd.arrays.IntegerArray(np.where(missing, 0, whole), missing)


def _labelled(column: _Object, values: Any = None) -> dict[str, Any]:
    """Value labels and missing values that haven keeps; tagged missing values become extended ones (.a to .z)."""
    found: dict[str, Any] = {}
    codes: list[Any] = []
    if values is not None:
        values, used = _tagged(values)
        if used:
            found["values"] = values
            codes += used
    labels = column.attributes.get("labels")
    if labels is not None and labels.kind in ("INT", "REAL", "STR"):
        own: Any = labels.texts() if labels.kind == "STR" else _tagged(np.asarray(labels.value, dtype=np.float64))[0]
        found["value_labels"] = {k: t for k, t in zip(list(own), labels.names(), strict=False) if not pd.isna(k)}
    single = column.attributes.get("na_values")
    if single is not None:
        codes += single.texts() if single.kind == "STR" else np.asarray(single.value, dtype=np.float64).tolist()
    limits = column.attributes.get("na_range")
    if limits is not None and values is not None and len(limits.value) == 2:
        low, high = (float(v) for v in limits.value)
        codes += sorted({float(v) for v in values[(values >= low) & (values <= high)]})
    return found | ({"missing_codes": tuple(dict.fromkeys(codes))} if codes else {})


def _tagged(values: Any) -> tuple[Any, list[float]]:
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    tags = np.where(np.isnan(values) & ((bits & 0xFFFFFFFF) == _NA), (bits >> 32) & 0xFF, 0)
    used = [letter for letter in CODES if bool((tags == ord(letter)).any())]
    values = np.array(values, dtype=np.float64)
    for letter in used:
        values[tags == ord(letter)] = CODES[letter]
    return values, [CODES[letter] for letter in used]


def _rows_of(column: _Object) -> int:
    return max((len(e.value) for e in column.elements() if hasattr(e.value, "__len__")), default=0)
