"""Generated models: every part of `ModelSpec`, valid together, in the form that the parser gives them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import strategies as st

from terrace.spec.edit import ORDERED, TIMED
from terrace.spec.model import (
    Display,
    Factor,
    Maximisation,
    ModelSpec,
    RandomEquation,
    Residuals,
    Term,
    Weight,
)
from terrace.spec.validity import invalid

NAMES = ("a", "b", "c1", "ses", "_x", "größe", "i", "c", "L", "o2", "if2", "ib")
GROUPS = ("school", "class_", "pupil", "R", "g")
levels = st.one_of(
    st.integers(0, 12).map(float),
    st.sampled_from([-1.0, 0.5, 2.25, 1e6]),
    st.sampled_from(["north", 'a "b" c', "1"]),
)
bases = st.one_of(st.sampled_from(["first", "last", "freq", "none", ("order", 2), ("order", 11)]), levels)


def merged(operators: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """No two of a kind side by side, as ``LL.`` is written ``L2.``."""
    kept = [o for k, o in enumerate(operators) if k == 0 or operators[k - 1][0] != o[0] or o[0] == "S"]
    return tuple(kept) if all(a[0] != b[0] or a[0] == "S" for a, b in pairwise(kept)) else tuple(kept[:1])


operators = st.lists(st.tuples(st.sampled_from("LFDS"), st.integers(1, 13)), max_size=2).map(merged)


def same_type(found: list[object]) -> tuple[object, ...]:
    """Levels of one variable are all numbers or all text."""
    return tuple(x for x in found if type(x) is type(found[0]))


level_lists = st.one_of(st.just(()), st.lists(levels, min_size=1, max_size=3).map(same_type))


@st.composite
def factors(draw: st.DrawFn) -> Factor:
    name, ops = draw(st.sampled_from(NAMES)), draw(operators)
    drop = draw(st.sampled_from([False, False, False, True]))
    if draw(st.booleans()):
        return Factor(name, "continuous", operators=ops, drop=drop)
    return Factor(
        name, "factor", base=draw(bases), levels=draw(level_lists), omitted=draw(level_lists),
        operators=ops, drop=drop,
    )  # fmt: skip


def unique(terms: list[Term]) -> tuple[Term, ...]:
    """No term twice, in any order of its factors."""
    seen: list[list[Factor]] = []
    out = []
    for term in terms:
        key = sorted(term.factors, key=repr)
        if key not in seen:
            seen.append(key)
            out.append(term)
    return tuple(out)


def expanded(chosen: list[Factor]) -> list[Term]:
    """What ``a##b##c`` stands for."""
    out: list[tuple[Factor, ...]] = []
    for f in chosen:
        out = [*out, (f,), *((*old, f) for old in out)]
    return [Term(t) for t in out]


single = st.lists(factors(), min_size=1, max_size=4).map(lambda fs: [Term(tuple(fs))])
factorial = st.lists(factors(), min_size=2, max_size=3, unique_by=lambda f: f.name).map(expanded)
term_lists = st.lists(st.one_of(single, single, factorial), max_size=4).map(
    lambda parts: unique([t for part in parts for t in part])
)
weight_texts = st.sampled_from(["w", "w1/w2", "1/(p*q)", "w[1]"])


@st.composite
def equations(draw: st.DrawFn, level: str) -> RandomEquation:
    weights = {"fweight": draw(st.none() | st.just("wf")), "pweight": draw(st.none() | st.just("wp"))}
    collinear = draw(st.booleans())
    if draw(st.booleans()):
        covariance = draw(st.sampled_from([None, "identity", "exchangeable"]))
        return RandomEquation(level, factor="f", covariance=covariance, collinear=collinear, **weights)
    covariance = draw(st.sampled_from([None, "identity", "independent", "exchangeable", "unstructured"]))
    return RandomEquation(
        level, terms=draw(term_lists), covariance=covariance, constant=draw(st.booleans()),
        collinear=collinear, **weights,
    )  # fmt: skip


@st.composite
def random_parts(draw: st.DrawFn) -> tuple[RandomEquation, ...]:
    names = draw(st.lists(st.sampled_from(GROUPS), max_size=3, unique=True))
    if draw(st.booleans()):
        names = ["_all", *names]
    return tuple(draw(equations(n)) for n in names for _ in range(draw(st.integers(1, 2))))


