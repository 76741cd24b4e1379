"""JASP files: since version 0.18 an SQLite database in a zip archive, before that columns of bytes like jamovi's."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.databases import opened_sqlite
from terrace.data.readers.expand import extracted
from terrace.data.readers.jamovi import MISSING, stored_columns
from terrace.data.readers.levels import from_levels
from terrace.errors import DataError

_MEASURES = {"scale": Measure.CONTINUOUS, "ordinal": Measure.ORDINAL, "nominal": Measure.NOMINAL,
             "nominaltext": Measure.NOMINAL, "continuous": Measure.CONTINUOUS}  # fmt: skip


def read_jasp(path: Path, report: Report) -> Dataset:
    """Read the data with types and labels. Rows that a filter leaves out are read as well.

    Raises `DataError` for a file without data.
    """
    report()
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "internal.sqlite" in names:
            with tempfile.TemporaryDirectory(prefix="terrace-") as folder:
                columns, notes = _of_database(path, extracted(path, "internal.sqlite", Path(folder), report), report)
            return build_dataset(columns, source=str(path), notes=notes)
        described = json.loads(archive.read("metadata.json"))["dataSet"]
        levels = json.loads(archive.read("xdata.json")) if "xdata.json" in names else {}
        values = archive.read("data.bin")
    return build_dataset(_of_bytes(described, levels, values), source=str(path))


# --- since 0.18 -------------------------------------------------------------------------------------------------
def _of_database(path: Path, file: Path, report: Report) -> tuple[list[RawColumn], list[str]]:
    with opened_sqlite(file, report) as database:
        return _of_tables(path, database)


def _of_tables(path: Path, database: sqlite3.Connection) -> tuple[list[RawColumn], list[str]]:
    database.row_factory = sqlite3.Row
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    listed = database.execute("SELECT id FROM DataSets ORDER BY id").fetchall() if "DataSets" in tables else []
    sets = [row["id"] for row in listed if f"DataSet_{row['id']}" in tables]
    if not sets:
        raise DataError(f"{path.name} holds no data.", code="no-rows", subject=str(path),
                        advice="It may contain only analyses. Open the data file that they use.")  # fmt: skip
    chosen = sets[0]
    notes = [f"Read the first of {len(sets)} datasets."] * (len(sets) > 1)
    rows = database.execute(f"SELECT * FROM DataSet_{chosen} ORDER BY rowNumber").fetchall()
    kept = next((name for name in (rows[0].keys() if rows else ()) if name.startswith("Filter_")), None)
    dropped = sum(row[kept] == 0 for row in rows) if kept is not None else 0
    if dropped:
        notes.append(f"A JASP filter leaves out {dropped:,} row{'s' * (dropped != 1)}. All rows are read.")
    columns = []
    for entry in database.execute("SELECT * FROM Columns WHERE dataSet = ? ORDER BY colIdx", (chosen,)).fetchall():
        asked = "SELECT * FROM Labels WHERE columnId = ? ORDER BY ordering"
        labels = database.execute(asked, (entry["id"],)).fetchall()
        name = f"Column_{entry['id']}"
        columns.append(_column(entry, labels, [r[f"{name}_INT"] for r in rows], [r[f"{name}_DBL"] for r in rows]))
    return columns, notes


def _column(entry: sqlite3.Row, labels: list[sqlite3.Row], whole: list[Any], real: list[Any]) -> RawColumn:
    """A column, whose cells point at labels or else are numbers; a label keeps the value that it stands for."""
    kind = str(entry["columnType"]).lower()
    original = {row["value"]: _original(row) for row in labels}
    shown = {row["value"]: row["label"] for row in labels}
    title = next((str(entry[k]) for k in ("title", "description") if k in entry.keys() and entry[k]), "")  # noqa: SIM118
    used = kind != "scale" or any(isinstance(v, str) for v in original.values())
    pointed = [k if used and k in original else None for k in whole]
    if any(isinstance(original[k], str) for k in original) and _all_labels(pointed, real):
        order = {row["value"]: k for k, row in enumerate(labels)}
        codes = np.array([-1 if k is None else order[k] for k in pointed], dtype=np.int64)
        made = from_levels(codes, [str(row["label"]) for row in labels], ordered=kind == "ordinal")
        return RawColumn(entry["name"], label=title, **made)
    values = [_number(d) if k is None else original[k] for k, d in zip(pointed, real, strict=True)]
    if used:  # of old, whole numbers without a label stood for themselves
        values = [float(w) if v is None and isinstance(w, int) and w not in (MISSING, -1) and not original else v
                  for v, w in zip(values, whole, strict=True)]  # fmt: skip
    told = {original[k]: text for k, text in shown.items() if used and str(text) != _written(original[k])}
    return RawColumn(entry["name"], pd.Series(values, dtype=object), title, _MEASURES.get(kind), told)


def _all_labels(pointed: list[Any], real: list[Any]) -> bool:
    """Whether every cell is a label or missing."""
    return all(k is not None or _number(d) is None for k, d in zip(pointed, real, strict=True))


def _original(row: sqlite3.Row) -> Any:
    """The value behind a label: a number where it is one, or reads as one."""
    text = row["originalValueJson"]
    try:
        value = json.loads(text) if text else row["value"]
    except ValueError:
        value = text
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return row["value"] if value is None or isinstance(value, dict | list) else float(value)


def _number(value: Any) -> float | None:
    """A number of the database, which writes what SQL has not as text."""
    if isinstance(value, str):
        value = {"inf": np.inf, "-inf": -np.inf}.get(value.strip().lower().replace("infinity", "inf"))
    return None if value is None or np.isnan(value) else float(value)


def _written(value: Any) -> str:
    return format(value, ".15g") if isinstance(value, float) else str(value)


# --- before 0.18 ------------------------------------------------------------------------------------------------
def _of_bytes(described: dict[str, Any], levels: dict[str, Any], values: bytes) -> list[RawColumn]:
    columns = []
    for stored in stored_columns(described, levels, values):
        if stored.kind == "Text":
            made = stored.categories(ordered=False)
        else:
            made = {**stored.numbers(), "measure": _MEASURES.get(stored.measure.lower())}
        columns.append(RawColumn(stored.entry["name"], **made))
    return columns
