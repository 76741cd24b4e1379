"""Features of `mixed` that the engine has: only cases that need no other are collected.

Take a name out of `NOT_YET` when the feature works. ``TERRACE_FEATURES="profile"`` adds names for one run.
"""

from __future__ import annotations

import os

FEATURES = frozenset(
    {
        "nested",  # any number of nested levels, every covariance structure of the random effects
        "boundary",  # a solution on the edge of the parameter space is found and named
        "crossed",  # R. factors
        "residuals-independent-by",
        "residuals-exchangeable",
        "residuals-ar",
        "residuals-ma",
        "residuals-unstructured",
        "residuals-banded",
        "residuals-toeplitz",
        "residuals-exponential",
        "residuals-by",  # by() of the structures that are correlated
        "fweights",
        "pweights",
        "robust",
        "cluster",
        "residual-df",  # dfmethod(residual), (repeated) and (anova)
        "satterthwaite",
        "kroger",
        "margins",
        "pwcompare",
        "contrast",
        "predict",
        "profile",  # profile-likelihood intervals
        "emonly",
    }
)

NOT_YET: frozenset[str] = frozenset()

IMPLEMENTED = (FEATURES - NOT_YET) | frozenset(os.environ.get("TERRACE_FEATURES", "").split())
