"""Data brought up to date with their file: what is different there, and the data with the file's rows and values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.row_numbers import gathered
from terrace.data.transforms.columns import described, same_kind, take
from terrace.data.transforms.combine import check_keys, match_codes
from terrace.errors import DataError

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Differences:
    """How a file differs from the data that are open.

    ``rows`` are, for each row of the file, the place of that row in the data, -1 for one that is not there, shape
    (rows of the file,). ``changed`` counts the values that are others in the rows that both have; ``own`` are variables
    that the data have and the file has not, ``retyped`` those that are text in one and numbers in the other.
    """

    rows: IntArray
    added: int
    removed: int
    changed: tuple[tuple[str, int], ...]
    new: tuple[str, ...]
    own: tuple[str, ...]
    retyped: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.new or self.retyped)


def differences(data: Dataset, file: Dataset, keys: Sequence[str] = ()) -> Differences:
    """Compare data with their file as it is now: rows that agree in `keys`, or else by their numbers in the file.

    Raises `DataError` where the keys do not tell rows apart, in the data or in the file.
    """
    rows = _matched(data, file, keys)
    both = [n for n in file.names if n in data]
    retyped = tuple(n for n in both if not same_kind(data, file, n))
    counts = ((n, _count(data, file, n, rows)) for n in both if n not in retyped)
    return Differences(
        rows,
        int((rows < 0).sum()),
        len(data) - int((rows >= 0).sum()),
        tuple((n, k) for n, k in counts if k),
        tuple(n for n in file.names if n not in data),
        tuple(n for n in data.names if n not in file),
        retyped,
    )


def updated(data: Dataset, file: Dataset, found: Differences) -> Dataset:
    """The data with the rows and values of the file; labels, measures and missing codes are those of the data.

    Variables of the data alone keep their values, and are missing in rows that are new. Rows keep their numbers, so
    that models find those that they were fitted to.
    """
    columns = {n: take(data.frame[n], found.rows) for n in found.own}
    order = [*data.names, *found.new]
    frame = pd.DataFrame({n: columns[n] if n in columns else file.frame[n].array for n in order})
    variables = tuple(
        file.variable(n) if n in found.new or n in found.retyped
        else data.variable(n) if n in columns else described(data.variable(n), file.variable(n))
        for n in order
    )  # fmt: skip
    return replace(
        data,
        frame=frame,
        variables=variables,
        sorted_by=(),
        source=file.source,
        sha256=file.sha256,
        notes=file.notes,
        left_out=file.left_out,
        row_ids=gathered(data.ids, found.rows),
    )


def _matched(data: Dataset, file: Dataset, keys: Sequence[str]) -> IntArray:
    """The place in the data of each row of the file, -1 where it is not there."""
    if keys:
        check_keys(data, file, keys)
        here, there, count = match_codes(data, file, keys)
        for codes, what in ((here, "the data"), (there, "the file")):
            twice = int((np.bincount(codes, minlength=count) > 1).sum())
            if twice:
                raise DataError(
                    f"{' and '.join(keys)} do{'es' if len(keys) == 1 else ''} not uniquely identify the rows of "
                    f"{what}.",
                    code="keys-not-unique",
                    subject=keys[0],
                    advice="Add variables to by() until each row is unique.",
                )
    else:
        here, there, count = data.ids, np.arange(len(file)), len(file)
    place = np.full(count, -1, dtype=np.int64)
    inside = np.flatnonzero(here < count)
    place[here[inside]] = inside
    return place[there]


def _count(data: Dataset, file: Dataset, name: str, rows: IntArray) -> int:
    """How many values are others in the rows that both have."""
    there = rows >= 0
    old = pd.Series(take(data.frame[name], rows[there]))
    new = file.frame[name][there].reset_index(drop=True)
    if not data.is_text(name):
        a, b = old.to_numpy(dtype=np.float64, na_value=np.nan), new.to_numpy(dtype=np.float64, na_value=np.nan)
        return int(((a != b) & ~(np.isnan(a) & np.isnan(b))).sum())
    one, two = old.astype(object).where(old.notna(), ""), new.astype(object).where(new.notna(), "")
    return int((one.to_numpy() != two.to_numpy()).sum())
