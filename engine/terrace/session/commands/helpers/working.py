"""What handlers of data commands share: rows, groups of ``by``, names of new variables, the result of a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace import wording
from terrace.data.dataset import Dataset
from terrace.data.names import MAX_LENGTH, is_legal_name
from terrace.data.transforms.grouping import Grouping, group
from terrace.errors import DataError
from terrace.language.grammar.clauses import Clauses, range_rows
from terrace.language.grammar.command import ParsedCommand, by_variables
from terrace.language.grammar.options import Option
from terrace.language.grammar.tokens import Piece, unquoted
from terrace.results.table import Table
from terrace.session.filter import kept_rows
from terrace.session.port import SessionPort
from terrace.session.state import CommandResult, Matrix, Returned

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
plural = wording.plural
TYPES = ("byte", "int", "long", "float", "double")


@dataclass(frozen=True, slots=True)
class By:
    """The groups of a ``by`` prefix: their variables, and one code a row, or None without the prefix."""

    names: tuple[str, ...] = ()
    groups: Grouping | None = None

    @property
    def codes(self) -> npt.NDArray[np.int64] | None:
        """Group codes, shape (n,); None for one group of all rows."""
        return None if self.groups is None else self.groups.codes

    def grouping(self, n: int) -> Grouping:
        """The groups, also where all rows are one."""
        return self.groups or Grouping(np.zeros(n, dtype=np.int64), min(n, 1), np.zeros(n, dtype=bool))


def by_groups(session: SessionPort, parsed: ParsedCommand, also: Sequence[str] = ()) -> By:
    """The groups that the ``by`` prefix and an option ``by()`` (`also`) of a command make together."""
    prefix = parsed.prefix("by", "bysort")
    names = by_variables(prefix, session.data.names)[0] if prefix is not None else ()
    names = (*names, *(n for n in also if n not in names))
    return By(names, group(session.data, names)) if names else By()


def chosen(session: SessionPort, clauses: Clauses, by: By | None = None) -> BoolArray:
    """Rows that ``if``, ``in`` and the filter keep, (n,); perhaps none. ``_n`` counts within the groups of `by`."""
    data = session.data
    keep = np.ones(len(data), dtype=bool)
    if clauses.range_ is not None:
        first, last = range_rows(str(clauses.range_), len(data))
        keep[:first] = False
        keep[last:] = False
    if clauses.condition is not None:
        from terrace.language.expressions.entry import condition

        codes = None if by is None else by.codes
        keep &= condition(clauses.condition, data, session.context(), by=codes)
    if expression := session.filtering.take():
        keep &= kept_rows(expression, data)
    return keep


def weights(session: SessionPort, clauses: Clauses, kinds: Sequence[str], what: str) -> tuple[FloatArray | None, str]:
    """The weights in every row and their kind; (None, "") without any.

    Raises `CommandError` for a kind that is not among `kinds`, `DataError` for negative weights and for
    frequencies that are no whole numbers.
    """
    weight = clauses.weight
    if weight is None:
        return None, ""
    if weight.kind not in kinds:
        raise weight.piece.error(
            f"{what} does not take {weight.kind}s.", code="weight-kind", advice=f"Use {' or '.join(kinds)}."
        )
    from terrace.language.expressions.entry import evaluate

    found = evaluate(weight.expression, session.data, context=session.context())
    if found.dtype == object:
        raise weight.piece.error("A weight must be a number.", code="weight")
    values = np.asarray(found, dtype=np.float64)
    if np.any(values < 0):
        raise DataError(f"The weight {weight.expression} is negative in some rows.", code="negative-weights")
    if weight.kind == "fweight" and np.any(values != np.floor(values), where=~np.isnan(values)):
        raise DataError(
            f"Frequency weights must be whole numbers, and {weight.expression} is not.", code="noninteger-weights"
        )
    return values, weight.kind


def new_name(piece: Piece, taken: Dataset | None) -> str:
    """The name of a new variable. `CommandError` where it is not legal or exists already."""
    name = str(piece).strip()
    if not is_legal_name(name):
        raise piece.error(
            f"{name!r} cannot be the name of a variable." if name else "The name of the new variable is missing.",
            code="bad-name",
            subject=name,
            advice=f"Use letters, digits and _, at most {MAX_LENGTH}, and do not start with a digit.",
        )
    if taken is not None and name in taken:
        raise piece.error(
            f"A variable named {name} already exists.",
            code="variable-exists",
            subject=name,
            advice=f"Choose another name, or change the variable with replace {name} = ...",
        )
    return name


LIMITS = {"byte": (-127, 100), "int": (-32_767, 32_740), "long": (-2_147_483_647, 2_147_483_620)}
"""What whole numbers of a storage type can be."""


def as_stored(values: npt.NDArray[Any], kind: str) -> tuple[npt.NDArray[Any], int]:
    """Numbers as a storage type keeps them, and how many it cannot keep.

    byte, int and long cut off fractions, and what lies beyond their range is missing; other types keep every digit
    that a double has.
    """
    if kind not in LIMITS or values.dtype == object:
        return values, 0
    low, high = LIMITS[kind]
    whole = np.trunc(values)
    beyond = (whole < low) | (whole > high)
    return np.where(beyond, np.nan, whole), int(beyond.sum())


def text_of(option: Option | None, default: str = "") -> str:
    """The text in an option's parentheses without quotation marks."""
    return default if option is None or option.argument is None else unquoted(option.argument)


def changed(
    session: SessionPort,
    data: Dataset,
    text: str = "",
    *,
    tables: Sequence[Table] = (),
    warnings: Sequence[str] = (),
    returned: Mapping[str, float] | None = None,
) -> CommandResult:
    """The result of a command that changes the data."""
    state = replace(session.state, dataset=data)
    if returned is not None:
        state = replace(state, returned=Returned(dict(returned)))
    return CommandResult(text=text, tables=tuple(tables), warnings=tuple(warnings), state=state)


def shown(
    session: SessionPort,
    tables: Sequence[Table],
    scalars: Mapping[str, float],
    *,
    macros: Mapping[str, str] | None = None,
    matrices: Mapping[str, Matrix] | None = None,
    text: str = "",
) -> CommandResult:
    """The result of a command that looks at the data and leaves numbers in r()."""
    returned = Returned(dict(scalars), dict(macros or {}), dict(matrices or {}))
    return CommandResult(tables=tuple(tables), state=replace(session.state, returned=returned), text=text)
