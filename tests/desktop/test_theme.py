"""Colours can be read, the style sheet is whole, and the theme can be changed at run time."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QLabel
from waiting import show

from terrace_desktop.ui import theme


@pytest.mark.parametrize("name", ["light", "dark"])
def test_sheet_has_every_token_filled_and_names_no_other_colour(name: str) -> None:
    t = theme.THEMES[name]
    sheet = theme.stylesheet(t)
    assert "$" not in sheet
    known = {getattr(t, f) for f in theme.Theme.__dataclass_fields__ if f != "name"}
    assert set(re.findall(r"#[0-9a-f]{6}\b", sheet)) <= known
    for path in re.findall(r"url\(([^)]+)\)", sheet):
        assert QApplication.instance() is not None
        assert __import__("pathlib").Path(path).is_file()


def test_change_of_theme_reaches_palette_and_listeners(qapp: QApplication) -> None:
    heard = []
    theme.manager().changed.connect(lambda: heard.append(theme.manager().theme.name))
    theme.manager().apply("dark")
    assert qapp.palette().color(QPalette.ColorRole.Base) == QColor(theme.DARK.panel)
    theme.manager().apply("light")
    assert qapp.palette().color(QPalette.ColorRole.Base) == QColor(theme.LIGHT.panel)
    assert heard == ["dark", "light"]


def test_an_unknown_choice_follows_the_system(qapp: QApplication) -> None:
    theme.manager().apply("purple")
    assert theme.manager().choice == "system"
    theme.manager().apply("light")


def one_width(metrics: QFontMetricsF) -> bool:
    widths = [metrics.horizontalAdvance(d * 50) for d in "0123456789"]
    return max(widths) - min(widths) < 2  # hinting moves single digits by a fiftieth of a pixel


def test_figures_have_one_width(qapp: QApplication) -> None:
    assert one_width(QFontMetricsF(theme.text_font()))
    label = QLabel("1")
    label.setProperty("tone", "heading")  # a style sheet must not take the feature away
    show(label)
    assert one_width(QFontMetricsF(label.font()))
    label.close()
