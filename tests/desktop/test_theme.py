"""Colours can be read, the style sheet is whole, and the theme can be changed at run time."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QFile, QObject
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QHBoxLayout, QLabel, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete
from waiting import show, wait_until

from terrace.data.resources import resource_path
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import button, label, sized


@pytest.mark.parametrize("name", theme.THEMES)
def test_sheet_has_every_token_filled_and_names_no_other_colour(name: str) -> None:
    t = theme.THEMES[name]
    sheet = theme.stylesheet(t)
    assert "$" not in sheet
    known = {getattr(t, f) for f in theme.Theme.__dataclass_fields__ if f != "name"}
    assert set(re.findall(r"#[0-9a-f]{6}\b", sheet)) <= known
    for path in re.findall(r"url\(([^)]+)\)", sheet):
        assert QApplication.instance() is not None
        assert QFile.exists(path)


def test_change_of_theme_reaches_palette_and_listeners(qapp: QApplication) -> None:
    heard = []
    theme.manager().changed.connect(lambda: heard.append(theme.manager().theme.name))
    theme.manager().apply("dark")
    assert qapp.palette().color(QPalette.ColorRole.Base) == QColor(theme.DARK.panel)
    theme.manager().apply("light")
    assert qapp.palette().color(QPalette.ColorRole.Base) == QColor(theme.LIGHT.panel)
    assert heard == ["dark", "light"]


class Nested(QWidget):
    """Counts how often it is told of a change of style."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.told = 0

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.told += event.type() == QEvent.Type.StyleChange


def test_what_is_seen_is_dressed_once_however_deep_and_what_is_hidden_soon_after(qapp: QApplication) -> None:
    """Qt alone tells a widget once for each that it is inside of: 1, 2, … 6 times."""
    chain = [Nested()]
    for _ in range(5):
        chain.append(Nested(chain[-1]))
    hidden = label("Words", "muted")
    hidden.setParent(chain[0])
    show(chain[0])
    hidden.hide()
    for n in chain:
        n.told = 0
    theme.manager().apply("dark")
    assert [n.told for n in chain] == [1] * 6
    wait_until(lambda: hidden.palette().color(hidden.foregroundRole()) == QColor(theme.DARK.muted), "the hidden label")
    theme.manager().apply("light")
    chain[0].close()


class Painted(QWidget):
    """Notes the colour of a label in it whenever it is painted."""

    def __init__(self) -> None:
        super().__init__()
        self.words = label("Words", "muted")
        QHBoxLayout(self).addWidget(self.words)
        self.inks: list[str] = []

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.inks.append(self.words.palette().color(self.words.foregroundRole()).name())


def test_a_window_is_painted_once_when_all_that_it_shows_has_the_new_theme(qapp: QApplication) -> None:
    manager, window, done = theme.manager(), Painted(), []

    def work() -> None:
        window.update()  # what anybody else may ask for meanwhile
        qapp.sendPostedEvents()
        done.append(len(window.inks))

    def told() -> None:
        for _ in range(5):
            manager.before_seen(window, work)

    show(window)
    manager.changed.connect(told)
    window.inks.clear()
    manager.apply("dark", at_once=False)
    assert done == [], "the caller goes on at once"
    wait_until(lambda: bool(window.inks), "the window in the dark")
    assert done == [0] * 5, "not painted before all was done"
    assert set(window.inks) == {theme.DARK.muted}
    manager.changed.disconnect(told)
    manager.apply("light", at_once=False)
    manager.apply("dark", at_once=False)  # before the first is over
    manager.apply("light", at_once=False)
    wait_until(lambda: window.inks[-1] == theme.LIGHT.muted, "the window in the light")
    window.close()


def test_what_is_to_be_done_before_a_window_is_painted_goes_with_its_owner(qapp: QApplication) -> None:
    manager, window, gone, done = theme.manager(), Painted(), QObject(), []

    def told() -> None:
        manager.before_seen(gone, lambda: done.append("gone"))
        manager.before_seen(window, lambda: done.append("there"))
        delete(gone)

    show(window)
    manager.changed.connect(told)
    manager.apply("dark", at_once=False)
    wait_until(lambda: bool(done), "what was to be done")
    manager.changed.disconnect(told)
    manager.apply("light")
    manager.before_seen(window, lambda: done.append("at once"))
    assert done == ["there", "at once"]
    window.close()


