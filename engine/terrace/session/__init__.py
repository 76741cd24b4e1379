"""The session: runs commands against the data, keeps stored estimates, undo and history."""
