"""Entries: tests, comparisons and intervals."""

from __future__ import annotations

from dataclasses import replace

from terrace_desktop.forms.entry import (
    Entry,
    Field,
    Group,
    Values,
    flag,
    level_field,
    mcompare_field,
    mcompare_option,
    metric_field,
    need_factor,
    need_terms,
    option,
    small_field,
    written,
)
from terrace_desktop.forms.facts import Facts
from terrace_desktop.ui.words import from_engine, tr


def group() -> Group[Facts]:
    """Intervals and tests."""
    return Group(
        "intervals",
        tr("Intervals and tests"),
        (
            Entry(
                "test",
                tr("Test coefficients"),
                tr("Test whether coefficients are all zero, or all equal."),
                _test,
                _test_fields,
                _some_coefficient,
                _test_problem,
                also="wald hypothesis",
            ),
            Entry(
                "terms",
                tr("Tests of whole terms"),
                tr("One test for each factor and interaction, type II or III."),
                lambda f, v: [written("estat terms", option("type", v["type"]), flag("small", v["small"]))],
                lambda f: (
                    Field(
                        "type",
                        tr("Type"),
                        "choice",
                        "III",
                        (
                            ("III", tr("III: each term given all the others")),
                            ("II", tr("II: each term given those that do not contain it")),
                        ),
                    ),
                    small_field(f),
                ),
                need_terms,
                also="anova type III II F test f tests omnibus main effect type 3",
            ),
            Entry(
                "lincom",
                tr("Linear combination"),
                tr("A sum of coefficients with its interval."),
                _lincom,
                lambda f: (_expression(f, tr("Such as ses + 1.sector#c.ses")), small_field(f), level_field()),
                _some_coefficient,
                _lincom_problem,
                also="lincom contrast sum difference",
            ),
            Entry(
                "nlcom",
                tr("Nonlinear combination"),
                tr("Any function of coefficients and covariance parameters, by the delta method."),
                _nlcom,
                lambda f: (_nonlinear(f), small_field(f), level_field()),
                _some_coefficient,
                _nlcom_problem,
                also="nlcom ratio delta method",
            ),
            Entry(
                "contrast",
                tr("Contrasts of a factor"),
                tr("Levels against a base, neighbours, the mean, or as trends; also within levels of another factor."),
                _contrast,
                _contrast_fields,
                need_factor,
                _contrast_problem,
                also="contrast polynomial helmert simple effects",
            ),
            Entry(
                "pwcompare",
                tr("Pairwise comparisons"),
                tr("All pairs of levels, adjusted for the number of comparisons."),
                lambda f, v: [
                    written(
                        "pwcompare " + " ".join(v["terms"]),
                        v["show"],
                        mcompare_option(v),
                        flag("sort", v["sort"]),
                        flag("small", v["small"]),
                        option("level", v["level"]),
                    )
                ],
                lambda f: (
                    Field(
                        "terms",
                        tr("Levels of"),
                        "several",
                        f.cells[:1],
                        tuple((c, c.replace("#", " × ")) for c in f.cells),
                        required=tr("Choose at least one factor."),
                    ),
                    Field(
                        "show",
                        tr("Show"),
                        "choice",
                        "",
                        (
                            ("", tr("The differences")),
                            ("groups", tr("The margins, with letters for those that do not differ")),
                            ("cimargins", tr("The margins, with intervals")),
                        ),
                    ),
                    mcompare_field(pairs=True),
                    Field("sort", tr("Sort by size"), "check", False),
                    small_field(f),
                    level_field(),
                ),
                need_factor,
                also="post hoc tukey bonferroni multiple groups letters post-hoc comparisons post hoc comparisons "
                "scheffe sidak differences between groups",
            ),
            Entry(
                "profile",
                tr("Profile intervals"),
                tr("Profile-likelihood intervals of covariance parameters and coefficients, with their curves."),
                lambda f, v: [
                    written(
                        " ".join(["estat profile", *v["names"]]),
                        _metric(f, v),
                        option("level", v["level"]),
                        flag("noplot", not v["plot"]),
                    )
                ],
                lambda f: (
                    Field(
                        "names",
                        tr("Parameters"),
                        "several",
                        (),
                        _profiled(f),
                        hint=tr("Tick none for all covariance parameters"),
                    ),
                    Field("plot", tr("With curves"), "check", True),
                    level_field(),
                ),
                _has_likelihood,
                also="profile likelihood variance confidence confidence intervals of variances",
            ),
            Entry(
                "bootstrap",
                tr("Bootstrap intervals"),
                tr("Parametric bootstrap of every parameter: the model is fitted again to simulated outcomes."),
                lambda f, v: [
                    written(
                        "estat bootstrap",
                        option("reps", v["reps"]),
                        option("seed", v["seed"]),
                        _metric(f, v),
                        option("level", v["level"]),
                    )
                ],
                lambda f: (
                    Field("reps", tr("Replications"), "number", hint="200", low=2, high=1_000_000, whole=True),
                    Field(
                        "seed",
                        tr("Seed"),
                        "number",
                        hint=tr("Random"),
                        low=0,
                        high=2**32 - 1,
                        whole=True,
                        tip=tr("The same seed gives the same result."),
                    ),
                    metric_field(f),
                    level_field(),
                ),
                _unweighted,
                also="bootstrap simulation parametric",
            ),
            Entry(
                "df",
                tr("Degrees of freedom"),
                tr("For each coefficient, by several methods side by side."),
                _df,
                _df_fields,
                _some_coefficient,
                also="kenward roger satterthwaite anova residual repeated",
            ),
            Entry(
                "vce",
                tr("Covariance of the estimates"),
                tr("Variances and covariances of the coefficients."),
                lambda f, v: [written("estat vce", flag("correlation", v["correlation"]), flag("all", v["all"]))],
                lambda f: (
                    Field("correlation", tr("As correlations"), "check", False),
                    Field("all", tr("With the covariance parameters"), "check", False),
                ),
                _some_coefficient,
                also="vcov variance matrix",
            ),
        ),
    )


