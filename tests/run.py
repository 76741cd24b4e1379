#!/usr/bin/env python3
"""Run all tests, headless: ``python3 tests/run.py [arguments for pytest]``. It sets up what is missing.

Without arguments the tests of the window run in processes of their own: what hundreds of windows leave in memory makes
each further one slower.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import environment  # noqa: E402 - found by the line above


def main(arguments):
    try:
        python = environment.prepare(["desktop", "dev", "docs"])
    except environment.SetupError as error:
        print(error, file=sys.stderr)
        return 1
    environ = environment.clean_environ()
    environ["QT_QPA_PLATFORM"] = os.environ.get("TERRACE_TEST_PLATFORM", "offscreen")
    # The matrices of a mixed model are small: threads in BLAS cost more than they bring.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environ.setdefault(name, "1")
    calls = [list(arguments)] if arguments else parts()
    ended = [subprocess.call([str(python), "-m", "pytest", *call], cwd=str(ROOT), env=environ) for call in calls]
    return next(filter(None, ended), 0)  # one that a signal ended is below zero


def parts():
    """The arguments of each process: the tests of the window in three parts, then the rest."""
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "desktop").glob("test_*.py"))
    third = len(files) // 3 + 1
    return [*(files[k : k + third] for k in range(0, len(files), third)), ["tests", "--ignore=tests/desktop"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
