"""The commands `code`, `formula` and `spss`: what they show, keep, save and log, and that they replay."""

from __future__ import annotations

from pathlib import Path

import pytest
from code_support import labelled
from oracle_support import session_on

from oracles import specs
from terrace.session.effects import Effect
from terrace.session.session import Session


@pytest.fixture
def session() -> Session:
    return session_on(labelled(specs.data()[0], ""))


def test_a_formula_gives_the_outcome_of_its_command(session: Session) -> None:
    by_formula = session.run('formula "y ~ x + (x | id)"')
    by_command = session.run("mixed y x || id: x, covariance(unstructured) reml")
    assert by_formula.type == by_command.type == "mixed"
    assert by_formula.fit is not None and by_command.fit is not None
    assert by_formula.fit.command == by_command.command
    assert by_formula.fit.ll == by_command.fit.ll
    assert by_formula.text == f". {by_command.command}\n\n{by_command.text}"
    assert len(list(session.state.document.models())) == 2


def test_a_formula_by_maximum_likelihood(session: Session) -> None:
    outcome = session.run("formula y ~ x + (1 | id), ml")
    assert outcome.fit is not None and outcome.fit.spec.method == "ml"
    assert session.run('formula "lmer(y ~ x + (1 | id), REML = FALSE)", reml').fit.spec.method == "reml"  # type: ignore[union-attr]  # it ran


def test_variables_are_made_once_and_undone_with_the_fit(session: Session) -> None:
    text = 'formula "y ~ scale(x) + I(z / 2) + (1 | id)"'
    first = session.run(text)
    assert first.ok and Effect.DATA in first.effects
    assert first.payload["commands"][:2] == ["egen x_z = std(x)", "generate z_2 = z / 2"]
    names = session.data.names
    again = session.run(text)
    assert again.ok and session.data.names == names and Effect.DATA not in again.effects
    assert again.fit is not None and first.fit is not None and again.fit.ll == first.fit.ll
    assert session.run("undo").ok and session.run("undo").ok
    assert "x_z" not in session.data.names


def test_a_formula_that_fails_leaves_nothing(session: Session) -> None:
    before = session.state
    outcome = session.run('formula "y ~ scale(x) + (1 | nobody)"')
    assert outcome.error is not None and outcome.error_at is not None
    assert outcome.command[slice(*outcome.error_at)] == "nobody"
    assert session.state.dataset is before.dataset


def test_a_formula_keeps_to_the_filter(session: Session) -> None:
    session.run("filter x > 0")
    outcome = session.run('formula "y ~ scale(x) + (1 | id)"')
    assert outcome.fit is not None and outcome.fit.spec.filter == "x > 0"
    assert outcome.filter is not None and "x > 0" in outcome.filter.expression
    assert "with the filter x > 0" in session.run("code, in(r)").text
    assert "which(x > 0)" in session.run("code, in(r)").text


def test_a_formula_is_fitted_again_with_its_data(session: Session) -> None:
    session.run('formula "y ~ I(x / 10) + (1 | id)"')
    session.run("replace y = y + 1 in 1")
    outcome = session.run("refit _stale")
    assert outcome.ok and "Fitted again" in outcome.text, outcome.error


def test_syntax_of_spss(session: Session) -> None:
    outcome = session.run('spss "MIXED y BY f WITH x /FIXED=f x | SSTYPE(3) /RANDOM=INTERCEPT | SUBJECT(id)"')
    assert outcome.type == "mixed" and outcome.text.startswith(". mixed y ib(last).f x || id:, reml\n")


