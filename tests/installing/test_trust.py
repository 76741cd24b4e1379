"""What lets others check a build: licences of all that is frozen, the list of it, checksums, the package's page."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from installer import check_sbom, licences, readme_hook, sbom, trust
from terrace.libraries import Library, library

ROOT = Path(__file__).resolve().parents[2]
LOCK = "# a comment\na==1.0 \\\n    --hash=sha256:00\nb==2.0 ; sys_platform == \"nowhere\" \\\n    --hash=sha256:11\n"


def test_the_lock_is_read_for_this_system() -> None:
    assert licences.locked(LOCK) == ["a"]
    real = licences.locked((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert {"numpy", "pyside6-essentials", "reportlab"} <= set(real)


@pytest.mark.parametrize(("group", "lock"), [("installer", "requirements.lock"), ("release", "release.lock")])
def test_what_builds_is_locked_with_hashes(group: str, lock: str) -> None:
    text = (ROOT / "installer" / lock).read_text(encoding="utf-8")
    entries = [e for e in re.split(r"^(?=[A-Za-z])", text, flags=re.MULTILINE) if "==" in e]
    assert entries and all(re.search(r"--hash=sha256:[0-9a-f]{64}", e) for e in entries) and "://" not in text
    names = {re.split("==", e)[0] for e in entries}
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"][group]
    assert {canonicalize_name(Requirement(line).name) for line in wanted} <= names


def test_a_library_without_its_terms_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [found.name for found in licences.of_packages(["numpy"])] == ["numpy"]
    monkeypatch.setattr(licences.libraries, "library", lambda d: Library(d.metadata["Name"], "1", "MIT", ()))
    with pytest.raises(licences.Unlicensed, match="numpy"):
        licences.of_packages(["numpy"])


@pytest.mark.parametrize("name", ["libreadline.so.8", "lib-dynload/readline.cpython-311.so", "fonts/DarkGardenMK.pfb"])
def test_what_is_under_the_gpl_stops_the_build(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "libother.so").touch()
    licences.refuse_unwanted(tmp_path)
    file.touch()
    with pytest.raises(licences.Unlicensed, match=file.name):
        licences.refuse_unwanted(tmp_path)


def test_machine_code_of_nobody_stops_the_build(tmp_path: Path) -> None:
    mine = next(f.name for f in metadata.files("numpy") or () if f.suffix in (".so", ".pyd"))
    for name in (mine, "libnobody-knows.so.1", "data.json"):
        (tmp_path / name).touch()
    strangers = list(licences.strangers(tmp_path, ["numpy"]))
    assert [f.name for f in strangers] == ["libnobody-knows.so.1"]
    with pytest.raises(licences.Unlicensed, match="libnobody-knows"):
        licences.of_system(strangers)
    assert licences.of_system([]) == []


def test_what_python_brings_on_other_systems_is_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(licences, "debian_owners", lambda _names: {})
    names = ["python311.dll", "VCRUNTIME140.dll", "libcrypto-3.dll", "_ssl.pyd", "Python", "libssl.3.dylib"]
    assert licences.of_system([tmp_path / name for name in names]) == []


def made() -> sbom.Json:
    parts = [sbom.component("generic", Library("Python", "3.11.2", "PSF-2.0", ()))]
    parts += [sbom.component("pypi", library(metadata.distribution(n)), "ab" * 32) for n in ("numpy", "pandas")]
    parts.append(sbom.component("deb/debian", Library("libx", "2:1.0+b1", "see its text", ())))
    asked = {"terrace-mixed": ["pandas>=2", "numpy"], "pandas": ["numpy>=1", "pytz; extra == 'no'"]}
    return sbom.bom(parts, asked, 1_700_000_000)


def test_the_list_says_what_each_needs_and_is_the_same_twice() -> None:
    found = made()
    numpy, pandas = (f"pkg:pypi/{n}@{metadata.version(n)}" for n in ("numpy", "pandas"))
    needs = {d["ref"]: d["dependsOn"] for d in found["dependencies"]}
    own = found["metadata"]["component"]["bom-ref"]
    assert needs[own] == sorted([numpy, pandas]) and needs[pandas] == [numpy] and needs[numpy] == []
    assert found["metadata"]["timestamp"] == "2023-11-14T22:13:20Z" and found == made()
    assert {c["purl"] for c in found["components"]} >= {"pkg:deb/debian/libx@2%3A1.0%2Bb1", "pkg:generic/Python@3.11.2"}
    licences_of = {c["name"]: c["licenses"] for c in found["components"]}
    assert licences_of["libx"] == [{"license": {"name": "see its text"}}]
    assert licences_of["numpy"][0]["expression"].startswith("BSD-3-Clause")
    refs = [c["bom-ref"] for c in found["components"]]
    assert len(set(refs)) == len(refs) and set(needs) <= {own, *refs}


def test_the_list_has_the_form_of_cyclonedx(tmp_path: Path) -> None:
    """By the library of CycloneDX, which is in the group ``release`` and not in the gate."""
    pytest.importorskip("cyclonedx")
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(made()), encoding="utf-8")
    bad.write_text(json.dumps(made() | {"components": 1}), encoding="utf-8")
    assert check_sbom.main([str(good)]) == 0 and check_sbom.main([str(good), str(bad)]) == 1


def test_checksums_are_those_of_the_files(tmp_path: Path) -> None:
    for name, text in {"b.deb": b"two", "a.exe": b"one", trust.SUMS: b"old"}.items():
        (tmp_path / name).write_bytes(text)
    subprocess.run([sys.executable, str(ROOT / "installer" / "trust.py"), str(tmp_path)], check=True)
    lines = (tmp_path / trust.SUMS).read_text(encoding="utf-8").splitlines()
    assert lines == [f"{hashlib.sha256(t).hexdigest()}  {n}" for n, t in (("a.exe", b"one"), ("b.deb", b"two"))]


def test_the_page_of_the_index_has_nothing_that_leads_nowhere() -> None:
    text = "# T\n\n![a\npicture](docs/i.png)\n\nSee [this\npage](docs/x.md) and [that](https://a.b).\n"
    assert readme_hook.index_page(text) == "# T\n\nSee this\npage and [that](https://a.b).\n"
    page = readme_hook.index_page((ROOT / "README.md").read_text(encoding="utf-8"))
    assert "](docs" not in page and "](LICENSE" not in page and "](resources" not in page and "docs/images" not in page
