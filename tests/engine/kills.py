"""Kills processes while they save, and looks at what they leave: ``python tests/engine/kills.py FOLDER SEED COUNT``.

Each process is a fork of this one, which has the libraries loaded, and saves two datasets in turn to one file of a
format of `formats.WRITTEN`. It is killed at a random moment. The file must then hold one of the two, whole; and after
the last kill, an ordinary save in the folder leaves nothing of the killed processes there. With two processes for each
file (``COUNT`` pairs, option ``--pairs``) none is killed, and none may fail.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import pandas as pd

from terrace.data import formats
from terrace.data.dataset import Dataset, Variable
from terrace.data.read import read
from terrace.data.write import write

ROWS = 400
LONGEST = 0.12  # seconds until a process is killed
QUICK = tuple(e for e in formats.WRITTEN if e != ".xlsx")  # a workbook takes most of a second


def dataset(first: int) -> Dataset:
    """Rows that count from `first`: a mixture of two files, or a part of one, is neither."""
    frame = pd.DataFrame({f"x{i}": np.arange(first, first + ROWS) + i / 4 for i in range(6)})
    return Dataset(frame, tuple(Variable(n) for n in frame.columns))


DATA = (dataset(0), dataset(10_000))


def saving_in_turn(path: Path, times: int, order: int = 1) -> int:
    """The number of a process that saves so many times, and ends with status 1 where one fails."""
    child = os.fork()
    if child:
        return child
    try:
        for i in range(times):
            write(DATA[::order][i % 2], path, replace=True)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def whole(path: Path) -> bool:
    """True where a file is one of the two."""
    found = read(path)
    return any(np.array_equal(found.frame.to_numpy(float), d.frame.to_numpy(float)) for d in DATA)


def hidden(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name.startswith("."))


def kills(folder: Path, seed: int, count: int) -> str:
    """Kill `count` processes; what was seen. Raises `AssertionError`."""
    chance = random.Random(seed)
    left = 0
    for i in range(count):
        path = folder / f"data{QUICK[i % len(QUICK)] if i % 50 else '.xlsx'}"
        if not path.exists():
            write(DATA[0], path)
        child = saving_in_turn(path, 10**6)
        time.sleep(chance.uniform(0, LONGEST) * (8 if path.suffix == ".xlsx" else 1))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        left += len(hidden(folder))
        assert whole(path), f"{path} after kill {i} (seed {seed})"
    write(DATA[0], folder / "last.csv", replace=True)
    assert not hidden(folder), hidden(folder)
    return f"{count} kills, {left} temporaries left and swept"


def pairs(folder: Path, count: int) -> str:
    """Two processes save to one file at the same time, `count` times each; what was seen."""
    for ending in QUICK:
        path = folder / f"both{ending}"
        children = [saving_in_turn(path, count, order) for order in (1, -1)]
        ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert ends == [0, 0] and whole(path) and not hidden(folder), (path, ends, hidden(folder))
    return f"{len(QUICK)} files of two processes, {count} times each"


if __name__ == "__main__":
    given = Path(sys.argv[1])
    if "--pairs" in sys.argv:
        print(pairs(given, int(sys.argv[3])))
    else:
        print(kills(given, int(sys.argv[2]), int(sys.argv[3])))
