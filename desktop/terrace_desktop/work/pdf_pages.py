"""Pages of a PDF file as pixels, by PDFium. Nothing here is of Qt, so that it may run on the thread of a worker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture: four bytes a pixel in the order that Qt calls RGBA8888, row by row without gaps."""

    width: int
    height: int
    data: bytes


def page_pixels(pdf: bytes, page: int, width: int) -> Pixels:
    """A page, counted from 0, as a picture so many pixels wide. Raises `IndexError` where there is no such page."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        if not 0 <= page < len(document):
            raise IndexError(page)
        sheet = document[page]
        drawn = sheet.render(scale=width / sheet.get_width(), rev_byteorder=True, force_bitmap_format=4)
        rows = bytes(drawn.buffer)
        across = 4 * drawn.width
        if drawn.stride != across:
            rows = b"".join(rows[k * drawn.stride : k * drawn.stride + across] for k in range(drawn.height))
        return Pixels(drawn.width, drawn.height, rows)
    finally:
        document.close()
