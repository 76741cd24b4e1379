"""A file that is about to be imported: its preview, the controls of how it is read, several files at once."""
