"""Numbers that people have along axes, and what the ticks of each say; the screen and paper are held to it."""

from __future__ import annotations

import numpy as np
from data_support import dataset, ok, session_on

from terrace.session.session import Session

RNG = np.random.default_rng(4)
N = 120
COLUMNS = {
    "codes": RNG.integers(1, 6, N), "three": RNG.integers(0, 3, N), "years": RNG.integers(2019, 2023, N),
    "counts": RNG.poisson(3, N), "score": RNG.uniform(0, 1, N), "income": RNG.normal(45_000, 9_000, N),
    "big": RNG.normal(2e6, 4e5, N), "huge": RNG.normal(3e12, 4e11, N), "tiny": RNG.normal(2e-5, 4e-6, N),
    "close": 1e5 + RNG.uniform(0, 1, N), "day": 21_600.0 + RNG.integers(0, 900, N), "y": RNG.normal(size=N),
    "month": 700.0 + RNG.integers(0, 60, N), "time": 1.9e12 + RNG.uniform(0, 8e7, N),
}  # fmt: skip
CASES = {  # what each tick says, for all that there are
    "codes": "[1-5]", "three": "[012]", "years": r"20(19|2[012])", "counts": r"\d+", "score": r"[01]\.\d",
    "income": r"\d\d,000", "big": r"\d,\d00,000", "huge": r"\d(\.\d+)?e12", "tiny": r"\d(\.\d+)?e−[56]",
    "close": r"100,00[01](\.\d)?", "day": r"((Jan|Apr|Jul|Oct) )?20\d\d", "month": r"20\d\d(m\d+)?",
    "time": r"(\d+ (Mar|Apr|May) 2020\s)?\d\d:00",
}  # fmt: skip


def session_of_cases() -> Session:
    """A session with all of these columns."""
    out = session_on(dataset(**COLUMNS))
    for name, form in (("day", "%td"), ("month", "%tm"), ("time", "%tc")):
        ok(out, f"format {name} {form}")
    return out
