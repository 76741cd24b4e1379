"""A results paragraph in APA style (Publication Manual, 7th edition), every number from the fit.

Two decimals, more where a standard error would lose its second figure; no zero before the point of p values,
correlations and shares, which cannot exceed 1; exact p to three decimals, p < .001 below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from terrace.data.dataset import Dataset
from terrace.design.estimability import undetermined
from terrace.errors import DataError, SpecError, TerraceError
from terrace.postestimation.paper.sentence import df_words, method_words
from terrace.postestimation.variance.icc import icc
from terrace.postestimation.variance.r2 import explained
from terrace.results.fit import FitResult, FixedEffect, RandomParameter
from terrace.results.tables_terms import bases, random_label, term_name
from terrace.wording import decimals, enumerated, fixed, p_words, plural

Markup = Literal["plain", "html", "markdown"]


def paragraph(
    fit: FitResult,
    data: Dataset | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    markup: Markup = "plain",
    called: str = "",
) -> str:
    """The paragraph: model and sample, fixed effects, random effects, comparison with the linear model.

    Parameters
    ----------
    data
        With the data of the fit, value labels, variable labels and R² take part.
    labels
        Words for variables: ``{"ses": "socioeconomic status"}``; labels of the data where not given.
    markup
        ``"html"`` and ``"markdown"`` put symbols of statistics in italics.
    called
        Where the model has been described already, what it is called: ``In Model 4, the estimated coefficients ...``
        stands in place of the first sentences.
    """
    words = _Words(fit, data, labels or {})
    parts = ["" if called else _model(fit, words), *_fixed(fit, words), *_random(fit, words), _comparison(fit)]
    if data is not None:
        parts.append(_explained(fit, data))
    if not fit.converged:
        parts.insert(0, "The search for the estimates did not converge, so these results should not be reported.")
    text = " ".join(p for p in parts if p)
    if called and text:
        text = f"In {called}, {text[0].lower()}{text[1:]}"
    return _italic(text) if markup == "html" else in_markdown(text) if markup == "markdown" else text


class _Words:
    """How variables are called."""

    def __init__(self, fit: FitResult, data: Dataset | None, labels: Mapping[str, str]) -> None:
        self.data, self.labels = data, labels
        self.bases = bases([(e, term_name(e)) for e in fit.fixed])

    def variable(self, name: str) -> str:
        """The label of a variable, or its name."""
        if name in self.labels:
            return self.labels[name]
        label = self.data.variable(name).label if self.data is not None and name in self.data else ""
        # a label that is a sentence would break the one it stands in
        return label if label and len(label) <= 30 and not any(c in label for c in ":;,()") else name

    def term(self, e: FixedEffect) -> str:
        """``sector (Catholic vs. Public)``, ``ses × sector (Catholic vs. Public)``."""
        t = term_name(e)
        levels = iter(t.labels)
        out = []
        for p in t.parts:
            if not p.level:
                out.append(self.variable(p.name))
                continue
            base = self.bases.get(p.name)
            versus = f" vs. {base}" if base else ""
            out.append(f"{self.variable(p.name)} ({next(levels)}{versus})")
        if len(out) > 1 and len(set(out)) == 1:
            return out[0] + {2: " squared", 3: " cubed"}.get(len(out), f" to the power {len(out)}")
        return " × ".join(out)


# --- sentences -------------------------------------------------------------------------------------------
def _model(fit: FitResult, words: _Words) -> str:
    n = float(fit.scalars["N"] or 0)
    groups = [g for g in fit.groups if g.level != "_all"]
    where = f"{n:,.0f} observations"
    counts = [(g.n_groups, g.level) for g in reversed(groups)]
    for block in fit.model.design.blocks:  # the values of crossed factors are groups as well
        if block.factor is not None and block.level.name == "_all":
            counts.append((block.n_groups, block.factor))
    if counts:
        where += " in " + _listed([f"{plural(k, 'group')} of {words.variable(level)}" for k, level in counts])
    kind = "linear mixed model" if fit.spec.random else "linear model"
    text = f"A {kind} of {words.variable(fit.outcome)} was fitted to {where} by {method_words(fit)}"
    effects = _random_part(fit, words)
    if effects:
        text += f", with {_listed(effects)}"
    text += "."
    if fit.macros.get("filter"):
        text += f" The analysis was restricted to rows with {fit.macros['filter']}."
    if df := df_words(fit):
        text += f" Tests of coefficients use {df}."
    if fit.model.n_clusters is not None:
        over = fit.macros.get("clustvar") or (groups[0].level if groups else "")
        how = "" if fit.spec.vce_correction == "cr1" else f" ({fit.spec.vce_correction.upper()})"
        text += f" Standard errors are robust{how}, with clusters of {words.variable(over)}."
    return text


def _random_part(fit: FitResult, words: _Words) -> list[str]:
    out = []
    for block in fit.model.design.blocks:
        if not block.names:
            continue
        if block.factor is not None:
            out.append(f"crossed random intercepts for {words.variable(block.factor)}")
            continue
        slopes = [n for n in block.names if n != "_cons"]
        parts = ["random intercepts"] if "_cons" in block.names else []
        if slopes:
            parts.append("random slopes of " + _listed([_effect_words(s, words) for s in slopes]))
        text = f"{_listed(parts)} for {words.variable(block.level.name)}"
        if len(block.names) > 1:
            text += f" ({block.structure.title.lower()} covariance)"
        out.append(text)
    residuals = fit.model.design.residuals
    phrase = residuals.structure.phrase
    if phrase:
        over = f" over {words.variable(residuals.time_variable)}" if residuals.time_variable else ""
        order = f" of order {residuals.structure.n_params}" if residuals.structure.usual_order is not None else ""
        out.append(phrase + order + over)
    elif residuals.n_by > 1 and residuals.by_variable:
        out.append(f"a residual variance for each level of {words.variable(residuals.by_variable)}")
    return out


def _effect_words(name: str, words: _Words) -> str:
    return " × ".join(words.variable(p) if "." not in p else p.replace(".", " ", 1) for p in name.split("#"))


def _fixed(fit: FitResult, words: _Words) -> list[str]:
    # those that take up what was left out do not stand for their terms, and are no results about them
    open_ = set(undetermined(fit.model.design))
    found = [
        e for e in fit.fixed
        if e.kind == "estimated" and e.term != "_cons" and e.se is not None and e.term not in open_
    ]  # fmt: skip
    clauses = [f"{words.term(e)}, {_coefficient(e, fit.spec.display.level)}" for e in found]
    out = []
    if clauses:
        many = "The estimated coefficients were those of"
        verb = "The estimated coefficient was that of" if len(clauses) == 1 else many
        out.append(f"{verb} {_listed(clauses, '; ')}.")
    intercept = next((e for e in fit.fixed if e.term == "_cons" and e.se is not None and e.term not in open_), None)
    if intercept is not None:
        out.append(f"The intercept was {_coefficient(intercept, fit.spec.display.level, symbol='')}.")
    left = [words.term(e) for e in fit.fixed if e.term in open_ and e.term != "_cons"]
    moving = [words.term(e) for e in fit.fixed if e.kind == "unidentified" and e.term != "_cons"]
    if any(e.kind == "unidentified" and e.term == "_cons" for e in fit.fixed):
        moving.append("the intercept")
    if moving:
        noun = "The coefficient of" if len(moving) == 1 else "The coefficients of"
        verb = "is" if len(moving) == 1 else "are"
        out.append(f"{noun} {_listed(moving, '; ' if len(moving) > 1 else ', ')} {verb} not identified by these data.")
    if left:
        noun = "The coefficient of" if len(left) == 1 else "The coefficients of"
        out.append(f"{noun} {_listed(left, '; ' if len(left) > 1 else ', ')} cannot be estimated from these data.")
    return out


def _coefficient(e: FixedEffect, level: float, symbol: str = "b = ") -> str:
    assert e.se is not None and e.stat is not None
    d = decimals(e.se)
    text = f"{symbol}{fixed(e.coef, d)}, SE = {fixed(e.se, d)}"
    if e.lb is not None and e.ub is not None:
        text += f", {level:g}% CI [{fixed(e.lb, d)}, {fixed(e.ub, d)}]"
    letter = "z" if e.df is None else f"t({_df(e.df)})"
    if e.p is not None:
        text += f", {letter} = {fixed(e.stat, 2)}, {p_words(e.p)}"
    return text


def _random(fit: FitResult, words: _Words) -> list[str]:
    out = []
    level = fit.spec.display.level
    sds = [r for r in fit.random_sd if r.level != "Residual" and r.name.startswith("sd(")]
    for r in sds:
        out.append(f"{_sd_words(r, words)} {_found(r, _spread(r, level))}.")
    for r in fit.random_sd:
        if r.level != "Residual" and r.name.startswith("corr("):
            inside = random_label(r.name)[5:-1].split(", ")
            of = _listed([_slope_words(i, words) for i in inside])
            where = words.variable(r.level)
            edge = ", at the limit of its range" if r.boundary else ""
            out.append(f"The correlation of {of} across {where} {_found(r, _share_interval(r, level) + edge)}.")
        elif r.level != "Residual" and not r.name.startswith("sd("):
            where = words.variable(r.level)
            edge = ", at the limit of its range" if r.boundary else ""
            out.append(f"The {r.name} of the effects across {where} {_found(r, _share_interval(r, level) + edge)}.")
    residual = [r for r in fit.random_sd if r.level == "Residual"]
    if len(residual) == 1:
        out.append(f"The residual SD {_found(residual[0], _spread(residual[0], level))}.")
    elif residual and all(re.fullmatch(r"[^:]+:sd\(e\)", r.name) for r in residual):
        each = [f"{_spread(r, level)} for {_residual_group(r.name, fit, words)}" for r in residual]
        out.append(f"The residual SD was {_listed(each, '; ')}.")
    elif residual:
        each = []
        for r in residual:
            group = _residual_group(r.name, fit, words)
            name = random_label(r.name.partition(":")[2] if group else r.name)
            value = _spread(r, level) if "sd(" in r.name else _share_interval(r, level)
            value = value if r.identified else "?"
            each.append(f"{name} = {value}" + (f" for {group}" if group else ""))
        out.append(f"Residual parameters were {_listed(each, '; ')}.")
    if any(not r.identified for r in residual[1:]):
        out.append("A question mark marks what the data do not identify.")
    try:
        found = icc(fit)
    except TerraceError:
        return out
    shares = []
    for e in found:
        if e.value is None:
            what = _icc_words(e.label, fit, words)
            out.append(f"The intraclass correlation for {what} is not identified by these data.")
            continue
        d = 3 if 0 < e.value < 0.005 else 2  # .00 would say that there is none
        text = f"{fixed(e.value, d, zero=False)} for {_icc_words(e.label, fit, words)}"
        if e.lower is not None and e.upper is not None:
            text += f", {level:g}% CI [{fixed(e.lower, d, zero=False)}, {fixed(e.upper, d, zero=False)}]"
        shares.append(text)
    if not shares:
        return out
    noun = "The intraclass correlation" if len(shares) == 1 else "Intraclass correlations"
    slopes = [n for b in fit.model.design.blocks if b.factor is None for n in b.names if n != "_cons"]
    if slopes:  # the variance between groups changes with these
        noun += f" at zero of {_listed([_effect_words(n, words) for n in dict.fromkeys(slopes)])}"
    out.append(f"{noun} {'was' if len(shares) == 1 else 'were'} {_listed(shares, '; ')}.")
    return out


def _icc_words(label: str, fit: FitResult, words: _Words) -> str:
    head, _, rest = label.partition(" (")
    text = " within ".join(words.variable(x) for x in head.split("|"))
    group = _by_words(rest.removesuffix(")").partition(" = ")[2], fit, words) if rest else ""
    return f"{text} ({group})" if group else text


def _residual_group(name: str, fit: FitResult, words: _Words) -> str:
    """The group of by() that ``0:sd(e)`` is about, in words; empty where there are no groups."""
    by, colon, _ = name.partition(":")
    return _by_words(by, fit, words) if colon else ""


def _by_words(level: str, fit: FitResult, words: _Words) -> str:
    """``Sex of the child = Female`` for the level 1 of the residuals' by()."""
    name = fit.model.design.residuals.by_variable
    if not name:
        return level
    return f"{words.variable(name)} = {fit.model.design.residuals.by_label(level)}"


