"""``regress``: the linear model."""

from __future__ import annotations

from dataclasses import replace

from terrace.language.grammar.clauses import Clauses
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import Option, choice, members, rules
from terrace.language.grammar.tokens import split, words
from terrace.language.grammar.varlist import parse_factor, parse_terms
from terrace.language.mixed_options import DISPLAY_RULES, argument, read_display
from terrace.results.fit import FitResult
from terrace.session.commands.fit.mixed import fit_returned
from terrace.session.commands.helpers.bases import with_bases
from terrace.session.commands.helpers.filtered_fit import with_count, with_filter
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.effects import Effect
from terrace.session.payload import fit_payload
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.spec.model import Display, ModelSpec, Vce, Weight, WeightKind

# what of the table a mixed model has besides
_MIXED = (
    *("noretable", "norettable", "nofetable", "nogroup", "nolrtest", "nocnsreport", "variance", "stddeviations"),
    *("estmetric", "dftable"),
)
_RULES = (
    *rules("nocons:tant r:obust notab:le b:eta", "vce cl:uster"),
    *(r for r in DISPLAY_RULES if r.name not in _MIXED),
)


@command(
    "regress",
    minimum="reg",
    syntax="regress outcome [terms] [if] [in] [weight] [, noconstant vce(robust|cluster variable) level(#) base beta "
    "noheader notable]",
    help="Fit a linear model by least squares. Without a model, show the last one again.",
    by="loop",
    effects=Effect.RETURNS,
)
def regress(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(_RULES)
    display = read_display(options, session.state.settings.display())
    if "notable" in options:
        display = replace(display, nofetable=True)
    if not split(parsed.arguments, ",")[0]:
        return _replay(session, parsed, display, beta="beta" in options)
    from terrace.regress import regress as fitted

    spec = with_filter(session, with_bases(session.state, read_spec(parsed, session.data.names, options, display)))
    result = fitted(
        spec, session.data, command=parsed.bare.strip(), progress=session.progress, cancel=session.cancel
    )
    result = with_count(session, result)
    state = replace(session.state, fit=result, returned=fit_returned(result))
    warnings = tuple(str(w) for w in result.warnings)
    return replace(_shown(result, display, beta="beta" in options), state=state, warnings=warnings)


def _replay(session: Session, parsed: ParsedCommand, display: Display, *, beta: bool) -> CommandResult:
    result = current_fit(session, parsed)
    if result.macros.get("cmd") != "regress":
        raise parsed.word.error(
            "The last model was not fitted by regress.", code="no-fit", advice="Write regress y x; mixed shows the "
                                                                               "last one."
        )
    state = replace(session.state, returned=fit_returned(result))
    return replace(_shown(result, display, beta=beta), state=state)


def _shown(result: FitResult, display: Display, *, beta: bool) -> CommandResult:
    from terrace.postestimation.paper.standardized import betas as standardised
    from terrace.report.text.regress import regress_text
    from terrace.results.tables_regress import regress_tables

    betas = standardised(result) if beta else None
    return CommandResult(
        text=regress_text(result, display, betas),
        tables=regress_tables(result, display, betas),
        payload=fit_payload(result),
    )


def read_spec(
    parsed: ParsedCommand, names: tuple[str, ...], options: dict[str, Option], display: Display
) -> ModelSpec:
    """The model of a command. Raises `CommandError` at what cannot be read."""
    clauses = parsed.clauses
    items = words(clauses.body)
    outcome = parse_factor(items[0], names, "the outcome")
    if outcome.kind == "factor":
        raise items[0].error("The outcome cannot be a factor.", code="outcome", advice="Remove the i.")
    vce, cluster = _vce(options, Names(names))
    return ModelSpec(
        outcome=outcome,
        fixed=parse_terms(clauses.body.after(items[0].end).strip(), names),
        constant="noconstant" not in options,
        condition=None if clauses.condition is None else str(clauses.condition),
        range_=None if clauses.range_ is None else str(clauses.range_),
        weight=_weight(clauses, Names(names)),
        vce=vce,
        cluster=cluster,
        display=display,
    )


def _vce(options: dict[str, Option], names: Names) -> tuple[Vce | None, str | None]:
    if "cluster" in options:
        return "cluster", names.one(argument(options["cluster"]))
    if "vce" in options:
        items = words(argument(options["vce"]))
        kind = choice(items[0], str(items[0]), "r:obust cl:uster ols", "a kind of standard errors", subject="vce")
        if kind == "cluster":
            if len(items) != 2:
                raise options["vce"].piece.error("vce(cluster) needs one variable.", code="vce", subject="vce")
            return "cluster", names.one(items[1])
        return (None, None) if kind == "ols" else ("robust", None)
    return ("robust", None) if "robust" in options else (None, None)


def _weight(clauses: Clauses, names: Names) -> Weight | None:
    from terrace.language.mixed_options import weight_text

    if clauses.weight is None:
        return None
    kinds: dict[str, WeightKind] = members(WeightKind)
    if clauses.weight.kind not in kinds:
        raise clauses.weight.piece.error(
            f"regress does not take {clauses.weight.kind}s.", code="weight-kind", advice="Use fweight or pweight."
        )
    return Weight(kinds[clauses.weight.kind], weight_text(clauses.weight.expression, names))
