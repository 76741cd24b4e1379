#!/usr/bin/env python3
"""Write requirements.lock: every library that ships, in one version, with the SHA-256 of its files for each system.

    python tools/lock.py            write it anew, with the newest versions that pyproject.toml allows
    python tools/lock.py --tools    the same for installer/requirements.lock: what freezes the program
    python tools/lock.py --release  the same for installer/release.lock: what builds and checks a release
    python tools/lock.py --check    install the first two into an empty environment of this system, hashes required

Releases are built from them: ``pip install --require-hashes -r requirements.lock``. Versions are chosen by pip for the
oldest Python that is supported; what only other systems need is added by the markers of the metadata.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
TOOLS_LOCK = ROOT / "installer" / "requirements.lock"  # of the group "installer"
RELEASE_LOCK = ROOT / "installer" / "release.lock"  # of the group "release", in an environment of its own
PYTHONS = ("3.11", "3.12", "3.13")
EXTRAS = ("desktop",)
SYSTEMS = {
    "linux": ({"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
              [f"manylinux_2_{glibc}_x86_64" for glibc in range(36, 16, -1)] + ["manylinux2014_x86_64"]),
    "win32": ({"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"}, ["win_amd64"]),
    "darwin": ({"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
               [f"macosx_{version}_0_{chip}" for version in range(15, 10, -1) for chip in ("arm64", "universal2")]),
}  # fmt: skip
"""By the name in ``sys_platform``: what markers see there, and the tags of its wheels, best first."""
_HEAD = """\
# {what}, written by tools/lock.py: do not edit. It installs with
#     pip install --require-hashes -r {name}
# Hashes are those of the files for Python {pythons} on Linux (x86-64), Windows (x86-64) and macOS (Apple silicon).
"""


@dataclass(frozen=True)
class Locked:
    """One library: where it is needed (empty: everywhere), and the SHA-256 of its files."""

    name: str
    version: str
    systems: tuple[str, ...]
    hashes: tuple[str, ...]

    def lines(self) -> str:
        """As pip reads it."""
        marker = " or ".join(f'sys_platform == "{s}"' for s in self.systems)
        head = f"{self.name}=={self.version}" + (f" ; {marker}" if marker else "")
        return " \\\n".join([head, *(f"    --hash=sha256:{sha}" for sha in self.hashes)])


def declared() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def wanted() -> list[str]:
    """The requirements of pyproject.toml for what ships."""
    project = declared()["project"]
    return [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]


def wanted_group(group: str) -> list[str]:
    """The requirements of pyproject.toml for what builds, and does not ship."""
    return list(declared()["dependency-groups"][group])


def shipped_pins() -> list[str]:
    """What requirements.lock has, as ``name==version``: the tools are installed beside it."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lines if re.match(r"[\w.-]+==", line)]


def pip_report(requirements: Iterable[str], *options: str) -> list[dict[str, Any]]:
    """What pip would install."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report"]
        subprocess.run([*command, str(out), *options, *requirements], check=True)
        found: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))["install"]
    return found


def resolved(asked: list[str], options: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What pip would install here of what is asked for, by name, and what the other systems need besides."""
    found: dict[str, dict[str, Any]] = {}
    todo = asked
    while todo:
        pins = [f"{name}=={entry['metadata']['version']}" for name, entry in found.items()]
        entries = pip_report([*pins, *todo], *options)
        found |= {canonicalize_name(entry["metadata"]["name"]): entry for entry in entries}
        needed = {name for system in SYSTEMS for name in closure(asked, found, system)}
        todo = sorted(needed - set(found))
    return found


def closure(asked: list[str], found: dict[str, dict[str, Any]], system: str) -> set[str]:
    """The names of all that is needed on a system, by the markers of the metadata."""
    seen: set[str] = set()
    todo: list[tuple[Requirement, tuple[str, ...]]] = [(Requirement(line), ("",)) for line in asked]
    while todo:
        requirement, extras = todo.pop()
        environments = [
            SYSTEMS[system][0] | {"extra": extra, "python_version": python, "python_full_version": f"{python}.0"}
            for extra in extras for python in PYTHONS
        ]  # fmt: skip
        if requirement.marker is not None and not any(requirement.marker.evaluate(e) for e in environments):
            continue
        name = canonicalize_name(requirement.name)
        if name not in seen:
            seen.add(name)
            below = found.get(name, {}).get("metadata", {}).get("requires_dist", ())
            todo += [(Requirement(line), ("", *requirement.extras)) for line in below]
    return seen


