"""The first guess at the level of measurement, by a table of cases as they stand in files of studies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from terrace.data.dataset import Measure
from terrace.data.measure import guess_measure, guess_measures

RNG = np.random.default_rng(14)
N, C, I = Measure.NOMINAL, Measure.CONTINUOUS, Measure.IDENTIFIER
BLOCKS = np.repeat(np.arange(40), 5)
CODES = np.sort(RNG.choice(np.arange(1000, 9000), 40, replace=False))
SUMS = RNG.binomial(60, 0.5, 200)


CASES: list[tuple[str, Any, dict[int, str], Measure]] = [
    # what names groups
    ("group numbers under any name", np.repeat(np.arange(1, 10_001), 3), {}, I),
    ("codes of groups with gaps", CODES[BLOCKS], {}, I),
    ("school", CODES[RNG.permutation(BLOCKS)], {}, I),
    ("school_code", CODES[RNG.permutation(BLOCKS)], {}, I),
    ("IDSCHOOL", CODES[RNG.permutation(BLOCKS)], {}, I),
    ("id_stud", RNG.permutation(200), {}, I),
    ("Klasse", CODES[RNG.permutation(BLOCKS)], {}, I),
    ("rater", RNG.integers(1, 30, 200), {}, I),
    ("labelled schools", CODES[BLOCKS], {int(c): f"School {c}" for c in CODES}, N),
    ("schoolid", CODES[BLOCKS], {int(c): f"School {c}" for c in CODES}, I),
    # what only looks like it
    ("size of the school", RNG.permutation(np.arange(100, 1000))[:40][BLOCKS], {}, C),
    ("mean_ses", np.sort(RNG.normal(size=40))[BLOCKS], {}, C),
    ("sum by which rows are sorted", np.sort(SUMS), {}, C),
    ("wave", np.repeat(np.arange(1, 11), 20), {}, C),
    ("year", np.repeat(np.arange(1980, 2010), 10), {}, C),
    ("dose", np.repeat([0, 10, 20, 40], 20), {}, C),
    # sums, scales and codes
    ("sum", SUMS, {}, C),
    ("sum with labels of missing values", SUMS, {-9: "refused", -8: "not known"}, C),
    ("sum with labels of its ends", SUMS, {int(SUMS.min()): "lowest", int(SUMS.max()): "highest"}, C),
    ("scale with labels of its ends", np.tile(np.linspace(0, 10, 101), 3), {0: "none", 10: "all"}, C),
    ("item", RNG.integers(1, 6, 200), {}, N),
    ("item with a label for each", RNG.integers(1, 8, 200), {k: str(k) for k in range(1, 8)}, N),
    ("item with some labels", RNG.integers(1, 8, 200), {1: "never", 7: "always"}, N),
    ("country of many", RNG.integers(1, 60, 200), {k: f"Country {k}" for k in range(1, 60)}, N),
    # yes and no
    ("female", RNG.integers(0, 2, 200), {}, N),
    ("student", RNG.integers(0, 2, 200), {}, N),
    ("female with labels", RNG.integers(0, 2, 200), {0: "male", 1: "female"}, N),
    ("only labels, no values", np.full(50, np.nan), {1: "yes"}, N),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[c[0] for c in CASES])
def test_table_of_cases(case: tuple[str, Any, dict[int, str], Measure]) -> None:
    name, values, labels, measure = case
    assert guess_measure(name, pd.Series(values), labels=labels) is measure
    assert guess_measure(name, pd.Series(np.asarray(values, dtype=float)), labels=labels) is measure
    if not labels:
        # thousands of columns are judged together, and no differently
        assert guess_measures([name, name], np.column_stack([values, values])) == [measure, measure]


def test_a_level_that_the_file_declares_is_not_doubted_for_how_rows_lie() -> None:
    groups = pd.Series(np.repeat(np.arange(1, 41), 5))
    assert guess_measure("x", groups) is I
    assert guess_measure("x", groups, declared=True) is C
    assert guess_measure("id", groups, declared=True) is I
