"""Between the engine and its oracles: datasets from frames, fits kept for all tests, parameters by name."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

import terrace
from oracles import generated, rcases
from oracles.dense import Dense
from terrace.data.dataset import Dataset, Variable


def dataset(frame: pd.DataFrame) -> Dataset:
    """A frame as it stands, without labels."""
    return Dataset(frame.reset_index(drop=True), tuple(Variable(str(c)) for c in frame.columns))


def session_on(data: Dataset) -> terrace.Session:
    """A session with the data in memory."""
    from terrace.session.state import State

    return terrace.Session(State(dataset=data))


@cache
def r_data(name: str) -> Dataset:
    """One of the datasets exported from R."""
    return dataset(rcases.frame(name))


@cache
def r_fit(command: str, data: str) -> terrace.FitResult:
    """A fit to one of them."""
    return terrace.fit(command, r_data(data))


@cache
def generated_fit(case: generated.Case) -> terrace.FitResult:
    """A fit to made-up data."""
    return terrace.fit(case.command, dataset(case.frame))


@cache
def dense_of(case: generated.Case) -> Dense:
    """The same model for the dense oracle."""
    return Dense(case.model, case.frame)


def estimated(result: terrace.FitResult) -> list:
    """The coefficients that were estimated, in the printed order."""
    return [f for f in result.fixed if f.kind in ("estimated", "constrained")]


def natural(result: terrace.FitResult) -> np.ndarray:
    """The covariance parameters in the printed order."""
    return np.array([p.estimate for p in result.random])


def column(rows: list, name: str) -> np.ndarray:
    """One field of many rows, missing as NaN."""
    return np.array([np.nan if getattr(r, name) is None else getattr(r, name) for r in rows], dtype=float)
