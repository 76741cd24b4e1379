"""A model as code of another program: one file a language."""
