"""Counts and numbers inside sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset

import terrace
from terrace.postestimation.diagnose.checklist import checklist
from terrace.report.cells import shown
from terrace.results.table import Column, Row, Table
from terrace.wording import fixed, label_in_sentence, plural, true_minus, two


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 rows"), (1, "1 row"), (1.0, "1 row"), (2, "2 rows"), (1234, "1,234 rows"), (np.int64(1), "1 row"),
        (2.5, "2.50 rows"),
    ],
)
def test_one_is_told_from_many(count: float, text: str) -> None:
    assert plural(count, "row") == text


def test_a_plural_of_its_own() -> None:
    assert [plural(n, "hypothesis", "hypotheses") for n in (1, 2)] == ["1 hypothesis", "2 hypotheses"]


def test_numbers_are_written_as_in_tables() -> None:
    assert fixed(-1093.34, 1) == "−1,093.3" and fixed(-0.001, 2) == "0.00" and fixed(0.18, 2, zero=False) == ".18"
    assert two(-0.0123) == "−0.012" and two(1093.3) == "1,093.30"


def test_the_check_list_writes_numbers_as_tables_do() -> None:
    """A true minus and commas: residuals with a left tail, and two covariates that are almost the same."""
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(40), 10)
    x = rng.normal(size=400)
    y = x - rng.exponential(size=400) + rng.normal(size=40)[g]
    data = dataset(pd.DataFrame({"g": g, "x": x, "z": x + rng.normal(size=400) / 50, "y": y}))
    found = {c.code: c.found for c in checklist(terrace.fit("mixed y x z || g:, reml", data), data)}
    z = data.numeric("z")
    r = np.corrcoef(x, z)[0, 1]
    assert f"{1 / (1 - r**2):,.1f}" in found["collinearity"] and "," in found["collinearity"]
    assert "Skewness −1." in found["residual-normality"]
    assert not any("-" in text for code, text in found.items() if code != "outliers")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("SES = -1, Public", "SES = −1, Public"), ("-.5", "−.5"), ("(-1, 2)", "(−1, 2)"), ("-∞", "−∞"),
        ("2010-05-01", "2010-05-01"), ("ages 5-9", "ages 5-9"), ("within-school", "within-school"), ("x - y", "x - y"),
    ],
)
def test_a_hyphen_is_a_minus_only_before_a_number(text: str, written: str) -> None:
    assert true_minus(text) == written


def test_labels_of_rows_have_a_minus_where_numbers_have_one() -> None:
    table = Table("", (Column("x", "x"),), (Row("lag -1", (-2.5,)),))
    (line,) = shown(table).lines
    assert (line.label, line.cells[0].text) == ("lag −1", "−2.50")
    (plain,) = shown(table, minus="-").lines
    assert (plain.label, plain.cells[0].text) == ("lag -1", "-2.50")


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Effort", "Effort"), ("Reaction time, ms", "Reaction time (ms)"), ("Reaction time (ms)", "Reaction time (ms)"),
        ("Income, log", "Income (log)"), ("Students' answers in May", "Students' answers in May"), ("", ""),
        ("Sex: male, female", ""), ("Age, at entry, years", ""), ("Do you agree (yes, no)", ""), ("A (b) c", ""),
        ("How often did you go. Ever?", ""), ("A label that is far too long for a sentence to take it in", ""),
    ],
)  # fmt: skip
def test_labels_with_units_stand_in_sentences_and_those_that_would_break_them_do_not(label: str, words: str) -> None:
    assert label_in_sentence(label) == words
