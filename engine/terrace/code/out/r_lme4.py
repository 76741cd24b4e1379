"""R: lme4, with lmerTest and pbkrtest for degrees of freedom (Bates et al. 2015; Kuznetsova et al. 2017)."""

from __future__ import annotations

from terrace.code.out.facts import Facts
from terrace.code.out.lacks import Lack, covariance_lack, residuals_lack
from terrace.code.out.r_data import RData
from terrace.code.out.r_formula import block_terms, fixed_formula
from terrace.code.out.r_script import common_lacks, df_note, means, reml, robust, script
from terrace.design.design import RandomBlock
from terrace.spec.model import Residuals


def lacks(facts: Facts) -> list[Lack]:
    """What lme4 cannot do of the model."""
    out = common_lacks(facts, "lme4")
    if not facts.independent:
        out.append(residuals_lack(facts, "lme4", "nlme has most of them.", Residuals()))
    if not facts.blocks:
        out.append(Lack("lme4 needs at least one random effect.", "lm() or nlme::gls() fits such a model.",
                        lambda spec: spec))  # fmt: skip
    for block in facts.blocks:
        key, size = block.structure.key, len(block.names)
        if block.factor and key != "identity":
            out.append(covariance_lack(f"lme4 has no {key} covariance of R.{block.factor}.",
                                       "nlme has it as pdCompSymm.", key, "identity"))  # fmt: skip
        elif size > 1 and key not in ("independent", "unstructured"):
            out.append(covariance_lack(f"lme4 has no {key} covariance of random effects.",
                                       "nlme has it, or take unstructured.", key, "unstructured"))  # fmt: skip
    return out


def code(facts: Facts) -> list[str]:
    """The script."""
    data = RData(facts)
    formula = fixed_formula(facts, data, *(t for b in facts.blocks for t in _terms(facts, data, b)))
    spec = facts.spec
    t = spec.df_method in ("satterthwaite", "kroger")
    call = [f"fit <- lmer({formula},", *_control(facts), f"            data = d, {reml(facts)})"]
    after: list[str] = []
    if spec.df_method == "satterthwaite":
        after = ['anova(fit, type = "III", ddf = "Satterthwaite")']
    elif spec.df_method == "kroger":
        after = ["# the package pbkrtest has to be installed for these", 'summary(fit, ddf = "Kenward-Roger")',
                 'anova(fit, type = "III", ddf = "Kenward-Roger")']  # fmt: skip
    notes = [*df_note(facts, ("satterthwaite", "kroger"), "lmerTest"), *robust(facts), *means(facts)]
    return script(data, ["lmerTest" if t else "lme4"], call, [*after, *notes])


def _control(facts: Facts) -> list[str]:
    """What lme4 has to be told, so that it neither refuses the model nor stops early."""
    effects = sum(b.n_groups * len(b.names) for b in facts.blocks)
    told = []
    if effects >= facts.design.n:
        told.append('check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore"')
    if any(b.structure.key == "unstructured" for b in facts.blocks):
        told.append("optCtrl = list(xtol_abs = 1e-9, ftol_abs = 1e-9)")
    return [f"            control = lmerControl({', '.join(told)}),"] if told else []


def _terms(facts: Facts, data: RData, block: RandomBlock) -> list[str]:
    chain = facts.chain(block.level.name)
    if block.factor:
        return [f"(1 | {data.groups((*chain, block.factor))})"]
    groups = data.groups(chain) if chain else data.made("all_rows", "factor(rep(1, nrow(d)))")
    slopes, constant = block_terms(facts, data, block)
    if block.structure.key == "unstructured":
        return [f"({' + '.join(slopes if constant else ['0', *slopes])} | {groups})"]
    return [*[f"(1 | {groups})"] * constant, *(f"(0 + {s} | {groups})" for s in slopes)]
