"""A fit, stage by stage: design, objective, optimum, inference, result.

`fit` is the whole; the stages are functions that can be called one by one (after lme4's modular interface).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.intake import as_dataset
from terrace.data.progress import Report
from terrace.data.streamed import StreamedData
from terrace.design.design import Design, build_design
from terrace.design.exact import refuse_exact
from terrace.design.residuals import WIDEST
from terrace.design.vanishing import refuse_vanishing
from terrace.errors import Cancelled, FitError, SpecError
from terrace.inference.attainable import attainable
from terrace.inference.cells import cells
from terrace.inference.constraints import Constraints, bind_constraints, null_space
from terrace.inference.df import SmallSample
from terrace.inference.fewclusters import FewClusters, few_clusters
from terrace.inference.fitted import FittedModel
from terrace.inference.identification import Unidentified, moving, unidentified
from terrace.inference.marginal import random_part, residual_part
from terrace.inference.parameters import NaturalEstimate, estimate_natural
from terrace.inference.robust import cluster_codes, robust_covariance
from terrace.inference.small import SmallInference, small_inference
from terrace.likelihood.objective import Objective
from terrace.optimise.fit import Optimum, optimise
from terrace.optimise.log import Iteration
from terrace.optimise.search import with_log_variance
from terrace.progress import CancelCheck, Progress, ProgressCallback
from terrace.results.fit import FitResult
from terrace.spec.model import ModelSpec

FloatArray = npt.NDArray[np.float64]


def fit(
    model: str | ModelSpec,
    data: Dataset | Any,
    *,
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
    constraints: Mapping[int, str] | None = None,
    command: str = "",
) -> FitResult:
    """Fit a linear mixed model.

    Parameters
    ----------
    model
        A ``mixed`` command, or a `ModelSpec`.
    data
        A `Dataset`, a `StreamedData`, a pandas DataFrame, or whatever else `as_dataset` takes for a table: a dict of
        columns, a list of records, an array, a Series, an Arrow table.
    progress, cancel
        Called while the fit runs; `cancel` returning True stops it with `Cancelled`.
    constraints
        Texts of ``constraint define`` by number, for ``constraints()``.
    command
        The command as typed, for the record.

    Raises
    ------
    TerraceError
        Whatever makes the model impossible on these data, in words for the user.
    """
    data = as_dataset(data)
    if isinstance(model, str):
        from terrace.language.mixed import parse_mixed

        command = command or model
        spec = parse_mixed(model, (*data.names, *data.left_out))  # which then says what is wrong with the column
    else:
        spec = model
    begun = time.perf_counter()
    watch = _Watch(progress, cancel, begun)
    watch.stage("Reading the data")
    design = _bound(spec, data, watch)
    bound = None
    if spec.constraints:
        bound = bind_constraints(spec, design, constraints or {})
    watch.stage("Cross-products")
    fitted, warnings = fit_design(design, bound, watch)
    from terrace.results.build import build_result

    if not command:
        from terrace.spec.text import format_mixed

        command = format_mixed(spec)
    return build_result(fitted, spec, data, command, time.perf_counter() - begun, warnings)


def _bound(spec: ModelSpec, data: Dataset, watch: _Watch) -> Design:
    """The design on these data; of a streamed file in batches, or in memory where the model needs the rows."""
    if not isinstance(data, StreamedData):
        return build_design(spec, data)
    from terrace.design.streaming import build_streamed_design, model_variables, why_rows_are_needed

    report = Report(f"Reading {data.file.path.name}", watch.fraction, watch.cancel)
    what = why_rows_are_needed(spec)
    if what:
        return build_design(spec, data.load(model_variables(spec, data), what, report))
    return build_streamed_design(spec, data, report)


class _Watch:
    """Passes progress on and turns a wish to cancel into `Cancelled`, at every stage of the elimination."""

    def __init__(self, progress: ProgressCallback | None, cancel: CancelCheck | None, begun: float) -> None:
        self.progress, self.cancel, self.begun = progress, cancel, begun

    def tick(self) -> None:
        if self.cancel is not None and self.cancel():
            raise Cancelled("The fit was cancelled. Nothing was changed.")

    def stage(self, name: str) -> None:
        self.tick()
        if self.progress is not None:
            self.progress(Progress(name, elapsed=time.perf_counter() - self.begun))

    def fraction(self, name: str, done: float | None) -> None:
        if self.progress is not None:
            self.progress(Progress(name, fraction=done, elapsed=time.perf_counter() - self.begun))

    def iteration(self, entry: Iteration) -> None:
        self.tick()
        if self.progress is not None:
            name = "EM" if entry.phase == "EM" else "Fitting"
            self.progress(
                Progress(name, entry.number, entry.ll, elapsed=time.perf_counter() - self.begun)
            )


def fit_design(
    design: Design, constraints: Constraints | None = None, watch: _Watch | None = None
) -> tuple[FittedModel, list[tuple[str, str]]]:
    """Fit a design: the objective, its maximum, and inference. Returns (code, detail) of what went wrong."""
    spec = design.spec
    watch = watch or _Watch(None, None, time.perf_counter())
    reml = spec.method == "reml"
    robust = spec.vce in ("robust", "cluster") or design.weights.kind == "pweight"
    transform = offset = None
    fixed_part = np.zeros(design.x.shape[1])
    if constraints is not None:
        transform, fixed_part = null_space(constraints)
        offset = design.x @ fixed_part
    objective = Objective(design, reml=reml, transform=transform, offset=offset)
    warnings: list[tuple[str, str]] = []
    less = None if offset is None else design.y - offset
    if objective.y_scale < 1e-12 * float(np.sqrt(np.mean(design.y**2))):
        refuse_exact(design, less)
    free_x = None if transform is None else design.x @ transform
    refuse_vanishing(design, reml=reml, x=free_x, y=less)
    try:
        optimum = _search(objective, watch)
        lowest = _lowest_variances(optimum)
        if not optimum.converged or lowest:
            refuse_vanishing(design, reml=reml, unions=True, x=free_x, y=less)
            _refuse_beyond_reach(optimum, lowest)
        if not optimum.converged or (optimum.point.evaluation.sigma2 < NEXT_TO_NOTHING and objective.n_random):
            spare = refuse_exact(design, less)
            tiny = optimum.point.evaluation.sigma2 < NEXT_TO_NOTHING
            if tiny and spare and objective.n_random and objective.can_be_careful:
                objective = Objective(design, reml=reml, transform=transform, offset=offset, careful=True)
                optimum = _search(objective, watch)
    except np.linalg.LinAlgError as error:
        refuse_exact(design, less)
        raise FitError(
            f"The likelihood of this model cannot be evaluated on these data: {error}.",
            code="not-estimable",
            advice="Simplify the random part or the residual structure.",
        ) from None
    if not optimum.converged:
        warnings.append(("not-converged", optimum.reason))
    elif optimum.unbounded:
        warnings.append(("no-maximum", ""))
    number = design.residuals.out_of_units(optimum.point.psi[objective.n_random :])
    if optimum.converged and number:
        warnings.append(("units-of-time", number))
    watch.stage("Standard errors")
    want_se = not spec.nostderr and not spec.maximisation.emonly
    optimum, natural, unknown = _covariance_parameters(optimum, want_se)
    if not optimum.converged:
        natural, unknown = natural.of_no_maximum(), None
    if natural.confounded or natural.flat.any():
        warnings.append(("not-identified", ""))
    e = optimum.point.evaluation
    sigma2 = e.sigma2 * objective.y_scale**2
    to_x = objective.back if transform is None else transform @ objective.back
    beta = fixed_part + (
        objective.beta_natural(e.beta) if transform is None else transform @ objective.beta_natural(e.beta)
    )
    ways = None
    if unknown is not None:
        ways = attainable(objective, optimum.point, unknown, natural.jacobian / natural.unit[:, None])
        moves = moving(objective, optimum.point.psi, ways)
        if moves.shape[1]:
            design = replace(design, unsettled=moves if transform is None else transform @ moves)
    phi = to_x @ e.a_inverse @ to_x.T * sigma2
    vcov, clusters = phi, None
    small = None
    if robust:
        model_based = natural
        natural, vcov, clusters = _robust(design, optimum, natural, to_x, reml, transform, offset)
        if spec.vce_correction == "cr2" or spec.df_method == "satterthwaite":
            watch.stage("Robust standard errors")
            few = small_of_robust(design, optimum, model_based, beta, phi, sigma2)
            vcov = few.vcov
            if spec.df_method == "satterthwaite":
                df = np.array([few.single(row) for row in np.eye(len(beta))])
                small = SmallInference(spec.df_method, df, few)
    elif spec.df_method:
        watch.stage("Degrees of freedom")
        small = small_inference(design, objective, optimum, natural, phi, to_x, spec)
        if spec.df_method == "kroger" and isinstance(small.sample, SmallSample):
            vcov = small.sample.adjusted
    fitted = FittedModel(
        design, objective, optimum, beta, vcov, phi, optimum.point.psi, sigma2, cells(design), natural, small,
        clusters, constraints, unknown, ways if ways is not None and ways.directions.shape[1] else None,
    )
    return fitted, warnings


# An error variance, in units of the least-squares one, from which on its digits need care.
NEXT_TO_NOTHING = 1e-7


def _lowest_variances(optimum: Optimum) -> list[int]:
    """The by() groups whose residual variance is as far below another's as the search can go."""
    first, slices = optimum.space.objective.n_random, optimum.space.objective.design.residuals.slices()
    logs = [0.0 if own is None else float(optimum.point.psi[first + own]) for own, _ in slices]
    return [k for k, log in enumerate(logs) if max(logs) - log > 0.9 * WIDEST]


