"""What the user should know about covariance parameters: those that the data cannot tell, and those on the boundary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from terrace.design.estimability import unsettled_names
from terrace.inference.boundary import SingularState, singular_directions, singular_state
from terrace.inference.fitted import FittedModel
from terrace.inference.identification import Confounded
from terrace.results.fit import Advice
from terrace.wording import enumerated

MAXIMUM = "The estimates maximise the likelihood"


_LEVEL = re.compile(r"(?<![\w.])\d+b?\.(?=\w)")
_PARAMETER = re.compile(r"(var|sd|cov|corr)\((.*)\)(.*)")
_KINDS = {"var": "variances", "sd": "standard deviations", "cov": "covariances", "corr": "correlations"}


def some(names: Sequence[str], most: int = 6) -> str:
    """The names; of many, those of one term together: ``11 levels of i.g``. Nothing is left out."""
    return ", ".join(_gathered(names, most))


def listed(names: Sequence[str], link: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; of many, those of one term together."""
    return enumerated(_gathered(names, 6), link)


def _gathered(names: Sequence[str], most: int) -> list[str]:
    if len(names) <= most:
        return list(names)
    terms: dict[str, list[str]] = {}
    for name in names:
        terms.setdefault(_term(name), []).append(name)
    return [own[0] if len(own) == 1 else _together(term, len(own)) for term, own in terms.items()]


def _term(name: str) -> str:
    """What the names of the levels of a term have in common: ``i.g`` of 2.g, ``cov(e,e)`` of cov(e1,e2)."""
    return re.sub(r"(?<=[(,])e\d+(?=[,)])", "e", _LEVEL.sub("i.", name))


def _together(term: str, count: int) -> str:
    """``11 levels of i.g``, ``17 cells of i.a#i.b``, ``21 covariances of the residuals``."""
    found = _PARAMETER.fullmatch(term)
    if found is None:
        return f"{count} {'cells' if term.count('i.') > 1 else 'levels'} of {term}"
    kind, inside, after = found.groups()
    whose = ["the residuals" if part == "e" else part for part in dict.fromkeys(inside.split(","))]
    return f"{count} {_KINDS[kind]} of {' with '.join(whose)}{after}"


# --- what the data cannot tell ----------------------------------------------------------------------------------------
def identification_advice(fitted: FittedModel) -> Iterator[Advice]:
    """The parameters that no data of this design can tell apart, or about which the likelihood says nothing here.

    Covariances of what no group has together are told in one note.
    """
    natural = fitted.natural
    apart: dict[int | None, list[int]] = {}
    for one in natural.confounded:
        (first, *others) = one.members
        if not others and not one.absorbed and fitted.layout[first].kind == "covariance":
            apart.setdefault(fitted.layout[first].block, []).append(first)
            continue
        text, action = _not_told(fitted, one, [_name(fitted, k) for k in one.members])
        yield Advice("not-identified", text, action, fitted.layout[first].name)
    for members in apart.values():
        text, action = _never_meet(fitted, members)
        yield Advice("not-identified", text, action, fitted.layout[members[0]].name)
    if natural.confounded:
        yield from _further(fitted)
    flat = [int(k) for k in np.flatnonzero(natural.flat) if not any(k in one.members for one in natural.confounded)]
    if flat:
        names = [_name(fitted, k) for k in flat]
        yield Advice(
            "not-identified",
            f"The likelihood is flat around the solution in {listed(names)}, so there is no standard error.",
            "The data say almost nothing about this. Simplify the random part or the residuals.",
            fitted.layout[flat[0]].name,
        )