def test_what_a_part_of_the_window_adds_holds_inside_of_it_alone(qapp: QApplication) -> None:
    manager = theme.manager()
    theme.add_looks({"Nested": 'QLabel[tone="muted"], QLineEdit { color: $danger; }'})
    manager.apply("light")
    window = QWidget()
    inside, outside = label("Words", "muted"), label("Words", "muted")
    row, holder = QHBoxLayout(window), Nested()
    QHBoxLayout(holder).addWidget(inside)
    row.addWidget(holder)
    row.addWidget(outside)
    show(window)
    colours = [w.palette().color(w.foregroundRole()).name() for w in (inside, outside)]
    del manager.looks["Nested"]
    manager.apply("light")
    assert colours == [theme.LIGHT.danger, theme.LIGHT.muted]
    window.close()


def test_an_unknown_choice_follows_the_system(qapp: QApplication) -> None:
    theme.manager().apply("purple")
    assert theme.manager().choice == "system"
    theme.manager().apply("light")


@pytest.fixture
def usual() -> Iterator[None]:
    yield
    theme.manager().apply("light")
    theme.manager().set_zoom(100)


def test_text_grows_and_shrinks_in_steps_within_bounds(qapp: QApplication, usual: None) -> None:
    manager = theme.manager()
    sizes = []
    for step in (1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1):
        manager.set_zoom(manager.next_zoom(step))
        sizes.append(manager.zoom)
    assert sizes == [110, 125, 150, 175, 200, 200, 175, 150, 125, 110, 100, 90, 80, 80, 80]
    manager.set_zoom(1000)
    assert manager.zoom == 200


def test_everything_that_holds_text_grows_with_it(qapp: QApplication, usual: None) -> None:
    """Twice the size of text gives every length of the sheet twice over, but for borders."""
    lengths = [int(n) for n in re.findall(r"(\d+)px", theme.stylesheet(theme.LIGHT))]
    plain, mono = theme.text_font().pixelSize(), theme.mono_font().pixelSize()
    held, text = label("Words"), label("Words", "small")
    sized(held, height=32)
    show(text)
    before = text.sizeHint().height()
    theme.manager().set_zoom(200)
    doubled = [int(n) for n in re.findall(r"(\d+)px", theme.stylesheet(theme.LIGHT))]
    assert doubled == [n if n <= theme.FINE else 2 * n for n in lengths]
    assert (theme.text_font().pixelSize(), theme.mono_font().pixelSize()) == (2 * plain, 2 * mono)
    assert held.height() == 64 and text.sizeHint().height() == pytest.approx(2 * before, abs=2)
    text.close()


def test_the_focus_is_more_than_another_colour_where_contrast_is_high(qapp: QApplication, usual: None) -> None:
    """Turned to grey, a button with the focus still differs from one without: by a thicker outline."""
    for name in ("contrast_light", "contrast_dark"):
        theme.manager().apply(name)
        window = QWidget()
        row = QHBoxLayout(window)
        one, other = button("A button", "a"), button("A button", "b")
        row.addWidget(one)
        row.addWidget(other)
        show(window)
        window.activateWindow()
        one.setFocus()
        wait_until(one.hasFocus, "the focus")
        greys = [w.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8) for w in (one, other)]
        inside = [QColor(g.pixel(one.width() // 2, 1)).lightness() for g in greys]
        assert abs(inside[0] - inside[1]) > 100
        window.close()


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


def test_pictures_of_a_sheet_are_found_wherever_the_program_lies(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "Übung 1 (16px) für 'alle'"
    shutil.copytree(resource_path("icons"), odd)
    monkeypatch.setattr(theme, "resource_path", lambda *parts: odd)
    plain = "QCheckBox::indicator { width: 40px; height: 40px; background: white; }"
    pictures = []
    for sheet in (plain, plain.replace("}", "image: url(icons:check-$shade.svg); }")):
        box = QCheckBox()
        qtbot.addWidget(box)
        box.setStyleSheet(theme.filled(sheet))
        box.resize(60, 60)
        pictures.append(box.grab().toImage())
    assert pictures[0] != pictures[1]
    assert str(odd) not in theme.filled(plain)
    monkeypatch.undo()
    theme.filled(plain)  # the icons are those of the program again
