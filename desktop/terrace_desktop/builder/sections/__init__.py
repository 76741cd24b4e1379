"""The sections of the form, one a file."""
