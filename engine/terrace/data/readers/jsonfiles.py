"""JSON: records, columns, a table with its schema, and a record in each line."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from terrace.data.dataset import Dataset
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.records import column_of
from terrace.errors import DataError
from terrace.wording import plural

_SCALARS = (str, int, float, bool, type(None))


def read_json(path: Path, report: Report) -> Dataset:
    """Read a table; parts of nested objects become variables of their own, joined by _.

    Raises `DataError` where the file is not valid JSON, or no table, with the forms that are.
    """
    report()
    text = _text(path)
    notes: list[str] = []
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        found = _lines(path, text, error)
    report()
    rows = _rows(path, found, notes)
    columns = [RawColumn(name, column_of(values)) for name, values in _columns(rows).items()]
    return build_dataset(columns, source=str(path), notes=notes)


def _text(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def _lines(path: Path, text: str, error: json.JSONDecodeError) -> list[Any]:
    """Values of a file that has one in each line."""
    lines = [(i + 1, line) for i, line in enumerate(text.split("\n")) if line.strip()]
    try:
        first = len(lines) > 1 and isinstance(json.loads(lines[0][1]), dict | list)
    except json.JSONDecodeError:
        first = False
    if not first:
        raise DataError(
            f"{path.name} is not valid JSON: line {error.lineno}, column {error.colno}.", code="unreadable-file",
            subject=str(path), advice="It may be incomplete. Copy or download it again.",
        ) from None  # fmt: skip
    values = []
    for number, line in lines:
        try:
            values.append(json.loads(line))
        except json.JSONDecodeError:
            raise DataError(
                f"Line {number} of {path.name} is not valid JSON.", code="unreadable-file", subject=str(path),
                advice="It may be incomplete. Copy or download it again.",
            ) from None  # fmt: skip
    return values


def _rows(path: Path, found: Any, notes: list[str]) -> list[Mapping[str, Any]]:
    """The records of any of the forms that tables have."""
    if isinstance(found, list):
        return _of_list(path, found)
    if isinstance(found, dict):
        inner = found.get("data")
        if isinstance(inner, list) and isinstance(found.get("columns"), list):
            return [dict(zip(map(str, found["columns"]), row, strict=True)) for row in inner]
        if isinstance(inner, list) and isinstance(found.get("schema"), dict):
            index = found["schema"].get("primaryKey", [])
            return [{k: v for k, v in row.items() if not (k in index and k == "index")} for row in inner]
        if _are_columns(found):
            return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
        tables = [k for k, v in found.items() if isinstance(v, list) and v and all(isinstance(r, Mapping) for r in v)]
        if tables:
            others = [k for k in found if k != tables[0]]
            if others:
                notes.append(f"Read {tables[0]}; left out: {', '.join(map(str, others))}.")
            return _of_list(path, found[tables[0]])
        if found and all(isinstance(v, Mapping) for v in found.values()):
            return _of_mappings(found)
        if found and all(isinstance(v, _SCALARS) for v in found.values()):
            return [found]
    raise _no_table(path)


def _are_columns(found: Mapping[str, Any]) -> bool:
    """Lists of one length that hold values."""
    lists = [v for v in found.values() if isinstance(v, list)]
    if not lists or len(lists) < len(found) or len({len(v) for v in lists}) > 1:
        return False
    return not all(isinstance(v, Mapping) for values in lists for v in values)


def _of_list(path: Path, found: list[Any]) -> list[Mapping[str, Any]]:
    if all(isinstance(row, Mapping) for row in found):
        return found
    if all(isinstance(row, list) for row in found) and found:
        names, body = [f"v{j + 1}" for j in range(max(map(len, found)))], found
        if all(isinstance(c, str) for c in found[0]) and len({*found[0]}) == len(found[0]) and len(found) > 1:
            names, body = found[0], found[1:]
        wrong = next((i for i, row in enumerate(body) if len(row) > len(names)), None)
        if wrong is not None:
            raise DataError(
                f"Row {wrong + 1} of {path.name} has {plural(len(body[wrong]), 'value')} for "
                f"{plural(len(names), 'name')}.",
                code="ragged-file", subject=str(path), advice="Give every row a value for each name.",
            )  # fmt: skip
        return [dict(zip(names, row, strict=False)) for row in body]
    if all(isinstance(row, _SCALARS) for row in found):
        return [{"v1": value} for value in found]
    raise _no_table(path)


def _of_mappings(found: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Columns of values by row, as pandas writes them, or rows by their names."""
    keys = list(dict.fromkeys(k for values in found.values() for k in values))
    if all(key.isdigit() for key in keys):
        return [{name: values.get(key) for name, values in found.items()} for key in keys]
    return list(found.values())


def _columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Values by name in the order in which names are met; None where a record has none."""
    columns: dict[str, list[Any]] = {}
    count = 0
    for row in rows:
        for name, value in _flat(row, ""):
            column = columns.setdefault(name, [])
            column.extend([None] * (count - len(column)))
            column.append(value)
        count += 1
    for column in columns.values():
        column.extend([None] * (count - len(column)))
    return columns


def _flat(row: Mapping[str, Any], before: str) -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}_")
        else:
            yield f"{before}{name}", value


def _no_table(path: Path) -> DataError:
    return DataError(
        f"{path.name} holds JSON that is not a table.", code="not-a-table", subject=str(path),
        advice='A table is a list of records, [{"id": 1, "y": 2}, ...], or columns, {"id": [1, ...], "y": [2, ...]}.',
    )  # fmt: skip
