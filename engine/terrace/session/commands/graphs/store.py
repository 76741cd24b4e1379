"""Graphs that were drawn: ``graph export dir drop display``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, choice, did_you_mean, rules
from terrace.language.grammar.tokens import Piece, words
from terrace.language.mixed_options import argument, number
from terrace.report import formats
from terrace.results.plot import Plot
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.files import file_name
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.wording import plural

KINDS = tuple(f.suffix for f in formats.PLOTS)


def named_graph(session: Session, piece: Piece) -> tuple[Plot, ...]:
    """The graph of a name. Raises `CommandError` where there is none."""
    return _named(session.state.graphs, piece)[1]


def about(name: str, plots: tuple[Plot, ...]) -> dict[str, object]:
    return {"name": name, "kind": plots[0].kind, "pages": len(plots), "panels": sum(len(p.panels) for p in plots)}


def _latest(session: Session) -> tuple[str, tuple[Plot, ...]] | None:
    """The graph that was drawn last, also where another command drew it."""
    graphs = session.state.graphs
    for outcome in reversed(session.history):
        if "graph" in outcome.payload:
            break
        if outcome.ok and outcome.plots:
            return outcome.type, outcome.plots
    name = list(graphs)[-1] if graphs else None
    return None if name is None else (name, graphs[name])


def _chosen(session: Session, parsed: ParsedCommand, piece: Piece | None) -> tuple[str, tuple[Plot, ...]]:
    """The graph of a name, or the last one. Raises `CommandError` where there is none."""
    if piece is not None:
        return _named(session.state.graphs, piece)
    found = _latest(session)
    if found is None:
        raise parsed.word.error("No graph has been drawn.", code="no-graph", advice="Draw one first: scatter y x.")
    return found


def _named(graphs: Mapping[str, tuple[Plot, ...]], piece: Piece) -> tuple[str, tuple[Plot, ...]]:
    name = str(piece)
    if name in graphs:
        return name, graphs[name]
    raise piece.error(
        f"There is no graph named {name}.",
        code="no-such-graph",
        subject=name,
        advice=did_you_mean(name, list(graphs), otherwise=bool(graphs)) or "Draw one: scatter y x, name(A).",
    )


@command(
    "graph export",
    minimum="gr export",
    syntax=f"graph export FILE [, replace name(NAME) as({'|'.join(KINDS)}) width(#) height(#)]",
    help=f"Save the last graph, or a named one, as a {formats.endings(formats.PLOTS)} file.",
    effects=Effect.FILES,
)
def export(session: Session, parsed: ParsedCommand) -> CommandResult:
    known = rules("replace", "name as wid:th hei:ght fontf:ace fontfaces:erif fontd:ir ori:entation mag logo bor:der")
    options = parsed.options(known)
    if not parsed.clauses.body:
        raise parsed.word.error("The name of a file is missing.", code="no-file", advice="graph export figure.png")
    where = file_name(session, parsed.clauses.body, "graph export")
    path = Path(where)
    if "as" in options:
        kind = choice(
            argument(options["as"]), options["as"].value, " ".join(KINDS), "a format that graphs are written in"
        )
        path = path if path.suffix.lower() == f".{kind}" else Path(f"{where}.{kind}")
    name = argument(options["name"]) if "name" in options else None
    _, plots = _chosen(session, parsed, name)
    pixels = {k: _pixels(options.get(k)) for k in ("width", "height")}
    session.report("Writing")
    return CommandResult(text=written(save(session, plots, path, replace_file="replace" in options, **pixels)))


def _pixels(option: Option | None) -> int | None:
    if option is None:
        return None
    pixels = int(number(option, least=16, integer=True))
    if pixels > 20_000:
        raise option.piece.error(f"{option.name}() is at most 20,000 pixels.", code="option-number")
    return pixels


def save(
    session: Session, plots: tuple[Plot, ...], path: Path, *, replace_file: bool, width: int | None = None,
    height: int | None = None,
) -> list[Path]:
    """Write a graph as the page shows its figures."""
    from terrace.report.figure.pages import save_pages
    from terrace.session.document.figures import as_shown

    plots = tuple(as_shown(session.state.document, p) for p in plots)
    return save_pages(plots, path, replace=replace_file, width=width, height=height)


def written(paths: list[Path]) -> str:
    if len(paths) == 1:
        return f"Written to {paths[0]}."
    return f"Written to {plural(len(paths), 'file')}, {paths[0]} to {paths[-1].name}."


@command("graph dir", minimum="gr di", syntax="graph dir", help="List stored graphs.", effects=Effect.NONE)
def directory(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    graphs = session.state.graphs
    if not graphs:
        return CommandResult(text="No graphs are stored.")
    table = Table(
        title="Graphs",
        columns=(
            Column("kind", "Kind", "text"),
            Column("panels", "Panels", "count"),
            Column("title", "What", "text"),
        ),
        rows=tuple(Row(n, (p[0].kind, sum(len(q.panels) for q in p), p[0].title)) for n, p in graphs.items()),
        stub="Name",
        key="graph-dir",
    )
    return CommandResult(tables=(table,))


@command("graph drop", minimum="gr drop", syntax="graph drop NAMES|_all", help="Delete graphs.", effects=Effect.NONE)
def drop(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    items = words(parsed.clauses.body)
    if not items:
        raise parsed.word.error("Say which graph to delete.", code="syntax", advice="Write graph drop NAME, or graph "
                                                                                    "drop _all.")
    graphs = dict(session.state.graphs)
    for item in items:
        if str(item) in ("_all", "*"):
            graphs.clear()
        else:
            graphs.pop(_named(graphs, item)[0])
    return CommandResult(state=replace(session.state, graphs=graphs))


@command(
    "graph display",
    minimum="gr dis",
    syntax="graph display [NAME]",
    help="Show a graph again.",
    effects=Effect.NONE,
)
def display(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(rules("", "scheme xsiz:e ysiz:e scale margins"))
    items = words(parsed.clauses.body)
    if len(items) > 1:
        raise items[1].error("Only one graph can be shown at a time.", code="syntax")
    name, plots = _chosen(session, parsed, items[0] if items else None)
    graphs = dict(session.state.graphs)
    if name in graphs:
        graphs[name] = graphs.pop(name)  # it is the last one now
    return CommandResult(
        text=f"Graph {name}: {plots[0].title}.",
        plots=plots,
        state=replace(session.state, graphs=graphs),
        payload={"graph": about(name, plots)},
    )
