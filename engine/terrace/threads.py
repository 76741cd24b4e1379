"""One thread for the linear algebra, for as long as the program computes.

BLAS takes all processors by itself, and for matrices of the size that models have, waiting for each other takes the
threads longer than the work: two make a crossed model a third slower, and where other programs compute too, several
times. One thread also gives the same last digits on every machine. What the caller had set holds again afterwards.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

_SCIPY = "scipy.linalg._fblas"
_ASKED = "OPENBLAS_NUM_THREADS"

P = ParamSpec("P")
R = TypeVar("R")


class _Own(threading.local):
    """What each thread has set for itself, where BLAS keeps a number for each (as OpenMP does)."""

    def __init__(self) -> None:
        self.depth = 0
        self.before: list[tuple[Any, int]] = []


class _OneThread:
    """A context that may be entered again within itself, and on several threads at once: of a number that is one for
    the whole process, the first to come sets it and the last to go restores it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._before: list[tuple[Any, int]] = []
        self._own = _Own()
        self._shared: list[Any] = []
        self._apart: list[Any] = []
        self._found_with = -1
        self._environment: str | None = None
        self._coming = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._depth:
                self._look()
                self._before = _limited(self._shared)
                self._await_scipy()
            self._depth += 1
        if self._apart:
            if not self._own.depth:
                self._own.before = _limited(self._apart)
            self._own.depth += 1

    def __exit__(self, *_: object) -> None:
        if self._own.depth:
            self._own.depth -= 1
            if not self._own.depth:
                _restored(self._own.before)
        with self._lock:
            self._depth -= 1
            if not self._depth:
                self._scipy_came()
                _restored(self._before)

    def _await_scipy(self) -> None:
        """Have SciPy's BLAS begin with one thread where it is loaded in here: it asks the environment, once."""
        self._coming = _SCIPY not in sys.modules
        if self._coming:
            self._environment = os.environ.get(_ASKED)
            os.environ[_ASKED] = "1"

    def _scipy_came(self) -> None:
        """Give SciPy's BLAS, where it was loaded meanwhile, the number that NumPy's goes back to."""
        if not self._coming:
            return
        if self._environment is None:
            os.environ.pop(_ASKED, None)
        else:
            os.environ[_ASKED] = self._environment
        if _SCIPY in sys.modules and self._before:
            count = self._before[0][1]
            self._look()
            self._before = [(c, count) for c in self._shared]

    def _look(self) -> None:
        # this takes a millisecond, and SciPy loads a BLAS of its own later than NumPy
        loaded = ("numpy" in sys.modules) + (_SCIPY in sys.modules)
        if loaded == self._found_with:
            return
        from threadpoolctl import ThreadpoolController

        every = [c for c in ThreadpoolController().lib_controllers if c.user_api == "blas"]
        self._apart = [c for c in every if getattr(c, "threading_layer", "") == "openmp"]
        self._shared = [c for c in every if c not in self._apart]
        self._found_with = loaded


def _limited(libraries: list[Any]) -> list[tuple[Any, int]]:
    """Set one thread, and give the libraries that had others with their number."""
    before = [(c, count) for c in libraries if (count := c.get_num_threads()) not in (None, 1)]
    for library, _ in before:
        _set(library, 1)
    return before


def _restored(before: list[tuple[Any, int]]) -> None:
    while before:
        _set(*before.pop())


def _set(library: Any, count: int) -> None:
    # threadpoolctl lets one thread of Python set the number of OpenBLAS, whichever came first, and ignores all others;
    # here they take turns
    release = getattr(library, "clear_controlling_thread", None)
    if release:
        release(force=True)
    library.set_num_threads(count)
    if release:
        release(force=True)


one_thread = _OneThread()
"""``with one_thread:`` BLAS has one thread, whatever the environment says."""


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """The function with BLAS on one thread while it runs."""

    @functools.wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with one_thread:
            return function(*args, **kwargs)

    return limited
