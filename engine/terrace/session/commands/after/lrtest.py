"""The likelihood-ratio test of two fits: ``lrtest``."""

from __future__ import annotations

from dataclasses import replace

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import words
from terrace.language.mixed_options import excluding
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.asking import tested
from terrace.session.commands.helpers.fits import current_fit, named_fit
from terrace.session.commands.helpers.replications import reps_of, seed_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


@command(
    "lrtest",
    minimum="lrt",
    syntax="lrtest A [B] [, stats dir force bootstrap[(reps)] seed(#)]",
    help="Likelihood-ratio test of two fits, where . is the last one. bootstrap simulates from the smaller model.",
    effects=Effect.RETURNS,
)
def lrtest(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("force st:ats d:ir", "se:ed", "boot:strap"))
    named = words(parsed.clauses.body)
    if not 1 <= len(named) <= 2:
        raise parsed.word.error(
            "lrtest compares two fits.",
            code="syntax",
            advice="Write lrtest A B, or lrtest A for A and the last.",
        )
    name_a, fit_a = named_fit(session, parsed, named[0])
    name_b, fit_b = named_fit(session, parsed, named[1]) if len(named) > 1 else (".", current_fit(session, parsed))
    excluding(options, ("force", "bootstrap"))
    if "bootstrap" in options:
        from terrace.postestimation.resample.bootstrap import bootstrap_lrtest, bootstrap_lrtest_table

        found = bootstrap_lrtest(
            fit_a,
            fit_b,
            name_a,
            name_b,
            reps_of(options["bootstrap"]),
            seed=seed_of(options, session),
            progress=session.progress,
            cancel=session.cancel,
        )
        return tested(session, bootstrap_lrtest_table(found))
    from terrace.postestimation.tests.lrtest import lrtest_table

    result = tested(session, lrtest_table(fit_a, fit_b, name_a, name_b, force="force" in options))
    tables = list(result.tables)
    if "dir" in options:
        columns = (Column("outcome", "Outcome", "text"), Column("command", "Command", "text"))
        rows = tuple(Row(n, (f.outcome, f.command)) for n, f in ((name_a, fit_a), (name_b, fit_b)))
        tables.append(Table("Estimates compared", columns, rows, "Name", (), "estimates-dir"))
    if "stats" in options:
        from terrace.postestimation.variance.parts import ic_table

        tables.append(ic_table([fit_a, fit_b], [name_a, name_b]))
    return replace(result, tables=tuple(tables))
