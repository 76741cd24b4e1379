"""Rows that stand for others: the same weighted sums of products, cell by cell, however the rows come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.design.cells import Cells, EquivalentRows, pivoted_root, simplex


def gathered(codes, columns, weights, batches):
    """The cells of these rows, added in `batches` parts."""
    cells = Cells(columns.shape[1])
    for part in np.array_split(np.arange(len(codes)), batches):
        if len(part):
            found, local = np.unique(codes[part], return_inverse=True)
            cells.add(local, found, columns[part], None if weights is None else weights[part])
    return cells.rows()


def products(codes, columns, weights, count):
    """Σw(1, v)(1, v)' of every cell, by a plain loop."""
    wide = np.column_stack([np.ones(len(codes)), columns])
    out = np.zeros((count, wide.shape[1], wide.shape[1]))
    for g, row, w in zip(codes, wide, weights, strict=True):
        out[g] += w * np.outer(row, row)
    return out


def agree(rows: EquivalentRows, codes, columns, weights):
    count = int(codes.max()) + 1
    wanted = products(codes, columns, weights, count)
    found = products(rows.cell, rows.columns, rows.weights, count)
    size = np.sqrt(np.einsum("gii->gi", wanted))
    size[size == 0] = 1.0
    assert np.abs((found - wanted) / size[:, :, None] / size[:, None, :]).max() < 1e-12
    np.testing.assert_array_equal(np.bincount(rows.cell, weights=rows.counts), np.bincount(codes))
    np.testing.assert_allclose(
        np.bincount(rows.cell, weights=rows.squares), np.bincount(codes, weights=weights**2), rtol=1e-13
    )


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 5), st.booleans())
def test_the_sums_of_products_are_those_of_the_rows(seed, batches, k, weighted):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    codes = np.unique(rng.integers(0, 6, n), return_inverse=True)[1]
    columns = rng.normal(size=(n, k)) * 10.0 ** rng.integers(-3, 4, k) + rng.normal(size=k) * 100
    weights = rng.integers(1, 4, n).astype(float) if weighted else np.ones(n)
    rows = gathered(codes, columns, weights if weighted else None, batches)
    agree(rows, codes, columns, weights)
    assert np.all(np.bincount(rows.cell) <= np.minimum(np.bincount(codes), k + 1))


def test_what_is_constant_in_a_cell_stays_so_to_the_last_bit():
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(30), 7)
    level = rng.normal(size=30) / 3
    columns = np.column_stack([rng.normal(size=210), level[codes], np.full(210, 0.1)])
    rows = gathered(codes, columns, None, 9)
    np.testing.assert_array_equal(rows.columns[:, 1], level[rows.cell])
    assert set(rows.columns[:, 2]) == {0.1}


def test_columns_that_depend_on_others_within_cells_take_no_rows():
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(20), 30)
    x = rng.normal(size=600)
    columns = np.column_stack([x, 2 * x + codes, rng.normal(size=600)])
    rows = gathered(codes, columns, None, 4)
    agree(rows, codes, columns, np.ones(600))
    assert set(np.bincount(rows.cell)) == {3}


def test_a_mean_large_beside_the_spread_costs_no_digits():
    rng = np.random.default_rng(4)
    n = 5000
    x = rng.normal(size=n)
    columns = np.column_stack([x + 1e6, x**2])
    rows = gathered(np.zeros(n, dtype=np.int64), columns, None, 50)
    w, mean = rows.weights / n, rows.columns.T @ rows.weights / n
    off = rows.columns - mean
    found = (off * w[:, None]).T @ off
    np.testing.assert_allclose(found, np.cov(np.column_stack([x, x**2]).T, bias=True), rtol=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(0, 6))
def test_the_root_of_a_scatter_gives_it_back(seed, k, rank):
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(8, k, rank)) * 10.0 ** rng.integers(-4, 5, (8, k, 1))
    scatter = half @ np.swapaxes(half, 1, 2)
    root, found = pivoted_root(scatter)
    size = np.sqrt(np.einsum("cii->ci", scatter))
    size[size == 0] = 1.0
    off = (root @ np.swapaxes(root, 1, 2) - scatter) / size[:, :, None] / size[:, None, :]
    assert np.abs(off).max() < 1e-12
    assert np.all(found == min(k, rank))
    assert not root[:, :, min(k, rank) :].any()


@pytest.mark.parametrize("r", [0, 1, 2, 5])
def test_corners_of_a_simplex(r):
    v = simplex(r)
    assert v.shape == (r, r + 1)
    np.testing.assert_allclose(v @ v.T, np.eye(r), atol=1e-15)
    np.testing.assert_allclose(v.sum(axis=1), 0.0, atol=1e-15)
