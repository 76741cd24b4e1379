"""Identifiers that numbers would merge, and whether data keep them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from terrace.data.dataset import Dataset

LONG = [12345678901234567 + k for k in range(6)]
"""Seventeen digits: as doubles they are three numbers."""
ZEROS = ["1", "01", "001", "10", "010", "2"]

_edges = st.sampled_from([2**53, 2**63, 2**64, 10**16, 10**17, 10**29]).flatmap(lambda e: st.integers(e - 3, e + 3))
whole = st.one_of(st.integers(-(10**30), 10**30), _edges, _edges.map(lambda v: -v), st.integers(-9, 9))
padded = st.tuples(st.integers(0, 3), st.one_of(st.integers(0, 30), _edges)).map(lambda p: "0" * p[0] + str(p[1]))


@st.composite
def rows_of(draw: st.DrawFn, ids: st.SearchStrategy[Any], *, missing: bool | None = None) -> list[Any]:
    """A column with each of several identifiers in two rows or more, in no order, with None in some rows or none."""
    found = draw(st.lists(ids, min_size=2, max_size=6, unique=True))
    rows = found * 2 + draw(st.lists(st.sampled_from(found), max_size=6))
    if draw(st.booleans()) if missing is None else missing:
        rows += [None] * draw(st.integers(1, 2))
    return draw(st.permutations(rows))


def spread(ids: Sequence[Any], times: int = 6, *, missing: int | None = 3) -> list[Any]:
    """Each identifier in as many rows, one after the other, with None in one row."""
    rows: list[Any] = [i for i in ids for _ in range(times)]
    if missing is not None:
        rows[missing] = None
    return rows


def outcome(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n).round(3)


def apart(data: Dataset, rows: Sequence[Any], name: str = "id") -> None:
    """As many groups as identifiers, each with exactly its rows; a missing identifier is in none."""
    codes, values = data.codes(name)
    assert len(codes) == len(rows)
    assert [c < 0 for c in codes.tolist()] == [r is None for r in rows]
    pairs = {(r, c) for r, c in zip(rows, codes.tolist(), strict=True) if r is not None}
    distinct = {r for r in rows if r is not None}
    assert len(values) == len(distinct) == len(pairs) == len({c for _, c in pairs})
    assert {str(r) for r in distinct} == {data.level_label(name, v) for v in values}
