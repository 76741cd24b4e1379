#!/usr/bin/env python3
"""Write what a release knows of its makers, before it is built: resources/installation.json.

    python installer/installation.py --feed https://... --key PUBLIC --mail ADDRESS

Each may be missing, or empty: what it stands for is left out of the program then. `docs/upkeep.md` says what they are.
The workflow of the installers takes them from the variables TERRACE_FEED, TERRACE_FEED_PUBLIC and TERRACE_MAIL of the
repository.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "resources" / "installation.json"


def checked(feed: str, key: str, mail: str) -> dict[str, str]:
    """What goes into the file. Raises `ValueError` for what the program would not use."""
    if bool(feed) != bool(key):
        raise ValueError("--feed and --key go together: a list is used only where its signature can be checked.")
    if feed and (urlsplit(feed).scheme != "https" or not urlsplit(feed).hostname):
        raise ValueError(f"--feed: {feed} is no https address.")
    if key and (not re.fullmatch(r"[0-9a-f]{64}", key) or len(set(key)) == 1):  # as the program asks, which needs Qt
        raise ValueError("--key: the public key has 64 hexadecimal digits, in small letters.")
    if mail and not re.fullmatch(r"[^@\s]+@[^@\s]+", mail):
        raise ValueError(f"--mail: {mail} is no address of mail.")
    return {"feed": feed, "key": key, "mail": mail}


def main(argv: list[str] | None = None, file: Path = FILE) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, what in (("feed", "address of the list of releases"), ("key", "its public key"), ("mail", "for reports")):
        parser.add_argument(f"--{name}", default="", help=what)
    options = parser.parse_args(argv)
    try:
        found = checked(options.feed.strip(), options.key.strip(), options.mail.strip())
    except ValueError as error:
        print(f"installation.py: {error}", file=sys.stderr)
        return 1
    file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
