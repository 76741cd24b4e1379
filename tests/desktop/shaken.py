"""Shakes the window: ``python tests/desktop/shaken.py SEED MINUTES``, random clicks, keys and commands of one user.

Most go into the editor of a figure, the report builder and the cards of results, faster than pictures and pages are
drawn; now and then the theme changes, what is edited is another, or the window is closed and a new one made. Every few
actions all garbage is collected. The last line says how many actions there were. An error, or an item of a layout that
Python knows (`layout_items.py`), ends it with status 1; a crash says where Python was in every thread. The last actions
stand in the file that the first line names. A seed does the same again as far as threads allow.

What it finds depends on the heap, so it is worth running under several: as it is, with ``MALLOC_PERTURB_=165`` (glibc
fills what is freed), with ``PYTHONMALLOC=malloc`` or ``debug``, and under valgrind:

    PYTHONMALLOC=malloc valgrind --undef-value-errors=no .venv/bin/python tests/desktop/shaken.py 1 60

On Qt's offscreen platform unless QT_QPA_PLATFORM says otherwise.
"""

from __future__ import annotations

import faulthandler
import gc
import mmap
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from layout_items import kept_items
from PySide6.QtCore import QMessageLogContext, QPoint, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from screenshots import wait
from shiboken6 import isValid

from terrace.session.document.figures import figures
from terrace_desktop.app import app
from terrace_desktop.app.window import MainWindow
from terrace_desktop.figure.rows import Grip
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import session_port

ALT, CTRL, SHIFT = (getattr(Qt.KeyboardModifier, f"{n}Modifier") for n in ("Alt", "Control", "Shift"))
NONE, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
BEGIN = (
    "sample hsb", "mixed mathach c.ses##i.sector || id: ses, covariance(unstructured) reml",
    "margins sector, at(ses=(-2(1)2)) plot(data)", "scatter mathach ses, by(sector)", "estat icc",
    'outline note "Seen at once"',
)  # fmt: skip
LOOKS = ("grey", "colour", "preset(apa)", "legend(lines)", "legend(inside)", "legend(below)", "reset", "width(9)",
         "title(Achievement)", "xrange(-1 1)", "msize(4)")  # fmt: skip
KEYS = [
    (Qt.Key.Key_Tab, NONE), (Qt.Key.Key_Backtab, SHIFT), (Qt.Key.Key_Down, NONE), (Qt.Key.Key_Up, NONE),
    (Qt.Key.Key_Space, NONE), (Qt.Key.Key_Return, NONE), (Qt.Key.Key_Escape, NONE), (Qt.Key.Key_Down, ALT),
    (Qt.Key.Key_Up, ALT), (Qt.Key.Key_Z, CTRL), (Qt.Key.Key_Y, CTRL), (Qt.Key.Key_A, CTRL), (Qt.Key.Key_F2, NONE),
    (Qt.Key.Key_Delete, NONE), (Qt.Key.Key_C, CTRL), (Qt.Key.Key_X, CTRL), (Qt.Key.Key_V, CTRL),
]  # fmt: skip
TEXTS = ("200", "400", "30", "7.5", "0", "Achievement", "a;b\"c", "-1", "x" * 120)
PAUSES = (0, 0, 0, 5, 30, 100, 300)  # ms between two actions
SIZES = ((1280, 720), (1440, 900), (1600, 1000), (1024, 700))
LAST = 40  # actions that are told after a crash
ROOM = 160  # bytes for each of them


class Diary:
    """The last actions, in a file that is there after a crash too."""

    def __init__(self, path: Path) -> None:
        self.count = 0
        with path.open("wb") as stream:
            stream.write(b" " * (LAST * ROOM))
        with path.open("r+b") as stream:
            self._lines = mmap.mmap(stream.fileno(), LAST * ROOM)

    def note(self, words: str) -> None:
        """Another action begins."""
        self.count += 1
        line = f"{self.count} {words}".encode()[: ROOM - 1].replace(b"\n", b" ").ljust(ROOM - 1) + b"\n"
        at = self.count % LAST * ROOM
        self._lines[at : at + ROOM] = line


