"""The plan of a report by commands: its title page, its style, and its parts in order. ``report FILE`` writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, choice, rules
from terrace.language.grammar.tokens import Piece, unquoted, words
from terrace.language.mixed_options import argument, excluding, number
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.items import item_of
from terrace.session.document import report_parts as parts
from terrace.session.document.items import Document, Item
from terrace.session.document.report_parts import Spot
from terrace.session.document.report_plan import (
    BESIDE,
    LANGUAGES,
    LAST_PAGE,
    OF_MODEL,
    PAPERS,
    STYLES,
    ReportPart,
    ReportPlan,
)
from terrace.session.document.texts import read_text
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

_CHANGE = Effect.OUTLINE | Effect.BRIEF
_MOST_DECIMALS = 12
_ALL = "_all"
_TEXTS = {
    "title": ("title", "title"), "author": ("author", "author"), "affiliation": ("affiliation", "affiliation"),
    "date": ("date", "date"), "head": ("running_head", "running head"),
}  # fmt: skip
"""Texts of the title page: the word of the command, the member of the plan, and what it is called."""
_CHOICES = {
    "style": (STYLES, "a style"), "language": (LANGUAGES, "a language of reports"), "paper": (PAPERS, "a paper size"),
    "metric": (("variance", "sd"), "a metric"),
}  # fmt: skip


# --- title page and style -----------------------------------------------------------------------------------
@command("report title", syntax='report title "TEXT"', effects=_CHANGE,
         help="Set the title of the report. An empty one brings back that of the results.")  # fmt: skip
@command("report author", syntax='report author "TEXT"', effects=_CHANGE,
         help="Set the author, or the authors, of the report.")  # fmt: skip
@command("report affiliation", syntax='report affiliation "TEXT"', effects=_CHANGE,
         help="Set the affiliation of the author.")  # fmt: skip
@command("report date", syntax='report date "TEXT"', effects=_CHANGE,
         help="Set the date on the title page, as it is to be printed.")  # fmt: skip
@command("report head", syntax='report head "TEXT"', effects=_CHANGE,
         help="Set the running head of the pages. An empty one brings back the beginning of the title.")  # fmt: skip
def text(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    member, called = _TEXTS[parsed.name.split()[1]]
    return _planned(session, called, **{member: _text(parsed, parsed.clauses.body, empty=True)})


@command("report style", syntax="report style apa|ama|plain", effects=_CHANGE,
         help="Set the style of captions, notes and numbers.")  # fmt: skip
@command("report language", syntax="report language en|en-gb", effects=_CHANGE,
         help="Set the language that a word processor checks the report in.")  # fmt: skip
@command("report paper", syntax="report paper a4|letter", effects=_CHANGE, help="Set the size of its pages.")
@command("report metric", syntax="report metric variance|sd", effects=_CHANGE,
         help="Show random effects as variances, or as standard deviations and correlations.")  # fmt: skip
def chosen(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    name = parsed.name.split()[1]
    allowed, what = _CHOICES[name]
    body = parsed.clauses.body
    return _planned(session, name, **{name: choice(body or parsed.word, str(body).strip(), " ".join(allowed), what)})


@command("report decimals", syntax="report decimals #|auto [, p(#)]", effects=_CHANGE,
         help="Set the decimals of estimates, and with p() those of p values.")  # fmt: skip
def decimals(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "p"))
    plan = session.state.document.report
    given, p = str(parsed.clauses.body).strip(), plan.p_decimals
    estimates = plan.decimals
    if given == "auto":
        estimates = None
    elif given or "p" not in options:
        piece = parsed.clauses.body or parsed.word
        estimates = _decimals(Option("decimals", piece, parsed.clauses.body))
    if "p" in options:
        p = _decimals(options["p"], least=1)
    return _planned(session, "decimals", decimals=estimates, p_decimals=p)


@command("report last", syntax=f"report last {'|'.join(LAST_PAGE)} ...|none", effects=_CHANGE,
         help="Set what the last page holds: the commands to run again, the versions of the program and its "
         "libraries, the hashes of the data.")  # fmt: skip
def last(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    items = words(parsed.clauses.body)
    if not items:
        raise parsed.word.error("Say what the last page holds.", code="no-text", advice=f"Use {' '.join(LAST_PAGE)} "
                                                                                        "or none.")
    named = ["none"] if [str(p) for p in items] == ["none"] else [
        choice(p, str(p), " ".join(LAST_PAGE), "on the last page") for p in items
    ]  # fmt: skip
    return _planned(session, "last page", last=tuple(n for n in LAST_PAGE if n in named))


# --- parts --------------------------------------------------------------------------------------------------
@command("report parts", syntax="report parts", effects=Effect.NONE,
         help="List the parts of the report: name, title, and whether it is shown.")  # fmt: skip
def listed(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    document = session.state.document
    found = parts.parts_of_report(document)
    if not found:
        return CommandResult(text="There are no results yet.")
    columns = (Column("title", "Title", "text"), Column("shown", "Shown", "text"))
    rows = tuple(Row(p.name, (parts.part_title(document, p), "yes" if p.shown else "no"), indent=p.level - 1)
                 for p in found)  # fmt: skip
    return CommandResult(tables=(Table("Parts of the report", columns, rows, "Name", (), "report"),))


@command(
    "report part",
    syntax='report part add heading|text "TEXT" [, after(NAME) before(NAME) level(#)] | add models MODELS|_all '
    "[, show(WHAT) after(NAME) before(NAME)] | choose NAME [MODELS|_all] [, show(WHAT)] "
    "| add paragraph|equations|diagnostics MODEL [, after(NAME) before(NAME)] "
    '| edit NAME "TEXT" | move NAME, after(NAME)|before(NAME)|first|last [alone] | hide|show NAMES|_all [, alone] '
    "| level NAME # | remove NAMES",
    help="Change the parts of the report, by the names that report parts lists. A heading stands for its section, "
    "except with alone. edit changes a heading, a text or a caption; an empty text brings the caption back. "
    "choose sets the models that stand side by side, in this order, and what of them is shown: se random criteria "
    "tests, or _all, or none.",
    effects=_CHANGE,
)
def part(session: Session, parsed: ParsedCommand) -> CommandResult:
    items = words(parsed.clauses.body)
    first = items[0] if items else parsed.word
    verb = choice(first, str(first) if items else "", " ".join(_VERBS), "something that can be done with a part")
    return _VERBS[verb](session, parsed, parsed.clauses.body.after(first.end).strip() if items else parsed.clauses.body)


@command("report reset", syntax="report reset", effects=_CHANGE,
         help="Bring the parts of the report back as they follow from the results. What was added goes.")  # fmt: skip
def reset(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    return _planned(session, "parts", parts=())


def _add(session: Session, parsed: ParsedCommand, rest: Piece) -> CommandResult:
    items = words(rest)
    first = items[0] if items else parsed.word
    kind = choice(first, str(first) if items else "", f"heading text models {' '.join(OF_MODEL)}",
                  "a kind of part that can be added")  # fmt: skip
    own = {"heading": " level", "models": " show"}.get(kind, "")
    options = parsed.options(rules("", f"after before{own}"))
    spot, body = _spot(options), rest.after(first.end).strip()
    document = session.state.document
    if kind in ("heading", "text"):
        level = int(number(options["level"], integer=True, least=1)) if "level" in options else 1
        new = ReportPart("", "heading" if kind == "heading" else "text", _text(parsed, body),
                         level=level if kind == "heading" else 0)  # fmt: skip
    else:
        new = replace(_of_models(session, parsed, kind, body), without=_without(options) or ())
    grown, name = parts.added(document, new, spot)
    if "level" in options:
        grown = parts.levelled(grown, name, new.level)
    return _done(session, grown, f"new {kind}", f"This is {name} of the report.")


def _of_models(session: Session, parsed: ParsedCommand, kind: str, body: Piece) -> ReportPart:
    found = _models(session, body, all_=kind == "models")
    made = next((m for m in OF_MODEL if m == kind), None)
    if made is None:
        if len(found) < 2:
            raise (body or parsed.word).error("Name at least two models.", code="too-few-models")
        return ReportPart("", "made", items=_ids(found, body), made="models")
    if len(found) != 1:
        raise (body or parsed.word).error("Name one model.", code="no-item", advice="For their names, use outline.")
    return parts.made_of(made, found[0])


def _models(session: Session, body: Piece, *, all_: bool) -> list[Item]:
    """The models that are named, in their order, each once; with `all_` also by ``_all``."""
    if all_ and str(body) == _ALL:
        return [m for m in session.state.document.models() if m.fit is not None]
    found: dict[int, Item] = {}
    for piece in words(body):
        item = item_of(session, piece)
        if item.fit is None:
            raise piece.error(f"{item.heading} is not a model.", code="not-a-model", subject=str(piece))
        found[item.id] = item
    return list(found.values())


def _ids(models: list[Item], body: Piece) -> tuple[int, ...]:
    """The models of a part as it holds them: none named where it shows all, also those that come later."""
    return () if str(body) == _ALL else tuple(m.id for m in models)


def _choose(session: Session, parsed: ParsedCommand, rest: Piece) -> CommandResult:
    options = parsed.options(rules("", "show"))
    name, body = _first(parsed, rest)
    if not body and "show" not in options:
        raise parsed.word.error("Name the models, or say what of them is shown.", code="no-text",
                                advice=f"Write report part choose {name} MODELS, or use show().")  # fmt: skip
    items = _ids(_models(session, body, all_=True), body) if body else None
    document = parts.chosen(session.state.document, str(name), items, _without(options))
    return _done(session, document, "models side by side")


def _without(options: dict[str, Option]) -> tuple[str, ...] | None:
    """What a table of models leaves out, by its ``show()``; None where that was not given."""
    if "show" not in options:
        return None
    given = words(argument(options["show"]))
    if [str(p) for p in given] in ([_ALL], ["none"]):
        return () if str(given[0]) == _ALL else BESIDE
    shown = {choice(p, str(p), " ".join(BESIDE), "a part of the table") for p in given}
    return tuple(b for b in BESIDE if b not in shown)


def _edit(session: Session, parsed: ParsedCommand, rest: Piece) -> CommandResult:
    parsed.options(())
    name, body = _first(parsed, rest)
    text = _text(parsed, body, empty=True)
    return _done(session, parts.edited(session.state.document, str(name), text), "text")


def _move(session: Session, parsed: ParsedCommand, rest: Piece) -> CommandResult:
    options = parsed.options(rules("first last alone", "after before"))
    name, body = _first(parsed, rest)
    _nothing(body)
    spot = _spot(options)
    if spot == Spot():
        raise parsed.word.error("Say where to move it.", code="no-place", advice="Write after(NAME), first or last.")
    document = parts.moved(session.state.document, str(name), spot, alone="alone" in options)
    return _done(session, document, "order")


def _shown(show: bool) -> Callable[[Session, ParsedCommand, Piece], CommandResult]:
    def run(session: Session, parsed: ParsedCommand, rest: Piece) -> CommandResult:
        options = parsed.options(rules("alone"))
        document = session.state.document
        found = parts.shown(document, _names(document, parsed, rest), show, alone="alone" in options)
        return _done(session, found, "parts")

    return run


def _level(session: Session, parsed: ParsedCommand, rest: Piece) -> CommandResult:
    parsed.options(())
    name, body = _first(parsed, rest)
    level = int(number(Option("level", body or parsed.word, body), integer=True, least=1))
    return _done(session, parts.levelled(session.state.document, str(name), level), "headings")


def _remove(session: Session, parsed: ParsedCommand, rest: Piece) -> CommandResult:
    parsed.options(())
    document = session.state.document
    return _done(session, parts.removed(document, _names(document, parsed, rest)), "parts")


_VERBS = {
    "add": _add, "choose": _choose, "edit": _edit, "move": _move, "hide": _shown(False), "show": _shown(True),
    "level": _level, "remove": _remove,
}  # fmt: skip


# --- shared -------------------------------------------------------------------------------------------------
def _planned(session: Session, step: str, **members: object) -> CommandResult:
    document = session.state.document
    plan: ReportPlan = replace(document.report, **members)  # type: ignore[arg-type]  # members of a ReportPlan
    return _done(session, parts.planned(document, plan), step)


def _done(session: Session, document: Document, step: str, text: str = "") -> CommandResult:
    return CommandResult(text=text, state=replace(session.state, document=document), payload={"step": step})


def _decimals(option: Option, least: int = 0) -> int:
    found = int(number(option, integer=True, least=least))
    if found > _MOST_DECIMALS:
        raise option.piece.error(f"At most {_MOST_DECIMALS} decimals are shown.", code="bad-option-value",
                                 subject=option.name)  # fmt: skip
    return found


def _first(parsed: ParsedCommand, rest: Piece) -> tuple[Piece, Piece]:
    """The name of a part that comes first, and what follows it."""
    items = words(rest)
    if not items:
        raise parsed.word.error("Name a part of the report.", code="no-part", advice="For the names, use report parts.")
    return items[0], rest.after(items[0].end).strip()


def _names(document: Document, parsed: ParsedCommand, rest: Piece) -> list[str]:
    items = words(rest)
    if [str(p) for p in items] == [_ALL]:
        return [p.name for p in parts.parts_of_report(document)]
    _first(parsed, rest)
    return [str(p) for p in items]


def _spot(options: dict[str, Option]) -> Spot:
    excluding(options, ("after", "before", "first", "last"))
    after, before = (str(argument(options[n])).strip() if n in options else "" for n in ("after", "before"))
    return Spot(after, before, "first" in options, "last" in options)


def _text(parsed: ParsedCommand, piece: Piece, *, empty: bool = False) -> str:
    """The text of a command, with its escapes read. Raises `CommandError` where there is none."""
    found = words(piece)
    if len(found) > 1:
        raise found[1].error("Give one text in quotation marks.", code="syntax")
    text = read_text(unquoted(piece))
    if not found or not (text.strip() or empty):
        raise (piece or parsed.word).error(
            f"{parsed.name} needs a text.", code="no-text", advice=f'Write {parsed.name} ... "text".'
        )
    return text.strip()


def _nothing(rest: Piece) -> None:
    if rest:
        raise rest.error("report part move takes one name.", code="syntax")
