"""What the first pages of a report need, loaded in pieces while nobody waits for anything.

A report asks for more libraries than all else that the program shows, and for the letters of several fonts: a second or
two, and several where a computer has never listed its fonts for matplotlib. Each piece takes a part of that; none
changes anything, and any of them may be left out.
"""

from __future__ import annotations

from collections.abc import Callable


def pieces() -> tuple[Callable[[], object], ...]:
    """The pieces in their order, most of them of less than 0.2 s; for any thread."""
    return (_list_fonts, _load_axes, _load_figures, _load_pages, _load_files, _register_fonts, _find_letters,
            _draw_equation, _draw_figure, _make_pages)  # fmt: skip


def _list_fonts() -> None:
    import matplotlib.font_manager  # noqa: F401  (the first time it looks at every font, and keeps what it found)


def _load_axes() -> None:
    import matplotlib.axis  # noqa: F401


def _load_figures() -> None:
    import matplotlib.backends.backend_agg  # noqa: F401

    import terrace.report.figure.figure  # noqa: F401


def _load_pages() -> None:
    import reportlab.platypus  # noqa: F401

    import terrace.session.report_pages  # noqa: F401


def _load_files() -> None:
    import matplotlib.backends.backend_pdf  # noqa: F401
    import pypdf  # noqa: F401


def _register_fonts() -> None:
    from terrace.report import pdf_fonts

    for bold in (False, True):
        for italic in (False, True):
            pdf_fonts.font(bold, italic)
    pdf_fonts.font(mono=True)


def _find_letters() -> None:
    from terrace.report import pdf_fonts

    pdf_fonts.width("χ² − ≥", 10.0)  # signs that not every font has


def _draw_equation() -> None:
    from terrace.report.pdf_pictures import equation_pictures
    from terrace.spec.equations import Token

    list(equation_pictures(((Token("symbol", "β", "0"), Token("operator", "+"), Token("symbol", "u", "0j")),), 400.0))


def _draw_figure() -> None:
    import numpy as np

    from terrace.report.pdf_pictures import figure_picture
    from terrace.results.plot import Axis, Marks, Plot, PlotPanel

    x = np.arange(3.0)
    marks = tuple(Marks("line", x, x + k, label=str(k), series=k) for k in range(2))
    figure_picture(Plot("", (PlotPanel(Axis("x"), Axis("y"), marks),)), 400.0, 300.0)


def _make_pages() -> None:
    from terrace.report.contents import Contents, Heading, Paragraph, Placed
    from terrace.report.pdf import pages_pdf
    from terrace.session import report_contents  # noqa: F401

    pages_pdf(Contents(title="x", blocks=(Placed(Heading("x")), Placed(Paragraph("A *note*", "note")))))
