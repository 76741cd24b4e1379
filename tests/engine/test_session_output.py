"""`report` and `plot`: files that hold what the session found, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from terrace.language.mixed import parse_mixed
from terrace.session.session import Session
from terrace.spec.title import model_title

SLOPE = "mixed reaction days || subject: days, covariance(unstructured) reml"


@pytest.fixture(scope="module")
def session() -> Session:
    s = Session()
    for command in (
        "sample sleepstudy", SLOPE, "estimates store a", "estat icc",
        "mixed reaction days || subject:, reml", "estimates store b", "estat group",
    ):  # fmt: skip
        assert s.run(command).ok, command
    return s


def test_a_report_has_every_model_with_what_was_asked_about_it(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    assert session.run(f'report "{path}", models(a b)').ok
    text = path.read_text()
    first, _, second = text.partition("Model 2 · Random intercept of subject")
    assert "Model 1 · Random slope of days" in first and f"{session.fits[0].fixed[0].coef:.1f}" in first
    assert "ntraclass correlation" in first and "ntraclass correlation" not in second
    assert "Groups" in second
    assert text.count("<svg") + text.count("<img") == 6


def test_models_titles_and_plots_are_chosen(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    assert session.run(f'report "{path}", models(b) titles("My model") noplots').ok
    text = path.read_text()
    assert "My model" in text and "Random slope" not in text and "<svg" not in text and "<img" not in text
    assert not session.run(f'report "{path}"').ok, "it exists"
    assert session.run(f'report "{path}", replace').ok


def test_plots_are_drawn_and_saved(session: Session, tmp_path: Path) -> None:
    for kind, name in (("residuals", "residual-fitted"), ("qq", "qq"), ("caterpillar", "caterpillar")):
        outcome = session.run(f"plot {kind}")
        assert outcome.ok and [p.kind for p in outcome.plots] == [name]
    path = tmp_path / "c.svg"
    assert session.run(f'plot caterpillar subject, saving("{path}")').ok
    assert path.read_text().lstrip().startswith("<?xml")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("plot", "no-such-plot"),
        ("plot nothing", "no-such-plot"),
        ("plot qq subject", "no-such-plot"),
        ("plot caterpillar nothere", "no-such-level"),
        ('report "x.html", models(zz)', "no-such-estimates"),
        ('report "x.html", models(a) titles("1" "2")', "titles"),
        ('report "/no/folder/x.html"', "no-such-folder"),
        ('report "x.abc"', "unknown-format"),
    ],
)
def test_mistakes_are_told(session: Session, command: str, code: str, tmp_path: Path) -> None:
    outcome = session.run(command)
    assert outcome.error is not None and outcome.error[0] == code, outcome.error


def test_without_a_fit_there_is_nothing_to_draw() -> None:
    outcome = Session().run("plot qq")
    assert outcome.error is not None and outcome.error[0] == "no-fit"


@pytest.mark.parametrize(
    ("command", "title"),
    [
        ("mixed y x || g: x", "Random slope of x"),
        ("mixed y x || g: x z", "Random slopes of x, z"),
        ("mixed y x || g:", "Random intercept of g"),
        ("mixed y || g:", "Null"),
        ("mixed y x || g: || h:", "Random intercepts of g, h"),
        ("mixed y x || _all: R.g || h:", "Random intercepts of g, h"),
        ("mixed y x", "Linear model"),
        ("mixed y x || g:, noconstant residuals(ar 1, t(t))", "Correlated residuals"),
        ("mixed y x || g: a b c d", "Random slopes of a, b, c, …"),
        ("mixed y c.x##i.z || g: x", "Random slope of x with x × z"),
        ("mixed y c.x##c.z c.x#c.w c.x#c.x || g:", "Random intercept of g with x × z, …"),
        ("mixed y c.x##c.x || g:", "Random intercept of g"),
    ],
)
def test_a_model_is_named_after_what_is_random_in_it(command: str, title: str) -> None:
    assert model_title(parse_mixed(command)) == title
