"""From a ModelSpec and a Dataset to arrays: the estimation sample, X, the random terms, residual layout."""
