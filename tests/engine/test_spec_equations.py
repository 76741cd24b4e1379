"""Equations of a model: the level-wise ones, put into one another, are the combined one."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest

from terrace.spec import edit
from terrace.spec.equations import Line, equations
from terrace.spec.equations_render import (
    combined_html,
    equations_html,
    equations_latex,
    equations_text,
    line_text,
)
from terrace.spec.model import Factor, ModelSpec, Term


def model(*fixed: str, levels: tuple[str, ...] = (), slopes: tuple[tuple[int, str], ...] = ()) -> ModelSpec:
    spec = edit.set_outcome(edit.empty(), "y")
    for name in fixed:
        spec = edit.add_term(spec, Term(tuple(Factor(n) for n in name.split("#"))))
    for level in levels:
        spec = edit.add_level(spec, level)
    for level, name in slopes:
        spec = edit.add_slope(spec, level, Term(tuple(Factor(n) for n in name.split("#"))))
    return spec


def lines(spec: ModelSpec, at: dict[str, int] | None = None) -> list[str]:
    found = equations(spec, at)
    return [line_text(x) for b in found.levels for x in b.lines]


def test_slopes_as_outcomes() -> None:
    spec = model("ses", "sector", "ses#sector", levels=("id",), slopes=((0, "ses"),))
    spec = edit.set_covariance(spec, 0, "unstructured")
    at = {"ses": 1, "sector": 2}
    assert lines(spec, at) == [
        "y_ij = β_0j + β_1j ses_ij + e_ij",
        "β_0j = γ_00 + γ_01 sector_j + u_0j",
        "β_1j = γ_10 + γ_11 sector_j + u_1j",
    ]
    found = equations(spec, at)
    assert line_text(found.combined) == (
        "y_ij = γ_00 + γ_10 ses_ij + γ_01 sector_j + γ_11 ses_ij × sector_j + u_0j + u_1j ses_ij + e_ij"
    )
    assert [line_text(x) for x in found.distributions] == [
        "(u_0j, u_1j) ~ N(0, τ), τ with 3 parameters",
        "e_ij ~ N(0, σ²)",
    ]
    assert [b.title for b in found.levels] == ["Level 1", "Level 2, id"]


def test_labels_name_levels() -> None:
    found = equations(model(levels=("id",)), labels={"id": "School"})
    assert found.levels[1].title == "Level 2, School (id)"


def test_a_model_without_levels_is_one_equation() -> None:
    assert lines(model("x", "x#x")) == ["y_i = β_0 + β_1 x_i + β_2 x²_i + e_i"]


def test_without_the_fixed_intercept_the_random_one_stays() -> None:
    spec = edit.set_constant(model("x", levels=("id",)), False)
    assert lines(spec) == ["y_ij = β_0j + β_1j x_ij + e_ij", "β_0j = u_0j", "β_1j = γ_10"]


def test_a_slope_without_a_fixed_effect_varies_around_nothing() -> None:
    spec = model(levels=("id",), slopes=((0, "x"),))
    assert lines(spec)[-1] == "β_1j = u_1j"


def test_crossed_effects_and_structured_residuals() -> None:
    spec = edit.set_crossed(model("week", levels=("week", "id")), 0)
    spec = edit.set_residuals(edit.set_residual_structure(spec, "ar"), time="week", by="sex", order=2)
    assert lines(spec)[0] == "y_ij = β_0j + β_1j week_ij + v_week + e_ij"
    assert [line_text(x) for x in equations(spec).distributions] == [
        "v_week ~ N(0, τ²_week)",
        "u_0j ~ N(0, τ²_id)",
        "e_j ~ N(0, R), AR(2) over week for each sex",
    ]


def test_blocks_of_one_level_have_their_own_laws() -> None:
    spec = model("x", "z", levels=("region", "region", "state"), slopes=((0, "x"), (0, "z")))
    spec = edit.set_covariance(spec, 0, "identity")
    laws = [line_text(x) for x in equations(spec).distributions]
    assert laws[:3] == [
        "(u_10k, u_20k) ~ N(0, τ_region), τ_region one variance on the diagonal, 1 parameter",
        "u_00k ~ N(0, τ²_region)",
        "r_0jk ~ N(0, τ²_state)",
    ]


def test_factors_are_columns_up_to_a_point() -> None:
    spec = edit.add_fixed(model(), Factor("race", "factor"))
    few = equations(spec, levels_of=lambda f: ("Black", "Other"))
    assert line_text(few.combined) == "y_i = β_0 + β_1 race:Black_i + β_2 race:Other_i + e_i"
    binary = equations(spec, levels_of=lambda f: ("Black",))
    assert line_text(binary.combined) == "y_i = β_0 + β_1 race_i + e_i"
    many = equations(spec, levels_of=lambda f: tuple(map(str, range(30))))
    assert line_text(many.combined) == "y_i = β_0 + β_1 race:1…30_i + e_i"


def test_holes_are_written_as_such() -> None:
    spec = edit.add_level(edit.set_crossed(edit.add_level(edit.empty(), ""), 0), "")
    assert line_text(equations(spec).combined) == "outcome_i = β_0 + v_? + e_i"


# --- against substitution -----------------------------------------------------------------------------------
Summand = tuple[str, tuple[tuple[str, int], ...]]


def summands(line: Line) -> list[tuple[list[str], dict[str, int]]]:
    """The right-hand side as sums of products: symbols, and variables with their powers."""
    out: list[tuple[list[str], dict[str, int]]] = [([], {})]
    start = next(k for k, t in enumerate(line) if t.text == "=") + 1
    for t in line[start:]:
        if t.kind == "operator" and t.text == "+":
            out.append(([], {}))
        elif t.kind == "symbol":
            out[-1][0].append(f"{t.text}_{t.sub}")
        elif t.kind == "variable":
            out[-1][1][f"{t.text}_{t.sub}"] = int(t.sup or 1)
    return out


def substituted(spec: ModelSpec, at: dict[str, int]) -> set[Summand]:
    """The first-level equation with every coefficient replaced by its own equation."""
    found = equations(spec, at)
    rules = {f"{x[0].text}_{x[0].sub}": summands(x) for b in found.levels[1:] for x in b.lines}

    def grow(symbols: list[str], variables: dict[str, int]) -> set[Summand]:
        (symbol,) = symbols
        if symbol not in rules:
            return {(symbol, tuple(sorted(variables.items())))}
        out: set[Summand] = set()
        for inner, more in rules[symbol]:
            joint = {n: variables.get(n, 0) + more.get(n, 0) for n in {*variables, *more}}
            out |= grow(inner, joint)
        return out

    return set().union(*(grow(s, v) for s, v in summands(found.levels[0].lines[0])))


CASES = [
    (("a", "b", "a#b"), ((0, "a"),), ("id",)),
    (("a", "a#a", "b", "c", "a#c", "b#c"), ((1, "a"), (0, "a"), (0, "b")), ("top", "id")),
    (("a", "b", "c", "a#b", "a#c", "b#c", "a#b#c"), ((1, "a"), (1, "a#a"), (0, "c")), ("top", "id")),
    (("a#b",), ((0, "a"),), ("id",)),
    (("a", "b", "c", "d", "a#d"), ((0, "a"), (1, "b"), (2, "a")), ("l4", "l3", "l2")),
]


@pytest.mark.parametrize(("fixed", "slopes", "levels"), CASES)
@pytest.mark.parametrize("constant", [True, False])
def test_the_combined_equation_is_the_level_wise_ones_substituted(
    fixed: tuple[str, ...], slopes: tuple[tuple[int, str], ...], levels: tuple[str, ...], constant: bool
) -> None:
    spec = edit.set_constant(model(*fixed, levels=levels, slopes=slopes), constant)
    for at in itertools.product(range(1, len(levels) + 2), repeat=4):
        known = dict(zip("abcd", at, strict=True))
        if any(known[n] > len(levels) - i for i, name in slopes for n in name.split("#")):
            continue  # a slope of what does not vary within the groups has no place in the equations
        combined = {(s[0], tuple(sorted(v.items()))) for s, v in summands(equations(spec, known).combined)}
        assert substituted(spec, known) == combined


def test_every_coefficient_has_its_own_symbol() -> None:
    spec = model(*(f"x{k}" for k in range(12)), levels=("id",))
    symbols = [s[0] for s, _ in summands(equations(spec).combined)]
    assert len(set(symbols)) == len(symbols) == 15
    assert "γ_(10)0" in symbols and "γ_10" in symbols


# --- renderers ----------------------------------------------------------------------------------------------
def test_html_is_well_formed_and_escapes_names() -> None:
    spec = edit.add_fixed(model(levels=("id",)), Factor("a<b&c"))
    for html in (equations_html(equations(spec)), combined_html(equations(spec))):
        ElementTree.fromstring(f"<body>{html}</body>")
        assert "a&lt;b&amp;c" in html
    assert "<i>y</i><sub><i>ij</i></sub> =" in equations_html(equations(spec))
    assert "β<sub>0j</sub>" in equations_html(equations(spec))


def test_latex_escapes_and_balances() -> None:
    spec = model("long_name", "long_name#long_name", levels=("id",))
    latex = equations_latex(equations(spec))
    assert latex.count("{") == latex.count("}")
    assert r"\beta_{1j} \,\mathit{long\_name}_{ij}" in latex
    assert r"\mathit{long\_name}_{ij}^{2}" in latex
    assert r"u_{0j} &\sim N(0, \tau^{2})" in latex
    assert equations_text(equations(spec)).splitlines()[0] == "Level 1"
