"""Tables on the clipboard: real tables for Word and Excel, full precision for programs, text for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData

if TYPE_CHECKING:
    from terrace.results.table import Table

TSV = "text/tab-separated-values"


def tables_mime(tables: Sequence[Table]) -> QMimeData:
    """HTML with inline styles, tab-separated values at full precision, and plain text."""
    from terrace.report.html.html import clipboard

    forms = [clipboard(t) for t in tables]
    mime = QMimeData()
    mime.setHtml("<br>".join(f["html"] for f in forms))
    mime.setText("\n\n".join(f["text"] for f in forms) + "\n")
    mime.setData(TSV, _joined_tsv(forms).encode("utf-8"))
    return mime


def values_mime(tables: Sequence[Table]) -> QMimeData:
    """Tab-separated values at full precision as plain text too: pastes into cells everywhere."""
    from terrace.report.html.html import clipboard

    text = _joined_tsv([clipboard(t) for t in tables])
    mime = QMimeData()
    mime.setText(text)
    mime.setData(TSV, text.encode("utf-8"))
    return mime


def _joined_tsv(forms: list[dict[str, str]]) -> str:
    return "\n\n".join(f["tsv"].rstrip("\n") for f in forms) + "\n"
