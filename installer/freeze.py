#!/usr/bin/env python3
"""Freeze the program: ``python3 installer/freeze.py [--python PYTHON]`` makes build/frozen/Terrace.

One folder with the interpreter, the libraries, the window (``terrace-desktop``) and the command line (``terrace``);
installers of all systems pack it. The libraries are those of requirements.lock, installed with their hashes into an
environment of its own, build/freeze/venv, which is made anew where a lock or the Python changes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installer import identity, slim  # noqa: E402 - found by the line above

LOCKS = (ROOT / "requirements.lock", ROOT / "installer" / "requirements.lock")
WORK = ROOT / "build" / "freeze"
VENV = WORK / "venv"
FROZEN = ROOT / "build" / "frozen"
DEBIAN = Path("/usr/bin/python3")
ON_WINDOWS = os.name == "nt"


def default_python() -> str:
    """The interpreter that is frozen: the system's where it will do, as its libraries are those of its packages."""
    if sys.platform.startswith("linux") and DEBIAN.exists():
        code = "import sys; sys.exit(sys.version_info < (3, 11))"
        if subprocess.call([str(DEBIAN), "-c", code]) == 0:
            return str(DEBIAN)
    return sys.executable


def venv_python() -> Path:
    """The interpreter of the environment."""
    return VENV / ("Scripts/python.exe" if ON_WINDOWS else "bin/python")


def clean_environ() -> dict[str, str]:
    """The environment of a build: nothing of this person's Python, and the same order of sets each time."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "PYINSTALLER"))}
    return {**environ, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": source_date(), "PYTHONNOUSERSITE": "1"}


def source_date() -> str:
    """Seconds of the last commit, which stand in files where the time of the build would; 0 outside a checkout."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or "0"
    except (OSError, subprocess.CalledProcessError):
        return "0"


def prepare(python: str) -> None:
    """Install the locks into an empty environment, where that has not been done."""
    asked = [python, "-c", "import sys; print(sys.version, sys.base_prefix)"]
    about = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256(about.encode() + b"".join(lock.read_bytes() for lock in LOCKS)).hexdigest()
    stamp = WORK / "locks.sha256"
    if stamp.exists() and stamp.read_text() == digest and venv_python().exists():
        return
    stamp.unlink(missing_ok=True)
    shutil.rmtree(VENV, ignore_errors=True)
    WORK.mkdir(parents=True, exist_ok=True)
    subprocess.run([python, "-m", "venv", str(VENV)], check=True)
    install = [str(venv_python()), "-m", "pip", "install", "--quiet", "--require-hashes"]
    subprocess.run([*install, *(part for lock in LOCKS for part in ("-r", str(lock)))], check=True, env=clean_environ())
    stamp.write_text(digest)


def freeze() -> Path:
    """Make the folder; its path."""
    python, environ = str(venv_python()), clean_environ()
    subprocess.run([python, str(ROOT / "installer" / "icons.py")], check=True, env=environ)
    shutil.rmtree(WORK / "work", ignore_errors=True)  # what is kept of another build is not always made anew
    where = ["--distpath", str(FROZEN), "--workpath", str(WORK / "work")]
    spec = str(ROOT / "installer" / "terrace.spec")
    command = [python, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", *where, spec]
    subprocess.run(command, check=True, env=environ, cwd=WORK)
    folder = FROZEN / identity.NAME
    slim.finish(folder)
    if not ON_WINDOWS:
        (folder / identity.CONSOLE).symlink_to(identity.WINDOW)  # program.py goes by the name
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=default_python(), help="the interpreter to freeze (%(default)s)")
    options = parser.parse_args()
    prepare(options.python)
    folder = freeze()
    size = sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    print(f"{folder.relative_to(ROOT)}: {size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
