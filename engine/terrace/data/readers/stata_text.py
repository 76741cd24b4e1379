"""The long texts (strL) of a .dta file, which stand behind its rows."""

from __future__ import annotations

from terrace.data.progress import Report
from terrace.data.readers.binary import BinaryFile
from terrace.data.readers.stata_header import StataHeader, expect, until_zero

_TEXT = 130  # of a strL; 129 is binary


def long_texts(file: BinaryFile, header: StataHeader, report: Report) -> tuple[dict[int, bytes], dict[int, int]]:
    """The texts of strL variables by their key, and the sizes in bytes of those that are no text.

    A key is v·2ᵏ + o, with variable v and observation o, and k bits for o: 32, 48 or 40 by format. Raises `DataError`
    where the file ends within them.
    """
    what = "a long text (strL)"
    texts: dict[int, bytes] = {0: b""}
    binary: dict[int, int] = {}
    layout = header.order + ("IIBI" if header.version == 117 else "IQBI")
    expect(file, "strls")
    while (tag := file.take(3, what)) == b"GSO":
        variable, row, kind, length = file.numbers(layout, what)
        content = file.take(length, what)
        key = (variable << offset_bits(header)) + row
        if kind == _TEXT:
            texts[key] = until_zero(content)
        elif _is_text(content):
            texts[key] = content
        else:
            binary[key] = length
        if not len(texts) % 1000:
            report(0.9)
    if tag + file.take(len("</strls>") - 3, what) != b"</strls>":
        raise file.damaged("</strls> is not where it should be")
    return texts, binary


def offset_bits(header: StataHeader) -> int:
    """The bits that the row of a strL takes in a reference; the variable has the rest of 64."""
    return 32 if header.version == 117 else 40 if header.version in (119, 121) else 48


def _is_text(content: bytes) -> bool:
    """Whether what Stata calls binary is UTF-8 text all the same, as of a file that `fileread()` took in."""
    try:
        return b"\0" not in content and content.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False
