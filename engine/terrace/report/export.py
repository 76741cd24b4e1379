"""One entry for every file format: `export(parts, path)` looks at the extension."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace as replace_in
from pathlib import Path

from terrace.disk.writing import destination, write_bytes
from terrace.errors import ExportError
from terrace.report import formats
from terrace.report.contents import (
    Contents,
    EquationBlock,
    FigureBlock,
    Heading,
    Paragraph,
    TableBlock,
    contents_of,
)
from terrace.report.parts import Part, paragraphs
from terrace.results.plot import Plot
from terrace.results.table import Table


def export(
    parts: Sequence[Part] | Part,
    path: str | os.PathLike[str],
    *,
    title: str = "",
    replace: bool = False,
    command: str = "",
    labels: Mapping[str, str] | None = None,
    generated: str = "",
) -> Path:
    """Write tables, plots, fits and texts to a file whose extension names the format.

    Parameters
    ----------
    parts
        What to write, in order; a single part need not be in a list. See `terrace.report.parts` for texts.
    path
        Its ending is of one of `formats.FORMATS`; those that hold no report are for a single plot. LaTeX and
        Markdown put their figures into files beside: ``report-figure1.pdf``.
    title, command, generated
        What stands at the head of the document: its title, the command, the date.
    replace
        Whether an existing file may be overwritten.
    labels
        Labels of variables, for the headings of the levels of a fit.

    Raises `ExportError`: unknown extension, nothing to write; `DataError`: existing file, folder that is missing or
    cannot be written. The file appears whole or not at all.
    """
    wanted = [parts] if not isinstance(parts, Sequence) or isinstance(parts, str) else list(parts)
    kind = _kind(path)
    if not wanted:
        raise ExportError("There is nothing to export.", code="nothing", advice="Fit a model first.")
    destination(path, replace=replace)
    plots = [p for p in wanted if isinstance(p, Plot)]
    if not kind.report or (kind.plot and len(plots) == len(wanted) == 1):
        return _picture(wanted, plots, Path(path).expanduser(), kind.ending, replace)
    if kind.ending == ".txt":  # a fit as its page
        text = document_text(title, wanted, command=command, labels=labels)
        return write_bytes(Path(path).expanduser(), text.encode("utf-8"), replace=replace)
    contents = contents_of(title, wanted, command=command, labels=labels, date=generated)
    return export_report(contents, path, replace=replace)


def export_report(contents: Contents, path: str | os.PathLike[str], *, replace: bool = False) -> Path:
    """Write a report to a file whose extension names the format, as `export` does.

    Raises `ExportError` for an unknown extension, one of a single picture, and a report of nothing.
    """
    kind = _kind(path)
    if not kind.report:
        raise ExportError(
            f"A {kind.ending} file can hold only one plot.", code="not-a-plot", subject=str(path),
            advice="Save the report as .docx, .pdf or .html.",
        )  # fmt: skip
    if not contents.blocks:
        raise ExportError("The report is empty.", code="nothing", advice="Fit a model first, or show parts of the "
                                                                         "report.")  # fmt: skip
    destination(path, replace=replace)
    out = Path(path).expanduser()
    if kind.ending in (".tex", ".md"):
        return _with_figures(contents, out, kind.ending, replace)
    return write_bytes(out, _bytes(contents, kind.ending, Path(path).suffix.lower()), replace=replace)


def _kind(path: str | os.PathLike[str]) -> formats.OutputFormat:
    given = Path(path).suffix.lower()
    known = formats.BY_ENDING.get(given)
    if known is None:
        raise ExportError(
            f"{given} is not a format for reports." if given else "The file name needs an extension.",
            code="unknown-format",
            subject=str(path),
            advice=f"Use {formats.endings(formats.FORMATS)}.",
        )
    return known


def _bytes(contents: Contents, kind: str, given: str) -> bytes:
    if kind == ".html":
        from terrace.report.html.page import report_html

        titled = contents if contents.title else replace_in(contents, title="Report")
        return report_html(titled).encode("utf-8")
    if kind == ".docx":
        from terrace.report.word import report_docx

        return report_docx(contents)
    if kind == ".xlsx":
        from terrace.report.excel import report_xlsx

        return report_xlsx(contents)
    if kind == ".pdf":
        from terrace.report.pdf import pages_pdf

        return pages_pdf(contents).pdf
    if kind == ".csv":
        text = _separated(contents, "\t" if given == ".tsv" else ",")
        return text.encode("utf-8-sig")  # Excel reads UTF-8 only with the mark
    return contents_text(contents).encode("utf-8")


def _picture(parts: list[Part], plots: list[Plot], out: Path, kind: str, replace: bool) -> Path:
    from terrace.report.figure.figure import save

    if len(plots) != 1 or len(parts) != 1:
        raise ExportError(
            f"A {kind} file can hold only one plot.",
            code="not-a-plot",
            subject=str(out),
            advice="Export the plot on its own, or use .html, .docx or .pdf for the whole report.",
        )
    return save(plots[0], out, replace=replace)


def _with_figures(contents: Contents, out: Path, kind: str, replace: bool) -> Path:
    """The document last: when it is there, so are its figures."""
    from terrace.report.figure.figure import save
    from terrace.report.latex import report_latex
    from terrace.report.markdown import report_markdown

    make: Callable[..., str] = report_latex if kind == ".tex" else report_markdown
    extension = ".pdf" if kind == ".tex" else ".png"
    stem = out.stem.replace(" ", "-") if kind == ".tex" else out.stem  # LaTeX stumbles over blanks
    plots = [p.block.plot for p in contents.blocks if isinstance(p.block, FigureBlock)]
    names = [f"{stem}-figure{i}{extension}" for i in range(1, len(plots) + 1)]
    for name in names:
        destination(out.with_name(name), replace=replace)
    text = make(contents, figures=names)
    for plot, name in zip(plots, names):
        save(plot, out.with_name(name), replace=replace, title=False)
    return write_bytes(out, text.encode("utf-8"), replace=replace)


def _separated(contents: Contents, delimiter: str) -> str:
    """One table as it is; several one under the other, each under its title. Texts have no place in data."""
    from terrace.report.csv import harmless, plot_csv, table_csv, table_tsv

    shown: list[tuple[str, str]] = []
    for placed in contents.blocks:
        block = placed.block
        if isinstance(block, TableBlock):
            shown.append((block.table.title, (table_tsv if delimiter == "\t" else table_csv)(block.table)))
        elif isinstance(block, FigureBlock):
            shown.append((block.title, plot_csv(block.plot, delimiter)))
    if not shown:
        raise ExportError("There is no table to save as data.", code="no-table", advice="Use .txt or .html.")
    if len(shown) == 1:
        return shown[0][1]
    return "\n".join(f"{_quoted(harmless(name))}\n{text}" for name, text in shown)


def _quoted(text: str) -> str:
    escaped = text.replace('"', '""')
    return f'"{escaped}"' if any(c in text for c in ',"\n') else text


def document_text(
    title: str,
    parts: Sequence[Part],
    *,
    command: str = "",
    labels: Mapping[str, str] | None = None,
    width: int = 80,
) -> str:
    """The parts as plain text; a fit as its page, a plot as its title."""
    from terrace.report.cells import wrap
    from terrace.report.text.text import fit_text, table_text
    from terrace.results.fit import FitResult

    out = [f"{title}\n{'=' * min(width, max(3, len(title)))}"] if title else []
    if command:
        out.append(f". {command}")
    for part in parts:
        if isinstance(part, FitResult):
            out += [f". {part.command}", fit_text(part)]
        elif isinstance(part, Table):
            out.append(table_text(part, width))
        elif isinstance(part, Plot):
            out.append(f"[Plot: {part.title}]")
        else:
            for kind, text in paragraphs(part):
                if kind in ("listing", "command"):
                    out.append(f". {text}" if kind == "command" else text)
                elif kind in ("h2", "h3"):
                    out.append(f"{text}\n{'-' * min(width, len(text))}")
                else:
                    out.append("\n".join(wrap(text, width)))
    return "\n\n".join(out) + "\n"


def contents_text(contents: Contents, width: int = 80) -> str:
    """A report as plain text; a figure as its caption and its note."""
    from terrace.report.cells import wrap
    from terrace.report.notes import plain
    from terrace.report.text.text import table_text
    from terrace.spec.equations_render import line_text

    title = contents.title
    out = [f"{title}\n{'=' * min(width, max(3, len(title)))}"] if title else []
    out += [x for x in (contents.author, contents.affiliation, contents.date) if x]
    if contents.command:
        out.append(f". {contents.command}")
    for placed in contents.blocks:
        block = placed.block
        if isinstance(block, TableBlock):
            out.append(f"{block.label}\n{table_text(block.table, width, journal=True)}")
        elif isinstance(block, FigureBlock):
            out.append(f"[{block.label}: {block.title}]")
            if block.note:
                out.append("\n".join(wrap(f"Note. {block.note}", width)))
        elif isinstance(block, EquationBlock):
            out.append("\n".join(line_text(x) for x in block.lines))
        elif isinstance(block, Heading):
            out.append(f"{block.text}\n{'-' * min(width, max(3, len(block.text)))}")
        elif isinstance(block, Paragraph):
            words = plain(block.text) if block.kind == "note" else block.text
            listing = block.kind in ("listing", "command")
            out.append(words if listing else "\n".join(wrap(words, width)))
    return "\n\n".join(out) + "\n"
