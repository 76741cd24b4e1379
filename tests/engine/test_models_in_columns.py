"""``etable``, ``estimates table`` and ``estimates stats``: which numbers they show, and with how many digits."""

from __future__ import annotations

import io
import math

import openpyxl
import pytest
from data_support import ok, refused

import terrace
from terrace.language.number_format import formatted
from terrace.report.csv import table_csv
from terrace.report.excel import workbook_xlsx
from terrace.session.session import Session
from terrace.session.state import State


@pytest.fixture(scope="module")
def state() -> State:
    session = Session(State(dataset=terrace.sample("hsb")))
    for command in (
        'label variable ses "Socioeconomic status"',
        *("mixed mathach ses || id:", "estimates store a", "mixed mathach meanses ses i.sector || id: ses"),
        "estimates store b",
    ):
        ok(session, command)
    return session.state


def lines(session: Session, command: str) -> list[str]:
    return ok(session, command).text.splitlines()


def cells(text: list[str], label: str) -> list[str]:
    """The cells of the row whose label begins so, and those of the row below it."""
    at = next(i for i, line in enumerate(text) if line.strip().startswith(label))
    return [*text[at].strip().removeprefix(label).split(), *text[at + 1].split()]


# --- etable -------------------------------------------------------------------------------------------------
def test_etable_has_three_decimals_standard_errors_of_variances_labels_and_the_intercept_last(state: State) -> None:
    session = Session(state)
    text = lines(session, "etable, estimates(a b)")
    a, b = state.stored["a"], state.stored["b"]
    of_a, of_b = ({e.term: e for e in f.fixed} for f in (a, b))
    shown = cells(text, "Socioeconomic status")
    assert shown == [f"{of_a['ses'].coef:.3f}", f"{of_b['ses'].coef:.3f}", f"({of_a['ses'].se:.3f})",
                     f"({of_b['ses'].se:.3f})"]  # fmt: skip
    variances = cells(text, "Variance")
    assert variances == [f"{a.random[-1].estimate:.3f}", f"{b.random[-1].estimate:.3f}",
                         f"({a.random[-1].se:.3f})", f"({b.random[-1].se:.3f})"]  # fmt: skip
    table = ok(session, "etable, estimates(a b)").tables[0]
    codes = [r.code for r in table.rows if r.code and "(" not in r.code]
    assert codes[:4] == ["ses", "meanses", "1.sector", "_cons"]
    assert next(r for r in table.rows if r.code == "se(id:var(_cons))").values == (a.random[0].se, b.random[1].se)


def test_small_numbers_keep_two_figures(state: State) -> None:
    session = Session(state)
    ok(session, "generate y = mathach/1000")
    ok(session, "mixed y || id:")
    (first, *_, last) = cells(lines(session, "etable"), "Variance")
    assert float(first) == pytest.approx(session.fit.random[-1].estimate, rel=0.01)  # type: ignore[union-attr]
    assert "e-" in last


def test_cstat_and_mstat_say_what_is_shown(state: State) -> None:
    session = Session(state)
    ses = next(e for e in state.stored["a"].fixed if e.term == "ses")
    text = lines(
        session,
        "etable, estimates(a) novarlabel cstat(_r_b, nformat(%7.1f)) cstat(_r_ci, nformat(%6.2f)) "
        'cstat(_r_se, sformat("<%s>")) cstat(_r_z) cstat(_r_p) mstat(N) mstat(aic, nformat(%9.1f) label("Akaike"))',
    )
    at = next(i for i, line in enumerate(text) if line.strip().startswith("ses"))
    assert text[at].split() == ["ses", f"{ses.coef:.1f}"]
    assert text[at + 1].strip() == f"[{ses.lb:.2f}, {ses.ub:.2f}]"
    assert text[at + 2].strip() == f"<{ses.se:.3f}>"
    assert text[at + 3].split() == ["z", f"{ses.stat:.2f}"] and text[at + 4].split()[:2] == ["p", "<"]
    codes = [r.code for r in ok(session, "etable, estimates(a) mstat(N) mstat(aic)").tables[0].rows if r.code]
    assert codes[-2:] == ["N", "aic"]
    aic = -2 * state.stored["a"].ll + 2 * 4
    assert any(line.split() == ["Akaike", f"{aic:.1f}"] for line in text)
    assert not any("Log likelihood" in line for line in text)


def test_stars_mark_small_p_values(state: State) -> None:
    session = Session(state)
    text = lines(session, "etable, estimates(a b) showstars showstarsnote")
    assert cells(text, "Socioeconomic status")[0].endswith("**")
    assert text[-1].endswith("** p < .01, * p < .05.")
    assert "**" not in "".join(lines(session, "etable, estimates(a b)"))
    own = lines(session, 'etable, estimates(a) stars(.1 "x" .00001 "y", attach(_r_se))')
    first = cells(own, "Socioeconomic status")
    assert first[0][-1].isdigit() and first[1].endswith(")y")
    table = ok(session, "etable, estimates(a) showstars").tables[0]
    assert isinstance(next(r for r in table.rows if r.code == "ses").values[0], float), "numbers stay numbers"
    for command in ('etable, stars("x" .05)', "etable, stars(2)", 'etable, stars(.05 "*" .01)'):
        assert refused(session, command) == "stars"


