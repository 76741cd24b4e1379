"""``egen``: variables from groups of rows, or from several variables of a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Measure, Variable
from terrace.data.digits import whole_text
from terrace.data.transforms import egen as make
from terrace.data.transforms import egen_values as more
from terrace.data.value import Value
from terrace.errors import CommandError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import Option, did_you_mean, rules
from terrace.language.grammar.tokens import NAME, Piece, closing, split, unquoted
from terrace.language.mixed_options import argument, number
from terrace.session.commands.data.generate import column_of, measured, missing_note, storage_type
from terrace.session.commands.helpers.working import (
    TYPES,
    By,
    as_stored,
    by_groups,
    changed,
    chosen,
    new_name,
    text_of,
)
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
Made = tuple[npt.NDArray[Any], Variable]
"""Values, numbers or text, of shape (n,), with what is known of the variable."""
_STORAGE = re.compile(rf"(?:{'|'.join(TYPES)}|str\d*|strL)(?=\s)")


@dataclass(frozen=True)
class Task:
    """One use of a function: what stands in its parentheses, the options, the groups, the rows to keep."""

    session: Session
    function: str
    inside: Piece
    options: dict[str, Option]
    by: By
    keep: npt.NDArray[np.bool_]
    notes: list[str] = field(default_factory=list)

    def names(self) -> tuple[str, ...]:
        """The variables in the parentheses. `CommandError` where there are none."""
        found = parse_names(self.inside, self.session.data.names)
        if not found:
            raise self.inside.error(f"{self.function}() needs variables.", code="arguments")
        return found

    def values(self) -> FloatArray:
        """The expression in the parentheses, in every row."""
        from terrace.language.expressions.entry import evaluate

        data = self.session.data
        found = evaluate(self.inside, data, context=self.session.context(), by=self.by.codes)
        if found.dtype != object:
            return found
        if self.function == "count":
            return np.where(found == "", np.nan, 1.0)
        raise self.inside.error(f"{self.inside} is text, but {self.function}() takes numbers.", code="type-mismatch")


def _of_group(task: Task) -> Made:
    name = make.GROUP_FUNCTIONS[task.function]
    groups = task.by.grouping(len(task.session.data))
    values = task.values()
    out = make.spread(name, values, groups, task.keep)
    if "missing" in task.options and name == "sum":
        n = make.spread("count", values, groups, task.keep)
        out = np.where(n == 0, np.nan, out)
    return out, Variable("_")


def _percentile(task: Task) -> Made:
    p = number(task.options["p"]) if "p" in task.options else 50.0
    if not 0 < p < 100:
        raise task.options["p"].piece.error("A percentile must be between 0 and 100.", code="option-number")
    groups = task.by.grouping(len(task.session.data))
    from terrace.data.transforms.aggregate import Cells

    found = Cells(np.where(task.keep, task.values(), np.nan), groups).percentile(p)[groups.codes]
    return np.where(task.keep, found, np.nan), Variable("_")


def _tag(task: Task) -> Made:
    names = (*task.by.names, *(n for n in task.names() if n not in task.by.names))
    out = make.tag(task.session.data, names, task.keep, missing="missing" in task.options)
    return out, Variable("_", f"First row of each {' '.join(names)}", Measure.NOMINAL)


def _number(task: Task) -> Made:
    names = task.names()
    labelled = "label" in task.options or "lname" in task.options
    out, shown = make.number(
        task.session.data, names, task.keep, missing="missing" in task.options, labels=labelled
    )
    return out, Variable("_", f"Groups of {' '.join(names)}", Measure.IDENTIFIER, shown)


def _rank(task: Task) -> Made:
    ties = [t for t in ("field", "track", "unique") if t in task.options]
    groups = task.by.grouping(len(task.session.data))
    values = np.where(task.keep, task.values(), np.nan)
    return make.rank(values, groups, ties[0] if ties else "average"), Variable("_")


def _standard(task: Task) -> Made:
    mean = number(task.options["mean"], least=-np.inf) if "mean" in task.options else 0.0
    sd = number(task.options["std"]) if "std" in task.options else 1.0
    groups = task.by.grouping(len(task.session.data))
    out = make.standardize(task.values(), groups, task.keep, mean, sd)
    return out, Variable("_", f"Standardized values of ({str(task.inside).strip()})")


def _across(task: Task) -> Made:
    columns = [task.session.data.numeric(n) for n in task.names()]
    out = make.across(task.function, columns, missing="missing" in task.options)
    return np.where(task.keep, out, np.nan), Variable("_")


def _row_pick(task: Task) -> Made:
    columns = [task.session.data.numeric(n) for n in task.names()]
    out = more.row_pick(columns, last=task.function == "rowlast")
    return np.where(task.keep, out, np.nan), Variable("_")


def _any(task: Task) -> Made:
    """anycount, anymatch, anyvalue: whole numbers named in values()."""
    names = task.names()
    if "values" not in task.options:
        raise task.inside.error(f"{task.function}() needs values().", code="syntax", advice="Add values(1 2 3).")
    wanted = parse_numlist(argument(task.options["values"]))
    columns = [task.session.data.numeric(n) for n in names]
    if task.function == "anyvalue":
        if len(names) > 1:
            raise task.inside.error("anyvalue() takes one variable.", code="one-variable")
        out = np.where(np.isin(columns[0], wanted), columns[0], np.nan)
        return np.where(task.keep, out, np.nan), replace(task.session.data.variable(names[0]), label="")
    found = more.any_of(columns, wanted)
    if task.function == "anymatch":
        found = (found > 0).astype(np.float64)
    return np.where(task.keep, found, np.nan), Variable("_")


def _cut(task: Task) -> Made:
    """Classes by their lower ends in at(), or of about equal size by group()."""
    values = np.where(task.keep, task.values(), np.nan)
    if ("at" in task.options) == ("group" in task.options):
        raise task.inside.error(
            "cut() needs either at() or group().",
            code="syntax",
            advice="Write cut(x), at(0 10 20) or cut(x), group(4).",
        )
    if "at" in task.options:
        breaks = np.array(parse_numlist(argument(task.options["at"])), dtype=np.float64)
        if len(breaks) < 2 or np.any(np.diff(breaks) <= 0):
            raise task.options["at"].piece.error("at() takes at least two increasing numbers.", code="bad-option-value")
    else:
        count = int(number(task.options["group"], least=2, most=max(2, len(values)), integer=True))
        breaks = more.group_breaks(values, count)
    codes = more.cut_at(values, breaks)
    coded = "group" in task.options or "icodes" in task.options or "label" in task.options
    labels: dict[Value, str] = {}
    if "label" in task.options:
        labels = {k: f"{whole_text(b)}-" for k, b in enumerate(breaks[:-1])}
    there = ~np.isnan(codes)
    if not coded:
        out = np.full(len(codes), np.nan)
        out[there] = breaks[codes[there].astype(np.int64)]
        codes = out
    return codes, Variable("_", "", Measure.ORDINAL, labels)


def _sequence(task: Task) -> Made:
    if task.inside:
        raise task.inside.error("seq() takes nothing in its parentheses.", code="syntax", advice="Write seq(), to(5).")
    read = {
        k: int(number(task.options[k], least=-(10**9), integer=True))
        for k in ("from", "to", "block")
        if k in task.options
    }
    block = read.get("block", 1)
    if block < 1:
        raise task.options["block"].piece.error("A block must have at least one row.", code="option-number")
    groups = task.by.grouping(len(task.session.data))
    return more.sequence(groups, task.keep, read.get("from", 1), read.get("to"), block), Variable("_")


def _mode(task: Task) -> Made:
    from terrace.language.expressions.entry import evaluate

    data = task.session.data
    values = evaluate(task.inside, data, context=task.session.context(), by=task.by.codes)
    ties: Literal["none", "min", "max"] | int = "none"
    if "minmode" in task.options or "maxmode" in task.options:
        ties = "min" if "minmode" in task.options else "max"
    if "nummode" in task.options:
        ties = int(number(task.options["nummode"], least=1, integer=True))
    groups = task.by.grouping(len(data))
    found, several = more.mode(values, groups, task.keep, ties, missing="missing" in task.options)
    if several:
        task.notes.append(
            f"{several} group{'s have' if several > 1 else ' has'} several modes, so the value is missing. "
            "Use minmode, maxmode or nummode() to choose one."
        )
    name = str(task.inside).strip()
    known = data.variable(name) if name in data else Variable("_")
    return found, replace(known, label="")


def _concat(task: Task) -> Made:
    from terrace.report.numbers import parse_format
    from terrace.session.commands.helpers.lists import value_texts

    data = task.session.data
    separator = unquoted(argument(task.options["punct"])) if "punct" in task.options else ""
    rows = np.arange(len(data))
    if "format" in task.options:
        form = text_of(task.options["format"])
        parse_format(form)
        for n in task.names():
            data = data if data.is_text(n) else data.with_variable(replace(data.variable(n), format=form))
    parts = [value_texts(data, n, rows, labels="decode" in task.options) for n in task.names()]
    out = np.array([separator.join(p) for p in zip(*parts)], dtype=object)
    return np.where(task.keep, out, ""), Variable("_", "", Measure.NOMINAL)


def _differ(task: Task) -> Made:
    data = task.session.data
    columns = [data.frame[n] if data.is_text(n) else data.numeric(n) for n in task.names()]
    return np.where(task.keep, more.differ(columns), np.nan), Variable("_")


def _fill(task: Task) -> Made:
    pattern = parse_numlist(task.inside)
    if len(pattern) < 2:
        raise task.inside.error("fill() takes at least two numbers.", code="arguments", advice="Write fill(1 2).")
    out = np.full(len(task.keep), np.nan)
    out[task.keep] = more.fill_pattern(pattern, int(task.keep.sum()))
    return out, Variable("_")


def _deviation(task: Task) -> Made:
    groups = task.by.grouping(len(task.session.data))
    out = more.absolute_deviation(task.values(), groups, task.keep, median=task.function == "mad")
    return out, Variable("_")


def _percent(task: Task) -> Made:
    """The share of each value in the sum of its group, in percent or with prop as a proportion."""
    groups = task.by.grouping(len(task.session.data))
    values = task.values()
    total = make.spread("sum", values, groups, task.keep)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total == 0, np.nan, values / total)
    return np.where(task.keep, share if "prop" in task.options else 100 * share, np.nan), Variable("_")


def _moving(task: Task) -> Made:
    window = int(number(task.options["t"], least=1, integer=True)) if "t" in task.options else 3
    if window % 2 == 0:
        raise task.options["t"].piece.error("ma() takes an odd number of rows.", code="option-number")
    groups = task.by.grouping(len(task.session.data))
    values = np.where(task.keep, task.values(), np.nan)
    return more.moving_average(values, groups, window, partial="nomiss" in task.options), Variable("_")


FUNCTIONS: dict[str, Callable[[Task], Made]] = {
    **dict.fromkeys(make.GROUP_FUNCTIONS, _of_group),
    **dict.fromkeys(make.ROW_FUNCTIONS, _across),
    "pctile": _percentile,
    "tag": _tag,
    "group": _number,
    "rank": _rank,
    "std": _standard,
    **dict.fromkeys(("rowfirst", "rowlast"), _row_pick),
    **dict.fromkeys(("anycount", "anymatch", "anyvalue"), _any),
    "cut": _cut,
    "seq": _sequence,
    "mode": _mode,
    "concat": _concat,
    "diff": _differ,
    "fill": _fill,
    **dict.fromkeys(("mad", "mdev"), _deviation),
    "pc": _percent,
    "ma": _moving,
}
_OWN_OPTIONS = {
    "total": rules("missing"),
    "sum": rules("missing"),
    "rowtotal": rules("missing"),
    "tag": rules("missing"),
    "group": rules("missing label", "lname", already="autotype"),
    "pctile": rules("", "p"),
    "rank": rules("field track unique"),
    "std": rules("", "mean std"),
    **dict.fromkeys(("anycount", "anymatch", "anyvalue"), rules("", "v:alues")),
    "cut": rules("icodes label", "at group"),
    "seq": rules("", "f:rom t:o b:lock"),
    "mode": rules("min:mode max:mode missing", "num:mode"),
    "concat": rules("decode", "p:unct format"),
    "pc": rules("prop"),
    "ma": rules("nomiss", "t"),
}
_BY_ROWS = {*make.ROW_FUNCTIONS, "rowfirst", "rowlast", "anycount", "anymatch", "anyvalue", "diff", "concat", "group"}


@command(
    "egen",
    syntax="egen [type] name = function(expression) [if] [in] [, by(variables)]",
    help="Make a variable from groups of rows: " + ", ".join(FUNCTIONS),
    by="native",
    effects=Effect.DATA,
)
def egen(session: Session, parsed: ParsedCommand) -> CommandResult:
    data = session.data
    target, function, inside = _call(parsed)
    options = parsed.options((*rules("", "by"), *_OWN_OPTIONS.get(function, ())))
    name = new_name(target, data)
    also = parse_names(options["by"].argument, data.names) if options.get("by") and options["by"].argument else ()
    by = by_groups(session, parsed, also)
    if function in _BY_ROWS and by.names:
        why = "numbers the groups of all rows" if function == "group" else "looks at each row by itself"
        raise parsed.word.error(f"{function}() {why}, so it cannot be combined with by.", code="prefix")
    task = Task(session, function, inside, options, by, chosen(session, parsed.clauses, by))
    found, variable = FUNCTIONS[function](task)
    found, beyond = as_stored(found, storage_type(parsed.clauses.body))
    if beyond:
        task.notes.append(f"Missing because it is beyond the range of the storage type: {plural(beyond, 'value')}.")
    note, values = missing_note(found), column_of(found)
    measure = variable.measure
    if measure is Measure.CONTINUOUS and not variable.label:
        measure = measured(name, values)
        if measure is Measure.IDENTIFIER and function != "rank":
            measure = Measure.CONTINUOUS
    made = Variable(name, variable.label, measure, variable.value_labels)
    return changed(session, data.with_column(name, values, made), "\n".join(n for n in (note, *task.notes) if n))


def _call(parsed: ParsedCommand) -> tuple[Piece, str, Piece]:
    """The new name, the function and what stands in its parentheses."""
    body = parsed.clauses.body
    found = _STORAGE.match(body.source, body.start, body.end)
    body = body.after(found.end()).strip() if found else body
    parts = split(body, "=")
    call = body.after(parts[1].start).strip() if len(parts) > 1 else body
    head = NAME.match(call.source, call.start, call.end)
    bracket = call.after(head.end()).strip() if head else call
    if len(parts) < 2 or head is None or not str(bracket).startswith("("):
        raise (body if body else parsed.word).error(
            "egen needs a name and a function.", code="syntax", advice="Write egen m = mean(x), by(school)."
        )
    function = head.group()
    place = call.at(call.start, head.end())
    if function not in FUNCTIONS:
        raise _unknown(place, function)
    stop = closing(bracket, bracket.start)
    if rest := bracket.after(stop + 1).strip():
        raise rest.error(
            "egen takes a single function and nothing else.",
            code="syntax",
            advice="Make each part with egen, then combine them with generate.",
        )
    return parts[0].strip(), function, bracket.at(bracket.start + 1, stop)


def _unknown(place: Piece, function: str) -> CommandError:
    return place.error(
        f"egen has no function {function}().",
        code="no-such-function",
        subject=function,
        advice=did_you_mean(function, list(FUNCTIONS), otherwise=True),
    )
