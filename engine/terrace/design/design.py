"""`Design`: a model bound to data, as arrays. The stage between the specification and the likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import RandomStructure
from terrace.covariance.registry import STRUCTURES, random_structure
from terrace.data.dataset import Dataset
from terrace.design.columns import ColumnBuilder, ColumnInfo, Columns, picked_rows
from terrace.design.fixed_part import CONSTANT, FixedPart, fixed_part, with_constant
from terrace.design.groups import compact, first_rows, interact, sizes
from terrace.design.independent import Dependence, dependent_columns
from terrace.design.residuals import ResidualLayout, residual_layout
from terrace.design.sample import estimation_sample, weight_expressions
from terrace.design.units import refuse_ratios, refuse_units, refuse_weights
from terrace.design.weights import Weights, build_weights, row_products
from terrace.errors import FitError, SpecError
from terrace.frozen import freeze
from terrace.spec.model import Factor, ModelSpec, RandomEquation, Term
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Level:
    """One level of grouping: the groups of `name` within all levels above it.

    ``codes`` (n,) number the groups in the order of the levels above and then of the variable's values;
    ``rows`` gives one row of the sample per group, to look up its identifiers. ``values`` are the values of the
    variable by group, shape (n_groups,), for finding the groups again in other data; None for ``_all``.
    """

    name: str
    codes: IntArray
    n_groups: int
    rows: IntArray
    values: npt.NDArray[Any] | None = None


@dataclass(frozen=True)
class RandomBlock:
    """One random-effects equation bound to data.

    ``z`` has shape (n, q) for slopes and intercept, (n, 1) of ones for ``R.varname``, where the effects belong
    to the values of the variable within each group: ``codes`` then numbers the pairs. ``structure`` holds Σ
    of the effects in `names`; for ``R.`` it has the size of one effect, or is exchangeable over the values, and
    ``values`` (n_groups,) are the values of `factor` by pair.
    """

    level: Level
    structure: RandomStructure
    names: tuple[str, ...]
    labels: tuple[str, ...]
    variables: tuple[tuple[str, ...], ...]
    z: FloatArray
    codes: IntArray
    n_groups: int
    factor: str | None = None
    equation: int = 0
    info: tuple[ColumnInfo, ...] = ()
    values: npt.NDArray[Any] | None = None

    @property
    def title(self) -> str:
        """The structure's title, or (empty)."""
        return self.structure.title if self.names else "(empty)"


@dataclass(frozen=True)
class Design:
    """Everything that the likelihood needs, for the n rows of the estimation sample.

    ``x`` (n, p) holds the kept fixed-effects columns with the constant last; ``columns`` describes all columns in
    printing order, with those left out. ``levels`` stand from the highest down without repeats. ``dropped`` lists what
    was left out of the fixed part for collinearity. ``lost`` describes all columns of it that have no coefficient of
    their own, for collinearity or for want of rows, and ``dependence`` tells how they follow from the columns of x:
    `terrace.design.estimability` needs both. ``unsettled`` (p, k), once a model has been fitted, spans the changes of
    the coefficients between estimates of one and the same restricted likelihood
    (`terrace.inference.identification.moving`). ``constant_slopes`` has (level, column) of random effects whose column
    is constant within the groups of their level. Where the rows are not those of the data but stand for them
    (`terrace.design.cells`), ``counts`` (rows,) are the rows of the data that each stands for, ``weights.row`` is set
    whether the user gave weights or not, and ``sample`` is empty.
    """

    spec: ModelSpec
    data_rows: int
    sample: npt.NDArray[np.bool_]
    y: FloatArray
    x: FloatArray
    x_info: tuple[ColumnInfo, ...]
    columns: tuple[ColumnInfo, ...]
    levels: tuple[Level, ...]
    blocks: tuple[RandomBlock, ...]
    residuals: ResidualLayout
    weights: Weights
    cluster: IntArray | None = None
    dropped: tuple[str, ...] = ()
    dropped_random: tuple[tuple[str, str], ...] = field(default=())
    constant_slopes: tuple[tuple[str, str], ...] = ()
    counts: FloatArray | None = None
    lost: tuple[ColumnInfo, ...] = ()
    dependence: Dependence | None = None
    unsettled: FloatArray | None = None

    def __post_init__(self) -> None:
        freeze(self, ("sample", "y", "x", "cluster", "counts", "unsettled"))
        for level in self.levels:
            freeze(level, ("codes", "rows", "values"))
        freeze(self.residuals, ("groups", "at", "by"))
        for block in self.blocks:
            freeze(block, ("z", "codes", "values"))

    @property
    def n(self) -> int:
        """Rows of the estimation sample."""
        return len(self.y) if self.counts is None else round(float(self.counts.sum()))