def test_code_of_a_named_model_is_saved(session: Session, tmp_path: Path) -> None:
    session.run("mixed y x || id:, reml")
    session.run("estimates store first")
    session.run("mixed y || id:, reml")
    file = tmp_path / "model"
    outcome = session.run(f'code first, in(lme4) saving("{file}")')
    assert outcome.ok, outcome.error
    assert (tmp_path / "model.R").read_text("utf-8") == outcome.payload["code"]
    assert "lmer(y ~ x + (1 | id)" in outcome.payload["code"]
    refused = session.run(f'code first, in(lme4) saving("{file}")')
    assert refused.error is not None and refused.error[0] == "file-exists"
    assert session.run(f'code first, in(nlme) saving("{file}", replace)').ok
    assert session.run(f'code first, in(r) saving("{file}") replace').ok


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("code, in(matlab)", ""), ("code nobody, in(r)", "no-such-estimates"),
        ("code a b, in(r)", "syntax"), ("formula", "syntax"), ('formula "y ~ x", frob', ""), ("spss", "syntax"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, code: str, session: Session) -> None:
    session.run("mixed y x || id:")
    outcome = session.run(text)
    assert outcome.error is not None and outcome.error[0] != "internal"
    assert not code or outcome.error[0] == code


def test_code_without_a_model(session: Session) -> None:
    assert session.run("code, in(r)").error == ("no-fit", "There is no fitted model.")
    session.run("regress y x")
    assert session.run("code, in(r)").error_advice == "regress y x is lm(y ~ x) in R."


def test_code_names_the_file_and_what_changed_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    specs.data()[0].to_csv(path, index=False)
    session = Session()
    session.run(f'import delimited using "{path}", clear')
    session.run("label variable x \"a number\"")
    session.run("mixed y x || id:")
    assert f'read.csv("{path}"' in session.run("code, in(r)").text
    session.run("generate x2 = x * 2")
    session.run("mixed y x2 || id:")
    text = session.run("code, in(r)").text
    assert "#   generate x2 = x * 2" in text and "read.csv" not in text


@pytest.mark.parametrize(("change", "as_it_is"), [("", True), ("title", False), (";", False), ("name", False)])
def test_a_text_file_that_others_would_read_otherwise_is_saved_first(
    tmp_path: Path, change: str, as_it_is: bool
) -> None:
    """Lines above the names, other marks and names that had to change; names that the model has not do not matter."""
    path = tmp_path / "rows.csv"
    names = {"extra": "some thing", "x": "a x" if change == "name" else "x"}
    frame = specs.data()[0].assign(extra=1.5).rename(columns=names)
    text = frame.to_csv(index=False, sep=change if change == ";" else ",")
    path.write_text(f"A title\n\n{text}" if change == "title" else text, encoding="utf-8")
    session = Session()
    session.run(f'use "{path}", clear')
    assert session.run("mixed y a_x || id:" if change == "name" else "mixed y x || id:").ok
    assert ("read.csv(" in session.run("code, in(r)").text) == as_it_is
    assert (str(path) in session.run("code, in(sas)").text) == as_it_is


def test_text_that_looks_like_numbers_stays_text_in_r(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    specs.data()[0].assign(id=lambda d: [f"{v:04d}" for v in d["id"]]).to_csv(path, index=False)
    session = Session()
    session.run(f'use "{path}", clear')
    assert session.run('mixed y x if id != "0011" || id:').ok
    text = session.run("code, in(r)").text
    assert 'colClasses = c(id = "character")' in text and '"n/a"' in text


def test_code_of_a_streamed_fit(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    specs.data()[0].to_csv(path, index=False)
    session = Session()
    assert session.run(f'use "{path}", stream').ok
    assert session.run("mixed y x || id:").ok
    assert "lmer(y ~ x + (1 | id)" in session.run("code, in(r)").text
    refused = session.run('formula "y ~ x + (1 | id)"')
    assert refused.error is not None and refused.error[0] != "internal"


def test_a_command_goes_by_its_mixed_text_in_a_report(session: Session) -> None:
    session.run('formula "y ~ x + (1 | id)"')
    assert session.fit is not None and session.fit.macros["cmdline"] == "mixed y x || id:, reml"