class User:
    """Somebody who is quicker than the program."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._random, self._folder = random.Random(seed), folder
        self.diary = Diary(folder / "last-actions.txt")
        self.windows = 0
        self.known = ""  # an item of a layout that Python knows
        self._opener = QTimer()  # what is opened over the window is left again, since clicks wait for its end
        self._opener.setInterval(60)
        self._opener.timeout.connect(self._leave)
        self._opener.start()
        self.window = self._start()

    def _start(self) -> MainWindow:
        self.windows += 1
        window = MainWindow(Settings(self._folder / "settings.ini"), warm_up=session_port.warm_up)
        window.asks_on_close = False
        window.resize(1440, 900)
        window.show()
        window.activateWindow()
        window.begin()
        c = window.controller
        wait(lambda: c.is_ready, settle=0)
        for command in BEGIN:
            c.run(command)
        wait(lambda: not c.busy, settle=200)
        return window

    def act(self) -> None:
        """One action, and a short while or none until the next."""
        actions: dict[Callable[[], object], int] = {
            self._click: 24, self._key: 22, self._type: 12, self._move_layer: 10, self._options: 6, self._drag: 5,
            self._undo: 5, self._look: 5, self._edit: 5, self._report: 3, self._resize: 3, self._theme: 2,
            self._copy: 2, self._collect: 6, self._again: 1 if self._random.random() < 0.1 else 0,
        }  # fmt: skip
        action = self._random.choices(list(actions), list(actions.values()))[0]
        try:
            action()
        except RuntimeError as error:  # a widget that is gone by now
            if "already deleted" not in str(error):
                raise
        wait(lambda: True, settle=self._random.choice(PAUSES))

    # --- what a user does ---------------------------------------------------------------------------------
    def _seen(self, *kinds: type[QWidget]) -> list[QWidget]:
        """What can be used, mostly of the editor that is open."""
        panels = (self.window.figures.panel, self.window.figures.page, self.window.reports.panel,
                  self.window.reports.page)  # fmt: skip
        tops: list[QWidget] = [p for p in panels if p is not None and p.isVisible()]
        if not tops or self._random.random() < 0.1:
            tops = [self.window.results if self._random.random() < 0.5 else self.window]
        found = [w for top in tops for kind in kinds for w in top.findChildren(kind)]
        return [w for w in found if w.isVisible() and w.isEnabled() and w.width() > 4 and w.height() > 4]

    def _click(self) -> None:
        found = self._seen(QAbstractButton, QLineEdit, QComboBox, QAbstractItemView)
        if not found:
            return
        widget = self._random.choice(found)
        self.diary.note(f"click {widget.objectName() or type(widget).__name__}")
        target = widget.viewport() if isinstance(widget, QAbstractItemView) else widget
        middle = QPoint(self._random.randrange(2, target.width() - 1), self._random.randrange(2, target.height() - 1))
        QTest.mouseClick(target, LEFT, NONE, middle)
        if isinstance(widget, QAbstractItemView) and isValid(target) and self._random.random() < 0.3:
            QTest.mouseDClick(target, LEFT, NONE, middle)

    def _key(self) -> None:
        widget = QApplication.focusWidget() or self.window
        key, with_ = self._random.choice(KEYS)
        self.diary.note(f"key {QKeySequence(key).toString()} {with_.name} in {widget.objectName()}")
        QTest.keyClick(widget, key, with_)

    def _type(self) -> None:
        fields = self._seen(QLineEdit, QTextEdit, QPlainTextEdit)
        if not fields:
            return
        field, text = self._random.choice(fields), self._random.choice(TEXTS)
        self.diary.note(f"type {text[:20]} into {field.objectName()}")
        field.setFocus()
        if self._random.random() < 0.7:
            QTest.keyClick(field, Qt.Key.Key_A, CTRL)
        QTest.keyClicks(field, text)

    def _move_layer(self) -> None:
        grips = self._seen(Grip)
        if not grips:
            return
        grip, key = self._random.choice(grips), self._random.choice([Qt.Key.Key_Down, Qt.Key.Key_Up])
        self.diary.note(f"move {grip.objectName()} {key.name}")
        grip.setFocus()
        QTest.keyClick(grip, key, ALT)

    def _drag(self) -> None:
        grips = self._seen(Grip)
        if not grips:
            return
        grip = self._random.choice(grips)
        self.diary.note(f"drag {grip.objectName()}")
        QTest.mousePress(grip, LEFT, NONE, QPoint(5, 5))
        for _ in range(self._random.randrange(1, 6)):
            wait(lambda: True, settle=0)
            if isValid(grip):
                QTest.mouseMove(grip, QPoint(5, self._random.randrange(-120, 120)))
        if isValid(grip):
            QTest.mouseRelease(grip, LEFT, NONE, QPoint(5, 5))

    def _options(self) -> None:
        """The options of a layer are opened, typed into, and closed again, while the layer moves."""
        panel = self.window.figures.panel
        rows = {} if panel is None or not panel.isVisible() else panel.layers.rows
        if not rows:
            return
        key = self._random.choice(list(rows))
        row = panel.layers.row(key)
        self.diary.note(f"options of {key}")
        row.open(True)
        member = self._random.choice(list(row.entries)) if row.entries else ""
        if member:
            row.entries[member].setFocus()
            QTest.keyClick(row.entries[member], Qt.Key.Key_A, CTRL)
            QTest.keyClicks(row.entries[member], self._random.choice(("200", "400", "30", "1.5")))
        row.open(False)
        QTest.keyClick(row.grip, Qt.Key.Key_Down, ALT)
        if self._random.random() < 0.5:
            QTest.mouseClick(row.tick, LEFT, NONE, QPoint(8, 8))

    def _undo(self) -> None:
        command = self._random.choice(["undo", "undo", "redo"])
        self.diary.note(command)
        self.window.controller.run(command)

    def _look(self) -> None:
        command = f"figure {self._random.randrange(1, 3)}, {self._random.choice(LOOKS)}"
        self.diary.note(command)
        self.window.controller.run(command)

    def _edit(self) -> None:
        found = figures(self.window.controller.snapshot.document)
        if found:
            figure = self._random.choice(found)
            self.diary.note(f"edit figure {figure.number}")
            self.window.figures.edit(figure.item, figure.place)

    def _report(self) -> None:
        self.diary.note("report")
        self.window.reports.open()

    def _resize(self) -> None:
        size = self._random.choice(SIZES)
        self.diary.note(f"resize {size}")
        self.window.resize(*size)

    def _theme(self) -> None:
        name = self._random.choice(["light", "dark"])
        self.diary.note(f"theme {name}")
        self.window.looks.set_theme(name)

    def _copy(self) -> None:
        page = self.window.figures.page
        if page is not None and page.isVisible():
            self.diary.note("copy the figure")
            page.copy()

    def _collect(self) -> None:
        self.diary.note("collect")
        gc.collect()
        self.known = self.known or "".join(f"An item of a layout is known to Python: {i}\n" for i in kept_items())

    def _again(self) -> None:
        """The window is closed while whatever runs, and another is made."""
        self.diary.note("close the window")
        old = self.window
        old.close()
        old.deleteLater()
        self.window = self._start()

    def _leave(self) -> None:
        for over in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
            if over is not None and over is not self.window:
                if self._random.random() < 0.5:
                    QTest.keyClick(over, self._random.choice([Qt.Key.Key_Down, Qt.Key.Key_Up]))
                QTest.keyClick(over, Qt.Key.Key_Escape)
                if isValid(over) and over.isVisible():
                    over.close()


def told(_kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    """What Qt says, but for what its offscreen platform cannot do."""
    if not message.startswith("This plugin does not support"):
        print(message, file=sys.stderr)


def main(seed: int, minutes: float) -> int:
    """Act for so long; the exit status."""
    folder = Path(tempfile.mkdtemp(prefix="shaken-"))
    os.environ["TERRACE_LOGS"] = str(folder)
    os.chdir(folder)  # whatever is saved on the way is saved here
    failed: list[str] = []
    sys.excepthook = lambda *error: failed.append("".join(traceback.format_exception(*error)))
    qInstallMessageHandler(told)
    application = app.make_application()
    theme.dress(application, "light")
    user = User(seed, folder)
    print(f"seed {seed}: the last actions stand in {folder / 'last-actions.txt'}", flush=True)
    until = time.monotonic() + 60 * minutes
    while time.monotonic() < until and not failed and not user.known:
        user.act()
    failed += [user.known] if user.known else []
    print("".join(failed), end="", file=sys.stderr)
    user.window.close()
    wait(lambda: True, settle=200)
    print(f"{user.diary.count:,} actions in {user.windows} windows, {len(failed)} errors (seed {seed})", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    faulthandler.enable()
    ended = main(int(sys.argv[1]), float(sys.argv[2]))
    sys.stdout.flush()
    os._exit(ended)  # a thread that still draws would end an interpreter that is being taken down
