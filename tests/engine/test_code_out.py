"""Code of a model for other programs: what it says, what it leaves to comments, and that it is read back alike."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from code_support import LABELS, bound, fitted, labelled, made_up

import terrace
from oracles import specs
from terrace.code.out.facts import Facts, Source, facts_of
from terrace.code.out.languages import KEYS, LANGUAGES, can, chosen, code_of
from terrace.code.out.r_condition import r_condition
from terrace.code.read.lme4_formula import read_r
from terrace.code.read.spss_mixed import read_spss
from terrace.data.dataset import Dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("code")


@pytest.fixture(scope="module")
def data(folder: Path) -> Dataset:
    return made_up(folder)[0]


def facts(model: str, data: Dataset, **more: object) -> Facts:
    spec = terrace.parse_mixed(model, data.names)
    return facts_of(spec, data, Source(data.source), **more)  # type: ignore[arg-type]  # constraints or ll


def call_in(text: str) -> str:
    """The call that fits, from ``fit <-`` to its last parenthesis, on one line."""
    found = re.search(r"^fit <- (.*?\))$(?=\nsummary)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, text
    return " ".join(found[1].split())


@pytest.mark.parametrize(
    ("model", "key", "call"),
    [
        ("mixed y x || id: x, covariance(unstructured) reml", "lme4",
         "lmer(y ~ x + (x | id), control = lmerControl(optCtrl = list(xtol_abs = 1e-9, ftol_abs = 1e-9)), data = d, "
         "REML = TRUE)"),
        ("mixed y x || id: x", "lme4", "lmer(y ~ x + (1 | id) + (0 + x | id), data = d, REML = FALSE)"),
        ("mixed y || region: || person:", "lme4",
         "lmer(y ~ 1 + (1 | region) + (1 | region:person), data = d, REML = FALSE)"),
        ("mixed y i.f##c.x || _all: R.item || id:", "lme4",
         "lmer(y ~ f + x + f:x + (1 | item) + (1 | id), data = d, REML = FALSE)"),
        ("mixed y c.x##c.x || id:", "lme4", "lmer(y ~ x + I(x^2) + (1 | id), data = d, REML = FALSE)"),
    ],
)  # fmt: skip
def test_calls_of_lme4(model: str, key: str, call: str, data: Dataset) -> None:
    assert call_in(code_of(facts(model, data), key)) == call


@pytest.mark.parametrize(
    ("residuals", "argument"),
    [
        ("ar 1, t(t)", "correlation = corAR1(form = ~ t | id)"),
        ("ar 2, t(t)", "correlation = corARMA(form = ~ t | id, p = 2)"),
        ("ma 1, t(t)", "correlation = corARMA(form = ~ t | id, q = 1)"),
        ("exponential, t(s2)", "correlation = corCAR1(form = ~ s2 | id)"),
        ("exchangeable", "correlation = corCompSymm(form = ~ 1 | id)"),
        ("independent, by(g)", "weights = varIdent(form = ~ 1 | g)"),
        ("banded 0, t(t)", "weights = varIdent(form = ~ 1 | t_f)"),
        ("unstructured, t(t)", "correlation = corSymm(form = ~ t_place | id), weights = varIdent(form = ~ 1 | t_f)"),
    ],
)
def test_calls_of_nlme(residuals: str, argument: str, data: Dataset) -> None:
    found = facts(f"mixed y x || id:, noconstant residuals({residuals})", data)
    assert chosen(found, "r") == "nlme"
    assert f"gls(y ~ x, {argument}, data = d" in call_in(code_of(found, "r"))


@pytest.mark.parametrize(
    ("residuals", "term"),
    [
        ("toeplitz, t(t)", "toep(t_visit | id)"), ("ar 1, t(t) by(g)", "ar1(t_visit | g / id)"),
        ("unstructured, t(t) by(g)", "us(t_visit | g / id)"), ("exponential, t(s2) by(g)", "sp_exp(s2 | g / id)"),
        ("exchangeable, by(g)", "cs(visit | g / id)"),
    ],
)  # fmt: skip
def test_calls_of_mmrm(residuals: str, term: str, data: Dataset) -> None:
    """The syntax is that of the package's page on covariance structures: ``us(VISITN | GROUP / SUBJID)``."""
    found = facts(f"mixed y x || id:, noconstant reml residuals({residuals})", data)
    assert chosen(found, "r") == "mmrm"
    wanted = f"mmrm(y ~ x + {term}, data = d, reml = TRUE, control = mmrm_control("
    assert call_in(code_of(found, "r")).startswith(wanted)


