"""Explained variance: marginal and conditional R², and by level against a null model.

Marginal and conditional: Nakagawa & Schielzeth (2013), with random slopes as in Johnson (2014): the random
variance is the mean of the diagonal of ZGZ'. By level, against the model with intercepts only: the reduction of
each variance (Raudenbush & Bryk 2002, eq. 4.20, 4.24), and the reduction of the prediction error of a value and of
a group's mean (Snijders & Bosker 1994), for which random slopes are left out of both models.

The variance of intercepts is that of the effects where all covariates are zero, which can be far from the data. With
random slopes the first reduction therefore compares the variance at the means of Z, z̄'Gz̄: the variance of the
intercepts once covariates are centred, whatever their origin and coding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.estimability import settled
from terrace.errors import SpecError
from terrace.postestimation.margins.rows import estimation_weights
from terrace.postestimation.tests.combinations import need_data, need_own_rows
from terrace.postestimation.variance.wcorrelation import block_parameters
from terrace.progress import CancelCheck
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table
from terrace.spec.model import ModelSpec, RandomEquation
from terrace.wording import two

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Explained:
    """``fixed``, ``random``, ``residual`` variances, and what follows from them."""

    fixed: float
    random: float
    residual: float

    @property
    def marginal(self) -> float:
        """The share of the fixed part."""
        return self.fixed / (self.fixed + self.random + self.residual)

    @property
    def conditional(self) -> float:
        """The share of the fixed and the random part."""
        return (self.fixed + self.random) / (self.fixed + self.random + self.residual)


@dataclass(frozen=True, slots=True)
class LevelShare:
    """One level against the null model: its variance in both, the reduction, and that of prediction error.

    ``null`` or ``model`` is None where that model has no intercepts at the level, and NaN where the data do not
    identify the variance; ``reduction`` and ``predicted`` are None where there is nothing to compare.
    """

    level: str
    null: float | None
    model: float | None
    reduction: float | None
    predicted: float | None


def explained(fit: FitResult, data: Dataset) -> Explained:
    """Variances of the fixed part, of the random part on average over rows, and of the residuals."""
    need_data(fit, data)
    design = fit.model.design
    w = estimation_weights(fit, data)
    w = w / w.sum()
    _need_identified(fit, w)
    xb = design.x @ fit.model.beta
    n = float(fit.scalars["N"] or len(xb))
    # the sample variance, as both sources compute it
    fixed = float(w @ (xb - w @ xb) ** 2) * n / (n - 1.0)
    return Explained(fixed, float(w @ random_variance(fit)), float(w @ residual_variance(fit)))


def _need_identified(fit: FitResult, shares: FloatArray) -> None:
    """Raise `SpecError` where the data do not identify the variance of the random part, on average over the rows, or
    that of the residuals; ``shares`` (n,) are the weights of the rows."""
    natural = fit.model.natural
    if not natural.confounded:
        return
    slopes = np.zeros(len(natural.values))
    known = not any(c.block is None for c, unknown in zip(fit.model.layout, natural.unknown) if unknown)
    for k, c in enumerate(fit.model.layout):
        if c.block is not None:
            slopes[k] = shares @ random_variance(fit, np.eye(len(slopes))[k])
    if known and natural.determines(slopes) and settled(fit.model.design).all():
        return
    unknown = [r.name for r in fit.random if not r.identified]
    why = next((w for w in fit.warnings if w.code == "not-identified"), None)
    raise SpecError(
        f"R² needs the variances of the model, and these data do not identify {', '.join(unknown)}.",
        code="not-identified", subject="estat r2", advice=why.advice if why else "",
    )


def random_variance(fit: FitResult, values: FloatArray | None = None) -> FloatArray:
    """The diagonal of ZGZ', shape (n,); ``values`` (k,) stand for the covariance parameters where they are given."""
    need_own_rows(fit)
    out = np.zeros(fit.model.design.n)
    for position, block in enumerate(fit.model.design.blocks):
        if not block.names:
            continue
        if block.factor is not None:
            out += block_parameters(fit, position, values)[0]
        else:
            z, sigma = _random_part(fit, position, values)
            out += np.einsum("ij,jk,ik->i", z, sigma, z)
    return out


