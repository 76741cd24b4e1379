"""Predictions and their uncertainty."""
