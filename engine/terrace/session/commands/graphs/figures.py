"""``figure``: how the figures of the results look, one by one and all of them, and their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from terrace.graphs.dressed import dressed
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import choice, scan_options
from terrace.language.grammar.tokens import Piece, words
from terrace.language.mixed_options import argument
from terrace.report import formats
from terrace.results.figure_look import FigureLook
from terrace.results.figure_presets import PRESETS, effective
from terrace.results.layers import layers_of, series_of
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.figure_fits import refuse_misfits
from terrace.session.commands.helpers.figure_looks import SYNTAX, by_name, read_figure_look
from terrace.session.commands.helpers.files import file_name
from terrace.session.document.figure_text import change_words
from terrace.session.document.figures import Figure, figure, figures, styled_like, with_look, with_style
from terrace.session.document.items import Document
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

_CHANGE = Effect.OUTLINE | Effect.BRIEF


@command("figure", syntax=f"figure [NUMBER [, {SYNTAX}]]", effects=_CHANGE,
         help="List the figures of the results, show the layers and series of one, or change how it looks. Sizes are "
         "in cm, text, lines and markers in points. An empty title removes it, reset restores the automatic look.",
         )  # fmt: skip
def figure_command(session: Session, parsed: ParsedCommand) -> CommandResult:
    if not parsed.clauses.body:
        parsed.nothing_else()
        return _listed(session)
    found = _figure(session, parsed.clauses.body)
    if not parsed.clauses.options:
        return CommandResult(tables=_about(found))
    keys = [x.key for x in layers_of(found.plot)]
    given = scan_options(parsed.clauses.options)
    look = read_figure_look(given, found.own, keys)
    refuse_misfits(by_name(given), found.plot)
    return _done(session, with_look(session.state.document, found.number, look),
                 f"{change_words(look, found.own)} of Figure {found.number}")  # fmt: skip


@command("figure style", minimum="figure sty", syntax=f"figure style [{'|'.join(PRESETS)}] [, OPTIONS|like(NUMBER)]",
         effects=_CHANGE, help="Set how all figures look that say nothing else, by a preset and the options of figure "
         "for colours, sizes, text, legend and file. like() takes over the look of one figure, and all others follow. "
         "Without anything, list the presets.")  # fmt: skip
def figure_style(session: Session, parsed: ParsedCommand) -> CommandResult:
    document, body = session.state.document, parsed.clauses.body
    given = scan_options(parsed.clauses.options)
    if not body and not given:
        return CommandResult(tables=(_presets(document.figure_style),))
    like = next((o for o in given if o.name == "like"), None)
    if like is not None:
        if body or len(given) > 1:
            raise like.piece.error("like() takes no other options.", code="option-combination", subject="like",
                                   advice="Give other options in a command of their own.")  # fmt: skip
        chosen = _figure(session, argument(like))
        return _done(session, styled_like(document, chosen.number), "style of figures")
    look = read_figure_look(given, document.figure_style, None, "figure style")
    if body:
        look = replace(look, preset=choice(body, str(body), " ".join(PRESETS), "a preset", subject="figure style"))
    return _done(session, with_style(document, look), "style of figures")


@command("figure save", minimum="figure sav", syntax="figure save NUMBER FILE [, replace OPTIONS]",
         effects=Effect.FILES | Effect.BRIEF, help="Save a figure as it looks; options of figure style, such as "
         f"dpi(), size() and grey, hold for this file. {' '.join(f.ending for f in formats.PLOTS)}")  # fmt: skip
def figure_save(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.report.figure.figure import save

    pieces = words(parsed.clauses.body)
    if len(pieces) < 2:
        raise parsed.word.error("Give the number of a figure and a file.", code="no-item",
                                advice="Write figure save 1 figure1.pdf.")  # fmt: skip
    found = _figure(session, pieces[0])
    given = scan_options(parsed.clauses.options)
    own = read_figure_look([o for o in given if o.name != "replace"], found.own, None, "figure save")
    plot = dressed(found.plot, effective(own, session.state.document.figure_style))
    where = parsed.clauses.body.after(pieces[0].end).strip()
    path = save(plot, Path(file_name(session, where, "figure save")), replace=any(o.name == "replace" for o in given))
    return CommandResult(text=f"Written to {path}.")


@command("figure check", minimum="figure chec", syntax="figure check NUMBER", effects=Effect.NONE,
         help="Whether a figure is ready to print: text, lines, colours, resolution and titles.")  # fmt: skip
def figure_check(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.report.figure.checks import checks

    parsed.options(())
    if not parsed.clauses.body:
        raise parsed.word.error("Give the number of a figure.", code="no-item", advice="For their numbers, use figure.")
    found = _figure(session, parsed.clauses.body)
    columns = (Column("ok", "Ready", "text"), Column("text", "Found", "text"), Column("advice", "To do", "text"))
    rows = tuple(Row(c.key, ("yes" if c.ok else "no", c.text, c.advice)) for c in checks(found.dressed))
    table = Table(f"Figure {found.number}: ready to print?", columns, rows, "Check", (), "checks")
    return CommandResult(tables=(table,))


# --- what there is ------------------------------------------------------------------------------------------
def _listed(session: Session) -> CommandResult:
    found = figures(session.state.document)
    if not found:
        return CommandResult(text="There are no figures yet.")
    columns = (Column("title", "Title", "text"), Column("under", "Result", "text"), Column("edited", "Edited", "text"))
    rows = (Row(str(f.number), (f.title, str(f.item), "yes" if f.own != FigureLook() else "")) for f in found)
    return CommandResult(tables=(Table("Figures", columns, tuple(rows), "Figure", (), "figures"),))


def _presets(style: FigureLook) -> Table:
    columns = tuple(Column(key, title, "text") for key, title in
                    (("title", "For"), ("text", "Text (pt)"), ("width", "Width (cm)"), ("used", "Used")))  # fmt: skip
    rows = []
    for p in PRESETS.values():
        text = f"{p.look.points:g}" if p.look.points else ""
        wide = " or ".join(f"{w:g}" for w in dict.fromkeys(p.widths))
        rows.append(Row(p.name, (p.title, text, wide, "yes" if style.preset == p.name else "")))
    return Table("Presets of figures", columns, tuple(rows), "Preset", (), "presets")


def _about(found: Figure) -> tuple[Table, ...]:
    columns = (Column("name", "Name", "text"), Column("shown", "Shown", "text"), Column("count", "Marks", "count"))
    layers = layers_of(found.plot)
    rows = []
    for x in layers:
        asked = found.look.layer(x.key).shown
        shown = x.shown if asked is None else asked
        rows.append(Row(x.key, (x.name, "yes" if shown else "no", x.count)))
    out = [Table(f"Layers of Figure {found.number}", columns, tuple(rows), "Layer", (), "layers")]
    if named := [s for s in series_of(found.plot) if s.label]:
        series = tuple(Row(str(k), (s.label,)) for k, s in enumerate(named, start=1))
        out.append(Table(f"Series of Figure {found.number}", (Column("label", "Label", "text"),), series, "Series", (),
                         "series"))  # fmt: skip
    return tuple(out)


# --- shared -------------------------------------------------------------------------------------------------
def _figure(session: Session, piece: Piece) -> Figure:
    """The figure of a number. Raises `CommandError` that says which there are."""
    text = str(piece).strip()
    found = figure(session.state.document, int(text)) if text.isdigit() and len(text) < 9 else None
    if found is None:
        there = len(figures(session.state.document))
        raise piece.error(
            f"There is no Figure {text}." if text.isdigit() else f"{text!r} is not the number of a figure.",
            code="no-such-figure",
            subject=text,
            advice=f"Figures are numbered 1 to {there}." if there else "There are no figures yet.",
        )
    return found


def _done(session: Session, document: Document, step: str) -> CommandResult:
    return CommandResult(state=replace(session.state, document=document), payload={"step": step})
