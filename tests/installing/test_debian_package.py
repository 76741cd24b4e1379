"""The package for Debian: what dpkg makes of its version."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise

import pytest
from packaging.version import Version

from installer.linux import deb


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is of Debian")
def test_dpkg_orders_versions_as_python_does() -> None:
    versions = ["0.2.0.dev1", "0.2.0a1", "0.2.0b2", "0.2.0rc1", "0.2.0", "0.2.0.post1", "0.9.0", "0.10.0rc1", "0.10.0"]
    assert versions == sorted(versions, key=Version)
    for earlier, later in pairwise(versions):
        pair = deb.package_version(earlier), deb.package_version(later)
        assert subprocess.run(["dpkg", "--compare-versions", pair[0], "lt", pair[1]], check=False).returncode == 0, pair
