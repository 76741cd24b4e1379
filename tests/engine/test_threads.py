"""The linear algebra has one thread while the program computes, and the caller's number before and after."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import scipy.linalg  # noqa: F401  (its BLAS is one of those that are set)
from threadpoolctl import ThreadpoolController

import terrace
from terrace.progress import Progress
from terrace.session.session import Session
from terrace.threads import one_thread


def blas() -> list[int]:
    """Threads of every BLAS of the process."""
    return [c.get_num_threads() for c in ThreadpoolController().lib_controllers if c.user_api == "blas"]


@pytest.fixture
def three() -> Iterator[None]:
    """A caller who has set three threads."""
    with ThreadpoolController().limit(limits=3, user_api="blas"):
        assert set(blas()) == {3}
        yield


@pytest.mark.usefixtures("three")
def test_fit_has_one_thread_and_leaves_three() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.normal(size=60), "g": np.repeat(np.arange(10), 6)})
    seen: list[int] = []

    def look(_: Progress) -> None:
        seen.extend(blas())

    terrace.fit("y ~ 1 + (1 | g)", data, progress=look)
    assert set(seen) == {1}
    assert set(blas()) == {3}


@pytest.mark.usefixtures("three")
def test_an_error_restores_the_number_as_well() -> None:
    with pytest.raises(terrace.TerraceError):
        terrace.fit("y ~ 1 + (1 | h)", {"y": [1.0, 2.0], "g": [1, 2]})
    assert set(blas()) == {3}


@pytest.mark.usefixtures("three")
def test_a_command_has_one_thread() -> None:
    seen: list[int] = []

    def look(_: Progress) -> None:
        seen.extend(blas())

    session = Session()
    assert session.run("sample sleepstudy").ok
    assert session.run("mixed reaction days || subject: days, reml", progress=look).ok
    assert set(seen) == {1}
    assert set(blas()) == {3}


@pytest.mark.usefixtures("three")
def test_who_leaves_first_takes_it_from_nobody() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_thread:
            inside.set()
            leave.wait(30)

    with one_thread:
        thread = threading.Thread(target=other)
        thread.start()
        assert inside.wait(30)
        with one_thread:
            assert set(blas()) == {1}
        assert set(blas()) == {1}
    assert set(blas()) == {1}  # the other still computes
    leave.set()
    thread.join()
    assert set(blas()) == {3}


LATE = """
import os
import numpy
from threadpoolctl import threadpool_info
from terrace.threads import one_thread
def counts():
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}
before = counts()
with one_thread:
    import scipy.linalg
    during = counts()
for each in (before, during, counts()):
    print(*each)
print(os.environ.get("OPENBLAS_NUM_THREADS"))
"""


def test_a_library_that_is_loaded_meanwhile_has_one_thread_too_and_the_callers_number_after() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    ended = subprocess.run(
        [sys.executable, "-c", LATE], capture_output=True, text=True, env=environment, check=True, timeout=60
    )
    before, during, after, asked = ended.stdout.splitlines()
    assert asked == "None" and during == "1" and after == before
