"""Expressions: text to a tree, and a tree and data to values."""
