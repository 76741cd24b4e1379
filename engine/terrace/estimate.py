"""A fit, stage by stage: bind, objective, search, infer, assemble.

`fit` is the whole; the stages are functions that can be called one by one (after lme4's modular interface).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.progress import Report
from terrace.data.readers.frames import as_dataset
from terrace.data.streams.batches import StreamedData
from terrace.design.design import Design, build_design
from terrace.design.exact import refuse_exact
from terrace.design.vanishing import refuse_vanishing
from terrace.design.vanishing_sums import refuse_vanishing_sums
from terrace.design.vanishing_times import refuse_vanishing_times
from terrace.errors import Cancelled, FitError
from terrace.inference.attainable import attainable
from terrace.inference.bound import Bound
from terrace.inference.cells import cells
from terrace.inference.constraints import Constraints, bind_constraints
from terrace.inference.covariance_parameters import covariance_parameters
from terrace.inference.df import SmallSample
from terrace.inference.fitted import FittedModel
from terrace.inference.identification import moving
from terrace.inference.parameters import NaturalEstimate
from terrace.inference.robust import robust_covariance
from terrace.inference.small import SmallInference, small_inference, small_of_robust
from terrace.likelihood.objective import Objective
from terrace.likelihood.tiers import choose
from terrace.optimise.fit import Optimum, optimise
from terrace.optimise.log import Iteration
from terrace.optimise.reach import lowest_variances, refuse_beyond_reach
from terrace.progress import CancelCheck, Progress, ProgressCallback
from terrace.results.fit import FitResult
from terrace.spec.model import ModelSpec
from terrace.threads import on_one_thread

FloatArray = npt.NDArray[np.float64]


@on_one_thread
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
        A ``mixed`` command, a formula of lme4 such as ``y ~ x + (x | g)`` or a call of lmer, lme or gls, or a
        `ModelSpec`. A formula is fitted by REML, as lme4 does.
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
        spec, data, said = _read(model, data)
        command = command or said
    else:
        spec = model
    begun = time.perf_counter()
    watch = Watch(progress, cancel, begun)
    watch.stage("Reading the data")
    design = _bound(spec, data, watch)
    bound = None
    if spec.constraints:
        bound = bind_constraints(spec, design, constraints or {})
    watch.stage("Cross-products")
    fitted = replace(fit_design(design, bound, watch), data=data)
    from terrace.results.build import build_result

    if not command:
        from terrace.spec.text import format_mixed

        command = format_mixed(spec)
    return build_result(fitted, spec, data, command, time.perf_counter() - begun, noticed(fitted))


def _read(model: str, data: Dataset) -> tuple[ModelSpec, Dataset, str]:
    """The model that a text says, the data with the variables that a formula makes, and the command."""
    from terrace.language.mixed import COMMANDS

    if model.split(maxsplit=1)[:1] in [[c] for c in COMMANDS] or "~" not in model:
        names = (*data.names, *data.left_out)  # those left out are read, and then it says what is wrong with them
        return _parsed(model, names), data, model
    from terrace.code.read.lme4_formula import read_r

    if isinstance(data, StreamedData):
        raise data.needs_rows()
    # where all is numbers, what a formula without functions and with one grouping means hangs on the names alone
    known = (model, data.names) if data.is_plain and _PLAIN_FORMULA(model) else None
    if known is not None and known in _formulas:
        spec, command = _formulas[known]
        return spec, data, command
    read = read_r(model, data)
    command = read.commands[-1]
    if known is not None and not read.made:
        if len(_formulas) >= _KEPT:
            _formulas.clear()
        _formulas[known] = read.spec, command
    return read.spec, read.data(data), command


_KEPT = 64
_formulas: dict[tuple[str, tuple[str, ...]], tuple[ModelSpec, str]] = {}
"""Formulas that were read, by their text and the names of the data."""
_PLAIN_FORMULA = re.compile(r"(?!.*[\w.]\s*\()[^|]*\|[^|/:*]*", re.DOTALL).fullmatch


@lru_cache(maxsize=_KEPT)
def _parsed(model: str, names: tuple[str, ...]) -> ModelSpec:
    from terrace.language.mixed import parse_mixed

    return parse_mixed(model, names)


def _bound(spec: ModelSpec, data: Dataset, watch: Watch) -> Design:
    """The design on these data; of a streamed file in batches, or in memory where the model needs the rows."""
    if not isinstance(data, StreamedData):
        return build_design(spec, data)
    from terrace.design.streaming import build_streamed_design, model_variables, why_rows_are_needed

    report = Report(f"Reading {data.file.path.name}", watch.fraction, watch.cancel)
    what = why_rows_are_needed(spec)
    if what:
        return build_design(spec, data.load(model_variables(spec, data), what, report))
    return build_streamed_design(spec, data, report)


class Watch:
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


def fit_design(design: Design, constraints: Constraints | None = None, watch: Watch | None = None) -> FittedModel:
    """Fit a design: bind, search, infer. Raises as `search`."""
    watch = watch or Watch(None, None, time.perf_counter())
    bound = Bound.of(design, constraints, choose(design, design.spec.maximisation.method))
    optimum = search(bound, watch)
    watch.stage("Standard errors")
    return infer(bound, optimum, watch)


def search(bound: Bound, watch: Watch) -> Optimum:
    """The third stage: the maximum of the likelihood.

    Raises
    ------
    FitError
        Where there is none, since the model fits some rows without error, or where it cannot be evaluated.
    """
    design, objective = bound.design, bound.objective(tick=watch.tick)
    if objective.y_scale < 1e-12 * float(np.sqrt(np.mean(design.y**2))):
        refuse_exact(design, bound.y)
    refuse_vanishing(design, reml=objective.reml, x=bound.x, y=bound.y)
    refuse_vanishing_times(design, bound.x, bound.y, reml=objective.reml)
    refuse_vanishing_sums(design, bound.x, bound.y, reml=objective.reml)
    try:
        optimum = _maximum(objective, watch)
        lowest = lowest_variances(optimum)
        if not optimum.converged or lowest:
            refuse_vanishing(design, reml=objective.reml, unions=True, x=bound.x, y=bound.y)
            refuse_beyond_reach(optimum, lowest)
        tiny = optimum.point.evaluation.sigma2 < NEXT_TO_NOTHING and bool(objective.n_random)
        if not optimum.converged or tiny:
            spare = refuse_exact(design, bound.y)
            if tiny and spare and objective.can_be_careful:
                optimum = _maximum(bound.objective(careful=True), watch)
    except np.linalg.LinAlgError as error:
        refuse_exact(design, bound.y)
        raise FitError(
            f"The likelihood of this model cannot be evaluated on these data: {error}.",
            code="not-estimable",
            advice="Simplify the random part or the residual structure.",
        ) from None
    return optimum


# An error variance, in units of the least-squares one, from which on its digits need care.
NEXT_TO_NOTHING = 1e-7


def _maximum(objective: Objective, watch: Watch) -> Optimum:
    """The maximum of an objective, from the starting values that the model gives."""
    options = objective.design.spec.maximisation
    start = None
    if options.from_:
        from terrace.inference.start import start_values

        start = start_values(options.from_, objective.design, objective)
    return optimise(objective, options, start=start, report=watch.iteration, tick=watch.tick)


def infer(bound: Bound, optimum: Optimum, watch: Watch) -> FittedModel:
    """The fourth stage: coefficients, covariance parameters, standard errors, degrees of freedom."""
    # the search may have chosen another by() group to which the others are relative
    bound = replace(bound, design=optimum.space.objective.design)
    design, spec = bound.design, bound.design.spec
    want_se = not spec.nostderr and not spec.maximisation.emonly
    optimum, natural, unknown = covariance_parameters(optimum, want_se)
    if not optimum.converged:
        natural, unknown = natural.of_no_maximum(), None
    objective, e = optimum.space.objective, optimum.point.evaluation
    sigma2 = e.sigma2 * objective.y_scale**2
    to_x = bound.lifted(objective.back)
    beta = bound.beta(objective.beta_natural(e.beta))
    ways = None
    if unknown is not None:
        ways = attainable(objective, optimum.point, unknown, natural.jacobian / natural.unit[:, None])
        moves = moving(objective, optimum.point.psi, ways)
        if moves.shape[1]:
            design = replace(design, unsettled=bound.lifted(moves))
    phi = to_x @ e.a_inverse @ to_x.T * sigma2
    vcov, clusters, small = phi, None, None
    if spec.vce in ("robust", "cluster") or design.weights.kind == "pweight":
        natural, vcov, clusters, small = _robust(bound, design, optimum, natural, beta, phi, watch)
    elif spec.df_method:
        watch.stage("Degrees of freedom")
        small = small_inference(design, objective, optimum, natural, phi, to_x, spec)
        if spec.df_method == "kroger" and isinstance(small.sample, SmallSample):
            vcov = small.sample.adjusted
    return FittedModel(
        design, objective, optimum, beta, vcov, phi, optimum.point.psi, sigma2, cells(design), natural, small,
        clusters, bound.constraints, unknown, ways if ways is not None and ways.directions.shape[1] else None,
    )


def _robust(
    bound: Bound, design: Design, optimum: Optimum, natural: NaturalEstimate, beta: FloatArray, phi: FloatArray,
    watch: Watch,
) -> tuple[NaturalEstimate, FloatArray, int, SmallInference | None]:
    """The sandwich of the covariance parameters and of the coefficients, the number of clusters, and degrees of freedom
    where they are asked for."""
    objective, e, spec = optimum.space.objective, optimum.point.evaluation, design.spec
    result = robust_covariance(
        bound.objective(keep_clusters=True), optimum.point.psi, e.beta, e.sigma2, e.a_inverse, natural.psi_vcov,
        _repeats(design), spec.vce_correction,
    )
    to_x = bound.lifted(objective.back)
    vcov = to_x @ result.beta @ to_x.T * objective.y_scale**2
    small = None
    if spec.vce_correction == "cr2" or spec.df_method == "satterthwaite":
        watch.stage("Robust standard errors")
        few = small_of_robust(design, optimum, natural, beta, phi, e.sigma2 * objective.y_scale**2)
        vcov = few.vcov
        if spec.df_method == "satterthwaite":
            df = np.array([few.single(row) for row in np.eye(len(beta))])
            small = SmallInference(spec.df_method, df, few)
    return natural.with_psi_vcov(result.psi), vcov, result.n_clusters, small


def _repeats(design: Design) -> FloatArray | None:
    """The frequencies of whole clusters, where frequency weights give them."""
    if design.weights.kind != "fweight" or design.cluster is not None:
        return None
    if not design.levels:
        return design.weights.row
    values = design.weights.of(design.levels[0].name)
    return None if values is None else values[design.levels[0].rows]


def noticed(fitted: FittedModel) -> list[tuple[str, str]]:
    """(code, detail) of what went wrong in a fit, for `terrace.results.advice`."""
    optimum, natural = fitted.optimum, fitted.natural
    out: list[tuple[str, str]] = []
    if not optimum.converged:
        out.append(("not-converged", optimum.reason))
    elif optimum.unbounded:
        out.append(("no-maximum", ""))
    number = fitted.design.residuals.out_of_units(fitted.psi[fitted.objective.n_random :])
    if optimum.converged and number:
        out.append(("units-of-time", number))
    if natural.confounded or natural.flat.any():
        out.append(("not-identified", ""))
    return out
