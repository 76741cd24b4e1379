"""The design of a file that is read in batches: see `terrace.design.cells` for what stands for its rows.

Where the model has factor variables, a first run over the file finds their levels and which of them meet. The run
after that (the only one otherwise) gathers the rows in cells, those that share all groups of the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.covariance.registry import RESIDUALS
from terrace.data.dataset import Dataset, Variable
from terrace.data.memory import available_memory
from terrace.data.progress import Report
from terrace.data.streams.batches import StreamedData, TypeGivenUp
from terrace.data.value import Value
from terrace.design.cell_keys import GroupCodes, KeyTable, computed_values
from terrace.design.cells import Cells
from terrace.design.columns import ColumnBuilder, ColumnInfo, Columns
from terrace.design.design import Design, assemble
from terrace.design.newdata import column_values
from terrace.design.sample import complete_rows, no_observations, parse_range, weight_expressions
from terrace.design.units import refuse_large
from terrace.design.weights import RowWeights, build_weights
from terrace.errors import DataError
from terrace.spec.model import Factor, ModelSpec, Term

FloatArray = npt.NDArray[np.float64]
Key = tuple[tuple[str, ...], tuple[tuple[str, Value | None], ...]]


def why_rows_are_needed(spec: ModelSpec) -> str:
    """What in the model needs the rows themselves, in words for people; empty where sums of products suffice."""
    residuals = spec.residuals
    if not RESIDUALS[residuals.structure].independent:
        return f"residuals({residuals.structure})"
    factors = [f for term in (*spec.fixed, *(t for e in spec.random for t in e.terms)) for f in term.factors]
    for f in (spec.outcome, *factors):
        if f.operators:
            return f"the time-series operator of {''.join(f'{op}{k}' for op, k in f.operators)}.{f.name}"
    if spec.pwscale == "gk":
        return "pwscale(gk)"
    if spec.vce in ("robust", "cluster") and (spec.vce_correction == "cr2" or spec.df_method == "satterthwaite"):
        return "robust standard errors for few clusters"
    if spec.vce == "robust" and not spec.random:
        return "vce(robust) without groups"
    if spec.weight is not None and spec.weight.kind == "pweight" and not spec.random and not spec.cluster:
        return "pweight without groups"
    from terrace.language.expressions.entry import looks_at_other_rows

    for text in (spec.condition, *(expression for _, expression, _ in weight_expressions(spec))):
        if text and looks_at_other_rows(text):
            return f"the expression {text}"
    return ""


def model_variables(spec: ModelSpec, data: Dataset) -> tuple[str, ...]:
    """The variables that a model reads, those of its condition, filter and weights included; each once."""
    from terrace.language.expressions.entry import variables_in

    names = [spec.outcome.name]
    for term in (*spec.fixed, *(t for e in spec.random for t in e.terms)):
        names += [f.name for f in term.factors]
    for equation in spec.random:
        names += [equation.level] if equation.level != "_all" else []
        names += [equation.factor] if equation.factor else []
    names += [n for n in (spec.residuals.by, spec.residuals.time, spec.cluster) if n]
    if spec.condition:
        names += variables_in(spec.condition, data)
    if spec.filter:
        names += variables_in(spec.filter, data)
    for _, expression, _ in weight_expressions(spec):
        names += variables_in(expression, data)
    for name in names:
        data.variable(name)
    return tuple(dict.fromkeys(names))


def build_streamed_design(spec: ModelSpec, data: StreamedData, report: Report | None = None) -> Design:
    """Bind a specification to a streamed file; the result has rows that stand for those of the file.

    Raises as `build_design` does, and `DataError` where the cells of the model do not fit into memory.
    """
    while True:
        try:
            return _Passes(spec, data, report).design()
        except TypeGivenUp as wider:
            data = wider.data


@dataclass(frozen=True)
class _Wanted:
    """Columns that are gathered: those of `terms` that ``info`` describes."""

    terms: tuple[Term, ...]
    info: tuple[ColumnInfo, ...]


class _Passes:
    """The runs over one file for one model."""

    def __init__(self, spec: ModelSpec, data: StreamedData, report: Report | None) -> None:
        self.spec, self.data, self.report = spec, data, report
        self.variables = model_variables(spec, data)
        self.lost: dict[str, int] = {}
        self.n_rows = 0

    def design(self) -> Design:
        self._check_numbers()
        prototype = self._prototype()
        wanted, places = self._wanted(prototype)
        keys = [GroupCodes(name) for name in self._group_variables()]
        weights = [GroupCodes(e, computed=True) for e in self._level_weights()]
        table = KeyTable([*keys, *weights])
        k = len(places)
        cells = Cells(k)
        names = [info.name for w in wanted for info in w.info]
        expression = self.spec.weight.expression if self.spec.weight else None
        limit = _cell_limit(k)
        for batch in self._batches():
            with np.errstate(over="ignore"):
                columns = np.column_stack([column_values(w.terms, w.info, batch) for w in wanted])
            for name, column in zip(names, columns.T):
                refuse_large(column, name)
            row_weights = None
            if expression is not None:
                row_weights = computed_values(expression, batch)
            local, found = table.cells(batch)
            cells.add(local, found, columns, row_weights)
            if limit is not None and cells.count > limit:
                raise self._too_many(cells.count)
        if not cells.count:
            raise no_observations(self.lost)
        return self._assemble(prototype, places, table, cells)

    def _assemble(self, prototype: ColumnBuilder, places: dict[Key, int], table: KeyTable, cells: Cells) -> Design:
        rows = cells.rows()
        frame, variables = {}, []
        for position, group in enumerate(table.groups):
            own = table.members(position)[rows.cell]
            frame[group.name] = group.series(own, None if group.computed else self.data.frame[group.name].dtype)
            variables.append(Variable(group.name) if group.computed else self.data.variable(group.name))
        standing = pd.DataFrame(frame, index=pd.RangeIndex(len(rows.cell)), copy=False)
        groups = Dataset(standing, tuple(variables))
        every = np.ones(len(rows.cell), dtype=bool)
        weights = build_weights(self.spec, groups, every, RowWeights(rows.weights, rows.counts, rows.squares))
        builder = StandingColumns(prototype, places, rows.columns)
        design = assemble(self.spec, groups, every, builder, weights, rows.counts)
        return replace(design, data_rows=self.n_rows, sample=np.zeros(0, dtype=bool))

    # --- the rows of the model ------------------------------------------------------------------------------
    def _batches(self) -> Iterator[Dataset]:
        """Batches of the rows that the model uses."""
        for batch, mask in self._masked():
            if mask.all():
                yield batch
            elif mask.any():
                yield batch.rows(mask)

    def _masked(self) -> Iterator[tuple[Dataset, npt.NDArray[np.bool_]]]:
        """Batches of all rows, each with a mask of those that the model uses."""
        self.lost, self.n_rows = {}, 0
        first, last = self._range()
        for batch in self.data.batches(self.variables, self.report):
            mask = np.ones(len(batch), dtype=bool)
            mask[: max(0, first - 1 - self.n_rows)] = False
            mask[max(0, last - self.n_rows) :] = False
            if self.spec.condition:
                from terrace.language.expressions.entry import condition

                mask &= condition(self.spec.condition, batch)
            if self.spec.filter:
                from terrace.language.expressions.truth import surely_true

                mask &= surely_true(self.spec.filter, batch)
            mask = complete_rows(self.spec, batch, mask, self.lost, self.n_rows + 1)
            self.n_rows += len(batch)
            yield batch, mask

    def _range(self) -> tuple[int, int]:
        if not self.spec.range_:
            return 1, np.iinfo(np.int64).max
        return parse_range(self.spec.range_, self.data.count(self.report))

    def _check_numbers(self) -> None:
        """Text where a number is needed is known before the file is read."""
        mask = np.ones(len(self.data), dtype=bool)
        complete_rows(self.spec, self.data, mask & False, {})

    # --- columns --------------------------------------------------------------------------------------------
    def _prototype(self) -> ColumnBuilder:
        """A builder over one row for each combination of factor levels, which knows the columns by name.

        Continuous variables are 1 there. Rows outside the estimation sample count for the numbers of text levels.
        """
        terms = (*self.spec.fixed, *(t for e in self.spec.random for t in e.terms))
        factors = list(dict.fromkeys(f.name for t in terms for f in t.factors if f.kind == "factor"))
        numbers = {f.name for t in terms for f in t.factors if f.kind == "continuous"} | {self.spec.outcome.name}
        seen: Counter[tuple[Value, ...]] = Counter()
        if factors:
            for batch, mask in self._masked():
                seen.update(_combinations(batch, factors, mask))
            if not any(key[-1] for key in seen):
                raise no_observations(self.lost)
        else:
            seen[(True,)] = 1
        combinations = list(seen)
        frame: dict[str, Any] = {}
        for k, name in enumerate(factors):
            values = [key[k] for key in combinations]
            frame[name] = pd.Series(values, dtype="str" if self.data.is_text(name) else np.float64)
        for name in numbers - set(factors):
            frame[name] = np.ones(len(combinations))
        data = Dataset(pd.DataFrame(frame), tuple(self.data.variable(name) for name in frame))
        inside = np.array([key[-1] for key in combinations], dtype=bool)
        counts = np.array([seen[key] for key in combinations], dtype=np.int64)
        return ColumnBuilder(data, inside, counts[inside])

    def _wanted(self, prototype: ColumnBuilder) -> tuple[list[_Wanted], dict[Key, int]]:
        """The distinct columns of the model, the outcome first, and where each of them stands."""
        outcome = Term((self.spec.outcome,))
        y = ColumnInfo(self.spec.outcome.name, "", 0, variables=(self.spec.outcome.name,))
        wanted = [_Wanted((outcome,), (y,))]
        places = {column_key((outcome,), y): 0}
        parts = [(self.spec.fixed, self.spec.constant)]
        # with the constant or without it, an interaction of factors keeps another cell: take both
        parts += [(e.terms, constant) for e in self.spec.random if not e.factor for constant in (True, False)]
        for terms, constant in parts:
            fresh = []
            for info in prototype.build(terms, constant).info:
                key = column_key(terms, info)
                if key not in places:
                    places[key] = len(places)
                    fresh.append(info)
            if fresh:
                wanted.append(_Wanted(tuple(terms), tuple(fresh)))
        return wanted, places

    # --- groups ---------------------------------------------------------------------------------------------
    def _group_variables(self) -> list[str]:
        names = []
        for equation in self.spec.random:
            names += [equation.level] if equation.level != "_all" else []
            names += [equation.factor] if equation.factor else []
        names += [n for n in (self.spec.residuals.by, self.spec.cluster) if n]
        return list(dict.fromkeys(names))

    def _level_weights(self) -> list[str]:
        found = dict.fromkeys(e for e in (q.fweight or q.pweight for q in self.spec.random) if e)
        return [e for e in found if e not in self._group_variables()]

    def _too_many(self, count: int) -> DataError:
        groups = " by ".join(self._group_variables())
        return DataError(
            f"The rows fall into more than {count:,} cells of {groups}, which do not "
            "fit into memory.",
            code="larger-than-memory",
            subject=self.data.file.path.name,
            advice="Use fewer groups (if ...), a coarser group variable or fewer terms.",
        )


class StandingColumns:
    """The columns of rows that stand for others: names from a prototype, values by `column_key`."""

    def __init__(self, prototype: ColumnBuilder, places: dict[Key, int], values: FloatArray) -> None:
        self._prototype, self._places, self._values = prototype, places, values

    def values(self, factor: Factor) -> FloatArray:
        """A continuous variable, shape (rows,)."""
        key = column_key((Term((factor,)),), ColumnInfo(factor.name, "", 0))
        return np.ascontiguousarray(self._values[:, self._places[key]])

    def build(self, terms: Sequence[Term], constant: bool, *, bare: bool = False) -> Columns:
        """All columns of `terms`, as `ColumnBuilder.build` gives them."""
        named = self._prototype.build(terms, constant, bare=bare)
        at = [self._places[column_key(terms, info)] for info in named.info]
        return Columns(self._values[:, at], named.info, named.all)


def column_key(terms: Sequence[Term], info: ColumnInfo) -> Key:
    """What a column is, whatever it is called: its continuous variables, and its factors with their levels."""
    factors = terms[info.term].factors
    levels = info.levels or (None,) * len(factors)
    numbers = sorted(f.name for f in factors if f.kind == "continuous")
    indicators = {(f.name, level) for f, level in zip(factors, levels, strict=True) if f.kind == "factor"}
    return tuple(numbers), tuple(sorted(indicators, key=repr))


def _combinations(batch: Dataset, factors: Sequence[str], mask: npt.NDArray[np.bool_]) -> Counter[tuple[Value, ...]]:
    """How often each combination of values of the factors occurs, the mask as its last member; none with missings."""
    key = mask.astype(np.int64)
    known = np.ones(len(batch), dtype=bool)
    levels = []
    for name in factors:
        codes, values = batch.codes(name)
        known &= codes >= 0
        levels.append(values)
        key = key * max(1, len(values)) + codes
    codes, distinct = pd.factorize(key[known])
    counts = np.bincount(codes, minlength=len(distinct))
    out: Counter[tuple[Value, ...]] = Counter()
    for value, count in zip(distinct.tolist(), counts.tolist(), strict=True):
        parts = []
        for values in reversed(levels):
            value, code = divmod(value, max(1, len(values)))
            parts.append(values[code])
        out[(*reversed(parts), bool(value))] = count
    return out


def _cell_limit(k: int) -> int | None:
    """How many cells fit into the memory that is left, with as much again for the fit."""
    left = available_memory()
    return None if left is None else max(1000, left // (2 * Cells.bytes_of(1, k)))
