"""The fit as a whole: what the dense and published comparisons do not touch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import terrace
from terrace.design.design import build_design
from terrace.errors import Cancelled, DataError, SpecError
from terrace.estimate import as_dataset
from terrace.language.mixed import parse_mixed
from terrace.likelihood import kernel as kernel_module
from terrace.likelihood import layout as layout_module
from terrace.likelihood import objective as objective_module
from terrace.likelihood.objective import Objective, Tape
from terrace.optimise.search import SearchSpace


def frame(seed: int = 1, groups: int = 20, size: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = groups * size
    out = pd.DataFrame({"g": np.repeat(np.arange(groups), size), "t": np.tile(np.arange(size), groups)})
    out["x"], out["w"] = rng.normal(size=n), rng.normal(size=n)
    out["item"] = rng.integers(0, 7, n)
    out["top"] = out["g"] // 4
    u = rng.normal(size=(groups, 2))
    out["y"] = 2 + out.x + u[out.g, 0] + 0.6 * u[out.g, 1] * out.x + rng.normal(size=7)[out["item"]]
    out["y"] += rng.normal(size=n)
    return out


COMMANDS = (
    "mixed y x || g:",
    "mixed y x || g: x, cov(un) reml",
    "mixed y x || g: x w, cov(exchangeable)",
    "mixed y x || top: || g: x, reml",
    "mixed y x || _all: R.item || g: x, cov(un)",
    "mixed y x || top: R.item, cov(exchangeable) || g:",
    "mixed y x || g:, residuals(ar 2, t(t))",
    "mixed y x || g: x, residuals(ma 1, t(t)) reml",
    "mixed y x || g:, nocons residuals(toeplitz 3, t(t))",
    "mixed y x || g:, nocons residuals(unstructured, t(t)) reml",
    "mixed y x || g:, residuals(exponential, t(t) by(top))",
    "mixed y x || g: x, residuals(independent, by(t))",
    "mixed y x [pw=z] || g:, pweight(v)",
)


def objective_of(command: str, data: pd.DataFrame) -> Objective:
    dataset = as_dataset(data)
    spec = parse_mixed(command, dataset.names)
    return Objective(build_design(spec, dataset), reml=spec.method == "reml")


@pytest.mark.parametrize("command", COMMANDS)
def test_gradient_and_hessian_are_those_of_the_likelihood(command: str) -> None:
    data = frame()
    data["z"], data["v"] = 1 + data.t % 3, 1 + data.g % 2
    space = SearchSpace(objective_of(command, data))
    rng = np.random.default_rng(5)
    residual = space.objective.design.residuals.starts()[0]
    theta = space.start(0.7, residual) + 0.05 * rng.normal(size=space.objective.n_params)
    point = space.point(theta)
    assert point is not None
    step = 1e-5
    for k in range(len(theta)):
        e = np.zeros(len(theta))
        e[k] = step
        up, down = space.point(theta + e), space.point(theta - e)
        assert up is not None
        assert down is not None
        scale = 1 + np.abs(point.gradient).max()
        assert (up.ll - down.ll) / (2 * step) == pytest.approx(point.gradient[k], abs=2e-6 * scale)
        np.testing.assert_allclose(
            (up.gradient - down.gradient) / (2 * step), point.hessian[k], atol=2e-6 * (1 + np.abs(point.hessian).max())
        )


WAYS = {
    "as it comes": (),
    "groups in parts": ((objective_module, "PART", 3),),
    "a large crossed block": ((kernel_module, "LARGE", 2),),
    "a sparse first factor": ((layout_module, "DENSE_LIMIT", 1.0), (kernel_module, "LARGE", 2)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "command", [*COMMANDS, "mixed y x || _all: R.item || _all: R.t || g:", "mixed y x || _all: R.item || g: x w"]
)
def test_second_derivatives_summed_are_the_sums_of_those_formed(
    command: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Backward with weights, as the search does, against forward group by group, as Kenward and Roger need them."""
    for module, name, value in WAYS[way]:
        monkeypatch.setattr(module, name, value)
    data = frame()
    data["z"], data["v"] = 1 + data.t % 3, 1 + data.g % 2
    o = objective_of(command, data)
    space, rng = SearchSpace(o), np.random.default_rng(6)
    for scale in (0.0, 0.7):  # the scoring start is taken at Σ = 0
        psi = space.natural(space.start(scale, o.design.residuals.starts()[0]))[0]
        a = rng.normal(size=(o.p + 1, o.p + 1))
        a = a + a.T
        tape = Tape()
        first, formed = o.moments(psi, 1, tape=tape), o.moments(psi, 2)
        np.testing.assert_allclose(first.f.sum(axis=0), formed.f.sum(axis=0), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(first.f1.sum(axis=1), formed.f1.sum(axis=1), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(first.ld1.sum(axis=1), formed.ld1.sum(axis=1), rtol=1e-9, atol=1e-9)
        expected = np.tensordot(formed.f2.sum(axis=2), a, axes=2)
        size = np.abs(expected).max()
        np.testing.assert_allclose(o.curvature(psi, tape, a, log_det=False), expected, atol=1e-10 * size)
        expected += formed.ld2.sum(axis=2)
        np.testing.assert_allclose(o.curvature(psi, tape, a), expected, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("command", ["mixed y x || _all: R.item || g: x, reml", "mixed y x || g: || _all: R.item"])
def test_sparse_and_dense_elimination_agree(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from terrace.postestimation.predict.columns import random_effects

    if "|| g: ||" in command:
        command = "mixed y x || _all: R.item || _all: R.t || g:"
    data = frame(3)
    dense = terrace.fit(command, data)
    monkeypatch.setattr(layout_module, "DENSE_LIMIT", 1.0)
    sparse = terrace.fit(command, data)
    assert sparse.model.objective.layout.sparse
    assert not dense.model.objective.layout.sparse
    assert sparse.ll == pytest.approx(dense.ll, abs=1e-9)
    for a, b in zip(dense.random, sparse.random):
        assert b.estimate == pytest.approx(a.estimate, rel=1e-7)
        assert b.se == pytest.approx(a.se, rel=1e-6)
    for a, b in zip(random_effects(dense), random_effects(sparse)):
        np.testing.assert_allclose(b.values, a.values, atol=1e-7)
        np.testing.assert_allclose(b.se, a.se, rtol=1e-7)


@pytest.mark.parametrize("option", ["matlog", "technique(bfgs)", "technique(dfp 4 nr 3)", "emiterate(15)", "difficult"])
def test_every_way_to_search_ends_at_the_same_place(option: str) -> None:
    data = frame(2)
    plain = terrace.fit("mixed y x || g: x, cov(un)", data)
    other = terrace.fit(f"mixed y x || g: x, cov(un) {option}", data)
    assert other.converged
    assert other.ll == pytest.approx(plain.ll, abs=1e-8)
    for a, b in zip(plain.random, other.random):
        assert b.estimate == pytest.approx(a.estimate, rel=1e-4)


def test_difficult_looks_over_the_whole_space_in_data_of_every_size() -> None:
    """Otherwise only small data are looked over."""
    data = terrace.sample("hsb")
    plain = terrace.fit("mixed mathach ses || id: ses", data)
    looked = terrace.fit("mixed mathach ses || id: ses, difficult", data)
    assert looked.n_evaluations > 3 * plain.n_evaluations
    assert looked.ll == pytest.approx(plain.ll, abs=1e-8) and looked.converged


def test_from_starts_at_the_given_place() -> None:
    data = frame(2)
    plain = terrace.fit("mixed y x || g:", data)
    values = " ".join(repr(float(v)) for v in plain.matrices["b"][0])
    again = terrace.fit(f"mixed y x || g:, from({values})", data)
    assert len(again.log) <= 2
    assert again.ll == pytest.approx(plain.ll, abs=1e-9)


@pytest.mark.parametrize("command", [c for c in COMMANDS if "residuals" not in c and "pw" not in c])
def test_em_climbs_and_reaches_newtons_summit(command: str) -> None:
    data = frame(6)
    em = terrace.fit(command + (" " if "," in command.rpartition("||")[2] else ", ") + "emonly emiterate(60)", data)
    path = [entry.ll for entry in em.log if entry.phase == "EM"]
    assert len(path) > 3
    assert np.all(np.diff(path) > -1e-9)
    newton = terrace.fit(command, data)
    assert path[-1] <= newton.ll + 1e-8
    assert newton.ll - path[-1] < 0.2
    assert all(row.se is None for row in em.random)
    assert all(row.se is not None for row in em.fixed)


def test_iterations_are_reported_and_can_be_cancelled() -> None:
    seen = []
    terrace.fit("mixed y x || g: x", frame(), progress=seen.append)
    assert seen[0].stage == "Reading the data"
    assert any(p.iteration is not None and p.ll is not None for p in seen)
    with pytest.raises(Cancelled):
        terrace.fit("mixed y x || g: x", frame(), cancel=lambda: True)
    calls = iter(range(10**6))
    with pytest.raises(Cancelled):
        terrace.fit("mixed y x || g: x", frame(), cancel=lambda: next(calls) > 6)


def test_the_record_counts_every_evaluation() -> None:
    fit = terrace.fit("mixed y x || g: x, cov(un)", frame())
    assert fit.n_evaluations >= len(fit.log)
    assert fit.scalars["ic"] == len(fit.log) - 1
    assert all(b.ll >= a.ll - 1e-9 for a, b in zip(fit.log, fit.log[1:]))


def test_a_result_is_frozen_and_shows_itself() -> None:
    fit = terrace.fit("mixed y x || g:, reml", frame())
    with pytest.raises(AttributeError):
        fit.converged = False  # type: ignore[misc]
    assert "Mixed-effects REML regression" in repr(fit)
    assert "<table" in fit._repr_html_()


def test_a_specification_fits_as_its_command() -> None:
    data = as_dataset(frame())
    spec = parse_mixed("mixed y x || g: x, reml", data.names)
    by_spec = terrace.fit(spec, data)
    by_text = terrace.fit(by_spec.command, data)
    assert by_spec.ll == by_text.ll
    assert terrace.fit(replace(spec, method="ml"), data).ll != by_spec.ll


@pytest.mark.parametrize(
    ("command", "error", "code", "subject"),
    [
        ("mixed y x || g:, residuals(ar 1, t(dup))", DataError, "repeated-time", "dup"),
        ("mixed y x || g:, residuals(ar 1, t(x))", DataError, "time-not-integer", "x"),
        ("mixed y x || g:, residuals(ar 1, t(far))", SpecError, "residual-lags", "residuals"),
        ("mixed y x || g:, residuals(exchangeable, by(t))", DataError, "by-varies", "t"),
        ("mixed y x || g:, residuals(toeplitz 9, t(t))", SpecError, "residual-order", "residuals"),
        ("mixed y x [pw=z] || g:, residuals(ar 1, t(t))", SpecError, "weights-residuals", "residuals"),
        ("mixed y x [pw=z] || _all: R.item || g:", SpecError, "pweights-crossed", "weight"),
        ("mixed y x [pw=z] || g:, pweight(z)", DataError, "weights-vary", "z"),
        ("mixed y x [fw=half] || g:", DataError, "noninteger-weights", "half"),
        ("mixed y x [pw=x] || g:", DataError, "negative-weights", "x"),
        ("mixed y i.x || g:", SpecError, "factor-values", "x"),
        ("mixed y x || g:, reml dfmethod(repeated) || top:", terrace.TerraceError, None, None),
    ],
)
def test_what_the_data_do_not_allow(command: str, error: type, code: str | None, subject: str | None) -> None:
    data = frame()
    data["dup"], data["z"], data["half"] = data.t // 2, 1.0 + data.t, 0.5
    data["far"] = data.t * 10_000_000
    with pytest.raises(error) as caught:
        terrace.fit(command, data)
    if code:
        assert (caught.value.code, caught.value.subject) == (code, subject)
    assert caught.value.message


def test_the_order_of_rows_does_not_matter_to_the_last_digits() -> None:
    data = frame(4)
    shuffled = data.sample(frac=1.0, random_state=3).reset_index(drop=True)
    for command in ("mixed y x || top: || g: x, cov(un)", "mixed y x || g:, residuals(ar 1, t(t))"):
        a, b = terrace.fit(command, data), terrace.fit(command, shuffled)
        assert b.ll == pytest.approx(a.ll, abs=1e-9)
        np.testing.assert_allclose(b.matrices["b"], a.matrices["b"], rtol=1e-8)
        np.testing.assert_allclose(b.matrices["V"], a.matrices["V"], rtol=1e-6, atol=1e-12)


def test_all_observations_as_one_group_cost_no_more_than_the_group_itself() -> None:
    """`_all: R.g` is seen as `g:`: same elimination, no dense block."""
    crossed = terrace.fit("mixed y x || _all: R.g", frame())
    nested = terrace.fit("mixed y x || g:", frame())
    assert crossed.ll == pytest.approx(nested.ll, abs=1e-10)
    assert not crossed.model.objective.layout.crossed
    assert crossed.random[0].name == "var(R.g)"
    assert crossed.groups[0].level == "_all"


@pytest.mark.parametrize("option", ["ltolerance(1e-3)", "tolerance(.2)", "nonrtolerance", "nrtolerance(.1)"])
def test_tolerances_stop_the_search_early_but_not_far_away(option: str) -> None:
    data = frame(2)
    command = "mixed y x || top: || g: x, cov(un) iterate(50)"
    full = terrace.fit(command, data)
    early = terrace.fit(f"{command} {option}", data)
    assert early.converged
    assert len(early.log) < len(full.log)
    assert 0 <= full.ll - early.ll < 0.3
