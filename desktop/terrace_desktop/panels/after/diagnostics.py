"""Entries: what could be wrong with a model."""

from __future__ import annotations

from terrace_desktop.forms.entry import (
    Entry,
    Field,
    Group,
    Values,
    bad_name,
    flag,
    need_data,
    need_effects,
    need_terms,
    option,
    written,
)
from terrace_desktop.forms.facts import Facts
from terrace_desktop.ui.words import tr


def group() -> Group[Facts]:
    """Diagnostics."""
    return Group(
        "diagnostics",
        tr("Diagnostics"),
        (
            Entry(
                "diagnostics",
                tr("Assumption checks"),
                tr("What was checked, what was found and what to do, in plain words."),
                lambda f, v: ["estat diagnostics"],
                reason=need_data,
                also="assumptions diagnose checks convergence singular assumption checks check assumptions",
            ),
            Entry(
                "residuals",
                tr("Residuals at every level"),
                tr("Shape and normality of the residuals and of the random effects; plots against covariates."),
                lambda f, v: [
                    written(
                        " ".join(["estat residuals", *v["variables"]]),
                        option("type", v["type"] if v["type"] != "rstandard" and v["variables"] else ""),
                    )
                ],
                _residual_fields,
                need_data,
                also="normality skewness shapiro heteroskedasticity linearity homoscedasticity heteroscedasticity "
                "assumptions normal distribution",
            ),
            Entry(
                "plots",
                tr("Residual plots"),
                tr("Residuals against fitted values, normal quantiles, or a histogram."),
                lambda f, v: [f"plot {v['kind']}"],
                lambda f: (
                    Field(
                        "kind",
                        tr("Plot"),
                        "choice",
                        "residuals",
                        (
                            ("residuals", tr("Residuals against fitted values")),
                            ("qq", tr("Normal quantiles (QQ) with envelope")),
                            ("histogram", tr("Histogram with the normal curve")),
                        ),
                    ),
                ),
                need_data,
                also="qq plot histogram fitted residual qq plot normality homoscedasticity",
            ),
            Entry(
                "effects",
                tr("Random effects"),
                tr("Predicted effects of the groups, in order or against normal quantiles."),
                lambda f, v: [
                    written(
                        f"plot {v['kind']} {v['level']}".strip(),
                        flag("comparison", v["comparison"] and v["kind"] == "caterpillar"),
                        flag("shrinkage", v["shrinkage"] and v["kind"] == "scatter"),
                    )
                ],
                lambda f: (
                    Field(
                        "kind",
                        tr("Plot"),
                        "choice",
                        "caterpillar",
                        (
                            ("caterpillar", tr("In order, with intervals (caterpillar)")),
                            ("effects", tr("Normal quantiles (QQ) with envelope")),
                            ("scatter", tr("Intercepts against slopes")),
                        ),
                        closed={} if _slopes_with_intercept(f) else {"scatter": tr("No random slopes with intercept")},
                    ),
                    Field("comparison", tr("Intervals for comparing groups"), "check", False,
                          shown=lambda v: v["kind"] == "caterpillar",
                          tip=tr("Two groups differ where their intervals do not overlap.")),
                    Field("shrinkage", tr("From what each group says by itself"), "check", True,
                          shown=lambda v: v["kind"] == "scatter"),
                    Field(
                        "level",
                        tr("Groups of"),
                        "choice",
                        "",
                        (
                            (
                                "",
                                tr("First level")
                                if len(f.groupings) > 1
                                else f.groupings[0]
                                if f.groupings
                                else tr("First level"),
                            ),
                            *((g, g) for g in (f.groupings if len(f.groupings) > 1 else ())),
                        ),
                        shown=lambda v: len(f.groupings) > 1,
                    ),
                ),
                need_effects,
                also="caterpillar qq blup normality blups caterpillar plot posterior modes shrinkage",
            ),
            Entry(
                "acf",
                tr("Autocorrelation"),
                tr("Correlation of the residuals within groups, by lag."),
                lambda f, v: [written("estat acf", option("time", v["time"]), option("lags", v["lags"]))],
                _acf_fields,
                need_data,
                also="serial correlation time lag acf",
            ),
            Entry(
                "vif",
                tr("Collinearity"),
                tr("Variance inflation factors: how far each predictor follows from the others."),
                lambda f, v: ["estat vif"],
                reason=need_terms,
                also="vif multicollinearity tolerance inflation multicollinearity",
            ),
            Entry(
                "influence",
                tr("Influence of groups"),
                tr("Cook's distance of every group, and the coefficient it moves most."),
                _influence,
                _influence_fields,
                _can_influence,
                _influence_problem,
                also="cook dfbetas outlier leverage outliers cooks distance influential cases",
            ),
        ),
    )