def _sd_words(r: RandomParameter, words: _Words) -> str:
    inside = r.name[3:-1]
    if inside.startswith("R."):
        return f"The SD of the intercepts of {words.variable(inside[2:])}"
    effects = [_slope_words("intercept" if x == "_cons" else x, words) for x in inside.split(",")]
    return f"The SD of {_listed(effects)} across {words.variable(r.level)}"


def _slope_words(name: str, words: _Words) -> str:
    return "intercepts" if name in ("intercept", "_cons") else f"slopes of {_effect_words(name, words)}"


def _found(r: RandomParameter, text: str) -> str:
    """``was 0.52``, or that there is no such number."""
    return f"was {text}" if r.identified else "is not identified by these data"


def _spread(r: RandomParameter, level: float) -> str:
    d = decimals(r.se if r.se is not None else abs(r.estimate) / 20)
    text = fixed(r.estimate, d)
    if r.boundary:
        upper = f", {level:g}% CI [0, {fixed(r.ub, decimals(r.ub / 20))}]" if r.ub is not None else ""
        return f"{text}, at the limit of its range{upper}"
    if r.lb is not None and r.ub is not None:
        text += f", {level:g}% CI [{fixed(r.lb, d)}, {fixed(r.ub, d)}]"
    return text


def _share_interval(r: RandomParameter, level: float) -> str:
    text = fixed(r.estimate, 2, zero=False)
    if r.lb is not None and r.ub is not None and not r.boundary:
        text += f", {level:g}% CI [{fixed(r.lb, 2, zero=False)}, {fixed(r.ub, 2, zero=False)}]"
    return text


