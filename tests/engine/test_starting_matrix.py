"""from() with a matrix by name: e(b) of a fit begins where that fit ended."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_session_running import ok

from terrace.data.readers.build import from_frame
from terrace.session.session import Session
from terrace.session.state import State

MODELS = (
    "mixed y x || g: x, cov(un) {}",
    "mixed y x || g: x, cov(un) reml {}",
    "mixed y i.w##c.x || g:, residuals(ar 1, t(t)) {}",
)


@pytest.fixture
def session() -> Session:
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(30), 8)
    x = rng.normal(size=240)
    y = 1 + x * (1 + 0.5 * rng.normal(size=30)[g]) + rng.normal(size=30)[g] + rng.normal(size=240)
    frame = pd.DataFrame({"y": y, "x": x, "g": g, "w": g % 3, "t": np.tile(np.arange(8), 30)})
    return Session(State(dataset=from_frame(frame)))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("given", ["b0", "e(b)", "b0, copy", "b0, skip"])
def test_the_likelihood_of_the_stored_estimates(session: Session, model: str, given: str) -> None:
    whole = ok(session, model.format("")).fit
    ok(session, "matrix b0 = e(b)")
    again = ok(session, model.format(f"iterate(0) from({given})")).fit
    assert len(again.log) == 1
    assert again.ll == pytest.approx(whole.ll, abs=1e-8)
    cold = ok(session, model.format("iterate(0)")).fit
    assert cold.ll < whole.ll - 1e-6  # without from() it begins elsewhere


def test_parameters_of_a_smaller_model_begin_a_larger_one(session: Session) -> None:
    whole = ok(session, "mixed y x || g: x").fit
    ok(session, "mixed y || g:")
    ok(session, "matrix b0 = e(b)")
    larger = ok(session, "mixed y x || g: x, from(b0, skip)").fit
    assert larger.ll == pytest.approx(whole.ll, abs=1e-8)


def test_names_that_the_model_does_not_have(session: Session) -> None:
    ok(session, "mixed y x || g: x")
    ok(session, "matrix b0 = e(b)")
    refused = session.run("mixed y x || g:, from(b0)")
    assert not refused.ok and refused.error is not None
    assert "lns1_1_2:_cons" in refused.error[1]
    assert session.run("mixed y x || g:, from(b0, skip)").ok


def test_by_name_in_the_command(session: Session) -> None:
    whole = ok(session, "mixed y x || g:").fit
    stored = dict(zip(whole.matrix_names["b"][1], whole.matrices["b"][0]))
    pairs = " ".join(f"{name} = {float(stored[f'{name}:_cons'])!r}" for name in ("lnsig_e", "lns1_1_1"))
    again = ok(session, f"mixed y x || g:, iterate(0) from({pairs})").fit
    assert again.ll == pytest.approx(whole.ll, abs=1e-8)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("nosuch", "nosuch"),
        ("wide", "c1"),
        ("longer, copy", "4 numbers"),
        ("square", "2 rows and 2 columns"),
        ("lnsig_e=x", "lnsig_e=x"),
        ("e(V)", "rows"),
    ],
)
def test_what_is_no_start(session: Session, given: str, told: str) -> None:
    ok(session, "mixed y x || g:, nolog")
    ok(session, "matrix wide = (1, 2, 3)")
    ok(session, "matrix longer = (1, 2, 3, 4)")
    ok(session, "matrix square = (1, 2 \\ 3, 4)")
    refused = session.run(f"mixed y || g:, from({given})")
    assert not refused.ok and refused.error is not None
    assert told in refused.error[1]


def test_the_model_is_fitted_again_without_the_matrix(session: Session) -> None:
    ok(session, "mixed y x || g:")
    ok(session, "matrix b0 = e(b)")
    spec = ok(session, "mixed y x || g:, from(b0)").fit.spec
    from terrace.spec.text import format_mixed

    fresh = Session(State(dataset=session.data))
    assert ok(fresh, format_mixed(spec)).fit.ll == pytest.approx(session.state.fit.ll, abs=1e-9)