def _refuse_beyond_reach(optimum: Optimum, groups: list[int]) -> None:
    """Raise `FitError` where the likelihood rises on beyond the lowest residual variance of a by() group that the
    search can reach: what stands there is no estimate, as it is where the likelihood no longer changes."""
    objective = optimum.space.objective
    residuals, n = objective.design.residuals, objective.n_random
    own = np.array([k for k, _ in residuals.slices() if k is not None])
    for group in groups:
        lower = optimum.point.psi.copy()
        if group:
            lower[n + own[group - 1]] -= 2.0
        else:  # all others are relative to it
            lower[:n] *= np.exp(2.0)
            lower[n + own] += 2.0
        if objective.evaluate(lower, 0).ll > optimum.point.ll + 0.1:
            where = f"{residuals.by_variable} = {residuals.by_label(residuals.by_levels[group])}"
            raise FitError(
                f"The residual variance where {where} cannot be estimated: the likelihood still rises where it is less "
                "than a ten-millionth of another's.",
                code="exact-fit", subject=residuals.by_variable or "",
                advice=f"Leave out by({residuals.by_variable}), or fit these rows apart.",
            )


def _search(objective: Objective, watch: _Watch) -> Optimum:
    """The maximum of an objective, from the starting values that the model gives."""
    options = objective.design.spec.maximisation
    start = None
    if options.from_:
        from terrace.inference.start import start_values

        start = start_values(options.from_, objective.design, objective)
    return optimise(objective, options, start=start, report=watch.iteration, tick=watch.tick)