def _some_coefficient(facts: Facts) -> str:
    return "" if facts.coefficients else tr("The model has no coefficients.")


def _profiled(facts: Facts) -> tuple[tuple[str, str], ...]:
    """What can be profiled: coefficients under maximum likelihood only."""
    return facts.covariances + (facts.coefficients if facts.fit.spec.method == "ml" else ())


def _has_likelihood(facts: Facts) -> str:
    return tr("A pseudolikelihood has no profile.") if facts.pseudo else ""


def _unweighted(facts: Facts) -> str:
    return tr("Not available with weights.") if facts.weighted else ""


def _metric(facts: Facts, values: Values) -> str:
    own = "sd" if facts.fit.spec.display.metric == "sd" else "variance"
    chosen = values.get("metric", own)
    return "" if chosen == own else str(chosen)


# --- coefficients --------------------------------------------------------------------------------------
def _test_fields(facts: Facts) -> tuple[Field, ...]:
    names = tuple((name, words) for name, words in facts.coefficients)
    return (
        Field("names", tr("Coefficients"), "several", (), names, required=tr("Choose at least one coefficient.")),
        Field(
            "kind",
            tr("Hypothesis"),
            "choice",
            "zero",
            (
                ("zero", tr("All are zero")),
                ("equal", tr("All are equal")),
            ),
        ),
        Field(
            "mtest",
            tr("Each one separately as well"),
            "choice",
            "",
            (
                ("", tr("No")),
                ("none", tr("Yes, unadjusted")),
                ("bonferroni", tr("Yes, Bonferroni")),
                ("holm", tr("Yes, Holm")),
                ("sidak", tr("Yes, Šidák")),
            ),
        ),
        small_field(facts),
    )


def _test_problem(_facts: Facts, values: Values) -> str:
    if values["kind"] == "equal" and len(values["names"]) < 2:
        return tr("Choose at least two coefficients to compare.")
    return ""


def _test(_facts: Facts, values: Values) -> list[str]:
    joined = " = " if values["kind"] == "equal" else " "
    head = "test " + joined.join(values["names"])
    return [written(head, option("mtest", values["mtest"]), flag("small", values["small"]))]


def _expression(facts: Facts, hint: str) -> Field:
    first = facts.coefficients[0][0] if facts.coefficients else ""
    insert = tuple((name, words) for name, words in facts.coefficients)
    return Field("expression", tr("Expression"), "text", first, hint=hint, insert=insert)


def _nonlinear(facts: Facts) -> Field:
    insert = tuple((f"_b[{name}]", words) for name, words in facts.coefficients)
    several = len(facts.levels) > 1
    for row in facts.fit.random:
        name = f"_b[{row.level}:{row.name}]" if row.level != "Residual" else f"_b[{row.name}]"
        insert += ((name, f"{row.name}, {row.level}" if several else row.name),)
    first = insert[0][0] if insert else ""
    return Field("expression", tr("Expression"), "text", f"exp({first})", hint="exp(_b[ses])", insert=insert)


def _lincom(_facts: Facts, values: Values) -> list[str]:
    return [written(f"lincom {values['expression']}", flag("small", values["small"]), option("level", values["level"]))]


def _nlcom(_facts: Facts, values: Values) -> list[str]:
    return [written(f"nlcom {values['expression']}", flag("small", values["small"]), option("level", values["level"]))]


