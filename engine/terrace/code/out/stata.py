"""Stata, whose ``mixed`` Terrace's is written like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from terrace.code.out.facts import Facts
from terrace.code.out.lacks import Lack, no_constraints
from terrace.language.expressions.entry import variables_in
from terrace.spec.model import Display, Factor, Maximisation, ModelSpec, Term
from terrace.spec.text import format_mixed

_READERS = {
    "stata": 'use "{0}", clear',
    "spss": 'import spss using "{0}", clear case(preserve)',
    "sas": 'import sas using "{0}", clear case(preserve)',
    "xpt": 'import sasxport5 "{0}", clear',
    "csv": 'import delimited using "{0}", clear case(preserve)',
    "tsv": 'import delimited using "{0}", clear case(preserve) delimiters(tab)',
    "excel": 'import excel using "{0}", clear firstrow case(preserve)',
}


def lacks(facts: Facts) -> list[Lack]:
    """What Stata cannot do of the model."""
    spec, out = facts.spec, no_constraints(facts, "mixed of Stata")
    if spec.vce in ("robust", "cluster") and (spec.method == "reml" or spec.vce_correction != "cr1"):
        what = "under REML" if spec.method == "reml" else f"with the correction {spec.vce_correction}"
        out.append(Lack(f"mixed of Stata has no robust standard errors {what}.",
                        "Take them under maximum likelihood, or fit without them.",
                        lambda s: replace(s, vce=None, cluster=None, vce_correction="cr1")))  # fmt: skip
    return out


def code(facts: Facts) -> list[str]:
    """The do-file."""
    spec = replace(facts.spec, display=Display(level=facts.spec.display.level), maximisation=Maximisation())
    names = _text_factors(facts)
    encoded = [f"encode {n}, generate({new})" for n, new in names.items()]
    panel = facts.data.panel
    sets = []
    if panel is not None and any(f.operators for t in spec.fixed for f in t.factors):
        sets = [f"xtset {' '.join(n for n in (panel.panel, panel.time) if n)}, delta({panel.delta:g})"]
    model = format_mixed(_renamed(facts, _with_filter(facts, spec), names))
    ll = [f"* log likelihood in Terrace: {facts.ll:.4f}"] if facts.ll is not None else []
    return [*reading(facts), *_missing(facts), *encoded, *sets, model, *ll, *_after(facts, names)]


def reading(facts: Facts) -> list[str]:
    """The lines that open the data."""
    source = facts.source
    if source.kind in _READERS:
        return [_READERS[source.kind].format(source.path)]
    said = []
    if source.path and source.changes:
        said = [f"* The data came from {Path(source.path).name} and were changed since:"]
        said += [f"*   {c}" for c in source.changes]
    return [*said, "* Save the data in Terrace first: save data.dta", 'use "data.dta", clear']


def _missing(facts: Facts) -> list[str]:
    out = []
    for name in facts.variables:
        codes = [] if name not in facts.data else facts.data.missing_values(name)
        numbers = [c for c in codes if not isinstance(c, str)]
        if numbers:
            out.append(f"mvdecode {name}, mv({' '.join(f'{c:g}' for c in numbers)})")
    return out


def _text_factors(facts: Facts) -> dict[str, str]:
    """Text variables that the model has as factors, which Stata wants as numbers, with their new names."""
    spec = facts.spec
    terms = [*spec.fixed, *(t for e in spec.random for t in e.terms)]
    named = [f.name for t in terms for f in t.factors if f.kind == "factor"]
    more = [*(e.factor for e in spec.random), spec.residuals.by]
    return {n: f"{n}_n" for n in [*named, *more] if n is not None and facts.data.is_text(n)}


def _with_filter(facts: Facts, spec: ModelSpec) -> ModelSpec:
    if not spec.filter:
        return spec
    named = dict.fromkeys(variables_in(spec.filter, facts.data))
    known = f"({spec.filter}) & !missing({', '.join(named)})" if named else spec.filter
    return replace(spec, filter=None, condition=known if spec.condition is None else f"({spec.condition}) & {known}")


def _renamed(facts: Facts, spec: ModelSpec, names: dict[str, str]) -> ModelSpec:
    def factor(f: Factor) -> Factor:
        if f.kind != "factor" or f.name not in names:
            return f
        number = {text: k for k, text in enumerate(facts.data.codes(f.name)[1], start=1)}  # as encode has them
        base = f.base if isinstance(f.base, tuple) else number.get(f.base, f.base)
        levels, omitted = (tuple(number.get(v, v) for v in every) for every in (f.levels, f.omitted))
        return replace(f, name=names[f.name], base=base, levels=levels, omitted=omitted)

    def terms(found: tuple[Term, ...]) -> tuple[Term, ...]:
        return tuple(Term(tuple(map(factor, t.factors))) for t in found)

    random = tuple(
        replace(e, terms=terms(e.terms), factor=names.get(e.factor or "", e.factor)) for e in spec.random
    )
    residuals = replace(spec.residuals, by=names.get(spec.residuals.by or "", spec.residuals.by))
    return replace(spec, fixed=terms(spec.fixed), random=random, residuals=residuals)


def _after(facts: Facts, names: dict[str, str]) -> list[str]:
    every = [f.name for t in facts.spec.fixed for f in t.factors if f.kind == "factor" and len(t.factors) == 1]
    return [f"* marginal means: margins {names.get(n, n)}" for n in dict.fromkeys(every)]
