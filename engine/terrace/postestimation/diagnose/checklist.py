"""A check list in plain words: what was looked at, what was found, what to do.

The thresholds are rules of thumb about size, not tests: with many rows everything is significant. They are stated
beside each check.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.estimability import undetermined
from terrace.errors import TerraceError
from terrace.postestimation.diagnose.influence import influence
from terrace.postestimation.diagnose.residual_checks import autocorrelation, homogeneity, residual_values, shape
from terrace.postestimation.tests.combinations import need_data
from terrace.progress import CancelCheck
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table
from terrace.results.tables_terms import parameter_label, random_label
from terrace.wording import fixed, plural, two

FloatArray = npt.NDArray[np.float64]
State = Literal["good", "look", "problem"]
WORDS = {"good": "Fine", "look": "Look", "problem": "Problem"}

SKEWNESS, KURTOSIS = 0.8, 2.0
FEW_GROUPS, VERY_FEW_GROUPS = 30, 6
COOK = 0.5
FAR_OUT = 4.0


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list. ``code`` is stable; ``state`` is good, look or problem; ``plot`` names a plot to see."""

    code: str
    title: str
    state: State
    found: str
    advice: str = ""
    plot: str = ""


def checklist(fit: FitResult, data: Dataset, *, cancel: CancelCheck | None = None) -> tuple[Check, ...]:
    """Every check that applies to the model. `cancel` is asked between checks."""
    from terrace.errors import Cancelled

    need_data(fit, data)
    out: list[Check] = []
    for make in _CHECKS:
        if cancel is not None and cancel():
            raise Cancelled("Checks cancelled. Nothing was changed.")
        try:
            out += make(fit, data)
        except TerraceError:
            continue  # a check that this kind of model does not have
    return tuple(out)


def checklist_table(found: tuple[Check, ...]) -> Table:
    """The list as a table."""
    columns = (
        Column("state", "State", "text"), Column("found", "Found", "text"), Column("advice", "What to do", "text"),
    )  # fmt: skip
    rows = tuple(Row(c.title, (WORDS[c.state], c.found, c.advice or None), code=c.code) for c in found)
    count = sum(c.state != "good" for c in found)
    need = "needs" if count == 1 else "need"
    note = "Nothing stands out." if not count else f"{count} of {plural(len(found), 'check')} {need} attention."
    return Table("Assumption checks", columns, rows, "Checked", (note,), "checklist")


def checklist_text(found: tuple[Check, ...], width: int = 78) -> str:
    """The list as plain text, a paragraph a check, for a terminal."""
    import textwrap

    out = []
    for c in found:
        words = " ".join(x for x in (c.found, c.advice) if x)
        out += textwrap.wrap(
            f"{WORDS[c.state]:<8} {c.title}: {words}", width, subsequent_indent=" " * 9, break_long_words=False
        )
    return "\n".join(out)


# --- the search ----------------------------------------------------------------------------------------
def _convergence(fit: FitResult, data: Dataset) -> list[Check]:
    if fit.converged:
        return [Check("convergence", "Convergence", "good", "The search ended at a maximum of the likelihood.")]
    return [
        Check("convergence", "Convergence", "problem", "The search did not reach a maximum of the likelihood.",
              "Simplify the random part, rescale covariates, or allow more iterations. Do not report this fit.")
    ]  # fmt: skip


def _identification(fit: FitResult, data: Dataset) -> list[Check]:
    title = "Identification"
    if not fit.converged:
        return []
    told = [w for w in fit.warnings if w.code == "not-identified"]
    if not told:
        return [Check("identification", title, "good", "The data identify all covariance parameters.")]
    return [Check("identification", title, "problem", w.message, w.advice) for w in told]


def _boundary(fit: FitResult, data: Dataset) -> list[Check]:
    if not fit.spec.random or not fit.converged:
        return []
    if fit.boundary:
        named = ", ".join(_edge_words(b) for b in fit.boundary)
        return [
            Check("boundary", "Limits of the parameters", "look", f"At the limit: {named}.",
                  "Remove this random effect or its covariance, or report that it is at its limit.")
        ]  # fmt: skip
    correlations = [r for r in fit.random_sd if r.level != "Residual" and not r.name.startswith("sd(")]
    high = [r for r in correlations if r.identified and abs(r.estimate) > 0.95]
    if high:
        text = ", ".join(f"{parameter_label(r)} = {fixed(r.estimate, 3, zero=False)}" for r in high)
        return [
            Check("boundary", "Limits of the parameters", "look", f"A correlation is close to ±1: {text}.",
                  "Centre the covariate of the slope. If this stays, the data may not support both effects.")
        ]  # fmt: skip
    return [Check("boundary", "Limits of the parameters", "good", "No variance at 0, no correlation at ±1.")]


