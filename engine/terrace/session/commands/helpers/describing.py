"""Variables in a table: storage, measure, labels; names in columns."""

from __future__ import annotations

from collections.abc import Sequence

from terrace.data.dataset import Dataset
from terrace.data.streams.batches import StreamedData
from terrace.data.value import Value
from terrace.results.table import Column, Row, Table
from terrace.wording import plural

_WIDTH = 80


_LEAST_LABELS = 15


def in_columns(names: list[str]) -> str:
    """Names beside each other in columns that fit 80 places, read downwards."""
    if not names:
        return ""
    width = max(map(len, names)) + 2
    across = max(1, min(len(names), (_WIDTH + 2) // width))
    down = -(-len(names) // across)
    lines = [[names[k] for k in range(row, len(names), down)] for row in range(down)]
    return "\n".join("".join(n.ljust(width) for n in line).rstrip() for line in lines)


def describe_table(data: Dataset, names: Sequence[str]) -> Table:
    """Type, measure and labels of variables, in lines of readable length."""
    heads = ["Type", "Measure", "Variable label", "Value labels"]
    cells = [_described(data, n) for n in names]
    widths = [max([len(h), *(len(c[k]) for c in cells)]) for k, h in enumerate(heads[:3])]
    room = _WIDTH - max([len("Variable"), *(len(n) for n in names)]) - sum(widths) - 2 * len(heads)
    labelled = [n for n in names if data.variable(n).value_labels]
    if not labelled or room < _LEAST_LABELS:  # no column that would stand below the others
        heads.pop()
    rows = [Row(n, (*c[:3], shortened(c[3], room))[: len(heads)]) for n, c in zip(names, cells)]
    return Table(
        title=data.label or "Data",
        columns=tuple(Column(k, h, "text") for k, h in zip(("type", "measure", "label", "values"), heads)),
        rows=tuple(rows),
        stub="Variable",
        notes=tuple(
            about(data) + [f"With value labels: {', '.join(labelled)}."] * (bool(labelled) and len(heads) < 4)
        ),
        key="describe",
    )


def about(data: Dataset) -> list[str]:
    """Rows, variables, where the data came from and how they are sorted."""
    count = f"{data.rows_text()} (streamed)" if isinstance(data, StreamedData) else f"{len(data):,} rows"
    return (
        [f"{count}, {plural(len(data.names), 'variable')}."]
        + [f"Source: {data.source}."] * bool(data.source)
        + [f"SHA-256 of the source: {data.sha256}."] * bool(data.sha256)
        + [f"Sorted by {' '.join(data.sorted_by)}."] * bool(data.sorted_by)
    )


def _described(data: Dataset, name: str) -> tuple[str, str, str, str]:
    v = data.variable(name)
    kind = storage(data, name)
    labels = ", ".join(f"{_plain(k)} {t}" for k, t in list(v.value_labels.items())[:20])
    return kind, str(v.measure), v.label, labels


_STORAGE = {"int8": "byte", "int16": "int", "int32": "long", "int64": "long", "float32": "float", "float64": "double"}


def storage(data: Dataset, name: str) -> str:
    """How the values are kept, by the names of the field: byte, int, long, float, double or text."""
    kind = str(data.frame[name].dtype).lower()
    return "text" if data.is_text(name) else _STORAGE.get(kind, kind)


def shortened(text: str, room: int) -> str:
    """The text, cut to `room` letters with three points where it is longer."""
    return text if len(text) <= room else text[: room - 3].rstrip(" ,") + "..."


def _plain(value: Value) -> str:
    from terrace.data.extended import extended_name

    if name := extended_name(value):
        return name
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
