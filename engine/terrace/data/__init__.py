"""Datasets: the frame with its labels, readers, writers, samples and transforms."""
