"""Models in the words of other programs: one file a language."""
