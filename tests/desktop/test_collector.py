"""Cycles are collected on the window's thread, never on the worker's."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from waiting import wait_until

from terrace_desktop.app.loading import Loader
from terrace_desktop.work.collector import Collector


class Knot:
    """An object that only the cycle collector can free."""

    def __init__(self) -> None:
        self.self = self


def test_the_automatic_collector_is_off_while_the_program_runs(qapp: QApplication) -> None:
    assert qapp.findChild(Collector) is not None
    assert not gc.isenabled()


def test_garbage_of_another_thread_waits_for_the_event_loop(qapp: QApplication) -> None:
    freed_on: list[str] = []

    def make() -> None:
        knot = Knot()
        weakref.finalize(knot, lambda: freed_on.append(threading.current_thread().name))
        del knot
        kept = [[k] for k in range(200_000)]  # far beyond the threshold of the youngest generation
        assert kept and not freed_on

    thread = threading.Thread(target=make, name="elsewhere")
    thread.start()
    thread.join()
    assert not freed_on
    filler = [[k] for k in range(5_000)]
    wait_until(lambda: bool(freed_on), "the collector")
    assert filler
    assert freed_on == [threading.main_thread().name]


def test_what_is_there_once_all_is_loaded_is_not_looked_through_again(qapp: QApplication) -> None:
    owner = QObject()
    before = gc.get_freeze_count()
    kept, freed = [Knot()], []
    try:
        Loader(owner, iter([None])).begin()
        wait_until(lambda: gc.get_freeze_count() > before, "the end of loading")
        assert not any(o is kept[0] for o in gc.get_objects())
        knot = Knot()
        weakref.finalize(knot, freed.append, "later")
        del knot
        gc.collect()
        assert freed == ["later"], "what came afterwards is collected"
    finally:
        gc.unfreeze()
