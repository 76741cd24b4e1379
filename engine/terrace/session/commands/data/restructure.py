"""Data of another shape: ``collapse``, ``reshape``, ``expand``, ``fillin``, ``duplicates``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.transforms.aggregate import STATISTICS, statistic
from terrace.data.transforms.collapse import Target
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_names
from terrace.language.grammar.options import did_you_mean, rules
from terrace.language.grammar.tokens import Piece, closing, words
from terrace.language.mixed_options import argument
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.lists import list_table
from terrace.session.commands.helpers.working import changed, chosen, new_name, plural, shown, weights
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

_OTHER_NAMES = {"semean": "semean", "sem": "semean", "n": "count", "average": "mean", "std": "sd"}


_SPREADS = ("sd", "variance", "semean", "cv", "skewness", "kurtosis")


# --- collapse ---------------------------------------------------------------------------------------------
@command(
    "collapse",
    syntax="collapse [(statistic)] [new=]variable ... [(statistic) ...] [if] [in] [weight], by(variables) [cw]",
    help="Make a dataset of statistics, with one row per group: " + ", ".join(STATISTICS) + ", p1 to p99.",
    effects=Effect.DATA,
)
def collapse(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.transforms.collapse import collapse as collapsed

    options = parsed.options(rules("cw", "by", already="fast"))
    data = session.data
    targets = read_targets(parsed.clauses.body, data)
    if not targets:
        raise parsed.word.error(
            "collapse needs variables.", code="syntax", advice="Write collapse (mean) y x, by(school)."
        )
    by = parse_names(argument(options["by"]), data.names) if "by" in options else ()
    keep = chosen(session, parsed.clauses)
    if not keep.any():
        raise DataError("if and in leave no rows.", code="no-observations")
    w, kind = weights(session, parsed.clauses, ("fweight", "aweight", "pweight"), "collapse")
    spread = next((t.statistic for t in targets if t.statistic in _SPREADS), "")
    if kind == "pweight" and spread:
        raise parsed.clauses.body.error(
            f"collapse has no {spread} under sampling weights.", code="weight-kind", advice="Use aweight."
        )
    if not keep.all():
        data, w = data.rows(keep), None if w is None else w[keep]
    return changed(session, collapsed(data, targets, by, weights=w, kind=kind, complete="cw" in options))


def read_targets(piece: Piece, data: Dataset) -> list[Target]:
    """``(mean) a=x y (sd) s=x`` as targets; the mean where no statistic stands before a variable."""
    out: list[Target] = []
    how = "mean"
    source, i = piece.source, piece.start
    while i < piece.end:
        if source[i].isspace():
            i += 1
            continue
        if source[i] == "(":
            stop = closing(piece, i)
            how = _statistic(piece.at(i + 1, stop).strip())
            i = stop + 1
            continue
        end = i
        while end < piece.end and not source[end].isspace() and source[end] != "(":
            end += 1
        item = piece.at(i, end)
        rest = piece.after(end).strip()
        joint = next((c for c in "=-" if str(rest).startswith(c) or str(item).endswith(c)), "")
        if joint:  # blanks around the = sign, or the dash of a range
            value = words(rest.after(rest.start + str(rest).startswith(joint)))[:1]
            end = value[0].end if value else end
            item = piece.at(i, end)
        out += _pair(item, how, data)
        i = end
    return out


def _statistic(piece: Piece) -> str:
    name = str(piece).lower()
    name = _OTHER_NAMES.get(name, name)
    if statistic(name) is None:
        raise piece.error(
            f"There is no statistic {name!r}.",
            code="no-such-statistic",
            subject=name,
            advice=did_you_mean(name, [*STATISTICS, "p25", "p75"], otherwise=True),
        )
    return name


def _pair(item: Piece, how: str, data: Dataset) -> list[Target]:
    names = Names(data.names)
    left, equals, _ = str(item).partition("=")
    if not equals:
        return [Target(n, how, n) for n in names.expand(item)]
    at = item.start + len(left)
    return [Target(new_name(item.before(at).strip(), None), how, names.one(item.after(at + 1).strip()))]


# --- reshape ----------------------------------------------------------------------------------------------
@command(
    "reshape long",
    minimum="reshape long",
    syntax="reshape long stubs, i(variables) j(name) [string] | reshape long",
    help="From one row per subject to one row per occasion: inc80 inc81 become inc with j 80, 81.",
    effects=Effect.DATA,
)
@command(
    "reshape wide",
    minimum="reshape wide",
    syntax="reshape wide stubs, i(variables) j(variable) | reshape wide",
    help="From one row per occasion to one row per subject: inc with j 80, 81 becomes inc80 inc81.",
    effects=Effect.DATA,
)
def reshape(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.transforms.reshape import to_long, to_wide

    options = parsed.options(rules("string", "i j"))
    data = session.data
    long = parsed.name == "reshape long"
    last = session.state.reshaped
    if not parsed.arguments and last is not None:  # back to what the last one came from
        text = f"{parsed.name} {' '.join(last[0])}, i({' '.join(last[1])}) j({last[2]})" + " string" * last[3]
        arguments = Piece.of(text.removeprefix(parsed.name))
        return reshape(session, ParsedCommand(text, parsed.prefixes, parsed.word, arguments, parsed.name))
    for needed in ("i", "j"):
        if needed not in options:
            raise parsed.word.error(
                f"reshape needs {needed}().", code="syntax", advice=f"Write {parsed.name} stubs, i(id) j(time)."
            )
    i = parse_names(argument(options["i"]), data.names)
    j = argument(options["j"])
    stubs = [str(w) for w in words(parsed.clauses.body)]
    if not stubs:
        raise parsed.word.error("reshape needs stubs of names.", code="syntax", advice=f"Write {parsed.name} inc, ...")
    if long:
        new_name(j, None)
        data, report = to_long(data, stubs, i, str(j), text="string" in options)
    else:
        names = Names(data.names)
        full = [_stub(w, names) for w in words(parsed.clauses.body)]
        data, report = to_wide(data, full, i, names.one(j))
    made = [
        Row(", ".join(v[:3]) + (", ..." if len(v) > 3 else ""), (s.replace("@", ""),))
        if long
        else Row(s.replace("@", ""), (", ".join(v[:3]) + (", ..." if len(v) > 3 else ""),))
        for s, v in report.stubs.items()
    ]
    table = Table(
        "",
        (Column("to", "Long" if long else "Wide", "text"),),
        (
            Row("Rows: " + f"{report.rows[0]:,}", (f"{report.rows[1]:,}",)),
            Row("Variables: " + f"{report.variables[0]:,}", (f"{report.variables[1]:,}",)),
            Row(
                f"{plural(len(report.values), 'value')} of {j}" if not long else f"j({j})",
                (plural(len(report.values), "value") if long else "in names",),
            ),
            *made,
        ),
        "Wide" if long else "Long",
        key="reshape",
    )
    result = changed(session, data, tables=(table,))
    assert result.state is not None
    told = (tuple(report.stubs), i, str(j), "string" in options)
    return replace(result, state=replace(result.state, reshaped=told))


def _stub(piece: Piece, names: Names) -> str:
    """A stub of ``reshape wide``: a variable, perhaps with @ where the value of j goes."""
    text = str(piece)
    if "@" in text:
        names.one(Piece.of(text.replace("@", "")))
        return text
    return names.one(piece)


# --- rows ---------------------------------------------------------------------------------------------------
@command(
    "expand",
    syntax="expand expression [if] [in] [, generate(name)]",
    help="Repeat each row as often as the expression says. New rows come last.",
    effects=Effect.DATA,
)
def expand(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.transforms.rows import expand as expanded
    from terrace.language.expressions.entry import evaluate

    options = parsed.options(rules("", "gen:erate"))
    data = session.data
    text = str(parsed.clauses.body).removeprefix("=")
    if not text.strip():
        raise parsed.word.error("expand needs a number or an expression.", code="syntax", advice="Write expand 2.")
    body = parsed.clauses.body.after(parsed.clauses.body.end - len(text)).strip()
    copies = evaluate(body, data, context=session.context())
    if copies.dtype == object:
        raise body.error(f"{body} is text, but a number is needed here.", code="type-mismatch")
    copies = np.where(chosen(session, parsed.clauses), copies, 1.0)
    name = new_name(argument(options["generate"]), data) if "generate" in options else None
    out = expanded(data, copies, generate=name)
    return changed(session, out, f"({plural(len(out) - len(data), 'observation')} created)")


@command(
    "fillin",
    syntax="fillin variables",
    help="Add a row for each missing combination of values.",
    effects=Effect.DATA,
)
def fillin(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.transforms.rows import fill_in

    parsed.options(())
    data = session.data
    names = parsed.variables(data.names)
    if len(names) < 2:
        raise parsed.word.error("fillin needs at least two variables.", code="syntax", advice="Write fillin id time.")
    if "_fillin" in data:
        raise DataError("A variable named _fillin already exists.", code="variable-exists", subject="_fillin",
                        advice="Drop it first: drop _fillin.")  # fmt: skip
    if not len(data):
        raise DataError("The data have no rows.", code="no-observations")
    out = fill_in(data, names)
    return changed(session, out, f"({plural(len(out) - len(data), 'observation')} created)")


# --- duplicates ---------------------------------------------------------------------------------------------
@command("duplicates report", minimum="dup r", syntax="duplicates report [variables] [if] [in]",
         help="Count duplicate rows.", effects=Effect.RETURNS)  # fmt: skip
@command("duplicates list", minimum="dup l", syntax="duplicates list [variables] [if] [in]",
         help="List duplicate rows.", effects=Effect.RETURNS)  # fmt: skip
@command("duplicates tag", minimum="dup t", syntax="duplicates tag [variables] [if] [in], generate(name)",
         help="Put the number of duplicates of each row into a variable.",
         effects=Effect.DATA | Effect.RETURNS)  # fmt: skip
@command("duplicates drop", minimum="dup drop", syntax="duplicates drop [variables] [if] [in] [, force]",
         help="Remove all but the first of duplicate rows.", effects=Effect.DATA | Effect.RETURNS)  # fmt: skip
def duplicates(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.transforms.rows import copies

    what = parsed.name.split()[1]
    options = parsed.options(rules("force", "g:enerate"))
    data = session.data
    names = parsed.variables(data.names)
    keep = chosen(session, parsed.clauses)
    rows = np.flatnonzero(keep)
    others, again = copies(data if keep.all() else data.rows(keep), names)
    if what == "report":
        return _report(session, others, names or ("all variables",))
    if what == "list":
        alike = rows[others > 0]
        if not len(alike):
            return CommandResult(text="(0 observations are duplicates)")
        return CommandResult(tables=(list_table(data, names or data.names, alike),))
    if what == "tag":
        if "generate" not in options:
            raise parsed.word.error("duplicates tag needs generate().", code="syntax")
        name = new_name(argument(options["generate"]), data)
        tags = np.full(len(data), np.nan)
        tags[rows] = others
        return changed(session, data.with_column(name, tags, Variable(name, "", Measure.CONTINUOUS)))
    if names and "force" not in options:
        raise parsed.word.error(
            "Rows that agree in these variables can differ in others.",
            code="needs-force",
            advice="To remove them anyway, add the option force.",
        )
    stay = np.ones(len(data), dtype=bool)
    stay[rows[again]] = False
    text = f"({plural(int((~stay).sum()), 'observation')} deleted)"
    return changed(session, data.rows(stay), text) if not stay.all() else CommandResult(text=text)


def _report(session: Session, others: np.ndarray, names: Sequence[str]) -> CommandResult:
    values, counts = np.unique(others + 1, return_counts=True)
    rows = tuple(Row(str(int(v)), (int(n), int(n - n / v))) for v, n in zip(values, counts))
    table = Table(
        f"Duplicates in terms of {' '.join(names)}",
        (Column("rows", "Observations", "count"), Column("surplus", "Surplus", "count")),
        rows,
        "Copies",
        key="duplicates",
    )
    unique = float((counts / values).sum())
    return shown(session, (table,), {"N": float(len(others)), "unique_value": unique})
