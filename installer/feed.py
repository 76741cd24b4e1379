#!/usr/bin/env python3
"""The signed list of releases that installed programs look at: made, signed and verified by whoever makes a release.

    python installer/feed.py keys SECRET             write a new secret key to a file; prints the public one
    python installer/feed.py make LIST --version 0.2.0 --page https://... --new "What is new" \\
        --file windows=FILE=https://...
    python installer/feed.py sign LIST FEED --key-file SECRET
    python installer/feed.py verify FEED --key PUBLIC [--files FOLDER]

LIST is the list as JSON, to be looked at before it is signed; `make` adds a release to one that is there. The secret
key (64 hexadecimal digits, in a file or in TERRACE_FEED_KEY) stays with those who make releases. The public key and the
address where FEED is published go into resources/installation.json before the programs are built.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installer.trust import sha256  # noqa: E402 - found by the line above
from terrace.disk.writing import write_bytes, write_text  # noqa: E402
from terrace.errors import TerraceError  # noqa: E402
from terrace_desktop.upkeep.feed import Release, ReleaseFile, list_of, list_text, opened, signed  # noqa: E402


def keys(options: argparse.Namespace) -> int:
    """A new pair: the secret key goes to a file for its owner alone."""
    from nacl.signing import SigningKey

    secret = SigningKey.generate()
    write_text(options.secret, bytes(secret).hex() + "\n", replace=False, private=True)
    print(bytes(secret.verify_key).hex())
    return 0


def make(options: argparse.Namespace) -> int:
    """Add a release to the list, the newest first; one of the same version is replaced."""
    path = Path(options.list)
    before = list_of(path.read_text(encoding="utf-8")).releases if path.exists() else ()
    date = dt.date.fromisoformat(options.date) if options.date else dt.datetime.now(dt.UTC).date()
    files = tuple(_file(text) for text in options.file)
    release = Release(options.version, date, tuple(options.new), options.page, files)
    text = list_text([release, *(r for r in before if r.version != options.version)])
    list_of(text)  # what the program would refuse is not written
    write_text(path, json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n")
    return 0


def _file(text: str) -> ReleaseFile:
    """Of ``SYSTEM=FILE=ADDRESS``."""
    system, path, address = text.split("=", 2)
    return ReleaseFile(system, address, sha256(Path(path)), Path(path).stat().st_size)


def sign(options: argparse.Namespace) -> int:
    """Sign the list as made now, and verify what was written."""
    from nacl.signing import SigningKey

    text = Path(options.key_file).read_text(encoding="utf-8") if options.key_file else os.environ["TERRACE_FEED_KEY"]
    secret = bytes.fromhex(text.strip())
    content = signed(list_of(Path(options.list).read_text(encoding="utf-8")).releases, secret)
    opened(content, bytes(SigningKey(secret).verify_key).hex())
    write_bytes(options.feed, content)
    return 0


def verify(options: argparse.Namespace) -> int:
    """Tell what a feed says that is signed with this key; with a folder, compare the files of the newest release."""
    found = opened(Path(options.feed).read_bytes(), options.key)
    releases = found.releases
    print(f"made {found.made:%Y-%m-%d %H:%M} UTC")
    for release in releases:
        print(f"{release.version}  {release.date}  {len(release.files)} file(s)")
    wrong = []
    for file in releases[0].files if options.files and releases else ():
        path = Path(options.files) / file.address.rpartition("/")[2]
        if not path.is_file() or sha256(path) != file.sha256:
            wrong.append(path.name)
    for name in wrong:
        print(f"{name} is not the file of the list", file=sys.stderr)
    return 1 if wrong else 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    one = verbs.add_parser("keys")
    one.add_argument("secret")
    one.set_defaults(do=keys)
    one = verbs.add_parser("make")
    one.add_argument("list")
    one.add_argument("--version", required=True)
    one.add_argument("--date", default="", help="as 2027-02-01; today where it is missing")
    one.add_argument("--page", required=True)
    one.add_argument("--new", action="append", default=[], help="a line of what is new; repeatable")
    one.add_argument("--file", action="append", default=[], metavar="SYSTEM=FILE=ADDRESS")
    one.set_defaults(do=make)
    one = verbs.add_parser("sign")
    one.add_argument("list")
    one.add_argument("feed")
    one.add_argument("--key-file", default="")
    one.set_defaults(do=sign)
    one = verbs.add_parser("verify")
    one.add_argument("feed")
    one.add_argument("--key", required=True)
    one.add_argument("--files", default="", help="the folder of the files of the newest release")
    one.set_defaults(do=verify)
    options = parser.parse_args(argv)
    try:
        return int(options.do(options))
    except (TerraceError, OSError, ValueError, KeyError) as error:
        print(f"feed.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
