"""R runs the code that Terrace writes, and its formulas, with the same log likelihoods.

All scripts run in one process of R. TERRACE_SPECS is the number of generated models; the long run takes 200, and more
of what else there is. mmrm is held to its published syntax only, in `test_code_out.py`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from code_support import fitted, has_r, likelihoods, made_up, r_data, seeds

import terrace
from terrace.code.out.facts import Facts, Source, facts_of
from terrace.code.out.languages import can, chosen, code_of
from terrace.spec import templates
from terrace.spec.edit import main_effect
from terrace.spec.model import Factor, ModelSpec

COUNT = int(os.environ.get("TERRACE_SPECS", "8"))
LONG = COUNT > 100
pytestmark = [
    pytest.mark.skipif(not has_r("lme4", "nlme", "glmmTMB"), reason="runs code in R with lme4, nlme and glmmTMB"),
    pytest.mark.slow,
]

PUBLISHED = {
    "sleepstudy": ("mixed reaction days || subject: days, covariance(unstructured) reml", -871.8141, "lme4"),
    "machines": ("mixed score || _all: R.worker || _all: R.machine", -153.0784, "lme4"),
    "ovary": ("mixed follicles sin1 cos1 || mare:, residuals(ar 1, t(time)) reml", -775.2233, "nlme"),
    "orthodont": (
        "mixed distance c.age##i.female || subject:, noconstant residuals(unstructured, t(time)) reml", -212.2734,
        "nlme",
    ),
}  # fmt: skip
"""Data, model, log likelihood and package: Bates et al. (2015), Pinheiro & Bates (2000)."""

FORMULAS = (
    "y ~ x + (x | id)", "y ~ x + (x || id)", "y ~ x + (1 | id) + (0 + x | id)", "y ~ s * x + (1 | region/person)",
    "y ~ x + (1 | region:person)", "y ~ (x + z + s)^2 - x:z + (1 | id)", "y ~ 0 + factor(f) + x + (1 | item)",
    "y ~ factor(f):x + (1 | id)", "y ~ poly(x, 2, raw = TRUE) + I(z^2) + (1 | id)", "y ~ s/x + (1 | id)",
    "log(y + 30) ~ scale(x) + I(z / 10) + (1 | id)", "y ~ x + offset(z) + (1 | id)", "y ~ x + (1 | item) + (x | id)",
    "y ~ z + (x || item) + (x || id)", "y ~ 1 + (1 | item) + (1 | region)", "y ~ x + (factor(f) || id)",
    "y ~ relevel(factor(s), ref = 'b') + (0 + x | id)", "lmer(y ~ x + (1 | id), data = d, REML = FALSE)",
    "lmer(y ~ x + (1 | id), data = d, subset = x > 0 & f %in% c(1, 2))",
    "lme(y ~ x, random = ~ x | id, data = d, na.action = na.omit)",
    "lme(y ~ x, random = list(region = ~ 1, person = pdDiag(~ x)), data = d, na.action = na.omit, method = 'ML')",
    "lme(y ~ x, random = ~ 1 | id, correlation = corAR1(form = ~ t | id), data = d, na.action = na.omit)",
    "gls(y ~ x, correlation = corCAR1(form = ~ s2 | id), data = d, na.action = na.omit)",
    "gls(y ~ x, correlation = corCompSymm(form = ~ 1 | id), data = d, na.action = na.omit, method = 'ML')",
    "gls(y ~ x, weights = varIdent(form = ~ 1 | g), data = d, na.action = na.omit)",
)  # fmt: skip

IN_R_ALONE = (
    "y ~ I(x > 0) + (1 | id)", "y ~ ifelse(x > 0 & z > 0, 1, 0) + (1 | id)", "y ~ I(2 * !(x > 0)) + (1 | id)",
    "y ~ pmin(x, z) + (1 | id)", "y ~ round(t / 2) + (1 | id)", "y ~ (factor(f) - 1):z + (1 | id)",
    "lmer(y ~ z + (1 | id), d, FALSE)", "lmer(y ~ z + (1 | id), d, subset = x > 0 | z > 0)",
    "lmer(y ~ z + (1 | id), d, subset = is.na(x) | z > 0)", "lmer(y ~ z + (1 | id), d, subset = !(x > 0 & z > 0))",
    "lmer(y ~ s * poly(z, 2) + (1 | id), d, REML = FALSE)", "y ~ z + (0 + poly(z, 2, raw = TRUE) || item)",
    "lme(y ~ z, d, ~ 1 | id, na.action = na.omit)", "y ~ factor(f, levels = c(3, 1, 2)) + (1 | id)",
)  # fmt: skip
"""Formulas whose words mean something else in Terrace: missing values, halves, arguments by their places."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("code")


