"""Averaged rows of the fixed part with some variables set: what margins, contrasts and slopes are made of.

A column of X is a product of variables and indicators. Where a variable is set, its factor is a constant; the
rest is averaged over the sample. The model is linear, so the average of predictions is the averaged row times
β, and every average of the same observed variables is computed once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.design.columns import ColumnInfo, variable_values
from terrace.design.estimability import all_determined, estimable_rows, excess
from terrace.errors import DataError, SpecError
from terrace.postestimation.tests.combinations import need_data
from terrace.results.fit import FitResult

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Given:
    """A value of its own for every row of the sample, shape (n,), and how it is written."""

    values: FloatArray
    text: str


Setting = float | Mapping[Value, float] | Given
"""A number for a continuous variable, or one a row; for a factor the share of each level, shares summing to 1."""
Key = tuple[str, str, tuple[tuple[str, int], ...]]
Part = tuple[Key, Value | None]


class Averages:
    """Averages of the columns of X over the estimation sample, or over its rows `inside`, with variables set or not.

    Raises `DataError` where no row of the sample is inside.
    """

    def __init__(self, fit: FitResult, data: Dataset, inside: BoolArray | None = None) -> None:
        need_data(fit, data)
        self.fit, self.data = fit, data
        design = fit.model.design
        self.info: tuple[ColumnInfo, ...] = design.x_info
        self.weights = estimation_weights(fit, data)
        self.n = design.n
        if inside is not None:
            self.n = int(inside.sum())
            self.weights = self.weights * inside
            if not self.weights.sum() > 0:
                raise DataError("if and in leave no rows of the estimation sample.", code="no-observations")
        self._columns: dict[Part, FloatArray] = {}
        self._means: dict[tuple[tuple[Part, ...], bytes], float] = {}
        self._subsets: dict[bytes, FloatArray] = {}

    # --- what the model has -----------------------------------------------------------------------------
    def variables(self) -> list[Key]:
        """Every variable of the fixed part once: (kind, name, operators), in the order of the model."""
        out: dict[Key, None] = {}
        for term in self.fit.spec.fixed:
            for f in term.factors:
                if not f.drop:
                    out[(f.kind, f.name, f.operators)] = None
        return list(out)

    def levels(self, name: str) -> list[Value]:
        """The levels of a factor that the fit knows, base included, in order. `SpecError` where it is none."""
        found: dict[Value, None] = {}
        for column in self.fit.model.design.columns:
            if column.name == "_cons":
                continue
            for f, level in zip(self.fit.spec.fixed[column.term].factors, column.levels or (None,) * 8):
                if f.kind == "factor" and f.name == name and level is not None:
                    found[level] = None
        if not found:
            factors = [k[1] for k in self.variables() if k[0] == "factor"]
            raise SpecError(
                f"{name} is not a factor of the model's fixed part.",
                code="not-a-factor",
                subject=name,
                advice=f"Its factors are {', '.join(dict.fromkeys(factors))}." if factors else "It has no factors.",
            )
        return sorted(found)

    def base(self, name: str) -> Value:
        """The base level of a factor; the lowest where it has none."""
        for column in self.fit.model.design.columns:
            if column.kind == "base" and column.variables == (name,) and len(column.levels) == 1:
                level = column.levels[0]
                assert level is not None  # the column is one of a factor
                return level
        return self.levels(name)[0]

    # --- averages ---------------------------------------------------------------------------------------
    def part(self, part: Part) -> FloatArray:
        """A variable or an indicator in the sample, shape (n,)."""
        if part not in self._columns:
            (kind, name, operators), level = part
            if kind == "continuous":
                from terrace.spec.model import Factor

                values = variable_values(self.data, Factor(name, operators=operators))[self.fit.sample]
            else:
                codes, known = self.data.codes(name)
                values = np.array([float(v == level) for v in known] + [np.nan])[codes][self.fit.sample]
            self._columns[part] = values
        return self._columns[part]

    def mean(self, parts: Sequence[Part], rows: BoolArray | None = None) -> float:
        """The weighted mean of a product over some rows of the sample."""
        if not parts:
            return 1.0
        subset = b"" if rows is None else rows.tobytes()
        key = (tuple(sorted(parts, key=repr)), subset)
        if key not in self._means:
            product = self.part(parts[0])
            for p in parts[1:]:
                product = product * self.part(p)
            w = self.weights if rows is None else self.weights * rows
            self._means[key] = float((product @ w) / w.sum())
        return self._means[key]

    def row(
        self, set_: Mapping[Key, Setting], rows: BoolArray | None = None, *, slope: Key | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """The averaged row (p,) with variables set, and its excess (q,), which is zero where it can be estimated.

        With `slope`, of the derivative with respect to that continuous variable.
        """
        design = self.fit.model.design
        values = np.array([self._average(c, set_, rows, slope) for c in self.info])
        lost = np.array([self._average(c, set_, rows, slope) for c in design.lost])
        return values, excess(design, values[None], lost[None])[0]

    def each_estimable(
        self, set_: Mapping[Key, Setting], rows: BoolArray | None = None, *, slope: Key | None = None
    ) -> bool:
        """Whether the predictions of all rows that an average is about can be estimated, each by itself."""
        design = self.fit.model.design
        if all_determined(design):
            return True
        inside = self.shares(rows) > 0

        def all_fine(by: Key | None) -> bool:
            kept = self.matrix(set_, slope=by)[inside]
            return bool(estimable_rows(design, kept, lambda c: self.matrix(set_, slope=by, columns=c)[inside]).all())

        return all_fine(None) and (slope is None or all_fine(slope))

    def shares(self, rows: BoolArray | None = None) -> FloatArray:
        """The weight of each row of the sample in an average over some of them, (n,), summing to 1."""
        w = self.weights if rows is None else self.weights * rows
        return np.asarray(w / w.sum())

    def matrix(
        self,
        set_: Mapping[Key, Setting],
        moved: Mapping[Key, FloatArray] | None = None,
        *,
        slope: Key | None = None,
        columns: Sequence[ColumnInfo] | None = None,
    ) -> FloatArray:
        """The rows (n, p) of the sample with variables set; with `slope` their derivative by that variable.

        ``moved`` gives continuous variables other values, (n,) each; ``columns`` are those of X by default.
        """
        n = self.fit.model.design.n
        columns = self.info if columns is None else columns
        out = np.zeros((n, len(columns)))
        for k, column in enumerate(columns):
            parts = self._parts(column)
            if slope is None:
                out[:, k] = self._values(parts, set_, moved or {})
                continue
            for i, (key, _) in enumerate(parts):
                if key == slope:
                    out[:, k] += self._values(parts[:i] + parts[i + 1 :], set_, moved or {})
        return out

    def _values(
        self, parts: Sequence[Part], set_: Mapping[Key, Setting], moved: Mapping[Key, FloatArray]
    ) -> FloatArray:
        product = np.ones(self.fit.model.design.n)
        for key, level in parts:
            value = set_.get(key)
            if key in moved:
                product = product * moved[key]
            elif value is None:
                product = product * self.part((key, level))
            elif isinstance(value, Given):
                product = product * value.values
            else:
                product = product * _held(value, level)
        return product

    def _parts(self, column: ColumnInfo) -> list[Part]:
        if column.name == "_cons":
            return []
        factors = self.fit.spec.fixed[column.term].factors
        return [
            ((f.kind, f.name, f.operators), level)
            for f, level in zip(factors, column.levels or (None,) * len(factors))
        ]

    def _average(
        self, column: ColumnInfo, set_: Mapping[Key, Setting], rows: BoolArray | None, slope: Key | None
    ) -> float:
        parts = self._parts(column)
        if slope is None:
            return self._product(parts, set_, rows)
        total = 0.0
        for k, (key, _) in enumerate(parts):
            if key == slope:
                total += self._product(parts[:k] + parts[k + 1 :], set_, rows)
        return total

    def _product(self, parts: Sequence[Part], set_: Mapping[Key, Setting], rows: BoolArray | None) -> float:
        constant, observed = 1.0, []
        for key, level in parts:
            if key not in set_:
                observed.append((key, level))
                continue
            value = set_[key]
            if isinstance(value, Given):
                part: Part = (("given", f"{key[1]}={value.text}", ()), None)
                self._columns[part] = value.values
                observed.append(part)
                continue
            constant *= _held(value, level)
        if constant == 0.0:
            return 0.0
        return constant * self.mean(observed, rows)

    def values_of(self, key: Key, set_: Mapping[Key, Setting]) -> FloatArray:
        """A continuous variable in the sample as it is set, shape (n,)."""
        value = set_.get(key)
        if value is None:
            return self.part((key, None))
        if isinstance(value, Given):
            return value.values
        assert not isinstance(value, Mapping)  # that is what a factor is set to
        return np.full(self.fit.model.design.n, float(value))

    # --- settings ---------------------------------------------------------------------------------------
    def means(self, key: Key, rows: BoolArray | None = None) -> Setting:
        """The mean of a continuous variable; the share of each level of a factor."""
        if key[0] == "continuous":
            return self.mean([(key, None)], rows)
        return {level: self.mean([(key, level)], rows) for level in self.levels(key[1])}

    def statistic(self, key: Key, name: str, rows: BoolArray | None = None) -> Setting:
        """A setting by name: mean, median, p25, min, max, zero, base, asbalanced. `SpecError` for another."""
        if name == "mean":
            return self.means(key, rows)
        if key[0] == "factor":
            levels = self.levels(key[1])
            if name == "asbalanced":
                return {level: 1.0 / len(levels) for level in levels}
            if name == "base":
                return {self.base(key[1]): 1.0}
        else:
            values = self.part((key, None))
            w = self.weights if rows is None else self.weights * rows
            inside = w > 0
            if name == "zero":
                return 0.0
            if name in ("min", "max"):
                return float(getattr(values[inside], name)())
            share = 50.0 if name == "median" else float(name[1:]) if name[:1] == "p" and name[1:].isdigit() else None
            if share is not None and 0 < share < 100:
                return weighted_quantile(values[inside], w[inside], share / 100.0)
        raise SpecError(
            f"{name} is not a value that at() can give {key[1]}.",
            code="at-statistic",
            subject="at",
            advice="Use a number, mean, median, p25, min, max or zero. For a factor, use mean, base or asbalanced.",
        )

    def level_of(self, name: str, value: Value) -> Value:
        """The level of a factor that a number, a code or a label means. `SpecError` where there is none."""
        levels = self.levels(name)
        for level in levels:
            if level == value or self.data.level_label(name, level) == str(value):
                return level
        raise SpecError(
            f"{value} is not a level of {name} in the estimation sample.",
            code="no-such-level",
            subject=name,
            advice="Its levels are " + ", ".join(self.data.level_label(name, v) for v in levels[:15]) + ".",
        )


def _held(value: float | Mapping[Value, float], level: Value | None) -> float:
    """What a part of a column is held at: a number, or the share of its level."""
    if not isinstance(value, Mapping):
        return float(value)
    return 0.0 if level is None else float(value.get(level, 0.0))


def weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    """The quantile that averages the two middle values where the share falls between them."""
    order = np.argsort(values, kind="stable")
    v, reached = values[order], np.cumsum(weights[order])
    target = share * reached[-1]
    k = int(np.searchsorted(reached, target * (1 - 1e-12), side="left"))
    if abs(reached[k] - target) <= 1e-12 * reached[-1] and k + 1 < len(v):
        return float((v[k] + v[k + 1]) / 2)
    return float(v[k])


def estimation_weights(fit: FitResult, data: Dataset) -> FloatArray:
    """Weights of the average: those of the first level as typed; frequencies of every level."""
    from terrace.design.sample import weight_values

    n = fit.model.design.n
    out = np.ones(n)
    if fit.spec.weight:
        out = weight_values(
            fit.spec.weight.expression, data, fit.sample, integer=False, option=f"[{fit.spec.weight.kind}]"
        )[fit.sample]
    if fit.model.design.weights.kind == "fweight":
        for _, values in fit.model.design.weights.level:
            out = out * values
    if not out.sum() > 0:
        raise DataError("The weights of the sample sum to zero.", code="no-weight")
    return out
