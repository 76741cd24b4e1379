#!/usr/bin/env python3
"""Try the disk image on macOS: ``python3 installer/macos/try_bundle.py TERRACE.dmg``.

Opens the image, copies the program into a folder with a blank and an umlaut, lets it check itself there, looks at its
signature, opens a project with it by the system, and removes it again.
"""

from __future__ import annotations

import argparse
import plistlib
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installer import identity  # noqa: E402 - found by the line above


def run(*command: object) -> str:
    """Run a command that has to succeed, and give what it prints."""
    print(">", *command, flush=True)
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, check=True)
    print(done.stdout[-2000:])
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", type=Path)
    parser.add_argument("--signed", action="store_true", help="the signature and the notary's ticket have to be there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder, mounted = Path(temporary, "Größe 2"), Path(temporary, "image")
        folder.mkdir()
        run("hdiutil", "attach", "-nobrowse", "-readonly", "-mountpoint", mounted, options.image)
        try:
            app = folder / f"{identity.NAME}.app"
            run("ditto", mounted / app.name, app)
        finally:
            run("hdiutil", "detach", mounted)
        plist = plistlib.loads((app / "Contents" / "Info.plist").read_bytes())
        assert plist["CFBundleShortVersionString"] == identity.version(), plist
        run("codesign", "--verify", "--deep", "--strict", app)
        if options.signed:
            run("spctl", "--assess", "--type", "execute", app)
            run("xcrun", "stapler", "validate", options.image)
        programs = app / "Contents" / "MacOS"
        run(programs / identity.WINDOW, "--self-test")
        run(programs / identity.CONSOLE, "validate", "--no-report")
        run(programs / identity.CONSOLE, "licences", "numpy")
    print("The program works from its image.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
