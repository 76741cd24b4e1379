"""Open and closed choices agree with the rules: what is closed would break one, what mends it opens it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from terrace.errors import SpecError
from terrace.language.mixed import parse_mixed
from terrace.spec import edit
from terrace.spec.choices import closed
from terrace.spec.model import Factor, ModelSpec, RandomEquation, Weight
from terrace.spec.validity import invalid

LEVELS = {
    "none": (),
    "two": (RandomEquation("id"),),
    "three": (RandomEquation("top"), RandomEquation("id")),
    "crossed": (RandomEquation("_all", factor="a"), RandomEquation("id")),
}
SPECS = [
    replace(
        edit.add_fixed(edit.set_outcome(edit.empty(), "y"), Factor("x")),
        random=LEVELS[levels],
        method=method,
        vce=vce,
        weight=weight,
        df_method=df,
    )
    for levels, method, vce, weight, df in product(
        LEVELS, ("ml", "reml"), (None, "robust"), (None, Weight("pweight", "w")), (None, "residual")
    )
]
VALID = [s for s in SPECS if not invalid(s)]


def choose(field: str, value: str, spec: ModelSpec) -> ModelSpec:
    if field == "df":
        return edit.set_df(spec, value)  # type: ignore[arg-type]
    if field == "vce":
        return edit.set_vce(spec, value, "top" if value == "cluster" else None)  # type: ignore[arg-type]
    if field == "weight":
        return edit.set_weight(spec, value, "w")  # type: ignore[arg-type]
    if field == "pwscale":
        return edit.set_pwscale(spec, value)  # type: ignore[arg-type]
    return edit.set_residuals(edit.set_residual_structure(spec, value), time="t")  # type: ignore[arg-type]


VALUES = {
    "df": ("residual", "repeated", "anova", "satterthwaite", "kroger"),
    "vce": ("robust", "cluster"),
    "weight": ("fweight", "pweight"),
    "pwscale": ("size", "effective", "gk"),
    "residuals": ("ar", "ma", "unstructured", "banded", "toeplitz", "exponential"),
}


@pytest.mark.parametrize("field", VALUES)
def test_a_value_is_closed_exactly_where_it_would_break_a_rule(field: str) -> None:
    assert len(VALID) > 10
    for spec, value in product(VALID, VALUES[field]):
        breaks = bool(invalid(choose(field, value, spec)))
        assert (value in closed(field, spec)) == breaks, (value, spec)


@pytest.mark.parametrize("field", VALUES)
def test_what_mends_a_choice_opens_it(field: str) -> None:
    mended = 0
    for spec in VALID:
        for value, why in closed(field, spec).items():
            assert why.reason.endswith(".")
            assert (why.fix is None) == (why.fix_label == "")
            if why.fix is not None:
                mended += 1
                after = closed(field, why.fix)
                # one mend may lead to the next reason, never to the same one
                assert value not in after or after[value].reason != why.reason
    assert mended or field == "pwscale"


def test_covariances_of_crossed_effects() -> None:
    spec = edit.add_level(edit.empty(), "id")
    assert closed("level:0:covariance", spec) == {}
    crossed = edit.set_crossed(spec, 0)
    assert set(closed("level:0:covariance", crossed)) == {"independent", "unstructured"}


COMMANDS = {
    "df": "mixed y x || id:, {} dfmethod({})",
    "vce": "mixed y x || id:, {} vce({})",
    "weight": "mixed y x [{1}=w] || id:, {0}",
    "pwscale": "mixed y x || id:, {} pwscale({})",
    "residuals": "mixed y x, {} residuals({}, t(t))",
}


@pytest.mark.parametrize(
    ("field", "more", "value"),
    [
        ("df", "", "kroger"), ("df", "vce(robust)", "anova"),
        ("vce", "dfmethod(anova)", "robust"), ("weight", "reml", "pweight"),
        ("weight", "dfmethod(anova)", "pweight"), ("pwscale", "", "gk"), ("residuals", "", "ar"),
    ],
)  # fmt: skip
def test_the_reason_is_the_one_of_the_command_line(field: str, more: str, value: str) -> None:
    without = "mixed y x, {}" if field == "residuals" else "mixed y x || id:, {}"
    spec = parse_mixed(without.format(more).rstrip(", "))
    with pytest.raises(SpecError) as refused:
        parse_mixed(COMMANDS[field].format(more, value))
    assert closed(field, spec)[value].reason == refused.value.message


@pytest.mark.parametrize("field", VALUES)
def test_every_reason_is_a_message_of_a_rule(field: str) -> None:
    for spec in VALID:
        for value, why in closed(field, spec).items():
            assert why.reason in [p.message for p in invalid(choose(field, value, spec))]
