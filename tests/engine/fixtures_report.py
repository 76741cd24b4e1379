"""Fits made by hand, for the tests of tables and reports: shapes of results, with invented numbers.

What follows from other numbers (z, p, intervals, standard deviations) is calculated here, so that a page made
from a fixture is consistent.
"""

from __future__ import annotations

from dataclasses import replace
from math import log, sqrt
from typing import Any

import numpy as np
from scipy import stats

from terrace.results.fit import (
    Advice,
    Comparison,
    FitResult,
    FixedEffect,
    GroupSummary,
    RandomParameter,
)
from terrace.spec.model import Display, Factor, ModelSpec, RandomEquation, Residuals, Term


def effect(
    term: str, coef: float, se: float, label: str = "", df: float | None = None, level: float = 95
) -> FixedEffect:
    """An estimated coefficient with its test and interval."""
    stat = coef / se
    distribution = stats.norm if df is None else stats.t(df)
    half = float(distribution.ppf(0.5 + level / 200)) * se
    p = 2 * float(distribution.sf(abs(stat)))
    return FixedEffect(term, label or term, coef, se, stat, df, p, coef - half, coef + half)


def unestimated(term: str, kind: str, label: str = "") -> FixedEffect:
    """A base level, an empty cell or an omitted coefficient."""
    return FixedEffect(term, label or term, 0.0, None, None, None, None, None, None, kind)  # type: ignore[arg-type]


def variance(
    level: str,
    structure: str,
    name: str,
    estimate: float,
    se: float | None,
    block: int = 0,
    boundary: bool = False,
) -> RandomParameter:
    """A parameter with its interval: on the log scale for variances, symmetric for the others."""
    if se is None:
        return RandomParameter(level, structure, name, estimate, None, None, None, block, boundary)
    if "var(" in name:
        ratio = np.exp(1.959964 * se / estimate)
        bounds = (estimate / ratio, estimate * ratio)
    else:
        bounds = (estimate - 1.959964 * se, estimate + 1.959964 * se)
    return RandomParameter(level, structure, name, estimate, se, *map(float, bounds), block, boundary)


def as_sd(r: RandomParameter, random: tuple[RandomParameter, ...]) -> RandomParameter:
    """The parameter as a standard deviation or a correlation."""
    if "var(" in r.name:
        sd = sqrt(r.estimate)
        bounds = (None, None) if r.lb is None or r.ub is None else (sqrt(r.lb), sqrt(r.ub))
        se = None if r.se is None else r.se / (2 * sd)
        name = r.name.replace("var(", "sd(")
        return replace(r, name=name, estimate=sd, se=se, lb=bounds[0], ub=bounds[1])
    if r.name.startswith("cov("):
        inside = r.name[4:-1].split(",")
        level = [v for v in random if v.level == r.level]
        variances = [v.estimate for v in level for n in inside if v.name == f"var({n})"]
        scale = sqrt(np.prod(variances))
        return replace(
            r, name=r.name.replace("cov(", "corr("), estimate=r.estimate / scale,
            se=None if r.se is None else r.se / scale, lb=None if r.lb is None else max(-1, r.lb / scale),
            ub=None if r.ub is None else min(1, r.ub / scale),
        )  # fmt: skip
    return r


def as_log(r: RandomParameter) -> RandomParameter:
    """A variance as the log of its standard deviation, as results store it; others unchanged."""
    if "var(" not in r.name or r.estimate <= 0:
        return r
    se = None if r.se is None else r.se / (2 * r.estimate)
    bounds = [None if b is None else log(b) / 2 for b in (r.lb, r.ub)]
    name = r.name.replace("var(", "lnsd(")
    return replace(r, name=name, estimate=log(r.estimate) / 2, se=se, lb=bounds[0], ub=bounds[1])


