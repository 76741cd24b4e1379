"""``egen``: variables from groups of rows, or from several variables of a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Measure, Variable
from terrace.data.transforms import egen as make
from terrace.errors import CommandError
from terrace.language.command import ParsedCommand
from terrace.language.mixed_options import number
from terrace.language.names import parse_names
from terrace.language.options import Option, did_you_mean, rules
from terrace.language.tokens import NAME, Piece, closing, split
from terrace.session.commands.generate import measured, missing_note
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.session.working import TYPES, By, by_groups, changed, chosen, new_name

FloatArray = npt.NDArray[np.float64]
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

    def names(self) -> tuple[str, ...]:
        """The variables in the parentheses. `CommandError` where there are none."""
        found = parse_names(self.inside, self.session.data.names)
        if not found:
            raise self.inside.error(f"{self.function}() needs variables.", code="arguments")
        return found

    def values(self) -> FloatArray:
        """The expression in the parentheses, in every row."""
        from terrace.language.expressions import evaluate

        data = self.session.data
        found = evaluate(self.inside, data, context=self.session.context(), by=self.by.codes)
        if found.dtype != object:
            return found
        if self.function == "count":
            return np.where(found == "", np.nan, 1.0)
        raise self.inside.error(
            f"{self.inside} is text, and {self.function}() takes numbers.", code="type-mismatch"
        )


def _of_group(task: Task) -> tuple[FloatArray, Variable]:
    name = make.GROUP_FUNCTIONS[task.function]
    groups = task.by.grouping(len(task.session.data))
    values = task.values()
    out = make.spread(name, values, groups, task.keep)
    if "missing" in task.options and name == "sum":
        n = make.spread("count", values, groups, task.keep)
        out = np.where(n == 0, np.nan, out)
    return out, Variable("_")


def _percentile(task: Task) -> tuple[FloatArray, Variable]:
    p = number(task.options["p"]) if "p" in task.options else 50.0
    if not 0 < p < 100:
        raise task.options["p"].piece.error("A percentile lies between 0 and 100.", code="option-number")
    groups = task.by.grouping(len(task.session.data))
    from terrace.data.transforms.aggregate import Cells

    found = Cells(np.where(task.keep, task.values(), np.nan), groups).percentile(p)[groups.codes]
    return np.where(task.keep, found, np.nan), Variable("_")


def _tag(task: Task) -> tuple[FloatArray, Variable]:
    names = (*task.by.names, *(n for n in task.names() if n not in task.by.names))
    out = make.tag(task.session.data, names, task.keep, missing="missing" in task.options)
    return out, Variable("_", f"First row of each {' '.join(names)}", Measure.NOMINAL)


def _number(task: Task) -> tuple[FloatArray, Variable]:
    names = task.names()
    out, labels = make.number(task.session.data, names, task.keep, missing="missing" in task.options)
    shown = labels if "label" in task.options or "lname" in task.options else {}
    return out, Variable("_", f"Groups of {' '.join(names)}", Measure.IDENTIFIER, shown)


def _rank(task: Task) -> tuple[FloatArray, Variable]:
    ties = [t for t in ("field", "track", "unique") if t in task.options]
    groups = task.by.grouping(len(task.session.data))
    values = np.where(task.keep, task.values(), np.nan)
    return make.rank(values, groups, ties[0] if ties else "average"), Variable("_")  # type: ignore[arg-type]


def _standard(task: Task) -> tuple[FloatArray, Variable]:
    mean = number(task.options["mean"], least=-np.inf) if "mean" in task.options else 0.0
    sd = number(task.options["std"]) if "std" in task.options else 1.0
    groups = task.by.grouping(len(task.session.data))
    out = make.standardize(task.values(), groups, task.keep, mean, sd)
    return out, Variable("_", f"Standardized values of ({str(task.inside).strip()})")


def _across(task: Task) -> tuple[FloatArray, Variable]:
    columns = [task.session.data.numeric(n) for n in task.names()]
    out = make.across(task.function, columns, missing="missing" in task.options)
    return np.where(task.keep, out, np.nan), Variable("_")


FUNCTIONS: dict[str, Callable[[Task], tuple[FloatArray, Variable]]] = {
    **dict.fromkeys(make.GROUP_FUNCTIONS, _of_group),
    **dict.fromkeys(make.ROW_FUNCTIONS, _across),
    "pctile": _percentile,
    "tag": _tag,
    "group": _number,
    "rank": _rank,
    "std": _standard,
}
_OWN_OPTIONS = {
    "total": rules("missing"),
    "sum": rules("missing"),
    "rowtotal": rules("missing"),
    "tag": rules("missing"),
    "group": rules("missing label autotype", "lname truncate"),
    "pctile": rules("", "p"),
    "rank": rules("field track unique"),
    "std": rules("", "mean std"),
}


@command(
    "egen",
    syntax="egen [type] name = function(expression) [if] [in] [, by(variables)]",
    help="Make a variable from groups of rows: " + ", ".join(FUNCTIONS),
    by="native",
)
def egen(session: Session, parsed: ParsedCommand) -> CommandResult:
    data = session.data
    target, function, inside = _call(parsed)
    options = parsed.options((*rules("", "by"), *_OWN_OPTIONS.get(function, ())))
    name = new_name(target, data)
    also = parse_names(options["by"].argument, data.names) if options.get("by") and options["by"].argument else ()
    by = by_groups(session, parsed, also)
    if function == "group" and by.names:
        raise parsed.word.error("group() numbers the groups of all rows, so it does not go with by.", code="prefix")
    task = Task(session, function, inside, options, by, chosen(session, parsed.clauses, by))
    values, variable = FUNCTIONS[function](task)
    measure = variable.measure
    if measure is Measure.CONTINUOUS and not variable.label:
        measure = measured(name, values)
        if measure is Measure.IDENTIFIER and function != "rank":
            measure = Measure.CONTINUOUS
    made = Variable(name, variable.label, measure, variable.value_labels)
    return changed(session, data.with_column(name, values, made), missing_note(values))


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
            "egen takes one function and nothing beside it.",
            code="syntax",
            advice="Make the parts with egen first, then combine them with generate.",
        )
    return parts[0].strip(), function, bracket.at(bracket.start + 1, stop)


def _unknown(place: Piece, function: str) -> CommandError:
    return place.error(
        f"egen has no function {function}().",
        code="no-such-function",
        subject=function,
        advice=did_you_mean(function, list(FUNCTIONS), otherwise=True),
    )


