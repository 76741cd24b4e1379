"""An item as other programs take it: a real table, a picture, or text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData
from PySide6.QtGui import QImage

from terrace.results.figure_look import PLAIN, FigureLook
from terrace_desktop.results.clipboard import tables_mime

if TYPE_CHECKING:
    from terrace.results.table import Table
    from terrace.session.document.items import Item

DPI = 150


def item_mime(item: Item, tables: tuple[Table, ...], style: FigureLook = PLAIN) -> QMimeData:
    """HTML and text of an item with its title; of a figure the picture too. `tables` are those that are shown, `style`
    is that of all figures."""
    if tables:
        mime = tables_mime(tables)
        mime.setHtml(f"<p><b>{escape(item.heading)}</b></p>{mime.html()}")
        mime.setText(f"{item.heading}\n\n{mime.text()}")
    else:
        text = item.text or ("" if item.outcome is None else item.outcome.text)
        mime = QMimeData()
        mime.setText("\n\n".join(x for x in (item.heading, text) if x))
    if item.outcome is not None and item.outcome.plots and not tables:
        from terrace.report.figure.figure import render
        from terrace.session.document.figures import plots_of

        png = render(plots_of(item, style)[0], "png", dpi=DPI)
        mime.setData("image/png", QByteArray(png))
        mime.setImageData(QImage.fromData(png))
    return mime
