"""All pairs of rows of two datasets: ``joinby`` within groups, ``cross`` without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.transforms.columns import coalesce, described, take
from terrace.data.transforms.combine import MASTER, MATCHED, RESULTS, USING, check_keys, match_codes
from terrace.data.transforms.rows import MOST_ROWS
from terrace.data.value import Value
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import choice, rules
from terrace.session.commands.helpers.files import read_using, without_labels
from terrace.session.commands.helpers.working import changed, new_name, plural, text_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


@command(
    "joinby",
    syntax="joinby [variables] using FILE [, unmatched(none|both|master|using) _merge(name)]",
    help="All pairs of rows of the data and of a file that agree in the variables (by default, all that both have).",
    effects=Effect.DATA,
)
@command("cross", syntax="cross using FILE", help="All pairs of rows of the data and of a file.", effects=Effect.DATA)
def joinby(session: Session, parsed: ParsedCommand) -> CommandResult:
    known = rules("nol:abel", "unm:atched _merge") if parsed.name == "joinby" else ()
    options = parsed.options(known)
    master, clauses = session.data, parsed.clauses
    if clauses.using is None:
        raise parsed.word.error(
            f"{parsed.name} needs a file.", code="no-file", advice=f"Write {parsed.name} ... using FILE."
        )
    using = read_using(session, clauses.using, parsed.name)
    using = without_labels(using) if "nolabel" in options else using
    keys = parse_names(clauses.body, master.names)
    if parsed.name == "joinby" and not keys:
        keys = tuple(n for n in master.names if n in using)
        if not keys:
            raise parsed.word.error("The data and the file have no variable in common.", code="no-keys")
    unmatched = "none"
    if "unmatched" in options:
        o = options["unmatched"]
        unmatched = choice(o.argument or o.piece, o.value, "n:one b:oth m:aster u:sing", "which unmatched rows stay")
    generate = None if unmatched == "none" else text_of(options.get("_merge"), "_merge")
    out = join(master, using, keys, unmatched, generate)
    return changed(session, out, f"({plural(len(out), 'row')})")


def join(master: Dataset, using: Dataset, keys: tuple[str, ...], unmatched: str, generate: str | None) -> Dataset:
    """The pairs, in the order of the master's rows; then, where wanted, rows of either side without a partner."""
    if keys:
        check_keys(master, using, keys)
        left, right, count = match_codes(master, using, keys)
    else:
        left, right, count = np.zeros(len(master), dtype=np.int64), np.zeros(len(using), dtype=np.int64), 1
    order = np.argsort(right, kind="stable")
    times = np.bincount(right, minlength=count)
    first = np.cumsum(times) - times
    copies = times[left]
    if copies.sum() > MOST_ROWS:
        raise DataError(f"This would create {copies.sum():,} rows.", code="too-many-rows")
    a = np.repeat(np.arange(len(master)), copies)
    step = np.arange(len(a)) - np.repeat(np.cumsum(copies) - copies, copies)
    b = order[first[left[a]] + step]
    met = np.zeros(count, dtype=bool)
    met[left] = True
    alone_a = np.flatnonzero(times[left] == 0) if unmatched in ("both", "master") else np.zeros(0, dtype=np.int64)
    alone_b = np.flatnonzero(~met[right]) if unmatched in ("both", "using") else np.zeros(0, dtype=np.int64)
    a = np.concatenate([a, alone_a, np.full(len(alone_b), -1)])
    b = np.concatenate([b, np.full(len(alone_a), -1), alone_b])
    columns = {}
    for name in master.names:
        both = name in using and (name in keys or generate is not None)
        columns[name] = coalesce(master.frame[name], a, using.frame[name], b) if both else take(master.frame[name], a)
    variables = [described(v, using.variable(v.name)) if v.name in using else v for v in master.variables]
    for name in using.names:
        if name not in master:
            columns[name] = take(using.frame[name], b)
            variables.append(using.variable(name))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(a)), copy=False)
    out = replace(
        master, frame=frame, variables=tuple(variables), sorted_by=(), lineage=object(), row_ids=None, panel=None
    )
    if generate is not None:
        from terrace.language.grammar.tokens import Piece

        new_name(Piece.of(generate), out)
        status = np.where(a < 0, USING, np.where(b < 0, MASTER, MATCHED)).astype(np.float64)
        labels: dict[Value, str] = {k: v for k, v in RESULTS.items() if k <= MATCHED}
        out = out.with_column(
            generate, status, Variable(generate, "Matching result from joinby", Measure.NOMINAL, labels)
        )
    return out
