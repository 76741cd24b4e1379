"""What expressions can see of a session: ``e(ll)``, ``r(mean)``, ``_b[ses]``, scalars and matrices."""

from __future__ import annotations

from terrace.language.expr_context import EvalContext
from terrace.session.state import State


def eval_context(state: State) -> EvalContext:
    """The context of a state."""
    fit, r = state.fit, state.returned
    return EvalContext(
        e_scalars=fit.scalars if fit else {},
        e_macros=fit.macros if fit else {},
        e_matrices=fit.matrices if fit else {},
        e_names=fit.matrix_names if fit else {},
        e_sample=fit.sample if fit and state.dataset and len(fit.sample) == len(state.dataset) else None,
        r_scalars=r.scalars,
        r_macros=r.macros,
        r_matrices={name: m.values for name, m in r.matrices.items()},
        r_names={name: (m.rows, m.columns) for name, m in r.matrices.items()},
        scalars={"_rc": float(state.rc), **state.scalars},
        matrices={name: m.values for name, m in state.matrices.items()},
        matrix_names={name: (m.rows, m.columns) for name, m in state.matrices.items()},
        b={e.term: e.coef for e in fit.fixed} if fit else {},
        se={e.term: e.se for e in fit.fixed} if fit else {},
        rng=state.rng,
    )
