"""Pictures of PDF pages: figures and equations as vectors, put onto the pages once these are made."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from terrace.report.equation_lines import equation_lines
from terrace.report.figure.figure import paper, render
from terrace.report.kept import Kept
from terrace.report.pdf_flow import Record
from terrace.report.sheet import EQUATION_INDENT, EQUATION_LINE, EQUATION_SIZE
from terrace.results.plot import Plot
from terrace.spec.equations import Line
from terrace.spec.equations_render import continued, line_latex

_DRAWN = Kept(24)  # figures that are remembered: a report is made anew with each change of its plan


def figure_picture(plot: Plot, width: float, height: float) -> tuple[bytes, float, float]:
    """The figure as a PDF of one page, with the width and height in points at which it fits."""
    content = _DRAWN.get(id(plot), plot, lambda: render(plot, "pdf", title=False))
    across, down = _size(content)
    scale = min(1.0, width / across, height / down)
    return content, across * scale, down * scale


def _size(content: bytes) -> tuple[float, float]:
    from pypdf import PdfReader

    box = PdfReader(io.BytesIO(content)).pages[0].mediabox
    return float(box.width), float(box.height)


def equation_pictures(lines: Sequence[Line], width: float) -> Iterator[tuple[bytes, float, float]]:
    """Each equation as a PDF of one page as wide as it is, at most `width` points: its width and height.

    A long one is broken into several, of which all but the first are indented.
    """
    for line in lines:
        for k, part in enumerate(equation_lines(line, width, EQUATION_SIZE, EQUATION_INDENT)):
            content, across, down = _equation(part, indent=EQUATION_INDENT if k else 0.0)
            scale = min(1.0, width / across)
            yield content, across * scale, down * scale


@lru_cache(maxsize=256)
def _equation(line: Line, indent: float) -> tuple[bytes, float, float]:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    words = f"${continued(line_latex(line), line)}$"
    settings: Any = {"mathtext.fontset": "stix", "text.parse_math": True}
    with paper(), rc_context(settings):
        figure = Figure(figsize=(8, EQUATION_LINE / 72))
        text = figure.text(0, 0.32, words, fontsize=EQUATION_SIZE)
        box = text.get_window_extent(renderer=_renderer(figure))
        across = float(box.width) / figure.dpi * 72 + indent + 2
        figure.set_size_inches(across / 72, EQUATION_LINE / 72)
        text.set_position((indent / across, 0.32))
        out = io.BytesIO()
        figure.savefig(out, format="pdf", transparent=True, metadata={"CreationDate": None, "Creator": "Terrace"})
    return out.getvalue(), across, EQUATION_LINE


def _renderer(figure: Any) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    return canvas.get_renderer()


def stamped(pdf: bytes, record: Record) -> bytes:
    """The pages with the pictures at their places, each as a form of its own, which brings its fonts with it."""
    if not record.pictures:
        return pdf
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    drawn: dict[int, list[str]] = {}
    forms: dict[int, Any] = {}
    for k, (place, content) in enumerate(record.pictures):
        if id(content) not in forms:
            forms[id(content)] = _form(writer, content)
        form, width = forms[id(content)]
        page = writer.pages[place.page]
        resources: Any = page[NameObject("/Resources")].get_object()
        named = resources.setdefault(NameObject("/XObject"), DictionaryObject()).get_object()
        named[NameObject(f"/Picture{k}")] = form
        scale = place.width / width
        drawn.setdefault(place.page, []).append(
            f"q {scale:.5f} 0 0 {scale:.5f} {place.left:.3f} {place.bottom:.3f} cm /Picture{k} Do Q"
        )
    for number, commands in drawn.items():
        page = writer.pages[number]
        contents = page.get_contents()
        before = b"" if contents is None else contents.get_data()
        stream = DecodedStreamObject()
        stream.set_data(b"q\n" + before + b"\nQ\n" + "\n".join(commands).encode("ascii"))
        page[NameObject("/Contents")] = writer._add_object(stream.flate_encode())
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _form(writer: Any, content: bytes) -> tuple[Any, float]:
    """A PDF of one page as a form of another file, and its width."""
    from pypdf import PdfReader
    from pypdf.generic import DecodedStreamObject, NameObject, NumberObject

    page: Any = PdfReader(io.BytesIO(content)).pages[0]
    stream = DecodedStreamObject()
    contents = page.get_contents()
    stream.set_data(b"" if contents is None else contents.get_data())
    form = stream.flate_encode()
    form[NameObject("/Type")], form[NameObject("/Subtype")] = NameObject("/XObject"), NameObject("/Form")
    form[NameObject("/FormType")] = NumberObject(1)
    form[NameObject("/BBox")] = page.mediabox.clone(writer)
    form[NameObject("/Resources")] = page["/Resources"].get_object().clone(writer)
    if "/Group" in page:
        form[NameObject("/Group")] = page["/Group"].get_object().clone(writer)
    return writer._add_object(form), float(page.mediabox.width)
