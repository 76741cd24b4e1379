#!/usr/bin/env python3
"""Run all tests, headless: ``python3 tests/run.py [arguments for pytest]``. It sets up what is missing."""

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
        python = environment.prepare(["desktop", "dev"])
    except environment.SetupError as error:
        print(error, file=sys.stderr)
        return 1
    environ = environment.clean_environ()
    environ["QT_QPA_PLATFORM"] = os.environ.get("TERRACE_TEST_PLATFORM", "offscreen")
    # The matrices of a mixed model are small: threads in BLAS cost more than they bring.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environ.setdefault(name, "1")
    return subprocess.call([str(python), "-m", "pytest", *arguments], cwd=str(ROOT), env=environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
