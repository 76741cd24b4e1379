"""Rows at random, codes of missing values, counted combinations: ``bsample``, ``mvdecode``, ``contract``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.digits import whole_text
from terrace.data.transforms.columns import take
from terrace.data.transforms.grouping import group
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import Piece, split
from terrace.language.mixed_options import argument, number
from terrace.session.commands.helpers.working import changed, chosen, new_name, plural, text_of, weights
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


def draw_sample(session: Session, parsed: ParsedCommand) -> CommandResult:
    """``sample #``: keep a random part of the rows, by percent or with ``count`` by number, in groups of ``by()``."""
    options = parsed.options(rules("count", "by"))
    data = session.data
    piece = parsed.clauses.body
    amount = float(str(piece))
    counting = "count" in options
    if amount < 0 or (not counting and amount > 100) or (counting and amount != int(amount)):
        what = "a number of rows" if counting else "a percentage from 0 to 100"
        raise piece.error(f"sample takes {what}.", code="sample-size")
    by = parse_names(argument(options["by"]), data.names) if "by" in options else ()
    keep = chosen(session, parsed.clauses)
    rng = session.state.rng or np.random.default_rng()
    rows = np.flatnonzero(keep)
    groups = group(data.rows(rows), by)
    draws = pd.Series(rng.random(len(rows))).groupby(groups.codes).rank(method="first").to_numpy()
    sizes = groups.sizes[groups.codes]
    most = np.full(len(rows), amount) if counting else np.floor(sizes * amount / 100 + 0.5)
    stay = ~keep
    stay[rows] = draws <= most
    gone = int((~stay).sum())
    text = f"({plural(gone, 'observation')} deleted)"
    return changed(session, data.rows(stay), text) if gone else CommandResult(text=text)


@command(
    "bsample",
    syntax="bsample [#] [if] [in] [, cluster(variable) idcluster(name) strata(variables)]",
    help="Replace the data with a bootstrap sample of rows or of whole groups.",
    effects=Effect.DATA,
)
def bsample(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.expressions.entry import evaluate_scalar

    options = parsed.options(rules("", "cl:uster id:cluster str:ata"))
    data = session.data
    data = data.rows(chosen(session, parsed.clauses))
    if not len(data):
        raise DataError("if and in leave no rows.", code="no-observations")
    rng = session.state.rng or np.random.default_rng()
    cluster = parse_names(argument(options["cluster"]), data.names) if "cluster" in options else ()
    strata = group(data, parse_names(argument(options["strata"]), data.names) if "strata" in options else ())
    units = group(data, cluster) if cluster else None
    unit_codes = units.codes if units is not None else np.arange(len(data))
    first = units.first if units is not None else np.arange(len(data))
    of_unit = strata.codes[first]
    drawn: list[np.ndarray] = []
    for s in range(strata.n_groups):
        members = np.flatnonzero(of_unit == s)
        size = len(members)
        if parsed.clauses.body:
            wanted = evaluate_scalar(parsed.clauses.body, data, session.context())
            if isinstance(wanted, str) or not 1 <= wanted <= 10_000_000:
                raise parsed.clauses.body.error("bsample takes a number of rows or groups.", code="sample-size")
            size = int(wanted)
        drawn.append(members[rng.integers(0, len(members), size)])
    picks = np.concatenate(drawn)
    order = np.argsort(unit_codes, kind="stable")
    sizes = np.bincount(unit_codes, minlength=len(first))
    starts = np.cumsum(sizes) - sizes
    length = sizes[picks]
    which = np.repeat(np.arange(len(picks)), length)
    rows = order[
        np.repeat(starts[picks], length) + np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
    ]
    out = replace(data.rows(rows), lineage=object(), row_ids=None, sorted_by=())
    if "idcluster" in options:
        name = new_name(argument(options["idcluster"]), out)
        out = out.with_column(name, which + 1.0, Variable(name, "Number of the drawn group", Measure.IDENTIFIER))
    return changed(session, out)


# --- codes of missing values ----------------------------------------------------------------------------------
@command(
    "mvdecode",
    syntax="mvdecode variables [if] [in], mv(values)",
    help="Make values such as -9 missing.",
    effects=Effect.DATA,
)
def mvdecode(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "mv"))
    data = session.data
    names = parsed.variables(data.names)
    if not names or "mv" not in options:
        raise parsed.word.error("Write mvdecode variables, mv(-9 99).", code="syntax")
    values = _codes(argument(options["mv"]))
    keep = chosen(session, parsed.clauses)
    texts = []
    for name in names:
        if data.is_text(name):
            continue
        x = data.numeric(name)
        gone = keep & np.isin(x, values)
        if gone.any():
            data = data.with_column(name, np.where(gone, np.nan, x), data.variable(name))
            texts.append(f"{name}: {plural(int(gone.sum()), 'missing value')} generated")
    return changed(session, data, "\n".join(texts)) if texts else CommandResult(text="(no such values)")


