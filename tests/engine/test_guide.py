"""The guide held to commands typed by hand and to numbers of other parts: each step of the three paths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.session.guided import Guided, guided
from terrace.session.session import Session
from terrace.session.state import State
from terrace.spec import guide
from terrace.spec.conventions import Convention, convention
from terrace.spec.guide import Answers, StepKey

FIELD, STATA = convention("education"), convention("stata")


def dataset(**columns: np.ndarray) -> Dataset:
    names = {"school", "person", "rater", "item"}
    kinds = [Variable(n, measure=Measure.IDENTIFIER if n in names else Measure.CONTINUOUS) for n in columns]
    return Dataset(pd.DataFrame(columns), tuple(kinds))


def schools(seed: int = 3) -> Dataset:
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(30), 10)
    x = rng.normal(size=300) + rng.normal(size=30)[school]
    z = rng.normal(size=30)[school]
    y = 5 + x * (1 + 0.6 * z + 0.5 * rng.normal(size=30)[school]) + rng.normal(size=30)[school] + rng.normal(size=300)
    return dataset(y=y, x=x, z=z, school=school.astype(float), flat=rng.normal(size=300))


def waves(seed: int = 4) -> Dataset:
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(40), 5)
    wave = np.tile(np.arange(5.0), 40)
    z = rng.normal(size=40)[person]
    slope = 1 + 0.5 * z + 0.4 * rng.normal(size=40)[person]
    y = 10 + slope * wave - 0.2 * wave**2 + rng.normal(size=40)[person] + 0.5 * rng.normal(size=200)
    return dataset(y=y, wave=wave, z=z, person=person.astype(float))


def ratings(seed: int = 5) -> Dataset:
    rng = np.random.default_rng(seed)
    rater, item = (a.ravel() for a in np.meshgrid(np.arange(20), np.arange(12)))
    x = rng.normal(size=240)
    y = 3 + 0.5 * x + rng.normal(size=20)[rater] + 0.7 * rng.normal(size=12)[item] + rng.normal(size=240)
    return dataset(y=y, x=x, rater=rater.astype(float), item=item.astype(float))


def keep(session: Session, answers: Answers, step: StepKey, habits: Convention) -> None:
    for text in (*guide.preparations(answers, session.data), guide.command(answers, step, session.data, habits)):
        outcome = session.run(text)
        assert outcome.ok, (text, outcome.error)


def number(session: Session, command: str, code: str, column: int) -> float:
    outcome = session.run(command)
    assert outcome.ok, outcome.error
    return next(float(r.values[column]) for t in outcome.tables for r in t.rows if r.code == code)  # type: ignore[arg-type]


# --- commands -----------------------------------------------------------------------------------------------
def test_pupils_in_classes_by_hand() -> None:
    data = schools()
    a = guide.begun("classes", data, "y")
    assert a.groups == ("school",)
    assert guide.command(a, "null", data, FIELD) == "mixed y || school:, reml dfmethod(kroger)"
    assert guide.command(a, "icc", data, FIELD) == "estat icc"
    a = guide.with_split(replace(a, predictors=("x", "z")), "x", True, data)
    assert guide.preparations(a, data) == ("center x, by(school) generate(c_x) mgenerate(m_x)",)
    wanted = "mixed y c_x m_x z || school:, reml dfmethod(kroger)"
    assert guide.command(a, "predictors", data, FIELD) == wanted
    assert guide.candidates(a, "slopes", data) == ("x",)
    a = replace(a, slopes=("x",))
    wanted = "mixed y c_x m_x z || school: c_x, covariance(unstructured) reml dfmethod(kroger)"
    assert guide.command(a, "slopes", data, FIELD) == wanted
    assert guide.command(a, "predictors", data, FIELD) == "mixed y c_x m_x z || school:, reml dfmethod(kroger)"
    assert guide.candidates(a, "cross", data) == ("z", "m_x")
    a = replace(a, traits=(("x", "z"),))
    assert guide.command(a, "cross", data, STATA) == "mixed y c_x m_x z c.c_x#c.z || school: c_x"


def test_people_measured_several_times_by_hand() -> None:
    data = waves()
    a = guide.begun("repeated", data, "y")
    assert (a.groups, a.time, a.slopes) == (("person",), "wave", ("wave",))
    assert guide.command(a, "null", data, STATA) == "mixed y || person:"
    assert guide.command(a, "growth", data, STATA) == "mixed y wave || person: wave"
    a = replace(a, curved=True, predictors=("z",), traits=(("wave", "z"),))
    assert guide.command(a, "growth", data, STATA) == "mixed y wave || person: wave"
    assert guide.command(a, "curve", data, STATA) == "mixed y wave c.wave#c.wave || person: wave"
    assert guide.command(a, "predictors", data, STATA) == "mixed y wave c.wave#c.wave z || person: wave"
    assert guide.command(a, "cross", data, STATA) == "mixed y wave c.wave#c.wave z c.wave#c.z || person: wave"


def test_everyone_rated_everything_by_hand() -> None:
    data = ratings()
    a = guide.begun("crossed", data, "y")
    assert a.groups == ("item", "rater")
    assert guide.command(a, "null", data, STATA) == "mixed y || _all: R.item || rater:"
    a = replace(a, predictors=("x",), slopes=("x",))
    assert guide.command(a, "slopes", data, STATA) == "mixed y x || _all: R.item || rater: x"


def test_what_rests_on_what_is_gone_goes_too() -> None:
    data = schools()
    a = guide.with_split(guide.begun("classes", data, "y"), "x", True, data)
    a = replace(a, predictors=("x", "z"), slopes=("x",), traits=(("x", "m_x"), ("x", "z")))
    assert guide.settled(a) == a
    whole = guide.with_split(a, "x", False, data)
    assert whole.split == () and whole.traits == (("x", "z"),)
    assert guide.with_split(whole, "x", True, data).made == a.made  # its variables are found again
    without = guide.settled(replace(a, predictors=("z",)))
    assert (without.slopes, without.traits, without.split) == ((), (), ())
    assert guide.regrouped(a, ("z",)).made == ()


def test_only_what_lies_between_groups_too_can_be_split() -> None:
    data = schools()
    x, school = data.numeric("x"), data.numeric("school")
    means = np.array([x[school == s].mean() for s in school])
    data = data.with_column("centred", x - means, Variable("centred"))
    a = guide.begun("classes", data, "y")
    assert [guide.splittable(n, a, data) for n in ("x", "centred", "z")] == [True, False, False]


def test_answers_are_kept_as_json() -> None:
    import json

    data = schools()
    a = guide.with_split(replace(guide.begun("classes", data, "y"), predictors=("x",)), "x", True, data)
    a = replace(a, slopes=("x",), traits=(("x", "m_x"),))
    assert guide.read(json.loads(json.dumps(a.plain()))) == a
    for wrong in ({}, {**a.plain(), "path": "elsewhere"}, {**a.plain(), "made": [["x"]]}):
        with pytest.raises(ValueError):
            guide.read(wrong)


# --- numbers ------------------------------------------------------------------------------------------------
def climbed() -> tuple[Session, Answers, dict[StepKey, Guided]]:
    """All steps of pupils in classes, each looked at before it is kept."""
    session = Session(State(dataset=schools()))
    a = guide.begun("classes", session.data, "y")
    found: dict[StepKey, Guided] = {}
    last = ""
    for k, step in enumerate(a.steps):
        if step == "predictors":
            a = guide.with_split(replace(a, predictors=("x", "z")), "x", True, session.data)
        if step == "slopes":
            a = replace(a, slopes=("x",))
        if step == "cross":
            a = replace(a, traits=(("x", "z"),))
        before = session.state
        found[step] = guided(before, a, step, STATA, before=last, before_name=f"step {k}")
        assert session.state is before and not found[step].error
        keep(session, a, step, STATA)
        last = last if step == "icc" else f"m{len(session.state.document.models())}"
    return session, a, found


def test_each_answer_and_number_is_that_of_commands() -> None:
    session, _a, found = climbed()
    mean = session.state.document.models()[0].outcome.fit.fixed[-1].coef  # type: ignore[union-attr]
    assert found["null"].answer == f"Y differs between the 30 groups of school around a mean of {mean:.2f}."
    assert session.run("estimates restore m1").ok
    icc = next(r.values for r in session.run("estat icc").tables[0].rows)
    lower, upper = (f"{x:.2f}"[1:] for x in icc[2])  # type: ignore[union-attr]
    share = f"{icc[0]:.2f}"[1:]
    assert found["icc"].answer.startswith(f"ICC {share} [{lower}, {upper}]: {100 * icc[0]:.0f}% of the variance")  # type: ignore[operator]
    fits = [m.outcome.fit for m in session.state.document.models()]  # type: ignore[union-attr]
    variances = [{r.name: r.estimate for r in f.random if r.level == "school"} for f in fits]  # type: ignore[union-attr]
    explained = 100 * (1 - variances[1]["var(_cons)"] / variances[0]["var(_cons)"])
    assert f"c_x, m_x and z explain {max(explained, 0):.0f}% of the variance between" in found["predictors"].answer
    slope, mean = variances[2]["var(c_x)"], next(e.coef for e in fits[2].fixed if e.term == "c_x")  # type: ignore[union-attr]
    low, high = (f"{mean + d * 1.959964 * slope**0.5:.2f}".replace("-", "−") for d in (-1, 1))
    assert found["slopes"].answer == f"Yes. Its variance is {slope:.2f}; 95% of groups lie between {low} and {high}."
    left = 100 * (1 - variances[3]["var(c_x)"] / slope)
    assert found["cross"].answer == f"z explains {left:.0f}% of the variance of the slope of c_x."


def test_steps_are_tested_as_lrtest_does() -> None:
    session, _a, found = climbed()
    for step, small, large in (("predictors", "m1", "m2"), ("slopes", "m2", "m3"), ("cross", "m3", "m4")):
        table = session.run(f"lrtest {small} {large}").tables[0].rows[0].values
        against = found[step].numbers[-1]  # type: ignore[index]
        assert against.under == f"χ²({table[1]}) = {table[0]:,.2f}"
    mixture = session.run("lrtest m2 m3").tables[0].rows[0].values[3]
    assert found["slopes"].tested["x"].p == pytest.approx(mixture, rel=1e-9)
    assert found["predictors"].tested["z"].p == pytest.approx(
        next(e.p for e in session.state.document.models()[1].outcome.fit.fixed if e.term == "z")  # type: ignore[union-attr]
    )


def test_a_candidate_that_is_not_chosen_is_tested_in_the_model_with_it() -> None:
    session, a, _found = climbed()
    a = replace(a, traits=(), slopes=())
    tested = guided(session.state, a, "slopes", STATA, before="m2").tested
    assert tested["x"].p == pytest.approx(session.run("lrtest m2 m3").tables[0].rows[0].values[3], rel=1e-9)
    tested = guided(session.state, replace(a, slopes=("x",)), "cross", STATA, before="m3").tested
    fit = session.state.document.models()[3].outcome.fit  # type: ignore[union-attr]
    assert tested["x z"].p == pytest.approx(next(e.p for e in fit.fixed if "#" in e.term), rel=1e-8)  # type: ignore[union-attr]
    assert "x m_x" in tested


def test_growth_and_its_curve() -> None:
    session = Session(State(dataset=waves()))
    a = guide.begun("repeated", session.data, "y")
    keep(session, a, "null", STATA)
    grown = guided(session.state, a, "growth", STATA, before="m1")
    assert grown.fit is not None
    assert grown.answer.startswith(f"Y changes by {grown.fit.fixed[0].coef:.2f} for a unit of wave (p = ")
    keep(session, a, "growth", STATA)
    straight = guided(session.state, a, "curve", STATA, before="m2")
    assert straight.answer == "A straight line." and straight.tested["wave"].p is not None
    curved = guided(session.state, replace(a, curved=True), "curve", STATA, before="m2")
    assert curved.answer.startswith("Yes, −0.") and curved.tested == straight.tested
    assert curved.numbers[-1].under.startswith("χ²(1) = ")


def test_crossed_shares_are_those_of_each_grouping() -> None:
    session = Session(State(dataset=ratings()))
    a = guide.begun("crossed", session.data, "y")
    keep(session, a, "null", FIELD)
    told = guided(session.state, a, "icc", FIELD, before="m1").answer
    fit = session.state.fit
    assert fit is not None
    item, rater, rest = (next(r.estimate for r in fit.random if r.name.startswith(n))
                         for n in ("var(R.item", "var(_cons", "var(Residual"))  # fmt: skip
    total = item + rater + rest
    assert f"{100 * item / total:.0f}% of the variance lies between groups of item" in told
    assert f"{100 * rater / total:.0f}% of the variance lies between groups of rater" in told
    null = guided(session.state, a, "null", FIELD).answer
    assert null.startswith("Y differs between the 12 groups of item and the 20 groups of rater around")


def test_what_time_does_not_allow_is_left_out() -> None:
    session, a, _found = climbed()
    looks = [0]

    def look(limit: float) -> bool:
        looks[0] += 1
        return looks[0] > limit

    whole = guided(session.state, a, "cross", STATA, before="m3", cancel=lambda: look(np.inf))
    assert whole.complete
    enough, looks[0] = looks[0] - 1, 0
    part = guided(session.state, a, "cross", STATA, before="m3", cancel=lambda: look(enough))
    assert not part.complete and not part.cancelled and part.answer == whole.answer
    assert len(part.tested) == len(whole.tested) - 1
    assert guided(session.state, a, "cross", STATA, before="m3", cancel=lambda: True).cancelled


def test_an_open_log_has_nothing_of_what_was_only_looked_at(tmp_path: Path) -> None:
    session = Session(State(dataset=schools()))
    a = replace(guide.begun("classes", session.data, "y"), predictors=("x",))
    a = guide.with_split(a, "x", True, session.data)
    log = tmp_path / "work.log"
    assert session.run(f'log using "{log}"').ok
    before = log.read_text()
    assert guided(session.state, a, "predictors", STATA).tested
    assert log.read_text() == before


def test_rows_that_are_missing_are_told() -> None:
    data = schools()
    z = data.numeric("z").copy()
    z[:10] = np.nan
    session = Session(State(dataset=data.with_column("z", z, data.variable("z"))))
    a = replace(guide.begun("classes", session.data, "y"), predictors=("z",))
    keep(session, a, "null", STATA)
    (told,) = guided(session.state, a, "predictors", STATA, before="m1").advice
    assert told.startswith("This step uses 290 rows, the step before 300")


def test_steps_compared_take_the_place_of_the_last() -> None:
    session, _a, _found = climbed()
    assert session.run("estimates steps m1 m2, replace").ok
    first = session.state.document.items[-1]
    assert session.run(f'outline rename {first.id} "The way"').ok
    assert session.run("estat ic").ok
    assert session.run("estimates steps m1 m2 m3, replace").ok
    (only,) = [i for i in session.state.document if i.outcome and i.outcome.type == "estimates steps"]
    assert only is session.state.document.items[-1]
    assert (only.id, only.heading) == (first.id, "The way")
    assert only.outcome is not None and len(only.outcome.tables[0].columns) == 3
    assert session.run("estimates steps m1 m2 m3").ok
    assert sum(i.automatic == "Steps compared" for i in session.state.document) == 2
