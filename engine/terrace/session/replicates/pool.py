"""Worker processes for work that is the same many times over: spawned, stopped at once, told of one by one.

Spawned and never forked, since a window's threads and a forked process do not go together. A worker does not load
the program's main module again: a script without ``if __name__ == "__main__"`` would start itself over and over.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, TypeVar

from terrace.errors import Cancelled, TerraceError
from terrace.threads import on_one_thread

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Answer = TypeVar("Answer")

_POLL = 0.1  # seconds between looks at the wish to cancel


def run(
    prepare: Callable[[Shared], Callable[[Task], Answer]],
    shared: Shared,
    tasks: Sequence[Task],
    *,
    processes: int,
    done: Callable[[int, Answer], None],
    cancelled: Callable[[], bool],
) -> None:
    """Work tasks off in worker processes.

    ``prepare(shared)`` runs once in each worker and gives the function that turns a task into a result; it is a
    function of a module, and everything that passes between processes can be pickled. ``done`` gets the position
    and the result of each task as it ends, in any order.

    Raises `Cancelled` when asked to stop, and `TerraceError` where a worker breaks down.
    """
    context = multiprocessing.get_context("spawn")
    workers: list[tuple[SpawnProcess, Connection]] = []
    try:
        with _without_main_module():
            for _ in range(min(processes, len(tasks))):
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs,), daemon=True)
                process.start()
                theirs.close()
                workers.append((process, ours))
        for _, connection in workers:
            connection.send((prepare, shared))
        _distribute([c for _, c in workers], tasks, done, cancelled)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise TerraceError(
            "A worker process ended early, perhaps for lack of memory.",
            code="worker-died",
            advice="Use one process: processes(1).",
        ) from None
    finally:
        for process, connection in workers:
            connection.close()
            process.terminate()
        for process, _ in workers:
            process.join(5)


def _distribute(
    connections: list[Connection],
    tasks: Sequence[Task],
    done: Callable[[int, Answer], None],
    cancelled: Callable[[], bool],
) -> None:
    """Give each worker the next task when it has ended one."""
    waiting = iter(enumerate(tasks))
    running: set[Connection] = set()

    def hand_out(connection: Connection) -> None:
        for index, task in waiting:
            connection.send((index, task))
            running.add(connection)
            return

    for connection in connections:
        hand_out(connection)
    while running:
        if cancelled():
            raise Cancelled
        for ready in wait(list(running), timeout=_POLL):
            assert isinstance(ready, Connection)
            index, result, error = ready.recv()
            running.discard(ready)
            if error is not None:
                raise error
            done(index, result)
            hand_out(ready)


@on_one_thread
def _serve(connection: Connection) -> None:
    """The life of a worker: the work, then tasks until the other end is closed."""
    try:
        prepare, shared = connection.recv()
        work = prepare(shared)
        while True:
            index, task = connection.recv()
            try:
                answer: tuple[int, Any, TerraceError | None] = (index, work(task), None)
            except Exception as error:  # told to the parent, which raises it there
                answer = (index, None, TerraceError(f"{type(error).__name__}: {error}", code="internal"))
            connection.send(answer)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


@contextlib.contextmanager
def _without_main_module() -> Iterator[None]:
    """What is started in here finds a main module without a file, and so loads none."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
