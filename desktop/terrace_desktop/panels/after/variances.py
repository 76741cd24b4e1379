"""Entries: shares of variance, the random part, groups."""

from __future__ import annotations

from terrace_desktop.forms.entry import (
    Entry,
    Field,
    Group,
    Values,
    flag,
    level_field,
    need_data,
    need_effects,
    option,
    relevel_field,
    written,
)
from terrace_desktop.forms.facts import Facts
from terrace_desktop.ui.words import tr


def group() -> Group[Facts]:
    """Variance and R²."""
    return Group(
        "variances",
        tr("Variance and R²"),
        (
            Entry(
                "icc",
                tr("Intraclass correlation"),
                tr("The share of variance between groups, at each level."),
                lambda f, v: [written("estat icc", option("level", v["level"]))],
                lambda f: (level_field(),),
                need_effects,
                also="icc variance partition intraclass vpc variance components share between groups",
            ),
            Entry(
                "partition",
                tr("Variance by level, as a plot"),
                tr("The share of each level, also at values of a variable with random slopes."),
                lambda f, v: [f"plot partition {v['x']}".strip()],
                lambda f: (
                    Field("x", tr("Over"), "choice", "",
                          (("", tr("(all rows together)")), *((n, f.label_of(n)) for n in _slopes(f)))),
                ),
                lambda f: need_effects(f) or need_data(f),
                also="variance partition vpc components share figure bars",
            ),
            Entry(
                "r2",
                tr("Explained variance (R²)"),
                tr("Marginal and conditional R², and how much less variance each level has than in a null model."),
                lambda f, v: [written("estat r2", flag("nolevels", f.has_effects and not v["levels"]), _null(v))],
                _r2_fields,
                need_data,
                also="nakagawa r squared bryk snijders pseudo effect sizes r2 pseudo r2 variance explained marginal "
                "conditional",
            ),
            Entry(
                "reliability",
                tr("Reliability of the groups"),
                tr("How precisely the random effects of individual groups are estimated."),
                lambda f, v: [
                    written(
                        "estat reliability",
                        flag("groups", v["groups"]),
                        option("relevel", v["relevel"] if v["groups"] else ""),
                    )
                ],
                lambda f: (
                    Field("groups", tr("Each group as well"), "check", False, closed=_closed(need_data(f))),
                    Field(
                        "relevel",
                        tr("Groups of"),
                        "choice",
                        f.effect_levels[-1],
                        tuple((v, v) for v in f.effect_levels),
                        shown=lambda v: bool(v["groups"]) and len(f.effect_levels) > 1,
                    ),
                ),
                need_effects,
                also="lambda",
            ),
            Entry(
                "sd",
                tr("SDs and correlations"),
                tr("The random part as standard deviations and correlations."),
                lambda f, v: [written("estat sd", option("level", v["level"]))],
                lambda f: (level_field(),),
                also="standard deviation standard deviations correlation of random effects",
            ),
            Entry(
                "recovariance",
                tr("Covariance of the random effects"),
                tr("As a matrix, or as correlations."),
                lambda f, v: [
                    written(
                        "estat recovariance", flag("correlation", v["correlation"]), option("relevel", v["relevel"])
                    )
                ],
                lambda f: (
                    Field("correlation", tr("As correlations"), "check", False),
                    relevel_field(f, tr("All levels")),
                ),
                need_effects,
                also="matrix G",
            ),
            Entry(
                "simplify",
                tr("Largest supported model"),
                tr("From a fit at the limit of a variance to the largest model that the data support, step by step."),
                lambda f, v: ["estat simplify"],
                reason=lambda f: need_data(f) or need_effects(f),
                also="singular boundary convergence problem zero variance simpler backward maximal model random slopes",
            ),
            Entry(
                "wcorrelation",
                tr("Correlations within a group"),
                tr("Standard deviations and correlations of the outcome in one group, as implied by the model."),
                _within,
                _within_fields,
                _can_look_within,
                also="marginal V matrix",
            ),
            Entry(
                "group",
                tr("Groups and their sizes"),
                tr("How many groups each level has, and their rows."),
                lambda f, v: ["estat group"],
                reason=_has_groups,
                also="number of groups",
            ),
            Entry(
                "summarize",
                tr("Estimation sample"),
                tr("Means and SDs of the model's variables in the rows it used."),
                lambda f, v: ["estat summarize"],
                reason=need_data,
                also="summary descriptives",
            ),
        ),
    )


def _closed(reason: str) -> dict[object, str]:
    return {None: reason} if reason else {}


def _null(values: Values) -> str:
    return option("null", values["null"]) if values.get("levels") and values["null"] else ""


def _r2_fields(facts: Facts) -> tuple[Field, ...]:
    others = tuple((m.name, m.title) for m in facts.models if m.name != facts.stored)
    no_levels = {} if facts.has_effects else {None: tr("The model has no random effects.")}
    return (
        Field("levels", tr("By level, against a null model"), "check", facts.has_effects, closed=no_levels),
        Field(
            "null",
            tr("Null model"),
            "choice",
            "",
            (("", tr("Fitted for you: intercepts only")), *others),
            shown=lambda v: bool(v["levels"]) and bool(others),
        ),
    )


def _can_look_within(facts: Facts) -> str:
    return need_data(facts) or need_effects_or_residuals(facts)


def need_effects_or_residuals(facts: Facts) -> str:
    """A model that correlates rows in some way."""
    return "" if facts.groupings else tr("The model has no groups.")


def _has_groups(facts: Facts) -> str:
    return "" if facts.fit.groups else tr("The model has no groups.")


def _within_fields(facts: Facts) -> tuple[Field, ...]:
    return (
        Field(
            "at",
            tr("Group"),
            "rows",
            {},
            tuple((v, v) for v in facts.levels),
            hint=tr("first group"),
            tip=tr("The value of each group variable, from the highest level down."),
        ),
        Field("covariance", tr("Covariances instead"), "check", False),
    )


def _within(facts: Facts, values: Values) -> list[str]:
    given = []
    for name in facts.levels:
        text = values["at"].get(name, "").strip()
        if text:
            quotes = facts.dataset is not None and name in facts.dataset and facts.dataset.is_text(name)
            given.append(f'{name}="{text}"' if quotes else f"{name}={text}")
    return [written("estat wcorrelation", option("at", " ".join(given)), flag("covariance", values["covariance"]))]


def _slopes(facts: Facts) -> tuple[str, ...]:
    """Numeric variables that have random slopes."""
    names = [r.name[4:-1] for r in facts.fit.random if r.name.startswith("var(") and r.level != "Residual"]
    return tuple(dict.fromkeys(n for n in names if n in facts.numbers))
