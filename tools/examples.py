"""Runs the commands of docs/examples/*.md and writes their output under them; and the do-files beside the pages.

In a fenced block a line that begins with ". " is a command; what stands under it is its output.

    python tools/examples.py          write pages and do-files again
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "examples"
BLOCK = re.compile(r"```\n(\. .*?)```\n", re.DOTALL)


def commands(page: str) -> list[str]:
    """The commands of a page in order."""
    return [line[2:] for block in BLOCK.findall(page) for line in block.splitlines() if line.startswith(". ")]


def outputs(page: str) -> list[str]:
    """What stands under each command."""
    found: list[str] = []
    for block in BLOCK.findall(page):
        parts = re.split(r"^\. .*$", block, flags=re.MULTILINE)[1:]
        found += [p.strip("\n") for p in parts]
    return found


def run(texts: list[str]) -> Iterator[str]:
    """The output of each command. Raises `RuntimeError` where one fails."""
    from terrace.session.session import Session

    session = Session()
    for text in texts:
        outcome = session.run(text)
        if not outcome.ok:
            raise RuntimeError(outcome.text)
        yield "" if outcome.quiet else "\n".join(line.rstrip() for line in outcome.text.strip("\n").splitlines())


def filled(page: str) -> str:
    """The page with the output of its commands."""
    found = iter(run(commands(page)))

    def block(match: re.Match[str]) -> str:
        lines = [line for line in match[1].splitlines() if line.startswith(". ")]
        parts = [f"{line}\n{out}\n" if (out := next(found)) else line for line in lines]
        return "```\n" + "\n".join(parts).rstrip("\n") + "\n```\n"

    return BLOCK.sub(block, page)


def do_file(page: str) -> str:
    """The commands as a do-file, under the title of the page."""
    title = page.splitlines()[0].lstrip("# ")
    return f"* {title}\n" + "".join(f"{c}\n" for c in commands(page))


def main() -> None:
    """Write every page and its do-file again."""
    for path in sorted(FOLDER.glob("*.md")):
        if path.name == "README.md":
            continue
        page = filled(path.read_text())
        path.write_text(page)
        path.with_suffix(".do").write_text(do_file(page))


if __name__ == "__main__":
    main()
