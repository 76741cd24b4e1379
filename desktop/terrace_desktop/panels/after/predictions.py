"""Entries: new variables, margins, slopes, fitted lines."""

from __future__ import annotations

from collections.abc import Callable

from terrace_desktop.forms.entry import (
    Entry,
    Field,
    Group,
    Values,
    flag,
    level_field,
    mcompare_field,
    mcompare_option,
    need_data,
    option,
    small_field,
    written,
)
from terrace_desktop.forms.facts import Facts
from terrace_desktop.forms.rows_where import condition, condition_problem, where
from terrace_desktop.panels.after.intervals import no_trend, operators
from terrace_desktop.panels.after.predicting import predict_entry
from terrace_desktop.ui.words import tr


def group() -> Group[Facts]:
    """Predictions and margins."""
    return Group(
        "predictions",
        tr("Predictions and margins"),
        (
            predict_entry(),
            Entry(
                "margins",
                tr("Estimated marginal means"),
                tr("Average predictions for levels of factors and values of covariates."),
                _margins,
                _margins_fields,
                _can_average,
                _margins_problem,
                also="margins marginal means predictive adjusted emmeans least squares contrast emm estimated "
                "marginal means interaction plot least-squares lsmeans",
            ),
            Entry(
                "dydx",
                tr("Marginal effects"),
                tr("Average slopes or elasticities; for a factor the change from its base level."),
                _effects,
                _effects_fields,
                _can_average_effects,
                _effects_problem,
                also="margins dydx eyex slope elasticity",
            ),
            Entry(
                "simpleslopes",
                tr("Simple slopes"),
                tr("The effect of one variable at values of another, with the lines."),
                _slopes,
                _slopes_fields,
                _has_interaction,
                _slopes_problem,
                also="interaction moderation spotlight probe interaction pick-a-point",
            ),
            Entry(
                "johnsonneyman",
                tr("Johnson–Neyman region"),
                tr("The values of a moderator at which an effect differs from zero."),
                lambda f, v: [
                    written(
                        f"johnsonneyman {' '.join(v['pair'])}", flag("fdr", v["fdr"]), flag("small", v["small"]),
                        option("level", v["level"]),
                    )
                ],
                lambda f: (
                    _pair_field(f.slopes_over_numbers),
                    Field("fdr", tr("Allow for many values being tested"), "check", False,
                          tip=tr("Holds the false discovery rate over the observed values.")),
                    small_field(f),
                    level_field(),
                ),
                _has_region,
                also="interaction moderation floodlight significance johnson-neyman regions of significance "
                "false discovery rate fdr",
            ),
            Entry(
                "lines",
                tr("Lines by group"),
                tr("Fitted or observed values of every group over a variable, as a plot."),
                lambda f, v: [_lines(v)],
                lambda f: (
                    Field(
                        "what",
                        tr("Show"),
                        "choice",
                        "lines",
                        (
                            ("lines", tr("Fitted lines over the data")),
                            ("spaghetti", tr("Observed values")),
                            ("trellis", tr("A panel a group (trellis)")),
                        ),
                    ),
                    Field("x", tr("Over"), "choice", (*f.numbers, *f.numeric)[0], _variables(f, _axis(f))),
                    Field("groups", tr("Panels"), "number", hint="12", low=1, high=60, whole=True, shown=_in_panels),
                    Field("seed", tr("Choose groups at random by seed"), "number", hint=tr("The first groups"), low=0,
                          high=2**32 - 1, whole=True, shown=_in_panels),
                ),
                _can_draw_lines,
                also="plot spaghetti trellis fitted random slopes plot spaghetti plot",
            ),
        ),
    )


def _in_panels(values: Values) -> bool:
    return bool(values["what"] == "trellis")


def _lines(values: Values) -> str:
    own = (option("groups", values["groups"]), option("seed", values["seed"])) if _in_panels(values) else ()
    return written(f"plot {values['what']} {values['x']}", *own)


def points_field(shown: Callable[[Values], bool]) -> Field:
    """What lies beneath the lines of a plot."""
    kinds = (("", tr("Nothing")), ("data", tr("Raw data")), ("residuals", tr("Partial residuals")))
    tip = tr("A partial residual is the prediction at the values of the row plus its residual.")
    return Field("points", tr("Beneath them"), "choice", "", kinds, shown=shown, tip=tip)


