"""Commands that draw the data, and graphs that were drawn."""
