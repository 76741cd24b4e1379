"""How light colours are, and how they stand out, as numbers."""

from __future__ import annotations


def linear(color: str) -> tuple[float, float, float]:
    """Linear red, green and blue, from 0 to 1, of a colour ``#rrggbb`` (IEC 61966-2-1)."""
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return red, green, blue


def luminance(color: str) -> float:
    """The relative luminance, from 0 to 1, of a colour ``#rrggbb`` (IEC 61966-2-1, WCAG 2.1)."""
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours ``#rrggbb``, from 1 to 21 (WCAG 2.1)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
