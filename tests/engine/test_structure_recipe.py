"""The recipe of docs/development.md for a covariance structure, followed to the letter in a scratch copy.

Heterogeneous compound symmetry is neither linear in its parameters nor in the program: one file and two lines of the
registry for the random effects, the same for residuals. Then all tests that run over registered structures run there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = ROOT / "tests" / "exercises"
KINDS = {"random": ("Csh", "csh_effects.py", "        Unstructured,\n"),
         "residual": ("Csh as CshResiduals", "csh_residuals.py", "        Exponential,\n")}  # fmt: skip


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of both packages in which the recipe was followed for both kinds of structures."""
    copy = tmp_path_factory.mktemp("recipe")
    for folder, package in (("engine", "terrace"), ("desktop", "terrace_desktop")):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder / package, copy / folder / package, ignore=ignored)
    shutil.copytree(ROOT / "resources", copy / "resources")
    covariance = copy / "engine" / "terrace" / "covariance"
    registry = covariance / "registry.py"
    text = registry.read_text()
    for kind, (name, exercise, last) in KINDS.items():
        shutil.copy(EXERCISES / exercise, covariance / kind / "csh.py")
        text = text.replace("from terrace.covariance.contract", f"from terrace.covariance.{kind}.csh import {name}\n"
                            "from terrace.covariance.contract", 1)  # fmt: skip
        assert last in text
        text = text.replace(last, f"{last}        {name.rpartition(' ')[2]},\n", 1)
    registry.write_text(text)
    return copy


def run(scratch: Path, *args: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(scratch / folder) for folder in ("engine", "desktop"))
    env = {**os.environ, "PYTHONPATH": paths, "QT_QPA_PLATFORM": "offscreen", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, *args], check=False, cwd=ROOT, env=env, capture_output=True, text=True)


def test_it_is_the_copy_that_is_tried(scratch: Path) -> None:
    done = run(scratch, "-c", "from terrace.covariance import registry as r; print(r.__file__, 'csh' in r.STRUCTURES)")
    assert done.stdout.split() == [str(scratch / "engine" / "terrace" / "covariance" / "registry.py"), "True"]


def test_a_new_structure_works_everywhere(scratch: Path) -> None:
    tests = [f"tests/{name}.py" for name in (
        "engine/test_covariance", "engine/test_covariance_everywhere", "desktop/test_builder_structures")]  # fmt: skip
    done = run(scratch, "-m", "pytest", "-p", "no:cacheprovider", "-k", "csh", *tests)
    assert done.returncode == 0, done.stdout[-4000:]
    assert int(done.stdout.rpartition(" passed")[0].split()[-1]) >= 20
