"""Nothing that is read is cut off: words of labels and buttons have their room, in every screen and size of text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QCheckBox, QLabel, QRadioButton, QWidget
from screens import screens
from waiting import settled, show, wait_idle

from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.ui.widgets import ElidedLabel, button, label

EDGE = 2  # px that widths in whole px and hinting may differ by


@pytest.fixture
def window(settings: Settings) -> Iterator[MainWindow]:
    w = MainWindow(settings)
    w.resize(1280, 720)
    w.show()
    w.begin()
    wait_idle(w.controller)
    yield w
    w.close()
    w.deleteLater()
    theme.manager().set_zoom(100)


def cut_off(root: QWidget) -> list[str]:
    """Labels and buttons under `root` that are seen, and have less room than their words need."""
    out = []
    for w in [root, *root.findChildren(QWidget)]:
        if not w.isVisible() or isinstance(w, ElidedLabel):
            continue
        need = _needed(w)
        if need is None:
            continue
        across, down = need
        if w.width() + EDGE < across or w.height() + EDGE < down:
            out.append(f"{_name(w)}: {_text(w)!r} needs {across} × {down}, has {w.width()} × {w.height()}")
        elif (over := _covered(w)):
            out.append(f"{_name(w)}: {_text(w)!r} reaches {over} px out of what it stands in")
    return out


def _needed(w: QWidget) -> tuple[int, int] | None:
    if isinstance(w, QLabel) and w.text():
        if w.wordWrap():
            return 0, w.heightForWidth(w.width())
        if w.minimumSizeHint().width() < w.sizeHint().width():
            return None  # it scrolls or gives way by design
        return w.sizeHint().width(), w.sizeHint().height()
    if isinstance(w, QCheckBox | QRadioButton) and w.text():
        return w.minimumSizeHint().width(), w.minimumSizeHint().height()
    if isinstance(w, QAbstractButton) and w.text():
        shown = w.property("toolButtonStyle")
        if shown is not None and Qt.ToolButtonStyle(shown) == Qt.ToolButtonStyle.ToolButtonIconOnly:
            return None
        if "…" in w.text() and w.toolTip():
            return None  # shortened on purpose; the whole stands in the tip
        metrics = QFontMetrics(w.font())
        return metrics.horizontalAdvance(w.text().replace("&", "")) + 2 * EDGE, metrics.height() - metrics.descent()
    return None


def _covered(w: QWidget) -> int:
    """Px of `w` across that are out of what it stands in; what scrolls that way shows the rest."""
    over, outer = 0, w.parentWidget()
    while outer is not None and not outer.isWindow():
        place = QRect(w.mapTo(outer, QPoint(0, 0)), w.size())
        if isinstance(outer.parentWidget(), QAbstractScrollArea) and outer.objectName() == "qt_scrollarea_viewport":
            area = outer.parentWidget()
            assert isinstance(area, QAbstractScrollArea)
            if area.horizontalScrollBar().maximum() > 0:
                return over
        over = max(over, place.right() - outer.width() + 1 - EDGE, -place.left() - EDGE)
        outer = outer.parentWidget()
    return over


def stays_cut_off(screen: QWidget) -> list[str]:
    """What is cut off and stays so: a form whose preview has just come is laid out in the turns that follow."""
    for _turn in range(10):
        if not (found := cut_off(screen)):
            break
        settled()
    return found


def _text(w: QWidget) -> str:
    return str(w.property("text"))


def _name(w: QWidget) -> str:
    names = []
    at: QWidget | None = w
    while at is not None and len(names) < 3:
        names.append(at.objectName() or type(at).__name__)
        at = at.parentWidget()
    return " < ".join(names)


def test_a_label_without_room_is_found(window: MainWindow) -> None:
    narrow = QWidget()
    for k, w in enumerate((label("A label of many words"), button("A button of many words", "b"))):
        w.setParent(narrow)
        w.setGeometry(0, 40 * k, 60, 30)
    show(narrow)
    assert len(cut_off(narrow)) == 2
    narrow.close()


@pytest.mark.parametrize("zoom", [100, 150])
def test_no_words_are_cut_off(window: MainWindow, zoom: int) -> None:
    theme.manager().set_zoom(zoom)
    window.splitter.follow_text()
    settled()
    found = {name: cut for name, screen in screens(window) if (cut := stays_cut_off(screen))}
    assert found == {}


def test_the_smallest_window_has_room_for_all_zones(window: MainWindow) -> None:
    window.resize(640, 420)
    some = screens(window, lambda key: key in ("test", "centre"))
    found = {name: cut for name, screen in some if (cut := stays_cut_off(screen))}
    assert found == {}
