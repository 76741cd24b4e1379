"""A fit as tables: rows, labels, columns, notes; and models side by side."""

from __future__ import annotations

import re
from dataclasses import replace
from math import log
from pathlib import Path

import fixtures_report as fx
import numpy as np
import pandas as pd
import pytest
from data_support import dataset, ok, session_on

from terrace.data.dataset import Dataset, Variable
from terrace.errors import TerraceError
from terrace.report.cells import shown
from terrace.results.fit import FixedEffect
from terrace.results.labels import table_labels
from terrace.results.table import Column, Row, Table
from terrace.results.tables import compare_tables, fit_tables
from terrace.results.tables_compare import merged
from terrace.results.tables_terms import random_label, term_name
from terrace.session.session import Session
from terrace.spec.model import Display


def by_key(tables: tuple[Table, ...]) -> dict[str, Table]:
    return {t.key: t for t in tables}


def row(table: Table, code: str) -> Row:
    return next(r for r in table.rows if r.code == code)


def cell(table: Table, code: str, key: str) -> object:
    keys = [c.key for c in table.columns]
    return row(table, code).values[keys.index(key)]


# --- journal ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", fx.EVERY)
@pytest.mark.parametrize("style", ["journal", "classic"])
def test_every_estimate_is_in_the_tables_once(make, style) -> None:
    fit = make()
    tables = by_key(fit_tables(fit, style))
    assert list(tables) == ["fixed", "random", "fit"]
    for effect in fit.fixed:
        if effect.kind == "estimated":
            assert cell(tables["fixed"], effect.term, "coef") == effect.coef
            assert cell(tables["fixed"], effect.term, "se") == effect.se
    shown = [r.values[0] for r in tables["random"].rows if r.kind == "row"]
    own = [r.estimate for r in fit.random]
    assert shown == own if style == "classic" else sorted(shown) == sorted(own)
    for table in tables.values():
        assert all(len(r.values) == len(table.columns) for r in table.rows if r.kind != "group")
        codes = [r.code for r in table.rows if r.kind == "row" and table.key == "fixed"]
        assert len(set(codes)) == len(codes)


def test_journal_puts_the_intercept_first_and_reads_well() -> None:
    fixed = by_key(fx.two_level().tables())["fixed"]
    assert [r.label for r in fixed.rows] == ["Intercept", "hours"]
    assert [c.title for c in fixed.columns] == ["Estimate", "SE", "z", "p", "95% CI"]


def test_journal_begins_the_random_effects_with_the_intercept() -> None:
    random = by_key(fx.two_level().tables())["random"]
    labels = [r.label for r in random.rows[1:]]
    assert labels == ["Var(intercept)", "Var(hours)", "Cov(intercept, hours)", "Residual variance"]
    by_name = {r.name: r.estimate for r in fx.two_level().random}
    assert cell(random, "school:var(_cons)", "estimate") == by_name["var(_cons)"]


def test_labels_of_variables_stand_for_their_names() -> None:
    labels = {"hours": "Hours of homework", "school": "School"}
    fixed, random, _ = fx.two_level().tables(labels=labels)
    assert [r.label for r in fixed.rows] == ["Intercept", "Hours of homework"]
    assert [r.code for r in fixed.rows] == ["_cons", "hours"]
    assert [r.label for r in random.rows][:2] == ["School (school), unstructured", "Var(intercept)"]
    assert random.rows[2].label == "Var(Hours of homework)"


def test_degrees_of_freedom_make_t_tests() -> None:
    fixed = by_key(fx.small_df().tables())["fixed"]
    assert [c.title for c in fixed.columns] == ["Estimate", "SE", "df", "t", "p", "95% CI"]
    assert cell(fixed, "_cons", "df") == 4.0
    note = by_key(fx.small_df().tables())["random"].notes
    assert any("Kenward–Roger degrees of freedom." in n for n in note)


def test_levels_of_a_factor_stand_under_its_name() -> None:
    fixed = by_key(fx.by_group().tables())["fixed"]
    assert [(r.label, r.kind, r.indent) for r in fixed.rows] == [
        ("Intercept", "row", 0),
        ("program: Weights", "row", 0),  # one level needs no heading
        ("day", "group", 0),
        ("4", "row", 1),
        ("6", "row", 1),
        ("program × day", "group", 0),
        ("Weights × 4", "row", 1),
        ("Weights × 6", "row", 1),
    ]
    assert "Reference categories: program = Repetitions; day = 0." in fixed.notes