def make(
    outcome: str,
    fixed: list[FixedEffect],
    random: list[RandomParameter],
    groups: list[GroupSummary],
    *,
    equations: tuple[RandomEquation, ...] = (),
    ll: float = -500.25,
    n: int = 400,
    comparison: Comparison | None = None,
    warnings: tuple[Advice, ...] = (),
    scalars: dict[str, Any] | None = None,
    macros: dict[str, str] | None = None,
    converged: bool = True,
    name: str = "",
    **spec: Any,
) -> FitResult:
    """A fit of these parts."""
    model = ModelSpec(
        Factor(outcome),
        tuple(Term((Factor(e.term),)) for e in fixed if e.term != "_cons"),
        equations or tuple(RandomEquation(level) for level in dict.fromkeys(g.level for g in groups)),
        **spec,
    )
    parts = tuple(random)
    k = sum(e.kind == "estimated" for e in fixed) + len(random)
    chi2 = sum((e.stat or 0) ** 2 for e in fixed if e.term != "_cons")
    df_m = sum(e.kind == "estimated" and e.term != "_cons" for e in fixed)
    found = {"N": n, "ll": ll, "rank": k, "k": k, "chi2": chi2, "df_m": df_m}
    found["p"] = float(stats.chi2.sf(chi2, df_m)) if df_m else None
    return FitResult(
        spec=model,
        command=f"mixed {outcome}",
        title=f"Mixed-effects {model.method.upper()} regression",
        outcome=outcome,
        fixed=tuple(fixed),
        random=parts,
        random_sd=tuple(as_sd(r, parts) for r in parts),
        random_estmetric=tuple(as_log(r) for r in parts),
        groups=tuple(groups),
        comparison=comparison,
        scalars={**found, **(scalars or {})},
        macros=macros or {},
        matrices={},
        matrix_names={},
        warnings=warnings,
        log=(),
        converged=converged,
        boundary=tuple(r.name for r in parts if r.boundary),
        sample=np.ones(n, dtype=bool),
        elapsed=0.01,
        n_evaluations=9,
        held=None,  # type: ignore[arg-type]
        name=name,
    )


def two_level(**options: Any) -> FitResult:
    """A random slope with an unstructured covariance, by REML."""
    return make(
        "score",
        [effect("hours", 2.3891, 0.1181), effect("_cons", 12.6651, 0.18982, "Intercept")],
        [
            variance("school", "Unstructured", "var(hours)", 0.41234, 0.2351),
            variance("school", "Unstructured", "var(_cons)", 4.8287, 0.6721),
            variance("school", "Unstructured", "cov(hours,_cons)", -0.15461, 0.2987),
            variance("Residual", "", "var(Residual)", 36.8301, 0.6291, 1),
        ],
        [GroupSummary("school", 120, 14, 44.91, 67)],
        ll=-23320.5021, n=5389,
        comparison=Comparison("chi2(3)", 421.331, 3, 1e-90, True, 1e-91),
        **{"method": "reml", "name": "slope", **options},
    )  # fmt: skip


def three_level(**options: Any) -> FitResult:
    """Three levels, the highest with two equations, one of them a shared variance."""
    return make(
        "output",
        [
            effect("capital", 0.266931, 0.0212341), effect("labour", 0.754072, 0.0261868),
            effect("roads", 0.0709767, 0.023041), effect("_cons", 2.128823, 0.1543854, "Intercept"),
        ],
        [
            variance("region", "Identity", "var(roads,labour)", 0.0000238, 0.0000134),
            variance("region", "Identity", "var(_cons)", 0.0028191, 0.0030429, 1),
            variance("state", "Identity", "var(_cons)", 0.006358, 0.0015309, 2),
            variance("Residual", "", "var(Residual)", 0.0012469, 0.0000643, 3),
        ],
        [GroupSummary("region", 9, 51, 90.6667, 136), GroupSummary("state", 48, 17, 17.0, 17)],
        equations=(RandomEquation("region"), RandomEquation("region"), RandomEquation("state")),
        ll=1447.6784, n=816,
        comparison=Comparison("chi2(3)", 1189.08, 3, 1e-200, True),
        **options,
    )  # fmt: skip


def crossed(**options: Any) -> FitResult:
    """Two crossed factors under one group of everything."""
    return make(
        "weight",
        [effect("week", 6.2099, 0.05393), effect("_cons", 19.3556, 0.6334, "Intercept")],
        [
            variance("_all", "Identity", "var(R.week)", 0.08499, 0.08689),
            variance("_all", "Identity", "var(R.animal)", 14.8362, 3.1261, 1),
            variance("Residual", "", "var(Residual)", 4.2973, 0.31344, 2),
        ],
        [GroupSummary("_all", 1, 432, 432.0, 432)],
        equations=(RandomEquation("_all", factor="week"), RandomEquation("_all", factor="animal")),
        ll=-1013.824, n=432,
        comparison=Comparison("chi2(2)", 474.85, 2, 1e-100, True),
        **options,
    )  # fmt: skip


