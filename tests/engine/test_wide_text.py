"""Text tables of very many columns, whose numbers and words are taken together: all is as it is one by one."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from terrace.data.dataset import Dataset, Measure
from terrace.data.read import read
from terrace.data.readers import build, delimited, words
from terrace.data.readers.words import Words

POOLS = [
    ["north", "south", "east"], ["north", "", "NA"], ["1.5", "-2", ""], ["1", "2", "3"], ["1", "NA", "."], ["007", "1"],
    ["1e300", "2.5"], ["12345678901234567890", "1"], ["9007199254740993", "1"], ["-9223372036854775808", "1"],
    ["2019-01-02", "2020-05-06"], ["TRUE", "FALSE"], ["TRUE", ""], ["1x", "x1"], ["x", "x "], [" NA", "a"],
    ["may", "x"], ["inf", "1"], ["nan", "1"], ["missing", "2"], ["-", "2"], ["5%", "7%"], ["Zoë", "Åsa"], ["", ""],
    ["P1D", "PT2H"], ["one, two", 'a "b"'], ["10:00", "11:30"], ["Infinity", "y"],
    ["+1", "2"], ["None", "null"], ["NAN", "1.5"],
]  # fmt: skip
FEW = 12  # in place of hundreds, which would take the comparison minutes
NAMES = ["v", "id", "school_id", "x y", "", "wave", "covid"]


def table(rng: np.random.Generator) -> str:
    """A table of all kinds of columns, most of them of two kinds, in one of the spellings of .csv."""
    rows, width = int(rng.choice([3, 5, 25])), FEW + int(rng.integers(1, 25))
    usual = rng.choice(len(POOLS), 2)
    kinds = [POOLS[int(rng.choice(usual) if rng.random() < 0.85 else rng.integers(len(POOLS)))] for _ in range(width)]
    cells = [[str(rng.choice(kind)) for kind in kinds] for _ in range(rows)]
    for k in np.flatnonzero(rng.random(width) < 0.03):  # identifiers
        for j, row in enumerate(cells):
            row[k] = f"s{j}"
    names = [f"{rng.choice(NAMES)}{k if rng.random() < 0.9 else ''}" for k in range(width)]
    out = io.StringIO(newline="")
    style = csv.QUOTE_NONNUMERIC if rng.random() < 0.2 else csv.QUOTE_MINIMAL
    end = str(rng.choice(["\n", "\n", "\r\n"]))
    writer = csv.writer(out, delimiter=str(rng.choice([",", ",", ";", "\t"])), quoting=style, lineterminator=end)
    writer.writerows([names, *cells] if rng.random() < 0.9 else cells)
    return out.getvalue()


def same(a: Dataset, b: Dataset) -> None:
    pd.testing.assert_frame_equal(a.frame, b.frame)
    assert (a.variables, a.notes, a.left_out) == (b.variables, b.notes, b.left_out)


@pytest.mark.parametrize("seed", range(40))
def test_columns_taken_together_are_those_taken_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(table(np.random.default_rng(seed)), encoding="utf-8", newline="")
    monkeypatch.setattr(delimited, "FEW", FEW)
    monkeypatch.setattr(words, "FEW", FEW)
    together = read(path)
    monkeypatch.setattr(delimited, "FEW", 10**6)
    monkeypatch.setattr(delimited, "find_words", lambda *given: Words())
    monkeypatch.setattr(build, "are_words", lambda values: False)
    same(together, read(path))


def test_most_columns_of_a_table_of_words_and_numbers_are_taken_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    kinds = [["north", "south", ""], ["1.5", "", "2"]]
    lines = [",".join(str(rng.choice(kinds[k % 2])) for k in range(1000)) for _ in range(4)]
    lines.append(",".join(["south", "1.5"] * 500))
    path = tmp_path / "wide.csv"
    path.write_text("\n".join([",".join(f"v{k}" for k in range(1000)), *lines, ""]))
    asked = []
    monkeypatch.setattr(delimited, "text_column", lambda values, layout: asked.append(values) or (values, ""))
    data = read(path)
    assert not asked
    assert {v.measure for v in data.variables[::2]} == {Measure.NOMINAL}
    assert data.frame.isna().to_numpy().sum() == sum(line.split(",").count("") for line in lines)


@pytest.mark.parametrize("levels", [5, 30_000])
def test_long_columns_of_words_are_as_those_that_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, levels: int
) -> None:
    """A field that is no word may stand in the last row."""
    drawn = np.random.default_rng(levels).integers(0, levels, 45_000)
    for last in ("w1", "w1 ", "1", "NA", ""):
        path = tmp_path / "long.csv"
        path.write_text("t,x\n" + "".join(f"w{k},{k}\n" for k in drawn) + f"{last},1\n")
        with monkeypatch.context() as careful:
            quick = read(path)
            careful.setattr(delimited, "find_words", lambda *given: Words())
            same(quick, read(path))
