"""Standard errors, intervals, tests, degrees of freedom."""