def _comparison(fit: FitResult) -> str:
    test = fit.comparison
    if test is None:
        return ""
    p = test.mixture_p if test.mixture_p is not None else test.p
    by = " by the mixture of chi-square distributions for variances at zero" if (
        test.mixture_p is not None or test.label.startswith("chibar2")
    ) else ", a conservative test"  # fmt: skip
    df = test.df
    return (
        f"A likelihood-ratio test against the linear model with independent residuals gave χ²({df}) = "
        f"{fixed(test.stat, 2)}, {p_words(p)}{by}."
    )


def _explained(fit: FitResult, data: Dataset) -> str:
    try:
        found = explained(fit, data)
    except DataError:  # other data are open
        return ""
    except SpecError as error:
        if error.code != "not-identified":
            raise
        return "The share of variance explained (R²) is not identified by these data."
    if not any(b.names for b in fit.model.design.blocks):
        own = fit.scalars.get("r2") if fit.macros.get("cmd") == "regress" else None
        share = found.marginal if own is None else float(own)
        return f"Fixed effects explained {_percent(share)} of the variance (R² {_r2(share)})."
    return (
        f"Fixed effects explained {_percent(found.marginal)} of the variance (marginal R² {_r2(found.marginal)}); "
        f"fixed and random effects together {_percent(found.conditional)} (conditional R² {_r2(found.conditional)})."
    )


