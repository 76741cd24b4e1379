"""Cells, comparisons, contrasts and tests of terms over empty cells, held to emmeans and to type III of lmerTest.

What emmeans calls nonEst is not estimable here, and every estimate and test agrees, whichever columns were left out.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pandas as pd
import pytest
from oracle_support import dataset
from post_support import HERE, r_results, rows

import terrace
from terrace.data.dataset import Dataset
from terrace.postestimation.margins.margins import margins
from terrace.postestimation.tests.contrast import contrast_tables
from terrace.postestimation.tests.pwcompare import margins_of_cells, pwcompare_table
from terrace.postestimation.tests.terms import term_table

R = r_results("estimability")
# lmerTest tests these by their first columns, so that what it reports hangs on the order of the terms (groups before
# treatments or after them, for instance). Ours are the same in every order, and those of emmeans where it has them.
BY_ORDER = {
    "a covariate that is the same in one cell": {"a": None, "xa": None},
    "covariates that repeat one another": {"x": "not estimable", "w": "not estimable"},
    "a factor and its own values": {"a": None},
    "parts that do not meet": {"a": "main"},
    "treatments in groups": {"g": "not estimable"},
    "treatments in groups, by the interaction alone": {"g": "nested"},
    "treatments in groups, crossed with another factor": {"g": "not estimable"},
}
# the same models with other columns left out: other bases, another order of the terms, no bases at all
CODINGS = ("as it is", "last", "reversed", "none")


@cache
def data() -> Dataset:
    return dataset(pd.read_csv(HERE / "estimability.csv"))


@cache
def fit(name: str, coding: str = "as it is") -> terrace.FitResult:
    fixed = R[name]["fixed"]
    if coding == "last":
        fixed = fixed.replace("i.", "ib(last).")
    elif coding == "none":
        fixed = fixed.replace("i.", "ibn.")
    elif coding == "reversed":
        terms = [term for t in fixed.split() for term in crossed(t)]
        fixed = " ".join(reversed(dict.fromkeys(terms)))
    return terrace.fit(f"mixed y {fixed} if {R[name]['rows']} || s:, reml", data())


def crossed(text: str) -> list[str]:
    out = [""]
    for part in text.split("##"):
        out += [f"{o}#{part}" if o else part for o in out]
    return out[1:] if "##" in text else [text]


def agree(got: dict[str, list[Any]], want: dict[str, Any], at_least: int = 1) -> None:
    assert set(want) <= set(got) and len(want) >= at_least
    for label, w in want.items():
        if not w:
            assert got[label][0] == "not estimable", label
            assert got[label][1:5] == [None] * 4, label
        else:
            assert got[label][:2] == pytest.approx([w["estimate"], w["se"]], rel=2e-5, abs=2e-5 * w["se"]), label


def joint(cells: list[Any], want: dict[str, Any] | None) -> None:
    if not want:
        assert cells[0] == "not estimable"
    elif want["df"] == 0:
        assert cells[:2] == [None, 0]  # an interaction that the model does not have
    else:
        assert cells[1] == want["df"]
        assert cells[0] == pytest.approx(want["chi2"], rel=1e-4)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", R)
def test_the_likelihood_is_that_of_lme4(name: str, coding: str) -> None:
    """The models are the same: the restricted likelihood differs by the log determinant of the change of X only."""
    found = fit(name, coding)
    assert found.converged
    if coding == "as it is":
        assert found.scalars["ll"] == pytest.approx(R[name]["ll"], abs=1e-6)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", R)
def test_cells(name: str, coding: str) -> None:
    f, term = fit(name, coding), "#".join(R[name]["factors"])
    zero = {v: 0 for v in ("x", "xa", "w") if v in re.findall(r"c\.(\w+)", R[name]["fixed"])}
    zero |= {"a": 0} if "c.a" in R[name]["fixed"] else {}
    got = rows(margins_of_cells(f, term))
    agree(got, R[name]["cells"])
    if "a" in zero or R[name]["factors"] == ["t", "a"]:
        return  # margins would set the factor as well; and it weighs groups as they are
    found = margins(f, data(), [term], at=zero)
    by_label = {label: [e.value, e.se] for label, e in zip(found.labels, found.estimates, strict=True)}
    for label, want in R[name]["cells"].items():
        own = by_label[label.removeprefix("1#") if label not in by_label else label]
        wanted = [want["estimate"], want["se"]] if want else [None, None]
        factors_left = {part.split(".")[-1] for t in R[name]["fixed"].split() for part in t.split("#")} - set(zero)
        if factors_left == set(R[name]["factors"]):
            assert own == (pytest.approx(wanted, rel=2e-5) if want else wanted), label


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", R)
def test_pairs(name: str, coding: str) -> None:
    agree(rows(pwcompare_table(fit(name, coding), "#".join(R[name]["factors"]))), R[name]["pairs"], 3)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", R)
def test_contrasts_and_their_joint_tests(name: str, coding: str) -> None:
    f = fit(name, coding)
    for factor, want in R[name]["main"].items():
        first = min(want["rows"], default="").partition("vs ")[2].rstrip(")")
        shown, tests = contrast_tables(f, f"r{first}.{factor}")
        agree(rows(shown), want["rows"])
        joint(tests.plain()["rows"][0][1:], want["joint"])
        joint(contrast_tables(f, factor)[0].plain()["rows"][0][1:], want["joint"])
        within = R[name]["within"][factor]
        if within["by"]:
            shown, tests = contrast_tables(f, f"r{first}.{factor}@{'#'.join(within['by'])}")
            agree(rows(shown), within["rows"])
            joint(tests.plain()["rows"][-1][1:], within["joint"])
    if "interaction" in R[name]:
        (table,) = contrast_tables(f, "#".join(R[name]["factors"]))
        joint(table.plain()["rows"][0][1:], R[name]["interaction"]["joint"])


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", [n for n in R if "slopes" in R[n]])
def test_slopes(name: str, coding: str) -> None:
    want = R[name]["slopes"]
    term = "#".join([*R[name]["factors"], f"c.{want['of']}"])
    agree(rows(margins_of_cells(fit(name, coding), term)), want["cells"])
    agree(rows(pwcompare_table(fit(name, coding), term)), want["pairs"], 3)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", R)
def test_type_three_of_terms(name: str, coding: str) -> None:
    table = term_table(fit(name, coding), "III")
    got = {frozenset(r.code.replace("c.", "").split("#")): list(r.values) for r in table.rows}
    for term, want in R[name]["typeIII"].items():
        own = got.get(frozenset(term.split(":")))
        if term.endswith(".1"):
            continue  # the second a of "a factor and its own values"
        assert own is not None
        if term not in BY_ORDER.get(name, {}):
            joint(own, want if want.get("chi2") is not None else None)
            continue
        other = BY_ORDER[name][term]
        if other == "not estimable":
            assert own[0] == other
        elif other == "nested":
            joint(own, R[name]["nested"][term])
        elif other == "main":
            joint(own, R[name]["main"][term]["joint"])


def test_nested_treatments_are_told() -> None:
    notes = " ".join(term_table(fit("treatments in groups"), "III").notes)
    assert "Every level of t occurs in only one level of g: i.g i.g#i.t tests g" in notes
    assert "occurs in only one level" not in " ".join(term_table(fit("two factors of three levels"), "III").notes)
