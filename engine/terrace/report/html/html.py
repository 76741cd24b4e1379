"""Results as HTML: single tables, the tables of a fit, and whole pages."""

from __future__ import annotations

from terrace.report.html.page import document_html
from terrace.report.html.table import clipboard, fit_html, table_html, warnings_html

__all__ = ["clipboard", "document_html", "fit_html", "table_html", "warnings_html"]