def from_templates(folder: Path) -> dict[str, Facts]:
    """The model of every template, with a number and a category beside the outcome."""
    data = made_up(folder)[0]
    terms = tuple(main_effect(f) for f in (Factor("x"), Factor("g", "factor")))
    out = {}
    for template in templates.TEMPLATES:
        spec = templates.start(template.key, ModelSpec(Factor("y"), terms), data).spec
        fit = terrace.fit(spec, data)
        out[f"template {template.key}"] = facts_of(spec, data, Source(data.source), {}, fit.ll)
    return out


@cache
def jobs(folder: Path) -> tuple[dict[str, Facts], dict[str, str], dict[str, float]]:
    """Models whose code is run, their scripts, and what R has to say of formulas, by name."""
    models = from_templates(folder)
    for name, (model, _, _) in PUBLISHED.items():
        facts = fitted(model, r_data(folder, name))
        assert facts is not None
        models[f"published {name}"] = facts
    models |= {k: f for k, f in seeds(COUNT, folder).items() if can(f, "r") and chosen(f, "r") != "mmrm"}
    scripts = {name: code_of(f, "r") for name, f in models.items()}
    data = made_up(folder)[0]
    wanted = {}
    for text in (*(FORMULAS if LONG else FORMULAS[::2]), *IN_R_ALONE):
        call = text if text.startswith(("lm", "gls")) else f"lmer({text}, data = d)"
        libraries = "library(lme4); library(nlme)"
        scripts[text] = f'{libraries}\nd <- read.csv("{data.source}")\nfit <- {call}\n'
        wanted[text] = terrace.fit(text, data).ll
    return models, scripts, wanted


@cache
def in_r(folder: Path) -> dict[str, float | str]:
    return likelihoods(jobs(folder)[1], folder)


def test_code_in_r_gives_the_log_likelihood(folder: Path) -> None:
    models, found = jobs(folder)[0], in_r(folder)
    assert sum(name.startswith("template") for name in models) == len(templates.TEMPLATES)
    assert len(models) > COUNT / 2
    wrong = {n: (found[n], f.ll) for n, f in models.items() if found[n] != pytest.approx(f.ll, abs=1e-6)}
    assert wrong == {}


def test_code_in_r_gives_what_is_published(folder: Path) -> None:
    models, found = jobs(folder)[0], in_r(folder)
    for name, (_, ll, package) in PUBLISHED.items():
        assert found[f"published {name}"] == pytest.approx(ll, abs=5e-5), name
        assert chosen(models[f"published {name}"], "r") == package


def test_a_formula_is_fitted_as_in_r(folder: Path) -> None:
    _, _, wanted = jobs(folder)
    found = in_r(folder)
    assert {n: (found[n], ll) for n, ll in wanted.items() if found[n] != pytest.approx(ll, abs=1e-6)} == {}


def test_bands_of_residuals_in_r(folder: Path, tmp_path: Path) -> None:
    """glmmTMB's structures have a residual variance of their own that is nearly zero: five digits."""
    data = made_up(folder)[1]
    models = {}
    every = ("toeplitz 2, t(t)", "banded 1, t(t)", "toeplitz, t(t)", "ar 1, t(t)", "unstructured, t(t)")
    for text in every if LONG else every[:2]:
        facts = fitted(f"mixed y x || id:, noconstant residuals({text})", data)
        assert facts is not None and can(facts, "glmmtmb"), text
        models[text] = facts
    found = likelihoods({text: code_of(f, "glmmtmb") for text, f in models.items()}, tmp_path)
    assert {t: (found[t], f.ll) for t, f in models.items() if found[t] != pytest.approx(f.ll, abs=1e-5)} == {}
