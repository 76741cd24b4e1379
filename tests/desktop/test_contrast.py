"""Text of every tone can be read on every ground of both themes, and outlines can be seen (WCAG 2.1, 1.4.3, 1.4.11)."""

from __future__ import annotations

import re

import pytest

from terrace.data.resources import resource_path
from terrace_desktop.builder import look as builder
from terrace_desktop.forms import look as forms
from terrace_desktop.results import look as results
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


STRONG = [name for name, t in theme.THEMES.items() if t.strong]


@pytest.mark.parametrize("name", STRONG)
def test_high_contrast_is_high(name: str) -> None:
    """Text and outlines of the themes of high contrast reach 7:1 on every ground that they stand on."""
    t = theme.THEMES[name]
    pairs = [(tone, g) for tone in ("ink", "muted", "accent_text") for g in theme.GROUNDS]
    pairs += [(tone, g) for tone in ("outline", "accent") for g in ("ground", "panel", "sunk")]
    pairs += [(tone, g) for tone in ("warning", "danger") for g in ("ground", "panel", "sunk", f"{tone}_soft")]
    pairs += [("on_accent", "accent"), ("on_accent", "accent_hover")]
    found = {pair: contrast(getattr(t, pair[0]), getattr(t, pair[1])) for pair in pairs}
    assert {k: round(v, 2) for k, v in found.items() if v < 7.0} == {}
    hairlines = {g: contrast(t.line, getattr(t, g)) for g in ("ground", "panel", "sunk")}
    assert {g: round(v, 2) for g, v in hairlines.items() if v < 3.0} == {}


def test_there_is_high_contrast_in_light_and_dark() -> None:
    assert {theme.THEMES[name].shade for name in STRONG} == {"light", "dark"}


PAINTED = re.compile(r"([^{}]+)\{([^{}]*)\}")


@pytest.mark.parametrize("name", theme.THEMES)
def test_what_the_style_sheets_paint_can_be_read(name: str) -> None:
    """Wherever a rule sets a colour on a ground, or an outline of a control on one, the two are far enough apart.

    Disabled controls are exempt (WCAG 2.1, 1.4.3).
    """
    t = theme.THEMES[name]
    main = resource_path("styles", "terrace.qss").read_text(encoding="utf-8")
    sheets = (main, builder.SHEET, forms.SHEET, results.SHEET)
    seen = 0
    wrong = {}
    for selector, body in PAINTED.findall("\n".join(sheets)):
        given = dict(re.findall(r"(?:^|;)\s*(background|color|border): ([^;]+)", body))
        ground = given.get("background", "").lstrip("$")
        if ":disabled" in selector or ground not in theme.Theme.__dataclass_fields__:
            continue
        for what, least in (("color", 4.5), ("border", 3.0)):
            tone = given.get(what, "").rpartition("$")[2]
            known = tone in theme.Theme.__dataclass_fields__
            if known and tone not in ("line", ground):  # hairlines are no outlines of controls
                seen += 1
                apart = contrast(getattr(t, tone), getattr(t, ground))
                if apart < least:
                    wrong[" ".join(selector.split()), what] = round(apart, 2)
    assert seen > 30, "the sheets are read"
    assert wrong == {}