def test_base_levels_are_rows_on_request() -> None:
    rows = by_key(fx.by_group(display=Display(baselevels=True)).tables())["fixed"].rows
    base = next(r for r in rows if r.code == "1.program")
    assert base.values == ("reference", None, None, None, None)
    assert "1.program#0.day" not in [r.code for r in rows]
    every = by_key(fx.by_group(display=Display(allbaselevels=True)).tables())["fixed"]
    assert "1.program#0.day" in [r.code for r in every.rows]
    assert not every.notes


def test_codes_replace_labels_on_request() -> None:
    rows = by_key(fx.by_group(display=Display(nofvlabel=True)).tables())["fixed"].rows
    assert "program: 2" in [r.label for r in rows] and "2 × 4" in [r.label for r in rows]


def test_omitted_and_empty_cells() -> None:
    fixed = by_key(fx.boundary().tables())["fixed"]
    assert cell(fixed, "ses2", "coef") == "omitted"
    assert cell(fixed, "1.sector#3.size", "coef") == "empty"
    assert "ses2 was left out: it is twice ses." in fixed.notes
    hidden = by_key(fx.boundary(display=Display(noomitted=True, noemptycells=True)).tables())["fixed"]
    assert {"ses2", "1.sector#3.size"}.isdisjoint(r.code for r in hidden.rows)


def test_warnings_can_stay_out_of_the_notes() -> None:
    notes = [n for t in fx.boundary().tables(warnings=False) for n in t.notes]
    assert not any("left out" in n or "does not vary" in n for n in notes)
    assert any(n.startswith("†") for n in notes)


def test_the_boundary_is_marked_and_explained() -> None:
    random = by_key(fx.boundary().tables())["random"]
    assert row(random, "id:var(ses)").label == "Var(ses) †"
    assert row(random, "id:var(_cons)").label == "Var(intercept)"
    assert row(random, "id:var(ses)").values[1:] == (None, None)
    assert any(n.startswith("† On the boundary") for n in random.notes)


def test_levels_head_the_random_part() -> None:
    rows = by_key(fx.three_level().tables(labels={"region": "Census region"}))["random"].rows
    assert [(r.label, r.kind) for r in rows] == [
        ("Census region (region), identity", "group"),
        ("Var(roads, labour)", "row"),
        ("Census region (region)", "group"),
        ("Var(intercept)", "row"),
        ("state", "group"),
        ("Var(intercept)", "row"),
        ("Residual variance", "row"),
    ]


def test_crossed_factors_and_residual_structures_are_named() -> None:
    crossed = [r.label for r in by_key(fx.crossed().tables())["random"].rows]
    assert crossed[:4] == ["week, crossed", "Var(intercept)", "animal, crossed", "Var(intercept)"]
    ar = [r.label for r in by_key(fx.autoregressive().tables())["random"].rows]
    assert ar == ["mare", "Var(intercept)", "Residual, AR(2)", "φ₁", "φ₂", "Var(e)"]


def test_standard_deviations_on_request() -> None:
    fit = fx.two_level()
    random = by_key(fit.tables(metric="sd"))["random"]
    assert [r.label for r in random.rows] == [
        "school, unstructured", "SD(intercept)", "SD(hours)", "Corr(intercept, hours)", "Residual SD",
    ]  # fmt: skip
    own = {r.name: r.estimate for r in fit.random_sd}
    assert [r.values[0] for r in random.rows[1:3]] == [own["sd(_cons)"], own["sd(hours)"]]
    assert [r.values[0] for r in by_key(fit.tables(metric="estmetric"))["random"].rows[1:]] == [
        r.estimate for r in fit.random_estmetric
    ]


def test_notes_tell_sample_method_and_tests() -> None:
    text = " ".join(by_key(fx.two_level().tables())["random"].notes)
    assert "5,389 observations in 120 groups of school (14 to 67, mean 44.9)." in text
    assert "REML, log restricted-likelihood −23,320.50." in text
    assert "LR χ²(3) = 421.33, p < .001 (conservative; p < .001 by the mixture" in text
    assert "Wald χ²(1) = 409.23, p < .001." in text
    three = " ".join(by_key(fx.three_level().tables())["random"].notes)
    assert "9 groups of region (51 to 136, mean 90.7) and 48 of state (17 each)" in three
    assert "F(3, 12.0) = 24.76" in " ".join(by_key(fx.small_df().tables())["random"].notes)
    assert "equal mixture of χ²(0) and χ²(1)" in " ".join(by_key(fx.small_df().tables())["random"].notes)
    assert "148 clusters of id_school" in " ".join(by_key(fx.robust().tables())["random"].notes)
    failed = replace(fx.two_level(), converged=False)
    assert "did not converge" in " ".join(by_key(failed.tables())["random"].notes)


def test_information_criteria() -> None:
    fit = fx.two_level()
    (values,) = [r.values for r in by_key(fit.tables())["fit"].rows]
    assert values == (5389, 6, fit.ll, 2 * 23320.5021 + 12, 2 * 23320.5021 + 6 * log(5389))


