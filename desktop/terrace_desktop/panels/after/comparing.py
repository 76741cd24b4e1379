"""Entries: this model beside others, and what goes into a paper."""

from __future__ import annotations

from terrace.language.grammar.macros import quoted
from terrace_desktop.forms.entry import Entry, Field, Group, Values, flag, option, written
from terrace_desktop.forms.facts import Facts, short_title
from terrace_desktop.ui.words import tr


def compare_group() -> Group[Facts]:
    """Compare models."""
    return Group(
        "compare",
        tr("Compare models"),
        (
            Entry(
                "compare",
                tr("Compare several models"),
                tr("Fit and likelihood-ratio tests, and coefficients, variances, ICC and R² side by side."),
                lambda f, v: [
                    written(
                        "estimates compare " + " ".join(_ordered(f, v)),
                        option("titles", _titles(f, _ordered(f, v))),
                        flag("ml", v["ml"] and _needs_ml(f, v)),
                        flag("notable", not v["table"]),
                    )
                ],
                _compare_fields,
                _two_models,
                _two_chosen,
                also="model comparison aic bic table compare nested models",
                of_model=False,
                of_several=True,
            ),
            Entry(
                "lrtest",
                tr("Likelihood-ratio test"),
                tr("This model against a nested one, with the boundary mixture, or by parametric bootstrap."),
                _lrtest,
                _lrtest_fields,
                _two_models,
                also="lrtest deviance chi2 nested variance zero likelihood ratio test model comparison nested",
                of_model=False,
            ),
            Entry(
                "ic",
                tr("Information criteria"),
                tr("Log likelihood, AIC and BIC of this model."),
                lambda f, v: ["estat ic"],
                also="aic bic log likelihood",
            ),
        ),
    )


def paper_group() -> Group[Facts]:
    """For the paper."""
    return Group(
        "paper",
        tr("For the paper"),
        (
            Entry(
                "apa",
                tr("Results paragraph (APA)"),
                tr("A paragraph in APA style, every number from the fit, to copy."),
                lambda f, v: [written("apa", option("labels", _words(v)))],
                lambda f: (
                    Field(
                        "words",
                        tr("Words for"),
                        "rows",
                        {},
                        tuple((n, n) for n in _named(f)),
                        hint=tr("its label"),
                        tip=tr("What to call a variable. Leave empty to use its label or name."),
                    ),
                ),
                also="apa sentence write report text",
            ),
            Entry(
                "etable",
                tr("Table of models"),
                tr("Coefficients with standard errors in parentheses, one column per model."),
                _etable,
                _etable_fields,
                _stored,
                also="etable regression table word excel publication regression table of models publication",
                of_model=False,
                of_several=True,
            ),
        ),
    )


def _models_field(facts: Facts) -> Field:
    options = tuple((m.name, m.title) for m in facts.models)
    every = tuple(m.name for m in facts.models if m.like)  # others are there, but are not meant
    return Field("models", tr("Models"), "several", every, options, required=tr("Choose at least one model."))


def _ordered(facts: Facts, values: Values) -> list[str]:
    return [m.name for m in facts.models if m.name in values["models"]]


def _titles(facts: Facts, names: list[str]) -> str:
    """The titles of the models, those of the program up to the words about the model."""
    return " ".join(quoted(short_title(facts.title_of(n))) for n in names)


def _stored(facts: Facts) -> str:
    return "" if facts.stored else tr("This model is not stored under a name. Fit it again.")


def _two_models(facts: Facts) -> str:
    return _stored(facts) or ("" if len(facts.models) > 1 else tr("There is only one model. Fit another one first."))


def _needs_ml(facts: Facts, values: Values) -> bool:
    """True where only ML can compare the chosen models: their fixed effects differ, or their methods."""
    chosen = [m for m in facts.models if m.name in values["models"]]
    methods = {m.method for m in chosen}
    return len(methods) > 1 or (methods == {"reml"} and len({m.fixed for m in chosen}) > 1)


def _compare_fields(facts: Facts) -> tuple[Field, ...]:
    return (
        _models_field(facts),
        Field(
            "ml", tr("By maximum likelihood where REML cannot compare"), "check", True,
            shown=lambda v: _needs_ml(facts, v),
            tip=tr("AIC, BIC and tests are worked out by ML. The models and their estimates stay as they are."),
        ),
        Field("table", tr("With the coefficients side by side"), "check", True),
    )  # fmt: skip


def _two_chosen(_facts: Facts, values: Values) -> str:
    return "" if len(values["models"]) > 1 else tr("Choose at least two models.")


def _lrtest_fields(facts: Facts) -> tuple[Field, ...]:
    others = tuple((m.name, m.title) for m in facts.models if m.name != facts.stored)

    def simulated(values: Values) -> bool:
        return bool(values["how"] == "bootstrap")

    closed = {"bootstrap": tr("Not with weights")} if facts.weighted else {}
    return (
        Field("other", tr("Against"), "choice", _nearest(facts), others),
        Field(
            "how",
            tr("p value"),
            "choice",
            "chi2",
            (
                ("chi2", tr("χ², and the boundary mixture where it is known")),
                ("bootstrap", tr("Parametric bootstrap")),
            ),
            closed=closed,
        ),
        Field("reps", tr("Replications"), "number", hint="200", low=2, high=1_000_000, whole=True, shown=simulated),
        Field("seed", tr("Seed"), "number", hint=tr("Random"), low=0, high=2**32 - 1, whole=True, shown=simulated),
    )


def _nearest(facts: Facts) -> str:
    """The newest other model, of the same outcome and data where there is one."""
    others = [m for m in facts.models if m.name != facts.stored]
    return max(others, key=lambda m: (m.like, others.index(m))).name


def _lrtest(facts: Facts, values: Values) -> list[str]:
    options: tuple[str, ...] = ()
    if values["how"] == "bootstrap":
        options = (option("bootstrap", values["reps"]) or "bootstrap", option("seed", values["seed"]))
    return [written(f"lrtest {facts.stored} {values['other']}", *options)]


def _named(facts: Facts) -> list[str]:
    names = [*facts.numbers, *facts.factors, *facts.levels]
    return [facts.fit.outcome, *dict.fromkeys(n for n in names if n != facts.fit.outcome)]


def _words(values: Values) -> str:
    return " ".join(f"{name} {quoted(text.strip())}" for name, text in values["words"].items() if text.strip())


def _etable_fields(facts: Facts) -> tuple[Field, ...]:
    now = "sd" if facts.fit.spec.display.metric == "sd" else "variance"
    return (
        _models_field(facts),
        Field(
            "metric",
            tr("Random effects as"),
            "choice",
            now,
            (
                ("variance", tr("Variances")),
                ("sd", tr("SDs and correlations")),
            ),
        ),
        Field("title", tr("Title"), "text", "", hint=tr("Models compared")),
    )


def _etable(facts: Facts, values: Values) -> list[str]:
    names = _ordered(facts, values)
    title = values["title"].strip()
    return [
        written(
            "etable",
            option("estimates", names),
            option("titles", _titles(facts, names)),
            option("title", quoted(title) if title else ""),
            flag("sd", values["metric"] == "sd"),
        )
    ]
