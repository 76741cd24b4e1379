"""The fits that a command speaks of: the current one, or those of given names."""

from __future__ import annotations

from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import did_you_mean
from terrace.language.grammar.tokens import Piece, words
from terrace.results.fit import FitResult
from terrace.session.document.fits import fit_named, fits_of, same_fit
from terrace.session.session import Session


def current_fit(session: Session, parsed: ParsedCommand, *, rows: bool = False) -> FitResult:
    """The active fit; `CommandError` where nothing has been fitted.

    Unless the command takes some of the ``rows``, it is refused with if, in, weights or using: what they ask for
    would not happen.
    """
    if not rows:
        _no_rows(parsed)
    if session.state.fit is None:
        raise parsed.word.error(
            "There is no fitted model.", code="no-fit", advice="Fit one first: mixed y x || school:"
        )
    return session.state.fit


def _no_rows(parsed: ParsedCommand) -> None:
    clauses = parsed.clauses
    weight = clauses.weight.piece if clauses.weight is not None else None
    given = {"if": clauses.condition, "in": clauses.range_, "weights": weight, "using": clauses.using}
    for word, piece in given.items():
        if piece is not None:
            raise piece.error(
                f"{parsed.name} uses the whole estimation sample, so it takes no {word}.",
                code="no-rows",
                subject=word,
                advice="Fit the model to these rows first.",
            )


def named_fit(session: Session, parsed: ParsedCommand, piece: Piece) -> tuple[str, FitResult]:
    """The fit that a name means; ``.`` is the active one. `CommandError` where there is none."""
    name = str(piece)
    if name == ".":
        return name, current_fit(session, parsed)
    found = fit_named(session.state, name)
    if found is not None:
        return name, found
    stored = [*session.state.stored, *(n for n, _ in fits_of(session.state.document))]
    raise piece.error(
        f"No estimates are stored as {name}.",
        code="no-such-estimates",
        subject=name,
        advice=did_you_mean(name, stored, otherwise=bool(stored)) or "Store some: estimates store A",
    )


def named_fits(session: Session, parsed: ParsedCommand, piece: Piece) -> list[tuple[str, FitResult]]:
    """The fits of a list of names; the active one where the list is empty.

    ``_all`` means all stored ones, and the models of the document where none is stored.
    """
    items = words(piece)
    if not items:
        return [(".", current_fit(session, parsed))]
    out: dict[str, FitResult] = {}
    for item in items:
        if str(item) in ("_all", "*"):
            out.update(session.state.stored or dict(fits_of(session.state.document)))
        else:
            name, fit = named_fit(session, parsed, item)
            out[name] = fit
    return list(out.items())


def constraints_of(session: Session, fit: FitResult, then: str) -> dict[int, str]:
    """The constraints of a fit by number. `DataError` where they have been defined anew since, with what to do `then`,
    once it was fitted again."""
    found = {k: session.state.constraints.get(k, "") for k in fit.spec.constraints}
    bound = fit.model.constraints
    if bound is not None and {*bound.texts, *bound.redundant} != set(found.values()):
        raise DataError("The constraints have changed since the fit.", code="constraint",
                        advice=f"Fit the model again, then {then}.")  # fmt: skip
    return found


def active_name(session: Session) -> str:
    """The name under which the active fit is kept, the last where there are several; ``.`` where it is not."""
    fit, stored = session.state.fit, session.state.stored
    return next((n for n in reversed(list(stored)) if fit is not None and same_fit(stored[n], fit)), ".")
