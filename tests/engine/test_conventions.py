"""Conventions: what forms write where nothing is chosen, and that commands never change by them."""

from __future__ import annotations

import pytest

from terrace.spec import edit
from terrace.spec.conventions import CONVENTIONS, DEFAULT, convention
from terrace.spec.model import Factor, ModelSpec, Term
from terrace.spec.text import format_mixed

STATA = convention("stata")


def with_level(spec: ModelSpec) -> ModelSpec:
    return edit.add_level(edit.set_outcome(spec, "y"), "school")


def with_slope(spec: ModelSpec, name: str = "x") -> ModelSpec:
    return edit.add_slope(spec, len(spec.random) - 1, Term((Factor(name),)))


def test_the_usual_one_is_that_of_psychology_and_education() -> None:
    assert convention("") is DEFAULT is convention("education") is CONVENTIONS[0]


@pytest.mark.parametrize(
    ("groups", "df"),
    [(2, "kroger"), (100, "kroger"), (101, "satterthwaite"), (None, "satterthwaite")],
)
def test_degrees_of_freedom_go_by_the_groups_of_the_highest_level(groups, df) -> None:
    spec = DEFAULT.with_df(with_level(DEFAULT.empty()), lambda _name: groups)
    assert spec.df_method == df
    lower = edit.add_level(spec, "pupil")
    sizes = {"school": groups, "pupil": 5000}
    assert DEFAULT.with_df(lower, sizes.get).df_method == df


def test_the_command_says_all_of_it() -> None:
    before = with_level(DEFAULT.empty())
    spec = DEFAULT.with_df(DEFAULT.with_covariances(before, with_slope(before)), lambda _name: 72)
    command = format_mixed(spec)
    assert "reml" in command and "dfmethod(kroger)" in command and "covariance(unstructured)" in command


def test_under_stata_nothing_is_added() -> None:
    before = with_level(STATA.empty())
    spec = STATA.with_df(STATA.with_covariances(before, with_slope(before)), lambda _name: 72)
    assert spec == with_slope(with_level(edit.empty()))


def test_no_degrees_of_freedom_where_none_are_open() -> None:
    robust = edit.set_vce(with_level(DEFAULT.empty()), "robust", None)
    assert DEFAULT.df(robust, lambda _name: 20) is None
    by_ml = edit.set_method(with_level(DEFAULT.empty()), "ml")
    assert DEFAULT.df(by_ml, lambda _name: 20) is None
    assert DEFAULT.df(DEFAULT.empty(), lambda _name: 20) is None


def test_independent_slopes_stay_where_the_user_chose_them() -> None:
    two = with_slope(with_level(DEFAULT.empty()))
    chosen = edit.set_covariance(two, 0, None)
    assert DEFAULT.with_covariances(chosen, with_slope(chosen, "z")).random[0].covariance is None


def test_blocks_of_one_level_are_left_apart() -> None:
    apart = edit.add_block(with_level(DEFAULT.empty()), 0)
    after = edit.add_slope(apart, 1, Term((Factor("x"),)))
    assert all(e.covariance is None for e in DEFAULT.with_covariances(apart, after).random)
