"""Colours of reports and figures: light and dark as on the screen, print for paper."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by role; an empty one is left to the surroundings. ``series`` tells apart, ``accent`` leads."""

    ground: str
    ink: str
    muted: str
    line: str
    accent: str
    warning: str
    warning_ground: str
    series: tuple[str, ...]


# Chosen by calculation: every series stands off the ground by a contrast of 3 or more, and the first five stay
# apart under the three colour-vision deficiencies. Every series has a marker and a dash pattern besides.
_LIGHT_SERIES = ("#0b7a75", "#d2581f", "#2b2f77", "#b665b8", "#6e2a12", "#6f93d6", "#55601c", "#1a1a1a")
_DARK_SERIES = ("#4fc3bc", "#f0a23c", "#7f86e8", "#f4e3f2", "#b8603f", "#d96fc4", "#e4e89a", "#5f7f99")

THEMES: dict[str, Theme] = {
    "light": Theme(
        "#ffffff", "#1d2530", "#5d6978", "#dfe3e8", "#0b7a75", "#a15c00", "#fff4e0", _LIGHT_SERIES
    ),
    "dark": Theme("#1c2229", "#e6eaef", "#9aa6b4", "#2f3842", "#4fc3bc", "#f0b45c", "#3a2d14", _DARK_SERIES),
    "print": Theme(
        "#ffffff", "#000000", "#404040", "#c8c8c8", "#0b7a75", "#a15c00", "#ffffff", _LIGHT_SERIES
    ),
    # for notebooks: whatever page the table lands on decides
    "inherit": Theme("", "", "", "", "", "", "", _LIGHT_SERIES),
}


def theme_of(name: str) -> Theme:
    """The theme of that name. Raises ValueError for another one."""
    if name not in THEMES:
        raise ValueError(f"no theme {name!r}; there are {', '.join(THEMES)}")
    return THEMES[name]
