"""Python: Terrace's own call, and statsmodels' `MixedLM` where that can fit the model."""

from __future__ import annotations

from terrace.code.out import conditions
from terrace.code.out.facts import Facts
from terrace.code.out.lacks import Lack
from terrace.code.out.terms import Columns
from terrace.design.columns import ColumnBuilder
from terrace.design.sample import parse_range
from terrace.spec.edit import ALL
from terrace.spec.text import format_mixed


def lacks(facts: Facts) -> list[Lack]:
    """Nothing: Terrace itself is called from Python."""
    return []


def code(facts: Facts) -> list[str]:
    """The program: Terrace, then statsmodels or why not."""
    reasons = statsmodels_lacks(facts)
    if reasons:
        told = [f"# {r}" for r in ["statsmodels' MixedLM does not fit this model:", *reasons]]
        return [*_own(facts), "", *told]
    return [*_own(facts), "", *_statsmodels(facts)]


def _own(facts: Facts) -> list[str]:
    spec, source = facts.spec, facts.source
    lines = ["import terrace", ""]
    if source.path.startswith("sample ") and not source.changes:
        lines.append(f"data = terrace.sample({source.path.removeprefix('sample ')!r})")
    elif source.kind:
        lines.append(f"data = terrace.read({source.path!r})")
    else:
        lines += ["# Save the data in Terrace first: save data.dta", 'data = terrace.read("data.dta")']
    model = repr(format_mixed(spec))
    if spec.filter:
        lines[0] = "from dataclasses import replace\n\nimport terrace"
        model = f"replace(terrace.parse_mixed({model}), filter={spec.filter!r})"
    chosen = {k: facts.constraints.get(k, "") for k in spec.constraints}
    more = f", constraints={chosen!r}" if chosen else ""
    ll = "" if facts.ll is None else f"  # {facts.ll:.4f}"
    return [*lines, f"fit = terrace.fit({model}, data{more})", "print(fit)", f"print(fit.ll){ll}"]


def statsmodels_lacks(facts: Facts) -> list[str]:
    """What `MixedLM` cannot do of the model, in sentences."""
    spec, out = facts.spec, []
    if not facts.independent:
        out.append("Its residuals have one variance and no correlation.")
    if spec.weight is not None or any(e.pweight or e.fweight for e in spec.random):
        out.append("It has no weights.")
    if spec.constraints:
        out.append("It has no constraints on coefficients.")
    if not facts.blocks:
        out.append("It needs random effects; take statsmodels' OLS.")
    if facts.spec.vce in ("robust", "cluster"):
        out.append("It has no robust standard errors.")
    if any(f.operators for t in spec.fixed for f in t.factors) or spec.outcome.operators:
        out.append("The time-series operators have to be variables first.")
    top = facts.design.levels[0].name if facts.design.levels else ALL
    for k, block in enumerate(facts.blocks):
        key = block.structure.key
        plain = len(block.names) == 1 and not (block.factor and key != "identity")
        mains = k == 0 and block.level.name == top != ALL and not block.factor and key == "unstructured"
        if not plain and not mains and key != "independent":
            out.append(f"It has no {key} covariance of random effects there.")
    return list(dict.fromkeys(out))


def _statsmodels(facts: Facts) -> list[str]:
    spec, columns = facts.spec, Columns(facts)
    fixed = " + ".join(_term(facts, t, columns) for t in columns.fixed()) or "1"
    outcome = spec.outcome.name
    formula = f"{outcome} ~ {fixed}" + ("" if columns.constant else " - 1")
    top = facts.design.levels[0].name
    groups = "d['all_rows']" if top == ALL else f"d[{top!r}]"
    arguments = [repr(formula), "d", f"groups={groups}"]
    parts: dict[str, str] = {}
    random, free = "", 0
    for k, block in enumerate(facts.blocks):
        slopes, constant = ([], True) if block.factor else columns.slopes(block)
        if k == 0 and block.level.name == top != ALL and not block.factor:
            random = " + ".join([("1" if constant else "0"), *slopes])
            free = len(block.names) if block.structure.key == "independent" and len(block.names) > 1 else 0
            continue
        chain = [*facts.chain(block.level.name)[0 if top == ALL else 1:], *([block.factor] if block.factor else [])]
        cells = ":".join(f"C({n})" for n in chain)
        for name in [*["1"] * constant, *slopes]:
            inside = "1" if name != "1" and not cells else cells + ("" if name == "1" else f":{name}")
            parts["_".join([*chain, *([] if name == "1" else [name])])] = f"0 + {inside or name}"
    arguments += [f"re_formula={'~' + random!r}"] if random else []
    arguments += [f"vc_formula={parts!r}"] if parts else []
    fit = [f"reml={spec.method == 'reml'}"]
    if free:
        more = f", vcomp=np.ones({len(parts)})" if parts else ""
        fit.append(f"free=MixedLMParams.from_components(np.ones(model.k_fe), np.eye({free}){more})")
    also = ["import numpy as np", "from statsmodels.regression.mixed_linear_model import MixedLMParams"] if free else []
    return [
        "# The same with statsmodels, which can stop early where a variance is near zero",
        "import statsmodels.formula.api as smf", *also, "", *_rows(facts, columns),
        f"model = smf.mixedlm({', '.join(arguments)})", f"again = model.fit({', '.join(fit)})",
        "print(again.summary())", "print(again.llf)",
    ]  # fmt: skip


def _term(facts: Facts, names: list[str], columns: Columns) -> str:
    """Variables that are multiplied; in a formula ``x:x`` would be x alone."""
    powers = {n: names.count(n) for n in names}
    return ":".join(_coded(facts, n, columns) if k == 1 else f"I({n}**{k})" for n, k in powers.items())


def _coded(facts: Facts, name: str, columns: Columns) -> str:
    if name not in columns.factors:
        return name
    base = ColumnBuilder(facts.data, facts.design.sample).levels(columns.factors[name]).base
    shown = base if base is None or isinstance(base, str) else int(base)
    return f"C({name}, Treatment({shown!r}))"


def _rows(facts: Facts, columns: Columns) -> list[str]:
    spec = facts.spec
    lines = ["d = data.frame"]
    for name in facts.variables:
        codes = facts.data.missing_values(name)
        if codes:
            lines.append(f"d = d.assign({name}=d[{name!r}].mask(d[{name!r}].isin({list(codes)!r})))")
    numbered = conditions.numbered_rows(facts, conditions.PANDAS)
    if numbered:
        lines += [*(f"# the rows of: {t}" for t in (spec.condition, spec.filter) if t), "rows = ["]
        lines += [f"    *range({first - 1}, {last})," for first, last in numbered]
        lines += ["]", "d = d.iloc[rows]"]
    elif spec.range_:
        first, last = parse_range(spec.range_, len(facts.data))
        lines.append(f"d = d.iloc[{first - 1}:{last}]")
    for text in (spec.condition, spec.filter) if not numbered else ():
        if text is not None:
            lines.append(f"d = d.query({conditions.written(text, facts.data, conditions.PANDAS)!r})")
    lines.append(f"d = d.dropna(subset={list(facts.variables)!r}).copy()")
    if facts.design.levels and facts.design.levels[0].name == ALL:
        lines.append("d['all_rows'] = 1")
    for p in columns.products.values():
        made = [*(f"(d[{n!r}] == {v!r})" for n, v in p.levels), *(f"d[{n!r}]" for n in p.numbers)]
        lines.append(f"d[{p.name!r}] = {' * '.join(made) if len(made) > 1 else f'{made[0]} * 1'}")
    return lines


