"""A long-lived process of a peer in Python: it loads the data of a case, and does on demand what is timed.

In: ``load <case> <data>``, ``run <case> <data> <times>``. Out, behind an ``@``: ``ok``, ``ok <seconds> <CPU seconds>
<value>`` of one of so many fits, or ``failed <why>``. Runs under the Python of the peers, which has no Terrace.
"""

from __future__ import annotations

import gc
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FOLDER = Path(sys.argv[1])


@dataclass(frozen=True)
class Columns:
    """What was handed over: doubles by name, and as a frame, where what groups is whole numbers."""

    name: str
    values: Mapping[str, np.ndarray]
    factors: tuple[str, ...]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All columns; rows with missing values are left out, as the models do."""
        return pd.DataFrame(dict(self.values)).dropna().astype(dict.fromkeys(self.factors, "int64"))

    @cached_property
    def codes(self) -> dict[str, np.ndarray]:
        """What groups, as whole numbers."""
        return {name: self.values[name].astype(np.int64) for name in self.factors}

    def file(self, ending: str) -> Path:
        """The data as a file of a kind."""
        return FOLDER / f"{self.name}.{ending}"


def columns(name: str) -> Columns:
    """The columns of a dataset."""
    lines = [line.split("\t") for line in (FOLDER / f"{name}.names").read_text(encoding="utf-8").splitlines()]
    values = np.fromfile(FOLDER / f"{name}.doubles").reshape(len(lines), -1)
    return Columns(name, dict(zip([n for n, _ in lines], values)), tuple(n for n, kind in lines if kind == "factor"))


def design(*parts: np.ndarray) -> np.ndarray:
    """The constant and these columns."""
    return np.column_stack([np.ones(len(parts[0])), *parts])


Fit = Callable[[Any], Any]


def small() -> pd.DataFrame:
    """Six groups of ten rows: y, x, g."""
    rng = np.random.default_rng(1)
    return pd.DataFrame({"y": rng.standard_normal(60), "x": rng.standard_normal(60), "g": np.arange(60) % 6})


def serve(
    about: str, fits: Mapping[str, Fit], value: Callable[[Any], float], warm: Callable[[pd.DataFrame], Any],
    load: Fit = columns,
) -> None:  # fmt: skip
    """Answer until told to quit. `value` takes the log-likelihood, or what else stands for the result, of a fit.

    `warm` fits the small data, which loads what the first fit of a process loads: that is no memory of a case.
    """
    warnings.simplefilter("ignore")
    out = sys.stdout
    sys.stdout = sys.stderr  # what a peer says must not stand in a line of ours
    loaded: dict[str, Any] = {}

    def say(*words: object) -> None:
        print("@", *words, file=out, flush=True)

    say("hello", about)
    for line in sys.stdin:
        words = line.split()
        if words[:1] not in (["load"], ["run"]):
            break
        _, case, name, *times = words
        try:
            if name not in loaded:
                warm(small())
                loaded.clear()
                loaded[name] = load(name)
            if not times:
                if isinstance(loaded[name], Columns):
                    _ = loaded[name].frame, loaded[name].codes
                say("ok")
                continue
            repeats = int(times[0])
            gc.collect()
            used, start = time.process_time(), time.perf_counter()
            for _ in range(repeats):
                result = fits[case](loaded[name])
            seconds, cpu = time.perf_counter() - start, time.process_time() - used
            say("ok", f"{seconds / repeats:.9f} {cpu / repeats:.9f} {value(result):.12g}")
            del result
        except Exception as error:
            say("failed", type(error).__name__, " ".join(str(error).split())[:300])
