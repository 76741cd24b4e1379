"""Uncertainty of predictions, new data, unseen groups and scores, against dense matrices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset, dense_of, generated_fit, natural, session_on
from scipy.stats import norm
from test_session_running import ok

from oracles.dense import Dense
from oracles.generated import EVERY, Case
from oracles.numerics import jacobian
from terrace.inference.parameters import estmetric
from terrace.postestimation.diagnose.scores import scores
from terrace.postestimation.predict.uncertainty import prediction
from terrace.session.session import Session

CASES = {c.id: c for c in EVERY}
SOME = [
    CASES[name]
    for name in (
        *("factors-reml", "slope-unstructured-ml", "two-level-codes-repeat-reml", "three-level-slopes-ml"),
        *("block-diagonal-ml", "crossed-slope-reml", "crossed-within-ml", "crossed-exchangeable-reml"),
        *("residual-ar1-by-reml", "residual-unstructured-ml", "by-not-constant-reml", "effects-and-by-ar1-ml"),
    )
]
by_id = pytest.mark.parametrize("case", SOME, ids=lambda c: c.id)


@by_id
def test_errors_of_fitted_values_and_of_a_new_observation(case: Case) -> None:
    """Var(ŷ - Xβ - Zu) = R - RPR with P = V⁻¹ - V⁻¹XΦX'V⁻¹; a new observation adds its residual variance."""
    fit, dense = generated_fit(case), dense_of(case)
    theta = natural(fit)
    v = np.linalg.inv(dense.v(theta))
    _, phi, _, _ = dense.pieces(theta)
    r = dense.r_matrix(theta)
    want = r - r @ (v - v @ dense.x @ phi @ dense.x.T @ v) @ r
    data, rows = dataset(case.frame), fit.sample
    found = prediction(fit, data)
    np.testing.assert_allclose(found.se[rows] ** 2, np.diag(want), rtol=1e-9)
    np.testing.assert_allclose(found.sd_new[rows] ** 2, np.diag(want + r), rtol=1e-9)
    assert not found.unseen[rows].any()
    new_group = prediction(fit, data, fixed_only=True).sd_new[rows]
    spread = np.diag(dense.x @ phi @ dense.x.T) + np.diag(dense.v(theta))
    np.testing.assert_allclose(new_group**2, spread, rtol=1e-9)


HELD_OUT = {
    "mixed y x z || id: x, cov(unstructured)": ("x", "z", "_cons"),
    "mixed y x z || region: || person: x, cov(unstructured) reml": ("x", "z", "_cons"),
    "mixed y x z || _all: R.item || id:, reml": ("x", "z", "_cons"),
    "mixed y x z || region: R.person, cov(exchangeable)": ("x", "z", "_cons"),
}


