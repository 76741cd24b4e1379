"""What lets others check a build: the licences inside it, the list of what it holds, and the checksums of the files.

    python3 installer/trust.py DIR    writes DIR/SHA256SUMS over the files in DIR, as ``sha256sum --check`` reads it
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installer import freeze, identity  # noqa: E402 - found by the line above

THIRD_PARTY = ROOT / "build" / "licences" / "THIRD-PARTY.txt"
SUMS = "SHA256SUMS"


def add(frozen: Path, out: Path, system: str) -> list[Path]:
    """Put the licences into a frozen folder, before it is packed, and write the list of what it holds into ``out``.

    Both are made by the interpreter of the environment that was frozen. The licences are refused, and the build with
    them, where something has none.
    """
    python, environ = str(freeze.venv_python()), freeze.clean_environ()
    given = ["--frozen", str(frozen), "--out"]
    command = [python, str(ROOT / "installer" / "licences.py"), *given, str(THIRD_PARTY)]
    subprocess.run(command, check=True, env=environ)
    inside = shown_in(frozen)
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.write_bytes(THIRD_PARTY.read_bytes())
    listed = out / f"{identity.NAME}-{identity.version()}-{system}.cdx.json"
    subprocess.run([python, str(ROOT / "installer" / "sbom.py"), *given, str(listed)], check=True, env=environ)
    return [listed]


def shown_in(frozen: Path) -> Path:
    """Where the program looks for the licences."""
    return frozen / "_internal" / "terrace" / "_resources" / "licences" / THIRD_PARTY.name


def sha256(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checksums(folder: Path) -> str:
    """The SHA-256 of every file of a folder, in the order of the names, as ``sha256sum`` writes them."""
    files = sorted(f for f in folder.iterdir() if f.is_file() and f.name != SUMS)
    return "".join(f"{sha256(f)}  {f.name}\n" for f in files)


def main() -> int:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    (folder / SUMS).write_text(checksums(folder), encoding="utf-8", newline="\n")
    print(folder / SUMS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
