"""`Reading`: all that can be said of how a file is read, frozen. What it does not say is found in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from terrace.data.dataset import Measure

Type = Literal["text", "number", "date"]
ORDERS = ("dmy", "mdy", "ymd")
"""In which order dates can have day, month and year."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read. None, or what is empty, is found out by itself or is all of the file.

    sheet, cells
        Of a workbook: the sheet, and the range of its cells.
    delimiter, decimal, thousands, encoding, skip, comment, rows, columns, text_columns
        Of a text file, as `terrace.data.read.read` has them; ``text_columns`` are its ``text`` by number.
    names, labels
        The rows of the names and of the labels of the variables, counted in the file from 1, 0 for none.
    dates
        Whether day or month come first in dates of which no value tells: one of `ORDERS`.
    types, measures, described
        By the name of a variable: its type, its level of measurement, its label.
    missing
        Values that stand for missing in any variable, as they are written.
    codebook
        A file with labels, measures and missing codes of the variables.
    """

    sheet: str | None = None
    cells: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    names: int | None = None
    labels: int | None = None
    skip: int = 0
    comment: str | None = None
    rows: tuple[int | None, int | None] = (None, None)
    columns: tuple[int | None, int | None] = (None, None)
    text_columns: tuple[int, ...] = ()
    dates: str = ""
    types: Mapping[str, Type] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    described: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    codebook: str = ""

    def with_type(self, name: str, type_: Type | None) -> Reading:
        """With this type of a variable, or with the one that is found."""
        return replace(self, types=_with(self.types, name, type_))

    def with_measure(self, name: str, measure: Measure | None) -> Reading:
        """With this level of measurement of a variable, or with the one that is found."""
        return replace(self, measures=_with(self.measures, name, measure))

    def with_label(self, name: str, label: str | None) -> Reading:
        """With this label of a variable, which may be empty, or with that of the file."""
        return replace(self, described=_with(self.described, name, label))

    def layout(self) -> dict[str, Any]:
        """What the readers of files are told of it: arguments of `terrace.data.read.read`."""
        own = ("dates", "types", "measures", "described", "missing", "codebook", "text_columns")
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in own}
        return plain | {"text": (*self.text_columns, *self.types)}


def _with(held: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    others = {k: v for k, v in held.items() if k != name}
    return others if value is None else {**others, name: value}
