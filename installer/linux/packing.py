"""Folders packed for Linux: tar and xz, and the archive of ar that a Debian package is. The same for the same files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from installer import freeze

XZ = "--threads=1 --x86 --lzma2=preset=9e,dict=64MiB"
"""Nearly all of it is code of x86, whose jumps are made alike first; unpacking takes 65 MiB of memory."""

_HEAD = "{name:<16}{time:<12}0     0     100644  {size:<10}`\n"
"""Before each file of an archive: its name, time, owner, group, rights and size (deb(5), ar(5))."""


def packed(folder: Path, target: Path, *, without: Iterable[str] = ()) -> None:
    """What a folder holds as a tar file in xz, with owner and time that do not depend on who builds, or when."""
    options = ["--format=gnu", "--sort=name", "--owner=root:0", "--group=root:0", f"--mtime=@{freeze.source_date()}"]
    left_out = [f"--exclude=./{name}" for name in without]
    command = ["tar", *options, *left_out, "-cJf", str(target), "-C", str(folder), "."]
    subprocess.run(command, check=True, env={**os.environ, "XZ_OPT": XZ})


def archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """An archive of ar, of files by their names (16 letters at most)."""
    out = [b"!<arch>\n"]
    for name, content in files:
        out += [_HEAD.format(name=name, time=freeze.source_date(), size=len(content)).encode(), content]
        out.append(b"\n" * (len(content) % 2))
    return b"".join(out)
