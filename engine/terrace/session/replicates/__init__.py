"""A command run many times: on resampled data, in worker processes, and what is kept of each run."""
