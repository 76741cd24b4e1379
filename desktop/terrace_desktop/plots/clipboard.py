"""A figure on the clipboard as paper has it: dots at the size of print, lines and letters for programs that draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from terrace.results.plot import Plot

PNG, SVG, PDF = "image/png", "image/svg+xml", "application/pdf"
INCH = 0.0254  # m


@dataclass(frozen=True)
class Drawn:
    """The figure in each of the forms, and the dots per inch of the picture."""

    forms: dict[str, bytes]
    dpi: int


def drawn(plot: Plot) -> Drawn:
    """Draw a figure in all forms, at the size that it has in print; takes a moment, hence for the worker."""
    from terrace.report.figure.figure import dots_per_inch, render

    forms = {mime: render(plot, kind) for mime, kind in ((PNG, "png"), (SVG, "svg"), (PDF, "pdf"))}
    return Drawn(forms, dots_per_inch(plot))


def figure_mime(figure: Drawn) -> QMimeData:
    """What programs take: a picture of dots that knows its size, SVG and PDF."""
    mime = QMimeData()
    picture = QImage.fromData(figure.forms[PNG])
    dots = round(figure.dpi / INCH)
    picture.setDotsPerMeterX(dots)
    picture.setDotsPerMeterY(dots)
    mime.setImageData(picture)
    for kind, content in figure.forms.items():
        mime.setData(kind, QByteArray(content))
    return mime
