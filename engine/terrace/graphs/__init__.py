"""Graphs of data: pure functions from a dataset and the specification of a graph command to plots."""
