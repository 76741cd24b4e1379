"""The results paragraph: every number is one of the fit's, rounded, and the style is APA's."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from oracle_support import generated_fit, r_data, r_fit

import terrace
from oracles.generated import collected
from terrace.data.samples import sample
from terrace.errors import TerraceError
from terrace.postestimation.paper import apa
from terrace.postestimation.paper.sentence import model_sentences
from terrace.postestimation.variance.icc import icc
from terrace.postestimation.variance.r2 import explained
from terrace.results.later import Later
from terrace.session.session import Session
from terrace.session.state import State
from terrace.wording import p_words

NUMBER = re.compile(r"(?<![\w.])−?(?:\d[\d,]*)?\.?\d+(?![\w])")
MODELS = [
    ("mixed mathach c.ses##i.sector || id: ses, cov(un) reml", "hsb"),
    ("mixed mathach ses i.sector || id:, vce(robust)", "hsb"),
    ("mixed gsp private emp unemp || region: || state:", "produc"),
    ("mixed follicles sin1 cos1 || mare:, residuals(ar 2, t(time)) reml", "ovary"),
    ("mixed reaction c.days##c.days || subject: days, cov(un) reml dfmethod(kroger)", "sleepstudy"),
    ("mixed mathach ses", "hsb"),
    ("mixed distance c.age##i.female || id:, reml residuals(independent, by(female)) dfmethod(kroger)", "orthodont"),
    ("mixed distance age || id:, nocons reml residuals(ar 1, t(occ) by(female))", "orthodont"),
    ("mixed distance age || _all: R.occ || id:", "orthodont"),
]


@cache
def fitted(command: str, name: str) -> Any:
    data = terrace.sample(name)
    return terrace.fit(command, data), data


def numbers_of(fit: terrace.FitResult, data: Any) -> list[float]:
    """Every number that the paragraph may show."""
    out = [float(v) for v in fit.scalars.values() if v is not None]
    for e in fit.fixed:
        out += [v for v in (e.coef, e.se, e.stat, e.df, e.p, e.lb, e.ub) if v is not None]
    for r in fit.random_sd:
        out += [v for v in (r.estimate, r.lb, r.ub) if v is not None]
    out += [float(v) for g in fit.groups for v in (g.n_groups, g.min, g.max)]
    with contextlib.suppress(TerraceError):
        out += [v for e in icc(fit) for v in (e.value, e.lower, e.upper) if v is not None]
    out += [float(b.n_groups) for b in fit.model.design.blocks]
    c = fit.comparison
    out += [] if c is None else [v for v in (c.stat, c.df, c.p, c.mixture_p) if v is not None]
    r2 = explained(fit, data)
    out += [r2.marginal, r2.conditional, 100 * r2.marginal, 100 * r2.conditional, fit.spec.display.level]
    out += [0.001, 0.99, 99.0, float(fit.model.design.residuals.structure.n_params)]
    return out


@pytest.mark.parametrize(("command", "name"), MODELS)
def test_every_number_is_one_of_the_fit(command: str, name: str) -> None:
    fit, data = fitted(command, name)
    allowed = np.array(numbers_of(fit, data))
    text = apa.paragraph(fit, data)
    for token in NUMBER.findall(text):
        value = float(token.replace("−", "-").replace(",", ""))
        places = len(token.partition(".")[2])
        assert np.abs(np.round(allowed, places) - value).min() < 10.0**-places * 1e-6, (token, text)


def test_sentences_of_a_published_model() -> None:
    """The course on High School and Beyond prints ses 2.394934 (.1176881), z = 20.35, 95% CI 2.16427 to 2.625598."""
    fit, data = fitted("mixed mathach ses || id: ses, cov(un)", "hsb")
    text = apa.paragraph(fit, data, labels={"ses": "SES", "mathach": "achievement", "id": "school"})
    assert text.startswith(
        "A linear mixed model of achievement was fitted to 7,185 observations in 160 groups of school by maximum "
        "likelihood, with random intercepts and random slopes of SES for school (unstructured covariance). The "
        "estimated coefficient was that of SES, b = 2.39, SE = 0.12, 95% CI [2.16, 2.63], z = 20.35, p < .001. The "
        "intercept was 12.67, SE = 0.19, 95% CI [12.29, 13.04], z = 66.98, p < .001."
    )
    assert "χ²(3) = 461.47, p < .001" in text


def test_degrees_of_freedom_and_powers() -> None:
    fit, data = fitted(*MODELS[4])
    e = next(f for f in fit.fixed if f.term == "days")
    assert f"t({e.df:.2f}) = " in apa.paragraph(fit, data)
    assert "squared, b = " in apa.paragraph(fit)
    assert "Kenward–Roger" in apa.paragraph(fit)


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0004, "p < .001"), (0.0006, "p < .001"), (0.0012, "p = .001"), (0.04567, "p = .046"),
        (0.9999, "p > .999"),
    ],
)
def test_p_values(p: float, text: str) -> None:
    assert p_words(p) == text


@pytest.mark.parametrize(
    ("value", "d", "zero", "text"),
    [(-0.004, 2, True, "0.00"), (-0.446, 2, False, "−.45"), (1234.5, 1, True, "1,234.5"), (0.5, 2, False, ".50")],
)
def test_numbers(value: float, d: int, zero: bool, text: str) -> None:
    assert apa.fixed(value, d, zero=zero) == text


@pytest.mark.parametrize(("se", "d"), [(0.1176, 2), (0.0212, 3), (0.0009, 5), (13.2, 2), (0.0, 2)])
def test_two_figures_of_a_standard_error(se: float, d: int) -> None:
    assert apa.decimals(se) == d


@pytest.mark.parametrize("case", [pytest.param(c, id=c.id) for c in collected() if c.id.endswith("-reml")])
def test_every_kind_of_model_has_a_paragraph(case: Any) -> None:
    text = apa.paragraph(generated_fit(case))
    assert "restricted maximum likelihood" in text
    assert "None" not in text and "nan" not in text and "  " not in text
    assert text.endswith(".")


def test_html_and_failure() -> None:
    from dataclasses import replace

    fit, data = fitted(*MODELS[0])
    page = apa.paragraph(fit, data, markup="html")
    assert "<i>z</i> = " in page and "<i>p</i> &lt; .001" in page and "<i>R</i>²" in page
    plain = re.sub(r"</?i>", "", page).replace("&lt;", "<")
    assert plain == apa.paragraph(fit, data)
    assert "should not be reported" in apa.paragraph(replace(fit, converged=False))


def test_other_data_leave_out_what_needs_them() -> None:
    fit = r_fit("mixed reaction days || subject:", "sleepstudy")
    assert "R²" in apa.paragraph(fit, r_data("sleepstudy"))
    assert "R²" not in apa.paragraph(fit, r_data("oats"))


def test_groups_of_the_residuals_and_crossed_factors_are_named() -> None:
    text = apa.paragraph(*fitted(MODELS[6][0], "orthodont"))
    fit = fitted(MODELS[6][0], "orthodont")[0]
    male, female = (r.estimate for r in fit.random_sd if r.level == "Residual")
    assert f"The residual SD was {male:.2f}" in text and "for Sex of the child = Male; and " in text
    assert f"{female:.3f}" in text and "(Sex of the child = Female)" in text
    crossed = apa.paragraph(*fitted(MODELS[8][0], "orthodont"))
    assert "in 27 groups of Child and 4 groups of Occasion by" in crossed


def test_shares_near_one_the_covariate_at_zero_and_least_squares() -> None:
    text = apa.paragraph(*fitted(MODELS[2][0], "produc"))
    assert "together more than 99% (conditional R² > .99)" in text and "1.00)" not in text
    assert "The intraclass correlation at zero of ses was" in apa.paragraph(*fitted(MODELS[0][0], "hsb"))
    session = Session()
    session.run("sample orthodont")
    session.run("regress distance c.age##i.female")
    text = session.run("apa").text
    assert "by ordinary least squares" in text and "use residual degrees of freedom" in text
    assert f"(R² = {session.fit.scalars['r2']:.2f}".replace("0.", ".") in text  # type: ignore[union-attr]


SENTENCES = (
    ("hsb", "mixed mathach ses || id: ses, nocons reml", "160 groups of id, estimated by restricted maximum "
     "likelihood. It has random slopes of ses for id."),
    ("hsb", "mixed mathach ses || sector: || id: ses, cov(un)", "160 groups of id and 2 groups of sector, estimated by "
     "maximum likelihood. It has random intercepts for sector and random intercepts and random slopes of ses for id "
     "(unstructured covariance)."),
    ("hsb", "regress mathach ses", "A linear model of mathach for 7,185 observations, estimated by ordinary least "
     "squares."),
    ("hsb", "mixed mathach ses || _all: R.sector || id:", "It has crossed random intercepts for sector and random "
     "intercepts for id."),
    ("sleepstudy", "mixed reaction days || subject:, residuals(ar 1, t(days))", "It has random intercepts for subject "
     "and AR(1) residuals over days."),
    ("sleepstudy", "mixed reaction days || subject: days || subject:", "It has random slopes of days for subject and "
     "random intercepts for subject."),
)


@pytest.mark.parametrize(("data", "command", "words"), SENTENCES)
def test_a_sentence_says_what_a_model_is_without_its_arrays(data: str, command: str, words: str) -> None:
    session = Session(State(dataset=sample(data)))
    assert session.run(command).ok

    def never() -> None:
        raise AssertionError("the arrays were asked for")

    assert session.fit is not None
    bare = replace(session.fit, held=Later(never))  # type: ignore[arg-type]
    assert words in (said := " ".join(model_sentences(bare)))
    labelled = " ".join(model_sentences(bare, {"id": "School", "mathach": "Score: of mathematics"}))
    assert "mathach" in labelled if data == "hsb" else True, "a label with a colon would break the sentence"
    assert ("of School" in labelled) is ("of id" in said)
