"""Stored results against their definitions, computed from the data and from each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import terrace
from terrace.report.text.text import table_text
from terrace.results.table import Column, Row, Table


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    rows = [(h, g, t) for h in range(9) for g in range(rng.integers(3, 6)) for t in range(rng.integers(4, 8))]
    out = pd.DataFrame(rows, columns=["h", "g", "t"]).astype(float)
    out["gid"] = out.h * 10 + out.g
    out["x"] = rng.normal(size=len(out))
    out["f"] = rng.integers(1, 4, len(out)).astype(float)
    out["sex"] = out.gid % 2
    u = dict(zip(out.h.unique(), rng.normal(size=9)))
    v = dict(zip(out.gid.unique(), rng.normal(size=out.gid.nunique())))
    w = dict(zip(out.gid.unique(), rng.normal(size=out.gid.nunique())))
    out["y"] = out.x + out.h.map(u) + out.gid.map(v) + out.gid.map(w) * out.x + rng.normal(size=len(out))
    return out


def test_three_levels(frame: pd.DataFrame) -> None:
    fit = terrace.fit("mixed y x i.f || h: || g: x, covariance(unstructured) reml dfmethod(kroger)", frame)
    s, m, a = fit.scalars, fit.macros, fit.matrices
    assert not fit.boundary
    assert s["N"] == len(frame) and s["k_f"] == 4
    assert (s["k_rs"], s["k_rc"], s["k_r"], s["k_res"], s["k"]) == (4, 1, 5, 0, 9)
    # e(b) has a column for the base level of f as well
    own = [k for k, name in enumerate(fit.matrix_names["b"][1]) if name != "y:1b.f"]
    assert len(own) == s["k"] == a["b"].shape[1] - 1 and a["V"].shape == (10, 10)
    assert not a["V"][1].any() and not a["V"][:, 1].any() and a["b"][0, 1] == 0
    v = a["V"][np.ix_(own, own)]
    assert s["rank"] == np.linalg.matrix_rank(v / np.sqrt(np.outer(np.diag(v), np.diag(v))))
    sizes = [frame.groupby("h").size(), frame.groupby(["h", "g"]).size()]
    for name, of in (("N_g", len), ("g_min", min), ("g_avg", np.mean), ("g_max", max)):
        np.testing.assert_allclose(a[name][0], [of(x) for x in sizes])
        assert fit.matrix_names[name][1] == ("h", "g")
    assert (m["ivars"], m["redim"], m["vartypes"]) == ("h g", "1 2", "Identity Unstructured")
    assert m["revars"] == "_cons x _cons"
    # small samples: e(df) by coefficient, e(V_df) adjusted, e(V) not
    assert fit.matrix_names["df"][1] == fit.matrix_names["b"][1][:5] and np.isnan(a["df"][0, 1])
    df = a["df"][0, own[:4]]
    assert (s["df_min"], s["df_max"]) == (df.min(), df.max()) and s["df_avg"] == pytest.approx(df.mean())
    adjusted = np.diag(a["V_df"])[own[:4]]
    np.testing.assert_allclose(np.sqrt(adjusted), [e.se for e in fit.fixed if e.kind == "estimated"])
    assert (adjusted >= np.diag(a["V"])[own[:4]] * (1 - 1e-9)).all()
    plain = terrace.fit("mixed y x i.f || h: || g: x, covariance(unstructured) reml", frame)
    np.testing.assert_allclose(a["V"], plain.matrices["V"], rtol=1e-8)
    assert s["p"] == pytest.approx(stats.f.sf(s["F"], s["df_m"], s["ddf_m"]))
    assert s["chi2"] is None and s["small"] == 1 and plain.scalars["small"] == 0
    # the Wald test from e(b) and e(V)
    tested = own[:3]
    b, v = plain.matrices["b"][0, tested], plain.matrices["V"][np.ix_(tested, tested)]
    assert plain.scalars["chi2"] == pytest.approx(b @ np.linalg.solve(v, b))
    assert plain.scalars["p"] == pytest.approx(stats.chi2.sf(plain.scalars["chi2"], plain.scalars["df_m"]))
    assert s["chi2_c"] == pytest.approx(2 * (s["ll"] - s["ll_c"])) and s["df_c"] == 4
    assert s["p_c"] == pytest.approx(stats.chi2.sf(s["chi2_c"], 4))


def test_the_linear_model_is_that_of_least_squares(frame: pd.DataFrame) -> None:
    fit = terrace.fit("mixed y x || h:", frame)
    x = np.column_stack([frame.x, np.ones(len(frame))])
    rss = np.linalg.lstsq(x, frame.y, rcond=None)[1][0]
    n = len(frame)
    assert fit.scalars["ll_c"] == pytest.approx(-0.5 * n * (np.log(2 * np.pi * rss / n) + 1))


def test_residuals_weights_and_clusters(frame: pd.DataFrame) -> None:
    fit = terrace.fit("mixed y x || gid:, residuals(ar 1, t(t) by(sex))", frame)
    s, m = fit.scalars, fit.macros
    assert (s["nrgroups"], s["k_res"], s["ar_p"]) == (2, 3, 1)
    assert (m["rstructure"], m["rbyvar"], m["rglabels"], m["timevar"]) == ("ar", "sex", "0 1", "t")
    assert m["resopt"] == "ar 1, t(t) by(sex)" and m["datasignaturevars"] == "y x gid t sex"
    fit = terrace.fit("mixed y x || gid:, noconstant residuals(banded 1, t(t))", frame)
    assert list(fit.matrices["tmap"][0]) == sorted(frame.t.unique()) and fit.scalars["res_order"] == 1
    robust = terrace.fit("mixed y x [pw=f] || h:, pweight(f2)", frame.assign(f2=frame.h + 1))
    assert (robust.scalars["N_clust"], robust.macros["clustvar"], robust.macros["vcetype"]) == (9, "h", "Robust")
    assert (robust.macros["wtype"], robust.macros["wexp"]) == ("pweight", "= f")
    assert robust.macros["pweight1"] == "f2" and robust.comparison is None
    assert robust.matrices["V_modelbased"].shape == (2, 2)
    assert robust.macros["datasignaturevars"].split() == ["y", "x", "h", "f2", "f"]


def test_the_signature_tells_changed_data(frame: pd.DataFrame) -> None:
    one = terrace.fit("mixed y x || h:", frame).macros["datasignature"]
    assert terrace.fit("mixed y x || h:", frame.assign(f=0.0)).macros["datasignature"] == one
    other = frame.copy()
    other.loc[3, "x"] += 1e-9
    assert terrace.fit("mixed y x || h:", other).macros["datasignature"] != one


def test_wide_text_wraps_in_its_column() -> None:
    rows = (Row("short", ("x " * 70, 1.0)), Row("other", ("y", 2.0)))
    table = Table("T", (Column("a", "Text", "text"), Column("b", "Number", "general")), rows, "Name")
    lines = table_text(table, 60).split("\n")
    assert max(map(len, lines)) <= 60 and "(continued)" not in lines
    assert sum(line.count("x") for line in lines[4:]) == 70
    (line,) = [x for x in lines if x.startswith("short")]
    assert line.rstrip().endswith("1") and all(not x.startswith("  x") for x in lines)


def test_toeplitz_has_a_correlation_for_each_lag_that_occurs(frame: pd.DataFrame) -> None:
    spread = frame.assign(t4=frame.t * 4)
    dense = terrace.fit("mixed y x || gid:, noconstant residuals(toeplitz, t(t))", frame)
    gaps = terrace.fit("mixed y x || gid:, noconstant residuals(toeplitz, t(t4))", spread)
    assert gaps.ll == pytest.approx(dense.ll, abs=1e-7)
    longest = int(frame.t.max())
    assert [r.name for r in gaps.random] == [f"rho{4 * k}" for k in range(1, longest + 1)] + ["var(e)"]
    for one, other in zip(gaps.random, dense.random):
        assert one.estimate == pytest.approx(other.estimate, rel=1e-5) and one.se == pytest.approx(other.se, rel=1e-3)
    assert gaps.scalars["df_c"] == dense.scalars["df_c"] == longest and gaps.scalars["res_order"] == 4 * longest
    some = terrace.fit("mixed y x || gid:, noconstant residuals(toeplitz 5, t(t4))", spread)
    first = terrace.fit("mixed y x || gid:, noconstant residuals(toeplitz 1, t(t))", frame)
    assert some.ll == pytest.approx(first.ll, abs=1e-7) and some.scalars["k_res"] == first.scalars["k_res"] == 1


@pytest.mark.parametrize("structure", ["toeplitz 3", "ma 1", "ma 3"])
def test_lags_that_never_occur_are_refused(frame: pd.DataFrame, structure: str) -> None:
    with pytest.raises(terrace.TerraceError, match="the shortest lag is 4"):
        terrace.fit(f"mixed y x || gid:, residuals({structure}, t(t4))", frame.assign(t4=frame.t * 4))
