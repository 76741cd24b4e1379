"""Margins: predictions of the fixed part averaged over the sample, at values that the user sets; and slopes.

SE √(JΦJ') with J the averaged row (house specification; Searle, Speed & Milliken 1980 for balanced averages).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.design.estimability import combined, estimable
from terrace.errors import SpecError
from terrace.language.expressions.context import EvalContext
from terrace.postestimation.margins.at import At, Dimension, Scene, at_matrix, keys_of, scenes
from terrace.postestimation.margins.nonlinear import ExpressionMargins
from terrace.postestimation.margins.predictions import Predictions, with_own_columns
from terrace.postestimation.margins.rows import Averages, BoolArray, Key, Setting
from terrace.postestimation.margins.titles import effects_title, margins_title
from terrace.postestimation.tests.coefficients import expanded
from terrace.postestimation.tests.combinations import Estimate, combine, confidence_level, covariance, need_small
from terrace.postestimation.tests.notestimable import why_not
from terrace.results.fit import FitResult
from terrace.results.labels import short_labels
from terrace.results.tables_terms import column_label
from terrace.wording import two

FloatArray = npt.NDArray[np.float64]
Place = tuple[tuple[Dimension, ...], tuple[int, Scene], tuple[tuple[Dimension, ...], BoolArray | None]]
"""A cell, a numbered setting, and a group with its rows of the sample."""


@dataclass(frozen=True)
class Margins:
    """Margins or marginal effects.

    ``labels`` are the names of the rows for programs (``1#Private``); ``dimensions`` tell for each row what it is at.
    ``margins`` (k,) is NaN and ``estimable`` False where an empty cell is needed, and ``excess`` (k, q) not zero;
    contrasts of margins have the contrasts of their excesses (`terrace.design.estimability`). ``vcov`` (k, k) is JΦJ',
    NaN likewise, ``rows`` (k, p) is J. ``at`` describes the settings in order, ``effects`` are the dydx variables of
    the rows, empty for predictions. ``pairs`` holds (``2 vs 1``, difference) where pairwise comparisons are asked for,
    adjusted by ``mcompare``. ``kind`` of the effects is dydx, eyex, dyex or eydx; ``expression`` is what was averaged
    in the place of the prediction. ``bases`` are the base levels of the factors, ``held`` says at which means
    everything else stands with atmeans. Where a margin is not linear in β, ``rows`` holds its gradient. ``words`` are
    the names of effects for people, ``missing`` the notes on what cannot be estimated. ``counts`` are the rows of
    the sample behind each margin, ``settings`` what the variables named in ``setting_names`` are held at by each
    setting (`at_matrix`), ``n_groups`` the number of groups of over(). ``called`` are the labels of variables that are
    short enough to stand for their names, ``averaged`` is False where the settings leave nothing to average.
    ``beta`` (p,) are the coefficients of the fit, ``inside`` the rows of its sample that were averaged over, None for
    all. ``common`` describes what all settings have in common.
    """

    labels: tuple[str, ...]
    dimensions: tuple[tuple[Dimension, ...], ...]
    margins: FloatArray
    vcov: FloatArray
    rows: FloatArray
    excess: FloatArray
    estimable: npt.NDArray[np.bool_]
    estimates: tuple[Estimate, ...]
    effects: tuple[str, ...]
    at: tuple[str, ...]
    outcome: str
    outcome_label: str
    n: int
    level: float
    small: bool
    title: str
    variables: tuple[str, ...]
    pairs: tuple[tuple[str, Estimate], ...] = ()
    mcompare: str = "none"
    kind: str = "dydx"
    expression: str = ""
    bases: Mapping[str, Value] = field(default_factory=dict)
    held: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    settings: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    setting_names: tuple[str, ...] = ()
    n_groups: int = 1
    called: Mapping[str, str] = field(default_factory=dict)
    averaged: bool = True
    beta: FloatArray = field(default_factory=lambda: np.zeros(0))
    inside: BoolArray | None = None
    common: str = ""


def margins(
    fit: FitResult,
    data: Dataset,
    variables: Sequence[str] = (),
    *,
    at: At = (),
    atmeans: bool = False,
    dydx: str | Sequence[str] | None = None,
    over: str | Sequence[str] | None = None,
    asbalanced: bool | Sequence[str] = False,
    level: float | None = None,
    small: bool = False,
    pwcompare: bool = False,
    mcompare: str = "none",
    inside: BoolArray | None = None,
    kind: str = "dydx",
    expression: str = "",
    context: EvalContext | None = None,
) -> Margins:
    """Margins of a fit.

    Parameters
    ----------
    variables
        Factors whose levels have a margin each: ``"schtype"``, ``"sector#minority"``, ``"a##b"``.
    at
        What variables are set to: ``{"homework": [1, 2, 3]}``; several mappings for several settings. A value
        is a number, a level, or ``"mean"``, ``"median"``, ``"p25"``, ``"min"``, ``"max"``, ``"zero"``,
        ``"base"``, ``"asbalanced"``, ``"asobserved"``.
    atmeans
        Set everything else to its mean (factors: to their shares).
    dydx
        Slopes instead of predictions, of these variables (``"*"``: all); discrete change for a factor.
    over
        Averages within the groups of these variables.
    asbalanced
        Factors that are averaged with equal weights (True: all that are not set).
    small
        t with the degrees of freedom of the fitted method.
    pwcompare, mcompare
        All pairwise differences as well, adjusted by none, bonferroni, sidak, scheffe, tukey or holm.
    inside
        The rows of the estimation sample to average over, shape (n,); all by default.
    kind
        With `dydx`: what is given of these variables, the slope or the elasticity eyex, dyex or eydx.
    expression, context
        What is averaged in the place of the prediction, and what it may refer to besides variables.

    Raises
    ------
    SpecError
        For a variable that is not in the model, or a level that is not in the sample.
    """
    if small:
        need_small(fit)
    chosen = confidence_level(fit, level)
    averages = Averages(fit, data, inside)
    settings = scenes(averages, at)
    groups = _groups(averages, [over] if isinstance(over, str) else list(over or ()))
    cells = _cells(averages, variables, plain=not variables)
    effects = _effects(averages, dydx)
    predict = Predictions(averages, kind, ExpressionMargins(averages, expression, context or EvalContext())
                           if expression else None)  # fmt: skip
    lines = [
        line
        for effect in effects
        for place in _order(cells, settings, groups)
        for line in _at_place(
            predict, effect, place, numbered=len(settings) > 1, atmeans=atmeans, asbalanced=asbalanced
        )
    ]
    j = np.array([line.row for line in lines])
    parts = with_own_columns([line.excess for line in lines])
    fine_rows = estimable(parts)
    beyond = np.array([line.offset for line in lines])
    found = combine(fit, j, offset=beyond, level=chosen, small=small)
    estimates = tuple(e if good else Estimate(None) for e, good in zip(found, fine_rows))
    values = np.where(fine_rows, j @ fit.model.beta + beyond, np.nan)
    labels = _labels(lines)
    called, varied = _short_labels(averages, lines), [line.dimensions for line in lines]
    if dydx is None:
        title = margins_title(fit.outcome, varied, called, expression)
    else:
        names = [line.name for line in lines]
        title = effects_title(fit.outcome, names, varied, called, kind=kind, atmeans=atmeans)
    pairs: tuple[tuple[str, Estimate], ...] = ()
    missing = why_not(fit, parts)
    if pwcompare:
        pairs, missing = _pairs(fit, j, beyond, parts, labels, mcompare, chosen, small)
    vcov = j @ covariance(fit, small) @ j.T
    vcov[~fine_rows], vcov[:, ~fine_rows] = np.nan, np.nan
    return Margins(
        tuple(labels), tuple(line.dimensions for line in lines), values, vcov, j, parts, fine_rows, estimates,
        tuple(line.name for line in lines) if dydx is not None else (),
        tuple(s.text for s in settings if s.text), fit.outcome,
        data.variable(fit.outcome).label, averages.n, chosen, small,
        title, tuple(variables),
        pairs, mcompare, kind, expression, {v: averages.base(v) for v in _factors(averages)},
        _held(averages, settings, cells, called) if atmeans and not over else "",
        {c.name: column_label(c) for c in fit.model.design.columns}, missing, tuple(line.count for line in lines),
        *at_matrix(averages, [_filled(averages, s.set_, None, atmeans, asbalanced) for s in settings]), len(groups),
        called, not (atmeans or _wholly(averages, settings, cells)), fit.model.beta, inside,
        settings[0].common,
    )  # fmt: skip


def _held(
    averages: Averages, settings: list[Scene], cells: list[tuple[Dimension, ...]], called: Mapping[str, str]
) -> str:
    """The means of what neither at() nor the margins set: ``ses = .02; sector: Public .51, Catholic .49``."""
    own: set[Key] = {("factor", d.name, ()) for cell in cells for d in cell}
    own |= {key for scene in settings for key, value in scene.set_.items() if value is not None}
    parts = []
    for key in averages.variables():
        if key in own:
            continue
        mean = averages.means(key)
        if isinstance(mean, Mapping):
            shares = ", ".join(f"{averages.data.level_label(key[1], v)} {two(share)}" for v, share in mean.items())
            parts.append(f"{called.get(key[1]) or key[1]}: {shares}")
        elif isinstance(mean, float):
            parts.append(f"{called.get(key[1]) or key[1]} = {two(mean)}")
    return "; ".join(parts)


def _factors(averages: Averages) -> list[str]:
    return list(dict.fromkeys(k[1] for k in averages.variables() if k[0] == "factor"))


def _pairs(
    fit: FitResult,
    rows: FloatArray,
    beyond: FloatArray,
    parts: FloatArray,
    labels: Sequence[str],
    mcompare: str,
    level: float,
    small: bool,
) -> tuple[tuple[tuple[str, Estimate], ...], tuple[str, ...]]:
    """The pairwise differences, and the notes on those that cannot be estimated."""
    from terrace.postestimation.tests.comparisons import compare, pairs

    chosen = pairs(len(rows))
    if not chosen:
        raise SpecError("There is only one margin, so there is nothing to compare.", code="nothing-to-compare")
    weights = np.zeros((len(chosen), len(rows)))
    for k, (b, a) in enumerate(chosen):
        weights[k, b], weights[k, a] = 1.0, -1.0
    both = combined(weights, parts)
    found = compare(
        fit, weights @ rows, estimable(both), mcompare=mcompare, level=level, small=small, means=len(rows),
        offset=weights @ beyond,
    )  # fmt: skip
    return tuple((f"{labels[b]} vs {labels[a]}", e) for (b, a), e in zip(chosen, found)), why_not(fit, both)


@dataclass(frozen=True)
class _Line:
    """One margin before it is estimated: its row (p,), excess (q,), what it is besides row·β, and what it is called."""

    row: FloatArray
    excess: FloatArray | None
    offset: float
    count: int
    label: str
    dimensions: tuple[Dimension, ...]
    name: str


def _at_place(
    predict: Predictions, effect: Key | None, place: Place, *,
    numbered: bool, atmeans: bool, asbalanced: bool | Sequence[str],
) -> Iterable[_Line]:  # fmt: skip
    """The margins of one effect at one place: one, or one for each level that a factor changes to."""
    averages, (cell, (number, scene), (group, within)) = predict.averages, place
    wanted = scene.set_ | {("factor", d.name, ()): {d.level: 1.0} for d in cell}
    set_ = _filled(averages, wanted, within, atmeans, asbalanced)
    count = averages.n if within is None else int(((averages.weights > 0) & within).sum())
    where = "#".join([*([str(number)] if numbered else []), *(d.label for d in (*group, *cell))])
    for row, own, name, offset in predict(set_, within, effect):
        yield _Line(row, own, offset, count, where or name or "_cons", (*scene.dimensions, *group, *cell), name)


def _short_labels(averages: Averages, lines: Sequence[_Line]) -> dict[str, str]:
    """The labels of what the title and the rows name."""
    names = {averages.fit.outcome, *(k[1] for k in averages.variables())}
    names |= {d.name for line in lines for d in line.dimensions}
    return {n: label for n, label in short_labels(averages.data).items() if n in names}


def _labels(lines: Sequence[_Line]) -> list[str]:
    """What the margins are called; where there are effects of several variables, with the variable in front."""
    if len({line.name for line in lines}) == 1:
        return [line.label for line in lines]
    return [line.name if line.label == line.name else f"{line.name}:{line.label}" for line in lines]


def _order(
    cells: list[tuple[Dimension, ...]],
    scenes: list[Scene],
    groups: list[tuple[tuple[Dimension, ...], BoolArray | None]],
) -> Iterable[Place]:
    """Term by term; within a term settings, then groups, then levels."""
    for _, term in itertools.groupby(cells, key=lambda cell: tuple(d.name for d in cell)):
        own = list(term)
        for scene in enumerate(scenes, start=1):
            for group in groups:
                for cell in own:
                    yield cell, scene, group


def _filled(
    averages: Averages,
    scene: Mapping[Key, Setting | None],
    inside: BoolArray | None,
    atmeans: bool,
    asbalanced: bool | Sequence[str],
) -> dict[Key, Setting]:
    """The setting, with what it leaves open set to its mean or balanced."""
    set_ = {k: v for k, v in scene.items() if v is not None}
    for key in averages.variables():
        if key in scene:
            continue
        if key[0] == "factor" and (asbalanced is True or (asbalanced and key[1] in asbalanced)):
            set_[key] = averages.statistic(key, "asbalanced")
        elif atmeans:
            set_[key] = averages.means(key, inside)
    return set_


# --- what is asked for ----------------------------------------------------------------------------------
def _cells(averages: Averages, variables: Sequence[str], plain: bool) -> list[tuple[Dimension, ...]]:
    """The combinations of levels that have a margin each, term by term."""
    if plain:
        return [()]
    out: list[tuple[Dimension, ...]] = []
    for text in variables:
        for term in expanded(text):
            names = [part.rpartition(".")[2].strip() for part in term.split("#")]
            levels = [
                [Dimension(n, v, averages.data.level_label(n, v)) for v in averages.levels(n)] for n in names
            ]
            out += itertools.product(*levels)
    return out


def _groups(
    averages: Averages, over: Sequence[str]
) -> list[tuple[tuple[Dimension, ...], BoolArray | None]]:
    """The groups of over() that occur, each with its rows of the sample."""
    if not over:
        return [((), None)]
    data, sample = averages.data, averages.fit.sample
    found: list[list[tuple[Dimension, BoolArray]]] = []
    for name in over:
        codes, values = data.codes(name)
        codes = codes[sample]
        found.append(
            [
                (Dimension(name, values[c], data.level_label(name, values[c]), "over"), codes == c)
                for c in np.unique(codes[codes >= 0])
            ]
        )
    out: list[tuple[tuple[Dimension, ...], BoolArray | None]] = []
    for combination in itertools.product(*found):
        inside = np.logical_and.reduce([rows for _, rows in combination])
        if (averages.weights * inside).any():
            out.append((tuple(d for d, _ in combination), inside))
    return out


def _effects(averages: Averages, dydx: str | Sequence[str] | None) -> list[Key | None]:
    if dydx is None:
        return [None]
    names = [dydx] if isinstance(dydx, str) else list(dydx)
    if names in (["*"], ["_all"]):
        if not averages.variables():
            raise SpecError("The model has no predictors, so it has no slopes.", code="no-predictors", subject="dydx")
        return [*averages.variables()]
    out: list[Key | None] = []
    for name in names:
        out += keys_of(averages, name.rpartition(".")[2])
    return out


def _wholly(averages: Averages, scenes: list[Scene], cells: list[tuple[Dimension, ...]]) -> bool:
    """True where at() and the levels set all that the model has, so that nothing is averaged."""
    return all(
        set(averages.variables()) <= set(scene.set_) | {("factor", d.name, ()) for d in cell}
        for scene in scenes
        for cell in cells
    )
