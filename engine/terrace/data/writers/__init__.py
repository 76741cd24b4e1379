"""Writing files, one module a kind of format."""
