"""R: mmrm, for repeated measures without random effects.

Written by the published syntax of the package; the package itself has not been at hand to run it.
"""

from __future__ import annotations

from terrace.code.out.facts import Facts
from terrace.code.out.lacks import Lack, residuals_lack
from terrace.code.out.r_data import RData
from terrace.code.out.r_formula import fixed_formula
from terrace.code.out.r_names import r_name
from terrace.code.out.r_script import common_lacks, df_note, means, reml, script
from terrace.spec.model import Residuals

_KINDS = {"unstructured": "us", "ar": "ar1", "exchangeable": "cs", "toeplitz": "toep", "exponential": "sp_exp"}


def lacks(facts: Facts) -> list[Lack]:
    """What mmrm cannot do of the model."""
    out = common_lacks(facts, "mmrm")
    found = facts.residuals
    if facts.blocks:
        out.append(Lack("mmrm has no random effects.",
                        "lme4 or nlme has them; mmrm puts all correlation into residuals.",
                        lambda spec: spec))  # fmt: skip
    known = found.structure in _KINDS and (found.order is None or (found.structure, found.order) == ("ar", 1))
    if not known or not facts.residual_chain:
        simpler = Residuals("unstructured", None, found.time, found.by) if found.time else Residuals()
        out.append(residuals_lack(facts, "mmrm", "Unstructured residuals come nearest where times are few.", simpler))
    return out


def code(facts: Facts) -> list[str]:
    """The script."""
    data = RData(facts)
    found = facts.residuals
    subject = data.groups(facts.residual_chain, apart=True)
    within = f"{data.group(found.by)} / {subject}" if found.by else subject
    term = f"{_KINDS[found.structure]}({_visit(facts, data, subject)} | {within})"
    method = {"kroger": "Kenward-Roger", "residual": "Residual", "repeated": "Between-Within"}.get(
        facts.spec.df_method or "", "Satterthwaite"
    )
    formula = fixed_formula(facts, data, term)
    call = [f"fit <- mmrm({formula},", f"            data = d, {reml(facts).replace('REML', 'reml')},",
            f'            control = mmrm_control(method = "{method}", drop_visit_levels = FALSE))']  # fmt: skip
    after = [*df_note(facts, ("satterthwaite", "kroger", "residual", "repeated"), "mmrm"), *means(facts)]
    return script(data, ["mmrm"], call, after)


def _visit(facts: Facts, data: RData, subject: str) -> str:
    found = facts.residuals
    if found.structure == "exponential":
        assert found.time is not None
        return r_name(found.time)
    if not found.time:
        return data.made("visit", f"factor(ave(seq_len(nrow(d)), d${subject}, FUN = seq_along))")
    at = f"d${r_name(found.time)}"
    every = "" if found.structure == "unstructured" else f", levels = min({at}):max({at})"
    return data.made(f"{found.time}_visit", f"factor({at}{every})")
