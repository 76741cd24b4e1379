"""Commands that look at the data: lists, tables, classical statistics."""
