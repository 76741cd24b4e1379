"""Models step by step: up, each tested by ML against the last; down from a singular fit to what the data support."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from terrace.data.dataset import Dataset
from terrace.errors import Cancelled
from terrace.estimate import fit
from terrace.postestimation.variance.simplify import largest_supported, simpler
from terrace.session.session import Session
from terrace.session.state import State
from terrace.spec.text import format_mixed

UP = (
    "mixed y || g:, reml",
    "mixed y x z || g:, reml dfmethod(satterthwaite)",
    "mixed y x z || g: x, cov(un) reml",
    "mixed y c.x##c.z || g: x, cov(un) reml",
)


def grouped(slope: float, groups: int = 40, size: int = 12, seed: int = 5) -> Dataset:
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    x, z = rng.normal(size=groups * size), np.repeat(rng.normal(size=groups), size)
    u, v = rng.normal(size=(2, groups))
    y = 2 + x * (1 + slope * v[g] + 0.5 * z) + z + u[g] + rng.normal(size=groups * size)
    names = ("y", "x", "z", "g")
    return _dataset(pd.DataFrame(dict(zip(names, (y, x, z, g)))))


def _dataset(frame: pd.DataFrame) -> Dataset:
    from terrace.data.dataset import Variable

    return Dataset(frame, tuple(Variable(str(c)) for c in frame.columns))


def run(session: Session, *commands: str):
    for command in commands:
        outcome = session.run(command)
        assert outcome.ok, (command, outcome.error)
    return outcome


# --- up ---------------------------------------------------------------------------------------------------
def test_each_step_is_tested_by_ml_against_the_last() -> None:
    session = Session(State(dataset=grouped(0.7)))
    table = run(session, *UP, "estimates steps m1 m2 m3 m4").tables[0]
    rows = {r.code: r.values for r in table.rows}
    ml = [run(session, c.replace(", reml", ",").replace(" reml", "").split(" dfmethod")[0]).fit for c in UP]
    assert rows["aic"] == pytest.approx([-2 * f.ll + 2 * f.n_parameters for f in ml], rel=1e-10)
    wanted = [2 * (b.ll - a.ll) for a, b in itertools.pairwise(ml)]
    assert rows["chi2"][0] is None and rows["chi2"][1:] == pytest.approx(wanted, rel=1e-8)
    assert rows["df"] == (None, 2, 2, 1)
    from scipy.stats import chi2

    mixture = 0.5 * chi2.sf(wanted[1], 1) + 0.5 * chi2.sf(wanted[1], 2)
    assert rows["p"][2] == pytest.approx(mixture, rel=1e-8)
    assert rows["p"][1] == pytest.approx(chi2.sf(wanted[0], 2), rel=1e-8)
    kept = run(session, "mixed y x z || g:, reml dfmethod(satterthwaite)").fit
    assert rows["x"][1] == {e.term: e.coef for e in kept.fixed}["x"], "estimates are those of the models as fitted"
    assert any("fitted by ML" in n for n in table.notes) and "ll" not in rows


def test_a_figure_shows_what_is_left_of_each_variance() -> None:
    session = Session(State(dataset=grouped(0.7)))
    (plot,) = run(session, *UP, 'estimates steps m1 m2 m3 m4, titles("A" "B" "C" "D")').plots
    fits = [run(session, c).fit for c in UP]
    left = [{(r.level, r.name): r.estimate for r in f.random} for f in fits]
    places = (("g", "var(_cons)"), ("g", "var(x)"), ("Residual", "var(Residual)"))
    assert [p.title for p in plot.panels] == ["Between groups of g", "Slope of x", "Within groups"]
    for panel, place in zip(plot.panels, places, strict=True):
        wanted = [v[place] for v in left if place in v]
        earlier, last, written = panel.marks
        assert [*earlier.y, *last.y] == pytest.approx(wanted) and len(last.y) == 1
        assert [t for _, t in panel.y.ticks] == list("ABCD"[-len(wanted) :]), "steps without it are left out"
        assert written.labels == tuple(f"{v:.2f}" for v in wanted)
        assert panel.x.title == f"{100 * (1 - wanted[-1] / wanted[0]):.0f}% explained"
    up = run(session, "estimates steps m2 m1").plots[0]
    assert up.panels[-1].x.title == "Larger than at first"


def test_constraints_hold_in_the_tests_too_those_left_out_because_they_follow() -> None:
    session = Session(State(dataset=grouped(0.0)))
    run(session, "constraint 1 x = 1", "constraint 2 2*x = 2", "constraint 3 z = 1")
    run(session, "mixed y x z || g:, reml constraints(1 2)", "estimates store a")
    run(session, "mixed y x z || g:, reml constraints(1 2 3)", "estimates store b")
    rows = {r.code: r.values for r in run(session, "estimates steps b a").tables[0].rows}
    ml = [run(session, f"mixed y x z || g:, constraints({c})").fit for c in ("1 3", "1")]
    assert rows["aic"] == pytest.approx([-2 * f.ll + 2 * f.n_parameters for f in ml], rel=1e-10)
    assert rows["df"] == (None, 1)


def test_one_model_is_no_series_of_steps() -> None:
    session = Session(State(dataset=grouped(0.7)))
    run(session, UP[0])
    outcome = session.run("estimates steps m1")
    assert outcome.error is not None and outcome.error[0] == "one-model"


# --- down -------------------------------------------------------------------------------------------------
def test_a_singular_slope_is_left_out_and_each_step_is_a_test() -> None:
    data = grouped(0.0)
    full = fit("mixed y c.x##c.z || g: x z, cov(un) reml", data)
    assert full.boundary
    steps = largest_supported(full, data)
    assert steps and not steps[-1].singular and all(s.singular for s in steps[:-1])
    before = full
    for s in steps:
        if s.stat is not None:
            assert s.stat == pytest.approx(max(0.0, 2 * (before.ll - s.fit.ll)), abs=1e-6)
        before = s.fit
    # no larger model of the candidates of the last step is off the boundary
    last = steps[-2].fit if len(steps) > 1 else full
    others = [fit(c.spec, data) for c in simpler(last.spec)]
    off = [f for f in others if not f.boundary]
    assert len(steps[-1].fit.random) == max(len(f.random) for f in off)


def test_a_model_that_the_data_support_stays() -> None:
    session = Session(State(dataset=grouped(0.7)))
    outcome = run(session, "mixed y x || g: x, cov(un) reml", "estat simplify")
    assert outcome.payload["proposed"] == "" and "support this model" in " ".join(outcome.text.split())
    assert len(outcome.tables[0].rows) == 1


def test_a_single_variance_at_zero_is_not_called_supported() -> None:
    data = grouped(0.0).frame.copy()
    data["y"] -= data.groupby("g")["y"].transform("mean")
    session = Session(State(dataset=_dataset(data)))
    assert run(session, "mixed y || g:, reml").fit.boundary
    (table,) = run(session, "estat simplify").tables
    assert len(table.rows) == 1 and "support no random effect" in " ".join(table.notes)


def test_simpler_models_are_not_fitted_under_other_constraints() -> None:
    session = Session(State(dataset=grouped(0.0)))
    run(session, "constraint 1 z = 1", "mixed y c.x##c.z || g: x z, cov(un) reml constraints(1)", "estat simplify")
    for changed in ("constraint 1 z = 5", "constraint drop 1"):
        run(session, changed)
        refused = session.run("estat simplify")
        assert refused.error == ("constraint", "The constraints have changed since the fit.")


def test_the_command_proposes_a_model_that_runs() -> None:
    session = Session(State(dataset=grouped(0.0)))
    outcome = run(session, "mixed y c.x##c.z || g: x z, cov(un) reml", "estat simplify")
    proposed = outcome.payload["proposed"]
    assert proposed and proposed == dict(session.state.returned.macros)["command"]
    assert run(session, proposed).fit.boundary == ()


def test_every_simpler_model_is_one_step_away() -> None:
    data = grouped(0.0)
    spec = fit("mixed y x || g: x z, cov(un)", data).spec
    assert [(c.what, format_mixed(c.spec)) for c in simpler(spec)] == [
        ("correlations at level g", "mixed y x || g: x z"),
        ("the slope of x at level g", "mixed y x || g: z, covariance(unstructured)"),
        ("the slope of z at level g", "mixed y x || g: x, covariance(unstructured)"),
    ]


def test_it_can_be_cancelled() -> None:
    data = grouped(0.0)
    full = fit("mixed y c.x##c.z || g: x z, cov(un) reml", data)
    with pytest.raises(Cancelled):
        largest_supported(full, data, cancel=lambda: True)
