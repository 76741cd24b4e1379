"""Classical statistics of columns: counts, correlations, smooth curves, tests of means and of ranks, distributions."""