def _random_part(fit: FitResult, position: int, values: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
    """Z (n, q) and G (q, q) of an equation, in the coordinates of the likelihood: in those of the user, with covariates
    far from zero, the parts of z'Gz are so much larger than their sum that it has no digits left. The coordinates are
    the user's where ``values`` stand for the parameters."""
    block = fit.model.design.blocks[position]
    if values is not None:
        return block.z, block.structure.covariance(block_parameters(fit, position, values))
    layout = fit.model.objective.layout
    transform, psi = layout.transforms[position], fit.model.psi[layout.block_slices[position]]
    return transform.columns(block.z), fit.model.sigma2 * np.tensordot(psi, transform.bases, axes=1)


def residual_variance(fit: FitResult) -> FloatArray:
    """The diagonal of R, shape (n,)."""
    need_own_rows(fit)
    layout = fit.model.design.residuals
    rho = fit.model.psi[fit.model.objective.n_random :]
    out = np.empty(fit.model.design.n)
    slices = layout.slices()
    structured = layout.structure.by_time
    for by, (own, part) in enumerate(slices):
        inside = layout.by == by
        scale = fit.model.sigma2 * (float(np.exp(rho[own])) if own is not None else 1.0)
        out[inside] = scale
        if structured:
            times = np.arange(len(layout.structure.times), dtype=np.float64)
            diagonal = np.diag(layout.structure.relative(rho[part], times, 0)[0])
            out[inside] = scale * diagonal[np.rint(layout.at[inside]).astype(np.int64)]
    return out


def intercept_spec(spec: ModelSpec, *, fixed: bool) -> ModelSpec:
    """The model with one random intercept a level and, without `fixed`, no covariates.

    Crossed factors stay. Inference options and the conditions of the sample are left out.
    """
    equations: list[RandomEquation] = []
    for e in spec.random:
        if e.factor:
            equations.append(replace(e, covariance=None))
        elif not any(o.level == e.level and not o.factor for o in equations) and e.level != "_all":
            equations.append(RandomEquation(e.level, fweight=e.fweight, pweight=e.pweight))
    return replace(
        spec, fixed=spec.fixed if fixed else (), constant=True if not fixed else spec.constant,
        random=tuple(equations), condition=None, range_=None, filter=None, df_method=None, constraints=(),
        residuals=replace(spec.residuals, structure="independent", order=None, time=None, by=None),
        maximisation=replace(spec.maximisation, from_=None), nostderr=True,
    )  # fmt: skip


def null_fit(fit: FitResult, data: Dataset, *, cancel: CancelCheck | None = None) -> FitResult:
    """The model without covariates and with intercepts only, fitted to the rows of the fit."""
    from terrace.estimate import fit as fit_model

    need_data(fit, data)
    if not fit.spec.random:
        raise SpecError("A model without random effects has no levels to compare.", code="no-random-effects")
    return fit_model(intercept_spec(fit.spec, fixed=False), data.rows(fit.sample), cancel=cancel)


def level_shares(
    fit: FitResult, data: Dataset, null: FitResult | None = None, *, cancel: CancelCheck | None = None
) -> tuple[LevelShare, ...]:
    """Every level from the highest down to the residual, against `null` (fitted where it is not given).

    The reductions compare the variances of the effects at the means of the covariates, which without random slopes are
    those of the intercepts, and of the residuals. The prediction errors are those of the model without its random
    slopes, which is fitted where the model has some.
    """
    from terrace.estimate import fit as fit_model

    base = null or null_fit(fit, data, cancel=cancel)
    w = estimation_weights(fit, data)
    before, after = _at_means(base, w), _at_means(fit, w)
    flat = after
    if _has_slopes(fit) or not fit.model.design.residuals.simple or set(before) - set(after):
        spec = intercept_spec(fit.spec, fixed=True)
        # time-series operators look at the rows before, so the sample is kept as it is rather than cut out
        marked = data.with_column("_terrace_sample", fit.sample.astype(float))
        flat = _at_means(fit_model(replace(spec, condition="_terrace_sample == 1"), marked, cancel=cancel), w)
    # a variance at its boundary of zero can be left over as rounding
    least = 1e-10 * np.nansum(list(before.values()))
    out = []
    for name in (*(n for n in dict.fromkeys((*before, *after)) if n != "Residual"), "Residual"):
        v0, v1 = before.get(name), after.get(name)
        reduction = predicted = None
        if v0 is not None and v1 is not None and v0 > least and not np.isnan(v1):
            reduction = 1.0 - v1 / v0
        if v0 is not None and not _has_slopes(base):
            predicted = 1.0 - _prediction_error(base, flat, name) / _prediction_error(base, before, name)
            predicted = None if np.isnan(predicted) else predicted
        out.append(LevelShare(name, v0, v1, reduction, predicted))
    return tuple(out)


def _has_slopes(fit: FitResult) -> bool:
    return any(set(b.names) - {"_cons"} and b.factor is None for b in fit.model.design.blocks)


def _at_means(fit: FitResult, weights: FloatArray) -> dict[str, float]:
    """z̄'Gz̄ at each level whose Z contains a constant (crossed factors by their name), and the residual variance.

    z̄ (q,) are the means of Z over the rows, by ``weights`` (n,) where there is one for each. Without slopes it is the
    variance of the intercepts, and NaN where the data do not identify it.
    """
    blocks = fit.model.design.blocks
    w = weights if len(weights) == fit.model.design.n else np.ones(fit.model.design.n)
    w = w / w.sum()
    levels: dict[str, list[int]] = {}
    for position, block in enumerate(blocks):
        if block.names:
            levels.setdefault(block.factor or block.level.name, []).append(position)
    out: dict[str, float] = {}
    for name, positions in levels.items():
        if blocks[positions[0]].factor is not None:
            out[name] = float(block_parameters(fit, positions[0])[0])
            continue
        parts = [_random_part(fit, position) for position in positions]
        if not _spans_constant(np.hstack([z for z, _ in parts])):
            continue
        total, slopes = 0.0, np.zeros(len(fit.model.layout))
        for position, (z, sigma) in zip(positions, parts):
            mean = w @ z
            total += float(mean @ sigma @ mean)
            own, structure = w @ blocks[position].z, blocks[position].structure
            at = [k for k, c in enumerate(fit.model.layout) if c.block == position]
            slopes[at] = own @ structure.basis() @ own @ structure.entries_of(fit.model.natural.values[at])[1]
        out[name] = total if fit.model.natural.determines(slopes) else np.nan
    out["Residual"] = float(residual_variance(fit).mean())
    return out


def _spans_constant(z: FloatArray) -> bool:
    """True where a combination of the columns of Z (n, q) is 1 in every row: effects of the group as a whole."""
    weights, *_ = np.linalg.lstsq(z.T @ z, z.sum(axis=0), rcond=None)
    return bool(np.abs(z @ weights - 1.0).max() < 1e-8)


def _prediction_error(null: FitResult, variances: dict[str, float], name: str) -> float:
    """The variance of a value (Residual), or of a group's mean with groups of the usual (harmonic mean) size."""
    design = null.model.design
    codes = {b.factor or b.level.name: b.codes for b in design.blocks if b.names}
    if name == "Residual":
        return sum(variances.get(v, 0.0) for v in (*codes, "Residual"))
    total = variances.get("Residual", 0.0) / _harmonic(np.bincount(codes[name]))
    for other, inner in codes.items():
        if other == name or _inside(codes[name], inner):
            total += variances.get(other, 0.0)
        elif _inside(inner, codes[name]):
            first = np.unique(inner, return_index=True)[1]
            total += variances.get(other, 0.0) / _harmonic(np.bincount(codes[name][first]))
        else:
            # a crossed factor: its values spread over the group's rows
            pairs = np.unique(np.column_stack([codes[name], inner]), axis=0)
            total += variances.get(other, 0.0) / _harmonic(np.bincount(pairs[:, 0]))
    return total


def _inside(inner: npt.NDArray[np.int64], outer: npt.NDArray[np.int64]) -> bool:
    first = np.zeros(int(inner.max()) + 1, dtype=np.int64)
    first[inner] = outer
    return bool(np.array_equal(first[inner], outer))


def _harmonic(counts: npt.NDArray[np.int64]) -> float:
    present = counts[counts > 0]
    return float(len(present) / (1.0 / present).sum())


def r2_table(
    fit: FitResult,
    data: Dataset,
    *,
    levels: bool = True,
    null: FitResult | None = None,
    cancel: CancelCheck | None = None,
) -> tuple[Table, ...]:
    """Marginal and conditional R², and with `levels` what each level's variance loses against the null model."""
    found = explained(fit, data)
    rows = (
        Row("Marginal (fixed effects)", (found.marginal,), code="marginal"),
        Row("Conditional (fixed and random effects)", (found.conditional,), code="conditional"),
    )
    notes = [
        f"Variances: fixed {two(found.fixed)}, random {two(found.random)}, residual {two(found.residual)}.",
        "Nakagawa & Schielzeth (2013); Johnson (2014).",
    ]
    tables = [Table("R²", (Column("r2", "R²", "fixed", 3),), rows, "", tuple(notes), "r2")]
    if levels and fit.spec.random:
        shares = level_shares(fit, data, null, cancel=cancel)
        columns = (
            Column("null", "Null model"),
            Column("model", "This model"),
            Column("reduction", "Variance explained", "fixed", 3),
            Column("prediction", "Prediction error explained", "fixed", 3),
        )
        unknown = [s.level for s in shares if any(v is not None and np.isnan(v) for v in (s.null, s.model))]
        cells = [[None if v is None or np.isnan(v) else v for v in (s.null, s.model, s.reduction, s.predicted)]
                 for s in shares]  # fmt: skip
        level_rows = tuple(Row(s.level, tuple(own)) for s, own in zip(shares, cells))
        own = ["Variance explained: Raudenbush & Bryk (2002). Prediction error: Snijders & Bosker (1994)."]
        if _has_slopes(fit):
            own.append(
                "With random slopes the variance of a level is that of its effects at the means of the covariates, "
                "wherever these are zero; prediction errors are those without random slopes."
            )
        for what, bare in (("The model", [s.level for s in shares if s.model is None]),
                           ("The null model", [s.level for s in shares if s.null is None])):  # fmt: skip
            if bare:
                own.append(f"{what} has no random intercepts of {', '.join(bare)} to compare variances.")
        if unknown:
            own.append(f"The data do not identify the variance of {', '.join(unknown)} at the means of the covariates.")
        gone = [s.level for s in shares if s.level not in unknown
                and s.model is not None and s.null is not None and s.reduction is None]  # fmt: skip
        if gone:
            own.append(f"The null model has no variance of {', '.join(gone)} to explain.")
        if any(s.reduction is not None and s.reduction < 0 for s in shares):
            own.append("A variance can grow when a covariate is added. Its reduction is then negative.")
        tables.append(Table("Variance explained by level", columns, level_rows, "Level", tuple(own), "r2-levels"))
    return tuple(tables)
