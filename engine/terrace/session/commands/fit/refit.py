"""``refit``: models of the results fitted again to the data as they are now, each in its place."""

from __future__ import annotations

from dataclasses import replace

from terrace.errors import Cancelled, TerraceError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import words
from terrace.session.commands.helpers.items import item_of, title_of
from terrace.session.contract import Outcome
from terrace.session.document.fits import same_fit
from terrace.session.document.items import Item
from terrace.session.effects import Effect
from terrace.session.filter import Filter
from terrace.session.out_of_date import other_filters, stale
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, State
from terrace.wording import enumerated


@command("refit", syntax="refit _stale|_all|NUMBERS [, filter]", effects=Effect.OUTLINE | Effect.BRIEF,
         help="Fit models in the results again to the current data, with their further results, in the same place and "
         "under the same title: those that are out of date (_stale), all, or those with these numbers. Each "
         "keeps the filter it was fitted with; with the option filter, it gets the one in use now.")  # fmt: skip
def refit(session: Session, parsed: ParsedCommand) -> CommandResult:
    present = "filter" in parsed.options(rules("filter"))
    items = _chosen(session, parsed, filters=present)
    if not items:
        kept = "" if present or not other_filters(session.state) else (
            " Some were fitted with another filter: refit _stale, filter fits them with the present one."
        )
        return CommandResult(text=f"No model is out of date.{kept}")
    child, failed = session.fork(session.state), dict[str, str]()
    fitted: list[str] = []
    for k, item in enumerate(items):
        session.report(f"Fitting {item.heading}", k / len(items))
        before = child.state
        try:
            child.state = _fitted_again(child, item, present=present)
            fitted.append(item.heading)
        except Cancelled:
            raise
        except TerraceError as error:
            child.state = before
            failed[item.heading] = error.message
    left = [f"{name} was not changed: {reason}" for name, reason in failed.items()]
    if not fitted:
        raise TerraceError(left[0], code="not-refitted", advice="Change the model, or bring the data back with undo.")
    state = replace(child.state, returned=session.state.returned, filter=session.state.filter)
    return CommandResult(text=" ".join([f"Fitted again: {enumerated(fitted)}.", *left]), state=state)


def _chosen(session: Session, parsed: ParsedCommand, *, filters: bool) -> list[Item]:
    pieces = words(parsed.clauses.body)
    models = list(session.state.document.models())
    if not pieces:
        raise parsed.word.error("Say which models to fit again.", code="no-item", advice="Write refit _stale.")
    if len(pieces) == 1 and str(pieces[0]) in ("_stale", "_all"):
        found = stale(session.state, filters=filters) if str(pieces[0]) == "_stale" else {i.id: "" for i in models}
        return [i for i in models if i.id in found]
    chosen = {i.id: i for i in (item_of(session, p) for p in pieces)}
    for item, piece in zip(chosen.values(), pieces):
        if item.kind != "model":
            raise piece.error(f"{title_of(item)} is not a model.", code="not-a-model", subject=str(piece))
    return [i for i in models if i.id in chosen]


def _fitted_again(child: Session, item: Item, *, present: bool) -> State:
    """The state in which a model and what was asked about it are of the present data, under its own filter unless the
    `present` one is wanted. Raises `TerraceError`."""
    begun = child.state
    assert item.outcome is not None and item.fit is not None
    if not present:
        own = item.fit.spec.filter
        child.state = replace(begun, filter=Filter(own) if own else None)
    outcome = _ran(child, item.outcome)
    if outcome.fit is None:
        raise TerraceError("Its command does not fit a model.", code="no-fit")
    new = {item.id: replace(item, outcome=outcome, data=child.state.dataset)}
    for under in child.state.document.under(item.id):
        if under.outcome is not None and Effect.ABOUT_FIT in under.outcome.effects:
            new[under.id] = replace(under, outcome=_ran_on_the_same(child, under.outcome))
            child.state = replace(child.state, fit=outcome.fit)
            if "made" in under.outcome.payload:
                begun = replace(begun, dataset=child.state.dataset)
    document = child.state.document
    document = replace(document, items=tuple(new.get(i.id, i) for i in document.items))
    active = begun.fit
    if active is not None and same_fit(active, item.fit):
        return replace(child.state, document=document, filter=begun.filter)
    return replace(begun, document=document, origins=child.state.origins, rng=child.state.rng)


def _ran_on_the_same(child: Session, old: Outcome) -> Outcome:
    """`_ran` for a result about a model: variables that it made are made anew, each in its place."""
    data = child.state.dataset
    made = [] if data is None else [n for n in old.payload.get("made", ()) if n in data]
    if data is None or not made:
        return _ran(child, old)
    child.state = replace(child.state, dataset=data.without(made))
    outcome = _ran(child, old)
    assert child.state.dataset is not None
    child.state = replace(child.state, dataset=child.state.dataset.select(data.names))
    return outcome


def _ran(child: Session, old: Outcome) -> Outcome:
    """The outcome of the same command now, under the number that it had."""
    outcome = child.run(old.command, progress=child.progress, cancel=child.cancel)
    if outcome.error is not None:
        if outcome.error[0] == "cancelled":
            raise Cancelled
        raise TerraceError(outcome.error[1], code=outcome.error[0], advice=outcome.error_advice)
    return replace(outcome, number=old.number, line=old.line)