# The smallest eigenvalue of the information from which all parameters are identified beyond doubt.
WELL = 1e-2


def _covariance_parameters(
    optimum: Optimum, want_se: bool
) -> tuple[Optimum, NaturalEstimate, Unidentified | None]:
    """The covariance parameters, and what the data cannot tell of them where that is something.

    Of optima that only differ in what is not identified, it is the one with the least of it that goes on: one without
    what the fixed effects take up, and with covariances of zero where nothing tells them.
    """
    natural = estimate_natural(optimum.space, optimum.point, want_se=want_se)
    if natural.lowest > WELL and not natural.boundary:
        return optimum, natural, None
    unknown = _unidentified(optimum)
    if not unknown.directions.shape[1]:
        return optimum, natural, None
    optimum = _with_least(optimum, unknown, np.ones(len(unknown.absorbed), dtype=bool)) or (
        _with_least(optimum, unknown, unknown.absorbed) or optimum
    )
    return optimum, estimate_natural(optimum.space, optimum.point, want_se=want_se, unknown=unknown), unknown


def _unidentified(optimum: Optimum) -> Unidentified:
    """What the data cannot tell; where Σ is not linear in what is searched, in the directions that are open beside the
    optimum, away from the boundary."""
    space, point = optimum.space, optimum.point
    if space.quadratic:
        return unidentified(space.objective, point.psi)
    theta = np.where(space.roots & (np.abs(point.theta) < 0.1), 0.1, point.theta)
    psi, jacobian, _ = space.natural(theta)
    return unidentified(space.objective, psi, with_log_variance(jacobian))


