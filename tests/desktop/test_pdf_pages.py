"""Pages of a PDF file as pixels: the size that was asked for, what is on them, in the order of colours of Qt."""

from __future__ import annotations

import io
import threading
from contextlib import suppress
from typing import Any

import pypdfium2
import pytest

from terrace_desktop.work.pdf_pages import page_pixels


def two_pages() -> bytes:
    """A page with a red square at its upper left, and an empty one; 200 by 100 points."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(200, 100))
    canvas.setFillColorRGB(1, 0, 0)
    canvas.rect(0, 50, 50, 50, stroke=0, fill=1)
    canvas.showPage()
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_a_page_is_as_wide_as_asked_and_has_its_colours() -> None:
    found = page_pixels(two_pages(), 0, 333)
    assert (found.width, len(found.data)) == (333, 4 * found.width * found.height)
    assert abs(found.height - 333 / 2) <= 1

    def pixel(x: int, y: int) -> tuple[int, ...]:
        at = 4 * (y * found.width + x)
        return tuple(found.data[at : at + 4])

    assert pixel(10, 10) == (255, 0, 0, 255) and pixel(300, 10) == (255, 255, 255, 255)
    assert pixel(10, found.height - 10) == (255, 255, 255, 255)
    assert set(page_pixels(two_pages(), 1, 50).data) == {255}


def test_a_page_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        page_pixels(two_pages(), 2, 50)


def test_only_one_thread_at_a_time_is_in_pdfium(monkeypatch: pytest.MonkeyPatch) -> None:
    both, met, real = threading.Barrier(2), [], pypdfium2.PdfPage.render

    def render(*given: Any, **more: Any) -> Any:
        with suppress(threading.BrokenBarrierError):  # nobody else came
            met.append(both.wait(0.3))
        return real(*given, **more)

    monkeypatch.setattr(pypdfium2.PdfPage, "render", render)
    pdf, drawn = two_pages(), []
    threads = [threading.Thread(target=lambda: drawn.append(page_pixels(pdf, 0, 40))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not met and len(drawn) == 2 and drawn[0] == drawn[1]
