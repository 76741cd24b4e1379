"""``figure``: how the figures of the results look, one by one and all of them, and their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, choice, rules
from terrace.language.grammar.tokens import Piece, words
from terrace.language.mixed_options import argument
from terrace.report import formats
from terrace.results.figure_look import FigureLook
from terrace.results.figure_presets import PRESETS
from terrace.results.layers import layers_of, series_of
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.figure_looks import SYNTAX, read_figure_look
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
    found = _figure(session, parsed, parsed.clauses.body)
    if not parsed.clauses.options:
        return CommandResult(tables=_about(found))
    keys = [x.key for x in layers_of(found.plot)]
    look = read_figure_look(parsed.clauses.options, found.own, keys)
    return _done(session, with_look(session.state.document, found.number, look),
                 f"{change_words(look, found.own)} of Figure {found.number}")  # fmt: skip


@command("figure style", minimum="figure sty", syntax=f"figure style [{'|'.join(PRESETS)}] [, OPTIONS like(NUMBER)]",
         effects=_CHANGE, help="Set how all figures look that say nothing else. like() takes over the look of one "
         "figure, less its titles, axes and layers, and lets all others follow.")  # fmt: skip
def figure_style(session: Session, parsed: ParsedCommand) -> CommandResult:
    document = session.state.document
    old = document.figure_style
    like, rest = _like(parsed.clauses.options)
    if like is not None:
        chosen = _figure(session, parsed, argument(like))
        return _done(session, styled_like(document, chosen.number), "style of figures")
    look = read_figure_look(rest, old, None)
    if parsed.clauses.body:
        piece = parsed.clauses.body
        look = replace(look, preset=choice(piece, str(piece), " ".join(PRESETS), "a preset", subject="figure style"))
    if not parsed.clauses.body and not rest:
        raise parsed.word.error("Give a preset or an option.", code="no-option",
                                advice=f"Presets: {', '.join(PRESETS)}.")  # fmt: skip
    return _done(session, with_style(document, look), "style of figures")


@command("figure save", minimum="figure sav", syntax="figure save NUMBER FILE [, replace dpi(#) grey size(# #)]",
         effects=Effect.FILES | Effect.BRIEF, help="Save a figure as it looks. "
         f"{' '.join(f.ending for f in formats.PLOTS)}")  # fmt: skip
def figure_save(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.report.figure.figure import save

    pieces = words(parsed.clauses.body)
    if len(pieces) < 2:
        raise parsed.word.error("Give the number of a figure and a file.", code="no-item",
                                advice="Write figure save 1 figure1.pdf.")  # fmt: skip
    found = _figure(session, parsed, pieces[0])
    options = parsed.options(rules("replace"))
    where = parsed.clauses.body.after(pieces[0].end).strip()
    path = save(found.dressed, Path(file_name(session, where, "figure save")),
                replace="replace" in options)  # fmt: skip
    return CommandResult(text=f"Written to {path}.")


@command("figure check", minimum="figure chec", syntax="figure check NUMBER", effects=Effect.NONE,
         help="Whether a figure is ready to print: text, lines, colours, resolution and titles.")  # fmt: skip
def figure_check(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.report.figure.checks import checks

    parsed.options(())
    if not parsed.clauses.body:
        raise parsed.word.error("Give the number of a figure.", code="no-item", advice="For their numbers, use figure.")
    found = _figure(session, parsed, parsed.clauses.body)
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
def _figure(session: Session, parsed: ParsedCommand, piece: Piece) -> Figure:
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


def _like(options: Piece) -> tuple[Option | None, Piece]:
    from terrace.language.grammar.options import scan_options

    given = scan_options(options)
    like = next((o for o in given if o.name == "like"), None)
    if like is not None and len(given) > 1:
        raise like.piece.error("like() takes no other option beside it.", code="option-combination", subject="like")
    return like, options


def _done(session: Session, document: Document, step: str) -> CommandResult:
    return CommandResult(state=replace(session.state, document=document), payload={"step": step})
