"""What the user should know about a fit: plain words, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from terrace.data.digits import EXACT
from terrace.design.design import Design
from terrace.design.estimability import undetermined
from terrace.inference.fitted import FittedModel
from terrace.optimise.by_gradient import LL_ERROR, SHARE, monte_carlo
from terrace.results.advice_covariance import MAXIMUM, boundary_advice, identification_advice, listed, some
from terrace.results.fit import Advice
from terrace.spec.model import ModelSpec


def collect_advice(
    fitted: FittedModel, spec: ModelSpec, trouble: list[tuple[str, str]]
) -> Iterator[Advice]:
    """Dropped terms, slopes that are none, empty cells, boundary solutions, trouble with convergence."""
    design = fitted.design
    yield from _of_method(fitted)
    yield from _left_out(fitted)
    yield from _about_data(design)
    yield from _not_estimable(design)
    yield from _of_search(design, trouble)
    yield from identification_advice(fitted)
    summit = any(code == "no-maximum" for code, _ in trouble)
    yield from boundary_advice(fitted, "This is the highest maximum found" if summit else MAXIMUM)


def _of_method(fitted: FittedModel) -> Iterator[Advice]:
    """That the likelihood was computed by iteration, and how far its estimates can be from the exact ones."""
    error = monte_carlo(fitted.optimum.point, fitted.objective)
    if not error:
        return
    ll, share, probes = float(error["mc_ll"] or 0.0), float(error["mc_se"] or 0.0), error["probes"]
    large = share > 1.2 * SHARE or ll > 10.0 * LL_ERROR
    yield Advice(
        "iterative",
        f"The likelihood was computed by the iterative method with {probes} random probes. Its Monte Carlo standard "
        f"error is {ll:.2g} in the log likelihood and at most {share:.2g} standard errors in the covariance "
        "parameters.",
        "These errors are larger than they should be: use method(exact) if the data are small enough for it."
        if large
        else "",
    )


def _left_out(fitted: FittedModel) -> Iterator[Advice]:
    """Terms, constraints and slopes that repeat others."""
    design = fitted.design
    if len(design.dropped) == 1:
        yield Advice(
            "collinear",
            f"{design.dropped[0]} was left out because it is a linear combination of other terms.",
            "Remove it, or one of the terms that it repeats.",
            design.dropped[0],
        )
    elif design.dropped:
        yield Advice(
            "collinear",
            f"{len(design.dropped)} terms were left out because they are linear combinations of others: "
            f"{some(design.dropped)}.",
            "Remove them, or the terms that they repeat.",
            design.dropped[0],
        )
    for text in fitted.constraints.redundant if fitted.constraints is not None else ():
        yield Advice("fixed-constraint", f"The constraint {text} follows from the others and was left out.", "", text)
    for level, name in design.dropped_random:
        yield Advice(
            "collinear-random",
            f"The random slope of {name} at level {level} was left out because it is a linear combination of others.",
            "Remove it, or keep it with the option collinear.",
            name,
        )


def _about_data(design: Design) -> Iterator[Advice]:
    """Slopes without variation, cells without rows, identifiers beyond double precision."""
    for level, name in design.constant_slopes:
        yield Advice(
            "slope-constant",
            f"{name} does not vary within {level}, so its random effect only lets the variance between groups "
            f"of {level} change with {name}.",
            f"If you do not want this, remove {name} from || {level}:, or put its slope at a higher level.",
            name,
        )
    empty = [c.name for c in design.columns if c.kind == "empty"]
    if empty:
        yield Advice(
            "empty-cells",
            f"{listed(empty)} have no rows, so their coefficients cannot be estimated."
            if len(empty) > 1
            else f"{empty[0]} has no rows, so its coefficient cannot be estimated.",
            "",
            empty[0],
        )
    for factor in design.levels:
        if factor.values is not None and factor.values.dtype.kind == "f" and np.any(np.abs(factor.values) > EXACT):
            yield Advice(
                "merged-groups",
                f"{factor.name} holds numbers beyond {EXACT}, where one number in double precision stands for several "
                "identifiers. Groups that differ only in their last digits may have been merged before the data were "
                "opened.",
                f"Read {factor.name} as text from the start.",
                factor.name,
            )


def _not_estimable(design: Design) -> Iterator[Advice]:
    """Coefficients that took up what was left out."""
    open_ = undetermined(design)
    if open_:
        yield Advice(
            "not-estimable",
            f"The coefficients of {listed(open_)} take up what was left out, and do not stand for these terms alone."
            if len(open_) > 1
            else f"The coefficient of {open_[0]} takes up what was left out, and does not stand for this term alone.",
            "Use contrast, pwcompare and margins to see what can be estimated"
            + ("; e(not_estimable) lists these coefficients." if some(open_) != ", ".join(open_) else "."),
            open_[0],
        )


def _of_search(design: Design, trouble: list[tuple[str, str]]) -> Iterator[Advice]:
    """What the search met: no convergence, no maximum, a unit of time that is too small or too large."""
    for code, detail in trouble:
        if code == "not-converged":
            yield Advice(
                code,
                "The search did not converge" + (f" ({detail})." if detail else "."),
                f"Do not report these numbers. Simplify the random part{_one_variance(design)}, rescale predictors "
                "with very large or small units, or allow more iterations.",
            )
        elif code == "units-of-time":
            time = design.residuals.time_variable or ""
            yield Advice(
                code,
                f"The correlation of residuals at a distance of 1 in {time} is so near to {detail} that double "
                "precision cannot tell it from that. All other estimates hold.",
                f"Rescale {time}: choose a unit with rows of a group about 1 apart.",
                time,
            )
        elif code == "no-maximum":
            yield Advice(
                code,
                "The likelihood has no maximum: it keeps rising as var(Residual) goes to zero and the random "
                "effects reproduce the outcome. The estimates are at the highest other maximum.",
                "There are too few data for this model. Remove random effects, or use more rows per group.",
            )


def _one_variance(design: Design) -> str:
    """The advice to have one set of residual parameters, where there are several."""
    return f", leave out by({design.residuals.by_variable})" if design.residuals.n_by > 1 else ""
