"""Changes of data as pure functions: Dataset to Dataset, with a small report where there is something to say."""
