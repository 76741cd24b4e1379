"""A graph of several pages as files: one PDF, or a PNG or SVG a page."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

from terrace.disk.writing import destination, write_bytes
from terrace.report.figure import figure
from terrace.results.plot import Plot


def save_pages(
    plots: Sequence[Plot],
    path: str | os.PathLike[str],
    *,
    theme: str = "print",
    replace: bool = False,
    width: int | None = None,
    height: int | None = None,
) -> list[Path]:
    """Write the pages of a graph; returns the paths.

    Several pages make one PDF, or else files of their own: ``a.png``, ``a-2.png``, ... `width` and `height` are
    pixels of a PNG. Raises as `figure.save` does, before any file is written.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if len(plots) == 1 or kind not in figure.ENDINGS:
        size, dpi = _shape(plots[0], width, height)
        return [figure.save(plots[0], path, theme=theme, size=size, dpi=dpi, replace=replace)]
    if kind == ".pdf":
        destination(path, replace=replace)
        return [write_bytes(path, _pdf(plots, theme), replace=replace)]
    paths = [path if i == 1 else path.with_name(f"{path.stem}-{i}{path.suffix}") for i in range(1, len(plots) + 1)]
    for each in paths:
        destination(each, replace=replace)
    out = []
    for plot, each in zip(plots, paths):
        size, dpi = _shape(plot, width, height)
        out.append(figure.save(plot, each, theme=theme, size=size, dpi=dpi, replace=replace))
    return out


def _shape(plot: Plot, width: int | None, height: int | None) -> tuple[tuple[float, float] | None, int]:
    """Inches (None for the usual) and dots per inch."""
    usual = figure.usual_size(plot)
    across, _, down = plot.options.get("size", "x").partition("x")
    look = plot.look  # what was asked for later counts
    inches = (float((look.width is None and across) or usual[0]), float((look.height is None and down) or usual[1]))
    dpi = figure.dots_per_inch(plot)
    if width is not None:
        dpi = max(20, round(width / inches[0]))
        inches = (width / dpi, (height / dpi) if height is not None else inches[1])
    elif height is not None:
        dpi = max(20, round(height / inches[1]))
        inches = (inches[0], height / dpi)
    return (None if inches == usual else inches), dpi


def _pdf(plots: Sequence[Plot], theme: str) -> bytes:
    from matplotlib.backends.backend_pdf import PdfPages

    out = io.BytesIO()
    metadata = {"Title": plots[0].title, "Creator": "Terrace", "CreationDate": None}
    with figure.settings(theme), PdfPages(out, metadata=metadata) as pages:
        for plot in plots:
            pages.savefig(figure.draw(plot, theme, _shape(plot, None, None)[0]))
    return out.getvalue()
