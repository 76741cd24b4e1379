"""The worked examples of docs/examples: what the pages show is what the program says, and what R says."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from terrace.session.contract import Outcome
from terrace.session.session import Session

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "examples"
NAMES = ("growth", "schools", "crossed")
NUMBER = re.compile(r"[-−]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]\d+)?")

_spec = importlib.util.spec_from_file_location("examples", ROOT / "tools" / "examples.py")
assert _spec is not None and _spec.loader is not None
examples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(examples)


@cache
def r() -> dict[str, Any]:
    """What R found: resources/validation/r/examples.R."""
    found: dict[str, Any] = json.loads((ROOT / "resources" / "validation" / "r" / "examples.json").read_text())
    return found


@cache
def ran(name: str) -> tuple[list[str], list[Outcome], Session]:
    """The commands of a page with their outcomes."""
    texts = examples.commands((FOLDER / f"{name}.md").read_text())
    session = Session()
    outcomes = [session.run(text) for text in texts]
    assert all(o.ok for o in outcomes), [o.text for o in outcomes if not o.ok]
    return texts, outcomes, session


def outcome(name: str, command: str, nth: int = 0) -> Outcome:
    """The outcome of the nth command that begins so."""
    texts, outcomes, _ = ran(name)
    return [o for t, o in zip(texts, outcomes) if t.startswith(command)][nth]


def column(o: Outcome, k: int, table: int = 0) -> list[float]:
    """A column of a table, group rows left out."""
    return [row[k] for row in o.tables[table].plain()["rows"]]


def numbers(text: str) -> list[float]:
    return [float(n.replace(",", "").replace("−", "-")) for n in NUMBER.findall(text)]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_what_the_program_says(name: str) -> None:
    """Words to the letter; numbers may differ in the last digits, as another computer's do."""
    page = (FOLDER / f"{name}.md").read_text()
    texts, outcomes, _ = ran(name)
    for text, shown, o in zip(texts, examples.outputs(page), outcomes, strict=True):
        said = "" if o.quiet else "\n".join(line.rstrip() for line in o.text.strip("\n").splitlines())
        words = [" ".join(NUMBER.sub("#", t).split()) for t in (shown, said)]
        assert words[0] == words[1], text
        np.testing.assert_allclose(numbers(shown), numbers(said), rtol=2e-3, atol=2e-3, err_msg=text)


@pytest.mark.parametrize("name", NAMES)
def test_the_do_file_has_the_commands_of_the_page(name: str) -> None:
    page = (FOLDER / f"{name}.md").read_text()
    assert (FOLDER / f"{name}.do").read_text() == examples.do_file(page)
    assert f"({name}.md)" in (FOLDER / "README.md").read_text()


TERMS = {
    "(Intercept)": "_cons", "time": "time", "femaleFemale": "1.female", "time:femaleFemale": "1.female#c.time",
    "cses": "cses", "meanses": "meanses", "sectorCatholic": "1.sector", "cses:meanses": "c.cses#c.meanses",
    "cses:sectorCatholic": "1.sector#c.cses",
}  # fmt: skip


def test_growth_against_r() -> None:
    want = r()["growth"]
    lines = {e.term: e for e in outcome("growth", "mixed", 0).fit.fixed}  # type: ignore[union-attr]
    for name, (coef, se, df) in want["lines"].items():
        e = lines[TERMS[name]]
        assert (e.coef, e.se, e.df) == pytest.approx((coef, se, df), rel=1e-5)
    assert column(outcome("growth", "lrtest"), 1) == pytest.approx([want["lr_slopes"]], rel=1e-5)
    fit = outcome("growth", "mixed", 1).fit
    assert fit is not None
    assert fit.ll == pytest.approx(want["ll_bysex"], abs=1e-6)
    assert column(outcome("growth", "lrtest", 1), 1) == pytest.approx([want["lr_bysex"]], rel=1e-6)
    phi = dict(zip((c.name for c in fit.model.design.x_info), np.sqrt(np.diag(fit.model.phi))))
    for name, value in want["coef_bysex"].items():
        assert next(e.coef for e in fit.fixed if e.term == TERMS[name]) == pytest.approx(value, rel=1e-8)
        assert phi[TERMS[name]] == pytest.approx(want["se_bysex"][name], rel=1e-5)
    assert [p.estimate for p in fit.random] == pytest.approx(want["variances"], rel=1e-4)
    assert column(outcome("growth", "margins"), 1) == pytest.approx(want["margins"], rel=1e-8)
    assert column(outcome("growth", "margins", 1), 1) == pytest.approx(want["slopes"], rel=1e-8)
    # the adjustment of Kenward and Roger is small here; without it the errors are those of R
    session = ran("growth")[2]
    plain = session.run("margins female, at(time=(0 2 4 6))")
    assert column(plain, 2) == pytest.approx(want["margins_se"], rel=1e-5)
    assert column(session.run("margins female, dydx(time)"), 2) == pytest.approx(want["slopes_se"], rel=1e-5)
    assert column(outcome("growth", "estat icc"), 1) == pytest.approx(want["icc"], rel=1e-4)


