"""The linear model by least squares, as a `FitResult`, so that everything that follows a fit follows this one too.

The design (factor variables, base levels, collinear terms, sample) is that of `mixed` without a random part;
coefficients come from a QR factorisation of √w·X, not from the cross-products of the likelihood.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.design import Design, build_design
from terrace.design.groups import compact
from terrace.design.weights import Weights
from terrace.errors import Cancelled, SpecError
from terrace.estimate import fit_design
from terrace.inference.small import SmallInference
from terrace.inference.tests import wald
from terrace.progress import CancelCheck, Progress, ProgressCallback
from terrace.results.assemble import fixed_rows
from terrace.results.build import build_result, model_hypothesis
from terrace.results.fit import FitResult, RandomParameter
from terrace.results.stored import coefficient_places, spread
from terrace.spec.model import ModelSpec
from terrace.statistics.distributions import confidence_quantile, f_upper
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LeastSquares:
    """Weighted least squares of y (n,) on x (n, p).

    ``inverse`` is (X'WX)⁻¹; ``rss`` and ``mss`` the residual and model sums of squares; ``n`` counts copies under
    frequency weights; ``df_model`` leaves the constant out.
    """

    beta: FloatArray
    inverse: FloatArray
    residuals: FloatArray
    weights: FloatArray
    n: float
    rss: float
    mss: float
    df_model: int
    df_residual: float

    @property
    def sigma2(self) -> float:
        """The residual mean square."""
        return self.rss / self.df_residual


def least_squares(x: FloatArray, y: FloatArray, w: FloatArray | None, n: float, constant: bool) -> LeastSquares:
    """Solve by QR. `w` (n,) are weights or None; the residual degrees of freedom are `n` - p.

    Raises `SpecError` where they are not positive.
    """
    p = x.shape[1]
    if n - p <= 0:
        raise SpecError(
            f"The model has {plural(p, 'coefficient')} and only {plural(n, 'observation')}.",
            code="too-many-parameters",
            advice="Leave out some terms, or use more data.",
        )
    weights = np.ones(len(y)) if w is None else w
    root = np.sqrt(weights)
    q, r = np.linalg.qr(x * root[:, None])
    beta = np.linalg.solve(r, q.T @ (root * y)) if p else np.zeros(0)
    back = np.linalg.inv(r) if p else np.zeros((0, 0))
    residuals = y - x @ beta
    fitted = y - residuals
    centre = float(weights @ y / weights.sum()) if constant else 0.0
    return LeastSquares(
        beta,
        back @ back.T,
        residuals,
        weights,
        n,
        rss=float(weights @ residuals**2),
        mss=float(weights @ (fitted - centre) ** 2),
        df_model=p - constant,
        df_residual=n - p,
    )


def robust_vcov(ls: LeastSquares, x: FloatArray, cluster: npt.NDArray[np.int64] | None, frequency: bool) -> FloatArray:
    """The sandwich covariance of the coefficients, (p, p).

    HC1 of MacKinnon & White (1985): n/(n - p) Σ e²xx'. With clusters the sum over clusters of (X_j'e_j)(X_j'e_j)'
    times M/(M - 1)·(n - 1)/(n - p). Frequency weights count rows, others enter the scores.
    """
    p = x.shape[1]
    if cluster is None:
        factor = ls.weights * ls.residuals**2 if frequency else (ls.weights * ls.residuals) ** 2
        meat = (x * factor[:, None]).T @ x
        correction = ls.n / (ls.n - p)
    else:
        m = int(cluster.max()) + 1
        scores = np.zeros((m, p))
        np.add.at(scores, cluster, x * (ls.weights * ls.residuals)[:, None])
        meat = scores.T @ scores
        correction = m / (m - 1) * (ls.n - 1) / (ls.n - p)
    sandwich: FloatArray = ls.inverse @ meat @ ls.inverse * correction
    return sandwich


def regress(
    spec: ModelSpec,
    data: Dataset,
    *,
    command: str = "",
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
) -> FitResult:
    """Fit a linear model. `spec` has no random part; ``vce`` robust or cluster asks for the sandwich.

    e(b), e(V), N, mss, rss, df_m, df_r, F, p, r2, r2_a, rmse, ll, ll_0, rank and the rows of coefficients with t
    are those of least squares; the likelihood is that of the normal model at its maximum.

    Raises `TerraceError` where the model is impossible on these data.
    """
    if spec.random:
        raise SpecError("regress takes no random effects.", code="random-part", advice="Use mixed.")
    robust = spec.vce in ("robust", "cluster") or (spec.weight is not None and spec.weight.kind == "pweight")
    frequency = spec.weight is not None and spec.weight.kind == "fweight"
    if progress is not None:
        progress(Progress("Fitting"))
    if cancel is not None and cancel():
        raise Cancelled
    base = _likelihood_fit(replace(spec, method="ml", df_method=None, vce=None), data, command)
    design = base.model.design
    w = design.weights.row
    n = float(w.sum()) if frequency and w is not None else float(design.n)
    if w is not None and not frequency:
        w = w * design.n / w.sum()
    ls = least_squares(design.x, design.y, w, n, _has_constant(design))
    phi = ls.inverse * ls.sigma2
    vcov, df, clusters = phi, ls.df_residual, None
    if robust:
        codes = None
        if spec.vce == "cluster" and design.cluster is not None:
            codes, clusters = compact(design.cluster)
            if clusters < 2:
                raise SpecError(f"There is only one cluster of {spec.cluster}.", code="one-group", subject="vce")
            df = clusters - 1.0
        vcov = robust_vcov(ls, design.x, codes, frequency)
    small = SmallInference("residual", np.full(len(ls.beta), df), None)
    model = replace(base.model, beta=ls.beta, vcov=vcov, phi=phi, sigma2=ls.sigma2, small=small,
                    n_clusters=clusters if clusters is not None else (design.n if robust else None))  # fmt: skip
    level = spec.display.level
    scalars = _scalars(ls, model_hypothesis(model), vcov, df, clusters, robust)
    at, _ = coefficient_places(design)
    names, row = tuple(c.stored for c in design.columns), ("y1",)
    matrices = {"b": spread(ls.beta, at, len(names))[None, :], "V": spread(vcov, at, len(names))}
    if robust:
        matrices["V_modelbased"] = spread(phi, at, len(names))
    return replace(
        base,
        spec=replace(spec, method="ml", df_method="residual"),
        title="Linear regression",
        fixed=fixed_rows(design, ls.beta, vcov, small.df, level),
        random=(_residual(ls, level),),
        random_sd=(_residual(ls, level, root=True),),
        scalars=scalars,
        macros=_macros(base, spec, command, robust),
        matrices=matrices,
        matrix_names={name: (row if name == "b" else names, names) for name in matrices},
        held=model,
    )


def _likelihood_fit(spec: ModelSpec, data: Dataset, command: str) -> FitResult:
    """The same model by maximum likelihood, for the arrays that post-estimation needs; its numbers are replaced.

    Sampling weights enter it like frequencies that sum to the number of rows: their covariance is not its affair.
    """
    begun = time.perf_counter()
    design = build_design(spec, data)
    row = design.weights.row
    if design.weights.kind == "pweight" and row is not None:
        design = replace(design, weights=Weights("fweight", row * design.n / row.sum()))
    fitted = replace(fit_design(design), data=data)
    return build_result(fitted, spec, data, command, time.perf_counter() - begun, [])


def _has_constant(design: Design) -> bool:
    return any(c.name == "_cons" for c in design.x_info)


def _scalars(
    ls: LeastSquares, hypothesis: FloatArray, vcov: FloatArray, df: float, clusters: int | None, robust: bool
) -> dict[str, float | int | None]:
    n = ls.n
    tss = ls.mss + ls.rss
    k = ls.df_model
    test = wald(ls.beta, vcov, hypothesis)
    f = None
    if k and test.rank:
        f = test.chi2 / test.rank if robust else (ls.mss / k) / ls.sigma2 if ls.sigma2 > 0 else None
    p = f_upper(f, test.rank if robust else k, df) if f is not None else None
    constant = len(ls.beta) - k
    out: dict[str, float | int | None] = {
        "N": int(n) if n.is_integer() else n,
        "df_m": test.rank if robust else k,
        "df_r": df,
        "F": f,
        "p": p,
        "r2": ls.mss / tss if tss > 0 else None,
        "r2_a": 1 - (ls.rss / ls.df_residual) / (tss / (n - constant)) if tss > 0 else None,
        "rmse": math.sqrt(ls.sigma2),
        "mss": ls.mss,
        "rss": ls.rss,
        "ll": _log_likelihood(ls.rss, n),
        "ll_0": _log_likelihood(tss, n),
        "rank": len(ls.beta),
        "k": len(ls.beta),
        "converged": 1,
        "ddf_m": df,
    }
    if clusters is not None:
        out["N_clust"] = clusters
    return out


def _log_likelihood(squares: float, n: float) -> float | None:
    return -n / 2 * (math.log(2 * math.pi * squares / n) + 1) if squares > 0 else None


def _residual(ls: LeastSquares, level: float, *, root: bool = False) -> RandomParameter:
    """The residual variance (or its root) with the standard error and log interval of a normal sample."""
    value, relative = ls.sigma2, math.sqrt(2.0 / ls.df_residual)
    if root:
        value, relative = math.sqrt(value), relative / 2
    half = math.exp(confidence_quantile(level) * relative)
    name = "sd(Residual)" if root else "var(Residual)"
    return RandomParameter("Residual", "", name, value, value * relative, value / half, value * half)


_OF_ANY_MODEL = ("wtype", "wexp", "margins", "datasignature", "datafile", "not_estimable", "filter")


def _macros(base: FitResult, spec: ModelSpec, command: str, robust: bool) -> Mapping[str, str]:
    out: dict[str, str] = {
        "cmd": "regress",
        "cmdline": command,
        "depvar": spec.outcome.name,
        "title": "Linear regression",
        "model": "ols",
        "vce": spec.vce or ("robust" if robust else "ols"),
        "properties": "b V",
        "predict": "predict",
        "estat_cmd": "estat",
        "dfmethod": "residual",
        "dftitle": "Residual",
        **{k: v for k, v in base.macros.items() if k.startswith(_OF_ANY_MODEL)},
    }
    if robust:
        out["vcetype"] = "Robust"
    if spec.cluster:
        out["clustvar"] = spec.cluster
    return out
