"""Covariance matrices of residuals, one structure a file."""
