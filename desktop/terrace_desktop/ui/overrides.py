"""Errors that leave an override of Qt's, made safe under Python 3.11.

Where Python calls Qt, Qt calls a method that a class of ours overrides, and that method raises, PySide keeps the error
for the first caller and puts the name of the method before its message (`storePythonOverrideErrorOrPrint`). For that it
takes the value of the error for an exception. Up to Python 3.11 the value is one only once somebody has caught it: an
error that arose in C, such as a missing index or a use of a widget that Qt has deleted, has its bare message until
then, or nothing. PySide (6.8 to 6.12 at least) reads the message as an exception, and the process ends with SIGSEGV.

So each override catches what leaves it and raises it again. A wrapper would hide how many arguments a method takes,
which PySide goes by where one is connected to a signal; the handler is therefore put into the code of the method
itself. That costs nothing where nothing is raised. It is done for Python 3.11 alone, whose bytecode is settled, to each
class as it comes into being, also to those of pyqtgraph. Python 3.12 has no errors without an exception.
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType

from shiboken6 import Shiboken

Entry = tuple[int, int, int, int]  # start and length of what is covered, its handler, depth of the stack: code units
_SUSPENDED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_NOWHERE = bytes([0x80 | 15 << 3])  # in the table of lines: one instruction that no line has


def watch() -> None:
    """Treat every subclass of Qt's classes that is made from now on, where Python is CPython 3.11."""
    if sys.version_info[:2] == (3, 11) and sys.implementation.name == "cpython":
        setattr(Shiboken.Object, "__init_subclass__", classmethod(_treat))  # noqa: B010 - mypy knows object's alone


def _treat(cls: type) -> None:
    """Let the methods of a class that override Qt's raise exceptions only; likewise those of its mixins."""
    for owner in cls.__mro__:
        if owner is cls or not isinstance(owner, type(Shiboken.Object)):  # bases of ours have been here
            above = super(owner, cls)
            for name, value in vars(owner).items():
                if isinstance(value, FunctionType) and not name.startswith("__") and hasattr(above, name):
                    value.__code__ = caught(value.__code__)


def caught(code: CodeType) -> CodeType:
    """The same code, with a handler of its own for every error that would leave it: the last instruction raises it
    again, and Python makes an exception of it on the way there."""
    end = len(code.co_code) // 2
    named = [*_entries(code.co_exceptiontable)]
    if code.co_flags & _SUSPENDED or sum(e[1] for e in named) == end - 1:  # a mixin comes here with each of its classes
        return code
    entries: list[Entry] = []
    free = 0  # where no handler is named yet
    for entry in [*named, (end, 0, end, 0)]:
        if entry[0] > free:
            entries.append((free, entry[0] - free, end, 0))
        entries.append(entry)
        free = entry[0] + entry[1]
    return code.replace(
        co_code=code.co_code + bytes([dis.opmap["RERAISE"], 0]),
        co_linetable=code.co_linetable + _NOWHERE,
        co_exceptiontable=b"".join(map(_packed, entries[:-1])),
        co_stacksize=max(code.co_stacksize, 1),
    )


def _entries(table: bytes) -> Iterator[Entry]:
    """Read a table of handlers (Objects/exception_handling_notes.txt of Python 3.11)."""
    numbers: list[int] = []
    value = 0
    for byte in table:
        value = value << 6 | byte & 0x3F
        if not byte & 0x40:
            numbers.append(value)
            value = 0
    yield from zip(*[iter(numbers)] * 4, strict=True)


def _packed(entry: Entry) -> bytes:
    """One entry of such a table: numbers of six bits a byte, the highest first; its first byte is marked."""
    out: list[int] = []
    for number in entry:
        parts = [number & 0x3F]
        while number := number >> 6:
            parts.append(number & 0x3F | 0x40)
        out += reversed(parts)
    return bytes([out[0] | 0x80, *out[1:]])
