"""Rules on models: each is broken once by hand, names its cause, and its mended model obeys it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import terrace
from terrace.data.dataset import Dataset, Measure, Panel, Variable
from terrace.spec import edit
from terrace.spec.check import Problem, examine, problems
from terrace.spec.counts import covariance_parameters
from terrace.spec.facts import facts_of
from terrace.spec.model import Factor, ModelSpec, RandomEquation, Residuals, Term, Weight
from terrace.spec.roles import factor_for, refusal

NOMINAL = ("sector", "race", "name")


def dataset(frame: pd.DataFrame, **labels: dict[float, str]) -> Dataset:
    variables = tuple(
        Variable(
            str(n),
            measure=Measure.NOMINAL if n in NOMINAL else Measure.CONTINUOUS,
            value_labels=labels.get(str(n), {}),
        )
        for n in frame.columns
    )
    return Dataset(frame, variables)


def school_frame() -> pd.DataFrame:
    """Three districts of four schools of six pupils, each measured in a week 1 to 6."""
    rng = np.random.default_rng(7)
    n = 72
    school = np.repeat(np.arange(1, 13), 6)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "ses": rng.normal(size=n),
            "week": np.tile(np.arange(1, 7), 12),
            "school": school,
            "district": (school + 3) // 4,
            "pupil": np.arange(n),
            "sector": (school % 2).astype(float),
            "size": school * 10.0,
            "race": rng.integers(0, 3, n).astype(float),
            "name": np.where(school % 2 == 1, "left", "right"),
            "lab": np.tile([1, 2, 3], 24),
            "half": np.tile(np.arange(1, 7) / 2, 12),
            "one": np.ones(n),
            "empty": np.full(n, np.nan),
            "some": np.where(np.arange(n) < 10, np.nan, rng.normal(size=n)),
            "weight": rng.uniform(0.5, 2.0, n),
            "count": rng.integers(1, 4, n),
            "inf": np.where(np.arange(n) == 4, np.inf, 1.5 * np.arange(n)),
        }
    )


@pytest.fixture(scope="module")
def data() -> Dataset:
    return dataset(school_frame(), sector={0.0: "Public", 1.0: "Catholic"})


def term(*names: str) -> Term:
    return Term(tuple(Factor(n, "factor" if n in NOMINAL else "continuous") for n in names))


def model(*fixed: str, levels: tuple[str, ...] = ("school",), y: str = "y") -> ModelSpec:
    return ModelSpec(Factor(y), tuple(term(n) for n in fixed), tuple(RandomEquation(level) for level in levels))


def only(spec: ModelSpec, data: Dataset, code: str) -> Problem:
    found = [p for p in problems(spec, data) if p.code == code]
    assert found, f"{code} not among {[p.code for p in problems(spec, data)]}"
    return found[0]


def test_a_sound_model_has_no_problem(data: Dataset) -> None:
    spec = edit.add_interaction(model("ses", "sector"), [0, 1])
    spec = edit.set_covariance(edit.add_slope(spec, 0, term("ses")), 0, "unstructured")
    assert problems(spec, data) == ()
    assert examine(spec, data).ready


def slope(spec: ModelSpec, name: str, level: int = 0) -> ModelSpec:
    return edit.add_slope(spec, level, term(name))


def timed(structure: str, **changes: object) -> ModelSpec:
    spec = edit.set_residual_structure(model(), structure)  # type: ignore[arg-type]
    return edit.set_residuals(edit.set_random_constant(spec, 0, False), **changes)


# code, model that breaks the rule, field, words of the message, name of the button ("" for none)
BROKEN = [
    ("outcome-missing", model(y=""), "outcome", "Choose an outcome", ""),
    ("outcome-text", model(y="name"), "outcome", "name holds text", "Remove it"),
    ("outcome-constant", model(y="one"), "outcome", "one is constant", "Remove it"),
    ("all-missing", model(y="empty"), "outcome", "empty is missing in all rows", "Remove it"),
    ("infinite", model(y="inf"), "outcome", "inf has an infinite value (first in row 5)", ""),
    ("outcome-is-group", model(y="school"), "outcome", "school is also a group variable", "Remove it"),
    ("no-such-variable", model("sess"), "fixed:0", "no variable sess", "Remove it"),
    ("no-such-variable", model(levels=("scool",)), "level:0:group", "scool", "Remove this level"),
    ("outcome-is-predictor", model("y"), "fixed:0", "y is the outcome", "Remove it"),
    ("text-predictor", ModelSpec(Factor("y"), (Term((Factor("name"),)),)), "fixed:0", "name holds text",
     "Use i.name"),
    ("all-missing", model("ses", "empty"), "fixed:1", "empty is missing in all rows", "Remove it"),
    ("predictor-constant", model("one"), "fixed:0", "one is constant", "Remove it"),
    ("infinite", model("inf"), "fixed:0", "inf has an infinite value (first in row 5)", ""),
    ("many-levels", ModelSpec(Factor("y"), (Term((Factor("pupil", "factor"),)),)), "fixed:0", "72 levels",
     "Treat as continuous"),
    ("no-such-level", ModelSpec(Factor("y"), (Term((Factor("race", "factor", base=9.0),)),)), "fixed:0",
     "race has no level 9", "Use the lowest"),
    ("no-main-effect", ModelSpec(Factor("y"), (term("ses", "week"),)), "fixed:0",
     "main effect of ses and week", "Add ses and week"),
    ("two-kinds", ModelSpec(Factor("y"), (Term((Factor("race"),)), Term((Factor("race", "factor"),)))),
     "fixed:0", "race enters both", "Use i.race"),
    ("group-missing", model(levels=("",)), "level:0:group", "Choose a group variable", "Remove this level"),
    ("one-group", model(levels=("one",)), "level:0:group", "one has one group", "Remove this level"),
    ("few-groups", model(levels=("district",)), "level:0:group", "district has 3 groups", ""),
    ("one-row-groups", model(levels=("pupil",)), "level:0:group", "one row", "Remove this level"),
    ("slope-constant", slope(model("size"), "size"), "level:0:slope:0",
     "size does not vary within school, so its slope only lets", "Remove it"),
    ("slope-without-fixed", slope(model(), "ses"), "level:0:slope:0", "no fixed effect", "Add ses"),
    ("outcome-is-slope", slope(model(), "y"), "level:0:slope:0", "y is the outcome", "Remove it"),
    ("levels-swapped", model(levels=("school", "district")), "level:1:group", "school is nested in district",
     "Move district up"),
    ("levels-cross", model(levels=("lab", "school")), "level:1:group", "groups of school",
     "Cross lab with school"),
    ("same-groups", model(levels=("size", "school")), "level:1:group", "same groups", "Remove school"),
    ("level-order", replace(model(), random=(RandomEquation("school"), RandomEquation("_all", factor="lab"))),
     "level:0", "_all first", "Put them in order"),
    ("no-random-effect", edit.set_random_constant(model(), 0, False), "level:0", "no random effect",
     "Add the intercept"),
    ("all-without-factor", model(levels=("_all",)), "level:0:group", "_all is one group",
     "Remove this level"),
    ("crossed-covariance", ModelSpec(Factor("y"), (), (RandomEquation("_all", (), "lab", "unstructured"),)),
     "level:0:covariance", "identity or exchangeable", "Use identity"),
    ("crossed-slopes", ModelSpec(Factor("y"), (), (RandomEquation("_all", (term("ses"),), "lab"),)),
     "level:0", "no random slopes", "Remove the slopes"),
    ("time-missing", timed("ar"), "residuals:time", "Autoregressive residuals need a time",
     "Use independent"),
    ("time-not-integer", timed("ar", time="half"), "residuals:time", "need whole-number times",
     "Use exponential"),
    ("time-text", timed("ar", time="name"), "residuals:time", "name holds text", "Remove it"),
    ("time-repeated", timed("ar", time="lab"), "residuals:time", "lab 1 occurs more than once in school 1",
     "Choose another"),
    ("by-varies", timed("exchangeable", by="race"), "residuals:by", "race varies within school (in school 1)",
     "Remove it"),
    ("by-one-group", timed("exchangeable", by="one"), "residuals:by", "one value", "Remove it"),
    ("order-range", timed("banded", time="week", order=6), "residuals:order", "0 to 5", "Use all"),
    ("order-range", timed("toeplitz", time="week", order=6), "residuals:order", "1 to 5", "Use all"),
    ("order-range", timed("ar", time="week", order=0), "residuals:order", "at least 1", "Use 1"),
    ("residuals-without-level", replace(timed("exchangeable"), random=()), "residuals", "need groups",
     "Use independent"),
    ("residuals-double-intercept", edit.set_residual_structure(model(), "exchangeable"), "residuals",
     "same covariance", "Drop the intercept"),
    ("weights-reml", replace(model(), method="reml", weight=Weight("pweight", "weight")), "method",
     "Sampling weights need ML", "Switch to ML"),
    ("df-needs-reml", replace(model(), df_method="kroger"), "df", "Kenward-Roger need REML",
     "Switch to REML"),
    ("df-robust", replace(model(), df_method="residual", vce="robust"), "df", "Satterthwaite DF or",
     "Use model-based SEs"),
    ("df-weights", replace(model(), df_method="anova", weight=Weight("pweight", "weight")), "df",
     "a model without sampling weights", "Use large-sample tests"),
    ("df-weights", replace(model(), df_method="satterthwaite", vce="robust", weight=Weight("fweight", "count")), "df",
     "a model without weights", "Use large-sample tests"),
    ("cr2-weights", replace(model(), vce="robust", vce_correction="cr2", weight=Weight("fweight", "count")), "vce",
     "CR2 needs", "Use CR1"),
    ("df-two-level", replace(model(levels=("district", "school")), df_method="repeated"), "df", "two-level",
     "Use ANOVA DF"),
    ("robust-crossed", replace(edit.set_crossed(model(), 0), vce="robust"), "vce", "put all rows in one",
     "Use model-based SEs"),
    ("cluster-missing", replace(model(), vce="cluster"), "cluster", "Choose the cluster", "Use school"),
    ("cluster-splits", replace(model(), vce="cluster", cluster="lab"), "cluster",
     "school 1 has rows in several clusters of lab", "Use school"),
    ("one-cluster", replace(model(), vce="cluster", cluster="one"), "cluster", "one cluster", "Use robust"),
    ("pwscale-no-weights", replace(model(), pwscale="size"), "pwscale", "there are none", "No scaling"),
    ("pwscale-two-level", replace(model(levels=("district", "school")), weight=Weight("pweight", "weight"),
                                  pwscale="gk"), "pwscale", "two-level", "No scaling"),
    ("weight-missing", replace(model(), weight=Weight("pweight", "")), "weight", "Choose the weight",
     "No weights"),
    ("weight-text", replace(model(), weight=Weight("pweight", "name")), "weight", "name holds text",
     "No weights"),
    ("weight-negative", replace(model(), weight=Weight("pweight", "ses")), "weight", "negative",
     "No weights"),
    ("fweight-fraction", replace(model(), weight=Weight("fweight", "weight")), "weight", "not whole numbers",
     "Use as sampling weights"),
    ("weight-varies", edit.set_level_weight(model(), 0, "pweight", "weight"), "level:0:weight",
     "weight varies within school (in school 1)", "No weights"),
    ("pweights-crossed", replace(edit.set_crossed(model(), 0), weight=Weight("pweight", "weight")), "weight",
     "crossed effects put all rows in one cluster", "Remove the weights"),
    ("level-range", edit.set_display(model(), level=100.0), "confidence", "between 10 and 99.99", "Use 95"),
    ("dftable-no-df", edit.set_display(model(), dftable="ci"), "df", "needs a DF method",
     "Use the usual table"),
    ("emonly", edit.set_maximisation(edit.set_residuals(model(), by="race"), emonly=True), "maximisation",
     "EM alone", "Let Newton finish"),
    ("nostderr", replace(edit.set_residuals(model(), by="race"), nostderr=True), "maximisation",
     "SEs of random effects", "Estimate them"),
    ("technique", edit.set_maximisation(model(), technique="bhhh"), "maximisation", "BHHH", "Use Newton"),
    ("more-parameters-than-rows", ModelSpec(Factor("y"), (Term((Factor("pupil", "factor"),)),)), "model",
     "74 parameters and 72 rows", ""),
]  # fmt: skip


@pytest.mark.parametrize(("code", "spec", "field", "words", "button"), BROKEN)
def test_each_rule(code: str, spec: ModelSpec, field: str, words: str, button: str, data: Dataset) -> None:
    if code == "more-parameters-than-rows":
        spec = edit.add_level(spec, "school")
    problem = only(spec, data, code)
    assert problem.field == field
    assert words in problem.message
    assert problem.fix_label == button
    assert (problem.fix is None) == (button == "")
    if problem.fix is not None:
        left = [p for p in problems(problem.fix, data) if p.code == code and p.field == field]
        assert left == [], "the button does not mend it"


def test_errors_stop_a_fit_and_warnings_do_not(data: Dataset) -> None:
    assert not examine(model(levels=("one",)), data).ready
    warned = examine(model("one"), data)
    assert warned.ready and warned.problems[0].severity == "warning"
    both = examine(model("one", levels=("one",)), data).problems
    assert [p.severity for p in both] == ["error", "warning"]


def test_variation_is_judged_in_the_rows_used(data: Dataset) -> None:
    """ses varies within school 1, but only in a row that a missing value takes away."""
    frame = school_frame()
    frame["x"] = np.where(np.arange(72) == 3, 5.0, frame["school"])
    frame["hole"] = np.where(np.arange(72) == 3, np.nan, frame["ses"])
    d = dataset(frame)
    spec = slope(model("x"), "x")
    assert only(spec, d, "slope-varies-in-few").message.startswith("x varies within 1 of 12 groups")
    assert only(edit.add_fixed(spec, Factor("hole")), d, "slope-constant")


def test_no_rows_is_said_once_with_its_cause() -> None:
    d = dataset(pd.DataFrame({"y": [], "x": [], "id": []}, dtype=float))
    codes = [p.code for p in problems(model("x", levels=("id",)), d)]
    assert codes == ["no-rows"]
    frame = pd.DataFrame({"y": [1.0, np.nan, 2.0, np.nan], "x": [np.nan, 1.0, np.nan, 2.0], "id": [1, 1, 2, 2]})
    found = [p for p in problems(model("x", levels=("id",)), dataset(frame)) if p.code == "no-rows-left"]
    assert "x, y" in found[0].message or "y, x" in found[0].message


def test_an_empty_weight_or_group_variable_is_named() -> None:
    frame = school_frame()
    d = dataset(frame)
    assert only(model(levels=("empty",)), d, "all-missing").field == "level:0:group"
    found = only(replace(model(), weight=Weight("pweight", "empty")), d, "all-missing")
    assert found.field == "rows" and found.message == "empty is missing in all rows."


def test_suggested_time_is_the_declared_or_one_that_fits(data: Dataset) -> None:
    declared = replace(data, panel=Panel("school", "week"))
    problem = only(timed("ar"), declared, "time-missing")
    assert problem.fix_label == "Use week" and problem.fix is not None
    assert problem.fix.residuals.time == "week" and problems(problem.fix, declared) == ()
    used = edit.add_fixed(edit.add_fixed(timed("ar"), Factor("lab")), Factor("week"))
    assert only(used, data, "time-missing").fix_label == "Use week"


def test_condition_limits_the_rows(data: Dataset) -> None:
    spec = edit.set_rows(model("ses"), "district == 1")
    mask = data.numeric("district") == 1
    report = examine(spec, data, mask)
    assert report.counts is not None and report.counts.rows == 24 and report.counts.levels[0].groups.n == 4
    other = examine(edit.set_rows(spec, "district <= 2"), data, data.numeric("district") <= 2)
    assert other.counts is not None and other.counts.rows == 48
    none = examine(edit.set_rows(spec, "district == 9"), data, mask & False)
    assert [p.code for p in none.problems if p.severity == "error"] == ["no-rows-left"]


# --- what will be estimated ---------------------------------------------------------------------------------
def test_counts_of_a_three_level_model(data: Dataset) -> None:
    spec = model("ses", "sector", "some", levels=("district", "school"))
    spec = edit.set_covariance(slope(spec, "ses", 1), 1, "unstructured")
    counts = examine(spec, data).counts
    assert counts is not None
    frame = school_frame().dropna(subset=["some"])
    assert (counts.rows, counts.left_out, counts.missing) == (62, 10, (("some", 10),))
    sizes = frame.groupby("school").size()
    groups = counts.levels[1].groups
    assert (groups.n, groups.min, groups.max) == (len(sizes), sizes.min(), sizes.max())
    assert groups.avg == pytest.approx(sizes.mean())
    assert (counts.fixed, [c.parameters for c in counts.levels], counts.residual) == (4, [1, 3], 1)
    assert counts.total == 9
    assert counts.variable_level == {"ses": 1, "sector": 2, "some": 1}
    assert counts.between == (("sector", "school"),)


def indicators(values: np.ndarray) -> np.ndarray:
    return (values[:, None] == np.unique(values)[None, :]).astype(float)


@pytest.mark.parametrize(
    "fixed",
    [
        ["ses"],
        ["race"],
        ["race", "sector"],
        ["ses", "race", "ses#race"],
        ["race", "sector", "race#sector"],
        ["race", "ses#race"],
        ["race#sector"],
        ["ses", "ses#ses", "race", "ses#race", "ses#ses#race"],
        ["race", "sector", "week", "race#sector", "race#week", "sector#week", "race#sector#week"],
    ],
)
def test_fixed_count_is_the_rank_of_the_full_design(fixed: list[str], data: Dataset) -> None:
    """Against the rank of a design with every indicator of every factor, made here."""
    frame = school_frame()
    blocks = [np.ones((72, 1))]
    spec = model()
    for name in fixed:
        spec = edit.add_term(spec, term(*name.split("#")))
        block = np.ones((72, 1))
        for part in name.split("#"):
            values = frame[part].to_numpy(dtype=float)
            piece = indicators(values) if part in NOMINAL else values[:, None]
            block = (block[:, :, None] * piece[:, None, :]).reshape(72, -1)
        blocks.append(block)
    counts = examine(spec, data).counts
    assert counts is not None
    expected = np.linalg.matrix_rank(np.hstack(blocks))
    if fixed == ["race#sector"]:
        expected += 1  # cells without main effects keep a redundant one, which the fit then drops
    assert counts.fixed == expected


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_covariance_parameters_agree_with_the_structures_of_the_engine(size: int) -> None:
    structures = pytest.importorskip("terrace.covariance.registry").STRUCTURES
    for key, structure in structures.items():
        assert covariance_parameters(key, size) == structure(size).n_params, key


@pytest.mark.parametrize(
    ("residuals", "expected"),
    [
        (Residuals(), 1),
        (Residuals(by="race"), 3),
        (Residuals("exchangeable"), 2),
        (Residuals("ar", 2, "week"), 3),
        (Residuals("ma", None, "week"), 2),
        (Residuals("unstructured", None, "week"), 21),
        (Residuals("banded", 1, "week"), 11),
        (Residuals("banded", None, "week"), 21),
        (Residuals("toeplitz", None, "week"), 6),
        (Residuals("toeplitz", 2, "week"), 3),
        (Residuals("exponential", None, "half", "sector"), 4),
    ],
)
def test_residual_parameters_are_those_of_the_manual(residuals: Residuals, expected: int, data: Dataset) -> None:
    """Six weeks: n(n + 1)/2 unstructured, (q + 1)(2n − q)/2 banded, # + 1 for ar, ma and toeplitz."""
    counts = examine(replace(model(), residuals=residuals), data).counts
    assert counts is not None and counts.residual == expected


