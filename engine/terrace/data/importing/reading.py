"""`Reading`: all that can be said of how a file is read, frozen. What it does not say is found in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from terrace.data.dataset import Measure
from terrace.data.readers.header import At

Type = Literal["text", "number", "date"]
ORDERS = ("dmy", "mdy", "ymd")
"""In which order dates can have day, month and year."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read. None, or what is empty, is found out by itself or is all of the file.

    sheet, cells
        Of a workbook: the sheet, and the range of its cells.
    delimiter, decimal, thousands, encoding, skip, comment, rows, columns, text_columns
        Of a text file, as `terrace.data.read.read` has them; ``text_columns`` are its ``text`` by number, and an empty
        ``thousands`` says that there is no such mark.
    names, labels
        The rows of the names and of the labels of the variables, counted in the file from 1, 0 for none; a pair is the
        first and the last of several rows, which are put together.
    dates
        Whether day or month come first in dates of which no value tells: one of `ORDERS`.
    renamed
        By the name that a variable has in the file: the one that it gets. All else goes by that one.
    left_out
        Variables that are not wanted.
    types, measures, described
        By the name of a variable: its type, its level of measurement, its label.
    missing, codes
        Values that stand for missing, as they are written: in any variable, and by the name of a variable in it.
    codebook
        A file with labels, measures and missing codes of the variables.
    """

    sheet: str | None = None
    cells: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    names: At = None
    labels: At = None
    skip: int = 0
    comment: str | None = None
    rows: tuple[int | None, int | None] = (None, None)
    columns: tuple[int | None, int | None] = (None, None)
    text_columns: tuple[int, ...] = ()
    dates: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    types: Mapping[str, Type] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    described: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
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

    def with_codes(self, name: str, codes: tuple[str, ...]) -> Reading:
        """With these codes of missing values of a variable, besides those of all."""
        return replace(self, codes=_with(self.codes, name, codes or None))

    def with_left_out(self, name: str, out: bool) -> Reading:
        """With or without a variable."""
        others = tuple(n for n in self.left_out if n != name)
        return replace(self, left_out=(*others, name) if out else others)

    def with_name(self, name: str, new: str) -> Reading:
        """With another name of a variable, and with all that is said of it under that one."""
        written = self.written(name)
        return replace(
            self,
            renamed=_with(self.renamed, written, None if new == written else new),
            left_out=tuple(new if n == name else n for n in self.left_out),
            types=_moved(self.types, name, new),
            measures=_moved(self.measures, name, new),
            described=_moved(self.described, name, new),
            codes=_moved(self.codes, name, new),
        )

    def without(self, name: str) -> Reading:
        """Without anything that is said of a variable, by the name that it has or would have in the file."""
        plain = self.with_type(name, None).with_measure(name, None).with_label(name, None).with_codes(name, ())
        return replace(plain.with_left_out(name, False), renamed=_with(plain.renamed, name, None))

    def written(self, name: str) -> str:
        """The name that a variable has in the file."""
        return next((old for old, new in self.renamed.items() if new == name), name)

    @property
    def named(self) -> tuple[str, ...]:
        """The variables of which it says something, by the names that they get."""
        return tuple(dict.fromkeys([*self.types, *self.measures, *self.described, *self.codes, *self.left_out]))

    def layout(self) -> dict[str, Any]:
        """What the readers of files are told of it: arguments of `terrace.data.read.read`."""
        own = (
            "dates", "renamed", "left_out", "types", "measures", "described", "missing", "codes", "codebook",
            "text_columns",
        )  # fmt: skip
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in own}
        return plain | {"text": (*self.text_columns, *map(self.written, self.types))}


def _moved(held: Mapping[str, Any], name: str, new: str) -> dict[str, Any]:
    return {new if k == name else k: v for k, v in held.items()}


def _with(held: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    others = {k: v for k, v in held.items() if k != name}
    return others if value is None else {**others, name: value}
