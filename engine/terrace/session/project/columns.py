"""Datasets as a description and one blob a column: a column that several datasets share is stored once.

A blob is an Arrow IPC stream of one column under Zstandard. The description has everything else that a `Dataset` knows.
Which datasets come from the same rows is told by a mark of their lineage, which stays the same when they are stored
again. A file that is larger than memory stays where it is: its place is stored, and how it began and ended.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.row_numbers import keep_off
from terrace.data.streams.batches import StreamedData
from terrace.errors import DataError, TerraceError
from terrace.session.opened import Lost
from terrace.session.project.codec import (
    BROKEN,
    Decoder,
    Encoder,
    Json,
    as_bytes,
    damaged_part,
    from_bytes,
    in_words,
    owner_of,
)
from terrace.wording import plural

_ENDS = 1 << 20  # bytes at both ends of a file that is not read whole
_MEMBERS = ("label", "source", "notes", "panel", "sorted_by", "signed", "sha256", "left_out", "documents", "variables")
_MASKED = (*(f"{u}Int{n}" for u in ("", "U") for n in (8, 16, 32, 64)), "Float32", "Float64", "boolean")

_marks: dict[int, tuple[object, str]] = {}
"""The mark of each lineage that was stored or opened. A lineage is an object without anything in it."""


def mark_of(lineage: object) -> str:
    """The mark of a lineage: 32 hexadecimal digits that no other has."""
    return _marks.setdefault(id(lineage), (lineage, secrets.token_hex(16)))[1]


# --- writing -----------------------------------------------------------------------------------------------
def dataset_json(encoder: Encoder, data: Dataset) -> Json:
    """The description of a dataset whose columns are blobs."""
    return {
        **{name: encoder(getattr(data, name)) for name in _MEMBERS},
        "columns": [column_json(encoder, data.frame.iloc[:, k]) for k in range(len(data.names))],
        "rows": len(data), "lineage": mark_of(data.lineage),
        "row_ids": None if data.row_ids is None else column_json(encoder, pd.Series(data.row_ids, copy=False)),
    }  # fmt: skip


def streamed_json(encoder: Encoder, data: StreamedData) -> Json:
    """The description of a file that is read in parts."""
    path = Path(data.file.path)
    return {
        **{name: encoder(getattr(data, name)) for name in _MEMBERS},
        "path": encoder(os.path.abspath(path)), "ends": _ends(path), "lineage": mark_of(data.lineage),
        "batch_rows": data.batch_rows,
    }  # fmt: skip


def _ends(path: Path) -> str:
    """SHA-256 of the size of a file, its first MiB and its last one; empty where it cannot be read."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.sha256(str(os.fstat(stream.fileno()).st_size).encode())
            digest.update(stream.read(_ENDS))
            stream.seek(max(os.fstat(stream.fileno()).st_size - _ENDS, 0))
            digest.update(stream.read(_ENDS))
    except OSError:
        return ""
    return digest.hexdigest()


def column_json(encoder: Encoder, column: pd.Series[Any]) -> Json:
    """A column: what type it has, and the blob that holds it."""
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        values = column.to_numpy()
        name = encoder.remembered(*owner_of(values), lambda: encoder.blob(_arrow(_plain_array(values)), "arrow"))
        return {"t": dtype.str, "b": name}
    if isinstance(dtype, pd.StringDtype):
        kind = {"t": "text", "storage": dtype.storage, "na": "NA" if dtype.na_value is pd.NA else "nan"}
        if dtype.storage == "pyarrow":
            chunks = column.array.__arrow_array__()
            key = tuple(map(_place, _chunks(chunks)))
            return {**kind, "b": encoder.remembered(chunks, key, lambda: encoder.blob(_arrow(chunks), "arrow"))}
        return {**kind, "b": _objects(encoder, column.astype(object))}
    if str(dtype) in _MASKED:
        return {"t": str(dtype), "b": encoder.blob(_arrow(column.array.__arrow_array__()), "arrow")}
    return {"t": "object", "b": _objects(encoder, column.astype(object))}