def test_crossed_effects_have_one_variance(data: Dataset) -> None:
    spec = edit.set_crossed(model(levels=("lab", "school")), 0)
    report = examine(spec, data)
    assert report.counts is not None
    assert [(c.name, c.groups.n, c.parameters) for c in report.counts.levels] == [
        ("lab", 3, 1),
        ("school", 12, 1),
    ]
    assert report.errors == ()


def test_block_diagonal_levels_share_one_intercept(data: Dataset) -> None:
    spec = model("ses", "week", levels=("school", "school"))
    spec = edit.set_covariance(slope(slope(spec, "ses"), "week"), 0, "identity")
    report = examine(spec, data)
    assert report.counts is not None
    assert [c.parameters for c in report.counts.levels] == [1, 1]
    assert [c.effects for c in report.counts.levels] == [2, 1]
    assert report.errors == ()


# --- roles --------------------------------------------------------------------------------------------------
def test_how_a_variable_enters(data: Dataset) -> None:
    assert factor_for(data, "ses") == Factor("ses")
    assert factor_for(data, "sector") == Factor("sector", "factor")
    assert factor_for(data, "name") == Factor("name", "factor")
    labelled = data.with_variable(Variable("race", value_labels={0.0: "a", 1.0: "b"}))
    assert factor_for(labelled, "race") == Factor("race")  # 2 has no label: the labels are notes
    whole = data.with_variable(Variable("race", value_labels={0.0: "a", 1.0: "b", 2.0: "c"}))
    assert factor_for(whole, "race") == Factor("race", "factor")
    ordinal = data.with_variable(Variable("race", measure=Measure.ORDINAL))
    assert factor_for(ordinal, "race") == Factor("race")


