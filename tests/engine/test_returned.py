"""r() after every command that stores there: by definition, from e(b) and e(V), and nothing of an earlier command."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_support import session_on
from scipy import stats
from test_session_commands import error, ok

import terrace
from terrace.session import registry
from terrace.session.effects import Effect
from terrace.session.session import Session
from terrace.session.state import Matrix, Returned


@pytest.fixture(scope="module")
def fitted() -> Session:
    session = session_on(terrace.sample("hsb"))
    ok(session, "mixed mathach || id:")
    ok(session, "estimates store null")
    ok(session, "mixed mathach c.ses##i.sector || id: ses, covariance(unstructured)")
    return session


@pytest.fixture
def session(fitted: Session) -> Session:
    """A session of its own on the same data and fits."""
    return Session(fitted.state)


def left(session: Session, command: str) -> Returned:
    """What a command leaves in r()."""
    ok(session, command)
    return session.state.returned


def cell(m: Matrix, row: str, column: str) -> float:
    return float(m.values[m.rows.index(row), m.columns.index(column)])


# --- which commands store there ---------------------------------------------------------------------------
def test_no_command_leaves_results_of_an_earlier_one(session: Session) -> None:
    """The faults of the courses: after lrtest, estat icc and others showed r(chi2) of the test."""
    ok(session, "estat sd")
    for command in (
        "estat icc", "estat sd", "estat recovariance", "estat group", "estat ic", "estat vce", "estat summarize",
        "estat wcorrelation, at(id=1224)", "estat df, method(residual)", "estat terms", "margins", "contrast sector",
        "pwcompare sector", "lincom ses", "nlcom _b[ses]", "estimates stats", "estimates dir", "estimates describe",
    ):  # fmt: skip
        ok(session, "lrtest null .")
        assert session.state.returned.scalars["chi2"] > 0
        r = left(session, command)
        assert "chi2" not in r.scalars and "p_mixture" not in r.scalars, command
    ok(session, "lrtest null .")
    assert left(session, "estat group") == Returned()


def test_commands_of_other_classes_leave_r_alone(session: Session) -> None:
    kept = left(session, "summarize ses")
    for command in (
        "display r(mean)", "scalar half = r(mean)/2", "local m = r(mean)", "generate above = ses > r(mean)",
        "replace above = . if ses == r(max)", "egen top = max(ses)", "sort id ses", "label variable above Above",
        "rename above over", "drop top", "predict fit, fitted", "estimates store again", "estimates restore null",
        "return list", "ereturn list", "matrix one = (1)", "list over in 1/2", "format ses %9.2f", "quietly display 1",
        "assert r(N) == 7185", "confirm variable ses", "estimates drop again", "set level 95", "constraint 1 ses = 0",
    ):  # fmt: skip
        ok(session, command)
        assert session.state.returned is kept, command


def test_an_error_leaves_r_alone(session: Session) -> None:
    kept = left(session, "summarize ses")
    assert error(session, "estat nothing") and error(session, "summarize nothing")
    ok(session, "capture summarize nothing")
    assert session.state.returned is kept


def test_r_of_the_arguments_is_that_of_before(session: Session) -> None:
    mean = left(session, "summarize ses").scalars["mean"]
    count = left(session, "count if ses > r(mean)").scalars
    assert count == {"N": float((session.data.numeric("ses") > mean).sum())}


def test_programs_by_their_class(session: Session) -> None:
    ok(session, "program define nothing, rclass\nlocal x = 1\nend")
    ok(session, "program define loud\nsummarize ses\nend")
    ok(session, "program define own, rclass\nsummarize ses\nreturn scalar half = r(mean)/2\nend")
    ok(session, "summarize meanses")
    assert left(session, "nothing") == Returned()
    assert left(session, "loud").scalars["N"] == 7185
    assert list(left(session, "own").scalars) == ["half"]


def test_commands_that_leave_r_alone() -> None:
    registry.load()
    for name in ("predict", "generate", "display", "estimates store", "return list"):
        assert Effect.RETURNS not in registry.COMMANDS[name].effects


# --- what does not exist ----------------------------------------------------------------------------------
def test_what_does_not_exist_is_missing_or_empty(session: Session) -> None:
    for text, shown in {
        "e(nothing)": ".", "r(nothing)": ".", "missing(e(nothing))": "1", "e(nothing) == .": "1",
        'e(nothing) == ""': "1", 'e(cmd) == "mixed"': "1", 'r(nothing) == "mixed"': "0", 'e(nothing) != "x"': "1",
        'strlen(e(nothing))': "0", 'e(cmd) + e(nothing)': "mixed", '"[`e(nothing)\']"': "[]",
    }.items():  # fmt: skip
        assert ok(session, f"display {text}").text == shown, text
    ok(session, "clear")
    nothing = Session()
    assert ok(nothing, "display e(N)").text == "." and ok(nothing, 'display e(cmd) == "mixed"').text == "0"
    ok(session, "generate x = 1" if session.dataset is not None else "display 1")
    # what is asked for by place, a coefficient, a matrix or the sample, is an error as ever
    assert error(nothing, "display _b[x]") and error(nothing, "display e(b)[1,1]") and error(nothing, "matrix a = e(b)")


# --- names and places in e(b) -----------------------------------------------------------------------------
def test_e_b_keeps_base_columns(session: Session) -> None:
    fit = session.fit
    assert fit is not None
    names = ("ses", "0b.sector", "1.sector", "0b.sector#co.ses", "1.sector#c.ses", "_cons")
    random = ("lns1_1_1:_cons", "lns1_1_2:_cons", "atr1_1_1_2:_cons", "lnsig_e:_cons")
    assert fit.matrix_names["b"][1] == (*(f"mathach:{n}" for n in names), *random)
    assert fit.matrix_names["V"] == (fit.matrix_names["b"][1],) * 2
    assert tuple(left(session, "mixed").matrices["table"].columns) == fit.matrix_names["b"][1]

    def shown(text: str) -> float:
        return float(ok(session, f"display %18.0g {text}").text)

    value = {e.term: e.coef for e in fit.fixed} | {r.name: r.estimate for r in fit.random}
    assert shown("e(b)[1,3]") == shown("_b[1.sector]") == pytest.approx(value["1.sector"])
    assert shown("e(b)[1,2]") == shown("_b[0b.sector]") == shown("_b[0.sector]") == 0
    assert shown("_b[0b.sector#co.ses]") == 0 and shown('e(b)[1,"0.sector#c.ses"]') == 0
    assert shown('e(b)[1,"1.sector"]') == shown('e(b)[1,"mathach:1.sector"]') == pytest.approx(value["1.sector"])
    assert shown('colnumb(e(b), "ses")') == 1 and shown('colnumb(e(b), "lnsig_e:_cons")') == 10
    assert shown("exp(e(b)[1,10])^2") == pytest.approx(value["var(Residual)"])
    assert shown("exp(e(b)[1,8])^2") == pytest.approx(value["var(_cons)"])
    assert shown("sqrt(e(V)[3,3])") == pytest.approx(shown("_se[1.sector]")) and shown("e(V)[2,2]") == 0
    assert shown('r(table)["b","ses"]') == pytest.approx(value["ses"])


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ("i.minority##i.female", "0b.minority 1.minority 0b.female 1.female 0b.minority#0b.female "
         "0b.minority#1o.female 1o.minority#0b.female 1.minority#1.female _cons"),
        ("ib1.sector ses ses2", "0.sector 1b.sector ses o.ses2 _cons"),
        ("1.sector c.ses#c.ses", "1.sector c.ses#c.ses _cons"),
        ("ibn.sector, noconstant", "0.sector 1.sector"),
    ],
)  # fmt: skip
def test_the_marks_of_what_has_no_coefficient(fitted: Session, terms: str, names: str) -> None:
    session = Session(fitted.state)
    ok(session, "generate ses2 = 2*ses")
    fit = ok(session, f"mixed mathach {terms} || id:").fit
    assert fit is not None
    own = [n.removeprefix("mathach:") for n in fit.matrix_names["b"][1] if n.startswith("mathach:")]
    assert own == names.split()
    for name, value in zip(own, fit.matrices["b"][0]):
        assert float(ok(session, f"display %18.0g _b[{name}]").text) == pytest.approx(value)


def test_starting_values_may_have_base_columns(session: Session) -> None:
    ok(session, "matrix b0 = e(b)")
    before = session.fit
    for option in ("from(b0)", "from(b0, copy)"):
        ok(session, f"mixed mathach c.ses##i.sector || id:, {option}".replace("|| id:,", "|| id: ses, cov(un)"))
        assert session.fit is not None and before is not None
        assert session.fit.ll == pytest.approx(before.ll, abs=1e-5)


def test_regress_stores_alike(session: Session) -> None:
    r = left(session, "regress mathach i.sector ses")
    fit = session.fit
    assert fit is not None
    assert fit.matrix_names["b"][1] == ("0b.sector", "1.sector", "ses", "_cons") == r.matrices["table"].columns
    assert r.matrices["table"].rows[2] == "t" and cell(r.matrices["table"], "df", "ses") == 7182
    assert fit.matrices["V"].shape == (4, 4) and not fit.matrices["V"][0].any()


# --- estat ------------------------------------------------------------------------------------------------
def test_the_name_of_stored_estimates(session: Session) -> None:
    assert ok(session, "estat ic").tables[0].rows[0].label == "."
    ok(session, "estimates store slopes")
    assert ok(session, "estat ic").tables[0].rows[0].label == "slopes"
    assert ok(session, "estimates stats").tables[0].rows[0].label == "slopes"
    ok(session, "quietly mixed mathach ses || id:")
    assert ok(session, "estat ic").tables[0].rows[0].label == "."
    ok(session, "estimates restore null")
    assert ok(session, "estat ic").tables[0].rows[0].label == "null"


def test_icc(session: Session) -> None:
    """For the productivity of the states the manual prints .159893 (.127627) for regions, .8516263 within states."""
    states = session_on(terrace.sample("produc"))
    ok(states, "mixed gsp private emp hwy water other unemp || region: || state:")
    r = left(states, "estat icc, level(95)")
    assert list(r.scalars) == ["level", "icc2", "se2", "icc3", "se3"]
    assert r.scalars["icc3"] == pytest.approx(0.159893, rel=1e-5)
    assert r.scalars["se3"] == pytest.approx(0.127627, rel=1e-5)
    assert r.scalars["icc2"] == pytest.approx(0.8516263, abs=5e-7)
    assert r.macros == {"label2": "state|region", "label3": "region"}
    np.testing.assert_allclose(r.matrices["ci3"].values, [[0.0287143, 0.5506202]], rtol=1e-5)
    assert left(states, "estat icc, level(90)").scalars["level"] == 90
    ok(session, "estimates restore null")
    ok(session, "estat icc")
    # a course computes it from e(b)
    by_hand = "exp(e(b)[1,2])^2/(exp(e(b)[1,2])^2 + exp(e(b)[1,3])^2)"
    assert float(ok(session, f"display %18.0g r(icc2) - {by_hand}").text) == pytest.approx(0, abs=1e-12)


def test_criteria(session: Session) -> None:
    r = left(session, "estat ic")
    s = r.matrices["S"]
    assert s.columns == ("N", "ll0", "ll", "df", "AIC", "BIC") and s.values.shape == (1, 6)
    ll, k, n = s.values[0, 2], s.values[0, 3], s.values[0, 0]
    assert (n, k) == (7185, 8) and np.isnan(s.values[0, 1])
    assert s.values[0, 4:] == pytest.approx([-2 * ll + 2 * k, -2 * ll + k * np.log(n)])
    both = left(session, "estimates stats null .").matrices["S"]
    assert both.rows == ("null", ".") and both.values[1] == pytest.approx(s.values[0], nan_ok=True)


def test_standard_deviations_and_covariances(session: Session) -> None:
    ok(session, "quietly mixed mathach ses || id: ses, covariance(unstructured)")
    fit = session.fit
    assert fit is not None
    r = left(session, "estat sd")
    names = ("id:sd(ses)", "id:sd(_cons)", "id:corr(ses,_cons)", "Residual:sd(Residual)")
    assert r.matrices["b"].columns == names == r.matrices["V"].rows and r.scalars == {"level": 95}
    assert r.matrices["b"].values[0] == pytest.approx([p.estimate for p in fit.random_sd])
    assert np.sqrt(np.diag(r.matrices["V"].values)) == pytest.approx([p.se for p in fit.random_sd])
    # the delta method from the matrix of the variances
    j = np.diag(0.5 / np.array([p.estimate for p in fit.random_sd]))[[0, 1, 3]]
    v = j @ left(session, "estat sd, variance").matrices["V"].values @ j.T
    np.testing.assert_allclose(v, r.matrices["V"].values[np.ix_([0, 1, 3], [0, 1, 3])], rtol=1e-8)
    assert cell(r.matrices["table"], "ll", "id:sd(ses)") == pytest.approx(fit.random_sd[0].lb)
    r = left(session, "estat recovariance")
    sd = [p.estimate for p in fit.random_sd]
    sigma = np.array([[sd[0] ** 2, sd[2] * sd[0] * sd[1]], [sd[2] * sd[0] * sd[1], sd[1] ** 2]])
    assert r.scalars == {"relevels": 1} and list(r.matrices) == ["Cov2"]
    assert r.matrices["Cov2"].rows == ("ses", "_cons")
    np.testing.assert_allclose(r.matrices["Cov2"].values, sigma)
    r = left(session, "estat recovariance, correlation")
    assert list(r.matrices) == ["Corr2"] and r.matrices["Corr2"].values[1, 0] == pytest.approx(sd[2])


def test_covariances_by_level() -> None:
    states = session_on(terrace.sample("produc"))
    ok(states, "mixed gsp private || region: || state: unemp")
    r = left(states, "estat recovariance")
    assert r.scalars == {"relevels": 2} and sorted(r.matrices) == ["Cov2", "Cov3"]
    assert r.matrices["Cov2"].rows == ("unemp", "_cons") and r.matrices["Cov3"].rows == ("_cons",)
    assert list(left(states, "estat recovariance, relevel(region)").matrices) == ["Cov3"]


def test_within_clusters() -> None:
    session = session_on(terrace.sample("produc"))
    for command in (
        "mixed gsp private || region: || state: unemp, covariance(unstructured)",
        "mixed gsp private || region: R.state",
        "mixed gsp private || region: R.state, covariance(exchangeable)",
        "mixed gsp private || state:, residuals(ar 1, t(year))",
    ):
        ok(session, command)
        r = left(session, "estat wcorrelation" if "R." not in command else "estat wcorrelation, at(state=1 region=6)")
        z, g, v = (r.matrices[name].values for name in ("Z", "G", "Cov"))
        np.testing.assert_allclose(z @ g @ z.T + r.matrices["R"].values, v, rtol=1e-10)
        sd = r.matrices["sd"].values[0]
        np.testing.assert_allclose(r.matrices["Corr"].values * np.outer(sd, sd), v, rtol=1e-10)
        from terrace.postestimation.variance.wcorrelation import marginal_covariance

        fit = session.fit
        assert fit is not None
        rows = np.flatnonzero(session.data.numeric("state")[fit.sample] == 1)
        whole = marginal_covariance(fit, rows)
        np.testing.assert_allclose(np.sort(np.linalg.eigvalsh(v)), np.sort(np.linalg.eigvalsh(whole)), rtol=1e-8)


def test_matrices_of_the_estimates_and_the_sample(session: Session) -> None:
    fit = session.fit
    assert fit is not None
    r = left(session, "estat vce")
    np.testing.assert_array_equal(r.matrices["V"].values, fit.matrices["V"])
    c = left(session, "estat vce, correlation").matrices["V"]
    assert cell(c, "mathach:ses", "mathach:ses") == pytest.approx(1)
    assert np.isnan(cell(c, "mathach:ses", "mathach:0b.sector"))
    s = left(session, "estat summarize").matrices["stats"]
    ses = session.data.numeric("ses")
    assert s.columns == ("mean", "sd", "min", "max")
    assert s.values[s.rows.index("ses")] == pytest.approx([ses.mean(), ses.std(ddof=1), ses.min(), ses.max()])


def test_degrees_of_freedom() -> None:
    session = session_on(terrace.sample("winer43"))
    fit = ok(session, "mixed score i.drug || person:, reml dfmethod(kroger)").fit
    assert fit is not None
    r = left(session, "estat df, method(kroger repeated)")
    assert r.macros == {"dfmethods": "kroger repeated"}
    assert r.matrices["df"].rows == ("kroger", "repeated")
    assert r.matrices["df"].columns == fit.matrix_names["df"][1]
    np.testing.assert_allclose(r.matrices["df"].values[0], fit.matrices["df"][0])
    np.testing.assert_allclose(r.matrices["V_df"].values, fit.matrices["V_df"])
    assert np.sqrt(np.diag(r.matrices["V_df"].values)[1:]) == pytest.approx([e.se for e in fit.fixed[1:]])


# --- tests and combinations -------------------------------------------------------------------------------
def test_wald_tests(session: Session) -> None:
    fit = session.fit
    assert fit is not None
    b, v = fit.matrices["b"][0], fit.matrices["V"]
    own = [0, 2]
    chi2 = b[own] @ np.linalg.solve(v[np.ix_(own, own)], b[own])
    r = left(session, "test ses 1.sector")
    assert r.scalars == pytest.approx({"chi2": chi2, "df": 2, "p": stats.chi2.sf(chi2, 2), "drop": 0})
    r = left(session, "test (ses = 0) (1.sector = 0) (ses + 1.sector = 0), mtest(holm)")
    assert (r.scalars["drop"], r.scalars["dropped_1"], r.scalars["df"]) == (1, 3, 2)
    assert r.macros == {"mtmethod": "holm"}
    m = r.matrices["mtest"]
    assert m.columns == ("chi2", "df", "p", "adjustp") and m.values[0, 0] == pytest.approx(b[0] ** 2 / v[0, 0])
    assert left(session, "testparm i.sector c.ses#i.sector").scalars["df"] == 2
    assert left(session, "test ses, notest").scalars["df"] == 1
    r = left(session, "test ses, df(30)")
    assert r.scalars == pytest.approx(
        {"F": b[0] ** 2 / v[0, 0], "df": 1, "df_r": 30, "p": stats.f.sf(b[0] ** 2 / v[0, 0], 1, 30), "drop": 0}
    )
    r = left(session, "testnl _b[ses]^2 = 4")
    assert set(r.scalars) == {"chi2", "df", "p"}


def test_likelihood_ratios(session: Session) -> None:
    fit, null = session.fit, session.stored["null"]
    assert fit is not None
    r = left(session, "lrtest null .").scalars
    chi2 = 2 * (fit.ll - null.ll)
    assert (r["chi2"], r["df"]) == pytest.approx((chi2, 5)) and r["p"] == pytest.approx(stats.chi2.sf(chi2, 5))


def test_combinations(session: Session) -> None:
    fit = session.fit
    assert fit is not None
    b, v = fit.matrices["b"][0], fit.matrices["V"]
    value, se = b[0] + b[2], np.sqrt(v[0, 0] + v[2, 2] + 2 * v[0, 2])
    r = left(session, "lincom ses + 1.sector, level(90)").scalars
    half = stats.norm.ppf(0.95) * se
    assert r == pytest.approx({
        "estimate": value, "se": se, "z": value / se, "p": 2 * stats.norm.sf(abs(value / se)), "lb": value - half,
        "ub": value + half, "level": 90,
    }, abs=1e-12)  # fmt: skip
    r = left(session, "lincom ses, df(12)").scalars
    assert r["t"] == pytest.approx(b[0] / v[0, 0] ** 0.5) and r["df"] == 12 and "z" not in r
    r = left(session, "nlcom (ratio: _b[ses]/_b[1.sector]) (square: _b[ses]^2)")
    assert r.scalars == {"N": 7185, "level": 95} and r.matrices["b"].columns == ("ratio", "square")
    assert r.matrices["b"].values[0] == pytest.approx([b[0] / b[2], b[0] ** 2])
    j = np.array([[1 / b[2], -b[0] / b[2] ** 2], [2 * b[0], 0]])
    np.testing.assert_allclose(r.matrices["V"].values, j @ v[np.ix_([0, 2], [0, 2])] @ j.T, rtol=1e-10)
    assert cell(r.matrices["table"], "z", "square") == pytest.approx(b[0] ** 2 / r.matrices["V"].values[1, 1] ** 0.5)


# --- margins and comparisons ------------------------------------------------------------------------------
def wald_column(table: Matrix, name: str) -> None:
    """z, p and interval of a column follow from its estimate and standard error."""
    b, se = cell(table, "b", name), cell(table, "se", name)
    assert cell(table, "z", name) == pytest.approx(b / se)
    assert cell(table, "pvalue", name) == pytest.approx(2 * stats.norm.sf(abs(b / se)))
    assert cell(table, "ul", name) == pytest.approx(b + cell(table, "crit", name) * se)


def test_margins(session: Session) -> None:
    fit = session.fit
    assert fit is not None
    r = left(session, "margins sector, at(ses=(-1 1))")
    m = r.matrices
    names = ("1._at#0.sector", "1._at#1.sector", "2._at#0.sector", "2._at#1.sector")
    assert m["b"].columns == names == m["table"].columns
    j = m["Jacobian"]
    assert j.columns == fit.matrix_names["b"][1][:6]
    np.testing.assert_allclose(j.values @ fit.matrices["b"][0, :6], m["b"].values[0])
    np.testing.assert_allclose(j.values @ fit.matrices["V"][:6, :6] @ j.values.T, m["V"].values, atol=1e-14)
    np.testing.assert_allclose(cell(m["table"], "se", names[0]), m["V"].values[0, 0] ** 0.5)
    assert m["at"].columns == ("ses", "0b.sector", "1.sector")
    np.testing.assert_array_equal(m["at"].values, [[-1, np.nan, np.nan], [1, np.nan, np.nan]])
    assert not m["error"].values.any() and (m["_N"].values == 7185).all()
    for name in names:
        wald_column(m["table"], name)
    assert r.scalars == {"N": 7185, "level": 95, "k_predict": 1, "k_margins": 1, "k_by": 1, "k_at": 2}
    assert r.macros["cmd"] == "margins" and r.macros["est_cmd"] == "mixed" and r.macros["margins"] == "sector"
    over = left(session, "margins, over(sector)").matrices["_N"]
    sector = session.data.numeric("sector")
    assert over.values[0] == pytest.approx([(sector == 0).sum(), (sector == 1).sum()])
    slopes = left(session, "margins sector, dydx(ses)")
    assert slopes.macros["derivatives"] == "dy/dx" and slopes.macros["xvars"] == "ses"
    means = left(session, "margins sector, atmeans").matrices["at"]
    assert means.values[0] == pytest.approx([session.data.numeric("ses").mean(), 1 - sector.mean(), sector.mean()])


def test_contrasts(session: Session) -> None:
    fit = session.fit
    assert fit is not None
    r = left(session, "contrast r.sector r.sector#c.ses, overall")
    m = r.matrices
    names = ("r1vs0.sector", "r1vs0.sector#c.ses")
    assert m["b"].columns == names == m["L"].rows and m["L"].columns == fit.matrix_names["b"][1][:6]
    np.testing.assert_allclose(m["L"].values @ fit.matrices["b"][0, :6], m["b"].values[0])
    np.testing.assert_allclose(m["L"].values @ fit.matrices["V"][:6, :6] @ m["L"].values.T, m["V"].values, atol=1e-14)
    for name in names:
        wald_column(m["table"], name)
    assert m["chi2"].values[0, 0] == pytest.approx(cell(m["table"], "z", names[0]) ** 2)
    b, v = m["b"].values[0], m["V"].values
    assert m["chi2"].values[0, 2] == pytest.approx(b @ np.linalg.solve(v, b)) and m["df"].values[0, 2] == 2
    assert r.scalars == {"k_terms": 2, "level": 95} and r.macros["overall"] == "overall"
    assert r.macros["cmdline"] == "contrast r.sector r.sector#c.ses, overall"


def test_contrasts_by_t() -> None:
    session = session_on(terrace.sample("winer43"))
    fit = ok(session, "mixed score i.drug || person:, reml dfmethod(repeated)").fit
    assert fit is not None
    r = left(session, "contrast ar.drug, small")
    assert r.matrices["b"].columns == ("ar2vs1.drug", "ar3vs2.drug", "ar4vs3.drug")
    assert r.matrices["table"].rows[2] == "t" and set(r.matrices["table"].values[6]) == {12}
    assert r.matrices["F"].values[0, 0] == pytest.approx(fit.scalars["F"]) and r.matrices["df2"].values[0, 0] == 12
    assert "chi2" not in r.matrices
    for codes, command in {
        "g1 g2 g3 g4": "g.drug", "h1 h2 h3": "h.drug", "j2 j3 j4": "j.drug", "p1 p2 p3": "p.drug", "p2": "p(2).drug",
        "r1vs3 r2vs3 r4vs3": "rb3.drug", "a1vs2 a2vs3 a3vs4": "a.drug", "r2vs1 r3vs1 r4vs1": "drug",
    }.items():  # fmt: skip
        names = left(session, f"contrast {command}").matrices["b"].columns
        assert names == tuple(f"{c}.drug" for c in codes.split()), command


def test_pairwise_comparisons(session: Session) -> None:
    fit = session.fit
    assert fit is not None
    ok(session, "quietly mixed mathach ses i.sector##i.minority || id:")
    fit = session.fit
    assert fit is not None
    p = len(fit.fixed)
    r = left(session, "pwcompare sector#minority, mcompare(bonferroni)")
    m = r.matrices
    assert m["b"].columns[:2] == ("0.sector#0.minority", "0.sector#1.minority")
    assert m["b_vs"].columns[:3] == (
        "0.sector#1vs0.minority", "1vs0.sector#0.minority", "(1.sector#1.minority)vs(0.sector#0.minority)",
    )  # fmt: skip
    beta, v = fit.matrices["b"][0, :p], fit.matrices["V"][:p, :p]
    np.testing.assert_allclose(m["M"].values @ beta, m["b"].values[0])
    np.testing.assert_allclose(m["L"].values @ beta, m["b_vs"].values[0])
    np.testing.assert_allclose(m["L"].values @ v @ m["L"].values.T, m["V_vs"].values, atol=1e-14)
    assert m["b_vs"].values[0, 0] == pytest.approx(m["b"].values[0, 1] - m["b"].values[0, 0])
    # the critical value and p are those of six comparisons
    name = m["b_vs"].columns[1]
    assert cell(m["table_vs"], "crit", name) == pytest.approx(stats.norm.ppf(1 - 0.025 / 6))
    z = cell(m["table_vs"], "z", name)
    assert cell(m["table_vs"], "pvalue", name) == pytest.approx(min(1, 12 * stats.norm.sf(abs(z))))
    assert r.macros["mcmethod_vs"] == "bonferroni" and r.scalars == {"k_terms": 1, "level": 95}


def test_comparisons_of_margins(session: Session) -> None:
    r = left(session, "margins sector, at(ses=(0 1)) pwcompare")
    m = r.matrices
    assert m["b_vs"].columns[0] == "1._at#1vs0.sector" and m["b_vs"].values.shape == (1, 6)
    assert m["b_vs"].values[0, 0] == pytest.approx(m["b"].values[0, 1] - m["b"].values[0, 0])
    assert (r.macros["cmd"], r.macros["cmd2"]) == ("pwcompare", "margins")
    r = left(session, "margins r.sector, at(ses=(0 1))")
    m = r.matrices
    assert (r.macros["cmd"], r.macros["cmd2"]) == ("contrast", "margins") and m["b"].values.shape == (1, 2)
    fit = session.fit
    assert fit is not None
    np.testing.assert_allclose(m["L"].values @ fit.matrices["b"][0, :6], m["b"].values[0])
    assert m["chi2"].values[0, 0] == pytest.approx(m["table"].values[2, 0] ** 2)


def test_what_is_not_estimable() -> None:
    rng = np.random.default_rng(5)
    import pandas as pd
    from oracle_support import dataset

    frame = pd.DataFrame({"g": np.repeat(np.arange(12.0), 6), "a": np.tile([1.0, 1, 2, 2, 3, 3], 12)})
    frame["b"] = np.tile([1.0, 2.0], 36)
    frame["y"] = rng.normal(size=72) + np.repeat(rng.normal(size=12), 6)
    frame = frame[~((frame.a == 1) & (frame.b == 1))]
    session = session_on(dataset(frame))
    ok(session, "mixed y i.a##i.b || g:")
    m = left(session, "contrast r.b@a").matrices
    assert list(m["error"].values[0] == 8) == list(np.isnan(m["b"].values[0])) and (m["error"].values == 8).any()
    assert np.isnan(m["V"].values[m["error"].values[0] == 8]).all()
    m = left(session, "margins a#b").matrices
    assert list(m["error"].values[0]) == [8, 0, 0, 0, 0, 0] and np.isnan(m["table"].values[0, 0])


def test_panels() -> None:
    session = session_on(terrace.sample("produc"))
    r = left(session, "xtset state year")
    assert r.macros == {"panelvar": "state", "timevar": "year"}
    assert r.scalars == {"imin": 1, "imax": 48, "tmin": 1970, "tmax": 1986, "tdelta": 1}
    ok(session, "summarize gsp")
    assert left(session, "xtset") == r


def test_estimates_side_by_side(session: Session) -> None:
    fit, null = session.fit, session.stored["null"]
    assert fit is not None
    r = left(session, "estimates table null ., stats(N aic rank ll)")
    assert r.macros == {"names": "null ."}
    c, s = r.matrices["coef"], r.matrices["stats"]
    assert c.columns == ("null:b", "null:var", ".:b", ".:var") and set(c.rows) == set(fit.matrix_names["b"][1])
    assert cell(c, "mathach:_cons", "null:b") == null.matrices["b"][0, 0]
    assert cell(c, "mathach:ses", ".:var") == fit.matrices["V"][0, 0] and np.isnan(cell(c, "mathach:ses", "null:b"))
    assert s.rows == ("N", "aic", "rank", "ll") and list(s.values[2]) == [3, 8]
    assert cell(s, "aic", ".") == pytest.approx(46579.18, abs=0.006)
    assert list(left(session, "estimates table null .").matrices) == ["coef"]
    assert left(session, "estimates dir").macros["names"] == "null"
    described = left(session, "estimates describe null").macros
    assert described == {"title": "Mixed-effects ML regression", "cmdline": "mixed mathach || id:"}


def test_simulations_of_a_fit_collect_its_coefficients(session: Session) -> None:
    """After an estimation r() holds its table and level, which is not what a simulation is about."""
    ok(session, "keep if id < 1500")
    ok(session, "generate e = rnormal()")
    ok(session, "simulate, reps(2) seed(1): mixed e ses || id:")
    assert session.data.names == ("_b_ses", "_b_cons")
