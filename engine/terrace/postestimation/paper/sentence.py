"""What a model is, in a sentence or two: the outcome, the rows and groups, how it was estimated, what is random.

It is made of the specification and the results alone, so that a model that was opened says it without its arrays; the
paragraph for a paper with all estimates is `terrace.postestimation.paper.apa`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from terrace.inference.small import TITLES
from terrace.results.fit import FitResult
from terrace.wording import enumerated, label_in_sentence, plural


def model_sentences(fit: FitResult, labels: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The sentences. ``labels`` are words for variables; one that would break a sentence is not used."""
    kind = "linear mixed model" if fit.spec.random else "linear model"
    rows, names = plural(round(float(fit.scalars["N"] or 0)), "observation"), _Names(labels or {})
    found = [f"{plural(g.n_groups, 'group')} of {names(g.level)}" for g in reversed(fit.groups) if g.level != "_all"]
    outcome, groups, method = names(fit.outcome), enumerated(found), _method(fit)
    what = f"A {kind} of {outcome} for {rows}, estimated by {method}."
    if groups:
        what = f"A {kind} of {outcome} for {rows} in {groups}, estimated by {method}."
    random = list(random_words(fit, names))
    return (what, f"It has {enumerated(random)}.") if random else (what,)


class _Names:
    """How variables are called."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels

    def __call__(self, name: str) -> str:
        return label_in_sentence(self._labels.get(name, "")) or name


def method_words(fit: FitResult) -> str:
    """How a model was estimated: ``restricted maximum likelihood``, ``ordinary least squares``."""
    if fit.macros.get("cmd") == "regress":
        return "ordinary least squares" if fit.spec.weight is None else "weighted least squares"
    return "restricted maximum likelihood" if fit.spec.method == "reml" else "maximum likelihood"


def df_words(fit: FitResult) -> str:
    """``Kenward–Roger degrees of freedom``; empty where its tests are of the normal distribution."""
    method = fit.spec.df_method
    if not method:
        return ""
    title = {"residual": "residual", "repeated": "repeated-measures"}.get(method, TITLES[method])
    return f"{title.replace('d-R', 'd–R')} degrees of freedom"


def _method(fit: FitResult) -> str:
    df = "" if fit.macros.get("cmd") == "regress" else df_words(fit)
    return f"{method_words(fit)} with {df}" if df else method_words(fit)


def random_words(fit: FitResult, names: Callable[[str], str]) -> Iterator[str]:
    """What is random at each level, and how residuals hang together where they do; `names` says how variables are
    called."""
    structures = {r.block: r.structure.lower() for r in fit.random}
    equations = fit.spec.random
    for k, equation in enumerate(equations):
        if k not in structures:
            continue
        if equation.factor:
            yield f"crossed random intercepts for {names(equation.factor)}"
            continue
        slopes = [" × ".join(names(f.name) for f in t.factors if not f.drop) for t in equation.terms]
        slopes = [s for s in slopes if s]
        repeated = any(e.level == equation.level and e.constant and not e.factor for e in equations[k + 1 :])
        constant = equation.constant and not repeated
        of, level, structure = enumerated(slopes), names(equation.level), structures[k]
        if constant and slopes:
            yield f"random intercepts and random slopes of {of} for {level} ({structure} covariance)"
        elif len(slopes) > 1:
            yield f"random slopes of {of} for {level} ({structure} covariance)"
        else:
            yield f"random slopes of {of} for {level}" if slopes else f"random intercepts for {level}"
    residuals = structures.get(len(equations), "independent")
    if equations and residuals not in ("independent", "identity"):
        titles = {r.structure for r in fit.random if r.block == len(equations)}
        time = fit.spec.residuals.time
        yield f"{titles.pop()} residuals" + (f" over {names(time)}" if time else "")
