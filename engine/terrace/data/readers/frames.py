"""Data that a Python program hands over: whatever pandas makes a frame of, without a detour through floats.

pandas turns whole numbers beside missing ones into floats, which merges long identifiers, where it builds a frame of
lists or records, or aligns columns of different indexes. Here such columns stay whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.readers.build import RawColumn, build_dataset, from_frame
from terrace.errors import DataError, TerraceError
from terrace.wording import plural

_ADVICE = "Use a pandas DataFrame, a dict of columns, a list of records or the result of terrace.read()."
_ARRAYS = (np.ndarray, pd.api.extensions.ExtensionArray)


def as_dataset(data: Any) -> Dataset:
    """A Dataset of any table: a Dataset, a DataFrame or Series, an Arrow table, a dict of columns, records, an array.

    Columns that have no name are called v1, v2, ... Raises `DataError` in words for what is not a table.
    """
    if isinstance(data, Dataset):
        return data
    if isinstance(data, str | bytes | PurePath):
        raise DataError(
            f"{str(data)[:80]!r} is {'the name of a file' if isinstance(data, PurePath) else 'text'}, not a table.",
            code="not-a-table", subject="data", advice="Read a file first: terrace.read(path).",
        )  # fmt: skip
    if data is None or np.isscalar(data) or isinstance(data, type):
        what = "None" if data is None else repr(data)[:80]
        raise DataError(f"There are no data: {what} was passed.", code="not-a-table", subject="data", advice=_ADVICE)
    try:
        if not isinstance(data, pd.DataFrame | pd.Series) and hasattr(data, "__arrow_c_stream__"):
            return _arrow(data)
        frame = _frame(data)
    except TerraceError:
        raise
    # pandas and NumPy refuse what is no table by many kinds of error
    except Exception as error:
        raise DataError(
            f"The data are not a table: {_first_line(error)}", code="not-a-table", subject="data", advice=_ADVICE
        ) from error
    found = from_frame(frame)
    if not len(found):
        raise DataError("The data have no rows.", code="no-observations", subject="data", advice=_ADVICE)
    return found


def _first_line(error: Exception) -> str:
    text = str(error).strip().split("\n")[0].rstrip(".")
    return f"{text or type(error).__name__}."


def _arrow(data: Any) -> Dataset:
    import pyarrow as pa

    from terrace.data.arrow import plain_series

    table = pa.table(data)
    columns = [RawColumn(name, plain_series(table.column(k))) for k, name in enumerate(table.column_names)]
    if not columns or not table.num_rows:
        what = "rows" if columns else "columns"
        raise DataError(f"The data have no {what}.", code="no-observations", subject="data", advice=_ADVICE)
    return build_dataset(columns, source="frame")


def _frame(data: Any) -> pd.DataFrame:
    """A frame whose columns hold what the data hold."""
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series):
        return data.to_frame(name="v1" if data.name is None else data.name)
    if isinstance(data, np.ndarray):
        return _array(data)
    if isinstance(data, Mapping):
        return _columns(data)
    if dataclasses.is_dataclass(data) or not hasattr(data, "__iter__"):
        raise DataError(
            f"An object of the type {type(data).__name__} is not a table.", code="not-a-table", subject="data",
            advice=_ADVICE,
        )  # fmt: skip
    return _records(list(data))


def _array(data: np.ndarray[Any, Any]) -> pd.DataFrame:
    """A structured array by its fields; rows and columns of numbers or objects."""
    if data.dtype.names is not None:
        return _columns({name: data[name] for name in data.dtype.names})
    if data.ndim not in (1, 2):
        raise DataError(
            f"An array of {data.ndim} dimensions is not a table.", code="not-a-table", subject="data",
            advice="Pass rows and columns, or columns by name: {'y': y, 'id': id}.",
        )  # fmt: skip
    columns = data.reshape(len(data), -1)
    return _columns({f"v{k + 1}": columns[:, k] for k in range(columns.shape[1])})


def _records(rows: list[Any]) -> pd.DataFrame:
    """Rows as dicts, Series, named tuples or dataclasses, which have names, or as plain sequences."""
    frame = pd.DataFrame([_record(row) for row in rows], dtype=object)
    unnamed = isinstance(frame.columns, pd.RangeIndex)
    return frame.set_axis([f"v{k + 1}" for k in range(frame.shape[1])], axis=1) if unnamed else frame


def _record(row: Any) -> Any:
    if dataclasses.is_dataclass(row) and not isinstance(row, type):
        return {f.name: getattr(row, f.name) for f in dataclasses.fields(row)}
    if isinstance(row, pd.Series):
        return row.to_dict()
    if isinstance(row, np.void) and row.dtype.names is not None:
        return {name: row[name] for name in row.dtype.names}
    if hasattr(row, "_asdict"):
        return row._asdict()
    return dict(row) if isinstance(row, Mapping) else row


def _columns(data: Mapping[Any, Any]) -> pd.DataFrame:
    """Columns by name, aligned by their indexes where they have some; a single value stands in every row."""
    if not data:
        raise DataError("The data have no columns.", code="no-rows", subject="data", advice=_ADVICE)
    columns = {name: _column(name, values) for name, values in data.items()}
    lengths = {name: len(c) for name, c in columns.items() if isinstance(c, _ARRAYS)}
    indexed = {name: c for name, c in columns.items() if isinstance(c, pd.Series)}
    if not lengths and not indexed:
        raise DataError(
            f"{next(iter(data))} has one value and no rows.", code="not-a-table", subject="data",
            advice="Give each column as a list or an array.",
        )  # fmt: skip
    index = _common_index(list(indexed.values())) if indexed else pd.RangeIndex(next(iter(lengths.values())))
    wrong = next((name for name, n in lengths.items() if n != len(index)), None)
    if wrong is not None:
        other = next(iter(indexed or lengths))
        raise DataError(
            f"{other} has {plural(len(index), 'value')} and {wrong} has {lengths[wrong]:,}.", code="lengths-differ",
            subject=str(wrong), advice="Every column needs one value in each row.",
        )  # fmt: skip
    made = {}
    for name, c in columns.items():
        if isinstance(c, pd.Series):
            made[name] = c if c.index.equals(index) else _nullable(c).reindex(index)
        else:
            objects = isinstance(c, np.ndarray) and c.dtype.kind == "O"
            made[name] = pd.Series(c, index=index, dtype=object if objects else None)
    return pd.DataFrame(made)


def _common_index(columns: list[pd.Series]) -> pd.Index:
    """The rows of columns that are matched by their indexes."""
    index = columns[0].index
    for column in columns[1:]:
        if not column.index.equals(index):
            index = index.union(column.index)
    return index


def _column(name: Any, values: Any) -> Any:
    """A column as a Series, where it has an index, or an array; a single value as it is."""
    if isinstance(values, pd.Series):
        return values
    if isinstance(values, Mapping):
        return pd.Series(dict(values), dtype=object)
    if isinstance(values, pd.DataFrame) or (isinstance(values, np.ndarray) and values.ndim > 1):
        raise DataError(
            f"{name} has {'several columns' if values.ndim > 1 else 'no rows'} of its own.", code="not-a-table",
            subject=str(name), advice="Give each of them a name.",
        )  # fmt: skip
    if isinstance(values, np.ma.MaskedArray):
        return _objects([None if m else v for v, m in zip(values.data, np.ma.getmaskarray(values), strict=True)])
    if isinstance(values, np.ndarray):
        return values if values.ndim else values.item()
    if isinstance(values, pd.Index | pd.api.extensions.ExtensionArray):
        return pd.Series(values).array
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        return values
    return _objects(list(values))


def _objects(values: list[Any]) -> np.ndarray[Any, Any]:
    """An array of the objects themselves, also where they are lists."""
    out = np.empty(len(values), dtype=object)
    for k, value in enumerate(values):
        out[k] = value
    return out


def _nullable(column: pd.Series) -> pd.Series:
    """The column in a type that holds a missing value beside whole numbers."""
    if column.dtype.kind in "iu" and isinstance(column.dtype, np.dtype):
        return column.astype(pd.UInt64Dtype() if column.dtype.kind == "u" else pd.Int64Dtype())
    return column

