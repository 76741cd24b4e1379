"""What the user should know about a fit: plain words, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from terrace.results.fit import Advice
from terrace.spec.model import ModelSpec

if TYPE_CHECKING:
    from terrace.estimate import FittedModel


def collect_advice(
    fitted: FittedModel, spec: ModelSpec, trouble: list[tuple[str, str]]
) -> Iterator[Advice]:
    """Dropped terms, slopes that are none, empty cells, boundary solutions, trouble with convergence."""
    design = fitted.design
    if len(design.dropped) == 1:
        yield Advice(
            "collinear",
            f"{design.dropped[0]} was left out: it is a linear combination of other terms.",
            "Remove it from the model, or one of the terms that it repeats.",
            design.dropped[0],
        )
    elif design.dropped:
        yield Advice(
            "collinear",
            f"{len(design.dropped)} terms were left out, since they are linear combinations of others: "
            f"{_some(design.dropped)}.",
            "Remove them from the model, or the terms that they repeat.",
            design.dropped[0],
        )
    for text in fitted.constraints.redundant if fitted.constraints is not None else ():
        yield Advice("fixed-constraint", f"The constraint {text} follows from the others and was left out.", "", text)
    for level, name in design.dropped_random:
        yield Advice(
            "collinear-random",
            f"The random slope of {name} at level {level} was left out: it is a linear combination of others.",
            "Remove it, or use the option collinear to keep it.",
            name,
        )
    for level, name in design.constant_slopes:
        yield Advice(
            "slope-constant",
            f"{name} does not vary within {level}: its random effect is no slope, it lets the variance between groups "
            f"of {level} change with {name}.",
            f"If that is not meant, take {name} out of || {level}:, or put its slope at a higher level.",
            name,
        )
    empty = [c.name for c in design.columns if c.kind == "empty"]
    if empty:
        yield Advice(
            "empty-cells",
            f"No rows have {_some(empty)}: the coefficient cannot be estimated.",
            "",
            empty[0],
        )
    for code, detail in trouble:
        if code == "not-converged":
            yield Advice(
                code,
                "The search did not converge" + (f" ({detail})." if detail else "."),
                "Do not report these numbers. Simplify the random part, rescale predictors with very large or "
                "small units, or allow more iterations.",
            )
        elif code == "no-maximum":
            yield Advice(
                code,
                "The likelihood has no maximum: it rises without end as var(Residual) goes to zero and the random "
                "effects reproduce the outcome. The estimates are those of the highest summit apart from that.",
                "The data are too few for this model: leave out random effects, or use more rows a group.",
            )
        elif code == "not-identified":
            yield Advice(
                code,
                "The likelihood is flat around the solution, so that standard errors of the variance parameters "
                "cannot be given.",
                "The data cannot tell some of the parameters apart: simplify the random part or the residuals.",
            )
    maximise = "The estimates maximise the likelihood"
    if any(code == "no-maximum" for code, _ in trouble):
        maximise = "This is the highest summit that was found"
    roots = [n.partition(": ")[2] for n in fitted.natural.boundary if n.rpartition(":")[2].strip().startswith("theta")]
    for name in fitted.natural.boundary:
        level, _, parameter = name.partition(": ")
        inside = parameter.rpartition(":")[2]
        if parameter in roots[1:]:
            continue
        if level == "Residual" and inside.startswith("theta"):
            every, verb = (", ".join(roots), "are") if len(roots) > 1 else (parameter, "is")
            text = f"{every} {verb} at the edge of what a moving average can be: a root lies on the unit circle."
            action = (
                f"{maximise}, but there are no standard errors there. Consider another structure of the residuals, or "
                "a lower order."
            )
        elif level == "Residual" and inside == "rho":
            text = f"{parameter} is estimated as zero: the residuals show no positive correlation in time."
            action = "Leave the residuals independent, or use a structure that allows negative correlations."
        elif level == "Residual" and parameter != "var(Residual)":
            text = f"The residual variance {parameter} is estimated as zero: the random effects carry its rows."
            action = "Leave out by() or a random slope: these data cannot tell both apart."
        elif level == "Residual":
            text = f"{parameter} is estimated as zero: the random effects reproduce the outcome exactly."
            action = "The data cannot carry this model: leave out random slopes, or use more rows a group."
        elif parameter.startswith("corr"):
            text = _perfect_correlation(fitted, level, parameter)
            action = (
                f"{maximise}, but standard errors are not identified there. Consider covariance(independent), or leave "
                "the random slope out."
            )
        else:
            text = f"{parameter} at level {level} is estimated as zero, the edge of what a variance can be."
            action = f"{maximise}. Consider leaving this random effect out."
        yield Advice("boundary", text, action, name)


def _some(names: Sequence[str], most: int = 6) -> str:
    """The names, or the first of them where there are many and the number of the others."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _perfect_correlation(fitted: FittedModel, level: str, parameter: str) -> str:
    """A correlation of one or minus one, or the lowest that several effects can have in common."""
    for k, c in enumerate(fitted.layout):
        if c.block is None or c.sd_name != parameter:
            continue
        structure = fitted.design.blocks[c.block].structure
        count = getattr(structure, "count", 2)
        if fitted.design.blocks[c.block].level.name == level and count > 2 and fitted.natural.values[k] < 0:
            return (
                f"{parameter} at level {level} is on the boundary: {count} random effects cannot have a lower "
                f"correlation in common than -1/{count - 1}."
            )
    return f"{parameter} at level {level} is on the boundary (±1): the random effects are perfectly correlated."
