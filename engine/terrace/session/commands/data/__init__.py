"""Commands that open, save and change data."""
