"""Covariance structures of random effects and residuals: one class each behind one contract."""
