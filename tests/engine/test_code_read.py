"""Formulas of R and MIXED of SPSS as models: what each is read as, and where it is said that one cannot be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from code_support import labelled
from oracle_support import session_on

import terrace
from oracles import specs
from terrace.code.read.lme4_formula import read_r
from terrace.code.read.pasted import language_of, read_pasted
from terrace.code.read.result import Made
from terrace.code.read.spss_mixed import read_spss
from terrace.data.dataset import Dataset
from terrace.errors import CommandError


@pytest.fixture(scope="module")
def data() -> Dataset:
    return labelled(specs.data()[0], "")


FORMULAS = [
    ("y ~ x + (x | id)", "mixed y x || id: x, covariance(unstructured) reml"),
    ("y ~ x + (x || id)", "mixed y x || id: x, reml"),
    ("y ~ x + (1 | id) + (0 + x | id)", "mixed y x || id: x, reml"),
    ("y ~ 1 + (1 | region/person)", "mixed y || region: || person:, reml"),
    ("y ~ x + (1 | region) + (x | region:person)", "mixed y x || region: || person: x, covariance(unstructured) reml"),
    ("y ~ x + (1 | region:person)", "mixed y x || region:, noconstant || person:, reml"),
    ("y ~ x + (1 | region) + (1 | id)", "mixed y x || region: || id:, reml"),
    ("y ~ x + (1 | item) + (1 | id)", "mixed y x || _all: R.item || id:, reml"),
    ("y ~ x + (x || item) + (x | id)",
     "mixed y x || _all: R.item || _all: i.item#c.x, covariance(identity) noconstant || id: x, "
     "covariance(unstructured) reml"),
    ("y ~ x * s + (1 | id)", "mixed y c.x##i.s || id:, reml"),
    ("y ~ (x + z + s)^2 - x:z + (1 | id)", "mixed y x z i.s c.x#i.s c.z#i.s || id:, reml"),
    ("y ~ s / x + (1 | id)", "mixed y i.s i.s#c.x || id:, reml"),
    ("y ~ s %in% f + (1 | id)", "mixed y i.s#c.f || id:, reml"),
    ("y ~ x + I(x^2) + I(x * z) + (1 | id)", "mixed y x c.x#c.x c.x#c.z || id:, reml"),
    ("y ~ poly(x, 3, raw = TRUE) + (1 | id)", "mixed y x c.x#c.x c.x#c.x#c.x || id:, reml"),
    ("y ~ factor(f) + as.numeric(lab) + (1 | id)", "mixed y i.f lab || id:, reml"),
    ("y ~ relevel(s, ref = \"c\") + (1 | id)", 'mixed y ib("c").s || id:, reml'),
    ("y ~ 0 + s + x + (1 | id)", "mixed y ibn.s x, noconstant || id:, reml"),
    ("y ~ x - 1 + (1 | id)", "mixed y x, noconstant || id:, reml"),
    ("y ~ x + (1 | interaction(region, person))", "mixed y x || region:, noconstant || person:, reml"),
    ("lmer(y ~ x + (1 | id), data = d, REML = FALSE)", "mixed y x || id:"),
    ("fit <- lme4::lmer(y ~ x + (1 | id), d)", "mixed y x || id:, reml"),
    ("glmmTMB(y ~ x + (1 | id), data = d)", "mixed y x || id:"),
    ("lmer(y ~ x + (1 | id), d, subset = k > 2)", "mixed y x if (k > 2) & !missing(k) || id:, reml"),
    ("lme(y ~ x, random = ~ x | id)", "mixed y x || id: x, covariance(unstructured) reml"),
    ("lme(y ~ x, random = ~ 1 | region/person, method = 'ML')", "mixed y x || region: || person:"),
    ("lme(y ~ x, random = list(id = pdCompSymm(~ x)))", "mixed y x || id: x, covariance(exchangeable) reml"),
    ("lme(y ~ x, random = list(id = pdBlocked(list(~ 1, pdIdent(~ 0 + x + z)))))",
     "mixed y x || id: x z, covariance(identity) noconstant || id:, reml"),
    ("lme(y ~ x, random = ~ 1 | region, correlation = corAR1(form = ~ t | region/person))",
     "mixed y x || region: || person:, noconstant reml residuals(ar 1, t(t))"),
    ("gls(y ~ x, correlation = corARMA(form = ~ t | id, q = 2))",
     "mixed y x || id:, noconstant reml residuals(ma 2, t(t))"),
    ("gls(y ~ x, correlation = corSymm(form = ~ t | id), weights = varIdent(form = ~ 1 | t))",
     "mixed y x || id:, noconstant reml residuals(unstructured, t(t))"),
    ("gls(y ~ x, weights = varIdent(form = ~ 1 | g))", "mixed y x, reml residuals(independent, by(g))"),
    ("y ~ x +  # a comment\n (1 | id)", "mixed y x || id:, reml"),
    ("y ~ x + (1 | id)  # all of it", "mixed y x || id:, reml"),
    ("lmer(y ~ x + (1 | id), d, FALSE)", "mixed y x || id:"),
    ("lmer(data = d, y ~ x + (1 | id), REML = 0)", "mixed y x || id:"),
    ("lme(y ~ x, d, ~ x | id)", "mixed y x || id: x, covariance(unstructured) reml"),
    ("glmmTMB(y ~ x + (1 | id), d, gaussian())", "mixed y x || id:"),
    ("gls(y ~ x, d, corAR1(0.5, ~ t | id))", "mixed y x || id:, noconstant reml residuals(ar 1, t(t))"),
    ("lmer(y ~ z + (1 | id), d, subset = is.na(x))", "mixed y z if missing(x) || id:, reml"),
    ("lmer(y ~ z + (1 | id), d, subset = !(x > 0))", "mixed y z if (x <= 0) & !missing(x) || id:, reml"),
    ("lmer(y ~ z + (1 | id), d, subset = x > 0 | z > 0)",
     "mixed y z if ((x > 0) & !missing(x)) | ((z > 0) & !missing(z)) || id:, reml"),
    ("y ~ relevel(factor(f), 2) + (1 | id)", "mixed y ib2.f || id:, reml"),
    ("y ~ relevel(factor(k), ref = 3) + (1 | id)", "mixed y ib3.k || id:, reml"),
    ("y ~ relevel(s, 'c') + (1 | id)", 'mixed y ib("c").s || id:, reml'),
    ("y ~ factor(s, levels = c('b', 'a', 'c')) + (1 | id)", 'mixed y ib("b").s || id:, reml'),
    ("y ~ (s - 1):z + (1 | id)", "mixed y i.s#c.z, noconstant || id:, reml"),
    ("y ~ s * poly(z, 2) + (1 | id)", "mixed y i.s z c.z#c.z i.s#c.z i.s#c.z#c.z || id:, reml"),
    ("y ~ z + (0 + poly(z, 2, raw = TRUE) || id)",
     "mixed y z || id: z c.z#c.z, covariance(unstructured) noconstant reml"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "command"), FORMULAS)
def test_what_a_formula_is_read_as(formula: str, command: str, data: Dataset) -> None:
    read = read_r(formula, data)
    assert read.commands == (command,)
    assert terrace.parse_mixed(command, data.names) == read.spec


@pytest.mark.parametrize(
    ("formula", "made"),
    [
        ("log(y + 30) ~ x + (1 | id)", ("generate log_y_30 = ln(y + 30)",)),
        ("y ~ scale(x) + (1 | id)", ("egen x_z = std(x)",)),
        ("y ~ scale(x, scale = FALSE) + (1 | id)", ("egen x_c = mean(x)", "replace x_c = x - x_c")),
        ("y ~ I((x - 2) / 3) + (1 | id)", ("generate x_2_3 = (x - 2) / 3",)),
        ("y ~ x + offset(2 * z) + (1 | id)", ("generate y_less_offset = y - (2 * z)",)),
        ("y ~ x + ifelse(z > 0, 1, 0) + (1 | id)", ("generate ifelse_z_0_1_0 = cond(z > 0, 1, 0)",)),
        ("y ~ I(x > 0) + (1 | id)",
         ("generate x_0 = cond((x > 0) & !missing(x), 1, cond((x <= 0) & !missing(x), 0, .))",)),
        ("y ~ ifelse(x > 0, z, 0) + (1 | id)",
         ("generate ifelse_x_0_z_0 = cond((x > 0) & !missing(x), z, cond((x <= 0) & !missing(x), 0, .))",)),
        ("y ~ I(!is.na(x)) + (1 | id)", ("generate is_na_x = !(missing(x))",)),
        ("y ~ ifelse(test = z > 0, no = 1, yes = 2) + (1 | id)",
         ("generate ifelse_test_z_0_no_1_yes_2 = cond(z > 0, 2, 1)",)),
        ("y ~ log(base = 2, t) + (1 | id)", ("generate log_base_2_t = ln(t)/ln(2)",)),
        ("y ~ pmax(x, z) + (1 | id)", ("generate pmax_x_z = cond(missing(x, z), ., max(x, z))",)),
        ("y ~ round(t) + (1 | id)", ("generate round_t = cond((t) - floor(t) == 0.5, 2*round((t)/2), round(t))",)),
        ("y ~ x + (1 | item:g) + (1 | id)", ("egen item_g = group(item g)",)),
        ("y ~ I(2^x^2) + (1 | id)", ("generate v2_x_2 = 2^(x^2)",)),
    ],
)
def test_variables_that_are_made_first(formula: str, made: tuple[str, ...], data: Dataset) -> None:
    """The commands make the same values as the reader does by itself for `terrace.fit`."""
    read = read_r(formula, data)
    assert read.commands[:-1] == made
    session = session_on(data)
    for text in made:
        assert session.run(text).ok, text
    assert session.dataset is not None
    for one in read.made:
        np.testing.assert_allclose(
            session.dataset.numeric(one.name), read.data(data).numeric(one.name), rtol=1e-12, equal_nan=True
        )


@pytest.mark.parametrize(
    ("formula", "place", "says"),
    [
        ("y ~ x + (1 | idd)", "idd", "no variable 'idd'"),
        ("y ~ x + (1 | id", "", "missing here"),
        ("y ~ x + 1 | id", "x + 1 | id", "parentheses"),
        ("x + z", "x + z", "outcome and ~"),
        ("y ~ x^2 + (1 | id)", "x^2", "x alone"),
        ("y ~ bs(x) + (1 | id)", "bs(x)", "Splines"),
        ("y ~ frob(x) + (1 | id)", "frob(x)", "frob() cannot be read"),
        ("y ~ . + (1 | id)", ".", "dot"),
        ("y ~ x + (x | item) + (z | id)", "x | item", "cross each other"),
        ("y ~ x + (1 | item * id)", "item * id", "a*b"),
        ("y ~ x + y + (1 | id)", "x + y + (1 | id)", "also on the right side"),
        ("glmer(y ~ x + (1 | id))", "glmer", "glmer() cannot be read"),
        ("lmer(y ~ x + (1 | id), weights = w)", "w", "precision weights"),
        ("lmer(y ~ x + (1 | id), shape = 2)", "2", "argument shape"),
        ("gls(y ~ x, correlation = corAR1())", "corAR1()", "times and groups"),
        ("gls(y ~ x, correlation = corSymm(form = ~ t | id))", "corSymm(form = ~ t | id)", "one variance"),
        ("glmmTMB(g ~ x + (1 | id), family = binomial)", "binomial", "normal residuals"),
        ("glmmTMB(g ~ x + (1 | id), d, binomial)", "binomial", "normal residuals"),
        ("lmer(y ~ x + (1 | id), REML = maybe)", "maybe", "REML cannot be maybe"),
        ("lme(y ~ x, random = ~ 1 | region:person)", "region:person", "variable is expected"),
        ("lme(y ~ x, random = list(id = pdDiag(~ poly(z, 2))))", "poly(z, 2)", "orthogonal"),
        ("y ~ 0 + poly(z, 2) + (1 | id)", "poly(z, 2)", "orthogonal"),
        ("y ~ s:poly(z, 2) + (1 | id)", "poly(z, 2)", "orthogonal"),
        ("y ~ z + (poly(z, 2) || id)", "poly(z, 2)", "orthogonal"),
        ("y ~ poly(x, z, degree = 2) + (1 | id)", "poly(x, z, degree = 2)", "one number"),
        ("y ~ scale(x, center = 2) + (1 | id)", "scale(x, center = 2)", "cannot be read"),
        ("y ~ factor(f, levels = c(1, 2)) + (1 | id)", "c(1, 2)", "not all that f has"),
        ("y ~ relevel(factor(f), ref = 4) + (1 | id)", "4", "ref must be a level"),
        ("y ~ as.numeric(factor(f)) + (1 | id)", "as.numeric(factor(f))", "numbers the levels"),
        ("lmer(y ~ x + (1 | id), d, subset = g)", "g", "not a condition"),
        ("y ~ x + offset() + (1 | id)", "offset()", "empty"),
        ("y ~ x + (1 | interaction())", "interaction()", "variable is expected"),
        ("gls(y ~ x, d, corAR1(0.5, ~ t | id, TRUE))", "TRUE", "fixed = TRUE"),
        ("gls(y ~ x, d, corExp(form = ~ t | id, nugget = TRUE))", "TRUE", "nugget = TRUE"),
        ("gls(y ~ x, d, corSymm(form = ~ t | id), varIdent(form = ~ 1 | g))", "corSymm(form = ~ t | id)", "by g"),
        ("y ~ x + ?", "?", "cannot be read"),
        ("", "", "empty"),
    ],
)
def test_a_formula_that_cannot_be_read_says_where(formula: str, place: str, says: str, data: Dataset) -> None:
    with pytest.raises(CommandError) as caught:
        read_r(formula, data)
    error = caught.value
    assert says in error.message
    assert error.start is not None
    assert formula[error.start : error.end] == place or (place == "" and error.start >= len(formula.rstrip()) - 1)


def test_text_and_categories_are_factors(data: Dataset) -> None:
    """As in R, where numbers are numbers whatever they mean."""
    frame = pd.DataFrame({"y": np.arange(12.0), "c": pd.Categorical(["b", "a", "c"] * 4), "g": np.repeat([1, 2, 3], 4)})
    assert terrace.fit("y ~ c + (1 | g)", frame.assign(y=np.sin(frame["y"]))).spec.fixed[0].factors[0].kind == "factor"
    assert read_r("y ~ f + (1 | id)", data).spec.fixed[0].factors[0].kind == "continuous"


def test_names_with_dots(data: Dataset) -> None:
    frame = specs.data()[0].rename(columns={"x": "x_one"})
    assert read_r("y ~ x.one + (1 | id)", labelled(frame, "")).commands == ("mixed y x_one || id:, reml",)


def test_nesting_is_a_matter_of_the_data(data: Dataset) -> None:
    """The same formula is nested where the groups are and crossed where they cross."""
    formula = "y ~ x + (1 | region) + (1 | id)"
    crossed = specs.data()[0].assign(id=lambda d: d["person"])
    assert read_r(formula, data).spec.random[0].level == "region"
    assert read_r(formula, labelled(crossed, "")).spec.random[0].level == "_all"


SYNTAX = [
    ("MIXED y BY f WITH x /FIXED=f x f*x | SSTYPE(3) /RANDOM=INTERCEPT x | SUBJECT(id) COVTYPE(UN) /METHOD=ML.",
     "mixed y ib(last).f##c.x || id: x, covariance(unstructured)"),
    ("mixed Y with X\n  /fixed=X\n  /random=intercept | subject(region)\n  /random=intercept | subject(region*person)",
     "mixed y x || region: || person:, reml"),
    ("MIXED y WITH x /FIXED=x /REPEATED=t | SUBJECT(id) COVTYPE(AR1)",
     "mixed y x || id:, noconstant reml residuals(ar 1, t(t))"),
    ("MIXED y WITH x /FIXED=x | NOINT /RANDOM=INTERCEPT x | SUBJECT(id) COVTYPE(VC)",
     "mixed y x, noconstant || id: x, reml"),
    ("MIXED y BY item id /RANDOM=item id", "mixed y || _all: R.item || id:, reml"),
    ("MIXED y BY t WITH x /FIXED=x /REPEATED=t | SUBJECT(id) COVTYPE(UN) /CRITERIA=CIN(95) DFMETHOD(SATTERTHWAITE)",
     "mixed y x || id:, noconstant reml dfmethod(satterthwaite) residuals(unstructured, t(t))"),
    ("MIXED y BY f /FIXED=f /PRINT=SOLUTION TESTCOV /EMMEANS=TABLES(f) /RANDOM=INTERCEPT | SUBJECT(id) COVTYPE(ID)",
     "mixed y ib(last).f || id:, reml"),
    ("MIXED y BY t /FIXED=t /RANDOM=t | SUBJECT(region) COVTYPE(VC)",
     "mixed y ib(last).t || region:, noconstant || t:, reml"),
    ("MIXED y BY f WITH x /RANDOM=f | SUBJECT(region) COVTYPE(DIAG)", "mixed y || region: ibn.f, noconstant reml"),
    ("MIXED y BY f WITH x /RANDOM=INTERCEPT f | SUBJECT(region) COVTYPE(ID)",
     "mixed y || region: ibn.f, covariance(identity) reml"),
    ("MIXED y BY f WITH x /RANDOM=INTERCEPT f*x | SUBJECT(region)",
     "mixed y || region: ibn.f#c.x, covariance(identity) noconstant || region:, reml"),
    ("MIXED y BY f g /RANDOM=f*g | SUBJECT(region) COVTYPE(VC)",
     "mixed y || region:, noconstant || f:, noconstant || g:, reml"),
]  # fmt: skip


@pytest.mark.parametrize(("syntax", "command"), SYNTAX)
def test_what_syntax_of_spss_is_read_as(syntax: str, command: str, data: Dataset) -> None:
    assert read_spss(syntax, data).commands == (command,)


@pytest.mark.parametrize(
    ("syntax", "place", "says"),
    [
        ("MIXED y WITH x /FIXED=x f", "f", "neither after BY nor after WITH"),
        ("MIXED y WITH x /RANDOM=INTERCEPT | SUBJECT(id) COVTYPE(ARMA11)", "ARMA11", "ARMA11"),
        ("MIXED y WITH x /REGWGT=w", "REGWGT", "precision weights"),
        ("MIXED y WITH q", "q", "no variable 'q'"),
        ("MIXED y WITH x /REPEATED=t | COVTYPE(AR1)", "REPEATED", "SUBJECT"),
        ("MIXED y WITH x /FROB=1", "FROB", "FROB"),
        ("MIXED y BY f g /RANDOM=f g | COVTYPE(ID)", "RANDOM", "without SUBJECT"),
        ("MIXED y WITH x /MISSING=INCLUDE", "MISSING", "cannot be included"),
    ],
)
def test_syntax_of_spss_that_cannot_be_read_says_where(syntax: str, place: str, says: str, data: Dataset) -> None:
    with pytest.raises(CommandError) as caught:
        read_spss(syntax, data)
    assert says in caught.value.message
    assert caught.value.start is not None and syntax[caught.value.start : caught.value.end] == place


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("y ~ x + (x | id)", "R"), ("lmer(y ~ x + (1 | id), data = d)", "R"), (". mixed y x || id:, reml", "Stata"),
        ("mixed y x if x ~= 3 || id:", "Stata"), ("MIXED y WITH x /FIXED=x", "SPSS"), ("mixed y by g with x", "SPSS"),
    ],
)  # fmt: skip
def test_the_language_of_what_was_pasted(text: str, language: str, data: Dataset) -> None:
    assert language_of(text) == language
    assert read_pasted(text.replace(" ~= ", " != "), data).spec.outcome.name == "y"


def test_a_fit_of_a_formula_is_that_of_its_command(data: Dataset) -> None:
    by_formula = terrace.fit("y ~ scale(x) + (1 | id)", data)
    frame = data.frame.assign(x_z=(data.frame["x"] - data.frame["x"].mean()) / data.frame["x"].std())
    assert by_formula.command == "mixed y x_z || id:, reml"
    assert by_formula.ll == pytest.approx(terrace.fit(by_formula.command, frame).ll, abs=1e-9)


def test_combinations_are_numbered_as_by_egen() -> None:
    """Also where a row with a missing value would have had a combination that no other row has."""
    frame = pd.DataFrame({"a": [1.0, 1.0, 2.0, np.nan, 2.0], "b": [1.0, 2.0, 1.0, 3.0, np.nan]})
    session = session_on(labelled(frame, ""))
    assert session.run("egen g = group(a b)").ok and session.dataset is not None
    made = Made("g", "group", "a b")
    assert made.same_in(session.dataset)
    np.testing.assert_array_equal(made.added(session.dataset).numeric("g"), [1, 2, 3, np.nan, np.nan])
