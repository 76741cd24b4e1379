"""The names of a model's coefficients, as ``constraint`` and ``_b[]`` know them: ``ses``, ``1.sector#c.ses``."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from terrace.spec import edit
from terrace.spec.model import Factor, Term
from terrace.spec.text import format_term, number_text

if TYPE_CHECKING:
    from terrace_desktop.builder.state import BuilderState

MOST = 400


def coefficient_names(state: BuilderState) -> list[str]:
    """The coefficients of the fixed part that are estimated, the constant last, as far as levels are known."""
    spec = state.spec
    keys = {edit.term_key(t) for t in spec.fixed}
    out: list[str] = []
    for term in spec.fixed:
        if not any(f.drop for f in term.factors):
            factors = sorted(term.factors, key=lambda f: f.kind != "factor")  # as the design names its columns
            parts = [_parts(f, term, keys, state) for f in factors]
            out += ["#".join(p) for p in product(*parts)]
        if len(out) > MOST:
            break
    return [*dict.fromkeys(out), *(["_cons"] if spec.constant else [])]


def _parts(f: Factor, term: Term, keys: set[edit.TermKey], state: BuilderState) -> list[str]:
    """What a factor of a term contributes to the names: one for each level that has a coefficient."""
    if f.kind == "continuous":
        name = format_term(Term((f,)))
        return [name if len(term.factors) == 1 else ("c" if f.operators else "c.") + name]
    levels = state.levels_of(f.name)
    rest = Term(tuple(g for g in term.factors if g is not f))
    margin = f.base != "none" if not rest.factors else edit.term_key(rest) in keys
    base = state.base_code(f) if margin and levels and not f.levels else -1
    text = f.name in state.dataset and state.dataset.is_text(f.name)
    out = []
    for k, value in enumerate(levels):
        if k == base or value in f.omitted or (f.levels and value not in f.levels):
            continue
        number = str(k + 1) if text else number_text(float(value))
        out.append(f"{number}.{f.name}")
    return out
