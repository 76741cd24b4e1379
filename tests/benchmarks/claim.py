#!/usr/bin/env python3
"""The README's sentence on speed, from the numbers that are kept of the comparison with peers.

    .venv/bin/python tests/benchmarks/claim.py            # print it
    .venv/bin/python tests/benchmarks/claim.py --write    # put it into the README

`test_benchmarks.py` holds the README to it, so that it claims what was measured and no more.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from pathlib import Path

import page
from cases import CASES, COMMAND, OPEN, PEERS, Case
from compared import Result, Store, ratio

README = Path(__file__).resolve().parents[2] / "README.md"
EXAMPLES = {
    "sleepstudy": "the 180 rows of sleepstudy",
    "million": "a million rows in ten thousand groups with slopes",
    "insteval": "the 73,421 crossed ratings of InstEval",
}  # fmt: skip
PARAGRAPH = re.compile(r"^- \*\*Speed\*\*.*?(?=^- |\n\n)", re.MULTILINE | re.DOTALL)


def claim(store: Store) -> str:
    """The item of the README's list: how long examples take, and how often Terrace is ahead.

    It counts each pair of a model and a program on the same machine whose time counts, a fit of Terrace that failed as
    one that is behind. Commands on data, Terrace beside itself and published numbers are not among them.
    """
    took = [
        f"{words} in {page.duration(store.results[key].terrace.cpu)}"
        for key, words in EXAMPLES.items()
        if key in store.results and not store.results[key].terrace.problem
    ]
    ratios = [pair for case in CASES if case.key in store.results for pair in _ratios(case, store.results[case.key])]
    ahead = sum(value >= 1 for _, value in ratios)
    others = list(dict.fromkeys(name for name, _ in ratios))
    text = (
        f"- **Speed**: {_listed(took)} of CPU time; ahead of {_listed(others)} in {ahead} of {len(ratios)} "
        f"[comparisons](tests/benchmarks/RESULTS.md)"
    )
    lme4 = [value for name, value in ratios if name == "lme4"]
    if lme4:
        text += f", {page.digits(min(lme4))} to {page.digits(max(lme4))} times as fast as lme4"
    behind = [name for name in others if any(value < 1 for peer, value in ratios if peer == name)]
    if behind:
        text += f", behind {_listed(behind)} in the others"
    return "\n".join(textwrap.wrap(text + ".", 120, subsequent_indent="  ", break_on_hyphens=False))


def _ratios(case: Case, found: Result) -> list[tuple[str, float]]:
    """The peers of a case whose time counts, and their time by Terrace's: 0 where Terrace failed and they did not."""
    if case.timed in (COMMAND, OPEN):
        return []
    out = []
    for name, theirs in found.peers.items():
        if name in PEERS and not theirs.problem:
            out.append((name, ratio(found.terrace, theirs) or 0.0))
    return out


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "nothing"


def in_readme(text: str) -> str:
    """What a README says of speed."""
    found = PARAGRAPH.search(text)
    if found is None:
        raise SystemExit("README.md has no item on speed that begins with - **Speed**. Put one there.")
    return found[0].rstrip("\n")


def main() -> int:
    """Print the sentence, or put it into the README."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put it into README.md")
    given = parser.parse_args()
    text = claim(Store.read())
    print(text)
    if given.write:
        readme = README.read_text(encoding="utf-8")
        README.write_text(readme.replace(in_readme(readme), text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
