"""Covariance matrices of random effects, one structure a file."""
