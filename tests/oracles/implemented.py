"""Features of `mixed` that the engine has: only cases that need no other are collected.

Add a name when the feature works; `test_against_dense` refuses names that no case uses.
"""

IMPLEMENTED: frozenset[str] = frozenset(
    {
        "nested",  # any number of nested levels, every covariance structure of the random effects
        "boundary",  # a solution on the edge of the parameter space is found and named
        # "crossed",
        # "residuals-independent-by", "residuals-exchangeable", "residuals-ar", "residuals-ma",
        # "residuals-unstructured", "residuals-banded", "residuals-toeplitz", "residuals-exponential",
        # "residuals-by",
        # "fweights", "pweights", "robust", "cluster",
        # "satterthwaite", "kroger",
        # "predict", "margins",
    }
)