@pytest.mark.parametrize("command", HELD_OUT)
@pytest.mark.parametrize("sparse", [False, True])
def test_rows_outside_the_sample(command: str, sparse: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kriging: K₀V⁻¹(y - Xβ̂) and its error, for rows of seen and of unseen groups at every level."""
    if sparse:
        if "_all" not in command:
            pytest.skip("nothing crosses")
        monkeypatch.setattr("terrace.likelihood.layout.DENSE_LIMIT", 0.0)
    case = replace(CASES["intercept-ml"], command=command, terms=HELD_OUT[command])
    frame = case.frame.dropna().reset_index(drop=True)
    used = ((frame["region"] != 6) & (frame["id"] != 52) & (frame["item"] != 3) & (frame.index % 5 > 0)).to_numpy()
    whole = Dense(case.model, frame)
    import terrace

    data = dataset(frame.assign(used=used * 1))
    head, _, tail = command.partition(" ||")
    fit = terrace.fit(f"{head} if used ||{tail}", data)
    assert bool(fit.model.objective.sparse) is sparse
    theta = natural(fit)
    r = whole.r_matrix(theta)
    k = whole.v(theta) - r
    inverse = np.linalg.inv((k + r)[np.ix_(used, used)])
    x, y = whole.x, whole.y
    phi = np.linalg.inv(x[used].T @ inverse @ x[used])
    beta = phi @ x[used].T @ inverse @ y[used]
    c = k[:, used]
    want = x @ beta + c @ inverse @ (y[used] - x[used] @ beta)
    d = x - c @ inverse @ x[used]
    error = np.diag(k) - np.einsum("ij,jk,ik->i", c, inverse, c) + np.einsum("ij,jk,ik->i", d, phi, d)
    found = prediction(fit, data)
    np.testing.assert_allclose(found.value, want, atol=1e-8)
    np.testing.assert_allclose(found.se**2, error, rtol=1e-8)
    np.testing.assert_allclose(found.sd_new**2, error + np.diag(r), rtol=1e-8)
    assert found.unseen.any() and not found.unseen[used].any()


def test_a_level_that_is_left_out_is_a_new_group() -> None:
    case = CASES["two-level-codes-repeat-reml"]
    fit, dense = generated_fit(case), dense_of(case)
    top, below, error = natural(fit)
    found = prediction(fit, dataset(case.frame), relevel="region")
    v, z = np.linalg.inv(dense.v(natural(fit))), (dense.codes[0][:, None] == dense.codes[0]) * top
    _, phi, _, _ = dense.pieces(natural(fit))
    d = dense.x - z @ v @ dense.x
    want = top - np.einsum("ij,jk,ik->i", z, v, z) + np.einsum("ij,jk,ik->i", d, phi, d)
    np.testing.assert_allclose(found.se[fit.sample] ** 2, want, rtol=1e-9)
    np.testing.assert_allclose(found.sd_new[fit.sample] ** 2, want + below + error, rtol=1e-9)


def test_sorted_and_new_data_find_their_groups() -> None:
    """The same rows in another order, and in another file, are predicted alike."""
    frame = CASES["intercept-ml"].frame.assign(place=lambda f: "region " + f["region"].astype(str))
    session = session_on(dataset(frame))
    ok(session, "mixed y x z || place: || person: x")
    ok(session, "predict before, fitted se(e)")
    before, e = session.data.numeric("before"), session.data.numeric("e")
    ok(session, "gsort -x")
    ok(session, "predict after, fitted se(e2)")
    np.testing.assert_array_equal(session.data.numeric("after"), session.data.numeric("before"))
    np.testing.assert_allclose(session.data.numeric("e2"), session.data.numeric("e"))
    ok(session, "predict r, rstandard")
    raw = session.data.numeric("y") - session.data.numeric("before")
    np.testing.assert_allclose(session.data.numeric("r"), raw / np.sqrt(session.fit.model.sigma2))
    some = frame.iloc[[3, 8, 50]].copy()
    some.loc[8, "place"] = "nowhere"
    new = Session(replace(session.state, dataset=dataset(some)))
    told = ok(new, "predict fit, fitted se(e)").text
    assert "1 row of a place" in told
    np.testing.assert_allclose(new.data.numeric("fit")[[0, 2]], before[[3, 50]])
    np.testing.assert_allclose(new.data.numeric("e")[[0, 2]], e[[3, 50]])
    ok(new, "predict xb")
    assert new.data.numeric("fit")[1] == pytest.approx(new.data.numeric("xb")[1])
    assert new.data.numeric("e")[1] > 1.5 * e[8]


def test_intervals_as_variables() -> None:
    case = CASES["slope-unstructured-ml"]
    session = session_on(dataset(case.frame))
    ok(session, case.command)
    ok(session, "predict fit, fitted se(se) ci(low high) pi(from to) level(90)")
    ok(session, "predict sd, stdf")
    ok(session, "predict se2, stdfitted")
    ok(session, "predict p, xb se(e)")
    ok(session, "predict e2, stdp")
    get = session.data.numeric
    z = norm.ppf(0.95)
    np.testing.assert_allclose(get("high") - get("fit"), z * get("se"))
    np.testing.assert_allclose(get("fit") - get("from"), z * get("sd"))
    np.testing.assert_array_equal(get("se"), get("se2"))
    np.testing.assert_allclose(get("low") + get("high"), 2 * get("fit"))
    assert session.data.variable("to").label == "90% prediction interval of fit, upper"
    np.testing.assert_allclose(get("e"), get("e2"))


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("predict r, residuals «se(s)»", "misplaced-option"),
        ("predict r, fitted pi(«low»)", "number-of-names"),
        ("predict fit, fitted se(«fit»)", "variable-exists"),
        ("predict fit, fitted se(«x»)", "variable-exists"),
        ("predict «a b», stdf", "number-of-names"),
    ],
)
def test_predictions_that_make_no_sense(marked: str, code: str) -> None:
    case = CASES["intercept-ml"]
    session = session_on(dataset(case.frame))
    ok(session, case.command)
    outcome = session.run(marked.replace("«", "").replace("»", ""))
    assert outcome.error is not None and outcome.error[0] == code
    assert outcome.error_at == (marked.index("«"), marked.index("»") - 1)
    assert session.data.names == tuple(case.frame.columns)


# --- scores -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["factors-ml", "slope-unstructured-ml", "two-level-codes-repeat-ml", "residual-exponential-by-ml"]
)
def test_scores_are_derivatives_by_group(name: str) -> None:
    case = CASES[name]
    fit, dense = generated_fit(case), dense_of(case)
    found, groups = scores(fit)
    values = fit.model.natural.values

    def by_group(parameters: np.ndarray) -> np.ndarray:
        v, rest = dense.v(parameters[dense.p :]), dense.y - dense.x @ parameters[: dense.p]
        out = []
        for g in range(len(found)):
            own = np.flatnonzero(groups == g)
            part = v[np.ix_(own, own)]
            out.append(-0.5 * (np.linalg.slogdet(part)[1] + rest[own] @ np.linalg.solve(part, rest[own])))
        return np.array(out)

    def stored(at: np.ndarray) -> np.ndarray:
        return estmetric(fit.model.layout, replace(fit.model.natural, values=at))[0]

    slopes = jacobian(by_group, np.concatenate([fit.model.beta, values]))
    want = slopes.copy()
    want[:, dense.p :] = np.linalg.solve(jacobian(stored, values).T, slopes[:, dense.p :].T).T
    np.testing.assert_allclose(found, want, atol=1e-7)
    np.testing.assert_allclose(found.sum(axis=0), 0.0, atol=1e-8)


def test_scores_as_variables_make_the_robust_covariance() -> None:
    case = CASES["slope-independent-ml"]
    session = session_on(dataset(case.frame))
    fit = ok(session, case.command).fit
    assert fit is not None
    told = ok(session, "predict s*, scores").text
    names = [n for n in session.data.names if n[0] == "s" and n[1:].isdigit()]
    assert len(names) == len(fit.matrix_names["V"][0]) and "missing values" in told
    s = np.column_stack([session.data.numeric(n) for n in names])
    kept = ~np.isnan(s[:, 0])
    last = pd.Series(np.flatnonzero(fit.sample)).groupby(case.frame["id"][fit.sample].to_numpy()).last()
    assert sorted(np.flatnonzero(kept)) == sorted(last)
    v = fit.matrices["V"]
    groups = int(kept.sum())
    robust = v @ (s[kept].T @ s[kept]) @ v * groups / (groups - 1)
    again = ok(session, case.command + ", vce(robust)").fit
    assert again is not None
    for own in (slice(0, 3), slice(3, None)):  # the two blocks of the stored covariance
        np.testing.assert_allclose(again.matrices["V"][own, own], robust[own, own], rtol=1e-6)


def test_scores_of_rows_where_there_are_no_groups() -> None:
    """s_i = x_i e_i/σ² for β, e_i²/σ² - 1 for log σ; and the robust covariance that comes of them."""
    frame = CASES["intercept-ml"].frame
    session = session_on(dataset(frame))
    ok(session, "mixed y x z")
    ok(session, "predict s*, scores")
    ok(session, "predict e, residuals")
    get = session.data.numeric
    kept = ~np.isnan(get("s1"))
    e, x = get("e")[kept], get("x")[kept]
    sigma2 = float((e**2).mean())
    np.testing.assert_allclose(get("s1")[kept], x * e / sigma2, rtol=1e-8)
    np.testing.assert_allclose(get("s4")[kept], e**2 / sigma2 - 1.0, rtol=1e-7, atol=1e-8)
    design = np.column_stack([x, get("z")[kept], np.ones(len(x))])
    bread = np.linalg.inv(design.T @ design)
    want = bread @ (design.T * e**2) @ design @ bread * len(x) / (len(x) - 1)
    robust = ok(session, "mixed y x z, vce(robust)").fit
    assert robust is not None
    np.testing.assert_allclose(robust.model.vcov, want, rtol=1e-8)


def test_a_linear_model_beside_a_mixed_one() -> None:
    session = session_on(dataset(CASES["intercept-ml"].frame))
    ok(session, "regress y x z")
    ok(session, "predict fit, fitted pi(low high)")
    ok(session, "estimates store linear")
    fit = ok(session, "mixed y x z || id:").fit
    assert fit is not None and fit.comparison is not None
    ok(session, "estimates store mixed")
    (row,) = ok(session, "lrtest linear mixed").tables[0].plain()["rows"]
    assert row[1] == pytest.approx(fit.comparison.stat) and row[4] == pytest.approx(row[3] / 2)


@pytest.mark.parametrize(("name", "code"), [("intercept-reml", "scores-reml"), ("crossed-ml", "scores-crossed")])
def test_scores_that_do_not_exist(name: str, code: str) -> None:
    case = CASES[name]
    session = session_on(dataset(case.frame))
    ok(session, case.command)
    outcome = session.run("predict s*, scores")
    assert outcome.error is not None and outcome.error[0] == code


def test_predict_takes_no_weights_and_counts_names() -> None:
    session = session_on(dataset(CASES["intercept-ml"].frame))
    ok(session, "mixed y x z || region:")
    outcome = session.run("predict p [fw=x]")
    assert outcome.error is not None and outcome.error[0] == "no-rows"
    outcome = session.run("predict u1 u2, reffects")
    assert outcome.error is not None and "makes 1 new variable, and 2 names are given" in outcome.error[1]


def test_the_error_of_the_linear_prediction_is_that_of_large_samples() -> None:
    """As margins has it: Kenward and Roger's matrix is for t and F."""
    session = session_on(dataset(CASES["intercept-ml"].frame))
    ok(session, "mixed y x z || region:, reml dfmethod(kroger)")
    ok(session, "predict error, stdp")
    x, z = session.data.numeric("x")[0], session.data.numeric("z")[0]
    table = ok(session, f"margins, at(x={float(x)!r} z={float(z)!r})").tables[0]
    assert session.data.numeric("error")[0] == pytest.approx(table.rows[0].values[1], rel=1e-10)