def build_design(spec: ModelSpec, data: Dataset) -> Design:
    """Bind a specification to data.

    Raises
    ------
    DataError, SpecError, FitError
        Whatever makes the model impossible on these data, naming the variable.
    """
    rows = estimation_sample(spec, data)
    builder = ColumnBuilder(data, rows)
    return assemble(spec, data, rows, builder, build_weights(spec, data, rows))


class Builder(Protocol):
    """What gives the columns of a design: `ColumnBuilder`, or the like for rows that stand for others."""

    def values(self, factor: Factor) -> FloatArray:
        """A continuous variable, shape (rows,)."""
        ...

    def build(self, terms: Sequence[Term], constant: bool, *, bare: bool = False) -> Columns:
        """The columns of `terms`; see `ColumnBuilder.build`."""
        ...


def assemble(
    spec: ModelSpec, data: Dataset, rows: npt.NDArray[np.bool_], builder: Builder, weights: Weights,
    counts: FloatArray | None = None,
) -> Design:
    """The design of the rows of `data` that `rows` marks, with their columns from `builder`.

    ``counts`` are those of `Design`. Raises as `build_design` does.
    """
    y = builder.values(spec.outcome)
    n = len(y) if counts is None else round(float(counts.sum()))
    _check_outcome(spec, y, n)
    outcome = spec.outcome.name
    refuse_units(y[:, None], [outcome])
    fixed = builder.build(spec.fixed, spec.constant)
    refuse_units(fixed.matrix, [column.name for column in fixed.info])
    refuse_ratios(y, outcome, fixed.matrix, [column.name for column in fixed.info])
    part = fixed_part(spec, fixed)
    x = part.x
    if x.shape[1] >= n:
        raise FitError(
            f"The model has {plural(x.shape[1], 'fixed effect')} and only {plural(n, 'complete row')}.",
            code="too-many-parameters",
            advice="Leave out some terms, or use more data.",
        )
    levels = _levels(spec, data, rows)
    blocks, dropped_random, constant_slopes = _blocks(spec, data, rows, builder, levels, y, fixed, part)
    residual = residual_layout(spec, data, rows, levels[-1].codes if levels else np.zeros(len(y), dtype=np.int64))
    _check_identified(spec, blocks, residual, n, x.shape[1], counts)
    named = [expression for _, expression, _ in weight_expressions(spec)]
    if named:
        refuse_weights(float(row_products(weights, len(y)).sum()), named)
    _check_weights(weights, levels, blocks, residual)
    cluster = None
    if spec.cluster:
        cluster, _ = compact(data.codes(spec.cluster)[0][rows])
        _check_cluster(spec, levels, cluster)
    return Design(
        spec, len(data), rows, y, x, part.info, part.columns, levels, blocks, residual, weights, cluster, part.dropped,
        dropped_random, constant_slopes, counts, part.lost, part.dependence,
    )


def _check_outcome(spec: ModelSpec, y: FloatArray, n: int) -> None:
    if len(y) and np.all(y == y[0]):
        raise FitError(
            f"The outcome {spec.outcome.name} has the same value, {y[0]:g}, in all {plural(n, 'row')} of the sample.",
            code="constant-outcome",
            subject=spec.outcome.name,
            advice="Choose another outcome, or check the if condition and the missing values.",
        )


def _levels(spec: ModelSpec, data: Dataset, rows: npt.NDArray[np.bool_]) -> tuple[Level, ...]:
    n = int(np.count_nonzero(rows))
    levels: list[Level] = []
    above: IntArray | None = None
    seen: list[str] = []
    for equation in spec.random:
        if seen and equation.level == seen[-1]:
            continue
        if equation.level in seen:
            raise SpecError(
                f"The equations of level {equation.level} are not next to each other.",
                code="repeated-level",
                subject=equation.level,
                advice=f"Write all || {equation.level}: parts one after the other.",
            )
        seen.append(equation.level)
        values: npt.NDArray[Any] | None = None
        if equation.level == "_all":
            codes = np.zeros(n, dtype=np.int64) if above is None else above.copy()
            count = int(codes.max()) + 1
            first = first_rows(codes, count)
        else:
            own, groups = data.codes(equation.level)
            # where all rows take part, so do all groups
            own, count = (own, len(groups)) if n == len(rows) else compact(own[rows])
            if count == 1:
                value = data.level_label(equation.level, data.frame[equation.level].to_numpy()[rows][0])
                raise FitError(
                    f"The group variable {equation.level} has only one group ({value}).",
                    code="one-group",
                    subject=equation.level,
                    advice="A random effect needs several groups: choose another group variable.",
                )
            codes, count = (own, count) if above is None else interact(above, own)
            first = first_rows(codes, count)
            values = picked_rows(data.frame[equation.level].to_numpy(), rows, n)[first]
        levels.append(Level(equation.level, codes, count, first, values))
        above = codes
    return tuple(levels)


