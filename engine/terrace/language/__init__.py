"""Text to commands: tokens, the grammar of a command, variable lists, expressions. Runs nothing."""
