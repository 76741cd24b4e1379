"""Frozen results: the fit, tables as typed rows, plots as data."""
