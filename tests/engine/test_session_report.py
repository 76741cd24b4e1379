"""`report` holds every result of the session in its order: models, what was asked about them, and the rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from terrace.session.session import Session

COMMANDS = (
    "sample hsb",
    "scatter mathach ses",
    "mixed mathach ses || id:, mle",
    "estimates store a",
    "estat icc",
    "plot lines ses",
    "mixed mathach ses i.sector || id:, mle",
    "estimates store b",
    "margins sector",
    "marginsplot",
    "estimates compare a b",
)


@pytest.fixture(scope="module")
def session() -> Session:
    s = Session()
    for text in COMMANDS:
        outcome = s.run(text)
        assert outcome.ok, outcome.error
    return s


def headings(text: str) -> list[str]:
    """What the tables and figures of a Markdown report are called."""
    return [m[2] for m in re.finditer(r"\*\*(Table|Figure) \d+\.\s*(.*?)\*\*", text)]


def test_results_are_numbered_and_failures_are_not_counted() -> None:
    s = Session()
    for text in ("sample sleepstudy", "nonsense", "estat icc", "mixed reaction days || subject:", "estat icc"):
        s.run(text)
    again = Session()
    for text in (o.command for o in s.history if o.ok):
        again.run(text)
    assert [o.number for o in again.history] == [o.number for o in s.history if o.ok]
    numbers = [o.number for o in s.history if o.number]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 2
    assert all(o.number == 0 for o in s.history if not o.ok)


def test_everything_stands_in_its_order(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    assert session.run(f'report "{path}", notes').ok
    text = path.read_text()
    wanted = (
        "scatter mathach ses", "Model 1 ", "estat icc", "plot lines ses", "Model 2 ", "margins sector", "marginsplot",
        "estimates compare a b",
    )  # fmt: skip
    places = [text.index(w) for w in wanted]
    assert places == sorted(places)
    plots = sum(len(o.plots) for o in session.history)
    assert plots == 3 and text.count("<svg") + text.count("<img") == 6 + plots


@pytest.mark.parametrize("suffix", ["docx", "xlsx", "tex", "md"])
def test_plots_are_in_every_format_that_holds_them(session: Session, tmp_path: Path, suffix: str) -> None:
    import zipfile

    path = tmp_path / f"r.{suffix}"
    numbers = [o.number for o in session.history if o.plots]
    assert session.run(f'report "{path}", results({" ".join(map(str, numbers))})').ok
    if suffix in ("docx", "xlsx"):
        found = [n for n in zipfile.ZipFile(path).namelist() if re.search(r"media/.*png", n)]
    else:
        found = [p.name for p in tmp_path.iterdir() if "-figure" in p.name]
    assert len(found) == len(numbers) == 3


def test_results_are_chosen_by_number(session: Session, tmp_path: Path) -> None:
    number = {o.command: o.number for o in session.history}
    path = tmp_path / "r.html"
    assert session.run(f'report "{path}", models(b) results({number["marginsplot"]}) noplots').ok
    text = path.read_text()
    assert "margins sector" not in text and "Model 1 " in text and "<svg" not in text
    assert session.run(f'report "{path}", models(b) results({number["scatter mathach ses"]}) replace').ok
    text = path.read_text()
    assert text.index("scatter mathach ses") < text.index("Model 1 ") and "marginsplot" not in text
    assert session.run(f'report "{path}", models(a b) noresults replace').ok
    assert "estat icc" not in path.read_text()
    assert session.run(f'report "{path}", models(a) replace').ok
    text = path.read_text()
    assert "estat icc" in text and "scatter mathach" not in text and "margins sector" not in text


def test_a_session_without_a_model_has_a_report(tmp_path: Path) -> None:
    s = Session()
    s.run("sample hsb")
    assert s.run("scatter mathach ses").ok
    path = tmp_path / "r.html"
    assert s.run(f'report "{path}"').ok
    text = path.read_text()
    assert "scatter mathach ses" in text and text.count("<svg") + text.count("<img") == 1


@pytest.mark.parametrize(("options", "code"), [("results(99)", "no-such-result"), ("results(x)", "no-such-result")])
def test_numbers_that_are_none_are_told(session: Session, tmp_path: Path, options: str, code: str) -> None:
    outcome = session.run(f'report "{tmp_path / "r.html"}", {options}')
    assert outcome.error is not None and outcome.error[0] == code


def test_the_report_is_of_the_results_as_they_are_now(tmp_path: Path) -> None:
    """In the order of the user, without what was undone or taken out, and with what was fitted again."""
    s = Session()
    path = tmp_path / "r.md"
    for text in (
        "sample sleepstudy", "summarize reaction", "mixed reaction days || subject:", "estat icc", "estat group",
        "mixed reaction || subject:", "tabulate days", "undo", "summarize days", "outline delete 5",
        "outline move 3, first", "replace reaction = 2 * reaction", "refit _stale", f'report "{path}", noplots',
    ):  # fmt: skip
        assert s.run(text).ok, text
    text = path.read_text()
    places = [text.index(w) for w in ("Model 1 ", "estat icc", "summarize reaction", "summarize days")]
    assert places == sorted(places) and "tabulate" not in text and "estat group" not in text
    model = s.state.document.item(3)
    assert model is not None and model.outcome is not None and model.outcome.fit is not None
    assert "| Days of sleep deprivation |    20.93 |" in text and model.outcome.fit.fixed[0].coef > 20.9
    assert s.run('outline rename 3 "Growth"').ok and s.run(f'report "{path}", replace').ok
    assert "Growth" in path.read_text().partition("Linear mixed models of")[2].splitlines()[2], "a head of the table"


def test_numbers_of_results_in_a_do_file_are_their_own(tmp_path: Path) -> None:
    s, path = Session(), tmp_path / "r.md"
    (tmp_path / "a.do").write_text("mixed reaction days || subject:\nestat icc\n")
    for text in ("sample sleepstudy", "summarize days", f'do "{tmp_path / "a.do"}"', "tabulate days"):
        assert s.run(text).ok
    numbers = [i.outcome.number for i in s.state.document if i.outcome is not None and i.outcome.number]
    assert len(numbers) == len(set(numbers)) == 4 and numbers == sorted(numbers)
    assert s.run(f'report "{path}", models(m1) results({numbers[2]})').ok
    assert "estat icc" in path.read_text() and "tabulate" not in path.read_text()
