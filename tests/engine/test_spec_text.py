"""A model prints itself as a command that reads back as the same model."""

from __future__ import annotations

import pytest
from hypothesis import given
from strategies_spec import specs

from terrace.language.mixed import parse_mixed
from terrace.spec.model import ModelSpec
from terrace.spec.text import format_mixed, format_residuals, number_text


@given(specs())
def test_round_trip(spec: ModelSpec) -> None:
    text = format_mixed(spec)
    assert parse_mixed(text) == spec, text
    assert "\n" not in text and "  " not in text


@given(specs())
def test_the_text_is_canonical(spec: ModelSpec) -> None:
    text = format_mixed(spec)
    assert format_mixed(parse_mixed(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "mixed weight week || id:",
        "mixed gsp private emp || region: hwy unemp, covariance(identity) || region: || state:",
        "mixed y || id:, reml dfmethod(kroger, oim) dftable(ci)",
        "mixed weight week || _all: R.week || id: week",
        "mixed mathach c.ses##i.sector || id: ses, covariance(unstructured)",
        "mixed y ib2.a##i.b##c.x ibn.g ib(last).h ib(freq).k ib(#3).m",
        "mixed y i.a i.a#c.x, noconstant || id: i.a#c.x, noconstant",
        "mixed D.y L2.x S12F.z iL.g i.a#cL.x || id:",
        "mixed y x if a > 1 in 1/10 [pweight=w/v] || id: x, pweight(u) pwscale(gk)",
        "mixed y x || id:, residuals(ar 2, t(time) by(g)) nolog level(90) stddeviations",
        "mixed y x, noconstant constraints(1 3) reml",
        'mixed y ib("north").region i("a b" "c").region',
    ],
)
def test_canonical_commands_stay_as_they_are(text: str) -> None:
    assert format_mixed(parse_mixed(text)) == text


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("mixed y i.a c.x i.a#c.x", "mixed y i.a##c.x"),
        ("mixed y a##b##c", "mixed y i.a##i.b##i.c"),
        ("mixed y c.(a b)##i.g || id:week", "mixed y a b i.g c.a#i.g c.b#i.g || id: week"),
        ("mixed y x||id:,cov(id)", "mixed y x || id:, covariance(identity)"),
        ("mixed y L(0/2).x", "mixed y x L.x L2.x"),
        ("mixed y i(2/4).x", "mixed y i(2 3 4).x"),
        ("xtmixed y x || id:", "mixed y x || id:, reml stddeviations"),
        ("xtmixed y x || id:, var mle", "mixed y x || id:"),
        ("mixed y x x c.x i.x i.x", "mixed y x i.x"),
    ],
)
def test_a_command_is_brought_to_one_form(typed: str, canonical: str) -> None:
    assert format_mixed(parse_mixed(typed)) == canonical


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.0, "2"), (0.5, "0.5"), (1e-10, "1e-10"), (-3.0, "-3"), (1e20, "1e+20"), (99.5, "99.5")],
)
def test_numbers_are_written_as_one_types_them(value: float, text: str) -> None:
    assert number_text(value) == text
    assert float(text) == value


def test_residuals_are_written_alone() -> None:
    spec = parse_mixed("mixed y || id:, res(banded 0, t(day))")
    assert format_residuals(spec.residuals) == "banded 0, t(day)"
