"""Covariance parameters after a fit: tables, profiles, ICC, R², reliability."""
