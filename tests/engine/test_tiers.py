"""Which tier is chosen, what the choice says, and what follows a fit by iteration: it works or says why not."""

from __future__ import annotations

import pytest
from data_support import ok
from oracle_support import dataset, session_on
from test_iterative import MODELS, ratings

import terrace
from terrace.design.design import build_design
from terrace.errors import TerraceError
from terrace.language.mixed import parse_mixed
from terrace.likelihood import tiers
from terrace.session.session import Session
from terrace.spec.text import format_mixed


def test_small_designs_stay_exact() -> None:
    for model in MODELS.values():
        assert tiers.choose(build_design(parse_mixed(model), dataset(ratings()))) == "exact"


def test_what_would_take_long_or_not_fit_is_done_by_iteration(monkeypatch: pytest.MonkeyPatch) -> None:
    design = build_design(parse_mixed(MODELS["two"]), dataset(ratings()))
    monkeypatch.setattr(tiers, "_large", lambda design: True)
    assert tiers.choose(design) == "exact"
    monkeypatch.setattr(tiers, "SLOW", 1.0)
    assert tiers.choose(design) == "iterative" and tiers.choose(design, "exact") == "exact"
    monkeypatch.setattr(tiers, "SLOW", 1e30)
    monkeypatch.setattr(tiers, "free_memory", lambda: 1.01 / tiers.SHARE * tiers.iterative_bytes(design))
    assert tiers.choose(design) == "iterative"


def test_memory_that_would_not_suffice_is_told_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    design = build_design(parse_mixed(MODELS["two"]), dataset(ratings()))
    monkeypatch.setattr(tiers, "_large", lambda design: True)
    monkeypatch.setattr(tiers, "free_memory", lambda: 1000.0)
    for wanted in (None, "exact"):
        with pytest.raises(TerraceError, match="GiB are free") as caught:
            tiers.choose(design, wanted)  # type: ignore[arg-type]
        assert caught.value.code == "too-large"
    small = build_design(parse_mixed(MODELS["two"] + " dfmethod(kroger)"), dataset(ratings()))
    with pytest.raises(TerraceError, match="cannot fit the model: it asks for degrees of freedom"):
        tiers.choose(small)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("mixed y x || user:, method(iterative)", "no crossed effects"),
        ("mixed y x || _all: R.user || _all: R.user, method(iterative)", "no crossed effects"),
        ("mixed y x || _all: R.user || item:, reml method(iterative) dfmethod(kroger)", "degrees of freedom"),
        ("mixed y x || _all: R.user || item:, method(iterative) residuals(ind, by(place))", "residuals other than"),
        ("mixed y x || _all: R.user, cov(exchangeable) || item:, method(iterative)", "covariances between the values"),
    ],
)
def test_what_it_cannot_fit_it_says(model: str, why: str) -> None:
    with pytest.raises(TerraceError, match=why):
        terrace.fit(model, dataset(ratings()))


def test_the_option_is_printed_and_checked() -> None:
    spec = parse_mixed(MODELS["two"] + " meth(iter)")
    assert spec.maximisation.method == "iterative" and "method(iterative)" in format_mixed(spec)
    with pytest.raises(TerraceError, match="method"):
        parse_mixed(MODELS["two"] + " method(guess)")


@pytest.fixture(scope="module")
def session() -> Session:
    made = session_on(dataset(ratings()))
    ok(made, "mixed y x i.place || _all: R.user || item:, reml")
    ok(made, "estimates store exact")
    ok(made, "mixed y x i.place || _all: R.user || item:, reml method(iterative)")
    ok(made, "estimates store iterative")
    return made


def test_the_result_says_how_it_was_made(session: Session) -> None:
    fit = session.fit
    assert fit is not None and fit.tier == "iterative"
    assert float(fit.scalars["mc_ll"] or 0.0) > 0 and fit.scalars["probes"] == 8
    note = next(w for w in fit.warnings if w.code == "iterative")
    assert "iterative method with 8 random probes" in note.message and "log likelihood" in note.message
    assert "iterative method" in str(fit)


@pytest.mark.parametrize(
    "command",
    [
        "estat icc", "estat ic", "estat vce", "estat recovariance", "estat group", "estat r2", "estat reliability",
        "test x", "testparm i.place", "lincom x + _cons", "margins place", "margins, dydx(x)", "pwcompare place",
        "contrast place", "predict f, fitted", "predict u*, reffects", "predict u2*, reffects reses(s*)",
        "predict r, residuals", "predict rs, rstandard"
    ],
)
def test_what_follows_works(session: Session, command: str) -> None:
    ok(session, command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("estat profile", "needs-exact"), ("estat df", "needs-exact"), ("estat bootstrap, reps(2) seed(1)", None),
        ("estat influence user", None), ("estat diagnostics", None), ("estat wcorrelation", None),
        ("estat simplify", None), ("estat terms", None), ("estat residuals", None),
        ("predict sc*, scores", "scores-reml"),
    ],
)
def test_what_cannot_follow_is_refused_in_words(session: Session, command: str, code: str | None) -> None:
    outcome = session.run(command)
    assert (outcome.error[0] if outcome.error else None) == code
    if code == "needs-exact":
        assert "iterative method" in outcome.error[1]


def test_a_likelihood_ratio_tells_its_error(session: Session) -> None:
    ok(session, "mixed y x i.place || item:, reml")
    ok(session, "estimates store smaller")
    text = " ".join(str(ok(session, "lrtest smaller iterative").text).split())
    assert "Monte Carlo standard error" in text
    ok(session, "lrtest smaller exact")
    ok(session, "estimates restore iterative")
