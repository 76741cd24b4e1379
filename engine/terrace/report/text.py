"""Plain text: any table, and the page of a mixed model."""

from terrace.report.text_fit import fit_text
from terrace.report.text_table import table_text

__all__ = ["fit_text", "table_text"]
