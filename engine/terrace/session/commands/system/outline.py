"""``outline``: the results document by commands: its order, titles, notes, headings and looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from terrace.errors import CommandError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, choice, rules
from terrace.language.grammar.tokens import Piece, unquoted, words
from terrace.language.mixed_options import argument, excluding, number
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.items import item_of, title_of
from terrace.session.document import edits
from terrace.session.document.card import PARTS
from terrace.session.document.edits import Place
from terrace.session.document.fits import same_fit
from terrace.session.document.items import Document, Item, Look
from terrace.session.document.texts import read_text
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

_CHANGE = Effect.OUTLINE | Effect.BRIEF
_KINDS = {"data": "Data", "model": "Model", "output": "Output", "note": "Note", "heading": "Heading"}
_MOST_DECIMALS = 12


@command("outline", minimum="outl", syntax="outline", help="List the results: number, kind, title, and the "
         "number of the result that each one is under.", effects=Effect.NONE)  # fmt: skip
def outline(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    document = session.state.document
    if not document.items:
        return CommandResult(text="There are no results yet.")
    columns = (Column("what", "What", "text"), Column("title", "Title", "text"), Column("under", "Under", "text"))
    rows = (Row(str(i.id), (_KINDS[i.kind], title_of(i), str(i.under or ""))) for i in document)
    return CommandResult(tables=(Table(document.title or "Results", columns, tuple(rows), "Number", (), "outline"),))


# --- single items -------------------------------------------------------------------------------------------
@command("outline rename", minimum="outl ren", syntax='outline rename NUMBER "TITLE"', effects=_CHANGE,
         help="Change the title of a result. An empty title restores the original.")  # fmt: skip
def rename(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    item, rest = _first(session, parsed)
    title = _text(parsed, rest, empty=True)
    if not title and item.kind == "heading":
        raise (rest or parsed.word).error("A heading cannot be empty.", code="no-text", advice="To remove it, use "
                                                                                               "outline delete.")
    return _done(session, edits.renamed(session.state.document, item.id, title))


@command("outline edit", minimum="outl ed", syntax='outline edit NUMBER "TEXT"', effects=_CHANGE,
         help=r"Change the text of a note or heading: \n ends a line, \\ is a backslash.")  # fmt: skip
def edit(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    item, rest = _first(session, parsed)
    if item.kind not in ("note", "heading"):
        raise parsed.clauses.body.error(
            f"{item.heading} is not a note.", code="not-a-note", subject=str(item.id),
            advice="To change its title, use outline rename. To add a note, use outline note.",
        )  # fmt: skip
    return _done(session, edits.rewritten(session.state.document, item.id, _text(parsed, rest)))


@command("outline move", minimum="outl mo", effects=_CHANGE,
         syntax="outline move NUMBER, after(NUMBER)|before(NUMBER)|first|last [under(NUMBER)]",
         help="Move a result, with everything under it. under(0) is the top level.")  # fmt: skip
def move(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("first last", "after before under"))
    item, rest = _first(session, parsed)
    _nothing(rest, "outline move")
    place = _place(session, options)
    if place == Place():
        raise parsed.word.error("Say where to move it.", code="no-place", advice="Write after(NUMBER), first or last.")
    return _done(session, edits.moved(session.state.document, item.id, place))


@command("outline fold", minimum="outl fo", syntax="outline fold NUMBERS|_all", effects=_CHANGE,
         help="Show only the headings of results.")  # fmt: skip
@command("outline unfold", minimum="outl unf", syntax="outline unfold NUMBERS|_all", effects=_CHANGE,
         help="Show results whole.")  # fmt: skip
def fold(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    ids = [i.id for i in _items(session, parsed)]
    return _done(session, edits.folded(session.state.document, ids, parsed.name == "outline fold"))


@command("outline delete", minimum="outl del", syntax="outline delete NUMBERS|_all", effects=_CHANGE,
         help="Remove results, with everything under them. An active model stays active.")  # fmt: skip
def delete(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    items = _items(session, parsed)
    state = session.state
    told = f"Removed: {title_of(items[0]) if len(items) == 1 else f'{len(items)} results'}."
    fits = [i.fit for i in items if i.kind == "model"]
    if state.fit is not None and any(f is not None and same_fit(f, state.fit) for f in fits):
        told += " The model stays active."
    return _done(session, edits.deleted(state.document, [i.id for i in items]), told)


# --- what the user writes -----------------------------------------------------------------------------------
@command("outline note", minimum="outl no", syntax='outline note "TEXT" [, after(NUMBER) before(NUMBER) '
         'under(NUMBER)]', effects=_CHANGE,
         help=r"Add a note in Markdown, at the end or at a given place; \n ends a line, \\ is a backslash.",
         )  # fmt: skip
def note(session: Session, parsed: ParsedCommand) -> CommandResult:
    place = _place(session, parsed.options(rules("", "after before under")))
    return _added(session, Item(0, "note", text=_text(parsed, parsed.clauses.body), when=_now()), place)


@command("outline heading", minimum="outl head", syntax='outline heading "TEXT" [, after(NUMBER) before(NUMBER)]',
         effects=_CHANGE, help="Add a heading, at the end or at a given place.")  # fmt: skip
def heading(session: Session, parsed: ParsedCommand) -> CommandResult:
    place = _place(session, parsed.options(rules("", "after before")))
    return _added(session, Item(0, "heading", title=_text(parsed, parsed.clauses.body), when=_now()), place)


@command("outline title", minimum="outl ti", syntax='outline title "TEXT"', effects=_CHANGE,
         help="Set the title of the results. An empty title removes it.")  # fmt: skip
def title(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    text = _text(parsed, parsed.clauses.body, empty=True)
    return _done(session, edits.titled(session.state.document, text))


@command("outline look", minimum="outl lo", effects=_CHANGE,
         syntax="outline look [NUMBER] [, decimals(#) style(apa|ama|plain) metric(variance|sd) labels|nolabels "
         "parts(NAMES|none) reset]",
         help="Set how the tables of a result look, or without a number those of all results. reset is applied "
         "first and restores the defaults.")  # fmt: skip
def look(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("labels nolabels reset", "dec:imals style metric parts"))
    excluding(options, ("labels", "nolabels"))
    if not options:
        raise parsed.word.error("Give at least one option.", code="no-option", advice="Write outline look, "
                                                                                      "decimals(3).")
    item: Item | None = None
    if parsed.clauses.body:
        item, rest = _first(session, parsed)
        _nothing(rest, "outline look")
    document = session.state.document
    old = Look() if "reset" in options else document.look if item is None else item.look
    return _done(session, edits.looking(document, None if item is None else item.id, _look(options, old)))


def _look(options: dict[str, Option], old: Look) -> Look:
    new = old
    if "decimals" in options:
        decimals = int(number(options["decimals"], integer=True, least=0))
        if decimals > _MOST_DECIMALS:
            raise options["decimals"].piece.error(
                f"At most {_MOST_DECIMALS} decimals are shown.", code="bad-option-value", subject="decimals"
            )
        new = replace(new, decimals=decimals)
    if "style" in options:
        new = replace(new, style=_one_of(options["style"], "apa ama plain", "a style"))
    if "metric" in options:
        new = replace(new, metric=_one_of(options["metric"], "variance sd", "a metric"))
    if "parts" in options:
        named = tuple(str(p) for p in words(argument(options["parts"])))
        for piece in words(argument(options["parts"])):
            if named != ("none",) and str(piece) not in ("fixed", *PARTS):  # which always stand
                raise piece.error(
                    f"There is no part {str(piece)!r}.", code="no-such-part", advice=f"Use {', '.join(PARTS)} or none."
                )
        new = replace(new, parts=() if named == ("none",) else named)
    if {"labels", "nolabels"} & set(options):
        new = replace(new, labels="labels" in options)
    return new


def _one_of(option: Option, allowed: str, what: str) -> str:
    piece = argument(option)
    return choice(piece, str(piece), allowed, what, subject=option.name)


# --- shared -------------------------------------------------------------------------------------------------
def _done(session: Session, document: Document, text: str = "") -> CommandResult:
    return CommandResult(text=text, state=replace(session.state, document=document))


def _added(session: Session, item: Item, place: Place) -> CommandResult:
    document = session.state.document
    return _done(session, edits.added(document, item, place), f"This is number {document.next_id} of the results.")


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _first(session: Session, parsed: ParsedCommand) -> tuple[Item, Piece]:
    """The item whose number comes first, and what follows it."""
    items = words(parsed.clauses.body)
    if not items:
        raise parsed.word.error(
            f"{parsed.name} needs the number of a result.", code="no-item", advice="For their numbers, use outline."
        )
    return item_of(session, items[0]), parsed.clauses.body.after(items[0].end).strip()


def _items(session: Session, parsed: ParsedCommand) -> list[Item]:
    pieces = words(parsed.clauses.body)
    if [str(p) for p in pieces] == ["_all"]:
        return list(session.state.document)
    if not pieces:
        _first(session, parsed)
    return list({i.id: i for i in (item_of(session, p) for p in pieces)}.values())


def _place(session: Session, options: dict[str, Option]) -> Place:
    excluding(options, ("after", "before", "first", "last"))

    def id_of(name: str) -> int | None:
        if name not in options:
            return None
        piece = argument(options[name])
        return 0 if name == "under" and str(piece).strip() == "0" else item_of(session, piece).id

    return Place(id_of("after"), id_of("before"), id_of("under"), "first" in options, "last" in options)


def _text(parsed: ParsedCommand, piece: Piece, *, empty: bool = False) -> str:
    """The text of a command, with its escapes read. Raises `CommandError` where there is none."""
    found: Sequence[Piece] = words(piece)
    if len(found) > 1:
        raise found[1].error("Give one text in quotation marks.", code="syntax")
    text = read_text(unquoted(piece))
    if not found or not (text.strip() or empty):
        raise (piece or parsed.word).error(
            f"{parsed.name} needs a text.", code="no-text", advice=f'Write {parsed.name} ... "text".'
        )
    return text


def _nothing(rest: Piece, name: str) -> None:
    if rest:
        raise CommandError(f"{name} takes one number.", code="syntax", text=rest.source, start=rest.start, end=rest.end)
