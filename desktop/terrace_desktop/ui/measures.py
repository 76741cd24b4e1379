"""Measure levels of variables as the grid and the builder show them: a badge of a letter or two, and a word."""

from __future__ import annotations

from terrace_desktop.ui.words import tr

BADGES = {"identifier": "id", "nominal": "N", "ordinal": "O", "continuous": "#"}


def measure_icon(measure: str) -> str:
    """The name of the icon of a measure level: key, circles, bars, ruler."""
    return measure if measure in BADGES else "continuous"


def measure_title(measure: str) -> str:
    """A measure level as it stands by itself."""
    return {
        "identifier": tr("Identifier"),
        "nominal": tr("Nominal"),
        "ordinal": tr("Ordinal"),
        "continuous": tr("Continuous"),
    }[measure]


def measure_word(measure: str) -> str:
    """A measure level within a line of words."""
    return {
        "identifier": tr("identifier"),
        "nominal": tr("nominal"),
        "ordinal": tr("ordinal"),
        "continuous": tr("continuous"),
    }[measure]