def test_digits_stand_below_digits(state: State) -> None:
    text = lines(Session(state), "etable, estimates(a) showstars")
    body = [line for line in text if line.endswith((")", "**")) or "Variance" in line]
    assert len(body) >= 7 and len({line.index(".", 20) for line in body}) == 1


def test_columns_and_rows_of_etable(state: State) -> None:
    session = Session(state)
    ok(session, 'label variable mathach "Math achievement"')
    for kind, head in (("dvlabel", "Math achievement"), ("command", "mixed"), ("title", "Mixed-effects ML regression"),
                       ("depvar", "mathach"), ("index", "1"), ("estimates", "a")):  # fmt: skip
        assert ok(session, f"etable, estimates(a) column({kind})").tables[0].columns[0].title == head
    assert any("sector: 1" in x for x in lines(session, "etable, estimates(b) nofvlabel novarlabel"))
    assert lines(session, 'etable, estimates(a) note("Own words.")')[-1].endswith("words.")
    kept = [r.code for r in ok(session, "etable, estimates(a b) keep(ses var(Residual))").tables[0].rows]
    assert "ses" in kept and "var(Residual)" in kept and "_cons" not in kept and "id:var(_cons)" not in kept
    left = [r.code for r in ok(session, "etable, estimates(a b) drop(mathach: id:var(ses))").tables[0].rows]
    assert "ses" not in left and "id:var(ses)" not in left and "id:var(_cons)" in left
    assert refused(session, "etable, keep(nothing)") == "no-such-coefficient"
    assert refused(session, "etable, cstat(_r_x)") == "bad-option-value"


# --- estimates table ------------------------------------------------------------------------------------------
def test_estimates_table_shows_what_is_asked_for(state: State) -> None:
    session = Session(state)
    ses = next(e for e in state.stored["a"].fixed if e.term == "ses")
    text = lines(session, "estimates table a, b(%9.3f) se t p nostats")
    at = next(i for i, line in enumerate(text) if line.strip().startswith("ses"))
    assert text[at].split() == ["ses", f"{ses.coef:.3f}"] and text[at + 1].split() == [f"({ses.se:.3f})"]
    assert text[at + 2].split() == ["z", f"{ses.stat:.2f}"] and text[at + 3].split() == ["p", "0.0000"]
    alone = lines(session, "estimates table a, b")
    assert not any(")" in line for line in alone if "Var" not in line and "Effects" not in line)
    assert any(formatted(ses.coef, "%10.0g") in line for line in alone)
    starred = lines(session, "estimates table a b, star stats(N aic)")
    assert cells(starred, "ses")[0].endswith("***") and starred[-1] == "*** p < .001, ** p < .01, * p < .05."
    aic = formatted(-2 * state.stored["a"].ll + 8, "%9.0g")
    assert next(line for line in starred if line.startswith("aic")).split()[1] == aic
    assert cells(lines(session, "estimates table a, star(.5 .1)"), "ses")[0].endswith("**")
    assert any("Socioeconomic" in x for x in lines(session, "estimates table a, label"))
    assert lines(session, 'estimates table a, title("Own")')[0] == "Own"
    shown = lines(session, "estimates table a, stats(N aic) stfmt(%9.1f)")
    assert next(line for line in shown if line.startswith("aic")).split()[1] == formatted(float(aic), "%9.1f")
    ok(session, "estimates table a b, equations(1)")
    assert refused(session, "estimates table a b, equations(2)") == "bad-option-value"
    assert refused(session, "estimates table a, stfmt(%9.1f)") == "misplaced-option"


# --- information criteria -------------------------------------------------------------------------------------
def test_criteria_have_seven_digits_and_the_name_of_the_model(state: State) -> None:
    session = Session(state)
    a = state.stored["a"]
    text = lines(session, "estimates stats a b")
    row = next(line for line in text if line.startswith("a ")).split()
    aic = -2 * a.ll + 8
    assert row[2:5] == [".", formatted(a.ll, "%9.0g"), "4"] and row[5] == formatted(aic, "%9.0g")
    assert ok(session, "estat ic").tables[0].rows[0].label == "b"
    ok(session, "estimates restore a")
    assert ok(session, "estat ic").tables[0].rows[0].label == "a"
    ok(session, "quietly mixed mathach || id:")
    assert ok(session, "estat ic").tables[0].rows[0].label == "."


def test_the_number_of_observations_behind_bic_can_be_given(state: State) -> None:
    session = Session(state)
    a = state.stored["a"]
    table = ok(session, "estimates stats a, n(160)").tables[0]
    k = table.rows[0].values[3]
    assert table.rows[0].values[-1] == pytest.approx(-2 * a.ll + k * math.log(160), rel=1e-14)
    assert refused(session, "estimates stats a, n(many)")


# --- taken away ---------------------------------------------------------------------------------------------
def test_intervals_in_a_column_of_numbers_can_be_taken_away(state: State) -> None:
    table = ok(Session(state), "etable, estimates(a) cstat(_r_b) cstat(_r_ci)").tables[0]
    ses = next(e for e in state.stored["a"].fixed if e.term == "ses")
    assert ["ci(ses)", [ses.lb, ses.ub]] in table.plain()["rows"]
    assert f'"[{ses.lb!r}, {ses.ub!r}]"' in table_csv(table)
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_xlsx("", [table]))).worksheets[-1]
    written = {str(cell.value) for row in sheet.iter_rows() for cell in row}
    assert f"[{ses.lb:.3f}, {ses.ub:.3f}]" in written