def _codes(piece: Piece) -> list[float]:
    """The numbers of ``mv(-9 99)``; of ``mv(-9=.a \\ 99=.b)`` those on the left, as missing has one value here."""
    out: list[float] = []
    for part in split(piece, "\\"):
        out += parse_numlist(split(part, "=")[0].strip())
    return out


@command(
    "mvencode",
    syntax="mvencode variables [if] [in], mv(value) [override]",
    help="Replace missing values with a number.",
    effects=Effect.DATA,
)
def mvencode(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("over:ride", "mv"))
    data = session.data
    names = parsed.variables(data.names)
    if not names or "mv" not in options:
        raise parsed.word.error("Write mvencode variables, mv(-9).", code="syntax")
    value = number(options["mv"], least=-np.inf)
    keep = chosen(session, parsed.clauses)
    texts = []
    for name in names:
        if data.is_text(name):
            continue
        x = data.numeric(name)
        if "override" not in options and np.any(x == value):
            raise DataError(
                f"{name} already has the value {whole_text(value)}.",
                code="value-in-use",
                subject=name,
                advice="Choose another number, or use the option override.",
            )
        gone = keep & np.isnan(x)
        if gone.any():
            data = data.with_column(name, np.where(gone, value, x), data.variable(name))
            texts.append(f"{name}: {plural(int(gone.sum()), 'missing value')} encoded")
    return changed(session, data, "\n".join(texts)) if texts else CommandResult(text="(no missing values)")


# --- data of combinations -------------------------------------------------------------------------------------
@command(
    "contract",
    minimum="contract",
    syntax="contract variables [if] [in] [fweight] [, freq(name) percent(name) cfreq(name) cpercent(name) zero nomiss]",
    help="Make a dataset of combinations of values and how often each occurs.",
    effects=Effect.DATA,
)
def contract(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("z:ero nom:iss", "f:req p:ercent cf:req cp:ercent"))
    names = parsed.variables(session.data.names)
    if not names:
        raise parsed.word.error("contract needs variables.", code="syntax", advice="Write contract sector female.")
    data = session.data
    keep = chosen(session, parsed.clauses)
    if "nomiss" in options:
        keep &= ~group(data, names).missing
    w, _ = weights(session, parsed.clauses, ("fweight",), "contract")
    out = contracted(data.rows(keep), names, None if w is None else np.nan_to_num(w[keep]), zero="zero" in options)
    counts = out.numeric("_freq")
    out = out.select([n for n in out.names if n != "_freq"])
    share = 100 * counts / counts.sum() if counts.sum() else np.full(len(counts), np.nan)
    for option, label, values in (
        ("freq", "Frequency", counts), ("cfreq", "Cumulative frequency", np.cumsum(counts)),
        ("percent", "Percent", share), ("cpercent", "Cumulative percent", np.cumsum(share)),
    ):  # fmt: skip
        if option == "freq" or option in options:
            name = text_of(options.get(option), "_freq")
            new_name(Piece.of(name), out)
            out = out.with_column(name, values, Variable(name, label, Measure.CONTINUOUS))
    return changed(session, out)


def contracted(data: Dataset, names: tuple[str, ...], weights: np.ndarray | None, *, zero: bool) -> Dataset:
    """One row for each combination of values, in ascending order, counted in ``_freq``."""
    if not len(data):
        raise DataError("if and in leave no rows.", code="no-observations")
    groups = group(data, names)
    counts = np.bincount(groups.codes, weights=weights, minlength=groups.n_groups).astype(np.float64)
    columns = {n: take(data.frame[n], groups.first) for n in names}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(groups.n_groups), copy=False)
    frame["_freq"] = counts
    variables = (*(data.variable(n) for n in names), Variable("_freq", "Frequency", Measure.CONTINUOUS))
    out = Dataset(frame, variables, data.label, data.source, sorted_by=tuple(names), sha256=data.sha256,
                  documents=data.documents_of(names))  # fmt: skip
    if zero and len(names) > 1:
        from terrace.data.transforms.rows import fill_in

        out = fill_in(out, names)
        filled = out.with_column("_freq", np.nan_to_num(out.numeric("_freq")), out.variable("_freq"))
        out = replace(filled.without(["_fillin"]), lineage=object(), row_ids=None)
    return out