def _variables(facts: Facts, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((n, facts.label_of(n)) for n in names)


def _axis(facts: Facts) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*facts.numbers, *(n for n in facts.numeric if n != facts.fit.outcome)]))


# --- margins -------------------------------------------------------------------------------------------
def _can_average(facts: Facts) -> str:
    return need_data(facts)


def _can_average_effects(facts: Facts) -> str:
    if not (facts.numbers or facts.factors):
        return tr("The model has no predictors.")
    return need_data(facts)


def _at_field(facts: Facts) -> Field:
    options = [(n, n) for n in facts.numbers] + [(n, n) for n in facts.factors]
    return Field(
        "at",
        tr("At values of"),
        "rows",
        {},
        tuple(options),
        hint=tr("as observed"),
        tip=tr("Such as 1 2 3, or 0(10)50, or (mean)."),
    )


def _at_option(values: Values) -> str:
    parts = []
    for name, text in values["at"].items():
        text = text.strip()
        if not text:
            continue
        if text.startswith("(") and text.endswith(")") and text[1:-1].isalpha():
            parts.append(f"{text} {name}")
        else:
            parts.append(
                f"{name}={text}"
                if len(text.split()) == 1 and "/" not in text and "(" not in text
                else f"{name}=({text})"
            )
    # statistics hold for every variable after them, so plain values come first
    parts.sort(key=lambda p: p.startswith("("))
    return option("at", " ".join(parts))


def _at_problem(values: Values) -> str:
    from terrace.errors import TerraceError
    from terrace.language.grammar.numlist import parse_numlist
    from terrace.language.grammar.tokens import Piece

    for name, text in values["at"].items():
        text = text.strip()
        if not text or text.strip('()"').replace("_", "").isalnum():
            continue
        try:
            parse_numlist(Piece.of(text))
        except TerraceError:
            if not all(w.isidentifier() for w in text.split()):
                return tr("{0}: enter numbers such as 1 2 3 or 0(10)50, a level, or (mean).").format(name)
    return ""


def _margins_fields(facts: Facts) -> tuple[Field, ...]:
    cells = tuple((c, c.replace("#", " × ")) for c in facts.cells)
    over = (("", tr("(all rows together)")), *_variables(facts, facts.categories))
    return (
        Field(
            "terms",
            tr("For each level of"),
            "several",
            facts.cells[:1],
            cells,
            hint=tr("Tick none for one overall margin"),
            closed={} if cells else {None: tr("The model has no factor (i.variable) in its fixed part.")},
        ),
        _at_field(facts),
        Field(
            "rest",
            tr("Everything else"),
            "choice",
            "observed",
            (
                ("observed", tr("As observed, then averaged")),
                ("atmeans", tr("At its mean")),
                ("asbalanced", tr("Factors with equal weights")),
            ),
            closed={} if facts.factors else {"asbalanced": tr("No factors")},
        ),
        Field("over", tr("In groups of"), "choice", "", over),
        condition(facts),
        Field(
            "compare",
            tr("Compare"),
            "choice",
            "",
            (("", tr("No, the margins themselves")), ("pairs", tr("All pairs")), *operators()),
            tip=tr("If no levels are ticked, the at() values are compared."),
        ),
        mcompare_field(pairs=True, shown=lambda v: v["compare"] == "pairs"),
        mcompare_field(pairs=False, key="adjust", shown=lambda v: v["compare"] not in ("", "pairs")),
        Field("plot", tr("Plot them"), "check", True, shown=lambda v: not v["compare"]),
        points_field(lambda v: v["plot"] and not v["compare"]),
        small_field(facts),
        level_field(),
    )


def _margins_problem(facts: Facts, values: Values) -> str:
    for name in {n for t in values["terms"] for n in t.split("#")}:
        if values["at"].get(name, "").strip():
            return tr("{0} is in both “for each level of” and “at”. Choose one.").format(name)
    if values["compare"] and not values["terms"] and not _at_option(values):
        if values["compare"] != "pairs":
            return tr("Tick a factor or set values to compare.")
        if not values["over"]:
            return tr("There is only one margin, so there is nothing to compare.")
    for term in values["terms"] if values["compare"] == "p" else ():
        if wrong := no_trend(facts, term.split("#")[0]):
            return wrong
    return _at_problem(values) or condition_problem(facts, values)


