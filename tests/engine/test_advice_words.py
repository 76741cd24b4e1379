"""Advice in the words of a page: no name of a parameter is left, labels stand for names, and commands stay as typed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from data_support import dataset, ok, session_on

from terrace.results.advice_words import advice_in_words, in_words
from terrace.session.session import Session

LABELS = {"ses": "SES", "id": "School"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("corr(ses,_cons) at level id is on the boundary (±1): the random effects are perfectly correlated.",
         "The correlation of SES and intercept at level School is on the boundary (±1): the random effects are "
         "perfectly correlated."),
        ("var(ses) at level id is estimated as zero, the lower limit of a variance.",
         "The variance of SES at level School is estimated as zero, the lower limit of a variance."),
        ("The likelihood is flat around the solution in var(x), cov(x,_cons) and sd(_cons), so there is no standard "
         "error.",
         "The likelihood is flat around the solution in the variance of x, the covariance of x and intercept and the "
         "standard deviation of intercept, so there is no standard error."),
        ("var(Residual) is estimated as zero.", "The residual variance is estimated as zero."),
        ("it keeps rising as var(Residual) goes to zero", "it keeps rising as the residual variance goes to zero"),
        ("cov(e1,e2) is not identified.", "The covariance of the residuals e1 and e2 is not identified."),
        ("The coefficient of _cons takes up what was left out.",
         "The coefficient of the intercept takes up what was left out."),
        ("Consider covariance(independent), or remove ses from || id:, collinear.",
         "Consider covariance(independent), or remove ses from || id:, collinear."),
    ],
)  # fmt: skip
def test_parameters_in_words(text: str, words: str) -> None:
    assert in_words(text, LABELS) == words


@pytest.fixture(scope="module")
def session() -> Session:
    """Slopes that are a multiple of the intercepts, a factor with a level that another one repeats."""
    rng = np.random.default_rng(4)
    school = np.arange(400) // 40
    x, u = rng.normal(size=400), rng.normal(size=10)[school]
    kind = rng.integers(0, 3, 400)
    out = session_on(dataset(y=u + 0.4 * u * x + 2 * rng.normal(size=400), x=x, school=school, kind=kind,
                             third=(kind == 2).astype(int)))  # fmt: skip
    for command in ('label variable x "Effort"', 'label variable school "School"', 'label variable kind "Kind"',
                    'label define kinds 2 "Arts"', "label values kind kinds",
                    "mixed y x third i.kind || school: x, cov(un)"):  # fmt: skip
        ok(out, command)
    return out


def test_pages_have_words_and_commands_have_names(session: Session, tmp_path: Path) -> None:
    fit = session.fit
    assert fit is not None
    codes = [w.code for w in fit.warnings]
    assert "boundary" in codes and "collinear" in codes
    said = advice_in_words(fit, {"x": "Effort", "school": "School", "kind": "Kind"})
    assert [(w.code, w.subject) for w in said] == [(w.code, w.subject) for w in fit.warnings]
    edge = next(w for w in said if w.code == "boundary")
    assert edge.message.startswith("The correlation of Effort and intercept at level School is on the boundary")
    assert next(w for w in said if w.code == "collinear").message.startswith("Kind: Arts was left out")
    assert "corr(x,_cons) at level school" in repr(fit), "the page of the terminal goes by names"
    for ending in ("html", "md", "txt", "tex"):
        path = tmp_path / f"report.{ending}"
        ok(session, f'report "{path}"')
        words = re.sub(r"\s+", " ", path.read_text(encoding="utf-8"))
        assert "correlation of Effort and intercept" in words, ending
        assert "corr(x,_cons)" not in words, ending
