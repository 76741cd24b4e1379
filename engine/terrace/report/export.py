"""One entry for every file format: `export(parts, path)` looks at the extension."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from terrace.disk.writing import destination, write_bytes
from terrace.errors import ExportError
from terrace.report import formats
from terrace.report.parts import Part, number_parts, paragraphs
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
    given = Path(path).suffix.lower()
    known = formats.BY_ENDING.get(given)
    if known is None:
        raise ExportError(
            f"{given} is not a format for reports." if given else "The file name needs an extension.",
            code="unknown-format",
            subject=str(path),
            advice=f"Use {formats.endings(formats.FORMATS)}.",
        )
    kind = known.ending
    if not wanted:
        raise ExportError("There is nothing to export.", code="nothing", advice="Fit a model first.")
    destination(path, replace=replace)
    out = Path(path).expanduser()
    plots = [p for p in wanted if isinstance(p, Plot)]
    if not known.report or (known.plot and len(plots) == len(wanted) == 1):
        return _picture(wanted, plots, out, kind, replace)
    if kind in (".tex", ".md"):
        return _with_figures(wanted, plots, out, kind, replace, title, command, labels)
    content = _bytes(wanted, kind, given, title, command, labels, generated)
    return write_bytes(out, content, replace=replace)


def _bytes(
    parts: list[Part],
    kind: str,
    given: str,
    title: str,
    command: str,
    labels: Mapping[str, str] | None,
    generated: str,
) -> bytes:
    if kind == ".html":
        from terrace.report.html.page import document_html

        page = document_html(title or "Report", parts, command=command, generated=generated, labels=labels)
        return page.encode("utf-8")
    if kind == ".docx":
        from terrace.report.word import document_docx

        return document_docx(title, parts, command=command, labels=labels)
    if kind == ".xlsx":
        from terrace.report.excel import workbook_xlsx

        return workbook_xlsx(title, parts, command=command, labels=labels)
    if kind == ".pdf":
        from terrace.report.pdf import document_pdf

        return document_pdf(title, parts, command=command, labels=labels, generated=generated)
    if kind == ".csv":
        text = _separated(parts, "\t" if given == ".tsv" else ",", labels)
        return text.encode("utf-8-sig")  # Excel reads UTF-8 only with the mark
    return document_text(title, parts, command=command, labels=labels).encode("utf-8")


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


def _with_figures(
    parts: list[Part],
    plots: list[Plot],
    out: Path,
    kind: str,
    replace: bool,
    title: str,
    command: str,
    labels: Mapping[str, str] | None,
) -> Path:
    """The document last: when it is there, so are its figures."""
    from terrace.report.figure.figure import save
    from terrace.report.latex import document_latex
    from terrace.report.markdown import document_markdown

    make: Callable[..., str] = document_latex if kind == ".tex" else document_markdown
    extension = ".pdf" if kind == ".tex" else ".png"
    stem = out.stem.replace(" ", "-") if kind == ".tex" else out.stem  # LaTeX stumbles over blanks
    names = [f"{stem}-figure{i}{extension}" for i in range(1, len(plots) + 1)]
    for name in names:
        destination(out.with_name(name), replace=replace)
    text = make(title, parts, command=command, labels=labels, figures=names)
    for plot, name in zip(plots, names):
        save(plot, out.with_name(name), replace=replace, title=False)
    return write_bytes(out, text.encode("utf-8"), replace=replace)


def _separated(parts: list[Part], delimiter: str, labels: Mapping[str, str] | None) -> str:
    """One table as it is; several one under the other, each under its title. Texts have no place in data."""
    from terrace.report.csv import harmless, plot_csv, table_csv, table_tsv

    shown: list[tuple[str, str]] = []
    for part, _ in number_parts(parts, labels=labels):
        if isinstance(part, Table):
            shown.append((part.title, table_tsv(part) if delimiter == "\t" else table_csv(part)))
        elif isinstance(part, Plot):
            shown.append((part.title, plot_csv(part, delimiter)))
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