def _margins(_facts: Facts, values: Values) -> list[str]:
    rest = values["rest"] if values["rest"] != "observed" else ""
    compare, terms = values["compare"], values["terms"]
    pairs = compare == "pairs"
    between = ""
    if compare and not pairs:
        # a product of factors: levels of the first within each of the others
        terms = [compare + "." + t.replace("#", "@", 1) for t in terms]
        between = "" if terms else f"contrast(atcontrast({compare}))"
    adjust = "" if not compare else mcompare_option(values) if pairs else mcompare_option(values, "adjust")
    return [
        written(
            " ".join(["margins", *terms]) + where(values),
            _at_option(values),
            rest,
            option("over", values["over"]),
            between,
            flag("pwcompare", pairs),
            adjust,
            flag("small", values["small"]),
            option("level", values["level"]),
            _plot_option(values),
        )
    ]


def _plot_option(values: Values) -> str:
    if values["compare"] or not values["plot"]:
        return ""
    return option("plot", values["points"]) or "plot"


def _effects_fields(facts: Facts) -> tuple[Field, ...]:
    names = (*facts.numbers, *(f for f in facts.factors if f not in facts.numbers))
    over = (("", tr("(all rows together)")), *_variables(facts, facts.categories))
    return (
        Field("of", tr("Effects of"), "several", (), tuple((n, n) for n in names), hint=tr("Tick none for all")),
        Field(
            "kind",
            tr("As"),
            "choice",
            "dydx",
            (
                ("dydx", tr("Slopes: change per unit")),
                ("eyex", tr("Elasticities: percent change per 1%")),
                ("dyex", tr("Semi-elasticities: change per 100% of the variable")),
                ("eydx", tr("Semi-elasticities: relative change per unit")),
            ),
        ),
        _at_field(facts),
        Field("over", tr("In groups of"), "choice", "", over),
        condition(facts),
        Field("plot", tr("Plot them"), "check", False),
        small_field(facts),
        level_field(),
    )


def _effects_problem(facts: Facts, values: Values) -> str:
    chosen = values["of"] or (*facts.numbers, *facts.factors)
    factors = [n for n in chosen if n in facts.factors and n not in facts.numbers]
    if factors and values["kind"] != "dydx":  # ln y exists for factors where no prediction is below 0 only
        return tr("{0} is a factor. Choose continuous variables, or slopes.").format(factors[0])
    return _at_problem(values) or condition_problem(facts, values)


def _effects(_facts: Facts, values: Values) -> list[str]:
    return [
        written(
            f"margins{where(values)}",
            option(values["kind"], (*values["of"],) or "*"),
            _at_option(values),
            option("over", values["over"]),
            flag("small", values["small"]),
            option("level", values["level"]),
            flag("plot", values["plot"]),
        )
    ]


# --- slopes --------------------------------------------------------------------------------------------
def _has_interaction(facts: Facts) -> str:
    return need_data(facts) or ("" if facts.interactions else tr("The model has no interaction."))


def _has_region(facts: Facts) -> str:
    why = _has_interaction(facts)
    if why or facts.slopes_over_numbers:
        return why
    return tr("It needs an interaction with a continuous moderator.")


def _pair_field(pairs: tuple[tuple[str, str], ...]) -> Field:
    titles = tuple((p, tr("{0} by {1}").format(*p)) for p in pairs)
    return Field("pair", tr("Effect of"), "choice", pairs[0], titles)


def _slopes_fields(facts: Facts) -> tuple[Field, ...]:
    def over_numbers(values: Values) -> bool:
        return values["pair"][1] not in facts.factors

    return (
        _pair_field(facts.interactions),
        Field("at", tr("At its values"), "numbers", hint=tr("mean and 1 SD on either side"), shown=over_numbers),
        Field("plot", tr("With the lines"), "check", True),
        points_field(lambda v: bool(v["plot"])),
        small_field(facts),
        level_field(),
    )


def _slopes_problem(facts: Facts, values: Values) -> str:
    return ""


def _slopes(facts: Facts, values: Values) -> list[str]:
    at = values["at"] if values["pair"][1] not in facts.factors else ""
    return [
        written(
            f"simpleslopes {' '.join(values['pair'])}",
            option("at", at),
            values["points"] if values["plot"] else "",
            flag("small", values["small"]),
            option("level", values["level"]),
            flag("noplot", not values["plot"]),
        )
    ]


def _can_draw_lines(facts: Facts) -> str:
    if need_data(facts):
        return need_data(facts)
    if not facts.groupings:
        return tr("The model has no groups.")
    return "" if _axis(facts) else tr("There is no numeric variable for the horizontal axis.")