@st.composite
def residuals(draw: st.DrawFn) -> Residuals:
    structure = draw(
        st.sampled_from(
            ["independent", "exchangeable", "ar", "ma", "unstructured", "banded", "toeplitz", "exponential"]
        )
    )
    order = draw(st.integers(1, 4)) if structure in ORDERED else None
    if structure in ("banded", "toeplitz") and draw(st.booleans()):
        order = None
    time = "t" if structure in TIMED else None
    return Residuals(structure, order, time, draw(st.none() | st.just("by")))


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


flags = st.sampled_from([False, False, False, True])


def flagged(names: str) -> dict[str, st.SearchStrategy[bool]]:
    return dict.fromkeys(names.split(), flags)


tolerances = optional(st.sampled_from([1e-10, 0.0, 1e-4, 0.5]))
formats = optional(st.sampled_from(["%9.3f", "%8.0g", "%5.4f"]))
displays = st.builds(
    Display,
    level=st.sampled_from([95.0, 90.0, 99.5, 10.0]),
    metric=st.sampled_from(["variance", "sd", "estmetric"]),
    dftable=st.sampled_from(["default", "ci", "pvalue"]),
    fvwrap=optional(st.integers(0, 3)),
    fvwrapon=optional(st.sampled_from(["word", "width"])),
    cformat=formats,
    pformat=formats,
    sformat=formats,
    **flagged(
        "noretable nofetable noheader nogroup nolrtest nocnsreport coeflegend noci nopvalues noomitted "
        "vsquish noemptycells baselevels allbaselevels nofvlabel nolstretch"
    ),
)
maximisations = st.builds(
    Maximisation,
    emiterate=optional(st.integers(0, 10000)),
    iterate=optional(st.integers(0, 100)),
    emtolerance=tolerances,
    tolerance=tolerances,
    ltolerance=tolerances,
    nrtolerance=tolerances,
    technique=optional(st.sampled_from(["nr", "bfgs", "nr 5 dfp 10"])),
    log=st.booleans(),
    from_=optional(st.sampled_from(["b0", "b0, skip", "1 2 3"])),
    metric=st.sampled_from(["matsqrt", "matlog"]),
    method=optional(st.sampled_from(["exact", "iterative"])),
    **flagged("emonly emlog emdots nonrtolerance difficult trace gradient hessian showstep showtolerance"),
)


@st.composite
def specs(draw: st.DrawFn) -> ModelSpec:
    """A valid model; parts that contradict each other are mended as the rules themselves propose."""
    df_method = draw(optional(st.sampled_from(["residual", "repeated", "anova", "satterthwaite", "kroger"])))
    oim = df_method in ("satterthwaite", "kroger") and draw(st.booleans())
    vce = draw(optional(st.sampled_from(["oim", "robust", "cluster"])))
    spec = ModelSpec(
        outcome=Factor("y", operators=draw(operators)),
        fixed=draw(term_lists),
        random=draw(random_parts()),
        constant=draw(st.booleans()),
        condition=draw(
            optional(st.sampled_from(["a==1 & b[_n-1]>2", 'name=="x, || in 3"', "a|b", "(ses<.)"]))
        ),
        range_=draw(optional(st.sampled_from(["1/100", "5", "f/10", "-10/l"]))),
        weight=draw(optional(st.builds(Weight, st.sampled_from(["fweight", "pweight"]), weight_texts))),
        constraints=tuple(sorted(draw(st.sets(st.integers(1, 99), max_size=3)))),
        method=draw(st.sampled_from(["ml", "reml"])),
        residuals=draw(st.just(Residuals()) | residuals()),
        df_method=df_method,
        df_information="oim" if oim else "eim",
        pwscale=draw(optional(st.sampled_from(["size", "effective", "gk"]))),
        vce=vce,
        cluster="cl" if vce == "cluster" else None,
        vce_correction=draw(st.sampled_from(["cr0", "cr1", "cr2"])) if vce in ("robust", "cluster") else "cr1",
        nostderr=draw(flags),
        display=draw(displays),
        maximisation=draw(maximisations),
    )
    for _ in range(40):
        found = invalid(spec)
        if not found:
            return spec
        fix = found[0].fix
        spec = replace(spec, residuals=Residuals()) if fix is None or fix == spec else fix
        if spec.df_method not in ("satterthwaite", "kroger"):
            spec = replace(spec, df_information="eim")
    raise AssertionError(f"{spec} cannot be mended: {invalid(spec)}")
