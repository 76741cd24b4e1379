"""Every script of the comparison runs, on small data, and finds what Terrace finds. No time is looked at."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cases import CASES

RUN = Path(__file__).resolve().parent / "run.py"
DATA = RUN.parents[3] / "shared" / "conformance" / "data"
# What a peer says where its script does not fit it any more; that it finds no optimum is its own affair.
ROTTEN = re.compile(
    r"(Attribute|Import|Index|Key|Module|Name|Syntax|Type)\w*Error|could not find|object '.*' not found|unused argument"
)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_round_of_all_that_is_short() -> None:
    ran = subprocess.run(
        [sys.executable, str(RUN), "--quick"], capture_output=True, text=True, encoding="utf-8", check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    broken = [line for line in ran.stdout.splitlines() if "does not count" in line and ROTTEN.search(line)]
    assert not broken, broken
    for case in CASES:
        there = not case.long and (DATA.exists() or f"{case.title}: left out" not in ran.stdout)
        assert not there or f"{case.title}  " in ran.stdout, case.key
