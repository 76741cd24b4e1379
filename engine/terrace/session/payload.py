"""The further members of the JSON object of a fit, by the names of the command line's contract."""

from __future__ import annotations

from typing import Any

from terrace.results.fit import FitResult


def fit_payload(fit: FitResult) -> dict[str, Any]:
    """``scalars``, ``groups``, ``fixed`` (without base levels), ``random``, ``comparison``; ``macros`` and ``matrices``
    with the other stored results."""
    c = fit.comparison
    return {
        "scalars": dict(fit.scalars),
        "groups": [
            {"level": g.level, "n_groups": g.n_groups, "min": g.min, "avg": g.avg, "max": g.max} for g in fit.groups
        ],
        "fixed": [
            {
                "term": e.term,
                "coef": None if e.kind == "unidentified" else e.coef,
                "se": e.se,
                "stat": e.stat,
                "df": e.df,
                "p": e.p,
                "lb": e.lb,
                "ub": e.ub,
            }
            for e in fit.fixed
            if e.kind != "base"
        ],
        "random": [
            {
                "level": r.level,
                "structure": r.structure,
                "name": r.name,
                "estimate": r.estimate if r.identified else None,
                "se": r.se,
                "lb": r.lb,
                "ub": r.ub,
            }
            for r in fit.random
        ],
        "comparison": None
        if c is None
        else {"label": c.label, "stat": c.stat, "df": c.df, "p": c.p, "conservative": c.conservative},
        "converged": fit.converged,
        "boundary": list(fit.boundary),
        "not_identified": [
            *(e.term for e in fit.fixed if e.kind == "unidentified"),
            *(f"{r.level}: {r.name}" for r in fit.random if not r.identified),
        ],
        "profile_intervals": [f"{r.level}: {r.name}" for r in fit.random if r.interval == "profile"],
        "macros": dict(fit.macros),
        "matrices": {
            name: {
                "rows": list(fit.matrix_names[name][0]),
                "columns": list(fit.matrix_names[name][1]),
                "values": [[float(v) for v in row] for row in values],
            }
            for name, values in fit.matrices.items()
        },
    }
