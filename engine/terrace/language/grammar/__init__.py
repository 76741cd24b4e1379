"""The grammar that all commands share: tokens, clauses, options, names, variable lists, macros."""
