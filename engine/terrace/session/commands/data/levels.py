"""The order of the levels of a variable: ``label order``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Measure
from terrace.data.extended import extended_name
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.numlist import literal
from terrace.language.grammar.tokens import Piece, words
from terrace.session.commands.helpers.bases import bases_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, State
from terrace.spec.model import Base


@command(
    "label order",
    minimum="la or",
    syntax="label order NAME values",
    help="Put the values of a variable into another order. Its codes are assigned again from the lowest, and labels "
    "stay with their rows. Values that are not named follow in their present order.",
    effects=Effect.DATA | Effect.BRIEF,
)
def label_order(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    items = words(parsed.clauses.body)
    if len(items) < 2:
        raise parsed.word.error("label order needs a variable and its values.", code="syntax",
                                advice="Write label order x 3 1 2.")  # fmt: skip
    data = session.data
    name = Names(data.names).one(items[0])
    if data.is_text(name):
        raise items[0].error(f"{name} holds text, whose order is that of the alphabet.", code="text-variable",
                             subject=name, advice=f"encode {name} makes numbers with labels of it.")  # fmt: skip
    if data.variable(name).measure is Measure.CONTINUOUS:
        raise items[0].error(f"{name} is continuous, so its values have the order of numbers.", code="not-categories",
                             subject=name, advice=f"Write measure {name} ordinal first.")  # fmt: skip
    now = levels_of(data, name)
    wanted = list(dict.fromkeys(_level(piece, name, now) for piece in items[1:]))
    order = wanted + [v for v in now if v not in set(wanted)]
    if order == now:
        return CommandResult()
    new = dict(zip(order, now, strict=True))
    changed = with_values(data, name, new)
    return CommandResult(state=replace(session.state, dataset=changed, bases=_moved(session.state, name, new)))


def levels_of(data: Dataset, name: str) -> list[float]:
    """The values of a variable of numbers that occur or have a label, from the lowest; those for missing left out."""
    v = data.variable(name)
    labelled = np.array([float(k) for k in v.value_labels if not extended_name(k)], dtype=np.float64)
    found = {float(x) for x in labelled[~v.stands_for_missing(labelled)]}
    return sorted(found | {float(x) for x in data.codes(name)[1]})


def with_values(data: Dataset, name: str, new: dict[float, float]) -> Dataset:
    """The data in which values of a variable of numbers are others, new by old, and their labels go with them."""
    v = data.variable(name)
    old = np.array(sorted(new), dtype=np.float64)
    to = np.array([new[x] for x in old], dtype=np.float64)
    column = data.frame[name]
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    at = np.minimum(np.searchsorted(old, values), len(old) - 1)
    moved: npt.NDArray[Any] = np.where(old[at] == values, to[at], values)
    labels = {int(y) if (y := new.get(float(k), float(k))).is_integer() and not extended_name(k) else k: text
              for k, text in v.value_labels.items()}  # fmt: skip
    fresh = pd.Series(moved, index=column.index, name=name).astype(column.dtype)
    return data.with_column(name, fresh, replace(v, value_labels=dict(sorted(labels.items())), label_set=""))


def _level(piece: Piece, name: str, known: list[float]) -> float:
    try:
        value = literal(str(piece), piece)
    except ValueError:
        value = float("nan")
    if value not in known:
        raise piece.error(f"{name} has no value {piece!s}.", code="no-such-level", subject=name,
                          advice=f"tabulate {name}")  # fmt: skip
    return float(value)


def _moved(state: State, name: str, new: dict[float, float]) -> dict[str, Base]:
    """The bases of factors, of which that of the variable stays with its rows."""
    bases = bases_of(state)
    base = bases.get(name)
    if not isinstance(base, float):
        return dict(state.bases)
    return {**state.bases, name: new.get(base, base)}