def test_schools_against_r() -> None:
    want = r()["schools"]
    assert column(outcome("schools", "estat icc"), 1) == pytest.approx([want["icc"]], rel=1e-6)
    assert column(outcome("schools", "estat reliability"), 1) == pytest.approx([want["reliability"]], rel=1e-6)
    assert column(outcome("schools", "lrtest"), 1) == pytest.approx([want["lr_slopes"]], rel=1e-6)
    fit = outcome("schools", "mixed", 2).fit
    assert fit is not None and fit.ll == pytest.approx(want["ll_full"], abs=1e-5)
    found = {e.term: e for e in fit.fixed}
    for name, (coef, se, df) in want["full"].items():
        e = found[TERMS[name]]
        assert (e.coef, e.se) == pytest.approx((coef, se), rel=1e-5) and e.df == pytest.approx(df, rel=1e-3)
    assert [p.estimate for p in fit.random] == pytest.approx(want["variances"], rel=1e-3)
    f, df, ddf, _ = outcome("schools", "test").tables[0].plain()["rows"][0][1:]
    assert (f, df, ddf) == pytest.approx(want["joint"], rel=1e-4)
    r2, levels = outcome("schools", "estat r2").tables
    assert [row.values[0] for row in r2.rows] == pytest.approx(want["r2"], rel=1e-5)
    assert list(levels.rows[0].values[:3]) == pytest.approx(want["between"], rel=1e-5)
    slopes = [x for pair in want["slopes"] for x in pair]
    got = outcome("schools", "margins")
    assert column(got, 1) == pytest.approx([s[0] for s in slopes], rel=1e-5)
    assert column(got, 2) == pytest.approx([s[1] for s in slopes], rel=1e-4)
    data = ran("schools")[2].data
    first = data.frame.drop_duplicates("id").set_index("id").loc[want["effects"]["id"]]
    np.testing.assert_allclose(first["u_slope"], want["effects"]["slope"], atol=2e-4)
    np.testing.assert_allclose(first["u_school"], want["effects"]["intercept"], rtol=2e-4, atol=2e-4)


def test_crossed_against_r() -> None:
    want = r()["crossed"]
    fit = outcome("crossed", "mixed").fit
    assert fit is not None and fit.ll == pytest.approx(want["ll"], abs=1e-4)
    by_term = {e.term: e for e in fit.fixed}
    for term, coef, se in zip(("_cons", "1.service"), want["coef"], want["se"]):
        assert (by_term[term].coef, by_term[term].se) == pytest.approx((coef, se), rel=1e-5)
    names = {"var(R.dept)": "dept", "var(R.d)": "d", "var(_cons)": "s", "var(Residual)": "Residual"}
    for p in fit.random:
        assert p.estimate == pytest.approx(want["variances"][names[p.name]], rel=1e-4)
    for label, value in (row[:2] for row in outcome("crossed", "estat icc").tables[0].plain()["rows"]):
        assert value == pytest.approx(want["icc"][label], rel=1e-4)
    assert column(outcome("crossed", "lrtest"), 1) == pytest.approx([want["lr_dept"]], rel=1e-4)
    best = outcome("crossed", "list").tables[0].plain()["rows"]
    assert [int(row[1]) for row in best] == want["best"] and [int(row[4]) for row in best] == want["count"]
    assert [float(row[2]) for row in best] == pytest.approx(want["effects"], rel=1e-5)