def test_rows_factors_and_missing_values_in_r(data: Dataset) -> None:
    model = 'mixed y ib2.lab x if k >= 2 & s != "b" [fweight=w] || id:, reml dfmethod(satterthwaite)'
    text = code_of(facts(model.replace(" dfmethod(satterthwaite)", ""), data), "r")
    labels = ", ".join(f'"{v}"' for v in LABELS.values())
    for line in (
        "d$k[d$k %in% 5] <- NA",
        'd <- d[with(d, which((is.na(k) | k >= 2) & s != "b")), ]',
        'd <- d[complete.cases(d[, c("y", "lab", "x", "id"), drop = FALSE]), ]',
        "d <- d[rep(seq_len(nrow(d)), ifelse(is.na(d$w), 0, d$w)), ]",
        f'd$lab <- relevel(factor(d$lab, levels = c(1, 2, 3), labels = c({labels})), ref = "two")',
    ):
        assert line in text.splitlines()
    assert text.index("d$k[") < text.index("with(d, which") < text.index("complete.cases") < text.index("relevel")


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        ("x > 1", "is.na(x) | x > 1"), ("k < 3", "(!is.na(k) & k < 3)"), ("k != 3", "(is.na(k) | k != 3)"),
        ("z > 1 & !missing(x)", "z > 1 & !is.na(x)"), ("x < .", "!is.na(x)"),
        ("inlist(f, 1, 2)", "is.element(f, c(1, 2))"),
        ("z + 1 > 2 * (z - 3)", "z + 1 > 2 * (z - 3)"), ("_n > 3", None), ("x[_n-1] > 0", None), ("x", None),
        ("k == .a", None), ("ln(x) > 0", None),
    ],
)  # fmt: skip
def test_conditions_mean_in_r_what_they_mean_here(condition: str, written: str | None, data: Dataset) -> None:
    found = r_condition(condition, data)
    assert (found is None) == (written is None)
    assert found is None or written is None or found.strip("()") == written.strip("()")


def test_rows_that_r_cannot_tell_are_numbered(data: Dataset) -> None:
    text = code_of(facts("mixed y x if mod(_n, 8) == 1 || region:", data), "r")
    assert "# the rows of: mod(_n, 8) == 1\nd <- d[c(1, 9, 17, " in text


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        ("spss", ["SELECT IF RANGE(case_number, 1, 2, 17, 18, 33, 34, 49, 50, 65, 66)."]),
        ("sas", ["  if _n_ in (1:2, 17:18, 33:34, 49:50, 65:66);"]),
        ("python", ["    *range(0, 2),", "    *range(64, 66),", "d = d.iloc[rows]"]),
    ],
)
def test_other_languages_number_the_rows_that_they_cannot_tell(key: str, lines: list[str], data: Dataset) -> None:
    """A comment alone would let the code fit another model: one of all rows."""
    found = facts("mixed y if inlist(mod(_n, 16), 1, 2) & _n < 70 || region:", data)
    assert [line for line in lines if line not in code_of(found, key).splitlines()] == []


def test_powers_in_python(data: Dataset) -> None:
    text = code_of(facts("mixed y c.x##c.x || id:", data), "python")
    assert "smf.mixedlm('y ~ x + I(x**2)', d, groups=d['id'], re_formula='~1')" in text


def test_what_a_program_cannot_do_is_a_comment(data: Dataset) -> None:
    """Nothing that would run fits another model than the one that was asked for."""
    model = "mixed y x || id: x, covariance(exchangeable) residuals(ma 1, t(t) by(g))"
    found = facts(model, data)
    for key in ("r", "lme4", "nlme", "mmrm", "glmmtmb"):
        text = code_of(found, key)
        assert not can(found, key)
        assert all(line.startswith("#") or not line for line in text.splitlines()), text
        assert "no residuals of the structure ma 1 by g" in text
    assert all(re.match(r"/\*.*\*/$|$", line) for line in code_of(found, "sas").splitlines())
    assert all(re.match(r"\* .*\.$|$", line) for line in code_of(found, "spss").splitlines())
    assert "MixedLM does not fit this model" in code_of(found, "python")


def test_the_nearest_model_stands_in_comments(data: Dataset) -> None:
    text = code_of(facts("mixed y x [pweight=z^2] || id:, pwscale(size)", data), "lme4")
    assert "# lme4 has no sampling weights in mixed models (z^2)." in text
    assert "# fit <- lmer(y ~ x + (1 | id)," in text


def test_constraints_are_told(data: Dataset) -> None:
    text = code_of(facts("mixed y x z || id:, constraints(1)", data, constraints={1: "x = z"}), "lme4")
    assert "(x = z)" in text and "\nfit <-" not in text


def test_every_language_has_code_of_every_model(folder: Path) -> None:
    """Whatever the model: code or comments, and never code where something is missing."""
    for name, found in bound(60, folder).items():
        for key in KEYS:
            text = code_of(found, key)
            language = LANGUAGES[chosen(found, key)]
            missing = language.lacks(found)
            before = language.comment[0]
            bare = [line for line in text.splitlines() if line and not line.startswith(before.strip())]
            assert bool(bare) != bool(missing), (name, key)
            assert all(lack.what in text for lack in missing)