def _chunks(array: Any) -> list[Any]:
    return list(array.chunks) if hasattr(array, "chunks") else [array]


def _place(chunk: Any) -> tuple[int | None, ...]:
    """Where in memory the values of an Arrow array are."""
    return chunk.offset, len(chunk), *(None if b is None else b.address for b in chunk.buffers())


def _plain_array(values: np.ndarray[Any, Any]) -> Any:
    import pyarrow as pa

    return pa.array(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("="), copy=False), from_pandas=False)


def _objects(encoder: Encoder, column: pd.Series[Any]) -> str:
    """The blob of a column of objects: text in Arrow with what kind of missing each is, anything else value by value.
    """
    values = np.asarray(column, dtype=object)

    def made() -> str:
        import pyarrow as pa

        kinds = {str: 0, type(None): 1, float: 2, type(pd.NA): 3}
        which = np.array([kinds.get(type(v), 9) for v in values], dtype=np.uint8)
        if (which == 9).any() or not pd.isna(values[which == 2]).all():
            plain = [None if k == 3 else encoder(v) for v, k in zip(values, which)]
            return encoder.blob(as_bytes({"values": plain, "na": np.flatnonzero(which == 3).tolist()}), "json")
        text = pa.array(
            [v.encode("utf-8", "surrogatepass") if k == 0 else None for v, k in zip(values, which)], pa.large_binary()
        )
        return encoder.blob(_arrow(text, pa.array(which)), "arrow")

    return encoder.remembered(*owner_of(values), made)


def _arrow(*arrays: Any) -> bytes:
    import pyarrow as pa

    table = pa.table({f"c{k}": a for k, a in enumerate(arrays)})
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1), use_threads=False)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=1 << 20)
    return sink.getvalue()


# --- reading -----------------------------------------------------------------------------------------------
class Lineages:
    """The lineage of each mark in one file."""

    def __init__(self) -> None:
        self._found: dict[str, object] = {}

    def of(self, mark: Any) -> object:
        """The lineage of a mark, the same every time."""
        if not isinstance(mark, str):
            raise TypeError
        if mark not in self._found:
            self._found[mark] = made = object()
            _marks[id(made)] = made, mark
        return self._found[mark]


def dataset_of(decoder: Decoder, content: Json, lineages: Lineages) -> Dataset:
    """A dataset as it was stored, without the columns that are damaged where `Decoder.in_part`."""
    known = _members(decoder, content)
    rows = content["rows"]
    if len(content["columns"]) != len(known["variables"]):
        raise damaged_part(decoder.part, "a column of the data is missing")
    names = [v.name for v in known["variables"]]
    columns = [_column_or_none(decoder, n, c, rows) for n, c in zip(names, content["columns"])]
    series = [pd.Series(np.zeros(rows)) if c is None else c for c in columns]
    frame = pd.DataFrame(dict(enumerate(series)), index=pd.RangeIndex(rows), copy=False)
    frame.columns = pd.Index(names, dtype=object) if not names else pd.Index(names)
    ids = content["row_ids"]
    if ids is not None:
        ids = column_of(decoder, ids, rows).to_numpy().astype(np.int64, copy=False)
        keep_off(ids)
    data = Dataset(frame, **known, lineage=lineages.of(content["lineage"]), row_ids=ids)
    there = [n for n, c in zip(names, columns) if c is not None]
    return data if len(there) == len(names) else data.select(there)


def _column_or_none(decoder: Decoder, name: str, content: Json, rows: int) -> pd.Series[Any] | None:
    """A column, None where it is damaged and the data are wanted all the same."""
    try:
        return column_of(decoder, content, rows)
    except BROKEN as error:
        if not decoder.in_part:
            raise
        decoder.lost.append(Lost(f"The variable {name}", in_words(error)))
        return None