def _edge_words(name: str) -> str:
    """``id: sd(_cons)`` for people; ``id: rank 2 of 3`` is about the matrix of a level."""
    level, _, what = name.partition(": ")
    return f"the covariance matrix at level {level} ({what})" if what.startswith("rank") else random_label(what)


def _groups(fit: FitResult, data: Dataset) -> list[Check]:
    out = []
    for g in fit.groups:
        if g.level == "_all":
            continue
        title, groups = f"Number of groups of {g.level}", plural(g.n_groups, "group")
        if g.n_groups < VERY_FEW_GROUPS:
            out.append(
                Check("groups", title, "problem", f"{groups}: too few to estimate a variance well.",
                      f"Consider {g.level} as a fixed factor. If it stays random, use REML and profile intervals.")
            )  # fmt: skip
        elif g.n_groups < FEW_GROUPS and (fit.spec.method == "ml" or fit.spec.df_method is None):
            advice = "Use reml dfmethod(kroger) for standard errors and tests suited to small samples."
            out.append(Check("groups", title, "look", f"{groups}: few for large-sample tests.", advice))
        else:
            out.append(Check("groups", title, "good", f"{groups}."))
    return out


# --- residuals -----------------------------------------------------------------------------------------
def _normal(label: str, code: str, values: FloatArray, plot: str) -> Check:
    s = shape(label, code, values)
    text = f"Skewness {fixed(s.skewness, 2)}, excess kurtosis {fixed(s.kurtosis, 2)}."
    if abs(s.skewness) <= SKEWNESS and abs(s.kurtosis) <= KURTOSIS:
        return Check(code, label, "good", text, plot=plot)
    if abs(s.skewness) > SKEWNESS:
        advice = "See the QQ plot. A transformation of the outcome may help; robust standard errors stay valid."
    else:
        advice = "See the QQ plot. Heavy tails: look for outliers; robust standard errors stay valid."
    return Check(code, label, "look", text, advice, plot)


def _residual_normality(fit: FitResult, data: Dataset) -> list[Check]:
    return [_normal("Normal residuals", "residual-normality", residual_values(fit, data, "rstandard"), "qq")]


def _outliers(fit: FitResult, data: Dataset) -> list[Check]:
    r = residual_values(fit, data, "rstandard")
    far = np.flatnonzero(np.abs(r) > FAR_OUT)
    if not len(far):
        text = f"The largest standardised residual is {fixed(np.abs(r).max(), 2)}."
        return [Check("outliers", "Outlying rows", "good", text, plot="residual-fitted")]
    rows = np.flatnonzero(fit.sample)[far[np.argsort(-np.abs(r[far]))]] + 1
    named = ", ".join(f"{k:,}" for k in rows[:5]) + (", ..." if len(rows) > 5 else "")
    rows_far = plural(len(far), "row")
    text = f"{rows_far} beyond ±{FAR_OUT:g} standard deviations: row{'s' if len(far) > 1 else ''} {named}."
    return [
        Check("outliers", "Outlying rows", "look", text,
              "Check these rows for errors, and report whether results change without them.", "residual-fitted")
    ]  # fmt: skip


def _effects(fit: FitResult, data: Dataset) -> list[Check]:
    from terrace.postestimation.predict.columns import random_effects

    out = []
    for e in random_effects(fit):
        if len(e.groups) < 20:
            continue
        for k, name in enumerate(e.names):
            inside = random_label(f"var({name})")[4:-1]
            title = f"Normal random effects: {inside}, {e.level}"
            values = e.values[np.isfinite(e.values[:, k]), k]  # what is not identified is missing
            if len(values) >= 20 and values.std() > 1e-6 * math.sqrt(fit.model.sigma2):
                out.append(_normal(title, f"effects-{e.level}-{name}", values, "qq-effects"))
    return out


