"""Simulated outcomes, the bootstrap, imputations."""