def streamed_of(decoder: Decoder, content: Json, lineages: Lineages) -> Dataset:
    """The file that is read in parts, where it still is what it was. Raises `DataError` where it is not."""
    from dataclasses import replace

    from terrace.data.read import stream

    known = _members(decoder, content)
    path = Path(decoder(content["path"]))
    if not content["ends"] or _ends(path) != content["ends"]:
        gone = "has changed since" if path.exists() else "is not there"
        raise DataError(
            f"The data are in {path}, which is read in parts, and it {gone}.",
            code="no-data", subject=str(path), advice="Open it by itself, and fit the models again.",
        )  # fmt: skip
    found = stream(path)
    if found.names != tuple(v.name for v in known["variables"]):
        raise damaged_part(decoder.part, f"the variables are not those of {path}")
    return replace(found, **known, lineage=lineages.of(content["lineage"]), batch_rows=content["batch_rows"])


def _members(decoder: Decoder, content: Json) -> dict[str, Any]:
    from terrace.session.project.hints import agrees, members

    hints = members(Dataset, decoder.kinds.classes)
    known = {name: decoder(content[name]) for name in _MEMBERS}
    for name, value in known.items():
        if not agrees(value, hints[name]):
            raise damaged_part(decoder.part, f"{name} of the data is not what it has to be")
    return known


def column_of(decoder: Decoder, content: Json, rows: int) -> pd.Series[Any]:
    name = content["b"]
    key = f"{name} as {content['t']} {content.get('storage', '')} {content.get('na', '')}"
    if key not in decoder.made:
        decoder.made[key] = _read_column(decoder, content, name)
    found: pd.Series[Any] = decoder.made[key]
    if len(found) != rows:
        raise damaged_part(decoder.part, f"{name} has {plural(len(found), 'row')}, not {rows}")
    return found


def _read_column(decoder: Decoder, content: Json, name: str) -> pd.Series[Any]:
    import pyarrow as pa

    raw, kind = decoder.get(name), content["t"]
    try:
        if kind == "text":
            text: Any = pd.StringDtype(content["storage"], na_value=np.nan if content["na"] == "nan" else pd.NA)
        if name.endswith(".json"):
            column = _from_json(decoder, raw, name)
            return column.astype(text) if kind == "text" else column
        with pa.ipc.open_stream(pa.BufferReader(raw)) as reader:
            table = reader.read_all()
        column = table.column(0)
        if kind == "text":
            if content["storage"] == "pyarrow":
                return pd.Series(text.__from_arrow__(column), copy=False)
            return pd.Series(_texts(table), dtype=object).astype(text)
        if kind == "object":
            return pd.Series(_texts(table), dtype=object)
        if kind in _MASKED:
            masked: Any = pd.api.types.pandas_dtype(kind)
            return pd.Series(masked.__from_arrow__(column), copy=False)
        values = column.to_numpy().astype(np.dtype(kind), copy=True)
        return pd.Series(values, copy=False)
    except TerraceError:
        raise
    except Exception as error:  # Arrow raises what it likes on bytes that are none of its own
        raise damaged_part(name, "its values cannot be read") from error


def _texts(table: Any) -> np.ndarray[Any, Any]:
    which = table.column(1).to_numpy()
    out = np.empty(len(which), dtype=object)
    out[:] = [v if v is None else v.decode("utf-8", "surrogatepass") for v in table.column(0).to_pylist()]
    out[which == 2] = np.nan
    out[which == 3] = pd.NA
    return out


def _from_json(decoder: Decoder, raw: bytes, name: str) -> pd.Series[Any]:
    content = from_bytes(raw, name)
    out = np.empty(len(content["values"]), dtype=object)
    out[:] = [decoder(v) for v in content["values"]]
    for k in content["na"]:
        out[k] = pd.NA
    return pd.Series(out, dtype=object)