def _spread(fit: FitResult, data: Dataset) -> list[Check]:
    from terrace.postestimation.predict import columns as predict

    r = np.abs(residual_values(fit, data, "rstandard"))
    fitted = predict.fitted(fit, data)[fit.sample]
    c = _correlation(_ranks(r), _ranks(fitted))
    out = []
    text = f"Rank correlation of residual size with fitted values: {fixed(c, 2)}."
    if abs(c) > 0.15:
        way = "grow" if c > 0 else "shrink"
        out.append(
            Check("spread-fitted", "Constant variance", "look", f"{text} Residuals {way} with the fitted value.",
                  "Try a transformation of the outcome, such as the logarithm, or robust standard errors.",
                  "residual-fitted")
        )  # fmt: skip
    else:
        out.append(Check("spread-fitted", "Constant variance", "good", text, plot="residual-fitted"))
    found = homogeneity(fit)
    if found is not None and fit.model.design.residuals.n_by == 1:
        text = f"Group SDs differ by a factor of about {fixed(math.exp(found.spread), 2)} beyond chance."
        if found.spread > 0.15 and found.p < 0.001:
            out.append(
                Check("spread-groups", "Equal variance in groups", "look", text,
                      "Look for a variable that explains it: residuals(independent, by(variable)).")
            )  # fmt: skip
        else:
            out.append(Check("spread-groups", "Equal variance in groups", "good", text))
    return out


def _ranks(x: FloatArray) -> FloatArray:
    out = np.empty(len(x))
    out[np.argsort(x, kind="stable")] = np.arange(len(x), dtype=np.float64)
    return out


