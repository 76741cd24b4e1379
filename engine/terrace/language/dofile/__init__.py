"""Do-files: text to commands, and commands to a tree of loops and blocks."""
