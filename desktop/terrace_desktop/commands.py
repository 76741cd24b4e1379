"""The text of the commands that the window runs for a click. What is clicked is what would be typed."""

from __future__ import annotations

from pathlib import Path


def quoted(text: str) -> str:
    """A string of the command language; a text with quotation marks takes compound quotes."""
    return f'`"{text}"\'' if '"' in text else f'"{text}"'


def use_file(path: str | Path) -> str:
    """Open a data file."""
    return f"use {quoted(str(path))}, clear"


def use_sample(name: str) -> str:
    """Open a bundled sample."""
    return f"sample {name}"


def save_file(path: str | Path) -> str:
    """Save the data; the ending of the name decides on the format."""
    return f"save {quoted(str(path))}, replace"


def do_file(path: str | Path) -> str:
    """Run a file of commands."""
    return f"do {quoted(str(path))}"
