"""Margins, their contrasts, and simple slopes."""
