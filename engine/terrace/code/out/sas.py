"""SAS: PROC MIXED."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from terrace.code.out import conditions
from terrace.code.out.facts import Facts
from terrace.code.out.lacks import Lack, no_constraints, no_group_frequencies, no_sampling_weights, residuals_lack
from terrace.code.out.terms import Columns
from terrace.design.columns import ColumnBuilder
from terrace.design.design import RandomBlock
from terrace.design.sample import parse_range
from terrace.spec.model import Residuals
from terrace.spec.text import number_text

_RANDOM = {"identity": "toep(1)", "independent": "vc", "exchangeable": "cs", "unstructured": "un"}
_DF = {"satterthwaite": "satterthwaite", "kroger": "kr", "residual": "residual", "repeated": "bw", "anova": "contain"}


def lacks(facts: Facts) -> list[Lack]:
    """What PROC MIXED cannot do of the model."""
    out = [
        *no_sampling_weights(facts, "PROC MIXED", "PROC GLIMMIX has them: obsweight= and method=quadrature."),
        *no_group_frequencies(facts, "PROC MIXED"),
        *no_constraints(facts, "PROC MIXED"),
    ]
    spec, found = facts.spec, facts.residuals
    if spec.vce in ("robust", "cluster") and spec.vce_correction != "cr0":
        out.append(Lack(f"PROC MIXED has no robust standard errors with the correction {spec.vce_correction}.",
                        "Its option empirical has them without a correction for few clusters.",
                        lambda s: replace(s, vce_correction="cr0")))  # fmt: skip
    if found.structure == "ma" or (found.structure == "ar" and found.order != 1):
        order = f"toeplitz of order {found.order}" if found.structure == "ma" else "ar 1"
        simpler = Residuals("ar", 1, found.time, found.by)
        if found.structure == "ma":
            simpler = Residuals("toeplitz", found.order, found.time, found.by)
        out.append(residuals_lack(facts, "PROC MIXED", f"The structure {order} comes nearest.", simpler))
    elif found.structure in ("ar", "toeplitz") and len(facts.design.residuals.structure.times) <= facts.longest_lag:
        out.append(residuals_lack(facts, "PROC MIXED", "It counts times by their order, so that a time that never "
                                  "occurs is passed over; for ar 1 take sp(pow), where the correlation is positive.",
                                  Residuals("exponential", None, found.time, found.by)))  # fmt: skip
    return out


def code(facts: Facts) -> list[str]:
    """The program."""
    spec, columns = facts.spec, Columns(facts)
    terms = ["*".join(t) for t in columns.fixed()]
    random = [_random(facts, columns, b) for b in facts.blocks]
    repeated, classes = _repeated(facts)
    groups = [n for b in facts.blocks for n in (*facts.chain(b.level.name), *([b.factor] if b.factor else []))]
    factors = [_class(facts, n) for n in columns.factors]
    by = [spec.residuals.by] if spec.residuals.by else []
    plain = dict.fromkeys([*groups, *classes, *by])
    klass = [*factors, *(n for n in plain if n not in columns.factors)]
    options = "solution cl" + ("" if columns.constant else " noint")
    options += f" ddfm={_DF[spec.df_method]}" if spec.df_method else ""
    alpha = f" alpha={number_text(round(1 - spec.display.level / 100, 10))}"
    empirical = " empirical" if spec.vce in ("robust", "cluster") else ""
    outcome = columns.number(spec.outcome)
    lines = [f"proc mixed data=d method={spec.method} covtest{empirical};",
             *([f"  class {' '.join(klass)};"] if klass else []),
             f"  model {outcome} = {' '.join(terms)} / {options}{alpha};",
             *random, *repeated, *(f"  * lsmeans {n};" for n in columns.factors), "run;"]  # fmt: skip
    ll = [] if facts.ll is None else [f"/* -2 log likelihood in Terrace: {-2 * facts.ll:.4f} */"]
    return [*_reading(facts), *_rows(facts, columns), *lines, *ll]


def _class(facts: Facts, name: str) -> str:
    base = ColumnBuilder(facts.data, facts.design.sample).levels(facts.factors()[name]).base
    if base is None:
        return name
    return f'{name}(ref="{base if isinstance(base, str) else number_text(base)}")'


def _random(facts: Facts, columns: Columns, block: RandomBlock) -> str:
    chain = facts.chain(block.level.name)
    subject = f" subject={'*'.join(chain)}" if chain else ""
    kind = _RANDOM[block.structure.key]
    if block.factor:
        if kind == "cs":
            return f"  random {block.factor} /{subject or ' subject=intercept'} type=cs;"
        return f"  random {'*'.join([*chain, block.factor])};"
    slopes, constant = columns.slopes(block)
    effects = ["intercept"] * constant + slopes
    return f"  random {' '.join(effects)} /{subject} type={kind if len(effects) > 1 else 'vc'};"


def _repeated(facts: Facts) -> tuple[list[str], list[str]]:
    """The statement repeated, and the variables that it needs as classes."""
    found = facts.residuals
    if facts.independent:
        return [], []
    group = f" group={found.by}" if found.by else ""
    if found.structure == "independent":
        return [f"  repeated /{group};"], []
    subject = f" subject={'*'.join(facts.residual_chain)}"
    chain = list(facts.residual_chain)
    if found.structure == "exponential":
        return [f"  repeated /{subject} type=sp(pow)({found.time}){group};"], chain
    if found.structure == "exchangeable":
        return [f"  repeated /{subject} type=cs{group};"], chain
    order = found.order
    kind = {
        "ar": "ar(1)", "unstructured": "un", "banded": f"un({(order or 0) + 1})",
        "toeplitz": "toep" if order is None else f"toep({order + 1})",
    }[found.structure]  # fmt: skip
    return [f"  repeated {found.time}_class /{subject} type={kind}{group};"], [*chain, f"{found.time}_class"]


def _reading(facts: Facts) -> list[str]:
    source = facts.source
    path = source.path
    if source.kind == "sas":
        return [f'libname here "{Path(path).parent.as_posix()}";', f"data d; set here.{Path(path).stem}; run;"]
    kinds = {"csv": "csv", "tsv": "tab", "excel": "xlsx", "stata": "dta", "spss": "sav"}
    if source.kind in kinds:
        return [f'proc import datafile="{path}" out=d dbms={kinds[source.kind]} replace; run;']
    said = []
    if path and source.changes:
        said = [f"/* The data came from {Path(path).name} and were changed since. */"]
    return [*said, "/* Save the data in Terrace first: save data.dta */",
            'proc import datafile="data.dta" out=d dbms=dta replace; run;']  # fmt: skip


def _rows(facts: Facts, columns: Columns) -> list[str]:
    spec, out = facts.spec, []
    texts = [t for t in (spec.condition, spec.filter) if t is not None]
    numbered = conditions.numbered_rows(facts, conditions.SAS)
    if numbered:
        out += [f"/* the rows of: {t.replace('*/', '* /')} */" for t in texts]
    elif spec.range_:
        numbered = [parse_range(spec.range_, len(facts.data))]
    if numbered:
        out.append(f"if _n_ in ({', '.join(f'{first}:{last}' for first, last in numbered)});")
    if all(conditions.written(t, facts.data, conditions.SAS) for t in texts):
        out += [f"if {conditions.written(t, facts.data, conditions.SAS)};" for t in texts]
    for name in facts.variables:
        codes = facts.data.missing_values(name) if name in facts.data else ()
        if codes:
            none = '""' if facts.data.is_text(name) else "."
            out.append(f"if {name} in ({', '.join(map(conditions.constant, codes))}) then {name} = {none};")
    for p in columns.products.values():
        parts = [*(f"({n} = {conditions.constant(v)})" for n, v in p.levels), *p.numbers]
        out.append(f"{p.name} = {' * '.join(parts)};")
    if spec.residuals.time and facts.residuals.structure != "exponential":
        out.append(f"{spec.residuals.time}_class = {spec.residuals.time};")
    out.append(f"if cmiss({', '.join(facts.variables)}) = 0;")
    asked = [f"/* Make this in Terrace before the data are saved: {line} */" for line in columns.ask_for_lags()]
    if spec.weight is not None and spec.weight.kind == "fweight":
        out.append(f"do copy_ = 1 to {spec.weight.expression}; output; end;")
    ordered = []
    if spec.residuals.time:  # the order of the times is that of the class levels
        ordered = [f"proc sort data=d; by {' '.join([*facts.residual_chain, spec.residuals.time])}; run;"]
    return [*asked, "data d; set d;", *(f"  {line}" for line in out), "run;", *ordered]