def autoregressive(**options: Any) -> FitResult:
    """AR(2) residuals under a random intercept."""
    return make(
        "count",
        [effect("sin1", -2.8992, 0.51108), effect("_cons", 12.14455, 0.94737, "Intercept")],
        [
            variance("mare", "Identity", "var(_cons)", 7.09265, 4.40205),
            variance("Residual", "AR(2)", "phi1", 0.53861, 0.06249, 1),
            variance("Residual", "AR(2)", "phi2", 0.14467, 0.0632, 1),
            variance("Residual", "AR(2)", "var(e)", 14.25103, 2.43523, 1),
        ],
        [GroupSummary("mare", 11, 25, 28.0, 31)],
        ll=-772.59855, n=308, method="reml", residuals=Residuals("ar", 2, "time"),
        comparison=Comparison("chi2(3)", 251.67, 3, 1e-50, True),
        **options,
    )  # fmt: skip


def by_group(**options: Any) -> FitResult:
    """No random effects; unstructured residuals of each group of a by() variable."""
    names = ["1:var(e0)", "1:var(e4)", "1:cov(e0,e4)", "2:var(e0)", "2:var(e4)", "2:cov(e0,e4)"]
    return make(
        "strength",
        [
            unestimated("1.program", "base", "program: Repetitions"),
            effect("2.program", 1.3601, 1.0035, "program: Weights"),
            unestimated("0.day", "base", "day: 0"),
            effect("4.day", 1.125, 0.33226, "day: 4"), effect("6.day", 1.3601, 0.37669, "day: 6"),
            unestimated("1.program#0.day", "base", "program: Repetitions × day: 0"),
            effect("2.program#4.day", -0.16903, 0.44235, "program: Weights × day: 4"),
            effect("2.program#6.day", 0.2113, 0.49824, "program: Weights × day: 6"),
            effect("_cons", 79.6875, 0.75604, "Intercept"),
        ],
        [variance("Residual", "Unstructured, by sex", n, 9.1 + i, 2.1, 1) for i, n in enumerate(names)],
        [GroupSummary("id", 37, 3, 4.676, 5)],
        equations=(RandomEquation("id", constant=False),), ll=-296.58215, n=173,
        residuals=Residuals("unstructured", None, "day", "sex"),
        comparison=Comparison("chi2(5)", 314.67, 5, 1e-40, False),
        **options,
    )  # fmt: skip


def small_df(display: Display | None = None) -> FitResult:
    """Degrees of freedom by Kenward and Roger, with a factor of four levels."""
    drugs = {2: (-0.8, 12.0), 3: (-10.8, 12.0), 4: (5.6, 12.0)}
    return make(
        "score",
        [
            unestimated("1.drug", "base", "drug: 1"),
            *[effect(f"{d}.drug", b, 1.93907, f"drug: {d}", df) for d, (b, df) in drugs.items()],
            effect("_cons", 26.4, 3.1496, "Intercept", 4.0),
        ],
        [
            variance("person", "Identity", "var(_cons)", 40.20004, 30.10272),
            variance("Residual", "", "var(Residual)", 9.4, 3.83753, 1),
        ],
        [GroupSummary("person", 5, 4, 4.0, 4)],
        ll=-49.640099, n=20, method="reml", df_method="kroger", display=display or Display(),
        scalars={"F": 24.7589, "ddf_m": 12.0, "p": 2.0e-5, "df_min": 4.0, "df_avg": 10.0, "df_max": 12.0},
        comparison=Comparison("chibar2(01)", 15.03, 1, 0.00005, False),
    )  # fmt: skip