@pytest.mark.parametrize(
    ("options", "keys", "columns"),
    [
        ({"nofetable": True}, ["random", "fit"], None),
        ({"noretable": True, "noheader": True}, ["fixed"], None),
        ({"noci": True}, None, ["Estimate", "SE", "df", "t", "p"]),
        ({"nopvalues": True}, None, ["Estimate", "SE", "df", "95% CI"]),
        ({"dftable": "ci"}, None, ["Estimate", "SE", "df", "95% CI"]),
        ({"dftable": "pvalue"}, None, ["Estimate", "SE", "df", "t", "p"]),
    ],
)
def test_display_options(options, keys, columns) -> None:
    tables = fx.small_df(Display(**options)).tables()
    if keys:
        assert [t.key for t in tables] == keys
    if columns:
        assert [c.title for c in tables[0].columns] == columns


def test_no_lr_note_with_nolrtest() -> None:
    notes = fx.two_level(display=Display(nolrtest=True)).tables()[1].notes
    assert not any("linear model" in n for n in notes)


def test_formats_set_the_decimals() -> None:
    fixed = fx.two_level(display=Display(cformat="%9.5f", pformat="%6.4f")).tables()[0]
    assert {c.key: c.decimals for c in fixed.columns} == {
        "coef": 5, "se": 5, "stat": None, "p": 4, "ci": 5,
    }  # fmt: skip


def test_classic_tables_keep_the_order_and_names_of_commands() -> None:
    fixed = by_key(fx.boundary().tables(style="classic"))["fixed"]
    labels = [r.label for r in fixed.rows]
    assert labels[0] == "ses" and labels[-1] == "_cons"
    assert "sector#c.ses" in labels
    assert [c.title for c in fixed.columns] == [
        "Coefficient", "Std. err.", "z", "P>|z|", "[95% conf.", "interval]",
    ]  # fmt: skip
    random = by_key(fx.by_group().tables(style="classic"))["random"]
    assert [r.label for r in random.rows][:3] == ["id: (empty)", "Residual: Unstructured, by sex", "1: var(e0)"]
    assert by_key(fx.three_level().tables(style="classic"))["random"].rows[1].label == "var(roads labour)"


# --- names --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("term", "label", "shown", "labels", "head"),
    [
        ("_cons", "_cons", "Intercept", (), "_cons"),
        ("1.sector#c.ses", "sector: Catholic × ses", "sector: Catholic × ses", ("Catholic",), "sector#c.ses"),
        ("1.sector#c.ses", "", "sector: 1 × ses", ("1",), "sector#c.ses"),
        ("c.age#c.age", "", "age²", (), "c.age#c.age"),
        ("2.a#3.b", "a: x × y × b: u: v", "a: x × y × b: u: v", ("x × y", "u: v"), "a#b"),
        ("cL2.gnp#c.x", "", "L2.gnp × x", (), "c.L2.gnp#c.x"),
        ("L.gnp", "L.gnp", "L.gnp", (), "L.gnp"),
        ("1o.sector", "sector: Catholic", "sector: Catholic", ("Catholic",), "sector"),
    ],
)
def test_terms_taken_apart(term, label, shown, labels, head) -> None:
    name = term_name(FixedEffect(term, label, 1.0, None, None, None, None, None, None))
    assert (name.label, name.labels, name.listing_head) == (shown, labels, head)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("var(week)", "Var(week)"), ("cov(week,_cons)", "Cov(intercept, week)"), ("rho", "ρ"),
        ("theta2", "θ₂"), ("3:var(e)", "3: Var(e)"), ("3:rho", "3: ρ"), ("var(R.state)", "Var(state)"),
        ("var(0.girl#age)", "Var(girl: 0 × age)"), ("sd(Residual)", "SD(Residual)"),
        ("corr(a,b)", "Corr(a, b)"), ("var(hwy,unemp)", "Var(hwy, unemp)"),
    ],
)  # fmt: skip
def test_names_of_random_parameters(name, label) -> None:
    assert random_label(name) == label


# --- side by side -------------------------------------------------------------------------------------------
def test_models_side_by_side() -> None:
    one, two = fx.two_level(), fx.boundary(name="edge")
    table = compare_tables([one, two])
    assert [c.title for c in table.columns] == ["slope", "edge"]
    hours, se = row(table, "hours"), row(table, "se(hours)")
    assert hours.values == (one.fixed[0].coef, None)
    assert se.values == (one.fixed[0].se, None)
    assert (hours.format, se.format) == ("estimate", "bracketed")
    assert row(table, "_cons").values == (one.fixed[-1].coef, two.fixed[-1].coef)
    assert "ses2" not in [r.code for r in table.rows]
    assert row(table, "N").values == (5389, 7185)
    assert row(table, "N_g:school").values == (120, None)
    assert row(table, "ll").values == (one.ll, two.ll)
    notes = " ".join(table.notes)
    assert "slope: REML; edge: ML." in notes and "different observations" in notes
    assert "Outcomes: slope: score; edge: mathach." in notes


