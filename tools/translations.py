"""Translations of the window: brings resources/translations/terrace_*.ts up to date with the sources.

    python tools/translations.py            # every language: new texts in, gone ones out, and what is missing
    python tools/translations.py add de     # begins German

A .ts file holds the texts and is edited, with pyside6-linguist or by hand; the .qm file beside it is made from it and
is what the window loads. What the engine says (`engine_texts.py`) stands in it under the name Engine, and goes into a
.json file as well, since the window has to find a sentence by its words. English has a file for its plurals alone.
Both programs of Qt come with PySide6-Essentials.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import PySide6
from engine_texts import CONTEXT, engine_texts

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "desktop" / "terrace_desktop"
FOLDER = ROOT / "resources" / "translations"
PLURALS = "en"


def program(name: str) -> str:
    """lupdate or lrelease of the PySide6 that runs this."""
    folder = Path(PySide6.__path__[0])
    return str(next(path for path in (folder / name, folder / f"{name}.exe") if path.exists()))


def run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode or "warning" in done.stderr.lower():
        raise SystemExit(done.stdout + done.stderr)


def update(ts: Path) -> None:
    """Bring a file up to date with the sources, or begin it: without line numbers, which change with every commit."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "sources.lst"
        engine = Path(folder) / "engine.py"
        marked = (f'QT_TRANSLATE_NOOP("{CONTEXT}", {json.dumps(text, ensure_ascii=False)})' for text in engine_texts())
        engine.write_text("\n".join(marked), encoding="utf-8")
        listed.write_text("\n".join(map(str, [*sorted(SOURCES.rglob("*.py")), engine])), encoding="utf-8")
        plurals = ["-pluralonly"] if ts.stem.endswith(f"_{PLURALS}") else []
        run(program("lupdate"), f"@{listed}", *plurals, "-locations", "none", "-no-obsolete", "-source-language", "en",
            "-ts", str(ts))  # fmt: skip


def release(ts: Path) -> None:
    """Make the files that the window loads; that of the engine only where something of it is translated."""
    run(program("lrelease"), str(ts), "-qm", str(ts.with_suffix(".qm")))
    engine = {
        message.findtext("source"): translation.text
        for context, message in messages(ts)
        if context == CONTEXT and (translation := message.find("translation")) is not None
        if translation.text and translation.get("type") != "unfinished"
    }
    if engine:
        ts.with_suffix(".json").write_text(json.dumps(engine, ensure_ascii=False, indent=0), encoding="utf-8")


def messages(ts: Path) -> Iterator[tuple[str, ET.Element]]:
    """Each text of a file with the context under which it is looked up."""
    for context in ET.parse(ts).getroot().iter("context"):
        for message in context.iter("message"):
            yield context.findtext("name") or "", message


def missing(ts: Path) -> list[tuple[str, str]]:
    """Context and text of what is not translated, or marked as unfinished."""
    return [
        (context, message.findtext("source") or "")
        for context, message in messages(ts)
        if (translation := message.find("translation")) is None or translation.get("type") == "unfinished"
    ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Brings the translations of the window up to date.")
    parser.add_argument("add", nargs="*", metavar="add CODE", help="begin a language, such as: add de")
    asked = parser.parse_args(argv).add
    if asked and (len(asked) != 2 or asked[0] != "add"):
        parser.error("only `add` and the code of a language can follow")
    FOLDER.mkdir(exist_ok=True)
    begun = [FOLDER / f"terrace_{asked[1]}.ts"] if asked else []
    for ts in sorted({*FOLDER.glob("terrace_*.ts"), *begun}):
        update(ts)
        release(ts)
        left, count = missing(ts), sum(1 for _ in messages(ts))
        print(f"{ts.relative_to(ROOT)}: {count} texts, {len(left)} not translated")
        for context, text in [] if ts in begun else left:
            print(f"  {context or '(no class)'}: {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
