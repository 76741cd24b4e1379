#!/usr/bin/env python3
"""Build the documentation as a site that is read from its folder, without a server and without the network.

    .venv/bin/python tools/docs_site.py            into build/site: open build/site/index.html
    .venv/bin/python tools/docs_site.py --check    into a temporary folder, for the gate

The pages are those of ``docs/`` and ``resources/help``, and three kinds that are made from the program: the reference
of the commands, the Python interface, and the validation, which compares all numbers anew. Any warning, and any link,
anchor or picture that is not there, is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "tests" / "engine"), str(ROOT / "tools")]  # the examples of the commands; manual/
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices of the validation are small

from manual import commands, links, python_api, validation  # noqa: E402 - found by the line above

KEYS = "| Ctrl+/ | this page in the window, with the keys of all menus |"
HELP = ROOT / "resources" / "help"
"""The folder of the pages that the window shows too."""
MADE = ("commands/", "python.md", "validation.md")
"""What is made from the program, and stands nowhere but on the site."""


def gather(pages: Path) -> None:
    """Put the sources of all pages into an empty folder."""
    shutil.copytree(ROOT / "docs", pages, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for page in pages.rglob("*.md"):  # links to the help lead to where the site has it
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub(r"\]\(((?:\.\./)*)\.\./resources/help/", r"](\1help/", text), encoding="utf-8")
    shutil.copy(ROOT / "CHANGELOG.md", pages / "changelog.md")
    made = {f"commands/{name}": text for name, text in commands.pages().items()}
    made |= {f"help/{path.name}": help_page(path) for path in HELP.glob("*.md")}
    made |= {"python.md": python_api.page(), "validation.md": validation.page()}
    for name, text in made.items():
        target = pages / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")


def help_page(path: Path) -> str:
    """A page of the window's help, with what the window puts into it."""
    from terrace.data.formats import programs

    text = path.read_text(encoding="utf-8")
    return text.replace("{data formats}", programs()).replace("{keys}", KEYS)


def build(site: Path, work: Path) -> list[str]:
    """Make the site, from sources in `work`; what is wrong with it, a line each."""
    from sphinx.cmd.build import build_main

    pages, state = work / "pages", work / "state"
    gather(pages)
    # -W: a warning is an error; --keep-going: after all of them are told
    options = ["-q", "-W", "--keep-going", "-b", "html", "-c", str(ROOT / "docs"), "-d", str(state)]
    if build_main([*options, str(pages), str(site)]) != 0:
        return ["Sphinx has warnings: see above"]
    return links.wrong(site)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        site = Path(name) / "site" if arguments else ROOT / "build" / "site"
        shutil.rmtree(site, ignore_errors=True)
        problems = build(site, Path(name))
        count = len(list(site.rglob("*.html")))
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"{count} pages in {time.monotonic() - began:.0f} s" + ("" if arguments else f": {site / 'index.html'}"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
