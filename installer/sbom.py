#!/usr/bin/env python3
"""The list of all that is in the frozen program (SBOM), as CycloneDX 1.6 in JSON.

    build/freeze/venv/bin/python installer/sbom.py [--frozen build/frozen/Terrace] [--out FILE]

It runs in the environment that the program is frozen from. For each library: version, licence, what it needs, and the
SHA-256 of the file that pip installs here, which is one of those in requirements.lock. What the frozen folder has of
the system's own libraries is listed by their packages. The same build gives the same file.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "engine"), str(ROOT / "tools")]

import lock  # noqa: E402 - found by the line above

from installer import freeze, identity, licences  # noqa: E402
from terrace import libraries  # noqa: E402
from terrace.libraries import DISTRIBUTION, Library  # noqa: E402

OUT = ROOT / "build" / "sbom.cdx.json"
Json = dict[str, Any]


def purl(kind: str, name: str, version: str) -> str:
    """What a component is called in every list (package URL)."""
    return f"pkg:{kind}/{name}@{version.replace(':', '%3A').replace('+', '%2B')}"


def component(kind: str, library: Library, sha256: str = "") -> Json:
    """A library as CycloneDX has it; `kind` is pypi, deb/debian or generic."""
    name = canonicalize_name(library.name) if kind == "pypi" else library.name
    where = purl(kind, name, library.version)
    out: Json = {"type": "library", "bom-ref": where, "name": name, "version": library.version, "purl": where}
    if sha256:
        out["hashes"] = [{"alg": "SHA-256", "content": sha256}]
    try:
        out["licenses"] = [{"expression": canonicalize_license_expression(library.licence)}]
    except InvalidLicenseExpression:
        out["licenses"] = [{"license": {"name": library.licence}}]
    return out


def locked_hashes(names: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of the file that pip installs here of each library of requirements.lock, by its name."""
    entries = lock.pip_report((), "--require-hashes", "-r", str(licences.LOCK))
    found = {canonicalize_name(e["metadata"]["name"]): lock.sha_of(e) for e in entries}
    return {canonicalize_name(name): found[canonicalize_name(name)] for name in names}


def needs(requirements: Iterable[str], known: Mapping[str, str]) -> list[str]:
    """Which components the lines of a metadata need here, of those that are in the list (name to reference)."""
    lines = [Requirement(line) for line in requirements]
    here = (r for r in lines if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in ("", "desktop")))
    return sorted({known[n] for r in here if (n := canonicalize_name(r.name)) in known})


def bom(components: list[Json], requirements: Mapping[str, list[str]], seconds: int) -> Json:
    """The whole list; `requirements` are what each library of the index asks for, Terrace's under its name there."""
    version = identity.version()
    own = purl("pypi", DISTRIBUTION, version)
    known = {c["name"]: c["bom-ref"] for c in components if c["purl"].startswith("pkg:pypi/")}
    body: Json = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z"),
            "component": {
                "type": "application", "bom-ref": own, "name": identity.NAME, "version": version, "purl": own,
                "description": identity.SUMMARY, "licenses": [{"license": {"id": identity.LICENCE}}],
            },
        },
        "components": components,
        "dependencies": [
            {"ref": ref, "dependsOn": needs(requirements.get(name, []), known)}
            for name, ref in [(DISTRIBUTION, own), *known.items()]
        ],
    }  # fmt: skip
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    return {**body, "serialNumber": f"urn:uuid:{number}"}


def gather(frozen: Path | None) -> Json:
    """The list of what this environment and the frozen folder have."""
    names = licences.locked(licences.LOCK.read_text(encoding="utf-8"))
    hashes = locked_hashes(names)
    found = {canonicalize_name(name): metadata.distribution(name) for name in names}
    components = [component("generic", libraries.python())]
    components += [component("pypi", libraries.library(found[name]), hashes[name]) for name in sorted(found)]
    components += [component("pypi", library) for library in licences.bootloader()]
    if frozen is not None:
        components += [component("deb/debian", lib) for lib in licences.of_system(licences.strangers(frozen, names))]
    asked = {name: list(distribution.requires or ()) for name, distribution in found.items()}
    asked[DISTRIBUTION] = lock.wanted()
    return bom(components, asked, int(os.environ.get("SOURCE_DATE_EPOCH") or freeze.source_date()))


def write(frozen: Path | None = None, out: Path = OUT) -> Json:
    """Write the list, and give it."""
    found = gather(frozen)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    return found


def main() -> int:
    frozen = licences.FROZEN if licences.FROZEN.is_dir() else None
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frozen", type=Path, default=frozen, help="the frozen folder")
    parser.add_argument("--out", type=Path, default=OUT, help="the file (%(default)s)")
    options = parser.parse_args()
    found = write(options.frozen, options.out)
    print(f"{options.out}: {len(found['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
