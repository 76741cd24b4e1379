"""The data of the cases: read or simulated once, and handed to all sides as raw doubles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from cases import DATA
from simulations import SEED, SIMULATIONS, slopes

import terrace
from terrace.data.dataset import Dataset, Variable


def dataset(name: str, folder: Path, quick: bool = False) -> Dataset | None:
    """A dataset of the cases; None where its file is not in `folder`. `quick` simulates a small one."""
    if name in SIMULATIONS:
        return _frame(SIMULATIONS[name][quick]())
    path = folder / DATA[name].file
    return terrace.read(path) if path.exists() else None


def simulated(rows: int, groups: int, effects: int = 2, covariates: int = 1) -> Dataset:
    """Groups of unequal size with slopes: `simulations.slopes`."""
    return _frame(slopes(rows, groups, effects, covariates))


def crossed(rows: int, first: int, second: int) -> Dataset:
    """y = 1 + 0.5x + a + b + e with `first` by `second` crossed groups that meet at random."""
    rng = np.random.default_rng(SEED)
    a, b = rng.integers(0, first, rows), rng.integers(0, second, rows)
    x = rng.standard_normal(rows)
    y = 1.0 + 0.5 * x + rng.standard_normal(first)[a] + 0.7 * rng.standard_normal(second)[b]
    y += rng.standard_normal(rows)
    return _frame(pd.DataFrame({"y": y, "x": x, "a": a.astype(np.float64), "b": b.astype(np.float64)}, copy=False))


def _frame(frame: pd.DataFrame) -> Dataset:
    return Dataset(frame, tuple(map(Variable, frame.columns)))


def hand_over(data: Dataset, name: str, folder: Path) -> None:
    """Write ``<name>.names`` (a column a line, ``factor`` behind those that group) and ``<name>.doubles``."""
    groups = DATA[name].groups
    lines = [f"{column}\tfactor" if column in groups else f"{column}\tnumber" for column in data.names]
    with open(folder / f"{name}.doubles", "wb") as out:
        for column in data.names:
            out.write(data.numeric(column).tobytes())
    (folder / f"{name}.names").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_files(data: Dataset, name: str, folder: Path) -> None:
    """Write ``<name>.dta``, ``.csv`` and ``.parquet`` by pandas."""
    frame = data.frame[list(data.names)]
    frame.to_stata(folder / f"{name}.dta", write_index=False)
    frame.to_csv(folder / f"{name}.csv", index=False)
    frame.to_parquet(folder / f"{name}.parquet")


def taken(name: str, folder: Path) -> dict[str, np.ndarray]:
    """The columns that were handed over."""
    names = [line.split("\t")[0] for line in (folder / f"{name}.names").read_text(encoding="utf-8").splitlines()]
    values = np.fromfile(folder / f"{name}.doubles").reshape(len(names), -1)
    return dict(zip(names, values, strict=True))
