"""What the panel offers: every choice is a command that the session takes, and what is refused has a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import after_help as help_
import pytest

from terrace.results.later import Later
from terrace.session.session import Session
from terrace.session.state import State
from terrace_desktop.forms import listing
from terrace_desktop.forms.entry import Entry, Field
from terrace_desktop.forms.facts import Facts
from terrace_desktop.panels.after import catalog

ENTRIES = {e.key: e for g in catalog.groups() for e in g.entries}
FEW = {"reps": 3, "seed": 1}  # so that simulations take no time


def defaults(fields: tuple[Field, ...]) -> dict[str, Any]:
    """What the fields hold when the form opens."""
    out: dict[str, Any] = {}
    for f in fields:
        if f.kind == "check":
            out[f.key] = bool(f.default) and None not in f.closed
        elif f.kind == "rows":
            out[f.key] = {name: "" for name, _ in f.options}
        elif f.kind in ("choice", "several", "number"):
            out[f.key] = f.default
        else:
            out[f.key] = f.default or ""
    return {**out, **{k: v for k, v in FEW.items() if k in out}}


def variants(entry: Entry, fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    """The defaults, then each field at each of its other values in turn."""
    base = defaults(fields)
    if entry.key == "profile":  # one curve says as much as all of them
        base["names"] = (fields[0].options[-1][0],)
        return [base, {**base, "plot": False, "level": 80}]
    out = [base]
    for f in fields:
        open_ = [v for v, _ in f.options if v not in f.closed]
        if None in f.closed:
            continue
        if f.kind == "choice":
            out += [{**base, f.key: v} for v in open_ if v != base[f.key]]
        elif f.kind == "check":
            out.append({**base, f.key: not base[f.key]})
        elif f.kind == "several":
            out += [{**base, f.key: tuple(open_)}, {**base, f.key: tuple(open_[:1])}]
        elif f.key == "level":
            out.append({**base, "level": 80})
    return out


def test_the_groups_of_the_brief_in_order() -> None:
    assert [g.key for g in catalog.groups()] == [
        "intervals", "predictions", "variances", "diagnostics", "compare", "paper",
    ]  # fmt: skip
    assert len(ENTRIES) == sum(len(g.entries) for g in catalog.groups()), "keys are different"
    assert all(e.title and e.purpose.endswith(".") for e in ENTRIES.values())


@pytest.mark.parametrize("model", help_.COMMANDS)
def test_every_choice_makes_commands_that_run(model: str) -> None:
    """One field at a time from the form as it opens: whatever it allows, the session takes."""
    facts = help_.facts(model)
    session = help_.session_with(model)
    ran = 0
    for entry in ENTRIES.values():
        if entry.reason(facts):
            continue
        before = session.state
        for values in variants(entry, entry.fields(facts)):
            required = [f for f in entry.fields(facts) if f.required and f.shown(values) and not values[f.key]]
            if required or entry.problem(facts, values):
                continue
            for command in entry.commands(facts, values):
                outcome = session.run(command)
                nested = entry.key == "lrtest" and outcome.error is not None
                if not (nested and outcome.error[0] in ("not-nested", "pseudolikelihood", "ml-and-reml")):
                    assert outcome.ok, f"{command}: {outcome.error} {outcome.error_advice}"
                    assert outcome.tables or outcome.plots or outcome.text or outcome.changed, command
                ran += 1
            session.state = before  # new variables do not stay
    assert ran > 40


@pytest.mark.parametrize("model", help_.COMMANDS)
def test_what_is_refused_says_why(model: str) -> None:
    facts = help_.facts(model)
    for entry in ENTRIES.values():
        reason = entry.reason(facts)
        assert reason == "" or (reason[0].isupper() and reason.endswith(".")), (entry.key, reason)


def reasons(facts: Facts) -> dict[str, str]:
    return {k: e.reason(facts) for k, e in ENTRIES.items() if e.reason(facts)}


def test_reasons_follow_the_model() -> None:
    assert reasons(help_.facts(help_.FULL)) == {
        "johnsonneyman": "It needs an interaction with a continuous moderator."
    }
    plain = reasons(help_.facts(help_.PLAIN))
    assert set(plain) == {"contrast", "pwcompare", "simpleslopes", "johnsonneyman"}
    empty = reasons(help_.facts(help_.EMPTY))
    assert set(empty) - set(plain) == {"terms", "dydx", "vif", "forest"}
    linear = reasons(help_.facts(help_.LINEAR))
    assert {"icc", "reliability", "recovariance", "wcorrelation", "effects", "lines"} <= set(linear)
    assert "no random effects" in linear["icc"]
    robust = reasons(help_.facts(help_.ROBUST))
    assert "pseudolikelihood" in robust["profile"]
    alone = reasons(help_.facts(help_.FULL, ()))
    assert set(alone) == {"compare", "lrtest", "johnsonneyman"}


def test_reasons_follow_the_data() -> None:
    facts = help_.facts(dataset=help_.data().rows(help_.data().numeric("g") < 5))
    found = reasons(facts)
    assert "changed since the fit" in found["margins"] and "predict" not in found and "icc" not in found
    gone = Facts(facts.fit, None, "m1", "Model 1", facts.models)
    assert "not open" in reasons(gone)["predict"]
    closed = {f.key: f.closed for f in ENTRIES["predict"].fields(facts)}
    assert "Needs the data of the fit" in closed["what"].values()


@pytest.mark.parametrize(
    ("commands", "there"),
    [
        (["keep if e(sample)"], True),
        (["drop w", "sort y", "keep if e(sample)"], True),
        (["drop if g == 1"], False),
        (["drop if g == 20"], True),  # was no row of the sample
        (["drop if g == 20", "drop if g == 3"], False),
    ],
)
def test_the_rows_of_the_fit_are_found_again(commands: list[str], there: bool) -> None:
    """The forms are open where the commands work, and closed where they do not."""
    session = Session(State(dataset=help_.data()))
    for command in ("mixed y x i.t if g != 20 || g:", *commands):
        assert session.run(command).ok, command
    fit = session.fit
    assert fit is not None
    facts = Facts(fit, session.dataset, "m1", "Model 1", (), session.state.origins.get(fit.identity))
    assert facts.same_data is there
    assert ("margins" not in reasons(facts)) is there
    assert session.run("estat residuals").ok is there


WEIGHTED = (
    "mixed y x [pweight = week] || g:", "mixed y x || g:, fweight(week2)", "mixed y x || g:, pweight(week2)",
    "regress y x [fweight = class]", "mixed y i.t##i.sex || _all: R.item || _all: R.t", "mixed y x, constraints(1)",
    "mixed y i.t#c.x || g: i.t, nocons || class:, nocons", "mixed y x w || g: x x2", "regress y x, vce(cluster g)",
    "mixed y ib2.t || g:, dfmethod(anova)", "mixed y x || g:, nocons", "mixed y i(0 2).t || g:, reml dfmethod(kroger)",
)  # fmt: skip


@pytest.mark.parametrize("model", (*help_.COMMANDS, *WEIGHTED))
def test_what_the_forms_know_of_a_model_is_what_its_arrays_say(model: str) -> None:
    session = Session(State(dataset=help_.data()))
    for command in ("generate x2 = 2 * x", "generate week2 = 1 + mod(g, 3)", "constraint 1 x = w", model):
        outcome = session.run(command.replace("y x, con", "y x w || g:, con"))
        assert outcome.ok, (command, outcome.error)
    fit = session.fit
    assert fit is not None
    facts, arrays, design = Facts(fit, session.dataset), fit.model, fit.model.design
    levels = [v.name for v in design.levels if v.name != "_all"]
    assert facts.levels == tuple(levels)
    assert facts.effect_levels == tuple(dict.fromkeys(b.level.name for b in design.blocks if b.names))
    assert facts.groupings == tuple(dict.fromkeys([*levels, *(b.factor for b in design.blocks if b.factor)]))
    assert facts.crossed is any(b.factor for b in design.blocks)
    assert facts.has_df is (arrays.small is not None)
    assert facts.weighted is bool(design.weights.kind)
    assert facts.pseudo is (design.weights.kind == "pweight" or arrays.n_clusters is not None)
    assert bool(fit.constraints) is (arrays.constraints is not None)
    for name in facts.factors:
        seen = {v for c in design.columns for n, v in zip(c.variables, c.levels) if n == name}
        assert facts.levels_of(name) == len(seen), name


@pytest.mark.parametrize("model", (help_.FULL, help_.CROSSED, help_.LINEAR))
def test_no_form_asks_for_the_arrays_of_a_model_that_was_opened(model: str) -> None:
    """They would be made on the thread of the window, which takes long with large data."""

    def never() -> None:
        raise AssertionError("the arrays were asked for")

    facts = help_.facts(model)
    bare = replace(facts, fit=replace(facts.fit, held=Later(never)))  # type: ignore[arg-type]
    for entry in ENTRIES.values():
        assert entry.reason(bare) == entry.reason(facts)
        if not entry.reason(facts):
            for values in variants(entry, entry.fields(bare)):
                entry.problem(bare, values)
                entry.commands(bare, values)
    expression = ENTRIES["lincom"]
    assert expression.problem(bare, {"expression": "x = 0"}) and not expression.problem(bare, {"expression": "nope"})


def field(entry: str, key: str, model: str = help_.FULL) -> Field:
    return next(f for f in ENTRIES[entry].fields(help_.facts(model)) if f.key == key)


def test_only_valid_choices_are_open() -> None:
    assert field("terms", "small", help_.PLAIN).closed and not field("terms", "small").closed
    assert set(field("df", "methods", help_.PLAIN).closed) == {"satterthwaite", "kroger"}
    assert "repeated" in field("df", "methods", help_.CROSSED).closed
    assert "tukey" in dict(field("pwcompare", "mcompare").options)
    assert "tukey" not in dict(field("contrast", "mcompare").options)
    assert [v for v, _ in field("johnsonneyman", "pair", help_.NESTED).options] == [("x", "w"), ("w", "x")]
    assert ("x", "t") not in [v for v, _ in field("johnsonneyman", "pair", help_.NESTED).options]
    assert "scores" in field("predict", "what").closed and "scores" not in field("predict", "what", help_.PLAIN).closed
    assert field("acf", "time", help_.SERIAL).default == "week"
    assert [v for v, _ in field("influence", "relevel", help_.NESTED).options] == ["g", "class", "observation"]
    assert [v for v, _ in field("predict", "relevel", help_.NESTED).options] == ["", "g", "class"]


def commands(entry: Entry, model: str = help_.FULL, **values: Any) -> list[str]:
    facts = help_.facts(model)
    return entry.commands(facts, {**defaults(entry.fields(facts)), **values})


def test_the_commands_say_what_was_chosen() -> None:
    assert commands(ENTRIES["test"], names=("x", "w"), kind="equal", small=False) == ["test x = w"]
    at = {"x": "0 1", "w": "(mean)", "t": "", "sex": ""}
    assert commands(ENTRIES["margins"], terms=("t",), at=at, rest="atmeans", plot=False, small=False) == [
        "margins t, at(x=(0 1) (mean) w) atmeans"
    ]
    assert commands(ENTRIES["contrast"], operator="q", factor="t", within="sex", mcompare="holm", small=True) == [
        "contrast q.t@sex, mcompare(holm) small"
    ]
    assert commands(ENTRIES["predict"], se=True, pi=True, level=90) == [
        "predict fitted, fitted se(fitted_se) pi(fitted_pi_low fitted_pi_high) level(90)"
    ]
    assert commands(ENTRIES["etable"], title='A "title"', metric="sd")[0].endswith("title(`\"A \"title\"\"') sd")
    assert commands(ENTRIES["apa"], words={"x": "hours of study", "y": ""}) == ['apa, labels(x "hours of study")']
    assert commands(ENTRIES["lrtest"], how="bootstrap", reps=None, seed=4) == ["lrtest m1 m2, bootstrap seed(4)"]


def test_what_is_missing_is_said() -> None:
    facts = help_.facts()

    def problem(key: str, **values: Any) -> str:
        entry = ENTRIES[key]
        return entry.problem(facts, {**defaults(entry.fields(facts)), **values})

    assert "two coefficients" in problem("test", names=("x",), kind="equal")
    assert problem("lincom", expression="x + nope") == "There is no coefficient 'nope' in this model."
    assert problem("lincom", expression="x = 0") and not problem("lincom", expression="2*x - 1.t#c.x")
    assert problem("nlcom", expression="exp(") and not problem("nlcom", expression="exp(_b[x])/_b[w]")
    assert "different factor" in problem("contrast", factor="t", within="t")
    assert "trends in the order" in problem("contrast", factor="sex", operator="p")
    assert "already" in problem("predict", name_fitted="x") and "start with" in problem("predict", name_fitted="1x")
    assert "already" in problem("influence", keep=True, name="y") and not problem("influence", keep=False, name="y")
    assert "Choose one" in problem("margins", terms=("t",), at={"t": "1"})
    assert "numbers such as" in problem("margins", terms=(), at={"x": "1 2 ;"})
    assert "one margin" in problem("margins", terms=(), at={}, over="", compare="pairs")
    assert "to compare" in problem("margins", terms=(), at={}, over="t", compare="r")
    assert "trends in the order" in problem("margins", terms=("sex",), compare="p")
    assert problem("margins", where="x >") and not problem("margins", where="x > 0")


@pytest.mark.parametrize(
    ("entry", "values", "commands"),
    [
        ("margins", {"terms": ("t",), "compare": "ar"}, ["margins ar.t, small"]),
        ("margins", {"terms": ("t#sex",), "compare": "r"}, ["margins r.t@sex, small"]),
        (
            "margins",
            {"terms": (), "compare": "r", "at": {"x": "0 1"}, "adjust": "holm"},
            ["margins, at(x=(0 1)) contrast(atcontrast(r)) mcompare(holm) small"],
        ),
        ("margins", {"where": "x > 0 & week < 6"}, ["margins t if x > 0 & week < 6, small plot"]),
        ("dydx", {"of": ("x",), "where": "w > 0"}, ["margins if w > 0, dydx(x) small"]),
        ("pwcompare", {"terms": ("t",), "show": "groups"}, ["pwcompare t, groups mcompare(tukey) small"]),
        (
            "df",
            {"methods": ("kroger",), "use": True},
            [
                "estat df, method(kroger)",
                "mixed y c.x##i.t i.sex w || g: x, covariance(unstructured) reml dfmethod(kroger)",
            ],
        ),
        ("margins", {"points": "residuals"}, ["margins t, small plot(residuals)"]),
        ("margins", {"points": "data", "plot": False}, ["margins t, small"]),
        ("simpleslopes", {"points": "data"}, ["simpleslopes x t, data small"]),
        ("lines", {"what": "trellis", "groups": 6, "seed": 3}, ["plot trellis x, groups(6) seed(3)"]),
        ("lines", {"groups": 6}, ["plot lines x"]),
        ("effects", {"kind": "scatter", "comparison": True}, ["plot scatter, shrinkage"]),
        ("effects", {"comparison": True}, ["plot caterpillar, comparison"]),
        ("partition", {"x": "x"}, ["plot partition x"]),
        ("forest", {"models": ("m1",), "constant": True, "level": 90}, ["plot forest m1, constant level(90)"]),
        ("df", {"methods": ("kroger", "residual"), "use": True}, ["estat df, method(kroger residual)"]),
    ],
)
def test_the_commands_of_choices_together(entry: str, values: dict[str, Any], commands: list[str]) -> None:
    model = help_.FULL.replace("i.sex", "i.t#i.sex") if "@sex" in commands[0] else help_.FULL
    facts = help_.facts(model)
    made = ENTRIES[entry].commands(facts, {**defaults(ENTRIES[entry].fields(facts)), **values})
    assert made == commands
    session = help_.session_with(model)
    for command in made:
        assert session.run(command).ok, command
    if made[-1].startswith("mixed"):
        fit = session.fit
        assert fit is not None and fit.spec.df_method == "kroger" and fit.fixed[0].df is not None


def test_search_finds_by_what_people_call_things() -> None:
    def found(text: str) -> set[str]:
        return {e.key for _, entries in listing.search(text, catalog.groups()) for e in entries}

    assert {"pwcompare"} <= found("post hoc") and {"pwcompare"} <= found("Tukey")
    assert found("nakagawa") == {"r2"} and "dydx" in found("slope") and "influence" in found("cook")
    assert found("apa") == {"apa"} and "margins" in found("emmeans") and found("zzz") == set()
    assert found("") == set(ENTRIES)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("emm", "margins"), ("estimated marginal means", "margins"), ("interaction plot", "margins"),
        ("post hoc", "pwcompare"), ("Tukey", "pwcompare"), ("Bonferroni", "pwcompare"), ("effect size", "r2"),
        ("pseudo R2", "r2"), ("variance explained", "r2"), ("Johnson-Neyman", "johnsonneyman"),
        ("simple slopes", "simpleslopes"), ("normality", "residuals"), ("homoscedasticity", "residuals"),
        ("assumption checks", "diagnostics"), ("ICC", "icc"), ("model comparison", "compare"),
        ("deviance test", "lrtest"), ("outliers", "influence"), ("multicollinearity", "vif"),
        ("predicted values", "predict"), ("forest plot", "forest"), ("variance partition plot", "partition"),
        ("trellis", "lines"), ("false discovery", "johnsonneyman"), ("caterpillar", "effects"),
        ("regression table", "etable"),
    ],
)  # fmt: skip
def test_a_form_is_found_by_the_words_people_use(words: str, key: str) -> None:
    found = [e.key for _, entries in listing.search(words, catalog.groups()) for e in entries]
    assert found and found[0] == key, found


def test_models_of_other_data_or_outcomes_are_offered_but_not_chosen() -> None:
    from dataclasses import replace

    from terrace_desktop.forms.facts import Model
    from terrace_desktop.panels.after.comparing import _lrtest_fields, _models_field

    models = (Model("m1", "One"), Model("m2", "Two"), Model("m3", "Other outcome", like=False))
    facts = replace(help_.facts(), models=models, stored="m2")
    field = _models_field(facts)
    assert field.default == ("m1", "m2") and [v for v, _ in field.options] == ["m1", "m2", "m3"]
    assert _lrtest_fields(facts)[0].default == "m1"
