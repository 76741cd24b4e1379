"""Random data and what tests of data commands share."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Variable
from terrace.data.readers.build import from_frame
from terrace.session.contract import Outcome
from terrace.session.outcome import pointed
from terrace.session.session import Session
from terrace.session.state import State

R = Path(__file__).resolve().parents[1] / "oracles" / "r_data"


@cache
def r_results() -> Any:
    """What `oracles/r_data/make.R` wrote."""
    return json.loads((R / "results.json").read_text(encoding="utf-8"))


def r_dataset(name: str = "data") -> Dataset:
    """The data that R used."""
    return from_frame(pd.read_csv(R / f"{name}.csv"))


def dataset(**columns: Any) -> Dataset:
    """A dataset of plain columns."""
    frame = pd.DataFrame(columns)
    return Dataset(frame, tuple(Variable(str(n)) for n in frame.columns))


def session_on(data: Dataset | None) -> Session:
    """A session with these data open."""
    return Session(State(dataset=data))


def ok(session: Session, command: str) -> Outcome:
    """Run a command that must work."""
    outcome = session.run(command)
    assert outcome.ok, f"{command}: {pointed(outcome)}"
    return outcome


def refused(session: Session, command: str) -> str:
    """Run a command that must be refused with a good error, and leave everything as it was; its code."""
    before, steps = session.state, len(session.undo_steps)
    outcome = session.run(command)
    assert outcome.error is not None, f"{command} ran"
    assert outcome.error[0] != "internal", outcome.error
    assert session.state.dataset is before.dataset and session.state.fit is before.fit
    assert len(session.undo_steps) == steps
    assert outcome.error[1].endswith((".", "?")), outcome.error[1]
    return outcome.error[0]


def cells(outcome: Outcome, table: int = 0) -> dict[str, tuple[Any, ...]]:
    """The rows of a table by their labels; headings are left out."""
    return {r.label: r.values for r in outcome.tables[table].rows if r.kind != "group"}


# Values that make group variables difficult: whole, fractional, negative, wide, missing.
numbers = st.one_of(
    st.integers(-3, 5).map(float),
    st.sampled_from([0.5, -2.25, 1e9, 123456789.0, float("nan"), float("nan")]),
)
texts = st.sampled_from(["", "a", "b", "ba", "Z", "é"])


@st.composite
def keyed(draw: st.DrawFn, *, most: int = 40, least: int = 0) -> Dataset:
    """Data with two numeric keys, one of text and one of bytes, and values x, y with missing ones."""
    n = draw(st.integers(least, most))
    rows = st.lists(numbers, min_size=n, max_size=n)
    frame = pd.DataFrame(
        {
            "a": np.array(draw(rows), dtype=np.float64),
            "b": np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), dtype=np.int8),
            "s": pd.Series(draw(st.lists(texts, min_size=n, max_size=n)), dtype="str").replace("", None),
            "x": np.array(draw(rows), dtype=np.float64),
            "y": np.round(np.random.default_rng(draw(st.integers(0, 99))).normal(size=n), 1),
        }
    )
    return Dataset(frame, tuple(Variable(str(c)) for c in frame.columns))
