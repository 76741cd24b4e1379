"""Run the conformance cases that tests/conformance/claimed.txt claims, where ../shared/conformance exists.

One id a line; ``#`` starts a comment. A claim that is not a case is a failure, so that a typing error cannot
pass as agreement. Needs the standard library alone. A clone without that folder has
tests/conformance/test_published.py, which holds the program to the same numbers, but for those of the three models
whose data it does not have.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFORMANCE = ROOT.parent / "shared" / "conformance"
CLAIMED = ROOT / "tests" / "conformance" / "claimed.txt"


def claimed():
    """The claimed ids, in the order of the file."""
    lines = (line.partition("#")[0].strip() for line in CLAIMED.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def main():
    if not (CONFORMANCE / "run.py").exists():
        print("There are no published cases beside this checkout (../shared/conformance).")
        print("tests/conformance/test_published.py, among the tests, compares those whose data are in the project.")
        return 0
    every = json.loads((CONFORMANCE / "cases.json").read_text(encoding="utf-8"))
    cases = {case["id"]: case for case in every}
    wanted = claimed()
    unknown = [name for name in wanted if name not in cases]
    if unknown:
        print(f"{CLAIMED.name} claims what is not a case: {', '.join(unknown)}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        chosen = Path(folder, "cases.json")
        chosen.write_text(json.dumps([cases[name] for name in wanted]), encoding="utf-8")
        script = [str(CONFORMANCE / "run.py"), "--cases", str(chosen), "--data", str(CONFORMANCE / "data")]
        # A relative launcher and ROOT as folder: run.py splits the launcher at spaces.
        launch = os.path.join(".venv", "bin", "terrace") + " run"
        status = subprocess.call([sys.executable, *script, "--launch", launch], cwd=str(ROOT))
    print(f"{len(wanted)} of {len(cases)} published cases are claimed")
    return status


if __name__ == "__main__":
    sys.exit(main())