def _correlation(a: FloatArray, b: FloatArray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > 0 else 0.0


def _serial(fit: FitResult, data: Dataset) -> list[Check]:
    time = fit.spec.residuals.time or (data.panel.time if data.panel is not None else None)
    if time is None or not fit.groups:
        return []
    found = autocorrelation(fit, data, time, max_lag=1)
    if len(found.values) < 2 or not math.isfinite(found.values[1]):
        return []
    c = float(found.values[1])
    text = f"Correlation of residuals one step of {time} apart: {fixed(c, 2)}."
    if c > 0.1 and c > found.limits[1]:
        return [
            Check("serial", "Correlation over time", "look", text,
                  f"Try residuals(ar 1, t({time})), or a random slope of {time}.", "autocorrelation")
        ]  # fmt: skip
    return [Check("serial", "Correlation over time", "good", text, plot="autocorrelation")]


# --- fixed part ----------------------------------------------------------------------------------------
def _main_effects(fit: FitResult) -> list[tuple[str, FloatArray]]:
    """Continuous main effects with more than two values."""
    out = []
    for k, c in enumerate(fit.model.design.x_info):
        if c.name == "_cons":
            continue
        term = fit.spec.fixed[c.term]
        if len(term.factors) == 1 and term.factors[0].kind == "continuous":
            x = fit.model.design.x[:, k]
            if len(np.unique(x[:1000])) > 2 or len(np.unique(x)) > 2:
                out.append((c.name, x))
    return out


def _linearity(fit: FitResult, data: Dataset) -> list[Check]:
    r = residual_values(fit, data, "rstandard")
    squares = {
        tuple(f.name for f in t.factors) for t in fit.spec.fixed if len({f.name for f in t.factors}) < len(t.factors)
    }
    bent, worst = [], 0.0
    mains = _main_effects(fit)
    for name, x in mains:
        if any(name in s for s in squares):
            continue
        u = (x - x.mean()) / (x.std() or 1.0)
        basis = np.column_stack([np.ones(len(u)), u])
        q = u**2 - basis @ np.linalg.lstsq(basis, u**2, rcond=None)[0]
        c = _correlation(r, q)
        worst = max(worst, abs(c))
        if abs(c) > 0.1 and abs(c) * math.sqrt(len(r)) > 3.3:
            bent.append(name)
    if not mains:
        return []
    if bent:
        which = ", ".join(bent)
        return [
            Check("linearity", "Linearity", "look", f"The residuals curve over {which}.",
                  f"Add a square, such as c.{bent[0]}#c.{bent[0]}, and compare.", "residual-covariate")
        ]  # fmt: skip
    return [
        Check("linearity", "Linearity", "good",
              f"Largest correlation of residuals with a square: {fixed(worst, 2)}.", plot="residual-covariate")
    ]  # fmt: skip


def _collinearity(fit: FitResult, data: Dataset) -> list[Check]:
    out = []
    if fit.model.design.dropped:
        out.append(
            Check("dropped", "Left-out terms", "look",
                  "Left out for collinearity: " + ", ".join(fit.model.design.dropped) + ".",
                  "Remove these terms, so that the model states what was estimated.")
        )  # fmt: skip
    open_ = undetermined(fit.model.design)
    if open_:
        out.append(
            Check("not-estimable", "Coefficients with a clear meaning", "look",
                  f"Combined with terms that were left out: {', '.join(open_)}.",
                  "Do not report these coefficients. Use contrast, pwcompare and margins to see what can be estimated.")
        )  # fmt: skip
    mains = _main_effects(fit)
    if len(mains) < 2:
        return out
    z = np.column_stack([(x - x.mean()) / (x.std() or 1.0) for _, x in mains])
    vif = np.diag(np.linalg.pinv(z.T @ z / len(z)))
    k = int(np.argmax(vif))
    text = f"The largest variance inflation factor is {fixed(vif[k], 1)} ({mains[k][0]})."
    if vif[k] > 10:
        out.append(
            Check("collinearity", "Separate covariates", "look", text,
                  "These covariates overlap, so each coefficient alone means little.")
        )  # fmt: skip
    else:
        out.append(Check("collinearity", "Separate covariates", "good", text))
    return out


def _between(fit: FitResult, data: Dataset) -> list[Check]:
    """A covariate whose group means go with the random intercepts has different effects within and between."""
    from terrace.postestimation.predict.columns import effects

    design = fit.model.design
    found = effects(fit)
    out = []
    for block, part in zip(design.blocks, found):
        if block.factor or "_cons" not in block.names or block.n_groups < 20 or block.level is not design.levels[-1]:
            continue
        u = part.values[:, block.names.index("_cons")]
        if np.isnan(u).any():
            continue
        size = np.bincount(block.codes, minlength=block.n_groups)
        mixed = []
        for name, x in _main_effects(fit):
            mean = np.bincount(block.codes, weights=x, minlength=block.n_groups) / size
            within = x - mean[block.codes]
            if within.std() < 1e-8 * (x.std() or 1.0) or mean.std() < 0.05 * x.std():
                continue
            if abs(_correlation(u, mean)) > max(0.3, 2.6 / math.sqrt(block.n_groups)):
                mixed.append(name)
        if mixed:
            out.append(
                Check("within-between", f"Same effect within and between {block.level.name}", "look",
                      f"Group means of {', '.join(mixed)} are related to the intercepts of {block.level.name}.",
                      f"Add the group mean of {mixed[0]}, or centre it within {block.level.name} and add the mean.")
            )  # fmt: skip
        elif _main_effects(fit):
            out.append(
                Check("within-between", f"Same effect within and between {block.level.name}", "good",
                      "Group means of the covariates are not related to the intercepts.")
            )  # fmt: skip
    return out


def _influence(fit: FitResult, data: Dataset) -> list[Check]:
    if not fit.groups:
        return []
    found = influence(fit, data)
    cooks = np.where(np.isfinite(found.cooks), found.cooks, math.inf)
    g = int(np.argmax(cooks))
    if math.isinf(cooks[g]):
        return [
            Check("influence", "Influential groups", "problem",
                  f"Without {found.level} {found.groups[g]} the model cannot be fitted.",
                  "A term of the model depends on this group alone.", "influence")
        ]  # fmt: skip
    text = f"The largest Cook's distance is {fixed(cooks[g], 2)} ({found.level} {found.groups[g]})."
    if cooks[g] > COOK:
        k = int(np.argmax(np.abs(found.dfbetas[g])))
        return [
            Check("influence", "Influential groups", "look", text,
                  f"Without it the coefficient of {found.labels[k]} changes by {two(found.changes[g, k])}: check this "
                  "group, and report whether the conclusions change without it.", "influence")
        ]  # fmt: skip
    return [Check("influence", "Influential groups", "good", text, plot="influence")]


_CHECKS: tuple[Callable[[FitResult, Dataset], list[Check]], ...] = (
    _convergence, _identification, _boundary, _groups, _residual_normality, _effects, _outliers, _spread, _linearity,
    _between, _serial, _influence, _collinearity,
)  # fmt: skip
