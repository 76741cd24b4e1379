"""The notes of a fit, each in a model that has nothing else to tell: code, words, what to do, and what it is about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data_support import ok, session_on

from terrace.data.digits import EXACT
from terrace.data.readers.frames import from_frame
from terrace.session.session import Session


def frame() -> pd.DataFrame:
    """Twenty groups of six rows: x2 repeats x, x3 is x - t, z does not vary within groups, a and b are factors."""
    rng = np.random.default_rng(4)
    g, t = np.repeat(np.arange(20), 6), np.tile(np.arange(6.0), 20)
    out = pd.DataFrame({"g": g, "t": t, "x": rng.normal(size=120), "a": np.tile([0, 1, 2], 40), "b": (t >= 3) * 1})
    out["x2"], out["x3"], out["z"] = 2 * out.x, out.x - out.t, rng.normal(size=20)[g]
    out["far"] = (g + 1) * EXACT * 2.0
    out["y"] = out.x + rng.normal(size=20)[g] * (1 + out.t / 3) + rng.normal(size=120)
    return out


def session(keep: str = "") -> Session:
    data = frame()
    return session_on(from_frame(data.query(keep).reset_index(drop=True) if keep else data))


def notes(command: str, *before: str, keep: str = "") -> dict[str, tuple[str, str, str]]:
    s = session(keep)
    for text in before:
        ok(s, text)
    ok(s, command)
    assert s.fit is not None
    return {w.code: (w.message, w.advice, w.subject) for w in s.fit.warnings}


ESTIMABLE = "Use contrast, pwcompare and margins to see what can be estimated."


def test_a_model_without_trouble_has_no_note() -> None:
    assert notes("mixed y x t || g:") == {}


def test_terms_that_repeat_others() -> None:
    assert notes("mixed y x x2 || g:") == {
        "collinear": (
            "x2 was left out because it is a linear combination of other terms.",
            "Remove it, or one of the terms that it repeats.", "x2",
        ),
        "not-estimable": (
            "The coefficient of x takes up what was left out, and does not stand for this term alone.", ESTIMABLE, "x",
        ),
    }  # fmt: skip
    assert notes("mixed y x t x2 x3 || g:") == {
        "collinear": (
            "2 terms were left out because they are linear combinations of others: x2, x3.",
            "Remove them, or the terms that they repeat.", "x2",
        ),
        "not-estimable": (
            "The coefficients of x and t take up what was left out, and do not stand for these terms alone.",
            ESTIMABLE, "x",
        ),
    }  # fmt: skip


def test_a_slope_that_repeats_another() -> None:
    assert notes("mixed y x || g: x x2")["collinear-random"] == (
        "The random slope of x2 at level g was left out because it is a linear combination of others.",
        "Remove it, or keep it with the option collinear.", "x2",
    )  # fmt: skip


def test_a_constraint_that_follows_from_another() -> None:
    found = notes("mixed y x t || g:, constraints(1 2)", "constraint 1 x = t", "constraint 2 2*x = 2*t")
    assert found == {
        "fixed-constraint": ("The constraint 2*x = 2*t follows from the others and was left out.", "", "2*x = 2*t")
    }


def test_a_slope_of_what_does_not_vary() -> None:
    assert notes("mixed y x || g: z")["slope-constant"] == (
        "z does not vary within g, so its random effect only lets the variance between groups of g change with z.",
        "If you do not want this, remove z from || g:, or put its slope at a higher level.", "z",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        ("a != 2 or b != 1", "2.a#1.b has no rows, so its coefficient cannot be estimated."),
        ("a == 0 or b != 1", "1.a#1.b and 2.a#1.b have no rows, so their coefficients cannot be estimated."),
    ],
)
def test_cells_without_rows(keep: str, told: str) -> None:
    assert notes("mixed y i.a##i.b || g:", keep=keep) == {"empty-cells": (told, "", told.split(maxsplit=1)[0])}


def test_coefficients_that_are_told_together_are_listed_in_e() -> None:
    message, advice, subject = notes("mixed y i.g i.h || t:", "generate h = g >= 10")["not-estimable"]
    assert message.startswith("The coefficients of 10 levels of i.g take up") and subject == "10.g"
    assert advice == ESTIMABLE[:-1] + "; e(not_estimable) lists these coefficients."


def test_identifiers_beyond_double_precision() -> None:
    assert notes("mixed y x t || far:") == {
        "merged-groups": (
            f"far holds numbers beyond {EXACT}, where one number in double precision stands for several identifiers. "
            "Groups that differ only in their last digits may have been merged before the data were opened.",
            "Read far as text from the start.", "far",
        )
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "also"), [("", ""), (" residuals(independent, by(b))", ", leave out by(b)")]
)
def test_a_search_that_did_not_end(options: str, also: str) -> None:
    message, advice, _ = notes(f"mixed y x t || g:, iterate(1){options}")["not-converged"]
    assert message.startswith("The search did not converge (") and message.endswith(").")
    assert advice == (
        f"Do not report these numbers. Simplify the random part{also}, rescale predictors with very large or small "
        "units, or allow more iterations."
    )
