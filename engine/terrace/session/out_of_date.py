"""Which models of the results document rest on data that have changed since, and what of these, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.data.changes import memory_of, same_values
from terrace.data.dataset import Dataset
from terrace.data.row_numbers import places
from terrace.design.streaming import model_variables
from terrace.errors import TerraceError
from terrace.session.commands.helpers.bases import with_bases
from terrace.session.filter import used_expression
from terrace.spec.model import ModelSpec
from terrace.wording import enumerated, plural

if TYPE_CHECKING:
    import pandas as pd

    from terrace.results.fit import FitResult
    from terrace.session.state import State

IntArray = npt.NDArray[np.int64]
_MOST = 2
_FEW = 0.5  # of the rows; where more values are others, the variable was recoded


def stale(state: State, *, filters: bool = True) -> dict[int, str]:
    """The models that are out of date, by their ids, each with the reason: ``3 values of ses changed``.

    A model whose file is not the one that is open is not out of date, and neither is any where no data are open. What
    is told apart: rows that left the estimation sample, new rows, values and missing codes of the model's variables,
    their measures, and the reference levels of factors. Labels and the order of rows change no model. With `filters`,
    so is a model that was fitted under another filter than the one in use; its rows and estimates stay as they are.
    """
    now = state.dataset
    out: dict[int, str] = {}
    compared = None if now is None else _Compared(now)
    for item in state.document.models():
        fit = item.fit
        if fit is None or item.data is None or compared is None or not of_one_source(item.data, compared.now):
            continue
        reasons = list(_reasons(state, fit, item.data, compared))
        if filters and (other := _other_filter(state, fit)):
            reasons.append(other)
        if reasons:
            more = ["more"] if len(reasons) > _MOST else []
            out[item.id] = enumerated([*reasons[:_MOST], *more])
    return out


def other_filters(state: State) -> dict[int, str]:
    """The models that were fitted under another filter than the one in use, by their ids, each with how they differ.

    As in `stale`, models of other data are none of these.
    """
    if state.dataset is None:
        return {}
    of_these = (i for i in state.document.models() if i.data is not None and of_one_source(i.data, state.dataset))
    found = ((i.id, _other_filter(state, i.fit)) for i in of_these if i.fit is not None)
    return {number: reason for number, reason in found if reason}


def of_one_source(then: Dataset, now: Dataset) -> bool:
    """True for data that come from the same rows, or were read from the same file."""
    return then.lineage is now.lineage or (bool(then.source) and then.source == now.source)


class _Compared:
    """What earlier data are compared with; models share their rows and columns, so that each is looked at once."""

    def __init__(self, now: Dataset) -> None:
        self.now = now
        self._rows: dict[tuple[int, int, int], tuple[IntArray, int] | None] = {}
        self._counts: dict[tuple[object, ...], tuple[int, int]] = {}

    def rows(self, then: Dataset) -> tuple[IntArray, int] | None:
        """`position_of` of these data."""
        key = self._key(then)
        if key not in self._rows:
            self._rows[key] = position_of(then, self.now)
        return self._rows[key]

    def different(self, name: str, then: Dataset) -> tuple[int, int]:
        """How many values of a variable are others, and in how many rows they were compared."""
        column = then.frame[name]
        key = (*self._key(then), name, memory_of(column) or id(then))
        if key not in self._counts:
            rows = self.rows(then)
            assert rows is not None
            there = rows[0] >= 0
            self._counts[key] = _different(column, self.now.frame[name], rows[0], there), int(there.sum())
        return self._counts[key]

    def _key(self, then: Dataset) -> tuple[int, int, int]:
        return id(then.lineage), id(then.row_ids), len(then)


def _reasons(state: State, fit: FitResult, then: Dataset, compared: _Compared) -> Iterator[str]:
    now = compared.now
    yield from _of_bases(state, fit)
    if now is then:
        return
    try:
        names = model_variables(fit.spec, then)
    except TerraceError:  # it was fitted with what is no variable of these data
        return
    gone = [n for n in names if n not in now]
    for name in gone:
        yield f"{name} was removed"
    rows = compared.rows(then)
    if rows is None:
        yield "the rows have changed"
        return
    position, added = rows
    lost = int(((position < 0) & fit.sample).sum()) if len(fit.sample) == len(position) else int((position < 0).sum())
    for count, what in ((lost, "removed"), (added, "added")):
        if count:
            yield f"{count:,} row{'s were' if count > 1 else ' was'} {what}"
    for name in names:
        if name in now:
            yield from _of_variable(name, then, compared)


def position_of(then: Dataset, now: Dataset) -> tuple[IntArray, int] | None:
    """Where each row of `then` is now, (rows then,), -1 for one that is gone, and how many rows are new.

    None where the rows were made anew, such as by reshape, and are not as many.
    """
    if then.lineage is not now.lineage or then.row_ids is now.row_ids:
        return (np.arange(len(then)), 0) if len(then) == len(now) else None
    place, itself = places(then.ids, now.ids)
    position = np.full(len(then), -1, dtype=np.int64)
    position[place[itself]] = np.flatnonzero(itself)
    return position, int((~itself).sum())


def _of_variable(name: str, then: Dataset, compared: _Compared) -> Iterator[str]:
    count, rows = compared.different(name, then)
    if count:
        recoded = count > _FEW * rows
        yield f"{name} was recoded" if recoded else f"{plural(count, 'value')} of {name} changed"
    old, new = then.variable(name), compared.now.variable(name)
    if old is new:
        return
    if (old.missing_codes, old.missing_ranges) != (new.missing_codes, new.missing_ranges):
        yield f"the missing codes of {name} changed"
    if old.measure != new.measure:
        yield f"{name} is now {new.measure}"


def _different(old: pd.Series, new: pd.Series, position: IntArray, there: npt.NDArray[np.bool_]) -> int:
    """How many values are others in the rows that are still there."""
    if len(old) == len(new) and there.all() and bool((position == np.arange(len(position))).all()):
        if same_values(old, new):
            return 0
    else:
        old = old[there].reset_index(drop=True)
        new = new.take(position[there]).reset_index(drop=True)
    if all(isinstance(c.dtype, np.dtype) and c.dtype.kind in "fiu" for c in (old, new)):
        x, y = old.to_numpy(), new.to_numpy()
        return int(((x != y) & ~(np.isnan(x) & np.isnan(y))).sum())
    a, b = old.astype(object), new.astype(object)
    same = (a == b).to_numpy(dtype=bool) | (a.isna() & b.isna()).to_numpy(dtype=bool)
    return int((~same).sum())


# --- the filter ---------------------------------------------------------------------------------------------
def _other_filter(state: State, fit: FitResult) -> str:
    """How the filter in use differs from that of the fit; empty where it is the same."""
    now, then = used_expression(state.filter), fit.spec.filter or ""
    if now == then:
        return ""
    if not now:
        return f"the filter {then} is not in use now"
    return f"the filter changed from {then} to {now}" if then else f"it was fitted without the filter {now}"


# --- reference levels ---------------------------------------------------------------------------------------
def _of_bases(state: State, fit: FitResult) -> Iterator[str]:
    """Factors whose reference level the command of the fit would choose otherwise now, by ``fvset base``."""
    then = _bases(fit.spec)
    if not then or state.dataset is None:
        return
    try:
        now = _bases(with_bases(state, _read_again(fit, state.dataset)))
    except TerraceError:  # what it names is gone, which is told by itself
        return
    for name, base in now.items():
        if then.get(name, base) != base:
            yield f"the reference level of {name} changed"


def _bases(spec: ModelSpec) -> dict[str, object]:
    terms = (*spec.fixed, *(t for e in spec.random for t in e.terms))
    return {f.name: f.base for t in terms for f in t.factors if f.kind == "factor" and not f.levels}


def _read_again(fit: FitResult, data: Dataset) -> ModelSpec:
    from terrace.language.mixed import parse_mixed

    return parse_mixed(fit.command, data.names)
