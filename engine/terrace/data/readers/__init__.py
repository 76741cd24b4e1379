"""Reading files and frames, one module a kind of format."""
