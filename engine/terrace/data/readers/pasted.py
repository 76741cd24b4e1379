"""Tables from the clipboard: cells of a spreadsheet as text, or a table of a web page."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from terrace.data.dataset import Dataset
from terrace.data.progress import Report
from terrace.data.readers.delimited import read_delimited
from terrace.data.readers.expand import set_down
from terrace.data.readers.rows import physical_lines
from terrace.errors import DataError


def read_pasted(text: str, report: Report) -> Dataset:
    """Read a table that was copied, as a text file is read. Raises `DataError` where there is none."""
    with tempfile.TemporaryDirectory(prefix="terrace-") as folder:
        file = set_down_pasted(text, Path(folder), report)
        return replace(read_delimited(file, report, encoding="utf-8"), source="clipboard")


def set_down_pasted(text: str, folder: Path, report: Report) -> Path:
    """What was copied as a text file in this folder. Raises `DataError` where it holds no table."""
    if text.lstrip()[:1] == "<" and "<t" in text.lower():
        text = _rows_of_html(text)
    if sum(bool(line.strip()) for line in physical_lines(text)) < 2:
        raise DataError(
            "The clipboard does not contain a table.", code="not-a-table", subject="clipboard",
            advice="Copy spreadsheet cells with the variable names above them.",
        )  # fmt: skip
    content = (text.strip("\r\n") + "\n").encode("utf-8")
    return set_down(io.BytesIO(content), folder / "clipboard.txt", report, most=len(content), name="clipboard")


class _Table(HTMLParser):
    """The rows of the first table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = self._done = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr" and not self._done:
            self.rows.append([])
        elif tag in ("td", "th") and self.rows and not self._done:
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):  # the end of a cell may be left out
            self._inside = False
        if tag == "table":
            self._done = True

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def _rows_of_html(text: str) -> str:
    table = _Table()
    table.feed(text)
    return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in table.rows if row)
