"""Models beside one another: ``estimates compare``, ``etable``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from terrace.errors import CommandError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, choice, match_option, match_options, rules, scan_options
from terrace.language.grammar.tokens import Piece, split, unquoted, words
from terrace.language.mixed_options import argument, excluding
from terrace.results.fit import FitResult
from terrace.results.table import Table
from terrace.session.commands.fit.columns import (
    USUAL_STARS,
    keep_of,
    read_cell,
    read_stars,
    read_stat,
    stat_rows,
    wording_of,
)
from terrace.session.commands.helpers.asking import kept_rows
from terrace.session.commands.helpers.files import file_name
from terrace.session.commands.helpers.fits import named_fits
from terrace.session.effects import Effect
from terrace.session.fit_rows import fit_rows, rows_or_none
from terrace.session.labelling import fit_now, labels_now
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.wording import plural


@command(
    "estimates compare",
    minimum="est comp",
    syntax='estimates compare names|_all [, titles("text" ...) ml notable]',
    help="Compare stored estimates: fit and likelihood-ratio tests, and coefficients, ICC and R² side by side. With "
    "ml, models fitted by REML are fitted again by ML for AIC, BIC and the tests; the models stay as they are.",
    effects=Effect.RETURNS,
)
def compare(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.paper.compare import models_table, needs_ml, side_by_side_table
    from terrace.postestimation.paper.steps import REFITTED, ml_fits, without_criteria

    options = parsed.options(rules("ml notab:le", "titles"))
    chosen = named_fits(session, parsed, parsed.clauses.body)
    if len(chosen) < 2:
        raise (parsed.clauses.body or parsed.word).error(
            "A comparison needs at least two models.",
            code="one-model",
            advice="Store each with estimates store after its fit, then use estimates compare _all.",
        )
    names = _given(options.get("titles"), chosen) or _titles(chosen)
    fits, labels = _labelled(session, chosen)
    again = "ml" in options and any(f.spec.method == "reml" for f in fits)
    if again:
        session.report("Fitting by ML")
        refitted = ml_fits(fits, [fit_rows(session, f).data for f in fits], cancel=session.cancel)
        first = models_table(refitted, names)
        tables = [replace(first, notes=(*first.notes, REFITTED))]
    else:
        tables = [models_table(fits, names)]
    if "notable" not in options:
        beside = side_by_side_table(fits, names, data=[rows_or_none(session, f) for f in fits], labels=labels)
        tables.append(replace(without_criteria(beside) if again else beside, title="Side by side"))
    found = kept_rows(session, (tables[0],))
    payload = dict(found.payload)
    if needs_ml(fits) and "ml" not in options:  # what a reader of the warning does next
        payload["by_ml"] = f"{parsed.bare.rstrip()}{'' if parsed.clauses.options else ','} ml"
    return replace(found, tables=tuple(tables), payload=payload)


@command(
    "estimates steps",
    minimum="est step",
    syntax='estimates steps names|_all [, titles("text" ...) replace]',
    help="Models built up in steps, in columns, each tested by ML against the previous step, with a figure of the "
    "variance that is left. replace puts both in the place of the last ones in the results.",
    effects=Effect.RETURNS,
)
def steps(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.paper.steps import steps_table
    from terrace.postestimation.paper.steps_plot import steps_plot

    options = parsed.options(rules("replace", "titles"))
    chosen = named_fits(session, parsed, parsed.clauses.body)
    if len(chosen) < 2:
        raise (parsed.clauses.body or parsed.word).error(
            "A comparison of steps needs at least two models.", code="one-model", advice="List them in order."
        )
    names = _given(options.get("titles"), chosen) or _titles(chosen)
    fits, labels = _labelled(session, chosen)
    session.report("Fitting by ML")
    data = [fit_rows(session, f).data for f in fits]
    table = steps_table(fits, names, data, labels=labels, cancel=session.cancel)
    left = steps_plot(fits, names)
    found = replace(kept_rows(session, (table,)), plots=() if left is None else (left,))
    return replace(found, payload={**found.payload, "replaces": True}) if "replace" in options else found


def _labelled(session: Session, chosen: list[tuple[str, FitResult]]) -> tuple[list[FitResult], dict[str, str]]:
    """The fits with the value labels that hold by now, and the labels of their variables."""
    fits = [fit_now(session.state, f) for _, f in chosen]
    return fits, labels_now(session.state, fits)


def _given(option: Option | None, chosen: list[tuple[str, FitResult]]) -> list[str]:
    """The texts of ``titles()``, one a model; none without the option."""
    if option is None:
        return []
    texts = [unquoted(p) for p in words(argument(option))]
    if len(texts) != len(chosen):
        raise option.piece.error(
            f"{plural(len(texts), 'title')} for {plural(len(chosen), 'model')}.", code="titles",
            advice="Give one for each.",
        )
    return texts


def _titles(chosen: list[tuple[str, FitResult]]) -> list[str]:
    return ["Active" if name == "." else name for name, _ in chosen]


@command(
    "etable",
    syntax="etable [, estimates(names) column(estimates|depvar|dvlabel|index|command|title) titles(\"text\" ...) "
    "title(\"text\") note(\"text\") sd keep(terms) drop(terms) cstat(_r_b|_r_se|_r_ci|_r_z|_r_p ..., nformat(%fmt) "
    "sformat(\"(%s)\")) mstat(N|aic|bic|ll ..., nformat(%fmt) label(\"text\")) showstars showstarsnote "
    "stars(.05 \"*\" .01 \"**\", attach(_r_b)) novarlabel nofvlabel export(FILE, replace)]",
    help="A table for the paper: coefficients and variances with their SEs and counts, one column per model.",
    effects=Effect.FILES,
)
def etable(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.report.text.text import table_text
    from terrace.results.tables_columns import Line, columns_table

    if parsed.clauses.body:
        raise parsed.clauses.body.error(
            "etable takes its models in estimates().", code="syntax", advice="Write etable, estimates(a b)."
        )
    given = scan_options(parsed.clauses.options)
    often = {id(o): match_option(o, _ETABLE, "etable").name for o in given}  # cstat() and mstat() may repeat
    options = match_options([o for o in given if often[id(o)] not in ("cstat", "mstat")], _ETABLE, "etable")
    cells = [read_cell(o) for o in given if often[id(o)] == "cstat"]
    numbers = [read_stat(o) for o in given if often[id(o)] == "mstat"]
    excluding(options, ("keep", "drop"))
    excluding(options, ("varlabel", "novarlabel"))
    excluding(options, ("fvlabel", "nofvlabel"))
    listed = options.get("estimates")
    chosen = named_fits(session, parsed, argument(listed) if listed is not None else Piece.of(""))
    fits = [fit_now(session.state, f) for _, f in chosen]
    starred = {"stars", "showstars", "showstarsnote"} & set(options)
    stars = read_stars(options["stars"]) if "stars" in options else USUAL_STARS
    table = columns_table(
        fits,
        _given(options.get("titles"), chosen) or _columns(session, options.get("columns"), chosen, listed is not None),
        lines=cells or (Line("b"), Line("se")),
        metric="sd" if excluding(options, ("sd", "variance")) == "sd" else "variance",
        wording=wording_of(session, variables="novarlabel" not in options, values="nofvlabel" not in options),
        stars=stars if starred else None,
        starred="showstarsnote" in options,
        keep=keep_of(options, fits),
        stats=stat_rows(fits, numbers) if numbers else None,
        decimals=3,
        title=unquoted(argument(options["title"])) if "title" in options else "Models compared",
    )
    if "note" in options:
        table = replace(table, notes=(*table.notes, unquoted(argument(options["note"]))))
    table = replace(table, key="etable")
    # a table for the paper is rounded as on paper, in plain text too
    text = table_text(table, journal=True).strip("\n")
    if "export" in options:
        text += f"\n\nWritten to {_export(session, options, table)}."
    return CommandResult(text=text, tables=(table,))


_ETABLE = rules(
    "sd var:iance replace showstars showstarsn:ote varlab:el novarlab:el fvlab:el nofvlab:el",
    "est:imates col:umns title titles note k:eep d:rop cst:at mst:at stars exp:ort",
)


def _columns(
    session: Session, option: Option | None, chosen: list[tuple[str, FitResult]], named: bool
) -> list[str]:
    """The heads of the columns: names of estimates where they were named, else outcomes."""
    kind = "estimates" if named else "depvar"
    if option is not None:
        allowed = "est:imates dep:var dvlabel ind:ex comm:and title"
        kind = choice(argument(option), option.value, allowed, "a kind of column", subject="column")
    if kind == "index":
        return [str(k) for k in range(1, len(chosen) + 1)]
    if kind == "depvar":
        return [f.outcome for _, f in chosen]
    if kind == "dvlabel":
        words_ = wording_of(session, variables=True, values=True)
        return [words_.variable(f.outcome) for _, f in chosen]
    if kind == "command":
        return [f.macros.get("cmd", "mixed") for _, f in chosen]
    if kind == "title":
        return [f.title for _, f in chosen]
    return _titles(chosen)


def _export(session: Session, options: dict[str, Option], table: Table) -> Path:
    from terrace.report.export import export

    option = options["export"]
    parts = split(argument(option), ",")
    more: dict[str, Option] = {}
    if len(parts) > 2:
        raise _too_much(option)
    if len(parts) == 2:
        more = match_options(parts[1], rules("replace"), "export()")
    path = file_name(session, parts[0].strip(), "export()")
    return export([table], path, replace="replace" in more or "replace" in options)


def _too_much(option: Option) -> CommandError:
    return option.piece.error(
        "export() takes one file.", code="syntax", advice='Write export("table.docx", replace).'
    )
