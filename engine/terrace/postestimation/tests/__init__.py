"""Tests and combinations of coefficients, contrasts, comparisons, likelihood-ratio tests."""