def hashes_of(pins: dict[str, str], system: str, python: str) -> dict[str, str]:
    """The SHA-256 of the file that pip takes on a system and a Python, by name."""
    tags = [part for tag in SYSTEMS[system][1] for part in ("--platform", tag)]
    with tempfile.TemporaryDirectory() as nowhere:
        options = ("--no-deps", "--only-binary=:all:", "--python-version", python, "--target", nowhere, *tags)
        entries = pip_report([f"{name}=={version}" for name, version in pins.items()], *options)
    return {canonicalize_name(e["metadata"]["name"]): sha_of(e) for e in entries}


def sha_of(entry: dict[str, Any]) -> str:
    """The SHA-256 of the file of one entry of a report."""
    sha: str = entry["download_info"]["archive_info"]["hashes"]["sha256"]
    return sha


def locked(asked: list[str], options: Iterable[str] = ()) -> list[Locked]:
    """The whole lock of what is asked for, in the order of the names; the options are pip's."""
    found = resolved(asked, options)
    versions = {name: entry["metadata"]["version"] for name, entry in found.items()}
    shas: dict[str, set[str]] = {name: {sha_of(entry)} for name, entry in found.items()}
    needed = {system: closure(asked, found, system) for system in SYSTEMS}
    sources = {n for n, entry in found.items() if not entry["download_info"]["url"].endswith(".whl")}
    for system, names in needed.items():
        for python in PYTHONS:
            pins = {name: versions[name] for name in sorted(names - sources)}
            for name, sha in hashes_of(pins, system, python).items():
                shas[name].add(sha)
    out = []
    for name in sorted(found):
        systems = tuple(system for system in SYSTEMS if name in needed[system])
        everywhere = () if len(systems) == len(SYSTEMS) else systems
        out.append(Locked(name, versions[name], everywhere, tuple(sorted(shas[name]))))
    return out


def locked_tools() -> list[Locked]:
    """The lock of what builds the installers: what it shares with what ships has the version that ships."""
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder, "constraints.txt")
        constraints.write_text("\n".join(shipped_pins()), encoding="utf-8")
        entries = locked(wanted_group("installer"), ("--constraint", str(constraints)))
    shared = {pin.split("==")[0] for pin in shipped_pins()}
    return [entry for entry in entries if canonicalize_name(entry.name) not in shared]


def write(path: Path, what: str, entries: list[Locked]) -> None:
    """Write a lock."""
    head = _HEAD.format(what=what, name=path.relative_to(ROOT).as_posix(), pythons=", ".join(PYTHONS))
    path.write_text(head + "\n".join(entry.lines() for entry in entries) + "\n", "utf-8")
    print(f"{path.relative_to(ROOT).as_posix()}: {len(entries)} libraries")


def check() -> int:
    """Install what ships and what freezes it into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        command = [str(environment.venv_python(Path(folder))), "-m", "pip", "install", "--quiet", "--require-hashes"]
        return subprocess.call([*command, "-r", str(LOCK), "-r", str(TOOLS_LOCK)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="install what is locked into an empty environment")
    parser.add_argument("--tools", action="store_true", help="lock what builds the installers, not what ships")
    parser.add_argument("--release", action="store_true", help="lock what builds and checks a release")
    options = parser.parse_args()
    if options.check:
        return check()
    if sys.version_info[:2] != tuple(map(int, PYTHONS[0].split("."))):
        print(f"tools/lock.py chooses versions for Python {PYTHONS[0]}: run it with that.")
        return 1
    if options.tools:
        write(TOOLS_LOCK, "What freezes Terrace, beside requirements.lock", locked_tools())
    elif options.release:
        write(RELEASE_LOCK, "What builds and checks a release of Terrace", locked(wanted_group("release")))
    else:
        write(LOCK, "Every library that ships with Terrace", locked(wanted()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