def test_comparing_reml_fits_with_other_fixed_parts_is_warned_of() -> None:
    one = fx.two_level()
    other = replace(one, fixed=one.fixed[1:], name="null")
    assert any("REML likelihoods" in n for n in compare_tables([one, other]).notes)
    assert not any("REML likelihoods" in n for n in compare_tables([one, replace(one, name="again")]).notes)


def test_standard_deviations_side_by_side() -> None:
    table = compare_tables([fx.two_level()], ["A"], metric="sd")
    assert row(table, "school:sd(hours)").values == (fx.two_level().random_sd[0].estimate,)


def test_nothing_to_compare() -> None:
    with pytest.raises(TerraceError, match="no model"):
        compare_tables([])
    with pytest.raises(TerraceError, match="1 model and 2 names"):
        compare_tables([fx.two_level()], ["a", "b"])


def test_merged_lists_keep_both_orders() -> None:
    assert merged([["a", "b", "d"], ["b", "c", "d", "e"]]) == ["a", "b", "c", "d", "e"]
    assert merged([["x"], ["a", "x"]]) == ["a", "x"]


def test_short_labels_stand_for_names_and_those_of_groups_always() -> None:
    data = Dataset(
        pd.DataFrame({"school": [1], "hours": [1.0], "y": [1.0], "plain": [1.0]}),
        (
            Variable("school", "School of the pupil in the year of the first survey"),
            Variable("hours", "Hours of homework a week as told by the pupil"),
            Variable("y", "Mathematics"),
            Variable("plain"),
        ),
    )
    found = table_labels([fx.two_level()], data)
    assert found == {"school": "School of the pupil in the year of the first survey", "y": "Mathematics"}
    assert table_labels([], None) == {}


def test_a_cell_is_found_by_the_key_of_its_column() -> None:
    table = Table("T", (Column("b", "B"), Column("se", "SE")), (Row("x", (1.0, 2.0)), Row("Level", (), "group")))
    rows = tuple(replace(r, values=r.values[::-1]) for r in table.rows)
    turned = replace(table, columns=table.columns[::-1], rows=rows)
    for one in (table, turned):
        assert [one.cell(r, "se") for r in one.rows] == [2.0, None]
    with pytest.raises(KeyError):
        table.cell(table.rows[0], "df")


def test_nobody_reads_a_cell_by_its_place() -> None:
    """Columns move: what stood third is the degrees of freedom one day. `Table.cell` finds them by name."""
    root = Path(__file__).resolve().parents[2]
    one = r"\b(?:r|row|line|rows\[-?\d+\])\.values"
    places = re.compile(rf"{one}\[-?\d+\]|^ *\w+(?:, \*?\w+)+ = {one}$", re.MULTILINE)
    found = [
        f"{path.relative_to(root)}: {m[0].strip()}"
        for part in ("engine/terrace", "desktop/terrace_desktop", "tools")
        for path in (root / part).rglob("*.py")
        for m in places.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


# --- p values -----------------------------------------------------------------------------------------------
TESTED = (
    "lrtest a b", "estimates compare a b", "test x", "contrast g", "ttest y, by(h)", "oneway y g", "pwcorr y x, sig",
    "spearman y x", "pwcompare g",
)


@pytest.fixture(scope="module")
def of_tests() -> Session:
    """A session with two models, of which one is nested in the other."""
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(20), 6)
    x = rng.normal(size=120)
    y = 0.4 * x + rng.normal(size=20)[group] + rng.normal(size=120)
    session = session_on(dataset(y=y, x=x, id=group, g=rng.integers(0, 3, 120), h=group % 2))
    for command in ("mixed y || id:, ml", "estimates store a", "mixed y x i.g || id:, ml", "estimates store b"):
        ok(session, command)
    return session


@pytest.mark.parametrize("command", TESTED)
def test_p_values_have_three_decimals_wherever_they_stand(of_tests: Session, command: str) -> None:
    found = []
    for table in ok(of_tests, command).tables:
        for line, row in zip(shown(table).lines, table.rows):
            for cell, column in zip(line.cells, table.columns):
                if row.label == "p" or column.key in ("lower", "both", "upper") or column.key.split("_")[0] == "p":
                    found += [cell.text] if cell.value is not None else []
    assert found and all(re.fullmatch(r"([<>] )?\.\d{3}", text) for text in found), found
