"""The estimation sample: which rows take part, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.columns import variable_values
from terrace.design.units import LARGEST, refuse_large
from terrace.errors import DataError, SpecError
from terrace.spec.model import Factor, ModelSpec
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def selected_rows(spec: ModelSpec, data: Dataset) -> BoolArray:
    """Rows that ``if``, ``in`` and the filter keep, shape (rows of the data,)."""
    rows = np.ones(len(data), dtype=bool)
    if spec.range_:
        first, last = parse_range(spec.range_, len(data))
        rows[: first - 1] = False
        rows[last:] = False
    if spec.condition:
        from terrace.language.expressions.entry import condition

        rows &= condition(spec.condition, data)
        if not rows.any():
            raise DataError(
                f"No row satisfies if {spec.condition}.", code="no-observations", subject=spec.condition
            )
    if spec.filter:
        from terrace.language.expressions.truth import surely_true

        rows &= surely_true(spec.filter, data)
        if not rows.any():
            raise DataError(f"The filter {spec.filter} leaves no rows.", code="no-observations", subject=spec.filter)
    return rows


def parse_range(text: str, n: int) -> tuple[int, int]:
    """First and last row (from 1) of ``5``, ``1/100``, ``-10/l``, ``f/20``."""

    def one(part: str) -> int:
        part = part.strip().lower()
        if part == "f":
            return 1
        if part == "l":
            return n
        try:
            value = int(part)
        except ValueError:
            raise SpecError(
                f"in {text} is not a range of rows.", code="range", subject="in", advice="Write in 1/100."
            ) from None
        return value if value > 0 else n + 1 + value

    first, _, last = text.partition("/")
    low = one(first)
    high = one(last) if last else low
    if not 1 <= low <= high <= n:
        raise SpecError(f"in {text}: the data have rows 1 to {n}.", code="range", subject="in")
    return low, high


def _numbers(spec: ModelSpec) -> Iterator[Factor]:
    yield spec.outcome
    for term in spec.fixed:
        yield from (f for f in term.factors if f.kind == "continuous" and not f.drop)
    for equation in spec.random:
        for term in equation.terms:
            yield from (f for f in term.factors if f.kind == "continuous" and not f.drop)


def _codes(spec: ModelSpec) -> Iterator[str]:
    for term in spec.fixed:
        yield from (f.name for f in term.factors if f.kind == "factor")
    for equation in spec.random:
        for term in equation.terms:
            yield from (f.name for f in term.factors if f.kind == "factor")
        if equation.level != "_all":
            yield equation.level
        if equation.factor:
            yield equation.factor
    if spec.residuals.by:
        yield spec.residuals.by
    if spec.cluster:
        yield spec.cluster


def weight_values(expression: str, data: Dataset, rows: BoolArray, *, integer: bool, option: str) -> FloatArray:
    """Weights for every row of the data, shape (rows of the data,); checked on the selected rows."""
    from terrace.language.expressions.entry import evaluate

    values = np.asarray(evaluate(expression, data), dtype=np.float64)
    used = values[rows & ~np.isnan(values)]
    if np.any(used < 0):
        raise DataError(
            f"{option}: the weight {expression} is negative in {plural(int((used < 0).sum()), 'row')}.",
            code="negative-weights",
            subject=expression,
        )
    if integer and np.any(used != np.floor(used)):
        raise DataError(
            f"{option}: frequency weights must be whole numbers, and {expression} is not.",
            code="noninteger-weights",
            subject=expression,
            advice="Use pweight for sampling weights.",
        )
    return values


def estimation_sample(spec: ModelSpec, data: Dataset) -> BoolArray:
    """Rows used by the model: selected, and complete in every variable that the command names.

    Raises
    ------
    DataError
        A variable that does not exist or holds text where a number is needed; infinite values; no row left.
    """
    if len(data) == 0:
        raise DataError("The data have no rows.", code="no-observations")
    lost: dict[str, int] = {}
    rows = complete_rows(spec, data, selected_rows(spec, data), lost)
    if not rows.any():
        raise no_observations(lost)
    return rows


def complete_rows(
    spec: ModelSpec, data: Dataset, rows: BoolArray, lost: dict[str, int], first_row: int = 1
) -> BoolArray:
    """Those of `rows` that are complete in every variable of the model; `lost` counts by variable why others are not.

    ``first_row`` is the number of the first row, for messages. Raises `DataError` as `estimation_sample` does.
    """

    def keep(name: str, missing: BoolArray) -> None:
        nonlocal rows
        lost[name] = lost.get(name, 0) + int((missing & rows).sum())
        rows = rows & ~missing

    seen: set[tuple[str, tuple[tuple[str, int], ...]]] = set()
    for factor in _numbers(spec):
        if (factor.name, factor.operators) in seen:
            continue
        seen.add((factor.name, factor.operators))
        values = variable_values(data, factor)
        if _are_fine(values):
            lost.setdefault(factor.name, 0)
            continue
        infinite = np.isinf(values) & rows
        if infinite.any():
            row = int(np.flatnonzero(infinite)[0]) + first_row
            raise DataError(
                f"{factor.name} is infinite in {plural(int(infinite.sum()), 'row')}, the first of them row {row}.",
                code="infinite-values",
                subject=factor.name,
                advice="Replace these values with missing, or leave the rows out with if.",
            )
        refuse_large(values[rows], factor.name)
        keep(factor.name, np.isnan(values))
    for name in dict.fromkeys(_codes(spec)):
        if data.is_text(name):
            keep(name, data.codes(name)[0] < 0)
        elif not _are_fine(values := data.values(name)):
            keep(name, np.isnan(values))
    if spec.residuals.time:
        refuse_large(data.numeric(spec.residuals.time)[rows], spec.residuals.time)
        keep(spec.residuals.time, np.isnan(data.numeric(spec.residuals.time)))
    for kind, expression, option in weight_expressions(spec):
        values = weight_values(expression, data, rows, integer=kind == "fweight", option=option)
        refuse_large(values[rows], expression)
        keep(expression, np.isnan(values) | (values == 0))
    return rows


def _are_fine(values: FloatArray) -> bool:
    """Whether no value is missing, infinite or too large to be squared: the usual case, in two quick passes."""
    return bool(values.min(initial=0.0) >= -LARGEST and values.max(initial=0.0) <= LARGEST)


def no_observations(lost: dict[str, int]) -> DataError:
    """What to raise where no row is complete; `lost` counts the rows that each variable cost."""
    reasons = ", ".join(f"{name} ({plural(count, 'row')})" for name, count in lost.items() if count)
    return DataError(
        "No row is complete in all variables of the model."
        + (f" Rows were lost to missing values of {reasons}." if reasons else ""),
        code="no-observations",
        subject=next((name for name, count in lost.items() if count), ""),
        advice="Check the missing codes of these variables, or leave one of them out.",
    )


def weight_expressions(spec: ModelSpec) -> Iterator[tuple[str, str, str]]:
    """(kind, expression, option) of all weights: first level first, then the levels as they stand."""
    if spec.weight:
        yield spec.weight.kind, spec.weight.expression, f"[{spec.weight.kind}]"
    for equation in spec.random:
        if equation.fweight:
            yield "fweight", equation.fweight, f"fweight() of {equation.level}"
        if equation.pweight:
            yield "pweight", equation.pweight, f"pweight() of {equation.level}"
