"""The one table of formats of reports and plots: their endings, and how menus and dialogs call them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """One format: its ending, and others that mean it; what a file is, and how menus call it; what it can hold."""

    ending: str
    title: str
    name: str
    report: bool = True
    plot: bool = False
    also: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """The ending without its dot."""
        return self.ending[1:]


FORMATS = (
    OutputFormat(".html", "Web page", "HTML", also=(".htm",)),
    OutputFormat(".docx", "Word document", "Word"),
    OutputFormat(".png", "PNG picture", "PNG", report=False, plot=True),
    OutputFormat(".svg", "SVG picture", "SVG", report=False, plot=True),
    OutputFormat(".tiff", "TIFF picture", "TIFF", report=False, plot=True, also=(".tif",)),
    OutputFormat(".pdf", "PDF document", "PDF", plot=True),
    OutputFormat(".xlsx", "Excel workbook", "Excel"),
    OutputFormat(".tex", "LaTeX document", "LaTeX"),
    OutputFormat(".md", "Markdown", "Markdown", also=(".markdown",)),
    OutputFormat(".csv", "Comma-separated values", "CSV", also=(".tsv",)),
    OutputFormat(".txt", "Plain text", "Text"),
)
"""In the order in which menus and dialogs offer them."""

REPORTS = tuple(f for f in FORMATS if f.report)
PLOTS = tuple(f for f in FORMATS if f.plot)
BY_ENDING = {ending: f for f in FORMATS for ending in (f.ending, *f.also)}


def endings(formats: tuple[OutputFormat, ...], last: str = "or") -> str:
    """The endings as a list in a sentence: ``.png, .svg or .pdf``."""
    *most, end = (f.ending for f in formats)
    return f"{', '.join(most)} {last} {end}"
