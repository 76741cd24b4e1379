"""The mixture of χ² distributions that an LR test of variances follows on the boundary.

Known cases (Self & Liang 1987, cases 5 to 7; Stram & Lee 1994): m independent variances tested together give
binomial weights; k random effects with an unstructured covariance against k - 1 give 50:50 of χ²_{k-1}, χ²_k.
"""

from __future__ import annotations

from math import comb

from terrace.inference.fitted import FittedModel
from terrace.statistics.distributions import chi2_upper


def binomial_mixture(stat: float, variances: int, free: int = 0) -> float:
    """p of `variances` orthogonal boundary parameters and `free` interior ones.

    Weights are exact where the information of the variances is diagonal, the usual approximation otherwise.
    """
    total = 0.0
    for k in range(variances + 1):
        df = k + free
        tail = chi2_upper(stat, df) if df else (1.0 if stat <= 0 else 0.0)
        total += comb(variances, k) / 2.0**variances * tail
    return total


def only_variances(fitted: FittedModel) -> bool:
    """Whether all that the likelihood knows beyond the linear model are variances of random effects.

    A parameter on which it does not depend at all takes no part; one of which combinations are known does.
    """
    return fitted.design.residuals.simple and all(
        c.kind == "variance" for k, c in enumerate(fitted.layout) if c.block is not None and k not in _unseen(fitted)
    )


def _unseen(fitted: FittedModel) -> set[int]:
    return {one.members[0] for one in fitted.natural.confounded if len(one.members) == 1}


def mixture_p(fitted: FittedModel, stat: float) -> float | None:
    """p against the linear model where the limiting mixture is known, None elsewhere."""
    if not only_variances(fitted) or any(len(one.members) > 1 for one in fitted.natural.confounded):
        return None
    unseen = _unseen(fitted)
    variances = sum(c.block is not None and k not in unseen for k, c in enumerate(fitted.layout))
    return binomial_mixture(stat, variances) if variances else None
