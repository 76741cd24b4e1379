"""Pages of a PDF file as pixels, by PDFium. Nothing here is of Qt, so that it may run on the thread of a worker."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass

# PDFium is for one thread at a time in the whole process, and runs without Python's lock. What is closed here is not
# left to whoever drops the last reference, such as the window's thread with the traceback of an error.
_ONE = threading.Lock()


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture: four bytes a pixel in the order that Qt calls RGBA8888, row by row without gaps."""

    width: int
    height: int
    data: bytes


def page_pixels(pdf: bytes, page: int, width: int) -> Pixels:
    """A page, counted from 0, as a picture so many pixels wide. Raises `IndexError` where there is no such page."""
    import pypdfium2

    with _ONE, closing(pypdfium2.PdfDocument(pdf)) as document:
        if not 0 <= page < len(document):
            raise IndexError(page)
        with closing(document[page]) as sheet:
            drawn = sheet.render(scale=width / sheet.get_width(), rev_byteorder=True, force_bitmap_format=4)
        with closing(drawn):
            rows = bytes(drawn.buffer)
            across = 4 * drawn.width
            if drawn.stride != across:
                rows = b"".join(rows[k * drawn.stride : k * drawn.stride + across] for k in range(drawn.height))
            return Pixels(drawn.width, drawn.height, rows)
