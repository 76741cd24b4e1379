"""A whole script of R around the call of a package."""

from __future__ import annotations

from collections.abc import Sequence

from terrace.code.out.facts import Facts
from terrace.code.out.lacks import Lack, no_constraints, no_group_frequencies, no_sampling_weights
from terrace.code.out.r_data import RData

SURVEY = "WeMix::mix() has them, for maximum likelihood with nested levels."


def common_lacks(facts: Facts, package: str) -> list[Lack]:
    """What no package of R does of a model."""
    return [
        *no_sampling_weights(facts, package, SURVEY),
        *no_group_frequencies(facts, package),
        *no_constraints(facts, package),
    ]


def script(data: RData, packages: Sequence[str], call: Sequence[str], after: Sequence[str]) -> list[str]:
    """Libraries, data, the call and what is asked of the fit."""
    ll = data.facts.ll
    told = "" if ll is None else f"  # {ll:.4f} in Terrace"
    libraries = [f"library({p})" for p in packages]
    return [*libraries, "", *data.lines(), "", *call, "summary(fit)", f"logLik(fit){told}", *after]


def reml(facts: Facts) -> str:
    """The argument that says by what likelihood."""
    return f"REML = {'TRUE' if facts.spec.method == 'reml' else 'FALSE'}"


def means(facts: Facts) -> list[str]:
    """Marginal means of the factors."""
    names = [f.name for t in facts.spec.fixed for f in t.factors if f.kind == "factor" and len(t.factors) == 1]
    return [f"# Marginal means: emmeans::emmeans(fit, ~ {n})" for n in dict.fromkeys(names)]


def robust(facts: Facts) -> list[str]:
    """Standard errors by the sandwich."""
    spec = facts.spec
    if spec.vce not in ("robust", "cluster"):
        return []
    kind = {"cr0": "CR0", "cr1": "CR1", "cr2": "CR2"}[spec.vce_correction]
    cluster = f', cluster = d${spec.cluster}' if spec.cluster else ""
    said = ["# Robust standard errors; small-sample factors differ a little between programs"]
    return [*said, f'clubSandwich::coef_test(fit, vcov = "{kind}"{cluster})']


def df_note(facts: Facts, has: Sequence[str], package: str) -> list[str]:
    """What is to be known where a package does not have the degrees of freedom of the model."""
    method = facts.spec.df_method
    if method is None or method in has:
        return []
    return [f"# {package} has no degrees of freedom by {method}; those above are its own."]
