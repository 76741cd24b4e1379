"""The command ``mixed``: every option and abbreviation, and errors that point at their place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from terrace.errors import CommandError, SpecError, TerraceError
from terrace.language.grammar.tokens import Piece
from terrace.language.mixed import parse_mixed, parse_replay
from terrace.spec.model import Display, Factor, ModelSpec, RandomEquation, Residuals, Term, Weight


def term(*names: str, kind: str = "continuous") -> Term:
    return Term(tuple(Factor(n, kind) for n in names))  # type: ignore[arg-type]


BASE = parse_mixed("mixed y x || g:")


def test_a_model_is_read_whole() -> None:
    spec = parse_mixed(
        "mixed y x i.a if z > 1 & t < 3 in 2/90 [pw=w], nocons || school: x, cov(un) pw(ws) "
        "|| pupil:, nocons collin dftable(def) l(90) stddev"
    )
    assert spec == ModelSpec(
        outcome=Factor("y"),
        fixed=(term("x"), term("a", kind="factor")),
        random=(
            RandomEquation("school", (term("x"),), covariance="unstructured", pweight="ws"),
            RandomEquation("pupil", constant=False, collinear=True),
        ),
        constant=False,
        condition="z > 1 & t < 3",
        range_="2/90",
        weight=Weight("pweight", "w"),
        display=Display(level=90, metric="sd"),
    )


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ("reml", {"method": "reml"}),
        ("mle", {}),
        ("ml", {}),
        ("nostd", {"nostderr": True}),
        ("const(3 1/2)", {"constraints": (1, 2, 3)}),
        ("constraints(4-6)", {"constraints": (4, 5, 6)}),
        ("vce(oim)", {"vce": "oim"}),
        ("vce(r)", {"vce": "robust"}),
        ("robust", {"vce": "robust"}),
        ("vce(cl h)", {"vce": "cluster", "cluster": "h"}),
        ("vce(robust, cr2)", {"vce": "robust", "vce_correction": "cr2"}),
        ("vce(cluster  h , CR0)", {"vce": "cluster", "cluster": "h", "vce_correction": "cr0"}),
        ("cluster(h)", {"vce": "cluster", "cluster": "h"}),
        ("dfm(rep)", {"df_method": "repeated"}),
        ("df(residual)", {"df_method": "residual"}),
        ("dfmethod(an)", {"df_method": "anova"}),
        ("dfmethod(sat) reml", {"df_method": "satterthwaite", "method": "reml"}),
        ("dfmethod(kr, oim) reml", {"df_method": "kroger", "method": "reml", "df_information": "oim"}),
        ("res(ind, by(a))", {"residuals": Residuals(by="a")}),
        ("res(ex)", {"residuals": Residuals("exchangeable")}),
        ("res(ar, t(t))", {"residuals": Residuals("ar", 1, "t")}),
        ("residuals(ar 2, t(t) by(a))", {"residuals": Residuals("ar", 2, "t", "a")}),
        ("res(ma 3, t(t))", {"residuals": Residuals("ma", 3, "t")}),
        ("res(un, t(t))", {"residuals": Residuals("unstructured", None, "t")}),
        ("res(ba 0, t(t))", {"residuals": Residuals("banded", 0, "t")}),
        ("res(toep, t(t))", {"residuals": Residuals("toeplitz", None, "t")}),
        ("res(exp, t(t))", {"residuals": Residuals("exponential", None, "t")}),
    ],
)
def test_options_of_the_model(option: str, changes: dict[str, object]) -> None:
    assert parse_mixed(f"mixed y x || g:, {option}") == replace(BASE, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ("level(99)", {"level": 99.0}),
        ("var", {}),
        ("variance", {}),
        ("stddeviations", {"metric": "sd"}),
        ("estm", {"metric": "estmetric"}),
        ("noretable", {"noretable": True}),
        ("nofet", {"nofetable": True}),
        ("nohead", {"noheader": True}),
        ("nogr", {"nogroup": True}),
        ("nolrtest", {"nolrtest": True}),
        ("nocnsr", {"nocnsreport": True}),
        ("coefl", {"coeflegend": True}),
        ("noci", {"noci": True}),
        ("nopv", {"nopvalues": True}),
        ("noomit", {"noomitted": True}),
        ("vsq", {"vsquish": True}),
        ("noempty", {"noemptycells": True}),
        ("base", {"baselevels": True}),
        ("allbase", {"allbaselevels": True}),
        ("nofvlab", {"nofvlabel": True}),
        ("fvwrap(2)", {"fvwrap": 2}),
        ("fvwrapon(width)", {"fvwrapon": "width"}),
        ("cformat(%9.2f)", {"cformat": "%9.2f"}),
        ("pformat(%5.3f)", {"pformat": "%5.3f"}),
        ("sformat(%8.0g)", {"sformat": "%8.0g"}),
        ("nolstretch", {"nolstretch": True}),
    ],
)
def test_options_of_the_display(option: str, changes: dict[str, object]) -> None:
    display = replace(Display(), **changes)  # type: ignore[arg-type]
    assert parse_mixed(f"mixed y x || g:, {option}") == replace(BASE, display=display)
    assert parse_replay(Piece.of(f", {option}"), Display()) == display


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ("emiter(5)", {"emiterate": 5}),
        ("emtol(1e-6)", {"emtolerance": 1e-6}),
        ("emonly", {"emonly": True}),
        ("emlog", {"emlog": True}),
        ("emdots", {"emdots": True}),
        ("iter(7)", {"iterate": 7}),
        ("tol(.001)", {"tolerance": 0.001}),
        ("ltol(0)", {"ltolerance": 0.0}),
        ("nrtol(1e-5)", {"nrtolerance": 1e-5}),
        ("nonrtol", {"nonrtolerance": True}),
        ("tech(nr 5 BFGS)", {"technique": "nr 5 bfgs"}),
        ("dif", {"difficult": True}),
        ("nolog", {"log": False}),
        ("log", {}),
        ("trace", {"trace": True}),
        ("grad", {"gradient": True}),
        ("hess", {"hessian": True}),
        ("showstep", {"showstep": True}),
        ("showtol", {"showtolerance": True}),
        ("from(b, skip)", {"from_": "b, skip"}),
        ("matsqrt", {}),
        ("matlog", {"metric": "matlog"}),
    ],
)
def test_options_of_the_maximisation(option: str, changes: dict[str, object]) -> None:
    wanted = replace(BASE, maximisation=replace(BASE.maximisation, **changes))  # type: ignore[arg-type]
    assert parse_mixed(f"mixed y x || g:, {option}") == wanted


def test_options_of_the_whole_model_may_stand_in_any_part() -> None:
    last = parse_mixed("mixed y x || a: x, cov(un) || b:, reml nolog")
    assert parse_mixed("mixed y x, reml || a: x, nolog cov(un) || b:") == last
    # a comma with nothing after it, and blanks in all places
    assert parse_mixed("  mixed   y x ,|| a :x , cov ( un ) ||b: , reml,nolog ") == last


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("m", "mle"), ("reml df(kr)", "reml dfmethod(kroger)"), ("res(ind)", "residuals(independent)"),
        ("reml df(sat) d(pv)", "reml dfmethod(satterthwaite) dftable(pvalue)"), ("l(90)", "level(90)"),
        ("v", "variance"), ("st", "stddeviations"), ("const(1)", "constraints(1)"), ("c", "coeflegend"),
        ("noret", "noretable"), ("nofet", "nofetable"), ("nohead", "noheader"), ("nogr", "nogroup"),
        ("estm", "estmetric"), ("nostd", "nostderr"), ("emiter(3)", "emiterate(3)"),
        ("emtol(1e-6)", "emtolerance(1e-6)"),
        ("nolo", "nolog"), ("iter(9)", "iterate(9)"), ("tech(bfgs)", "technique(bfgs)"), ("nocnsr", "nocnsreport"),
    ],
)  # fmt: skip
def test_every_option_has_the_shortest_spelling_of_the_manual(short: str, full: str) -> None:
    assert parse_mixed(f"mixed y x || g: x, {short}") == parse_mixed(f"mixed y x || g: x, {full}")
    vartypes = {"un": "unstructured", "ind": "independent", "ex": "exchangeable", "id": "identity"}
    for a, b in vartypes.items():
        assert parse_mixed(f"mixed y || g: x, cov({a})") == parse_mixed(f"mixed y || g: x, covariance({b})")


def test_weights_are_scaled_by_one_letter() -> None:
    short, full = (parse_mixed(f"mixed y x [pw=w] || g:, {o}(size)") for o in ("p", "pwscale"))
    assert short == full and full.pwscale == "size"


def test_noconstant_belongs_to_the_part_in_which_it_stands() -> None:
    fixed, random = parse_mixed("mixed y x, nocons || g: x"), parse_mixed("mixed y x || g: x, nocons")
    assert (fixed.constant, fixed.random[0].constant) == (False, True)
    assert (random.constant, random.random[0].constant) == (True, False)
    kept = parse_mixed("mixed y x || g: x, collinear").random[0]
    assert kept.collinear, "as the constant, it belongs to an equation of random effects"
    assert parse_mixed("mixed y x || g: x").random[0].collinear is False


def test_crossed_effects() -> None:
    spec = parse_mixed("mixed y || _all: R.week||_all:R.id, cov(ex) || dept:")
    assert spec.random == (
        RandomEquation("_all", factor="week"),
        RandomEquation("_all", factor="id", covariance="exchangeable"),
        RandomEquation("dept"),
    )


@pytest.mark.parametrize("typed", ["fw", "fweight", "fweights", "fre", "FW"])
def test_frequency_weights(typed: str) -> None:
    if typed == "fre":
        with pytest.raises(CommandError):
            parse_mixed(f"mixed y [{typed}=n] || g:")
    else:
        assert parse_mixed(f"mixed y [{typed} = n+1] || g:").weight == Weight("fweight", "n+1")


def test_names_are_resolved_against_the_data() -> None:
    names = ["id", "mathach", "ses", "sector", "size", "hsb1", "hsb2", "meanses", "w1"]
    spec = parse_mixed("mixed math c.ses##sec hsb* ses-size [pw=w] || i: me, pw(w)", names)
    assert spec.outcome.name == "mathach"
    assert [t.factors[-1].name for t in spec.fixed] == [
        "ses",
        "sector",
        "sector",
        "hsb1",
        "hsb2",
        "sector",
        "size",
    ]
    assert spec.random[0].level == "id" and spec.random[0].terms == (term("meanses"),)
    assert spec.weight == Weight("pweight", "w1") and spec.random[0].pweight == "w1"


def test_settings_are_where_a_model_starts_from() -> None:
    spec = parse_mixed("mixed y || g:, stddev", display=Display(level=90, baselevels=True))
    assert spec.display == Display(level=90, baselevels=True, metric="sd")
    assert parse_mixed("mixed y || g:, level(95)", display=Display(level=90)).display.level == 95


# Each command with the characters that the error points at, marked by « ».
@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("mixed y x || g:, «remk»", "no-such-option"),
        ("mixed y x, «collinear»", "misplaced-option"),
        ("mixed y x || g:, reml «foo(1)» nolog", "no-such-option"),
        ("mixed y x || g:, «level»", "option-argument"),
        ("mixed y x || g:, «level()»", "option-argument"),
        ("mixed y x || g:, level(«high»)", "option-number"),
        ("mixed y x || g:, «reml(1)»", "option-argument"),
        ("mixed y x || g:, var «var»", "repeated-option"),
        ("mixed y x || g:, reml «mle»", "options-exclude"),
        ("mixed y x || g:, var «stddev»", "options-exclude"),
        ("mixed y x || g: x, cov(«diagonal»)", "bad-option-value"),
        ("mixed y x || g:, res(«arma 1», t(t))", "bad-option-value"),
        ("mixed y x || g:, res(«ar x», t(t))", "residuals"),
        ("mixed y x || g:, res(ar, «time(t)»)", "no-such-option"),
        ("mixed y x || g:, dfm(«kenward») reml", "bad-option-value"),
        ("mixed y x || g:, dfm(res, «oim»)", "option-argument"),
        ("mixed y x || g:, vce(«boot»)", "bad-option-value"),
        ("mixed y x || g:, vce(«cluster»)", "option-argument"),
        ("mixed y x || g:, vce(«cluster, cr2»)", "option-argument"),
        ("mixed y x || g:, vce(«robust, cr9»)", "bad-option-value"),
        ("mixed y x || g:, vce(«oim, cr2»)", "option-argument"),
        ("mixed y x || g:, tech(«bhhh»)", "technique"),
        ("mixed y x || g:, tech(«newton»)", "bad-option-value"),
        ("mixed y x || g:, cformat(«9.3»)", "format"),
        ("mixed y x || g:, emiter(«2.5»)", "option-number"),
        ("mixed y x || g:, emtol(«-1»)", "option-number"),
        ("mixed y x || g:, const(1-3 «a»)", "numlist"),
        ("mixed y x || g:, «small»", "misplaced-option"),
        ("mixed y x, «cov(un)» || g:", "misplaced-option"),
        ("mixed y x || «g»", "no-colon"),
        ("mixed y x || «g, reml»", "no-colon"),
        ("mixed y x || «:» x", "no-level"),
        ("mixed y x || g: «R.a x»", "crossed-slopes"),
        ("mixed y «[aw=w]» || g:", "weight-kind"),
        ("mixed y «[iw=w]» || g:", "weight-kind"),
        ("mixed y x «if» || g:", "empty-clause"),
        ("mixed y x in «1-5» || g:", "range"),
        ("mixed y x if a || g: if «b»", "twice"),
        ("mixed y «(»x || g:", "brackets"),
        ("mixed y x«)» || g:", "brackets"),
        ("mixed y «q».x || g:", "operator"),
        ("mixed «i.y#x» x || g:", "one-variable"),
        ("«regress» y x", "not-mixed"),
    ],
)
def test_errors_of_the_grammar_point_at_the_place(marked: str, code: str) -> None:
    check_place(marked, code, CommandError)


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("mixed y x || g:, «dfmethod(kr)»", "df-needs-reml"),
        ("mixed y x || g:, «dfm(sat)» ml", "df-needs-reml"),
        ("mixed y x || g:, «dfm(res)» vce(robust)", "df-robust"),
        ("mixed y x [pw=w] || g:, «dfm(res)»", "df-weights"),
        ("mixed y x [fw=w] || g:, «dfm(sat)» vce(robust)", "df-weights"),
        ("mixed y x [fw=w] || g:, «vce(robust, cr2)»", "cr2-weights"),
        ("mixed y x || g: || h:, «dfm(rep)»", "df-two-level"),
        ("mixed y x || g:, «dftable(ci)»", "dftable-no-df"),
        ("mixed y x || g:, «reml» pweight(w)", "weights-reml"),
        ("mixed y x [pw=w] || g:, «vce(oim)»", "oim-with-pweights"),
        ("mixed y x || g:, «pwscale(gk)»", "pwscale-no-weights"),
        ("mixed y x [pw=w] || g: || h:, «pwscale(gk)»", "pwscale-two-level"),
        ("mixed y x || g:, pw(a) || g: x, «pw(b)»", "level-weights-differ"),
        ("mixed y x || g:, «res(ar)»", "residuals-need-time"),
        ("mixed y x || g:, «res(ex, t(t))»", "residuals-without-time"),
        ("mixed y x || g:, «res(un 2, t(t))»", "residuals-without-order"),
        ("mixed y x || g:, «res(toep 0, t(t))»", "residuals-order"),
        ("mixed y x, «res(ar, t(t))»", "residuals-without-level"),
        ("mixed y x || g:, «emonly» res(ex)", "emonly"),
        ("mixed y x [fw=w] || g:, «emonly»", "emonly"),
        ("mixed y x || g:, «nostderr» res(ind, by(a))", "nostderr"),
        ("mixed y x || g: R.a, «cov(un)»", "crossed-covariance"),
        ("mixed y x || g: R.a, «nocons»", "crossed-noconstant"),
        ("mixed y x || g: || h: || «g»: x", "level-order"),
        ("mixed y x || g: || «_all»: R.a", "all-not-first"),
        ("mixed y x || g:, «level(5)»", "level-range"),
        ("mixed y «x y» || g:", "outcome-as-predictor"),
        ("mixed y x || _all: R.g, «vce(robust)»", "robust-crossed"),
    ],
)
def test_broken_rules_point_at_the_option(marked: str, code: str) -> None:
    check_place(marked, code, SpecError)


def check_place(marked: str, code: str, kind: type[TerraceError]) -> None:
    start = marked.index("«")
    end = marked.index("»") - 1
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(kind) as caught:
        parse_mixed(text)
    error = caught.value
    assert error.code == code, error
    assert error.text == text
    assert text[error.start : error.end] == text[start:end]
    assert (error.start, error.end) == (start, end)
    assert "^" * (end - start) in error.pointed()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("mixed y x || g:, rmel", "Did you mean reml?"),
        ("mixed y x || g:, unstructurd", ""),
        ("mixed y x || g: x, cov(unstructurd)", "Did you mean unstructured?"),
        ("mixed y x || g:, residual(exchangable)", "Did you mean exchangeable?"),
        ("mixed y x || g:, dfmethod(kroger)", "REML"),
        ("mixed y x || g", "Write || g:"),
        ("mixed y x, cov(un) || g:", "after the level"),
    ],
)
def test_errors_say_what_to_do(text: str, hint: str) -> None:
    with pytest.raises(TerraceError) as caught:
        parse_mixed(text)
    assert hint in caught.value.advice


def test_errors_know_the_data() -> None:
    names = ["weight", "week", "weekday", "id"]
    for text, piece, hint in [
        ("mixed weight wek || id:", "wek", "Did you mean week"),
        ("mixed weight week || idd:", "idd", "Did you mean id?"),
        ("mixed weight wee || id:", "wee", "Write out more of the name."),
        ("mixed weight Week || id:", "Week", "Upper and lower case differ"),
        ("mixed weight c.zz##i.week || id:", "zz", "The data have"),
    ]:
        with pytest.raises(CommandError) as caught:
            parse_mixed(text, names)
        error = caught.value
        assert text[error.start : error.end] == piece
        assert hint in error.advice


def test_small_belongs_to_showing_again() -> None:
    assert parse_replay(Piece.of(", small level(90) noretable"), Display()) == Display(
        level=90, noretable=True
    )
    with pytest.raises(CommandError, match="results are only shown again"):
        parse_replay(Piece.of(", reml"), Display())
