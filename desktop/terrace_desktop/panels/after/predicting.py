"""The entry that makes new variables: fitted values, residuals, random effects, with SEs and intervals."""

from __future__ import annotations

from collections.abc import Callable

from terrace_desktop.forms.entry import Entry, Field, Values, bad_name, option, written
from terrace_desktop.forms.facts import Facts
from terrace_desktop.ui.words import tr

_WITH_ERRORS = ("fitted", "xb")


def predict_entry() -> Entry[Facts]:
    """New variables."""
    return Entry(
        "predict",
        tr("Predict new variables"),
        tr("Fitted values, residuals or random effects as columns of the data, with SEs and intervals."),
        _predict,
        _predict_fields,
        _can_predict,
        _predict_problem,
        also="predict xb fitted residuals reffects scores predicted values save blups residuals",
        verb=tr("Add to the data"),
    )


def _statistics() -> tuple[tuple[str, str, str], ...]:
    """Option of predict, words, suggested name."""
    return (
        ("fitted", tr("Fitted values, with the random effects"), "fitted"),
        ("xb", tr("Fixed part only"), "xb"),
        ("residuals", tr("Residuals"), "resid"),
        ("rstandard", tr("Standardised residuals"), "rstd"),
        ("reffects", tr("Random effects, one variable each"), "u"),
        ("scores", tr("Scores, one variable per parameter"), "score"),
    )


def _can_predict(facts: Facts) -> str:
    return tr("The data are not open.") if facts.dataset is None else ""


def _predict_fields(facts: Facts) -> tuple[Field, ...]:
    closed = {}
    if not facts.has_effects:
        closed["reffects"] = tr("No random effects")
    if facts.reml:
        closed["scores"] = tr("Needs maximum likelihood")
    elif facts.crossed:
        closed["scores"] = tr("Not with crossed effects")
    elif facts.fit.boundary:
        closed["scores"] = tr("Not at the boundary")
    if not facts.same_data:
        closed["rstandard"] = closed["scores"] = tr("Needs the data of the fit")
    titles = tuple((key, words) for key, words, _ in _statistics())
    names = {key: facts.free_name(stem) for key, _, stem in _statistics()}

    def with_level(values: Values) -> bool:
        return len(facts.effect_levels) > 1 and values["what"] in ("fitted", "residuals", "reffects")

    def with_errors(values: Values) -> bool:
        return values["what"] in _WITH_ERRORS

    def with_interval(values: Values) -> bool:
        return with_errors(values) and bool(values["ci"] or values["pi"])

    out = [Field("what", tr("Predict"), "choice", "fitted", titles, closed=closed)]
    for key, name in names.items():
        several = key in ("reffects", "scores")
        words = tr("Names begin with") if several else tr("Name")
        out.append(Field(f"name_{key}", words, "name", name, shown=_is(key)))
    return (
        *out,
        Field(
            "relevel",
            tr("Down to the level"),
            "choice",
            "",
            (
                ("", tr("All levels")),
                *((v, v) for v in facts.effect_levels),
            ),
            shown=with_level,
        ),
        Field("reses", tr("With standard errors"), "check", False, shown=_is("reffects")),
        Field("se", tr("With the standard error"), "check", False, shown=with_errors),
        Field("ci", tr("With a confidence interval"), "check", False, shown=with_errors),
        Field(
            "pi",
            tr("With a prediction interval"),
            "check",
            False,
            shown=with_errors,
            tip=tr("For a new observation: in the same group with random effects, in a new group without."),
        ),
        Field("level", tr("Level of the intervals, %"), "number", hint="95", low=10, high=99.99, shown=with_interval),
    )


def _is(key: str) -> Callable[[Values], bool]:
    return lambda values: values["what"] == key


def _predict_problem(facts: Facts, values: Values) -> str:
    name = values[f"name_{values['what']}"]
    found = bad_name(facts, name)
    if found:
        return found
    taken = set() if facts.dataset is None else set(facts.dataset.names)
    for new in _beside(values, name):
        if new in taken:
            return tr("A variable named {0} already exists.").format(new)
    if values["what"] in ("reffects", "scores") and f"{name}1" in taken:
        return tr("A variable named {0} already exists.").format(f"{name}1")
    return ""


def _beside(values: Values, name: str) -> list[str]:
    """Names of the further variables."""
    if values["what"] not in _WITH_ERRORS:
        return []
    out = [f"{name}_se"] if values["se"] else []
    out += [f"{name}_ci_low", f"{name}_ci_high"] if values["ci"] else []
    return out + ([f"{name}_pi_low", f"{name}_pi_high"] if values["pi"] else [])


def _predict(facts: Facts, values: Values) -> list[str]:
    what = values["what"]
    name = values[f"name_{what}"]
    several = what in ("reffects", "scores")
    levels = len(facts.effect_levels) > 1 and what in ("fitted", "residuals", "reffects")
    options = [what, option("relevel", values["relevel"]) if levels else ""]
    if what == "reffects" and values["reses"]:
        options.append(option("reses", f"{name}_se*"))
    if what in _WITH_ERRORS:
        options.append(option("se", f"{name}_se") if values["se"] else "")
        options.append(option("ci", f"{name}_ci_low {name}_ci_high") if values["ci"] else "")
        options.append(option("pi", f"{name}_pi_low {name}_pi_high") if values["pi"] else "")
        options.append(option("level", values["level"]) if values["ci"] or values["pi"] else "")
    return [written(f"predict {name}{'*' if several else ''}", *options)]
