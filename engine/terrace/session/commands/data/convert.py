"""Text to numbers and back: ``encode``, ``decode``, ``destring``, ``tostring``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.digits import begins_with_zero, too_long, whole_text
from terrace.data.plain import plain_values
from terrace.data.value import Value
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_names
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import words
from terrace.language.mixed_options import argument, number
from terrace.session.commands.helpers.working import changed, chosen, new_name, plural, text_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


def _column(values: npt.NDArray[Any]) -> Any:
    return plain_values(np.asarray(values, dtype=object))[0].array


@command(
    "encode",
    minimum="en",
    syntax="encode variable [if] [in], generate(name) [label(set) noextend]",
    help="Number the values of a text variable 1, 2, ... in alphabetical order, with the texts as value labels; "
    "label() uses the numbers of a set of labels, and noextend keeps it from being extended.",
    effects=Effect.DATA,
)
def encode(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("noe:xtend", "g:enerate l:abel"))
    name, new = _one_to_one(session, parsed, "encode", options)
    data = session.data
    if not data.is_text(name):
        raise DataError(f"{name} already holds numbers.", code="not-text", subject=name)
    codes, values = data.codes(name)
    keep = chosen(session, parsed.clauses) & (codes >= 0)
    v = data.variable(name)
    if "label" not in options:
        if "noextend" in options:
            raise options["noextend"].piece.error("noextend needs label().", code="misplaced-option")
        labels: dict[Value, str] = {k + 1: str(t) for k, t in enumerate(values)}
        column = np.where(keep, codes + 1.0, np.nan)
        return changed(session, data.with_column(new, column, Variable(new, v.label, Measure.NOMINAL, labels)))
    texts = [str(values[k]) for k in np.unique(codes[keep])]
    labels = _extended(session, options, texts)
    numbers = {t: float(k) for k, t in labels.items()}
    column = np.array([numbers[str(values[c])] if k else np.nan for c, k in zip(codes, keep)], dtype=np.float64)
    made = changed(session, data.with_column(new, column, Variable(new, v.label, Measure.NOMINAL, labels)))
    assert made.state is not None
    sets = {**made.state.label_sets, str(argument(options["label"])): labels}
    return replace(made, state=replace(made.state, label_sets=sets))


def _extended(session: Session, options: dict[str, Option], texts: list[str]) -> dict[Value, str]:
    """The set of ``label()`` with the texts that it lacks behind its largest number."""
    from terrace.session.commands.data.labels import label_sets

    place = argument(options["label"])
    labels = dict(label_sets(session.state).get(str(place), {}))
    new = [t for t in texts if t not in labels.values()]
    if new and "noextend" in options:
        raise DataError(
            f"{place} has no label {new[0]!r}.", code="no-such-label", subject=str(place),
            advice="Leave out noextend to add one.",
        )  # fmt: skip
    first = int(max([0, *(k for k in labels if isinstance(k, int | float) and k == k)])) + 1  # noqa: PLR0124
    return {**labels, **{first + k: t for k, t in enumerate(new)}}


@command(
    "decode",
    minimum="dec",
    syntax="decode variable [if] [in], generate(name) [maxlength(#)]",
    help="Make a text variable from the value labels of a variable.",
    effects=Effect.DATA,
)
def decode(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "g:enerate maxl:ength"))
    name, new = _one_to_one(session, parsed, "decode", options)
    data = session.data
    v = data.variable(name)
    if not v.value_labels:
        raise DataError(f"{name} has no value labels.", code="no-value-labels", subject=name)
    values = data.frame[name].map(lambda x: v.value_labels.get(x, ""), na_action="ignore").fillna("")
    if "maxlength" in options:
        values = values.str[: int(number(options["maxlength"], integer=True, least=1))]
    column = _column(np.where(chosen(session, parsed.clauses), values, ""))
    return changed(session, data.with_column(new, column, Variable(new, v.label, Measure.NOMINAL)))


def _one_to_one(
    session: Session, parsed: ParsedCommand, what: str, options: dict[str, Option]
) -> tuple[str, str]:
    if "generate" not in options:
        raise parsed.word.error(f"{what} needs generate().", code="syntax", advice=f"Write {what} x, generate(y).")
    name = Names(session.data.names).one(parsed.clauses.body)
    return name, new_name(argument(options["generate"]), session.data)


@command(
    "destring",
    syntax='destring [variables], generate(names)|replace [ignore("chars") force percent]',
    help="Convert text that holds numbers to numbers.",
    effects=Effect.DATA,
)
@command(
    "tostring",
    syntax="tostring variables, generate(names)|replace [format(%fmt)]",
    help="Convert numbers to text.",
    effects=Effect.DATA,
)
def restring(session: Session, parsed: ParsedCommand) -> CommandResult:
    known = rules("replace force", "g:enerate f:ormat")
    if parsed.name == "destring":
        known = rules("replace force percent dpcomma", "g:enerate i:gnore", already="float")
    options = parsed.options(known)
    data = session.data
    names = list(parse_names(parsed.clauses.body, data.names))
    to_numbers = parsed.name == "destring"
    names = names or [n for n in data.names if data.is_text(n)]
    targets = _targets(parsed, data, names, options)
    lines: list[str] = []
    for name, target in zip(names, targets):
        source = data.frame[name]
        if data.is_text(name) != to_numbers:
            lines.append(f"{name}: holds {'numbers' if to_numbers else 'text'} already, so it was not changed.")
            continue
        if to_numbers:
            column, bad = _numbers(data, name, options)
            if bad is not None and "force" not in options:
                lines.append(f"{name}: holds text that is not a number ({bad!r}), so it was not changed. Use ignore() "
                             "or force.")
                continue
            merged = _merged(data, name, column)
            if merged and "force" not in options:
                lines.append(f"{name}: {' and '.join(merged)} would become one number, so it was not changed. Use "
                             "force to allow this.")
                continue
        else:
            column = _texts(data, name, text_of(options.get("format")))
        v = replace(data.variable(name), name=target, measure=Measure.CONTINUOUS if to_numbers else Measure.NOMINAL,
                    value_labels={}, missing_codes=(), missing_ranges=(), format="")  # fmt: skip
        data = data.with_column(target, column, v)
        where = f", in {target}" if target != name else ""
        if to_numbers and source.str.strip().map(too_long, na_action="ignore").any():
            where += "; they have more digits than a number can hold, so the last digits were rounded"
        lines.append(f"{name}: {'numbers' if to_numbers else 'text'} now{where}.")
    text = "\n".join(lines) or f"({plural(0, 'variable')} changed)"
    return CommandResult(text=text) if data is session.data else changed(session, data, text)


def _targets(parsed: ParsedCommand, data: Dataset, names: list[str], options: dict[str, Option]) -> list[str]:
    if ("generate" in options) == ("replace" in options):
        raise parsed.word.error(
            f"{parsed.name} needs either generate() or replace.",
            code="syntax",
            advice=f"Write {parsed.name} x, replace.",
        )
    if "replace" in options:
        return names
    new = [new_name(w, data) for w in words(argument(options["generate"]))]
    if len(new) != len(names):
        raise options["generate"].piece.error(
            f"{plural(len(names), 'variable')}, but {plural(len(new), 'new name')}.",
            code="number-of-names", subject="generate"
        )
    return new


def _numbers(data: Dataset, name: str, options: dict[str, Option]) -> tuple[npt.NDArray[np.float64], str | None]:
    """The numbers of a text variable, and the first text that is none."""
    text = data.frame[name].fillna("").astype(str).str.strip()
    for letter in text_of(options.get("ignore")).replace(" ", ""):
        text = text.str.replace(letter, "", regex=False)
    if "percent" in options:
        text = text.str.replace("%", "", regex=False)
    if "dpcomma" in options:
        text = text.str.replace(",", ".", regex=False)
    values = pd.to_numeric(text.where(~text.isin(["", "."]), None), errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(np.isnan(values) & ~text.isin(["", "."]).to_numpy(dtype=bool))
    first = str(data.frame[name].iloc[bad[0]]) if len(bad) else None
    return values / (100 if "percent" in options else 1), first


def _merged(data: Dataset, name: str, numbers: npt.NDArray[np.float64]) -> tuple[str, str] | None:
    """Two texts that differ in more than blanks and would become one number; None where all stay apart."""
    text = data.frame[name].fillna("").astype(str).str.strip()
    pairs = pd.DataFrame({"text": text, "number": numbers}).dropna().drop_duplicates()
    pairs = pairs[pairs["number"].duplicated(keep=False)].sort_values("number", kind="stable")
    for _, same in pairs.groupby("number"):
        kept = [t for t in same["text"] if too_long(t) or begins_with_zero(t)]
        if kept:
            other = next(t for t in same["text"] if t != kept[0])
            return kept[0], other
    return None


def _texts(data: Dataset, name: str, form: str) -> Any:
    from terrace.report.numbers import formatted

    def shown(x: float) -> str:
        if np.isnan(x):
            return "."
        return formatted(x, form) if form else whole_text(x)

    return _column(np.array([shown(x) for x in data.numeric(name)], dtype=object))
