"""Readers that do what a damaged file can make native code do; `test_apart.py` has them run in the other process."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Variable
from terrace.data.progress import Report
from terrace.errors import DataError, DidYouMean


def pid(path: Path, report: Report, **options: object) -> Dataset:
    """Data that say which process read them."""
    return Dataset(pd.DataFrame({"pid": [os.getpid()]}), (Variable("pid"),), source=str(path))


def crash(path: Path, report: Report, **options: object) -> Dataset:
    os.kill(os.getpid(), getattr(signal, path.stem))
    raise AssertionError


def hang(path: Path, report: Report, **options: object) -> Dataset:
    """Native code that keeps the lock of the interpreter and never comes back; says first who it is."""
    path.with_suffix(".pid").write_text(str(os.getpid()), encoding="utf-8")
    ctypes.PyDLL(None).pause()
    raise AssertionError


def greedy(path: Path, report: Report, **options: object) -> Dataset:
    held = [np.ones(1 << 20) for _ in range(10_000)]
    raise AssertionError(len(held))


def steps(path: Path, report: Report, **options: object) -> Dataset:
    for i in range(3):
        report(i / 2)
    return pid(path, report)


def noisy(path: Path, report: Report, **options: object) -> Dataset:
    os.write(1, b"a library that prints" * 1000)
    print("more")
    os.read(0, 10)
    return pid(path, report)


def refuse(path: Path, report: Report, **options: object) -> Dataset:
    raise DataError(
        f"{path.name} has no x.", code="no-x", subject=str(path), advice=DidYouMean("y", "Or z."), text="a x", start=2
    )


def fail(path: Path, report: Report, **options: object) -> Dataset:
    raise ValueError("Mrs Smith, 43")


def deny(path: Path, report: Report, **options: object) -> Dataset:
    raise PermissionError(13, "Permission denied")


def options(path: Path, report: Report, **options: object) -> Dataset:
    return Dataset(pd.DataFrame({"x": [1.0]}), (Variable("x"),), notes=(repr(options),))