@pytest.mark.parametrize(
    ("role", "name", "words"),
    [
        ("outcome", "name", "is text"),
        ("outcome", "one", "is constant"),
        ("outcome", "empty", "missing in all rows"),
        ("outcome", "inf", "infinite"),
        ("outcome", "school", "is a group variable"),
        ("outcome", "ses", ""),
        ("fixed", "y", "is the outcome"),
        ("fixed", "name", ""),
        ("level", "one", "has one group"),
        ("level", "name", ""),
        ("slope", "size", "does not vary within school"),
        ("slope", "ses", ""),
        ("slope", "school", "is a group variable"),
        ("time-integer", "half", "not whole numbers"),
        ("time", "half", ""),
        ("time", "name", "is text"),
        ("weight", "ses", "negative"),
        ("weight", "weight", ""),
        ("by", "one", "has one group"),
        ("cluster", "nowhere", "not in the data"),
    ],
)
def test_a_role_says_why_it_refuses(role: str, name: str, words: str, data: Dataset) -> None:
    said = refusal(role, name, model(), data)  # type: ignore[arg-type]
    assert (words in said) if words else said == ""


def test_a_quick_look_does_not_read_columns_that_were_not_read_before() -> None:
    d = dataset(school_frame())
    spec = model()
    assert refusal("slope", "size", spec, d, quick=True) == ""
    assert facts_of(d).known("profile", "size") is None
    assert refusal("slope", "size", spec, d) != ""
    assert refusal("slope", "size", spec, d, quick=True) == "does not vary within school"