def boundary(**options: Any) -> FitResult:
    """A slope variance at zero, an omitted coefficient and an empty cell, with the advice they bring."""
    return make(
        "mathach",
        [
            effect("ses", 2.958798, 0.14546, "ses"), unestimated("ses2", "omitted", "ses2"),
            unestimated("0.sector", "base", "sector: Public"),
            effect("1.sector", 2.13057, 0.34592, "sector: Catholic"),
            unestimated("0.sector#c.ses", "base", "sector: Public × ses"),
            effect("1.sector#c.ses", -1.313096, 0.21543, "sector: Catholic × ses"),
            unestimated("1.sector#3.size", "empty", "sector: Catholic × size: Large"),
            effect("_cons", 11.7508, 0.23217, "Intercept"),
        ],
        [
            variance("id", "Unstructured", "var(ses)", 1.7e-9, None, 0, True),
            variance("id", "Unstructured", "var(_cons)", 3.8, 0.51),
            variance("id", "Unstructured", "cov(ses,_cons)", -0.00008, None, 0, True),
            variance("Residual", "", "var(Residual)", 36.8, 0.62, 1),
        ],
        [GroupSummary("id", 160, 14, 44.9, 67)],
        ll=-23281.589, n=7185,
        comparison=Comparison("chi2(3)", 220.1, 3, 1e-40, True, 1e-41),
        warnings=(
            Advice("collinear", "ses2 was left out: it is twice ses.", "Drop it from the model.", "ses2"),
            Advice(
                "boundary", "The slope of ses does not vary between groups of id.",
                "Take the slope of ses out of the random part of id.", "var(ses)",
            ),
        ),
        **options,
    )  # fmt: skip


def long_names(**options: Any) -> FitResult:
    """Names of 32 places, and numbers of very different size."""
    long = "household_income_per_head_in_eur"
    return make(
        "life_satisfaction_eleven_point_s",
        [
            effect(long, 0.0000123456, 0.0000034), effect("age", -1234567.8, 23456.7),
            unestimated("1.occupational_class_isco_major_gro", "base", "occupational_class: Managers"),
            effect(
                "2.occupational_class_isco_major_gro", 0.31, 0.12,
                "occupational_class_isco_major_gro: Service and sales workers, including personal care",
            ),
            effect(
                "3.occupational_class_isco_major_gro", -0.02, 0.13,
                "occupational_class_isco_major_gro: Skilled agricultural, forestry and fishery workers",
            ),
            effect("_cons", 7.1, 0.4, "Intercept"),
        ],
        [
            variance("municipality_of_first_registrati", "Identity", f"var({long})", 2.1e-11, 1.1e-11),
            variance("Residual", "", "var(Residual)", 123456.7, 345.6, 1),
        ],
        [GroupSummary("municipality_of_first_registrati", 2031, 1, 493.1, 123456)],
        n=1001234, ll=-7654321.25,
        **options,
    )  # fmt: skip


def unicode_names(**options: Any) -> FitResult:
    """Names and labels outside ASCII: wide letters, combining accents, right-to-left text, mark-up."""
    return make(
        "成績",
        [
            unestimated("0.学校", "base", "学校: 公立"), effect("1.学校", 1.21, 0.41, "学校: 私立"),
            effect("größe", -0.52, 0.2), effect("cafe\u0301", 0.31, 0.3),
            unestimated("0.חינוך", "base", "חינוך: נמוך"), effect("1.חינוך", 0.7, 0.33, "חינוך: גבוה"),
            effect("1.grp", 0.1, 0.3, "grp: <b>A & B</b> | 50% \\ {x}_$y#~^"),
            effect("_cons", 5.1, 0.4, "Intercept"),
        ],
        [
            variance("学校", "Identity", "var(_cons)", 2.1, 0.7),
            variance("Residual", "", "var(Residual)", 6.3, 0.4, 1),
        ],
        [GroupSummary("学校", 30, 5, 12.5, 20)],
        **options,
    )  # fmt: skip


def robust(**options: Any) -> FitResult:
    """Robust standard errors with clusters."""
    return make(
        "isei",
        [effect("female", 0.594, 0.873), effect("_cons", 28.1, 2.44, "Intercept")],
        [
            variance("id_school", "Identity", "var(_cons)", 34.7, 8.57),
            variance("Residual", "", "var(Residual)", 218.7, 11.2, 1),
        ],
        [GroupSummary("id_school", 148, 1, 13.98, 28)],
        n=2069, ll=-1443093.9, vce="robust",
        macros={"vcetype": "Robust", "clustvar": "id_school"}, scalars={"N_clust": 148},
        **options,
    )  # fmt: skip


EVERY = (
    two_level, three_level, crossed, autoregressive, by_group, small_df, boundary, long_names, unicode_names,
    robust,
)  # fmt: skip
