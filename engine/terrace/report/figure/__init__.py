"""Plots on paper, by matplotlib."""
