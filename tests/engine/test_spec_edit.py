"""Edits of a model: pure, and each does what its name says."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from terrace.spec import edit
from terrace.spec.model import Factor, ModelSpec, RandomEquation, Residuals, Term, Weight
from terrace.spec.text import format_terms


def model(*names: str) -> ModelSpec:
    spec = edit.set_outcome(edit.empty(), "y")
    for name in names:
        kind = "factor" if name[0] in "fg" else "continuous"
        spec = edit.add_fixed(spec, Factor(name, kind))
    return spec


def shown(spec: ModelSpec) -> list[str]:
    return ["#".join(f.name for f in t.factors) for t in spec.fixed]


def test_adding_the_same_effect_twice_changes_nothing() -> None:
    spec = model("x", "f")
    assert edit.add_fixed(spec, Factor("x")) == spec
    assert edit.add_fixed(spec, Factor("f", "factor", base="last")) == spec


def test_an_interaction_brings_its_lower_order_parts() -> None:
    spec = edit.add_interaction(model("x", "z", "f"), [0, 1, 2])
    assert shown(spec) == ["x", "z", "x#z", "f", "x#f", "z#f", "x#z#f"]
    assert format_terms(spec.fixed) == "c.x##c.z##i.f"
    spec = edit.add_interaction(model("a", "x", "b", "z", "f", "c"), [1, 3, 4])
    assert format_terms(spec.fixed) == "a c.x##c.z##i.f b c"


def test_interaction_of_a_term_with_a_factor_it_has_counts_the_factor_once() -> None:
    spec = edit.add_interaction(model("x", "f"), [0, 1])
    spec = edit.add_interaction(spec, [1, 2])
    assert shown(spec) == ["x", "f", "x#f"]


def test_powers_go_up_one_at_a_time_and_only_of_continuous_terms() -> None:
    spec = edit.add_power(edit.add_power(model("x", "f"), 0), 0)
    assert shown(spec) == ["x", "f", "x#x", "x#x#x"]
    assert edit.add_power(spec, 1) == spec


def test_removing_a_main_effect_takes_what_rests_on_it() -> None:
    spec = edit.add_power(edit.add_interaction(model("x", "z"), [0, 1]), 0)
    assert shown(edit.remove_fixed(spec, 0)) == ["z"]
    assert shown(edit.remove_fixed(spec, 2)) == ["x", "z", "x#x"]


def test_outcome_leaves_the_predictors() -> None:
    spec = edit.add_slope(edit.add_level(model("x", "z"), "id"), 0, Term((Factor("x"),)))
    spec = edit.set_outcome(spec, "x")
    assert shown(spec) == ["z"] and spec.random[0].terms == ()


def test_reference_level_is_that_of_every_term_of_the_factor() -> None:
    spec = edit.add_interaction(model("x", "f"), [0, 1])
    spec = edit.add_slope(edit.add_level(spec, "id"), 0, Term((Factor("f", "factor"),)))
    spec = edit.set_base(spec, "f", 2.0)
    bases = [f.base for t in edit.terms(spec) for f in t.factors if f.name == "f"]
    assert bases == [2.0, 2.0, 2.0]
    # what is added later takes the known base
    later = edit.add_interaction(edit.add_fixed(spec, Factor("z")), [1, 3])
    assert later.fixed[-1].factors[0] == Factor("f", "factor", base=2.0)


def test_treating_a_variable_as_a_factor_drops_its_powers() -> None:
    spec = edit.set_kind(edit.add_power(model("x", "z"), 0), "x", "factor")
    assert shown(spec) == ["x", "z"] and spec.fixed[0].factors[0].kind == "factor"
    back = edit.set_kind(spec, "x", "continuous")
    assert back.fixed[0].factors[0] == Factor("x")


def test_only_the_intercept_is_random_by_default() -> None:
    spec = edit.add_level(model("x", "z"), "id")
    assert spec.random == (RandomEquation("id"),)
    assert edit.has_intercept(spec, 0)


def test_crossed_levels_come_first_and_lose_their_slopes() -> None:
    spec = edit.add_level(edit.add_level(model("x"), "a"), "b")
    spec = edit.add_slope(spec, 1, Term((Factor("x"),)))
    spec = edit.set_crossed(spec, 1)
    assert spec.random == (RandomEquation("_all", factor="b"), RandomEquation("a"))
    assert edit.group_name(spec.random[0]) == "b"
    assert edit.set_nested(spec, 0).random == (RandomEquation("b"), RandomEquation("a"))
    assert edit.add_slope(spec, 0, Term((Factor("x"),))) == spec


def test_crossed_within_a_level_stands_before_the_equation_with_the_constant() -> None:
    spec = edit.add_level(edit.add_level(model("x"), "region"), "state")
    spec = edit.set_crossed(spec, 1, "region")
    assert spec.random == (RandomEquation("region", factor="state"), RandomEquation("region"))
    assert edit.level_path(spec) == ("region",)


def test_repeated_levels_stand_together_and_the_last_has_the_constant() -> None:
    spec = model("x")
    for name in ("region", "state", "region"):
        spec = edit.add_level(spec, name)
    assert [e.level for e in spec.random] == ["region", "region", "state"]
    assert [edit.has_intercept(spec, k) for k in range(3)] == [False, True, True]
    assert edit.level_path(spec) == ("region", "state")
    assert edit.level_path(spec, 1) == ("region",)


def test_a_hole_stays_where_it_was_put() -> None:
    spec = edit.add_level(edit.add_level(model("x"), "id"), "", 0)
    assert [e.level for e in spec.random] == ["", "id"]
    assert [e.level for e in edit.set_level(spec, 0, "school").random] == ["school", "id"]


def test_residual_structures_keep_only_what_they_take() -> None:
    spec = edit.set_residual_structure(model("x"), "ar")
    spec = edit.set_residuals(spec, time="week", order=2, by="f")
    assert edit.set_residual_structure(spec, "ma").residuals == Residuals("ma", 2, "week", "f")
    assert edit.set_residual_structure(spec, "toeplitz").residuals == Residuals("toeplitz", None, "week", "f")
    assert edit.set_residual_structure(model("x"), "ar").residuals.order == 1
    assert edit.set_residual_structure(spec, "exponential").residuals == Residuals(
        "exponential", None, "week", "f"
    )
    assert edit.set_residual_structure(spec, "exchangeable").residuals == Residuals("exchangeable", by="f")


def test_weights_come_and_go_together() -> None:
    spec = edit.set_weight(edit.add_level(model("x"), "id"), "pweight", "w1")
    spec = edit.set_pwscale(edit.set_level_weight(spec, 0, "pweight", "w2"), "size")
    assert spec.weight == Weight("pweight", "w1") and spec.random[0].pweight == "w2"
    assert edit.has_pweights(spec)
    cleared = edit.clear_weights(spec)
    assert not edit.has_weights(cleared) and cleared.pwscale is None
    assert cleared == edit.add_level(model("x"), "id")


def test_names_of_every_role_are_found() -> None:
    spec = edit.add_slope(edit.add_level(model("x"), "id"), 0, Term((Factor("z"),)))
    spec = edit.add_level(spec, "lab")
    spec = edit.set_crossed(spec, 1)
    spec = edit.set_residuals(edit.set_residual_structure(spec, "ar"), time="t", by="f")
    spec = edit.set_vce(edit.set_weight(spec, "fweight", "w"), "cluster", "district")
    assert set(edit.variable_names(spec)) == {"y", "x", "z", "id", "lab", "t", "f", "w", "district"}


@pytest.mark.parametrize("seed", range(20))
def test_any_walk_of_edits_leaves_a_model_in_order(seed: int) -> None:
    """Levels stay arranged, terms unique, and the model before an edit is untouched."""
    rng = random.Random(seed)
    spec = model("x", "z", "f")
    names = ["x", "z", "f", "g", "id", "school", "region"]
    for _ in range(40):
        before, text, k = spec, repr(spec), rng.randrange(max(len(spec.random), 1))
        step = rng.randrange(9)
        if step == 0:
            spec = edit.add_fixed(spec, Factor(rng.choice(names), rng.choice(["continuous", "factor"])))
        elif step == 1 and spec.fixed:
            spec = edit.remove_fixed(spec, rng.randrange(len(spec.fixed)))
        elif step == 2 and len(spec.fixed) > 1:
            spec = edit.add_interaction(spec, rng.sample(range(len(spec.fixed)), 2))
        elif step == 3 and len(spec.random) < 4:
            spec = edit.add_level(spec, rng.choice(names))
        elif step == 4 and spec.random:
            spec = edit.move_level(spec, k, rng.randrange(len(spec.random)))
        elif step == 5 and spec.random:
            spec = edit.add_slope(spec, k, Term((Factor(rng.choice(names)),)))
        elif step == 6 and spec.random:
            spec = edit.set_crossed(spec, k, rng.choice(["_all", "region"]))
        elif step == 7 and spec.random:
            spec = edit.set_nested(spec, k)
        elif step == 8:
            spec = edit.set_kind(spec, rng.choice(names), rng.choice(["continuous", "factor"]))
        assert repr(before) == text
        assert edit.arrange(spec) == spec
        keys = [edit.term_key(t) for t in spec.fixed]
        assert len(keys) == len(set(keys))
        levels = [e.level for e in spec.random]
        assert all("_all" not in levels[i:] for i, level in enumerate(levels) if level != "_all")


def test_the_information_matrix_goes_with_its_method() -> None:
    spec = edit.set_df(edit.set_method(model("x"), "reml"), "kroger", "oim")
    assert (spec.df_method, spec.df_information) == ("kroger", "oim")
    assert edit.set_df(spec, "satterthwaite").df_information == "oim"
    assert edit.set_df(spec, "residual").df_information == "eim"
    assert edit.set_df(spec, None).df_information == "eim"


def test_a_repeated_level_moves_as_a_whole() -> None:
    def levels(spec: ModelSpec) -> list[str]:
        return [e.level + "".join(t.factors[0].name for t in e.terms) for e in spec.random]

    spec = model("x")
    random = (("a", "x"), ("a", ""), ("b", "x"), ("b", ""), ("c", ""))
    spec = replace(
        spec, random=tuple(RandomEquation(n, (Term((Factor(t),)),) if t else ()) for n, t in random)
    )
    assert levels(edit.move_level(spec, 3, 1)) == ["bx", "b", "ax", "a", "c"]
    assert levels(edit.move_level(spec, 3, 0)) == ["bx", "b", "ax", "a", "c"]
    assert levels(edit.move_level(spec, 0, 2)) == ["bx", "b", "ax", "a", "c"]
    assert levels(edit.move_level(spec, 4, 3)) == ["ax", "a", "c", "bx", "b"]
    assert levels(edit.move_level(spec, 3, 2)) == ["ax", "a", "b", "bx", "c"], "blocks of one level"
    hole = edit.add_level(spec, "", 0)
    assert levels(edit.move_level(hole, 0, 1)) == ["ax", "", "a", "bx", "b", "c"]