# --- facts --------------------------------------------------------------------------------------------------
def test_facts_live_as_long_as_the_data() -> None:
    import gc
    import weakref

    d = dataset(school_frame())
    facts = facts_of(d)
    assert facts_of(d) is facts
    gone = weakref.ref(facts)
    del d, facts
    gc.collect()
    assert gone() is None


def test_combined_groups_and_missing_groups() -> None:
    frame = pd.DataFrame({"a": [1, 1, 2, 2, 2, np.nan], "b": ["u", "v", "u", "u", "", "u"], "x": [1, 2, 3, 3, 4, 5.0]})
    facts = facts_of(d := dataset(frame))
    codes = facts.group_codes(("a", "b"))
    assert codes[2] == codes[3] and len({codes[0], codes[1], codes[2]}) == 3
    assert list(codes[4:]) == [-1, -1]
    sample = facts.sample(("a", "b"))
    assert sample.n == 4 and facts.groups(("a", "b"), sample).n == 3
    assert facts.varying("x", ("a",), sample) == 1 and facts.varying("x", ("a", "b"), sample) == 0
    assert facts.first_varying("x", ("a",), sample) == "a 1"
    assert facts.repeated("b", ("a",), sample) == ("a 2", "u")
    assert len(d) == 6


def test_the_first_rows_of_a_streamed_file_do_not_close_a_model(tmp_path: Path) -> None:
    row = np.arange(48_000)
    frame = pd.DataFrame({"g": row // 12_000, "x": row % 13, "y": row % 7})
    frame.to_parquet(tmp_path / "rows.parquet")  # its first rows are of one group
    data = terrace.stream(tmp_path / "rows.parquet")
    spec = terrace.parse_mixed("mixed y x || g:", data.names)
    assert examine(spec, data).ready and not refusal("level", "g", spec, data)
    assert not examine(spec, terrace.Dataset(data.frame, data.variables)).ready
    assert [p.code for p in examine(edit.set_outcome(spec, ""), data).errors] == ["outcome-missing"]
