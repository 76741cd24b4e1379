"""R: nlme, `lme` with random effects and `gls` without (Pinheiro & Bates 2000, chapter 5)."""

from __future__ import annotations

from terrace.code.out.facts import Facts
from terrace.code.out.lacks import Lack, residuals_lack
from terrace.code.out.r_data import RData
from terrace.code.out.r_formula import block_terms, fixed_formula
from terrace.code.out.r_names import r_name
from terrace.code.out.r_script import common_lacks, df_note, means, robust, script
from terrace.design.design import RandomBlock
from terrace.spec.edit import ALL
from terrace.spec.model import Residuals

_PD = {"identity": "pdIdent", "independent": "pdDiag", "exchangeable": "pdCompSymm", "unstructured": "pdLogChol"}


def lacks(facts: Facts) -> list[Lack]:
    """What nlme cannot do of the model."""
    out = common_lacks(facts, "nlme")
    found = facts.residuals
    banded = found.structure == "toeplitz" or (found.structure == "banded" and found.order)
    if banded or (found.by and found.structure != "independent"):
        simpler = Residuals("unstructured", None, found.time) if not found.by else Residuals("independent", by=found.by)
        out.append(residuals_lack(facts, "nlme", "mmrm and glmmTMB have some of them.", simpler))
    return out


def code(facts: Facts) -> list[str]:
    """The script."""
    data = RData(facts)
    formula = fixed_formula(facts, data)
    random, levels = _random(facts, data)
    correlation, weights = _residuals(facts, data, levels)
    head = f"fit <- lme({formula}," if random else f"fit <- gls({formula},"
    parts = [*([f"random = {random}"] if random else []), *correlation, *weights]
    control = "lmeControl" if random else "glsControl"
    end = f'data = d, method = "{"REML" if facts.spec.method == "reml" else "ML"}",'
    more = ", msMaxEval = 5000" if random else ""
    call = [head, *(f"           {p}," for p in parts), f"           {end}",
            f"           control = {control}(maxIter = 500, msMaxIter = 500{more}, tolerance = 1e-8, msTol = 1e-10))"]
    after = [*df_note(facts, (), "nlme"), *robust(facts), *means(facts)]
    return script(data, ["nlme"], call, after)


def _random(facts: Facts, data: RData) -> tuple[str, list[str]]:
    """What random = is, and the groups of its levels, the highest first."""
    parts: list[str] = []
    levels: list[str] = []
    by_level: dict[str, list[RandomBlock]] = {}
    for block in facts.blocks:
        by_level.setdefault(block.level.name, []).append(block)
    covered: tuple[str, ...] = ()
    for level, blocks in by_level.items():
        chain = facts.chain(level)
        if level == ALL:
            name = data.made("all_rows", "factor(rep(1, nrow(d)))")
        else:
            name = data.group(chain[-1]) if chain[:-1] == covered else data.groups(chain, apart=True)
            covered = chain
        written = [_matrix(facts, data, b, alone=len(blocks) == 1) for b in blocks]
        value = written[0] if len(written) == 1 else f"pdBlocked(list({', '.join(written)}))"
        parts.append(f"{name} = {value}")
        levels.append(name)
    return (f"list({', '.join(parts)})" if parts else ""), levels


def _matrix(facts: Facts, data: RData, block: RandomBlock, *, alone: bool) -> str:
    if block.factor:
        return f"{_PD[block.structure.key]}(~ 0 + {data.group(block.factor)})"
    slopes, constant = block_terms(facts, data, block)
    formula = "~ " + " + ".join(([] if constant else ["0"]) + slopes or ["1"])
    if len(block.names) == 1:
        return formula if alone else f"pdIdent({formula})"
    key = block.structure.key
    return formula if key == "unstructured" and alone else f"{_PD[key]}({formula})"


def _residuals(facts: Facts, data: RData, levels: list[str]) -> tuple[list[str], list[str]]:
    """The arguments correlation = and weights =."""
    found = facts.residuals
    time = r_name(found.time) if found.time else ""
    weights = [f"weights = varIdent(form = ~ 1 | {data.group(found.by)})"] if found.by else []
    if found.structure == "independent":
        return [], weights
    by_time = data.made(f"{found.time}_f", f"factor(d${time})") if found.structure in ("unstructured", "banded") else ""
    if by_time:
        weights = [f"weights = varIdent(form = ~ 1 | {by_time})"]
    if found.structure == "banded":
        return [], weights
    groups = _grouping(facts, data, levels)
    if found.structure == "unstructured":
        place = data.made(f"{found.time}_place", f"as.integer(factor(d${time}))")
        return [f"correlation = corSymm(form = ~ {place} | {groups})"], weights
    order = found.order or 1
    form = f"form = ~ {time} | {groups}"
    kinds = {
        "exchangeable": f"corCompSymm(form = ~ 1 | {groups})",
        "exponential": f"corCAR1({form})",
        "ar": f"corAR1({form})" if order == 1 else f"corARMA({form}, p = {order})",
        "ma": f"corARMA({form}, q = {order})",
    }
    return [f"correlation = {kinds[found.structure]}"], weights


def _grouping(facts: Facts, data: RData, levels: list[str]) -> str:
    """The groups of the residuals; below random effects they continue the levels of these."""
    chain = facts.residual_chain
    if not levels:
        return data.groups(chain, apart=True)
    lowest = facts.blocks[-1].level.name
    above = facts.chain(lowest)
    if above == chain:
        return "/".join(levels)
    return "/".join([*levels, *(data.group(n) for n in chain[len(above):])])
