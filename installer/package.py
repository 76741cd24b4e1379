#!/usr/bin/env python3
"""Build what pip installs, sdist and wheel, and try it: ``python installer/package.py [--out DIR] [--quick]``.

It runs in an environment with the group ``release`` of pyproject.toml (pip install --group release). Both files are
built twice and have to be the same bit for bit, and the sdist has to build the same wheel; ``twine check`` reads them.
Then the wheel is installed as users do it, by pip, pipx and uv, each into a folder of its own, and both programs check
themselves there. ``--quick`` leaves the installing out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installer.trust import sha256  # noqa: E402 - found by the line above

ON_WINDOWS = os.name == "nt"
CONTENTS = {
    "engine/terrace": "terrace", "desktop/terrace_desktop": "terrace_desktop", "resources": "terrace/_resources",
}  # fmt: skip
"""The folders of the checkout, and where the wheel has them."""


class Wrong(SystemExit):
    """Something is not as it should be; the message says what."""


def run(*command: object, **variables: str) -> None:
    """Run a command that has to succeed."""
    print(">", *command, flush=True)
    subprocess.run([str(part) for part in command], check=True, env={**os.environ, **variables})


def build(source: Path, out: Path, kind: str) -> Path:
    """The sdist or the wheel of a folder, by the builder that is locked: nothing is fetched for it."""
    run(sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", out, source)
    (file,) = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return file


def same_twice(folder: Path) -> tuple[Path, Path]:
    """Both files, built from the checkout twice and the wheel from the sdist. Raises `Wrong` where they differ."""
    found: dict[str, set[str]] = {"sdist": set(), "wheel": set()}
    first: dict[str, Path] = {}
    for turn in ("first", "second"):
        for kind, shas in found.items():
            file = build(ROOT, folder / f"{turn}-{kind}", kind)
            first.setdefault(kind, file)
            shas.add(sha256(file))
    unpacked = folder / "unpacked"
    run(sys.executable, "-m", "tarfile", "-e", first["sdist"], unpacked)
    (source,) = unpacked.iterdir()
    found["wheel"].add(sha256(build(source, folder / "from-sdist", "wheel")))
    differing = [kind for kind, shas in found.items() if len(shas) > 1]
    if differing:
        raise Wrong(f"Built twice, the {' and the '.join(differing)} is not the same bit for bit.")
    return first["sdist"], first["wheel"]


def committed() -> set[str]:
    """The files that the wheel has to have, as the wheel names them."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", *CONTENTS]
    listed = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    out = set()
    for name in filter(None, listed.stdout.split("\0")):
        folder = next(f for f in CONTENTS if name.startswith(f + "/"))
        out.add(CONTENTS[folder] + name.removeprefix(folder))
    return out


def check_contents(wheel: Path) -> None:
    """Raises `Wrong` where the wheel lacks a file that is committed, or has another."""
    with zipfile.ZipFile(wheel) as archive:
        has = {name for name in archive.namelist() if ".dist-info/" not in name}
    wrong = sorted(has ^ committed())
    if wrong:
        raise Wrong(f"In the wheel or in the checkout alone: {', '.join(wrong[:20])}")


def try_programs(folder: Path) -> None:
    """The programs of a folder check themselves, the window without a display and, where there is one, on it."""
    ending = ".exe" if ON_WINDOWS else ""
    run(folder / f"terrace{ending}", "run", "-c", "sample sleepstudy", "-c", "mixed reaction days || subject: days")
    run(folder / f"terrace{ending}", "licences", "numpy")
    run(folder / f"terrace-desktop{ending}", "--self-test", QT_QPA_PLATFORM="offscreen")
    if os.environ.get("DISPLAY") or not sys.platform.startswith("linux"):
        run(folder / f"terrace-desktop{ending}", "--self-test")


def by_pip(wheel: Path, folder: Path) -> None:
    """Installed by pip into an environment of its own."""
    venv.create(folder / "venv", with_pip=True)
    scripts = folder / "venv" / ("Scripts" if ON_WINDOWS else "bin")
    run(scripts / "python", "-m", "pip", "install", "--quiet", f"{wheel}[desktop]")
    try_programs(scripts)


def by_pipx(wheel: Path, folder: Path) -> None:
    """Installed by pipx."""
    places = {"PIPX_HOME": str(folder / "pipx"), "PIPX_BIN_DIR": str(folder / "pipx-bin")}
    run(sys.executable, "-m", "pipx", "install", "--python", sys.executable, f"{wheel}[desktop]", **places)
    try_programs(folder / "pipx-bin")


def by_uv(wheel: Path, folder: Path) -> None:
    """Installed by uv."""
    places = {"UV_TOOL_DIR": str(folder / "uv"), "UV_TOOL_BIN_DIR": str(folder / "uv-bin")}
    asked = f"terrace-mixed[desktop] @ {wheel.resolve().as_uri()}"
    run(sys.executable, "-m", "uv", "tool", "install", "--python", sys.executable, asked, **places)
    try_programs(folder / "uv-bin")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder of the files (dist)")
    parser.add_argument("--quick", action="store_true", help="build and read, and install nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = same_twice(folder)
        check_contents(files[1])
        run(sys.executable, "-m", "twine", "check", "--strict", *files)
        options.out.mkdir(parents=True, exist_ok=True)
        kept = [options.out / file.name for file in files]
        for file, place in zip(files, kept, strict=True):
            place.write_bytes(file.read_bytes())
        if not options.quick:
            for installs in (by_pip, by_pipx, by_uv):
                installs(kept[1], folder)
    for place in kept:
        print(f"{place}: {place.stat().st_size / 1e6:.1f} MB, {sha256(place)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
