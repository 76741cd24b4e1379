"""A paragraph for the paper: ``apa``."""

from __future__ import annotations

from dataclasses import replace

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import unquoted, words
from terrace.language.mixed_options import argument
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.effects import Effect
from terrace.session.fit_rows import rows_or_none
from terrace.session.labelling import fit_now
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned


@command(
    "apa",
    syntax='apa [, labels(variable "words" ...)]',
    help="A results paragraph in APA style, every number from the fit.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def apa(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.paper.apa import paragraph

    fit = current_fit(session, parsed)
    if parsed.clauses.body:
        raise parsed.clauses.body.error("apa takes only options.", code="syntax")
    options = parsed.options(rules("", "lab:els"))
    labels = _labels(options["labels"], session) if "labels" in options else {}
    data = rows_or_none(session, fit) or session.state.dataset  # labels are there in any case
    fit = fit_now(session.state, fit)
    text = paragraph(fit, data, labels=labels)
    return CommandResult(
        text=text,
        state=replace(session.state, returned=Returned(macros={"text": text})),
        payload={"prose": paragraph(fit, data, labels=labels, markup="html")},
    )


def _labels(option: Option, session: Session) -> dict[str, str]:
    """``ses "socioeconomic status" sector "type of school"``."""
    known = Names(session.data.names)
    items = words(argument(option))
    if len(items) % 2:
        raise items[-1].error(
            "labels() takes pairs of a variable and its words.",
            code="syntax",
            advice='Write labels(ses "socioeconomic status").',
        )
    return {known.one(a): unquoted(b) for a, b in zip(items[::2], items[1::2])}
