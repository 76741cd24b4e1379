"""The desktop's tests run offscreen, fail on any word of Qt, and on threads or windows left behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import getCppPointer

sys.path.insert(0, str(Path(__file__).parent))

import waiting
from layout_items import kept_items

from terrace_desktop.app import app as desktop_app
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings

# What Qt says of the machine and not of us.
HARMLESS = (
    "This plugin does not support propagateSizeHints",
    "This plugin does not support raise()",  # offscreen windows are not stacked
    "This plugin does not support grabbing the keyboard",  # nor do they take it from others for a popup
    "Could not find font",
    "QFontDatabase",
)


@pytest.fixture(scope="session")
def qapp(tmp_path_factory: pytest.TempPathFactory) -> QApplication:
    """The one application, in the light theme."""
    os.environ["TERRACE_LOGS"] = str(tmp_path_factory.mktemp("logs"))
    app = desktop_app.make_application()
    theme.dress(app, "light")
    return app


@pytest.fixture(autouse=True)
def bot(qtbot: QtBot) -> Iterator[QtBot]:
    """Helpers wait with the `qtbot` of the test, which also fails it by an exception inside a slot."""
    waiting.BOTS.append(qtbot)
    yield qtbot
    waiting.BOTS.remove(qtbot)


@pytest.fixture(autouse=True)
def no_qt_warnings(qapp: QApplication) -> Iterator[list[str]]:
    """Anything that Qt complains about fails the test."""
    said: list[str] = []

    def listen(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if kind != QtMsgType.QtDebugMsg and not any(h in message for h in HARMLESS):
            said.append(f"{kind.name}: {message}")

    before = qInstallMessageHandler(listen)
    yield said
    qInstallMessageHandler(before)
    assert not said, "\n".join(said)


@pytest.fixture(autouse=True)
def nothing_left_over(bot: QtBot) -> Iterator[None]:
    """Threads end and windows go with the test that made them."""
    threads = set(threading.enumerate())
    windows = set(map(address, QApplication.topLevelWidgets()))
    yield
    for widget in QApplication.topLevelWidgets():
        if address(widget) not in windows and widget.isVisible():
            widget.close()
    waiting.settled()
    for widget in QApplication.topLevelWidgets():  # a change of theme dresses all that are left, seen or not
        if address(widget) not in windows and widget.parent() is None and is_ours(widget):
            widget.deleteLater()
    waiting.settled()
    left = [t.name for t in threading.enumerate() if t not in threads and t.name.startswith("terrace")]
    assert not left, f"threads left behind: {left}"
    shown = [w for w in QApplication.topLevelWidgets() if address(w) not in windows and w.isVisible()]
    assert not shown, f"windows left behind: {shown}"
    gc.collect()  # here, on Qt's thread: see terrace_desktop.work.collector


@pytest.fixture(autouse=True)
def no_items_of_layouts() -> Iterator[None]:
    """Nobody asks a layout of Qt for its items: terrace_desktop.ui.tab_order tells what comes of it."""
    yield
    known = kept_items()
    assert not known, f"items of layouts are known to Python: {known}"


def address(widget: QWidget) -> int:
    """Where Qt has a widget: what Python has for it can come and go meanwhile."""
    return int(getCppPointer(widget)[0])


def is_ours(widget: QWidget) -> bool:
    """True of classes of the program and of the tests; what libraries made goes with its owners."""
    return not type(widget).__module__.startswith(("PySide6", "pyqtgraph"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings in a file of their own."""
    return Settings(tmp_path / "settings.ini")
