#!/usr/bin/env python3
"""Build the installers of a system: ``python3 installer/build.py linux|windows|macos [--out DIR]``.

Freezes the program for the system that this runs on, then hands the folder to the part of that system. The files
lie in dist/ or in DIR afterwards.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installer import freeze, identity, trust  # noqa: E402 - found by the line above

PARTS = {
    "linux": ("installer.linux.deb", "installer.linux.portable"),
    "windows": ("installer.windows.setup",),
    "macos": ("installer.macos.bundle",),
}
"""The modules of a system: each has ``build(frozen, out)``, which gives the files that it wrote."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", choices=list(PARTS))
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder of the files (dist)")
    parser.add_argument("--python", default=freeze.default_python(), help="the interpreter to freeze (%(default)s)")
    parser.add_argument("--keep-frozen", action="store_true", help="pack build/frozen as it is")
    options = parser.parse_args()
    frozen = freeze.FROZEN / identity.NAME
    if not (options.keep_frozen and frozen.is_dir()):
        freeze.prepare(options.python)
        frozen = freeze.freeze()
    options.out.mkdir(parents=True, exist_ok=True)
    for file in trust.add(frozen, options.out, options.system):
        print(file)
    parts = [import_module(name) for name in PARTS[options.system]]
    with ThreadPoolExecutor() as pool:  # each is a program of its own that packs for minutes
        for files in pool.map(lambda part: part.build(frozen, options.out), parts):
            for file in files:
                print(f"{file}: {file.stat().st_size / 1e6:.1f} MB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
