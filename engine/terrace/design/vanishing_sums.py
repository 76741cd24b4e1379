"""Residual correlations that go to their lower end, since sums of outcomes follow from the fixed effects.

Where residuals are correlated negatively enough, some sums c'e of a group have next to no variance: e_1 + e_2 of an
autoregression with φ near -1, the sum of a whole group of exchangeable ones. log|V| falls then without end for each
such sum, and the quadratic form stays bounded where c'y = c'Xβ for one β and all sums of all groups. That takes more
columns in X than there are sums, or an outcome that alternates. Where only some of the groups have such sums (the
largest of exchangeable ones) nothing is refused: the likelihood has a maximum that every search finds, and besides a
spike at the very end of the correlations that says nothing of the data.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.design.exact import NONE, is_rounding, left_over, rank_of_directions, refuse_exact
from terrace.errors import FitError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Sums beyond the columns of X that are looked at first: what does not hold in these holds in no more.
FIRST = 20


def refuse_vanishing_sums(design: Design, x: FloatArray, y: FloatArray, *, reml: bool) -> None:
    """Raise `FitError` where the likelihood has no maximum since residuals can be without variance in these sums.

    ``x`` (n, p) and ``y`` (n,) are those of the free coefficients.
    """
    residuals = design.residuals
    if not residuals.structure.vanishing_sums(np.arange(2.0), 2).shape[1]:
        return
    order = np.argsort(residuals.groups, kind="stable")
    for group in range(residuals.n_by):
        own = order[residuals.by[order] == group]
        if not _reproduced(design, own, x, y, x.shape[1] + FIRST):
            continue
        sums = _reproduced(design, own, x, y, len(y))
        if sums and (not reml or sums[0] > sums[1]):
            refuse_exact(design, y)
            raise _refusal(design)


def _reproduced(
    design: Design, own: IntArray, x: FloatArray, y: FloatArray, most: int
) -> tuple[int, int] | None:
    """How many sums there are among the first, at most so many, and the rank of X in them; None where the fixed
    effects do not reproduce them, where there is none, or where a group of several rows has none. ``own`` are the
    rows, group by group."""
    structure, at = design.residuals.structure, design.residuals.at
    ends = np.flatnonzero(np.diff(design.residuals.groups[own], append=-1)) + 1
    largest = int(np.diff(ends, prepend=0).max())
    of_x, of_y, size, found = [], [], [], 0
    for begin, end in pairwise([0, *ends]):
        rows = own[begin:end]
        weights = structure.vanishing_sums(at[rows], largest)
        if len(rows) > 1 and not weights.shape[1]:
            return None
        if weights.shape[1]:
            of_x.append(weights.T @ x[rows])
            of_y.append(weights.T @ y[rows])
            size.append(np.abs(weights).T @ np.abs(y[rows]))
            found += weights.shape[1]
        if found >= most:
            break
    if not found:
        return None
    within, sums = np.vstack(of_x), np.concatenate(of_y)
    within = within[:, np.sqrt(np.sum(within**2, axis=0)) > NONE * np.abs(x).max(axis=0, initial=1e-300)]
    if not is_rounding(left_over(within, sums), np.concatenate(size)):
        return None
    return found, rank_of_directions(within)


def _refusal(design: Design) -> FitError:
    name = design.spec.outcome.name
    return FitError(
        f"The fixed effects reproduce sums of {name} within the groups exactly: the correlation of the residuals goes "
        "to its lowest value, and the likelihood has no maximum.",
        code="exact-fit",
        subject=name,
        advice="Leave out residuals() or terms of the fixed part; there are too few rows for both, or the outcome "
        "alternates.",
    )
