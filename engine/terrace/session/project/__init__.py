"""People's work in files: the state of a session as named parts, the project file, and the journal of a window."""
