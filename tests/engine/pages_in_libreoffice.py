#!/usr/bin/env python3
"""Pages of reports as a word processor lays them out, against those that the program shows before it saves them.

    python tests/engine/pages_in_libreoffice.py FOLDER SEED

Generated sessions are reported in each style on each paper; LibreOffice turns the Word document into pages. Both have
to have as many, with the same captions on each and the same first words. Prints a line for each, sums up in the last.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

WORDS = 3


def main(arguments: list[str]) -> int:
    """Compare all reports; 1 where pages differ."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        print("skipped: there is no LibreOffice")
        return 0
    folder, seed = Path(arguments[0]), int(arguments[1])
    pages = differing = count = 0
    for name, session in sessions(folder, seed):
        for style in ("apa", "ama", "plain"):
            for paper in ("a4", "letter"):
                assert session.run(f"report style {style}").ok and session.run(f"report paper {paper}").ok
                ours, theirs = both(session, folder, office)
                found = list(differences(ours, theirs, style))
                count, pages, differing = count + 1, pages + len(ours), differing + bool(found)
                print(f"{name}, {style}, {paper}: {len(ours)} pages" + "".join(f"\n    {f}" for f in found), flush=True)
    print(f"{count} reports of {pages} pages, {differing} differ")
    return 1 if differing else 0


def sessions(folder: Path, seed: int):
    """Sessions with a few models, with many of them, and with long tables, names and other scripts."""
    from terrace.session.session import Session

    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(40), 15)
    columns = {f"x{k}": rng.normal(size=600) for k in range(9)}
    frame = pd.DataFrame({"g": group, "arm": rng.integers(0, 30, 600), **columns})
    frame["y"] = rng.normal(size=600) + rng.normal(size=40)[group]
    path = folder / "data.csv"
    frame.to_csv(path, index=False)
    begin = [f'import delimited "{path}"', 'report title "A title of a report that is as long as titles are"',
             'report author "A. Author"']  # fmt: skip
    few = ["mixed y x0 || g:", "estat icc", "mixed y x0 x1 || g: x0, cov(un)", "margins", "report part show equations4"]
    many = [f"mixed y {' '.join(f'x{i}' for i in range(k))} || g:" for k in range(1, 10)]
    long = ['label variable y "Reaktionszeit τ in Sekunden"', 'label variable x0 "A predictor with a long label"',
            "mixed y x0 i.arm || g:, reml dfmethod(sat)", f'outline note "{"Some words of a note. " * 40}"',
            "report part show item2"]  # fmt: skip
    for name, commands in (("few", few), ("many", many), ("long", long)):
        session = Session()
        for text in (*begin, *commands):
            outcome = session.run(text)
            assert outcome.ok, (text, outcome.error)
        yield name, session


def both(session, folder: Path, office: str) -> tuple[list[str], list[str]]:
    """The words of each page, ours and those of the word processor."""
    from terrace.report.pdf import pages_pdf
    from terrace.report.word import report_docx
    from terrace.session.report_contents import report_contents

    contents = report_contents(session)
    (folder / "a.docx").write_bytes(report_docx(contents))
    profile = f"-env:UserInstallation={(folder / 'profile').resolve().as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(folder / "a.docx")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    return texts(pages_pdf(contents).pdf, contents.head), texts((folder / "a.pdf").read_bytes(), contents.head)


def texts(pdf: bytes, head: str) -> list[str]:
    """The words of each page below its running head."""
    from pypdf import PdfReader

    out = []
    for number, page in enumerate(PdfReader(io.BytesIO(pdf)).pages, 1):
        words = " ".join(page.extract_text().split()).replace(head, "", 1).strip()
        out.append(words.removeprefix(str(number)).removesuffix(str(number)).strip())
    return out


def differences(ours: list[str], theirs: list[str], style: str) -> Iterator[str]:
    """What differs, a line each."""
    if len(ours) != len(theirs):
        yield f"{len(ours)} pages here, {len(theirs)} there"
    for number, (a, b) in enumerate(zip(ours, theirs), 1):
        captions = [sorted(set(re.findall(r"(?:Table|Figure) \d+", x))) for x in (a, b)]
        if captions[0] != captions[1]:
            yield f"page {number}: {captions[0]} here, {captions[1]} there"
        first = [x.split()[:WORDS] for x in (a, b)]
        if first[0] != first[1] and style != "ama":  # which can begin a page with a picture, whose letters are read
            yield f"page {number} begins with {' '.join(first[0])!r} here, with {' '.join(first[1])!r} there"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
