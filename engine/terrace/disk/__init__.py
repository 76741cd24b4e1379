"""The one place that writes files: whole or not at all, with words for what went wrong."""
