"""Files that are read in batches of rows."""
