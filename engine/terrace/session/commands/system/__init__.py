"""The session itself, files, help."""