def _further(fitted: FittedModel) -> Iterator[Advice]:
    """What else has no number where parameters are not identified: coefficients, the test against the linear model."""
    gone = unsettled_names(fitted.design)
    if gone:
        members = [k for one in fitted.natural.confounded if one.absorbed for k in one.members]
        told = listed([_name(fitted, k) for k in members])
        subject = "The coefficient of {} is not identified: it differs" if len(gone) == 1 else (
            "The coefficients of {} are not identified: they differ"
        )  # fmt: skip
        tied = any(fitted.layout[k].kind == "covariance" and fitted.layout[k].block is not None for k in members)
        yield Advice(
            "not-identified",
            f"{subject.format(listed(gone))} between values of {told} that have the same restricted likelihood.",
            "Use covariance(independent). With uncorrelated random effects they are identified." if tied else "",
            gone[0],
        )
    if not fitted.layout or not fitted.design.blocks or fitted.n_clusters is not None:
        return
    if fitted.design.weights.kind == "pweight":
        return
    known = fitted.objective.n_params - fitted.n_flat
    if not known:
        yield Advice(
            "no-lr-test",
            "There is no likelihood-ratio test against the linear model: the likelihood is the same without what is "
            "not identified.",
        )
    else:
        yield Advice(
            "lr-test",
            "The likelihood-ratio test against the linear model is of what is identified: its degrees of freedom "
            f"count {known} of {fitted.objective.n_params} parameters.",
        )


def _not_told(fitted: FittedModel, one: Confounded, names: list[str]) -> tuple[str, str]:
    restricted = "restricted likelihood" if fitted.objective.reml else "likelihood"
    what = listed(names)
    verb = "is" if len(names) == 1 else "are"
    if one.absorbed:
        it = "it" if len(names) == 1 else "they"
        return (
            f"{what} {verb} not identified: the fixed effects take up all that {it} could explain.",
            f"Leave {_effects(fitted, one, 'and')} out, or the fixed effects for the same groups. Standard "
            f"errors of fixed effects are those without {it.replace('they', 'them')}.",
        )
    if len(names) == 1:
        return (
            f"{what} is not identified: the {restricted} does not depend on it.",
            f"Leave {_effects(fitted, one, 'and')} out.",
        )
    return (
        f"{what} cannot be told apart: the {restricted} depends on combinations of them only, so that they are not "
        "identified.",
        f"Leave out {_effects(fitted, one, 'or')}.",
    )


def _never_meet(fitted: FittedModel, members: Sequence[int]) -> tuple[str, str]:
    """Covariances, by position, of effects or times that no group has both of."""
    what = listed([_name(fitted, k) for k in members])
    head = f"{what} {'is' if len(members) == 1 else 'are'} not identified: "
    of_any = "" if len(members) == 1 else " of any of these pairs"
    block = fitted.layout[members[0]].block
    if block is not None:
        level = fitted.design.blocks[block].level.name
        rows = "both effects" if not of_any else f"both effects{of_any}"
        return (
            f"{head}no group of {level} has rows that bear on {rows}.",
            "Use covariance(independent), or put the effects in separate equations.",
        )
    from terrace.inference.alternatives import identified_residuals

    options = [f"residuals({name})" for name in identified_residuals(fitted)]
    action = (
        f"These data identify {listed(options, 'or')}." if options
        else "Simplify the random part, or use independent residuals."
    )
    return f"{head}no group has rows at both times{of_any}.", action


def _effects(fitted: FittedModel, one: Confounded, link: str) -> str:
    """The parts of the model that the parameters belong to, as one would leave them out."""
    parts: list[str] = []
    for k in one.members:
        cell = fitted.layout[k]
        if cell.block is None:
            residuals = fitted.design.residuals
            if not residuals.structure.independent:
                parts.append(f"residuals({residuals.key})")
            continue
        block = fitted.design.blocks[cell.block]
        names = {block.names[i] for i in {cell.i, cell.j} if i < len(block.names)}
        for name in sorted(names, key=block.names.index):
            what = "the random intercept" if name == "_cons" else f"the random effect of {name}"
            parts.append(f"{what} at level {block.level.name}")
    return listed(list(dict.fromkeys(parts)), link) or "a part of the model"


def _name(fitted: FittedModel, k: int) -> str:
    cell = fitted.layout[k]
    if cell.block is None or len({b.level.name for b in fitted.design.blocks}) == 1:
        return cell.name
    return f"{cell.name} at level {fitted.design.blocks[cell.block].level.name}"


