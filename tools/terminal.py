"""What `start.py` runs where there is no display: the same analysis as text, and its report as HTML.

Runs in the virtual environment: ``terminal.py (--sample NAME | --data FILE) [--model COMMAND]``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from terrace.errors import TerraceError
from terrace.session.session import Session

ROOT = Path(__file__).resolve().parent.parent


def run(session: Session, command: str) -> None:
    """Run one command and print it with its output; `TerraceError` where it fails."""
    outcome = session.run(command)
    print(f". {command}\n")
    if outcome.error is not None:
        raise TerraceError(outcome.error[1], code=outcome.error[0], advice=outcome.error_advice)
    print(outcome.text.strip("\n") + "\n", flush=True)


def writable(folder: Path) -> Path:
    """`folder`, or a new one where that cannot be written."""
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="terrace-"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--sample", metavar="NAME")
    source.add_argument("--data", metavar="FILE")
    parser.add_argument("--model", metavar="COMMAND")
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=ROOT / "out", help="for the report")
    options = parser.parse_args()
    session = Session()
    try:
        run(session, f"sample {options.sample}" if options.sample else f'use "{options.data}"')
        if not options.model:
            run(session, "describe")
            return 0
        run(session, options.model)
        if session.fit is not None:
            name = options.sample or Path(options.data).stem
            run(session, f'report "{writable(options.out) / f"{name}-report.html"}", replace')
    except TerraceError as error:
        print(error.pointed(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
