"""jamovi files, .omv: a zip archive with a description of the columns and their values one column after the other."""

from __future__ import annotations

import json
import operator
import re
import zipfile
from collections.abc import Callable, Sequence
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
                f"{path.name} was saved by a newer jamovi than Terrace knows.", code="unreadable-file",
                subject=str(path), advice="In jamovi, export the data as .sav.",
            )  # fmt: skip
        described = json.loads(archive.read("metadata.json"))["dataSet"]
        levels = json.loads(archive.read("xdata.json")) if "xdata.json" in names else {}
        values = archive.read("data.bin")
        strings = archive.read("strings.bin") if "strings.bin" in names else b""
    report(0.5)
    rows, at = int(described["rowCount"]), 0
    columns, notes = [], []
    for entry in described["fields"]:
        kind, measure = types_of(entry)
        width = 8 if kind == "Decimal" else 4
        raw = np.frombuffer(values, dtype="<f8" if width == 8 else "<i4", count=rows, offset=at)
        at += width * rows
        if entry.get("columnType") == "Filter":
            state = "" if entry.get("active", True) else ", which is off,"
            notes.append(f"{entry['name']} is a filter{state} of jamovi; all rows are read. "
                         f"Use keep if {entry['name']} == 1 for those that it keeps.")  # fmt: skip
        known = (levels.get(entry["name"]) or {}).get("labels") or []
        made = _values(raw, kind, measure, known, strings)
        missing, unread = _missing(made["values"], made.get("value_labels", {}), entry.get("missingValues") or [])
        if unread:
            notes.append(f"{entry['name']}: the missing values {unread!r} are not understood; they are not applied.")
        columns.append(RawColumn(entry["name"], label=entry.get("description") or "", missing_codes=missing, **made))
    if described.get("weights"):
        notes.append(f"jamovi weights the rows by {described['weights']}; weights are an option of a model here.")
    return build_dataset(columns, source=str(path), notes=notes)


def types_of(entry: dict[str, Any]) -> tuple[str, str]:
    """Type of the values (Integer, Decimal, Text) and of measurement; older files say both in one word."""
    measure = entry.get("measureType", "Nominal")
    if entry.get("dataType"):
        return entry["dataType"], measure
    if measure == "NominalText":
        return "Text", "Nominal"
    return ("Decimal", measure) if measure == "Continuous" else ("Integer", measure)


def _values(raw: npt.NDArray[Any], kind: str, measure: str, levels: list[list[Any]], strings: bytes) -> dict[str, Any]:
    """Values, labels and measure as arguments of `RawColumn`. Levels are [value, label, value as imported, ...]."""
    scale = _MEASURES.get(measure)
    if kind == "Decimal":
        return {"values": raw.astype(np.float64), "measure": scale}
    if kind == "Text" and measure == "ID":
        return {"values": _strings(raw, strings), "measure": scale}
    if kind == "Text":
        codes = np.full(len(raw), -1, dtype=np.int64)
        for k, level in enumerate(levels):
            codes[raw == int(level[0])] = k
        return from_levels(codes, [str(level[1]) for level in levels], ordered=measure == "Ordinal")
    values = raw.astype(np.float64)
    values[raw == MISSING] = np.nan
    labels = {int(level[0]): str(level[1]) for level in levels if str(level[1]) != str(level[0])}
    return {"values": values, "value_labels": labels, "measure": scale}


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
