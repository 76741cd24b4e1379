"""What prefixes that run a command many times keep of each run: ``name=expression`` lists, ``_b``, ``_se``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from terrace.data.dataset import Dataset
from terrace.data.names import MAX_LENGTH
from terrace.language.grammar.command import ParsedCommand, Prefix, parse_command
from terrace.language.grammar.tokens import NAME, Piece, split, words
from terrace.session.prefixes import without
from terrace.session.state import State

if TYPE_CHECKING:
    from terrace.results.fit import FitResult, FixedEffect, RandomParameter
    from terrace.session.session import Session


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number of a run. ``expression`` is as typed, or ``_b``, ``_se``, ``_r`` for all that there are."""

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a run: ``name`` for a variable, ``label`` for people, ``level`` where the number belongs.

    ``shown`` is what tables say where the number is NaN: that it is not identified, or nothing.
    """

    name: str
    label: str
    value: float
    level: str = ""
    shown: str | None = None

    @property
    def key(self) -> str:
        """What tells this number from the others of its run."""
        return f"{self.name} {self.level} {self.label}"


def read_statistics(piece: Piece) -> tuple[Statistic, ...]:
    """``intercept=_b[_cons] _se r2=e(r2)`` as statistics. Raises `CommandError` at what is none."""
    out: list[Statistic] = []
    unnamed = 0
    for item in _items(piece):
        text = str(item)
        parts = split(item, "=")
        if text in ("_b", "_se"):
            out.append(Statistic("", text))
        elif len(parts) == 2 and NAME.fullmatch(str(parts[0]).strip()):
            out.append(Statistic(str(parts[0]).strip(), _bare(str(parts[1]).strip())))
        else:
            unnamed += 1
            out.append(Statistic(f"_stat_{unnamed}", _bare(text)))
        if out[-1].expression not in ("_b", "_se"):
            from terrace.language.expressions.entry import parse_expression

            parse_expression(parts[1].strip() if len(parts) == 2 else item)
    return tuple(out)


def _bare(text: str) -> str:
    return text[1:-1].strip() if text.startswith("(") and text.endswith(")") and text.count("(") == 1 else text


def _items(piece: Piece) -> list[Piece]:
    """Items between blanks; blanks around an = sign do not separate."""
    out: list[Piece] = []
    for word in words(piece):
        text = str(word)
        if out and (text.startswith("=") or str(out[-1]).endswith("=")):
            out[-1] = word.at(out[-1].start, word.end)
        else:
            out.append(word)
    return out


def inner(parsed: ParsedCommand, prefix: Prefix) -> ParsedCommand:
    """The command under a prefix, without the prefix and those that only keep it quiet."""
    parsed = without(parsed, prefix)
    return replace(parsed, prefixes=tuple(p for p in parsed.prefixes if p.name not in ("quietly", "noisily")))


def run_on(session: Session, data: Dataset, parsed: ParsedCommand) -> State:
    """The state after the command has run on other data; nothing in the session changes, no progress is told."""
    child = session.fork(replace(session.state, dataset=data))
    child.progress = None
    return child.execute(parsed).state or child.state


def parsed_again(text: str) -> ParsedCommand:
    """A command read anew, for a process that only has its text."""
    return parse_command(text)


def collect(
    state: State, statistics: Sequence[Statistic], *, estimation: bool, random: bool = False
) -> list[Value]:
    """The numbers after a run. Without statistics: the coefficients after an estimation (and with `random` its
    covariance parameters), otherwise all numbers in r().

    Raises `CommandError` where an expression cannot be evaluated.
    """
    from terrace.language.expressions.entry import evaluate_scalar, parse_expression
    from terrace.language.expressions.stored import absent, missing_result
    from terrace.session.context import eval_context

    context = eval_context(state)
    out: list[Value] = []
    for s in statistics or (Statistic("", "_b" if estimation else "_r"),):
        if s.expression == "_b" and state.fit is not None:
            out += _coefficients(state.fit, random and not statistics)
        elif s.expression == "_se" and state.fit is not None:
            out += [
                Value(variable_name("_se", e.term), e.term, float("nan") if e.se is None else e.se)
                for e in state.fit.fixed
                if e.kind in ("estimated", "unidentified")
            ]
        elif s.expression == "_r":
            out += [Value(k, k, float("nan") if v is None else float(v)) for k, v in state.returned.scalars.items()]
        else:
            root = parse_expression(s.expression).root
            if absent(root, context):  # a slip of the pen, found before thousands of runs
                raise missing_result(root, context)
            value = evaluate_scalar(s.expression, state.dataset, context)
            if isinstance(value, str):
                raise Piece.of(s.expression).error(
                    f"{s.expression} is text, and a number is needed.", code="type-mismatch"
                )
            out.append(Value(s.name, s.expression if s.name.startswith("_stat_") else s.name, value))
    return out


def _coefficients(fit: FitResult, random: bool) -> list[Value]:
    """The numbers of a fit, NaN for what the data do not identify."""
    out = [Value(variable_name("_b", e.term), e.term, e.coef, shown=_word(e)) for e in fit.fixed
           if e.kind in ("estimated", "unidentified")]  # fmt: skip
    if random and fit.spec.random:
        out += [
            Value(variable_name("_b", f"{r.level}_{r.name}"), r.name, r.estimate, f"{r.level}{r.block}", _word(r))
            for r in fit.random
        ]
    return out


def _word(entry: FixedEffect | RandomParameter) -> str | None:
    return entry.shown if isinstance(entry.shown, str) else None


def renamed(value: Value, term: str) -> Value:
    """The number of a coefficient under the name of another term."""
    if term == value.label:
        return value
    return replace(value, name=variable_name("_se" if value.name.startswith("_se") else "_b", term), label=term)


def variable_name(stub: str, term: str) -> str:
    """``_b_1_sector_c_ses`` for ``1.sector#c.ses``."""
    plain = re.sub(r"\W+", "_", term).strip("_") if term != "_cons" else "cons"
    return f"{stub}_{plain}"[:MAX_LENGTH]
