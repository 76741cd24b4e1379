"""What a variable can hold."""

from __future__ import annotations

Value = float | str
"""One value of a variable: a number (NaN where it is missing), or text; also a level of a factor."""