def _constant_in(spec: ModelSpec, position: int) -> bool:
    """Of repeated equations of a level, the last that allows it has the constant."""
    equation = spec.random[position]
    if equation.factor or not equation.constant:
        return False
    later = spec.random[position + 1 :]
    for other in later:
        if other.level != equation.level:
            break
        if other.constant and not other.factor:
            return False
    return True


def _blocks(
    spec: ModelSpec,
    data: Dataset,
    rows: npt.NDArray[np.bool_],
    builder: Builder,
    levels: tuple[Level, ...],
    y: FloatArray,
    fixed: Columns,
    whole: FixedPart,
) -> tuple[tuple[RandomBlock, ...], tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    blocks: list[RandomBlock] = []
    dropped: list[tuple[str, str]] = []
    constant_slopes: list[tuple[str, str]] = []
    for position, equation in enumerate(spec.random):
        level = next(v for v in levels if v.name == equation.level)
        if equation.factor:
            blocks.append(_factor_block(equation, data, rows, level, position))
            continue
        constant = _constant_in(spec, position)
        shared = _of_fixed_part(spec, equation, constant, fixed, whole)
        if shared is None:
            part = builder.build(equation.terms, constant, bare=True)
            matrix, info = part.matrix, list(part.info)
            refuse_units(matrix, [column.name for column in info])
            refuse_ratios(y, spec.outcome.name, matrix, [column.name for column in info])
        else:
            matrix, info = shared
        if matrix.shape[1] and not equation.collinear and shared is None:
            gone = dependent_columns(matrix, np.ones((len(matrix), 1)) if constant else None)
            dropped += [(equation.level, info[k].name) for k in sorted(gone)]
            keep = [k for k in range(matrix.shape[1]) if k not in gone]
            matrix, info = matrix[:, keep], [info[k] for k in keep]
        if constant:
            constant_slopes += [(level.name, name) for name in _constant_within(matrix, info, level)]
            # one array for both, which the likelihood sees to
            matrix = whole.x if shared is not None and matrix is fixed.matrix else with_constant(matrix)
        names = [c.name for c in info] + ([CONSTANT] if constant else [])
        labels = [c.label for c in info] + (["Intercept"] if constant else [])
        variables = [c.variables for c in info] + ([()] if constant else [])
        structure = random_structure(equation.covariance or "independent", len(names))
        blocks.append(
            RandomBlock(
                level, structure, tuple(names), tuple(labels), tuple(variables), np.asfortranarray(matrix),
                level.codes, level.n_groups, None, position,
                (*info, ColumnInfo(CONSTANT, "Intercept", len(equation.terms))) if constant else tuple(info),
            )
        )
    return tuple(blocks), tuple(dropped), tuple(constant_slopes)


def _of_fixed_part(
    spec: ModelSpec, equation: RandomEquation, constant: bool, fixed: Columns, part: FixedPart
) -> tuple[FloatArray, list[ColumnInfo]] | None:
    """The columns of an equation of plain variables that all are in the fixed part, where these were looked at and
    none depends on others; None for other equations."""
    if part.lost or (constant and not spec.constant):
        return None
    place = {term: k for k, term in enumerate(spec.fixed)}
    if len(place) != len(fixed.info) or len(place) != len(spec.fixed):
        return None
    if any(len(t.factors) != 1 or t.factors[0].kind != "continuous" or t not in place for t in equation.terms):
        return None
    at = [place[t] for t in equation.terms]
    if len(set(at)) < len(at) or any(fixed.info[k].term != k for k in at):
        return None
    info = [replace(fixed.info[k], term=position) for position, k in enumerate(at)]
    return fixed.matrix if at == list(range(len(place))) else fixed.matrix[:, at], info


def _factor_block(
    equation: RandomEquation, data: Dataset, rows: npt.NDArray[np.bool_], level: Level, position: int
) -> RandomBlock:
    assert equation.factor is not None
    own, count = compact(data.codes(equation.factor)[0][rows])
    if count == 1:
        raise FitError(
            f"R.{equation.factor}: {equation.factor} has only one value in the sample.",
            code="one-group",
            subject=equation.factor,
            advice="A random effect needs several groups: choose another variable.",
        )
    codes, n_pairs = interact(level.codes, own)
    key = equation.covariance or "identity"
    if not STRUCTURES[key].of_values:
        raise SpecError(
            f"covariance({key}) cannot be combined with R.{equation.factor}.",
            code="r-structure",
            subject=equation.level,
            advice="Choose identity or exchangeable.",
        )
    largest = int(np.bincount(level.codes[first_rows(codes, n_pairs)]).max())
    structure = STRUCTURES[key].over_values(largest)
    name = f"R.{equation.factor}"
    return RandomBlock(
        level, structure, (name,), (equation.factor,), ((equation.factor,),), np.ones((len(codes), 1)), codes,
        n_pairs, equation.factor, position,
        values=data.frame[equation.factor].to_numpy()[rows][first_rows(codes, n_pairs)],
    )


def _constant_within(matrix: FloatArray, info: list[ColumnInfo], level: Level) -> list[str]:
    """The columns that do not vary within the groups of a level: no slopes, but variances that differ by group."""
    few = slice(0, 256)  # which mostly tell

    def within(values: FloatArray, rows: slice) -> bool:
        return np.array_equal(values[level.rows][level.codes[rows]], values[rows])

    return [
        column.name
        for k, column in enumerate(info)
        if within(matrix[:, k], few) and within(matrix[:, k], slice(None))
    ]


def _check_cluster(spec: ModelSpec, levels: tuple[Level, ...], cluster: IntArray) -> None:
    if not levels or levels[0].name == "_all":
        return
    top = levels[0]
    first = cluster[top.rows]
    if not np.array_equal(first[top.codes], cluster):
        raise SpecError(
            f"vce(cluster {spec.cluster}): {spec.cluster} changes within groups of {top.name}.",
            code="cluster-not-nesting",
            subject=spec.cluster or "",
            advice=f"Clusters must hold whole groups of the highest level, {top.name}.",
        )


def _check_weights(
    weights: Weights, levels: tuple[Level, ...], blocks: tuple[RandomBlock, ...], residual: ResidualLayout
) -> None:
    if weights.row is not None and not residual.structure.independent:
        first = np.empty(int(residual.groups.max()) + 1)
        first[residual.groups] = weights.row
        if not np.array_equal(first[residual.groups], weights.row):
            raise SpecError(
                f"Weights that differ within groups cannot be combined with residuals({residual.key}): copies of "
                "a row would share its time.",
                code="weights-residuals",
                subject="residuals",
                advice="Use weights that are constant within the groups of the lowest level, or independent residuals.",
            )
    names = [level.name for level in levels]
    for block in blocks:
        for weighted, _ in weights.level:
            if block.factor and names.index(block.level.name) >= names.index(weighted):
                raise SpecError(
                    f"Weights of {weighted} cannot be combined with R.{block.factor} in {block.level.name}: a group "
                    "that counts several times has no effect of its own to repeat.",
                    code="weights-crossed",
                    subject="weights",
                    advice=f"Put the weights at a level below {block.level.name}, or on the rows.",
                )


def _check_identified(
    spec: ModelSpec,
    blocks: tuple[RandomBlock, ...],
    residual: ResidualLayout,
    n: int,
    p: int,
    counts: FloatArray | None,
) -> None:
    for block in blocks:
        if block.n_groups == n and residual.structure.independent and not spec.weight and block.names:
            name = block.factor or block.level.name
            raise FitError(
                f"Every group of {name} has only one row, so its random effects cannot be separated from the "
                "residuals.",
                code="groups-of-one",
                subject=name,
                advice="Choose a group variable whose groups have several rows, or leave this level out.",
            )
    parameters = p + sum(b.structure.n_params for b in blocks) + residual.n_params + 1
    if parameters > n:
        raise FitError(
            f"The model has {plural(parameters, 'parameter')} and only {plural(n, 'complete row')}.",
            code="too-many-parameters",
            advice="Leave out some terms, or use more data.",
        )
    for block in blocks:
        q = len(block.names)
        largest = int(sizes(block.codes, block.n_groups, counts).max())
        if q > largest and block.structure.free:
            raise FitError(
                f"Each group of {block.level.name} has {plural(q, 'random effect')}, and the largest group has only "
                f"{plural(largest, 'row')}.",
                code="too-many-parameters",
                subject=block.level.name,
                advice="Leave out some random slopes.",
            )
