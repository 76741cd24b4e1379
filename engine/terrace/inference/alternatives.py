"""Residual structures that these data identify where the one that was asked for has parameters they cannot tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from terrace.covariance.registry import RESIDUALS
from terrace.design.residuals import ResidualLayout, observed_lags
from terrace.errors import SpecError
from terrace.inference.covariance_parameters import unidentified_beside
from terrace.inference.fitted import FittedModel
from terrace.optimise.search import SearchSpace


def identified_residuals(fitted: FittedModel) -> tuple[str, ...]:
    """Structures with their order, the most general first, with which every covariance parameter of the model is
    identified, by the rank that decides on the model itself (`unidentified_beside`); for a model whose
    own structure has a variance for each time."""
    return tuple(name for name, layout in _candidates(fitted.design.residuals) if _identified(fitted, layout))


def _candidates(asked: ResidualLayout) -> Iterator[tuple[str, ResidualLayout]]:
    times = asked.structure.times
    values = times[np.rint(asked.at).astype(np.int64)]
    lags = observed_lags(asked.groups, values)
    longest = int(lags.max(initial=0))
    widest = _widest(asked)
    options: list[tuple[str, int | None]] = [("banded", widest)] * (widest > 0)
    options += [("toeplitz", None if longest == times[-1] - times[0] else longest)] * (longest > 0)
    options += [("ar", 1), ("exchangeable", None)]
    for key, order in options:
        cls = RESIDUALS[key]
        own = times if cls.needs_time else np.zeros(1)
        at = asked.at if cls.by_time else values if cls.needs_time else np.zeros(len(values))
        try:
            structure = cls.bound(own, order, lambda: lags, asked.time_variable or "")
        except SpecError:  # these times do not have such an order
            continue
        name = key if order is None else f"{key} {order}"
        yield name, replace(asked, key=key, structure=structure, at=at, order=order)


def _widest(asked: ResidualLayout) -> int:
    """The number of off-diagonals of the matrix whose pairs of times all occur within groups."""
    k = len(asked.structure.times)
    order = np.lexsort((asked.at, asked.groups))
    groups, at = asked.groups[order], np.rint(asked.at[order]).astype(np.int64)
    met = np.zeros((k, k), dtype=bool)
    for step in range(1, k):
        same = groups[step:] == groups[:-step]
        met[at[:-step][same], at[step:][same]] = True
    return next((m for m in range(k - 1) if not np.diagonal(met, m + 1).all()), k - 1)


def _identified(fitted: FittedModel, layout: ResidualLayout) -> bool:
    objective = replace(fitted.bound, design=replace(fitted.design, residuals=layout), tier="exact").objective()
    space = SearchSpace(objective)
    space.frames = fitted.optimum.space.frames
    theta = np.concatenate([fitted.optimum.point.theta[: objective.layout.n_theta], layout.starts()[0]])
    return not unidentified_beside(space, theta).directions.shape[1]