def _with_least(optimum: Optimum, unknown: Unidentified, which: npt.NDArray[np.bool_]) -> Optimum | None:
    """The optimum with the least along some of the unidentified directions; None where that is no covariance matrix, or
    where they take the error variance along."""
    directions = unknown.directions[:-1, which]
    if not directions.shape[1] or np.abs(unknown.directions[-1, which] * unknown.size[-1]).max() > 1e-8:
        return None
    space, point = optimum.space, optimum.point
    weighted = directions * unknown.size[:-1, None]
    share, *_ = np.linalg.lstsq(weighted, unknown.size[:-1] * point.psi, rcond=None)
    psi = point.psi - directions @ share
    if np.abs(psi - point.psi)[space.objective.n_random :].max(initial=0.0) > 1e-8:
        return None  # residual parameters are not linear in V
    theta = space.from_psi(psi)
    theta[space.residual] = point.theta[space.residual]
    moved = space.point(theta)
    if moved is None or abs(moved.ll - point.ll) > 1e-8 * (1 + abs(point.ll)):
        return None
    moved = space.turned(moved)
    space.frames = moved.frames
    return replace(optimum, point=moved)


def _robust(
    design: Design,
    optimum: Optimum,
    natural: NaturalEstimate,
    to_x: FloatArray,
    reml: bool,
    transform: FloatArray | None,
    offset: FloatArray | None,
) -> tuple[NaturalEstimate, FloatArray, int]:
    clustered = Objective(design, reml=reml, transform=transform, offset=offset, keep_clusters=True)
    e = optimum.point.evaluation
    repeats = None
    if design.weights.kind == "fweight" and design.cluster is None:
        if not design.levels:
            repeats = design.weights.row
        elif (values := design.weights.of(design.levels[0].name)) is not None:
            repeats = values[design.levels[0].rows]
    result = robust_covariance(
        clustered, optimum.point.psi, e.beta, e.sigma2, e.a_inverse, natural.psi_vcov, repeats,
        design.spec.vce_correction,
    )
    vcov = to_x @ result.beta @ to_x.T * (optimum.space.objective.y_scale**2)
    return natural.with_psi_vcov(result.psi), vcov, result.n_clusters


LARGEST_CLUSTER = 2500
"""Rows of a cluster whose covariance matrix is formed."""


def small_of_robust(
    design: Design, optimum: Optimum, natural: NaturalEstimate, beta: FloatArray, phi: FloatArray, sigma2: float
) -> FewClusters:
    """Robust covariance and degrees of freedom by cluster. `SpecError` with weights, or for very large clusters."""
    clusters = cluster_codes(design)
    largest = int(np.bincount(clusters).max())
    if design.weights.kind is not None:
        raise SpecError(
            "CR2 and degrees of freedom of robust standard errors are for models without weights.",
            code="few-clusters-weights", subject="vce", advice="Use vce(robust) without dfmethod().",
        )
    if largest > LARGEST_CLUSTER:
        raise SpecError(
            f"A cluster of {largest:,} rows is too large for CR2.",
            code="cluster-too-large", subject="vce", advice="Use vce(robust): large clusters need no such correction.",
        )
    layout, rho = cells(design), optimum.point.psi[optimum.space.objective.n_random :]

    def covariance(rows: npt.NDArray[np.int64]) -> FloatArray:
        return random_part(design, layout, natural.values, rows) + residual_part(design, rho, sigma2, rows)

    return few_clusters(
        design.x, design.y - design.x @ beta, clusters, covariance, phi, design.spec.vce_correction
    )