def _residual_fields(facts: Facts) -> tuple[Field, ...]:
    used = (*facts.numbers, *(n for n in facts.numeric if n not in facts.numbers and n != facts.fit.outcome))
    names = tuple((n, facts.label_of(n)) for n in used)
    return (
        Field("variables", tr("Plots against"), "several", (), names, hint=tr("Tick none for no plots")),
        Field(
            "type",
            tr("Residuals in the plots"),
            "choice",
            "rstandard",
            (
                ("rstandard", tr("Standardised")),
                ("residuals", tr("As they are")),
                ("marginal", tr("From the fixed part (marginal)")),
            ),
            shown=lambda v: bool(v["variables"]),
        ),
    )


def _acf_fields(facts: Facts) -> tuple[Field, ...]:
    own = facts.fit.spec.residuals.time or ""
    if not own and facts.dataset is not None and facts.dataset.panel is not None:
        own = facts.dataset.panel.time or ""
    names = tuple((n, facts.label_of(n)) for n in facts.numeric)
    return (
        Field("time", tr("In the order of"), "choice", own, (("", tr("Rows of the data")), *names)),
        Field("lags", tr("Largest lag"), "number", hint=tr("Automatic"), low=1, high=10_000, whole=True),
    )


def _can_influence(facts: Facts) -> str:
    if facts.fit.constraints:
        return tr("Not available with constraints.")
    some = facts.fit.spec.fixed or facts.coefficients
    return need_data(facts) or ("" if some else tr("The model has no coefficients."))


def _influence_fields(facts: Facts) -> tuple[Field, ...]:
    levels = (*((g, g) for g in facts.groupings), ("observation", tr("Single rows")))
    return (
        Field("relevel", tr("Groups of"), "choice", levels[0][0], levels),
        Field("top", tr("Show the"), "number", hint=tr("10 largest"), low=1, high=100_000, whole=True),
        Field("dfbetas", tr("Plot each coefficient's change"), "check", False),
        Field(
            "refit",
            tr("Fit again without each group"),
            "check",
            False,
            tip=tr("Slower. Otherwise the covariance parameters are held at their estimates."),
        ),
        Field("keep", tr("Keep Cook's distances"), "check", False),
        Field("name", tr("Name"), "name", facts.free_name("cooksd"), shown=lambda v: bool(v["keep"])),
    )


def _influence(facts: Facts, values: Values) -> list[str]:
    default = facts.groupings[0] if facts.groupings else "observation"
    level = "" if values["relevel"] == default else values["relevel"]
    return [
        written(
            "estat influence",
            option("relevel", level),
            option("top", values["top"]),
            flag("dfbetas", values["dfbetas"]),
            flag("refit", values["refit"]),
            option("cooksd", values["name"] if values["keep"] else ""),
        )
    ]


def _influence_problem(facts: Facts, values: Values) -> str:
    return bad_name(facts, values["name"]) if values["keep"] else ""


def _slopes_with_intercept(facts: Facts) -> bool:
    """True where an equation has a random intercept and a random slope."""
    found = [(r.block, r.name[4:-1]) for r in facts.fit.random if r.name.startswith("var(") and r.level != "Residual"]
    slopes = {block for block, name in found if name != "_cons" and not name.startswith("R.")}
    return bool(slopes & {block for block, name in found if name == "_cons"})
