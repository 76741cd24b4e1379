"""An error that leaves an override of Qt's is an exception for who called Qt, wherever the error arose."""

from __future__ import annotations

import dis
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress

import pyqtgraph
import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QPushButton

from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui.overrides import caught

only_there = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="only Python 3.11 has such errors")

PROGRAM = """
import terrace_desktop
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import delete

app = QApplication([])
gone = QWidget()
delete(gone)

class Raising(QWidget):
    def __init__(self, failing):
        super().__init__()
        self.failing = failing

    def sizeHint(self):
        self.failing()
        return QSize(1, 1)

class Mixin:
    def sizeHint(self):
        return [][2]

class Mixed(Mixin, QWidget):
    pass

def tried(call):
    try:
        call()
    except BaseException as error:
        print(type(error).__name__)

for failing in (gone.size, lambda: int(None), lambda: next(iter(())), lambda: 1 // 0, lambda: {}["a" * 600]):
    tried(Raising(failing).adjustSize)
tried(Mixed().adjustSize)
"""


def test_what_arises_in_c_below_an_override_ends_no_program() -> None:
    """In a process of its own, which PySide ends under Python 3.11 otherwise."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    errors = ["RuntimeError", "TypeError", "StopIteration", "ZeroDivisionError", "KeyError", "IndexError"]
    assert (ran.returncode, ran.stdout.split()) == (0, errors), ran.stderr


def is_treated(method: Callable[..., object]) -> bool:
    """True where each instruction has a handler, by Python's own reader, and the last one raises again."""
    code = dis.Bytecode(method)
    covered = {k for e in code.exception_entries for k in range(e.start, e.end, 2)}  # type: ignore[attr-defined]
    *body, last = range(0, len(method.__code__.co_code), 2)
    return covered == set(body) and last not in covered and [*code][-1].opname == "RERAISE"


class Later:
    def closeEvent(self, _event: object) -> None: ...

    def _unknown_to_qt(self) -> None: ...


class Dialog(Later, QDialog):
    accepted_with: tuple[object, ...] = ()

    def accept(self) -> None:
        self.accepted_with = ("nothing",)


@only_there
def test_overrides_are_treated_and_nothing_else_is() -> None:
    for method in (MainWindow.closeEvent, Dialog.accept, Later.closeEvent, pyqtgraph.ViewBox.resizeEvent):
        assert is_treated(method), method
    for method in (Later._unknown_to_qt, MainWindow.__init__, test_overrides_are_treated_and_nothing_else_is):
        assert not is_treated(method), method


def test_a_signal_still_gives_an_override_what_it_takes(qapp: object) -> None:
    dialog, button = Dialog(), QPushButton()
    button.clicked.connect(dialog.accept)  # the signal has an argument more
    button.click()
    assert dialog.accepted_with == ("nothing",)
    dialog.deleteLater()
    button.deleteLater()


def finds(values: list[object]) -> object:
    """Handlers in handlers, ways out of the midst of them, and errors of C and of Python before, in and after each."""
    out: list[object] = []
    for value in values:
        try:
            with suppress(KeyError):
                out.append({1: "one"}[value])
            out.append(len(value))  # type: ignore[arg-type]
        except TypeError:
            try:
                out.append(10 // value)  # type: ignore[operator]
            except ZeroDivisionError as error:
                out.append(str(error))
                continue
            finally:
                out.append("tried")
            if value == 5:
                return [*out, sys.exc_info()[0]]
        else:
            out.append([int(part) for part in str(value).split()])
    if not out:
        raise LookupError("nothing")
    return out


@only_there
@pytest.mark.parametrize("values", [[], [1, 0, "7 8"], [2, 5, 1], ["a"], [None], ["1", [], "x 1"], [0, 0], 3])
def test_the_code_does_what_it_did(values: list[object]) -> None:
    """The same value or error, raised in the same line, and nothing is left of it."""

    def told(function: Callable[[list[object]], object]) -> tuple[object, ...]:
        try:
            return ("gives", function(values))
        except Exception as error:
            return type(error), error.args, [f.lineno for f in traceback.extract_tb(error.__traceback__)[1:]]

    treated = type(finds)(caught(finds.__code__), globals())
    assert is_treated(treated) and not is_treated(finds)
    assert caught(treated.__code__) is treated.__code__
    assert told(treated) == told(finds)
    assert sys.exc_info() == (None, None, None)


@only_there
def test_an_override_that_is_a_generator_is_left_alone() -> None:
    class Model(QObject):
        def children(self) -> Iterator[int]:  # type: ignore[override]
            yield 1

    assert [*Model().children()] == [1] and not is_treated(Model.children)
