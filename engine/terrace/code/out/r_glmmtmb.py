"""R: glmmTMB (Brooks et al. 2017). Its structures have a variance for each effect; ``map`` makes those equal that are.

The covariance of `us` is D^½ C D^½ with C from a Cholesky factor whose entries are the parameters: zeros in the factor
below a band are zeros of the covariance below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terrace.code.out.facts import Facts
from terrace.code.out.lacks import Lack, residuals_lack
from terrace.code.out.r_data import RData
from terrace.code.out.r_formula import block_terms, fixed_formula
from terrace.code.out.r_names import r_name
from terrace.code.out.r_script import common_lacks, df_note, means, reml, script
from terrace.design.design import RandomBlock
from terrace.spec.model import Residuals


@dataclass(frozen=True, slots=True)
class _Part:
    """A term of the formula with its parameters: the same letter for those that are equal, None for a zero."""

    term: str
    parameters: tuple[str | None, ...]

    @property
    def free(self) -> bool:
        """True where all are parameters of their own."""
        return None not in self.parameters and len(set(self.parameters)) == len(self.parameters)


def lacks(facts: Facts) -> list[Lack]:
    """What glmmTMB cannot do of the model."""
    out = common_lacks(facts, "glmmTMB")
    found = facts.residuals
    if found.structure == "ma" or (found.structure == "ar" and found.order != 1):
        simpler = Residuals("toeplitz", None, found.time) if found.structure == "ma" else Residuals("ar", 1, found.time)
        out.append(residuals_lack(facts, "glmmTMB", "toep() or ar1() comes nearest.", simpler))
    elif found.by and found.structure != "independent":
        out.append(residuals_lack(facts, "glmmTMB", "The same structure for all comes nearest.",
                                  Residuals(found.structure, found.order, found.time)))  # fmt: skip
    for block in facts.blocks:
        if block.factor and block.structure.key == "exchangeable":
            out.append(Lack(f"glmmTMB has no exchangeable covariance of R.{block.factor} for all its values at once.",
                            "nlme has it as pdCompSymm.", lambda spec: spec))  # fmt: skip
    return out


def code(facts: Facts) -> list[str]:
    """The script."""
    data = RData(facts)
    parts = [p for b in facts.blocks for p in _random(facts, data, b)]
    found = facts.residuals
    own = found.structure != "independent"
    if own:
        parts.append(_residuals(facts, data))
    formula = fixed_formula(facts, data, *(p.term for p in parts))
    dispersion = ["dispformula = ~ 0"] if own else [f"dispformula = ~ {data.group(found.by)}"] if found.by else []
    arguments = [*dispersion, *_mapped(parts)]
    indent = " " * len("fit <- glmmTMB(")
    call = [f"fit <- glmmTMB({formula},", *(f"{indent}{a}," for a in arguments), f"{indent}data = d, {reml(facts)})"]
    return script(data, ["glmmTMB"], call, [*df_note(facts, (), "glmmTMB"), *means(facts)])


def _mapped(parts: list[_Part]) -> list[str]:
    if all(p.free for p in parts):
        return []
    names: dict[tuple[int, str], int] = {}
    numbers = [
        "NA" if letter is None else str(names.setdefault((k, letter), len(names) + 1))
        for k, p in enumerate(parts)
        for letter in p.parameters
    ]
    start = f"start = list(theta = rep(0, {len(numbers)}))"
    return [f"map = list(theta = factor(c({', '.join(numbers)}))), {start}"]


def _random(facts: Facts, data: RData, block: RandomBlock) -> list[_Part]:
    chain = facts.chain(block.level.name)
    if block.factor:
        return [_Part(f"(1 | {data.groups((*chain, block.factor))})", ("s",))]
    groups = data.groups(chain) if chain else data.made("all_rows", "factor(rep(1, nrow(d)))")
    slopes, constant = block_terms(facts, data, block)
    q, key = len(block.names), block.structure.key
    inside = f"{' + '.join(slopes if constant else ['0', *slopes]) or '1'} | {groups}"
    sds = tuple(f"s{k}" for k in range(q))
    if q == 1:
        return [_Part(f"({inside})", ("s",))]
    if key == "unstructured":
        return [_Part(f"({inside})", (*sds, *(f"r{k}" for k in range(q * (q - 1) // 2))))]
    if key == "exchangeable":
        return [_Part(f"cs({inside})", (*("s",) * q, "r"))]
    return [_Part(f"diag({inside})", sds if key == "independent" else ("s",) * q)]


def _residuals(facts: Facts, data: RData) -> _Part:
    found = facts.residuals
    groups = data.groups(facts.residual_chain, apart=True)
    times = facts.design.residuals.structure.times
    k = len(times)
    if found.structure == "exchangeable":
        row = data.made("row_in_group", f"factor(ave(seq_len(nrow(d)), d${groups}, FUN = seq_along))")
        k = int(np.bincount(facts.design.residuals.groups).max())
        return _Part(f"cs(0 + {row} | {groups})", (*("s",) * k, "r"))
    assert found.time is not None
    at = f"d${r_name(found.time)}"
    if found.structure == "exponential":
        return _Part(f"ou(0 + {data.made(f'{found.time}_at', f'numFactor({at})')} | {groups})", ("s", "r"))
    if found.structure in ("unstructured", "banded"):
        by_time = data.made(f"{found.time}_f", f"factor({at})")
        band = k if found.structure == "unstructured" else found.order or 0
        below = [(i, j) for i in range(k) for j in range(i)]
        marks = tuple(f"r{i}_{j}" if i - j <= band else None for i, j in below)
        return _Part(f"us(0 + {by_time} | {groups})", (*(f"s{i}" for i in range(k)), *marks))
    by_time = data.made(f"{found.time}_f", f"factor({at}, levels = min({at}):max({at}))")
    k = facts.longest_lag + 1
    if found.structure == "ar":
        return _Part(f"ar1(0 + {by_time} | {groups})", ("s", "r"))
    reach = k if found.order is None else found.order
    lags = tuple(f"r{lag}" if lag <= reach else None for lag in range(1, k))
    return _Part(f"toep(0 + {by_time} | {groups})", (*("s",) * k, *lags))
