"""Text of every tone can be read on every ground of both themes, and outlines can be seen (WCAG 2.1, 1.4.3, 1.4.11)."""

from __future__ import annotations

import pytest

from terrace_desktop.ui import theme


def luminance(colour: str) -> float:
    """Relative luminance by the formula of WCAG 2.1."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_gives_what_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("name", theme.THEMES)
def test_text_can_be_read_on_every_ground(name: str) -> None:
    t = theme.THEMES[name]
    grounds = {g: getattr(t, g) for g in theme.GROUNDS}
    found = {(tone, g): contrast(getattr(t, tone), c)
             for tone in ("ink", "muted", "accent_text") for g, c in grounds.items()}  # fmt: skip
    for tone in ("warning", "danger"):
        for g in ("ground", "panel", "sunk", f"{tone}_soft"):
            found[tone, g] = contrast(getattr(t, tone), getattr(t, g))
    for tone in ("ink", "muted"):
        for g in ("warning_soft", "danger_soft"):
            found[tone, g] = contrast(getattr(t, tone), getattr(t, g))
    for g in ("accent", "accent_hover"):
        found["on_accent", g] = contrast(t.on_accent, getattr(t, g))
    assert {k: round(v, 2) for k, v in found.items() if v < 4.5} == {}


@pytest.mark.parametrize("name", theme.THEMES)
def test_outlines_and_the_focus_can_be_seen(name: str) -> None:
    t = theme.THEMES[name]
    found = {(tone, g): contrast(getattr(t, tone), getattr(t, g))
             for tone in ("outline", "accent") for g in ("ground", "panel", "sunk")}  # fmt: skip
    assert {k: round(v, 2) for k, v in found.items() if v < 3.0} == {}
