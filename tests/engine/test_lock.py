"""requirements.lock: it has all that ships, in versions that pyproject.toml allows, and a hash of each."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from test_licences import shipped

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def entries() -> dict[str, tuple[str, list[str]]]:
    """Version and hashes by name."""
    joined = "\n".join(line for line in TEXT.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    out = {}
    for line in joined.splitlines():
        name, version = line.split()[0].split("==")
        out[canonicalize_name(name)] = (version, re.findall(r"--hash=sha256:([0-9a-f]{64})(?= |$)", line))
    return out


def test_each_has_a_version_and_hashes() -> None:
    assert len(entries()) > 20
    assert all(Version(version) and hashes for version, hashes in entries().values())
    assert sum(len(hashes) for _, hashes in entries().values()) == TEXT.count("--hash=")
    assert "://" not in TEXT


def test_all_that_ships_is_locked_in_a_version_that_is_allowed() -> None:
    missing = set(shipped()) - {"terrace-mixed"} - set(entries())
    assert not missing, "write the lock anew: python tools/lock.py"
    for distribution in shipped().values():
        for line in distribution.requires or ():
            needed = Requirement(line)
            if "extra" in str(needed.marker or "") or canonicalize_name(needed.name) not in entries():
                continue
            assert needed.specifier.contains(entries()[canonicalize_name(needed.name)][0], prereleases=True), line
