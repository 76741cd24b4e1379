"""The editor of a figure: what it looks like in the work panel, and how it prints where the results stand."""