# --- the boundary -----------------------------------------------------------------------------------------------------
def boundary_advice(fitted: FittedModel, maximise: str) -> Iterator[Advice]:
    """What lies on the boundary of the parameter space, one note a state; ``maximise`` says what the estimates are."""
    named = [tuple(name.partition(": ")[::2]) for name in fitted.natural.boundary]
    # correlations of residuals that their structure lets go no further
    edges = [inside for level, inside in named if level == "Residual" and not _is_variance(inside)]
    states = {
        fitted.design.blocks[position].level.name: (position, null)
        for position, null in singular_directions(fitted.objective, fitted.optimum.point).items()
        if fitted.design.blocks[position].structure.free
    }
    for name, (level, parameter) in zip(fitted.natural.boundary, named):
        if level == "Residual" and parameter in edges:
            if parameter != edges[0]:
                continue
            structure = fitted.design.residuals.structure
            text = f"{', '.join(edges)} {'are' if len(edges) > 1 else 'is'} {structure.edge_words}."
            action = structure.edge_advice.format(maximise=maximise)
        elif level == "Residual" and parameter != "var(Residual)":
            text = f"The residual variance {parameter} is estimated as zero because the random effects fit its rows."
            action = "Remove by() or a random slope. The data cannot separate the two."
        elif level == "Residual":
            text = f"{parameter} is estimated as zero because the random effects reproduce the outcome exactly."
            action = "The data do not support this model. Remove random slopes, or use more rows per group."
        elif parameter.startswith("rank"):
            position, null = states[level]
            state = singular_state(fitted.objective, fitted.optimum.point, position, null)
            text, action = _rank(fitted, position, state, parameter, maximise)
        elif not _is_variance(parameter):
            text = _perfect_correlation(fitted, level, parameter)
            action = (
                f"{maximise}; the variances have standard errors, the correlation has none there. Consider "
                "covariance(independent), or remove the random slope."
            )
        else:
            text = f"{parameter} at level {level} is estimated as zero, the lower limit of a variance."
            action = f"{maximise}. Consider removing this random effect."
        yield Advice("boundary", text, action, name)


def _is_variance(name: str) -> bool:
    """Whether a printed name, with or without its by() group, is that of a variance or standard deviation."""
    return name.rpartition(":")[2].startswith(("var(", "sd("))


def _rank(
    fitted: FittedModel, position: int, state: SingularState, rank: str, maximise: str
) -> tuple[str, str]:
    """A singular Σ by its rank and by the effects that are combinations of others."""
    block = fitted.design.blocks[position]
    names = [name for name, zero in zip(block.names, state.zero) if not zero]
    told = []
    for pivot, weights in state.combinations:
        others = np.flatnonzero(np.abs(weights) > 0)
        total = " + ".join(f"{weights[k]:.3g} × {block.names[k]}" for k in others)
        told.append(f"{block.names[pivot]} = {total}".replace("+ -", "− ").replace("= -", "= −"))
    effect = "one effect has" if len(told) == 1 else f"{len(told)} effects have"
    text = (
        f"The covariance matrix of {listed(names)} at level {block.level.name} is singular ({rank}): {effect} no "
        f"variance apart from the others (random effects of {'; '.join(told)})."
    )
    action = (
        f"{maximise}, and standard errors are those at this rank. Consider fewer random effects, or "
        "covariance(independent)."
    )
    return text, action


def _perfect_correlation(fitted: FittedModel, level: str, parameter: str) -> str:
    """A correlation of one or minus one, or the lowest that several effects can have in common."""
    for k, c in enumerate(fitted.layout):
        if c.block is None or c.sd_name != parameter:
            continue
        edge = fitted.natural.edge[k]
        if fitted.design.blocks[c.block].level.name == level and -0.999 < edge < 0.0:
            count = round(1.0 - 1.0 / edge)
            return (
                f"{parameter} at level {level} is on the boundary: {count} random effects cannot have a "
                f"common correlation below -1/{count - 1}."
            )
    return f"{parameter} at level {level} is on the boundary (±1): the random effects are perfectly correlated."
