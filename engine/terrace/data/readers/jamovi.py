"""jamovi files, .omv: a zip archive with a description of the columns and their values one column after the other."""

from __future__ import annotations

import json
import operator
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.levels import from_levels
from terrace.data.value import Value
from terrace.errors import DataError

MISSING = -(2**31)
"""A missing whole number in a file of jamovi or JASP."""
_NEWEST = 12  # version of the archive that is known
_MEASURES = {"Nominal": Measure.NOMINAL, "Ordinal": Measure.ORDINAL, "Continuous": Measure.CONTINUOUS,
             "ID": Measure.IDENTIFIER}  # fmt: skip
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_RULE = re.compile(r"(==|!=|<=|>=|<|>)\s*(.+)")


def read_jamovi(path: Path, report: Report) -> Dataset:
    """Read the data with types, labels, levels and missing values. Rows that a filter leaves out are read as well.

    Raises `DataError` for a file of a version that is not known.
    """
    report()
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        about = archive.read("meta" if "meta" in names else "META-INF/MANIFEST.MF").decode("utf-8")
        version = re.search(r"jamovi-Archive-Version: ?(\d+)", about)
        if version is not None and int(version[1]) > _NEWEST:
            raise DataError(
                f"{path.name} was saved by a newer version of jamovi than Terrace can read.", code="unreadable-file",
                subject=str(path), advice="In jamovi, export the data as .sav.",
            )  # fmt: skip
        described = json.loads(archive.read("metadata.json"))["dataSet"]
        levels = json.loads(archive.read("xdata.json")) if "xdata.json" in names else {}
        values = archive.read("data.bin")
        strings = archive.read("strings.bin") if "strings.bin" in names else b""
    report(0.5)
    columns, notes = [], []
    for stored in stored_columns(described, levels, values):
        entry = stored.entry
        if entry.get("columnType") == "Filter":
            state = "" if entry.get("active", True) else ", which is off,"
            notes.append(f"{entry['name']} is a filter{state} of jamovi. All rows are read. "
                         f"Use keep if {entry['name']} == 1 to keep the rows that it keeps.")  # fmt: skip
        made = _values(stored, strings)
        missing, unread = _missing(made["values"], made.get("value_labels", {}), entry.get("missingValues") or [])
        if unread:
            notes.append(f"{entry['name']}: the missing values {unread!r} are not understood, so they are not applied.")
        columns.append(RawColumn(entry["name"], label=entry.get("description") or "", missing_codes=missing, **made))
    if described.get("weights"):
        notes.append(f"jamovi weights the rows by {described['weights']}. In Terrace, add weights to the model "
                     "instead.")
    return build_dataset(columns, source=str(path), notes=notes)


@dataclass(frozen=True, slots=True)
class Stored:
    """A column as a file of jamovi or of JASP before 0.18 has it.

    ``entry`` is its description, ``kind`` the type of the values (Integer, Decimal, Text), ``measure`` that of
    measurement, and ``levels`` are [value, label, value as imported, ...].
    """

    entry: dict[str, Any]
    kind: str
    measure: str
    raw: npt.NDArray[Any]
    levels: list[list[Any]]

    def categories(self, *, ordered: bool) -> dict[str, Any]:
        """Text that is levels, as arguments of `RawColumn`."""
        codes = np.full(len(self.raw), -1, dtype=np.int64)
        for k, level in enumerate(self.levels):
            codes[self.raw == int(level[0])] = k
        return from_levels(codes, [str(level[1]) for level in self.levels], ordered=ordered)

    def numbers(self) -> dict[str, Any]:
        """Numbers with their labels, as arguments of `RawColumn`."""
        values = self.raw.astype(np.float64)
        if self.kind != "Decimal":
            values[self.raw == MISSING] = np.nan
        labels = {int(level[0]): str(level[1]) for level in self.levels if str(level[1]) != str(level[0])}
        return {"values": values, "value_labels": labels}


def stored_columns(described: dict[str, Any], levels: dict[str, Any], values: bytes) -> Iterator[Stored]:
    """The columns of ``metadata.json`` and ``xdata.json``, with their values, one column after the other."""
    rows, at = int(described["rowCount"]), 0
    for entry in described["fields"]:
        kind, measure = _types_of(entry)
        width = 8 if kind == "Decimal" else 4
        raw = np.frombuffer(values, dtype="<f8" if width == 8 else "<i4", count=rows, offset=at)
        at += width * rows
        yield Stored(entry, kind, measure, raw, (levels.get(entry["name"]) or {}).get("labels") or [])


def _types_of(entry: dict[str, Any]) -> tuple[str, str]:
    """Type of the values (Integer, Decimal, Text) and of measurement; older files say both in one word."""
    measure = entry.get("measureType", "Nominal")
    if entry.get("dataType"):
        return entry["dataType"], measure
    if measure == "NominalText":
        return "Text", "Nominal"
    return ("Decimal", measure) if measure == "Continuous" else ("Integer", measure)


def _values(stored: Stored, strings: bytes) -> dict[str, Any]:
    """Values, labels and measure as arguments of `RawColumn`."""
    scale = _MEASURES.get(stored.measure)
    if stored.kind == "Decimal":
        return {"values": stored.raw.astype(np.float64), "measure": scale}
    if stored.kind == "Text" and stored.measure == "ID":
        return {"values": _strings(stored.raw, strings), "measure": scale}
    if stored.kind == "Text":
        return stored.categories(ordered=stored.measure == "Ordinal")
    return {**stored.numbers(), "measure": scale}


def _strings(raw: npt.NDArray[Any], strings: bytes) -> pd.Series:
    """Texts that stand in a table of their own, each ended by a zero; `raw` says where."""
    if not strings:
        return pd.Series([None if k == MISSING else str(k) for k in raw.tolist()], dtype=object)
    return pd.Series(
        [None if k == MISSING else strings[k : strings.index(b"\0", k)].decode("utf-8") for k in raw.tolist()],
        dtype=object,
    )


def _missing(values: pd.Series, labels: dict[Value, str], rules: Sequence[str]) -> tuple[tuple[Value, ...], str]:
    """The values that occur and are missing by rules such as ``== 99``; a rule that is not understood."""
    present = pd.Series(values).dropna().unique().tolist()
    codes: list[Value] = []
    for rule in rules:
        found = _RULE.fullmatch(str(rule).strip())
        if found is None:
            return tuple(codes), str(rule)
        compare, wanted = _OPERATORS[found[1]], found[2].strip().strip("'\"")
        for value in present:
            shown = labels.get(value, value)
            try:
                hit = compare(float(shown), float(wanted))
            except ValueError:
                hit = compare(str(shown), wanted)
            if hit and value not in codes:
                codes.append(value)
    return tuple(codes), ""
