"""Residual covariances that go to a singular matrix, since the outcome at some times follows from that at others.

Where residuals have variances and covariances of their own at each time, R may go to a matrix with Rc = 0. For every
group of rows with all times of c, log|V| falls then by one for every unit of the logarithm of c'Rc, but for what random
effects take up, and the quadratic form stays bounded where c'y_g = c'X_g β for some β in all of these groups: an
outcome that was carried forward, a sum of others, a value that is the same for everybody. What only random effects
reproduce is left to the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt

from terrace.data.digits import whole_text
from terrace.design.design import Design
from terrace.design.exact import NONE, is_rounding, left_over, rank_of_directions, refuse_exact
from terrace.design.groups import compact
from terrace.errors import FitError
from terrace.wording import enumerated

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Groups that are looked at first: what does not hold in these holds in no more.
FIRST = 1000
# Numbers in the indicators of effects that are still looked at.
DENSE = 4_000_000


def refuse_vanishing_times(design: Design, x: FloatArray, y: FloatArray, *, reml: bool) -> None:
    """Raise `FitError` where the likelihood has no maximum since residuals of some times can be without variance.

    ``x`` (n, p) and ``y`` (n,) are those of the free coefficients.
    """
    residuals = design.residuals
    if not residuals.structure.by_time:
        return
    at = np.rint(residuals.at).astype(np.int64)
    rows = np.full((int(residuals.groups.max()) + 1, len(residuals.structure.times)), -1)
    rows[residuals.groups, at] = np.arange(len(y))
    for group in range(residuals.n_by):
        own = rows[np.any((rows >= 0) & (residuals.by[rows] == group), axis=1)]
        for c in _reproduced(own, x, y):
            if residuals.structure.can_vanish(c) and _left(design, own, c, x, y, reml):
                refuse_exact(design, y)
                raise _refusal(design, group, np.flatnonzero(c))


def _reproduced(rows: IntArray, x: FloatArray, y: FloatArray) -> Iterator[FloatArray]:
    """Weights (k,) of the outcomes at the times with which they may follow from the fixed effects, each found in some
    groups; ``rows`` (groups, k) are their places, -1 where there is none."""
    k = rows.shape[1]
    seen = rows >= 0
    sets: list[tuple[int, ...]] = [tuple(range(k))]
    if not seen.all():
        # few groups may have been seen at all times
        sets += combinations(range(k), 2)
    for times in sets:
        some = rows[seen[:, times].all(axis=1)][:FIRST][:, times]
        if not _may_follow(some, x, y):
            continue
        columns = np.unique(x[some].reshape(len(some), len(times) * x.shape[1]), axis=1)
        if len(some) <= columns.shape[1] + len(times):
            continue
        kept: list[int] = []
        for j in range(len(times)):
            before = np.column_stack([columns, y[some[:, kept]]])
            if is_rounding(left_over(before, y[some[:, j]]), y[some]):
                length = np.sqrt(np.sum(before**2, axis=0))
                length[length == 0] = 1.0
                weights = np.linalg.lstsq(before / length, y[some[:, j]], rcond=None)[0] / length
                c = np.zeros(k)
                c[[times[i] for i in kept]] = -weights[columns.shape[1] :]
                c[times[j]] = 1.0
                yield np.where(np.abs(c) > NONE * np.abs(c).max(), c, 0.0)
            else:
                kept.append(j)


def _may_follow(rows: IntArray, x: FloatArray, y: FloatArray) -> bool:
    """Whether the outcome at one of the times may follow from that at those before, from the first groups: what does
    not hold in these holds in no more. ``rows`` (groups, k) are their places."""
    k = rows.shape[1]
    few = rows[: 2 * k * (x.shape[1] + 1) + 10]
    if len(few) == len(rows):
        return True
    columns = x[few].reshape(len(few), -1)
    for j in range(k):
        # the best fit to these may be farther off in one than that to all
        left = left_over(np.column_stack([columns, y[few[:, :j]]]), y[few[:, j]]) / np.sqrt(len(few))
        if is_rounding(left, y[rows]):
            return True
    return False


def _left(design: Design, rows: IntArray, c: FloatArray, x: FloatArray, y: FloatArray, reml: bool) -> bool:
    """Whether the fixed effects reproduce c'y in all groups that have its times, with degrees of freedom left."""
    times = np.flatnonzero(c)
    some, weights = rows[(rows[:, times] >= 0).all(axis=1)][:, times], c[times]
    within = np.einsum("gkp,k->gp", x[some], weights)
    size = np.sqrt(np.sum(np.einsum("gkp,k->gp", np.abs(x[some]), np.abs(weights)) ** 2, axis=0))
    within = within[:, np.sqrt(np.sum(within**2, axis=0)) > NONE * size]
    if not is_rounding(left_over(within, y[some] @ weights), np.abs(y[some]) * np.abs(weights).sum()):
        return False
    taken = within if reml else within[:, :0]
    for block in design.blocks:
        codes, count = compact(block.codes[some].ravel())
        if len(some) * (taken.shape[1] + block.z.shape[1] * count) > DENSE:
            return False
        for z in block.z.T:
            effects = np.zeros((len(some), count))
            np.add.at(effects, (np.arange(len(some))[:, None], codes.reshape(some.shape)), z[some] * weights)
            effects[np.abs(effects) < NONE * np.abs(z).max()] = 0.0
            taken = np.column_stack([taken, effects])
    return len(some) > rank_of_directions(taken)


def _refusal(design: Design, group: int, times: IntArray) -> FitError:
    residuals, name = design.residuals, design.spec.outcome.name
    said = [whole_text(residuals.structure.times[k]) for k in times]
    where = f"{residuals.time_variable} = {enumerated(said)}"
    if residuals.by_variable:
        where += f", {residuals.by_variable} = {residuals.by_label(residuals.by_levels[group])}"
    if len(times) == 1:
        text = f"The fixed effects reproduce {name} exactly where {where}"
    else:
        others = "the other" if len(times) == 2 else "the others"
        text = f"Where {where}, {name} at each time follows exactly from {others} and the fixed effects"
    return FitError(
        f"{text}. The residual covariance goes to a singular matrix there, and the likelihood has no maximum.",
        code="exact-fit", subject=name,
        advice=f"Leave out the rows of {'this time' if len(times) == 1 else 'one of these times'}, or choose residuals "
        "of fewer parameters.",
    )
