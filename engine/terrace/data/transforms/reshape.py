"""From one row a subject to one row an occasion, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.digits import whole_text
from terrace.data.names import is_legal_name
from terrace.data.transforms.columns import take
from terrace.data.transforms.combine import shown_value
from terrace.data.transforms.grouping import column, group
from terrace.data.value import Value
from terrace.errors import DataError

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ReshapeReport:
    """Rows and variables before and after; the values of j; the stubs with the variables they stand for."""

    rows: tuple[int, int]
    variables: tuple[int, int]
    values: tuple[str, ...]
    stubs: dict[str, tuple[str, ...]]


def to_long(
    data: Dataset, stubs: Sequence[str], i: Sequence[str], j: str, *, text: bool = False
) -> tuple[Dataset, ReshapeReport]:
    """One row for each row and value of j, sorted by both.

    A stub ``inc`` stands for ``inc80``, ``inc81``, ...; ``inc@r`` for ``inc80r``, ...; with `text` what follows
    the stub may be any text. The variables of a stub become one variable, which is missing where there is none
    for a value of j. Raises `DataError` where `i` does not single out rows, j is taken, or a stub fits nothing.
    """
    _single(data, i, "long")
    if j in data:
        raise DataError(
            f"A variable named {j} already exists, so j({j}) cannot be created.",
            code="name-taken",
            subject=j,
            advice="Choose another name for j, or rename the variable.",
        )
    found = {stub: _members(data, stub, i, text) for stub in stubs}
    values = sorted({v for members in found.values() for v in members}, key=lambda v: (v if text else float(v)))
    n, m = len(data), len(values)
    order = group(data, i).order
    rows = np.repeat(order, m)
    member_of = {name: stub for stub, members in found.items() for name in members.values()}
    columns: dict[str, Any] = {name: take(data.frame[name], rows) for name in i}
    variables = [data.variable(name) for name in i]
    columns[j] = _j_column(values, n, text)
    variables.append(Variable(j, "", Measure.NOMINAL if text else Measure.CONTINUOUS))
    for name in data.names:
        if name in i:
            continue
        stub = member_of.get(name)
        if stub is None:
            columns[name] = take(data.frame[name], rows)
            variables.append(data.variable(name))
            continue
        new = stub.replace("@", "")
        if new in columns:
            continue
        if new in data and new not in member_of:
            raise DataError(
                f"{stub} would create a variable {new}, which already exists.", code="name-taken", subject=new
            )
        columns[new] = _woven(data, [found[stub].get(v) for v in values], order, new)
        variables.append(_common(data, list(found[stub].values()), new))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(n * m), copy=False)
    out = Dataset(frame, tuple(variables), data.label, data.source, data.notes, sorted_by=(*i, j),
                  documents=data.documents_of(frame.columns), sha256=data.sha256)  # fmt: skip
    stub_names = {s: tuple(found[s].values()) for s in stubs}
    return out, ReshapeReport((n, n * m), (len(data.names), len(variables)), tuple(values), stub_names)


def to_wide(
    data: Dataset, stubs: Sequence[str], i: Sequence[str], j: str
) -> tuple[Dataset, ReshapeReport]:
    """One row for each value of i, in ascending order, with a variable for each stub and value of j.

    Raises `DataError` where i and j do not single out rows, j is missing or cannot end a name, a name is taken,
    or a variable that is neither a stub nor in i or j differs within i.
    """
    groups = group(data, i)
    values, at = _j_values(data, j)
    place = groups.codes * len(values) + at
    times = np.bincount(place, minlength=groups.n_groups * len(values))
    if len(data) and times.max() > 1:
        row = int(np.flatnonzero(times[place] > 1)[0])
        where = ", ".join(f"{name} = {shown_value(data, name, row)}" for name in (*i, j))
        raise DataError(
            f"{' '.join((*i, j))} do not uniquely identify rows: {where} is in {int(times[place[row]])} rows.",
            code="not-unique",
            subject=j,
            advice="To see them, use duplicates list.",
        )
    sources = [stub.replace("@", "") for stub in stubs]
    others = [n for n in data.names if n not in (*i, j, *sources)]
    for name in others:
        _constant(data, name, groups.first[groups.codes], i)
    flat = np.full(groups.n_groups * len(values), -1, dtype=np.int64)
    flat[place] = np.arange(len(data))
    cell = flat.reshape(groups.n_groups, len(values))
    columns: dict[str, Any] = {name: take(data.frame[name], groups.first) for name in i}
    variables = [data.variable(name) for name in i]
    made: dict[str, list[str]] = {stub: [] for stub in stubs}
    for k, value in enumerate(values):
        for stub, source in zip(stubs, sources):
            new = stub.replace("@", value) if "@" in stub else stub + value
            _check_new(data, new, (*i, *others), columns, j, value)
            v = data.variable(source)
            columns[new] = take(data.frame[source], cell[:, k])
            variables.append(replace(v, name=new, label=f"{value} {v.label or source}"))
            made[stub].append(new)
    for name in others:
        columns[name] = take(data.frame[name], groups.first)
        variables.append(data.variable(name))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(groups.n_groups), copy=False)
    out = Dataset(frame, tuple(variables), data.label, data.source, data.notes, sorted_by=tuple(i),
                  documents=data.documents_of(frame.columns), sha256=data.sha256)  # fmt: skip
    return out, ReshapeReport(
        (len(data), groups.n_groups),
        (len(data.names), len(variables)),
        tuple(values),
        {s: tuple(names) for s, names in made.items()},
    )


# --- long -------------------------------------------------------------------------------------------------
def _single(data: Dataset, i: Sequence[str], form: str) -> None:
    groups = group(data, i)
    if groups.n_groups == len(data):
        return
    row = int(np.flatnonzero(groups.sizes[groups.codes] > 1)[0])
    where = ", ".join(f"{name} = {shown_value(data, name, row)}" for name in i)
    raise DataError(
        f"i({' '.join(i)}) does not uniquely identify rows: {where} is in {int(groups.sizes[groups.codes[row]])} rows.",
        code="not-unique",
        subject=i[0],
        advice="If the data are already long, use reshape wide instead.",
    )


def _members(data: Dataset, stub: str, i: Sequence[str], text: bool) -> dict[str, str]:
    """Values of j, as they stand in names, with the variables of one stub."""
    before, _, after = stub.partition("@")
    middle = r"(\w+)" if text else r"(\d+)"
    pattern = re.compile(re.escape(before) + middle + re.escape(after))
    found = {m[1]: name for name in data.names if name not in i and (m := pattern.fullmatch(name))}
    if found:
        return found
    what = "" if text else " and a number"
    raise DataError(
        f"No variable is named {stub.replace('@', '#')}{what}, as reshape long {stub} needs.",
        code="no-such-variable",
        subject=stub,
        advice="" if text else "If the stub is followed by text other than a number, add the option string.",
    )


def _j_column(values: Sequence[str], n: int, text: bool) -> Any:
    if text:
        return pd.Series(list(values) * n).array
    return np.tile(np.array([float(v) for v in values]), n)


def _woven(data: Dataset, names: Sequence[str | None], order: IntArray, stub: str) -> Any:
    """The values of several variables, one after the other for each row in `order`."""
    known = [n for n in names if n is not None]
    if len({data.is_text(n) for n in known}) > 1:
        mixed = ", ".join(known)
        raise DataError(
            f"Some of {mixed} hold text and some hold numbers, so they cannot become one variable {stub}.",
            code="type-mismatch",
            subject=stub,
        )
    empty = np.full(len(order), -1, dtype=np.int64)
    parts = [take(data.frame[n or known[0]], order if n is not None else empty) for n in names]
    if data.is_text(known[0]):
        flat = np.stack([np.asarray(p, dtype=object) for p in parts], axis=1).ravel()
        return pd.Series(flat).astype(data.frame[known[0]].dtype).array
    return np.stack(parts, axis=1).ravel()


def _common(data: Dataset, names: Sequence[str], new: str) -> Variable:
    """What is known of the variables of a stub and holds for their union."""
    all_ = [data.variable(n) for n in names]
    first = all_[0]
    labels: dict[Value, str] = {}
    for v in reversed(all_):
        labels.update(v.value_labels)
    text = first.label if all(v.label == first.label for v in all_) else ""
    codes = tuple(dict.fromkeys(c for v in all_ for c in v.missing_codes))
    ranges = tuple(dict.fromkeys(r for v in all_ for r in v.missing_ranges))
    return replace(
        first, name=new, label=text, value_labels=labels, missing_codes=codes, missing_ranges=ranges, label_set=""
    )


# --- wide -------------------------------------------------------------------------------------------------
def _j_values(data: Dataset, j: str) -> tuple[list[str], IntArray]:
    """The values of j as they end names, in ascending order, and each row's place among them."""
    groups = group(data, [j])
    if groups.missing.any():
        row = int(np.flatnonzero(groups.missing)[0])
        raise DataError(f"j({j}) is missing in row {row + 1}.", code="missing-values", subject=j)
    values = [column(data, j)[r] for r in groups.first]
    if data.is_text(j):
        return [str(v) for v in values], groups.codes
    for value in values:
        if not float(value).is_integer() or value < 0:
            raise DataError(
                f"j({j}) holds {whole_text(value)}, but values that become parts of names must be whole numbers from "
                "0 up.",
                code="bad-name",
                subject=j,
                advice=f"Number the occasions first: egen occasion = group({j}).",
            )
    return [str(int(v)) for v in values], groups.codes


def _constant(data: Dataset, name: str, first: IntArray, i: Sequence[str]) -> None:
    codes = group(data, [name]).codes
    differ = codes != codes[first]
    if differ.any():
        row = int(np.flatnonzero(differ)[0])
        where = ", ".join(f"{n} = {shown_value(data, n, row)}" for n in i)
        raise DataError(
            f"{name} differs within {where}, so it cannot be kept in one row.",
            code="not-constant",
            subject=name,
            advice=f"List {name} among the variables to spread, or drop it first.",
        )


def _check_new(
    data: Dataset, new: str, others: Sequence[str], columns: dict[str, Any], j: str, value: str
) -> None:
    if not is_legal_name(new):
        raise DataError(
            f"The value {value} of {j} would create a variable {new!r}, which is not a valid name.",
            code="bad-name",
            subject=j,
        )
    if new in others or new in columns or (new in data and new == j):
        raise DataError(f"This would create a variable {new}, which already exists.", code="name-taken", subject=new)
