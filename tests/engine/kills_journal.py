"""Kills windows while they write their journal: ``python tests/engine/kills_journal.py FOLDER SEED COUNT``.

Each is a fork of this process that changes one column and commits, again and again, and tells through a pipe how far it
has come. It is killed at a random moment. The newest generation must then be whole, with all values of one round, and
no older than what was told; the next window goes on in the same folder.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Variable
from terrace.session.contract import Outcome
from terrace.session.effects import Effect
from terrace.session.project.journal import Journal, latest
from terrace.session.project.parts import Project
from terrace.session.state import State

ROWS = 3000
LONGEST = 0.06  # seconds until a window is killed, after one to three rounds or none


def work(number: int) -> Project:
    """A project of one round: its column, its scalar and its one command have the number."""
    frame = pd.DataFrame({"fixed": np.arange(ROWS), "x": np.arange(ROWS) * 0.5 + number})
    data = Dataset(frame, (Variable("fixed"), Variable("x")))
    done = Outcome(f"replace x = {number}", "replace", "ok", 0.0, effects=Effect.DATA)
    return Project(replace(State(), dataset=data, scalars={"round": float(number)}), (done,))


def committing(folder: Path, first: int) -> tuple[int, int]:
    """The number of a process that commits rounds from `first` on, and the pipe that has the number of each."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        journal = Journal(folder)
        journal.begin()
        for number in range(first, 10**6):
            assert journal.commit(work(number))
            os.write(writing, number.to_bytes(4, "little"))
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def told(reading: int) -> int:
    """The last number in a pipe whose writer is dead; 0 where there is none."""
    with os.fdopen(reading, "rb") as stream:
        raw = stream.read()
    return int.from_bytes(raw[-4:], "little") if len(raw) % 4 == 0 and raw else 0


def kills(folder: Path, seed: int, count: int) -> str:
    """Kill `count` windows; what was seen. Raises `AssertionError`."""
    chance = random.Random(seed)
    place, before = folder / "window", 0
    first = Journal(folder / "first")  # so that no window spends its short life on loading libraries
    first.begin()
    assert first.commit(work(1)) and first.latest() is not None
    first.discard()
    for i in range(count):
        child, reading = committing(place, before + 1)
        for _ in range(chance.randrange(4)):
            before = int.from_bytes(os.read(reading, 4), "little")
        time.sleep(chance.uniform(0, LONGEST))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"window {i} ended by itself (seed {seed})"
        least = max(told(reading), before)
        found = latest(place)
        if found is None:
            assert not least, f"kill {i} lost all (seed {seed})"
            continue
        project, lost = found
        number = int(project.state.scalars["round"])
        assert lost == () and least <= number <= least + 1, (i, seed, lost, least, number)
        data = project.state.dataset
        assert data is not None and np.array_equal(data.numeric("x"), np.arange(ROWS) * 0.5 + number)
        assert project.history[0].command == f"replace x = {number}"
        before = number
    journal = Journal(place)
    journal.begin()
    assert journal.commit(work(before + 1))
    left = [p.name for p in place.rglob("*") if p.name.startswith(".")]
    journal.end()
    assert not left, left
    assert before >= count, f"{before} rounds: the windows were killed before they came to write"
    return f"{count} windows were killed while they wrote their journal; {before} rounds, none lost"


if __name__ == "__main__":
    print(kills(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
