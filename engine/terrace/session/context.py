"""What expressions can see of a session: ``e(ll)``, ``r(mean)``, ``_b[ses]``, scalars and matrices."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.data.row_numbers import places
from terrace.language.expressions.context import EvalContext
from terrace.results.fit import FitResult
from terrace.session.document.fits import fits_of
from terrace.session.program.macros import system_values
from terrace.session.state import Origin, State


def with_origin(state: State) -> State:
    """The state with a note of the rows that a new fit saw."""
    fit, data = state.fit, state.dataset
    if fit is None or data is None or fit.identity in state.origins or len(fit.sample) != len(data):
        return state
    alive = {f.identity for f in (fit, *state.stored.values(), *(f for _, f in fits_of(state.document)))}
    kept = {k: o for k, o in state.origins.items() if k in alive}
    origin = Origin(fit.held, data.lineage, data.row_ids)
    return replace(state, origins={**kept, fit.identity: origin})


def current_sample(state: State) -> npt.NDArray[np.bool_] | None:
    """e(sample) for the rows as they stand now, shape (n,); None where it is not known."""
    fit, data = state.fit, state.dataset
    if fit is None or data is None:
        return None
    origin = state.origins.get(fit.identity)
    if origin is None:
        return fit.sample if len(fit.sample) == len(data) else None
    if origin.lineage is not data.lineage:
        return None
    if origin.row_ids is data.row_ids and len(fit.sample) == len(data):
        return fit.sample
    then = np.arange(len(fit.sample)) if origin.row_ids is None else origin.row_ids
    return np.append(fit.sample, False)[places(then, data.ids)[0]]


def _coefficients(fit: FitResult | None) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """``_b`` and ``_se`` by name: coefficients, then covariance parameters as e(b) holds them."""
    if fit is None:
        return {}, {}
    b: dict[str, float | None] = {e.term: e.coef for e in fit.fixed}
    # what has no coefficient has variance 0 in e(V)
    se: dict[str, float | None] = {
        e.term: e.se if e.in_model else 0.0 for e in fit.fixed
    }
    if "b" in fit.matrices and "V" in fit.matrices:
        for k, name in enumerate(fit.matrix_names["b"][1]):
            equation, colon, term = name.rpartition(":")
            variance = float(fit.matrices["V"][k, k])
            if equation == fit.outcome and se.get(term):
                se[term] = variance**0.5  # as e(V) has it: after Kenward-Roger the table's is adjusted
            elif colon and equation != fit.outcome:
                b[name] = float(fit.matrices["b"][0, k])
                se[name] = variance**0.5 if variance > 0 else None
        _further(fit, b, se)
    return b, se


def _further(fit: FitResult, b: dict[str, float | None], se: dict[str, float | None]) -> None:
    """``lnsig_e2:_cons``: the log of a further residual SD, of which e(b) has the ratio to the first."""
    names = list(fit.matrix_names["b"][1])
    if "lnsig_e:_cons" not in names:
        return
    first = names.index("lnsig_e:_cons")
    values, v = fit.matrices["b"][0], fit.matrices["V"]
    for k, name in enumerate(names):
        if found := re.fullmatch(r"r_lns(\d+)ose:_cons", name):
            own = f"lnsig_e{found[1]}:_cons"
            b[own] = float(values[k] + values[first])
            variance = float(v[k, k] + v[first, first] + 2 * v[k, first])
            se[own] = variance**0.5 if variance > 0 else None


def eval_context(state: State) -> EvalContext:
    """The context of a state."""
    fit, r = state.fit, state.returned
    b, se = _coefficients(fit)
    return EvalContext(
        e_scalars=fit.scalars if fit else {},
        e_macros=fit.macros if fit else {},
        e_matrices=fit.matrices if fit else {},
        e_names=fit.matrix_names if fit else {},
        e_sample=current_sample(state),
        r_scalars=r.scalars,
        r_macros=r.macros,
        r_matrices={name: m.values for name, m in r.matrices.items()},
        r_names={name: (m.rows, m.columns) for name, m in r.matrices.items()},
        scalars={"_rc": float(state.rc), **state.scalars},
        matrices={name: m.values for name, m in state.matrices.items()},
        matrix_names={name: (m.rows, m.columns) for name, m in state.matrices.items()},
        b=b,
        se=se,
        system=system_values(state),
        equation=fit.outcome if fit else "",
        rng=state.rng,
    )