def _lincom_problem(facts: Facts, values: Values) -> str:
    from terrace.errors import TerraceError
    from terrace.language.grammar.tokens import Piece, split
    from terrace.postestimation.tests.linear import parse_linear

    try:
        piece = Piece.of(values["expression"])
        if len(split(piece, "=")) > 1 or len(split(piece, ",")) > 1:
            return tr("Enter one expression, without = or commas.")
        if not facts.fit.has_arrays:  # making them would hold the window up: the run will say what is wrong
            return ""
        parse_linear(facts.fit, piece)
    except TerraceError as error:
        return from_engine(error.message)
    return ""


def _nlcom_problem(facts: Facts, values: Values) -> str:
    from terrace.errors import TerraceError
    from terrace.language.grammar.tokens import Piece
    from terrace.postestimation.tests.nonlinear import evaluate

    if not values["expression"]:
        return tr("Enter an expression.")
    if not facts.fit.has_arrays:
        return ""
    try:
        evaluate(facts.fit, Piece.of(values["expression"]), {})
    except TerraceError as error:
        return from_engine(error.message)
    return ""


# --- factors -------------------------------------------------------------------------------------------
def _contrast_fields(facts: Facts) -> tuple[Field, ...]:
    others = tuple((f, f) for f in facts.factors)
    alone = len(facts.factors) < 2
    return (
        Field("factor", tr("Factor"), "choice", facts.factors[0], tuple((f, f) for f in facts.factors)),
        Field("operator", tr("Compare"), "choice", "r", operators()),
        Field(
            "within",
            tr("Within each level of"),
            "choice",
            "",
            (("", tr("(averaged)")), *others),
            closed={None: tr("The model has only one factor.")} if alone else {},
        ),
        mcompare_field(pairs=False),
        small_field(facts),
        level_field(),
    )


def _contrast_problem(facts: Facts, values: Values) -> str:
    if values["factor"] == values["within"]:
        return tr("Choose a different factor to look within.")
    return no_trend(facts, values["factor"]) if values["operator"] == "p" else ""


def operators() -> tuple[tuple[str, str], ...]:
    """The contrast operators with their words."""
    return (
        ("r", tr("Each level with the base")),
        ("ar", tr("Each level with the one before")),
        ("a", tr("Each level with the next")),
        ("g", tr("Each level with the grand mean")),
        ("h", tr("Each level with the mean of later ones (Helmert)")),
        ("j", tr("Each level with the mean of earlier ones")),
        ("p", tr("Trends in the values: linear, quadratic, …")),
        ("q", tr("Trends in the order: linear, quadratic, …")),
    )


def no_trend(facts: Facts, factor: str) -> str:
    """Why a factor has no trends in its values; empty where it has."""
    data = facts.dataset
    if data is None or factor not in data or not data.is_text(factor):
        return ""
    return tr("Trends in the values need numeric levels. Choose trends in the order.")


def _contrast(_facts: Facts, values: Values) -> list[str]:
    within = f"@{values['within']}" if values["within"] else ""
    head = f"contrast {values['operator']}.{values['factor']}{within}"
    return [written(head, mcompare_option(values), flag("small", values["small"]), option("level", values["level"]))]


# --- degrees of freedom --------------------------------------------------------------------------------
def _df_fields(facts: Facts) -> tuple[Field, ...]:
    from terrace.spec.choices import closed

    methods = (
        ("residual", tr("Residual")),
        ("repeated", tr("Repeated measures")),
        ("anova", tr("ANOVA")),
        ("satterthwaite", tr("Satterthwaite")),
        ("kroger", tr("Kenward–Roger")),
    )
    why = {k: c.reason for k, c in closed("df", facts.fit.spec).items()}
    own = facts.fit.spec.df_method

    def another(values: Values) -> bool:
        return len(values["methods"]) == 1 and values["methods"][0] != own and not values["oim"]

    usual = tuple(m for m, _ in methods if m not in why and m in ("satterthwaite", "kroger", "residual"))
    return (
        Field(
            "methods",
            tr("Methods"),
            "several",
            usual,
            methods,
            closed=why,
            required=tr("Choose at least one method."),
        ),
        Field(
            "oim",
            tr("With the observed information"),
            "check",
            False,
            shown=_approximates,
            tip=tr("Otherwise Satterthwaite and Kenward–Roger use the expected information."),
        ),
        Field(
            "use",
            tr("Fit the model again with t and F tests"),
            "check",
            False,
            shown=lambda v: facts.fit.macros.get("cmd") == "mixed" and another(v),
        ),
    )


def _df(facts: Facts, values: Values) -> list[str]:
    oim = _approximates(values) and values["oim"]
    out = [written("estat df", option("method", (*values["methods"],)), flag("oim", oim))]
    if values["use"] and not oim and len(values["methods"]) == 1 and facts.fit.macros.get("cmd") == "mixed":
        from terrace.spec.text import format_mixed

        out.append(format_mixed(replace(facts.fit.spec, df_method=values["methods"][0])))
    return out


def _approximates(values: Values) -> bool:
    return bool({"satterthwaite", "kroger"} & set(values["methods"]))
