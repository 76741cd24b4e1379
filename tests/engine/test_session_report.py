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
    assert session.run(f'report "{path}"').ok
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