def _r2(share: float) -> str:
    """``= .34``; neither .00 nor 1.00, which would be all or nothing."""
    if share > 0.995:
        return "> .99"
    return "= " + fixed(share, 2 if share >= 0.005 else 3, zero=False)


# --- numbers ---------------------------------------------------------------------------------------------
def _df(df: float) -> str:
    return f"{df:,.0f}" if abs(df - round(df)) < 1e-6 else f"{df:,.2f}"


def _percent(share: float) -> str:
    if share > 0.995:
        return "more than 99%"
    return f"{100 * share:.0f}%" if share >= 0.005 else "less than 1%"


def _listed(items: list[str], separator: str = ", ") -> str:
    if len(items) < 2:
        return "".join(items)
    if separator != ", ":
        return separator.join(items[:-1]) + f"{separator}and {items[-1]}"
    return enumerated(items)


def _italic(text: str) -> str:
    """Symbols of statistics in italics, the rest escaped for HTML."""
    import html

    text = html.escape(text, quote=False)
    text = re.sub(r"\b(SE|SD|CI)\b", lambda m: f"<i>{m[0]}</i>" if m[0] != "CI" else m[0], text)
    text = re.sub(r"\b([btzp])(?=(?:\([\d,.]+\))? (?:=|&lt;|&gt;) )", r"<i>\1</i>", text)
    return re.sub(r"\bR²", "<i>R</i>²", text)


def in_markdown(text: str) -> str:
    """The same in Markdown, with everything escaped that would be read as a mark."""
    text = re.sub(r"([\\*_`\[\]&<])", r"\\\1", text)
    text = re.sub(r"\b(SE|SD)\b", r"*\1*", text)
    text = re.sub(r"\b([btzp])(?=(?:\([\d,.]+\))? (?:=|\\<|>) )", r"*\1*", text)
    text = re.sub(r"\b([tz])(?= tests\b)", r"*\1*", text)
    return re.sub(r"\bR²", "*R*²", text)
