"""Plain text: any table, and the page of a mixed model."""

from terrace.report.text.fit import fit_text
from terrace.report.text.table import table_text

__all__ = ["fit_text", "table_text"]