def test_stata_takes_the_command_back(folder: Path) -> None:
    for name, found in bound(60, folder).items():
        lines = code_of(found, "stata").splitlines()
        (line,) = [one for one in lines if one.startswith("mixed ")]
        renamed = dict(one.removeprefix("encode ").rstrip(")").split(", generate(") for one in lines
                       if one.startswith("encode"))  # fmt: skip
        for old, new in renamed.items():
            line = line.replace(f".{new}", f".{old}")
        assert terrace.parse_mixed(line, found.data.names) == found.spec, name


def test_levels_of_text_are_numbers_in_stata(folder: Path) -> None:
    """encode numbers texts in their order; Stata knows levels by numbers alone."""
    data = made_up(folder)[0]
    found = facts_of(terrace.parse_mixed('mixed y ib("c").s#c.x || id:', data.names), data, Source(data.source))
    lines = code_of(found, "stata").splitlines()
    assert "mixed y ib3.s_n#c.x || id:" in lines and sorted(data.frame["s"].unique()).index("c") == 2
    main = facts_of(terrace.parse_mixed("mixed y i.s || id:", data.names), data, Source(data.source))
    assert "* marginal means: margins s_n" in code_of(main, "stata").splitlines()


def test_r_code_is_read_back_as_the_same_code(folder: Path) -> None:
    """Formulas printed and read round trip: the call that was read gives the call that was written."""
    tried = 0
    for name, found in bound(60, folder).items():
        key = chosen(found, "r")
        text = code_of(found, key)
        plain = not re.search(r"d\$\w+ <- .*[*-]|relevel|_f\b|all_rows|place|fweight", text)
        if key not in ("lme4", "nlme") or found.spec.condition or found.spec.range_ or not plain:
            continue
        call = call_in(text).replace("lmerControl", "c").replace("optCtrl = list", "c")
        for factor in found.factors():
            call = re.sub(rf"\b{factor}\b(?=[^|]*\()", f"factor({factor})", call)
        read = read_r(call, found.data)
        again = facts_of(read.spec, found.data, found.source)
        assert call_in(code_of(again, key)) == call_in(text), name
        tried += 1
    assert tried >= 5


def test_spss_code_is_read_back_as_the_same_model(folder: Path) -> None:
    """Factors have another base level in SPSS, which moves no likelihood."""
    tried = 0
    for name, found in bound(150, folder).items():
        spec = found.spec
        if not can(found, "spss") or spec.condition or spec.range_ or spec.weight or spec.residuals.by:
            continue
        text = code_of(found, "spss")
        made = "COMPUTE" in text or "row_in_group" in text or "* Make this" in text
        if made or tried >= 12:
            continue
        spec = replace(spec, df_method=None)
        syntax = text[text.index("\nMIXED ") : text.index("TESTCOV.") + 8]
        read = read_spss(syntax.replace("\n", " "), found.data)
        again = terrace.fit(replace(read.spec, df_method=None), read.data(found.data))
        assert again.ll == pytest.approx(terrace.fit(spec, found.data).ll, abs=1e-6), name
        tried += 1
    assert tried >= 8


@pytest.mark.parametrize(
    ("model", "lines"),
    [
        ("mixed y i.f x || id: x, covariance(unstructured) reml dfmethod(kroger)",
         ["class f(ref=\"1\") id;", "model y = f x / solution cl ddfm=kr alpha=0.05;",
          "random intercept x / subject=id type=un;"]),
        ("mixed y x || region: || person:, reml", ["random intercept / subject=region type=vc;",
                                                 "random intercept / subject=region*person type=vc;"]),
        ("mixed y x || id:, noconstant residuals(exponential, t(s2) by(g))",
         ["repeated / subject=id type=sp(pow)(s2) group=g;"]),
        ("mixed y x || id:, noconstant residuals(banded 1, t(t))", ["repeated t_class / subject=id type=un(2);"]),
        ("mixed y x || id: x z, covariance(identity)", ["random intercept x z / subject=id type=toep(1);"]),
    ],
)  # fmt: skip
def test_statements_of_sas(model: str, lines: list[str], data: Dataset) -> None:
    """Types by the documentation of PROC MIXED, statement RANDOM and REPEATED, table of covariance structures."""
    found = [line.strip() for line in code_of(facts(model, data), "sas").splitlines()]
    assert [line for line in lines if line not in found] == []


def test_python_code_runs(data: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    found = fitted('mixed y i.f x if s != "b" || id:, reml', data)
    assert found is not None and found.ll is not None
    own = code_of(found, "python").partition("# The same with statsmodels")[0]
    exec(own, {})
    assert float(capsys.readouterr().out.split()[-1]) == pytest.approx(found.ll, abs=1e-9)


def test_a_file_that_was_changed_is_not_read_as_it_was() -> None:
    frame = specs.data()[0]
    data = labelled(frame, "/data/rows.csv")
    spec = terrace.parse_mixed("mixed y x || id:", data.names)
    changed = facts_of(spec, data, Source("/data/rows.csv", ("drop if x > 2",)))
    for key in ("r", "stata"):
        text = code_of(changed, key)
        assert "rows.csv and were changed since" in text and "drop if x > 2" in text
        assert '"/data/rows.csv"' not in text and "save data.dta" in text
